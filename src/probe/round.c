/* See round.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/round.h"

#include "probe/check.h"
#include "probe/dns.h"
#include "probe/failure.h"

#define WATCH_MS   100
#define RATE_FIRST 5

struct Round {
	const Session *session;
	const Targets *targets;
	const char *trust;
	RoundWish wish;
	RoundSay say;
	RoundDone done;
	gpointer user_data;
	Counters before, before_dns;
	gint64 started_ns;
	enum { PHASE_IP, PHASE_DNS, PHASE_LADDER } phase; /* that comes next, or is under way */
	guint next, watch, deadline; /* GSources */
	Dns *dns;
	GPtrArray *running; /* of Check; owned */
	GQueue *queue;      /* of Check that are still to be run; owned */
	gboolean heard;     /* something answered */
	gboolean incomplete; /* something was not tried */
	guint stage;        /* of the ladder */
	gboolean target_failed, repeated; /* in this stage */
	gboolean ending;
	RoundEnd end;
};

static void go_on(Round *r);

/* --- bytes --- */

static guint64 count_used(const Round *r)
{
	Counters now = r->before;
	counters_read(r->session->interface, &now);
	const Counters delta = counters_since(&now, &r->before);
	return delta.rx_bytes + delta.tx_bytes;
}

static gboolean fits(Round *r, guint64 cap)
{
	const guint64 used = count_used(r);
	if (used <= r->wish.budget && cap <= r->wish.budget - used)
		return TRUE;
	r->incomplete = TRUE;
	return FALSE;
}

/* --- saying --- */

static void say(Round *r, Observation *o)
{
	PROBE_SET(o, round, r->wish.number);
	if (r->wish.attempt > 0)
		PROBE_SET(o, attempt, r->wish.attempt);
	r->say(o, r->user_data);
}

static void say_sum(Round *r)
{
	Observation o;
	Counters now = r->before;
	counters_read(r->session->interface, &now);
	const Counters delta = counters_since(&now, &r->before);
	observation_init(&o, OBSERVATION_PROBE, "");
	PROBE_SET(&o, test, PROBE_ROUND);
	PROBE_SET(&o, total_us, (guint32)((o.at.boottime_ns - r->started_ns) / 1000));
	if (r->end == ROUND_INTERFACE_GONE)
		OBSERVATION_SET_TEXT(&o, probe, PROBE, failure, FAILURE_DOWN);
	else if (r->end == ROUND_INTERRUPTED || r->incomplete)
		OBSERVATION_SET_TEXT(&o, probe, PROBE, failure, FAILURE_INTERRUPTED);
	counters_note(&delta, &o);
	say(r, &o);
}

/* --- the end --- */

static void stop_sources(Round *r)
{
	g_clear_handle_id(&r->next, g_source_remove);
	g_clear_handle_id(&r->watch, g_source_remove);
	g_clear_handle_id(&r->deadline, g_source_remove);
}

static void finish(Round *r)
{
	stop_sources(r);
	say_sum(r);
	r->done(r->end, r->user_data);
}

static void end_with(Round *r, RoundEnd end, const char *failure)
{
	r->ending = TRUE;
	r->end = end;
	if (r->dns)
		dns_cut(r->dns, failure);
	while (r->running->len > 0)
		check_cut(g_ptr_array_index(r->running, 0), failure);
	finish(r);
}

void round_cut(Round *r)
{
	end_with(r, ROUND_INTERRUPTED, FAILURE_INTERRUPTED);
}

static gboolean on_watch(gpointer data)
{
	Round *r = data;
	const gboolean there = session_is_there(r->session);
	if (there && count_used(r) <= r->wish.budget)
		return G_SOURCE_CONTINUE;
	r->watch = 0;
	if (there)
		round_cut(r);
	else
		end_with(r, ROUND_INTERFACE_GONE, FAILURE_DOWN);
	return G_SOURCE_REMOVE;
}

static gboolean on_deadline(gpointer data)
{
	Round *r = data;
	r->deadline = 0;
	round_cut(r);
	return G_SOURCE_REMOVE;
}

