/* See dns.h. SPDX-License-Identifier: GPL-3.0-or-later */
#define CARES_NO_DEPRECATED /* what Debian 13 calls deprecated is all that Debian 12 has */
#include "probe/dns.h"

#include "probe/addresses.h"
#include "probe/failure.h"
#include "probe/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <stdlib.h>

/* What one resolver says of one name. By family: [SESSION_IPV4], [SESSION_IPV6]. */
typedef struct {
	Dns *dns;
	const Target *target;
	const Resolver *resolver;
	gboolean answered[2];
	int status[2];          /* of c-ares */
	guint32 us[2];
	GPtrArray *addresses[2]; /* of GInetAddress */
	/* Found out at the end: */
	const char *failure;
	gboolean comparable, consistent;
} Saying;

struct Dns {
	GPtrArray *resolvers; /* of Resolver */
	GPtrArray *sayings;   /* of Saying; name by name, in each in the resolvers' order */
	GHashTable *texts;    /* addresses as text, for picks */
	guint pending;
	guint deadline, finish_later;
	gint64 started_ns;
	const char *cut; /* the failure of what is not answered when it is cut */
	gboolean finished;
	DnsDone done;
	gpointer user_data;
};

static void saying_free(gpointer data)
{
	Saying *s = data;
	g_ptr_array_unref(s->addresses[0]);
	g_ptr_array_unref(s->addresses[1]);
	g_free(s);
}

/* --- comparing --- */

static gboolean has_addresses(const Saying *s)
{
	return s->addresses[0]->len + s->addresses[1]->len > 0;
}

static gboolean is_special(const Saying *s)
{
	return addresses_are_special(s->addresses[0]) || addresses_are_special(s->addresses[1]);
}

static gboolean agree(const Saying *a, const Saying *b)
{
	return addresses_agree(a->addresses[0], b->addresses[0]) || addresses_agree(a->addresses[1], b->addresses[1]);
}

static gboolean same_host(const Saying *a, const Saying *b)
{
	return g_str_equal(a->target->host, b->target->host);
}

static gboolean same_resolver(const Saying *a, const Saying *b)
{
	return g_str_equal(a->resolver->name, b->resolver->name);
}

/* Whether there are two worlds in these answers: this one is special, another of the same name, or the same resolver's for another
 * name, is not. Where all is special (a rehearsal in private addresses) nothing is a lie. */
static gboolean has_public_beside(const Dns *dns, const Saying *s)
{
	for (guint i = 0; i < dns->sayings->len; i++) {
		const Saying *other = g_ptr_array_index(dns->sayings, i);
		if (has_addresses(other) && !is_special(other) && (same_host(s, other) || same_resolver(s, other)))
			return TRUE;
	}
	return FALSE;
}

static void compare(const Dns *dns, Saying *s)
{
	for (guint i = 0; i < dns->sayings->len; i++) {
		const Saying *other = g_ptr_array_index(dns->sayings, i);
		if (!same_host(s, other) || same_resolver(s, other) || !has_addresses(other) || !has_addresses(s))
			continue;
		s->comparable = TRUE;
		s->consistent |= agree(s, other);
	}
}

/* NULL: this family was answered, with addresses or without. */
static const char *failure_of(const Dns *dns, const Saying *s, guint family)
{
	return s->answered[family] ? failure_from_ares(s->status[family]) : dns->cut;
}

/* The failure of a family, where another resolver did get addresses of it. */
static const char *find_missing(const Dns *dns, const Saying *s)
{
	for (guint family = 0; family < 2; family++)
		for (guint i = 0; i < dns->sayings->len && s->status[family] != ARES_SUCCESS; i++) {
			const Saying *other = g_ptr_array_index(dns->sayings, i);
			if (same_host(s, other) && other->addresses[family]->len > 0)
				return failure_of(dns, s, family);
		}
	return has_addresses(s) ? NULL : failure_of(dns, s, SESSION_IPV4);
}

