/* journal_fixture.h - what the tests of the journal share: observations whose content follows from their sequence
 * number, segments written and read back, and a walk that notes all that a reader says.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "error.h"
#include "journal.h"

#include <glib/gstdio.h>

static const guint8 fixture_device[JOURNAL_ID_SIZE] = {0xd0, 0xd1, 0xd2, 0xd3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* A sweep of as many cells as make about `size` bytes; all of it follows from the sequence number. */
static inline void fixture_make_large(Observation *o, guint64 sequence, guint n_cells)
{
	observation_init(o, OBSERVATION_RADIO, "test");
	RADIO_SET(o, cell_id, sequence);
	o->present |= OBSERVATION_BIT(RADIO_ID_cells);
	o->radio.cells.n = MIN(n_cells, OBSERVATION_MAX_CELLS);
	for (guint i = 0; i < o->radio.cells.n; i++) {
		Cell *cell = &o->radio.cells.cell[i];
		CELL_SET(cell, arfcn, (guint32)(sequence * 2654435761u) + i);
		CELL_SET(cell, rsrp_cdbm, (gint16)(-10000 - (gint)i));
		CELL_SET(cell, cell_id, sequence * 1000003 + i);
	}
}

/* An event whose text is `size` characters that follow from the sequence number that it will get; above 159 a sweep. */
static inline void fixture_make(Observation *o, guint64 sequence, gsize size)
{
	char text[160];
	if (size >= sizeof text) {
		fixture_make_large(o, sequence, (guint)(size / 18));
		return;
	}
	observation_init(o, OBSERVATION_EVENT, "test");
	for (gsize i = 0; i < size; i++)
		text[i] = (char)('a' + (sequence * 7 + i * 3) % 26);
	text[size] = '\0';
	OBSERVATION_SET_TEXT(o, event, EVENT, text, text);
	EVENT_SET(o, code, EVENT_HEARTBEAT);
	EVENT_SET(o, count, sequence * 1000003);
}

static inline gboolean fixture_same_cells(const CellList *a, const CellList *b)
{
	for (guint i = 0; i < a->n; i++)
		if (a->cell[i].arfcn != b->cell[i].arfcn || a->cell[i].rsrp_cdbm != b->cell[i].rsrp_cdbm ||
		    a->cell[i].cell_id != b->cell[i].cell_id || a->cell[i].present != b->cell[i].present)
			return FALSE;
	return a->n == b->n;
}

static inline gboolean fixture_is_genuine(const Observation *o)
{
	Observation expected;
	if (o->kind == OBSERVATION_RADIO && RADIO_HAS(o, cells) && RADIO_HAS(o, cell_id)) {
		fixture_make_large(&expected, o->sequence, o->radio.cells.n);
		return o->radio.cell_id == o->sequence && fixture_same_cells(&o->radio.cells, &expected.radio.cells);
	}
	if (o->kind != OBSERVATION_EVENT || !EVENT_HAS(o, text) || !EVENT_HAS(o, count))
		return FALSE;
	fixture_make(&expected, o->sequence, strlen(o->event.text));
	return g_str_equal(o->event.text, expected.event.text) && o->event.count == expected.event.count;
}

static inline JournalWriter *fixture_writer(const char *directory, guint64 segment_size)
{
	g_autoptr(GError) error = NULL;
	JournalWriterOptions options = {.directory = directory, .segment_size = segment_size};
	memcpy(options.device_id, fixture_device, sizeof options.device_id);
	JournalWriter *w = journal_writer_new(&options, &error);
	g_assert_no_error(error);
	return w;
}

/* Appends `n` observations of `size` characters each to the open group; *io_next is the sequence number of the next one. */
static inline void fixture_append(JournalWriter *w, guint64 *io_next, guint n, gsize size)
{
	for (guint i = 0; i < n; i++, (*io_next)++) {
		Observation o;
		fixture_make(&o, *io_next, size);
		g_assert_true(journal_writer_append(w, &o));
		g_assert_cmpuint(o.sequence, ==, *io_next);
	}
}

