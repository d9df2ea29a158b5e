/* Seals, signing keys and sealing, as the writer makes them and the reader finds them. What they prove is test_verify.c's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include "journal/ratchet.h"
#include "journal/seal.h"

#include <sys/stat.h>

/* --- a clock that goes when it is told to --- */

static gint64 now_ns;

static ClockReading told_time(gpointer user_data)
{
	(void)user_data;
	return (ClockReading){.boottime_ns = now_ns, .realtime_ns = now_ns + 1700000000 * NS_PER_S, .state = CLOCK_STATE_NTP};
}

static JournalIdentity make_identity(void)
{
	JournalIdentity identity;
	g_assert_cmpint(crypto_box_keypair(identity.public_key, identity.secret_key), ==, 0);
	return identity;
}

static JournalWriter *sealed_writer(const char *directory, const JournalIdentity *identities, guint n)
{
	guint8 recipients[JOURNAL_MAX_RECIPIENTS][JOURNAL_KEY_SIZE];
	g_autoptr(GError) error = NULL;
	g_autofree char *keys = fixture_keys(directory, 1, NULL);
	for (guint i = 0; i < n; i++)
		memcpy(recipients[i], identities[i].public_key, JOURNAL_KEY_SIZE);
	const JournalWriterOptions options = {.directory = directory, .keys = keys,
					      .recipients = (const guint8(*)[JOURNAL_KEY_SIZE])recipients, .n_recipients = n};
	JournalWriter *w = journal_writer_new(&options, &error);
	g_assert_no_error(error);
	return w;
}

/* The seals of a segment, and how many frames of observations stood before each. */
typedef struct {
	guint n;
	Seal seal[64];
	guint frames_before[64];
	guint frames;
} Seals;

static Seals read_seals(const char *path)
{
	Seals s = {0};
	JournalFrame frame;
	JournalDamage damage;
	g_autoptr(JournalReader) reader = journal_reader_open(path, NULL);
	g_assert_nonnull(reader);
	for (;;) {
		const JournalResult result = journal_reader_next(reader, &frame, &damage, NULL);
		if (result == JOURNAL_FRAME) {
			s.frames++;
		} else if (result == JOURNAL_SEAL) {
			s.frames_before[s.n] = s.frames;
			g_assert_true(seal_parse(frame.payload, frame.length, &s.seal[s.n++]));
		} else {
			g_assert_true(result == JOURNAL_END_FINAL || result == JOURNAL_END_OPEN);
			return s;
		}
	}
}

static void test_a_seal_comes_after_64_frames(void)
{
	char *directory = fixture_directory();
	clock_override(told_time, NULL);
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	for (guint i = 0; i < 200; i++) {
		fixture_append(w, &next, 1, 50);
		fixture_commit(w);
	}
	const Seals s = read_seals(journal_writer_path(w));
	g_assert_cmpuint(s.n, ==, 3);
	for (guint i = 0; i < s.n; i++) {
		g_assert_cmpuint(s.seal[i].number, ==, i);
		g_assert_cmpuint(s.seal[i].meaning, ==, SEAL_OPEN);
		g_assert_cmpuint(s.frames_before[i], ==, 64 * (i + 1));
	}
	clock_override(NULL, NULL);
	fixture_remove(directory);
}

/* By BOOTTIME, whatever the wall clock does, and when nothing is recorded too. */
static void test_a_seal_comes_after_60_s_idle_or_not(void)
{
	char *directory = fixture_directory();
	now_ns = 1000 * NS_PER_S;
	clock_override(told_time, NULL);
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fixture_append(w, &next, 1, 50);
	fixture_commit(w);
	for (guint i = 0; i < 185; i++) {
		now_ns += NS_PER_S;
		fixture_commit(w);
	}
	const Seals s = read_seals(journal_writer_path(w));
	g_assert_cmpuint(s.n, ==, 3);
	g_assert_cmpuint(s.frames, ==, 1);
	for (guint i = 0; i < s.n; i++)
		g_assert_cmpint(s.seal[i].at.boottime_ns, ==, (1060 + 60 * i) * NS_PER_S);
	g_assert_cmpint(s.seal[0].at.state, ==, CLOCK_STATE_NTP);
	g_assert_cmpint(s.seal[0].at.realtime_ns, ==, (1700000000 + 1060) * NS_PER_S);
	clock_override(NULL, NULL);
	fixture_remove(directory);
}

