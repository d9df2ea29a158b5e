/* device_keys.h - the keys that sign headers: the device's succession B_1, B_2 ..., of which it holds two at most.
 *
 * They stand in a file of the device's state (192 bytes, 0600): the number n of the segment to be made next, the secret B_n, and
 * while that is being made B_n+1. Making a segment is a *turn*:
 *
 *   device_keys_begin    locks the succession; B_n and B_n+1 are durable, and what the file shall hold afterwards stands ready
 *   device_keys_sign     signs the header, which the caller then makes durable
 *   device_keys_advance  puts B_n+1 alone in the place of both (rename, fsync of the folder), and overwrites what was there
 *
 * No frame is written before the turn ended so. One that ended otherwise, be it by a power cut, is begun again under the same n: B_n
 * has then signed two headers, of which the first one has no frames.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal/format.h"

#define DEVICE_KEYS_NAME_SIZE 64

/* Secrets of a turn under way; in locked memory. */
typedef struct DeviceKeys DeviceKeys;

/* Makes the file, and the folder, where there is none: a new device. NULL with FORMAT for a damaged file, BUSY where another recorder's
 * turn does not end. */
DeviceKeys *device_keys_begin(const char *path, GError **error);
/* Ends a turn as it stands, and wipes the memory. */
void device_keys_free(DeviceKeys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DeviceKeys, device_keys_free)

/* Fills device_id, device_number and the two header keys. */
void device_keys_fill(const DeviceKeys *keys, JournalSegment *ret_segment);
/* File name of the device's last segment; "" where there is none. */
const char *device_keys_last_name(const DeviceKeys *keys);
/* Makes ready what advance puts into place: there must be no need of space then. */
gboolean device_keys_prepare(DeviceKeys *keys, const char *segment_name, GError **error);
void device_keys_sign(const DeviceKeys *keys, const guint8 *header_block, guint8 *ret_signature);
/* *ret_advanced TRUE after FALSE: the next turn may be that of n+1, so that segment n must not be taken away, frames or none. */
gboolean device_keys_advance(DeviceKeys *keys, gboolean *ret_advanced, GError **error);

/* A device whose B_1 is made of this seed: for devices that are to be known again (the tests'). Not while a writer is at work. */
gboolean device_keys_make(const char *path, const guint8 seed[JOURNAL_KEY_SIZE], GError **error);
