/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/board.h"

#include "record/answer.h"
#include "record/phrase.h"
#include "record/tally.h"

#define SENTENCE_SIZE    256
#define SILENT_MS        5000  /* without a reading, and then two intervals */
#define OPENING_MS       30000 /* some modems need 20 s for their first answer */
#define POSITION_LOST_MS 4000

typedef struct {
	char name[OBSERVATION_SOURCE_SIZE], type[16];
	char sentence[SENTENCE_SIZE]; /* the last that it told; "" */
	gint64 since_ns;
	gboolean lost, values_held;
	guint8 sim_state; /* as told last: it is asked for seldom */
	gint64 lost_since_ns;
	gint64 reading_ns; /* of the last sweep, fix or sky; 0: none yet */
	Observation device, radio, fix; /* the last ones; a kind of 0: none yet. `fix` says where we were, unless it has none */
	gboolean tells_fixes, has_position; /* the last fix said where we are */
	Observation session;   /* the last attempt's; a kind of 0: none yet */
	Tally *tally;
	gint64 round_ns;       /* end of the last round of probes; 0: none yet */
	char paused[64];       /* why nothing is tried; "" */
} Entry;

static void entry_free(gpointer data)
{
	Entry *entry = data;
	tally_free(entry->tally);
	g_free(entry);
}

struct Board {
	guint interval_ms;
	GPtrArray *entries;
};

Board *board_new(guint interval_ms)
{
	Board *board = g_new0(Board, 1);
	board->interval_ms = interval_ms;
	board->entries = g_ptr_array_new_with_free_func(entry_free);
	return board;
}

void board_free(Board *board)
{
	if (!board)
		return;
	g_ptr_array_unref(board->entries);
	g_free(board);
}

static Entry *find(Board *board, const char *name)
{
	for (guint i = 0; i < board->entries->len; i++) {
		Entry *entry = g_ptr_array_index(board->entries, i);
		if (g_str_equal(entry->name, name))
			return entry;
	}
	Entry *entry = g_new0(Entry, 1);
	g_strlcpy(entry->name, name, sizeof entry->name);
	entry->since_ns = clock_boottime_ns();
	entry->tally = tally_new();
	g_ptr_array_add(board->entries, entry);
	return entry;
}

void board_expect(Board *board, const char *name, const char *type)
{
	Entry *entry = find(board, name);
	g_strlcpy(entry->type, type, sizeof entry->type);
}

static void observe_event(Entry *entry, const Observation *o)
{
	if (o->event.code == EVENT_SOURCE_LOST) {
		entry->lost = TRUE;
		entry->values_held = FALSE;
		entry->lost_since_ns = o->at.boottime_ns;
		observation_copy_text(entry->sentence, sizeof entry->sentence, EVENT_HAS(o, text) ? o->event.text : "");
	} else if (o->event.code == EVENT_SOURCE_BACK) {
		entry->lost = FALSE;
	} else if (o->event.code == EVENT_VALUES_HELD || o->event.code == EVENT_VALUES_MOVE) {
		entry->values_held = o->event.code == EVENT_VALUES_HELD;
	} else if (o->event.code == EVENT_PROBE_PAUSED || o->event.code == EVENT_PROBE_RESUMED) {
		observation_copy_text(entry->paused, sizeof entry->paused, EVENT_HAS(o, text) ? o->event.text : "");
	}
}

static void observe_fix(Entry *entry, const Observation *o)
{
	entry->tells_fixes = TRUE;
	entry->has_position = phrase_is_position(o);
	if (entry->has_position)
		entry->fix = *o;
}

