/* test_sim_session.c - data sessions that hosts start on a simulated modem: how long they take, how they fail, how they end.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/session.h"

#include "error.h"
#include "sim/world/world.h"

/* Numbers of Qualcomm's firmware (libqmi, qmi-enums-wds.h), and of 3GPP TS 24.301 clause 9.9.4.4. */
enum {
	IPV4_THROTTLED = 209, IPV6_THROTTLED = 211, INTERFACE_IN_USE = 237, NO_SUITABLE_CELLS = 1023,
	LINK_FAILURE = 1057, OUT_OF_SERVICE_IN_CRE = 1064, CLIENT_END = 2000, NO_SERVICE = 2001, OFFLINE = 2500,
};
enum { UNKNOWN_APN = 27, NOT_SUBSCRIBED = 33, REGULAR_DEACTIVATION = 36, IPV4_ONLY = 50, IPV6_ONLY = 51 };

#define REGISTERED_S 10.0 /* by then it is */

static const char base[] = "[world]\nduration = 600\nshadowing_db = 0\nfading_db = 0\n"
			   "[track]\npoints = 53.9,27.56\n"
			   "[cell near]\nplmn = 257-01\nlat = 53.902\nlon = 27.56\nearfcn = 1300\npci = 1\ntac = 1\ncell_id = 1\n"
			   "[cell other]\nplmn = 257-02\nlat = 53.903\nlon = 27.56\nearfcn = 6300\npci = 3\ntac = 3\ncell_id = 3\n"
			   "[modem a]\nplmn = 257-01\n";

typedef struct {
	SimScenario *scenario;
	SimWorld *world;
	const SimModemState *state; /* of the first modem */
} Play;

static void run_to(Play *play, double t_s)
{
	while (sim_world_seconds(play->world) < t_s - 1e-6)
		sim_world_step(play->world);
}

/* `more` begins with further keys of the modem. */
static Play play_new(const char *more)
{
	g_autofree char *text = g_strconcat(base, more, NULL);
	g_autoptr(GError) error = NULL;
	Play play = {.scenario = sim_scenario_load_data("x", text, &error)};
	g_assert_no_error(error);
	play.world = sim_world_new(play.scenario, 1, 1774440000);
	play.state = sim_world_modem(play.world, 0);
	return play;
}

static Play play_registered(const char *more)
{
	Play play = play_new(more);
	run_to(&play, REGISTERED_S);
	g_assert_true(play.state->ps_attached);
	return play;
}

static void play_end(Play *play)
{
	sim_world_free(play->world);
	sim_scenario_free(play->scenario);
}

static guint32 ask(Play *play, const char *apn, gboolean ipv4, gboolean ipv6)
{
	SimCallRequest request = {.apn = apn, .ipv4 = ipv4, .ipv6 = ipv6};
	guint32 id = sim_world_start_call(play->world, 0, &request);
	g_assert_cmpuint(id, !=, 0);
	return id;
}

static const SimDataCall *call_of(const Play *play, guint32 id)
{
	for (guint i = 0; i < SIM_MAX_CALLS; i++)
		if (play->state->call.calls[i].id == id)
			return &play->state->call.calls[i];
	return NULL;
}

/* The call as it is when it is no more being started; the world has gone on to there. */
static const SimDataCall *outcome(Play *play, guint32 id)
{
	double limit_s = sim_world_seconds(play->world) + 30;
	while (call_of(play, id)->phase == SIM_CALL_STARTING && sim_world_seconds(play->world) < limit_s)
		sim_world_step(play->world);
	g_assert_cmpint(call_of(play, id)->phase, !=, SIM_CALL_STARTING);
	return call_of(play, id);
}

static guint32 start_up(Play *play, const char *apn)
{
	guint32 id = ask(play, apn, TRUE, TRUE);
	g_assert_cmpint(outcome(play, id)->phase, ==, SIM_CALL_UP);
	return id;
}

static void assert_ended(const SimDataCall *call, SimEndType type, guint reason)
{
	g_assert_cmpint(call->phase, ==, SIM_CALL_ENDED);
	g_assert_cmpint(call->end.type, ==, type);
	g_assert_cmpuint(call->end.reason, ==, reason);
}

