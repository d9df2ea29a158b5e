/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/reader.h"

#include "error.h"

#define CACHED_STATES 256
#define CACHED_CELLS  1024
#define DB_OF(hundredths) ((double)(hundredths) / 100.0)

/* What is merged: sweeps, their rarer figures, and the other kinds that rules are told. */
typedef enum { CURSOR_RADIO, CURSOR_MORE, CURSOR_SESSION, CURSOR_PROBE, CURSOR_EVENT, CURSOR_SKY, CURSOR_FIX, CURSORS } CursorKind;
static const ObservationKind kind_of_cursor[CURSORS] = {OBSERVATION_RADIO, OBSERVATION_RADIO, OBSERVATION_SESSION, OBSERVATION_PROBE,
							OBSERVATION_EVENT, OBSERVATION_SKY, OBSERVATION_FIX};

typedef struct {
	sqlite3_stmt *stmt;
	gint64 id; /* of its row; G_MAXINT64 behind the last */
} Cursor;

struct Reader {
	Store *store;
	Baseline *baseline;
	gboolean enter;
	Cursor cursors[CURSORS];
	gboolean taken[CURSORS]; /* the row was told of: step before the next look */
	sqlite3_stmt *state, *cell, *heard;
	Entry states[CACHED_STATES], cells[CACHED_CELLS];
	GArray *heard_cells; /* of HeardCell by id in `heard`; rat is -1 where it was not asked for yet */
	HeardCell now_heard[OBSERVATION_MAX_CELLS];
	Observation observation;
	ReaderItem item;
};

enum { RADIO_ID_COLUMN, RADIO_BOOT, RADIO_SOURCE, RADIO_UTC, RADIO_UTC_ERROR, RADIO_POSITION, RADIO_POSITION_ERROR, RADIO_POINT, RADIO_STATE,
       RADIO_CELL, RADIO_CELLS, RADIO_RSSI, RADIO_RSRP, RADIO_RSRQ, RADIO_SNR, RADIO_RX0, RADIO_RX1, RADIO_TX };
static const char radio_sql[] =
	"SELECT id, boottime_ms, source, utc_ms, utc_error_ms, position, position_error_dm, point, state, cell, cells, lte_rssi_dbm,"
	" lte_rsrp_dbm, lte_rsrq_db, lte_snr_cdb, rx0_cdbm, rx1_cdbm, tx_cdbm FROM radio WHERE id > ? AND id < ? ORDER BY id";
enum { MORE_ID, MORE_GSM_RSSI, MORE_UMTS_RSSI, MORE_RSCP, MORE_ECIO, MORE_NR_RSRP, MORE_NR_RSRQ, MORE_NR_SNR, MORE_RX2, MORE_RX3, MORE_REPEATS,
       MORE_RX_PACKETS, MORE_TX_PACKETS, MORE_RX_BYTES, MORE_TX_BYTES };
static const char more_sql[] =
	"SELECT id, gsm_rssi_dbm, umts_rssi_dbm, umts_rscp_dbm, umts_ecio_cdb, nr_rsrp_dbm, nr_rsrq_db, nr_snr_cdb, rx2_cdbm, rx3_cdbm,"
	" signal_repeats_ms, rx_packets, tx_packets, rx_bytes, tx_bytes FROM radio_more WHERE id > ? AND id < ? ORDER BY id";

static gboolean prepare_cursor(Reader *r, CursorKind cursor, GError **error)
{
	g_autofree char *sql = NULL;
	if (cursor > CURSOR_MORE) {
		guint n;
		g_autofree char *columns = store_kind_columns(kind_of_cursor[cursor], &n);
		sql = g_strdup_printf("SELECT %s FROM %s WHERE id > ? AND id < ? ORDER BY id", columns,
				      observation_table(kind_of_cursor[cursor])->name);
	}
	const char *text = cursor == CURSOR_RADIO ? radio_sql : cursor == CURSOR_MORE ? more_sql : sql;
	r->cursors[cursor].stmt = store_prepare(r->store, text, error);
	return r->cursors[cursor].stmt != NULL;
}

Reader *reader_new(Store *store, Baseline *baseline, gboolean enter, GError **error)
{
	g_autoptr(Reader) r = g_new0(Reader, 1);
	r->store = store;
	r->baseline = baseline;
	r->enter = enter;
	r->heard_cells = g_array_new(FALSE, FALSE, sizeof(HeardCell));
	for (guint i = 0; i < CURSORS; i++)
		if (!prepare_cursor(r, (CursorKind)i, error))
			return NULL;
	r->state = store_prepare(store, "SELECT key FROM state WHERE id=?", error);
	r->cell = r->state ? store_prepare(store, "SELECT key FROM cell WHERE id=?", error) : NULL;
	r->heard = r->cell ? store_prepare(store, "SELECT key FROM heard WHERE id=?", error) : NULL;
	return r->heard ? g_steal_pointer(&r) : NULL;
}

