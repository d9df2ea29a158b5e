/* Making passes. Of every visit of a tile that is not over yet the figures are kept as counts by value: modems tell them in whole
 * or tenth decibels, so that few differ, and medians are exact however long the visit. What is over waits in a bounded list, which
 * is written in the table's order.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline_tables.h"

#include <stdlib.h>

#define MAX_ROWS 32768 /* that wait to be written */

typedef struct {
	gint16 value; /* hundredths */
	guint32 n;
} Count;

typedef struct {
	Count *count; /* by value, ascending */
	guint n, capacity;
} Counts;

/* One cell, or one network, during a visit. */
typedef struct Pass Pass;
struct Pass {
	Pass *next;
	gint64 cell;
	guint32 sweeps, served, broadband, narrowband;
	Counts figure[BASELINE_FIGURES];
};

typedef struct Visit Visit;
struct Visit {
	Visit *older, *newer; /* by end_ms */
	gint64 source, place, start_ms, end_ms;
	gboolean dated;
	gint64 utc_offset_ms; /* UTC less BOOTTIME at its start */
	Pass *passes;
};

typedef struct {
	gint64 source;
	Visit *visit; /* that its last sweep was in; NULL: none, or it is over */
	gboolean lte; /* it has been served by LTE or NR */
} Carrier;

/* A row of baseline_pass. */
typedef struct {
	gint64 place, cell, source, start_ms, end_ms, utc_offset_ms;
	gboolean dated;
	guint32 sweeps, served, broadband, narrowband;
	gint32 figure[BASELINE_FIGURES];
} Row;

struct BaselineMaking {
	Store *store;
	BaselineKeys *keys; /* borrowed */
	gint64 recording;
	gboolean anew; /* nothing stood there of this recording */
	GHashTable *visits; /* the open ones, by source and place */
	Visit *oldest, *newest;
	Visit *spare_visits; /* linked by `older` */
	Pass *spare_passes;
	GArray *carriers;
	GArray *rows;
	guint at; /* next row to be written */
	char home[8]; /* whose key was asked for last */
	gint64 home_key;
};

static guint visit_hash(gconstpointer pointer)
{
	const Visit *visit = pointer;
	const guint64 mixed = ((guint64)visit->place ^ (guint64)visit->source << 40) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
	return (guint)(mixed >> 32);
}

static gboolean visit_equal(gconstpointer a, gconstpointer b)
{
	const Visit *one = a, *other = b;
	return one->place == other->place && one->source == other->source;
}

BaselineMaking *baseline_making_new(Store *store, BaselineKeys *keys)
{
	BaselineMaking *making = g_new0(BaselineMaking, 1);
	making->store = store;
	making->keys = keys;
	making->visits = g_hash_table_new(visit_hash, visit_equal);
	making->carriers = g_array_new(FALSE, TRUE, sizeof(Carrier));
	making->rows = g_array_new(FALSE, FALSE, sizeof(Row));
	return making;
}

/* --- visits and their passes come from lists of used ones: the memory is that of the most that were open at once --- */

static void recycle(BaselineMaking *making, Visit *visit)
{
	Pass **end = &visit->passes;
	while (*end)
		end = &(*end)->next;
	*end = making->spare_passes;
	making->spare_passes = visit->passes;
	visit->passes = NULL;
	visit->older = making->spare_visits;
	making->spare_visits = visit;
}

static void unlink_visit(BaselineMaking *making, Visit *visit)
{
	*(visit->older ? &visit->older->newer : &making->oldest) = visit->newer;
	*(visit->newer ? &visit->newer->older : &making->newest) = visit->older;
}

static void append_visit(BaselineMaking *making, Visit *visit)
{
	visit->newer = NULL;
	visit->older = making->newest;
	*(making->newest ? &making->newest->newer : &making->oldest) = visit;
	making->newest = visit;
}

static void drop_all(BaselineMaking *making)
{
	while (making->oldest) {
		Visit *visit = making->oldest;
		unlink_visit(making, visit);
		recycle(making, visit);
	}
	g_hash_table_remove_all(making->visits);
	g_array_set_size(making->carriers, 0);
	g_array_set_size(making->rows, 0);
}

void baseline_making_free(BaselineMaking *making)
{
	if (!making)
		return;
	drop_all(making);
	while (making->spare_visits) {
		Visit *visit = making->spare_visits;
		making->spare_visits = visit->older;
		g_free(visit);
	}
	while (making->spare_passes) {
		Pass *pass = making->spare_passes;
		making->spare_passes = pass->next;
		for (guint i = 0; i < BASELINE_FIGURES; i++)
			g_free(pass->figure[i].count);
		g_free(pass);
	}
	g_hash_table_unref(making->visits);
	g_array_unref(making->carriers);
	g_array_unref(making->rows);
	g_free(making);
}

