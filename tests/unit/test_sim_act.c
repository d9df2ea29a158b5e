/* test_sim_act.c - the middle box, packet by packet: what passes, what it sends, to whom and with which numbers.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/act.h"

#include "sim/net/plan.h"

#include <string.h>

#define CLIENT_SEQ 1000
#define SERVER_SEQ 5000

typedef struct {
	SimBox *box;
	const SimAct *act;
	const SimAct *throttle;
} Fixture;

static void set_up(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	f->box = sim_box_new();
}

static void tear_down(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	sim_box_free(f->box);
}

static SimPacket packet_up(guint8 flags, const char *payload)
{
	SimPacket p = {.source = sim_plan_modem_address(0, FALSE),
		       .protocol = SIM_PROTOCOL_TCP,
		       .whole = TRUE,
		       .source_port = 40000,
		       .destination_port = 80,
		       .seq = CLIENT_SEQ,
		       .ack = SERVER_SEQ,
		       .flags = flags,
		       .payload = (const guint8 *)payload,
		       .payload_size = strlen(payload)};
	g_assert_true(sim_address_parse("198.51.100.20", &p.destination)); /* news.example */
	return p;
}

static SimPacket packet_down(guint8 flags)
{
	SimPacket up = packet_up(flags, ""), down = sim_packet_empty(&up, TRUE);
	down.seq = SERVER_SEQ;
	down.ack = CLIENT_SEQ;
	return down;
}

static gboolean see(Fixture *f, SimPacket packet, gboolean to_modem)
{
	return sim_box_see(f->box, f->act ? &f->act : NULL, f->act ? 1 : 0, &packet, to_modem, &f->throttle);
}

/* The next packet that the box made; what it points to lives in *ret_bytes. */
static SimPacket take(Fixture *f, gboolean to_modem, GByteArray **ret_bytes)
{
	gboolean way;
	SimPacket packet;
	*ret_bytes = sim_box_take(f->box, &way);
	g_assert_nonnull(*ret_bytes);
	g_assert_cmpint(way, ==, to_modem);
	g_assert_true(sim_packet_parse((*ret_bytes)->data, (*ret_bytes)->len, &packet));
	return packet;
}

static void assert_quiet(Fixture *f)
{
	gboolean way;
	g_assert_null(sim_box_take(f->box, &way));
}

static char *news[] = {(char *)"news.example", NULL};
static const char request[] = "GET / HTTP/1.1\r\nHost: news.example\r\n\r\n";

static void test_answers_only(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	const SimAct act = {.kind = SIM_ACT_DATA_DEAD, .answers_only = TRUE};
	f->act = &act;
	g_assert_true(see(f, packet_up(SIM_TCP_SYN, ""), FALSE));
	g_assert_false(see(f, packet_down(SIM_TCP_SYN | SIM_TCP_ACK), TRUE));
	const SimAct all = {.kind = SIM_ACT_DATA_DEAD};
	f->act = &all;
	g_assert_false(see(f, packet_up(SIM_TCP_SYN, ""), FALSE));
	assert_quiet(f);
}

static void test_tcp_reset_follows_the_syn_ack(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	const SimAct act = {.kind = SIM_ACT_TCP_RESET, .names = news};
	g_autoptr(GByteArray) first = NULL, second = NULL;
	f->act = &act;
	SimPacket syn = packet_up(SIM_TCP_SYN, "");
	syn.seq = CLIENT_SEQ - 1;
	g_assert_true(see(f, syn, FALSE));
	g_assert_true(see(f, packet_down(SIM_TCP_SYN | SIM_TCP_ACK), TRUE));
	SimPacket to_client = take(f, TRUE, &first), to_server = take(f, FALSE, &second);
	g_assert_true(to_client.flags & SIM_TCP_RST);
	g_assert_cmpuint(to_client.seq, ==, SERVER_SEQ + 1);
	g_assert_true(to_server.flags & SIM_TCP_RST);
	g_assert_cmpuint(to_server.seq, ==, CLIENT_SEQ);
	g_assert_false(see(f, packet_up(SIM_TCP_ACK, ""), FALSE));
	assert_quiet(f);
	g_assert_true(see(f, syn, FALSE)); /* the port is used again */
}

static void test_a_server_that_is_down_is_silent(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	const SimAct act = {.kind = SIM_ACT_SERVER_DOWN, .names = news};
	f->act = &act;
	g_assert_false(see(f, packet_up(SIM_TCP_SYN, ""), FALSE));
	g_assert_false(see(f, packet_down(SIM_TCP_SYN | SIM_TCP_ACK), TRUE));
	assert_quiet(f);
	static char *social[] = {(char *)"social.example", NULL};
	const SimAct another = {.kind = SIM_ACT_SERVER_DOWN, .names = social};
	f->act = &another;
	g_assert_true(see(f, packet_up(SIM_TCP_SYN, ""), FALSE));
}

