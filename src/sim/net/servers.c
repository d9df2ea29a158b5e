/* servers.c - see servers.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/servers.h"

#include "error.h"
#include "sim/net/plan.h"
#include "sim/world/rng.h"

#include <string.h>

#define SAMPLE_BYTES (1 << 20)

typedef struct {
	const char *folder;
	GPtrArray *commands;
} Preparing;

static gboolean write_file(const char *folder, const char *name, const char *text, gssize length, GError **error)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	return g_file_set_contents(path, text, length, error);
}

/* --- certificates and keys --- */

static void append_names(GString *text)
{
	for (const SimHost *host = sim_hosts; host->name; host++)
		if (!g_str_equal(host->name, SIM_HELPER_NAME))
			g_string_append_printf(text, "%sDNS:%s", host == sim_hosts ? "" : ",", host->name);
}

static gboolean write_openssl(const char *folder, GError **error)
{
	g_autoptr(GString) text = g_string_new("[req]\ndistinguished_name = name\nprompt = no\n[name]\nO = jamlog-sim\n"
					       "[authority]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign\n"
					       "[helper]\nbasicConstraints = CA:FALSE\nsubjectAltName = DNS:" SIM_HELPER_NAME "\n"
					       "[site]\nbasicConstraints = CA:FALSE\nsubjectAltName = ");
	append_names(text);
	g_string_append_c(text, '\n');
	return write_file(folder, "openssl.conf", text->str, -1, error);
}

/* Runs a command in the folder; `*ret_output` (may be NULL) is what it wrote, without the end of the line. */
static gboolean run(const char *folder, const char *const *argv, char **ret_output, GError **error)
{
	g_autofree char *output = NULL, *complaint = NULL;
	int status = 0;
	if (!g_spawn_sync(folder, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &complaint, &status, error))
		return FALSE;
	if (!g_spawn_check_wait_status(status, NULL)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED, "%s failed: %s", argv[0], g_strstrip(complaint));
		return FALSE;
	}
	if (ret_output)
		*ret_output = g_strdup(g_strstrip(output));
	return TRUE;
}

#define RUN(folder, ret_output, error, ...) run(folder, (const char *const[]){__VA_ARGS__, NULL}, ret_output, error)
#define CERTIFICATE(name)                                                                                                          \
	"openssl", "req", "-x509", "-config", "openssl.conf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",         \
		"-nodes", "-days", "3650", "-keyout", name ".key", "-out", name ".pem"
#define SIGNED "-CA", "ca.pem", "-CAkey", "ca.key"

static gboolean make_certificates(const char *folder, GError **error)
{
	return write_openssl(folder, error) &&
	       RUN(folder, NULL, error, CERTIFICATE("ca"), "-extensions", "authority", "-subj", "/CN=jamlog-sim") &&
	       RUN(folder, NULL, error, CERTIFICATE("site"), "-extensions", "site", SIGNED) &&
	       RUN(folder, NULL, error, CERTIFICATE("helper"), "-extensions", "helper", SIGNED);
}

/* --- each server --- */

static void add_command(Preparing *p, const char *name, gboolean stays, const char *const *argv)
{
	SimCommand *command = g_new0(SimCommand, 1);
	command->name = name;
	command->stays = stays;
	command->argv = g_strdupv((char **)argv);
	g_ptr_array_add(p->commands, command);
}

#define ADD(p, name, stays, ...) add_command(p, name, stays, (const char *const[]){__VA_ARGS__, NULL})

/* Of the command that was added last. */
static void serves_at(Preparing *p, const char *address, guint16 port, gboolean udp)
{
	SimCommand *command = g_ptr_array_index(p->commands, p->commands->len - 1);
	sim_address_parse(address, &command->address);
	command->port = port;
	command->udp = udp;
}

static void append_address(GString *text, const char *address)
{
	gboolean ipv6 = strchr(address, ':') != NULL;
	g_string_append_printf(text, "addr add %s/%s dev lo%s\n", address, ipv6 ? "128" : "32", ipv6 ? " nodad" : "");
}

