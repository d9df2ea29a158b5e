/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/folder.h"

#include "clock.h"
#include "error.h"
#include "files.h"
#include "journal/segment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_NS (5 * NS_PER_S)

static gboolean has_reserve(const char *directory)
{
	struct stat st;
	g_autofree char *path = g_build_filename(directory, ".reserve", NULL);
	return stat(path, &st) == 0 && st.st_size >= (off_t)FOLDER_RESERVE_SIZE;
}

gboolean folder_lock(Folder *f, const char *directory, GError **error)
{
	g_autofree char *path = g_build_filename(directory, ".lock", NULL);
	if (f->lock_fd >= 0 && segment_file_is_at(f->lock_fd, path))
		return TRUE;
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot write into the journal folder %s", directory);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		close(fd);
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_BUSY,
			    "another jamlog records into %s: stop it, or give this one a folder of its own", directory);
		return FALSE;
	}
	folder_unlock(f);
	segment_file_share(fd, path);
	f->lock_fd = fd;
	f->reserve = has_reserve(directory); /* an earlier run's */
	f->retry_ns = 0;
	return TRUE;
}

static gboolean write_reserve(int fd)
{
	guint8 *zeros = segment_file_buffer_new();
	guint64 done = 0;
	while (done < FOLDER_RESERVE_SIZE) {
		const gssize n = pwrite(fd, zeros, SEGMENT_FILE_BUFFER, (off_t)done);
		if (n <= 0)
			break;
		done += (guint64)n;
	}
	g_aligned_free(zeros);
	return done >= FOLDER_RESERVE_SIZE && fsync(fd) == 0;
}

void folder_fill_reserve(Folder *f, const char *directory)
{
	if (f->reserve || clock_boottime_ns() < f->retry_ns)
		return;
	f->retry_ns = clock_boottime_ns() + RETRY_NS;
	g_autofree char *path = g_build_filename(directory, ".reserve", NULL);
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	segment_file_share(fd, path);
	f->reserve = write_reserve(fd) && files_sync_folder(directory, NULL);
	close(fd);
	if (!f->reserve)
		unlink(path);
}

gboolean folder_free_reserve(Folder *f, const char *directory)
{
	g_autofree char *path = g_build_filename(directory, ".reserve", NULL);
	if (!f->reserve)
		return FALSE;
	f->reserve = FALSE;
	f->retry_ns = clock_boottime_ns() + RETRY_NS;
	return unlink(path) == 0;
}

void folder_unlock(Folder *f)
{
	if (f->lock_fd >= 0)
		close(f->lock_fd);
	f->lock_fd = -1;
}
