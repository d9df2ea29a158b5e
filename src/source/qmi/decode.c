/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi/decode.h"

#include "source/modem/values.h"

#include <stdlib.h>

static Rat rat_from_interface(QmiNasRadioInterface radio)
{
	switch (radio) {
	case QMI_NAS_RADIO_INTERFACE_GSM:
		return RAT_GSM;
	case QMI_NAS_RADIO_INTERFACE_UMTS:
	case QMI_NAS_RADIO_INTERFACE_TD_SCDMA:
		return RAT_UMTS;
	case QMI_NAS_RADIO_INTERFACE_LTE:
		return RAT_LTE;
	case QMI_NAS_RADIO_INTERFACE_5GNR:
		return RAT_NR;
	case QMI_NAS_RADIO_INTERFACE_UNKNOWN:
	case QMI_NAS_RADIO_INTERFACE_NONE:
	case QMI_NAS_RADIO_INTERFACE_CDMA_1X:
	case QMI_NAS_RADIO_INTERFACE_CDMA_1XEVDO:
	case QMI_NAS_RADIO_INTERFACE_AMPS:
		break;
	}
	return RAT_NONE;
}

/* --- signal --- */

/* A row of "unknown" codes has 0 for Ec/Io and SNR, which alone would be values: they count only beside a good RSSI or RSRP. */

static void decode_gsm_umts_signal(QmiMessageNasGetSignalInfoOutput *answer, Observation *o)
{
	gint8 rssi;
	gint16 ecio; /* in steps of -0.5 dB */
	if (qmi_message_nas_get_signal_info_output_get_gsm_signal_strength(answer, &rssi, NULL) && modem_is_rssi(rssi))
		RADIO_SET(o, gsm_rssi_dbm, rssi);
	if (!qmi_message_nas_get_signal_info_output_get_wcdma_signal_strength(answer, &rssi, &ecio, NULL))
		return;
	if (!modem_is_rssi(rssi))
		return;
	RADIO_SET(o, umts_rssi_dbm, rssi);
	if (modem_within(ecio, 0, 63))
		RADIO_SET(o, umts_ecio_cdb, (gint16)(ecio * -50));
}

static void decode_nr_signal(QmiMessageNasGetSignalInfoOutput *answer, Observation *o)
{
	gint16 rsrp, snr, rsrq;
	if (qmi_message_nas_get_signal_info_output_get_5g_signal_strength(answer, &rsrp, &snr, NULL) && modem_is_rsrp(rsrp)) {
		RADIO_SET(o, nr_rsrp_dbm, rsrp);
		if (modem_is_snr_ddb(snr))
			RADIO_SET(o, nr_snr_cdb, (gint16)(snr * 10));
	}
	if (qmi_message_nas_get_signal_info_output_get_5g_signal_strength_extended(answer, &rsrq, NULL) && modem_is_rsrq(rsrq))
		RADIO_SET(o, nr_rsrq_db, rsrq);
}

void qmi_decode_signal_info(QmiMessageNasGetSignalInfoOutput *answer, Observation *o)
{
	gint8 rssi, rsrq;
	gint16 rsrp, snr;
	decode_gsm_umts_signal(answer, o);
	decode_nr_signal(answer, o);
	if (!qmi_message_nas_get_signal_info_output_get_lte_signal_strength(answer, &rssi, &rsrq, &rsrp, &snr, NULL))
		return;
	if (modem_is_rssi(rssi))
		RADIO_SET(o, lte_rssi_dbm, rssi);
	if (modem_is_rsrq(rsrq))
		RADIO_SET(o, lte_rsrq_db, rsrq);
	if (modem_is_rsrp(rsrp))
		RADIO_SET(o, lte_rsrp_dbm, rsrp);
	if (modem_is_rsrp(rsrp) && modem_is_snr_ddb(snr))
		RADIO_SET(o, lte_snr_cdb, (gint16)(snr * 10));
}

/* --- system info --- */

