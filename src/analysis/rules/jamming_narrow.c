/* jamming-narrow: one carrier, or only the control channels of a cell, cannot be used, while others can.
 *
 * Looks for: a carrier (EARFCN) on which the serving cell drowned in noise while its signal held, or in which power rose as
 * the cell went, and which does not serve here again, while a cell on another carrier serves well at the same place; or
 * sessions that break because a strong cell's system information cannot be read (reasons 1059, 1066) while its signal is fine.
 *
 * Figures: verdicts.md, decision table; by how much it drowned, as for jamming-degraded, but against the cell's own last
 * minute.
 *
 * Cannot tell: much. One carrier may be down for maintenance, which takes its signal away: a carrier that went quietly is no
 * case. Low at most.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/radio.h"
#include "analysis/rule.h"

enum { LASTS, RSRQ, SNR, RSRP, NEAR, RISE, CONTROL };
static const RuleFigure figures[] = {
	{"lasts_s", 60, "verdicts.md, decision table"},
	{"rsrq_db", 4, "verdicts.md has 5 against other passes; the last minute is closer"},
	{"snr_db", 8, "as in jamming-degraded, measured on the drive traces"},
	{"rsrp_db", 6, "as in jamming-degraded"},
	{"near_m", 150, "a tile and a half: further away the carrier may not be there at all"},
	{"rise_db", 3, "as in jamming-blackout"},
	{"control_reasons", 2, "one may be chance"},
	{NULL, 0, NULL},
};
/* The level of the last minute is known after so many sweeps. */
#define LEARN_SWEEPS 20
#define LEVEL_SWEEPS 60
/* From drowning to another carrier that serves: a search takes tens of seconds. */
#define SEARCH_MS 60000
#define CONTROL_MS 60000
#define FINE_SNR_DB 0.0
#define FINE_RSRQ_DB (-15.0)
#define FINE_RSRP_DBM (-110.0)

typedef struct {
	/* the carrier that serves, and what is usual on it */
	guint32 arfcn;
	guint learnt;
	Signal level;
	double lat, lon;
	/* the one that drowned */
	guint32 hurt, lost; /* 0: none */
	gint64 hurt_ms;
	Signal hurt_level, hurt_signal;
	double hurt_lat, hurt_lon;
	/* control channels */
	guint control;
	gint64 control_ms;
	/* of the episode */
	guint32 said, other;
	Signal said_level, said_signal;
	guint said_control;
	Tally other_rsrp, other_snr;
} Memory;

static void begin(RuleContext *c)
{
	Memory *memory = c->memory;
	memory->said = memory->other = 0;
	memory->said_control = 0;
	memory->other_rsrp = memory->other_snr = (Tally){0};
}

static gboolean is_fine(const Signal *s)
{
	return s->rsrp_dbm >= FINE_RSRP_DBM && s->snr_db >= FINE_SNR_DB && s->rsrq_db >= FINE_RSRQ_DB;
}

static void note_hurt(Memory *memory, const Moment *m)
{
	memory->hurt = memory->arfcn;
	memory->hurt_ms = m->at.boot_ms;
	memory->hurt_level = memory->level;
	memory->hurt_signal = m->median;
	memory->hurt_lat = memory->lat;
	memory->hurt_lon = memory->lon;
}

static void mix(double *level, double now, guint n)
{
	if (!isnan(now))
		*level = isnan(*level) || n <= 1 ? now : *level + (now - *level) / MIN(n, LEVEL_SWEEPS);
}

/* A sweep on the carrier that serves: worse by far than in its last minute, or part of that minute. */
static void learn(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	const guint32 arfcn = m->cell->fields.arfcn;
	if (arfcn != memory->arfcn) {
		memory->arfcn = arfcn;
		memory->learnt = 0;
	}
	const Signal *level = &memory->level, *now = &m->median;
	if (memory->learnt >= LEARN_SWEEPS && level->rsrp_dbm - now->rsrp_dbm <= c->figure[RSRP] &&
	    level->snr_db - now->snr_db >= c->figure[SNR] && level->rsrq_db - now->rsrq_db >= c->figure[RSRQ] &&
	    !(moment_neighbour_db(m) >= 0)) {
		note_hurt(memory, m);
		return;
	}
	memory->learnt++;
	mix(&memory->level.rsrp_dbm, now->rsrp_dbm, memory->learnt);
	mix(&memory->level.rsrq_db, now->rsrq_db, memory->learnt);
	mix(&memory->level.snr_db, now->snr_db, memory->learnt);
	mix(&memory->level.rx_dbm, now->rx_dbm, memory->learnt);
	memory->lat = m->at.lat;
	memory->lon = m->at.lon;
}

/* Where the lost carrier is heard from the new one, and fine, it is not lost. */
static gboolean heard_fine(const Moment *m, guint32 arfcn)
{
	for (guint i = 0; i < m->n_heard; i++)
		if (m->heard[i].arfcn == arfcn && m->heard[i].rsrq_db >= FINE_RSRQ_DB)
			return TRUE;
	return FALSE;
}

