/* Segments that were cut, flipped, shuffled or forged: nothing is invented, what is lost is what was hit, all is reported.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include "journal/crc32c.h"
#include "journal/format.h"
#include "journal/seal.h"

#include <stdio.h>
#include <sys/stat.h>

#define FRAMES 6
#define PER_FRAME 2

typedef struct {
	guint8 *data;
	gsize size;
	guint64 start[FRAMES + 1]; /* of each frame; the last one is the final frame */
	guint64 end[FRAMES + 1];   /* of its payload */
} Example;

static void take_frame_places(Example *e)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(e->data, e->size);
	g_autoptr(JournalReader) reader = journal_reader_new_for_bytes(bytes, NULL);
	JournalFrame frame;
	JournalDamage damage;
	for (guint i = 0; i < FRAMES; i++) {
		g_assert_cmpint(journal_reader_next(reader, &frame, &damage, NULL), ==, JOURNAL_FRAME);
		e->start[i] = frame.file_offset;
		e->end[i] = frame.file_offset + 56 + frame.length;
	}
	e->start[FRAMES] = journal_sector_ceil(e->end[FRAMES - 1]) + JOURNAL_SECTOR_SIZE; /* behind the final seal */
	e->end[FRAMES] = e->start[FRAMES] + 57;
}

/* A closed segment of FRAMES frames, PER_FRAME observations each; those of every third frame are of `first` characters. */
static Example example_with(gsize first, gsize others)
{
	Example e = {0};
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	for (guint i = 0; i < FRAMES; i++) {
		fixture_append(w, &next, PER_FRAME, (i % 3 == 0 ? first : others) + i);
		fixture_commit(w);
	}
	fixture_close(w);
	g_assert_true(g_file_get_contents(journal_writer_path(w), (char **)&e.data, &e.size, NULL));
	fixture_remove(directory);
	take_frame_places(&e);
	g_assert_cmpuint(e.size, ==, e.start[FRAMES] + 512);
	return e;
}

static Example example_of(gsize size)
{
	return example_with(size, size);
}

static gsize sectors_of(const Example *e, guint frame)
{
	return (gsize)(journal_sector_ceil(e->end[frame]) - e->start[frame]);
}

static gboolean reported(const FixtureWalk *walk)
{
	return walk->damages + walk->breaks > 0 || walk->end == JOURNAL_END_TORN;
}

/* All observations but those of the frame `lost` (-1: none) came once. */
static void assert_all_but(const FixtureWalk *walk, int lost)
{
	g_assert_cmpuint(walk->invented, ==, 0);
	for (guint i = 1; i <= FRAMES * PER_FRAME; i++)
		g_assert_cmpuint(walk->seen[i], ==, (int)((i - 1) / PER_FRAME) == lost ? 0 : 1);
}

/* --- cut --- */

static void test_a_cut_at_any_byte_loses_only_what_was_cut(void)
{
	Example e = example_of(40);
	for (gsize cut = 0; cut < e.size; cut++) {
		g_autofree guint8 *copy = g_memdup2(e.data, cut);
		g_autofree FixtureWalk *walk = fixture_walk_bytes(copy, cut);
		if (cut < 4096) {
			g_assert_null(walk);
			continue;
		}
		guint whole = 0;
		while (whole < FRAMES && e.end[whole] <= cut)
			whole++;
		g_assert_cmpuint(walk->invented, ==, 0);
		g_assert_cmpuint(walk->observations, ==, whole * PER_FRAME);
		for (guint i = 1; i <= whole * PER_FRAME; i++)
			g_assert_cmpuint(walk->seen[i], ==, 1);
		g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
		g_assert_cmpint(walk->end == JOURNAL_END_FINAL, ==, cut >= e.end[FRAMES]);
		const gsize seal = e.start[FRAMES] - JOURNAL_SECTOR_SIZE;
		gboolean between_frames = whole == FRAMES ? cut <= seal || cut >= e.end[FRAMES] : cut <= e.start[whole];
		between_frames = between_frames || (cut >= seal + journal_frame_size(SEAL_SIZE) && cut <= e.start[FRAMES]);
		g_assert_cmpint(walk->end == JOURNAL_END_TORN, ==, cut < 8192 || !between_frames);
	}
	g_free(e.data);
}

