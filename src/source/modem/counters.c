/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/counters.h"

static gboolean has_session(const Observation *o)
{
	if (!RADIO_HAS(o, data_session))
		return FALSE;
	switch ((DataSession)o->radio.data_session) {
	case DATA_SESSION_UP:
	case DATA_SESSION_DISCONNECTING:
	case DATA_SESSION_SUSPENDED:
		return TRUE;
	case DATA_SESSION_DOWN:
	case DATA_SESSION_CONNECTING:
		break;
	}
	return FALSE;
}

void modem_counters_finish(Observation *o)
{
	const guint64 counters = OBSERVATION_BIT(RADIO_ID_rx_packets) | OBSERVATION_BIT(RADIO_ID_tx_packets) |
				 OBSERVATION_BIT(RADIO_ID_rx_bytes) | OBSERVATION_BIT(RADIO_ID_tx_bytes);
	if (!has_session(o))
		o->present &= ~counters;
}