static void test_a_page_takes_the_servers_place(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	const SimAct act = {.kind = SIM_ACT_BLOCK_PAGE, .names = news, .page = 403};
	g_autoptr(GByteArray) first = NULL, second = NULL, third = NULL;
	f->act = &act;
	g_assert_false(see(f, packet_up(SIM_TCP_ACK | SIM_TCP_PSH, request), FALSE));
	SimPacket page = take(f, TRUE, &first), reset = take(f, FALSE, &second);
	g_assert_true(page.payload_size > 12 && memcmp(page.payload, "HTTP/1.1 403", 12) == 0);
	g_assert_true(page.flags & SIM_TCP_FIN);
	g_assert_cmpuint(page.seq, ==, SERVER_SEQ);
	g_assert_cmpuint(page.ack, ==, CLIENT_SEQ + strlen(request));
	g_assert_true(reset.flags & SIM_TCP_RST);
	g_assert_cmpuint(reset.seq, ==, CLIENT_SEQ);
	SimPacket bye = packet_up(SIM_TCP_ACK | SIM_TCP_FIN, "");
	bye.seq = page.ack;
	g_assert_false(see(f, bye, FALSE));
	SimPacket last = take(f, TRUE, &third);
	g_assert_cmpuint(last.flags, ==, SIM_TCP_ACK);
	g_assert_cmpuint(last.ack, ==, page.ack + 1);
	g_assert_cmpuint(last.seq, ==, sim_packet_end_seq(&page));
}

/* Who lost the RST on its way sends again, and must not wait for ever. */
static void test_a_lost_reset_is_sent_again(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	const SimAct act = {.kind = SIM_ACT_CAPTIVE_PORTAL};
	f->act = &act;
	g_assert_false(see(f, packet_up(SIM_TCP_ACK | SIM_TCP_PSH, request), FALSE));
	for (guint i = 0; i < 2; i++) {
		g_autoptr(GByteArray) bytes = NULL;
		take(f, i == 0, &bytes);
	}
	g_assert_false(see(f, packet_up(SIM_TCP_ACK | SIM_TCP_PSH, request), FALSE));
	g_autoptr(GByteArray) bytes = NULL;
	g_assert_true(take(f, TRUE, &bytes).flags & SIM_TCP_RST);
}

static void test_a_throttle_of_a_name_knows_its_connections(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	const SimAct act = {.kind = SIM_ACT_THROTTLE, .names = news};
	SimPacket elsewhere = packet_up(SIM_TCP_ACK | SIM_TCP_PSH, request);
	f->act = &act;
	g_assert_true(see(f, packet_up(SIM_TCP_SYN, ""), FALSE));
	g_assert_true(f->throttle == &act); /* by the address */
	g_assert_true(sim_address_parse("203.0.113.20", &elsewhere.destination));
	g_assert_true(see(f, elsewhere, FALSE));
	g_assert_true(f->throttle == &act); /* by the host in the request */
	g_assert_true(sim_address_parse("203.0.113.10", &elsewhere.destination));
	elsewhere.payload_size = 0;
	g_assert_true(see(f, elsewhere, FALSE));
	g_assert_null(f->throttle);
}

/* Thousands of connections push out those that are silent, not the one in use. */
static void test_connections_are_bounded(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	const SimAct act = {.kind = SIM_ACT_THROTTLE, .names = news};
	SimPacket mine = packet_up(SIM_TCP_ACK | SIM_TCP_PSH, request), silent;
	f->act = &act;
	g_assert_true(sim_address_parse("203.0.113.20", &mine.destination));
	silent = mine;
	silent.source_port = 40001;
	g_assert_true(see(f, mine, FALSE) && see(f, silent, FALSE));
	mine.payload_size = silent.payload_size = 0;
	for (guint i = 0; i < 5000; i++) {
		SimPacket other = packet_up(SIM_TCP_SYN, "");
		other.source_port = (guint16)(50000 + i);
		g_assert_true(see(f, other, FALSE));
		if (i % 500 == 0)
			g_assert_true(see(f, mine, FALSE) && f->throttle == &act);
	}
	g_assert_true(see(f, mine, FALSE) && f->throttle == &act);
	g_assert_true(see(f, silent, FALSE) && f->throttle == NULL);
}

#define ADD(name, function) g_test_add("/sim-act/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("answers-only", test_answers_only);
	ADD("server-that-is-down-is-silent", test_a_server_that_is_down_is_silent);
	ADD("tcp-reset-follows-the-syn-ack", test_tcp_reset_follows_the_syn_ack);
	ADD("a-page-takes-the-servers-place", test_a_page_takes_the_servers_place);
	ADD("a-lost-reset-is-sent-again", test_a_lost_reset_is_sent_again);
	ADD("a-throttle-of-a-name-knows-its-connections", test_a_throttle_of_a_name_knows_its_connections);
	ADD("connections-are-bounded", test_connections_are_bounded);
	return g_test_run();
}
