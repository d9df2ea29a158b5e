/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keyfile.h"

#include "error.h"

#include <errno.h>
#include <math.h>

struct KeyFile {
	char *path;
	GKeyFile *keys;
	GHashTable *lines; /* "group\nkey" or "group" -> line number */
};

void keyfile_free(KeyFile *file)
{
	if (!file)
		return;
	g_free(file->path);
	g_key_file_unref(file->keys);
	g_hash_table_unref(file->lines);
	g_free(file);
}

static char *line_id(const char *group, const char *key)
{
	return key ? g_strdup_printf("%s\n%s", group, key) : g_strdup(group);
}

guint keyfile_line(const KeyFile *file, const char *group, const char *key)
{
	g_autofree char *id = line_id(group, key);
	return GPOINTER_TO_UINT(g_hash_table_lookup(file->lines, id));
}

char *keyfile_where(const KeyFile *file, const char *group, const char *key)
{
	guint line = keyfile_line(file, group, key);
	return g_strdup_printf("%s:%u", file->path, line ? line : keyfile_line(file, group, NULL));
}

gboolean keyfile_error(const KeyFile *file, const char *group, const char *key, GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	guint line = keyfile_line(file, group, key);
	if (line == 0)
		line = keyfile_line(file, group, NULL);
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s:%u: [%s]%s%s: %s", file->path, line, group, key ? " " : "",
		    key ? key : "", what);
	return FALSE;
}

static gboolean line_error(const KeyFile *file, guint line, GError **error, const char *format, ...) G_GNUC_PRINTF(4, 5);
static gboolean line_error(const KeyFile *file, guint line, GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s:%u: %s", file->path, line, what);
	return FALSE;
}

/* Remembers where a group or key stands; a second one of the same name is an error. */
static gboolean note_line(KeyFile *file, const char *group, const char *key, guint line, GError **error)
{
	char *id = line_id(group, key);
	guint before = GPOINTER_TO_UINT(g_hash_table_lookup(file->lines, id));
	if (before) {
		g_free(id);
		return line_error(file, line, error, "%s%s%s stands already on line %u: give it once", key ? key : "[",
				  key ? "" : group, key ? "" : "]", before);
	}
	g_hash_table_insert(file->lines, id, GUINT_TO_POINTER(line));
	return TRUE;
}

/* Walks the text by GLib's own rules of what is a comment, a group and a key, to learn the line numbers. */
static gboolean index_lines(KeyFile *file, const char *text, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *group = NULL;
	for (guint i = 0; lines[i]; i++) {
		char *line = g_strstrip(lines[i]);
		if (*line == '\0' || *line == '#')
			continue;
		char *equals = strchr(line, '=');
		if (*line == '[') {
			char *end = strchr(line, ']');
			if (!end || end[1] != '\0')
				return line_error(file, i + 1, error, "\"%s\" is not a group: write [name]", line);
			*end = '\0';
			g_free(group);
			group = g_strdup(line + 1);
			if (!note_line(file, group, NULL, i + 1, error))
				return FALSE;
		} else if (!equals || equals == line) {
			return line_error(file, i + 1, error, "\"%s\" is not \"key = value\" (a comment begins with #)", line);
		} else if (!group) {
			return line_error(file, i + 1, error, "\"%s\" stands before the first [group]", line);
		} else {
			*equals = '\0';
			if (!note_line(file, group, g_strchomp(line), i + 1, error))
				return FALSE;
		}
	}
	return TRUE;
}

static const KeyFileGroup *find_group(const KeyFileGroup *groups, const char *group)
{
	for (; groups->kind; groups++) {
		gsize n = strlen(groups->kind);
		if (!groups->named && g_str_equal(group, groups->kind))
			return groups;
		if (groups->named && g_str_has_prefix(group, groups->kind) && group[n] == ' ' && group[n + 1] != '\0')
			return groups;
	}
	return NULL;
}

