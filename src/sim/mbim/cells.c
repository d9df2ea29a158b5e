/* cells.c - Base Stations Info: the serving cell and its neighbours.
 *
 * in: how many neighbours of GSM, UMTS, TD-SCDMA, LTE, CDMA (MBIMEx 3.0: and NR) are wanted at most, u32 each
 * out: system type u32, MBIMEx 3.0: subtype u32, then pairs: the serving cell of GSM, UMTS, TD-SCDMA, LTE; neighbours of
 *	GSM, UMTS, TD-SCDMA, LTE, CDMA; MBIMEx 3.0: serving cells of NR, neighbours of NR. Lists are count u32, { cell }.
 *	A host that does not say how many neighbours of NR it wants gets none.
 *
 * Of its own cell the modem knows everything. Neighbours it knows by channel and physical identity; those of its own
 * technology in GSM by all, because there it reads their broadcast. The identity of an NR cell beside LTE (EN-DC) no
 * modem reads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/info.h"
#include "sim/mbim/values.h"

#include <math.h>

#define UNKNOWN      SIM_MBIM_DONT_CARE
#define UNKNOWN_64   G_MAXUINT64
#define TA_LTE_MAX   255
#define PATH_LOSS_MAX 173
#define CPICH_DBM    33 /* transmit power that a path loss is reckoned from: the default of 3GPP TS 25.331's broadcast */

typedef enum { WANT_GSM, WANT_UMTS, WANT_TDSCDMA, WANT_LTE, WANT_CDMA, WANT_NR, N_WANTS } Want;

typedef struct {
	const SimMbimCall *call;
	guint32 wanted[N_WANTS];
	ByteWriter *w;
} Answer;

SimMbimStatus sim_mbim_handle_cells(SimMbimCall *call)
{
	gboolean enough = byte_reader_left(&call->request->info) >= WANT_NR * sizeof(guint32);
	return enough ? SIM_MBIM_STATUS_NONE : SIM_MBIM_STATUS_INVALID_PARAMETERS;
}

static Answer answer_to(const SimMbimCall *call, ByteWriter *w)
{
	Answer answer = {.call = call, .w = w};
	ByteReader r = call->request->info;
	for (gsize i = 0; i < N_WANTS; i++)
		answer.wanted[i] = byte_reader_u32(&r);
	return answer;
}

static gboolean is_registered(const Answer *answer)
{
	return answer->call->state->registration == SIM_REG_REGISTERED;
}

/* provider, LAC u32, cell u32, serving alone: timing advance u32; ARFCN u32, BSIC u32, RXLEV u32 */
static void put_gsm(const Answer *answer, const SimCellView *cell, gboolean serving)
{
	gboolean known = answer->call->state->cells[0].rat == SIM_RAT_GSM;
	char plmn[SIM_MBIM_PLMN_SIZE];
	sim_mbim_plmn(known ? cell : NULL, plmn);
	SimMbimStruct s = sim_mbim_struct_begin(answer->w);
	sim_mbim_struct_text(&s, plmn);
	byte_writer_u32(s.w, known ? cell->tac : UNKNOWN);
	byte_writer_u32(s.w, known ? (guint32)cell->cell_id : UNKNOWN);
	if (serving)
		byte_writer_u32(s.w, UNKNOWN); /* idle: none */
	byte_writer_u32(s.w, cell->arfcn);
	byte_writer_u32(s.w, cell->pci);
	byte_writer_u32(s.w, sim_mbim_rx_level(cell->rsrp_dbm));
	sim_mbim_struct_texts(&s);
}

/* provider, LAC u32, cell u32, serving alone: frequency uplink u32, downlink u32, TDD u32; UARFCN u32, scrambling code u32,
 * RSCP i32 dBm, Ec/No i32 dB, path loss u32 dB */
