/* A disk that refuses: the n-th write, fdatasync, fsync or truncation fails, for every n. Whatever happens, what was
 * acknowledged is there, nothing is invented, and recording goes on once the disk does.
 *
 * The calls are replaced by defining them here: the journal's code is linked statically, so it calls these.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef enum {
	FAIL_ALL,        /* the call does nothing */
	FAIL_HALF_DONE,  /* a write puts half of its bytes onto the disk first */
	FAIL_SHORT,      /* a write says that it took only half; no error at all */
	FAIL_NOTHING,    /* a write says that it took nothing; no error at all */
} FailHow;

static struct {
	gint calls;      /* that could have failed, so far */
	gint first, n;   /* calls first .. first + n - 1 fail; n 0: none */
	int errnum;
	FailHow how;
	gboolean writes_only; /* and no call that makes durable or cuts */
	gsize full_at;        /* no file can grow past this size; 0: any can */
	gboolean quota;       /* ... because of a quota */
	gsize direct_below;   /* O_DIRECT writes of fewer bytes are refused */
	gboolean fsync;       /* every fsync fails */
	gsize hidden;         /* offset of a sector that reads as zeros ... */
	gint hidden_reads;    /* ... so many times */
} fault;

static gboolean fails_now(void)
{
	const gint call = ++fault.calls;
	return call >= fault.first && call < fault.first + fault.n;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	if (fault.full_at && (gsize)offset + size > fault.full_at) {
		errno = fault.quota ? EDQUOT : ENOSPC;
		return -1;
	}
	if (size < fault.direct_below && (fcntl(fd, F_GETFL) & O_DIRECT)) {
		errno = EINVAL;
		return -1;
	}
	if (!fails_now())
		return syscall(SYS_pwrite64, fd, data, size, offset);
	if (fault.how == FAIL_NOTHING)
		return 0;
	if (fault.how == FAIL_ALL || size < 1024) {
		errno = fault.errnum;
		return -1;
	}
	const ssize_t done = syscall(SYS_pwrite64, fd, data, size / 2 / 512 * 512, offset);
	if (fault.how == FAIL_SHORT)
		return done;
	errno = fault.errnum;
	return -1;
}

int fdatasync(int fd)
{
	(void)fd; /* durability itself is not under test here, and a real one takes long */
	errno = fault.errnum;
	return !fault.writes_only && fails_now() ? -1 : 0;
}

int fsync(int fd)
{
	(void)fd;
	errno = fault.errnum;
	return fault.fsync || (!fault.writes_only && fails_now()) ? -1 : 0;
}

int ftruncate(int fd, off_t size)
{
	if (fault.writes_only || !fails_now())
		return (int)syscall(SYS_ftruncate, fd, size);
	errno = fault.errnum;
	return -1;
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	const ssize_t n = syscall(SYS_pread64, fd, data, size, offset);
	if (fault.hidden_reads > 0 && (gsize)offset <= fault.hidden && (gsize)(offset + n) >= fault.hidden + 512) {
		memset((guint8 *)data + (fault.hidden - (gsize)offset), 0, 512);
		fault.hidden_reads--;
	}
	return n;
}

/* In memory where that is possible: thousands of segments are made here. */
static char *scratch_directory(void)
{
	char *directory = g_strdup("/dev/shm/jamlog-test-XXXXXX");
	if (g_mkdtemp(directory))
		return directory;
	g_free(directory);
	return fixture_directory();
}

static gint64 started_ns; /* of what in_ten_seconds counts from */

/* Every segment in the folder. */
static FixtureWalk *walk_all(const char *directory)
{
	FixtureWalk *walk = g_new0(FixtureWalk, 1);
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	for (const char *name; (name = g_dir_read_name(dir));) {
		g_autofree char *path = g_build_filename(directory, name, NULL);
		g_autoptr(JournalReader) reader = journal_reader_open(path, NULL);
		if (reader)
			fixture_walk(reader, walk);
	}
	return walk;
}

static void assert_acknowledged_is_there(const char *directory, guint64 durable, guint64 last)
{
	g_autofree FixtureWalk *walk = walk_all(directory);
	g_assert_cmpuint(walk->invented, ==, 0);
	for (guint64 i = 1; i <= durable; i++)
		g_assert_cmpuint(walk->seen[i], >=, 1);
	for (guint64 i = last + 1; i < FIXTURE_MAX_SEQUENCE; i++)
		g_assert_cmpuint(walk->seen[i], ==, 0);
}

