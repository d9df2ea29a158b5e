/* journal_writer_loop DIRECTORY [--groups N] [--per-group N] [--size N] [--segment-size N] [--interval-ms N] [--no-close]
 *                               [--keys FILE] [--sealed] [--wait]
 *
 * Writes observations whose content follows from their sequence number, and prints a line for every commit:
 * "ack SEQUENCE" when it was acknowledged, "fail CODE MESSAGE" when not; "bytes N" at last. Goes on after a failed commit. For
 * tests that kill it, fill its disk or trace its system calls, and for the measurement of what it writes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal_fixture.h"

#include <stdio.h>

static gint groups, per_group = 1, text_size = 100, segment_size, interval_ms;
static gboolean no_close, sealed, wait_for_line;
static char *keys;

static const GOptionEntry entries[] = {
	{"groups", 0, 0, G_OPTION_ARG_INT, &groups, "Groups to write (0: for ever)", "N"},
	{"per-group", 0, 0, G_OPTION_ARG_INT, &per_group, "Observations in a group", "N"},
	{"size", 0, 0, G_OPTION_ARG_INT, &text_size, "Characters in an observation", "N"},
	{"segment-size", 0, 0, G_OPTION_ARG_INT, &segment_size, "Bytes in a segment", "N"},
	{"interval-ms", 0, 0, G_OPTION_ARG_INT, &interval_ms, "Time between groups", "N"},
	{"keys", 0, 0, G_OPTION_ARG_FILENAME, &keys, "The device's keys; made by the writer, unlike those in DIRECTORY", "FILE"},
	{"sealed", 0, 0, G_OPTION_ARG_NONE, &sealed, "For the identity that journal_check has", NULL},
	{"no-close", 0, 0, G_OPTION_ARG_NONE, &no_close, "End without an orderly close", NULL},
	{"wait", 0, 0, G_OPTION_ARG_NONE, &wait_for_line, "Begin when a line comes on standard input", NULL},
	{NULL},
};

static gboolean say_outcome(gboolean ok, const JournalWriter *w, const GError *error)
{
	if (ok)
		printf("ack %" G_GUINT64_FORMAT "\n", journal_writer_durable_sequence(w));
	else
		printf("fail %d %s\n", error->code, error->message);
	fflush(stdout);
	return ok;
}

static void write_groups(JournalWriter *w)
{
	guint64 next = 1;
	for (gint i = 0; groups == 0 || i < groups; i++) {
		g_autoptr(GError) error = NULL;
		for (gint k = 0; k < per_group; k++) {
			Observation o;
			fixture_make(&o, next, (gsize)text_size);
			if (journal_writer_append(w, &o))
				next++;
		}
		const gboolean ok = journal_writer_commit(w, &error);
		say_outcome(ok, w, error);
		if (interval_ms > 0)
			g_usleep((gulong)interval_ms * 1000);
	}
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GOptionContext) context = g_option_context_new("DIRECTORY");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc != 2) {
		fprintf(stderr, "usage: journal_writer_loop DIRECTORY [OPTIONS]\n");
		return 2;
	}
	g_autofree char *device_keys = keys ? g_strdup(keys) : fixture_keys(argv[1], 1, NULL);
	JournalIdentity identity;
	fixture_identity(&identity);
	const JournalWriterOptions options = {.directory = argv[1], .keys = device_keys, .segment_size = (guint64)segment_size,
					      .recipients = &identity.public_key, .n_recipients = sealed ? 1 : 0};
	g_autoptr(JournalWriter) w = journal_writer_new(&options, &error);
	if (!w) {
		fprintf(stderr, "journal_writer_loop: %s\n", error->message);
		return 1;
	}
	printf("path %s\n", journal_writer_path(w));
	fflush(stdout);
	if (wait_for_line)
		(void)getchar();
	write_groups(w);
	printf("bytes %" G_GUINT64_FORMAT "\n", journal_writer_bytes(w));
	fflush(stdout);
	if (no_close)
		return 0;
	const gboolean ok = journal_writer_close(w, &error);
	return say_outcome(ok, w, error) ? 0 : 1;
}
