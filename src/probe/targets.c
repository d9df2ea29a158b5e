/* Reads files of targets. It needs none of the prober's libraries: `jamlog targets` uses it too.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "targets.h"

#include "error.h"
#include "keyfile.h"

#include <arpa/inet.h>
#include <gio/gio.h>

/* TCP takes its connection up and down, and tries again where nothing answers; the kernel's headers included. */
#define CAP_TCP  800
#define CAP_UDP  1200
/* A handshake with a long chain of certificates. */
#define CAP_TLS  (16 * 1024)
/* 16 KiB of body, its answer's head, and what the kernel had already taken in when enough was read. */
#define CAP_WEB  (40 * 1024 + CAP_TLS)

#define DEFAULT_RATE_BYTES 262144
#define MAX_RATE_BYTES     (64 * 1024 * 1024)
#define NAME_SIZE     sizeof(((ProbeFields *)NULL)->target)
#define CATEGORY_SIZE sizeof(((ProbeFields *)NULL)->category)
#define URL_SIZE      sizeof(((ProbeFields *)NULL)->url)
#define SNI_SIZE      sizeof(((ProbeFields *)NULL)->server_name)

const char *const target_kind_words[] = {"resolver", "ip", "portal", "web", "helper", "sni", "vpn", "rate", NULL};
const char *const vpn_protocol_words[] = {"wireguard", "openvpn", "openvpn-tcp", NULL};

static const char *const trust_keys[] = {"authorities", NULL};
static const char *const resolver_keys[] = {"address", NULL};
static const char *const ip_keys[] = {"address", "port", "category", NULL};
static const char *const portal_keys[] = {"url", "status", "body", NULL};
static const char *const web_keys[] = {"url", "role", "category", "status", "body", "quic", NULL};
static const char *const helper_keys[] = {"address", "port", "server-name", NULL};
static const char *const sni_keys[] = {"helper", "server-name", "category", NULL};
static const char *const vpn_keys[] = {"protocol", "address", "port", "public-key", "private-key", "category", NULL};
static const char *const rate_keys[] = {"url", "bytes", "role", "category", "status", NULL};
static const KeyFileGroup groups[] = {
	{.kind = "trust", .named = FALSE, .keys = trust_keys},
	{.kind = "resolver", .named = TRUE, .keys = resolver_keys},
	{.kind = "ip", .named = TRUE, .keys = ip_keys},
	{.kind = "portal", .named = TRUE, .keys = portal_keys},
	{.kind = "web", .named = TRUE, .keys = web_keys},
	{.kind = "helper", .named = TRUE, .keys = helper_keys},
	{.kind = "sni", .named = TRUE, .keys = sni_keys},
	{.kind = "vpn", .named = TRUE, .keys = vpn_keys},
	{.kind = "rate", .named = TRUE, .keys = rate_keys},
	{.kind = NULL},
};

static void target_free(gpointer data)
{
	Target *t = data;
	if (!t)
		return;
	g_free(t->name);
	g_free(t->where);
	g_free(t->category);
	g_free(t->url);
	g_free(t->host);
	g_free(t->address);
	g_free(t->server_name);
	g_free(t->helper_name);
	g_free(t->body);
	g_free(t);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Target, target_free)

void targets_free(Targets *targets)
{
	if (!targets)
		return;
	g_ptr_array_unref(targets->all);
	g_ptr_array_unref(targets->authorities);
	g_free(targets);
}

/* --- values --- */

/* A value that has to be there. */
static char *need(const KeyFile *file, const char *group, const char *key, GError **error)
{
	char *text = keyfile_string(file, group, key);
	if (text && *text)
		return text;
	keyfile_error(file, group, text ? key : NULL, error, "it needs %s = ...", key);
	g_free(text);
	return NULL;
}

static gboolean read_text(const KeyFile *file, const char *group, const char *key, gsize size, char **ret_text, GError **error)
{
	g_autofree char *text = keyfile_string(file, group, key);
	if (text && strlen(text) >= size)
		return keyfile_error(file, group, key, error, "%zu bytes; %zu at most", strlen(text), size - 1);
	*ret_text = text && *text ? g_steal_pointer(&text) : NULL;
	return TRUE;
}

