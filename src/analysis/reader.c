/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/reader.h"

#include "error.h"

#define CACHED_STATES 256
#define CACHED_CELLS 1024
#define DB_OF(hundredths) ((double)(hundredths) / 100.0)

/* What is merged: sweeps, their rarer figures, and the other kinds that rules are told. */
typedef enum { CURSOR_RADIO, CURSOR_MORE, CURSOR_SESSION, CURSOR_PROBE, CURSOR_EVENT, CURSOR_SKY, CURSOR_FIX, CURSORS } CursorKind;
static const ObservationKind kind_of_cursor[CURSORS] = {OBSERVATION_RADIO, OBSERVATION_RADIO, OBSERVATION_SESSION,
							OBSERVATION_PROBE, OBSERVATION_EVENT, OBSERVATION_SKY,
							OBSERVATION_FIX};

typedef struct {
	sqlite3_stmt *stmt;
	gint64 id; /* of its row; G_MAXINT64 behind the last */
} Cursor;

/* The mode of a source's last fix. */
typedef struct {
	gint64 source;
	gint16 mode; /* NO_MODE: the fix had none */
} LastFix;
#define NO_MODE (-1)

struct Reader {
	Store *store;
	Baseline *baseline;
	gboolean enter, sweeps_only;
	Cursor cursors[CURSORS];
	gboolean taken[CURSORS]; /* the row was told of: step before the next look */
	sqlite3_stmt *sweeps, *passes; /* of CURSOR_RADIO: with all that rules need, or passes alone */
	GArray *last_fixes; /* of LastFix */
	sqlite3_stmt *state, *cell, *heard;
	Entry states[CACHED_STATES], cells[CACHED_CELLS];
	GArray *heard_cells; /* of HeardCell by id in `heard`; rat is -1 where it was not asked for yet */
	TileBox last_tile;
	HeardCell now_heard[OBSERVATION_MAX_CELLS];
	Observation observation;
	ReaderItem item;
};

/* What passes do without stands last. */
enum {
	RADIO_ID_COLUMN,
	RADIO_BOOT,
	RADIO_SOURCE,
	RADIO_UTC,
	RADIO_POINT,
	RADIO_STATE,
	RADIO_CELL,
	RADIO_RSSI,
	RADIO_RSRP,
	RADIO_RSRQ,
	RADIO_SNR,
	RADIO_RX0,
	RADIO_RX1,
	RADIO_TX,
	RADIO_UTC_ERROR,
	RADIO_POSITION,
	RADIO_POSITION_ERROR,
	RADIO_CELLS
};
#define PASS_COLUMNS \
	"id, boottime_ms, source, utc_ms, point, state, cell, lte_rssi_dbm, lte_rsrp_dbm, lte_rsrq_db, lte_snr_cdb, rx0_cdbm, " \
	"rx1_cdbm," \
	" tx_cdbm"
#define OF_RECORDING " WHERE id > ? AND id < ? ORDER BY id"
static const char sweeps_sql[] =
	"SELECT " PASS_COLUMNS ", utc_error_ms, position, position_error_dm, cells FROM radio" OF_RECORDING;
static const char passes_sql[] = "SELECT " PASS_COLUMNS " FROM radio" OF_RECORDING;
/* A fix each second: by far the most of what is no sweep, so that what no rule looks at is not read (read_fix). */
enum { FIX_SOURCE = 2, FIX_MODE };
static const char fix_sql[] = "SELECT id, boottime_ms, source, mode FROM fix" OF_RECORDING;
enum {
	MORE_ID,
	MORE_GSM_RSSI,
	MORE_UMTS_RSSI,
	MORE_RSCP,
	MORE_ECIO,
	MORE_NR_RSRP,
	MORE_NR_RSRQ,
	MORE_NR_SNR,
	MORE_RX2,
	MORE_RX3,
	MORE_REPEATS,
	MORE_RX_PACKETS,
	MORE_TX_PACKETS,
	MORE_RX_BYTES,
	MORE_TX_BYTES
};
static const char more_sql[] =
	"SELECT id, gsm_rssi_dbm, umts_rssi_dbm, umts_rscp_dbm, umts_ecio_cdb, nr_rsrp_dbm, nr_rsrq_db, nr_snr_cdb, rx2_cdbm, "
	"rx3_cdbm,"
	" signal_repeats_ms, rx_packets, tx_packets, rx_bytes, tx_bytes FROM radio_more WHERE id > ? AND id < ? ORDER BY id";

