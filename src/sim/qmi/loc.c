/* loc.c - LOC, the location service: the GNSS receiver inside the modem.
 *
 * Sources: libqmi data/qmi-service-loc.json, qmi-enums-loc.h. Position reports go to the client that started the session, and
 * satellites to all that registered for them while any session runs, each if the client registered for that event.
 * Reports fall on whole intervals of the receiver's own time, at most one for each state of the world.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/clients.h"

#define REPORT_POSITION	  (1u << 0) /* as in the request */
#define REPORT_SATELLITES (1u << 1)
#define REPORT_MODE	  (1u << 31) /* of ours: always wanted */

#define TLV_ARGUMENT	    0x01
#define USUAL_INTERVAL_MS   1000
#define SHORTEST_INTERVAL_MS 100
#define SATELLITE_INTERVAL_MS 1000
#define GEOID_SEPARATION_M  24.0 /* as in the sentences of nmea.c */
#define VERTICAL_PER_HORIZONTAL 1.5

static void put_float(ByteWriter *w, double value)
{
	float narrow = (float)value;
	guint32 bits;
	memcpy(&bits, &narrow, sizeof bits);
	byte_writer_u32(w, bits);
}

static void put_double(ByteWriter *w, double value)
{
	guint64 bits;
	memcpy(&bits, &value, sizeof bits);
	byte_writer_u64(w, bits);
}

/* Register Events 0x21: in 01 events u64 */
static SimQmiError handle_register(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, TLV_ARGUMENT, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	guint64 events = byte_reader_u64(&r);
	if (r.failed)
		return SIM_QMI_INVALID_ARGUMENT;
	call->client->reports = (guint32)(events & (REPORT_POSITION | REPORT_SATELLITES)) | REPORT_MODE;
	return SIM_QMI_OK;
}

/* A u32 that may be left out. */
static guint32 number_or(const SimQmiCall *call, guint8 type, guint32 fallback)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, type, &r))
		return fallback;
	guint32 value = byte_reader_u32(&r);
	return r.failed ? fallback : value;
}

/* Start 0x22: in 01 session u8, 10 recurrence u32 (1 periodic, 2 single), 12 intermediate reports u32 (1 on, 2 off),
 * 13 interval u32 ms */
static SimQmiError handle_start(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, TLV_ARGUMENT, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	SimQmiLocSession session = call->client->loc;
	session.started = TRUE;
	session.id = byte_reader_u8(&r);
	session.n_fixes = 0;
	if (r.failed)
		return SIM_QMI_INVALID_ARGUMENT;
	session.single = number_or(call, 0x10, 1) == 2;
	session.wants_intermediate = number_or(call, 0x12, 1) != 2;
	session.interval_ms = MAX(number_or(call, 0x13, USUAL_INTERVAL_MS), SHORTEST_INTERVAL_MS);
	call->client->loc = session;
	return SIM_QMI_OK;
}

/* Stop 0x23: in 01 session u8 */
static SimQmiError handle_stop(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, TLV_ARGUMENT, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	guint8 id = byte_reader_u8(&r);
	if (r.failed || !call->client->loc.started || call->client->loc.id != id)
		return SIM_QMI_INVALID_ARGUMENT;
	call->client->loc.started = FALSE;
	return SIM_QMI_OK;
}

/* --- Set Operation Mode 0x4A: in 01 mode u32 (1 default, 2 MSB, 3 MSA, 4 standalone, 5 cell id, 6 WWAN); what came of it follows in an
 * indication: 01 status u32 --- */

static SimQmiError handle_mode(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, TLV_ARGUMENT, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	call->client->loc.mode = byte_reader_u32(&r);
	call->client->loc.modes_asked++;
	return r.failed ? SIM_QMI_INVALID_ARGUMENT : SIM_QMI_OK;
}

static gboolean write_mode_status(const SimQmiCall *call, ByteWriter *w)
{
	const guint32 mode = call->client->loc.mode;
	byte_writer_u32(w, mode >= 1 && mode <= 6 ? 0 : 3); /* success, invalid parameter */
	return TRUE;
}

