/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi/sweep.h"

#include "source/modem/questions.h"
#include "source/qmi/decode.h"

typedef enum {
	CALL_OPERATING_MODE,
	CALL_CARD_STATUS,
	CALL_SYSTEM_INFO,
	CALL_SERVING_SYSTEM,
	CALL_SIGNAL_INFO,
	CALL_RF_BAND,
	CALL_CELL_LOCATION,
	CALL_TX_RX,
	CALL_CARRIERS,
	CALL_EARFCNS,
	CALL_DATA_SESSION,
	CALL_STATISTICS,
	N_CALLS,
} CallId;

#define OF_WDS (1u << CALL_DATA_SESSION | 1u << CALL_STATISTICS)

struct QmiSweep {
	const char *source;
	QmiSweepDone done;
	gpointer user_data;
	ModemQuestions questions;
	Rat last_rat; /* whose receive chains to ask for */
	QmiEarfcns earfcns;
	Observation radio;
	gpointer answers[N_CALLS]; /* owned outputs of libqmi */
};

static void call_done(QmiSweep *sweep, CallId id, gpointer answer, const GError *error);
static void settle(QmiSweep *sweep, CallId id, const GError *error);

/* The callback of one question. */
#define DEFINE_READY(name, ID, client, Output, finish, get_result)                                   \
	static void name(GObject *object, GAsyncResult *result, gpointer data)                         \
	{                                                                                              \
		g_autoptr(GError) error = NULL;                                                        \
		Output *answer = finish(client(object), result, &error);                               \
		if (answer && !get_result(answer, &error))                                             \
			g_clear_pointer(&answer, Output##_unref_);                                     \
		call_done(data, ID, answer, error);                                                    \
	}
#define QmiMessageDmsGetOperatingModeOutput_unref_     qmi_message_dms_get_operating_mode_output_unref
#define QmiMessageUimGetCardStatusOutput_unref_        qmi_message_uim_get_card_status_output_unref
#define QmiMessageNasGetSystemInfoOutput_unref_        qmi_message_nas_get_system_info_output_unref
#define QmiMessageNasGetServingSystemOutput_unref_     qmi_message_nas_get_serving_system_output_unref
#define QmiMessageNasGetSignalInfoOutput_unref_        qmi_message_nas_get_signal_info_output_unref
#define QmiMessageNasGetRfBandInformationOutput_unref_ qmi_message_nas_get_rf_band_information_output_unref
#define QmiMessageNasGetCellLocationInfoOutput_unref_  qmi_message_nas_get_cell_location_info_output_unref
#define QmiMessageNasGetTxRxInfoOutput_unref_          qmi_message_nas_get_tx_rx_info_output_unref
#define QmiMessageNasGetLteCphyCaInfoOutput_unref_     qmi_message_nas_get_lte_cphy_ca_info_output_unref
#define QmiMessageWdsGetPacketServiceStatusOutput_unref_ qmi_message_wds_get_packet_service_status_output_unref
#define QmiMessageWdsGetPacketStatisticsOutput_unref_  qmi_message_wds_get_packet_statistics_output_unref

DEFINE_READY(on_operating_mode, CALL_OPERATING_MODE, QMI_CLIENT_DMS, QmiMessageDmsGetOperatingModeOutput,
	     qmi_client_dms_get_operating_mode_finish, qmi_message_dms_get_operating_mode_output_get_result)
DEFINE_READY(on_card_status, CALL_CARD_STATUS, QMI_CLIENT_UIM, QmiMessageUimGetCardStatusOutput,
	     qmi_client_uim_get_card_status_finish, qmi_message_uim_get_card_status_output_get_result)
DEFINE_READY(on_get_system_info, CALL_SYSTEM_INFO, QMI_CLIENT_NAS, QmiMessageNasGetSystemInfoOutput,
	     qmi_client_nas_get_system_info_finish, qmi_message_nas_get_system_info_output_get_result)
DEFINE_READY(on_get_serving_system, CALL_SERVING_SYSTEM, QMI_CLIENT_NAS, QmiMessageNasGetServingSystemOutput,
	     qmi_client_nas_get_serving_system_finish, qmi_message_nas_get_serving_system_output_get_result)
DEFINE_READY(on_signal_info, CALL_SIGNAL_INFO, QMI_CLIENT_NAS, QmiMessageNasGetSignalInfoOutput,
	     qmi_client_nas_get_signal_info_finish, qmi_message_nas_get_signal_info_output_get_result)
DEFINE_READY(on_rf_band, CALL_RF_BAND, QMI_CLIENT_NAS, QmiMessageNasGetRfBandInformationOutput,
	     qmi_client_nas_get_rf_band_information_finish, qmi_message_nas_get_rf_band_information_output_get_result)
DEFINE_READY(on_cell_location, CALL_CELL_LOCATION, QMI_CLIENT_NAS, QmiMessageNasGetCellLocationInfoOutput,
	     qmi_client_nas_get_cell_location_info_finish, qmi_message_nas_get_cell_location_info_output_get_result)
DEFINE_READY(on_tx_rx, CALL_TX_RX, QMI_CLIENT_NAS, QmiMessageNasGetTxRxInfoOutput, qmi_client_nas_get_tx_rx_info_finish,
	     qmi_message_nas_get_tx_rx_info_output_get_result)

DEFINE_READY(on_carriers, CALL_CARRIERS, QMI_CLIENT_NAS, QmiMessageNasGetLteCphyCaInfoOutput,
	     qmi_client_nas_get_lte_cphy_ca_info_finish, qmi_message_nas_get_lte_cphy_ca_info_output_get_result)

DEFINE_READY(on_data_session, CALL_DATA_SESSION, QMI_CLIENT_WDS, QmiMessageWdsGetPacketServiceStatusOutput,
	     qmi_client_wds_get_packet_service_status_finish, qmi_message_wds_get_packet_service_status_output_get_result)
DEFINE_READY(on_statistics, CALL_STATISTICS, QMI_CLIENT_WDS, QmiMessageWdsGetPacketStatisticsOutput,
	     qmi_client_wds_get_packet_statistics_finish, qmi_message_wds_get_packet_statistics_output_get_result)

#define GET_CELL_LOCATION_INFO 0x0043

/* The same message as CALL_CELL_LOCATION, for what the library leaves of it. */
static void on_earfcns(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSweep *sweep = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(QmiMessage) answer = qmi_device_command_full_finish(QMI_DEVICE(object), result, &error);
	if (answer)
		qmi_earfcns_take(&sweep->earfcns, answer);
	settle(sweep, CALL_EARFCNS, error);
}

static void ask_earfcns(QmiSweep *sweep, QmiClient *nas, GCancellable *cancellable)
{
	g_autoptr(GObject) device = NULL;
	g_object_get(nas, QMI_CLIENT_DEVICE, &device, NULL);
	g_autoptr(QmiMessage) question = qmi_message_new(QMI_SERVICE_NAS, qmi_client_get_cid(nas), qmi_client_get_next_transaction_id(nas),
							 GET_CELL_LOCATION_INFO);
	qmi_device_command_full(QMI_DEVICE(device), question, NULL, MODEM_CALL_S, cancellable, on_earfcns, sweep);
}

static void ask_nas(QmiSweep *sweep, CallId id, QmiClientNas *nas, GCancellable *cancellable)
{
	/* Receive power is asked for one RAT: the last that was heard. Silence has to be measured too, so never for none. */
	static const QmiNasRadioInterface interfaces[] = {
		[RAT_NONE] = QMI_NAS_RADIO_INTERFACE_LTE, [RAT_GSM] = QMI_NAS_RADIO_INTERFACE_GSM,
		[RAT_UMTS] = QMI_NAS_RADIO_INTERFACE_UMTS, [RAT_LTE] = QMI_NAS_RADIO_INTERFACE_LTE,
		[RAT_NR] = QMI_NAS_RADIO_INTERFACE_5GNR};
	if (id == CALL_SYSTEM_INFO) {
		qmi_client_nas_get_system_info(nas, NULL, MODEM_CALL_S, cancellable, on_get_system_info, sweep);
	} else if (id == CALL_SERVING_SYSTEM) {
		qmi_client_nas_get_serving_system(nas, NULL, MODEM_CALL_S, cancellable, on_get_serving_system, sweep);
	} else if (id == CALL_SIGNAL_INFO) {
		qmi_client_nas_get_signal_info(nas, NULL, MODEM_CALL_S, cancellable, on_signal_info, sweep);
	} else if (id == CALL_RF_BAND) {
		qmi_client_nas_get_rf_band_information(nas, NULL, MODEM_CALL_S, cancellable, on_rf_band, sweep);
	} else if (id == CALL_CELL_LOCATION) {
		qmi_client_nas_get_cell_location_info(nas, NULL, MODEM_CALL_S, cancellable, on_cell_location, sweep);
	} else if (id == CALL_CARRIERS) {
		qmi_client_nas_get_lte_cphy_ca_info(nas, NULL, MODEM_CALL_S, cancellable, on_carriers, sweep);
	} else if (id == CALL_EARFCNS) {
		ask_earfcns(sweep, QMI_CLIENT(nas), cancellable);
	} else if (id == CALL_TX_RX) {
		g_autoptr(QmiMessageNasGetTxRxInfoInput) input = qmi_message_nas_get_tx_rx_info_input_new();
		qmi_message_nas_get_tx_rx_info_input_set_radio_interface(input, interfaces[sweep->last_rat], NULL);
		qmi_client_nas_get_tx_rx_info(nas, input, MODEM_CALL_S, cancellable, on_tx_rx, sweep);
	}
}

/* Without a session the modem has nothing to count and says so ("out of call"). */
static void ask_statistics(QmiSweep *sweep, QmiClientWds *wds, GCancellable *cancellable)
{
	g_autoptr(QmiMessageWdsGetPacketStatisticsInput) input = qmi_message_wds_get_packet_statistics_input_new();
	qmi_message_wds_get_packet_statistics_input_set_mask(
		input,
		QMI_WDS_PACKET_STATISTICS_MASK_FLAG_TX_PACKETS_OK | QMI_WDS_PACKET_STATISTICS_MASK_FLAG_RX_PACKETS_OK |
			QMI_WDS_PACKET_STATISTICS_MASK_FLAG_TX_BYTES_OK | QMI_WDS_PACKET_STATISTICS_MASK_FLAG_RX_BYTES_OK,
		NULL);
	qmi_client_wds_get_packet_statistics(wds, input, MODEM_CALL_S, cancellable, on_statistics, sweep);
}

static void ask(QmiSweep *sweep, CallId id, const QmiSweepClients *clients, GCancellable *cancellable)
{
	if (id == CALL_OPERATING_MODE)
		qmi_client_dms_get_operating_mode(clients->dms, NULL, MODEM_CALL_S, cancellable, on_operating_mode, sweep);
	else if (id == CALL_CARD_STATUS)
		qmi_client_uim_get_card_status(clients->uim, NULL, MODEM_CALL_S, cancellable, on_card_status, sweep);
	else if (id == CALL_DATA_SESSION)
		qmi_client_wds_get_packet_service_status(clients->wds, NULL, MODEM_CALL_S, cancellable, on_data_session, sweep);
	else if (id == CALL_STATISTICS)
		ask_statistics(sweep, clients->wds, cancellable);
	else
		ask_nas(sweep, id, clients->nas, cancellable);
}

void qmi_sweep_start(QmiSweep *sweep, const QmiSweepClients *clients, GCancellable *cancellable)
{
	g_return_if_fail(sweep->questions.pending == 0);
	observation_init(&sweep->radio, OBSERVATION_RADIO, sweep->source);
	modem_questions_begin(&sweep->questions);
	if (!clients->wds)
		sweep->questions.never |= OF_WDS;
	for (CallId id = 0; id < N_CALLS; id++)
		if (modem_questions_ask(&sweep->questions, id))
			ask(sweep, id, clients, cancellable);
}

/* Are there neighbours on other carriers than the serving one? */
static gboolean hears_other_carriers(const Observation *o)
{
	for (guint i = 0; RADIO_HAS(o, cells) && i < o->radio.cells.n; i++) {
		const Cell *cell = &o->radio.cells.cell[i];
		if (cell->rat == RAT_LTE && RADIO_HAS(o, arfcn) && (!CELL_HAS(cell, arfcn) || cell->arfcn != o->radio.arfcn))
			return TRUE;
	}
	return FALSE;
}

static void decode_and_release(QmiSweep *sweep)
{
#define decode_cell_location(answer, o) qmi_decode_cell_location(answer, &sweep->earfcns, o)
#define DECODE(ID, Output, decode)                          \
	if (sweep->answers[ID]) {                           \
		decode(sweep->answers[ID], &sweep->radio);  \
		Output##_unref_(sweep->answers[ID]);        \
		sweep->answers[ID] = NULL;                  \
	}
	DECODE(CALL_OPERATING_MODE, QmiMessageDmsGetOperatingModeOutput, qmi_decode_operating_mode)
	DECODE(CALL_CARD_STATUS, QmiMessageUimGetCardStatusOutput, qmi_decode_card_status)
	DECODE(CALL_SYSTEM_INFO, QmiMessageNasGetSystemInfoOutput, qmi_decode_system_info)
	DECODE(CALL_SERVING_SYSTEM, QmiMessageNasGetServingSystemOutput, qmi_decode_serving_system)
	DECODE(CALL_SIGNAL_INFO, QmiMessageNasGetSignalInfoOutput, qmi_decode_signal_info)
	DECODE(CALL_RF_BAND, QmiMessageNasGetRfBandInformationOutput, qmi_decode_rf_band)
	DECODE(CALL_CELL_LOCATION, QmiMessageNasGetCellLocationInfoOutput, decode_cell_location)
	DECODE(CALL_TX_RX, QmiMessageNasGetTxRxInfoOutput, qmi_decode_tx_rx)
	DECODE(CALL_CARRIERS, QmiMessageNasGetLteCphyCaInfoOutput, qmi_decode_carriers)
	DECODE(CALL_DATA_SESSION, QmiMessageWdsGetPacketServiceStatusOutput, qmi_decode_data_session)
	DECODE(CALL_STATISTICS, QmiMessageWdsGetPacketStatisticsOutput, qmi_decode_packet_statistics)
#undef DECODE
#undef decode_cell_location
	qmi_decode_finish(&sweep->radio);
	if (hears_other_carriers(&sweep->radio))
		sweep->questions.never &= ~(1u << CALL_EARFCNS);
}

static void sweep_done(QmiSweep *sweep)
{
	const ModemSweep result = modem_questions_end(&sweep->questions);
	decode_and_release(sweep);
	if (RADIO_HAS(&sweep->radio, rat) && sweep->radio.radio.rat != RAT_NONE)
		sweep->last_rat = (Rat)sweep->radio.radio.rat;
	sweep->done(&sweep->radio, result, sweep->user_data);
}

/* Firmware answers a client id that it does not know with one of two errors. The second has other causes too, but not for
 * a question that every client may put (lf-edge/eve #2218). */
static gboolean is_forgotten(CallId id, const GError *error)
{
	return error->code == QMI_PROTOCOL_ERROR_INVALID_CLIENT_ID ||
	       (id == CALL_SYSTEM_INFO && error->code == QMI_PROTOCOL_ERROR_POLICY_MISMATCH);
}

static ModemOutcome outcome_of_protocol_error(CallId id, const GError *error)
{
	if (is_forgotten(id, error))
		return MODEM_QUESTION_FORGOTTEN;
	if (error->code == QMI_PROTOCOL_ERROR_ABORTED) /* what libqmi says of a call that we cancelled */
		return MODEM_QUESTION_LOST;
	if (error->code == QMI_PROTOCOL_ERROR_INVALID_QMI_COMMAND || error->code == QMI_PROTOCOL_ERROR_NOT_SUPPORTED)
		return MODEM_QUESTION_UNSUPPORTED;
	return MODEM_QUESTION_REFUSED;
}

static ModemOutcome outcome_of_error(CallId id, const GError *error)
{
	static const QmiCoreError garbled[] = {QMI_CORE_ERROR_INVALID_MESSAGE, QMI_CORE_ERROR_TLV_NOT_FOUND, QMI_CORE_ERROR_TLV_TOO_LONG,
					       QMI_CORE_ERROR_TLV_EMPTY, QMI_CORE_ERROR_UNEXPECTED_MESSAGE};
	if (error->domain == QMI_PROTOCOL_ERROR)
		return outcome_of_protocol_error(id, error);
	if (g_error_matches(error, QMI_CORE_ERROR, QMI_CORE_ERROR_TIMEOUT))
		return MODEM_QUESTION_HUNG;
	for (guint i = 0; i < G_N_ELEMENTS(garbled); i++)
		if (g_error_matches(error, QMI_CORE_ERROR, (gint)garbled[i]))
			return MODEM_QUESTION_GARBLED;
	return MODEM_QUESTION_LOST;
}

static void settle(QmiSweep *sweep, CallId id, const GError *error)
{
	if (modem_questions_settle(&sweep->questions, id, error ? outcome_of_error(id, error) : MODEM_QUESTION_ANSWERED))
		sweep_done(sweep);
}

static void call_done(QmiSweep *sweep, CallId id, gpointer answer, const GError *error)
{
	sweep->answers[id] = answer;
	settle(sweep, id, error);
}

QmiSweep *qmi_sweep_new(const char *source, QmiSweepDone done, gpointer user_data)
{
	QmiSweep *sweep = g_new0(QmiSweep, 1);
	sweep->source = source;
	sweep->done = done;
	sweep->user_data = user_data;
	sweep->questions.vital = CALL_SYSTEM_INFO;
	sweep->questions.network = ~(1u << CALL_OPERATING_MODE | 1u << CALL_CARD_STATUS | OF_WDS);
	sweep->questions.slow = 1u << CALL_CARD_STATUS | 1u << CALL_EARFCNS;
	return sweep;
}

void qmi_sweep_free(QmiSweep *sweep)
{
	g_free(sweep);
}

void qmi_sweep_reset(QmiSweep *sweep)
{
	modem_questions_reset(&sweep->questions);
	sweep->questions.never = 1u << CALL_EARFCNS; /* until there is something to ask for */
	sweep->earfcns.n = 0;
}
