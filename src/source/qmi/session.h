/* session.h - one data session of a QMI modem, from asking for it to its end.
 *
 * Each address family is a call of its own, on a WDS client of its own: that is how QMI has it, and a client that is given back takes
 * its call along, whatever state it is in. The families are asked for one after the other; the session is up when one of them is.
 *
 * Sources: libqmi's service description of WDS (0x20 Start Network, 0x21 Stop Network, 0x22 and its indication, 0x2D Get Current
 * Settings, 0x4D Set IP Family, 0x6C Get PDN Throttle Info).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source/modem/protocol.h"

#include <libqmi-glib.h>

typedef struct QmiSession QmiSession;

/* `device` is open; `settings`, `source` (its name) and `host` are borrowed. */
QmiSession *qmi_session_start(QmiDevice *device, const ModemSettings *settings, const char *source, const ModemSessionHost *host,
			      gpointer port);
/* Ends it, or gives its start up: `down` follows within MODEM_CLOSE_S and some. */
void qmi_session_stop(QmiSession *session);
void qmi_session_free(QmiSession *session); /* after `down` */

/* What libqmi tells of an end, as fields of a session observation. Pure. */
void qmi_session_decode_end(guint type, gint16 reason, Observation *o);
void qmi_session_decode_settings(QmiMessageWdsGetCurrentSettingsOutput *answer, ModemBearer *bearer);
