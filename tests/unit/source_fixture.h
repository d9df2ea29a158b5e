/* source_fixture.h - a host for a source under test: keeps what it is given as text, and waits for it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source.h"

typedef struct {
	SourceHost host; /* first member */
	Config *config;
	GString *text;   /* a line for each field: "radio mcc = 257", "cell rat=lte serving=1 ..." */
	GString *told;   /* a line for each sentence */
	guint n[OBSERVATION_KIND_MAX + 1];
	guint events[32]; /* by EventCode */
	Observation last[OBSERVATION_KIND_MAX + 1];
	gboolean stopped;
	guint after_stop; /* observations and sentences that came when they must not */
	gboolean stopping;
} Fixture;

static inline void fixture_add_value(GString *text, const ObservationField *field, const void *fields, const char *equals)
{
	gboolean is_digest = g_str_equal(field->name, "device_digest");
	g_string_append_printf(text, "%s%s", field->name, equals);
	if (is_digest)
		g_string_append(text, "(16 hexadecimal digits)"); /* salted: another on each run */
	else if (field->type == FIELD_TEXT)
		g_string_append(text, (const char *)fields + field->offset);
	else if (field->type == FIELD_ENUM)
		g_string_append(text, observation_word(field->words, (guint)observation_field_int(field, fields)));
	else
		g_string_append_printf(text, "%" G_GINT64_FORMAT, observation_field_int(field, fields));
}

static inline void fixture_add_cells(GString *text, const CellList *cells)
{
	for (guint i = 0; i < cells->n; i++) {
		g_string_append(text, "cell");
		for (gsize f = 0; f < observation_cell_table.n_fields; f++) {
			const ObservationField *field = &observation_cell_table.fields[f];
			if (!(cells->cell[i].present & OBSERVATION_BIT(field->id)))
				continue;
			g_string_append_c(text, ' ');
			fixture_add_value(text, field, &cells->cell[i], "=");
		}
		g_string_append_c(text, '\n');
	}
}

static inline void fixture_add_text(GString *text, Observation *o)
{
	const ObservationTable *table = observation_table(o->kind);
	for (gsize f = 0; f < table->n_fields; f++) {
		const ObservationField *field = &table->fields[f];
		if (!(o->present & OBSERVATION_BIT(field->id)))
			continue;
		if (field->type == FIELD_CELLS) {
			fixture_add_cells(text, &o->radio.cells);
			continue;
		}
		g_string_append_printf(text, "%s ", table->name);
		fixture_add_value(text, field, observation_fields(o), " = ");
		g_string_append_c(text, '\n');
	}
}

static inline void fixture_observe(SourceHost *host, Observation *o)
{
	Fixture *f = (Fixture *)host;
	guint8 coded[OBSERVATION_MAX_CODED];
	ByteWriter w = byte_writer_init(coded, sizeof coded);
	observation_encode(o, &w);
	g_assert_false(w.failed); /* or the journal would not take it */
	fixture_add_text(f->text, o);
	f->n[o->kind]++;
	f->last[o->kind] = *o;
	if (o->kind == OBSERVATION_EVENT)
		f->events[o->event.code]++;
	f->after_stop += f->stopping ? 1 : 0;
}

static inline void fixture_tell(SourceHost *host, G_GNUC_UNUSED const char *source, const char *sentence)
{
	Fixture *f = (Fixture *)host;
	g_string_append_printf(f->told, "%s\n", sentence);
	f->after_stop += f->stopping ? 1 : 0;
}

static inline void fixture_drop_log(G_GNUC_UNUSED const char *domain, G_GNUC_UNUSED GLogLevelFlags level,
				    G_GNUC_UNUSED const char *message, G_GNUC_UNUSED gpointer data)
{
}

static inline Fixture *fixture_new(guint interval_ms)
{
	Fixture *f = g_new0(Fixture, 1);
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL); /* both libraries warn of modems that go away */
	g_log_set_handler("Qmi", G_LOG_LEVEL_MASK & ~G_LOG_LEVEL_CRITICAL, fixture_drop_log, NULL);
	g_log_set_handler("Mbim", G_LOG_LEVEL_MASK & ~G_LOG_LEVEL_CRITICAL, fixture_drop_log, NULL);
	f->host.observe = fixture_observe;
	f->host.tell = fixture_tell;
	f->host.interval_ms = interval_ms;
	f->config = config_new();
	f->config->mode = MODE_PASSIVE;
	f->host.config = f->config;
	f->text = g_string_new(NULL);
	f->told = g_string_new(NULL);
	return f;
}

static inline void fixture_free(Fixture *f)
{
	g_string_free(f->text, TRUE);
	g_string_free(f->told, TRUE);
	config_free(f->config);
	g_free(f);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static inline Source *fixture_source(Fixture *f, const char *type, const char *address)
{
	g_autoptr(GError) error = NULL;
	ConfigSource config = {.name = (char *)"test", .type = (char *)type, .address = (char *)address};
	Source *source = source_new(&config, &f->host, &error);
	g_assert_no_error(error);
	return source;
}

static inline gboolean fixture_on_timeout(gpointer data)
{
	*(gboolean *)data = TRUE;
	return G_SOURCE_REMOVE;
}

/* Runs the main loop until `*counter` has reached `n`; fails the test after so many seconds. */
static inline void fixture_wait(const guint *counter, guint n, guint seconds, const char *what)
{
	gboolean late = FALSE;
	guint id = g_timeout_add(seconds * 1000, fixture_on_timeout, &late);
	while (*counter < n && !late)
		g_main_context_iteration(NULL, TRUE);
	if (late)
		g_error("no %s within %u s (%u of %u)", what, seconds, *counter, n);
	g_source_remove(id);
}

/* Runs the main loop for a while: only to see that something does *not* happen. */
static inline void fixture_run(guint ms)
{
	gboolean late = FALSE;
	g_timeout_add(ms, fixture_on_timeout, &late);
	while (!late)
		g_main_context_iteration(NULL, TRUE);
}

static inline void fixture_on_stopped(G_GNUC_UNUSED Source *source, gpointer data)
{
	Fixture *f = data;
	g_assert_false(f->stopped); /* once */
	f->stopped = TRUE;
}

/* Stops and frees a source; fails the test when that takes more than so many seconds, or when it speaks after it. */
static inline void fixture_stop(Fixture *f, Source *source, guint seconds)
{
	gboolean late = FALSE;
	guint id = g_timeout_add(seconds * 1000, fixture_on_timeout, &late);
	source->class->stop(source, fixture_on_stopped, f);
	f->stopping = TRUE;
	g_assert_false(f->stopped); /* later, never within stop() */
	while (!f->stopped && !late)
		g_main_context_iteration(NULL, TRUE);
	if (late)
		g_error("the source has not stopped within %u s", seconds);
	g_source_remove(id);
	source_free(source);
	while (g_main_context_iteration(NULL, FALSE)) /* what is still under way would now meet freed memory */
		;
	g_assert_cmpuint(f->after_stop, ==, 0);
}
