/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/node.h"

#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static NodeState describe_refusal(const char *path, int errnum, char **ret_sentence, const char **ret_reason)
{
	if (errnum == ENOENT || errnum == ENXIO || errnum == ENODEV) {
		*ret_reason = "no device";
		*ret_sentence = g_strdup_printf("there is no %s: plug the modem in, or name another node; trying again", path);
		return NODE_ABSENT;
	}
	if (errnum == EACCES || errnum == EPERM) {
		*ret_reason = "no permission";
		*ret_sentence = g_strdup_printf("may not open %s: run \"sudo chown %s %s\", or start jamlog as root; trying again", path,
						g_get_user_name(), path);
		return NODE_REFUSED;
	}
	*ret_reason = "unusable device";
	*ret_sentence = g_strdup_printf("cannot use %s: %s; trying again", path, g_strerror(errnum));
	return NODE_REFUSED;
}

NodeState modem_node_try(const char *path, gboolean shared, int *ret_lock, char **ret_sentence, const char **ret_reason)
{
	*ret_lock = -1;
	if (access(path, R_OK | W_OK) != 0)
		return describe_refusal(path, errno, ret_sentence, ret_reason);
	if (shared && geteuid() != 0) {
		*ret_reason = "proxy needs root";
		*ret_sentence = g_strdup("the proxy takes no client but root: start jamlog as root, or leave --proxy out");
		return NODE_REFUSED;
	}
	if (shared)
		return NODE_FREE;
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return describe_refusal(path, errno, ret_sentence, ret_reason);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		close(fd);
		*ret_reason = "device in use";
		*ret_sentence = g_strdup_printf(
			"%s is in use by another jamlog: stop it, or start both with --proxy as root; trying again", path);
		return NODE_REFUSED;
	}
	*ret_lock = fd;
	return NODE_FREE;
}

ConfigProtocol modem_node_protocol(const char *path)
{
	DeviceModem *modem = devices_find_modem(path);
	ConfigProtocol protocol = modem ? modem->protocol : PROTOCOL_AUTO;
	devices_modem_free(modem);
	return protocol;
}
