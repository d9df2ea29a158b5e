/* The first messages of WireGuard and OpenVPN. The cryptography is held against published values; the handshake as a whole is judged by
 * wireguard-go in tests/flow/probe.py.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/openvpn.h"
#include "probe/wireguard.h"

static void from_hex(const char *hex, guint8 *ret_bytes)
{
	for (gsize i = 0; hex[2 * i]; i++)
		ret_bytes[i] = (guint8)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
}

static void assert_hex(const guint8 *bytes, gsize length, const char *hex)
{
	guint8 wanted[64];
	from_hex(hex, wanted);
	g_assert_cmpuint(length, ==, strlen(hex) / 2);
	g_assert_true(memcmp(bytes, wanted, length) == 0);
}

/* RFC 7693, appendix B. */
static void test_the_hash_is_blake2s(void)
{
	guint8 hash[32];
	g_assert_true(wireguard_hash((const guint8 *)"a", 1, (const guint8 *)"bc", 2, hash));
	assert_hex(hash, 32, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
}

/* As "wg pubkey" has it. */
static void test_public_keys_are_those_of_wireguard(void)
{
	guint8 private_key[32], public_key[32];
	from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e5f", private_key);
	g_assert_true(wireguard_public_key(private_key, public_key));
	assert_hex(public_key, 32, "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f");
}

/* As Python's hmac and hashlib have it. */
static void test_keys_are_derived_by_hmac(void)
{
	guint8 key[32], outputs[3][32];
	for (guint i = 0; i < 32; i++)
		key[i] = (guint8)i;
	g_assert_true(wireguard_derive(key, (const guint8 *)"input", 5, 3, outputs));
	assert_hex(outputs[0], 32, "87b7f70b24183c6db5dc4f6d9f4c47cdb203321aa2a0bef714896adb3107a040");
	assert_hex(outputs[1], 32, "538a02e1eb2e31b7e4d4b82476d1fe2acf50085d3fb584537279195f5d1f5824");
	assert_hex(outputs[2], 32, "9ad858025593be88de0f9442a589cfe84a88dc19e4753d93684d1c5efc4837f9");
}

static void test_only_an_answer_to_this_initiation_counts(void)
{
	guint8 own[32] = {8, 1}, server[32] = {16, 2}, server_public[32], message[WIREGUARD_INITIATION_SIZE];
	guint8 response[WIREGUARD_RESPONSE_SIZE] = {2}, cookie[WIREGUARD_COOKIE_SIZE] = {3};
	WireguardHandshake state;
	g_assert_true(wireguard_public_key(server, server_public));
	g_assert_true(wireguard_initiate(own, server_public, G_GINT64_CONSTANT(1700000000000000000), &state, message));
	g_assert_true(memcmp(message, "\1\0\0\0", 4) == 0);
	memcpy(response + 8, &state.index, 4); /* the right index, and nothing that the server's key was needed for */
	response[12] = 9;
	g_assert_false(wireguard_is_answer(&state, response, sizeof response));
	g_assert_false(wireguard_is_answer(&state, message, sizeof message));
	memcpy(cookie + 4, message + 4, 4);
	g_assert_true(wireguard_is_answer(&state, cookie, sizeof cookie));
	cookie[4] ^= 1;
	g_assert_false(wireguard_is_answer(&state, cookie, sizeof cookie));
	for (gsize n = 0; n < sizeof response; n++)
		g_assert_false(wireguard_is_answer(&state, response, n));
}

static void test_a_key_that_is_no_point_is_refused(void)
{
	const guint8 own[32] = {8, 1}, zero[32] = {0};
	guint8 message[WIREGUARD_INITIATION_SIZE];
	WireguardHandshake state;
	g_assert_false(wireguard_initiate(own, zero, 0, &state, message));
}

static void test_openvpn_reset_and_its_answer(void)
{
	const guint8 id[8] = "ABCDEFGH", other[8] = "ABCDEFGX";
	guint8 packet[OPENVPN_RESET_SIZE], answer[26] = {8 << 3, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 0, 0};
	openvpn_make_reset(id, packet);
	g_assert_true(memcmp(packet, "\x38" "ABCDEFGH" "\0\0\0\0\0", sizeof packet) == 0);
	memcpy(answer + 14, id, 8);
	g_assert_true(openvpn_is_answer(answer, sizeof answer, id));
	g_assert_false(openvpn_is_answer(answer, sizeof answer, other));
	for (gsize n = 0; n < sizeof answer; n++)
		g_assert_false(openvpn_is_answer(answer, n, id));
	answer[0] = 7 << 3;
	g_assert_false(openvpn_is_answer(answer, sizeof answer, id));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/vpn/hash", test_the_hash_is_blake2s);
	g_test_add_func("/vpn/public-key", test_public_keys_are_those_of_wireguard);
	g_test_add_func("/vpn/derive", test_keys_are_derived_by_hmac);
	g_test_add_func("/vpn/answer", test_only_an_answer_to_this_initiation_counts);
	g_test_add_func("/vpn/bad-key", test_a_key_that_is_no_point_is_refused);
	g_test_add_func("/vpn/openvpn", test_openvpn_reset_and_its_answer);
	return g_test_run();
}
