/* scripted_modem.h - a QMI modem for unit tests that answers from a capture file.
 *
 * It is a pty in this process, served from the default main context; the source under test opens its other end with
 * the real libqmi. CTL (versions, client ids, sync) it answers by itself and keeps count of the client ids; every other
 * message as the capture says, one that is not in it with the protocol error 71 (InvalidQmiCommand).
 *
 * A capture is a text file. '#' begins a comment; numbers are hexadecimal. A message begins with the line
 *
 *	SERVICE MESSAGE [error CODE | silent | indication]
 *
 * SERVICE being nas, dms, uim or wds, and has its TLVs in the lines after it, "TYPE: BYTES". The result TLV is added by
 * itself. `silent` never answers; an `indication` is sent by scripted_modem_indicate(). A line "frame BYTES", and lines of
 * more bytes after it, is a whole QMUX frame as programs print it in their traces: the answer that it holds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef struct ScriptedModem ScriptedModem;

/* `path` NULL: an empty capture. Fails the test on a capture that is wrong. */
ScriptedModem *scripted_modem_new(const char *path);
/* Hangs up, as when the modem is unplugged. */
void scripted_modem_free(ScriptedModem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScriptedModem, scripted_modem_free)

/* Of the pty's other end; borrowed. */
const char *scripted_modem_device(const ScriptedModem *modem);

typedef enum {
	SCRIPTED_MODEM_ANSWERS,
	SCRIPTED_MODEM_HANGS,      /* reads, never answers */
	SCRIPTED_MODEM_CTL_ONLY,   /* hands client ids out, then hangs */
	SCRIPTED_MODEM_NO_CLIENTS, /* opens, then never answers the request for a client id */
	SCRIPTED_MODEM_FORGETS,    /* has restarted: knows no client id any more, and says so (error 7) */
} ScriptedModemMood;
void scripted_modem_set_mood(ScriptedModem *modem, ScriptedModemMood mood);

/* From now on it hands out no client id of this service (error 31). */
void scripted_modem_keep_back(ScriptedModem *modem, guint8 service);

/* Sends the capture's indications to every client of their service. Returns how many messages went out. */
guint scripted_modem_indicate(ScriptedModem *modem);
/* From now on this message is answered with these TLVs, the result being added by itself. */
void scripted_modem_set_answer(ScriptedModem *modem, guint8 service, guint16 message, const void *tlvs, gsize length);
/* Writes these bytes as they are. */
void scripted_modem_write(ScriptedModem *modem, const void *bytes, gsize length);

guint scripted_modem_clients(const ScriptedModem *modem);       /* client ids handed out and not given back */
guint scripted_modem_requests(const ScriptedModem *modem);      /* of all services but CTL */
guint scripted_modem_asked(const ScriptedModem *modem, guint8 service, guint16 message);
