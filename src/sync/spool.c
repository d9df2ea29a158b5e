/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/spool.h"

#include <math.h>
#include <stdio.h>

#define RECORD_SIZE 24 /* i64 time_ms | i32 lat_e7 | i32 lon_e7 | u32 error_cm | u32 speed_cm_s */

struct FixSpool {
	FILE *file;
	gint64 recording;
	gint64 newest_ms, newest_before_ms; /* of all, and of all but the current recording */
};

FixSpool *fix_spool_new(void)
{
	FILE *file = tmpfile();
	if (!file)
		return NULL;
	FixSpool *spool = g_new0(FixSpool, 1);
	spool->file = file;
	spool->newest_ms = spool->newest_before_ms = G_MININT64;
	return spool;
}

void fix_spool_free(FixSpool *spool)
{
	if (!spool)
		return;
	fclose(spool->file);
	g_free(spool);
}

gboolean fix_spool_add(FixSpool *spool, gint64 recording, const PlaceFix *fix)
{
	guint8 record[RECORD_SIZE];
	ByteWriter w = byte_writer_init(record, sizeof record);
	if (recording != spool->recording)
		spool->newest_before_ms = spool->newest_ms;
	spool->recording = recording;
	spool->newest_ms = MAX(spool->newest_ms, fix->time_ms);
	byte_writer_u64(&w, (guint64)fix->time_ms);
	byte_writer_u32(&w, (guint32)fix->lat_e7);
	byte_writer_u32(&w, (guint32)fix->lon_e7);
	byte_writer_u32(&w, (guint32)lrint(fix->error_m * 100));
	byte_writer_u32(&w, (guint32)lrint(fix->speed_m_s * 100));
	return fix->time_ms > spool->newest_before_ms && fwrite_unlocked(record, sizeof record, 1, spool->file) == 1;
}

gboolean fix_spool_rewind(FixSpool *spool)
{
	return fflush(spool->file) == 0 && fseek(spool->file, 0, SEEK_SET) == 0;
}

gboolean fix_spool_next(FixSpool *spool, PlaceFix *ret_fix)
{
	guint8 record[RECORD_SIZE];
	if (fread_unlocked(record, sizeof record, 1, spool->file) != 1)
		return FALSE;
	ByteReader r = byte_reader_init(record, sizeof record);
	ret_fix->time_ms = (gint64)byte_reader_u64(&r);
	ret_fix->lat_e7 = (gint32)byte_reader_u32(&r);
	ret_fix->lon_e7 = (gint32)byte_reader_u32(&r);
	ret_fix->error_m = byte_reader_u32(&r) / 100.0;
	ret_fix->speed_m_s = byte_reader_u32(&r) / 100.0;
	ret_fix->pace_m_s = 0;
	return TRUE;
}
