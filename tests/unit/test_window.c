/* Medians over the last ten seconds, against a plain computation of them.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/window.h"

#include <stdlib.h>

#define SWEEPS 3000

typedef struct {
	gint64 at_ms, cell;
	double rsrp, rx;
} Row;

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* As moment.h says it. */
static double plain_median(const Row *rows, guint n, gboolean of_cell)
{
	double values[SWEEPS];
	guint count = 0, taken = 0;
	for (guint i = n; i-- > 0 && rows[n - 1].at_ms - rows[i].at_ms < MOMENT_WINDOW_MS && taken++ < WINDOW_SWEEPS;) {
		if (of_cell && rows[i].cell != rows[n - 1].cell)
			break;
		const double value = of_cell ? rows[i].rsrp : rows[i].rx;
		if (!isnan(value))
			values[count++] = value;
	}
	if (count < 2)
		return NAN;
	qsort(values, count, sizeof values[0], compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void assert_same(double got, double wanted)
{
	if (isnan(wanted))
		g_assert_true(isnan(got));
	else
		g_assert_cmpfloat_with_epsilon(got, wanted, 1e-3);
}

static void test_medians(void)
{
	static Row rows[SWEEPS];
	Window window = {0};
	gint64 now = 5000;
	gint64 cell_id = 1;
	for (guint i = 0; i < SWEEPS; i++) {
		const Entry state = {0};
		now += g_test_rand_int_range(0, 20) == 0 ? g_test_rand_int_range(1, 30000) : g_test_rand_int_range(100, 1500);
		if (g_test_rand_int_range(0, 15) == 0)
			cell_id = g_test_rand_int_range(1, 4);
		const Entry cell = {.id = cell_id};
		const double rsrp = g_test_rand_int_range(0, 6) == 0 ? (double)NAN : g_test_rand_int_range(-140, -44);
		const double rx = g_test_rand_int_range(0, 6) == 0 ? (double)NAN : g_test_rand_int_range(-1100, -400) / 10.0;
		rows[i] = (Row){now, cell_id, rsrp, rx};
		Moment m = {.at = {.boot_ms = now},
			    .state = &state,
			    .cell = &cell,
			    .now = {rsrp, NAN, NAN, NAN, rx, NAN},
			    .chain_dbm = {rx, NAN, NAN, NAN}};
		window_add(&window, &m);
		assert_same(m.median.rsrp_dbm, plain_median(rows, i + 1, TRUE));
		assert_same(m.median.rx_dbm, plain_median(rows, i + 1, FALSE));
		assert_same(m.chain_median_dbm[0], plain_median(rows, i + 1, FALSE));
		g_assert_true(isnan(m.median.snr_db) && isnan(m.chain_median_dbm[1]));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/window/medians are those of the valid sweeps of the last ten seconds", test_medians);
	return g_test_run();
}