void board_observe(Board *board, const Observation *o)
{
	Entry *entry = find(board, o->source);
	switch (o->kind) {
	case OBSERVATION_DEVICE:
		entry->device = *o;
		return;
	case OBSERVATION_EVENT:
		observe_event(entry, o);
		return;
	case OBSERVATION_RADIO:
		entry->radio = *o;
		if (RADIO_HAS(o, sim_state))
			entry->sim_state = o->radio.sim_state;
		break;
	case OBSERVATION_FIX:
		observe_fix(entry, o);
		break;
	case OBSERVATION_SKY:
		break;
	case OBSERVATION_SESSION:
		/* that we took it down again is no news */
		if (o->session.outcome != SESSION_ENDED || !SESSION_HAS(o, ended_by) || o->session.ended_by != SESSION_BY_US)
			entry->session = *o;
		return;
	case OBSERVATION_PROBE:
		if (tally_take(entry->tally, o))
			entry->round_ns = o->at.boottime_ns;
		return;
	case OBSERVATION_RUN:
	case OBSERVATION_CLOCK:
	case OBSERVATION_MARK:
		return;
	}
	entry->reading_ns = o->at.boottime_ns;
}

void board_tell(Board *board, const char *source, const char *sentence)
{
	Entry *entry = find(board, source);
	observation_copy_text(entry->sentence, sizeof entry->sentence, sentence);
}

/* --- describing --- */

typedef enum { STATE_OPENING, STATE_WORKING, STATE_LOST } State;
static const char *const state_words[] = {"opening", "working", "lost", NULL};

static State state_of(const Entry *entry)
{
	if (entry->lost)
		return STATE_LOST;
	return entry->reading_ns ? STATE_WORKING : STATE_OPENING;
}

static gint64 ms_between(gint64 then_ns, gint64 now_ns)
{
	return MAX(now_ns - then_ns, 0) / NS_PER_MS;
}

static gint64 silence_ms(const Entry *entry, gint64 now_ns)
{
	return ms_between(entry->reading_ns ? entry->reading_ns : entry->since_ns, now_ns);
}

static gboolean is_silent(const Board *board, const Entry *entry, gint64 now_ns)
{
	const gint64 swept_ms = entry->radio.kind ? 2 * (gint64)board->interval_ms : 0;
	return silence_ms(entry, now_ns) > (entry->reading_ns ? SILENT_MS + swept_ms : OPENING_MS);
}

static void add_concern(const Board *board, const Entry *entry, gint64 now_ns, GPtrArray *concerns)
{
	if (entry->lost)
		g_ptr_array_add(concerns, g_strdup_printf("%s: LOST for %" G_GINT64_FORMAT " s: %s", entry->name,
							  ms_between(entry->lost_since_ns, now_ns) / 1000, entry->sentence));
	else if (is_silent(board, entry, now_ns))
		g_ptr_array_add(concerns, g_strdup_printf("%s: NOTHING for %" G_GINT64_FORMAT " s", entry->name,
							  silence_ms(entry, now_ns) / 1000));
}

/* What keeps a modem that works from measuring: nothing that the network does, so never a word of it. */
static void add_own_faults(const Entry *entry, GPtrArray *concerns)
{
	if (entry->lost || !entry->radio.kind)
		return;
	if (entry->sim_state == SIM_STATE_ABSENT)
		g_ptr_array_add(concerns, g_strdup_printf("%s: NO SIM CARD: put one in", entry->name));
	else if (entry->sim_state == SIM_STATE_PIN || entry->sim_state == SIM_STATE_PUK)
		g_ptr_array_add(concerns, g_strdup_printf("%s: the SIM card is %s: unlock it in a phone, or with qmicli or mbimcli",
							  entry->name, observation_word(sim_state_words, entry->sim_state)));
	else if (entry->sim_state == SIM_STATE_ERROR)
		g_ptr_array_add(concerns, g_strdup_printf("%s: the SIM card does not work: take it out and put it in again", entry->name));
	if (observation_service_state(&entry->radio) == SERVICE_STATE_OFF)
		g_ptr_array_add(concerns, g_strdup_printf("%s: the modem's radio is OFF: switch it on (rfkill, mmcli or "
							  "qmicli --dms-set-operating-mode=online)", entry->name));
	if (entry->values_held)
		g_ptr_array_add(concerns, g_strdup_printf("%s: the modem repeats the same signal figures: they are not recorded",
							  entry->name));
}

static void add_text(GVariantBuilder *dict, const char *key, const char *text)
{
	if (*text)
		answer_add(dict, key, "s", text);
}

