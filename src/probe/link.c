/* See link.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/link.h"

#include "error.h"
#include "probe/guard.h"
#include "probe/quiet.h"
#include "probe/rules.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

struct Link {
	struct nl_sock *socket;
	char *interface;
	int index;
	guint32 table;
	guint32 memory; /* how we found it: MEMORY_... and quiet_remember() */
	gboolean has_v4, has_v6;
	gboolean resolves;              /* ARP and ND */
	GPtrArray *addresses;           /* of struct nl_addr: what we added */
	Guard *guard;
};

#define MEMORY_VALID     0x80000000
#define MEMORY_UP        0x40000000
#define MEMORY_MULTICAST 0x20000000
#define MEMORY_QUIET     0x00ffffff

static void put_address(gpointer address)
{
	nl_addr_put(address);
}

static void link_free(Link *link)
{
	if (!link)
		return;
	if (link->socket)
		nl_socket_free(link->socket);
	g_free(link->interface);
	g_ptr_array_unref(link->addresses);
	guard_free(link->guard);
	g_free(link);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Link, link_free)

guint32 link_mark(const Link *link)
{
	return link->table;
}

gboolean link_has_family(const Link *link, int af)
{
	return af == AF_INET6 ? link->has_v6 : link->has_v4;
}

/* Turns a code of libnl into an error; `what` ends a sentence that begins with "cannot". */
static gboolean check(const Link *link, int code, const char *what, GError **error)
{
	if (code >= 0)
		return TRUE;
	const int reason = -code;
	if (reason == NLE_PERM || reason == NLE_NOACCESS)
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS,
			    "setting up %s needs CAP_NET_ADMIN: start jamlog as root, or once: sudo setcap cap_net_admin=ep $(command -v "
			    "jamlog-probe)", link->interface);
	else if (reason == NLE_NODEV)
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND, "the interface %s is gone", link->interface);
	else
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED, "cannot %s %s: %s", what, link->interface, nl_geterror(code));
	return FALSE;
}

/* --- the interface itself --- */

static int set_flags(const Link *link, unsigned int on, unsigned int off)
{
	struct rtnl_link *which = rtnl_link_alloc(), *change = rtnl_link_alloc();
	rtnl_link_set_ifindex(which, link->index);
	rtnl_link_set_flags(change, on);
	rtnl_link_unset_flags(change, off);
	const int code = rtnl_link_change(link->socket, which, change, 0);
	rtnl_link_put(which);
	rtnl_link_put(change);
	return code;
}

static gboolean look(Link *link, GError **error)
{
	struct rtnl_link *found = NULL;
	if (rtnl_link_get_kernel(link->socket, 0, link->interface, &found) < 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND,
			    "there is no network interface %s; \"ip link\" lists them, and interface = NAME in the modem's group names it",
			    link->interface);
		return FALSE;
	}
	const unsigned int flags = rtnl_link_get_flags(found);
	link->index = rtnl_link_get_ifindex(found);
	link->table = LINK_TABLE_BASE + (guint32)link->index;
	link->memory = MEMORY_VALID | (flags & IFF_UP ? MEMORY_UP : 0) | (flags & IFF_MULTICAST ? MEMORY_MULTICAST : 0) |
		       (quiet_remember(link->interface) & MEMORY_QUIET);
	link->resolves = !(flags & (IFF_NOARP | IFF_POINTOPOINT));
	rtnl_link_put(found);
	return TRUE;
}

/* --- addresses --- */

static gboolean is_link_local(struct rtnl_addr *address)
{
	return rtnl_addr_get_scope(address) == RT_SCOPE_LINK && rtnl_addr_get_family(address) == AF_INET6;
}

typedef void (*AddressFunc)(Link *link, struct rtnl_addr *address, gpointer data);

static gboolean for_addresses(Link *link, AddressFunc func, gpointer data, GError **error)
{
	struct nl_cache *cache = NULL;
	if (!check(link, rtnl_addr_alloc_cache(link->socket, &cache), "list the addresses of", error))
		return FALSE;
	for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o))
		if (rtnl_addr_get_ifindex((struct rtnl_addr *)o) == link->index)
			func(link, (struct rtnl_addr *)o, data);
	nl_cache_free(cache);
	return TRUE;
}

static void remove_address(Link *link, struct rtnl_addr *address, gpointer data)
{
	(void)data;
	rtnl_addr_delete(link->socket, address, 0);
}