static gboolean prepare_cursor(Reader *r, CursorKind cursor, GError **error)
{
	guint n;
	g_autofree char *columns = store_kind_columns(kind_of_cursor[cursor], &n);
	g_autofree char *sql =
		g_strdup_printf("SELECT %s FROM %s" OF_RECORDING, columns, observation_table(kind_of_cursor[cursor])->name);
	r->cursors[cursor].stmt = store_prepare(r->store, cursor == CURSOR_FIX ? fix_sql : sql, error);
	return r->cursors[cursor].stmt != NULL;
}

static gboolean prepare(Reader *r, GError **error)
{
	static const CursorKind others[] = {CURSOR_SESSION, CURSOR_PROBE, CURSOR_EVENT, CURSOR_SKY, CURSOR_FIX};
	const struct {
		sqlite3_stmt **stmt;
		const char *sql;
	} own[] = {{&r->sweeps, sweeps_sql},
		   {&r->passes, passes_sql},
		   {&r->cursors[CURSOR_MORE].stmt, more_sql},
		   {&r->state, "SELECT key FROM state WHERE id=?"},
		   {&r->cell, "SELECT key FROM cell WHERE id=?"},
		   {&r->heard, "SELECT key FROM heard WHERE id=?"}};
	for (guint i = 0; i < G_N_ELEMENTS(own); i++)
		if (!(*own[i].stmt = store_prepare(r->store, own[i].sql, error)))
			return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(others); i++)
		if (!prepare_cursor(r, others[i], error))
			return FALSE;
	return TRUE;
}

Reader *reader_new(Store *store, Baseline *baseline, gboolean enter, GError **error)
{
	g_autoptr(Reader) r = g_new0(Reader, 1);
	r->store = store;
	r->baseline = baseline;
	r->enter = enter;
	r->heard_cells = g_array_new(FALSE, FALSE, sizeof(HeardCell));
	r->last_fixes = g_array_new(FALSE, FALSE, sizeof(LastFix));
	return prepare(r, error) ? g_steal_pointer(&r) : NULL;
}

void reader_free(Reader *r)
{
	if (!r)
		return;
	for (guint i = CURSOR_MORE; i < CURSORS; i++)
		sqlite3_finalize(r->cursors[i].stmt);
	sqlite3_finalize(r->sweeps);
	sqlite3_finalize(r->passes);
	sqlite3_finalize(r->state);
	sqlite3_finalize(r->cell);
	sqlite3_finalize(r->heard);
	g_array_unref(r->heard_cells);
	g_array_unref(r->last_fixes);
	g_free(r);
}

/* --- rows, one after the other --- */

static gint16 fix_mode(sqlite3_stmt *stmt)
{
	const char *word = (const char *)sqlite3_column_text(stmt, FIX_MODE);
	for (gint16 i = 0; word && fix_mode_words[i]; i++)
		if (g_str_equal(fix_mode_words[i], word))
			return i;
	return NO_MODE;
}

/* Whether this fix is the source's first, or of another mode than its last one. */
static gboolean fix_tells(Reader *r, sqlite3_stmt *stmt)
{
	const LastFix now = {sqlite3_column_int64(stmt, FIX_SOURCE), fix_mode(stmt)};
	for (guint i = 0; i < r->last_fixes->len; i++) {
		LastFix *last = &g_array_index(r->last_fixes, LastFix, i);
		if (last->source != now.source)
			continue;
		const gboolean changed = last->mode != now.mode;
		last->mode = now.mode;
		return changed;
	}
	g_array_append_val(r->last_fixes, now);
	return TRUE;
}

static gboolean step(Reader *r, CursorKind kind, GError **error)
{
	Cursor *cursor = &r->cursors[kind];
	gboolean row;
	do {
		if (!store_step(r->store, cursor->stmt, &row, error))
			return FALSE;
	} while (row && kind == CURSOR_FIX && !fix_tells(r, cursor->stmt));
	cursor->id = row ? sqlite3_column_int64(cursor->stmt, 0) : G_MAXINT64;
	return TRUE;
}

gboolean reader_begin(Reader *r, gint64 recording, gboolean sweeps_only, GError **error)
{
	r->sweeps_only = sweeps_only;
	r->cursors[CURSOR_RADIO].stmt = sweeps_only ? r->passes : r->sweeps;
	g_array_set_size(r->last_fixes, 0);
	for (guint i = 0; i < CURSORS; i++) {
		Cursor *cursor = &r->cursors[i];
		sqlite3_reset(cursor->stmt);
		r->taken[i] = FALSE;
		cursor->id = G_MAXINT64;
		if (sweeps_only && i > CURSOR_MORE)
			continue;
		sqlite3_bind_int64(cursor->stmt, 1, STORE_ID(recording, 0));
		sqlite3_bind_int64(cursor->stmt, 2, STORE_ID(recording + 1, 0));
		if (!step(r, (CursorKind)i, error))
			return FALSE;
	}
	return TRUE;
}

