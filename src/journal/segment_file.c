/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/segment_file.h"

#include "error.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR_SIZE      512u
#define BUFFER_ALIGNMENT 4096u

/* Written over and over while preallocating; never written to. In .bss, so that it costs no file size. */
static guint8 zeros[SEGMENT_FILE_BUFFER] __attribute__((aligned(BUFFER_ALIGNMENT)));

guint8 *segment_file_buffer_new(void)
{
	return g_aligned_alloc0(1, SEGMENT_FILE_BUFFER, BUFFER_ALIGNMENT);
}

void segment_file_share(int fd, const char *path)
{
	struct stat folder;
	g_autofree char *directory = g_path_get_dirname(path);
	/* Where it cannot be given away, as on FAT, nobody's rights are kept apart either. */
	if (geteuid() == 0 && stat(directory, &folder) == 0 && folder.st_uid != 0 && fchown(fd, folder.st_uid, folder.st_gid) < 0)
		return;
}

gboolean segment_file_make_directory(const char *directory, GError **error)
{
	if (g_file_test(directory, G_FILE_TEST_IS_DIR))
		return TRUE;
	/* This ends at "/" or ".", which are there. */
	g_autofree char *parent = g_path_get_dirname(directory);
	if (!segment_file_make_directory(parent, error))
		return FALSE;
	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return error_set_errno(error, errno, "cannot create the journal folder %s", directory);
	return files_sync_folder(parent, error);
}

/* One pwrite; where O_DIRECT turns out to be refused (EINVAL: nothing was written), goes on through the page cache. */
static gssize write_once(SegmentFile *file, const guint8 *buffer, gsize size, guint64 offset)
{
	const gssize n = pwrite(file->fd, buffer, size, (off_t)offset);
	if (n >= 0 || errno != EINVAL || !file->direct)
		return n;
	file->direct = FALSE;
	if (fcntl(file->fd, F_SETFL, 0) < 0)
		return -1;
	return pwrite(file->fd, buffer, size, (off_t)offset);
}

/* Writes all of it, or fails with errno set; *ret_done is how far it came. */
static gboolean write_all(SegmentFile *file, const guint8 *buffer, gsize size, guint64 offset, gsize *ret_done)
{
	*ret_done = 0;
	while (*ret_done < size) {
		const gssize n = write_once(file, buffer + *ret_done, size - *ret_done, offset + *ret_done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return FALSE;
		*ret_done += (gsize)n;
	}
	return TRUE;
}

gboolean segment_file_write(SegmentFile *file, const guint8 *buffer, gsize size, guint64 offset, GError **error)
{
	gsize done;
	if (write_all(file, buffer, size, offset, &done))
		return TRUE;
	return error_set_errno(error, errno, "cannot write the journal %s", file->path);
}

gboolean segment_file_sync(SegmentFile *file, GError **error)
{
	if (fdatasync(file->fd) < 0)
		return error_set_errno(error, errno, "cannot make the journal %s durable", file->path);
	return TRUE;
}

static gboolean sync_metadata(SegmentFile *file, GError **error)
{
	if (fsync(file->fd) < 0)
		return error_set_errno(error, errno, "cannot make the journal %s durable", file->path);
	return TRUE;
}

static gboolean out_of_space(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT;
}

gboolean segment_file_reserve(SegmentFile *file, guint64 end, GError **error)
{
	const guint64 before = file->allocated;
	int failed = 0;
	while (!failed && (file->allocated < end || file->allocated % SEGMENT_FILE_STEP != 0)) {
		gsize done, size = SEGMENT_FILE_BUFFER - (gsize)(file->allocated % SEGMENT_FILE_BUFFER);
		if (!write_all(file, zeros, size, file->allocated, &done))
			failed = errno;
		file->allocated += done / SECTOR_SIZE * SECTOR_SIZE;
	}
	if (failed && !out_of_space(failed))
		return error_set_errno(error, failed, "cannot enlarge the journal %s", file->path);
	if (file->allocated > before && !sync_metadata(file, error))
		return FALSE;
	if (file->allocated >= end)
		return TRUE;
	return error_set_errno(error, failed, "cannot enlarge the journal %s", file->path);
}

/* Not through open(2): there a refused O_DIRECT leaves the new file behind. */
static gboolean open_new(SegmentFile *file, const char *path, GError **error)
{
	file->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->fd < 0)
		return error_set_errno(error, errno, "cannot create the journal %s", path);
	segment_file_share(file->fd, path);
	file->path = g_strdup(path);
	file->direct = fcntl(file->fd, F_SETFL, O_DIRECT) == 0;
	file->allocated = 0;
	return TRUE;
}

static gboolean fill_new(SegmentFile *file, const char *directory, const guint8 *head, gsize head_size, guint64 min_size,
			 GError **error)
{
	if (!segment_file_write(file, head, head_size, 0, error))
		return FALSE;
	file->allocated = head_size;
	g_autoptr(GError) short_of_space = NULL;
	if (!segment_file_reserve(file, SEGMENT_FILE_STEP, &short_of_space) &&
	    (!g_error_matches(short_of_space, JAMLOG_ERROR, JAMLOG_ERROR_NO_SPACE) || file->allocated < min_size)) {
		g_propagate_error(error, g_steal_pointer(&short_of_space));
		return FALSE;
	}
	return files_sync_folder(directory, error);
}

gboolean segment_file_create(SegmentFile *file, const char *directory, const char *path, const guint8 *head, gsize head_size,
			     guint64 min_size, GError **error)
{
	SegmentFile made = {.fd = -1};
	if (!open_new(&made, path, error))
		return FALSE;
	if (!fill_new(&made, directory, head, head_size, min_size, error)) {
		unlink(path);
		segment_file_abandon(&made);
		return FALSE;
	}
	*file = made;
	return TRUE;
}

gboolean segment_file_is_at(int fd, const char *path)
{
	struct stat ours, there;
	return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

gboolean segment_file_finish(SegmentFile *file, guint64 end, GError **error)
{
	gboolean ok;
	if (ftruncate(file->fd, (off_t)end) < 0)
		ok = error_set_errno(error, errno, "cannot cut the journal %s at its end", file->path);
	else
		ok = sync_metadata(file, error);
	segment_file_abandon(file);
	return ok;
}

void segment_file_abandon(SegmentFile *file)
{
	if (file->fd >= 0)
		close(file->fd);
	g_clear_pointer(&file->path, g_free);
	file->fd = -1;
}
