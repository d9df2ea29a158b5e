/* happening.c - see happening.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/happening.h"

#include "sim/scenario/read.h"
#include "sim/world/registration.h"
#include "sim/world/rng.h"
#include "sim/world/session.h"

#include <math.h>

#define MAX_CAUSE 4095

/* The share of its full value that a happening with a ramp has reached. */
static double ramp_share(const SimHappening *h, double t_s)
{
	if (h->ramp_s <= 0)
		return 1;
	return CLAMP(MIN(t_s - h->at_s, h->until_s - t_s) / h->ramp_s, 0, 1);
}

static void apply_cells_off(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->cells->len; i++)
		effects->cells[i].off |= h->cells[i];
}

static void apply_cells_power(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->cells->len; i++)
		effects->cells[i].power_db += h->cells[i] ? h->db : 0;
}

static void apply_cells_load(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->cells->len; i++)
		if (h->cells[i])
			effects->cells[i].load = h->load;
}

static void apply_access(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->cells->len; i++)
		if (h->cells[i])
			effects->cells[i].access = h->status;
}

static void apply_cell_barred(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->cells->len; i++)
		effects->cells[i].barred |= h->cells[i];
}

static void apply_reject(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->cells->len; i++)
		if (h->cells[i])
			effects->cells[i].reject_cause = h->cause;
}

static void apply_dcnr_restricted(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->cells->len; i++)
		effects->cells[i].dcnr_restricted |= h->cells[i];
}

static void apply_opmode(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->modems->len; i++)
		if (h->modems[i])
			effects->modems[i].mode = h->mode;
}

static void apply_card(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->modems->len; i++)
		if (h->modems[i])
			effects->modems[i].card = h->card;
}

static void apply_deaf(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->modems->len; i++)
		effects->modems[i].deaf |= h->modems[i];
}

static void apply_session_reject(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint m = 0; m < scenario->modems->len; m++)
		for (guint c = 0; c < scenario->cells->len; c++)
			if (h->modems[m] && h->cells[c])
				*sim_effects_session_reject(effects, scenario, m, c) =
					(SimSessionReject){.cause = h->end, .backoff_s = h->backoff_s, .share = h->share};
}

/* The downlink is as ever, and random access gets no answer. */
static void apply_uplink_jammed(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint c = 0; c < scenario->cells->len; c++) {
		effects->cells[c].uplink_jammed |= h->cells[c];
		for (guint m = 0; h->cells[c] && m < scenario->modems->len; m++)
			*sim_effects_session_reject(effects, scenario, m, c) =
				(SimSessionReject){.cause = {SIM_END_CALL_MANAGER, SIM_CM_ACCESS_TIMER_EXPIRED},
						   .share = 1,
						   .delay_s = SIM_RANDOM_ACCESS_S};
	}
}

static void apply_antenna_fault(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	for (guint m = 0; m < scenario->modems->len; m++)
		for (guint i = 0; h->modems[m] && i < SIM_MAX_CHAINS; i++)
			effects->modems[m].chain_loss_db[i] += h->chains[i] ? ramp_share(h, t_s) * h->db : 0;
}

static void apply_voice_call(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->modems->len; i++)
		effects->modems[i].voice_call |= h->modems[i];
}

static void apply_late_handover(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->modems->len; i++)
		effects->modems[i].keeps_cell |= h->modems[i];
}

/* Overlapping ones begin one after the other, each for itself. */
static void apply_session_end(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->modems->len; i++) {
		SimModemEffect *effect = &effects->modems[i];
		if (!h->modems[i] || (effect->session_end.type != SIM_END_NONE && effect->session_end_at_s > h->at_s))
			continue;
		effect->session_end = h->end;
		effect->session_end_at_s = h->at_s;
	}
}

/* In whole milliseconds, so that a fault of every second begins at each second's own tick. */
static gboolean fault_is_on(const SimHappening *h, double t_s)
{
	gint64 since_ms = llround((t_s - h->at_s) * 1000), every_ms = llround(h->every_s * 1000);
	if (every_ms > 0)
		since_ms %= every_ms;
	return h->lasts_s <= 0 || since_ms < llround(h->lasts_s * 1000);
}

