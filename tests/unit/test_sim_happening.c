/* test_sim_happening.c - what the simulated world makes of antenna faults, jammed uplinks, calls, late handovers, and of another
 * day. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/world.h"

#include "error.h"

#include <math.h>

/* A modem stands still between two LTE cells on one channel, `near` the stronger, and a UMTS cell beside it. */
static const char places[] =
	"[track]\npoints = 53.9,27.56\n"
	"[cell near]\nplmn = 257-01\nlat = 53.902\nlon = 27.56\nearfcn = 1300\npci = 1\ntac = 1\ncell_id = 1\n"
	"[cell late]\nplmn = 257-01\nlat = 53.8965\nlon = 27.56\nearfcn = 1300\npci = 2\ntac = 1\ncell_id = 2\n"
	"[cell old]\nplmn = 257-01\nrat = umts\nlat = 53.902\nlon = 27.56\nearfcn = 10588\npci = 3\ntac = 3\n"
	"cell_id = 3\n"
	"[modem a]\nplmn = 257-01\n";
static const char quiet[] = "[world]\nduration = 600\nshadowing_db = 0\nfading_db = 0\n";
static const char other_days[] = "[world]\nduration = 600\nday_spread_db = 3\nday_load = 0.2\n";

typedef struct {
	SimScenario *scenario;
	SimWorld *world;
	const SimModemState *state;
} Play;

static Play play_new(const char *world, const char *more, guint64 day)
{
	g_autofree char *text = g_strconcat(world, places, more, NULL);
	g_autoptr(GError) error = NULL;
	Play play = {.scenario = sim_scenario_load_data("x", text, &error)};
	g_assert_no_error(error);
	play.scenario->day = day;
	play.world = sim_world_new(play.scenario, 1, 1774440000);
	play.state = sim_world_modem(play.world, 0);
	return play;
}

static void run_to(Play *play, double t_s)
{
	while (sim_world_seconds(play->world) < t_s - 1e-6)
		sim_world_step(play->world);
}

static void play_end(Play *play)
{
	sim_world_free(play->world);
	sim_scenario_free(play->scenario);
}

static const char *cell_of(const Play *play)
{
	return play->state->has_serving ? sim_world_cell(play->world, 0, 0)->name : "none";
}

#define NEAR(a, b, within) g_assert_cmpfloat_with_epsilon(a, b, within)

static void test_one_chain(void)
{
	Play play = play_new(quiet, "[happening plug]\nwhat = antenna-fault\ndb = 20\nchains = 1\nat = 20\n", 0);
	run_to(&play, 19);
	SimModemState before = *play.state;
	run_to(&play, 30);
	NEAR(play.state->rx[0].power_dbm, before.rx[0].power_dbm, 1e-9);
	NEAR(play.state->rx[1].power_dbm, before.rx[1].power_dbm - 20, 0.5); /* noise makes up a little */
	NEAR(play.state->cells[0].rsrp_dbm, before.cells[0].rsrp_dbm, 1e-9);
	g_assert_cmpint(play.state->service, ==, SIM_SERVICE_FULL);
	play_end(&play);
}

static void test_both_chains(void)
{
	Play play = play_new(quiet, "[happening plug]\nwhat = antenna-fault\ndb = 20\nat = 20\n", 0);
	run_to(&play, 19);
	SimModemState before = *play.state;
	run_to(&play, 30);
	NEAR(play.state->rx[1].power_dbm, before.rx[1].power_dbm - 20, 0.5);
	NEAR(play.state->cells[0].rsrp_dbm, before.cells[0].rsrp_dbm - 20, 1e-6);
	/* Neighbour and serving cell fall alike; noise stays. */
	g_assert_cmpfloat(play.state->cells[0].sinr_db, <=, before.cells[0].sinr_db);
	play_end(&play);
}

/* A jammer's power comes through the same antenna. */
static void test_chain_and_jammer(void)
{
	static const char jammer[] = "[happening jam]\nwhat = jammer\nlat = 53.9005\nlon = 27.56\npower_dbm = 40\nat = 5\n";
	g_autofree char *both = g_strconcat(jammer, "[happening plug]\nwhat = antenna-fault\ndb = 20\nat = 5\n", NULL);
	Play jammed = play_new(quiet, jammer, 0), weak = play_new(quiet, both, 0);
	run_to(&jammed, 10);
	run_to(&weak, 10);
	NEAR(weak.state->rx[0].power_dbm, jammed.state->rx[0].power_dbm - 20, 0.5);
	play_end(&jammed);
	play_end(&weak);
}

static const SimDataCall *call_after(Play *play, double seconds)
{
	SimCallRequest request = {.apn = "", .ipv4 = TRUE};
	guint32 id = sim_world_start_call(play->world, 0, &request);
	run_to(play, sim_world_seconds(play->world) + seconds);
	for (guint i = 0; i < SIM_MAX_CALLS; i++)
		if (play->state->call.calls[i].id == id)
			return &play->state->call.calls[i];
	g_assert_not_reached();
}

