/* test_sim_packet.c - packets taken apart and put together, DNS questions and the lies that answer them.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/dns.h"
#include "sim/net/packet.h"
#include "sim/net/plan.h"

#include <string.h>

/* A SYN with options, 172.16.10.99 to 172.16.10.12. */
static const guint8 syn[] = {0x45, 0x00, 0x00, 0x3c, 0x1c, 0x46, 0x40, 0x00, 0x40, 0x06, 0xb1, 0xe6, 0xac, 0x10, 0x0a,
			     0x63, 0xac, 0x10, 0x0a, 0x0c, 0x9c, 0x40, 0x01, 0xbb, 0x11, 0x22, 0x33, 0x44, 0x00, 0x00,
			     0x00, 0x00, 0xa0, 0x02, 0xfa, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04,
			     0x02, 0x08, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x07};

static SimAddress address(const char *text)
{
	SimAddress parsed;
	g_assert_true(sim_address_parse(text, &parsed));
	return parsed;
}

static guint16 checksum(guint32 sum, const guint8 *at, gsize size)
{
	for (gsize i = 0; i < size; i++)
		sum += i % 2 ? at[i] : (guint32)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (guint16)sum;
}

static void test_a_packet_is_taken_apart(void)
{
	SimPacket p;
	g_assert_true(sim_packet_parse(syn, sizeof syn, &p));
	SimAddress from = address("172.16.10.99"), to = address("172.16.10.12");
	g_assert_true(sim_address_equal(&p.source, &from) && sim_address_equal(&p.destination, &to));
	g_assert_cmpuint(p.protocol, ==, SIM_PROTOCOL_TCP);
	g_assert_cmpuint(p.source_port, ==, 40000);
	g_assert_cmpuint(p.destination_port, ==, 443);
	g_assert_cmphex(p.seq, ==, 0x11223344);
	g_assert_cmphex(p.flags, ==, SIM_TCP_SYN);
	g_assert_cmpuint(p.payload_size, ==, 0);
	g_assert_cmphex(sim_packet_end_seq(&p), ==, 0x11223345);
}

/* Nothing behind the end is read (under ASan), whatever the lengths inside say. */
static void test_no_length_is_believed(void)
{
	SimPacket p;
	for (gsize size = 0; size < sizeof syn; size++) {
		g_autofree guint8 *cut = g_memdup2(syn, size);
		g_assert_false(sim_packet_parse(cut, size, &p));
		if (size >= 20)
			sim_put_be16(cut + 2, (guint16)size);
		g_assert_cmpint(sim_packet_parse(cut, size, &p), ==, FALSE);
	}
	for (gsize at = 0; at < sizeof syn; at++) {
		g_autofree guint8 *changed = g_memdup2(syn, sizeof syn);
		for (guint value = 0; value < 256; value++) {
			changed[at] = (guint8)value;
			if (sim_packet_parse(changed, sizeof syn, &p) && p.payload)
				g_assert_true(p.payload >= changed && p.payload + p.payload_size <= changed + sizeof syn);
		}
	}
}

static void test_a_built_packet_has_right_checksums(void)
{
	static const char *const ends[][2] = {{"10.64.0.2", "198.51.100.20"}, {"2001:db8:64::2", "2001:db8:100::20"}};
	static const guint8 protocols[] = {SIM_PROTOCOL_TCP, SIM_PROTOCOL_UDP};
	for (guint i = 0; i < 4; i++) {
		SimPacket p = {.source = address(ends[i / 2][0]),
			       .destination = address(ends[i / 2][1]),
			       .protocol = protocols[i % 2],
			       .whole = TRUE,
			       .source_port = 1234,
			       .destination_port = 53,
			       .seq = 7,
			       .ack = 9,
			       .flags = SIM_TCP_ACK,
			       .payload = (const guint8 *)"odd",
			       .payload_size = 3};
		gsize outer = i / 2 ? 40 : 20, length = i / 2 ? 16 : 4;
		g_autoptr(GByteArray) bytes = sim_packet_build(&p);
		if (outer == 20)
			g_assert_cmphex(checksum(0, bytes->data, 20), ==, 0xffff);
		guint32 pseudo = (guint32)checksum(0, p.source.bytes, length) + checksum(0, p.destination.bytes, length) +
				 p.protocol + (guint32)(bytes->len - outer);
		g_assert_cmphex(checksum(pseudo, bytes->data + outer, bytes->len - outer), ==, 0xffff);
		SimPacket again;
		g_assert_true(sim_packet_parse(bytes->data, bytes->len, &again));
		g_assert_true(sim_address_equal(&again.source, &p.source));
		g_assert_cmpuint(again.destination_port, ==, 53);
		g_assert_cmpuint(again.payload_size, ==, 3);
		g_assert_true(memcmp(again.payload, "odd", 3) == 0);
	}
}

