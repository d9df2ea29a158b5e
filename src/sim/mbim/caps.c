/* caps.c - Device Caps: what the modem is, in Basic Connect's words and in Microsoft's.
 *
 * device type u32, cellular class u32, voice class u32, SIM class u32, data classes u32, SMS u32, control u32, then
 *	Basic Connect: sessions u32, custom class, device id, firmware, hardware
 *	Microsoft's:   the same, then executor u32
 *	from MBIMEx 3.0: data subclasses u64, sessions u32, executor u32, WCDMA bands u32 (a bit each), and as TLVs: LTE bands, NR
 *		bands, custom class, device id, firmware, hardware
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/info.h"
#include "sim/mbim/values.h"

#define DEVICE_EMBEDDED 1
#define CELLULAR_GSM    1 /* all of 3GPP */
#define VOICE_NONE      1
#define SIM_REMOVABLE   2
#define MAX_SESSIONS    1
#define TEXT_MAX        30 /* characters of firmware and hardware */

static const char *custom_class(const SimMbimCall *call)
{
	return sim_mbim_classes_supported(call) & SIM_MBIM_CLASS_CUSTOM ? SIM_MBIM_CUSTOM_CLASS_NAME : "";
}

static void put_classes(const SimMbimCall *call, ByteWriter *w)
{
	byte_writer_u32(w, DEVICE_EMBEDDED);
	byte_writer_u32(w, CELLULAR_GSM);
	byte_writer_u32(w, VOICE_NONE);
	byte_writer_u32(w, SIM_REMOVABLE);
	byte_writer_u32(w, sim_mbim_classes_supported(call));
	byte_writer_u32(w, 0); /* no SMS */
	byte_writer_u32(w, 0); /* neither a choice of network by hand nor a kill switch */
}

static void put_caps(const SimMbimCall *call, gboolean with_executor, ByteWriter *w)
{
	g_autofree char *firmware = g_strndup(call->info->revision, TEXT_MAX);
	g_autofree char *hardware = g_strndup(call->info->model, TEXT_MAX);
	SimMbimStruct s = sim_mbim_struct_begin(w);
	put_classes(call, w);
	byte_writer_u32(w, MAX_SESSIONS);
	sim_mbim_struct_text(&s, custom_class(call));
	sim_mbim_struct_text(&s, call->info->imei);
	sim_mbim_struct_text(&s, firmware);
	sim_mbim_struct_text(&s, hardware);
	if (with_executor)
		byte_writer_u32(w, 0);
	sim_mbim_struct_texts(&s);
}

void sim_mbim_write_caps(const SimMbimCall *call, ByteWriter *w)
{
	put_caps(call, FALSE, w);
}

static void put_caps_v3(const SimMbimCall *call, ByteWriter *w)
{
	static const guint16 lte_bands[] = {1, 3, 7, 8, 20, 28, 38}, nr_bands[] = {1, 3, 28, 78};
	put_classes(call, w);
	byte_writer_u64(w, call->info->has_nr ? SIM_MBIM_SUBCLASS_ENDC | SIM_MBIM_SUBCLASS_NR : 0);
	byte_writer_u32(w, MAX_SESSIONS);
	byte_writer_u32(w, 0);
	byte_writer_u32(w, 1 << 0 | 1 << 7); /* I and VIII */
	sim_mbim_put_tlv_u16(w, lte_bands, G_N_ELEMENTS(lte_bands));
	sim_mbim_put_tlv_u16(w, nr_bands, call->info->has_nr ? G_N_ELEMENTS(nr_bands) : 0);
	sim_mbim_put_tlv_text(w, custom_class(call));
	sim_mbim_put_tlv_text(w, call->info->imei);
	sim_mbim_put_tlv_text(w, call->info->revision);
	sim_mbim_put_tlv_text(w, call->info->model);
}

void sim_mbim_write_ms_caps(const SimMbimCall *call, ByteWriter *w)
{
	if (call->session->mbimex >= SIM_MBIMEX_3)
		put_caps_v3(call, w);
	else
		put_caps(call, TRUE, w);
}
