/* What "jamlog status" says of the sources: what is old must never look fresh, and what is silent must look alarming.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/json.h"
#include "record/board.h"

#define START_NS (1000 * NS_PER_S)

typedef struct {
	Board *board;
	gint64 now_ns;
	GPtrArray *concerns;
	GVariant *sources;
} Stage;

static ClockReading read_clock(gpointer data)
{
	const Stage *stage = data;
	return (ClockReading){.boottime_ns = stage->now_ns, .realtime_ns = 0, .state = CLOCK_STATE_UNSET}; /* only BOOTTIME may count */
}

static void stage_set(Stage *stage)
{
	*stage = (Stage){.board = board_new(1000), .now_ns = START_NS};
	stage->concerns = g_ptr_array_new_with_free_func(g_free);
	clock_override(read_clock, stage);
}

static void stage_strike(Stage *stage)
{
	clock_override(NULL, NULL);
	board_free(stage->board);
	g_ptr_array_unref(stage->concerns);
	g_clear_pointer(&stage->sources, g_variant_unref);
}

static void wait_s(Stage *stage, double seconds)
{
	stage->now_ns += (gint64)(seconds * 1000) * NS_PER_MS;
}

/* The whole of it, as JSON; owned by the caller. */
static char *describe(Stage *stage)
{
	g_ptr_array_set_size(stage->concerns, 0);
	g_clear_pointer(&stage->sources, g_variant_unref);
	stage->sources = g_variant_ref_sink(board_describe(stage->board, stage->now_ns, stage->concerns));
	return json_from_variant(stage->sources);
}

static void assert_says(Stage *stage, const char *words)
{
	g_autofree char *json = describe(stage);
	if (!strstr(json, words))
		g_error("no %s in %s", words, json);
}

static void assert_says_not(Stage *stage, const char *words)
{
	g_autofree char *json = describe(stage);
	if (strstr(json, words))
		g_error("%s in %s", words, json);
}

static void assert_concern(Stage *stage, const char *words)
{
	g_autofree char *json = describe(stage);
	g_assert_cmpuint(stage->concerns->len, ==, words ? 1 : 0);
	if (words)
		g_assert_cmpstr(g_ptr_array_index(stage->concerns, 0), ==, words);
}

static void sweep(Stage *stage)
{
	Observation o;
	observation_init(&o, OBSERVATION_RADIO, "a");
	RADIO_SET(&o, rat, RAT_LTE);
	RADIO_SET(&o, registration, REGISTRATION_HOME);
	RADIO_SET(&o, lte_true_service, SERVICE_FULL);
	RADIO_SET(&o, lte_rsrp_dbm, -89);
	board_observe(stage->board, &o);
}

static void fix(Stage *stage, FixMode mode, guint32 age_ms)
{
	Observation o;
	observation_init(&o, OBSERVATION_FIX, "gps");
	FIX_SET(&o, mode, (guint8)mode);
	if (mode != FIX_MODE_NONE) {
		FIX_SET(&o, lat_e7, 1);
		FIX_SET(&o, lon_e7, 1);
		FIX_SET(&o, eph_cm, 350);
		FIX_SET(&o, age_ms, age_ms);
	}
	board_observe(stage->board, &o);
}

static void event(Stage *stage, EventCode code, const char *text)
{
	Observation o;
	observation_init(&o, OBSERVATION_EVENT, "a");
	EVENT_SET(&o, code, (guint8)code);
	OBSERVATION_SET_TEXT(&o, event, EVENT, text, text);
	board_observe(stage->board, &o);
}

