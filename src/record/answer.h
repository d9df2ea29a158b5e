/* answer.h - putting entries into a dictionary (a{sv}) that keeps their order.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define answer_add_value(builder, key, value) g_variant_builder_add((builder), "{sv}", (key), (value))
/* answer_add(&builder, "age_ms", "x", age_ms) */
#define answer_add(builder, key, type, value) answer_add_value((builder), (key), g_variant_new((type), (value)))