static void test_fragments_have_no_ports(void)
{
	SimPacket p;
	g_autofree guint8 *fragment = g_memdup2(syn, sizeof syn);
	fragment[6] = 0x20;
	g_assert_true(sim_packet_parse(fragment, sizeof syn, &p));
	g_assert_false(p.whole);
	g_assert_cmpuint(p.source_port, ==, 0);
}

static void test_addresses_of_modems(void)
{
	guint modem = 99;
	SimAddress a = sim_plan_modem_address(7, FALSE), b = address("10.64.7.2"), wrong = address("10.64.7.3");
	g_assert_true(sim_address_equal(&a, &b));
	a = sim_plan_modem_address(0x1f, TRUE);
	b = address("2001:db8:64:1f::2");
	g_assert_true(sim_address_equal(&a, &b));
	g_assert_true(sim_plan_modem_of(&b, &modem));
	g_assert_cmpuint(modem, ==, 0x1f);
	g_assert_false(sim_plan_modem_of(&wrong, &modem));
	b = address("10.64.255.2");
	g_assert_false(sim_plan_modem_of(&b, &modem));
}

/* "News.Example", type A, with an EDNS record behind. */
static const guint8 query[] = {0x12, 0x34, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1,	4, 'N',	 'e', 'w', 's', 7, 'E', 'x', 'a',
			       'm',  'p',  'l',	 'e',  0, 0, 1, 0, 1, 0, 0, 41, 4, 0xd0, 0,   0,   0,	0, 0,	0};

static void test_a_question_is_read(void)
{
	SimDnsQuestion question;
	g_assert_true(sim_dns_parse(query, sizeof query, &question));
	g_assert_cmpstr(question.name, ==, "news.example");
	g_assert_cmpuint(question.type, ==, SIM_DNS_A);
	g_assert_cmpuint(question.size, ==, 30);
	for (gsize size = 0; size < question.size; size++) {
		g_autofree guint8 *cut = g_memdup2(query, size);
		SimDnsQuestion none;
		g_assert_false(sim_dns_parse(cut, size, &none));
	}
	g_autofree guint8 *answer = g_memdup2(query, sizeof query);
	answer[2] |= 0x80;
	g_assert_false(sim_dns_parse(answer, sizeof query, &question));
}

static void test_a_lie_answers_the_question(void)
{
	SimDnsQuestion question;
	SimAddress lie = address("10.9.9.9"), other = address("2001:db8::bad");
	g_assert_true(sim_dns_parse(query, sizeof query, &question));
	g_autoptr(GByteArray) answer = sim_dns_forge(query, &question, SIM_LIE_ADDRESS, &lie);
	static const guint8 head[] = {0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0};
	static const guint8 record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 9, 9, 9};
	g_assert_cmpuint(answer->len, ==, question.size + sizeof record);
	g_assert_true(memcmp(answer->data, head, sizeof head) == 0);
	g_assert_true(memcmp(answer->data + question.size, record, sizeof record) == 0);
	g_autoptr(GByteArray) none = sim_dns_forge(query, &question, SIM_LIE_ADDRESS, &other);
	g_assert_cmpuint(none->len, ==, question.size);
	g_autoptr(GByteArray) no_name = sim_dns_forge(query, &question, SIM_LIE_NXDOMAIN, &lie);
	g_assert_cmpuint(no_name->data[3] & 15, ==, 3);
	g_autoptr(GByteArray) refused = sim_dns_forge(query, &question, SIM_LIE_REFUSED, &lie);
	g_assert_cmpuint(refused->data[3] & 15, ==, 5);
	g_assert_null(sim_dns_forge(query, &question, SIM_LIE_SILENCE, &lie));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim-packet/a-packet-is-taken-apart", test_a_packet_is_taken_apart);
	g_test_add_func("/sim-packet/no-length-is-believed", test_no_length_is_believed);
	g_test_add_func("/sim-packet/a-built-packet-has-right-checksums", test_a_built_packet_has_right_checksums);
	g_test_add_func("/sim-packet/fragments-have-no-ports", test_fragments_have_no_ports);
	g_test_add_func("/sim-packet/addresses-of-modems", test_addresses_of_modems);
	g_test_add_func("/sim-dns/a-question-is-read", test_a_question_is_read);
	g_test_add_func("/sim-dns/a-lie-answers-the-question", test_a_lie_answers_the_question);
	return g_test_run();
}
