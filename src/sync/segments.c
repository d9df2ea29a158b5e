/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segments.h"

#include "error.h"

#include <sys/stat.h>

#define MAX_FOLDER_DEPTH 16

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

/* --- finding them --- */

static gboolean add_journal(const char *path, GPtrArray *segments, SyncContext *context, GError **error)
{
	struct stat st;
	g_autoptr(JournalReader) reader = journal_reader_open(path, error);
	if (!reader)
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

static void add_from_folder(const char *path, GPtrArray *segments, SyncContext *context)
{
	g_autoptr(GError) error = NULL;
	if (!g_str_has_suffix(path, JOURNAL_SUFFIX)) {
		context->summary->foreign++;
	} else if (!add_journal(path, segments, context, &error)) {
		context->summary->broken++;
		sync_warn(context, "%s: passed over", error->message);
	}
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A folder's symbolic links are followed to files but not to folders, so that a loop can't hold us. */
static void add_folder(const char *path, guint depth, GPtrArray *segments, SyncContext *context)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	if (!dir) {
		context->summary->refused++;
		sync_warn(context, "cannot read the folder %s: %s", path, error->message);
		return;
	}
	for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *child = g_build_filename(path, names->pdata[i], NULL);
		if (!g_file_test(child, G_FILE_TEST_IS_DIR))
			add_from_folder(child, segments, context);
		else if (depth < MAX_FOLDER_DEPTH && !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
			add_folder(child, depth + 1, segments, context);
	}
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

GPtrArray *sync_segments_collect(char *const *paths, SyncContext *context)
{
	GPtrArray *segments = g_ptr_array_new_with_free_func((GDestroyNotify)sync_segment_free);
	for (; *paths; paths++) {
		g_autoptr(GError) error = NULL;
		if (g_file_test(*paths, G_FILE_TEST_IS_DIR)) {
			add_folder(*paths, 0, segments, context);
		} else if (!add_journal(*paths, segments, context, &error)) {
			context->summary->refused++;
			sync_warn(context, "%s: passed over", error->message);
		}
	}
	g_ptr_array_sort(segments, compare_segments);
	context->bytes_total = 2 * context->summary->journal_bytes;
	return segments;
}

gboolean sync_segment_same_boot(const SyncSegment *a, const SyncSegment *b)
{
	return memcmp(a->header.device_id, b->header.device_id, sizeof a->header.device_id) == 0 &&
	       memcmp(a->header.boot_id.bytes, b->header.boot_id.bytes, sizeof a->header.boot_id.bytes) == 0;
}

/* --- reading them --- */

struct RecordStream {
	SyncSegment **segments;
	guint n, i; /* segments[i] is the current one while reader is open, else the next */
	gboolean second_pass;
	RecordHooks hooks;
	SyncContext *context;
	JournalReader *reader;
	JournalFrame frame;
	gboolean in_frame;
	guint64 told_offset; /* up to which progress was told */
};

RecordStream *record_stream_new(SyncSegment **segments, guint n, gboolean second_pass, const RecordHooks *hooks, SyncContext *context)
{
	RecordStream *stream = g_new0(RecordStream, 1);
	stream->segments = segments;
	stream->n = n;
	stream->second_pass = second_pass;
	stream->hooks = *hooks;
	stream->context = context;
	return stream;
}

void record_stream_free(RecordStream *stream)
{
	if (!stream)
		return;
	journal_reader_free(stream->reader);
	g_free(stream);
}

static void tell_progress(RecordStream *stream, guint64 offset)
{
	if (offset <= stream->told_offset)
		return;
	sync_progress(stream->context, offset - stream->told_offset);
	stream->told_offset = offset;
}

static gboolean skip_segment(RecordStream *stream)
{
	stream->told_offset = 0;
	tell_progress(stream, stream->segments[stream->i]->size);
	stream->i++;
	return TRUE;
}

static gboolean open_segment(RecordStream *stream, GError **error)
{
	g_autoptr(GError) open_error = NULL;
	SyncSegment *segment = stream->segments[stream->i];
	gboolean wanted = TRUE;
	if (!stream->hooks.begin(stream->hooks.user_data, segment, &wanted, error))
		return FALSE;
	if (!wanted)
		return skip_segment(stream);
	stream->reader = journal_reader_open(segment->path, &open_error);
	if (!stream->reader) {
		stream->context->summary->refused++;
		sync_warn(stream->context, "%s: passed over", open_error->message);
		return skip_segment(stream);
	}
	const gboolean trusted = stream->second_pass && !segment->careful;
	journal_reader_set_mode(stream->reader, trusted ? JOURNAL_READ_TRUSTED : JOURNAL_READ_VERIFY);
	journal_reader_seek(stream->reader, &segment->from);
	stream->in_frame = FALSE;
	stream->told_offset = 0;
	tell_progress(stream, segment->from.offset);
	return TRUE;
}

static gboolean close_segment(RecordStream *stream, JournalResult ending, GError **error)
{
	SyncSegment *segment = stream->segments[stream->i];
	tell_progress(stream, segment->size);
	if (!stream->second_pass)
		journal_reader_position(stream->reader, &segment->to);
	g_clear_pointer(&stream->reader, journal_reader_free);
	stream->i++;
	return !stream->hooks.end || stream->hooks.end(stream->hooks.user_data, segment, ending, error);
}

static gboolean note_damage(RecordStream *stream, const JournalDamage *damage, GError **error)
{
	if (stream->second_pass)
		return TRUE;
	SyncSegment *segment = stream->segments[stream->i];
	segment->careful = TRUE;
	return stream->hooks.damage(stream->hooks.user_data, segment, damage, error);
}

/* A disk that cannot be read is damage like any other: what was read stays, the next segment is tried. */
static gboolean give_up_segment(RecordStream *stream, const GError *why, GError **error)
{
	JournalPosition at;
	journal_reader_position(stream->reader, &at);
	SyncSegment *segment = stream->segments[stream->i];
	const JournalDamage damage = {at.offset, segment->size > at.offset ? segment->size - at.offset : 0, "the disk could not be read"};
	sync_warn(stream->context, "%s: %s: what follows was passed over", segment->path, why->message);
	return note_damage(stream, &damage, error) && close_segment(stream, JOURNAL_IO_ERROR, error);
}

static gboolean next_frame(RecordStream *stream, GError **error)
{
	g_autoptr(GError) read_error = NULL;
	JournalDamage damage;
	JournalPosition at;
	const SyncSegment *segment = stream->segments[stream->i];
	journal_reader_position(stream->reader, &at);
	tell_progress(stream, at.offset);
	if (stream->second_pass && at.offset >= segment->to.offset)
		return close_segment(stream, JOURNAL_END_OPEN, error);
	const JournalResult result = journal_reader_next(stream->reader, &stream->frame, &damage, &read_error);
	switch (result) {
	case JOURNAL_FRAME:
		stream->in_frame = TRUE;
		return TRUE;
	case JOURNAL_CHAIN_BREAK:
		stream->in_frame = TRUE;
		return note_damage(stream, &damage, error);
	case JOURNAL_DAMAGE:
		return note_damage(stream, &damage, error);
	case JOURNAL_END_FINAL:
	case JOURNAL_END_OPEN:
	case JOURNAL_END_TORN:
		return close_segment(stream, result, error);
	case JOURNAL_IO_ERROR:
		break;
	}
	return give_up_segment(stream, read_error, error);
}

gboolean record_stream_next(RecordStream *stream, Record *ret_record, GError **error)
{
	for (;;) {
		gboolean malformed = FALSE;
		if (stream->in_frame && journal_frame_next(&stream->frame, &ret_record->data, &ret_record->length, &malformed)) {
			ret_record->segment = stream->segments[stream->i];
			ret_record->frame_offset = stream->frame.file_offset;
			return TRUE;
		}
		stream->in_frame = FALSE;
		if (malformed) {
			const JournalDamage damage = {stream->frame.file_offset, stream->frame.length, "a frame that does not divide into records"};
			if (!note_damage(stream, &damage, error))
				return FALSE;
		}
		if (!stream->reader && stream->i == stream->n) {
			ret_record->data = NULL;
			return TRUE;
		}
		if (!(stream->reader ? next_frame(stream, error) : open_segment(stream, error)))
			return FALSE;
	}
}

gboolean record_stream_reject(RecordStream *stream, const Record *record, GError **error)
{
	const JournalDamage damage = {record->frame_offset, record->length, "a record that cannot be read"};
	record->segment->unreadable++;
	return stream->hooks.damage(stream->hooks.user_data, record->segment, &damage, error);
}
