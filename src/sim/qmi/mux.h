/* mux.h - QMUX frames and the type-length-value fields inside them, as bytes.
 *
 * This room knows the envelope and nothing of what the messages mean. It is written from the public
 * descriptions of the protocol (libqmi's service data and message parser), not on top of libqmi: the
 * simulator must not inherit a mistake of the decoder that it is there to test.
 *
 * A frame, all numbers little-endian:
 *
 *	01 | length u16 | flags u8 | service u8 | client u8 | QMI message
 *	                  00 from the host, 80 from the modem; length counts everything but the 01
 *	QMI message of service 0 (CTL): flags u8 | transaction u8  | message u16 | length u16 | TLVs
 *	            of any other:       flags u8 | transaction u16 | message u16 | length u16 | TLVs
 *	TLV: type u8 | length u16 | value
 *
 * The message flags tell a response (CTL 01, others 02) and an indication (CTL 02, others 04).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "bytes.h"
#include "sim/port/link.h"

#include <glib.h>

#define SIM_QMI_CTL 0x00
#define SIM_QMI_WDS 0x01
#define SIM_QMI_DMS 0x02
#define SIM_QMI_NAS 0x03
#define SIM_QMI_UIM 0x0B
#define SIM_QMI_LOC 0x10
#define SIM_QMI_WDA 0x1A

typedef enum { SIM_QMI_REQUEST, SIM_QMI_RESPONSE, SIM_QMI_INDICATION } SimQmiKind;

/* Protocol errors (libqmi, QmiProtocolError), as they stand in a response's result field. */
typedef enum {
	SIM_QMI_ANSWER_LATER = -1, /* no error, and never sent: the service answers when it can */
	SIM_QMI_OK = 0,
	SIM_QMI_INTERNAL = 3,
	SIM_QMI_ABORTED = 4,
	SIM_QMI_CLIENT_IDS_EXHAUSTED = 5,
	SIM_QMI_INVALID_CLIENT_ID = 7,
	SIM_QMI_NO_THRESHOLDS_PROVIDED = 8,
	SIM_QMI_INVALID_HANDLE = 9,
	SIM_QMI_CALL_FAILED = 14,
	SIM_QMI_OUT_OF_CALL = 15,
	SIM_QMI_NOT_PROVISIONED = 16,
	SIM_QMI_MISSING_ARGUMENT = 17,
	SIM_QMI_INVALID_TRANSACTION_ID = 22,
	SIM_QMI_NO_EFFECT = 26,
	SIM_QMI_INVALID_SERVICE_TYPE = 31,
	SIM_QMI_UIM_UNINITIALIZED = 37,
	SIM_QMI_INVALID_ARGUMENT = 48,
	SIM_QMI_INVALID_TRANSITION = 60,
	SIM_QMI_INVALID_IP_FAMILY = 64,
	SIM_QMI_INVALID_QMI_COMMAND = 71,
	SIM_QMI_INFORMATION_UNAVAILABLE = 74,
	SIM_QMI_POLICY_MISMATCH = 79,
} SimQmiError;

/* One request as it came in; `tlvs` is borrowed from the buffer that was parsed. */
typedef struct {
	guint8 service, client;
	guint16 transaction, message;
	const guint8 *tlvs;
	gsize tlvs_length;
} SimQmiFrame;

typedef enum {
	SIM_QMI_PARSE_REQUEST, /* *ret_frame is filled */
	SIM_QMI_PARSE_IGNORED, /* a whole frame, but not a request */
	SIM_QMI_PARSE_PARTIAL, /* so far so good; more bytes are needed */
	SIM_QMI_PARSE_GARBAGE, /* no frame starts here: try one byte further on */
} SimQmiParse;

/* Looks at the start of `data`. A frame counts only when its header, both lengths and the chain of its TLVs
 * agree, so that a stray 01 in garbage is hardly ever taken for one. *ret_size is the frame's length in
 * bytes (for REQUEST and IGNORED). Frames longer than SIM_MESSAGE_MAX are garbage. */
SimQmiParse sim_qmi_frame_parse(const guint8 *data, gsize length, SimQmiFrame *ret_frame, gsize *ret_size);

/* Whose answer a frame of the modem's is, for a host that puts it into something else; FALSE for an indication. */
gboolean sim_qmi_frame_is_response(const guint8 *data, gsize length, guint8 *ret_service, guint8 *ret_client,
				   guint16 *ret_transaction);

/* The value of the first TLV of a type; FALSE where there is none. */
gboolean sim_qmi_frame_tlv(const SimQmiFrame *frame, guint8 type, ByteReader *ret_value);

/* A message being written. */
typedef struct {
	guint8 data[SIM_MESSAGE_MAX];
	ByteWriter writer;
	gboolean is_ctl;
	gsize tlvs_at; /* where the TLVs begin */
	gsize tlv_at;  /* where the open TLV begins */
} SimQmiMessage;

void sim_qmi_message_begin(SimQmiMessage *message, SimQmiKind kind, guint8 service, guint8 client, guint16 transaction,
			   guint16 message_id);
/* The writer for a new TLV's value; close it with one of the two below before opening the next. */
ByteWriter *sim_qmi_message_tlv_begin(SimQmiMessage *message, guint8 type);
void sim_qmi_message_tlv_end(SimQmiMessage *message);
void sim_qmi_message_tlv_drop(SimQmiMessage *message);
/* The result TLV (02), which every response has and has first. */
void sim_qmi_message_result(SimQmiMessage *message, SimQmiError error);
/* Fills the lengths in. FALSE when the message did not fit; otherwise data[0 .. writer.length) is the frame. */
gboolean sim_qmi_message_end(SimQmiMessage *message);

/* Random values in all TLVs of a message of the modem's but the result's: what follows success is rubbish. */
void sim_qmi_garble(guint8 *message, gsize size, GRand *dice);