/* --- flipped bits --- */

/* The frame of which a part lies in these bytes; -1: none. */
static int frame_in(const Example *e, gsize start, gsize size)
{
	for (int i = 0; i < FRAMES; i++)
		if (e->start[i] < start + size && e->end[i] > start)
			return i;
	return -1;
}

static void test_a_flipped_bit_costs_at_most_its_frame_and_is_always_told(void)
{
	Example e = example_of(20);
	/* In the header, which is large and mostly zeros, one bit of each byte is enough. */
	for (gsize bit = 0; bit < e.size * 8; bit += bit / 8 < JOURNAL_FIRST_FRAME ? 9 : 1) {
		e.data[bit / 8] ^= (guint8)(1u << bit % 8);
		g_autofree FixtureWalk *walk = fixture_walk_bytes(e.data, e.size);
		g_assert_nonnull(walk);
		assert_all_but(walk, frame_in(&e, bit / 8, 1));
		if (!reported(walk) || walk->damage.offset > bit / 8 + 4096)
			g_error("bit %" G_GSIZE_FORMAT " of byte %" G_GSIZE_FORMAT " was not reported", bit % 8, bit / 8);
		e.data[bit / 8] ^= (guint8)(1u << bit % 8);
	}
	g_free(e.data);
}

static void test_a_bit_in_the_unused_space_is_told(void)
{
	char *directory = fixture_directory();
	g_autoptr(JournalWriter) w = fixture_writer(directory, 0);
	guint64 next = 1;
	fixture_append(w, &next, 3, 50);
	fixture_commit(w);
	guint8 *data;
	gsize size;
	g_assert_true(g_file_get_contents(journal_writer_path(w), (char **)&data, &size, NULL));
	for (gsize at = (gsize)journal_writer_bytes(w); at < size; at += 4099) {
		data[at] = 1;
		g_autofree FixtureWalk *walk = fixture_walk_bytes(data, size);
		fixture_assert_exactly(walk, 1, 3);
		g_assert_cmpint(walk->end, ==, JOURNAL_END_TORN);
		g_assert_cmpuint(walk->damage.offset + walk->damage.length, ==, at / 512 * 512 + 512);
		data[at] = 0;
	}
	g_free(data);
	fixture_remove(directory);
}

/* Frames that leave the end of their blocks unused: large records. */
static void test_a_byte_in_the_unused_end_of_a_block_is_told(void)
{
	Example e = example_with(560, 430); /* 3, 2 and 2 sectors; then the next record does not fit into the eighth */
	guint gaps = 0;
	for (guint i = 0; i + 1 < FRAMES; i++) {
		for (gsize at = (gsize)journal_sector_ceil(e.end[i]); at < e.start[i + 1]; at += 256) {
			gaps++;
			e.data[at] ^= 0x10;
			g_autofree FixtureWalk *walk = fixture_walk_bytes(e.data, e.size);
			assert_all_but(walk, -1);
			g_assert_cmpuint(walk->damages, ==, 1);
			g_assert_cmpuint(walk->breaks, ==, 0);
			g_assert_cmpuint(walk->damage.offset, ==, journal_sector_ceil(e.end[i]));
			g_assert_cmpint(walk->end, ==, JOURNAL_END_FINAL);
			e.data[at] ^= 0x10;
		}
	}
	g_assert_cmpuint(gaps, ==, 2);
	g_autofree FixtureWalk *walk = fixture_walk_bytes(e.data, e.size);
	assert_all_but(walk, -1);
	g_assert_false(reported(walk));
	g_free(e.data);
}

