/* tun.c - see tun.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/tun.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static gboolean attach(int fd, const char *name, GError **error)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
	if (ioctl(fd, TUNSETIFF, &request) == 0)
		return TRUE;
	if (errno == EPERM)
		return error_set_errno(error, EACCES,
				       "the interface %s needs the capability CAP_NET_ADMIN: run it as root, or in a "
				       "user namespace (unshare -Urn jamlog-sim ...)",
				       name);
	return error_set_errno(error, errno, "cannot make the interface %s", name);
}

static gboolean clear_multicast(const char *name, GError **error)
{
	struct ifreq request = {0};
	g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	gboolean ok = sock >= 0 && ioctl(sock, SIOCGIFFLAGS, &request) == 0;
	request.ifr_flags = (short)(request.ifr_flags & ~IFF_MULTICAST);
	ok = ok && ioctl(sock, SIOCSIFFLAGS, &request) == 0;
	int saved = errno;
	if (sock >= 0)
		close(sock);
	return ok ? TRUE : error_set_errno(error, saved, "cannot set the flags of the interface %s", name);
}

int sim_tun_open(const char *name, GError **error)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		error_set_errno(error, errno, "cannot open /dev/net/tun, which the interface %s needs (modprobe tun)", name);
		return -1;
	}
	if (attach(fd, name, error) && clear_multicast(name, error))
		return fd;
	close(fd);
	return -1;
}
