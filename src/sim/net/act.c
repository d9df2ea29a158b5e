/* act.c - see act.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/act.h"

#include "sim/net/flow.h"
#include "sim/net/plan.h"
#include "sim/net/recognise.h"

#include <string.h>

#define HTTP_PORT 80
#define HTTPS_PORT 443

typedef struct {
	GByteArray *bytes;
	gboolean to_modem;
} Forged;

struct SimBox {
	SimFlows *flows;
	GQueue forged; /* of Forged */
};

/* One packet in front of the box. */
typedef struct {
	const SimPacket *packet;
	SimFlow *flow; /* NULL for what is neither TCP nor UDP */
	gboolean to_modem, request;
} Sight;

void sim_act_clear(SimAct *act)
{
	g_strfreev(act->names);
	g_clear_pointer(&act->addresses, g_array_unref);
	g_free(act->location);
}

SimBox *sim_box_new(void)
{
	SimBox *box = g_new0(SimBox, 1);
	box->flows = sim_flows_new();
	g_queue_init(&box->forged);
	return box;
}

void sim_box_free(SimBox *box)
{
	if (!box)
		return;
	gboolean to_modem;
	for (GByteArray *bytes; (bytes = sim_box_take(box, &to_modem)) != NULL;)
		g_byte_array_unref(bytes);
	sim_flows_free(box->flows);
	g_free(box);
}

GByteArray *sim_box_take(SimBox *box, gboolean *ret_to_modem)
{
	g_autofree Forged *forged = g_queue_pop_head(&box->forged);
	if (!forged)
		return NULL;
	*ret_to_modem = forged->to_modem;
	return forged->bytes;
}

static void send_packet(SimBox *box, const SimPacket *packet, gboolean to_modem)
{
	Forged *forged = g_new(Forged, 1);
	*forged = (Forged){.bytes = sim_packet_build(packet), .to_modem = to_modem};
	g_queue_push_tail(&box->forged, forged);
}

/* A RST for the one who sent this packet, in its peer's name. */
static void reset_sender(SimBox *box, const Sight *s)
{
	SimPacket reset = sim_packet_empty(s->packet, TRUE);
	reset.seq = s->packet->flags & SIM_TCP_ACK ? s->packet->ack : 0;
	reset.ack = sim_packet_end_seq(s->packet);
	reset.flags = SIM_TCP_RST | SIM_TCP_ACK;
	send_packet(box, &reset, !s->to_modem);
}

/* One for its receiver, in the sender's name: behind the packet, or in its place. */
static void reset_receiver(SimBox *box, const Sight *s, gboolean behind)
{
	SimPacket reset = sim_packet_empty(s->packet, FALSE);
	reset.seq = behind ? sim_packet_end_seq(s->packet) : s->packet->seq;
	reset.flags = SIM_TCP_RST | SIM_TCP_ACK;
	send_packet(box, &reset, s->to_modem);
}

static void cut(SimBox *box, const Sight *s)
{
	reset_sender(box, s);
	reset_receiver(box, s, FALSE);
	s->flow->dead = TRUE;
}

static char *page_text(guint status, const char *location)
{
	const char *body = "<html><head><title>Access denied</title></head><body>This site is not available.</body></html>\r\n";
	const char *reason = status == 302 ? "Found" : status == 200 ? "OK" : "Forbidden";
	g_autofree char *where = status == 302 ? g_strdup_printf("Location: %s\r\n", location) : g_strdup("");
	return g_strdup_printf("HTTP/1.1 %u %s\r\n%sContent-Type: text/html\r\nContent-Length: %" G_GSIZE_FORMAT
			       "\r\nConnection: close\r\n\r\n%s",
			       status, reason, where, strlen(body), body);
}

/* The answer to an HTTP request and the end of the connection, all in the server's name. */
static void answer_request(SimBox *box, const Sight *s, guint status, const char *location)
{
	g_autofree char *text = page_text(status, location);
	SimPacket page = sim_packet_empty(s->packet, TRUE);
	page.seq = s->packet->ack;
	page.ack = sim_packet_end_seq(s->packet);
	page.flags = SIM_TCP_PSH | SIM_TCP_ACK | SIM_TCP_FIN;
	page.payload = (const guint8 *)text;
	page.payload_size = strlen(text);
	send_packet(box, &page, TRUE);
	reset_receiver(box, s, FALSE);
	s->flow->dead = s->flow->forged = TRUE;
	s->flow->forged_seq = sim_packet_end_seq(&page);
}

