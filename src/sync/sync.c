/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync.h"

#include "sync/boot.h"
#include "error.h"
#include "sync/custody.h"

const char *const sync_verification_words[SYNC_VERIFICATIONS] = {"proven", "unproven", "unsigned", "missing", "damaged", "tampered"};

void sync_tools_free(SyncTools *tools)
{
	if (!tools)
		return;
	store_dict_free(tools->states);
	store_dict_free(tools->cells);
	store_dict_free(tools->heard);
	store_dict_free(tools->sources);
	for (guint kind = 0; kind <= OBSERVATION_KIND_MAX; kind++)
		sqlite3_finalize(tools->insert_kind[kind]);
	sqlite3_finalize(tools->find_segment);
	sqlite3_finalize(tools->insert_segment);
	sqlite3_finalize(tools->update_segment);
	sqlite3_finalize(tools->insert_damage);
	sqlite3_finalize(tools->find_wall);
	sqlite3_finalize(tools->insert_wall);
	sqlite3_finalize(tools->insert_more);
	g_free(tools);
}

static sqlite3_stmt *prepare_insert(Store *store, const char *table, const char *columns, guint n, GError **error)
{
	g_autoptr(GString) sql = g_string_new(NULL);
	g_string_printf(sql, "INSERT OR IGNORE INTO %s (%s) VALUES (?", table, columns);
	for (guint i = 1; i < n; i++)
		g_string_append(sql, ",?");
	g_string_append_c(sql, ')');
	return store_prepare(store, sql->str, error);
}

static gboolean prepare_kinds(SyncTools *tools, GError **error)
{
	g_autofree char *more = store_radio_more_columns();
	tools->insert_more =
		prepare_insert(tools->store, "radio_more", more, 1 + STORE_N_SIGNALS - STORE_N_COMMON_SIGNALS, error);
	if (!tools->insert_more)
		return FALSE;
	for (ObservationKind kind = OBSERVATION_RUN; kind <= OBSERVATION_KIND_MAX; kind++) {
		guint n;
		if (kind == OBSERVATION_RADIO || kind == OBSERVATION_FIX)
			continue;
		g_autofree char *columns = store_kind_columns(kind, &n);
		tools->insert_kind[kind] = prepare_insert(tools->store, observation_table(kind)->name, columns, n, error);
		if (!tools->insert_kind[kind])
			return FALSE;
	}
	return TRUE;
}

static gboolean prepare_books(SyncTools *tools, GError **error)
{
	const struct {
		sqlite3_stmt **stmt;
		const char *sql;
	} all[] = {
		{&tools->find_segment, "SELECT id, recording, read_offset, next_frame, chain, observations, unreadable,"
				       " (SELECT count(*) FROM damage WHERE segment=s.id) FROM segment s WHERE digest=?"},
		{&tools->insert_segment,
		 "INSERT INTO segment (digest, recording, number, file_name, created_boottime_ms,"
		 " created_realtime_ms, clock_state, first_sequence, previous, read_offset, next_frame, chain,"
		 " ending, observations, unreadable) VALUES (?,?,?,?,?,?,?,?,?,0,0,'','open',0,0)"},
		{&tools->update_segment, "UPDATE segment SET file_name=?, read_offset=?, next_frame=?, chain=?,"
					 " ending=CASE ending WHEN 'final' THEN ending ELSE ?5 END, observations=?, unreadable=?"
					 " WHERE id=?"},
		{&tools->insert_damage, "INSERT INTO damage (segment, file_offset, length, reason) VALUES (?,?,?,?)"},
		{&tools->find_wall, "SELECT offset_ms, CASE clock_state WHEN 'ntp' THEN 2 WHEN 'manual' THEN 1 ELSE 0 END"
				    " FROM wall WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1"},
		{&tools->insert_wall, "INSERT OR IGNORE INTO wall (id, boottime_ms, offset_ms, clock_state) VALUES (?,?,?,?)"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
		*all[i].stmt = store_prepare(tools->store, all[i].sql, error);
		if (!*all[i].stmt)
			return FALSE;
	}
	return TRUE;
}

SyncTools *sync_tools_new(Store *store, SyncContext *context, GError **error)
{
	g_autoptr(SyncTools) tools = g_new0(SyncTools, 1);
	tools->store = store;
	tools->context = context;
	tools->states = store_dict_new(store, STORE_DICT_STATE, error);
	tools->cells = tools->states ? store_dict_new(store, STORE_DICT_CELL, error) : NULL;
	tools->heard = tools->cells ? store_dict_new(store, STORE_DICT_HEARD, error) : NULL;
	tools->sources = tools->heard ? store_dict_new(store, STORE_DICT_SOURCE, error) : NULL;
	if (!tools->sources || !prepare_kinds(tools, error) || !prepare_books(tools, error))
		return NULL;
	return g_steal_pointer(&tools);
}

/* What is known to be damaged when all copies are read. */
static gboolean count_damage(SyncTools *tools, GPtrArray *segments, GError **error)
{
	g_autoptr(StoreStatement) stmt =
		store_prepare(tools->store, "SELECT count(*), total(length) FROM damage WHERE segment=?", error);
	if (!stmt)
		return FALSE;
	for (guint i = 0; i < segments->len; i++) {
		const SyncSegment *segment = segments->pdata[i];
		gboolean row;
		if (segment->copy > 0)
			continue; /* counted with the first */
		sqlite3_bind_int64(stmt, 1, segment->id);
		if (!store_step(tools->store, stmt, &row, error))
			return FALSE;
		tools->context->summary->damages += (guint64)sqlite3_column_int64(stmt, 0);
		tools->context->summary->damaged_bytes += (guint64)sqlite3_column_double(stmt, 1);
		sqlite3_reset(stmt);
	}
	return TRUE;
}

static gboolean sync_boots(SyncTools *tools, GPtrArray *segments, GError **error)
{
	SyncSegment **all = (SyncSegment **)segments->pdata;
	guint end;
	for (guint first = 0; first < segments->len; first = end) {
		for (end = first + 1; end < segments->len && sync_segment_same_group(all[first], all[end]); end++)
			;
		if (!boot_sync(tools, all + first, end - first, error))
			return FALSE;
		tools->context->kept = !store_is_new(tools->store);
	}
	return TRUE;
}

gboolean sync_journals(char *const *paths, const char *database, const JournalIdentity *identity, const SyncReport *report,
		       SyncSummary *ret_summary, GError **error)
{
	SyncContext context = {.summary = ret_summary, .report = report, .identity = identity};
	*ret_summary = (SyncSummary){0};
	g_autoptr(GPtrArray) segments = sync_segments_collect(paths, &context);
	if (segments->len == 0 && ret_summary->sealed > 0) {
		g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS,
				    identity ? "nothing was read: all journals are sealed to other keys"
					     : "nothing was read: all journals are sealed");
		return FALSE;
	}
	if (segments->len == 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_DATA,
			    "no journal to read: give the folder that \"jamlog record\" wrote, or its *" JOURNAL_SUFFIX " files");
		return FALSE;
	}
	g_autoptr(Store) store = store_open_write(database, error);
	if (!store)
		return FALSE;
	g_autoptr(Custody) custody = custody_new(paths);
	{
		g_autoptr(SyncTools) tools = sync_tools_new(store, &context, error);
		if (!tools || !sync_boots(tools, segments, error) || !count_damage(tools, segments, error))
			return FALSE;
	}
	if (!custody_note(custody, store, &context, error))
		return FALSE;
	return store_finish(store, error);
}
