/* engine.c - see engine.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/engine.h"

static const SimEngineClass *const classes[] = {
	&sim_qmi_engine,
	&sim_mbim_engine,
	&sim_mbim_qmi_engine,
};

const SimEngineClass *sim_engine_class(const char *protocol)
{
	for (guint i = 0; i < G_N_ELEMENTS(classes); i++)
		if (g_str_equal(classes[i]->protocol, protocol))
			return classes[i];
	return NULL;
}

char *sim_engine_protocols(void)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(classes); i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "", classes[i]->protocol);
	return g_string_free(text, FALSE);
}
