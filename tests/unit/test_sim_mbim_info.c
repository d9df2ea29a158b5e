/* test_sim_mbim_info.c - information buffers: pairs, texts, and type-length-value fields.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/info.h"

static void assert_written(const ByteWriter *w, const void *expected, gsize size)
{
	g_assert_false(w->failed);
	g_assert_cmpuint(w->length, ==, size);
	g_assert_true(memcmp(w->data, expected, size) == 0);
}

static void texts_stand_behind_the_fixed_part(void)
{
	guint8 data[64];
	ByteWriter w = byte_writer_init(data, sizeof data);
	SimMbimStruct s = sim_mbim_struct_begin(&w);
	sim_mbim_struct_text(&s, "abc");
	byte_writer_u32(&w, 7);
	sim_mbim_struct_text(&s, "d");
	sim_mbim_struct_texts(&s);
	static const guint8 expected[] = {20, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 28, 0, 0, 0, 2, 0, 0, 0,
					  'a', 0, 'b', 0, 'c', 0, 0, 0, 'd', 0, 0, 0};
	assert_written(&w, expected, sizeof expected);
}

static void no_text_is_a_pair_of_zeros(void)
{
	guint8 data[64];
	ByteWriter w = byte_writer_init(data, sizeof data);
	SimMbimStruct s = sim_mbim_struct_begin(&w);
	sim_mbim_struct_text(&s, NULL);
	sim_mbim_struct_text(&s, "");
	sim_mbim_struct_texts(&s);
	static const guint8 expected[16] = {0};
	assert_written(&w, expected, sizeof expected);
}

static void texts_are_utf16(void)
{
	guint8 data[64];
	ByteWriter w = byte_writer_init(data, sizeof data);
	SimMbimStruct s = sim_mbim_struct_begin(&w);
	sim_mbim_struct_text(&s, "\xC4\xB6\xF0\x9F\x93\xA1"); /* U+0136, and U+1F4E1, which takes two units */
	sim_mbim_struct_texts(&s);
	static const guint8 expected[] = {8, 0, 0, 0, 6, 0, 0, 0, 0x36, 0x01, 0x3D, 0xD8, 0xE1, 0xDC, 0, 0};
	assert_written(&w, expected, sizeof expected);
}

static void offsets_count_from_the_structure_that_holds_them(void)
{
	guint8 data[64];
	ByteWriter w = byte_writer_init(data, sizeof data);
	byte_writer_u32(&w, 0xFFFFFFFF); /* something before */
	SimMbimStruct outer = sim_mbim_struct_begin(&w);
	gsize pair = sim_mbim_struct_pair(&outer);
	SimMbimStruct inner = sim_mbim_struct_begin(&w);
	sim_mbim_struct_text(&inner, "x");
	sim_mbim_struct_texts(&inner);
	sim_mbim_struct_fill(&outer, pair, inner.base);
	static const guint8 expected[] = {0xFF, 0xFF, 0xFF, 0xFF, 8, 0, 0, 0, 12, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 'x', 0, 0, 0};
	assert_written(&w, expected, sizeof expected);
}

static void fields_tell_their_padding(void)
{
	static const guint16 numbers[] = {3, 78, 20};
	guint8 data[64];
	ByteWriter w = byte_writer_init(data, sizeof data);
	sim_mbim_put_tlv_text(&w, "a");
	sim_mbim_put_tlv_u16(&w, numbers, 3);
	sim_mbim_put_tlv_text(&w, "");
	static const guint8 expected[] = {10, 0, 0, 2, 2, 0, 0, 0, 'a', 0, 0, 0, 11, 0, 0, 2, 6, 0, 0, 0,
					  3,  0, 78, 0, 20, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0};
	assert_written(&w, expected, sizeof expected);
}

static void a_buffer_that_is_too_small_fails_and_stays_whole(void)
{
	for (gsize size = 0; size < 32; size++) {
		g_autofree guint8 *data = g_malloc0(size + 1);
		ByteWriter w = byte_writer_init(data, size);
		SimMbimStruct s = sim_mbim_struct_begin(&w);
		sim_mbim_struct_text(&s, "abc");
		byte_writer_u32(&w, 7);
		sim_mbim_struct_text(&s, "d");
		sim_mbim_struct_texts(&s);
		g_assert_true(w.failed);
	}
}

static void texts_of_a_host_are_read_within_their_buffer(void)
{
	static const guint8 data[] = {0, 0, 0, 0, 'a', 0, 0xAC, 0x20, 0x00, 0xD8};
	ByteReader info = byte_reader_init(data, sizeof data);
	g_autofree char *text = sim_mbim_read_text(&info, 4, 4), *none = sim_mbim_read_text(&info, 0, 0);
	g_assert_cmpstr(text, ==, "a\342\202\254");
	g_assert_cmpstr(none, ==, "");
	g_assert_null(sim_mbim_read_text(&info, 4, 3));
	g_assert_null(sim_mbim_read_text(&info, 4, 8));
	g_assert_null(sim_mbim_read_text(&info, 11, 0));
	g_assert_null(sim_mbim_read_text(&info, 4, 0xFFFFFFFE));
	g_assert_null(sim_mbim_read_text(&info, 8, 2)); /* half a pair of surrogates */
}

static void fields_of_a_host_are_read_one_after_the_other(void)
{
	static const guint8 data[] = {10, 0, 0, 2, 2, 0, 0, 0, 'a', 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 4, 0, 0, 0, 'b', 0};
	ByteReader info = byte_reader_init(data, sizeof data);
	g_autofree char *first = sim_mbim_read_tlv_text(&info), *second = sim_mbim_read_tlv_text(&info);
	g_assert_cmpstr(first, ==, "a");
	g_assert_cmpstr(second, ==, "");
	g_assert_null(sim_mbim_read_tlv_text(&info)); /* longer than what is there */
	static const guint8 number[] = {11, 0, 0, 0, 2, 0, 0, 0, 'a', 0};
	info = byte_reader_init(number, sizeof number);
	g_assert_null(sim_mbim_read_tlv_text(&info));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/sim-mbim-info/" path, function)
	ADD("texts-stand-behind-the-fixed-part", texts_stand_behind_the_fixed_part);
	ADD("no-text-is-a-pair-of-zeros", no_text_is_a_pair_of_zeros);
	ADD("texts-are-utf16", texts_are_utf16);
	ADD("offsets-count-from-the-structure-that-holds-them", offsets_count_from_the_structure_that_holds_them);
	ADD("fields-tell-their-padding", fields_tell_their_padding);
	ADD("a-buffer-that-is-too-small-fails-and-stays-whole", a_buffer_that_is_too_small_fails_and_stays_whole);
	ADD("texts-of-a-host-are-read-within-their-buffer", texts_of_a_host_are_read_within_their_buffer);
	ADD("fields-of-a-host-are-read-one-after-the-other", fields_of_a_host_are_read_one_after_the_other);
	return g_test_run();
}
