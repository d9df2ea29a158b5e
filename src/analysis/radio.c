/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/radio.h"

#include "analysis/baseline.h"

/* What must at least be lost at the clamp, so that a cell that always is there does not count. */
#define CLAMP_MARGIN_DB 2.0
/* So many packets sent in so long a time, and none back. */
#define STUCK_PACKETS 5.0
#define STUCK_MS 10000
#define EARTH_M 6371000.0

static gboolean is_among(gint code, const gint *list)
{
	for (; *list >= 0; list++)
		if (*list == code)
			return TRUE;
	return FALSE;
}

gint radio_end_cause(const Seen *session, CauseType type)
{
	const Observation *o = session->observation;
	if (!SESSION_HAS(o, cause) || !SESSION_HAS(o, cause_type) || o->session.cause_type != type)
		return -1;
	return o->session.cause;
}

gboolean radio_is_link_failure(const Seen *session)
{
	static const gint reasons[] = {1049, 1056, 1057, 1059, 1062, 1063, 1064, 1066, 1090, -1};
	return is_among(radio_end_cause(session, CAUSE_CALL_MANAGER), reasons);
}

gboolean radio_is_overload(const Seen *session)
{
	static const gint reasons[] = {1015, 1060, -1}, causes[] = {22, 26, -1};
	return is_among(radio_end_cause(session, CAUSE_CALL_MANAGER), reasons) ||
	       is_among(radio_end_cause(session, CAUSE_3GPP), causes);
}

gboolean radio_silent(const Moment *m)
{
	if (m->state->service != SERVICE_STATE_NONE || !isnan(m->now.rsrp_dbm))
		return FALSE;
	for (guint i = 0; i < m->n_heard; i++)
		if (!isnan(m->heard[i].rsrp_dbm))
			return FALSE;
	return TRUE;
}

double radio_floor_dbm(const Moment *m)
{
	if (ENTRY_HAS(m->cell, bandwidth_khz))
		return moment_noise_floor_dbm(m->cell->fields.bandwidth_khz);
	const Entry *last = m->modem->last_cell;
	return moment_noise_floor_dbm(last && ENTRY_HAS(last, bandwidth_khz) ? last->fields.bandwidth_khz : 0);
}

gboolean radio_has_cell_base(const Moment *m)
{
	return m->cell_base.passes >= BASELINE_MIN_PASSES;
}

gboolean radio_located(const When *at)
{
	return !isnan(at->lat) && (at->position == POSITION_LIVE || at->position == POSITION_INTERPOLATED);
}

double radio_apart_m(double lat1, double lon1, double lat2, double lon2)
{
	const double to_radians = G_PI / 180;
	const double east = remainder(lon2 - lon1, 360) * to_radians * cos((lat1 + lat2) / 2 * to_radians),
		     north = (lat2 - lat1) * to_radians;
	return EARTH_M * sqrt(east * east + north * north);
}

RadioLoss radio_loss(const Moment *m)
{
	const Signal *base = &m->cell_base.median, *now = &m->median;
	return (RadioLoss){base->rsrp_dbm - now->rsrp_dbm, base->rsrq_db - now->rsrq_db, base->snr_db - now->snr_db};
}

double radio_loss_share(const Moment *m, const RadioLoss *usual, double rsrq_db, double snr_db, double spread_times)
{
	const CellBaseline *base = &m->cell_base;
	const RadioLoss loss = radio_loss(m);
	if (isnan(loss.rsrq_db) || isnan(loss.snr_db))
		return 0;
	double rsrq_share = (loss.rsrq_db - usual->rsrq_db) / fmax(rsrq_db, spread_times * base->rsrq_spread_db);
	if (m->median.rsrq_db <= RADIO_RSRQ_CLAMP_DB && loss.rsrq_db >= CLAMP_MARGIN_DB)
		rsrq_share = fmax(rsrq_share, 1);
	return fmin(rsrq_share, (loss.snr_db - usual->snr_db) / fmax(snr_db, spread_times * base->snr_spread_db));
}

gboolean radio_flow_stuck(RadioFlow *flow, const Moment *m)
{
	if (isnan(m->rx_packets) || isnan(m->tx_packets)) {
		flow->known = FALSE;
		return FALSE;
	}
	/* a counter that went back is that of a new session */
	if (!flow->known || m->rx_packets > flow->rx_packets || m->rx_packets < flow->rx_packets ||
	    m->tx_packets < flow->tx_packets)
		*flow = (RadioFlow){m->rx_packets, m->tx_packets, m->at.boot_ms, TRUE};
	return m->tx_packets - flow->tx_packets >= STUCK_PACKETS && m->at.boot_ms - flow->since_ms >= STUCK_MS;
}
