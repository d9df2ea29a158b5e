/* core.c - see core.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/core.h"

#include "error.h"
#include "sim/net/internet.h"
#include "sim/net/plan.h"
#include "sim/net/servers.h"
#include "sim/net/shaper.h"
#include "sim/net/tun.h"
#include "sim/world/rng.h"

#include <errno.h>
#include <glib-unix.h>
#include <math.h>
#include <unistd.h>

#define BURST 64     /* packets read before others have their turn */
#define EARLY_US 500 /* the main loop sleeps whole milliseconds: half of one too early is as good as half of one too late */

typedef enum { UP, DOWN } Way; /* to the internet, to the modem */

typedef struct {
	const SimAct *act;
	SimShaper *ways[2];
} Throttle;

typedef struct {
	SimCore *core;
	guint index;
	const char *interface;
	int fd; /* -1: there is no interface */
	guint source;
	SimBox *box;
	SimShaper *link[2];
	GPtrArray *throttles; /* of Throttle; they stay, for what still waits in them */
	guint n_acts;
	const SimAct *acts[SIM_MAX_ACTS];
	double loss;
	gint64 jitter_us;
	guint64 packets[2]; /* that came to the link */
} Line;

struct SimCore {
	const SimInternetSetup *setup;
	guint64 seed;
	SimCoreHooks hooks;
	SimInternet *internet;
	guint source;
	GSource *timer;
	guint n_lines;
	Line *lines;
	guint8 buffer[SIM_PACKET_MAX];
};

/* --- the way of a packet --- */

static void push_link(Line *line, Way way, gint64 now_us, GByteArray *packet)
{
	guint64 key = line->index * 2u + way, number = line->packets[way]++;
	if (line->loss > 0 && sim_uniform(line->core->seed, SIM_STREAM_LOSS, key, number) < line->loss) {
		g_byte_array_unref(packet);
		return;
	}
	double late = 2 * sim_uniform(line->core->seed, SIM_STREAM_JITTER, key, number) - 1;
	sim_shaper_push(line->link[way], now_us, packet, llround(late * (double)line->jitter_us));
}

static Throttle *throttle_of(Line *line, const SimAct *act)
{
	for (guint i = 0; i < line->throttles->len; i++) {
		Throttle *throttle = g_ptr_array_index(line->throttles, i);
		if (throttle->act == act)
			return throttle;
	}
	Throttle *throttle = g_new0(Throttle, 1);
	throttle->act = act;
	for (Way way = UP; way <= DOWN; way++)
		throttle->ways[way] = sim_shaper_new(act->rate_kbps, 0);
	g_ptr_array_add(line->throttles, throttle);
	return throttle;
}

/* One packet through the box and into its queue, and what the box has to say to it. */
static void forward(Line *line, Way way, const guint8 *data, gsize size, const SimPacket *packet)
{
	const SimAct *act;
	gint64 now_us = g_get_monotonic_time();
	gboolean to_modem;
	if (sim_box_see(line->box, line->acts, line->n_acts, packet, way == DOWN, &act)) {
		GByteArray *bytes = g_byte_array_append(g_byte_array_sized_new((guint)size), data, (guint)size);
		if (act)
			sim_shaper_push(throttle_of(line, act)->ways[way], now_us, bytes, 0);
		else
			push_link(line, way, now_us, bytes);
	}
	for (GByteArray *forged; (forged = sim_box_take(line->box, &to_modem)) != NULL;)
		push_link(line, to_modem ? DOWN : UP, now_us, forged);
}

/* What finds no room, or an interface that is down, is lost, as it is on a network. */
static void deliver(Line *line, Way way, const GByteArray *packet)
{
	SimCore *core = line->core;
	int fd = way == UP ? sim_internet_fd(core->internet) : line->fd;
	if (fd >= 0 && write(fd, packet->data, packet->len) == (ssize_t)packet->len && way == DOWN && core->hooks.carried)
		core->hooks.carried(core->hooks.user_data, line->index, TRUE, packet->len);
}

static void pump_line(Line *line, Way way, gint64 now_us)
{
	GByteArray *packet;
	for (guint i = 0; i < line->throttles->len; i++) {
		Throttle *throttle = g_ptr_array_index(line->throttles, i);
		while ((packet = sim_shaper_pop(throttle->ways[way], now_us)) != NULL)
			push_link(line, way, now_us, packet);
	}
	while ((packet = sim_shaper_pop(line->link[way], now_us)) != NULL) {
		deliver(line, way, packet);
		g_byte_array_unref(packet);
	}
}

