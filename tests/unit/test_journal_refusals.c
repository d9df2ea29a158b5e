/* What the reader does not take, and the writer does not stand on: headers and boxes with right checksums that mean nothing, a disk that
 * fails while it is read, a machine without random numbers, another segment in the place of the last one.
 *
 * Calls are replaced by defining them here: the journal's code is linked statically, so it calls these.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include "journal/ratchet.h"
#include "journal/verify_set.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CLOCK_STATE_AT  60u
#define FLAGS_AT        20u /* the incompatible ones */
#define RECIPIENTS_AT   232u
#define BOXES_AT        240u
#define BOX_OFFSET      32u /* behind the fingerprint */

static struct {
	gboolean no_random;
	int read_errors[2]; /* what the next calls of pread fail with; 0: they don't */
	gint64 fail_from;   /* reading from this offset on fails; 0: it does not */
} world;

int sodium_init(void)
{
	int (*real)(void) = NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "sodium_init");
	return world.no_random ? -1 : real();
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	errno = world.read_errors[0] ? world.read_errors[0] : EIO;
	const gboolean fails = world.read_errors[0] || (world.fail_from && offset >= world.fail_from);
	world.read_errors[0] = world.read_errors[1];
	world.read_errors[1] = 0;
	return fails ? -1 : syscall(SYS_pread64, fd, data, size, offset);
}

/* --- segments --- */

typedef struct {
	char *directory, *path;
	guint8 *data;
	gsize size;
} Example;

/* Three frames of one observation each; sealed to the fixture's identity, or not; with its end, or open. */
static Example make_example(gboolean sealed, gboolean ended)
{
	Example e = {.directory = fixture_directory()};
	JournalIdentity identity;
	fixture_identity(&identity);
	g_autofree char *keys = fixture_keys(e.directory, 1, NULL);
	const JournalWriterOptions options = {.directory = e.directory, .keys = keys, .n_recipients = sealed ? 1 : 0,
					      .recipients = (const guint8(*)[JOURNAL_KEY_SIZE])identity.public_key};
	g_autoptr(JournalWriter) w = journal_writer_new(&options, NULL);
	guint64 next = 1;
	for (guint i = 0; i < 3; i++) {
		fixture_append(w, &next, 1, 50);
		fixture_commit(w);
	}
	if (ended)
		fixture_close(w);
	e.path = g_strdup(journal_writer_path(w));
	g_assert_true(g_file_get_contents(e.path, (char **)&e.data, &e.size, NULL));
	return e;
}

static void remove_example(Example *e)
{
	g_free(e->path);
	g_free(e->data);
	fixture_remove(e->directory);
}

static void save(const Example *e)
{
	g_assert_true(g_file_set_contents(e->path, (char *)e->data, (gssize)e->size, NULL));
}

static void put_u32(Example *e, gsize at, guint32 value)
{
	ByteWriter w = byte_writer_init(e->data + at, 4);
	byte_writer_u32(&w, value);
}

/* Right checksums in both copies, as anybody can make them. */
static void finish_header(Example *e)
{
	journal_header_finish(e->data, NULL);
	memcpy(e->data + JOURNAL_HEADER_SIZE, e->data, JOURNAL_HEADER_SIZE);
}

static JournalReader *open_bytes(const Example *e, GError **error)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(e->data, e->size);
	return journal_reader_new_for_bytes(bytes, error);
}

static void assert_refused(const Example *e, const char *words)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JournalReader) reader = open_bytes(e, &error);
	g_assert_null(reader);
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT);
	g_assert_nonnull(strstr(error->message, words));
}

/* --- headers --- */

static void test_a_number_of_recipients_that_no_writer_gives_is_damage(void)
{
	Example e = make_example(TRUE, TRUE);
	static const guint32 numbers[] = {0, JOURNAL_MAX_RECIPIENTS + 1, G_MAXUINT32};
	for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
		put_u32(&e, RECIPIENTS_AT, numbers[i]);
		finish_header(&e);
		assert_refused(&e, "its header is damaged in both copies");
	}
	remove_example(&e);
}

/* Of the two copies the one that is understood least decides nothing: a newer journal is told even where one copy is damaged. */
static void test_a_newer_copy_beside_a_damaged_one_is_told_as_newer(void)
{
	Example e = make_example(FALSE, TRUE);
	put_u32(&e, FLAGS_AT, 1u << 31);
	finish_header(&e);
	for (gsize copy = 0; copy < 2; copy++) {
		e.data[copy * JOURNAL_HEADER_SIZE + 100] ^= 1;
		assert_refused(&e, "newer jamlog");
		e.data[copy * JOURNAL_HEADER_SIZE + 100] ^= 1;
	}
	remove_example(&e);
}

