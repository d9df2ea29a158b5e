/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base32.h"

#define GROUP 4

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

char base32_symbol(guint value)
{
	return alphabet[value];
}

int base32_value(char c)
{
	const char upper = g_ascii_toupper(c);
	const char symbol = upper == 'O' ? '0' : upper == 'I' || upper == 'L' ? '1' : upper;
	const char *at = symbol ? strchr(alphabet, symbol) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

static gsize symbols_of(gsize size)
{
	return (size * 8 + 4) / 5;
}

void base32_put(ByteWriter *w, const guint8 *bytes, gsize size, char separator)
{
	for (gsize k = 0; k < symbols_of(size); k++) {
		const gsize bit = 5 * k, i = bit / 8;
		const guint pair = (guint)bytes[i] << 8 | (i + 1 < size ? bytes[i + 1] : 0);
		if (k > 0 && k % GROUP == 0)
			byte_writer_u8(w, (guint8)separator);
		byte_writer_u8(w, (guint8)base32_symbol(pair >> (11 - bit % 8) & 31));
	}
}

gboolean base32_take(const char *text, gsize length, guint8 *ret_bytes, gsize size)
{
	gsize k = 0;
	memset(ret_bytes, 0, size);
	for (gsize n = 0; n < length; n++) {
		if (text[n] == '-' || text[n] == ' ' || text[n] == '\t')
			continue;
		const int value = base32_value(text[n]);
		if (value < 0 || k == symbols_of(size))
			return FALSE;
		const gsize bit = 5 * k++, i = bit / 8;
		const guint pair = (guint)value << (11 - bit % 8);
		ret_bytes[i] |= (guint8)(pair >> 8);
		if (i + 1 < size)
			ret_bytes[i + 1] |= (guint8)pair;
		else if (pair & 0xff)
			return FALSE;
	}
	return k == symbols_of(size);
}
