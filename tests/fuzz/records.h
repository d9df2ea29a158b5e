/* records.h - a fuzzer's input as a row of answers: { which u8, length u16, bytes }. The last may be cut short.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

typedef struct {
	guint8 which;
	const guint8 *bytes; /* borrowed */
	gsize length;
} FuzzRecord;

static inline gboolean fuzz_record_next(ByteReader *r, FuzzRecord *ret_record)
{
	if (byte_reader_left(r) < 3)
		return FALSE;
	ret_record->which = byte_reader_u8(r);
	const gsize wanted = byte_reader_u16(r);
	ret_record->length = MIN(wanted, byte_reader_left(r));
	ret_record->bytes = byte_reader_take(r, ret_record->length);
	return TRUE;
}

/* Whatever a modem says must make an observation that the journal can hold and give back. */
static inline void fuzz_check_observation(const Observation *o)
{
	static Observation back;
	guint8 first[OBSERVATION_MAX_CODED], second[OBSERVATION_MAX_CODED];
	ByteWriter w = byte_writer_init(first, sizeof first), again = byte_writer_init(second, sizeof second);
	observation_encode(o, &w);
	g_assert(!w.failed);
	g_assert(observation_decode(first, w.length, &back) == OBSERVATION_OK);
	observation_encode(&back, &again);
	g_assert(again.length == w.length && memcmp(first, second, w.length) == 0);
	g_assert(o->kind != OBSERVATION_RADIO || service_state_words[observation_service_state(&back)]);
}
