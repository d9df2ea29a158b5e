/* The device's signing keys where other recorders, other file systems and other hands are at work: a lock that is held, a disk that takes
 * half, a file that is not what was written.
 *
 * Calls are replaced by defining them here: the journal's code is linked statically, so it calls these.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_SIZE     192u
#define LAST_NAME_AT  96u
#define CHECKSUM_AT   160u

static struct {
	int lock_errors[2];    /* what the next calls of flock fail with; 0: they don't */
	guint pauses;          /* so far */
	DeviceKeys *holder;    /* freed at the third pause */
	gboolean short_writes; /* a write takes half, and says so */
	int read_error;
} world;

int flock(int fd, int operation)
{
	const int failure = world.lock_errors[0];
	world.lock_errors[0] = world.lock_errors[1];
	world.lock_errors[1] = 0;
	errno = failure;
	return failure ? -1 : (int)syscall(SYS_flock, fd, operation);
}

void g_usleep(gulong microseconds)
{
	g_assert_cmpuint(microseconds, <=, 10000);
	if (++world.pauses == 3)
		g_clear_pointer(&world.holder, device_keys_free);
}

ssize_t write(int fd, const void *data, size_t size)
{
	return syscall(SYS_write, fd, data, world.short_writes && size == FILE_SIZE ? size / 2 : size);
}

ssize_t read(int fd, void *data, size_t size)
{
	errno = world.read_error;
	return world.read_error && size == FILE_SIZE ? -1 : syscall(SYS_read, fd, data, size);
}

typedef struct {
	char *directory, *path;
} Place;

static Place make_place(void)
{
	Place place = {.directory = fixture_directory()};
	memset(&world, 0, sizeof world);
	place.path = fixture_keys(place.directory, 1, NULL);
	return place;
}

static void remove_place(Place *place)
{
	g_free(place->path);
	fixture_remove(place->directory);
}

static void assert_refused(const Place *place, JamlogError code)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DeviceKeys) keys = device_keys_begin(place->path, &error);
	g_assert_null(keys);
	g_assert_error(error, JAMLOG_ERROR, (gint)code);
	g_assert_nonnull(strstr(error->message, place->path));
}

static guint32 begun_number(const Place *place)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DeviceKeys) keys = device_keys_begin(place->path, &error);
	JournalSegment segment;
	g_assert_no_error(error);
	device_keys_fill(keys, &segment);
	return segment.device_number;
}

static void turn(const Place *place)
{
	g_autoptr(DeviceKeys) keys = device_keys_begin(place->path, NULL);
	gboolean advanced;
	g_assert_true(device_keys_prepare(keys, "name.jlj", NULL) && device_keys_advance(keys, &advanced, NULL) && advanced);
}

/* --- the lock --- */

static void test_a_turn_waits_for_the_end_of_another(void)
{
	Place place = make_place();
	world.holder = device_keys_begin(place.path, NULL);
	g_assert_nonnull(world.holder);
	g_assert_cmpuint(begun_number(&place), ==, 1);
	g_assert_cmpuint(world.pauses, ==, 3);
	remove_place(&place);
}

static void test_a_turn_that_does_not_end_is_told(void)
{
	Place place = make_place();
	g_autoptr(DeviceKeys) holder = device_keys_begin(place.path, NULL);
	assert_refused(&place, JAMLOG_ERROR_BUSY);
	g_assert_cmpuint(world.pauses, ==, 200);
	remove_place(&place);
}

static void test_a_lock_that_was_interrupted_is_tried_again(void)
{
	Place place = make_place();
	world.lock_errors[0] = EINTR;
	world.lock_errors[1] = EWOULDBLOCK;
	g_assert_cmpuint(begun_number(&place), ==, 1);
	g_assert_cmpuint(world.pauses, ==, 2);
	remove_place(&place);
}

static void test_a_file_system_without_locks_will_do(void)
{
	Place place = make_place();
	world.lock_errors[0] = ENOLCK;
	g_assert_cmpuint(begun_number(&place), ==, 1);
	g_assert_cmpuint(world.pauses, ==, 0);
	remove_place(&place);
}

