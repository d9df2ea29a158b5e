/* What a place was like: passes as they are made in a real store, and what is answered from them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline.h"

#include <glib/gstdio.h>
#include <stdlib.h>

#define HOUR_MS G_GINT64_CONSTANT(3600000)
#define DAY_MS (24 * HOUR_MS)

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

static gint64 one(Fixture *f, const char *sql)
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
	return (Moment){.at = {.boot_ms = boot_ms},
			.modem = &f->modem,
			.state = &f->served,
			.cell = &f->cell,
			.now = unheard,
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

/* `n` sweeps a second apart, with this RSRP. */
static void stay(Fixture *f, gint64 boot_ms, Tile tile, guint n, double rsrp_dbm)
{
	for (guint i = 0; i < n; i++) {
		Moment m = moment(f, boot_ms + i * 1000, tile);
		m.now.rsrp_dbm = rsrp_dbm;
		add(f, &m);
	}
}

/* A whole recording with one pass in each of the tiles 1 to `tiles`. */
static void record_pass(Fixture *f, gint64 recording, guint tiles, double rsrp_dbm)
{
	begin(f, recording);
	for (guint i = 0; i < tiles; i++)
		stay(f, i * 10000, 1 + i, 5, rsrp_dbm);
	end(f);
}

static void test_keys_need_a_whole_identity(Fixture *f, gconstpointer data)
{
	(void)data;
	Entry cell = make_cell(RAT_LTE, 1300, 101);
	enter(f, &cell);
	g_assert_cmpint(cell.key, ==, f->cell.key);
	g_assert_cmpint(cell.network, ==, f->gsm_cell.network);
	g_assert_cmpint(cell.key, !=, f->other_cell.key);
	g_assert_cmpstr(cell.plmn, ==, "257-01");
	g_assert_cmpint(
		one(f, "SELECT count(*) FROM baseline_cell WHERE key IN ('257-01 lte 1300 101','257-01 gsm 70 12','257-01')"), ==,
		3);
	cell.fields.mnc[2] = '1'; /* "01" is not "011" */
	enter(f, &cell);
	g_assert_cmpstr(cell.plmn, ==, "257-011");
	g_assert_cmpint(cell.key, !=, f->cell.key);
	cell = make_cell(RAT_LTE, 1300, 101);
	cell.present &= ~OBSERVATION_BIT(RADIO_ID_arfcn);
	enter(f, &cell);
	g_assert_cmpint(cell.key, ==, 0);
	g_assert_cmpint(cell.network, ==, f->cell.network);
	cell.fields.cell_id = 123456;
	cell.present |= OBSERVATION_BIT(RADIO_ID_cell_id);
	enter(f, &cell);
	g_assert_cmpint(one(f, "SELECT id FROM baseline_cell WHERE key='257-01 lte cell 123456'"), ==, cell.key);
	g_strlcpy(cell.fields.mcc, "2,7", sizeof cell.fields.mcc);
	enter(f, &cell);
	g_assert_cmpint(cell.network, ==, 0);
	g_assert_cmpstr(cell.plmn, ==, "");
}

static void test_asking_enters_no_key(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	gint64 key = -1;
	(void)data;
	Entry cell = make_cell(RAT_LTE, 9, 9);
	g_assert_true(baseline_set_keys(f->baseline, &cell, FALSE, &error));
	g_assert_cmpint(cell.key, ==, 0);
	g_assert_cmpint(cell.network, ==, f->cell.network);
	g_assert_true(baseline_network(f->baseline, "257-02", &key, &error));
	g_assert_cmpint(key, ==, 0);
	g_assert_true(baseline_network(f->baseline, "257-01", &key, &error));
	g_assert_cmpint(key, ==, f->cell.network);
}