static void judge(const Dns *dns, Saying *s)
{
	compare(dns, s);
	s->failure = find_missing(dns, s);
	if (has_addresses(s) && is_special(s) && has_public_beside(dns, s))
		s->failure = FAILURE_BOGON;
	else if (!has_addresses(s) && !s->failure) /* a success without an address */
		s->failure = FAILURE_NO_ANSWER;
}

/* --- asking --- */

static void finish(Dns *dns)
{
	dns->finished = TRUE;
	g_clear_handle_id(&dns->deadline, g_source_remove);
	g_clear_handle_id(&dns->finish_later, g_source_remove);
	for (guint i = 0; i < dns->sayings->len; i++)
		judge(dns, g_ptr_array_index(dns->sayings, i));
	dns->done(dns->user_data);
}

static gboolean on_finish(gpointer data)
{
	Dns *dns = data;
	dns->finish_later = 0;
	finish(dns);
	return G_SOURCE_REMOVE;
}

static int parse(const guint8 *answer, int length, SessionFamily family, GPtrArray *addresses)
{
	struct hostent *host = NULL;
	const int status = family == SESSION_IPV4 ? ares_parse_a_reply(answer, length, &host, NULL, NULL) :
						    ares_parse_aaaa_reply(answer, length, &host, NULL, NULL);
	if (status != ARES_SUCCESS)
		return status;
	for (char **at = host->h_addr_list; at && *at; at++)
		g_ptr_array_add(addresses, g_inet_address_new_from_bytes((const guint8 *)*at, family == SESSION_IPV4 ?
									 G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6));
	ares_free_hostent(host);
	return ARES_SUCCESS;
}

static void take(Saying *s, SessionFamily family, int status, const guint8 *answer, int length)
{
	Dns *dns = s->dns;
	if (status == ARES_EDESTRUCTION)
		return;
	s->us[family] = (guint32)((clock_boottime_ns() - dns->started_ns) / 1000);
	s->answered[family] = status != ARES_ECANCELLED;
	s->status[family] = status == ARES_SUCCESS ? parse(answer, length, family, s->addresses[family]) : status;
	if (--dns->pending == 0 && !dns->finish_later && !dns->cut)
		dns->finish_later = g_idle_add(on_finish, dns); /* not inside a callback of c-ares, whose channel may then be freed */
}

static void on_a(void *data, int status, int timeouts, unsigned char *answer, int length)
{
	(void)timeouts;
	take(data, SESSION_IPV4, status, answer, length);
}

static void on_aaaa(void *data, int status, int timeouts, unsigned char *answer, int length)
{
	(void)timeouts;
	take(data, SESSION_IPV6, status, answer, length);
}

static gboolean on_deadline(gpointer data)
{
	Dns *dns = data;
	dns->deadline = 0;
	dns_cut(dns, FAILURE_TIMEOUT);
	return G_SOURCE_REMOVE;
}

void dns_cut(Dns *dns, const char *failure)
{
	if (dns->finished)
		return;
	dns->cut = failure;
	for (guint i = 0; i < dns->resolvers->len; i++)
		resolver_cancel(g_ptr_array_index(dns->resolvers, i));
	finish(dns);
}

static void ask(Dns *dns, const Target *target, const Resolver *resolver)
{
	Saying *s = g_new0(Saying, 1);
	s->dns = dns;
	s->target = target;
	s->resolver = resolver;
	for (guint family = 0; family < 2; family++) {
		s->addresses[family] = g_ptr_array_new_with_free_func(g_object_unref);
		s->status[family] = ARES_ECANCELLED;
	}
	g_ptr_array_add(dns->sayings, s);
	dns->pending += 2;
	ares_query(resolver->channel, target->host, ns_c_in, ns_t_a, on_a, s);
	ares_query(resolver->channel, target->host, ns_c_in, ns_t_aaaa, on_aaaa, s);
}

/* Whether the session can reach this address. */
static gboolean has_way(const Session *session, const char *address)
{
	return session->has[strchr(address, ':') ? SESSION_IPV6 : SESSION_IPV4];
}