static void test_the_end_is_sealed_and_says_whether_the_run_goes_on(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 64 * 1024);
	guint64 next = 1;
	g_autofree char *first = g_strdup(journal_writer_path(w));
	while (g_str_equal(journal_writer_path(w), first)) {
		fixture_append(w, &next, 3, 100);
		fixture_commit(w);
	}
	fixture_close(w);
	const Seals before = read_seals(first), last = read_seals(journal_writer_path(w));
	const guint8 none[JOURNAL_KEY_SIZE] = {0};
	g_assert_cmpuint(before.seal[before.n - 1].meaning, ==, SEAL_CONTINUED);
	g_assert_cmpuint(last.seal[last.n - 1].meaning, ==, SEAL_RUN_ENDED);
	g_assert_true(memcmp(last.seal[last.n - 1].next_keys[0], none, sizeof none) == 0);
	g_assert_true(memcmp(last.seal[last.n - 1].next_keys[1], none, sizeof none) == 0);
	fixture_remove(directory);
}

/* --- the device's keys --- */

static JournalSegment header_of(const char *path)
{
	g_autoptr(JournalReader) reader = journal_reader_open(path, NULL);
	g_assert_nonnull(reader);
	g_assert_true(journal_reader_signature_good(reader));
	return *journal_reader_segment(reader);
}

static char *one_run(const char *directory, guint observations)
{
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fixture_append(w, &next, observations, 40);
	fixture_commit(w);
	return g_strdup(journal_writer_path(w));
}

static void test_headers_are_one_succession_through_all_runs(void)
{
	char *directory = fixture_directory();
	JournalSegment before = {0};
	guint8 seed[JOURNAL_KEY_SIZE], device[JOURNAL_ID_SIZE];
	fixture_device(1, seed, device);
	for (guint n = 1; n <= 4; n++) {
		g_autofree char *path = one_run(directory, n);
		g_autofree FixtureWalk *walk = fixture_walk_file(path);
		const JournalSegment header = header_of(path);
		g_assert_cmpuint(header.device_number, ==, n);
		g_assert_cmpuint(header.number, ==, 1);
		g_assert_true(memcmp(header.device_id, device, sizeof device) == 0);
		g_assert_true(n == 1 || memcmp(header.header_key, before.next_header_key, JOURNAL_KEY_SIZE) == 0);
		/* What the run before left, though it had no orderly end. */
		g_assert_true(memcmp(header.anchor, before.previous, JOURNAL_CHAIN_SIZE) == 0);
		before = header;
		memcpy(before.previous, walk->position.chain, sizeof before.previous);
	}
	fixture_remove(directory);
}

static void test_a_changed_header_has_no_good_signature(void)
{
	char *directory = fixture_directory();
	g_autofree char *path = one_run(directory, 1);
	g_autofree guint8 *data = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(path, (char **)&data, &size, NULL));
	for (gsize at = 24; at < 4092; at += 17) {
		data[at] ^= 1;
		journal_header_finish(data, NULL);
		memcpy(data + 4096, data, 4096);
		g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
		g_autoptr(JournalReader) reader = journal_reader_new_for_bytes(bytes, NULL);
		g_assert_nonnull(reader);
		g_assert_false(journal_reader_signature_good(reader));
		data[at] ^= 1;
	}
	fixture_remove(directory);
}

/* The keys that signed are not in the file any more, nor is it readable by others. */
static void test_the_keys_file_holds_the_next_key_alone(void)
{
	char *directory = fixture_directory();
	g_autofree char *path = one_run(directory, 1);
	g_autofree char *keys = fixture_keys(directory, 1, NULL);
	g_autofree char *text = NULL;
	guint8 seed[JOURNAL_KEY_SIZE], device[JOURNAL_ID_SIZE];
	gsize length;
	struct stat st;
	fixture_device(1, seed, device);
	g_assert_true(g_file_get_contents(keys, &text, &length, NULL));
	g_assert_null(memmem(text, length, seed, sizeof seed));
	g_assert_cmpint(stat(keys, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
	fixture_remove(directory);
}

static void test_damaged_keys_are_told_and_never_replaced(void)
{
	char *directory = fixture_directory();
	g_free(one_run(directory, 1));
	g_autofree char *keys = fixture_keys(directory, 1, NULL);
	g_autofree char *good = NULL;
	gsize length;
	g_assert_true(g_file_get_contents(keys, &good, &length, NULL));
	for (gsize at = 0; at < length; at += 5) {
		g_autofree char *bad = g_memdup2(good, length);
		g_autoptr(GError) error = NULL;
		bad[at] ^= 4;
		g_assert_true(g_file_set_contents(keys, bad, (gssize)length, NULL));
		const JournalWriterOptions options = {.directory = directory, .keys = keys};
		g_assert_null(journal_writer_new(&options, &error));
		g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT);
		g_autofree char *after = NULL;
		gsize length_after;
		g_assert_true(g_file_get_contents(keys, &after, &length_after, NULL));
		g_assert_true(length_after == length && memcmp(after, bad, length) == 0);
	}
	fixture_remove(directory);
}

/* --- one writer in a folder, and its reserve --- */

static void test_a_second_writer_in_the_folder_is_refused(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) first = fixture_writer(directory, 0);
	g_autofree char *keys = fixture_keys(directory, 2, NULL);
	const JournalWriterOptions options = {.directory = directory, .keys = keys};
	g_autoptr(GError) error = NULL;
	g_assert_null(journal_writer_new(&options, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_BUSY);
	g_clear_pointer(&first, journal_writer_free);
	g_autoptr(JournalWriter) second = journal_writer_new(&options, NULL);
	g_assert_nonnull(second);
	g_clear_pointer(&second, journal_writer_free);
	fixture_remove(directory);
}

static void test_the_reserve_is_space_on_the_disk(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	g_autofree char *path = g_build_filename(directory, ".reserve", NULL);
	struct stat st;
	g_assert_cmpint(stat(path, &st), ==, 0);
	g_assert_cmpint(st.st_size, ==, 128 * 1024);
	g_assert_cmpint(st.st_blocks * 512, >=, st.st_size);
	g_assert_false(journal_writer_space_low(w));
	fixture_remove(directory);
}

/* --- sealed --- */

static FixtureWalk *walk_opened(const char *path, const JournalIdentity *identity)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JournalReader) reader = journal_reader_open(path, &error);
	g_assert_no_error(error);
	FixtureWalk *walk = g_new0(FixtureWalk, 1);
	g_assert_true(journal_reader_unlock(reader, identity, &error));
	fixture_walk(reader, walk);
	return walk;
}

