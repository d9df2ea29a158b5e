/* engine.c - see engine.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/engine.h"

static const SimEngineClass *const classes[] = {
	&sim_qmi_engine,
	&sim_mbim_engine,
	&sim_mbim_qmi_engine,
};

void sim_view_update(SimView *view, const SimModemState *state)
{
	view->state = *state;
	if (state->has_serving && state->n_cells > 0)
		view->last_cell = state->cells[0];
}

const SimCellView *sim_view_camped(const SimView *view)
{
	return view->state.service != SIM_SERVICE_NONE && view->last_cell.rat != SIM_RAT_NONE ? &view->last_cell : NULL;
}

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