static void apply_fault(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	if (!fault_is_on(h, t_s))
		return;
	for (guint i = 0; i < scenario->modems->len; i++) {
		SimFaults *faults = &effects->modems[i].faults;
		if (!h->modems[i])
			continue;
		faults->set |= h->fault.set;
		if (sim_faults_have(&h->fault, SIM_FAULT_HANG)) {
			faults->hangs_alone = h->fault.hangs_alone;
			faults->message = h->fault.message;
		}
		if (sim_faults_have(&h->fault, SIM_FAULT_SLOW_OPEN))
			faults->delay_s = h->fault.delay_s;
	}
}

static void apply_attenuation(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	double share = ramp_share(h, t_s);
	effects->attenuation_db += share * h->db;
	for (guint i = 0; i < scenario->gps->len; i++)
		effects->gps[i].attenuation_db += share * h->gps_db;
}

static void add_emitter(SimEffects *effects, const SimHappening *h, gboolean placed, double level_db)
{
	if (effects->n_emitters == SIM_MAX_EMITTERS)
		return;
	effects->emitters[effects->n_emitters++] = (SimEmitter){.placed = placed,
								.lat_deg = h->lat_deg,
								.lon_deg = h->lon_deg,
								.level_db = level_db,
								.earfcn = h->earfcn,
								.band = h->band};
}

static void apply_noise(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)scenario;
	add_emitter(effects, h, FALSE, ramp_share(h, t_s) * h->db);
}

static void apply_jammer(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	/* A ramp begins 60 dB down: far below anything that matters. */
	(void)scenario;
	add_emitter(effects, h, TRUE, h->power_dbm - 60 * (1 - ramp_share(h, t_s)));
}

static void apply_gps_loss(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)t_s;
	for (guint i = 0; i < scenario->gps->len; i++)
		effects->gps[i].lost |= h->gps[i];
}

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_KEYS	  ((const char *const[]){NULL})
#define CELL_KEYS "cells", "plmn", "rat", "tac", "earfcn", "band"

static const SimHappeningKind kinds[] = {
	{"cells-off", NO_KEYS, KEYS(CELL_KEYS), apply_cells_off},
	{"cells-power", KEYS("db"), KEYS(CELL_KEYS), apply_cells_power},
	{"cells-load", KEYS("load"), KEYS(CELL_KEYS), apply_cells_load},
	{"access", KEYS("status"), KEYS(CELL_KEYS), apply_access},
	{"cell-barred", NO_KEYS, KEYS(CELL_KEYS), apply_cell_barred},
	{"reject", KEYS("cause"), KEYS(CELL_KEYS), apply_reject},
	{"dcnr-restricted", NO_KEYS, KEYS(CELL_KEYS), apply_dcnr_restricted},
	{"opmode", KEYS("mode"), KEYS("modems"), apply_opmode},
	{"card", KEYS("card"), KEYS("modems"), apply_card},
	{"attenuation", KEYS("db"), KEYS("gps_db", "ramp"), apply_attenuation},
	{"noise", KEYS("db"), KEYS("earfcn", "band", "ramp"), apply_noise},
	{"jammer", KEYS("lat", "lon", "power_dbm"), KEYS("earfcn", "band", "ramp"), apply_jammer},
	{"gps-loss", NO_KEYS, KEYS("gps"), apply_gps_loss},
	{"deaf", NO_KEYS, KEYS("modems"), apply_deaf},
	{"session-reject", KEYS("cause"), KEYS(CELL_KEYS, "modems", "cause_type", "backoff", "share"), apply_session_reject},
	{"uplink-jammed", NO_KEYS, KEYS(CELL_KEYS), apply_uplink_jammed},
	{"antenna-fault", KEYS("db"), KEYS("modems", "chains", "ramp"), apply_antenna_fault},
	{"voice-call", NO_KEYS, KEYS("modems"), apply_voice_call},
	{"late-handover", NO_KEYS, KEYS("modems"), apply_late_handover},
	{"session-end", KEYS("cause"), KEYS("modems", "cause_type"), apply_session_end},
	{"fault", KEYS("fault"), KEYS("modems", "message", "delay", "every", "lasts"), apply_fault},
	{NULL, NULL, NULL, NULL},
};

