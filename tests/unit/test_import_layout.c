/* Lines of the known CSV formats and of mapped ones, to rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "import/layout.h"

#define GNETTRACK_HEADER \
	"Timestamp,Longitude,Latitude,Speed,Operatorname,CellID,NetworkMode,RSRP,RSRQ,SNR,RSSI,LACHEX,RAWCELLID,NRxRSRP,NRxRSRQ"
#define TOWER_HEADER \
	"mcc,mnc,lac,cell_id,psc,asu,dbm,ta,lat,lon,accuracy,speed,bearing,altitude,measured_at,net_type,neighboring,device"
/* 2024-05-01 12:00:00 UTC */
#define NOON_MS (G_GINT64_CONSTANT(1714564800) * 1000)

static gboolean row_of(const Layout *layout, const char *header, const char *text, gint64 offset_s, Row *ret_row, char *ret_reason)
{
	g_autofree char *head = g_strdup(header), *line = g_strdup(text);
	LayoutBound bound;
	g_autoptr(GError) error = NULL;
	gboolean zoneless = FALSE;
	layout_bind(layout, head, &bound, &error);
	g_assert_no_error(error);
	ret_row->line = 2;
	return layout_row(&bound, line, offset_s, ret_row, &zoneless, ret_reason);
}

static Row good(const Layout *layout, const char *header, const char *text)
{
	Row row;
	char reason[ROW_REASON_SIZE] = "";
	const gboolean ok = row_of(layout, header, text, 0, &row, reason);
	g_assert_cmpstr(reason, ==, "");
	g_assert_true(ok);
	return row;
}

static void test_split_takes_quotes_and_white_space_off(void)
{
	char *fields[LAYOUT_MAX_FIELDS];
	char line[] = "a, b ,\"c,\"\"d\"\"\",,\"open, to the end";
	g_assert_cmpuint(layout_split(line, ',', fields), ==, 5);
	g_assert_cmpstr(fields[0], ==, "a");
	g_assert_cmpstr(fields[1], ==, "b");
	g_assert_cmpstr(fields[2], ==, "c,\"d\"");
	g_assert_cmpstr(fields[3], ==, "");
	g_assert_cmpstr(fields[4], ==, "open, to the end");
}

static void test_split_counts_more_fields_than_it_keeps(void)
{
	char *fields[LAYOUT_MAX_FIELDS];
	g_autofree char *line = g_strnfill(LAYOUT_MAX_FIELDS + 9, ';');
	g_assert_cmpuint(layout_split(line, ';', fields), ==, LAYOUT_MAX_FIELDS + 10);
}

static void test_gnettrack_lte(void)
{
	const Row row = good(layout_of(IMPORT_GNETTRACK), GNETTRACK_HEADER,
			     "2024.05.01_12.00.00,-8.5,51.25,0,27205,12,LTE,-99,-15,6.0,-90,9CBA,11016972,-101.0,-16.0");
	g_assert_cmpint(row.utc_ms, ==, NOON_MS + ROW_TIME_ERROR_MS);
	g_assert_cmpfloat(row.lat, ==, 51.25);
	g_assert_cmpfloat(row.lon, ==, -8.5);
	g_assert_cmpint(row.rat, ==, RAT_LTE);
	g_assert_false(row.endc);
	g_assert_cmpstr(row.mcc, ==, "272");
	g_assert_cmpstr(row.mnc, ==, "05");
	g_assert_cmpint(row.tac, ==, 0x9cba);
	g_assert_cmpint(row.cell_id, ==, 11016972);
	g_assert_cmpfloat(row.own.rsrp_dbm, ==, -99);
	g_assert_cmpfloat(row.own.rsrq_db, ==, -15);
	g_assert_cmpfloat(row.own.snr_db, ==, 6);
	g_assert_cmpfloat(row.own.rssi_dbm, ==, -90);
	g_assert_cmpfloat(row.neighbour.rsrp_dbm, ==, -101);
	g_assert_cmpfloat(row.neighbour.rsrq_db, ==, -16);
	g_assert_cmpint(row.pci, ==, -1);
	g_assert_cmpint(row.arfcn, ==, -1);
}

