/* targets.h - what may be contacted, and nothing else: a readable file of targets.
 *
 * A key file (keyfile.h). Several files may be given: the one that came with jamlog and, say, one for a country. A name stands once in
 * its kind over all files; the later file's group takes the earlier one's place.
 *
 *   [trust]            authorities = FILE   certificates (PEM) that are believed beside those of the system; a relative path starts at
 *                      the folder of the file of targets
 *   [resolver NAME]    address = IP         a known resolver; the operator's own is asked without being named
 *   [ip NAME]          address = IP, port   raw reachability: a TCP connection, no name looked up
 *   [web NAME]         url = http(s)://HOST[:PORT]/PATH; role = target (or control), category, status = 200, body = TEXT that the answer
 *                      holds; quic = no (yes: asked over HTTP/3 too, where the library can; https alone)
 *   [helper NAME]      address = IP, port = 443, server-name = NAME   a TLS server that answers to any name; the control is this name
 *   [sni NAME]         helper = NAME, server-name = HOST, category   TLS to the helper under that name
 *   [portal NAME]      url = http://..., status = 204, body = TEXT   known answer; another one is a captive portal
 *   [vpn NAME]         protocol = wireguard, openvpn (UDP) or openvpn-tcp; address = IP, port; wireguard: public-key (the server's),
 *                      private-key (a peer's that it knows); category
 *   [rate NAME]        url, bytes = 262144 (the cap), role = target or control, category; status = 200
 *
 * A target of web or rate without a control of the same kind says nothing when it fails, so it is an error; sni has its control in
 * the helper, and a web target over QUIC needs a control over QUIC.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

typedef enum { TARGET_RESOLVER, TARGET_IP, TARGET_PORTAL, TARGET_WEB, TARGET_HELPER, TARGET_SNI, TARGET_VPN, TARGET_RATE } TargetKind;
#define TARGET_KINDS (TARGET_RATE + 1)
typedef enum { VPN_WIREGUARD, VPN_OPENVPN, VPN_OPENVPN_TCP } VpnProtocol;
/* As in the file, NULL-terminated. */
extern const char *const target_kind_words[], *const vpn_protocol_words[];

/* One group. Which members are set depends on its kind; texts that are not are NULL. */
typedef struct Target {
	TargetKind kind;
	char *name;
	char *where;            /* "FILE:LINE" */
	char *category;
	ProbeRole role;
	char *url, *host;       /* host: without brackets; a name in lower case, or an IP address */
	gboolean tls;           /* of the url */
	char *address;          /* IP in its usual form */
	SessionFamily family;   /* of the address: SESSION_IPV4 or SESSION_IPV6 */
	guint16 port;
	char *server_name;      /* helper: its own; sni: the one that is tried */
	char *helper_name;
	const struct Target *helper; /* sni; borrowed from the same Targets */
	guint status;
	char *body;
	gboolean quic;
	guint64 bytes;          /* rate: of the body */
	VpnProtocol protocol;
	guint8 public_key[32], private_key[32];
} Target;

typedef struct {
	GPtrArray *all;         /* of Target, in the order of the files */
	GPtrArray *authorities; /* of char *: paths */
} Targets;

/* What came with jamlog: JAMLOG_SHARE/targets.conf. Static. */
const char *targets_shipped_path(void);

/* Reads the files (NULL-terminated paths; NULL: the one that came with jamlog). NULL with USAGE: the message names file, line and key. */
Targets *targets_load(const char *const *paths, GError **error);
/* The same from memory, one file; `label` stands for the path in messages. */
Targets *targets_load_data(const char *label, const char *text, GError **error);
void targets_free(Targets *targets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Targets, targets_free)

/* The names that a round looks up: one target for each different host that is no address. Borrowed members. */
GPtrArray *targets_with_names(const Targets *targets);

/* The most bytes that one check of this target can take, both ways, headers of IP and up; dns: one name asked of one resolver (A and
 * AAAA). A check is begun only where so many are left. */
guint64 target_cap(const Target *target);
#define TARGET_DNS_CAP 2000

/* The most bytes that a round over one family or both can take, each control asked twice. */
guint64 targets_round_cap(const Targets *targets, SessionFamily family);
