/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/verify_segment.h"

#include "journal/checkpoint.h"
#include "journal/seal.h"

#define MAX_FINDINGS     8                   /* of one class in one segment */
#define MAX_GROUP        (3u * 1024u * 1024u) /* bytes of one write: 1 MiB of records in half-filled blocks */
#define MAX_GROUP_FRAMES 600u                /* frames of one write: more than 1 MiB of the largest records makes */

static void clear_finding(gpointer finding)
{
	g_free(((VerifyFinding *)finding)->text);
}

GArray *verify_findings_new(void)
{
	GArray *findings = g_array_new(FALSE, FALSE, sizeof(VerifyFinding));
	g_array_set_clear_func(findings, clear_finding);
	return findings;
}

VerifyWalk *verify_walk_new(const JournalSegment *header, gboolean header_good, char *path_take, const GArray *vouches,
			    const guint64 *checkpoint)
{
	VerifyWalk *w = g_new0(VerifyWalk, 1);
	w->result.path = path_take;
	w->result.header = *header;
	w->result.header_good = header_good;
	w->result.first_sequence = w->result.end_sequence = header->first_sequence;
	w->result.recorded_until = header->created;
	w->vouches = g_array_new(FALSE, FALSE, sizeof(VerifyVouch));
	g_array_append_vals(w->vouches, vouches->data, vouches->len);
	w->findings = verify_findings_new();
	memcpy(w->seal_keys, header->seal_keys, sizeof w->seal_keys);
	w->vouched_by = G_MAXUINT;
	w->checkpoint_asked = checkpoint != NULL;
	w->checkpoint = checkpoint ? *checkpoint : 0;
	return w;
}

void verify_walk_free(VerifyWalk *w)
{
	if (!w)
		return;
	g_free(w->result.path);
	g_array_unref(w->vouches);
	g_array_unref(w->findings);
	g_free(w);
}

void verify_walk_find(VerifyWalk *w, VerifyClass class, guint64 offset, guint64 length, const char *format, ...)
{
	if (++w->n_found[class] > MAX_FINDINGS)
		return;
	va_list args;
	va_start(args, format);
	const VerifyFinding finding = {.class = class, .offset = offset, .length = length, .text = g_strdup_vprintf(format, args)};
	va_end(args);
	g_array_append_val(w->findings, finding);
}

/* Seals mean something where a good header names their keys. */
static gboolean seals_count(const VerifyWalk *w)
{
	return w->result.header_good && w->result.header.is_signed;
}

/* --- what vouches --- */

static void prove(VerifyWalk *w, const ClockReading *when)
{
	w->result.frames_proven += w->result.frames_behind;
	w->result.frames_behind = 0;
	if (when->boottime_ns > w->result.proven_until.boottime_ns)
		w->result.proven_until = *when;
}

/* What was recorded before this place is held by it. Only where the chain was worked out from the bytes before: one that a frame
 * behind damage claims says nothing. */
static void look_for_checkpoint(VerifyWalk *w, const guint8 *chain)
{
	if (!w->checkpoint_asked || w->checkpoint_found ||
	    journal_checkpoint_value(w->result.header.digest, chain) != w->checkpoint)
		return;
	w->checkpoint_found = w->checkpoint_fresh = TRUE;
	w->checkpoint_sequence = w->result.end_sequence;
	w->checkpoint_time = w->result.recorded_until;
}

/* Where the walk stands now: is it a place that a header names? */
static void note_place(VerifyWalk *w, JournalReader *reader, gboolean worked_out)
{
	JournalPosition at;
	journal_reader_position(reader, &at);
	for (guint i = 0; i < w->vouches->len; i++) {
		VerifyVouch *v = &g_array_index(w->vouches, VerifyVouch, i);
		if (memcmp(v->chain, at.chain, sizeof at.chain) != 0)
			continue;
		v->met = TRUE;
		if (!v->good || !w->result.header.is_signed)
			continue;
		w->vouched_by = i;
		w->sealed_since = FALSE;
		w->after_vouch = 0;
	}
	if (worked_out)
		look_for_checkpoint(w, at.chain);
}

