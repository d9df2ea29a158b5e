/* The writer: a group of coded observations in memory, packed into frames and made durable by a commit.
 *
 * What a commit works with (WriterState) is a copy until fdatasync has returned; only then does it become the
 * writer's own. So a commit that failed anywhere leaves the group, the numbers and the chain as they
 * were, and the next one writes the same records again, into a new segment where the old one's state is unknown.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal.h"

#include "error.h"
#include "journal/format.h"
#include "journal/segment_file.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#define DEFAULT_SEGMENT_SIZE (16u * 1024u * 1024u)
#define GROUP_MAX            (1024u * 1024u)
#define SPACE_AHEAD          (64u * 1024u) /* asked for before it is needed: so a full disk is known while there is still room */
#define MIN_NEW_SEGMENT      (JOURNAL_FIRST_FRAME + 2u * JOURNAL_BLOCK_SIZE)
#define NAME_ATTEMPTS        16

typedef struct {
	guint64 offset;       /* of the next frame */
	guint32 frame_number;
	guint8 chain[JOURNAL_CHAIN_SIZE];
	guint64 sequence;     /* of the next frame's first observation */
} WriterState;

struct JournalWriter {
	char *directory;
	char *path;           /* of the last segment, also after it was given up */
	guint64 segment_size;
	guint64 rotate_at;    /* offset from which the next commit tries a new segment */
	JournalSegment segment; /* header of the current or last segment; its number is 0 before the first */
	SegmentFile file;     /* fd -1: given up, or not yet created */
	guint32 seed;
	WriterState at;
	guint64 next_sequence;
	guint64 bytes_before; /* in earlier segments of the run */
	gboolean space_low;
	guint8 *buffer;       /* what the next write takes */
	guint8 *group;        /* records: varint length, coded observation */
	gsize group_length;
};

/* --- segments --- */

static void take_segment(JournalWriter *w, const JournalSegment *segment, const SegmentFile *file)
{
	w->bytes_before += w->at.offset;
	w->segment = *segment;
	w->file = *file;
	w->seed = journal_frame_seed(segment->digest);
	w->at.offset = JOURNAL_FIRST_FRAME;
	w->at.frame_number = 0;
	memcpy(w->at.chain, segment->digest, sizeof w->at.chain);
	w->rotate_at = w->segment_size;
	w->space_low = FALSE;
	g_free(w->path);
	w->path = g_strdup(file->path);
}

/* Makes the run's next segment. The current one is untouched; *ret_file and *ret_segment are its successor's. */
static gboolean create_next(JournalWriter *w, JournalSegment *ret_segment, SegmentFile *ret_file, GError **error)
{
	JournalSegment *s = ret_segment;
	if (!segment_file_make_directory(w->directory, error)) /* it may have been taken away since the last one */
		return FALSE;
	*s = w->segment;
	s->number++;
	s->boot_id = clock_boot_id();
	s->created = clock_read();
	s->first_sequence = w->at.sequence;
	memcpy(s->previous, w->at.chain, sizeof s->previous);
	journal_header_encode(s, w->buffer);
	memcpy(w->buffer + JOURNAL_HEADER_SIZE, w->buffer, JOURNAL_HEADER_SIZE);
	journal_header_digest(w->buffer, s->digest);
	g_autofree char *name = journal_segment_name(s->device_id, s->run_id, s->number);
	g_autofree char *path = g_build_filename(w->directory, name, NULL);
	if (segment_file_create(ret_file, w->directory, path, w->buffer, JOURNAL_FIRST_FRAME, MIN_NEW_SEGMENT, error))
		return TRUE;
	/* What could not be removed again must not stand in the way of the next attempt. */
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		w->segment.number++;
	return FALSE;
}

/* Nothing is known about the file after a failed write; what was acknowledged in it stays as it is. */
static void give_up_segment(JournalWriter *w)
{
	segment_file_abandon(&w->file);
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
	if (record.failed || group.failed) {
		o->sequence = 0;
		return FALSE;
	}
	w->group_length += group.length;
	w->next_sequence++;
	return TRUE;
}

