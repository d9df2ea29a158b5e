/* network.c - Register State, Packet Service, Home Provider: what the network grants.
 *
 * NwError is the cause value of 3GPP TS 24.008, 24.301 or 24.501 as it came over the air; it is told of until the modem
 * registers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/info.h"
#include "sim/mbim/values.h"

#define REGISTER_AUTOMATIC      0 /* of a set */
#define MODE_AUTOMATIC          1
#define CELLULAR_GSM            1 /* all of 3GPP */
#define FLAG_ATTACH_AUTOMATIC   2
#define ATTACHED                2
#define DETACHED                4
#define PROVIDER_HOME           (1 << 0)
#define PROVIDER_REGISTERED     (1 << 4)
#define UNKNOWN_99              99
#define FREQUENCY_RANGE_1       1
#define FREQUENCY_RANGE_2       2
#define FR2_FIRST_ARFCN         2016667 /* 24.25 GHz, 3GPP TS 38.104, table 5.4.2.1-1 */

static guint32 nw_error(const SimModemState *state)
{
	return state->registration == SIM_REG_REGISTERED ? 0 : state->reject_cause;
}

guint32 sim_mbim_packet_error(const SimModemState *state)
{
	return state->reject_is_ps ? nw_error(state) : 0;
}

static guint32 register_state(const SimModemState *state)
{
	switch (state->registration) {
	case SIM_REG_NOT_REGISTERED:
		return 1;
	case SIM_REG_REGISTERED:
		return state->roaming ? 4 : 3;
	case SIM_REG_SEARCHING:
		return 2;
	case SIM_REG_DENIED:
		return 6;
	case SIM_REG_UNKNOWN:
		return 0;
	}
	return 0;
}

/* The modem looks for networks by itself; being asked to is fine, being told which one is not. */
SimMbimStatus sim_mbim_handle_register(SimMbimCall *call)
{
	ByteReader *r = &call->request->info;
	if (!call->request->is_set)
		return SIM_MBIM_STATUS_NONE;
	byte_reader_u64(r); /* the pair of the provider's id */
	guint32 action = byte_reader_u32(r);
	if (r->failed)
		return SIM_MBIM_STATUS_INVALID_PARAMETERS;
	return action == REGISTER_AUTOMATIC ? SIM_MBIM_STATUS_NONE : SIM_MBIM_STATUS_NO_DEVICE_SUPPORT;
}

/* NwError u32, state u32, mode u32, available data classes u32, cellular class u32, provider's id, its name, roaming text,
 * flags u32; from MBIMEx 2.0 preferred data classes u32 */
void sim_mbim_write_register(const SimMbimCall *call, ByteWriter *w)
{
	const SimModemState *state = call->state;
	gboolean roams = state->registration == SIM_REG_REGISTERED && state->roaming;
	char plmn[SIM_MBIM_PLMN_SIZE];
	sim_mbim_plmn(call->camped, plmn);
	SimMbimStruct s = sim_mbim_struct_begin(w);
	byte_writer_u32(w, nw_error(state));
	byte_writer_u32(w, register_state(state));
	byte_writer_u32(w, MODE_AUTOMATIC);
	byte_writer_u32(w, sim_mbim_classes_available(call));
	byte_writer_u32(w, CELLULAR_GSM);
	sim_mbim_struct_text(&s, plmn);
	sim_mbim_struct_text(&s, plmn); /* the simulated networks have no other name */
	sim_mbim_struct_text(&s, roams ? "roaming" : NULL);
	byte_writer_u32(w, FLAG_ATTACH_AUTOMATIC);
	if (call->session->mbimex >= SIM_MBIMEX_2)
		byte_writer_u32(w, sim_mbim_classes_supported(call));
	sim_mbim_struct_texts(&s);
}

/* Bits a second, as DMS has them of the modem (sim/qmi/dms.c), and HSPA and EDGE of a plain one: uplink, downlink. */
static void put_speeds(const SimMbimCall *call, ByteWriter *w)
{
	static const guint64 speeds[][2] = {
		[SIM_RAT_NONE] = {0, 0},
		[SIM_RAT_GSM] = {236800, 236800},
		[SIM_RAT_UMTS] = {5760000, 21100000},
		[SIM_RAT_LTE] = {50000000, 150000000},
		[SIM_RAT_NR] = {900000000, 2500000000},
	};
	SimRat rat = !call->state->ps_attached || !call->camped ? SIM_RAT_NONE : call->state->endc ? SIM_RAT_NR : call->camped->rat;
	byte_writer_u64(w, speeds[rat][0]);
	byte_writer_u64(w, speeds[rat][1]);
}

/* The NR cell in use, or NULL. */
static const SimCellView *nr_cell(const SimMbimCall *call)
{
	if (!call->state->ps_attached)
		return NULL;
	if (call->state->endc)
		return &call->state->nr_cell;
	return call->camped && call->camped->rat == SIM_RAT_NR ? call->camped : NULL;
}

/* NwError u32, state u32, data class u32 (1.0: the highest there is, then: that in use), uplink u64, downlink u64;
 * from MBIMEx 2.0 frequency range u32; from 3.0 data subclass u32, TAI */
void sim_mbim_write_packet_service(const SimMbimCall *call, ByteWriter *w)
{
	guint16 mbimex = call->session->mbimex;
	const SimCellView *nr = nr_cell(call);
	byte_writer_u32(w, call->state->ps_attached ? 0 : sim_mbim_packet_error(call->state));
	byte_writer_u32(w, call->state->ps_attached ? ATTACHED : DETACHED);
	byte_writer_u32(w, sim_mbim_classes_current(call));
	put_speeds(call, w);
	if (mbimex >= SIM_MBIMEX_2)
		byte_writer_u32(w, !nr ? 0 : nr->arfcn >= FR2_FIRST_ARFCN ? FREQUENCY_RANGE_2 : FREQUENCY_RANGE_1);
	if (mbimex < SIM_MBIMEX_3)
		return;
	byte_writer_u32(w, !nr ? 0 : call->state->endc ? SIM_MBIM_SUBCLASS_ENDC : SIM_MBIM_SUBCLASS_NR);
	sim_mbim_put_tai(w, call->state->ps_attached ? call->camped : NULL);
}

/* provider's id, state u32, its name, cellular class u32, RSSI u32, error rate u32 */
void sim_mbim_write_home_provider(const SimMbimCall *call, ByteWriter *w)
{
	g_autofree char *plmn = g_strconcat(call->info->home_mcc, call->info->home_mnc, NULL);
	gboolean at_home = call->state->registration == SIM_REG_REGISTERED && !call->state->roaming;
	SimMbimStruct s = sim_mbim_struct_begin(w);
	sim_mbim_struct_text(&s, plmn);
	byte_writer_u32(w, PROVIDER_HOME | (at_home ? PROVIDER_REGISTERED : 0));
	sim_mbim_struct_text(&s, plmn);
	byte_writer_u32(w, CELLULAR_GSM);
	byte_writer_u32(w, UNKNOWN_99);
	byte_writer_u32(w, UNKNOWN_99);
	sim_mbim_struct_texts(&s);
}