void reader_free(Reader *r)
{
	if (!r)
		return;
	for (guint i = 0; i < CURSORS; i++)
		sqlite3_finalize(r->cursors[i].stmt);
	sqlite3_finalize(r->state);
	sqlite3_finalize(r->cell);
	sqlite3_finalize(r->heard);
	g_array_unref(r->heard_cells);
	g_free(r);
}

static gboolean step(Reader *r, Cursor *cursor, GError **error)
{
	gboolean row;
	if (!store_step(r->store, cursor->stmt, &row, error))
		return FALSE;
	cursor->id = row ? sqlite3_column_int64(cursor->stmt, 0) : G_MAXINT64;
	return TRUE;
}

gboolean reader_begin(Reader *r, gint64 recording, gboolean sweeps_only, GError **error)
{
	for (guint i = 0; i < CURSORS; i++) {
		Cursor *cursor = &r->cursors[i];
		sqlite3_reset(cursor->stmt);
		r->taken[i] = FALSE;
		cursor->id = G_MAXINT64;
		if (sweeps_only && i > CURSOR_MORE)
			continue;
		sqlite3_bind_int64(cursor->stmt, 1, STORE_ID(recording, 0));
		sqlite3_bind_int64(cursor->stmt, 2, STORE_ID(recording + 1, 0));
		if (!step(r, cursor, error))
			return FALSE;
	}
	return TRUE;
}

/* --- dictionaries --- */

/* The entry's key decoded into fields; an entry that is not there, or of a newer program, has no fields. */
static gboolean load(Reader *r, sqlite3_stmt *stmt, StoreDictKind kind, gint64 id, guint64 *ret_present, void *ret_fields, GError **error)
{
	gboolean row;
	*ret_present = 0;
	sqlite3_bind_int64(stmt, 1, id);
	if (!store_step(r->store, stmt, &row, error))
		return FALSE;
	if (row && !store_entry_decode(kind, sqlite3_column_blob(stmt, 0), (gsize)sqlite3_column_bytes(stmt, 0), ret_present, ret_fields))
		*ret_present = 0;
	sqlite3_reset(stmt);
	return TRUE;
}

/* As observation_service_state() has it of the sweep: it needs what `state` and `cell` have, and no more. */
static ServiceState service_of(const Entry *state)
{
	Observation o = {.kind = OBSERVATION_RADIO, .present = state->present};
	o.radio = state->fields;
	return observation_service_state(&o);
}

static const Entry *get_state(Reader *r, gint64 id, GError **error)
{
	Entry *entry = &r->states[(guint64)id % CACHED_STATES];
	if (entry->id == id)
		return entry;
	*entry = (Entry){.id = id};
	if (!load(r, r->state, STORE_DICT_STATE, id, &entry->present, &entry->fields, error)) {
		entry->id = 0;
		return NULL;
	}
	entry->service = service_of(entry);
	return entry;
}

static const Entry *get_cell(Reader *r, gint64 id, GError **error)
{
	Entry *entry = &r->cells[(guint64)id % CACHED_CELLS];
	if (entry->id == id)
		return entry;
	*entry = (Entry){.id = id};
	if (!load(r, r->cell, STORE_DICT_CELL, id, &entry->present, &entry->fields, error) ||
	    !baseline_set_keys(r->baseline, entry, r->enter, error)) {
		entry->id = 0;
		return NULL;
	}
	return entry;
}

#define NOT_LOADED ((Rat)0xff)

static gboolean get_heard(Reader *r, gint64 id, HeardCell *ret_cell, GError **error)
{
	while (r->heard_cells->len <= id) {
		const HeardCell none = {.rat = NOT_LOADED};
		g_array_append_val(r->heard_cells, none);
	}
	HeardCell *known = &g_array_index(r->heard_cells, HeardCell, id);
	if (known->rat == NOT_LOADED) {
		Cell cell;
		guint64 present;
		if (!load(r, r->heard, STORE_DICT_HEARD, id, &present, &cell, error))
			return FALSE;
		cell.present = present;
		*known = (HeardCell){.rat = CELL_HAS(&cell, rat) ? (Rat)cell.rat : RAT_NONE,
				     .serving = CELL_HAS(&cell, serving) && cell.serving,
				     .arfcn = CELL_HAS(&cell, arfcn) ? cell.arfcn : 0,
				     .pci = CELL_HAS(&cell, pci) ? cell.pci : -1};
	}
	*ret_cell = *known;
	return TRUE;
}

