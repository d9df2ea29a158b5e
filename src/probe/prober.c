/* See prober.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/prober.h"

#include "error.h"
#include "probe/channel.h"
#include "probe/link.h"
#include "probe/round.h"

#include <net/if.h>
#include <netlink/route/addr.h>

struct Prober {
	Channel *channel;
	const Targets *targets;
	const char *trust;
	gboolean set_up;
	Session session;
	Link *link;   /* NULL: somebody else has set the interface up */
	Round *round; /* NULL: none is under way */
	gboolean cutting; /* it is ended early by a request */
	void (*ended)(gpointer user_data);
	gpointer user_data;
};

/* --- answers --- */

static void add_counters(const Prober *p, GVariantBuilder *b)
{
	Counters now = p->session.at_setup;
	if (!p->set_up)
		return;
	counters_read(p->session.interface, &now);
	const Counters delta = counters_since(&now, &p->session.at_setup);
	g_variant_builder_add(b, "{sv}", "rx_bytes", g_variant_new_uint64(delta.rx_bytes));
	g_variant_builder_add(b, "{sv}", "tx_bytes", g_variant_new_uint64(delta.tx_bytes));
	g_variant_builder_add(b, "{sv}", "rx_packets", g_variant_new_uint64(delta.rx_packets));
	g_variant_builder_add(b, "{sv}", "tx_packets", g_variant_new_uint64(delta.tx_packets));
}

/* `reason` NULL: it went well. Owned by the caller. */
static GVariant *make_answer(const Prober *p, const char *reason, const char *sentence)
{
	GVariantBuilder b;
	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&b, "{sv}", "ok", g_variant_new_boolean(!reason));
	add_counters(p, &b);
	if (reason) {
		g_variant_builder_add(&b, "{sv}", "reason", g_variant_new_string(reason));
		g_variant_builder_add(&b, "{sv}", "sentence", g_variant_new_string(sentence));
	}
	return g_variant_ref_sink(g_variant_builder_end(&b));
}

static void answer(Prober *p, const char *reason, const char *sentence)
{
	g_autoptr(GVariant) made = make_answer(p, reason, sentence);
	channel_say_done(p->channel, made);
}

static const char *reason_of(const GError *error)
{
	if (g_error_matches(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS))
		return "no-privilege";
	if (g_error_matches(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND))
		return "no-interface";
	if (g_error_matches(error, JAMLOG_ERROR, JAMLOG_ERROR_BUSY))
		return "interface-in-use";
	return g_error_matches(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE) ? "bad-request" : "setup-failed";
}

/* --- setup and down --- */

static void take_down(Prober *p)
{
	g_clear_pointer(&p->link, link_undo);
	session_clear(&p->session);
	p->set_up = FALSE;
}

/* Of an interface that somebody else has set up: link-local addresses reach nobody. */
static void find_families(Session *session)
{
	struct nl_sock *socket = nl_socket_alloc();
	struct nl_cache *cache = NULL;
	const int index = (int)if_nametoindex(session->interface);
	if (nl_connect(socket, NETLINK_ROUTE) == 0 && rtnl_addr_alloc_cache(socket, &cache) == 0) {
		for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
			struct rtnl_addr *address = (struct rtnl_addr *)o;
			if (rtnl_addr_get_ifindex(address) == index && rtnl_addr_get_scope(address) == RT_SCOPE_UNIVERSE)
				session->has[rtnl_addr_get_family(address) == AF_INET6 ? SESSION_IPV6 : SESSION_IPV4] = TRUE;
		}
		nl_cache_free(cache);
	}
	nl_socket_free(socket);
}

static gboolean set_up(Prober *p, gboolean own, const LinkWish *wish, GError **error)
{
	Session *s = &p->session;
	if (own && !(p->link = link_setup(wish, error)))
		return FALSE;
	if (!counters_read(s->interface, &s->at_setup)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND, "there is no network interface %s", s->interface);
		return FALSE;
	}
	s->index = if_nametoindex(s->interface);
	if (own) {
		s->mark = link_mark(p->link);
		s->has[SESSION_IPV4] = link_has_family(p->link, AF_INET);
		s->has[SESSION_IPV6] = link_has_family(p->link, AF_INET6);
	} else {
		find_families(s);
	}
	p->set_up = TRUE;
	return TRUE;
}

/* The kernel allows nearly everything; what is written into rules and paths has to be plain. */
static gboolean is_plain_name(const char *name)
{
	const gsize n = strlen(name);
	return n > 0 && n < IFNAMSIZ && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == n &&
	       !g_str_equal(name, ".") && !g_str_equal(name, "..");
}

