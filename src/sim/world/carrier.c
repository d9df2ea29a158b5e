/* carrier.c - see carrier.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/carrier.h"

#include <math.h>

typedef struct {
	guint32 band, first, last; /* first and last downlink channel number */
	double low_mhz;            /* frequency of the first one */
} Band;

/* 3GPP TS 36.101 table 5.7.3-1; channels lie 0.1 MHz apart. */
static const Band lte_bands[] = {
	{1, 0, 599, 2110},        {2, 600, 1199, 1930},      {3, 1200, 1949, 1805},    {4, 1950, 2399, 2110},
	{5, 2400, 2649, 869},     {7, 2750, 3449, 2620},     {8, 3450, 3799, 925},     {10, 4150, 4749, 2110},
	{11, 4750, 4949, 1475.9}, {12, 5010, 5179, 729},     {13, 5180, 5279, 746},    {14, 5280, 5379, 758},
	{17, 5730, 5849, 734},    {18, 5850, 5999, 860},     {19, 6000, 6149, 875},    {20, 6150, 6449, 791},
	{21, 6450, 6599, 1495.9}, {25, 8040, 8689, 1930},    {26, 8690, 9039, 859},    {28, 9210, 9659, 758},
	{30, 9770, 9869, 2350},   {31, 9870, 9919, 462.5},   {32, 9920, 10359, 1452},  {34, 36200, 36349, 2010},
	{38, 37750, 38249, 2570}, {39, 38250, 38649, 1880},  {40, 38650, 39649, 2300}, {41, 39650, 41589, 2496},
	{42, 41590, 43589, 3400}, {43, 43590, 45589, 3600},  {48, 55240, 56739, 3550}, {66, 66436, 67335, 2110},
	{68, 67536, 67835, 753},  {70, 68336, 68585, 1995},  {71, 68586, 68935, 617},  {72, 68936, 68985, 461},
};

/* TS 25.101 table 5.2: F = number / 5 + offset; 0.2 MHz apart. low_mhz is the frequency of `first`. */
static const Band umts_bands[] = {
	{1, 10562, 10838, 2112.4}, {2, 9662, 9938, 1932.4}, {3, 1162, 1513, 1807.4},
	{5, 4357, 4458, 871.4},    {8, 2937, 3088, 927.4},
};

/* TS 45.005 clause 2: 0.2 MHz apart. Numbers 512 to 885 are taken for DCS 1800. */
static const Band gsm_bands[] = {
	{8, 1, 124, 935.2}, {8, 975, 1023, 925.2}, {5, 128, 251, 869.2}, {3, 512, 885, 1805.2},
};

/* TS 38.104 table 5.2-1, downlinks. Where bands overlap the first one is the usual one. */
static const struct {
	guint32 band;
	double low_mhz, high_mhz;
	gboolean tdd;
} nr_bands[] = {
	{1, 2110, 2170, FALSE}, {3, 1805, 1880, FALSE}, {5, 869, 894, FALSE},	{7, 2620, 2690, FALSE}, {8, 925, 960, FALSE},
	{20, 791, 821, FALSE},	{28, 758, 803, FALSE},	{38, 2570, 2620, TRUE}, {40, 2300, 2400, TRUE}, {78, 3300, 3800, TRUE},
	{79, 4400, 5000, TRUE}, {2, 1930, 1990, FALSE}, {12, 729, 746, FALSE},	{71, 617, 652, FALSE},	{25, 1930, 1995, FALSE},
	{26, 859, 894, FALSE},	{41, 2496, 2690, TRUE}, {48, 3550, 3700, TRUE}, {66, 2110, 2200, FALSE}, {77, 3300, 4200, TRUE},
};

/* TS 38.104 table 5.4.2.1-1: F = from_mhz + step (number - first). */
static const struct {
	guint32 first, last;
	double from_mhz, step_mhz;
} nr_raster[] = {{0, 599999, 0, 0.005}, {600000, 2016666, 3000, 0.015}, {2016667, 3279165, 24250.08, 0.06}};

