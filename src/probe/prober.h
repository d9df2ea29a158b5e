/* prober.h - what jamlog-probe does with requests: it holds the session and the round that is under way.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "targets.h"

typedef struct Prober Prober;

/* Speaks over the two descriptors. `targets` and `trust` (PEM text or NULL) are borrowed. `ended` is called once, when there is nobody
 * left to work for. */
Prober *prober_new(int in, int out, const Targets *targets, const char *trust, void (*ended)(gpointer user_data), gpointer user_data);
/* Leaves the interface as it was. */
void prober_free(Prober *prober);
