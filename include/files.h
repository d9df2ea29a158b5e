/* files.h - what several rooms ask of the disk.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Makes the names in a folder durable: what was created there or renamed. */
gboolean files_sync_folder(const char *folder, GError **error);