static char *describe_groups(const KeyFileGroup *groups)
{
	GString *text = g_string_new(NULL);
	for (; groups->kind; groups++)
		g_string_append_printf(text, "%s[%s%s]", text->len ? ", " : "", groups->kind, groups->named ? " NAME" : "");
	return g_string_free(text, FALSE);
}

static gboolean check_keys(const KeyFile *file, const KeyFileGroup *spec, const char *group, GError **error)
{
	g_auto(GStrv) keys = g_key_file_get_keys(file->keys, group, NULL, NULL);
	for (guint k = 0; keys && keys[k]; k++) {
		if (g_strv_contains(spec->keys, keys[k]))
			continue;
		g_autofree char *known = g_strjoinv(", ", (char **)spec->keys);
		return line_error(file, keyfile_line(file, group, keys[k]), error, "unknown key \"%s\" in [%s]; known keys: %s",
				  keys[k], group, known);
	}
	return TRUE;
}

static gboolean check_groups(const KeyFile *file, const KeyFileGroup *specs, GError **error)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file->keys, NULL);
	for (guint i = 0; groups[i]; i++) {
		const KeyFileGroup *spec = find_group(specs, groups[i]);
		if (!spec) {
			g_autofree char *known = describe_groups(specs);
			return line_error(file, keyfile_line(file, groups[i], NULL), error,
					  "unknown group [%s]; known groups: %s", groups[i], known);
		}
		if (!check_keys(file, spec, groups[i], error))
			return FALSE;
	}
	return TRUE;
}

KeyFile *keyfile_load_data(const char *label, const char *text, const KeyFileGroup *groups, GError **error)
{
	g_autoptr(KeyFile) file = g_new0(KeyFile, 1);
	file->path = g_strdup(label);
	file->keys = g_key_file_new();
	file->lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GError) parse_error = NULL;
	if (!g_utf8_validate(text, -1, NULL)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s is not a text file in UTF-8", label);
		return NULL;
	}
	if (!index_lines(file, text, error))
		return NULL;
	/* Kept, so that key[xx] is an unknown key here and not one that silently means nothing. */
	if (!g_key_file_load_from_data(file->keys, text, (gsize)-1, G_KEY_FILE_KEEP_TRANSLATIONS, &parse_error)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s: %s", label, parse_error->message);
		return NULL;
	}
	return check_groups(file, groups, error) ? g_steal_pointer(&file) : NULL;
}

KeyFile *keyfile_load(const char *path, const KeyFileGroup *groups, GError **error)
{
	g_autofree char *text = NULL;
	gsize length = 0;
	g_autoptr(GError) read_error = NULL;
	if (!g_file_get_contents(path, &text, &length, &read_error)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "cannot read %s: %s", path, read_error->message);
		return NULL;
	}
	if (strlen(text) != length) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "%s is not a text file in UTF-8", path);
		return NULL;
	}
	return keyfile_load_data(path, text, groups, error);
}

char **keyfile_groups(const KeyFile *file, const char *kind)
{
	g_auto(GStrv) all = g_key_file_get_groups(file->keys, NULL);
	GPtrArray *found = g_ptr_array_new();
	gsize n = strlen(kind);
	for (guint i = 0; all[i]; i++)
		if (g_str_has_prefix(all[i], kind) && (all[i][n] == ' ' || all[i][n] == '\0'))
			g_ptr_array_add(found, g_strdup(all[i]));
	g_ptr_array_add(found, NULL);
	return (char **)g_ptr_array_free(found, FALSE);
}

const char *keyfile_group_name(const char *group)
{
	const char *space = strchr(group, ' ');
	return space ? space + 1 : "";
}

gboolean keyfile_has(const KeyFile *file, const char *group, const char *key)
{
	return g_key_file_has_key(file->keys, group, key, NULL);
}

char *keyfile_string(const KeyFile *file, const char *group, const char *key)
{
	/* Not g_key_file_get_string: a backslash that is no escape would make the value read as absent. */
	char *value = g_key_file_get_value(file->keys, group, key, NULL);
	return value ? g_strstrip(value) : NULL;
}

