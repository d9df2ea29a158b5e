/* See wireguard.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/wireguard.h"

#include "bytes.h"
#include "clock.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define KEY_SIZE       32
#define TAG_SIZE       16
#define TIMESTAMP_SIZE 12
#define MAC_SIZE       16
#define CONSTRUCTION   "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
#define IDENTIFIER     "WireGuard v1 zx2c4 Jason@zx2c4.com"
#define LABEL_MAC1     "mac1----"
#define TAI64_BASE     G_GUINT64_CONSTANT(0x400000000000000a)

enum { MESSAGE_INITIATION = 1, MESSAGE_RESPONSE = 2, MESSAGE_COOKIE = 3 };

/* --- the functions of section 5.4 --- */

gboolean wireguard_hash(const guint8 *a, gsize a_length, const guint8 *b, gsize b_length, guint8 ret_hash[32])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const gboolean ok = context && EVP_DigestInit_ex(context, EVP_blake2s256(), NULL) == 1 &&
			    EVP_DigestUpdate(context, a, a_length) == 1 && EVP_DigestUpdate(context, b, b_length) == 1 &&
			    EVP_DigestFinal_ex(context, ret_hash, NULL) == 1;
	EVP_MD_CTX_free(context);
	return ok;
}

static gboolean run_mac(const char *name, const OSSL_PARAM *settings, const guint8 *key, const guint8 *data, gsize length,
			guint8 *ret_mac, gsize size)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, name, NULL);
	EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
	gsize written = 0;
	const gboolean ok = context && EVP_MAC_init(context, key, KEY_SIZE, settings) == 1 &&
			    EVP_MAC_update(context, data, length) == 1 && EVP_MAC_final(context, ret_mac, &written, size) == 1;
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(mac);
	return ok && written == size;
}

static gboolean run_hmac(const guint8 key[32], const guint8 *data, gsize length, guint8 ret_mac[32])
{
	char digest[] = "BLAKE2S-256";
	const OSSL_PARAM settings[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
	return run_mac("HMAC", settings, key, data, length, ret_mac, KEY_SIZE);
}

/* Keyed BLAKE2s with 16 bytes of output. */
static gboolean run_mac16(const guint8 key[32], const guint8 *data, gsize length, guint8 ret_mac[MAC_SIZE])
{
	gsize size = MAC_SIZE;
	const OSSL_PARAM settings[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size), OSSL_PARAM_construct_end()};
	return run_mac("BLAKE2SMAC", settings, key, data, length, ret_mac, MAC_SIZE);
}

gboolean wireguard_derive(const guint8 key[32], const guint8 *input, gsize length, guint n, guint8 ret_outputs[][32])
{
	guint8 secret[KEY_SIZE], block[KEY_SIZE + 1];
	if (!run_hmac(key, input, length, secret))
		return FALSE;
	for (guint i = 0; i < n; i++) {
		const gsize before = i > 0 ? KEY_SIZE : 0;
		if (before)
			memcpy(block, ret_outputs[i - 1], KEY_SIZE);
		block[before] = (guint8)(i + 1);
		if (!run_hmac(secret, block, before + 1, ret_outputs[i]))
			return FALSE;
	}
	return TRUE;
}

gboolean wireguard_public_key(const guint8 private_key[32], guint8 ret_public[32])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, KEY_SIZE);
	gsize size = KEY_SIZE;
	const gboolean ok = key && EVP_PKEY_get_raw_public_key(key, ret_public, &size) == 1 && size == KEY_SIZE;
	EVP_PKEY_free(key);
	return ok;
}

static gboolean agree(const guint8 private_key[32], const guint8 public_key[32], guint8 ret_shared[32])
{
	EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, KEY_SIZE);
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public_key, KEY_SIZE);
	EVP_PKEY_CTX *context = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
	gsize size = KEY_SIZE;
	const gboolean ok = context && peer && EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1 &&
			    EVP_PKEY_derive(context, ret_shared, &size) == 1 && size == KEY_SIZE;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	return ok;
}

