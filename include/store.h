/* store.h - the SQLite file that everything after the field works on; also a valid GeoPackage.
 *
 * The store is built from journals by sync and can always be rebuilt from them. Its tables:
 *   boot, recording, segment, damage   what was read, from which device, how far, and what was unreadable
 *   run, device, fix, sky, event, clock, mark, session, probe   one row for each observation of that kind, columns as in
 *                observation.h; session and probe with their place, too
 *   radio        one row for each sweep of a modem, with its UTC interval and its place
 *   radio_more   figures that most sweeps lack (GSM, UMTS, NR, third and fourth receiver, counters of a data session); a row
 *                only where there is one.
 *                A column that is NULL in every row still costs a byte in each, and time when it is inserted.
 *   state, cell, heard, source   dictionaries: what repeats from sweep to sweep is written once
 *   wall         what the device's own clock said, wherever that changed
 *   knot         BOOTTIME <-> UTC, the pairs that sync believed
 *   sample       (view) the layer that QGIS opens: radio in plain units and words
 *   session_place, probe_place   (views) the same of sessions and probes: the interval from begin to end, the place at the end, and
 *                what the modem's last sweep said (service, rat, mcc, mnc) where that is fresh
 *   neighbour    (view) the cells heard in each sweep, one row each
 *   analysis, incident, stretch, baseline_..., imported   (where there are any) what analysis.h and import.h made of it
 *   meta         the schema's version
 * A row of an observation has the id (recording << 32 | sequence): the natural key, so that nothing enters twice, and
 * rows lie in the order in which they were made. All times are kept in ms (time_ns is time_ms here). ENUMs are words.
 *
 * Columns of these views that are computed are virtual generated columns of the tables: a view's column then has a declared type,
 * which GeoPackage demands and by which OGR knows a DateTime, and nothing is stored twice. They need SQLite 3.31 to read.
 *
 * A new store is built under a temporary name beside the final one and renamed when it is whole; an existing one is changed
 * in transactions. Either way a kill leaves what was there before.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

#include <sqlite3.h>

#define STORE_SCHEMA_VERSION 4
#define STORE_RESULTS_VERSION 1 /* of the tables that store_ensure_results makes */
#define STORE_APPLICATION_ID 0x47504B47 /* "GPKG", OGC 12-128r18 requirement 2 */
#define STORE_GPKG_VERSION   10300
/* How a journal begins (src/journal/FORMAT.md): what a person may name by mistake where a store or an export is meant. */
#define STORE_JOURNAL_MAGIC "JAMLOGJ1"

/* First id of a recording; its observations have ids in (STORE_ID(n, 0), STORE_ID(n + 1, 0)). */
#define STORE_ID(recording, sequence) ((gint64)(recording) << 32 | (gint64)(sequence))
#define STORE_MAX_SEQUENCE            G_MAXUINT32
#define STORE_MAX_RECORDING           0x1fffff /* keeps ids below 2^53, so that JSON readers keep them exact */

typedef struct Store Store;

/* Opens an existing store for reading. NOT_FOUND, ACCESS, or FORMAT for a file that is not ours or newer than we are. */
Store *store_open_read(const char *path, GError **error);
/* Opens a store for sync: an existing one is checked and left untouched where it is not ours (FORMAT); where there is none
 * (or an empty file) a new one is begun under "PATH.new". Symbolic links are followed. BUSY where another sync is at it. */
Store *store_open_write(const char *path, GError **error);
/* The same where only a store that is there makes sense: NOT_FOUND where there is none yet. */
Store *store_open_existing(const char *path, GError **error);
/* Whole and durable: after TRUE the file PATH alone is complete. The store can then only be freed. */
gboolean store_finish(Store *store, GError **error);
/* Without store_finish: a new store is deleted again, an open transaction is undone. */
void store_free(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

gboolean store_is_new(const Store *store);
const char *store_path(const Store *store);
sqlite3 *store_db(Store *store); /* borrowed */
/* The tables of the analysis and of imported logs (store/results.c), made where they are not there yet: a store that was only synced
 * has none. FORMAT for those of another version. */
gboolean store_ensure_results(Store *store, GError **error);
/* *ret_there: whether the store has them. */
gboolean store_has_results(Store *store, gboolean *ret_there, GError **error);

/* Whether a file may be written under this name. What was recorded cannot be made again: a name written instead of another must not
 * cost a journal or a store. USAGE for the store itself, a journal, or any SQLite database; "-" is always right. */
gboolean store_check_output(Store *store, const char *output, GError **error);

/* Begins and ends the unit of work that a kill undoes as a whole. */
gboolean store_begin(Store *store, GError **error);
gboolean store_commit(Store *store, GError **error);

/* SQLite's last failure as an error: NO_SPACE, BUSY, ACCESS, FORMAT or FAILED. Always returns FALSE. */
gboolean store_fail(Store *store, GError **error);
gboolean store_exec(Store *store, const char *sql, GError **error);
/* NULL on error; free with sqlite3_finalize (g_autoptr works). */
sqlite3_stmt *store_prepare(Store *store, const char *sql, GError **error);
/* *ret_row tells whether there was a row. */
gboolean store_step(Store *store, sqlite3_stmt *stmt, gboolean *ret_row, GError **error);
/* For a statement without rows: step and reset, ready for its next use. */
gboolean store_run(Store *store, sqlite3_stmt *stmt, GError **error);
typedef sqlite3_stmt StoreStatement;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreStatement, sqlite3_finalize)

