/* A gpsd on this machine, through libgps: fixes, the sky, and pairs of BOOTTIME and GPS time.
 *
 * gpsd away, restarting or silent never stops anything: it is told once, and tried again every RETRY_S. A fix that
 * gpsd repeats is not given out again; one that was held back keeps its age. Losing the receiver behind a living gpsd
 * looks like silence here, and is told as that.
 *
 * libgps connects with a blocking call, so only addresses of this machine are taken: there it answers at once.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "source/gps/decode.h"
#include "source/gps/receiver.h"
#include "source/registry.h"
#include "ticker.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <stdlib.h>

#define RETRY_S          2
#define SILENT_S         5    /* without a report */
#define FIRST_REPORT_S   20   /* after connecting: gpsd may still be finding out what kind of receiver it has */
#define READS_MAX        64   /* in a row: a gpsd that never falls silent must not keep the others waiting */
#define REPORT_COST_NS   (NS_PER_S / 50) /* so many reports a second are taken; receivers send 25 at most, each with a sky */
#define REPORT_BURST_NS  (NS_PER_S * 10) /* and what may come at once after gpsd was held up: 500 */

typedef struct {
	Source base;
	char *host, *port;
	struct gps_data_t data;
	gboolean connected;
	guint watch_id, retry_id, silence_id;
	gint64 last_report_ns;
	gboolean reported;     /* anything, on this connection */
	gint64 credit_ns;      /* for further reports */
	gint64 last_credit_ns; /* when it was last topped up */
	GpsReceiver receiver;
	SourceStopped stopped;
	gpointer stopped_data;
} GpsSource;

static void connect_now(GpsSource *g);

/* --- observations --- */

/* Something new came from the receiver. A fix that gpsd repeats is nothing new. */
static void set_alive(GpsSource *g)
{
	g->reported = TRUE;
	g->last_report_ns = clock_boottime_ns();
	source_set_back(&g->base);
}

static void observe_fix(GpsSource *g)
{
	Observation o;
	gint64 fix_ns = 0;
	observation_init(&o, OBSERVATION_FIX, g->base.name);
	gboolean is_fix = gps_decode_fix(&g->data, &o, &fix_ns);
	g->data.satellites_used = 0; /* libgps keeps it until the next SKY, which may never come */
	if (!gps_receiver_judge(&g->receiver, &o, is_fix, fix_ns))
		return;
	set_alive(g);
	gps_receiver_observe(&g->receiver, &o);
}

static void observe_sky(GpsSource *g)
{
	Observation o;
	observation_init(&o, OBSERVATION_SKY, g->base.name);
	gps_decode_sky(&g->data, &o);
	set_alive(g);
	g->base.host->observe(g->base.host, &o);
}

/* A gpsd that floods must not fill the disk, nor take the room of the modems' observations. */
static gboolean take_credit(GpsSource *g)
{
	gint64 now_ns = clock_boottime_ns();
	g->credit_ns = MIN(g->credit_ns + now_ns - g->last_credit_ns, REPORT_BURST_NS);
	g->last_credit_ns = now_ns;
	if (g->credit_ns < REPORT_COST_NS)
		return FALSE;
	g->credit_ns -= REPORT_COST_NS;
	return TRUE;
}

static void on_report(GpsSource *g)
{
	gps_mask_t set = g->data.set;
	if (!(set & (MODE_SET | SATELLITE_SET)) || !take_credit(g))
		return;
	if (set & MODE_SET)
		observe_fix(g);
	if (set & SATELLITE_SET)
		observe_sky(g);
}

/* --- the connection --- */

static gboolean on_retry(gpointer data)
{
	GpsSource *g = data;
	g->retry_id = 0;
	connect_now(g);
	return G_SOURCE_REMOVE;
}

static void disconnect_now(GpsSource *g)
{
	g_clear_handle_id(&g->watch_id, g_source_remove);
	g_clear_handle_id(&g->silence_id, g_source_remove);
	if (g->connected)
		gps_close(&g->data);
	g->connected = FALSE;
}

