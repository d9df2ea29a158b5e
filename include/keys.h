/* keys.h - the recipients of sealed journals: how their keys are made, kept and brought back.
 *
 * A recipient is made at the desk and never in the field: a public key file that goes to the device, a secret key file that stays
 * home, wrapped with a passphrase, and a recovery sheet to be printed. All three are text.
 *
 *   NAME.pub    "jamlog-public-1", a line with the name, a line with the key in base 32 and a checksum (src/keys/public_file.c)
 *   NAME.key    "jamlog-secret-1", the name, the public key, the parameters, the salt and the wrapped key, and a checksum over all: a
 *               mistyped passphrase can be told from a damaged file. Argon2id (crypto_pwhash, MODERATE) and XChaCha20-Poly1305
 *               (src/keys/secret_file.c)
 *   the sheet   the secret key in groups of base 32, a checksum in each line that says in which line a mistake is, and words on what it is
 *               (src/keys/sheet.c)
 *
 * Secrets are kept in memory from keys_secret_new (locked, wiped when freed), never in GLib's, and never in argv or the environment.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal.h"

#define KEYS_NAME_SIZE       32   /* with NUL; letters, digits, "-", "_", "." */
#define KEYS_PASSPHRASE_SIZE 1024 /* with NUL */
#define KEYS_FINGERPRINT_SIZE 20  /* "XXXX-XXXX-XXXX-XXXX" and NUL: what two people compare on the phone */

typedef struct {
	char name[KEYS_NAME_SIZE];
	guint8 public_key[JOURNAL_KEY_SIZE];
} KeysRecipient;

/* Zeroed memory for secrets: locked, between guard pages, not in core dumps. Never NULL. Free with keys_secret_free, which wipes it. */
gpointer keys_secret_new(gsize size);
void keys_secret_free(gpointer secret);
/* No core dumps of this process, not even ones that are piped to a program. */
void keys_no_core_dumps(void);
/* The same, and no debugger of the same user may look into it. Nor can others of that user see then what it has open: not for the
 * recorder, of which "jamlog devices" tells that it has the modem. */
void keys_protect_process(void);

/* --- public --- */

/* FORMAT for what is no public key file, or one that was mistyped or damaged; says where a secret key file was given instead. */
gboolean keys_read_public(const char *path, KeysRecipient *ret_recipient, GError **error);
void keys_fingerprint(const guint8 public_key[JOURNAL_KEY_SIZE], char ret_text[KEYS_FINGERPRINT_SIZE]);

/* --- secret --- */

/* A new key pair into *ret_identity (from keys_secret_new). */
void keys_generate(JournalIdentity *ret_identity);
/* What keys_write would refuse (USAGE) before anything was made and asked: a name that is none, files that are there; or a folder that
 * takes none. */
gboolean keys_check_free(const char *directory, const char *name, GError **error);
/* Writes NAME.pub and NAME.key (0600) into `directory`, durably; neither may exist (USAGE). On failure neither is left behind. */
gboolean keys_write(const char *directory, const char *name, const JournalIdentity *identity, const char *passphrase, GError **error);
/* Reads and unwraps a secret key file; takes about a second and 256 MiB. ACCESS: the passphrase does not fit. FORMAT: no secret key
 * file, or a damaged one. With NULL as passphrase and identity only the latter, and whose it is: to be told before anybody is asked. */
gboolean keys_read_secret(const char *path, const char *passphrase, JournalIdentity *ret_identity, char ret_name[KEYS_NAME_SIZE],
			  GError **error);

/* The text of a recovery sheet, from keys_secret_new. */
char *keys_make_sheet(const char *name, const JournalIdentity *identity);
/* Reads one back, also one that was typed in: case, spaces and blank lines do not matter. FORMAT: says which line is wrong. */
gboolean keys_read_sheet(const char *text, JournalIdentity *ret_identity, char ret_name[KEYS_NAME_SIZE], GError **error);

/* The whole of a key file or sheet ("-": of standard input) with a NUL behind it, from keys_secret_new. FORMAT for more than 8 KiB. */
char *keys_read_text(const char *path, gsize *ret_length, GError **error);
/* A new file of that text, durably; nothing may be there, nothing is left behind on failure. */
gboolean keys_write_text(const char *path, int mode, const char *text, gsize length, GError **error);
/* write(2) until all is written; FALSE: errno says why not. */
gboolean keys_write_all(int fd, const char *text, gsize length);

/* The parsers behind them, for text that is in memory already (and for whoever wants to break them). */
gboolean keys_parse_public(const char *text, gsize length, KeysRecipient *ret_recipient, GError **error);
gboolean keys_parse_secret(const char *text, gsize length, const char *passphrase, JournalIdentity *ret_identity,
			   char ret_name[KEYS_NAME_SIZE], GError **error);
