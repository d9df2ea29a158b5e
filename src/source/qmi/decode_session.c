/* The data session: see decode.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi/decode.h"

#include "source/modem/counters.h"

void qmi_decode_data_session(QmiMessageWdsGetPacketServiceStatusOutput *answer, Observation *o)
{
	QmiWdsConnectionStatus status;
	if (!qmi_message_wds_get_packet_service_status_output_get_connection_status(answer, &status, NULL))
		return;
	switch (status) {
	case QMI_WDS_CONNECTION_STATUS_DISCONNECTED:
		RADIO_SET(o, data_session, DATA_SESSION_DOWN);
		break;
	case QMI_WDS_CONNECTION_STATUS_CONNECTED:
		RADIO_SET(o, data_session, DATA_SESSION_UP);
		break;
	case QMI_WDS_CONNECTION_STATUS_SUSPENDED:
		RADIO_SET(o, data_session, DATA_SESSION_SUSPENDED);
		break;
	case QMI_WDS_CONNECTION_STATUS_AUTHENTICATING:
		RADIO_SET(o, data_session, DATA_SESSION_CONNECTING);
		break;
	case QMI_WDS_CONNECTION_STATUS_UNKNOWN:
		break;
	}
}

void qmi_decode_packet_statistics(QmiMessageWdsGetPacketStatisticsOutput *answer, Observation *o)
{
	guint32 packets;
	guint64 bytes;
	if (qmi_message_wds_get_packet_statistics_output_get_rx_packets_ok(answer, &packets, NULL) && modem_is_packets_u32(packets))
		RADIO_SET(o, rx_packets, packets);
	if (qmi_message_wds_get_packet_statistics_output_get_tx_packets_ok(answer, &packets, NULL) && modem_is_packets_u32(packets))
		RADIO_SET(o, tx_packets, packets);
	if (qmi_message_wds_get_packet_statistics_output_get_rx_bytes_ok(answer, &bytes, NULL) && modem_is_count(bytes))
		RADIO_SET(o, rx_bytes, bytes);
	if (qmi_message_wds_get_packet_statistics_output_get_tx_bytes_ok(answer, &bytes, NULL) && modem_is_count(bytes))
		RADIO_SET(o, tx_bytes, bytes);
}
