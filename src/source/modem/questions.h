/* questions.h - which questions of a sweep are worth asking now, and what came of them, whatever the protocol.
 *
 * A sweep puts its questions all at once. What the firmware does not know, or leaves unanswered again and again, is asked
 * seldom, and so is what hardly changes; one question, the vital one, is always asked, or nothing would tell that the modem
 * lives. What the sweep as a whole was worth follows from the same outcomes. Knows neither messages nor modems: the sweep
 * asks, and tells what it got.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source/modem/protocol.h"

#define MODEM_QUESTIONS_MAX 16

typedef enum {
	MODEM_QUESTION_ANSWERED,
	MODEM_QUESTION_REFUSED,     /* with an error of the modem's own */
	MODEM_QUESTION_UNSUPPORTED, /* the same, but the firmware does not know the question, or not in its present state */
	MODEM_QUESTION_HUNG,        /* no answer before the deadline */
	MODEM_QUESTION_FORGOTTEN,   /* the modem does not know who asks */
	MODEM_QUESTION_GARBLED,     /* what came is no answer to it */
	MODEM_QUESTION_LOST,        /* cancelled, or the connection broke */
} ModemOutcome;

typedef struct {
	guint vital;
	guint32 network; /* bit per question: those about the network, which alone tell whether it was silent */
	guint32 slow;    /* those that hardly change their answer */
	guint32 never;   /* those that this modem does not offer */
	guint rest[MODEM_QUESTIONS_MAX]; /* sweeps until it is asked again */
	guint hung[MODEM_QUESTIONS_MAX]; /* deadlines passed in a row */

	/* of the sweep that is under way */
	guint32 asked;
	ModemOutcome outcome[MODEM_QUESTIONS_MAX];
	guint pending, answered, garbled; /* answered: of those about the network */
} ModemQuestions;

/* The modem was opened anew: other firmware may answer now. */
void modem_questions_reset(ModemQuestions *questions);

void modem_questions_begin(ModemQuestions *questions);
/* Whether this one is to be put in the present sweep. To be called once for each, before any of them is settled. */
gboolean modem_questions_ask(ModemQuestions *questions, guint id);
/* TRUE: it was the last one that was open. */
gboolean modem_questions_settle(ModemQuestions *questions, guint id, ModemOutcome outcome);
/* Decides what the next sweeps leave out. */
ModemSweep modem_questions_end(ModemQuestions *questions);
