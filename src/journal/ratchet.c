/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/ratchet.h"

#include <sodium.h>

#define CONTEXT    "jamlogck"
#define ID_FRAME   1
#define ID_CHAIN   2
#define MARK_EVERY 128 /* frames: what a look back costs at most */

static const guint8 no_nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES]; /* no key is used twice */

void ratchet_step(guint8 *io_chain_key, guint8 *ret_frame_key)
{
	G_STATIC_ASSERT(RATCHET_KEY_SIZE == crypto_kdf_KEYBYTES && sizeof CONTEXT - 1 == crypto_kdf_CONTEXTBYTES);
	guint8 next[RATCHET_KEY_SIZE];
	crypto_kdf_derive_from_key(ret_frame_key, RATCHET_KEY_SIZE, ID_FRAME, CONTEXT, io_chain_key);
	crypto_kdf_derive_from_key(next, sizeof next, ID_CHAIN, CONTEXT, io_chain_key);
	memcpy(io_chain_key, next, sizeof next);
	sodium_memzero(next, sizeof next);
}

/* The associated data: to which segment and to which place in it the payload belongs. */
static void bind_to(const guint8 *digest, const guint8 *frame, guint8 ret_data[JOURNAL_CHAIN_SIZE + JOURNAL_FRAME_HEAD_SIZE])
{
	memcpy(ret_data, digest, JOURNAL_CHAIN_SIZE);
	memcpy(ret_data + JOURNAL_CHAIN_SIZE, frame, JOURNAL_FRAME_HEAD_SIZE);
	journal_frame_clear_crc(ret_data + JOURNAL_CHAIN_SIZE);
}

void ratchet_encrypt(const guint8 *frame_key, const guint8 *digest, guint8 *frame, const guint8 *plain, gsize length)
{
	guint8 data[JOURNAL_CHAIN_SIZE + JOURNAL_FRAME_HEAD_SIZE];
	bind_to(digest, frame, data);
	crypto_aead_chacha20poly1305_ietf_encrypt(frame + JOURNAL_FRAME_HEAD_SIZE, NULL, plain, length, data, sizeof data, NULL,
						  no_nonce, frame_key);
}

gboolean ratchet_decrypt(const guint8 *frame_key, const guint8 *digest, const guint8 *frame, const JournalFrameHead *head,
			 guint8 *ret_plain)
{
	guint8 data[JOURNAL_CHAIN_SIZE + JOURNAL_FRAME_HEAD_SIZE];
	bind_to(digest, frame, data);
	return crypto_aead_chacha20poly1305_ietf_decrypt(ret_plain, NULL, NULL, frame + JOURNAL_FRAME_HEAD_SIZE, head->payload_length,
							 data, sizeof data, no_nonce, frame_key) == 0;
}

static void fingerprint(const guint8 *public_key, guint8 *ret_fingerprint)
{
	crypto_generichash(ret_fingerprint, JOURNAL_CHAIN_SIZE, public_key, JOURNAL_KEY_SIZE, NULL, 0);
}

void ratchet_box(const guint8 *public_key, const guint8 *chain_key, JournalBox *ret_box)
{
	G_STATIC_ASSERT(JOURNAL_BOX_SIZE == crypto_box_SEALBYTES + RATCHET_KEY_SIZE);
	fingerprint(public_key, ret_box->fingerprint);
	crypto_box_seal(ret_box->box, chain_key, RATCHET_KEY_SIZE, public_key);
}

gboolean ratchet_unbox(const JournalIdentity *identity, const JournalBox *box, guint8 *ret_chain_key)
{
	guint8 ours[JOURNAL_CHAIN_SIZE];
	fingerprint(identity->public_key, ours);
	return memcmp(ours, box->fingerprint, sizeof ours) == 0 &&
	       crypto_box_seal_open(ret_chain_key, box->box, sizeof box->box, identity->public_key, identity->secret_key) == 0;
}

/* --- reading --- */

struct Ratchet {
	guint8 chain_key[RATCHET_KEY_SIZE]; /* CK_number */
	guint32 number;
	GByteArray *marks;                  /* CK of every MARK_EVERY-th frame from 0 on */
};

Ratchet *ratchet_new(const guint8 *first_chain_key)
{
	Ratchet *r = g_new0(Ratchet, 1);
	memcpy(r->chain_key, first_chain_key, RATCHET_KEY_SIZE);
	r->marks = g_byte_array_new();
	g_byte_array_append(r->marks, first_chain_key, RATCHET_KEY_SIZE);
	return r;
}

void ratchet_free(Ratchet *r)
{
	if (!r)
		return;
	sodium_memzero(r->marks->data, r->marks->len);
	g_byte_array_unref(r->marks);
	sodium_memzero(r, sizeof *r);
	g_free(r);
}

void ratchet_key(Ratchet *r, guint32 number, guint8 *ret_frame_key)
{
	if (number < r->number) {
		r->number = number - number % MARK_EVERY;
		memcpy(r->chain_key, r->marks->data + r->number / MARK_EVERY * RATCHET_KEY_SIZE, RATCHET_KEY_SIZE);
	}
	for (;;) {
		const gboolean there = r->number == number;
		ratchet_step(r->chain_key, ret_frame_key);
		r->number++;
		if (r->number % MARK_EVERY == 0 && r->marks->len == r->number / MARK_EVERY * RATCHET_KEY_SIZE)
			g_byte_array_append(r->marks, r->chain_key, RATCHET_KEY_SIZE);
		if (there)
			return;
	}
}
