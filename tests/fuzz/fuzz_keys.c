/* Fuzzing the texts of keys. The first byte chooses: a public key file, a secret one or a sheet, and whether the rest is the text as it
 * is or edits to one that is whole: { offset u16, what u8, byte u8 } each. A secret file's checksum is made to fit the edited text, for
 * chance finds none. What is taken must mean something that can be written and read again.
 *
 * Argon2id takes half a second: one file in a process gets as far, and its passphrase does not fit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "base32.h"
#include "keys/text.h"

#include <sodium.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PUBLIC, SECRET, SHEET, KINDS, EDITS = 4 };

static const guint8 some[72] = {7, 1, 200, 30, 255, 9}; /* in place of keys and what is wrapped */

static void put_line(ByteWriter *w, const char *word, const guint8 *bytes, gsize size)
{
	keys_put_words(w, word);
	base32_put(w, bytes, size, '-');
	keys_put_words(w, "\n");
}

/* But for its last line. */
static void put_secret(ByteWriter *w)
{
	keys_put_words(w, KEYS_SECRET_MAGIC "1\nname reporter\n");
	put_line(w, "public ", some, JOURNAL_KEY_SIZE);
	keys_put_words(w, "argon2id 3 passes, 256 MiB\n");
	put_line(w, "salt ", some, 16);
	put_line(w, "wrapped ", some, 72);
}

static void put_sheet(ByteWriter *w)
{
	JournalIdentity identity;
	memcpy(identity.secret_key, some, sizeof identity.secret_key);
	crypto_scalarmult_base(identity.public_key, identity.secret_key);
	char *sheet = keys_make_sheet("newsroom", &identity);
	keys_put_words(w, strstr(sheet, KEYS_SHEET_MAGIC));
	keys_secret_free(sheet);
}

static void edit(ByteWriter *w, ByteReader *edits)
{
	while (byte_reader_left(edits) >= 4) {
		const gsize at = byte_reader_u16(edits) % (w->length + 1);
		const guint8 what = byte_reader_u8(edits) % 3, byte = byte_reader_u8(edits);
		const gsize behind = w->length - at;
		if (what == 0 && behind > 0) {
			w->data[at] = byte;
		} else if (what == 1 && behind > 0) {
			memmove(w->data + at, w->data + at + 1, behind - 1);
			w->length--;
		} else if (what == 2 && w->length < w->capacity / 2) {
			memmove(w->data + at + 1, w->data + at, behind);
			w->data[at] = byte;
			w->length++;
		}
	}
}

static void make_text(guint kind, ByteReader *edits, ByteWriter *w)
{
	const KeysRecipient recipient = {.name = "reporter", .public_key = {9}}; /* X25519's base point */
	guint8 digest[KEYS_DIGEST_SIZE];
	if (kind == PUBLIC)
		keys_put_public(w, &recipient);
	else if (kind == SECRET)
		put_secret(w);
	else
		put_sheet(w);
	edit(w, edits);
	if (kind != SECRET)
		return;
	keys_digest(w->data, w->length, NULL, 0, digest);
	put_line(w, "check ", digest, 10);
}

static void check_error(gboolean taken, GError *error)
{
	g_assert(taken == !error);
	g_assert(!error || error->domain == JAMLOG_ERROR);
	g_assert(!error || error->code == JAMLOG_ERROR_FORMAT);
	g_assert(!error || g_utf8_validate(error->message, -1, NULL));
}

static void take_public(const char *text, gsize length)
{
	g_autoptr(GError) error = NULL;
	KeysRecipient recipient, back;
	char again[KEYS_TEXT_MAX];
	ByteWriter w = byte_writer_init(again, sizeof again);
	const gboolean taken = keys_parse_public(text, length, &recipient, &error);
	check_error(taken, error);
	if (!taken)
		return;
	keys_put_public(&w, &recipient);
	g_assert(!w.failed && keys_parse_public(again, w.length, &back, NULL));
	g_assert(strcmp(recipient.name, back.name) == 0 && memcmp(recipient.public_key, back.public_key, JOURNAL_KEY_SIZE) == 0);
}

static void take_secret(const char *text, gsize length)
{
	static gboolean tried;
	g_autoptr(GError) error = NULL, access = NULL;
	char name[KEYS_NAME_SIZE];
	JournalIdentity identity;
	const gboolean taken = keys_parse_secret(text, length, NULL, NULL, name, &error);
	check_error(taken, error);
	g_assert(!taken || keys_name_valid(name, strlen(name)));
	if (!taken || tried)
		return;
	tried = TRUE;
	g_assert(!keys_parse_secret(text, length, "not this one", &identity, name, &access));
	g_assert(g_error_matches(access, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS));
}

static void take_sheet(const char *text)
{
	g_autoptr(GError) error = NULL;
	JournalIdentity identity, back;
	char name[KEYS_NAME_SIZE], name_back[KEYS_NAME_SIZE];
	const gboolean taken = keys_read_sheet(text, &identity, name, &error);
	check_error(taken, error);
	if (!taken)
		return;
	char *again = keys_make_sheet(name, &identity);
	g_assert(keys_read_sheet(again, &back, name_back, NULL));
	g_assert(memcmp(&identity, &back, sizeof identity) == 0 && strcmp(name, name_back) == 0);
	keys_secret_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char made[KEYS_TEXT_MAX];
	ByteWriter w = byte_writer_init(made, sizeof made);
	if (sodium_init() < 0 || size == 0 || size > KEYS_TEXT_MAX)
		return 0;
	const guint kind = data[0] % EDITS % KINDS;
	const gboolean edits = data[0] & EDITS;
	ByteReader rest = byte_reader_init(data + 1, size - 1);
	if (edits)
		make_text(kind, &rest, &w);
	const gsize length = edits ? w.length : size - 1;
	/* Of exactly its size, so that the sanitizer sees the first byte too many; the sheet's text has an end of its own. */
	g_autofree char *text = g_malloc(MAX(length + (kind == SHEET), 1));
	memcpy(text, edits ? (const void *)made : data + 1, length);
	if (kind == SHEET)
		text[length] = '\0';
	if (kind == PUBLIC)
		take_public(text, length);
	else if (kind == SECRET)
		take_secret(text, length);
	else
		take_sheet(text);
	return 0;
}
