/* engine.c - see engine.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/engine.h"

static const SimEngineClass *const classes[] = {
	&sim_qmi_engine,
	&sim_mbim_engine,
	&sim_mbim_qmi_engine,
};

gboolean sim_engine_can_call(const SimEngine *engine)
{
	return engine->caller && engine->caller->start;
}

guint32 sim_engine_start_call(const SimEngine *engine, const SimCallRequest *request)
{
	return sim_engine_can_call(engine) ? engine->caller->start(request, engine->caller->user_data) : 0;
}

void sim_engine_end_call(const SimEngine *engine, guint32 id)
{
	if (id != 0 && sim_engine_can_call(engine))
		engine->caller->end(id, engine->caller->user_data);
}

void sim_engine_drop_call(const SimEngine *engine, guint32 id)
{
	if (id != 0 && sim_engine_can_call(engine))
		engine->caller->drop(id, engine->caller->user_data);
}

const SimDataCall *sim_state_call(const SimModemState *state, guint32 id)
{
	for (guint i = 0; id != 0 && i < SIM_MAX_CALLS; i++)
		if (state->call.calls[i].id == id)
			return &state->call.calls[i];
	return NULL;
}

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
