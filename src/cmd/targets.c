/* jamlog targets: what mode "probe" would contact, before it does.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cmd.h"
#include "cmd/json.h"
#include "config.h"
#include "error.h"
#include "targets.h"

#include <stdio.h>

static char *describe_place(const Target *t)
{
	if (t->url)
		return g_strdup(t->url);
	if (t->kind == TARGET_SNI) {
		g_autofree char *helper = describe_place(t->helper);
		return g_strdup_printf("%s as %s", helper, t->server_name);
	}
	if (t->kind == TARGET_RESOLVER)
		return g_strdup(t->address);
	return g_strdup_printf(t->family == SESSION_IPV6 ? "[%s]:%u" : "%s:%u", t->address, t->port);
}

static const char *role_word(const Target *t)
{
	switch (t->kind) {
	case TARGET_WEB:
	case TARGET_RATE:
		return probe_role_words[t->role];
	case TARGET_HELPER:
		return probe_role_words[PROBE_CONTROL];
	case TARGET_SNI:
	case TARGET_VPN:
		return probe_role_words[PROBE_TARGET];
	case TARGET_RESOLVER:
	case TARGET_IP:
	case TARGET_PORTAL:
		break;
	}
	return "";
}

static void print_list(const Targets *targets)
{
	g_autoptr(GPtrArray) names = targets_with_names(targets);
	printf("%-9s %-16s %-8s %-14s %9s  %s\n", "test", "name", "role", "category", "bytes <=", "what is contacted");
	for (guint i = 0; i < targets->all->len; i++) {
		const Target *t = g_ptr_array_index(targets->all, i);
		g_autofree char *place = describe_place(t);
		printf("%-9s %-16s %-8s %-14s %9" G_GUINT64_FORMAT "  %s%s\n",
		       t->kind == TARGET_VPN ? vpn_protocol_words[t->protocol] : target_kind_words[t->kind], t->name, role_word(t),
		       t->category ? t->category : "", target_cap(t) * (t->kind == TARGET_RESOLVER ? names->len : 1), place,
		       t->quic ? " (HTTP/3 too)" : "");
	}
	printf("%-9s %-16s %-8s %-14s %9" G_GUINT64_FORMAT "  the resolvers that the network names, for %u names\n", "resolver", "operator",
	       "", "", (guint64)names->len * TARGET_DNS_CAP, names->len);
	printf("\nA round over one family takes %" G_GUINT64_FORMAT " bytes at most, over IPv4 and IPv6 %" G_GUINT64_FORMAT
	       "; each test a good deal less as a rule.\n",
	       targets_round_cap(targets, SESSION_IPV4), targets_round_cap(targets, SESSION_DUAL));
}

static void add_text(GVariantBuilder *b, const char *name, const char *value)
{
	if (value && *value)
		g_variant_builder_add(b, "{sv}", name, g_variant_new_string(value));
}

static void print_json(const Targets *targets)
{
	GVariantBuilder all, list;
	g_variant_builder_init(&all, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < targets->all->len; i++) {
		const Target *t = g_ptr_array_index(targets->all, i);
		g_variant_builder_open(&list, G_VARIANT_TYPE_VARDICT);
		add_text(&list, "kind", target_kind_words[t->kind]);
		add_text(&list, "name", t->name);
		add_text(&list, "where", t->where);
		add_text(&list, "role", role_word(t));
		add_text(&list, "category", t->category);
		add_text(&list, "url", t->url);
		add_text(&list, "address", t->helper ? t->helper->address : t->address);
		add_text(&list, "server_name", t->server_name);
		add_text(&list, "protocol", t->kind == TARGET_VPN ? vpn_protocol_words[t->protocol] : NULL);
		if (t->port || t->helper)
			g_variant_builder_add(&list, "{sv}", "port", g_variant_new_uint32(t->helper ? t->helper->port : t->port));
		g_variant_builder_add(&list, "{sv}", "max_bytes", g_variant_new_uint64(target_cap(t)));
		g_variant_builder_close(&list);
	}
	g_variant_builder_add(&all, "{sv}", "targets", g_variant_builder_end(&list));
	g_variant_builder_add(&all, "{sv}", "round_max_bytes_one_family",
			      g_variant_new_uint64(targets_round_cap(targets, SESSION_IPV4)));
	g_variant_builder_add(&all, "{sv}", "round_max_bytes", g_variant_new_uint64(targets_round_cap(targets, SESSION_DUAL)));
	g_autoptr(GVariant) value = g_variant_ref_sink(g_variant_builder_end(&all));
	g_autofree char *text = json_from_variant(value);
	puts(text);
}

/* The files named on the command line, else those of the configuration, else the shipped one. */
static Targets *load(char **files, const char *config_path, GError **error)
{
	if (*files)
		return targets_load((const char *const *)files, error);
	g_autoptr(Config) config = config_new();
	if (!config_load(config, config_path, error))
		return NULL;
	return targets_load((const char *const *)config->targets, error);
}

static int run(char **files, const char *config_path, gboolean check, gboolean json)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Targets) targets = load(files, config_path, &error);
	if (!targets) {
		fprintf(stderr, "jamlog targets: %s\n", error->message);
		return (int)error_exit_code(error);
	}
	if (check)
		printf("ok: %u groups\n", targets->all->len);
	else if (json)
		print_json(targets);
	else
		print_list(targets);
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILURE;
}

int cmd_targets(int argc, char **argv)
{
	gboolean check = FALSE, json = FALSE;
	g_autofree char *config_path = NULL;
	g_autoptr(GError) error = NULL;
	const GOptionEntry entries[] = {
		{"check", 0, 0, G_OPTION_ARG_NONE, &check, "Only say whether the files are right", NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "Say the same as JSON, for programs", NULL},
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &config_path, "Read this configuration instead of the usual ones", "FILE"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("[FILE...] - what mode \"probe\" would contact");
	g_option_context_set_description(context,
		"Nothing is contacted by this command. Without FILE: the files that the configuration names ([probe] targets), else\n"
		"the one that came with jamlog. Several files are read as one; a later group takes the place of an earlier one of that\n"
		"name.\n\n"
		"Exit codes: 0 ok, 2 a file has an error (the message names its line).\n\n"
		"Example:\n  jamlog targets --check ~/country.targets\n");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "jamlog targets: %s\n", error->message);
		return EXIT_CODE_USAGE;
	}
	return run(argv + 1, config_path, check, json);
}
