/* basic.c - Basic Connect: its commands, and those about the modem and its card.
 *
 * Sources: MBIM 1.0 errata 1, 10.5; libmbim data/mbim-service-basic-connect.json and its -v2 and -v3.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/info.h"
#include "sim/mbim/values.h"

#define FLAG_REMOVABLE      (1 << 1 | 1 << 2) /* it is known whether the card can be removed, and it can */
#define PIN_UNKNOWN         0
#define PIN_1               2
#define PIN_RETRIES         3
#define PIN_MODE_ENABLED    1
#define PIN_MODE_DISABLED   2
#define PIN_FORMAT_NUMERIC  1

SimMbimStatus sim_mbim_need_card(const SimMbimCall *call)
{
	switch (call->state->card) {
	case SIM_CARD_READY:
		return SIM_MBIM_STATUS_NONE;
	case SIM_CARD_ABSENT:
		return SIM_MBIM_STATUS_SIM_NOT_INSERTED;
	case SIM_CARD_PIN_LOCKED:
		return SIM_MBIM_STATUS_PIN_REQUIRED;
	case SIM_CARD_ERROR:
		return SIM_MBIM_STATUS_BAD_SIM;
	}
	return SIM_MBIM_STATUS_BAD_SIM;
}

static SimMbimStatus need_open_card(SimMbimCall *call)
{
	return sim_mbim_need_card(call);
}

static SimMbimStatus need_any_card(SimMbimCall *call)
{
	SimMbimStatus status = sim_mbim_need_card(call);
	return status == SIM_MBIM_STATUS_PIN_REQUIRED ? SIM_MBIM_STATUS_NONE : status;
}

static guint32 ready_state(SimCard card)
{
	switch (card) {
	case SIM_CARD_READY:
		return 1;
	case SIM_CARD_ABSENT:
		return 2;
	case SIM_CARD_ERROR:
		return 3;
	case SIM_CARD_PIN_LOCKED:
		return 6;
	}
	return 0;
}

/* ready state u32, from MBIMEx 3.0 flags u32, IMSI, ICCID, ready info u32, count u32, { telephone number }. The ICCID can be
 * read as soon as there is a card, the IMSI only after the PIN. */
static void write_subscriber(const SimMbimCall *call, ByteWriter *w)
{
	SimCard card = call->state->card;
	gboolean ready = card == SIM_CARD_READY, present = ready || card == SIM_CARD_PIN_LOCKED;
	SimMbimStruct s = sim_mbim_struct_begin(w);
	byte_writer_u32(w, ready_state(card));
	if (call->session->mbimex >= SIM_MBIMEX_3)
		byte_writer_u32(w, FLAG_REMOVABLE);
	sim_mbim_struct_text(&s, ready ? call->info->imsi : NULL);
	sim_mbim_struct_text(&s, present ? call->info->iccid : NULL);
	byte_writer_u32(w, 0);
	byte_writer_u32(w, 0);
	sim_mbim_struct_texts(&s);
}

static SimMbimStatus handle_radio(SimMbimCall *call)
{
	if (!call->request->is_set)
		return SIM_MBIM_STATUS_NONE;
	guint32 on = byte_reader_u32(&call->request->info);
	if (call->request->info.failed || on > 1)
		return SIM_MBIM_STATUS_INVALID_PARAMETERS;
	sim_mbim_order(call, on ? SIM_ORDER_ONLINE : SIM_ORDER_LOW_POWER);
	return SIM_MBIM_STATUS_NONE;
}

/* hardware switch u32, software switch u32: after a set as it will be, while the modem obeys */
static void write_radio(const SimMbimCall *call, ByteWriter *w)
{
	guint32 on = call->state->operating_mode == SIM_OPMODE_ONLINE ? 1 : 0;
	if (call->request && call->request->is_set) {
		ByteReader r = byte_reader_init(call->request->info.data, call->request->info.length);
		on = byte_reader_u32(&r);
	}
	byte_writer_u32(w, 1); /* no kill switch */
	byte_writer_u32(w, on);
}

/* type u32, locked u32, attempts left u32 */
static void write_pin(const SimMbimCall *call, ByteWriter *w)
{
	gboolean locked = call->state->card == SIM_CARD_PIN_LOCKED;
	byte_writer_u32(w, locked ? PIN_1 : PIN_UNKNOWN);
	byte_writer_u32(w, locked ? 1 : 0);
	byte_writer_u32(w, locked ? PIN_RETRIES : SIM_MBIM_DONT_CARE);
}

/* { mode u32, format u32, least length u32, greatest u32 } of PIN1, PIN2 and eight others, which a plain modem does not know */
static void write_pin_list(const SimMbimCall *call, ByteWriter *w)
{
	static const guint8 unsupported[9 * 16] = {0};
	byte_writer_u32(w, call->state->card == SIM_CARD_PIN_LOCKED ? PIN_MODE_ENABLED : PIN_MODE_DISABLED);
	byte_writer_u32(w, PIN_FORMAT_NUMERIC);
	byte_writer_u32(w, 4);
	byte_writer_u32(w, 8);
	byte_writer_put(w, unsupported, sizeof unsupported);
}

/* state u32: on where emergency calls are all that the network allows */
static void write_emergency(const SimMbimCall *call, ByteWriter *w)
{
	byte_writer_u32(w, call->state->service == SIM_SERVICE_LIMITED ? 1 : 0);
}

enum { Q = SIM_MBIM_QUERY, S = SIM_MBIM_SET, N = SIM_MBIM_NOTIFY };

static const SimMbimRow rows[] = {
	{1, "Device Caps", Q, NULL, sim_mbim_write_caps, NULL},
	{2, "Subscriber Ready Status", Q | N, NULL, write_subscriber, NULL},
	{3, "Radio State", Q | S | N, handle_radio, write_radio, NULL},
	{4, "PIN", Q, need_any_card, write_pin, NULL},
	{5, "PIN List", Q, need_any_card, write_pin_list, NULL},
	{6, "Home Provider", Q, need_open_card, sim_mbim_write_home_provider, NULL},
	{9, "Register State", Q | S | N, sim_mbim_handle_register, sim_mbim_write_register, NULL},
	{10, "Packet Service", Q | N, NULL, sim_mbim_write_packet_service, NULL},
	{11, "Signal State", Q | S | N, sim_mbim_handle_signal, sim_mbim_write_signal, sim_mbim_signal_is_due},
	{SIM_MBIM_CONNECT_CID, "Connect", Q | S | N, sim_mbim_handle_connect, sim_mbim_write_connect, NULL},
	{15, "IP Configuration", Q, sim_mbim_handle_addresses, sim_mbim_write_addresses, NULL},
	{16, "Device Services", Q, NULL, sim_mbim_write_services, NULL},
	{19, "Device Service Subscribe List", S, sim_mbim_handle_subscribe, sim_mbim_write_subscribed, NULL},
	{20, "Packet Statistics", Q, NULL, sim_mbim_write_statistics, NULL},
	{22, "Emergency Mode", Q | N, NULL, write_emergency, NULL},
	{0},
};

const SimMbimService sim_mbim_basic = {
	.uuid = {0xA2, 0x89, 0xCC, 0x33, 0xBC, 0xBB, 0x8B, 0x4F, 0xB6, 0xB0, 0x13, 0x3E, 0xC2, 0xAA, 0xE6, 0xDF},
	.standard = TRUE,
	.rows = rows,
};
