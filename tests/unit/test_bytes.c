/* Bounded little-endian coding: exact bytes, and never one outside the buffer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "bytes.h"

static void assert_bytes(const guint8 *data, gsize length, const char *expected, gsize expected_length)
{
	g_assert_cmpuint(length, ==, expected_length);
	g_assert_true(memcmp(data, expected, length) == 0);
}

static void test_integers_are_little_endian(void)
{
	static const char expected[] = "\x01\x03\x02\x07\x06\x05\x04\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08";
	guint8 data[sizeof expected];
	ByteWriter w = byte_writer_init(data, sizeof data);
	byte_writer_u8(&w, 0x01);
	byte_writer_u16(&w, 0x0203);
	byte_writer_u32(&w, 0x04050607);
	byte_writer_u64(&w, G_GUINT64_CONSTANT(0x08090a0b0c0d0e0f));
	g_assert_false(w.failed);
	assert_bytes(data, w.length, expected, sizeof expected - 1);

	ByteReader r = byte_reader_init(data, w.length);
	g_assert_cmphex(byte_reader_u8(&r), ==, 0x01);
	g_assert_cmphex(byte_reader_u16(&r), ==, 0x0203);
	g_assert_cmphex(byte_reader_u32(&r), ==, 0x04050607);
	g_assert_cmphex(byte_reader_u64(&r), ==, G_GUINT64_CONSTANT(0x08090a0b0c0d0e0f));
	g_assert_cmpuint(byte_reader_left(&r), ==, 0);
	g_assert_false(r.failed);
}

static void assert_varint(guint64 value, const char *bytes, gsize length)
{
	guint8 data[10];
	ByteWriter w = byte_writer_init(data, sizeof data);
	byte_writer_varint(&w, value);
	assert_bytes(data, w.length, bytes, length);
	ByteReader r = byte_reader_init(data, w.length);
	g_assert_cmpuint(byte_reader_varint(&r), ==, value);
	g_assert_false(r.failed);
	g_assert_cmpuint(r.offset, ==, length);
}

/* Expected bytes: LEB128 by hand. */
static void test_varints_are_leb128(void)
{
	assert_varint(0, "\x00", 1);
	assert_varint(127, "\x7f", 1);
	assert_varint(128, "\x80\x01", 2);
	assert_varint(300, "\xac\x02", 2);
	assert_varint(16383, "\xff\x7f", 2);
	assert_varint(16384, "\x80\x80\x01", 3);
	assert_varint(G_GUINT64_CONSTANT(1) << 63, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10);
	assert_varint(G_MAXUINT64, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
}

static void test_signed_varints_are_zigzag(void)
{
	static const struct {
		gint64 value;
		guint64 zigzag;
	} rows[] = {{0, 0}, {-1, 1}, {1, 2}, {-2, 3}, {G_MAXINT64, G_MAXUINT64 - 1}, {G_MININT64, G_MAXUINT64}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint8 data[10];
		ByteWriter w = byte_writer_init(data, sizeof data);
		byte_writer_svarint(&w, rows[i].value);
		ByteReader as_unsigned = byte_reader_init(data, w.length), as_signed = as_unsigned;
		g_assert_cmpuint(byte_reader_varint(&as_unsigned), ==, rows[i].zigzag);
		g_assert_cmpint(byte_reader_svarint(&as_signed), ==, rows[i].value);
	}
}

static void assert_varint_refused(const char *bytes, gsize length)
{
	ByteReader r = byte_reader_init(bytes, length);
	g_assert_cmpuint(byte_reader_varint(&r), ==, 0);
	g_assert_true(r.failed);
}

static void test_a_varint_past_64_bits_or_past_the_end_is_refused(void)
{
	assert_varint_refused("", 0);
	assert_varint_refused("\x80", 1);
	assert_varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9);
	assert_varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
	assert_varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10);
	assert_varint_refused("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11);
}

static void test_a_full_writer_touches_nothing_more(void)
{
	guint8 data[8] = {0, 0, 0, 0, 0xee, 0xee, 0xee, 0xee};
	ByteWriter w = byte_writer_init(data, 4);
	byte_writer_u16(&w, 0x1111);
	byte_writer_u32(&w, 0x22222222);
	g_assert_true(w.failed);
	byte_writer_u8(&w, 0x33); /* would fit, but comes after the failure */
	byte_writer_varint(&w, G_MAXUINT64);
	g_assert_null(byte_writer_reserve(&w, 0));
	assert_bytes(data, sizeof data, "\x11\x11\0\0\xee\xee\xee\xee", 8);
	g_assert_cmpuint(w.length, ==, 2);
}

static void test_an_exhausted_reader_gives_zeros_for_ever(void)
{
	const guint8 data[] = {1, 2, 3};
	guint8 copy[4] = {9, 9, 9, 9};
	ByteReader r = byte_reader_init(data, sizeof data);
	byte_reader_get(&r, copy, sizeof copy);
	g_assert_true(r.failed);
	assert_bytes(copy, sizeof copy, "\0\0\0\0", 4);
	g_assert_cmpuint(byte_reader_left(&r), ==, 0);
	g_assert_cmpuint(byte_reader_u8(&r), ==, 0);
	g_assert_cmpint(byte_reader_svarint(&r), ==, 0);
	g_assert_null(byte_reader_take(&r, 0));
}

/* A length that was read from a file: adding it to an offset must not wrap around. */
static void test_a_monstrous_length_does_not_wrap(void)
{
	guint8 data[16] = {0};
	ByteReader r = byte_reader_init(data, sizeof data);
	byte_reader_take(&r, 8);
	g_assert_null(byte_reader_take(&r, G_MAXSIZE - 4));
	g_assert_true(r.failed);
	ByteWriter w = byte_writer_init(data, sizeof data);
	byte_writer_u64(&w, 0);
	g_assert_null(byte_writer_reserve(&w, G_MAXSIZE - 4));
	g_assert_true(w.failed);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bytes/integers-are-little-endian", test_integers_are_little_endian);
	g_test_add_func("/bytes/varints-are-leb128", test_varints_are_leb128);
	g_test_add_func("/bytes/signed-varints-are-zigzag", test_signed_varints_are_zigzag);
	g_test_add_func("/bytes/a-varint-past-64-bits-or-past-the-end-is-refused",
			test_a_varint_past_64_bits_or_past_the_end_is_refused);
	g_test_add_func("/bytes/a-full-writer-touches-nothing-more", test_a_full_writer_touches_nothing_more);
	g_test_add_func("/bytes/an-exhausted-reader-gives-zeros-for-ever", test_an_exhausted_reader_gives_zeros_for_ever);
	g_test_add_func("/bytes/a-monstrous-length-does-not-wrap", test_a_monstrous_length_does_not_wrap);
	return g_test_run();
}
