/* The two passes over the records of a boot's segments.
 *
 * Fixes and sweeps, which are nearly all rows, go through store_insert_feed: the feed's callback pulls records until it has
 * one of the wanted kind, and enters the few others on the way by statements of their own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/boot.h"

#include "error.h"
#include "sync/register.h"

/* REALTIME is written down anew when it moved this far against BOOTTIME. */
#define WALL_STEP_MS 20
#define MAX_MODEMS   64

typedef struct {
	gint64 source, time_ms;
	ServiceState service;
	guint64 present;
	guint8 head[RECORD_HEAD_SIZE], tail[RECORD_TAIL_SIZE], rx_tuned, data_session;
	gint64 state, cell;
} Sweep;

typedef struct {
	Boot *boot;
	RecordStream *stream;
	const Record *record;
	const SyncSegment *wall_segment; /* whose first record was seen */
	Sweep last_sweep[MAX_MODEMS]; /* by source % MAX_MODEMS */
	guint8 point[16];
	guint8 cells[OBSERVATION_MAX_CELLS * STORE_HEARD_SIZE];
} Pass;

static gint64 row_id(const Pass *pass)
{
	return STORE_ID(pass->record->segment->recording, pass->record->observation.sequence);
}

static gboolean sequence_fits(const Observation *o)
{
	return o->sequence >= 1 && o->sequence <= STORE_MAX_SEQUENCE;
}

/* Enters an observation of any kind but radio by its own statement. */
static gboolean insert_kind(Pass *pass, GError **error)
{
	const Observation *o = &pass->record->observation;
	SyncTools *tools = pass->boot->tools;
	StoreValue values[STORE_FEED_MAX_COLUMNS];
	gint64 utc_ms = 0, error_ms = 0;
	gboolean known = FALSE;
	Place place;
	const gint64 source = store_dict_name(tools->sources, o->source, error);
	if (source < 0)
		return FALSE;
	guint n = 0;
	values[n++] = store_int(row_id(pass));
	values[n++] = store_int(boot_ms(o->at.boottime_ns));
	values[n++] = store_int(source);
	if (store_kind_has_utc(o->kind)) {
		if (!utc_map_at(pass->boot->utc, boot_ms(o->at.boottime_ns), &known, &utc_ms, &error_ms, error))
			return FALSE;
		values[n++] = store_int_if(known, utc_ms);
		values[n++] = store_int_if(known, error_ms);
	}
	if (store_kind_has_place(o->kind)) {
		if (!fix_cursor_place(pass->boot->fixes, boot_ms(o->at.boottime_ns), &place, error))
			return FALSE;
		boot_place_values(&place, pass->point, values + n);
		n += 3;
	}
	n += store_kind_values(o, values + n);
	store_bind(tools->insert_kind[o->kind], 1, values, n);
	return store_run(tools->store, tools->insert_kind[o->kind], error);
}

/* --- first pass: clock and fix --- */

static gboolean find_wall(Pass *pass, GError **error)
{
	Boot *boot = pass->boot;
	sqlite3_stmt *find = boot->tools->find_wall;
	gboolean row;
	sqlite3_bind_int64(find, 1, STORE_ID(pass->record->segment->recording, pass->record->segment->header.first_sequence));
	sqlite3_bind_int64(find, 2, row_id(pass));
	if (!store_step(boot->tools->store, find, &row, error))
		return FALSE;
	boot->wall_known = row;
	if (row) {
		boot->wall_offset_ms = sqlite3_column_int64(find, 0);
		boot->wall_state = (ClockState)sqlite3_column_int(find, 1);
	}
	sqlite3_reset(find);
	return TRUE;
}

/* What the device's own clock says, wherever that changes. Each segment begins with it, so that the order in which segments come
 * makes no difference. */
