/* test_sim_recognise.c - what the middle box takes a connection for, by its first bytes.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/recognise.h"

#include "sim/net/packet.h"

#include <string.h>

/* A ClientHello with one extension before the server name. */
static GByteArray *make_hello(const char *name)
{
	gsize length = strlen(name);
	GByteArray *hello = g_byte_array_new();
	guint8 bytes[256] = {0};
	gsize extensions = 5 + 4 + 5 + length, body = 2 + 32 + 1 + 2 + 2 + 2 + 2 + extensions;
	guint8 head[] = {22, 3, 1, (guint8)((body + 4) >> 8), (guint8)(body + 4), 1, 0, (guint8)(body >> 8), (guint8)body, 3, 3};
	g_byte_array_append(hello, head, sizeof head);
	g_byte_array_append(hello, bytes, 32 + 1); /* random, no session */
	g_byte_array_append(hello, (const guint8 *)"\0\2\x13\1\1\0", 6);
	sim_put_be16(bytes, (guint16)extensions);
	g_byte_array_append(hello, bytes, 2);
	g_byte_array_append(hello, (const guint8 *)"\0\x17\0\1\0", 5);
	sim_put_be16(bytes + 2, (guint16)(length + 5));
	sim_put_be16(bytes + 4, (guint16)(length + 3));
	sim_put_be16(bytes + 7, (guint16)length);
	bytes[0] = 0;
	bytes[1] = 0;
	g_byte_array_append(hello, bytes, 9);
	g_byte_array_append(hello, (const guint8 *)name, (guint)length);
	return hello;
}

static void test_a_server_name_is_found_once_it_is_whole(void)
{
	char name[SIM_HOST_MAX];
	g_autoptr(GByteArray) hello = make_hello("News.example");
	for (gsize size = 0; size < hello->len; size++) {
		g_autofree guint8 *cut = g_memdup2(hello->data, size);
		g_assert_cmpint(sim_recognise_sni(cut, size, name), ==, SIM_RECOGNISE_MORE);
	}
	g_assert_cmpint(sim_recognise_sni(hello->data, hello->len, name), ==, SIM_RECOGNISE_FOUND);
	g_assert_cmpstr(name, ==, "news.example");
}

static void test_a_hello_may_lie_in_two_records(void)
{
	char name[SIM_HOST_MAX];
	g_autoptr(GByteArray) hello = make_hello("news.example"), split = g_byte_array_new();
	gsize body = hello->len - 5, first = 20;
	guint8 head[] = {22, 3, 1, 0, (guint8)first}, next[] = {22, 3, 1, 0, (guint8)(body - first)};
	g_byte_array_append(split, head, 5);
	g_byte_array_append(split, hello->data + 5, (guint)first);
	g_byte_array_append(split, next, 5);
	g_byte_array_append(split, hello->data + 5 + first, (guint)(body - first));
	g_assert_cmpint(sim_recognise_sni(split->data, split->len, name), ==, SIM_RECOGNISE_FOUND);
	g_assert_cmpstr(name, ==, "news.example");
}

/* Any byte may be anything: no answer is wrong, but no byte outside is read (under ASan). */
static void test_broken_hellos_are_survived(void)
{
	char name[SIM_HOST_MAX];
	g_autoptr(GByteArray) hello = make_hello("news.example");
	for (gsize at = 0; at < hello->len; at++) {
		g_autofree guint8 *changed = g_memdup2(hello->data, hello->len);
		for (guint value = 0; value < 256; value++) {
			changed[at] = (guint8)value;
			sim_recognise_sni(changed, hello->len, name);
		}
	}
	g_assert_cmpint(sim_recognise_sni((const guint8 *)"GET / HTTP", 10, name), ==, SIM_RECOGNISE_NO);
}

static SimRecognise host_of(const char *request, char name[SIM_HOST_MAX])
{
	return sim_recognise_host((const guint8 *)request, strlen(request), name);
}

static void test_a_host_is_found_in_a_whole_head(void)
{
	char name[SIM_HOST_MAX];
	g_assert_cmpint(host_of("GE", name), ==, SIM_RECOGNISE_MORE);
	g_assert_cmpint(host_of("GET / HTTP/1.1\r\nHost: a.example\r\n", name), ==, SIM_RECOGNISE_MORE);
	g_assert_cmpint(host_of("GET / HTTP/1.1\r\nAccept: */*\r\nhOST:  A.Example:8080 \r\n\r\n", name), ==, SIM_RECOGNISE_FOUND);
	g_assert_cmpstr(name, ==, "a.example");
	g_assert_cmpint(host_of("GET / HTTP/1.0\r\n\r\n", name), ==, SIM_RECOGNISE_NO);
	g_assert_cmpint(host_of("SSH-2.0-x\r\n", name), ==, SIM_RECOGNISE_NO);
}

static void test_vpns_by_their_pattern(void)
{
	guint8 reset[54] = {0x38, 1, 2, 3, 4, 5, 6, 7, 8}, framed[16] = {0, 14, 0x38, 1, 2, 3, 4, 5, 6, 7, 8};
	guint8 initiation[148] = {1}, data[96] = {4};
	g_assert_true(sim_recognise_openvpn(reset, 14));
	g_assert_true(sim_recognise_openvpn(reset, 54)); /* tls-auth, tls-crypt */
	g_assert_false(sim_recognise_openvpn(reset, 13));
	g_assert_false(sim_recognise_openvpn(reset, 20));
	reset[9] = 1;
	g_assert_false(sim_recognise_openvpn(reset, 14));
	g_assert_cmpint(sim_recognise_openvpn_tcp(framed, 1), ==, SIM_RECOGNISE_MORE);
	g_assert_cmpint(sim_recognise_openvpn_tcp(framed, 15), ==, SIM_RECOGNISE_MORE);
	g_assert_cmpint(sim_recognise_openvpn_tcp(framed, 16), ==, SIM_RECOGNISE_FOUND);
	g_assert_true(sim_recognise_wireguard(initiation, 148));
	g_assert_true(sim_recognise_wireguard(data, 96));
	g_assert_false(sim_recognise_wireguard(initiation, 147));
	initiation[1] = 1;
	g_assert_false(sim_recognise_wireguard(initiation, 148));
}

static void test_names_and_what_lies_below_them(void)
{
	const char *const names[] = {"news.example", NULL};
	g_assert_true(sim_name_matches(names, "news.example"));
	g_assert_true(sim_name_matches(names, "WWW.news.example"));
	g_assert_false(sim_name_matches(names, "oldnews.example"));
	g_assert_false(sim_name_matches(names, "example"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim-recognise/a-server-name-is-found-once-it-is-whole", test_a_server_name_is_found_once_it_is_whole);
	g_test_add_func("/sim-recognise/a-hello-may-lie-in-two-records", test_a_hello_may_lie_in_two_records);
	g_test_add_func("/sim-recognise/broken-hellos-are-survived", test_broken_hellos_are_survived);
	g_test_add_func("/sim-recognise/a-host-is-found-in-a-whole-head", test_a_host_is_found_in_a_whole_head);
	g_test_add_func("/sim-recognise/vpns-by-their-pattern", test_vpns_by_their_pattern);
	g_test_add_func("/sim-recognise/names-and-what-lies-below-them", test_names_and_what_lies_below_them);
	return g_test_run();
}
