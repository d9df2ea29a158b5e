/* What the writer writes, the reader reads: on real files, over commits, rotations and ends of every kind.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
	g_assert_cmpuint(closed->damages + closed->breaks, ==, 0);
	struct stat st;
	g_assert_cmpint(stat(journal_writer_path(w), &st), ==, 0);
	g_assert_cmpuint((guint64)st.st_size, ==, journal_writer_bytes(w));
	g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
	fixture_remove(directory);
}

static void test_what_was_not_committed_is_not_there(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fixture_append(w, &next, 3, 50);
	fixture_commit(w);
	fixture_append(w, &next, 2, 50);
	g_autofree char *path = g_strdup(journal_writer_path(w));
	g_clear_pointer(&w, journal_writer_free);
	g_autofree FixtureWalk *walk = fixture_walk_file(path);
	fixture_assert_exactly(walk, 1, 3);
	g_assert_cmpint(walk->end, ==, JOURNAL_END_OPEN);
	fixture_remove(directory);
}

static void test_closing_commits_what_is_open(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fixture_append(w, &next, 3, 50);
	fixture_close(w);
	g_assert_cmpuint(journal_writer_durable_sequence(w), ==, 3);
	g_autofree FixtureWalk *walk = fixture_walk_file(journal_writer_path(w));
	fixture_assert_exactly(walk, 1, 3);
	fixture_remove(directory);
}

static void test_an_empty_run_is_a_readable_segment(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	fixture_commit(w);
	g_autofree FixtureWalk *open = fixture_walk_file(journal_writer_path(w));
	g_assert_cmpint(open->end, ==, JOURNAL_END_OPEN);
	fixture_close(w);
	g_autofree FixtureWalk *closed = fixture_walk_file(journal_writer_path(w));
	g_assert_cmpint(closed->end, ==, JOURNAL_END_FINAL);
	g_assert_cmpuint(closed->frames, ==, 0);
	fixture_remove(directory);
}

static void test_a_missing_folder_is_made_private(void)
{
	char *directory = fixture_directory();
	g_autofree char *middle = g_build_filename(directory, "a", NULL);
	g_autofree char *inner = g_build_filename(middle, "b", NULL);
	g_autoptr(JournalWriter) w = fixture_writer(inner, 0);
	struct stat st;
	g_assert_cmpint(stat(inner, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 0777, ==, 0700);
	g_assert_cmpint(stat(middle, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 0777, ==, 0700);
	fixture_remove(g_steal_pointer(&inner));
	g_rmdir(middle);
	fixture_remove(directory);
}

static void test_a_folder_that_cannot_be_is_named_in_the_error(void)
{
	g_autoptr(GError) error = NULL;
	JournalWriterOptions options = {.directory = "/proc/jamlog-no-such/x", .keys = "/proc/jamlog-no-such/keys"};
	g_assert_null(journal_writer_new(&options, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND);
	g_assert_nonnull(strstr(error->message, "/proc/jamlog-no-such"));
}

/* Each frame on its own sectors within one block, none over another: an acknowledged sector is never written again. */
static void test_frames_keep_to_sectors_and_blocks(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1, free_from = 8192;
	guint gaps = 0;
	for (guint i = 0; i < 200; i++) {
		fixture_append(w, &next, (guint)g_test_rand_int_range(1, 30), (gsize)g_test_rand_int_range(0, 600));
		fixture_commit(w);
	}
	g_autoptr(JournalReader) reader = journal_reader_open(journal_writer_path(w), NULL);
	JournalFrame frame;
	JournalDamage damage;
	guint32 number = 0;
	for (;;) {
		const JournalResult result = journal_reader_next(reader, &frame, &damage, NULL);
		if (result != JOURNAL_FRAME && result != JOURNAL_SEAL)
			break;
		g_assert_cmpuint(frame.number, ==, number++);
		g_assert_cmpuint(frame.file_offset % 512, ==, 0);
		g_assert_cmpuint(frame.file_offset, >=, free_from);
		g_assert_cmpuint(frame.file_offset % 4096 + 56 + frame.length, <=, 4096);
		gaps += frame.file_offset > free_from ? 1 : 0;
		free_from = (frame.file_offset + 56 + frame.length + 511) / 512 * 512;
	}
	g_assert_cmpuint(free_from, ==, journal_writer_bytes(w));
	g_assert_cmpuint(gaps, >, 0);
	g_autofree FixtureWalk *walk = fixture_walk_file(journal_writer_path(w));
	fixture_assert_exactly(walk, 1, next - 1);
	g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
	fixture_remove(directory);
}

