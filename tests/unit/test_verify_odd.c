/* Segments that no recorder writes, and sets of them that rarely come together, as the verifier sees them. They are put together here by
 * whoever has all the keys: so each says just one odd thing, and all else about it is right.
 *
 * opendir is replaced by defining it here: GLib's folders are read with it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include "journal/seal.h"
#include "journal/verify_set.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *closed_folder; /* that nobody may read; NULL: none */

DIR *opendir(const char *path)
{
	DIR *(*real)(const char *) = NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "opendir");
	errno = EACCES;
	return closed_folder && g_str_has_suffix(path, closed_folder) ? NULL : real(path);
}

/* --- segments by hand --- */

typedef struct {
	JournalSegment header;
	SealKeys *seal_keys;
	GByteArray *bytes; /* the file */
	guint8 chain[JOURNAL_CHAIN_SIZE];
	guint32 frames;
} Made;

/* The secret of B_n of a device, which is a number. */
static void header_key(guint8 device, guint32 n, guint8 *ret_public, guint8 *ret_secret)
{
	guint8 seed[JOURNAL_KEY_SIZE];
	memset(seed, device, sizeof seed);
	seed[0] = (guint8)n;
	crypto_sign_seed_keypair(ret_public, ret_secret, seed);
}

/* What begin makes of it is right; change it before. */
static JournalSegment plain_header(guint8 device, guint8 run, guint32 device_number, guint32 number)
{
	JournalSegment h = {.is_signed = TRUE, .device_number = device_number, .number = number, .first_sequence = 1};
	guint8 public_key[JOURNAL_KEY_SIZE], secret[crypto_sign_SECRETKEYBYTES], digest[JOURNAL_CHAIN_SIZE];
	g_assert_cmpint(sodium_init(), >=, 0);
	header_key(device, 1, public_key, secret);
	crypto_generichash(digest, sizeof digest, public_key, sizeof public_key, NULL, 0);
	memcpy(h.device_id, digest, sizeof h.device_id);
	memset(h.run_id, run, sizeof h.run_id);
	memset(h.boot_id.bytes, 0xb0, sizeof h.boot_id.bytes);
	h.created = (ClockReading){.boottime_ns = device_number * NS_PER_S, .realtime_ns = device_number * NS_PER_S};
	return h;
}

static Made begin(guint8 device, const JournalSegment *header)
{
	Made m = {.header = *header, .bytes = g_byte_array_new()};
	guint8 block[JOURNAL_HEADER_SIZE], secret[crypto_sign_SECRETKEYBYTES], signature[JOURNAL_SIGNATURE_SIZE];
	header_key(device, header->device_number + 1, m.header.next_header_key, secret);
	header_key(device, header->device_number, m.header.header_key, secret);
	m.seal_keys = seal_keys_new(m.header.seal_keys);
	journal_header_encode(&m.header, NULL, block);
	crypto_sign_detached(signature, NULL, block, JOURNAL_SIGNED_SIZE, secret);
	journal_header_finish(block, header->is_signed ? signature : NULL);
	journal_header_digest(block, m.header.digest);
	memcpy(m.chain, m.header.digest, sizeof m.chain);
	g_byte_array_append(m.bytes, block, sizeof block);
	g_byte_array_append(m.bytes, block, sizeof block);
	return m;
}

/* seal NULL: a frame of that payload. */
static void put(Made *m, JournalFrameType type, const guint8 *payload, gsize length, const SealMeaning *seal)
{
	guint8 frame[JOURNAL_SECTOR_SIZE] = {0};
	const gsize size = journal_frame_size(length);
	JournalFrameHead head = {.type = (guint8)type, .payload_length = (guint16)length, .number = m->frames++, .first_sequence = 1};
	memcpy(head.chain, m->chain, sizeof head.chain);
	journal_frame_put_head(&head, frame);
	if (seal)
		seal_put(m->seal_keys, *seal, m->header.digest, frame);
	else
		memcpy(frame + JOURNAL_FRAME_HEAD_SIZE, payload, length);
	journal_frame_finish(frame, size, journal_frame_seed(m->header.digest));
	journal_chain_next(m->chain, frame, size);
	g_byte_array_append(m->bytes, frame, sizeof frame);
}

