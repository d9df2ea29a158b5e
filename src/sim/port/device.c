/* device.c - see device.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/device.h"

#include "sim/port/opening.h"
#include "sim/port/pty.h"

#include <unistd.h>

#define PIECE_BYTES 7
#define PIECE_MS    2
/* Between the answer to the order to restart and deafness: time in which the client gives its id back. */
#define LAST_WORDS_MS 300

struct SimDevice {
	const SimEngineClass *class;
	const SimModemInfo *info;
	/* All gone while unplugged, but for last_slave_fd: it keeps the pty's number taken, so that the next has another. */
	int master_fd, slave_fd, last_slave_fd;
	char *path;
	SimLink *link;
	SimEngine *engine;

	SimCaller caller;
	SimModemState state; /* as it was given last */
	SimModemState stale; /* as it was when STALE_VALUES began */
	SimFaults given, faults; /* all, and those in force */
	guint32 cured; /* of those given */

	SimOpMode ordered;
	gboolean restart_due, shut_down_due; /* when the answer is out */
	gboolean restarting, shut_down;
	guint restart_timer, open_timer; /* source ids, 0: none */
	gboolean answering; /* what is sent now is the answer to a request */
	SimOpening *opening;

	GHashTable *requests;
	guint64 dropped, garbage; /* of links that are gone */
	GRand *dice;
};

static gboolean has(const SimDevice *device, SimFault fault)
{
	return sim_faults_have(&device->faults, fault);
}

SimOpMode sim_device_mode(const SimDevice *device)
{
	if (!device->engine || device->restarting || has(device, SIM_FAULT_RESET))
		return SIM_OPMODE_RESETTING;
	return device->shut_down ? SIM_OPMODE_OFFLINE : device->ordered;
}

static void tell_engine(SimDevice *device)
{
	SimOpMode mode = sim_device_mode(device);
	if (!device->engine)
		return;
	SimModemState state = device->state;
	if (mode > state.operating_mode)
		sim_faults_switch_off(&state, mode);
	if (has(device, SIM_FAULT_STALE_VALUES))
		sim_faults_make_stale(&state, &device->stale);
	if (has(device, SIM_FAULT_ODD_VALUES))
		sim_faults_make_odd(&state);
	device->class->update(device->engine, &state);
}

static void settle_faults(SimDevice *device)
{
	device->faults = device->given;
	device->faults.set &= ~device->cured;
}

/* The modem's memory is empty. */
static void forget(SimDevice *device)
{
	device->ordered = SIM_OPMODE_ONLINE;
	device->cured |= device->given.set & sim_faults_cured_by_restart();
	settle_faults(device);
}

/* --- the line --- */

static gboolean same_message(const SimDevice *device, const guint8 *message, gsize size)
{
	guint32 id = device->class->message_id ? device->class->message_id(message, size) : 0;
	guint32 wanted = device->faults.message;
	return id == wanted || (wanted <= G_MAXUINT16 && (id & G_MAXUINT16) == wanted);
}

static gboolean hears(const SimDevice *device, const guint8 *message, gsize size)
{
	if (device->shut_down || has(device, SIM_FAULT_SILENT_DEATH))
		return FALSE;
	if (has(device, SIM_FAULT_HANG) && (!device->faults.hangs_alone || same_message(device, message, size)))
		return FALSE;
	return !has(device, SIM_FAULT_NEEDS_RESET) || (device->class->is_control && device->class->is_control(message, size));
}

static gboolean speaks(const SimDevice *device)
{
	return !device->shut_down && !has(device, SIM_FAULT_SILENT_DEATH) &&
	       (!has(device, SIM_FAULT_HANG) || device->faults.hangs_alone) &&
	       (!has(device, SIM_FAULT_NEEDS_RESET) || device->answering);
}

/* Framing that no engine says more of: the type, the length and the transaction of an MBIM message are 12 bytes. */
static void garble(SimDevice *device, guint8 *message, gsize size)
{
	const gsize head = MIN(size, 12);
	if (device->class->garble)
		device->class->garble(message, size, device->dice);
	else
		sim_faults_randomise(device->dice, message + head, size - head);
}

