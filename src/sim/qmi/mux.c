/* mux.c - see mux.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/mux.h"

#include "sim/port/faults.h"

#define MARKER      0x01
#define FROM_HOST   0x00
#define FROM_MODEM  0x80
#define QMUX_SIZE   6 /* with the marker */
#define RESULT_TYPE 0x02

static guint8 kind_flags(SimQmiKind kind, gboolean is_ctl)
{
	switch (kind) {
	case SIM_QMI_REQUEST:
		return 0x00;
	case SIM_QMI_RESPONSE:
		return is_ctl ? 0x01 : 0x02;
	case SIM_QMI_INDICATION:
		return is_ctl ? 0x02 : 0x04;
	}
	return 0x00;
}

/* The chain of TLVs ends exactly where the message ends. */
static gboolean tlvs_add_up(const guint8 *tlvs, gsize length)
{
	ByteReader r = byte_reader_init(tlvs, length);
	while (byte_reader_left(&r) > 0) {
		byte_reader_u8(&r);
		byte_reader_take(&r, byte_reader_u16(&r));
	}
	return !r.failed;
}

SimQmiParse sim_qmi_frame_parse(const guint8 *data, gsize length, SimQmiFrame *ret_frame, gsize *ret_size)
{
	ByteReader r = byte_reader_init(data, length);
	if (byte_reader_u8(&r) != MARKER && !r.failed)
		return SIM_QMI_PARSE_GARBAGE;
	gsize size = (gsize)byte_reader_u16(&r) + 1;
	if (!r.failed && size > SIM_MESSAGE_MAX)
		return SIM_QMI_PARSE_GARBAGE;
	if (byte_reader_u8(&r) != FROM_HOST && !r.failed)
		return SIM_QMI_PARSE_GARBAGE;

	SimQmiFrame frame = {.service = byte_reader_u8(&r), .client = byte_reader_u8(&r)};
	guint8 flags = byte_reader_u8(&r);
	frame.transaction = frame.service == SIM_QMI_CTL ? byte_reader_u8(&r) : byte_reader_u16(&r);
	frame.message = byte_reader_u16(&r);
	frame.tlvs_length = byte_reader_u16(&r);
	if (r.failed)
		return SIM_QMI_PARSE_PARTIAL;
	if (r.offset + frame.tlvs_length != size)
		return SIM_QMI_PARSE_GARBAGE;
	if (length < size)
		return SIM_QMI_PARSE_PARTIAL;
	frame.tlvs = data + r.offset;
	if (!tlvs_add_up(frame.tlvs, frame.tlvs_length))
		return SIM_QMI_PARSE_GARBAGE;
	*ret_size = size;
	if (flags != 0)
		return SIM_QMI_PARSE_IGNORED;
	*ret_frame = frame;
	return SIM_QMI_PARSE_REQUEST;
}

gboolean sim_qmi_frame_is_response(const guint8 *data, gsize length, guint8 *ret_service, guint8 *ret_client,
				   guint16 *ret_transaction)
{
	ByteReader r = byte_reader_init(data, length);
	byte_reader_take(&r, 4);
	guint8 service = byte_reader_u8(&r), client = byte_reader_u8(&r), flags = byte_reader_u8(&r);
	guint16 transaction = service == SIM_QMI_CTL ? byte_reader_u8(&r) : byte_reader_u16(&r);
	if (r.failed || flags != kind_flags(SIM_QMI_RESPONSE, service == SIM_QMI_CTL))
		return FALSE;
	*ret_service = service;
	*ret_client = client;
	*ret_transaction = transaction;
	return TRUE;
}

gboolean sim_qmi_frame_tlv(const SimQmiFrame *frame, guint8 type, ByteReader *ret_value)
{
	ByteReader r = byte_reader_init(frame->tlvs, frame->tlvs_length);
	while (byte_reader_left(&r) > 0) {
		guint8 found = byte_reader_u8(&r);
		guint16 size = byte_reader_u16(&r);
		const guint8 *value = byte_reader_take(&r, size);
		if (value && found == type) {
			*ret_value = byte_reader_init(value, size);
			return TRUE;
		}
	}
	return FALSE;
}

void sim_qmi_message_begin(SimQmiMessage *message, SimQmiKind kind, guint8 service, guint8 client, guint16 transaction,
			   guint16 message_id)
{
	message->writer = byte_writer_init(message->data, sizeof message->data);
	message->is_ctl = service == SIM_QMI_CTL;
	ByteWriter *w = &message->writer;
	byte_writer_u8(w, MARKER);
	byte_writer_u16(w, 0); /* the lengths are filled in at the end */
	byte_writer_u8(w, kind == SIM_QMI_REQUEST ? FROM_HOST : FROM_MODEM);
	byte_writer_u8(w, service);
	byte_writer_u8(w, client);
	byte_writer_u8(w, kind_flags(kind, message->is_ctl));
	if (message->is_ctl)
		byte_writer_u8(w, (guint8)transaction);
	else
		byte_writer_u16(w, transaction);
	byte_writer_u16(w, message_id);
	byte_writer_u16(w, 0);
	message->tlvs_at = w->length;
	message->tlv_at = w->length;
}

static void put_u16_at(SimQmiMessage *message, gsize at, gsize value)
{
	ByteWriter w = byte_writer_init(message->data + at, 2);
	byte_writer_u16(&w, (guint16)value);
}

ByteWriter *sim_qmi_message_tlv_begin(SimQmiMessage *message, guint8 type)
{
	message->tlv_at = message->writer.length;
	byte_writer_u8(&message->writer, type);
	byte_writer_u16(&message->writer, 0);
	return &message->writer;
}

void sim_qmi_message_tlv_end(SimQmiMessage *message)
{
	if (!message->writer.failed)
		put_u16_at(message, message->tlv_at + 1, message->writer.length - message->tlv_at - 3);
}

void sim_qmi_message_tlv_drop(SimQmiMessage *message)
{
	message->writer.length = message->tlv_at;
}

void sim_qmi_message_result(SimQmiMessage *message, SimQmiError error)
{
	ByteWriter *w = sim_qmi_message_tlv_begin(message, RESULT_TYPE);
	byte_writer_u16(w, error == SIM_QMI_OK ? 0 : 1);
	byte_writer_u16(w, (guint16)error);
	sim_qmi_message_tlv_end(message);
}

gboolean sim_qmi_message_end(SimQmiMessage *message)
{
	if (message->writer.failed)
		return FALSE;
	put_u16_at(message, 1, message->writer.length - 1);
	put_u16_at(message, message->tlvs_at - 2, message->writer.length - message->tlvs_at);
	return TRUE;
}

void sim_qmi_garble(guint8 *message, gsize size, GRand *dice)
{
	ByteReader r = byte_reader_init(message, size);
	byte_reader_take(&r, message[4] == SIM_QMI_CTL ? QMUX_SIZE + 6 : QMUX_SIZE + 7);
	while (byte_reader_left(&r) > 0) {
		guint8 type = byte_reader_u8(&r);
		guint16 length = byte_reader_u16(&r);
		gsize at = r.offset;
		if (byte_reader_take(&r, length) && type != RESULT_TYPE)
			sim_faults_randomise(dice, message + at, length);
	}
}