static Visit *open_visit(BaselineMaking *making, gint64 source, const Moment *m)
{
	Visit *visit = making->spare_visits;
	if (visit)
		making->spare_visits = visit->older;
	else
		visit = g_new0(Visit, 1);
	visit->source = source;
	visit->place = m->tile;
	visit->start_ms = visit->end_ms = m->at.boot_ms;
	visit->dated = m->at.dated;
	visit->utc_offset_ms = m->at.utc_ms - m->at.boot_ms;
	append_visit(making, visit);
	g_hash_table_add(making->visits, visit);
	return visit;
}

static Pass *open_pass(BaselineMaking *making, Visit *visit, gint64 cell)
{
	Pass *pass = making->spare_passes;
	if (pass)
		making->spare_passes = pass->next;
	else
		pass = g_new0(Pass, 1);
	pass->cell = cell;
	pass->sweeps = pass->served = pass->broadband = pass->narrowband = 0;
	for (guint i = 0; i < BASELINE_FIGURES; i++)
		pass->figure[i].n = 0;
	pass->next = visit->passes;
	visit->passes = pass;
	return pass;
}

static Pass *find_pass(BaselineMaking *making, Visit *visit, gint64 cell)
{
	for (Pass *pass = visit->passes; pass; pass = pass->next)
		if (pass->cell == cell)
			return pass;
	return open_pass(making, visit, cell);
}

/* --- counts --- */

