/* verify_segment.h - one segment, walked from its header to its end: what its chain and seals prove, and what others vouch for.
 *
 * The caller (verify.c) knows the other segments: it says which chain values their headers name, and asks for the conclusions when
 * all are walked.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "verify.h"

/* A chain value that the header of another segment names: so far this one must reach. */
typedef struct {
	guint8 chain[JOURNAL_CHAIN_SIZE];
	gboolean good;        /* that header is */
	gboolean of_next_run; /* the writer was gone by then: nothing can have been added behind it */
	gboolean met;
	gboolean waived;      /* set by the caller: met in another segment, or missed there */
} VerifyVouch;

typedef struct {
	VerifySegment result;
	GArray *vouches;  /* VerifyVouch; the caller's entries are copied before the walk */
	GArray *findings; /* VerifyFinding; `segment` is not set */
	guint n_found[VERIFY_UNKNOWN + 1];
	/* the row of seals */
	guint32 next_seal;
	guint8 seal_keys[2][JOURNAL_KEY_SIZE]; /* of next_seal and the one after it */
	gint64 sealed_ns;     /* BOOTTIME of the last good one */
	guint8 final_seal;    /* 0: none yet; else what it says */
	gboolean broken;      /* since the last good seal something is damaged, or was said to be wrong */
	gboolean distrusted;  /* a seal came too early: those behind it may be anybody's */
	gboolean keys_lost;   /* told */
	/* the end */
	guint vouched_by;     /* the last vouch that was met; G_MAXUINT: none */
	gboolean sealed_since;
	guint64 after_vouch;  /* frames since then, or since the last good seal */
	/* Set by the caller when all are walked: */
	gboolean idle;        /* nothing was recorded in it */
	gboolean left;        /* the run went on in a later segment */
	JournalDamage torn;   /* length 0: none */
	/* the checkpoint */
	gboolean checkpoint_asked, checkpoint_found, checkpoint_fresh;
	guint64 checkpoint, checkpoint_sequence;
	ClockReading checkpoint_time;
} VerifyWalk;

/* header, header_good and path are the segment's; all but the path are copied, which is taken over. checkpoint NULL: none. */
VerifyWalk *verify_walk_new(const JournalSegment *header, gboolean header_good, char *path_take, const GArray *vouches,
			    const guint64 *checkpoint);
void verify_walk_free(VerifyWalk *walk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VerifyWalk, verify_walk_free)

GArray *verify_findings_new(void); /* of VerifyFinding */
void verify_walk_run(VerifyWalk *walk, JournalReader *reader);
/* What can be said when it is known what other segments met. */
void verify_walk_conclude(VerifyWalk *walk);
/* TRUE where a copy of the same segment shows more, or less that is wrong. */
gboolean verify_walk_better(const VerifyWalk *a, const VerifyWalk *b);

/* Memory is bounded: past a few of one class in a segment they are only counted. length 0: of the segment as a whole. */
void verify_walk_find(VerifyWalk *walk, VerifyClass class, guint64 offset, guint64 length, const char *format, ...) G_GNUC_PRINTF(5, 6);