/* --- single checks --- */

static gboolean on_next(gpointer data)
{
	Round *r = data;
	r->next = 0;
	go_on(r);
	return G_SOURCE_REMOVE;
}

/* Not from within the callback of what has just ended. */
static void go_on_later(Round *r)
{
	if (!r->ending && !r->next)
		r->next = g_idle_add(on_next, r);
}

static void add_second_opinion(Round *r, const Check *c)
{
	DnsPick pick;
	if (!c->doubtful || check_went_well(c) || c->kind != &check_web || c->role != PROBE_TARGET ||
	    !dns_pick_known(r->dns, c->target->host, c->family, &pick) || g_str_equal(pick.address, c->address))
		return;
	Check *again = check_new(&check_web, PROBE_WEB, r->session, c->target, c->family, pick.address, pick.resolver);
	PROBE_SET(&again->o, dns_us, pick.us);
	again->trust = r->trust;
	g_queue_push_head(r->queue, again);
}

static void on_check_done(Check *c)
{
	Round *r = c->user_data;
	const char *failure = PROBE_HAS(&c->o, failure) ? c->o.probe.failure : NULL;
	say(r, &c->o);
	if (!failure || (!g_str_equal(failure, FAILURE_TIMEOUT) && !g_str_has_suffix(failure, "unreachable") &&
			 !g_str_equal(failure, FAILURE_DOWN) && !g_str_equal(failure, FAILURE_INTERRUPTED)))
		r->heard = TRUE;
	if (c->role == PROBE_TARGET && !check_went_well(c))
		r->target_failed = TRUE;
	add_second_opinion(r, c);
	g_ptr_array_remove(r->running, c); /* frees it */
	if (r->running->len == 0)
		go_on_later(r);
}

static void run(Round *r, Check *c)
{
	g_ptr_array_add(r->running, c);
	check_start(c, on_check_done, r);
}

/* --- what there is to check --- */

/* A name without an address is a failure of the step before: nothing is contacted. */
static void say_no_address(Round *r, ProbeTest test, const Target *t)
{
	const char *failure = dns_failure(r->dns, t->host);
	if (!failure) /* there is one, of a family that the session lacks */
		return;
	Observation o;
	observation_init(&o, OBSERVATION_PROBE, "");
	PROBE_SET(&o, test, (guint8)test);
	PROBE_SET(&o, role, (guint8)t->role);
	PROBE_SET(&o, step, PROBE_STEP_DNS);
	OBSERVATION_SET_TEXT(&o, probe, PROBE, target, t->name);
	if (t->category)
		OBSERVATION_SET_TEXT(&o, probe, PROBE, category, t->category);
	OBSERVATION_SET_TEXT(&o, probe, PROBE, url, t->url);
	OBSERVATION_SET_TEXT(&o, probe, PROBE, failure, failure);
	say(r, &o);
	if (t->role == PROBE_TARGET)
		r->target_failed = TRUE;
}

static gboolean find_address(const Round *r, const Target *t, SessionFamily family, DnsPick *ret_pick)
{
	if (!r->session->has[family])
		return FALSE;
	if (!g_hostname_is_ip_address(t->host))
		return dns_pick(r->dns, t->host, family, ret_pick);
	*ret_pick = (DnsPick){.address = t->host};
	return (strchr(t->host, ':') != NULL) == (family == SESSION_IPV6);
}

/* Over IPv4 where the target has it; controls over each family, so that one that is broken shows. */
static void add_by_name(Round *r, const CheckKind *kind, ProbeTest test, const Target *t)
{
	guint n = 0;
	for (SessionFamily family = SESSION_IPV4; family <= SESSION_IPV6; family++) {
		DnsPick pick;
		if ((n > 0 && t->role == PROBE_TARGET) || !find_address(r, t, family, &pick))
			continue;
		Check *c = check_new(kind, test, r->session, t, family, pick.address, pick.resolver);
		if (pick.resolver)
			PROBE_SET(&c->o, dns_us, pick.us);
		c->doubtful = pick.doubtful;
		c->trust = r->trust;
		g_queue_push_tail(r->queue, c);
		n++;
	}
	if (n == 0 && !g_hostname_is_ip_address(t->host))
		say_no_address(r, test, t);
}

