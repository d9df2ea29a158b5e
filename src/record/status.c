/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/status.h"

#include "record/answer.h"

#include <sodium.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define RATE_AFTER_MS 10000 /* before, the rate of writing is a guess */

static void describe_run(const RunFacts *facts, const ClockReading *now, GVariantBuilder *dict)
{
	const gint64 since_ns = now->realtime_ns - (now->boottime_ns - facts->started_ns);
	g_autoptr(GDateTime) since = g_date_time_new_from_unix_utc(since_ns / NS_PER_S);
	g_autofree char *since_text = since ? g_date_time_format(since, "%Y-%m-%dT%H:%M:%SZ") : NULL;
	answer_add(dict, "version", "s", JAMLOG_VERSION);
	answer_add(dict, "pid", "x", (gint64)getpid());
	if (since_text)
		answer_add(dict, "since", "s", since_text);
	answer_add(dict, "running_ms", "x", (now->boottime_ns - facts->started_ns) / NS_PER_MS);
	answer_add(dict, "clock_state", "s", clock_state_name(now->state));
}

static void describe_disk(const RunFacts *facts, gint64 running_ms, GVariantBuilder *dict)
{
	struct statvfs disk;
	const guint64 bytes = journal_writer_bytes(facts->writer);
	char checkpoint[JOURNAL_CHECKPOINT_SIZE], device[2 * JOURNAL_ID_SIZE + 1];
	g_autofree char *directory = g_filename_display_name(facts->directory);
	g_autofree char *segment = g_path_get_basename(journal_writer_path(facts->writer));
	answer_add(dict, "directory", "s", directory);
	answer_add(dict, "segment", "s", segment);
	answer_add(dict, "journal_bytes", "t", bytes);
	journal_writer_checkpoint(facts->writer, checkpoint);
	sodium_bin2hex(device, sizeof device, journal_writer_device_id(facts->writer), JOURNAL_ID_SIZE);
	answer_add(dict, "device_id", "s", device);
	answer_add(dict, "checkpoint", "s", checkpoint);
	answer_add(dict, "sealed", "b", journal_writer_sealed(facts->writer));
	if (statvfs(facts->directory, &disk) != 0)
		return;
	const guint64 left = (guint64)disk.f_bavail * disk.f_frsize, written = bytes - facts->started_bytes;
	answer_add(dict, "disk_left_bytes", "t", left);
	if (running_ms >= RATE_AFTER_MS && written > 0)
		answer_add(dict, "disk_left_hours", "d", (double)left / (double)written * (double)running_ms / (3600 * 1000.0));
}

static void add_concerns(const RunFacts *facts, GPtrArray *concerns)
{
	if (facts->disk_failing && facts->lost > 0)
		g_ptr_array_add(concerns, g_strdup_printf("NOT RECORDING: the disk takes nothing; %" G_GUINT64_FORMAT
							  " observations are LOST so far", facts->lost));
	else if (facts->disk_failing)
		g_ptr_array_add(concerns, g_strdup("NOT RECORDING: the disk takes nothing; what is seen waits in memory, nothing is lost "
						   "yet"));
	else if (facts->disk_low)
		g_ptr_array_add(concerns, g_strdup("the disk is almost full: make room, or the recording will have gaps"));
}

GVariant *status_describe(const RunFacts *facts, const Board *board)
{
	GVariantBuilder dict;
	const ClockReading now = clock_read();
	g_autoptr(GPtrArray) concerns = g_ptr_array_new_with_free_func(g_free);
	add_concerns(facts, concerns);
	GVariant *sources = board_describe(board, now.boottime_ns, concerns);
	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	answer_add(&dict, "well", "b", concerns->len == 0);
	answer_add_value(&dict, "concerns", g_variant_new_strv((const char *const *)concerns->pdata, (gssize)concerns->len));
	describe_run(facts, &now, &dict);
	describe_disk(facts, (now.boottime_ns - facts->started_ns) / NS_PER_MS, &dict);
	answer_add(&dict, "observations", "t", facts->observations);
	answer_add(&dict, "readings", "t", facts->readings);
	answer_add(&dict, "lost", "t", facts->lost);
	answer_add(&dict, "durable_age_ms", "x", (now.boottime_ns - facts->durable_ns) / NS_PER_MS);
	answer_add(&dict, "disk_failing", "b", facts->disk_failing);
	answer_add(&dict, "disk_low", "b", facts->disk_low);
	answer_add_value(&dict, "sources", sources);
	return g_variant_builder_end(&dict);
}
