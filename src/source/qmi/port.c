/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi/port.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static char *describe_refusal(const char *path, int errnum, const char **ret_reason)
{
	if (errnum == ENOENT) {
		*ret_reason = "no device";
		return g_strdup_printf("there is no %s: plug the modem in, or name another node; trying again", path);
	}
	if (errnum == EACCES || errnum == EPERM) {
		*ret_reason = "no permission";
		return g_strdup_printf("may not open %s: run \"sudo chown %s %s\", or start jamlog as root; trying again", path,
				       g_get_user_name(), path);
	}
	*ret_reason = "unusable device";
	return g_strdup_printf("cannot use %s: %s; trying again", path, g_strerror(errnum));
}

char *qmi_port_obstacle(const char *path, gboolean shared, int *ret_lock, const char **ret_reason)
{
	*ret_lock = -1;
	if (access(path, R_OK | W_OK) != 0)
		return describe_refusal(path, errno, ret_reason);
	if (shared && geteuid() != 0) {
		*ret_reason = "proxy needs root";
		return g_strdup("qmi-proxy takes no client but root: start jamlog as root, or leave --proxy out");
	}
	if (shared)
		return NULL;
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return describe_refusal(path, errno, ret_reason);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		close(fd);
		*ret_reason = "device in use";
		return g_strdup_printf("%s is in use by another jamlog: stop it, or start both with --proxy as root; trying again", path);
	}
	*ret_lock = fd;
	return NULL;
}