/* A lost sector of any place: the card gives zeros, or another content. */
static void test_a_lost_sector_costs_one_frame(void)
{
	for (gsize size = 40; size <= 500; size += 115) {
		Example e = example_of(size);
		for (gsize at = 0; at < e.size; at += 512) {
			for (guint fill = 0; fill < 256; fill += 255) {
				g_autofree guint8 *copy = g_memdup2(e.data, e.size);
				memset(copy + at, (int)fill, 512);
				const int lost = frame_in(&e, at, 512);
				g_autofree FixtureWalk *walk = fixture_walk_bytes(copy, e.size);
				const gboolean tail_zeroed = fill == 0 && at >= e.start[FRAMES];
				/* Zeros stand in the header anyway; and a final frame that is zeros looks like an open end. */
				const gboolean unchanged = memcmp(copy, e.data, e.size) == 0;
				assert_all_but(walk, lost);
				g_assert_cmpint(reported(walk), ==, !tail_zeroed && !unchanged);
			}
		}
		g_free(e.data);
	}
}

/* --- forged --- */

static void assert_told(const GByteArray *forged, const char *reason)
{
	g_autofree FixtureWalk *walk = fixture_walk_bytes(forged->data, forged->len);
	g_assert_nonnull(walk);
	g_assert_cmpuint(walk->invented, ==, 0);
	g_assert_cmpuint(walk->damages + walk->breaks, >, 0);
	g_assert_cmpstr(walk->damage.reason, ==, reason);
}

static GByteArray *begin(const Example *e)
{
	GByteArray *a = g_byte_array_new();
	g_byte_array_append(a, e->data, JOURNAL_FIRST_FRAME);
	return a;
}

static void add(GByteArray *a, const Example *e, guint frame)
{
	if (frame == FRAMES) /* and the seal in front of it */
		g_byte_array_append(a, e->data + e->start[frame] - JOURNAL_SECTOR_SIZE, JOURNAL_SECTOR_SIZE);
	g_byte_array_append(a, e->data + e->start[frame], (guint)sectors_of(e, frame));
}

/* A segment with the frames of `order` (ends with -1), in that order. */
static GByteArray *shuffled(const Example *e, const int *order)
{
	GByteArray *a = begin(e);
	for (; *order >= 0; order++)
		add(a, e, (guint)*order);
	return a;
}

#define ORDER(...) ((const int[]){__VA_ARGS__, -1})

static void test_a_dropped_frame_is_told(void)
{
	Example e = example_of(40);
	for (int dropped = 0; dropped < FRAMES; dropped++) {
		g_autoptr(GByteArray) forged = begin(&e);
		for (int i = 0; i <= FRAMES; i++)
			if (i != dropped)
				add(forged, &e, (guint)i);
		assert_told(forged, "frames are missing before this one");
		g_autofree FixtureWalk *walk = fixture_walk_bytes(forged->data, forged->len);
		assert_all_but(walk, dropped);
		g_assert_cmpuint(walk->breaks, ==, 1);
	}
	g_free(e.data);
}

static void test_reordered_and_repeated_frames_are_told(void)
{
	static const char out_of_order[] = "a frame stands out of its order, or twice",
			  missing[] = "frames are missing before this one";
	Example e = example_of(40);
	g_autoptr(GByteArray) swapped = shuffled(&e, ORDER(0, 2, 1, 3, 4, 5, 6));
	assert_told(swapped, missing);
	g_autofree FixtureWalk *walk = fixture_walk_bytes(swapped->data, swapped->len);
	assert_all_but(walk, -1);
	g_autoptr(GByteArray) doubled = shuffled(&e, ORDER(0, 1, 1, 2, 3, 4, 5, 6));
	assert_told(doubled, out_of_order);
	g_autoptr(GByteArray) replayed = shuffled(&e, ORDER(0, 1, 2, 3, 4, 5, 0, 6));
	assert_told(replayed, out_of_order);
	g_autoptr(GByteArray) final_early = shuffled(&e, ORDER(0, 1, 2, 3, 4, 6, 5));
	assert_told(final_early, missing);
	g_free(e.data);
}

static void test_what_follows_the_final_frame_is_told_and_not_read(void)
{
	Example e = example_of(40);
	g_autoptr(GByteArray) replayed = shuffled(&e, ORDER(0, 1, 2, 3, 4, 5, 6, 3));
	assert_told(replayed, "bytes after the final frame");
	g_autofree FixtureWalk *walk = fixture_walk_bytes(replayed->data, replayed->len);
	assert_all_but(walk, -1);
	g_assert_cmpint(walk->end, ==, JOURNAL_END_FINAL);
	g_autoptr(GByteArray) garbage = shuffled(&e, ORDER(0, 1, 2, 3, 4, 5, 6));
	g_byte_array_append(garbage, (const guint8 *)"x", 1);
	assert_told(garbage, "bytes after the final frame");
	g_free(e.data);
}