/* A sealed segment of `n` frames with one observation each. */
static char *sealed_run(const char *directory, const JournalIdentity *identities, guint n_identities, guint n)
{
	g_autoptr(JournalWriter) w = sealed_writer(directory, identities, n_identities);
	guint64 next = 1;
	for (guint i = 0; i < n; i++) {
		fixture_append(w, &next, 1, 10 + i % 300);
		fixture_commit(w);
	}
	g_assert_true(journal_writer_sealed(w));
	fixture_close(w);
	return g_strdup(journal_writer_path(w));
}

static void test_each_recipient_reads_and_nobody_else(void)
{
	char *directory = fixture_directory();
	JournalIdentity all[JOURNAL_MAX_RECIPIENTS];
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		all[i] = make_identity();
	g_autofree char *path = sealed_run(directory, all, G_N_ELEMENTS(all), 90);
	for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
		g_autofree FixtureWalk *walk = walk_opened(path, &all[i]);
		fixture_assert_exactly(walk, 1, 90);
		g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
		g_assert_cmpint(walk->end, ==, JOURNAL_END_FINAL);
	}
	const JournalIdentity stranger = make_identity();
	g_autoptr(GError) error = NULL;
	g_autoptr(JournalReader) reader = journal_reader_open(path, NULL);
	g_assert_false(journal_reader_unlock(reader, &stranger, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS);
	/* Locked, it is walked all the same, and every frame is empty. */
	g_autofree FixtureWalk *locked = fixture_walk_file(path);
	g_assert_cmpuint(locked->frames, ==, 90);
	g_assert_cmpuint(locked->observations + locked->invented + locked->damages + locked->breaks, ==, 0);
	fixture_remove(directory);
}

/* Sync goes on in a grown segment, and comes back to damaged ones: the keys are there at any place. */
static void test_reading_goes_on_at_any_frame(void)
{
	char *directory = fixture_directory();
	const JournalIdentity identities[2] = {make_identity(), make_identity()};
	g_autofree char *path = sealed_run(directory, identities, 2, 400);
	g_autoptr(JournalReader) reader = journal_reader_open(path, NULL);
	g_assert_true(journal_reader_unlock(reader, &identities[1], NULL));
	JournalPosition at[400];
	JournalFrame frame;
	JournalDamage damage;
	guint n = 0;
	for (journal_reader_position(reader, &at[n]); n < 399; journal_reader_position(reader, &at[n]))
		n += journal_reader_next(reader, &frame, &damage, NULL) == JOURNAL_FRAME;
	for (guint i = 0; i < 1200; i++) {
		const guint k = (i * 263) % 400; /* every one, far forth and back */
		journal_reader_seek(reader, &at[k]);
		JournalResult result;
		do
			result = journal_reader_next(reader, &frame, &damage, NULL);
		while (result == JOURNAL_SEAL);
		g_assert_cmpint(result, ==, JOURNAL_FRAME);
		g_assert_cmpuint(frame.first_sequence, ==, k + 1);
		FixtureWalk *walk = g_new0(FixtureWalk, 1);
		fixture_note_frame(walk, &frame);
		g_assert_cmpuint(walk->seen[k + 1], ==, 1);
		g_free(walk);
	}
	fixture_remove(directory);
}

/* A segment's bytes, of which one frame is to be changed. */
typedef struct {
	guint8 *data, *frame;
	gsize size;
	guint32 seed;
	JournalFrameHead head;
} Edited;

