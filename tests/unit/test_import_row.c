/* What of a foreign row is believed, and what rows of one moment make as a sweep.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/row.h"
#include "import/survey.h"

#define NOW_MS (G_GINT64_CONSTANT(1800000000) * 1000)
#define THEN_MS (NOW_MS - 1000)
#define DAY_MS (G_GINT64_CONSTANT(86400) * 1000)

static Row lte_row(void)
{
	Row row;
	row_clear(&row);
	row.utc_ms = THEN_MS;
	row.rat = RAT_LTE;
	row.cell_id = 263169;
	row.pci = 17;
	row.arfcn = 1300;
	row.own = (RowSignal){-99, -12, 7.5, -70};
	return row;
}

static gboolean checks(Row *row)
{
	char reason[ROW_REASON_SIZE] = "";
	return row_check(row, NOW_MS, reason);
}

static void test_times_before_2000_or_in_the_future_are_refused(void)
{
	static const gint64 bad[] = {0, -1, G_MININT64 / 2, NOW_MS + 2 * DAY_MS, G_MAXINT64};
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		Row row = lte_row();
		row.utc_ms = bad[i];
		g_assert_false(checks(&row));
	}
	Row zone = lte_row(); /* a zone that was not told puts a log up to 14 hours ahead */
	zone.utc_ms = NOW_MS + DAY_MS * 14 / 24;
	g_assert_true(checks(&zone));
}

static void test_places_off_the_earth_are_refused(void)
{
	static const double bad[][2] = {{91, 0.1}, {-90.5, 0.1}, {0.1, 181}, {0.1, -200}};
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		Row row = lte_row();
		row.lat = bad[i][0];
		row.lon = bad[i][1];
		g_assert_false(checks(&row));
	}
}

static void test_no_place_and_zero_zero_are_absent(void)
{
	Row row = lte_row();
	row.lat = row.lon = 0;
	g_assert_true(checks(&row));
	g_assert_true(isnan(row.lat));
	row.lat = 51;
	row.lon = NAN;
	g_assert_true(checks(&row));
	g_assert_true(isnan(row.lat));
}

static void test_accuracy_that_is_not_told_is_30_m(void)
{
	static const double untold[] = {NAN, 0, -1, 1e9};
	for (gsize i = 0; i < G_N_ELEMENTS(untold); i++) {
		Row row = lte_row();
		row.accuracy_m = untold[i];
		g_assert_true(checks(&row));
		g_assert_cmpfloat(row.accuracy_m, ==, 30);
	}
}

static void test_codes_for_not_known_become_absent(void)
{
	Row row = lte_row();
	row.tac = 0xffff;
	row.cell_id = 0xfffffff;
	row.pci = 2147483647;
	row.arfcn = 2147483647;
	row.own = (RowSignal){-99, 2147483647, -200, 0};
	row.neighbour = (RowSignal){-125, -204, NAN, NAN};
	g_assert_true(checks(&row));
	g_assert_cmpint(row.tac, ==, -1);
	g_assert_cmpint(row.cell_id, ==, -1);
	g_assert_cmpint(row.pci, ==, -1);
	g_assert_cmpint(row.arfcn, ==, -1);
	g_assert_cmpfloat(row.own.rsrp_dbm, ==, -99);
	g_assert_true(isnan(row.own.rsrq_db));
	g_assert_true(isnan(row.own.snr_db));
	g_assert_true(isnan(row.own.rssi_dbm));
	g_assert_true(isnan(row.neighbour.rsrq_db));
}

static void test_an_impossible_rsrp_discredits_what_was_read_with_it(void)
{
	Row row = lte_row();
	row.own = (RowSignal){-200, -20, -5, -90};
	g_assert_true(checks(&row));
	g_assert_true(isnan(row.own.rsrp_dbm));
	g_assert_true(isnan(row.own.rsrq_db));
	g_assert_true(isnan(row.own.snr_db));
	g_assert_cmpfloat(row.own.rssi_dbm, ==, -90);
}

static void test_a_serving_row_is_registered_at_home(void)
{
	static Observation o;
	Row row = lte_row();
	row.endc = TRUE;
	row_start_sweep(&row, "272", "05", &o);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_SERVED);
	g_assert_cmpint(o.radio.registration, ==, REGISTRATION_HOME);
	g_assert_cmpint(o.radio.lte_rsrp_dbm, ==, -99);
	g_assert_cmpint(o.radio.lte_snr_cdb, ==, 750);
	g_assert_cmpstr(o.radio.mnc, ==, "05");
	g_assert_true(RADIO_HAS(&o, endc) && o.radio.endc);
	g_assert_cmpuint(o.radio.cells.n, ==, 1);
	g_assert_true(o.radio.cells.cell[0].serving);
}

static void test_the_logs_own_network_goes_before_the_given_one(void)
{
	static Observation o;
	Row row = lte_row();
	g_assert_true(import_parse_plmn("257-01", row.mcc, row.mnc));
	row_start_sweep(&row, "272", "05", &o);
	g_assert_cmpstr(o.radio.mcc, ==, "257");
	row = lte_row();
	row_start_sweep(&row, NULL, NULL, &o);
	g_assert_false(RADIO_HAS(&o, mcc));
}

