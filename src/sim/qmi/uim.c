/* uim.c - UIM, the SIM card service: is there a card, and does it want its PIN.
 *
 * Sources: libqmi data/qmi-service-uim.json, qmi-enums-uim.h.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/service.h"

enum { REPORT_CARD_STATUS = 1 << 0 }; /* the same bit as in Register Events */

#define NO_SESSION        0xFFFF
#define CARD_ABSENT       0
#define CARD_PRESENT      1
#define CARD_ERROR        2
#define ERROR_NO_ATR      3 /* the card does not answer to the reset: dirty or half inserted */
#define APP_USIM          2
#define APP_PIN1_REQUIRED 2
#define APP_READY         7
#define PERSO_UNKNOWN     0
#define PERSO_READY       2
#define PERSO_NO_FEATURE  11
#define PIN_NOT_VERIFIED  1
#define PIN_DISABLED      3
#define PIN_RETRIES       3
#define PUK_RETRIES       10

/* { type u8, state u8, personalization: state u8, feature u8, retries u8, unblock retries u8, AID: length u8,
 *   bytes; UPIN replaces PIN1 u8, PIN1: state u8, retries u8, PUK retries u8, PIN2: the same } */
static void write_application(const SimModemState *state, ByteWriter *w)
{
	static const guint8 usim_aid[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xFF,
					  0xFF, 0xFF, 0xFF, 0x89, 0x06, 0x19, 0x00, 0x00}; /* 3GPP TS 31.110 */
	gboolean locked = state->card == SIM_CARD_PIN_LOCKED;
	byte_writer_u8(w, APP_USIM);
	byte_writer_u8(w, locked ? APP_PIN1_REQUIRED : APP_READY);
	byte_writer_u8(w, locked ? PERSO_UNKNOWN : PERSO_READY);
	byte_writer_u8(w, PERSO_NO_FEATURE);
	byte_writer_u8(w, 0);
	byte_writer_u8(w, 0);
	byte_writer_u8(w, sizeof usim_aid);
	byte_writer_put(w, usim_aid, sizeof usim_aid);
	byte_writer_u8(w, 0);
	byte_writer_u8(w, locked ? PIN_NOT_VERIFIED : PIN_DISABLED);
	byte_writer_u8(w, PIN_RETRIES);
	byte_writer_u8(w, PUK_RETRIES);
	byte_writer_u8(w, PIN_NOT_VERIFIED);
	byte_writer_u8(w, PIN_RETRIES);
	byte_writer_u8(w, PUK_RETRIES);
}

/* 10 primary GW u16, primary 1X u16, secondary GW u16, secondary 1X u16, count u8,
 *    { card state u8, UPIN: state u8, retries u8, UPUK retries u8, error u8, count u8, { application } } */
static gboolean write_card_status(const SimQmiCall *call, ByteWriter *w)
{
	guint8 card = CARD_PRESENT;
	switch (call->state->card) {
	case SIM_CARD_READY:
	case SIM_CARD_PIN_LOCKED:
		break;
	case SIM_CARD_ABSENT:
		card = CARD_ABSENT;
		break;
	case SIM_CARD_ERROR:
		card = CARD_ERROR;
		break;
	}
	gboolean usable = card == CARD_PRESENT;
	byte_writer_u16(w, usable ? 0 : NO_SESSION); /* slot and application count from 0 */
	byte_writer_u16(w, NO_SESSION);
	byte_writer_u16(w, NO_SESSION);
	byte_writer_u16(w, NO_SESSION);
	byte_writer_u8(w, 1);
	byte_writer_u8(w, card);
	byte_writer_u8(w, 0);
	byte_writer_u8(w, 0);
	byte_writer_u8(w, 0);
	byte_writer_u8(w, card == CARD_ERROR ? ERROR_NO_ATR : 0);
	byte_writer_u8(w, usable ? 1 : 0);
	if (usable)
		write_application(call->state, w);
	return TRUE;
}

/* Register Events 0x002E: in 01 mask u32; out 10 the mask that was accepted */
static SimQmiError handle_register(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, 0x01, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	guint32 mask = byte_reader_u32(&r);
	if (r.failed)
		return SIM_QMI_INVALID_ARGUMENT;
	call->client->reports = mask & REPORT_CARD_STATUS;
	return SIM_QMI_OK;
}

static gboolean write_registered(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, call->client->reports);
	return TRUE;
}

static const SimQmiTlv card_tlvs[] = {{0x10, write_card_status}, {0}};
static const SimQmiTlv register_tlvs[] = {{0x10, write_registered}, {0}};

static const SimQmiRequest requests[] = {
	{0x002E, "Register Events", handle_register, register_tlvs},
	{0x002F, "Get Card Status", NULL, card_tlvs},
	{0},
};

static const SimQmiIndication indications[] = {
	{0x0032, "Card Status", REPORT_CARD_STATUS, card_tlvs, NULL},
	{0},
};

const SimQmiService sim_qmi_uim = {
	.id = SIM_QMI_UIM,
	.major = 1,
	.minor = 30,
	.max_clients = 16,
	.requests = requests,
	.indications = indications,
};
