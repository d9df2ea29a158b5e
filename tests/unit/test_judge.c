/* What findings of several modems mean together: witnesses, gates, groups, confidence, and the stretches that follow.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/judge.h"
#include "analysis/results.h"
#include "analysis/rule.h"
#include "analysis/stretch.h"

#include <glib/gstdio.h>

/* Minutes of UTC and, at device 1, of BOOTTIME. */
#define MINUTE_MS G_GINT64_CONSTANT(60000)
#define DAY_MS (G_GINT64_CONSTANT(20000) * 86400000)

/* Sources: modems of two operators and a second one of the first. */
enum { MODEM_A = 1, MODEM_B, MODEM_C };
static const char *const homes[] = {NULL, "257-01", "257-02", "257-01"};

typedef struct {
	char *folder, *path;
	Store *store;
	Results *results;
	GPtrArray *findings;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	f->folder = g_dir_make_tmp("jamlog-judge-XXXXXX", &error);
	f->path = g_build_filename(f->folder, "s.gpkg", NULL);
	Store *built = store_open_write(f->path, &error);
	g_assert_no_error(error);
	g_assert_true(store_finish(built, &error));
	store_free(built);
	f->store = store_open_write(f->path, &error);
	g_assert_true(store_begin(f->store, &error) && store_ensure_results(f->store, &error));
	/* device 1 has two recordings in one boot, device 2 one */
	g_assert_true(store_exec(
		f->store,
		"INSERT INTO boot (id, device_id, boot_id) VALUES (1,'d1','b1'),(2,'d2','b2');"
		"INSERT INTO recording (id, boot, run_id) VALUES (1,1,'r1'),(2,1,'r2'),(3,2,'r3');"
		"INSERT INTO source (id, name) VALUES (1,'a'),(2,'b'),(3,'c');"
		"INSERT INTO analysis (id, rules_version, parameters, program, made_time) VALUES (1,'t','','','');"
		"INSERT INTO segment (id, digest, recording, number, file_name, created_boottime_ms, created_realtime_ms, "
		"clock_state,"
		" first_sequence, previous, read_offset, next_frame, chain, ending, observations, unreadable) VALUES"
		" (1,'x1',1,1,'one',0,0,'',1,'',0,0,'','final',0,0),(2,'x2',1,2,'two',0,0,'',2000,'',0,0,'','final',0,0),"
		" (3,'x3',1,3,'three',0,0,'',9000,'',0,0,'','final',0,0)",
		&error));
	g_assert_no_error(error);
	f->results = results_new(f->store, 1, &error);
	g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data)
{
	(void)data;
	g_clear_pointer(&f->findings, g_ptr_array_unref);
	results_free(f->results);
	store_free(f->store);
	g_unlink(f->path);
	g_rmdir(f->folder);
	g_free(f->path);
	g_free(f->folder);
}

/* At minute m: a sequence number a second, UTC and BOOTTIME apart by a day; device 2's BOOTTIME is another. */
static When when(gint64 recording, double minute)
{
	const gint64 ms = (gint64)(minute * MINUTE_MS);
	return (When){.id = STORE_ID(recording, 1000 + ms / 1000),
		      .boot_ms = ms + (recording == 3 ? 77 * MINUTE_MS : 0),
		      .dated = TRUE,
		      .utc_ms = DAY_MS + ms,
		      .lat = 53.9,
		      .lon = 27.56,
		      .position_error_m = 5};
}

typedef struct {
	gint64 recording, source;
	double from, to; /* minutes */
	Verdict verdict;
	const char *sub, *sub_if_refuted;
	Confidence confidence;
	guint witness;
	guint16 band;
} Said;

