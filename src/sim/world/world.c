/* world.c - see world.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/world.h"

#include "sim/world/happening.h"
#include "sim/world/hearing.h"
#include "sim/world/receiver.h"
#include "sim/world/rng.h"
#include "sim/world/secondary.h"
#include "sim/world/session.h"

#include <math.h>

/* How long the service shown lags behind the true one: when the radio fails, modems wait before they take the bars
 * away [inferred]. What they do themselves or are told by the network they show at once. */
#define SHOW_LOSS_S	    3.0
#define SHOW_GAIN_S	    0.5
#define CHAIN_OFFSET_DB	    1.0	  /* standard deviation of a receive chain's gain */
#define TIMING_UNIT_M	    78.07 /* 16 Ts there and back: 16 / 30.72e6 s times c / 2, TS 36.213 clause 4.2.3 */
#define PACKET_BYTES	    1000
#define UPLINK_PART	    4 /* a quarter of what comes down goes up */

typedef struct {
	SimModemState state;
	guint cell_index[SIM_MAX_CELLS]; /* of the scenario, for each of state.cells */
	SimRegistrar *registrar;
	SimSecondaries *secondaries;
	SimSessions *sessions;
	SimHeard *heard;
	SimOpMode ordered; /* sim_world_set_mode() */
	double shown_differs_since_s; /* the service shown is not the true one since, or -1 */
	double download_bits, upload_bits; /* not yet a whole packet */
	gboolean sent; /* packets of a host's session since the last step */
} Modem;

struct SimWorld {
	const SimScenario *scenario;
	guint64 seed, day_seed; /* of the place; of what differs from day to day */
	gint64 start_unix_s;
	guint64 tick;
	SimPlace place;
	SimEffects *effects;
	SimEar *ear;
	guint n_modems;
	Modem *modems;
	SimReceiver **receivers;
};

static void setup_modem(SimWorld *world, guint index)
{
	Modem *modem = &world->modems[index];
	const SimModemInfo *info = &sim_scenario_modem(world->scenario, index)->info;
	modem->registrar = sim_registrar_new(world->scenario, index, world->day_seed);
	modem->secondaries = sim_secondaries_new(world->scenario, index);
	modem->sessions = sim_sessions_new(world->scenario, index, world->day_seed, &modem->state.call);
	modem->heard = g_new0(SimHeard, world->scenario->cells->len + 1);
	modem->shown_differs_since_s = -1;
	modem->state.name = info->name;
	modem->state.n_rx = info->n_rx;
}

/* What the chains receive on the channel of a cell. */
static void listen_on(const SimWorld *world, guint index, guint cell, gboolean tuned, SimRxChain *chains)
{
	const Modem *modem = &world->modems[index];
	const SimCarrier *carrier = &sim_scenario_cell(world->scenario, cell)->carrier;
	for (guint chain = 0; chain < modem->state.n_rx; chain++) {
		double power_mw = sim_ear_wideband_mw(world->ear, world->effects, &world->place, modem->heard, carrier, index, chain);
		double offset_db = CHAIN_OFFSET_DB * sim_gauss(world->seed, SIM_STREAM_CHAIN, index, chain);
		chains[chain].tuned = tuned;
		chains[chain].power_dbm = sim_dbm_from_mw(power_mw) + offset_db;
	}
}

/* A modem that is off receives nothing; one that is on always has a channel, and with EN-DC another one. */
static void update_receiver_power(const SimWorld *world, guint index)
{
	Modem *modem = &world->modems[index];
	SimModemState *state = &modem->state;
	gint nr = sim_secondaries_view(modem->secondaries)->nr;
	listen_on(world, index, sim_registrar_view(modem->registrar)->tuned, state->operating_mode == SIM_OPMODE_ONLINE, state->rx);
	memset(state->nr_rx, 0, sizeof state->nr_rx);
	if (nr >= 0)
		listen_on(world, index, (guint)nr, TRUE, state->nr_rx);
}