void sim_happening_free(SimHappening *happening)
{
	if (!happening)
		return;
	g_free(happening->name);
	g_free(happening->cells);
	g_free(happening->modems);
	g_free(happening->gps);
	g_free(happening->chains);
	sim_act_clear(&happening->act);
	g_free(happening);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimHappening, sim_happening_free)

/* Whether the word is of one of these; `known` lists them all. */
static void find_kind(const SimHappeningKind *table, const char *word, SimHappening *h, GString *known)
{
	for (; table->word; table++) {
		if (g_str_equal(word, table->word))
			h->kind = table;
		g_string_append_printf(known, "%s%s", known->len ? ", " : "", table->word);
	}
}

static gboolean read_kind(const KeyFile *file, const char *group, SimHappening *h, GError **error)
{
	static const char *const optional[] = {
		CELL_KEYS, "modems", "gps", "db", "gps_db", "power_dbm", "load", "status", "cause", "mode", "card", "lat", "lon",
		"ramp", "fault", "message", "delay", "every", "lasts", "names", "addresses", "answer", "resolver", "dropped", "page",
		"location", "rest", "rate", "latency", "jitter", "loss", "cause_type", "backoff", "share", "chains", NULL};
	g_autofree char *word = keyfile_string(file, group, "what");
	g_autoptr(GString) known = g_string_new(NULL);
	find_kind(kinds, word, h, known);
	find_kind(sim_data_kinds, word, h, known);
	if (!h->kind)
		return keyfile_error(file, group, "what", error, "\"%s\" is none of: %s", word, known->str);
	if (!sim_read_require(file, group, h->kind->required, error))
		return FALSE;
	for (guint i = 0; optional[i]; i++)
		if (keyfile_has(file, group, optional[i]) && !g_strv_contains(h->kind->required, optional[i]) &&
		    !g_strv_contains(h->kind->allowed, optional[i]))
			return keyfile_error(file, group, optional[i], error, "\"%s\" does not take this key", h->kind->word);
	return TRUE;
}

static gboolean read_time(const KeyFile *file, const char *group, const SimScenario *scenario, SimHappening *h, GError **error)
{
	double for_s = 0;
	h->until_s = scenario->duration_s;
	if (keyfile_has(file, group, "until") && keyfile_has(file, group, "for"))
		return keyfile_error(file, group, "for", error, "give either \"until\" or \"for\", not both");
	if (!keyfile_seconds(file, group, "at", &h->at_s, error) || !keyfile_seconds(file, group, "until", &h->until_s, error) ||
	    !keyfile_seconds(file, group, "for", &for_s, error) || !keyfile_seconds(file, group, "ramp", &h->ramp_s, error))
		return FALSE;
	if (keyfile_has(file, group, "for"))
		h->until_s = h->at_s + for_s;
	if (h->until_s <= h->at_s)
		return keyfile_error(file, group, keyfile_has(file, group, "until") ? "until" : "at", error,
				     "it would end (%g s) before it begins (%g s)", h->until_s, h->at_s);
	return TRUE;
}

/* A number of 3GPP is an octet; those of Qualcomm's firmware, which only data sessions end with, are longer. */
static gboolean read_cause(const KeyFile *file, const char *group, SimHappening *h, GError **error)
{
	static const char *const types[] = {"3gpp", "internal", "call-manager", NULL};
	static const SimEndType ends[] = {SIM_END_3GPP, SIM_END_INTERNAL, SIM_END_CALL_MANAGER};
	int type = 0;
	if (!keyfile_has(file, group, "cause"))
		return TRUE;
	if (h->cause == 0)
		return keyfile_error(file, group, "cause", error, "causes begin at 2 (TS 24.301 table 9.9.3.9.1)");
	if (!keyfile_choice(file, group, "cause_type", types, &type, error) ||
	    !keyfile_seconds(file, group, "backoff", &h->backoff_s, error))
		return FALSE;
	if (type == 0 && h->cause > 255)
		return keyfile_error(file, group, "cause", error, "a cause of 3GPP is at most 255, not %u", h->cause);
	h->end = (SimEndReason){ends[type], (guint16)h->cause};
	return TRUE;
}