static guint64 group_end(const JournalWriter *w)
{
	guint64 offset = w->at.offset;
	for (gsize done = 0; done < w->group_length;) {
		guint count;
		const gsize n = journal_pack_next(w->group + done, w->group_length - done, &offset, &count);
		offset = journal_sector_ceil(offset + journal_frame_size(n));
		done += n;
	}
	return offset;
}

/* Codes one frame at its place in the buffer, which begins at `base` in the file. */
static void put_frame(JournalWriter *w, WriterState *state, guint64 base, JournalFrameType type, const guint8 *payload,
		      gsize length)
{
	JournalFrameHead head = {.type = (guint8)type, .payload_length = (guint16)length, .first_sequence = state->sequence,
				 .number = state->frame_number};
	memcpy(head.chain, state->chain, sizeof head.chain);
	guint8 *frame = w->buffer + (state->offset - base);
	journal_frame_encode(&head, payload, w->seed, frame);
	journal_chain_next(state->chain, frame, journal_frame_size(length));
	state->offset = journal_sector_ceil(state->offset + journal_frame_size(length));
	state->frame_number++;
}

/* Writes the group's frames after *state. In nearly every case that is one write. */
static gboolean write_group(JournalWriter *w, WriterState *state, GError **error)
{
	guint64 base = state->offset;
	for (gsize done = 0; done < w->group_length;) {
		guint count;
		guint64 start = state->offset;
		const gsize n = journal_pack_next(w->group + done, w->group_length - done, &start, &count);
		if (journal_sector_ceil(start + journal_frame_size(n)) - base > SEGMENT_FILE_BUFFER) {
			if (!segment_file_write(&w->file, w->buffer, (gsize)(state->offset - base), base, error))
				return FALSE;
			base = start;
		} else {
			memset(w->buffer + (state->offset - base), 0, (gsize)(start - state->offset));
		}
		state->offset = start;
		put_frame(w, state, base, JOURNAL_FRAME_OBSERVATIONS, w->group + done, n);
		state->sequence += count;
		done += n;
	}
	return segment_file_write(&w->file, w->buffer, (gsize)(state->offset - base), base, error);
}

static gboolean write_final(JournalWriter *w, JournalFinal meaning, GError **error)
{
	WriterState state = w->at;
	const guint8 payload = (guint8)meaning;
	if (JOURNAL_BLOCK_SIZE - state.offset % JOURNAL_BLOCK_SIZE < journal_frame_size(sizeof payload))
		state.offset += JOURNAL_BLOCK_SIZE - state.offset % JOURNAL_BLOCK_SIZE;
	const guint64 base = state.offset;
	put_frame(w, &state, base, JOURNAL_FRAME_FINAL, &payload, sizeof payload);
	if (!segment_file_write(&w->file, w->buffer, (gsize)(state.offset - base), base, error) ||
	    !segment_file_sync(&w->file, error))
		return FALSE;
	w->at.offset = state.offset;
	return TRUE;
}

/* --- commit --- */

/* A full disk is no reason to leave the old segment: it may still have room. Then the next attempt waits for the next step. */
static gboolean rotate(JournalWriter *w, GError **error)
{
	JournalSegment segment;
	SegmentFile file;
	if (w->file.fd >= 0 && w->at.offset < w->rotate_at)
		return TRUE;
	if (!create_next(w, &segment, &file, w->file.fd >= 0 ? NULL : error)) {
		w->rotate_at = w->at.offset + SEGMENT_FILE_STEP;
		return w->file.fd >= 0;
	}
	/* All in the old segment is acknowledged already: an end without its final frame costs nothing but the frame. */
	if (w->file.fd >= 0 && write_final(w, JOURNAL_FINAL_CONTINUED, NULL))
		segment_file_finish(&w->file, w->at.offset, NULL);
	give_up_segment(w);
	take_segment(w, &segment, &file);
	return TRUE;
}

/* Room for the group; the frames after it get theirs ahead of need, and may do without it for now. */
static gboolean make_room(JournalWriter *w, GError **error)
{
	g_autoptr(GError) reserve_error = NULL;
	const guint64 end = group_end(w);
	w->space_low = !segment_file_reserve(&w->file, end + SPACE_AHEAD, &reserve_error);
	if (!w->space_low)
		return TRUE;
	const gboolean full = g_error_matches(reserve_error, JAMLOG_ERROR, JAMLOG_ERROR_NO_SPACE);
	if (full && w->file.allocated >= end)
		return TRUE;
	if (!full)
		give_up_segment(w);
	g_propagate_error(error, g_steal_pointer(&reserve_error));
	return FALSE;
}