static void find(Fixture *f, Said s)
{
	g_autoptr(GError) error = NULL;
	Finding finding = {.recording = s.recording,
			   .source = s.source,
			   .rule = verdict_words[s.verdict],
			   .verdict = s.verdict,
			   .sub = s.sub,
			   .sub_if_refuted = s.sub_if_refuted,
			   .confidence = s.confidence,
			   .witness = s.witness,
			   .onset = when(s.recording, s.from),
			   .end = when(s.recording, s.to),
			   .band = s.band,
			   .south = 53.9,
			   .west = 27.56,
			   .north = 53.9002,
			   .east = 27.5602,
			   .sentences = g_ptr_array_new_with_free_func((GDestroyNotify)sentence_free)};
	finding.confirmed_ms = finding.onset.boot_ms + 30000;
	g_strlcpy(finding.plmn, homes[s.source], sizeof finding.plmn);
	finding_say(&finding, EVIDENCE_FOR, "the rule %s held", finding.rule);
	results_put_finding(f->results, &finding, &error);
	g_assert_no_error(error);
	g_ptr_array_unref(finding.sentences);
}

static void course_at(Fixture *f, gint64 recording, gint64 source, CourseService service, CourseData data, double from, double to,
		      double lat)
{
	g_autoptr(GError) error = NULL;
	CourseRun run = {.service = service,
			 .data = data,
			 .start = when(recording, from),
			 .end = when(recording, to),
			 .south = lat,
			 .north = lat,
			 .west = 27.56,
			 .east = 27.56};
	g_strlcpy(run.plmn, service == COURSE_NONE ? "" : homes[source], sizeof run.plmn);
	g_strlcpy(run.home, homes[source], sizeof run.home);
	results_put_course(f->results, recording, source, &run, &error);
	g_assert_no_error(error);
}

static void course(Fixture *f, gint64 recording, gint64 source, CourseService service, CourseData data, double from, double to)
{
	course_at(f, recording, source, service, data, from, to, 53.9);
}

static void judge(Fixture *f)
{
	g_autoptr(GError) error = NULL;
	g_clear_pointer(&f->findings, g_ptr_array_unref);
	f->findings = judge_load(f->store, 1, &error);
	g_assert_no_error(error);
	g_assert_true(judge_witnesses(f->store, 1, f->findings, &error));
	judge_gates(f->findings);
	judge_groups(f->findings);
	g_assert_true(judge_write(f->store, 1, f->findings, &error));
	g_assert_true(stretch_write(f->store, 1, f->findings, &error));
	g_assert_no_error(error);
}

/* The first column of all rows, joined by blanks. */
static char *ask(Fixture *f, const char *sql)
{
	g_autoptr(GError) error = NULL;
	GString *text = g_string_new(NULL);
	g_autoptr(StoreStatement) stmt = store_prepare(f->store, sql, &error);
	g_assert_no_error(error);
	for (;;) {
		gboolean row;
		g_assert_true(store_step(f->store, stmt, &row, &error));
		if (!row)
			return g_string_free(text, FALSE);
		g_string_append_printf(text, "%s%s", text->len ? " " : "", (const char *)sqlite3_column_text(stmt, 0));
	}
}

static void assert_sql(Fixture *f, const char *sql, const char *wanted)
{
	g_autofree char *got = ask(f, sql);
	g_assert_cmpstr(got, ==, wanted);
}

#define VERDICTS_SQL "SELECT verdict || coalesce('/'||sub,'') || '/' || confidence FROM incident ORDER BY start_time, verdict"

static const Said jam_a = {1, MODEM_A, 10, 12, VERDICT_JAMMING, "degraded", NULL, CONFIDENCE_MEDIUM, WITNESS_RAISES, 3};

static void test_one_modem(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, jam_a);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/medium");
	assert_sql(f, "SELECT start_time || ' ' || end_time || ' ' || duration_s FROM incident",
		   "2024-10-04T00:10:00.000Z 2024-10-04T00:12:00.000Z 120.0");
	assert_sql(f, "SELECT text FROM incident_evidence WHERE kind='limit'", "a single modem saw it");
	/* sequence numbers 1600 to 1720 stand in the first segment alone */
	assert_sql(f, "SELECT s.file_name FROM incident_segment i JOIN segment s ON s.id=i.segment", "one");
}

