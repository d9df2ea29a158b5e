/* See format.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi/format.h"

typedef struct {
	QmiDevice *device;
	QmiClient *client;
	gboolean matches;
	void (*done)(gboolean matches, gpointer user_data);
	gpointer user_data;
} Match;

static void finish(Match *m)
{
	m->done(m->matches, m->user_data);
	g_clear_object(&m->client);
	g_object_unref(m->device);
	g_free(m);
}

static gboolean on_nothing_to_do(gpointer data)
{
	finish(data);
	return G_SOURCE_REMOVE;
}

static void on_released(GObject *object, GAsyncResult *result, gpointer data)
{
	qmi_device_release_client_finish(QMI_DEVICE(object), result, NULL);
	finish(data);
}

static void on_format(GObject *object, GAsyncResult *result, gpointer data)
{
	Match *m = data;
	QmiWdaLinkLayerProtocol protocol = QMI_WDA_LINK_LAYER_PROTOCOL_UNKNOWN;
	g_autoptr(QmiMessageWdaGetDataFormatOutput) answer = qmi_client_wda_get_data_format_finish(QMI_CLIENT_WDA(object), result, NULL);
	if (answer && qmi_message_wda_get_data_format_output_get_result(answer, NULL))
		qmi_message_wda_get_data_format_output_get_link_layer_protocol(answer, &protocol, NULL);
	const QmiDeviceExpectedDataFormat wanted =
		protocol == QMI_WDA_LINK_LAYER_PROTOCOL_RAW_IP ? QMI_DEVICE_EXPECTED_DATA_FORMAT_RAW_IP
		: protocol == QMI_WDA_LINK_LAYER_PROTOCOL_802_3 ? QMI_DEVICE_EXPECTED_DATA_FORMAT_802_3
								: QMI_DEVICE_EXPECTED_DATA_FORMAT_UNKNOWN;
	m->matches = wanted == QMI_DEVICE_EXPECTED_DATA_FORMAT_UNKNOWN ||
		     wanted == qmi_device_get_expected_data_format(m->device, NULL) ||
		     qmi_device_set_expected_data_format(m->device, wanted, NULL);
	qmi_device_release_client(m->device, m->client, QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID, MODEM_CLOSE_S, NULL, on_released, m);
}

static void on_client(GObject *object, GAsyncResult *result, gpointer data)
{
	Match *m = data;
	m->client = qmi_device_allocate_client_finish(QMI_DEVICE(object), result, NULL);
	if (m->client)
		qmi_client_wda_get_data_format(QMI_CLIENT_WDA(m->client), NULL, MODEM_CALL_S, NULL, on_format, m);
	else
		finish(m);
}

void qmi_format_match(QmiDevice *device, void (*done)(gboolean matches, gpointer user_data), gpointer user_data)
{
	Match *m = g_new0(Match, 1);
	m->device = g_object_ref(device);
	m->matches = TRUE;
	m->done = done;
	m->user_data = user_data;
	if (qmi_device_get_expected_data_format(device, NULL) == QMI_DEVICE_EXPECTED_DATA_FORMAT_UNKNOWN)
		g_idle_add(on_nothing_to_do, m);
	else
		qmi_device_allocate_client(device, QMI_SERVICE_WDA, QMI_CID_NONE, MODEM_CALL_S, NULL, on_client, m);
}