static inline void fixture_commit(JournalWriter *w)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(journal_writer_commit(w, &error));
	g_assert_no_error(error);
}

static inline void fixture_close(JournalWriter *w)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(journal_writer_close(w, &error));
	g_assert_no_error(error);
}

#define FIXTURE_MAX_SEQUENCE 16384

/* All that a reader said about a segment. */
typedef struct {
	guint16 seen[FIXTURE_MAX_SEQUENCE]; /* how often each sequence number came */
	guint observations, frames, damages, breaks;
	guint invented;                   /* malformed, or of a content that was never written */
	JournalResult end;
	JournalDamage damage;             /* of the first finding */
	JournalPosition position;         /* at the end */
} FixtureWalk;

static inline void fixture_note_frame(FixtureWalk *walk, JournalFrame *frame)
{
	const guint8 *record;
	gsize length;
	gboolean malformed;
	walk->frames++;
	while (journal_frame_next(frame, &record, &length, &malformed)) {
		Observation o;
		if (observation_decode(record, length, &o) != OBSERVATION_OK || !fixture_is_genuine(&o) ||
		    o.sequence >= FIXTURE_MAX_SEQUENCE) {
			walk->invented++;
			continue;
		}
		walk->seen[o.sequence]++;
		walk->observations++;
	}
	walk->invented += malformed ? 1 : 0;
}

/* Adds what the reader says from where it stands to its end. */
static inline void fixture_walk(JournalReader *reader, FixtureWalk *walk)
{
	for (;;) {
		JournalFrame frame;
		JournalDamage damage = {0};
		g_autoptr(GError) error = NULL;
		const JournalResult result = journal_reader_next(reader, &frame, &damage, &error);
		g_assert_no_error(error);
		if (result == JOURNAL_FRAME || result == JOURNAL_CHAIN_BREAK)
			fixture_note_frame(walk, &frame);
		if (result == JOURNAL_DAMAGE || result == JOURNAL_CHAIN_BREAK || result == JOURNAL_END_TORN) {
			g_assert_nonnull(damage.reason);
			walk->damage = walk->damage.reason ? walk->damage : damage;
		}
		walk->damages += result == JOURNAL_DAMAGE ? 1 : 0;
		walk->breaks += result == JOURNAL_CHAIN_BREAK ? 1 : 0;
		walk->end = result;
		if (result == JOURNAL_FRAME || result == JOURNAL_CHAIN_BREAK || result == JOURNAL_DAMAGE)
			continue;
		journal_reader_position(reader, &walk->position);
		return;
	}
}

static inline FixtureWalk *fixture_walk_file(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JournalReader) reader = journal_reader_open(path, &error);
	g_assert_no_error(error);
	FixtureWalk *walk = g_new0(FixtureWalk, 1);
	fixture_walk(reader, walk);
	return walk;
}

/* NULL where the reader refuses the bytes as a whole. */
static inline FixtureWalk *fixture_walk_bytes(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
	g_autoptr(JournalReader) reader = journal_reader_new_for_bytes(bytes, NULL);
	if (!reader)
		return NULL;
	FixtureWalk *walk = g_new0(FixtureWalk, 1);
	fixture_walk(reader, walk);
	return walk;
}

/* Observations first..last all came exactly once, and nothing else did. */
static inline void fixture_assert_exactly(const FixtureWalk *walk, guint64 first, guint64 last)
{
	g_assert_cmpuint(walk->invented, ==, 0);
	g_assert_cmpuint(walk->observations, ==, last - first + 1);
	for (guint64 i = first; i <= last; i++)
		g_assert_cmpuint(walk->seen[i], ==, 1);
}

static inline char *fixture_directory(void)
{
	g_autoptr(GError) error = NULL;
	char *directory = g_dir_make_tmp("jamlog-test-XXXXXX", &error);
	g_assert_no_error(error);
	return directory;
}

/* Removes a folder of files, and frees its name. */
static inline void fixture_remove(char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		g_autofree char *path = g_build_filename(directory, name, NULL);
		g_unlink(path);
	}
	g_rmdir(directory);
	g_free(directory);
}
