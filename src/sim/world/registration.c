/* registration.c - see registration.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/registration.h"

#include "sim/world/permits.h"
#include "sim/world/reject.h"
#include "sim/world/rng.h"

typedef enum { SCAN_STORED, SCAN_FULL, SCAN_PAUSE } Scan;

struct SimRegistrar {
	const SimScenario *scenario;
	const SimModemSetup *setup;
	guint modem;
	guint64 seed, draws;
	SimRegistrationView view;
	double until_s; /* end of the wait that the phase has */
	Scan scan;
	double search_began_s;
	gboolean known;	      /* the network has the modem's context: an update does instead of an attach */
	SimCard card;
	gboolean card_refused; /* the network said that the subscriber is not allowed */
	gboolean denied;      /* the last answer of the network was a reject */
	gboolean in_call;     /* was, at the last step */
	guint attempts;
	double retry_s; /* no attempt before */
	SimPermits *permits;
	double *barred_until_s; /* for each cell */
	double bad_since_s;   /* out of sync since, or -1 */
	gint candidate;	      /* the better neighbour of the last ticks, or -1 */
	double better_since_s;
	double next_signalling_s, next_system_info_s, next_priority_s, tx_until_s;
};

/* The first cell of the home network: where the modem was before it was switched on. */
static guint first_home_cell(const SimRegistrar *r)
{
	for (guint i = 0; i < r->scenario->cells->len; i++)
		if (sim_permits_is_home(r->permits, sim_scenario_cell(r->scenario, i)))
			return i;
	return 0;
}

SimRegistrar *sim_registrar_new(const SimScenario *scenario, guint modem, guint64 seed)
{
	SimRegistrar *r = g_new0(SimRegistrar, 1);
	r->scenario = scenario;
	r->setup = sim_scenario_modem(scenario, modem);
	r->modem = modem;
	r->seed = seed;
	r->card = r->setup->card;
	r->permits = sim_permits_new(r->setup);
	r->barred_until_s = g_new0(double, scenario->cells->len + 1);
	r->view.serving = -1;
	r->view.tuned = first_home_cell(r);
	r->bad_since_s = -1;
	r->candidate = -1;
	return r;
}

void sim_registrar_free(SimRegistrar *registrar)
{
	if (!registrar)
		return;
	sim_permits_free(registrar->permits);
	g_free(registrar->barred_until_s);
	g_free(registrar);
}

const SimRegistrationView *sim_registrar_view(const SimRegistrar *registrar)
{
	return &registrar->view;
}

/* The next random length of time in [min, max). */
static double draw_s(SimRegistrar *r, double min, double max)
{
	return min + (max - min) * sim_uniform(r->seed, SIM_STREAM_REGISTRATION, r->modem, r->draws++);
}

static gboolean is_packet_only(SimRat rat)
{
	return rat == SIM_RAT_LTE || rat == SIM_RAT_NR;
}

/* TS 36.304 clause 4.3: an acceptable cell is good for emergency calls, a suitable one for registration. */
static gboolean is_acceptable(const SimRegistrar *r, const SimRegistrationInput *in, guint index)
{
	const SimCell *cell = sim_scenario_cell(r->scenario, index);
	if (cell->carrier.rat == SIM_RAT_NR && (!cell->standalone || !r->setup->nr_sa))
		return FALSE;
	if (in->voice_call && is_packet_only(cell->carrier.rat))
		return FALSE;
	return (r->setup->rats & (1u << cell->carrier.rat)) && in->heard[index].decodable && r->barred_until_s[index] <= in->t_s;
}

static gboolean is_suitable(const SimRegistrar *r, const SimRegistrationInput *in, guint index)
{
	return is_acceptable(r, in, index) && in->card == SIM_CARD_READY && !r->card_refused &&
	       sim_permits_allow(r->permits, sim_scenario_cell(r->scenario, index));
}

