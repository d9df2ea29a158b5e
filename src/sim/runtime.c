/* runtime.c - see runtime.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/runtime.h"

#include "error.h"
#include "sim/net/core.h"
#include "sim/port/device.h"
#include "sim/port/gps.h"
#include "sim/truth.h"
#include "sim/world/world.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

typedef struct Run Run;

/* Whose data sessions are meant. */
typedef struct {
	Run *run;
	guint index;
} Line;

struct Run {
	const SimRunOptions *options;
	SimWorld *world;
	guint64 last_tick;
	SimDevice **modems; /* NULL-terminated, as are the receivers */
	Line *lines; /* one for each modem */
	SimGps **gps;
	SimCore *core; /* NULL: the scenario has no [internet] */
	GPtrArray *links; /* paths of the symlinks made */
	FILE *truth;
	GString *text;
	GMainLoop *loop;
	gint64 began_us; /* monotonic time of tick 0 */
	GSource *timer;
	GError *failure;
};

static gboolean open_truth(Run *run, GError **error)
{
	const char *path = run->options->truth_path;
	run->text = g_string_new(NULL);
	if (!path)
		return TRUE;
	run->truth = g_str_equal(path, "-") ? stdout : fopen(path, "we");
	return run->truth ? TRUE : error_set_errno(error, errno, "cannot write the truth to %s", path);
}

/* Writes what stands in run->text, whole lines, so that a reader beside never sees half a second. */
static gboolean flush_truth(Run *run, GError **error)
{
	gboolean done = !run->truth || (fwrite(run->text->str, 1, run->text->len, run->truth) == run->text->len &&
					fflush(run->truth) == 0);
	int saved = errno;
	g_string_truncate(run->text, 0);
	return done ? TRUE : error_set_errno(error, saved, "cannot write the truth to %s", run->options->truth_path);
}

static gboolean write_second(Run *run, GError **error)
{
	if (!run->truth || sim_world_tick(run->world) % SIM_TICKS_PER_S != 0)
		return TRUE;
	sim_truth_format_second(run->world, run->text);
	return flush_truth(run, error);
}

static gboolean begin_world(Run *run, const SimScenario *scenario, gint64 start_unix_s, GError **error)
{
	run->world = sim_world_new(scenario, run->options->seed, start_unix_s);
	run->last_tick = (guint64)(run->options->duration_s * SIM_TICKS_PER_S + 0.5);
	if (run->truth)
		sim_truth_format_run(run->world, run->options->duration_s, run->text);
	return flush_truth(run, error) && write_second(run, error);
}

static void remove_link(Run *run, const char *kind, const char *name)
{
	const char *dir = run->options->run_dir;
	g_autofree char *file = g_strdup_printf("%s-%s", kind, name);
	g_autofree char *path = dir ? g_build_filename(dir, file, NULL) : NULL;
	guint at;
	if (!path || !g_ptr_array_find_with_equal_func(run->links, path, g_str_equal, &at))
		return;
	unlink(path);
	g_ptr_array_remove_index(run->links, at);
}

static gboolean add_link(Run *run, const char *kind, const char *name, const char *target, GError **error)
{
	const char *dir = run->options->run_dir;
	if (!dir)
		return TRUE;
	g_autofree char *file = g_strdup_printf("%s-%s", kind, name);
	g_autofree char *path = g_build_filename(dir, file, NULL);
	/* A symlink left by a run that was killed may go; anything else is not ours. */
	if (g_file_test(path, G_FILE_TEST_IS_SYMLINK))
		unlink(path);
	if (symlink(target, path) != 0)
		return error_set_errno(error, errno, "cannot make the symlink %s", path);
	g_ptr_array_add(run->links, g_steal_pointer(&path));
	return TRUE;
}

static const char *protocol_of(const Run *run, const SimModemSetup *setup)
{
	return run->options->protocol ? run->options->protocol : setup->protocol;
}

static gboolean announce_modem(Run *run, const SimModemSetup *setup, const SimDevice *modem, GError **error)
{
	if (!add_link(run, "modem", setup->info.name, sim_device_path(modem), error))
		return FALSE;
	printf("modem %s %s %s\n", setup->info.name, protocol_of(run, setup), sim_device_path(modem));
	fflush(stdout);
	return TRUE;
}

static guint32 start_call(const SimCallRequest *request, gpointer user_data)
{
	const Line *line = user_data;
	return sim_world_start_call(line->run->world, line->index, request);
}

static void end_call(guint32 id, gpointer user_data)
{
	const Line *line = user_data;
	sim_world_end_call(line->run->world, line->index, id);
}

static void drop_call(guint32 id, gpointer user_data)
{
	const Line *line = user_data;
	sim_world_drop_call(line->run->world, line->index, id);
}

static void connect_line(Run *run, guint index)
{
	SimCaller caller = {start_call, end_call, drop_call, &run->lines[index]};
	run->lines[index] = (Line){run, index};
	sim_device_set_caller(run->modems[index], &caller);
}

