/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/identity.h"

#include "error.h"

#include <errno.h>
#include <sodium.h>

static gboolean make(const char *directory, const char *path, Identity *ret_identity, GError **error)
{
	randombytes_buf(ret_identity, sizeof *ret_identity);
	if (g_mkdir_with_parents(directory, 0700) != 0)
		return error_set_errno(error, errno, "cannot make the folder %s", directory);
	return g_file_set_contents_full(path, (const char *)ret_identity, sizeof *ret_identity,
					G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

gboolean identity_load(const char *state_directory, Identity *ret_identity, GError **error)
{
	g_autofree char *path = g_build_filename(state_directory, "identity", NULL);
	g_autofree char *text = NULL;
	gsize length;
	g_autoptr(GError) read_error = NULL;
	G_STATIC_ASSERT(sizeof(Identity) == JOURNAL_ID_SIZE + SOURCE_SALT_SIZE); /* bytes only: the file is the struct */
	if (!g_file_get_contents(path, &text, &length, &read_error)) {
		if (g_error_matches(read_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return make(state_directory, path, ret_identity, error);
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS, "cannot read this device's identity: %s", read_error->message);
		return FALSE;
	}
	if (length != sizeof *ret_identity) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
			    "%s is damaged: delete it and this installation becomes a new device", path);
		return FALSE;
	}
	memcpy(ret_identity, text, sizeof *ret_identity);
	sodium_memzero(text, length);
	return TRUE;
}
