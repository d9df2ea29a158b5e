/* locked.h - memory for the journal's own secrets: locked, between guard pages, in no core dump; sodium_free wipes it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sodium.h>

/* Not zeroed; never NULL: without such memory there is no going on. */
static inline gpointer locked_new(gsize size)
{
	gpointer memory = sodium_malloc(size);
	if (!memory)
		g_error("no memory for a secret");
	return memory;
}
