/* receiver.c - see receiver.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/receiver.h"

#include "sim/world/rng.h"

#include <math.h>

#define USABLE_DBHZ	   25.0
#define TRACKED_DBHZ	   10.0
#define LOST_DB		   60.0 /* more than any satellite has */
#define FALL_DB_PER_S	   15.0
#define RISE_DB_PER_S	   10.0
#define FIX_SATELLITES	   4
#define FIX_DELAY_S	   1.0
#define NOISE_SECONDS	   20.0
#define CN0_SECONDS	   30.0
#define ORBIT_SECONDS	   3600.0
#define CIRCLE_68	   1.515 /* radius that holds 68.3 % of a circular normal distribution, in its standard deviations */

struct SimReceiver {
	const SimScenario *scenario;
	const SimGpsSetup *setup;
	guint index;
	guint64 seed;
	double last_s;
	double drop_db;	       /* what is missing from every C/N0 now */
	double usable_since_s; /* enough satellites since, or -1 */
	SimEpoch epoch;
};

SimReceiver *sim_receiver_new(const SimScenario *scenario, guint index, guint64 seed)
{
	SimReceiver *receiver = g_new0(SimReceiver, 1);
	receiver->scenario = scenario;
	receiver->setup = sim_scenario_gps(scenario, index);
	receiver->index = index;
	receiver->seed = seed;
	receiver->usable_since_s = -1;
	return receiver;
}

void sim_receiver_free(SimReceiver *receiver)
{
	g_free(receiver);
}

const SimEpoch *sim_receiver_epoch(const SimReceiver *receiver)
{
	return &receiver->epoch;
}

/* The sky is the same for every receiver; satellites drift by a degree or so a minute. */
static SimSatellite place_satellite(const SimReceiver *receiver, guint i, double t_s)
{
	double high = sim_uniform(receiver->seed, SIM_STREAM_SATELLITE, i, 0);
	double turn = sim_uniform(receiver->seed, SIM_STREAM_SATELLITE, i, 1);
	SimGnss system = i % 2 ? SIM_GNSS_GLONASS : SIM_GNSS_GPS;
	SimSatellite satellite = {.system = system, .prn = (system == SIM_GNSS_GPS ? 2 : 66) + i / 2 * 2};
	satellite.elevation_deg = 12 + 70 * high + 5 * sin(2 * G_PI * (t_s / ORBIT_SECONDS + turn));
	satellite.azimuth_deg = fmod(360 * turn + 360 * t_s / (6 * ORBIT_SECONDS), 360);
	return satellite;
}

static void track_satellites(SimReceiver *receiver, double t_s)
{
	SimEpoch *epoch = &receiver->epoch;
	epoch->n_satellites = receiver->setup->n_satellites;
	for (guint i = 0; i < epoch->n_satellites; i++) {
		SimSatellite *satellite = &epoch->satellites[i];
		*satellite = place_satellite(receiver, i, t_s);
		guint64 key = ((guint64)receiver->index << 32) + i;
		double noise_db = 1.5 * sim_noise_line(receiver->seed, SIM_STREAM_CN0, key, t_s / CN0_SECONDS);
		double cn0 = 30 + 17 * sin(satellite->elevation_deg * G_PI / 180) + noise_db - receiver->drop_db;
		satellite->cn0_dbhz = cn0 >= TRACKED_DBHZ ? cn0 : 0;
		satellite->used = cn0 >= USABLE_DBHZ;
	}
}

static void judge_fix(SimReceiver *receiver, double t_s)
{
	SimEpoch *epoch = &receiver->epoch;
	guint used = 0;
	for (guint i = 0; i < epoch->n_satellites; i++)
		used += epoch->satellites[i].used ? 1 : 0;
	if (used < FIX_SATELLITES)
		receiver->usable_since_s = -1;
	else if (receiver->usable_since_s < 0)
		receiver->usable_since_s = t_s;
	epoch->has_fix = used >= FIX_SATELLITES && t_s >= receiver->setup->first_fix_s &&
			 (t_s - receiver->usable_since_s >= FIX_DELAY_S - 1e-6 || receiver->usable_since_s == 0);
	/* Dilution shrinks with the number of satellites; the vertical is worse than the horizontal. */
	epoch->hdop = 0.6 + 4.0 / MAX(used, 1u);
	epoch->vdop = 1.5 * epoch->hdop;
	epoch->pdop = hypot(epoch->hdop, epoch->vdop);
}

static double wander_m(const SimReceiver *receiver, SimStream stream, double t_s)
{
	return receiver->setup->noise_m * sim_noise_line(receiver->seed, stream, receiver->index, t_s / NOISE_SECONDS);
}

void sim_receiver_step(SimReceiver *receiver, const SimGpsEffect *effect, const SimPlace *place, double t_s, gint64 utc_ms)
{
	SimEpoch *epoch = &receiver->epoch;
	double target_db = effect->lost ? LOST_DB : effect->attenuation_db, passed_s = t_s - receiver->last_s;
	receiver->drop_db = CLAMP(target_db, receiver->drop_db - RISE_DB_PER_S * passed_s,
				  receiver->drop_db + FALL_DB_PER_S * passed_s);
	receiver->last_s = t_s;
	epoch->utc_ms = utc_ms;
	track_satellites(receiver, t_s);
	judge_fix(receiver, t_s);
	sim_plane_to_geo(sim_track_plane(receiver->scenario->track), place->east_m + wander_m(receiver, SIM_STREAM_GPS_EAST, t_s),
			 place->north_m + wander_m(receiver, SIM_STREAM_GPS_NORTH, t_s), &epoch->lat_deg, &epoch->lon_deg);
	epoch->altitude_m = receiver->setup->altitude_m + 1.5 * wander_m(receiver, SIM_STREAM_GPS_UP, t_s);
	epoch->error_m = CIRCLE_68 * receiver->setup->noise_m;
	epoch->speed_mps = place->speed_mps;
	epoch->course_deg = place->course_deg;
}