static void test_gnettrack_5g_is_lte_with_nr_unless_the_cell_is_too_wide(void)
{
	const Layout *layout = layout_of(IMPORT_GNETTRACK);
	Row row = good(layout, GNETTRACK_HEADER, "2024.05.01_12.00.00,1,1,0,B,12,5G,-99,-15,6.0,-90,9CBA,11016972,-,-");
	g_assert_cmpint(row.rat, ==, RAT_LTE);
	g_assert_true(row.endc);
	g_assert_cmpstr(row.mcc, ==, "");
	row = good(layout, GNETTRACK_HEADER, "2024.05.01_12.00.00,1,1,0,B,12,5G,-99,-15,6.0,-90,9CBA,4294967297,-,-");
	g_assert_cmpint(row.rat, ==, RAT_NR);
	g_assert_false(row.endc);
}

static void test_gnettrack_level_of_umts_is_rssi(void)
{
	const Row row = good(layout_of(IMPORT_GNETTRACK), GNETTRACK_HEADER,
			     "2024.05.01_12.00.00,1,1,0,B,135,HSPA+,-77,-2,-,-,75AA,838535,-51.0,-24.0");
	g_assert_cmpint(row.rat, ==, RAT_UMTS);
	g_assert_cmpfloat(row.own.rssi_dbm, ==, -77);
	g_assert_true(isnan(row.own.rsrp_dbm));
	g_assert_cmpfloat(row.own.rsrq_db, ==, -2);
	g_assert_true(isnan(row.neighbour.rsrp_dbm));
}

static void test_gnettrack_dash_is_no_service(void)
{
	const Row row = good(layout_of(IMPORT_GNETTRACK), GNETTRACK_HEADER, "2024.05.01_12.00.00,1,1,0,B,-,-,-,-,-,-,-,-,-,-");
	g_assert_cmpint(row.rat, ==, RAT_NONE);
	g_assert_cmpint(row.cell_id, ==, -1);
}

static void test_the_offset_is_taken_off_local_time(void)
{
	Row row;
	char reason[ROW_REASON_SIZE];
	g_assert_true(row_of(layout_of(IMPORT_GNETTRACK), GNETTRACK_HEADER, "2024.05.01_14.00.00,1,1,0,B,-,-,-,-,-,-,-,-,-,-", 7200,
			     &row, reason));
	g_assert_cmpint(row.utc_ms, ==, NOON_MS + ROW_TIME_ERROR_MS);
}

static void test_lines_that_cannot_be_are_refused_with_a_reason(void)
{
	static const struct {
		const char *line, *reason;
	} bad[] = {
		{"2024.05.01_12.00.00,1,1", "it has 3 fields, and the first line names 15"},
		{"2024.05.01_12.00.00,1,1,0,B,12,LTE,strong,-15,6.0,-90,9CBA,1,-,-", "rsrp \"strong\" is no number"},
		{"2024.05.01_12.00.00,1,1,0,B,12,LTE,inf,-15,6.0,-90,9CBA,1,-,-", "rsrp \"inf\" is no number"},
		{"2024-05-01 12:00:00,1,1,0,B,12,LTE,-99,-15,6.0,-90,9CBA,1,-,-",
		 "time \"2024-05-01 12:00:00\" is no time of this format"},
		{"2024.05.01_12.00.00,1,1,0,B,12,WiMAX,-99,-15,6.0,-90,9CBA,1,-,-",
		 "rat \"WiMAX\" is no radio technology that is known"},
		{"2024.05.01_12.00.00,1,\033[31m,0,B,12,LTE,-99,-15,6.0,-90,9CBA,1,-,-", "latitude \" [31m\" is no number"},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		Row row;
		char reason[ROW_REASON_SIZE] = "";
		g_assert_false(row_of(layout_of(IMPORT_GNETTRACK), GNETTRACK_HEADER, bad[i].line, 0, &row, reason));
		g_assert_cmpstr(reason, ==, bad[i].reason);
	}
}

