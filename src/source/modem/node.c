/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/node.h"

#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#define PTS_FIRST_MAJOR 136 /* Documentation/admin-guide/devices.txt */
#define PTS_LAST_MAJOR  143

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

/* Ours writes to the node before it knows what is there: a file, a disk or a serial console must not get that. Linux gives the nodes
 * of modems to the classes usbmisc and wwan; a pseudo-terminal in raw mode is a simulated modem's. What is not there yet may be one. */
static gboolean may_be_modem(const char *path)
{
	struct stat node;
	struct termios tio;
	if (stat(path, &node) != 0)
		return TRUE;
	if (!S_ISCHR(node.st_mode))
		return FALSE;
	if (major(node.st_rdev) >= PTS_FIRST_MAJOR && major(node.st_rdev) <= PTS_LAST_MAJOR) {
		const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		const gboolean raw = fd < 0 || tcgetattr(fd, &tio) != 0 || !(tio.c_lflag & (ICANON | ECHO));
		if (fd >= 0)
			close(fd);
		return raw;
	}
	g_autofree char *link = g_strdup_printf("/sys/dev/char/%u:%u/subsystem", major(node.st_rdev), minor(node.st_rdev));
	g_autofree char *target = g_file_read_link(link, NULL);
	g_autofree char *class = target ? g_path_get_basename(target) : g_strdup("");
	return g_str_equal(class, "usbmisc") || g_str_equal(class, "wwan");
}

NodeState modem_node_try(const char *path, gboolean shared, int *ret_lock, char **ret_sentence, const char **ret_reason)
{
	*ret_lock = -1;
	if (!may_be_modem(path)) {
		*ret_reason = "no modem";
		*ret_sentence = g_strdup_printf("%s is no control node of a modem, and nothing was written to it: \"jamlog devices\" lists "
						"those that are", path);
		return NODE_REFUSED;
	}
	if (access(path, R_OK | W_OK) != 0)
		return describe_refusal(path, errno, ret_sentence, ret_reason);
	if (shared && geteuid() != 0) {
		*ret_reason = "proxy needs root";
		*ret_sentence = g_strdup("the proxy takes no client but root: start jamlog as root, or leave --proxy out");
		return NODE_REFUSED;
	}
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return describe_refusal(path, errno, ret_sentence, ret_reason);
	if (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
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

/* Beside the node under the same device: /sys/class/usbmisc/cdc-wdm0/device/net/wwan0, /sys/class/wwan/wwan0qmi0/device/net/wwan0. */
char *modem_node_interface(const char *path)
{
	struct stat node;
	if (stat(path, &node) != 0 || !S_ISCHR(node.st_mode))
		return NULL;
	g_autofree char *folder = g_strdup_printf("/sys/dev/char/%u:%u/device/net", major(node.st_rdev), minor(node.st_rdev));
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	return dir ? g_strdup(g_dir_read_name(dir)) : NULL;
}