static void test_a_frame_of_another_segment_is_not_taken(void)
{
	Example e = example_of(40), other = example_of(40);
	g_autoptr(GByteArray) spliced = shuffled(&e, ORDER(0, 1));
	add(spliced, &other, 2);
	for (guint i = 3; i <= FRAMES; i++)
		add(spliced, &e, i);
	assert_told(spliced, "a frame with a wrong checksum");
	g_autofree FixtureWalk *walk = fixture_walk_bytes(spliced->data, spliced->len);
	assert_all_but(walk, 2);
	/* All frames under another header. */
	g_autoptr(GByteArray) headed = begin(&other);
	g_byte_array_append(headed, e.data + JOURNAL_FIRST_FRAME, (guint)(e.size - JOURNAL_FIRST_FRAME));
	g_autofree FixtureWalk *none = fixture_walk_bytes(headed->data, headed->len);
	g_assert_cmpuint(none->observations, ==, 0);
	g_assert_cmpint(none->end, ==, JOURNAL_END_TORN);
	g_free(e.data);
	g_free(other.data);
}

/* Writes a frame anew with a checksum that fits, as somebody would who knows the format. */
static void forge(Example *e, guint frame, const JournalFrameHead *head, const guint8 *payload)
{
	guint8 digest[JOURNAL_CHAIN_SIZE];
	journal_header_digest(e->data, digest);
	journal_frame_encode(head, payload, journal_frame_seed(digest), e->data + e->start[frame]);
}

static JournalFrameHead head_of(const Example *e, guint frame)
{
	JournalFrameHead head;
	g_assert_cmpint(journal_frame_parse(e->data + e->start[frame], sectors_of(e, frame), 0, FALSE, &head), ==,
			JOURNAL_FRAME_OK);
	return head;
}

static void test_an_edited_frame_with_a_mended_checksum_is_told(void)
{
	for (guint edited = 0; edited < FRAMES; edited++) {
		Example e = example_of(40);
		const JournalFrameHead head = head_of(&e, edited);
		g_autofree guint8 *payload = g_memdup2(e.data + e.start[edited] + 56, head.payload_length);
		payload[head.payload_length - 1] ^= 1;
		forge(&e, edited, &head, payload);
		g_autofree FixtureWalk *walk = fixture_walk_bytes(e.data, e.size);
		g_assert_cmpuint(walk->breaks, ==, 1);
		g_assert_cmpstr(walk->damage.reason, ==, "what stands before this frame is not what it was written after");
		/* Behind the last frame stands the final seal. */
		const gsize next = edited + 1 == FRAMES ? e.start[FRAMES] - JOURNAL_SECTOR_SIZE : e.start[edited + 1];
		g_assert_cmpuint(walk->damage.offset, ==, next);
		g_free(e.data);
	}
}

/* --- newer programs --- */

static void test_a_final_frame_with_a_forged_number_is_told(void)
{
	static const guint8 run_end = JOURNAL_FINAL_RUN_END;
	Example e = example_of(40);
	JournalFrameHead head = head_of(&e, FRAMES);
	head.number++;
	forge(&e, FRAMES, &head, &run_end);
	g_autofree FixtureWalk *walk = fixture_walk_bytes(e.data, e.size);
	g_assert_cmpuint(walk->breaks, ==, 1);
	g_assert_cmpstr(walk->damage.reason, ==, "frames are missing before this one");
	g_free(e.data);
}

static FixtureWalk *walk_with_head(guint8 type, guint8 flags)
{
	Example e = example_of(40);
	JournalFrameHead head = head_of(&e, FRAMES);
	const guint8 payload[2] = {0xff, 0xff};
	head.type = type;
	head.flags = flags;
	head.payload_length = sizeof payload;
	forge(&e, FRAMES, &head, payload);
	FixtureWalk *walk = fixture_walk_bytes(e.data, e.size);
	assert_all_but(walk, -1);
	g_free(e.data);
	return walk;
}

