/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/segment_writer.h"

#include "journal/device_keys.h"
#include "journal/locked.h"
#include "journal/ratchet.h"

#include <fcntl.h>
#include <unistd.h>

#define MIN_SIZE       (JOURNAL_FIRST_FRAME + 2u * JOURNAL_BLOCK_SIZE)
#define SEAL_NS        (60 * NS_PER_S)

/* --- the header --- */

/* Where reading the segment of that name ends, and whether it is the device's last one. */
static gboolean read_end(const char *path, const JournalSegment *successor, guint8 *ret_chain)
{
	g_autoptr(JournalReader) reader = journal_reader_open(path, NULL);
	const JournalSegment *found = reader ? journal_reader_segment(reader) : NULL;
	if (!found || found->device_number + 1 != successor->device_number ||
	    memcmp(found->device_id, successor->device_id, sizeof found->device_id) != 0)
		return FALSE;
	for (;;) {
		JournalFrame frame;
		JournalDamage damage;
		JournalPosition at;
		const JournalResult result = journal_reader_next(reader, &frame, &damage, NULL);
		if (result == JOURNAL_IO_ERROR)
			return FALSE;
		if (result != JOURNAL_END_FINAL && result != JOURNAL_END_OPEN && result != JOURNAL_END_TORN)
			continue;
		journal_reader_position(reader, &at);
		memcpy(ret_chain, at.chain, sizeof at.chain);
		return TRUE;
	}
}