static void put_observation(Made *m)
{
	put(m, JOURNAL_FRAME_OBSERVATIONS, (const guint8 *)"\x02xy", 3, NULL);
}

static void put_seal(Made *m, guint meaning)
{
	const SealMeaning as_seal = (SealMeaning)meaning;
	put(m, JOURNAL_FRAME_SEAL, NULL, SEAL_SIZE, &as_seal);
}

static void put_final(Made *m, JournalFinal meaning)
{
	const guint8 payload = (guint8)meaning;
	put(m, JOURNAL_FRAME_FINAL, &payload, 1, NULL);
}

/* One that is as it should be, with its end. */
static Made whole(guint8 device, guint8 run, guint32 device_number, guint32 number)
{
	const JournalSegment header = plain_header(device, run, device_number, number);
	Made m = begin(device, &header);
	put_observation(&m);
	put_seal(&m, SEAL_RUN_ENDED);
	put_final(&m, JOURNAL_FINAL_RUN_END);
	return m;
}

static void clear(Made *m)
{
	seal_keys_free(m->seal_keys);
	g_byte_array_unref(m->bytes);
}

/* --- verifying them --- */

static gboolean add_bytes(GPtrArray *sources, const void *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);
	return verify_collect_bytes(sources, bytes, "segment");
}

static VerifyReport *verify(const Made *made, guint n)
{
	g_autoptr(GPtrArray) sources = verify_sources_new();
	VerifyReport *report = verify_report_new();
	for (guint i = 0; i < n; i++)
		g_assert_true(add_bytes(sources, made[i].bytes->data, made[i].bytes->len));
	verify_set(sources, NULL, report);
	return report;
}

static VerifyRun *run_of(const VerifyReport *report, guint i)
{
	return report->runs->pdata[i];
}

static const VerifySegment *segment_of(const VerifyReport *report, guint run, guint i)
{
	return &g_array_index(run_of(report, run)->segments, VerifySegment, i);
}

static gboolean says(const VerifyRun *run, VerifyClass class, const char *words)
{
	for (guint i = 0; i < run->findings->len; i++) {
		const VerifyFinding *f = &g_array_index(run->findings, VerifyFinding, i);
		if (f->class == class && strstr(f->text, words))
			return TRUE;
	}
	return FALSE;
}

/* The set, which this frees, is one run, and that is said of it. */
static void assert_said(Made *made, guint n, VerifyClass class, const char *words)
{
	g_autoptr(VerifyReport) report = verify(made, n);
	g_assert_cmpuint(report->runs->len, ==, 1);
	g_assert_cmpint(verify_run_class(run_of(report, 0)), ==, class);
	if (!says(run_of(report, 0), class, words))
		g_error("nobody says \"%s\"", words);
	for (guint i = 0; i < n; i++)
		clear(&made[i]);
}

/* Otherwise every test here would be of whatever else is wrong with its segments. */
static void test_segments_by_hand_are_as_the_recorders(void)
{
	Made m = whole(1, 1, 1, 1);
	g_autoptr(VerifyReport) report = verify(&m, 1);
	g_assert_cmpuint(run_of(report, 0)->findings->len, ==, 0);
	g_assert_cmpuint(segment_of(report, 0, 0)->frames_proven, ==, 2);
	clear(&m);
}

/* --- seals --- */

static Made begun(void)
{
	const JournalSegment header = plain_header(1, 1, 1, 1);
	Made m = begin(1, &header);
	put_observation(&m);
	return m;
}