static void test_second_operator(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, jam_a);
	find(f, (Said){3, MODEM_B, 10.2, 12.1, VERDICT_JAMMING, "blackout", NULL, CONFIDENCE_MEDIUM, WITNESS_RAISES, 7});
	judge(f);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/high");
	assert_sql(f, "SELECT modems || ' ' || operators FROM incident", "a, b 257-01, 257-02");
}

static void test_sky_is_a_witness(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, jam_a);
	find(f, (Said){1, MODEM_C, 11, 11.5, VERDICT_GNSS_JAM, NULL, NULL, CONFIDENCE_LOW, 0, 0});
	judge(f);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/high gnss-jam/low");
}

/* Satellites drowned in another town, or where the place of neither is known; and what drowns satellites refuses no card. */
static void test_sky_elsewhere(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	find(f, jam_a);
	find(f, (Said){1, MODEM_A, 30, 40, VERDICT_REJECTED, "area", NULL, CONFIDENCE_MEDIUM, WITNESS_RAISES, 3});
	find(f, (Said){3, MODEM_C, 9, 50, VERDICT_GNSS_JAM, NULL, NULL, CONFIDENCE_LOW, 0, 0});
	g_assert_true(store_exec(f->store, "UPDATE finding SET south=55, north=55 WHERE verdict='gnss-jam'", &error));
	judge(f);
	assert_sql(f, VERDICTS_SQL, "gnss-jam/low jamming/degraded/medium rejected/area/medium");
	g_assert_true(store_exec(f->store, "UPDATE finding SET south=NULL, west=NULL, north=NULL, east=NULL", &error));
	judge(f);
	assert_sql(f, VERDICTS_SQL, "gnss-jam/low jamming/degraded/medium rejected/area/medium");
	g_assert_true(store_exec(
		f->store,
		"UPDATE finding SET recording=1, start_boottime_ms=540000, end_boottime_ms=3000000 WHERE verdict='gnss-jam'",
		&error));
	judge(f);
	assert_sql(f, VERDICTS_SQL, "gnss-jam/low jamming/degraded/high rejected/area/medium");
}

/* A card that is refused on one band, and then on another, is one card still. */
static void test_bands_are_no_second_card(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, (Said){1, MODEM_A, 10, 20, VERDICT_DATA_CUT, "session-refused", NULL, CONFIDENCE_MEDIUM, WITNESS_RAISES, 3});
	find(f, (Said){1, MODEM_A, 20.2, 30, VERDICT_DATA_CUT, "session-refused", NULL, CONFIDENCE_MEDIUM, WITNESS_RAISES, 7});
	judge(f);
	assert_sql(f, VERDICTS_SQL, "data-cut/session-refused/medium");
}

/* Two devices: one does not know its place, or its clock may be wrong by more than both lasted. */
static void test_doubtful_neighbour(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	find(f, jam_a);
	find(f, (Said){3, MODEM_B, 10.2, 12.1, VERDICT_JAMMING, "blackout", NULL, CONFIDENCE_MEDIUM, WITNESS_RAISES, 7});
	g_assert_true(store_exec(f->store, "UPDATE finding SET utc_error_ms=600000 WHERE recording=3", &error));
	judge(f);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/medium jamming/blackout/medium");
	g_assert_true(store_exec(
		f->store, "UPDATE finding SET utc_error_ms=0, south=NULL, west=NULL, north=NULL, east=NULL WHERE recording=3",
		&error));
	judge(f);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/medium jamming/blackout/medium");
}

/* The same hour on another day, a kilometre or two away, and a low one: none of them makes it surer. */
static void test_no_witness(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, jam_a);
	find(f, (Said){3, MODEM_B, 20, 22, VERDICT_JAMMING, "blackout", NULL, CONFIDENCE_MEDIUM, WITNESS_RAISES, 7});
	judge(f);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/medium jamming/blackout/medium");
}

