/* The cells of Base Stations Info, v1 and v3 (info.h says why without libmbim):
 *
 *   SystemType u32, v3: SystemSubType u32, then an offset and a size for each of Part
 *   serving cell of GSM, UMTS, LTE: one structure; all others: count u32, structures without a gap
 *   structures: the fields below, then the texts that they point to, each padded to four bytes
 *
 * Their numbers are those of Microsoft's WWAN_*_CELL_INFO structures in wwan.h ("Use 0xFFFFFFFF when not available"):
 *   LTE  RSRP -140..-44 dBm and RSRQ -20..-3 dB as signed integers; timing advance 0..255 of a unit that no document names,
 *        so that it is left out
 *   NR   RSRP 0..127 for -156..-31 dBm; RSRQ 0..127 for -43..20 dB; SINR 0..127 for -23..40 dB: steps of 1, 0.5 and 0.5 dB, as
 *        in TS 38.133 10.1.6, 10.1.11 and 10.1.16; timing advance in microseconds
 *   UMTS RSCP in dBm, 0 unknown; Ec/No in dB, 1 unknown
 *   GSM  RXLEV 0..63
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/mbim/decode.h"
#include "source/mbim/info.h"

#include "source/modem/cells.h"
#include "source/modem/values.h"

/* At most 3,846 steps of 16 * 64 Tc at a subcarrier spacing of 15 kHz, TS 38.213 4.2: 2,003 us. */
#define NR_ADVANCE_MAX_US 2003

typedef enum {
	PART_GSM,
	PART_UMTS,
	PART_TDSCDMA,
	PART_LTE,
	PART_GSM_NEIGHBOURS,
	PART_UMTS_NEIGHBOURS,
	PART_TDSCDMA_NEIGHBOURS,
	PART_LTE_NEIGHBOURS,
	PART_CDMA,
	PART_NR, /* from here on: v3 */
	PART_NR_NEIGHBOURS,
	N_PARTS,
} Part;
#define N_PARTS_V1 PART_NR

typedef struct {
	MbimFacts *facts;
	Observation *o;
	ByteReader *r;   /* at the cell that is next */
	gboolean serving;
} Reading;

/* --- structures --- */

/* A PLMN's digits in UTF-16. */
static void read_plmn(const guint8 *text, gsize size, char ret_plmn[MBIM_PLMN_SIZE])
{
	char digits[MBIM_PLMN_SIZE] = "";
	for (gsize i = 0; i < size / 2 && i < sizeof digits - 1; i++)
		digits[i] = text[2 * i + 1] == 0 ? (char)text[2 * i] : '?';
	mbim_decode_plmn(size / 2 < sizeof digits ? digits : "", ret_plmn);
}

/* An offset from the start of the structure, and a size. *text_size grows by what the text takes up after the structure. */
static void take_plmn(ByteReader *r, gsize start, gsize *text_size, char ret_plmn[MBIM_PLMN_SIZE])
{
	const guint32 offset = byte_reader_u32(r), size = byte_reader_u32(r);
	const gsize room = r->length - start;
	ret_plmn[0] = '\0';
	if (size == 0)
		return;
	if (r->failed || offset > room || size > room - offset) {
		r->failed = TRUE;
		return;
	}
	read_plmn(r->data + start + offset, size, ret_plmn);
	*text_size += (size + 3u) & ~(gsize)3;
}

/* The last text of the last structure may lack its padding. */
static void skip_texts(ByteReader *r, gsize text_size)
{
	byte_reader_take(r, MIN(text_size, byte_reader_left(r)));
}

/* A serving cell is left out where firmware filled the structure with "unknown". TRUE: it is the serving cell of its RAT; the first of
 * several NR cells is the primary one. */
static gboolean add_cell(const Reading *reading, Cell *cell, const char *plmn, guint32 area)
{
	MbimServing *serving = &reading->facts->serving[cell->rat];
	if (reading->serving)
		CELL_SET(cell, serving, TRUE);
	if (!modem_cell_add(reading->o, cell) || !reading->serving || serving->found)
		return FALSE;
	serving->found = TRUE;
	serving->has_area = cell->rat == RAT_NR ? modem_is_nr_area(area) : modem_is_area(area);
	serving->area = area;
	g_strlcpy(serving->plmn, plmn, sizeof serving->plmn);
	return TRUE;
}

