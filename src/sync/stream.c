/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/stream.h"

#include "error.h"

#define BATCH_RECORDS 96
#define N_BATCHES     4

typedef enum { ITEM_RECORD, ITEM_DAMAGE, ITEM_SEGMENT_END, ITEM_STREAM_END } ItemType;

typedef struct {
	ItemType type;
	JournalResult ending; /* SEGMENT_END */
	char *warning;        /* SEGMENT_END: why reading stopped, or NULL; owned */
	Record record;        /* DAMAGE: segment and place only */
} Item;

typedef struct {
	guint n;
	Item items[BATCH_RECORDS];
} Batch;

struct RecordStream {
	/* fixed while the thread runs */
	SyncSegment **segments;
	guint n;
	StreamPass pass;
	const JournalIdentity *identity;
	GThread *thread;
	GAsyncQueue *full, *empty;
	gint stop; /* atomic */
	/* the thread's */
	Batch *filling;
	SyncSegment *segment;
	JournalReader *reader;
	/* the caller's */
	RecordHooks hooks;
	SyncContext *context;
	Batch *taking;
	guint taken;
	guint64 told_offset;
	gboolean ended;
};

/* --- the thread --- */

/* A place for the next item; NULL where the caller wants no more. */
static Item *next_item(RecordStream *s, ItemType type)
{
	if (s->filling && s->filling->n == BATCH_RECORDS)
		g_async_queue_push(s->full, g_steal_pointer(&s->filling));
	if (!s->filling) {
		s->filling = g_async_queue_pop(s->empty);
		s->filling->n = 0;
	}
	if (g_atomic_int_get(&s->stop))
		return NULL;
	Item *item = &s->filling->items[s->filling->n];
	item->type = type;
	item->warning = NULL;
	item->record.segment = s->segment;
	return item;
}

static gboolean emit_damage(RecordStream *s, const JournalDamage *damage)
{
	if (s->pass == STREAM_SECOND)
		return TRUE;
	Item *item = next_item(s, ITEM_DAMAGE);
	if (!item)
		return FALSE;
	s->segment->careful = TRUE;
	item->record.place = *damage;
	s->filling->n++;
	return TRUE;
}

/* *ret_wanted FALSE: nothing in it for this pass. */
static ObservationParse decode(StreamPass pass, const guint8 *data, gsize length, Observation *ret_o, gboolean *ret_wanted)
{
	const gboolean dating = data[0] == OBSERVATION_FIX || data[0] == OBSERVATION_CLOCK; /* a record begins with its kind */
	*ret_wanted = TRUE;
	if (pass == STREAM_FIRST) {
		const ObservationParse head = observation_decode_head(data, length, ret_o);
		return dating && head == OBSERVATION_OK ? observation_decode(data, length, ret_o) : head;
	}
	*ret_wanted = !dating;
	if (dating)
		return OBSERVATION_OK;
	memset(&ret_o->radio, 0, offsetof(RadioFields, gsm_rssi_dbm));
	ret_o->radio.rx_tuned = ret_o->radio.data_session = 0;
	memset((guint8 *)&ret_o->radio + RECORD_TAIL_OFFSET, 0, RECORD_TAIL_SIZE);
	const ObservationParse parse = observation_decode(data, length, ret_o);
	/* What has no good head was refused, or counted as newer, by the first pass. */
	if (parse != OBSERVATION_OK)
		*ret_wanted = observation_decode_head(data, length, ret_o) == OBSERVATION_OK;
	return parse;
}

static void fill_values(Record *record)
{
	if (record->parse != OBSERVATION_OK)
		return;
	if (record->observation.kind == OBSERVATION_FIX)
		store_kind_values(&record->observation, record->values);
	else if (record->observation.kind == OBSERVATION_RADIO)
		store_signal_values(&record->observation, record->values);
}