static void put_umts(const Answer *answer, const SimCellView *cell, gboolean serving)
{
	char plmn[SIM_MBIM_PLMN_SIZE];
	sim_mbim_plmn(serving ? cell : NULL, plmn);
	SimMbimStruct s = sim_mbim_struct_begin(answer->w);
	sim_mbim_struct_text(&s, plmn);
	byte_writer_u32(s.w, serving ? cell->tac : UNKNOWN);
	byte_writer_u32(s.w, serving ? (guint32)cell->cell_id : UNKNOWN);
	for (guint i = 0; serving && i < 3; i++)
		byte_writer_u32(s.w, UNKNOWN);
	byte_writer_u32(s.w, cell->arfcn);
	byte_writer_u32(s.w, cell->pci);
	byte_writer_u32(s.w, sim_mbim_whole(cell->rsrp_dbm, -120, -25));
	byte_writer_u32(s.w, sim_mbim_whole(cell->rsrq_db, -50, 0));
	byte_writer_u32(s.w, sim_mbim_whole(CPICH_DBM - cell->rsrp_dbm, 46, PATH_LOSS_MAX));
	sim_mbim_struct_texts(&s);
}

/* provider, cell u32, EARFCN u32, PCI u32, TAC u32, RSRP i32 dBm, RSRQ i32 dB, serving alone: timing advance u32 of 16 Ts */
static void put_lte(const Answer *answer, const SimCellView *cell, gboolean serving)
{
	char plmn[SIM_MBIM_PLMN_SIZE];
	sim_mbim_plmn(serving ? cell : NULL, plmn);
	SimMbimStruct s = sim_mbim_struct_begin(answer->w);
	sim_mbim_struct_text(&s, plmn);
	byte_writer_u32(s.w, serving ? (guint32)cell->cell_id : UNKNOWN);
	byte_writer_u32(s.w, cell->arfcn);
	byte_writer_u32(s.w, cell->pci);
	byte_writer_u32(s.w, serving ? cell->tac : UNKNOWN);
	byte_writer_u32(s.w, sim_mbim_whole(cell->rsrp_dbm, -140, -44));
	byte_writer_u32(s.w, sim_mbim_whole(cell->rsrq_db, -20, -3));
	if (serving)
		byte_writer_u32(s.w, is_registered(answer) ? MIN(answer->call->state->timing_advance, TA_LTE_MAX) : UNKNOWN);
	sim_mbim_struct_texts(&s);
}

static void put_nr_levels(ByteWriter *w, const SimCellView *cell)
{
	byte_writer_u32(w, sim_mbim_nr_rsrp(cell->rsrp_dbm));
	byte_writer_u32(w, sim_mbim_nr_rsrq(cell->rsrq_db));
	byte_writer_u32(w, sim_mbim_nr_sinr(cell->sinr_db));
}

/* provider, NCI u64, PCI u32, NR-ARFCN u32, TAC u32, RSRP u32, RSRQ u32, SINR u32, timing advance u64 microseconds */
static void put_nr_serving(const Answer *answer, const SimCellView *cell)
{
	const SimModemState *state = answer->call->state;
	gboolean known = !state->endc;
	char plmn[SIM_MBIM_PLMN_SIZE];
	sim_mbim_plmn(known ? cell : NULL, plmn);
	SimMbimStruct s = sim_mbim_struct_begin(answer->w);
	sim_mbim_struct_text(&s, plmn);
	byte_writer_u64(s.w, known ? cell->cell_id : UNKNOWN_64);
	byte_writer_u32(s.w, cell->pci);
	byte_writer_u32(s.w, cell->arfcn);
	byte_writer_u32(s.w, known ? cell->tac : UNKNOWN);
	put_nr_levels(s.w, cell);
	byte_writer_u64(s.w, known && is_registered(answer) ? (guint64)lround(state->timing_advance * 16 / 30.72) : UNKNOWN_64);
	sim_mbim_struct_texts(&s);
}

/* subtype u32, provider, cell as a text, PCI u32, TAC u32, RSRP u32, RSRQ u32, SINR u32 */
static void put_nr(const Answer *answer, const SimCellView *cell, G_GNUC_UNUSED gboolean serving)
{
	SimMbimStruct s = sim_mbim_struct_begin(answer->w);
	byte_writer_u32(s.w, answer->call->state->cells[0].rat == SIM_RAT_NR ? SIM_MBIM_SUBCLASS_NR : SIM_MBIM_SUBCLASS_ENDC);
	sim_mbim_struct_text(&s, NULL);
	sim_mbim_struct_text(&s, NULL);
	byte_writer_u32(s.w, cell->pci);
	byte_writer_u32(s.w, UNKNOWN);
	put_nr_levels(s.w, cell);
}

typedef void (*PutCell)(const Answer *answer, const SimCellView *cell, gboolean serving);