/* The best cell: the newest RAT first, then the strongest. -1 for none. */
static gint pick_cell(const SimRegistrar *r, const SimRegistrationInput *in,
		      gboolean (*fits)(const SimRegistrar *, const SimRegistrationInput *, guint))
{
	gint best = -1;
	for (guint i = 0; i < r->scenario->cells->len; i++) {
		if (!fits(r, in, i))
			continue;
		if (best >= 0) {
			SimRat rat = sim_scenario_cell(r->scenario, i)->carrier.rat;
			SimRat best_rat = sim_scenario_cell(r->scenario, (guint)best)->carrier.rat;
			if (rat < best_rat ||
			    (rat == best_rat && in->heard[i].measure.rsrp_dbm <= in->heard[best].measure.rsrp_dbm))
				continue;
		}
		best = (gint)i;
	}
	return best;
}

static void set_serving(SimRegistrar *r, gint index)
{
	r->view.serving = index;
	if (index >= 0)
		r->view.tuned = (guint)index;
	r->bad_since_s = -1;
	r->candidate = -1;
}

static void enter(SimRegistrar *r, SimPhase phase, double until_s)
{
	r->view.phase = phase;
	r->until_s = until_s;
}

static void enter_search(SimRegistrar *r, double t_s, double first_s)
{
	set_serving(r, -1);
	r->scan = SCAN_STORED;
	r->search_began_s = t_s;
	enter(r, SIM_PHASE_SEARCHING, t_s + first_s);
}

static void enter_acquiring(SimRegistrar *r, double t_s, gint index)
{
	set_serving(r, index);
	enter(r, SIM_PHASE_ACQUIRING, t_s + SIM_SYSTEM_INFO_S);
}

/* An attach (random access, authentication, security, default bearer) takes 0.7 to 1.5 s, an update 0.3 to 0.6 s [I]. */
static void enter_registering(SimRegistrar *r, double t_s)
{
	enter(r, SIM_PHASE_REGISTERING, t_s + (r->known ? draw_s(r, 0.3, 0.6) : draw_s(r, 0.7, 1.5)));
}

/* The next look at the system information; sooner where a new attempt falls due before. */
static void plan_system_info(SimRegistrar *r, double t_s)
{
	r->next_system_info_s = t_s + SIM_MODIFICATION_S;
	if (r->view.phase == SIM_PHASE_LIMITED && r->retry_s > t_s)
		r->next_system_info_s = MIN(r->next_system_info_s, r->retry_s);
}

static void enter_limited(SimRegistrar *r, double t_s)
{
	enter(r, SIM_PHASE_LIMITED, G_MAXDOUBLE);
	plan_system_info(r, t_s);
}

static void plan_signalling(SimRegistrar *r, double t_s)
{
	/* The data session pauses and begins again: a service request every 5 to 15 s [I]. */
	r->next_signalling_s = t_s + draw_s(r, 5, 15);
}

static void enter_registered(SimRegistrar *r, double t_s)
{
	r->known = TRUE;
	r->denied = FALSE;
	r->attempts = 0;
	r->view.reject_cause = 0;
	r->next_priority_s = t_s + SIM_PRIORITY_SEARCH_S;
	enter(r, SIM_PHASE_REGISTERED, G_MAXDOUBLE);
	plan_system_info(r, t_s);
	plan_signalling(r, t_s);
}

static const SimCell *serving_cell(const SimRegistrar *r)
{
	return sim_scenario_cell(r->scenario, (guint)r->view.serving);
}

/* A failed attempt that leaves the next one to a timer, TS 24.301 clause 5.5.1.2.6. */
static void try_later(SimRegistrar *r, double t_s)
{
	r->attempts++;
	r->retry_s = t_s + (r->attempts % SIM_MAX_ATTEMPTS ? SIM_T3411_S : SIM_T3402_S);
	enter_limited(r, t_s);
}

