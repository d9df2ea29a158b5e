/* sim_modem_host.c - serves one simulated modem whose state is dictated on standard input, for tests.
 *
 * A line is a command: a word, then NAME=VALUE pairs named after the members of modem_state.h, enumerations as
 * numbers. Each command is answered by one line of JSON on standard output.
 *
 *	modem NAME=VALUE...   members of SimModemInfo: 1 or 0
 *	clear                 forget the state being built
 *	state NAME=VALUE...   members of SimModemState
 *	cell NAME=VALUE...    one more cell, the serving one first
 *	nr NAME=VALUE...      the NR secondary cell of EN-DC
 *	secondary NAME=VALUE...  one more secondary cell of carrier aggregation: a cell's members, and activated
 *	rx NAME=VALUE...      one more receive chain
 *	nr_rx N NAME=VALUE... that chain on the NR carrier of EN-DC
 *	gnss NAME=VALUE...    members of SimEpoch; from now on the modem has a receiver inside
 *	satellite NAME=VALUE...
 *	                      one more satellite
 *	apply                 the modem is now in that state
 *	fault WORD NAME=VALUE...
 *	                      one more fault, by its word in faults.h; message=0x43 (of hang), delay=S (of slow-open), for=S
 *	                      (it goes by itself)
 *	fault none            all faults end
 *	unplug, plug          the modem goes, and comes back as another pty
 *	replug                both
 *	stats                 nothing
 *
 * A data call that a client asks for is up at once; its counters are dictated as call.rx_packets and so on.
 *
 * The answer tells the path (null while unplugged), how many client ids are out, messages dropped, garbage bytes seen, and how
 * often each request came, keyed by the engine's number for it (QMI: service << 16 | message) in hexadecimal.
 *
 * Usage: sim_modem_host [PROTOCOL]; the default is qmi.
 *
 * The first line of output is the pty's path. The program ends with its standard input.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/device.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

typedef enum { NUMBER_U32, NUMBER_U64, NUMBER_DOUBLE, TEXT_4 } FieldKind;

typedef struct {
	const char *name;
	FieldKind kind;
	size_t offset;
} Field;

static const Field info_fields[] = {{"has_nr", NUMBER_U32, offsetof(SimModemInfo, has_nr)}, {NULL, NUMBER_U32, 0}};

#define STATE(member, kind) {#member, kind, offsetof(SimModemState, member)}
static const Field state_fields[] = {
	STATE(operating_mode, NUMBER_U32), STATE(card, NUMBER_U32),           STATE(registration, NUMBER_U32),
	STATE(cs_attached, NUMBER_U32),    STATE(ps_attached, NUMBER_U32),    STATE(roaming, NUMBER_U32),
	STATE(forbidden, NUMBER_U32),      STATE(service, NUMBER_U32),        STATE(true_service, NUMBER_U32),
	STATE(access, NUMBER_U32),         STATE(reject_cause, NUMBER_U32),   STATE(reject_is_ps, NUMBER_U32),
	STATE(reject_is_cs, NUMBER_U32),   STATE(reject_count, NUMBER_U64),   STATE(change_count, NUMBER_U64),
	STATE(has_serving, NUMBER_U32),    STATE(timing_advance, NUMBER_U32), STATE(tx_on, NUMBER_U32),
	STATE(tx_power_dbm, NUMBER_DOUBLE), STATE(reject_rat, NUMBER_U32),    STATE(nr_available, NUMBER_U32),
	STATE(dcnr_restricted, NUMBER_U32), STATE(endc, NUMBER_U32),          STATE(session_up, NUMBER_U32),
	STATE(tx_packets, NUMBER_U64),     STATE(rx_packets, NUMBER_U64),     STATE(tx_bytes, NUMBER_U64),
	STATE(rx_bytes, NUMBER_U64),       STATE(call.tx_packets, NUMBER_U64), STATE(call.rx_packets, NUMBER_U64),
	STATE(call.tx_bytes, NUMBER_U64),  STATE(call.rx_bytes, NUMBER_U64), {NULL, NUMBER_U32, 0},
};

#define CELL(member, kind) {#member, kind, offsetof(SimCellView, member)}
static const Field cell_fields[] = {
	CELL(rat, NUMBER_U32),         CELL(mcc, TEXT_4),           CELL(mnc, TEXT_4),           CELL(tac, NUMBER_U32),
	CELL(cell_id, NUMBER_U64),     CELL(pci, NUMBER_U32),       CELL(arfcn, NUMBER_U32),     CELL(band, NUMBER_U32),
	CELL(bandwidth_mhz, NUMBER_DOUBLE), CELL(rsrp_dbm, NUMBER_DOUBLE), CELL(rsrq_db, NUMBER_DOUBLE),
	CELL(rssi_dbm, NUMBER_DOUBLE), CELL(sinr_db, NUMBER_DOUBLE), CELL(scs_khz, NUMBER_U32),  {NULL, NUMBER_U32, 0},
};

/* The cell is its first member, so that a cell's offsets hold. */
static const Field activated_field = {"activated", NUMBER_U32, offsetof(SimSecondaryCell, activated)};