static gboolean read_values(const KeyFile *file, const char *group, SimHappening *h, GError **error)
{
	static const char *const statuses[] = {"normal", "emergency-only", "no-calls", "all-calls", NULL};
	static const char *const modes[] = {"online", "low-power", "offline", "resetting", NULL};
	int status = 0, mode = 0;
	h->share = 1;
	if (!keyfile_double(file, group, "db", -200, 200, &h->db, error) ||
	    !keyfile_double(file, group, "share", 0, 1, &h->share, error) ||
	    !keyfile_double(file, group, "gps_db", 0, 200, &h->gps_db, error) ||
	    !keyfile_double(file, group, "power_dbm", -50, 100, &h->power_dbm, error) ||
	    !keyfile_double(file, group, "load", 0, 1, &h->load, error) ||
	    !sim_read_uint(file, group, "cause", MAX_CAUSE, &h->cause, error) ||
	    !keyfile_choice(file, group, "status", statuses, &status, error) ||
	    !keyfile_choice(file, group, "mode", modes, &mode, error) ||
	    !sim_read_card(file, group, "card", &h->card, error) ||
	    !sim_read_place(file, group, &h->lat_deg, &h->lon_deg, error))
		return FALSE;
	h->status = (SimAccess)status;
	h->mode = (SimOpMode)mode;
	return read_cause(file, group, h, error);
}

static gboolean read_message(const KeyFile *file, const char *group, SimFaults *faults, GError **error)
{
	g_autofree char *text = keyfile_string(file, group, "message");
	char *end = NULL;
	if (!text)
		return TRUE;
	guint64 number = g_ascii_strtoull(text, &end, 0);
	if (end == text || *end != '\0' || number > G_MAXUINT32)
		return keyfile_error(file, group, "message", error, "\"%s\" is not the number of a message, like 0x0043", text);
	faults->hangs_alone = TRUE;
	faults->message = (guint32)number;
	return TRUE;
}

static gboolean read_fault(const KeyFile *file, const char *group, SimHappening *h, GError **error)
{
	int fault = 0;
	if (!keyfile_has(file, group, "fault"))
		return TRUE;
	h->fault.delay_s = SIM_OPEN_DELAY_S;
	if (!keyfile_choice(file, group, "fault", sim_fault_words, &fault, error))
		return FALSE;
	h->fault.set = 1u << fault;
	h->lasts_s = sim_fault_usual_s((SimFault)fault);
	if (keyfile_has(file, group, "message") && fault != SIM_FAULT_HANG)
		return keyfile_error(file, group, "message", error, "only a hang is of one message");
	if (keyfile_has(file, group, "delay") && fault != SIM_FAULT_SLOW_OPEN)
		return keyfile_error(file, group, "delay", error, "only slow-open has a delay");
	if (!read_message(file, group, &h->fault, error) || !keyfile_seconds(file, group, "delay", &h->fault.delay_s, error) ||
	    !keyfile_seconds(file, group, "every", &h->every_s, error) ||
	    !keyfile_seconds(file, group, "lasts", &h->lasts_s, error))
		return FALSE;
	if (h->every_s > 0 && (h->lasts_s <= 0 || h->lasts_s >= h->every_s))
		return keyfile_error(file, group, "every", error, "what comes again must go between: give a \"lasts\" that is shorter");
	return TRUE;
}

static const char *cell_name(gconstpointer item)
{
	return ((const SimCell *)item)->name;
}

static const char *modem_name(gconstpointer item)
{
	return ((const SimModemSetup *)item)->info.name;
}

