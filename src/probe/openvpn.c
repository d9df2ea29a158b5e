/* See openvpn.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/openvpn.h"

#define HARD_RESET_CLIENT_V2 7
#define HARD_RESET_SERVER_V2 8
#define OPCODE_SHIFT         3
#define SESSION_ID_SIZE      8
#define PACKET_ID_SIZE       4

void openvpn_make_reset(const guint8 session_id[8], guint8 ret_packet[OPENVPN_RESET_SIZE])
{
	memset(ret_packet, 0, OPENVPN_RESET_SIZE); /* no acknowledgement; packet id 0 */
	ret_packet[0] = HARD_RESET_CLIENT_V2 << OPCODE_SHIFT;
	memcpy(ret_packet + 1, session_id, SESSION_ID_SIZE);
}

gboolean openvpn_is_answer(const guint8 *packet, gsize length, const guint8 session_id[8])
{
	ByteReader r = byte_reader_init(packet, length);
	const guint8 opcode = byte_reader_u8(&r) >> OPCODE_SHIFT;
	byte_reader_take(&r, SESSION_ID_SIZE);
	const guint8 acknowledged = byte_reader_u8(&r);
	byte_reader_take(&r, (gsize)acknowledged * PACKET_ID_SIZE);
	const guint8 *echo = acknowledged > 0 ? byte_reader_take(&r, SESSION_ID_SIZE) : NULL;
	byte_reader_take(&r, PACKET_ID_SIZE);
	return !r.failed && opcode == HARD_RESET_SERVER_V2 && echo && memcmp(echo, session_id, SESSION_ID_SIZE) == 0;
}