static gboolean emit_frame(RecordStream *s, JournalFrame *frame)
{
	const guint8 *data;
	gsize length;
	gboolean malformed, wanted;
	for (;;) {
		if (!journal_frame_next(frame, &data, &length, &malformed))
			break;
		Item *item = next_item(s, ITEM_RECORD);
		if (!item)
			return FALSE;
		item->record.parse = decode(s->pass, data, length, &item->record.observation, &wanted);
		item->record.place = (JournalDamage){.offset = frame->file_offset, .length = length,
								       .reason = "a record that cannot be read"};
		if (!wanted)
			continue;
		if (s->pass == STREAM_SECOND || item->record.observation.kind == OBSERVATION_FIX)
			fill_values(&item->record);
		s->filling->n++;
	}
	const JournalDamage damage = {.offset = frame->file_offset, .length = frame->length,
				      .reason = "a frame that does not divide into records"};
	return !malformed || emit_damage(s, &damage);
}

static gboolean emit_end(RecordStream *s, JournalResult ending, const char *warning)
{
	Item *item = next_item(s, ITEM_SEGMENT_END);
	if (!item)
		return FALSE;
	if (s->pass == STREAM_FIRST && s->reader)
		journal_reader_position(s->reader, &s->segment->to);
	item->ending = ending;
	item->warning = g_strdup(warning);
	s->filling->n++;
	g_clear_pointer(&s->reader, journal_reader_free);
	return TRUE;
}

/* A disk that cannot be read is damage like any other: what was read stays, the next segment is tried. */
static gboolean emit_io_error(RecordStream *s, const JournalPosition *at, const GError *why)
{
	const guint64 left = s->segment->size > at->offset ? s->segment->size - at->offset : 0;
	const JournalDamage damage = {.offset = at->offset, .length = left, .reason = "the disk could not be read"};
	return emit_damage(s, &damage) && emit_end(s, JOURNAL_IO_ERROR, why->message);
}

static gboolean read_frame(RecordStream *s)
{
	g_autoptr(GError) error = NULL;
	JournalFrame frame;
	JournalDamage damage;
	JournalPosition at;
	journal_reader_position(s->reader, &at);
	if (s->pass == STREAM_SECOND && at.offset >= s->segment->to.offset)
		return emit_end(s, JOURNAL_END_OPEN, NULL);
	const JournalResult result = journal_reader_next(s->reader, &frame, &damage, &error);
	switch (result) {
	case JOURNAL_FRAME:
		return emit_frame(s, &frame);
	case JOURNAL_SEAL:
		return TRUE;
	case JOURNAL_CHAIN_BREAK:
		return emit_damage(s, &damage) && emit_frame(s, &frame);
	case JOURNAL_DAMAGE:
		return emit_damage(s, &damage);
	case JOURNAL_END_FINAL:
	case JOURNAL_END_OPEN:
	case JOURNAL_END_TORN:
		return emit_end(s, result, NULL);
	case JOURNAL_IO_ERROR:
		break;
	}
	return emit_io_error(s, &at, error);
}

static gboolean read_segment(RecordStream *s)
{
	g_autoptr(GError) error = NULL;
	s->reader = journal_reader_open(s->segment->path, &error);
	if (!s->reader || (s->identity && !journal_reader_unlock(s->reader, s->identity, &error)))
		return emit_end(s, JOURNAL_IO_ERROR, error->message);
	const gboolean trusted = s->pass == STREAM_SECOND && !s->segment->careful;
	journal_reader_set_mode(s->reader, trusted ? JOURNAL_READ_TRUSTED : JOURNAL_READ_VERIFY);
	journal_reader_seek(s->reader, &s->segment->from);
	while (s->reader)
		if (!read_frame(s))
			return FALSE;
	return TRUE;
}

static gpointer read_ahead(gpointer data)
{
	RecordStream *s = data;
	gboolean going = TRUE;
	for (guint i = 0; i < s->n && going; i++) {
		s->segment = s->segments[i];
		going = !s->segment->wanted || read_segment(s);
	}
	g_clear_pointer(&s->reader, journal_reader_free);
	if (going && next_item(s, ITEM_STREAM_END))
		s->filling->n++;
	if (s->filling)
		g_async_queue_push(s->full, g_steal_pointer(&s->filling));
	return NULL;
}

