/* test_sim_faults.c - the faulty modem as a program: descriptors over a thousand plugs, what a restart cures, words.
 * How each fault looks from outside is judged in tests/flow/sim_faults.py. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/device.h"
#include "sim/world/world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

typedef struct {
	SimDevice *modem;
	int fd; /* a client's, or -1 */
} Fixture;

static const SimModemInfo info = {.name = (char *)"test", .n_rx = 2};

static void set_up(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	f->modem = sim_device_new(&sim_qmi_engine, &info, &error);
	g_assert_no_error(error);
	f->fd = -1;
}

static void tear_down(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	if (f->fd >= 0)
		close(f->fd);
	sim_device_free(f->modem);
}

static void set_faults(Fixture *f, guint32 set)
{
	g_autoptr(GError) error = NULL;
	const SimFaults faults = {.set = set, .delay_s = 1};
	g_assert_true(sim_device_set_faults(f->modem, &faults, &error));
	g_assert_no_error(error);
}

static void open_client(Fixture *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = open(sim_device_path(f->modem), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	g_assert_cmpint(f->fd, >=, 0);
}

/* CTL Get Version Info, by hand; TRUE when an answer comes before the main context has nothing to do any more. */
static gboolean modem_answers(Fixture *f)
{
	static const guint8 request[] = {0x01, 0x0b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x21, 0x00, 0x00, 0x00};
	guint8 bytes[512];
	while (read(f->fd, bytes, sizeof bytes) > 0)
		;
	g_assert_cmpint(write(f->fd, request, sizeof request), ==, sizeof request);
	while (g_main_context_iteration(NULL, FALSE))
		;
	return read(f->fd, bytes, sizeof bytes) > 0;
}

static guint count_fds(void)
{
	guint n = 0;
	g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
	while (g_dir_read_name(dir))
		n++;
	return n;
}

static void a_thousand_plugs_leak_no_descriptor_and_never_keep_the_name(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	guint before = count_fds();
	for (guint i = 0; i < 1000; i++) {
		g_autofree char *last = g_strdup(sim_device_path(f->modem));
		open_client(f);
		g_assert_true(modem_answers(f));
		set_faults(f, 1u << SIM_FAULT_UNPLUG | 1u << SIM_FAULT_SLOW_OPEN);
		g_assert_null(sim_device_path(f->modem));
		g_assert_cmpint(access(last, F_OK), ==, -1);
		close(f->fd); /* it would keep the name taken */
		f->fd = -1;
		set_faults(f, 1u << SIM_FAULT_SLOW_OPEN);
		g_assert_cmpstr(sim_device_path(f->modem), !=, last);
		set_faults(f, 0);
	}
	g_assert_cmpuint(count_fds(), <=, before);
}

static void pulling_the_plug_hangs_the_client_up(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	open_client(f);
	set_faults(f, 1u << SIM_FAULT_UNPLUG);
	struct pollfd poll_fd = {.fd = f->fd, .events = POLLIN};
	g_assert_cmpint(poll(&poll_fd, 1, 0), ==, 1);
	g_assert_true(poll_fd.revents & POLLHUP);
	g_assert_cmpint(write(f->fd, "x", 1), ==, -1);
	g_assert_cmpint(errno, ==, EIO);
	g_assert_cmpuint(sim_device_client_count(f->modem), ==, 0);
}

/* What is in force while its happening goes on, after the plug was pulled once. */
static void a_restart_cures_the_memory_and_not_the_firmware(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	static const SimFault cured[] = {SIM_FAULT_HANG, SIM_FAULT_QUEUE_STUCK, SIM_FAULT_SILENT_DEATH};
	for (guint i = 0; i < G_N_ELEMENTS(cured); i++) {
		guint32 fault = 1u << cured[i];
		set_faults(f, fault);
		open_client(f);
		g_assert_false(modem_answers(f));
		set_faults(f, fault | 1u << SIM_FAULT_UNPLUG);
		set_faults(f, fault);
		open_client(f);
		g_assert_true(modem_answers(f));
		set_faults(f, 0);
		set_faults(f, fault);
		g_assert_false(modem_answers(f)); /* it came again */
		set_faults(f, 0);
	}
	guint32 slow = 1u << SIM_FAULT_SLOW_OPEN;
	set_faults(f, slow);
	set_faults(f, slow | 1u << SIM_FAULT_RE_ENUMERATE);
	set_faults(f, slow);
	open_client(f);
	g_assert_false(modem_answers(f));
}

static void a_modem_that_restarts_or_is_gone_is_no_modem_that_is_online(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	g_assert_cmpint(sim_device_mode(f->modem), ==, SIM_OPMODE_ONLINE);
	set_faults(f, 1u << SIM_FAULT_RESET);
	g_assert_cmpint(sim_device_mode(f->modem), ==, SIM_OPMODE_RESETTING);
	set_faults(f, 1u << SIM_FAULT_UNPLUG);
	g_assert_cmpint(sim_device_mode(f->modem), ==, SIM_OPMODE_RESETTING);
	set_faults(f, 0);
	g_assert_cmpint(sim_device_mode(f->modem), ==, SIM_OPMODE_ONLINE);
}

static void odd_values_are_the_signal_and_nothing_else(void)
{
	SimModemState state = {.n_cells = 1, .n_rx = 2, .tx_power_dbm = 1, .service = SIM_SERVICE_FULL};
	state.cells[0] = (SimCellView){.rsrp_dbm = -80, .rsrq_db = -8, .rssi_dbm = -50, .sinr_db = 20, .pci = 1};
	sim_faults_make_odd(&state);
	g_assert_cmpfloat(state.cells[0].rsrp_dbm, ==, -125);
	g_assert_cmpfloat(state.cells[0].rsrq_db, ==, -125);
	g_assert_cmpfloat(state.cells[0].sinr_db, ==, -125);
	g_assert_cmpfloat(state.rx[1].power_dbm, ==, -125);
	g_assert_cmpuint(state.cells[0].pci, ==, 1);
	g_assert_cmpint(state.service, ==, SIM_SERVICE_FULL);
}

static void stale_values_are_the_signal_and_nothing_else(void)
{
	SimModemState old = {.n_cells = 1, .n_rx = 1, .tx_power_dbm = 1};
	SimModemState now = {.n_cells = 2, .n_rx = 1, .tx_power_dbm = 9};
	old.cells[0] = (SimCellView){.rsrp_dbm = -80, .rsrq_db = -8, .rssi_dbm = -50, .sinr_db = 20, .pci = 1};
	now.cells[0] = (SimCellView){.rsrp_dbm = -110, .rsrq_db = -15, .rssi_dbm = -80, .sinr_db = 1, .pci = 2};
	now.cells[1].rsrp_dbm = -120;
	old.rx[0].power_dbm = -50;
	old.endc = now.endc = TRUE;
	old.nr_cell = (SimCellView){.rsrp_dbm = -90, .sinr_db = 15};
	now.nr_cell = (SimCellView){.rsrp_dbm = -115, .sinr_db = 0, .pci = 3};
	old.n_secondary = now.n_secondary = 1;
	old.secondary[0].cell.rsrp_dbm = -95;
	now.secondary[0] = (SimSecondaryCell){.cell = {.rsrp_dbm = -118}, .activated = TRUE};
	sim_faults_make_stale(&now, &old);
	g_assert_cmpfloat(now.cells[0].rsrp_dbm, ==, -80);
	g_assert_cmpfloat(now.cells[0].rsrq_db, ==, -8);
	g_assert_cmpfloat(now.cells[0].rssi_dbm, ==, -50);
	g_assert_cmpfloat(now.cells[0].sinr_db, ==, 20);
	g_assert_cmpfloat(now.rx[0].power_dbm, ==, -50);
	g_assert_cmpfloat(now.tx_power_dbm, ==, 1);
	g_assert_cmpuint(now.cells[0].pci, ==, 2);
	g_assert_cmpfloat(now.nr_cell.rsrp_dbm, ==, -90);
	g_assert_cmpfloat(now.nr_cell.sinr_db, ==, 15);
	g_assert_cmpuint(now.nr_cell.pci, ==, 3);
	g_assert_cmpfloat(now.secondary[0].cell.rsrp_dbm, ==, -95);
	g_assert_true(now.secondary[0].activated);
	g_assert_cmpfloat(now.cells[1].rsrp_dbm, ==, -120);
}

static void a_modem_that_is_off_has_no_cell_of_any_kind(void)
{
	SimModemState state = {.registration = SIM_REG_REGISTERED, .has_serving = TRUE, .n_cells = 2, .n_rx = 1, .tx_on = TRUE};
	state.endc = state.nr_available = state.rx[0].tuned = state.nr_rx[0].tuned = TRUE;
	state.n_secondary = 1;
	sim_faults_switch_off(&state, SIM_OPMODE_LOW_POWER);
	g_assert_cmpint(state.operating_mode, ==, SIM_OPMODE_LOW_POWER);
	g_assert_cmpint(state.registration, ==, SIM_REG_NOT_REGISTERED);
	g_assert_cmpuint(state.n_cells + state.n_secondary, ==, 0);
	g_assert_false(state.has_serving || state.endc || state.nr_available || state.tx_on);
	g_assert_false(state.rx[0].tuned || state.nr_rx[0].tuned);
}

#define WORLD                                                                                                                  \
	"[world]\nduration = 20\nfading_db = 0\nshadowing_db = 0\n[track]\npoints = 53.9,27.56\n"                                 \
	"[cell one]\nplmn = 257-01\nlat = 53.901\nlon = 27.56\nearfcn = 1300\npci = 1\ntac = 1\ncell_id = 1\n"                    \
	"[gps main]\nfirst_fix = 1\n"

static SimWorld *world_at(const SimScenario *scenario, double t_s)
{
	SimWorld *world = sim_world_new(scenario, 1, 1774440000);
	while (sim_world_seconds(world) < t_s - 0.01)
		sim_world_step(world);
	return world;
}

static void a_scenarios_fault_comes_goes_and_comes_again(void)
{
	static const struct {
		double t_s;
		gboolean on;
	} rows[] = {{0.9, FALSE}, {1, TRUE}, {1.4, TRUE}, {1.5, FALSE}, {2.9, FALSE}, {3, TRUE}, {3.5, FALSE}, {5, TRUE}, {6, FALSE}};
	g_autoptr(GError) error = NULL;
	g_autoptr(SimScenario) scenario = sim_scenario_load_data(
		"test", WORLD "[modem a]\nplmn = 257-01\n[happening x]\nwhat = fault\nfault = hang\nmessage = 0x30043\nat = 1\nfor = 5\n"
			      "every = 2\nlasts = 0.5\n",
		&error);
	g_assert_no_error(error);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(SimWorld) world = world_at(scenario, rows[i].t_s);
		g_assert_cmpint(sim_faults_have(sim_world_faults(world, 0), SIM_FAULT_HANG), ==, rows[i].on);
		g_assert_cmpint(sim_world_faults(world, 0)->hangs_alone, ==, rows[i].on);
		g_assert_cmpuint(sim_world_faults(world, 0)->message, ==, rows[i].on ? 0x30043 : 0);
	}
}