/* Two findings of low confidence at the same time; the witness bit and band of the second as given. */
static void find_two_low(Fixture *f, gint64 source, guint witness, guint16 band)
{
	Said low = jam_a, other = jam_a;
	low.confidence = other.confidence = CONFIDENCE_LOW;
	low.witness = other.witness = witness;
	other.source = source;
	other.band = band;
	find(f, low);
	find(f, other);
	judge(f);
}

static void test_low_of_two_operators(Fixture *f, gconstpointer data)
{
	(void)data;
	find_two_low(f, MODEM_B, WITNESS_RAISES, 3);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/medium");
}

static void test_low_of_two_bands(Fixture *f, gconstpointer data)
{
	(void)data;
	find_two_low(f, MODEM_B, WITNESS_RAISES, 7);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/high");
}

static void test_low_is_not_raised(Fixture *f, gconstpointer data)
{
	(void)data;
	find_two_low(f, MODEM_C, WITNESS_RAISES, 3); /* of the same operator on the same band */
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/low");
}

static void test_nothing_to_compare_with(Fixture *f, gconstpointer data)
{
	(void)data;
	find_two_low(f, MODEM_B, 0, 7);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/low");
}

static void test_same_operator_has_less(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, (Said){1, MODEM_A, 10, 20, VERDICT_DOWNGRADE, NULL, "own", CONFIDENCE_MEDIUM,
		       WITNESS_SAME_OPERATOR | WITNESS_OF_BROADBAND, 0});
	course(f, 1, MODEM_C, COURSE_NARROWBAND, DATA_UNTESTED, 0, 30);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "downgrade/medium");
	course(f, 3, MODEM_C, COURSE_BROADBAND, DATA_UNTESTED, 0, 30);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "downgrade/own/medium");
}

static void test_same_operator_is_fine(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, jam_a);
	course(f, 1, MODEM_C, COURSE_BROADBAND, DATA_UNTESTED, 0, 30);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/low");
}

static void test_far_away_is_no_witness(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, jam_a);
	course_at(f, 1, MODEM_C, COURSE_BROADBAND, DATA_UNTESTED, 0, 30, 53.95);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/medium");
}

static const Said cut_a = {1,
			   MODEM_A,
			   10,
			   20,
			   VERDICT_DATA_CUT,
			   "session-refused",
			   "own-subscription",
			   CONFIDENCE_MEDIUM,
			   WITNESS_SAME_OPERATOR | WITNESS_OF_DATA,
			   0};

static void test_own_subscription(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, cut_a);
	course(f, 1, MODEM_C, COURSE_BROADBAND, DATA_WORKS, 0, 30);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "data-cut/own-subscription/medium");
}

/* It has service, but nobody knows of its data; or its data fails as well; or it was switched off. */
static void test_not_refuted(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, cut_a);
	course(f, 1, MODEM_C, COURSE_BROADBAND, DATA_UNTESTED, 0, 12);
	course(f, 1, MODEM_C, COURSE_OFF, DATA_WORKS, 12, 14);
	course(f, 1, MODEM_C, COURSE_BROADBAND, DATA_FAILS, 14, 30);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "data-cut/session-refused/medium");
}

static void test_refuted_is_dropped(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, (Said){1, MODEM_A, 10, 20, VERDICT_DOWNGRADE, NULL, NULL, CONFIDENCE_MEDIUM, WITNESS_SAME_OPERATOR, 0});
	course(f, 3, MODEM_C, COURSE_BROADBAND, DATA_UNTESTED, 0, 30);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "");
}

static const Said off_a = {1, MODEM_A, 10, 20, VERDICT_CELLS_OFF, NULL, NULL, CONFIDENCE_MEDIUM, WITNESS_OTHER_OPERATOR, 0};

