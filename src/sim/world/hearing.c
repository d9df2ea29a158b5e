/* hearing.c - see hearing.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/hearing.h"

#include "sim/world/rng.h"

#include <math.h>

#define MAST_HEIGHT_M	  25.0 /* above the receiver */
#define JAMMER_HEIGHT_M	  2.0
#define FADING_SECONDS	  0.4 /* averaging of a measurement leaves fades of about this length */
#define SELECTIVITY_DB	  33.0

struct SimEar {
	const SimScenario *scenario;
	guint64 seed, day_seed;
};

SimEar *sim_ear_new(const SimScenario *scenario, guint64 seed, guint64 day_seed)
{
	SimEar *ear = g_new0(SimEar, 1);
	ear->scenario = scenario;
	ear->seed = seed;
	ear->day_seed = day_seed;
	return ear;
}

void sim_ear_free(SimEar *ear)
{
	g_free(ear);
}

/* Senders at one place share their shadowing: the place, to a centimetre, is the site. */
static guint64 site_of(double lat_deg, double lon_deg)
{
	gint64 lat = (gint64)llround(lat_deg * 1e7), lon = (gint64)llround(lon_deg * 1e7);
	return (guint64)lat * G_GUINT64_CONSTANT(0x100000001b3) + (guint64)lon;
}

/* Path loss, penetration and shadowing from a sender to the place. */
static double link_loss_db(const SimEar *ear, double lat_deg, double lon_deg, double height_m, double frequency_mhz,
			   const SimPlace *place, double *ret_bearing_deg)
{
	double east, north;
	const SimRadioSetup *radio = &ear->scenario->radio;
	sim_plane_from_geo(sim_track_plane(ear->scenario->track), lat_deg, lon_deg, &east, &north);
	double d_east = place->east_m - east, d_north = place->north_m - north;
	*ret_bearing_deg = atan2(d_east, d_north) * 180 / G_PI;
	double distance_m = hypot(hypot(d_east, d_north), height_m);
	guint64 site = site_of(lat_deg, lon_deg);
	double x = place->east_m / radio->shadowing_distance_m, y = place->north_m / radio->shadowing_distance_m;
	return sim_radio_path_loss_db(radio, frequency_mhz, distance_m) + radio->penetration_db +
	       sim_radio_shadowing_db(radio, ear->seed, site, place->east_m, place->north_m) +
	       radio->day_spread_db * sim_noise_plane(ear->day_seed, SIM_STREAM_DAY_SHADOW, site, x, y);
}

/* RSRP and RSRQ are not lower than those of any of the chains (TS 36.214 clause 5.1.1): a modem has the loss of its best one. */
static double best_chain_loss_db(const SimEar *ear, const SimEffects *effects, guint modem)
{
	const double *loss_db = effects->modems[modem].chain_loss_db;
	double best = loss_db[0];
	for (guint i = 1; i < sim_scenario_modem(ear->scenario, modem)->info.n_rx; i++)
		best = MIN(best, loss_db[i]);
	return best;
}

static double received_dbm(const SimEar *ear, const SimEffects *effects, guint index, const SimPlace *place, double t_s,
			   guint modem)
{
	const SimCell *cell = sim_scenario_cell(ear->scenario, index);
	double bearing_deg;
	double loss = link_loss_db(ear, cell->lat_deg, cell->lon_deg, MAST_HEIGHT_M, cell->carrier.downlink_mhz, place,
				   &bearing_deg);
	if (cell->directional)
		loss += sim_radio_antenna_loss_db(bearing_deg - cell->azimuth_deg);
	double fading = ear->scenario->radio.fading_db *
			sim_noise_line(ear->day_seed, SIM_STREAM_FADING, ((guint64)modem << 32) + index, t_s / FADING_SECONDS);
	return cell->power_dbm + effects->cells[index].power_db - loss - effects->attenuation_db -
	       best_chain_loss_db(ear, effects, modem) + fading;
}