static void test_towercollector_cells_of_a_moment_are_one_group(void)
{
	const Layout *layout = layout_of(IMPORT_TOWERCOLLECTOR);
	const Row own = good(layout, TOWER_HEADER,
			     "257,1,40,263169,17,40,-100,2,53.9,27.5,8.5,1,2,200,\"2024-05-01T12:00:00.250Z\",LTE,"
			     "false,\"phone\"");
	const Row other = good(layout, TOWER_HEADER,
			       "257,1,40,263170,18,40,-110,,53.9,27.5,8.5,1,2,200,\"2024-05-01T12:00:00.250Z\",LTE,"
			       "true,\"phone\"");
	g_assert_cmpint(own.utc_ms, ==, NOON_MS + 250);
	g_assert_cmpstr(own.mnc, ==, "01");
	g_assert_cmpint(own.pci, ==, 17);
	g_assert_cmpfloat(own.accuracy_m, ==, 8.5);
	g_assert_cmpfloat(own.own.rsrp_dbm, ==, -100); /* dBm is RSRP on LTE */
	g_assert_false(own.neighbouring);
	g_assert_true(other.neighbouring);
	g_assert_cmpint(own.group, ==, other.group);
}

static void test_towercollector_later_columns_go_first(void)
{
	const Row row = good(layout_of(IMPORT_TOWERCOLLECTOR), TOWER_HEADER ",rsrp,rsrq,rssnr,ss_rsrp,ss_rsrq,ss_sinr",
			     "257,1,40,4294967297,17,,-70,,53.9,27.5,8.5,1,2,200,\"2024-05-01T12:00:00.250Z\",NR,false,\"phone\""
			     ",,,,-95,-11,14");
	g_assert_cmpint(row.rat, ==, RAT_NR);
	g_assert_cmpfloat(row.own.rsrp_dbm, ==, -95);
	g_assert_cmpfloat(row.own.rsrq_db, ==, -11);
	g_assert_cmpfloat(row.own.snr_db, ==, 14);
}

static void test_headers_are_told_apart(void)
{
	g_assert_true(layout_matches(layout_of(IMPORT_GNETTRACK), GNETTRACK_HEADER));
	g_assert_false(layout_matches(layout_of(IMPORT_GNETTRACK), TOWER_HEADER));
	g_assert_true(layout_matches(layout_of(IMPORT_TOWERCOLLECTOR), TOWER_HEADER));
	g_assert_false(layout_matches(layout_of(IMPORT_TOWERCOLLECTOR), GNETTRACK_HEADER));
	g_assert_false(layout_matches(layout_of(IMPORT_GNETTRACK), ""));
}

/* --- mappings --- */

static void test_a_mapping_scales_and_knows_what_is_absent(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(ImportMapping) mapping = import_mapping_parse(
		"m.conf",
		"[file]\ndelimiter = ;\nabsent = none, 9999\nrat = nr\n"
		"[time]\ncolumn = When\nformat = %d.%m.%Y %H:%M:%S\n"
		"[latitude]\ncolumn = N\n[longitude]\ncolumn = E\n"
		"[rsrp]\ncolumn = Level/10\nscale = 0.1\noffset = -1\n[rsrq]\ncolumn = Q\n[tac]\ncolumn = Area\nhex = true\n",
		&error);
	g_assert_no_error(error);
	const Row row =
		good(import_mapping_layout(mapping), "When;E;N;Level/10;Q;Area", "01.05.2024 12:00:00.5;27.5;53.9;-980;9999;ff");
	g_assert_cmpint(row.utc_ms, ==, NOON_MS + 500);
	g_assert_cmpint(row.rat, ==, RAT_NR);
	g_assert_cmpfloat(row.own.rsrp_dbm, ==, -99);
	g_assert_true(isnan(row.own.rsrq_db));
	g_assert_cmpint(row.tac, ==, 255);
	g_assert_cmpfloat(row.lat, ==, 53.9);
}

static void test_bad_mappings_name_the_line(void)
{
	static const struct {
		const char *text, *where;
	} bad[] = {
		{"[time]\ncolumn = t\n[rsrp]\nscale = 2\n", "m.conf:3"},
		{"[time]\ncolumn = t\nformat = sometimes\n", "m.conf:3"},
		{"[file]\ndelimiter = xy\n[time]\ncolumn = t\n", "m.conf:2"},
		{"[file]\nrat = wimax\n[time]\ncolumn = t\n", "m.conf:2"},
		{"[rsrp]\ncolumn = r\n", "[time]"},
		{"[time]\ncolumn = t\n[volume]\ncolumn = v\n", "m.conf:3"},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(ImportMapping) mapping = import_mapping_parse("m.conf", bad[i].text, &error);
		g_assert_null(mapping);
		g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
		g_assert_nonnull(strstr(error->message, bad[i].where));
	}
}

