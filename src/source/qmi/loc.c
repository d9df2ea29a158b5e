/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi/loc.h"

#include "source/gps/receiver.h"
#include "source/gps/report.h"
#include "source/modem/protocol.h"

#include <math.h>

#define SESSION     0x6A /* of our choosing: tells our reports from those of other clients */
#define INTERVAL_MS 1000

struct QmiLoc {
	Source *source;
	QmiClientLoc *client; /* a reference of our own */
	GCancellable *cancellable;
	GpsReceiver receiver;
	guint used;        /* satellites of the last position */
	guint pending;     /* calls whose callback has not come yet: they keep us alive */
	guint patience_id; /* until the modem tells whether it has taken the mode */
	gboolean started;
	gboolean ended;
};

/* --- decoding --- */

/* A time that came over the network, or from the modem's own clock, is no satellite's. */
static gboolean is_satellite_time(QmiIndicationLocPositionReportOutput *report)
{
	QmiLocTimeSource source;
	if (!qmi_indication_loc_position_report_output_get_time_source(report, &source, NULL))
		return TRUE;
	switch (source) {
	case QMI_LOC_TIME_SOURCE_TOW_DECODE:
	case QMI_LOC_TIME_SOURCE_TOW_CONFIRMED:
	case QMI_LOC_TIME_SOURCE_TOW_AND_WEEK_CONFIRMED:
	case QMI_LOC_TIME_SOURCE_NAVIGATION_SOLUTION:
	case QMI_LOC_TIME_SOURCE_SOLVE_FOR_TIME:
	case QMI_LOC_TIME_SOURCE_GLO_TOW_DECODE:
	case QMI_LOC_TIME_SOURCE_TIME_TRANSFORM:
	case QMI_LOC_TIME_SOURCE_QZSS_TOW_DECODE:
	case QMI_LOC_TIME_SOURCE_BDS_TOW_DECODE:
		return TRUE;
	case QMI_LOC_TIME_SOURCE_INVALID:
	case QMI_LOC_TIME_SOURCE_NETWORK_TIME_TRANSFER:
	case QMI_LOC_TIME_SOURCE_NETWORK_TIME_TAGGING:
	case QMI_LOC_TIME_SOURCE_EXTERNAL_INPUT:
	case QMI_LOC_TIME_SOURCE_WCDMA_SLEEP_TIME_TAG:
	case QMI_LOC_TIME_SOURCE_GSM_SLEEP_TIME_TAG:
	case QMI_LOC_TIME_SOURCE_UNKNOWN:
	case QMI_LOC_TIME_SOURCE_SYSTEM_TIMETICK:
		break;
	}
	return FALSE;
}

static gint64 report_time_ns(QmiIndicationLocPositionReportOutput *report)
{
	guint64 utc_ms;
	if (!is_satellite_time(report) || !qmi_indication_loc_position_report_output_get_utc_timestamp(report, &utc_ms, NULL) ||
	    utc_ms > (guint64)(G_MAXINT64 / NS_PER_MS))
		return 0;
	return (gint64)utc_ms * NS_PER_MS;
}

static double number_or_nan(gboolean found, gfloat value)
{
	return found ? (double)value : NAN;
}

/* Of 63 % (circular) and 68 % (vertical) as firmware gives them usually: twice that is near what gpsd's 95 % mean, and too much rather
 * than too little where it means more. */
static void decode_errors(QmiIndicationLocPositionReportOutput *report, GpsFixReport *ret_plain)
{
	gfloat value = 0;
	gboolean found = qmi_indication_loc_position_report_output_get_horizontal_uncertainty_circular(report, &value, NULL);
	ret_plain->eph_m = 2 * number_or_nan(found, value);
	found = qmi_indication_loc_position_report_output_get_vertical_uncertainty(report, &value, NULL);
	ret_plain->epv_m = 2 * number_or_nan(found, value);
}

gboolean qmi_decode_position(QmiIndicationLocPositionReportOutput *report, Observation *o, gint64 *ret_fix_ns)
{
	QmiLocSessionStatus status = QMI_LOC_SESSION_STATUS_GENERAL_FAILURE;
	GpsFixReport plain = {.lat_deg = NAN, .lon_deg = NAN};
	GArray *satellites = NULL;
	gfloat value = 0;
	qmi_indication_loc_position_report_output_get_session_status(report, &status, NULL);
	QmiLocTechnologyUsed technology = QMI_LOC_TECHNOLOGY_USED_SATELLITE;
	gboolean assumed = FALSE;
	qmi_indication_loc_position_report_output_get_technology_used(report, &technology, NULL);
	qmi_indication_loc_position_report_output_get_altitude_assumed(report, &assumed, NULL);
	/* Reports on the way to a fix have a rough place of cells' or yesterday's making: it is none. */
	plain.has_place = status == QMI_LOC_SESSION_STATUS_SUCCESS && (technology & QMI_LOC_TECHNOLOGY_USED_SATELLITE) &&
			  qmi_indication_loc_position_report_output_get_latitude(report, &plain.lat_deg, NULL) &&
			  qmi_indication_loc_position_report_output_get_longitude(report, &plain.lon_deg, NULL);
	plain.time_ns = report_time_ns(report);
	plain.is_3d = qmi_indication_loc_position_report_output_get_altitude_from_sealevel(report, &value, NULL) && !assumed;
	plain.altitude_m = number_or_nan(plain.is_3d, value);
	decode_errors(report, &plain);
	gboolean found = qmi_indication_loc_position_report_output_get_horizontal_speed(report, &value, NULL);
	plain.speed_m_s = number_or_nan(found, value);
	found = qmi_indication_loc_position_report_output_get_heading(report, &value, NULL);
	plain.track_deg = number_or_nan(found, value);
	if (qmi_indication_loc_position_report_output_get_satellites_used(report, &satellites, NULL))
		plain.satellites_used = satellites->len;
	return gps_report_fix(&plain, o, ret_fix_ns);
}