static void test_frames_of_a_newer_program_are_passed_over_and_told(void)
{
	static const guint8 heads[][2] = {{4, 0}, {0, 0}, {255, 0}, {JOURNAL_FRAME_OBSERVATIONS, 1}, {JOURNAL_FRAME_FINAL, 0x80},
					  {JOURNAL_FRAME_SEAL, 2}};
	for (gsize i = 0; i < G_N_ELEMENTS(heads); i++) {
		g_autofree FixtureWalk *walk = walk_with_head(heads[i][0], heads[i][1]);
		g_assert_cmpuint(walk->damages, ==, 1);
		g_assert_cmpstr(walk->damage.reason, ==, "a frame of a newer jamlog: update this one to read it");
		g_assert_cmpint(walk->end, ==, JOURNAL_END_OPEN);
	}
}

static void test_a_seal_is_passed_over_in_silence(void)
{
	g_autofree FixtureWalk *walk = walk_with_head(JOURNAL_FRAME_SEAL, 0);
	g_assert_false(reported(walk));
	g_assert_cmpuint(walk->frames, ==, FRAMES);
	g_assert_cmpint(walk->end, ==, JOURNAL_END_OPEN);
}

/* --- opening --- */

static void mend_header(guint8 *data)
{
	ByteWriter w = byte_writer_init(data + 4092, 4);
	byte_writer_u32(&w, crc32c(0, data, 4092));
	memcpy(data + 4096, data, 4096);
}

static void assert_open_fails(const char *path, int code, const char *part)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(journal_reader_open(path, &error));
	g_assert_error(error, JAMLOG_ERROR, code);
	if (!strstr(error->message, part) || !strstr(error->message, path))
		g_error("message \"%s\" lacks \"%s\" or the path", error->message, part);
}

static void assert_content_refused(const char *path, const guint8 *data, gsize size, const char *part)
{
	g_assert_true(g_file_set_contents(path, (const char *)data, (gssize)size, NULL));
	assert_open_fails(path, JAMLOG_ERROR_FORMAT, part);
}

static void test_what_is_no_journal_is_refused_in_words(void)
{
	Example e = example_of(40);
	char *directory = fixture_directory();
	g_autofree char *path = g_build_filename(directory, "x.jlj", NULL);
	guint8 *nothing = g_malloc0(e.size);
	assert_open_fails(path, JAMLOG_ERROR_NOT_FOUND, "No such file");
	assert_open_fails(directory, JAMLOG_ERROR_FORMAT, "not even a file");
	g_assert_cmpint(mkfifo(path, 0600), ==, 0);
	assert_open_fails(path, JAMLOG_ERROR_FORMAT, "not even a file");
	g_unlink(path);
	assert_content_refused(path, nothing, 0, "is empty");
	assert_content_refused(path, nothing, e.size, "is empty");
	assert_content_refused(path, (const guint8 *)"SQLite format 3", 16, "is not a jamlog journal");
	assert_content_refused(path, e.data, 4091, "damaged in both copies");
	memset(nothing, 'x', e.size);
	assert_content_refused(path, nothing, e.size, "is not a jamlog journal");
	e.data[20] = 4;
	mend_header(e.data);
	assert_content_refused(path, e.data, e.size, "newer jamlog");
	e.data[100] ^= 1;
	e.data[4196] ^= 1;
	assert_content_refused(path, e.data, e.size, "damaged in both copies");
	g_free(nothing);
	g_free(e.data);
	fixture_remove(directory);
}

static void test_either_copy_of_the_header_is_enough(void)
{
	Example e = example_of(40);
	for (gsize copy = 0; copy < 2; copy++) {
		g_autofree guint8 *data = g_memdup2(e.data, e.size);
		memset(data + copy * 4096, 0x5a, 4096);
		g_autofree FixtureWalk *walk = fixture_walk_bytes(data, e.size);
		assert_all_but(walk, -1);
		g_assert_cmpuint(walk->damages, ==, 1);
		g_assert_cmpuint(walk->damage.offset, ==, copy * 4096);
		g_assert_cmpint(walk->end, ==, JOURNAL_END_FINAL);
	}
	g_free(e.data);
}

