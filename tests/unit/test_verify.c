/* What the writer leaves behind, in order or not, as the verifier sees it: no fault of a disk is called tampering, each bit counts, and
 * the writer's checkpoint codes are found where they were taken. What people do to journals is tests/flow/journal_attacks.py.
 *
 * Calls of the disk are replaced by defining them here: the journal's code is linked statically, so it calls these.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "../helper/journal_fixture.h"

#include "journal/verify_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	gint calls; /* that could have failed, so far */
	gint first, n;
	int errnum;
	gboolean half; /* a write puts half of its sectors onto the disk first */
} fault;

static gboolean fails_now(void)
{
	const gint call = ++fault.calls;
	errno = fault.errnum;
	return call >= fault.first && call < fault.first + fault.n;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	if (!fails_now())
		return syscall(SYS_pwrite64, fd, data, size, offset);
	if (fault.half && syscall(SYS_pwrite64, fd, data, size / 2 / 512 * 512, offset) < 0)
		g_error("the disk of this machine fails");
	errno = fault.errnum;
	return -1;
}

int fdatasync(int fd)
{
	(void)fd;
	return fails_now() ? -1 : 0;
}

int fsync(int fd)
{
	(void)fd;
	return fails_now() ? -1 : 0;
}

int ftruncate(int fd, off_t size)
{
	return fails_now() ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int rename(const char *from, const char *to)
{
	return fails_now() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* In memory where that is possible: thousands of segments are made here. */
static char *scratch_directory(void)
{
	char *directory = g_strdup("/dev/shm/jamlog-test-XXXXXX");
	if (g_mkdtemp(directory))
		return directory;
	g_free(directory);
	return fixture_directory();
}

static VerifyReport *verify_folder(char *directory, const char *checkpoint)
{
	char *paths[] = {directory, NULL};
	g_autoptr(GError) error = NULL;
	VerifyReport *report = journal_verify(paths, checkpoint, &error);
	g_assert_no_error(error);
	return report;
}

static const VerifySegment *segment_at(const VerifyReport *report, guint run, guint i)
{
	return &g_array_index(((VerifyRun *)report->runs->pdata[run])->segments, VerifySegment, i);
}

static VerifyClass report_class(const VerifyReport *report)
{
	VerifyClass worst = VERIFY_UNKNOWN;
	for (guint i = 0; i < report->runs->len; i++)
		worst = MIN(worst, verify_run_class(report->runs->pdata[i]));
	return worst;
}

static void print_findings(const VerifyReport *report)
{
	for (guint i = 0; i < report->runs->len; i++) {
		const VerifyRun *run = report->runs->pdata[i];
		for (guint k = 0; k < run->findings->len; k++)
			printf("# %s\n", g_array_index(run->findings, VerifyFinding, k).text);
	}
}

/* A run of some groups over three segments; `end`: in order, if the disk lets it. */
static void record(const char *directory, gboolean end)
{
	g_autofree char *keys = fixture_keys(directory, 1);
	const JournalWriterOptions options = {.directory = directory, .keys = keys, .segment_size = 12 * 1024};
	g_autoptr(JournalWriter) w = journal_writer_new(&options, NULL);
	guint64 next = 1;
	for (guint i = 0; w && i < 5; i++) {
		fixture_append(w, &next, 3, 700);
		journal_writer_commit(w, NULL);
	}
	if (w && end)
		journal_writer_close(w, NULL);
}

/* Half a write may be a run's final seal without its final frame: then the frame is missing, and nothing else. */
static gboolean only_a_final_frame_is_missing(const VerifyReport *report)
{
	for (guint i = 0; i < report->runs->len; i++) {
		const VerifyRun *run = report->runs->pdata[i];
		for (guint k = 0; k < run->findings->len; k++) {
			const VerifyFinding *f = &g_array_index(run->findings, VerifyFinding, k);
			if (f->class < VERIFY_MISSING || (f->class == VERIFY_MISSING && !strstr(f->text, "final frame")))
				return FALSE;
		}
	}
	return TRUE;
}

/* The device records in order, then with the fault, then again without it. */
static gboolean run_with_fault(gint first, gint n, int errnum, gboolean half)
{
	char *directory = scratch_directory();
	memset(&fault, 0, sizeof fault);
	fault.first = first;
	fault.n = n;
	fault.errnum = errnum;
	fault.half = half;
	record(directory, TRUE);
	const gboolean reached = fault.calls >= first;
	fault.n = 0;
	record(directory, FALSE);
	g_autoptr(VerifyReport) report = verify_folder(directory, NULL);
	const gboolean good = report_class(report) == VERIFY_UNKNOWN || (half && only_a_final_frame_is_missing(report));
	if (!good || report->broken->len > 0) {
		print_findings(report);
		g_error("calls %d to %d failed (%s%s): class %d, %u broken", first, first + n - 1, g_strerror(errnum), half ? ", half" : "",
			report_class(report), report->broken->len);
	}
	fixture_remove(directory);
	return reached;
}

static void test_no_fault_of_a_disk_is_held_against_the_journal(void)
{
	for (gint first = 1; run_with_fault(first, 1, EIO, FALSE); first++)
		;
	for (gint first = 1; run_with_fault(first, 1, EIO, TRUE); first++)
		;
	for (gint first = 1; run_with_fault(first, 5, ENOSPC, first % 4 == 1); first += 2)
		;
	memset(&fault, 0, sizeof fault);
}

static void test_the_writers_checkpoints_are_found_where_they_were_taken(void)
{
	enum { COMMITS = 24 };
	char *directory = scratch_directory();
	char codes[COMMITS + 2][JOURNAL_CHECKPOINT_SIZE];
	guint64 held[COMMITS + 2], next = 1;
	g_autoptr(JournalWriter) w = fixture_writer(directory, 20 * 1024);
	for (guint i = 0; i <= COMMITS; i++) {
		journal_writer_checkpoint(w, codes[i]);
		held[i] = next;
		fixture_append(w, &next, 1 + i % 3, 900);
		fixture_commit(w);
	}
	fixture_close(w);
	journal_writer_checkpoint(w, codes[COMMITS + 1]);
	held[COMMITS + 1] = next;
	for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
		g_autoptr(VerifyReport) report = verify_folder(directory, codes[i]);
		const VerifyRun *run = report->runs->pdata[0];
		g_assert_true(report->checkpoint_found && run->checkpoint);
		g_assert_cmpuint(run->checkpoint_sequence, ==, held[i]);
		g_assert_cmpuint(run->segments->len, >, 2);
	}
	fixture_remove(directory);
}

/* --- bytes of one run of two segments --- */

typedef struct {
	guint8 *data[2];
	gsize size[2];
} Pair;

static void make_pair(Pair *pair)
{
	char *directory = scratch_directory();
	guint64 next = 1;
	g_autoptr(JournalWriter) w = fixture_writer(directory, 21 * 512);
	for (guint i = 0; i < 2; i++) {
		for (guint k = 0; k < 3; k++) {
			fixture_append(w, &next, 2, k == 1 ? 150 : 440);
			fixture_commit(w);
		}
		g_autofree char *path = g_strdup(journal_writer_path(w));
		if (i == 0) {
			fixture_append(w, &next, 1, 20);
			fixture_commit(w);
		} else {
			fixture_close(w);
		}
		g_assert_cmpint(g_str_equal(path, journal_writer_path(w)), ==, i == 1);
		g_assert_true(g_file_get_contents(path, (char **)&pair->data[i], &pair->size[i], NULL));
	}
	fixture_remove(directory);
}

static VerifyReport *verify_pair(const Pair *pair)
{
	g_autoptr(GPtrArray) sources = verify_sources_new();
	VerifyReport *report = verify_report_new();
	for (guint i = 0; i < 2; i++) {
		g_autoptr(GBytes) bytes = g_bytes_new_static(pair->data[i], pair->size[i]);
		if (!verify_collect_bytes(sources, bytes, "segment"))
			g_ptr_array_add(report->broken, g_strdup("broken"));
	}
	verify_set(sources, NULL, report);
	return report;
}

/* Of the headers, large and mostly zeros, every 97th byte is enough. */
static void test_a_flipped_bit_is_always_told_and_never_called_tampering(void)
{
	Pair pair;
	make_pair(&pair);
	g_autoptr(VerifyReport) whole = verify_pair(&pair);
	g_assert_cmpuint(((VerifyRun *)whole->runs->pdata[0])->findings->len, ==, 0);
	for (guint i = 0; i < 2; i++) {
		for (gsize at = 0; at < pair.size[i]; at += at < 8192 ? 97 : 1) {
			pair.data[i][at] ^= (guint8)(1u << at % 8);
			g_autoptr(VerifyReport) report = verify_pair(&pair);
			const VerifyRun *run = report->runs->pdata[0];
			if (report->broken->len + run->findings->len == 0 || verify_run_class(run) == VERIFY_TAMPERED) {
				print_findings(report);
				g_error("byte %" G_GSIZE_FORMAT " of segment %u: class %d", at, i, verify_run_class(run));
			}
			pair.data[i][at] ^= (guint8)(1u << at % 8);
		}
	}
	g_free(pair.data[0]);
	g_free(pair.data[1]);
}

static void test_a_cut_proves_what_is_sealed_before_it_and_speaks_of_the_rest(void)
{
	Pair pair;
	make_pair(&pair);
	const gsize whole = pair.size[1];
	g_autoptr(VerifyReport) full = verify_pair(&pair);
	for (pair.size[1] = 8192; pair.size[1] < whole; pair.size[1]++) {
		g_autoptr(VerifyReport) report = verify_pair(&pair);
		const VerifySegment *s = segment_at(report, 0, 1);
		const VerifyRun *run = report->runs->pdata[0];
		if (s->ending == JOURNAL_END_FINAL) /* within the zeros behind the final frame */
			break;
		g_assert_cmpuint(s->frames_proven, ==, s->seals_good > 0 ? s->frames : 0);
		g_assert_cmpuint(segment_at(report, 0, 0)->frames_proven, ==, segment_at(full, 0, 0)->frames);
		g_assert_cmpint(verify_run_class(run), ==, s->seals_good > 0 ? VERIFY_MISSING : VERIFY_UNKNOWN);
		g_assert_cmpuint(run->findings->len, >, 0);
	}
	g_free(pair.data[0]);
	g_free(pair.data[1]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/verify/no-fault-of-a-disk-is-held-against-the-journal", test_no_fault_of_a_disk_is_held_against_the_journal);
	g_test_add_func("/verify/the-writers-checkpoints-are-found-where-they-were-taken",
			test_the_writers_checkpoints_are_found_where_they_were_taken);
	g_test_add_func("/verify/a-flipped-bit-is-always-told-and-never-called-tampering",
			test_a_flipped_bit_is_always_told_and_never_called_tampering);
	g_test_add_func("/verify/a-cut-proves-what-is-sealed-before-it-and-speaks-of-the-rest",
			test_a_cut_proves_what_is_sealed_before_it_and_speaks_of_the_rest);
	return g_test_run();
}
