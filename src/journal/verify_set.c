/* Verifying a set of journals: all headers first, since each names a key and chain values of its predecessors; then every segment is
 * walked once with what others name in it known; then what only the whole shows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/verify_set.h"

#include "journal/format.h"
#include "journal/verify_segment.h"

#include <sodium.h>

#define BEGINNING_MISSING "the beginning of this recording is missing: the first segment here is number %u of it"
#define LOOK_BACK 16 /* segments of a run that `previous` may speak of: some hold nothing */

/* All files of one header. */
typedef struct {
	JournalSegment header;
	gboolean signature_good, header_good;
	const char *header_wrong; /* a sentence; static */
	GPtrArray *sources;       /* VerifySource, borrowed */
	GArray *vouches;          /* VerifyVouch */
	VerifyWalk *walk;         /* of the best of them */
	guint rank;               /* how many numbers (n) of the device come before this one */
	guint run;                /* index into Set.runs */
} Entry;

/* Which places in which segments would meet one claim of a header: one of them must. */
typedef struct {
	Entry *target;
	guint vouch; /* index into target's */
	guint claim;
} Link;

typedef struct {
	GPtrArray *entries; /* Entry, by device, signed ones first, n, run, number, digest */
	GPtrArray *runs;    /* GPtrArray of Entry, by number */
	GPtrArray *reports; /* VerifyRun, in the order of `runs` */
	GArray *links;      /* Link, by claim */
	guint n_claims;
	const guint64 *checkpoint;
} Set;

static void entry_free(gpointer data)
{
	Entry *e = data;
	g_ptr_array_unref(e->sources);
	g_array_unref(e->vouches);
	verify_walk_free(e->walk);
	g_free(e);
}

static gboolean same_id(const guint8 a[JOURNAL_ID_SIZE], const guint8 b[JOURNAL_ID_SIZE])
{
	return memcmp(a, b, JOURNAL_ID_SIZE) == 0;
}

static gboolean is_zero(const guint8 chain[JOURNAL_CHAIN_SIZE])
{
	return sodium_is_zero(chain, JOURNAL_CHAIN_SIZE);
}

static Entry *entry_at(const Set *set, guint i)
{
	return set->entries->pdata[i];
}

/* --- entries and runs --- */

static int compare_numbers(guint64 a, guint64 b)
{
	return (a > b) - (a < b);
}

static int compare_sources(gconstpointer pa, gconstpointer pb)
{
	const JournalSegment *a = &(*(VerifySource *const *)pa)->header, *b = &(*(VerifySource *const *)pb)->header;
	int order = memcmp(a->device_id, b->device_id, sizeof a->device_id);
	if (order == 0)
		order = (int)b->is_signed - (int)a->is_signed;
	if (order == 0)
		order = compare_numbers(a->device_number, b->device_number);
	if (order == 0)
		order = memcmp(a->run_id, b->run_id, sizeof a->run_id);
	if (order == 0)
		order = compare_numbers(a->number, b->number);
	return order ? order : memcmp(a->digest, b->digest, sizeof a->digest);
}

static void take_source(Set *set, VerifySource *source)
{
	Entry *last = set->entries->len > 0 ? entry_at(set, set->entries->len - 1) : NULL;
	if (!last || memcmp(last->header.digest, source->header.digest, sizeof last->header.digest) != 0) {
		Entry *e = g_new0(Entry, 1);
		e->header = source->header;
		e->signature_good = source->signature_good;
		e->sources = g_ptr_array_new();
		e->vouches = g_array_new(FALSE, FALSE, sizeof(VerifyVouch));
		if (last && same_id(last->header.device_id, e->header.device_id))
			e->rank = last->rank + (last->header.device_number != e->header.device_number);
		g_ptr_array_add(set->entries, e);
		last = e;
	}
	g_ptr_array_add(last->sources, source);
}

static int compare_in_run(gconstpointer pa, gconstpointer pb)
{
	const JournalSegment *a = &(*(Entry *const *)pa)->header, *b = &(*(Entry *const *)pb)->header;
	int order = memcmp(a->device_id, b->device_id, sizeof a->device_id);
	if (order == 0)
		order = memcmp(a->run_id, b->run_id, sizeof a->run_id);
	if (order == 0)
		order = compare_numbers(a->number, b->number);
	if (order == 0)
		order = compare_numbers(a->device_number, b->device_number);
	return order ? order : memcmp(a->digest, b->digest, sizeof a->digest);
}