static void test_medians_are_exact(Fixture *f, gconstpointer data)
{
	/* Sorted: -101.5 -100 -97 -97 -90 -60: the middle two are -97. SNR: -3, 2.4: their mean is -0.3. */
	const double rsrp[] = {-90, -97, -60, -101.5, -97, -100}, snr[] = {NAN, 2.4, NAN, NAN, -3, NAN};
	(void)data;
	begin(f, 1);
	for (guint i = 0; i < G_N_ELEMENTS(rsrp); i++) {
		Moment m = moment(f, i * 1000, 7);
		m.now.rsrp_dbm = rsrp[i];
		m.now.snr_db = snr[i];
		m.now.rx_dbm = -70.25;
		add(f, &m);
	}
	end(f);
	g_assert_cmpint(one(f, "SELECT count(*) FROM baseline_pass"), ==, 2); /* the cell and its network */
	f->recording = 2;
	Moment m = moment(f, 0, 7);
	ask(f, &m);
	g_assert_cmpint(m.cell_base.passes, ==, 1);
	g_assert_cmpfloat(m.cell_base.median.rsrp_dbm, ==, -97);
	g_assert_cmpfloat(m.cell_base.median.snr_db, ==, -0.3);
	g_assert_cmpfloat(m.cell_base.median.rx_dbm, ==, -70.25);
	g_assert_true(isnan(m.cell_base.median.rsrq_db) && isnan(m.cell_base.rsrq_spread_db));
	g_assert_cmpfloat(m.cell_base.rsrp_spread_db, ==, 0);
	g_assert_cmpfloat(m.place_base.rx_dbm, ==, -70.25);
}

static void test_one_bad_pass_is_one_voice(Fixture *f, gconstpointer data)
{
	(void)data;
	const double rsrp[] = {-90, -94, -92, -120};
	for (guint i = 0; i < G_N_ELEMENTS(rsrp); i++)
		record_pass(f, 1 + i, 1, rsrp[i]);
	f->recording = 9;
	Moment m = moment(f, 0, 1);
	ask(f, &m);
	/* -120 -94 | -92 -90: -93. Deviations 3 1 1 27: between 1 and 3 is 2. */
	g_assert_cmpint(m.cell_base.passes, ==, 4);
	g_assert_cmpfloat(m.cell_base.median.rsrp_dbm, ==, -93);
	g_assert_cmpfloat(m.cell_base.rsrp_spread_db, ==, 2);
}

static void test_a_pass_ends_when_nobody_was_there_for_the_gap(Fixture *f, gconstpointer data)
{
	(void)data;
	begin(f, 1);
	stay(f, 0, 5, 3, -90); /* the last sweep at 2000 */
	stay(f, 3000, 6, 3, -90);
	stay(f, 2000 + BASELINE_GAP_MS, 5, 3, -90); /* just within the gap: the same visit, until 124000 */
	stay(f, 124000 + BASELINE_GAP_MS + 1, 5, 2, -90); /* past it */
	end(f);
	g_autofree char *sql =
		g_strdup_printf("SELECT count(*) FROM baseline_pass WHERE place=5 AND cell=%" G_GINT64_FORMAT, f->cell.key);
	g_assert_cmpint(one(f, sql), ==, 2);
	g_assert_cmpint(one(f, "SELECT max(sweeps) FROM baseline_pass WHERE place=5"), ==, 6);
	g_assert_cmpint(one(f, "SELECT min(end_boottime_ms) FROM baseline_pass WHERE place=5"), ==, 124000);
}

static void test_single_sweeps_and_no_place_are_no_pass(Fixture *f, gconstpointer data)
{
	(void)data;
	begin(f, 1);
	stay(f, 0, 5, 1, -90);
	stay(f, 1000, TILE_NONE, 9, -90);
	end(f);
	g_assert_cmpint(one(f, "SELECT count(*) FROM baseline_pass"), ==, 0);
}

static void test_own_faults_are_no_pass(Fixture *f, gconstpointer data)
{
	Entry locked = {
		.service = SERVICE_STATE_NONE, .present = OBSERVATION_BIT(RADIO_ID_sim_state), .fields.sim_state = SIM_STATE_PIN};
	(void)data;
	begin(f, 1);
	for (guint i = 0; i < 9; i++) {
		Moment m = moment(f, i * 1000, 5);
		m.state = i < 3 ? &f->off : &locked;
		f->modem.fault_until_ms = i < 6 ? G_MININT64 : G_MAXINT64;
		m.state = i < 6 ? m.state : &f->served;
		add(f, &m);
	}
	end(f);
	g_assert_cmpint(one(f, "SELECT count(*) FROM baseline_pass"), ==, 0);
}

