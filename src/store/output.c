/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean refuse(GError **error, const char *output, const char *what)
{
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s is %s: name another file to write to", output, what);
	return FALSE;
}

gboolean store_check_output(Store *store, const char *output, GError **error)
{
	struct stat a, b;
	char head[16] = {0};
	if (g_str_equal(output, "-") || stat(output, &a) != 0 || !S_ISREG(a.st_mode))
		return TRUE;
	if (stat(store_path(store), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return refuse(error, output, "the store itself");
	const int fd = open(output, O_RDONLY | O_CLOEXEC);
	const gssize n = fd >= 0 ? read(fd, head, sizeof head) : -1;
	const int errnum = errno;
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return error_set_errno(error, errnum, "cannot see whether %s may be replaced", output);
	if (memcmp(head, STORE_JOURNAL_MAGIC, sizeof STORE_JOURNAL_MAGIC - 1) == 0)
		return refuse(error, output, "a journal");
	return memcmp(head, "SQLite format 3", sizeof head) != 0 || refuse(error, output, "a database");
}
