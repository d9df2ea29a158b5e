/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/seal.h"

#include "journal/locked.h"

#define LABEL         "jamlog seal 1"
#define LABEL_SIZE    (sizeof LABEL - 1)
#define SIGNATURE_AT  (SEAL_SIZE - JOURNAL_SIGNATURE_SIZE)
#define SIGNED_FRAME  (JOURNAL_FRAME_HEAD_SIZE + SIGNATURE_AT)
#define MESSAGE_SIZE  (LABEL_SIZE + JOURNAL_CHAIN_SIZE + SIGNED_FRAME)

struct SealKeys {
	guint8 secret[2][crypto_sign_SECRETKEYBYTES];
	guint32 number; /* j */
};

static void make_message(const guint8 *frame, const guint8 *digest, guint8 ret_message[MESSAGE_SIZE])
{
	memcpy(ret_message, LABEL, LABEL_SIZE);
	memcpy(ret_message + LABEL_SIZE, digest, JOURNAL_CHAIN_SIZE);
	memcpy(ret_message + LABEL_SIZE + JOURNAL_CHAIN_SIZE, frame, SIGNED_FRAME);
	journal_frame_clear_crc(ret_message + LABEL_SIZE + JOURNAL_CHAIN_SIZE);
}

gboolean seal_parse(const guint8 *payload, gsize length, Seal *ret_seal)
{
	Seal *s = ret_seal;
	if (length != SEAL_SIZE)
		return FALSE;
	ByteReader r = byte_reader_init(payload, length);
	s->number = byte_reader_u32(&r);
	s->meaning = byte_reader_u8(&r);
	s->at.state = journal_clock_state(byte_reader_u8(&r));
	byte_reader_u16(&r);
	s->at.boottime_ns = (gint64)byte_reader_u64(&r);
	s->at.realtime_ns = (gint64)byte_reader_u64(&r);
	byte_reader_get(&r, s->next_keys[0], sizeof s->next_keys[0]);
	byte_reader_get(&r, s->next_keys[1], sizeof s->next_keys[1]);
	return TRUE;
}

gboolean seal_signature_good(const guint8 *frame, const guint8 *digest, const guint8 *public_key)
{
	guint8 message[MESSAGE_SIZE];
	make_message(frame, digest, message);
	return crypto_sign_verify_detached(frame + SIGNED_FRAME, message, sizeof message, public_key) == 0;
}

/* --- writing --- */

SealKeys *seal_keys_new(guint8 ret_first_keys[2][JOURNAL_KEY_SIZE])
{
	SealKeys *keys = locked_new(sizeof *keys);
	keys->number = 0;
	crypto_sign_keypair(ret_first_keys[0], keys->secret[0]);
	crypto_sign_keypair(ret_first_keys[1], keys->secret[1]);
	return keys;
}

void seal_keys_free(SealKeys *keys)
{
	sodium_free(keys);
}

void seal_put(SealKeys *keys, SealMeaning meaning, const guint8 *digest, guint8 *frame)
{
	guint8 next[2][JOURNAL_KEY_SIZE] = {0}, message[MESSAGE_SIZE];
	guint8 *after = locked_new(crypto_sign_SECRETKEYBYTES);
	const ClockReading now = clock_read();
	if (meaning == SEAL_OPEN) {
		crypto_sign_ed25519_sk_to_pk(next[0], keys->secret[1]);
		crypto_sign_keypair(next[1], after);
	}
	ByteWriter w = byte_writer_init(frame + JOURNAL_FRAME_HEAD_SIZE, SEAL_SIZE);
	byte_writer_u32(&w, keys->number);
	byte_writer_u8(&w, (guint8)meaning);
	byte_writer_u8(&w, (guint8)now.state);
	byte_writer_u16(&w, 0);
	byte_writer_u64(&w, (guint64)now.boottime_ns);
	byte_writer_u64(&w, (guint64)now.realtime_ns);
	byte_writer_put(&w, next[0], sizeof next[0]);
	byte_writer_put(&w, next[1], sizeof next[1]);
	make_message(frame, digest, message);
	crypto_sign_detached(frame + SIGNED_FRAME, NULL, message, sizeof message, keys->secret[0]);
	memcpy(keys->secret[0], keys->secret[1], sizeof keys->secret[0]);
	memcpy(keys->secret[1], after, sizeof keys->secret[1]);
	keys->number++;
	sodium_free(after);
}