static void describe_device(const Entry *entry, GVariantBuilder *dict)
{
	const Observation *o = &entry->device;
	if (!o->kind)
		return;
	if (OBSERVATION_HAS(o, DEVICE, protocol))
		add_text(dict, "protocol", o->device.protocol);
	if (OBSERVATION_HAS(o, DEVICE, model))
		add_text(dict, "model", o->device.model);
	if (OBSERVATION_HAS(o, DEVICE, firmware))
		add_text(dict, "firmware", o->device.firmware);
}

static void describe_position(const Entry *entry, gint64 now_ns, GVariantBuilder *dict)
{
	const Observation *o = &entry->fix;
	const gint64 held_ms = o->kind && FIX_HAS(o, age_ms) ? o->fix.age_ms : 0;
	const gint64 age_ms = ms_between(o->at.boottime_ns, now_ns) + held_ms;
	const gboolean found = o->kind && entry->has_position && age_ms <= POSITION_LOST_MS + held_ms;
	g_autofree char *words = found ? phrase_position(o) : g_strdup("NO POSITION");
	answer_add(dict, "position", "s", found ? "found" : o->kind ? "lost" : "none");
	answer_add(dict, "position_words", "s", words);
	if (o->kind)
		answer_add(dict, "fix_age_ms", "x", age_ms);
	if (found && FIX_HAS(o, eph_cm))
		answer_add(dict, "position_error_m", "d", o->fix.eph_cm / 100.0);
}

static void describe_data(const Entry *entry, gint64 now_ns, GVariantBuilder *dict)
{
	if (entry->session.kind) {
		g_autofree char *words = phrase_session(&entry->session);
		answer_add(dict, "session", "s", observation_word(session_outcome_words, entry->session.session.outcome));
		answer_add(dict, "session_words", "s", words);
		answer_add(dict, "session_age_ms", "x", ms_between(entry->session.at.boottime_ns, now_ns));
	}
	if (entry->round_ns) {
		answer_add(dict, "probes_words", "s", tally_words(entry->tally));
		add_text(dict, "rates_words", tally_rates(entry->tally));
		answer_add(dict, "probes_age_ms", "x", ms_between(entry->round_ns, now_ns));
	}
	add_text(dict, "probing_paused", entry->paused);
}

static GVariant *describe(const Board *board, const Entry *entry, gint64 now_ns)
{
	GVariantBuilder dict;
	const State state = state_of(entry);
	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	answer_add(&dict, "name", "s", entry->name);
	add_text(&dict, "type", entry->type);
	answer_add(&dict, "state", "s", state_words[state]);
	if (state == STATE_LOST)
		answer_add(&dict, "lost_ms", "x", ms_between(entry->lost_since_ns, now_ns));
	if (state == STATE_OPENING)
		answer_add(&dict, "opening_ms", "x", silence_ms(entry, now_ns));
	if (state != STATE_WORKING)
		add_text(&dict, "told", entry->sentence);
	answer_add(&dict, "silent", "b", is_silent(board, entry, now_ns));
	describe_device(entry, &dict);
	if (entry->reading_ns)
		answer_add(&dict, "reading_age_ms", "x", ms_between(entry->reading_ns, now_ns));
	if (entry->radio.kind) {
		g_autofree char *words = phrase_service(&entry->radio);
		answer_add(&dict, "service", "s", service_state_words[observation_service_state(&entry->radio)]);
		answer_add(&dict, "service_words", "s", words);
		answer_add(&dict, "values_held", "b", entry->values_held);
	}
	describe_data(entry, now_ns, &dict);
	if (entry->tells_fixes)
		describe_position(entry, now_ns, &dict);
	return g_variant_builder_end(&dict);
}

GVariant *board_describe(const Board *board, gint64 now_ns, GPtrArray *concerns)
{
	GVariantBuilder sources;
	g_variant_builder_init(&sources, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < board->entries->len; i++) {
		const Entry *entry = g_ptr_array_index(board->entries, i);
		add_concern(board, entry, now_ns, concerns);
		add_own_faults(entry, concerns);
		g_variant_builder_add_value(&sources, describe(board, entry, now_ns));
	}
	return g_variant_builder_end(&sources);
}
