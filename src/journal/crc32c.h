/* crc32c.h - CRC-32C (Castagnoli), the checksum of RFC 3720 (iSCSI), section 12.1.
 *
 * Finds accidental damage; says nothing against a person who changes bytes on purpose (the chain does).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* The checksum of `data` appended to what gave `crc` (0 at the start). */
guint32 crc32c(guint32 crc, const void *data, gsize length);
/* The same without the processor's own instruction: what other machines run. Apart so that tests reach it everywhere. */
guint32 crc32c_portable(guint32 crc, const void *data, gsize length);
