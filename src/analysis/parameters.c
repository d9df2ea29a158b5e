/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/parameters.h"

#include "error.h"

/* Seconds in 31 years; as milliseconds, too, it fits in any integer. */
#define MAX_VALUE 1e9

struct Parameters {
	gboolean *without;
	double (*figures)[RULE_MAX_FIGURES];
	WalkRules rules;
	char *text;
};

static gboolean find_rule(const char *name, guint *ret_rule, GError **error)
{
	for (guint i = 0; rules[i]; i++) {
		if (g_str_equal(rules[i]->name, name)) {
			*ret_rule = i;
			return TRUE;
		}
	}
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "there is no rule \"%s\": \"jamlog analyze --rules\" lists them",
		    name);
	return FALSE;
}

/* What a figure counts or measures is never less than nothing; a level in dBm or dB, which is below 0 by itself, may be anything.
 */
static gboolean is_sensible(double value, double usual)
{
	return fabs(value) <= MAX_VALUE && (value >= 0 || usual < 0);
}

/* "RULE.FIGURE=VALUE" */
static gboolean set_figure(Parameters *p, const char *setting, GError **error)
{
	guint rule;
	g_auto(GStrv) sides = g_strsplit(setting, "=", 2);
	g_auto(GStrv) names = g_strsplit(sides[0] ? sides[0] : "", ".", 2);
	if (!sides[0] || !sides[1] || !names[0] || !names[1]) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
			    "--set %s: write RULE.FIGURE=VALUE, such as jamming-blackout.lasts_s=60", setting);
		return FALSE;
	}
	if (!find_rule(names[0], &rule, error))
		return FALSE;
	for (guint i = 0; rules[rule]->figures[i].name; i++) {
		char *end;
		if (!g_str_equal(rules[rule]->figures[i].name, names[1]))
			continue;
		const double value = g_ascii_strtod(sides[1], &end);
		if (end == sides[1] || *end || !isfinite(value)) {
			g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "--set %s: \"%s\" is no number", setting, sides[1]);
			return FALSE;
		}
		if (!is_sensible(value, rules[rule]->figures[i].value)) {
			g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "--set %s: it must be %s and %.0f", setting,
				    rules[rule]->figures[i].value < 0 ? "between -1000000000" : "between 0", MAX_VALUE);
			return FALSE;
		}
		p->figures[rule][i] = value;
		return TRUE;
	}
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
		    "the rule %s has no figure \"%s\": \"jamlog analyze --rules\" lists them", names[0], names[1]);
	return FALSE;
}

static char *make_text(const Parameters *p)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; rules[i]; i++) {
		if (p->without[i])
			g_string_append_printf(text, "without %s\n", rules[i]->name);
		for (guint k = 0; rules[i]->figures[k].name; k++)
			if (p->figures[i][k] < rules[i]->figures[k].value || p->figures[i][k] > rules[i]->figures[k].value)
				g_string_append_printf(text, "%s.%s=%.12g\n", rules[i]->name, rules[i]->figures[k].name,
						       p->figures[i][k]);
	}
	return g_string_free(text, FALSE);
}

Parameters *parameters_new(char *const *without, char *const *set, GError **error)
{
	g_autoptr(Parameters) p = g_new0(Parameters, 1);
	p->without = g_new0(gboolean, rules_count());
	p->figures = g_malloc0_n(rules_count(), sizeof *p->figures);
	p->rules = (WalkRules){p->without, p->figures};
	for (guint i = 0; rules[i]; i++)
		for (guint k = 0; rules[i]->figures[k].name; k++)
			p->figures[i][k] = rules[i]->figures[k].value;
	for (guint i = 0; without && without[i]; i++) {
		guint rule;
		if (!find_rule(without[i], &rule, error))
			return NULL;
		p->without[rule] = TRUE;
	}
	for (guint i = 0; set && set[i]; i++)
		if (!set_figure(p, set[i], error))
			return NULL;
	p->text = make_text(p);
	return g_steal_pointer(&p);
}

void parameters_free(Parameters *p)
{
	if (!p)
		return;
	g_free(p->without);
	g_free(p->figures);
	g_free(p->text);
	g_free(p);
}

const WalkRules *parameters_rules(const Parameters *p)
{
	return &p->rules;
}

const char *parameters_text(const Parameters *p)
{
	return p->text;
}

/* --- for those who only want to know --- */

const AnalysisRule *analysis_rule(guint i)
{
	static AnalysisRule rule;
	static AnalysisFigure figures[RULE_MAX_FIGURES + 1];
	if (i >= rules_count())
		return NULL;
	const Rule *of = rules[i];
	guint n = 0;
	for (; of->figures[n].name; n++)
		figures[n] = (AnalysisFigure){of->figures[n].name, of->figures[n].value, of->figures[n].source};
	figures[n] = (AnalysisFigure){0};
	rule = (AnalysisRule){of->name, of->looks_for, of->sub, of->verdict, of->most, figures};
	return &rule;
}
