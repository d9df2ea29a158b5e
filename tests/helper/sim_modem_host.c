/* sim_modem_host.c - serves one simulated modem whose state is dictated on standard input, for tests.
 *
 * A line is a command: a word, then NAME=VALUE pairs named after the members of modem_state.h, enumerations as
 * numbers. Each command is answered by one line of JSON on standard output.
 *
 *	clear                 forget the state being built
 *	state NAME=VALUE...   members of SimModemState
 *	cell NAME=VALUE...    one more cell, the serving one first
 *	rx NAME=VALUE...      one more receive chain
 *	apply                 the modem is now in that state
 *	stats                 how many client ids are out, messages dropped, garbage bytes seen
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

#define STATE(member, kind) {#member, kind, offsetof(SimModemState, member)}
static const Field state_fields[] = {
	STATE(operating_mode, NUMBER_U32), STATE(card, NUMBER_U32),           STATE(registration, NUMBER_U32),
	STATE(cs_attached, NUMBER_U32),    STATE(ps_attached, NUMBER_U32),    STATE(roaming, NUMBER_U32),
	STATE(forbidden, NUMBER_U32),      STATE(service, NUMBER_U32),        STATE(true_service, NUMBER_U32),
	STATE(access, NUMBER_U32),         STATE(reject_cause, NUMBER_U32),   STATE(reject_is_ps, NUMBER_U32),
	STATE(reject_is_cs, NUMBER_U32),   STATE(reject_count, NUMBER_U64),   STATE(change_count, NUMBER_U64),
	STATE(has_serving, NUMBER_U32),    STATE(timing_advance, NUMBER_U32), STATE(tx_on, NUMBER_U32),
	STATE(tx_power_dbm, NUMBER_DOUBLE), {NULL, NUMBER_U32, 0},
};

#define CELL(member, kind) {#member, kind, offsetof(SimCellView, member)}
static const Field cell_fields[] = {
	CELL(rat, NUMBER_U32),         CELL(mcc, TEXT_4),           CELL(mnc, TEXT_4),           CELL(tac, NUMBER_U32),
	CELL(cell_id, NUMBER_U64),     CELL(pci, NUMBER_U32),       CELL(arfcn, NUMBER_U32),     CELL(band, NUMBER_U32),
	CELL(bandwidth_mhz, NUMBER_DOUBLE), CELL(rsrp_dbm, NUMBER_DOUBLE), CELL(rsrq_db, NUMBER_DOUBLE),
	CELL(rssi_dbm, NUMBER_DOUBLE), CELL(sinr_db, NUMBER_DOUBLE), {NULL, NUMBER_U32, 0},
};

#define CHAIN(member, kind) {#member, kind, offsetof(SimRxChain, member)}
static const Field chain_fields[] = {CHAIN(power_dbm, NUMBER_DOUBLE), CHAIN(tuned, NUMBER_U32), {NULL, NUMBER_U32, 0}};

typedef struct {
	SimDevice *modem;
	SimModemState state; /* being built */
	GMainLoop *loop;
	GString *input;
} Host;

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

static void set_fields(void *object, const Field *fields, char **pairs)
{
	for (; *pairs; pairs++) {
		char *value = strchr(*pairs, '=');
		const Field *field = fields;
		if (value)
			*value++ = '\0';
		while (field->name && strcmp(field->name, *pairs) != 0)
			field++;
		if (!value || !field->name)
			g_error("sim_modem_host: no such member: %s", *pairs);
		set_field(object, field, value);
	}
}

static void obey(Host *host, char **words)
{
	SimModemState *state = &host->state;
	if (strcmp(words[0], "clear") == 0)
		memset(state, 0, sizeof *state);
	else if (strcmp(words[0], "state") == 0)
		set_fields(state, state_fields, words + 1);
	else if (strcmp(words[0], "cell") == 0 && state->n_cells < SIM_MAX_CELLS)
		set_fields(&state->cells[state->n_cells++], cell_fields, words + 1);
	else if (strcmp(words[0], "rx") == 0 && state->n_rx < SIM_MAX_CHAINS)
		set_fields(&state->rx[state->n_rx++], chain_fields, words + 1);
	else if (strcmp(words[0], "apply") == 0)
		sim_device_update(host->modem, state);
	else if (strcmp(words[0], "stats") != 0)
		g_error("sim_modem_host: no such command: %s", words[0]);
	printf("{\"clients\": %u, \"dropped\": %" G_GUINT64_FORMAT ", \"garbage\": %" G_GUINT64_FORMAT "}\n",
	       sim_device_client_count(host->modem), sim_device_dropped_count(host->modem),
	       sim_device_garbage_count(host->modem));
	fflush(stdout);
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
	Host host = {.modem = modem, .loop = g_main_loop_new(NULL, FALSE), .input = g_string_new(NULL)};
	printf("{\"path\": \"%s\"}\n", sim_device_path(modem));
	fflush(stdout);
	g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, &host);
	g_main_loop_run(host.loop);
	g_main_loop_unref(host.loop);
	g_string_free(host.input, TRUE);
	return 0;
}
