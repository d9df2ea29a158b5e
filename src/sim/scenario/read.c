/* read.c - see read.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario/read.h"

gboolean sim_read_require(const KeyFile *file, const char *group, const char *const *keys, GError **error)
{
	for (; *keys; keys++)
		if (!keyfile_has(file, group, *keys))
			return keyfile_error(file, group, NULL, error, "the key \"%s\" is missing", *keys);
	return TRUE;
}

char **sim_read_list(const KeyFile *file, const char *group, const char *key)
{
	g_autofree char *text = keyfile_string(file, group, key);
	if (!text)
		return NULL;
	g_auto(GStrv) parts = g_strsplit(text, ",", -1);
	GPtrArray *words = g_ptr_array_new();
	for (guint i = 0; parts[i]; i++)
		if (*g_strstrip(parts[i]) != '\0')
			g_ptr_array_add(words, g_strdup(parts[i]));
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, FALSE);
}

static gboolean all_digits(const char *text, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if (!g_ascii_isdigit(text[i]))
			return FALSE;
	return TRUE;
}

gboolean sim_parse_plmn(const char *text, char ret_mcc[4], char ret_mnc[4])
{
	gsize length = strlen(text);
	if ((length != 6 && length != 7) || text[3] != '-' || !all_digits(text, 3) || !all_digits(text + 4, length - 4))
		return FALSE;
	g_strlcpy(ret_mcc, text, 4);
	g_strlcpy(ret_mnc, text + 4, 4);
	return TRUE;
}

gboolean sim_read_plmn(const KeyFile *file, const char *group, const char *key, char ret_mcc[4], char ret_mnc[4], GError **error)
{
	g_autofree char *text = keyfile_string(file, group, key);
	if (!text || sim_parse_plmn(text, ret_mcc, ret_mnc))
		return TRUE;
	return keyfile_error(file, group, key, error, "\"%s\" is not a PLMN: write MCC-MNC, like 257-01", text);
}

gboolean sim_read_uint(const KeyFile *file, const char *group, const char *key, guint32 max, guint32 *io_value, GError **error)
{
	gint64 value = *io_value;
	if (!keyfile_int(file, group, key, 0, max, &value, error))
		return FALSE;
	*io_value = (guint32)value;
	return TRUE;
}

gboolean sim_read_rat(const KeyFile *file, const char *group, const char *key, SimRat *io_rat, GError **error)
{
	static const char *const words[] = {"gsm", "umts", "lte", "nr", NULL};
	static const SimRat rats[] = {SIM_RAT_GSM, SIM_RAT_UMTS, SIM_RAT_LTE, SIM_RAT_NR};
	int index = -1;
	if (!keyfile_choice(file, group, key, words, &index, error))
		return FALSE;
	if (index >= 0)
		*io_rat = rats[index];
	return TRUE;
}

gboolean sim_read_card(const KeyFile *file, const char *group, const char *key, SimCard *io_card, GError **error)
{
	static const char *const words[] = {"ready", "absent", "pin-locked", "error", NULL};
	int index = (int)*io_card;
	if (!keyfile_choice(file, group, key, words, &index, error))
		return FALSE;
	*io_card = (SimCard)index;
	return TRUE;
}

gboolean sim_read_place(const KeyFile *file, const char *group, double *io_lat_deg, double *io_lon_deg, GError **error)
{
	return keyfile_double(file, group, "lat", -89, 89, io_lat_deg, error) &&
	       keyfile_double(file, group, "lon", -180, 180, io_lon_deg, error);
}
