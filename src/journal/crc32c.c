/* Eight bytes a step, by tables or by the instruction that x86 has for it (SSE4.2).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/crc32c.h"

#include <string.h>

#define POLYNOMIAL_REFLECTED 0x82f63b78u

static guint32 table[8][256];

static void make_table(void)
{
	for (guint32 i = 0; i < 256; i++) {
		guint32 crc = i;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL_REFLECTED : crc >> 1;
		table[0][i] = crc;
	}
	for (guint32 i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
}

static guint32 load_u32(const guint8 *at)
{
	guint32 v;
	memcpy(&v, at, sizeof v);
	return GUINT32_FROM_LE(v);
}

guint32 crc32c_portable(guint32 crc, const void *data, gsize length)
{
	static gsize ready;
	const guint8 *at = data;
	if (g_once_init_enter(&ready)) {
		make_table();
		g_once_init_leave(&ready, 1);
	}
	crc = ~crc;
	for (; length >= 8; length -= 8, at += 8) {
		const guint32 low = load_u32(at) ^ crc, high = load_u32(at + 4);
		crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^
		      table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^ table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
	}
	for (; length > 0; length--, at++)
		crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
	return ~crc;
}

#ifdef __x86_64__

__attribute__((target("sse4.2"))) static guint32 crc32c_sse42(guint32 crc, const void *data, gsize length)
{
	const guint8 *at = data;
	guint64 wide = (guint32)~crc;
	for (; length >= 8; length -= 8, at += 8) {
		guint64 v;
		memcpy(&v, at, sizeof v);
		wide = __builtin_ia32_crc32di(wide, v);
	}
	guint32 narrow = (guint32)wide;
	for (; length > 0; length--, at++)
		narrow = __builtin_ia32_crc32qi(narrow, *at);
	return ~narrow;
}

guint32 crc32c(guint32 crc, const void *data, gsize length)
{
	return __builtin_cpu_supports("sse4.2") ? crc32c_sse42(crc, data, length) : crc32c_portable(crc, data, length);
}

#else

guint32 crc32c(guint32 crc, const void *data, gsize length)
{
	return crc32c_portable(crc, data, length);
}

#endif