static SimCellView view_cell(const SimCell *cell, const SimHeard *heard)
{
	SimCellView view = {.rat = cell->carrier.rat,
			    .tac = cell->tac,
			    .cell_id = cell->cell_id,
			    .pci = cell->pci,
			    .arfcn = cell->carrier.arfcn,
			    .band = cell->carrier.band,
			    .scs_khz = cell->carrier.scs_khz,
			    .bandwidth_mhz = cell->carrier.bandwidth_mhz,
			    .rsrp_dbm = heard->measure.rsrp_dbm,
			    .rsrq_db = heard->measure.rsrq_db,
			    .rssi_dbm = heard->measure.rssi_dbm,
			    .sinr_db = heard->measure.sinr_db};
	g_strlcpy(view.mcc, cell->mcc, sizeof view.mcc);
	g_strlcpy(view.mnc, cell->mnc, sizeof view.mnc);
	return view;
}

static gboolean same_plmn(const SimCell *a, const SimCell *b)
{
	return g_str_equal(a->mcc, b->mcc) && g_str_equal(a->mnc, b->mnc);
}

/* A modem measures whatever stands on its channel, and the channels that its own network names to it. */
static gboolean on_measured_channel(const SimScenario *scenario, const SimCell *cell, const SimCell *serving)
{
	for (guint i = 0; i < scenario->cells->len; i++) {
		const SimCell *other = sim_scenario_cell(scenario, i);
		if (other->carrier.rat == cell->carrier.rat && other->carrier.arfcn == cell->carrier.arfcn &&
		    (other == serving || same_plmn(other, serving)))
			return TRUE;
	}
	return FALSE;
}

/* NR is measured from LTE and NR, not from what was there before. */
static gboolean is_measured(const SimWorld *world, const Modem *modem, guint index, guint serving)
{
	const SimScenario *scenario = world->scenario;
	const SimModemSetup *setup = sim_scenario_modem(scenario, (guint)(modem - world->modems));
	const SimCell *cell = sim_scenario_cell(scenario, index), *from = sim_scenario_cell(scenario, serving);
	if (cell->carrier.rat == SIM_RAT_NR && from->carrier.rat != SIM_RAT_NR && from->carrier.rat != SIM_RAT_LTE)
		return FALSE;
	return index != serving && modem->heard[index].measurable && (setup->rats & (1u << cell->carrier.rat)) &&
	       on_measured_channel(scenario, cell, from);
}

/* Puts a neighbour where its strength belongs; the weakest falls off a full list. Index 0 is the serving cell. */
static void insert_neighbour(Modem *modem, guint index)
{
	SimModemState *state = &modem->state;
	double rsrp_dbm = modem->heard[index].measure.rsrp_dbm;
	guint at = state->n_cells;
	while (at > 1 && modem->heard[modem->cell_index[at - 1]].measure.rsrp_dbm < rsrp_dbm)
		at--;
	if (at == SIM_MAX_CELLS)
		return;
	state->n_cells = MIN(state->n_cells + 1, SIM_MAX_CELLS);
	for (guint i = state->n_cells - 1; i > at; i--)
		modem->cell_index[i] = modem->cell_index[i - 1];
	modem->cell_index[at] = index;
}

static void list_cells(const SimWorld *world, Modem *modem)
{
	SimModemState *state = &modem->state;
	const SimScenario *scenario = world->scenario;
	gint serving = sim_registrar_view(modem->registrar)->serving;
	state->has_serving = serving >= 0;
	state->n_cells = state->has_serving ? 1 : 0;
	if (!state->has_serving)
		return;
	modem->cell_index[0] = (guint)serving;
	for (guint i = 0; i < scenario->cells->len; i++)
		if (is_measured(world, modem, i, (guint)serving))
			insert_neighbour(modem, i);
	for (guint i = 0; i < state->n_cells; i++) {
		guint index = modem->cell_index[i];
		state->cells[i] = view_cell(sim_scenario_cell(scenario, index), &modem->heard[index]);
	}
}

