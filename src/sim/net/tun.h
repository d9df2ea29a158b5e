/* tun.h - network interfaces that this program is the other end of (Linux TUN, raw IP).
 *
 * They vanish when their file is closed, and so with the process.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Makes the interface in the network namespace of this process: down, without an address, without multicast (so that the kernel
 * says nothing of its own on it). The non-blocking file, or -1: the message says what privilege is missing. */
int sim_tun_open(const char *name, GError **error);
