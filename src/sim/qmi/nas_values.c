/* nas_values.c - the world's values as NAS codes them; see nas.h.
 *
 * Sources: libqmi qmi-enums-nas.h, 3GPP TS 36.133 (ranges), TS 24.008 (PLMN), TS 36.101/25.101/45.005 (bands).
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/nas.h"

#include <math.h>
#include <stdlib.h>

guint8 nas_radio(SimRat rat)
{
	switch (rat) {
	case SIM_RAT_NONE:
		return 0x00;
	case SIM_RAT_GSM:
		return 0x04;
	case SIM_RAT_UMTS:
		return 0x05;
	case SIM_RAT_LTE:
		return 0x08;
	case SIM_RAT_NR:
		return 0x0C;
	}
	return 0x00;
}

guint8 nas_service_status(SimService service)
{
	switch (service) {
	case SIM_SERVICE_NONE:
		return 0;
	case SIM_SERVICE_LIMITED:
		return 1;
	case SIM_SERVICE_FULL:
		return 2;
	}
	return 0;
}

guint8 nas_domain(const SimModemState *state)
{
	if (state->registration != SIM_REG_REGISTERED)
		return NAS_DOMAIN_CAMPED;
	return (guint8)((state->cs_attached ? NAS_DOMAIN_CS : 0) | (state->ps_attached ? NAS_DOMAIN_PS : 0));
}

guint8 nas_reject_domain(const SimModemState *state)
{
	return (guint8)((state->reject_is_cs ? NAS_DOMAIN_CS : 0) | (state->reject_is_ps ? NAS_DOMAIN_PS : 0));
}

gboolean nas_has_reject(const SimModemState *state)
{
	return state->reject_cause != 0 && state->registration != SIM_REG_REGISTERED;
}

gboolean nas_has_reject_of(const SimModemState *state, SimRat rat)
{
	return nas_has_reject(state) && (state->reject_rat == SIM_RAT_NR) == (rat == SIM_RAT_NR);
}

const SimCellView *nas_nr(const SimQmiCall *call)
{
	if (!call->info->has_nr)
		return NULL;
	return call->state->endc && nas_serving(call, SIM_RAT_LTE) ? &call->state->nr_cell : nas_serving(call, SIM_RAT_NR);
}

const SimCellView *nas_serving(const SimQmiCall *call, SimRat rat)
{
	const SimModemState *state = call->state;
	return state->has_serving && state->n_cells > 0 && state->cells[0].rat == rat ? &state->cells[0] : NULL;
}

const SimCellView *nas_camped(const SimQmiCall *call, SimRat rat)
{
	return call->camped && call->camped->rat == rat ? call->camped : NULL;
}

SimQmiError nas_need_serving(SimQmiCall *call)
{
	return call->state->has_serving && call->state->n_cells > 0 ? SIM_QMI_OK : SIM_QMI_INFORMATION_UNAVAILABLE;
}

SimQmiError nas_need_serving_lte(SimQmiCall *call)
{
	return nas_serving(call, SIM_RAT_LTE) ? SIM_QMI_OK : SIM_QMI_INFORMATION_UNAVAILABLE;
}

gint32 nas_scaled(double value, double scale, double min, double max)
{
	return (gint32)lround(CLAMP(value, min, max) * scale);
}

gint32 nas_rsrp(const SimCellView *cell, double scale)
{
	return nas_scaled(cell->rsrp_dbm, scale, -140, -44);
}

gint32 nas_rsrq(const SimCellView *cell, double scale)
{
	return cell->rat == SIM_RAT_NR ? nas_scaled(cell->rsrq_db, scale, -43, 20) : nas_scaled(cell->rsrq_db, scale, -20, -3);
}

gint32 nas_rssi(const SimCellView *cell, double scale)
{
	return nas_scaled(cell->rssi_dbm, scale, -120, 0);
}

gint32 nas_snr_cdb(const SimCellView *cell)
{
	return cell->rat == SIM_RAT_NR ? nas_scaled(cell->sinr_db, 10, -23, 40) : nas_scaled(cell->sinr_db, 10, -20, 30);
}

gint16 nas_ecio_half_db(const SimCellView *cell)
{
	return (gint16)nas_scaled(-cell->rsrq_db, 2, 0, 31.5);
}

gboolean nas_mnc_has_three(const char *mnc)
{
	return strlen(mnc) == 3;
}

void nas_put_plmn_numbers(ByteWriter *w, const char *mcc, const char *mnc)
{
	byte_writer_u16(w, (guint16)atoi(mcc));
	byte_writer_u16(w, (guint16)atoi(mnc));
}

static void put_padded(ByteWriter *w, const char *digits)
{
	guint8 field[3] = {0xFF, 0xFF, 0xFF};
	memcpy(field, digits, MIN(strlen(digits), sizeof field));
	byte_writer_put(w, field, sizeof field);
}

void nas_put_plmn_text(ByteWriter *w, const char *mcc, const char *mnc)
{
	put_padded(w, mcc);
	put_padded(w, mnc);
}

void nas_put_nr_tac(ByteWriter *w, guint32 tac)
{
	byte_writer_u8(w, (guint8)(tac >> 16));
	byte_writer_u8(w, (guint8)(tac >> 8));
	byte_writer_u8(w, (guint8)tac);
}

static guint8 two_digits(char low, char high)
{
	return (guint8)((low - '0') | (high - '0') << 4);
}

void nas_put_plmn_bcd(ByteWriter *w, const SimCellView *cell)
{
	guint8 octets[3] = {0xFF, 0xFF, 0xFF};
	const char *mcc = cell->mcc, *mnc = cell->mnc;
	if (strlen(mcc) == 3 && strlen(mnc) >= 2) {
		octets[0] = two_digits(mcc[0], mcc[1]);
		octets[1] = nas_mnc_has_three(mnc) ? two_digits(mcc[2], mnc[2]) : (guint8)(0xF0 | (mcc[2] - '0'));
		octets[2] = two_digits(mnc[0], mnc[1]);
	}
	byte_writer_put(w, octets, sizeof octets);
}

typedef struct {
	guint16 band, code;
} BandCode;

static const BandCode gsm_bands[] = {{2, 48}, {3, 47}, {5, 43}, {8, 45}, {0, 0}};
static const BandCode umts_bands[] = {{1, 80}, {2, 81}, {3, 82}, {4, 83},  {5, 84},  {6, 85},
				      {7, 86}, {8, 87}, {9, 88}, {11, 90}, {19, 91}, {0, 0}};
static const BandCode lte_bands[] = {
	{1, 120},  {2, 121},  {3, 122},  {4, 123},  {5, 124},  {6, 125},  {7, 126},  {8, 127},  {9, 128},  {10, 129},
	{11, 130}, {12, 131}, {13, 132}, {14, 133}, {17, 134}, {18, 143}, {19, 144}, {20, 145}, {21, 146}, {23, 152},
	{24, 147}, {25, 148}, {26, 153}, {27, 164}, {28, 158}, {29, 159}, {30, 160}, {31, 165}, {32, 154}, {33, 135},
	{34, 136}, {35, 137}, {36, 138}, {37, 139}, {38, 140}, {39, 141}, {40, 142}, {41, 149}, {42, 150}, {43, 151},
	{46, 163}, {47, 166}, {48, 167}, {66, 161}, {71, 168}, {0, 0},
};

static const BandCode nr_bands[] = {
	{1, 250},  {2, 251},  {3, 252},  {5, 253},  {7, 254},  {8, 255},  {20, 256}, {28, 257}, {38, 258}, {41, 259}, {66, 262},
	{71, 264}, {77, 268}, {78, 269}, {79, 270}, {12, 282}, {25, 283}, {40, 285}, {48, 289}, {26, 293}, {0, 0},
};

guint16 nas_active_band(const SimCellView *cell)
{
	const BandCode *row = NULL;
	switch (cell->rat) {
	case SIM_RAT_GSM:
		row = gsm_bands;
		break;
	case SIM_RAT_UMTS:
		row = umts_bands;
		break;
	case SIM_RAT_LTE:
		row = lte_bands;
		break;
	case SIM_RAT_NR:
		row = nr_bands;
		break;
	case SIM_RAT_NONE:
		return 0;
	}
	while (row->band != 0 && row->band != cell->band)
		row++;
	return row->code;
}

guint32 nas_bandwidth(const SimCellView *cell)
{
	static const double lte_mhz[] = {1.4, 3, 5, 10, 15, 20};
	switch (cell->rat) {
	case SIM_RAT_GSM:
		return 20; /* 200 kHz */
	case SIM_RAT_UMTS:
		return 22; /* 5 MHz */
	case SIM_RAT_LTE:
		for (guint32 i = 0; i < G_N_ELEMENTS(lte_mhz); i++)
			if (fabs(lte_mhz[i] - cell->bandwidth_mhz) < 0.05)
				return i;
		return 0xFF;
	case SIM_RAT_NONE:
	case SIM_RAT_NR:
		return 0xFF;
	}
	return 0xFF;
}
