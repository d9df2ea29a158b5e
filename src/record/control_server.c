/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/control_server.h"

#include "control.h"
#include "error.h"
#include "record/answer.h"
#include "record/control_socket.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_AGAIN_S 1 /* after all descriptors were in use */

struct ControlServer {
	char *folder, *name;
	int folder_fd, fd; /* -1: does not listen */
	ControlAnswer answer;
	gpointer user_data;
	guint accept_id, again_id;
	GPtrArray *clients; /* in the order in which they came */
};

typedef struct {
	ControlServer *server;
	int fd;
	guint watch_id, deadline_id;
	char line[CONTROL_LINE_MAX];
	gsize length;
	char *answer; /* NULL: the request has not come to its end yet */
	gsize answer_length, sent;
} Client;

GVariant *control_error(const char *message)
{
	GVariantBuilder answer;
	g_variant_builder_init(&answer, G_VARIANT_TYPE_VARDICT);
	answer_add(&answer, "error", "s", message);
	return g_variant_builder_end(&answer);
}

/* --- one client --- */

static void client_free(gpointer data)
{
	Client *client = data;
	g_clear_handle_id(&client->watch_id, g_source_remove);
	g_clear_handle_id(&client->deadline_id, g_source_remove);
	close(client->fd);
	g_free(client->answer);
	g_free(client);
}

static gboolean client_drop(Client *client)
{
	g_ptr_array_remove(client->server->clients, client);
	return G_SOURCE_REMOVE;
}

static gboolean on_deadline(gpointer data)
{
	Client *client = data;
	client->deadline_id = 0;
	return client_drop(client);
}

/* Ends the line's texts in place. */
static GVariant *make_answer(const ControlServer *server, char *line, gsize length)
{
	if (!g_utf8_validate(line, (gssize)length, NULL)) /* nor does it have a NUL then */
		return control_error("the request is not UTF-8");
	line[length] = '\0';
	char *space = strchr(line, ' ');
	if (space)
		*space = '\0';
	GVariant *answer = server->answer(line, space ? space + 1 : "", server->user_data);
	return answer ? answer : control_error("this recorder knows no such request");
}

static gboolean on_writable(G_GNUC_UNUSED gint fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
	Client *client = data;
	const ssize_t n = send(client->fd, client->answer + client->sent, client->answer_length - client->sent,
			       MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	client->sent += n > 0 ? (gsize)n : 0;
	if (n > 0 && client->sent < client->answer_length)
		return G_SOURCE_CONTINUE;
	client->watch_id = 0;
	return client_drop(client);
}

/* From the handler of the watch that read the request, which ends with it. */
static gboolean begin_answer(Client *client, GVariant *floating)
{
	g_autoptr(GVariant) answer = g_variant_ref_sink(floating);
	g_autofree char *text = g_variant_print(answer, FALSE);
	client->answer = g_strconcat(text, "\n", NULL);
	client->answer_length = strlen(client->answer);
	client->watch_id = g_unix_fd_add(client->fd, G_IO_OUT, on_writable, client);
	return G_SOURCE_REMOVE;
}

static gboolean on_readable(G_GNUC_UNUSED gint fd, GIOCondition condition, gpointer data)
{
	Client *client = data;
	if (condition & G_IO_HUP) { /* it has given up, and has told the person that nothing was done */
		client->watch_id = 0;
		return client_drop(client);
	}
	const ssize_t n = recv(client->fd, client->line + client->length, sizeof client->line - client->length, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n <= 0) {
		client->watch_id = 0;
		return client_drop(client);
	}
	char *newline = memchr(client->line + client->length, '\n', (gsize)n);
	client->length += (gsize)n;
	if (newline)
		return begin_answer(client, make_answer(client->server, client->line, (gsize)(newline - client->line)));
	if (client->length == sizeof client->line)
		return begin_answer(client, control_error("the request is too long"));
	return G_SOURCE_CONTINUE;
}

/* --- all of them --- */

static gboolean on_connection(gint fd, GIOCondition condition, gpointer data);

static gboolean on_listen_again(gpointer data)
{
	ControlServer *server = data;
	server->again_id = 0;
	server->accept_id = g_unix_fd_add(server->fd, G_IO_IN, on_connection, server);
	return G_SOURCE_REMOVE;
}

static void take_client(ControlServer *server, int fd)
{
	if (server->clients->len == CONTROL_CLIENTS_MAX)
		client_drop(g_ptr_array_index(server->clients, 0));
	Client *client = g_new0(Client, 1);
	client->server = server;
	client->fd = fd;
	client->watch_id = g_unix_fd_add(fd, G_IO_IN, on_readable, client);
	client->deadline_id = g_timeout_add_seconds(CONTROL_CLIENT_DEADLINE_S, on_deadline, client);
	g_ptr_array_add(server->clients, client);
}

/* One at a time: between two of them the sources have their turn. */
static gboolean on_connection(gint listening_fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
	ControlServer *server = data;
	const int fd = accept4(listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
		return G_SOURCE_CONTINUE;
	if (fd < 0) { /* the connection stays, and would call us again at once, for ever */
		server->accept_id = 0;
		server->again_id = g_timeout_add_seconds(LISTEN_AGAIN_S, on_listen_again, server);
		return G_SOURCE_REMOVE;
	}
	if (control_socket_peer(fd, NULL))
		take_client(server, fd);
	else
		close(fd);
	return G_SOURCE_CONTINUE;
}

static void remove_dead(int folder_fd)
{
	g_auto(GStrv) names = control_folder_names(folder_fd);
	for (guint i = 0; names[i]; i++) {
		const int fd = control_socket_connect(folder_fd, names[i]);
		if (fd >= 0)
			close(fd);
		else if (errno == ECONNREFUSED)
			unlinkat(folder_fd, names[i], 0);
	}
}

static void close_socket(ControlServer *server)
{
	g_clear_handle_id(&server->accept_id, g_source_remove);
	g_clear_handle_id(&server->again_id, g_source_remove);
	if (server->fd >= 0)
		close(server->fd);
	if (server->folder_fd >= 0)
		close(server->folder_fd);
	server->fd = server->folder_fd = -1;
}

gboolean control_server_open(ControlServer *server, GError **error)
{
	if (server->fd >= 0 && control_socket_in_place(server->folder_fd, server->folder, server->name))
		return TRUE;
	close_socket(server);
	server->folder_fd = control_folder_open(server->folder, TRUE, error);
	if (server->folder_fd < 0)
		return FALSE;
	remove_dead(server->folder_fd);
	server->fd = control_socket_listen(server->folder_fd, server->name, error);
	if (server->fd < 0) {
		g_prefix_error(error, "in %s: ", server->folder);
		close_socket(server);
		return FALSE;
	}
	server->accept_id = g_unix_fd_add(server->fd, G_IO_IN, on_connection, server);
	return TRUE;
}

ControlServer *control_server_new(const char *folder, const char *name, ControlAnswer answer, gpointer user_data)
{
	ControlServer *server = g_new0(ControlServer, 1);
	server->folder = g_strdup(folder);
	server->name = g_strdup(name);
	server->folder_fd = server->fd = -1;
	server->answer = answer;
	server->user_data = user_data;
	server->clients = g_ptr_array_new_with_free_func(client_free);
	return server;
}

void control_server_free(ControlServer *server)
{
	if (!server)
		return;
	if (server->folder_fd >= 0)
		control_socket_unlink(server->folder_fd, server->name);
	g_ptr_array_unref(server->clients);
	close_socket(server);
	g_free(server->folder);
	g_free(server->name);
	g_free(server);
}
