/* NAME.key:
 *
 *   jamlog-secret-1
 *   name NAME
 *   public the public key
 *   argon2id 3 passes, 256 MiB
 *   salt 16 bytes
 *   wrapped a nonce of 24 bytes, the 32 of the secret key under XChaCha20-Poly1305, the tag of 16; the lines above are associated data
 *   check 10 bytes of BLAKE2b-256 of all lines above, with their ends
 *
 * The check is no secret's: it tells a damaged file from a mistyped passphrase, before any is tried. A file cannot choose how much work
 * the passphrase is: one that names other costs is refused.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys/text.h"

#include "error.h"
#include "base32.h"

#include <sodium.h>

#define COST        "argon2id 3 passes, 256 MiB"
#define COST_PASSES 3
#define COST_MEMORY (256u << 20)
#define NONCE_SIZE  crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE    crypto_aead_xchacha20poly1305_ietf_ABYTES
#define CHECK_SIZE  10

G_STATIC_ASSERT(COST_PASSES == crypto_pwhash_OPSLIMIT_MODERATE && COST_MEMORY == crypto_pwhash_MEMLIMIT_MODERATE);

typedef struct {
	char name[KEYS_NAME_SIZE];
	guint8 public_key[JOURNAL_KEY_SIZE];
	guint8 salt[crypto_pwhash_SALTBYTES];
	guint8 wrapped[NONCE_SIZE + JOURNAL_KEY_SIZE + TAG_SIZE];
} SecretFile;

static void put_line(ByteWriter *w, const char *word, const guint8 *bytes, gsize size)
{
	keys_put_words(w, word);
	base32_put(w, bytes, size, '-');
	keys_put_words(w, "\n");
}

static void put_head(ByteWriter *w, const SecretFile *file)
{
	keys_put_words(w, KEYS_SECRET_MAGIC "1\nname ");
	keys_put_words(w, file->name);
	put_line(w, "\npublic ", file->public_key, sizeof file->public_key);
	keys_put_words(w, COST "\n");
	put_line(w, "salt ", file->salt, sizeof file->salt);
}

static void put_body(ByteWriter *w, const SecretFile *file)
{
	put_head(w, file);
	put_line(w, "wrapped ", file->wrapped, sizeof file->wrapped);
}

static void make_check(const SecretFile *file, guint8 ret_check[CHECK_SIZE])
{
	char body[KEYS_TEXT_MAX];
	guint8 digest[KEYS_DIGEST_SIZE];
	ByteWriter w = byte_writer_init(body, sizeof body);
	put_body(&w, file);
	keys_digest(body, w.length, NULL, 0, digest);
	memcpy(ret_check, digest, CHECK_SIZE);
}

static gboolean read_fields(const char *text, gsize length, SecretFile *ret_file)
{
	KeysLines lines = {text, length};
	guint8 check[CHECK_SIZE], expected[CHECK_SIZE];
	if (!keys_lines_word(&lines, KEYS_SECRET_MAGIC "1") || !keys_lines_name(&lines, "name", ret_file->name) ||
	    !keys_lines_bytes(&lines, "public", ret_file->public_key, sizeof ret_file->public_key) || !keys_lines_word(&lines, COST) ||
	    !keys_lines_bytes(&lines, "salt", ret_file->salt, sizeof ret_file->salt) ||
	    !keys_lines_bytes(&lines, "wrapped", ret_file->wrapped, sizeof ret_file->wrapped) ||
	    !keys_lines_bytes(&lines, "check", check, sizeof check) || !keys_lines_over(&lines))
		return FALSE;
	make_check(ret_file, expected);
	return sodium_memcmp(check, expected, sizeof check) == 0;
}

/* --- wrapping --- */

/* The key that a passphrase makes, from keys_secret_new; NULL where the memory is not there. */
static guint8 *derive(const SecretFile *file, const char *passphrase, GError **error)
{
	guint8 *key = keys_secret_new(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
	if (crypto_pwhash(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES, passphrase, strlen(passphrase), file->salt, COST_PASSES,
			  COST_MEMORY, crypto_pwhash_ALG_ARGON2ID13) == 0)
		return key;
	keys_secret_free(key);
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED,
		    "there are no 256 MiB of memory free, which the passphrase takes: close programs");
	return NULL;
}

gboolean keys_put_secret(ByteWriter *w, const char *name, const JournalIdentity *identity, const char *passphrase, GError **error)
{
	SecretFile file = {0};
	char head[KEYS_TEXT_MAX];
	guint8 check[CHECK_SIZE];
	ByteWriter associated = byte_writer_init(head, sizeof head);
	g_strlcpy(file.name, name, sizeof file.name);
	memcpy(file.public_key, identity->public_key, sizeof file.public_key);
	randombytes_buf(file.salt, sizeof file.salt);
	randombytes_buf(file.wrapped, NONCE_SIZE);
	guint8 *key = derive(&file, passphrase, error);
	if (!key)
		return FALSE;
	put_head(&associated, &file);
	crypto_aead_xchacha20poly1305_ietf_encrypt(file.wrapped + NONCE_SIZE, NULL, identity->secret_key, JOURNAL_KEY_SIZE,
						   (const guint8 *)head, associated.length, NULL, file.wrapped, key);
	keys_secret_free(key);
	put_body(w, &file);
	make_check(&file, check);
	put_line(w, "check ", check, sizeof check);
	return TRUE;
}

static gboolean unwrap(const SecretFile *file, const guint8 *key, JournalIdentity *ret_identity)
{
	char head[KEYS_TEXT_MAX];
	ByteWriter associated = byte_writer_init(head, sizeof head);
	put_head(&associated, file);
	return crypto_aead_xchacha20poly1305_ietf_decrypt(ret_identity->secret_key, NULL, NULL, file->wrapped + NONCE_SIZE,
							  sizeof file->wrapped - NONCE_SIZE, (const guint8 *)head, associated.length,
							  file->wrapped, key) == 0;
}

gboolean keys_parse_secret(const char *text, gsize length, const char *passphrase, JournalIdentity *ret_identity,
			   char ret_name[KEYS_NAME_SIZE], GError **error)
{
	SecretFile file = {0};
	if (!read_fields(text, length, &file))
		return keys_refuse(text, length, KEYS_SECRET_MAGIC, error);
	if (!passphrase) {
		memcpy(ret_name, file.name, sizeof file.name);
		return TRUE;
	}
	guint8 *key = derive(&file, passphrase, error);
	if (!key)
		return FALSE;
	JournalIdentity *identity = keys_secret_new(sizeof *identity);
	const gboolean fits = unwrap(&file, key, identity);
	/* Whoever made such a file knew its passphrase. */
	const gboolean honest = fits && crypto_scalarmult_base(identity->public_key, identity->secret_key) == 0 &&
				sodium_memcmp(identity->public_key, file.public_key, sizeof file.public_key) == 0;
	if (honest) {
		memcpy(ret_identity, identity, sizeof *identity);
		memcpy(ret_name, file.name, sizeof file.name);
	}
	keys_secret_free(identity);
	keys_secret_free(key);
	if (fits && !honest)
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
			    "the public key in this file is not that of the secret one: it was forged");
	else if (!fits)
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS, "the passphrase of %s does not fit; the file is whole", file.name);
	return honest;
}