/* Provider, LAC, cell, serving alone: timing advance; ARFCN, BSIC, RXLEV. */
static void read_gsm(const Reading *reading)
{
	ByteReader *r = reading->r;
	char plmn[MBIM_PLMN_SIZE];
	gsize texts = 0;
	take_plmn(r, r->offset, &texts, plmn);
	const guint32 lac = byte_reader_u32(r), cell_id = byte_reader_u32(r);
	byte_reader_take(r, reading->serving ? 4 : 0);
	const guint32 arfcn = byte_reader_u32(r), bsic = byte_reader_u32(r), rxlev = byte_reader_u32(r);
	skip_texts(r, texts);
	if (r->failed)
		return;
	Cell cell = modem_cell_make(RAT_GSM, arfcn, bsic);
	modem_cell_set_rxlev(&cell, rxlev);
	if (cell_id <= G_MAXUINT16) /* TS 23.003 4.3.1 */
		CELL_SET(&cell, cell_id, cell_id);
	add_cell(reading, &cell, plmn, lac);
}

/* Provider, LAC, cell, serving alone: frequencies uplink, downlink, TDD; UARFCN, scrambling code, RSCP, Ec/No, path loss. */
static void read_umts(const Reading *reading)
{
	ByteReader *r = reading->r;
	char plmn[MBIM_PLMN_SIZE];
	gsize texts = 0;
	take_plmn(r, r->offset, &texts, plmn);
	const guint32 lac = byte_reader_u32(r), cell_id = byte_reader_u32(r);
	byte_reader_take(r, reading->serving ? 12 : 0);
	const guint32 uarfcn = byte_reader_u32(r), psc = byte_reader_u32(r);
	const gint32 rscp_dbm = (gint32)byte_reader_u32(r), ecno_db = (gint32)byte_reader_u32(r);
	byte_reader_u32(r);
	skip_texts(r, texts);
	if (r->failed)
		return;
	Cell cell = modem_cell_make(RAT_UMTS, uarfcn, psc);
	modem_cell_set_rscp(&cell, rscp_dbm, ecno_db);
	if (modem_is_cell_id(cell_id))
		CELL_SET(&cell, cell_id, cell_id);
	add_cell(reading, &cell, plmn, lac);
}

/* Provider, cell, EARFCN, PCI, TAC, RSRP, RSRQ, serving alone: timing advance. */
static void read_lte(const Reading *reading)
{
	ByteReader *r = reading->r;
	char plmn[MBIM_PLMN_SIZE];
	gsize texts = 0;
	take_plmn(r, r->offset, &texts, plmn);
	const guint32 cell_id = byte_reader_u32(r), earfcn = byte_reader_u32(r), pci = byte_reader_u32(r), tac = byte_reader_u32(r);
	const gint32 rsrp_dbm = (gint32)byte_reader_u32(r), rsrq_db = (gint32)byte_reader_u32(r);
	byte_reader_take(r, reading->serving ? 4 : 0);
	skip_texts(r, texts);
	if (r->failed)
		return;
	Cell cell = modem_cell_make(RAT_LTE, earfcn, pci);
	if (modem_is_rsrp(rsrp_dbm))
		CELL_SET(&cell, rsrp_cdbm, (gint16)(rsrp_dbm * 100));
	if (modem_is_rsrp(rsrp_dbm) && rsrq_db != -1 && modem_is_rsrq(rsrq_db)) /* -1 is 0xFFFFFFFF */
		CELL_SET(&cell, rsrq_cdb, (gint16)(rsrq_db * 100));
	if (modem_is_cell_id(cell_id))
		CELL_SET(&cell, cell_id, cell_id);
	if (!add_cell(reading, &cell, plmn, tac))
		return;
	/* Signal State of MBIMEx 2 tells the same, but older modems have nothing else. */
	if (CELL_HAS(&cell, rsrp_cdbm) && !RADIO_HAS(reading->o, lte_rsrp_dbm))
		RADIO_SET(reading->o, lte_rsrp_dbm, (gint16)rsrp_dbm);
	if (CELL_HAS(&cell, rsrq_cdb))
		RADIO_SET(reading->o, lte_rsrq_db, (gint16)rsrq_db);
}

/* --- NR --- */

static void set_nr_values(Cell *cell, guint32 rsrp, guint32 rsrq)
{
	if (rsrp > 126)
		return;
	CELL_SET(cell, rsrp_cdbm, (gint16)(((gint)rsrp - 156) * 100));
	if (rsrq <= 127)
		CELL_SET(cell, rsrq_cdb, (gint16)((gint)rsrq * 50 - 4300));
}

static gint16 whole_db(gint16 cdb)
{
	return (gint16)((cdb + (cdb < 0 ? -50 : 50)) / 100);
}

