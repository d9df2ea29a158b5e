/* journal.h - the append-only file that the field device writes, and the reading of it.
 *
 * A run of the recorder writes a row of segments into one folder. A segment is created by one run, only ever
 * appended to by it, and never repaired: a later run starts a new one. The format stands in
 * src/journal/FORMAT.md; in short: a header of 4 KiB, then frames that begin on a 512-byte sector, stay within
 * a 4 KiB block and are written once, so that an acknowledged sector is never written again. Each frame has a
 * CRC-32C and the BLAKE2b chain value of all that stands before it. Seals sign that value with keys that are then wiped; with
 * recipients the observations are encrypted, and the writer itself cannot read what it wrote.
 *
 * The writer acknowledges (journal_writer_commit) only after fdatasync; what was acknowledged survives a power
 * cut. The reader treats every byte as hostile, changes nothing, and reports what it had to pass over.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

#define JOURNAL_ID_SIZE    16 /* device and run ids: random bytes, no hardware's number */
#define JOURNAL_CHAIN_SIZE 32 /* BLAKE2b-256 */
#define JOURNAL_KEY_SIZE   32 /* Ed25519 and X25519, public and secret (of Ed25519 the seed) */
#define JOURNAL_SUFFIX     ".jlj"
#define JOURNAL_MAX_RECIPIENTS 16

/* What the header of a segment says. */
typedef struct {
	guint8 device_id[JOURNAL_ID_SIZE];
	guint8 run_id[JOURNAL_ID_SIZE];
	guint32 number;                        /* of the segment in its run, from 1 */
	BootId boot_id;
	ClockReading created;
	/* Chain after the last acknowledged frame of the run's previous segment (its final frame not counted: where a reader
	 * stands at JOURNAL_END_FINAL); zeros for the first. */
	guint8 previous[JOURNAL_CHAIN_SIZE];
	guint64 first_sequence;                /* of the first observation that the segment may hold */
	guint8 digest[JOURNAL_CHAIN_SIZE];     /* BLAKE2b-256 of the header block: names this segment, starts its chain */
	gboolean is_signed;                    /* FALSE: of the first journals, without keys and seals; what follows is then zero */
	guint32 device_number;                 /* n: of the segment on its device, through all runs, from 1 */
	guint8 anchor[JOURNAL_CHAIN_SIZE];     /* chain where reading the device's segment n-1 ended; zeros: not found */
	guint8 header_key[JOURNAL_KEY_SIZE], next_header_key[JOURNAL_KEY_SIZE]; /* public: B_n, B_n+1 */
	guint8 seal_keys[2][JOURNAL_KEY_SIZE]; /* public: S_0, S_1 */
	guint n_recipients;                    /* 0: readable by anybody */
} JournalSegment;

/* A recipient of sealed journals: an X25519 key pair. Whoever holds the secret half reads them. */
typedef struct {
	guint8 public_key[JOURNAL_KEY_SIZE];
	guint8 secret_key[JOURNAL_KEY_SIZE];
} JournalIdentity;

/* --- writing --- */

typedef struct JournalWriter JournalWriter;

typedef struct {
	const char *directory;  /* created (0700) where it is missing */
	const char *keys;       /* file of the device's signing keys (0600); made, with the folder, where it is missing: a new device */
	const guint8 (*recipients)[JOURNAL_KEY_SIZE]; /* public keys; copied */
	guint n_recipients;     /* at most JOURNAL_MAX_RECIPIENTS; 0: a journal that anybody can read */
	guint64 segment_size;   /* a new segment begins past this many bytes; 0: 16 MiB */
} JournalWriterOptions;

/* Creates the first segment (0600) of a new run, durably (file and directory). NULL with NO_SPACE, ACCESS, ..., FORMAT for a keys
 * file that is damaged, and BUSY where another writer is at work in the directory: it is locked until the writer is freed. */
JournalWriter *journal_writer_new(const JournalWriterOptions *options, GError **error);
/* Closes without a final frame, as a crash would; for an orderly end call journal_writer_close first. */
void journal_writer_free(JournalWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JournalWriter, journal_writer_free)

/* Gives the observation its sequence number and takes a coded copy into the open group. Never touches the disk. FALSE:
 * the group is at its bound (1 MiB, reached only while the disk refuses writes) and the observation was not taken. */
gboolean journal_writer_append(JournalWriter *writer, Observation *o);

/* Writes the open group, and a seal where one is due, and waits until it is durable. After TRUE all that was appended is acknowledged.
 * After FALSE (NO_SPACE, NOT_FOUND where the file was taken away, FAILED) nothing of the group is: it is kept, the segment is given
 * up where its state is unknown, and the next call tries again, in a new segment if need be. An empty group is TRUE at once; it is to
 * be called about once a second all the same, for the seals. */
gboolean journal_writer_commit(JournalWriter *writer, GError **error);

/* Commits, writes the final seal and frame, gives preallocated space back. The writer can then only be asked and freed. */
gboolean journal_writer_close(JournalWriter *writer, GError **error);

guint64 journal_writer_durable_sequence(const JournalWriter *writer); /* last acknowledged; 0: none */
guint64 journal_writer_bytes(const JournalWriter *writer);            /* of frames and headers written by this run */
/* The disk is full, but what was preallocated, or the reserve that was freed for it, still takes commits (of about 64 KiB in all):
 * time to say so. */
