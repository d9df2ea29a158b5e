/* read.h - reading helpers that the parts of the scenario reader share; see scenario.h.
 *
 * Each returns FALSE with an error that names the line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "keyfile.h"
#include "sim/scenario/scenario.h"

/* Every one of the keys (NULL-terminated) must stand in the group. */
gboolean sim_read_require(const KeyFile *file, const char *group, const char *const *keys, GError **error);
/* "a, b" as a list of stripped words, NULL for an absent key. Free with g_strfreev. */
char **sim_read_list(const KeyFile *file, const char *group, const char *key);
/* "257-01"; an absent key leaves the texts alone. */
gboolean sim_read_plmn(const KeyFile *file, const char *group, const char *key, char ret_mcc[4], char ret_mnc[4], GError **error);
gboolean sim_parse_plmn(const char *text, char ret_mcc[4], char ret_mnc[4]);
/* keyfile_int for the common width. */
gboolean sim_read_uint(const KeyFile *file, const char *group, const char *key, guint32 max, guint32 *io_value, GError **error);
gboolean sim_read_rat(const KeyFile *file, const char *group, const char *key, SimRat *io_rat, GError **error);
/* The words of cards, in the order of SimCard. */
gboolean sim_read_card(const KeyFile *file, const char *group, const char *key, SimCard *io_card, GError **error);
/* lat and lon, both within the globe. */
gboolean sim_read_place(const KeyFile *file, const char *group, double *io_lat_deg, double *io_lon_deg, GError **error);

/* The groups' readers, called by sim_scenario_load. */
gboolean sim_read_cell(const KeyFile *file, const char *group, SimScenario *scenario, GError **error);
gboolean sim_read_modem(const KeyFile *file, const char *group, SimScenario *scenario, GError **error);
gboolean sim_read_gps(const KeyFile *file, const char *group, SimScenario *scenario, GError **error);
/* Finds the receivers that modems name; after both have been read. */
gboolean sim_bind_gnss(const KeyFile *file, SimScenario *scenario, GError **error);
/* Of [expect NAME]: keeps nothing. After modems and happenings. */
gboolean sim_check_expect(const KeyFile *file, const char *group, SimScenario *scenario, GError **error);
gboolean sim_read_track(const KeyFile *file, SimScenario *scenario, GError **error);
void sim_cell_free(SimCell *cell);
void sim_modem_setup_free(SimModemSetup *modem);
void sim_gps_setup_free(SimGpsSetup *gps);