/* Nothing of a connection that was cut passes. A client that says good-bye to a forged page hears the last ACK; one that goes on
 * sending lost our RST on its way, and gets another. */
static void see_dead(SimBox *box, const Sight *s)
{
	if (s->to_modem || (s->packet->flags & SIM_TCP_RST))
		return;
	if (s->packet->payload_size > 0) {
		reset_sender(box, s);
	} else if (s->flow->forged && (s->packet->flags & SIM_TCP_FIN)) {
		SimPacket last = sim_packet_empty(s->packet, TRUE);
		last.seq = s->flow->forged_seq;
		last.ack = sim_packet_end_seq(s->packet);
		last.flags = SIM_TCP_ACK;
		send_packet(box, &last, TRUE);
	}
}

static gboolean is_tcp(const Sight *s)
{
	return s->flow && s->packet->protocol == SIM_PROTOCOL_TCP;
}

static guint16 far_port(const Sight *s)
{
	return s->to_modem ? s->packet->source_port : s->packet->destination_port;
}

static const SimAddress *far_address(const Sight *s)
{
	return s->to_modem ? &s->packet->source : &s->packet->destination;
}

static gboolean is_named(const SimAct *act, const char *name)
{
	return act->names && name && sim_name_matches((const char *const *)act->names, name);
}

static gboolean is_addressed(const SimAct *act, const SimAddress *address)
{
	for (guint i = 0; act->addresses && i < act->addresses->len; i++)
		if (sim_address_equal(&g_array_index(act->addresses, SimAddress, i), address))
			return TRUE;
	return act->names && sim_plan_has_name(address, (const char *const *)act->names);
}

/* What follows says whether the packet passes while its act holds. */

static gboolean see_dns_lie(SimBox *box, const SimAct *act, const Sight *s)
{
	const SimPacket *packet = s->packet;
	SimDnsQuestion question;
	if (!s->flow || s->to_modem || packet->protocol != SIM_PROTOCOL_UDP || packet->destination_port != SIM_DNS_PORT ||
	    !sim_dns_parse(packet->payload, packet->payload_size, &question) || !is_named(act, question.name))
		return TRUE;
	gboolean of_operator = sim_plan_is_operator_resolver(&packet->destination);
	if (act->operator_only && !of_operator)
		return TRUE;
	g_autoptr(GByteArray) lie = sim_dns_forge(packet->payload, &question, act->lie, &act->lie_address);
	if (!lie)
		return FALSE;
	SimPacket answer = sim_packet_empty(packet, TRUE);
	answer.payload = lie->data;
	answer.payload_size = lie->len;
	send_packet(box, &answer, TRUE);
	return !of_operator;
}

static gboolean see_tcp_reset(SimBox *box, const SimAct *act, const Sight *s)
{
	const guint8 both = SIM_TCP_SYN | SIM_TCP_ACK;
	if (!is_tcp(s) || !s->to_modem || (s->packet->flags & both) != both || !is_addressed(act, &s->packet->source))
		return TRUE;
	reset_receiver(box, s, TRUE);
	reset_sender(box, s);
	s->flow->dead = TRUE;
	return TRUE;
}

static gboolean see_sni_reset(SimBox *box, const SimAct *act, const Sight *s)
{
	if (!s->request || s->flow->kind != SIM_FLOW_TLS || !is_named(act, s->flow->name))
		return TRUE;
	cut(box, s);
	return FALSE;
}

static gboolean see_block_page(SimBox *box, const SimAct *act, const Sight *s)
{
	if (!s->request || s->flow->kind != SIM_FLOW_HTTP || !is_named(act, s->flow->name))
		return see_sni_reset(box, act, s);
	answer_request(box, s, act->page, act->location);
	return FALSE;
}

