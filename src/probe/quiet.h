/* quiet.h - takes the kernel's own voice away from an interface, and gives it back: settings under /proc/sys/net.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* What is set now, four bits for each setting: 20 bits in all. */
guint32 quiet_remember(const char *interface);
/* For an interface that is down. FALSE: an error of errno's kind. */
gboolean quiet_begin(const char *interface, gboolean ipv4, gboolean ipv6, GError **error);
/* Puts back what quiet_remember() told. */
void quiet_end(const char *interface, guint32 remembered);
