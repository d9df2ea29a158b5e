/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/lines.h"

#include "bytes.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

struct Lines {
	char *path;
	int fd;
	GConverter *unpacker; /* NULL: a plain file */
	guint8 packed[CHUNK];
	gsize packed_at, packed_end;
	guint8 chunk[CHUNK];
	gsize at, end;
	gboolean packed_over; /* no more in the file */
	gboolean within; /* a gzip member was begun and is not at its end */
	GString *line;
	guint64 number;
	crypto_generichash_state digest;
};

void lines_free(Lines *lines)
{
	if (!lines)
		return;
	g_clear_object(&lines->unpacker);
	if (lines->fd >= 0)
		close(lines->fd);
	g_string_free(lines->line, TRUE);
	g_free(lines->path);
	free(lines);
}

static gboolean fill_packed(Lines *lines, GError **error)
{
	const gsize left = lines->packed_end - lines->packed_at;
	memmove(lines->packed, lines->packed + lines->packed_at, left);
	lines->packed_at = 0;
	lines->packed_end = left;
	gssize n;
	do
		n = read(lines->fd, lines->packed + left, CHUNK - left);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_set_errno(error, errno, "cannot read %s", lines->path);
	lines->packed_over = n == 0;
	lines->packed_end += (gsize)n;
	return TRUE;
}

Lines *lines_open(const char *path, GError **error)
{
	struct stat st;
	/* libsodium's state is aligned to a cache line, which malloc does not promise. */
	Lines *bare = aligned_alloc(_Alignof(Lines), sizeof *bare);
	if (!bare) {
		error_set_errno(error, ENOMEM, "cannot read %s", path);
		return NULL;
	}
	memset(bare, 0, sizeof *bare);
	g_autoptr(Lines) lines = bare;
	lines->path = g_strdup(path);
	lines->line = g_string_new(NULL);
	lines->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (lines->fd < 0 || fstat(lines->fd, &st) != 0) {
		error_set_errno(error, errno, "cannot open %s", path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s is %s, and no file: name the files of logs", path,
			    S_ISDIR(st.st_mode) ? "a folder" : "a pipe or a device");
		return NULL;
	}
	crypto_generichash_init(&lines->digest, NULL, 0, LINES_DIGEST_SIZE);
	if (!fill_packed(lines, error))
		return NULL;
	if (lines->packed_end >= 2 && lines->packed[0] == 0x1f && lines->packed[1] == 0x8b) /* RFC 1952 */
		lines->unpacker = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
	return g_steal_pointer(&lines);
}

gboolean lines_file_begins(const Lines *lines, const char *text)
{
	const gsize n = strlen(text);
	return lines->packed_end >= n && memcmp(lines->packed, text, n) == 0;
}

static gboolean unpack_failed(Lines *lines, const char *why, GError **error)
{
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_DAMAGED, "%s: its compressed data is damaged from here on (%s)", lines->path,
		    why);
	return FALSE;
}

/* One step of unpacking; a gzip file may have several members one behind the other. */
static gboolean unpack(Lines *lines, GError **error)
{
	g_autoptr(GError) why = NULL;
	gsize used = 0, made = 0;
	const GConverterResult result = g_converter_convert(
		lines->unpacker, lines->packed + lines->packed_at, lines->packed_end - lines->packed_at, lines->chunk, CHUNK,
		lines->packed_over ? G_CONVERTER_INPUT_AT_END : G_CONVERTER_NO_FLAGS, &used, &made, &why);
	if (result == G_CONVERTER_ERROR) {
		if (!g_error_matches(why, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT) || lines->packed_over)
			return unpack_failed(lines, why->message, error);
		return fill_packed(lines, error);
	}
	lines->packed_at += used;
	lines->end = made;
	lines->within = result != G_CONVERTER_FINISHED;
	if (!lines->within)
		g_converter_reset(lines->unpacker);
	return TRUE;
}

/* More bytes into `chunk`; none at the end. */
static gboolean fill(Lines *lines, GError **error)
{
	lines->at = lines->end = 0;
	if (!lines->unpacker) {
		if (lines->packed_at == lines->packed_end && !fill_packed(lines, error))
			return FALSE;
		lines->end = lines->packed_end - lines->packed_at;
		memcpy(lines->chunk, lines->packed + lines->packed_at, lines->end);
		lines->packed_at = lines->packed_end;
	}
	while (lines->unpacker && lines->end == 0) {
		if (lines->packed_at == lines->packed_end && !lines->packed_over && !fill_packed(lines, error))
			return FALSE;
		if (lines->packed_at == lines->packed_end && lines->packed_over && !lines->within)
			break;
		if (!unpack(lines, error))
			return FALSE;
	}
	crypto_generichash_update(&lines->digest, lines->chunk, lines->end);
	return TRUE;
}

static LinesResult give(Lines *lines, guint64 length, char **ret_line)
{
	GString *line = lines->line;
	lines->number++;
	*ret_line = line->str;
	if (length > LINES_MAX)
		return LINES_TOO_LONG;
	if (line->len > 0 && line->str[line->len - 1] == '\r')
		g_string_truncate(line, line->len - 1);
	return memchr(line->str, '\0', line->len) ? LINES_WITH_NUL : LINES_LINE;
}

LinesResult lines_next(Lines *lines, char **ret_line, GError **error)
{
	guint64 length = 0;
	g_string_truncate(lines->line, 0);
	for (;;) {
		if (lines->at == lines->end && !fill(lines, error))
			return LINES_ERROR;
		const gsize left = lines->end - lines->at;
		if (left == 0)
			return length > 0 ? give(lines, length, ret_line) : LINES_END;
		const guint8 *start = lines->chunk + lines->at, *end = memchr(start, '\n', left);
		const gsize n = end ? (gsize)(end - start) : left;
		if (length + n <= LINES_MAX)
			g_string_append_len(lines->line, (const char *)start, (gssize)n);
		length += n;
		lines->at += n + (end != NULL);
		if (end)
			return give(lines, length, ret_line);
		if (length > LINES_GIVE_UP) {
			g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
				    "%s is no text from here on: a line has more than %d bytes", lines->path, LINES_GIVE_UP);
			return LINES_ERROR;
		}
	}
}

guint64 lines_number(const Lines *lines)
{
	return lines->number;
}

char *lines_digest(const Lines *lines)
{
	guint8 bytes[LINES_DIGEST_SIZE];
	crypto_generichash_state state = lines->digest;
	crypto_generichash_final(&state, bytes, sizeof bytes);
	return bytes_to_hex(bytes, sizeof bytes);
}

char *lines_digest_file(const char *path, GError **error)
{
	g_autoptr(Lines) lines = lines_open(path, error);
	if (!lines)
		return NULL;
	do
		if (!fill(lines, error))
			return NULL;
	while (lines->end > 0);
	return lines_digest(lines);
}
