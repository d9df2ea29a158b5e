/* recognise.h - what a connection is, by its client's first bytes: whose TLS or HTTP, or which VPN.
 *
 * Pure and bounds-checked. The bytes of a TCP connection come in pieces: "more" asks for another look when there are more.
 * TLS is RFC 8446 clause 4.1.2 with the extension of RFC 6066 clause 3, HTTP/1 RFC 9112, OpenVPN as in the wire protocol that its
 * project publishes (openvpn-rfc), WireGuard as in its paper (clause 5.4).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define SIM_HOST_MAX 254 /* a host's name with the NUL */

typedef enum {
	SIM_RECOGNISE_MORE, /* it may be one, but there are too few bytes */
	SIM_RECOGNISE_NO,   /* it is none, or one without a name */
	SIM_RECOGNISE_FOUND,
} SimRecognise;

/* Server name of a ClientHello, lower case. It may be spread over several records. */
SimRecognise sim_recognise_sni(const guint8 *data, gsize size, char ret_name[SIM_HOST_MAX]);
/* Host of an HTTP/1 request whose head is complete, lower case, without a port. */
SimRecognise sim_recognise_host(const guint8 *data, gsize size, char ret_name[SIM_HOST_MAX]);

/* A datagram that opens or answers the opening of an OpenVPN session. */
gboolean sim_recognise_openvpn(const guint8 *data, gsize size);
/* The same over TCP, where each message has its length before it. */
SimRecognise sim_recognise_openvpn_tcp(const guint8 *data, gsize size);
/* Any message of WireGuard. */
gboolean sim_recognise_wireguard(const guint8 *data, gsize size);

/* Whether `host` is one of the names (NULL-terminated) or lies below one. */
gboolean sim_name_matches(const char *const *names, const char *host);