/* What the answers for GSM, UMTS, LTE and NR have in common. */
typedef struct {
	gboolean found;
	gboolean domain_valid, roaming_valid, forbidden_valid, lac_valid, cid_valid, reject_valid, plmn_valid, tac_valid;
	QmiNasNetworkServiceDomain domain, reject_domain;
	QmiNasRoamingStatus roaming;
	gboolean forbidden;
	guint16 lac, tac;
	guint32 cid;
	guint reject_cause;
	const char *mcc, *mnc;
} SystemFacts;

static SystemFacts facts_gsm(QmiMessageNasGetSystemInfoOutput *answer)
{
	SystemFacts f = {0};
	QmiNasRejectCause cause = 0;
	f.found = qmi_message_nas_get_system_info_output_get_gsm_system_info_v2(
		answer, &f.domain_valid, &f.domain, NULL, NULL, &f.roaming_valid, &f.roaming, &f.forbidden_valid, &f.forbidden,
		&f.lac_valid, &f.lac, &f.cid_valid, &f.cid, &f.reject_valid, &f.reject_domain, &cause, &f.plmn_valid, &f.mcc, &f.mnc,
		NULL, NULL, NULL, NULL, NULL);
	f.reject_cause = cause;
	return f;
}

static SystemFacts facts_umts(QmiMessageNasGetSystemInfoOutput *answer)
{
	SystemFacts f = {0};
	QmiNasRejectCause cause = 0;
	f.found = qmi_message_nas_get_system_info_output_get_wcdma_system_info_v2(
		answer, &f.domain_valid, &f.domain, NULL, NULL, &f.roaming_valid, &f.roaming, &f.forbidden_valid, &f.forbidden,
		&f.lac_valid, &f.lac, &f.cid_valid, &f.cid, &f.reject_valid, &f.reject_domain, &cause, &f.plmn_valid, &f.mcc, &f.mnc,
		NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	f.reject_cause = cause;
	return f;
}

static SystemFacts facts_lte(QmiMessageNasGetSystemInfoOutput *answer)
{
	SystemFacts f = {0};
	QmiNasRejectCause cause = 0;
	f.found = qmi_message_nas_get_system_info_output_get_lte_system_info_v2(
		answer, &f.domain_valid, &f.domain, NULL, NULL, &f.roaming_valid, &f.roaming, &f.forbidden_valid, &f.forbidden,
		&f.lac_valid, &f.lac, &f.cid_valid, &f.cid, &f.reject_valid, &f.reject_domain, &cause, &f.plmn_valid, &f.mcc, &f.mnc,
		&f.tac_valid, &f.tac, NULL);
	f.reject_cause = cause;
	return f;
}

static SystemFacts facts_nr(QmiMessageNasGetSystemInfoOutput *answer)
{
	SystemFacts f = {0};
	guint8 cause = 0;
	f.found = qmi_message_nas_get_system_info_output_get_nr5g_system_info(
		answer, &f.domain_valid, &f.domain, NULL, NULL, &f.roaming_valid, &f.roaming, &f.forbidden_valid, &f.forbidden,
		&f.lac_valid, &f.lac, &f.cid_valid, &f.cid, &f.reject_valid, &f.reject_domain, &cause, &f.plmn_valid, &f.mcc, &f.mnc,
		&f.tac_valid, &f.tac, NULL);
	f.reject_cause = cause;
	return f;
}

/* QMI writes "01" as '0' '1' 0xFF: whatever is not a digit ends the text. FALSE: it is no code at all. */
static gboolean copy_digits(char *ret_text, const char *text, gsize min)
{
	gsize n = 0;
	while (text && n < 3 && g_ascii_isdigit(text[n])) {
		ret_text[n] = text[n];
		n++;
	}
	ret_text[n] = '\0';
	return n >= min;
}

static void set_plmn(Observation *o, const char *mcc, const char *mnc)
{
	if (copy_digits(o->radio.mcc, mcc, 3) && copy_digits(o->radio.mnc, mnc, 2))
		o->present |= OBSERVATION_BIT(RADIO_ID_mcc) | OBSERVATION_BIT(RADIO_ID_mnc);
}

static gboolean is_domain(QmiNasNetworkServiceDomain domain)
{
	return (guint)domain <= QMI_NAS_NETWORK_SERVICE_DOMAIN_CS_PS;
}

static void set_reject(const SystemFacts *f, Rat rat, Observation *o)
{
	if (!f->found || !f->reject_valid || f->reject_cause == 0 || f->reject_cause > G_MAXUINT8 || RADIO_HAS(o, reject_cause))
		return;
	RADIO_SET(o, reject_rat, (guint8)rat);
	RADIO_SET(o, reject_cause, (guint8)f->reject_cause);
	if (is_domain(f->reject_domain))
		RADIO_SET(o, reject_domain, (guint8)f->reject_domain);
}

static void set_identity(const SystemFacts *f, Rat rat, Observation *o)
{
	if (!f->found)
		return;
	if (f->domain_valid && is_domain(f->domain))
		RADIO_SET(o, domain, (guint8)f->domain);
	if (f->roaming_valid && (guint)f->roaming <= QMI_NAS_ROAMING_STATUS_BANNER_OFF)
		RADIO_SET(o, roaming, f->roaming != QMI_NAS_ROAMING_STATUS_OFF);
	if (f->forbidden_valid)
		RADIO_SET(o, forbidden, f->forbidden != 0);
	if (f->plmn_valid)
		set_plmn(o, f->mcc, f->mnc);
	/* On NR these are the low 32 bits of the cell id and the low 16 of the TAC: other cells' than ours. */
	if (rat != RAT_NR && f->cid_valid && modem_is_cell_id(f->cid))
		RADIO_SET(o, cell_id, f->cid);
	if (rat == RAT_LTE && f->tac_valid && modem_is_area(f->tac))
		RADIO_SET(o, tac, f->tac);
	else if ((rat == RAT_GSM || rat == RAT_UMTS) && f->lac_valid && modem_is_area(f->lac))
		RADIO_SET(o, tac, f->lac);
}

void qmi_set_nr_tac(const GArray *bytes, Observation *o)
{
	const guint8 *b = (const guint8 *)bytes->data;
	if (bytes->len != 3)
		return;
	const guint32 tac = (guint32)b[0] << 16 | (guint32)b[1] << 8 | b[2];
	if (modem_is_nr_area(tac))
		RADIO_SET(o, tac, tac);
}

static gboolean is_service(QmiNasServiceStatus status)
{
	return (guint)status <= QMI_NAS_SERVICE_STATUS_POWER_SAVE; /* ServiceStatus counts as QMI does */
}

#define SET_SERVICE(o, rat, shown, true_now)                                \
	do {                                                                \
		if (is_service(shown))                                      \
			RADIO_SET(o, rat##_service, (guint8)(shown));       \
		if (is_service(true_now))                                   \
			RADIO_SET(o, rat##_true_service, (guint8)(true_now)); \
	} while (0)

static void decode_services(QmiMessageNasGetSystemInfoOutput *answer, Observation *o)
{
	QmiNasServiceStatus shown, now;
	if (qmi_message_nas_get_system_info_output_get_gsm_service_status(answer, &shown, &now, NULL, NULL))
		SET_SERVICE(o, gsm, shown, now);
	if (qmi_message_nas_get_system_info_output_get_wcdma_service_status(answer, &shown, &now, NULL, NULL))
		SET_SERVICE(o, umts, shown, now);
	if (qmi_message_nas_get_system_info_output_get_lte_service_status(answer, &shown, &now, NULL, NULL))
		SET_SERVICE(o, lte, shown, now);
	if (qmi_message_nas_get_system_info_output_get_nr5g_service_status_info(answer, &shown, &now, NULL, NULL))
		SET_SERVICE(o, nr, shown, now);
}

/* Full service before limited, and within each the newest RAT first. */
static Rat choose_rat(const Observation *o)
{
	for (Rat rat = RAT_NR; rat > RAT_NONE; rat--)
		if (observation_has_service(o, rat, SERVICE_FULL))
			return rat;
	for (Rat rat = RAT_NR; rat > RAT_NONE; rat--)
		if (observation_has_service(o, rat, SERVICE_LIMITED) || observation_has_service(o, rat, SERVICE_LIMITED_REGIONAL))
			return rat;
	return RAT_NONE;
}

void qmi_decode_system_info(QmiMessageNasGetSystemInfoOutput *answer, Observation *o)
{
	const SystemFacts facts[] = {[RAT_NONE] = {0}, [RAT_GSM] = facts_gsm(answer), [RAT_UMTS] = facts_umts(answer),
				     [RAT_LTE] = facts_lte(answer), [RAT_NR] = facts_nr(answer)};
	GArray *tac = NULL;
	decode_services(answer, o);
	Rat rat = choose_rat(o);
	RADIO_SET(o, rat, (guint8)rat);
	set_identity(&facts[rat], rat, o);
	if (rat == RAT_NR && qmi_message_nas_get_system_info_output_get_nr5g_tracking_area_code(answer, &tac, NULL))
		qmi_set_nr_tac(tac, o);
	set_reject(&facts[rat], rat, o);
	for (Rat other = RAT_NR; other > RAT_NONE; other--)
		set_reject(&facts[other], other, o);
	gboolean flag;
	if (qmi_message_nas_get_system_info_output_get_eutra_with_nr5g_availability(answer, &flag, NULL) && rat == RAT_LTE)
		RADIO_SET(o, nr_available, flag != 0);
	if (qmi_message_nas_get_system_info_output_get_dcnr_restriction_info(answer, &flag, NULL))
		RADIO_SET(o, dcnr_restricted, flag != 0);
	QmiNasLteCellAccessStatus access;
	if (qmi_message_nas_get_system_info_output_get_lte_cell_access_status(answer, &access, NULL) &&
	    (guint)access <= QMI_NAS_CELL_ACCESS_STATUS_ALL_CALLS)
		RADIO_SET(o, lte_access, (guint8)access);
}

/* --- registration --- */

void qmi_decode_serving_system(QmiMessageNasGetServingSystemOutput *answer, Observation *o)
{
	QmiNasRegistrationState state;
	QmiNasAttachState cs, ps;
	QmiNasRoamingIndicatorStatus roaming = QMI_NAS_ROAMING_INDICATOR_STATUS_OFF;
	if (!qmi_message_nas_get_serving_system_output_get_serving_system(answer, &state, &cs, &ps, NULL, NULL, NULL))
		return;
	qmi_message_nas_get_serving_system_output_get_roaming_indicator(answer, &roaming, NULL);
	switch (state) {
	case QMI_NAS_REGISTRATION_STATE_NOT_REGISTERED:
		RADIO_SET(o, registration, REGISTRATION_NOT_REGISTERED);
		break;
	case QMI_NAS_REGISTRATION_STATE_REGISTERED:
		RADIO_SET(o, registration, roaming == QMI_NAS_ROAMING_INDICATOR_STATUS_ON ? REGISTRATION_ROAMING : REGISTRATION_HOME);
		break;
	case QMI_NAS_REGISTRATION_STATE_NOT_REGISTERED_SEARCHING:
		RADIO_SET(o, registration, REGISTRATION_SEARCHING);
		break;
	case QMI_NAS_REGISTRATION_STATE_REGISTRATION_DENIED:
		RADIO_SET(o, registration, REGISTRATION_DENIED);
		break;
	case QMI_NAS_REGISTRATION_STATE_UNKNOWN:
		break;
	}
	if (cs == QMI_NAS_ATTACH_STATE_ATTACHED || cs == QMI_NAS_ATTACH_STATE_DETACHED)
		RADIO_SET(o, cs_attach, cs == QMI_NAS_ATTACH_STATE_ATTACHED ? ATTACH_ATTACHED : ATTACH_DETACHED);
	if (ps == QMI_NAS_ATTACH_STATE_ATTACHED || ps == QMI_NAS_ATTACH_STATE_DETACHED)
		RADIO_SET(o, ps_attach, ps == QMI_NAS_ATTACH_STATE_ATTACHED ? ATTACH_ATTACHED : ATTACH_DETACHED);
}

/* --- band --- */

/* 3GPP band number. libqmi names LTE and NR bands by number ("eutran-71", "nr5g-78"); UMTS by frequency, TS 25.101; GSM
 * bands are called by their MHz, TS 45.005. 0: unknown. */
static guint16 band_number(QmiNasActiveBand band)
{
	static const struct {
		QmiNasActiveBand band;
		guint16 number;
	} by_frequency[] = {
		{QMI_NAS_ACTIVE_BAND_WCDMA_2100, 1},       {QMI_NAS_ACTIVE_BAND_WCDMA_PCS_1900, 2},
		{QMI_NAS_ACTIVE_BAND_WCDMA_DCS_1800, 3},   {QMI_NAS_ACTIVE_BAND_WCDMA_1700_US, 4},
		{QMI_NAS_ACTIVE_BAND_WCDMA_850, 5},        {QMI_NAS_ACTIVE_BAND_WCDMA_800, 6},
		{QMI_NAS_ACTIVE_BAND_WCDMA_2600, 7},       {QMI_NAS_ACTIVE_BAND_WCDMA_900, 8},
		{QMI_NAS_ACTIVE_BAND_WCDMA_1700_JAPAN, 9}, {QMI_NAS_ACTIVE_BAND_WCDMA_1500_JAPAN, 11},
		{QMI_NAS_ACTIVE_BAND_WCDMA_850_JAPAN, 19}, {QMI_NAS_ACTIVE_BAND_GSM_450, 450},
		{QMI_NAS_ACTIVE_BAND_GSM_480, 480},        {QMI_NAS_ACTIVE_BAND_GSM_750, 750},
		{QMI_NAS_ACTIVE_BAND_GSM_850, 850},
		{QMI_NAS_ACTIVE_BAND_GSM_900_EXTENDED, 900}, {QMI_NAS_ACTIVE_BAND_GSM_900_PRIMARY, 900},
		{QMI_NAS_ACTIVE_BAND_GSM_900_RAILWAYS, 900}, {QMI_NAS_ACTIVE_BAND_GSM_DCS_1800, 1800},
		{QMI_NAS_ACTIVE_BAND_GSM_PCS_1900, 1900},
	};
	for (guint i = 0; i < G_N_ELEMENTS(by_frequency); i++)
		if (by_frequency[i].band == band)
			return by_frequency[i].number;
	const char *name = qmi_nas_active_band_get_string(band);
	if (name && (g_str_has_prefix(name, "eutran-") || g_str_has_prefix(name, "nr5g-")))
		return (guint16)atoi(strchr(name, '-') + 1);
	return 0;
}

/* With two radios at work (NSA) each has a row. Without a serving RAT any row will do: the channel that is listened on. */
static gboolean is_serving(QmiNasRadioInterface radio, const Observation *o)
{
	return !RADIO_HAS(o, rat) || o->radio.rat == RAT_NONE || rat_from_interface(radio) == o->radio.rat;
}

static guint32 bandwidth_khz(QmiNasDLBandwidth bandwidth)
{
	static const guint32 khz[] = {1400, 3000, 5000, 10000, 15000, 20000}; /* TS 36.101 5.6 */
	return (guint)bandwidth < G_N_ELEMENTS(khz) ? khz[bandwidth] : 0;
}

static void set_band(Observation *o, QmiNasActiveBand band, guint32 channel, guint32 unknown_channel)
{
	guint16 number = band_number(band);
	if (number)
		RADIO_SET(o, band, number);
	if (channel != unknown_channel)
		RADIO_SET(o, arfcn, channel);
}

/* Beside a serving LTE cell a row of NR is the secondary cell of dual connectivity (NSA, TS 37.340 4.1.2). */
static void note_radio(QmiNasRadioInterface radio, Observation *o)
{
	if (RADIO_HAS(o, rat) && o->radio.rat == RAT_LTE)
		RADIO_SET(o, endc, (RADIO_HAS(o, endc) && o->radio.endc) || rat_from_interface(radio) == RAT_NR);
}

/* FALSE: firmware before the extended list. */
static gboolean decode_extended_list(QmiMessageNasGetRfBandInformationOutput *answer, Observation *o)
{
	GArray *rows = NULL;
	if (!qmi_message_nas_get_rf_band_information_output_get_extended_list(answer, &rows, NULL))
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		const QmiMessageNasGetRfBandInformationOutputExtendedListElement *row =
			&g_array_index(rows, QmiMessageNasGetRfBandInformationOutputExtendedListElement, i);
		note_radio(row->radio_interface, o);
		if (is_serving(row->radio_interface, o) && !RADIO_HAS(o, band) && !RADIO_HAS(o, arfcn))
			set_band(o, row->active_band_class, row->active_channel, G_MAXUINT32);
	}
	return TRUE;
}

/* Its channel has 16 bits, in which a high EARFCN cannot stand. */
static void decode_old_list(QmiMessageNasGetRfBandInformationOutput *answer, Observation *o)
{
	GArray *rows = NULL;
	if (!qmi_message_nas_get_rf_band_information_output_get_list(answer, &rows, NULL))
		return;
	for (guint i = 0; i < rows->len; i++) {
		const QmiMessageNasGetRfBandInformationOutputListElement *row =
			&g_array_index(rows, QmiMessageNasGetRfBandInformationOutputListElement, i);
		if (!is_serving(row->radio_interface, o))
			continue;
		set_band(o, row->active_band_class, row->active_channel, G_MAXUINT16);
		return;
	}
}

void qmi_decode_rf_band(QmiMessageNasGetRfBandInformationOutput *answer, Observation *o)
{
	GArray *rows = NULL;
	if (!decode_extended_list(answer, o))
		decode_old_list(answer, o);
	if (!qmi_message_nas_get_rf_band_information_output_get_bandwidth_list(answer, &rows, NULL))
		return;
	for (guint i = 0; i < rows->len; i++) {
		const QmiMessageNasGetRfBandInformationOutputBandwidthListElement *b =
			&g_array_index(rows, QmiMessageNasGetRfBandInformationOutputBandwidthListElement, i);
		guint32 khz = bandwidth_khz(b->bandwidth);
		if (khz && rat_from_interface(b->radio_interface) == RAT_LTE && is_serving(b->radio_interface, o))
			RADIO_SET(o, bandwidth_khz, khz);
	}
}

/* --- carriers --- */

static void count_carrier(QmiNasScellState state, QmiNasDLBandwidth bandwidth, Observation *o)
{
	if (state != QMI_NAS_SCELL_STATE_DEACTIVATED && state != QMI_NAS_SCELL_STATE_ACTIVATED)
		return;
	o->radio.ca_configured++;
	if (state != QMI_NAS_SCELL_STATE_ACTIVATED)
		return;
	o->radio.ca_active++;
	if (bandwidth_khz(bandwidth) == 0)
		o->present &= ~OBSERVATION_BIT(RADIO_ID_ca_bandwidth_khz); /* a part of the sum is no sum */
	o->radio.ca_bandwidth_khz += bandwidth_khz(bandwidth);
}

/* Older firmware tells of one secondary carrier, newer of a list. Firmware that is not on LTE answers with what was last. */
void qmi_decode_carriers(QmiMessageNasGetLteCphyCaInfoOutput *answer, Observation *o)
{
	QmiNasDLBandwidth bandwidth;
	QmiNasScellState state;
	GArray *cells = NULL;
	if (!RADIO_HAS(o, rat) || o->radio.rat != RAT_LTE ||
	    !qmi_message_nas_get_lte_cphy_ca_info_output_get_phy_ca_agg_pcell_info(answer, NULL, NULL, &bandwidth, NULL, NULL))
		return;
	RADIO_SET(o, ca_configured, 0);
	RADIO_SET(o, ca_active, 0);
	o->radio.ca_bandwidth_khz = bandwidth_khz(bandwidth);
	if (o->radio.ca_bandwidth_khz > 0)
		o->present |= OBSERVATION_BIT(RADIO_ID_ca_bandwidth_khz);
	if (qmi_message_nas_get_lte_cphy_ca_info_output_get_phy_ca_agg_secondary_cells(answer, &cells, NULL)) {
		for (guint i = 0; i < cells->len && i < G_MAXUINT8; i++) {
			const QmiMessageNasGetLteCphyCaInfoOutputPhyCaAggSecondaryCellsSsc *cell =
				&g_array_index(cells, QmiMessageNasGetLteCphyCaInfoOutputPhyCaAggSecondaryCellsSsc, i);
			count_carrier(cell->state, cell->dl_bandwidth, o);
		}
	} else if (qmi_message_nas_get_lte_cphy_ca_info_output_get_phy_ca_agg_scell_info(answer, NULL, NULL, &bandwidth, NULL,
											 &state, NULL)) {
		count_carrier(state, bandwidth, o);
	}
}

/* --- power --- */

void qmi_decode_tx_rx(QmiMessageNasGetTxRxInfoOutput *answer, Observation *o)
{
	gboolean tuned, in_traffic;
	gint32 power;
	guint8 tuned_bits = 0;
	gboolean any = FALSE;
#define DECODE_CHAIN(n)                                                                                                    \
	if (qmi_message_nas_get_tx_rx_info_output_get_rx_chain_##n##_info(answer, &tuned, &power, NULL, NULL, NULL, NULL, NULL)) { \
		any = TRUE;                                                                                                \
		tuned_bits = (guint8)(tuned_bits | (tuned ? 1u << n : 0));                                                 \
		if (tuned && modem_is_power_ddbm(power))                                                                         \
			RADIO_SET(o, rx##n##_cdbm, (gint16)(power * 10));                                                  \
	}
	DECODE_CHAIN(0)
	DECODE_CHAIN(1)
	DECODE_CHAIN(2)
	DECODE_CHAIN(3)
#undef DECODE_CHAIN
	if (any)
		RADIO_SET(o, rx_tuned, tuned_bits);
	if (qmi_message_nas_get_tx_rx_info_output_get_tx_info(answer, &in_traffic, &power, NULL) && in_traffic &&
	    modem_is_power_ddbm(power))
		RADIO_SET(o, tx_cdbm, (gint16)(power * 10));
}

/* --- the modem and its card --- */

void qmi_decode_operating_mode(QmiMessageDmsGetOperatingModeOutput *answer, Observation *o)
{
	QmiDmsOperatingMode mode;
	if (!qmi_message_dms_get_operating_mode_output_get_mode(answer, &mode, NULL))
		return;
	switch (mode) {
	case QMI_DMS_OPERATING_MODE_ONLINE:
		RADIO_SET(o, operating_mode, OPERATING_ONLINE);
		break;
	case QMI_DMS_OPERATING_MODE_LOW_POWER:
	case QMI_DMS_OPERATING_MODE_PERSISTENT_LOW_POWER:
	case QMI_DMS_OPERATING_MODE_MODE_ONLY_LOW_POWER:
		RADIO_SET(o, operating_mode, OPERATING_LOW_POWER);
		break;
	case QMI_DMS_OPERATING_MODE_FACTORY_TEST:
		RADIO_SET(o, operating_mode, OPERATING_FACTORY_TEST);
		break;
	case QMI_DMS_OPERATING_MODE_OFFLINE:
		RADIO_SET(o, operating_mode, OPERATING_OFFLINE);
		break;
	case QMI_DMS_OPERATING_MODE_RESET:
		RADIO_SET(o, operating_mode, OPERATING_RESETTING);
		break;
	case QMI_DMS_OPERATING_MODE_SHUTTING_DOWN:
		RADIO_SET(o, operating_mode, OPERATING_SHUTTING_DOWN);
		break;
	case QMI_DMS_OPERATING_MODE_UNKNOWN:
		break;
	}
}

static void set_application_state(QmiUimCardApplicationState state, Observation *o)
{
	switch (state) {
	case QMI_UIM_CARD_APPLICATION_STATE_READY:
		RADIO_SET(o, sim_state, SIM_STATE_READY);
		break;
	case QMI_UIM_CARD_APPLICATION_STATE_PIN1_OR_UPIN_PIN_REQUIRED:
		RADIO_SET(o, sim_state, SIM_STATE_PIN);
		break;
	case QMI_UIM_CARD_APPLICATION_STATE_PUK1_OR_UPIN_PUK_REQUIRED:
		RADIO_SET(o, sim_state, SIM_STATE_PUK);
		break;
	case QMI_UIM_CARD_APPLICATION_STATE_PIN1_BLOCKED:
	case QMI_UIM_CARD_APPLICATION_STATE_ILLEGAL:
		RADIO_SET(o, sim_state, SIM_STATE_ERROR);
		break;
	case QMI_UIM_CARD_APPLICATION_STATE_DETECTED:
	case QMI_UIM_CARD_APPLICATION_STATE_CHECK_PERSONALIZATION_STATE:
		RADIO_SET(o, sim_state, SIM_STATE_NOT_READY);
		break;
	case QMI_UIM_CARD_APPLICATION_STATE_UNKNOWN:
		break;
	}
}

/* Newer libraries have a second form of this answer; Debian 12's has only the one that they call deprecated. */
G_GNUC_BEGIN_IGNORE_DEPRECATIONS
void qmi_decode_card_status(QmiMessageUimGetCardStatusOutput *answer, Observation *o)
{
	GArray *cards = NULL;
	guint16 primary; /* high byte: card, low byte: application */
	if (!qmi_message_uim_get_card_status_output_get_card_status(answer, &primary, NULL, NULL, NULL, &cards, NULL) ||
	    cards->len == 0)
		return;
	guint slot = primary == G_MAXUINT16 ? 0 : primary >> 8, n = primary == G_MAXUINT16 ? 0 : primary & 0xff;
	const QmiMessageUimGetCardStatusOutputCardStatusCardsElement *card =
		&g_array_index(cards, QmiMessageUimGetCardStatusOutputCardStatusCardsElement, slot < cards->len ? slot : 0);
	if (card->card_state == QMI_UIM_CARD_STATE_ABSENT)
		RADIO_SET(o, sim_state, SIM_STATE_ABSENT);
	else if (card->card_state == QMI_UIM_CARD_STATE_ERROR)
		RADIO_SET(o, sim_state, SIM_STATE_ERROR);
	else if (card->card_state == QMI_UIM_CARD_STATE_PRESENT && card->applications->len > 0) {
		const QmiMessageUimGetCardStatusOutputCardStatusCardsElementApplicationsElement *application =
			&g_array_index(card->applications, QmiMessageUimGetCardStatusOutputCardStatusCardsElementApplicationsElement,
				       n < card->applications->len ? n : 0);
		set_application_state(application->state, o);
	}
}
G_GNUC_END_IGNORE_DEPRECATIONS

/* --- rejects --- */

void qmi_decode_network_reject(QmiIndicationNasNetworkRejectOutput *indication, Observation *o)
{
	QmiNasRadioInterface radio;
	QmiNasNetworkServiceDomain domain;
	QmiNasRejectCause cause;
	guint16 mcc, mnc;
	gboolean three_digits;
	EVENT_SET(o, code, EVENT_NETWORK_REJECT);
	if (qmi_indication_nas_network_reject_output_get_radio_interface(indication, &radio, NULL) &&
	    rat_from_interface(radio) != RAT_NONE)
		EVENT_SET(o, rat, (guint8)rat_from_interface(radio));
	if (qmi_indication_nas_network_reject_output_get_service_domain(indication, &domain, NULL) && is_domain(domain))
		EVENT_SET(o, domain, (guint8)domain);
	if (qmi_indication_nas_network_reject_output_get_reject_cause(indication, &cause, NULL) && modem_within(cause, 1, G_MAXUINT8))
		EVENT_SET(o, cause, (guint8)cause);
	if (qmi_indication_nas_network_reject_output_get_plmn(indication, &mcc, &mnc, &three_digits, NULL) && mcc < 1000 && mnc < 1000) {
		g_snprintf(o->event.mcc, sizeof o->event.mcc, "%03u", (guint)mcc % 1000);
		g_snprintf(o->event.mnc, sizeof o->event.mnc, three_digits || mnc > 99 ? "%03u" : "%02u", (guint)mnc % 1000);
		o->present |= OBSERVATION_BIT(EVENT_ID_mcc) | OBSERVATION_BIT(EVENT_ID_mnc);
	}
}
