/* See tally.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/tally.h"

#define NAMED_MAX 4 /* failures that are told one by one */

typedef struct {
	guint tried, worked;
} Count;

struct Tally {
	Count all;
	guint32 round;       /* its number */
	gboolean heard;      /* something came back, if only a refusal */
	guint failures;
	GString *failed;     /* the first of them, in words */
	guint32 target_kbps, control_kbps;
	char *portal;        /* where a portal sent us */
	guint32 lowest_kbps; /* of the last round */
	GString *words, *rates;
};

Tally *tally_new(void)
{
	Tally *tally = g_new0(Tally, 1);
	tally->failed = g_string_new(NULL);
	tally->words = g_string_new(NULL);
	tally->rates = g_string_new(NULL);
	return tally;
}

void tally_free(Tally *tally)
{
	if (!tally)
		return;
	g_string_free(tally->failed, TRUE);
	g_string_free(tally->words, TRUE);
	g_string_free(tally->rates, TRUE);
	g_free(tally->portal);
	g_free(tally);
}

static void begin_round(Tally *tally)
{
	tally->all = (Count){0};
	tally->heard = FALSE;
	tally->failures = 0;
	tally->target_kbps = tally->control_kbps = 0;
	g_string_truncate(tally->failed, 0);
	g_clear_pointer(&tally->portal, g_free);
}

static void note_failure(Tally *tally, const Observation *o)
{
	const ProbeFields *p = &o->probe;
	if (++tally->failures > NAMED_MAX)
		return;
	g_string_append_printf(tally->failed, "%s%s", tally->failures > 1 ? "; " : "", PROBE_HAS(o, target) ? p->target : "?");
	if (PROBE_HAS(o, family) && p->family == SESSION_IPV6)
		g_string_append(tally->failed, " over IPv6");
	g_string_append_printf(tally->failed, ": %s", PROBE_HAS(o, failure) ? p->failure : "another page than it should be");
	if (PROBE_HAS(o, failure) && PROBE_HAS(o, step))
		g_string_append_printf(tally->failed, " at %s", observation_word(probe_step_words, p->step));
}

/* What a network does that lets nothing through; anything else was said by somebody. A resolver's refusal to connect may be this
 * computer's own word. */
static gboolean is_silence(ProbeTest test, const char *failure)
{
	return (test == PROBE_DNS && g_str_equal(failure, "connection_refused")) || g_str_equal(failure, "generic_timeout_error") ||
	       g_str_has_suffix(failure, "unreachable") || g_str_equal(failure, "network_down");
}

static void end_round(Tally *tally, const Observation *o)
{
	GString *w = tally->words;
	g_string_truncate(w, 0);
	if (PROBE_HAS(o, failure) && g_str_equal(o->probe.failure, "network_down"))
		g_string_assign(w, "probing broke off: the modem's network interface vanished");
	else if (tally->all.tried == 0)
		g_string_assign(w, "nothing could be probed");
	else if (tally->all.worked == 0 && !tally->heard)
		g_string_assign(w, "NOTHING COMES BACK through the data session: no address and no resolver answers");
	else if (tally->failures == 0)
		g_string_printf(w, "probes: all %u work", tally->all.tried);
	else
		g_string_printf(w, "probes: %u of %u FAIL: %s%s", tally->failures, tally->all.tried, tally->failed->str,
				tally->failures > NAMED_MAX ? "; ..." : "");
	if (tally->portal)
		g_string_append_printf(w, "; a portal sends us to %s", tally->portal);
	g_string_truncate(tally->rates, 0);
	tally->lowest_kbps = tally->target_kbps && tally->control_kbps ? MIN(tally->target_kbps, tally->control_kbps)
								       : MAX(tally->target_kbps, tally->control_kbps);
	if (tally->target_kbps)
		g_string_append_printf(tally->rates, "target %.1f", tally->target_kbps / 1000.0);
	if (tally->control_kbps)
		g_string_append_printf(tally->rates, "%scontrol %.1f", tally->target_kbps ? ", " : "", tally->control_kbps / 1000.0);
	if (tally->rates->len > 0)
		g_string_append(tally->rates, " Mbit/s");
}

gboolean tally_take(Tally *tally, const Observation *o)
{
	const ProbeFields *p = &o->probe;
	if (!PROBE_HAS(o, test))
		return FALSE;
	if (p->test == PROBE_ROUND) {
		end_round(tally, o);
		begin_round(tally);
		return TRUE;
	}
	if (PROBE_HAS(o, round) && o->probe.round != tally->round) {
		begin_round(tally); /* the one before may have had no end */
		tally->round = o->probe.round;
	}
	if (PROBE_HAS(o, failure) && g_str_equal(p->failure, "interrupted"))
		return FALSE; /* our doing, it says nothing */
	tally->heard |= !PROBE_HAS(o, failure) || !is_silence((ProbeTest)p->test, p->failure);
	tally->all.tried++;
	if (!PROBE_HAS(o, failure) && !(PROBE_HAS(o, body_matches) && !p->body_matches))
		tally->all.worked++;
	else
		note_failure(tally, o);
	if (p->test == PROBE_PORTAL && PROBE_HAS(o, redirect_host)) {
		g_free(tally->portal);
		tally->portal = g_strdup(p->redirect_host);
	}
	if (p->test == PROBE_RATE && PROBE_HAS(o, rate_kbps))
		*(p->role == PROBE_CONTROL ? &tally->control_kbps : &tally->target_kbps) = p->rate_kbps;
	return FALSE;
}

const char *tally_words(const Tally *tally)
{
	return tally->words->str;
}

const char *tally_rates(const Tally *tally)
{
	return tally->rates->str;
}

guint32 tally_lowest_kbps(const Tally *tally)
{
	return tally->lowest_kbps;
}