static gint64 next_of_line(const Line *line, Way way)
{
	gint64 next_us = sim_shaper_next_us(line->link[way]);
	for (guint i = 0; i < line->throttles->len; i++) {
		const Throttle *throttle = g_ptr_array_index(line->throttles, i);
		next_us = MIN(next_us, sim_shaper_next_us(throttle->ways[way]));
	}
	return next_us;
}

/* Moves what is due, and sets the timer for what is next. */
static void pump(SimCore *core)
{
	gint64 now_us = g_get_monotonic_time() + EARLY_US, next_us = G_MAXINT64;
	for (guint i = 0; i < core->n_lines; i++) {
		for (Way way = UP; way <= DOWN; way++) {
			pump_line(&core->lines[i], way, now_us);
			next_us = MIN(next_us, next_of_line(&core->lines[i], way));
		}
	}
	g_source_set_ready_time(core->timer, next_us == G_MAXINT64 ? -1 : next_us - EARLY_US);
}

static gboolean dispatch_timer(GSource *source, GSourceFunc callback, gpointer user_data)
{
	(void)source;
	return callback(user_data);
}

static gboolean on_timer(gpointer user_data)
{
	pump(user_data);
	return G_SOURCE_CONTINUE;
}

/* --- both ends --- */

static gboolean is_up(const SimCore *core, guint modem, gboolean ipv6)
{
	if (ipv6 && !core->setup->ipv6)
		return FALSE;
	return !core->hooks.is_up || core->hooks.is_up(core->hooks.user_data, modem, ipv6);
}

static void take_from_modem(Line *line, const guint8 *data, gsize size)
{
	SimCore *core = line->core;
	SimPacket packet;
	guint modem;
	if (!sim_packet_parse(data, size, &packet) || !sim_plan_modem_of(&packet.source, &modem) || modem != line->index ||
	    !is_up(core, modem, packet.source.ipv6))
		return;
	if (core->hooks.carried)
		core->hooks.carried(core->hooks.user_data, modem, FALSE, size);
	forward(line, UP, data, size, &packet);
}

static void take_from_internet(SimCore *core, const guint8 *data, gsize size)
{
	SimPacket packet;
	guint modem;
	if (sim_packet_parse(data, size, &packet) && sim_plan_modem_of(&packet.destination, &modem) && modem < core->n_lines &&
	    is_up(core, modem, packet.destination.ipv6))
		forward(&core->lines[modem], DOWN, data, size, &packet);
}

static void close_interface(Line *line)
{
	if (line->source)
		g_source_remove(line->source);
	line->source = 0;
	if (line->fd >= 0)
		close(line->fd);
	line->fd = -1;
}

static gboolean on_modem(gint fd, GIOCondition condition, gpointer user_data);

static gboolean open_interface(Line *line, GError **error)
{
	line->fd = sim_tun_open(line->interface, error);
	if (line->fd >= 0)
		line->source = g_unix_fd_add(line->fd, G_IO_IN | G_IO_ERR | G_IO_HUP, on_modem, line);
	return line->fd >= 0;
}

/* A read that fails is an interface that was deleted: the next update makes it again. */
static gboolean on_modem(gint fd, GIOCondition condition, gpointer user_data)
{
	Line *line = user_data;
	(void)condition;
	for (guint i = 0; i < BURST; i++) {
		ssize_t size = read(fd, line->core->buffer, sizeof line->core->buffer);
		if (size < 0 && errno != EAGAIN && errno != EINTR) {
			line->source = 0;
			close_interface(line);
			return G_SOURCE_REMOVE;
		}
		if (size <= 0)
			break;
		take_from_modem(line, line->core->buffer, (gsize)size);
	}
	pump(line->core);
	return G_SOURCE_CONTINUE;
}

static gboolean on_internet(gint fd, GIOCondition condition, gpointer user_data)
{
	SimCore *core = user_data;
	if (!(condition & G_IO_IN)) { /* sim_core_update() tells */
		core->source = 0;
		return G_SOURCE_REMOVE;
	}
	for (guint i = 0; i < BURST; i++) {
		ssize_t size = read(fd, core->buffer, sizeof core->buffer);
		if (size <= 0)
			break;
		take_from_internet(core, core->buffer, (gsize)size);
	}
	pump(core);
	return G_SOURCE_CONTINUE;
}

/* --- life --- */

static void free_throttle(gpointer data)
{
	Throttle *throttle = data;
	for (Way way = UP; way <= DOWN; way++)
		sim_shaper_free(throttle->ways[way]);
	g_free(throttle);
}

