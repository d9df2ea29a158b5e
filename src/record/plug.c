/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/plug.h"

#include "devices.h"
#include "error.h"

#include <unistd.h>

#define SETTLE_MS  200  /* between looks at a node whose rights udev's rules may not have set yet */
#define SETTLE_MAX 10   /* looks; then it is the person's affair */
#define LOOK_MS    3000 /* between looks at a modem that somebody else has */

/* A place: a modem's name in the journal, whatever node it has. */
typedef struct {
	Plug *plug;
	char name[OBSERVATION_SOURCE_SIZE];
	DeviceModem *modem; /* as it was last seen */
	gboolean present;   /* its node is there */
	Source *idle;       /* not started: keeps whether and since when it is lost. NULL while one is at work */
	Source *working;    /* the recorder's */
	gboolean parting;   /* `working` is being stopped */
	guint look_id, looks;
	char *obstacle;     /* as it was last told */
} Place;

struct Plug {
	const Config *config;
	const ConfigSource *template;
	SourceHost *host;
	const PlugHost *funcs;
	gpointer recorder;
	GPtrArray *places;
	DevicesManager *manager;
	DevicesWatch *watch; /* from the moment on when it is known whether ModemManager runs */
	gboolean manager_runs;
};

static void look(Place *place);

/* --- whether a modem can be ours --- */

typedef enum { OWN, SHARE, WAIT } Verdict;

typedef struct {
	Verdict verdict;
	const char *reason; /* fixed words, for the journal */
	char *sentence;
} Judgement;

static Judgement wait_for(const char *reason, char *sentence)
{
	return (Judgement){.verdict = WAIT, .reason = reason, .sentence = sentence};
}

/* Whoever has it now. Those through whom ModemManager works are no hindrance where it will be told to leave. */
static Judgement judge_holders(const Place *place)
{
	const char *node = place->modem->node;
	g_autoptr(DeviceHolders) holders = devices_find_holders(node);
	for (guint i = 0; i < holders->holders->len; i++) {
		const DeviceHolder *holder = &g_array_index(holders->holders, DeviceHolder, i);
		gboolean is_manager = devices_holder_is_proxy(holder) || g_str_equal(holder->name, "ModemManager");
		if (is_manager && place->plug->template->inhibit)
			continue;
		if (devices_holder_is_proxy(holder) && geteuid() == 0)
			return (Judgement){.verdict = SHARE,
					   .sentence = g_strdup_printf("%s works with it: shared with that program", holder->name)};
		return wait_for("device in use", g_strdup_printf("%s is in use by %s (process %d): waiting until it is free", node,
								 holder->name, (int)holder->pid));
	}
	if (holders->locked_by)
		return wait_for("device in use", g_strdup_printf("%s is in use by another jamlog: waiting until it is free", node));
	return (Judgement){.verdict = OWN};
}

static Judgement judge(const Place *place)
{
	const ConfigSource *template = place->plug->template;
	g_autofree char *cure = devices_cure(place->modem->node);
	if (cure)
		return wait_for("no permission",
				g_strdup_printf("may not open %s: run \"%s\", or start jamlog as root", place->modem->node, cure));
	if (template->proxy)
		return (Judgement){.verdict = SHARE};
	if (!place->plug->manager_runs || place->modem->ignored_by_manager || template->inhibit)
		return judge_holders(place);
	if (geteuid() == 0)
		return (Judgement){.verdict = SHARE,
				   .sentence = g_strdup("ModemManager works with it: shared with it through a proxy (--inhibit takes "
							"it alone, for as long as the recording runs)")};
	return wait_for("device in use", g_strdup("ModemManager works with it, and sharing needs root: start jamlog as root, or make "
						  "ModemManager leave it for good (README: who owns the modem)"));
}

/* --- a place and its sources --- */

static void set_idle(Place *place, Source *source, const Source *before)
{
	source->lost = before && before->lost;
	source->lost_since_ns = before ? before->lost_since_ns : 0;
	if (place->idle)
		source_free(place->idle);
	place->idle = source;
}

/* A source for the node that the modem has now, not started, heir of `before`. */
static void renew(Place *place, gboolean shared, const Source *before)
{
	g_autoptr(GError) error = NULL;
	ConfigSource config = *place->plug->template;
	config.name = place->name;
	config.address = place->modem->node;
	config.proxy = shared;
	Source *source = source_new(&config, place->plug->host, &error);
	if (source)
		set_idle(place, source, before);
	else
		place->plug->host->tell(place->plug->host, place->name, error->message);
}

