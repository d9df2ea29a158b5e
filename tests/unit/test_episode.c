/* How long something must last before a rule's word counts, and when it is over (src/analysis/rule.h).
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/episode.h"

static const RuleFigure figures[] = {{"lasts_s", 30, "this test"}, {"other", 5, "this test"}, {NULL, 0, NULL}};

/* A rule that says what it is told to. */
static Holds says;
static gboolean enough;
static guint begun;

static void sweep(RuleContext *c, const Moment *m)
{
	rule_tell(c, &m->at, says, enough);
}

static void begin(RuleContext *c)
{
	(void)c;
	begun++;
}

static void describe(RuleContext *c, Finding *f)
{
	finding_say(f, EVIDENCE_FOR, "it held for %.0f s", (double)rule_held_ms(c) / 1000);
}

static const Rule rule = {.name = "told",
			  .looks_for = "",
			  .verdict = VERDICT_JAMMING,
			  .sub = "degraded",
			  .most = CONFIDENCE_MEDIUM,
			  .figures = figures,
			  .memory = 1,
			  .sweep = sweep,
			  .begin = begin,
			  .describe = describe};

typedef struct {
	Modem modem;
	RuleRun *run;
	GPtrArray *found; /* of Finding */
	gint64 now_s;
} Fixture;

static void take(gpointer user_data, Finding *f)
{
	g_ptr_array_add(user_data, f);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->modem = (Modem){.name = "a", .home = "257-01"};
	fixture->found = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
	fixture->run = rule_run_new(&rule, &fixture->modem, 7, 3, take, fixture->found);
	fixture->now_s = 1000;
	enough = TRUE;
	begun = 0;
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	rule_run_free(fixture->run);
	g_ptr_array_unref(fixture->found);
}

/* So many seconds of it, a sweep a second. */
static void tell(Fixture *fixture, Holds holds, guint seconds)
{
	static const Entry state = {.service = SERVICE_STATE_SERVED}, cell = {.plmn = "257-01"};
	says = holds;
	for (guint i = 0; i < seconds; i++) {
		fixture->now_s++;
		const Moment m = {
			.at = {.id = fixture->now_s, .boot_ms = fixture->now_s * 1000, .lat = 53.9 + (double)i * 1e-4, .lon = 27.5},
			.modem = &fixture->modem,
			.state = &state,
			.cell = &cell,
			.tile = TILE_NONE};
		rule_run_sweep(fixture->run, &m);
	}
}

static const Finding *only(const Fixture *fixture)
{
	g_assert_cmpuint(fixture->found->len, ==, 1);
	return fixture->found->pdata[0];
}

static void test_too_short(Fixture *fixture, gconstpointer data)
{
	(void)data;
	tell(fixture, HOLDS_YES, 30); /* 29 s from the first to the last */
	tell(fixture, HOLDS_NO, 100);
	g_assert_cmpuint(fixture->found->len, ==, 0);
	g_assert_cmpuint(begun, ==, 1);
}

static void test_long_enough(Fixture *fixture, gconstpointer data)
{
	(void)data;
	tell(fixture, HOLDS_YES, 31);
	tell(fixture, HOLDS_NO, 59);
	g_assert_cmpuint(fixture->found->len, ==, 0); /* clears after twice its entry time, and not before */
	tell(fixture, HOLDS_NO, 2);
	const Finding *f = only(fixture);
	g_assert_cmpint(f->onset.id, ==, 1001);
	g_assert_cmpint(f->end.id, ==, 1031);
	g_assert_cmpint(f->confirmed_ms, ==, 1031 * 1000);
	g_assert_false(f->open);
	g_assert_cmpint(f->recording, ==, 7);
	g_assert_cmpint(f->source, ==, 3);
	g_assert_cmpstr(f->plmn, ==, "257-01");
	g_assert_cmpfloat_with_epsilon(f->south, 53.9, 1e-9);
	g_assert_cmpfloat_with_epsilon(f->north, 53.903, 1e-9);
}

static void test_half_keeps_it_alive(Fixture *fixture, gconstpointer data)
{
	(void)data;
	tell(fixture, HOLDS_YES, 31);
	tell(fixture, HOLDS_HALF, 200);
	tell(fixture, HOLDS_YES, 1);
	tell(fixture, HOLDS_NO, 70);
	g_assert_cmpint(only(fixture)->end.id, ==, 1232);
}

static void test_half_does_not_count(Fixture *fixture, gconstpointer data)
{
	(void)data;
	tell(fixture, HOLDS_HALF, 100);
	tell(fixture, HOLDS_YES, 20);
	tell(fixture, HOLDS_HALF, 100);
	tell(fixture, HOLDS_NO, 100);
	g_assert_cmpuint(fixture->found->len, ==, 0);
}

static void test_one_odd_sweep(Fixture *fixture, gconstpointer data)
{
	(void)data;
	tell(fixture, HOLDS_YES, 15);
	tell(fixture, HOLDS_NO, 1);
	tell(fixture, HOLDS_YES, 20);
	tell(fixture, HOLDS_NO, 70);
	g_assert_cmpint(only(fixture)->onset.id, ==, 1001);
}

