/* jamlog verify: what journals prove.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify.h"

#include "cmd/cmd.h"
#include "cmd/json.h"
#include "error.h"

#include <errno.h>
#include <stdio.h>

typedef struct {
	char *checkpoint;
	gboolean json, quiet;
} Arguments;

static const char *const ending_words[] = {
	[JOURNAL_END_FINAL] = "final",
	[JOURNAL_END_OPEN] = "open",
	[JOURNAL_END_TORN] = "torn",
	[JOURNAL_IO_ERROR] = "unreadable",
};

static const VerifySegment *segment_at(const VerifyRun *run, guint i)
{
	return &g_array_index(run->segments, VerifySegment, i);
}

static const VerifyFinding *finding_at(const VerifyRun *run, guint i)
{
	return &g_array_index(run->findings, VerifyFinding, i);
}

/* What the device's clock said, to the second; NULL where no calendar has it. */
static char *utc(gint64 realtime_ns)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(realtime_ns / NS_PER_S);
	return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

/* --- a run as a whole --- */

typedef struct {
	guint64 frames, proven, seals;
	guint64 first, end; /* sequence numbers of observations; end: one past the last */
	guint copies;
	ClockReading from, to, proven_until; /* proven_until.boottime_ns 0: nothing */
	gboolean sealed;
} Totals;

static Totals add_up(const VerifyRun *run)
{
	const VerifySegment *first = segment_at(run, 0);
	Totals t = {.first = first->first_sequence, .from = first->header.created, .to = first->header.created,
		    .sealed = first->header.n_recipients > 0};
	for (guint i = 0; i < run->segments->len; i++) {
		const VerifySegment *s = segment_at(run, i);
		t.frames += s->frames;
		t.proven += s->frames_proven;
		t.seals += s->seals_good;
		t.copies += s->copies;
		t.end = MAX(t.end, s->end_sequence);
		if (s->recorded_until.boottime_ns > t.to.boottime_ns)
			t.to = s->recorded_until;
		if (s->frames_proven > 0 && s->proven_until.boottime_ns > t.proven_until.boottime_ns)
			t.proven_until = s->proven_until;
	}
	return t;
}

static gboolean any_unsigned(const VerifyRun *run)
{
	for (guint i = 0; i < run->segments->len; i++)
		if (!segment_at(run, i)->header.is_signed)
			return TRUE;
	return FALSE;
}

static gboolean nothing_proven(const VerifyRun *run)
{
	const Totals t = add_up(run);
	return t.frames > 0 && t.proven == 0;
}

/* A word for the whole run; "unsigned" weighs more than a tail that cannot be known, and less than what is wrong. */
static const char *run_word(const VerifyRun *run)
{
	const VerifyClass class = verify_run_class(run);
	if (class != VERIFY_UNKNOWN)
		return verify_class_words[class];
	if (any_unsigned(run))
		return "unsigned";
	return nothing_proven(run) ? "unproven" : "proven";
}

/* --- text --- */

static void print_clock(const char *label, const ClockReading *time)
{
	static const char *const words[] = {"never set: not a true date", "set by hand or kept", "set by NTP"};
	g_autofree char *text = utc(time->realtime_ns);
	printf("  %-12s%s by the device's clock (%s)\n", label, text ? text : "no date", words[time->state]);
}

static void print_duration(const char *label, gint64 ns)
{
	const gint64 s = MAX(ns, 0) / NS_PER_S;
	printf("  %-12s%" G_GINT64_FORMAT " h %02d min %02d s\n", label, s / 3600, (int)(s / 60 % 60), (int)(s % 60));
}

static void print_finding(const VerifyRun *run, const VerifyFinding *f)
{
	printf("  %-12s", verify_class_words[f->class]);
	if (f->segment != G_MAXUINT) {
		g_autofree char *name = g_path_get_basename(segment_at(run, f->segment)->path);
		printf("%s", name);
		if (f->length > 0)
			printf(", %" G_GUINT64_FORMAT " bytes at %" G_GUINT64_FORMAT, f->length, f->offset);
		printf(": ");
	}
	printf("%s\n", f->text);
}

static void print_verdict(const VerifyRun *run, const Totals *t)
{
	const char *word = run_word(run);
	if (g_str_equal(word, "unsigned"))
		printf("  verdict     unsigned: recorded before there were signatures; the chain shows accidents, and proves nothing\n");
	else if (g_str_equal(word, "unproven"))
		printf("  verdict     unproven: no seal was reached, so it may be as it was recorded, or anybody's\n");
	else if (!g_str_equal(word, "proven"))
		printf("  verdict     %s: %s\n", word,
		       verify_run_class(run) == VERIFY_TAMPERED ? "this is not as it was recorded, and no accident does that"
		       : verify_run_class(run) == VERIFY_DAMAGED ? "parts cannot be read; the proven frames are as they were recorded"
								 : "what is proven is as it was recorded, and there was more");
	else if (t->proven == t->frames)
		printf("  verdict     proven: all that is here is as it was recorded\n");
	else
		printf("  verdict     proven, but for its last %" G_GUINT64_FORMAT " frame%s\n", t->frames - t->proven,
		       t->frames - t->proven == 1 ? "" : "s");
}

