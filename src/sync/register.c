/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/register.h"

#include "error.h"

static void unhex(const char *text, guint8 *ret_bytes, gsize n)
{
	for (gsize i = 0; i < n && text && text[0] && text[1]; i++, text += 2)
		ret_bytes[i] = (guint8)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
}

/* Finds the row of `table` with these values of two columns, or enters it. */
static gboolean find_or_enter(Store *store, const char *table, const char *columns, const StoreValue *values, gint64 *ret_id,
			      gboolean *ret_existed, GError **error)
{
	g_autofree char *find_sql = g_strdup_printf("SELECT id FROM %s WHERE (%s) = (?,?)", table, columns);
	g_autofree char *enter_sql = g_strdup_printf("INSERT INTO %s (%s) VALUES (?,?)", table, columns);
	g_autoptr(StoreStatement) find = store_prepare(store, find_sql, error);
	g_autoptr(StoreStatement) enter = find ? store_prepare(store, enter_sql, error) : NULL;
	if (!enter)
		return FALSE;
	store_bind(find, 1, values, 2);
	if (!store_step(store, find, ret_existed, error))
		return FALSE;
	if (*ret_existed) {
		*ret_id = sqlite3_column_int64(find, 0);
		return TRUE;
	}
	store_bind(enter, 1, values, 2);
	if (!store_run(store, enter, error))
		return FALSE;
	*ret_id = sqlite3_last_insert_rowid(store_db(store));
	return TRUE;
}

gboolean register_boot(Store *store, const JournalSegment *header, gint64 *ret_id, gboolean *ret_existed, GError **error)
{
	g_autofree char *device = bytes_to_hex(header->device_id, sizeof header->device_id);
	g_autofree char *boot = bytes_to_hex(header->boot_id.bytes, sizeof header->boot_id.bytes);
	const StoreValue values[] = {store_text(device), store_text(boot)};
	return find_or_enter(store, "boot", "device_id, boot_id", values, ret_id, ret_existed, error);
}

static gboolean find_recording(Boot *boot, const JournalSegment *header, gint64 *ret_id, GError **error)
{
	gboolean existed;
	g_autofree char *run = bytes_to_hex(header->run_id, sizeof header->run_id);
	const StoreValue values[] = {store_int(boot->id), store_text(run)};
	if (!find_or_enter(boot->tools->store, "recording", "boot, run_id", values, ret_id, &existed, error))
		return FALSE;
	if (*ret_id <= STORE_MAX_RECORDING)
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED,
		    "%s holds %d recordings, and no more fit: sync the rest into another file", store_path(boot->tools->store),
		    STORE_MAX_RECORDING);
	return FALSE;
}

gboolean register_known(Boot *boot, GError **error)
{
	GString *sql = g_string_new("SELECT n.id, max(0");
	for (guint kind = 1; kind <= OBSERVATION_KIND_MAX; kind++)
		g_string_append_printf(sql, ", coalesce((SELECT max(id) FROM %s WHERE id > n.id<<32 AND id < (n.id+1)<<32), 0)",
				       observation_table((ObservationKind)kind)->name);
	g_string_append(sql, ") FROM recording n WHERE n.boot=?");
	g_autofree char *text = g_string_free(sql, FALSE);
	g_autoptr(StoreStatement) stmt = store_prepare(boot->tools->store, text, error);
	if (!stmt)
		return FALSE;
	sqlite3_bind_int64(stmt, 1, boot->id);
	for (;;) {
		gboolean row;
		if (!store_step(boot->tools->store, stmt, &row, error))
			return FALSE;
		if (!row)
			return TRUE;
		const KnownRecording known = {sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1)};
		g_array_append_val(boot->known, known);
	}
}

gboolean register_bounds(Boot *boot, GError **error)
{
	Store *store = boot->tools->store;
	if (!boot->any_read)
		return TRUE;
	g_autoptr(StoreStatement) stmt = store_prepare(
		store, "UPDATE gpkg_contents SET last_change=strftime('%Y-%m-%dT%H:%M:%fZ','now'),"
		" min_x=min(coalesce(min_x,?1),?1), min_y=min(coalesce(min_y,?2),?2), max_x=max(coalesce(max_x,?3),?3),"
		" max_y=max(coalesce(max_y,?4),?4) WHERE data_type='features'", error);
	if (!stmt)
		return FALSE;
	if (boot->south_e7 > boot->north_e7)
		return store_exec(store, "UPDATE gpkg_contents SET last_change=strftime('%Y-%m-%dT%H:%M:%fZ','now')"
				  " WHERE data_type='features'", error);
	sqlite3_bind_double(stmt, 1, boot->west_e7 / 1e7);
	sqlite3_bind_double(stmt, 2, boot->south_e7 / 1e7);
	sqlite3_bind_double(stmt, 3, boot->east_e7 / 1e7);
	sqlite3_bind_double(stmt, 4, boot->north_e7 / 1e7);
	return store_run(store, stmt, error);
}

/* --- segments --- */

static gboolean enter_segment(Boot *boot, SyncSegment *segment, const char *digest, GError **error)
{
	const JournalSegment *h = &segment->header;
	sqlite3_stmt *insert = boot->tools->insert_segment;
	g_autofree char *name = g_path_get_basename(segment->path);
	g_autofree char *name_utf8 = g_utf8_make_valid(name, -1);
	g_autofree char *previous = bytes_to_hex(h->previous, sizeof h->previous);
	if (!find_recording(boot, h, &segment->recording, error))
		return FALSE;
	const char *state = clock_state_name(h->created.state);
	const StoreValue values[] = {
		store_text(digest),
		store_int(segment->recording),
		store_int(h->number),
		store_text(name_utf8),
		store_int(boot_ms(h->created.boottime_ns)),
		store_int(boot_ms(h->created.realtime_ns)),
		store_text(state),
		store_int((gint64)MIN(h->first_sequence, (guint64)G_MAXINT64)),
		store_text(previous),
	};
	store_bind(insert, 1, values, G_N_ELEMENTS(values));
	if (!store_run(boot->tools->store, insert, error))
		return FALSE;
	segment->id = sqlite3_last_insert_rowid(store_db(boot->tools->store));
	segment->wanted = TRUE;
	boot->tools->context->summary->segments_new++;
	return TRUE;
}