static void update_shown_service(Modem *modem, double t_s)
{
	SimModemState *state = &modem->state;
	if (state->service == state->true_service) {
		modem->shown_differs_since_s = -1;
		return;
	}
	if (modem->shown_differs_since_s < 0)
		modem->shown_differs_since_s = t_s;
	double lag_s = state->true_service > state->service ? SHOW_GAIN_S : 0;
	if (state->true_service == SIM_SERVICE_NONE && state->operating_mode == SIM_OPMODE_ONLINE && state->reject_cause == 0)
		lag_s = SHOW_LOSS_S;
	if (t_s - modem->shown_differs_since_s >= lag_s - 1e-6) {
		state->service = state->true_service;
		modem->shown_differs_since_s = -1;
	}
}

/* Counters begin at 0 with a session, and stand still after its end. */
static void update_session(const SimWorld *world, guint index)
{
	SimModemState *state = &world->modems[index].state;
	gboolean was_up = state->session_up;
	state->session_up = sim_scenario_modem(world->scenario, index)->traffic_kbps > 0 &&
			    state->true_service == SIM_SERVICE_FULL && state->ps_attached;
	if (state->session_up && !was_up)
		state->tx_packets = state->rx_packets = state->tx_bytes = state->rx_bytes = 0;
}

static void update_calls(const SimWorld *world, guint index, double t_s)
{
	const Modem *modem = &world->modems[index];
	gint serving = sim_registrar_view(modem->registrar)->serving;
	SimSessionInput input = {.t_s = t_s, .state = &modem->state, .effect = &world->effects->modems[index]};
	if (serving >= 0)
		input.reject = sim_effects_session_reject(world->effects, world->scenario, index, (guint)serving);
	sim_sessions_step(modem->sessions, &input);
}

/* Bursts: in about half of the seconds, and then twice the rate. */
static gboolean data_flow(const SimWorld *world, guint index)
{
	return world->modems[index].state.session_up && !world->modems[index].state.uplink_dead &&
	       sim_uniform(world->day_seed, SIM_STREAM_TRAFFIC, index, world->tick / SIM_TICKS_PER_S) >= 0.5;
}

static void update_secondaries(const SimWorld *world, guint index, double t_s)
{
	Modem *modem = &world->modems[index];
	SimModemState *state = &modem->state;
	const SimSecondaryView *view = sim_secondaries_view(modem->secondaries);
	SimSecondaryInput input = {.t_s = t_s,
				   .heard = modem->heard,
				   .cells = world->effects->cells,
				   .registration = sim_registrar_view(modem->registrar),
				   .busy = data_flow(world, index)};
	sim_secondaries_step(modem->secondaries, &input);
	state->nr_available = view->nr_available;
	state->dcnr_restricted = view->dcnr_restricted;
	state->endc = view->nr >= 0;
	if (state->endc)
		state->nr_cell = view_cell(sim_scenario_cell(world->scenario, (guint)view->nr), &modem->heard[view->nr]);
	state->n_secondary = view->n_carriers;
	for (guint i = 0; i < view->n_carriers; i++) {
		guint cell = view->carriers[i];
		state->secondary[i] = (SimSecondaryCell){.cell = view_cell(sim_scenario_cell(world->scenario, cell), &modem->heard[cell]),
							 .activated = view->activated[i]};
	}
}

/* Shannon's bound, half of it. */
static double bound_kbps_of(const SimCellView *cell)
{
	return 0.5 * cell->bandwidth_mhz * 1000 * log2(1 + sim_mw_from_dbm(cell->sinr_db));
}