static void counts_add(Counts *counts, gint16 value)
{
	guint low = 0, high = counts->n;
	while (low < high) {
		const guint middle = (low + high) / 2;
		if (counts->count[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < counts->n && counts->count[low].value == value) {
		counts->count[low].n++;
		return;
	}
	if (counts->n == counts->capacity) {
		counts->capacity = MAX(8, counts->capacity * 2);
		counts->count = g_renew(Count, counts->count, counts->capacity);
	}
	memmove(&counts->count[low + 1], &counts->count[low], (counts->n - low) * sizeof(Count));
	counts->count[low] = (Count){value, 1};
	counts->n++;
}

/* The `n`th value from 0. */
static gint32 counts_at(const Counts *counts, guint64 n)
{
	guint i = 0;
	while (n >= counts->count[i].n)
		n -= counts->count[i++].n;
	return counts->count[i].value;
}

static gint32 counts_median(const Counts *counts)
{
	guint64 total = 0;
	for (guint i = 0; i < counts->n; i++)
		total += counts->count[i].n;
	return total == 0 ? BASELINE_NO_FIGURE : (counts_at(counts, (total - 1) / 2) + counts_at(counts, total / 2)) / 2;
}

/* --- what is over --- */

static int compare_rows(gconstpointer a, gconstpointer b)
{
	const Row *one = a, *other = b;
	if (one->place != other->place)
		return one->place < other->place ? -1 : 1;
	if (one->cell != other->cell)
		return one->cell < other->cell ? -1 : 1;
	if (one->source != other->source)
		return one->source < other->source ? -1 : 1;
	return one->start_ms < other->start_ms ? -1 : one->start_ms > other->start_ms;
}

static gboolean next_row(gpointer user_data, StoreValue *ret_values, gboolean *ret_row, GError **error)
{
	BaselineMaking *making = user_data;
	(void)error;
	*ret_row = making->at < making->rows->len;
	if (!*ret_row)
		return TRUE;
	const Row *row = &g_array_index(making->rows, Row, making->at++);
	const gint64 values[] = {row->place,  row->cell,   making->recording, row->source,    row->start_ms,
				 row->end_ms, row->sweeps, row->served,	      row->broadband, row->narrowband};
	StoreValue *at = ret_values;
	for (guint i = 0; i < G_N_ELEMENTS(values); i++)
		*at++ = store_int(values[i]);
	for (guint i = 0; i < BASELINE_FIGURES; i++)
		*at++ = store_int_if(row->figure[i] != BASELINE_NO_FIGURE, row->figure[i]);
	*at = store_int_if(row->dated, row->utc_offset_ms);
	return TRUE;
}

#define COLUMNS \
	"place, cell, recording, source, start_boottime_ms, end_boottime_ms, sweeps, served, broadband, " \
	"narrowband, " BASELINE_FIGURE_COLUMNS
#define N_COLUMNS (10 + BASELINE_FIGURES)

static gboolean write_rows(BaselineMaking *making, GError **error)
{
	g_array_sort(making->rows, compare_rows);
	making->at = 0;
	const gboolean ok = store_insert_feed(making->store, "baseline_pass", COLUMNS ", utc_offset_ms", N_COLUMNS + 1, next_row,
					      making, error);
	g_array_set_size(making->rows, 0);
	return ok;
}

static void set_aside(BaselineMaking *making, const Visit *visit)
{
	for (const Pass *pass = visit->passes; pass; pass = pass->next) {
		Row row = {visit->place, pass->cell,   visit->source, visit->start_ms, visit->end_ms,	 visit->utc_offset_ms,
			   visit->dated, pass->sweeps, pass->served,  pass->broadband, pass->narrowband, {0}};
		if (pass->sweeps < BASELINE_MIN_SWEEPS)
			continue;
		for (guint i = 0; i < BASELINE_FIGURES; i++)
			row.figure[i] = counts_median(&pass->figure[i]);
		g_array_append_val(making->rows, row);
	}
}

static gboolean close_visit(BaselineMaking *making, Visit *visit, GError **error)
{
	for (guint i = 0; i < making->carriers->len; i++)
		if (g_array_index(making->carriers, Carrier, i).visit == visit)
			g_array_index(making->carriers, Carrier, i).visit = NULL;
	set_aside(making, visit);
	g_hash_table_remove(making->visits, visit);
	unlink_visit(making, visit);
	recycle(making, visit);
	return making->rows->len < MAX_ROWS || write_rows(making, error);
}

/* Those that nobody was in for too long. */
static gboolean close_old(BaselineMaking *making, gint64 now_ms, GError **error)
{
	while (making->oldest && now_ms - making->oldest->end_ms > BASELINE_GAP_MS)
		if (!close_visit(making, making->oldest, error))
			return FALSE;
	return TRUE;
}

/* --- sweeps --- */

static Carrier *find_carrier(BaselineMaking *making, gint64 source)
{
	for (guint i = 0; i < making->carriers->len; i++)
		if (g_array_index(making->carriers, Carrier, i).source == source)
			return &g_array_index(making->carriers, Carrier, i);
	const Carrier carrier = {.source = source};
	g_array_append_val(making->carriers, carrier);
	return &g_array_index(making->carriers, Carrier, making->carriers->len - 1);
}

static Visit *enter_visit(BaselineMaking *making, Carrier *carrier, const Moment *m)
{
	if (!carrier->visit || carrier->visit->place != m->tile) {
		const Visit wanted = {.source = carrier->source, .place = m->tile};
		carrier->visit = g_hash_table_lookup(making->visits, &wanted);
	}
	if (!carrier->visit)
		carrier->visit = open_visit(making, carrier->source, m);
	carrier->visit->end_ms = MAX(carrier->visit->end_ms, m->at.boot_ms);
	if (carrier->visit != making->newest) {
		unlink_visit(making, carrier->visit);
		append_visit(making, carrier->visit);
	}
	return carrier->visit;
}

/* The network whose voice this sweep is: the one that serves, or the one that ought to. 0: none. */
static gboolean network_of(BaselineMaking *making, const Moment *m, gint64 *ret_key, GError **error)
{
	const Modem *modem = m->modem;
	*ret_key = 0;
	if (m->state->service == SERVICE_STATE_UNKNOWN)
		return TRUE;
	if (moment_served(m) && m->cell && m->cell->network) {
		*ret_key = m->cell->network;
		return TRUE;
	}
	if (moment_served(m) || !modem->home[0])
		return TRUE;
	if (!g_str_equal(making->home, modem->home)) {
		if (!baseline_key(making->keys, modem->home, TRUE, &making->home_key, error))
			return FALSE;
		g_strlcpy(making->home, modem->home, sizeof making->home);
	}
	*ret_key = making->home_key;
	return TRUE;
}

static gboolean own_fault(const Moment *m)
{
	return moment_own_fault(m) || m->state->service == SERVICE_STATE_OFF ||
	       (ENTRY_HAS(m->state, sim_state) && m->state->fields.sim_state != SIM_STATE_READY);
}

static gboolean narrowband(const Moment *m, const Carrier *carrier)
{
	const gboolean has_lte = carrier->lte || ENTRY_HAS(m->state, lte_service) || ENTRY_HAS(m->state, lte_true_service);
	return has_lte && moment_served(m) && m->cell && ENTRY_HAS(m->cell, rat) &&
	       (m->cell->fields.rat == RAT_GSM || m->cell->fields.rat == RAT_UMTS);
}

static void add_figure(Pass *pass, BaselineFigure figure, double value)
{
	if (isnan(value))
		return;
	const double hundredths = CLAMP(value * 100, G_MININT16 + 1, G_MAXINT16 - 1);
	counts_add(&pass->figure[figure], (gint16)(hundredths < 0 ? hundredths - 0.5 : hundredths + 0.5));
}

static void add_sweep(Pass *pass, const Moment *m, const Carrier *carrier)
{
	pass->sweeps++;
	pass->served += moment_served(m) ? 1 : 0;
	pass->broadband += moment_broadband(m) ? 1 : 0;
	pass->narrowband += narrowband(m, carrier) ? 1 : 0;
	add_figure(pass, FIGURE_RSRP, m->now.rsrp_dbm);
	add_figure(pass, FIGURE_RX, m->now.rx_dbm);
}

/* Only of one cell do these say anything. */
static void add_cell_figures(Pass *pass, const Moment *m)
{
	add_figure(pass, FIGURE_RSRQ, m->now.rsrq_db);
	add_figure(pass, FIGURE_SNR, m->now.snr_db);
	add_figure(pass, FIGURE_RSSI, m->now.rssi_dbm);
	add_figure(pass, FIGURE_TX, m->now.tx_dbm);
}

gboolean baseline_making_add(BaselineMaking *making, const Moment *m, GError **error)
{
	gint64 network;
	if (m->tile == TILE_NONE || !m->state || own_fault(m))
		return TRUE;
	if (!close_old(making, m->at.boot_ms, error) || !network_of(making, m, &network, error))
		return FALSE;
	Carrier *carrier = find_carrier(making, m->modem->source);
	carrier->lte = carrier->lte || moment_broadband(m);
	Visit *visit = enter_visit(making, carrier, m);
	if (network)
		add_sweep(find_pass(making, visit, network), m, carrier);
	if (m->cell && m->cell->key) {
		Pass *pass = find_pass(making, visit, m->cell->key);
		add_sweep(pass, m, carrier);
		add_cell_figures(pass, m);
	}
	return TRUE;
}

/* --- a recording --- */

static gboolean exec_with_recording(BaselineMaking *making, const char *sql, GError **error)
{
	g_autoptr(StoreStatement) stmt = store_prepare(making->store, sql, error);
	if (!stmt)
		return FALSE;
	sqlite3_bind_int64(stmt, 1, making->recording);
	return store_run(making->store, stmt, error);
}

gboolean baseline_making_begin(BaselineMaking *making, gint64 recording, GError **error)
{
	drop_all(making);
	making->recording = recording;
	making->home[0] = '\0';
	if (!store_exec(making->store,
			"CREATE TEMP TABLE IF NOT EXISTS touched (place INTEGER, cell INTEGER, PRIMARY KEY (place, cell)) WITHOUT "
			"ROWID;"
			"CREATE TEMP TABLE IF NOT EXISTS baseline_before AS SELECT " COLUMNS " FROM baseline_pass WHERE 0;"
			"DELETE FROM temp.baseline_before",
			error) ||
	    !exec_with_recording(making, "INSERT INTO temp.baseline_before SELECT " COLUMNS " FROM baseline_pass WHERE recording=?",
				 error))
		return FALSE;
	making->anew = sqlite3_changes(store_db(making->store)) == 0;
	return making->anew || exec_with_recording(making, "DELETE FROM baseline_pass WHERE recording=?", error);
}

static gboolean touch_all(BaselineMaking *making, GError **error)
{
	return exec_with_recording(
		making, "INSERT OR IGNORE INTO temp.touched SELECT place, cell FROM baseline_pass WHERE recording=?", error);
}

static gboolean touch_changed(BaselineMaking *making, GError **error)
{
	return exec_with_recording(making,
				   "INSERT OR IGNORE INTO temp.touched SELECT place, cell FROM (SELECT " COLUMNS
				   " FROM baseline_pass WHERE recording=? EXCEPT SELECT * FROM temp.baseline_before)",
				   error) &&
	       exec_with_recording(
		       making,
		       "INSERT OR IGNORE INTO temp.touched SELECT place, cell FROM (SELECT * FROM temp.baseline_before EXCEPT"
		       " SELECT " COLUMNS " FROM baseline_pass WHERE recording=?)",
		       error);
}

gboolean baseline_making_end(BaselineMaking *making, GError **error)
{
	while (making->oldest)
		if (!close_visit(making, making->oldest, error))
			return FALSE;
	return write_rows(making, error) && (making->anew ? touch_all(making, error) : touch_changed(making, error)) &&
	       store_exec(making->store, "DELETE FROM temp.baseline_before", error);
}