gboolean journal_writer_space_low(const JournalWriter *writer);
gboolean journal_writer_sealed(const JournalWriter *writer); /* there are recipients */
/* The checkpoint code of all that is acknowledged: 12 characters and NUL. After journal_writer_close that of the whole run. */
#define JOURNAL_CHECKPOINT_SIZE 13
void journal_writer_checkpoint(const JournalWriter *writer, char ret_code[JOURNAL_CHECKPOINT_SIZE]);
const char *journal_writer_path(const JournalWriter *writer);         /* of the current segment */
const guint8 *journal_writer_run_id(const JournalWriter *writer);
const guint8 *journal_writer_device_id(const JournalWriter *writer);

/* --- reading --- */

typedef struct JournalReader JournalReader;

/* Where a reader stands: enough to go on later in a grown segment. All zeros: at the first frame. At any JOURNAL_END_
 * it stays before what ended the reading, so that going on from there gives the same end again, or what has come
 * since. A position reached in TRUSTED mode holds no chain: it is not to be kept. */
typedef struct {
	guint64 offset;
	guint32 frame_number;                 /* of the next frame */
	guint8 chain[JOURNAL_CHAIN_SIZE];     /* before the next frame */
} JournalPosition;

typedef enum {
	JOURNAL_READ_VERIFY,  /* CRC and chain are checked */
	JOURNAL_READ_TRUSTED, /* structure and bounds only: for a second pass over what was verified a moment ago */
} JournalReadMode;

typedef enum {
	JOURNAL_FRAME,     /* ret_frame holds observations */
	JOURNAL_SEAL,      /* ret_frame holds a seal: of interest to verify.h alone */
	JOURNAL_DAMAGE,    /* bytes were passed over, reading goes on behind them: ret_damage */
	JOURNAL_CHAIN_BREAK, /* ret_frame is whole (observations, or of length 0), but what stood before it is not what it was
				written after: ret_damage */
	JOURNAL_END_FINAL, /* the segment ended in order: nothing more will come (see journal_reader_run_ended) */
	JOURNAL_END_OPEN,  /* nothing more yet: still being written, or the power went */
	JOURNAL_END_TORN,  /* the last bytes are half a write: expected after a power cut; ret_damage */
	JOURNAL_IO_ERROR,  /* read(2) failed: error is set */
} JournalResult;

typedef struct {
	const guint8 *payload; /* plain; borrowed until the next call on the reader */
	gsize length;          /* 0 where the frame is sealed and the reader was not unlocked */
	gsize offset;          /* for journal_frame_next */
	guint32 number;
	guint64 first_sequence;
	guint64 file_offset;
} JournalFrame;

typedef enum {
	JOURNAL_DAMAGE_GAP,    /* where a frame should be: what follows does not prove what is before it */
	JOURNAL_DAMAGE_BESIDE, /* no frame is hit */
	JOURNAL_DAMAGE_FORGED, /* whole frames where no writer puts any */
	JOURNAL_DAMAGE_NEWER,  /* a frame that this program does not know; the chain goes on */
} JournalDamageKind;

typedef struct {
	guint64 offset;
	guint64 length;
	const char *reason; /* static, a few words */
	JournalDamageKind kind;
} JournalDamage;

/* NULL with FORMAT where it is no jamlog journal (or one of an incompatible, newer version: the message says so). */
JournalReader *journal_reader_open(const char *path, GError **error);
JournalReader *journal_reader_new_for_bytes(GBytes *bytes, GError **error);
void journal_reader_free(JournalReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JournalReader, journal_reader_free)

const JournalSegment *journal_reader_segment(const JournalReader *reader);
/* The header's signature is that of segment->header_key. FALSE for an unsigned segment. */
gboolean journal_reader_signature_good(const JournalReader *reader);
/* From now on frames come opened. FALSE with ACCESS where the identity is none of the segment's recipients; TRUE at once where nothing is
 * sealed. A frame that the key does not open is JOURNAL_DAMAGE. */
gboolean journal_reader_unlock(JournalReader *reader, const JournalIdentity *identity, GError **error);
void journal_reader_set_mode(JournalReader *reader, JournalReadMode mode);
void journal_reader_seek(JournalReader *reader, const JournalPosition *position);
void journal_reader_position(const JournalReader *reader, JournalPosition *ret_position);

/* The next thing in the segment. Untouched out-parameters are undefined. */
JournalResult journal_reader_next(JournalReader *reader, JournalFrame *ret_frame, JournalDamage *ret_damage, GError **error);

/* After JOURNAL_END_FINAL: the run ended in order with this segment (FALSE: it goes on in the next one). */
gboolean journal_reader_run_ended(const JournalReader *reader);

/* The next coded observation of a frame (borrowed); FALSE at its end. A frame whose bytes do not divide into records ends early
 * with *ret_malformed TRUE (it cannot happen to a frame that was written by us and passed its checksum). */
gboolean journal_frame_next(JournalFrame *frame, const guint8 **ret_record, gsize *ret_length, gboolean *ret_malformed);

/* --- finding --- */

typedef struct {
	/* `named`: by the caller itself, whatever it is; FALSE: found in a folder, a journal by its name. */
	void (*journal)(gpointer user_data, const char *path, gboolean named);
	void (*foreign)(gpointer user_data, const char *path);                      /* in a folder, and no journal by its name */
	void (*unreadable)(gpointer user_data, const char *path, const char *why); /* a folder */
	gpointer user_data;
} JournalFinder;

/* All files that the paths (NULL-terminated) name, folders searched to their depths, each in the order of names. Hidden files of
 * folders are passed over. */
void journal_find(char *const *paths, const JournalFinder *finder);