/* --- many rows at once: INSERT ... SELECT from a stream, several times as fast as binding and stepping each --- */

#define STORE_FEED_MAX_COLUMNS 48

typedef enum { STORE_NULL, STORE_INT, STORE_TEXT, STORE_BLOB } StoreType;

typedef struct {
	StoreType type;
	guint32 length; /* of TEXT and BLOB, in bytes */
	union {
		gint64 integer;
		const void *data; /* TEXT and BLOB; borrowed until the next row is asked for */
	};
} StoreValue;

static inline StoreValue store_null(void)
{
	return (StoreValue){.type = STORE_NULL};
}

static inline StoreValue store_int(gint64 value)
{
	return (StoreValue){.type = STORE_INT, .integer = value};
}

static inline StoreValue store_int_if(gboolean present, gint64 value)
{
	return present ? store_int(value) : store_null();
}

static inline StoreValue store_text(const char *text)
{
	return (StoreValue){.type = STORE_TEXT, .length = (guint32)strlen(text), .data = text};
}

static inline StoreValue store_blob(const void *data, guint32 length)
{
	return (StoreValue){.type = STORE_BLOB, .length = length, .data = data};
}

/* Fills the values of the next row, all of them; *ret_row FALSE at the end. */
typedef gboolean (*StoreFeedFunc)(gpointer user_data, StoreValue *ret_values, gboolean *ret_row, GError **error);

/* Inserts all rows of the feed; a row whose id is there already is passed over. `columns` is the comma-separated list of
 * the table's columns, n_columns (at most STORE_FEED_MAX_COLUMNS) of them. */
gboolean store_insert_feed(Store *store, const char *table, const char *columns, guint n_columns, StoreFeedFunc next,
			   gpointer user_data, GError **error);

/* --- tables of observations --- */

/* Columns "id, boottime_ms, source[, utc_ms, utc_error_ms][, position, position_error_dm, point]" and the fields of the kind, as
 * CREATE TABLE made them (not for OBSERVATION_RADIO). Free with g_free. */
char *store_kind_columns(ObservationKind kind, guint *ret_n_columns);
/* TRUE for kinds whose rows carry utc_ms: all but fix and clock, which carry the receiver's own time. */
gboolean store_kind_has_utc(ObservationKind kind);
/* TRUE for kinds whose rows get a place at sync: radio, session and probe. */
gboolean store_kind_has_place(ObservationKind kind);
/* Values of the fields of an observation, in the order of the columns; borrowed from `o`. Returns how many, at most
 * STORE_KIND_MAX_VALUES. */
#define STORE_KIND_MAX_VALUES 31
guint store_kind_values(const Observation *o, StoreValue *ret_values);
/* The signals of a sweep in the order of store_signals. */
void store_signal_values(const Observation *radio, StoreValue ret_values[]);
/* One field; borrowed from `fields`. CELLS are NULL: radio's cells are coded by store_heard_encode. */
StoreValue store_field_value(const ObservationField *field, gboolean present, const void *fields);
void store_bind(sqlite3_stmt *stmt, int first, const StoreValue *values, guint n);

/* Columns of radio that are filled by a feed, in this order. */
typedef enum {
	STORE_RADIO_ID,
	STORE_RADIO_BOOTTIME_MS,
	STORE_RADIO_SOURCE,
	STORE_RADIO_UTC_MS,
	STORE_RADIO_UTC_ERROR_MS,
	STORE_RADIO_POSITION,          /* a PositionState as number; this and the next two as in every kind with a place */
	STORE_RADIO_POSITION_ERROR_DM,
	STORE_RADIO_POINT,             /* longitude, latitude as little-endian doubles: the tail of a WKB point */
	STORE_RADIO_STATE,
	STORE_RADIO_CELL,
	STORE_RADIO_CELLS,             /* STORE_HEARD_SIZE bytes for each cell, see store_heard_encode */
	STORE_RADIO_FIRST_SIGNAL,      /* then the common signals */
} StoreRadioColumn;

