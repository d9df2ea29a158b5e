/* subscribe.c - Device Services: what this modem can do; Device Service Subscribe List: what the host wants to be told of.
 *
 * Device Services: count u32, MaxDssSessions u32, { pair } of
 *	{ service 16 octets, DssPayload u32, MaxDssInstances u32, count u32, { CID u32 } }
 * Subscribe List, in and out: count u32, { pair } of { service 16 octets, count u32 (0: all), { CID u32 } }
 *
 * After an OPEN the services of MBIM itself notify and the others do not; a list replaces what was wanted before
 * (10.5.29). Services and commands in it that this modem does not have are left out, and so not in the answer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/info.h"
#include "sim/mbim/service.h"

/* Bits of the commands of a service that notify. */
static guint64 notifying(const SimMbimService *service)
{
	guint64 cids = 0;
	for (const SimMbimRow *row = service->rows; row->name; row++)
		if (row->verbs & SIM_MBIM_NOTIFY)
			cids |= G_GUINT64_CONSTANT(1) << row->cid;
	return cids;
}

void sim_mbim_subscribe_default(SimMbimSession *session)
{
	for (guint i = 0; session->services[i]; i++)
		session->subscribed[i] = session->services[i]->standard ? notifying(session->services[i]) : 0;
}

static gboolean read_cids(ByteReader *r, guint64 *ret_cids)
{
	guint32 n = byte_reader_u32(r);
	guint64 cids = n == 0 ? G_MAXUINT64 : 0;
	for (guint32 i = 0; i < n && !r->failed; i++) {
		guint32 cid = byte_reader_u32(r);
		cids |= cid < 64 ? G_GUINT64_CONSTANT(1) << cid : 0;
	}
	*ret_cids = cids;
	return !r->failed;
}

/* One entry: from the `offset` on that its pair gives. */
static gboolean read_entry(const SimMbimCall *call, guint32 offset, guint64 *subscribed)
{
	const ByteReader *info = &call->request->info;
	if (offset > info->length)
		return FALSE;
	ByteReader r = byte_reader_init(info->data + offset, info->length - offset);
	const guint8 *uuid = byte_reader_take(&r, SIM_MBIM_UUID_SIZE);
	guint64 cids;
	if (!uuid || !read_cids(&r, &cids))
		return FALSE;
	for (guint i = 0; call->session->services[i]; i++)
		if (memcmp(call->session->services[i]->uuid, uuid, SIM_MBIM_UUID_SIZE) == 0)
			subscribed[i] |= cids & notifying(call->session->services[i]);
	return TRUE;
}

SimMbimStatus sim_mbim_handle_subscribe(SimMbimCall *call)
{
	guint64 subscribed[SIM_MBIM_MAX_SERVICES] = {0};
	ByteReader *r = &call->request->info;
	guint32 n = byte_reader_u32(r);
	for (guint32 i = 0; i < n; i++) {
		guint32 offset = byte_reader_u32(r);
		byte_reader_u32(r);
		if (r->failed || !read_entry(call, offset, subscribed))
			return SIM_MBIM_STATUS_INVALID_PARAMETERS;
	}
	if (r->failed)
		return SIM_MBIM_STATUS_INVALID_PARAMETERS;
	memcpy(call->session->subscribed, subscribed, sizeof subscribed);
	return SIM_MBIM_STATUS_NONE;
}

static void put_cids(ByteWriter *w, guint64 cids)
{
	guint32 n = 0;
	for (guint cid = 0; cid < 64; cid++)
		n += (guint32)((cids >> cid) & 1);
	byte_writer_u32(w, n);
	for (guint32 cid = 0; cid < 64; cid++)
		if ((cids >> cid) & 1)
			byte_writer_u32(w, cid);
}

void sim_mbim_write_subscribed(const SimMbimCall *call, ByteWriter *w)
{
	const SimMbimSession *session = call->session;
	SimMbimStruct s = sim_mbim_struct_begin(w);
	gsize pairs[SIM_MBIM_MAX_SERVICES];
	guint32 n = 0;
	for (guint i = 0; session->services[i]; i++)
		n += session->subscribed[i] != 0;
	byte_writer_u32(w, n);
	for (guint i = 0; session->services[i]; i++)
		if (session->subscribed[i] != 0)
			pairs[i] = sim_mbim_struct_pair(&s);
	for (guint i = 0; session->services[i]; i++) {
		gsize start = w->length;
		if (session->subscribed[i] == 0)
			continue;
		byte_writer_put(w, session->services[i]->uuid, SIM_MBIM_UUID_SIZE);
		put_cids(w, session->subscribed[i]);
		sim_mbim_struct_fill(&s, pairs[i], start);
	}
}

void sim_mbim_write_services(const SimMbimCall *call, ByteWriter *w)
{
	const SimMbimService *const *services = call->session->services;
	SimMbimStruct s = sim_mbim_struct_begin(w);
	gsize pairs[SIM_MBIM_MAX_SERVICES];
	guint32 n = 0;
	while (services[n])
		n++;
	byte_writer_u32(w, n);
	byte_writer_u32(w, 0);
	for (guint32 i = 0; i < n; i++)
		pairs[i] = sim_mbim_struct_pair(&s);
	for (guint32 i = 0; i < n; i++) {
		gsize start = w->length;
		guint64 cids = 0;
		for (const SimMbimRow *row = services[i]->rows; row->name; row++)
			cids |= G_GUINT64_CONSTANT(1) << row->cid;
		byte_writer_put(w, services[i]->uuid, SIM_MBIM_UUID_SIZE);
		byte_writer_u32(w, 0);
		byte_writer_u32(w, 0);
		put_cids(w, cids);
		sim_mbim_struct_fill(&s, pairs[i], start);
	}
}