static gboolean emitter_hits(const SimEmitter *emitter, const SimCarrier *carrier)
{
	return (emitter->earfcn == 0 || emitter->earfcn == carrier->arfcn) &&
	       (emitter->band == 0 || emitter->band == carrier->band);
}

/* A jammer spreads its power evenly over what it jams: one channel, or the downlink of a band. */
static double jammer_mw_per_hz(const SimEar *ear, const SimEffects *effects, const SimEmitter *emitter,
			       const SimCarrier *carrier, const SimPlace *place)
{
	double low_mhz = 0, high_mhz = carrier->bandwidth_mhz, bearing_deg;
	if (emitter->earfcn == 0)
		sim_band_downlink(carrier->rat, carrier->band, &low_mhz, &high_mhz);
	double loss = link_loss_db(ear, emitter->lat_deg, emitter->lon_deg, JAMMER_HEIGHT_M, carrier->downlink_mhz, place,
				   &bearing_deg);
	return sim_mw_from_dbm(emitter->level_db - loss - effects->attenuation_db) / ((high_mhz - low_mhz) * 1e6);
}

/* Noise of the receiver and jammers, for each Hz of a carrier; jammers come in through the antenna, which has a loss. */
static double noise_mw_per_hz(const SimEar *ear, const SimEffects *effects, const SimCarrier *carrier, const SimPlace *place,
			      double loss_db)
{
	double thermal = sim_radio_noise_mw(&ear->scenario->radio, 1), jammers = 0;
	for (guint i = 0; i < effects->n_emitters; i++) {
		const SimEmitter *emitter = &effects->emitters[i];
		if (!emitter_hits(emitter, carrier))
			continue;
		if (emitter->placed)
			jammers += jammer_mw_per_hz(ear, effects, emitter, carrier, place);
		else
			thermal *= sim_mw_from_dbm(emitter->level_db);
	}
	return thermal + jammers * sim_mw_from_dbm(-loss_db);
}

static double unit_hz(const SimCarrier *carrier)
{
	return carrier->rat == SIM_RAT_LTE  ? 15e3
	       : carrier->rat == SIM_RAT_NR ? 1e3 * carrier->scs_khz
					    : sim_carrier_occupied_hz(carrier);
}

static gboolean same_channel(const SimCarrier *a, const SimCarrier *b)
{
	return a->rat == b->rat && a->arfcn == b->arfcn;
}

/* Power of the other cells on a cell's channel, in its unit. One with a narrower channel hits a part of it only; one
 * whose elements are twice as wide has half of each in an element of this one. */
static double others_mw(const SimScenario *scenario, const SimHeard *heard, guint index)
{
	const SimCarrier *carrier = &sim_scenario_cell(scenario, index)->carrier;
	double sum = 0;
	for (guint i = 0; i < scenario->cells->len; i++) {
		const SimCarrier *other = &sim_scenario_cell(scenario, i)->carrier;
		if (i != index && same_channel(carrier, other))
			sum += heard[i].share * heard[i].power_mw * (unit_hz(carrier) / unit_hz(other)) *
			       MIN(1, other->bandwidth_mhz / carrier->bandwidth_mhz);
	}
	return sum;
}

/* What a receiver of each RAT can use. LTE, and NR with the same figures (TS 38.133 clauses 9.2.2 and 8.1): a cell
 * is found down to an Es/Iot of -6 dB (TS 36.133 clause 8.1.2.2) and a level of about -124 dBm (Qrxlevmin as usually
 * set, TS 36.304 clause 5.2.3.2); 10 % of the control channel fail at about -8 dB (Qout, TS 36.133 clause 7.6). UMTS,
 * GSM: usual Qrxlevmin and Qqualmin; C/I of 6 dB. Neighbours that are known already are measured deeper down in
 * interference. */