static void retry_later(GpsSource *g)
{
	disconnect_now(g);
	g->retry_id = g_timeout_add_seconds(RETRY_S, on_retry, g);
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
	GpsSource *g = data;
	(void)fd;
	(void)condition;
	guint reads = 0;
	do {
		g->data.set = 0;
		if (gps_read(&g->data, NULL, 0) < 0) {
			g->watch_id = 0;
			source_set_lost(&g->base, "gpsd went away", "gpsd at %s:%s went away; trying again", g->host, g->port);
			retry_later(g);
			return G_SOURCE_REMOVE;
		}
		on_report(g);
	} while (++reads < READS_MAX && gps_waiting(&g->data, 0));
	return G_SOURCE_CONTINUE;
}

static gboolean on_silence_check(gpointer data)
{
	GpsSource *g = data;
	if (clock_boottime_ns() - g->last_report_ns > (g->reported ? SILENT_S : FIRST_REPORT_S) * NS_PER_S)
		source_set_lost(&g->base, "nothing new from the receiver",
				"nothing new from the receiver (gpsd at %s:%s runs): is it plugged in?", g->host, g->port);
	return G_SOURCE_CONTINUE;
}

static void connect_now(GpsSource *g)
{
	if (gps_open(g->host, g->port, &g->data) != 0) {
		source_set_lost(&g->base, "no gpsd", "no gpsd at %s:%s: start it (\"sudo systemctl start gpsd\"); trying again", g->host,
				g->port);
		retry_later(g);
		return;
	}
	g->connected = TRUE;
	g->reported = FALSE;
	g->last_report_ns = clock_boottime_ns();
	if (gps_stream(&g->data, WATCH_ENABLE | WATCH_JSON, NULL) != 0) {
		source_set_lost(&g->base, "gpsd refuses to report", "gpsd at %s:%s refuses to report; trying again", g->host, g->port);
		retry_later(g);
		return;
	}
	g->watch_id = g_unix_fd_add(g->data.gps_fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, g);
	g->silence_id = g_timeout_add_seconds(1, on_silence_check, g);
}

/* --- the class --- */

/* Not by its first letters: 127.example.org is somebody's server, and looking that name up would block. */
static gboolean is_local(const char *host)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
	return g_str_equal(host, "localhost") || (address && g_inet_address_get_is_loopback(address));
}

static Source *gps_new(const ConfigSource *config, GError **error)
{
	const char *colon = strrchr(config->address, ':');
	g_autofree char *host = colon ? g_strndup(config->address, (gsize)(colon - config->address)) : g_strdup(config->address);
	const char *port = colon ? colon + 1 : DEFAULT_GPSD_PORT;
	char *end = NULL;
	guint64 number = g_ascii_strtoull(port, &end, 10);
	if (!is_local(host) || *end != '\0' || number < 1 || number > G_MAXUINT16) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
			    "gps %s: \"%s\" is not HOST:PORT of a gpsd on this machine (such as localhost:2947); for one elsewhere use an "
			    "ssh tunnel",
			    config->name, config->address);
		return NULL;
	}
	GpsSource *g = g_new0(GpsSource, 1);
	g->receiver.source = &g->base;
	g->host = g_steal_pointer(&host);
	g->port = g_strdup(port);
	return &g->base;
}

static void gps_start(Source *source)
{
	connect_now((GpsSource *)source);
}

static gboolean on_stopped(gpointer data)
{
	GpsSource *g = data;
	g->stopped(&g->base, g->stopped_data);
	return G_SOURCE_REMOVE;
}

static void gps_stop(Source *source, SourceStopped stopped, gpointer user_data)
{
	GpsSource *g = (GpsSource *)source;
	disconnect_now(g);
	g_clear_handle_id(&g->retry_id, g_source_remove);
	g->stopped = stopped;
	g->stopped_data = user_data;
	g_idle_add(on_stopped, g);
}

static void gps_free(Source *source)
{
	GpsSource *g = (GpsSource *)source;
	g_free(g->host);
	g_free(g->port);
	g_free(g);
}

const SourceClass source_class_gpsd = {
	.type = "gpsd",
	.new = gps_new,
	.start = gps_start,
	.stop = gps_stop,
	.free = gps_free,
};