static void test_passes_of_two_modems_are_two(Fixture *f, gconstpointer data)
{
	Modem other = f->modem;
	(void)data;
	other.source = 2;
	begin(f, 1);
	for (guint i = 0; i < 10; i++) {
		Moment m = moment(f, i * 1000, 5);
		m.modem = i % 2 ? &other : &f->modem;
		add(f, &m);
	}
	end(f);
	g_assert_cmpint(one(f, "SELECT count(DISTINCT source) FROM baseline_pass WHERE sweeps=5"), ==, 2);
}

static void test_a_pass_does_not_vouch_for_itself(Fixture *f, gconstpointer data)
{
	(void)data;
	const gint64 end_ms = 4000;
	begin(f, 1);
	stay(f, 0, 5, 5, -90); /* until 4000 */
	stay(f, 10 * HOUR_MS, 5, 5, -95);
	end(f);
	const struct {
		gint64 at_ms;
		guint passes;
	} expected[] = {
		{2000, 1},
		{end_ms + BASELINE_APART_MS - 1, 1},
		{end_ms + BASELINE_APART_MS, 2},
		{5 * HOUR_MS, 2},
		{10 * HOUR_MS - BASELINE_APART_MS, 2},
		{10 * HOUR_MS - BASELINE_APART_MS + 1, 1},
		{10 * HOUR_MS, 1},
		{11 * HOUR_MS, 2},
		{2000, 1},
		{5 * HOUR_MS, 2},
	};
	for (guint i = 0; i < G_N_ELEMENTS(expected); i++) { /* the last ones: what is in the cache is of another time */
		Moment m = moment(f, expected[i].at_ms, 5);
		ask(f, &m);
		g_assert_cmpint(m.cell_base.passes, ==, expected[i].passes);
		g_assert_cmpint(m.place_base.passes, ==, expected[i].passes);
	}
	f->recording = 2; /* of another recording the times mean nothing */
	Moment m = moment(f, 2000, 5);
	ask(f, &m);
	g_assert_cmpint(m.cell_base.passes, ==, 2);
}

static void test_nor_for_another_device_at_that_time(Fixture *f, gconstpointer data)
{
	(void)data;
	const gint64 noon_ms = 20000 * DAY_MS + DAY_MS / 2;
	begin(f, 1);
	for (guint i = 0; i < 5; i++) {
		Moment m = moment(f, i * 1000, 5);
		m.at.dated = TRUE;
		m.at.utc_ms = noon_ms + i * 1000;
		m.now.rsrp_dbm = -90;
		add(f, &m);
	}
	end(f);
	f->recording = 2;
	const struct {
		gint64 utc_ms;
		gboolean dated;
		guint passes;
	} expected[] = {{noon_ms, TRUE, 0},
			{noon_ms - BASELINE_APART_MS, TRUE, 1},
			{noon_ms + 4000 + BASELINE_APART_MS, TRUE, 1},
			{0, FALSE, 1}};
	for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
		Moment m = moment(f, 77 * HOUR_MS + (gint64)i * DAY_MS, 5);
		m.at.dated = expected[i].dated;
		m.at.utc_ms = expected[i].utc_ms;
		ask(f, &m);
		g_assert_cmpint(m.cell_base.passes, ==, expected[i].passes);
		f->recording++;
	}
}

static void test_the_network_counts_what_served_or_did_not(Fixture *f, gconstpointer data)
{
	(void)data;
	f->served.present = OBSERVATION_BIT(RADIO_ID_lte_service);
	for (gint64 recording = 1; recording <= 6; recording++) {
		begin(f, recording);
		for (guint i = 0; i < 5; i++) {
			Moment m = moment(f, i * 1000, 5);
			if (recording <= 2) { /* nothing: the cell is that of no sweep */
				m.state = &f->none;
				m.cell = NULL;
			} else if (recording == 3) {
				m.cell = &f->gsm_cell;
			}
			add(f, &m);
		}
		end(f);
	}
	f->recording = 9;
	Moment m = moment(f, 0, 5);
	ask(f, &m);
	g_assert_cmpint(m.cell_base.passes, ==, 3);
	g_assert_cmpint(m.place_base.passes, ==, 6);
	g_assert_cmpint(m.place_base.served, ==, 4);
	g_assert_cmpint(m.place_base.broadband, ==, 3);
	g_assert_cmpint(m.place_base.narrowband, ==, 1);
}

