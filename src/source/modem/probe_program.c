/* See probe_program.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/probe_program.h"

#include "bytes.h"
#include "error.h"
#include "probe.h"

#include <gio/gio.h>

struct ProbeProgram {
	GSubprocess *process;
	const char *source;
	const ProbeHost *host;
	gpointer user_data;
	GCancellable *cancellable;
	GInputStream *from;
	GOutputStream *to;
	guint asked;       /* and not answered yet */
	guint8 head[PROBE_HEAD_SIZE], payload[PROBE_PAYLOAD_MAX + 1];
	gsize length;      /* of the payload */
};

static void read_head(ProbeProgram *p);

/* --- where it is --- */

/* Beside the running program, where it is built and installed. */
static char *find_program(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = self ? g_path_get_dirname(self) : g_strdup(".");
	return g_build_filename(folder, PROBE_PROGRAM, NULL);
}

/* --- what it says --- */

static void fail(ProbeProgram *p)
{
	const ProbeResult result = {.reason = "prober ended",
				    .sentence = "the prober ended by itself; it is started again for the next round"};
	if (p->asked == 0)
		return;
	p->asked = 0;
	p->host->done(p->user_data, &result);
}

static void take_observation(ProbeProgram *p)
{
	Observation o, now;
	if (observation_decode(p->payload, p->length, &o) != OBSERVATION_OK || o.kind != OBSERVATION_PROBE)
		return;
	observation_init(&now, OBSERVATION_PROBE, p->source);
	o.sequence = 0;
	o.at = now.at;
	memcpy(o.source, now.source, sizeof o.source);
	p->host->observed(p->user_data, &o);
}

static void take_done(ProbeProgram *p)
{
	char sentence[512];
	const char *told;
	ProbeResult result = {0};
	p->payload[p->length] = '\0';
	g_autoptr(GVariant) answer = g_variant_parse(G_VARIANT_TYPE_VARDICT, (const char *)p->payload, NULL, NULL, NULL);
	if (!answer || p->asked == 0)
		return;
	g_variant_lookup(answer, "ok", "b", &result.ok);
	g_variant_lookup(answer, "rx_bytes", "t", &result.rx_bytes);
	g_variant_lookup(answer, "tx_bytes", "t", &result.tx_bytes);
	g_variant_lookup(answer, "rx_packets", "t", &result.rx_packets);
	g_variant_lookup(answer, "tx_packets", "t", &result.tx_packets);
	if (!g_variant_lookup(answer, "reason", "&s", &result.reason))
		result.reason = "prober failed";
	if (!g_variant_lookup(answer, "sentence", "&s", &told))
		told = "the prober failed without a reason";
	observation_copy_text(sentence, sizeof sentence, told); /* for a terminal: no control characters */
	result.sentence = sentence;
	p->asked--;
	p->host->done(p->user_data, &result); /* the last thing here: it may free us */
}

