/* The MBIM port over a modem's good and bad days: it reports each of them once, in its turn, and lets go of what it holds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "port_fixture.h"
#include "scripted_mbim.h"

#include <unistd.h>

#define CAPTURE(name) "tests/data/mbim/" name ".capture"
#define ORDINARY CAPTURE("lte-registered")

#define BASIC_SUBSCRIBER_READY 2
#define BASIC_REGISTER_STATE   9
#define BASIC_PACKET_SERVICE   10
#define EXT_BASE_STATIONS      11
#define EXT_VERSION            15

static PortFixture *make_port(ScriptedMbim *modem)
{
	return port_fixture_new(&modem_protocol_mbim, scripted_mbim_device(modem));
}

static guint open_descriptors(void)
{
	g_autoptr(GDir) directory = g_dir_open("/proc/self/fd", 0, NULL);
	guint n = 0;
	while (g_dir_read_name(directory))
		n++;
	return n;
}

static void fail_to_open(PortFixture *p, ModemFailure failure)
{
	port_fixture_ask(p, p->port->protocol->open);
	fixture_wait(&p->failed, 1, 30, "failure");
	g_assert_cmpint(p->failure, ==, failure);
	g_assert_cmpuint(p->opened, ==, 0);
	port_fixture_close(p, 3);
	g_assert_cmpuint(p->failed, ==, 1);
}

/* --- opening --- */

static void test_version_is_agreed_on(gconstpointer data)
{
	const struct {
		const char *capture;
		guint asked;
	} *expected = data;
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(expected->capture);
	g_autoptr(PortFixture) p = make_port(modem);
	port_fixture_open(p);
	g_assert_cmpuint(scripted_mbim_asked(modem, SCRIPTED_EXT, EXT_VERSION), ==, expected->asked);
	port_fixture_close(p, 1);
	g_assert_false(scripted_mbim_is_open(modem));
}

static void test_identity_hides_the_serial_number(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(ORDINARY);
	g_autoptr(PortFixture) p = make_port(modem);
	port_fixture_open(p);
	const DeviceFields *device = &p->f->last[OBSERVATION_DEVICE].device;
	char hex[17];
	g_assert_cmpuint(p->f->n[OBSERVATION_DEVICE], ==, 1);
	g_assert_cmpstr(device->protocol, ==, "mbim");
	source_digest(&p->source, "000000000000000", hex);
	g_assert_cmpstr(device->device_digest, ==, hex);
	port_fixture_close(p, 1);
}

static void test_qmi_inside_is_reported_where_it_is_wanted(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(CAPTURE("qmi-inside"));
	g_autoptr(PortFixture) p = make_port(modem);
	p->settings.prefer_qmi = TRUE;
	fail_to_open(p, MODEM_FAILURE_OFFERS_QMI);
	g_assert_false(scripted_mbim_is_open(modem));
	p->settings.prefer_qmi = FALSE;
	port_fixture_open(p);
	port_fixture_close(p, 1);
}

static void test_modem_that_refuses_to_open(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(ORDINARY);
	g_autoptr(PortFixture) p = make_port(modem);
	scripted_mbim_set_mood(modem, SCRIPTED_MBIM_REFUSES);
	fail_to_open(p, MODEM_FAILURE_REFUSED);
	scripted_mbim_set_mood(modem, SCRIPTED_MBIM_ANSWERS);
	port_fixture_open(p);
	port_fixture_close(p, 1);
}

static void test_node_that_is_not_there(void)
{
	g_autoptr(PortFixture) p = port_fixture_new(&modem_protocol_mbim, "/nonexistent/node");
	fail_to_open(p, MODEM_FAILURE_UNUSABLE);
}

static void test_modem_that_says_nothing_useful_is_opened(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(NULL);
	g_autoptr(PortFixture) p = make_port(modem);
	port_fixture_open(p);
	port_fixture_sweep(p, 5);
	g_assert_cmpint(p->result, ==, MODEM_SWEEP_ANSWERED); /* "no device support" is an answer */
	g_assert_cmpuint(scripted_mbim_asked(modem, SCRIPTED_EXT, EXT_BASE_STATIONS), ==, 0);
	port_fixture_close(p, 1);
}

/* --- closing --- */

static void test_close_of_what_was_never_opened(void)
{
	g_autoptr(PortFixture) p = port_fixture_new(&modem_protocol_mbim, "/nonexistent/node");
	port_fixture_close(p, 1);
}

static void test_close_while_the_modem_hangs(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(ORDINARY);
	g_autoptr(PortFixture) p = make_port(modem);
	scripted_mbim_set_mood(modem, SCRIPTED_MBIM_HANGS);
	port_fixture_ask(p, p->port->protocol->open);
	const guint before = scripted_mbim_commands(modem);
	while (scripted_mbim_commands(modem) == before)
		g_main_context_iteration(NULL, TRUE);
	port_fixture_close(p, 1); /* while it opens: at once */
	scripted_mbim_set_mood(modem, SCRIPTED_MBIM_ANSWERS);
	port_fixture_open(p);
	scripted_mbim_set_mood(modem, SCRIPTED_MBIM_HANGS);
	port_fixture_ask(p, p->port->protocol->sweep);
	port_fixture_close(p, MODEM_CLOSE_S + 1);
	g_assert_cmpuint(p->swept, ==, 0);
}