static void test_a_source_goes_from_opening_to_working(void)
{
	Stage stage;
	Observation o;
	stage_set(&stage);
	board_expect(stage.board, "a", "modem");
	board_tell(stage.board, "a", "waiting for the modem to answer");
	assert_says(&stage, "\"state\":\"opening\",\"opening_ms\":0,\"told\":\"waiting for the modem to answer\"");
	assert_concern(&stage, NULL);
	observation_init(&o, OBSERVATION_DEVICE, "a");
	OBSERVATION_SET_TEXT(&o, device, DEVICE, protocol, "qmi");
	OBSERVATION_SET_TEXT(&o, device, DEVICE, model, "EM12-AW");
	board_observe(stage.board, &o);
	assert_says(&stage, "\"state\":\"opening\""); /* that it has a name is no reading */
	sweep(&stage);
	wait_s(&stage, 0.4);
	g_autofree char *json = describe(&stage);
	g_assert_cmpstr(json, ==,
			"[{\"name\":\"a\",\"type\":\"modem\",\"state\":\"working\",\"silent\":false,\"protocol\":\"qmi\","
			"\"model\":\"EM12-AW\",\"reading_age_ms\":400,\"service\":\"served\","
			"\"service_words\":\"in service: 4G (LTE), signal good (RSRP -89 dBm)\",\"values_held\":false}]");
	stage_strike(&stage);
}

static void test_one_that_never_opens_is_a_concern(void)
{
	Stage stage;
	stage_set(&stage);
	board_expect(stage.board, "a", "modem");
	wait_s(&stage, 29);
	assert_concern(&stage, NULL);
	wait_s(&stage, 12);
	assert_concern(&stage, "a: NOTHING for 41 s");
	stage_strike(&stage);
}

static void test_silence_is_alarming(void)
{
	Stage stage;
	stage_set(&stage);
	sweep(&stage);
	wait_s(&stage, 6.9);
	assert_says(&stage, "\"silent\":false");
	wait_s(&stage, 5.2);
	assert_says(&stage, "\"silent\":true");
	assert_says(&stage, "\"reading_age_ms\":12100");
	assert_concern(&stage, "a: NOTHING for 12 s");
	event(&stage, EVENT_SWEEP_FAILED, ""); /* an event is no reading */
	assert_concern(&stage, "a: NOTHING for 12 s");
	sweep(&stage);
	assert_concern(&stage, NULL);
	stage_strike(&stage);
}

static void test_a_slow_interval_is_no_silence(void)
{
	Stage stage;
	stage_set(&stage);
	board_free(stage.board);
	stage.board = board_new(60000);
	sweep(&stage);
	wait_s(&stage, 70);
	assert_concern(&stage, NULL);
	wait_s(&stage, 60);
	assert_concern(&stage, "a: NOTHING for 130 s");
	stage_strike(&stage);
}

static void test_a_lost_source_says_why_and_since_when(void)
{
	Stage stage;
	stage_set(&stage);
	sweep(&stage);
	event(&stage, EVENT_SOURCE_LOST, "device gone");
	wait_s(&stage, 3);
	assert_concern(&stage, "a: LOST for 3 s: device gone");
	board_tell(stage.board, "a", "the modem is gone; waiting for it to come back");
	wait_s(&stage, 9);
	assert_concern(&stage, "a: LOST for 12 s: the modem is gone; waiting for it to come back");
	assert_says(&stage, "\"state\":\"lost\",\"lost_ms\":12000");
	event(&stage, EVENT_SOURCE_BACK, "");
	sweep(&stage);
	assert_concern(&stage, NULL);
	assert_says_not(&stage, "gone");
	stage_strike(&stage);
}

static void test_values_that_are_held_are_told(void)
{
	Stage stage;
	stage_set(&stage);
	sweep(&stage);
	event(&stage, EVENT_VALUES_HELD, "");
	assert_says(&stage, "\"values_held\":true");
	event(&stage, EVENT_VALUES_MOVE, "");
	assert_says(&stage, "\"values_held\":false");
	stage_strike(&stage);
}

static void test_a_position_has_its_age_and_error(void)
{
	Stage stage;
	stage_set(&stage);
	fix(&stage, FIX_MODE_3D, 500);
	wait_s(&stage, 0.7);
	assert_says(&stage, "\"position\":\"found\",\"position_words\":\"position found (within 4 m)\",\"fix_age_ms\":1200,"
			    "\"position_error_m\":3.5");
	stage_strike(&stage);
}

