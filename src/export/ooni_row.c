/* Probes out of the store, and what can be asked of one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/ooni.h"

/* --- reading --- */

static gboolean set_word(const ObservationField *field, const char *text, guint8 *ret_value)
{
	for (guint8 i = 0; field->words[i]; i++) {
		if (g_strcmp0(text, field->words[i]) != 0)
			continue;
		*ret_value = i;
		return TRUE;
	}
	return FALSE;
}

static void set_number(gint64 value, gsize size, void *at)
{
	const guint8 u8 = (guint8)value;
	const guint16 u16 = (guint16)value;
	const guint32 u32 = (guint32)value;
	memcpy(at, size == 1 ? (const void *)&u8 : size == 2 ? (const void *)&u16 : size == 4 ? (const void *)&u32 : &value, size);
}

/* FALSE: it is not there, or a word of a newer program. */
static gboolean set_field(const ObservationField *field, sqlite3_stmt *stmt, int column, void *at)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);
	if (!text)
		return FALSE;
	if (field->type == FIELD_ENUM)
		return set_word(field, text, at);
	if (field->type == FIELD_TEXT)
		g_strlcpy(at, text, field->size);
	else
		set_number(sqlite3_column_int64(stmt, column), field->size, at);
	return TRUE;
}

static void copy_text(sqlite3_stmt *stmt, int column, char *ret_text, gsize size)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);
	g_strlcpy(ret_text, text ? text : "", size);
}

void ooni_row_read(const PlaceRow *row, OoniRow *ret_row)
{
	const ObservationTable *table = observation_table(OBSERVATION_PROBE);
	memset(ret_row, 0, sizeof *ret_row);
	for (gsize i = 0; i < table->n_fields; i++) {
		const ObservationField *field = &table->fields[i];
		if (set_field(field, row->columns, STORE_PLACE_FIRST_FIELD + (int)i, (guint8 *)&ret_row->probe + field->offset))
			ret_row->present |= OBSERVATION_BIT(field->id);
	}
	ret_row->taken = row->taken;
	ret_row->dated = row->dated;
	ret_row->end_us = row->boottime_ms * 1000;
	ret_row->utc_ms = row->utc_ms;
	copy_text(row->columns, STORE_PLACE_RAT, ret_row->rat, sizeof ret_row->rat);
	copy_text(row->columns, STORE_PLACE_MCC, ret_row->mcc, sizeof ret_row->mcc);
	copy_text(row->columns, STORE_PLACE_MNC, ret_row->mnc, sizeof ret_row->mnc);
}

/* --- asking --- */

gboolean ooni_row_is(const OoniRow *row, ProbeTest test, ProbeRole role)
{
	return PROBE_HAS(row, test) && row->probe.test == test && PROBE_HAS(row, role) && row->probe.role == role;
}

static gint64 step_us(const OoniRow *row, ProbeStep step)
{
	if (step == PROBE_STEP_DNS)
		return PROBE_HAS(row, dns_us) ? row->probe.dns_us : 0;
	if (step == PROBE_STEP_TCP)
		return PROBE_HAS(row, tcp_us) ? row->probe.tcp_us : 0;
	return step == PROBE_STEP_TLS && PROBE_HAS(row, tls_us) ? row->probe.tls_us : 0;
}

gint64 ooni_row_start_us(const OoniRow *row)
{
	gint64 length = PROBE_HAS(row, total_us) ? row->probe.total_us : 0;
	if (!PROBE_HAS(row, total_us))
		for (guint step = PROBE_STEP_DNS; step < PROBE_STEP_HTTP; step++)
			length += step_us(row, (ProbeStep)step);
	return row->end_us - length;
}

void ooni_row_times(const OoniRow *row, ProbeStep step, gint64 *ret_from_us, gint64 *ret_to_us)
{
	gint64 from = ooni_row_start_us(row);
	for (guint before = PROBE_STEP_DNS; before < step; before++)
		from += step_us(row, (ProbeStep)before);
	*ret_from_us = MIN(from, row->end_us);
	*ret_to_us = step == PROBE_STEP_HTTP || ooni_row_step_failure(row, step) ? row->end_us :
										    MIN(from + step_us(row, step), row->end_us);
}

gboolean ooni_row_reached(const OoniRow *row, ProbeStep step)
{
	return PROBE_HAS(row, step) && row->probe.step >= step && row->probe.step <= PROBE_STEP_HTTP;
}

const char *ooni_row_failure(const OoniRow *row)
{
	return PROBE_HAS(row, failure) ? row->probe.failure : NULL;
}

const char *ooni_row_step_failure(const OoniRow *row, ProbeStep step)
{
	return PROBE_HAS(row, step) && row->probe.step == step ? ooni_row_failure(row) : NULL;
}

gboolean ooni_row_family_fits(const OoniRow *a, const OoniRow *b)
{
	return !PROBE_HAS(a, family) || !PROBE_HAS(b, family) || a->probe.family == b->probe.family ||
	       a->probe.family == SESSION_DUAL || b->probe.family == SESSION_DUAL;
}

/* --- where to --- */

void ooni_url_clear(OoniUrl *url)
{
	g_clear_pointer(&url->host, g_free);
}

void ooni_url_read(const OoniRow *row, OoniUrl *ret_url)
{
	g_autofree char *scheme = NULL;
	gint port = -1;
	*ret_url = (OoniUrl){0};
	if (PROBE_HAS(row, url))
		g_uri_split(row->probe.url, G_URI_FLAGS_PARSE_RELAXED, &scheme, NULL, &ret_url->host, &port, NULL, NULL, NULL,
			    NULL);
	ret_url->https = !scheme || g_ascii_strcasecmp(scheme, "http") != 0;
	ret_url->port = port > 0 ? (guint)port : ret_url->https ? 443 : 80;
}

char *ooni_endpoint(const char *address, guint port)
{
	return g_strdup_printf(strchr(address, ':') ? "[%s]:%u" : "%s:%u", address, port);
}
