/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/segments.h"

#include "error.h"

#include <sys/stat.h>

void sync_segment_free(SyncSegment *segment)
{
	if (!segment)
		return;
	g_free(segment->path);
	g_free(segment);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SyncSegment, sync_segment_free)

void sync_warn(const SyncContext *context, const char *format, ...)
{
	if (!context->report || !context->report->warn)
		return;
	va_list args;
	va_start(args, format);
	g_autofree char *message = g_strdup_vprintf(format, args);
	va_end(args);
	context->report->warn(context->report->user_data, message);
}

void sync_progress(SyncContext *context, guint64 more_bytes)
{
	context->bytes_done += more_bytes;
	if (context->report && context->report->progress)
		context->report->progress(context->report->user_data, context->bytes_done, context->bytes_total);
}

gboolean sync_stopped(const SyncContext *context, GError **error)
{
	if (!context->report || !context->report->stopped || !context->report->stopped(context->report->user_data))
		return FALSE;
	g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED,
			    context->kept ? "interrupted: some boots were read, and are in the store: sync again for the rest"
					  : "interrupted: nothing of this sync was kept");
	return TRUE;
}

/* --- finding them --- */

static gboolean unlock(JournalReader *reader, const char *path, const SyncContext *context, GError **error)
{
	if (journal_reader_segment(reader)->n_recipients == 0)
		return TRUE;
	if (!context->identity) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS, "%s is sealed: give a recipient's secret key with --identity", path);
		return FALSE;
	}
	if (journal_reader_unlock(reader, context->identity, error))
		return TRUE;
	g_prefix_error(error, "%s: ", path);
	return FALSE;
}

/* *ret_sealed: it is a journal, and only the key is missing. */
static gboolean add_journal(const char *path, GPtrArray *segments, SyncContext *context, gboolean *ret_sealed, GError **error)
{
	struct stat st;
	g_autoptr(JournalReader) reader = journal_reader_open(path, error);
	*ret_sealed = reader && !unlock(reader, path, context, error);
	if (!reader || *ret_sealed)
		return FALSE;
	if (stat(path, &st) != 0)
		st.st_size = 0;
	SyncSegment *segment = g_new0(SyncSegment, 1);
	segment->path = g_strdup(path);
	segment->size = (guint64)st.st_size;
	segment->header = *journal_reader_segment(reader);
	g_ptr_array_add(segments, segment);
	context->summary->files++;
	context->summary->journal_bytes += segment->size;
	return TRUE;
}

typedef struct {
	GPtrArray *segments;
	SyncContext *context;
} Collector;

static void take_journal(gpointer user_data, const char *path, gboolean named)
{
	const Collector *c = user_data;
	SyncSummary *summary = c->context->summary;
	g_autoptr(GError) error = NULL;
	gboolean sealed;
	if (add_journal(path, c->segments, c->context, &sealed, &error))
		return;
	if (sealed)
		summary->sealed++;
	else if (named)
		summary->refused++;
	else
		summary->broken++;
	sync_warn(c->context, "%s: passed over", error->message);
}

static void count_foreign(gpointer user_data, const char *path)
{
	(void)path;
	((const Collector *)user_data)->context->summary->foreign++;
}

static void refuse_folder(gpointer user_data, const char *path, const char *why)
{
	const Collector *c = user_data;
	c->context->summary->refused++;
	sync_warn(c->context, "cannot read the folder %s: %s", path, why);
}

static int compare_segments(gconstpointer pa, gconstpointer pb)
{
	const JournalSegment *a = &(*(SyncSegment *const *)pa)->header, *b = &(*(SyncSegment *const *)pb)->header;
	int order = memcmp(a->device_id, b->device_id, sizeof a->device_id);
	if (order == 0)
		order = memcmp(a->boot_id.bytes, b->boot_id.bytes, sizeof a->boot_id.bytes);
	if (order == 0)
		order = (a->created.boottime_ns > b->created.boottime_ns) - (a->created.boottime_ns < b->created.boottime_ns);
	if (order == 0)
		order = memcmp(a->run_id, b->run_id, sizeof a->run_id);
	if (order == 0)
		order = (a->number > b->number) - (a->number < b->number);
	return order ? order : memcmp(a->digest, b->digest, sizeof a->digest);
}

static int compare_groups(gconstpointer pa, gconstpointer pb)
{
	const SyncSegment *a = *(SyncSegment *const *)pa, *b = *(SyncSegment *const *)pb;
	int order = memcmp(a->header.device_id, b->header.device_id, sizeof a->header.device_id);
	if (order == 0)
		order = memcmp(a->header.boot_id.bytes, b->header.boot_id.bytes, sizeof a->header.boot_id.bytes);
	if (order == 0)
		order = (a->copy > b->copy) - (a->copy < b->copy);
	return order ? order : compare_segments(pa, pb);
}

GPtrArray *sync_segments_collect(char *const *paths, SyncContext *context)
{
	GPtrArray *segments = g_ptr_array_new_with_free_func((GDestroyNotify)sync_segment_free);
	Collector collector = {segments, context};
	const JournalFinder finder = {take_journal, count_foreign, refuse_folder, &collector};
	journal_find(paths, &finder);
	g_ptr_array_sort(segments, compare_segments);
	for (guint i = 1; i < segments->len; i++) {
		const SyncSegment *before = segments->pdata[i - 1];
		SyncSegment *segment = segments->pdata[i];
		if (memcmp(before->header.digest, segment->header.digest, sizeof before->header.digest) == 0)
			segment->copy = before->copy + 1;
	}
	g_ptr_array_sort(segments, compare_groups);
	context->bytes_total = 2 * context->summary->journal_bytes;
	return segments;
}

gboolean sync_segment_same_group(const SyncSegment *a, const SyncSegment *b)
{
	return memcmp(a->header.device_id, b->header.device_id, sizeof a->header.device_id) == 0 &&
	       memcmp(a->header.boot_id.bytes, b->header.boot_id.bytes, sizeof a->header.boot_id.bytes) == 0 &&
	       a->copy == b->copy;
}
