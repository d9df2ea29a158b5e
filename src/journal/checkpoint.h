/* checkpoint.h - the code of 12 characters that a person keeps outside the device.
 *
 * Eleven characters are 55 bits of a hash over a chain value, the twelfth tells most mistypings; FORMAT.md ("Checkpoint") has
 * the rules.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal.h"

/* The 55 bits for the chain as it stands after a frame of the segment with this digest. */
guint64 journal_checkpoint_value(const guint8 digest[JOURNAL_CHAIN_SIZE], const guint8 chain[JOURNAL_CHAIN_SIZE]);
void journal_checkpoint_format(guint64 value, char ret_code[JOURNAL_CHECKPOINT_SIZE]);
/* Takes what people write: lower case, O for 0, I and L for 1, hyphens and spaces anywhere. USAGE says what is wrong. */
gboolean journal_checkpoint_parse(const char *text, guint64 *ret_value, GError **error);
