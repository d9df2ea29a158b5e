/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/schema.h"

#include <stddef.h>

const char *const position_state_words[] = {"none", "live", "interpolated", "held", NULL};

#define SIGNAL(name, common) {RADIO_ID_##name, common, offsetof(RadioFields, name), sizeof(((RadioFields *)NULL)->name)}
const StoreSignal store_signals[STORE_N_SIGNALS] = {
	SIGNAL(gsm_rssi_dbm, FALSE),
	SIGNAL(umts_rssi_dbm, FALSE),
	SIGNAL(umts_rscp_dbm, FALSE),
	SIGNAL(umts_ecio_cdb, FALSE),
	SIGNAL(lte_rssi_dbm, TRUE),
	SIGNAL(lte_rsrp_dbm, TRUE),
	SIGNAL(lte_rsrq_db, TRUE),
	SIGNAL(lte_snr_cdb, TRUE),
	SIGNAL(nr_rsrp_dbm, FALSE),
	SIGNAL(nr_rsrq_db, FALSE),
	SIGNAL(nr_snr_cdb, FALSE),
	SIGNAL(rx0_cdbm, TRUE),
	SIGNAL(rx1_cdbm, TRUE),
	SIGNAL(rx2_cdbm, FALSE),
	SIGNAL(rx3_cdbm, FALSE),
	SIGNAL(tx_cdbm, TRUE),
	SIGNAL(timing_advance_us, TRUE),
	SIGNAL(signal_repeats_ms, FALSE),
	SIGNAL(rx_packets, FALSE),
	SIGNAL(tx_packets, FALSE),
	SIGNAL(rx_bytes, FALSE),
	SIGNAL(tx_bytes, FALSE),
};

const char *store_signal_name(const StoreSignal *signal)
{
	return observation_table(OBSERVATION_RADIO)->fields[signal->id - 1].name;
}

/* What changes seldom from sweep to sweep. The service state follows from these alone. */
static const guint8 state_ids[] = {
	RADIO_ID_operating_mode,    RADIO_ID_sim_state,	  RADIO_ID_registration,     RADIO_ID_cs_attach,
	RADIO_ID_ps_attach,	    RADIO_ID_gsm_service, RADIO_ID_gsm_true_service, RADIO_ID_umts_service,
	RADIO_ID_umts_true_service, RADIO_ID_lte_service, RADIO_ID_lte_true_service, RADIO_ID_nr_service,
	RADIO_ID_nr_true_service,   RADIO_ID_domain,	  RADIO_ID_roaming,	     RADIO_ID_forbidden,
	RADIO_ID_lte_access,	    RADIO_ID_reject_rat,  RADIO_ID_reject_domain,    RADIO_ID_reject_cause,
	RADIO_ID_rx_tuned,	    RADIO_ID_nr_available, RADIO_ID_endc,	     RADIO_ID_dcnr_restricted,
	RADIO_ID_ca_configured,	    RADIO_ID_ca_active,	  RADIO_ID_ca_bandwidth_khz, RADIO_ID_data_session,
};
static const guint8 cell_ids[] = {
	RADIO_ID_rat, RADIO_ID_mcc, RADIO_ID_mnc, RADIO_ID_tac, RADIO_ID_cell_id, RADIO_ID_pci, RADIO_ID_arfcn, RADIO_ID_band,
	RADIO_ID_bandwidth_khz,
};
static const guint8 heard_ids[] = {CELL_ID_rat, CELL_ID_serving, CELL_ID_arfcn, CELL_ID_pci, CELL_ID_cell_id};

const SchemaDict *schema_dict(StoreDictKind kind)
{
	static SchemaDict dicts[] = {
		[STORE_DICT_STATE] = {"state", NULL, state_ids, G_N_ELEMENTS(state_ids)},
		[STORE_DICT_CELL] = {"cell", NULL, cell_ids, G_N_ELEMENTS(cell_ids)},
		[STORE_DICT_HEARD] = {"heard", &observation_cell_table, heard_ids, G_N_ELEMENTS(heard_ids)},
	};
	dicts[STORE_DICT_STATE].fields = dicts[STORE_DICT_CELL].fields = observation_table(OBSERVATION_RADIO);
	return &dicts[kind];
}

