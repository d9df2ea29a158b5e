/* Key files: what is read, and that every mistake is told with its line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "keyfile.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const journal_keys[] = {"path", "size", "count", "on", "every", "mode", NULL};
static const char *const modem_keys[] = {"device", "band", NULL};
static const KeyFileGroup groups[] = {
	{.kind = "journal", .named = FALSE, .keys = journal_keys},
	{.kind = "modem", .named = TRUE, .keys = modem_keys},
	{.kind = NULL},
};

static KeyFile *load(const char *text)
{
	g_autoptr(GError) error = NULL;
	KeyFile *file = keyfile_load_data("x.conf", text, groups, &error);
	g_assert_no_error(error);
	g_assert_nonnull(file);
	return file;
}

static void assert_refused(const char *text, const char *message)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(keyfile_load_data("x.conf", text, groups, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	g_assert_cmpstr(error->message, ==, message);
}

static void test_groups_and_values_are_read(void)
{
	g_autoptr(KeyFile) file = load("# a comment\n\n[modem b]\ndevice = /dev/b\n  [journal]\r\n path=/var/x y \r\n"
					"[modem a c]\nband=3\n");
	g_auto(GStrv) modems = keyfile_groups(file, "modem");
	g_assert_cmpuint(g_strv_length(modems), ==, 2);
	g_assert_cmpstr(modems[0], ==, "modem b");
	g_assert_cmpstr(modems[1], ==, "modem a c");
	g_assert_cmpstr(keyfile_group_name(modems[1]), ==, "a c");
	g_assert_cmpstr(keyfile_group_name("journal"), ==, "");
	g_autofree char *path = keyfile_string(file, "journal", "path");
	g_assert_cmpstr(path, ==, "/var/x y");
	g_assert_true(keyfile_has(file, "modem b", "device"));
	g_assert_false(keyfile_has(file, "modem b", "band"));
	g_assert_null(keyfile_string(file, "modem b", "band"));
	g_assert_null(keyfile_string(file, "modem z", "band"));
}

static void test_a_value_with_a_backslash_is_not_read_as_absent(void)
{
	g_autoptr(KeyFile) file = load("[journal]\npath = C:\\queer\\n\n");
	g_autofree char *path = keyfile_string(file, "journal", "path");
	g_assert_cmpstr(path, ==, "C:\\queer\\n");
}

static void test_line_numbers_count_comments_and_crlf(void)
{
	g_autoptr(KeyFile) file = load("# one\r\n\r\n[journal]\r\n# four\r\npath = x\r\n\r\n[modem a]\r\ndevice=y\r\nband=1");
	g_assert_cmpuint(keyfile_line(file, "journal", NULL), ==, 3);
	g_assert_cmpuint(keyfile_line(file, "journal", "path"), ==, 5);
	g_assert_cmpuint(keyfile_line(file, "modem a", "device"), ==, 8);
	g_assert_cmpuint(keyfile_line(file, "modem a", "band"), ==, 9);
	g_assert_cmpuint(keyfile_line(file, "modem a", "size"), ==, 0);
	g_autoptr(GError) error = NULL;
	g_assert_false(keyfile_error(file, "journal", "size", &error, "is %s", "missing"));
	g_assert_cmpstr(error->message, ==, "x.conf:3: [journal] size: is missing");
}

static void test_unknown_and_doubled_names_are_refused_with_their_line(void)
{
	assert_refused("[journal]\n\npaht = x\n",
		       "x.conf:3: unknown key \"paht\" in [journal]; known keys: path, size, count, on, every, mode");
	assert_refused("[journal]\npath[de] = x\n",
		       "x.conf:2: unknown key \"path[de]\" in [journal]; known keys: path, size, count, on, every, mode");
	assert_refused("[jurnal]\n", "x.conf:1: unknown group [jurnal]; known groups: [journal], [modem NAME]");
	assert_refused("[modem]\n", "x.conf:1: unknown group [modem]; known groups: [journal], [modem NAME]");
	assert_refused("[modem ]\n", "x.conf:1: unknown group [modem ]; known groups: [journal], [modem NAME]");
	assert_refused("[modems x]\n", "x.conf:1: unknown group [modems x]; known groups: [journal], [modem NAME]");
	assert_refused("[journal x]\n", "x.conf:1: unknown group [journal x]; known groups: [journal], [modem NAME]");
	assert_refused("[modem a]\nband=1\nband=2\n", "x.conf:3: band stands already on line 2: give it once");
	assert_refused("[modem a]\n[modem b]\n[modem a]\n", "x.conf:3: [modem a] stands already on line 1: give it once");
}

static void test_lines_that_are_nothing_are_refused_with_their_number(void)
{
	assert_refused("path = x\n", "x.conf:1: \"path = x\" stands before the first [group]");
	assert_refused("[journal]\npath\n", "x.conf:2: \"path\" is not \"key = value\" (a comment begins with #)");
	assert_refused("[journal]\n= x\n", "x.conf:2: \"= x\" is not \"key = value\" (a comment begins with #)");
	assert_refused("[journal\n", "x.conf:1: \"[journal\" is not a group: write [name]");
	assert_refused("[journal] x\n", "x.conf:1: \"[journal] x\" is not a group: write [name]");
	assert_refused("[journal]]\n", "x.conf:1: \"[journal]]\" is not a group: write [name]");
	assert_refused("[journal]\npath = \xff\n", "x.conf is not a text file in UTF-8");
}

typedef struct {
	const char *text;
	gboolean good;
	double value;
} Row;

static void test_numbers_outside_their_range_are_refused(void)
{
	static const Row rows[] = {
		{"3", TRUE, 3}, {"-2.5", TRUE, -2.5}, {"1e1", TRUE, 10}, {"10.01", FALSE, 0}, {"-10.01", FALSE, 0},
		{"nan", FALSE, 0}, {"inf", FALSE, 0}, {"", FALSE, 0}, {"3 km", FALSE, 0}, {"1,5", FALSE, 0},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strdup_printf("[journal]\nsize = %s\n", rows[i].text);
		g_autoptr(KeyFile) file = load(text);
		g_autoptr(GError) error = NULL;
		double value = -7;
		g_assert_cmpint(keyfile_double(file, "journal", "size", -10, 10, &value, &error), ==, rows[i].good);
		g_assert_cmpfloat(value, ==, rows[i].good ? rows[i].value : -7);
		g_assert_true(rows[i].good || g_str_has_prefix(error->message, "x.conf:2: [journal] size: "));
	}
}

static void test_whole_numbers_never_wrap_or_clip(void)
{
	static const Row rows[] = {
		{"0", TRUE, 0}, {"-12", TRUE, -12}, {"0x10", TRUE, 16}, {"010", TRUE, 10}, {"1.0", FALSE, 0},
		{"0x", FALSE, 0}, {"", FALSE, 0}, {"--1", FALSE, 0}, {"1k", FALSE, 0},
		{"99999999999999999999", FALSE, 0}, {"-99999999999999999999", FALSE, 0},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strdup_printf("[journal]\ncount = %s\n", rows[i].text);
		g_autoptr(KeyFile) file = load(text);
		g_autoptr(GError) error = NULL;
		gint64 value = -7;
		g_assert_cmpint(keyfile_int(file, "journal", "count", G_MININT64, G_MAXINT64, &value, &error), ==, rows[i].good);
		g_assert_cmpint(value, ==, rows[i].good ? (gint64)rows[i].value : -7);
	}
	g_autoptr(KeyFile) file = load("[journal]\ncount = 11\n");
	g_autoptr(GError) error = NULL;
	gint64 value = 0;
	g_assert_false(keyfile_int(file, "journal", "count", 0, 10, &value, &error));
	g_assert_cmpstr(error->message, ==, "x.conf:2: [journal] count: 11 is not between 0 and 10");
}

static void test_lengths_of_time_in_all_their_forms(void)
{
	static const Row rows[] = {
		{"90", TRUE, 90}, {"90s", TRUE, 90}, {"90 s", TRUE, 90}, {"1.5m", TRUE, 90}, {"2min", TRUE, 120},
		{"2h", TRUE, 7200}, {"0:30", TRUE, 30}, {"1:02:03", TRUE, 3723}, {"0:00.5", TRUE, 0.5}, {"-1", FALSE, 0},
		{"1:", FALSE, 0}, {"1:2:3:4", FALSE, 0}, {":30", FALSE, 0}, {"1:-5", FALSE, 0}, {"90x", FALSE, 0},
		{"", FALSE, 0}, {"inf", FALSE, 0}, {"500ms", TRUE, 0.5},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strdup_printf("[journal]\nevery = %s\n", rows[i].text);
		g_autoptr(KeyFile) file = load(text);
		g_autoptr(GError) error = NULL;
		double value = -7;
		g_test_message("every = %s", rows[i].text);
		g_assert_cmpint(keyfile_seconds(file, "journal", "every", &value, &error), ==, rows[i].good);
		g_assert_cmpfloat(value, ==, rows[i].good ? rows[i].value : -7);
	}
}

static void test_words_are_chosen_from_the_list_alone(void)
{
	static const char *const words[] = {"quiet", "loud", NULL};
	g_autoptr(KeyFile) file = load("[journal]\nmode = loud\non = true\n[modem a]\nband = Loud\n");
	g_autoptr(GError) error = NULL;
	int index = 0;
	gboolean on = FALSE;
	g_assert_true(keyfile_choice(file, "journal", "mode", words, &index, NULL));
	g_assert_cmpint(index, ==, 1);
	g_assert_false(keyfile_choice(file, "modem a", "band", words, &index, &error));
	g_assert_cmpstr(error->message, ==, "x.conf:5: [modem a] band: \"Loud\" is none of: quiet, loud");
	g_assert_true(keyfile_bool(file, "journal", "on", &on, NULL));
	g_assert_true(on);
	g_assert_false(keyfile_bool(file, "modem a", "band", &on, NULL));
}

static void test_an_absent_key_leaves_the_default_alone(void)
{
	g_autoptr(KeyFile) file = load("[journal]\n");
	double d = 1.5;
	gint64 i = 7;
	gboolean b = TRUE;
	g_assert_true(keyfile_double(file, "journal", "size", 0, 1, &d, NULL));
	g_assert_true(keyfile_seconds(file, "journal", "every", &d, NULL));
	g_assert_true(keyfile_int(file, "journal", "count", 0, 1, &i, NULL));
	g_assert_true(keyfile_bool(file, "journal", "on", &b, NULL));
	g_assert_cmpfloat(d, ==, 1.5);
	g_assert_cmpint(i, ==, 7);
	g_assert_true(b);
}

static void test_a_file_that_is_missing_or_binary_says_so(void)
{
	g_autofree char *path = g_build_filename(g_get_tmp_dir(), "jamlog-keyfile-XXXXXX", NULL);
	const int fd = g_mkstemp(path);
	g_assert_cmpint(fd, >=, 0);
	g_close(fd, NULL);
	g_autoptr(GError) error = NULL;
	/* The part behind the NUL would silently be ignored. */
	g_assert_true(g_file_set_contents(path, "[journal]\n\0garbage\n", 19, NULL));
	g_assert_null(keyfile_load(path, groups, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	g_assert_nonnull(strstr(error->message, "is not a text file"));
	g_clear_error(&error);
	g_unlink(path);
	g_assert_null(keyfile_load(path, groups, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	g_assert_nonnull(strstr(error->message, path));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/keyfile/groups-and-values-are-read", test_groups_and_values_are_read);
	g_test_add_func("/keyfile/a-value-with-a-backslash-is-not-read-as-absent",
			test_a_value_with_a_backslash_is_not_read_as_absent);
	g_test_add_func("/keyfile/line-numbers-count-comments-and-crlf", test_line_numbers_count_comments_and_crlf);
	g_test_add_func("/keyfile/unknown-and-doubled-names-are-refused-with-their-line",
			test_unknown_and_doubled_names_are_refused_with_their_line);
	g_test_add_func("/keyfile/lines-that-are-nothing-are-refused-with-their-number",
			test_lines_that_are_nothing_are_refused_with_their_number);
	g_test_add_func("/keyfile/numbers-outside-their-range-are-refused", test_numbers_outside_their_range_are_refused);
	g_test_add_func("/keyfile/whole-numbers-never-wrap-or-clip", test_whole_numbers_never_wrap_or_clip);
	g_test_add_func("/keyfile/lengths-of-time-in-all-their-forms", test_lengths_of_time_in_all_their_forms);
	g_test_add_func("/keyfile/words-are-chosen-from-the-list-alone", test_words_are_chosen_from_the_list_alone);
	g_test_add_func("/keyfile/an-absent-key-leaves-the-default-alone", test_an_absent_key_leaves_the_default_alone);
	g_test_add_func("/keyfile/a-file-that-is-missing-or-binary-says-so", test_a_file_that_is_missing_or_binary_says_so);
	return g_test_run();
}
