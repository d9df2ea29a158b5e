/* What the writer writes, the reader reads: on a real file, over commits, rotations and ends of every kind.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal_fixture.h"

#include <sys/stat.h>

static void test_what_was_committed_comes_back(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	g_assert_cmpuint(journal_writer_durable_sequence(w), ==, 0);
	for (guint i = 0; i < 50; i++) {
		fixture_append(w, &next, i % 7, 10 + i * 3);
		g_assert_cmpuint(journal_writer_durable_sequence(w), <, next);
		fixture_commit(w);
		g_assert_cmpuint(journal_writer_durable_sequence(w), ==, next - 1);
	}
	g_autofree FixtureWalk *open = fixture_walk_file(journal_writer_path(w));
	fixture_assert_exactly(open, 1, next - 1);
	g_assert_cmpint(open->end, ==, JOURNAL_END_OPEN);
	g_assert_cmpuint(open->damages + open->breaks, ==, 0);

	fixture_close(w);
	g_autofree FixtureWalk *closed = fixture_walk_file(journal_writer_path(w));
	fixture_assert_exactly(closed, 1, next - 1);
	g_assert_cmpint(closed->end, ==, JOURNAL_END_FINAL);
	struct stat st;
	g_assert_cmpint(stat(journal_writer_path(w), &st), ==, 0);
	g_assert_cmpuint((guint64)st.st_size, ==, journal_writer_bytes(w));
	g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
	fixture_remove(directory);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/writer/what-was-committed-comes-back", test_what_was_committed_comes_back);
	return g_test_run();
}
