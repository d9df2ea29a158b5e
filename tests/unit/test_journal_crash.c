/* The power goes: a simulated disk that keeps of every write not yet flushed any subset of its sectors. What was
 * acknowledged before must be in every such state; nothing may be invented. And a control: without fdatasync the same
 * test must find losses.
 *
 * The disk's calls are replaced by defining them here: the journal's code is linked statically, so it calls these.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SECTOR 512
#define STATES_PER_POINT 6

typedef struct {
	gsize offset;
	guint8 data[SECTOR];
} Sector;

/* One file: what is certainly on the disk, and what may be. */
typedef struct {
	ino_t inode;
	GByteArray *durable;
	GArray *pending; /* of Sector, in the order of writing */
} SimFile;

static struct {
	GPtrArray *files;
	gboolean no_flush;      /* the control: fdatasync and fsync do nothing */
	guint64 acknowledged;
	guint64 appended;
	guint lost;             /* states that lack something acknowledged */
	guint states;
} sim;

static SimFile *file_of(int fd)
{
	struct stat st;
	g_assert_cmpint(fstat(fd, &st), ==, 0);
	for (guint i = 0; i < sim.files->len; i++) {
		SimFile *f = g_ptr_array_index(sim.files, i);
		if (f->inode == st.st_ino)
			return f;
	}
	SimFile *f = g_new0(SimFile, 1);
	f->inode = st.st_ino;
	f->durable = g_byte_array_new();
	f->pending = g_array_new(FALSE, FALSE, sizeof(Sector));
	g_ptr_array_add(sim.files, f);
	return f;
}

static void put_sector(GByteArray *image, const Sector *s)
{
	const guint size = image->len;
	if (s->offset + SECTOR > size) {
		g_byte_array_set_size(image, (guint)(s->offset + SECTOR));
		memset(image->data + size, 0, image->len - size);
	}
	memcpy(image->data + s->offset, s->data, SECTOR);
}

/* What is on the disk and not zeros is acknowledged, or part of what is: a write over it may tear it. */
static void assert_nothing_is_overwritten(const SimFile *f, gsize offset)
{
	for (gsize i = offset; i < MIN(offset + SECTOR, f->durable->len); i++)
		g_assert_cmphex(f->durable->data[i], ==, 0);
}

static void free_file(gpointer data)
{
	SimFile *f = data;
	g_byte_array_unref(f->durable);
	g_array_unref(f->pending);
	g_free(f);
}

/* One state that the disk may be in now, read as a later sync would. */
static void check_one_state(void)
{
	g_autofree FixtureWalk *walk = g_new0(FixtureWalk, 1);
	for (guint i = 0; i < sim.files->len; i++) {
		SimFile *f = g_ptr_array_index(sim.files, i);
		g_autoptr(GByteArray) image = g_byte_array_new();
		g_byte_array_append(image, f->durable->data, f->durable->len);
		const gint bias = g_test_rand_int_range(0, 5);
		for (guint s = 0; s < f->pending->len; s++)
			if (g_test_rand_int_range(0, 4) < bias)
				put_sector(image, &g_array_index(f->pending, Sector, s));
		g_autoptr(GBytes) bytes = g_bytes_new_static(image->data, image->len);
		g_autoptr(JournalReader) reader = journal_reader_new_for_bytes(bytes, NULL);
		if (reader)
			fixture_walk(reader, walk);
	}
	g_assert_cmpuint(walk->invented, ==, 0);
	for (guint64 i = sim.appended + 1; i < FIXTURE_MAX_SEQUENCE; i++)
		g_assert_cmpuint(walk->seen[i], ==, 0);
	gboolean lost = FALSE;
	for (guint64 i = 1; i <= sim.acknowledged; i++)
		lost = lost || walk->seen[i] == 0;
	sim.lost += lost ? 1 : 0;
	sim.states++;
}

static void crash_here(void)
{
	for (guint i = 0; i < STATES_PER_POINT; i++)
		check_one_state();
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	SimFile *f = file_of(fd);
	g_assert_cmpint(offset % SECTOR, ==, 0);
	g_assert_cmpuint(size % SECTOR, ==, 0);
	for (gsize at = 0; at < size; at += SECTOR) {
		Sector s = {.offset = (gsize)offset + at};
		assert_nothing_is_overwritten(f, s.offset);
		memcpy(s.data, (const guint8 *)data + at, SECTOR);
		g_array_append_val(f->pending, s);
	}
	/* Preallocation is many writes: one crash among them is enough. */
	if (size < 16384 || offset % (1 << 18) == 0)
		crash_here();
	return syscall(SYS_pwrite64, fd, data, size, offset);
}

static int flush(int fd)
{
	struct stat st;
	g_assert_cmpint(fstat(fd, &st), ==, 0);
	if (sim.no_flush || S_ISDIR(st.st_mode))
		return 0;
	crash_here();
	SimFile *f = file_of(fd);
	for (guint s = 0; s < f->pending->len; s++)
		put_sector(f->durable, &g_array_index(f->pending, Sector, s));
	g_array_set_size(f->pending, 0);
	return 0;
}

int fdatasync(int fd)
{
	return flush(fd);
}

int fsync(int fd)
{
	return flush(fd);
}

/* A cut that is not flushed may or may not happen; both are states in which all must be there. Cut at once: the harder one. */
int ftruncate(int fd, off_t size)
{
	SimFile *f = file_of(fd);
	g_assert_true(sim.no_flush || f->pending->len == 0);
	if (!sim.no_flush)
		g_byte_array_set_size(f->durable, (guint)size);
	crash_here();
	return (int)syscall(SYS_ftruncate, fd, size);
}

static void record_under_crashes(void)
{
	char *directory = fixture_directory();
	sim.files = g_ptr_array_new_with_free_func(free_file);
	sim.acknowledged = sim.appended = sim.lost = sim.states = 0;
	g_autoptr(JournalWriter) w = fixture_writer(directory, 48 * 1024);
	guint64 next = 1;
	for (guint i = 0; i < 40; i++) {
		const guint n = 1 + (i * 7) % 23;
		sim.appended += n;
		fixture_append(w, &next, n, 20 + i * 11);
		fixture_commit(w);
		sim.acknowledged = next - 1;
		crash_here();
	}
	if (!sim.no_flush)
		fixture_close(w);
	crash_here();
	g_ptr_array_unref(sim.files);
	fixture_remove(directory);
}

static void test_no_crash_loses_what_was_acknowledged(void)
{
	sim.no_flush = FALSE;
	record_under_crashes();
	g_test_message("%u states", sim.states);
	g_assert_cmpuint(sim.states, >, 500);
	g_assert_cmpuint(sim.lost, ==, 0);
}

static void test_without_fdatasync_this_test_would_find_losses(void)
{
	sim.no_flush = TRUE;
	record_under_crashes();
	g_assert_cmpuint(sim.lost, >, 100);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/crash/no-crash-loses-what-was-acknowledged", test_no_crash_loses_what_was_acknowledged);
	g_test_add_func("/journal/crash/without-fdatasync-this-test-would-find-losses",
			test_without_fdatasync_this_test_would_find_losses);
	return g_test_run();
}