static void test_uplink(void)
{
	Play play = play_new(quiet, "[happening up]\nwhat = uplink-jammed\nrat = lte\nat = 20\nuntil = 80\n", 0);
	run_to(&play, 19);
	SimModemState before = *play.state;
	run_to(&play, 25);
	guint64 packets = play.state->rx_packets;
	SimCallRequest request = {.apn = "", .ipv4 = TRUE};
	sim_world_start_call(play.world, 0, &request);
	run_to(&play, 26);
	g_assert_true(play.state->tx_on);
	NEAR(play.state->tx_power_dbm, SIM_MAX_TX_DBM, 1e-9);
	const SimDataCall *call = call_after(&play, 5);
	g_assert_cmpint(call->phase, ==, SIM_CALL_ENDED);
	g_assert_cmpint(call->end.type, ==, SIM_END_CALL_MANAGER);
	g_assert_cmpuint(call->end.reason, ==, 1056);
	run_to(&play, 70);
	NEAR(play.state->cells[0].rsrp_dbm, before.cells[0].rsrp_dbm, 1e-9);
	NEAR(play.state->cells[0].sinr_db, before.cells[0].sinr_db, 1e-9);
	NEAR(play.state->rx[0].power_dbm, before.rx[0].power_dbm, 1e-9);
	g_assert_cmpint(play.state->registration, ==, SIM_REG_REGISTERED);
	g_assert_cmpuint(play.state->rx_packets, ==, packets);
	run_to(&play, 90);
	g_assert_cmpint(call_after(&play, 3)->phase, ==, SIM_CALL_UP);
	play_end(&play);
}

/* Whoever is not registered cannot register: no reject, and the timers of failed attempts. */
static void test_uplink_attach(void)
{
	Play play = play_new(quiet, "[happening up]\nwhat = uplink-jammed\nrat = lte\nat = 0\nuntil = 60\n", 0);
	run_to(&play, 20);
	g_assert_cmpint(play.state->service, ==, SIM_SERVICE_LIMITED);
	g_assert_cmpint(play.state->registration, ==, SIM_REG_SEARCHING);
	g_assert_cmpuint(play.state->reject_count, ==, 0);
	play_end(&play);
}

static void test_share(void)
{
	Play play = play_new(quiet,
			     "[happening some]\nwhat = session-reject\ncause = 1060\ncause_type = call-manager\n"
			     "share = 0.4\nat = 0\n",
			     0);
	guint refused = 0;
	run_to(&play, 10);
	for (guint i = 0; i < 200; i++) {
		const SimDataCall *call = call_after(&play, 1);
		refused += call->phase == SIM_CALL_ENDED;
		sim_world_drop_call(play.world, 0, call->id);
	}
	/* 80 of 200, three standard deviations (6.9) either way */
	g_assert_cmpuint(refused, >, 59);
	g_assert_cmpuint(refused, <, 101);
	play_end(&play);
}

static void test_voice_call(void)
{
	Play play = play_new(quiet, "[happening call]\nwhat = voice-call\nat = 20\nuntil = 50\n", 0);
	run_to(&play, 19.9);
	g_assert_cmpstr(cell_of(&play), ==, "near");
	run_to(&play, 23);
	g_assert_cmpstr(cell_of(&play), ==, "old");
	g_assert_cmpint(play.state->service, ==, SIM_SERVICE_FULL);
	run_to(&play, 49.9);
	g_assert_cmpstr(cell_of(&play), ==, "old");
	run_to(&play, 53);
	g_assert_cmpstr(cell_of(&play), ==, "near");
	g_assert_cmpint(play.state->service, ==, SIM_SERVICE_FULL);
	play_end(&play);
}

static void test_voice_call_without_umts(void)
{
	Play play = play_new(quiet,
			     "[happening off]\nwhat = cells-off\ncells = old\nat = 0\n"
			     "[happening call]\nwhat = voice-call\nat = 20\nuntil = 50\n",
			     0);
	run_to(&play, 40);
	g_assert_cmpstr(cell_of(&play), ==, "near");
	g_assert_cmpint(play.state->service, ==, SIM_SERVICE_FULL);
	play_end(&play);
}

static void test_late_handover(void)
{
	static const char louder[] = "[happening louder]\nwhat = cells-power\ncells = late\ndb = 16\nat = 20\n";
	g_autofree char *kept = g_strconcat(louder, "[happening kept]\nwhat = late-handover\nat = 19\nuntil = 35\n", NULL);
	Play prompt = play_new(quiet, louder, 0), play = play_new(quiet, kept, 0);
	run_to(&prompt, 22);
	g_assert_cmpstr(cell_of(&prompt), ==, "late");
	run_to(&play, 34.9);
	g_assert_cmpstr(cell_of(&play), ==, "near");
	g_assert_cmpfloat(play.state->cells[1].rsrp_dbm - play.state->cells[0].rsrp_dbm, >, 3);
	run_to(&play, 37);
	g_assert_cmpstr(cell_of(&play), ==, "late");
	play_end(&prompt);
	play_end(&play);
}

