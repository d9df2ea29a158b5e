/* blocked: the network carries data, and keeps some of them from passing.
 *
 * OONI's logic (ooni/spec ts-017 web connectivity, ts-024 SNI): in one round a target fails at a step, and the control of the same
 * kind goes well: dns      the operator's resolver, which knows the controls, gives no address, or one that does not work, where
 * another one does tcp      the connection is refused or not answered tls-sni  the handshake that names the target is cut off; for
 * `sni` the same server answers to its own name http     an answer that is not the target's vpn, quic   no answer to these, while
 * the controls answer In three of three rounds; two targets are medium, one is low (verdicts.md). Not where the control fails too,
 * where a captive portal answers, or where one target alone fails as a server does that is down: refused, silent, or with an error
 * of its own, and nothing that points to the way between. Cannot tell with jamlog's means whether a target is up for the rest of
 * the world: no helper elsewhere is asked. Names that one server answers to and another does not, resets in the handshake, and
 * several targets at once are what points to blocking.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/grounds.h"
#include "analysis/rule.h"

enum { FIGURE_LASTS_S, FIGURE_ROUNDS, FIGURE_TARGETS, FIGURE_FINE };
static const RuleFigure figures[] = {
	{"lasts_s", 0, "verdicts.md counts rounds"},
	{"rounds", 3, "verdicts.md: 3 of 3"},
	{"targets", 2, "verdicts.md: two targets"},
	{"fine_rounds", 2, "so that one round that slips through does not cut an incident in two"},
	{NULL, 0, NULL},
};

#define TARGETS_MOST 48
#define NAME_SIZE 32
#define FAMILIES 3 /* IPv4, IPv6, and what has none */

typedef enum { BLOCK_NONE, BLOCK_DNS, BLOCK_TCP, BLOCK_TLS, BLOCK_HTTP, BLOCK_VPN, BLOCK_QUIC } Block;
static const char *const block_words[] = {"", "dns", "tcp", "tls-sni", "http", "vpn", "quic"};

typedef struct {
	char name[NAME_SIZE], host[64], address[46]; /* "" not told */
	ProbeTest test;
	/* Of the round under way: */
	gboolean seen, failed;
	gboolean own_answered, own_failed, others_answered, inconsistent; /* lookups */
	gboolean telling; /* its failure points to the way between, not to the server */
	ProbeStep step;
	SessionFamily family;
	gboolean has_family;
	char failure[48];
	/* Over rounds: */
	guint bad_in_row, judged, bad;
	Block block; /* of the last bad round */
	gboolean told, worked; /* told: telling once, in the row of bad ones; worked: once in this recording */
	char last_failure[48];
} Target;

typedef struct {
	guint n;
	Target targets[TARGETS_MOST];
	/* Of the round under way; by test, then by family: */
	gboolean control_known[PROBE_RATE + 1][FAMILIES], control_well[PROBE_RATE + 1][FAMILIES];
	gboolean portal, spoilt, resolver_works; /* the operator's, for a control */
	gboolean confirmed; /* the rule has said that it has seen enough */
	guint fine_in_row;
	gint64 judged_ms; /* the last round that was */
	/* Of the episode: */
	guint most_blocked;
	gboolean telling;
} Memory;

/* The round that begins an episode has been judged already: it is its first. */
static void begin(RuleContext *c)
{
	Memory *mem = c->memory;
	mem->most_blocked = 0;
	mem->telling = mem->confirmed = FALSE;
	for (guint i = 0; i < mem->n; i++) {
		Target *t = &mem->targets[i];
		t->judged = t->seen || t->own_failed ? 1 : 0;
		t->bad = t->bad_in_row = MIN(t->bad_in_row, 1);
	}
}

/* --- one round --- */

static Target *find_target(Memory *mem, const Observation *o, ProbeTest test)
{
	for (guint i = 0; i < mem->n; i++)
		if (mem->targets[i].test == test && g_str_equal(mem->targets[i].name, o->probe.target))
			return &mem->targets[i];
	if (mem->n == TARGETS_MOST)
		return NULL;
	Target *t = &mem->targets[mem->n++];
	g_strlcpy(t->name, o->probe.target, sizeof t->name);
	t->test = test;
	return t;
}

static gboolean is_one_of(const char *failure, const char *const *list)
{
	return g_strv_contains(list, failure);
}

/* For `sni` a wrong certificate is an answer: the helper cannot have that of the target. */
static gboolean went_well(const Observation *o)
{
	if (PROBE_HAS(o, failure))
		return o->probe.test == PROBE_SNI && g_str_equal(o->probe.failure, "ssl_invalid_hostname");
	/* Over TLS another text is the server's own doing. */
	return !PROBE_HAS(o, body_matches) || o->probe.body_matches ||
	       (PROBE_HAS(o, url) && g_str_has_prefix(o->probe.url, "https:"));
}