/* A run of 24 groups over several segments, against the disk as `fault` describes it. FALSE: it did not even begin. */
static gboolean record(const char *directory, guint64 *ret_last)
{
	g_autofree char *keys = fixture_keys(directory, 1, NULL);
	const JournalWriterOptions options = {.directory = directory, .keys = keys, .segment_size = 24 * 1024};
	g_autoptr(JournalWriter) w = journal_writer_new(&options, NULL);
	guint64 next = 1;
	if (!w)
		return FALSE;
	for (guint i = 0; i < 24; i++) {
		g_autoptr(GError) error = NULL;
		const guint64 durable = journal_writer_durable_sequence(w);
		fixture_append(w, &next, 1 + i % 11, 140);
		const gboolean ok = journal_writer_commit(w, &error);
		g_assert_cmpint(ok, ==, error == NULL);
		g_assert_cmpuint(journal_writer_durable_sequence(w), ==, ok ? next - 1 : durable);
		g_assert_true(ok || error->domain == JAMLOG_ERROR);
		g_assert_true(ok || (error->code == JAMLOG_ERROR_NO_SPACE) == (fault.errnum == ENOSPC));
		if (!ok)
			assert_acknowledged_is_there(directory, journal_writer_durable_sequence(w), next - 1);
	}
	fault.n = 0;
	fixture_commit(w);
	g_assert_cmpuint(journal_writer_durable_sequence(w), ==, next - 1);
	fixture_close(w);
	assert_acknowledged_is_there(directory, next - 1, next - 1);
	*ret_last = next - 1;
	return TRUE;
}

static gint count_calls(void)
{
	guint64 last;
	char *directory = scratch_directory();
	fault.calls = fault.n = 0;
	g_assert_true(record(directory, &last));
	fixture_remove(directory);
	return fault.calls;
}

static void fail_each_call(int errnum, gint n, FailHow how)
{
	const gint calls = count_calls();
	g_assert_cmpint(calls, >, 60);
	for (gint first = 1; first <= calls; first++) {
		guint64 last = 0;
		char *directory = scratch_directory();
		fault.calls = 0;
		fault.first = first;
		fault.n = n;
		fault.errnum = errnum;
		fault.how = how;
		if (!record(directory, &last)) {
			/* Nothing half made is left behind. */
			g_autofree FixtureWalk *walk = walk_all(directory);
			g_assert_cmpuint(walk->frames, ==, 0);
			g_assert_cmpint(first, <, 40);
		}
		fixture_remove(directory);
	}
	fault.n = 0;
}

static void test_one_failing_call_loses_nothing(void)
{
	fail_each_call(EIO, 1, FAIL_ALL);
}

static void test_a_write_that_half_succeeds_loses_nothing(void)
{
	fail_each_call(EIO, 1, FAIL_HALF_DONE);
}

static void test_a_short_write_is_gone_on_with(void)
{
	fail_each_call(EIO, 1, FAIL_SHORT);
}

static void test_a_disk_that_is_full_for_a_while_loses_nothing(void)
{
	fail_each_call(ENOSPC, 12, FAIL_HALF_DONE);
}

static void test_a_disk_that_fails_for_a_while_loses_nothing(void)
{
	fail_each_call(EIO, 12, FAIL_ALL);
}

/* O_DIRECT may be refused as late as at the first write, or at the first small one (disks with sectors of 4 KiB). */
static void test_refused_direct_writes_go_through_the_cache(void)
{
	static const gsize limits[] = {4096, G_MAXSIZE};
	for (gsize i = 0; i < G_N_ELEMENTS(limits); i++) {
		char *directory = scratch_directory();
		fault.direct_below = limits[i];
		g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
		guint64 next = 1;
		for (guint k = 0; k < 5; k++) {
			fixture_append(w, &next, 1, 50);
			fixture_commit(w);
		}
		fixture_close(w);
		g_autofree FixtureWalk *walk = fixture_walk_file(journal_writer_path(w));
		fixture_assert_exactly(walk, 1, 5);
		fault.direct_below = 0;
		fixture_remove(directory);
	}
}

static void test_an_interrupted_write_is_done_again(void)
{
	char *directory = scratch_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fault.calls = 0;
	fault.first = fault.n = 1;
	fault.errnum = EINTR;
	fault.how = FAIL_ALL;
	fault.writes_only = TRUE;
	fixture_append(w, &next, 1, 50);
	fixture_commit(w);
	fault.writes_only = FALSE;
	fault.n = 0;
	fixture_remove(directory);
}