/* Frames that nothing has vouched for yet are out of reach of what follows. */
static void lose_chain(VerifyWalk *w)
{
	w->result.frames_behind = 0;
	w->broken = TRUE;
}

/* --- frames --- */

static void count_frame(VerifyWalk *w)
{
	w->result.frames++;
	w->result.frames_behind++;
	w->after_vouch++;
}

static void note_sequence(VerifyWalk *w, const JournalFrame *frame)
{
	if (w->checkpoint_fresh)
		w->checkpoint_sequence = frame->first_sequence;
	w->checkpoint_fresh = FALSE;
	w->result.end_sequence = MAX(w->result.end_sequence, frame->first_sequence);
}

static void note_time(VerifyWalk *w, const ClockReading *time)
{
	if (time->boottime_ns > w->result.recorded_until.boottime_ns)
		w->result.recorded_until = *time;
}

static void take_observations(VerifyWalk *w, JournalFrame *frame)
{
	Observation head;
	const guint8 *record, *last = NULL;
	gsize length, last_length = 0;
	gboolean malformed;
	guint64 n = 0;
	while (journal_frame_next(frame, &record, &length, &malformed)) {
		n++;
		last = record;
		last_length = length;
	}
	if (malformed)
		verify_walk_find(w, VERIFY_TAMPERED, frame->file_offset, frame->length,
				 "frame %u has a right checksum and holds what no jamlog wrote", frame->number);
	if (last && observation_decode_head(last, last_length, &head) != OBSERVATION_MALFORMED)
		note_time(w, &head.at);
	/* Of a sealed frame it is only known that there is something in it. */
	w->result.end_sequence = MAX(w->result.end_sequence, frame->first_sequence + MAX(n, 1));
}

static void take_frame(VerifyWalk *w, JournalFrame *frame)
{
	note_sequence(w, frame);
	count_frame(w);
	if (w->final_seal && seals_count(w))
		verify_walk_find(w, VERIFY_TAMPERED, frame->file_offset, 0, "frame %u stands behind the segment's final seal",
				 frame->number);
	take_observations(w, frame);
}

/* --- seals --- */

/* Which of the two keys is this seal's; -1: none, or the seal proves nothing. */
static int find_seal_key(VerifyWalk *w, const JournalFrame *frame, const Seal *seal)
{
	if (w->final_seal) {
		verify_walk_find(w, VERIFY_TAMPERED, frame->file_offset, SEAL_SIZE, "seal %u stands behind the segment's final seal",
				 seal->number);
		return -1;
	}
	if (seal->number < w->next_seal) {
		verify_walk_find(w, VERIFY_TAMPERED, frame->file_offset, SEAL_SIZE, "seal %u follows seal %u", seal->number,
				 w->next_seal - 1);
		return -1;
	}
	const guint32 skipped = seal->number - w->next_seal;
	if (skipped > 0 && !w->broken) {
		verify_walk_find(w, VERIFY_TAMPERED, frame->file_offset, SEAL_SIZE,
				 "seal %u stands where seal %u should, and nothing is damaged: what is before it was sealed anew",
				 seal->number, w->next_seal);
		w->distrusted = TRUE;
	}
	if (w->distrusted)
		return -1;
	if (skipped < G_N_ELEMENTS(w->seal_keys))
		return (int)skipped;
	if (!w->keys_lost)
		verify_walk_find(w, VERIFY_UNKNOWN, frame->file_offset, SEAL_SIZE,
				 "seal %u and those behind it prove nothing: the seals that name their keys are lost", seal->number);
	w->keys_lost = TRUE;
	return -1;
}

