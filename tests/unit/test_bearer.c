/* What of the network's addresses is kept, and what the journal gets of them. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/bearer.h"

static Observation describe(const ModemBearer *bearer)
{
	Observation o;
	observation_init(&o, OBSERVATION_SESSION, "a");
	modem_bearer_describe(bearer, &o);
	return o;
}

static void add_ipv4(ModemBearer *bearer, guint8 a, guint8 b, guint8 c, guint8 d, guint prefix)
{
	const guint8 bytes[4] = {a, b, c, d};
	modem_bearer_add_address(bearer, bytes, sizeof bytes, prefix);
}

static void test_scopes(void)
{
	static const struct {
		guint8 address[4];
		AddressScope scope;
	} cases[] = {
		/* RFC 1918 and its borders, RFC 6598 and its borders, RFC 3927, and the rest */
		{{10, 0, 0, 1}, SCOPE_PRIVATE},	     {{172, 16, 0, 1}, SCOPE_PRIVATE},	{{172, 31, 255, 254}, SCOPE_PRIVATE},
		{{172, 32, 0, 1}, SCOPE_PUBLIC},     {{192, 168, 3, 4}, SCOPE_PRIVATE}, {{192, 169, 0, 1}, SCOPE_PUBLIC},
		{{100, 64, 0, 1}, SCOPE_SHARED},     {{100, 127, 255, 1}, SCOPE_SHARED}, {{100, 128, 0, 1}, SCOPE_PUBLIC},
		{{100, 63, 255, 255}, SCOPE_PUBLIC}, {{169, 254, 7, 7}, SCOPE_OTHER},	{{127, 0, 0, 1}, SCOPE_OTHER},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		ModemBearer bearer = {0};
		const guint8 *a = cases[i].address;
		add_ipv4(&bearer, a[0], a[1], a[2], a[3], 30);
		const Observation o = describe(&bearer);
		g_assert_true(SESSION_HAS(&o, ipv4_scope));
		g_assert_cmpint(o.session.ipv4_scope, ==, cases[i].scope);
		g_assert_cmpint(o.session.family, ==, SESSION_IPV4);
		g_assert_false(SESSION_HAS(&o, ipv6_scope));
		modem_bearer_clear(&bearer);
	}
}

static void test_families(void)
{
	const guint8 ula[16] = {0xfd, 0x12, [15] = 7}, global[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, resolver[4] = {10, 0, 0, 53};
	ModemBearer bearer = {.mtu = 1430};
	modem_bearer_add_address(&bearer, ula, sizeof ula, 64);
	g_assert_cmpstr(bearer.addresses[0], ==, "fd12::7/64");
	Observation o = describe(&bearer);
	g_assert_cmpint(o.session.family, ==, SESSION_IPV6);
	g_assert_cmpint(o.session.ipv6_scope, ==, SCOPE_PRIVATE);
	g_assert_cmpuint(o.session.mtu, ==, 1430);
	g_assert_cmpuint(o.session.resolvers, ==, 0);
	modem_bearer_clear(&bearer);
	modem_bearer_add_address(&bearer, global, sizeof global, 64);
	add_ipv4(&bearer, 10, 1, 2, 3, 29);
	modem_bearer_add_resolver(&bearer, resolver, sizeof resolver);
	modem_bearer_add_resolver(&bearer, resolver, sizeof resolver); /* said twice */
	o = describe(&bearer);
	g_assert_cmpint(o.session.family, ==, SESSION_DUAL);
	g_assert_cmpint(o.session.ipv6_scope, ==, SCOPE_PUBLIC);
	g_assert_cmpuint(o.session.resolvers, ==, 1);
	g_assert_false(SESSION_HAS(&o, mtu));
	modem_bearer_clear(&bearer);
}

static void test_nonsense(void)
{
	ModemBearer bearer = {.mtu = 7};
	const guint8 zero[16] = {0};
	modem_bearer_add_address(&bearer, zero, 4, 30);
	modem_bearer_add_address(&bearer, zero, 16, 64);
	modem_bearer_add_gateway(&bearer, zero, 4);
	add_ipv4(&bearer, 10, 0, 0, 1, 33);
	g_assert_null(bearer.addresses[0]);
	g_assert_null(bearer.gateways[0]);
	const Observation o = describe(&bearer);
	g_assert_false(SESSION_HAS(&o, family));
	g_assert_false(SESSION_HAS(&o, mtu));
	for (guint8 i = 1; i < 10; i++)
		add_ipv4(&bearer, 10, 0, 0, i, 24);
	g_assert_cmpuint(g_strv_length(bearer.addresses), ==, MODEM_BEARER_MAX);
	modem_bearer_clear(&bearer);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bearer/scope-of-an-address", test_scopes);
	g_test_add_func("/bearer/families", test_families);
	g_test_add_func("/bearer/nonsense-is-left-out", test_nonsense);
	return g_test_run();
}