/* What a server that is down or busy does not do. */
static gboolean is_telling(const Observation *o)
{
	static const char *const cut_off[] = {"connection_reset",	 "eof_error",
					      "ssl_invalid_hostname",	 "ssl_unknown_authority",
					      "ssl_invalid_certificate", "ssl_failed_handshake",
					      "dns_bogon_error",	 NULL};
	const ProbeFields *p = &o->probe;
	if (p->test == PROBE_SNI) /* the very same server goes on answering to its own name */
		return TRUE;
	if (PROBE_HAS(o, redirect_host) || (PROBE_HAS(o, http_status) && (p->http_status == 403 || p->http_status == 451)))
		return TRUE;
	if (!PROBE_HAS(o, failure)) /* another text without TLS */
		return TRUE;
	return PROBE_HAS(o, step) && p->step >= PROBE_STEP_TLS && p->step <= PROBE_STEP_HTTP && is_one_of(p->failure, cut_off);
}

static void take_lookup(Memory *mem, const Observation *o)
{
	const gboolean own = PROBE_HAS(o, resolver) && g_str_equal(o->probe.resolver, "operator");
	if (PROBE_HAS(o, role) && o->probe.role == PROBE_CONTROL) {
		mem->resolver_works = mem->resolver_works || (own && !PROBE_HAS(o, failure));
		return;
	}
	Target *t = find_target(mem, o, PROBE_WEB);
	if (!t)
		return;
	if (own) {
		t->own_answered = t->own_answered || !PROBE_HAS(o, failure);
		t->own_failed = t->own_failed || PROBE_HAS(o, failure);
		t->inconsistent = t->inconsistent || (PROBE_HAS(o, consistent) && !o->probe.consistent);
		if (PROBE_HAS(o, failure))
			g_strlcpy(t->failure, o->probe.failure, sizeof t->failure);
	} else {
		t->others_answered = t->others_answered || !PROBE_HAS(o, failure);
	}
}

/* Where it is, so that two targets on one server are known for one. */
static void note_place(Target *t, const Observation *o)
{
	g_autofree char *host = NULL;
	if (PROBE_HAS(o, url))
		g_uri_split(o->probe.url, G_URI_FLAGS_PARSE_RELAXED, NULL, NULL, &host, NULL, NULL, NULL, NULL, NULL);
	g_strlcpy(t->host, PROBE_HAS(o, server_name) ? o->probe.server_name : host ? host : "", sizeof t->host);
	g_strlcpy(t->address, PROBE_HAS(o, address) ? o->probe.address : "", sizeof t->address);
}

static void take_target(Memory *mem, const Observation *o)
{
	Target *t = find_target(mem, o, (ProbeTest)o->probe.test);
	if (!t)
		return;
	if (t->seen) /* the way round the operator's resolver: not what is judged */
		return;
	const gboolean well = went_well(o);
	t->seen = TRUE;
	note_place(t, o);
	t->failed = !well;
	t->telling = !well && is_telling(o);
	t->step = PROBE_HAS(o, step) ? (ProbeStep)o->probe.step : PROBE_STEP_HTTP;
	t->has_family = PROBE_HAS(o, family);
	t->family = t->has_family ? (SessionFamily)o->probe.family : SESSION_DUAL;
	if (!well)
		g_strlcpy(t->failure, PROBE_HAS(o, failure) ? o->probe.failure : "another text", sizeof t->failure);
}

static void take_control(Memory *mem, const Observation *o, ProbeTest test)
{
	const guint family = PROBE_HAS(o, family) && o->probe.family < SESSION_DUAL ? o->probe.family : SESSION_DUAL;
	const gboolean well = went_well(o);
	/* Both times, where it was asked before and after. */
	mem->control_well[test][family] = well && (!mem->control_known[test][family] || mem->control_well[test][family]);
	mem->control_known[test][family] = TRUE;
}

static gboolean control_works(const Memory *mem, ProbeTest test, const Target *t)
{
	if (t->has_family && t->family < SESSION_DUAL && mem->control_known[test][t->family])
		return mem->control_well[test][t->family];
	for (guint family = 0; family < FAMILIES; family++)
		if (mem->control_known[test][family] && mem->control_well[test][family])
			return TRUE;
	return FALSE;
}

/* A VPN's server has no control of its own kind: that pages come in at the same time stands for it. */
static ProbeTest control_test(ProbeTest test)
{
	return test == PROBE_WIREGUARD || test == PROBE_OPENVPN ? PROBE_WEB : test;
}

