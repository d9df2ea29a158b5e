/* engine.h - what speaks a protocol on behalf of a simulated modem.
 *
 * An engine knows messages and the modem's state; it knows nothing of descriptors, of time or of faults. It gets whole
 * messages and sends whole messages. The device (device.h) puts it on a pseudo-terminal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/port/link.h"
#include "sim/world/modem_state.h"

typedef struct SimEngine SimEngine;

typedef struct {
	const char *protocol; /* "qmi", "mbim", "mbim-qmi" */
	SimCutFunc cut;
	/* `info` is borrowed and must outlive the engine; `send` takes one whole message and may be called from within
	 * any function below. Until the first update the modem is online, with a card, and hears nothing. */
	SimEngine *(*new)(const SimModemInfo *info, SimMessageFunc send, gpointer user_data);
	void (*receive)(SimEngine *engine, const guint8 *message, gsize size);
	/* Copies the state, and sends indications on what changed to the clients that asked for them. */
	void (*update)(SimEngine *engine, const SimModemState *state);
	/* Client ids or sessions that are open and not given back: more than the clients that live means that some leaked. */
	guint (*clients)(const SimEngine *engine);
	void (*free)(SimEngine *engine);
} SimEngineClass;

/* The base of every engine: its first member. */
struct SimEngine {
	const SimEngineClass *class;
	const SimModemInfo *info;
	SimMessageFunc send;
	gpointer user_data;
};

/* NULL for a protocol that is not simulated. */
const SimEngineClass *sim_engine_class(const char *protocol);
/* The protocols there are, for messages: "qmi, mbim, mbim-qmi". Owned by the caller. */
char *sim_engine_protocols(void);

extern const SimEngineClass sim_qmi_engine;      /* sim/qmi/engine.c */
extern const SimEngineClass sim_mbim_engine;     /* sim/mbim/engine.c */
extern const SimEngineClass sim_mbim_qmi_engine; /* the same, with a QMI modem inside that MBIM carries */