#define CHAIN(member, kind) {#member, kind, offsetof(SimRxChain, member)}
static const Field chain_fields[] = {CHAIN(power_dbm, NUMBER_DOUBLE), CHAIN(tuned, NUMBER_U32), {NULL, NUMBER_U32, 0}};

#define GNSS(member, kind) {#member, kind, offsetof(SimEpoch, member)}
static const Field gnss_fields[] = {
	GNSS(utc_ms, NUMBER_U64),	 GNSS(has_fix, NUMBER_U32),   GNSS(lat_deg, NUMBER_DOUBLE),
	GNSS(lon_deg, NUMBER_DOUBLE),	 GNSS(altitude_m, NUMBER_DOUBLE), GNSS(error_m, NUMBER_DOUBLE),
	GNSS(speed_mps, NUMBER_DOUBLE), GNSS(course_deg, NUMBER_DOUBLE), GNSS(pdop, NUMBER_DOUBLE),
	GNSS(hdop, NUMBER_DOUBLE),	 GNSS(vdop, NUMBER_DOUBLE),	 {NULL, NUMBER_U32, 0},
};

#define SATELLITE(member, kind) {#member, kind, offsetof(SimSatellite, member)}
static const Field satellite_fields[] = {
	SATELLITE(system, NUMBER_U32),	       SATELLITE(prn, NUMBER_U32),	SATELLITE(elevation_deg, NUMBER_DOUBLE),
	SATELLITE(azimuth_deg, NUMBER_DOUBLE), SATELLITE(cn0_dbhz, NUMBER_DOUBLE), SATELLITE(used, NUMBER_U32),
	{NULL, NUMBER_U32, 0},
};

typedef struct Host Host;

/* A fault that goes by itself. */
typedef struct {
	Host *host;
	guint fault, timer;
} Timed;

struct Host {
	SimDevice *modem;
	SimModemInfo *info;
	SimModemState state; /* being built */
	SimFaults faults;
	GMainLoop *loop;
	GString *input;
	Timed timed[SIM_N_FAULTS];
};

static void set_field(void *object, const Field *field, const char *value)
{
	char *at = (char *)object + field->offset;
	guint64 integer = strtoull(value, NULL, 10);
	guint32 small = (guint32)integer;
	double real = g_ascii_strtod(value, NULL);
	char text[4] = "";
	switch (field->kind) {
	case NUMBER_U32:
		memcpy(at, &small, sizeof small);
		break;
	case NUMBER_U64:
		memcpy(at, &integer, sizeof integer);
		break;
	case NUMBER_DOUBLE:
		memcpy(at, &real, sizeof real);
		break;
	case TEXT_4:
		g_strlcpy(text, value, sizeof text);
		memcpy(at, text, sizeof text);
		break;
	}
}

static void set_fields(void *object, const Field *fields, const Field *further, char **pairs)
{
	for (; *pairs; pairs++) {
		char *value = strchr(*pairs, '=');
		const Field *field = fields;
		if (value)
			*value++ = '\0';
		while (field->name && strcmp(field->name, *pairs) != 0)
			field++;
		if (!field->name && further && strcmp(further->name, *pairs) == 0)
			field = further;
		if (!value || !field->name)
			g_error("sim_modem_host: no such member: %s", *pairs);
		set_field(object, field, value);
	}
}

static void set_faults(Host *host)
{
	g_autoptr(GError) error = NULL;
	if (!sim_device_set_faults(host->modem, &host->faults, &error))
		g_error("sim_modem_host: %s", error->message);
}

static gboolean end_fault(gpointer user_data)
{
	Timed *timed = user_data;
	timed->timer = 0;
	timed->host->faults.set &= ~(1u << timed->fault);
	set_faults(timed->host);
	return G_SOURCE_REMOVE;
}

static void drop_faults(Host *host)
{
	host->faults = (SimFaults){.delay_s = SIM_OPEN_DELAY_S};
	for (guint i = 0; i < SIM_N_FAULTS; i++)
		g_clear_handle_id(&host->timed[i].timer, g_source_remove);
}

