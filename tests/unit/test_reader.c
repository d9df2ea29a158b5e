/* What rules and passes are told of a recording: rows of a real store, in their order.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/reader.h"

#include <glib/gstdio.h>

typedef struct {
	char *folder, *path;
	Store *store;
	Baseline *baseline;
	Reader *reader;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	f->folder = g_dir_make_tmp("jamlog-reader-XXXXXX", &error);
	g_assert_no_error(error);
	f->path = g_build_filename(f->folder, "s.gpkg", NULL);
	Store *built = store_open_write(f->path, &error);
	g_assert_no_error(error);
	g_assert_true(store_finish(built, &error));
	store_free(built);
	f->store = store_open_write(f->path, &error);
	g_assert_true(store_begin(f->store, &error) && store_ensure_results(f->store, &error));
	f->baseline = baseline_new(f->store, &error);
	f->reader = f->baseline ? reader_new(f->store, f->baseline, FALSE, &error) : NULL;
	g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data)
{
	(void)data;
	reader_free(f->reader);
	baseline_free(f->baseline);
	store_free(f->store);
	g_unlink(f->path);
	g_rmdir(f->folder);
	g_free(f->path);
	g_free(f->folder);
}

static void exec(Fixture *f, const char *sql)
{
	g_autoptr(GError) error = NULL;
	store_exec(f->store, sql, &error);
	g_assert_no_error(error);
}

static void begin(Fixture *f, gint64 recording, gboolean sweeps_only)
{
	g_autoptr(GError) error = NULL;
	reader_begin(f->reader, recording, sweeps_only, &error);
	g_assert_no_error(error);
}

/* NULL: behind the last. */
static const ReaderItem *next(Fixture *f)
{
	const ReaderItem *item;
	g_autoptr(GError) error = NULL;
	reader_next(f->reader, &item, &error);
	g_assert_no_error(error);
	return item;
}

/* The number of the row within its recording, and the mode of the fix. */
static void assert_fix(Fixture *f, gint64 number, gboolean has_mode, FixMode mode)
{
	const ReaderItem *item = next(f);
	g_assert_nonnull(item);
	g_assert_false(item->is_sweep);
	g_assert_cmpint(item->seen.at.id & 0xffffffff, ==, number);
	g_assert_cmpint(item->seen.observation->kind, ==, OBSERVATION_FIX);
	g_assert_cmpint(FIX_HAS(item->seen.observation, mode), ==, has_mode);
	if (has_mode)
		g_assert_cmpint(item->seen.observation->fix.mode, ==, mode);
}

static void test_a_fix_is_told_when_its_sources_mode_changes(Fixture *f, gconstpointer data)
{
	(void)data;
	exec(f,
	     "INSERT INTO fix (id, boottime_ms, source, mode) VALUES"
	     " ((1<<32)+1, 1000, 1, '3d'), ((1<<32)+2, 1000, 2, 'none'), ((1<<32)+3, 2000, 1, '3d'), ((1<<32)+4, 2000, 2, 'none'),"
	     " ((1<<32)+5, 3000, 1, 'none'), ((1<<32)+6, 3000, 2, 'none'), ((1<<32)+7, 4000, 1, NULL), ((1<<32)+8, 5000, 1, NULL),"
	     " ((1<<32)+9, 6000, 1, '2d'), ((2<<32)+1, 1000, 1, '2d')");
	begin(f, 1, FALSE);
	assert_fix(f, 1, TRUE, FIX_MODE_3D);
	assert_fix(f, 2, TRUE, FIX_MODE_NONE);
	assert_fix(f, 5, TRUE, FIX_MODE_NONE);
	assert_fix(f, 7, FALSE, FIX_MODE_NONE);
	assert_fix(f, 9, TRUE, FIX_MODE_2D);
	g_assert_null(next(f));
	begin(f, 2, FALSE); /* the first of a recording is always told */
	assert_fix(f, 1, TRUE, FIX_MODE_2D);
	g_assert_null(next(f));
}

#define SWEEP \
	"INSERT INTO radio (id, boottime_ms, source, utc_ms, utc_error_ms, position, position_error_dm, state, cell, rx0_cdbm, " \
	"rx1_cdbm)"

static void test_zero_is_a_figure_and_null_is_none(Fixture *f, gconstpointer data)
{
	(void)data;
	exec(f, SWEEP " VALUES ((1<<32)+1, 1000, 1, 0, 40, 1, 0, 1, 1, 0, NULL), ((1<<32)+2, 2000, 1, NULL, NULL, 0, NULL, 1, 1, "
		      "NULL, -9050)");
	begin(f, 1, FALSE);
	Moment m = next(f)->moment;
	g_assert_true(m.at.dated);
	g_assert_cmpint(m.at.utc_error_ms, ==, 40);
	g_assert_cmpfloat(m.at.position_error_m, ==, 0);
	g_assert_cmpfloat(m.chain_dbm[0], ==, 0);
	g_assert_true(isnan(m.chain_dbm[1]) && isnan(m.now.tx_dbm));
	g_assert_cmpfloat(m.now.rx_dbm, ==, 0);
	m = next(f)->moment;
	g_assert_false(m.at.dated);
	g_assert_true(isnan(m.at.position_error_m) && isnan(m.chain_dbm[0]));
	g_assert_cmpfloat_with_epsilon(m.now.rx_dbm, -90.5, 1e-9);
	g_assert_null(next(f));
}

static void test_passes_see_the_sweeps_and_nothing_else(Fixture *f, gconstpointer data)
{
	(void)data;
	exec(f, SWEEP " VALUES ((1<<32)+2, 1000, 1, 5, 40, 1, 0, 1, 1, -8000, -9000)");
	exec(f, "INSERT INTO fix (id, boottime_ms, source, mode) VALUES ((1<<32)+1, 1000, 1, '3d'), ((1<<32)+3, 2000, 1, 'none')");
	begin(f, 1, TRUE);
	const ReaderItem *item = next(f);
	g_assert_true(item && item->is_sweep);
	g_assert_cmpint(item->moment.at.utc_ms, ==, 5);
	g_assert_cmpfloat_with_epsilon(item->moment.now.rx_dbm, -80, 1e-9);
	g_assert_null(next(f));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/reader/a_fix_is_told_when_its_sources_mode_changes", Fixture, NULL, set_up,
		   test_a_fix_is_told_when_its_sources_mode_changes, tear_down);
	g_test_add("/reader/zero_is_a_figure_and_null_is_none", Fixture, NULL, set_up, test_zero_is_a_figure_and_null_is_none,
		   tear_down);
	g_test_add("/reader/passes_see_the_sweeps_and_nothing_else", Fixture, NULL, set_up,
		   test_passes_see_the_sweeps_and_nothing_else, tear_down);
	return g_test_run();
}
