/* The bytes of a segment stand where FORMAT.md says, and the parsers take nothing else.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/crc32c.h"
#include "journal/format.h"

#include <sodium.h>

static JournalSegment example_segment(void)
{
	JournalSegment s = {.number = 0x01020304, .first_sequence = 0x1112131415161718};
	memset(s.device_id, 0xd1, sizeof s.device_id);
	memset(s.run_id, 0xe2, sizeof s.run_id);
	memset(s.boot_id.bytes, 0xb3, sizeof s.boot_id.bytes);
	memset(s.previous, 0xf4, sizeof s.previous);
	s.created = (ClockReading){0x2122232425262728, -2, CLOCK_STATE_NTP};
	return s;
}

static void assert_le(const guint8 *at, gsize size, guint64 expected)
{
	guint64 value = 0;
	for (gsize i = 0; i < size; i++)
		value |= (guint64)at[i] << 8 * i;
	g_assert_cmphex(value, ==, expected);
}

static void assert_filled(const guint8 *at, gsize size, guint8 expected)
{
	for (gsize i = 0; i < size; i++)
		g_assert_cmphex(at[i], ==, expected);
}

static void encode_header(const JournalSegment *s, guint8 *ret_block)
{
	journal_header_encode(s, NULL, ret_block);
	journal_header_finish(ret_block, NULL);
}

static void test_the_header_has_its_fields_where_the_format_says(void)
{
	guint8 block[JOURNAL_HEADER_SIZE];
	const JournalSegment s = example_segment();
	encode_header(&s, block);
	g_assert_true(memcmp(block, "JAMLOGJ1", 8) == 0);
	assert_le(block + 8, 4, 1);
	assert_le(block + 12, 4, 4096);
	assert_le(block + 16, 8, 0);
	assert_filled(block + 24, 16, 0xd1);
	assert_filled(block + 40, 16, 0xe2);
	assert_le(block + 56, 4, 0x01020304);
	assert_le(block + 60, 4, 2);
	assert_filled(block + 64, 16, 0xb3);
	assert_le(block + 80, 8, 0x2122232425262728);
	assert_le(block + 88, 8, (guint64)-2);
	assert_le(block + 96, 8, 0x1112131415161718);
	assert_filled(block + 104, 32, 0xf4);
	assert_filled(block + 136, 4092 - 136, 0);
	assert_le(block + 4092, 4, crc32c(0, block, 4092));
}

static void test_a_header_comes_back_as_it_was(void)
{
	guint8 block[JOURNAL_HEADER_SIZE], digest[32];
	JournalSegment s = example_segment(), back;
	encode_header(&s, block);
	g_assert_cmpint(journal_header_parse(block, &back), ==, JOURNAL_HEADER_OK);
	crypto_generichash(digest, sizeof digest, block, sizeof block, NULL, 0);
	g_assert_true(memcmp(back.digest, digest, sizeof digest) == 0);
	g_assert_true(memcmp(back.device_id, s.device_id, sizeof s.device_id) == 0);
	g_assert_true(memcmp(back.run_id, s.run_id, sizeof s.run_id) == 0);
	g_assert_true(memcmp(&back.boot_id, &s.boot_id, sizeof s.boot_id) == 0);
	g_assert_true(memcmp(back.previous, s.previous, sizeof s.previous) == 0);
	g_assert_cmpuint(back.number, ==, s.number);
	g_assert_cmpuint(back.first_sequence, ==, s.first_sequence);
	g_assert_cmpint(back.created.boottime_ns, ==, s.created.boottime_ns);
	g_assert_cmpint(back.created.realtime_ns, ==, s.created.realtime_ns);
	g_assert_cmpint(back.created.state, ==, s.created.state);
}

/* A header with the byte at `offset` changed, and with a checksum that fits where `mend` says so. */
static JournalHeaderParse parse_changed(gsize offset, guint8 value, gboolean mend)
{
	guint8 block[JOURNAL_HEADER_SIZE];
	JournalSegment s = example_segment();
	encode_header(&s, block);
	block[offset] = value;
	ByteWriter w = byte_writer_init(block + 4092, 4);
	if (mend)
		byte_writer_u32(&w, crc32c(0, block, 4092));
	return journal_header_parse(block, &s);
}

