/* The control socket: who finds it, what is answered, and that no client, however bad, takes more than its bounded share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "control.h"
#include "error.h"
#include "record/control_server.h"
#include "record/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME      "0123456789abcdef"
#define MANY      100
#define LONG_TEXT (1024 * 1024)

/* A recorder that answers, in a folder of its own. */
typedef struct {
	char *root, *folder; /* the sockets are in `folder`, which the server makes */
	const char *directory;
	gint64 running_ms;
	guint asked;
	ControlServer *server;
} Desk;

static GVariant *answer(const char *request, const char *text, gpointer data)
{
	Desk *desk = data;
	GVariantDict dict;
	if (!g_str_equal(request, "status") && !g_str_equal(request, "mark") && !g_str_equal(request, "long"))
		return NULL;
	desk->asked++;
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "directory", "s", desk->directory);
	g_variant_dict_insert(&dict, "running_ms", "x", desk->running_ms);
	g_variant_dict_insert(&dict, "text", "s", text);
	g_autofree char *padding = g_strnfill(LONG_TEXT, 'x');
	if (g_str_equal(request, "long"))
		g_variant_dict_insert(&dict, "padding", "s", padding);
	return g_variant_dict_end(&dict);
}

static void desk_open(Desk *desk, const char *name)
{
	g_autoptr(GError) error = NULL;
	desk->server = control_server_new(desk->folder, name, answer, desk);
	control_server_open(desk->server, &error);
	g_assert_no_error(error);
}

static Desk *desk_new(void)
{
	Desk *desk = g_new0(Desk, 1);
	desk->root = g_dir_make_tmp("jamlog-control-XXXXXX", NULL);
	desk->folder = g_build_filename(desk->root, "run", NULL);
	desk->directory = "/nonexistent/journal";
	desk_open(desk, NAME);
	return desk;
}

static void desk_free(Desk *desk)
{
	control_server_free(desk->server);
	g_rmdir(desk->folder);
	g_assert_cmpint(g_rmdir(desk->root), ==, 0); /* nothing is left behind */
	g_free(desk->folder);
	g_free(desk->root);
	g_free(desk);
}

/* --- asking as commands do, from a thread, for they block --- */

typedef struct {
	ControlTarget target;
	const char *request, *text;
	GVariant *got;
	guint others;
	GError *error;
	gint done;
} Question;

static gpointer ask(gpointer data)
{
	Question *q = data;
	q->got = control_ask(&q->target, q->request, q->text, &q->others, &q->error);
	g_atomic_int_set(&q->done, 1);
	g_main_context_wakeup(NULL);
	return NULL;
}

static void put(Question *q)
{
	GThread *thread = g_thread_new("ask", ask, q);
	while (!g_atomic_int_get(&q->done))
		g_main_context_iteration(NULL, TRUE);
	g_thread_join(thread);
}

static void question_clear(Question *q)
{
	g_clear_pointer(&q->got, g_variant_unref);
	g_clear_error(&q->error);
}

static void assert_answers(const Desk *desk)
{
	Question q = {.target.folder = desk->folder, .request = "status"};
	put(&q);
	g_assert_no_error(q.error);
	g_assert_nonnull(q.got);
	question_clear(&q);
}

static void assert_error(const Desk *desk, const char *request, JamlogError code, const char *words)
{
	Question q = {.target.folder = desk->folder, .request = request};
	put(&q);
	g_assert_error(q.error, JAMLOG_ERROR, (int)code);
	g_assert_nonnull(strstr(q.error->message, words));
	question_clear(&q);
}

/* --- asking as nobody should --- */

