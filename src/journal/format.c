/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/format.h"

#include "journal/crc32c.h"

#include <sodium.h>

static const guint8 header_magic[8] = {'J', 'A', 'M', 'L', 'O', 'G', 'J', '1'};
static const guint8 frame_magic[4] = {'J', 'L', 'F', 'R'};

#define HEADER_CRC_AT   (JOURNAL_HEADER_SIZE - 4u)
#define FLAG_SIGNED     1u /* compatible */
#define FLAG_SEALED     1u /* incompatible */
#define N_RECIPIENTS_AT 232u
#define RECIPIENTS_AT   240u
#define SECOND_SEAL_KEY_AT 2032u
#define FRAME_CRC_AT    20u
#define FRAME_CRC_SIZE  4u

/* --- header --- */

void journal_header_encode(const JournalSegment *s, const JournalBox *boxes, guint8 *ret_block)
{
	memset(ret_block, 0, JOURNAL_HEADER_SIZE);
	ByteWriter w = byte_writer_init(ret_block, JOURNAL_HEADER_SIZE);
	byte_writer_put(&w, header_magic, sizeof header_magic);
	byte_writer_u32(&w, JOURNAL_VERSION);
	byte_writer_u32(&w, JOURNAL_HEADER_SIZE);
	byte_writer_u32(&w, s->is_signed ? FLAG_SIGNED : 0);
	byte_writer_u32(&w, s->n_recipients > 0 ? FLAG_SEALED : 0);
	byte_writer_put(&w, s->device_id, sizeof s->device_id);
	byte_writer_put(&w, s->run_id, sizeof s->run_id);
	byte_writer_u32(&w, s->number);
	byte_writer_u32(&w, (guint32)s->created.state);
	byte_writer_put(&w, s->boot_id.bytes, sizeof s->boot_id.bytes);
	byte_writer_u64(&w, (guint64)s->created.boottime_ns);
	byte_writer_u64(&w, (guint64)s->created.realtime_ns);
	byte_writer_u64(&w, s->first_sequence);
	byte_writer_put(&w, s->previous, sizeof s->previous);
	byte_writer_put(&w, s->header_key, sizeof s->header_key);
	byte_writer_put(&w, s->next_header_key, sizeof s->next_header_key);
	byte_writer_put(&w, s->seal_keys[0], sizeof s->seal_keys[0]);
	byte_writer_u32(&w, s->n_recipients);
	byte_writer_u32(&w, s->device_number);
	for (guint i = 0; i < s->n_recipients; i++) {
		byte_writer_put(&w, boxes[i].fingerprint, sizeof boxes[i].fingerprint);
		byte_writer_put(&w, boxes[i].box, sizeof boxes[i].box);
	}
	ByteWriter tail = byte_writer_init(ret_block + SECOND_SEAL_KEY_AT, JOURNAL_SIGNED_SIZE - SECOND_SEAL_KEY_AT);
	byte_writer_put(&tail, s->seal_keys[1], sizeof s->seal_keys[1]);
	byte_writer_put(&tail, s->anchor, sizeof s->anchor);
}

void journal_header_finish(guint8 *block, const guint8 *signature)
{
	if (signature)
		memcpy(block + JOURNAL_SIGNED_SIZE, signature, JOURNAL_SIGNATURE_SIZE);
	ByteWriter end = byte_writer_init(block + HEADER_CRC_AT, 4);
	byte_writer_u32(&end, crc32c(0, block, HEADER_CRC_AT));
}

ClockState journal_clock_state(guint32 value)
{
	return value <= CLOCK_STATE_NTP ? (ClockState)value : CLOCK_STATE_UNSET;
}