static void send_message(const guint8 *message, gsize size, gpointer user_data)
{
	SimDevice *device = user_data;
	if (!speaks(device))
		return;
	g_autofree guint8 *copy = g_memdup2(message, size);
	if (has(device, SIM_FAULT_NONSENSE))
		sim_faults_randomise(device->dice, copy, size);
	else if (has(device, SIM_FAULT_CORRUPT))
		garble(device, copy, size);
	if (has(device, SIM_FAULT_TRUNCATED))
		size /= 2;
	sim_link_send(device->link, copy, size);
	if (has(device, SIM_FAULT_DOUBLED_INDICATIONS) && !device->answering)
		sim_link_send(device->link, copy, size);
}

static void take_order(SimOrder order, gpointer user_data)
{
	SimDevice *device = user_data;
	switch (order) {
	case SIM_ORDER_ONLINE:
		device->ordered = SIM_OPMODE_ONLINE;
		break;
	case SIM_ORDER_LOW_POWER:
		device->ordered = SIM_OPMODE_LOW_POWER;
		break;
	case SIM_ORDER_OFFLINE:
		device->ordered = SIM_OPMODE_OFFLINE;
		break;
	case SIM_ORDER_RESTART:
		device->restart_due = TRUE;
		break;
	case SIM_ORDER_SHUT_DOWN:
		device->shut_down_due = TRUE;
		break;
	}
}

static void settle_line(SimDevice *device);

static gboolean on_restarted(gpointer user_data)
{
	SimDevice *device = user_data;
	device->restart_timer = 0;
	device->restarting = FALSE;
	tell_engine(device);
	return G_SOURCE_REMOVE;
}

static gboolean on_restart_begins(gpointer user_data)
{
	SimDevice *device = user_data;
	device->restart_timer = g_timeout_add((guint)(SIM_RESTART_S * 1000), on_restarted, device);
	device->restarting = TRUE;
	forget(device);
	settle_line(device);
	tell_engine(device);
	return G_SOURCE_REMOVE;
}

static void obey_orders(SimDevice *device)
{
	device->shut_down |= device->shut_down_due;
	if (device->restart_due && !device->restart_timer)
		device->restart_timer = g_timeout_add(LAST_WORDS_MS, on_restart_begins, device);
	device->restart_due = device->shut_down_due = FALSE;
}

static void on_message(const guint8 *message, gsize size, gpointer user_data)
{
	SimDevice *device = user_data;
	guint32 id = device->class->message_id ? device->class->message_id(message, size) : 0;
	guint count = GPOINTER_TO_UINT(g_hash_table_lookup(device->requests, GUINT_TO_POINTER(id)));
	g_hash_table_insert(device->requests, GUINT_TO_POINTER(id), GUINT_TO_POINTER(count + 1));
	if (!hears(device, message, size))
		return;
	SimOpMode before = sim_device_mode(device);
	device->answering = TRUE;
	device->class->receive(device->engine, message, size);
	device->answering = FALSE;
	obey_orders(device);
	if (sim_device_mode(device) != before)
		tell_engine(device);
}

/* --- slow opening --- */

static gboolean on_open_delay_over(gpointer user_data)
{
	SimDevice *device = user_data;
	device->open_timer = 0;
	settle_line(device);
	return G_SOURCE_REMOVE;
}

static void on_opened(gpointer user_data)
{
	SimDevice *device = user_data;
	g_clear_handle_id(&device->open_timer, g_source_remove);
	device->open_timer = g_timeout_add((guint)(device->faults.delay_s * 1000), on_open_delay_over, device);
	settle_line(device);
}

static void settle_opening(SimDevice *device)
{
	gboolean wanted = device->path && has(device, SIM_FAULT_SLOW_OPEN);
	if (wanted && !device->opening)
		device->opening = sim_opening_watch(device->path, on_opened, device);
	if (wanted)
		return;
	g_clear_pointer(&device->opening, sim_opening_free);
	g_clear_handle_id(&device->open_timer, g_source_remove);
}

static void settle_line(SimDevice *device)
{
	settle_opening(device);
	if (!device->link)
		return;
	sim_link_cut_up(device->link, has(device, SIM_FAULT_FRAGMENTS) ? PIECE_BYTES : 0, PIECE_MS);
	sim_link_hold(device->link, has(device, SIM_FAULT_QUEUE_STUCK) || device->open_timer != 0);
}