static gboolean note_wall(Pass *pass, GError **error)
{
	Boot *boot = pass->boot;
	const ClockReading *at = &pass->record->observation.at;
	const gint64 offset = boot_ms(at->realtime_ns) - boot_ms(at->boottime_ns); /* a hostile REALTIME must not overflow */
	if (pass->wall_segment != pass->record->segment && !find_wall(pass, error))
		return FALSE;
	pass->wall_segment = pass->record->segment;
	if (boot->wall_known && at->state == boot->wall_state && ABS(offset - boot->wall_offset_ms) <= WALL_STEP_MS)
		return TRUE;
	boot->wall_known = TRUE;
	boot->wall_offset_ms = offset;
	boot->wall_state = at->state;
	sqlite3_stmt *insert = boot->tools->insert_wall;
	sqlite3_bind_int64(insert, 1, row_id(pass));
	sqlite3_bind_int64(insert, 2, boot_ms(at->boottime_ns));
	sqlite3_bind_int64(insert, 3, offset);
	sqlite3_bind_text(insert, 4, clock_state_name(at->state), -1, SQLITE_STATIC);
	return store_run(boot->tools->store, insert, error);
}

/* Counts a record and notes its clocks; *ret_kind 0 for one that is not to be looked at further. */
static gboolean take_head(Pass *pass, guint *ret_kind, GError **error)
{
	const Observation *o = &pass->record->observation;
	SyncSummary *summary = pass->boot->tools->context->summary;
	*ret_kind = 0;
	if (pass->record->parse == OBSERVATION_MALFORMED || !sequence_fits(o))
		return record_stream_reject(pass->stream, pass->record, error);
	if (!note_wall(pass, error))
		return FALSE;
	pass->record->segment->observations++;
	pass->boot->any_read = TRUE;
	if (pass->record->parse == OBSERVATION_UNKNOWN_KIND) {
		summary->newer_kind++;
		return TRUE;
	}
	summary->observations[o->kind]++;
	*ret_kind = o->kind;
	return TRUE;
}

/* By the same rules as the table is read (fixes.c). */
static void spool_fix(Boot *boot, gint64 recording, const Observation *o, gint64 time_ms)
{
	const FixFields *f = &o->fix;
	const PlaceFix fix = {
		.time_ms = time_ms,
		.lat_e7 = f->lat_e7,
		.lon_e7 = f->lon_e7,
		.error_m = FIX_HAS(o, eph_cm) ? f->eph_cm / 100.0 : PLACE_UNTOLD_ERROR_M,
		.speed_m_s = FIX_HAS(o, speed_cm_s) ? f->speed_cm_s / 100.0 : 0,
	};
	if (!boot->spool || !FIX_HAS(o, mode) || (f->mode != FIX_MODE_2D && f->mode != FIX_MODE_3D) || time_ms < 0)
		return;
	if (!fix_spool_add(boot->spool, recording, &fix))
		g_clear_pointer(&boot->spool, fix_spool_free);
}

static void note_fix(Boot *boot, gint64 recording, const Observation *o)
{
	const FixFields *f = &o->fix;
	const gint64 time_ms = boot_ms(o->at.boottime_ns) - (FIX_HAS(o, age_ms) ? f->age_ms : 0);
	if (FIX_HAS(o, mode) && f->mode <= FIX_MODE_3D)
		boot->tools->context->summary->fixes_by_mode[f->mode]++;
	if (!FIX_HAS(o, lat_e7) || !FIX_HAS(o, lon_e7))
		return;
	boot->fixes_from_ms = MIN(boot->fixes_from_ms, time_ms);
	boot->fixes_to_ms = MAX(boot->fixes_to_ms, time_ms);
	if (ABS((gint64)f->lat_e7) > 900000000 || ABS((gint64)f->lon_e7) > 1800000000)
		return; /* nor does it place a sweep (fixes.c) */
	boot->south_e7 = MIN(boot->south_e7, f->lat_e7);
	boot->north_e7 = MAX(boot->north_e7, f->lat_e7);
	boot->west_e7 = MIN(boot->west_e7, f->lon_e7);
	boot->east_e7 = MAX(boot->east_e7, f->lon_e7);
	spool_fix(boot, recording, o, time_ms);
}