static gboolean read_address(const KeyFile *file, const char *group, Target *t, GError **error)
{
	g_autofree char *text = need(file, group, "address", error);
	if (!text)
		return FALSE;
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(text);
	if (!address)
		return keyfile_error(file, group, "address", error, "\"%s\" is no IP address: write 192.0.2.1 or 2001:db8::1; no name "
				     "is looked up here", text);
	t->address = g_inet_address_to_string(address);
	t->family = g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4 ? SESSION_IPV4 : SESSION_IPV6;
	return TRUE;
}

static gboolean read_port(const KeyFile *file, const char *group, gint64 fallback, Target *t, GError **error)
{
	gint64 port = fallback;
	if (!keyfile_int(file, group, "port", 1, 65535, &port, error))
		return FALSE;
	if (!port)
		return keyfile_error(file, group, NULL, error, "it needs port = 1 to 65535");
	t->port = (guint16)port;
	return TRUE;
}

/* Letters, digits, hyphens and dots, as a server is named in TLS and DNS; an international name in its "xn--" form. */
static gboolean is_host_name(const char *text)
{
	if (!*text || strlen(text) > 253 || *text == '.' || *text == '-')
		return FALSE;
	for (const char *p = text; *p; p++)
		if (!g_ascii_isalnum(*p) && *p != '-' && (*p != '.' || p[1] == '.'))
			return FALSE;
	return TRUE;
}

static gboolean read_server_name(const KeyFile *file, const char *group, Target *t, GError **error)
{
	g_autofree char *text = need(file, group, "server-name", error);
	if (!text)
		return FALSE;
	if (!is_host_name(text) || g_hostname_is_ip_address(text))
		return keyfile_error(file, group, "server-name", error, "\"%s\" is no name of a server: write www.example.org", text);
	if (strlen(text) >= SNI_SIZE)
		return keyfile_error(file, group, "server-name", error, "%zu bytes; %zu at most", strlen(text), SNI_SIZE - 1);
	t->server_name = g_ascii_strdown(text, -1);
	return TRUE;
}

/* What is wrong with a URL, or NULL. Plain ones are enough here: no user, no fragment, nothing that could be read in two ways. */
static const char *check_url(const char *text, GUri *uri, gboolean plain_only)
{
	if (strlen(text) >= URL_SIZE)
		return "it is longer than 95 bytes";
	if (!uri || !g_uri_get_host(uri))
		return "it is no URL: write https://www.example.org/path";
	if (!g_str_has_prefix(text, "http://") && (plain_only || !g_str_has_prefix(text, "https://")))
		return plain_only ? "it has to begin with http://: a portal cannot answer in place of an https server" :
				    "it has to begin with http:// or https://";
	if (g_uri_get_userinfo(uri) || g_uri_get_fragment(uri))
		return "no user and no fragment (#) can be in it";
	if (!is_host_name(g_uri_get_host(uri)) && !g_hostname_is_ip_address(g_uri_get_host(uri)))
		return "its host is neither a name (an international one in its xn-- form) nor an IP address";
	return g_uri_get_port(uri) == 0 ? "port 0 does not exist" : NULL;
}

static gboolean read_url(const KeyFile *file, const char *group, Target *t, GError **error)
{
	g_autofree char *text = need(file, group, "url", error);
	if (!text)
		return FALSE;
	g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_ENCODED, NULL);
	const char *wrong = check_url(text, uri, t->kind == TARGET_PORTAL);
	if (wrong)
		return keyfile_error(file, group, "url", error, "\"%s\": %s", text, wrong);
	t->tls = g_str_has_prefix(text, "https:");
	t->host = g_ascii_strdown(g_uri_get_host(uri), -1);
	t->port = g_uri_get_port(uri) > 0 ? (guint16)g_uri_get_port(uri) : t->tls ? 443 : 80;
	t->url = g_steal_pointer(&text);
	return TRUE;
}

static gboolean read_role(const KeyFile *file, const char *group, Target *t, GError **error)
{
	int role = PROBE_TARGET;
	if (!keyfile_choice(file, group, "role", probe_role_words, &role, error))
		return FALSE;
	t->role = (ProbeRole)role;
	return TRUE;
}

static gboolean read_status(const KeyFile *file, const char *group, gint64 fallback, Target *t, GError **error)
{
	gint64 status = fallback;
	if (!keyfile_int(file, group, "status", 200, 599, &status, error))
		return FALSE;
	t->status = (guint)status;
	return TRUE;
}