static void test_not_enough(Fixture *fixture, gconstpointer data)
{
	(void)data;
	enough = FALSE;
	tell(fixture, HOLDS_YES, 200);
	g_assert_cmpuint(fixture->found->len, ==, 0);
	enough = TRUE;
	tell(fixture, HOLDS_YES, 1);
	tell(fixture, HOLDS_NO, 70);
	g_assert_cmpint(only(fixture)->confirmed_ms, ==, 1201 * 1000);
}

static void test_unknown(Fixture *fixture, gconstpointer data)
{
	(void)data;
	tell(fixture, HOLDS_YES, 20);
	tell(fixture, HOLDS_UNKNOWN, 61); /* nothing can be said for a minute: forgotten */
	tell(fixture, HOLDS_YES, 20);
	tell(fixture, HOLDS_NO, 70);
	g_assert_cmpuint(fixture->found->len, ==, 0);
	tell(fixture, HOLDS_YES, 40);
	tell(fixture, HOLDS_UNKNOWN, 200); /* what is confirmed waits longer, and UNKNOWN is no NO */
	g_assert_cmpuint(fixture->found->len, ==, 0);
	tell(fixture, HOLDS_UNKNOWN, 102);
	g_assert_cmpuint(fixture->found->len, ==, 1);
}

static void test_silence_ends_it(Fixture *fixture, gconstpointer data)
{
	(void)data;
	tell(fixture, HOLDS_YES, 40);
	fixture->now_s += 400; /* no word for longer than RULE_ASIDE_MS */
	tell(fixture, HOLDS_YES, 5);
	const Finding *f = only(fixture);
	g_assert_cmpint(f->end.id, ==, 1040);
}

static void test_open_at_the_end(Fixture *fixture, gconstpointer data)
{
	(void)data;
	tell(fixture, HOLDS_YES, 40);
	rule_run_end(fixture->run);
	g_assert_true(only(fixture)->open);
}

static void test_figure(Fixture *fixture, gconstpointer data)
{
	(void)data;
	rule_run_set_figure(fixture->run, 0, 10);
	tell(fixture, HOLDS_YES, 11);
	tell(fixture, HOLDS_NO, 21);
	only(fixture);
}

static void test_at_once(Fixture *fixture, gconstpointer data)
{
	(void)data;
	rule_run_set_figure(fixture->run, 0, 0);
	tell(fixture, HOLDS_YES, 1);
	tell(fixture, HOLDS_NO, 1);
	g_assert_cmpint(only(fixture)->end.id, ==, 1001);
}

static void test_sentences(void)
{
	Finding f = {.verdict = VERDICT_JAMMING,
		     .confidence = CONFIDENCE_MEDIUM,
		     .sentences = g_ptr_array_new_with_free_func((GDestroyNotify)sentence_free)};
	finding_say(&f, EVIDENCE_FOR, "%d dB", 6);
	finding_say(&f, EVIDENCE_FOR, "%d dB", 6);
	finding_say(&f, EVIDENCE_AGAINST, "%d dB", 6);
	finding_alternative(&f, VERDICT_CONGESTION, "6 dB");
	g_assert_cmpuint(f.sentences->len, ==, 3);
	finding_cap(&f, CONFIDENCE_HIGH);
	g_assert_cmpint(f.confidence, ==, CONFIDENCE_MEDIUM);
	finding_cap(&f, CONFIDENCE_LOW);
	g_assert_cmpint(f.confidence, ==, CONFIDENCE_LOW);
	g_ptr_array_unref(f.sentences);
}

static void test_tally(void)
{
	Tally t = {0};
	g_assert_true(isnan(tally_mean(&t)));
	tally_add(&t, NAN);
	tally_add(&t, 4);
	tally_add(&t, -2);
	g_assert_cmpuint(t.n, ==, 2);
	g_assert_cmpfloat(tally_mean(&t), ==, 1);
	g_assert_cmpfloat(t.least, ==, -2);
	g_assert_cmpfloat(t.most, ==, 4);
	g_assert_cmpfloat(t.first, ==, 4);
	g_assert_cmpfloat(t.last, ==, -2);
}

#define ADD(path, function) g_test_add("/episode/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("too short a time is nothing", test_too_short);
	ADD("long enough is told, and clears after twice as long", test_long_enough);
	ADD("half keeps it alive", test_half_keeps_it_alive);
	ADD("half does not count as lasting", test_half_does_not_count);
	ADD("one odd sweep undoes nothing", test_one_odd_sweep);
	ADD("what the rule has not seen enough of is not confirmed", test_not_enough);
	ADD("unknown is neither", test_unknown);
	ADD("silence ends it as of its last yes", test_silence_ends_it);
	ADD("a recording's end leaves it open", test_open_at_the_end);
	ADD("a figure that is set is used", test_figure);
	ADD("what must not last is told at once", test_at_once);
	g_test_add_func("/finding/the same sentence is said once, confidence only falls", test_sentences);
	g_test_add_func("/finding/a tally passes over what is not known", test_tally);
	return g_test_run();
}