static gboolean read_heard(Reader *r, const guint8 *blob, guint n, GError **error)
{
	for (guint i = 0; i < n; i++) {
		Cell figures = {.present = 0};
		const gint64 id = store_heard_decode(blob + i * STORE_HEARD_SIZE, &figures);
		HeardCell *cell = &r->now_heard[i];
		if (!get_heard(r, id, cell, error))
			return FALSE;
		cell->rsrp_dbm = CELL_HAS(&figures, rsrp_cdbm) ? DB_OF(figures.rsrp_cdbm) : NAN;
		cell->rsrq_db = CELL_HAS(&figures, rsrq_cdb) ? DB_OF(figures.rsrq_cdb) : NAN;
		cell->rssi_dbm = CELL_HAS(&figures, rssi_cdbm) ? DB_OF(figures.rssi_cdbm) : NAN;
	}
	return TRUE;
}

/* --- rows --- */

static double figure(sqlite3_stmt *stmt, int column, double scale)
{
	return sqlite3_column_type(stmt, column) == SQLITE_NULL ? NAN : (double)sqlite3_column_int64(stmt, column) * scale;
}

static void read_point(sqlite3_stmt *stmt, int column, When *at)
{
	double xy[2];
	const void *point = sqlite3_column_blob(stmt, column);
	at->lat = at->lon = NAN;
	if (!point || sqlite3_column_bytes(stmt, column) != sizeof xy)
		return;
	memcpy(xy, point, sizeof xy); /* as sync wrote it: longitude, latitude */
	at->lon = xy[0];
	at->lat = xy[1];
}

static void read_place(sqlite3_stmt *stmt, int position, When *at)
{
	at->position = (PositionState)sqlite3_column_int(stmt, position);
	at->position_error_m = figure(stmt, position + 1, 0.1);
	read_point(stmt, position + 2, at);
}

static void read_utc(sqlite3_stmt *stmt, int column, When *at)
{
	at->dated = sqlite3_column_type(stmt, column) != SQLITE_NULL;
	at->utc_ms = sqlite3_column_int64(stmt, column);
	at->utc_error_ms = sqlite3_column_int64(stmt, column + 1);
}

/* Out of 3GPP's ranges (TS 36.133 9.1.4, 9.1.7; TS 38.133 10.1.6), or nothing at all: a bad read. */
static gboolean is_valid(const Signal *s)
{
	if (isnan(s->rsrp_dbm) && isnan(s->rssi_dbm))
		return FALSE;
	return !(s->rsrp_dbm < -156 || s->rsrp_dbm > -30) && !(s->rsrq_db < -43 || s->rsrq_db > 20) && !(s->snr_db < -40 || s->snr_db > 60);
}

static void read_signal(Reader *r, Moment *m, gboolean more)
{
	sqlite3_stmt *radio = r->cursors[CURSOR_RADIO].stmt, *rare = r->cursors[CURSOR_MORE].stmt;
	const Rat rat = ENTRY_HAS(m->cell, rat) ? m->cell->fields.rat : RAT_NONE;
	Signal *s = &m->now;
	*s = (Signal){NAN, NAN, NAN, NAN, NAN, figure(radio, RADIO_TX, 0.01)};
	if (rat == RAT_LTE)
		*s = (Signal){figure(radio, RADIO_RSRP, 1), figure(radio, RADIO_RSRQ, 1), figure(radio, RADIO_SNR, 0.01),
			      figure(radio, RADIO_RSSI, 1), NAN, s->tx_dbm};
	else if (rat == RAT_NR && more)
		*s = (Signal){figure(rare, MORE_NR_RSRP, 1), figure(rare, MORE_NR_RSRQ, 1), figure(rare, MORE_NR_SNR, 0.01), NAN, NAN,
			      s->tx_dbm};
	else if (rat == RAT_UMTS && more)
		*s = (Signal){figure(rare, MORE_RSCP, 1), figure(rare, MORE_ECIO, 0.01), NAN, figure(rare, MORE_UMTS_RSSI, 1), NAN, s->tx_dbm};
	else if (rat == RAT_GSM && more)
		*s = (Signal){NAN, NAN, NAN, figure(rare, MORE_GSM_RSSI, 1), NAN, s->tx_dbm};
	if (!is_valid(s))
		s->rsrp_dbm = s->rsrq_db = s->snr_db = s->rssi_dbm = NAN;
}

