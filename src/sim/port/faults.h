/* faults.h - the ways in which a modem fails, all seen in the field, by the words that scenarios call them.
 *
 * A fault is there or it is not; the device (device.h) compares what was with what is, and makes it so. Almost all
 * of them are of the line or of the whole modem and know no protocol. The four about client ids are the engine's, which
 * finds what holds in SimEngine.faults.
 *
 * A restart (a client orders one, the fault "reset", or the plug is pulled) cures what sits in the modem's memory,
 * for as long as that fault goes on; what sits in its firmware or in the line stays.
 *
 *	word                  the modem ...                                                        seen in
 *	hang                  hears nothing and says nothing; with `message` only that request     openwrt #10472
 *	                      vanishes [cured]
 *	queue-stuck           keeps what it would say, and says all of it in the end [cured]       lf-edge/eve #2650
 *	nonsense              sends as many random bytes instead
 *	corrupt               keeps the framing of what it sends and garbles what is inside
 *	fragments             sends in pieces of 7 bytes, 2 ms apart                               libmbim #33
 *	truncated             leaves the second half of each message out
 *	lost-clients          forgets all client ids when it begins, and tells nobody
 *	exhausted-clients     gives no client id out and takes none back [cured]                   lf-edge/eve #2992
 *	leaking-clients       takes no client id back until a restart                              lf-edge/eve #2992
 *	policy-mismatch       refuses the client ids that were out when it began, until the        lf-edge/eve #2218
 *	                      client takes a new one [cured]
 *	silent-death          is deaf and mute; only pulling the plug helps [cured]                pcengines/coreboot #450
 *	needs-reset           answers on control (QMI: CTL, DMS; MBIM: OPEN, CLOSE, Device Caps, Device Reset) and
 *	                      on nothing else [cured]
 *	reset                 restarts: it is deaf, forgets all client ids, and at the end of the  ModemManager #285
 *	                      fault says that it is new, on the same device node
 *	re-enumerate          goes from the bus and comes back under another name; faster than     raspberrypi/linux #6746
 *	                      anybody opens it, it is what a flood of EPROTO looks like
 *	unplug                the same, but lasts as long as a scenario lets it
 *	doubled-indications   sends each indication twice, and also to clients that gave           pinephone_modem_sdk #16
 *	                      their ids back
 *	stale-values          goes on telling the signal figures of the moment when it began,      ModemManager #702, #558
 *	                      while all else lives [cured]
 *	odd-values            tells -125 in every signal figure, as far as the field goes; for less   ModemManager #558
 *	                      than two seconds it is a single row of nonsense
 *	slow-open             says nothing for `delay` after each opening of its device node       libqmi #126
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/modem_state.h"

typedef enum {
	SIM_FAULT_HANG,
	SIM_FAULT_QUEUE_STUCK,
	SIM_FAULT_NONSENSE,
	SIM_FAULT_CORRUPT,
	SIM_FAULT_FRAGMENTS,
	SIM_FAULT_TRUNCATED,
	SIM_FAULT_LOST_CLIENTS,
	SIM_FAULT_EXHAUSTED_CLIENTS,
	SIM_FAULT_LEAKING_CLIENTS,
	SIM_FAULT_POLICY_MISMATCH,
	SIM_FAULT_SILENT_DEATH,
	SIM_FAULT_NEEDS_RESET,
	SIM_FAULT_RESET,
	SIM_FAULT_RE_ENUMERATE,
	SIM_FAULT_UNPLUG,
	SIM_FAULT_DOUBLED_INDICATIONS,
	SIM_FAULT_STALE_VALUES,
	SIM_FAULT_ODD_VALUES,
	SIM_FAULT_SLOW_OPEN,
	SIM_N_FAULTS,
} SimFault;

#define SIM_OPEN_DELAY_S 12.0 /* of slow-open, unless it is said otherwise */

/* What is wrong at one moment. All zeros: nothing. */
typedef struct {
	guint32 set; /* bit (1 << SimFault) */
	gboolean hangs_alone; /* HANG: the message below alone */
	guint32 message;	    /* as SimEngineClass.message_id has it */
	double delay_s;	    /* SLOW_OPEN */
} SimFaults;

static inline gboolean sim_faults_have(const SimFaults *faults, SimFault fault)
{
	return (faults->set >> fault & 1) != 0;
}

/* NULL-terminated, in the order of SimFault. */
extern const char *const sim_fault_words[];
/* How long one lasts that a scenario gives no length: 0 is as long as its happening. */
double sim_fault_usual_s(SimFault fault);
/* The bits of those that a restart cures. */
guint32 sim_faults_cured_by_restart(void);

/* The signal figures of `old` in place of those of `state`. */
void sim_faults_make_stale(SimModemState *state, const SimModemState *old);
/* -125 in all of the signal figures. */
void sim_faults_make_odd(SimModemState *state);
/* A modem that is off hears no cell and sends nothing. */
void sim_faults_switch_off(SimModemState *state, SimOpMode mode);
void sim_faults_randomise(GRand *dice, guint8 *bytes, gsize size);