static void test_a_clock_state_that_is_not_known_is_no_clock(void)
{
	Example e = make_example(FALSE, TRUE);
	static const guint32 states[] = {CLOCK_STATE_NTP + 1, G_MAXUINT32};
	for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
		put_u32(&e, CLOCK_STATE_AT, states[i]);
		finish_header(&e);
		g_autoptr(JournalReader) reader = open_bytes(&e, NULL);
		g_assert_nonnull(reader);
		g_assert_cmpint(journal_reader_segment(reader)->created.state, ==, CLOCK_STATE_UNSET);
	}
	remove_example(&e);
}

/* Sync comes back to a grown segment: what it was told of the header it is not told again. */
static void test_a_damaged_header_is_told_at_the_beginning_only(void)
{
	Example e = make_example(FALSE, TRUE);
	JournalFrame frame;
	JournalDamage damage;
	JournalPosition second;
	e.data[JOURNAL_HEADER_SIZE + 100] ^= 1;
	g_autoptr(JournalReader) reader = open_bytes(&e, NULL);
	g_assert_cmpint(journal_reader_next(reader, &frame, &damage, NULL), ==, JOURNAL_DAMAGE);
	g_assert_cmpuint(damage.offset, ==, JOURNAL_HEADER_SIZE);
	g_assert_cmpint(journal_reader_next(reader, &frame, &damage, NULL), ==, JOURNAL_FRAME);
	journal_reader_position(reader, &second);
	g_autoptr(JournalReader) again = open_bytes(&e, NULL);
	journal_reader_seek(again, &second);
	g_assert_cmpint(journal_reader_next(again, &frame, &damage, NULL), ==, JOURNAL_FRAME);
	g_assert_cmpuint(frame.first_sequence, ==, 2);
	remove_example(&e);
}

/* --- sealed --- */

static void test_a_box_that_was_changed_opens_nothing(void)
{
	Example e = make_example(TRUE, TRUE);
	JournalIdentity identity;
	fixture_identity(&identity);
	for (gsize at = 0; at < JOURNAL_BOX_SIZE; at += 7) {
		e.data[BOXES_AT + BOX_OFFSET + at] ^= 1;
		finish_header(&e);
		g_autoptr(JournalReader) reader = open_bytes(&e, NULL);
		g_autoptr(GError) error = NULL;
		g_assert_false(journal_reader_unlock(reader, &identity, &error));
		g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS);
		e.data[BOXES_AT + BOX_OFFSET + at] ^= 1;
	}
	remove_example(&e);
}

/* Shorter than the tag alone: the length of what is in it would be less than nothing. */
static void test_a_sealed_frame_without_room_for_its_tag_is_damage(void)
{
	Example e = make_example(TRUE, TRUE);
	JournalIdentity identity;
	guint8 digest[JOURNAL_CHAIN_SIZE];
	JournalFrameHead head;
	fixture_identity(&identity);
	journal_header_digest(e.data, digest);
	guint8 *bytes = e.data + JOURNAL_FIRST_FRAME;
	g_assert_cmpint(journal_frame_parse(bytes, 512, journal_frame_seed(digest), TRUE, &head), ==, JOURNAL_FRAME_OK);
	for (guint16 length = 0; length <= JOURNAL_TAG_SIZE; length += JOURNAL_TAG_SIZE / 2) {
		const guint8 payload[JOURNAL_TAG_SIZE] = {0};
		head.payload_length = length;
		journal_frame_encode(&head, payload, journal_frame_seed(digest), bytes);
		g_autoptr(JournalReader) reader = open_bytes(&e, NULL);
		JournalFrame frame;
		JournalDamage damage;
		g_assert_true(journal_reader_unlock(reader, &identity, NULL));
		g_assert_cmpint(journal_reader_next(reader, &frame, &damage, NULL), ==, JOURNAL_DAMAGE);
		g_assert_cmpstr(damage.reason, ==, "a frame that the key does not open");
	}
	remove_example(&e);
}

/* --- a disk that fails while it is read --- */

static void test_an_interrupted_read_is_done_again(void)
{
	Example e = make_example(FALSE, TRUE);
	world.read_errors[0] = world.read_errors[1] = EINTR;
	g_autofree FixtureWalk *walk = fixture_walk_file(e.path);
	g_assert_cmpint(world.read_errors[0], ==, 0);
	fixture_assert_exactly(walk, 1, 3);
	remove_example(&e);
}

