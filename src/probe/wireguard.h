/* wireguard.h - the first two messages of WireGuard, from the initiator's side. Pure, but for the random numbers of its keys.
 *
 * "WireGuard: Next Generation Kernel Network Tunnel", Jason A. Donenfeld, NDSS 2017, sections 5.4.1 to 5.4.4: Noise_IKpsk2 with X25519,
 * ChaCha20-Poly1305 (RFC 8439) and BLAKE2s (RFC 7693), here without a pre-shared key. Cryptography is OpenSSL's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define WIREGUARD_INITIATION_SIZE 148
#define WIREGUARD_RESPONSE_SIZE   92
#define WIREGUARD_COOKIE_SIZE     64

/* What has to be kept between the two messages. */
typedef struct {
	guint8 chain[32], hash[32];
	guint8 own_private[32];
	guint8 ephemeral_private[32];
	guint32 index;
} WireguardHandshake;

/* `time_ns`: UTC since 1970; a server passes over what is older than the last initiation that it took from this peer. FALSE: OpenSSL
 * lacks one of the algorithms, or the server's key is no good point. */
gboolean wireguard_initiate(const guint8 own_private[32], const guint8 server_public[32], gint64 time_ns, WireguardHandshake *ret_state,
			    guint8 ret_message[WIREGUARD_INITIATION_SIZE]);
/* Whether this is the response of the one who has the server's key, to this very initiation; or its cookie, which a server under load
 * answers with. */
gboolean wireguard_is_answer(const WireguardHandshake *state, const guint8 *message, gsize length);

/* For tests. X25519; FALSE where the result is all zeros. */
gboolean wireguard_public_key(const guint8 private_key[32], guint8 ret_public[32]);
/* HKDF over HMAC-BLAKE2s as in section 5.4: 1 to 3 outputs of 32 bytes. */
gboolean wireguard_derive(const guint8 key[32], const guint8 *input, gsize length, guint n, guint8 ret_outputs[][32]);
gboolean wireguard_hash(const guint8 *a, gsize a_length, const guint8 *b, gsize b_length, guint8 ret_hash[32]);