static void test_delay(void)
{
	Play play = play_registered("session_delay = 2\n");
	guint32 id = ask(&play, "internet", TRUE, FALSE);
	run_to(&play, REGISTERED_S + 1.9);
	g_assert_cmpint(call_of(&play, id)->phase, ==, SIM_CALL_STARTING);
	g_assert_false(play.state->call.up_ipv4);
	run_to(&play, REGISTERED_S + 2);
	g_assert_cmpint(call_of(&play, id)->phase, ==, SIM_CALL_UP);
	g_assert_true(play.state->call.up_ipv4);
	g_assert_false(play.state->call.up_ipv6);
	play_end(&play);
}

static void test_families(void)
{
	static const struct {
		const char *ip;
		gboolean ask_ipv4, ask_ipv6, either, ipv4, ipv6;
		guint cause;
	} rows[] = {
		{"ip = dual\n", TRUE, TRUE, FALSE, TRUE, TRUE, 0},   {"ip = dual\n", FALSE, TRUE, FALSE, FALSE, TRUE, 0},
		{"ip = dual\n", TRUE, TRUE, TRUE, TRUE, FALSE, 0},   {"ip = ipv4\n", TRUE, TRUE, FALSE, TRUE, FALSE, 0},
		{"ip = ipv6\n", TRUE, TRUE, TRUE, FALSE, TRUE, 0},   {"ip = ipv4\n", FALSE, TRUE, FALSE, FALSE, FALSE, IPV4_ONLY},
		{"ip = ipv6\n", TRUE, FALSE, FALSE, FALSE, FALSE, IPV6_ONLY},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		Play play = play_registered(rows[i].ip);
		SimCallRequest request = {"", rows[i].ask_ipv4, rows[i].ask_ipv6, rows[i].either};
		const SimDataCall *call = outcome(&play, sim_world_start_call(play.world, 0, &request));
		g_assert_cmpint(play.state->call.up_ipv4, ==, rows[i].ipv4);
		g_assert_cmpint(play.state->call.up_ipv6, ==, rows[i].ipv6);
		if (rows[i].cause)
			assert_ended(call, SIM_END_3GPP, rows[i].cause);
		else
			g_assert_cmpint(call->ipv4 * 2 + call->ipv6, ==, rows[i].ipv4 * 2 + rows[i].ipv6);
		play_end(&play);
	}
}

static void test_apns(void)
{
	Play play = play_registered("apns = internet, mms\n");
	assert_ended(outcome(&play, ask(&play, "intranet", TRUE, FALSE)), SIM_END_3GPP, UNKNOWN_APN);
	sim_world_drop_call(play.world, 0, start_up(&play, "MMS"));
	sim_world_drop_call(play.world, 0, start_up(&play, ""));
	guint32 first = ask(&play, "internet", TRUE, FALSE), second = ask(&play, "mms", TRUE, FALSE);
	assert_ended(outcome(&play, second), SIM_END_INTERNAL, INTERFACE_IN_USE);
	g_assert_cmpint(outcome(&play, first)->phase, ==, SIM_CALL_UP);
	play_end(&play);
	play = play_registered("");
	start_up(&play, "anything.example");
	play_end(&play);
}

static void test_without_registration(void)
{
	Play play = play_new("[happening airplane]\nwhat = opmode\nmode = low-power\nat = 20\nfor = 10\n");
	assert_ended(outcome(&play, ask(&play, "", TRUE, FALSE)), SIM_END_CALL_MANAGER, NO_SERVICE);
	run_to(&play, REGISTERED_S);
	guint32 id = start_up(&play, "");
	run_to(&play, 20);
	assert_ended(call_of(&play, id), SIM_END_CALL_MANAGER, OFFLINE);
	g_assert_false(play.state->call.up_ipv4);
	assert_ended(outcome(&play, ask(&play, "", TRUE, FALSE)), SIM_END_CALL_MANAGER, OFFLINE);
	play_end(&play);
}

