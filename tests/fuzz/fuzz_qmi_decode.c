/* Fuzzing what a QMI modem answers: records (records.h) that are the TLVs of the answer to the question `which`. libqmi's parsers cannot be
 * called from outside, so each goes the whole way: asked by a real client over the pty of a scripted modem, which is opened
 * once. Where no question stands in the table, the record is the body of a Network Reject indication.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../unit/scripted_modem.h"
#include "records.h"
#include "source/qmi/decode.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TIMEOUT_S     10
#define MAX_TLVS      2048 /* with its frame in one go through the pty */
#define NETWORK_REJECT 0x68

static ScriptedModem *modem;
static QmiDevice *device;
static QmiClient *nas, *dms, *uim, *wds;
static gboolean done;
static Observation o;

/* --- questions: ask, and decode the answer into `o` --- */

#define DEFINE_QUESTION(name, client_type, Client, call, decode)                                      \
	static void name##_ready(GObject *object, GAsyncResult *result, G_GNUC_UNUSED gpointer data)  \
	{                                                                                             \
		call##_output_t *answer = qmi_client_##client_type##_##name##_finish(Client(object), result, NULL); \
		if (answer && qmi_message_##client_type##_##name##_output_get_result(answer, NULL))   \
			decode(answer, &o);                                                           \
		g_clear_pointer(&answer, qmi_message_##client_type##_##name##_output_unref);          \
		done = TRUE;                                                                          \
	}                                                                                             \
	static void name##_ask(void)                                                                  \
	{                                                                                             \
		qmi_client_##client_type##_##name(Client(client_type), NULL, TIMEOUT_S, NULL, name##_ready, NULL); \
	}
#define get_operating_mode_output_t     QmiMessageDmsGetOperatingModeOutput
#define get_card_status_output_t        QmiMessageUimGetCardStatusOutput
#define get_system_info_output_t        QmiMessageNasGetSystemInfoOutput
#define get_serving_system_output_t     QmiMessageNasGetServingSystemOutput
#define get_signal_info_output_t        QmiMessageNasGetSignalInfoOutput
#define get_rf_band_information_output_t QmiMessageNasGetRfBandInformationOutput
#define get_cell_location_info_output_t QmiMessageNasGetCellLocationInfoOutput
#define get_lte_cphy_ca_info_output_t   QmiMessageNasGetLteCphyCaInfoOutput
#define get_packet_service_status_output_t QmiMessageWdsGetPacketServiceStatusOutput

DEFINE_QUESTION(get_operating_mode, dms, QMI_CLIENT_DMS, get_operating_mode, qmi_decode_operating_mode)
DEFINE_QUESTION(get_card_status, uim, QMI_CLIENT_UIM, get_card_status, qmi_decode_card_status)
DEFINE_QUESTION(get_system_info, nas, QMI_CLIENT_NAS, get_system_info, qmi_decode_system_info)
DEFINE_QUESTION(get_serving_system, nas, QMI_CLIENT_NAS, get_serving_system, qmi_decode_serving_system)
DEFINE_QUESTION(get_signal_info, nas, QMI_CLIENT_NAS, get_signal_info, qmi_decode_signal_info)
DEFINE_QUESTION(get_rf_band_information, nas, QMI_CLIENT_NAS, get_rf_band_information, qmi_decode_rf_band)
static const QmiEarfcns no_earfcns;
#define decode_cell_location(answer, o) qmi_decode_cell_location(answer, &no_earfcns, o)
DEFINE_QUESTION(get_cell_location_info, nas, QMI_CLIENT_NAS, get_cell_location_info, decode_cell_location)
DEFINE_QUESTION(get_lte_cphy_ca_info, nas, QMI_CLIENT_NAS, get_lte_cphy_ca_info, qmi_decode_carriers)
DEFINE_QUESTION(get_packet_service_status, wds, QMI_CLIENT_WDS, get_packet_service_status, qmi_decode_data_session)

static void get_tx_rx_info_ready(GObject *object, GAsyncResult *result, G_GNUC_UNUSED gpointer data)
{
	QmiMessageNasGetTxRxInfoOutput *answer = qmi_client_nas_get_tx_rx_info_finish(QMI_CLIENT_NAS(object), result, NULL);
	if (answer && qmi_message_nas_get_tx_rx_info_output_get_result(answer, NULL))
		qmi_decode_tx_rx(answer, &o);
	g_clear_pointer(&answer, qmi_message_nas_get_tx_rx_info_output_unref);
	done = TRUE;
}

static void get_tx_rx_info_ask(void)
{
	g_autoptr(QmiMessageNasGetTxRxInfoInput) input = qmi_message_nas_get_tx_rx_info_input_new();
	qmi_message_nas_get_tx_rx_info_input_set_radio_interface(input, QMI_NAS_RADIO_INTERFACE_LTE, NULL);
	qmi_client_nas_get_tx_rx_info(QMI_CLIENT_NAS(nas), input, TIMEOUT_S, NULL, get_tx_rx_info_ready, NULL);
}

static void get_packet_statistics_ready(GObject *object, GAsyncResult *result, G_GNUC_UNUSED gpointer data)
{
	QmiMessageWdsGetPacketStatisticsOutput *answer = qmi_client_wds_get_packet_statistics_finish(QMI_CLIENT_WDS(object), result, NULL);
	if (answer && qmi_message_wds_get_packet_statistics_output_get_result(answer, NULL))
		qmi_decode_packet_statistics(answer, &o);
	g_clear_pointer(&answer, qmi_message_wds_get_packet_statistics_output_unref);
	done = TRUE;
}

static void get_packet_statistics_ask(void)
{
	g_autoptr(QmiMessageWdsGetPacketStatisticsInput) input = qmi_message_wds_get_packet_statistics_input_new();
	qmi_message_wds_get_packet_statistics_input_set_mask(input, QMI_WDS_PACKET_STATISTICS_MASK_FLAG_TX_PACKETS_OK, NULL);
	qmi_client_wds_get_packet_statistics(QMI_CLIENT_WDS(wds), input, TIMEOUT_S, NULL, get_packet_statistics_ready, NULL);
}

static const struct {
	guint8 service;
	guint16 message;
	void (*ask)(void); /* NULL: an indication */
} questions[] = {
	{0x02, 0x2D, get_operating_mode_ask},      {0x0B, 0x2F, get_card_status_ask},  {0x03, 0x4D, get_system_info_ask},
	{0x03, 0x24, get_serving_system_ask},      {0x03, 0x4F, get_signal_info_ask},  {0x03, 0x31, get_rf_band_information_ask},
	{0x03, 0x43, get_cell_location_info_ask},  {0x03, 0x5A, get_tx_rx_info_ask},
	{0x03, 0xAC, get_lte_cphy_ca_info_ask},    {0x03, NETWORK_REJECT, NULL},       {0x01, 0x22, get_packet_service_status_ask},
	{0x01, 0x24, get_packet_statistics_ask},
};

/* --- the modem --- */

static void wait_until_done(void)
{
	while (!done)
		g_main_context_iteration(NULL, TRUE);
	done = FALSE;
}

static void on_device(G_GNUC_UNUSED GObject *object, GAsyncResult *result, G_GNUC_UNUSED gpointer data)
{
	device = QMI_DEVICE(g_async_initable_new_finish(G_ASYNC_INITABLE(object), result, NULL));
	done = TRUE;
}

static void on_open(GObject *object, GAsyncResult *result, G_GNUC_UNUSED gpointer data)
{
	g_assert(qmi_device_open_finish(QMI_DEVICE(object), result, NULL));
	done = TRUE;
}

static void on_client(GObject *object, GAsyncResult *result, gpointer client)
{
	*(QmiClient **)client = qmi_device_allocate_client_finish(QMI_DEVICE(object), result, NULL);
	g_assert(*(QmiClient **)client);
	done = TRUE;
}

static void allocate(QmiService service, QmiClient **client)
{
	qmi_device_allocate_client(device, service, QMI_CID_NONE, TIMEOUT_S, NULL, on_client, client);
	wait_until_done();
}

static void on_network_reject(G_GNUC_UNUSED QmiClientNas *client, QmiIndicationNasNetworkRejectOutput *indication,
			      G_GNUC_UNUSED gpointer data)
{
	static Observation event;
	observation_init(&event, OBSERVATION_EVENT, "fuzz");
	qmi_decode_network_reject(indication, &event);
	fuzz_check_observation(&event);
}

static void drop_log(G_GNUC_UNUSED const char *domain, G_GNUC_UNUSED GLogLevelFlags level, G_GNUC_UNUSED const char *message,
		     G_GNUC_UNUSED gpointer data)
{
}

static void start(void)
{
	g_log_set_handler("Qmi", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE, drop_log, NULL);
	modem = scripted_modem_new(NULL);
	g_autoptr(GFile) file = g_file_new_for_path(scripted_modem_device(modem));
	g_async_initable_new_async(QMI_TYPE_DEVICE, G_PRIORITY_DEFAULT, NULL, on_device, NULL, QMI_DEVICE_FILE, file,
				   QMI_DEVICE_NO_FILE_CHECK, TRUE, NULL);
	wait_until_done();
	qmi_device_open(device, QMI_DEVICE_OPEN_FLAGS_SYNC, TIMEOUT_S, NULL, on_open, NULL);
	wait_until_done();
	allocate(QMI_SERVICE_NAS, &nas);
	allocate(QMI_SERVICE_DMS, &dms);
	allocate(QMI_SERVICE_UIM, &uim);
	allocate(QMI_SERVICE_WDS, &wds);
	g_signal_connect(nas, "network-reject", G_CALLBACK(on_network_reject), NULL);
}

/* Marker, length, flags; NAS, client, indication, transaction u16, message u16, length u16: the client is handed what is a frame. */
static void indicate(const FuzzRecord *record, gsize length)
{
	g_autoptr(GByteArray) frame = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	guint8 head[13];
	ByteWriter w = byte_writer_init(head, sizeof head);
	byte_writer_u8(&w, 1);
	byte_writer_u16(&w, (guint16)(sizeof head - 1 + length));
	byte_writer_u8(&w, 0x80);
	byte_writer_u8(&w, QMI_SERVICE_NAS);
	byte_writer_u8(&w, qmi_client_get_cid(nas));
	byte_writer_u8(&w, 4);
	byte_writer_u16(&w, 0);
	byte_writer_u16(&w, NETWORK_REJECT);
	byte_writer_u16(&w, (guint16)length);
	g_byte_array_append(frame, head, (guint)w.length);
	g_byte_array_append(frame, record->bytes, (guint)length);
	g_autoptr(QmiMessage) message = qmi_message_new_from_raw(frame, &error);
	if (message)
		QMI_CLIENT_GET_CLASS(nas)->process_indication(nas, message);
}

/* libqmi throws a frame away whose TLVs run over its end, and the call would wait for its deadline. */
static gsize whole_tlvs(const FuzzRecord *record)
{
	ByteReader r = byte_reader_init(record->bytes, MIN(record->length, MAX_TLVS));
	gsize whole = 0;
	while (byte_reader_left(&r) >= 3) {
		byte_reader_u8(&r);
		byte_reader_take(&r, byte_reader_u16(&r));
		if (!r.failed)
			whole = r.offset;
	}
	return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ByteReader r = byte_reader_init(data, size);
	FuzzRecord record;
	if (!modem)
		start();
	observation_init(&o, OBSERVATION_RADIO, "fuzz");
	while (fuzz_record_next(&r, &record)) {
		const guint which = record.which % G_N_ELEMENTS(questions);
		const gsize length = whole_tlvs(&record);
		if (!questions[which].ask) {
			indicate(&record, length);
			continue;
		}
		scripted_modem_set_answer(modem, questions[which].service, questions[which].message, record.bytes, length);
		questions[which].ask();
		wait_until_done();
	}
	qmi_decode_finish(&o);
	fuzz_check_observation(&o);
	return 0;
}