/* What a seal with a right signature must say to be one of ours. */
static const char *contradiction(const VerifyWalk *w, const Seal *seal, guint key)
{
	if (seal->at.boottime_ns < MAX(w->sealed_ns, w->result.header.created.boottime_ns))
		return "it is older than what stands before it";
	if (key == 0 && seal->meaning == SEAL_OPEN && memcmp(seal->next_keys[0], w->seal_keys[1], JOURNAL_KEY_SIZE) != 0)
		return "it names another key for the next one than the seal before it";
	if (seal->meaning > SEAL_CONTINUED)
		return "it says what no seal says";
	return NULL;
}

static void check_seal(VerifyWalk *w, const JournalFrame *frame, const Seal *seal)
{
	const int key = find_seal_key(w, frame, seal);
	if (key < 0) {
		w->broken = TRUE;
		return;
	}
	const char *wrong = seal_signature_good(frame->payload - JOURNAL_FRAME_HEAD_SIZE, w->result.header.digest, w->seal_keys[key])
				    ? contradiction(w, seal, (guint)key)
				    : "its signature is wrong, under a right checksum";
	if (wrong) {
		verify_walk_find(w, VERIFY_TAMPERED, frame->file_offset, SEAL_SIZE,
				 "seal %u: %s; what is before it, back to the last good seal, was changed", seal->number, wrong);
		w->broken = TRUE;
		return;
	}
	w->result.seals_good++;
	w->next_seal = seal->number + 1;
	w->sealed_ns = seal->at.boottime_ns;
	memcpy(w->seal_keys, seal->next_keys, sizeof w->seal_keys);
	w->final_seal = seal->meaning;
	w->broken = FALSE;
	w->sealed_since = TRUE;
	w->after_vouch = 0;
	/* Whoever took the device while it held this key may have destroyed the seal before, and rewritten what that one vouched for. */
	if (key > 0)
		w->result.frames_behind = 1; /* the seal itself */
	prove(w, &seal->at);
}

static void take_seal(VerifyWalk *w, const JournalFrame *frame)
{
	Seal seal;
	note_sequence(w, frame);
	count_frame(w);
	if (!seals_count(w))
		return;
	if (!seal_parse(frame->payload, frame->length, &seal)) {
		verify_walk_find(w, VERIFY_TAMPERED, frame->file_offset, frame->length, "a seal with a right checksum that is none");
		w->broken = TRUE;
		return;
	}
	note_time(w, &seal.at);
	check_seal(w, frame, &seal);
}

/* --- what is wrong --- */

static void take_damage(VerifyWalk *w, const JournalDamage *damage)
{
	const VerifyClass class = damage->kind == JOURNAL_DAMAGE_FORGED ? VERIFY_TAMPERED
				  : damage->kind == JOURNAL_DAMAGE_NEWER ? VERIFY_UNKNOWN
									 : VERIFY_DAMAGED;
	verify_walk_find(w, class, damage->offset, damage->length, "%s", damage->reason);
	if (damage->kind == JOURNAL_DAMAGE_GAP)
		lose_chain(w);
}

static void take_break(VerifyWalk *w, JournalFrame *frame, const JournalDamage *damage)
{
	verify_walk_find(w, VERIFY_TAMPERED, damage->offset, damage->length, "frame %u: %s", frame->number, damage->reason);
	lose_chain(w);
	count_frame(w);
}