static const char gpkg_sql[] =
	"CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,"
	" organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);"
	"INSERT INTO gpkg_spatial_ref_sys VALUES"
	"('Undefined cartesian SRS',-1,'NONE',-1,'undefined','undefined cartesian coordinate reference system'),"
	"('Undefined geographic SRS',0,'NONE',0,'undefined','undefined geographic coordinate reference system'),"
	"('WGS 84 geodetic',4326,'EPSG',4326,'GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563,"
	"AUTHORITY[\"EPSG\",\"7030\"]],AUTHORITY[\"EPSG\",\"6326\"]],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],"
	"UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]],AXIS[\"Latitude\",NORTH],AXIS[\"Longitude\",EAST],"
	"AUTHORITY[\"EPSG\",\"4326\"]]','longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid');"
	"CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,"
	" description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),"
	" min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,"
	" CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));"
	"CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,"
	" geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,"
	" CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),"
	" CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),"
	" CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));";

static const char books_sql[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);"
	"INSERT INTO meta VALUES ('program','jamlog'),('schema_version','" G_STRINGIFY(STORE_SCHEMA_VERSION) "');"
	/* time_source: gps, ntp, manual, or none where UTC is not known at all */
	"CREATE TABLE boot (id INTEGER PRIMARY KEY NOT NULL, device_id TEXT NOT NULL, boot_id TEXT NOT NULL,"
	" time_source TEXT NOT NULL DEFAULT 'none', UNIQUE (device_id, boot_id));"
	"CREATE TABLE recording (id INTEGER PRIMARY KEY NOT NULL, boot INTEGER NOT NULL REFERENCES boot, run_id TEXT NOT NULL,"
	" UNIQUE (boot, run_id));"
	/* read_offset, next_frame, chain: how far it was read; ending: final, open or torn */
	"CREATE TABLE segment (id INTEGER PRIMARY KEY NOT NULL, digest TEXT NOT NULL UNIQUE, recording INTEGER NOT NULL"
	" REFERENCES recording, number INTEGER NOT NULL, file_name TEXT NOT NULL, created_boottime_ms INTEGER NOT NULL,"
	" created_realtime_ms INTEGER NOT NULL, clock_state TEXT NOT NULL, first_sequence INTEGER NOT NULL,"
	" previous TEXT NOT NULL, read_offset INTEGER NOT NULL, next_frame INTEGER NOT NULL, chain TEXT NOT NULL,"
	" ending TEXT NOT NULL, observations INTEGER NOT NULL, unreadable INTEGER NOT NULL);"
	"CREATE INDEX segment_recording ON segment (recording, first_sequence, number);"
	/* what a segment proved when it was read; proven_until: of the last seal, or other thing, that vouches */
	"CREATE TABLE custody (id INTEGER PRIMARY KEY NOT NULL, segment INTEGER NOT NULL REFERENCES segment, read_time DATETIME NOT NULL,"
	" program TEXT NOT NULL, bytes INTEGER NOT NULL, chain TEXT NOT NULL, verification TEXT NOT NULL, frames INTEGER NOT NULL,"
	" frames_proven INTEGER NOT NULL, seals INTEGER NOT NULL, proven_until_boottime_ms INTEGER, sealed BOOLEAN NOT NULL);"
	"CREATE INDEX custody_segment ON custody (segment);"
	"CREATE TABLE damage (id INTEGER PRIMARY KEY NOT NULL, segment INTEGER NOT NULL REFERENCES segment,"
	" file_offset INTEGER NOT NULL, length INTEGER NOT NULL, reason TEXT NOT NULL);"
	"CREATE INDEX damage_segment ON damage (segment);"
	"CREATE TABLE source (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL UNIQUE);"
	/* REALTIME was boottime_ms + offset_ms (within 20 ms) from `id` on, until the next row of the recording */
	"CREATE TABLE wall (id INTEGER PRIMARY KEY NOT NULL, boottime_ms INTEGER NOT NULL, offset_ms INTEGER NOT NULL,"
	" clock_state TEXT NOT NULL);"
	"CREATE TABLE knot (boot INTEGER NOT NULL REFERENCES boot, boottime_ms INTEGER NOT NULL, utc_ms INTEGER NOT NULL,"
	" error_ms INTEGER NOT NULL, PRIMARY KEY (boot, boottime_ms)) WITHOUT ROWID;";

static const char *column_type(const ObservationField *field)
{
	switch (field->type) {
	case FIELD_U8:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I16:
	case FIELD_I32:
	case FIELD_I64:
		return "INTEGER";
	case FIELD_BOOL:
		return "BOOLEAN";
	case FIELD_ENUM:
	case FIELD_TEXT:
		return "TEXT";
	case FIELD_CELLS:
		break;
	}
	return "BLOB";
}

