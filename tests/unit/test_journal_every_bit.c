/* Every bit of a segment flipped, and a long one cut at every byte; signed and sealed, ended and open. Nothing crashes, nothing is
 * invented, a flip costs at most the frame that it hit, and is told wherever it falls: header, frame, seal, padding or zeros.
 *
 * All of it runs with -m slow (make torture); else a part, spread evenly over the same segments.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include "journal/format.h"

#define TAIL (2u * JOURNAL_BLOCK_SIZE) /* of the zeros behind an open segment */

typedef struct {
	gsize size;      /* of the segment, about */
	gboolean sealed; /* to the fixture's identity */
	gboolean ended;
	guint quick_step; /* bits or bytes */
} Shape;

typedef struct {
	const Shape *shape;
	guint8 *data;
	gsize size;
	GArray *frames; /* Place, of all frames in order */
	guint64 last;   /* sequence number */
	JournalIdentity identity;
} Example;

typedef struct {
	guint64 start, end; /* of the frame, without padding */
	guint64 first, next; /* sequence numbers in it */
	JournalPosition before;
} Place;

static JournalReader *open_bytes(const Example *e, const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
	JournalReader *reader = journal_reader_new_for_bytes(bytes, NULL);
	g_assert_true(!reader || journal_reader_unlock(reader, &e->identity, NULL));
	return reader;
}

static void note_places(Example *e)
{
	g_autoptr(JournalReader) reader = open_bytes(e, e->data, e->size);
	for (;;) {
		JournalFrame frame;
		JournalDamage damage;
		JournalPosition after;
		Place place;
		journal_reader_position(reader, &place.before);
		const JournalResult result = journal_reader_next(reader, &frame, &damage, NULL);
		if (result != JOURNAL_FRAME && result != JOURNAL_SEAL) {
			g_assert_cmpint(result, ==, e->shape->ended ? JOURNAL_END_FINAL : JOURNAL_END_OPEN);
			return;
		}
		journal_reader_position(reader, &after);
		JournalFrameHead head;
		const gsize left = (gsize)(journal_sector_ceil(after.offset) - frame.file_offset);
		g_assert_cmpint(journal_frame_parse(e->data + frame.file_offset, left, 0, FALSE, &head), ==, JOURNAL_FRAME_OK);
		place.start = frame.file_offset;
		place.end = place.start + journal_frame_size(head.payload_length);
		place.first = place.next = head.first_sequence;
		const guint8 *record;
		gsize length;
		gboolean malformed;
		while (result == JOURNAL_FRAME && journal_frame_next(&frame, &record, &length, &malformed))
			place.next++;
		g_array_append_val(e->frames, place);
	}
}

static Example *example_new(const Shape *shape)
{
	g_autoptr(GError) error = NULL;
	char *directory = fixture_directory();
	g_autofree char *keys = fixture_keys(directory, 1, NULL);
	Example *e = g_new0(Example, 1);
	fixture_identity(&e->identity);
	const JournalWriterOptions options = {.directory = directory, .keys = keys, .recipients = &e->identity.public_key,
					      .n_recipients = shape->sealed ? 1 : 0};
	g_autoptr(JournalWriter) w = journal_writer_new(&options, &error);
	g_assert_no_error(error);
	e->shape = shape;
	e->frames = g_array_new(FALSE, FALSE, sizeof(Place));
	guint64 next = 1;
	for (guint i = 0; journal_writer_bytes(w) + 2 * JOURNAL_BLOCK_SIZE < shape->size; i++) {
		fixture_append(w, &next, 1 + i % 4 * (shape->size > 100000 ? 8 : 1), i * 13 % 460);
		fixture_commit(w);
	}
	e->last = next - 1;
	if (shape->ended)
		fixture_close(w);
	g_assert_true(g_file_get_contents(journal_writer_path(w), (char **)&e->data, &e->size, NULL));
	e->size = shape->ended ? e->size : MIN(e->size, (gsize)journal_writer_bytes(w) + TAIL);
	fixture_remove(directory);
	note_places(e);
	return e;
}

static void example_free(Example *e)
{
	g_free(e->data);
	g_array_unref(e->frames);
	g_free(e);
}

static const Place *place_at(const Example *e, guint i)
{
	return &g_array_index(e->frames, Place, i);
}

/* --- flips --- */

/* Of the frame that has observations and this byte; NULL: none has. */
static const Place *hit_by(const Example *e, guint64 byte)
{
	for (guint i = 0; i < e->frames->len; i++)
		if (place_at(e, i)->start <= byte && byte < place_at(e, i)->end)
			return place_at(e, i);
	return NULL;
}