static void take_reject(SimRegistrar *r, double t_s, guint cause)
{
	r->denied = TRUE;
	r->known = FALSE;
	r->view.reject_cause = cause;
	r->view.reject_rat = serving_cell(r)->carrier.rat;
	r->view.reject_count++;
	switch (sim_reject_consequence(r->view.reject_rat, cause)) {
	case SIM_REJECT_CARD:
		r->card_refused = TRUE;
		enter_limited(r, t_s);
		return;
	case SIM_REJECT_NETWORK:
		sim_permits_forbid_network(r->permits, serving_cell(r));
		break;
	case SIM_REJECT_AREA:
		sim_permits_forbid_area(r->permits, serving_cell(r));
		break;
	case SIM_REJECT_NR:
		sim_permits_forbid_nr(r->permits, serving_cell(r));
		break;
	case SIM_REJECT_LATER:
		try_later(r, t_s);
		return;
	}
	enter_search(r, t_s, SIM_STORED_SCAN_S);
}

static SimAccess read_access(const SimRegistrar *r, const SimRegistrationInput *in)
{
	return in->cells[r->view.serving].access;
}

static gboolean may_register(const SimRegistrar *r, const SimRegistrationInput *in)
{
	SimAccess access = read_access(r, in);
	return is_suitable(r, in, (guint)r->view.serving) && (access == SIM_ACCESS_NORMAL || access == SIM_ACCESS_ALL_CALLS) &&
	       r->retry_s <= in->t_s;
}

/* cellBarred: the modem leaves and does not look at the cell for 300 s. */
static gboolean left_barred_cell(SimRegistrar *r, const SimRegistrationInput *in)
{
	if (!in->cells[r->view.serving].barred)
		return FALSE;
	r->barred_until_s[r->view.serving] = in->t_s + SIM_CELL_BARRED_S;
	enter_search(r, in->t_s, SIM_STORED_SCAN_S);
	return TRUE;
}

/* Out of sync for N310 and then T310 without coming back: the radio link has failed (TS 36.331 clause 5.3.11). */
static gboolean link_failed(SimRegistrar *r, const SimRegistrationInput *in)
{
	const SimHeard *heard = &in->heard[r->view.serving];
	if (heard->decodable || (heard->holds && r->bad_since_s < 0))
		r->bad_since_s = -1;
	else if (r->bad_since_s < 0)
		r->bad_since_s = in->t_s;
	return r->bad_since_s >= 0 && in->t_s - r->bad_since_s >= SIM_N310_S + SIM_T310_S - 1e-6;
}

/* Between two rounds the receiver rests, longer and longer, to save power [I]. */
static double pause_s(double searched_s)
{
	return searched_s < 60 ? 2 : searched_s < 300 ? 5 : 15;
}

static void step_searching(SimRegistrar *r, const SimRegistrationInput *in)
{
	if (in->t_s < r->until_s)
		return;
	gint found = r->scan == SCAN_PAUSE ? -1 : pick_cell(r, in, is_suitable);
	if (found < 0 && r->scan == SCAN_FULL)
		found = pick_cell(r, in, is_acceptable);
	if (found >= 0) {
		enter_acquiring(r, in->t_s, found);
		return;
	}
	switch (r->scan) {
	case SCAN_STORED:
		r->scan = SCAN_FULL;
		r->until_s = in->t_s + SIM_FULL_SCAN_S;
		break;
	case SCAN_FULL:
		r->scan = SCAN_PAUSE;
		r->until_s = in->t_s + pause_s(in->t_s - r->search_began_s);
		break;
	case SCAN_PAUSE:
		r->scan = SCAN_STORED;
		r->until_s = in->t_s + SIM_STORED_SCAN_S;
		break;
	}
}

