/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include "control.h"
#include "journal.h"
#include "record/answer.h"
#include "record/board.h"
#include "record/control_server.h"
#include "record/journal_start.h"
#include "record/narrator.h"
#include "record/plug.h"
#include "record/status.h"
#include "source.h"
#include "ticker.h"

#include <glib-unix.h>
#include <malloc.h>
#include <sodium.h>
#include <signal.h>
#include <unistd.h>

#define SELF              "jamlog" /* the recorder's own name as a source */
#define TICK_MS           1000
#define HEARTBEAT_S       10
#define TRIM_S            60       /* the many small things that come and go with each sweep leave holes behind */
#define CLOCK_STEP_NS     (NS_PER_S / 2)
#define STOP_DEADLINE_S   10       /* for sources that do not come to an end */
#define MARKS_MAX         8        /* at once, then one a second: each is a write of its own */
#define PERSON            "person" /* as the source of marks */

typedef struct {
	SourceHost host; /* first member: sources hand it back to us */
	const Config *config;
	const RecorderOptions *options;
	GMainLoop *loop;
	JournalWriter *writer;
	Narrator *narrator;
	GPtrArray *sources;
	Plug *plug;               /* NULL: no modems but those that are named */
	guint running_sources;    /* of all that are to come to their end, once we are stopping */
	guint parting_sources;    /* stopped while the recording goes on, not yet at their end */
	gboolean stopping;
	guint signal_ids[3];
	guint deadline_id;

	guint64 readings;         /* radio and fix observations: what the run is for */
	guint64 observations;
	guint64 lost;             /* not taken because the disk was full, since it was */
	gboolean disk_failing;
	gboolean disk_low;        /* and it was told */
	gboolean full_noted;      /* and it stands in the journal */
	gint64 clock_offset_ns;   /* REALTIME - BOOTTIME a second ago */
	guint seconds;

	/* for "jamlog status" and "jamlog mark" */
	Board *board;
	ControlServer *control;
	gboolean unreachable; /* and it was told */
	gboolean discreet;    /* sealed, and what is told may be kept: no words on what was observed */
	guint marks_left;
	char *directory;      /* absolute: the asking command stands somewhere else */
	gint64 started_ns, durable_ns;
	guint64 started_bytes;
} Recorder;

static void stop_sources(Recorder *r);

/* --- observations --- */

static void take(Recorder *r, Observation *o)
{
	if (!journal_writer_append(r->writer, o)) {
		r->lost++;
		return;
	}
	r->observations++;
	if (o->kind == OBSERVATION_RADIO || o->kind == OBSERVATION_FIX)
		r->readings++;
}

static void host_observe(SourceHost *host, Observation *o)
{
	Recorder *r = (Recorder *)host;
	take(r, o);
	if (!r->discreet)
		narrator_observe(r->narrator, o);
	board_observe(r->board, o);
}

static void host_tell(SourceHost *host, const char *source, const char *sentence)
{
	Recorder *r = (Recorder *)host;
	narrator_say(r->narrator, source, "%s", sentence);
	board_tell(r->board, source, sentence);
}

static void count_event(Recorder *r, EventCode code, guint64 count)
{
	Observation o;
	observation_init(&o, OBSERVATION_EVENT, SELF);
	EVENT_SET(&o, code, (guint8)code);
	EVENT_SET(&o, count, count);
	take(r, &o);
}

static void observe_run(Recorder *r)
{
	Observation o;
	char digest[17];
	g_autoptr(GString) sources = g_string_new(NULL);
	for (guint i = 0; i < r->config->sources->len; i++) {
		const ConfigSource *s = g_ptr_array_index(r->config->sources, i);
		g_string_append_printf(sources, "%s%s=%s", i ? " " : "", s->name, s->type);
	}
	config_digest(r->config, digest);
	observation_init(&o, OBSERVATION_RUN, SELF);
	OBSERVATION_SET_TEXT(&o, run, RUN, version, JAMLOG_VERSION);
	OBSERVATION_SET_TEXT(&o, run, RUN, config_digest, digest);
	OBSERVATION_SET_TEXT(&o, run, RUN, sources, sources->str);
	OBSERVATION_SET(&o, run, RUN, sweep_interval_ms, r->config->interval_ms);
	take(r, &o);
}

