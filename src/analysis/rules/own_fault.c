/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/rule.h"

static const RuleFigure figures[] = {{"lasts_s", 30, "verdicts.md"}, {NULL, 0, NULL}};

static void describe(RuleContext *c, Finding *f)
{
	(void)c;
	(void)f;
}

const Rule rule_own_fault = {
	.name = "own-fault",
	.looks_for = "",
	.verdict = VERDICT_OWN_FAULT,
	.sub = NULL,
	.most = CONFIDENCE_MEDIUM,
	.witness = 0,
	.figures = figures,
	.describe = describe,
};