static void test_a_first_read_that_fails_names_the_file(void)
{
	Example e = make_example(FALSE, TRUE);
	g_autoptr(GError) error = NULL;
	world.read_errors[0] = EIO;
	g_autoptr(JournalReader) reader = journal_reader_open(e.path, &error);
	g_assert_null(reader);
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED);
	g_assert_true(g_str_has_prefix(error->message, e.path));
	remove_example(&e);
}

/* The zeros behind the last frame, 1 MiB of them, are looked through for what may follow damage. */
static void test_a_rest_that_cannot_be_read_is_not_taken_for_the_end(void)
{
	Example e = make_example(FALSE, FALSE);
	g_autoptr(JournalReader) reader = journal_reader_open(e.path, NULL);
	g_autoptr(GError) error = NULL;
	JournalFrame frame;
	JournalDamage damage;
	world.fail_from = 512 * 1024;
	for (guint i = 0; i < 3; i++)
		g_assert_cmpint(journal_reader_next(reader, &frame, &damage, NULL), ==, JOURNAL_FRAME);
	g_assert_cmpint(journal_reader_next(reader, &frame, &damage, &error), ==, JOURNAL_IO_ERROR);
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED);
	world.fail_from = 0;
	/* The disk is well again: so is the reader. */
	g_assert_cmpint(journal_reader_next(reader, &frame, &damage, NULL), ==, JOURNAL_END_OPEN);
	remove_example(&e);
}

static void test_a_file_behind_a_damaged_header_that_cannot_be_read_is_told(void)
{
	Example e = make_example(FALSE, TRUE);
	g_autoptr(GError) error = NULL;
	JournalFrame frame;
	JournalDamage damage;
	e.data[100] ^= 1;
	save(&e);
	g_autoptr(JournalReader) reader = journal_reader_open(e.path, NULL);
	world.read_errors[0] = EIO;
	g_assert_cmpint(journal_reader_next(reader, &frame, &damage, &error), ==, JOURNAL_IO_ERROR);
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED);
	g_assert_cmpint(journal_reader_next(reader, &frame, &damage, NULL), ==, JOURNAL_DAMAGE);
	remove_example(&e);
}

static void test_nothing_is_called_proven_behind_a_read_that_fails(void)
{
	Example e = make_example(FALSE, FALSE);
	char *paths[] = {e.path, NULL};
	world.fail_from = 512 * 1024;
	g_autoptr(VerifyReport) report = journal_verify(paths, NULL, NULL);
	world.fail_from = 0;
	const VerifyRun *run = report->runs->pdata[0];
	g_assert_cmpint(verify_run_class(run), ==, VERIFY_DAMAGED);
	g_assert_nonnull(strstr(g_array_index(run->findings, VerifyFinding, 0).text, "cannot be read to its end"));
	remove_example(&e);
}

/* Headers that are damaged with nothing behind them are no loss; but that there is nothing must have been seen. */
static void test_a_file_is_called_empty_only_where_all_of_it_was_read(void)
{
	Example e = make_example(FALSE, FALSE);
	char *paths[] = {e.path, NULL};
	memset(e.data, 0x5a, JOURNAL_FIRST_FRAME);
	memset(e.data + JOURNAL_FIRST_FRAME, 0, e.size - JOURNAL_FIRST_FRAME);
	save(&e);
	g_autoptr(VerifyReport) whole = journal_verify(paths, NULL, NULL);
	g_assert_cmpuint(whole->empty, ==, 1);
	g_assert_cmpuint(whole->refused->len + whole->broken->len, ==, 0);
	world.fail_from = 512 * 1024;
	g_autoptr(VerifyReport) failed = journal_verify(paths, NULL, NULL);
	world.fail_from = 0;
	g_assert_cmpuint(failed->empty, ==, 0);
	g_assert_cmpuint(failed->refused->len + failed->broken->len, ==, 1);
	e.data[JOURNAL_FIRST_FRAME + 300] = 1;
	save(&e);
	g_autoptr(VerifyReport) dirty = journal_verify(paths, NULL, NULL);
	g_assert_cmpuint(dirty->empty, ==, 0);
	remove_example(&e);
}

/* --- what the writer does not stand on --- */

static void test_without_random_numbers_nothing_is_written_or_read(void)
{
	Example e = make_example(FALSE, TRUE);
	g_autofree char *keys = fixture_keys(e.directory, 1, NULL);
	const JournalWriterOptions options = {.directory = e.directory, .keys = keys};
	g_autoptr(GError) of_writer = NULL, of_reader = NULL;
	world.no_random = TRUE;
	g_assert_null(journal_writer_new(&options, &of_writer));
	g_assert_null(journal_reader_open(e.path, &of_reader));
	world.no_random = FALSE;
	g_assert_error(of_writer, JAMLOG_ERROR, JAMLOG_ERROR_FAILED);
	g_assert_error(of_reader, JAMLOG_ERROR, JAMLOG_ERROR_FAILED);
	remove_example(&e);
}

