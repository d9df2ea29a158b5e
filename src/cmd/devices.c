/* jamlog devices: what is plugged in, and whether it can be ours.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices.h"

#include "cmd/ask.h"
#include "cmd/cmd.h"
#include "cmd/json.h"
#include "error.h"

#include <stdio.h>

#define ASK_S     8
#define GPSD_PORT "2947"

typedef struct {
	gboolean json, no_ask;
	char *gpsd_port;
} Options;

/* Everything that is known of one control node. */
typedef struct {
	const DeviceModem *modem;
	char *cure;             /* NULL: it may be opened */
	DeviceHolders *holders;
	gboolean managed;       /* ModemManager has it */
	char *not_asked;        /* why; NULL: it was asked */
	Answer *answer;         /* NULL: it was not */
} Row;

typedef struct {
	GPtrArray *modems;    /* of DeviceModem */
	GPtrArray *rows;      /* of Row */
	GPtrArray *receivers; /* of DeviceReceiver */
	gboolean manager_runs;
} Survey;

static void row_free(gpointer data)
{
	Row *row = data;
	g_free(row->cure);
	devices_holders_free(row->holders);
	g_free(row->not_asked);
	if (row->answer)
		answer_free(row->answer);
	g_free(row);
}

static void survey_clear(Survey *s)
{
	g_clear_pointer(&s->rows, g_ptr_array_unref);
	g_clear_pointer(&s->modems, g_ptr_array_unref);
	g_clear_pointer(&s->receivers, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Survey, survey_clear)

/* --- finding out --- */

static char *describe_holder(const Row *row)
{
	if (row->holders->holders->len > 0) {
		const DeviceHolder *holder = &g_array_index(row->holders->holders, DeviceHolder, 0);
		return g_strdup_printf("%s (process %d)", holder->name, (int)holder->pid);
	}
	if (row->holders->locked_by > 0)
		return g_strdup_printf("another jamlog (process %d)", (int)row->holders->locked_by);
	return row->holders->locked_by ? g_strdup("another jamlog") : NULL;
}

/* Why a modem is left alone: what somebody else does with it must not suffer from our curiosity. NULL: it can be asked. */
static char *find_reason(const Row *row, const Survey *s, gboolean no_ask)
{
	g_autofree char *holder = describe_holder(row);
	if (row->modem->spare)
		return g_strdup("another node of the modem above");
	if (row->cure)
		return g_strdup("it may not be opened");
	if (holder)
		return g_strdup_printf("%s works with it", holder);
	if (row->managed || (s->manager_runs && !row->modem->ignored_by_manager))
		return g_strdup("ModemManager works with it");
	return no_ask ? g_strdup("--no-ask") : NULL;
}

static void look_at(Survey *s, const DeviceModem *modem, char **managed_uids, gboolean no_ask)
{
	Row *row = g_new0(Row, 1);
	row->modem = modem;
	row->cure = devices_cure(modem->node);
	row->holders = devices_find_holders(modem->node);
	row->managed = managed_uids && g_strv_contains((const char *const *)managed_uids, modem->uid);
	row->not_asked = find_reason(row, s, no_ask);
	if (!row->not_asked) {
		row->answer = g_new0(Answer, 1);
		row->answer->node = modem->node;
	}
	g_ptr_array_add(s->rows, row);
}

static void ask(const Survey *s)
{
	g_autoptr(GPtrArray) answers = g_ptr_array_new();
	for (guint i = 0; i < s->rows->len; i++) {
		const Row *row = g_ptr_array_index(s->rows, i);
		if (row->answer)
			g_ptr_array_add(answers, row->answer);
	}
	ask_modems(answers, ASK_S);
}

static void survey(Survey *s, const Options *o)
{
	g_auto(GStrv) managed_uids = devices_manager_uids();
	s->manager_runs = managed_uids != NULL;
	s->modems = devices_list_modems();
	s->rows = g_ptr_array_new_with_free_func(row_free);
	for (guint i = 0; i < s->modems->len; i++)
		look_at(s, g_ptr_array_index(s->modems, i), managed_uids, o->no_ask);
	ask(s);
	s->receivers = devices_list_receivers(o->gpsd_port ? o->gpsd_port : GPSD_PORT);
}

static const char *sim_word(const Row *row)
{
	return row->answer && RADIO_HAS(&row->answer->radio, sim_state) ?
		       observation_word(sim_state_words, row->answer->radio.radio.sim_state) : NULL;
}

static const char *model_of(const Row *row)
{
	if (row->answer && OBSERVATION_HAS(&row->answer->device, DEVICE, model))
		return row->answer->device.device.model;
	return row->modem->product;
}

static const char *firmware_of(const Row *row)
{
	return row->answer && OBSERVATION_HAS(&row->answer->device, DEVICE, firmware) ? row->answer->device.device.firmware : NULL;
}

/* --- JSON --- */

/* What is not known is left out. */
static void add_text(GVariantBuilder *b, const char *name, const char *value)
{
	if (value)
		g_variant_builder_add(b, "{sv}", name, g_variant_new_take_string(g_utf8_make_valid(value, -1)));
}

static void add_flag(GVariantBuilder *b, const char *name, gboolean value)
{
	g_variant_builder_add(b, "{sv}", name, g_variant_new_boolean(value));
}

static void add_holders(GVariantBuilder *b, const DeviceHolders *holders)
{
	GVariantBuilder list;
	g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < holders->holders->len; i++) {
		const DeviceHolder *holder = &g_array_index(holders->holders, DeviceHolder, i);
		g_variant_builder_open(&list, G_VARIANT_TYPE("a{sv}"));
		add_text(&list, "name", holder->name);
		g_variant_builder_add(&list, "{sv}", "pid", g_variant_new_int64(holder->pid));
		g_variant_builder_close(&list);
	}
	g_variant_builder_add(b, "{sv}", "held_by", g_variant_builder_end(&list));
	add_flag(b, "holders_complete", holders->complete);
	add_flag(b, "locked_by_jamlog", holders->locked_by != 0);
}

