/* secondary.c - see secondary.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/secondary.h"

struct SimSecondaries {
	const SimScenario *scenario;
	const SimModemSetup *setup;
	SimSecondaryView view;
	gint anchor; /* the LTE cell that the modem is registered on, or -1 */
	double anchor_since_s;
	guint64 accepts_read;
	gboolean restricted; /* as the network said last */
	gint candidate;	     /* the NR cell that is to come, or -1 */
	double good_since_s;
	double bad_since_s; /* the NR cell in use is out of sync since, or -1 */
	double last_busy_s;
};

SimSecondaries *sim_secondaries_new(const SimScenario *scenario, guint modem)
{
	SimSecondaries *s = g_new0(SimSecondaries, 1);
	s->scenario = scenario;
	s->setup = sim_scenario_modem(scenario, modem);
	s->view.nr = -1;
	s->anchor = -1;
	s->candidate = -1;
	s->bad_since_s = -1;
	s->last_busy_s = -SIM_CARRIER_DEACTIVATE_S;
	return s;
}

void sim_secondaries_free(SimSecondaries *secondaries)
{
	g_free(secondaries);
}

const SimSecondaryView *sim_secondaries_view(const SimSecondaries *secondaries)
{
	return &secondaries->view;
}

static gboolean same_network(const SimCell *a, const SimCell *b)
{
	return g_str_equal(a->mcc, b->mcc) && g_str_equal(a->mnc, b->mnc);
}

static gboolean same_site(const SimCell *a, const SimCell *b)
{
	return a->lat_deg == b->lat_deg && a->lon_deg == b->lon_deg && a->directional == b->directional &&
	       a->azimuth_deg == b->azimuth_deg;
}

/* The LTE cell that the modem camps on, of which it has read the system information; -1 without. */
static gint camped_lte(const SimSecondaries *s, const SimRegistrationView *registration)
{
	gboolean read = registration->phase == SIM_PHASE_LIMITED || registration->phase == SIM_PHASE_REGISTERING ||
			registration->phase == SIM_PHASE_REGISTERED;
	if (!read || registration->serving < 0)
		return -1;
	SimRat rat = sim_scenario_cell(s->scenario, (guint)registration->serving)->carrier.rat;
	return rat == SIM_RAT_LTE ? registration->serving : -1;
}

/* What the network said in its last answer, of the cell in which it said it. */
static void read_answers(SimSecondaries *s, const SimSecondaryInput *in, gint lte)
{
	if (in->registration->accept_count != s->accepts_read && lte >= 0)
		s->restricted = in->cells[lte].dcnr_restricted;
	s->accepts_read = in->registration->accept_count;
}

/* The strongest NR cell that the network would add; it must beat the one in use by the offset of a handover. */
static gint best_nr(const SimSecondaries *s, const SimSecondaryInput *in)
{
	gint best = s->view.nr;
	double best_dbm = best < 0 ? SIM_NR_ADD_DBM : in->heard[best].measure.rsrp_dbm + SIM_HANDOVER_DB;
	for (guint i = 0; i < s->scenario->cells->len; i++) {
		const SimCell *cell = sim_scenario_cell(s->scenario, i);
		const SimHeard *heard = &in->heard[i];
		if (cell->carrier.rat != SIM_RAT_NR || !heard->decodable || heard->measure.rsrp_dbm < best_dbm ||
		    !same_network(cell, sim_scenario_cell(s->scenario, (guint)s->anchor)))
			continue;
		best = (gint)i;
		best_dbm = heard->measure.rsrp_dbm;
	}
	return best;
}

static void use_nr(SimSecondaries *s, gint index)
{
	s->view.nr = index;
	s->candidate = -1;
	s->bad_since_s = -1;
}

/* The link to the NR cell fails like any other: TS 38.331 clause 5.7.3, SCG failure. */
static gboolean nr_failed(SimSecondaries *s, const SimSecondaryInput *in)
{
	const SimHeard *heard = &in->heard[s->view.nr];
	if (heard->decodable || (heard->holds && s->bad_since_s < 0))
		s->bad_since_s = -1;
	else if (s->bad_since_s < 0)
		s->bad_since_s = in->t_s;
	return s->bad_since_s >= 0 && in->t_s - s->bad_since_s >= SIM_N310_S + SIM_T310_S - 1e-6;
}

