/* values.c - see values.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/values.h"

#include <math.h>

guint32 sim_mbim_class_sa(guint16 mbimex)
{
	if (mbimex >= SIM_MBIMEX_3)
		return SIM_MBIM_CLASS_5G_NSA; /* the same bit: "5G" */
	return mbimex >= SIM_MBIMEX_2 ? SIM_MBIM_CLASS_5G_SA : SIM_MBIM_CLASS_CUSTOM;
}

guint32 sim_mbim_class_nsa(guint16 mbimex)
{
	return mbimex >= SIM_MBIMEX_2 ? SIM_MBIM_CLASS_5G_NSA : 0;
}

static guint32 classes_of_rat(SimRat rat, guint16 mbimex)
{
	switch (rat) {
	case SIM_RAT_NONE:
		return 0;
	case SIM_RAT_GSM:
		return SIM_MBIM_CLASS_GPRS | SIM_MBIM_CLASS_EDGE;
	case SIM_RAT_UMTS:
		return SIM_MBIM_CLASS_UMTS | SIM_MBIM_CLASS_HSDPA | SIM_MBIM_CLASS_HSUPA;
	case SIM_RAT_LTE:
		return SIM_MBIM_CLASS_LTE;
	case SIM_RAT_NR:
		return sim_mbim_class_sa(mbimex);
	}
	return 0;
}

guint32 sim_mbim_classes_supported(const SimMbimCall *call)
{
	guint16 mbimex = call->session->mbimex;
	guint32 nr = call->info->has_nr ? classes_of_rat(SIM_RAT_NR, mbimex) | sim_mbim_class_nsa(mbimex) : 0;
	return classes_of_rat(SIM_RAT_GSM, mbimex) | classes_of_rat(SIM_RAT_UMTS, mbimex) | classes_of_rat(SIM_RAT_LTE, mbimex) | nr;
}

guint32 sim_mbim_classes_available(const SimMbimCall *call)
{
	guint16 mbimex = call->session->mbimex;
	if (call->state->registration != SIM_REG_REGISTERED || !call->camped)
		return 0;
	gboolean nsa = call->state->endc || (call->state->nr_available && !call->state->dcnr_restricted);
	return classes_of_rat(call->camped->rat, mbimex) | (nsa ? sim_mbim_class_nsa(mbimex) : 0);
}

guint32 sim_mbim_classes_current(const SimMbimCall *call)
{
	guint16 mbimex = call->session->mbimex;
	if (!call->state->ps_attached || !call->camped)
		return 0;
	guint32 classes = classes_of_rat(call->camped->rat, mbimex) & ~(guint32)(SIM_MBIM_CLASS_GPRS | SIM_MBIM_CLASS_UMTS);
	return classes | (call->state->endc ? sim_mbim_class_nsa(mbimex) : 0);
}

guint32 sim_mbim_class_of(const SimCellView *cell, guint16 mbimex)
{
	return cell->rat == SIM_RAT_GSM ? SIM_MBIM_CLASS_GPRS :
	       cell->rat == SIM_RAT_UMTS ? SIM_MBIM_CLASS_UMTS :
					   classes_of_rat(cell->rat, mbimex);
}

/* The step in which `value` lies, counted from `from`, within [0, max]. */
static guint32 step(double value, double from, double width, guint32 max)
{
	return (guint32)CLAMP(floor((value - from) / width), 0, max);
}

guint32 sim_mbim_rssi(double rssi_dbm)
{
	return (guint32)CLAMP(lround((rssi_dbm + 113) / 2), 0, 31);
}

guint32 sim_mbim_rsrp(double rsrp_dbm)
{
	return step(rsrp_dbm, -157, 1, 126);
}

guint32 sim_mbim_snr(double snr_db)
{
	return step(snr_db, -23.5, 0.5, 127);
}

guint32 sim_mbim_nr_rsrp(double rsrp_dbm)
{
	return step(rsrp_dbm, -157, 1, 127);
}

guint32 sim_mbim_nr_rsrq(double rsrq_db)
{
	return step(rsrq_db, -43.5, 0.5, 127);
}

guint32 sim_mbim_nr_sinr(double sinr_db)
{
	return step(sinr_db, -23.5, 0.5, 127);
}

guint32 sim_mbim_rx_level(double rxlev_dbm)
{
	return step(rxlev_dbm, -110, 1, 63);
}

guint32 sim_mbim_whole(double value, double min, double max)
{
	return (guint32)lround(CLAMP(value, min, max));
}

void sim_mbim_plmn(const SimCellView *cell, char plmn[SIM_MBIM_PLMN_SIZE])
{
	g_snprintf(plmn, SIM_MBIM_PLMN_SIZE, "%s%s", cell ? cell->mcc : "", cell ? cell->mnc : "");
}

static guint16 bcd(const char *digits)
{
	guint16 number = 0;
	for (; *digits; digits++)
		number = (guint16)(number << 4 | (*digits - '0'));
	return number;
}

void sim_mbim_put_tai(ByteWriter *w, const SimCellView *cell)
{
	gboolean known = cell && cell->mcc[0];
	byte_writer_u16(w, known ? bcd(cell->mcc) : 0);
	byte_writer_u16(w, known ? (guint16)(bcd(cell->mnc) | (strlen(cell->mnc) == 2 ? 0x8000 : 0)) : 0);
	byte_writer_u32(w, known ? cell->tac : 0);
}
