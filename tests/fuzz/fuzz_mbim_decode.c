/* Fuzzing what an MBIM modem answers: the version of MBIMEx u8, then records (records.h) that are the information buffers of answers
 * to the question `which`, with a proper header; from 0x80 on a record is a whole message, which goes the way that it would from
 * the port on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "records.h"
#include "source/mbim/session.h"
#include "source/mbim/sweep.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COMMAND_DONE   0x80000003u
#define HEAD_SIZE      48u
#define WHOLE_MESSAGE  0x80

/* The addresses of a session go to a bearer, and its description to an observation of its own. */
static gboolean decode_settings(const MbimMessage *answer, G_GNUC_UNUSED MbimFacts *facts, G_GNUC_UNUSED Observation *o)
{
	ModemBearer bearer = {0};
	Observation session;
	observation_init(&session, OBSERVATION_SESSION, "fuzz");
	mbim_session_decode_settings(answer, &bearer);
	modem_bearer_describe(&bearer, &session);
	modem_bearer_clear(&bearer);
	return TRUE;
}

static const struct {
	MbimService service;
	guint32 cid;
	MbimDecode decode; /* NULL: Device Services */
} questions[] = {
	{MBIM_SERVICE_BASIC_CONNECT, 3, mbim_decode_radio_state},
	{MBIM_SERVICE_BASIC_CONNECT, 2, mbim_decode_subscriber_ready},
	{MBIM_SERVICE_BASIC_CONNECT, 9, mbim_decode_register_state},
	{MBIM_SERVICE_BASIC_CONNECT, 10, mbim_decode_packet_service},
	{MBIM_SERVICE_BASIC_CONNECT, 11, mbim_decode_signal_state},
	{MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 4, mbim_decode_lte_attach_info},
	{MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 11, mbim_decode_base_stations},
	{MBIM_SERVICE_BASIC_CONNECT, 16, NULL},
	{MBIM_SERVICE_BASIC_CONNECT, 12, mbim_decode_connect},
	{MBIM_SERVICE_BASIC_CONNECT, 20, mbim_decode_packet_statistics},
	{MBIM_SERVICE_BASIC_CONNECT, 15, decode_settings},
};

static MbimMessage *make_answer(const FuzzRecord *record, guint question)
{
	g_autofree guint8 *bytes = g_malloc(HEAD_SIZE + record->length);
	ByteWriter w = byte_writer_init(bytes, HEAD_SIZE + record->length);
	byte_writer_u32(&w, COMMAND_DONE);
	byte_writer_u32(&w, (guint32)(HEAD_SIZE + record->length));
	byte_writer_u32(&w, 1); /* transaction */
	byte_writer_u32(&w, 1); /* fragments */
	byte_writer_u32(&w, 0);
	byte_writer_put(&w, mbim_uuid_from_service(questions[question].service), sizeof(MbimUuid));
	byte_writer_u32(&w, questions[question].cid);
	byte_writer_u32(&w, 0); /* status */
	byte_writer_u32(&w, (guint32)record->length);
	byte_writer_put(&w, record->bytes, record->length);
	return mbim_message_new(bytes, (guint32)w.length);
}

/* The port puts fragments together, and gives out nothing that is a part. */
static gboolean is_part(const MbimMessage *message)
{
	guint32 length = 0;
	const guint8 *bytes = mbim_message_get_raw(message, &length, NULL);
	ByteReader r = byte_reader_init(bytes, bytes ? length : 0);
	const guint32 type = byte_reader_u32(&r);
	byte_reader_take(&r, 8);
	return type == COMMAND_DONE && byte_reader_u32(&r) != 1 && !r.failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Observation o;
	ByteReader r = byte_reader_init(data, size);
	MbimFacts facts = {.version = byte_reader_u8(&r) % 3 + 1u};
	FuzzRecord record;
	observation_init(&o, OBSERVATION_RADIO, "fuzz");
	while (fuzz_record_next(&r, &record)) {
		const guint question = (guint)((record.which & ~WHOLE_MESSAGE & 0xff) % G_N_ELEMENTS(questions));
		g_autoptr(MbimMessage) answer = record.which & WHOLE_MESSAGE ? mbim_message_new(record.bytes, (guint32)record.length)
									       : make_answer(&record, question);
		g_autoptr(GError) error = NULL;
		MbimOffer offer;
		if (is_part(answer) || mbim_sweep_outcome(answer, &error) != MODEM_QUESTION_ANSWERED)
			continue;
		if (questions[question].decode)
			questions[question].decode(answer, &facts, &o);
		else
			mbim_decode_services(answer, &offer);
	}
	mbim_decode_finish(&facts, &o);
	fuzz_check_observation(&o);
	return 0;
}
