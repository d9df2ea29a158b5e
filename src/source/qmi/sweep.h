/* sweep.h - one round of questions to a QMI modem, and the radio observation that comes of it.
 *
 * A sweep asks everything at once and is over when each call was answered or has passed its deadline; only then are the
 * answers decoded, in a fixed order. What the firmware does not know, or leaves unanswered again and again, is asked seldom.
 * Sweeps never overlap.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source/modem/protocol.h"

#include <libqmi-glib.h>

typedef struct QmiSweep QmiSweep;

/* Borrowed. */
typedef struct {
	QmiClientNas *nas;
	QmiClientDms *dms;
	QmiClientUim *uim;
	QmiClientWds *wds; /* NULL: nothing is asked about the data session */
} QmiSweepClients;

typedef void (*QmiSweepDone)(Observation *radio, ModemSweep result, gpointer user_data);

/* `source` is the name for its observations, borrowed. */
QmiSweep *qmi_sweep_new(const char *source, QmiSweepDone done, gpointer user_data);
void qmi_sweep_free(QmiSweep *sweep); /* never while one is under way */

/* Begins a sweep; `done` follows once, also after a cancellation, never before this returns. */
void qmi_sweep_start(QmiSweep *sweep, const QmiSweepClients *clients, GCancellable *cancellable);

/* The modem was opened anew: other firmware may answer now. */
void qmi_sweep_reset(QmiSweep *sweep);
