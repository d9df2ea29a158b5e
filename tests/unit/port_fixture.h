/* port_fixture.h - a host for a modem's port under test (modem/protocol.h), in the place of the modem source: takes down what is
 * reported, and waits for it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source/modem/protocol.h"
#include "source_fixture.h"

typedef struct {
	Fixture *f; /* its text has what was observed and swept */
	Source source;
	ModemSettings settings;
	ModemPort *port;
	guint opened, failed, swept, changed, resets, closed; /* how often */
	ModemFailure failure;
	ModemSweep result;
	gboolean reset_accepted;
	gboolean asking, closing; /* within a call of the port's; close was asked for */
	guint out_of_turn;        /* reports from within a call, or after closing */
} PortFixture;

static inline void port_fixture_report(PortFixture *p, guint *counter)
{
	(*counter)++;
	p->out_of_turn += p->asking || (p->closing && counter != &p->closed) ? 1 : 0;
}

static inline void port_fixture_opened(gpointer modem)
{
	PortFixture *p = modem;
	port_fixture_report(p, &p->opened);
}

static inline void port_fixture_failed(gpointer modem, ModemFailure failure, G_GNUC_UNUSED const GError *error)
{
	PortFixture *p = modem;
	p->failure = failure;
	port_fixture_report(p, &p->failed);
}

static inline void port_fixture_swept(gpointer modem, Observation *radio, ModemSweep result)
{
	PortFixture *p = modem;
	p->result = result;
	port_fixture_report(p, &p->swept);
	p->f->host.observe(&p->f->host, radio);
}

static inline void port_fixture_changed(gpointer modem)
{
	PortFixture *p = modem;
	port_fixture_report(p, &p->changed);
}

static inline void port_fixture_reset_done(gpointer modem, gboolean accepted)
{
	PortFixture *p = modem;
	p->reset_accepted = accepted;
	port_fixture_report(p, &p->resets);
}

static inline void port_fixture_closed(gpointer modem)
{
	PortFixture *p = modem;
	port_fixture_report(p, &p->closed);
	p->closing = FALSE;
}

static inline PortFixture *port_fixture_new(const ModemProtocol *protocol, const char *path)
{
	static const ModemHost host = {
		.opened = port_fixture_opened,
		.failed = port_fixture_failed,
		.swept = port_fixture_swept,
		.changed = port_fixture_changed,
		.reset_done = port_fixture_reset_done,
		.closed = port_fixture_closed,
	};
	PortFixture *p = g_new0(PortFixture, 1);
	p->f = fixture_new(3600 * 1000);
	p->source = (Source){.host = &p->f->host, .name = "test"};
	p->settings.path = path;
	p->port = protocol->new(&p->settings, &host, &p->source, p);
	return p;
}

static inline void port_fixture_ask(PortFixture *p, void (*call)(ModemPort *port))
{
	p->asking = TRUE;
	call(p->port);
	p->asking = FALSE;
}

static inline void port_fixture_open(PortFixture *p)
{
	const guint opened = p->opened;
	port_fixture_ask(p, p->port->protocol->open);
	fixture_wait(&p->opened, opened + 1, 10, "report that it is open");
}

static inline void port_fixture_sweep(PortFixture *p, guint seconds)
{
	const guint swept = p->swept;
	port_fixture_ask(p, p->port->protocol->sweep);
	fixture_wait(&p->swept, swept + 1, seconds, "sweep");
}

static inline void port_fixture_close(PortFixture *p, guint seconds)
{
	const guint closed = p->closed;
	p->closing = TRUE;
	port_fixture_ask(p, p->port->protocol->close);
	fixture_wait(&p->closed, closed + 1, seconds, "report that it is closed");
	while (g_main_context_iteration(NULL, FALSE)) /* what is still under way would be out of turn */
		;
	g_assert_cmpuint(p->closed, ==, closed + 1);
}

/* Of a port that was never opened, or is closed. */
static inline void port_fixture_free(PortFixture *p)
{
	p->port->protocol->free(p->port);
	while (g_main_context_iteration(NULL, FALSE)) /* what is still under way would now meet freed memory */
		;
	g_assert_cmpuint(p->out_of_turn, ==, 0);
	fixture_free(p->f);
	g_free(p);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PortFixture, port_fixture_free)