/* The final frame itself, as the writer makes it: a checkpoint may be of the chain behind it. */
static void take_final(VerifyWalk *w, JournalReader *reader)
{
	JournalPosition at;
	guint8 bytes[JOURNAL_SECTOR_SIZE];
	const guint8 payload = journal_reader_run_ended(reader) ? JOURNAL_FINAL_RUN_END : JOURNAL_FINAL_CONTINUED;
	journal_reader_position(reader, &at);
	JournalFrameHead head = {.type = JOURNAL_FRAME_FINAL, .payload_length = 1, .number = at.frame_number,
				 .first_sequence = w->result.end_sequence};
	memcpy(head.chain, at.chain, sizeof head.chain);
	journal_frame_encode(&head, &payload, journal_frame_seed(w->result.header.digest), bytes);
	journal_chain_next(at.chain, bytes, journal_frame_size(1));
	look_for_checkpoint(w, at.chain);
	w->result.bytes = journal_sector_ceil(at.offset + journal_frame_size(1));
	w->result.run_ended = payload == JOURNAL_FINAL_RUN_END;
	const guint8 expected = w->result.run_ended ? SEAL_RUN_ENDED : SEAL_CONTINUED;
	if (!seals_count(w) || w->broken)
		return;
	if (w->final_seal == SEAL_OPEN || w->result.frames_behind > 0)
		verify_walk_find(w, VERIFY_TAMPERED, at.offset, 0, "the final frame stands there without its seal");
	else if (w->final_seal != expected)
		verify_walk_find(w, VERIFY_TAMPERED, at.offset, 0, "the final frame says something else than its seal");
}

static void take_end(VerifyWalk *w, JournalReader *reader, JournalResult ending, const JournalDamage *damage)
{
	JournalPosition at;
	journal_reader_position(reader, &at);
	w->result.ending = ending;
	w->result.bytes = at.offset;
	memcpy(w->result.chain, at.chain, sizeof w->result.chain);
	if (ending == JOURNAL_END_FINAL)
		take_final(w, reader);
	if (ending != JOURNAL_END_TORN)
		return;
	w->torn = *damage;
	w->result.bytes = damage->offset + damage->length;
}

void verify_walk_run(VerifyWalk *w, JournalReader *reader)
{
	note_place(w, reader, TRUE);
	for (;;) {
		JournalFrame frame = {0};
		JournalDamage damage = {0};
		g_autoptr(GError) error = NULL;
		const JournalResult result = journal_reader_next(reader, &frame, &damage, &error);
		switch (result) {
		case JOURNAL_FRAME:
			take_frame(w, &frame);
			break;
		case JOURNAL_SEAL:
			take_seal(w, &frame);
			break;
		case JOURNAL_DAMAGE:
			take_damage(w, &damage);
			break;
		case JOURNAL_CHAIN_BREAK:
			take_break(w, &frame, &damage);
			break;
		case JOURNAL_IO_ERROR:
			verify_walk_find(w, VERIFY_DAMAGED, 0, 0, "it cannot be read to its end: %s", error->message);
			take_end(w, reader, result, &damage);
			return;
		case JOURNAL_END_FINAL:
		case JOURNAL_END_OPEN:
		case JOURNAL_END_TORN:
			take_end(w, reader, result, &damage);
			return;
		}
		note_place(w, reader, result != JOURNAL_DAMAGE);
	}
}

/* --- conclusions --- */

static gboolean find_unmet(VerifyWalk *w)
{
	for (guint i = 0; i < w->vouches->len; i++) {
		const VerifyVouch *v = &g_array_index(w->vouches, VerifyVouch, i);
		if (v->met || v->waived)
			continue;
		verify_walk_find(w, VERIFY_MISSING, w->result.bytes, 0,
				 "the end is missing: the header of the segment that follows it names frames that are not here");
		return TRUE;
	}
	return FALSE;
}

/* What a power cut leaves is no damage, as long as it may be the last write, and nobody says that more was there. */
static void conclude_torn(VerifyWalk *w, gboolean unmet)
{
	if (w->torn.length == 0)
		return;
	const VerifyClass class = unmet || w->torn.length > MAX_GROUP ? VERIFY_DAMAGED : VERIFY_UNKNOWN;
	verify_walk_find(w, class, w->torn.offset, w->torn.length, class == VERIFY_DAMAGED
									    ? "bytes at the end that are no frame"
									    : "half a write at the end, as a power cut leaves it");
}

