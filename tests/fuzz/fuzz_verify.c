/* Fuzzing the verification of sets of segments. The first byte chooses: the rest is one or more segments as they are, each behind its
 * length (4 bytes, little-endian), or a script that makes some with checksums, chain and signatures that fit as far as the script wants it,
 * because chance finds none.
 *
 * A script is a row of steps, each a byte and what it needs (make_step). Whatever comes: it ends, stays within its bytes, proves no
 * frame that is not there, and a checkpoint is found in one place at most.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include "journal/checkpoint.h"
#include "journal/seal.h"
#include "journal/verify_set.h"

#include <sodium.h>

#define MAX_SECTORS  48
#define MAX_SEGMENTS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
	guint8 public[JOURNAL_KEY_SIZE], secret[crypto_sign_SECRETKEYBYTES];
} Key;

/* The segment being made, and what a later one may name of it. */
typedef struct {
	guint8 bytes[JOURNAL_FIRST_FRAME + MAX_SECTORS * JOURNAL_SECTOR_SIZE + JOURNAL_BLOCK_SIZE];
	gsize length; /* 0: none */
	JournalSegment header;
	guint32 seed, number, seal;
	guint8 chain[JOURNAL_CHAIN_SIZE], marked[JOURNAL_CHAIN_SIZE];
	guint64 checkpoint;
} Made;

static const Key *key_of(guint8 number)
{
	static Key keys[256];
	static gboolean made[256];
	guint8 seed[crypto_sign_SEEDBYTES] = {number};
	if (!made[number])
		crypto_sign_seed_keypair(keys[number].public, keys[number].secret, seed);
	made[number] = TRUE;
	return &keys[number];
}

static void use_key(guint8 number, guint8 ret_public[JOURNAL_KEY_SIZE])
{
	memcpy(ret_public, key_of(number)->public, JOURNAL_KEY_SIZE);
}

/* A byte of choices, then n, the number in the run, and the time. */
static void make_header(Made *m, ByteReader *script)
{
	static const JournalBox boxes[JOURNAL_MAX_RECIPIENTS];
	const guint8 choice = byte_reader_u8(script), n = byte_reader_u8(script);
	guint8 digest[JOURNAL_CHAIN_SIZE], signature[JOURNAL_SIGNATURE_SIZE];
	JournalSegment s = {.is_signed = !(choice & 1), .device_number = n, .number = byte_reader_u8(script) % 8u, .first_sequence = 1};
	s.created = (ClockReading){byte_reader_u8(script) * NS_PER_S, (gint64)((guint64)choice << 56), CLOCK_STATE_MANUAL};
	crypto_generichash(digest, sizeof digest, key_of(1)->public, JOURNAL_KEY_SIZE, NULL, 0);
	memcpy(s.device_id, digest, sizeof s.device_id);
	s.device_id[1] ^= (choice & 2) && n == 7;
	s.run_id[0] = choice & 4;
	use_key(n, s.header_key);
	use_key((guint8)(n + 1 + (n == 9)), s.next_header_key);
	use_key(100, s.seal_keys[0]);
	use_key(101, s.seal_keys[1]);
	s.n_recipients = choice & 8 ? 1 : 0;
	if (choice & 16)
		memcpy(s.previous, m->marked, sizeof s.previous);
	if (choice & 32)
		memcpy(s.anchor, m->chain, sizeof s.anchor);
	journal_header_encode(&s, boxes, m->bytes);
	crypto_sign_detached(signature, NULL, m->bytes, JOURNAL_SIGNED_SIZE, key_of(choice & 64 ? 99 : n)->secret);
	journal_header_finish(m->bytes, s.is_signed ? signature : NULL);
	memcpy(m->bytes + JOURNAL_HEADER_SIZE, m->bytes, JOURNAL_HEADER_SIZE);
	journal_header_digest(m->bytes, s.digest);
	m->bytes[5000] ^= choice >> 7;
	m->header = s;
	m->seed = journal_frame_seed(s.digest);
	m->number = m->seal = 0;
	memcpy(m->chain, s.digest, sizeof m->chain);
	memcpy(m->marked, s.digest, sizeof m->marked);
	m->length = JOURNAL_FIRST_FRAME;
}

