/* The QMI source over a modem's bad days: it says what happened, lets go of what it holds, and comes back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "scripted_modem.h"
#include "error.h"
#include "source_fixture.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define ORDINARY "tests/data/qmi/lte-registered.capture"
#define SESSION  "tests/data/qmi/session-up.capture"
#define NAS 0x03
#define WDS 0x01

static guint open_descriptors(void)
{
	g_autoptr(GDir) directory = g_dir_open("/proc/self/fd", 0, NULL);
	guint n = 0;
	while (g_dir_read_name(directory))
		n++;
	return n;
}

/* A capture with something put before it. */
static ScriptedModem *modem_with(const char *capture, const char *before)
{
	g_autofree char *path = NULL, *text = NULL;
	g_assert_true(g_file_get_contents(capture, &text, NULL, NULL));
	int fd = g_file_open_tmp("jamlog-test-XXXXXX", &path, NULL);
	g_autofree char *whole = g_strconcat(before, text, NULL);
	g_assert_true(g_file_set_contents(path, whole, -1, NULL));
	close(fd);
	ScriptedModem *modem = scripted_modem_new(path);
	g_unlink(path);
	return modem;
}

static void test_sweeps_come_at_the_interval(void)
{
	g_autoptr(Fixture) f = fixture_new(200);
	g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	gint64 start_us = g_get_monotonic_time();
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 6, 10, "sixth sweep");
	/* The first at once, then five intervals. */
	g_assert_cmpint(g_get_monotonic_time() - start_us, >=, 5 * 200 * 1000);
	g_assert_cmpint(g_get_monotonic_time() - start_us, <, 2000 * 1000);
	g_assert_cmpuint(scripted_modem_clients(modem), ==, 4);
	fixture_stop(f, source, 3);
	g_assert_cmpuint(scripted_modem_clients(modem), ==, 0);
	g_assert_cmpstr(f->told->str, ==, "");
}

static void test_stop_before_the_first_answer(void)
{
	g_autoptr(Fixture) f = fixture_new(1000);
	g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_stop(f, source, 3);
	g_assert_cmpuint(scripted_modem_clients(modem), ==, 0);
}

/* At each step of the opening: the n-th event of the main loop, whatever it is. */
static void test_stop_at_any_moment_leaves_nothing(void)
{
	guint before = open_descriptors();
	gboolean to_the_end = FALSE;
	for (guint steps = 0; !to_the_end; steps++) {
		g_autoptr(Fixture) f = fixture_new(1000);
		g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
		Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
		source->class->start(source);
		for (guint i = 0; i < steps && f->n[OBSERVATION_RADIO] < 1; i++)
			g_main_context_iteration(NULL, TRUE);
		to_the_end = f->n[OBSERVATION_RADIO] > 0;
		fixture_stop(f, source, 5);
		if (scripted_modem_clients(modem) > 0)
			g_error("stopped after %u steps: %u client ids leaked", steps, scripted_modem_clients(modem));
	}
	g_assert_cmpuint(open_descriptors(), <=, before + 2); /* GLib's own wake-up descriptors */
}

static void test_stop_while_opening_a_modem_that_hangs(void)
{
	g_autoptr(Fixture) f = fixture_new(1000);
	g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
	scripted_modem_set_mood(modem, SCRIPTED_MODEM_HANGS);
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_run(300);
	fixture_stop(f, source, 5);
}

/* Such a request is not cancelled at once, for the id may be on its way to us; but it is not waited for without end. */
static void test_stop_while_a_client_id_hangs(void)
{
	g_autoptr(Fixture) f = fixture_new(1000);
	g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
	scripted_modem_set_mood(modem, SCRIPTED_MODEM_NO_CLIENTS);
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	while (scripted_modem_requests(modem) == 0)
		g_main_context_iteration(NULL, TRUE);
	fixture_stop(f, source, 4);
}

static void test_stop_during_a_sweep_that_hangs(void)
{
	g_autoptr(Fixture) f = fixture_new(1000);
	g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 1, 10, "sweep");
	scripted_modem_set_mood(modem, SCRIPTED_MODEM_CTL_ONLY);
	guint asked = scripted_modem_asked(modem, NAS, 0x4D);
	while (scripted_modem_asked(modem, NAS, 0x4D) == asked)
		g_main_context_iteration(NULL, TRUE);
	fixture_stop(f, source, 3);
	g_assert_cmpuint(scripted_modem_clients(modem), ==, 0);
	g_assert_cmpuint(f->events[EVENT_SWEEP_FAILED], ==, 0); /* we broke it off: that is no failure of the modem */
}

