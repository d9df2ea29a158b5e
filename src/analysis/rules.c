/* The table of all rules: to add one, write its file in rules/ and its line here.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/rule.h"

/* In the order of the gates: what comes first explains what comes later. */
#define RULES(R) \
	R(own_fault) \
	R(jamming_blackout) \
	R(jamming_degraded) R(jamming_narrow) R(jamming_uplink) R(cells_off) R(no_coverage) R(gnss_jam) R(fake_cell) R(barred) \
		R(rejected) R(downgrade) R(data_cut) R(blocked) R(throttled) R(congestion) R(undetermined)

#define DECLARE(name) extern const Rule rule_##name;
RULES(DECLARE)

#define LIST(name) &rule_##name,
const Rule *const rules[] = {RULES(LIST) NULL};

guint rules_count(void)
{
	return G_N_ELEMENTS(rules) - 1;
}