static void a_deaf_modem_finds_the_network_again_only_later(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SimScenario) scenario = sim_scenario_load_data(
		"test", WORLD "[modem a]\nplmn = 257-01\n[happening x]\nwhat = deaf\nat = 8\nfor = 6\n", &error);
	g_assert_no_error(error);
	g_autoptr(SimWorld) before = world_at(scenario, 7.9), during = world_at(scenario, 13.9), after = world_at(scenario, 20);
	g_assert_cmpint(sim_world_modem(before, 0)->true_service, ==, SIM_SERVICE_FULL);
	g_assert_cmpint(sim_world_modem(during, 0)->true_service, ==, SIM_SERVICE_NONE);
	g_assert_false(sim_world_modem(during, 0)->has_serving);
	g_assert_cmpint(sim_world_modem(after, 0)->true_service, ==, SIM_SERVICE_FULL);
}

static void the_world_obeys_a_clients_mode_and_its_own_when_that_is_lower(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SimScenario) scenario = sim_scenario_load_data(
		"test", WORLD "[modem a]\nplmn = 257-01\n[happening x]\nwhat = opmode\nmode = offline\nat = 10\nfor = 2\n", &error);
	g_assert_no_error(error);
	g_autoptr(SimWorld) world = world_at(scenario, 8);
	sim_world_set_mode(world, 0, SIM_OPMODE_LOW_POWER);
	sim_world_step(world);
	g_assert_cmpint(sim_world_modem(world, 0)->operating_mode, ==, SIM_OPMODE_LOW_POWER);
	g_assert_cmpint(sim_world_modem(world, 0)->registration, ==, SIM_REG_NOT_REGISTERED);
	while (sim_world_seconds(world) < 10.5)
		sim_world_step(world);
	g_assert_cmpint(sim_world_modem(world, 0)->operating_mode, ==, SIM_OPMODE_OFFLINE);
}

