/* info.h - the information buffer of an answer or a notification, read without libmbim.
 *
 * libmbim's parsers serve wherever they can be trusted. Those of lists cannot, before 1.28.4: they take a list's count for granted
 * (and allocate for it), and in lists of structures that hold texts they never get past the first (Debian 12 has 1.28.2).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "bytes.h"

#include <libmbim-glib.h>

#define MBIM_COMMAND_DONE_SIZE    48 /* header, fragments, service, CID, status, length: MBIM 1.0 9.4.5 */
#define MBIM_INDICATE_STATUS_SIZE 44 /* the same without a status: 9.4.6 */

/* All of it that has arrived, however long it says that it is. Borrowed from the message. */
static inline ByteReader mbim_info_behind(const MbimMessage *message, guint32 head)
{
	guint32 length = 0;
	const guint8 *bytes = mbim_message_get_raw(message, &length, NULL);
	const gboolean whole = bytes && length >= head;
	return byte_reader_init(whole ? bytes + head : NULL, whole ? length - head : 0);
}

static inline ByteReader mbim_info_of(const MbimMessage *answer)
{
	return mbim_info_behind(answer, MBIM_COMMAND_DONE_SIZE);
}

static inline ByteReader mbim_info_of_notification(const MbimMessage *notification)
{
	return mbim_info_behind(notification, MBIM_INDICATE_STATUS_SIZE);
}

/* Reads an offset (from the start of `whole`) and a size, and makes a reader of the bytes that they mean: empty where both are 0.
 * FALSE: they lie outside. */
static inline gboolean mbim_info_take_part(ByteReader *pairs, const ByteReader *whole, ByteReader *ret_part)
{
	const guint32 offset = byte_reader_u32(pairs), size = byte_reader_u32(pairs);
	if (pairs->failed || offset > whole->length || size > whole->length - offset)
		return FALSE;
	*ret_part = byte_reader_init(size ? whole->data + offset : NULL, size);
	return TRUE;
}