/* Provider, NCI u64, PCI, NR-ARFCN, TAC, RSRP, RSRQ, SINR, timing advance u64. */
static void read_nr(const Reading *reading)
{
	ByteReader *r = reading->r;
	Observation *o = reading->o;
	char plmn[MBIM_PLMN_SIZE];
	gsize texts = 0;
	take_plmn(r, r->offset, &texts, plmn);
	const guint64 nci = byte_reader_u64(r);
	const guint32 pci = byte_reader_u32(r), arfcn = byte_reader_u32(r), tac = byte_reader_u32(r);
	const guint32 rsrp = byte_reader_u32(r), rsrq = byte_reader_u32(r), sinr = byte_reader_u32(r);
	const guint64 advance_us = byte_reader_u64(r);
	skip_texts(r, texts);
	if (r->failed)
		return;
	Cell cell = modem_cell_make(RAT_NR, arfcn, pci);
	set_nr_values(&cell, rsrp, rsrq);
	/* Unknown is all ones in 32 bits to wwan.h, in 64 to libmbim. */
	if (modem_is_nr_cell_id(nci) && nci != G_MAXUINT32)
		CELL_SET(&cell, cell_id, nci);
	if (!add_cell(reading, &cell, plmn, tac))
		return;
	if (CELL_HAS(&cell, rsrp_cdbm) && !RADIO_HAS(o, nr_rsrp_dbm))
		RADIO_SET(o, nr_rsrp_dbm, (gint16)(cell.rsrp_cdbm / 100));
	if (CELL_HAS(&cell, rsrq_cdb))
		RADIO_SET(o, nr_rsrq_db, whole_db(cell.rsrq_cdb));
	if (CELL_HAS(&cell, rsrp_cdbm) && sinr <= 127 && !RADIO_HAS(o, nr_snr_cdb))
		RADIO_SET(o, nr_snr_cdb, (gint16)((gint)sinr * 50 - 2300));
	reading->facts->has_nr_advance = advance_us <= NR_ADVANCE_MAX_US;
	reading->facts->nr_advance_us = (guint32)MIN(advance_us, NR_ADVANCE_MAX_US);
}

/* Subtype, provider, cell as a text, PCI, TAC, RSRP, RSRQ, SINR: no channel, and the text's form is nowhere told. */
static void read_nr_neighbour(const Reading *reading)
{
	ByteReader *r = reading->r;
	char plmn[MBIM_PLMN_SIZE];
	const gsize start = r->offset;
	gsize texts = 0;
	byte_reader_u32(r);
	take_plmn(r, start, &texts, plmn);
	take_plmn(r, start, &texts, plmn);
	const guint32 pci = byte_reader_u32(r);
	byte_reader_u32(r);
	const guint32 rsrp = byte_reader_u32(r), rsrq = byte_reader_u32(r);
	byte_reader_u32(r);
	skip_texts(r, texts);
	if (r->failed)
		return;
	Cell cell = modem_cell_make(RAT_NR, G_MAXUINT32, pci);
	set_nr_values(&cell, rsrp, rsrq);
	add_cell(reading, &cell, "", 0);
}

/* --- all of them --- */

/* In the order in which observations have them: serving cells first. TD-SCDMA and CDMA are left out. */
static const struct {
	Part part;
	gboolean list, serving;
	void (*read)(const Reading *reading);
} readers[] = {
	{PART_LTE, FALSE, TRUE, read_lte},
	{PART_NR, TRUE, TRUE, read_nr},
	{PART_UMTS, FALSE, TRUE, read_umts},
	{PART_GSM, FALSE, TRUE, read_gsm},
	{PART_LTE_NEIGHBOURS, TRUE, FALSE, read_lte},
	{PART_NR_NEIGHBOURS, TRUE, FALSE, read_nr_neighbour},
	{PART_UMTS_NEIGHBOURS, TRUE, FALSE, read_umts},
	{PART_GSM_NEIGHBOURS, TRUE, FALSE, read_gsm},
};

gboolean mbim_decode_base_stations(const MbimMessage *answer, MbimFacts *facts, Observation *o)
{
	const ByteReader info = mbim_info_of(answer);
	const guint n_parts = facts->version >= 3 ? N_PARTS : N_PARTS_V1;
	ByteReader head = info, parts[N_PARTS] = {{0}};
	byte_reader_take(&head, facts->version >= 3 ? 8 : 4); /* the types: the cells tell themselves */
	for (guint i = 0; i < n_parts; i++)
		if (!mbim_info_take_part(&head, &info, &parts[i]))
			return FALSE;
	facts->stations_told = TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(readers); i++) {
		ByteReader *r = &parts[readers[i].part];
		const Reading reading = {facts, o, r, readers[i].serving};
		guint32 n = byte_reader_left(r) == 0 ? 0 : readers[i].list ? byte_reader_u32(r) : 1;
		/* What is broken inside ends its list. */
		while (n-- > 0 && byte_reader_left(r) > 0)
			readers[i].read(&reading);
	}
	return TRUE;
}