/* At each step of opening and sweeping: the n-th event of the main loop, whatever it is. */
static void test_close_at_any_moment_leaves_nothing(void)
{
	const guint before = open_descriptors();
	gboolean to_the_end = FALSE;
	for (guint steps = 0; !to_the_end; steps++) {
		g_autoptr(ScriptedMbim) modem = scripted_mbim_new(CAPTURE("nr-nsa-v3"));
		g_autoptr(PortFixture) p = make_port(modem);
		gboolean swept = FALSE;
		port_fixture_ask(p, p->port->protocol->open);
		for (guint i = 0; i < steps && p->swept == 0; i++) {
			g_main_context_iteration(NULL, TRUE);
			if (p->opened > 0 && !swept)
				port_fixture_ask(p, p->port->protocol->sweep);
			swept = p->opened > 0;
		}
		to_the_end = p->swept > 0;
		port_fixture_close(p, 3);
		if (p->opened > 0)
			g_assert_false(scripted_mbim_is_open(modem));
	}
	g_assert_cmpuint(open_descriptors(), ==, before);
}

static void test_hundred_openings_leak_nothing(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(ORDINARY);
	g_autoptr(PortFixture) p = make_port(modem);
	const guint before = open_descriptors();
	for (guint i = 0; i < 100; i++) {
		port_fixture_open(p);
		port_fixture_sweep(p, 5);
		port_fixture_close(p, 1);
	}
	g_assert_cmpuint(open_descriptors(), ==, before);
}

/* --- an open port --- */

static void test_notifications_ask_for_a_sweep(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(CAPTURE("notifications"));
	g_autoptr(PortFixture) p = make_port(modem);
	port_fixture_open(p);
	g_assert_cmpuint(scripted_mbim_notify(modem), ==, 3); /* the fourth was not subscribed to */
	fixture_wait(&p->changed, 3, 5, "change");
	port_fixture_close(p, 1);
}

static void test_hanging_up_is_a_failure(void)
{
	ScriptedMbim *modem = scripted_mbim_new(ORDINARY);
	g_autoptr(PortFixture) p = make_port(modem);
	port_fixture_open(p);
	port_fixture_ask(p, p->port->protocol->sweep);
	scripted_mbim_free(modem);
	fixture_wait(&p->failed, 1, 5, "failure");
	g_assert_cmpint(p->failure, ==, MODEM_FAILURE_HUNG_UP);
	port_fixture_close(p, 1);
	g_assert_cmpuint(p->swept, ==, 0);
}

static void test_silence_is_told_from_an_answer(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(ORDINARY);
	g_autoptr(PortFixture) p = make_port(modem);
	port_fixture_open(p);
	scripted_mbim_set_mood(modem, SCRIPTED_MBIM_OPENS_ONLY);
	port_fixture_sweep(p, MODEM_CALL_S + 2);
	g_assert_cmpint(p->result, ==, MODEM_SWEEP_SILENT);
	g_assert_cmpuint(p->f->last[OBSERVATION_RADIO].present, ==, 0);
	scripted_mbim_set_mood(modem, SCRIPTED_MBIM_ANSWERS);
	port_fixture_sweep(p, 2);
	g_assert_cmpint(p->result, ==, MODEM_SWEEP_ANSWERED);
	port_fixture_close(p, 1);
}

static void test_nonsense_is_no_answer(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(ORDINARY);
	g_autoptr(PortFixture) p = make_port(modem);
	port_fixture_open(p);
	scripted_mbim_set_mood(modem, SCRIPTED_MBIM_BABBLES);
	port_fixture_sweep(p, 2);
	g_assert_cmpint(p->result, ==, MODEM_SWEEP_NONSENSE);
	g_assert_cmpuint(p->f->last[OBSERVATION_RADIO].present, ==, 0);
	port_fixture_close(p, 1);
}

static void test_restart_is_noticed(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(ORDINARY);
	g_autoptr(PortFixture) p = make_port(modem);
	port_fixture_open(p);
	scripted_mbim_restart(modem);
	port_fixture_sweep(p, 2);
	g_assert_cmpint(p->result, ==, MODEM_SWEEP_FORGOTTEN);
	g_assert_cmpuint(p->failed, ==, 0); /* the sweep has told it already */
	port_fixture_close(p, 3);
	port_fixture_open(p);
	/* A function error NotOpened that answers nothing. */
	scripted_mbim_write(modem, "\4\0\0\x80\20\0\0\0\0\0\0\0\5\0\0\0", 16);
	fixture_wait(&p->failed, 1, 5, "failure");
	g_assert_cmpint(p->failure, ==, MODEM_FAILURE_HUNG_UP);
	port_fixture_close(p, 3);
}

