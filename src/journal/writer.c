/* The writer: a group of coded observations in memory, made durable by a commit, in one segment after the other.
 *
 * What a commit works with is a copy until fdatasync has returned (segment_writer.c). So one that failed anywhere leaves
 * the group, the numbers and the chain as they were, and the next one writes the same records again, into a new segment where the
 * old one's state is unknown. A disk that is full gets its reserve back and is tried once more before that is a failure.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal.h"

#include "error.h"
#include "journal/checkpoint.h"
#include "journal/folder.h"
#include "journal/segment_writer.h"

#include <sodium.h>

#define DEFAULT_SEGMENT_SIZE (16u * 1024u * 1024u)
#define GROUP_MAX            (1024u * 1024u)
#define SPACE_AHEAD          (64u * 1024u) /* asked for before it is needed: so a full disk is known while there is still room */

struct JournalWriter {
	SegmentPlace place;
	Folder folder;
	char *path;            /* of the last segment, also after it was given up */
	guint64 segment_size;
	guint64 rotate_at;     /* offset from which the next commit tries a new segment */
	SegmentWriter segment; /* the current or last one */
	guint64 next_sequence;
	guint64 bytes_before;  /* in earlier segments of the run */
	gboolean space_low;
	guint8 *group;         /* records: varint length, coded observation */
	gsize group_length;
};

/* --- segments --- */

static void take_segment(JournalWriter *w, const SegmentWriter *segment)
{
	w->bytes_before += w->segment.at.offset;
	w->segment = *segment;
	w->rotate_at = w->segment_size;
	g_free(w->path);
	w->path = g_strdup(segment->file.path);
}

/* Makes the run's next segment. The current one is untouched, or given up after FALSE; *ret_segment is its successor. */
static gboolean create_next(JournalWriter *w, SegmentWriter *ret_segment, GError **error)
{
	const JournalSegment *h = &w->segment.header;
	/* The folder may have been taken away since the last one. */
	if (!segment_file_make_directory(w->place.directory, error) || !folder_lock(&w->folder, w->place.directory, error))
		return FALSE;
	if (segment_writer_create(ret_segment, &w->place, &w->segment, error))
		return TRUE;
	/* What could not be removed again must not stand in the way of the next attempt. Its header vouches for the current
	 * segment as it is now: nothing may follow there. */
	g_autofree char *name = journal_segment_name(h->device_id, h->run_id, h->number + 1);
	g_autofree char *path = g_build_filename(w->place.directory, name, NULL);
	if (g_file_test(path, G_FILE_TEST_EXISTS)) {
		w->segment.header.number++;
		segment_writer_abandon(&w->segment);
	}
	return FALSE;
}

/* --- the group --- */

gboolean journal_writer_append(JournalWriter *w, Observation *o)
{
	guint8 coded[OBSERVATION_MAX_CODED];
	ByteWriter record = byte_writer_init(coded, sizeof coded);
	ByteWriter group = byte_writer_init(w->group + w->group_length, GROUP_MAX - w->group_length);
	o->sequence = w->next_sequence;
	observation_encode(o, &record);
	byte_writer_varint(&group, record.length);
	byte_writer_put(&group, coded, record.length);
	sodium_memzero(coded, record.length);
	if (record.failed || group.failed) {
		o->sequence = 0;
		return FALSE;
	}
	w->group_length += group.length;
	w->next_sequence++;
	return TRUE;
}

/* --- commit --- */

/* A full disk is no reason to leave the old segment: it may still have room. Then the next attempt waits for the next step. */
static gboolean rotate(JournalWriter *w, GError **error)
{
	SegmentWriter next;
	g_autoptr(GError) failure = NULL;
	if (w->segment.file.fd >= 0 && w->segment.at.offset < w->rotate_at)
		return TRUE;
	if (!create_next(w, &next, &failure)) {
		w->rotate_at = w->segment.at.offset + SEGMENT_FILE_STEP;
		if (w->segment.file.fd >= 0)
			return TRUE;
		g_propagate_error(error, g_steal_pointer(&failure));
		return FALSE;
	}
	/* All in the old segment is acknowledged already: an end without its final frame costs nothing but the frame. */
	if (w->segment.file.fd >= 0 && segment_writer_write_end(&w->segment, &w->place, JOURNAL_FINAL_CONTINUED, NULL))
		segment_file_finish(&w->segment.file, w->segment.at.offset, NULL);
	segment_writer_abandon(&w->segment);
	take_segment(w, &next);
	return TRUE;
}

/* Room for the group; the frames after it get theirs ahead of need, and may do without it for now. */
static gboolean make_room(JournalWriter *w, GError **error)
{
	g_autoptr(GError) reserve_error = NULL;
	const guint64 end = segment_writer_end(&w->segment, w->group, w->group_length);
	w->space_low = !segment_file_reserve(&w->segment.file, end + SPACE_AHEAD, &reserve_error);
	if (!w->space_low)
		return TRUE;
	const gboolean full = g_error_matches(reserve_error, JAMLOG_ERROR, JAMLOG_ERROR_NO_SPACE);
	if (full && w->segment.file.allocated >= end)
		return TRUE;
	if (!full)
		segment_writer_abandon(&w->segment);
	g_propagate_error(error, g_steal_pointer(&reserve_error));
	return FALSE;
}