/* --- each second --- */

static void disk_failed(Recorder *r, const GError *error)
{
	if (r->disk_failing)
		return;
	r->disk_failing = TRUE;
	gboolean full = g_error_matches(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_SPACE);
	gboolean gone = g_error_matches(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND);
	narrator_warn(r->narrator, SELF, "NOT RECORDING: %s; %strying again each second", error->message,
		     gone ? "" : "what was written before is safe, ");
	if (!full || !r->full_noted)
		count_event(r, full ? EVENT_DISK_FULL : EVENT_JOURNAL_ERROR, r->observations); /* no message: it has the person's paths */
	r->full_noted = r->full_noted || full;
}

static void disk_works(Recorder *r)
{
	if (!r->disk_failing)
		return;
	narrator_warn(r->narrator, SELF, "recording again (%" G_GUINT64_FORMAT " observations were lost)", r->lost);
	count_event(r, EVENT_DISK_BACK, r->lost);
	r->disk_failing = r->full_noted = FALSE;
	r->lost = 0;
}

static void say_durable(const Recorder *r)
{
	g_autofree char *line = g_strdup_printf("durable %" G_GUINT64_FORMAT "\n", journal_writer_durable_sequence(r->writer));
	if (r->options->verbose)
		narrator_print(line);
}

static gboolean commit(Recorder *r, GError **error)
{
	guint64 before = journal_writer_durable_sequence(r->writer);
	if (!journal_writer_commit(r->writer, error))
		return FALSE;
	guint64 now = journal_writer_durable_sequence(r->writer);
	if (now == before)
		return TRUE;
	r->durable_ns = clock_boottime_ns();
	say_durable(r);
	return TRUE;
}

/* --- what others ask --- */

static GVariant *answer_status(Recorder *r)
{
	const RunFacts facts = {.writer = r->writer, .directory = r->directory, .started_ns = r->started_ns,
				.started_bytes = r->started_bytes, .durable_ns = r->durable_ns, .observations = r->observations,
				.readings = r->readings, .lost = r->lost, .disk_failing = r->disk_failing, .disk_low = r->disk_low};
	return status_describe(&facts, r->board);
}

static GVariant *describe_mark(const Recorder *r, const Observation *o)
{
	GVariantBuilder answer;
	g_autoptr(GDateTime) at = g_date_time_new_from_unix_local(o->at.realtime_ns / NS_PER_S);
	g_autofree char *time = at ? g_date_time_format(at, "%H:%M:%S") : g_strdup("--:--:--");
	g_autofree char *directory = g_filename_display_name(r->directory);
	g_variant_builder_init(&answer, G_VARIANT_TYPE_VARDICT);
	answer_add(&answer, "text", "s", o->mark.text);
	answer_add(&answer, "time", "s", time);
	answer_add(&answer, "clock_state", "s", clock_state_name(o->at.state));
	answer_add(&answer, "durable", "b", journal_writer_durable_sequence(r->writer) >= o->sequence);
	answer_add(&answer, "directory", "s", directory);
	return g_variant_builder_end(&answer);
}

/* The log says that there was one, not what: others may look at the screen. */
static GVariant *answer_mark(Recorder *r, const char *text)
{
	Observation o;
	g_autoptr(GError) error = NULL;
	observation_init(&o, OBSERVATION_MARK, PERSON);
	OBSERVATION_SET_TEXT(&o, mark, MARK, text, text);
	g_strstrip(o.mark.text);
	if (!*o.mark.text)
		return control_error("an empty mark is not recorded");
	if (r->marks_left == 0)
		return control_error("NOT RECORDED: too many marks at once; wait a second and say it again");
	r->marks_left--;
	const guint64 lost = r->lost;
	take(r, &o);
	if (r->lost > lost)
		return control_error("NOT RECORDED: the disk takes nothing, and there is no more room in memory");
	if (commit(r, &error))
		narrator_say(r->narrator, PERSON, "mark noted");
	return describe_mark(r, &o);
}