static gboolean is_portal(const SimAddress *address)
{
	static const char *const names[] = {SIM_PORTAL_NAME, NULL};
	return sim_plan_has_name(address, names);
}

static gboolean see_captive_portal(SimBox *box, const SimAct *act, const Sight *s)
{
	if (!s->flow)
		return FALSE;
	if (far_port(s) == SIM_DNS_PORT || is_portal(far_address(s)))
		return TRUE;
	if (s->request && s->flow->kind == SIM_FLOW_HTTP) {
		answer_request(box, s, 302, SIM_PORTAL_URL);
		return FALSE;
	}
	if (is_tcp(s) && far_port(s) == HTTP_PORT)
		return TRUE;
	if (is_tcp(s) && !s->to_modem && !act->drops_the_rest && !(s->packet->flags & SIM_TCP_RST))
		reset_sender(box, s);
	return FALSE;
}

static gboolean see_vpn_block(SimBox *box, const SimAct *act, const Sight *s)
{
	(void)box;
	(void)act;
	return !s->flow || (s->flow->kind != SIM_FLOW_OPENVPN && s->flow->kind != SIM_FLOW_WIREGUARD);
}

static gboolean see_quic_block(SimBox *box, const SimAct *act, const Sight *s)
{
	(void)box;
	(void)act;
	return !s->flow || s->packet->protocol != SIM_PROTOCOL_UDP || far_port(s) != HTTPS_PORT;
}

static gboolean see_server_down(SimBox *box, const SimAct *act, const Sight *s)
{
	(void)box;
	return !is_addressed(act, far_address(s));
}

/* NULL: is_cut_off() does it, or it only changes the speed. */
static gboolean (*const judges[])(SimBox *box, const SimAct *act, const Sight *s) = {
	[SIM_ACT_DATA_DEAD] = NULL,
	[SIM_ACT_DNS_LIE] = see_dns_lie,
	[SIM_ACT_TCP_RESET] = see_tcp_reset,
	[SIM_ACT_SNI_RESET] = see_sni_reset,
	[SIM_ACT_BLOCK_PAGE] = see_block_page,
	[SIM_ACT_CAPTIVE_PORTAL] = see_captive_portal,
	[SIM_ACT_THROTTLE] = NULL,
	[SIM_ACT_CROWD] = NULL,
	[SIM_ACT_IPV6_DEAD] = NULL,
	[SIM_ACT_VPN_BLOCK] = see_vpn_block,
	[SIM_ACT_QUIC_BLOCK] = see_quic_block,
	[SIM_ACT_SERVER_DOWN] = see_server_down,
};

static gboolean is_throttled(const SimAct *act, const Sight *s)
{
	if (act->kind != SIM_ACT_THROTTLE)
		return FALSE;
	return !act->names || (s->flow && is_named(act, s->flow->name)) || is_addressed(act, far_address(s));
}

/* Where nothing gets through, nothing is heard of the box either. */
static gboolean is_cut_off(const SimAct *const *acts, guint n_acts, const Sight *s)
{
	for (guint i = 0; i < n_acts; i++)
		if ((acts[i]->kind == SIM_ACT_DATA_DEAD && (s->to_modem || !acts[i]->answers_only)) ||
		    (acts[i]->kind == SIM_ACT_IPV6_DEAD && s->packet->source.ipv6))
			return TRUE;
	return FALSE;
}

gboolean sim_box_see(SimBox *box, const SimAct *const *acts, guint n_acts, const SimPacket *packet, gboolean to_modem,
		     const SimAct **ret_throttle)
{
	Sight s = {.packet = packet, .to_modem = to_modem};
	*ret_throttle = NULL;
	if (is_cut_off(acts, n_acts, &s))
		return FALSE;
	s.flow = sim_flows_see(box->flows, packet, to_modem, &s.request);
	if (s.flow && s.flow->dead) {
		see_dead(box, &s);
		return FALSE;
	}
	for (guint i = 0; i < n_acts; i++) {
		if (judges[acts[i]->kind] && !judges[acts[i]->kind](box, acts[i], &s))
			return FALSE;
		if (!*ret_throttle && is_throttled(acts[i], &s))
			*ret_throttle = acts[i];
	}
	return TRUE;
}
