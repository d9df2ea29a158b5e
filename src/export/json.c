/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/json.h"

static void put_key(Json *json, const char *key)
{
	if (json->comma)
		out_char(json->out, ',');
	json->comma = TRUE;
	if (!key)
		return;
	out_json_text(json->out, key);
	out_char(json->out, ':');
}

void json_begin(Json *json, const char *key, char bracket)
{
	put_key(json, key);
	out_char(json->out, bracket);
	json->comma = FALSE;
}

void json_end(Json *json, char bracket)
{
	out_char(json->out, bracket);
	json->comma = TRUE;
}

void json_text(Json *json, const char *key, const char *text)
{
	put_key(json, key);
	if (text)
		out_json_text(json->out, text);
	else
		OUT_LITERAL(json->out, "null");
}

void json_int(Json *json, const char *key, gint64 value)
{
	put_key(json, key);
	out_int(json->out, value);
}

void json_bool(Json *json, const char *key, gboolean value)
{
	put_key(json, key);
	if (value)
		OUT_LITERAL(json->out, "true");
	else
		OUT_LITERAL(json->out, "false");
}

void json_null(Json *json, const char *key)
{
	json_text(json, key, NULL);
}

void json_seconds(Json *json, const char *key, gint64 us)
{
	put_key(json, key);
	out_scaled(json->out, us, 6);
}