static void test_nothing_may_stand_behind_the_final_seal(void)
{
	const guint8 seal[SEAL_SIZE] = {1};
	Made frame = begun(), other = begun();
	put_seal(&frame, SEAL_RUN_ENDED);
	put_observation(&frame);
	put_final(&frame, JOURNAL_FINAL_RUN_END);
	assert_said(&frame, 1, VERIFY_TAMPERED, "stands behind the segment's final seal");
	put_seal(&other, SEAL_RUN_ENDED);
	put(&other, JOURNAL_FRAME_SEAL, seal, sizeof seal, NULL);
	put_final(&other, JOURNAL_FINAL_RUN_END);
	assert_said(&other, 1, VERIFY_TAMPERED, "seal 1 stands behind the segment's final seal");
}

static void test_a_seal_of_another_length_is_none(void)
{
	const guint8 seal[SEAL_SIZE + 1] = {0};
	Made longer = begun(), shorter = begun();
	put(&longer, JOURNAL_FRAME_SEAL, seal, SEAL_SIZE + 1, NULL);
	assert_said(&longer, 1, VERIFY_TAMPERED, "a seal with a right checksum that is none");
	put(&shorter, JOURNAL_FRAME_SEAL, seal, SEAL_SIZE - 1, NULL);
	assert_said(&shorter, 1, VERIFY_TAMPERED, "a seal with a right checksum that is none");
}

static void test_a_seal_that_says_what_none_says_proves_nothing(void)
{
	Made m = begun();
	put_seal(&m, SEAL_CONTINUED + 1);
	g_autoptr(VerifyReport) report = verify(&m, 1);
	g_assert_true(says(run_of(report, 0), VERIFY_TAMPERED, "it says what no seal says"));
	g_assert_cmpuint(segment_of(report, 0, 0)->frames_proven, ==, 0);
	clear(&m);
}

/* --- headers --- */

static void test_numbers_begin_with_one(void)
{
	const JournalSegment of_device = plain_header(1, 1, 0, 1), of_run = plain_header(1, 1, 1, 0);
	Made m = begin(1, &of_device), other = begin(1, &of_run);
	assert_said(&m, 1, VERIFY_TAMPERED, "a number that no recorder gives");
	assert_said(&other, 1, VERIFY_TAMPERED, "a number that no recorder gives");
}

/* The first jamlog's journals have no signatures: what one says of another proves nothing, but a lack is still told. */
static void test_unsigned_segments_tell_what_is_missing_and_prove_nothing(void)
{
	JournalSegment first = plain_header(1, 1, 0, 1), second = plain_header(1, 1, 0, 2);
	first.is_signed = second.is_signed = FALSE;
	for (guint cut = 0; cut < 2; cut++) {
		Made made[2] = {begin(1, &first)};
		put_observation(&made[0]);
		put_observation(&made[0]);
		memcpy(second.previous, made[0].chain, sizeof second.previous);
		made[1] = begin(1, &second);
		g_byte_array_set_size(made[0].bytes, made[0].bytes->len - cut * JOURNAL_SECTOR_SIZE);
		g_autoptr(VerifyReport) report = verify(made, 2);
		g_assert_cmpuint(report->runs->len, ==, 1);
		g_assert_cmpint(verify_run_class(run_of(report, 0)), ==, cut ? VERIFY_MISSING : VERIFY_UNKNOWN);
		g_assert_cmpuint(segment_of(report, 0, 0)->frames_proven, ==, 0);
		g_assert_cmpstr(verify_segment_word(run_of(report, 0), 1), ==, "unsigned");
		clear(&made[0]);
		clear(&made[1]);
	}
	Made late = begin(1, &second);
	assert_said(&late, 1, VERIFY_MISSING, "beginning");
}

