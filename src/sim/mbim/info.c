/* info.c - see info.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/info.h"

#define TLV_TEXT    10
#define TLV_NUMBERS 11

static void put_u32_at(ByteWriter *w, gsize at, gsize value)
{
	if (w->failed)
		return;
	ByteWriter patch = byte_writer_init(w->data + at, 4);
	byte_writer_u32(&patch, (guint32)value);
}

static gsize padding(gsize size)
{
	return (4 - size % 4) % 4;
}

static void put_padding(ByteWriter *w, gsize size)
{
	static const guint8 zeros[4] = {0};
	byte_writer_put(w, zeros, padding(size));
}

/* Returns the octets written. */
static gsize put_utf16(ByteWriter *w, const char *text)
{
	glong n = 0;
	g_autofree gunichar2 *units = g_utf8_to_utf16(text, -1, NULL, &n, NULL);
	for (glong i = 0; units && i < n; i++)
		byte_writer_u16(w, units[i]);
	return (gsize)n * 2;
}

SimMbimStruct sim_mbim_struct_begin(ByteWriter *w)
{
	return (SimMbimStruct){.w = w, .base = w->length};
}

gsize sim_mbim_struct_pair(SimMbimStruct *s)
{
	gsize at = s->w->length;
	byte_writer_u64(s->w, 0);
	return at;
}

void sim_mbim_struct_text(SimMbimStruct *s, const char *text)
{
	gsize pair = sim_mbim_struct_pair(s);
	if (!text || !*text)
		return;
	g_assert(s->n_texts < SIM_MBIM_MAX_TEXTS);
	s->texts[s->n_texts].pair = pair;
	s->texts[s->n_texts++].text = text;
}

void sim_mbim_struct_fill(SimMbimStruct *s, gsize pair, gsize start)
{
	put_u32_at(s->w, pair, start - s->base);
	put_u32_at(s->w, pair + 4, s->w->length - start);
}

void sim_mbim_struct_texts(SimMbimStruct *s)
{
	for (guint i = 0; i < s->n_texts; i++) {
		gsize size = put_utf16(s->w, s->texts[i].text);
		sim_mbim_struct_fill(s, s->texts[i].pair, s->w->length - size);
		put_padding(s->w, size);
	}
	s->n_texts = 0;
}

static gsize begin_tlv(ByteWriter *w, guint16 type)
{
	gsize at = w->length;
	byte_writer_u16(w, type);
	byte_writer_u16(w, 0);
	byte_writer_u32(w, 0);
	return at;
}

static void end_tlv(ByteWriter *w, gsize at, gsize size)
{
	if (!w->failed)
		w->data[at + 3] = (guint8)padding(size);
	put_u32_at(w, at + 4, size);
	put_padding(w, size);
}

void sim_mbim_put_tlv_text(ByteWriter *w, const char *text)
{
	gsize at = begin_tlv(w, TLV_TEXT);
	end_tlv(w, at, put_utf16(w, text));
}

void sim_mbim_put_tlv_u16(ByteWriter *w, const guint16 *numbers, gsize n)
{
	gsize at = begin_tlv(w, TLV_NUMBERS);
	for (gsize i = 0; i < n; i++)
		byte_writer_u16(w, numbers[i]);
	end_tlv(w, at, n * 2);
}

static char *utf8_from(const guint8 *data, gsize size)
{
	ByteReader r = byte_reader_init(data, size);
	g_autofree gunichar2 *units = g_new0(gunichar2, size / 2 + 1);
	for (gsize i = 0; i < size / 2; i++)
		units[i] = byte_reader_u16(&r);
	return g_utf16_to_utf8(units, -1, NULL, NULL, NULL);
}

char *sim_mbim_read_text(const ByteReader *info, guint32 offset, guint32 size)
{
	if (size % 2 != 0 || offset > info->length || size > info->length - offset)
		return NULL;
	return utf8_from(info->data + offset, size);
}

char *sim_mbim_read_tlv_text(ByteReader *info)
{
	guint16 type = byte_reader_u16(info);
	byte_reader_u8(info);
	guint8 pad = byte_reader_u8(info);
	guint32 size = byte_reader_u32(info);
	const guint8 *text = byte_reader_take(info, size);
	byte_reader_take(info, pad);
	return !info->failed && type == TLV_TEXT && size % 2 == 0 ? utf8_from(text, size) : NULL;
}