static void test_a_group_is_bounded_and_then_written_whole(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	Observation o;
	fixture_make(&o, next, 150);
	for (; journal_writer_append(w, &o); fixture_make(&o, next, 150))
		next++;
	g_assert_cmpuint(o.sequence, ==, 0);
	g_assert_cmpuint(next, >, 1024 * 1024 / 200);
	g_assert_false(journal_writer_append(w, &o));
	fixture_commit(w);
	fixture_append(w, &next, 1, 150);
	fixture_close(w);
	g_autofree FixtureWalk *walk = fixture_walk_file(journal_writer_path(w));
	fixture_assert_exactly(walk, 1, next - 1);
	g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
	fixture_remove(directory);
}

static char *segment_path(const char *directory, const JournalWriter *w, guint number)
{
	const guint8 *run = journal_writer_run_id(w);
	guint8 seed[JOURNAL_KEY_SIZE], device[JOURNAL_ID_SIZE];
	fixture_device(1, seed, device);
	g_autofree char *name = g_strdup_printf("%02x%02x%02x%02x-%02x%02x%02x%02x-%05u.jlj", device[0], device[1], device[2],
						device[3], run[0], run[1], run[2], run[3], number);
	return g_build_filename(directory, name, NULL);
}

static void test_segments_are_linked(void)
{
	enum { SEGMENT_SIZE = 64 * 1024 };
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, SEGMENT_SIZE);
	guint64 next = 1, bytes = 0, first_sequence = 1;
	guint8 previous[JOURNAL_CHAIN_SIZE] = {0}, seed[JOURNAL_KEY_SIZE], device[JOURNAL_ID_SIZE];
	fixture_device(1, seed, device);
	for (guint i = 0; i < 400; i++) {
		fixture_append(w, &next, 5, 100);
		fixture_commit(w);
	}
	fixture_close(w);
	g_autofree char *last = g_strdup(journal_writer_path(w));
	FixtureWalk *walk = g_new0(FixtureWalk, 1);
	guint number = 1;
	for (gboolean more = TRUE; more; number++) {
		g_autofree char *path = segment_path(directory, w, number);
		g_autoptr(JournalReader) reader = journal_reader_open(path, NULL);
		g_assert_nonnull(reader);
		const JournalSegment *s = journal_reader_segment(reader);
		struct stat st;
		g_assert_cmpint(stat(path, &st), ==, 0);
		bytes += (guint64)st.st_size;
		g_assert_cmpuint(s->number, ==, number);
		g_assert_cmpuint(s->first_sequence, ==, first_sequence);
		g_assert_true(memcmp(s->previous, previous, sizeof previous) == 0);
		g_assert_true(memcmp(s->run_id, journal_writer_run_id(w), JOURNAL_ID_SIZE) == 0);
		g_assert_true(memcmp(s->device_id, device, JOURNAL_ID_SIZE) == 0);
		fixture_walk(reader, walk);
		more = !g_str_equal(path, last);
		g_assert_cmpint(walk->end, ==, JOURNAL_END_FINAL);
		g_assert_cmpint(journal_reader_run_ended(reader), ==, !more);
		g_assert_true(!more || st.st_size >= SEGMENT_SIZE);
		memcpy(previous, walk->before_seal.chain, sizeof previous); /* the final one */
		first_sequence = walk->observations + 1;
	}
	g_assert_cmpuint(number, >, 4);
	g_assert_cmpuint(bytes, ==, journal_writer_bytes(w));
	g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
	fixture_assert_exactly(walk, 1, next - 1);
	g_free(walk);
	fixture_remove(directory);
}

