/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/custody.h"

#include "error.h"
#include "sync/register.h"

static const char note_sql[] =
	"INSERT INTO custody (segment, read_time, program, bytes, chain, verification, frames, frames_proven, seals,"
	" proven_until_boottime_ms, sealed) SELECT s.id, strftime('%Y-%m-%dT%H:%M:%fZ','now'), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10"
	" FROM segment s WHERE s.digest=?1 AND NOT EXISTS (SELECT 1 FROM custody c WHERE c.id=(SELECT max(id) FROM custody WHERE"
	" segment=s.id) AND c.program=?2 AND c.bytes=?3 AND c.chain=?4 AND c.verification=?5 AND c.frames_proven=?7)";

static void count_word(SyncSummary *summary, const char *word)
{
	for (guint i = 0; i < SYNC_VERIFICATIONS; i++)
		if (g_str_equal(sync_verification_words[i], word))
			summary->verified[i]++;
}

static gboolean note_segment(Store *store, sqlite3_stmt *stmt, const VerifyRun *run, guint index, SyncSummary *summary, GError **error)
{
	const VerifySegment *s = &g_array_index(run->segments, VerifySegment, index);
	g_autofree char *digest = register_hex(s->header.digest, sizeof s->header.digest);
	g_autofree char *chain = register_hex(s->chain, sizeof s->chain);
	const char *word = verify_segment_word(run, index);
	const StoreValue values[] = {
		store_text(digest),
		store_text("jamlog " JAMLOG_VERSION),
		store_int((gint64)s->bytes),
		store_text(chain),
		store_text(word),
		store_int((gint64)s->frames),
		store_int((gint64)s->frames_proven),
		store_int((gint64)s->seals_good),
		store_int_if(s->proven_until.boottime_ns != 0, s->proven_until.boottime_ns / NS_PER_MS),
		store_int(s->header.n_recipients > 0),
	};
	count_word(summary, word);
	store_bind(stmt, 1, values, G_N_ELEMENTS(values));
	return store_run(store, stmt, error);
}

static gboolean note_all(Store *store, const VerifyReport *report, SyncSummary *summary, GError **error)
{
	g_autoptr(StoreStatement) stmt = store_prepare(store, note_sql, error);
	if (!stmt)
		return FALSE;
	for (guint i = 0; i < report->runs->len; i++) {
		const VerifyRun *run = report->runs->pdata[i];
		for (guint k = 0; k < run->segments->len; k++)
			if (!note_segment(store, stmt, run, k, summary, error))
				return FALSE;
	}
	return TRUE;
}

gboolean custody_note(Store *store, char *const *paths, SyncContext *context, GError **error)
{
	g_autoptr(VerifyReport) report = journal_verify(paths, NULL, error);
	return report && store_begin(store, error) && note_all(store, report, context->summary, error) && store_commit(store, error);
}
