/* protocol.h - what the modem source (modem.c) asks of a protocol: QMI, QMI inside MBIM, or MBIM.
 *
 * A port is one modem's control node spoken to in one protocol. It opens, sweeps, takes new clients, resets and closes when
 * it is told to, each asynchronously, and reports through the host's functions; it never decides what to do about a
 * failure, never waits to try again and never tells the person anything: that is the ladder's (ladder.h) and modem.c's.
 *
 *   new -> open -> [opened] -> sweep -> [swept] -> sweep ... -> close -> [closed] -> open | free
 *
 * One operation at a time: modem.c does not ask for the next before the last was reported, but for close, which may come at
 * any time: it cancels the others, gives client ids and port back, and after it only `closed` is reported, once. No report
 * comes from within the call that asked for it.
 *
 * A data session is beside that: it may be started on an open port, takes as long as the network needs while sweeps go on, and is
 * over with the port at the latest (session.h of this folder decides when).
 *
 *   session_start -> [session_up] -> session_stop -> [session_down]
 *                '-> [session_down], when it did not come up; so too when the network ends it
 *
 * Every call to the modem has a deadline (MODEM_CALL_S). Cancelling an allocation would leave a client id behind in the
 * modem, so a port that is closing waits for such a call, at most MODEM_CLOSE_S.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source.h"
#include "source/modem/bearer.h"

#define MODEM_CALL_S  5  /* for an answer */
#define MODEM_OPEN_S  20 /* some firmware needs more than 10 s for the first one (libqmi #126) */
#define MODEM_CLOSE_S 2
#define MODEM_SESSION_S 90 /* for a data session to come up: several tries of the modem's own (TS 24.301 T3482: 8 s, five times) */

typedef struct ModemPort ModemPort;

typedef enum {
	MODEM_SWEEP_ANSWERED,  /* at least one question about the network brought data or an error of the modem's own */
	MODEM_SWEEP_SILENT,    /* not one did: what else was answered says nothing about the network */
	MODEM_SWEEP_NONSENSE,  /* answers came that are none: what can be read in them may be as wrong as the rest */
	MODEM_SWEEP_FORGOTTEN, /* the modem does not know our clients: what it says is not said to us */
} ModemSweep;

typedef enum {
	MODEM_FAILURE_UNUSABLE,    /* the node is none that this protocol can be spoken on */
	MODEM_FAILURE_NO_ANSWER,   /* opening had no answer before its deadline */
	MODEM_FAILURE_REFUSED,     /* the modem answered opening with an error */
	MODEM_FAILURE_NO_CLIENT,   /* it has no client id left to give */
	MODEM_FAILURE_HUNG_UP,     /* the connection broke, or the proxy died */
	MODEM_FAILURE_OFFERS_QMI,  /* MBIM, with settings->prefer_qmi: QMI can be had inside it, which tells more */
} ModemFailure;

typedef struct {
	const char *path;    /* of the node; borrowed */
	gboolean proxy;      /* through qmi-proxy or mbim-proxy */
	gboolean guest;      /* somebody whom we cannot see may have it too: nothing of theirs is touched */
	gboolean gnss;       /* positions from the modem's own receiver, where the protocol gives them */
	gboolean prefer_qmi;
	const char *apn;     /* of data sessions; NULL: the modem's default profile */
	SessionFamily family;
	gboolean carries;    /* something is going to be sent over them */
} ModemSettings;

/* What a port reports to. `modem` is what was given to `new`. */
typedef struct {
	void (*opened)(gpointer modem);
	/* Of opening, of taking new clients, or of an open port at any time. `error` may be NULL. To be followed by close. */
	void (*failed)(gpointer modem, ModemFailure failure, const GError *error);
	void (*swept)(gpointer modem, Observation *radio, ModemSweep result);
	/* The modem said unasked that something changed: a sweep would show it. */
	void (*changed)(gpointer modem);
	/* It took the order to restart, or did not. */
	void (*reset_done)(gpointer modem, gboolean accepted);
	void (*closed)(gpointer modem);
	/* `session` has what the modem told (family, cause ...), the rest is for session.c to fill in. `bearer` is borrowed. */
	void (*session_up)(gpointer modem, Observation *session, const ModemBearer *bearer);
	/* It did not come up, the network or the modem ended it, or session_stop is done: then without a cause. */
	void (*session_down)(gpointer modem, Observation *session);
} ModemHost;

typedef struct {
	const char *name; /* as `device` observations show it: "qmi", "qmi-over-mbim", "mbim" */
	/* `settings`, `host` and `source` are borrowed and outlive the port. */
	ModemPort *(*new)(const ModemSettings *settings, const ModemHost *host, Source *source, gpointer modem);
	/* Opens the node, takes clients, observes the `device` observation (through source->host) and asks for indications.
	 * A modem that does not tell its model, or sends no indications, is opened all the same. */
	void (*open)(ModemPort *port);
	void (*sweep)(ModemPort *port);
	/* Gives the clients back and takes new ones on the open port; reports opened or failed. NULL: the protocol has none. */
	void (*renew)(ModemPort *port);
	/* Asks the modem to restart itself. NULL: the protocol cannot. */
	void (*reset)(ModemPort *port);
	/* On an open port without a session. */
	void (*session_start)(ModemPort *port);
	/* While one is coming up or is up; a start is given up. */
	void (*session_stop)(ModemPort *port);
	void (*close)(ModemPort *port);
	void (*free)(ModemPort *port); /* only before open or after `closed` */
} ModemProtocol;

/* What the session of a port (source/qmi/session.h, source/mbim/session.h) reports to it; never from within a call of the port's. */
typedef struct {
	void (*up)(gpointer port, Observation *session, const ModemBearer *bearer);
	/* Did not come up, or is over and given back: the session is to be freed by the callee. */
	void (*down)(gpointer port, Observation *session);
} ModemSessionHost;

/* The base of every port: its first member. */
struct ModemPort {
	const ModemProtocol *protocol;
	const ModemSettings *settings;
	const ModemHost *host;
	Source *source;
	gpointer modem;
};

extern const ModemProtocol modem_protocol_qmi;           /* source/qmi/qmi.c */
extern const ModemProtocol modem_protocol_qmi_over_mbim; /* the same, over another transport */
extern const ModemProtocol modem_protocol_mbim;          /* source/mbim/mbim.c */
