/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/mbim/sweep.h"

#define DEFAULT_SESSION 0
#define MAX_NEIGHBOURS  15 /* of each RAT: what Microsoft's document takes as the default */

typedef enum {
	QUESTION_RADIO_STATE,
	QUESTION_SUBSCRIBER_READY,
	QUESTION_REGISTER_STATE,
	QUESTION_PACKET_SERVICE,
	QUESTION_SIGNAL_STATE,
	QUESTION_LTE_ATTACH_INFO,
	QUESTION_BASE_STATIONS,
	QUESTION_CONNECT,
	QUESTION_STATISTICS,
	N_QUESTIONS,
} QuestionId;

typedef struct {
	MbimSweep *sweep;
	QuestionId id;
} Call;

struct MbimSweep {
	const char *source;
	MbimSweepDone done;
	gpointer user_data;
	ModemQuestions questions;
	Call calls[N_QUESTIONS];
	Observation radio;
	MbimFacts facts;
};

static MbimMessage *query_base_stations(guint version)
{
	if (version >= 3)
		return mbim_message_ms_basic_connect_extensions_v3_base_stations_info_query_new(
			MAX_NEIGHBOURS, MAX_NEIGHBOURS, 0, MAX_NEIGHBOURS, 0, MAX_NEIGHBOURS, NULL);
	return mbim_message_ms_basic_connect_extensions_base_stations_info_query_new(MAX_NEIGHBOURS, MAX_NEIGHBOURS, 0, MAX_NEIGHBOURS, 0,
										     NULL);
}

/* Before MBIMEx 3 the question has the form of its answer; only the session's number counts (MBIM 1.0 10.5.12). */
static MbimMessage *query_connect(guint version)
{
	if (version >= 3)
		return mbim_message_ms_basic_connect_v3_connect_query_new(DEFAULT_SESSION, NULL);
	return mbim_message_connect_query_new(DEFAULT_SESSION, MBIM_ACTIVATION_STATE_UNKNOWN, MBIM_VOICE_CALL_STATE_NONE,
					      MBIM_CONTEXT_IP_TYPE_DEFAULT, mbim_uuid_from_context_type(MBIM_CONTEXT_TYPE_INTERNET), 0,
					      NULL);
}

static MbimMessage *query(QuestionId id, guint version)
{
	switch (id) {
	case QUESTION_RADIO_STATE:
		return mbim_message_radio_state_query_new(NULL);
	case QUESTION_SUBSCRIBER_READY:
		return mbim_message_subscriber_ready_status_query_new(NULL);
	case QUESTION_REGISTER_STATE:
		return mbim_message_register_state_query_new(NULL);
	case QUESTION_PACKET_SERVICE:
		return mbim_message_packet_service_query_new(NULL);
	case QUESTION_SIGNAL_STATE:
		return mbim_message_signal_state_query_new(NULL);
	case QUESTION_LTE_ATTACH_INFO:
		return mbim_message_ms_basic_connect_extensions_lte_attach_info_query_new(NULL);
	case QUESTION_BASE_STATIONS:
		return query_base_stations(version);
	case QUESTION_CONNECT:
		return query_connect(version);
	case QUESTION_STATISTICS:
		return mbim_message_packet_statistics_query_new(NULL);
	case N_QUESTIONS:
		break;
	}
	g_assert_not_reached();
}

static const MbimDecode decoders[N_QUESTIONS] = {
	[QUESTION_RADIO_STATE] = mbim_decode_radio_state,
	[QUESTION_SUBSCRIBER_READY] = mbim_decode_subscriber_ready,
	[QUESTION_REGISTER_STATE] = mbim_decode_register_state,
	[QUESTION_PACKET_SERVICE] = mbim_decode_packet_service,
	[QUESTION_SIGNAL_STATE] = mbim_decode_signal_state,
	[QUESTION_LTE_ATTACH_INFO] = mbim_decode_lte_attach_info,
	[QUESTION_BASE_STATIONS] = mbim_decode_base_stations,
	[QUESTION_CONNECT] = mbim_decode_connect,
	[QUESTION_STATISTICS] = mbim_decode_packet_statistics,
};

