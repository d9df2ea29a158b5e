/* Files of targets: what is read, and that every mistake is told with its line and what would do.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "targets.h"

#include <glib/gstdio.h>

#define CONTROL "[web c]\nurl = https://c.example/\nrole = control\n"

static Targets *load(const char *text)
{
	g_autoptr(GError) error = NULL;
	Targets *targets = targets_load_data("t.conf", text, &error);
	g_assert_no_error(error);
	return targets;
}

static void assert_refused(const char *text, const char *message)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(targets_load_data("t.conf", text, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	g_assert_cmpstr(error->message, ==, message);
}

static const Target *get(const Targets *targets, TargetKind kind, const char *name)
{
	for (guint i = 0; i < targets->all->len; i++) {
		const Target *t = g_ptr_array_index(targets->all, i);
		if (t->kind == kind && g_str_equal(t->name, name))
			return t;
	}
	g_assert_not_reached();
}

static void test_every_kind_is_read(void)
{
	g_autoptr(Targets) targets = load(
		"[resolver r]\naddress = 2001:DB8::0053\n[ip i]\naddress = 192.0.2.1\nport = 443\n" CONTROL
		"[web w]\nurl = http://W.example:8080/x?y=1\ncategory = news\nstatus = 302\nbody = Hello there\n"
		"[helper h]\naddress = 192.0.2.2\nserver-name = H.example\n[sni s]\nhelper = h\nserver-name = blocked.example\n"
		"[portal p]\nurl = http://p.example/\n[rate c]\nurl = https://[2001:db8::9]/big\nrole = control\n"
		"[vpn v]\nprotocol = wireguard\naddress = 192.0.2.3\npublic-key = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=\n"
		"private-key = AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n[vpn o]\nprotocol = openvpn-tcp\naddress = 192.0.2.4\n");
	g_assert_cmpstr(get(targets, TARGET_RESOLVER, "r")->address, ==, "2001:db8::53");
	g_assert_cmpint(get(targets, TARGET_RESOLVER, "r")->family, ==, SESSION_IPV6);
	const Target *w = get(targets, TARGET_WEB, "w");
	g_assert_cmpstr(w->host, ==, "w.example");
	g_assert_cmpint(w->port, ==, 8080);
	g_assert_false(w->tls);
	g_assert_cmpuint(w->status, ==, 302);
	g_assert_cmpstr(w->body, ==, "Hello there");
	g_assert_cmpint(w->role, ==, PROBE_TARGET);
	g_assert_cmpint(get(targets, TARGET_WEB, "c")->port, ==, 443);
	g_assert_true(get(targets, TARGET_SNI, "s")->helper == get(targets, TARGET_HELPER, "h"));
	g_assert_cmpuint(get(targets, TARGET_PORTAL, "p")->status, ==, 204);
	g_assert_cmpstr(get(targets, TARGET_RATE, "c")->host, ==, "2001:db8::9");
	g_assert_cmpuint(get(targets, TARGET_RATE, "c")->bytes, ==, 262144);
	g_assert_cmpint(get(targets, TARGET_VPN, "v")->public_key[31], ==, 1);
	g_assert_cmpint(get(targets, TARGET_VPN, "v")->private_key[0], ==, 2);
	g_assert_cmpint(get(targets, TARGET_VPN, "v")->port, ==, 51820);
	g_assert_cmpint(get(targets, TARGET_VPN, "o")->port, ==, 1194);
}

static void test_names_are_looked_up_once_and_addresses_never(void)
{
	g_autoptr(Targets) targets = load(CONTROL "[web d]\nurl = https://C.example/other\n[web n]\nurl = http://192.0.2.1/\n");
	g_autoptr(GPtrArray) names = targets_with_names(targets);
	g_assert_cmpuint(names->len, ==, 1);
}

static void test_a_later_file_replaces_by_name(void)
{
	g_autofree char *folder = g_dir_make_tmp("targets-XXXXXX", NULL);
	g_autofree char *one = g_build_filename(folder, "one", NULL), *two = g_build_filename(folder, "two", NULL);
	g_assert_true(g_file_set_contents(one, "[ip a]\naddress = 192.0.2.1\nport = 1\n[ip b]\naddress = 192.0.2.2\nport = 2\n", -1, NULL));
	g_assert_true(g_file_set_contents(two, "[ip a]\naddress = 192.0.2.9\nport = 9\n", -1, NULL));
	g_autoptr(GError) error = NULL;
	g_autoptr(Targets) targets = targets_load((const char *const[]){one, two, NULL}, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(targets->all->len, ==, 2);
	g_assert_cmpstr(get(targets, TARGET_IP, "a")->address, ==, "192.0.2.9");
	g_unlink(one);
	g_unlink(two);
	g_rmdir(folder);
}

static void test_mistakes_name_their_line(void)
{
	assert_refused("[ip a]\naddress = example.org\nport = 1\n",
		       "t.conf:2: [ip a] address: \"example.org\" is no IP address: write 192.0.2.1 or 2001:db8::1; no name is looked "
		       "up here");
	assert_refused("[ip a]\naddress = 192.0.2.1\nport = 70000\n", "t.conf:3: [ip a] port: 70000 is not between 1 and 65535");
	assert_refused("[ip a]\naddress = 192.0.2.1\n", "t.conf:1: [ip a]: it needs port = 1 to 65535");
	assert_refused("[resolver operator]\naddress = 192.0.2.1\n",
		       "t.conf:1: [resolver operator]: \"operator\" is the word for the network's own resolvers: choose another");
	assert_refused(CONTROL "[web w]\nurl = ftp://x.example/\n",
		       "t.conf:5: [web w] url: \"ftp://x.example/\": it has to begin with http:// or https://");
	assert_refused(CONTROL "[web w]\nurl = https://user@x.example/\n",
		       "t.conf:5: [web w] url: \"https://user@x.example/\": no user and no fragment (#) can be in it");
	assert_refused("[portal p]\nurl = https://x.example/\n",
		       "t.conf:2: [portal p] url: \"https://x.example/\": it has to begin with http://: a portal cannot answer in place "
		       "of an https server");
	assert_refused("[web w]\nurl = https://x.example/\n",
		       "t.conf:1: [web w]: no group of this kind has role = control, so its failure would say nothing");
	assert_refused(CONTROL "[web w]\nurl = https://x.example/\nquic = yes\n",
		       "t.conf:4: [web w]: no control has quic = yes, so its failure over HTTP/3 would say nothing");
	assert_refused("[helper h]\naddress = 192.0.2.1\nserver-name = h\n[sni s]\nhelper = g\nserver-name = x.example\n",
		       "t.conf:4: [sni s]: there is no [helper g]; helpers: h");
	assert_refused("[vpn v]\nprotocol = wireguard\naddress = 192.0.2.1\npublic-key = short\n",
		       "t.conf:4: [vpn v] public-key: this is no WireGuard key: 44 characters of base64, as \"wg genkey\" and \"wg "
		       "pubkey\" write them");
	assert_refused("[vpn v]\nprotocol = openvpn\naddress = 192.0.2.1\nprivate-key = x\n",
		       "t.conf:4: [vpn v] private-key: only protocol = wireguard has keys");
	assert_refused("[web w]\nurl = https://x.example/\nrole = victim\n",
		       "t.conf:3: [web w] role: \"victim\" is none of: target, control");
	assert_refused("[trust]\nauthorities = /does/not/exist\n",
		       "t.conf:2: [trust] authorities: cannot read /does/not/exist: Failed to open file “/does/not/exist”: No such file or "
		       "directory");
}

static void test_a_round_is_never_cheaper_than_its_tests(void)
{
	g_autoptr(Targets) targets = load("[ip i]\naddress = 192.0.2.1\nport = 443\n" CONTROL "[web w]\nurl = http://w.example/\n");
	const guint64 web = target_cap(get(targets, TARGET_WEB, "w"));
	g_assert_cmpuint(web, >, 32 * 1024); /* body, what the kernel takes in beyond it, and TLS */
	g_assert_cmpuint(targets_round_cap(targets, SESSION_IPV4), >=,
			 3 * web + target_cap(get(targets, TARGET_IP, "i")) + 2 * TARGET_DNS_CAP);
	g_assert_cmpuint(targets_round_cap(targets, SESSION_DUAL), >, targets_round_cap(targets, SESSION_IPV4));
}

static void test_what_comes_with_jamlog_is_right(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Targets) targets = targets_load((const char *const[]){"src/probe/targets.conf", NULL}, &error);
	g_assert_no_error(error);
	guint kinds = 0;
	for (guint i = 0; i < targets->all->len; i++)
		kinds |= 1u << ((const Target *)g_ptr_array_index(targets->all, i))->kind;
	g_assert_cmpuint(kinds, ==, (1u << TARGET_KINDS) - 1 - (1u << TARGET_VPN));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/targets/kinds", test_every_kind_is_read);
	g_test_add_func("/targets/names", test_names_are_looked_up_once_and_addresses_never);
	g_test_add_func("/targets/files", test_a_later_file_replaces_by_name);
	g_test_add_func("/targets/mistakes", test_mistakes_name_their_line);
	g_test_add_func("/targets/cap", test_a_round_is_never_cheaper_than_its_tests);
	g_test_add_func("/targets/shipped", test_what_comes_with_jamlog_is_right);
	return g_test_run();
}
