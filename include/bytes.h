/* bytes.h - bounded little-endian reading and writing of byte buffers.
 *
 * Everything that jamlog writes to disk or reads from an untrusted source goes through these two
 * cursors; no struct is ever written as it lies in memory. A cursor that ran out of room remembers
 * it (`failed`), returns zeros from then on and never touches memory outside its buffer, so a
 * sequence of calls needs a single check at its end.
 *
 * Integers are little-endian. A varint is LEB128: seven bits a byte, least significant first, ten
 * bytes at most. Signed varints are zigzag-coded first (0, -1, 1, -2 ... become 0, 1, 2, 3 ...).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <string.h>

typedef struct {
	guint8 *data; /* borrowed */
	gsize capacity;
	gsize length; /* bytes written so far */
	gboolean failed;
} ByteWriter;

typedef struct {
	const guint8 *data; /* borrowed */
	gsize length;
	gsize offset; /* bytes consumed so far */
	gboolean failed;
} ByteReader;

static inline ByteWriter byte_writer_init(void *data, gsize capacity)
{
	return (ByteWriter){.data = data, .capacity = capacity};
}

static inline ByteReader byte_reader_init(const void *data, gsize length)
{
	return (ByteReader){.data = data, .length = length};
}

static inline gsize byte_reader_left(const ByteReader *r)
{
	return r->failed ? 0 : r->length - r->offset;
}

/* Room for `size` bytes, or NULL (and failed). */
static inline guint8 *byte_writer_reserve(ByteWriter *w, gsize size)
{
	if (w->failed || w->capacity - w->length < size) {
		w->failed = TRUE;
		return NULL;
	}
	guint8 *at = w->data + w->length;
	w->length += size;
	return at;
}

static inline void byte_writer_put(ByteWriter *w, const void *bytes, gsize size)
{
	guint8 *at = byte_writer_reserve(w, size);
	if (at && size > 0)
		memcpy(at, bytes, size);
}

/* The next `size` bytes of the buffer (borrowed), or NULL (and failed). */
static inline const guint8 *byte_reader_take(ByteReader *r, gsize size)
{
	if (r->failed || r->length - r->offset < size) {
		r->failed = TRUE;
		return NULL;
	}
	const guint8 *at = r->data + r->offset;
	r->offset += size;
	return at;
}

/* Copies the next bytes out; fills with zeros when there are too few. */
static inline void byte_reader_get(ByteReader *r, void *ret_bytes, gsize size)
{
	const guint8 *at = byte_reader_take(r, size);
	if (at)
		memcpy(ret_bytes, at, size);
	else
		memset(ret_bytes, 0, size);
}

static inline void byte_writer_u8(ByteWriter *w, guint8 v)
{
	byte_writer_put(w, &v, sizeof v);
}

static inline void byte_writer_u16(ByteWriter *w, guint16 v)
{
	v = GUINT16_TO_LE(v);
	byte_writer_put(w, &v, sizeof v);
}

static inline void byte_writer_u32(ByteWriter *w, guint32 v)
{
	v = GUINT32_TO_LE(v);
	byte_writer_put(w, &v, sizeof v);
}

static inline void byte_writer_u64(ByteWriter *w, guint64 v)
{
	v = GUINT64_TO_LE(v);
	byte_writer_put(w, &v, sizeof v);
}

static inline guint8 byte_reader_u8(ByteReader *r)
{
	guint8 v;
	byte_reader_get(r, &v, sizeof v);
	return v;
}

static inline guint16 byte_reader_u16(ByteReader *r)
{
	guint16 v;
	byte_reader_get(r, &v, sizeof v);
	return GUINT16_FROM_LE(v);
}

static inline guint32 byte_reader_u32(ByteReader *r)
{
	guint32 v;
	byte_reader_get(r, &v, sizeof v);
	return GUINT32_FROM_LE(v);
}

static inline guint64 byte_reader_u64(ByteReader *r)
{
	guint64 v;
	byte_reader_get(r, &v, sizeof v);
	return GUINT64_FROM_LE(v);
}

static inline void byte_writer_varint(ByteWriter *w, guint64 v)
{
	while (v >= 0x80) {
		byte_writer_u8(w, (guint8)(v | 0x80));
		v >>= 7;
	}
	byte_writer_u8(w, (guint8)v);
}

static inline guint64 byte_reader_varint(ByteReader *r)
{
	guint64 v = 0;
	/* Most are of one byte. */
	if (G_LIKELY(!r->failed && r->offset < r->length && r->data[r->offset] < 0x80))
		return r->data[r->offset++];
	for (guint shift = 0; shift < 64; shift += 7) {
		if (r->failed || r->offset >= r->length)
			break;
		guint8 byte = r->data[r->offset++];
		if (shift == 63 && byte > 1) /* more than 64 bits */
			break;
		v |= (guint64)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	r->failed = TRUE;
	return 0;
}

static inline void byte_writer_svarint(ByteWriter *w, gint64 v)
{
	byte_writer_varint(w, ((guint64)v << 1) ^ (v < 0 ? G_MAXUINT64 : 0));
}

static inline gint64 byte_reader_svarint(ByteReader *r)
{
	guint64 v = byte_reader_varint(r);
	return (gint64)(v >> 1) ^ -(gint64)(v & 1);
}

/* Lower-case hexadecimal, owned by the caller. */
static inline char *bytes_to_hex(const guint8 *bytes, gsize n)
{
	GString *text = g_string_sized_new(2 * n);
	for (gsize i = 0; i < n; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	return g_string_free(text, FALSE);
}