static void on_payload(GObject *object, GAsyncResult *result, gpointer data)
{
	gsize n;
	g_autoptr(GError) error = NULL;
	const gboolean ok = g_input_stream_read_all_finish(G_INPUT_STREAM(object), result, &n, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	ProbeProgram *p = data;
	if (!ok || n < p->length) {
		fail(p);
		return;
	}
	const guint8 type = p->head[0];
	read_head(p); /* first: what follows may free us */
	if (type == PROBE_OBSERVATION)
		take_observation(p);
	else if (type == PROBE_DONE)
		take_done(p);
}

static void on_head(GObject *object, GAsyncResult *result, gpointer data)
{
	gsize n;
	g_autoptr(GError) error = NULL;
	const gboolean ok = g_input_stream_read_all_finish(G_INPUT_STREAM(object), result, &n, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	ProbeProgram *p = data;
	ByteReader r = byte_reader_init(p->head + 1, sizeof p->head - 1);
	p->length = byte_reader_u32(&r);
	if (!ok || n < sizeof p->head || p->length > PROBE_PAYLOAD_MAX) {
		fail(p);
		return;
	}
	g_input_stream_read_all_async(p->from, p->payload, p->length, G_PRIORITY_DEFAULT, p->cancellable, on_payload, p);
}

static void read_head(ProbeProgram *p)
{
	g_input_stream_read_all_async(p->from, p->head, sizeof p->head, G_PRIORITY_DEFAULT, p->cancellable, on_head, p);
}

/* --- what it is asked --- */

/* A prober that does not read any more ends, and so does our reading from it. */
static void on_written(GObject *object, GAsyncResult *result, gpointer data)
{
	g_autoptr(GBytes) line = data;
	g_output_stream_write_all_finish(G_OUTPUT_STREAM(object), result, NULL, NULL);
}

static void ask(ProbeProgram *p, GVariantBuilder *request)
{
	g_autoptr(GVariant) variant = g_variant_ref_sink(g_variant_builder_end(request));
	g_autofree char *text = g_variant_print(variant, FALSE);
	char *line = g_strconcat(text, "\n", NULL);
	GBytes *bytes = g_bytes_new_take(line, strlen(line));
	p->asked++;
	g_output_stream_write_all_async(p->to, line, g_bytes_get_size(bytes), G_PRIORITY_DEFAULT, p->cancellable, on_written, bytes);
}

static GVariantBuilder *begin(GVariantBuilder *request, const char *what)
{
	g_variant_builder_init(request, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(request, "{sv}", "do", g_variant_new_string(what));
	return request;
}

static void add_list(GVariantBuilder *request, const char *key, char *const *list)
{
	g_variant_builder_add(request, "{sv}", key, g_variant_new_strv((const char *const *)list, -1));
}

void probe_program_setup(ProbeProgram *p, const char *interface, gboolean own, const ModemBearer *bearer)
{
	GVariantBuilder request;
	begin(&request, "setup");
	g_variant_builder_add(&request, "{sv}", "interface", g_variant_new_string(interface));
	g_variant_builder_add(&request, "{sv}", "own", g_variant_new_boolean(own));
	add_list(&request, "addresses", bearer->addresses);
	add_list(&request, "gateways", bearer->gateways);
	add_list(&request, "resolvers", bearer->resolvers);
	g_variant_builder_add(&request, "{sv}", "mtu", g_variant_new_uint32(bearer->mtu));
	ask(p, &request);
}

void probe_program_round(ProbeProgram *p, guint32 number, guint32 attempt, guint64 budget)
{
	GVariantBuilder request;
	begin(&request, "round");
	g_variant_builder_add(&request, "{sv}", "number", g_variant_new_uint32(number));
	g_variant_builder_add(&request, "{sv}", "attempt", g_variant_new_uint32(attempt));
	g_variant_builder_add(&request, "{sv}", "budget", g_variant_new_uint64(budget));
	ask(p, &request);
}

void probe_program_down(ProbeProgram *p)
{
	GVariantBuilder request;
	ask(p, begin(&request, "down"));
}

gboolean probe_program_is_busy(const ProbeProgram *p)
{
	return p->asked > 0;
}

/* --- its life --- */

ProbeProgram *probe_program_new(char *const *targets, const char *source, const ProbeHost *host, gpointer user_data, GError **error)
{
	g_autofree char *program = find_program();
	g_autoptr(GStrvBuilder) arguments = g_strv_builder_new();
	g_strv_builder_add(arguments, program);
	for (guint i = 0; targets && targets[i]; i++)
		g_strv_builder_add_many(arguments, "--targets", targets[i], NULL);
	g_auto(GStrv) argv = g_strv_builder_end(arguments);
	GSubprocess *process = g_subprocess_newv((const char *const *)argv, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
						 error);
	if (!process)
		return NULL;
	ProbeProgram *p = g_new0(ProbeProgram, 1);
	p->process = process;
	p->source = source;
	p->host = host;
	p->user_data = user_data;
	p->cancellable = g_cancellable_new();
	p->from = g_subprocess_get_stdout_pipe(process);
	p->to = g_subprocess_get_stdin_pipe(process);
	read_head(p);
	return p;
}

void probe_program_kill(ProbeProgram *p)
{
	g_subprocess_force_exit(p->process);
}

void probe_program_free(ProbeProgram *p)
{
	if (!p)
		return;
	g_cancellable_cancel(p->cancellable);
	g_output_stream_close(p->to, NULL, NULL);
	g_object_unref(p->process);
	g_object_unref(p->cancellable);
	g_free(p);
}