/* ChaCha20-Poly1305 with counter 0 as nonce: `length` bytes of text and the tag after them. */
static gboolean seal(const guint8 key[32], const guint8 *text, gsize length, const guint8 hash[32], guint8 *ret_sealed)
{
	const guint8 nonce[12] = {0};
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int n = 0;
	const gboolean ok = context && EVP_EncryptInit_ex(context, EVP_chacha20_poly1305(), NULL, key, nonce) == 1 &&
			    EVP_EncryptUpdate(context, NULL, &n, hash, KEY_SIZE) == 1 &&
			    EVP_EncryptUpdate(context, ret_sealed, &n, text, (int)length) == 1 &&
			    EVP_EncryptFinal_ex(context, ret_sealed + n, &n) == 1 &&
			    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, ret_sealed + length) == 1;
	EVP_CIPHER_CTX_free(context);
	return ok;
}

/* The response's only sealed text is empty: its tag is everything. */
static gboolean check_empty(const guint8 key[32], const guint8 hash[32], const guint8 tag[TAG_SIZE])
{
	guint8 wanted[TAG_SIZE];
	return seal(key, (const guint8 *)"", 0, hash, wanted) && memcmp(wanted, tag, TAG_SIZE) == 0;
}

/* --- the steps of the handshake: the chaining key and the running hash --- */

static gboolean mix_hash(WireguardHandshake *state, const guint8 *data, gsize length)
{
	guint8 next[KEY_SIZE];
	if (!wireguard_hash(state->hash, KEY_SIZE, data, length, next))
		return FALSE;
	memcpy(state->hash, next, KEY_SIZE);
	return TRUE;
}

/* `ret_key` NULL: only the chaining key moves on. */
static gboolean mix_key(WireguardHandshake *state, const guint8 input[32], guint8 ret_key[32])
{
	guint8 outputs[2][32];
	if (!wireguard_derive(state->chain, input, KEY_SIZE, ret_key ? 2 : 1, outputs))
		return FALSE;
	memcpy(state->chain, outputs[0], KEY_SIZE);
	if (ret_key)
		memcpy(ret_key, outputs[1], KEY_SIZE);
	return TRUE;
}

static gboolean mix_agreement(WireguardHandshake *state, const guint8 private_key[32], const guint8 public_key[32], guint8 ret_key[32])
{
	guint8 shared[KEY_SIZE];
	return agree(private_key, public_key, shared) && mix_key(state, shared, ret_key);
}

static gboolean begin(WireguardHandshake *state, const guint8 server_public[32])
{
	return wireguard_hash((const guint8 *)CONSTRUCTION, strlen(CONSTRUCTION), NULL, 0, state->chain) &&
	       wireguard_hash(state->chain, KEY_SIZE, (const guint8 *)IDENTIFIER, strlen(IDENTIFIER), state->hash) &&
	       mix_hash(state, server_public, KEY_SIZE);
}

static gboolean seal_and_mix(WireguardHandshake *state, const guint8 key[32], const guint8 *text, gsize length, guint8 *ret_sealed)
{
	return seal(key, text, length, state->hash, ret_sealed) && mix_hash(state, ret_sealed, length + TAG_SIZE);
}

/* TAI64N, big-endian. */
static void put_timestamp(gint64 time_ns, guint8 ret_timestamp[TIMESTAMP_SIZE])
{
	const guint64 seconds = GUINT64_TO_BE(TAI64_BASE + (guint64)(time_ns / NS_PER_S));
	const guint32 rest = GUINT32_TO_BE((guint32)(time_ns % NS_PER_S));
	memcpy(ret_timestamp, &seconds, sizeof seconds);
	memcpy(ret_timestamp + sizeof seconds, &rest, sizeof rest);
}

