/* Fuzzing the reader of segments. The first byte chooses: the rest is a segment as it is, or a script that makes one
 * with checksums that fit, because chance finds none. The reader must stay within the bytes, get on with every call,
 * and end.
 *
 * A script is a row of steps, each a byte and what it needs: garbage sectors, frames with any head, frames that fit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include "journal/format.h"

#include <sodium.h>
#include <stdint.h>

#define MAX_SECTORS 96

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
	guint8 bytes[JOURNAL_FIRST_FRAME + MAX_SECTORS * JOURNAL_SECTOR_SIZE + JOURNAL_BLOCK_SIZE];
	gsize length;
	guint32 seed, number;
	guint8 chain[JOURNAL_CHAIN_SIZE];
} Made;

static void make_header(Made *m)
{
	JournalSegment segment = {.number = 1, .first_sequence = 1};
	guint8 digest[JOURNAL_CHAIN_SIZE];
	journal_header_encode(&segment, NULL, m->bytes);
	journal_header_finish(m->bytes, NULL);
	memcpy(m->bytes + JOURNAL_HEADER_SIZE, m->bytes, JOURNAL_HEADER_SIZE);
	journal_header_digest(m->bytes, digest);
	m->seed = journal_frame_seed(digest);
	m->number = 0;
	memcpy(m->chain, digest, sizeof m->chain);
	m->length = JOURNAL_FIRST_FRAME;
}

static void add_garbage(Made *m, ByteReader *script)
{
	const gsize n = MIN(byte_reader_u8(script), byte_reader_left(script));
	memset(m->bytes + m->length, 0, JOURNAL_SECTOR_SIZE);
	byte_reader_get(script, m->bytes + m->length, n);
	m->length += JOURNAL_SECTOR_SIZE;
}

/* `odd`: number, chain and flags as the script says, and it may cross its block. */
static void add_frame(Made *m, ByteReader *script, gboolean odd)
{
	JournalFrameHead head = {.type = JOURNAL_FRAME_OBSERVATIONS, .number = m->number, .first_sequence = 1};
	memcpy(head.chain, m->chain, sizeof head.chain);
	if (odd) {
		head.type = byte_reader_u8(script);
		head.flags = byte_reader_u8(script);
		head.number += byte_reader_u8(script) % 3u;
		head.chain[0] ^= byte_reader_u8(script) & 1;
	}
	const gsize wish = byte_reader_u8(script) * 8u, left = byte_reader_left(script);
	head.payload_length = (guint16)MIN(wish, left);
	if (!odd && m->length % JOURNAL_BLOCK_SIZE + journal_frame_size(head.payload_length) > JOURNAL_BLOCK_SIZE)
		return;
	const guint8 *payload = byte_reader_take(script, head.payload_length);
	guint8 *frame = m->bytes + m->length;
	if (!payload)
		return;
	journal_frame_encode(&head, payload, m->seed, frame);
	memcpy(m->chain, head.chain, sizeof m->chain);
	journal_chain_next(m->chain, frame, journal_frame_size(head.payload_length));
	m->number = head.number + 1;
	m->length = (gsize)journal_sector_ceil(m->length + journal_frame_size(head.payload_length));
}

static void run_script(Made *m, const guint8 *data, gsize size)
{
	ByteReader script = byte_reader_init(data, size);
	make_header(m);
	while (byte_reader_left(&script) > 0 && m->length < JOURNAL_FIRST_FRAME + MAX_SECTORS * JOURNAL_SECTOR_SIZE) {
		const guint8 step = byte_reader_u8(&script);
		if (step % 4 == 0)
			add_garbage(m, &script);
		else
			add_frame(m, &script, step % 4 == 1);
	}
	/* The last step may end in the middle of a sector. */
	m->length -= size > 0 ? data[size - 1] % 64u : 0;
}

static void take_records(JournalFrame *frame, const guint8 *bytes, gsize size)
{
	static Observation o;
	const guint8 *record;
	gsize length;
	gboolean malformed;
	g_assert(frame->payload >= bytes && frame->payload + frame->length <= bytes + size);
	while (journal_frame_next(frame, &record, &length, &malformed)) {
		g_assert(length > 0 && record >= bytes && record + length <= bytes + size);
		(void)observation_decode(record, length, &o);
	}
}

static void read_all(const guint8 *bytes, gsize size, JournalReadMode mode)
{
	g_autoptr(GBytes) wrapped = g_bytes_new_static(bytes, size);
	g_autoptr(JournalReader) reader = journal_reader_new_for_bytes(wrapped, NULL);
	/* A header's damage, a frame with its padding, or a gap for each sector, and what ends it. */
	gsize steps = 2 * size / JOURNAL_SECTOR_SIZE + 8;
	guint64 before = 0;
	if (!reader)
		return;
	journal_reader_set_mode(reader, mode);
	for (;;) {
		JournalFrame frame;
		JournalDamage damage = {0};
		JournalPosition position;
		const JournalResult result = journal_reader_next(reader, &frame, &damage, NULL);
		journal_reader_position(reader, &position);
		g_assert(steps-- > 0 && position.offset >= before && result != JOURNAL_IO_ERROR);
		before = position.offset;
		if (result == JOURNAL_FRAME || result == JOURNAL_CHAIN_BREAK)
			take_records(&frame, bytes, size);
		else if (result == JOURNAL_DAMAGE)
			g_assert(damage.reason && damage.length > 0 &&
				 damage.offset + damage.length <= MAX(size, JOURNAL_FIRST_FRAME));
		else
			break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Made made;
	if (sodium_init() < 0 || size == 0)
		return 0;
	const gboolean raw = data[0] & 1;
	if (!raw)
		run_script(&made, data + 1, size - 1);
	/* Of exactly its size, so that the sanitizer sees the first byte too many. */
	const gsize length = raw ? size - 1 : made.length;
	g_autofree guint8 *bytes = g_memdup2(raw ? data + 1 : made.bytes, length);
	read_all(bytes, length, JOURNAL_READ_VERIFY);
	read_all(bytes, length, JOURNAL_READ_TRUSTED);
	return 0;
}
