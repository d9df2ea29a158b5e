/* Key files on the disk. They go through read(2) and write(2) alone: stdio and GLib would keep copies.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys/text.h"

#include "error.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* --- reading --- */

/* errno is 0 at the end of the file, EFBIG where it is longer than any text of ours. */
static gsize read_all(int fd, char *text, gsize size)
{
	gsize length = 0;
	gssize n = 1;
	while (length < size && n != 0) {
		n = read(fd, text + length, size - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return length;
		length += (gsize)n;
	}
	errno = length < size ? 0 : EFBIG;
	return length;
}

char *keys_read_text(const char *path, gsize *ret_length, GError **error)
{
	const gboolean standard_input = g_str_equal(path, "-");
	const int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		error_set_errno(error, errno, "cannot open %s", path);
		return NULL;
	}
	char *text = keys_secret_new(KEYS_TEXT_MAX + 1);
	*ret_length = read_all(fd, text, KEYS_TEXT_MAX + 1);
	const int wrong = errno;
	if (!standard_input)
		close(fd);
	if (!wrong)
		return text;
	keys_secret_free(text);
	if (wrong == EFBIG)
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s is longer than any key file or recovery sheet", path);
	else
		error_set_errno(error, wrong, "cannot read %s", path);
	return NULL;
}

gboolean keys_read_public(const char *path, KeysRecipient *ret_recipient, GError **error)
{
	gsize length;
	char *text = keys_read_text(path, &length, error);
	if (!text)
		return FALSE;
	const gboolean ok = keys_parse_public(text, length, ret_recipient, error);
	if (!ok)
		g_prefix_error(error, "%s: ", path);
	keys_secret_free(text);
	return ok;
}

gboolean keys_read_secret(const char *path, const char *passphrase, JournalIdentity *ret_identity, char ret_name[KEYS_NAME_SIZE],
			  GError **error)
{
	gsize length;
	char *text = keys_read_text(path, &length, error);
	if (!text)
		return FALSE;
	const gboolean ok = keys_parse_secret(text, length, passphrase, ret_identity, ret_name, error);
	if (!ok)
		g_prefix_error(error, "%s: ", path);
	keys_secret_free(text);
	return ok;
}

/* --- writing --- */

gboolean keys_write_all(int fd, const char *text, gsize length)
{
	while (length > 0) {
		const gssize n = write(fd, text, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FALSE;
		text += n;
		length -= (gsize)n;
	}
	return TRUE;
}

gboolean keys_write_text(const char *path, int mode, const char *text, gsize length, GError **error)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot create %s", path);
	gboolean ok = keys_write_all(fd, text, length) && fsync(fd) == 0;
	if (!ok)
		error_set_errno(error, errno, "cannot write %s", path);
	close(fd);
	g_autofree char *folder = g_path_get_dirname(path);
	ok = ok && files_sync_folder(folder, error);
	if (!ok)
		unlink(path);
	return ok;
}

static char *file_of(const char *directory, const char *name, const char *suffix)
{
	g_autofree char *file = g_strconcat(name, suffix, NULL);
	return g_str_equal(directory, ".") ? g_steal_pointer(&file) : g_build_filename(directory, file, NULL);
}

gboolean keys_check_free(const char *directory, const char *name, GError **error)
{
	static const char *const suffixes[] = {".key", ".pub"};
	if (!keys_name_valid(name, strlen(name))) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
			    "\"%s\" is no name for a recipient: up to %d letters, digits, \"-\", \"_\" and \".\", the first a letter "
			    "or a digit",
			    name, KEYS_NAME_SIZE - 1);
		return FALSE;
	}
	if (access(directory, W_OK | X_OK) < 0)
		return error_set_errno(error, errno, "cannot write into the folder %s", directory);
	for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = file_of(directory, name, suffixes[i]);
		if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
			g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
				    "%s is there already and is not overwritten, for recordings may be sealed to it: choose another "
				    "name or folder",
				    path);
			return FALSE;
		}
	}
	return TRUE;
}

/* The secret key first: nobody shall seal to a public one whose other half is not on the disk. */
gboolean keys_write(const char *directory, const char *name, const JournalIdentity *identity, const char *passphrase, GError **error)
{
	KeysRecipient recipient = {0};
	char secret[KEYS_TEXT_MAX], public[KEYS_TEXT_MAX];
	ByteWriter secret_writer = byte_writer_init(secret, sizeof secret), public_writer = byte_writer_init(public, sizeof public);
	g_autofree char *secret_path = file_of(directory, name, ".key"), *public_path = file_of(directory, name, ".pub");
	if (!keys_check_free(directory, name, error) || !keys_put_secret(&secret_writer, name, identity, passphrase, error))
		return FALSE;
	g_strlcpy(recipient.name, name, sizeof recipient.name);
	memcpy(recipient.public_key, identity->public_key, sizeof recipient.public_key);
	keys_put_public(&public_writer, &recipient);
	if (!keys_write_text(secret_path, 0600, secret, secret_writer.length, error))
		return FALSE;
	if (keys_write_text(public_path, 0644, public, public_writer.length, error))
		return TRUE;
	unlink(secret_path);
	return FALSE;
}
