/* identity.h - the random number that salts what could tell who carries this device.
 *
 * A file "identity" in the state folder holds 16 random bytes that salt the digests of modems' serial numbers, behind 16 that named
 * the device in the first journals (now its signing keys do). They say nothing about the hardware or the person; deleting the
 * file makes the same modem a new one.
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