static gboolean put_mac1(const guint8 peer_public[32], const guint8 *message, gsize length, guint8 ret_mac[MAC_SIZE])
{
	guint8 key[KEY_SIZE];
	return wireguard_hash((const guint8 *)LABEL_MAC1, strlen(LABEL_MAC1), peer_public, KEY_SIZE, key) &&
	       run_mac16(key, message, length, ret_mac);
}

gboolean wireguard_initiate(const guint8 own_private[32], const guint8 server_public[32], gint64 time_ns, WireguardHandshake *ret_state,
			    guint8 ret_message[WIREGUARD_INITIATION_SIZE])
{
	WireguardHandshake *state = ret_state;
	ByteWriter w = byte_writer_init(ret_message, WIREGUARD_INITIATION_SIZE);
	guint8 key[KEY_SIZE], own_public[KEY_SIZE], timestamp[TIMESTAMP_SIZE];
	memcpy(state->own_private, own_private, KEY_SIZE);
	if (RAND_bytes(state->ephemeral_private, KEY_SIZE) != 1 || RAND_bytes((guint8 *)&state->index, sizeof state->index) != 1)
		return FALSE;
	byte_writer_u32(&w, MESSAGE_INITIATION);
	byte_writer_u32(&w, state->index);
	guint8 *ephemeral = byte_writer_reserve(&w, KEY_SIZE);
	guint8 *sealed_static = byte_writer_reserve(&w, KEY_SIZE + TAG_SIZE);
	guint8 *sealed_time = byte_writer_reserve(&w, TIMESTAMP_SIZE + TAG_SIZE);
	const gsize covered = w.length;
	guint8 *mac1 = byte_writer_reserve(&w, MAC_SIZE);
	memset(byte_writer_reserve(&w, MAC_SIZE), 0, MAC_SIZE); /* mac2: we have no cookie */
	put_timestamp(time_ns, timestamp);
	return begin(state, server_public) && wireguard_public_key(state->ephemeral_private, ephemeral) &&
	       wireguard_public_key(own_private, own_public) && mix_key(state, ephemeral, NULL) && mix_hash(state, ephemeral, KEY_SIZE) &&
	       mix_agreement(state, state->ephemeral_private, server_public, key) &&
	       seal_and_mix(state, key, own_public, KEY_SIZE, sealed_static) &&
	       mix_agreement(state, own_private, server_public, key) &&
	       seal_and_mix(state, key, timestamp, TIMESTAMP_SIZE, sealed_time) && put_mac1(server_public, ret_message, covered, mac1);
}

static gboolean is_response(const WireguardHandshake *at_initiation, ByteReader *r)
{
	WireguardHandshake state = *at_initiation;
	const guint8 no_secret[KEY_SIZE] = {0};
	guint8 outputs[3][32];
	byte_reader_u32(r); /* the server's index */
	if (byte_reader_u32(r) != state.index)
		return FALSE;
	const guint8 *ephemeral = byte_reader_take(r, KEY_SIZE), *empty = byte_reader_take(r, TAG_SIZE);
	if (r->failed || !mix_key(&state, ephemeral, NULL) || !mix_hash(&state, ephemeral, KEY_SIZE) ||
	    !mix_agreement(&state, state.ephemeral_private, ephemeral, NULL) ||
	    !mix_agreement(&state, state.own_private, ephemeral, NULL) ||
	    !wireguard_derive(state.chain, no_secret, KEY_SIZE, 3, outputs) || !mix_hash(&state, outputs[1], KEY_SIZE))
		return FALSE;
	return check_empty(outputs[2], state.hash, empty);
}

gboolean wireguard_is_answer(const WireguardHandshake *state, const guint8 *message, gsize length)
{
	ByteReader r = byte_reader_init(message, length);
	const guint32 type = byte_reader_u32(&r);
	if (type == MESSAGE_RESPONSE && length == WIREGUARD_RESPONSE_SIZE)
		return is_response(state, &r);
	return type == MESSAGE_COOKIE && length == WIREGUARD_COOKIE_SIZE && byte_reader_u32(&r) == state->index;
}