/* --- the plug --- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void unplug(SimDevice *device)
{
	device->dropped += sim_link_dropped(device->link);
	device->garbage += sim_link_skipped(device->link);
	g_clear_pointer(&device->link, sim_link_free);
	device->class->free(g_steal_pointer(&device->engine));
	g_clear_pointer(&device->path, g_free);
	g_clear_handle_id(&device->restart_timer, g_source_remove);
	/* Closing the master hangs up whoever has the slave open, and takes its node away. */
	close_fd(&device->master_fd);
	device->last_slave_fd = device->slave_fd;
	device->slave_fd = -1;
	device->restarting = device->shut_down = FALSE;
	forget(device);
}

static gboolean plug(SimDevice *device, GError **error)
{
	int master, slave;
	char *path;
	if (!sim_pty_open(&master, &slave, &path, error))
		return FALSE;
	close_fd(&device->last_slave_fd);
	device->master_fd = master;
	device->slave_fd = slave;
	device->path = path;
	device->link = sim_link_new(master, device->class->cut, on_message, device);
	device->engine = device->class->new(device->info, send_message, device);
	device->engine->faults = &device->faults;
	device->engine->order = take_order;
	device->engine->caller = &device->caller;
	return TRUE;
}

/* --- the owner's side --- */

SimDevice *sim_device_new(const SimEngineClass *class, const SimModemInfo *info, GError **error)
{
	g_autoptr(SimDevice) device = g_new0(SimDevice, 1);
	device->class = class;
	device->info = info;
	device->master_fd = device->slave_fd = device->last_slave_fd = -1;
	device->requests = g_hash_table_new(NULL, NULL);
	device->dice = g_rand_new_with_seed(g_str_hash(info->name));
	return plug(device, error) ? g_steal_pointer(&device) : NULL;
}

void sim_device_free(SimDevice *device)
{
	if (!device)
		return;
	if (device->engine)
		unplug(device);
	device->given.set = 0;
	settle_faults(device);
	settle_opening(device);
	close_fd(&device->last_slave_fd);
	g_hash_table_unref(device->requests);
	g_rand_free(device->dice);
	g_free(device);
}

const char *sim_device_path(const SimDevice *device)
{
	return device->path;
}

void sim_device_set_caller(SimDevice *device, const SimCaller *caller)
{
	device->caller = *caller;
}

void sim_device_update(SimDevice *device, const SimModemState *state)
{
	device->state = *state;
	/* A restart that the state tells of, not an echo of one of ours. */
	if (state->operating_mode == SIM_OPMODE_RESETTING && sim_device_mode(device) != SIM_OPMODE_RESETTING)
		forget(device);
	settle_line(device);
	tell_engine(device);
}

static void begin_faults(SimDevice *device, guint32 begun)
{
	static const SimFault of_clients[] = {SIM_FAULT_LOST_CLIENTS, SIM_FAULT_POLICY_MISMATCH};
	if (begun >> SIM_FAULT_STALE_VALUES & 1)
		device->stale = device->state;
	if (begun >> SIM_FAULT_RESET & 1)
		forget(device);
	for (guint i = 0; i < G_N_ELEMENTS(of_clients); i++)
		if ((begun >> of_clients[i] & 1) && device->engine && device->class->begin_fault)
			device->class->begin_fault(device->engine, of_clients[i]);
}

gboolean sim_device_set_faults(SimDevice *device, const SimFaults *faults, GError **error)
{
	guint32 before = device->given.set;
	SimOpMode mode = sim_device_mode(device);
	device->given = *faults;
	device->cured &= device->given.set;
	settle_faults(device);
	gboolean gone = has(device, SIM_FAULT_UNPLUG) || has(device, SIM_FAULT_RE_ENUMERATE);
	if (gone && device->engine)
		unplug(device);
	else if (!gone && !device->engine && !plug(device, error))
		return FALSE;
	begin_faults(device, device->given.set & ~before);
	settle_line(device);
	if (device->given.set != before || sim_device_mode(device) != mode)
		tell_engine(device);
	return TRUE;
}

guint sim_device_client_count(const SimDevice *device)
{
	return device->engine ? device->class->clients(device->engine) : 0;
}

guint64 sim_device_dropped_count(const SimDevice *device)
{
	return device->dropped + (device->link ? sim_link_dropped(device->link) : 0);
}

guint64 sim_device_garbage_count(const SimDevice *device)
{
	return device->garbage + (device->link ? sim_link_skipped(device->link) : 0);
}

GHashTable *sim_device_requests(const SimDevice *device)
{
	return device->requests;
}