/* Positions come from the store, which may be another's: any is safe. */
static void test_no_position_leads_outside(void)
{
	static const guint64 offsets[] = {1, 511, 8191, 8193, 8192 + 512, 12288, G_MAXUINT64, G_MAXUINT64 - 511, G_MAXINT64,
					  G_MAXINT64 / 512 * 512, G_GUINT64_CONSTANT(1) << 40};
	Example e = example_of(40);
	char *directory = fixture_directory();
	g_autofree char *path = g_build_filename(directory, "x.jlj", NULL);
	g_assert_true(g_file_set_contents(path, (const char *)e.data, (gssize)e.size, NULL));
	g_autoptr(GBytes) bytes = g_bytes_new_static(e.data, e.size);
	for (gsize i = 0; i < G_N_ELEMENTS(offsets); i++) {
		g_autoptr(JournalReader) of_file = journal_reader_open(path, NULL),
					 of_bytes = journal_reader_new_for_bytes(bytes, NULL);
		g_autofree FixtureWalk *a = g_new0(FixtureWalk, 1), *b = g_new0(FixtureWalk, 1);
		const JournalPosition position = {.offset = offsets[i], .frame_number = 3};
		journal_reader_seek(of_file, &position);
		journal_reader_seek(of_bytes, &position);
		fixture_walk(of_file, a);
		fixture_walk(of_bytes, b);
		g_assert_cmpuint(a->invented, ==, 0);
		g_assert_true(memcmp(a->seen, b->seen, sizeof a->seen) == 0);
		g_assert_cmpint(a->end, ==, b->end);
		/* Where no frame can begin, reading begins at the first one. */
		if (offsets[i] < 8192 || offsets[i] % 512 != 0)
			fixture_assert_exactly(a, 1, FRAMES * PER_FRAME);
	}
	g_free(e.data);
	fixture_remove(directory);
}

/* A reader that went on behind damage and stopped there does not report it once more when it is opened again. */
static void test_a_position_behind_damage_is_good_to_go_on_from(void)
{
	Example e = example_of(40);
	e.data[e.start[2] + 60] ^= 1;
	g_autoptr(GBytes) bytes = g_bytes_new_static(e.data, e.size);
	g_autoptr(JournalReader) reader = journal_reader_new_for_bytes(bytes, NULL);
	JournalFrame frame;
	JournalDamage damage;
	JournalPosition position;
	while (journal_reader_next(reader, &frame, &damage, NULL) != JOURNAL_DAMAGE)
		g_assert_cmpuint(frame.number, <, 2);
	g_assert_cmpuint(damage.offset, ==, e.start[2]);
	g_assert_cmpuint(damage.length, ==, 512);
	journal_reader_position(reader, &position);
	g_autoptr(JournalReader) again = journal_reader_new_for_bytes(bytes, NULL);
	g_autofree FixtureWalk *walk = g_new0(FixtureWalk, 1);
	journal_reader_seek(again, &position);
	fixture_walk(again, walk);
	g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
	g_assert_cmpuint(walk->observations, ==, (FRAMES - 3) * PER_FRAME);
	g_free(e.data);
}

/* The file is being copied to where the reader is: it grows by pieces that are no frames. */
static void test_a_copy_in_progress_is_no_damage(void)
{
	Example e = example_with(560, 430);
	char *directory = fixture_directory();
	g_autofree char *path = g_build_filename(directory, "x.jlj", NULL);
	g_autofree FixtureWalk *walk = g_new0(FixtureWalk, 1);
	g_assert_true(g_file_set_contents(path, (const char *)e.data, JOURNAL_FIRST_FRAME, NULL));
	g_autoptr(JournalReader) reader = journal_reader_open(path, NULL);
	FILE *file = fopen(path, "r+");
	for (gsize size = JOURNAL_FIRST_FRAME; size < e.end[FRAMES]; size += 97) {
		g_assert_cmpuint(fwrite(e.data, 1, size, file), ==, size);
		rewind(file); /* flushes */
		fixture_walk(reader, walk);
		g_assert_cmpint(walk->end, !=, JOURNAL_END_FINAL);
	}
	g_assert_cmpuint(fwrite(e.data, 1, e.size, file), ==, e.size);
	fclose(file);
	fixture_walk(reader, walk);
	g_assert_cmpint(walk->end, ==, JOURNAL_END_FINAL);
	g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
	assert_all_but(walk, -1);
	g_free(e.data);
	fixture_remove(directory);
}