gboolean sim_nr_frequency_mhz(guint32 arfcn, double *ret_mhz)
{
	for (gsize i = 0; i < G_N_ELEMENTS(nr_raster); i++) {
		if (arfcn < nr_raster[i].first || arfcn > nr_raster[i].last)
			continue;
		*ret_mhz = nr_raster[i].from_mhz + nr_raster[i].step_mhz * (double)(arfcn - nr_raster[i].first);
		return TRUE;
	}
	return FALSE;
}

gboolean sim_nr_arfcn(double frequency_mhz, guint32 *ret_arfcn)
{
	for (gsize i = G_N_ELEMENTS(nr_raster); i-- > 0;) {
		if (frequency_mhz < nr_raster[i].from_mhz)
			continue;
		double steps = round((frequency_mhz - nr_raster[i].from_mhz) / nr_raster[i].step_mhz);
		if (steps > (double)(SIM_MAX_ARFCN - nr_raster[i].first))
			return FALSE;
		*ret_arfcn = nr_raster[i].first + (guint32)steps; /* one too many is the first of the next part */
		return TRUE;
	}
	return FALSE;
}

gboolean sim_nr_band_range(guint32 band, guint32 *ret_first, guint32 *ret_last)
{
	double mhz;
	gsize i = 0;
	while (i < G_N_ELEMENTS(nr_bands) && nr_bands[i].band != band)
		i++;
	if (i == G_N_ELEMENTS(nr_bands) || !sim_nr_arfcn(nr_bands[i].low_mhz, ret_first) ||
	    !sim_nr_arfcn(nr_bands[i].high_mhz, ret_last))
		return FALSE;
	/* The nearest numbers may lie just outside. */
	if (sim_nr_frequency_mhz(*ret_first, &mhz) && mhz < nr_bands[i].low_mhz)
		(*ret_first)++;
	if (sim_nr_frequency_mhz(*ret_last, &mhz) && mhz > nr_bands[i].high_mhz)
		(*ret_last)--;
	return TRUE;
}

gboolean sim_nr_band_holds(guint32 band, guint32 arfcn)
{
	guint32 first, last;
	return sim_nr_band_range(band, &first, &last) && arfcn >= first && arfcn <= last;
}

guint32 sim_nr_usual_scs_khz(guint32 band)
{
	for (gsize i = 0; i < G_N_ELEMENTS(nr_bands); i++)
		if (nr_bands[i].band == band && nr_bands[i].tdd)
			return 30;
	return 15;
}

static gboolean locate_nr(guint32 arfcn, guint32 *ret_band, double *ret_downlink_mhz)
{
	for (gsize i = 0; i < G_N_ELEMENTS(nr_bands); i++) {
		if (!sim_nr_band_holds(nr_bands[i].band, arfcn))
			continue;
		*ret_band = nr_bands[i].band;
		return sim_nr_frequency_mhz(arfcn, ret_downlink_mhz);
	}
	return FALSE;
}

typedef struct {
	const Band *bands;
	gsize n_bands;
	double raster_mhz;
} BandTable;

static gboolean find_table(SimRat rat, BandTable *ret_table)
{
	switch (rat) {
	case SIM_RAT_LTE:
		*ret_table = (BandTable){lte_bands, G_N_ELEMENTS(lte_bands), 0.1};
		return TRUE;
	case SIM_RAT_UMTS:
		*ret_table = (BandTable){umts_bands, G_N_ELEMENTS(umts_bands), 0.2};
		return TRUE;
	case SIM_RAT_GSM:
		*ret_table = (BandTable){gsm_bands, G_N_ELEMENTS(gsm_bands), 0.2};
		return TRUE;
	case SIM_RAT_NR:
	case SIM_RAT_NONE:
		return FALSE;
	}
	return FALSE;
}

