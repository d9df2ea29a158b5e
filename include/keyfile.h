/* keyfile.h - a GKeyFile that can say which line is wrong.
 *
 * Configuration and simulator scenarios are key files: [group], key = value, # comment. GLib parses
 * them; this room adds what GLib leaves out: unknown groups, keys and bad values are errors that
 * name file, line, what was found and what would do. A group is declared by its kind, the word
 * before the first space: [modem lte-a] is a group of kind "modem" with the name "lte-a".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef struct KeyFile KeyFile;

typedef struct {
	const char *kind;        /* "modem" for [modem NAME]; "journal" for [journal] */
	gboolean named;          /* TRUE: needs a NAME after the kind, may stand more than once */
	const char *const *keys; /* NULL-terminated list of the keys it may have */
} KeyFileGroup;

/* Reads a file and checks groups and keys against `groups` (ends with kind == NULL). A group or key
 * that stands twice is an error too. `path` may not be NULL; it is what messages show. */
KeyFile *keyfile_load(const char *path, const KeyFileGroup *groups, GError **error);
/* The same from memory; `label` stands for the path in messages. */
KeyFile *keyfile_load_data(const char *label, const char *text, const KeyFileGroup *groups, GError **error);
void keyfile_free(KeyFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyFile, keyfile_free)

/* The groups of a kind in the file's order, as full names ("modem lte-a"); free with g_strfreev. */
char **keyfile_groups(const KeyFile *file, const char *kind);
/* The NAME part of a full group name ("lte-a"); "" where there is none. Borrowed from `group`. */
const char *keyfile_group_name(const char *group);
gboolean keyfile_has(const KeyFile *file, const char *group, const char *key);

/* The line on which a key stands (the group's line for key == NULL), 0 where there is none. */
guint keyfile_line(const KeyFile *file, const char *group, const char *key);

/* "FILE:LINE" of a key, or of its group; owned by the caller. */
char *keyfile_where(const KeyFile *file, const char *group, const char *key);

/* The raw text of a value, NULL where it is absent. Owned by the caller. */
char *keyfile_string(const KeyFile *file, const char *group, const char *key);
/* Numbers within [min, max]; an absent key leaves *io_value alone and is TRUE. */
gboolean keyfile_double(const KeyFile *file, const char *group, const char *key, double min, double max, double *io_value,
			GError **error);
gboolean keyfile_int(const KeyFile *file, const char *group, const char *key, gint64 min, gint64 max, gint64 *io_value,
		     GError **error);
gboolean keyfile_bool(const KeyFile *file, const char *group, const char *key, gboolean *io_value, GError **error);
/* A length of time in seconds: "90", "90s", "500ms", "1.5m", "2h", "0:30", "1:02:03". */
gboolean keyfile_seconds(const KeyFile *file, const char *group, const char *key, double *io_seconds, GError **error);
/* The same from any text; NAN where it is none. */
double keyfile_parse_seconds(const char *text);
/* One of the words (NULL-terminated); *io_index gets its index. */
gboolean keyfile_choice(const KeyFile *file, const char *group, const char *key, const char *const *words, int *io_index,
			GError **error);

/* "FILE:12: [group] key: what was wrong" as an error of JAMLOG_ERROR_USAGE; key may be NULL. Always returns FALSE. */
gboolean keyfile_error(const KeyFile *file, const char *group, const char *key, GError **error, const char *format, ...)
	G_GNUC_PRINTF(5, 6);