/* What could be read before the failure may be gone after it: a segment whose enlargement did not become durable is left. */
static void test_a_segment_that_failed_to_grow_is_left(void)
{
	char *directory = scratch_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	g_autoptr(GError) error = NULL;
	g_autofree char *old = g_strdup(journal_writer_path(w));
	guint64 next = 1;
	fault.fsync = TRUE;
	fault.errnum = EIO;
	do {
		fixture_append(w, &next, 100, 150);
	} while (journal_writer_commit(w, &error));
	fault.fsync = FALSE;
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED);
	g_assert_cmpuint(journal_writer_bytes(w), >, 900 * 1024);
	fixture_commit(w);
	g_assert_cmpstr(journal_writer_path(w), !=, old);
	fixture_remove(directory);
}

static void test_a_name_that_is_taken_does_not_stop_the_run(void)
{
	char *directory = scratch_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	g_autofree char *taken = g_strdup(journal_writer_path(w));
	guint64 next = 1;
	strcpy(taken + strlen(taken) - strlen("1.jlj"), "2.jlj");
	g_assert_true(g_file_set_contents(taken, "mine", 4, NULL));
	fixture_append(w, &next, 1, 50);
	fault.calls = 0;
	fault.first = 1;
	fault.n = 1;
	fault.errnum = EIO;
	fault.how = FAIL_ALL;
	g_assert_false(journal_writer_commit(w, NULL)); /* gives segment 1 up */
	g_assert_false(journal_writer_commit(w, NULL)); /* finds 2 taken */
	fixture_commit(w);
	g_assert_true(g_str_has_suffix(journal_writer_path(w), "-00003.jlj"));
	g_autofree char *content = NULL;
	g_assert_true(g_file_get_contents(taken, &content, NULL, NULL));
	g_assert_cmpstr(content, ==, "mine");
	fault.n = 0;
	fixture_remove(directory);
}

/* Beside a writer: the second block of a write is there to read before the first one. */
static void test_a_write_that_shows_its_end_first_is_no_damage(void)
{
	char *directory = scratch_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fixture_append(w, &next, 60, 150); /* three frames, of a block each */
	fixture_commit(w);
	g_autoptr(JournalReader) reader = journal_reader_open(journal_writer_path(w), NULL);
	g_autofree FixtureWalk *walk = g_new0(FixtureWalk, 1);
	fault.hidden = 8192;
	fault.hidden_reads = 2;
	fixture_walk(reader, walk);
	g_assert_cmpint(fault.hidden_reads, ==, 0);
	fixture_assert_exactly(walk, 1, 60);
	g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
	fixture_remove(directory);
}

