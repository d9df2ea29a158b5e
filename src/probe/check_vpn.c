/* Does a VPN's server answer the first message of its protocol? SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/check.h"
#include "probe/openvpn.h"
#include "probe/wireguard.h"

#include <sodium.h>

#define STREAM_HEAD 2

typedef struct {
	guint8 session_id[8];
	WireguardHandshake handshakes[EXCHANGE_TRIES];
	guint initiations;
} Memory;

static Answer judge_openvpn(const guint8 *data, gsize length, gpointer user_data)
{
	const Check *c = user_data;
	return openvpn_is_answer(data, length, ((const Memory *)c->memory)->session_id) ? ANSWER_GOOD : ANSWER_NONE;
}

static Answer judge_openvpn_tcp(const guint8 *data, gsize length, gpointer user_data)
{
	if (length < STREAM_HEAD)
		return ANSWER_SHORT;
	const gsize wanted = (gsize)data[0] << 8 | data[1];
	if (length - STREAM_HEAD < wanted)
		return ANSWER_SHORT;
	return judge_openvpn(data + STREAM_HEAD, wanted, user_data);
}

static Answer judge_wireguard(const guint8 *data, gsize length, gpointer user_data)
{
	const Memory *m = ((const Check *)user_data)->memory;
	for (guint i = 0; i < m->initiations; i++)
		if (wireguard_is_answer(&m->handshakes[i], data, length))
			return ANSWER_GOOD;
	return ANSWER_NONE;
}

/* FALSE: there is none to be had with this key. */
static gboolean initiate(Check *c, guint8 *message)
{
	Memory *m = c->memory;
	const Target *t = c->target;
	WireguardHandshake *handshake = &m->handshakes[m->initiations++];
	return wireguard_initiate(t->private_key, t->public_key, clock_read().realtime_ns, handshake, message);
}

/* A server drops without a word an initiation that does not carry a later time than the last one of that key (the WireGuard paper,
 * 5.1): one that was sent before, and one that another modem with the same key has overtaken. */
static void initiate_again(guint8 *message, gpointer user_data)
{
	initiate(user_data, message);
}

static gsize make_openvpn(Memory *m, gboolean stream, guint8 *message)
{
	guint8 *packet = message + (stream ? STREAM_HEAD : 0);
	randombytes_buf(m->session_id, sizeof m->session_id);
	openvpn_make_reset(m->session_id, packet);
	if (!stream)
		return OPENVPN_RESET_SIZE;
	message[0] = 0;
	message[1] = OPENVPN_RESET_SIZE;
	return STREAM_HEAD + OPENVPN_RESET_SIZE;
}

static void start(Check *c)
{
	const Target *t = c->target;
	Memory *m = c->memory = g_new0(Memory, 1);
	guint8 message[WIREGUARD_INITIATION_SIZE] = {0};
	ExchangeWish wish = {.address = c->address, .family = c->family, .port = t->port, .message = message};
	switch (t->protocol) {
	case VPN_WIREGUARD:
		PROBE_SET(&c->o, test, PROBE_WIREGUARD);
		if (!initiate(c, message))
			wish.message = NULL;
		wish.renew = initiate_again;
		wish.length = WIREGUARD_INITIATION_SIZE;
		wish.judge = judge_wireguard;
		break;
	case VPN_OPENVPN:
	case VPN_OPENVPN_TCP:
		PROBE_SET(&c->o, test, PROBE_OPENVPN);
		wish.stream = t->protocol == VPN_OPENVPN_TCP;
		wish.length = make_openvpn(m, wish.stream, message);
		wish.judge = wish.stream ? judge_openvpn_tcp : judge_openvpn;
		break;
	}
	c->exchange = exchange_start(c->session, &wish, check_take_exchange, c);
}

const CheckKind check_vpn = {.start = start, .release = g_free};
