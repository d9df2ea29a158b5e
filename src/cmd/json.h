/* json.h - a GVariant as JSON: dictionaries, arrays, texts, numbers and truth values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* One line without a newline, keys in their order. Owned by the caller. */
char *json_from_variant(GVariant *value);
