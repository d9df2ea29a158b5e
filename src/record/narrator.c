/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/narrator.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define POSITION_LOST_NS (4 * NS_PER_S)
#define POSITION_AGE_MS  3000 /* gpsd held it back for longer: it says where we were */

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
} Subject;

struct Narrator {
	gboolean quiet;
	GPtrArray *subjects;
};

Narrator *narrator_new(gboolean quiet)
{
	Narrator *narrator = g_new0(Narrator, 1);
	narrator->quiet = quiet;
	narrator->subjects = g_ptr_array_new_with_free_func(g_free);
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

void narrator_say(Narrator *narrator, const char *source, const char *format, ...)
{
	if (narrator->quiet)
		return;
	va_list args;
	va_start(args, format);
	g_autofree char *sentence = g_strdup_vprintf(format, args);
	va_end(args);
	g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(clock_read().realtime_ns / NS_PER_S);
	g_autofree char *time = now ? g_date_time_format(now, "%H:%M:%S") : g_strdup("--:--:--");
	g_autofree char *line = g_strdup_printf("%s %s: %s\n", time, source, sentence);
	narrator_print(line);
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
	g_ptr_array_add(narrator->subjects, subject);
	return subject;
}

static const char *signal_word(gint rsrp_dbm)
{
	return rsrp_dbm >= -85    ? "excellent"
	       : rsrp_dbm >= -95  ? "good"
	       : rsrp_dbm >= -105 ? "fair"
	       : rsrp_dbm >= -115 ? "weak"
				  : "very weak";
}

static const char *rat_word(guint rat)
{
	static const char *const words[] = {"no radio", "2G (GSM)", "3G (UMTS)", "4G (LTE)", "5G (NR)"};
	return rat < G_N_ELEMENTS(words) ? words[rat] : "unknown radio";
}

static char *describe_signal(const Observation *o)
{
	const RadioFields *r = &o->radio;
	if (r->rat == RAT_LTE && RADIO_HAS(o, lte_rsrp_dbm))
		return g_strdup_printf(", signal %s (RSRP %d dBm)", signal_word(r->lte_rsrp_dbm), r->lte_rsrp_dbm);
	if (r->rat == RAT_NR && RADIO_HAS(o, nr_rsrp_dbm))
		return g_strdup_printf(", signal %s (RSRP %d dBm)", signal_word(r->nr_rsrp_dbm), r->nr_rsrp_dbm);
	return g_strdup("");
}

static char *describe_power(const Observation *o)
{
	return RADIO_HAS(o, rx0_cdbm) ? g_strdup_printf(" (power at the antenna %.1f dBm)", o->radio.rx0_cdbm / 100.0) : g_strdup("");
}

/* ", network 257-01", or nothing while it is not known. */
static char *describe_network(const Subject *subject)
{
	return *subject->mcc && *subject->mnc ? g_strdup_printf(", network %s-%s", subject->mcc, subject->mnc) : g_strdup("");
}

static void say_service(Narrator *narrator, const Subject *subject, const Observation *o)
{
	g_autofree char *signal = RADIO_HAS(o, rat) ? describe_signal(o) : g_strdup("");
	g_autofree char *power = describe_power(o);
	g_autofree char *network = describe_network(subject);
	switch (subject->service) {
	case SERVICE_STATE_SERVED:
		narrator_say(narrator, subject->name, "in service: %s%s%s", rat_word(subject->rat), network, signal);
		break;
	case SERVICE_STATE_LIMITED:
		narrator_say(narrator, subject->name, "heard, but not signed in (emergency calls at most): %s%s%s",
			     rat_word(subject->rat), network, signal);
		break;
	case SERVICE_STATE_DENIED:
		if (RADIO_HAS(o, reject_cause))
			narrator_say(narrator, subject->name, "TURNED AWAY by the network, cause %u", o->radio.reject_cause);
		else
			narrator_say(narrator, subject->name, "TURNED AWAY by the network");
		break;
	case SERVICE_STATE_NONE:
		narrator_say(narrator, subject->name, "NO SERVICE: no network found%s", power);
		break;
	case SERVICE_STATE_OFF:
		narrator_say(narrator, subject->name, "the modem's radio is switched off (airplane mode)");
		break;
	case SERVICE_STATE_UNKNOWN:
		narrator_say(narrator, subject->name, "the modem does not tell whether there is service");
		break;
	}
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
	say_service(narrator, subject, o);
}

static void say_position(Narrator *narrator, Subject *subject, gboolean has_position, const Observation *o)
{
	if (subject->said_position && subject->has_position == has_position)
		return;
	subject->said_position = TRUE;
	subject->has_position = has_position;
	if (!has_position)
		narrator_say(narrator, subject->name, "NO POSITION: recording goes on without it");
	else if (FIX_HAS(o, eph_cm))
		narrator_say(narrator, subject->name, "position found (within %u m)", o->fix.eph_cm / 100 + 1);
	else
		narrator_say(narrator, subject->name, "position found");
}

static void observe_fix(Narrator *narrator, Subject *subject, const Observation *o)
{
	gboolean is_old = FIX_HAS(o, age_ms) && o->fix.age_ms > POSITION_AGE_MS;
	gboolean has_position = o->fix.mode != FIX_MODE_NONE && FIX_HAS(o, lat_e7) && !is_old;
	if (has_position)
		subject->last_fix_ns = o->at.boottime_ns;
	say_position(narrator, subject, has_position, o);
}

void narrator_observe(Narrator *narrator, const Observation *o)
{
	if (o->kind == OBSERVATION_RADIO)
		observe_radio(narrator, find_subject(narrator, o->source), o);
	else if (o->kind == OBSERVATION_FIX)
		observe_fix(narrator, find_subject(narrator, o->source), o);
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