static void step_acquiring(SimRegistrar *r, const SimRegistrationInput *in)
{
	if (link_failed(r, in)) {
		enter_search(r, in->t_s, SIM_STORED_SCAN_S);
		return;
	}
	if (in->t_s < r->until_s || r->bad_since_s >= 0 || left_barred_cell(r, in))
		return;
	r->view.access = read_access(r, in);
	if (may_register(r, in))
		enter_registering(r, in->t_s);
	else
		enter_limited(r, in->t_s);
}

static void step_registering(SimRegistrar *r, const SimRegistrationInput *in)
{
	guint cause = in->cells[r->view.serving].reject_cause;
	r->tx_until_s = in->t_s + 1;
	if (link_failed(r, in))
		enter_search(r, in->t_s, SIM_STORED_SCAN_S);
	else if (in->t_s < r->until_s || r->bad_since_s >= 0)
		return;
	else if (in->cells[r->view.serving].uplink_jammed)
		try_later(r, in->t_s);
	else if (cause)
		take_reject(r, in->t_s, cause);
	else {
		r->view.accept_count++;
		enter_registered(r, in->t_s);
	}
}

/* The same between LTE and NR, in connected mode alone. Any NR that is good enough beats any LTE. */
static double inter_system_margin_db(const SimRegistrar *r, const SimRegistrationInput *in, guint index)
{
	const double over_lte_db = 200; /* more than any two levels are apart */
	SimRat from = serving_cell(r)->carrier.rat, to = sim_scenario_cell(r->scenario, index)->carrier.rat;
	double rsrp_dbm = in->heard[index].measure.rsrp_dbm;
	if (r->view.phase != SIM_PHASE_REGISTERED || !is_suitable(r, in, index))
		return -1;
	if (from == SIM_RAT_LTE && to == SIM_RAT_NR && rsrp_dbm >= SIM_NR_ENTER_DBM)
		return rsrp_dbm - SIM_NR_ENTER_DBM + over_lte_db;
	/* The command for it has to come through on NR. */
	const SimHeard *serving = &in->heard[r->view.serving];
	if (from == SIM_RAT_NR && to == SIM_RAT_LTE && serving->holds && serving->measure.rsrp_dbm < SIM_NR_LEAVE_DBM)
		return rsrp_dbm - SIM_LTE_ENTER_DBM;
	return -1;
}

/* By how much a cell beats what handover or reselection asks for; only cells of the same network count. */
static double handover_margin_db(const SimRegistrar *r, const SimRegistrationInput *in, guint index)
{
	const SimCell *cell = sim_scenario_cell(r->scenario, index), *serving = serving_cell(r);
	gboolean (*fits)(const SimRegistrar *, const SimRegistrationInput *, guint) =
		r->view.phase == SIM_PHASE_LIMITED ? is_acceptable : is_suitable;
	if (cell == serving || !g_str_equal(cell->mcc, serving->mcc) || !g_str_equal(cell->mnc, serving->mnc))
		return -1;
	if (cell->carrier.rat != serving->carrier.rat)
		return inter_system_margin_db(r, in, index);
	if (!fits(r, in, index))
		return -1;
	gboolean same_channel = cell->carrier.arfcn == serving->carrier.arfcn;
	return in->heard[index].measure.rsrp_dbm - in->heard[r->view.serving].measure.rsrp_dbm -
	       (same_channel ? SIM_HANDOVER_DB : SIM_INTERFREQUENCY_DB);
}

/* Handover and reselection alike: better by the offset for the time to trigger. */
static void consider_handover(SimRegistrar *r, const SimRegistrationInput *in)
{
	gint best = -1;
	double best_margin_db = 0;
	if (in->keeps_cell)
		return;
	for (guint i = 0; i < r->scenario->cells->len; i++) {
		double margin_db = handover_margin_db(r, in, i);
		if (margin_db > best_margin_db) {
			best = (gint)i;
			best_margin_db = margin_db;
		}
	}
	if (best < 0 || best != r->candidate) {
		r->candidate = best;
		r->better_since_s = in->t_s;
	} else if (in->t_s - r->better_since_s >= SIM_TIME_TO_TRIGGER_S - 1e-6) {
		/* A new tracking area wants an update at once, and so does another core network. */
		const SimCell *to = sim_scenario_cell(r->scenario, (guint)best);
		if (to->tac != serving_cell(r)->tac || to->carrier.rat != serving_cell(r)->carrier.rat)
			r->next_signalling_s = in->t_s + 0.2;
		set_serving(r, best);
		r->view.access = read_access(r, in);
		r->tx_until_s = in->t_s + 1;
	}
}