static Edited edit(const char *path, guint sector)
{
	Edited e;
	guint8 digest[JOURNAL_CHAIN_SIZE];
	g_assert_true(g_file_get_contents(path, (char **)&e.data, &e.size, NULL));
	journal_header_digest(e.data, digest);
	e.seed = journal_frame_seed(digest);
	e.frame = e.data + JOURNAL_FIRST_FRAME + sector * JOURNAL_SECTOR_SIZE;
	g_assert_cmpint(journal_frame_parse(e.frame, 512, e.seed, TRUE, &e.head), ==, JOURNAL_FRAME_OK);
	return e;
}

static void write_back(Edited *e, const char *path)
{
	journal_frame_finish(e->frame, journal_frame_size(e->head.payload_length), e->seed);
	g_assert_true(g_file_set_contents(path, (char *)e->data, (gssize)e->size, NULL));
	g_free(e->data);
}

/* A number that would take the ratchet four thousand million steps is refused before the first. */
static void test_a_frame_of_an_impossible_number_is_not_opened(void)
{
	char *directory = fixture_directory();
	const JournalIdentity identities[2] = {make_identity(), make_identity()};
	g_autofree char *path = sealed_run(directory, identities, 2, 3);
	Edited e = edit(path, 1);
	e.head.number = G_MAXUINT32 - 1;
	journal_frame_put_head(&e.head, e.frame);
	write_back(&e, path);
	g_autofree FixtureWalk *walk = walk_opened(path, &identities[0]);
	g_assert_cmpuint(walk->seen[1], ==, 1);
	g_assert_cmpuint(walk->seen[2], ==, 0);
	g_assert_cmpuint(walk->invented, ==, 0);
	g_assert_cmpuint(walk->breaks, >=, 1);
	fixture_remove(directory);
}

/* Right for the checksum, wrong for the key: what stands there is not what was recorded. */
static void test_a_frame_that_the_key_does_not_open_is_damage(void)
{
	char *directory = fixture_directory();
	const JournalIdentity identities[2] = {make_identity(), make_identity()};
	g_autofree char *path = sealed_run(directory, identities, 2, 5);
	Edited e = edit(path, 0);
	e.frame[JOURNAL_FRAME_HEAD_SIZE] ^= 1;
	write_back(&e, path);
	g_autoptr(JournalReader) reader = journal_reader_open(path, NULL);
	JournalFrame opened;
	JournalDamage damage;
	g_assert_true(journal_reader_unlock(reader, &identities[0], NULL));
	g_assert_cmpint(journal_reader_next(reader, &opened, &damage, NULL), ==, JOURNAL_DAMAGE);
	g_assert_cmpstr(damage.reason, ==, "a frame that the key does not open");
	/* The next one does not follow on it; it is opened all the same. */
	g_assert_cmpint(journal_reader_next(reader, &opened, &damage, NULL), ==, JOURNAL_CHAIN_BREAK);
	g_assert_cmpuint(opened.length, >, 0);
	fixture_remove(directory);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/seals/after-64-frames", test_a_seal_comes_after_64_frames);
	g_test_add_func("/journal/seals/after-60-s-idle-or-not", test_a_seal_comes_after_60_s_idle_or_not);
	g_test_add_func("/journal/seals/the-end-says-whether-the-run-goes-on", test_the_end_is_sealed_and_says_whether_the_run_goes_on);
	g_test_add_func("/journal/keys/one-succession-through-all-runs", test_headers_are_one_succession_through_all_runs);
	g_test_add_func("/journal/keys/a-changed-header-has-no-good-signature", test_a_changed_header_has_no_good_signature);
	g_test_add_func("/journal/keys/the-file-holds-the-next-key-alone", test_the_keys_file_holds_the_next_key_alone);
	g_test_add_func("/journal/keys/damaged-ones-are-told-and-never-replaced", test_damaged_keys_are_told_and_never_replaced);
	g_test_add_func("/journal/folder/a-second-writer-is-refused", test_a_second_writer_in_the_folder_is_refused);
	g_test_add_func("/journal/folder/the-reserve-is-space-on-the-disk", test_the_reserve_is_space_on_the_disk);
	g_test_add_func("/journal/sealed/each-recipient-reads-and-nobody-else", test_each_recipient_reads_and_nobody_else);
	g_test_add_func("/journal/sealed/reading-goes-on-at-any-frame", test_reading_goes_on_at_any_frame);
	g_test_add_func("/journal/sealed/an-impossible-number-is-not-opened", test_a_frame_of_an_impossible_number_is_not_opened);
	g_test_add_func("/journal/sealed/what-the-key-does-not-open-is-damage", test_a_frame_that_the_key_does_not_open_is_damage);
	return g_test_run();
}
