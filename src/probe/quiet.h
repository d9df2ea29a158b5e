/* quiet.h - takes the kernel's own voice away from an interface, and gives it back: settings under /proc/sys/net.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef struct Quiet Quiet;

/* For an interface that is down. NULL: an error of errno's kind; what was changed until then is back. */
Quiet *quiet_new(const char *interface, gboolean ipv4, gboolean ipv6, GError **error);
/* Puts back what was there before. It does not free. */
void quiet_end(Quiet *quiet);
void quiet_free(Quiet *quiet);

/* Puts everything to what a new interface gets (conf/default), for nobody knows any more what was there. */
void quiet_forget(const char *interface);