static gboolean mode_is_due(const SimQmiCall *call, G_GNUC_UNUSED const SimQmiCall *before)
{
	SimQmiLocSession *session = &call->client->loc;
	if (session->modes_told == session->modes_asked)
		return FALSE;
	session->modes_told++;
	return TRUE;
}

/* --- Position Report 0x24 --- */

static gboolean write_status(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, call->state->gnss.has_fix ? 0 : 1); /* success, in progress */
	return TRUE;
}

static gboolean write_session(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, call->client->loc.id);
	return TRUE;
}

static gboolean write_latitude(const SimQmiCall *call, ByteWriter *w)
{
	put_double(w, call->state->gnss.lat_deg);
	return call->state->gnss.has_fix;
}

static gboolean write_longitude(const SimQmiCall *call, ByteWriter *w)
{
	put_double(w, call->state->gnss.lon_deg);
	return call->state->gnss.has_fix;
}

static gboolean write_horizontal_error(const SimQmiCall *call, ByteWriter *w)
{
	put_float(w, call->state->gnss.error_m);
	return call->state->gnss.has_fix;
}

static gboolean write_confidence(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, 68); /* per cent */
	return call->state->gnss.has_fix;
}

static gboolean write_reliability(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, 4); /* high */
	return call->state->gnss.has_fix;
}

static gboolean write_speed(const SimQmiCall *call, ByteWriter *w)
{
	put_float(w, call->state->gnss.speed_mps);
	return call->state->gnss.has_fix;
}

static gboolean write_altitude_ellipsoid(const SimQmiCall *call, ByteWriter *w)
{
	put_float(w, call->state->gnss.altitude_m + GEOID_SEPARATION_M);
	return call->state->gnss.has_fix;
}

static gboolean write_altitude(const SimQmiCall *call, ByteWriter *w)
{
	put_float(w, call->state->gnss.altitude_m);
	return call->state->gnss.has_fix;
}

static gboolean write_vertical_error(const SimQmiCall *call, ByteWriter *w)
{
	put_float(w, VERTICAL_PER_HORIZONTAL * call->state->gnss.error_m);
	return call->state->gnss.has_fix;
}

static gboolean write_heading(const SimQmiCall *call, ByteWriter *w)
{
	put_float(w, call->state->gnss.course_deg);
	return call->state->gnss.has_fix;
}

static gboolean write_technology(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, 1 << 0); /* satellites */
	return call->state->gnss.has_fix;
}

static gboolean write_dilution(const SimQmiCall *call, ByteWriter *w)
{
	put_float(w, call->state->gnss.pdop);
	put_float(w, call->state->gnss.hdop);
	put_float(w, call->state->gnss.vdop);
	return call->state->gnss.has_fix;
}

static gboolean write_utc(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u64(w, (guint64)call->state->gnss.utc_ms);
	return call->state->gnss.has_fix;
}

static gboolean write_fix_count(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, call->client->loc.n_fixes);
	return call->state->gnss.has_fix;
}

/* count u8, { satellite u16 } */
static gboolean write_used(const SimQmiCall *call, ByteWriter *w)
{
	const SimEpoch *gnss = &call->state->gnss;
	guint8 n = 0;
	for (guint i = 0; i < gnss->n_satellites; i++)
		n = (guint8)(n + gnss->satellites[i].used);
	byte_writer_u8(w, n);
	for (guint i = 0; i < gnss->n_satellites; i++)
		if (gnss->satellites[i].used)
			byte_writer_u16(w, (guint16)gnss->satellites[i].prn);
	return gnss->has_fix;
}

/* Has the receiver's time gone past a multiple of the interval? */
static gboolean interval_begins(const SimQmiCall *call, const SimQmiCall *before, guint32 interval_ms)
{
	return call->state->gnss.utc_ms / interval_ms != before->state->gnss.utc_ms / interval_ms;
}