static void print_run(const VerifyRun *run)
{
	const Totals t = add_up(run);
	const guint n = run->segments->len;
	g_autofree char *device = bytes_to_hex(run->device_id, sizeof run->device_id), *id = bytes_to_hex(run->run_id, sizeof run->run_id);
	printf("recording %s\n  device      %s\n", id, device);
	print_clock("from", &t.from);
	print_clock("to", &t.to);
	print_duration("lasted", t.to.boottime_ns - t.from.boottime_ns);
	printf("  holds       observations %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT "%s, in %" G_GUINT64_FORMAT " frames, %u segment%s",
	       t.first, MAX(t.end, t.first + 1) - 1, t.sealed ? " at least (sealed)" : "", t.frames, n, n == 1 ? "" : "s");
	printf(t.copies > 0 ? " (and %u copies)\n" : "\n", t.copies);
	printf("  proven      %" G_GUINT64_FORMAT " of them, by %" G_GUINT64_FORMAT " good seal%s\n", t.proven,
	       t.seals, t.seals == 1 ? "" : "s");
	if (t.proven_until.boottime_ns > 0 && t.proven < t.frames)
		print_clock("until", &t.proven_until);
	for (guint i = 0; i < run->findings->len; i++)
		print_finding(run, finding_at(run, i));
	if (run->checkpoint) {
		printf("  checkpoint  holds every observation before %" G_GUINT64_FORMAT "\n", run->checkpoint_sequence);
		print_clock("taken at", &run->checkpoint_time);
	}
	print_verdict(run, &t);
}

/* The worst word of all; files that cannot be read at all are damage. */
static const char *overall_word(const VerifyReport *report)
{
	VerifyClass worst = report->broken->len > 0 ? VERIFY_DAMAGED : VERIFY_UNKNOWN;
	gboolean is_unsigned = FALSE, is_unproven = FALSE;
	for (guint i = 0; i < report->runs->len; i++) {
		worst = MIN(worst, verify_run_class(report->runs->pdata[i]));
		is_unsigned = is_unsigned || any_unsigned(report->runs->pdata[i]);
		is_unproven = is_unproven || nothing_proven(report->runs->pdata[i]);
	}
	if (report->runs->len == 0 && worst == VERIFY_UNKNOWN)
		return "nothing";
	if (worst != VERIFY_UNKNOWN)
		return verify_class_words[worst];
	return is_unsigned ? "unsigned" : is_unproven ? "unproven" : "proven";
}

static void print_text(const VerifyReport *report)
{
	for (guint i = 0; i < report->runs->len; i++) {
		print_run(report->runs->pdata[i]);
		printf("\n");
	}
	const gboolean lost = report->checkpoint_asked && !report->checkpoint_found;
	if (lost)
		printf("The checkpoint is not found: what was recorded up to it is not among these files, or was cut off or changed; or\n"
		       "the code is another device's.\n");
	printf("%u recording%s: %s%s\n", report->runs->len, report->runs->len == 1 ? "" : "s", overall_word(report),
	       lost			  ? ", but not as far as the checkpoint"
	       : report->checkpoint_asked ? ", and the checkpoint is found"
					  : "");
}

static void tell_files(const VerifyReport *report, gboolean quiet)
{
	for (guint i = 0; i < report->refused->len; i++)
		fprintf(stderr, "jamlog verify: %s\n", (char *)report->refused->pdata[i]);
	for (guint i = 0; i < report->broken->len; i++)
		fprintf(stderr, "jamlog verify: %s\n", (char *)report->broken->pdata[i]);
	if (report->empty > 0 && !quiet)
		fprintf(stderr, "jamlog verify: %u files hold nothing: the power went while they were created\n", report->empty);
	if (report->foreign > 0 && !quiet)
		fprintf(stderr, "jamlog verify: %u files in the folders do not end in " JOURNAL_SUFFIX " and were passed over\n",
			report->foreign);
}

/* --- JSON --- */

static void add_clock(GVariantBuilder *b, const char *name, const ClockReading *time)
{
	GVariantBuilder clock;
	g_autofree char *text = utc(time->realtime_ns);
	g_variant_builder_init(&clock, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&clock, "{sv}", "boottime_ms", g_variant_new_int64(time->boottime_ns / NS_PER_MS));
	g_variant_builder_add(&clock, "{sv}", "utc", g_variant_new_string(text ? text : ""));
	g_variant_builder_add(&clock, "{sv}", "clock", g_variant_new_string(clock_state_name(time->state)));
	g_variant_builder_add(b, "{sv}", name, g_variant_builder_end(&clock));
}