/* A gap of 1.5 s is long enough for the link to fail, and short enough to be re-established. */
static void test_losing_the_network(void)
{
	Play play = play_registered("[happening gap]\nwhat = cells-off\nat = 20\nfor = 1.5\n"
				    "[happening outage]\nwhat = cells-off\nat = 40\nfor = 20\n");
	guint32 id = start_up(&play, "");
	run_to(&play, 21.3);
	g_assert_cmpint(play.state->true_service, ==, SIM_SERVICE_NONE);
	guint32 second = ask(&play, "", FALSE, TRUE);
	run_to(&play, 21.6); /* the network would have answered, but there is no link */
	g_assert_cmpint(play.state->true_service, ==, SIM_SERVICE_NONE);
	g_assert_cmpint(call_of(&play, second)->phase, ==, SIM_CALL_STARTING);
	run_to(&play, 39.9);
	g_assert_cmpint(call_of(&play, id)->phase, ==, SIM_CALL_UP);
	g_assert_cmpint(call_of(&play, second)->phase, ==, SIM_CALL_UP);
	run_to(&play, 41);
	guint32 third = ask(&play, "", TRUE, FALSE);
	run_to(&play, 60);
	assert_ended(call_of(&play, id), SIM_END_CALL_MANAGER, OUT_OF_SERVICE_IN_CRE);
	assert_ended(call_of(&play, third), SIM_END_CALL_MANAGER, LINK_FAILURE);
	g_assert_false(play.state->call.up_ipv4 || play.state->call.up_ipv6);
	play_end(&play);
}

static void test_registration_reject(void)
{
	Play play = play_registered("[happening r]\nwhat = reject\ncause = 15\nat = 20\n");
	guint32 id = start_up(&play, "");
	run_to(&play, 60);
	assert_ended(call_of(&play, id), SIM_END_CALL_MANAGER, NO_SUITABLE_CELLS);
	play_end(&play);
}

static void test_session_reject(void)
{
	Play play = play_registered("[modem b]\nplmn = 257-01\n"
				    "[happening theirs]\nwhat = session-reject\ncause = 26\nplmn = 257-02\nat = 5\n"
				    "[happening of-b]\nwhat = session-reject\ncause = 26\nmodems = b\nat = 5\n"
				    "[happening ours]\nwhat = session-reject\ncause = 33\n"
				    "plmn = 257-01\nmodems = a\nat = 20\nfor = 5\n"
				    "[happening own]\nwhat = session-reject\ncause_type = internal\n"
				    "cause = 242\nmodems = a\nat = 30\n");
	sim_world_drop_call(play.world, 0, start_up(&play, ""));
	run_to(&play, 20);
	assert_ended(outcome(&play, ask(&play, "", TRUE, FALSE)), SIM_END_3GPP, NOT_SUBSCRIBED);
	g_assert_cmpuint(play.state->call.n_throttled, ==, 0);
	run_to(&play, 26);
	start_up(&play, "");
	run_to(&play, 30);
	assert_ended(outcome(&play, ask(&play, "", TRUE, FALSE)), SIM_END_INTERNAL, 242);
	play_end(&play);
}

/* The network would say yes from 21 s on; the modem does not ask it before its timer has run. */
static void test_backoff(void)
{
	Play play = play_registered("[happening r]\nwhat = session-reject\ncause = 26\nbackoff = 30s\nat = 20\nfor = 1\n");
	run_to(&play, 20);
	assert_ended(outcome(&play, ask(&play, "internet", TRUE, FALSE)), SIM_END_3GPP, 26);
	double refused_s = sim_world_seconds(play.world);
	g_assert_cmpuint(play.state->call.n_throttled, ==, 1);
	g_assert_cmpstr(play.state->call.throttled[0].apn, ==, "internet");
	g_assert_cmpuint(play.state->call.throttled[0].left_ms, ==, 30000);
	run_to(&play, refused_s + 10);
	g_assert_cmpuint(play.state->call.throttled[0].left_ms, ==, 20000);
	assert_ended(outcome(&play, ask(&play, "Internet", TRUE, FALSE)), SIM_END_INTERNAL, IPV4_THROTTLED);
	assert_ended(outcome(&play, ask(&play, "internet", FALSE, TRUE)), SIM_END_INTERNAL, IPV6_THROTTLED);
	g_assert_cmpfloat_with_epsilon(sim_world_seconds(play.world), refused_s + 10.2, 0.01); /* nobody was asked */
	sim_world_drop_call(play.world, 0, start_up(&play, "mms"));
	run_to(&play, refused_s + 30);
	g_assert_cmpuint(play.state->call.n_throttled, ==, 0);
	start_up(&play, "internet");
	play_end(&play);
}