static void test_unsigned_segments_of_a_signing_device_are_all_told(void)
{
	JournalSegment header = plain_header(1, 1, 0, 2);
	header.is_signed = FALSE;
	Made made[3] = {whole(1, 1, 1, 1), begin(1, &header)};
	header.number = 3;
	made[2] = begin(1, &header);
	g_autoptr(VerifyReport) report = verify(made, 3);
	for (guint i = 0; i < 3; i++) {
		g_assert_cmpstr(verify_segment_word(run_of(report, 0), i), ==, i ? "tampered" : "proven");
		clear(&made[i]);
	}
}

/* --- sets --- */

/* Both have a segment of that number and a run of that name, and nothing to say of each other. */
static void test_two_devices_are_judged_each_alone(void)
{
	for (guint32 n = 1; n <= 3; n += 2) {
		Made made[2] = {whole(1, 1, n, 1), whole(2, 1, n, 1)};
		g_autoptr(VerifyReport) report = verify(made, 2);
		g_assert_cmpuint(report->runs->len, ==, 2);
		for (guint i = 0; i < 2; i++) {
			g_assert_cmpuint(run_of(report, i)->findings->len, ==, n == 1 ? 0 : 1);
			g_assert_true(n == 1 || says(run_of(report, i), VERIFY_UNKNOWN, "earlier recordings of this device are not here"));
			clear(&made[i]);
		}
	}
}

/* A device that was altered while it was off signs what it finds: the next run's header tells what is lacking, and proves nothing. */
static void test_a_header_that_names_the_end_before_it_proves_no_frame(void)
{
	for (guint cut = 0; cut < 2; cut++) {
		JournalSegment next = plain_header(1, 2, 2, 1);
		Made made[2] = {begun()};
		put_observation(&made[0]);
		memcpy(next.anchor, made[0].chain, sizeof next.anchor);
		made[1] = begin(1, &next);
		g_byte_array_set_size(made[0].bytes, made[0].bytes->len - cut * JOURNAL_SECTOR_SIZE);
		g_autoptr(VerifyReport) report = verify(made, 2);
		g_assert_cmpuint(segment_of(report, 0, 0)->frames_proven, ==, 0);
		g_assert_cmpint(verify_run_class(run_of(report, 0)), ==, cut ? VERIFY_MISSING : VERIFY_UNKNOWN);
		clear(&made[0]);
		clear(&made[1]);
	}
}

static void test_a_missing_beginning_behind_another_run_is_told_as_one(void)
{
	Made made[2] = {whole(1, 1, 1, 1), whole(1, 2, 3, 2)};
	g_autoptr(VerifyReport) report = verify(made, 2);
	g_assert_true(says(run_of(report, 1), VERIFY_MISSING, "before its segment 3: the beginning of this recording at least"));
	g_assert_cmpuint(run_of(report, 0)->findings->len, ==, 0);
	clear(&made[0]);
	clear(&made[1]);
}

/* Nothing was sealed in it, so neither copy proves more; but one holds more. */
static void test_of_two_copies_the_one_that_holds_more_is_judged(void)
{
	for (guint longer = 0; longer < 2; longer++) {
		Made m = begun();
		put_observation(&m);
		g_autoptr(GPtrArray) sources = verify_sources_new();
		g_autoptr(VerifyReport) report = verify_report_new();
		for (guint i = 0; i < 2; i++)
			g_assert_true(add_bytes(sources, m.bytes->data, m.bytes->len - (i == longer ? 0 : JOURNAL_SECTOR_SIZE)));
		verify_set(sources, NULL, report);
		g_assert_cmpuint(segment_of(report, 0, 0)->frames, ==, 2);
		g_assert_cmpuint(segment_of(report, 0, 0)->copies, ==, 1);
		clear(&m);
	}
}