static void begin_line(SimCore *core, const SimScenario *scenario, guint index)
{
	const SimInternetSetup *setup = core->setup;
	gint64 delay_us = llround(setup->latency_s * G_USEC_PER_SEC);
	core->lines[index] = (Line){
		.core = core,
		.index = index,
		.interface = sim_scenario_modem(scenario, index)->interface,
		.fd = -1,
		.box = sim_box_new(),
		.link = {[UP] = sim_shaper_new(setup->rate_up_kbps, delay_us), [DOWN] = sim_shaper_new(setup->rate_kbps, delay_us)},
		.throttles = g_ptr_array_new_with_free_func(free_throttle)};
}

static void begin_loop(SimCore *core)
{
	static GSourceFuncs timer_functions = {.dispatch = dispatch_timer};
	core->source = g_unix_fd_add(sim_internet_fd(core->internet), G_IO_IN | G_IO_ERR | G_IO_HUP, on_internet, core);
	core->timer = g_source_new(&timer_functions, sizeof(GSource));
	g_source_set_callback(core->timer, on_timer, core, NULL);
	g_source_attach(core->timer, NULL);
}

static gboolean begin(SimCore *core, const SimScenario *scenario, const char *run_dir, GError **error)
{
	g_autofree char *absolute = g_canonicalize_filename(run_dir, NULL);
	g_autofree char *folder = g_build_filename(absolute, "carrier", NULL),
			*targets = g_build_filename(absolute, "targets.conf", NULL);
	core->lines = g_new0(Line, scenario->modems->len + 1);
	for (; core->n_lines < scenario->modems->len; core->n_lines++)
		begin_line(core, scenario, core->n_lines);
	for (guint i = 0; i < core->n_lines; i++)
		if (!open_interface(&core->lines[i], error))
			return FALSE;
	core->internet = sim_internet_new(folder, core->seed, error);
	if (!core->internet || !sim_servers_write_targets(folder, targets, error))
		return FALSE;
	begin_loop(core);
	return TRUE;
}

SimCore *sim_core_new(const SimScenario *scenario, guint64 seed, const char *run_dir, const SimCoreHooks *hooks, GError **error)
{
	g_autoptr(SimCore) core = g_new0(SimCore, 1);
	core->setup = &scenario->internet;
	core->seed = seed;
	core->hooks = *hooks;
	return begin(core, scenario, run_dir, error) ? g_steal_pointer(&core) : NULL;
}

void sim_core_free(SimCore *core)
{
	if (!core)
		return;
	for (guint i = 0; i < core->n_lines; i++) {
		Line *line = &core->lines[i];
		close_interface(line);
		sim_box_free(line->box);
		for (Way way = UP; way <= DOWN; way++)
			sim_shaper_free(line->link[way]);
		g_ptr_array_unref(line->throttles);
	}
	if (core->source)
		g_source_remove(core->source);
	if (core->timer) {
		g_source_destroy(core->timer);
		g_source_unref(core->timer);
	}
	sim_internet_free(core->internet);
	g_free(core->lines);
	g_free(core);
}

/* The link with all crowds that there are. */
static void set_link(Line *line)
{
	const SimInternetSetup *setup = line->core->setup;
	double latency_s = setup->latency_s, jitter_s = 0, passing = 1,
	       rate_kbps[] = {[UP] = setup->rate_up_kbps, [DOWN] = setup->rate_kbps};
	for (guint i = 0; i < line->n_acts; i++) {
		const SimAct *act = line->acts[i];
		if (act->kind != SIM_ACT_CROWD)
			continue;
		latency_s += act->latency_s;
		jitter_s += act->jitter_s;
		passing *= 1 - act->loss;
		for (Way way = UP; way <= DOWN && act->rate_kbps > 0; way++)
			rate_kbps[way] = MIN(rate_kbps[way], act->rate_kbps);
	}
	line->loss = 1 - passing;
	line->jitter_us = llround(jitter_s * G_USEC_PER_SEC);
	for (Way way = UP; way <= DOWN; way++)
		sim_shaper_set(line->link[way], rate_kbps[way], llround(latency_s * G_USEC_PER_SEC));
}

gboolean sim_core_update(SimCore *core, guint modem, gboolean present, const SimAct *const *acts, guint n_acts, GError **error)
{
	Line *line = &core->lines[modem];
	line->n_acts = n_acts;
	for (guint i = 0; i < n_acts; i++)
		line->acts[i] = acts[i];
	set_link(line);
	if (!present)
		close_interface(line);
	else if (line->fd < 0)
		open_interface(line, NULL); /* not now: perhaps at the next tick */
	return sim_internet_check(core->internet, error);
}
