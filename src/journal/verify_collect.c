/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/verify_collect.h"

#include "error.h"
#include "journal/format.h"

#include <fcntl.h>
#include <unistd.h>

static void source_free(gpointer data)
{
	VerifySource *s = data;
	g_free(s->path);
	if (s->bytes)
		g_bytes_unref(s->bytes);
	g_free(s);
}

GPtrArray *verify_sources_new(void)
{
	return g_ptr_array_new_with_free_func(source_free);
}

JournalReader *verify_source_open(const VerifySource *s, GError **error)
{
	return s->bytes ? journal_reader_new_for_bytes(s->bytes, error) : journal_reader_open(s->path, error);
}

static void take_source(GPtrArray *sources, const JournalReader *reader, const char *path, GBytes *bytes)
{
	VerifySource *s = g_new0(VerifySource, 1);
	s->path = g_strdup(path);
	s->bytes = bytes ? g_bytes_ref(bytes) : NULL;
	s->header = *journal_reader_segment(reader);
	s->signature_good = journal_reader_signature_good(reader);
	g_ptr_array_add(sources, s);
}

gboolean verify_collect_bytes(GPtrArray *sources, GBytes *bytes, const char *label)
{
	g_autoptr(JournalReader) reader = journal_reader_new_for_bytes(bytes, NULL);
	if (reader)
		take_source(sources, reader, label, bytes);
	return reader != NULL;
}

/* TRUE where the file holds nothing behind its headers. No frame is written before a header is durable: whatever is wrong with this
 * one, nothing was recorded. */
static gboolean is_empty(const char *path)
{
	guint8 block[JOURNAL_BLOCK_SIZE];
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	gssize n = fd < 0 ? -1 : 0;
	gboolean zeros = fd >= 0;
	for (off_t at = JOURNAL_FIRST_FRAME; zeros && (n = pread(fd, block, sizeof block, at)) > 0; at += n)
		zeros = block[0] == 0 && memcmp(block, block + 1, (gsize)n - 1) == 0;
	if (fd >= 0)
		close(fd);
	return zeros && n == 0;
}

/* --- in files --- */

typedef struct {
	GPtrArray *sources;
	VerifyReport *report;
} Collector;

/* And not that it may not be opened. */
static gboolean is_damage(const GError *error)
{
	return g_error_matches(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT);
}

static void add_file(gpointer user_data, const char *path, gboolean named)
{
	const Collector *c = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(JournalReader) reader = journal_reader_open(path, &error);
	if (reader)
		take_source(c->sources, reader, path, NULL);
	else if (g_str_has_suffix(path, JOURNAL_SUFFIX) && is_empty(path))
		c->report->empty++;
	else
		g_ptr_array_add(named || !is_damage(error) ? c->report->refused : c->report->broken, g_strdup(error->message));
}

static void count_foreign(gpointer user_data, const char *path)
{
	(void)path;
	((const Collector *)user_data)->report->foreign++;
}

static void refuse_folder(gpointer user_data, const char *path, const char *why)
{
	const Collector *c = user_data;
	g_ptr_array_add(c->report->refused, g_strdup_printf("cannot read the folder %s: %s", path, why));
}

GPtrArray *verify_collect(char *const *paths, VerifyReport *report)
{
	Collector collector = {verify_sources_new(), report};
	const JournalFinder finder = {add_file, count_foreign, refuse_folder, &collector};
	journal_find(paths, &finder);
	return collector.sources;
}