static void test_other_operator(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, off_a);
	course(f, 1, MODEM_B, COURSE_BROADBAND, DATA_UNTESTED, 0, 30);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "cells-off/medium");
	assert_sql(
		f,
		"SELECT count(*) FROM incident_evidence WHERE kind='for' AND text LIKE '%another operator (257-02) had service%'",
		"1");
}

static void test_all_operators_gone(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, off_a);
	course(f, 1, MODEM_B, COURSE_NONE, DATA_UNTESTED, 0, 30);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "undetermined/low");
}

static void test_nobody_else(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, off_a);
	judge(f);
	assert_sql(f, VERDICTS_SQL, "cells-off/medium");
	assert_sql(f, "SELECT count(*) FROM incident_evidence WHERE kind='limit' AND text LIKE 'no modem of another operator%'",
		   "1");
}

static void test_own_fault_silences(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, jam_a);
	find(f, (Said){1, MODEM_A, 8, 10, VERDICT_OWN_FAULT, "modem-reset", NULL, CONFIDENCE_MEDIUM, 0,
		       0}); /* and two minutes after it */
	find(f, (Said){1, MODEM_B, 10, 12, VERDICT_CONGESTION, NULL, NULL, CONFIDENCE_MEDIUM, 0, 0}); /* another modem's */
	judge(f);
	assert_sql(f, VERDICTS_SQL, "own-fault/modem-reset/medium congestion/medium");
	assert_sql(f, "SELECT count(*) FROM incident_evidence WHERE text LIKE 'the rule jamming (jamming) held too%'", "1");
}

static void test_surer_wins(Fixture *f, gconstpointer data)
{
	Said low = jam_a;
	(void)data;
	low.confidence = CONFIDENCE_LOW;
	find(f, low);
	find(f, (Said){1, MODEM_A, 9, 13, VERDICT_CONGESTION, NULL, NULL, CONFIDENCE_MEDIUM, 0, 0});
	find(f, (Said){1, MODEM_A, 9, 13, VERDICT_UNDETERMINED, NULL, NULL, CONFIDENCE_LOW, 0, 0});
	judge(f);
	assert_sql(f, VERDICTS_SQL, "congestion/medium");
	assert_sql(f, "SELECT verdict FROM incident_evidence WHERE kind='alternative'", "jamming");
}

static void test_earlier_gate_wins(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, jam_a);
	find(f, (Said){1, MODEM_A, 10, 12, VERDICT_DATA_CUT, NULL, NULL, CONFIDENCE_MEDIUM, 0, 0});
	find(f, (Said){1, MODEM_A, 12, 40, VERDICT_BLOCKED, NULL, NULL, CONFIDENCE_MEDIUM, 0, 0}); /* goes on for long after */
	judge(f);
	assert_sql(f, VERDICTS_SQL, "jamming/degraded/medium blocked/medium");
}

static void test_marks(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	g_assert_true(store_exec(f->store,
				 "INSERT INTO mark (id, boottime_ms, source, text) VALUES ((1<<32)+5, 540000, 9, 'tear gas'),"
				 "((1<<32)+6, -5000, 9, 'long before'), ((3<<32)+7, 600000, 9, 'another device')",
				 &error));
	find(f, jam_a);
	judge(f);
	assert_sql(f, "SELECT text FROM incident_evidence WHERE kind='mark'", "60 s before its begin the person noted: tear gas");
}

static void test_code_stays(Fixture *f, gconstpointer data)
{
	(void)data;
	find(f, jam_a);
	judge(f);
	g_autofree char *before = ask(f, "SELECT code FROM incident");
	find(f, (Said){1, MODEM_B, 5, 6, VERDICT_CONGESTION, NULL, NULL, CONFIDENCE_MEDIUM, 0, 0});
	judge(f);
	assert_sql(f, "SELECT code FROM incident WHERE verdict='jamming'", before);
	assert_sql(f, "SELECT count(*) || '/' || count(DISTINCT code) FROM incident", "2/2");
	g_assert_cmpuint(strlen(before), ==, 9);
}

