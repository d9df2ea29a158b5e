/* See check.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/check.h"

Check *check_new(const CheckKind *kind, ProbeTest test, const Session *session, const Target *target, SessionFamily family,
		 const char *address, const char *resolver)
{
	Check *c = g_new0(Check, 1);
	c->kind = kind;
	c->session = session;
	c->target = target;
	c->family = family;
	c->role = target->role;
	c->address = g_strdup(address);
	observation_init(&c->o, OBSERVATION_PROBE, "");
	PROBE_SET(&c->o, test, (guint8)test);
	PROBE_SET(&c->o, family, (guint8)family);
	OBSERVATION_SET_TEXT(&c->o, probe, PROBE, target, target->name);
	if (target->category)
		OBSERVATION_SET_TEXT(&c->o, probe, PROBE, category, target->category);
	if (target->url)
		OBSERVATION_SET_TEXT(&c->o, probe, PROBE, url, target->url);
	if (resolver)
		OBSERVATION_SET_TEXT(&c->o, probe, PROBE, resolver, resolver);
	if (address)
		OBSERVATION_SET_TEXT(&c->o, probe, PROBE, address, address);
	return c;
}

void check_start(Check *c, CheckDone done, gpointer user_data)
{
	c->done = done;
	c->user_data = user_data;
	PROBE_SET(&c->o, role, (guint8)c->role);
	counters_read(c->session->interface, &c->before);
	c->kind->start(c);
}

void check_cut(Check *c, const char *failure)
{
	if (c->transfer)
		transfer_cut(c->transfer, failure);
	else
		exchange_cut(c->exchange, failure);
}

void check_free(Check *c)
{
	if (!c)
		return;
	transfer_free(c->transfer);
	exchange_free(c->exchange);
	if (c->memory && c->kind->release)
		c->kind->release(c->memory);
	g_free(c->address);
	g_free(c);
}

gboolean check_went_well(const Check *c)
{
	return !PROBE_HAS(&c->o, failure) && (!PROBE_HAS(&c->o, body_matches) || c->o.probe.body_matches);
}

void check_finish(Check *c)
{
	Counters now = c->before;
	counters_read(c->session->interface, &now);
	const Counters delta = counters_since(&now, &c->before);
	counters_note(&delta, &c->o);
	c->o.at = clock_read();
	c->done(c);
}

void check_take_exchange(const ExchangeResult *r, gpointer data)
{
	Check *c = data;
	PROBE_SET(&c->o, step, (guint8)r->step);
	if (*r->failure)
		OBSERVATION_SET_TEXT(&c->o, probe, PROBE, failure, r->failure);
	if (r->connected) {
		PROBE_SET(&c->o, tcp_us, r->tcp_us);
		PROBE_SET(&c->o, rtt_us, r->rtt_us);
		PROBE_SET(&c->o, retransmits, r->retransmits);
	}
	if (r->answer_us > 0)
		PROBE_SET(&c->o, first_byte_us, r->answer_us);
	PROBE_SET(&c->o, total_us, r->total_us);
	check_finish(c);
}

void check_take_transfer(Check *c, const TransferResult *r)
{
	Observation *o = &c->o;
	PROBE_SET(o, step, (guint8)r->step);
	if (*r->failure)
		OBSERVATION_SET_TEXT(o, probe, PROBE, failure, r->failure);
	if (r->tcp_us > 0)
		PROBE_SET(o, tcp_us, r->tcp_us);
	if (r->tls_us > 0)
		PROBE_SET(o, tls_us, r->tls_us);
	if (r->first_byte_us > 0)
		PROBE_SET(o, first_byte_us, r->first_byte_us);
	PROBE_SET(o, total_us, r->total_us);
	if (r->tcp_us > 0 && r->has_tcp_info) {
		PROBE_SET(o, rtt_us, r->rtt_us);
		PROBE_SET(o, retransmits, r->retransmits);
	}
	if (r->status > 0)
		PROBE_SET(o, http_status, (guint16)r->status);
	if (r->status > 0)
		PROBE_SET(o, body_bytes, r->body_bytes);
	if (*r->redirect_host)
		OBSERVATION_SET_TEXT(o, probe, PROBE, redirect_host, r->redirect_host);
}
