/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

gboolean files_sync_folder(const char *folder, GError **error)
{
	const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open the folder %s", folder);
	const int failed = fsync(fd) < 0 ? errno : 0;
	close(fd);
	return failed ? error_set_errno(error, failed, "cannot make the folder %s durable", folder) : TRUE;
}
