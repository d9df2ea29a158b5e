/* flow.h - the connections that one modem has through the operator's core, and what each has turned out to be.
 *
 * A connection is known by its ports and its far address. The first bytes of its client are kept until they are recognised
 * (recognise.h) or too many. Memory is bounded: the connection that was silent for longest is forgotten.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/net/packet.h"

typedef enum {
	SIM_FLOW_UNDECIDED,
	SIM_FLOW_OTHER,
	SIM_FLOW_TLS,  /* with a server name */
	SIM_FLOW_HTTP, /* with a host */
	SIM_FLOW_OPENVPN,
	SIM_FLOW_WIREGUARD,
} SimFlowKind;

typedef struct {
	SimFlowKind kind;
	char *name;	 /* of TLS and HTTP */
	gboolean dead;	 /* it was cut: set by who cut it */
	gboolean forged; /* and answered in the server's place; `forged_seq` comes next from there */
	guint32 forged_seq;
} SimFlow;

typedef struct SimFlows SimFlows;

SimFlows *sim_flows_new(void);
void sim_flows_free(SimFlows *flows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimFlows, sim_flows_free)

/* The connection of a packet, borrowed until the next call; NULL for what is neither TCP nor UDP, and fragments. `*ret_request` is
 * whether this very packet completed a TLS or HTTP request with a name. */
SimFlow *sim_flows_see(SimFlows *flows, const SimPacket *packet, gboolean to_modem, gboolean *ret_request);
