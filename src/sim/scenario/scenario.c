/* scenario.c - see scenario.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario/scenario.h"

#include "error.h"
#include "sim/world/happening.h"
#include "sim/scenario/read.h"

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const KeyFileGroup groups[] = {
	{"world", FALSE,
	 KEYS("duration", "start", "seed", "path_loss", "path_loss_exponent", "shadowing_db", "shadowing_distance_m", "fading_db",
	      "penetration_db", "noise_figure_db", "day", "day_spread_db", "day_load")},
	{"track", FALSE, KEYS("points", "end")},
	{"track", TRUE, KEYS("points", "end")},
	{"cell", TRUE,
	 KEYS("plmn", "lat", "lon", "rat", "earfcn", "band", "bandwidth_mhz", "pci", "tac", "cell_id", "power_dbm", "load",
	      "antenna_ports", "azimuth", "scs_khz", "standalone", "endc")},
	{"modem", TRUE,
	 KEYS("plmn", "roaming", "rats", "nr_mode", "carriers", "rx_chains", "protocol", "card", "traffic_kbps", "model", "maker",
	      "revision", "imei", "imsi", "iccid", "gnss", "apns", "ip", "session_delay", "interface")},
	{"gps", TRUE, KEYS("rate", "noise_m", "satellites", "first_fix", "altitude_m")},
	{"internet", FALSE, KEYS("latency", "rate", "rate_up", "ipv6")},
	{"happening", TRUE,
	 KEYS("what", "at", "until", "for", "cells", "plmn", "rat", "tac", "earfcn", "band", "modems", "gps", "db", "gps_db",
	      "power_dbm", "load", "status", "cause", "mode", "card", "lat", "lon", "ramp", "fault", "message", "delay", "every",
	      "lasts", "names", "addresses", "answer", "resolver", "dropped", "page", "location", "rest", "rate", "latency",
	      "jitter", "loss", "cause_type", "backoff", "share", "chains")},
	{"expect", TRUE,
	 KEYS("verdict", "sub", "also", "never", "modems", "from", "until", "lasts", "after", "confidence_least", "confidence_most")},
	{NULL, FALSE, NULL},
};

static void free_cell(gpointer cell)
{
	sim_cell_free(cell);
}

static void free_modem(gpointer modem)
{
	sim_modem_setup_free(modem);
}

static void free_gps(gpointer gps)
{
	sim_gps_setup_free(gps);
}

static void free_happening(gpointer happening)
{
	sim_happening_free(happening);
}

static SimScenario *scenario_new(const char *label)
{
	SimScenario *scenario = g_new0(SimScenario, 1);
	scenario->name = g_path_get_basename(label);
	scenario->seed = 1;
	scenario->starts_now = TRUE;
	scenario->radio = (SimRadioSetup){.path_loss = SIM_PATH_LOSS_URBAN_MACRO,
					  .exponent = 3.5,
					  .shadowing_db = 6,
					  .shadowing_distance_m = 50,
					  .fading_db = 1,
					  .penetration_db = 12,
					  .noise_figure_db = 7.5};
	scenario->cells = g_ptr_array_new_with_free_func(free_cell);
	scenario->modems = g_ptr_array_new_with_free_func(free_modem);
	scenario->gps = g_ptr_array_new_with_free_func(free_gps);
	scenario->happenings = g_ptr_array_new_with_free_func(free_happening);
	return scenario;
}

void sim_scenario_free(SimScenario *scenario)
{
	if (!scenario)
		return;
	g_free(scenario->name);
	sim_track_free(scenario->track);
	g_ptr_array_unref(scenario->cells);
	g_ptr_array_unref(scenario->modems);
	g_ptr_array_unref(scenario->gps);
	g_ptr_array_unref(scenario->happenings);
	g_free(scenario);
}

void sim_scenario_make_ordinary(SimScenario *scenario)
{
	g_ptr_array_set_size(scenario->happenings, 0);
}

gboolean sim_scenario_parse_utc(const char *text, gint64 *ret_unix_s)
{
	if (!g_str_has_suffix(text, "Z"))
		return FALSE;
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);
	if (!time)
		return FALSE;
	*ret_unix_s = g_date_time_to_unix(time);
	return TRUE;
}

static gboolean read_start(const KeyFile *file, SimScenario *scenario, GError **error)
{
	g_autofree char *text = keyfile_string(file, "world", "start");
	scenario->starts_now = !text || g_str_equal(text, "now");
	if (scenario->starts_now || sim_scenario_parse_utc(text, &scenario->start_unix_s))
		return TRUE;
	return keyfile_error(file, "world", "start", error, "\"%s\" is neither \"now\" nor UTC like 2026-03-25T12:00:00Z", text);
}

static gboolean read_propagation(const KeyFile *file, SimScenario *scenario, GError **error)
{
	static const char *const models[] = {"urban-macro", "log-distance", NULL};
	SimRadioSetup *radio = &scenario->radio;
	int model = 0;
	if (!keyfile_choice(file, "world", "path_loss", models, &model, error) ||
	    !keyfile_double(file, "world", "path_loss_exponent", 2, 6, &radio->exponent, error) ||
	    !keyfile_double(file, "world", "shadowing_db", 0, 20, &radio->shadowing_db, error) ||
	    !keyfile_double(file, "world", "shadowing_distance_m", 1, 10000, &radio->shadowing_distance_m, error) ||
	    !keyfile_double(file, "world", "day_spread_db", 0, 20, &radio->day_spread_db, error) ||
	    !keyfile_double(file, "world", "fading_db", 0, 20, &radio->fading_db, error) ||
	    !keyfile_double(file, "world", "penetration_db", 0, 60, &radio->penetration_db, error) ||
	    !keyfile_double(file, "world", "noise_figure_db", 0, 30, &radio->noise_figure_db, error))
		return FALSE;
	radio->path_loss = (SimPathLoss)model;
	return TRUE;
}

static gboolean read_world(const KeyFile *file, SimScenario *scenario, GError **error)
{
	gint64 seed = (gint64)scenario->seed, day = 0;
	if (!sim_read_require(file, "world", KEYS("duration"), error) ||
	    !keyfile_seconds(file, "world", "duration", &scenario->duration_s, error) || !read_start(file, scenario, error) ||
	    !keyfile_int(file, "world", "seed", 0, G_MAXINT64, &seed, error) ||
	    !keyfile_int(file, "world", "day", 0, G_MAXINT64, &day, error) ||
	    !keyfile_double(file, "world", "day_load", 0, 1, &scenario->day_load, error) || !read_propagation(file, scenario, error))
		return FALSE;
	scenario->seed = (guint64)seed;
	scenario->day = (guint64)day;
	if (scenario->duration_s < 1)
		return keyfile_error(file, "world", "duration", error, "a run takes one second at least");
	return TRUE;
}

static gboolean read_internet(const KeyFile *file, SimScenario *scenario, GError **error)
{
	SimInternetSetup *internet = &scenario->internet;
	*internet = (SimInternetSetup){.exists = keyfile_line(file, "internet", NULL) != 0,
				       .ipv6 = TRUE,
				       .latency_s = 0.02,
				       .rate_kbps = 20000,
				       .rate_up_kbps = 10000};
	for (guint i = 0; internet->exists && i < scenario->modems->len; i++)
		for (guint k = 0; k < i; k++)
			if (g_str_equal(sim_scenario_modem(scenario, i)->interface, sim_scenario_modem(scenario, k)->interface))
				return keyfile_error(file, "internet", NULL, error,
						     "two modems would have the interface %s: give one the key interface",
						     sim_scenario_modem(scenario, i)->interface);
	return keyfile_seconds(file, "internet", "latency", &internet->latency_s, error) &&
	       keyfile_double(file, "internet", "rate", 1, SIM_MAX_KBPS, &internet->rate_kbps, error) &&
	       keyfile_double(file, "internet", "rate_up", 1, SIM_MAX_KBPS, &internet->rate_up_kbps, error) &&
	       keyfile_bool(file, "internet", "ipv6", &internet->ipv6, error);
}

/* The groups of one kind in the file's order, each through its reader. */
static gboolean read_each(const KeyFile *file, const char *kind, SimScenario *scenario,
			  gboolean (*reader)(const KeyFile *, const char *, SimScenario *, GError **), GError **error)
{
	g_auto(GStrv) names = keyfile_groups(file, kind);
	for (guint i = 0; names[i]; i++)
		if (!reader(file, names[i], scenario, error))
			return FALSE;
	return TRUE;
}