const ObservationField *schema_kind_field(ObservationKind kind, gsize i)
{
	static const guint8 fix_order[] = {FIX_ID_mode,	  FIX_ID_lat_e7,     FIX_ID_lon_e7,	    FIX_ID_age_ms,
					   FIX_ID_eph_cm, FIX_ID_speed_cm_s, FIX_ID_time_ns,	    FIX_ID_altitude_cm,
					   FIX_ID_epv_cm, FIX_ID_track_cdeg, FIX_ID_satellites_used};
	const ObservationTable *table = observation_table(kind);
	if (kind == OBSERVATION_FIX && i < G_N_ELEMENTS(fix_order))
		return &table->fields[fix_order[i] - 1];
	return &table->fields[i];
}

gboolean schema_field_is_ns(ObservationKind kind, guint id)
{
	return (kind == OBSERVATION_FIX && id == FIX_ID_time_ns) || (kind == OBSERVATION_CLOCK && id == CLOCK_ID_gps_time_ns);
}

/* "time_ns" is "time_ms" in the store. Free with g_free. */
static char *kind_column_name(ObservationKind kind, const ObservationField *field)
{
	return schema_field_is_ns(kind, field->id) ? g_strdup_printf("%.*s_ms", (int)strlen(field->name) - 3, field->name) :
						     g_strdup(field->name);
}

static void add_kind(GString *sql, ObservationKind kind)
{
	const ObservationTable *table = observation_table(kind);
	g_string_append_printf(sql, "CREATE TABLE %s (id INTEGER PRIMARY KEY NOT NULL, boottime_ms INTEGER, source INTEGER",
			       table->name);
	if (store_kind_has_utc(kind))
		g_string_append(sql, ", utc_ms INTEGER, utc_error_ms INTEGER");
	if (store_kind_has_place(kind))
		g_string_append(sql, ", position INTEGER, position_error_dm INTEGER, point BLOB");
	for (gsize i = 0; i < table->n_fields; i++) {
		const ObservationField *field = schema_kind_field(kind, i);
		g_autofree char *name = kind_column_name(kind, field);
		g_string_append_printf(sql, ", %s %s", name, column_type(field));
	}
	g_string_append(sql, ");");
}

static const char *const iso_format = "%Y-%m-%dT%H:%M:%fZ";

/* A column that is computed when it is read. */
static void add_computed(GString *sql, const char *table, const char *column, const char *type, const char *expression)
{
	g_string_append_printf(sql, "ALTER TABLE %s ADD COLUMN %s %s GENERATED ALWAYS AS (%s) VIRTUAL;", table, column, type,
			       expression);
}

static void add_computed_time(GString *sql, const char *table, const char *column, const char *seconds)
{
	g_autofree char *expression = g_strdup_printf("strftime('%s',%s,'unixepoch')", iso_format, seconds);
	add_computed(sql, table, column, "DATETIME", expression);
}

static void add_kind_time(GString *sql, ObservationKind kind)
{
	const char *receiver = kind == OBSERVATION_FIX ? "time_ms/1000.0" : "gps_time_ms/1000.0";
	add_computed_time(sql, observation_table(kind)->name, "time", store_kind_has_utc(kind) ? "utc_ms/1000.0" : receiver);
}

static void add_dict(GString *sql, StoreDictKind kind)
{
	const SchemaDict *dict = schema_dict(kind);
	g_string_append_printf(sql, "CREATE TABLE %s (id INTEGER PRIMARY KEY NOT NULL, key BLOB NOT NULL UNIQUE", dict->table);
	for (guint i = 0; i < dict->n_ids; i++) {
		const ObservationField *field = &dict->fields->fields[dict->ids[i] - 1];
		g_string_append_printf(sql, ", %s %s", field->name, column_type(field));
	}
	g_string_append_printf(sql, "%s);", kind == STORE_DICT_STATE ? ", service TEXT NOT NULL" : "");
}

char *store_plain_name(const char *name)
{
	const char *unit = strrchr(name, '_');
	gboolean scaled = unit && (g_str_equal(unit, "_cdb") || g_str_equal(unit, "_cdbm"));
	return scaled ? g_strdup_printf("%.*s_%s", (int)(unit - name), name, unit + 2) : NULL;
}