static int compare_runs(gconstpointer pa, gconstpointer pb)
{
	const GPtrArray *run_a = *(GPtrArray *const *)pa, *run_b = *(GPtrArray *const *)pb;
	const JournalSegment *a = &((Entry *)run_a->pdata[0])->header, *b = &((Entry *)run_b->pdata[0])->header;
	int order = memcmp(a->device_id, b->device_id, sizeof a->device_id);
	if (order == 0)
		order = compare_numbers(a->device_number, b->device_number);
	if (order == 0)
		order = (a->created.realtime_ns > b->created.realtime_ns) - (a->created.realtime_ns < b->created.realtime_ns);
	return order ? order : memcmp(a->run_id, b->run_id, sizeof a->run_id);
}

static void group_runs(Set *set)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_copy(set->entries, NULL, NULL);
	g_ptr_array_set_free_func(sorted, NULL);
	g_ptr_array_sort(sorted, compare_in_run);
	const Entry *before = NULL;
	for (guint i = 0; i < sorted->len; i++) {
		Entry *e = sorted->pdata[i];
		if (!before || !same_id(before->header.device_id, e->header.device_id) || !same_id(before->header.run_id, e->header.run_id))
			g_ptr_array_add(set->runs, g_ptr_array_new());
		g_ptr_array_add(set->runs->pdata[set->runs->len - 1], e);
		before = e;
	}
	g_ptr_array_sort(set->runs, compare_runs);
	for (guint i = 0; i < set->runs->len; i++) {
		const GPtrArray *run = set->runs->pdata[i];
		for (guint k = 0; k < run->len; k++)
			((Entry *)run->pdata[k])->run = i;
	}
}

/* --- succession of keys --- */

static gboolean makes_device_id(const JournalSegment *header)
{
	guint8 digest[JOURNAL_CHAIN_SIZE];
	crypto_generichash(digest, sizeof digest, header->header_key, sizeof header->header_key, NULL, 0);
	return memcmp(digest, header->device_id, sizeof header->device_id) == 0;
}

