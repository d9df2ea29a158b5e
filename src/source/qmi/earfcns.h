/* earfcns.h - the EARFCNs of neighbours in NAS 0x43 in full width.
 *
 * libqmi decodes them from fields of 16 bits, in which those of bands 66, 71 and above lose their upper bits and look like those of
 * other bands. Firmware that hears such carriers adds those of the neighbours in 32 bits, in a TLV that libqmi does not decode: 28
 * (count u8, u32 each), as traces of modems have it. It is read from the raw message. (That of the serving carrier comes from 0x31.)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libqmi-glib.h>

#define QMI_EARFCNS_MAX 32

/* Of the carriers beside the serving one. All zeros: none are known. */
typedef struct {
	guint n;
	guint32 known[QMI_EARFCNS_MAX];
} QmiEarfcns;

/* Takes those of an answer to 0x43 in place of what was known. */
void qmi_earfcns_take(QmiEarfcns *earfcns, QmiMessage *answer);
/* The EARFCN that ends in these 16 bits; G_MAXUINT32 where they are the code for "unknown", or where two are known that end in
 * them. One of which nothing is known is taken to have no more bits. */
guint32 qmi_earfcns_widen(const QmiEarfcns *earfcns, guint16 low);
