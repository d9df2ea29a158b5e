/* loc.h - positions from the modem's own receiver, QMI LOC, for people without another.
 *
 * The receiver is set to find its place by itself alone before it is started: assisted modes would ask a server of the
 * operator's (SUPL) for help, and so tell where we are and that we want to know. A modem that refuses that keeps its receiver
 * off. Fixes, sky and clock pairs are observed under the modem's name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source.h"

#include <libqmi-glib.h>

typedef struct QmiLoc QmiLoc;

/* `client` is one of the LOC service; NULL where the modem has none, which is told. Both are borrowed until qmi_loc_free(), after
 * which nothing is observed or told. */
QmiLoc *qmi_loc_start(Source *source, QmiClient *client);
/* Stops the receiver, too. */
void qmi_loc_free(QmiLoc *loc);

/* Position report 0x24 and satellites 0x25, as fields of fix and sky observations; see gps_report_fix(). Pure. */
gboolean qmi_decode_position(QmiIndicationLocPositionReportOutput *report, Observation *o, gint64 *ret_fix_ns);
/* Which of them went into a position only that one's report tells: `used` is how many did. */
void qmi_decode_satellites(QmiIndicationLocGnssSvInfoOutput *report, guint used, Observation *o);