/* What stands behind `previous`. */
static void parse_keys(ByteReader r, const guint8 *block, JournalSegment *s)
{
	byte_reader_get(&r, s->header_key, sizeof s->header_key);
	byte_reader_get(&r, s->next_header_key, sizeof s->next_header_key);
	byte_reader_get(&r, s->seal_keys[0], sizeof s->seal_keys[0]);
	byte_reader_u32(&r); /* recipients */
	s->device_number = byte_reader_u32(&r);
	ByteReader tail = byte_reader_init(block + SECOND_SEAL_KEY_AT, JOURNAL_SIGNED_SIZE - SECOND_SEAL_KEY_AT);
	byte_reader_get(&tail, s->seal_keys[1], sizeof s->seal_keys[1]);
	byte_reader_get(&tail, s->anchor, sizeof s->anchor);
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
	const guint32 compatible = byte_reader_u32(&r); /* unknown ones change nothing for us */
	const guint32 incompatible = byte_reader_u32(&r);
	if (version != JOURNAL_VERSION || header_size != JOURNAL_HEADER_SIZE || (incompatible & ~FLAG_SEALED) != 0)
		return JOURNAL_HEADER_NEWER;
	*s = (JournalSegment){.is_signed = (compatible & FLAG_SIGNED) != 0};
	byte_reader_get(&r, s->device_id, sizeof s->device_id);
	byte_reader_get(&r, s->run_id, sizeof s->run_id);
	s->number = byte_reader_u32(&r);
	s->created.state = journal_clock_state(byte_reader_u32(&r));
	byte_reader_get(&r, s->boot_id.bytes, sizeof s->boot_id.bytes);
	s->created.boottime_ns = (gint64)byte_reader_u64(&r);
	s->created.realtime_ns = (gint64)byte_reader_u64(&r);
	s->first_sequence = byte_reader_u64(&r);
	byte_reader_get(&r, s->previous, sizeof s->previous);
	journal_header_digest(block, s->digest);
	if (s->is_signed)
		parse_keys(r, block, s);
	r.offset = N_RECIPIENTS_AT;
	if (incompatible & FLAG_SEALED)
		s->n_recipients = byte_reader_u32(&r);
	const gboolean sensible = s->n_recipients <= JOURNAL_MAX_RECIPIENTS && (s->n_recipients > 0 || !(incompatible & FLAG_SEALED));
	return sensible ? JOURNAL_HEADER_OK : JOURNAL_HEADER_DAMAGED;
}

void journal_header_box(const guint8 *block, guint recipient, JournalBox *ret_box)
{
	G_STATIC_ASSERT(sizeof(JournalBox) == JOURNAL_CHAIN_SIZE + JOURNAL_BOX_SIZE);
	memcpy(ret_box, block + RECIPIENTS_AT + recipient * sizeof *ret_box, sizeof *ret_box);
}

gboolean journal_header_signature_good(const guint8 *block, const JournalSegment *segment)
{
	return segment->is_signed && crypto_sign_verify_detached(block + JOURNAL_SIGNED_SIZE, block, JOURNAL_SIGNED_SIZE,
								 segment->header_key) == 0;
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

void journal_frame_put_head(const JournalFrameHead *head, guint8 *ret_frame)
{
	ByteWriter w = byte_writer_init(ret_frame, JOURNAL_FRAME_HEAD_SIZE);
	byte_writer_put(&w, frame_magic, sizeof frame_magic);
	byte_writer_u8(&w, head->type);
	byte_writer_u8(&w, head->flags);
	byte_writer_u16(&w, head->payload_length);
	byte_writer_u64(&w, head->first_sequence);
	byte_writer_u32(&w, head->number);
	byte_writer_u32(&w, 0);
	byte_writer_put(&w, head->chain, sizeof head->chain);
}

void journal_frame_clear_crc(guint8 *frame)
{
	memset(frame + FRAME_CRC_AT, 0, FRAME_CRC_SIZE);
}

void journal_frame_finish(guint8 *frame, gsize size, guint32 seed)
{
	ByteWriter crc = byte_writer_init(frame + FRAME_CRC_AT, FRAME_CRC_SIZE);
	byte_writer_u32(&crc, frame_crc(frame, size, seed));
	memset(frame + size, 0, journal_sector_ceil(size) - size);
}

void journal_frame_encode(const JournalFrameHead *head, const guint8 *payload, guint32 seed, guint8 *ret_frame)
{
	journal_frame_put_head(head, ret_frame);
	memcpy(ret_frame + JOURNAL_FRAME_HEAD_SIZE, payload, head->payload_length);
	journal_frame_finish(ret_frame, journal_frame_size(head->payload_length), seed);
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

G_STATIC_ASSERT(OBSERVATION_MAX_CODED + 2 + JOURNAL_TAG_SIZE <= JOURNAL_PAYLOAD_MAX); /* any record fits into a frame */

gsize journal_pack_next(const guint8 *records, gsize length, gsize overhead, guint64 *io_offset, guint *ret_count)
{
	const gsize block_room = JOURNAL_BLOCK_SIZE - (gsize)(*io_offset % JOURNAL_BLOCK_SIZE), whole = JOURNAL_PAYLOAD_MAX - overhead;
	gsize room = block_room - JOURNAL_FRAME_HEAD_SIZE - overhead; /* frames begin on sectors: there is that much */
	ByteReader r = byte_reader_init(records, length);
	gsize taken = 0;
	*ret_count = 0;
	while (byte_reader_left(&r) > 0) {
		byte_reader_take(&r, (gsize)byte_reader_varint(&r));
		if (taken == 0 && r.offset > room) {
			*io_offset += block_room;
			room = whole;
		}
		if (r.offset > room)
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
