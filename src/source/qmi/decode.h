/* decode.h - what libqmi's answers mean, as fields of a radio observation.
 *
 * Pure: no plumbing, no clock, no state. Each function takes one answer and sets only what that answer
 * tells. "Unknown" codes of the protocol, and values that the physics excludes, become absent here; nothing
 * of them gets further. Sources: libqmi's service descriptions for NAS, DMS, UIM and WDS; ranges of 3GPP
 * TS 36.133 9.1, TS 25.133 9.1, TS 45.008 8.1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"
#include "source/qmi/earfcns.h"

#include <libqmi-glib.h>

/* NAS 0x4F: the signal of each RAT that is measured. */
void qmi_decode_signal_info(QmiMessageNasGetSignalInfoOutput *answer, Observation *o);

/* NAS 0x4D: service of each RAT; identity, roaming and reject of the one that serves us, or that we camp on. Sets `rat`. */
void qmi_decode_system_info(QmiMessageNasGetSystemInfoOutput *answer, Observation *o);

/* NAS 0x24: registration and attach. */
void qmi_decode_serving_system(QmiMessageNasGetServingSystemOutput *answer, Observation *o);

/* NAS 0x43: serving cell and neighbours; on NR the cell id, and the TAC where 0x4D had none. To be called after
 * qmi_decode_system_info and qmi_decode_rf_band: its EARFCN is 16 bits wide, and that of the serving carrier comes from 0x31. */
void qmi_decode_cell_location(QmiMessageNasGetCellLocationInfoOutput *answer, const QmiEarfcns *earfcns, Observation *o);

/* NAS 0x31: band, channel and bandwidth of the serving RAT: after qmi_decode_system_info. */
void qmi_decode_rf_band(QmiMessageNasGetRfBandInformationOutput *answer, Observation *o);

/* NAS 0x5A: wideband received power of each chain, transmit power. */
void qmi_decode_tx_rx(QmiMessageNasGetTxRxInfoOutput *answer, Observation *o);

/* NAS 0xAC: carrier aggregation on LTE. */
void qmi_decode_carriers(QmiMessageNasGetLteCphyCaInfoOutput *answer, Observation *o);

/* DMS 0x2D and UIM 0x2F. */
void qmi_decode_operating_mode(QmiMessageDmsGetOperatingModeOutput *answer, Observation *o);
void qmi_decode_card_status(QmiMessageUimGetCardStatusOutput *answer, Observation *o);

/* WDS 0x22 and 0x24: the session of the client's own port (IPv4, not multiplexed), whoever started it. */
void qmi_decode_data_session(QmiMessageWdsGetPacketServiceStatusOutput *answer, Observation *o);
void qmi_decode_packet_statistics(QmiMessageWdsGetPacketStatisticsOutput *answer, Observation *o);

/* After all answers of a sweep: what only follows from several of them together. */
void qmi_decode_finish(Observation *o);

/* The NR tracking area code: three bytes, most significant first; all ones are unknown. */
void qmi_set_nr_tac(const GArray *bytes, Observation *o);

/* NAS 0x68, the network turned us away: fields of an event observation. */
void qmi_decode_network_reject(QmiIndicationNasNetworkRejectOutput *indication, Observation *o);
