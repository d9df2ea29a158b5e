/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/narrator.h"

#include "record/phrase.h"
#include "record/tally.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define POSITION_LOST_NS (4 * NS_PER_S)

/* What was last said of one source. */
typedef struct {
	char name[OBSERVATION_SOURCE_SIZE];
	gboolean said_service;
	ServiceState service;
	Rat rat;
	char mcc[4], mnc[4];
	guint8 sim_state;
	gboolean said_position;
	gboolean has_position;
	gint64 last_fix_ns;
	char *session, *probes; /* NULL: nothing yet */
	guint32 kbps;           /* 0: nothing yet */
	Tally *tally;
} Subject;

static void subject_free(gpointer data)
{
	Subject *subject = data;
	g_free(subject->session);
	g_free(subject->probes);
	tally_free(subject->tally);
	g_free(subject);
}

struct Narrator {
	gboolean quiet;
	GPtrArray *subjects;
};

Narrator *narrator_new(gboolean quiet)
{
	Narrator *narrator = g_new0(Narrator, 1);
	narrator->quiet = quiet;
	narrator->subjects = g_ptr_array_new_with_free_func(subject_free);
	return narrator;
}

void narrator_free(Narrator *narrator)
{
	if (!narrator)
		return;
	g_ptr_array_unref(narrator->subjects);
	g_free(narrator);
}

void narrator_print(const char *line)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	gsize length = strlen(line);
	while (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT)) {
		ssize_t n = write(STDERR_FILENO, line, length);
		if (n < 0 && errno == EINTR)
			continue;
		return; /* a line that was cut short or refused is not worth the recording */
	}
}

static void say(const char *source, const char *format, va_list args)
{
	g_autofree char *sentence = g_strdup_vprintf(format, args);
	g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(clock_read().realtime_ns / NS_PER_S);
	g_autofree char *time = now ? g_date_time_format(now, "%H:%M:%S") : g_strdup("--:--:--");
	g_autofree char *line = g_strdup_printf("%s %s: %s\n", time, source, sentence);
	narrator_print(line);
}

void narrator_say(Narrator *narrator, const char *source, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	if (!narrator->quiet)
		say(source, format, args);
	va_end(args);
}

void narrator_warn(Narrator *narrator, const char *source, const char *format, ...)
{
	va_list args;
	(void)narrator;
	va_start(args, format);
	say(source, format, args);
	va_end(args);
}

static Subject *find_subject(Narrator *narrator, const char *name)
{
	for (guint i = 0; i < narrator->subjects->len; i++) {
		Subject *subject = g_ptr_array_index(narrator->subjects, i);
		if (g_str_equal(subject->name, name))
			return subject;
	}
	Subject *subject = g_new0(Subject, 1);
	g_strlcpy(subject->name, name, sizeof subject->name);
	subject->tally = tally_new();
	g_ptr_array_add(narrator->subjects, subject);
	return subject;
}

static void observe_radio(Narrator *narrator, Subject *subject, const Observation *o)
{
	ServiceState service = observation_service_state(o);
	Rat rat = RADIO_HAS(o, rat) ? (Rat)o->radio.rat : RAT_NONE;
	const char *mcc = RADIO_HAS(o, mcc) ? o->radio.mcc : "", *mnc = RADIO_HAS(o, mnc) ? o->radio.mnc : "";
	if (RADIO_HAS(o, sim_state) && o->radio.sim_state != subject->sim_state) {
		subject->sim_state = o->radio.sim_state;
		narrator_say(narrator, subject->name, "SIM card: %s", observation_word(sim_state_words, subject->sim_state));
	}
	if (subject->said_service && service == subject->service && rat == subject->rat && g_str_equal(mcc, subject->mcc) &&
	    g_str_equal(mnc, subject->mnc))
		return;
	subject->said_service = TRUE;
	subject->service = service;
	subject->rat = rat;
	g_strlcpy(subject->mcc, mcc, sizeof subject->mcc);
	g_strlcpy(subject->mnc, mnc, sizeof subject->mnc);
	g_autofree char *phrase = phrase_service(o);
	narrator_say(narrator, subject->name, "%s", phrase);
}

