/* A mapping file: what the columns of a CSV mean.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "import/layout.h"
#include "keyfile.h"

#include <math.h>
#include <time.h>

struct ImportMapping {
	Layout layout;
	char **absent, *pattern;
	char *names[N_ROLES][2]; /* with a NULL behind it */
};

void import_mapping_free(ImportMapping *mapping)
{
	if (!mapping)
		return;
	for (guint role = 0; role < N_ROLES; role++)
		g_free(mapping->names[role][0]);
	g_strfreev(mapping->absent);
	g_free(mapping->pattern);
	g_free(mapping);
}

const Layout *import_mapping_layout(const ImportMapping *mapping)
{
	return &mapping->layout;
}

static const char *const role_words[] = {
#define ROLE_WORD(name) #name,
	LAYOUT_ROLES(ROLE_WORD)};

static gboolean read_time(const KeyFile *file, ImportMapping *mapping, GError **error)
{
	Layout *layout = &mapping->layout;
	mapping->pattern = keyfile_string(file, "time", "format");
	layout->time_kind = TIME_PATTERN;
	layout->time_pattern = mapping->pattern;
	if (!mapping->pattern || g_str_equal(mapping->pattern, "iso"))
		layout->time_kind = TIME_ISO;
	else if (g_str_equal(mapping->pattern, "unix"))
		layout->time_kind = TIME_UNIX_S;
	else if (g_str_equal(mapping->pattern, "unix-ms"))
		layout->time_kind = TIME_UNIX_MS;
	else if (!strchr(mapping->pattern, '%'))
		return keyfile_error(file, "time", "format", error,
				     "write iso, unix, unix-ms, or a pattern of strptime(3) like"
				     " %%d.%%m.%%Y %%H:%%M:%%S");
	return TRUE;
}

static gboolean read_delimiter(const KeyFile *file, Layout *layout, GError **error)
{
	g_autofree char *text = keyfile_string(file, "file", "delimiter");
	if (!text)
		return TRUE;
	const gboolean tab = g_str_equal(text, "tab");
	if (!tab && (strlen(text) != 1 || g_ascii_isalnum(*text) || *text == '"'))
		return keyfile_error(file, "file", "delimiter", error, "\"%s\" is no delimiter: write one character, or tab", text);
	layout->delimiter = tab ? '\t' : *text;
	return TRUE;
}

static gboolean read_file_group(const KeyFile *file, ImportMapping *mapping, GError **error)
{
	g_autofree char *rat = keyfile_string(file, "file", "rat"), *absent = keyfile_string(file, "file", "absent");
	gboolean endc;
	mapping->layout.rat = RAT_LTE;
	if (rat && !row_parse_rat(rat, &mapping->layout.rat, &endc))
		return keyfile_error(file, "file", "rat", error, "\"%s\" is no radio technology: write gsm, umts, lte or nr", rat);
	if (absent) {
		mapping->absent = g_strsplit(absent, ",", -1);
		for (char **text = mapping->absent; *text; text++)
			g_strstrip(*text);
		mapping->layout.absent = (const char *const *)mapping->absent;
	}
	return read_delimiter(file, &mapping->layout, error);
}

static gboolean read_column(const KeyFile *file, guint role, ImportMapping *mapping, GError **error)
{
	LayoutColumn *column = &mapping->layout.columns[role];
	const char *group = role_words[role];
	column->scale = 1;
	mapping->names[role][0] = keyfile_string(file, group, "column");
	if (!mapping->names[role][0])
		return keyfile_line(file, group, NULL) == 0 ||
		       keyfile_error(file, group, NULL, error, "say with column = which it is");
	column->names = (const char *const *)mapping->names[role];
	return keyfile_double(file, group, "scale", -1e9, 1e9, &column->scale, error) &&
	       keyfile_double(file, group, "offset", -1e9, 1e9, &column->offset, error) &&
	       keyfile_bool(file, group, "hex", &column->hex, error);
}

static ImportMapping *read_mapping(const KeyFile *file, GError **error)
{
	g_autoptr(ImportMapping) mapping = g_new0(ImportMapping, 1);
	mapping->layout.format = IMPORT_MAPPED;
	for (guint role = 0; role < N_ROLES; role++)
		if (!read_column(file, role, mapping, error))
			return NULL;
	if (!mapping->names[ROLE_time][0]) {
		keyfile_error(file, "time", NULL, error, "a mapping needs a group [time] that names the column");
		return NULL;
	}
	return read_time(file, mapping, error) && read_file_group(file, mapping, error) ? g_steal_pointer(&mapping) : NULL;
}

static const char *const file_keys[] = {"delimiter", "absent", "rat", NULL};
static const char *const time_keys[] = {"column", "format", NULL};
static const char *const column_keys[] = {"column", "scale", "offset", "hex", NULL};
static const KeyFileGroup groups[] = {
	{"file", FALSE, file_keys},
#define ROLE_GROUP(name) {#name, FALSE, ROLE_##name == ROLE_time ? time_keys : column_keys},
	LAYOUT_ROLES(ROLE_GROUP){NULL, FALSE, NULL},
};

ImportMapping *import_mapping_parse(const char *label, const char *text, GError **error)
{
	g_autoptr(KeyFile) file = keyfile_load_data(label, text, groups, error);
	return file ? read_mapping(file, error) : NULL;
}

ImportMapping *import_mapping_load(const char *path, GError **error)
{
	g_autoptr(KeyFile) file = keyfile_load(path, groups, error);
	return file ? read_mapping(file, error) : NULL;
}