static void begin(Place *place, const Judgement *judgement)
{
	renew(place, judgement->verdict == SHARE, place->idle);
	if (judgement->sentence)
		place->plug->host->tell(place->plug->host, place->name, judgement->sentence);
	g_clear_pointer(&place->obstacle, g_free);
	place->working = g_steal_pointer(&place->idle);
	place->plug->funcs->start(place->plug->recorder, place->working);
}

/* Told once, and again when it is another obstacle; in the journal the modem is lost from the first one on. */
static void tell_obstacle(Place *place, const Judgement *judgement)
{
	if (!g_strcmp0(place->obstacle, judgement->sentence))
		return;
	if (place->idle->lost)
		place->plug->host->tell(place->plug->host, place->name, judgement->sentence);
	source_set_lost(place->idle, judgement->reason, "%s", judgement->sentence);
	g_free(place->obstacle);
	place->obstacle = g_strdup(judgement->sentence);
}

static gboolean on_look(gpointer data)
{
	Place *place = data;
	place->look_id = 0;
	look(place);
	return G_SOURCE_REMOVE;
}

static void look(Place *place)
{
	if (!place->present || !place->idle || place->parting || place->look_id)
		return;
	Judgement judgement = judge(place);
	gboolean settling = ++place->looks <= SETTLE_MAX;
	if (judgement.verdict != WAIT)
		begin(place, &judgement);
	else if (!settling || !g_str_equal(judgement.reason, "no permission"))
		tell_obstacle(place, &judgement);
	if (judgement.verdict == WAIT)
		place->look_id = g_timeout_add(settling && g_str_equal(judgement.reason, "no permission") ? SETTLE_MS : LOOK_MS, on_look,
					       place);
	g_free(judgement.sentence);
}

static void observe_device(Place *place, EventCode code)
{
	Observation o;
	g_autofree char *node = g_path_get_basename(place->modem->node);
	observation_init(&o, OBSERVATION_EVENT, place->name);
	EVENT_SET(&o, code, (guint8)code);
	OBSERVATION_SET_TEXT(&o, event, EVENT, text, node);
	place->plug->host->observe(place->plug->host, &o);
}

void plug_parted(Plug *plug, const char *name)
{
	for (guint i = 0; i < plug->places->len; i++) {
		Place *place = g_ptr_array_index(plug->places, i);
		if (!place->parting || !g_str_equal(place->name, name))
			continue;
		place->parting = FALSE;
		look(place);
	}
}

/* --- modems that come and go --- */

static Place *find_place(const Plug *plug, const char *key)
{
	for (guint i = 0; i < plug->places->len; i++) {
		Place *place = g_ptr_array_index(plug->places, i);
		if (g_str_equal(place->modem->key, key))
			return place;
	}
	return NULL;
}

static gboolean is_name_taken(const Plug *plug, const char *name)
{
	for (guint i = 0; i < plug->config->sources->len; i++) {
		const ConfigSource *source = g_ptr_array_index(plug->config->sources, i);
		if (source != plug->template && g_str_equal(source->name, name))
			return TRUE;
	}
	for (guint i = 0; i < plug->places->len; i++)
		if (g_str_equal(((const Place *)g_ptr_array_index(plug->places, i))->name, name))
			return TRUE;
	return FALSE;
}

/* NAME, NAME2, NAME3 ...; a long NAME is cut so that the number fits. */
static void choose_name(const Plug *plug, char ret_name[OBSERVATION_SOURCE_SIZE])
{
	g_strlcpy(ret_name, plug->template->name, OBSERVATION_SOURCE_SIZE);
	for (guint n = 2; is_name_taken(plug, ret_name); n++) {
		g_autofree char *number = g_strdup_printf("%u", n);
		const int room = OBSERVATION_SOURCE_SIZE - 1 - (int)strlen(number);
		g_snprintf(ret_name, OBSERVATION_SOURCE_SIZE, "%.*s%s", room, plug->template->name, number);
	}
}

/* A group of the configuration has that node for itself. */
static gboolean is_named(const Plug *plug, const char *node)
{
	for (guint i = 0; i < plug->config->sources->len; i++) {
		const ConfigSource *source = g_ptr_array_index(plug->config->sources, i);
		if (devices_is_same_node(source->address, node))
			return TRUE;
	}
	return FALSE;
}

static Place *add_place(Plug *plug)
{
	Place *place = g_new0(Place, 1);
	place->plug = plug;
	choose_name(plug, place->name);
	g_ptr_array_add(plug->places, place);
	return place;
}

