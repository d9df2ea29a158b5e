/* ratchet.h - the keys of a sealed segment: one for each frame, each made from the last, none kept.
 *
 * FORMAT.md, "Sealing". Encrypting goes forward only: the writer has CK_i alone. Reading starts from CK_0, which a recipient opens from
 * the header.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal/format.h"

#define RATCHET_KEY_SIZE 32u

/* *io_chain_key becomes the next one; *ret_frame_key is the key of the frame in between, for the caller to wipe. */
void ratchet_step(guint8 *io_chain_key, guint8 *ret_frame_key);

/* Puts the cipher text of `plain` and its tag behind the head of `frame`, which stands there without its checksum. */
void ratchet_encrypt(const guint8 *frame_key, const guint8 *digest, guint8 *frame, const guint8 *plain, gsize length);
/* Opens the payload of a parsed frame into ret_plain (head->payload_length - JOURNAL_TAG_SIZE bytes). */
gboolean ratchet_decrypt(const guint8 *frame_key, const guint8 *digest, const guint8 *frame, const JournalFrameHead *head,
			 guint8 *ret_plain);

/* CK_0 for a recipient, and back. */
void ratchet_box(const guint8 *public_key, const guint8 *chain_key, JournalBox *ret_box);
gboolean ratchet_unbox(const JournalIdentity *identity, const JournalBox *box, guint8 *ret_chain_key);

/* For reading: the key of any frame, in any order, for few steps where the order is the frames'. */
typedef struct Ratchet Ratchet;
Ratchet *ratchet_new(const guint8 *first_chain_key);
void ratchet_free(Ratchet *ratchet); /* wipes it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ratchet, ratchet_free)
/* Takes up to `number` steps: bound it first. */
void ratchet_key(Ratchet *ratchet, guint32 number, guint8 *ret_frame_key);