/* Data go as fast as the session asks or the channels in use carry. */
static void update_traffic(const SimWorld *world, guint index)
{
	Modem *modem = &world->modems[index];
	SimModemState *state = &modem->state;
	double kbps = sim_scenario_modem(world->scenario, index)->traffic_kbps;
	if (!data_flow(world, index))
		return;
	double bound_kbps = bound_kbps_of(&state->cells[0]) + (state->endc ? bound_kbps_of(&state->nr_cell) : 0);
	for (guint i = 0; i < state->n_secondary; i++)
		bound_kbps += state->secondary[i].activated ? bound_kbps_of(&state->secondary[i].cell) : 0;
	modem->download_bits += MIN(2 * kbps, bound_kbps) * SIM_TICK_MS;
	modem->upload_bits += MIN(2 * kbps, bound_kbps) * SIM_TICK_MS / UPLINK_PART;
	guint64 down = (guint64)(modem->download_bits / (8 * PACKET_BYTES));
	guint64 up = (guint64)(modem->upload_bits / (8 * PACKET_BYTES));
	modem->download_bits -= (double)down * 8 * PACKET_BYTES;
	modem->upload_bits -= (double)up * 8 * PACKET_BYTES;
	state->rx_packets += down;
	state->rx_bytes += down * PACKET_BYTES;
	state->tx_packets += up;
	state->tx_bytes += up * PACKET_BYTES;
	state->tx_on = TRUE;
}

static gboolean any_call_starting(const SimDataCalls *calls)
{
	for (guint i = 0; i < SIM_MAX_CALLS; i++)
		if (calls->calls[i].id != 0 && calls->calls[i].phase == SIM_CALL_STARTING)
			return TRUE;
	return FALSE;
}

static void update_uplink(const SimWorld *world, Modem *modem)
{
	SimModemState *state = &modem->state;
	state->tx_on |= any_call_starting(&state->call) || modem->sent;
	modem->sent = FALSE;
	const SimCell *cell = sim_scenario_cell(world->scenario, sim_registrar_view(modem->registrar)->tuned);
	state->tx_power_dbm = state->tx_on ? sim_radio_tx_power_dbm(cell->power_dbm, state->has_serving ? state->cells[0].rsrp_dbm
												 : SIM_MIN_RSRP_DBM)
					   : 0;
	/* Random access without an answer goes up to full power, step by step (TS 36.321 clause 5.1.4). */
	if (state->tx_on && state->uplink_dead)
		state->tx_power_dbm = SIM_MAX_TX_DBM;
	state->timing_advance = 0;
	if (state->registration != SIM_REG_REGISTERED || !state->has_serving)
		return;
	double east, north;
	sim_plane_from_geo(sim_track_plane(world->scenario->track), cell->lat_deg, cell->lon_deg, &east, &north);
	state->timing_advance = (guint)lround(hypot(east - world->place.east_m, north - world->place.north_m) / TIMING_UNIT_M);
}

static void copy_registration(const SimWorld *world, Modem *modem)
{
	SimModemState *state = &modem->state;
	const SimRegistrationView *view = sim_registrar_view(modem->registrar);
	gboolean registered = view->registration == SIM_REG_REGISTERED;
	state->registration = view->registration;
	/* A 5G core has no circuit-switched domain. */
	state->cs_attached = registered && sim_scenario_cell(world->scenario, view->tuned)->carrier.rat != SIM_RAT_NR;
	state->ps_attached = registered;
	state->roaming = view->roaming;
	state->forbidden = view->forbidden;
	state->true_service = view->true_service;
	state->access = view->access;
	state->reject_cause = view->reject_cause;
	state->reject_count = view->reject_count;
	state->reject_rat = view->reject_cause != 0 ? view->reject_rat : SIM_RAT_NONE;
	/* LTE attaches for both domains at once; a location area update of GSM and UMTS is of the circuit-switched one. */
	state->reject_is_ps = state->reject_rat == SIM_RAT_LTE || state->reject_rat == SIM_RAT_NR;
	state->reject_is_cs = view->reject_cause != 0 && !state->reject_is_ps;
	state->tx_on = view->tx_on;
	state->uplink_dead = view->serving >= 0 && world->effects->cells[view->serving].uplink_jammed;
}