static gboolean prepare_addresses(Preparing *p, GError **error)
{
	static const char *const others[] = {SIM_OPERATOR_RESOLVER, SIM_KNOWN_RESOLVERS, SIM_RAW_HOSTS, SIM_OPENVPN_ADDRESS,
					     SIM_WIREGUARD_ADDRESS};
	g_autoptr(GString) text = g_string_new("link set lo up\nlink set " SIM_INTERNET_INTERFACE " up\n"
					       "route add 0.0.0.0/0 dev " SIM_INTERNET_INTERFACE "\n"
					       "route add ::/0 dev " SIM_INTERNET_INTERFACE "\n");
	for (const SimHost *host = sim_hosts; host->name; host++) {
		append_address(text, host->ipv4);
		append_address(text, host->ipv6);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
		append_address(text, others[i]);
	ADD(p, "addresses", FALSE, "ip", "-batch", "addresses.conf");
	return write_file(p->folder, "addresses.conf", text->str, -1, error);
}

static void add_resolver(Preparing *p, const char *name, const char *const *addresses)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	const char *const fixed[] = {
		"dnsmasq",  "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",	  "--no-hosts", "--user=root",
		"--group=", "--pid-file=",	    "--log-facility=-",	     "--bind-interfaces", "--local=/#/"};
	for (gsize i = 0; i < G_N_ELEMENTS(fixed); i++)
		g_ptr_array_add(argv, g_strdup(fixed[i]));
	for (guint i = 0; addresses[i]; i++)
		g_ptr_array_add(argv, g_strdup_printf("--listen-address=%s", addresses[i]));
	for (const SimHost *host = sim_hosts; host->name; host++)
		g_ptr_array_add(argv, g_strdup_printf("--host-record=%s,%s,%s", host->name, host->ipv4, host->ipv6));
	g_ptr_array_add(argv, NULL);
	add_command(p, name, TRUE, (const char *const *)argv->pdata);
	serves_at(p, addresses[0], 53, FALSE);
}

static void append_site(GString *text, const SimHost *host)
{
	g_string_append_printf(text,
			       "server { server_name %s;\n"
			       " listen %s:80; listen [%s]:80; listen %s:443 ssl; listen [%s]:443 ssl;\n"
			       " ssl_certificate site.pem; ssl_certificate_key site.key;\n"
			       " location = / { return 200 \"welcome to %s\\n\"; }\n"
			       " location = /sample { root .; }\n"
			       " location = /login { return 200 \"sign in at %s\\n\"; }\n"
			       " location = /generate_204 { return 204; } }\n",
			       host->name, host->ipv4, host->ipv6, host->ipv4, host->ipv6, host->name, host->name);
}

/* The helper's address takes any server name; the raw ones only have to take connections. */
static void append_helper(GString *text, const SimHost *host)
{
	static const char *const raw[] = {SIM_RAW_HOSTS};
	g_string_append_printf(text, "server { server_name %s;\n listen %s:443 ssl; listen [%s]:443 ssl;\n", host->name, host->ipv4,
			       host->ipv6);
	for (gsize i = 0; i < G_N_ELEMENTS(raw); i++)
		g_string_append_printf(text, " listen %s:443 ssl;\n", raw[i]);
	g_string_append_printf(text,
			       " ssl_certificate helper.pem; ssl_certificate_key helper.key;\n"
			       " location / { return 200 \"welcome to %s\\n\"; } }\n",
			       host->name);
}

/* One process, so that its own end is the end of all of it. */
static gboolean prepare_web(Preparing *p, GError **error)
{
	g_autoptr(GString) text = g_string_new(
		"daemon off; master_process off; user root;\npid nginx.pid; error_log stderr;\n"
		"events { worker_connections 1024; }\nhttp {\n"
		"access_log off; default_type text/plain; ssl_protocols TLSv1.2 TLSv1.3;\n");
	for (const char *const *kind = (const char *const[]){"client_body", "proxy", "fastcgi", "uwsgi", "scgi", NULL}; *kind;
	     kind++)
		g_string_append_printf(text, "%s_temp_path tmp;\n", *kind);
	for (const SimHost *host = sim_hosts; host->name; host++)
		(g_str_equal(host->name, SIM_HELPER_NAME) ? append_helper : append_site)(text, host);
	g_string_append(text, "}\n");
	ADD(p, "nginx", TRUE, "nginx", "-e", "stderr", "-p", p->folder, "-c", "nginx.conf");
	serves_at(p, sim_hosts[0].ipv4, 443, FALSE);
	return write_file(p->folder, "nginx.conf", text->str, -1, error);
}

