/* packet.c - see packet.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/packet.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV4_HEAD 20
#define IPV6_HEAD 40
#define TCP_HEAD 20
#define UDP_HEAD 8
#define HOP_LIMIT 64
#define WINDOW 65535

/* Extension headers of IPv6 that say nothing to us, RFC 8200 clause 4. */
#define NEXT_HOP_BY_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_DESTINATION 60

static gboolean parse_tcp(SimPacket *packet, const guint8 *at, gsize size)
{
	gsize head = size < TCP_HEAD ? 0 : (gsize)(at[12] >> 4) * 4;
	if (head < TCP_HEAD || head > size)
		return FALSE;
	packet->source_port = sim_get_be16(at);
	packet->destination_port = sim_get_be16(at + 2);
	packet->seq = sim_get_be32(at + 4);
	packet->ack = sim_get_be32(at + 8);
	packet->flags = at[13];
	packet->payload = at + head;
	packet->payload_size = size - head;
	return TRUE;
}

static gboolean parse_udp(SimPacket *packet, const guint8 *at, gsize size)
{
	if (size < UDP_HEAD || sim_get_be16(at + 4) < UDP_HEAD || sim_get_be16(at + 4) > size)
		return FALSE;
	packet->source_port = sim_get_be16(at);
	packet->destination_port = sim_get_be16(at + 2);
	packet->payload = at + UDP_HEAD;
	packet->payload_size = sim_get_be16(at + 4) - (gsize)UDP_HEAD;
	return TRUE;
}

static gboolean parse_inside(SimPacket *packet, const guint8 *at, gsize size)
{
	if (!packet->whole)
		return TRUE;
	if (packet->protocol == SIM_PROTOCOL_TCP)
		return parse_tcp(packet, at, size);
	return packet->protocol != SIM_PROTOCOL_UDP || parse_udp(packet, at, size);
}

static gboolean parse_ipv4(SimPacket *packet, const guint8 *data, gsize size)
{
	gsize head = size < IPV4_HEAD ? 0 : (gsize)(data[0] & 0x0f) * 4;
	if (head < IPV4_HEAD || head > size || sim_get_be16(data + 2) != size)
		return FALSE;
	memcpy(packet->source.bytes, data + 12, 4);
	memcpy(packet->destination.bytes, data + 16, 4);
	packet->protocol = data[9];
	packet->whole = (sim_get_be16(data + 6) & 0x3fff) == 0; /* neither "more fragments" nor an offset */
	return parse_inside(packet, data + head, size - head);
}

static gboolean parse_ipv6(SimPacket *packet, const guint8 *data, gsize size)
{
	if (size < IPV6_HEAD || sim_get_be16(data + 4) != size - IPV6_HEAD)
		return FALSE;
	packet->source.ipv6 = packet->destination.ipv6 = TRUE;
	memcpy(packet->source.bytes, data + 8, 16);
	memcpy(packet->destination.bytes, data + 24, 16);
	guint8 next = data[6];
	gsize at = IPV6_HEAD;
	while (next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_DESTINATION) {
		if (size - at < 8 || size - at < (gsize)(data[at + 1] + 1) * 8)
			return FALSE;
		next = data[at];
		at += (gsize)(data[at + 1] + 1) * 8;
	}
	packet->protocol = next;
	packet->whole = next != NEXT_FRAGMENT;
	return parse_inside(packet, data + at, size - at);
}

gboolean sim_packet_parse(const guint8 *data, gsize size, SimPacket *ret_packet)
{
	SimPacket packet = {0};
	if (size == 0 || size > SIM_PACKET_MAX)
		return FALSE;
	gboolean ok = data[0] >> 4 == 4 ? parse_ipv4(&packet, data, size) : data[0] >> 4 == 6 && parse_ipv6(&packet, data, size);
	if (ok)
		*ret_packet = packet;
	return ok;
}

guint32 sim_packet_end_seq(const SimPacket *packet)
{
	return packet->seq + (guint32)packet->payload_size + (packet->flags & SIM_TCP_SYN ? 1 : 0) +
	       (packet->flags & SIM_TCP_FIN ? 1 : 0);
}