static void add_text(GVariantBuilder *b, const char *name, const char *text)
{
	/* Names of files need not be UTF-8; JSON must be. */
	g_variant_builder_add(b, "{sv}", name, g_variant_new_take_string(g_utf8_make_valid(text, -1)));
}

static void add_number(GVariantBuilder *b, const char *name, guint64 value)
{
	g_variant_builder_add(b, "{sv}", name, g_variant_new_uint64(value));
}

static void add_hex(GVariantBuilder *b, const char *name, const guint8 *bytes, guint n)
{
	g_variant_builder_add(b, "{sv}", name, g_variant_new_take_string(bytes_to_hex(bytes, n)));
}

static void add_flag(GVariantBuilder *b, const char *name, gboolean value)
{
	g_variant_builder_add(b, "{sv}", name, g_variant_new_boolean(value));
}

static GVariant *segment_variant(const VerifyRun *run, guint i)
{
	const VerifySegment *s = segment_at(run, i);
	GVariantBuilder b;
	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	add_text(&b, "path", s->path);
	add_hex(&b, "digest", s->header.digest, sizeof s->header.digest);
	add_number(&b, "number", s->header.number);
	add_number(&b, "device_number", s->header.device_number);
	add_text(&b, "verdict", verify_segment_word(run, i));
	add_flag(&b, "signed", s->header.is_signed);
	add_number(&b, "recipients", s->header.n_recipients);
	add_text(&b, "ending", ending_words[s->ending]);
	add_flag(&b, "run_ended", s->run_ended);
	add_number(&b, "bytes", s->bytes);
	add_number(&b, "copies", s->copies);
	add_number(&b, "frames", s->frames);
	add_number(&b, "frames_proven", s->frames_proven);
	add_number(&b, "seals_good", s->seals_good);
	add_number(&b, "first_sequence", s->first_sequence);
	add_number(&b, "end_sequence", s->end_sequence);
	add_clock(&b, "created", &s->header.created);
	add_clock(&b, "recorded_until", &s->recorded_until);
	if (s->proven_until.boottime_ns > 0)
		add_clock(&b, "proven_until", &s->proven_until);
	return g_variant_builder_end(&b);
}

static GVariant *finding_variant(const VerifyFinding *f)
{
	GVariantBuilder b;
	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	add_text(&b, "class", verify_class_words[f->class]);
	if (f->segment != G_MAXUINT)
		add_number(&b, "segment", f->segment);
	add_number(&b, "offset", f->offset);
	add_number(&b, "length", f->length);
	add_text(&b, "text", f->text);
	return g_variant_builder_end(&b);
}

static GVariant *run_variant(const VerifyRun *run)
{
	const Totals t = add_up(run);
	GVariantBuilder b, segments, findings;
	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_init(&segments, G_VARIANT_TYPE("aa{sv}"));
	g_variant_builder_init(&findings, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < run->segments->len; i++)
		g_variant_builder_add_value(&segments, segment_variant(run, i));
	for (guint i = 0; i < run->findings->len; i++)
		g_variant_builder_add_value(&findings, finding_variant(finding_at(run, i)));
	add_hex(&b, "device_id", run->device_id, sizeof run->device_id);
	add_hex(&b, "run_id", run->run_id, sizeof run->run_id);
	add_text(&b, "verdict", run_word(run));
	add_number(&b, "frames", t.frames);
	add_number(&b, "frames_proven", t.proven);
	add_number(&b, "seals_good", t.seals);
	add_clock(&b, "from", &t.from);
	add_clock(&b, "to", &t.to);
	if (run->checkpoint) {
		add_number(&b, "checkpoint_segment", run->checkpoint_segment);
		add_number(&b, "checkpoint_sequence", run->checkpoint_sequence);
		add_clock(&b, "checkpoint_time", &run->checkpoint_time);
	}
	g_variant_builder_add(&b, "{sv}", "segments", g_variant_builder_end(&segments));
	g_variant_builder_add(&b, "{sv}", "findings", g_variant_builder_end(&findings));
	return g_variant_builder_end(&b);
}

static void add_sentences(GVariantBuilder *b, const char *name, const GPtrArray *sentences)
{
	GVariantBuilder list;
	g_variant_builder_init(&list, G_VARIANT_TYPE("as"));
	for (guint i = 0; i < sentences->len; i++)
		g_variant_builder_add_value(&list, g_variant_new_take_string(g_utf8_make_valid(sentences->pdata[i], -1)));
	g_variant_builder_add(b, "{sv}", name, g_variant_builder_end(&list));
}