/* --- dictionaries --- */

/* The entry's key decoded into fields; an entry that is not there, or of a newer program, has no fields. */
static gboolean load(Reader *r, sqlite3_stmt *stmt, StoreDictKind kind, gint64 id, guint64 *ret_present, void *ret_fields,
		     GError **error)
{
	gboolean row;
	*ret_present = 0;
	sqlite3_bind_int64(stmt, 1, id);
	if (!store_step(r->store, stmt, &row, error))
		return FALSE;
	if (row &&
	    !store_entry_decode(kind, sqlite3_column_blob(stmt, 0), (gsize)sqlite3_column_bytes(stmt, 0), ret_present, ret_fields))
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

/* What is not there reads as 0: only then it is asked which of the two it is. */
static double figure(sqlite3_stmt *stmt, int column, double scale)
{
	const gint64 value = sqlite3_column_int64(stmt, column);
	return value == 0 && sqlite3_column_type(stmt, column) == SQLITE_NULL ? NAN : (double)value * scale;
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
}

static void read_utc(sqlite3_stmt *stmt, int column, When *at)
{
	at->utc_ms = sqlite3_column_int64(stmt, column);
	at->dated = at->utc_ms != 0 || sqlite3_column_type(stmt, column) != SQLITE_NULL;
}

/* Out of 3GPP's ranges (TS 36.133 9.1.4, 9.1.7; TS 38.133 10.1.6), or nothing at all: a bad read. */
static gboolean is_valid(const Signal *s)
{
	if (isnan(s->rsrp_dbm) && isnan(s->rssi_dbm))
		return FALSE;
	return !(s->rsrp_dbm < -156 || s->rsrp_dbm > -30) && !(s->rsrq_db < -43 || s->rsrq_db > 20) &&
	       !(s->snr_db < -40 || s->snr_db > 60);
}

static void read_signal(Reader *r, Moment *m, gboolean more)
{
	sqlite3_stmt *radio = r->cursors[CURSOR_RADIO].stmt, *rare = r->cursors[CURSOR_MORE].stmt;
	const Rat rat = ENTRY_HAS(m->cell, rat) ? m->cell->fields.rat : RAT_NONE;
	Signal *s = &m->now;
	*s = (Signal){NAN, NAN, NAN, NAN, NAN, figure(radio, RADIO_TX, 0.01)};
	if (rat == RAT_LTE)
		*s = (Signal){figure(radio, RADIO_RSRP, 1),
			      figure(radio, RADIO_RSRQ, 1),
			      figure(radio, RADIO_SNR, 0.01),
			      figure(radio, RADIO_RSSI, 1),
			      NAN,
			      s->tx_dbm};
	else if (rat == RAT_NR && more)
		*s = (Signal){figure(rare, MORE_NR_RSRP, 1),
			      figure(rare, MORE_NR_RSRQ, 1),
			      figure(rare, MORE_NR_SNR, 0.01),
			      NAN,
			      NAN,
			      s->tx_dbm};
	else if (rat == RAT_UMTS && more)
		*s = (Signal){figure(rare, MORE_RSCP, 1),
			      figure(rare, MORE_ECIO, 0.01),
			      NAN,
			      figure(rare, MORE_UMTS_RSSI, 1),
			      NAN,
			      s->tx_dbm};
	else if (rat == RAT_GSM && more)
		*s = (Signal){NAN, NAN, NAN, figure(rare, MORE_GSM_RSSI, 1), NAN, s->tx_dbm};
	if (!is_valid(s))
		s->rsrp_dbm = s->rsrq_db = s->snr_db = s->rssi_dbm = NAN;
}

static void read_chains(Reader *r, Moment *m, gboolean more)
{
	sqlite3_stmt *radio = r->cursors[CURSOR_RADIO].stmt, *rare = r->cursors[CURSOR_MORE].stmt;
	const guint tuned = ENTRY_HAS(m->state, rx_tuned) ? m->state->fields.rx_tuned : 0xf;
	const double power[4] = {figure(radio, RADIO_RX0, 0.01), figure(radio, RADIO_RX1, 0.01),
				 more ? figure(rare, MORE_RX2, 0.01) : NAN, more ? figure(rare, MORE_RX3, 0.01) : NAN};
	for (guint i = 0; i < 4; i++) {
		m->chain_dbm[i] = tuned & 1u << i ? power[i] : NAN;
		if (isnan(m->now.rx_dbm) || m->chain_dbm[i] > m->now.rx_dbm)
			m->now.rx_dbm = m->chain_dbm[i];
	}
}

/* What passes do without. */
static gboolean read_rest(Reader *r, Moment *m, gboolean more, GError **error)
{
	sqlite3_stmt *radio = r->cursors[CURSOR_RADIO].stmt, *rare = r->cursors[CURSOR_MORE].stmt;
	m->at.utc_error_ms = sqlite3_column_int64(radio, RADIO_UTC_ERROR);
	read_place(radio, RADIO_POSITION, &m->at);
	m->repeats = more && sqlite3_column_type(rare, MORE_REPEATS) != SQLITE_NULL;
	m->rx_packets = more ? figure(rare, MORE_RX_PACKETS, 1) : NAN;
	m->tx_packets = more ? figure(rare, MORE_TX_PACKETS, 1) : NAN;
	m->rx_bytes = more ? figure(rare, MORE_RX_BYTES, 1) : NAN;
	m->tx_bytes = more ? figure(rare, MORE_TX_BYTES, 1) : NAN;
	m->n_heard = MIN((guint)sqlite3_column_bytes(radio, RADIO_CELLS) / STORE_HEARD_SIZE, OBSERVATION_MAX_CELLS);
	m->heard = r->now_heard;
	return read_heard(r, sqlite3_column_blob(radio, RADIO_CELLS), m->n_heard, error);
}

static gboolean read_sweep(Reader *r, GError **error)
{
	sqlite3_stmt *radio = r->cursors[CURSOR_RADIO].stmt;
	const gboolean more = r->cursors[CURSOR_MORE].id == r->cursors[CURSOR_RADIO].id;
	ReaderItem *item = &r->item;
	Moment *m = &item->moment;
	item->is_sweep = TRUE;
	item->source = sqlite3_column_int64(radio, RADIO_SOURCE);
	m->at = (When){.id = r->cursors[CURSOR_RADIO].id, .boot_ms = sqlite3_column_int64(radio, RADIO_BOOT)};
	read_utc(radio, RADIO_UTC, &m->at);
	read_point(radio, RADIO_POINT, &m->at);
	m->tile = tile_next(&r->last_tile, m->at.lat, m->at.lon);
	m->state = get_state(r, sqlite3_column_int64(radio, RADIO_STATE), error);
	m->cell = m->state ? get_cell(r, sqlite3_column_int64(radio, RADIO_CELL), error) : NULL;
	if (!m->cell)
		return FALSE;
	read_signal(r, m, more);
	read_chains(r, m, more);
	r->taken[CURSOR_RADIO] = TRUE;
	r->taken[CURSOR_MORE] = more;
	return r->sweeps_only || read_rest(r, m, more, error);
}

static void read_fix(Reader *r, sqlite3_stmt *stmt)
{
	const gint16 mode = fix_mode(stmt);
	r->observation.kind = OBSERVATION_FIX;
	r->observation.present = 0;
	if (mode != NO_MODE)
		FIX_SET(&r->observation, mode, (guint8)mode);
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
	seen->at = (When){.id = r->cursors[cursor].id,
			  .boot_ms = sqlite3_column_int64(stmt, 1),
			  .lat = NAN,
			  .lon = NAN,
			  .position_error_m = NAN};
	if (store_kind_has_utc(kind)) {
		read_utc(stmt, column, &seen->at);
		seen->at.utc_error_ms = sqlite3_column_int64(stmt, column + 1);
		column += 2;
	}
	if (store_kind_has_place(kind)) {
		read_place(stmt, column, &seen->at);
		read_point(stmt, column + 2, &seen->at);
		column += 3;
	}
	if (cursor == CURSOR_FIX)
		read_fix(r, stmt);
	else
		store_kind_read(stmt, column, kind, &r->observation);
	r->taken[cursor] = TRUE;
}

gboolean reader_next(Reader *r, const ReaderItem **ret_item, GError **error)
{
	CursorKind first = CURSOR_RADIO;
	for (guint i = 0; i < CURSORS; i++) {
		if (r->taken[i] && !step(r, (CursorKind)i, error))
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
		if (!step(r, CURSOR_MORE, error))
			return FALSE;
	if (first != CURSOR_RADIO)
		read_seen(r, first);
	else if (!read_sweep(r, error))
		return FALSE;
	*ret_item = &r->item;
	return TRUE;
}
