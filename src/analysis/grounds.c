/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/grounds.h"

#include "analysis/baseline.h"

#define RSRP_LOWER_DB 6.0
#define RSRQ_LOWER_DB 5.0
#define SNR_LOWER_DB 10.0
#define GOOD_RSRP_DBM (-105.0)
#define GOOD_RSRQ_DB (-15.0)
#define GOOD_SNR_DB 0.0
#define GOOD_RSSI_DBM (-95.0)

static gint64 cell_key(const Moment *m)
{
	if (!m->cell)
		return 0;
	if (m->cell->key)
		return m->cell->key;
	if (!ENTRY_HAS(m->cell, arfcn) || !ENTRY_HAS(m->cell, pci))
		return 0;
	return (gint64)m->cell->fields.arfcn << 20 | m->cell->fields.pci << 1 | 1;
}

void cells_add(Cells *cells, const Moment *m)
{
	const gint64 key = cell_key(m);
	for (guint i = 0; i < cells->n; i++)
		if (cells->key[i] == key)
			return;
	if (key && cells->n < CELLS_MOST)
		cells->key[cells->n++] = key;
}

/* Where there is a figure and what it is compared with. */
static gboolean is_lower(double now, double than)
{
	return now < than;
}

RadioGround radio_ground(const Moment *m)
{
	const Signal *s = &m->median, *base = &m->cell_base.median;
	if (!moment_served(m))
		return RADIO_POOR;
	if (!moment_broadband(m)) {
		if (isnan(s->rssi_dbm))
			return RADIO_UNKNOWN;
		return is_lower(s->rssi_dbm, GOOD_RSSI_DBM) ? RADIO_POOR : RADIO_GOOD;
	}
	if (isnan(s->rsrp_dbm))
		return RADIO_UNKNOWN;
	if (m->cell_base.passes < BASELINE_MIN_PASSES || isnan(base->rsrp_dbm))
		return is_lower(s->rsrp_dbm, GOOD_RSRP_DBM) || is_lower(s->rsrq_db, GOOD_RSRQ_DB) ||
				       is_lower(s->snr_db, GOOD_SNR_DB)
			       ? RADIO_POOR
			       : RADIO_GOOD;
	/* A signal that is strong enough anywhere may have been stronger on other days; its quality may not have been better. */
	return is_lower(s->rsrp_dbm, fmin(base->rsrp_dbm - RSRP_LOWER_DB, GOOD_RSRP_DBM)) ||
			       is_lower(s->rsrq_db, base->rsrq_db - RSRQ_LOWER_DB) ||
			       is_lower(s->snr_db, base->snr_db - SNR_LOWER_DB)
		       ? RADIO_POOR
		       : RADIO_GOOD;
}

void radio_sum_add(RadioSum *sum, const Moment *m)
{
	const RadioGround ground = radio_ground(m);
	if (moment_broadband(m)) {
		tally_add(&sum->rsrp_dbm, m->median.rsrp_dbm);
		tally_add(&sum->rsrq_db, m->median.rsrq_db);
		tally_add(&sum->snr_db, m->median.snr_db);
		sum->compared += m->cell_base.passes >= BASELINE_MIN_PASSES ? 1 : 0;
	}
	sum->good += ground == RADIO_GOOD ? 1 : 0;
	sum->poor += ground == RADIO_POOR ? 1 : 0;
}

static char *figures_of(const RadioSum *sum)
{
	GString *text = g_string_new(NULL);
	if (sum->rsrp_dbm.n)
		g_string_append_printf(text, ": RSRP %.0f dBm", tally_mean(&sum->rsrp_dbm));
	if (sum->rsrp_dbm.n && sum->rsrq_db.n)
		g_string_append_printf(text, ", RSRQ %.0f dB", tally_mean(&sum->rsrq_db));
	if (sum->rsrp_dbm.n && sum->snr_db.n)
		g_string_append_printf(text, ", SNR %.0f dB", tally_mean(&sum->snr_db));
	return g_string_free(text, FALSE);
}

void radio_sum_say(const RadioSum *sum, Finding *f)
{
	g_autofree char *figures = figures_of(sum);
	if (sum->good > sum->poor)
		finding_say(f, EVIDENCE_FOR, "The radio was %s%s on average",
			    sum->compared ? "as on other days at this place" : "good", figures);
	else if (sum->poor > 0)
		finding_say(f, EVIDENCE_AGAINST, "The radio was weak or disturbed%s on average", figures);
	else
		finding_say(f, EVIDENCE_LIMIT,
			    "The modem told no figures of its radio meanwhile, so a weak signal is not ruled out");
	if (sum->good <= sum->poor)
		finding_cap(f, CONFIDENCE_LOW);
}
