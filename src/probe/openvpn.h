/* openvpn.h - the first packet of OpenVPN's control channel, and how its answer is known. Pure.
 *
 * OpenVPN's network protocol (its documentation, "Network protocol"): a packet is one byte of opcode (5 bits) and key id (3 bits), the
 * sender's session id (8 bytes), a count of acknowledgements, for each a packet id (4 bytes), then the peer's session id (8 bytes) where
 * there are any, then the packet's own id (4 bytes, big-endian). Over TCP a length of two bytes (big-endian) stands before each.
 *
 * A server with tls-auth or tls-crypt does not answer those who lack its key.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/exchange.h"

#define OPENVPN_RESET_SIZE 14

/* P_CONTROL_HARD_RESET_CLIENT_V2, without the length of TCP. */
void openvpn_make_reset(const guint8 session_id[8], guint8 ret_packet[OPENVPN_RESET_SIZE]);
/* Whether a packet is P_CONTROL_HARD_RESET_SERVER_V2 that acknowledges ours. */
gboolean openvpn_is_answer(const guint8 *packet, gsize length, const guint8 session_id[8]);
