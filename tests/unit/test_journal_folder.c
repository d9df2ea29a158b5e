/* Other hands in the journal folder: what the writer does where its files are taken away, replaced, or made before it.
 *
 * mkdir is replaced by defining it here: the journal's code is linked statically, so it calls this.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static gboolean others_make; /* another program makes each folder just before us */

int mkdir(const char *path, mode_t mode)
{
	const int result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
	errno = result == 0 && others_make ? EEXIST : errno;
	return others_make ? -1 : result;
}

static void test_a_segment_that_was_taken_away_is_told_and_left(void)
{
	for (guint replaced = 0; replaced < 2; replaced++) {
		char *directory = fixture_directory();
		g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
		g_autofree char *old = g_strdup(journal_writer_path(w));
		g_autoptr(GError) error = NULL;
		guint64 next = 1;
		if (replaced)
			g_assert_true(g_file_set_contents(old, "mine", 4, NULL));
		else
			g_assert_cmpint(g_unlink(old), ==, 0);
		fixture_append(w, &next, 2, 50);
		g_assert_false(journal_writer_commit(w, &error));
		g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND);
		g_assert_nonnull(strstr(error->message, old));
		fixture_commit(w);
		g_assert_cmpstr(journal_writer_path(w), !=, old);
		g_autofree FixtureWalk *walk = fixture_walk_file(journal_writer_path(w));
		fixture_assert_exactly(walk, 1, 2);
		fixture_remove(directory);
	}
}

/* Whoever cleans up the folder takes the lock away: with its next segment the recorder has it again. */
static void test_a_lock_that_was_taken_away_is_made_again(void)
{
	for (guint replaced = 0; replaced < 2; replaced++) {
		char *directory = fixture_directory();
		g_autoptr(JournalWriter) w = fixture_writer(directory, 12 * 1024);
		g_autofree char *lock = g_build_filename(directory, ".lock", NULL), *keys = fixture_keys(directory, 2, NULL),
				*first = g_strdup(journal_writer_path(w));
		const JournalWriterOptions options = {.directory = directory, .keys = keys};
		g_autoptr(GError) error = NULL;
		guint64 next = 1;
		if (replaced)
			g_assert_true(g_file_set_contents(lock, "", 0, NULL));
		else
			g_assert_cmpint(g_unlink(lock), ==, 0);
		while (g_str_equal(journal_writer_path(w), first)) {
			fixture_append(w, &next, 20, 150);
			fixture_commit(w);
		}
		g_assert_null(journal_writer_new(&options, &error));
		g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_BUSY);
		fixture_remove(directory);
	}
}

static void test_a_folder_that_another_program_just_made_will_do(void)
{
	char *directory = fixture_directory();
	char *inner = g_build_filename(directory, "new", NULL);
	g_autofree char *keys = g_build_filename(inner, "keys", NULL);
	const JournalWriterOptions options = {.directory = inner, .keys = keys};
	g_autoptr(GError) error = NULL;
	others_make = TRUE;
	g_autoptr(JournalWriter) w = journal_writer_new(&options, &error);
	others_make = FALSE;
	g_assert_no_error(error);
	fixture_remove(inner);
	fixture_remove(directory);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/folder/a-segment-that-was-taken-away-is-told-and-left",
			test_a_segment_that_was_taken_away_is_told_and_left);
	g_test_add_func("/journal/folder/a-lock-that-was-taken-away-is-made-again", test_a_lock_that_was_taken_away_is_made_again);
	g_test_add_func("/journal/folder/a-folder-that-another-program-just-made-will-do",
			test_a_folder_that_another_program_just_made_will_do);
	return g_test_run();
}
