/* modem.c - [modem NAME] and [gps NAME] of a scenario; see scenario.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/engine.h"
#include "sim/scenario/read.h"
#include "sim/world/rng.h"

#define INTERFACE_MAX 15 /* IFNAMSIZ without the NUL */

void sim_modem_setup_free(SimModemSetup *modem)
{
	if (!modem)
		return;
	SimModemInfo *info = &modem->info;
	char *texts[] = {info->name, info->model, info->maker,    info->revision, info->imei,
			 info->imsi, info->iccid, info->home_mcc, info->home_mnc};
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	g_free(modem->protocol);
	g_strfreev(modem->roaming);
	g_strfreev(modem->apns);
	g_free(modem->interface);
	g_free(modem);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimModemSetup, sim_modem_setup_free)

void sim_gps_setup_free(SimGpsSetup *gps)
{
	if (!gps)
		return;
	g_free(gps->name);
	g_free(gps);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimGpsSetup, sim_gps_setup_free)

/* Names become file names: modem-NAME, gps-NAME. */
static gboolean check_name(const KeyFile *file, const char *group, GError **error)
{
	const char *name = keyfile_group_name(group);
	for (const char *p = name; *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr("-_.", *p))
			return keyfile_error(file, group, NULL, error, "a device's name has letters, digits, - _ and . only");
	return TRUE;
}