/* Writing on into a file that nobody can find any more would be a silent stop. */
static gboolean check_place(JournalWriter *w, GError **error)
{
	if (w->segment.file.fd < 0 || segment_file_is_at(w->segment.file.fd, w->segment.file.path))
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND, "the journal %s was deleted or moved away", w->path);
	segment_writer_abandon(&w->segment);
	return FALSE;
}

/* A full disk gets its reserve back, and is tried once more. */
static gboolean with_reserve(JournalWriter *w, gboolean (*attempt)(JournalWriter *, GError **), GError **error)
{
	g_autoptr(GError) first_error = NULL;
	if (attempt(w, &first_error))
		return TRUE;
	if (g_error_matches(first_error, JAMLOG_ERROR, JAMLOG_ERROR_NO_SPACE) && folder_free_reserve(&w->folder, w->place.directory))
		return attempt(w, error);
	g_propagate_error(error, g_steal_pointer(&first_error));
	return FALSE;
}

static gboolean try_commit(JournalWriter *w, GError **error)
{
	if (!check_place(w, error) || !rotate(w, error) || !make_room(w, error))
		return FALSE;
	if (!segment_writer_write(&w->segment, &w->place, w->group, w->group_length, error)) {
		segment_writer_abandon(&w->segment);
		return FALSE;
	}
	sodium_memzero(w->group, w->group_length);
	w->group_length = 0;
	return TRUE;
}

gboolean journal_writer_commit(JournalWriter *w, GError **error)
{
	if (w->group_length == 0 && (w->segment.file.fd < 0 || !segment_writer_seal_due(&w->segment)))
		return TRUE;
	if (!with_reserve(w, try_commit, error))
		return FALSE;
	if (!w->space_low)
		folder_fill_reserve(&w->folder, w->place.directory);
	w->space_low = w->space_low || !w->folder.reserve;
	return TRUE;
}

/* The end needs room that a full disk may not have; then the run ends as after a power cut, with nothing lost. */
gboolean journal_writer_close(JournalWriter *w, GError **error)
{
	if (!journal_writer_commit(w, error))
		return FALSE;
	if (w->segment.file.fd < 0)
		return TRUE;
	if (!segment_file_reserve(&w->segment.file, segment_writer_end(&w->segment, NULL, 0), error) ||
	    !segment_writer_write_end(&w->segment, &w->place, JOURNAL_FINAL_RUN_END, error)) {
		segment_writer_abandon(&w->segment);
		return FALSE;
	}
	const gboolean ok = segment_file_finish(&w->segment.file, w->segment.at.offset, error);
	segment_writer_abandon(&w->segment);
	return ok;
}

/* --- life --- */

static gboolean start_run(JournalWriter *w, GError **error)
{
	SegmentWriter first;
	if (!create_next(w, &first, error))
		return FALSE;
	take_segment(w, &first);
	return TRUE;
}

JournalWriter *journal_writer_new(const JournalWriterOptions *options, GError **error)
{
	if (sodium_init() < 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED,
			    "cannot start libsodium: the kernel gives no random numbers");
		return NULL;
	}
	g_assert(options->n_recipients <= JOURNAL_MAX_RECIPIENTS);
	g_autoptr(JournalWriter) w = g_new0(JournalWriter, 1);
	w->folder.lock_fd = w->segment.file.fd = -1;
	w->place.directory = g_strdup(options->directory);
	w->place.keys = g_strdup(options->keys);
	w->place.n_recipients = options->n_recipients;
	w->place.recipients = g_memdup2(options->recipients, options->n_recipients * sizeof *options->recipients);
	w->place.buffer = segment_file_buffer_new();
	w->segment_size = options->segment_size ? options->segment_size : DEFAULT_SEGMENT_SIZE;
	w->segment.at.sequence = w->next_sequence = 1;
	w->group = g_malloc(GROUP_MAX);
	randombytes_buf(w->segment.header.run_id, sizeof w->segment.header.run_id);
	if (!with_reserve(w, start_run, error)) /* an earlier run's reserve */
		return NULL;
	folder_fill_reserve(&w->folder, w->place.directory);
	return g_steal_pointer(&w);
}

void journal_writer_free(JournalWriter *w)
{
	if (!w)
		return;
	segment_writer_abandon(&w->segment);
	folder_unlock(&w->folder);
	g_aligned_free(w->place.buffer);
	g_free(w->place.directory);
	g_free(w->place.keys);
	g_free(w->place.recipients);
	sodium_memzero(w->group, GROUP_MAX);
	g_free(w->group);
	g_free(w->path);
	g_free(w);
}

guint64 journal_writer_durable_sequence(const JournalWriter *w)
{
	return w->segment.at.sequence - 1;
}

guint64 journal_writer_bytes(const JournalWriter *w)
{
	return w->bytes_before + w->segment.at.offset;
}

gboolean journal_writer_space_low(const JournalWriter *w)
{
	return w->space_low;
}

gboolean journal_writer_sealed(const JournalWriter *w)
{
	return w->place.n_recipients > 0;
}

void journal_writer_checkpoint(const JournalWriter *w, char ret_code[JOURNAL_CHECKPOINT_SIZE])
{
	journal_checkpoint_format(journal_checkpoint_value(w->segment.header.digest, w->segment.at.chain), ret_code);
}

const char *journal_writer_path(const JournalWriter *w)
{
	return w->path;
}

const guint8 *journal_writer_run_id(const JournalWriter *w)
{
	return w->segment.header.run_id;
}

const guint8 *journal_writer_device_id(const JournalWriter *w)
{
	return w->segment.header.device_id;
}
