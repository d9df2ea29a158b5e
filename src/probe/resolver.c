/* See resolver.h. SPDX-License-Identifier: GPL-3.0-or-later */
#define CARES_NO_DEPRECATED
#include "probe/resolver.h"

#include <glib-unix.h>

/* Twice, the second time for twice as long. */
#define TRY_MS 2500
#define TRIES  2

static gboolean on_timer(gpointer data)
{
	Resolver *r = data;
	r->timer = 0;
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	resolver_arm(r);
	return G_SOURCE_REMOVE;
}

void resolver_arm(Resolver *r)
{
	struct timeval left;
	g_clear_handle_id(&r->timer, g_source_remove);
	if (ares_timeout(r->channel, NULL, &left)) /* rounded up: too early would turn in circles */
		r->timer = g_timeout_add((guint)(left.tv_sec * 1000 + left.tv_usec / 1000 + 1), on_timer, r);
}

static gboolean on_ready(gint fd, GIOCondition condition, gpointer data)
{
	Resolver *r = data;
	const gboolean in = (condition & (G_IO_IN | G_IO_ERR | G_IO_HUP)) != 0;
	ares_process_fd(r->channel, in ? fd : ARES_SOCKET_BAD, condition & G_IO_OUT ? fd : ARES_SOCKET_BAD);
	resolver_arm(r);
	return G_SOURCE_CONTINUE; /* whether it lives on is on_state()'s business */
}

static void on_state(void *data, ares_socket_t fd, int readable, int writable)
{
	Resolver *r = data;
	const guint before = GPOINTER_TO_UINT(g_hash_table_lookup(r->watches, GINT_TO_POINTER(fd)));
	if (before)
		g_source_remove(before);
	g_hash_table_remove(r->watches, GINT_TO_POINTER(fd));
	if (!readable && !writable)
		return;
	const guint id = g_unix_fd_add(fd, (GIOCondition)((readable ? G_IO_IN : 0) | (writable ? G_IO_OUT : 0)), on_ready, r);
	g_hash_table_insert(r->watches, GINT_TO_POINTER(fd), GUINT_TO_POINTER(id));
}

static int on_socket(ares_socket_t fd, int type, void *data)
{
	const Resolver *r = data;
	(void)type;
	return session_tie(r->session, fd) ? -1 : 0;
}

Resolver *resolver_new(const Session *session, const char *name, const char *address)
{
	Resolver *r = g_new0(Resolver, 1);
	char lookups[] = "b", resolv_conf[] = "/dev/null"; /* neither the hosts file nor the host's own resolvers */
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP,
		.timeout = TRY_MS,
		.tries = TRIES,
		.lookups = lookups,
		.resolvconf_path = resolv_conf,
		.sock_state_cb = on_state,
		.sock_state_cb_data = r,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_UDP_MAX_QUERIES
	/* Newer versions give up a socket for one malformed answer, and with it all the questions that went out by it. */
	options.udp_max_queries = 1;
	mask |= ARES_OPT_UDP_MAX_QUERIES;
#endif
	r->name = g_strdup(name);
	r->address = g_strdup(address);
	r->session = session;
	r->watches = g_hash_table_new(g_direct_hash, g_direct_equal);
	g_autofree char *place = g_strdup_printf(strchr(address, ':') ? "[%s]" : "%s", address);
	if (ares_init_options(&r->channel, &options, mask) == ARES_SUCCESS && ares_set_servers_csv(r->channel, place) == ARES_SUCCESS) {
		ares_set_socket_configure_callback(r->channel, on_socket, r);
		return r;
	}
	resolver_free(r);
	return NULL;
}

void resolver_cancel(Resolver *r)
{
	ares_cancel(r->channel);
}

void resolver_free(gpointer data)
{
	Resolver *r = data;
	if (r->channel)
		ares_destroy(r->channel);
	g_clear_handle_id(&r->timer, g_source_remove);
	g_hash_table_unref(r->watches);
	g_free(r->name);
	g_free(r->address);
	g_free(r);
}
