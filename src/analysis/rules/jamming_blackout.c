/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/rule.h"

static const RuleFigure figures[] = {{"lasts_s", 30, "verdicts.md"}, {NULL, 0, NULL}};

static void describe(RuleContext *c, Finding *f)
{
	(void)c;
	(void)f;
}

const Rule rule_jamming_blackout = {
	.name = "jamming-blackout",
	.looks_for = "",
	.verdict = VERDICT_JAMMING,
	.sub = "blackout",
	.most = CONFIDENCE_MEDIUM,
	.witness = WITNESS_RAISES,
	.figures = figures,
	.describe = describe,
};
