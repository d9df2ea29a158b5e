/* control_server.h - the recorder's end of the control socket (control.h has the other, and the form of the lines).
 *
 * Runs in the default main context and never blocks. Whoever connects costs little: CONTROL_CLIENTS_MAX of them at a time (a new one
 * takes the place of the oldest), CONTROL_LINE_MAX bytes, one answer, and a deadline for all of it. It knows nothing of what is
 * asked: the recorder answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define CONTROL_CLIENTS_MAX       8
#define CONTROL_CLIENT_DEADLINE_S 5

typedef struct ControlServer ControlServer;

/* The answer (a{sv}, floating) to a request; `text` is valid UTF-8, "" where there is none. NULL: there is no such request. */
typedef GVariant *(*ControlAnswer)(const char *request, const char *text, gpointer user_data);
/* {'error': <message>} */
GVariant *control_error(const char *message);

/* `name` belongs to this run alone. Does not listen yet. */
ControlServer *control_server_new(const char *folder, const char *name, ControlAnswer answer, gpointer user_data);
/* TRUE: it can be found. Listens in the folder, which is made where it is missing, and removes what killed recorders left there. To be
 * called again from time to time: a session's end, or a tidy administrator, can take the folder away, and a recorder that
 * cannot be found looks like one that died. */
gboolean control_server_open(ControlServer *server, GError **error);
/* Drops all clients and removes the socket. Nothing is asked after it returns. */
void control_server_free(ControlServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ControlServer, control_server_free)
