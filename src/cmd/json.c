/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/json.h"

#include <math.h>

static void append(GString *json, GVariant *value);

static void append_text(GString *json, const char *text)
{
	g_string_append_c(json, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_printf(json, "\\%c", *p);
		else if ((guchar)*p < 0x20 || *p == 0x7f)
			g_string_append_printf(json, "\\u%04x", (guint)*p);
		else
			g_string_append_c(json, *p);
	}
	g_string_append_c(json, '"');
}

static void append_entry(GString *json, GVariant *entry)
{
	g_autoptr(GVariant) key = g_variant_get_child_value(entry, 0);
	g_autoptr(GVariant) value = g_variant_get_child_value(entry, 1);
	append_text(json, g_variant_get_string(key, NULL));
	g_string_append_c(json, ':');
	append(json, value);
}

static void append_children(GString *json, GVariant *array)
{
	const gboolean is_object = g_variant_is_of_type(array, G_VARIANT_TYPE_DICTIONARY);
	g_string_append_c(json, is_object ? '{' : '[');
	for (gsize i = 0; i < g_variant_n_children(array); i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(array, i);
		if (i > 0)
			g_string_append_c(json, ',');
		if (is_object)
			append_entry(json, child);
		else
			append(json, child);
	}
	g_string_append_c(json, is_object ? '}' : ']');
}

static void append_double(GString *json, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append(json, isfinite(value) ? g_ascii_formatd(text, sizeof text, "%.10g", value) : "null");
}

static void append(GString *json, GVariant *value)
{
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_VARIANT)) {
		g_autoptr(GVariant) inner = g_variant_get_variant(value);
		append(json, inner);
	} else if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
		append_text(json, g_variant_get_string(value, NULL));
	} else if (g_variant_is_of_type(value, G_VARIANT_TYPE_DOUBLE)) {
		append_double(json, g_variant_get_double(value));
	} else if (g_variant_is_container(value)) {
		append_children(json, value);
	} else { /* integers and truth values are written in both forms alike */
		g_autofree char *text = g_variant_print(value, FALSE);
		g_string_append(json, text);
	}
}

char *json_from_variant(GVariant *value)
{
	GString *json = g_string_new(NULL);
	append(json, value);
	return g_string_free(json, FALSE);
}