static Holds judge_lost(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	if (memory->lost == 0)
		return HOLDS_NO;
	if (m->cell->fields.arfcn == memory->lost || heard_fine(m, memory->lost)) {
		memory->lost = is_fine(&m->median) || heard_fine(m, memory->lost) ? 0 : memory->lost;
		return HOLDS_NO;
	}
	if (!radio_located(&m->at) || isnan(memory->hurt_lat))
		return HOLDS_UNKNOWN;
	if (radio_apart_m(memory->hurt_lat, memory->hurt_lon, m->at.lat, m->at.lon) > c->figure[NEAR]) {
		memory->lost = 0;
		return HOLDS_NO;
	}
	return is_fine(&m->median) ? HOLDS_YES : HOLDS_HALF;
}

static Holds judge_control(const RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	if (memory->control < (guint)c->figure[CONTROL] || m->at.boot_ms - memory->control_ms > CONTROL_MS) {
		if (m->at.boot_ms - memory->control_ms > CONTROL_MS)
			memory->control = 0;
		return HOLDS_NO;
	}
	return is_fine(&m->median) ? HOLDS_YES : HOLDS_HALF;
}

static void note_carriers(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	if (radio_silent(m) && memory->learnt >= LEARN_SWEEPS && m->now.rx_dbm - memory->level.rx_dbm >= c->figure[RISE])
		note_hurt(memory, m);
	if (!moment_served(m) || !ENTRY_HAS(m->cell, arfcn) || isnan(m->median.rsrp_dbm))
		return;
	if (memory->hurt && memory->hurt != m->cell->fields.arfcn) {
		if (m->at.boot_ms - memory->hurt_ms <= SEARCH_MS)
			memory->lost = memory->hurt;
		memory->hurt = 0;
	}
	learn(c, m);
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	if (moment_own_fault(m)) {
		memory->lost = memory->hurt = 0;
		rule_tell(c, &m->at, HOLDS_UNKNOWN, FALSE);
		return;
	}
	note_carriers(c, m);
	const Holds lost = judge_lost(c, m), control = judge_control(c, m);
	const Holds holds = lost == HOLDS_YES || control == HOLDS_YES ? HOLDS_YES : lost == HOLDS_NO ? control : lost;
	rule_tell(c, &m->at, holds, TRUE);
	if (holds != HOLDS_YES)
		return;
	if (lost == HOLDS_YES) {
		memory->said = memory->lost;
		memory->other = m->cell->fields.arfcn;
		memory->said_level = memory->hurt_level;
		memory->said_signal = memory->hurt_signal;
	}
	memory->said_control = MAX(memory->said_control, memory->control);
	tally_add(&memory->other_rsrp, m->median.rsrp_dbm);
	tally_add(&memory->other_snr, m->median.snr_db);
}

static void session(RuleContext *c, const Seen *s)
{
	Memory *memory = c->memory;
	const gint reason = radio_end_cause(s, CAUSE_CALL_MANAGER);
	if (SESSION_HAS(s->observation, outcome) && s->observation->session.outcome == SESSION_CONNECTED)
		memory->control = 0;
	if (reason != 1059 && reason != 1066)
		return;
	memory->control++;
	memory->control_ms = s->at.boot_ms;
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *memory = c->memory;
	const Signal *before = &memory->said_level, *after = &memory->said_signal;
	if (memory->said && !isnan(after->snr_db)) {
		finding_say(f, EVIDENCE_FOR,
			    "on the carrier with EARFCN %u the signal held (RSRP %.0f, then %.0f dBm) while it drowned: SNR %.0f,"
			    " then %.0f dB; it did not"
			    " serve again here",
			    memory->said, before->rsrp_dbm, after->rsrp_dbm, before->snr_db, after->snr_db);
	} else if (memory->said) {
		finding_say(
			f, EVIDENCE_FOR,
			"as the carrier with EARFCN %u was lost the received power rose, from %.0f to %.0f dBm; it did not serve"
			" again here",
			memory->said, before->rx_dbm, after->rx_dbm);
	}
	if (memory->said_control) {
		f->sub = memory->said ? f->sub : "control";
		finding_say(f, EVIDENCE_FOR, "%u times the connection broke because what the cell broadcasts could not be read",
			    memory->said_control);
	}
	finding_say(f, EVIDENCE_FOR, "%s was fine at the same time: RSRP %.0f dBm, SNR %.0f dB",
		    memory->said ? "another carrier at the same place" : "the cell's signal", tally_mean(&memory->other_rsrp),
		    tally_mean(&memory->other_snr));
	finding_say(f, EVIDENCE_LIMIT, "one modem on one carrier at a time cannot show that the first one stays disturbed");
	finding_alternative(f, VERDICT_UNDETERMINED, "a carrier under maintenance or out of order disappears, too, though quietly");
	(void)c;
}

const Rule rule_jamming_narrow = {
	.name = "jamming-narrow",
	.looks_for = "one carrier, or only the control channels, that cannot be used while others serve well at the same place",
	.verdict = VERDICT_JAMMING,
	.sub = "narrow",
	.most = CONFIDENCE_LOW,
	.witness = 0,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.session = session,
	.begin = begin,
	.describe = describe,
};
