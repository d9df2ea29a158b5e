/* extensions.c - Microsoft's Basic Connect Extensions: version exchange, LTE attach, location, reset.
 *
 * Sources: Microsoft, "MBIMEx 2.0 - 5G NSA support", "MBIMEx 3.0 - 5G SA Phase 1", "MB LTE Attach Operations", "MB modem
 * reset operations", "MB base stations information query support"; libmbim
 * data/mbim-service-ms-basic-connect-extensions.json and its -v2 and -v3.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/info.h"
#include "sim/mbim/values.h"

#define MBIM_1_0            0x0100
#define IP_V4V6             3
#define SOURCE_OPERATOR     2
#define N_ROAMING_KINDS     3 /* home, partner, others */

/* in: the host's MBIM version u16 and MBIMEx version u16. From then on both speak the lower of theirs. */
static SimMbimStatus handle_version(SimMbimCall *call)
{
	ByteReader *r = &call->request->info;
	byte_reader_u16(r);
	guint16 mbimex = byte_reader_u16(r);
	if (r->failed || mbimex < SIM_MBIMEX_1)
		return SIM_MBIM_STATUS_INVALID_PARAMETERS;
	call->session->mbimex = MIN(mbimex, SIM_MBIMEX_3);
	return SIM_MBIM_STATUS_NONE;
}

static void write_version(const SimMbimCall *call, ByteWriter *w)
{
	byte_writer_u16(w, MBIM_1_0);
	byte_writer_u16(w, call->session->mbimex);
}

/* { IP type u32, roaming u32, source u32, access point, user, password, compression u32, authentication u32 } of each kind of
 * roaming, as the card's operator provides them: count u32, { pair } */
static void write_attach_configuration(G_GNUC_UNUSED const SimMbimCall *call, ByteWriter *w)
{
	SimMbimStruct s = sim_mbim_struct_begin(w);
	gsize pairs[N_ROAMING_KINDS];
	byte_writer_u32(w, N_ROAMING_KINDS);
	for (guint i = 0; i < N_ROAMING_KINDS; i++)
		pairs[i] = sim_mbim_struct_pair(&s);
	for (guint32 i = 0; i < N_ROAMING_KINDS; i++) {
		SimMbimStruct entry = sim_mbim_struct_begin(w);
		byte_writer_u32(w, IP_V4V6);
		byte_writer_u32(w, i);
		byte_writer_u32(w, SOURCE_OPERATOR);
		sim_mbim_struct_text(&entry, SIM_MBIM_ACCESS_POINT);
		sim_mbim_struct_text(&entry, NULL);
		sim_mbim_struct_text(&entry, NULL);
		byte_writer_u64(w, 0);
		sim_mbim_struct_texts(&entry);
		sim_mbim_struct_fill(&s, pairs[i], entry.base);
	}
}

/* attached u32, from MBIMEx 3.0 NwError u32, IP type u32, access point, user, password, compression u32, authentication u32 */
static void write_attach_info(const SimMbimCall *call, ByteWriter *w)
{
	const SimModemState *state = call->state;
	gboolean attached = state->ps_attached && call->camped && call->camped->rat == SIM_RAT_LTE;
	gboolean refused = state->registration != SIM_REG_REGISTERED && state->reject_is_ps && state->reject_rat == SIM_RAT_LTE;
	SimMbimStruct s = sim_mbim_struct_begin(w);
	byte_writer_u32(w, attached ? 1 : 0);
	if (call->session->mbimex >= SIM_MBIMEX_3)
		byte_writer_u32(w, refused ? state->reject_cause : 0);
	byte_writer_u32(w, attached ? IP_V4V6 : 0);
	sim_mbim_struct_text(&s, attached ? SIM_MBIM_ACCESS_POINT : NULL);
	sim_mbim_struct_text(&s, NULL);
	sim_mbim_struct_text(&s, NULL);
	byte_writer_u64(w, 0);
	sim_mbim_struct_texts(&s);
}

/* LAC u32, TAC u32, cell identity u32: all ones for what the technology has not, and for NR's identity, which does not fit */
static void write_location(const SimMbimCall *call, ByteWriter *w)
{
	const SimCellView *cell = call->camped;
	gboolean tracking = cell && (cell->rat == SIM_RAT_LTE || cell->rat == SIM_RAT_NR);
	byte_writer_u32(w, cell && !tracking ? cell->tac : SIM_MBIM_DONT_CARE);
	byte_writer_u32(w, tracking ? cell->tac : SIM_MBIM_DONT_CARE);
	byte_writer_u32(w, cell && cell->rat != SIM_RAT_NR ? (guint32)cell->cell_id : SIM_MBIM_DONT_CARE);
}

static SimMbimStatus handle_reset(SimMbimCall *call)
{
	sim_mbim_order(call, SIM_ORDER_RESTART);
	return SIM_MBIM_STATUS_NONE;
}

enum { Q = SIM_MBIM_QUERY, S = SIM_MBIM_SET, N = SIM_MBIM_NOTIFY };

static const SimMbimRow rows[] = {
	{3, "LTE Attach Configuration", Q, NULL, write_attach_configuration, NULL},
	{4, "LTE Attach Info", Q | N, NULL, write_attach_info, NULL},
	{6, "Device Caps", Q, NULL, sim_mbim_write_ms_caps, NULL},
	{10, "Device Reset", S, handle_reset, NULL, NULL},
	{11, "Base Stations Info", Q, sim_mbim_handle_cells, sim_mbim_write_cells, NULL},
	{12, "Location Info Status", Q | N, NULL, write_location, NULL},
	{15, "Version", Q, handle_version, write_version, NULL},
	{0},
};

const SimMbimService sim_mbim_extensions = {
	.uuid = {0x3D, 0x01, 0xDC, 0xC5, 0xFE, 0xF5, 0x4D, 0x05, 0x0D, 0x3A, 0xBE, 0xF7, 0x05, 0x8E, 0x9A, 0xAF},
	.rows = rows,
};
