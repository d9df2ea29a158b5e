/* test_sim_qmi_mux.c - frames: what is one, what is not, and how one is written.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/mux.h"

/* g_assert_cmpmem() of GLib 2.74 does not compile under -Wconversion. */
static void assert_bytes(const void *found, gsize found_size, const void *expected, gsize expected_size)
{
	g_assert_cmpuint(found_size, ==, expected_size);
	g_assert_true(memcmp(found, expected, expected_size) == 0);
}

/* NAS Get Signal Strength from client 3, transaction 0x1122, with a mask of 0x00ff: packed by hand. */
static const guint8 request[] = {0x01, 0x11, 0x00, 0x00, 0x03, 0x03, 0x00, 0x22, 0x11,
				 0x20, 0x00, 0x05, 0x00, 0x10, 0x02, 0x00, 0xff, 0x00};
/* CTL Allocate CID of NAS, transaction 7. */
static const guint8 ctl_request[] = {0x01, 0x0f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07,
				     0x22, 0x00, 0x04, 0x00, 0x01, 0x01, 0x00, 0x03};

static SimQmiParse parse(const guint8 *data, gsize length)
{
	SimQmiFrame frame;
	gsize size;
	/* An exact copy, so that a sanitizer sees any read past the end. */
	g_autofree guint8 *copy = g_memdup2(data, length);
	return sim_qmi_frame_parse(copy, length, &frame, &size);
}

static void reads_a_service_request(void)
{
	SimQmiFrame frame;
	gsize size;
	ByteReader mask;
	g_assert_cmpint(sim_qmi_frame_parse(request, sizeof request, &frame, &size), ==, SIM_QMI_PARSE_REQUEST);
	g_assert_cmpuint(size, ==, sizeof request);
	g_assert_cmpuint(frame.service, ==, SIM_QMI_NAS);
	g_assert_cmpuint(frame.client, ==, 3);
	g_assert_cmphex(frame.transaction, ==, 0x1122);
	g_assert_cmphex(frame.message, ==, 0x0020);
	g_assert_true(sim_qmi_frame_tlv(&frame, 0x10, &mask));
	g_assert_cmphex(byte_reader_u16(&mask), ==, 0x00ff);
	g_assert_cmpuint(byte_reader_left(&mask), ==, 0);
	g_assert_false(sim_qmi_frame_tlv(&frame, 0x11, &mask));
}

static void reads_a_ctl_request_with_its_short_transaction(void)
{
	SimQmiFrame frame;
	gsize size;
	g_assert_cmpint(sim_qmi_frame_parse(ctl_request, sizeof ctl_request, &frame, &size), ==, SIM_QMI_PARSE_REQUEST);
	g_assert_cmphex(frame.transaction, ==, 7);
	g_assert_cmphex(frame.message, ==, 0x0022);
}

static void waits_for_the_rest_of_a_frame(void)
{
	for (gsize length = 1; length < sizeof request; length++)
		g_assert_cmpint(parse(request, length), ==, SIM_QMI_PARSE_PARTIAL);
	for (gsize length = 1; length < sizeof ctl_request; length++)
		g_assert_cmpint(parse(ctl_request, length), ==, SIM_QMI_PARSE_PARTIAL);
}

/* Each byte of the envelope that is off by something makes it no frame. */
static void refuses_a_damaged_envelope(void)
{
	static const struct {
		gsize at;
		guint8 value;
	} damage[] = {
		{0, 0x02},  /* marker */
		{1, 0x12},  /* outer length */
		{2, 0x10},  /* outer length, above the limit */
		{3, 0x80},  /* from a modem */
		{11, 0x06}, /* length of the TLVs */
		{14, 0x03}, /* a TLV that ends after the frame */
		{14, 0x01}, /* a TLV that leaves a rest which is none */
	};
	for (guint i = 0; i < G_N_ELEMENTS(damage); i++) {
		guint8 bytes[sizeof request];
		memcpy(bytes, request, sizeof bytes);
		bytes[damage[i].at] = damage[i].value;
		g_assert_cmpint(parse(bytes, sizeof bytes), ==, SIM_QMI_PARSE_GARBAGE);
	}
}

static void ignores_what_is_not_a_request(void)
{
	guint8 bytes[sizeof request];
	memcpy(bytes, request, sizeof bytes);
	bytes[6] = 0x02; /* a response */
	g_assert_cmpint(parse(bytes, sizeof bytes), ==, SIM_QMI_PARSE_IGNORED);
}

static void writes_a_response(void)
{
	/* DMS client 2, transaction 0x0102, message 0x002d: success, TLV 01 = 00 */
	static const guint8 expected[] = {0x01, 0x17, 0x00, 0x80, 0x02, 0x02, 0x02, 0x02, 0x01, 0x2d, 0x00, 0x0b,
					  0x00, 0x02, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00};
	SimQmiMessage message;
	sim_qmi_message_begin(&message, SIM_QMI_RESPONSE, SIM_QMI_DMS, 2, 0x0102, 0x002d);
	sim_qmi_message_result(&message, SIM_QMI_OK);
	byte_writer_u32(sim_qmi_message_tlv_begin(&message, 0x10), 42);
	sim_qmi_message_tlv_drop(&message);
	byte_writer_u8(sim_qmi_message_tlv_begin(&message, 0x01), 0);
	sim_qmi_message_tlv_end(&message);
	g_assert_true(sim_qmi_message_end(&message));
	assert_bytes(message.data, message.writer.length, expected, sizeof expected);
}

static void writes_a_ctl_error(void)
{
	static const guint8 expected[] = {0x01, 0x12, 0x00, 0x80, 0x00, 0x00, 0x01, 0x07, 0x22, 0x00,
					  0x07, 0x00, 0x02, 0x04, 0x00, 0x01, 0x00, 0x05, 0x00};
	SimQmiMessage message;
	sim_qmi_message_begin(&message, SIM_QMI_RESPONSE, SIM_QMI_CTL, 0, 7, 0x0022);
	sim_qmi_message_result(&message, SIM_QMI_CLIENT_IDS_EXHAUSTED);
	g_assert_true(sim_qmi_message_end(&message));
	assert_bytes(message.data, message.writer.length, expected, sizeof expected);
}

static void a_message_that_does_not_fit_is_not_sent(void)
{
	SimQmiMessage message;
	sim_qmi_message_begin(&message, SIM_QMI_INDICATION, SIM_QMI_NAS, 1, 0, 0x004e);
	for (guint i = 0; i < SIM_MESSAGE_MAX; i++) {
		byte_writer_u8(sim_qmi_message_tlv_begin(&message, 0x10), 0);
		sim_qmi_message_tlv_end(&message);
	}
	g_assert_false(sim_qmi_message_end(&message));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/sim-qmi-mux/" path, function)
	ADD("reads-a-service-request", reads_a_service_request);
	ADD("reads-a-ctl-request-with-its-short-transaction", reads_a_ctl_request_with_its_short_transaction);
	ADD("waits-for-the-rest-of-a-frame", waits_for_the_rest_of_a_frame);
	ADD("refuses-a-damaged-envelope", refuses_a_damaged_envelope);
	ADD("ignores-what-is-not-a-request", ignores_what_is_not_a_request);
	ADD("writes-a-response", writes_a_response);
	ADD("writes-a-ctl-error", writes_a_ctl_error);
	ADD("a-message-that-does-not-fit-is-not-sent", a_message_that_does_not_fit_is_not_sent);
	return g_test_run();
}