static void test_questions_that_are_not_known_rest(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(CAPTURE("gsm"));
	g_autoptr(ScriptedMbim) half_deaf = scripted_mbim_new(CAPTURE("firmware-half-deaf"));
	g_autoptr(PortFixture) p = make_port(modem);
	port_fixture_open(p);
	for (guint i = 0; i < 5; i++)
		port_fixture_sweep(p, 5);
	g_assert_cmpuint(scripted_mbim_asked(modem, SCRIPTED_BASIC, BASIC_REGISTER_STATE), ==, 5);
	g_assert_cmpuint(scripted_mbim_asked(modem, SCRIPTED_BASIC, BASIC_SUBSCRIBER_READY), ==, 1);
	port_fixture_close(p, 1);

	g_autoptr(PortFixture) q = make_port(half_deaf);
	port_fixture_open(q);
	port_fixture_sweep(q, MODEM_CALL_S + 2);
	port_fixture_sweep(q, MODEM_CALL_S + 2);
	port_fixture_sweep(q, 2); /* without the one that hangs */
	g_assert_cmpuint(scripted_mbim_asked(half_deaf, SCRIPTED_BASIC, BASIC_SUBSCRIBER_READY), ==, 2);
	g_assert_cmpuint(scripted_mbim_asked(half_deaf, SCRIPTED_BASIC, BASIC_PACKET_SERVICE), ==, 3);
	g_assert_cmpuint(scripted_mbim_asked(half_deaf, SCRIPTED_EXT, EXT_BASE_STATIONS), ==, 1);
	port_fixture_close(q, 1);
}

static void test_reset_where_the_modem_offers_it(void)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(CAPTURE("device-reset")), plain = scripted_mbim_new(ORDINARY);
	g_autoptr(PortFixture) p = make_port(modem), q = make_port(plain);
	port_fixture_open(p);
	port_fixture_ask(p, p->port->protocol->reset);
	fixture_wait(&p->resets, 1, 5, "word of the reset");
	g_assert_true(p->reset_accepted);
	port_fixture_close(p, 1);
	port_fixture_open(q);
	port_fixture_ask(q, q->port->protocol->reset);
	fixture_wait(&q->resets, 1, 5, "word of the reset");
	g_assert_false(q->reset_accepted);
	port_fixture_ask(q, q->port->protocol->reset);
	port_fixture_close(q, 1); /* and not a word of the second */
	g_assert_cmpuint(q->resets, ==, 1);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *capture;
		guint asked;
	} newest = {CAPTURE("nr-sa-v3"), 1}, older = {ORDINARY, 1}, strict = {CAPTURE("mbimex-strict"), 2},
	  none = {CAPTURE("lte-plain"), 0};
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/mbim/port/version/newest", &newest, test_version_is_agreed_on);
	g_test_add_data_func("/mbim/port/version/older", &older, test_version_is_agreed_on);
	g_test_add_data_func("/mbim/port/version/refused-once", &strict, test_version_is_agreed_on);
	g_test_add_data_func("/mbim/port/version/none", &none, test_version_is_agreed_on);
	g_test_add_func("/mbim/port/identity-hides-the-serial-number", test_identity_hides_the_serial_number);
	g_test_add_func("/mbim/port/qmi-inside-is-reported-where-it-is-wanted", test_qmi_inside_is_reported_where_it_is_wanted);
	g_test_add_func("/mbim/port/modem-that-refuses-to-open", test_modem_that_refuses_to_open);
	g_test_add_func("/mbim/port/node-that-is-not-there", test_node_that_is_not_there);
	g_test_add_func("/mbim/port/modem-that-says-nothing-useful-is-opened", test_modem_that_says_nothing_useful_is_opened);
	g_test_add_func("/mbim/port/close-of-what-was-never-opened", test_close_of_what_was_never_opened);
	g_test_add_func("/mbim/port/close-while-the-modem-hangs", test_close_while_the_modem_hangs);
	g_test_add_func("/mbim/port/close-at-any-moment-leaves-nothing", test_close_at_any_moment_leaves_nothing);
	g_test_add_func("/mbim/port/hundred-openings-leak-nothing", test_hundred_openings_leak_nothing);
	g_test_add_func("/mbim/port/notifications-ask-for-a-sweep", test_notifications_ask_for_a_sweep);
	g_test_add_func("/mbim/port/hanging-up-is-a-failure", test_hanging_up_is_a_failure);
	g_test_add_func("/mbim/port/silence-is-told-from-an-answer", test_silence_is_told_from_an_answer);
	g_test_add_func("/mbim/port/nonsense-is-no-answer", test_nonsense_is_no_answer);
	g_test_add_func("/mbim/port/restart-is-noticed", test_restart_is_noticed);
	g_test_add_func("/mbim/port/questions-that-are-not-known-rest", test_questions_that_are_not_known_rest);
	g_test_add_func("/mbim/port/reset-where-the-modem-offers-it", test_reset_where_the_modem_offers_it);
	return g_test_run();
}