typedef void (*TargetFunc)(Round *r, const Target *t);

/* Those of a kind, beginning with another one in each round. */
static void for_kind(Round *r, TargetKind kind, TargetFunc func)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new();
	for (guint i = 0; i < r->targets->all->len; i++) {
		Target *t = g_ptr_array_index(r->targets->all, i);
		if (t->kind == kind)
			g_ptr_array_add(found, t);
	}
	for (guint i = 0; i < found->len; i++)
		func(r, g_ptr_array_index(found, (i + r->wish.number) % found->len));
}

static void add_portal(Round *r, const Target *t)
{
	add_by_name(r, &check_portal, PROBE_PORTAL, t);
}

static void add_web_control(Round *r, const Target *t)
{
	if (t->role == PROBE_CONTROL)
		add_by_name(r, &check_web, PROBE_WEB, t);
}

static void add_web_target(Round *r, const Target *t)
{
	if (t->role == PROBE_TARGET)
		add_by_name(r, &check_web, PROBE_WEB, t);
}

static void add_quic_control(Round *r, const Target *t)
{
	if (t->quic && t->role == PROBE_CONTROL && transfer_can_quic())
		add_by_name(r, &check_quic, PROBE_QUIC, t);
}

static void add_quic_target(Round *r, const Target *t)
{
	if (t->quic && t->role == PROBE_TARGET && transfer_can_quic())
		add_by_name(r, &check_quic, PROBE_QUIC, t);
}

static void add_rate_control(Round *r, const Target *t)
{
	if (t->role == PROBE_CONTROL)
		add_by_name(r, &check_rate, PROBE_RATE, t);
}

static void add_rate_target(Round *r, const Target *t)
{
	if (t->role == PROBE_TARGET)
		add_by_name(r, &check_rate, PROBE_RATE, t);
}

static void add_at(Round *r, const CheckKind *kind, ProbeTest test, const Target *t, const Target *place, ProbeRole role)
{
	if (!r->session->has[place->family])
		return;
	Check *c = check_new(kind, test, r->session, t, place->family, place->address, NULL);
	c->role = role;
	c->server_name = t->server_name;
	g_queue_push_tail(r->queue, c);
}

static void add_sni_control(Round *r, const Target *t)
{
	add_at(r, &check_sni, PROBE_SNI, t, t, PROBE_CONTROL);
}

static void add_sni_target(Round *r, const Target *t)
{
	add_at(r, &check_sni, PROBE_SNI, t, t->helper, PROBE_TARGET);
}

static void add_vpn(Round *r, const Target *t)
{
	add_at(r, &check_vpn, PROBE_WIREGUARD, t, t, PROBE_TARGET);
}

static const struct {
	TargetKind controls_kind, targets_kind;
	TargetFunc add_control, add_target; /* NULL: there are none */
} stages[] = {
	{TARGET_PORTAL, TARGET_PORTAL, add_portal, NULL},
	{TARGET_WEB, TARGET_WEB, add_web_control, add_web_target},
	{TARGET_HELPER, TARGET_SNI, add_sni_control, add_sni_target},
	{TARGET_VPN, TARGET_VPN, NULL, add_vpn},
	{TARGET_WEB, TARGET_WEB, add_quic_control, add_quic_target},
	{TARGET_RATE, TARGET_RATE, add_rate_control, add_rate_target},
};

/* The rate comes last, for it costs most; but in every fifth round right after the portal, or a narrow budget would never reach it. */
static guint stage_at(const Round *r)
{
	const guint last = G_N_ELEMENTS(stages) - 1;
	if (r->stage == 0 || r->wish.number % RATE_FIRST != 0)
		return r->stage;
	return r->stage == 1 ? last : r->stage - 1;
}

static void add_controls(Round *r)
{
	const guint stage = stage_at(r);
	if (stages[stage].add_control)
		for_kind(r, stages[stage].controls_kind, stages[stage].add_control);
}

