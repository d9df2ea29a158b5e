/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "journal/checkpoint.h"
#include "journal/verify_segment.h"
#include "journal/verify_set.h"

const char *const verify_class_words[] = {"tampered", "damaged", "missing", "unknown"};

static void clear_segment(gpointer segment)
{
	g_free(((VerifySegment *)segment)->path);
}

VerifyRun *verify_run_new(const JournalSegment *header)
{
	VerifyRun *run = g_new0(VerifyRun, 1);
	memcpy(run->device_id, header->device_id, sizeof run->device_id);
	memcpy(run->run_id, header->run_id, sizeof run->run_id);
	run->segments = g_array_new(FALSE, FALSE, sizeof(VerifySegment));
	g_array_set_clear_func(run->segments, clear_segment);
	run->findings = verify_findings_new();
	return run;
}

static void run_free(gpointer data)
{
	VerifyRun *run = data;
	g_array_unref(run->segments);
	g_array_unref(run->findings);
	g_free(run);
}

VerifyReport *verify_report_new(void)
{
	VerifyReport *report = g_new0(VerifyReport, 1);
	report->runs = g_ptr_array_new_with_free_func(run_free);
	report->refused = g_ptr_array_new_with_free_func(g_free);
	report->broken = g_ptr_array_new_with_free_func(g_free);
	return report;
}

void verify_report_free(VerifyReport *report)
{
	if (!report)
		return;
	g_ptr_array_unref(report->runs);
	g_ptr_array_unref(report->refused);
	g_ptr_array_unref(report->broken);
	g_free(report);
}

VerifyReport *journal_verify(char *const *paths, const char *checkpoint, GError **error)
{
	guint64 value;
	if (checkpoint && !journal_checkpoint_parse(checkpoint, &value, error))
		return NULL;
	g_autoptr(VerifyReport) report = verify_report_new();
	g_autoptr(GPtrArray) sources = verify_collect(paths, report);
	if (sources->len + report->refused->len + report->broken->len + report->empty == 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_DATA, "there is no journal to verify in %s", *paths);
		return NULL;
	}
	verify_set(sources, checkpoint ? &value : NULL, report);
	return g_steal_pointer(&report);
}

VerifyClass verify_run_class(const VerifyRun *run)
{
	VerifyClass worst = VERIFY_UNKNOWN;
	for (guint i = 0; i < run->findings->len; i++)
		worst = MIN(worst, g_array_index(run->findings, VerifyFinding, i).class);
	return worst;
}

const char *verify_segment_word(const VerifyRun *run, guint segment)
{
	VerifyClass worst = VERIFY_UNKNOWN;
	for (guint i = 0; i < run->findings->len; i++) {
		const VerifyFinding *finding = &g_array_index(run->findings, VerifyFinding, i);
		if (finding->segment == segment)
			worst = MIN(worst, finding->class);
	}
	if (worst < VERIFY_UNKNOWN)
		return verify_class_words[worst];
	const VerifySegment *s = &g_array_index(run->segments, VerifySegment, segment);
	if (!s->header.is_signed)
		return "unsigned";
	return s->frames > 0 && s->frames_proven == 0 ? "unproven" : "proven";
}