static void test_session_end(void)
{
	Play play = play_registered("[modem b]\nplmn = 257-01\n"
				    "[happening of-b]\nwhat = session-end\ncause = 39\nmodems = b\nat = 12\n"
				    "[happening first]\nwhat = session-end\ncause = 36\nmodems = a\nat = 20.05\n"
				    "[happening second]\nwhat = session-end\ncause = 38\nmodems = a\nat = 30\nfor = 1\n");
	guint32 id = start_up(&play, "");
	run_to(&play, 20);
	g_assert_cmpint(call_of(&play, id)->phase, ==, SIM_CALL_UP);
	run_to(&play, 20.1);
	assert_ended(call_of(&play, id), SIM_END_3GPP, REGULAR_DEACTIVATION);
	id = start_up(&play, "");
	run_to(&play, 29.9);
	g_assert_cmpint(call_of(&play, id)->phase, ==, SIM_CALL_UP);
	run_to(&play, 30);
	assert_ended(call_of(&play, id), SIM_END_3GPP, 38);
	/* That the second is over does not begin the first again. */
	id = start_up(&play, "");
	run_to(&play, 40);
	g_assert_cmpint(call_of(&play, id)->phase, ==, SIM_CALL_UP);
	play_end(&play);
}

static void test_host_ends(void)
{
	Play play = play_registered("");
	guint32 id = start_up(&play, "");
	sim_world_end_call(play.world, 0, id);
	assert_ended(call_of(&play, id), SIM_END_CALL_MANAGER, CLIENT_END);
	g_assert_false(play.state->call.up_ipv4);
	guint32 starting = ask(&play, "", TRUE, FALSE);
	sim_world_end_call(play.world, 0, starting);
	run_to(&play, 12);
	assert_ended(call_of(&play, starting), SIM_END_CALL_MANAGER, CLIENT_END);
	sim_world_drop_call(play.world, 0, starting);
	g_assert_null(call_of(&play, starting));
	id = start_up(&play, "");
	sim_world_drop_call(play.world, 0, id);
	g_assert_false(play.state->call.up_ipv4);
	play_end(&play);
}

/* A client for each family, as over WDS: one connection. */
static void test_sharing(void)
{
	Play play = play_registered("");
	guint32 ipv4 = ask(&play, "", TRUE, FALSE), ipv6 = ask(&play, "", FALSE, TRUE);
	sim_world_count_packets(play.world, 0, 9, 9, 9, 9);
	g_assert_cmpuint(play.state->call.rx_packets, ==, 0);
	outcome(&play, ipv4);
	outcome(&play, ipv6);
	g_assert_true(play.state->call.up_ipv4 && play.state->call.up_ipv6);
	sim_world_count_packets(play.world, 0, 1, 100, 2, 200);
	sim_world_end_call(play.world, 0, ipv4);
	g_assert_false(play.state->call.up_ipv4);
	g_assert_true(play.state->call.up_ipv6);
	sim_world_count_packets(play.world, 0, 10, 1000, 20, 2000);
	sim_world_step(play.world);
	g_assert_cmpuint(play.state->call.rx_packets, ==, 11);
	g_assert_cmpuint(play.state->call.rx_bytes, ==, 1100);
	g_assert_cmpuint(play.state->call.tx_packets, ==, 22);
	g_assert_cmpuint(play.state->call.tx_bytes, ==, 2200);
	sim_world_drop_call(play.world, 0, ipv6);
	g_assert_cmpuint(play.state->call.rx_packets, ==, 11);
	start_up(&play, "");
	g_assert_cmpuint(play.state->call.rx_packets + play.state->call.tx_bytes, ==, 0);
	play_end(&play);
}

static void test_restart(void)
{
	Play play = play_registered("");
	guint32 up = start_up(&play, ""), starting = ask(&play, "", TRUE, FALSE);
	sim_world_set_mode(play.world, 0, SIM_OPMODE_RESETTING);
	sim_world_step(play.world);
	g_assert_null(call_of(&play, up));
	g_assert_null(call_of(&play, starting));
	g_assert_false(play.state->call.up_ipv4);
	play_end(&play);
}

