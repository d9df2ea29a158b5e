/* opening.h - tells when somebody opens a file, here a modem's device node.
 *
 * A pseudo-terminal does not tell its master who opens the slave; inotify(7) does.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef struct SimOpening SimOpening;

/* NULL when the kernel lets nobody watch any more files. Nothing is called after sim_opening_free(). */
SimOpening *sim_opening_watch(const char *path, void (*func)(gpointer user_data), gpointer user_data);
void sim_opening_free(SimOpening *opening);
