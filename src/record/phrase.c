/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/phrase.h"

#define POSITION_AGE_MS 3000 /* gpsd held it back for longer */

static const char *signal_word(gint rsrp_dbm)
{
	return rsrp_dbm >= -85    ? "excellent"
	       : rsrp_dbm >= -95  ? "good"
	       : rsrp_dbm >= -105 ? "fair"
	       : rsrp_dbm >= -115 ? "weak"
				  : "very weak";
}

static const char *rat_word(const Observation *o)
{
	static const char *const words[] = {"no radio", "2G (GSM)", "3G (UMTS)", "4G (LTE)", "5G (NR)"};
	guint rat = RADIO_HAS(o, rat) ? o->radio.rat : RAT_NONE;
	return rat < G_N_ELEMENTS(words) ? words[rat] : "unknown radio";
}

static char *describe_signal(const Observation *o)
{
	const RadioFields *r = &o->radio;
	guint rat = RADIO_HAS(o, rat) ? r->rat : RAT_NONE;
	if (rat == RAT_LTE && RADIO_HAS(o, lte_rsrp_dbm))
		return g_strdup_printf(", signal %s (RSRP %d dBm)", signal_word(r->lte_rsrp_dbm), r->lte_rsrp_dbm);
	if (rat == RAT_NR && RADIO_HAS(o, nr_rsrp_dbm))
		return g_strdup_printf(", signal %s (RSRP %d dBm)", signal_word(r->nr_rsrp_dbm), r->nr_rsrp_dbm);
	return g_strdup("");
}

static char *describe_power(const Observation *o)
{
	return RADIO_HAS(o, rx0_cdbm) ? g_strdup_printf(" (power at the antenna %.1f dBm)", o->radio.rx0_cdbm / 100.0) : g_strdup("");
}

/* ", network 257-01", or nothing while it is not known. */
static char *describe_network(const Observation *o)
{
	const RadioFields *r = &o->radio;
	const gboolean is_known = RADIO_HAS(o, mcc) && *r->mcc && RADIO_HAS(o, mnc) && *r->mnc;
	return is_known ? g_strdup_printf(", network %s-%s", r->mcc, r->mnc) : g_strdup("");
}

char *phrase_service(const Observation *o)
{
	g_autofree char *signal = describe_signal(o);
	g_autofree char *power = describe_power(o);
	g_autofree char *network = describe_network(o);
	switch (observation_service_state(o)) {
	case SERVICE_STATE_SERVED:
		return g_strdup_printf("in service: %s%s%s", rat_word(o), network, signal);
	case SERVICE_STATE_LIMITED:
		return g_strdup_printf("heard, but not signed in (emergency calls at most): %s%s%s", rat_word(o), network, signal);
	case SERVICE_STATE_DENIED:
		if (RADIO_HAS(o, reject_cause))
			return g_strdup_printf("TURNED AWAY by the network, cause %u", o->radio.reject_cause);
		return g_strdup("TURNED AWAY by the network");
	case SERVICE_STATE_NONE:
		return g_strdup_printf("NO SERVICE: no network found%s", power);
	case SERVICE_STATE_OFF:
		return g_strdup("the modem's radio is switched off (airplane mode)");
	case SERVICE_STATE_UNKNOWN:
		break;
	}
	return g_strdup("the modem does not tell whether there is service");
}

gboolean phrase_is_position(const Observation *o)
{
	const gboolean is_old = FIX_HAS(o, age_ms) && o->fix.age_ms > POSITION_AGE_MS;
	return o->fix.mode != FIX_MODE_NONE && FIX_HAS(o, lat_e7) && !is_old;
}

char *phrase_position(const Observation *o)
{
	return FIX_HAS(o, eph_cm) ? g_strdup_printf("position found (within %u m)", o->fix.eph_cm / 100 + 1) : g_strdup("position found");
}

/* ", 3GPP cause 33 (requested-service-option-not-subscribed)", or nothing. */
static char *describe_cause(const Observation *o)
{
	const SessionFields *s = &o->session;
	if (!SESSION_HAS(o, cause) || !SESSION_HAS(o, cause_type))
		return g_strdup("");
	return g_strdup_printf(", %s cause %u%s%s%s", observation_word(cause_type_words, s->cause_type), s->cause,
			       SESSION_HAS(o, cause_text) ? " (" : "", SESSION_HAS(o, cause_text) ? s->cause_text : "",
			       SESSION_HAS(o, cause_text) ? ")" : "");
}

static const char *ended_by_words(const Observation *o)
{
	static const char *const words[] = {[SESSION_BY_US] = "taken down by us", [SESSION_BY_NETWORK] = "the network refuses",
					    [SESSION_BY_MODEM] = "the modem refuses by itself",
					    [SESSION_BY_TIMEOUT] = "no answer"};
	return SESSION_HAS(o, ended_by) && o->session.ended_by < G_N_ELEMENTS(words) ? words[o->session.ended_by] : "no reason given";
}

char *phrase_session(const Observation *o)
{
	static const char *const families[] = {[SESSION_IPV4] = "IPv4", [SESSION_IPV6] = "IPv6", [SESSION_DUAL] = "IPv4 and IPv6"};
	const SessionFields *s = &o->session;
	const gboolean observed = SESSION_HAS(o, origin) && s->origin == SESSION_OBSERVED;
	const char *what = observed ? "data session (not ours)" : "data session";
	g_autofree char *cause = describe_cause(o);
	switch ((SessionOutcome)s->outcome) {
	case SESSION_CONNECTED:
		if (observed || !SESSION_HAS(o, family) || s->family >= G_N_ELEMENTS(families))
			return g_strdup_printf("%s: up", what);
		return g_strdup_printf("%s: works, up after %.1f s (%s)", what, s->setup_ms / 1000.0, families[s->family]);
	case SESSION_FAILED:
		if (SESSION_HAS(o, ended_by) && s->ended_by == SESSION_BY_US)
			return g_strdup("NO DATA SESSION: the interface's data format is not the modem's, and only root may set it: "
					"start jamlog as root");
		return g_strdup_printf("NO DATA SESSION: %s%s", ended_by_words(o), cause);
	case SESSION_ENDED:
		break;
	}
	if (SESSION_HAS(o, ended_by) && s->ended_by == SESSION_BY_NETWORK)
		return g_strdup_printf("%s: ENDED by the network%s", what, cause);
	return g_strdup_printf("%s: down", what);
}
