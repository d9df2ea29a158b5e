/* What libgps's reports decode to, and which fix counts as fresh.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/gps/decode.h"
#include "source/gps/delay.h"

#include <math.h>

#define S NS_PER_S

static struct gps_data_t report_new(gint mode)
{
	struct gps_data_t r = {0};
	r.fix.mode = mode;
	r.fix.time.tv_sec = (time_t)(clock_build_time_ns() / S) + 3600;
	r.fix.latitude = 52.5;
	r.fix.longitude = 13.4;
	r.fix.altMSL = 34.25;
	r.fix.eph = r.fix.epv = r.fix.epx = r.fix.epy = r.fix.speed = r.fix.track = NAN;
	return r;
}

static Observation decode_fix(const struct gps_data_t *r, gboolean expected)
{
	Observation o;
	observation_init(&o, OBSERVATION_FIX, "gps");
	gint64 fix_ns;
	g_assert_cmpint(gps_decode_fix(r, &o, &fix_ns), ==, expected);
	if (expected)
		g_assert_cmpint(fix_ns / S, ==, r->fix.time.tv_sec);
	g_assert_true(FIX_HAS(&o, mode)); /* that there is no position is told, not left out */
	return o;
}

static void test_3d(void)
{
	struct gps_data_t r = report_new(MODE_3D);
	r.fix.eph = 4.567;
	r.fix.epv = 7;
	r.fix.speed = 12.345;
	r.fix.track = 359.999;
	r.fix.time.tv_nsec = 250000000;
	r.satellites_used = 9;
	Observation o = decode_fix(&r, TRUE);
	g_assert_cmpuint(o.fix.mode, ==, FIX_MODE_3D);
	g_assert_cmpint(o.fix.time_ns, ==, clock_build_time_ns() + 3600 * S + S / 4);
	g_assert_cmpint(o.fix.lat_e7, ==, 525000000);
	g_assert_cmpint(o.fix.lon_e7, ==, 134000000);
	g_assert_cmpint(o.fix.altitude_cm, ==, 3425);
	g_assert_cmpuint(o.fix.eph_cm, ==, 457);
	g_assert_cmpuint(o.fix.epv_cm, ==, 700);
	g_assert_cmpuint(o.fix.speed_cm_s, ==, 1235); /* 1234.5, halves away from zero */
	g_assert_cmpuint(o.fix.track_cdeg, ==, 0);    /* 360.00 is north */
	g_assert_cmpuint(o.fix.satellites_used, ==, 9);
	g_assert_false(FIX_HAS(&o, age_ms)); /* for gps_delay_judge to say */
}

static void test_2d_has_no_altitude(void)
{
	struct gps_data_t r = report_new(MODE_2D);
	Observation o = decode_fix(&r, TRUE);
	g_assert_cmpuint(o.fix.mode, ==, FIX_MODE_2D);
	g_assert_false(FIX_HAS(&o, altitude_cm)); /* gpsd leaves an old one in it */
	g_assert_false(FIX_HAS(&o, eph_cm) || FIX_HAS(&o, epv_cm) || FIX_HAS(&o, speed_cm_s) || FIX_HAS(&o, track_cdeg));
	g_assert_false(FIX_HAS(&o, satellites_used));
}

static void test_no_fix_is_data(void)
{
	const gint modes[] = {MODE_NOT_SEEN, MODE_NO_FIX, -1};
	for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
		struct gps_data_t r = report_new(modes[i]);
		Observation o = decode_fix(&r, FALSE);
		g_assert_cmpuint(o.fix.mode, ==, FIX_MODE_NONE);
		g_assert_false(FIX_HAS(&o, lat_e7) || FIX_HAS(&o, lon_e7) || FIX_HAS(&o, altitude_cm));
		g_assert_true(FIX_HAS(&o, time_ns)); /* a receiver may know the time before the place */
	}
}