static void step_modem(SimWorld *world, guint index, double t_s)
{
	Modem *modem = &world->modems[index];
	SimModemState *state = &modem->state;
	const SimModemEffect *effect = &world->effects->modems[index];
	SimRegistration registration = state->registration;
	SimService service = state->service;
	SimAccess access = state->access;
	gboolean had_serving = state->has_serving;
	guint before = modem->cell_index[0];
	SimSecondaryView beside = *sim_secondaries_view(modem->secondaries);
	state->operating_mode = MAX(effect->mode, modem->ordered);
	state->card = effect->card;
	sim_ear_listen(world->ear, world->effects, &world->place, t_s, index, modem->heard);
	/* The power is at the antenna all the same. */
	for (guint i = 0; effect->deaf && i < world->scenario->cells->len; i++)
		modem->heard[i].decodable = modem->heard[i].holds = modem->heard[i].measurable = FALSE;
	SimRegistrationInput input = {.t_s = t_s,
				      .heard = modem->heard,
				      .cells = world->effects->cells,
				      .mode = state->operating_mode,
				      .card = effect->card,
				      .voice_call = effect->voice_call,
				      .keeps_cell = effect->keeps_cell};
	sim_registrar_step(modem->registrar, &input);
	copy_registration(world, modem);
	update_shown_service(modem, t_s);
	update_session(world, index);
	update_calls(world, index, t_s);
	list_cells(world, modem);
	update_secondaries(world, index, t_s);
	update_receiver_power(world, index);
	update_traffic(world, index);
	update_uplink(world, modem);
	const SimSecondaryView *now = sim_secondaries_view(modem->secondaries);
	if (registration != state->registration || service != state->service || access != state->access ||
	    had_serving != state->has_serving || (had_serving && before != modem->cell_index[0]) ||
	    beside.nr != now->nr || beside.nr_available != now->nr_available || beside.dcnr_restricted != now->dcnr_restricted)
		state->change_count++;
}

static void compute_tick(SimWorld *world)
{
	double t_s = sim_world_seconds(world);
	world->place = sim_track_at(world->scenario->track, t_s);
	sim_effects_update(world->effects, world->scenario, t_s);
	for (guint i = 0; i < world->n_modems; i++)
		step_modem(world, i, t_s);
	for (guint i = 0; i < world->scenario->gps->len; i++)
		sim_receiver_step(world->receivers[i], &world->effects->gps[i], &world->place, t_s, sim_world_utc_ms(world));
	for (guint i = 0; i < world->n_modems; i++)
		if (sim_scenario_modem(world->scenario, i)->info.has_gnss)
			world->modems[i].state.gnss = *sim_world_epoch(world, sim_scenario_modem(world->scenario, i)->gnss);
}

guint64 sim_world_day_seed(const SimScenario *scenario, guint64 seed)
{
	return scenario->day == 0 ? seed : sim_hash(seed, SIM_STREAM_DAY, scenario->day, 0);
}

SimWorld *sim_world_new(const SimScenario *scenario, guint64 seed, gint64 start_unix_s)
{
	SimWorld *world = g_new0(SimWorld, 1);
	world->scenario = scenario;
	world->seed = seed;
	world->day_seed = sim_world_day_seed(scenario, seed);
	world->start_unix_s = start_unix_s;
	world->effects = sim_effects_new(scenario, world->day_seed);
	world->ear = sim_ear_new(scenario, seed, world->day_seed);
	world->n_modems = scenario->modems->len;
	world->modems = g_new0(Modem, world->n_modems + 1);
	for (guint i = 0; i < world->n_modems; i++)
		setup_modem(world, i);
	world->receivers = g_new0(SimReceiver *, scenario->gps->len + 1);
	for (guint i = 0; i < scenario->gps->len; i++)
		world->receivers[i] = sim_receiver_new(scenario, i, world->day_seed);
	compute_tick(world);
	return world;
}

