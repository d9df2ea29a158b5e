/* identity.h - the random numbers that stand for this installation.
 *
 * A file "identity" in the state folder holds 16 random bytes that name the device in its journals and 16 that salt
 * the digests of modems' serial numbers. They say nothing about the hardware or the person; deleting the file makes
 * the installation a new device.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal.h"
#include "source.h"

typedef struct {
	guint8 device_id[JOURNAL_ID_SIZE];
	guint8 salt[SOURCE_SALT_SIZE];
} Identity;

/* Reads it, or makes it (0600, durable) where there is none yet. */
gboolean identity_load(const char *state_directory, Identity *ret_identity, GError **error);