static void check_flip(Example *e, gsize bit, FixtureWalk *walk)
{
	const Place *hit = hit_by(e, bit / 8);
	memset(walk, 0, sizeof *walk);
	e->data[bit / 8] ^= (guint8)(1u << bit % 8);
	g_autoptr(JournalReader) reader = open_bytes(e, e->data, e->size);
	g_assert_nonnull(reader);
	fixture_walk(reader, walk);
	e->data[bit / 8] ^= (guint8)(1u << bit % 8);
	g_assert_cmpuint(walk->invented, ==, 0);
	if (walk->damages + walk->breaks == 0 && walk->end != JOURNAL_END_TORN)
		g_error("bit %" G_GSIZE_FORMAT " of byte %" G_GSIZE_FORMAT " was not told", bit % 8, bit / 8);
	for (guint64 i = 1; i <= e->last; i++)
		if (walk->seen[i] != (hit && hit->first <= i && i < hit->next ? 0 : 1))
			g_error("bit %" G_GSIZE_FORMAT " of byte %" G_GSIZE_FORMAT ": observation %" G_GUINT64_FORMAT " came %u times",
				bit % 8, bit / 8, i, walk->seen[i]);
}

static void test_a_flipped_bit(gconstpointer data)
{
	const Shape *shape = data;
	Example *e = example_new(shape);
	g_autofree FixtureWalk *walk = g_new0(FixtureWalk, 1);
	guint64 flips = 0;
	for (gsize bit = 0; bit < e->size * 8; bit += g_test_slow() ? 1 : shape->quick_step, flips++)
		check_flip(e, bit, walk);
	g_test_message("%" G_GUINT64_FORMAT " flips in %" G_GSIZE_FORMAT " bytes of %u frames", flips, e->size, e->frames->len);
	example_free(e);
}

/* --- cuts --- */

/* Reads what a cut left of the segment, from two frames before the cut on; all of it where `whole` says so. */
static void check_cut(const Example *e, gsize cut, guint *io_whole_frames, gboolean whole, FixtureWalk *walk)
{
	while (*io_whole_frames < e->frames->len && place_at(e, *io_whole_frames)->end <= cut)
		(*io_whole_frames)++;
	const guint from = whole || *io_whole_frames < 2 ? 0 : *io_whole_frames - 2;
	const guint64 first = from == 0 ? 1 : place_at(e, from)->first;
	const guint64 next = *io_whole_frames == 0 ? 1 : place_at(e, *io_whole_frames - 1)->next;
	g_autofree guint8 *copy = whole ? g_memdup2(e->data, cut) : NULL; /* so that a sanitizer sees what is read beyond it */
	g_autoptr(JournalReader) reader = open_bytes(e, copy ? copy : e->data, cut);
	g_assert_cmpint(reader != NULL, ==, cut >= JOURNAL_HEADER_SIZE);
	if (!reader)
		return;
	memset(walk, 0, sizeof *walk);
	if (from > 0)
		journal_reader_seek(reader, &place_at(e, from)->before);
	fixture_walk(reader, walk);
	g_assert_cmpuint(walk->damages + walk->breaks, ==, 0);
	fixture_assert_exactly(walk, first, next - 1);
	g_assert_true(walk->end == JOURNAL_END_TORN || walk->end == JOURNAL_END_OPEN || cut + JOURNAL_SECTOR_SIZE > e->size);
}

static void test_a_cut(gconstpointer data)
{
	const Shape *shape = data;
	Example *e = example_new(shape);
	g_autofree FixtureWalk *walk = g_new0(FixtureWalk, 1);
	guint whole_frames = 0;
	guint64 cuts = 0;
	for (gsize cut = 0; cut <= e->size; cut += g_test_slow() ? 1 : shape->quick_step, cuts++)
		check_cut(e, cut, &whole_frames, cuts % 4099 == 0 || (!g_test_slow() && cuts % 97 == 0), walk);
	g_test_message("%" G_GUINT64_FORMAT " cuts in %" G_GSIZE_FORMAT " bytes of %u frames", cuts, e->size, e->frames->len);
	example_free(e);
}

int main(int argc, char **argv)
{
	static const Shape flipped[] = {
		{.size = 72 * 1024, .sealed = FALSE, .ended = TRUE, .quick_step = 1009},
		{.size = 72 * 1024, .sealed = TRUE, .ended = TRUE, .quick_step = 1009},
		{.size = 72 * 1024, .sealed = FALSE, .ended = FALSE, .quick_step = 1009},
		{.size = 72 * 1024, .sealed = TRUE, .ended = FALSE, .quick_step = 1009},
	};
	static const Shape cut[] = {
		{.size = 1024 * 1024, .sealed = FALSE, .ended = TRUE, .quick_step = 211},
		{.size = 1024 * 1024, .sealed = TRUE, .ended = TRUE, .quick_step = 401},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(flipped); i++) {
		g_autofree char *name = g_strdup_printf("/journal/every-bit/a-flip-costs-its-frame-and-is-told/%s-%s",
							flipped[i].sealed ? "sealed" : "plain", flipped[i].ended ? "ended" : "open");
		g_test_add_data_func(name, &flipped[i], test_a_flipped_bit);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(cut); i++) {
		g_autofree char *name = g_strdup_printf("/journal/every-bit/a-cut-loses-only-what-was-cut/%s",
							cut[i].sealed ? "sealed" : "plain");
		g_test_add_data_func(name, &cut[i], test_a_cut);
	}
	return g_test_run();
}