void sim_world_free(SimWorld *world)
{
	if (!world)
		return;
	for (guint i = 0; i < world->n_modems; i++) {
		sim_registrar_free(world->modems[i].registrar);
		sim_secondaries_free(world->modems[i].secondaries);
		sim_sessions_free(world->modems[i].sessions);
		g_free(world->modems[i].heard);
	}
	for (guint i = 0; i < world->scenario->gps->len; i++)
		sim_receiver_free(world->receivers[i]);
	g_free(world->modems);
	g_free(world->receivers);
	sim_ear_free(world->ear);
	sim_effects_free(world->effects);
	g_free(world);
}

void sim_world_step(SimWorld *world)
{
	world->tick++;
	compute_tick(world);
}

void sim_world_set_mode(SimWorld *world, guint modem, SimOpMode mode)
{
	world->modems[modem].ordered = mode;
}

guint32 sim_world_start_call(SimWorld *world, guint modem, const SimCallRequest *request)
{
	return sim_sessions_start(world->modems[modem].sessions, request, sim_world_seconds(world));
}

void sim_world_end_call(SimWorld *world, guint modem, guint32 id)
{
	sim_sessions_end(world->modems[modem].sessions, id);
}

void sim_world_drop_call(SimWorld *world, guint modem, guint32 id)
{
	sim_sessions_drop(world->modems[modem].sessions, id);
}

void sim_world_count_packets(SimWorld *world, guint modem, guint64 rx_packets, guint64 rx_bytes, guint64 tx_packets,
			     guint64 tx_bytes)
{
	SimDataCalls *call = &world->modems[modem].state.call;
	if (!call->up_ipv4 && !call->up_ipv6)
		return;
	call->rx_packets += rx_packets;
	call->rx_bytes += rx_bytes;
	call->tx_packets += tx_packets;
	world->modems[modem].sent |= tx_packets > 0;
	call->tx_bytes += tx_bytes;
}

const SimFaults *sim_world_faults(const SimWorld *world, guint modem)
{
	return &world->effects->modems[modem].faults;
}

guint sim_world_acts(const SimWorld *world, guint modem, const SimAct *ret_acts[SIM_MAX_ACTS])
{
	return sim_effects_acts(world->effects, modem, sim_registrar_view(world->modems[modem].registrar)->serving, ret_acts);
}

const SimScenario *sim_world_scenario(const SimWorld *world)
{
	return world->scenario;
}

guint64 sim_world_seed(const SimWorld *world)
{
	return world->seed;
}

guint64 sim_world_tick(const SimWorld *world)
{
	return world->tick;
}

double sim_world_seconds(const SimWorld *world)
{
	return (double)world->tick / SIM_TICKS_PER_S;
}

gint64 sim_world_utc_ms(const SimWorld *world)
{
	return world->start_unix_s * 1000 + (gint64)world->tick * SIM_TICK_MS;
}

const SimPlace *sim_world_place(const SimWorld *world)
{
	return &world->place;
}

const SimModemState *sim_world_modem(const SimWorld *world, guint modem)
{
	return &world->modems[modem].state;
}

const SimRegistrationView *sim_world_registration(const SimWorld *world, guint modem)
{
	return sim_registrar_view(world->modems[modem].registrar);
}

const SimCell *sim_world_cell(const SimWorld *world, guint modem, guint index)
{
	return sim_scenario_cell(world->scenario, world->modems[modem].cell_index[index]);
}

const SimCell *sim_world_nr_cell(const SimWorld *world, guint modem)
{
	return sim_scenario_cell(world->scenario, (guint)sim_secondaries_view(world->modems[modem].secondaries)->nr);
}

const SimCell *sim_world_secondary_cell(const SimWorld *world, guint modem, guint index)
{
	return sim_scenario_cell(world->scenario, sim_secondaries_view(world->modems[modem].secondaries)->carriers[index]);
}

const SimEpoch *sim_world_epoch(const SimWorld *world, guint gps)
{
	return sim_receiver_epoch(world->receivers[gps]);
}