static void test_many(void)
{
	Play play = play_registered("");
	SimCallRequest request = {.apn = "", .ipv4 = TRUE};
	guint32 last = 0;
	for (guint i = 0; i < SIM_MAX_CALLS; i++)
		last = ask(&play, "", TRUE, FALSE);
	g_assert_cmpuint(sim_world_start_call(play.world, 0, &request), ==, 0);
	sim_world_drop_call(play.world, 0, last);
	g_assert_cmpuint(ask(&play, "", TRUE, FALSE), >, last);
	play_end(&play);
}

static void test_addresses(void)
{
	static const guint8 ipv6[16] = {0x20, 1, 0x0d, 0xb8, 0, 0x64, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2};
	static const guint8 gateway[16] = {0x20, 1, 0x0d, 0xb8, 0, 0x64, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1};
	static const guint8 resolver[16] = {0x20, 1, 0x0d, 0xb8, 0, 0x64, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0x53};
	SimAddresses a = sim_session_addresses(3);
	g_assert_cmphex(a.ipv4, ==, 0x0A400302);
	g_assert_cmphex(a.ipv4_gateway, ==, 0x0A400301);
	g_assert_cmphex(a.ipv4_mask, ==, 0xFFFFFFFC);
	g_assert_cmphex(a.ipv4_resolver, ==, 10u << 24 | 64 << 16 | 255 << 8 | 53);
	g_assert_true(memcmp(a.ipv6, ipv6, 16) == 0);
	g_assert_true(memcmp(a.ipv6_gateway, gateway, 16) == 0);
	g_assert_true(memcmp(a.ipv6_resolver, resolver, 16) == 0);
	g_assert_cmpuint(a.mtu, ==, 1430);
}

static void refuse(const char *more, const char *holds)
{
	g_autofree char *text = g_strconcat(base, more, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x.scenario", text, &error);
	g_assert_null(scenario);
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	if (!strstr(error->message, holds))
		g_error("\"%s\" does not say \"%s\"", error->message, holds);
}

static void test_scenario(void)
{
	refuse("ip = ipv5\n", "ipv5");
	refuse("interface = a-name-of-16-let\n", "x.scenario:25");
	refuse("interface = a/b\n", "network interface");
	refuse("[happening h]\nwhat = session-reject\nat = 1\n", "cause");
	refuse("[happening h]\nwhat = session-reject\nat = 1\ncause = 256\n", "at most 255");
	refuse("[happening h]\nwhat = session-end\nat = 1\ncause = 33\ncause_type = esm\n", "esm");
	refuse("[happening h]\nwhat = session-end\nat = 1\ncause = 33\nbackoff = 3\n", "backoff");
	refuse("[happening h]\nwhat = reject\nat = 1\ncause = 2000\n", "at most 255");
	g_autofree char *text = g_strconcat(base, "interface = wwan7\n[modem a-rather-long-name]\nplmn = 257-01\n", NULL);
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x", text, NULL);
	g_assert_cmpstr(sim_scenario_modem(scenario, 0)->interface, ==, "wwan7");
	g_assert_cmpstr(sim_scenario_modem(scenario, 1)->interface, ==, "sim-a-rather-lo");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/session/the-network-takes-its-time", test_delay);
	g_test_add_func("/sim/session/families-asked-for-and-subscribed-to", test_families);
	g_test_add_func("/sim/session/unknown-and-other-apns-are-refused", test_apns);
	g_test_add_func("/sim/session/none-without-registration", test_without_registration);
	g_test_add_func("/sim/session/ends-with-the-registration-not-with-the-link", test_losing_the_network);
	g_test_add_func("/sim/session/ends-with-a-reject-of-the-registration", test_registration_reject);
	g_test_add_func("/sim/session/reject-is-of-chosen-cells-and-modems", test_session_reject);
	g_test_add_func("/sim/session/back-off-keeps-the-modem-from-asking", test_backoff);
	g_test_add_func("/sim/session/network-ends-what-runs-once", test_session_end);
	g_test_add_func("/sim/session/host-ends-what-runs-or-starts", test_host_ends);
	g_test_add_func("/sim/session/two-calls-are-one-connection", test_sharing);
	g_test_add_func("/sim/session/restart-forgets", test_restart);
	g_test_add_func("/sim/session/there-is-room-for-a-number-of-calls", test_many);
	g_test_add_func("/sim/session/addresses-follow-from-the-modem", test_addresses);
	g_test_add_func("/sim/session/keys-that-cannot-be", test_scenario);
	return g_test_run();
}