static gboolean read_key(const KeyFile *file, const char *group, const char *key, guint8 ret_key[32], GError **error)
{
	g_autofree char *text = need(file, group, key, error);
	if (!text)
		return FALSE;
	gsize length = 0;
	g_autofree guchar *bytes = g_base64_decode(text, &length);
	if (length != 32 || strlen(text) != 44)
		return keyfile_error(file, group, key, error, "this is no WireGuard key: 44 characters of base64, as \"wg genkey\" and "
				     "\"wg pubkey\" write them");
	memcpy(ret_key, bytes, 32);
	return TRUE;
}

/* --- groups --- */

static gboolean read_resolver(const KeyFile *file, const char *group, Target *t, GError **error)
{
	if (g_str_equal(t->name, "operator"))
		return keyfile_error(file, group, NULL, error, "\"operator\" is the word for the network's own resolvers: choose another");
	return read_address(file, group, t, error);
}

static gboolean read_ip(const KeyFile *file, const char *group, Target *t, GError **error)
{
	return read_address(file, group, t, error) && read_port(file, group, 0, t, error);
}

static gboolean read_portal(const KeyFile *file, const char *group, Target *t, GError **error)
{
	t->role = PROBE_CONTROL; /* it is nobody's target: its answer is known */
	return read_url(file, group, t, error) && read_status(file, group, 204, t, error) &&
	       read_text(file, group, "body", G_MAXSIZE, &t->body, error);
}

static gboolean read_web(const KeyFile *file, const char *group, Target *t, GError **error)
{
	if (!read_url(file, group, t, error) || !read_role(file, group, t, error) || !read_status(file, group, 200, t, error) ||
	    !read_text(file, group, "body", G_MAXSIZE, &t->body, error) || !keyfile_bool(file, group, "quic", &t->quic, error))
		return FALSE;
	if (t->quic && !t->tls)
		return keyfile_error(file, group, "quic", error, "HTTP/3 needs an https:// URL");
	return TRUE;
}

static gboolean read_helper(const KeyFile *file, const char *group, Target *t, GError **error)
{
	return read_address(file, group, t, error) && read_port(file, group, 443, t, error) && read_server_name(file, group, t, error);
}

static gboolean read_sni(const KeyFile *file, const char *group, Target *t, GError **error)
{
	t->helper_name = need(file, group, "helper", error);
	return t->helper_name && read_server_name(file, group, t, error);
}

static gboolean read_vpn(const KeyFile *file, const char *group, Target *t, GError **error)
{
	int protocol = -1;
	if (!keyfile_choice(file, group, "protocol", vpn_protocol_words, &protocol, error))
		return FALSE;
	if (protocol < 0)
		return keyfile_error(file, group, NULL, error, "it needs protocol = wireguard, openvpn or openvpn-tcp");
	t->protocol = (VpnProtocol)protocol;
	if (!read_address(file, group, t, error) || !read_port(file, group, protocol == VPN_WIREGUARD ? 51820 : 1194, t, error))
		return FALSE;
	if (t->protocol == VPN_WIREGUARD)
		return read_key(file, group, "public-key", t->public_key, error) &&
		       read_key(file, group, "private-key", t->private_key, error);
	for (const char *const *key = (const char *const[]){"public-key", "private-key", NULL}; *key; key++)
		if (keyfile_has(file, group, *key))
			return keyfile_error(file, group, *key, error, "only protocol = wireguard has keys");
	return TRUE;
}

static gboolean read_rate(const KeyFile *file, const char *group, Target *t, GError **error)
{
	gint64 bytes = DEFAULT_RATE_BYTES;
	if (!read_url(file, group, t, error) || !read_role(file, group, t, error) || !read_status(file, group, 200, t, error) ||
	    !keyfile_int(file, group, "bytes", 1024, MAX_RATE_BYTES, &bytes, error))
		return FALSE;
	t->bytes = (guint64)bytes;
	return TRUE;
}

static gboolean (*const readers[TARGET_KINDS])(const KeyFile *, const char *, Target *, GError **) = {
	[TARGET_RESOLVER] = read_resolver, [TARGET_IP] = read_ip,   [TARGET_PORTAL] = read_portal, [TARGET_WEB] = read_web,
	[TARGET_HELPER] = read_helper,     [TARGET_SNI] = read_sni, [TARGET_VPN] = read_vpn,       [TARGET_RATE] = read_rate,
};

