/* The recovery sheet. Lines that begin with # are words for people; the others, in this order:
 *
 *   jamlog-sheet-1
 *   name: NAME CCCC          check of the name in small letters
 *   1: XXXX XXXX XXXX XXXX   8 bytes of the secret key and 2 of check over the digit and them; so do 2:, 3: and 4:
 *   fingerprint: XXXX-XXXX-XXXX-XXXX   of the public key that belongs to it
 *
 * A check is a CRC-16 (polynomial 0x1021, from 0xffff): unlike a short hash it catches every single wrong symbol and every two
 * neighbours that were swapped. What slips past it, such as several wrong ones in a line, the fingerprint catches.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys/text.h"

#include "error.h"
#include "base32.h"

#include <sodium.h>

#define PARTS      4
#define PART_SIZE  (JOURNAL_KEY_SIZE / PARTS)
#define CHECK_SIZE 2
#define CHECK_SYMBOLS 4

/* What is being read, all of it in locked memory. */
typedef struct {
	char line[96]; /* of text without white space */
	gsize length;
	guint8 part[PART_SIZE + CHECK_SIZE];
	char name[KEYS_NAME_SIZE];
	JournalIdentity identity;
} Reading;

static const char *const labels[] = {KEYS_SHEET_MAGIC "1", "name:", "1:", "2:", "3:", "4:", "fingerprint:"};
enum { LINE_MAGIC, LINE_NAME, LINE_PART, LINE_FINGERPRINT = LINE_PART + PARTS, LINES };
G_STATIC_ASSERT(G_N_ELEMENTS(labels) == LINES);

/* Without tables or branches on the bytes: they are a secret. */
static guint16 check_byte(guint16 check, guint8 byte)
{
	check ^= (guint16)(byte << 8);
	for (guint bit = 0; bit < 8; bit++)
		check = (guint16)((check << 1) ^ (0x1021 * (check >> 15)));
	return check;
}

static void check_part(guint part, const guint8 bytes[PART_SIZE], guint8 ret_check[CHECK_SIZE])
{
	guint16 check = check_byte(0xffff, (guint8)('1' + part));
	for (guint i = 0; i < PART_SIZE; i++)
		check = check_byte(check, bytes[i]);
	ret_check[0] = (guint8)(check >> 8);
	ret_check[1] = (guint8)check;
}

static void check_name(const char *name, guint8 ret_check[CHECK_SIZE])
{
	guint16 check = 0xffff;
	for (; *name; name++)
		check = check_byte(check, (guint8)g_ascii_tolower(*name));
	ret_check[0] = (guint8)(check >> 8);
	ret_check[1] = (guint8)check;
}

/* --- making --- */

static void put_advice(ByteWriter *w, const char *name)
{
	keys_put_words(w, "# RECOVERY SHEET of \"");
	keys_put_words(w, name);
	keys_put_words(w, "\", a recipient of sealed jamlog recordings\n#\n"
		"# This is the secret key. Whoever holds it reads every recording that was\n"
		"# sealed to this recipient, without a passphrase. Print it, lock the paper\n"
		"# away, never near the device, and delete the file. Do not photograph it.\n#\n"
		"# When the key file or its passphrase is lost: type the lines without # into\n"
		"# a file, or at the prompt of\n"
		"#     jamlog keygen --restore -\n"
		"# Capitals, blanks and empty lines do not matter; 0 and O are the same, and\n"
		"# so are 1, I and L. A mistake is told by its line.\n\n");
}

char *keys_make_sheet(const char *name, const JournalIdentity *identity)
{
	char *sheet = keys_secret_new(KEYS_TEXT_MAX);
	guint8 *part = keys_secret_new(PART_SIZE + CHECK_SIZE), check[CHECK_SIZE];
	char fingerprint[KEYS_FINGERPRINT_SIZE];
	ByteWriter w = byte_writer_init(sheet, KEYS_TEXT_MAX - 1);
	put_advice(&w, name);
	keys_put_words(&w, KEYS_SHEET_MAGIC "1\nname: ");
	keys_put_words(&w, name);
	keys_put_words(&w, " ");
	check_name(name, check);
	base32_put(&w, check, sizeof check, ' ');
	for (guint i = 0; i < PARTS; i++) {
		memcpy(part, identity->secret_key + i * PART_SIZE, PART_SIZE);
		check_part(i, part, part + PART_SIZE);
		keys_put_words(&w, "\n");
		keys_put_words(&w, labels[LINE_PART + i]);
		keys_put_words(&w, " ");
		base32_put(&w, part, PART_SIZE + CHECK_SIZE, ' ');
	}
	keys_secret_free(part);
	keys_fingerprint(identity->public_key, fingerprint);
	keys_put_words(&w, "\nfingerprint: ");
	keys_put_words(&w, fingerprint);
	keys_put_words(&w, "\n");
	return sheet;
}