static gboolean forget_damage(Boot *boot, const SyncSegment *segment, GError **error)
{
	g_autofree char *sql = g_strdup_printf("DELETE FROM damage WHERE segment=%" G_GINT64_FORMAT, segment->id);
	return store_exec(boot->tools->store, sql, error);
}

/* Where to go on in a segment that is known. One with damage is read again from its start: this may be a better copy. */
static gboolean resume_segment(Boot *boot, SyncSegment *segment, sqlite3_stmt *found, GError **error)
{
	segment->id = sqlite3_column_int64(found, 0);
	segment->recording = sqlite3_column_int64(found, 1);
	const gboolean damaged = sqlite3_column_int64(found, 7) > 0;
	segment->wanted = TRUE;
	if (damaged)
		return forget_damage(boot, segment, error);
	segment->from.offset = (guint64)sqlite3_column_int64(found, 2);
	segment->from.frame_number = (guint32)sqlite3_column_int64(found, 3);
	unhex((const char *)sqlite3_column_text(found, 4), segment->from.chain, sizeof segment->from.chain);
	segment->observations = (guint64)sqlite3_column_int64(found, 5);
	segment->wanted = segment->size > segment->from.offset;
	segment->to = segment->from;
	if (!segment->wanted)
		boot->tools->context->summary->segments_unchanged++;
	return TRUE;
}

static gboolean register_segment(Boot *boot, SyncSegment *segment, GError **error)
{
	g_autofree char *digest = bytes_to_hex(segment->header.digest, sizeof segment->header.digest);
	sqlite3_stmt *find = boot->tools->find_segment;
	gboolean row;
	sqlite3_bind_text(find, 1, digest, -1, SQLITE_STATIC);
	if (!store_step(boot->tools->store, find, &row, error))
		return FALSE;
	const gboolean ok = row ? resume_segment(boot, segment, find, error) : enter_segment(boot, segment, digest, error);
	sqlite3_reset(find);
	return ok;
}

gboolean register_segments(Boot *boot, SyncSegment **segments, guint n, GError **error)
{
	for (guint i = 0; i < n; i++)
		if (!register_segment(boot, segments[i], error))
			return FALSE;
	return TRUE;
}

static gboolean enter_damage(gpointer user_data, SyncSegment *segment, const JournalDamage *damage, GError **error)
{
	Boot *boot = user_data;
	sqlite3_stmt *insert = boot->tools->insert_damage;
	sqlite3_bind_int64(insert, 1, segment->id);
	sqlite3_bind_int64(insert, 2, (gint64)damage->offset);
	sqlite3_bind_int64(insert, 3, (gint64)damage->length);
	sqlite3_bind_text(insert, 4, damage->reason, -1, SQLITE_STATIC);
	return store_run(boot->tools->store, insert, error);
}

static const char *ending_word(JournalResult ending)
{
	if (ending == JOURNAL_END_FINAL)
		return "final";
	return ending == JOURNAL_END_TORN ? "torn" : "open";
}

static gboolean first_end(gpointer user_data, SyncSegment *segment, JournalResult ending, GError **error)
{
	Boot *boot = user_data;
	SyncSummary *summary = boot->tools->context->summary;
	g_autofree char *chain = bytes_to_hex(segment->to.chain, sizeof segment->to.chain);
	sqlite3_stmt *update = boot->tools->update_segment;
	const gboolean news = segment->to.offset > segment->from.offset;
	segment->wanted = news; /* in the second pass */
	if (ending == JOURNAL_END_TORN)
		summary->torn_tails++;
	if (segment->from.offset > 0)
		*(news ? &summary->segments_grown : &summary->segments_unchanged) += 1;
	g_autofree char *name = g_path_get_basename(segment->path);
	g_autofree char *name_utf8 = g_utf8_make_valid(name, -1);
	const char *word = ending_word(ending);
	const StoreValue values[] = {
		store_text(name_utf8),
		store_int((gint64)segment->to.offset),
		store_int(segment->to.frame_number),
		store_text(chain),
		store_text(word),
		store_int((gint64)segment->observations),
		store_int((gint64)segment->unreadable),
		store_int(segment->id),
	};
	store_bind(update, 1, values, G_N_ELEMENTS(values));
	return store_run(boot->tools->store, update, error);
}

/* Records that only the second pass found unreadable. */
static gboolean second_end(gpointer user_data, SyncSegment *segment, JournalResult ending, GError **error)
{
	(void)ending;
	Boot *boot = user_data;
	if (segment->unreadable == 0)
		return TRUE;
	g_autofree char *sql = g_strdup_printf("UPDATE segment SET unreadable=%" G_GUINT64_FORMAT " WHERE id=%" G_GINT64_FORMAT,
					       segment->unreadable, segment->id);
	return store_exec(boot->tools->store, sql, error);
}

RecordHooks register_first_hooks(Boot *boot)
{
	return (RecordHooks){enter_damage, first_end, boot};
}

RecordHooks register_second_hooks(Boot *boot)
{
	return (RecordHooks){enter_damage, second_end, boot};
}