static void test_places_that_are_none(void)
{
	const struct {
		double latitude, longitude;
		gboolean is_place;
	} rows[] = {
		{NAN, 13.4, FALSE},     {52.5, NAN, FALSE},    {INFINITY, 0, FALSE}, {90.1, 0, FALSE},  {-90.1, 0, FALSE},
		{0, 180.0001, FALSE},   {0, -181, FALSE},      {90, 180, TRUE},      {-90, -180, TRUE}, {0, 0, TRUE},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct gps_data_t r = report_new(MODE_3D);
		r.fix.latitude = rows[i].latitude;
		r.fix.longitude = rows[i].longitude;
		Observation o = decode_fix(&r, rows[i].is_place);
		g_assert_cmpint(FIX_HAS(&o, lat_e7), ==, rows[i].is_place);
		g_assert_cmpint(o.fix.mode == FIX_MODE_NONE, ==, !rows[i].is_place);
	}
}

static void test_values_out_of_range_are_absent(void)
{
	struct gps_data_t r = report_new(MODE_3D);
	r.fix.altMSL = 1e9;
	r.fix.eph = -1;
	r.fix.epv = INFINITY;
	r.fix.speed = 1e300;
	r.fix.track = -0.1;
	r.satellites_used = MAXCHANNELS + 1;
	Observation o = decode_fix(&r, TRUE);
	g_assert_false(FIX_HAS(&o, altitude_cm) || FIX_HAS(&o, eph_cm) || FIX_HAS(&o, epv_cm) || FIX_HAS(&o, speed_cm_s) ||
		       FIX_HAS(&o, track_cdeg) || FIX_HAS(&o, satellites_used));
}

static void test_horizontal_error_from_its_parts(void)
{
	struct gps_data_t r = report_new(MODE_3D);
	r.fix.epx = 3;
	r.fix.epy = 4;
	g_assert_cmpuint(decode_fix(&r, TRUE).fix.eph_cm, ==, 500);
	r.fix.epy = NAN;
	Observation o = decode_fix(&r, TRUE);
	g_assert_false(FIX_HAS(&o, eph_cm));
}

/* A position with a time that cannot be is a position without a time. */
static void test_times_that_cannot_be(void)
{
	const gint64 built_s = clock_build_time_ns() / S;
	const gint64 week_s = 7 * 86400, era_s = 1024 * week_s;
	const struct {
		gint64 seconds;
		gboolean tells_apart, is_time; /* this fix from an older one; when it was */
	} rows[] = {
		{0, FALSE, FALSE},
		{-1, FALSE, FALSE},
		{315964800, TRUE, FALSE}, /* 1980-01-06, where GPS time begins */
		{built_s - 1, TRUE, FALSE},
		{built_s, TRUE, TRUE},
		{built_s + 3600 - era_s, TRUE, FALSE}, /* rolled over */
		{built_s + 3600, TRUE, TRUE},
		{built_s + 10 * 365 * 86400ll, TRUE, TRUE},
		{built_s + 40 * 366 * 86400ll, TRUE, FALSE},
		{G_MAXINT64, FALSE, FALSE},
		{G_MAXINT64 / S, FALSE, FALSE},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct gps_data_t r = report_new(MODE_3D);
		r.fix.time.tv_sec = (time_t)rows[i].seconds;
		Observation o = decode_fix(&r, rows[i].tells_apart);
		g_assert_cmpint(FIX_HAS(&o, time_ns), ==, rows[i].is_time);
		g_assert_cmpint(FIX_HAS(&o, lat_e7), ==, rows[i].tells_apart);
	}
}

/* --- the sky --- */

static Observation decode_sky(const double *cn0, gint n, gint used)
{
	struct gps_data_t r = {0};
	Observation o;
	r.satellites_visible = n;
	r.dop.hdop = r.dop.pdop = NAN;
	for (gint i = 0; i < MIN(n, MAXCHANNELS); i++) {
		r.skyview[i].ss = cn0[i];
		r.skyview[i].used = i < used;
	}
	observation_init(&o, OBSERVATION_SKY, "gps");
	gps_decode_sky(&r, &o);
	return o;
}

