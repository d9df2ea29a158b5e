/* Numbers, times and texts as JSON and CSV want them. Times are checked against GLib's calendar.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "out.h"

#include <glib/gstdio.h>

static void assert_text(Out *out, const char *expected)
{
	g_autofree char *text = g_strndup(out->buffer, out->used);
	g_assert_cmpstr(text, ==, expected);
	out->used = 0;
}

static void test_integers_are_exact_at_their_limits(void)
{
	static const gint64 values[] = {0, 9, 10, 99, 100, 101, -1, -10, 4294967299, G_MAXINT64, G_MININT64};
	g_autoptr(Out) out = out_new_memory();
	for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
		g_autofree char *expected = g_strdup_printf("%" G_GINT64_FORMAT, values[i]);
		out_int(out, values[i]);
		assert_text(out, expected);
	}
}

static void test_scaled_numbers_have_no_trailing_zeros(void)
{
	static const struct {
		gint64 value;
		guint digits;
		const char *text;
	} cases[] = {{1290, 2, "12.9"},
		     {1200, 2, "12"},
		     {-5, 2, "-0.05"},
		     {5, 2, "0.05"},
		     {0, 2, "0"},
		     {-1250, 2, "-12.5"},
		     {123, 0, "123"},
		     {-7, 1, "-0.7"},
		     {1000000001, 9, "1.000000001"},
		     {100, 2, "1"},
		     {101, 2, "1.01"},
		     {275600001, 7, "27.5600001"},
		     {-1800000000, 7, "-180"},
		     {1, 7, "0.0000001"}};
	g_autoptr(Out) out = out_new_memory();
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		out_scaled(out, cases[i].value, cases[i].digits);
		assert_text(out, cases[i].text);
	}
}

static void test_degrees_are_never_minus_zero_nor_longer_than_7_decimals(void)
{
	g_autoptr(Out) out = out_new_memory();
	out_degrees(out, -0.0);
	assert_text(out, "0");
	out_degrees(out, -0.00000004);
	assert_text(out, "0");
	out_degrees(out, 53.89999820000001);
	assert_text(out, "53.8999982");
	out_degrees(out, -179.99999999);
	assert_text(out, "-180");
}

static void test_times_agree_with_the_calendar(void)
{
	static const gint64 values[] = {0,
					-1,
					951782399999 /* 2000-02-28 */,
					951868800000 /* 2000-03-01 */,
					1709164799999,
					1709208000123,
					4102444800000 /* 2100 */,
					1715001000062,
					-2203891200000 /* 1900-03-01 */,
					253402300799999 /* 9999 */};
	g_autoptr(Out) out = out_new_memory();
	for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
		const gint64 ms = ((values[i] % 1000) + 1000) % 1000;
		g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc((values[i] - ms) / 1000);
		g_autofree char *seconds = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
		g_autofree char *expected = g_strdup_printf("%s.%03dZ", seconds, (int)ms);
		out_time(out, values[i]);
		assert_text(out, expected);
	}
}

static void test_json_text_is_escaped(void)
{
	g_autoptr(Out) out = out_new_memory();
	out_json_text(out, "a\"b\\c\nd\x01 \xC3\xA9 </script>");
	assert_text(out, "\"a\\\"b\\\\c\\u000ad\\u0001 \xC3\xA9 </script>\"");
}

static void test_csv_text_can_neither_break_a_row_nor_be_a_formula(void)
{
	static const char *const cases[][2] = {{"plain", "plain"},
					       {"a,b", "\"a,b\""},
					       {"say \"x\"", "\"say \"\"x\"\"\""},
					       {"two\nlines", "\"two\nlines\""},
					       {"=1+1", "'=1+1"},
					       {"+1", "'+1"},
					       {"-1", "'-1"},
					       {"@SUM(A1)", "'@SUM(A1)"},
					       {"=\"a\",b", "\"'=\"\"a\"\",b\""},
					       {"", ""},
					       {"\tx", "'\tx"}};
	g_autoptr(Out) out = out_new_memory();
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		out_csv_text(out, cases[i][0]);
		assert_text(out, cases[i][1]);
	}
}

static void test_a_file_appears_only_when_it_is_whole(void)
{
	g_autofree char *folder = g_dir_make_tmp("jamlog-out-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "x.geojson", NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	Out *out = out_open(path, &error);
	g_assert_no_error(error);
	for (guint i = 0; i < 100000; i++)
		OUT_LITERAL(out, "0123456789");
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	out_free(out); /* given up */
	g_assert_cmpint(g_rmdir(folder), ==, 0); /* nothing is left */
	g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
	out = out_open(path, &error);
	OUT_LITERAL(out, "whole");
	g_assert_true(out_finish(out, &error));
	out_free(out);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "whole");
	g_unlink(path);
	g_rmdir(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/out/integers-are-exact-at-their-limits", test_integers_are_exact_at_their_limits);
	g_test_add_func("/out/scaled-numbers-have-no-trailing-zeros", test_scaled_numbers_have_no_trailing_zeros);
	g_test_add_func("/out/degrees-never-minus-zero", test_degrees_are_never_minus_zero_nor_longer_than_7_decimals);
	g_test_add_func("/out/times-agree-with-the-calendar", test_times_agree_with_the_calendar);
	g_test_add_func("/out/json-text-is-escaped", test_json_text_is_escaped);
	g_test_add_func("/out/csv-text-no-formula-no-broken-row", test_csv_text_can_neither_break_a_row_nor_be_a_formula);
	g_test_add_func("/out/a-file-appears-only-when-it-is-whole", test_a_file_appears_only_when_it_is_whole);
	return g_test_run();
}
