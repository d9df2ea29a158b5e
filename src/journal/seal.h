/* seal.h - the payload of a seal, and the keys that sign seals (FORMAT.md, "Keys and seals").
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal/format.h"

#define SEAL_SIZE   152u /* of the payload */
#define SEAL_FRAMES 64u  /* of observations, after which a seal is due */

typedef enum {
	SEAL_OPEN = 0,
	SEAL_RUN_ENDED = 1,
	SEAL_CONTINUED = 2, /* the run goes on in its next segment */
} SealMeaning;

typedef struct {
	guint32 number; /* j */
	guint8 meaning; /* a SealMeaning */
	ClockReading at;
	guint8 next_keys[2][JOURNAL_KEY_SIZE]; /* pk(S_j+1), pk(S_j+2); zeros in a final seal */
} Seal;

/* FALSE where it is not of that size. */
gboolean seal_parse(const guint8 *payload, gsize length, Seal *ret_seal);
/* `frame` is the whole frame; its head was parsed. */
gboolean seal_signature_good(const guint8 *frame, const guint8 *digest, const guint8 *public_key);

/* --- writing --- */

/* S_j and S_j+1, in locked memory. */
typedef struct SealKeys SealKeys;
SealKeys *seal_keys_new(guint8 ret_first_keys[2][JOURNAL_KEY_SIZE]);
void seal_keys_free(SealKeys *keys); /* wipes them */

/* Puts the payload of the next seal behind the head of `frame`, which stands there without its checksum. Uses up S_j. */
void seal_put(SealKeys *keys, SealMeaning meaning, const guint8 *digest, guint8 *frame);