static void test_empty_sky(void)
{
	Observation o = decode_sky(NULL, 0, 0);
	g_assert_true(SKY_HAS(&o, satellites_visible));
	g_assert_cmpuint(o.sky.satellites_visible, ==, 0);
	g_assert_cmpuint(o.sky.satellites_used, ==, 0);
	g_assert_false(SKY_HAS(&o, cn0_max_cdbhz) || SKY_HAS(&o, cn0_mean_cdbhz) || SKY_HAS(&o, cn0_top4_cdbhz));
	g_assert_false(SKY_HAS(&o, hdop_centi) || SKY_HAS(&o, pdop_centi));
}

static void test_sky_of_one(void)
{
	const double cn0[] = {31.5};
	Observation o = decode_sky(cn0, 1, 0);
	g_assert_cmpuint(o.sky.cn0_max_cdbhz, ==, 3150);
	g_assert_cmpuint(o.sky.cn0_mean_cdbhz, ==, 3150);
	g_assert_cmpuint(o.sky.cn0_top4_cdbhz, ==, 3150);
}

static void test_sky_of_three_of_which_one_is_silent(void)
{
	const double cn0[] = {20, 0, 41};
	Observation o = decode_sky(cn0, 3, 1);
	g_assert_cmpuint(o.sky.satellites_visible, ==, 3);
	g_assert_cmpuint(o.sky.satellites_used, ==, 1);
	g_assert_cmpuint(o.sky.cn0_max_cdbhz, ==, 4100);
	g_assert_cmpuint(o.sky.cn0_mean_cdbhz, ==, 3050); /* (20 + 41) / 2: silence is no 0 dBHz */
	g_assert_cmpuint(o.sky.cn0_top4_cdbhz, ==, 3050);
}

static void test_sky_of_forty(void)
{
	double cn0[40];
	for (guint i = 0; i < 40; i++)
		cn0[(i * 7) % 40] = 11 + i; /* 11 to 50, in disorder */
	Observation o = decode_sky(cn0, 40, 12);
	g_assert_cmpuint(o.sky.satellites_visible, ==, 40);
	g_assert_cmpuint(o.sky.satellites_used, ==, 12);
	g_assert_cmpuint(o.sky.cn0_max_cdbhz, ==, 5000);
	g_assert_cmpuint(o.sky.cn0_top4_cdbhz, ==, 4850); /* 50 49 48 47 */
	g_assert_cmpuint(o.sky.cn0_mean_cdbhz, ==, 3050); /* 11 to 50 */
}

static void test_sky_with_nonsense(void)
{
	const double cn0[] = {NAN, -7, 254, INFINITY, 0.5};
	Observation o = decode_sky(cn0, 5, 5);
	g_assert_cmpuint(o.sky.satellites_visible, ==, 5);
	g_assert_false(SKY_HAS(&o, cn0_max_cdbhz) || SKY_HAS(&o, cn0_mean_cdbhz) || SKY_HAS(&o, cn0_top4_cdbhz));
	o = decode_sky(cn0, -1, 0);
	g_assert_cmpuint(o.sky.satellites_visible, ==, 0);
	double many[MAXCHANNELS] = {0};
	o = decode_sky(many, 100000, 0); /* more than libgps has room for */
	g_assert_cmpuint(o.sky.satellites_visible, ==, MIN(MAXCHANNELS, 255));
}

static void test_dilution(void)
{
	struct gps_data_t r = {0};
	Observation o;
	r.dop.hdop = 0.87;
	r.dop.pdop = 99.99;
	observation_init(&o, OBSERVATION_SKY, "gps");
	gps_decode_sky(&r, &o);
	g_assert_cmpuint(o.sky.hdop_centi, ==, 87);
	g_assert_cmpuint(o.sky.pdop_centi, ==, 9999);
}

