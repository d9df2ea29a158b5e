/* The asking end. It may block: only commands use it, never the recorder.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "control.h"

#include "clock.h"
#include "error.h"
#include "record/control_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX (1024 * 1024)

/* A recorder that was found. */
typedef struct {
	char *file_name; /* of its socket */
	int fd;          /* connected, good for one question */
} Recorder;

static void recorder_free(gpointer data)
{
	Recorder *recorder = data;
	close(recorder->fd);
	g_free(recorder->file_name);
	g_free(recorder);
}

/* --- one question --- */

static gboolean wait_for(int fd, short events, gint64 deadline_ns)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	for (;;) {
		const gint64 left_ns = deadline_ns - clock_boottime_ns();
		const int n = left_ns > 0 ? poll(&poll_fd, 1, (int)(left_ns / NS_PER_MS) + 1) : 0;
		if (n > 0)
			return TRUE;
		if (n == 0 || errno != EINTR)
			return FALSE;
	}
}

static gboolean send_line(int fd, const char *line, gint64 deadline_ns)
{
	for (gsize sent = 0, length = strlen(line); sent < length;) {
		if (!wait_for(fd, POLLOUT, deadline_ns))
			return FALSE;
		const ssize_t n = send(fd, line + sent, length - sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return FALSE;
		sent += n > 0 ? (gsize)n : 0;
	}
	return TRUE;
}

static gboolean receive_line(int fd, GString *line, gint64 deadline_ns)
{
	char buffer[4096];
	while (line->len == 0 || line->str[line->len - 1] != '\n') {
		if (line->len > ANSWER_MAX || !wait_for(fd, POLLIN, deadline_ns))
			return FALSE;
		const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return FALSE;
		g_string_append_len(line, buffer, MAX(n, 0));
	}
	return TRUE;
}

static GVariant *ask(int fd, const char *request, const char *words, GError **error)
{
	pid_t pid = 0;
	const char *message;
	g_autofree char *line = g_strconcat(request, words ? " " : "", words ? words : "", "\n", NULL);
	g_autoptr(GString) answered = g_string_new(NULL);
	const gint64 deadline_ns = clock_boottime_ns() + CONTROL_TIMEOUT_S * NS_PER_S;
	if (!control_socket_peer(fd, &pid) && geteuid() != 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS, "the recorder there (process %d) is another user's", (int)pid);
		return NULL;
	}
	if (!send_line(fd, line, deadline_ns) || !receive_line(fd, answered, deadline_ns)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_TIMEOUT,
			    "the recorder (process %d) RUNS BUT DOES NOT ANSWER: it was stopped, or its disk holds it up", (int)pid);
		return NULL;
	}
	g_autoptr(GVariant) answer = NULL;
	if (g_utf8_validate(answered->str, (gssize)answered->len, NULL))
		answer = g_variant_parse(G_VARIANT_TYPE_VARDICT, answered->str, NULL, NULL, NULL);
	if (!answer) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
			    "the recorder (process %d) answers nonsense: is it of another version?", (int)pid);
		return NULL;
	}
	if (g_variant_lookup(answer, "error", "&s", &message)) {
		g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED, message);
		return NULL;
	}
	return g_steal_pointer(&answer);
}

/* --- which recorder --- */

/* *ret_dead: there are sockets of recorders that were killed. *ret_stuck: of one that lives and takes nobody in any more. */
static GPtrArray *find_living(int folder_fd, gboolean *ret_dead, gboolean *ret_stuck)
{
	GPtrArray *living = g_ptr_array_new_with_free_func(recorder_free);
	g_auto(GStrv) names = control_folder_names(folder_fd);
	*ret_dead = *ret_stuck = FALSE;
	for (guint i = 0; names[i]; i++) {
		const int fd = control_socket_connect(folder_fd, names[i]);
		*ret_dead |= fd < 0 && errno == ECONNREFUSED;
		*ret_stuck |= fd < 0 && errno == EAGAIN;
		if (fd < 0)
			continue;
		Recorder *recorder = g_new0(Recorder, 1);
		recorder->file_name = g_strdup(names[i]);
		recorder->fd = fd;
		g_ptr_array_add(living, recorder);
	}
	return living;
}