static void add_radio(GString *sql)
{
	g_string_append(
		sql, "CREATE TABLE radio (id INTEGER PRIMARY KEY NOT NULL, boottime_ms INTEGER, source INTEGER, utc_ms INTEGER,"
		     " utc_error_ms INTEGER, position INTEGER, position_error_dm INTEGER, point BLOB, state INTEGER,"
		     " cell INTEGER, cells BLOB");
	for (guint i = 0; i < STORE_N_SIGNALS; i++)
		if (store_signals[i].common)
			g_string_append_printf(sql, ", %s INTEGER", store_signal_name(&store_signals[i]));
	g_string_append(sql, ");CREATE TABLE radio_more (id INTEGER PRIMARY KEY NOT NULL");
	for (guint i = 0; i < STORE_N_SIGNALS; i++)
		if (!store_signals[i].common)
			g_string_append_printf(sql, ", %s INTEGER", store_signal_name(&store_signals[i]));
	g_string_append(sql, ");");
}

/* Interval and place as the layers show them; `before_ms` is an expression: how long before utc_ms it began. */
static void add_place_computed(GString *sql, const char *table, const char *before_ms)
{
	g_autofree char *start = g_strdup_printf("(utc_ms-utc_error_ms-%s)/1000.0", before_ms);
	add_computed_time(sql, table, "start_time", start);
	add_computed_time(sql, table, "end_time", "(utc_ms+utc_error_ms)/1000.0");
	g_autoptr(GString) words = g_string_new("CASE position");
	for (guint i = 0; position_state_words[i]; i++)
		g_string_append_printf(words, " WHEN %u THEN '%s'", i, position_state_words[i]);
	add_computed(sql, table, "position_state", "TEXT", g_string_append(words, " END")->str);
	add_computed(sql, table, "position_error_m", "REAL", "position_error_dm/10.0");
	/* GeoPackage's blob: "GP", version 0, flags 1 (little-endian, no envelope), SRS 4326, then a WKB point. SQLite's || of a
	 * blob keeps its bytes. */
	add_computed(sql, table, "geom", "POINT", "CAST(x'47500001E61000000101000000'||point AS BLOB)");
}

static void add_radio_computed(GString *sql)
{
	for (guint i = 0; i < STORE_N_SIGNALS; i++) {
		const char *name = store_signal_name(&store_signals[i]);
		g_autofree char *plain = store_plain_name(name);
		g_autofree char *expression = g_strdup_printf("%s/100.0", name);
		if (plain)
			add_computed(sql, store_signals[i].common ? "radio" : "radio_more", plain, "REAL", expression);
	}
	add_place_computed(sql, "radio", "0");
	add_computed(sql, "radio", "cells_heard", "INTEGER", "length(cells)/" G_STRINGIFY(STORE_HEARD_SIZE));
}

static void add_sample(GString *sql)
{
	const ObservationTable *radio = observation_table(OBSERVATION_RADIO);
	g_string_append(sql, "CREATE VIEW sample AS SELECT r.id AS fid, r.geom, r.start_time, r.end_time, b.time_source,"
			     " s.name AS modem, t.service, r.position_state, r.position_error_m");
	for (guint i = 0; i < G_N_ELEMENTS(cell_ids); i++)
		g_string_append_printf(sql, ", c.%s", radio->fields[cell_ids[i] - 1].name);
	for (guint i = 0; i < STORE_N_SIGNALS; i++) {
		const char *name = store_signal_name(&store_signals[i]);
		g_autofree char *plain = store_plain_name(name);
		g_string_append_printf(sql, ", %s.%s", store_signals[i].common ? "r" : "m", plain ? plain : name);
	}
	g_string_append(sql, ", r.cells_heard");
	for (guint i = 0; i < G_N_ELEMENTS(state_ids); i++)
		g_string_append_printf(sql, ", t.%s", radio->fields[state_ids[i] - 1].name);
	g_string_append(sql,
			" FROM radio r JOIN state t ON t.id=r.state JOIN cell c ON c.id=r.cell JOIN source s ON s.id=r.source"
			" JOIN recording n ON n.id=r.id>>32 JOIN boot b ON b.id=n.boot LEFT JOIN radio_more m ON m.id=r.id;");
}

/* So many observations before a probe the sweep is looked for that tells of its network: the search ends where there is none. */
#define SWEEP_SEARCH 1000