static void test_a_mapped_column_that_is_missing_is_told(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(ImportMapping) mapping = import_mapping_parse("m.conf", "[time]\ncolumn = t\n[rsrp]\ncolumn = power\n", NULL);
	char header[] = "t,rsrp";
	LayoutBound bound;
	g_assert_false(layout_bind(import_mapping_layout(mapping), header, &bound, &error));
	g_assert_nonnull(strstr(error->message, "\"power\""));
}

/* --- times --- */

static void test_times(void)
{
	static const struct {
		const char *text;
		TimeKind kind;
		const char *pattern;
		gint64 offset_s, utc_ms;
		gboolean whole, zoneless;
	} times[] = {
		{"2024-05-01T12:00:00Z", TIME_ISO, NULL, 3600, NOON_MS, TRUE, FALSE},
		{"2024-05-01 13:00:00", TIME_ISO, NULL, 3600, NOON_MS, TRUE, TRUE},
		{"2024-05-01T09:30:00.125-02:30", TIME_ISO, NULL, 0, NOON_MS + 125, FALSE, FALSE},
		{"1714564800", TIME_UNIX_S, NULL, 3600, NOON_MS, FALSE, FALSE},
		{"1714564800250", TIME_UNIX_MS, NULL, 3600, NOON_MS + 250, FALSE, FALSE},
		{"01/05/2024 14:00 +0200", TIME_PATTERN, "%d/%m/%Y %H:%M %z", 0, NOON_MS, TRUE, FALSE},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
		gint64 utc_ms;
		gboolean whole, zoneless;
		g_assert_true(
			time_parse(times[i].text, times[i].kind, times[i].pattern, times[i].offset_s, &utc_ms, &whole, &zoneless));
		g_assert_cmpint(utc_ms, ==, times[i].utc_ms);
		g_assert_cmpint(whole, ==, times[i].whole);
		g_assert_cmpint(zoneless, ==, times[i].zoneless);
	}
}

static void test_no_times(void)
{
	gint64 utc_ms;
	gboolean whole, zoneless;
	g_assert_false(time_parse("", TIME_ISO, NULL, 0, &utc_ms, &whole, &zoneless));
	g_assert_false(time_parse("2024-13-01T00:00:00Z", TIME_ISO, NULL, 0, &utc_ms, &whole, &zoneless));
	g_assert_false(time_parse("1e300", TIME_UNIX_S, NULL, 0, &utc_ms, &whole, &zoneless));
	g_assert_false(time_parse("nan", TIME_UNIX_MS, NULL, 0, &utc_ms, &whole, &zoneless));
	g_assert_false(time_parse("12:00x", TIME_PATTERN, "%H:%M", 0, &utc_ms, &whole, &zoneless));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/import/split/quotes", test_split_takes_quotes_and_white_space_off);
	g_test_add_func("/import/split/many", test_split_counts_more_fields_than_it_keeps);
	g_test_add_func("/import/gnettrack/lte", test_gnettrack_lte);
	g_test_add_func("/import/gnettrack/5g", test_gnettrack_5g_is_lte_with_nr_unless_the_cell_is_too_wide);
	g_test_add_func("/import/gnettrack/umts", test_gnettrack_level_of_umts_is_rssi);
	g_test_add_func("/import/gnettrack/no-service", test_gnettrack_dash_is_no_service);
	g_test_add_func("/import/gnettrack/offset", test_the_offset_is_taken_off_local_time);
	g_test_add_func("/import/gnettrack/refused", test_lines_that_cannot_be_are_refused_with_a_reason);
	g_test_add_func("/import/towercollector/group", test_towercollector_cells_of_a_moment_are_one_group);
	g_test_add_func("/import/towercollector/nr", test_towercollector_later_columns_go_first);
	g_test_add_func("/import/headers", test_headers_are_told_apart);
	g_test_add_func("/import/mapping/scale", test_a_mapping_scales_and_knows_what_is_absent);
	g_test_add_func("/import/mapping/bad", test_bad_mappings_name_the_line);
	g_test_add_func("/import/mapping/missing", test_a_mapped_column_that_is_missing_is_told);
	g_test_add_func("/import/time/good", test_times);
	g_test_add_func("/import/time/bad", test_no_times);
	return g_test_run();
}
