/* What each capture of tests/data/mbim decodes to, through the real libmbim, and the word that the service gets: see golden.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden.h"
#include "port_fixture.h"
#include "scripted_mbim.h"

/* The modem as a whole: identity, then one sweep. */
static char *record(const char *capture)
{
	g_autoptr(ScriptedMbim) modem = scripted_mbim_new(capture);
	g_autoptr(PortFixture) p = port_fixture_new(&modem_protocol_mbim, scripted_mbim_device(modem));
	port_fixture_open(p);
	port_fixture_sweep(p, 10);
	port_fixture_close(p, 1);
	if (p->result == MODEM_SWEEP_NONSENSE)
		g_string_append(p->f->text, "nonsense\n"); /* the modem source will not believe it */
	else
		g_assert_cmpint(p->result, ==, MODEM_SWEEP_ANSWERED);
	g_string_append_printf(p->f->text, "service %s\n", service_state_words[observation_service_state(&p->f->last[OBSERVATION_RADIO])]);
	return g_strdup(p->f->text->str);
}

static const char *serve(const char *capture)
{
	static ScriptedMbim *modem; /* for the life of the program */
	modem = scripted_mbim_new(capture);
	return scripted_mbim_device(modem);
}

int main(int argc, char **argv)
{
	static const Golden what = {"tests/data/mbim", "/mbim/decode", record, serve};
	return golden_main(&what, argc, argv);
}
