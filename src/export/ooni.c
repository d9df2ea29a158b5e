/* Rounds of probes, gathered from the store, and the line that each target in them makes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/ooni.h"

/* More rows than this are another round, so that memory is bounded whatever a journal says. */
#define MAX_ROUND 4096

typedef struct {
	Sink *sink;
	sqlite3_stmt *version; /* of the program that wrote recording ?1 .. ?2 */
	GArray *rows;          /* OoniRow, of one round */
	gint64 recording;
	char modem[OBSERVATION_SOURCE_SIZE];
	char version_text[32];
} Rounds;

/* --- a line --- */

static void put_date(Json *json, const char *key, gint64 utc_ms)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(utc_ms / 1000);
	g_autofree char *text = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : NULL;
	json_text(json, key, text);
}

static void put_text_if(Json *json, const char *key, gboolean present, const char *text)
{
	if (present && *text)
		json_text(json, key, text);
}

static void put_annotations(const OoniLine *line)
{
	Json *json = line->json;
	const OoniRow *row = line->row;
	char number[16];
	g_snprintf(number, sizeof number, "%u", row->probe.round);
	json_begin(json, "annotations", '{');
	json_text(json, "engine_name", "jamlog");
	json_text(json, "engine_version", line->round->version);
	json_text(json, "network_type", "mobile");
	json_text(json, "platform", "linux");
	put_text_if(json, "rat", TRUE, row->rat);
	put_text_if(json, "mcc", TRUE, row->mcc);
	put_text_if(json, "mnc", TRUE, row->mnc);
	put_text_if(json, "round", PROBE_HAS(row, round), number);
	put_text_if(json, "target", PROBE_HAS(row, target), row->probe.target);
	put_text_if(json, "category", PROBE_HAS(row, category), row->probe.category);
	put_text_if(json, "family", PROBE_HAS(row, family), observation_word(session_family_words, row->probe.family));
	put_text_if(json, "redirect_host", PROBE_HAS(row, redirect_host), row->probe.redirect_host);
	json_end(json, '}');
}

static void put_extensions(Json *json, gboolean web)
{
	json_begin(json, "extensions", '{');
	if (web) {
		json_int(json, "dnst", 0);
		json_int(json, "httpt", 0);
	}
	json_int(json, "tcpconnect", 0);
	json_int(json, "tlshandshake", 0);
	json_end(json, '}');
}

/* What no test keys are of: who measured, and from where, as far as that is told. */
static void put_envelope(const OoniLine *line, gboolean web, gint64 round_us)
{
	Json *json = line->json;
	const OoniRow *row = line->row;
	const char *resolver = web ? ooni_web_resolver(line) : NULL;
	put_annotations(line);
	json_text(json, "data_format_version", "0.2.0");
	put_extensions(json, web);
	json_text(json, "input", web ? row->probe.url : row->probe.server_name);
	put_date(json, "measurement_start_time", row->utc_ms - (row->end_us - line->base_us) / 1000);
	json_text(json, "probe_asn", "AS0");
	json_text(json, "probe_cc", "ZZ");
	json_text(json, "probe_ip", OONI_UNTOLD_ADDRESS);
	json_null(json, "probe_network_name");
	json_text(json, "report_id", "");
	json_text(json, "resolver_asn", "AS0");
	json_text(json, "resolver_ip", resolver ? resolver : OONI_UNTOLD_ADDRESS);
	json_null(json, "resolver_network_name");
	json_text(json, "software_name", "jamlog");
	json_text(json, "software_version", line->round->version);
	json_begin(json, "test_helpers", '{');
	json_end(json, '}');
	json_text(json, "test_name", web ? "web_connectivity" : "sni_blocking");
	json_seconds(json, "test_runtime", row->end_us - line->base_us);
	put_date(json, "test_start_time", row->utc_ms - (row->end_us - round_us) / 1000);
	json_text(json, "test_version", OONI_TEST_VERSION);
}

/* When the first thing began that the line tells of. */
static gint64 find_base(const OoniLine *line, gboolean web)
{
	gint64 base = ooni_row_start_us(line->row);
	const OoniRow *control = web ? NULL : ooni_sni_control(line);
	if (control)
		base = MIN(base, ooni_row_start_us(control));
	for (guint i = 0; web && i < line->round->n; i++)
		if (ooni_is_lookup(line, &line->round->rows[i]))
			base = MIN(base, ooni_row_start_us(&line->round->rows[i]));
	return base;
}

