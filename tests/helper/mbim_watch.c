/* mbim_watch.c - waits for notifications of an MBIM modem and prints them, as libmbim understands them, for tests.
 *
 * Usage: mbim_watch PATH MBIMEX SUBSCRIBE
 *	MBIMEX     1, 2 or 3: the version to agree on
 *	SUBSCRIBE  none (what the modem notifies by itself), all (of Basic Connect and Microsoft's extensions), or
 *	           radio (of the radio state alone)
 *
 * Prints "ready", then each notification: a line "SERVICE CID", its fields a line each, and an empty line. Ends with its
 * standard input, and closes the modem then.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib-unix.h>
#include <libmbim-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_S 10

typedef struct {
	GMainLoop *loop;
	MbimDevice *device;
	guint8 mbimex;
	const char *subscribe;
	int status;
} Watch;

static void fail(Watch *watch, const char *what, const GError *error)
{
	fprintf(stderr, "mbim_watch: %s: %s\n", what, error->message);
	watch->status = 1;
	g_main_loop_quit(watch->loop);
}

static void on_indication(G_GNUC_UNUSED MbimDevice *device, MbimMessage *message, gpointer user_data)
{
	Watch *watch = user_data;
	g_autofree char *text = mbim_message_get_printable_full(message, watch->mbimex, 0, "", FALSE, NULL);
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	printf("%s %u\n", mbim_service_get_string(mbim_message_indicate_status_get_service(message)),
	       mbim_message_indicate_status_get_cid(message));
	for (char **line = lines; *line; line++)
		if (strstr(*line, " = "))
			printf("%s\n", g_strstrip(*line));
	printf("\n");
	fflush(stdout);
}

static void say_ready(void)
{
	printf("ready\n");
	fflush(stdout);
}

static void on_subscribed(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(MbimMessage) answer = mbim_device_command_finish(MBIM_DEVICE(source), result, &error);
	if (!answer || !mbim_message_response_get_result(answer, MBIM_MESSAGE_TYPE_COMMAND_DONE, &error))
		fail(user_data, "cannot subscribe", error);
	else
		say_ready();
}

static void subscribe(Watch *watch)
{
	guint32 radio_cid = MBIM_CID_BASIC_CONNECT_RADIO_STATE;
	gboolean radio = g_str_equal(watch->subscribe, "radio");
	MbimEventEntry basic = {.cids_count = radio ? 1 : 0, .cids = &radio_cid}, extensions = {.cids_count = 0};
	const MbimEventEntry *entries[] = {&basic, &extensions, NULL};
	basic.device_service_id = *mbim_uuid_from_service(MBIM_SERVICE_BASIC_CONNECT);
	extensions.device_service_id = *mbim_uuid_from_service(MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS);
	g_autoptr(MbimMessage) request =
		mbim_message_device_service_subscribe_list_set_new(radio ? 1 : 2, (const MbimEventEntry *const *)entries, NULL);
	mbim_device_command(watch->device, request, TIMEOUT_S, NULL, on_subscribed, watch);
}

static void on_open(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Watch *watch = user_data;
	g_autoptr(GError) error = NULL;
	if (!mbim_device_open_full_finish(MBIM_DEVICE(source), result, &error)) {
		fail(watch, "cannot open", error);
		return;
	}
	g_signal_connect(watch->device, MBIM_DEVICE_SIGNAL_INDICATE_STATUS, G_CALLBACK(on_indication), watch);
	if (g_str_equal(watch->subscribe, "none"))
		say_ready();
	else
		subscribe(watch);
}

static void on_new(G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
	Watch *watch = user_data;
	g_autoptr(GError) error = NULL;
	MbimDeviceOpenFlags flags = watch->mbimex == 3 ? MBIM_DEVICE_OPEN_FLAGS_MS_MBIMEX_V3 :
				    watch->mbimex == 2 ? MBIM_DEVICE_OPEN_FLAGS_MS_MBIMEX_V2 :
							 MBIM_DEVICE_OPEN_FLAGS_NONE;
	watch->device = mbim_device_new_finish(result, &error);
	if (!watch->device)
		fail(watch, "no device", error);
	else
		mbim_device_open_full(watch->device, flags, TIMEOUT_S, NULL, on_open, watch);
}

static void on_closed(G_GNUC_UNUSED GObject *source, G_GNUC_UNUSED GAsyncResult *result, gpointer user_data)
{
	g_main_loop_quit(((Watch *)user_data)->loop);
}

static gboolean close_device(gpointer user_data)
{
	mbim_device_close(((Watch *)user_data)->device, TIMEOUT_S, NULL, on_closed, user_data);
	return G_SOURCE_REMOVE;
}

/* libmbim hands notifications on from idle sources: those that came before this answer are to be seen yet. */
static void on_last_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(MbimMessage) answer = mbim_device_command_finish(MBIM_DEVICE(source), result, NULL);
	g_idle_add_full(G_PRIORITY_LOW, close_device, user_data, NULL);
}

static gboolean on_end_of_input(G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
	Watch *watch = user_data;
	g_autoptr(MbimMessage) request = mbim_message_radio_state_query_new(NULL);
	mbim_device_command(watch->device, request, TIMEOUT_S, NULL, on_last_answer, watch);
	return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: mbim_watch PATH MBIMEX SUBSCRIBE\n");
		return 2;
	}
	Watch watch = {.loop = g_main_loop_new(NULL, FALSE), .mbimex = (guint8)atoi(argv[2]), .subscribe = argv[3]};
	g_autoptr(GFile) file = g_file_new_for_path(argv[1]);
	mbim_device_new(file, NULL, on_new, &watch);
	g_unix_fd_add(STDIN_FILENO, G_IO_HUP | G_IO_ERR, on_end_of_input, &watch);
	g_main_loop_run(watch.loop);
	g_clear_object(&watch.device);
	g_main_loop_unref(watch.loop);
	return watch.status;
}