/* --- the file --- */

/* A short write is how a disk says that it is nearly full. */
static void test_half_written_keys_are_never_put_into_place(void)
{
	Place place = make_place();
	world.short_writes = TRUE;
	assert_refused(&place, JAMLOG_ERROR_NO_SPACE);
	world.short_writes = FALSE;
	g_assert_cmpuint(begun_number(&place), ==, 1);
	g_autoptr(DeviceKeys) keys = device_keys_begin(place.path, NULL);
	g_autoptr(GError) error = NULL;
	world.short_writes = TRUE;
	g_assert_false(device_keys_prepare(keys, "name.jlj", &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_SPACE);
	world.short_writes = FALSE;
	g_clear_pointer(&keys, device_keys_free);
	g_assert_cmpuint(begun_number(&place), ==, 1);
	remove_place(&place);
}

static void test_keys_that_cannot_be_read_are_no_new_device(void)
{
	Place place = make_place();
	turn(&place);
	world.read_error = EIO;
	assert_refused(&place, JAMLOG_ERROR_FAILED);
	world.read_error = 0;
	g_assert_cmpuint(begun_number(&place), ==, 2);
	remove_place(&place);
}

static void test_keys_that_were_cut_short_are_damaged(void)
{
	Place place = make_place();
	g_autofree char *data = NULL;
	gsize size;
	turn(&place);
	g_assert_true(g_file_get_contents(place.path, &data, &size, NULL));
	g_assert_cmpuint(size, ==, FILE_SIZE);
	for (gsize cut = 0; cut < size; cut += cut < size - 2 ? 38 : 1) {
		g_assert_true(g_file_set_contents(place.path, data, (gssize)cut, NULL));
		assert_refused(&place, JAMLOG_ERROR_FORMAT);
	}
	remove_place(&place);
}

/* The name becomes a path: one without an end would lead out of the file's memory, whatever the checksum says. */
static void test_a_name_without_an_end_is_damage(void)
{
	Place place = make_place();
	g_autofree guint8 *data = NULL;
	gsize size;
	turn(&place);
	g_assert_true(g_file_get_contents(place.path, (char **)&data, &size, NULL));
	g_assert_cmpstr((char *)data + LAST_NAME_AT, ==, "name.jlj");
	for (gsize filled = DEVICE_KEYS_NAME_SIZE - 1; filled <= DEVICE_KEYS_NAME_SIZE; filled++) {
		memset(data + LAST_NAME_AT, 'x', filled);
		crypto_generichash(data + CHECKSUM_AT, FILE_SIZE - CHECKSUM_AT, data, CHECKSUM_AT, NULL, 0);
		g_assert_true(g_file_set_contents(place.path, (char *)data, (gssize)size, NULL));
		if (filled < DEVICE_KEYS_NAME_SIZE)
			g_assert_cmpuint(begun_number(&place), ==, 2);
		else
			assert_refused(&place, JAMLOG_ERROR_FORMAT);
	}
	remove_place(&place);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/keys/a-turn-waits-for-the-end-of-another", test_a_turn_waits_for_the_end_of_another);
	g_test_add_func("/journal/keys/a-turn-that-does-not-end-is-told", test_a_turn_that_does_not_end_is_told);
	g_test_add_func("/journal/keys/a-lock-that-was-interrupted-is-tried-again", test_a_lock_that_was_interrupted_is_tried_again);
	g_test_add_func("/journal/keys/a-file-system-without-locks-will-do", test_a_file_system_without_locks_will_do);
	g_test_add_func("/journal/keys/half-written-ones-are-never-put-into-place", test_half_written_keys_are_never_put_into_place);
	g_test_add_func("/journal/keys/ones-that-cannot-be-read-are-no-new-device", test_keys_that_cannot_be_read_are_no_new_device);
	g_test_add_func("/journal/keys/ones-that-were-cut-short-are-damaged", test_keys_that_were_cut_short_are_damaged);
	g_test_add_func("/journal/keys/a-name-without-an-end-is-damage", test_a_name_without_an_end_is_damage);
	return g_test_run();
}
