/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/window.h"

/* From this one on figures do not depend on which cell serves. */
#define FIRST_OF_RECEIVER 4

static void put(Window *w, const Moment *m)
{
	const guint at = (w->begin + w->n++) % WINDOW_SWEEPS;
	const double all[WINDOW_FIGURES] = {m->now.rsrp_dbm,   m->now.rsrq_db,	  m->now.snr_db,      m->now.rssi_dbm,	m->now.rx_dbm,
					    m->now.tx_dbm,     m->chain_dbm[0],	  m->chain_dbm[1],    m->chain_dbm[2],	m->chain_dbm[3]};
	w->at_ms[at] = m->at.boot_ms;
	w->cell[at] = m->cell->id;
	for (guint i = 0; i < WINDOW_FIGURES; i++)
		w->figure[at][i] = (float)all[i];
}

static void drop_old(Window *w, gint64 now_ms)
{
	while (w->n > 0 && (w->n == WINDOW_SWEEPS || now_ms - w->at_ms[w->begin] >= MOMENT_WINDOW_MS)) {
		w->begin = (w->begin + 1) % WINDOW_SWEEPS;
		w->n--;
	}
}

/* Of n values, which it sorts: n is small. */
static double median(float *values, guint n)
{
	if (n < MOMENT_MIN_VALID)
		return NAN;
	for (guint i = 1; i < n; i++) {
		const float value = values[i];
		guint at = i;
		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
}

static double median_of(const Window *w, guint figure, gint64 cell)
{
	float values[WINDOW_SWEEPS];
	guint n = 0;
	for (guint i = 0; i < w->n; i++) {
		const guint at = (w->begin + i) % WINDOW_SWEEPS;
		if (!isnan(w->figure[at][figure]) && (figure >= FIRST_OF_RECEIVER || w->cell[at] == cell))
			values[n++] = w->figure[at][figure];
	}
	return median(values, n);
}

void window_add(Window *w, Moment *m)
{
	double medians[WINDOW_FIGURES];
	drop_old(w, m->at.boot_ms);
	put(w, m);
	for (guint i = 0; i < WINDOW_FIGURES; i++)
		medians[i] = median_of(w, i, m->cell->id);
	m->median = (Signal){medians[0], medians[1], medians[2], medians[3], medians[4], medians[5]};
	for (guint i = 0; i < 4; i++)
		m->chain_median_dbm[i] = medians[6 + i];
	m->n_valid = 0;
	for (guint i = 0; i < w->n; i++)
		m->n_valid += isnan(w->figure[(w->begin + i) % WINDOW_SWEEPS][0]) ? 0 : 1;
}