static const char *gps_name(gconstpointer item)
{
	return ((const SimGpsSetup *)item)->name;
}

/* One flag for each item: whether the key's list names it. All are set without the key or with "all". */
static gboolean *read_choice(const KeyFile *file, const char *group, const char *key, const GPtrArray *items,
			     const char *(*name_of)(gconstpointer), GError **error)
{
	g_auto(GStrv) names = sim_read_list(file, group, key);
	gboolean all = !names || (names[0] && !names[1] && g_str_equal(names[0], "all"));
	g_autofree gboolean *chosen = g_new0(gboolean, items->len + 1);
	for (guint i = 0; i < items->len; i++)
		chosen[i] = all;
	for (guint n = 0; !all && names[n]; n++) {
		guint i = 0;
		while (i < items->len && !g_str_equal(names[n], name_of(g_ptr_array_index(items, i))))
			i++;
		if (i == items->len) {
			keyfile_error(file, group, key, error, "there is no \"%s\" in this scenario", names[n]);
			return NULL;
		}
		chosen[i] = TRUE;
	}
	return g_steal_pointer(&chosen);
}

/* Takes the choice back from cells that another key leaves out. */
static gboolean narrow_cells(const KeyFile *file, const char *group, const SimScenario *scenario, SimHappening *h, GError **error)
{
	char mcc[4] = "", mnc[4] = "";
	SimRat rat = SIM_RAT_NONE;
	guint32 tac = 0;
	gboolean any = FALSE;
	if (!sim_read_plmn(file, group, "plmn", mcc, mnc, error) || !sim_read_rat(file, group, "rat", &rat, error) ||
	    !sim_read_uint(file, group, "tac", 0xFFFFFF, &tac, error) ||
	    !sim_read_uint(file, group, "earfcn", SIM_MAX_ARFCN, &h->earfcn, error) ||
	    !sim_read_uint(file, group, "band", 255, &h->band, error))
		return FALSE;
	for (guint i = 0; i < scenario->cells->len; i++) {
		const SimCell *cell = sim_scenario_cell(scenario, i);
		if ((*mcc && (!g_str_equal(mcc, cell->mcc) || !g_str_equal(mnc, cell->mnc))) ||
		    (rat != SIM_RAT_NONE && rat != cell->carrier.rat) ||
		    (keyfile_has(file, group, "tac") && tac != cell->tac) ||
		    (keyfile_has(file, group, "earfcn") && h->earfcn != cell->carrier.arfcn) ||
		    (keyfile_has(file, group, "band") && h->band != cell->carrier.band))
			h->cells[i] = FALSE;
		any |= h->cells[i];
	}
	/* Noise on a channel where nobody sends is legitimate; anything else that fits no cell is a slip. */
	if (!any && g_strv_contains(h->kind->allowed, "cells"))
		return keyfile_error(file, group, NULL, error, "no cell of this scenario fits what it chooses");
	return TRUE;
}

/* Receive chains are counted from 0; without the key all are meant. */
static gboolean read_chains(const KeyFile *file, const char *group, SimHappening *h, GError **error)
{
	g_auto(GStrv) numbers = sim_read_list(file, group, "chains");
	h->chains = g_new0(gboolean, SIM_MAX_CHAINS);
	for (guint i = 0; i < SIM_MAX_CHAINS; i++)
		h->chains[i] = !numbers;
	for (guint n = 0; numbers && numbers[n]; n++) {
		guint64 chain;
		if (!g_ascii_string_to_unsigned(numbers[n], 10, 0, SIM_MAX_CHAINS - 1, &chain, NULL))
			return keyfile_error(file, group, "chains", error, "\"%s\" is no receive chain: they are 0 to %d", numbers[n],
					     SIM_MAX_CHAINS - 1);
		h->chains[chain] = TRUE;
	}
	return TRUE;
}

