/* info.h - information buffers: structures whose fixed part comes first and points into a data part behind it.
 *
 * Chapter 10 of the specification: whatever has no fixed size (a text, a structure inside a structure, an array of them) stands
 * in the fixed part as a pair (offset u32, size u32); the offset counts from the start of the structure that holds the
 * pair, 0 and 0 means that there is none. Texts are UTF-16, little-endian, without a terminator, padded to four octets.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "bytes.h"

#include <glib.h>

#define SIM_MBIM_MAX_TEXTS 8 /* in one structure */

typedef struct {
	ByteWriter *w;
	gsize base; /* where it begins */
	guint n_texts;
	struct {
		gsize pair;
		const char *text;
	} texts[SIM_MBIM_MAX_TEXTS];
} SimMbimStruct;

/* Begins a structure where `w` stands. Numbers of its fixed part are written to `w` as they come. */
SimMbimStruct sim_mbim_struct_begin(ByteWriter *w);
/* The pair of a text, in UTF-8, borrowed until sim_mbim_struct_texts(); NULL and "" are none. */
void sim_mbim_struct_text(SimMbimStruct *s, const char *text);
/* The pair of anything else, none so far; see sim_mbim_struct_fill(). */
gsize sim_mbim_struct_pair(SimMbimStruct *s);
/* After the fixed part: the texts. */
void sim_mbim_struct_texts(SimMbimStruct *s);
/* After the fixed part: the pair points to everything from `start` to where the writer stands. */
void sim_mbim_struct_fill(SimMbimStruct *s, gsize pair, gsize start);

/* The text of a pair in a host's information buffer, which begins where its structure does, in UTF-8; "" for none, NULL for what is
 * no text. Owned by the caller. */
char *sim_mbim_read_text(const ByteReader *info, guint32 offset, guint32 size);
/* The same from the next type-length-value field. */
char *sim_mbim_read_tlv_text(ByteReader *info);

/* A text as one of MBIMEx 3.0's type-length-value fields: type u16 (10), reserved u8, padding u8, length u32, value. */
void sim_mbim_put_tlv_text(ByteWriter *w, const char *text);
/* Such a field (11) of numbers u16. */
void sim_mbim_put_tlv_u16(ByteWriter *w, const guint16 *numbers, gsize n);