static gboolean open_devices(Run *run, const SimScenario *scenario, GError **error)
{
	const char *dir = run->options->run_dir;
	if (dir && g_mkdir_with_parents(dir, 0755) != 0)
		return error_set_errno(error, errno, "cannot make the folder %s", dir);
	for (guint i = 0; i < scenario->modems->len; i++) {
		const SimModemSetup *setup = sim_scenario_modem(scenario, i);
		run->modems[i] = sim_device_new(sim_engine_class(protocol_of(run, setup)), &setup->info, error);
		if (!run->modems[i] || !announce_modem(run, setup, run->modems[i], error))
			return FALSE;
		connect_line(run, i);
	}
	for (guint i = 0; i < scenario->gps->len; i++) {
		const char *name = sim_scenario_gps(scenario, i)->name;
		run->gps[i] = sim_gps_new(error);
		if (!run->gps[i] || !add_link(run, "gps", name, sim_gps_path(run->gps[i]), error))
			return FALSE;
		printf("gps %s nmea %s\n", name, sim_gps_path(run->gps[i]));
	}
	return TRUE;
}

/* Data flow over a session that the host started, or over the one that is up without it. */
static gboolean is_up(gpointer user_data, guint modem, gboolean ipv6)
{
	const Run *run = user_data;
	const SimModemState *state = run->world ? sim_world_modem(run->world, modem) : NULL;
	return state && !state->uplink_dead && (state->session_up || (ipv6 ? state->call.up_ipv6 : state->call.up_ipv4));
}

static void on_carried(gpointer user_data, guint modem, gboolean received, gsize bytes)
{
	Run *run = user_data;
	sim_world_count_packets(run->world, modem, received ? 1 : 0, received ? bytes : 0, received ? 0 : 1, received ? 0 : bytes);
}

static gboolean open_internet(Run *run, const SimScenario *scenario, GError **error)
{
	const SimCoreHooks hooks = {.is_up = is_up, .carried = on_carried, .user_data = run};
	if (!scenario->internet.exists)
		return TRUE;
	if (!run->options->run_dir) {
		g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
				    "the scenario has an [internet], whose files need a place: give --run-dir");
		return FALSE;
	}
	run->core = sim_core_new(scenario, sim_world_day_seed(scenario, run->options->seed), run->options->run_dir, &hooks, error);
	return run->core != NULL;
}

/* What the operator does to the modems' data now. */
static gboolean obey_acts(Run *run, GError **error)
{
	const SimAct *acts[SIM_MAX_ACTS];
	for (guint i = 0; run->core && run->modems[i]; i++) {
		guint n = sim_world_acts(run->world, i, acts);
		if (!sim_core_update(run->core, i, sim_device_path(run->modems[i]) != NULL, acts, n, error))
			return FALSE;
	}
	return TRUE;
}

/* What is wrong with the modem now. One that comes back comes as another pty. */
static gboolean obey_faults(Run *run, guint index, GError **error)
{
	SimDevice *modem = run->modems[index];
	const SimModemSetup *setup = sim_scenario_modem(sim_world_scenario(run->world), index);
	gboolean was_there = sim_device_path(modem) != NULL;
	if (!sim_device_set_faults(modem, sim_world_faults(run->world, index), error))
		return FALSE;
	gboolean is_there = sim_device_path(modem) != NULL;
	if (was_there && !is_there)
		remove_link(run, "modem", setup->info.name);
	return was_there || !is_there || announce_modem(run, setup, modem, error);
}

/* One tick of the world, the faults it has now, and a line of truth where a second is full. */
static gboolean step_world(Run *run, GError **error)
{
	const guint n_modems = sim_world_scenario(run->world)->modems->len;
	for (guint i = 0; i < n_modems; i++)
		sim_world_set_mode(run->world, i, sim_device_mode(run->modems[i]));
	sim_world_step(run->world);
	for (guint i = 0; i < n_modems; i++)
		if (!obey_faults(run, i, error))
			return FALSE;
	return obey_acts(run, error) && write_second(run, error);
}

static void update_modems(Run *run)
{
	const SimScenario *scenario = sim_world_scenario(run->world);
	for (guint i = 0; i < scenario->modems->len; i++)
		sim_device_update(run->modems[i], sim_world_modem(run->world, i));
}

static void emit_epochs(Run *run)
{
	const SimScenario *scenario = sim_world_scenario(run->world);
	for (guint i = 0; i < scenario->gps->len; i++) {
		guint64 every = SIM_TICKS_PER_S / sim_scenario_gps(scenario, i)->rate_hz;
		if (sim_world_tick(run->world) % every == 0)
			sim_gps_emit(run->gps[i], sim_world_epoch(run->world, i));
	}
}

