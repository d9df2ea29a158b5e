/* Asking what a place is like. An answer holds for a while: until a pass of the same recording comes too near in time, or is far
 * enough behind. With that while it is kept in a cache of bounded size.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline.h"

#include "analysis/baseline_tables.h"

#include <stdlib.h>

#define CACHE_SLOTS 4096
/* Passes of one cell in one place that are heard; those of the newest recordings, where there are more. */
#define MAX_PASSES 1000

typedef struct {
	gint64 place, cell, recording; /* cell 0: free */
	gint64 from_ms, until_ms; /* BOOTTIME of that recording in which it holds; until_ms not included */
	CellBaseline cell_base;
	PlaceBaseline place_base;
} Answer;

/* One row of baseline_pass or baseline_given. */
typedef struct {
	guint passes, served, broadband, narrowband;
	gint32 figure[BASELINE_FIGURES];
	gint32 spread[BASELINE_SPREADS]; /* 0 of a single pass */
} Witness;

struct Baseline {
	Store *store;
	BaselineKeys *keys;
	BaselineMaking *making;
	sqlite3_stmt *find_passes, *find_given; /* find_given NULL: nothing was given */
	GArray *witnesses;
	BaselineVoice *voices; /* room for all witnesses */
	Answer cache[CACHE_SLOTS];
};

static int compare_voices(const void *a, const void *b)
{
	const BaselineVoice *one = a, *other = b;
	return one->value < other->value ? -1 : one->value > other->value;
}

static void sort_voices(BaselineVoice *voices, guint n)
{
	if (n > 16) {
		qsort(voices, n, sizeof *voices, compare_voices);
		return;
	}
	for (guint i = 1; i < n; i++) {
		const BaselineVoice voice = voices[i];
		guint at = i;
		for (; at > 0 && voices[at - 1].value > voice.value; at--)
			voices[at] = voices[at - 1];
		voices[at] = voice;
	}
}

static gint32 voice_at(const BaselineVoice *voices, guint64 n)
{
	guint i = 0;
	while (n >= voices[i].weight)
		n -= voices[i++].weight;
	return voices[i].value;
}

gint32 baseline_median(BaselineVoice *voices, guint n)
{
	guint64 total = 0;
	sort_voices(voices, n);
	for (guint i = 0; i < n; i++)
		total += voices[i].weight;
	return total == 0 ? BASELINE_NO_FIGURE : (voice_at(voices, (total - 1) / 2) + voice_at(voices, total / 2)) / 2;
}

gint32 baseline_column_figure(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt, column) == SQLITE_NULL ? BASELINE_NO_FIGURE : sqlite3_column_int(stmt, column);
}

/* --- life --- */

static sqlite3_stmt *prepare_given(Store *store, GError **error)
{
	return store_prepare(store,
			     "SELECT passes, served, broadband, narrowband, " BASELINE_FIGURE_COLUMNS ", " BASELINE_SPREAD_COLUMNS
			     " FROM baseline_given WHERE place=? AND cell=?",
			     error);
}

static gboolean any_given(Store *store, gboolean *ret_any, GError **error)
{
	g_autoptr(StoreStatement) stmt = store_prepare(store, "SELECT 1 FROM baseline_given LIMIT 1", error);
	return stmt && store_step(store, stmt, ret_any, error);
}

Baseline *baseline_new(Store *store, GError **error)
{
	gboolean given;
	g_autoptr(Baseline) baseline = g_new0(Baseline, 1);
	baseline->store = store;
	baseline->witnesses = g_array_new(FALSE, FALSE, sizeof(Witness));
	baseline->keys = baseline_keys_new(store, error);
	if (!baseline->keys || !any_given(store, &given, error))
		return NULL;
	baseline->making = baseline_making_new(store, baseline->keys);
	baseline->find_passes =
		store_prepare(store,
			      "SELECT recording, start_boottime_ms, end_boottime_ms, sweeps, served, broadband,"
			      " narrowband, " BASELINE_FIGURE_COLUMNS ", utc_offset_ms FROM baseline_pass WHERE place=? AND cell=?"
			      " ORDER BY recording DESC LIMIT " G_STRINGIFY(MAX_PASSES),
			      error);
	if (!baseline->find_passes || (given && !(baseline->find_given = prepare_given(store, error))))
		return NULL;
	return g_steal_pointer(&baseline);
}

void baseline_free(Baseline *baseline)
{
	if (!baseline)
		return;
	baseline_making_free(baseline->making);
	baseline_keys_free(baseline->keys);
	sqlite3_finalize(baseline->find_passes);
	sqlite3_finalize(baseline->find_given);
	g_array_unref(baseline->witnesses);
	g_free(baseline->voices);
	g_free(baseline);
}

gboolean baseline_set_keys(Baseline *baseline, Entry *cell, gboolean enter, GError **error)
{
	return baseline_keys_of_cell(baseline->keys, cell, enter, error);
}

gboolean baseline_network(Baseline *baseline, const char *plmn, gint64 *ret_key, GError **error)
{
	return baseline_key(baseline->keys, plmn, FALSE, ret_key, error);
}