/* `twist` 0: it fits. */
static void add_frame(Made *m, JournalFrameType type, const guint8 *payload, gsize length, guint8 twist)
{
	JournalFrameHead head = {.type = (guint8)type, .payload_length = (guint16)length, .number = m->number,
				 .first_sequence = m->number + 1};
	if (m->length % JOURNAL_BLOCK_SIZE + journal_frame_size(length) > JOURNAL_BLOCK_SIZE) {
		const gsize next = m->length / JOURNAL_BLOCK_SIZE * JOURNAL_BLOCK_SIZE + JOURNAL_BLOCK_SIZE;
		memset(m->bytes + m->length, 0, next - m->length);
		m->length = next;
	}
	memcpy(head.chain, m->chain, sizeof head.chain);
	head.chain[5] ^= twist & 1;
	head.number += (twist >> 1) & 3;
	head.flags = twist & 8;
	head.type = (guint8)(head.type + (twist & 16));
	head.first_sequence -= (twist & 32) ? G_MAXUINT64 / 2 : 0;
	guint8 *frame = m->bytes + m->length;
	journal_frame_encode(&head, payload, m->seed, frame);
	memcpy(m->chain, head.chain, sizeof m->chain);
	journal_chain_next(m->chain, frame, journal_frame_size(length));
	if (twist & 64)
		frame[journal_frame_size(length) - 1] ^= 1;
	m->number = head.number + 1;
	m->length = (gsize)journal_sector_ceil(m->length + journal_frame_size(length));
}

/* Signed as it will stand in its frame, if twist is 0. */
static void add_seal(Made *m, ByteReader *script, guint8 meaning, guint8 twist)
{
	guint8 payload[SEAL_SIZE] = {0}, message[13 + JOURNAL_CHAIN_SIZE + JOURNAL_FRAME_HEAD_SIZE + SEAL_SIZE - JOURNAL_SIGNATURE_SIZE];
	JournalFrameHead head = {.type = JOURNAL_FRAME_SEAL, .payload_length = SEAL_SIZE, .number = m->number,
				 .first_sequence = m->number + 1};
	ByteWriter w = byte_writer_init(payload, sizeof payload);
	m->seal += twist % 3u;
	byte_writer_u32(&w, m->seal);
	byte_writer_u8(&w, meaning);
	byte_writer_reserve(&w, 3);
	byte_writer_u64(&w, (guint64)(byte_reader_u8(script) * NS_PER_S));
	byte_writer_u64(&w, G_MAXUINT64 >> (twist & 3));
	for (guint i = 1; i <= 2; i++)
		byte_writer_put(&w, key_of((guint8)(100 + m->seal + i + (twist == 7)))->public, JOURNAL_KEY_SIZE);
	memcpy(head.chain, m->chain, sizeof head.chain);
	w = byte_writer_init(message, sizeof message);
	byte_writer_put(&w, "jamlog seal 1", 13);
	byte_writer_put(&w, m->header.digest, JOURNAL_CHAIN_SIZE);
	journal_frame_put_head(&head, byte_writer_reserve(&w, JOURNAL_FRAME_HEAD_SIZE));
	byte_writer_put(&w, payload, sizeof payload - JOURNAL_SIGNATURE_SIZE);
	crypto_sign_detached(payload + sizeof payload - JOURNAL_SIGNATURE_SIZE, NULL, message, w.length,
			     key_of((guint8)(100 + m->seal))->secret);
	payload[40] ^= twist == 8;
	add_frame(m, JOURNAL_FRAME_SEAL, payload, sizeof payload, 0);
	m->seal++;
}

static void add_garbage(Made *m, ByteReader *script)
{
	memset(m->bytes + m->length, byte_reader_u8(script), JOURNAL_SECTOR_SIZE);
	m->length += JOURNAL_SECTOR_SIZE;
}