static GVariant *on_request(const char *request, const char *text, gpointer user_data)
{
	if (g_str_equal(request, "status"))
		return answer_status(user_data);
	return g_str_equal(request, "mark") ? answer_mark(user_data, text) : NULL;
}

/* Recording does not depend on it. */
static void keep_reachable(Recorder *r)
{
	g_autoptr(GError) error = NULL;
	const gboolean reachable = control_server_open(r->control, &error);
	if (!reachable && !r->unreachable)
		narrator_say(r->narrator, SELF, "\"jamlog status\" and \"jamlog mark\" cannot reach this recorder: %s", error->message);
	r->unreachable = !reachable;
}

static void begin_control(Recorder *r)
{
	const guint8 *run_id = journal_writer_run_id(r->writer);
	g_autofree char *folder = r->options->runtime ? g_strdup(r->options->runtime) : control_folder();
	char name[17];
	sodium_bin2hex(name, sizeof name, run_id, sizeof name / 2);
	r->started_ns = clock_boottime_ns();
	r->started_bytes = journal_writer_bytes(r->writer);
	r->directory = g_canonicalize_filename(r->config->directory, NULL);
	r->control = control_server_new(folder, name, on_request, r);
	keep_reachable(r);
}

/* --- the clock, the disk --- */

static void watch_clock(Recorder *r)
{
	ClockReading now = clock_read();
	gint64 step_ns = now.realtime_ns - now.boottime_ns - r->clock_offset_ns;
	r->clock_offset_ns += step_ns;
	if (ABS(step_ns) < CLOCK_STEP_NS)
		return;
	Observation o;
	observation_init(&o, OBSERVATION_EVENT, SELF);
	EVENT_SET(&o, code, EVENT_CLOCK_STEP);
	EVENT_SET(&o, offset_ms, step_ns / NS_PER_MS);
	take(r, &o);
	narrator_say(r->narrator, SELF, "the clock of this computer was moved by %.1f s (the recording is not disturbed by that)",
		     (double)step_ns / NS_PER_S);
}

static void watch_space(Recorder *r)
{
	gboolean low = journal_writer_space_low(r->writer);
	if (low && !r->disk_low)
		narrator_warn(r->narrator, SELF, "the disk is almost full: make room, or the recording will have gaps");
	/* While there is room for a last word. */
	if (low && !r->full_noted)
		count_event(r, EVENT_DISK_FULL, r->observations);
	else if (!low && r->full_noted && !r->disk_failing)
		count_event(r, EVENT_DISK_BACK, 0);
	r->full_noted = low || r->disk_failing;
	r->disk_low = low;
}

static void on_second(gpointer data)
{
	Recorder *r = data;
	g_autoptr(GError) error = NULL;
	watch_clock(r);
	narrator_tick(r->narrator);
	r->marks_left = MIN(r->marks_left + 1, MARKS_MAX);
	if (r->seconds % TRIM_S == 0)
		malloc_trim(0);
	if (++r->seconds % HEARTBEAT_S == 0) {
		count_event(r, EVENT_HEARTBEAT, r->observations);
		keep_reachable(r);
	}
	if (!r->disk_failing && r->seconds % r->config->durable_s != 0)
		return;
	if (commit(r, &error))
		disk_works(r);
	else
		disk_failed(r, error);
	watch_space(r);
}

/* --- the end --- */

static void source_ended(Recorder *r)
{
	if (r->stopping && --r->running_sources == 0)
		g_main_loop_quit(r->loop);
}

static void on_source_stopped(Source *source, gpointer user_data)
{
	(void)source;
	source_ended(user_data);
}

static gboolean on_deadline(gpointer data)
{
	Recorder *r = data;
	r->deadline_id = 0;
	narrator_say(r->narrator, SELF, "a modem does not let go of its port; ending without waiting for it");
	g_main_loop_quit(r->loop);
	return G_SOURCE_REMOVE;
}

static gboolean on_stop_now(gpointer data)
{
	Recorder *r = data;
	g_main_loop_quit(r->loop);
	return G_SOURCE_REMOVE;
}

