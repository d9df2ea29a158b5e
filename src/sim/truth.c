/* truth.c - see truth.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/truth.h"

#include "sim/world/happening.h"

/* Begins a member: a comma where one is due, then "key":. */
static void put_key(GString *out, const char *key)
{
	char last = out->len ? out->str[out->len - 1] : '\n';
	if (last != '{' && last != '[')
		g_string_append_c(out, ',');
	if (key)
		g_string_append_printf(out, "\"%s\":", key);
}

static void put_text(GString *out, const char *key, const char *text)
{
	put_key(out, key);
	g_string_append_c(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_c(out, '\\');
		if ((guint8)*p < 0x20)
			g_string_append_printf(out, "\\u%04x", (guint)(guint8)*p);
		else
			g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

static void put_decimal(GString *out, const char *key, const char *format, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	put_key(out, key);
	g_string_append(out, g_ascii_formatd(text, sizeof text, format, value));
}

static void put_number(GString *out, const char *key, double value)
{
	put_decimal(out, key, "%.3f", value);
}

static void put_uint(GString *out, const char *key, guint64 value)
{
	put_key(out, key);
	g_string_append_printf(out, "%" G_GUINT64_FORMAT, value);
}

static void put_bool(GString *out, const char *key, gboolean value)
{
	put_key(out, key);
	g_string_append(out, value ? "true" : "false");
}

static void put_null(GString *out, const char *key)
{
	put_key(out, key);
	g_string_append(out, "null");
}

static void put_utc(GString *out, const char *key, gint64 utc_ms)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(utc_ms / 1000);
	g_autofree char *seconds = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
	put_key(out, key);
	g_string_append_printf(out, "\"%s.%03dZ\"", seconds, (int)(utc_ms % 1000));
}

static void open_list(GString *out, const char *key)
{
	put_key(out, key);
	g_string_append_c(out, '[');
}

static const char *rat_name(SimRat rat)
{
	static const char *const names[] = {"none", "gsm", "umts", "lte", "nr"};
	return names[rat];
}

static const char *registration_name(SimRegistration registration)
{
	static const char *const names[] = {"not-registered", "registered", "searching", "denied", "unknown"};
	return names[registration];
}

static const char *service_name(SimService service)
{
	static const char *const names[] = {"none", "limited", "full"};
	return names[service];
}

static const char *access_name(SimAccess access)
{
	static const char *const names[] = {"normal", "emergency-only", "no-calls", "all-calls"};
	return names[access];
}

static const char *mode_name(SimOpMode mode)
{
	static const char *const names[] = {"online", "low-power", "offline", "resetting"};
	return names[mode];
}

static const char *card_name(SimCard card)
{
	static const char *const names[] = {"ready", "absent", "pin-locked", "error"};
	return names[card];
}

/* The members of a cell, without the braces. */
static void put_cell_members(GString *out, const SimCell *cell, const SimCellView *view)
{
	put_text(out, "name", cell->name);
	put_text(out, "rat", rat_name(view->rat));
	put_text(out, "mcc", view->mcc);
	put_text(out, "mnc", view->mnc);
	put_uint(out, "tac", view->tac);
	put_uint(out, "cell_id", view->cell_id);
	put_uint(out, "pci", view->pci);
	put_uint(out, "arfcn", view->arfcn);
	put_uint(out, "band", view->band);
	if (view->rat == SIM_RAT_NR)
		put_uint(out, "scs_khz", view->scs_khz);
	else
		put_null(out, "scs_khz");
	put_number(out, "bandwidth_mhz", view->bandwidth_mhz);
	put_number(out, "rsrp_dbm", view->rsrp_dbm);
	put_number(out, "rsrq_db", view->rsrq_db);
	put_number(out, "rssi_dbm", view->rssi_dbm);
	put_number(out, "sinr_db", view->sinr_db);
}

static void put_cell(GString *out, const char *key, const SimCell *cell, const SimCellView *view)
{
	put_key(out, key);
	g_string_append_c(out, '{');
	put_cell_members(out, cell, view);
	g_string_append_c(out, '}');
}

static void put_happenings(GString *out, const SimWorld *world)
{
	const SimScenario *scenario = sim_world_scenario(world);
	open_list(out, "happenings");
	for (guint i = 0; i < scenario->happenings->len; i++)
		if (sim_happening_active(sim_scenario_happening(scenario, i), sim_world_seconds(world)))
			put_text(out, NULL, sim_scenario_happening(scenario, i)->name);
	g_string_append_c(out, ']');
}

/* What every line of a second begins with. */
static void put_head(GString *out, const SimWorld *world, const char *kind, const char *name)
{
	const SimPlace *place = sim_world_place(world);
	g_string_append_c(out, '{');
	put_text(out, "kind", kind);
	put_text(out, kind, name);
	put_number(out, "t_s", sim_world_seconds(world));
	put_utc(out, "time", sim_world_utc_ms(world));
	put_happenings(out, world);
	put_decimal(out, "lat_deg", "%.8f", place->lat_deg);
	put_decimal(out, "lon_deg", "%.8f", place->lon_deg);
	put_number(out, "speed_mps", place->speed_mps);
	put_number(out, "course_deg", place->course_deg);
}

static void put_status(GString *out, const SimWorld *world, guint modem)
{
	const SimModemState *state = sim_world_modem(world, modem);
	put_text(out, "operating_mode", mode_name(state->operating_mode));
	put_text(out, "card", card_name(state->card));
	put_text(out, "phase", sim_phase_name(sim_world_registration(world, modem)->phase));
	put_text(out, "registration", registration_name(state->registration));
	put_bool(out, "cs_attached", state->cs_attached);
	put_bool(out, "ps_attached", state->ps_attached);
	put_bool(out, "roaming", state->roaming);
	put_bool(out, "forbidden", state->forbidden);
	put_text(out, "service", service_name(state->service));
	put_text(out, "true_service", service_name(state->true_service));
	put_text(out, "access", access_name(state->access));
	put_uint(out, "reject_cause", state->reject_cause);
	put_text(out, "reject_rat", rat_name(state->reject_rat));
	put_bool(out, "reject_is_ps", state->reject_is_ps);
	put_bool(out, "reject_is_cs", state->reject_is_cs);
	put_uint(out, "reject_count", state->reject_count);
	put_uint(out, "change_count", state->change_count);
}

static void put_cells(GString *out, const SimWorld *world, guint modem)
{
	const SimModemState *state = sim_world_modem(world, modem);
	if (state->has_serving)
		put_cell(out, "serving", sim_world_cell(world, modem, 0), &state->cells[0]);
	else
		put_null(out, "serving");
	open_list(out, "neighbours");
	for (guint i = 1; i < state->n_cells; i++)
		put_cell(out, NULL, sim_world_cell(world, modem, i), &state->cells[i]);
	g_string_append_c(out, ']');
}

static void put_chains(GString *out, const char *key, const SimRxChain *chains, guint n)
{
	open_list(out, key);
	for (guint i = 0; i < n; i++) {
		put_key(out, NULL);
		g_string_append_c(out, '{');
		put_bool(out, "tuned", chains[i].tuned);
		put_number(out, "power_dbm", chains[i].power_dbm);
		g_string_append_c(out, '}');
	}
	g_string_append_c(out, ']');
}

/* What is used beside the serving LTE cell. */
static void put_secondaries(GString *out, const SimWorld *world, guint modem)
{
	const SimModemState *state = sim_world_modem(world, modem);
	put_bool(out, "nr_available", state->nr_available);
	put_bool(out, "dcnr_restricted", state->dcnr_restricted);
	put_bool(out, "endc", state->endc);
	if (state->endc)
		put_cell(out, "nr_cell", sim_world_nr_cell(world, modem), &state->nr_cell);
	else
		put_null(out, "nr_cell");
	put_chains(out, "nr_rx", state->nr_rx, state->endc ? state->n_rx : 0);
	open_list(out, "secondary");
	for (guint i = 0; i < state->n_secondary; i++) {
		put_key(out, NULL);
		g_string_append_c(out, '{');
		put_cell_members(out, sim_world_secondary_cell(world, modem, i), &state->secondary[i].cell);
		put_bool(out, "activated", state->secondary[i].activated);
		g_string_append_c(out, '}');
	}
	g_string_append_c(out, ']');
}

static void put_receiver_side(GString *out, const SimModemState *state)
{
	if (state->registration == SIM_REG_REGISTERED && state->has_serving)
		put_uint(out, "timing_advance", state->timing_advance);
	else
		put_null(out, "timing_advance");
	put_chains(out, "rx", state->rx, state->n_rx);
	put_bool(out, "tx_on", state->tx_on);
	if (state->tx_on)
		put_number(out, "tx_power_dbm", state->tx_power_dbm);
	else
		put_null(out, "tx_power_dbm");
	put_bool(out, "uplink_dead", state->uplink_dead);
	put_bool(out, "session_up", state->session_up);
	put_uint(out, "tx_packets", state->tx_packets);
	put_uint(out, "rx_packets", state->rx_packets);
	put_uint(out, "tx_bytes", state->tx_bytes);
	put_uint(out, "rx_bytes", state->rx_bytes);
	put_bool(out, "call_ipv4", state->call.up_ipv4);
	put_bool(out, "call_ipv6", state->call.up_ipv6);
	put_uint(out, "call_tx_packets", state->call.tx_packets);
	put_uint(out, "call_rx_packets", state->call.rx_packets);
	put_uint(out, "call_tx_bytes", state->call.tx_bytes);
	put_uint(out, "call_rx_bytes", state->call.rx_bytes);
}

static void format_modem(const SimWorld *world, guint modem, GString *out)
{
	put_head(out, world, "modem", sim_world_modem(world, modem)->name);
	put_status(out, world, modem);
	put_cells(out, world, modem);
	put_secondaries(out, world, modem);
	put_receiver_side(out, sim_world_modem(world, modem));
	g_string_append(out, "}\n");
}

static void put_satellite(GString *out, const SimSatellite *satellite)
{
	put_key(out, NULL);
	g_string_append_c(out, '{');
	put_text(out, "system", satellite->system == SIM_GNSS_GPS ? "gps" : "glonass");
	put_uint(out, "prn", satellite->prn);
	put_number(out, "elevation_deg", satellite->elevation_deg);
	put_number(out, "azimuth_deg", satellite->azimuth_deg);
	put_number(out, "cn0_dbhz", satellite->cn0_dbhz);
	put_bool(out, "used", satellite->used);
	g_string_append_c(out, '}');
}

static void format_gps(const SimWorld *world, guint gps, GString *out)
{
	const SimEpoch *epoch = sim_world_epoch(world, gps);
	put_head(out, world, "gps", sim_scenario_gps(sim_world_scenario(world), gps)->name);
	put_bool(out, "fix", epoch->has_fix);
	if (epoch->has_fix) {
		put_decimal(out, "reported_lat_deg", "%.8f", epoch->lat_deg);
		put_decimal(out, "reported_lon_deg", "%.8f", epoch->lon_deg);
		put_number(out, "reported_altitude_m", epoch->altitude_m);
	} else {
		put_null(out, "reported_lat_deg");
		put_null(out, "reported_lon_deg");
		put_null(out, "reported_altitude_m");
	}
	put_number(out, "hdop", epoch->hdop);
	open_list(out, "satellites");
	for (guint i = 0; i < epoch->n_satellites; i++)
		put_satellite(out, &epoch->satellites[i]);
	g_string_append(out, "]}\n");
}

void sim_truth_format_run(const SimWorld *world, double duration_s, GString *out)
{
	const SimScenario *scenario = sim_world_scenario(world);
	g_string_append_c(out, '{');
	put_text(out, "kind", "run");
	put_text(out, "scenario", scenario->name);
	put_uint(out, "seed", sim_world_seed(world));
	put_uint(out, "day", scenario->day);
	put_utc(out, "start", sim_world_utc_ms(world));
	put_number(out, "duration_s", duration_s);
	put_uint(out, "tick_ms", SIM_TICK_MS);
	open_list(out, "modems");
	for (guint i = 0; i < scenario->modems->len; i++)
		put_text(out, NULL, sim_scenario_modem(scenario, i)->info.name);
	g_string_append_c(out, ']');
	open_list(out, "gps");
	for (guint i = 0; i < scenario->gps->len; i++)
		put_text(out, NULL, sim_scenario_gps(scenario, i)->name);
	g_string_append(out, "]}\n");
}

void sim_truth_format_second(const SimWorld *world, GString *out)
{
	const SimScenario *scenario = sim_world_scenario(world);
	for (guint i = 0; i < scenario->modems->len; i++)
		format_modem(world, i, out);
	for (guint i = 0; i < scenario->gps->len; i++)
		format_gps(world, i, out);
}