static void step_limited(SimRegistrar *r, const SimRegistrationInput *in)
{
	if (link_failed(r, in)) {
		enter_search(r, in->t_s, SIM_STORED_SCAN_S);
		return;
	}
	consider_handover(r, in);
	if (in->t_s < r->next_system_info_s || r->bad_since_s >= 0)
		return;
	plan_system_info(r, in->t_s);
	r->view.access = read_access(r, in);
	if (left_barred_cell(r, in))
		return;
	gint suitable = pick_cell(r, in, is_suitable);
	if (may_register(r, in))
		enter_registering(r, in->t_s);
	else if (suitable >= 0 && suitable != r->view.serving)
		enter_acquiring(r, in->t_s, suitable);
}

/* Changed system information: TRUE when the modem had to give its registration up. */
static gboolean noticed_barring(SimRegistrar *r, const SimRegistrationInput *in)
{
	if (in->t_s < r->next_system_info_s)
		return FALSE;
	plan_system_info(r, in->t_s);
	r->view.access = read_access(r, in);
	if (left_barred_cell(r, in))
		return TRUE;
	if (r->view.access == SIM_ACCESS_NORMAL || r->view.access == SIM_ACCESS_ALL_CALLS)
		return FALSE;
	enter_limited(r, in->t_s);
	return TRUE;
}

static gboolean was_rejected(SimRegistrar *r, const SimRegistrationInput *in)
{
	guint cause = in->cells[r->view.serving].reject_cause;
	if (in->t_s < r->next_signalling_s)
		return FALSE;
	r->tx_until_s = in->t_s + 1;
	plan_signalling(r, in->t_s);
	/* Random access that nobody hears: the modem stays registered, and has not heard a word. */
	if (in->cells[r->view.serving].uplink_jammed) {
		r->tx_until_s = in->t_s + SIM_RANDOM_ACCESS_S;
		return FALSE;
	}
	if (cause)
		take_reject(r, in->t_s, cause);
	else
		r->view.accept_count++;
	return cause != 0;
}

/* Released with redirection to GSM or UMTS (TS 23.272 clause 6.2); where there is none the call fails and nothing changes. */
static void fall_back(SimRegistrar *r, const SimRegistrationInput *in)
{
	gint found = pick_cell(r, in, is_suitable);
	if (found >= 0)
		enter_acquiring(r, in->t_s, found);
}

static void step_registered(SimRegistrar *r, const SimRegistrationInput *in)
{
	if (link_failed(r, in)) {
		set_serving(r, -1);
		enter(r, SIM_PHASE_REESTABLISHING, in->t_s + SIM_T311_S);
		r->better_since_s = in->t_s;
		return;
	}
	if (r->bad_since_s >= 0) {
		consider_handover(r, in);
		return;
	}
	if (noticed_barring(r, in) || was_rejected(r, in))
		return;
	consider_handover(r, in);
	if (in->voice_call && is_packet_only(serving_cell(r)->carrier.rat)) {
		fall_back(r, in);
		return;
	}
	if (is_packet_only(serving_cell(r)->carrier.rat) || in->t_s < r->next_priority_s)
		return;
	r->next_priority_s = in->t_s + SIM_PRIORITY_SEARCH_S;
	gint better = pick_cell(r, in, is_suitable);
	if (better >= 0 && sim_scenario_cell(r->scenario, (guint)better)->carrier.rat > serving_cell(r)->carrier.rat)
		enter_acquiring(r, in->t_s, better);
}