static void add_modem(GVariantBuilder *b, const Row *row, const Survey *s)
{
	const DeviceModem *m = row->modem;
	add_text(b, "node", m->node);
	add_flag(b, "spare", m->spare);
	add_text(b, "driver", m->driver);
	add_text(b, "protocol", config_protocol_words[m->protocol]);
	add_text(b, "physical_device", m->key);
	g_variant_builder_add(b, "{sv}", "interface", g_variant_new_uint32(m->interface));
	add_text(b, "vendor_id", m->vendor_id);
	add_text(b, "product_id", m->product_id);
	add_text(b, "product", m->product);
	add_flag(b, "may_open", !row->cure);
	add_text(b, "cure", row->cure);
	add_holders(b, row->holders);
	add_text(b, "modem_manager", !s->manager_runs ? "not running" : row->managed ? "manages it" :
		 m->ignored_by_manager ? "leaves it" : "may take it");
	add_flag(b, "answered", row->answer && row->answer->answered);
	add_text(b, "not_asked", row->not_asked);
	add_text(b, "no_answer", row->answer && !row->answer->answered ? row->answer->sentence : NULL);
	add_text(b, "model", row->answer && row->answer->has_device ? model_of(row) : NULL);
	add_text(b, "firmware", firmware_of(row));
	add_text(b, "sim_state", sim_word(row));
}

static void add_receiver(GVariantBuilder *b, const DeviceReceiver *r)
{
	add_text(b, "node", r->node);
	add_text(b, "vendor_id", r->vendor_id);
	add_text(b, "product_id", r->product_id);
	add_text(b, "product", r->product);
	add_flag(b, "in_gpsd", r->in_gpsd);
	add_text(b, "driver", r->driver);
}

