/* happening_data.c - the happenings that are acts on data: their keys, and for whom they hold; see happening.h and net/act.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/happening.h"

#include "sim/net/plan.h"
#include "sim/scenario/read.h"

static void apply_act(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects)
{
	(void)scenario;
	(void)t_s;
	if (effects->n_acts < SIM_MAX_ACTS)
		effects->acts[effects->n_acts++] = h;
}

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_KEYS ((const char *const[]){NULL})
#define WHERE "modems", "cells", "plmn", "rat", "tac", "earfcn", "band"

const SimHappeningKind sim_data_kinds[] = {
	[SIM_ACT_DATA_DEAD] = {"data-dead", NO_KEYS, KEYS(WHERE, "dropped"), apply_act},
	[SIM_ACT_DNS_LIE] = {"dns-lie", KEYS("names", "answer"), KEYS(WHERE, "resolver"), apply_act},
	[SIM_ACT_TCP_RESET] = {"tcp-reset", NO_KEYS, KEYS(WHERE, "names", "addresses"), apply_act},
	[SIM_ACT_SNI_RESET] = {"sni-reset", KEYS("names"), KEYS(WHERE), apply_act},
	[SIM_ACT_BLOCK_PAGE] = {"block-page", KEYS("names"), KEYS(WHERE, "page", "location"), apply_act},
	[SIM_ACT_CAPTIVE_PORTAL] = {"captive-portal", NO_KEYS, KEYS(WHERE, "rest"), apply_act},
	[SIM_ACT_THROTTLE] = {"throttle", KEYS("rate"), KEYS(WHERE, "names"), apply_act},
	[SIM_ACT_CROWD] = {"crowd", NO_KEYS, KEYS(WHERE, "latency", "jitter", "loss", "rate"), apply_act},
	[SIM_ACT_IPV6_DEAD] = {"ipv6-dead", NO_KEYS, KEYS(WHERE), apply_act},
	[SIM_ACT_VPN_BLOCK] = {"vpn-block", NO_KEYS, KEYS(WHERE), apply_act},
	[SIM_ACT_QUIC_BLOCK] = {"quic-block", NO_KEYS, KEYS(WHERE), apply_act},
	[SIM_ACT_SERVER_DOWN] = {"server-down", NO_KEYS, KEYS(WHERE, "names", "addresses"), apply_act},
	{NULL, NULL, NULL, NULL},
};

static gboolean read_addresses(const KeyFile *file, const char *group, SimAct *act, GError **error)
{
	g_auto(GStrv) words = sim_read_list(file, group, "addresses");
	if (words)
		act->addresses = g_array_new(FALSE, FALSE, sizeof(SimAddress));
	for (guint i = 0; words && words[i]; i++) {
		SimAddress address;
		if (!sim_address_parse(words[i], &address))
			return keyfile_error(file, group, "addresses", error, "\"%s\" is not an IP address", words[i]);
		g_array_append_val(act->addresses, address);
	}
	if ((act->kind == SIM_ACT_TCP_RESET || act->kind == SIM_ACT_SERVER_DOWN) && !words && !act->names)
		return keyfile_error(file, group, NULL, error, "give \"names\", \"addresses\" or both");
	return TRUE;
}

static gboolean read_lie(const KeyFile *file, const char *group, SimAct *act, GError **error)
{
	g_autofree char *answer = keyfile_string(file, group, "answer");
	if (!answer)
		return TRUE;
	if (g_str_equal(answer, "nxdomain"))
		act->lie = SIM_LIE_NXDOMAIN;
	else if (g_str_equal(answer, "refused"))
		act->lie = SIM_LIE_REFUSED;
	else if (g_str_equal(answer, "silence"))
		act->lie = SIM_LIE_SILENCE;
	else if (!sim_address_parse(answer, &act->lie_address))
		return keyfile_error(file, group, "answer", error, "\"%s\" is none of: an IP address, nxdomain, refused, silence",
				     answer);
	return TRUE;
}

static gboolean read_page(const KeyFile *file, const char *group, SimAct *act, GError **error)
{
	static const char *const words[] = {"403", "200", "302", NULL};
	static const guint pages[] = {403, 200, 302};
	int page = 0;
	if (!keyfile_choice(file, group, "page", words, &page, error))
		return FALSE;
	act->page = pages[page];
	act->location = keyfile_string(file, group, "location");
	if (act->location && act->page != 302)
		return keyfile_error(file, group, "location", error, "only a page of 302 leads to another place");
	if (act->location && (strlen(act->location) > 256 || strpbrk(act->location, "\r\n ")))
		return keyfile_error(file, group, "location", error, "that is not a URL");
	if (!act->location)
		act->location = g_strdup(SIM_PORTAL_URL);
	return TRUE;
}

static gboolean read_choices(const KeyFile *file, const char *group, SimAct *act, GError **error)
{
	static const char *const resolvers[] = {"any", "operator", NULL}, *const drops[] = {"all", "answers", NULL};
	static const char *const rests[] = {"reset", "dropped", NULL};
	int resolver = 0, dropped = 0, rest = 0;
	if (!keyfile_choice(file, group, "resolver", resolvers, &resolver, error) ||
	    !keyfile_choice(file, group, "dropped", drops, &dropped, error) ||
	    !keyfile_choice(file, group, "rest", rests, &rest, error))
		return FALSE;
	act->operator_only = resolver != 0;
	act->answers_only = dropped != 0;
	act->drops_the_rest = rest != 0;
	return TRUE;
}

gboolean sim_read_act(const KeyFile *file, const char *group, const SimScenario *scenario, SimHappening *h, GError **error)
{
	SimAct *act = &h->act;
	const char *const *cell_keys = KEYS("cells", "plmn", "rat", "tac", "earfcn", "band");
	if (h->kind->apply != apply_act)
		return TRUE;
	if (!scenario->internet.exists)
		return keyfile_error(file, group, "what", error, "there are no data to act on: the group [internet] is missing");
	act->kind = (SimActKind)(h->kind - sim_data_kinds);
	act->names = sim_read_list(file, group, "names");
	for (guint i = 0; cell_keys[i]; i++)
		h->by_cells |= keyfile_has(file, group, cell_keys[i]);
	return read_addresses(file, group, act, error) && read_lie(file, group, act, error) && read_page(file, group, act, error) &&
	       read_choices(file, group, act, error) &&
	       keyfile_double(file, group, "rate", 1, SIM_MAX_KBPS, &act->rate_kbps, error) &&
	       keyfile_seconds(file, group, "latency", &act->latency_s, error) &&
	       keyfile_seconds(file, group, "jitter", &act->jitter_s, error) &&
	       keyfile_double(file, group, "loss", 0, 1, &act->loss, error);
}

guint sim_effects_acts(const SimEffects *effects, guint modem, gint cell, const SimAct *ret_acts[SIM_MAX_ACTS])
{
	guint n = 0;
	for (guint i = 0; i < effects->n_acts; i++) {
		const SimHappening *h = effects->acts[i];
		if (h->modems[modem] && (!h->by_cells || (cell >= 0 && h->cells[cell])))
			ret_acts[n++] = &h->act;
	}
	return n;
}
