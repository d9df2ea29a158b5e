/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/format.h"

#include "journal/crc32c.h"

#include <sodium.h>

static const guint8 header_magic[8] = {'J', 'A', 'M', 'L', 'O', 'G', 'J', '1'};
static const guint8 frame_magic[4] = {'J', 'L', 'F', 'R'};

#define HEADER_CRC_AT   (JOURNAL_HEADER_SIZE - 4u)
#define FRAME_CRC_AT    20u
#define FRAME_CRC_SIZE  4u

/* --- header --- */

void journal_header_encode(const JournalSegment *s, guint8 *ret_block)
{
	memset(ret_block, 0, JOURNAL_HEADER_SIZE);
	ByteWriter w = byte_writer_init(ret_block, JOURNAL_HEADER_SIZE);
	byte_writer_put(&w, header_magic, sizeof header_magic);
	byte_writer_u32(&w, JOURNAL_VERSION);
	byte_writer_u32(&w, JOURNAL_HEADER_SIZE);
	byte_writer_u32(&w, 0); /* compatible flags */
	byte_writer_u32(&w, 0); /* incompatible flags */
	byte_writer_put(&w, s->device_id, sizeof s->device_id);
	byte_writer_put(&w, s->run_id, sizeof s->run_id);
	byte_writer_u32(&w, s->number);
	byte_writer_u32(&w, (guint32)s->created.state);
	byte_writer_put(&w, s->boot_id.bytes, sizeof s->boot_id.bytes);
	byte_writer_u64(&w, (guint64)s->created.boottime_ns);
	byte_writer_u64(&w, (guint64)s->created.realtime_ns);
	byte_writer_u64(&w, s->first_sequence);
	byte_writer_put(&w, s->previous, sizeof s->previous);
	ByteWriter end = byte_writer_init(ret_block + HEADER_CRC_AT, 4);
	byte_writer_u32(&end, crc32c(0, ret_block, HEADER_CRC_AT));
}

static ClockState clock_state_from(guint32 value)
{
	/* A state that this program does not know is of a better clock than it can judge: the lowest is the honest one. */
	return value <= CLOCK_STATE_NTP ? (ClockState)value : CLOCK_STATE_UNSET;
}

JournalHeaderParse journal_header_parse(const guint8 *block, JournalSegment *ret_segment)
{
	JournalSegment *s = ret_segment;
	ByteReader r = byte_reader_init(block, JOURNAL_HEADER_SIZE);
	if (memcmp(byte_reader_take(&r, sizeof header_magic), header_magic, sizeof header_magic) != 0)
		return JOURNAL_HEADER_FOREIGN;
	ByteReader end = byte_reader_init(block + HEADER_CRC_AT, 4);
	if (byte_reader_u32(&end) != crc32c(0, block, HEADER_CRC_AT))
		return JOURNAL_HEADER_DAMAGED;
	const guint32 version = byte_reader_u32(&r), header_size = byte_reader_u32(&r);
	byte_reader_u32(&r); /* compatible flags: unknown ones change nothing for us */
	const guint32 incompatible = byte_reader_u32(&r);
	if (version != JOURNAL_VERSION || header_size != JOURNAL_HEADER_SIZE || incompatible != 0)
		return JOURNAL_HEADER_NEWER;
	byte_reader_get(&r, s->device_id, sizeof s->device_id);
	byte_reader_get(&r, s->run_id, sizeof s->run_id);
	s->number = byte_reader_u32(&r);
	s->created.state = clock_state_from(byte_reader_u32(&r));
	byte_reader_get(&r, s->boot_id.bytes, sizeof s->boot_id.bytes);
	s->created.boottime_ns = (gint64)byte_reader_u64(&r);
	s->created.realtime_ns = (gint64)byte_reader_u64(&r);
	s->first_sequence = byte_reader_u64(&r);
	byte_reader_get(&r, s->previous, sizeof s->previous);
	journal_header_digest(block, s->digest);
	return JOURNAL_HEADER_OK;
}

void journal_header_digest(const guint8 *block, guint8 *ret_digest)
{
	crypto_generichash(ret_digest, JOURNAL_CHAIN_SIZE, block, JOURNAL_HEADER_SIZE, NULL, 0);
}

/* --- frames --- */

guint32 journal_frame_seed(const guint8 *digest)
{
	return crc32c(0, digest, JOURNAL_CHAIN_SIZE);
}