static void test_gsm_of_a_modem_without_lte_is_no_downgrade(Fixture *f, gconstpointer data)
{
	(void)data;
	begin(f, 1);
	for (guint i = 0; i < 5; i++) {
		Moment m = moment(f, i * 1000, 5);
		m.cell = &f->gsm_cell;
		add(f, &m);
	}
	stay(f, 10000, 6, 1, -90); /* it is served by LTE: from here on it is known to have that */
	for (guint i = 0; i < 5; i++) {
		Moment m = moment(f, 20000 + i * 1000, 7);
		m.cell = &f->gsm_cell;
		add(f, &m);
	}
	end(f);
	g_assert_cmpint(one(f, "SELECT sum(narrowband) FROM baseline_pass WHERE place=5"), ==, 0);
	g_assert_cmpint(one(f, "SELECT sum(narrowband) FROM baseline_pass WHERE place=7"), ==, 10);
}

static void test_nothing_known_is_told_as_nothing(Fixture *f, gconstpointer data)
{
	(void)data;
	record_pass(f, 1, 1, -90);
	Moment m = moment(f, 0, 77);
	ask(f, &m);
	g_assert_cmpint(m.cell_base.passes, ==, 0);
	g_assert_true(isnan(m.cell_base.median.rsrp_dbm) && isnan(m.cell_base.rsrp_spread_db) && isnan(m.place_base.rx_dbm));
	m = moment(f, DAY_MS, TILE_NONE);
	m.cell = NULL;
	ask(f, &m);
	g_assert_cmpint(m.cell_base.passes, ==, 0);
	g_assert_true(isnan(m.cell_base.median.rsrp_dbm));
}

static void test_what_was_given_counts_with_its_passes(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	record_pass(f, 1, 1, -90);
	g_autofree char *sql =
		g_strdup_printf("INSERT INTO baseline_given VALUES (1,%" G_GINT64_FORMAT ",'x',3,3,3,0,-10000,NULL,NULL,"
				"NULL,NULL,NULL,250,NULL,NULL)",
				f->cell.key);
	g_assert_true(store_exec(f->store, sql, &error));
	baseline_free(f->baseline);
	f->baseline = baseline_new(f->store, &error);
	f->recording = 9;
	Moment m = moment(f, 0, 1);
	ask(f, &m);
	/* three say -100 and one -90; deviations: 2.5 three times, 10 */
	g_assert_cmpint(m.cell_base.passes, ==, 4);
	g_assert_cmpfloat(m.cell_base.median.rsrp_dbm, ==, -100);
	g_assert_cmpfloat(m.cell_base.rsrp_spread_db, ==, 2.5);
	gboolean any;
	g_assert_true(baseline_any(f->baseline, &any, &error) && any);
}

static void test_any_wants_three_passes_of_one_place(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	gboolean any = TRUE;
	(void)data;
	g_assert_true(baseline_any(f->baseline, &any, &error) && !any);
	record_pass(f, 1, 3, -90);
	record_pass(f, 2, 3, -90);
	g_assert_true(baseline_any(f->baseline, &any, &error) && !any);
	record_pass(f, 3, 1, -90);
	g_assert_true(baseline_any(f->baseline, &any, &error) && any);
}

static gint64 touched(Fixture *f)
{
	g_autoptr(GError) error = NULL;
	const gint64 n = one(f, "SELECT count(*) FROM temp.touched");
	g_assert_true(store_exec(f->store, "DELETE FROM temp.touched", &error));
	return n;
}