static void step_nr(SimSecondaries *s, const SimSecondaryInput *in)
{
	gboolean allowed = s->anchor >= 0 && s->view.nr_available && s->setup->nr_nsa && !s->restricted;
	if (!allowed || (s->view.nr >= 0 && nr_failed(s, in)))
		use_nr(s, -1);
	gint best = allowed ? best_nr(s, in) : -1;
	if (best == s->view.nr) {
		s->candidate = -1;
	} else if (best != s->candidate) {
		s->candidate = best;
		s->good_since_s = in->t_s;
	} else if (in->t_s - s->good_since_s >= (s->view.nr < 0 ? SIM_NR_ADD_S : SIM_TIME_TO_TRIGGER_S) - 1e-6) {
		use_nr(s, best);
	}
}

/* May this cell be a secondary one beside the serving cell and those chosen already? */
static gboolean fits_as_carrier(const SimSecondaries *s, const SimSecondaryInput *in, guint index)
{
	const SimCell *cell = sim_scenario_cell(s->scenario, index);
	const SimCell *serving = sim_scenario_cell(s->scenario, (guint)s->anchor);
	gboolean fits = cell->carrier.rat == SIM_RAT_LTE && cell->carrier.arfcn != serving->carrier.arfcn &&
			same_network(cell, serving) && same_site(cell, serving);
	for (guint i = 0; i < s->view.n_carriers && fits; i++)
		fits = sim_scenario_cell(s->scenario, s->view.carriers[i])->carrier.arfcn != cell->carrier.arfcn;
	return fits && in->heard[index].decodable;
}

/* The strongest that fits, or -1. */
static gint next_carrier(const SimSecondaries *s, const SimSecondaryInput *in)
{
	gint best = -1;
	for (guint i = 0; i < s->scenario->cells->len; i++)
		if (fits_as_carrier(s, in, i) &&
		    (best < 0 || in->heard[i].measure.rsrp_dbm > in->heard[best].measure.rsrp_dbm))
			best = (gint)i;
	return best;
}

static void step_carriers(SimSecondaries *s, const SimSecondaryInput *in)
{
	SimSecondaryView *view = &s->view;
	guint n = view->n_carriers, kept = 0;
	view->n_carriers = 0;
	if (s->anchor < 0 || in->t_s - s->anchor_since_s < SIM_CARRIER_CONFIGURE_S - 1e-6)
		return;
	for (guint i = 0; i < n; i++)
		if (in->heard[view->carriers[i]].holds)
			view->carriers[kept++] = view->carriers[i];
	view->n_carriers = kept;
	gint next;
	while (view->n_carriers < s->setup->n_secondary && (next = next_carrier(s, in)) >= 0)
		view->carriers[view->n_carriers++] = (guint)next;
	if (in->busy)
		s->last_busy_s = in->t_s;
	gboolean active = in->t_s - s->last_busy_s < SIM_CARRIER_DEACTIVATE_S - 1e-6;
	for (guint i = 0; i < view->n_carriers; i++)
		view->activated[i] = active && in->heard[view->carriers[i]].measure.sinr_db >= SIM_CARRIER_ACTIVATE_DB;
}

void sim_secondaries_step(SimSecondaries *secondaries, const SimSecondaryInput *input)
{
	SimSecondaries *s = secondaries;
	gint lte = camped_lte(s, input->registration);
	gint anchor = input->registration->phase == SIM_PHASE_REGISTERED ? lte : -1;
	if (anchor != s->anchor)
		s->anchor_since_s = input->t_s;
	s->anchor = anchor;
	read_answers(s, input, lte);
	s->view.nr_available = lte >= 0 && s->setup->info.has_nr && sim_scenario_cell(s->scenario, (guint)lte)->endc;
	s->view.dcnr_restricted = anchor >= 0 && s->setup->info.has_nr && s->restricted;
	step_nr(s, input);
	step_carriers(s, input);
}
