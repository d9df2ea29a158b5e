/* nas.h - inside the network access service: what its files share.
 *
 * Ranges: Qualcomm's description gives RSRP -140 to -44 dBm, RSRQ -20 to -3 dB, RSSI -120 to 0 dBm (also
 * 3GPP TS 36.133, 9.1), and SNR saturates at -20 and +30 dB. Of NR: SS-RSRP the same, SS-RSRQ -43 to 20 dB, SS-SINR
 * -23 to 40 dB (TS 38.133, 10.1). Values beyond are clamped, as firmware does.
 *
 * A modem without NR sends none of NR's fields. In EN-DC the NR cell has no identity: modems do not read its SIB1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/qmi/service.h"

enum { /* report bits of a NAS client */
	NAS_REPORT_SERVING_SYSTEM = 1 << 0,
	NAS_REPORT_SYSTEM_INFO = 1 << 1,
	NAS_REPORT_SIGNAL_INFO = 1 << 2,
	NAS_REPORT_NETWORK_REJECT = 1 << 3,
};

/* QmiNasNetworkServiceDomain */
enum { NAS_DOMAIN_NONE = 0, NAS_DOMAIN_CS = 1, NAS_DOMAIN_PS = 2, NAS_DOMAIN_CS_PS = 3, NAS_DOMAIN_CAMPED = 4 };

/* QmiNasRadioInterface */
guint8 nas_radio(SimRat rat);
guint8 nas_service_status(SimService service);
/* The domains that the modem is registered in, or CAMPED. */
guint8 nas_domain(const SimModemState *state);
guint8 nas_reject_domain(const SimModemState *state);
/* A reject is told of until the modem registers. */
gboolean nas_has_reject(const SimModemState *state);
/* And with the technology whose cause it is: 5GMM's numbers mean something else in EMM, EMM's and MM's agree. */
gboolean nas_has_reject_of(const SimModemState *state, SimRat rat);

/* The cell that is being received and served by, of the technology, or NULL. */
const SimCellView *nas_serving(const SimQmiCall *call, SimRat rat);
/* The NR cell in use: the serving one (standalone), or the secondary one beside an LTE cell (EN-DC); NULL without. */
const SimCellView *nas_nr(const SimQmiCall *call);
/* The cell whose identity is shown, when it is of the technology, or NULL. */
const SimCellView *nas_camped(const SimQmiCall *call, SimRat rat);
/* For messages that say nothing without a cell. */
SimQmiError nas_need_serving(SimQmiCall *call);
SimQmiError nas_need_serving_lte(SimQmiCall *call);

/* Numbers as the format has them: value * scale, clamped to [min, max] first and rounded half away from zero. */
gint32 nas_scaled(double value, double scale, double min, double max);
gint32 nas_rsrp(const SimCellView *cell, double scale);
gint32 nas_rsrq(const SimCellView *cell, double scale);
gint32 nas_rssi(const SimCellView *cell, double scale);
gint32 nas_snr_cdb(const SimCellView *cell);
/* Ec/Io as the format has it: a positive number of negative half decibels. */
gint16 nas_ecio_half_db(const SimCellView *cell);

/* MCC u16, MNC u16; whether the MNC has three digits goes into another field. */
void nas_put_plmn_numbers(ByteWriter *w, const char *mcc, const char *mnc);
gboolean nas_mnc_has_three(const char *mnc);
/* Three characters each; the third of a two-digit MNC is 0xFF. */
void nas_put_plmn_text(ByteWriter *w, const char *mcc, const char *mnc);
/* A tracking area code of NR: three octets, the most significant first. */
void nas_put_nr_tac(ByteWriter *w, guint32 tac);
/* Three octets as on the air, 3GPP TS 24.008, 10.5.1.3; all FF where the cell's PLMN is not known. */
void nas_put_plmn_bcd(ByteWriter *w, const SimCellView *cell);

/* QmiNasActiveBand of a 3GPP band number, and QmiNasDLBandwidth. */
guint16 nas_active_band(const SimCellView *cell);
guint32 nas_bandwidth(const SimCellView *cell);

/* Tables of the other files of the service. */
extern const SimQmiTlv nas_signal_strength_tlvs[], nas_signal_info_tlvs[];
extern const SimQmiTlv nas_serving_system_tlvs[], nas_serving_system_indication_tlvs[], nas_home_network_tlvs[];
extern const SimQmiTlv nas_system_info_tlvs[], nas_system_info_indication_tlvs[];
extern const SimQmiTlv nas_cell_location_tlvs[];
extern const SimQmiTlv nas_rf_band_tlvs[], nas_tx_rx_tlvs[], nas_carrier_tlvs[];

SimQmiError nas_handle_config_signal(SimQmiCall *call);
SimQmiError nas_handle_config_signal_v2(SimQmiCall *call);
gboolean nas_signal_is_due(const SimQmiCall *call, const SimQmiCall *before);
SimQmiError nas_handle_tx_rx(SimQmiCall *call);
SimQmiError nas_need_home(SimQmiCall *call);
