/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/rule.h"

static const RuleFigure figures[] = {{"lasts_s", 30, "verdicts.md"}, {NULL, 0, NULL}};

static void describe(RuleContext *c, Finding *f)
{
	(void)c;
	(void)f;
}

const Rule rule_cells_off = {
	.name = "cells-off",
	.looks_for = "",
	.verdict = VERDICT_CELLS_OFF,
	.sub = NULL,
	.most = CONFIDENCE_MEDIUM,
	.witness = WITNESS_OTHER_OPERATOR | WITNESS_GNSS,
	.figures = figures,
	.describe = describe,
};