static void take_setup(Prober *p, GVariant *request)
{
	const char *interface = NULL;
	gboolean own = FALSE;
	guint32 mtu = 0;
	g_auto(GStrv) addresses = NULL, gateways = NULL, resolvers = NULL;
	g_autoptr(GError) error = NULL;
	g_variant_lookup(request, "interface", "&s", &interface);
	if (!interface || !is_plain_name(interface) || !g_variant_lookup(request, "own", "b", &own)) {
		answer(p, "bad-request", "setup needs the interface's name and whether it is ours (own)");
		return;
	}
	g_variant_lookup(request, "addresses", "^as", &addresses);
	g_variant_lookup(request, "gateways", "^as", &gateways);
	g_variant_lookup(request, "resolvers", "^as", &resolvers);
	g_variant_lookup(request, "mtu", "u", &mtu);
	take_down(p);
	g_strlcpy(p->session.interface, interface, sizeof p->session.interface);
	p->session.resolvers = g_steal_pointer(&resolvers);
	const char *const none[] = {NULL};
	const LinkWish wish = {
		.interface = interface,
		.addresses = addresses ? (const char *const *)addresses : none,
		.gateways = gateways ? (const char *const *)gateways : none,
		.mtu = mtu,
	};
	if (set_up(p, own, &wish, &error)) {
		answer(p, NULL, NULL);
		return;
	}
	take_down(p);
	answer(p, reason_of(error), error->message);
}

/* --- a round --- */

static void on_say(const Observation *o, gpointer data)
{
	channel_say_observation(((Prober *)data)->channel, o);
}

static void on_round_done(RoundEnd end, gpointer data)
{
	Prober *p = data;
	g_clear_pointer(&p->round, round_free);
	switch (end) {
	case ROUND_DONE: /* its own observation tells whether there was time and budget for everything */
	case ROUND_INTERRUPTED:
		if (p->cutting)
			answer(p, "interrupted", "the round ended early, as it was told to");
		else
			answer(p, NULL, NULL);
		break;
	case ROUND_INTERFACE_GONE:
		answer(p, "interface-gone", "the network interface vanished while it was used");
		break;
	}
}

static void take_round(Prober *p, GVariant *request)
{
	RoundWish wish = {0};
	if (!p->set_up)
		answer(p, "not-set-up", "no interface is set up: setup comes before a round");
	else if (!g_variant_lookup(request, "number", "u", &wish.number) || !g_variant_lookup(request, "attempt", "u", &wish.attempt) ||
		 !g_variant_lookup(request, "budget", "t", &wish.budget))
		answer(p, "bad-request", "a round needs its number, its attempt and its budget of bytes");
	else
		p->round = round_start(&p->session, p->targets, p->trust, &wish, on_say, on_round_done, p);
}

static void cut_round(Prober *p)
{
	p->cutting = TRUE;
	if (p->round)
		round_cut(p->round);
	p->cutting = FALSE;
}

/* --- requests --- */

static void take_down_request(Prober *p)
{
	cut_round(p);
	g_autoptr(GVariant) made = make_answer(p, NULL, NULL); /* with the last counters */
	take_down(p);
	channel_say_done(p->channel, made);
}

static void take_request(GVariant *request, gpointer data)
{
	Prober *p = data;
	const char *what = "";
	g_variant_lookup(request, "do", "&s", &what);
	if (g_str_equal(what, "down"))
		take_down_request(p);
	else if (p->round)
		answer(p, "busy", "a round is under way: only \"down\" ends it early");
	else if (g_str_equal(what, "setup"))
		take_setup(p, request);
	else if (g_str_equal(what, "round"))
		take_round(p, request);
	else
		answer(p, "bad-request", "do is none of: setup, round, down");
}

static void refuse_line(const char *why, gpointer data)
{
	answer(data, "bad-request", why);
}

static void on_end(gpointer data)
{
	Prober *p = data;
	p->ended(p->user_data);
}

Prober *prober_new(int in, int out, const Targets *targets, const char *trust, void (*ended)(gpointer user_data), gpointer user_data)
{
	const ChannelCalls calls = {.take = take_request, .refuse = refuse_line, .end = on_end};
	Prober *p = g_new0(Prober, 1);
	p->targets = targets;
	p->trust = trust;
	p->ended = ended;
	p->user_data = user_data;
	p->channel = channel_new(in, out, &calls, p);
	return p;
}

void prober_free(Prober *p)
{
	if (!p)
		return;
	round_free(p->round);
	take_down(p);
	channel_free(p->channel);
	g_free(p);
}
