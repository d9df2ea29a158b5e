/* What each capture of tests/data/qmi decodes to, through the real libqmi: see golden.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden.h"
#include "scripted_modem.h"
#include "source_fixture.h"

/* The modem as a whole: identity, one sweep, then its indications. */
static char *record(const char *capture)
{
	g_autoptr(Fixture) f = fixture_new(3600 * 1000);
	g_autoptr(ScriptedModem) modem = scripted_modem_new(capture);
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 1, 10, "sweep");
	guint sent = scripted_modem_indicate(modem);
	guint events = f->n[OBSERVATION_EVENT];
	/* A sweep follows an indication, and would tell the same once more. */
	fixture_wait(&f->n[OBSERVATION_EVENT], events + sent, 10, "event for an indication");
	fixture_stop(f, source, 5);
	return g_strdup(f->text->str);
}

static const char *serve(const char *capture)
{
	static ScriptedModem *modem; /* for the life of the program */
	modem = scripted_modem_new(capture);
	return scripted_modem_device(modem);
}

int main(int argc, char **argv)
{
	static const Golden what = {"tests/data/qmi", "/qmi/decode", record, serve};
	return golden_main(&what, argc, argv);
}