/* Writing on into a file that nobody can find any more would be a silent stop. */
static gboolean check_place(JournalWriter *w, GError **error)
{
	if (w->file.fd < 0 || segment_file_in_place(&w->file))
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND, "the journal %s was deleted or moved away", w->path);
	give_up_segment(w);
	return FALSE;
}

gboolean journal_writer_commit(JournalWriter *w, GError **error)
{
	if (w->group_length == 0)
		return TRUE;
	if (!check_place(w, error))
		return FALSE;
	if (!rotate(w, error) || !make_room(w, error))
		return FALSE;
	WriterState state = w->at;
	if (!write_group(w, &state, error) || !segment_file_sync(&w->file, error)) {
		give_up_segment(w);
		return FALSE;
	}
	w->at = state;
	w->group_length = 0;
	return TRUE;
}

gboolean journal_writer_close(JournalWriter *w, GError **error)
{
	if (!journal_writer_commit(w, error))
		return FALSE;
	if (w->file.fd < 0)
		return TRUE;
	/* The frame needs room that a full disk may not have; then the run ends as after a power cut, with nothing lost. */
	g_autoptr(GError) reserve_error = NULL;
	if (!segment_file_reserve(&w->file, w->at.offset + JOURNAL_BLOCK_SIZE, &reserve_error) ||
	    !write_final(w, JOURNAL_FINAL_RUN_END, error)) {
		if (reserve_error)
			g_propagate_error(error, g_steal_pointer(&reserve_error));
		give_up_segment(w);
		return FALSE;
	}
	return segment_file_finish(&w->file, w->at.offset, error);
}

/* --- life --- */

static gboolean start_run(JournalWriter *w, GError **error)
{
	for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
		JournalSegment segment;
		SegmentFile file;
		randombytes_buf(w->segment.run_id, sizeof w->segment.run_id);
		g_autofree char *name = journal_segment_name(w->segment.device_id, w->segment.run_id, 1);
		g_autofree char *path = g_build_filename(w->directory, name, NULL);
		if (g_file_test(path, G_FILE_TEST_EXISTS))
			continue;
		if (!create_next(w, &segment, &file, error))
			return FALSE;
		take_segment(w, &segment, &file);
		return TRUE;
	}
	return error_set_errno(error, EEXIST, "cannot find a free name in the journal folder %s", w->directory);
}

JournalWriter *journal_writer_new(const JournalWriterOptions *options, GError **error)
{
	if (sodium_init() < 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED,
			    "cannot start libsodium: the kernel gives no random numbers");
		return NULL;
	}
	if (!segment_file_make_directory(options->directory, error))
		return NULL;
	g_autoptr(JournalWriter) w = g_new0(JournalWriter, 1);
	w->directory = g_strdup(options->directory);
	w->segment_size = options->segment_size ? options->segment_size : DEFAULT_SEGMENT_SIZE;
	memcpy(w->segment.device_id, options->device_id, sizeof w->segment.device_id);
	w->file.fd = -1;
	w->at.sequence = w->next_sequence = 1;
	w->buffer = segment_file_buffer_new();
	w->group = g_malloc(GROUP_MAX);
	return start_run(w, error) ? g_steal_pointer(&w) : NULL;
}

void journal_writer_free(JournalWriter *w)
{
	if (!w)
		return;
	segment_file_abandon(&w->file);
	free(w->buffer);
	g_free(w->group);
	g_free(w->directory);
	g_free(w->path);
	g_free(w);
}

guint64 journal_writer_durable_sequence(const JournalWriter *w)
{
	return w->at.sequence - 1;
}

guint64 journal_writer_bytes(const JournalWriter *w)
{
	return w->bytes_before + w->at.offset;
}

gboolean journal_writer_space_low(const JournalWriter *w)
{
	return w->space_low;
}

const char *journal_writer_path(const JournalWriter *w)
{
	return w->path;
}

const guint8 *journal_writer_run_id(const JournalWriter *w)
{
	return w->segment.run_id;
}