static gboolean next_fix(gpointer user_data, StoreValue *ret_values, gboolean *ret_row, GError **error)
{
	Pass *pass = user_data;
	guint kind;
	do {
		if (!record_stream_next(pass->stream, &pass->record, error))
			return FALSE;
		*ret_row = pass->record != NULL;
		if (!*ret_row)
			return TRUE;
		if (!take_head(pass, &kind, error) || (kind == OBSERVATION_CLOCK && !insert_kind(pass, error)))
			return FALSE;
	} while (kind != OBSERVATION_FIX);
	const Observation *o = &pass->record->observation;
	const gint64 source = store_dict_name(pass->boot->tools->sources, o->source, error);
	ret_values[0] = store_int(row_id(pass));
	ret_values[1] = store_int(boot_ms(o->at.boottime_ns));
	ret_values[2] = store_int(source);
	memcpy(ret_values + 3, pass->record->values, observation_table(OBSERVATION_FIX)->n_fields * sizeof *ret_values);
	note_fix(pass->boot, pass->record->segment->recording, o);
	return source >= 0;
}

/* --- second pass: the rest --- */

static void count_service(Pass *pass, gint64 source, gint64 time_ms)
{
	SyncSummary *summary = pass->boot->tools->context->summary;
	Sweep *last = &pass->last_sweep[source % MAX_MODEMS];
	if (last->time_ms < time_ms)
		summary->service_ms[last->service] += (guint64)MIN(time_ms - last->time_ms, STORE_SWEEP_MS);
	last->time_ms = time_ms;
	last->service = observation_service_state(&pass->record->observation);
}

static gboolean date_and_place(Pass *pass, gint64 time_ms, StoreValue *ret_values, GError **error)
{
	Place place;
	gboolean known;
	gint64 utc_ms = 0, error_ms = 0;
	if (!utc_map_at(pass->boot->utc, time_ms, &known, &utc_ms, &error_ms, error) ||
	    !fix_cursor_place(pass->boot->fixes, time_ms, &place, error))
		return FALSE;
	ret_values[STORE_RADIO_UTC_MS] = store_int_if(known, utc_ms);
	ret_values[STORE_RADIO_UTC_ERROR_MS] = store_int_if(known, error_ms);
	boot_place_values(&place, pass->point, ret_values + STORE_RADIO_POSITION);
	pass->boot->tools->context->summary->positions[place.state]++;
	return TRUE;
}

static gboolean heard_cells(Pass *pass, StoreValue *ret_value, GError **error)
{
	const Observation *o = &pass->record->observation;
	guint32 length = 0;
	*ret_value = store_null();
	if (!RADIO_HAS(o, cells))
		return TRUE;
	for (guint i = 0; i < o->radio.cells.n; i++) {
		const Cell *cell = &o->radio.cells.cell[i];
		const gint64 heard = store_dict_fields(pass->boot->tools->heard, cell->present, cell, error);
		if (heard < 0)
			return FALSE;
		if (heard > STORE_HEARD_MAX_ID)
			continue; /* sixteen million different cells: the journal is no honest one */
		store_heard_encode(pass->cells + length, heard, cell);
		length += STORE_HEARD_SIZE;
	}
	*ret_value = store_blob(pass->cells, length);
	return TRUE;
}

static gboolean take_signals(Pass *pass, StoreValue *ret_common, GError **error)
{
	SyncTools *tools = pass->boot->tools;
	StoreValue more[STORE_N_SIGNALS];
	guint n_more = 0;
	gboolean any = FALSE;
	more[n_more++] = store_int(row_id(pass));
	for (guint i = 0; i < STORE_N_SIGNALS; i++) {
		const StoreValue value = pass->record->values[i];
		if (store_signals[i].common) {
			*ret_common++ = value;
		} else {
			more[n_more++] = value;
			any = any || value.type != STORE_NULL;
		}
	}
	if (!any)
		return TRUE;
	store_bind(tools->insert_more, 1, more, n_more);
	return store_run(tools->store, tools->insert_more, error);
}