static gboolean is_same_folder(const char *a, const char *b)
{
	char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);
	g_autofree char *full_a = g_canonicalize_filename(real_a ? real_a : a, NULL);
	g_autofree char *full_b = g_canonicalize_filename(real_b ? real_b : b, NULL);
	free(real_a);
	free(real_b);
	return g_str_equal(full_a, full_b);
}

/* The one that was started last, among those of the directory. One that does not answer may be the very one that is meant. */
static const Recorder *choose(const GPtrArray *living, const char *directory, GError **error)
{
	const Recorder *chosen = NULL;
	gint64 least_ms = G_MAXINT64;
	g_autoptr(GError) silence = NULL;
	for (guint i = 0; i < living->len; i++) {
		const Recorder *recorder = g_ptr_array_index(living, i);
		const char *its_directory = "";
		gint64 running_ms = 0;
		g_autoptr(GVariant) status = ask(recorder->fd, "status", NULL, silence ? NULL : &silence);
		if (!status)
			continue;
		g_variant_lookup(status, "directory", "&s", &its_directory);
		g_variant_lookup(status, "running_ms", "x", &running_ms);
		if (running_ms >= least_ms || (directory && !is_same_folder(directory, its_directory)))
			continue;
		least_ms = running_ms;
		chosen = recorder;
	}
	if (silence && (!directory || !chosen)) {
		g_propagate_error(error, g_steal_pointer(&silence));
		return NULL;
	}
	if (!chosen)
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_DATA, "no recorder is running that writes to %s, but %u other%s",
			    directory, living->len, living->len == 1 ? "" : "s");
	return chosen;
}

static void set_none(GError **error, const char *folder, gboolean dead)
{
	const gboolean is_root = geteuid() == 0;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_DATA,
		    "no recorder is running (looked in %s)%s: start one with \"jamlog record\"%s", folder,
		    dead ? "; the last one was KILLED and did not end in order" : "",
		    is_root ? "" : "; one of the system's or of root's is asked with \"sudo jamlog\"");
}

static GVariant *ask_chosen(const GPtrArray *living, int folder_fd, const char *directory, const char *request,
			     const char *text, GError **error)
{
	const Recorder *first = g_ptr_array_index(living, 0);
	if (living->len == 1 && !directory)
		return ask(first->fd, request, text, error);
	const Recorder *chosen = choose(living, directory, error);
	if (!chosen)
		return NULL;
	const int fd = control_socket_connect(folder_fd, chosen->file_name);
	if (fd < 0) {
		error_set_errno(error, errno, "the recorder has just gone");
		return NULL;
	}
	GVariant *answer = ask(fd, request, text, error);
	close(fd);
	return answer;
}

GVariant *control_ask(const ControlTarget *target, const char *request, const char *text, guint *ret_others, GError **error)
{
	gboolean dead = FALSE, stuck = FALSE;
	g_autoptr(GError) folder_error = NULL;
	g_autofree char *folder = target->folder ? g_strdup(target->folder) : control_folder();
	const int folder_fd = control_folder_open(folder, FALSE, &folder_error);
	if (folder_fd < 0 && !g_error_matches(folder_error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&folder_error));
		return NULL;
	}
	g_autoptr(GPtrArray) living = folder_fd < 0 ? g_ptr_array_new() : find_living(folder_fd, &dead, &stuck);
	GVariant *answer = NULL;
	if (living->len > 0)
		answer = ask_chosen(living, folder_fd, target->directory, request, text, error);
	else if (stuck)
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_TIMEOUT,
			    "a recorder RUNS BUT DOES NOT ANSWER: it was stopped, or its disk or a modem holds it up");
	else
		set_none(error, folder, dead);
	if (ret_others)
		*ret_others = MAX(living->len, 1) - 1;
	if (folder_fd >= 0)
		close(folder_fd);
	return answer;
}