void qmi_decode_satellites(QmiIndicationLocGnssSvInfoOutput *report, guint used, Observation *o)
{
	GpsSkyReport plain = {.used = used, .hdop = NAN, .pdop = NAN};
	GArray *rows = NULL;
	if (!qmi_indication_loc_gnss_sv_info_output_get_list(report, &rows, NULL))
		rows = NULL;
	for (guint i = 0; rows && i < rows->len; i++) {
		const QmiIndicationLocGnssSvInfoOutputListElement *row =
			&g_array_index(rows, QmiIndicationLocGnssSvInfoOutputListElement, i);
		plain.visible++;
		if (row->valid_information & QMI_LOC_SATELLITE_VALID_INFORMATION_SIGNAL_TO_NOISE_RATIO)
			gps_report_add_heard(&plain, row->signal_to_noise_ratio_bhz);
	}
	gps_report_sky(&plain, o);
}

/* --- the session --- */

static void on_position(QmiClientLoc *client, QmiIndicationLocPositionReportOutput *report, gpointer data)
{
	QmiLoc *loc = data;
	Observation o;
	gint64 fix_ns = 0;
	guint8 session = 0;
	(void)client;
	if (qmi_indication_loc_position_report_output_get_session_id(report, &session, NULL) && session != SESSION)
		return;
	observation_init(&o, OBSERVATION_FIX, loc->source->name);
	const gboolean is_fix = qmi_decode_position(report, &o, &fix_ns);
	loc->used = is_fix && FIX_HAS(&o, satellites_used) ? o.fix.satellites_used : 0;
	if (gps_receiver_judge(&loc->receiver, &o, is_fix, fix_ns))
		gps_receiver_observe(&loc->receiver, &o);
}

static void on_satellites(QmiClientLoc *client, QmiIndicationLocGnssSvInfoOutput *report, gpointer data)
{
	QmiLoc *loc = data;
	Observation o;
	(void)client;
	observation_init(&o, OBSERVATION_SKY, loc->source->name);
	qmi_decode_satellites(report, loc->used, &o);
	loc->source->host->observe(loc->source->host, &o);
}

static void give_up(QmiLoc *loc, const char *sentence)
{
	g_clear_handle_id(&loc->patience_id, g_source_remove);
	loc->source->host->tell(loc->source->host, loc->source->name, sentence);
}

static void let_go(QmiLoc *loc)
{
	if (!loc->ended || loc->pending > 0)
		return;
	g_object_unref(loc->cancellable);
	g_object_unref(loc->client);
	g_free(loc);
}

static gpointer call_begin(QmiLoc *loc)
{
	loc->pending++;
	return loc;
}

/* Each step of the start: its answer decides whether there is a next one. */
#define DEFINE_STEP(name, Output, finish, get_result, unref, sentence, next)               \
	static void name(GObject *object, GAsyncResult *result, gpointer data)              \
	{                                                                                    \
		QmiLoc *loc = data;                                                          \
		Output *answer = finish(QMI_CLIENT_LOC(object), result, NULL);               \
		const gboolean ok = answer && get_result(answer, NULL);                      \
		if (answer)                                                                  \
			unref(answer);                                                       \
		loc->pending--;                                                              \
		if (loc->ended)                                                              \
			let_go(loc);                                                         \
		else if (ok)                                                                 \
			next(loc);                                                           \
		else                                                                         \
			give_up(loc, sentence);                                              \
	}

static void set_started(QmiLoc *loc)
{
	loc->started = TRUE;
}

DEFINE_STEP(on_start, QmiMessageLocStartOutput, qmi_client_loc_start_finish, qmi_message_loc_start_output_get_result,
	    qmi_message_loc_start_output_unref, "the modem does not start its GNSS receiver: no positions from it", set_started)

