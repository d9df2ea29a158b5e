/* qmi_modem.h - a modem that speaks QMI over a pseudo-terminal.
 *
 * This is the door of the simulator's protocol side. The world hands over what the modem hears and does
 * (SimModemState); clients (libqmi, qmicli, qmi-proxy) open the pty's slave by its path, with the option
 * to open it as QMI, and get answers and indications made from the last state. Nothing here blocks, and
 * nothing that a client sends can stop it.
 *
 * Services: CTL, DMS, NAS, WDS (no data session yet) and UIM. A message that is not simulated gets the
 * protocol error InvalidQmiCommand (71), a client id that is not allocated InvalidClientId (7).
 *
 * While the state's operating mode is RESETTING the modem is deaf and all client ids are lost; when it comes
 * back it sends the CTL Sync indication, as firmware does after a restart.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/modem_state.h"

#include <glib.h>

typedef struct SimQmiModem SimQmiModem;

/* Opens the pty and serves it from the default main context. `info` is borrowed and must outlive the modem. Until
 * the first update the modem is online, with a card, and hears nothing. */
SimQmiModem *sim_qmi_modem_new(const SimModemInfo *info, GError **error);
void sim_qmi_modem_free(SimQmiModem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimQmiModem, sim_qmi_modem_free)

/* The slave's path, /dev/pts/N; borrowed. */
const char *sim_qmi_modem_path(const SimQmiModem *modem);

/* Copies the state, and sends indications on what changed to the clients that asked for them. */
void sim_qmi_modem_update(SimQmiModem *modem, const SimModemState *state);

/* Client ids that are allocated and not released: more than the clients that live means that some leaked. */
guint sim_qmi_modem_client_count(const SimQmiModem *modem);
/* Messages thrown away because nobody read the pty, and received bytes that belonged to no request. */
guint64 sim_qmi_modem_dropped_count(const SimQmiModem *modem);
guint64 sim_qmi_modem_garbage_count(const SimQmiModem *modem);
