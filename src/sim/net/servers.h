/* servers.h - the real servers of the simulated internet: their files, and the commands that start them.
 *
 * dnsmasq resolves (the operator's resolver and the known ones tell the same, the truth), nginx has the web sites over HTTP and
 * HTTPS, openvpn and wireguard-go answer handshakes; openssl makes the certificates. openvpn and wireguard-go may be missing: then
 * there is no such server. All files are made anew by each run:
 *
 *   FOLDER/ca.pem            the authority of all certificates here
 *   FOLDER/NAME.conf, .log  configuration and last words of each server
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/net/packet.h"

#define SIM_INTERNET_INTERFACE "internet" /* of the namespace that they run in */

typedef struct {
	const char *name; /* "nginx"; the output goes to FOLDER/NAME.log */
	char **argv;
	gboolean stays; /* a server; else a step that has to end well before the next one */
	/* Where it can be seen that it serves: a port of UDP or TCP; "" for neither. */
	SimAddress address;
	guint16 port;
	gboolean udp;
} SimCommand;

/* Writes the files, whose folder (an absolute path) must exist, and gives the commands in their order: SimCommand, owned by the
 * array. `seed`: of the random file /sample. NULL with an error where a program is missing. */
GPtrArray *sim_servers_prepare(const char *folder, guint64 seed, GError **error);
/* Writes what jamlog-probe can be given as its targets (include/targets.h); after sim_servers_prepare(). */
gboolean sim_servers_write_targets(const char *folder, const char *path, GError **error);
