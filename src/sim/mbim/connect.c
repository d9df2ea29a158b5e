/* connect.c - Connect, IP Configuration, Packet Statistics: the session 0, which is the only one.
 *
 * Until the host asks for a session, these tell of the one that the modem keeps by itself, which nobody has given an address.
 * From then on until the modem is opened anew they tell of the host's, and of its end.
 *
 * Sources: MBIM 1.0 errata 1, 10.5.12, 10.5.20, 10.5.25; libmbim data/mbim-service-basic-connect.json, -ms-basic-connect-v3.json.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/info.h"
#include "sim/mbim/values.h"

#define DEACTIVATE 0 /* commands of a set */
#define ACTIVATE   1
#define ACTIVATED   1 /* states */
#define ACTIVATING  2
#define DEACTIVATED 3
#define IP_DEFAULT 0
#define IP_V4      1
#define IP_V6      2
#define IP_V4V6    3
#define IP_V4_V6   4 /* as two bearers: the network here has one for both */
#define MEDIA_3GPP 1
#define HAS_ALL    0xF /* address, gateway, resolvers and MTU */
#define NONE_AT    0   /* an offset */

static const SimDataCall *host_call(const SimMbimCall *call)
{
	return sim_state_call(call->state, call->session->connect.id);
}

static gboolean is_up(const SimMbimCall *call)
{
	const SimDataCall *data = host_call(call);
	return call->session->connect.own ? data && data->phase == SIM_CALL_UP : call->state->session_up;
}

/* Only a cause of the network is one. */
static guint32 nw_error(const SimEndReason *end)
{
	return end->type == SIM_END_3GPP ? end->reason : 0;
}

/* --- the set --- */

typedef struct {
	guint32 command, ip_type;
	char *access_point; /* NULL: none that can be read */
} Wish;

/* command u32, access string, user, password, compression u32, authentication u32, IP type u32, context type 16 octets;
 * from MBIMEx 3.0 command u32, compression u32, authentication u32, IP type u32, context type, media u32, access string and others
 * as TLVs */
static gboolean read_wish(const SimMbimCall *call, Wish *ret_wish)
{
	ByteReader *r = &call->request->info;
	*ret_wish = (Wish){.command = byte_reader_u32(r)};
	if (call->session->mbimex >= SIM_MBIMEX_3) {
		byte_reader_u64(r);
		ret_wish->ip_type = byte_reader_u32(r);
		byte_reader_take(r, SIM_MBIM_UUID_SIZE + 4);
		ret_wish->access_point = sim_mbim_read_tlv_text(r);
	} else {
		guint32 offset = byte_reader_u32(r), size = byte_reader_u32(r);
		byte_reader_take(r, 2 * 8 + 2 * 4);
		ret_wish->ip_type = byte_reader_u32(r);
		ret_wish->access_point = sim_mbim_read_text(r, offset, size);
	}
	return !r->failed && ret_wish->access_point && strlen(ret_wish->access_point) < SIM_APN_SIZE &&
	       ret_wish->ip_type <= IP_V4_V6;
}

static SimMbimStatus activate(SimMbimCall *call, const Wish *wish)
{
	SimMbimConnect *connect = &call->session->connect;
	SimCallRequest request = {
		.apn = wish->access_point, .ipv4 = wish->ip_type != IP_V6, .ipv6 = wish->ip_type != IP_V4};
	SimMbimStatus card = sim_mbim_need_card(call);
	if (card != SIM_MBIM_STATUS_NONE)
		return card;
	if (call->state->operating_mode != SIM_OPMODE_ONLINE)
		return SIM_MBIM_STATUS_RADIO_POWER_OFF;
	if (!call->state->ps_attached)
		return SIM_MBIM_STATUS_NOT_REGISTERED;
	if (connect->id != 0)
		return connect->waits ? SIM_MBIM_STATUS_BUSY : SIM_MBIM_STATUS_MAX_ACTIVATED_CONTEXTS;
	connect->id = sim_engine_start_call(call->engine, &request);
	if (connect->id == 0)
		return SIM_MBIM_STATUS_NO_DEVICE_SUPPORT;
	connect->own = connect->waits = TRUE;
	connect->given_up = FALSE;
	connect->transaction = call->transaction;
	connect->nw_error = 0;
	g_strlcpy(connect->access_point, wish->access_point, sizeof connect->access_point);
	return SIM_MBIM_STATUS_LATER;
}