static gboolean read_happening(const KeyFile *file, const char *group, SimScenario *scenario, GError **error)
{
	static const char *const required[] = {"what", "at", NULL};
	g_autoptr(SimHappening) h = g_new0(SimHappening, 1);
	h->name = g_strdup(keyfile_group_name(group));
	if (!sim_read_require(file, group, required, error) || !read_kind(file, group, h, error) ||
	    !read_time(file, group, scenario, h, error) || !read_values(file, group, h, error) ||
	    !read_chains(file, group, h, error) || !read_fault(file, group, h, error) ||
	    !sim_read_act(file, group, scenario, h, error))
		return FALSE;
	h->cells = read_choice(file, group, "cells", scenario->cells, cell_name, error);
	if (!h->cells || !narrow_cells(file, group, scenario, h, error))
		return FALSE;
	h->modems = read_choice(file, group, "modems", scenario->modems, modem_name, error);
	if (!h->modems)
		return FALSE;
	h->gps = read_choice(file, group, "gps", scenario->gps, gps_name, error);
	if (!h->gps)
		return FALSE;
	g_ptr_array_add(scenario->happenings, g_steal_pointer(&h));
	return TRUE;
}

gboolean sim_happenings_read(const KeyFile *file, SimScenario *scenario, GError **error)
{
	g_auto(GStrv) groups = keyfile_groups(file, "happening");
	for (guint i = 0; groups[i]; i++)
		if (!read_happening(file, groups[i], scenario, error))
			return FALSE;
	return TRUE;
}

gboolean sim_happening_active(const SimHappening *happening, double t_s)
{
	return t_s >= happening->at_s && t_s < happening->until_s;
}

static gsize n_session_rejects(const SimScenario *scenario)
{
	return (gsize)scenario->modems->len * scenario->cells->len;
}

SimSessionReject *sim_effects_session_reject(const SimEffects *effects, const SimScenario *scenario, guint modem, guint cell)
{
	return &effects->session_rejects[(gsize)modem * scenario->cells->len + cell];
}

SimEffects *sim_effects_new(const SimScenario *scenario, guint64 day_seed)
{
	SimEffects *effects = g_new0(SimEffects, 1);
	effects->cells = g_new0(SimCellEffect, scenario->cells->len + 1);
	effects->loads = g_new0(double, scenario->cells->len + 1);
	for (guint i = 0; i < scenario->cells->len; i++) {
		double other = scenario->day_load * (2 * sim_uniform(day_seed, SIM_STREAM_DAY_LOAD, i, 0) - 1);
		effects->loads[i] = CLAMP(sim_scenario_cell(scenario, i)->load + other, 0, 1);
	}
	effects->modems = g_new0(SimModemEffect, scenario->modems->len + 1);
	effects->gps = g_new0(SimGpsEffect, scenario->gps->len + 1);
	effects->session_rejects = g_new0(SimSessionReject, n_session_rejects(scenario) + 1);
	return effects;
}

void sim_effects_free(SimEffects *effects)
{
	if (!effects)
		return;
	g_free(effects->cells);
	g_free(effects->loads);
	g_free(effects->modems);
	g_free(effects->gps);
	g_free(effects->session_rejects);
	g_free(effects);
}

void sim_effects_update(SimEffects *effects, const SimScenario *scenario, double t_s)
{
	effects->attenuation_db = 0;
	effects->n_emitters = 0;
	effects->n_acts = 0;
	for (guint i = 0; i < scenario->cells->len; i++)
		effects->cells[i] = (SimCellEffect){.load = effects->loads[i]};
	for (guint i = 0; i < scenario->modems->len; i++)
		effects->modems[i] = (SimModemEffect){.card = sim_scenario_modem(scenario, i)->card};
	for (guint i = 0; i < scenario->gps->len; i++)
		effects->gps[i] = (SimGpsEffect){0};
	memset(effects->session_rejects, 0, n_session_rejects(scenario) * sizeof(SimSessionReject));
	for (guint i = 0; i < scenario->happenings->len; i++) {
		const SimHappening *happening = sim_scenario_happening(scenario, i);
		if (sim_happening_active(happening, t_s))
			happening->kind->apply(happening, scenario, t_s, effects);
	}
}