static guint find_index(const Targets *targets, TargetKind kind, const char *name)
{
	guint i = 0;
	for (; i < targets->all->len; i++) {
		const Target *t = g_ptr_array_index(targets->all, i);
		if (t->kind == kind && g_str_equal(t->name, name))
			break;
	}
	return i;
}

static void put(Targets *targets, Target *t)
{
	guint at = find_index(targets, t->kind, t->name);
	if (at == targets->all->len) {
		g_ptr_array_add(targets->all, t);
		return;
	}
	target_free(g_ptr_array_index(targets->all, at));
	g_ptr_array_index(targets->all, at) = t;
}

static gboolean read_group(Targets *targets, TargetKind kind, const KeyFile *file, const char *group, GError **error)
{
	g_autoptr(Target) t = g_new0(Target, 1);
	t->kind = kind;
	t->name = g_strdup(keyfile_group_name(group));
	t->where = keyfile_where(file, group, NULL);
	if (strlen(t->name) >= NAME_SIZE)
		return keyfile_error(file, group, NULL, error, "the name has %zu bytes; %zu at most", strlen(t->name), NAME_SIZE - 1);
	if (!read_text(file, group, "category", CATEGORY_SIZE, &t->category, error) || !readers[kind](file, group, t, error))
		return FALSE;
	put(targets, g_steal_pointer(&t));
	return TRUE;
}

static gboolean read_trust(Targets *targets, const KeyFile *file, const char *path, GError **error)
{
	if (!keyfile_line(file, "trust", NULL))
		return TRUE;
	g_autofree char *text = need(file, "trust", "authorities", error);
	if (!text)
		return FALSE;
	g_autofree char *folder = g_path_get_dirname(path);
	g_autofree char *full = g_path_is_absolute(text) ? g_strdup(text) : g_build_filename(folder, text, NULL);
	g_autofree char *pem = NULL;
	g_autoptr(GError) read_error = NULL;
	if (!g_file_get_contents(full, &pem, NULL, &read_error))
		return keyfile_error(file, "trust", "authorities", error, "cannot read %s: %s", full, read_error->message);
	if (!strstr(pem, "-----BEGIN CERTIFICATE-----"))
		return keyfile_error(file, "trust", "authorities", error, "%s holds no certificate in PEM form", full);
	g_ptr_array_add(targets->authorities, g_steal_pointer(&full));
	return TRUE;
}

static gboolean read_groups(Targets *targets, const KeyFile *file, const char *path, GError **error)
{
	for (TargetKind kind = 0; kind < TARGET_KINDS; kind++) {
		g_auto(GStrv) names = keyfile_groups(file, target_kind_words[kind]);
		for (guint i = 0; names[i]; i++)
			if (!read_group(targets, kind, file, names[i], error))
				return FALSE;
	}
	return read_trust(targets, file, path, error);
}

/* --- what has to fit together over all files --- */

static gboolean complain(const Target *t, GError **error, const char *text)
{
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s: [%s %s]: %s", t->where, target_kind_words[t->kind], t->name, text);
	return FALSE;
}

static gboolean find_helper(const Targets *targets, Target *t, GError **error)
{
	g_autoptr(GString) known = g_string_new(NULL);
	for (guint i = 0; i < targets->all->len; i++) {
		const Target *other = g_ptr_array_index(targets->all, i);
		if (other->kind != TARGET_HELPER)
			continue;
		if (g_str_equal(other->name, t->helper_name))
			t->helper = other;
		g_string_append_printf(known, "%s%s", known->len ? ", " : "", other->name);
	}
	if (t->helper)
		return TRUE;
	g_autofree char *text = g_strdup_printf("there is no [helper %s]; helpers: %s", t->helper_name, known->len ? known->str : "none");
	return complain(t, error, text);
}

static gboolean has_control(const Targets *targets, const Target *t, gboolean quic)
{
	for (guint i = 0; i < targets->all->len; i++) {
		const Target *other = g_ptr_array_index(targets->all, i);
		if (other->kind == t->kind && other->role == PROBE_CONTROL && (!quic || other->quic))
			return TRUE;
	}
	return FALSE;
}