/* One that is being started fails by that, and its own set is answered too. */
static SimMbimStatus deactivate(SimMbimCall *call)
{
	SimMbimConnect *connect = &call->session->connect;
	if (connect->id == 0)
		return SIM_MBIM_STATUS_CONTEXT_NOT_ACTIVATED;
	connect->nw_error = 0;
	if (connect->waits) {
		sim_engine_end_call(call->engine, connect->id);
		connect->given_up = TRUE;
		return SIM_MBIM_STATUS_NONE;
	}
	sim_engine_drop_call(call->engine, connect->id);
	connect->id = 0;
	return SIM_MBIM_STATUS_NONE;
}

/* session u32, and of a set the wish */
SimMbimStatus sim_mbim_handle_connect(SimMbimCall *call)
{
	guint32 session_id = byte_reader_u32(&call->request->info);
	if (call->request->info.failed || session_id != 0)
		return SIM_MBIM_STATUS_INVALID_PARAMETERS;
	if (!call->request->is_set)
		return SIM_MBIM_STATUS_NONE;
	Wish wish;
	SimMbimStatus status = SIM_MBIM_STATUS_INVALID_PARAMETERS;
	if (read_wish(call, &wish) && wish.command <= ACTIVATE)
		status = wish.command == DEACTIVATE ? deactivate(call) : activate(call, &wish);
	g_free(wish.access_point);
	return status;
}

SimMbimStatus sim_mbim_connect_late(const SimMbimCall *call)
{
	SimMbimConnect *connect = &call->session->connect;
	const SimDataCall *data = host_call(call);
	if (!connect->waits || !data || data->phase == SIM_CALL_STARTING)
		return SIM_MBIM_STATUS_LATER;
	connect->waits = FALSE;
	return data->phase == SIM_CALL_UP ? SIM_MBIM_STATUS_NONE : SIM_MBIM_STATUS_FAILURE;
}

void sim_mbim_connect_settle(const SimMbimCall *call)
{
	SimMbimConnect *connect = &call->session->connect;
	const SimDataCall *data = host_call(call);
	if (!data || data->phase != SIM_CALL_ENDED)
		return;
	connect->nw_error = nw_error(&data->end);
	sim_engine_drop_call(call->engine, connect->id);
	connect->id = 0;
}

void sim_mbim_connect_close(const SimEngine *engine, SimMbimSession *session)
{
	sim_engine_drop_call(engine, session->connect.id);
	session->connect = (SimMbimConnect){0};
}

/* --- what there is --- */

/* A call that stands in no state yet is a new one. */
static guint32 host_activation(const SimMbimCall *call)
{
	const SimDataCall *data = host_call(call);
	if (call->session->connect.id == 0 || call->session->connect.given_up || (data && data->phase == SIM_CALL_ENDED))
		return DEACTIVATED;
	return data && data->phase == SIM_CALL_UP ? ACTIVATED : ACTIVATING;
}

static guint32 activation(const SimMbimCall *call)
{
	if (call->session->connect.own)
		return host_activation(call);
	return call->state->session_up ? ACTIVATED : DEACTIVATED;
}

/* The modem's own session has IPv4. */
static guint32 ip_type(const SimMbimCall *call)
{
	const SimDataCall *data = host_call(call);
	if (!is_up(call))
		return IP_DEFAULT;
	if (!call->session->connect.own)
		return IP_V4;
	return data->ipv4 && data->ipv6 ? IP_V4V6 : data->ipv4 ? IP_V4 : IP_V6;
}

static guint32 connect_error(const SimMbimCall *call)
{
	const SimDataCall *data = host_call(call);
	if (!call->session->connect.own)
		return is_up(call) ? 0 : sim_mbim_packet_error(call->state);
	return data && data->phase == SIM_CALL_ENDED ? nw_error(&data->end) : call->session->connect.nw_error;
}

/* session u32, activation u32, voice call u32, IP type u32, context type 16 octets, NwError u32; from MBIMEx 3.0 media u32, access
 * string as a TLV, more TLVs */