/* FALSE: the segment ends here. */
static gboolean make_step(Made *m, ByteReader *script)
{
	static const guint8 record[] = {5, 'h', 'e', 'l', 'l', 'o'};
	const guint8 step = byte_reader_u8(script), meaning = step >> 4;
	switch (step % 8) {
	case 0:
		return FALSE;
	case 1:
		add_frame(m, JOURNAL_FRAME_OBSERVATIONS, record, sizeof record - (step == 0xf1), 0);
		break;
	case 2:
		add_seal(m, script, meaning % 4, 0);
		break;
	case 3:
		add_seal(m, script, meaning % 4, byte_reader_u8(script) % 9);
		break;
	case 4:
		add_frame(m, JOURNAL_FRAME_FINAL, &meaning, 1, 0);
		break;
	case 5:
		add_garbage(m, script);
		break;
	case 6:
		add_frame(m, (JournalFrameType)(meaning % 4), record, sizeof record, byte_reader_u8(script));
		break;
	case 7:
		memcpy(m->marked, m->chain, sizeof m->marked);
		m->checkpoint = journal_checkpoint_value(m->header.digest, m->chain);
		break;
	}
	return TRUE;
}

/* Of exactly its size, so that the sanitizer sees the first byte too many. */
static void take_segment(GPtrArray *sources, const guint8 *data, gsize length)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, length);
	verify_collect_bytes(sources, bytes, "segment");
}

static void run_script(GPtrArray *sources, ByteReader *script, guint64 *ret_checkpoint)
{
	static Made made;
	memset(&made, 0, sizeof made);
	while (byte_reader_left(script) > 0 && sources->len < MAX_SEGMENTS) {
		make_header(&made, script);
		while (byte_reader_left(script) > 0 && made.length < JOURNAL_FIRST_FRAME + MAX_SECTORS * JOURNAL_SECTOR_SIZE &&
		       make_step(&made, script))
			;
		take_segment(sources, made.bytes, made.length);
	}
	*ret_checkpoint = made.checkpoint;
}

static void run_raw(GPtrArray *sources, ByteReader *data)
{
	while (byte_reader_left(data) > 4 && sources->len < MAX_SEGMENTS) {
		const gsize wish = byte_reader_u32(data), length = MIN(wish, byte_reader_left(data));
		take_segment(sources, byte_reader_take(data, length), length);
	}
}

static void check_run(const VerifyRun *run)
{
	g_assert(run->segments->len > 0);
	for (guint i = 0; i < run->segments->len; i++) {
		const VerifySegment *s = &g_array_index(run->segments, VerifySegment, i);
		g_assert(s->path && s->frames_proven + s->frames_behind <= s->frames && s->seals_good <= s->frames);
		g_assert(s->header.is_signed || (s->frames_proven == 0 && s->seals_good == 0));
		g_assert(verify_segment_word(run, i) != NULL);
	}
	for (guint i = 0; i < run->findings->len; i++) {
		const VerifyFinding *f = &g_array_index(run->findings, VerifyFinding, i);
		g_assert(f->text && f->class >= verify_run_class(run) && f->class <= VERIFY_UNKNOWN);
		g_assert(f->segment == G_MAXUINT || f->segment < run->segments->len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (sodium_init() < 0 || size == 0)
		return 0;
	guint64 checkpoint = 0;
	ByteReader input = byte_reader_init(data + 1, size - 1);
	g_autoptr(GPtrArray) sources = verify_sources_new();
	g_autoptr(VerifyReport) report = verify_report_new();
	if (data[0] & 1)
		run_raw(sources, &input);
	else
		run_script(sources, &input, &checkpoint);
	const guint n = sources->len;
	verify_set(sources, &checkpoint, report);
	guint files = 0, holding = 0;
	for (guint i = 0; i < report->runs->len; i++) {
		const VerifyRun *run = report->runs->pdata[i];
		check_run(run);
		holding += run->checkpoint ? 1 : 0;
		for (guint k = 0; k < run->segments->len; k++)
			files += 1 + g_array_index(run->segments, VerifySegment, k).copies;
	}
	g_assert(files == n && holding <= 1);
	return 0;
}
