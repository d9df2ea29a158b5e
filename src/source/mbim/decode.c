/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/mbim/decode.h"
#include "source/mbim/info.h"

#include "source/modem/cells.h"
#include "source/modem/counters.h"
#include "source/modem/values.h"

/* --- the modem and its card --- */

gboolean mbim_decode_services(const MbimMessage *answer, MbimOffer *ret_offer)
{
	guint32 n;
	g_autoptr(MbimDeviceServiceElementArray) services = NULL;
	ByteReader info = mbim_info_of(answer);
	if (byte_reader_u32(&info) > info.length / 8) /* each has an offset and a size at least: see info.h */
		return FALSE;
	if (!mbim_message_device_services_response_parse(answer, &n, NULL, &services, NULL))
		return FALSE;
	*ret_offer = (MbimOffer){0};
	for (guint32 i = 0; services && services[i]; i++) {
		const MbimService service = mbim_uuid_to_service(&services[i]->device_service_id);
		guint32 cids = 0;
		for (guint32 c = 0; c < services[i]->cids_count; c++)
			cids |= services[i]->cids[c] < 32 ? 1u << services[i]->cids[c] : 0;
		if (service == MBIM_SERVICE_BASIC_CONNECT)
			ret_offer->basic = cids;
		else if (service == MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS)
			ret_offer->extensions = cids;
		else if (service == MBIM_SERVICE_QMI)
			ret_offer->qmi = TRUE;
	}
	return TRUE;
}

gboolean mbim_decode_radio_state(const MbimMessage *answer, G_GNUC_UNUSED MbimFacts *facts, Observation *o)
{
	MbimRadioSwitchState hardware, software;
	if (!mbim_message_radio_state_response_parse(answer, &hardware, &software, NULL))
		return FALSE;
	if (!mbim_radio_switch_state_get_string(hardware) || !mbim_radio_switch_state_get_string(software))
		return FALSE;
	if (hardware == MBIM_RADIO_SWITCH_STATE_OFF || software == MBIM_RADIO_SWITCH_STATE_OFF)
		RADIO_SET(o, operating_mode, OPERATING_LOW_POWER);
	else
		RADIO_SET(o, operating_mode, OPERATING_ONLINE);
	return TRUE;
}

/* MBIMEx 3 ends its answers with TLVs, of which nothing is wanted here; libmbim reads them all, and aborts the program where the length
 * of one is wrong (1.28.2). So of those answers the fixed fields before are read here. */