void sim_mbim_write_connect(const SimMbimCall *call, ByteWriter *w)
{
	static const guint8 context_none[SIM_MBIM_UUID_SIZE] = {0xB4, 0x3F, 0x75, 0x8C, 0xA5, 0x60, 0x4B, 0x46,
								0xB3, 0x5E, 0xC5, 0x86, 0x96, 0x41, 0xFB, 0x54};
	static const guint8 context_internet[SIM_MBIM_UUID_SIZE] = {0x7E, 0x5E, 0x2A, 0x7E, 0x4E, 0x6F, 0x72, 0x72,
								    0x73, 0x6B, 0x65, 0x6E, 0x7E, 0x5E, 0x2A, 0x7E};
	guint32 state = activation(call);
	byte_writer_u32(w, 0);
	byte_writer_u32(w, state);
	byte_writer_u32(w, 0);
	byte_writer_u32(w, ip_type(call));
	byte_writer_put(w, state != DEACTIVATED ? context_internet : context_none, SIM_MBIM_UUID_SIZE);
	byte_writer_u32(w, connect_error(call));
	if (call->session->mbimex < SIM_MBIMEX_3)
		return;
	byte_writer_u32(w, MEDIA_3GPP);
	sim_mbim_put_tlv_text(w, state == DEACTIVATED		? ""
				 : call->session->connect.own ? call->session->connect.access_point
							      : SIM_MBIM_ACCESS_POINT);
}

SimMbimStatus sim_mbim_handle_addresses(SimMbimCall *call)
{
	if (!is_up(call))
		return SIM_MBIM_STATUS_CONTEXT_NOT_ACTIVATED;
	return call->session->connect.own ? SIM_MBIM_STATUS_NONE : SIM_MBIM_STATUS_NO_DEVICE_SUPPORT;
}

static void put_ipv4(ByteWriter *w, guint32 address)
{
	guint32 network = GUINT32_TO_BE(address);
	byte_writer_put(w, &network, sizeof network);
}

/* A count and the offset of as many; nothing of a family that there is not. */
static void put_list(ByteWriter *w, gboolean there, guint32 offset)
{
	byte_writer_u32(w, there ? 1 : 0);
	byte_writer_u32(w, there ? offset : NONE_AT);
}

/* session u32, IPv4 available u32, IPv6 available u32, IPv4 addresses (count u32, offset u32), IPv6 addresses, IPv4 gateway (offset
 * u32), IPv6 gateway, IPv4 resolvers (count u32, offset u32), IPv6 resolvers, IPv4 MTU u32, IPv6 MTU u32; then what the offsets
 * lead to: addresses with their prefix's length u32 before them. Both families stand there, the offsets only of those that are up. */
void sim_mbim_write_addresses(const SimMbimCall *call, ByteWriter *w)
{
	enum { DATA = 15 * 4, V4 = DATA, V4_GATEWAY = V4 + 8, V4_DNS = V4_GATEWAY + 4, V6 = V4_DNS + 4, V6_GATEWAY = V6 + 20,
	       V6_DNS = V6_GATEWAY + 16 };
	const SimAddresses *addresses = &call->state->call.addresses;
	const SimDataCall *data = host_call(call);
	byte_writer_u32(w, 0);
	byte_writer_u32(w, data->ipv4 ? HAS_ALL : 0);
	byte_writer_u32(w, data->ipv6 ? HAS_ALL : 0);
	put_list(w, data->ipv4, V4);
	put_list(w, data->ipv6, V6);
	byte_writer_u32(w, data->ipv4 ? V4_GATEWAY : NONE_AT);
	byte_writer_u32(w, data->ipv6 ? V6_GATEWAY : NONE_AT);
	put_list(w, data->ipv4, V4_DNS);
	put_list(w, data->ipv6, V6_DNS);
	byte_writer_u32(w, data->ipv4 ? addresses->mtu : 0);
	byte_writer_u32(w, data->ipv6 ? addresses->mtu : 0);
	byte_writer_u32(w, addresses->ipv4_prefix);
	put_ipv4(w, addresses->ipv4);
	put_ipv4(w, addresses->ipv4_gateway);
	put_ipv4(w, addresses->ipv4_resolver);
	byte_writer_u32(w, addresses->ipv6_prefix);
	byte_writer_put(w, addresses->ipv6, sizeof addresses->ipv6);
	byte_writer_put(w, addresses->ipv6_gateway, sizeof addresses->ipv6_gateway);
	byte_writer_put(w, addresses->ipv6_resolver, sizeof addresses->ipv6_resolver);
}

#define COUNTER(call, name) ((call)->session->connect.own ? (call)->state->call.name : (call)->state->name)

/* in: discards u32, errors u32, octets u64, packets u64; out: octets u64, packets u64, errors u32, discards u32;
 * without a session those of the last one */
void sim_mbim_write_statistics(const SimMbimCall *call, ByteWriter *w)
{
	byte_writer_u64(w, 0);
	byte_writer_u64(w, COUNTER(call, rx_bytes));
	byte_writer_u64(w, COUNTER(call, rx_packets));
	byte_writer_u64(w, COUNTER(call, tx_bytes));
	byte_writer_u64(w, COUNTER(call, tx_packets));
	byte_writer_u64(w, 0);
}
