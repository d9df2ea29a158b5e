/* Places from the fixes of a store, where their times are not what one would think.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/fixes.h"

#include <glib/gstdio.h>

typedef struct {
	char *folder, *path;
	Store *store;
} Fixture;

static void begin(Fixture *f, gconstpointer user_data)
{
	(void)user_data;
	g_autoptr(GError) error = NULL;
	f->folder = g_dir_make_tmp("jamlog-fixes-XXXXXX", &error);
	g_assert_no_error(error);
	f->path = g_build_filename(f->folder, "x.gpkg", NULL);
	f->store = store_open_write(f->path, &error);
	g_assert_no_error(error);
	g_assert_true(store_exec(f->store, "INSERT INTO boot (id,device_id,boot_id) VALUES (1,'d','b');"
				 "INSERT INTO recording (id,boot,run_id) VALUES (1,1,'r')", &error));
}

static void end(Fixture *f, gconstpointer user_data)
{
	(void)user_data;
	store_free(f->store); /* unfinished: it takes its file with it */
	g_assert_cmpint(g_rmdir(f->folder), ==, 0);
	g_free(f->path);
	g_free(f->folder);
}

static void add_fix(Fixture *f, guint sequence, gint64 boottime_ms, gint64 age_ms, double lat)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *sql = g_strdup_printf("INSERT INTO fix (id,boottime_ms,mode,lat_e7,lon_e7,age_ms,speed_cm_s) VALUES"
					       " (%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",'3d',%ld,0,%" G_GINT64_FORMAT ",1400)",
					       STORE_ID(1, sequence), boottime_ms, (long)(lat * 1e7), age_ms);
	store_exec(f->store, sql, &error);
	g_assert_no_error(error);
}

static Place place(Fixture *f, gint64 time_ms)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FixCursor) cursor = fix_cursor_new(f->store, 1, NULL, &error);
	Place place;
	g_assert_no_error(error);
	g_assert_true(fix_cursor_place(cursor, time_ms, &place, &error));
	return place;
}

/* A receiver whose time jumps back by hours soon after the start gives such ages (gps_decode.h). */
static void test_a_fix_older_than_the_boot_is_no_place_and_spoils_nothing(Fixture *f, gconstpointer user_data)
{
	(void)user_data;
	add_fix(f, 1, 59000, G_MAXUINT32, 10);
	add_fix(f, 2, 60000, 85000, 11); /* 25 s before the boot */
	add_fix(f, 3, 62000, 0, 12);
	g_assert_cmpint(place(f, 60000).state, ==, POSITION_NONE);
	const Place late = place(f, 62000);
	g_assert_cmpint(late.state, ==, POSITION_LIVE);
	g_assert_cmpfloat_with_epsilon(late.lat, 12, 1e-9);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/fixes/a-fix-older-than-the-boot-is-no-place-and-spoils-nothing", Fixture, NULL, begin,
		   test_a_fix_older_than_the_boot_is_no_place_and_spoils_nothing, end);
	return g_test_run();
}
