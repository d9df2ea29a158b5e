/* pty.h - a pseudo-terminal that stands in for a modem's or receiver's device node.
 *
 * The simulator serves the master; the program under test opens the slave by its path as if it were
 * /dev/cdc-wdm0 or /dev/ttyUSB1. Both ends are raw (no echo, no line editing, eight bits), and the master
 * does not block. The simulator keeps the slave open too: without that, the first client that closes it
 * would hang the master up (read gives EIO for ever, see pty(7) and tty_ioctl(4)).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Opens a pair, both close-on-exec. The caller closes the descriptors and frees the path ("/dev/pts/5"). The
 * slave's mode is 0666, so that gpsd, which gives root up, may open what a simulator run by root made. */
gboolean sim_pty_open(int *ret_master_fd, int *ret_slave_fd, char **ret_slave_path, GError **error);
