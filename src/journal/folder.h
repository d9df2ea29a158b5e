/* folder.h - what the writer keeps in the journal folder beside segments: a lock, and a reserve of space.
 *
 * `.lock` is held (flock) as long as the writer lives: a second one in the same folder is refused. Where the file system knows no locks
 * it goes without. `.reserve` is written zeros that are given back when the disk is full, for the last words and what follows until
 * somebody makes room; it is made again when there is some.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define FOLDER_RESERVE_SIZE (128u * 1024u) /* a new segment, and then a minute and more of commits */

typedef struct {
	int lock_fd;      /* -1: none */
	gboolean reserve; /* is there */
	gint64 retry_ns;  /* BOOTTIME from which making it is tried again */
} Folder;

/* Locks `directory` for *folder, or makes sure that the lock held is that of the folder that is there now. BUSY: another recorder's. */
gboolean folder_lock(Folder *folder, const char *directory, GError **error);
/* Makes the reserve where it is missing, at most every few seconds. Not being able to is no error: *folder tells. */
void folder_fill_reserve(Folder *folder, const char *directory);
/* Gives it back. FALSE where there is none. */
gboolean folder_free_reserve(Folder *folder, const char *directory);
void folder_unlock(Folder *folder);
