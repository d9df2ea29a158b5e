/* base32.h - bytes as people can read them out and type them: Crockford's base 32, as in the checkpoint code of the journal.
 *
 * Five bits a symbol, most significant first; bits that are over in the last symbol are zero. Both ways the bytes and symbols go
 * through no memory but the caller's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "bytes.h"

/* Of five bits. */
char base32_symbol(guint value);
/* Takes small letters, O for 0, I and L for 1. -1: no symbol. */
int base32_value(char c);

/* In groups of four symbols. */
void base32_put(ByteWriter *w, const guint8 *bytes, gsize size, char separator);
/* FALSE where the text is not that of exactly `size` bytes. Passes over hyphens and blanks. */
gboolean base32_take(const char *text, gsize length, guint8 *ret_bytes, gsize size);
