/* format.h - the bytes of a segment, as FORMAT.md describes them. Pure: no I/O, no state, no allocation.
 *
 * Only the journal's own writer and reader look in here. What comes from a file is hostile until parsed:
 * the parsers stay within what they are given and say in an enum what they saw.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal.h"

#define JOURNAL_VERSION         1u
#define JOURNAL_SECTOR_SIZE     512u
#define JOURNAL_BLOCK_SIZE      4096u
#define JOURNAL_HEADER_SIZE     4096u                     /* of each of the two copies */
#define JOURNAL_FIRST_FRAME     (2u * JOURNAL_HEADER_SIZE)
#define JOURNAL_FRAME_HEAD_SIZE 56u
#define JOURNAL_PAYLOAD_MAX     (JOURNAL_BLOCK_SIZE - JOURNAL_FRAME_HEAD_SIZE)
#define JOURNAL_TAG_SIZE        16u /* behind the payload of a sealed frame, within its length */
#define JOURNAL_SIGNATURE_SIZE  64u
#define JOURNAL_BOX_SIZE        80u /* crypto_box_SEALBYTES and a key */
#define JOURNAL_SIGNED_SIZE     4028u /* of the header: what its signature is over */

typedef enum {
	JOURNAL_FRAME_OBSERVATIONS = 1,
	JOURNAL_FRAME_SEAL = 2,
	JOURNAL_FRAME_FINAL = 3,
} JournalFrameType;

/* The one payload byte of a final frame. */
typedef enum {
	JOURNAL_FINAL_CONTINUED = 0, /* the run goes on in its next segment */
	JOURNAL_FINAL_RUN_END = 1,
} JournalFinal;

typedef struct {
	guint8 type; /* a JournalFrameType, or what a newer version knows */
	guint8 flags;
	guint16 payload_length;
	guint64 first_sequence;
	guint32 number;
	guint32 crc; /* filled by journal_frame_parse alone */
	guint8 chain[JOURNAL_CHAIN_SIZE]; /* of what stands before the frame */
} JournalFrameHead;

typedef enum {
	JOURNAL_HEADER_OK,
	JOURNAL_HEADER_FOREIGN, /* no magic */
	JOURNAL_HEADER_DAMAGED, /* the magic, but a wrong checksum */
	JOURNAL_HEADER_NEWER,   /* whole, but of a version or with flags that this program does not know */
} JournalHeaderParse;

typedef enum {
	JOURNAL_FRAME_OK,
	JOURNAL_FRAME_NONE,   /* no magic */
	JOURNAL_FRAME_BOUNDS, /* would leave its block, or the bytes that there are */
	JOURNAL_FRAME_CRC,
} JournalFrameParse;

/* What a sealed segment's header holds for one recipient. */
typedef struct {
	guint8 fingerprint[JOURNAL_CHAIN_SIZE]; /* BLAKE2b-256 of the public key */
	guint8 box[JOURNAL_BOX_SIZE];           /* the first frame key */
} JournalBox;

/* Writes one header block of JOURNAL_HEADER_SIZE bytes, all but signature and checksum; segment->digest is not used. `boxes` has
 * segment->n_recipients elements. */
void journal_header_encode(const JournalSegment *segment, const JournalBox *boxes, guint8 *ret_block);
/* Adds them. `signature` NULL: none. */
void journal_header_finish(guint8 *block, const guint8 *signature);
/* Reads one; `block` holds JOURNAL_HEADER_SIZE bytes. *ret_segment is undefined unless OK. */
JournalHeaderParse journal_header_parse(const guint8 *block, JournalSegment *ret_segment);
/* Of a parsed block. */
void journal_header_box(const guint8 *block, guint recipient, JournalBox *ret_box);
gboolean journal_header_signature_good(const guint8 *block, const JournalSegment *segment);
/* A state that this program does not know is of a better clock than it can judge: the lowest is the honest one. */
ClockState journal_clock_state(guint32 value);
void journal_header_digest(const guint8 *block, guint8 *ret_digest);

/* The checksum that every frame of the segment continues, so that a frame of another segment never passes. */
guint32 journal_frame_seed(const guint8 *digest);

/* Bytes of head and payload, and from there to the next sector. */
static inline gsize journal_frame_size(gsize payload_length)
{
	return JOURNAL_FRAME_HEAD_SIZE + payload_length;
}

static inline guint64 journal_sector_ceil(guint64 offset)
{
	return (offset + JOURNAL_SECTOR_SIZE - 1) / JOURNAL_SECTOR_SIZE * JOURNAL_SECTOR_SIZE;
}

/* In two steps, between which the payload is put in its place: the head without checksum, then the checksum, and zeros up to the
 * end of the last sector. */
void journal_frame_put_head(const JournalFrameHead *head, guint8 *ret_frame);
void journal_frame_finish(guint8 *frame, gsize size, guint32 seed);
/* Zeros in the place of the checksum: how a frame is signed, and bound to what is encrypted. */
void journal_frame_clear_crc(guint8 *frame);
/* Both at once; head->crc is not used. */
void journal_frame_encode(const JournalFrameHead *head, const guint8 *payload, guint32 seed, guint8 *ret_frame);

/* Parses the frame that begins at `bytes`, of which `available` may be touched (at most to the end of the block).
 * Without `verify` the checksum is not looked at. *ret_head is defined for OK and CRC. */
JournalFrameParse journal_frame_parse(const guint8 *bytes, gsize available, guint32 seed, gboolean verify,
				      JournalFrameHead *ret_head);

/* h(i+1) = BLAKE2b-256(h(i) || frame), padding not included. */
void journal_chain_next(guint8 *io_chain, const guint8 *frame, gsize frame_size);

/* How many bytes of `records` (each a varint length and that many bytes) the next frame takes: whole records, at least
 * one, as many as fit into the rest of the block at *io_offset beside `overhead` more bytes (0, or JOURNAL_TAG_SIZE). Moves *io_offset
 * on to the next block where not even one fits. */
gsize journal_pack_next(const guint8 *records, gsize length, gsize overhead, guint64 *io_offset, guint *ret_count);

/* "<device>-<run>-<number>.jlj"; owned by the caller. */
char *journal_segment_name(const guint8 *device_id, const guint8 *run_id, guint32 number);