static void say_position(Narrator *narrator, Subject *subject, gboolean has_position, const Observation *o)
{
	if (subject->said_position && subject->has_position == has_position)
		return;
	subject->said_position = TRUE;
	subject->has_position = has_position;
	g_autofree char *phrase = has_position ? phrase_position(o) : g_strdup("NO POSITION: recording goes on without it");
	narrator_say(narrator, subject->name, "%s", phrase);
}

static void observe_fix(Narrator *narrator, Subject *subject, const Observation *o)
{
	gboolean has_position = phrase_is_position(o);
	if (has_position)
		subject->last_fix_ns = o->at.boottime_ns;
	say_position(narrator, subject, has_position, o);
}

/* One that works as the last one did, or fails as it did, is not worth a line; nor is the end that we made. */
static void observe_session(Narrator *narrator, Subject *subject, const Observation *o)
{
	const SessionFields *s = &o->session;
	const gboolean failed = s->outcome == SESSION_FAILED;
	if (s->outcome == SESSION_ENDED && SESSION_HAS(o, ended_by) && s->ended_by != SESSION_BY_NETWORK)
		return;
	g_autofree char *key = g_strdup_printf("%d %d %d %d %d", s->outcome, failed ? s->ended_by : 0, failed ? s->cause_type : 0,
					       failed ? s->cause : 0, s->outcome == SESSION_CONNECTED ? s->family : 0);
	if (g_strcmp0(key, subject->session) == 0)
		return;
	g_autofree char *phrase = phrase_session(o);
	g_free(subject->session);
	subject->session = g_steal_pointer(&key);
	narrator_say(narrator, subject->name, "%s", phrase);
}

/* Rates differ from round to round: four times as much, or a quarter, is another state. */
static gboolean is_other_rate(Subject *subject)
{
	const guint64 now = tally_lowest_kbps(subject->tally), said = subject->kbps;
	if (now == 0 || (said > 0 && now < 4 * said && said < 4 * now))
		return FALSE;
	subject->kbps = (guint32)now;
	return TRUE;
}

static void observe_probe(Narrator *narrator, Subject *subject, const Observation *o)
{
	if (!tally_take(subject->tally, o))
		return;
	const gboolean other_rate = is_other_rate(subject);
	if (!other_rate && g_strcmp0(tally_words(subject->tally), subject->probes) == 0)
		return;
	const char *rates = tally_rates(subject->tally);
	g_free(subject->probes);
	subject->probes = g_strdup(tally_words(subject->tally));
	narrator_say(narrator, subject->name, "%s%s%s", subject->probes, *rates ? "; " : "", rates);
}

void narrator_observe(Narrator *narrator, const Observation *o)
{
	if (o->kind == OBSERVATION_RADIO)
		observe_radio(narrator, find_subject(narrator, o->source), o);
	else if (o->kind == OBSERVATION_FIX)
		observe_fix(narrator, find_subject(narrator, o->source), o);
	else if (o->kind == OBSERVATION_SESSION)
		observe_session(narrator, find_subject(narrator, o->source), o);
	else if (o->kind == OBSERVATION_PROBE)
		observe_probe(narrator, find_subject(narrator, o->source), o);
	else if (o->kind == OBSERVATION_EVENT && o->event.code == EVENT_NETWORK_REJECT && EVENT_HAS(o, cause))
		narrator_say(narrator, o->source, "the network rejected us, cause %u", o->event.cause);
}

void narrator_tick(Narrator *narrator)
{
	gint64 now_ns = clock_boottime_ns();
	for (guint i = 0; i < narrator->subjects->len; i++) {
		Subject *subject = g_ptr_array_index(narrator->subjects, i);
		if (subject->has_position && now_ns - subject->last_fix_ns > POSITION_LOST_NS)
			say_position(narrator, subject, FALSE, NULL);
	}
}