/* Calls it for the device's entries whose number is n-1; the entries are sorted. */
static gboolean for_predecessors(const Set *set, guint i, gboolean (*take)(Entry *e, Entry *predecessor, gpointer data), gpointer data)
{
	Entry *e = entry_at(set, i);
	for (guint k = i; k-- > 0;) {
		Entry *p = entry_at(set, k);
		if (!same_id(p->header.device_id, e->header.device_id) || p->header.device_number + 1 < e->header.device_number)
			break;
		if (p->header.device_number + 1 == e->header.device_number && take(e, p, data))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_good(Entry *e, Entry *predecessor, gpointer data)
{
	(void)e;
	(void)data;
	return predecessor->header_good;
}

static gboolean names_key(Entry *e, Entry *predecessor, gpointer data)
{
	(void)data;
	return predecessor->header_good && memcmp(predecessor->header.next_header_key, e->header.header_key, JOURNAL_KEY_SIZE) == 0;
}

static const char *header_fault(const Set *set, guint i)
{
	const Entry *e = entry_at(set, i);
	if (!e->signature_good)
		return "the header's signature is wrong, under a right checksum: it was changed, or made by somebody else";
	if (e->header.device_number == 0 || e->header.number == 0)
		return "the header has a number that no recorder gives";
	if (e->header.device_number == 1 && !makes_device_id(&e->header))
		return "the header's key is not the one that makes the device's id: another device made it";
	if (for_predecessors(set, i, is_good, NULL) && !for_predecessors(set, i, names_key, NULL))
		return "the header's key is not the one that the segment before it names: one of the two is forged";
	return NULL;
}

static void check_headers(Set *set)
{
	for (guint i = 0; i < set->entries->len; i++) {
		Entry *e = entry_at(set, i);
		if (e->header.is_signed) {
			e->header_wrong = header_fault(set, i);
			e->header_good = !e->header_wrong;
			continue;
		}
		/* Sorted behind the signed ones. */
		const Entry *before = i > 0 ? entry_at(set, i - 1) : NULL;
		if (before && same_id(before->header.device_id, e->header.device_id) && (before->header.is_signed || before->header_wrong))
			e->header_wrong = "it is not signed, and other segments of this device are: somebody else made it";
	}
}

/* --- what headers vouch for --- */

static void add_link(Set *set, const Entry *from, const guint8 *chain, Entry *target)
{
	VerifyVouch vouch = {.good = from->header_good, .of_next_run = !same_id(from->header.run_id, target->header.run_id)};
	const Link link = {target, target->vouches->len, set->n_claims};
	memcpy(vouch.chain, chain, sizeof vouch.chain);
	g_array_append_val(target->vouches, vouch);
	g_array_append_val(set->links, link);
}

static gboolean link_anchor(Entry *e, Entry *predecessor, gpointer data)
{
	add_link(data, e, e->header.anchor, predecessor);
	return FALSE;
}

/* TRUE where no segment of the device is missing between the two. */
static gboolean adjoin(const Entry *a, const Entry *b)
{
	return b->header.device_number - a->header.device_number == b->rank - a->rank;
}

static void link_previous(Set *set, const GPtrArray *run, guint i)
{
	const Entry *e = run->pdata[i];
	set->n_claims++;
	if (e->header.number <= 1 || is_zero(e->header.previous))
		return;
	for (guint k = i; k-- > 0 && i - k <= LOOK_BACK;) {
		Entry *p = run->pdata[k];
		if (p->header.is_signed != e->header.is_signed || p->header.number == e->header.number ||
		    (e->header.is_signed && (p->header.device_number >= e->header.device_number || !adjoin(p, e))))
			continue;
		add_link(set, e, e->header.previous, p);
	}
}

/* Only a good header may say what another one lacks; the first journals have no better. */
static void link_all(Set *set)
{
	for (guint i = 0; i < set->entries->len; i++) {
		const Entry *e = entry_at(set, i);
		/* The same value twice speaks of the same segment. */
		if (!e->header_good || is_zero(e->header.anchor) || memcmp(e->header.anchor, e->header.previous, JOURNAL_CHAIN_SIZE) == 0)
			continue;
		set->n_claims++;
		for_predecessors(set, i, link_anchor, set);
	}
	for (guint r = 0; r < set->runs->len; r++) {
		const GPtrArray *run = set->runs->pdata[r];
		for (guint i = 0; i < run->len; i++)
			if (((Entry *)run->pdata[i])->header_good || !((Entry *)run->pdata[i])->header.is_signed)
				link_previous(set, run, i);
	}
}

static gboolean same_number(const Entry *a, const Entry *b)
{
	return a->header.is_signed ? a->header.device_number == b->header.device_number : a->header.number == b->header.number;
}

/* A claim is met in the nearest segment, or in an earlier one if those between hold nothing; else the nearest one lacks it, of several with
 * one number the one that holds anything. For the others it is no finding. */
static void settle_claims(Set *set)
{
	const Link *links = (const Link *)(gpointer)set->links->data;
	for (guint i = 0, end; i < set->links->len; i = end) {
		guint blamed = i;
		gboolean met = FALSE, holds = FALSE, passed = FALSE; /* passed: what comes is before one that holds something */
		for (end = i; end < set->links->len && links[end].claim == links[i].claim; end++) {
			const Entry *e = links[end].target;
			passed = passed || (holds && !same_number(e, links[end - 1].target));
			if (passed)
				continue;
			met = met || g_array_index(e->walk->vouches, VerifyVouch, links[end].vouch).met;
			if (e->walk->result.frames > 0 && !holds && same_number(e, links[i].target))
				blamed = end;
			holds = holds || e->walk->result.frames > 0;
		}
		for (guint k = i; k < end; k++)
			g_array_index(links[k].target->walk->vouches, VerifyVouch, links[k].vouch).waived = met || k != blamed;
	}
}

/* --- walking --- */

static VerifyWalk *walk_source(const Set *set, const Entry *e, const VerifySource *source)
{
	g_autoptr(GError) error = NULL;
	VerifyWalk *walk = verify_walk_new(&e->header, e->header_good, g_strdup(source->path), e->vouches, set->checkpoint);
	g_autoptr(JournalReader) reader = verify_source_open(source, &error);
	if (!reader) {
		verify_walk_find(walk, VERIFY_DAMAGED, 0, 0, "it could be read a moment ago, and now: %s", error->message);
		walk->result.ending = JOURNAL_IO_ERROR;
	} else if (memcmp(journal_reader_segment(reader)->digest, e->header.digest, sizeof e->header.digest) != 0) {
		verify_walk_find(walk, VERIFY_DAMAGED, 0, 0, "it was replaced while it was read: verify again");
		walk->result.ending = JOURNAL_IO_ERROR;
	} else {
		verify_walk_run(walk, reader);
	}
	return walk;
}

static const char *first_tampering(const VerifyWalk *walk)
{
	for (guint i = 0; i < walk->findings->len; i++)
		if (g_array_index(walk->findings, VerifyFinding, i).class == VERIFY_TAMPERED)
			return g_array_index(walk->findings, VerifyFinding, i).text;
	return NULL;
}

/* One that was tampered with is told even where a better copy is at hand. */
static void walk_entry(const Set *set, Entry *e)
{
	g_autoptr(GPtrArray) forged = g_ptr_array_new_with_free_func((GDestroyNotify)verify_walk_free);
	for (guint i = 0; i < e->sources->len; i++) {
		VerifyWalk *walk = walk_source(set, e, e->sources->pdata[i]);
		if (!e->walk || verify_walk_better(walk, e->walk)) {
			VerifyWalk *worse = e->walk;
			e->walk = walk;
			walk = worse;
		}
		if (walk && first_tampering(walk))
			g_ptr_array_add(forged, walk);
		else
			verify_walk_free(walk);
	}
	e->walk->result.copies = e->sources->len - 1;
	for (guint i = 0; i < forged->len; i++) {
		const VerifyWalk *walk = forged->pdata[i];
		verify_walk_find(e->walk, VERIFY_TAMPERED, 0, 0, "the copy %s was tampered with: %s", walk->result.path,
				 first_tampering(walk));
	}
	if (e->header_wrong)
		verify_walk_find(e->walk, VERIFY_TAMPERED, 0, JOURNAL_HEADER_SIZE, "%s", e->header_wrong);
}

/* --- what only the whole shows --- */

static void find_in_run(VerifyRun *run, VerifyClass class, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void find_in_run(VerifyRun *run, VerifyClass class, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const VerifyFinding finding = {.class = class, .segment = G_MAXUINT, .text = g_strdup_vprintf(format, args)};
	va_end(args);
	g_array_append_val(run->findings, finding);
}

/* B_n may sign twice where the power went in between; only the second header then has frames. */
static void check_doubles(Set *set)
{
	for (guint i = 0, end; i < set->entries->len; i = end) {
		const JournalSegment *h = &entry_at(set, i)->header;
		guint with_frames = 0;
		for (end = i; end < set->entries->len; end++) {
			const Entry *e = entry_at(set, end);
			if (!e->header.is_signed || e->header.device_number != h->device_number ||
			    !same_id(e->header.device_id, h->device_id))
				break;
			with_frames += e->header_good && e->walk->result.frames > 0;
		}
		end = MAX(end, i + 1);
		for (guint k = i; k < end && with_frames > 0; k++) {
			VerifyWalk *walk = entry_at(set, k)->walk;
			walk->idle = walk->result.frames == 0;
			if (with_frames > 1)
				verify_walk_find(walk, VERIFY_TAMPERED, 0, 0,
						 "the device made one segment %u, and here are %u different ones: all but one are forged",
						 h->device_number, with_frames);
		}
	}
}

/* `first`: of its run. What stands before it by number may be another run's, which had begun the same number. */
static void check_gap(VerifyRun *run, const Entry *e, const Entry *before, gboolean first)
{
	const guint32 n = e->header.device_number, last = before ? before->header.device_number : 0;
	const guint32 gap = n - last - 1; /* before is sorted before it */
	const gboolean begins_late = e->header.number > 1 && first;
	if (n == last || n == 0)
		return;
	if (gap > 0 && before)
		find_in_run(run, VERIFY_MISSING, "%u segment%s of this device missing before its segment %u%s", gap,
			    gap == 1 ? " is" : "s are", n,
			    !first ? ": a part of this recording" : begins_late ? ": the beginning of this recording at least" : "");
	else if (begins_late)
		find_in_run(run, VERIFY_MISSING, BEGINNING_MISSING, e->header.number);
	if (!before && n > e->header.number)
		find_in_run(run, VERIFY_UNKNOWN, "earlier recordings of this device are not here (its segments 1 to %u)",
			    n - e->header.number);
}

static void check_gaps(Set *set)
{
	const Entry *before = NULL;
	for (guint i = 0; i < set->entries->len; i++) {
		const Entry *e = entry_at(set, i);
		if (before && !same_id(before->header.device_id, e->header.device_id))
			before = NULL;
		if (e->header.is_signed)
			check_gap(set->reports->pdata[e->run], e, before, ((GPtrArray *)set->runs->pdata[e->run])->pdata[0] == e);
		before = e;
	}
}

/* What later segments of a run say of earlier ones. Those without frames were made, and could not be used. */
static void check_ends(const GPtrArray *run, VerifyRun *report)
{
	const Entry *first = run->pdata[0];
	gboolean any_ended = FALSE;
	guint last = run->len; /* of those that hold anything */
	for (guint i = run->len; i-- > 0;) {
		VerifyWalk *walk = ((Entry *)run->pdata[i])->walk;
		walk->left = last < run->len;
		if (last == run->len && walk->result.frames > 0)
			last = i;
	}
	for (guint i = 0; i < run->len; i++) {
		VerifyWalk *walk = ((Entry *)run->pdata[i])->walk;
		walk->idle = walk->idle || (any_ended && walk->result.frames == 0);
		if (walk->result.ending != JOURNAL_END_FINAL || !walk->result.run_ended)
			continue;
		any_ended = TRUE;
		if (walk->left)
			verify_walk_find(walk, VERIFY_TAMPERED, walk->result.bytes, 0,
					 "it says that the recording ended here, but there are later segments of it");
	}
	/* The first journals have no n; their numbers may have gaps, but begin with 1. */
	if (!first->header.is_signed && first->header.number > 1)
		find_in_run(report, VERIFY_MISSING, BEGINNING_MISSING, first->header.number);
	const VerifySegment *end = &((Entry *)run->pdata[run->len - 1])->walk->result;
	if (end->ending == JOURNAL_END_FINAL && !end->run_ended)
		find_in_run(report, VERIFY_MISSING, "this recording goes on in a segment that is not here");
}

static void take_walk(VerifyRun *report, VerifyWalk *walk)
{
	const guint segment = report->segments->len;
	verify_walk_conclude(walk);
	g_array_append_val(report->segments, walk->result);
	walk->result.path = NULL;
	for (guint i = 0; i < walk->findings->len; i++) {
		VerifyFinding *finding = &g_array_index(walk->findings, VerifyFinding, i);
		finding->segment = segment;
		g_array_append_val(report->findings, *finding);
		finding->text = NULL;
	}
	if (!walk->checkpoint_found)
		return;
	report->checkpoint = TRUE;
	report->checkpoint_segment = segment;
	report->checkpoint_sequence = walk->checkpoint_sequence;
	report->checkpoint_time = walk->checkpoint_time;
}

/* --- all of it --- */

static void judge(Set *set, VerifyReport *report)
{
	group_runs(set);
	check_headers(set);
	link_all(set);
	for (guint i = 0; i < set->entries->len; i++)
		walk_entry(set, entry_at(set, i));
	settle_claims(set);
	for (guint i = 0; i < set->runs->len; i++)
		g_ptr_array_add(report->runs, verify_run_new(&((Entry *)((GPtrArray *)set->runs->pdata[i])->pdata[0])->header));
	set->reports = report->runs;
	check_doubles(set);
	check_gaps(set);
	for (guint i = 0; i < set->runs->len; i++) {
		const GPtrArray *run = set->runs->pdata[i];
		VerifyRun *run_report = report->runs->pdata[i];
		check_ends(run, run_report);
		for (guint k = 0; k < run->len; k++)
			take_walk(run_report, ((Entry *)run->pdata[k])->walk);
		report->checkpoint_found = report->checkpoint_found || run_report->checkpoint;
	}
}

void verify_set(GPtrArray *sources, const guint64 *checkpoint, VerifyReport *report)
{
	Set set = {.entries = g_ptr_array_new_with_free_func(entry_free),
		   .runs = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref),
		   .links = g_array_new(FALSE, FALSE, sizeof(Link)),
		   .checkpoint = checkpoint};
	g_ptr_array_sort(sources, compare_sources);
	for (guint i = 0; i < sources->len; i++)
		take_source(&set, sources->pdata[i]);
	report->checkpoint_asked = checkpoint != NULL;
	judge(&set, report);
	g_array_unref(set.links);
	g_ptr_array_unref(set.runs);
	g_ptr_array_unref(set.entries);
}
