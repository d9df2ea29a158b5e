/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/watch.h"

Watch *watch_new(gint64 source, const char *name)
{
	Watch *w = g_new0(Watch, 1);
	w->modem = (Modem){.source = source, .name = name, .served_ms = G_MININT64, .fault_until_ms = G_MININT64};
	w->runs = g_ptr_array_new_with_free_func((GDestroyNotify)rule_run_free);
	return w;
}

void watch_free(Watch *w)
{
	if (!w)
		return;
	g_ptr_array_unref(w->runs);
	g_free(w);
}

/* Switched off, or without a card that could be let in. */
static gboolean own_fault(const Entry *state)
{
	return (ENTRY_HAS(state, operating_mode) && state->fields.operating_mode != OPERATING_ONLINE) ||
	       (ENTRY_HAS(state, sim_state) && state->fields.sim_state != SIM_STATE_READY);
}

void watch_sweep(Watch *w, Moment *m)
{
	Modem *modem = &w->modem;
	m->modem = modem;
	m->since_ms = w->swept ? m->at.boot_ms - w->last_sweep_ms : 0;
	w->last_sweep_ms = m->at.boot_ms;
	w->swept = TRUE;
	if (own_fault(m->state))
		modem->fault_until_ms = m->at.boot_ms + WATCH_AFTER_FAULT_MS;
	if (!moment_served(m))
		return;
	modem->served_ms = m->at.boot_ms;
	if (ENTRY_HAS(m->state, registration) && m->state->fields.registration == REGISTRATION_HOME && *m->cell->plmn) {
		g_strlcpy(modem->home, m->cell->plmn, sizeof modem->home);
		modem->network = m->cell->network;
	}
	if (!modem->last_cell || w->last_cell.id != m->cell->id)
		w->last_cell = *m->cell;
	modem->last_cell = &w->last_cell;
	modem->last_signal = m->median;
}

void watch_event(Watch *w, const Seen *seen)
{
	switch ((EventCode)seen->observation->event.code) {
	case EVENT_SOURCE_LOST:
	case EVENT_SOURCE_BACK:
	case EVENT_MODEM_RESET:
	case EVENT_MODEM_FORGOT:
	case EVENT_MODEM_WAIT:
	case EVENT_DEVICE_ADDED:
	case EVENT_DEVICE_REMOVED:
		/* A modem that is plugged in as the recording begins is none that was lost. */
		if (w->swept || seen->observation->event.code != EVENT_DEVICE_ADDED)
			w->modem.fault_until_ms = seen->at.boot_ms + WATCH_AFTER_FAULT_MS;
		break;
	case EVENT_HEARTBEAT:
	case EVENT_SWEEP_FAILED:
	case EVENT_NETWORK_REJECT:
	case EVENT_CLOCK_STEP:
	case EVENT_DISK_FULL:
	case EVENT_DISK_BACK:
	case EVENT_JOURNAL_ERROR:
	case EVENT_RUN_END:
	case EVENT_MODEM_RETRY:
	case EVENT_MODEM_NEW_CLIENT:
	case EVENT_MODEM_REOPEN:
	case EVENT_VALUES_HELD:
	case EVENT_VALUES_MOVE:
	case EVENT_PROBE_PAUSED:
	case EVENT_PROBE_RESUMED:
		break;
	}
}
