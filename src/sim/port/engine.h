/* engine.h - what speaks a protocol on behalf of a simulated modem.
 *
 * An engine knows messages and the modem's state; it knows nothing of descriptors or of time. It gets whole messages and
 * sends whole messages. The device (device.h) puts it on a pseudo-terminal, and plays all faults but those of client ids.
 *
 * While the state's operating mode is RESETTING the engine is deaf and forgets its clients; afterwards it tells them
 * that it is new, if its protocol has a word for that.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/port/faults.h"
#include "sim/port/link.h"
#include "sim/world/modem_state.h"

typedef struct SimEngine SimEngine;

/* What a client may tell the modem to be. RESTART and SHUT_DOWN are obeyed when the answer is out. */
typedef enum { SIM_ORDER_ONLINE, SIM_ORDER_LOW_POWER, SIM_ORDER_OFFLINE, SIM_ORDER_RESTART, SIM_ORDER_SHUT_DOWN } SimOrder;

/* The way to the data sessions that hosts start (world/session.h), which take time: what became of one stands in a later state. */
typedef struct {
	guint32 (*start)(const SimCallRequest *request, gpointer user_data); /* its id; 0: there cannot be one more */
	void (*end)(guint32 id, gpointer user_data);
	void (*drop)(guint32 id, gpointer user_data);
	gpointer user_data;
} SimCaller;

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

	/* For faults; each may be NULL. */
	/* A number that tells requests apart; what a user writes of it may be its low 16 bits. */
	guint32 (*message_id)(const guint8 *message, gsize size);
	/* Is it one that a modem answers which can do no more than be restarted? */
	gboolean (*is_control)(const guint8 *message, gsize size);
	/* LOST_CLIENTS or POLICY_MISMATCH begins. */
	void (*begin_fault)(SimEngine *engine, SimFault fault);
	/* Spoils a message of the modem's, but not its framing. */
	void (*garble)(guint8 *message, gsize size, GRand *dice);
} SimEngineClass;

/* The base of every engine: its first member. */
struct SimEngine {
	const SimEngineClass *class;
	const SimModemInfo *info;
	SimMessageFunc send;
	gpointer user_data;
	/* Of the device, which sets them after new(); NULL for an engine that has none. */
	const SimFaults *faults;
	void (*order)(SimOrder order, gpointer user_data);
	const SimCaller *caller; /* its functions are NULL where there is no network behind the modem */
};

static inline gboolean sim_engine_has_fault(const SimEngine *engine, SimFault fault)
{
	return engine->faults && sim_faults_have(engine->faults, fault);
}

/* Passed to the caller, if there is one. */
gboolean sim_engine_can_call(const SimEngine *engine);
guint32 sim_engine_start_call(const SimEngine *engine, const SimCallRequest *request);
void sim_engine_end_call(const SimEngine *engine, guint32 id);
void sim_engine_drop_call(const SimEngine *engine, guint32 id);
/* The call of that id as the state has it; NULL where it does not stand there, as a new one does before the next state. */
const SimDataCall *sim_state_call(const SimModemState *state, guint32 id);

/* One state of the world with what the modem makes of it. */
typedef struct {
	SimModemState state;
	SimCellView last_cell; /* the cell camped on last; its RAT is NONE until the first one */
} SimView;

void sim_view_update(SimView *view, const SimModemState *state);
/* The cell whose identity the modem shows while it claims service: the serving one, or after losing it the last one. NULL without
 * service. */
const SimCellView *sim_view_camped(const SimView *view);

/* NULL for a protocol that is not simulated. */
const SimEngineClass *sim_engine_class(const char *protocol);
/* The protocols there are, for messages: "qmi, mbim, mbim-qmi". Owned by the caller. */
char *sim_engine_protocols(void);

extern const SimEngineClass sim_qmi_engine;      /* sim/qmi/engine.c */
extern const SimEngineClass sim_mbim_engine;     /* sim/mbim/engine.c */
extern const SimEngineClass sim_mbim_qmi_engine; /* the same, with a QMI modem inside that MBIM carries */
