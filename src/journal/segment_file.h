/* segment_file.h - one segment as the disk sees it: written zeros ahead of need, aligned writes over them, durability.
 *
 * Why it is done so (device bytes measured on ext4 for each 100-byte record at 1 Hz): an append makes the file system
 * journal the inode at every commit (17 KB), an overwrite of zeros that were truly written does not (6.4 KB), and with
 * O_DIRECT a 512-byte write stays one (2.8 KB). Where the file system refuses O_DIRECT, or wants larger blocks than
 * ours, the same is done through the page cache.
 *
 * After a failed write, fdatasync or fsync nothing is known about the file any more: the caller gives it up
 * (segment_file_abandon).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define SEGMENT_FILE_STEP   (1024u * 1024u) /* of preallocation */
#define SEGMENT_FILE_BUFFER (64u * 1024u)   /* the most that one write takes; also what buffers are made of */

typedef struct {
	int fd;            /* -1: none */
	char *path;
	gboolean direct;   /* O_DIRECT is on */
	guint64 allocated; /* zeros or data are on the disk up to here */
} SegmentFile;

/* Memory that O_DIRECT takes: aligned, zeroed, SEGMENT_FILE_BUFFER bytes; g_aligned_free it. */
guint8 *segment_file_buffer_new(void);

/* What root makes in a folder of somebody else's is that one's, who will record there, too. */
void segment_file_share(int fd, const char *path);
/* Makes `directory` with what is missing above it (0700), durably. */
gboolean segment_file_make_directory(const char *directory, GError **error);

/* Creates `path` (0600; must not exist), writes `head` (a buffer from segment_file_buffer_new) and preallocates the
 * first step, or as much of it as there is room for and at least min_size bytes, then makes the file and its directory
 * entry durable. *file is overwritten after TRUE only; after FALSE nothing is left behind. */
gboolean segment_file_create(SegmentFile *file, const char *directory, const char *path, const guint8 *head, gsize head_size,
			     guint64 min_size, GError **error);

/* Makes file->allocated at least `end`, in whole steps, durably. On NO_SPACE what was allocated may be used on; after any other
 * error the file is to be abandoned. */
gboolean segment_file_reserve(SegmentFile *file, guint64 end, GError **error);

/* Both sizes are multiples of 512; `buffer` is from segment_file_buffer_new. Not durable before segment_file_sync. */
gboolean segment_file_write(SegmentFile *file, const guint8 *buffer, gsize size, guint64 offset, GError **error);
gboolean segment_file_sync(SegmentFile *file, GError **error);

/* FALSE when an open file is no longer what its path names: somebody deleted it or moved it (or its folder) away. */
gboolean segment_file_is_at(int fd, const char *path);

/* Cuts the file at `end`, makes that durable and closes it. Closed after FALSE too. */
gboolean segment_file_finish(SegmentFile *file, guint64 end, GError **error);
/* Closes without touching anything. */
void segment_file_abandon(SegmentFile *file);
