/* What the person is told: each change once, in plain words, and never at the cost of the recording.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/narrator.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
	Narrator *narrator;
	int saved_stderr, pipe_fd;
	gint64 now_ns;
} Stage;

static ClockReading read_clock(gpointer data)
{
	const Stage *stage = data;
	return (ClockReading){.boottime_ns = stage->now_ns, .realtime_ns = stage->now_ns, .state = CLOCK_STATE_MANUAL};
}

static void stage_set(Stage *stage, gboolean quiet)
{
	int ends[2];
	fflush(stderr);
	g_assert_cmpint(pipe(ends), ==, 0);
	stage->saved_stderr = dup(STDERR_FILENO);
	g_assert_cmpint(dup2(ends[1], STDERR_FILENO), ==, STDERR_FILENO);
	close(ends[1]);
	g_assert_cmpint(fcntl(ends[0], F_SETFL, O_NONBLOCK), ==, 0);
	stage->pipe_fd = ends[0];
	stage->now_ns = 1000 * NS_PER_S;
	stage->narrator = narrator_new(quiet);
	clock_override(read_clock, stage);
}

static void stage_strike(Stage *stage)
{
	dup2(stage->saved_stderr, STDERR_FILENO);
	close(stage->saved_stderr);
	close(stage->pipe_fd);
	narrator_free(stage->narrator);
	clock_override(NULL, NULL);
}

/* What was said since the last call, without the time of day; owned by the caller. */
static char *said(Stage *stage)
{
	char buffer[4096];
	ssize_t n = read(stage->pipe_fd, buffer, sizeof buffer - 1);
	buffer[MAX(n, 0)] = '\0';
	g_auto(GStrv) lines = g_strsplit(buffer, "\n", -1);
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; lines[i] && *lines[i]; i++)
		g_string_append_printf(text, "%s\n", strchr(lines[i], ' ') + 1);
	return g_strdup(text->str);
}

static void assert_said(Stage *stage, const char *expected)
{
	g_autofree char *text = said(stage);
	g_assert_cmpstr(text, ==, expected);
}

static Observation served(const char *mnc, gint16 rsrp_dbm)
{
	Observation o;
	observation_init(&o, OBSERVATION_RADIO, "a");
	RADIO_SET(&o, rat, RAT_LTE);
	RADIO_SET(&o, registration, REGISTRATION_HOME);
	RADIO_SET(&o, lte_true_service, SERVICE_FULL);
	RADIO_SET(&o, lte_rsrp_dbm, rsrp_dbm);
	OBSERVATION_SET_TEXT(&o, radio, RADIO, mcc, "257");
	OBSERVATION_SET_TEXT(&o, radio, RADIO, mnc, mnc);
	return o;
}

static Observation unserved(Registration registration, ServiceStatus service)
{
	Observation o;
	observation_init(&o, OBSERVATION_RADIO, "a");
	RADIO_SET(&o, rat, service == SERVICE_NONE ? RAT_NONE : RAT_LTE);
	RADIO_SET(&o, registration, (guint8)registration);
	RADIO_SET(&o, lte_true_service, (guint8)service);
	return o;
}

static void test_each_change_of_service_is_told_once(void)
{
	Stage stage;
	stage_set(&stage, FALSE);
	Observation o = served("01", -97);
	narrator_observe(stage.narrator, &o);
	narrator_observe(stage.narrator, &o);
	o = served("01", -110); /* a weaker signal is no change of state */
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "a: in service: 4G (LTE), network 257-01, signal fair (RSRP -97 dBm)\n");
	o = served("001", -80);
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "a: in service: 4G (LTE), network 257-001, signal excellent (RSRP -80 dBm)\n");
	o = unserved(REGISTRATION_SEARCHING, SERVICE_NONE);
	RADIO_SET(&o, rx0_cdbm, -6250);
	narrator_observe(stage.narrator, &o);
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "a: NO SERVICE: no network found (power at the antenna -62.5 dBm)\n");
	o = unserved(REGISTRATION_DENIED, SERVICE_LIMITED);
	RADIO_SET(&o, reject_cause, 15);
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "a: TURNED AWAY by the network, cause 15\n");
	o = unserved(REGISTRATION_SEARCHING, SERVICE_LIMITED);
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "a: heard, but not signed in (emergency calls at most): 4G (LTE)\n");
	observation_init(&o, OBSERVATION_RADIO, "a");
	RADIO_SET(&o, operating_mode, OPERATING_LOW_POWER);
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "a: the modem's radio is switched off (airplane mode)\n");
	stage_strike(&stage);
}