static Block judge_web(const Memory *mem, const Target *t)
{
	if (mem->resolver_works && t->own_failed && !t->own_answered && t->others_answered)
		return BLOCK_DNS;
	if (t->inconsistent && t->failed)
		return BLOCK_DNS;
	if (!t->seen || !t->failed)
		return BLOCK_NONE;
	if (t->step == PROBE_STEP_DNS) /* nobody knows the name */
		return BLOCK_NONE;
	return t->step == PROBE_STEP_TCP ? BLOCK_TCP : t->step == PROBE_STEP_TLS ? BLOCK_TLS : BLOCK_HTTP;
}

static Block judge(const Memory *mem, const Target *t)
{
	if (t->test == PROBE_WEB)
		return judge_web(mem, t);
	if (!t->failed)
		return BLOCK_NONE;
	if (t->test == PROBE_SNI) /* before the handshake it is the helper that does not answer */
		return t->step == PROBE_STEP_TLS ? BLOCK_TLS : BLOCK_NONE;
	return t->test == PROBE_QUIC ? BLOCK_QUIC : BLOCK_VPN;
}

static void judge_target(Memory *mem, Target *t)
{
	if ((!t->seen && !t->own_failed) || !control_works(mem, control_test(t->test), t))
		return;
	const Block block = judge(mem, t);
	t->judged++;
	if (block == BLOCK_NONE) {
		t->worked = t->worked || !t->failed;
		t->bad_in_row = 0;
		t->told = FALSE;
		return;
	}
	t->block = block;
	t->bad++;
	t->bad_in_row++;
	t->told = t->told || t->telling || block == BLOCK_DNS || (block == BLOCK_VPN && t->worked);
	g_strlcpy(t->last_failure, t->failure, sizeof t->last_failure);
}

/* One server, or one site under two tests. A helper answers to many names: its address says nothing. */
static gboolean is_same(const Target *a, const Target *b)
{
	return g_str_equal(a->name, b->name) || (*a->host && g_str_equal(a->host, b->host)) ||
	       (a->block == BLOCK_TCP && b->block == BLOCK_TCP && *a->address && g_str_equal(a->address, b->address));
}

static gboolean is_counted(const Memory *mem, guint i, guint rounds)
{
	for (guint k = 0; k < i; k++)
		if (mem->targets[k].bad_in_row >= rounds && is_same(&mem->targets[k], &mem->targets[i]))
			return TRUE;
	return FALSE;
}

/* Different ones that failed in so many rounds in a row, the last one included. */
static guint count_blocked(const Memory *mem, guint rounds, gboolean *ret_telling)
{
	guint n = 0;
	*ret_telling = FALSE;
	for (guint i = 0; i < mem->n; i++) {
		if (mem->targets[i].bad_in_row < rounds)
			continue;
		*ret_telling = *ret_telling || mem->targets[i].told;
		n += is_counted(mem, i, rounds) ? 0 : 1;
	}
	return n;
}

static void forget_round(Memory *mem)
{
	for (guint i = 0; i < mem->n; i++) {
		Target *t = &mem->targets[i];
		t->seen = t->failed = t->telling = FALSE;
		t->own_answered = t->own_failed = t->others_answered = t->inconsistent = t->has_family = FALSE;
	}
	memset(mem->control_known, 0, sizeof mem->control_known);
	memset(mem->control_well, 0, sizeof mem->control_well);
	mem->portal = mem->spoilt = mem->resolver_works = FALSE;
}

static gboolean any_control(const Memory *mem)
{
	for (guint test = 0; test <= PROBE_RATE; test++)
		for (guint family = 0; family < FAMILIES; family++)
			if (mem->control_well[test][family])
				return TRUE;
	return FALSE;
}

/* A single one that fails as a server does that is down is that server's affair. */
static gboolean is_blocking(const RuleContext *c, guint names, gboolean telling)
{
	return names > 0 && (telling || names >= c->figure[FIGURE_TARGETS]);
}

static void tell(RuleContext *c, const When *at)
{
	Memory *mem = c->memory;
	gboolean telling, lasting_telling;
	const guint names = count_blocked(mem, 1, &telling);
	const guint lasting = count_blocked(mem, (guint)c->figure[FIGURE_ROUNDS], &lasting_telling);
	if (is_blocking(c, names, telling)) {
		const gboolean enough = is_blocking(c, lasting, lasting_telling);
		mem->fine_in_row = 0;
		rule_tell(c, at, HOLDS_YES, enough);
		mem->confirmed = mem->confirmed || enough;
		mem->most_blocked = MAX(mem->most_blocked, lasting);
		mem->telling = mem->telling || lasting_telling;
	} else if (++mem->fine_in_row >= c->figure[FIGURE_FINE] || !mem->confirmed) {
		rule_tell(c, at, HOLDS_NO, FALSE);
	}
}