static void set_fault_value(Host *host, guint fault, const char *pair)
{
	Timed *timed = &host->timed[fault];
	const char *value = strchr(pair, '=');
	if (g_str_has_prefix(pair, "message=")) {
		host->faults.hangs_alone = TRUE;
		host->faults.message = (guint32)strtoul(value + 1, NULL, 0);
	} else if (g_str_has_prefix(pair, "delay=")) {
		host->faults.delay_s = g_ascii_strtod(value + 1, NULL);
	} else if (g_str_has_prefix(pair, "for=")) {
		*timed = (Timed){host, fault, g_timeout_add((guint)(g_ascii_strtod(value + 1, NULL) * 1000), end_fault, timed)};
	} else {
		g_error("sim_modem_host: no such key of a fault: %s", pair);
	}
}

static void add_fault(Host *host, char **words)
{
	guint fault = 0;
	while (sim_fault_words[fault] && strcmp(sim_fault_words[fault], words[0]) != 0)
		fault++;
	if (fault == SIM_N_FAULTS)
		g_error("sim_modem_host: no such fault: %s", words[0]);
	host->faults.set |= 1u << fault;
	host->faults.hangs_alone &= fault != SIM_FAULT_HANG;
	g_clear_handle_id(&host->timed[fault].timer, g_source_remove);
	for (char **pair = words + 1; *pair; pair++)
		set_fault_value(host, fault, *pair);
}

static void set_plug(Host *host, gboolean in)
{
	host->faults.set &= ~(1u << SIM_FAULT_UNPLUG);
	host->faults.set |= in ? 0 : 1u << SIM_FAULT_UNPLUG;
	set_faults(host);
}

static gboolean apply_later(gpointer user_data)
{
	Host *host = user_data;
	sim_device_update(host->modem, &host->state);
	return G_SOURCE_REMOVE;
}

static guint32 start_call(const SimCallRequest *request, gpointer user_data)
{
	static guint32 last_id;
	Host *host = user_data;
	for (guint i = 0; i < SIM_MAX_CALLS; i++) {
		SimDataCall *call = &host->state.call.calls[i];
		if (call->id != 0)
			continue;
		*call = (SimDataCall){.id = ++last_id, .phase = SIM_CALL_UP, .ipv4 = request->ipv4, .ipv6 = request->ipv6};
		g_idle_add(apply_later, host);
		return call->id;
	}
	return 0;
}

static void drop_call(guint32 id, gpointer user_data)
{
	Host *host = user_data;
	for (guint i = 0; i < SIM_MAX_CALLS; i++)
		if (host->state.call.calls[i].id == id)
			host->state.call.calls[i] = (SimDataCall){0};
}

static void end_call(guint32 id, gpointer user_data)
{
	Host *host = user_data;
	for (guint i = 0; i < SIM_MAX_CALLS; i++)
		if (host->state.call.calls[i].id == id)
			host->state.call.calls[i].phase = SIM_CALL_ENDED;
	g_idle_add(apply_later, host);
}

static void tell(const Host *host)
{
	const char *path = sim_device_path(host->modem);
	printf("{\"path\": %s%s%s, \"clients\": %u, \"dropped\": %" G_GUINT64_FORMAT ", \"garbage\": %" G_GUINT64_FORMAT
	       ", \"requests\": {",
	       path ? "\"" : "", path ? path : "null", path ? "\"" : "", sim_device_client_count(host->modem),
	       sim_device_dropped_count(host->modem), sim_device_garbage_count(host->modem));
	GHashTableIter iter;
	gpointer id, count;
	const char *separator = "";
	g_hash_table_iter_init(&iter, sim_device_requests(host->modem));
	for (; g_hash_table_iter_next(&iter, &id, &count); separator = ", ")
		printf("%s\"0x%x\": %u", separator, GPOINTER_TO_UINT(id), GPOINTER_TO_UINT(count));
	printf("}}\n");
	fflush(stdout);
}

static void obey_faults(Host *host, char **words)
{
	if (strcmp(words[1], "none") == 0)
		drop_faults(host);
	else
		add_fault(host, words + 1);
	set_faults(host);
}