static void test_records_that_do_not_divide_a_frame_are_told(void)
{
	static const struct {
		const char *payload;
		gsize length;
		guint good;
	} rows[] = {{"\x01" "a" "\x02" "bc", 5, 2}, {"\x01" "a" "\x05" "bc", 5, 1}, {"\x00", 1, 0}, {"\x80", 1, 0},
		    {"\x01" "a" "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, 1}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree guint8 *payload = g_memdup2(rows[i].payload, rows[i].length);
		JournalFrame frame = {.payload = payload, .length = rows[i].length};
		const guint8 *record;
		gsize length;
		gboolean malformed;
		guint n = 0;
		while (journal_frame_next(&frame, &record, &length, &malformed))
			n++;
		g_assert_cmpuint(n, ==, rows[i].good);
		g_assert_cmpint(malformed, ==, i > 0);
		g_assert_false(journal_frame_next(&frame, &record, &length, &malformed));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/damage/a-cut-at-any-byte-loses-only-what-was-cut",
			test_a_cut_at_any_byte_loses_only_what_was_cut);
	g_test_add_func("/journal/damage/a-flipped-bit-costs-at-most-its-frame-and-is-always-told",
			test_a_flipped_bit_costs_at_most_its_frame_and_is_always_told);
	g_test_add_func("/journal/damage/a-bit-in-the-unused-space-is-told", test_a_bit_in_the_unused_space_is_told);
	g_test_add_func("/journal/damage/a-byte-in-the-unused-end-of-a-block-is-told",
			test_a_byte_in_the_unused_end_of_a_block_is_told);
	g_test_add_func("/journal/damage/a-lost-sector-costs-one-frame", test_a_lost_sector_costs_one_frame);
	g_test_add_func("/journal/damage/a-dropped-frame-is-told", test_a_dropped_frame_is_told);
	g_test_add_func("/journal/damage/reordered-and-repeated-frames-are-told", test_reordered_and_repeated_frames_are_told);
	g_test_add_func("/journal/damage/what-follows-the-final-frame-is-told-and-not-read",
			test_what_follows_the_final_frame_is_told_and_not_read);
	g_test_add_func("/journal/damage/a-frame-of-another-segment-is-not-taken", test_a_frame_of_another_segment_is_not_taken);
	g_test_add_func("/journal/damage/an-edited-frame-with-a-mended-checksum-is-told",
			test_an_edited_frame_with_a_mended_checksum_is_told);
	g_test_add_func("/journal/damage/a-final-frame-with-a-forged-number-is-told",
			test_a_final_frame_with_a_forged_number_is_told);
	g_test_add_func("/journal/damage/frames-of-a-newer-program-are-passed-over-and-told",
			test_frames_of_a_newer_program_are_passed_over_and_told);
	g_test_add_func("/journal/damage/a-seal-is-passed-over-in-silence", test_a_seal_is_passed_over_in_silence);
	g_test_add_func("/journal/damage/what-is-no-journal-is-refused-in-words", test_what_is_no_journal_is_refused_in_words);
	g_test_add_func("/journal/damage/either-copy-of-the-header-is-enough", test_either_copy_of_the_header_is_enough);
	g_test_add_func("/journal/damage/no-position-leads-outside", test_no_position_leads_outside);
	g_test_add_func("/journal/damage/a-position-behind-damage-is-good-to-go-on-from",
			test_a_position_behind_damage_is_good_to_go_on_from);
	g_test_add_func("/journal/damage/a-copy-in-progress-is-no-damage", test_a_copy_in_progress_is_no_damage);
	g_test_add_func("/journal/damage/records-that-do-not-divide-a-frame-are-told",
			test_records_that_do_not_divide_a_frame_are_told);
	return g_test_run();
}