static void end_round(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	if (mem->portal || mem->spoilt || !any_control(mem)) {
		forget_round(mem);
		return;
	}
	for (guint i = 0; i < mem->n; i++) {
		if (s->at.boot_ms - mem->judged_ms > c->rule->aside_ms) /* what failed then says nothing of now */
			mem->targets[i].bad_in_row = 0;
		judge_target(mem, &mem->targets[i]);
	}
	mem->judged_ms = s->at.boot_ms;
	tell(c, &s->at);
	forget_round(mem);
}

static void probe(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	if (!PROBE_HAS(o, test) || o->probe.test > PROBE_RATE)
		return;
	const ProbeTest test = (ProbeTest)o->probe.test;
	if (s->modem && s->at.boot_ms < s->modem->fault_until_ms)
		mem->spoilt = TRUE;
	if (test == PROBE_ROUND) {
		end_round(c, s);
		return;
	}
	if (test == PROBE_IP || test == PROBE_RATE || !PROBE_HAS(o, target))
		return;
	if (PROBE_HAS(o, failure) &&
	    (g_str_equal(o->probe.failure, "interrupted") || g_str_equal(o->probe.failure, "network_down")))
		return;
	if (test == PROBE_PORTAL)
		mem->portal = mem->portal || !went_well(o) || (PROBE_HAS(o, body_matches) && !o->probe.body_matches);
	else if (test == PROBE_DNS)
		take_lookup(mem, o);
	else if (PROBE_HAS(o, role) && o->probe.role == PROBE_CONTROL)
		take_control(mem, o, test);
	else
		take_target(mem, o);
}

/* --- its sentences --- */

static Block main_block(const RuleContext *c)
{
	const Memory *mem = c->memory;
	guint n[G_N_ELEMENTS(block_words)] = {0};
	Block most = BLOCK_NONE;
	for (guint i = 0; i < mem->n; i++)
		if (mem->targets[i].bad >= c->figure[FIGURE_ROUNDS])
			n[mem->targets[i].block]++;
	for (Block b = BLOCK_DNS; b <= BLOCK_QUIC; b++)
		most = n[b] > n[most] || (most == BLOCK_NONE && n[b]) ? b : most;
	return most;
}

static void say_target(const Target *t, Finding *f)
{
	static const char *const how[] = {
		[BLOCK_NONE] = "failed",
		[BLOCK_DNS] = "got no usable address from the operator's resolver while another resolver gave one",
		[BLOCK_TCP] = "could not be connected to",
		[BLOCK_TLS] = "was cut off in the TLS handshake that names it",
		[BLOCK_HTTP] = "answered with something else than its own page",
		[BLOCK_VPN] = "did not answer to the first message of its protocol",
		[BLOCK_QUIC] = "did not answer over QUIC",
	};
	finding_say(f, EVIDENCE_FOR, "%s (%s) %s in %u of %u rounds (%s) while the control went well", t->name,
		    probe_test_words[t->test], how[t->block], t->bad, t->judged, t->last_failure);
	if (t->worked)
		finding_say(f, EVIDENCE_FOR, "%s (%s) worked at another time of this recording", t->name,
			    probe_test_words[t->test]);
}

static void describe(RuleContext *c, Finding *f)
{
	Memory *mem = c->memory;
	f->sub = block_words[main_block(c)];
	guint working = 0;
	for (guint i = 0; i < mem->n; i++) {
		const Target *t = &mem->targets[i];
		if (t->bad >= c->figure[FIGURE_ROUNDS])
			say_target(t, f);
		else if (t->judged && !t->bad)
			working++;
	}
	if (working)
		finding_say(f, EVIDENCE_FOR, "%u other target%s worked all the time", working, plural(working));
	if (!mem->telling) { /* the same seen from elsewhere is what servers that are down look like */
		finding_say(f, EVIDENCE_LIMIT,
			    "They failed as servers do that are down: a fault of what they have in common is not "
			    "ruled out");
		f->witness &= ~(guint)WITNESS_RAISES;
	}
	if (mem->most_blocked < c->figure[FIGURE_TARGETS]) {
		finding_say(f, EVIDENCE_LIMIT, "It is one target only: a fault or a change at that one is not ruled out");
		finding_cap(f, CONFIDENCE_LOW);
	}
	finding_say(f, EVIDENCE_LIMIT, "Nobody elsewhere was asked whether the targets were up for the rest of the world");
}

const Rule rule_blocked = {
	.name = "blocked",
	.looks_for = "targets that fail at one step, round after round, while the controls go well",
	.verdict = VERDICT_BLOCKED,
	.most = CONFIDENCE_MEDIUM,
	.witness = WITNESS_RAISES,
	.figures = figures,
	.aside_ms = 1200000,
	.memory = sizeof(Memory),
	.probe = probe,
	.begin = begin,
	.describe = describe,
};