#define OPENVPN(device)                                                                                                            \
	"openvpn", "--mode", "server", "--tls-server", "--dev", device, "--dev-type", "tun", "--topology", "subnet",               \
		"--ifconfig-noexec", "--local", SIM_OPENVPN_ADDRESS, "--lport", G_STRINGIFY(SIM_OPENVPN_PORT), "--ca", "ca.pem",   \
		"--cert", "site.pem", "--key", "site.key", "--dh", "none", "--data-ciphers", "AES-256-GCM", "--verb", "1"

static gboolean is_installed(const char *program)
{
	g_autofree char *path = g_find_program_in_path(program);
	return path != NULL;
}

static void prepare_openvpn(Preparing *p)
{
	if (!is_installed("openvpn"))
		return;
	ADD(p, "openvpn", TRUE, OPENVPN("openvpn"), "--proto", "udp");
	serves_at(p, SIM_OPENVPN_ADDRESS, SIM_OPENVPN_PORT, TRUE);
	ADD(p, "openvpn-tcp", TRUE, OPENVPN("openvpn-tcp"), "--proto", "tcp-server");
	serves_at(p, SIM_OPENVPN_ADDRESS, SIM_OPENVPN_PORT, FALSE);
}

static gboolean has_wireguard(void)
{
	return is_installed("wireguard-go") && is_installed("wg");
}

/* A key and what is made public of it. */
static gboolean make_key(const char *folder, const char *name, char **ret_secret, char **ret_public, GError **error)
{
	g_autofree char *secret = NULL, *file = g_strconcat(name, ".key", NULL);
	g_autofree char *path = g_build_filename(folder, file, NULL);
	const char *script = "wg pubkey < \"$0\"";
	if (!RUN(folder, &secret, error, "wg", "genkey") ||
	    !g_file_set_contents_full(path, secret, -1, G_FILE_SET_CONTENTS_NONE, 0600, error) ||
	    !RUN(folder, ret_public, error, "sh", "-c", script, file))
		return FALSE;
	*ret_secret = g_steal_pointer(&secret);
	return TRUE;
}

/* It goes to the background by itself once it can be configured, and answers only what comes from a peer that it knows. */
static gboolean prepare_wireguard(Preparing *p, GError **error)
{
	g_autofree char *secret = NULL, *public = NULL, *peer_secret = NULL, *peer = NULL;
	if (!has_wireguard())
		return TRUE;
	if (!make_key(p->folder, "wireguard", &secret, &public, error) ||
	    !make_key(p->folder, "wireguard-peer", &peer_secret, &peer, error))
		return FALSE;
	g_autofree char *text = g_strdup_printf("[Interface]\nPrivateKey = %s\nListenPort = %d\n"
						"[Peer]\nPublicKey = %s\nAllowedIPs = 10.65.0.2/32\n",
						secret, SIM_WIREGUARD_PORT, peer);
	g_autofree char *keys = g_strdup_printf("public-key = %s\nprivate-key = %s\n", public, peer_secret);
	ADD(p, "wireguard", FALSE, "wireguard-go", "wg0");
	ADD(p, "wireguard-keys", FALSE, "wg", "setconf", "wg0", "wireguard.conf");
	ADD(p, "wireguard-up", FALSE, "ip", "link", "set", "wg0", "up");
	serves_at(p, SIM_WIREGUARD_ADDRESS, SIM_WIREGUARD_PORT, TRUE);
	return write_file(p->folder, "wireguard.conf", text, -1, error) &&
	       write_file(p->folder, "wireguard-target.conf", keys, -1, error);
}

/* What no compression on the way makes smaller. */
static gboolean write_sample(const char *folder, guint64 seed, GError **error)
{
	g_autofree guint64 *words = g_new(guint64, SAMPLE_BYTES / sizeof(guint64));
	for (gsize i = 0; i < SAMPLE_BYTES / sizeof(guint64); i++)
		words[i] = sim_hash(seed, SIM_STREAM_SAMPLE, 0, i);
	return write_file(folder, "sample", (const char *)words, SAMPLE_BYTES, error);
}

static gboolean check_programs(GError **error)
{
	static const struct {
		const char *program, *package;
	} needed[] = {{"ip", "iproute2"}, {"dnsmasq", "dnsmasq-base"}, {"nginx", "nginx-light"}, {"openssl", "openssl"}};
	for (gsize i = 0; i < G_N_ELEMENTS(needed); i++) {
		if (is_installed(needed[i].program))
			continue;
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND, "the simulated internet needs %s: sudo apt install %s",
			    needed[i].program, needed[i].package);
		return FALSE;
	}
	return TRUE;
}