static void test_newer_damaged_and_foreign_headers_are_told_apart(void)
{
	g_assert_cmpint(parse_changed(8, 2, TRUE), ==, JOURNAL_HEADER_NEWER);     /* version */
	g_assert_cmpint(parse_changed(13, 0x20, TRUE), ==, JOURNAL_HEADER_NEWER); /* length of the header */
	g_assert_cmpint(parse_changed(23, 0x80, TRUE), ==, JOURNAL_HEADER_NEWER); /* incompatible flag 31 */
	g_assert_cmpint(parse_changed(16, 0x02, TRUE), ==, JOURNAL_HEADER_OK);    /* compatible flag 1 */
	g_assert_cmpint(parse_changed(20, 0x02, TRUE), ==, JOURNAL_HEADER_NEWER); /* incompatible flag 1 */
	g_assert_cmpint(parse_changed(20, 0x01, TRUE), ==, JOURNAL_HEADER_DAMAGED); /* sealed, to nobody */
	g_assert_cmpint(parse_changed(4028, 0x01, TRUE), ==, JOURNAL_HEADER_OK);  /* a signature */
	g_assert_cmpint(parse_changed(8, 2, FALSE), ==, JOURNAL_HEADER_DAMAGED);
	g_assert_cmpint(parse_changed(4028, 0x01, FALSE), ==, JOURNAL_HEADER_DAMAGED);
	g_assert_cmpint(parse_changed(0, 'K', TRUE), ==, JOURNAL_HEADER_FOREIGN);
}

static JournalFrameHead example_head(guint16 payload_length)
{
	JournalFrameHead head = {.type = 1, .payload_length = payload_length, .first_sequence = 0x0102030405060708, .number = 9};
	memset(head.chain, 0xc5, sizeof head.chain);
	return head;
}

static void test_a_frame_has_its_fields_where_the_format_says(void)
{
	guint8 frame[512], digest[32], checked[32 + 56 + 5];
	memset(frame, 0xee, sizeof frame);
	memset(digest, 0xab, sizeof digest);
	const JournalFrameHead head = example_head(5);
	journal_frame_encode(&head, (const guint8 *)"hello", journal_frame_seed(digest), frame);
	g_assert_true(memcmp(frame, "JLFR\x01\x00", 6) == 0);
	assert_le(frame + 6, 2, 5);
	assert_le(frame + 8, 8, 0x0102030405060708);
	assert_le(frame + 16, 4, 9);
	assert_filled(frame + 24, 32, 0xc5);
	g_assert_true(memcmp(frame + 56, "hello", 5) == 0);
	assert_filled(frame + 61, 512 - 61, 0);
	memcpy(checked, digest, 32);
	memcpy(checked + 32, frame, 56 + 5);
	memset(checked + 32 + 20, 0, 4);
	assert_le(frame + 20, 4, crc32c(0, checked, sizeof checked));
}

static void test_the_chain_is_the_hash_of_the_chain_and_the_frame(void)
{
	guint8 chain[32], joined[32 + 60], expected[32];
	memset(joined, 0x11, 32);
	memset(joined + 32, 0x22, 60);
	memcpy(chain, joined, 32);
	crypto_generichash(expected, sizeof expected, joined, sizeof joined, NULL, 0);
	journal_chain_next(chain, joined + 32, 60);
	g_assert_true(memcmp(chain, expected, sizeof expected) == 0);
}

static void test_a_frame_is_read_within_what_is_there(void)
{
	guint8 frame[JOURNAL_BLOCK_SIZE], payload[JOURNAL_PAYLOAD_MAX] = {7};
	JournalFrameHead head = example_head(JOURNAL_PAYLOAD_MAX), back;
	journal_frame_encode(&head, payload, 42, frame);
	g_assert_cmpint(journal_frame_parse(frame, sizeof frame, 42, TRUE, &back), ==, JOURNAL_FRAME_OK);
	g_assert_cmpuint(back.payload_length, ==, JOURNAL_PAYLOAD_MAX);
	g_assert_cmpint(journal_frame_parse(frame, sizeof frame, 43, TRUE, &back), ==, JOURNAL_FRAME_CRC);
	g_assert_cmpint(journal_frame_parse(frame, sizeof frame, 43, FALSE, &back), ==, JOURNAL_FRAME_OK);
	for (gsize cut = 0; cut < sizeof frame; cut++) {
		g_autofree guint8 *copy = g_memdup2(frame, cut);
		g_assert_cmpint(journal_frame_parse(copy, cut, 42, FALSE, &back), ==,
				cut < 4 ? JOURNAL_FRAME_NONE : JOURNAL_FRAME_BOUNDS);
	}
	frame[6] = 0xff;
	frame[7] = 0xff;
	g_assert_cmpint(journal_frame_parse(frame, sizeof frame, 42, TRUE, &back), ==, JOURNAL_FRAME_BOUNDS);
}