static void start_session(QmiLoc *loc)
{
	g_autoptr(QmiMessageLocStartInput) input = qmi_message_loc_start_input_new();
	qmi_message_loc_start_input_set_session_id(input, SESSION, NULL);
	qmi_message_loc_start_input_set_intermediate_report_state(input, QMI_LOC_INTERMEDIATE_REPORT_STATE_ENABLE, NULL);
	qmi_message_loc_start_input_set_minimum_interval_between_position_reports(input, INTERVAL_MS, NULL);
	qmi_message_loc_start_input_set_fix_recurrence_type(input, QMI_LOC_FIX_RECURRENCE_TYPE_REQUEST_PERIODIC_FIXES, NULL);
	qmi_client_loc_start(loc->client, input, MODEM_CALL_S, loc->cancellable, on_start, call_begin(loc));
}

DEFINE_STEP(on_events, QmiMessageLocRegisterEventsOutput, qmi_client_loc_register_events_finish,
	    qmi_message_loc_register_events_output_get_result, qmi_message_loc_register_events_output_unref,
	    "the modem does not report positions", start_session)

static void register_events(QmiLoc *loc)
{
	g_autoptr(QmiMessageLocRegisterEventsInput) input = qmi_message_loc_register_events_input_new();
	qmi_message_loc_register_events_input_set_event_registration_mask(
		input, QMI_LOC_EVENT_REGISTRATION_FLAG_POSITION_REPORT | QMI_LOC_EVENT_REGISTRATION_FLAG_GNSS_SATELLITE_INFO, NULL);
	g_signal_connect(loc->client, "position-report", G_CALLBACK(on_position), loc);
	g_signal_connect(loc->client, "gnss-sv-info", G_CALLBACK(on_satellites), loc);
	qmi_client_loc_register_events(loc->client, input, MODEM_CALL_S, loc->cancellable, on_events, call_begin(loc));
}

static const char stays_off[] = "the modem's GNSS receiver stays off: it cannot be kept from asking the network for help";

static gboolean on_patience_ends(gpointer data)
{
	QmiLoc *loc = data;
	loc->patience_id = 0;
	give_up(loc, stays_off);
	return G_SOURCE_REMOVE;
}

/* The answer to LOC requests only says that they were understood; what came of it follows in an indication. */
static void on_mode_taken(QmiClientLoc *client, QmiIndicationLocSetOperationModeOutput *indication, gpointer data)
{
	QmiLoc *loc = data;
	QmiLocIndicationStatus status = QMI_LOC_INDICATION_STATUS_GENERAL_FAILURE;
	(void)client;
	if (!loc->patience_id)
		return;
	g_clear_handle_id(&loc->patience_id, g_source_remove);
	qmi_indication_loc_set_operation_mode_output_get_indication_status(indication, &status, NULL);
	if (status == QMI_LOC_INDICATION_STATUS_SUCCESS)
		register_events(loc);
	else
		give_up(loc, stays_off);
}

static void mode_understood(QmiLoc *loc)
{
	(void)loc; /* on_mode_taken goes on */
}

DEFINE_STEP(on_operation_mode, QmiMessageLocSetOperationModeOutput, qmi_client_loc_set_operation_mode_finish,
	    qmi_message_loc_set_operation_mode_output_get_result, qmi_message_loc_set_operation_mode_output_unref, stays_off,
	    mode_understood)

QmiLoc *qmi_loc_start(Source *source, QmiClient *client)
{
	if (!client) {
		source->host->tell(source->host, source->name, "the modem has no GNSS receiver (QMI LOC): no positions from it");
		return NULL;
	}
	QmiLoc *loc = g_new0(QmiLoc, 1);
	g_autoptr(QmiMessageLocSetOperationModeInput) input = qmi_message_loc_set_operation_mode_input_new();
	loc->source = source;
	loc->receiver.source = source;
	loc->client = g_object_ref(QMI_CLIENT_LOC(client));
	loc->cancellable = g_cancellable_new();
	g_signal_connect(loc->client, "set-operation-mode", G_CALLBACK(on_mode_taken), loc);
	loc->patience_id = g_timeout_add_seconds(MODEM_CALL_S, on_patience_ends, loc);
	qmi_message_loc_set_operation_mode_input_set_operation_mode(input, QMI_LOC_OPERATION_MODE_STANDALONE, NULL);
	qmi_client_loc_set_operation_mode(loc->client, input, MODEM_CALL_S, loc->cancellable, on_operation_mode, call_begin(loc));
	return loc;
}

void qmi_loc_free(QmiLoc *loc)
{
	if (!loc)
		return;
	loc->ended = TRUE;
	g_clear_handle_id(&loc->patience_id, g_source_remove);
	loc->pending++; /* callbacks may come from within the cancellation */
	g_cancellable_cancel(loc->cancellable);
	loc->pending--;
	g_signal_handlers_disconnect_by_data(loc->client, loc);
	if (loc->started) {
		g_autoptr(QmiMessageLocStopInput) input = qmi_message_loc_stop_input_new();
		qmi_message_loc_stop_input_set_session_id(input, SESSION, NULL);
		/* Nobody waits for the answer: it goes out before the client id is given back. */
		qmi_client_loc_stop(loc->client, input, MODEM_CLOSE_S, NULL, NULL, NULL);
	}
	let_go(loc);
}
