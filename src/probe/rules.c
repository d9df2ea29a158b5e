/* See rules.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/rules.h"

#include "probe/link.h"

#include <linux/fib_rules.h>
#include <net/if.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/route/rule.h>

/* Every rule carries the table, those that prohibit too: it says whose they are. */
static struct rtnl_rule *make_rule(int family, guint8 action, guint32 place, guint32 table)
{
	struct rtnl_rule *rule = rtnl_rule_alloc();
	rtnl_rule_set_family(rule, family);
	rtnl_rule_set_action(rule, action);
	rtnl_rule_set_prio(rule, LINK_RULE_PRIORITY + place);
	rtnl_rule_set_table(rule, table);
	rtnl_rule_set_protocol(rule, LINK_PROTOCOL);
	return rule;
}

static int add_and_put(struct nl_sock *socket, struct rtnl_rule *rule)
{
	const int code = rtnl_rule_add(socket, rule, NLM_F_EXCL);
	rtnl_rule_put(rule);
	return code;
}

static int add_for_family(struct nl_sock *socket, int family, const char *interface, guint32 table, guint32 memory)
{
	/* The prohibiting one first: no moment without it. */
	struct rtnl_rule *others = make_rule(family, FR_ACT_PROHIBIT, 1, table);
	rtnl_rule_set_oif(others, interface);
	rtnl_rule_set_mark(others, memory);
	rtnl_rule_set_mask(others, 0); /* every mark will do */
	const int code = add_and_put(socket, others);
	if (code < 0)
		return code == -NLE_AF_NOSUPPORT || code == -NLE_OPNOTSUPP ? 0 : code; /* a kernel without IPv6 */
	struct rtnl_rule *ours = make_rule(family, FR_ACT_TO_TBL, 0, table);
	rtnl_rule_set_oif(ours, interface);
	rtnl_rule_set_mark(ours, table);
	rtnl_rule_set_mask(ours, 0xffffffff);
	return add_and_put(socket, ours);
}

int rules_add(struct nl_sock *socket, const char *interface, guint32 table, guint32 memory)
{
	const int code = add_for_family(socket, AF_INET, interface, table, memory);
	return code < 0 ? code : add_for_family(socket, AF_INET6, interface, table, memory);
}

int rules_add_source(struct nl_sock *socket, struct nl_addr *address, guint32 table)
{
	struct rtnl_rule *rule = make_rule(nl_addr_get_family(address), FR_ACT_PROHIBIT, 2, table);
	rtnl_rule_set_src(rule, address);
	return add_and_put(socket, rule);
}

static gboolean is_ours(struct rtnl_rule *rule)
{
	uint8_t protocol = 0;
	return rtnl_rule_get_protocol(rule, &protocol) == 0 && protocol == LINK_PROTOCOL;
}

typedef gboolean (*RuleTest)(struct rtnl_rule *rule, gpointer data);

/* Removes our rules for which `test` is true. */
static void remove_rules(struct nl_sock *socket, RuleTest test, gpointer data)
{
	const int families[] = {AF_INET, AF_INET6};
	for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
		struct nl_cache *cache = NULL;
		if (rtnl_rule_alloc_cache(socket, families[i], &cache) < 0)
			continue;
		for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o))
			if (is_ours((struct rtnl_rule *)o) && test((struct rtnl_rule *)o, data))
				rtnl_rule_delete(socket, (struct rtnl_rule *)o, 0);
		nl_cache_free(cache);
	}
}

static gboolean is_of_table(struct rtnl_rule *rule, gpointer data)
{
	return rtnl_rule_get_table(rule) == *(const guint32 *)data;
}

void rules_remove_table(struct nl_sock *socket, guint32 table)
{
	remove_rules(socket, is_of_table, &table);
}

typedef struct {
	const char *interface;
	RulesLeft left;
	GArray *gone; /* guint32: tables of interfaces that do not exist any more */
} Search;

/* Takes none away yet: those without an interface's name are known only by the table of those with one. */
static gboolean note(struct rtnl_rule *rule, gpointer data)
{
	Search *search = data;
	const char *interface = rtnl_rule_get_oif(rule);
	const guint32 table = rtnl_rule_get_table(rule);
	if (interface && g_str_equal(interface, search->interface)) {
		search->left.table = table;
		if (rtnl_rule_get_action(rule) == FR_ACT_PROHIBIT)
			search->left.memory = rtnl_rule_get_mark(rule);
	} else if (interface && if_nametoindex(interface) == 0) {
		g_array_append_val(search->gone, table);
	}
	return FALSE;
}

RulesLeft rules_remove_left(struct nl_sock *socket, const char *interface)
{
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(guint32));
	Search search = {.interface = interface, .gone = gone};
	remove_rules(socket, note, &search);
	if (search.left.table)
		rules_remove_table(socket, search.left.table);
	for (guint i = 0; i < gone->len; i++)
		rules_remove_table(socket, g_array_index(gone, guint32, i));
	return search.left;
}
