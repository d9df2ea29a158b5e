/* flow.c - see flow.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/flow.h"

#include "sim/net/dns.h"
#include "sim/net/recognise.h"

#include <string.h>

#define MAX_FLOWS 1024
#define MAX_HEAD 16384 /* a ClientHello may be as long as that */

typedef struct {
	SimAddress far;
	guint16 near_port, far_port;
	guint8 protocol;
} Key;

typedef struct {
	SimFlow flow; /* first: callers have this part */
	Key key;
	guint32 first_seq; /* where the client's bytes begin */
	GByteArray *head;
	GList link; /* in `order` */
} Entry;

struct SimFlows {
	GHashTable *entries; /* Key to Entry */
	GQueue order;	     /* the one used last at the tail */
};

static guint hash_key(gconstpointer key)
{
	const Key *k = key;
	guint hash = (guint)k->near_port << 16 ^ k->far_port ^ (guint)k->protocol << 8;
	for (guint i = 0; i < sizeof k->far.bytes; i++)
		hash = hash * 31 + k->far.bytes[i];
	return hash;
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
	const Key *k = a, *l = b;
	return k->near_port == l->near_port && k->far_port == l->far_port && k->protocol == l->protocol &&
	       sim_address_equal(&k->far, &l->far);
}

static void free_entry(gpointer data)
{
	Entry *entry = data;
	g_free(entry->flow.name);
	g_byte_array_unref(entry->head);
	g_free(entry);
}

SimFlows *sim_flows_new(void)
{
	SimFlows *flows = g_new0(SimFlows, 1);
	flows->entries = g_hash_table_new_full(hash_key, equal_keys, NULL, free_entry);
	g_queue_init(&flows->order);
	return flows;
}

void sim_flows_free(SimFlows *flows)
{
	if (!flows)
		return;
	g_hash_table_unref(flows->entries);
	g_free(flows);
}

static void forget(SimFlows *flows, Entry *entry)
{
	g_queue_unlink(&flows->order, &entry->link);
	g_hash_table_remove(flows->entries, &entry->key);
}

static Entry *add(SimFlows *flows, const Key *key)
{
	Entry *entry = g_new0(Entry, 1);
	if (g_hash_table_size(flows->entries) >= MAX_FLOWS)
		forget(flows, g_queue_peek_head(&flows->order));
	entry->key = *key;
	entry->head = g_byte_array_new();
	entry->link.data = entry;
	g_queue_push_tail_link(&flows->order, &entry->link);
	g_hash_table_insert(flows->entries, &entry->key, entry);
	return entry;
}

/* A port that is used again begins a new connection. */
static gboolean begins_anew(const Entry *entry, const SimPacket *packet, gboolean to_modem)
{
	gboolean opens =
		packet->protocol == SIM_PROTOCOL_TCP && !to_modem && (packet->flags & (SIM_TCP_SYN | SIM_TCP_ACK)) == SIM_TCP_SYN;
	return opens && (entry->flow.dead || entry->first_seq != packet->seq + 1);
}

static Entry *find(SimFlows *flows, const SimPacket *packet, gboolean to_modem)
{
	Key key = {.far = to_modem ? packet->source : packet->destination,
		   .near_port = to_modem ? packet->destination_port : packet->source_port,
		   .far_port = to_modem ? packet->source_port : packet->destination_port,
		   .protocol = packet->protocol};
	Entry *entry = g_hash_table_lookup(flows->entries, &key);
	if (entry && begins_anew(entry, packet, to_modem)) {
		forget(flows, entry);
		entry = NULL;
	}
	if (!entry) {
		entry = add(flows, &key);
		entry->first_seq = packet->seq + (packet->flags & SIM_TCP_SYN ? 1 : 0);
		return entry;
	}
	g_queue_unlink(&flows->order, &entry->link);
	g_queue_push_tail_link(&flows->order, &entry->link);
	return entry;
}

static void settle(Entry *entry, SimFlowKind kind, const char *name)
{
	entry->flow.kind = kind;
	entry->flow.name = g_strdup(name);
	g_byte_array_set_size(entry->head, 0);
}

static void recognise_tcp(Entry *entry)
{
	char name[SIM_HOST_MAX];
	const guint8 *data = entry->head->data;
	gsize size = entry->head->len;
	SimRecognise tls = sim_recognise_sni(data, size, name);
	if (tls == SIM_RECOGNISE_FOUND) {
		settle(entry, SIM_FLOW_TLS, name);
		return;
	}
	SimRecognise http = sim_recognise_host(data, size, name);
	if (http == SIM_RECOGNISE_FOUND) {
		settle(entry, SIM_FLOW_HTTP, name);
		return;
	}
	SimRecognise vpn = sim_recognise_openvpn_tcp(data, size);
	if (vpn == SIM_RECOGNISE_FOUND)
		settle(entry, SIM_FLOW_OPENVPN, NULL);
	else if ((tls == SIM_RECOGNISE_NO && http == SIM_RECOGNISE_NO && vpn == SIM_RECOGNISE_NO) || size >= MAX_HEAD)
		settle(entry, SIM_FLOW_OTHER, NULL);
}

/* What is sent twice, or before its turn, waits for its turn to come again. */
static void see_tcp(Entry *entry, const SimPacket *packet, gboolean to_modem)
{
	gboolean in_turn = packet->seq == entry->first_seq + entry->head->len;
	if (to_modem || packet->payload_size == 0 || !in_turn || entry->flow.kind != SIM_FLOW_UNDECIDED)
		return;
	g_byte_array_append(entry->head, packet->payload, (guint)packet->payload_size);
	recognise_tcp(entry);
}

static void see_udp(Entry *entry, const SimPacket *packet)
{
	gboolean is_dns = packet->source_port == SIM_DNS_PORT || packet->destination_port == SIM_DNS_PORT;
	if (is_dns || entry->flow.kind != SIM_FLOW_UNDECIDED)
		return;
	if (sim_recognise_openvpn(packet->payload, packet->payload_size))
		settle(entry, SIM_FLOW_OPENVPN, NULL);
	else if (sim_recognise_wireguard(packet->payload, packet->payload_size))
		settle(entry, SIM_FLOW_WIREGUARD, NULL);
}

SimFlow *sim_flows_see(SimFlows *flows, const SimPacket *packet, gboolean to_modem, gboolean *ret_request)
{
	*ret_request = FALSE;
	if (!packet->whole || (packet->protocol != SIM_PROTOCOL_TCP && packet->protocol != SIM_PROTOCOL_UDP))
		return NULL;
	Entry *entry = find(flows, packet, to_modem);
	gboolean had_name = entry->flow.name != NULL;
	if (packet->protocol == SIM_PROTOCOL_TCP)
		see_tcp(entry, packet, to_modem);
	else
		see_udp(entry, packet);
	*ret_request = !had_name && entry->flow.name;
	return &entry->flow;
}