/* A power cut leaves half a write, and a write is 3 MiB at most. */
static void test_more_than_a_write_of_rubbish_at_the_end_is_damage(void)
{
	static const struct {
		gsize size;
		VerifyClass class;
		const char *words;
	} rows[] = {{3u << 20, VERIFY_UNKNOWN, "half a write at the end"},
		    {(3u << 20) + JOURNAL_SECTOR_SIZE, VERIFY_DAMAGED, "bytes at the end that are no frame"}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		Made m = begun();
		const guint begins = m.bytes->len;
		g_byte_array_set_size(m.bytes, begins + (guint)rows[i].size);
		memset(m.bytes->data + begins, 0x5a, rows[i].size);
		assert_said(&m, 1, rows[i].class, rows[i].words);
	}
}

/* The power went between the last seal and the final frame, when the next segment was there already: nothing is open, nothing is lost. */
static void test_a_seal_that_says_that_the_run_goes_on_settles_the_end(void)
{
	JournalSegment next = plain_header(1, 1, 2, 2);
	Made made[2] = {begun()};
	memcpy(next.previous, made[0].chain, sizeof next.previous);
	memcpy(next.anchor, made[0].chain, sizeof next.anchor);
	made[1] = begin(1, &next);
	put_seal(&made[0], SEAL_CONTINUED);
	g_autoptr(VerifyReport) report = verify(made, 2);
	g_assert_cmpint(verify_run_class(run_of(report, 0)), ==, VERIFY_UNKNOWN);
	g_assert_cmpuint(segment_of(report, 0, 0)->frames_proven, ==, 2);
	for (guint i = 0; i < run_of(report, 0)->findings->len; i++)
		g_assert_cmpuint(g_array_index(run_of(report, 0)->findings, VerifyFinding, i).segment, ==, 1);
	clear(&made[0]);
	clear(&made[1]);
}

/* --- files --- */

static char *save(const char *folder, const char *name, const Made *m)
{
	char *path = g_build_filename(folder, name, NULL);
	g_assert_true(g_file_set_contents(path, (const char *)m->bytes->data, m->bytes->len, NULL));
	return path;
}

static void test_what_is_no_journal_is_not_collected(void)
{
	g_autoptr(GPtrArray) sources = verify_sources_new();
	g_assert_false(add_bytes(sources, "no journal", 10));
	g_assert_cmpuint(sources->len, ==, 0);
}

/* Between its header and its frames somebody put another file there, or none. */
static void test_a_file_that_changes_while_it_is_read_proves_nothing(void)
{
	static const char *const words[] = {"it was replaced while it was read", "it could be read a moment ago"};
	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		char *folder = fixture_directory();
		Made m = whole(1, 1, 1, 1), other = whole(1, 2, 2, 1);
		g_autofree char *path = save(folder, "x.jlj", &m);
		char *paths[] = {path, NULL};
		g_autoptr(VerifyReport) report = verify_report_new();
		g_autoptr(GPtrArray) sources = verify_collect(paths, report);
		g_assert_cmpuint(sources->len, ==, 1);
		if (i == 0)
			g_free(save(folder, "x.jlj", &other));
		else
			g_assert_cmpint(g_unlink(path), ==, 0);
		verify_set(sources, NULL, report);
		g_assert_true(says(run_of(report, 0), VERIFY_DAMAGED, words[i]));
		g_assert_cmpuint(segment_of(report, 0, 0)->frames_proven, ==, 0);
		clear(&m);
		clear(&other);
		fixture_remove(folder);
	}
}

/* A folder that leads into itself, and one that may not be read: the first is left out, the second is told. */
static void test_folders_are_searched_once_and_closed_ones_are_told(void)
{
	char *folder = fixture_directory(), *inner = g_build_filename(folder, "in", NULL);
	g_autofree char *loop = g_build_filename(inner, "loop", NULL);
	char *paths[] = {folder, NULL};
	Made m = whole(1, 1, 1, 1);
	g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
	g_assert_cmpint(symlink(folder, loop), ==, 0);
	g_free(save(inner, "x.jlj", &m));
	g_autoptr(VerifyReport) open = journal_verify(paths, NULL, NULL);
	g_assert_cmpuint(open->runs->len, ==, 1);
	g_assert_cmpuint(segment_of(open, 0, 0)->copies, ==, 0);
	closed_folder = "/in";
	g_autoptr(VerifyReport) closed = journal_verify(paths, NULL, NULL);
	closed_folder = NULL;
	g_assert_cmpuint(closed->runs->len, ==, 0);
	g_assert_cmpuint(closed->refused->len, ==, 1);
	g_assert_nonnull(strstr(closed->refused->pdata[0], inner));
	clear(&m);
	fixture_remove(inner);
	fixture_remove(folder);
}