static void test_stretches(Fixture *f, gconstpointer data)
{
	(void)data;
	course(f, 1, MODEM_A, COURSE_BROADBAND, DATA_UNTESTED, 0, 11);
	course(f, 1, MODEM_A, COURSE_NONE, DATA_UNTESTED, 11, 12);
	course(f, 1, MODEM_A, COURSE_GAP, DATA_UNTESTED, 12, 14);
	course(f, 1, MODEM_A, COURSE_NARROWBAND, DATA_UNTESTED, 14, 15);
	course(f, 1, MODEM_A, COURSE_BROADBAND, DATA_WORKS, 15, 16);
	find(f, jam_a);
	judge(f);
	assert_sql(f,
		   "SELECT (start_boottime_ms/60000) || '-' || (end_boottime_ms/60000) || state || coalesce('/'||cause,'') || "
		   "data_tested FROM stretch"
		   " ORDER BY id",
		   "0-10working0 10-11degraded/jamming0 11-12dead/jamming0 12-14not-measured0 14-15degraded0 15-16working1");
	assert_sql(f, "SELECT count(*) FROM stretch WHERE cause IS NOT NULL AND incident=(SELECT id FROM incident)", "2");
}

static void test_own_fault_is_not_measured(Fixture *f, gconstpointer data)
{
	(void)data;
	course(f, 1, MODEM_A, COURSE_NONE, DATA_UNTESTED, 0, 5);
	course(f, 1, MODEM_A, COURSE_BROADBAND, DATA_FAILS, 5, 6);
	find(f, (Said){1, MODEM_A, 0, 2, VERDICT_OWN_FAULT, NULL, NULL, CONFIDENCE_MEDIUM, 0, 0});
	judge(f);
	assert_sql(f, "SELECT state FROM stretch ORDER BY id", "not-measured dead degraded");
}

#define ADD(path, function) g_test_add("/judge/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("one modem gives medium", test_one_modem);
	ADD("a second operator makes it high", test_second_operator);
	ADD("so do satellites that are drowned at the same time", test_sky_is_a_witness);
	ADD("satellites drowned elsewhere make nothing surer", test_sky_elsewhere);
	ADD("another band is no second card", test_bands_are_no_second_card);
	ADD("a neighbour of doubtful place or time", test_doubtful_neighbour);
	ADD("another time is another incident", test_no_witness);
	ADD("two weak findings of two operators are medium", test_low_of_two_operators);
	ADD("on two bands for a minute they are more", test_low_of_two_bands);
	ADD("two weak findings of one operator on one band are no strong one", test_low_is_not_raised);
	ADD("what has nothing to compare with stays low", test_nothing_to_compare_with);
	ADD("a modem that has no LTE either refutes no downgrade", test_same_operator_has_less);
	ADD("the same operator's other modem is fine: low", test_same_operator_is_fine);
	ADD("who is far away is no witness", test_far_away_is_no_witness);
	ADD("one card's data is the subscription's affair", test_own_subscription);
	ADD("a modem that cannot tell refutes nothing", test_not_refuted);
	ADD("what another modem refutes is dropped", test_refuted_is_dropped);
	ADD("the other operator works: for it", test_other_operator);
	ADD("all operators gone: undetermined", test_all_operators_gone);
	ADD("nobody else was there: a limit", test_nobody_else);
	ADD("an own fault silences the rest of that modem", test_own_fault_silences);
	ADD("the surer one explains", test_surer_wins);
	ADD("the earlier gate explains, for as long as it lasts", test_earlier_gate_wins);
	ADD("marks of the same device and time", test_marks);
	ADD("an incident keeps its code", test_code_stays);
	ADD("stretches: working, degraded, dead by cause, not measured", test_stretches);
	ADD("what is one's own fault was not measured", test_own_fault_is_not_measured);
	return g_test_run();
}
