/* session.h - one data session of an MBIM modem (session id 0), from asking for it to its end.
 *
 * Sources: MBIM 1.0 errata 1, 10.5.12 (CONNECT), 10.5.20 (IP_CONFIGURATION); MBIMEx 3.0, which asks in another form. NwError are causes
 * of TS 24.008 10.5.6.6 and TS 24.301 9.9.4.4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source/modem/protocol.h"

#include <libmbim-glib.h>

typedef struct MbimSession MbimSession;

/* `device` is open; `settings`, `source` (its name) and `host` are borrowed. */
MbimSession *mbim_session_start(MbimDevice *device, const ModemSettings *settings, const char *source, const ModemSessionHost *host,
				gpointer port);
/* A notification of the modem's, whatever it is about. */
void mbim_session_notified(MbimSession *session, const MbimMessage *notification);
/* Ends it, or gives its start up: `down` follows within MODEM_CLOSE_S. */
void mbim_session_stop(MbimSession *session);
void mbim_session_free(MbimSession *session); /* after `down` */

void mbim_session_decode_settings(const MbimMessage *answer, ModemBearer *bearer);
