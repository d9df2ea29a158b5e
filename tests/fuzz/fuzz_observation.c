/* Fuzzing the decoder of observations: whatever it accepts must be within the range of its fields, so that coding it
 * again and decoding that gives the same bytes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include "observation.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gsize encode(const Observation *o, guint8 *ret_bytes)
{
	ByteWriter w = byte_writer_init(ret_bytes, OBSERVATION_MAX_CODED);
	observation_encode(o, &w);
	g_assert(!w.failed);
	return w.length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Observation o, back;
	guint8 first[OBSERVATION_MAX_CODED], second[OBSERVATION_MAX_CODED];
	if (observation_decode(data, size, &o) != OBSERVATION_OK)
		return 0;
	g_assert(g_utf8_validate(o.source, -1, NULL));
	if (o.kind == OBSERVATION_RADIO) {
		const ServiceState state = observation_service_state(&o);
		g_assert(service_state_words[state]);
	}
	const gsize length = encode(&o, first);
	g_assert(observation_decode(first, length, &back) == OBSERVATION_OK);
	g_assert(encode(&back, second) == length && memcmp(first, second, length) == 0);
	return 0;
}