/* --- freshness. Times of fixes are whole seconds from T; `usual` is how long they take to reach us. --- */

#define T     (G_GINT64_CONSTANT(1700000000) * NS_PER_S)
#define USUAL (NS_PER_S / 5)

static void expect(GpsDelay *delay, gint64 arrival_ns, gint64 fix_ns, GpsFreshness freshness, guint32 age_ms)
{
	guint32 age = 12345;
	g_assert_cmpint(gps_delay_judge(delay, arrival_ns, fix_ns, &age), ==, freshness);
	g_assert_cmpuint(age, ==, age_ms);
}

static void begin(GpsDelay *delay, guint seconds)
{
	for (guint i = 0; i < seconds; i++)
		expect(delay, (gint64)(100 + i) * S + USUAL, T + (gint64)i * S, GPS_FIX_FRESH, 0);
}

static void test_fixes_in_time_are_fresh(void)
{
	GpsDelay delay = {0};
	begin(&delay, 1000);
}

static void test_repeated_fix_is_told_as_such(void)
{
	GpsDelay delay = {0};
	begin(&delay, 10);
	for (guint i = 1; i < 20; i++)
		expect(&delay, (gint64)(109 + i) * S + USUAL, T + 9 * S, GPS_FIX_REPEAT, 0);
	/* The receiver goes on: that repetition has not made it late. */
	expect(&delay, 129 * S + USUAL, T + 29 * S, GPS_FIX_FRESH, 0);
}

static void test_a_little_late_is_fresh_with_its_age(void)
{
	GpsDelay delay = {0};
	begin(&delay, 10);
	expect(&delay, 110 * S + USUAL + 700 * NS_PER_MS, T + 10 * S, GPS_FIX_FRESH, 699); /* the 0.1 ms that clocks may drift */
	expect(&delay, 111 * S + USUAL, T + 11 * S, GPS_FIX_FRESH, 0);
}

static void test_more_than_three_seconds_is_late(void)
{
	GpsDelay delay = {0};
	begin(&delay, 10);
	expect(&delay, 113 * S + USUAL, T + 10 * S, GPS_FIX_FRESH, 2999); /* less the drift of 4 s: 0.4 ms */
	expect(&delay, 115 * S + USUAL, T + 11 * S, GPS_FIX_LATE, 3999);
}

/* gpsd was held up for 20 s: its backlog arrives at once, each fix with its age, until the present is reached. */
static void test_backlog_is_late_until_the_present(void)
{
	GpsDelay delay = {0};
	begin(&delay, 10);
	for (gint i = 10; i < 30; i++) {
		guint32 age_ms;
		gint64 arrival_ns = 130 * S + USUAL + i * NS_PER_MS;
		GpsFreshness freshness = gps_delay_judge(&delay, arrival_ns, T + i * S, &age_ms);
		gint64 late_ms = (30 - i) * 1000 + i;
		g_assert_cmpint(freshness, ==, late_ms > GPS_FRESH_MS + 5 ? GPS_FIX_LATE : GPS_FIX_FRESH);
		g_assert_cmpint(ABS((gint64)age_ms - late_ms), <=, 5);
	}
	expect(&delay, 131 * S + USUAL, T + 31 * S, GPS_FIX_FRESH, 0);
}

/* The receiver's time was set forward: fixes are "earlier" than any could be. */
static void test_step_forward(void)
{
	GpsDelay delay = {0};
	begin(&delay, 10);
	expect(&delay, 110 * S + USUAL, T + 3610 * S, GPS_FIX_STEP, 0);
	expect(&delay, 111 * S + USUAL, T + 3611 * S, GPS_FIX_FRESH, 0);
}

