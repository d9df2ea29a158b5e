/* expect.c - [expect NAME] of a scenario; see scenario.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario/read.h"

static const char *const verdicts[] = {"own-fault", "jamming",  "cells-off", "no-coverage", "gnss-jam",
				       "fake-cell", "barred",   "rejected",  "downgrade",   "data-cut",
				       "blocked",   "throttled", "congestion", "undetermined", "nothing", NULL};
static const char *const confidences[] = {"low", "medium", "high", NULL};

static gboolean check_list(const KeyFile *file, const char *group, const char *key, GError **error)
{
	g_auto(GStrv) words = sim_read_list(file, group, key);
	for (guint i = 0; words && words[i]; i++)
		if (!g_strv_contains(verdicts, words[i]))
			return keyfile_error(file, group, key, error, "\"%s\" is no verdict", words[i]);
	return TRUE;
}

static gboolean check_modems(const KeyFile *file, const char *group, const SimScenario *scenario, GError **error)
{
	g_auto(GStrv) names = sim_read_list(file, group, "modems");
	gboolean all = names && names[0] && !names[1] && g_str_equal(names[0], "all");
	for (guint n = 0; names && !all && names[n]; n++) {
		guint i = 0;
		while (i < scenario->modems->len && !g_str_equal(names[n], sim_scenario_modem(scenario, i)->info.name))
			i++;
		if (i == scenario->modems->len)
			return keyfile_error(file, group, "modems", error, "there is no \"%s\" in this scenario", names[n]);
	}
	return TRUE;
}

static gboolean check_after(const KeyFile *file, const char *group, GError **error)
{
	g_autofree char *text = keyfile_string(file, group, "after");
	if (!text || g_regex_match_simple("^[1-9][0-9]* (attempts|rounds)$", text, 0, 0))
		return TRUE;
	return keyfile_error(file, group, "after", error, "\"%s\" is not like \"5 attempts\" or \"3 rounds\"", text);
}

gboolean sim_check_expect(const KeyFile *file, const char *group, SimScenario *scenario, GError **error)
{
	static const char *const required[] = {"verdict", NULL};
	int verdict = 0, least = 0, most = 2;
	double from_s = 0, until_s = scenario->duration_s, lasts_s = 0;
	if (!sim_read_require(file, group, required, error) || !keyfile_choice(file, group, "verdict", verdicts, &verdict, error) ||
	    !check_list(file, group, "also", error) || !check_list(file, group, "never", error) ||
	    !check_modems(file, group, scenario, error) || !check_after(file, group, error) ||
	    !keyfile_seconds(file, group, "from", &from_s, error) ||
	    !keyfile_seconds(file, group, "until", &until_s, error) || !keyfile_seconds(file, group, "lasts", &lasts_s, error) ||
	    !keyfile_choice(file, group, "confidence_least", confidences, &least, error) ||
	    !keyfile_choice(file, group, "confidence_most", confidences, &most, error))
		return FALSE;
	if (until_s <= from_s)
		return keyfile_error(file, group, NULL, error, "it would end (%g s) before it begins (%g s)", until_s, from_s);
	if (least > most)
		return keyfile_error(file, group, "confidence_least", error, "it is more than confidence_most");
	return TRUE;
}