/* The anchor of the device's next segment, after `data` was put in the place of its last one. */
static void assert_anchored(const Example *e, const guint8 *data, gsize size, gboolean expected)
{
	const guint8 none[JOURNAL_CHAIN_SIZE] = {0};
	g_autofree char *keys = fixture_keys(e->directory, 1, NULL), *before = NULL;
	gsize length;
	g_assert_true(g_file_set_contents(e->path, (const char *)data, (gssize)size, NULL));
	g_assert_true(g_file_get_contents(keys, &before, &length, NULL));
	g_autoptr(JournalWriter) w = fixture_writer(e->directory, 0);
	g_autoptr(JournalReader) reader = journal_reader_open(journal_writer_path(w), NULL);
	g_assert_cmpuint(journal_reader_segment(reader)->device_number, ==, 2);
	g_assert_cmpint(memcmp(journal_reader_segment(reader)->anchor, none, sizeof none) != 0, ==, expected);
	g_assert_cmpint(g_unlink(journal_writer_path(w)), ==, 0);
	g_assert_true(g_file_set_contents(keys, before, (gssize)length, NULL));
}

/* A header vouches for the device's last segment, not for whatever stands under its name. */
static void test_another_segment_under_the_last_ones_name_is_not_vouched_for(void)
{
	Example e = make_example(FALSE, TRUE);
	const gsize number_at = 236, device_at = 24;
	g_autofree guint8 *good = g_memdup2(e.data, e.size);
	assert_anchored(&e, e.data, e.size, TRUE);
	put_u32(&e, number_at, 7);
	finish_header(&e);
	assert_anchored(&e, e.data, e.size, FALSE);
	memcpy(e.data, good, e.size);
	e.data[device_at] ^= 1;
	finish_header(&e);
	assert_anchored(&e, e.data, e.size, FALSE);
	assert_anchored(&e, (const guint8 *)"no journal", 10, FALSE);
	remove_example(&e);
}

static void test_what_is_not_there_may_be_freed(void)
{
	journal_reader_free(NULL);
	journal_writer_free(NULL);
	ratchet_free(NULL);
	device_keys_free(NULL);
	verify_report_free(NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/refusals/a-number-of-recipients-that-no-writer-gives",
			test_a_number_of_recipients_that_no_writer_gives_is_damage);
	g_test_add_func("/journal/refusals/a-newer-copy-beside-a-damaged-one", test_a_newer_copy_beside_a_damaged_one_is_told_as_newer);
	g_test_add_func("/journal/refusals/a-clock-state-that-is-not-known-is-no-clock", test_a_clock_state_that_is_not_known_is_no_clock);
	g_test_add_func("/journal/refusals/a-damaged-header-is-told-at-the-beginning-only",
			test_a_damaged_header_is_told_at_the_beginning_only);
	g_test_add_func("/journal/refusals/a-box-that-was-changed-opens-nothing", test_a_box_that_was_changed_opens_nothing);
	g_test_add_func("/journal/refusals/a-sealed-frame-without-room-for-its-tag",
			test_a_sealed_frame_without_room_for_its_tag_is_damage);
	g_test_add_func("/journal/refusals/an-interrupted-read-is-done-again", test_an_interrupted_read_is_done_again);
	g_test_add_func("/journal/refusals/a-first-read-that-fails-names-the-file", test_a_first_read_that_fails_names_the_file);
	g_test_add_func("/journal/refusals/a-rest-that-cannot-be-read-is-no-end", test_a_rest_that_cannot_be_read_is_not_taken_for_the_end);
	g_test_add_func("/journal/refusals/behind-a-damaged-header", test_a_file_behind_a_damaged_header_that_cannot_be_read_is_told);
	g_test_add_func("/journal/refusals/nothing-is-proven-behind-a-read-that-fails",
			test_nothing_is_called_proven_behind_a_read_that_fails);
	g_test_add_func("/journal/refusals/empty-only-where-all-was-read", test_a_file_is_called_empty_only_where_all_of_it_was_read);
	g_test_add_func("/journal/refusals/without-random-numbers", test_without_random_numbers_nothing_is_written_or_read);
	g_test_add_func("/journal/refusals/another-segment-under-the-last-ones-name",
			test_another_segment_under_the_last_ones_name_is_not_vouched_for);
	g_test_add_func("/journal/refusals/what-is-not-there-may-be-freed", test_what_is_not_there_may_be_freed);
	return g_test_run();
}