static void free_command(gpointer data)
{
	SimCommand *command = data;
	g_strfreev(command->argv);
	g_free(command);
}

GPtrArray *sim_servers_prepare(const char *folder, guint64 seed, GError **error)
{
	g_autoptr(GPtrArray) commands = g_ptr_array_new_with_free_func(free_command);
	Preparing p = {.folder = folder, .commands = commands};
	if (!check_programs(error) || !make_certificates(folder, error) || !write_sample(folder, seed, error) ||
	    !prepare_addresses(&p, error))
		return NULL;
	add_resolver(&p, "resolver-operator", (const char *const[]){SIM_OPERATOR_RESOLVER, NULL});
	add_resolver(&p, "resolver-known", (const char *const[]){SIM_KNOWN_RESOLVERS, NULL});
	prepare_openvpn(&p);
	return prepare_web(&p, error) && prepare_wireguard(&p, error) ? g_steal_pointer(&commands) : NULL;
}

/* --- what a prober is told --- */

static void append_web_target(GString *text, const char *group, const char *scheme, const SimHost *host)
{
	g_string_append_printf(text, "\n[web %s]\nurl = %s://%s/\nrole = %s\n", group, scheme, host->name,
			       host->category ? "target" : "control");
	if (host->category)
		g_string_append_printf(text, "category = %s\n", host->category);
	g_string_append_printf(text, "status = 200\nbody = welcome to %s\n", host->name);
}

static void append_web_targets(GString *text)
{
	append_web_target(text, "control", "https", &sim_hosts[0]);
	for (const SimHost *host = sim_hosts; host->name; host++) {
		if (!host->category)
			continue;
		append_web_target(text, host->category, "https", host);
		g_string_append_printf(text, "\n[sni %s]\nhelper = helper\nserver-name = %s\ncategory = %s\n", host->category,
				       host->name, host->category);
		if (!g_str_equal(host->category, "news"))
			continue;
		append_web_target(text, "news-http", "http", host);
	}
	g_string_append(text, "\n[helper helper]\naddress = 203.0.113.20\nport = 443\nserver-name = " SIM_HELPER_NAME "\n"
			      "\n[portal check]\nurl = http://" SIM_CHECK_NAME "/generate_204\nstatus = 204\n"
			      "\n[rate control]\nurl = https://" SIM_CONTROL_NAME "/sample\nrole = control\n"
			      "\n[rate social]\nurl = https://social.example/sample\nrole = target\ncategory = social\n");
}

static void append_vpn_targets(GString *text, const char *folder)
{
	g_autofree char *path = g_build_filename(folder, "wireguard-target.conf", NULL);
	g_autofree char *keys = NULL;
	if (is_installed("openvpn"))
		for (const char *const *word = (const char *const[]){"openvpn", "openvpn-tcp", NULL}; *word; word++)
			g_string_append_printf(text, "\n[vpn %s]\nprotocol = %s\naddress = %s\nport = %d\ncategory = vpn\n", *word,
					       *word, SIM_OPENVPN_ADDRESS, SIM_OPENVPN_PORT);
	if (has_wireguard() && g_file_get_contents(path, &keys, NULL, NULL))
		g_string_append_printf(text, "\n[vpn wireguard]\nprotocol = wireguard\naddress = %s\nport = %d\ncategory = vpn\n%s",
				       SIM_WIREGUARD_ADDRESS, SIM_WIREGUARD_PORT, keys);
}

gboolean sim_servers_write_targets(const char *folder, const char *path, GError **error)
{
	static const char *const resolvers[] = {SIM_KNOWN_RESOLVERS}, *const raw[] = {SIM_RAW_HOSTS};
	g_autoptr(GString) text = g_string_new("# The simulated internet, as jamlog-sim wrote it at its start.\n");
	g_string_append_printf(text, "\n[trust]\nauthorities = %s/ca.pem\n", folder);
	for (guint i = 0; i < G_N_ELEMENTS(resolvers); i++)
		if (!strchr(resolvers[i], ':'))
			g_string_append_printf(text, "\n[resolver known-%u]\naddress = %s\n", i + 1, resolvers[i]);
	for (guint i = 0; i < G_N_ELEMENTS(raw); i++)
		g_string_append_printf(text, "\n[ip raw-%u]\naddress = %s\nport = 443\n", i + 1, raw[i]);
	append_web_targets(text);
	append_vpn_targets(text, folder);
	return g_file_set_contents(path, text->str, -1, error);
}