/* The reader is asked again and again while frames come; one reader that stays, and one that is opened anew each time. */
static void test_going_on_in_a_grown_segment_equals_reading_it_whole(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	g_autoptr(JournalReader) stays = journal_reader_open(journal_writer_path(w), NULL);
	g_autofree FixtureWalk *anew = g_new0(FixtureWalk, 1), *staying = g_new0(FixtureWalk, 1);
	guint64 next = 1;
	for (guint i = 0; i < 120; i++) {
		g_autoptr(JournalReader) reader = journal_reader_open(journal_writer_path(w), NULL);
		journal_reader_seek(reader, &anew->position);
		fixture_walk(reader, anew);
		fixture_walk(stays, staying);
		g_assert_cmpint(anew->end, ==, JOURNAL_END_OPEN);
		g_assert_cmpuint(anew->observations, ==, next - 1);
		g_assert_cmpuint(staying->observations, ==, next - 1);
		/* Past the first step of preallocation: there what is in memory reaches to the end of the file. */
		fixture_append(w, &next, i % 5 * 20, 300);
		fixture_commit(w);
	}
	g_assert_cmpuint(journal_writer_bytes(w), >, 1024 * 1024);
	fixture_close(w);
	g_autoptr(JournalReader) reader = journal_reader_open(journal_writer_path(w), NULL);
	for (guint again = 0; again < 2; again++) {
		journal_reader_seek(reader, &anew->position);
		fixture_walk(reader, anew);
		g_assert_cmpint(anew->end, ==, JOURNAL_END_FINAL);
		g_assert_true(journal_reader_run_ended(reader));
	}
	fixture_walk(stays, staying);
	g_assert_cmpint(staying->end, ==, JOURNAL_END_FINAL);
	fixture_assert_exactly(anew, 1, next - 1);
	fixture_assert_exactly(staying, 1, next - 1);
	g_assert_cmpuint(anew->damages + anew->breaks + staying->damages + staying->breaks, ==, 0);
	fixture_remove(directory);
}

static void test_trusted_reading_gives_the_same_frames(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	for (guint i = 0; i < 100; i++) {
		fixture_append(w, &next, i % 40, 100 + i * 4);
		fixture_commit(w);
	}
	fixture_close(w);
	g_autoptr(JournalReader) reader = journal_reader_open(journal_writer_path(w), NULL);
	g_autofree FixtureWalk *walk = g_new0(FixtureWalk, 1);
	journal_reader_set_mode(reader, JOURNAL_READ_TRUSTED);
	fixture_walk(reader, walk);
	fixture_assert_exactly(walk, 1, next - 1);
	g_assert_cmpint(walk->end, ==, JOURNAL_END_FINAL);
	g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
	fixture_remove(directory);
}

static G_GNUC_NORETURN void write_in_child(JournalWriter *w, guint commits)
{
	guint64 next = 1;
	for (guint i = 0; i < commits; i++) {
		fixture_append(w, &next, 60, 150); /* three blocks */
		fixture_commit(w);
	}
	fixture_close(w);
	_exit(0);
}

static void test_reading_beside_a_writer_sees_no_damage(void)
{
	enum { COMMITS = 150 };
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	g_autoptr(JournalReader) stays = journal_reader_open(journal_writer_path(w), NULL);
	const pid_t child = fork();
	if (child == 0)
		write_in_child(w, COMMITS);
	g_autofree FixtureWalk *walk = g_new0(FixtureWalk, 1);
	const gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	do {
		fixture_walk(stays, walk);
	} while (walk->end != JOURNAL_END_FINAL && g_get_monotonic_time() < deadline);
	int status;
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
	g_assert_cmpint(walk->end, ==, JOURNAL_END_FINAL);
	g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
	fixture_assert_exactly(walk, 1, COMMITS * 60);
	fixture_remove(directory);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/writer/what-was-committed-comes-back", test_what_was_committed_comes_back);
	g_test_add_func("/journal/writer/what-was-not-committed-is-not-there", test_what_was_not_committed_is_not_there);
	g_test_add_func("/journal/writer/closing-commits-what-is-open", test_closing_commits_what_is_open);
	g_test_add_func("/journal/writer/an-empty-run-is-a-readable-segment", test_an_empty_run_is_a_readable_segment);
	g_test_add_func("/journal/writer/a-missing-folder-is-made-private", test_a_missing_folder_is_made_private);
	g_test_add_func("/journal/writer/a-folder-that-cannot-be-is-named-in-the-error",
			test_a_folder_that_cannot_be_is_named_in_the_error);
	g_test_add_func("/journal/writer/frames-keep-to-sectors-and-blocks", test_frames_keep_to_sectors_and_blocks);
	g_test_add_func("/journal/writer/a-group-is-bounded-and-then-written-whole",
			test_a_group_is_bounded_and_then_written_whole);
	g_test_add_func("/journal/writer/segments-are-linked", test_segments_are_linked);
	g_test_add_func("/journal/writer/going-on-in-a-grown-segment-equals-reading-it-whole",
			test_going_on_in_a_grown_segment_equals_reading_it_whole);
	g_test_add_func("/journal/writer/trusted-reading-gives-the-same-frames", test_trusted_reading_gives_the_same_frames);
	g_test_add_func("/journal/writer/reading-beside-a-writer-sees-no-damage", test_reading_beside_a_writer_sees_no_damage);
	return g_test_run();
}