/* The layer of a kind that is neither radio nor large; columns as in StorePlaceColumn. */
static void add_place_view(GString *sql, ObservationKind kind)
{
	const ObservationTable *table = observation_table(kind);
	g_string_append_printf(sql, "CREATE VIEW %s_place AS SELECT o.id AS fid, o.geom, o.start_time, o.end_time, b.time_source,"
			       " s.name AS modem, o.position_state, o.position_error_m, t.service, c.rat, c.mcc, c.mnc",
			       table->name);
	for (gsize i = 0; i < table->n_fields; i++)
		g_string_append_printf(sql, ", o.%s", table->fields[i].name);
	g_string_append_printf(sql, " FROM %s o JOIN source s ON s.id=o.source JOIN recording n ON n.id=o.id>>32"
			       " JOIN boot b ON b.id=n.boot LEFT JOIN radio r ON r.id=(SELECT id FROM radio WHERE id<o.id AND"
			       " id>max(o.id-%d,o.id>>32<<32) AND source=o.source AND boottime_ms>=o.boottime_ms-%d"
			       " ORDER BY id DESC LIMIT 1) LEFT JOIN state t ON t.id=r.state LEFT JOIN cell c ON c.id=r.cell;",
			       table->name, SWEEP_SEARCH, STORE_SWEEP_MS);
}

/* Value of `n` hexadecimal digits of h from position `at` (from 1), in SQL that every SQLite knows. */
static void add_hex(GString *sql, guint at, guint n)
{
	g_string_append_c(sql, '(');
	for (guint i = 0; i < n; i++)
		g_string_append_printf(sql, "%s(instr('0123456789ABCDEF',substr(h,%u,1))-1)*%u", i ? "+" : "", at + i,
				       1u << (4 * (n - 1 - i)));
	g_string_append_c(sql, ')');
}

static void add_heard_value(GString *sql, const char *name, guint flag, guint at)
{
	g_string_append(sql, ", CASE WHEN ");
	add_hex(sql, 7, 2);
	g_string_append_printf(sql, "&%u THEN (", flag);
	add_hex(sql, at, 4);
	g_string_append(sql, "+32768)%65536-32768 END AS ");
	g_string_append(sql, name);
}

static void add_neighbour(GString *sql)
{
	g_string_append(sql,
			"CREATE VIEW neighbour AS SELECT x.radio, x.n, d.rat, d.serving, d.arfcn, d.pci, d.cell_id, x.rsrp_cdbm,"
			" x.rsrq_cdb, x.rssi_cdbm FROM (SELECT radio, n, ");
	add_hex(sql, 1, 6);
	g_string_append(sql, " AS heard");
	add_heard_value(sql, "rsrp_cdbm", 1, 9);
	add_heard_value(sql, "rsrq_cdb", 2, 13);
	add_heard_value(sql, "rssi_cdbm", 4, 17);
	g_string_append_printf(sql,
			       " FROM (SELECT r.id AS radio, j.key AS n, hex(substr(r.cells,j.key*%u+1,%u)) AS h FROM radio r,"
			       " json_each('[0",
			       (guint)STORE_HEARD_SIZE, (guint)STORE_HEARD_SIZE);
	for (guint i = 1; i < OBSERVATION_MAX_CELLS; i++)
		g_string_append(sql, ",0");
	g_string_append_printf(sql, "]') j WHERE j.key*%u < length(r.cells))) x JOIN heard d ON d.id=x.heard;",
			       (guint)STORE_HEARD_SIZE);
}

char *schema_tables_sql(void)
{
	GString *sql = g_string_new(gpkg_sql);
	g_string_append(sql, books_sql);
	for (ObservationKind kind = OBSERVATION_RUN; kind <= OBSERVATION_KIND_MAX; kind++)
		if (kind != OBSERVATION_RADIO)
			add_kind(sql, kind);
	add_dict(sql, STORE_DICT_STATE);
	add_dict(sql, STORE_DICT_CELL);
	add_dict(sql, STORE_DICT_HEARD);
	add_radio(sql);
	/* Tables that GIS programs shall list; unlisted ones, the dictionaries among them, they then leave out. */
	g_string_append(
		sql, "INSERT INTO gpkg_contents (table_name,data_type,identifier,description,srs_id) VALUES"
		     "('sample','features','sample','one row for each sweep of a modem, with its place and UTC interval',4326),"
		     "('event','attributes','event','what happened to sources, clock, disk and network',NULL),"
		     "('fix','attributes','fix','positions as the receiver gave them',NULL),"
		     "('sky','attributes','sky','satellites and their strength',NULL),"
		     "('mark','attributes','mark','what the person noted',NULL),"
		     "('session_place','features','session_place','attempts of data sessions and their ends, with place and UTC"
		     " interval',4326),"
		     "('probe_place','features','probe_place','active checks over a data session, with place and UTC interval',"
		     "4326),"
		     "('damage','attributes','damage','parts of journals that could not be read',NULL),"
		     "('custody','attributes','custody','what each journal proved, when it was read, and by which version',NULL);"
		     "INSERT INTO gpkg_geometry_columns VALUES ('sample','geom','POINT',4326,0,0),"
		     "('session_place','geom','POINT',4326,0,0),('probe_place','geom','POINT',4326,0,0);");
	return g_string_free(sql, FALSE);
}