static void test_only_what_changed_is_touched(Fixture *f, gconstpointer data)
{
	(void)data;
	record_pass(f, 1, 3, -90);
	g_assert_cmpint(touched(f), ==, 6); /* three tiles: cell and network */
	record_pass(f, 1, 3, -90);
	g_assert_cmpint(touched(f), ==, 0);
	g_assert_cmpint(one(f, "SELECT count(*) FROM baseline_pass"), ==, 6);
	record_pass(f, 1, 4, -90); /* one more */
	g_assert_cmpint(touched(f), ==, 2);
	record_pass(f, 1, 2, -90); /* two gone */
	g_assert_cmpint(touched(f), ==, 4);
	record_pass(f, 1, 2, -91);
	g_assert_cmpint(touched(f), ==, 4);
	record_pass(f, 2, 2, -91); /* of the other recording, all of it is new */
	g_assert_cmpint(touched(f), ==, 4);
	g_assert_cmpint(one(f, "SELECT count(*) FROM baseline_pass"), ==, 8);
}

static void test_a_changed_table_is_answered_from_anew(Fixture *f, gconstpointer data)
{
	(void)data;
	record_pass(f, 1, 1, -90);
	f->recording = 9;
	Moment m = moment(f, 0, 1);
	ask(f, &m);
	g_assert_cmpfloat(m.cell_base.median.rsrp_dbm, ==, -90);
	record_pass(f, 1, 1, -99);
	f->recording = 9;
	ask(f, &m);
	g_assert_cmpfloat(m.cell_base.median.rsrp_dbm, ==, -99);
}

/* More passes than wait to be written at once, and places that share a slot of the cache. */
static void test_many_places_are_all_written_and_told_apart(Fixture *f, gconstpointer data)
{
	const guint tiles = 40000;
	(void)data;
	begin(f, 1);
	for (guint i = 0; i < tiles; i++)
		stay(f, i * 10000, 1 + i, 2, -60 - (double)(i % 50));
	end(f);
	g_assert_cmpint(one(f, "SELECT count(*) FROM baseline_pass"), ==, 2 * tiles);
	f->recording = 9;
	for (guint i = 0; i < tiles; i += 7) {
		Moment m = moment(f, 0, 1 + i);
		ask(f, &m);
		g_assert_cmpfloat(m.cell_base.median.rsrp_dbm, ==, -60 - (double)(i % 50));
	}
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
		m.now = (Signal){-90 - (int)(i % 7), -9 - (int)(i % 4),		  12.2 - (int)(i % 9) * 0.2,
				 -65 - (int)(i % 5), -64.3 - (int)(i % 11) * 0.1, NAN};
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
	ADD("keys_need_a_whole_identity", test_keys_need_a_whole_identity);
	ADD("asking_enters_no_key", test_asking_enters_no_key);
	ADD("medians_are_exact", test_medians_are_exact);
	ADD("one_bad_pass_is_one_voice", test_one_bad_pass_is_one_voice);
	ADD("a_pass_ends_when_nobody_was_there_for_the_gap", test_a_pass_ends_when_nobody_was_there_for_the_gap);
	ADD("single_sweeps_and_no_place_are_no_pass", test_single_sweeps_and_no_place_are_no_pass);
	ADD("own_faults_are_no_pass", test_own_faults_are_no_pass);
	ADD("passes_of_two_modems_are_two", test_passes_of_two_modems_are_two);
	ADD("a_pass_does_not_vouch_for_itself", test_a_pass_does_not_vouch_for_itself);
	ADD("nor_for_another_device_at_that_time", test_nor_for_another_device_at_that_time);
	ADD("the_network_counts_what_served_or_did_not", test_the_network_counts_what_served_or_did_not);
	ADD("gsm_of_a_modem_without_lte_is_no_downgrade", test_gsm_of_a_modem_without_lte_is_no_downgrade);
	ADD("nothing_known_is_told_as_nothing", test_nothing_known_is_told_as_nothing);
	ADD("what_was_given_counts_with_its_passes", test_what_was_given_counts_with_its_passes);
	ADD("any_wants_three_passes_of_one_place", test_any_wants_three_passes_of_one_place);
	ADD("only_what_changed_is_touched", test_only_what_changed_is_touched);
	ADD("a_changed_table_is_answered_from_anew", test_a_changed_table_is_answered_from_anew);
	ADD("many_places_are_all_written_and_told_apart", test_many_places_are_all_written_and_told_apart);
	if (g_test_perf())
		ADD("speed", test_speed);
	return g_test_run();
}
