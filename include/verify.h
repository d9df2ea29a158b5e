/* verify.h - what a set of journals proves, without any secret.
 *
 * Reads all segments that are given, sorts them by device, run and number, and holds header signatures, key succession, chain, seals,
 * `previous` and `anchor` against each other, as FORMAT.md ("What a journal proves") says. It names what it found and judges no
 * person: `tampered` is what no power cut, no failing disk and no bug of ours leaves behind; `damaged` and `missing` may have any
 * cause. A journal is never changed, and memory does not grow with its length.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal.h"

typedef enum {
	VERIFY_TAMPERED, /* right checksums around what was never written so */
	VERIFY_DAMAGED,  /* bytes that are no frame, or a frame with a wrong checksum; an unreadable file or disk */
	VERIFY_MISSING,  /* segments or frames that others vouch for */
	VERIFY_UNKNOWN,  /* nothing against the journal, but a thing that it cannot prove: a tail behind the last seal, no seals at all */
} VerifyClass;
extern const char *const verify_class_words[]; /* "tampered", "damaged", "missing", "unknown" */

typedef struct {
	VerifyClass class;
	guint segment;      /* index into VerifyRun.segments; G_MAXUINT: of the run */
	guint64 offset, length; /* in the segment's file; length 0: of the segment as a whole */
	char *text;         /* a sentence; owned */
} VerifyFinding;

typedef struct {
	char *path;            /* owned; of the copy that was judged, the best one where there are several */
	guint copies;          /* other files with the same header */
	JournalSegment header;
	gboolean header_good;
	JournalResult ending;  /* JOURNAL_END_..., or JOURNAL_IO_ERROR */
	gboolean run_ended;
	guint64 bytes;         /* of the file, up to its end */
	guint64 frames, frames_proven; /* of observations and seals, whole ones */
	guint64 frames_behind; /* behind the last good seal: the end of what was recorded, and not proven */
	guint64 seals_good;
	guint8 chain[JOURNAL_CHAIN_SIZE]; /* at the end of what was read, before a final frame */
	guint64 first_sequence, end_sequence; /* of the observations seen; end: one past the last, as the frames' heads tell */
	ClockReading proven_until; /* of the last good seal; boottime_ns 0: there is none, nothing is proven but the header */
	ClockReading recorded_until; /* of the last observation that can be read, or seal; at least the segment's creation */
} VerifySegment;

typedef struct {
	guint8 device_id[JOURNAL_ID_SIZE], run_id[JOURNAL_ID_SIZE];
	GArray *segments; /* VerifySegment, by number */
	GArray *findings; /* VerifyFinding, in the order of the segments */
	gboolean checkpoint; /* the code was found in this run, at: */
	guint checkpoint_segment;
	guint64 checkpoint_sequence; /* every observation before this one is held by it */
	ClockReading checkpoint_time; /* of the last thing before it that has one */
} VerifyRun;

typedef struct {
	GPtrArray *runs;     /* VerifyRun, by device, then by n of the first segment */
	GPtrArray *refused;  /* char *: sentences about files that were named and cannot be read as a journal */
	GPtrArray *broken;   /* char *: the same about files in folders that are journals by name */
	guint empty;         /* files without a header that are all zeros behind: the power went while they were created */
	guint foreign;       /* files in folders that are no journals by name */
	gboolean checkpoint_asked, checkpoint_found;
} VerifyReport;

/* Files and folders (NULL-terminated), folders searched to their depths. `checkpoint` NULL: none; else USAGE where it is not a code, or
 * was misspelt (its last character does not fit). NULL with NO_DATA where there was no journal at all. */
VerifyReport *journal_verify(char *const *paths, const char *checkpoint, GError **error);
void verify_report_free(VerifyReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VerifyReport, verify_report_free)

/* The worst class among a run's findings; VERIFY_UNKNOWN where there is none worse. */
VerifyClass verify_run_class(const VerifyRun *run);
/* "proven" (nothing found; a tail that cannot be known is no finding), "tampered", "damaged", "missing", "unsigned",
 * or "unproven": there are frames, and no seal vouches for any. Static. */
const char *verify_segment_word(const VerifyRun *run, guint segment);
