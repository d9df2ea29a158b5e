/* CRC-32C against the published values, and both ways of computing it against each other.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/crc32c.h"

/* RFC 3720, appendix B.4, and the check value of the catalogue of CRCs. */
static void assert_published(guint32 (*crc)(guint32, const void *, gsize))
{
	guint8 data[32] = {0};
	g_assert_cmphex(crc(0, "123456789", 9), ==, 0xe3069283);
	g_assert_cmphex(crc(0, data, sizeof data), ==, 0x8a9136aa);
	for (guint8 i = 0; i < 32; i++)
		data[i] = i;
	g_assert_cmphex(crc(0, data, sizeof data), ==, 0x46dd794e);
	for (guint8 i = 0; i < 32; i++)
		data[i] = 0xff;
	g_assert_cmphex(crc(0, data, sizeof data), ==, 0x62a8ab43);
	g_assert_cmphex(crc(0, "", 0), ==, 0);
}

static void test_published_values_come_out(void)
{
	assert_published(crc32c);
	assert_published(crc32c_portable);
}

static void test_both_ways_agree_at_every_length_and_alignment(void)
{
	guint8 data[96];
	for (gsize i = 0; i < sizeof data; i++)
		data[i] = (guint8)g_test_rand_int();
	for (gsize start = 0; start < 9; start++)
		for (gsize length = 0; length <= sizeof data - start; length++)
			g_assert_cmphex(crc32c(7, data + start, length), ==, crc32c_portable(7, data + start, length));
}

static void test_a_checksum_goes_on_over_pieces(void)
{
	const char *text = "the quick brown fox jumps over the lazy dog";
	const guint32 whole = crc32c(0, text, 43);
	for (gsize cut = 0; cut <= 43; cut++) {
		g_assert_cmphex(crc32c(crc32c(0, text, cut), text + cut, 43 - cut), ==, whole);
		g_assert_cmphex(crc32c_portable(crc32c_portable(0, text, cut), text + cut, 43 - cut), ==, whole);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/crc32c/published-values-come-out", test_published_values_come_out);
	g_test_add_func("/journal/crc32c/both-ways-agree-at-every-length-and-alignment",
			test_both_ways_agree_at_every_length_and_alignment);
	g_test_add_func("/journal/crc32c/a-checksum-goes-on-over-pieces", test_a_checksum_goes_on_over_pieces);
	return g_test_run();
}
