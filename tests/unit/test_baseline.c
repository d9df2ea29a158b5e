/* What a place was like: passes as they are made in a real store, and what is answered from them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline.h"

#include <glib/gstdio.h>
#include <stdlib.h>

#define HOUR_MS G_GINT64_CONSTANT(3600000)
#define DAY_MS  (24 * HOUR_MS)

typedef struct {
	char *folder, *path;
	Store *store;
	Baseline *baseline;
	Modem modem;
	Entry served, none, off;
	Entry cell, other_cell, gsm_cell;
	gint64 recording;
} Fixture;

static Entry make_cell(Rat rat, guint32 arfcn, guint16 pci)
{
	Entry cell = {.fields = {.rat = (guint8)rat, .arfcn = arfcn, .pci = pci, .mcc = "257", .mnc = "01"}};
	cell.present = OBSERVATION_BIT(RADIO_ID_rat) | OBSERVATION_BIT(RADIO_ID_arfcn) | OBSERVATION_BIT(RADIO_ID_pci) |
		       OBSERVATION_BIT(RADIO_ID_mcc) | OBSERVATION_BIT(RADIO_ID_mnc);
	return cell;
}

static void enter(Fixture *f, Entry *cell)
{
	g_autoptr(GError) error = NULL;
	baseline_set_keys(f->baseline, cell, TRUE, &error);
	g_assert_no_error(error);
}

static void set_up(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	f->folder = g_dir_make_tmp("jamlog-baseline-XXXXXX", &error);
	g_assert_no_error(error);
	f->path = g_build_filename(f->folder, "s.gpkg", NULL);
	Store *built = store_open_write(f->path, &error);
	g_assert_no_error(error);
	g_assert_true(store_finish(built, &error));
	store_free(built);
	f->store = store_open_write(f->path, &error);
	g_assert_true(store_begin(f->store, &error) && store_ensure_results(f->store, &error));
	f->baseline = baseline_new(f->store, &error);
	g_assert_no_error(error);
	f->modem = (Modem){.source = 1, .home = "257-01", .fault_until_ms = G_MININT64};
	f->served = (Entry){.service = SERVICE_STATE_SERVED};
	f->none = (Entry){.service = SERVICE_STATE_NONE};
	f->off = (Entry){.service = SERVICE_STATE_OFF};
	f->cell = make_cell(RAT_LTE, 1300, 101);
	f->other_cell = make_cell(RAT_LTE, 1300, 102);
	f->gsm_cell = make_cell(RAT_GSM, 70, 12);
	enter(f, &f->cell);
	enter(f, &f->other_cell);
	enter(f, &f->gsm_cell);
	f->modem.network = f->cell.network;
}

static void tear_down(Fixture *f, gconstpointer data)
{
	(void)data;
	baseline_free(f->baseline);
	store_free(f->store);
	g_unlink(f->path);
	g_rmdir(f->folder);
	g_free(f->path);
	g_free(f->folder);
}

G_GNUC_UNUSED static gint64 one(Fixture *f, const char *sql)
{
	g_autoptr(GError) error = NULL;
	gboolean row;
	g_autoptr(StoreStatement) stmt = store_prepare(f->store, sql, &error);
	g_assert_no_error(error);
	g_assert_true(store_step(f->store, stmt, &row, &error) && row);
	return sqlite3_column_int64(stmt, 0);
}

static const Signal unheard = {NAN, NAN, NAN, NAN, NAN, NAN};

static Moment moment(Fixture *f, gint64 boot_ms, Tile tile)
{
	return (Moment){.at = {.boot_ms = boot_ms}, .modem = &f->modem, .state = &f->served, .cell = &f->cell, .now = unheard,
			.tile = tile};
}

static void begin(Fixture *f, gint64 recording)
{
	g_autoptr(GError) error = NULL;
	f->recording = recording;
	baseline_begin(f->baseline, recording, &error);
	g_assert_no_error(error);
}

static void add(Fixture *f, const Moment *m)
{
	g_autoptr(GError) error = NULL;
	baseline_add(f->baseline, m, &error);
	g_assert_no_error(error);
}

static void end(Fixture *f)
{
	g_autoptr(GError) error = NULL;
	baseline_end(f->baseline, &error);
	g_assert_no_error(error);
}

static void ask(Fixture *f, Moment *m)
{
	g_autoptr(GError) error = NULL;
	baseline_ask(f->baseline, f->recording, m, &error);
	g_assert_no_error(error);
}

/* A million sweeps, ten in each tile, there and back: what making and asking cost. */
static void test_speed(Fixture *f, gconstpointer data)
{
	const guint n = 1000000, tiles = 50000;
	(void)data;
	g_test_timer_start();
	begin(f, 1);
	for (guint i = 0; i < n; i++) {
		const guint at = i / 10 % (2 * tiles), tile = at < tiles ? at : 2 * tiles - 1 - at;
		Moment m = moment(f, (gint64)i * 1000, 90000000 + tile);
		m.now = (Signal){-90 - (int)(i % 7), -9 - (int)(i % 4), 12.2 - (int)(i % 9) * 0.2, -65 - (int)(i % 5), -64.3 - (int)(i % 11) * 0.1,
				 NAN};
		add(f, &m);
	}
	end(f);
	const double made_s = g_test_timer_elapsed();
	guint with = 0;
	for (guint i = 0; i < n; i++) {
		const guint at = i / 10 % (2 * tiles), tile = at < tiles ? at : 2 * tiles - 1 - at;
		Moment m = moment(f, (gint64)i * 1000, 90000000 + tile);
		ask(f, &m);
		with += m.cell_base.passes > 0;
	}
	const double all_s = g_test_timer_elapsed();
	g_test_message("making %.3f s, asking %.3f s, %u sweeps with a baseline", made_s, all_s - made_s, with);
	g_test_minimized_result(all_s, "%.3f s for 1000000 sweeps", all_s);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/baseline/" name, Fixture, NULL, set_up, function, tear_down)
	if (g_test_perf())
		ADD("speed", test_speed);
	return g_test_run();
}