static void note_foreign(Link *link, struct rtnl_addr *address, gpointer data)
{
	(void)link;
	char text[INET6_ADDRSTRLEN + 8];
	char **ret_foreign = data;
	if (!is_link_local(address) && !*ret_foreign)
		*ret_foreign = g_strdup(nl_addr2str(rtnl_addr_get_local(address), text, sizeof text));
}

/* An interface with somebody's addresses carries somebody's traffic: it is not ours to change. */
static gboolean refuse_foreign(Link *link, GError **error)
{
	g_autofree char *foreign = NULL;
	if (!for_addresses(link, note_foreign, &foreign, error))
		return FALSE;
	if (!foreign)
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_BUSY,
		    "%s has the address %s already: another program uses it; let jamlog use its session (session = observe), or end "
		    "it there", link->interface, foreign);
	return FALSE;
}

static struct nl_addr *parse_address(const char *text)
{
	struct nl_addr *address = NULL;
	if (nl_addr_parse(text, AF_UNSPEC, &address) < 0)
		return NULL;
	const int family = nl_addr_get_family(address);
	if (family == AF_INET || family == AF_INET6) {
		nl_addr_set_prefixlen(address, family == AF_INET ? 32 : 128);
		return address;
	}
	nl_addr_put(address);
	return NULL;
}

static gboolean parse_addresses(Link *link, const LinkWish *wish, GError **error)
{
	for (const char *const *text = wish->addresses; *text; text++) {
		struct nl_addr *address = parse_address(*text);
		if (!address) {
			g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "\"%s\" is no address for %s", *text, link->interface);
			return FALSE;
		}
		g_ptr_array_add(link->addresses, address);
		*(nl_addr_get_family(address) == AF_INET ? &link->has_v4 : &link->has_v6) = TRUE;
	}
	if (link->addresses->len > 0)
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "no address was given for %s", link->interface);
	return FALSE;
}

static int add_address(const Link *link, struct nl_addr *local)
{
	struct rtnl_addr *address = rtnl_addr_alloc();
	rtnl_addr_set_ifindex(address, link->index);
	rtnl_addr_set_local(address, local);
	rtnl_addr_set_flags(address, IFA_F_NOPREFIXROUTE | (nl_addr_get_family(local) == AF_INET6 ? IFA_F_NODAD : 0));
	const int code = rtnl_addr_add(link->socket, address, 0);
	rtnl_addr_put(address);
	return code;
}

/* --- routes --- */

static struct nl_addr *find_gateway(const Link *link, const LinkWish *wish, int family)
{
	for (const char *const *text = wish->gateways; link->resolves && text && *text; text++) {
		struct nl_addr *address = parse_address(*text);
		if (address && nl_addr_get_family(address) == family)
			return address;
		if (address)
			nl_addr_put(address);
	}
	return NULL;
}

static int add_default_route(const Link *link, const LinkWish *wish, int family)
{
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *gateway = find_gateway(link, wish, family), *everywhere = NULL;
	nl_addr_parse("default", family, &everywhere);
	rtnl_route_set_family(route, (uint8_t)family);
	rtnl_route_set_dst(route, everywhere);
	rtnl_route_set_table(route, link->table);
	rtnl_route_set_protocol(route, LINK_PROTOCOL);
	rtnl_route_set_scope(route, gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
	if (wish->mtu > 0)
		rtnl_route_set_metric(route, RTAX_MTU, wish->mtu);
	rtnl_route_nh_set_ifindex(hop, link->index);
	if (gateway) {
		rtnl_route_nh_set_gateway(hop, gateway);
		rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK); /* nothing else of ours says where the gateway is */
		nl_addr_put(gateway);
	}
	rtnl_route_add_nexthop(route, hop);
	nl_addr_put(everywhere);
	const int code = rtnl_route_add(link->socket, route, 0);
	rtnl_route_put(route);
	return code;
}

static void remove_routes(const Link *link, guint32 table)
{
	struct nl_cache *cache = NULL;
	if (rtnl_route_alloc_cache(link->socket, AF_UNSPEC, 0, &cache) < 0)
		return;
	for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
		struct rtnl_route *route = (struct rtnl_route *)o;
		if (rtnl_route_get_table(route) == table && rtnl_route_get_protocol(route) == LINK_PROTOCOL)
			rtnl_route_delete(link->socket, route, 0);
	}
	nl_cache_free(cache);
}

