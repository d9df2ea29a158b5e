/* test_sim_mbim_frame.c - MBIM messages: what is one, what is not, how fragments become a command, and an answer fragments.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/frame.h"

static const guint8 open_message[] = {1, 0, 0, 0, 16, 0, 0, 0, 0x21, 0x43, 0x65, 0x87, 0, 0x10, 0, 0};
static const guint8 close_message[] = {2, 0, 0, 0, 12, 0, 0, 0, 9, 0, 0, 0};
/* Query of CID 11 of a service 01 02 .. 10, with three octets of information; transaction 7, one fragment. */
static const guint8 command[] = {3,  0,  0,  0,  51, 0,  0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1,   2,   3,   4,   5, 6,
				 7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 11, 0, 0, 0, 0, 0, 0, 0, 3,   0,   0,   0,   0xA, 0xB, 0xC};

static SimCut cut(const guint8 *data, gsize length, gsize *ret_size)
{
	/* An exact copy, so that a sanitizer sees any read past the end. */
	g_autofree guint8 *copy = g_memdup2(data, length);
	return sim_mbim_cut(copy, length, ret_size);
}

static void cuts_each_message_of_a_host(void)
{
	gsize size = 0;
	g_assert_cmpint(cut(open_message, sizeof open_message, &size), ==, SIM_CUT_MESSAGE);
	g_assert_cmpuint(size, ==, sizeof open_message);
	g_assert_cmpint(cut(close_message, sizeof close_message, &size), ==, SIM_CUT_MESSAGE);
	g_assert_cmpuint(size, ==, sizeof close_message);
	g_assert_cmpint(cut(command, sizeof command, &size), ==, SIM_CUT_MESSAGE);
	g_assert_cmpuint(size, ==, sizeof command);
}

static void leaves_what_comes_behind(void)
{
	guint8 two[sizeof close_message + sizeof open_message];
	gsize size = 0;
	memcpy(two, close_message, sizeof close_message);
	memcpy(two + sizeof close_message, open_message, sizeof open_message);
	g_assert_cmpint(cut(two, sizeof two, &size), ==, SIM_CUT_MESSAGE);
	g_assert_cmpuint(size, ==, sizeof close_message);
}

static void waits_for_the_rest_of_a_message(void)
{
	gsize size;
	for (gsize length = 1; length < sizeof command; length++)
		g_assert_cmpint(cut(command, length, &size), ==, SIM_CUT_PARTIAL);
	for (gsize length = 1; length < sizeof open_message; length++)
		g_assert_cmpint(cut(open_message, length, &size), ==, SIM_CUT_PARTIAL);
}

static void garbage_is_no_message(void)
{
	static const guint8 wrong[][12] = {
		{0, 0, 0, 0, 12, 0, 0, 0},          /* a type that there is not */
		{5, 0, 0, 0, 16, 0, 0, 0},          /* nor that */
		{1, 0x0F, 0, 0, 0, 0, 0, 0},        /* a QMUX frame */
		{1, 0, 0, 0, 17, 0, 0, 0},          /* an OPEN that is too long */
		{2, 0, 0, 0, 16, 0, 0, 0},          /* a CLOSE that is */
		{3, 0, 0, 0, 19, 0, 0, 0},          /* a COMMAND that is too short */
		{3, 0, 0, 0, 1, 0x10, 0, 0},        /* one that is longer than any buffer */
		{3, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}, /* one of four gigabytes */
	};
	gsize size;
	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
		g_assert_cmpint(cut(wrong[i], sizeof wrong[i], &size), ==, SIM_CUT_GARBAGE);
	g_assert_cmpint(cut((const guint8 *)"A", 1, &size), ==, SIM_CUT_GARBAGE);
}

