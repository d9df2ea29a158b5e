/* NAME.pub:
 *
 *   jamlog-public-1
 *   name NAME
 *   key 16 groups of base 32: the 32 bytes of the key, then 8 of BLAKE2b-256 of the two lines above with their ends, and the key
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys/text.h"

#include "error.h"
#include "base32.h"

#include <sodium.h>

#define CHECK_SIZE 8

typedef struct {
	guint8 key[JOURNAL_KEY_SIZE], check[CHECK_SIZE];
} KeyLine;

G_STATIC_ASSERT(sizeof(KeyLine) == JOURNAL_KEY_SIZE + CHECK_SIZE); /* bytes only: the line is the struct */

static void put_head(ByteWriter *w, const char *name)
{
	keys_put_words(w, KEYS_PUBLIC_MAGIC "1\nname ");
	keys_put_words(w, name);
	keys_put_words(w, "\n");
}

static KeyLine make_key_line(const KeysRecipient *recipient)
{
	KeyLine line;
	char head[128];
	guint8 digest[KEYS_DIGEST_SIZE];
	ByteWriter w = byte_writer_init(head, sizeof head);
	put_head(&w, recipient->name);
	keys_digest(head, w.length, recipient->public_key, JOURNAL_KEY_SIZE, digest);
	memcpy(line.key, recipient->public_key, JOURNAL_KEY_SIZE);
	memcpy(line.check, digest, CHECK_SIZE);
	return line;
}

void keys_put_public(ByteWriter *w, const KeysRecipient *recipient)
{
	const KeyLine line = make_key_line(recipient);
	put_head(w, recipient->name);
	keys_put_words(w, "key ");
	base32_put(w, (const guint8 *)&line, sizeof line, '-');
	keys_put_words(w, "\n");
}

/* With a few keys that no honest program makes, every secret that is agreed on is the same: what is sealed to them anybody can read. */
static gboolean is_usable(const guint8 key[JOURNAL_KEY_SIZE])
{
	static const guint8 any[JOURNAL_KEY_SIZE] = {1};
	guint8 agreed[JOURNAL_KEY_SIZE];
	return crypto_scalarmult(agreed, any, key) == 0;
}

gboolean keys_parse_public(const char *text, gsize length, KeysRecipient *ret_recipient, GError **error)
{
	KeysLines lines = {text, length};
	KeysRecipient recipient = {0};
	KeyLine line;
	if (!keys_lines_word(&lines, KEYS_PUBLIC_MAGIC "1") || !keys_lines_name(&lines, "name", recipient.name) ||
	    !keys_lines_bytes(&lines, "key", (guint8 *)&line, sizeof line) || !keys_lines_over(&lines))
		return keys_refuse(text, length, KEYS_PUBLIC_MAGIC, error);
	memcpy(recipient.public_key, line.key, JOURNAL_KEY_SIZE);
	const KeyLine expected = make_key_line(&recipient);
	if (sodium_memcmp(&line, &expected, sizeof line) != 0 || !is_usable(line.key))
		return keys_refuse(text, length, KEYS_PUBLIC_MAGIC, error);
	*ret_recipient = recipient;
	return TRUE;
}

void keys_fingerprint(const guint8 public_key[JOURNAL_KEY_SIZE], char ret_text[KEYS_FINGERPRINT_SIZE])
{
	guint8 print[KEYS_PRINT_SIZE];
	ByteWriter w = byte_writer_init(ret_text, KEYS_FINGERPRINT_SIZE - 1);
	keys_print_of(public_key, print);
	base32_put(&w, print, sizeof print, '-');
	ret_text[w.length] = '\0';
}
