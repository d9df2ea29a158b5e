/* exchange.h - the smallest of conversations over the session's interface: connect, and perhaps one message and one answer.
 *
 * Over TCP being connected may be all that is asked. Over UDP the message is sent again until an answer comes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/failure.h"
#include "probe/session.h"

#define EXCHANGE_STEP_S   10
#define EXCHANGE_TRIES    3
#define EXCHANGE_AGAIN_MS 2000 /* and up to a quarter more, by chance: those that got into each other's way part then */

typedef enum { ANSWER_NONE, ANSWER_SHORT, ANSWER_GOOD } Answer; /* not ours; the beginning of one (TCP); what was waited for */
typedef Answer (*ExchangeJudge)(const guint8 *data, gsize length, gpointer user_data);
/* Makes the message anew, in place and of the same length, for a protocol whose server takes none twice. */
typedef void (*ExchangeRenew)(guint8 *message, gpointer user_data);

typedef struct {
	const char *address;
	SessionFamily family;
	guint16 port;
	gboolean stream;       /* TCP */
	const guint8 *message; /* NULL: over TCP, being connected is all; over UDP, a failure */
	gsize length;
	ExchangeJudge judge;   /* of what comes back */
	ExchangeRenew renew;   /* over UDP, before the message is sent again; NULL: it stays the same */
} ExchangeWish;

typedef struct {
	ProbeStep step;
	char failure[FAILURE_SIZE]; /* "": none */
	guint32 tcp_us, answer_us, total_us;
	guint32 rtt_us, retransmits; /* TCP that was connected */
	gboolean connected;
} ExchangeResult;

typedef struct Exchange Exchange;
/* Called once, from the main loop; may free the exchange. */
typedef void (*ExchangeDone)(const ExchangeResult *result, gpointer user_data);

/* `wish` is copied. Never NULL: what cannot even begin is told through `done`. */
Exchange *exchange_start(const Session *session, const ExchangeWish *wish, ExchangeDone done, gpointer user_data);
/* Ends it at once with this failure, and calls `done`. */
void exchange_cut(Exchange *exchange, const char *failure);
void exchange_free(Exchange *exchange);