static gboolean position_is_due(const SimQmiCall *call, const SimQmiCall *before)
{
	SimQmiLocSession *session = &call->client->loc;
	if (!session->started || !interval_begins(call, before, session->interval_ms))
		return FALSE;
	if (!call->state->gnss.has_fix)
		return session->wants_intermediate;
	session->n_fixes++;
	session->started = !session->single;
	return TRUE;
}

/* --- GNSS Satellite Info 0x25 --- */

static gboolean write_assumed(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, 0); /* the altitude is not */
	return TRUE;
}

/* count u8, { valid u32, system u32, id u16, health u8, status u32, navigation data u8, elevation f32, azimuth f32, C/N0 f32 }
 */
static gboolean write_satellites(const SimQmiCall *call, ByteWriter *w)
{
	const SimEpoch *gnss = &call->state->gnss;
	byte_writer_u8(w, (guint8)gnss->n_satellites);
	for (guint i = 0; i < gnss->n_satellites; i++) {
		const SimSatellite *satellite = &gnss->satellites[i];
		gboolean tracked = satellite->cn0_dbhz > 0;
		byte_writer_u32(w, tracked ? 0xFF : 0x7F); /* all; a C/N0 only where something is received */
		byte_writer_u32(w, satellite->system == SIM_GNSS_GPS ? 1 : 5);
		byte_writer_u16(w, (guint16)satellite->prn);
		byte_writer_u8(w, 1); /* healthy */
		byte_writer_u32(w, tracked ? 2 : 1); /* tracking, searching */
		byte_writer_u8(w, 0); /* has an ephemeris */
		put_float(w, satellite->elevation_deg);
		put_float(w, satellite->azimuth_deg);
		put_float(w, satellite->cn0_dbhz);
	}
	return TRUE;
}

static gboolean satellites_are_due(const SimQmiCall *call, const SimQmiCall *before)
{
	gboolean on = FALSE;
	for (guint i = 0; i < sim_qmi_clients_count(call->clients); i++)
		on |= sim_qmi_clients_nth(call->clients, i)->loc.started;
	return on && interval_begins(call, before, SATELLITE_INTERVAL_MS);
}

static const SimQmiTlv position_tlvs[] = {
	{0x01, write_status},	      {0x02, write_session},	     {0x10, write_latitude},	   {0x11, write_longitude},
	{0x12, write_horizontal_error}, {0x16, write_confidence},	     {0x17, write_reliability},	   {0x18, write_speed},
	{0x1A, write_altitude_ellipsoid}, {0x1B, write_altitude}, {0x1C, write_vertical_error}, {0x1D, write_confidence},
	{0x1E, write_reliability},    {0x20, write_heading},	     {0x23, write_technology},	   {0x24, write_dilution},
	{0x25, write_utc},	      {0x2B, write_fix_count},	     {0x2C, write_used},	   {0},
};
static const SimQmiTlv mode_tlvs[] = {{0x01, write_mode_status}, {0}};
static const SimQmiTlv satellite_tlvs[] = {{0x01, write_assumed}, {0x10, write_satellites}, {0}};

static const SimQmiRequest requests[] = {
	{0x0021, "Register Events", handle_register, NULL},
	{0x0022, "Start", handle_start, NULL},
	{0x0023, "Stop", handle_stop, NULL},
	{0x004A, "Set Operation Mode", handle_mode, NULL},
	{0},
};

static const SimQmiIndication indications[] = {
	{0x0025, "GNSS Satellite Info", REPORT_SATELLITES, satellite_tlvs, satellites_are_due},
	{0x004A, "Set Operation Mode", REPORT_MODE, mode_tlvs, mode_is_due},
	{0x0024, "Position Report", REPORT_POSITION, position_tlvs, position_is_due},
	{0},
};

const SimQmiService sim_qmi_loc = {
	.id = SIM_QMI_LOC,
	.major = 2,
	.minor = 0,
	.max_clients = 16,
	.of_gnss = TRUE,
	.default_reports = REPORT_MODE,
	.requests = requests,
	.indications = indications,
};