/* Members of the state being built; FALSE for a word that names none. */
static gboolean build_state(Host *host, char **words)
{
	SimModemState *state = &host->state;
	if (strcmp(words[0], "clear") == 0)
		memset(state, 0, sizeof *state);
	else if (strcmp(words[0], "state") == 0)
		set_fields(state, state_fields, NULL, words + 1);
	else if (strcmp(words[0], "cell") == 0 && state->n_cells < SIM_MAX_CELLS)
		set_fields(&state->cells[state->n_cells++], cell_fields, NULL, words + 1);
	else if (strcmp(words[0], "nr") == 0)
		set_fields(&state->nr_cell, cell_fields, NULL, words + 1);
	else if (strcmp(words[0], "secondary") == 0 && state->n_secondary < SIM_MAX_SECONDARY)
		set_fields(&state->secondary[state->n_secondary++], cell_fields, &activated_field, words + 1);
	else if (strcmp(words[0], "rx") == 0 && state->n_rx < SIM_MAX_CHAINS)
		set_fields(&state->rx[state->n_rx++], chain_fields, NULL, words + 1);
	else if (strcmp(words[0], "nr_rx") == 0 && words[1] && atoi(words[1]) < SIM_MAX_CHAINS)
		set_fields(&state->nr_rx[atoi(words[1])], chain_fields, NULL, words + 2);
	else if (strcmp(words[0], "satellite") == 0 && state->gnss.n_satellites < SIM_MAX_SATELLITES)
		set_fields(&state->gnss.satellites[state->gnss.n_satellites++], satellite_fields, NULL, words + 1);
	else if (strcmp(words[0], "gnss") == 0) {
		set_fields(&state->gnss, gnss_fields, NULL, words + 1);
		host->info->has_gnss = TRUE;
	} else
		return FALSE;
	return TRUE;
}

static void obey(Host *host, char **words)
{
	if (strcmp(words[0], "modem") == 0)
		set_fields(host->info, info_fields, NULL, words + 1);
	else if (strcmp(words[0], "apply") == 0)
		sim_device_update(host->modem, &host->state);
	else if (strcmp(words[0], "fault") == 0 && words[1])
		obey_faults(host, words);
	else if (strcmp(words[0], "unplug") == 0 || strcmp(words[0], "plug") == 0)
		set_plug(host, words[0][0] == 'p');
	else if (strcmp(words[0], "replug") == 0) {
		set_plug(host, FALSE);
		set_plug(host, TRUE);
	} else if (!build_state(host, words) && strcmp(words[0], "stats") != 0)
		g_error("sim_modem_host: no such command: %s", words[0]);
	tell(host);
}

static gboolean on_input(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
	Host *host = user_data;
	char buffer[1024];
	ssize_t n = read(fd, buffer, sizeof buffer);
	if (n <= 0) {
		g_main_loop_quit(host->loop);
		return G_SOURCE_REMOVE;
	}
	g_string_append_len(host->input, buffer, n);
	char *end;
	while ((end = strchr(host->input->str, '\n'))) {
		*end = '\0';
		g_auto(GStrv) words = g_strsplit(host->input->str, " ", -1);
		g_string_erase(host->input, 0, end + 1 - host->input->str);
		if (words[0] && *words[0])
			obey(host, words);
	}
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
	static SimModemInfo info = {
		.name = (char *)"test",
		.model = (char *)"JAMLOG-SIM LTE",
		.maker = (char *)"jamlog",
		.revision = (char *)"SIM01A02",
		.imei = (char *)"350000000000017",
		.imsi = (char *)"257019000000042",
		.iccid = (char *)"8937501000000000429",
		.home_mcc = (char *)"257",
		.home_mnc = (char *)"01",
		.n_rx = 2,
	};
	g_autoptr(GError) error = NULL;
	const SimEngineClass *class = sim_engine_class(argc > 1 ? argv[1] : "qmi");
	if (!class) {
		fprintf(stderr, "sim_modem_host: there is no protocol \"%s\"\n", argv[1]);
		return 2;
	}
	g_autoptr(SimDevice) modem = sim_device_new(class, &info, &error);
	if (!modem) {
		fprintf(stderr, "sim_modem_host: %s\n", error->message);
		return 1;
	}
	/* It has the slave of its terminal open, but stands for hardware: no process must be seen to hold the node. */
	prctl(PR_SET_DUMPABLE, 0);
	Host host = {.modem = modem, .info = &info, .loop = g_main_loop_new(NULL, FALSE), .input = g_string_new(NULL)};
	drop_faults(&host);
	SimCaller caller = {start_call, end_call, drop_call, &host};
	sim_device_set_caller(modem, &caller);
	printf("{\"path\": \"%s\"}\n", sim_device_path(modem));
	fflush(stdout);
	g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, &host);
	g_main_loop_run(host.loop);
	g_main_loop_unref(host.loop);
	g_string_free(host.input, TRUE);
	return 0;
}