static gboolean check_together(const Targets *targets, GError **error)
{
	for (guint i = 0; i < targets->all->len; i++) {
		Target *t = g_ptr_array_index(targets->all, i);
		if (t->kind == TARGET_SNI && !find_helper(targets, t, error))
			return FALSE;
		if ((t->kind != TARGET_WEB && t->kind != TARGET_RATE) || t->role == PROBE_CONTROL)
			continue;
		if (!has_control(targets, t, FALSE))
			return complain(t, error, "no group of this kind has role = control, so its failure would say nothing");
		if (t->quic && !has_control(targets, t, TRUE))
			return complain(t, error, "no control has quic = yes, so its failure over HTTP/3 would say nothing");
	}
	return TRUE;
}

static Targets *targets_new(void)
{
	Targets *targets = g_new0(Targets, 1);
	targets->all = g_ptr_array_new_with_free_func(target_free);
	targets->authorities = g_ptr_array_new_with_free_func(g_free);
	return targets;
}

Targets *targets_load(const char *const *paths, GError **error)
{
	g_autoptr(Targets) targets = targets_new();
	const char *const shipped[] = {targets_shipped_path(), NULL};
	for (const char *const *path = paths ? paths : shipped; *path; path++) {
		g_autoptr(KeyFile) file = keyfile_load(*path, groups, error);
		if (!file || !read_groups(targets, file, *path, error))
			return NULL;
	}
	return check_together(targets, error) ? g_steal_pointer(&targets) : NULL;
}

Targets *targets_load_data(const char *label, const char *text, GError **error)
{
	g_autoptr(Targets) targets = targets_new();
	g_autoptr(KeyFile) file = keyfile_load_data(label, text, groups, error);
	if (!file || !read_groups(targets, file, label, error) || !check_together(targets, error))
		return NULL;
	return g_steal_pointer(&targets);
}

const char *targets_shipped_path(void)
{
	return JAMLOG_SHARE "/targets.conf";
}

GPtrArray *targets_with_names(const Targets *targets)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *found = g_ptr_array_new();
	for (guint i = 0; i < targets->all->len; i++) {
		Target *t = g_ptr_array_index(targets->all, i);
		if (t->host && !g_hostname_is_ip_address(t->host) && g_hash_table_add(seen, t->host))
			g_ptr_array_add(found, t);
	}
	return found;
}

guint64 target_cap(const Target *t)
{
	switch (t->kind) {
	case TARGET_RESOLVER:
		return TARGET_DNS_CAP;
	case TARGET_IP:
		return CAP_TCP;
	case TARGET_PORTAL:
	case TARGET_WEB:
		return CAP_WEB;
	case TARGET_HELPER:
	case TARGET_SNI:
		return CAP_TLS;
	case TARGET_VPN:
		return CAP_UDP;
	case TARGET_RATE: /* packets' heads, acknowledgements, and what the kernel took in beyond the cap */
		return t->bytes * 5 / 4 + MIN(t->bytes, 128 * 1024) + CAP_TLS;
	}
	return 0;
}

guint64 targets_round_cap(const Targets *targets, SessionFamily family)
{
	const guint families = family == SESSION_DUAL ? 2 : 1;
	g_autoptr(GPtrArray) names = targets_with_names(targets);
	guint64 sum = (guint64)names->len * TARGET_DNS_CAP * families; /* the operator's own resolvers */
	for (guint i = 0; i < targets->all->len; i++) {
		const Target *t = g_ptr_array_index(targets->all, i);
		const gboolean in_pairs = t->kind == TARGET_WEB || t->kind == TARGET_RATE;
		guint64 times = in_pairs && t->role == PROBE_CONTROL ? 2 * families : 1;
		if (t->kind == TARGET_HELPER)
			times = 2;
		else if (t->kind == TARGET_PORTAL)
			times = families;
		else if (in_pairs && t->role == PROBE_TARGET && t->kind == TARGET_WEB)
			times = 2; /* once more at the address that a known resolver gives */
		if (t->quic)
			times += t->role == PROBE_CONTROL ? 2 * families : 1;
		sum += (t->kind == TARGET_RESOLVER ? names->len : times) * target_cap(t);
	}
	return sum;
}