static void a_modem_gets_the_receiver_that_it_names(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SimScenario) scenario =
		sim_scenario_load_data("test", WORLD "[gps other]\nnoise_m = 10\n[modem a]\nplmn = 257-01\ngnss = other\n"
						     "[modem b]\nplmn = 257-01\n",
				       &error);
	g_assert_no_error(error);
	g_autoptr(SimWorld) world = world_at(scenario, 5);
	g_assert_true(sim_scenario_modem(scenario, 0)->info.has_gnss);
	g_assert_false(sim_scenario_modem(scenario, 1)->info.has_gnss);
	const SimEpoch *gnss = &sim_world_modem(world, 0)->gnss;
	g_assert_true(gnss->has_fix);
	g_assert_cmpfloat(gnss->lat_deg, ==, sim_world_epoch(world, 1)->lat_deg);
	g_assert_cmpint(gnss->utc_ms, ==, sim_world_utc_ms(world));
	g_assert_cmpfloat_with_epsilon(gnss->error_m, 15.15, 0.01);
}

static void slips_in_a_fault_are_told_with_their_line(void)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"fault = sulk\n", "\"sulk\" is none of"},
		{"fault = reset\nmessage = 3\n", "only a hang is of one message"},
		{"fault = hang\nmessage = 3x\n", "\"3x\" is not the number of a message"},
		{"fault = hang\ndelay = 3\n", "only slow-open has a delay"},
		{"fault = hang\nevery = 3\n", "give a \"lasts\" that is shorter"},
		{"fault = hang\ndb = 3\n", "does not take this key"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *text =
			g_strdup_printf(WORLD "[modem a]\nplmn = 257-01\n[happening x]\nwhat = fault\nat = 1\n%s", rows[i].text);
		g_assert_null(sim_scenario_load_data("test", text, &error));
		g_assert_nonnull(strstr(error->message, rows[i].expected));
	}
	g_autoptr(GError) error = NULL;
	g_assert_null(sim_scenario_load_data("test", WORLD "[modem a]\nplmn = 257-01\ngnss = none\n", &error));
	g_assert_nonnull(strstr(error->message, "there is no [gps none]"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add("/sim-faults/" path, Fixture, NULL, set_up, function, tear_down)
	ADD("a-thousand-plugs-leak-no-descriptor-and-never-keep-the-name", a_thousand_plugs_leak_no_descriptor_and_never_keep_the_name);
	ADD("pulling-the-plug-hangs-the-client-up", pulling_the_plug_hangs_the_client_up);
	ADD("a-restart-cures-the-memory-and-not-the-firmware", a_restart_cures_the_memory_and_not_the_firmware);
	ADD("a-modem-that-restarts-or-is-gone-is-no-modem-that-is-online",
	    a_modem_that_restarts_or_is_gone_is_no_modem_that_is_online);
	g_test_add_func("/sim-faults/odd-values-are-the-signal-and-nothing-else", odd_values_are_the_signal_and_nothing_else);
	g_test_add_func("/sim-faults/stale-values-are-the-signal-and-nothing-else", stale_values_are_the_signal_and_nothing_else);
	g_test_add_func("/sim-faults/a-modem-that-is-off-has-no-cell-of-any-kind", a_modem_that_is_off_has_no_cell_of_any_kind);
	g_test_add_func("/sim-faults/a-scenarios-fault-comes-goes-and-comes-again", a_scenarios_fault_comes_goes_and_comes_again);
	g_test_add_func("/sim-faults/a-deaf-modem-finds-the-network-again-only-later", a_deaf_modem_finds_the_network_again_only_later);
	g_test_add_func("/sim-faults/the-world-obeys-a-clients-mode-and-its-own-when-that-is-lower",
			the_world_obeys_a_clients_mode_and_its_own_when_that_is_lower);
	g_test_add_func("/sim-faults/a-modem-gets-the-receiver-that-it-names", a_modem_gets_the_receiver_that_it_names);
	g_test_add_func("/sim-faults/slips-in-a-fault-are-told-with-their-line", slips_in_a_fault_are_told_with_their_line);
	return g_test_run();
}