static void stop_sources(Recorder *r)
{
	if (r->stopping)
		return;
	r->stopping = TRUE;
	r->running_sources = r->sources->len + r->parting_sources;
	r->deadline_id = g_timeout_add_seconds(STOP_DEADLINE_S, on_deadline, r);
	if (r->plug)
		plug_stop(r->plug);
	for (guint i = 0; i < r->sources->len; i++) {
		Source *source = g_ptr_array_index(r->sources, i);
		source->class->stop(source, on_source_stopped, r);
	}
	if (r->running_sources == 0)
		g_idle_add(on_stop_now, r);
}

static gboolean on_signal(gpointer data)
{
	stop_sources(data);
	return G_SOURCE_CONTINUE;
}

/* nohup(1) means that. */
static gboolean is_ignored(int number)
{
	struct sigaction action;
	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void watch_signals(Recorder *r)
{
	r->signal_ids[0] = g_unix_signal_add(SIGINT, on_signal, r);
	r->signal_ids[1] = g_unix_signal_add(SIGTERM, on_signal, r);
	r->signal_ids[2] = is_ignored(SIGHUP) ? 0 : g_unix_signal_add(SIGHUP, on_signal, r);
}

static gboolean on_duration_over(gpointer data)
{
	stop_sources(data);
	return G_SOURCE_REMOVE;
}

/* --- sources that come and go --- */

static void plug_start(gpointer recorder, Source *source)
{
	Recorder *r = recorder;
	g_ptr_array_add(r->sources, source);
	board_expect(r->board, source->name, source->class->type);
	source->class->start(source);
}

static void on_source_parted(Source *source, gpointer user_data)
{
	Recorder *r = user_data;
	char name[OBSERVATION_SOURCE_SIZE];
	g_strlcpy(name, source->name, sizeof name);
	source_free(source);
	r->parting_sources--;
	plug_parted(r->plug, name);
	source_ended(r);
}

static void plug_part(gpointer recorder, Source *source)
{
	Recorder *r = recorder;
	g_ptr_array_remove(r->sources, source);
	r->parting_sources++;
	source->class->stop(source, on_source_parted, r);
}

static const PlugHost plug_host = {.start = plug_start, .part = plug_part};

/* Only with one that left the device is a cut tail found. */
static void say_checkpoint(const Recorder *r)
{
	char code[JOURNAL_CHECKPOINT_SIZE];
	journal_writer_checkpoint(r->writer, code);
	narrator_say(r->narrator, SELF, "checkpoint %s: write it down, or send it to somebody; \"jamlog verify --checkpoint\" shows with it"
		     " that nothing was cut off", code);
}

static gboolean finish(Recorder *r, GError **error)
{
	g_autoptr(GError) first_error = NULL;
	count_event(r, EVENT_RUN_END, r->observations + 1);
	gboolean closed = journal_writer_close(r->writer, &first_error);
	if (!closed && g_error_matches(first_error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND)) {
		narrator_say(r->narrator, SELF, "%s: saving the rest in a new one", first_error->message);
		closed = journal_writer_close(r->writer, error);
	} else if (!closed) {
		g_propagate_error(error, g_steal_pointer(&first_error));
	}
	if (!closed) {
		g_prefix_error(error, "the last observations could not be saved: ");
		return FALSE;
	}
	say_durable(r);
	say_checkpoint(r);
	narrator_say(r->narrator, SELF, "stopped: %" G_GUINT64_FORMAT " observations, %.1f KiB, in %s", r->observations,
		     (double)journal_writer_bytes(r->writer) / 1024, r->config->directory);
	return TRUE;
}

/* --- the beginning --- */

static gboolean make_sources(Recorder *r, GError **error)
{
	for (guint i = 0; i < r->config->sources->len; i++) {
		const ConfigSource *config = g_ptr_array_index(r->config->sources, i);
		if (g_str_equal(config->address, CONFIG_ANY_ADDRESS))
			continue; /* plug.c */
		Source *source = source_new(config, &r->host, error);
		if (!source && config->origin)
			g_prefix_error(error, "%s: ", config->origin);
		if (!source)
			return FALSE;
		g_ptr_array_add(r->sources, source);
		board_expect(r->board, config->name, config->type);
	}
	return TRUE;
}

static gboolean begin(Recorder *r, GError **error)
{
	if (!make_sources(r, error))
		return FALSE;
	r->writer = journal_start(r->config, r->narrator, r->host.salt, error);
	if (!r->writer)
		return FALSE;
	r->discreet = journal_writer_sealed(r->writer) && !isatty(STDERR_FILENO);
	if (r->discreet)
		narrator_say(r->narrator, SELF,
			     "what is seen is not told here, where it may be kept in the clear: \"jamlog status\" tells");
	watch_signals(r); /* a run that stands in the journal comes to its end there */
	ClockReading now = clock_read();
	r->clock_offset_ns = now.realtime_ns - now.boottime_ns;
	observe_run(r);
	if (!commit(r, error))
		return FALSE;
	begin_control(r);
	narrator_say(r->narrator, SELF, "recording to %s", r->config->directory);
	for (guint i = 0; i < r->sources->len; i++) {
		Source *source = g_ptr_array_index(r->sources, i);
		source->class->start(source);
	}
	for (guint i = 0; i < r->config->sources->len; i++) {
		const ConfigSource *config = g_ptr_array_index(r->config->sources, i);
		if (g_str_equal(config->address, CONFIG_ANY_ADDRESS))
			r->plug = plug_new(r->config, config, &r->host, &plug_host, r);
	}
	return TRUE;
}

static void run_loop(Recorder *r)
{
	g_autoptr(Ticker) ticker = ticker_new(TICK_MS, on_second, r);
	/* A timer of its own: those of GLib count milliseconds in 32 bits, which are 49 days. */
	g_autoptr(GSource) end = g_timeout_source_new(0);
	g_source_set_callback(end, on_duration_over, r, NULL);
	g_source_set_ready_time(end, g_get_monotonic_time() + (gint64)(r->options->duration_s * G_USEC_PER_SEC));
	if (r->options->duration_s > 0)
		g_source_attach(end, NULL);
	g_main_loop_run(r->loop);
	for (guint i = 0; i < G_N_ELEMENTS(r->signal_ids); i++)
		g_clear_handle_id(&r->signal_ids[i], g_source_remove);
	g_source_destroy(end);
	g_clear_handle_id(&r->deadline_id, g_source_remove);
}

/* libqmi's remarks are of no use to the person; what they mean is told by the source. */
static void drop_log(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
	(void)domain;
	(void)level;
	(void)message;
	(void)data;
}

ExitCode recorder_run(const Config *config, const RecorderOptions *options, GError **error)
{
	signal(SIGPIPE, SIG_IGN); /* a gpsd that goes, or a terminal that is closed, must not end the recording */
	if (!options->verbose) {
		g_log_set_handler("Qmi", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE, drop_log, NULL);
		g_log_set_handler("Mbim", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE, drop_log, NULL);
	}
	Recorder r = {.config = config, .options = options};
	r.host.observe = host_observe;
	r.host.tell = host_tell;
	r.host.interval_ms = config->interval_ms;
	r.host.config = config;
	r.host.slot_zero_ns = clock_boottime_ns();
	randombytes_buf(r.host.slot_seed, sizeof r.host.slot_seed);
	r.loop = g_main_loop_new(NULL, FALSE);
	r.narrator = narrator_new(options->quiet);
	r.board = board_new(config->interval_ms);
	r.marks_left = MARKS_MAX;
	r.sources = g_ptr_array_new();
	ExitCode code = EXIT_CODE_FAILURE;
	if (begin(&r, error)) {
		run_loop(&r);
		g_clear_pointer(&r.control, control_server_free);
		if (finish(&r, error))
			code = r.readings > 0 ? EXIT_CODE_OK : EXIT_CODE_NO_DATA;
	} else if (error && *error) {
		code = error_exit_code(*error);
	}
	/* A source that did not come to its end still has callbacks under way: it is left to the end of the process. */
	for (guint i = 0; i < r.sources->len && r.running_sources == 0; i++)
		source_free(g_ptr_array_index(r.sources, i));
	g_ptr_array_unref(r.sources);
	plug_free(r.plug);
	journal_writer_free(r.writer);
	narrator_free(r.narrator);
	board_free(r.board);
	g_free(r.directory);
	g_main_loop_unref(r.loop);
	return code;
}