/* The modem went away and came back under the same name, as udev has it. */
static void test_unplugged_and_plugged_in_again(void)
{
	g_autoptr(Fixture) f = fixture_new(200);
	g_autofree char *directory = g_dir_make_tmp("jamlog-test-XXXXXX", NULL);
	g_autofree char *node = g_build_filename(directory, "modem", NULL);
	ScriptedModem *modem = scripted_modem_new(ORDINARY);
	g_assert_cmpint(symlink(scripted_modem_device(modem), node), ==, 0);
	Source *source = fixture_source(f, "modem", node);
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 2, 10, "sweep");
	g_assert_cmpint(g_unlink(node), ==, 0);
	scripted_modem_free(modem);
	fixture_wait(&f->events[EVENT_SOURCE_LOST], 1, 5, "word that the modem is gone");
	g_assert_nonnull(strstr(f->told->str, "the modem is gone"));
	guint sweeps = f->n[OBSERVATION_RADIO];
	fixture_run(1500);
	g_assert_cmpuint(f->n[OBSERVATION_RADIO], ==, sweeps); /* what is held is never given out as measured */

	modem = scripted_modem_new(ORDINARY);
	g_assert_cmpint(symlink(scripted_modem_device(modem), node), ==, 0);
	fixture_wait(&f->events[EVENT_SOURCE_BACK], 1, 10, "return of the modem");
	g_assert_cmpuint(f->last[OBSERVATION_EVENT].event.duration_ms, >=, 1500);
	fixture_wait(&f->n[OBSERVATION_RADIO], sweeps + 1, 5, "sweep after the return");
	g_assert_cmpuint(f->events[EVENT_SOURCE_LOST], ==, 1);
	fixture_stop(f, source, 3);
	g_assert_cmpuint(scripted_modem_clients(modem), ==, 0);
	scripted_modem_free(modem);
	g_unlink(node);
	g_rmdir(directory);
}

static void test_no_node_yet(void)
{
	g_autoptr(Fixture) f = fixture_new(200);
	g_autofree char *directory = g_dir_make_tmp("jamlog-test-XXXXXX", NULL);
	g_autofree char *node = g_build_filename(directory, "modem", NULL);
	Source *source = fixture_source(f, "modem", node);
	source->class->start(source);
	g_assert_cmpuint(f->events[EVENT_SOURCE_LOST], ==, 1);
	g_assert_nonnull(strstr(f->told->str, "plug the modem in"));
	g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
	g_assert_cmpint(symlink(scripted_modem_device(modem), node), ==, 0);
	fixture_wait(&f->n[OBSERVATION_RADIO], 1, 10, "sweep");
	g_assert_cmpuint(f->events[EVENT_SOURCE_LOST], ==, 1);
	g_assert_cmpuint(f->events[EVENT_SOURCE_BACK], ==, 1);
	fixture_stop(f, source, 3);
	g_unlink(node);
	g_rmdir(directory);
}

static void test_stop_while_waiting_for_a_node(void)
{
	g_autoptr(Fixture) f = fixture_new(200);
	Source *source = fixture_source(f, "modem", "/nonexistent/modem");
	source->class->start(source);
	fixture_stop(f, source, 1);
}

/* It restarted, and all client ids are void: that it answers at all must not pass for sweeps without service. */
static void test_modem_restarts_and_forgets_us(void)
{
	g_autoptr(Fixture) f = fixture_new(200);
	g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 2, 10, "sweep");
	scripted_modem_set_mood(modem, SCRIPTED_MODEM_FORGETS);
	fixture_wait(&f->events[EVENT_SOURCE_LOST], 1, 5, "word that the modem has restarted");
	g_string_truncate(f->text, 0);
	fixture_wait(&f->events[EVENT_SOURCE_BACK], 1, 10, "return of the modem");
	fixture_wait(&f->n[OBSERVATION_RADIO], 4, 5, "sweep after the return");
	g_assert_true(RADIO_HAS(&f->last[OBSERVATION_RADIO], lte_rsrp_dbm));
	g_assert_cmpuint(f->n[OBSERVATION_DEVICE], ==, 2); /* other firmware may be in it now */
	fixture_stop(f, source, 3);
	g_assert_cmpuint(scripted_modem_clients(modem), ==, 0);
}

/* A question that is never answered costs its own answer, not all of them. */
static void test_one_question_hangs(void)
{
	g_autoptr(Fixture) f = fixture_new(500);
	g_autoptr(ScriptedModem) modem = modem_with(ORDINARY, "nas 005A silent\n");
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 2, 15, "sweeps without receive power");
	g_assert_true(RADIO_HAS(&f->last[OBSERVATION_RADIO], lte_rsrp_dbm));
	g_assert_false(RADIO_HAS(&f->last[OBSERVATION_RADIO], rx0_cdbm));
	/* Having hung twice, it is left out for a while, and sweeps come at their interval again. */
	fixture_wait(&f->n[OBSERVATION_RADIO], 6, 4, "sweeps at their interval");
	g_assert_cmpuint(f->events[EVENT_SOURCE_LOST], ==, 0);
	fixture_stop(f, source, 3);
	g_assert_cmpuint(scripted_modem_clients(modem), ==, 0);
}