/* The signals in the order in which they are shown. */
typedef struct {
	guint8 id;       /* RADIO_ID_... */
	gboolean common; /* a column of radio; else of radio_more */
	guint16 offset;  /* of the member in RadioFields */
	guint8 size;     /* 2: a gint16, 4: a guint32, 8: a guint64 */
} StoreSignal;
#define STORE_N_SIGNALS        22
#define STORE_N_COMMON_SIGNALS 8
extern const StoreSignal store_signals[STORE_N_SIGNALS];
#define STORE_RADIO_N_COLUMNS (STORE_RADIO_FIRST_SIGNAL + STORE_N_COMMON_SIGNALS)
char *store_radio_columns(void);
/* "id" and the signals that are not common. */
char *store_radio_more_columns(void);
/* The name of a signal's field. */
const char *store_signal_name(const StoreSignal *signal);
/* "lte_snr_cdb" is shown as lte_snr_db: hundredths become plain units. NULL for a name that has no such unit; free with g_free.
 */
char *store_plain_name(const char *name);

/* The first columns of the views session_place and probe_place; the fields of the kind follow in the order of observation.h. */
typedef enum {
	STORE_PLACE_FID,
	STORE_PLACE_GEOM,           /* NULL: no place; else STORE_GEOM_SIZE bytes: a GeoPackage header and a WKB point */
	STORE_PLACE_START_TIME,
	STORE_PLACE_END_TIME,
	STORE_PLACE_TIME_SOURCE,
	STORE_PLACE_MODEM,
	STORE_PLACE_POSITION_STATE, /* a word */
	STORE_PLACE_POSITION_ERROR_M,
	STORE_PLACE_SERVICE,        /* this and the next three: of the modem's last sweep, if no older than STORE_SWEEP_MS */
	STORE_PLACE_RAT,
	STORE_PLACE_MCC,
	STORE_PLACE_MNC,
	STORE_PLACE_FIRST_FIELD,
} StorePlaceColumn;
#define STORE_GEOM_SIZE 29
/* A sweep stands for the time to its modem's next one, but for no more than this. */
#define STORE_SWEEP_MS 5000

/* How an observation's place is known; src/sync/place.h says when. */
typedef enum { POSITION_NONE, POSITION_LIVE, POSITION_INTERPOLATED, POSITION_HELD } PositionState;
#define POSITION_STATES 4
extern const char *const position_state_words[]; /* "none", ... NULL-terminated */

/* Fields of a kind (not radio's) out of the columns that store_kind_columns names behind the common ones; `first` is the first of them.
 * Sets kind, present and the fields; what a newer program wrote and this one has no word for is absent. */
void store_kind_read(sqlite3_stmt *stmt, int first, ObservationKind kind, Observation *ret_o);

/* --- dictionaries --- */

typedef enum { STORE_DICT_STATE, STORE_DICT_CELL, STORE_DICT_HEARD, STORE_DICT_SOURCE } StoreDictKind;

typedef struct StoreDict StoreDict;
StoreDict *store_dict_new(Store *store, StoreDictKind kind, GError **error);
void store_dict_free(StoreDict *dict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreDict, store_dict_free)

/* The id of these values, which are entered where they are new; -1 on error. `fields` are RadioFields, or a Cell for HEARD. A
 * state is entered together with the word of observation_service_state, which follows from it. */
gint64 store_dict_fields(StoreDict *dict, guint64 present, const void *fields, GError **error);
/* The same for SOURCE. */
gint64 store_dict_name(StoreDict *dict, const char *name, GError **error);
const char *store_dict_table(StoreDictKind kind);
/* The columns that hold an entry's fields, comma-separated; free with g_free. */
char *store_dict_columns(StoreDictKind kind);

/* One heard cell in the `cells` blob, big-endian, so that plain SQL can take it apart (view `neighbour`):
 *   u24 id in `heard` | u8 presence (1 rsrp, 2 rsrq, 4 rssi) | i16 rsrp_cdbm | i16 rsrq_cdb | i16 rssi_cdbm */
#define STORE_HEARD_SIZE 10
#define STORE_HEARD_MAX_ID 0xffffff
void store_heard_encode(guint8 ret_bytes[STORE_HEARD_SIZE], gint64 heard, const Cell *cell);
/* The figures of one heard cell are added to *io_cell; returns its id in `heard`. */
gint64 store_heard_decode(const guint8 bytes[STORE_HEARD_SIZE], Cell *io_cell);
/* The fields of an entry from its column `key`: RadioFields, or a Cell for HEARD. FALSE for what is no key. Not for SOURCE. */
gboolean store_entry_decode(StoreDictKind kind, const void *key, gsize length, guint64 *ret_present, void *ret_fields);