/* A seal is due after 64 frames, and is written with the group in which it falls due. */
static gboolean too_much_unsealed(const VerifyWalk *w)
{
	return !w->broken && w->result.frames_behind > SEAL_FRAMES - 1 + MAX_GROUP_FRAMES;
}

static void conclude_open(VerifyWalk *w)
{
	const guint64 behind = w->result.frames_behind, after = w->after_vouch;
	const char *frames = (after > 0 ? after : behind) == 1 ? "frame" : "frames";
	const VerifyVouch *vouch = w->vouched_by == G_MAXUINT ? NULL : &g_array_index(w->vouches, VerifyVouch, w->vouched_by);
	const gboolean complete = vouch && (vouch->of_next_run || w->final_seal == SEAL_CONTINUED);
	const gboolean settled = complete || (vouch && w->left);
	if (too_much_unsealed(w))
		verify_walk_find(w, VERIFY_TAMPERED, w->result.bytes, 0,
				 "%" G_GUINT64_FORMAT " frames at the end without a seal: no recorder goes on so far without one", behind);
	if (settled && after > 0 && vouch->of_next_run && !w->sealed_since)
		verify_walk_find(w, VERIFY_TAMPERED, w->result.bytes, 0,
				 "%" G_GUINT64_FORMAT " %s at the end: not there when the device's next recording began", after, frames);
	else if (settled && after > 0)
		verify_walk_find(w, VERIFY_UNKNOWN, w->result.bytes, 0,
				 "%" G_GUINT64_FORMAT " %s at the end, given up after a failed write: not proven, and written again in"
				 " the next segment", after, frames);
	else if (settled && behind > 0)
		verify_walk_find(w, VERIFY_UNKNOWN, w->result.bytes, 0,
				 "%" G_GUINT64_FORMAT " %s behind the last seal: there when the device's next segment began,"
				 " and not proven", behind, frames);
	else if (!complete && w->final_seal && behind == 0)
		verify_walk_find(w, VERIFY_MISSING, w->result.bytes, 0, "the final frame that its last seal announces is missing");
	else if (!settled)
		verify_walk_find(w, VERIFY_UNKNOWN, w->result.bytes, 0,
				 "the end is open: %" G_GUINT64_FORMAT " %s behind the last seal not proven, and whether more followed"
				 " cannot be known without a checkpoint", behind, frames);
}

void verify_walk_conclude(VerifyWalk *w)
{
	const gboolean unmet = find_unmet(w);
	conclude_torn(w, unmet);
	if (!w->result.header.is_signed)
		verify_walk_find(w, VERIFY_UNKNOWN, 0, 0, "it is of the first jamlog, without signatures: it proves nothing");
	else if (seals_count(w) && !unmet && !w->idle && w->result.ending != JOURNAL_END_FINAL)
		conclude_open(w);
	for (guint class = 0; class <= VERIFY_UNKNOWN; class++) {
		if (w->n_found[class] <= MAX_FINDINGS)
			continue;
		const guint more = w->n_found[class] - MAX_FINDINGS;
		const VerifyFinding finding = {.class = (VerifyClass)class,
					       .text = g_strdup_printf("and %u more like these (%s)", more, verify_class_words[class])};
		g_array_append_val(w->findings, finding);
	}
}

gboolean verify_walk_better(const VerifyWalk *a, const VerifyWalk *b)
{
	const gboolean a_bad = a->n_found[VERIFY_TAMPERED] > 0, b_bad = b->n_found[VERIFY_TAMPERED] > 0;
	if (a_bad != b_bad)
		return b_bad;
	if (a->result.frames_proven != b->result.frames_proven)
		return a->result.frames_proven > b->result.frames_proven;
	if (a->result.frames != b->result.frames)
		return a->result.frames > b->result.frames;
	return a->n_found[VERIFY_DAMAGED] < b->n_found[VERIFY_DAMAGED];
}