static void test_nonsense_on_the_port(void)
{
	g_autoptr(Fixture) f = fixture_new(200);
	g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 1, 10, "sweep");
	static const guint8 flood[1000] = {'A', 'T', '\r', '\n', 0x01, 0xff, 0xff, 0x80, 3, 1, 0x01, 0x05, 0x00, 0x80, 0x77, 0x77};
	for (guint i = 0; i < 3; i++) {
		scripted_modem_write(modem, flood, sizeof flood);
		guint sweeps = f->n[OBSERVATION_RADIO];
		fixture_wait(&f->n[OBSERVATION_RADIO], sweeps + 1, 20, "sweep after nonsense");
	}
	fixture_stop(f, source, 5);
	g_assert_cmpuint(scripted_modem_clients(modem), ==, 0);
}

static void test_indication_brings_the_sweep_forward(void)
{
	g_autoptr(Fixture) f = fixture_new(60 * 1000);
	g_autoptr(ScriptedModem) modem = scripted_modem_new("tests/data/qmi/network-reject.capture");
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 1, 10, "sweep");
	scripted_modem_indicate(modem);
	fixture_wait(&f->n[OBSERVATION_RADIO], 2, 2, "sweep brought forward");
	for (guint i = 0; i < 19; i++) {
		scripted_modem_indicate(modem);
		fixture_run(50);
	}
	g_assert_cmpuint(f->events[EVENT_NETWORK_REJECT], ==, 60);
	g_assert_cmpuint(f->n[OBSERVATION_RADIO], >=, 4);
	g_assert_cmpuint(f->n[OBSERVATION_RADIO], <=, 2 + 950 / 250 + 2); /* not one for each: at least 250 ms apart */
	fixture_stop(f, source, 3);
}

static void test_a_session_that_ends_brings_the_sweep_forward(void)
{
	static const guint8 down[] = {0x01, 1, 0, 1};
	g_autoptr(Fixture) f = fixture_new(60 * 1000);
	g_autoptr(ScriptedModem) modem = modem_with(SESSION, "wds 0022 indication\n01: 01 00\n");
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 1, 10, "sweep");
	g_assert_cmpuint(f->last[OBSERVATION_RADIO].radio.data_session, ==, DATA_SESSION_UP);
	scripted_modem_set_answer(modem, WDS, 0x22, down, sizeof down);
	g_assert_cmpuint(scripted_modem_indicate(modem), ==, 1);
	fixture_wait(&f->n[OBSERVATION_RADIO], 2, 2, "sweep brought forward");
	g_assert_cmpuint(f->last[OBSERVATION_RADIO].radio.data_session, ==, DATA_SESSION_DOWN);
	fixture_stop(f, source, 3);
}

/* The data service is a courtesy: what the modem hears does not hang on it. */
static void test_a_modem_that_keeps_its_data_service_back_is_recorded(void)
{
	g_autoptr(Fixture) f = fixture_new(200);
	g_autoptr(ScriptedModem) modem = scripted_modem_new(SESSION);
	scripted_modem_keep_back(modem, WDS);
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 2, 10, "sweeps");
	g_assert_cmpuint(f->last[OBSERVATION_RADIO].radio.registration, ==, REGISTRATION_HOME);
	g_assert_false(RADIO_HAS(&f->last[OBSERVATION_RADIO], data_session));
	g_assert_false(RADIO_HAS(&f->last[OBSERVATION_RADIO], rx_packets));
	g_assert_cmpuint(scripted_modem_asked(modem, WDS, 0x22) + scripted_modem_asked(modem, WDS, 0x24), ==, 0);
	g_assert_cmpuint(scripted_modem_clients(modem), ==, 3);
	fixture_stop(f, source, 3);
	g_assert_cmpuint(scripted_modem_clients(modem), ==, 0);
	g_assert_cmpstr(f->told->str, ==, "");
}

static void test_fifty_openings_leak_nothing(void)
{
	g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
	guint before = 0;
	for (guint i = 0; i < 50; i++) {
		g_autoptr(Fixture) f = fixture_new(1000);
		Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
		source->class->start(source);
		fixture_wait(&f->n[OBSERVATION_RADIO], 1, 10, "sweep");
		fixture_stop(f, source, 3);
		g_assert_cmpuint(scripted_modem_clients(modem), ==, 0);
		if (i == 0)
			before = open_descriptors();
	}
	g_assert_cmpuint(open_descriptors(), ==, before);
}