typedef void (*PlaceFunc)(const char *name, const char *address, gpointer data);

static void for_resolvers(const Session *session, const Targets *targets, PlaceFunc func, gpointer data)
{
	gboolean has[2] = {FALSE, FALSE};
	for (char **address = session->resolvers; address && *address; address++) {
		const SessionFamily family = strchr(*address, ':') ? SESSION_IPV6 : SESSION_IPV4;
		if (has_way(session, *address) && !has[family])
			func(DNS_OPERATOR, *address, data);
		has[family] = TRUE;
	}
	for (guint i = 0; i < targets->all->len; i++) {
		const Target *t = g_ptr_array_index(targets->all, i);
		if (t->kind == TARGET_RESOLVER && has_way(session, t->address))
			func(t->name, t->address, data);
	}
}

static void count(const char *name, const char *address, gpointer data)
{
	(void)name;
	(void)address;
	(*(guint *)data)++;
}

guint64 dns_cap(const Session *session, const Targets *targets)
{
	guint n = 0;
	for_resolvers(session, targets, count, &n);
	g_autoptr(GPtrArray) names = targets_with_names(targets);
	return (guint64)n * names->len * TARGET_DNS_CAP;
}

typedef struct {
	Dns *dns;
	const Session *session;
} Opening;

static void open_resolver(const char *name, const char *address, gpointer data)
{
	Opening *opening = data;
	Resolver *resolver = resolver_new(opening->session, name, address);
	if (resolver)
		g_ptr_array_add(opening->dns->resolvers, resolver);
}

Dns *dns_start(const Session *session, const Targets *targets, DnsDone done, gpointer user_data)
{
	Dns *dns = g_new0(Dns, 1);
	dns->resolvers = g_ptr_array_new_with_free_func(resolver_free);
	dns->sayings = g_ptr_array_new_with_free_func(saying_free);
	dns->texts = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
	dns->started_ns = clock_boottime_ns();
	dns->done = done;
	dns->user_data = user_data;
	for_resolvers(session, targets, open_resolver, &(Opening){.dns = dns, .session = session});
	g_autoptr(GPtrArray) names = targets_with_names(targets);
	dns->pending = 1; /* an answer at once must not end it before all is asked */
	for (guint i = 0; i < names->len; i++)
		for (guint j = 0; j < dns->resolvers->len; j++)
			ask(dns, g_ptr_array_index(names, i), g_ptr_array_index(dns->resolvers, j));
	dns->deadline = g_timeout_add_seconds(DNS_TOTAL_S, on_deadline, dns);
	for (guint j = 0; j < dns->resolvers->len; j++)
		resolver_arm(g_ptr_array_index(dns->resolvers, j));
	if (--dns->pending == 0)
		dns->finish_later = g_idle_add(on_finish, dns);
	return dns;
}

void dns_free(Dns *dns)
{
	if (!dns)
		return;
	g_clear_handle_id(&dns->deadline, g_source_remove);
	g_clear_handle_id(&dns->finish_later, g_source_remove);
	g_ptr_array_unref(dns->resolvers); /* first: c-ares still knows the sayings */
	g_ptr_array_unref(dns->sayings);
	g_hash_table_unref(dns->texts);
	g_free(dns);
}

/* --- what came of it --- */

gboolean dns_heard(const Dns *dns)
{
	for (guint i = 0; i < dns->sayings->len; i++) {
		const Saying *s = g_ptr_array_index(dns->sayings, i);
		for (guint family = 0; family < 2; family++)
			if (s->answered[family] && s->status[family] != ARES_ETIMEOUT && s->status[family] != ARES_ECONNREFUSED)
				return TRUE;
	}
	return FALSE;
}

static const char *text_of(const Dns *dns, GInetAddress *address)
{
	char *text = g_hash_table_lookup(dns->texts, address);
	if (!text) {
		text = g_inet_address_to_string(address);
		g_hash_table_insert(dns->texts, address, text);
	}
	return text;
}