/* It was set back: at first this looks like lateness; ten in a row at the pace of their times are no backlog. */
static void test_step_back(void)
{
	GpsDelay delay = {0};
	begin(&delay, 10);
	for (gint i = 0; i < 10; i++) {
		guint32 age_ms;
		g_assert_cmpint(gps_delay_judge(&delay, (110 + i) * S + USUAL, T - 3600 * S + i * S, &age_ms), ==, GPS_FIX_LATE);
	}
	expect(&delay, 120 * S + USUAL, T - 3590 * S, GPS_FIX_STEP, 0);
	expect(&delay, 121 * S + USUAL, T - 3589 * S, GPS_FIX_FRESH, 0);
}

/* The very first fix came out of a backlog: what is usual is learnt from the better ones. */
static void test_first_fix_was_late(void)
{
	GpsDelay delay = {0};
	expect(&delay, 160 * S, T, GPS_FIX_FRESH, 0);
	expect(&delay, 160 * S + USUAL, T + 60 * S, GPS_FIX_STEP, 0);
	expect(&delay, 161 * S + USUAL, T + 61 * S, GPS_FIX_FRESH, 0);
	expect(&delay, 167 * S + USUAL, T + 62 * S, GPS_FIX_LATE, 4999);
}

/* 50 ppm for three days are 13 s: no lateness must come of it. */
static void test_clocks_that_drift_apart(void)
{
	GpsDelay delay = {0};
	for (gint64 i = 0; i < 3 * 86400; i += 10) {
		guint32 age_ms;
		gint64 drift_ns = i * 50000;
		g_assert_cmpint(gps_delay_judge(&delay, (100 + i) * S + USUAL + drift_ns, T + i * S, &age_ms), ==, GPS_FIX_FRESH);
		g_assert_cmpuint(age_ms, ==, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/gps/decode/3d", test_3d);
	g_test_add_func("/gps/decode/2d_has_no_altitude", test_2d_has_no_altitude);
	g_test_add_func("/gps/decode/no_fix_is_data", test_no_fix_is_data);
	g_test_add_func("/gps/decode/places_that_are_none", test_places_that_are_none);
	g_test_add_func("/gps/decode/values_out_of_range_are_absent", test_values_out_of_range_are_absent);
	g_test_add_func("/gps/decode/horizontal_error_from_its_parts", test_horizontal_error_from_its_parts);
	g_test_add_func("/gps/decode/times_that_cannot_be", test_times_that_cannot_be);
	g_test_add_func("/gps/sky/empty_sky", test_empty_sky);
	g_test_add_func("/gps/sky/sky_of_one", test_sky_of_one);
	g_test_add_func("/gps/sky/sky_of_three_of_which_one_is_silent", test_sky_of_three_of_which_one_is_silent);
	g_test_add_func("/gps/sky/sky_of_forty", test_sky_of_forty);
	g_test_add_func("/gps/sky/sky_with_nonsense", test_sky_with_nonsense);
	g_test_add_func("/gps/sky/dilution", test_dilution);
	g_test_add_func("/gps/delay/fixes_in_time_are_fresh", test_fixes_in_time_are_fresh);
	g_test_add_func("/gps/delay/repeated_fix_is_told_as_such", test_repeated_fix_is_told_as_such);
	g_test_add_func("/gps/delay/a_little_late_is_fresh_with_its_age", test_a_little_late_is_fresh_with_its_age);
	g_test_add_func("/gps/delay/more_than_three_seconds_is_late", test_more_than_three_seconds_is_late);
	g_test_add_func("/gps/delay/backlog_is_late_until_the_present", test_backlog_is_late_until_the_present);
	g_test_add_func("/gps/delay/step_forward", test_step_forward);
	g_test_add_func("/gps/delay/step_back", test_step_back);
	g_test_add_func("/gps/delay/first_fix_was_late", test_first_fix_was_late);
	g_test_add_func("/gps/delay/clocks_that_drift_apart", test_clocks_that_drift_apart);
	return g_test_run();
}