gboolean baseline_begin(Baseline *baseline, gint64 recording, GError **error)
{
	return baseline_making_begin(baseline->making, recording, error);
}

gboolean baseline_add(Baseline *baseline, const Moment *m, GError **error)
{
	return baseline_making_add(baseline->making, m, error);
}

gboolean baseline_end(Baseline *baseline, GError **error)
{
	memset(baseline->cache, 0, sizeof baseline->cache);
	return baseline_making_end(baseline->making, error);
}

/* --- passes of one cell in one place --- */

#define PASS_UTC_OFFSET (7 + BASELINE_FIGURES)

/* Whether this pass is too near in time to `at_ms` to vouch for it; narrows the while of the answer to where that stays so. */
static gboolean is_near(Answer *answer, gint64 start_ms, gint64 end_ms, gint64 at_ms)
{
	const gint64 near_from_ms = start_ms - BASELINE_APART_MS + 1, near_until_ms = end_ms + BASELINE_APART_MS;
	if (at_ms < near_from_ms) {
		answer->until_ms = MIN(answer->until_ms, near_from_ms);
		return FALSE;
	}
	if (at_ms >= near_until_ms) {
		answer->from_ms = MAX(answer->from_ms, near_until_ms);
		return FALSE;
	}
	answer->from_ms = MAX(answer->from_ms, near_from_ms);
	answer->until_ms = MIN(answer->until_ms, near_until_ms);
	return TRUE;
}

/* What is to be added to a pass' BOOTTIME to get that of the moment: nothing in one recording, by UTC where both are dated. */
static gboolean compare_clocks(const Answer *answer, sqlite3_stmt *stmt, const When *at, gint64 *ret_add_ms)
{
	*ret_add_ms = 0;
	if (sqlite3_column_int64(stmt, 0) == answer->recording)
		return TRUE;
	*ret_add_ms = sqlite3_column_int64(stmt, PASS_UTC_OFFSET) - (at->utc_ms - at->boot_ms);
	return at->dated && sqlite3_column_type(stmt, PASS_UTC_OFFSET) != SQLITE_NULL;
}

static void read_pass(Baseline *baseline, Answer *answer, const When *at)
{
	sqlite3_stmt *stmt = baseline->find_passes;
	Witness w = {.passes = 1};
	gint64 add_ms;
	if (compare_clocks(answer, stmt, at, &add_ms) &&
	    is_near(answer, sqlite3_column_int64(stmt, 1) + add_ms, sqlite3_column_int64(stmt, 2) + add_ms, at->boot_ms))
		return;
	const gint64 sweeps = sqlite3_column_int64(stmt, 3);
	w.served = sqlite3_column_int64(stmt, 4) * 2 > sweeps;
	w.broadband = sqlite3_column_int64(stmt, 5) * 2 > sweeps;
	w.narrowband = sqlite3_column_int64(stmt, 6) * 2 > sweeps;
	for (guint i = 0; i < BASELINE_FIGURES; i++)
		w.figure[i] = baseline_column_figure(stmt, 7 + (int)i);
	g_array_append_val(baseline->witnesses, w);
}

static void read_given(Baseline *baseline)
{
	sqlite3_stmt *stmt = baseline->find_given;
	Witness w = {.passes = (guint)sqlite3_column_int64(stmt, 0),
		     .served = (guint)sqlite3_column_int64(stmt, 1),
		     .broadband = (guint)sqlite3_column_int64(stmt, 2),
		     .narrowband = (guint)sqlite3_column_int64(stmt, 3)};
	for (guint i = 0; i < BASELINE_FIGURES; i++)
		w.figure[i] = baseline_column_figure(stmt, 4 + (int)i);
	for (guint i = 0; i < BASELINE_SPREADS; i++)
		w.spread[i] = sqlite3_column_int(stmt, 4 + BASELINE_FIGURES + (int)i);
	g_array_append_val(baseline->witnesses, w);
}

static gboolean read_witnesses(Baseline *baseline, Answer *answer, const When *at, GError **error)
{
	gboolean row = TRUE, ok = TRUE;
	sqlite3_stmt *const stmts[] = {baseline->find_passes, baseline->find_given};
	g_array_set_size(baseline->witnesses, 0);
	for (guint i = 0; i < G_N_ELEMENTS(stmts) && stmts[i] && ok; i++) {
		sqlite3_bind_int64(stmts[i], 1, answer->place);
		sqlite3_bind_int64(stmts[i], 2, answer->cell);
		while ((ok = store_step(baseline->store, stmts[i], &row, error)) && row) {
			if (i == 0)
				read_pass(baseline, answer, at);
			else
				read_given(baseline);
		}
		sqlite3_reset(stmts[i]);
	}
	baseline->voices = g_renew(BaselineVoice, baseline->voices, baseline->witnesses->len);
	return ok;
}

/* --- the answer --- */

static double plain(gint32 hundredths)
{
	return hundredths == BASELINE_NO_FIGURE ? NAN : hundredths / 100.0;
}

