/* Which questions a sweep puts, and what it was worth.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/questions.h"

enum { CARD, REGISTER, SIGNAL, CELLS, N };

static ModemQuestions make(void)
{
	return (ModemQuestions){.vital = REGISTER, .network = 1u << REGISTER | 1u << SIGNAL | 1u << CELLS, .slow = 1u << CARD};
}

/* One sweep in which each question that is put has its outcome. Returns which were put, as a bit each. */
static guint32 sweep(ModemQuestions *questions, const ModemOutcome outcomes[N], ModemSweep *ret_result)
{
	guint32 asked = 0;
	modem_questions_begin(questions);
	for (guint id = 0; id < N; id++)
		asked |= modem_questions_ask(questions, id) ? 1u << id : 0;
	guint left = 0;
	for (guint id = 0; id < N; id++)
		left += asked >> id & 1;
	for (guint id = N; id-- > 0;)
		if (asked & 1u << id)
			g_assert_cmpint(modem_questions_settle(questions, id, outcomes[id]), ==, --left == 0);
	*ret_result = modem_questions_end(questions);
	return asked;
}

#define ALL 0xfu
static const ModemOutcome answered[N] = {0}; /* MODEM_QUESTION_ANSWERED */

/* How many sweeps leave `id` out, from here on. */
static guint count_rest(ModemQuestions *questions, guint id)
{
	ModemSweep result;
	for (guint n = 0;; n++)
		if (sweep(questions, answered, &result) & 1u << id)
			return n;
}

static void test_what_hardly_changes_is_asked_seldom(void)
{
	ModemQuestions questions = make();
	ModemSweep result;
	g_assert_cmpuint(sweep(&questions, answered, &result), ==, ALL);
	g_assert_cmpint(result, ==, MODEM_SWEEP_ANSWERED);
	g_assert_cmpuint(count_rest(&questions, CARD), ==, 9);
}

static void test_what_is_not_known_rests_until_the_modem_is_opened_anew(void)
{
	const ModemOutcome outcomes[N] = {[CELLS] = MODEM_QUESTION_UNSUPPORTED};
	ModemQuestions questions = make();
	ModemSweep result;
	sweep(&questions, outcomes, &result);
	g_assert_cmpuint(count_rest(&questions, CELLS), ==, 60);
	sweep(&questions, outcomes, &result);
	modem_questions_reset(&questions);
	g_assert_cmpuint(count_rest(&questions, CELLS), ==, 0);
}

static void test_a_question_that_hangs_twice_rests(void)
{
	const ModemOutcome outcomes[N] = {[CELLS] = MODEM_QUESTION_HUNG};
	ModemQuestions questions = make();
	ModemSweep result;
	sweep(&questions, outcomes, &result);
	sweep(&questions, answered, &result); /* not in a row */
	sweep(&questions, outcomes, &result);
	g_assert_true(sweep(&questions, outcomes, &result) & 1u << CELLS);
	g_assert_cmpuint(count_rest(&questions, CELLS), ==, 30);
}

static void test_the_vital_question_never_rests(void)
{
	const ModemOutcome hung[N] = {[REGISTER] = MODEM_QUESTION_HUNG}, unknown[N] = {[REGISTER] = MODEM_QUESTION_UNSUPPORTED};
	ModemQuestions questions = make();
	ModemSweep result;
	for (guint i = 0; i < 5; i++)
		g_assert_true(sweep(&questions, i < 3 ? hung : unknown, &result) & 1u << REGISTER);
}

static void test_what_the_modem_does_not_offer_is_never_asked(void)
{
	ModemQuestions questions = make();
	ModemSweep result;
	questions.never = 1u << CELLS;
	for (guint i = 0; i < 100; i++)
		g_assert_false(sweep(&questions, answered, &result) & 1u << CELLS);
}

static void test_a_modem_that_hangs_as_a_whole_lets_no_question_rest(void)
{
	const ModemOutcome outcomes[N] = {[REGISTER] = MODEM_QUESTION_HUNG, [SIGNAL] = MODEM_QUESTION_HUNG, [CELLS] = MODEM_QUESTION_HUNG};
	ModemQuestions questions = make();
	ModemSweep result;
	for (guint i = 0; i < 5; i++) {
		g_assert_true(sweep(&questions, outcomes, &result) & 1u << CELLS);
		g_assert_cmpint(result, ==, MODEM_SWEEP_SILENT); /* the card alone says nothing about the network */
	}
}

static void test_what_a_sweep_was_worth(void)
{
	static const struct {
		ModemOutcome outcomes[N];
		ModemSweep worth;
	} cases[] = {
		{{MODEM_QUESTION_LOST, MODEM_QUESTION_REFUSED, MODEM_QUESTION_LOST, MODEM_QUESTION_LOST}, MODEM_SWEEP_ANSWERED},
		{{MODEM_QUESTION_LOST, MODEM_QUESTION_LOST, MODEM_QUESTION_LOST, MODEM_QUESTION_LOST}, MODEM_SWEEP_SILENT},
		{{0, MODEM_QUESTION_GARBLED, 0, 0}, MODEM_SWEEP_ANSWERED},
		{{0, MODEM_QUESTION_GARBLED, MODEM_QUESTION_GARBLED, 0}, MODEM_SWEEP_NONSENSE},
		{{0, 0, MODEM_QUESTION_FORGOTTEN, 0}, MODEM_SWEEP_FORGOTTEN},
		{{MODEM_QUESTION_GARBLED, MODEM_QUESTION_GARBLED, MODEM_QUESTION_FORGOTTEN, 0}, MODEM_SWEEP_FORGOTTEN},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		ModemQuestions questions = make();
		ModemSweep result;
		sweep(&questions, cases[i].outcomes, &result);
		g_assert_cmpint(result, ==, cases[i].worth);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/questions/what-hardly-changes-is-asked-seldom", test_what_hardly_changes_is_asked_seldom);
	g_test_add_func("/questions/what-is-not-known-rests-until-the-modem-is-opened-anew",
			test_what_is_not_known_rests_until_the_modem_is_opened_anew);
	g_test_add_func("/questions/a-question-that-hangs-twice-rests", test_a_question_that_hangs_twice_rests);
	g_test_add_func("/questions/the-vital-question-never-rests", test_the_vital_question_never_rests);
	g_test_add_func("/questions/what-the-modem-does-not-offer-is-never-asked", test_what_the_modem_does_not_offer_is_never_asked);
	g_test_add_func("/questions/a-modem-that-hangs-as-a-whole-lets-no-question-rest",
			test_a_modem_that_hangs_as_a_whole_lets_no_question_rest);
	g_test_add_func("/questions/what-a-sweep-was-worth", test_what_a_sweep_was_worth);
	return g_test_run();
}
