/* frame.c - see frame.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/frame.h"

#define HEADER_SIZE   12
#define FRAGMENT_SIZE (HEADER_SIZE + 8) /* a header with the fragment's count and number */
#define COMMAND_SIZE  (SIM_MBIM_UUID_SIZE + 12)

/* The lengths that a message of the type can have; FALSE for a type that there is not. */
static gboolean length_range(guint32 type, guint32 *ret_min, guint32 *ret_max)
{
	*ret_min = *ret_max = HEADER_SIZE + 4;
	switch ((SimMbimType)type) {
	case SIM_MBIM_OPEN:
	case SIM_MBIM_HOST_ERROR:
	case SIM_MBIM_OPEN_DONE:
	case SIM_MBIM_CLOSE_DONE:
	case SIM_MBIM_FUNCTION_ERROR:
		return TRUE;
	case SIM_MBIM_CLOSE:
		*ret_min = *ret_max = HEADER_SIZE;
		return TRUE;
	case SIM_MBIM_COMMAND:
	case SIM_MBIM_COMMAND_DONE:
	case SIM_MBIM_INDICATE_STATUS:
		*ret_min = FRAGMENT_SIZE;
		*ret_max = SIM_MESSAGE_MAX;
		return TRUE;
	}
	return FALSE;
}

SimCut sim_mbim_cut(const guint8 *data, gsize length, gsize *ret_size)
{
	ByteReader r = byte_reader_init(data, length);
	guint32 type = byte_reader_u32(&r), min, max;
	if (r.failed) /* no type of a host's message has more than its first octet set */
		return length > 0 && (data[0] > SIM_MBIM_HOST_ERROR || data[0] == 0) ? SIM_CUT_GARBAGE : SIM_CUT_PARTIAL;
	if (!length_range(type, &min, &max))
		return SIM_CUT_GARBAGE;
	guint32 size = byte_reader_u32(&r);
	if (r.failed)
		return SIM_CUT_PARTIAL;
	if (size < min || size > max)
		return SIM_CUT_GARBAGE;
	if (length < size)
		return SIM_CUT_PARTIAL;
	*ret_size = size;
	return type & 0x80000000 ? SIM_CUT_IGNORED : SIM_CUT_MESSAGE;
}

SimMbimMessage sim_mbim_parse(const guint8 *data, gsize size)
{
	ByteReader r = byte_reader_init(data, size);
	SimMbimMessage message = {.type = (SimMbimType)byte_reader_u32(&r)};
	byte_reader_u32(&r);
	message.transaction = byte_reader_u32(&r);
	message.rest = byte_reader_init(data + r.offset, size - r.offset);
	return message;
}

static SimMbimAssemblyResult broken(SimMbimAssembly *assembly, SimMbimError why, SimMbimError *ret_error)
{
	assembly->open = FALSE;
	*ret_error = why;
	return SIM_MBIM_ASSEMBLY_BROKEN;
}

SimMbimAssemblyResult sim_mbim_assembly_add(SimMbimAssembly *assembly, SimMbimMessage *message, SimMbimError *ret_error)
{
	guint32 total = byte_reader_u32(&message->rest), number = byte_reader_u32(&message->rest);
	if (number == 0) {
		assembly->open = TRUE;
		assembly->transaction = message->transaction;
		assembly->total = total;
		assembly->next = 0;
		assembly->writer = byte_writer_init(assembly->data, sizeof assembly->data);
	}
	if (!assembly->open || assembly->transaction != message->transaction || assembly->total != total ||
	    assembly->next != number || number >= total)
		return broken(assembly, SIM_MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE, ret_error);
	gsize size = byte_reader_left(&message->rest);
	byte_writer_put(&assembly->writer, byte_reader_take(&message->rest, size), size);
	if (assembly->writer.failed)
		return broken(assembly, SIM_MBIM_ERROR_MAX_TRANSFER, ret_error);
	assembly->open = ++assembly->next < total;
	return assembly->open ? SIM_MBIM_ASSEMBLY_MORE : SIM_MBIM_ASSEMBLY_WHOLE;
}

gboolean sim_mbim_command_parse(const guint8 *data, gsize size, SimMbimCommand *ret_command)
{
	ByteReader r = byte_reader_init(data, size);
	SimMbimCommand command = {.service = byte_reader_take(&r, SIM_MBIM_UUID_SIZE), .cid = byte_reader_u32(&r)};
	command.is_set = byte_reader_u32(&r) != 0;
	guint32 info_size = byte_reader_u32(&r);
	if (r.failed || info_size > byte_reader_left(&r))
		return FALSE;
	command.info = byte_reader_init(data + r.offset, info_size);
	*ret_command = command;
	return TRUE;
}

static void put_header(ByteWriter *w, SimMbimType type, gsize size, guint32 transaction)
{
	byte_writer_u32(w, (guint32)type);
	byte_writer_u32(w, (guint32)size);
	byte_writer_u32(w, transaction);
}

void sim_mbim_send_number(const SimMbimOutlet *outlet, SimMbimType type, guint32 transaction, guint32 number)
{
	guint8 message[HEADER_SIZE + 4];
	ByteWriter w = byte_writer_init(message, sizeof message);
	put_header(&w, type, sizeof message, transaction);
	byte_writer_u32(&w, number);
	outlet->send(message, sizeof message, outlet->user_data);
}

static void send_fragments(const SimMbimOutlet *outlet, SimMbimType type, guint32 transaction, const guint8 *body, gsize body_size)
{
	gsize room = outlet->max_transfer - FRAGMENT_SIZE;
	guint32 total = (guint32)((body_size + room - 1) / room);
	for (guint32 i = 0; i < total; i++) {
		guint8 message[SIM_MESSAGE_MAX];
		ByteWriter w = byte_writer_init(message, sizeof message);
		gsize size = MIN(room, body_size - i * room);
		put_header(&w, type, FRAGMENT_SIZE + size, transaction);
		byte_writer_u32(&w, total);
		byte_writer_u32(&w, i);
		byte_writer_put(&w, body + i * room, size);
		outlet->send(message, w.length, outlet->user_data);
	}
}

void sim_mbim_send_info(const SimMbimOutlet *outlet, SimMbimType type, guint32 transaction, const guint8 *service, guint32 cid,
			guint32 status, const void *info, gsize info_size)
{
	guint8 body[COMMAND_SIZE + SIM_MBIM_INFO_MAX];
	ByteWriter w = byte_writer_init(body, sizeof body);
	byte_writer_put(&w, service, SIM_MBIM_UUID_SIZE);
	byte_writer_u32(&w, cid);
	if (type == SIM_MBIM_COMMAND_DONE)
		byte_writer_u32(&w, status);
	byte_writer_u32(&w, (guint32)info_size);
	byte_writer_put(&w, info, info_size);
	send_fragments(outlet, type, transaction, body, w.length);
}