/* So that a card made to exhaust us cannot. */
static void test_folders_are_searched_to_a_bounded_depth(void)
{
	enum { DEPTH = 20 };
	char *folder = fixture_directory(), *at[DEPTH];
	char *paths[] = {folder, NULL};
	guint found = 0;
	for (guint i = 0; i < DEPTH; i++) {
		at[i] = g_build_filename(i ? at[i - 1] : folder, "d", NULL);
		g_assert_cmpint(g_mkdir(at[i], 0700), ==, 0);
		Made m = whole(1, 1, i + 1, 1);
		g_free(save(at[i], "x.jlj", &m));
		clear(&m);
	}
	g_autoptr(VerifyReport) report = journal_verify(paths, NULL, NULL);
	for (guint i = 0; i < report->runs->len; i++)
		found += run_of(report, i)->segments->len;
	g_assert_cmpuint(found, ==, 16);
	for (guint i = DEPTH; i-- > 0;)
		fixture_remove(at[i]);
	fixture_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/verify/odd/segments-by-hand-are-as-the-recorders", test_segments_by_hand_are_as_the_recorders);
	g_test_add_func("/verify/odd/nothing-behind-the-final-seal", test_nothing_may_stand_behind_the_final_seal);
	g_test_add_func("/verify/odd/a-seal-of-another-length-is-none", test_a_seal_of_another_length_is_none);
	g_test_add_func("/verify/odd/a-seal-that-says-what-none-says", test_a_seal_that_says_what_none_says_proves_nothing);
	g_test_add_func("/verify/odd/numbers-begin-with-one", test_numbers_begin_with_one);
	g_test_add_func("/verify/odd/unsigned-ones-tell-what-is-missing", test_unsigned_segments_tell_what_is_missing_and_prove_nothing);
	g_test_add_func("/verify/odd/unsigned-ones-of-a-signing-device", test_unsigned_segments_of_a_signing_device_are_all_told);
	g_test_add_func("/verify/odd/two-devices-are-judged-each-alone", test_two_devices_are_judged_each_alone);
	g_test_add_func("/verify/odd/a-header-that-names-the-end-before-it", test_a_header_that_names_the_end_before_it_proves_no_frame);
	g_test_add_func("/verify/odd/a-missing-beginning-behind-another-run",
			test_a_missing_beginning_behind_another_run_is_told_as_one);
	g_test_add_func("/verify/odd/of-two-copies-the-one-that-holds-more", test_of_two_copies_the_one_that_holds_more_is_judged);
	g_test_add_func("/verify/odd/more-than-a-write-of-rubbish-is-damage", test_more_than_a_write_of_rubbish_at_the_end_is_damage);
	g_test_add_func("/verify/odd/a-seal-that-goes-on-settles-the-end", test_a_seal_that_says_that_the_run_goes_on_settles_the_end);
	g_test_add_func("/verify/odd/what-is-no-journal-is-not-collected", test_what_is_no_journal_is_not_collected);
	g_test_add_func("/verify/odd/a-file-that-changes-while-it-is-read", test_a_file_that_changes_while_it_is_read_proves_nothing);
	g_test_add_func("/verify/odd/folders-once-and-closed-ones-told", test_folders_are_searched_once_and_closed_ones_are_told);
	g_test_add_func("/verify/odd/folders-to-a-bounded-depth", test_folders_are_searched_to_a_bounded_depth);
	return g_test_run();
}