static void read_chains(Reader *r, Moment *m, gboolean more)
{
	sqlite3_stmt *radio = r->cursors[CURSOR_RADIO].stmt, *rare = r->cursors[CURSOR_MORE].stmt;
	const guint tuned = ENTRY_HAS(m->state, rx_tuned) ? m->state->fields.rx_tuned : 0xf;
	const double power[4] = {figure(radio, RADIO_RX0, 0.01), figure(radio, RADIO_RX1, 0.01), more ? figure(rare, MORE_RX2, 0.01) : NAN,
				 more ? figure(rare, MORE_RX3, 0.01) : NAN};
	for (guint i = 0; i < 4; i++) {
		m->chain_dbm[i] = tuned & 1u << i ? power[i] : NAN;
		m->now.rx_dbm = fmax(m->now.rx_dbm, m->chain_dbm[i]);
	}
}

static gboolean read_sweep(Reader *r, GError **error)
{
	sqlite3_stmt *radio = r->cursors[CURSOR_RADIO].stmt, *rare = r->cursors[CURSOR_MORE].stmt;
	const gboolean more = r->cursors[CURSOR_MORE].id == r->cursors[CURSOR_RADIO].id;
	ReaderItem *item = &r->item;
	Moment *m = &item->moment;
	item->is_sweep = TRUE;
	item->source = sqlite3_column_int64(radio, RADIO_SOURCE);
	m->at = (When){.id = r->cursors[CURSOR_RADIO].id, .boot_ms = sqlite3_column_int64(radio, RADIO_BOOT)};
	read_utc(radio, RADIO_UTC, &m->at);
	read_place(radio, RADIO_POSITION, &m->at);
	m->tile = tile_of(m->at.lat, m->at.lon);
	m->state = get_state(r, sqlite3_column_int64(radio, RADIO_STATE), error);
	m->cell = m->state ? get_cell(r, sqlite3_column_int64(radio, RADIO_CELL), error) : NULL;
	if (!m->cell)
		return FALSE;
	read_signal(r, m, more);
	read_chains(r, m, more);
	m->repeats = more && sqlite3_column_type(rare, MORE_REPEATS) != SQLITE_NULL;
	m->rx_packets = more ? figure(rare, MORE_RX_PACKETS, 1) : NAN;
	m->tx_packets = more ? figure(rare, MORE_TX_PACKETS, 1) : NAN;
	m->rx_bytes = more ? figure(rare, MORE_RX_BYTES, 1) : NAN;
	m->tx_bytes = more ? figure(rare, MORE_TX_BYTES, 1) : NAN;
	m->n_heard = MIN((guint)sqlite3_column_bytes(radio, RADIO_CELLS) / STORE_HEARD_SIZE, OBSERVATION_MAX_CELLS);
	m->heard = r->now_heard;
	r->taken[CURSOR_RADIO] = TRUE;
	r->taken[CURSOR_MORE] = more;
	return read_heard(r, sqlite3_column_blob(radio, RADIO_CELLS), m->n_heard, error);
}

static void read_seen(Reader *r, CursorKind cursor)
{
	sqlite3_stmt *stmt = r->cursors[cursor].stmt;
	const ObservationKind kind = kind_of_cursor[cursor];
	Seen *seen = &r->item.seen;
	int column = 3;
	r->item.is_sweep = FALSE;
	r->item.source = sqlite3_column_int64(stmt, 2);
	*seen = (Seen){.observation = &r->observation};
	seen->at = (When){.id = r->cursors[cursor].id, .boot_ms = sqlite3_column_int64(stmt, 1), .lat = NAN, .lon = NAN, .position_error_m = NAN};
	if (store_kind_has_utc(kind)) {
		read_utc(stmt, column, &seen->at);
		column += 2;
	}
	if (store_kind_has_place(kind)) {
		read_place(stmt, column, &seen->at);
		column += 3;
	}
	store_kind_read(stmt, column, kind, &r->observation);
	r->taken[cursor] = TRUE;
}

gboolean reader_next(Reader *r, const ReaderItem **ret_item, GError **error)
{
	CursorKind first = CURSOR_RADIO;
	for (guint i = 0; i < CURSORS; i++) {
		if (r->taken[i] && !step(r, &r->cursors[i], error))
			return FALSE;
		r->taken[i] = FALSE;
		if (r->cursors[i].id < r->cursors[first].id && i != CURSOR_MORE)
			first = (CursorKind)i;
	}
	*ret_item = NULL;
	if (r->cursors[first].id == G_MAXINT64)
		return TRUE;
	/* rarer figures of sweeps that are not there */
	while (r->cursors[CURSOR_MORE].id < r->cursors[CURSOR_RADIO].id && r->cursors[CURSOR_MORE].id < r->cursors[first].id)
		if (!step(r, &r->cursors[CURSOR_MORE], error))
			return FALSE;
	if (first != CURSOR_RADIO)
		read_seen(r, first);
	else if (!read_sweep(r, error))
		return FALSE;
	*ret_item = &r->item;
	return TRUE;
}
