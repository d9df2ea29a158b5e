/* probe_program.h - the recorder's end of jamlog-probe (probe.h): starting it, asking it, taking what it says.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source/modem/bearer.h"

typedef struct ProbeProgram ProbeProgram;

/* What the last request came to. Strings are borrowed. */
typedef struct {
	gboolean ok;
	guint64 rx_bytes, tx_bytes, rx_packets, tx_packets; /* through the interface since setup */
	const char *reason;   /* not ok: fixed words */
	const char *sentence; /* not ok: for the person */
} ProbeResult;

/* Never called from within the functions below, nor after probe_program_free. */
typedef struct {
	void (*observed)(gpointer user_data, Observation *probe);
	/* Of each request, in their order; a prober that ended by itself has failed the one that it was at, and may only be freed. */
	void (*done)(gpointer user_data, const ProbeResult *result);
} ProbeHost;

/* Starts the program. NULL where it is not there. `source`: the name for its observations, borrowed. */
ProbeProgram *probe_program_new(char *const *targets, const char *source, const ProbeHost *host, gpointer user_data, GError **error);
void probe_program_setup(ProbeProgram *prober, const char *interface, gboolean own, const ModemBearer *bearer);
void probe_program_round(ProbeProgram *prober, guint32 number, guint32 attempt, guint64 budget);
/* May be asked while a round is under way: that is cut short, and both are answered. */
void probe_program_down(ProbeProgram *prober);
/* Whether an answer is still to come. */
gboolean probe_program_is_busy(const ProbeProgram *prober);
/* For one that does not answer: kill -9. What it has set up stays until the next one comes. probe_program_free still follows. */
void probe_program_kill(ProbeProgram *prober);
/* Ends its input: whatever it is at, it puts the interface back and ends, without anybody waiting for it. */
void probe_program_free(ProbeProgram *prober);