gboolean keyfile_double(const KeyFile *file, const char *group, const char *key, double min, double max, double *io_value,
			GError **error)
{
	g_autofree char *text = keyfile_string(file, group, key);
	if (!text)
		return TRUE;
	char *end = NULL;
	double value = g_ascii_strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(value))
		return keyfile_error(file, group, key, error, "\"%s\" is not a number", text);
	if (value < min || value > max)
		return keyfile_error(file, group, key, error, "%s is not between %g and %g", text, min, max);
	*io_value = value;
	return TRUE;
}

gboolean keyfile_int(const KeyFile *file, const char *group, const char *key, gint64 min, gint64 max, gint64 *io_value,
		     GError **error)
{
	g_autofree char *text = keyfile_string(file, group, key);
	if (!text)
		return TRUE;
	const char *digits = *text == '-' ? text + 1 : text;
	gboolean hex = g_str_has_prefix(digits, "0x") || g_str_has_prefix(digits, "0X");
	char *end = NULL;
	errno = 0;
	gint64 value = g_ascii_strtoll(text, &end, hex ? 16 : 10);
	if (errno == ERANGE || end == text || *end != '\0')
		return keyfile_error(file, group, key, error, "\"%s\" is not a whole number", text);
	if (value < min || value > max)
		return keyfile_error(file, group, key, error, "%s is not between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT,
				     text, min, max);
	*io_value = value;
	return TRUE;
}

gboolean keyfile_bool(const KeyFile *file, const char *group, const char *key, gboolean *io_value, GError **error)
{
	static const char *const words[] = {"no", "yes", "false", "true", NULL};
	int index = *io_value ? 1 : 0;
	if (!keyfile_choice(file, group, key, words, &index, error))
		return FALSE;
	*io_value = index % 2 == 1;
	return TRUE;
}

/* Whole and fractional seconds from "h:m:s" and its shorter forms, or NAN. */
static double parse_colons(const char *text)
{
	double total = 0;
	for (guint part = 0; part < 3; part++) {
		char *end = NULL;
		double value = g_ascii_strtod(text, &end);
		if (end == text || !g_ascii_isdigit(*text))
			return NAN;
		total = total * 60 + value;
		if (*end == '\0')
			return total;
		if (*end != ':')
			return NAN;
		text = end + 1;
	}
	return NAN;
}

double keyfile_parse_seconds(const char *text)
{
	char *end = NULL;
	if (strchr(text, ':'))
		return parse_colons(text);
	double value = g_ascii_strtod(text, &end);
	if (end == text || value < 0)
		return NAN;
	while (*end == ' ')
		end++;
	if (*end == '\0' || g_str_equal(end, "s"))
		return value;
	if (g_str_equal(end, "ms"))
		return value / 1000;
	if (g_str_equal(end, "m") || g_str_equal(end, "min"))
		return value * 60;
	return g_str_equal(end, "h") ? value * 3600 : NAN;
}

gboolean keyfile_seconds(const KeyFile *file, const char *group, const char *key, double *io_seconds, GError **error)
{
	g_autofree char *text = keyfile_string(file, group, key);
	if (!text)
		return TRUE;
	double value = keyfile_parse_seconds(text);
	if (!isfinite(value))
		return keyfile_error(file, group, key, error,
				     "\"%s\" is not a length of time: write 90, 90s, 500ms, 1.5m, 2h or 1:30", text);
	*io_seconds = value;
	return TRUE;
}

gboolean keyfile_choice(const KeyFile *file, const char *group, const char *key, const char *const *words, int *io_index,
			GError **error)
{
	g_autofree char *text = keyfile_string(file, group, key);
	if (!text)
		return TRUE;
	for (int i = 0; words[i]; i++) {
		if (g_str_equal(text, words[i])) {
			*io_index = i;
			return TRUE;
		}
	}
	g_autofree char *known = g_strjoinv(", ", (char **)words);
	return keyfile_error(file, group, key, error, "\"%s\" is none of: %s", text, known);
}