static void test_modems_are_told_apart(void)
{
	Stage stage;
	stage_set(&stage, FALSE);
	Observation o = served("01", -97);
	narrator_observe(stage.narrator, &o);
	observation_copy_text(o.source, sizeof o.source, "b");
	narrator_observe(stage.narrator, &o);
	g_autofree char *text = said(&stage);
	g_assert_nonnull(strstr(text, "a: in service"));
	g_assert_nonnull(strstr(text, "b: in service"));
	stage_strike(&stage);
}

static void test_sim_trouble_is_told(void)
{
	Stage stage;
	stage_set(&stage, FALSE);
	Observation o = unserved(REGISTRATION_NOT_REGISTERED, SERVICE_NONE);
	RADIO_SET(&o, sim_state, SIM_STATE_PIN);
	narrator_observe(stage.narrator, &o);
	o = unserved(REGISTRATION_NOT_REGISTERED, SERVICE_NONE); /* the card is asked only now and then */
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "a: SIM card: pin-locked\na: NO SERVICE: no network found\n");
	stage_strike(&stage);
}

/* No green light after the receiver was unplugged: positions that stop coming are told as lost, by the clock alone. */
static void test_positions_that_stop_are_told(void)
{
	Stage stage;
	Observation o;
	stage_set(&stage, FALSE);
	observation_init(&o, OBSERVATION_FIX, "gps");
	FIX_SET(&o, mode, FIX_MODE_3D);
	FIX_SET(&o, lat_e7, 1);
	FIX_SET(&o, lon_e7, 1);
	FIX_SET(&o, eph_cm, 450);
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "gps: position found (within 5 m)\n");
	stage.now_ns += 4 * NS_PER_S;
	narrator_tick(stage.narrator);
	assert_said(&stage, "");
	stage.now_ns += 1;
	narrator_tick(stage.narrator);
	narrator_tick(stage.narrator);
	assert_said(&stage, "gps: NO POSITION: recording goes on without it\n");
	o.at = clock_read();
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "gps: position found (within 5 m)\n");
	stage_strike(&stage);
}

/* gpsd held it back for a minute: that is not where we are. */
static void test_an_old_fix_is_no_position(void)
{
	Stage stage;
	Observation o;
	stage_set(&stage, FALSE);
	observation_init(&o, OBSERVATION_FIX, "gps");
	FIX_SET(&o, mode, FIX_MODE_3D);
	FIX_SET(&o, lat_e7, 1);
	FIX_SET(&o, lon_e7, 1);
	FIX_SET(&o, age_ms, 60000);
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "gps: NO POSITION: recording goes on without it\n");
	stage_strike(&stage);
}

static void test_network_reject_is_told_each_time(void)
{
	Stage stage;
	Observation o;
	stage_set(&stage, FALSE);
	observation_init(&o, OBSERVATION_EVENT, "a");
	EVENT_SET(&o, code, EVENT_NETWORK_REJECT);
	EVENT_SET(&o, cause, 11);
	narrator_observe(stage.narrator, &o);
	narrator_observe(stage.narrator, &o);
	assert_said(&stage, "a: the network rejected us, cause 11\na: the network rejected us, cause 11\n");
	stage_strike(&stage);
}

static void test_quiet_says_nothing(void)
{
	Stage stage;
	stage_set(&stage, TRUE);
	Observation o = served("01", -97);
	narrator_observe(stage.narrator, &o);
	narrator_say(stage.narrator, "a", "something");
	assert_said(&stage, "");
	stage_strike(&stage);
}

/* A terminal that was stopped, a pager that nobody scrolls: this would hang here. */
static void test_a_terminal_that_takes_nothing_costs_lines_only(void)
{
	Stage stage;
	stage_set(&stage, FALSE);
	for (guint i = 0; i < 5000; i++)
		narrator_say(stage.narrator, "a", "a line of about fifty letters, and there are many of it");
	char buffer[65536];
	while (read(stage.pipe_fd, buffer, sizeof buffer) > 0)
		;
	narrator_say(stage.narrator, "a", "there is room again");
	assert_said(&stage, "a: there is room again\n");
	stage_strike(&stage);
}

int main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/narrator/each_change_of_service_is_told_once", test_each_change_of_service_is_told_once);
	g_test_add_func("/narrator/modems_are_told_apart", test_modems_are_told_apart);
	g_test_add_func("/narrator/sim_trouble_is_told", test_sim_trouble_is_told);
	g_test_add_func("/narrator/positions_that_stop_are_told", test_positions_that_stop_are_told);
	g_test_add_func("/narrator/an_old_fix_is_no_position", test_an_old_fix_is_no_position);
	g_test_add_func("/narrator/network_reject_is_told_each_time", test_network_reject_is_told_each_time);
	g_test_add_func("/narrator/quiet_says_nothing", test_quiet_says_nothing);
	g_test_add_func("/narrator/a_terminal_that_takes_nothing_costs_lines_only", test_a_terminal_that_takes_nothing_costs_lines_only);
	return g_test_run();
}