static void put_line(Sink *sink, const OoniRound *round, const OoniRow *row, gint64 round_us)
{
	const gboolean web = row->probe.test == PROBE_WEB;
	Json json = {.out = sink->out};
	OoniLine line = {.json = &json, .round = round, .row = row};
	line.base_us = find_base(&line, web);
	json_begin(&json, NULL, '{');
	put_envelope(&line, web, PROBE_HAS(row, round) ? round_us : line.base_us);
	json_begin(&json, "test_keys", '{');
	(web ? ooni_web_put_keys : ooni_sni_put_keys)(&line);
	json_end(&json, '}');
	json_end(&json, '}');
	out_char(sink->out, '\n');
}

/* --- rounds --- */

static gboolean makes_a_line(const OoniRow *row)
{
	return (ooni_row_is(row, PROBE_WEB, PROBE_TARGET) && PROBE_HAS(row, url)) ||
	       (ooni_row_is(row, PROBE_SNI, PROBE_TARGET) && PROBE_HAS(row, server_name));
}

static void put_round(Rounds *rounds)
{
	Sink *sink = rounds->sink;
	const OoniRound round = {(const OoniRow *)(void *)rounds->rows->data, rounds->rows->len, rounds->version_text};
	gint64 round_us = G_MAXINT64;
	for (guint i = 0; i < round.n; i++)
		round_us = MIN(round_us, ooni_row_start_us(&round.rows[i]));
	for (guint i = 0; i < round.n; i++) {
		const OoniRow *row = &round.rows[i];
		if (!row->taken || !makes_a_line(row))
			continue;
		if (!row->dated) {
			sink->summary->undated++;
			continue;
		}
		put_line(sink, &round, row, round_us);
		sink->summary->features++;
		sink->summary->samples++;
	}
	g_array_set_size(rounds->rows, 0);
}

static gboolean read_version(Rounds *rounds, GError **error)
{
	gboolean row;
	sqlite3_bind_int64(rounds->version, 1, STORE_ID(rounds->recording, 0));
	sqlite3_bind_int64(rounds->version, 2, STORE_ID(rounds->recording + 1, 0));
	if (!store_step(rounds->sink->store, rounds->version, &row, error))
		return FALSE;
	const char *text = row ? (const char *)sqlite3_column_text(rounds->version, 0) : NULL;
	g_strlcpy(rounds->version_text, text ? text : JAMLOG_VERSION, sizeof rounds->version_text);
	sqlite3_reset(rounds->version);
	return TRUE;
}

static gboolean same_round(const Rounds *rounds, const PlaceRow *place, const char *modem, const OoniRow *row)
{
	const OoniRow *last = &g_array_index(rounds->rows, OoniRow, rounds->rows->len - 1);
	return rounds->recording == place->recording->id && g_str_equal(rounds->modem, modem) &&
	       PROBE_HAS(last, round) == PROBE_HAS(row, round) && last->probe.round == row->probe.round &&
	       rounds->rows->len < MAX_ROUND;
}

static gboolean take_row(gpointer user_data, const PlaceRow *place, GError **error)
{
	Rounds *rounds = user_data;
	OoniRow row;
	const char *modem = (const char *)sqlite3_column_text(place->columns, STORE_PLACE_MODEM);
	ooni_row_read(place, &row);
	if (rounds->rows->len > 0 && !same_round(rounds, place, modem, &row))
		put_round(rounds);
	g_strlcpy(rounds->modem, modem, sizeof rounds->modem);
	if (rounds->recording != place->recording->id) {
		rounds->recording = place->recording->id;
		if (!read_version(rounds, error))
			return FALSE;
	}
	g_array_append_val(rounds->rows, row);
	return TRUE;
}

gboolean export_ooni(Sink *sink, GError **error)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(OoniRow));
	g_autoptr(StoreStatement) version =
		store_prepare(sink->store, "SELECT version FROM run WHERE id > ? AND id < ? ORDER BY id LIMIT 1", error);
	Rounds rounds = {.sink = sink, .version = version, .rows = rows};
	if (!version || !places_walk(sink, OBSERVATION_PROBE, PLACES_BY_ROUND, take_row, &rounds, error))
		return FALSE;
	put_round(&rounds);
	return TRUE;
}