static gboolean read_all(const char *label, const KeyFile *file, SimScenario *scenario, GError **error)
{
	if (keyfile_line(file, "world", NULL) == 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s: the group [world] with a duration is missing", label);
		return FALSE;
	}
	if (!read_world(file, scenario, error) || !sim_read_track(file, scenario, error) ||
	    !read_each(file, "cell", scenario, sim_read_cell, error) ||
	    !read_each(file, "modem", scenario, sim_read_modem, error) || !read_each(file, "gps", scenario, sim_read_gps, error) ||
	    !sim_bind_gnss(file, scenario, error) || !read_internet(file, scenario, error))
		return FALSE;
	if (!scenario->track) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s: the group [track] with its points is missing", label);
		return FALSE;
	}
	if (scenario->modems->len > 0 && scenario->cells->len == 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s: a modem needs a [cell NAME] to tune to", label);
		return FALSE;
	}
	return sim_happenings_read(file, scenario, error) && read_each(file, "expect", scenario, sim_check_expect, error);
}

SimScenario *sim_scenario_load_data(const char *label, const char *text, GError **error)
{
	g_autoptr(KeyFile) file = keyfile_load_data(label, text, groups, error);
	if (!file)
		return NULL;
	g_autoptr(SimScenario) scenario = scenario_new(label);
	return read_all(label, file, scenario, error) ? g_steal_pointer(&scenario) : NULL;
}

SimScenario *sim_scenario_load(const char *path, GError **error)
{
	g_autoptr(KeyFile) file = keyfile_load(path, groups, error);
	if (!file)
		return NULL;
	g_autoptr(SimScenario) scenario = scenario_new(path);
	return read_all(path, file, scenario, error) ? g_steal_pointer(&scenario) : NULL;
}