/* Subscriber and card numbers, which stand in the same answer, are not even read. */
gboolean mbim_decode_subscriber_ready(const MbimMessage *answer, MbimFacts *facts, Observation *o)
{
	ByteReader r = mbim_info_of(answer);
	const MbimSubscriberReadyState state = byte_reader_u32(&r);
	const gboolean ok = facts->version >= 3
				    ? !r.failed
				    : mbim_message_subscriber_ready_status_response_parse(answer, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	if (!ok || !mbim_subscriber_ready_state_get_string(state))
		return FALSE;
	switch (state) {
	case MBIM_SUBSCRIBER_READY_STATE_NOT_INITIALIZED:
		RADIO_SET(o, sim_state, SIM_STATE_NOT_READY);
		break;
	case MBIM_SUBSCRIBER_READY_STATE_INITIALIZED:
		RADIO_SET(o, sim_state, SIM_STATE_READY);
		break;
	case MBIM_SUBSCRIBER_READY_STATE_SIM_NOT_INSERTED:
	case MBIM_SUBSCRIBER_READY_STATE_NO_ESIM_PROFILE:
		RADIO_SET(o, sim_state, SIM_STATE_ABSENT);
		break;
	case MBIM_SUBSCRIBER_READY_STATE_BAD_SIM:
	case MBIM_SUBSCRIBER_READY_STATE_FAILURE:
	case MBIM_SUBSCRIBER_READY_STATE_NOT_ACTIVATED:
		RADIO_SET(o, sim_state, SIM_STATE_ERROR);
		break;
	case MBIM_SUBSCRIBER_READY_STATE_DEVICE_LOCKED:
		RADIO_SET(o, sim_state, SIM_STATE_PIN);
		break;
	}
	return TRUE;
}

/* --- registration --- */

#define CLASSES_GSM  (MBIM_DATA_CLASS_GPRS | MBIM_DATA_CLASS_EDGE)
#define CLASSES_UMTS (MBIM_DATA_CLASS_UMTS | MBIM_DATA_CLASS_HSDPA | MBIM_DATA_CLASS_HSUPA)

/* The newest of the classes. MBIMEx 2 has a bit for each kind of 5G: NSA, which is LTE with NR beside it, and SA. */
static MbimClass class_from_bits(guint32 bits)
{
	if (bits & MBIM_DATA_CLASS_5G_SA)
		return (MbimClass){.told = TRUE, .rat = RAT_NR};
	if (bits & MBIM_DATA_CLASS_5G_NSA)
		return (MbimClass){.told = TRUE, .rat = RAT_LTE, .endc = TRUE};
	if (bits & MBIM_DATA_CLASS_LTE)
		return (MbimClass){.told = TRUE, .rat = RAT_LTE};
	if (bits & CLASSES_UMTS)
		return (MbimClass){.told = TRUE, .rat = RAT_UMTS};
	if (bits & CLASSES_GSM)
		return (MbimClass){.told = TRUE, .rat = RAT_GSM};
	return (MbimClass){0};
}

/* MBIMEx 3 has one bit for 5G, in the place of NSA's, and a subclass: the master node's RAT is the one that serves us (TS 37.340
 * 4.1). Without a subclass the class says only "5G", and the cells must tell. */
static MbimClass class_from_subclass(guint32 bits, guint32 subclass)
{
	if (!(bits & MBIM_DATA_CLASS_V3_5G))
		return class_from_bits(bits & ~(guint32)MBIM_DATA_CLASS_5G_SA);
	if (subclass & (MBIM_DATA_SUBCLASS_5G_ENDC | MBIM_DATA_SUBCLASS_5G_NGENDC))
		return (MbimClass){.told = TRUE, .rat = RAT_LTE, .endc = TRUE};
	if (subclass & (MBIM_DATA_SUBCLASS_5G_NR | MBIM_DATA_SUBCLASS_5G_NEDC))
		return (MbimClass){.told = TRUE, .rat = RAT_NR};
	if (subclass & MBIM_DATA_SUBCLASS_5G_ELTE)
		return (MbimClass){.told = TRUE, .rat = RAT_LTE};
	return (MbimClass){0};
}

void mbim_decode_plmn(const char *text, char ret_plmn[MBIM_PLMN_SIZE])
{
	gsize n = 0;
	ret_plmn[0] = '\0';
	while (text && n < MBIM_PLMN_SIZE && g_ascii_isdigit(text[n]))
		n++;
	if ((n == 5 || n == 6) && text[n] == '\0')
		g_strlcpy(ret_plmn, text, MBIM_PLMN_SIZE);
}

static void set_registration(MbimRegisterState state, Observation *o)
{
	switch (state) {
	case MBIM_REGISTER_STATE_DEREGISTERED:
		RADIO_SET(o, registration, REGISTRATION_NOT_REGISTERED);
		break;
	case MBIM_REGISTER_STATE_SEARCHING:
		RADIO_SET(o, registration, REGISTRATION_SEARCHING);
		break;
	case MBIM_REGISTER_STATE_HOME:
		RADIO_SET(o, registration, REGISTRATION_HOME);
		break;
	case MBIM_REGISTER_STATE_ROAMING:
	case MBIM_REGISTER_STATE_PARTNER: /* roaming, at a preferred operator's */
		RADIO_SET(o, registration, REGISTRATION_ROAMING);
		break;
	case MBIM_REGISTER_STATE_DENIED:
		RADIO_SET(o, registration, REGISTRATION_DENIED);
		break;
	case MBIM_REGISTER_STATE_UNKNOWN:
		break;
	}
}

gboolean mbim_decode_register_state(const MbimMessage *answer, MbimFacts *facts, Observation *o)
{
	MbimNwError error;
	MbimRegisterState state;
	MbimDataClass classes;
	g_autofree char *provider = NULL;
	/* MBIMEx 2 only adds to the end of it. */
	if (!mbim_message_register_state_response_parse(answer, &error, &state, NULL, &classes, NULL, &provider, NULL, NULL, NULL, NULL))
		return FALSE;
	if (!mbim_register_state_get_string(state))
		return FALSE;
	set_registration(state, o);
	facts->register_error = error;
	/* In MBIMEx 3 the 5G bit says nothing more here, and there is no subclass. */
	facts->available = facts->version >= 3 ? class_from_subclass((guint32)classes, 0) : class_from_bits((guint32)classes);
	mbim_decode_plmn(provider, facts->plmn);
	return TRUE;
}

/* Attaching is not attached yet; of detaching nobody knows how far it has come. */
static void set_attach(MbimPacketServiceState state, Observation *o)
{
	switch (state) {
	case MBIM_PACKET_SERVICE_STATE_ATTACHED:
		RADIO_SET(o, ps_attach, ATTACH_ATTACHED);
		break;
	case MBIM_PACKET_SERVICE_STATE_ATTACHING:
	case MBIM_PACKET_SERVICE_STATE_DETACHED:
		RADIO_SET(o, ps_attach, ATTACH_DETACHED);
		break;
	case MBIM_PACKET_SERVICE_STATE_DETACHING:
	case MBIM_PACKET_SERVICE_STATE_UNKNOWN:
		break;
	}
}

gboolean mbim_decode_packet_service(const MbimMessage *answer, MbimFacts *facts, Observation *o)
{
	guint32 error;
	MbimPacketServiceState state;
	MbimDataClass classes;
	guint64 subclass = MBIM_DATA_SUBCLASS_NONE;
	/* MBIMEx 2 and 3 only add to the end of it: two speeds u64 and a frequency range u32 lie before the subclass u64. */
	if (!mbim_message_packet_service_response_parse(answer, &error, &state, &classes, NULL, NULL, NULL))
		return FALSE;
	ByteReader r = mbim_info_of(answer);
	byte_reader_take(&r, 3 * 4 + 2 * 8 + 4);
	if (facts->version >= 3)
		subclass = byte_reader_u64(&r);
	if (r.failed && facts->version >= 3)
		return FALSE;
	if (!mbim_packet_service_state_get_string(state))
		return FALSE;
	set_attach(state, o);
	facts->packet_error = error;
	facts->current = facts->version >= 3 ? class_from_subclass((guint32)classes, (guint32)subclass) : class_from_bits((guint32)classes);
	facts->packet_told = facts->current.told || classes == 0;
	return TRUE;
}

/* The APN, its user and password, which stand in the same answer, are not even read. */
gboolean mbim_decode_lte_attach_info(const MbimMessage *answer, MbimFacts *facts, G_GNUC_UNUSED Observation *o)
{
	MbimLteAttachState state;
	MbimNwError error = MBIM_NW_ERROR_NONE;
	ByteReader r = mbim_info_of(answer);
	if (facts->version >= 3) {
		state = byte_reader_u32(&r);
		error = byte_reader_u32(&r);
	}
	const gboolean ok =
		facts->version >= 3
			? !r.failed
			: mbim_message_ms_basic_connect_extensions_lte_attach_info_response_parse(answer, &state, NULL, NULL, NULL, NULL,
												   NULL, NULL, NULL);
	if (!ok)
		return FALSE;
	facts->lte_attached = state == MBIM_LTE_ATTACH_STATE_ATTACHED;
	facts->attach_error = error;
	return TRUE;
}

/* --- signal --- */

/* MBIM_RSRP_SNR_INFO of MBIMEx 2: RSRP codes 0..126 are -156..-30 dBm, 127 is unknown; SNR codes 0..127 are -23..40.5 dB in
 * half dB, 128 is unknown. Each is the upper end of the step that TS 38.133 10.1.6 and 10.1.16 give that code. */
static void read_rsrp_snr(ByteReader *r, Observation *o)
{
	const guint32 rsrp = byte_reader_u32(r), snr = byte_reader_u32(r);
	byte_reader_take(r, 8); /* thresholds */
	const guint32 class = byte_reader_u32(r);
	if (r->failed || rsrp > 126 || !modem_is_rsrp((gint)rsrp - 156))
		return;
	const gint16 rsrp_dbm = (gint16)((gint)rsrp - 156), snr_cdb = (gint16)((gint)MIN(snr, 127) * 50 - 2300);
	if (class == MBIM_DATA_CLASS_LTE) {
		RADIO_SET(o, lte_rsrp_dbm, rsrp_dbm);
		if (snr <= 127)
			RADIO_SET(o, lte_snr_cdb, snr_cdb);
	} else if (class & (MBIM_DATA_CLASS_5G_NSA | MBIM_DATA_CLASS_5G_SA)) {
		RADIO_SET(o, nr_rsrp_dbm, rsrp_dbm);
		if (snr <= 127)
			RADIO_SET(o, nr_snr_cdb, snr_cdb);
	}
}

/* RSSI, error rate, interval and thresholds, from MBIMEx 2 also where its list is: count, MBIM_RSRP_SNR_INFO. */
gboolean mbim_decode_signal_state(const MbimMessage *answer, MbimFacts *facts, Observation *o)
{
	const ByteReader info = mbim_info_of(answer);
	ByteReader head = info, rows = {0};
	const guint32 rssi = byte_reader_u32(&head);
	byte_reader_take(&head, 16);
	if (head.failed || (facts->version >= 2 && !mbim_info_take_part(&head, &info, &rows)))
		return FALSE;
	/* TS 27.007 8.5: 31 is "-51 dBm or more", 99 is unknown. */
	facts->has_rssi = rssi <= 31;
	facts->rssi_dbm = facts->has_rssi ? (gint16)(2 * (gint)rssi - 113) : 0;
	for (guint32 n = rows.length ? byte_reader_u32(&rows) : 0; n > 0 && byte_reader_left(&rows) > 0; n--)
		read_rsrp_snr(&rows, o);
	return TRUE;
}

/* --- the data session --- */

/* The access string, which MBIMEx 3 adds to the end of it, is not even read. */
gboolean mbim_decode_connect(const MbimMessage *answer, G_GNUC_UNUSED MbimFacts *facts, Observation *o)
{
	MbimActivationState state;
	if (!mbim_message_connect_response_parse(answer, NULL, &state, NULL, NULL, NULL, NULL, NULL))
		return FALSE;
	if (!mbim_activation_state_get_string(state))
		return FALSE;
	switch (state) {
	case MBIM_ACTIVATION_STATE_ACTIVATED:
		RADIO_SET(o, data_session, DATA_SESSION_UP);
		break;
	case MBIM_ACTIVATION_STATE_ACTIVATING:
		RADIO_SET(o, data_session, DATA_SESSION_CONNECTING);
		break;
	case MBIM_ACTIVATION_STATE_DEACTIVATED:
		RADIO_SET(o, data_session, DATA_SESSION_DOWN);
		break;
	case MBIM_ACTIVATION_STATE_DEACTIVATING:
		RADIO_SET(o, data_session, DATA_SESSION_DISCONNECTING);
		break;
	case MBIM_ACTIVATION_STATE_UNKNOWN:
		break;
	}
	return TRUE;
}

gboolean mbim_decode_packet_statistics(const MbimMessage *answer, G_GNUC_UNUSED MbimFacts *facts, Observation *o)
{
	guint64 rx_bytes, rx_packets, tx_bytes, tx_packets;
	if (!mbim_message_packet_statistics_response_parse(answer, NULL, NULL, &rx_bytes, &rx_packets, &tx_bytes, &tx_packets, NULL, NULL,
							    NULL))
		return FALSE;
	if (modem_is_count(rx_packets))
		RADIO_SET(o, rx_packets, rx_packets);
	if (modem_is_count(tx_packets))
		RADIO_SET(o, tx_packets, tx_packets);
	if (modem_is_count(rx_bytes))
		RADIO_SET(o, rx_bytes, rx_bytes);
	if (modem_is_count(tx_bytes))
		RADIO_SET(o, tx_bytes, tx_bytes);
	return TRUE;
}

/* --- all together --- */

static gboolean is_registered(const Observation *o)
{
	return RADIO_HAS(o, registration) &&
	       (o->radio.registration == REGISTRATION_HOME || o->radio.registration == REGISTRATION_ROAMING);
}

/* The serving cell's, for the packet service tells the *highest* class that is on offer, before MBIMEx 2. An NR cell beside an
 * LTE one is its companion, unless the class says that NR leads. */
static Rat rat_of_cells(const MbimFacts *facts)
{
	if (facts->current.told && facts->serving[facts->current.rat].found)
		return facts->current.rat;
	if (facts->serving[RAT_LTE].found)
		return RAT_LTE;
	for (Rat rat = RAT_NR; rat > RAT_NONE; rat--)
		if (facts->serving[rat].found)
			return rat;
	return RAT_NONE;
}

static void set_rat(const MbimFacts *facts, Observation *o)
{
	Rat rat = rat_of_cells(facts);
	if (rat == RAT_NONE && is_registered(o))
		rat = facts->current.told ? facts->current.rat : facts->available.rat;
	/* Without a list of cells nobody can say that there is none; nor when we are registered, on something that has no name. */
	if (rat != RAT_NONE || (facts->stations_told && !is_registered(o)))
		RADIO_SET(o, rat, (guint8)rat);
}

static void set_service(Rat rat, ServiceStatus status, Observation *o)
{
	switch (rat) {
	case RAT_GSM:
		RADIO_SET(o, gsm_service, (guint8)status);
		break;
	case RAT_UMTS:
		RADIO_SET(o, umts_service, (guint8)status);
		break;
	case RAT_LTE:
		RADIO_SET(o, lte_service, (guint8)status);
		break;
	case RAT_NR:
		RADIO_SET(o, nr_service, (guint8)status);
		break;
	case RAT_NONE:
		break;
	}
}

/* Registered is served. Not registered, but on a cell: that is limited service (TS 23.122 3.5). Nothing is told of the other RATs. */
static void decide_service(Rat rat, const MbimFacts *facts, Observation *o)
{
	if (is_registered(o))
		set_service(rat, SERVICE_FULL, o);
	else if (RADIO_HAS(o, registration) && facts->serving[rat].found)
		set_service(rat, SERVICE_LIMITED, o);
}

static void set_rssi(Rat rat, gint16 dbm, Observation *o)
{
	if (rat == RAT_GSM)
		RADIO_SET(o, gsm_rssi_dbm, dbm);
	else if (rat == RAT_UMTS)
		RADIO_SET(o, umts_rssi_dbm, dbm);
	else if (rat == RAT_LTE)
		RADIO_SET(o, lte_rssi_dbm, dbm);
}

/* The network's name is that we are registered on, else that of the cell which we hear. */
static void set_identity(Rat rat, const MbimFacts *facts, Observation *o)
{
	const MbimServing *serving = &facts->serving[rat];
	const char *plmn = is_registered(o) && *facts->plmn ? facts->plmn : serving->plmn;
	if (*plmn) {
		g_strlcpy(o->radio.mcc, plmn, sizeof o->radio.mcc);
		g_strlcpy(o->radio.mnc, plmn + 3, sizeof o->radio.mnc);
		o->present |= OBSERVATION_BIT(RADIO_ID_mcc) | OBSERVATION_BIT(RADIO_ID_mnc);
	}
	if (serving->has_area)
		RADIO_SET(o, tac, serving->area);
	if (is_registered(o))
		RADIO_SET(o, roaming, o->radio.registration == REGISTRATION_ROAMING);
}

static void set_serving_cell(const Cell *cell, Observation *o)
{
	if (CELL_HAS(cell, pci))
		RADIO_SET(o, pci, cell->pci);
	if (CELL_HAS(cell, cell_id))
		RADIO_SET(o, cell_id, cell->cell_id);
	if (CELL_HAS(cell, arfcn))
		RADIO_SET(o, arfcn, cell->arfcn);
	if (cell->rat != RAT_UMTS || !CELL_HAS(cell, rsrp_cdbm))
		return;
	RADIO_SET(o, umts_rscp_dbm, (gint16)(cell->rsrp_cdbm / 100));
	if (CELL_HAS(cell, rsrq_cdb))
		RADIO_SET(o, umts_ecio_cdb, cell->rsrq_cdb);
}

/* An NwError is that of the last attempt: once we are registered, or attached, it is an old one. Its RAT is only told by LTE
 * Attach Info. Register State does not tell the domain either: LTE and NR have but one (TS 23.401 4.3.1), elsewhere attaching to
 * packets is asked for by itself. */
static void set_reject(Rat rat, const MbimFacts *facts, Observation *o)
{
	const gboolean attached = RADIO_HAS(o, ps_attach) && o->radio.ps_attach == ATTACH_ATTACHED;
	const guint32 by_register = is_registered(o) ? 0 : facts->register_error;
	const guint32 by_attach = attached ? 0 : facts->attach_error;
	const guint32 by_packet = attached ? 0 : facts->packet_error ? facts->packet_error : by_attach;
	const guint32 cause = by_register ? by_register : by_packet;
	if (!modem_within(cause, 1, G_MAXUINT8))
		return;
	RADIO_SET(o, reject_cause, (guint8)cause);
	if (cause == by_attach)
		RADIO_SET(o, reject_rat, RAT_LTE);
	if (!by_register || rat == RAT_LTE || rat == RAT_NR)
		RADIO_SET(o, reject_domain, DOMAIN_PS);
	else if (rat != RAT_NONE)
		RADIO_SET(o, reject_domain, by_packet == by_register ? DOMAIN_CS_PS : DOMAIN_CS);
}

/* Before MBIMEx 2 there is no word for NR: that none is told of says nothing. */
static void set_endc(Rat rat, const MbimFacts *facts, Observation *o)
{
	if (rat != RAT_LTE)
		return;
	if (facts->serving[RAT_NR].found || facts->current.endc)
		RADIO_SET(o, endc, TRUE);
	else if (facts->version >= 2 && facts->packet_told)
		RADIO_SET(o, endc, FALSE);
}

void mbim_decode_finish(const MbimFacts *facts, Observation *o)
{
	/* To be attached to LTE is to be attached to packets; not to be says nothing of other RATs. */
	if (facts->lte_attached && !RADIO_HAS(o, ps_attach))
		RADIO_SET(o, ps_attach, ATTACH_ATTACHED);
	set_rat(facts, o);
	const Rat rat = RADIO_HAS(o, rat) ? (Rat)o->radio.rat : RAT_NONE;
	decide_service(rat, facts, o);
	set_identity(rat, facts, o);
	set_reject(rat, facts, o);
	if (facts->has_rssi)
		set_rssi(rat, facts->rssi_dbm, o);
	if (rat == RAT_NR && facts->has_nr_advance)
		RADIO_SET(o, timing_advance_us, facts->nr_advance_us);
	set_endc(rat, facts, o);
	modem_counters_finish(o);
	const Cell *serving = rat == RAT_NONE ? NULL : modem_cell_find_serving(o);
	if (serving)
		set_serving_cell(serving, o);
}