/* The kernel's own for IPv6 multicast stands in the local table, which is looked at before any rule of ours. */
static void remove_multicast_route(const Link *link)
{
	struct nl_addr *multicast = NULL;
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	nl_addr_parse("ff00::/8", AF_INET6, &multicast);
	rtnl_route_set_family(route, AF_INET6);
	rtnl_route_set_dst(route, multicast);
	rtnl_route_set_table(route, RT_TABLE_LOCAL);
	rtnl_route_set_type(route, RTN_MULTICAST);
	rtnl_route_set_protocol(route, RTPROT_KERNEL);
	rtnl_route_nh_set_ifindex(hop, link->index);
	rtnl_route_add_nexthop(route, hop);
	rtnl_route_delete(link->socket, route, 0);
	nl_addr_put(multicast);
	rtnl_route_put(route);
}

/* --- up and down --- */

static void make_as_before(const Link *link, guint32 memory)
{
	quiet_end(link->interface, memory & MEMORY_QUIET);
	set_flags(link, (memory & MEMORY_MULTICAST ? IFF_MULTICAST : 0) | (memory & MEMORY_UP ? IFF_UP : 0), 0);
}

/* What a killed one left on this interface: the rules name it, so what else is on it is ours too. */
static gboolean clean(Link *link, GError **error)
{
	const RulesLeft left = rules_remove_left(link->socket, link->interface);
	if (!left.table)
		return refuse_foreign(link, error);
	set_flags(link, 0, IFF_UP);
	remove_routes(link, left.table);
	if (!for_addresses(link, remove_address, NULL, error))
		return FALSE;
	if (left.memory & MEMORY_VALID)
		make_as_before(link, left.memory);
	return look(link, error);
}

static gboolean add_rules(const Link *link, GError **error)
{
	if (!check(link, rules_add(link->socket, link->interface, link->table, link->memory), "add the rules for", error))
		return FALSE;
	for (guint i = 0; i < link->addresses->len; i++)
		if (!check(link, rules_add_source(link->socket, g_ptr_array_index(link->addresses, i), link->table),
			   "add the rule of an address of", error))
			return FALSE;
	return TRUE;
}

static gboolean add_all(Link *link, const LinkWish *wish, GError **error)
{
	/* Rules first: nobody's packet may leave in the meantime. */
	if (!add_rules(link, error) || !(link->guard = guard_new(link->interface, link->table, error)) ||
	    !check(link, set_flags(link, 0, IFF_UP), "take down", error))
		return FALSE;
	if (!quiet_begin(link->interface, link->has_v4, link->has_v6, error) ||
	    !check(link, set_flags(link, 0, IFF_MULTICAST), "quieten", error))
		return FALSE;
	for (guint i = 0; i < link->addresses->len; i++)
		if (!check(link, add_address(link, g_ptr_array_index(link->addresses, i)), "give an address to", error))
			return FALSE;
	if (!check(link, set_flags(link, IFF_UP, 0), "take up", error))
		return FALSE;
	remove_multicast_route(link);
	return (!link->has_v4 || check(link, add_default_route(link, wish, AF_INET), "add the IPv4 route through", error)) &&
	       (!link->has_v6 || check(link, add_default_route(link, wish, AF_INET6), "add the IPv6 route through", error));
}

static int open_netlink(Link *link)
{
	link->socket = nl_socket_alloc();
	return link->socket ? nl_connect(link->socket, NETLINK_ROUTE) : -NLE_NOMEM;
}

Link *link_setup(const LinkWish *wish, GError **error)
{
	g_autoptr(Link) link = g_new0(Link, 1);
	link->interface = g_strdup(wish->interface);
	link->addresses = g_ptr_array_new_with_free_func(put_address);
	if (!check(link, open_netlink(link), "reach the kernel (netlink) for", error) || !look(link, error) ||
	    !parse_addresses(link, wish, error) || !clean(link, error))
		return NULL;
	if (add_all(link, wish, error))
		return g_steal_pointer(&link);
	link_undo(g_steal_pointer(&link));
	return NULL;
}

static void undo_interface(Link *link)
{
	set_flags(link, 0, IFF_UP); /* before anything that kept others out is taken away */
	for (guint i = 0; i < link->addresses->len; i++) {
		struct rtnl_addr *address = rtnl_addr_alloc();
		rtnl_addr_set_ifindex(address, link->index);
		rtnl_addr_set_local(address, g_ptr_array_index(link->addresses, i));
		rtnl_addr_delete(link->socket, address, 0);
		rtnl_addr_put(address);
	}
	remove_routes(link, link->table);
	make_as_before(link, link->memory);
}

void link_undo(Link *link)
{
	if (!link)
		return;
	/* Another device may have taken the name meanwhile; it is not ours. */
	if ((int)if_nametoindex(link->interface) == link->index)
		undo_interface(link);
	rules_remove_table(link->socket, link->table);
	link_free(link);
}