static gint32 median_figure(Baseline *baseline, BaselineFigure figure)
{
	guint n = 0;
	for (guint i = 0; i < baseline->witnesses->len; i++) {
		const Witness *w = &g_array_index(baseline->witnesses, Witness, i);
		if (w->figure[figure] != BASELINE_NO_FIGURE)
			baseline->voices[n++] = (BaselineVoice){w->figure[figure], w->passes};
	}
	return baseline_median(baseline->voices, n);
}

/* Median absolute deviation. What was given is a median itself: half of its passes are further off than its own spread. */
static gint32 spread_figure(Baseline *baseline, BaselineFigure figure, gint32 median)
{
	guint n = 0;
	for (guint i = 0; i < baseline->witnesses->len; i++) {
		const Witness *w = &g_array_index(baseline->witnesses, Witness, i);
		if (w->figure[figure] != BASELINE_NO_FIGURE)
			baseline->voices[n++] = (BaselineVoice){MAX(ABS(w->figure[figure] - median), w->spread[figure]), w->passes};
	}
	return baseline_median(baseline->voices, n);
}

static void sum_up(Baseline *baseline, Answer *answer)
{
	gint32 median[BASELINE_FIGURES], spread[BASELINE_SPREADS];
	PlaceBaseline place = {0};
	for (guint i = 0; i < baseline->witnesses->len; i++) {
		const Witness *w = &g_array_index(baseline->witnesses, Witness, i);
		place.passes += w->passes;
		place.served += w->served;
		place.broadband += w->broadband;
		place.narrowband += w->narrowband;
	}
	for (guint i = 0; i < BASELINE_FIGURES; i++)
		median[i] = median_figure(baseline, i);
	for (guint i = 0; i < BASELINE_SPREADS; i++)
		spread[i] = spread_figure(baseline, i, median[i]);
	place.rx_dbm = plain(median[FIGURE_RX]);
	place.rsrp_dbm = plain(median[FIGURE_RSRP]);
	answer->place_base = place;
	answer->cell_base = (CellBaseline){
		.passes = place.passes,
		.median = {plain(median[FIGURE_RSRP]), plain(median[FIGURE_RSRQ]), plain(median[FIGURE_SNR]),
			   plain(median[FIGURE_RSSI]), plain(median[FIGURE_RX]), plain(median[FIGURE_TX])},
		.rsrp_spread_db = plain(spread[FIGURE_RSRP]),
		.rsrq_spread_db = plain(spread[FIGURE_RSRQ]),
		.snr_spread_db = plain(spread[FIGURE_SNR]),
	};
}

static const Answer nothing = {
	.cell_base = {0, {NAN, NAN, NAN, NAN, NAN, NAN}, NAN, NAN, NAN},
	.place_base = {.rx_dbm = NAN, .rsrp_dbm = NAN},
};

/* NULL on error. */
static const Answer *answer(Baseline *baseline, Tile tile, gint64 cell, gint64 recording, const When *at, GError **error)
{
	if (tile == TILE_NONE || cell == 0)
		return &nothing;
	const guint64 mixed = ((guint64)tile ^ (guint64)cell << 40 ^ (guint64)cell >> 24) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
	Answer *slot = &baseline->cache[(mixed >> 32) % CACHE_SLOTS];
	if (slot->cell == cell && slot->place == tile && slot->recording == recording && at->boot_ms >= slot->from_ms &&
	    at->boot_ms < slot->until_ms)
		return slot;
	*slot = (Answer){.place = tile, .cell = cell, .recording = recording, .from_ms = G_MININT64, .until_ms = G_MAXINT64};
	if (!read_witnesses(baseline, slot, at, error)) {
		slot->cell = 0;
		return NULL;
	}
	sum_up(baseline, slot);
	return slot;
}

gboolean baseline_ask(Baseline *baseline, gint64 recording, Moment *m, GError **error)
{
	const Answer *of_cell = answer(baseline, m->tile, m->cell ? m->cell->key : 0, recording, &m->at, error);
	if (!of_cell)
		return FALSE;
	m->cell_base = of_cell->cell_base;
	const Answer *of_network = answer(baseline, m->tile, m->modem->network, recording, &m->at, error);
	if (!of_network)
		return FALSE;
	m->place_base = of_network->place_base;
	return TRUE;
}

gboolean baseline_any(Baseline *baseline, gboolean *ret_any, GError **error)
{
	/* Own passes first: where there are enough, the search ends soon. */
	static const char *const questions[] = {
		"SELECT 1 FROM baseline_pass GROUP BY place, cell HAVING count(*)>=" G_STRINGIFY(BASELINE_MIN_PASSES) " LIMIT 1",
		"SELECT 1 FROM baseline_given g WHERE passes+(SELECT count(*) FROM baseline_pass p WHERE p.place=g.place AND "
		"p.cell=g.cell)"
		">=" G_STRINGIFY(BASELINE_MIN_PASSES) " LIMIT 1",
	};
	*ret_any = FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(questions) && !*ret_any; i++) {
		g_autoptr(StoreStatement) stmt = store_prepare(baseline->store, questions[i], error);
		if (!stmt || !store_step(baseline->store, stmt, ret_any, error))
			return FALSE;
	}
	return TRUE;
}
