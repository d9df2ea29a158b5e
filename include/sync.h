/* sync.h - journals in, store out.
 *
 * Reads the journals of any number of devices and runs into one store. Twice is like once; a segment that grew adds only
 * its new part, and the store is then the same as if all had been read at once; a kill at any instant leaves the store as
 * it was after the last whole boot. A journal is never changed, and where it came from does not matter: a segment is known by
 * the digest of its header, an observation by its run and sequence number.
 *
 * Here, and not in the field, UTC is derived from clock pairs (sync/timebase.h) and each sweep gets its place from the
 * fixes around it (sync/place.h). When later journals bring clock pairs or fixes that tell more about rows that are in the
 * store already, exactly the rows that they can change are dated or placed anew (sync/settle.c).
 *
 * Of each segment that was read it stands in the table `custody` what it proves (verify.h), when it was read and by which version.
 *
 * What cannot be read is counted, listed in the table `damage` and passed over. A segment with damage is read again as a
 * whole each time, so that a better copy of the same file heals it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal.h"
#include "store.h"

/* What a segment proved (verify.h): "proven", "unproven", "unsigned", "missing", "damaged", "tampered". */
#define SYNC_VERIFICATIONS 6
#define SYNC_TAMPERED      (SYNC_VERIFICATIONS - 1)
extern const char *const sync_verification_words[SYNC_VERIFICATIONS];

typedef struct {
	guint64 files;            /* journals given, copies included */
	guint64 foreign;          /* files in folders that are no journals by name */
	guint64 refused;          /* named files that are no journals, or cannot be opened */
	guint64 sealed;           /* to keys that were not given */
	guint64 broken;           /* *.jlj in folders that cannot be read as a journal: damage */
	guint64 journal_bytes;    /* of all journals given */
	guint64 segments_new, segments_grown, segments_unchanged;
	guint64 observations[OBSERVATION_KIND_MAX + 1]; /* read in this sync, by kind */
	guint64 newer_kind;       /* records of kinds that this program does not know */
	guint64 damages;          /* damaged parts known of the segments given, whenever found */
	guint64 damaged_bytes;
	guint64 torn_tails;       /* expected after a power cut: no damage */
	guint64 verified[SYNC_VERIFICATIONS]; /* segments */
	guint64 redone;           /* rows that were dated or placed anew */
	guint64 fixes_by_mode[3];
	guint64 positions[POSITION_STATES]; /* of the sweeps read in this sync */
	guint64 service_ms[SERVICE_STATE_SERVED + 1]; /* by ServiceState; a sweep stands for the time to the next, 5 s at most */
} SyncSummary;

typedef struct {
	/* What could not be read, in words for the person; may be NULL. */
	void (*warn)(gpointer user_data, const char *message);
	/* Bytes of journals done and to do; each byte is read twice. May be NULL. */
	void (*progress)(gpointer user_data, guint64 done, guint64 total);
	/* TRUE: undo what is not whole and return. Asked a thousand times a second, by the caller's thread. May be NULL. */
	gboolean (*stopped)(gpointer user_data);
	gpointer user_data;
} SyncReport;

/* Syncs files and folders (NULL-terminated) into the store at `database`, which is created where it is missing. `identity` opens sealed
 * journals; NULL: they are passed over with a warning. Summary and
 * warnings are valid after FALSE too. FALSE with NO_DATA where there was no readable journal at all (no store is made then),
 * with whatever made the store unwritable, or with FAILED where it was stopped. */
gboolean sync_journals(char *const *paths, const char *database, const JournalIdentity *identity, const SyncReport *report,
		       SyncSummary *ret_summary, GError **error);
