/* passphrase.h - asks a person for a passphrase, or takes it from a program.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* From the terminal of this process (/dev/tty, without echo, whatever stdin is) behind `prompt`, where `fd` is -1; else one line of that
 * descriptor, which stays open. `twice`: a new one; it is asked a second time on a terminal, and a short one is refused. `secret`:
 * KEYS_PASSPHRASE_SIZE bytes from keys_secret_new. USAGE where none was given or it will not do, FAILED where it cannot be read. A signal
 * that ends or stops the process does so when the terminal is as it was. */
gboolean passphrase_read(const char *prompt, int fd, gboolean twice, char *secret, GError **error);