static void enter_stage(Round *r)
{
	const guint stage = stage_at(r);
	r->target_failed = r->repeated = FALSE;
	add_controls(r);
	if (stages[stage].add_target)
		for_kind(r, stages[stage].targets_kind, stages[stage].add_target);
}

/* FALSE: the round is over. */
static gboolean fill_queue(Round *r)
{
	if (r->target_failed && !r->repeated) {
		r->repeated = TRUE;
		add_controls(r);
		return TRUE;
	}
	if (++r->stage == G_N_ELEMENTS(stages))
		return FALSE;
	enter_stage(r);
	return TRUE;
}

/* --- the order --- */

static void run_next(Round *r)
{
	for (;;) {
		Check *c = g_queue_pop_head(r->queue);
		if (c && fits(r, target_cap(c->target))) {
			run(r, c);
			return;
		}
		check_free(c);
		if (!c && !fill_queue(r)) {
			finish(r);
			return;
		}
	}
}

static void on_dns_done(gpointer data)
{
	Round *r = data;
	Observation o;
	Counters now = r->before_dns;
	counters_read(r->session->interface, &now);
	const Counters delta = counters_since(&now, &r->before_dns);
	for (guint i = 0; observation_init(&o, OBSERVATION_PROBE, ""), dns_note(r->dns, i, &o); i++) {
		counters_note(&delta, &o);
		say(r, &o);
	}
	r->heard |= dns_heard(r->dns);
	if (!r->ending && r->heard)
		enter_stage(r);
	go_on_later(r);
}

static void begin_dns(Round *r)
{
	counters_read(r->session->interface, &r->before_dns);
	if (fits(r, dns_cap(r->session, r->targets)))
		r->dns = dns_start(r->session, r->targets, on_dns_done, r);
	else
		round_cut(r);
}

static void begin_ip(Round *r)
{
	guint64 reserved = 0;
	for (guint i = 0; i < r->targets->all->len; i++) {
		const Target *t = g_ptr_array_index(r->targets->all, i);
		if (t->kind != TARGET_IP || !r->session->has[t->family] || !fits(r, reserved + target_cap(t)))
			continue;
		reserved += target_cap(t);
		run(r, check_new(&check_ip, PROBE_IP, r->session, t, t->family, t->address, NULL));
	}
	if (r->running->len == 0)
		go_on_later(r);
}

static void go_on(Round *r)
{
	if (!session_is_there(r->session)) { /* all that is left would fail at once, before anybody looks */
		end_with(r, ROUND_INTERFACE_GONE, FAILURE_DOWN);
		return;
	}
	switch (r->phase) {
	case PHASE_IP:
		r->phase = PHASE_DNS;
		begin_ip(r);
		break;
	case PHASE_DNS:
		r->phase = PHASE_LADDER;
		begin_dns(r);
		break;
	case PHASE_LADDER:
		if (r->heard)
			run_next(r);
		else
			finish(r);
		break;
	}
}

static void free_check(gpointer check)
{
	check_free(check);
}

Round *round_start(const Session *session, const Targets *targets, const char *trust, const RoundWish *wish, RoundSay say_it,
		   RoundDone done, gpointer user_data)
{
	Round *r = g_new0(Round, 1);
	r->session = session;
	r->targets = targets;
	r->trust = trust;
	r->wish = *wish;
	r->say = say_it;
	r->done = done;
	r->user_data = user_data;
	r->started_ns = clock_boottime_ns();
	r->running = g_ptr_array_new_with_free_func(free_check);
	r->queue = g_queue_new();
	counters_read(session->interface, &r->before);
	r->watch = g_timeout_add(WATCH_MS, on_watch, r);
	r->deadline = g_timeout_add_seconds(ROUND_TOTAL_S, on_deadline, r);
	go_on_later(r);
	return r;
}

void round_free(Round *r)
{
	if (!r)
		return;
	stop_sources(r);
	g_ptr_array_unref(r->running);
	g_queue_free_full(r->queue, free_check);
	dns_free(r->dns);
	g_free(r);
}