static void tell_arrival(Place *place, gboolean is_new)
{
	const DeviceModem *modem = place->modem;
	g_autofree char *product = modem->product ? g_strdup_printf("%s, ", modem->product) : g_strdup("");
	g_autofree char *sentence = g_strdup_printf("%s %s (%s%s)", is_new ? "found at" : "is back, at", modem->node, product,
						    config_protocol_words[modem->protocol]);
	place->plug->host->tell(place->plug->host, place->name, sentence);
}

static void on_added(const DeviceModem *modem, gpointer data)
{
	Plug *plug = data;
	Place *place = find_place(plug, modem->key);
	gboolean is_new = !place;
	if (is_named(plug, modem->node))
		return;
	if (is_new)
		place = add_place(plug);
	devices_modem_free(place->modem);
	place->modem = devices_modem_copy(modem);
	place->present = TRUE;
	place->looks = 0;
	observe_device(place, EVENT_DEVICE_ADDED);
	tell_arrival(place, is_new);
	renew(place, plug->template->proxy, place->idle);
	look(place);
}

/* The source may have noticed by itself, or not yet: either way it is lost from here on, and silent. */
static void on_removed(const DeviceModem *modem, gpointer data)
{
	Plug *plug = data;
	Place *place = find_place(plug, modem->key);
	if (!place || !place->present)
		return;
	Source *source = place->working ? place->working : place->idle;
	place->present = FALSE;
	g_clear_handle_id(&place->look_id, g_source_remove);
	g_clear_pointer(&place->obstacle, g_free);
	observe_device(place, EVENT_DEVICE_REMOVED);
	source_set_lost(source, "device gone", "the modem was unplugged, or restarts; waiting for it to come back");
	if (!place->working)
		return;
	renew(place, plug->template->proxy, place->working);
	place->parting = TRUE;
	plug->funcs->part(plug->recorder, g_steal_pointer(&place->working));
}

/* --- ModemManager --- */

static void tell_rival(Plug *plug)
{
	for (guint i = 0; i < plug->places->len; i++) {
		Place *place = g_ptr_array_index(plug->places, i);
		if (place->working && !plug->template->proxy && !plug->template->inhibit && !place->modem->ignored_by_manager)
			plug->host->tell(plug->host, place->name, "ModemManager has been started and may disturb this modem: stop it, "
								  "or record with --inhibit as root");
	}
}

/* So that an empty recording is no surprise. */
static void begin_watch(Plug *plug)
{
	static const DevicesWatchFuncs funcs = {.added = on_added, .removed = on_removed};
	g_autoptr(GPtrArray) modems = devices_list_modems();
	if (modems->len == 0)
		plug->host->tell(plug->host, plug->template->name, "no modem is plugged in; the first one that comes is taken up");
	plug->watch = devices_watch_new(&funcs, plug);
}

static void on_manager(gboolean running, gpointer data)
{
	Plug *plug = data;
	gboolean came = running && !plug->manager_runs && plug->watch;
	plug->manager_runs = running;
	if (!plug->watch)
		begin_watch(plug);
	if (came)
		tell_rival(plug);
}

/* --- the whole --- */

Plug *plug_new(const Config *config, const ConfigSource *template, SourceHost *host, const PlugHost *funcs, gpointer recorder)
{
	Plug *plug = g_new0(Plug, 1);
	plug->config = config;
	plug->template = template;
	plug->host = host;
	plug->funcs = funcs;
	plug->recorder = recorder;
	plug->places = g_ptr_array_new();
	plug->manager = devices_manager_new(on_manager, plug);
	return plug;
}

void plug_stop(Plug *plug)
{
	g_clear_pointer(&plug->manager, devices_manager_free);
	g_clear_pointer(&plug->watch, devices_watch_free);
	for (guint i = 0; i < plug->places->len; i++) {
		Place *place = g_ptr_array_index(plug->places, i);
		g_clear_handle_id(&place->look_id, g_source_remove);
		place->present = FALSE;
	}
}

void plug_free(Plug *plug)
{
	if (!plug)
		return;
	plug_stop(plug);
	for (guint i = 0; i < plug->places->len; i++) {
		Place *place = g_ptr_array_index(plug->places, i);
		source_free(place->idle);
		devices_modem_free(place->modem);
		g_free(place->obstacle);
		g_free(place);
	}
	g_ptr_array_unref(plug->places);
	g_free(plug);
}