static char *list_answers(const Dns *dns, const Saying *s)
{
	g_autoptr(GString) list = g_string_new(NULL);
	for (guint family = 0; family < 2; family++)
		for (guint i = 0; i < s->addresses[family]->len; i++) {
			const char *text = text_of(dns, g_ptr_array_index(s->addresses[family], i));
			if (list->len + strlen(text) + 2 > sizeof(((ProbeFields *)NULL)->answers))
				break; /* whole addresses or none */
			g_string_append_printf(list, "%s%s", list->len ? " " : "", text);
		}
	return g_string_free(g_steal_pointer(&list), FALSE);
}

gboolean dns_note(const Dns *dns, guint i, Observation *o)
{
	if (i >= dns->sayings->len)
		return FALSE;
	const Saying *s = g_ptr_array_index(dns->sayings, i);
	g_autofree char *answers = list_answers(dns, s);
	PROBE_SET(o, test, PROBE_DNS);
	PROBE_SET(o, step, PROBE_STEP_DNS);
	PROBE_SET(o, role, (guint8)s->target->role);
	PROBE_SET(o, family, strchr(s->resolver->address, ':') ? SESSION_IPV6 : SESSION_IPV4);
	OBSERVATION_SET_TEXT(o, probe, PROBE, target, s->target->name);
	if (s->target->category)
		OBSERVATION_SET_TEXT(o, probe, PROBE, category, s->target->category);
	OBSERVATION_SET_TEXT(o, probe, PROBE, url, s->target->url);
	OBSERVATION_SET_TEXT(o, probe, PROBE, resolver, s->resolver->name);
	OBSERVATION_SET_TEXT(o, probe, PROBE, address, s->resolver->address);
	if (s->failure)
		OBSERVATION_SET_TEXT(o, probe, PROBE, failure, s->failure);
	if (*answers)
		OBSERVATION_SET_TEXT(o, probe, PROBE, answers, answers);
	if (s->comparable)
		PROBE_SET(o, consistent, s->consistent != FALSE);
	if (s->answered[0] || s->answered[1]) {
		PROBE_SET(o, dns_us, MAX(s->us[0], s->us[1]));
		PROBE_SET(o, total_us, MAX(s->us[0], s->us[1]));
	}
	return TRUE;
}

static gboolean pick(const Dns *dns, const char *host, SessionFamily family, gboolean operators, DnsPick *ret_pick)
{
	for (guint i = 0; i < dns->sayings->len; i++) {
		const Saying *s = g_ptr_array_index(dns->sayings, i);
		if (!g_str_equal(s->target->host, host) || g_str_equal(s->resolver->name, DNS_OPERATOR) != operators ||
		    s->addresses[family]->len == 0 || g_strcmp0(s->failure, FAILURE_BOGON) == 0)
			continue;
		*ret_pick = (DnsPick){
			.address = text_of(dns, g_ptr_array_index(s->addresses[family], 0)),
			.resolver = s->resolver->name,
			.us = s->us[family],
			.doubtful = s->comparable && !s->consistent,
		};
		return TRUE;
	}
	return FALSE;
}

gboolean dns_pick(const Dns *dns, const char *host, SessionFamily family, DnsPick *ret_pick)
{
	return pick(dns, host, family, TRUE, ret_pick) || pick(dns, host, family, FALSE, ret_pick);
}

gboolean dns_pick_known(const Dns *dns, const char *host, SessionFamily family, DnsPick *ret_pick)
{
	return pick(dns, host, family, FALSE, ret_pick);
}

const char *dns_failure(const Dns *dns, const char *host)
{
	const char *failure = FAILURE_NO_ANSWER;
	DnsPick unused;
	for (guint family = 0; family < 2; family++)
		if (dns_pick(dns, host, (SessionFamily)family, &unused))
			return NULL;
	for (guint i = dns->sayings->len; i-- > 0;) { /* the operator's stand first in each name */
		const Saying *s = g_ptr_array_index(dns->sayings, i);
		if (g_str_equal(s->target->host, host) && s->failure)
			failure = s->failure;
	}
	return failure;
}
