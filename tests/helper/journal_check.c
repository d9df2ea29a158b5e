/* journal_check FILE... - reads segments that journal_writer_loop wrote. Prints a line for each:
 *
 *   FILE end=final|open|torn|refused|error observations=N damages=N breaks=N invented=N seen=A-B,C-D
 *
 * `invented` counts records that nobody wrote; `seen` the ranges of sequence numbers that came.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal_fixture.h"

#include <stdio.h>

typedef struct {
	guint64 first, last;
} Range;

typedef struct {
	GArray *ranges;
	guint64 observations, damages, breaks, invented;
} Tally;

static void note_sequence(Tally *t, guint64 sequence)
{
	Range *last = t->ranges->len > 0 ? &g_array_index(t->ranges, Range, t->ranges->len - 1) : NULL;
	const Range fresh = {sequence, sequence};
	t->observations++;
	if (last && last->last + 1 == sequence)
		last->last = sequence;
	else
		g_array_append_val(t->ranges, fresh);
}

static void note_frame(Tally *t, JournalFrame *frame)
{
	const guint8 *record;
	gsize length;
	gboolean malformed;
	Observation o;
	while (journal_frame_next(frame, &record, &length, &malformed)) {
		if (observation_decode(record, length, &o) == OBSERVATION_OK && fixture_is_genuine(&o))
			note_sequence(t, o.sequence);
		else
			t->invented++;
	}
	t->invented += malformed ? 1 : 0;
}

static const char *read_all(const char *path, Tally *t)
{
	g_autoptr(JournalReader) reader = journal_reader_open(path, NULL);
	JournalFrame frame;
	JournalDamage damage;
	JournalIdentity identity;
	fixture_identity(&identity);
	if (!reader || !journal_reader_unlock(reader, &identity, NULL))
		return "refused";
	for (;;) {
		switch (journal_reader_next(reader, &frame, &damage, NULL)) {
		case JOURNAL_CHAIN_BREAK:
			t->breaks++;
			note_frame(t, &frame);
			break;
		case JOURNAL_FRAME:
			note_frame(t, &frame);
			break;
		case JOURNAL_SEAL:
			break;
		case JOURNAL_DAMAGE:
			t->damages++;
			break;
		case JOURNAL_END_FINAL:
			return "final";
		case JOURNAL_END_OPEN:
			return "open";
		case JOURNAL_END_TORN:
			return "torn";
		case JOURNAL_IO_ERROR:
			return "error";
		}
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		Tally t = {.ranges = g_array_new(FALSE, FALSE, sizeof(Range))};
		const char *end = read_all(argv[i], &t);
		printf("%s end=%s observations=%" G_GUINT64_FORMAT " damages=%" G_GUINT64_FORMAT " breaks=%" G_GUINT64_FORMAT
		       " invented=%" G_GUINT64_FORMAT " seen=",
		       argv[i], end, t.observations, t.damages, t.breaks, t.invented);
		for (guint r = 0; r < t.ranges->len; r++) {
			const Range *range = &g_array_index(t.ranges, Range, r);
			printf("%s%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, r > 0 ? "," : "", range->first, range->last);
		}
		printf("\n");
		g_array_unref(t.ranges);
	}
	return 0;
}