/* What the header vouches for must be on the disk: an earlier run may have been killed before it was. */
static gboolean make_durable(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const gboolean ok = fd >= 0 && fdatasync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static void find_anchor(const SegmentPlace *place, const SegmentWriter *before, const char *last_name, JournalSegment *io_header)
{
	const JournalSegment *b = &before->header;
	g_autofree char *name_before = journal_segment_name(b->device_id, b->run_id, b->number);
	g_autofree char *path = g_build_filename(place->directory, last_name, NULL);
	memset(io_header->anchor, 0, sizeof io_header->anchor);
	if (g_str_equal(name_before, last_name))
		memcpy(io_header->anchor, before->at.chain, sizeof io_header->anchor);
	else if (*last_name && make_durable(path) && !read_end(path, io_header, io_header->anchor))
		memset(io_header->anchor, 0, sizeof io_header->anchor);
}

static void encode_header(SegmentWriter *s, const SegmentPlace *place, const DeviceKeys *keys)
{
	JournalBox boxes[JOURNAL_MAX_RECIPIENTS];
	guint8 signature[JOURNAL_SIGNATURE_SIZE];
	s->seal_keys = seal_keys_new(s->header.seal_keys);
	s->header.n_recipients = place->n_recipients;
	if (place->n_recipients > 0) {
		s->chain_key = locked_new(RATCHET_KEY_SIZE);
		randombytes_buf(s->chain_key, RATCHET_KEY_SIZE);
	}
	for (guint i = 0; i < place->n_recipients; i++)
		ratchet_box(place->recipients[i], s->chain_key, &boxes[i]);
	journal_header_encode(&s->header, boxes, place->buffer);
	device_keys_sign(keys, place->buffer, signature);
	journal_header_finish(place->buffer, signature);
	memcpy(place->buffer + JOURNAL_HEADER_SIZE, place->buffer, JOURNAL_HEADER_SIZE);
	journal_header_digest(place->buffer, s->header.digest);
}

static void start_frames(SegmentWriter *s)
{
	s->seed = journal_frame_seed(s->header.digest);
	s->at = (SegmentState){.offset = JOURNAL_FIRST_FRAME, .sequence = s->header.first_sequence,
			       .sealed_ns = s->header.created.boottime_ns};
	memcpy(s->at.chain, s->header.digest, sizeof s->at.chain);
}

/* A header that may be the last word of B_n stays, even where it cannot be used: else n would be missing. */
static gboolean take_turn(SegmentWriter *s, const SegmentPlace *place, DeviceKeys *keys, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(place->directory, name, NULL);
	gboolean advanced;
	if (!device_keys_prepare(keys, name, error) ||
	    !segment_file_create(&s->file, place->directory, path, place->buffer, JOURNAL_FIRST_FRAME, MIN_SIZE, error))
		return FALSE;
	if (device_keys_advance(keys, &advanced, error))
		return TRUE;
	if (!advanced)
		unlink(path);
	return FALSE;
}

gboolean segment_writer_create(SegmentWriter *ret_segment, const SegmentPlace *place, const SegmentWriter *before, GError **error)
{
	SegmentWriter s = {.header = before->header, .file = {.fd = -1}};
	g_autoptr(DeviceKeys) keys = device_keys_begin(place->keys, error);
	if (!keys)
		return FALSE;
	s.header.number++;
	s.header.boot_id = clock_boot_id();
	s.header.created = clock_read();
	s.header.first_sequence = before->at.sequence;
	memcpy(s.header.previous, before->at.chain, sizeof s.header.previous);
	device_keys_fill(keys, &s.header);
	find_anchor(place, before, device_keys_last_name(keys), &s.header);
	encode_header(&s, place, keys);
	g_autofree char *name = journal_segment_name(s.header.device_id, s.header.run_id, s.header.number);
	if (!take_turn(&s, place, keys, name, error)) {
		segment_writer_abandon(&s);
		return FALSE;
	}
	start_frames(&s);
	*ret_segment = s;
	return TRUE;
}

/* --- frames --- */

/* A write being put together in the buffer. In nearly every case it is one; where the disk refuses the first of several, the rest is
 * not written. */
typedef struct {
	SegmentWriter *s;
	guint8 *buffer;
	gboolean failed;
	GError **error;
	guint64 base;       /* offset of the buffer's start in the file */
	SegmentState state; /* after it */
	guint8 frame_key[RATCHET_KEY_SIZE];
} Batch;

static Batch begin_batch(SegmentWriter *s, const SegmentPlace *place, GError **error)
{
	return (Batch){.s = s, .buffer = place->buffer, .error = error, .base = s->at.offset, .state = s->at};
}

static void flush(Batch *b)
{
	if (!b->failed)
		b->failed = !segment_file_write(&b->s->file, b->buffer, (gsize)(b->state.offset - b->base), b->base, b->error);
}

/* Puts a frame's head at `start`, which is where the state stands or the next block. Its payload is for the caller to put behind it. */
static guint8 *begin_frame(Batch *b, guint64 start, JournalFrameType type, gsize payload_length)
{
	JournalFrameHead head = {.type = (guint8)type, .payload_length = (guint16)payload_length, .first_sequence = b->state.sequence,
				 .number = b->state.frame_number};
	if (journal_sector_ceil(start + journal_frame_size(payload_length)) - b->base > SEGMENT_FILE_BUFFER) {
		flush(b);
		b->base = start;
	} else {
		memset(b->buffer + (b->state.offset - b->base), 0, (gsize)(start - b->state.offset));
	}
	b->state.offset = start;
	memcpy(head.chain, b->state.chain, sizeof head.chain);
	guint8 *frame = b->buffer + (start - b->base);
	journal_frame_put_head(&head, frame);
	if (b->s->chain_key)
		ratchet_step(b->s->chain_key, b->frame_key);
	return frame;
}

static void end_frame(Batch *b, guint8 *frame, gsize payload_length)
{
	const gsize size = journal_frame_size(payload_length);
	sodium_memzero(b->frame_key, sizeof b->frame_key);
	journal_frame_finish(frame, size, b->s->seed);
	journal_chain_next(b->state.chain, frame, size);
	b->state.offset = journal_sector_ceil(b->state.offset + size);
	b->state.frame_number++;
}

static void put_records(Batch *b, guint64 start, const guint8 *records, gsize length, guint count)
{
	const gsize payload_length = length + (b->s->chain_key ? JOURNAL_TAG_SIZE : 0);
	guint8 *frame = begin_frame(b, start, JOURNAL_FRAME_OBSERVATIONS, payload_length);
	if (b->s->chain_key)
		ratchet_encrypt(b->frame_key, b->s->header.digest, frame, records, length);
	else
		memcpy(frame + JOURNAL_FRAME_HEAD_SIZE, records, length);
	end_frame(b, frame, payload_length);
	b->state.sequence += count;
	b->state.unsealed++;
}

static void put_seal(Batch *b, SealMeaning meaning)
{
	guint8 *frame = begin_frame(b, b->state.offset, JOURNAL_FRAME_SEAL, SEAL_SIZE);
	seal_put(b->s->seal_keys, meaning, b->s->header.digest, frame);
	end_frame(b, frame, SEAL_SIZE);
	b->state.unsealed = 0;
	b->state.sealed_ns = clock_boottime_ns();
}

static void put_final(Batch *b, JournalFinal meaning)
{
	guint8 *frame = begin_frame(b, b->state.offset, JOURNAL_FRAME_FINAL, 1);
	frame[JOURNAL_FRAME_HEAD_SIZE] = (guint8)meaning;
	end_frame(b, frame, 1);
}

static gboolean finish_batch(Batch *b)
{
	flush(b);
	if (b->failed || !segment_file_sync(&b->s->file, b->error))
		return FALSE;
	b->s->at = b->state;
	return TRUE;
}

/* --- groups --- */

static gsize overhead(const SegmentWriter *s)
{
	return s->header.n_recipients > 0 ? JOURNAL_TAG_SIZE : 0;
}

guint64 segment_writer_end(const SegmentWriter *s, const guint8 *records, gsize length)
{
	guint64 offset = s->at.offset;
	for (gsize done = 0; done < length;) {
		guint count;
		const gsize n = journal_pack_next(records + done, length - done, overhead(s), &offset, &count);
		offset = journal_sector_ceil(offset + journal_frame_size(n + overhead(s)));
		done += n;
	}
	return offset + 2 * JOURNAL_SECTOR_SIZE; /* a seal, and a final frame */
}

static gboolean seal_due(const SegmentState *state)
{
	return state->unsealed >= SEAL_FRAMES || clock_boottime_ns() - state->sealed_ns >= SEAL_NS;
}

gboolean segment_writer_seal_due(const SegmentWriter *s)
{
	return seal_due(&s->at);
}

gboolean segment_writer_write(SegmentWriter *s, const SegmentPlace *place, const guint8 *records, gsize length, GError **error)
{
	Batch b = begin_batch(s, place, error);
	for (gsize done = 0; done < length;) {
		guint count;
		guint64 start = b.state.offset;
		const gsize n = journal_pack_next(records + done, length - done, overhead(s), &start, &count);
		put_records(&b, start, records + done, n, count);
		done += n;
	}
	if (seal_due(&b.state))
		put_seal(&b, SEAL_OPEN);
	return finish_batch(&b);
}

gboolean segment_writer_write_end(SegmentWriter *s, const SegmentPlace *place, JournalFinal meaning, GError **error)
{
	Batch b = begin_batch(s, place, error);
	put_seal(&b, meaning == JOURNAL_FINAL_RUN_END ? SEAL_RUN_ENDED : SEAL_CONTINUED);
	put_final(&b, meaning);
	return finish_batch(&b);
}

void segment_writer_abandon(SegmentWriter *s)
{
	segment_file_abandon(&s->file);
	g_clear_pointer(&s->seal_keys, seal_keys_free);
	g_clear_pointer(&s->chain_key, sodium_free);
}
