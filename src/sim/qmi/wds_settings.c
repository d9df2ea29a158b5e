/* wds_settings.c - WDS: the addresses of a client's call, and the APNs that the modem is not to ask for.
 *
 * The network gives one resolver in each family, so there is no secondary one.
 *
 * Sources: libqmi data/qmi-service-wds.json, qmi-enums-wds.h (QmiWdsRequestedSettings).
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/wds.h"

/* Bits of Get Current Settings' mask. */
enum {
	MASK_DNS = 1 << 4,
	MASK_ADDRESS = 1 << 8,
	MASK_GATEWAY = 1 << 9,
	MASK_MTU = 1 << 13,
	MASK_FAMILY = 1 << 15,
};

/* Get Current Settings 0x002D: in 10 mask u32. Nobody has given the modem's own session an address. */
SimQmiError sim_qmi_wds_handle_settings(SimQmiCall *call)
{
	if (!sim_qmi_wds_is_connected(call))
		return SIM_QMI_OUT_OF_CALL;
	return call->client->wds.own ? SIM_QMI_OK : SIM_QMI_INFORMATION_UNAVAILABLE;
}

static gboolean is_asked(const SimQmiCall *call, guint32 mask)
{
	ByteReader r;
	return sim_qmi_frame_tlv(call->request, 0x10, &r) && (byte_reader_u32(&r) & mask) != 0;
}

static gboolean put_ipv4(const SimQmiCall *call, guint32 mask, guint32 address, ByteWriter *w)
{
	byte_writer_u32(w, address);
	return sim_qmi_wds_call(call)->ipv4 && is_asked(call, mask);
}

static gboolean put_ipv6(const SimQmiCall *call, guint32 mask, const guint8 *address, gboolean with_prefix, ByteWriter *w)
{
	byte_writer_put(w, address, 16);
	if (with_prefix)
		byte_writer_u8(w, (guint8)call->state->call.addresses.ipv6_prefix);
	return sim_qmi_wds_call(call)->ipv6 && is_asked(call, mask);
}

static gboolean write_ipv4(const SimQmiCall *call, ByteWriter *w)
{
	return put_ipv4(call, MASK_ADDRESS, call->state->call.addresses.ipv4, w);
}

static gboolean write_ipv4_gateway(const SimQmiCall *call, ByteWriter *w)
{
	return put_ipv4(call, MASK_GATEWAY, call->state->call.addresses.ipv4_gateway, w);
}

static gboolean write_ipv4_mask(const SimQmiCall *call, ByteWriter *w)
{
	return put_ipv4(call, MASK_GATEWAY, call->state->call.addresses.ipv4_mask, w);
}

static gboolean write_ipv4_resolver(const SimQmiCall *call, ByteWriter *w)
{
	return put_ipv4(call, MASK_DNS, call->state->call.addresses.ipv4_resolver, w);
}

static gboolean write_ipv6(const SimQmiCall *call, ByteWriter *w)
{
	return put_ipv6(call, MASK_ADDRESS, call->state->call.addresses.ipv6, TRUE, w);
}

static gboolean write_ipv6_gateway(const SimQmiCall *call, ByteWriter *w)
{
	return put_ipv6(call, MASK_GATEWAY, call->state->call.addresses.ipv6_gateway, TRUE, w);
}

static gboolean write_ipv6_resolver(const SimQmiCall *call, ByteWriter *w)
{
	return put_ipv6(call, MASK_DNS, call->state->call.addresses.ipv6_resolver, FALSE, w);
}

static gboolean write_mtu(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, call->state->call.addresses.mtu);
	return is_asked(call, MASK_MTU);
}

static gboolean write_family(const SimQmiCall *call, ByteWriter *w)
{
	return sim_qmi_wds_write_family(call, w) && is_asked(call, MASK_FAMILY);
}

const SimQmiTlv sim_qmi_wds_settings_tlvs[] = {
	{0x15, write_ipv4_resolver}, {0x1E, write_ipv4},	 {0x20, write_ipv4_gateway},  {0x21, write_ipv4_mask},
	{0x25, write_ipv6},	     {0x26, write_ipv6_gateway}, {0x27, write_ipv6_resolver}, {0x29, write_mtu},
	{0x2B, write_family},	     {0},
};

/* Get PDN Throttle Info 0x006C: in 01 network type u8 (0: of 3GPP) */
SimQmiError sim_qmi_wds_handle_throttle(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, 0x01, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	return byte_reader_u8(&r) == 0 && !r.failed ? SIM_QMI_OK : SIM_QMI_INVALID_ARGUMENT;
}

/* 10 count u8, { IPv4 throttled u8, IPv6 throttled u8, IPv4 time left ms u32, IPv6 time left ms u32, APN with its length u8 } */
static gboolean write_throttled(const SimQmiCall *call, ByteWriter *w)
{
	const SimDataCalls *calls = &call->state->call;
	byte_writer_u8(w, (guint8)calls->n_throttled);
	for (guint i = 0; i < calls->n_throttled; i++) {
		byte_writer_u8(w, 1);
		byte_writer_u8(w, 1);
		byte_writer_u32(w, calls->throttled[i].left_ms);
		byte_writer_u32(w, calls->throttled[i].left_ms);
		byte_writer_u8(w, (guint8)strlen(calls->throttled[i].apn));
		sim_qmi_write_text(w, calls->throttled[i].apn);
	}
	return TRUE;
}

const SimQmiTlv sim_qmi_wds_throttle_tlvs[] = {{0x10, write_throttled}, {0}};