/* State, cell and service of a sweep, which mostly are those of the modem's last one. */
static gboolean look_up(Pass *pass, gint64 source, const Sweep **ret_sweep, GError **error)
{
	const Observation *o = &pass->record->observation;
	SyncTools *tools = pass->boot->tools;
	Sweep *last = &pass->last_sweep[source % MAX_MODEMS];
	const guint64 present = o->present & RECORD_STATE_FIELDS;
	const guint8 *tail = (const guint8 *)&o->radio + RECORD_TAIL_OFFSET;
	*ret_sweep = last;
	if (last->source == source && last->present == present && last->rx_tuned == o->radio.rx_tuned &&
	    last->data_session == o->radio.data_session && memcmp(last->head, &o->radio, RECORD_HEAD_SIZE) == 0 &&
	    memcmp(last->tail, tail, RECORD_TAIL_SIZE) == 0)
		return TRUE;
	last->state = store_dict_fields(tools->states, o->present, &o->radio, error);
	last->cell = last->state < 0 ? -1 : store_dict_fields(tools->cells, o->present, &o->radio, error);
	if (last->cell < 0)
		return FALSE;
	if (last->source != source)
		last->time_ms = G_MAXINT64;
	last->source = source;
	last->present = present;
	memcpy(last->head, &o->radio, RECORD_HEAD_SIZE);
	memcpy(last->tail, tail, RECORD_TAIL_SIZE);
	last->rx_tuned = o->radio.rx_tuned;
	last->data_session = o->radio.data_session;
	return TRUE;
}

static gboolean fill_sweep(Pass *pass, StoreValue *ret_values, GError **error)
{
	const Observation *o = &pass->record->observation;
	const Sweep *sweep;
	const gint64 time_ms = boot_ms(o->at.boottime_ns);
	const gint64 source = store_dict_name(pass->boot->tools->sources, o->source, error);
	if (source < 0 || !look_up(pass, source, &sweep, error) || !date_and_place(pass, time_ms, ret_values, error) ||
	    !heard_cells(pass, &ret_values[STORE_RADIO_CELLS], error) ||
	    !take_signals(pass, ret_values + STORE_RADIO_FIRST_SIGNAL, error))
		return FALSE;
	ret_values[STORE_RADIO_ID] = store_int(row_id(pass));
	ret_values[STORE_RADIO_BOOTTIME_MS] = store_int(time_ms);
	ret_values[STORE_RADIO_SOURCE] = store_int(source);
	ret_values[STORE_RADIO_STATE] = store_int(sweep->state);
	ret_values[STORE_RADIO_CELL] = store_int(sweep->cell);
	count_service(pass, source, time_ms);
	return TRUE;
}

static gboolean next_sweep(gpointer user_data, StoreValue *ret_values, gboolean *ret_row, GError **error)
{
	Pass *pass = user_data;
	for (;;) {
		if (!record_stream_next(pass->stream, &pass->record, error))
			return FALSE;
		*ret_row = pass->record != NULL;
		if (!*ret_row)
			return TRUE;
		const Observation *o = &pass->record->observation;
		if (!sequence_fits(o))
			continue; /* the first pass reported it */
		if (pass->record->parse != OBSERVATION_OK) {
			if (!record_stream_reject(pass->stream, pass->record, error))
				return FALSE;
		} else if (o->kind == OBSERVATION_RADIO) {
			return fill_sweep(pass, ret_values, error);
		} else if (!insert_kind(pass, error)) {
			return FALSE;
		}
	}
}

static gboolean run_pass(Boot *boot, SyncSegment **segments, guint n, StreamPass which, GError **error)
{
	const gboolean second = which == STREAM_SECOND;
	g_autofree Pass *pass = g_new0(Pass, 1);
	const RecordHooks hooks = second ? register_second_hooks(boot) : register_first_hooks(boot);
	guint n_columns = STORE_RADIO_N_COLUMNS;
	g_autofree char *columns = second ? store_radio_columns() : store_kind_columns(OBSERVATION_FIX, &n_columns);
	g_autoptr(RecordStream) stream = record_stream_new(segments, n, which, &hooks, boot->tools->context);
	pass->boot = boot;
	pass->stream = stream;
	return store_insert_feed(boot->tools->store, second ? "radio" : "fix", columns, n_columns, second ? next_sweep : next_fix,
				 pass, error);
}

gboolean boot_take_fixes(Boot *boot, SyncSegment **segments, guint n, GError **error)
{
	return run_pass(boot, segments, n, STREAM_FIRST, error);
}

gboolean boot_take_rest(Boot *boot, SyncSegment **segments, guint n, GError **error)
{
	return run_pass(boot, segments, n, STREAM_SECOND, error);
}