/* --- days --- */

static double rsrp_of(const char *world, guint64 day)
{
	Play play = play_new(world, "", day);
	run_to(&play, 10);
	double rsrp_dbm = play.state->cells[0].rsrp_dbm;
	play_end(&play);
	return rsrp_dbm;
}

static void test_days(void)
{
	double first = rsrp_of(other_days, 0), sum = 0;
	NEAR(rsrp_of(other_days, 0), first, 1e-9);
	for (guint64 day = 1; day <= 40; day++) {
		double apart = rsrp_of(other_days, day) - rsrp_of(other_days, day + 1);
		g_assert_cmpfloat(fabs(apart), >, 0);
		sum += apart * apart;
	}
	/* Two days differ by sqrt(2 (3^2 + 1^2)) = 4.5 dB of shadowing and fading, not by the 6 dB and more of two places. */
	double spread = sqrt(sum / 40);
	g_assert_cmpfloat(spread, >, 2.5);
	g_assert_cmpfloat(spread, <, 6);
	NEAR(rsrp_of(quiet, 1), rsrp_of(quiet, 2), 1e-9); /* the place is the same */
}

static void test_ordinary(void)
{
	Play play = play_new(quiet, "[happening off]\nwhat = cells-off\nat = 5\n", 0);
	sim_scenario_make_ordinary(play.scenario);
	run_to(&play, 30);
	g_assert_cmpint(play.state->service, ==, SIM_SERVICE_FULL);
	play_end(&play);
}

/* --- what the file may say --- */

static void refuse(const char *more, const char *words)
{
	g_autofree char *text = g_strconcat(quiet, places, more, NULL);
	g_autoptr(GError) error = NULL;
	g_assert_null(sim_scenario_load_data("x", text, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	if (!strstr(error->message, words))
		g_error("\"%s\" does not say \"%s\"", error->message, words);
}

static void test_expect(void)
{
	Play play = play_new(quiet,
			     "[expect one]\nverdict = jamming\nsub = uplink\nalso = undetermined\nnever = rejected, barred\n"
			     "modems = a\n"
			     "from = 10\nuntil = 2m\nlasts = 30\nafter = 5 attempts\n"
			     "confidence_least = low\nconfidence_most = medium\n"
			     "[expect two]\nverdict = nothing\nmodems = all\n",
			     0);
	play_end(&play);
	refuse("[expect x]\nsub = uplink\n", "\"verdict\" is missing");
	refuse("[expect x]\nverdict = bad-luck\n", "bad-luck");
	refuse("[expect x]\nverdict = nothing\nnever = bad-luck\n", "bad-luck");
	refuse("[expect x]\nverdict = nothing\nafter = 5 days\n", "5 attempts");
	refuse("[expect x]\nverdict = nothing\nmodems = b\n", "there is no \"b\"");
	refuse("[expect x]\nverdict = nothing\nfrom = 20\nuntil = 10\n", "before it begins");
	refuse("[expect x]\nverdict = jamming\nconfidence_least = high\nconfidence_most = low\n", "more than confidence_most");
	refuse("[happening x]\nwhat = antenna-fault\ndb = 3\nchains = 4\nat = 1\n", "no receive chain");
	refuse("[happening x]\nwhat = session-reject\ncause = 33\nshare = 2\nat = 1\n", "share");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/happening/one-weak-chain-leaves-rsrp", test_one_chain);
	g_test_add_func("/sim/happening/no-antenna-takes-all", test_both_chains);
	g_test_add_func("/sim/happening/weak-chain-hears-less-of-a-jammer", test_chain_and_jammer);
	g_test_add_func("/sim/happening/jammed-uplink-leaves-the-downlink", test_uplink);
	g_test_add_func("/sim/happening/jammed-uplink-keeps-modems-out", test_uplink_attach);
	g_test_add_func("/sim/happening/share-of-sessions-is-refused", test_share);
	g_test_add_func("/sim/happening/voice-call-goes-to-umts-and-returns", test_voice_call);
	g_test_add_func("/sim/happening/voice-call-without-umts-changes-nothing", test_voice_call_without_umts);
	g_test_add_func("/sim/happening/late-handover-is-late", test_late_handover);
	g_test_add_func("/sim/happening/days-differ-places-do-not", test_days);
	g_test_add_func("/sim/happening/ordinary-day-has-no-happenings", test_ordinary);
	g_test_add_func("/sim/happening/what-is-expected-is-checked", test_expect);
	return g_test_run();
}