static guint32 frame_crc(const guint8 *frame, gsize size, guint32 seed)
{
	static const guint8 zeros[FRAME_CRC_SIZE];
	const gsize after = FRAME_CRC_AT + FRAME_CRC_SIZE;
	guint32 crc = crc32c(seed, frame, FRAME_CRC_AT);
	crc = crc32c(crc, zeros, sizeof zeros);
	return crc32c(crc, frame + after, size - after);
}

void journal_frame_encode(const JournalFrameHead *head, const guint8 *payload, guint32 seed, guint8 *ret_frame)
{
	const gsize size = journal_frame_size(head->payload_length);
	ByteWriter w = byte_writer_init(ret_frame, size);
	byte_writer_put(&w, frame_magic, sizeof frame_magic);
	byte_writer_u8(&w, head->type);
	byte_writer_u8(&w, head->flags);
	byte_writer_u16(&w, head->payload_length);
	byte_writer_u64(&w, head->first_sequence);
	byte_writer_u32(&w, head->number);
	byte_writer_u32(&w, 0);
	byte_writer_put(&w, head->chain, sizeof head->chain);
	byte_writer_put(&w, payload, head->payload_length);
	ByteWriter crc = byte_writer_init(ret_frame + FRAME_CRC_AT, FRAME_CRC_SIZE);
	byte_writer_u32(&crc, frame_crc(ret_frame, size, seed));
	memset(ret_frame + size, 0, journal_sector_ceil(size) - size);
}

JournalFrameParse journal_frame_parse(const guint8 *bytes, gsize available, guint32 seed, gboolean verify,
				      JournalFrameHead *ret_head)
{
	JournalFrameHead *head = ret_head;
	ByteReader r = byte_reader_init(bytes, available);
	const guint8 *magic = byte_reader_take(&r, sizeof frame_magic);
	if (!magic || memcmp(magic, frame_magic, sizeof frame_magic) != 0)
		return JOURNAL_FRAME_NONE;
	head->type = byte_reader_u8(&r);
	head->flags = byte_reader_u8(&r);
	head->payload_length = byte_reader_u16(&r);
	head->first_sequence = byte_reader_u64(&r);
	head->number = byte_reader_u32(&r);
	head->crc = byte_reader_u32(&r);
	byte_reader_get(&r, head->chain, sizeof head->chain);
	if (!byte_reader_take(&r, head->payload_length))
		return JOURNAL_FRAME_BOUNDS;
	return !verify || head->crc == frame_crc(bytes, r.offset, seed) ? JOURNAL_FRAME_OK : JOURNAL_FRAME_CRC;
}

void journal_chain_next(guint8 *io_chain, const guint8 *frame, gsize frame_size)
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, JOURNAL_CHAIN_SIZE);
	crypto_generichash_update(&state, io_chain, JOURNAL_CHAIN_SIZE);
	crypto_generichash_update(&state, frame, frame_size);
	crypto_generichash_final(&state, io_chain, JOURNAL_CHAIN_SIZE);
}

/* --- packing --- */

gsize journal_pack_next(const guint8 *records, gsize length, guint64 *io_offset, guint *ret_count)
{
	const gsize block_room = JOURNAL_BLOCK_SIZE - (gsize)(*io_offset % JOURNAL_BLOCK_SIZE);
	gsize room = block_room > JOURNAL_FRAME_HEAD_SIZE ? block_room - JOURNAL_FRAME_HEAD_SIZE : 0;
	ByteReader r = byte_reader_init(records, length);
	gsize taken = 0;
	*ret_count = 0;
	while (byte_reader_left(&r) > 0) {
		byte_reader_take(&r, (gsize)byte_reader_varint(&r));
		if (taken == 0 && r.offset > room && room < JOURNAL_PAYLOAD_MAX) {
			*io_offset += block_room;
			room = JOURNAL_PAYLOAD_MAX;
		}
		if (r.failed || r.offset > room)
			break;
		taken = r.offset;
		(*ret_count)++;
	}
	return taken;
}

char *journal_segment_name(const guint8 *device_id, const guint8 *run_id, guint32 number)
{
	const guint8 *d = device_id, *r = run_id;
	return g_strdup_printf("%02x%02x%02x%02x-%02x%02x%02x%02x-%05u" JOURNAL_SUFFIX, d[0], d[1], d[2], d[3], r[0], r[1],
			       r[2], r[3], number);
}