static void test_a_row_without_a_cell_is_no_service(void)
{
	static Observation o;
	Row row;
	row_clear(&row);
	row_start_sweep(&row, "272", "05", &o);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_NONE);
	g_assert_false(RADIO_HAS(&o, mcc));
	g_assert_false(RADIO_HAS(&o, cells));
}

static void test_neighbours_join_and_a_second_serving_cell_does_not(void)
{
	static Observation o;
	Row own = lte_row(), other = lte_row();
	other.neighbouring = TRUE;
	other.pci = 18;
	row_start_sweep(&other, NULL, NULL, &o);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_NONE);
	g_assert_true(row_joins(&own, &other, &o));
	row_join_sweep(&own, NULL, NULL, &o);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_SERVED);
	g_assert_cmpint(o.radio.pci, ==, 17);
	g_assert_cmpuint(o.radio.cells.n, ==, 2);
	g_assert_false(row_joins(&own, &other, &o));
	other.group = 1;
	g_assert_false(row_joins(&other, &own, &o));
}

static void test_no_sweep_has_more_cells_than_it_holds(void)
{
	static Observation o;
	Row row = lte_row();
	row_start_sweep(&row, NULL, NULL, &o);
	row.neighbouring = TRUE;
	for (guint i = 0; i < OBSERVATION_MAX_CELLS + 5; i++)
		row_join_sweep(&row, NULL, NULL, &o);
	g_assert_cmpuint(o.radio.cells.n, ==, OBSERVATION_MAX_CELLS);
}

static void test_plmn(void)
{
	char mcc[4], mnc[4];
	g_assert_true(import_parse_plmn("272-05", mcc, mnc));
	g_assert_cmpstr(mcc, ==, "272");
	g_assert_cmpstr(mnc, ==, "05");
	g_assert_true(import_parse_plmn("310410", mcc, mnc));
	g_assert_cmpstr(mnc, ==, "410");
	static const char *const bad[] = {"",	      "B",	 "272",	   "2720",   "272-",  "272-5",
					  "272-0510", "2720505", "27-205", "272-0a", "1 2345"};
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(import_parse_plmn(bad[i], mcc, mnc));
}

/* "GP", version 0, flags (little-endian, envelope of `envelope`), SRS; then a WKB point. */
static gsize make_geometry(guint8 *blob, guint8 envelope, gsize envelope_size, guint32 type)
{
	const double xy[2] = {27.5, 53.9};
	memset(blob, 0, 8 + envelope_size);
	memcpy(blob, "GP", 2);
	blob[3] = (guint8)(1 | envelope << 1);
	guint8 *wkb = blob + 8 + envelope_size;
	type = GUINT32_TO_LE(type);
	wkb[0] = 1;
	memcpy(wkb + 1, &type, 4);
	for (guint i = 0; i < 2; i++) {
		guint64 bits;
		memcpy(&bits, &xy[i], 8);
		bits = GUINT64_TO_LE(bits);
		memcpy(wkb + 5 + 8 * i, &bits, 8);
	}
	return 8 + envelope_size + 21;
}

static void test_geometries_of_points_are_read_whatever_their_envelope(void)
{
	static const struct {
		guint8 code, size;
		guint32 type;
	} kinds[] = {{0, 0, 1}, {0, 0, 1001}, {1, 32, 1}, {2, 48, 1001}, {4, 64, 0x80000001}};
	guint8 blob[128];
	double lon = 0, lat = 0;
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const gsize length = make_geometry(blob, kinds[i].code, kinds[i].size, kinds[i].type);
		g_assert_true(survey_parse_point(blob, length, &lon, &lat));
		g_assert_cmpfloat(lon, ==, 27.5);
		g_assert_cmpfloat(lat, ==, 53.9);
		for (gsize cut = 0; cut < length; cut++)
			g_assert_false(survey_parse_point(blob, cut, &lon, &lat));
	}
	const gsize line = make_geometry(blob, 0, 0, 2);
	g_assert_false(survey_parse_point(blob, line, &lon, &lat));
	g_assert_false(survey_parse_point(NULL, 0, &lon, &lat));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/import/row/times", test_times_before_2000_or_in_the_future_are_refused);
	g_test_add_func("/import/row/off-the-earth", test_places_off_the_earth_are_refused);
	g_test_add_func("/import/row/no-place", test_no_place_and_zero_zero_are_absent);
	g_test_add_func("/import/row/accuracy", test_accuracy_that_is_not_told_is_30_m);
	g_test_add_func("/import/row/codes", test_codes_for_not_known_become_absent);
	g_test_add_func("/import/row/nonsense", test_an_impossible_rsrp_discredits_what_was_read_with_it);
	g_test_add_func("/import/sweep/served", test_a_serving_row_is_registered_at_home);
	g_test_add_func("/import/sweep/network", test_the_logs_own_network_goes_before_the_given_one);
	g_test_add_func("/import/sweep/no-service", test_a_row_without_a_cell_is_no_service);
	g_test_add_func("/import/sweep/neighbours", test_neighbours_join_and_a_second_serving_cell_does_not);
	g_test_add_func("/import/sweep/many-cells", test_no_sweep_has_more_cells_than_it_holds);
	g_test_add_func("/import/plmn", test_plmn);
	g_test_add_func("/import/survey/point", test_geometries_of_points_are_read_whatever_their_envelope);
	return g_test_run();
}