/* --- reading: each takes a line's rest behind its label; NULL or what is wrong with it --- */

static const char *take_name(Reading *r, const char *rest, gsize length)
{
	guint8 check[CHECK_SIZE], expected[CHECK_SIZE];
	if (length <= CHECK_SYMBOLS || !keys_name_valid(rest, length - CHECK_SYMBOLS))
		return "this is no name with its four characters of check";
	memcpy(r->name, rest, length - CHECK_SYMBOLS);
	r->name[length - CHECK_SYMBOLS] = '\0';
	check_name(r->name, expected);
	if (!base32_take(rest + length - CHECK_SYMBOLS, CHECK_SYMBOLS, check, sizeof check) || memcmp(check, expected, sizeof check) != 0)
		return "there is a mistake in the name or in the four characters behind it";
	return NULL;
}

static const char *take_part(Reading *r, guint part, const char *rest, gsize length)
{
	guint8 expected[CHECK_SIZE];
	if (!base32_take(rest, length, r->part, sizeof r->part))
		return "these are not four groups of four letters and digits (the letter U is none of them)";
	check_part(part, r->part, expected);
	if (sodium_memcmp(r->part + PART_SIZE, expected, sizeof expected) != 0)
		return "there is a mistake in this line: compare it with the sheet, letter by letter";
	memcpy(r->identity.secret_key + part * PART_SIZE, r->part, PART_SIZE);
	return NULL;
}

static const char *take_fingerprint(Reading *r, const char *rest, gsize length)
{
	guint8 print[KEYS_PRINT_SIZE], expected[KEYS_PRINT_SIZE];
	if (!base32_take(rest, length, print, sizeof print))
		return "these are not four groups of four letters and digits (the letter U is none of them)";
	if (crypto_scalarmult_base(r->identity.public_key, r->identity.secret_key) != 0)
		return "the lines above are no key";
	keys_print_of(r->identity.public_key, expected);
	if (sodium_memcmp(print, expected, sizeof print) != 0)
		return "there is a mistake in this line, or there are several in one of the lines above";
	return NULL;
}

static const char *take_line(Reading *r, guint step)
{
	const gsize label_length = strlen(labels[step]), length = r->length - MIN(r->length, label_length);
	const char *rest = r->line + label_length;
	if (g_ascii_strncasecmp(r->line, labels[step], label_length) != 0)
		return step == LINE_MAGIC ? "the sheet begins with another line (or was made by a newer jamlog)"
					  : "another line belongs here";
	if (step == LINE_MAGIC)
		return length == 0 ? NULL : "there is something behind the first line's words";
	if (step == LINE_NAME)
		return take_name(r, rest, length);
	return step == LINE_FINGERPRINT ? take_fingerprint(r, rest, length) : take_part(r, step - LINE_PART, rest, length);
}

/* Copies the next line without its white space; FALSE where it is too long to be any. */
static gboolean next_line(Reading *r, const char **text)
{
	gboolean fits = TRUE;
	r->length = 0;
	for (; **text && **text != '\n'; ++*text) {
		if (g_ascii_isspace(**text))
			continue;
		if (r->length + 1 < sizeof r->line)
			r->line[r->length++] = **text;
		else
			fits = FALSE;
	}
	if (**text)
		++*text;
	r->line[r->length] = '\0';
	return fits || *r->line == '#';
}

static gboolean read_lines(Reading *r, const char *text, GError **error)
{
	guint line = 0, step = 0;
	while (*text) {
		const char *wrong = NULL;
		line++;
		if (!next_line(r, &text))
			wrong = "it is too long";
		else if (r->length == 0 || *r->line == '#')
			continue;
		else
			wrong = step < LINES ? take_line(r, step) : "nothing belongs behind the fingerprint";
		if (wrong) {
			g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "line %u (the sheet's line \"%s\"): %s", line,
				    labels[MIN(step, LINES - 1)], wrong);
			return FALSE;
		}
		step++;
	}
	if (step < LINES)
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "line %u (the sheet's line \"%s\") is missing", line + 1,
			    labels[step]);
	return step == LINES;
}

gboolean keys_read_sheet(const char *text, JournalIdentity *ret_identity, char ret_name[KEYS_NAME_SIZE], GError **error)
{
	Reading *r = keys_secret_new(sizeof *r);
	const gboolean ok = read_lines(r, text, error);
	if (ok) {
		memcpy(ret_identity, &r->identity, sizeof r->identity);
		memcpy(ret_name, r->name, sizeof r->name);
	}
	keys_secret_free(r);
	return ok;
}