static void test_a_failed_segment_is_left_for_a_new_one(void)
{
	char *directory = scratch_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fixture_append(w, &next, 3, 50);
	fixture_commit(w);
	g_autofree char *old = g_strdup(journal_writer_path(w));
	fixture_append(w, &next, 2, 50);
	fault.calls = 0;
	fault.first = 2; /* the write succeeds, fdatasync does not */
	fault.n = 1;
	fault.errnum = EIO;
	g_autoptr(GError) error = NULL;
	g_assert_false(journal_writer_commit(w, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED);
	g_assert_nonnull(strstr(error->message, old));
	g_assert_cmpuint(journal_writer_durable_sequence(w), ==, 3);
	fixture_commit(w);
	g_assert_cmpstr(journal_writer_path(w), !=, old);
	fixture_close(w);
	g_autoptr(JournalReader) reader = journal_reader_open(journal_writer_path(w), NULL);
	g_autofree FixtureWalk *after = g_new0(FixtureWalk, 1), *before = g_new0(FixtureWalk, 1);
	fixture_walk(reader, after);
	fixture_assert_exactly(after, 4, 5);
	g_assert_cmpuint(journal_reader_segment(reader)->first_sequence, ==, 4);
	/* The new segment hangs on what was acknowledged in the old one: its first frame. */
	g_autoptr(JournalReader) first = journal_reader_open(old, NULL);
	JournalFrame frame;
	JournalDamage damage;
	JournalPosition position;
	g_assert_cmpint(journal_reader_next(first, &frame, &damage, NULL), ==, JOURNAL_FRAME);
	journal_reader_position(first, &position);
	g_assert_true(memcmp(position.chain, journal_reader_segment(reader)->previous, sizeof position.chain) == 0);
	fixture_remove(directory);
}

static ClockReading in_ten_seconds(gpointer user_data)
{
	(void)user_data;
	return (ClockReading){.boottime_ns = started_ns + 10 * NS_PER_S};
}

static ClockReading in_a_minute(gpointer user_data)
{
	(void)user_data;
	return (ClockReading){.boottime_ns = started_ns + 70 * NS_PER_S};
}

/* As on a disk that fills up: preallocation fails, what is preallocated is used up, then there is no room; then there is. */
static void use_up_the_disk(gboolean quota)
{
	fault.quota = quota;
	char *directory = scratch_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	g_autoptr(GError) error = NULL;
	guint64 next = 1, low_at = 0;
	fault.full_at = 1024 * 1024;
	started_ns = clock_boottime_ns();
	do {
		if (journal_writer_space_low(w) && !low_at)
			low_at = journal_writer_bytes(w);
		fixture_append(w, &next, 20, 150);
	} while (journal_writer_commit(w, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_SPACE);
	g_assert_cmpuint(low_at, >, 950 * 1024);
	g_assert_cmpuint(low_at, <, 1024 * 1024 - 48 * 1024);
	g_assert_cmpuint(journal_writer_bytes(w), >, 1024 * 1024 - 3 * 4096);
	fault.full_at = 0;
	g_autofree char *path = g_strdup(journal_writer_path(w));
	fixture_commit(w);
	g_assert_cmpstr(journal_writer_path(w), ==, path);
	/* The reserve was used up, and is made again a while after there is room. */
	g_assert_true(journal_writer_space_low(w));
	clock_override(in_ten_seconds, NULL);
	fixture_append(w, &next, 1, 20);
	fixture_commit(w);
	g_assert_false(journal_writer_space_low(w));
	clock_override(NULL, NULL);
	fixture_close(w);
	g_autofree FixtureWalk *walk = walk_all(directory);
	fixture_assert_exactly(walk, 1, next - 1);
	g_assert_cmpint(walk->end, ==, JOURNAL_END_FINAL);
	fixture_remove(directory);
}

static void test_a_full_disk_is_used_to_its_last_preallocated_byte(void)
{
	use_up_the_disk(FALSE);
}

static void test_a_quota_is_met_as_a_full_disk_is(void)
{
	use_up_the_disk(TRUE);
	fault.quota = FALSE;
}

/* The two sectors that are kept for the end hold a seal as well: with one of them gone the end has no room. */
static void test_an_end_without_room_costs_nothing_but_the_end(void)
{
	char *directory = scratch_directory();
	const guint64 room = 1024 * 1024;
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	g_autoptr(GError) error = NULL;
	guint64 next = 1;
	started_ns = clock_boottime_ns();
	fault.full_at = (gsize)room;
	while (journal_writer_bytes(w) < room - 3 * 512) {
		fixture_append(w, &next, 1, 50);
		fixture_commit(w);
	}
	clock_override(in_a_minute, NULL);
	fixture_append(w, &next, 1, 50);
	fixture_commit(w);
	g_assert_cmpuint(journal_writer_bytes(w), ==, room - 512);
	g_assert_false(journal_writer_close(w, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_SPACE);
	clock_override(NULL, NULL);
	fault.full_at = 0;
	g_autofree FixtureWalk *walk = walk_all(directory);
	fixture_assert_exactly(walk, 1, next - 1);
	g_assert_cmpint(walk->end, ==, JOURNAL_END_OPEN);
	fixture_remove(directory);
}

static void fail_calls(gint first, gint n, int errnum, FailHow how)
{
	fault.calls = 0;
	fault.first = first;
	fault.n = n;
	fault.errnum = errnum;
	fault.how = how;
}

/* A commit of one observation fails so; the next one succeeds. */
static void assert_fails_once(gint n, int errnum, FailHow how, JamlogError code)
{
	char *directory = scratch_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	g_autoptr(GError) error = NULL;
	guint64 next = 1;
	fixture_append(w, &next, 1, 50);
	fail_calls(1, n, errnum, how);
	fault.writes_only = TRUE;
	g_assert_false(journal_writer_commit(w, &error));
	fault.writes_only = FALSE;
	g_assert_error(error, JAMLOG_ERROR, (gint)code);
	g_assert_cmpuint(journal_writer_durable_sequence(w), ==, 0);
	fault.n = 0;
	fixture_commit(w);
	assert_acknowledged_is_there(directory, 1, 1);
	fixture_remove(directory);
}

/* Without an error number of its own it would be told as whatever went wrong before. */
static void test_a_write_that_takes_nothing_is_a_full_disk(void)
{
	assert_fails_once(G_MAXINT / 2, EIO, FAIL_NOTHING, JAMLOG_ERROR_NO_SPACE);
}

static void test_a_write_refused_through_the_cache_too_is_told(void)
{
	assert_fails_once(2, EINVAL, FAIL_ALL, JAMLOG_ERROR_FAILED);
	/* ... and after a write that the cache took. */
	char *directory = scratch_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fault.direct_below = G_MAXSIZE;
	fixture_append(w, &next, 1, 50);
	fixture_commit(w);
	fault.direct_below = 0;
	fixture_append(w, &next, 1, 50);
	fail_calls(1, 1, EINVAL, FAIL_ALL);
	g_assert_false(journal_writer_commit(w, NULL));
	g_assert_cmpint(fault.calls, ==, 1);
	fixture_remove(directory);
}

/* A group of several writes: after the first one that fails nothing more is written where nothing is known any more. */
static void test_a_long_group_ends_with_its_first_failing_write(void)
{
	char *directory = scratch_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fixture_append(w, &next, 1500, 150);
	fail_calls(1, 1, EIO, FAIL_ALL);
	fault.writes_only = TRUE;
	g_assert_false(journal_writer_commit(w, NULL));
	g_assert_cmpint(fault.calls, ==, 1);
	g_assert_cmpuint(journal_writer_durable_sequence(w), ==, 0);
	fixture_commit(w);
	g_assert_cmpint(fault.calls, >, 4);
	fault.writes_only = FALSE;
	g_autofree FixtureWalk *walk = walk_all(directory);
	fixture_assert_exactly(walk, 1, 1500);
	fixture_remove(directory);
}

/* The idle minute's seal has nothing to lose: with its segment given up the run is as it was, and its end is no failure. */
static void test_an_idle_seal_that_fails_loses_nothing(void)
{
	char *directory = scratch_directory();
	started_ns = clock_boottime_ns();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fixture_append(w, &next, 2, 50);
	fixture_commit(w);
	clock_override(in_a_minute, NULL);
	fail_calls(1, 1, EIO, FAIL_ALL);
	g_assert_false(journal_writer_commit(w, NULL));
	fixture_commit(w);
	fixture_close(w);
	clock_override(NULL, NULL);
	g_autofree FixtureWalk *walk = walk_all(directory);
	fixture_assert_exactly(walk, 1, 2);
	fixture_remove(directory);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/failures/one-failing-call-loses-nothing", test_one_failing_call_loses_nothing);
	g_test_add_func("/journal/failures/a-write-that-half-succeeds-loses-nothing",
			test_a_write_that_half_succeeds_loses_nothing);
	g_test_add_func("/journal/failures/a-short-write-is-gone-on-with", test_a_short_write_is_gone_on_with);
	g_test_add_func("/journal/failures/a-disk-that-is-full-for-a-while-loses-nothing",
			test_a_disk_that_is_full_for_a_while_loses_nothing);
	g_test_add_func("/journal/failures/a-disk-that-fails-for-a-while-loses-nothing",
			test_a_disk_that_fails_for_a_while_loses_nothing);
	g_test_add_func("/journal/failures/refused-direct-writes-go-through-the-cache",
			test_refused_direct_writes_go_through_the_cache);
	g_test_add_func("/journal/failures/an-interrupted-write-is-done-again", test_an_interrupted_write_is_done_again);
	g_test_add_func("/journal/failures/a-segment-that-failed-to-grow-is-left", test_a_segment_that_failed_to_grow_is_left);
	g_test_add_func("/journal/failures/a-name-that-is-taken-does-not-stop-the-run",
			test_a_name_that_is_taken_does_not_stop_the_run);
	g_test_add_func("/journal/failures/a-write-that-shows-its-end-first-is-no-damage",
			test_a_write_that_shows_its_end_first_is_no_damage);
	g_test_add_func("/journal/failures/a-failed-segment-is-left-for-a-new-one", test_a_failed_segment_is_left_for_a_new_one);
	g_test_add_func("/journal/failures/a-full-disk-is-used-to-its-last-preallocated-byte",
			test_a_full_disk_is_used_to_its_last_preallocated_byte);
	g_test_add_func("/journal/failures/a-quota-is-met-as-a-full-disk-is", test_a_quota_is_met_as_a_full_disk_is);
	g_test_add_func("/journal/failures/an-end-without-room-costs-nothing-but-the-end",
			test_an_end_without_room_costs_nothing_but_the_end);
	g_test_add_func("/journal/failures/a-write-that-takes-nothing-is-a-full-disk", test_a_write_that_takes_nothing_is_a_full_disk);
	g_test_add_func("/journal/failures/a-write-refused-through-the-cache-too-is-told",
			test_a_write_refused_through_the_cache_too_is_told);
	g_test_add_func("/journal/failures/a-long-group-ends-with-its-first-failing-write",
			test_a_long_group_ends_with_its_first_failing_write);
	g_test_add_func("/journal/failures/an-idle-seal-that-fails-loses-nothing", test_an_idle_seal_that_fails_loses_nothing);
	return g_test_run();
}