/* The sum of RFC 1071, not yet folded or inverted. */
static guint32 add_words(guint32 sum, const guint8 *at, gsize size)
{
	for (; size > 1; at += 2, size -= 2)
		sum += sim_get_be16(at);
	return size ? sum + (guint32)(at[0] << 8) : sum;
}

static guint16 fold(guint32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (guint16)~sum;
}

static guint16 inner_checksum(const SimPacket *packet, const guint8 *at, gsize size)
{
	gsize length = packet->source.ipv6 ? 16 : 4;
	guint32 sum = packet->protocol + (guint32)size;
	sum = add_words(sum, packet->source.bytes, length);
	sum = add_words(sum, packet->destination.bytes, length);
	return fold(add_words(sum, at, size));
}

static void put_ip_head(const SimPacket *packet, guint8 *at, gsize size)
{
	if (packet->source.ipv6) {
		at[0] = 0x60;
		sim_put_be16(at + 4, (guint16)(size - IPV6_HEAD));
		at[6] = packet->protocol;
		at[7] = HOP_LIMIT;
		memcpy(at + 8, packet->source.bytes, 16);
		memcpy(at + 24, packet->destination.bytes, 16);
		return;
	}
	at[0] = 0x45;
	sim_put_be16(at + 2, (guint16)size);
	sim_put_be16(at + 6, 0x4000); /* don't fragment: so it needs no identification, RFC 6864 */
	at[8] = HOP_LIMIT;
	at[9] = packet->protocol;
	memcpy(at + 12, packet->source.bytes, 4);
	memcpy(at + 16, packet->destination.bytes, 4);
	sim_put_be16(at + 10, fold(add_words(0, at, IPV4_HEAD)));
}

static void put_tcp_head(const SimPacket *packet, guint8 *at, gsize size)
{
	sim_put_be32(at + 4, packet->seq);
	sim_put_be32(at + 8, packet->ack);
	at[12] = TCP_HEAD / 4 << 4;
	at[13] = packet->flags;
	sim_put_be16(at + 14, packet->flags & SIM_TCP_RST ? 0 : WINDOW);
	sim_put_be16(at + 16, inner_checksum(packet, at, size));
}

static void put_udp_head(const SimPacket *packet, guint8 *at, gsize size)
{
	sim_put_be16(at + 4, (guint16)size);
	guint16 checksum = inner_checksum(packet, at, size);
	sim_put_be16(at + 6, checksum ? checksum : 0xffff); /* zero is for "none" */
}

GByteArray *sim_packet_build(const SimPacket *packet)
{
	gboolean tcp = packet->protocol == SIM_PROTOCOL_TCP;
	gsize outer = packet->source.ipv6 ? IPV6_HEAD : IPV4_HEAD, inner = tcp ? TCP_HEAD : UDP_HEAD;
	gsize size = outer + inner + packet->payload_size;
	GByteArray *bytes = g_byte_array_sized_new((guint)size);
	g_byte_array_set_size(bytes, (guint)size);
	memset(bytes->data, 0, outer + inner);
	guint8 *at = bytes->data + outer;
	sim_put_be16(at, packet->source_port);
	sim_put_be16(at + 2, packet->destination_port);
	if (packet->payload_size)
		memcpy(at + inner, packet->payload, packet->payload_size);
	(tcp ? put_tcp_head : put_udp_head)(packet, at, inner + packet->payload_size);
	put_ip_head(packet, bytes->data, size);
	return bytes;
}

SimPacket sim_packet_empty(const SimPacket *packet, gboolean back)
{
	SimPacket empty = *packet;
	empty.payload = NULL;
	empty.payload_size = 0;
	if (!back)
		return empty;
	empty.source = packet->destination;
	empty.destination = packet->source;
	empty.source_port = packet->destination_port;
	empty.destination_port = packet->source_port;
	return empty;
}

gboolean sim_address_parse(const char *text, SimAddress *ret_address)
{
	SimAddress address = {.ipv6 = strchr(text, ':') != NULL};
	if (inet_pton(address.ipv6 ? AF_INET6 : AF_INET, text, address.bytes) != 1)
		return FALSE;
	*ret_address = address;
	return TRUE;
}

gboolean sim_address_equal(const SimAddress *a, const SimAddress *b)
{
	return a->ipv6 == b->ipv6 && memcmp(a->bytes, b->bytes, a->ipv6 ? 16 : 4) == 0;
}
