/* baseline.h - what a place is like on ordinary days, so that a sweep is compared with the same cell at the same place.
 *
 * A place is a zoom-18 tile; what is compared is keyed by PLMN + RAT + ARFCN + PCI there (by cell identity where a foreign log has
 * no ARFCN), and by PLMN alone for what the whole network is like. A pass is one visit: sweeps of one modem in one tile, with no
 * more than BASELINE_GAP_MS between two of them. Of each pass the table `baseline_pass` keeps its medians; of a place, the median
 * over passes counts, so that one bad hour (a jammer, a fault) is one voice. A pass never vouches for itself: passes of any modem
 * that ended less than BASELINE_APART_MS before, or began less than that after the moment asked for, are left out, in any recording
 * (by BOOTTIME in the same one, by UTC in others; where a time of day is not known, passes of other recordings count).
 *
 * What other teams gave (analysis_baseline_import) stands in `baseline_given` and counts with the number of passes that it has.
 * Sweeps of the modem's or the person's own fault (airplane mode, no SIM) are no pass.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/moment.h"

#define BASELINE_GAP_MS 120000
#define BASELINE_APART_MS 1800000
/* Passes that make a baseline (verdicts.md). */
#define BASELINE_MIN_PASSES 3
/* Sweeps that make a pass. */
#define BASELINE_MIN_SWEEPS 2

typedef struct Baseline Baseline;

Baseline *baseline_new(Store *store, GError **error);
void baseline_free(Baseline *baseline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Baseline, baseline_free)

/* The keys of a cell entry: entered in `baseline_cell` where `enter`, else 0 where they are not there. Sets cell->network, key and
 * plmn. */
gboolean baseline_set_keys(Baseline *baseline, Entry *cell, gboolean enter, GError **error);
/* The key of a network by its PLMN; 0 where no pass has it. */
gboolean baseline_network(Baseline *baseline, const char *plmn, gint64 *ret_key, GError **error);

/* --- making passes, one recording at a time --- */

/* Takes the place of all passes of that recording. */
gboolean baseline_begin(Baseline *baseline, gint64 recording, GError **error);
/* One sweep, in order; `m` needs at, modem (home, network), state, cell, now, tile. Sweeps without a tile are passed over. */
gboolean baseline_add(Baseline *baseline, const Moment *m, GError **error);
/* Writes the passes. The tiles whose baseline changed are entered into the temporary table `touched (place, cell)`. */
gboolean baseline_end(Baseline *baseline, GError **error);

/* --- asking --- */

/* Fills m->cell_base and m->place_base from m->tile, m->cell->key, m->modem->network. Answers are kept in a small cache: many
 * sweeps in one tile cost one look-up. */
gboolean baseline_ask(Baseline *baseline, gint64 recording, Moment *m, GError **error);
/* Whether any place has BASELINE_MIN_PASSES. */
gboolean baseline_any(Baseline *baseline, gboolean *ret_any, GError **error);
