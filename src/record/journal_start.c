/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/journal_start.h"

#include "error.h"
#include "keys.h"
#include "record/identity.h"

#include <sodium.h>

#define SELF "jamlog"

typedef struct {
	guint n;
	guint8 keys[JOURNAL_MAX_RECIPIENTS][JOURNAL_KEY_SIZE];
	GString *who; /* their names and fingerprints */
} Recipients;

static gboolean add_recipient(Recipients *r, const char *path, GError **error)
{
	KeysRecipient recipient;
	char fingerprint[KEYS_FINGERPRINT_SIZE];
	if (r->n == JOURNAL_MAX_RECIPIENTS) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "a recording is sealed to %d recipients at most",
			    JOURNAL_MAX_RECIPIENTS);
		return FALSE;
	}
	if (!keys_read_public(path, &recipient, error))
		return FALSE;
	for (guint i = 0; i < r->n; i++) {
		if (memcmp(r->keys[i], recipient.public_key, JOURNAL_KEY_SIZE) != 0)
			continue;
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s holds the key of a recipient who was named before: name each once",
			    path);
		return FALSE;
	}
	memcpy(r->keys[r->n++], recipient.public_key, JOURNAL_KEY_SIZE);
	keys_fingerprint(recipient.public_key, fingerprint);
	g_string_append_printf(r->who, "%s%s (%s)", r->n > 1 ? ", " : "", recipient.name, fingerprint);
	return TRUE;
}

static gboolean read_recipients(Recipients *r, const Config *config, GError **error)
{
	for (guint i = 0; config->recipients && config->recipients[i]; i++)
		if (!add_recipient(r, config->recipients[i], error))
			return FALSE;
	if (r->n != 1)
		return TRUE;
	g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
			    "a recording sealed to one recipient is lost with that one's key: name two or more");
	return FALSE;
}

static JournalWriter *open_writer(const Config *config, const Recipients *recipients, GError **error)
{
	g_autofree char *keys = g_build_filename(config->state_directory, "keys", NULL);
	const JournalWriterOptions options = {
		.directory = config->directory,
		.keys = keys,
		.recipients = recipients->keys,
		.n_recipients = recipients->n,
		.segment_size = config->segment_size,
	};
	return journal_writer_new(&options, error);
}

JournalWriter *journal_start(const Config *config, Narrator *narrator, guint8 ret_salt[SOURCE_SALT_SIZE], GError **error)
{
	Identity identity;
	g_autoptr(GString) who = g_string_new(NULL);
	Recipients recipients = {.who = who};
	if (!read_recipients(&recipients, config, error) || !identity_load(config->state_directory, &identity, error))
		return NULL;
	memcpy(ret_salt, identity.salt, SOURCE_SALT_SIZE);
	sodium_memzero(&identity, sizeof identity);
	JournalWriter *writer = open_writer(config, &recipients, error);
	if (writer && recipients.n > 0)
		narrator_say(narrator, SELF, "sealed: what is recorded can be read by %s alone, and not on this device", who->str);
	else if (writer)
		narrator_say(narrator, SELF,
			     "NOT SEALED: what is recorded can be read by whoever holds this device (see \"jamlog keygen\")");
	return writer;
}
