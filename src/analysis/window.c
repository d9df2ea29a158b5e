/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/window.h"

/* From this one on figures do not depend on which cell serves. */
#define FIRST_OF_RECEIVER 4

static guint place_of(const Window *w, guint figure, float value)
{
	guint at = 0;
	for (guint i = 0; i < w->n_sorted[figure]; i++) /* to the end: cheaper than to guess where to stop */
		at += w->sorted[figure][i] < value;
	return at;
}

static void insert(Window *w, guint figure, float value)
{
	const guint at = place_of(w, figure, value);
	float *sorted = w->sorted[figure];
	memmove(sorted + at + 1, sorted + at, (w->n_sorted[figure] - at) * sizeof *sorted);
	sorted[at] = value;
	w->n_sorted[figure]++;
}

static void remove_value(Window *w, guint figure, float value)
{
	const guint at = place_of(w, figure, value);
	float *sorted = w->sorted[figure];
	w->n_sorted[figure]--;
	memmove(sorted + at, sorted + at + 1, (w->n_sorted[figure] - at) * sizeof *sorted);
}

static void drop_oldest(Window *w)
{
	for (guint i = 0; i < WINDOW_FIGURES; i++)
		if (!isnan(w->figure[w->begin][i]))
			remove_value(w, i, w->figure[w->begin][i]);
	w->begin = (w->begin + 1) % WINDOW_SWEEPS;
	w->n--;
}

/* Another cell serves: what the last one's signal was is no part of this one's. */
static void change_cell(Window *w, gint64 cell)
{
	for (guint i = 0; i < FIRST_OF_RECEIVER; i++) {
		w->n_sorted[i] = 0;
		for (guint k = 0; k < WINDOW_SWEEPS; k++)
			w->figure[k][i] = NAN;
	}
	w->cell = cell;
}

static void put(Window *w, const Moment *m)
{
	const guint at = (w->begin + w->n++) % WINDOW_SWEEPS;
	const double all[WINDOW_FIGURES] = {m->now.rsrp_dbm, m->now.rsrq_db,  m->now.snr_db,   m->now.rssi_dbm, m->now.rx_dbm,
					    m->now.tx_dbm,   m->chain_dbm[0], m->chain_dbm[1], m->chain_dbm[2], m->chain_dbm[3]};
	w->at_ms[at] = m->at.boot_ms;
	for (guint i = 0; i < WINDOW_FIGURES; i++) {
		w->figure[at][i] = (float)all[i];
		if (!isnan(all[i]))
			insert(w, i, (float)all[i]);
	}
}

static double median(const Window *w, guint figure)
{
	const guint n = w->n_sorted[figure];
	const float *sorted = w->sorted[figure];
	if (n < MOMENT_MIN_VALID)
		return NAN;
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0;
}

void window_add(Window *w, Moment *m)
{
	while (w->n > 0 && (w->n == WINDOW_SWEEPS || m->at.boot_ms - w->at_ms[w->begin] >= MOMENT_WINDOW_MS))
		drop_oldest(w);
	if (m->cell->id != w->cell)
		change_cell(w, m->cell->id);
	put(w, m);
	m->median = (Signal){median(w, 0), median(w, 1), median(w, 2), median(w, 3), median(w, 4), median(w, 5)};
	for (guint i = 0; i < 4; i++)
		m->chain_median_dbm[i] = median(w, 6 + i);
	m->n_valid = w->n_sorted[0];
}
