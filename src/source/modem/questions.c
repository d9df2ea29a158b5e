/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/questions.h"

/* For how many sweeps a question is left out: */
#define REST_SLOW        9
#define REST_HUNG        30 /* after HUNG_MAX sweeps, each of which it held up until its deadline */
#define REST_UNSUPPORTED 60
#define HUNG_MAX         2
#define GARBLED_MAX      2 /* answers in one sweep: one alone may be an oddity of the firmware */

void modem_questions_reset(ModemQuestions *questions)
{
	memset(questions->rest, 0, sizeof questions->rest);
	memset(questions->hung, 0, sizeof questions->hung);
}

void modem_questions_begin(ModemQuestions *questions)
{
	questions->asked = 0;
	questions->pending = 0;
	questions->answered = questions->garbled = 0;
}

gboolean modem_questions_ask(ModemQuestions *questions, guint id)
{
	if (questions->never & 1u << id)
		return FALSE;
	if (questions->rest[id] > 0) {
		questions->rest[id]--;
		return FALSE;
	}
	questions->asked |= 1u << id;
	questions->pending++;
	return TRUE;
}

gboolean modem_questions_settle(ModemQuestions *questions, guint id, ModemOutcome outcome)
{
	const gboolean heard = outcome == MODEM_QUESTION_ANSWERED || outcome == MODEM_QUESTION_REFUSED ||
			       outcome == MODEM_QUESTION_UNSUPPORTED;
	questions->outcome[id] = outcome;
	questions->answered += heard && questions->network & 1u << id ? 1 : 0;
	questions->garbled += outcome == MODEM_QUESTION_GARBLED ? 1 : 0;
	return --questions->pending == 0;
}

static void let_rest(ModemQuestions *questions, guint id)
{
	switch (questions->outcome[id]) {
	case MODEM_QUESTION_ANSWERED:
		questions->hung[id] = 0;
		questions->rest[id] = questions->slow & 1u << id ? REST_SLOW : 0;
		break;
	case MODEM_QUESTION_UNSUPPORTED:
		questions->rest[id] = REST_UNSUPPORTED;
		break;
	case MODEM_QUESTION_HUNG:
		/* When nothing was answered it is the modem that hangs, not the question. */
		if (questions->answered > 0 && ++questions->hung[id] >= HUNG_MAX)
			questions->rest[id] = REST_HUNG;
		break;
	case MODEM_QUESTION_REFUSED:
	case MODEM_QUESTION_FORGOTTEN:
	case MODEM_QUESTION_GARBLED:
	case MODEM_QUESTION_LOST:
		break;
	}
}

ModemSweep modem_questions_end(ModemQuestions *questions)
{
	gboolean forgotten = FALSE;
	for (guint id = 0; id < MODEM_QUESTIONS_MAX; id++) {
		if (!(questions->asked & 1u << id))
			continue;
		let_rest(questions, id);
		forgotten = forgotten || questions->outcome[id] == MODEM_QUESTION_FORGOTTEN;
	}
	questions->rest[questions->vital] = 0;
	if (forgotten)
		return MODEM_SWEEP_FORGOTTEN;
	if (questions->garbled >= GARBLED_MAX)
		return MODEM_SWEEP_NONSENSE;
	return questions->answered > 0 ? MODEM_SWEEP_ANSWERED : MODEM_SWEEP_SILENT;
}
