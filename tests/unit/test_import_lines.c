/* Lines of plain and packed files, whole and damaged.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "import/lines.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sodium.h>

static char *folder;

static GBytes *pack(const char *text, gsize length)
{
	g_autoptr(GConverter) packer = G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9));
	g_autoptr(GInputStream) in = g_memory_input_stream_new_from_data(text, (gssize)length, NULL);
	g_autoptr(GInputStream) packed = g_converter_input_stream_new(in, packer);
	g_autoptr(GOutputStream) out = g_memory_output_stream_new_resizable();
	g_output_stream_splice(out, packed, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, NULL);
	return g_memory_output_stream_steal_as_bytes(G_MEMORY_OUTPUT_STREAM(out));
}

static Lines *open_bytes(const void *bytes, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(folder, "log", NULL);
	g_file_set_contents(path, bytes, (gssize)length, &error);
	g_assert_no_error(error);
	Lines *lines = lines_open(path, &error);
	g_assert_no_error(error);
	return lines;
}

static void assert_line(Lines *lines, const char *expected)
{
	char *line = NULL;
	g_assert_cmpint(lines_next(lines, &line, NULL), ==, LINES_LINE);
	g_assert_cmpstr(line, ==, expected);
}

static void assert_end(Lines *lines)
{
	char *line;
	g_assert_cmpint(lines_next(lines, &line, NULL), ==, LINES_END);
}

static void test_line_ends_of_all_systems_and_a_last_line_without(void)
{
	static const char text[] = "one\r\ntwo\n\nlast";
	g_autoptr(Lines) lines = open_bytes(text, strlen(text));
	assert_line(lines, "one");
	assert_line(lines, "two");
	assert_line(lines, "");
	assert_line(lines, "last");
	g_assert_cmpuint(lines_number(lines), ==, 4);
	assert_end(lines);
}

static void test_packed_members_behind_each_other_are_one_file(void)
{
	g_autoptr(GBytes) a = pack("one\ntw", 6), b = pack("o\nthree\n", 8);
	g_autoptr(GByteArray) both = g_byte_array_new();
	g_byte_array_append(both, g_bytes_get_data(a, NULL), (guint)g_bytes_get_size(a));
	g_byte_array_append(both, g_bytes_get_data(b, NULL), (guint)g_bytes_get_size(b));
	g_autoptr(Lines) lines = open_bytes(both->data, both->len);
	assert_line(lines, "one");
	assert_line(lines, "two");
	assert_line(lines, "three");
	assert_end(lines);
}

static void test_the_digest_is_that_of_the_text(void)
{
	static const char text[] = "one\ntwo\n";
	g_autoptr(GBytes) packed = pack(text, strlen(text));
	g_autoptr(Lines) a = open_bytes(text, strlen(text));
	assert_line(a, "one");
	assert_line(a, "two");
	assert_end(a);
	g_autoptr(Lines) b = open_bytes(g_bytes_get_data(packed, NULL), g_bytes_get_size(packed));
	assert_line(b, "one");
	assert_line(b, "two");
	assert_end(b);
	g_autofree char *digest_a = lines_digest(a), *digest_b = lines_digest(b);
	g_assert_cmpstr(digest_a, ==, digest_b);
	guint8 expected[LINES_DIGEST_SIZE];
	crypto_generichash(expected, sizeof expected, (const guint8 *)text, strlen(text), NULL, 0);
	for (gsize i = 0; i < sizeof expected; i++)
		g_assert_cmpint(g_ascii_xdigit_value(digest_a[2 * i]) << 4 | g_ascii_xdigit_value(digest_a[2 * i + 1]), ==,
				expected[i]);
}

static void test_a_packed_file_that_was_cut_gives_its_lines_and_an_error(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; i < 20000; i++)
		g_string_append_printf(text, "%08x\n", i * 2654435761u);
	g_autoptr(GBytes) packed = pack(text->str, text->len);
	g_autoptr(Lines) lines = open_bytes(g_bytes_get_data(packed, NULL), g_bytes_get_size(packed) / 2);
	g_autoptr(GError) error = NULL;
	char *line;
	LinesResult result;
	while ((result = lines_next(lines, &line, &error)) == LINES_LINE)
		;
	g_assert_cmpint(result, ==, LINES_ERROR);
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_DAMAGED);
	g_assert_cmpuint(lines_number(lines), >, 1000);
}

static void test_long_lines_and_nul_bytes_are_told_and_the_next_line_is_good(void)
{
	g_autoptr(GString) text = g_string_new("a\n");
	g_autofree char *longest = g_strnfill(LINES_MAX, 'x'), *longer = g_strnfill(LINES_MAX + 1, 'x');
	g_string_append_printf(text, "%s\n%s\n", longest, longer);
	g_string_append_len(text, "nu\0l\n", 5);
	g_string_append(text, "z\n");
	g_autoptr(Lines) lines = open_bytes(text->str, text->len);
	char *line;
	assert_line(lines, "a");
	assert_line(lines, longest);
	g_assert_cmpint(lines_next(lines, &line, NULL), ==, LINES_TOO_LONG);
	g_assert_cmpint(lines_next(lines, &line, NULL), ==, LINES_WITH_NUL);
	assert_line(lines, "z");
	g_assert_cmpuint(lines_number(lines), ==, 5);
	assert_end(lines);
}

static void test_a_bomb_of_one_line_is_given_up(void)
{
	const gsize length = LINES_GIVE_UP + 100000;
	g_autofree char *zeros = g_malloc0(length);
	g_autoptr(GBytes) packed = pack(zeros, length);
	g_autoptr(Lines) lines = open_bytes(g_bytes_get_data(packed, NULL), g_bytes_get_size(packed));
	g_autoptr(GError) error = NULL;
	char *line;
	g_assert_cmpint(lines_next(lines, &line, &error), ==, LINES_ERROR);
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT);
}

static void test_folders_are_refused(void)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(lines_open(folder, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_assert_cmpint(sodium_init(), >=, 0);
	folder = g_dir_make_tmp("jamlog-test-XXXXXX", NULL);
	g_test_add_func("/import/lines/ends", test_line_ends_of_all_systems_and_a_last_line_without);
	g_test_add_func("/import/lines/members", test_packed_members_behind_each_other_are_one_file);
	g_test_add_func("/import/lines/digest", test_the_digest_is_that_of_the_text);
	g_test_add_func("/import/lines/cut", test_a_packed_file_that_was_cut_gives_its_lines_and_an_error);
	g_test_add_func("/import/lines/long", test_long_lines_and_nul_bytes_are_told_and_the_next_line_is_good);
	g_test_add_func("/import/lines/bomb", test_a_bomb_of_one_line_is_given_up);
	g_test_add_func("/import/lines/folder", test_folders_are_refused);
	const int failed = g_test_run();
	g_autofree char *path = g_build_filename(folder, "log", NULL);
	g_unlink(path);
	g_rmdir(folder);
	g_free(folder);
	return failed;
}
