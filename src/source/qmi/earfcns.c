/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi/earfcns.h"

#include "bytes.h"

#define TLV_INTER 0x28

static void add(QmiEarfcns *earfcns, guint32 earfcn)
{
	for (guint i = 0; i < earfcns->n; i++)
		if (earfcns->known[i] == earfcn)
			return;
	if (earfcns->n < QMI_EARFCNS_MAX)
		earfcns->known[earfcns->n++] = earfcn;
}

void qmi_earfcns_take(QmiEarfcns *earfcns, QmiMessage *answer)
{
	guint16 length = 0;
	earfcns->n = 0;
	const guint8 *inter = qmi_message_get_raw_tlv(answer, TLV_INTER, &length);
	if (!inter)
		return;
	ByteReader r = byte_reader_init(inter, length);
	const guint count = byte_reader_u8(&r);
	if (byte_reader_left(&r) != count * sizeof(guint32))
		return;
	for (guint i = 0; i < count; i++)
		add(earfcns, byte_reader_u32(&r));
}

guint32 qmi_earfcns_widen(const QmiEarfcns *earfcns, guint16 low)
{
	guint32 found = low == G_MAXUINT16 ? G_MAXUINT32 : low;
	guint n = 0;
	for (guint i = 0; i < earfcns->n; i++) {
		if ((earfcns->known[i] & 0xffff) != low)
			continue;
		found = earfcns->known[i];
		n++;
	}
	return n > 1 ? G_MAXUINT32 : found;
}