static void print_json(const VerifyReport *report)
{
	GVariantBuilder b, runs;
	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_init(&runs, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < report->runs->len; i++)
		g_variant_builder_add_value(&runs, run_variant(report->runs->pdata[i]));
	add_text(&b, "verdict", overall_word(report));
	if (report->checkpoint_asked)
		add_flag(&b, "checkpoint_found", report->checkpoint_found);
	add_sentences(&b, "refused", report->refused);
	add_sentences(&b, "broken", report->broken);
	add_number(&b, "empty", report->empty);
	add_number(&b, "foreign", report->foreign);
	g_variant_builder_add(&b, "{sv}", "runs", g_variant_builder_end(&runs));
	g_autoptr(GVariant) all = g_variant_ref_sink(g_variant_builder_end(&b));
	g_autofree char *json = json_from_variant(all);
	puts(json);
}

/* --- the command --- */

static int exit_code(const VerifyReport *report)
{
	const char *word = overall_word(report);
	if (report->refused->len > 0 || (report->checkpoint_asked && !report->checkpoint_found) || g_str_equal(word, "tampered"))
		return EXIT_CODE_FAILURE;
	if (g_str_equal(word, "nothing"))
		return EXIT_CODE_NO_DATA;
	return g_str_equal(word, "proven") ? EXIT_CODE_OK : EXIT_CODE_DAMAGED;
}

static int run(char **paths, const Arguments *a)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VerifyReport) report = journal_verify(paths, a->checkpoint, &error);
	if (!report) {
		fprintf(stderr, "jamlog verify: %s\n", error->message);
		return (int)error_exit_code(error);
	}
	tell_files(report, a->quiet);
	if (a->json)
		print_json(report);
	else if (!a->quiet)
		print_text(report);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return exit_code(report);
	fprintf(stderr, "jamlog verify: the report cannot be written: %s\n", g_strerror(errno));
	return EXIT_CODE_FAILURE;
}

static int usage_error(const char *message)
{
	fprintf(stderr, "jamlog verify: %s\nTry \"jamlog verify --help\".\n", message);
	return EXIT_CODE_USAGE;
}

int cmd_verify(int argc, char **argv)
{
	Arguments a = {0};
	g_autofree char *checkpoint = NULL;
	g_autoptr(GError) error = NULL;
	const GOptionEntry entries[] = {
		{"checkpoint", 'c', 0, G_OPTION_ARG_STRING, &checkpoint,
		 "A code that was kept outside the device: do the journals still reach so far?", "CODE"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &a.json, "Print the report as JSON", NULL},
		{"quiet", 'q', 0, G_OPTION_ARG_NONE, &a.quiet, "Print no report; the exit code tells", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("JOURNAL-OR-FOLDER... - what journals prove");
	g_option_context_set_summary(
		context,
		"Checks the journals that \"jamlog record\" wrote against themselves and each other: signatures, the chain through all\n"
		"bytes, seals, and what later segments say of earlier ones. Needs no secret and changes nothing. Give it all journals\n"
		"of a device together: each vouches for the one before it. For each recording it says what is\n"
		"  proven    as it was recorded: nothing was changed, left out or put in\n"
		"  tampered  what no power cut, no broken disk and no error of jamlog leaves behind\n"
		"  damaged   bytes that cannot be read as what they were, for whatever cause\n"
		"  missing   segments or frames of which others know, for whatever cause\n"
		"  unknown   what cannot be proven: above all whether an end without a final frame is the true end\n"
		"  unsigned  recorded by the first jamlog, which could not sign\n"
		"  unproven  ended before its first seal, within a minute: nothing vouches for it");
	g_option_context_set_description(context,
		"Exit codes: 0 nothing speaks against it; 1 tampered, the checkpoint was not found, or a named file is no journal;\n"
		"2 usage; 3 no journal; 4 damaged, missing, unsigned or unproven parts.\n\n"
		"JSON: verdict, checkpoint_found (where asked), refused, broken, empty, foreign, and runs: device_id, run_id, verdict,\n"
		"frames, frames_proven, seals_good, from, to, checkpoint_segment, checkpoint_sequence, checkpoint_time (where found),\n"
		"segments, and findings: class, segment (index; none: of the run), offset, length, text.\n\n"
		"Examples:\n"
		"  jamlog verify /media/card/journals\n"
		"  jamlog verify --checkpoint 7QK2-M9TX-04RS /media/card/journals\n");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		return usage_error(error->message);
	if (argc < 2)
		return usage_error("name a journal or a folder of journals");
	a.checkpoint = checkpoint;
	return run(argv + 1, &a);
}
