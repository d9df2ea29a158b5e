/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/custody.h"

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
	g_autofree char *digest = bytes_to_hex(s->header.digest, sizeof s->header.digest);
	g_autofree char *chain = bytes_to_hex(s->chain, sizeof s->chain);
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

/* --- the thread --- */

struct Custody {
	char *const *paths;
	GThread *thread; /* NULL: joined */
	VerifyReport *report;
	GError *error;
};

static gpointer verify(gpointer data)
{
	Custody *c = data;
	c->report = journal_verify(c->paths, NULL, &c->error);
	return NULL;
}

Custody *custody_new(char *const *paths)
{
	Custody *c = g_new0(Custody, 1);
	c->paths = paths;
	c->thread = g_thread_new("journal-verifier", verify, c);
	return c;
}

static void join(Custody *c)
{
	if (c->thread)
		g_thread_join(g_steal_pointer(&c->thread));
}

void custody_free(Custody *c)
{
	if (!c)
		return;
	if (c->thread) { /* the sync failed or was stopped: nobody waits for this, it ends with the process */
		g_thread_unref(c->thread);
		return;
	}
	verify_report_free(c->report);
	g_clear_error(&c->error);
	g_free(c);
}

gboolean custody_note(Custody *c, Store *store, SyncContext *context, GError **error)
{
	join(c);
	if (!c->report) {
		g_propagate_error(error, g_steal_pointer(&c->error));
		return FALSE;
	}
	return store_begin(store, error) && note_all(store, c->report, context->summary, error) && store_commit(store, error);
}