gboolean sim_carrier_locate(SimRat rat, guint32 arfcn, guint32 *ret_band, double *ret_downlink_mhz)
{
	BandTable table;
	if (rat == SIM_RAT_NR)
		return locate_nr(arfcn, ret_band, ret_downlink_mhz);
	if (!find_table(rat, &table))
		return FALSE;
	for (gsize i = 0; i < table.n_bands; i++) {
		const Band *band = &table.bands[i];
		if (arfcn < band->first || arfcn > band->last)
			continue;
		*ret_band = band->band;
		*ret_downlink_mhz = band->low_mhz + table.raster_mhz * (double)(arfcn - band->first);
		return TRUE;
	}
	return FALSE;
}

gboolean sim_lte_band_range(guint32 band, guint32 *ret_first, guint32 *ret_last)
{
	for (gsize i = 0; i < G_N_ELEMENTS(lte_bands); i++) {
		if (lte_bands[i].band != band)
			continue;
		*ret_first = lte_bands[i].first;
		*ret_last = lte_bands[i].last;
		return TRUE;
	}
	return FALSE;
}

gboolean sim_band_downlink(SimRat rat, guint32 band, double *ret_low_mhz, double *ret_high_mhz)
{
	BandTable table;
	gboolean found = FALSE;
	for (gsize i = 0; rat == SIM_RAT_NR && i < G_N_ELEMENTS(nr_bands); i++) {
		if (nr_bands[i].band != band)
			continue;
		*ret_low_mhz = nr_bands[i].low_mhz;
		*ret_high_mhz = nr_bands[i].high_mhz;
		return TRUE;
	}
	if (!find_table(rat, &table))
		return FALSE;
	for (gsize i = 0; i < table.n_bands; i++) {
		const Band *at = &table.bands[i];
		if (at->band != band)
			continue;
		double high = at->low_mhz + table.raster_mhz * (double)(at->last - at->first + 1);
		*ret_low_mhz = found ? MIN(*ret_low_mhz, at->low_mhz) : at->low_mhz;
		*ret_high_mhz = found ? MAX(*ret_high_mhz, high) : high;
		found = TRUE;
	}
	return found;
}

guint sim_lte_resource_blocks(double bandwidth_mhz)
{
	static const struct {
		double mhz;
		guint blocks;
	} table[] = {{1.4, 6}, {3, 15}, {5, 25}, {10, 50}, {15, 75}, {20, 100}};
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if (table[i].mhz == bandwidth_mhz)
			return table[i].blocks;
	return 0;
}

guint sim_nr_resource_blocks(guint32 scs_khz, double bandwidth_mhz)
{
	static const struct {
		double mhz;
		guint at_15_khz, at_30_khz;
	} table[] = {{5, 25, 0},     {10, 52, 24},   {15, 79, 38},   {20, 106, 51}, {25, 133, 65}, {30, 160, 78}, {35, 188, 92},
		     {40, 216, 106}, {45, 242, 119}, {50, 270, 133}, {60, 0, 162},  {70, 0, 189},  {80, 0, 217},  {90, 0, 245},
		     {100, 0, 273}};
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if (table[i].mhz == bandwidth_mhz)
			return scs_khz == 15 ? table[i].at_15_khz : scs_khz == 30 ? table[i].at_30_khz : 0;
	return 0;
}

guint sim_carrier_resource_blocks(const SimCarrier *carrier)
{
	return carrier->rat == SIM_RAT_NR ? sim_nr_resource_blocks(carrier->scs_khz, carrier->bandwidth_mhz)
	       : carrier->rat == SIM_RAT_LTE ? sim_lte_resource_blocks(carrier->bandwidth_mhz) : 0;
}

double sim_carrier_occupied_hz(const SimCarrier *carrier)
{
	switch (carrier->rat) {
	case SIM_RAT_LTE:
		return 12 * 15e3 * sim_lte_resource_blocks(carrier->bandwidth_mhz);
	case SIM_RAT_NR:
		return 12 * 1e3 * carrier->scs_khz * sim_carrier_resource_blocks(carrier);
	case SIM_RAT_UMTS:
		return 3.84e6;
	case SIM_RAT_GSM:
	case SIM_RAT_NONE:
		return 200e3;
	}
	return 200e3;
}