static ModemOutcome outcome_of_error(const GError *error)
{
	if (g_error_matches(error, MBIM_CORE_ERROR, MBIM_CORE_ERROR_TIMEOUT) ||
	    g_error_matches(error, MBIM_PROTOCOL_ERROR, MBIM_PROTOCOL_ERROR_TIMEOUT_FRAGMENT))
		return MODEM_QUESTION_HUNG;
	if (g_error_matches(error, MBIM_PROTOCOL_ERROR, MBIM_PROTOCOL_ERROR_NOT_OPENED))
		return MODEM_QUESTION_FORGOTTEN;
	if (g_error_matches(error, MBIM_STATUS_ERROR, MBIM_STATUS_ERROR_NO_DEVICE_SUPPORT) ||
	    g_error_matches(error, MBIM_STATUS_ERROR, MBIM_STATUS_ERROR_INVALID_DEVICE_SERVICE_OPERATION))
		return MODEM_QUESTION_UNSUPPORTED;
	if (g_error_matches(error, MBIM_CORE_ERROR, MBIM_CORE_ERROR_INVALID_MESSAGE) ||
	    g_error_matches(error, MBIM_PROTOCOL_ERROR, MBIM_PROTOCOL_ERROR_FRAGMENT_OUT_OF_SEQUENCE) ||
	    g_error_matches(error, MBIM_PROTOCOL_ERROR, MBIM_PROTOCOL_ERROR_LENGTH_MISMATCH))
		return MODEM_QUESTION_GARBLED;
	if (error->domain != MBIM_STATUS_ERROR)
		return MODEM_QUESTION_LOST;
	/* A status that no document has is no word of the firmware's. */
	return mbim_status_error_get_string((MbimStatusError)error->code) ? MODEM_QUESTION_REFUSED : MODEM_QUESTION_GARBLED;
}

ModemOutcome mbim_sweep_outcome(const MbimMessage *answer, GError **error)
{
	/* The port has looked at each fragment, but not at what they make together. */
	if (answer && !mbim_message_validate(answer, error))
		return MODEM_QUESTION_GARBLED;
	if (answer && mbim_message_response_get_result(answer, MBIM_MESSAGE_TYPE_COMMAND_DONE, error))
		return MODEM_QUESTION_ANSWERED;
	return outcome_of_error(*error);
}

static void sweep_done(MbimSweep *sweep)
{
	const ModemSweep result = modem_questions_end(&sweep->questions);
	mbim_decode_finish(&sweep->facts, &sweep->radio);
	sweep->done(&sweep->radio, result, sweep->user_data);
}

static void on_answer(GObject *object, GAsyncResult *result, gpointer data)
{
	const Call *call = data;
	MbimSweep *sweep = call->sweep;
	g_autoptr(GError) error = NULL;
	g_autoptr(MbimMessage) answer = mbim_device_command_finish(MBIM_DEVICE(object), result, &error);
	ModemOutcome outcome = mbim_sweep_outcome(answer, &error);
	if (outcome == MODEM_QUESTION_ANSWERED && !decoders[call->id](answer, &sweep->facts, &sweep->radio))
		outcome = MODEM_QUESTION_GARBLED;
	if (modem_questions_settle(&sweep->questions, call->id, outcome))
		sweep_done(sweep);
}

void mbim_sweep_start(MbimSweep *sweep, MbimDevice *device, GCancellable *cancellable)
{
	g_return_if_fail(!mbim_sweep_is_active(sweep));
	sweep->facts = (MbimFacts){.version = mbim_device_get_ms_mbimex_version(device, NULL)};
	observation_init(&sweep->radio, OBSERVATION_RADIO, sweep->source);
	modem_questions_begin(&sweep->questions);
	for (QuestionId id = 0; id < N_QUESTIONS; id++) {
		if (!modem_questions_ask(&sweep->questions, id))
			continue;
		g_autoptr(MbimMessage) question = query(id, sweep->facts.version);
		mbim_device_command(device, question, MODEM_CALL_S, cancellable, on_answer, &sweep->calls[id]);
	}
}

MbimSweep *mbim_sweep_new(const char *source, MbimSweepDone done, gpointer user_data)
{
	MbimSweep *sweep = g_new0(MbimSweep, 1);
	sweep->source = source;
	sweep->done = done;
	sweep->user_data = user_data;
	sweep->questions.vital = QUESTION_REGISTER_STATE;
	sweep->questions.network = ~(1u << QUESTION_RADIO_STATE | 1u << QUESTION_SUBSCRIBER_READY | 1u << QUESTION_CONNECT |
				     1u << QUESTION_STATISTICS);
	sweep->questions.slow = 1u << QUESTION_SUBSCRIBER_READY;
	for (QuestionId id = 0; id < N_QUESTIONS; id++)
		sweep->calls[id] = (Call){sweep, id};
	return sweep;
}

void mbim_sweep_free(MbimSweep *sweep)
{
	g_free(sweep);
}

gboolean mbim_sweep_is_active(const MbimSweep *sweep)
{
	return sweep->questions.pending > 0;
}

void mbim_sweep_reset(MbimSweep *sweep, const MbimOffer *offer)
{
	modem_questions_reset(&sweep->questions);
	sweep->questions.never = 0;
	if (!(offer->extensions & 1u << MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_LTE_ATTACH_INFO))
		sweep->questions.never |= 1u << QUESTION_LTE_ATTACH_INFO;
	if (!(offer->extensions & 1u << MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_BASE_STATIONS_INFO))
		sweep->questions.never |= 1u << QUESTION_BASE_STATIONS;
}