static void judge(SimRat rat, SimHeard *heard)
{
	static const struct {
		double level_dbm, sinr_db, ecio_db;
	} limits[3][3] = {
		{{-104, 6, -99}, {-107, 4, -99}, {-110, 0, -99}},	/* GSM: decodable, holds, measurable */
		{{-115, -99, -18}, {-118, -99, -20}, {-120, -99, -24}}, /* UMTS */
		{{-124, -6, -99}, {-128, -8, -99}, {-132, -12, -99}},	/* LTE, NR */
	};
	gboolean *results[3] = {&heard->decodable, &heard->holds, &heard->measurable};
	guint row = rat == SIM_RAT_GSM ? 0 : rat == SIM_RAT_UMTS ? 1 : 2;
	for (guint i = 0; i < 3; i++)
		*results[i] = heard->power_mw > 0 && heard->measure.rsrp_dbm >= limits[row][i].level_dbm &&
			      heard->measure.sinr_db >= limits[row][i].sinr_db &&
			      heard->measure.rsrq_db >= limits[row][i].ecio_db;
}

void sim_ear_listen(const SimEar *ear, const SimEffects *effects, const SimPlace *place, double t_s, guint modem,
		    SimHeard *ret_heard)
{
	const SimScenario *scenario = ear->scenario;
	double loss_db = best_chain_loss_db(ear, effects, modem);
	for (guint i = 0; i < scenario->cells->len; i++) {
		const SimCell *cell = sim_scenario_cell(scenario, i);
		const SimCellEffect *effect = &effects->cells[i];
		ret_heard[i].power_mw =
			effect->off ? 0 : sim_mw_from_dbm(received_dbm(ear, effects, i, place, t_s, modem));
		ret_heard[i].share = sim_radio_share(cell->carrier.rat, effect->load, cell->antenna_ports);
		ret_heard[i].mean_share = sim_radio_mean_share(cell->carrier.rat, effect->load, cell->antenna_ports);
	}
	for (guint i = 0; i < scenario->cells->len; i++) {
		const SimCarrier *carrier = &sim_scenario_cell(scenario, i)->carrier;
		SimMeasureInput input = {.rat = carrier->rat,
					 .resource_blocks = sim_carrier_resource_blocks(carrier),
					 .own_mw = ret_heard[i].power_mw,
					 .own_share = ret_heard[i].share,
					 .others_mw = others_mw(scenario, ret_heard, i),
					 .noise_mw = noise_mw_per_hz(ear, effects, carrier, place, loss_db) * unit_hz(carrier)};
		ret_heard[i].measure = sim_radio_measure(&input);
		judge(carrier->rat, &ret_heard[i]);
	}
}

/* The part of a carrier's occupied width that lies in the occupied width of the tuned one. */
static double overlap_share(const SimCarrier *carrier, const SimCarrier *tuned)
{
	double half = sim_carrier_occupied_hz(carrier) / 2, tuned_half = sim_carrier_occupied_hz(tuned) / 2;
	double apart = (carrier->downlink_mhz - tuned->downlink_mhz) * 1e6;
	double low = MAX(apart - half, -tuned_half), high = MIN(apart + half, tuned_half);
	return MAX(high - low, 0) / (2 * half);
}

double sim_ear_wideband_mw(const SimEar *ear, const SimEffects *effects, const SimPlace *place, const SimHeard *heard,
			   const SimCarrier *tuned, guint modem, guint chain)
{
	const SimScenario *scenario = ear->scenario;
	double loss_db = effects->modems[modem].chain_loss_db[chain];
	double worse = sim_mw_from_dbm(best_chain_loss_db(ear, effects, modem) - loss_db);
	double sum = noise_mw_per_hz(ear, effects, tuned, place, loss_db) * sim_carrier_occupied_hz(tuned);
	for (guint i = 0; i < scenario->cells->len; i++) {
		const SimCarrier *carrier = &sim_scenario_cell(scenario, i)->carrier;
		if (carrier->band != tuned->band)
			continue;
		double units = sim_carrier_occupied_hz(carrier) / unit_hz(carrier);
		double in_channel = overlap_share(carrier, tuned);
		double passed = in_channel + (1 - in_channel) * sim_mw_from_dbm(-SELECTIVITY_DB);
		sum += units * heard[i].mean_share * heard[i].power_mw * worse * passed;
	}
	return sum;
}
