/* json.h - objects within objects, for what is no flat feature: the commas are looked after here.
 *
 * `key` is NULL within an array.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "out.h"

typedef struct {
	Out *out;
	gboolean comma; /* something stands before the next value in its object or array */
} Json;

/* '{' or '['; closed by json_end with '}' or ']'. */
void json_begin(Json *json, const char *key, char bracket);
void json_end(Json *json, char bracket);
/* NULL is null. */
void json_text(Json *json, const char *key, const char *text);
void json_int(Json *json, const char *key, gint64 value);
void json_bool(Json *json, const char *key, gboolean value);
void json_null(Json *json, const char *key);
/* Microseconds, written as seconds. */
void json_seconds(Json *json, const char *key, gint64 us);