static void fill_serving(SimMbimStruct *s, gsize pair, const Answer *answer, SimRat rat, PutCell put)
{
	const SimCellView *serving = sim_mbim_serving(answer->call);
	gsize start = answer->w->length;
	if (!serving || serving->rat != rat)
		return;
	put(answer, serving, TRUE);
	sim_mbim_struct_fill(s, pair, start);
}

static gboolean is_secondary_nr(const SimModemState *state, const SimCellView *cell)
{
	return state->endc && cell->rat == SIM_RAT_NR && cell->pci == state->nr_cell.pci && cell->arfcn == state->nr_cell.arfcn;
}

static void fill_neighbours(SimMbimStruct *s, gsize pair, const Answer *answer, Want want, SimRat rat, PutCell put)
{
	const SimModemState *state = answer->call->state;
	const SimCellView *chosen[SIM_MAX_CELLS];
	guint32 n = 0;
	for (guint i = 1; i < state->n_cells && n < answer->wanted[want]; i++)
		if (state->cells[i].rat == rat && !is_secondary_nr(state, &state->cells[i]))
			chosen[n++] = &state->cells[i];
	gsize start = answer->w->length;
	if (n == 0)
		return;
	byte_writer_u32(answer->w, n);
	for (guint32 i = 0; i < n; i++)
		put(answer, chosen[i], FALSE);
	sim_mbim_struct_fill(s, pair, start);
}

static void fill_nr_serving(SimMbimStruct *s, gsize pair, const Answer *answer)
{
	const SimModemState *state = answer->call->state;
	const SimCellView *cell = state->endc ? &state->nr_cell : &state->cells[0];
	gsize start = answer->w->length;
	if (cell->rat != SIM_RAT_NR)
		return;
	byte_writer_u32(answer->w, 1);
	put_nr_serving(answer, cell);
	sim_mbim_struct_fill(s, pair, start);
}

static void put_system_type(const SimMbimCall *call, ByteWriter *w)
{
	const SimCellView *serving = sim_mbim_serving(call);
	guint16 mbimex = call->session->mbimex;
	guint32 class = serving ? sim_mbim_class_of(serving, mbimex) : 0;
	byte_writer_u32(w, class | (serving && call->state->endc ? sim_mbim_class_nsa(mbimex) : 0));
	if (mbimex < SIM_MBIMEX_3)
		return;
	guint32 standalone = serving && serving->rat == SIM_RAT_NR ? SIM_MBIM_SUBCLASS_NR : 0;
	byte_writer_u32(w, serving && call->state->endc ? SIM_MBIM_SUBCLASS_ENDC : standalone);
}

void sim_mbim_write_cells(const SimMbimCall *call, ByteWriter *w)
{
	enum { GSM, UMTS, TDSCDMA, LTE, GSM_LIST, UMTS_LIST, TDSCDMA_LIST, LTE_LIST, CDMA_LIST, NR, NR_LIST, N_PAIRS };
	Answer answer = answer_to(call, w);
	SimMbimStruct s = sim_mbim_struct_begin(w);
	gsize pairs[N_PAIRS];
	gboolean with_nr = call->session->mbimex >= SIM_MBIMEX_3;
	put_system_type(call, w);
	for (guint i = 0; i < (with_nr ? N_PAIRS : NR); i++)
		pairs[i] = sim_mbim_struct_pair(&s);
	if (!sim_mbim_serving(call))
		return;
	fill_serving(&s, pairs[GSM], &answer, SIM_RAT_GSM, put_gsm);
	fill_serving(&s, pairs[UMTS], &answer, SIM_RAT_UMTS, put_umts);
	fill_serving(&s, pairs[LTE], &answer, SIM_RAT_LTE, put_lte);
	fill_neighbours(&s, pairs[GSM_LIST], &answer, WANT_GSM, SIM_RAT_GSM, put_gsm);
	fill_neighbours(&s, pairs[UMTS_LIST], &answer, WANT_UMTS, SIM_RAT_UMTS, put_umts);
	fill_neighbours(&s, pairs[LTE_LIST], &answer, WANT_LTE, SIM_RAT_LTE, put_lte);
	if (!with_nr)
		return;
	fill_nr_serving(&s, pairs[NR], &answer);
	fill_neighbours(&s, pairs[NR_LIST], &answer, WANT_NR, SIM_RAT_NR, put_nr);
}