static void test_two_modems_do_not_mix(void)
{
	g_autoptr(Fixture) a = fixture_new(200), b = fixture_new(200);
	g_autoptr(ScriptedModem) one = scripted_modem_new(ORDINARY), two = scripted_modem_new("tests/data/qmi/nr-sa.capture");
	Source *first = fixture_source(a, "modem", scripted_modem_device(one));
	Source *second = fixture_source(b, "modem", scripted_modem_device(two));
	first->class->start(first);
	second->class->start(second);
	fixture_wait(&a->n[OBSERVATION_RADIO], 3, 10, "sweep of the first");
	fixture_wait(&b->n[OBSERVATION_RADIO], 3, 10, "sweep of the second");
	g_assert_cmpuint(a->last[OBSERVATION_RADIO].radio.rat, ==, RAT_LTE);
	g_assert_cmpuint(b->last[OBSERVATION_RADIO].radio.rat, ==, RAT_NR);
	scripted_modem_set_mood(one, SCRIPTED_MODEM_HANGS);
	guint sweeps = b->n[OBSERVATION_RADIO];
	fixture_wait(&b->n[OBSERVATION_RADIO], sweeps + 5, 3, "sweeps of the second while the first hangs");
	fixture_stop(b, second, 3);
	fixture_stop(a, first, 6);
}

static void test_serial_number_is_digested(void)
{
	char digest[2][17];
	for (guint i = 0; i < 2; i++) {
		g_autoptr(Fixture) f = fixture_new(1000);
		g_autoptr(ScriptedModem) modem = scripted_modem_new(ORDINARY);
		memset(f->host.salt, (int)i + 1, sizeof f->host.salt);
		Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
		source->class->start(source);
		fixture_wait(&f->n[OBSERVATION_DEVICE], 1, 10, "identity");
		g_strlcpy(digest[i], f->last[OBSERVATION_DEVICE].device.device_digest, sizeof digest[i]);
		g_assert_cmpuint(strspn(digest[i], "0123456789abcdef"), ==, 16);
		g_assert_null(strstr(f->text->str, "000000000000000"));
		fixture_stop(f, source, 3);
	}
	g_assert_cmpstr(digest[0], !=, digest[1]); /* it is salted */
}

static void test_address_that_can_never_work(void)
{
	g_autoptr(Fixture) f = fixture_new(1000);
	g_autoptr(GError) error = NULL;
	ConfigSource config = {.name = (char *)"test", .type = (char *)"modem", .address = (char *)"cdc-wdm0"};
	g_assert_null(source_new(&config, &f->host, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	g_clear_error(&error);
	config.type = (char *)"no-such-type";
	g_assert_null(source_new(&config, &f->host, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/qmi/source/sweeps_come_at_the_interval", test_sweeps_come_at_the_interval);
	g_test_add_func("/qmi/source/stop_before_the_first_answer", test_stop_before_the_first_answer);
	g_test_add_func("/qmi/source/stop_at_any_moment_leaves_nothing", test_stop_at_any_moment_leaves_nothing);
	g_test_add_func("/qmi/source/stop_while_opening_a_modem_that_hangs", test_stop_while_opening_a_modem_that_hangs);
	g_test_add_func("/qmi/source/stop_while_a_client_id_hangs", test_stop_while_a_client_id_hangs);
	g_test_add_func("/qmi/source/stop_during_a_sweep_that_hangs", test_stop_during_a_sweep_that_hangs);
	g_test_add_func("/qmi/source/unplugged_and_plugged_in_again", test_unplugged_and_plugged_in_again);
	g_test_add_func("/qmi/source/no_node_yet", test_no_node_yet);
	g_test_add_func("/qmi/source/stop_while_waiting_for_a_node", test_stop_while_waiting_for_a_node);
	g_test_add_func("/qmi/source/modem_restarts_and_forgets_us", test_modem_restarts_and_forgets_us);
	g_test_add_func("/qmi/source/one_question_hangs", test_one_question_hangs);
	g_test_add_func("/qmi/source/nonsense_on_the_port", test_nonsense_on_the_port);
	g_test_add_func("/qmi/source/indication_brings_the_sweep_forward", test_indication_brings_the_sweep_forward);
	g_test_add_func("/qmi/source/a_session_that_ends_brings_the_sweep_forward", test_a_session_that_ends_brings_the_sweep_forward);
	g_test_add_func("/qmi/source/a_modem_that_keeps_its_data_service_back_is_recorded",
			test_a_modem_that_keeps_its_data_service_back_is_recorded);
	g_test_add_func("/qmi/source/fifty_openings_leak_nothing", test_fifty_openings_leak_nothing);
	g_test_add_func("/qmi/source/two_modems_do_not_mix", test_two_modems_do_not_mix);
	g_test_add_func("/qmi/source/serial_number_is_digested", test_serial_number_is_digested);
	g_test_add_func("/qmi/source/address_that_can_never_work", test_address_that_can_never_work);
	return g_test_run();
}