static gint64 tick_time_us(const Run *run, guint64 tick)
{
	return run->began_us + (gint64)tick * SIM_TICK_MS * 1000;
}

/* Steps the world to where the clock is. Devices are fed at each tick unless the run is a second late or more: a receiver
 * that missed an epoch never sends it late. */
static gboolean on_timer(gpointer user_data)
{
	Run *run = user_data;
	guint64 tick = sim_world_tick(run->world);
	while (tick < run->last_tick && tick_time_us(run, tick + 1) <= g_get_monotonic_time()) {
		tick++;
		if (!step_world(run, &run->failure)) {
			g_main_loop_quit(run->loop);
			return G_SOURCE_REMOVE;
		}
		if (g_get_monotonic_time() - tick_time_us(run, tick) < G_USEC_PER_SEC) {
			update_modems(run);
			emit_epochs(run);
		}
	}
	if (tick >= run->last_tick)
		g_main_loop_quit(run->loop);
	g_source_set_ready_time(run->timer, tick_time_us(run, tick + 1));
	return G_SOURCE_CONTINUE;
}

static gboolean dispatch_timer(GSource *source, GSourceFunc callback, gpointer user_data)
{
	(void)source;
	return callback(user_data);
}

static gboolean on_signal(gpointer user_data)
{
	g_main_loop_quit(((Run *)user_data)->loop);
	return G_SOURCE_CONTINUE;
}

/* "now" is the next whole second of the host's clock, so that epochs fall on whole seconds of both. */
static gint64 plan_start(Run *run)
{
	run->began_us = g_get_monotonic_time();
	if (!run->options->starts_now)
		return run->options->start_unix_s;
	gint64 now_us = g_get_real_time();
	gint64 start_s = (now_us + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC;
	run->began_us += start_s * G_USEC_PER_SEC - now_us;
	return start_s;
}

static void run_loop(Run *run)
{
	static GSourceFuncs timer_functions = {.dispatch = dispatch_timer};
	run->loop = g_main_loop_new(NULL, FALSE);
	guint on_int = g_unix_signal_add(SIGINT, on_signal, run), on_term = g_unix_signal_add(SIGTERM, on_signal, run);
	run->timer = g_source_new(&timer_functions, sizeof(GSource));
	g_source_set_callback(run->timer, on_timer, run, NULL);
	g_source_set_ready_time(run->timer, tick_time_us(run, 1));
	g_source_attach(run->timer, NULL);
	/* Modems answer from the start; the receivers' epoch of tick 0 would come before its second. */
	update_modems(run);
	g_main_loop_run(run->loop);
	g_source_destroy(run->timer);
	g_source_unref(run->timer);
	g_source_remove(on_int);
	g_source_remove(on_term);
	g_main_loop_unref(run->loop);
}

static void clear_run(Run *run)
{
	sim_core_free(run->core);
	for (guint i = 0; run->links && i < run->links->len; i++)
		unlink(g_ptr_array_index(run->links, i));
	for (guint i = 0; run->modems && run->modems[i]; i++)
		sim_device_free(run->modems[i]);
	for (guint i = 0; run->gps && run->gps[i]; i++)
		sim_gps_free(run->gps[i]);
	g_clear_pointer(&run->links, g_ptr_array_unref);
	g_free(run->modems);
	g_free(run->lines);
	g_free(run->gps);
	sim_world_free(run->world);
	if (run->truth && run->truth != stdout)
		fclose(run->truth);
	g_string_free(run->text, TRUE);
}

gboolean sim_runtime_play(const SimScenario *scenario, const SimRunOptions *options, GError **error)
{
	Run run = {.options = options, .links = g_ptr_array_new_with_free_func(g_free)};
	run.modems = g_new0(SimDevice *, scenario->modems->len + 1);
	run.lines = g_new0(Line, scenario->modems->len + 1);
	run.gps = g_new0(SimGps *, scenario->gps->len + 1);
	gboolean ok = open_truth(&run, error) && open_devices(&run, scenario, error) && open_internet(&run, scenario, error);
	if (ok)
		ok = begin_world(&run, scenario, plan_start(&run), error) && obey_acts(&run, error);
	if (ok) {
		puts("ready");
		fflush(stdout);
		run_loop(&run);
	}
	clear_run(&run);
	if (run.failure)
		g_propagate_error(error, run.failure);
	return ok && !run.failure;
}

gboolean sim_runtime_write_truth(const SimScenario *scenario, const SimRunOptions *options, GError **error)
{
	Run run = {.options = options};
	gint64 now_s = (g_get_real_time() + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC;
	gboolean ok = open_truth(&run, error) &&
		      begin_world(&run, scenario, options->starts_now ? now_s : options->start_unix_s, error);
	while (ok && sim_world_tick(run.world) < run.last_tick) {
		sim_world_step(run.world);
		ok = write_second(&run, error);
	}
	clear_run(&run);
	return ok;
}