static void answers_are_no_requests(void)
{
	static const guint8 done[] = {1, 0, 0, 0x80, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
	gsize size = 0;
	g_assert_cmpint(cut(done, sizeof done, &size), ==, SIM_CUT_IGNORED);
	g_assert_cmpuint(size, ==, sizeof done);
}

static void reads_a_command(void)
{
	SimMbimAssembly assembly = {0};
	SimMbimError error;
	SimMbimCommand found;
	SimMbimMessage message = sim_mbim_parse(command, sizeof command);
	g_assert_cmpint(message.type, ==, SIM_MBIM_COMMAND);
	g_assert_cmpuint(message.transaction, ==, 7);
	g_assert_cmpint(sim_mbim_assembly_add(&assembly, &message, &error), ==, SIM_MBIM_ASSEMBLY_WHOLE);
	g_assert_true(sim_mbim_command_parse(assembly.data, assembly.writer.length, &found));
	g_assert_cmpuint(found.service[0], ==, 1);
	g_assert_cmpuint(found.service[15], ==, 16);
	g_assert_cmpuint(found.cid, ==, 11);
	g_assert_false(found.is_set);
	g_assert_cmpuint(found.info.length, ==, 3);
	g_assert_cmphex(byte_reader_u8(&found.info), ==, 0xA);
}

static void a_length_beyond_the_end_is_no_command(void)
{
	SimMbimCommand found;
	for (gsize size = 0; size < sizeof command - 20; size++) {
		g_autofree guint8 *copy = g_memdup2(command + 20, size);
		g_assert_false(sim_mbim_command_parse(copy, size, &found));
	}
}

/* One fragment, `number` of `total`, of two octets. */
static SimMbimAssemblyResult add(SimMbimAssembly *assembly, guint8 transaction, guint8 total, guint8 number, SimMbimError *ret_error)
{
	guint8 data[] = {3, 0, 0, 0, 22, 0, 0, 0, transaction, 0, 0, 0, total, 0, 0, 0, number, 0, 0, 0, transaction, number};
	SimMbimMessage message = sim_mbim_parse(data, sizeof data);
	return sim_mbim_assembly_add(assembly, &message, ret_error);
}

static void fragments_become_one_command(void)
{
	static const guint8 expected[] = {5, 0, 5, 1, 5, 2};
	SimMbimAssembly assembly = {0};
	SimMbimError error;
	g_assert_cmpint(add(&assembly, 5, 3, 0, &error), ==, SIM_MBIM_ASSEMBLY_MORE);
	g_assert_cmpint(add(&assembly, 5, 3, 1, &error), ==, SIM_MBIM_ASSEMBLY_MORE);
	g_assert_cmpint(add(&assembly, 5, 3, 2, &error), ==, SIM_MBIM_ASSEMBLY_WHOLE);
	g_assert_cmpuint(assembly.writer.length, ==, sizeof expected);
	g_assert_true(memcmp(assembly.data, expected, sizeof expected) == 0);
	g_assert_false(assembly.open);
}

static void fragments_out_of_sequence_are_refused(void)
{
	static const struct {
		guint8 transaction, total, number;
	} wrong[] = {{5, 3, 2}, {6, 3, 1}, {5, 4, 1}};
	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		SimMbimAssembly assembly = {0};
		SimMbimError error = SIM_MBIM_ERROR_NONE;
		add(&assembly, 5, 3, 0, &error);
		SimMbimAssemblyResult result = add(&assembly, wrong[i].transaction, wrong[i].total, wrong[i].number, &error);
		g_assert_cmpint(result, ==, SIM_MBIM_ASSEMBLY_BROKEN);
		g_assert_cmpint(error, ==, SIM_MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
		g_assert_cmpint(add(&assembly, 5, 3, 1, &error), ==, SIM_MBIM_ASSEMBLY_BROKEN);
	}
	SimMbimAssembly assembly = {0};
	SimMbimError error;
	g_assert_cmpint(add(&assembly, 5, 0, 0, &error), ==, SIM_MBIM_ASSEMBLY_BROKEN);
}

static void a_first_fragment_begins_anew(void)
{
	SimMbimAssembly assembly = {0};
	SimMbimError error;
	add(&assembly, 5, 3, 0, &error);
	g_assert_cmpint(add(&assembly, 6, 2, 0, &error), ==, SIM_MBIM_ASSEMBLY_MORE);
	g_assert_cmpint(add(&assembly, 6, 2, 1, &error), ==, SIM_MBIM_ASSEMBLY_WHOLE);
	g_assert_cmpuint(assembly.writer.length, ==, 4);
}

static void a_command_without_end_is_refused(void)
{
	SimMbimAssembly assembly = {0};
	SimMbimError error = SIM_MBIM_ERROR_NONE;
	SimMbimAssemblyResult result = SIM_MBIM_ASSEMBLY_MORE;
	g_autofree guint8 *data = g_malloc0(4000);
	for (guint8 number = 0; result == SIM_MBIM_ASSEMBLY_MORE; number++) {
		g_assert_cmpuint(number, <, 4);
		data[12] = 200;
		data[16] = number;
		SimMbimMessage message = sim_mbim_parse(data, 4000);
		result = sim_mbim_assembly_add(&assembly, &message, &error);
	}
	g_assert_cmpint(result, ==, SIM_MBIM_ASSEMBLY_BROKEN);
	g_assert_cmpint(error, ==, SIM_MBIM_ERROR_MAX_TRANSFER);
}

static void keep_message(const guint8 *message, gsize size, gpointer user_data)
{
	g_ptr_array_add(user_data, g_bytes_new(message, size));
}

static void an_answer_becomes_fragments_of_the_size_agreed_on(void)
{
	g_autoptr(GPtrArray) sent = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	SimMbimOutlet outlet = {keep_message, sent, 64};
	guint8 uuid[SIM_MBIM_UUID_SIZE] = {1}, info[100];
	for (gsize i = 0; i < sizeof info; i++)
		info[i] = (guint8)i;
	sim_mbim_send_info(&outlet, SIM_MBIM_COMMAND_DONE, 9, uuid, 11, 21, info, sizeof info);
	g_assert_cmpuint(sent->len, ==, 3); /* 128 octets in pieces of 44 */
	gsize whole = 0;
	for (guint i = 0; i < sent->len; i++) {
		gsize size;
		ByteReader r = byte_reader_init(g_bytes_get_data(sent->pdata[i], &size), g_bytes_get_size(sent->pdata[i]));
		g_assert_cmpuint(size, ==, i < 2 ? 64 : 20 + 40);
		g_assert_cmphex(byte_reader_u32(&r), ==, 0x80000003);
		g_assert_cmpuint(byte_reader_u32(&r), ==, size);
		g_assert_cmpuint(byte_reader_u32(&r), ==, 9);
		g_assert_cmpuint(byte_reader_u32(&r), ==, 3);
		g_assert_cmpuint(byte_reader_u32(&r), ==, i);
		whole += byte_reader_left(&r);
		if (i < 2)
			continue;
		byte_reader_take(&r, 39);
		g_assert_cmpuint(byte_reader_u8(&r), ==, 99); /* the information's last octet is the message's last */
	}
	g_assert_cmpuint(whole, ==, SIM_MBIM_UUID_SIZE + 12 + sizeof info);
}

static void a_notification_has_no_status(void)
{
	g_autoptr(GPtrArray) sent = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	SimMbimOutlet outlet = {keep_message, sent, 512};
	guint8 uuid[SIM_MBIM_UUID_SIZE] = {1};
	sim_mbim_send_info(&outlet, SIM_MBIM_INDICATE_STATUS, 0, uuid, 11, 21, "abcd", 4);
	ByteReader r = byte_reader_init(g_bytes_get_data(sent->pdata[0], NULL), g_bytes_get_size(sent->pdata[0]));
	byte_reader_take(&r, 20 + SIM_MBIM_UUID_SIZE);
	g_assert_cmpuint(byte_reader_u32(&r), ==, 11);
	g_assert_cmpuint(byte_reader_u32(&r), ==, 4);
	g_assert_cmpuint(byte_reader_left(&r), ==, 4);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/sim-mbim-frame/" path, function)
	ADD("cuts-each-message-of-a-host", cuts_each_message_of_a_host);
	ADD("leaves-what-comes-behind", leaves_what_comes_behind);
	ADD("waits-for-the-rest-of-a-message", waits_for_the_rest_of_a_message);
	ADD("garbage-is-no-message", garbage_is_no_message);
	ADD("answers-are-no-requests", answers_are_no_requests);
	ADD("reads-a-command", reads_a_command);
	ADD("a-length-beyond-the-end-is-no-command", a_length_beyond_the_end_is_no_command);
	ADD("fragments-become-one-command", fragments_become_one_command);
	ADD("fragments-out-of-sequence-are-refused", fragments_out_of_sequence_are_refused);
	ADD("a-first-fragment-begins-anew", a_first_fragment_begins_anew);
	ADD("a-command-without-end-is-refused", a_command_without_end_is_refused);
	ADD("an-answer-becomes-fragments-of-the-size-agreed-on", an_answer_becomes_fragments_of_the_size_agreed_on);
	ADD("a-notification-has-no-status", a_notification_has_no_status);
	return g_test_run();
}