/* From an observation to the journal that it was read from, and to what that proved. */
static void add_provenance(GString *sql)
{
	g_string_append(sql, "CREATE VIEW provenance AS SELECT o.fid, o.kind, s.id AS segment, s.file_name, s.digest,"
			     " o.fid & 4294967295 AS sequence, c.verification, c.read_time, c.program, c.sealed FROM (");
	for (ObservationKind kind = OBSERVATION_RUN; kind <= OBSERVATION_KIND_MAX; kind++)
		g_string_append_printf(sql, "%sSELECT id AS fid, '%s' AS kind FROM %s", kind == OBSERVATION_RUN ? "" : " UNION ALL ",
				       observation_table(kind)->name, observation_table(kind)->name);
	g_string_append(sql, ") o JOIN segment s ON s.id=(SELECT id FROM segment WHERE recording=o.fid>>32 AND"
			     " first_sequence<=o.fid & 4294967295 ORDER BY first_sequence DESC, number DESC LIMIT 1)"
			     " LEFT JOIN custody c ON c.id=(SELECT max(id) FROM custody WHERE segment=s.id);");
}

char *schema_views_sql(void)
{
	GString *sql = g_string_new(NULL);
	for (ObservationKind kind = OBSERVATION_RUN; kind <= OBSERVATION_KIND_MAX; kind++)
		if (kind != OBSERVATION_RADIO)
			add_kind_time(sql, kind);
	add_radio_computed(sql);
	add_place_computed(sql, "session", "coalesce(duration_ms,setup_ms,0)");
	add_place_computed(sql, "probe", "coalesce(total_us,0)/1000");
	add_sample(sql);
	add_place_view(sql, OBSERVATION_SESSION);
	add_place_view(sql, OBSERVATION_PROBE);
	add_neighbour(sql);
	add_provenance(sql);
	return g_string_free(sql, FALSE);
}

gboolean store_kind_has_utc(ObservationKind kind)
{
	return kind != OBSERVATION_FIX && kind != OBSERVATION_CLOCK;
}

gboolean store_kind_has_place(ObservationKind kind)
{
	return kind == OBSERVATION_RADIO || kind == OBSERVATION_SESSION || kind == OBSERVATION_PROBE;
}

char *store_kind_columns(ObservationKind kind, guint *ret_n_columns)
{
	const ObservationTable *table = observation_table(kind);
	GString *list = g_string_new("id, boottime_ms, source");
	if (store_kind_has_utc(kind))
		g_string_append(list, ", utc_ms, utc_error_ms");
	if (store_kind_has_place(kind))
		g_string_append(list, ", position, position_error_dm, point");
	for (gsize i = 0; i < table->n_fields; i++) {
		g_autofree char *name = kind_column_name(kind, schema_kind_field(kind, i));
		g_string_append_printf(list, ", %s", name);
	}
	*ret_n_columns = (store_kind_has_utc(kind) ? 5u : 3u) + (store_kind_has_place(kind) ? 3u : 0u) + (guint)table->n_fields;
	return g_string_free(list, FALSE);
}

char *store_radio_columns(void)
{
	GString *list = g_string_new(
		"id, boottime_ms, source, utc_ms, utc_error_ms, position, position_error_dm, point, state, cell, cells");
	for (guint i = 0; i < STORE_N_SIGNALS; i++)
		if (store_signals[i].common)
			g_string_append_printf(list, ", %s", store_signal_name(&store_signals[i]));
	return g_string_free(list, FALSE);
}

char *store_radio_more_columns(void)
{
	GString *list = g_string_new("id");
	for (guint i = 0; i < STORE_N_SIGNALS; i++)
		if (!store_signals[i].common)
			g_string_append_printf(list, ", %s", store_signal_name(&store_signals[i]));
	return g_string_free(list, FALSE);
}