static void step_reestablishing(SimRegistrar *r, const SimRegistrationInput *in)
{
	gint found = pick_cell(r, in, is_suitable);
	if (found >= 0 && sim_scenario_cell(r->scenario, (guint)found)->carrier.rat !=
				  sim_scenario_cell(r->scenario, r->view.tuned)->carrier.rat)
		found = -1;
	if (found < 0)
		r->better_since_s = in->t_s;
	if (found >= 0 && in->t_s - r->better_since_s >= SIM_REESTABLISH_S - 1e-6) {
		set_serving(r, found);
		r->view.access = read_access(r, in);
		r->tx_until_s = in->t_s + 1;
		enter_registered(r, in->t_s);
	} else if (in->t_s >= r->until_s) {
		enter_search(r, in->t_s, SIM_STORED_SCAN_S);
	}
}

/* A card pulled, locked or put in: what the network thought of the last one is void. */
static void take_card(SimRegistrar *r, const SimRegistrationInput *in)
{
	r->card = in->card;
	r->known = r->denied = r->card_refused = FALSE;
	r->attempts = 0;
	r->retry_s = 0;
	r->view.reject_cause = 0;
	sim_permits_forget_all(r->permits);
	if (r->view.phase != SIM_PHASE_OFF)
		enter_search(r, in->t_s, SIM_STORED_SCAN_S);
}

static void power_off(SimRegistrar *r)
{
	set_serving(r, -1);
	enter(r, SIM_PHASE_OFF, 0);
	sim_permits_forget_areas(r->permits);
	memset(r->barred_until_s, 0, sizeof(double) * r->scenario->cells->len);
	r->known = r->denied = r->card_refused = FALSE;
	r->attempts = 0;
	r->retry_s = 0;
	r->view.reject_cause = 0;
}

static void step_phase(SimRegistrar *r, const SimRegistrationInput *in)
{
	switch (r->view.phase) {
	case SIM_PHASE_OFF:
		enter_search(r, in->t_s, SIM_POWER_UP_S + SIM_STORED_SCAN_S);
		break;
	case SIM_PHASE_SEARCHING:
		step_searching(r, in);
		break;
	case SIM_PHASE_ACQUIRING:
		step_acquiring(r, in);
		break;
	case SIM_PHASE_LIMITED:
		step_limited(r, in);
		break;
	case SIM_PHASE_REGISTERING:
		step_registering(r, in);
		break;
	case SIM_PHASE_REGISTERED:
		step_registered(r, in);
		break;
	case SIM_PHASE_REESTABLISHING:
		step_reestablishing(r, in);
		break;
	}
}

void sim_registrar_step(SimRegistrar *registrar, const SimRegistrationInput *input)
{
	SimRegistrar *r = registrar;
	if (input->card != r->card)
		take_card(r, input);
	/* Fast return: at the end of the call the network sends the modem back. */
	if (r->in_call && !input->voice_call)
		r->next_priority_s = input->t_s;
	r->in_call = input->voice_call;
	if (input->mode == SIM_OPMODE_ONLINE)
		step_phase(r, input);
	else if (r->view.phase != SIM_PHASE_OFF)
		power_off(r);
	gboolean camped = r->view.serving >= 0;
	if (!camped)
		r->view.access = SIM_ACCESS_NORMAL;
	r->view.forbidden = camped && input->card == SIM_CARD_READY && !sim_permits_allow(r->permits, serving_cell(r));
	r->view.roaming = r->view.phase == SIM_PHASE_REGISTERED && !sim_permits_is_home(r->permits, serving_cell(r));
	r->view.registration = sim_phase_registration(r->view.phase, r->card, r->denied);
	r->view.true_service = sim_phase_service(r->view.phase, r->view.access);
	r->view.tx_on = r->view.phase != SIM_PHASE_OFF && input->t_s < r->tx_until_s;
}