/* `n` records of `size` bytes each, with their lengths before them. */
static gsize make_records(guint8 *ret_records, gsize capacity, guint n, gsize size)
{
	ByteWriter w = byte_writer_init(ret_records, capacity);
	for (guint i = 0; i < n; i++) {
		byte_writer_varint(&w, size);
		memset(byte_writer_reserve(&w, size), 0x55, size);
	}
	g_assert_false(w.failed);
	return w.length;
}

static void test_records_are_packed_up_to_the_end_of_the_block(void)
{
	guint8 records[16384];
	guint count;
	guint64 offset = 8192;
	gsize length = make_records(records, sizeof records, 50, 100);
	/* 4096 - 56 = 4040 bytes hold 40 records of 101. */
	g_assert_cmpuint(journal_pack_next(records, length, 0, &offset, &count), ==, 40 * 101);
	g_assert_cmpuint(count, ==, 40);
	g_assert_cmpuint(offset, ==, 8192);
	/* In the block's last sector: 512 - 56 = 456 bytes hold 4. */
	offset = 8192 + 7 * 512;
	g_assert_cmpuint(journal_pack_next(records, length, 0, &offset, &count), ==, 4 * 101);
	g_assert_cmpuint(offset, ==, 8192 + 7 * 512);
	/* Fewer than fit: all. */
	g_assert_cmpuint(journal_pack_next(records, 2 * 101, 0, &offset, &count), ==, 2 * 101);
	/* A record of 456 bytes with its length does not fit there any more: next block. One of 454 + 2 does. */
	length = make_records(records, sizeof records, 2, 454);
	g_assert_cmpuint(journal_pack_next(records, length, 0, &offset, &count), ==, 456);
	g_assert_cmpuint(offset, ==, 8192 + 7 * 512);
	length = make_records(records, sizeof records, 2, 455);
	g_assert_cmpuint(journal_pack_next(records, length, 0, &offset, &count), ==, 2 * 457);
	g_assert_cmpuint(offset, ==, 12288);
	g_assert_cmpuint(count, ==, 2);
	/* A tag behind the payload takes its 16 bytes of the room. */
	offset = 8192 + 7 * 512;
	length = make_records(records, sizeof records, 2, 438);
	g_assert_cmpuint(journal_pack_next(records, length, 16, &offset, &count), ==, 440);
	length = make_records(records, sizeof records, 2, 439);
	g_assert_cmpuint(journal_pack_next(records, length, 16, &offset, &count), ==, 2 * 441);
	g_assert_cmpuint(offset, ==, 12288);
}

static void test_a_segment_is_named_by_device_run_and_number(void)
{
	const guint8 device[16] = {0xd0, 0xd1, 0xd2, 0xd3, 0xd4}, run[16] = {0x8c, 0x40, 0xa1, 0x07, 0xff};
	g_autofree char *name = journal_segment_name(device, run, 12);
	g_assert_cmpstr(name, ==, "d0d1d2d3-8c40a107-00012.jlj");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_assert_cmpint(sodium_init(), >=, 0);
	g_test_add_func("/journal/format/the-header-has-its-fields-where-the-format-says",
			test_the_header_has_its_fields_where_the_format_says);
	g_test_add_func("/journal/format/a-header-comes-back-as-it-was", test_a_header_comes_back_as_it_was);
	g_test_add_func("/journal/format/newer-damaged-and-foreign-headers-are-told-apart",
			test_newer_damaged_and_foreign_headers_are_told_apart);
	g_test_add_func("/journal/format/a-frame-has-its-fields-where-the-format-says",
			test_a_frame_has_its_fields_where_the_format_says);
	g_test_add_func("/journal/format/the-chain-is-the-hash-of-the-chain-and-the-frame",
			test_the_chain_is_the_hash_of_the_chain_and_the_frame);
	g_test_add_func("/journal/format/a-frame-is-read-within-what-is-there", test_a_frame_is_read_within_what_is_there);
	g_test_add_func("/journal/format/records-are-packed-up-to-the-end-of-the-block",
			test_records_are_packed_up_to_the_end_of_the_block);
	g_test_add_func("/journal/format/a-segment-is-named-by-device-run-and-number",
			test_a_segment_is_named_by_device_run_and_number);
	return g_test_run();
}
