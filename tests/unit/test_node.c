/* A modem's control node: what is none is never opened for writing, and jamlogs tell one another that they have it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/node.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static NodeState try(const char *path, gboolean shared, int *ret_lock, const char **ret_reason)
{
	g_autofree char *sentence = NULL;
	*ret_reason = NULL;
	const NodeState state = modem_node_try(path, shared, ret_lock, &sentence, ret_reason);
	g_assert_true((state == NODE_FREE) == (sentence == NULL));
	return state;
}

static void expect(const char *path, NodeState state, const char *reason)
{
	int lock;
	const char *got;
	g_assert_cmpint(try(path, FALSE, &lock, &got), ==, state);
	g_assert_cmpstr(got, ==, reason);
	g_assert_cmpint(lock, ==, -1);
}

static void test_what_is_no_modem_is_left_alone(void)
{
	g_autofree char *file = NULL;
	int fd = g_file_open_tmp("jamlog-test-XXXXXX", &file, NULL);
	expect(file, NODE_REFUSED, "no modem");
	expect("/dev/null", NODE_REFUSED, "no modem");
	expect(g_get_tmp_dir(), NODE_REFUSED, "no modem");
	expect("/nonexistent/modem", NODE_ABSENT, "no device");
	g_unlink(file);
	close(fd);
}

/* A pair whose other end has the given local modes. */
static char *open_pty(int *ret_master, gboolean raw)
{
	struct termios tio;
	char path[64];
	*ret_master = posix_openpt(O_RDWR | O_NOCTTY);
	g_assert_cmpint(grantpt(*ret_master), ==, 0);
	g_assert_cmpint(unlockpt(*ret_master), ==, 0);
	g_assert_cmpint(ptsname_r(*ret_master, path, sizeof path), ==, 0);
	if (raw) {
		g_assert_cmpint(tcgetattr(*ret_master, &tio), ==, 0);
		cfmakeraw(&tio);
		g_assert_cmpint(tcsetattr(*ret_master, TCSANOW, &tio), ==, 0);
	}
	return g_strdup(path);
}

static void test_a_terminal_is_no_modem(void)
{
	int master;
	g_autofree char *path = open_pty(&master, FALSE);
	expect(path, NODE_REFUSED, "no modem");
	close(master);
}

static void test_sole_and_shared_use_keep_apart(void)
{
	int master, first, second, third;
	const char *reason;
	g_autofree char *path = open_pty(&master, TRUE);
	g_assert_cmpint(try(path, FALSE, &first, &reason), ==, NODE_FREE);
	g_assert_cmpint(try(path, FALSE, &second, &reason), ==, NODE_REFUSED);
	g_assert_cmpstr(reason, ==, "device in use");
	if (geteuid() == 0) {
		g_assert_cmpint(try(path, TRUE, &second, &reason), ==, NODE_REFUSED);
		close(first);
		g_assert_cmpint(try(path, TRUE, &first, &reason), ==, NODE_FREE);
		g_assert_cmpint(try(path, TRUE, &second, &reason), ==, NODE_FREE); /* that is what sharing is */
		g_assert_cmpint(try(path, FALSE, &third, &reason), ==, NODE_REFUSED);
		close(second);
	}
	close(first);
	close(master);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/node/what_is_no_modem_is_left_alone", test_what_is_no_modem_is_left_alone);
	g_test_add_func("/node/a_terminal_is_no_modem", test_a_terminal_is_no_modem);
	g_test_add_func("/node/sole_and_shared_use_keep_apart", test_sole_and_shared_use_keep_apart);
	return g_test_run();
}