/* ISO/IEC 7812-1 check digit, as IMEI and ICCID carry it. */
static char luhn_digit(const char *digits)
{
	guint sum = 0;
	gsize length = strlen(digits);
	for (gsize i = 0; i < length; i++) {
		guint value = (guint)(digits[length - 1 - i] - '0') * (i % 2 == 0 ? 2 : 1);
		sum += value > 9 ? value - 9 : value;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

/* `prefix`, then digits made up from the modem's name (not from the seed: a modem keeps its identity from run to run). */
static char *make_digits(const char *prefix, const char *name, guint64 which, guint length, gboolean with_luhn)
{
	GString *text = g_string_new(prefix);
	guint64 key = g_str_hash(name);
	while (text->len < length - (with_luhn ? 1u : 0u))
		g_string_append_c(text, (char)('0' + sim_hash(which, SIM_STREAM_IDENTITY, key, text->len) % 10));
	if (with_luhn)
		g_string_append_c(text, luhn_digit(text->str));
	return g_string_free(text, FALSE);
}

static gboolean check_digits(const KeyFile *file, const char *group, const char *key, const char *text, guint min, guint max,
			     GError **error)
{
	gsize length = strlen(text);
	if (length >= min && length <= max && strspn(text, "0123456789") == length)
		return TRUE;
	return keyfile_error(file, group, key, error, "\"%s\" is not a number of %u to %u digits", text, min, max);
}

static gboolean read_identity(const KeyFile *file, const char *group, SimModemInfo *info, GError **error)
{
	info->imei = keyfile_string(file, group, "imei");
	info->imsi = keyfile_string(file, group, "imsi");
	info->iccid = keyfile_string(file, group, "iccid");
	g_autofree char *plmn = g_strconcat(info->home_mcc, info->home_mnc, NULL);
	if (!info->imei) /* type allocation codes that begin with 00 are for test devices (GSMA TS.06) */
		info->imei = make_digits("00101700", info->name, 1, 15, TRUE);
	if (!info->imsi)
		info->imsi = make_digits(plmn, info->name, 2, 15, FALSE);
	if (!info->iccid)
		info->iccid = make_digits("8900000", info->name, 3, 19, TRUE);
	if (!check_digits(file, group, "imei", info->imei, 15, 15, error) ||
	    !check_digits(file, group, "imsi", info->imsi, 6, 15, error) ||
	    !check_digits(file, group, "iccid", info->iccid, 18, 20, error))
		return FALSE;
	if (!g_str_has_prefix(info->imsi, plmn))
		return keyfile_error(file, group, "imsi", error, "an IMSI of this home network begins with %s", plmn);
	return TRUE;
}

static char *string_or(const KeyFile *file, const char *group, const char *key, const char *fallback)
{
	char *text = keyfile_string(file, group, key);
	return text ? text : g_strdup(fallback);
}

static gboolean read_networks(const KeyFile *file, const char *group, SimModemSetup *modem, GError **error)
{
	char mcc[4] = "", mnc[4] = "";
	if (!sim_read_plmn(file, group, "plmn", mcc, mnc, error))
		return FALSE;
	modem->info.home_mcc = g_strdup(mcc);
	modem->info.home_mnc = g_strdup(mnc);
	modem->roaming = sim_read_list(file, group, "roaming");
	for (guint i = 0; modem->roaming && modem->roaming[i]; i++)
		if (!sim_parse_plmn(modem->roaming[i], mcc, mnc))
			return keyfile_error(file, group, "roaming", error, "\"%s\" is not a PLMN: write MCC-MNC, like 257-02",
					     modem->roaming[i]);
	return TRUE;
}

static gboolean read_rats(const KeyFile *file, const char *group, SimModemSetup *modem, GError **error)
{
	static const struct {
		const char *word;
		SimRat rat;
	} rats[] = {{"nr", SIM_RAT_NR}, {"lte", SIM_RAT_LTE}, {"umts", SIM_RAT_UMTS}, {"gsm", SIM_RAT_GSM}};
	g_auto(GStrv) words = sim_read_list(file, group, "rats");
	for (guint i = 0; words && words[i]; i++) {
		gsize r = 0;
		while (r < G_N_ELEMENTS(rats) && !g_str_equal(words[i], rats[r].word))
			r++;
		if (r == G_N_ELEMENTS(rats))
			return keyfile_error(file, group, "rats", error, "\"%s\" is none of: nr, lte, umts, gsm", words[i]);
		modem->rats |= 1u << rats[r].rat;
	}
	if (modem->rats == 0)
		modem->rats = 1u << SIM_RAT_NR | 1u << SIM_RAT_LTE | 1u << SIM_RAT_UMTS | 1u << SIM_RAT_GSM;
	modem->info.has_nr = (modem->rats & 1u << SIM_RAT_NR) != 0;
	return TRUE;
}

/* How it uses NR, and how many LTE carriers at once. */
static gboolean read_capabilities(const KeyFile *file, const char *group, SimModemSetup *modem, GError **error)
{
	static const char *const modes[] = {"both", "sa", "nsa", NULL};
	int mode = 0;
	gint64 carriers = 1;
	if (keyfile_has(file, group, "nr_mode") && !modem->info.has_nr)
		return keyfile_error(file, group, "nr_mode", error, "this modem has no nr among its rats");
	if (!keyfile_choice(file, group, "nr_mode", modes, &mode, error) ||
	    !keyfile_int(file, group, "carriers", 1, 1 + SIM_MAX_SECONDARY, &carriers, error))
		return FALSE;
	modem->nr_sa = modem->info.has_nr && mode != 2;
	modem->nr_nsa = modem->info.has_nr && mode != 1;
	modem->n_secondary = (guint)carriers - 1;
	return TRUE;
}

static gboolean read_protocol(const KeyFile *file, const char *group, SimModemSetup *modem, GError **error)
{
	modem->protocol = string_or(file, group, "protocol", "qmi");
	if (sim_engine_class(modem->protocol))
		return TRUE;
	g_autofree char *protocols = sim_engine_protocols();
	return keyfile_error(file, group, "protocol", error, "\"%s\" is none of: %s", modem->protocol, protocols);
}

static gboolean read_interface(const KeyFile *file, const char *group, SimModemSetup *modem, GError **error)
{
	modem->interface = keyfile_string(file, group, "interface");
	if (!modem->interface)
		modem->interface = g_strdup_printf("sim-%.*s", INTERFACE_MAX - 4, modem->info.name);
	else if (*modem->interface == '\0' || strlen(modem->interface) > INTERFACE_MAX || strpbrk(modem->interface, "/ \t:"))
		return keyfile_error(file, group, "interface", error,
				     "\"%s\" is no name of a network interface: 1 to %d characters", modem->interface, INTERFACE_MAX);
	return TRUE;
}

/* What hosts get that start a data session. */
static gboolean read_sessions(const KeyFile *file, const char *group, SimModemSetup *modem, GError **error)
{
	static const char *const families[] = {"dual", "ipv4", "ipv6", NULL};
	int family = 0;
	modem->session_delay_s = 0.3;
	modem->apns = sim_read_list(file, group, "apns");
	for (guint i = 0; modem->apns && modem->apns[i]; i++)
		if (strlen(modem->apns[i]) >= SIM_APN_SIZE)
			return keyfile_error(file, group, "apns", error, "an APN has at most %d characters", SIM_APN_SIZE - 1);
	if (!keyfile_choice(file, group, "ip", families, &family, error) ||
	    !keyfile_seconds(file, group, "session_delay", &modem->session_delay_s, error))
		return FALSE;
	modem->gives_ipv4 = family != 2;
	modem->gives_ipv6 = family != 1;
	return TRUE;
}

gboolean sim_read_modem(const KeyFile *file, const char *group, SimScenario *scenario, GError **error)
{
	static const char *const required[] = {"plmn", NULL};
	g_autoptr(SimModemSetup) modem = g_new0(SimModemSetup, 1);
	gint64 chains = 2;
	modem->traffic_kbps = 16;
	modem->info.name = g_strdup(keyfile_group_name(group));
	modem->info.model = string_or(file, group, "model", "SIM7600");
	modem->info.maker = string_or(file, group, "maker", "jamlog");
	modem->info.revision = string_or(file, group, "revision", "jamlog-sim " JAMLOG_VERSION);
	if (!check_name(file, group, error) || !sim_read_require(file, group, required, error) ||
	    !read_protocol(file, group, modem, error) || !read_interface(file, group, modem, error) ||
	    !read_networks(file, group, modem, error) || !read_rats(file, group, modem, error) ||
	    !read_capabilities(file, group, modem, error) ||
	    !read_identity(file, group, &modem->info, error) || !sim_read_card(file, group, "card", &modem->card, error) ||
	    !keyfile_int(file, group, "rx_chains", 1, SIM_MAX_CHAINS, &chains, error) ||
	    !keyfile_double(file, group, "traffic_kbps", 0, 100000, &modem->traffic_kbps, error) ||
	    !read_sessions(file, group, modem, error))
		return FALSE;
	modem->info.n_rx = (guint)chains;
	g_ptr_array_add(scenario->modems, g_steal_pointer(&modem));
	return TRUE;
}

gboolean sim_bind_gnss(const KeyFile *file, SimScenario *scenario, GError **error)
{
	for (guint i = 0; i < scenario->modems->len; i++) {
		SimModemSetup *modem = g_ptr_array_index(scenario->modems, i);
		g_autofree char *group = g_strdup_printf("modem %s", modem->info.name);
		g_autofree char *name = keyfile_string(file, group, "gnss");
		guint n = 0;
		if (!name)
			continue;
		while (n < scenario->gps->len && !g_str_equal(sim_scenario_gps(scenario, n)->name, name))
			n++;
		if (n == scenario->gps->len)
			return keyfile_error(file, group, "gnss", error, "there is no [gps %s] in this scenario", name);
		modem->info.has_gnss = TRUE;
		modem->gnss = n;
	}
	return TRUE;
}

gboolean sim_read_gps(const KeyFile *file, const char *group, SimScenario *scenario, GError **error)
{
	g_autoptr(SimGpsSetup) gps = g_new0(SimGpsSetup, 1);
	gint64 rate = 1, satellites = 12;
	gps->name = g_strdup(keyfile_group_name(group));
	gps->noise_m = 1.5;
	gps->first_fix_s = 2;
	gps->altitude_m = 220;
	if (!check_name(file, group, error) || !keyfile_int(file, group, "rate", 1, 10, &rate, error) ||
	    !keyfile_int(file, group, "satellites", 4, 24, &satellites, error) ||
	    !keyfile_double(file, group, "noise_m", 0, 1000, &gps->noise_m, error) ||
	    !keyfile_double(file, group, "altitude_m", -500, 9000, &gps->altitude_m, error) ||
	    !keyfile_seconds(file, group, "first_fix", &gps->first_fix_s, error))
		return FALSE;
	if (10 % rate != 0)
		return keyfile_error(file, group, "rate", error, "a receiver here has 1, 2, 5 or 10 epochs a second");
	gps->rate_hz = (guint)rate;
	gps->n_satellites = (guint)satellites;
	g_ptr_array_add(scenario->gps, g_steal_pointer(&gps));
	return TRUE;
}
