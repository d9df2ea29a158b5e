/* act.h - what the operator does to the data of a modem, and the middle box that does it.
 *
 * An act is one happening of the data plane (scenario.h has the words and keys). The box sits in the operator's core, between the
 * radio and the internet: it sees each packet once, in either direction, lets it pass or not, and may make packets of its own in
 * the name of either end. It works on the bytes alone: no clock, no sockets. What an act does to speed (throttle, crowd) it only
 * tells; the core (core.h) has the queues.
 *
 *   dns-lie         a forged answer to a query over UDP. Asked of the operator's resolver the query goes no further; on the way to
 *                   another the box answers faster than the truth, which comes behind it
 *   tcp-reset       both ends of a connection get a RST right behind the SYN/ACK
 *   sni-reset       both get it in place of the TLS ClientHello, whose name may lie in several segments
 *   block-page      the HTTP request is answered in the server's name, which gets a RST; TLS is reset as above
 *   server-down     nothing goes to a server or comes from it, as if it were switched off
 *   captive-portal  so is every HTTP request; DNS and the portal pass, other TCP connections are reset or dropped, all else dropped
 *   vpn-block       what OpenVPN and WireGuard look like is dropped, on whatever port
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/net/dns.h"
#include "sim/net/packet.h"

typedef enum {
	SIM_ACT_DATA_DEAD,
	SIM_ACT_DNS_LIE,
	SIM_ACT_TCP_RESET,
	SIM_ACT_SNI_RESET,
	SIM_ACT_BLOCK_PAGE,
	SIM_ACT_CAPTIVE_PORTAL,
	SIM_ACT_THROTTLE,
	SIM_ACT_CROWD,
	SIM_ACT_IPV6_DEAD,
	SIM_ACT_VPN_BLOCK,
	SIM_ACT_QUIC_BLOCK,
	SIM_ACT_SERVER_DOWN,
} SimActKind;

typedef struct {
	SimActKind kind;
	char **names;		 /* NULL-terminated; NULL: not given */
	GArray *addresses;	 /* of SimAddress: of tcp-reset, server-down */
	gboolean answers_only;	 /* data-dead: the way up is open */
	gboolean operator_only;	 /* dns-lie: the operator's resolver lies, others do not */
	gboolean drops_the_rest; /* captive-portal: TCP too; else it is reset */
	SimLie lie;
	SimAddress lie_address;
	guint page;			  /* block-page: HTTP status, 200, 302 or 403 */
	char *location;			  /* of 302 */
	double rate_kbps;		  /* throttle, crowd; 0: not given */
	double latency_s, jitter_s, loss; /* crowd */
} SimAct;

void sim_act_clear(SimAct *act);

#define SIM_MAX_ACTS 32 /* that hold for one modem at a time */

typedef struct SimBox SimBox;

/* For one modem. */
SimBox *sim_box_new(void);
void sim_box_free(SimBox *box);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimBox, sim_box_free)

/* Whether the packet passes while these acts hold. `*ret_throttle`: the first throttle that is meant for it, or NULL. What the box
 * itself sends is to be taken afterwards. */
gboolean sim_box_see(SimBox *box, const SimAct *const *acts, guint n_acts, const SimPacket *packet, gboolean to_modem,
		     const SimAct **ret_throttle);
/* The next packet that it made, whole and owned by the caller, or NULL. It goes behind the packet that was seen. */
GByteArray *sim_box_take(SimBox *box, gboolean *ret_to_modem);
