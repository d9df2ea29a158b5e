/* check.h - one active check of one target: what every kind of test has in common.
 *
 * A kind is one file (check_ip.c, check_web.c ...) with one CheckKind: it starts what it does on the main loop, and calls
 * check_finish() once when it knows. The round (round.h) makes checks, runs them, and sends their observations.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/exchange.h"
#include "probe/session.h"
#include "probe/transfer.h"
#include "targets.h"

typedef struct Check Check;
typedef struct CheckKind CheckKind;
typedef void (*CheckDone)(Check *check);

struct CheckKind {
	/* Only a URL or an address of `check` may be contacted. */
	void (*start)(Check *check);
	/* Of the bytes of its own memory that start() took; may be NULL. */
	void (*release)(gpointer memory);
};

struct Check {
	const CheckKind *kind;
	const Session *session;  /* all borrowed */
	const Target *target;
	const char *trust;
	char *address;           /* where to */
	SessionFamily family;
	ProbeRole role;
	const char *server_name; /* sni: borrowed from the target */
	gboolean doubtful;       /* the address is what the operator's resolver alone says */
	Observation o;           /* of kind probe; the kind fills it */
	Transfer *transfer;      /* whichever the kind started */
	Exchange *exchange;
	gpointer memory;         /* of the kind's own */
	Counters before;
	CheckDone done;
	gpointer user_data;
};

extern const CheckKind check_ip, check_web, check_portal, check_quic, check_sni, check_rate, check_vpn;

/* The observation gets what is known beforehand. `address` and `resolver` may be NULL. */
Check *check_new(const CheckKind *kind, ProbeTest test, const Session *session, const Target *target, SessionFamily family,
		 const char *address, const char *resolver);
void check_start(Check *check, CheckDone done, gpointer user_data);
/* Ends it now, with this failure; `done` is called. */
void check_cut(Check *check, const char *failure);
/* Frees; nothing is called any more. */
void check_free(Check *check);

/* Whether it went well: no failure, and the answer was what the file expects. */
gboolean check_went_well(const Check *check);

/* For kinds: what came of it goes into the observation, and the check is over. */
void check_take_exchange(const ExchangeResult *result, gpointer check);
void check_take_transfer(Check *check, const TransferResult *result);
void check_finish(Check *check);