static void print_json(const Survey *s)
{
	GVariantBuilder all, modems, receivers;
	g_variant_builder_init(&all, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_init(&modems, G_VARIANT_TYPE("aa{sv}"));
	g_variant_builder_init(&receivers, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < s->rows->len; i++) {
		g_variant_builder_open(&modems, G_VARIANT_TYPE_VARDICT);
		add_modem(&modems, g_ptr_array_index(s->rows, i), s);
		g_variant_builder_close(&modems);
	}
	for (guint i = 0; i < s->receivers->len; i++) {
		g_variant_builder_open(&receivers, G_VARIANT_TYPE_VARDICT);
		add_receiver(&receivers, g_ptr_array_index(s->receivers, i));
		g_variant_builder_close(&receivers);
	}
	g_variant_builder_add(&all, "{sv}", "modems", g_variant_builder_end(&modems));
	g_variant_builder_add(&all, "{sv}", "receivers", g_variant_builder_end(&receivers));
	g_autoptr(GVariant) root = g_variant_ref_sink(g_variant_builder_end(&all));
	g_autofree char *text = json_from_variant(root);
	printf("%s\n", text);
}

/* --- tables --- */

/* What hardware says of itself may hold anything: a terminal gets letters. */
static void print_cell(const char *text, int width)
{
	g_autofree char *clean = g_utf8_make_valid(text ? text : "-", -1);
	for (char *p = clean; *p; p++)
		if (g_ascii_iscntrl(*p))
			*p = ' ';
	const int padding = width - (int)g_utf8_strlen(clean, -1);
	printf("%s%*s", clean, padding > 0 ? padding + 2 : 2, "");
}

static void print_modem_note(const Row *row)
{
	if (row->cure)
		printf("may not be opened: run \"%s\"\n", row->cure);
	else if (row->not_asked)
		printf("not asked: %s\n", row->not_asked);
	else if (row->answer->answered)
		printf("free\n");
	else
		printf("no answer: %s\n", row->answer->sentence ? row->answer->sentence : "it is silent");
}

static void print_modems(const Survey *s)
{
	gboolean complete = TRUE;
	printf("%-16s  %-9s  %-8s  %-20s  %-20s  %-9s  %s\n", "MODEM", "DRIVER", "PROTOCOL", "MODEL", "FIRMWARE", "SIM", "STATE");
	for (guint i = 0; i < s->rows->len; i++) {
		const Row *row = g_ptr_array_index(s->rows, i);
		print_cell(row->modem->node, 16);
		print_cell(row->modem->driver, 9);
		print_cell(config_protocol_words[row->modem->protocol], 8);
		print_cell(model_of(row), 20);
		print_cell(firmware_of(row), 20);
		print_cell(sim_word(row), 9);
		print_modem_note(row);
		complete = complete && row->holders->complete;
	}
	if (!complete)
		printf("(what programs of other users have open is only shown to root)\n");
}

static void print_receivers(const Survey *s)
{
	printf("%-16s  %-30s  %s\n", "RECEIVER", "PRODUCT", "STATE");
	for (guint i = 0; i < s->receivers->len; i++) {
		const DeviceReceiver *r = g_ptr_array_index(s->receivers, i);
		print_cell(r->node, 16);
		print_cell(r->product, 30);
		if (r->in_gpsd)
			printf("in gpsd%s%s\n", r->driver ? ", driver " : "", r->driver ? r->driver : "");
		else
			printf("gpsd does not have it: run \"sudo gpsdctl add %s\"\n", r->node);
	}
}

static void print_tables(const Survey *s)
{
	if (s->rows->len > 0)
		print_modems(s);
	if (s->rows->len > 0 && s->receivers->len > 0)
		printf("\n");
	if (s->receivers->len > 0)
		print_receivers(s);
}

static gboolean parse(Options *o, int *argc, char ***argv, GError **error)
{
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &o->json, "Print JSON", NULL},
		{"no-ask", 0, 0, G_OPTION_ARG_NONE, &o->no_ask, "Do not ask the modems for model, firmware and SIM", NULL},
		{"gpsd-port", 0, 0, G_OPTION_ARG_STRING, &o->gpsd_port, "Port of the gpsd on this machine (default " GPSD_PORT ")", "PORT"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- list modems and receivers that are plugged in");
	g_option_context_set_description(
		context, "A modem that somebody else works with is not asked. Exit codes: 0 ok, 2 usage, 3 nothing is plugged in.\n");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc > 1) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "devices takes no argument \"%s\"", (*argv)[1]);
		return FALSE;
	}
	return TRUE;
}

int cmd_devices(int argc, char **argv)
{
	Options o = {0};
	g_autoptr(GError) error = NULL;
	g_auto(Survey) s = {0};
	gboolean ok = parse(&o, &argc, &argv, &error);
	if (ok)
		survey(&s, &o);
	g_free(o.gpsd_port);
	if (!ok) {
		fprintf(stderr, "jamlog devices: %s\n", error->message);
		return EXIT_CODE_USAGE;
	}
	if (o.json)
		print_json(&s);
	else
		print_tables(&s);
	if (s.rows->len > 0 || s.receivers->len > 0)
		return EXIT_CODE_OK;
	fprintf(stderr, "jamlog devices: neither a modem nor a receiver is plugged in. A modem needs a driver of Linux (qmi_wwan, "
			"cdc_mbim or a wwan one): a phone, or a modem in another mode (usb_modeswitch), has none\n");
	return EXIT_CODE_NO_DATA;
}
