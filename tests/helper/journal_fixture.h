/* journal_fixture.h - what the tests of the journal share: observations whose content follows from their sequence
 * number, segments written and read back, and a walk that notes all that a reader says.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "error.h"
#include "journal.h"
#include "journal/device_keys.h"

#include <glib/gstdio.h>
#include <sodium.h>

/* The same device each time: its B_1 is made of the number. The id is the one that FORMAT.md derives from that key. */
static inline void fixture_device(guint8 number, guint8 ret_seed[JOURNAL_KEY_SIZE], guint8 ret_id[JOURNAL_ID_SIZE])
{
	guint8 public_key[JOURNAL_KEY_SIZE], secret[crypto_sign_SECRETKEYBYTES], digest[JOURNAL_CHAIN_SIZE];
	memset(ret_seed, number, JOURNAL_KEY_SIZE);
	g_assert_cmpint(sodium_init(), >=, 0);
	crypto_sign_seed_keypair(public_key, secret, ret_seed);
	crypto_generichash(digest, sizeof digest, public_key, sizeof public_key, NULL, 0);
	memcpy(ret_id, digest, JOURNAL_ID_SIZE);
}

/* The device's keys file, made where it is missing. Where no other is wanted it stands in the journal folder, so that both have the disk's
 * faults. */
static inline char *fixture_keys(const char *directory, guint8 number, const char *wanted)
{
	guint8 seed[JOURNAL_KEY_SIZE], id[JOURNAL_ID_SIZE];
	g_autofree char *name = g_strdup_printf(".keys-%u", number);
	char *path = wanted ? g_strdup(wanted) : g_build_filename(directory, name, NULL);
	fixture_device(number, seed, id);
	if (!g_file_test(path, G_FILE_TEST_EXISTS) && g_mkdir_with_parents(directory, 0700) == 0)
		device_keys_make(path, seed, NULL);
	return path;
}

/* The recipient of what tests seal. */
static inline void fixture_identity(JournalIdentity *ret_identity)
{
	guint8 seed[crypto_box_SEEDBYTES] = {0x1d};
	crypto_box_seed_keypair(ret_identity->public_key, ret_identity->secret_key, seed);
}

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
	g_autofree char *keys = fixture_keys(directory, 1, NULL);
	const JournalWriterOptions options = {.directory = directory, .keys = keys, .segment_size = segment_size};
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
	guint observations, frames, seals, damages, breaks;
	guint invented;                   /* malformed, or of a content that was never written */
	JournalResult end;
	JournalDamage damage;             /* of the first finding */
	JournalPosition position;         /* at the end */
	JournalPosition before_seal;      /* the last one */
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
		JournalPosition before;
		journal_reader_position(reader, &before);
		const JournalResult result = journal_reader_next(reader, &frame, &damage, &error);
		g_assert_no_error(error);
		if (result == JOURNAL_SEAL) {
			walk->seals++;
			walk->before_seal = before;
		}
		if (result == JOURNAL_FRAME || result == JOURNAL_CHAIN_BREAK)
			fixture_note_frame(walk, &frame);
		if (result == JOURNAL_DAMAGE || result == JOURNAL_CHAIN_BREAK || result == JOURNAL_END_TORN) {
			g_assert_nonnull(damage.reason);
			walk->damage = walk->damage.reason ? walk->damage : damage;
		}
		walk->damages += result == JOURNAL_DAMAGE ? 1 : 0;
		walk->breaks += result == JOURNAL_CHAIN_BREAK ? 1 : 0;
		walk->end = result;
		if (result == JOURNAL_FRAME || result == JOURNAL_SEAL || result == JOURNAL_CHAIN_BREAK || result == JOURNAL_DAMAGE)
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