static int connect_raw(const Desk *desk)
{
	const int folder = open(desk->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int fd = control_socket_connect(folder, NAME ".sock");
	close(folder);
	g_assert_cmpint(fd, >=, 0);
	return fd;
}

/* Sends it all, and gives the line that comes back; "" where the connection was closed instead. Owned by the caller. */
static char *talk(int fd, const char *text, gsize length)
{
	g_autoptr(GString) line = g_string_new(NULL);
	char buffer[512];
	for (gsize sent = 0; sent < length || (sent == length && !strchr(line->str, '\n'));) {
		const ssize_t n = sent < length ? send(fd, text + sent, length - sent, MSG_NOSIGNAL) : 0;
		sent += n > 0 ? (gsize)n : 0;
		if (n < 0 && errno != EAGAIN)
			break;
		g_main_context_iteration(NULL, FALSE);
		const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
		g_string_append_len(line, buffer, MAX(got, 0));
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
	}
	close(fd);
	return g_strdup(line->str);
}

static gboolean is_closed(int fd)
{
	char byte;
	return recv(fd, &byte, 1, 0) == 0;
}

/* --- tests --- */

static void test_a_question_is_answered(void)
{
	Desk *desk = desk_new();
	Question q = {.target.folder = desk->folder, .request = "mark", .text = "crowd ~5000, \"quoted\" \\ ä €"};
	const char *text = NULL;
	put(&q);
	g_assert_no_error(q.error);
	g_assert_true(g_variant_lookup(q.got, "text", "&s", &text));
	g_assert_cmpstr(text, ==, q.text);
	g_assert_cmpuint(q.others, ==, 0);
	g_assert_cmpuint(desk->asked, ==, 1);
	question_clear(&q);
	desk_free(desk);
}

static void test_only_the_owner_may_reach_it(void)
{
	Desk *desk = desk_new();
	struct stat st;
	g_autofree char *path = g_build_filename(desk->folder, NAME ".sock", NULL);
	g_assert_cmpint(stat(desk->folder, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 07777, ==, 0700);
	g_assert_cmpint(stat(path, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 07777, ==, 0600);
	desk_free(desk);
}

static void test_a_folder_of_everybody_is_refused(void)
{
	Desk *desk = desk_new();
	g_autoptr(GError) error = NULL;
	ControlServer *second = control_server_new(desk->folder, "second", answer, desk);
	g_assert_cmpint(chmod(desk->folder, 0777), ==, 0);
	g_assert_false(control_server_open(second, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS);
	assert_error(desk, "status", JAMLOG_ERROR_ACCESS, "other users may write"); /* a stranger's answer would be believed */
	control_server_free(second);
	desk_free(desk);
}

static void test_nonsense_is_told_and_forgotten(void)
{
	static const struct {
		const char *line, *says;
	} lines[] = {
		{"\n", "no such request"},
		{" \n", "no such request"},
		{"GET / HTTP/1.1\r\n", "no such request"},
		{"statuses\n", "no such request"},
		{"status\r\n", "no such request"},
		{"mark \xff\xfe\n", "not UTF-8"},
	};
	Desk *desk = desk_new();
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *got = talk(connect_raw(desk), lines[i].line, strlen(lines[i].line));
		if (!strstr(got, "'error'") || !strstr(got, lines[i].says))
			g_error("%s: %s", lines[i].line, got);
	}
	g_autofree char *got = talk(connect_raw(desk), "mark a\0b\n", 9);
	g_assert_nonnull(strstr(got, "not UTF-8"));
	g_autofree char *full = g_strnfill(CONTROL_LINE_MAX, 'x');
	g_autofree char *cut = talk(connect_raw(desk), full, CONTROL_LINE_MAX);
	g_assert_nonnull(strstr(cut, "too long"));
	g_assert_cmpuint(desk->asked, ==, 0);
	assert_answers(desk);
	desk_free(desk);
}

static void test_a_request_without_end_is_cut_off(void)
{
	Desk *desk = desk_new();
	g_autofree char *text = g_strnfill(LONG_TEXT, 'x');
	const int fd = connect_raw(desk);
	/* All of it does not go into the socket: what counts is that the server neither keeps it nor waits for its end. */
	g_assert_cmpint(send(fd, text, LONG_TEXT, MSG_NOSIGNAL), >=, CONTROL_LINE_MAX);
	while (send(fd, text, 1, MSG_NOSIGNAL) > 0 || errno == EAGAIN)
		g_main_context_iteration(NULL, FALSE);
	g_assert_true(errno == EPIPE || errno == ECONNRESET);
	close(fd);
	assert_answers(desk);
	desk_free(desk);
}

static void test_many_clients_push_the_oldest_out(void)
{
	Desk *desk = desk_new();
	int fd[MANY];
	guint closed = 0;
	for (guint i = 0; i < MANY; i++) {
		fd[i] = connect_raw(desk);
		while (g_main_context_iteration(NULL, FALSE))
			;
	}
	for (guint i = 0; i < MANY; i++)
		closed += is_closed(fd[i]) ? 1 : 0;
	g_assert_cmpuint(closed, ==, MANY - CONTROL_CLIENTS_MAX);
	g_assert_true(is_closed(fd[0]) && !is_closed(fd[MANY - 1]));
	assert_answers(desk); /* for a real question there is always room */
	for (guint i = 0; i < MANY; i++)
		close(fd[i]);
	desk_free(desk);
}

static gboolean on_late(gpointer data)
{
	*(gboolean *)data = TRUE;
	return G_SOURCE_REMOVE;
}

static void test_one_that_never_reads_holds_nobody_up(void)
{
	static const char request[] = "long\n";
	Desk *desk = desk_new();
	const int fd = connect_raw(desk);
	g_assert_cmpint(send(fd, request, strlen(request), 0), ==, (ssize_t)strlen(request));
	while (desk->asked == 0)
		g_main_context_iteration(NULL, TRUE);
	for (guint i = 0; i < 3; i++)
		assert_answers(desk);
	/* And it does not stay for ever: what it reads after its deadline has an end, and not that of the answer. */
	gboolean late = FALSE;
	char buffer[65536];
	gsize received = 0;
	ssize_t n;
	g_timeout_add((CONTROL_CLIENT_DEADLINE_S + 1) * 1000, on_late, &late);
	while (!late)
		g_main_context_iteration(NULL, TRUE);
	while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0)
		received += (gsize)n;
	g_assert_cmpint(n, ==, 0);
	g_assert_cmpuint(received, <, LONG_TEXT);
	close(fd);
	desk_free(desk);
}

/* "The text was not recorded" was told to the person by then. */
static void test_a_question_that_was_given_up_is_not_acted_upon(void)
{
	static const char request[] = "mark late\n";
	Desk *desk = desk_new();
	const int fd = connect_raw(desk);
	g_assert_cmpint(send(fd, request, strlen(request), 0), >, 0);
	close(fd);
	while (g_main_context_iteration(NULL, FALSE))
		;
	assert_answers(desk);
	g_assert_cmpuint(desk->asked, ==, 1);
	desk_free(desk);
}

static void test_what_a_killed_recorder_left_is_removed(void)
{
	Desk *desk = desk_new();
	const int folder = open(desk->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int dead = control_socket_listen(folder, "dead", NULL);
	close(dead); /* as the kernel does it */
	g_assert_cmpint(faccessat(folder, "dead.sock", F_OK, 0), ==, 0);
	Desk second = {.folder = desk->folder, .directory = "/nonexistent/second"};
	desk_open(&second, "fedcba9876543210");
	g_assert_cmpint(faccessat(folder, "dead.sock", F_OK, 0), !=, 0);
	g_assert_cmpint(faccessat(folder, NAME ".sock", F_OK, 0), ==, 0); /* but never that of a living one */
	control_server_free(second.server);
	close(folder);
	assert_answers(desk);
	desk_free(desk);
}

static void test_no_recorder_is_no_data(void)
{
	Desk *desk = desk_new();
	control_server_free(g_steal_pointer(&desk->server));
	assert_error(desk, "status", JAMLOG_ERROR_NO_DATA, "no recorder is running");
	g_rmdir(desk->folder);
	assert_error(desk, "status", JAMLOG_ERROR_NO_DATA, "jamlog record");
	g_mkdir(desk->folder, 0700);
	const int folder = open(desk->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(control_socket_listen(folder, "dead", NULL));
	assert_error(desk, "status", JAMLOG_ERROR_NO_DATA, "KILLED");
	control_socket_unlink(folder, "dead");
	close(folder);
	desk_free(desk);
}

static void test_a_folder_that_was_taken_away_is_made_again(void)
{
	Desk *desk = desk_new();
	g_autofree char *path = g_build_filename(desk->folder, NAME ".sock", NULL);
	g_assert_cmpint(unlink(path), ==, 0);
	g_assert_cmpint(g_rmdir(desk->folder), ==, 0);
	assert_error(desk, "status", JAMLOG_ERROR_NO_DATA, "no recorder");
	g_assert_true(control_server_open(desk->server, NULL));
	assert_answers(desk);
	g_assert_cmpint(unlink(path), ==, 0);
	g_assert_true(control_server_open(desk->server, NULL));
	assert_answers(desk);
	g_autofree char *moved = g_build_filename(desk->root, "moved", NULL);
	g_autofree char *moved_path = g_build_filename(moved, NAME ".sock", NULL);
	g_assert_cmpint(g_rename(desk->folder, moved), ==, 0);
	g_assert_cmpint(g_mkdir(desk->folder, 0700), ==, 0); /* as at the next login */
	g_assert_true(control_server_open(desk->server, NULL));
	assert_answers(desk);
	unlink(moved_path);
	g_rmdir(moved);
	desk_free(desk);
}

static void test_a_long_path_is_no_obstacle(void)
{
	Desk *desk = desk_new();
	g_autofree char *part = g_strnfill(200, 'd');
	g_autofree char *parent = g_build_filename(desk->root, part, NULL);
	g_autofree char *folder = g_build_filename(parent, "run", NULL);
	Desk far = {.folder = folder, .directory = "/nonexistent/far"};
	desk_open(&far, NAME);
	assert_answers(&far);
	control_server_free(far.server);
	g_rmdir(folder);
	g_rmdir(parent);
	desk_free(desk);
}

static void assert_asked(const ControlTarget *target, const char *directory)
{
	Question q = {.target = *target, .request = "status"};
	const char *got = NULL;
	put(&q);
	g_assert_no_error(q.error);
	g_variant_lookup(q.got, "directory", "&s", &got);
	g_assert_cmpstr(got, ==, directory);
	g_assert_cmpuint(q.others, ==, 1);
	question_clear(&q);
}

static void test_of_two_the_last_started_or_the_named_one_is_asked(void)
{
	Desk *desk = desk_new();
	Desk second = {.folder = desk->folder, .directory = "/nonexistent/second", .running_ms = 5000};
	desk->running_ms = 60000;
	desk_open(&second, "fedcba9876543210");
	assert_asked(&(ControlTarget){.folder = desk->folder}, "/nonexistent/second");
	second.running_ms = 70000;
	assert_asked(&(ControlTarget){.folder = desk->folder}, desk->directory);
	assert_asked(&(ControlTarget){.folder = desk->folder, .directory = "/nonexistent/../nonexistent/second"}, "/nonexistent/second");
	Question q = {.target = {.folder = desk->folder, .directory = "/nonexistent/third"}, .request = "status"};
	put(&q);
	g_assert_error(q.error, JAMLOG_ERROR, JAMLOG_ERROR_NO_DATA);
	question_clear(&q);
	control_server_free(second.server);
	desk_free(desk);
}

static void assert_folder(const char *service, const char *session, const char *expected)
{
	g_unsetenv("RUNTIME_DIRECTORY");
	g_unsetenv("XDG_RUNTIME_DIR");
	if (service)
		g_setenv("RUNTIME_DIRECTORY", service, TRUE);
	if (session)
		g_setenv("XDG_RUNTIME_DIR", session, TRUE);
	g_autofree char *folder = control_folder();
	g_assert_cmpstr(folder, ==, expected);
}

static void test_both_ends_look_in_the_same_place(void)
{
	g_autofree char *home = g_build_filename(g_get_user_data_dir(), "jamlog", "run", NULL);
	assert_folder("/run/a", "/run/user/1000", "/run/a");
	assert_folder("/run/a:/run/b", NULL, "/run/a");
	assert_folder(NULL, "/run/user/1000", geteuid() == 0 ? "/run/jamlog" : "/run/user/1000/jamlog");
	assert_folder("relative", "relative", geteuid() == 0 ? "/run/jamlog" : home);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/control/a_question_is_answered", test_a_question_is_answered);
	g_test_add_func("/control/only_the_owner_may_reach_it", test_only_the_owner_may_reach_it);
	g_test_add_func("/control/a_folder_of_everybody_is_refused", test_a_folder_of_everybody_is_refused);
	g_test_add_func("/control/nonsense_is_told_and_forgotten", test_nonsense_is_told_and_forgotten);
	g_test_add_func("/control/a_request_without_end_is_cut_off", test_a_request_without_end_is_cut_off);
	g_test_add_func("/control/many_clients_push_the_oldest_out", test_many_clients_push_the_oldest_out);
	g_test_add_func("/control/one_that_never_reads_holds_nobody_up", test_one_that_never_reads_holds_nobody_up);
	g_test_add_func("/control/a_question_that_was_given_up_is_not_acted_upon", test_a_question_that_was_given_up_is_not_acted_upon);
	g_test_add_func("/control/what_a_killed_recorder_left_is_removed", test_what_a_killed_recorder_left_is_removed);
	g_test_add_func("/control/no_recorder_is_no_data", test_no_recorder_is_no_data);
	g_test_add_func("/control/a_folder_that_was_taken_away_is_made_again", test_a_folder_that_was_taken_away_is_made_again);
	g_test_add_func("/control/a_long_path_is_no_obstacle", test_a_long_path_is_no_obstacle);
	g_test_add_func("/control/of_two_the_last_started_or_the_named_one_is_asked",
			test_of_two_the_last_started_or_the_named_one_is_asked);
	g_test_add_func("/control/both_ends_look_in_the_same_place", test_both_ends_look_in_the_same_place);
	return g_test_run();
}
