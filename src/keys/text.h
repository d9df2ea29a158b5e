/* text.h - what the texts of keys have in common: lines "word value", the names of recipients, digests.
 *
 * A file may come back from a mail or a messenger with other line ends or blanks at the ends of lines; those do not matter. All else
 * does: whoever reads a text writes it anew from what was understood and takes the checksum of that.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "bytes.h"
#include "keys.h"

#define KEYS_TEXT_MAX    8192 /* bytes of any such file */
#define KEYS_DIGEST_SIZE 32
#define KEYS_PRINT_SIZE  10   /* bytes of a fingerprint */

#define KEYS_PUBLIC_MAGIC "jamlog-public-"
#define KEYS_SECRET_MAGIC "jamlog-secret-"
#define KEYS_SHEET_MAGIC  "jamlog-sheet-"

typedef struct {
	const char *at;
	gsize left;
} KeysLines;

/* The next line's value, borrowed, without blanks around it; FALSE where the line does not begin with `word`. */
gboolean keys_lines_take(KeysLines *lines, const char *word, const char **ret_value, gsize *ret_length);
/* A line of base 32, a name, and a line that has nothing but its word. */
gboolean keys_lines_bytes(KeysLines *lines, const char *word, guint8 *ret_bytes, gsize size);
gboolean keys_lines_name(KeysLines *lines, const char *word, char ret_name[KEYS_NAME_SIZE]);
gboolean keys_lines_word(KeysLines *lines, const char *word);
gboolean keys_lines_over(const KeysLines *lines); /* nothing but white space is left */

void keys_put_words(ByteWriter *w, const char *words);
gboolean keys_name_valid(const char *name, gsize length);

/* BLAKE2b-256 of the one behind the other. */
void keys_digest(const void *a, gsize a_size, const void *b, gsize b_size, guint8 ret_digest[KEYS_DIGEST_SIZE]);
void keys_print_of(const guint8 public_key[JOURNAL_KEY_SIZE], guint8 ret_print[KEYS_PRINT_SIZE]);

/* Says what a text is that was wanted to be `magic`, version 1. Always FALSE, with FORMAT. */
gboolean keys_refuse(const char *text, gsize length, const char *magic, GError **error);

/* The texts of the two files: public_file.c, secret_file.c. */
void keys_put_public(ByteWriter *w, const KeysRecipient *recipient);
gboolean keys_put_secret(ByteWriter *w, const char *name, const JournalIdentity *identity, const char *passphrase, GError **error);