/* The classic: a green light after the receiver was unplugged, or went into a tunnel. */
static void test_an_old_position_is_none(void)
{
	Stage stage;
	stage_set(&stage);
	fix(&stage, FIX_MODE_3D, 0);
	wait_s(&stage, 4.1);
	assert_says(&stage, "\"position\":\"lost\",\"position_words\":\"NO POSITION\",\"fix_age_ms\":4100");
	fix(&stage, FIX_MODE_3D, 0);
	assert_says(&stage, "\"position\":\"found\"");
	wait_s(&stage, 1);
	fix(&stage, FIX_MODE_NONE, 0); /* the receiver lives, and knows nothing */
	assert_says(&stage, "\"reading_age_ms\":0,\"position\":\"lost\",\"position_words\":\"NO POSITION\",\"fix_age_ms\":1000");
	assert_concern(&stage, NULL);
	fix(&stage, FIX_MODE_3D, 60000); /* held back for a minute */
	assert_says(&stage, "\"position\":\"lost\"");
	assert_says_not(&stage, "position_error_m");
	stage_strike(&stage);
}

static void test_a_receiver_that_never_had_a_position_has_no_age(void)
{
	Stage stage;
	stage_set(&stage);
	fix(&stage, FIX_MODE_NONE, 0);
	assert_says(&stage, "\"position\":\"none\"");
	assert_says_not(&stage, "fix_age_ms");
	stage_strike(&stage);
}

static void test_sources_are_told_apart(void)
{
	Stage stage;
	stage_set(&stage);
	board_expect(stage.board, "a", "modem");
	board_expect(stage.board, "gps", "gpsd");
	sweep(&stage);
	fix(&stage, FIX_MODE_2D, 0);
	event(&stage, EVENT_SOURCE_LOST, "no answer");
	g_autofree char *json = describe(&stage);
	g_assert_cmpuint(g_variant_n_children(stage.sources), ==, 2);
	g_assert_nonnull(strstr(json, "{\"name\":\"gps\",\"type\":\"gpsd\",\"state\":\"working\""));
	stage_strike(&stage);
}

static void test_texts_are_whole_in_json(void)
{
	const char *text = "{'a\"\\\\': <'\\n\\u007f€ \"'>, 'b': <[1.5, 1e300]>, 'c': <[true]>, 'd': <@as []>}";
	g_autoptr(GVariant) value = g_variant_parse(NULL, text, NULL, NULL, NULL);
	g_autofree char *json = json_from_variant(value);
	g_assert_cmpstr(json, ==, "{\"a\\\"\\\\\":\"\\u000a\\u007f€ \\\"\",\"b\":[1.5,1e+300],\"c\":[true],\"d\":[]}");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/board/a_source_goes_from_opening_to_working", test_a_source_goes_from_opening_to_working);
	g_test_add_func("/board/one_that_never_opens_is_a_concern", test_one_that_never_opens_is_a_concern);
	g_test_add_func("/board/silence_is_alarming", test_silence_is_alarming);
	g_test_add_func("/board/a_slow_interval_is_no_silence", test_a_slow_interval_is_no_silence);
	g_test_add_func("/board/a_lost_source_says_why_and_since_when", test_a_lost_source_says_why_and_since_when);
	g_test_add_func("/board/values_that_are_held_are_told", test_values_that_are_held_are_told);
	g_test_add_func("/board/a_position_has_its_age_and_error", test_a_position_has_its_age_and_error);
	g_test_add_func("/board/an_old_position_is_none", test_an_old_position_is_none);
	g_test_add_func("/board/a_receiver_that_never_had_a_position_has_no_age", test_a_receiver_that_never_had_a_position_has_no_age);
	g_test_add_func("/board/sources_are_told_apart", test_sources_are_told_apart);
	g_test_add_func("/board/texts_are_whole_in_json", test_texts_are_whole_in_json);
	return g_test_run();
}
