/* budget.h - how many bytes a modem may still send and take, in an hour and in a day.
 *
 * What was spent is kept in a file of the state directory, one for each modem's name, so that starting anew gives no new budget. It
 * counts by the wall clock, which alone goes on while the computer is off; what seems to lie in the future, because the clock
 * was set back, counts as spent just now. A clock that jumps ahead by a day forgives what was spent before.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef struct Budget Budget;

/* `path` is of the file; NULL keeps nothing. A file that is missing or unreadable counts as nothing spent. */
Budget *budget_new(const char *path, guint64 hour_bytes, guint64 day_bytes);
void budget_free(Budget *budget);

/* What may be spent now. `now_s`: seconds since 1970. */
guint64 budget_left(const Budget *budget, gint64 now_s);
/* What one round may spend of it: the hour's bytes come in evenly, and what was not spent is kept, up to ten minutes' worth. Else the first
 * rounds would take it all, and nobody would look for the rest of the hour. `since_s`: BOOTTIME, it only goes forward. */
guint64 budget_share(Budget *budget, gint64 now_s, gint64 since_s);
/* Writes it down. FALSE where it could not be kept: it then counts until the program ends. */
gboolean budget_spend(Budget *budget, gint64 now_s, guint64 bytes, GError **error);
