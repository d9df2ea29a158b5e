/* values.h - the world's values as MBIM codes them.
 *
 * Sources: MBIM 1.0 errata 1, chapter 10; Microsoft, "MBIMEx 2.0 - 5G NSA support", "MBIMEx 3.0 - 5G SA Phase 1", "MB base
 * stations information query support"; libmbim mbim-enums.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/mbim/service.h"

/* MBIM_DATA_CLASS. MBIMEx 3.0 has one bit for 5G, bit 6, and tells its kinds apart by MBIM_DATA_SUBCLASS. Before 2.0 there
 * is none, and a modem that is on 5G alone calls it its custom class. */
enum {
	SIM_MBIM_CLASS_GPRS = 1 << 0,
	SIM_MBIM_CLASS_EDGE = 1 << 1,
	SIM_MBIM_CLASS_UMTS = 1 << 2,
	SIM_MBIM_CLASS_HSDPA = 1 << 3,
	SIM_MBIM_CLASS_HSUPA = 1 << 4,
	SIM_MBIM_CLASS_LTE = 1 << 5,
	SIM_MBIM_CLASS_5G_NSA = 1 << 6,
	SIM_MBIM_CLASS_5G_SA = 1 << 7,
};
#define SIM_MBIM_CLASS_CUSTOM      0x80000000u
#define SIM_MBIM_CUSTOM_CLASS_NAME "5G"
#define SIM_MBIM_ACCESS_POINT      "internet"
enum { SIM_MBIM_SUBCLASS_ENDC = 1 << 0, SIM_MBIM_SUBCLASS_NR = 1 << 1 };

/* How 5G is called under the version agreed on: standalone, or beside LTE (0: not at all). */
guint32 sim_mbim_class_sa(guint16 mbimex);
guint32 sim_mbim_class_nsa(guint16 mbimex);
/* Everything the modem can do. */
guint32 sim_mbim_classes_supported(const SimMbimCall *call);
/* Everything that the network offers on a cell of the technology; and the one (of HSPA and EN-DC: two) in use there. */
guint32 sim_mbim_classes_available(const SimMbimCall *call);
guint32 sim_mbim_classes_current(const SimMbimCall *call);
/* The technology of the serving cell alone, as Base Stations Info has it. */
guint32 sim_mbim_class_of(const SimCellView *cell, guint16 mbimex);

/* 0 is -113 dBm or less, 31 is -51 dBm or more, two decibels a step. */
guint32 sim_mbim_rssi(double rssi_dbm);
/* Signal State: code n of 1 to 125 is the decibel from n - 157 dBm up, 0 below it, 126 above. */
guint32 sim_mbim_rsrp(double rsrp_dbm);
/* Signal State: code n of 1 to 126 is the half decibel from (n - 47) / 2 dB up, 0 below it, 127 above. */
guint32 sim_mbim_snr(double snr_db);
/* Base Stations Info, of NR: 0..127 for -156..-31 dBm, -43..20 dB and -23..40 dB (wwan.h), in the steps of TS 38.133 10.1.6,
 * 10.1.11 and 10.1.16: a decibel, and twice half a decibel. */
guint32 sim_mbim_nr_rsrp(double rsrp_dbm);
guint32 sim_mbim_nr_rsrq(double rsrq_db);
guint32 sim_mbim_nr_sinr(double sinr_db);
/* Of GSM: 0 is below -110 dBm, 63 above -47. */
guint32 sim_mbim_rx_level(double rxlev_dbm);
/* Whole decibels within [min, max], as the two's complement that a u32 field has. */
guint32 sim_mbim_whole(double value, double min, double max);

#define SIM_MBIM_PLMN_SIZE 7
/* "25701"; "" where the PLMN is not known. */
void sim_mbim_plmn(const SimCellView *cell, char plmn[SIM_MBIM_PLMN_SIZE]);
/* MBIM_TAI: MCC u16, MNC u16 (digits in BCD, bit 15 marks an MNC of two), TAC u32; zeros, which 3GPP reserves for none. */
void sim_mbim_put_tai(ByteWriter *w, const SimCellView *cell);