/* --- the caller --- */

RecordStream *record_stream_new(SyncSegment **segments, guint n, StreamPass pass, const RecordHooks *hooks, SyncContext *context)
{
	RecordStream *s = g_new0(RecordStream, 1);
	s->segments = segments;
	s->n = n;
	s->pass = pass;
	s->hooks = *hooks;
	s->context = context;
	s->identity = context->identity;
	s->full = g_async_queue_new();
	s->empty = g_async_queue_new();
	for (guint i = 0; i < N_BATCHES; i++)
		g_async_queue_push(s->empty, g_new0(Batch, 1));
	for (guint i = 0; i < n; i++)
		if (!segments[i]->wanted)
			sync_progress(context, segments[i]->size);
	s->thread = g_thread_new("journal-reader", read_ahead, s);
	return s;
}

static void batch_free(Batch *batch)
{
	for (guint i = 0; i < batch->n; i++)
		g_free(batch->items[i].warning);
	g_free(batch);
}

void record_stream_free(RecordStream *s)
{
	if (!s)
		return;
	g_atomic_int_set(&s->stop, TRUE);
	if (s->taking)
		g_async_queue_push(s->empty, g_steal_pointer(&s->taking));
	/* The thread may be waiting for an empty batch: what it filled is given back until it is gone. */
	for (Batch *batch = g_async_queue_try_pop(s->full); batch; batch = g_async_queue_try_pop(s->full))
		g_async_queue_push(s->empty, batch);
	g_thread_join(s->thread);
	for (Batch *batch = g_async_queue_try_pop(s->full); batch; batch = g_async_queue_try_pop(s->full))
		batch_free(batch);
	for (Batch *batch = g_async_queue_try_pop(s->empty); batch; batch = g_async_queue_try_pop(s->empty))
		batch_free(batch);
	g_async_queue_unref(s->full);
	g_async_queue_unref(s->empty);
	g_free(s);
}

static Item *take_item(RecordStream *s)
{
	if (s->taking && s->taken == s->taking->n)
		g_async_queue_push(s->empty, g_steal_pointer(&s->taking));
	if (!s->taking) {
		s->taking = g_async_queue_pop(s->full);
		s->taken = 0;
	}
	return &s->taking->items[s->taken++];
}

static void tell_progress(RecordStream *s, guint64 offset)
{
	if (offset <= s->told_offset)
		return;
	sync_progress(s->context, offset - s->told_offset);
	s->told_offset = offset;
}

static gboolean take_end(RecordStream *s, Item *item, GError **error)
{
	SyncSegment *segment = item->record.segment;
	tell_progress(s, segment->size);
	s->told_offset = 0;
	if (item->warning) {
		s->context->summary->refused++;
		sync_warn(s->context, "%s: %s: what could not be read was passed over", segment->path, item->warning);
		g_clear_pointer(&item->warning, g_free);
	}
	return s->hooks.end(s->hooks.user_data, segment, item->ending, error);
}

gboolean record_stream_next(RecordStream *s, const Record **ret_record, GError **error)
{
	*ret_record = NULL;
	while (!s->ended) {
		const gboolean between_batches = !s->taking || s->taken == s->taking->n;
		if (between_batches && sync_stopped(s->context, error))
			return FALSE;
		Item *item = take_item(s);
		switch (item->type) {
		case ITEM_RECORD:
			if (s->taken == 1)
				tell_progress(s, item->record.place.offset);
			*ret_record = &item->record;
			return TRUE;
		case ITEM_DAMAGE:
			if (!s->hooks.damage(s->hooks.user_data, item->record.segment, &item->record.place, error))
				return FALSE;
			break;
		case ITEM_SEGMENT_END:
			if (!take_end(s, item, error))
				return FALSE;
			break;
		case ITEM_STREAM_END:
			s->ended = TRUE;
			break;
		}
	}
	return TRUE;
}

gboolean record_stream_reject(RecordStream *s, const Record *record, GError **error)
{
	record->segment->unreadable++;
	return s->hooks.damage(s->hooks.user_data, record->segment, &record->place, error);
}
