/* packet.h - IP packets with TCP and UDP inside: taking them apart, and making new ones.
 *
 * Pure: bytes in, bytes out. Whatever the host sends is parsed within its bounds; what does not hold together is no packet.
 * IPv4 is RFC 791, IPv6 RFC 8200 (hop-by-hop, routing and destination options are passed over), TCP RFC 9293, UDP RFC 768.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define SIM_PACKET_MAX 65535
#define SIM_PROTOCOL_TCP 6
#define SIM_PROTOCOL_UDP 17

#define SIM_TCP_FIN 0x01
#define SIM_TCP_SYN 0x02
#define SIM_TCP_RST 0x04
#define SIM_TCP_PSH 0x08
#define SIM_TCP_ACK 0x10

typedef struct {
	gboolean ipv6;
	guint8 bytes[16]; /* in network order; IPv4: the first four, zeros behind */
} SimAddress;

typedef struct {
	SimAddress source, destination;
	guint8 protocol; /* what the IP payload is */
	gboolean whole;	 /* no fragment: what follows is valid for TCP and UDP */
	guint16 source_port, destination_port;
	guint32 seq, ack; /* of TCP, as is the next */
	guint8 flags;
	const guint8 *payload; /* borrowed from the packet */
	gsize payload_size;
} SimPacket;

/* FALSE for what is no IP packet of exactly that size, or whose TCP or UDP header is cut off. */
gboolean sim_packet_parse(const guint8 *data, gsize size, SimPacket *ret_packet);
/* The sequence number behind all that a TCP packet carries, SYN and FIN included. */
guint32 sim_packet_end_seq(const SimPacket *packet);

/* The packet that `packet` describes, with its checksums; ports, seq, ack, flags and payload of TCP or UDP. */
GByteArray *sim_packet_build(const SimPacket *packet);
/* One of the same connection, empty: from the receiver to the sender of `packet` (back), or the same way. */
SimPacket sim_packet_empty(const SimPacket *packet, gboolean back);

/* "198.51.100.1", "2001:db8::1". */
gboolean sim_address_parse(const char *text, SimAddress *ret_address);
gboolean sim_address_equal(const SimAddress *a, const SimAddress *b);

static inline guint16 sim_get_be16(const guint8 *at)
{
	return (guint16)(at[0] << 8 | at[1]);
}

static inline guint32 sim_get_be32(const guint8 *at)
{
	return (guint32)sim_get_be16(at) << 16 | sim_get_be16(at + 2);
}

static inline void sim_put_be16(guint8 *at, guint16 value)
{
	at[0] = (guint8)(value >> 8);
	at[1] = (guint8)value;
}

static inline void sim_put_be32(guint8 *at, guint32 value)
{
	sim_put_be16(at, (guint16)(value >> 16));
	sim_put_be16(at + 2, (guint16)value);
}
