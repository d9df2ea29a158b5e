/* pty.c - see pty.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/pty.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* The slave of an unlocked master, raw, or -1 with errno. */
static int open_slave(const char *path)
{
	struct termios tio;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (tcgetattr(fd, &tio) == 0) {
		cfmakeraw(&tio);
		if (tcsetattr(fd, TCSANOW, &tio) == 0 && fchmod(fd, 0666) == 0)
			return fd;
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

gboolean sim_pty_open(int *ret_master_fd, int *ret_slave_fd, char **ret_slave_path, GError **error)
{
	char path[64];
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0)
		return error_set_errno(error, errno, "cannot open a pseudo-terminal (is devpts mounted?)");
	int slave = -1;
	if (grantpt(master) == 0 && unlockpt(master) == 0 && ptsname_r(master, path, sizeof path) == 0 &&
	    fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK) == 0)
		slave = open_slave(path);
	if (slave < 0) {
		error_set_errno(error, errno, "cannot set a pseudo-terminal up");
		close(master);
		return FALSE;
	}
	*ret_master_fd = master;
	*ret_slave_fd = slave;
	*ret_slave_path = g_strdup(path);
	return TRUE;
}
