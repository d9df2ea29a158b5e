/* inhibit.h - making ModemManager leave a modem to us for as long as we have it.
 *
 * ModemManager's InhibitDevice is bound to the D-Bus connection that asked for it: it ends when we end, however that comes
 * about, kill -9 included. So each modem has a connection of its own, which is open as long as the modem is ours. While it stands
 * it holds for a modem that is unplugged and comes back too, and is asked for anew where ModemManager restarts.
 *
 * On Debian the system bus lets only root ask for it (org.freedesktop.ModemManager1.conf).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef struct ModemInhibit ModemInhibit;

typedef enum {
	MODEM_INHIBIT_HELD,     /* ModemManager has left the modem, and its proxy too */
	MODEM_INHIBIT_NEEDLESS, /* it does not run, does not know the modem, or others keep it away */
	MODEM_INHIBIT_REFUSED,  /* it, or the bus, does not let us: `error` says why */
} ModemInhibitResult;

typedef void (*ModemInhibitFunc)(ModemInhibitResult result, const GError *error, gpointer user_data);

/* Asks for the modem behind the control node `node` (a link will do). `done` is called once, later, never from within this
 * call nor after modem_inhibit_end(). A ModemManager that has just found the modem first gets to know it before it lets go: that
 * may take half a minute, and a minute at most. */
ModemInhibit *modem_inhibit_start(const char *node, ModemInhibitFunc done, gpointer user_data);
/* The modem's source ends, but not the run: keeps ModemManager away for when the modem is plugged in again, until the process ends.
 * Takes `inhibit`. NULL-safe. */
void modem_inhibit_park(ModemInhibit *inhibit);
/* Gives the modem back to ModemManager, and frees. NULL-safe. Waits for nothing. */
void modem_inhibit_end(ModemInhibit *inhibit);
