/* The configuration: defaults, what files say, which mistakes are refused and with which line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "error.h"

#include <glib/gstdio.h>
#include <unistd.h>

static Config *load(const char *text, GError **error)
{
	g_autofree char *path = NULL;
	Config *config = config_new();
	int fd = g_file_open_tmp("jamlog-test-XXXXXX.conf", &path, NULL);
	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	gboolean ok = config_load(config, path, error);
	g_unlink(path);
	g_assert_cmpint(ok, ==, error == NULL || *error == NULL);
	return config;
}

static void assert_refused(const char *text, const char *place, const char *reason)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Config) config = load(text, &error);
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	if (!strstr(error->message, place) || !strstr(error->message, reason))
		g_error("\"%s\" names not both \"%s\" and \"%s\"", error->message, place, reason);
}

static const ConfigSource *source(const Config *config, guint i)
{
	g_assert_cmpuint(i, <, config->sources->len);
	return g_ptr_array_index(config->sources, i);
}

static void test_every_key_has_a_default(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Config) config = load("", &error);
	g_assert_no_error(error);
	g_assert_cmpuint(config->interval_ms, ==, 1000);
	g_assert_cmpuint(config->segment_size, ==, 16 * 1024 * 1024);
	g_assert_true(g_path_is_absolute(config->directory) && g_path_is_absolute(config->state_directory));
	g_assert_cmpuint(config->sources->len, ==, 0);
}

static void test_a_whole_file(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Config) config = load("[record]\ndirectory = /tmp/j\ninterval = 0.5s\nsegment-size = 4\n"
					"[modem a]\ndevice = /dev/cdc-wdm0\n"
					"[modem b]\ndevice = /dev/cdc-wdm1\nprotocol = qmi\nproxy = yes\n"
					"[gps main]\n[gps other]\ngpsd = 127.0.0.1:2948\n",
					&error);
	g_assert_no_error(error);
	g_assert_cmpstr(config->directory, ==, "/tmp/j");
	g_assert_cmpuint(config->interval_ms, ==, 500);
	g_assert_cmpuint(config->segment_size, ==, 4 * 1024 * 1024);
	g_assert_cmpuint(config->sources->len, ==, 4);
	g_assert_cmpstr(source(config, 0)->name, ==, "a");
	g_assert_cmpstr(source(config, 0)->type, ==, "modem");
	g_assert_cmpstr(source(config, 0)->address, ==, "/dev/cdc-wdm0");
	g_assert_false(source(config, 0)->proxy);
	g_assert_true(source(config, 1)->proxy);
	g_assert_cmpstr(source(config, 2)->type, ==, "gpsd");
	g_assert_cmpstr(source(config, 2)->address, ==, "localhost:2947");
	g_assert_cmpstr(source(config, 3)->address, ==, "127.0.0.1:2948");
}

static void test_data_sessions(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Config) defaults = load("[modem a]\ndevice = /dev/x\n", NULL);
	g_autoptr(Config) config = load("[record]\nmode = probe\n[session]\nevery = 5m\nhold = 0s\nmin-rsrp = -110\n"
					"[probe]\ntargets = /etc/a.conf; /etc/b.conf\nhour-bytes = 1000\nday-bytes = 0\n"
					"[modem a]\ndevice = /dev/x\napn = internet\nip = ipv4\nsession = observe\ninterface = wwan7\n",
					&error);
	g_assert_no_error(error);
	g_assert_cmpint(defaults->mode, ==, MODE_SESSION);
	g_assert_cmpint(source(defaults, 0)->session, ==, TAKE_AUTO);
	g_assert_cmpint(source(defaults, 0)->family, ==, SESSION_DUAL);
	g_assert_null(source(defaults, 0)->apn);
	g_assert_null(defaults->targets);
	g_assert_cmpint(config->mode, ==, MODE_PROBE);
	g_assert_cmpuint(config->session_every_ms, ==, 300000);
	g_assert_cmpuint(config->session_hold_ms, ==, 0);
	g_assert_cmpint(config->session_min_rsrp_dbm, ==, -110);
	g_assert_cmpuint(g_strv_length(config->targets), ==, 2);
	g_assert_cmpstr(config->targets[1], ==, "/etc/b.conf");
	g_assert_cmpuint(config->hour_bytes, ==, 1000);
	g_assert_cmpuint(config->day_bytes, ==, 0);
	g_assert_cmpstr(source(config, 0)->apn, ==, "internet");
	g_assert_cmpstr(source(config, 0)->interface, ==, "wwan7");
	g_assert_cmpint(source(config, 0)->session, ==, TAKE_OBSERVE);
	g_assert_cmpint(source(config, 0)->family, ==, SESSION_IPV4);
}

static void test_mistakes_have_their_line(void)
{
	assert_refused("[record]\nmode = loud\n", ":2:", "passive");
	assert_refused("[session]\nevery = 2s\n", ":2:", "10 s");
	assert_refused("[session]\nhold = 1h\n", ":2:", "10 min");
	assert_refused("[session]\nmin-rsrp = 5\n", ":2:", "min-rsrp");
	assert_refused("[probe]\ntargets = a.conf\n", ":2:", "a.conf");
	assert_refused("[probe]\nhour-bytes = -1\n", ":2:", "hour-bytes");
	assert_refused("[modem a]\ndevice = /dev/x\nip = ipv5\n", ":3:", "ipv5");
	assert_refused("[modem a]\ndevice = /dev/x\ninterface = wwan0123456789ab\n", ":3:", "15");
	assert_refused("[modem a]\ndevice = /dev/x\napn =\n", ":3:", "access point");
	assert_refused("[modem a]\ndevice = /dev/x\ninterface = w0\n[modem b]\ndevice = /dev/y\ninterface = w0\n", ":6:", "modem a's");
	assert_refused("[probe]\ntargets = ;\n", ":2:", "names no file");
	assert_refused("[record]\ninterval = 1s\nintervall = 2s\n", ":3:", "intervall");
	assert_refused("[recorder]\n", ":1:", "recorder");
	assert_refused("# x\n[record]\ninterval = 0.1s\n", ":3:", "0.1");
	assert_refused("[record]\ninterval = 2h\n", ":2:", "7200");
	assert_refused("[record]\ninterval = soon\n", ":2:", "soon");
	assert_refused("[record]\nsegment-size = 0\n", ":2:", "segment-size");
	assert_refused("\n[modem a]\nprotocol = qmi\n", ":2:", "control node");
	assert_refused("[modem a]\ndevice =\n", ":1:", "control node");
	assert_refused("[modem a]\ndevice = /dev/x\nprotocol = at\n", ":3:", "at");
	assert_refused("[modem a]\ndevice = /dev/x\nproxy = perhaps\n", ":3:", "perhaps");
	assert_refused("[modem]\ndevice = /dev/x\n", ":1:", "modem");
}

static void test_names_that_cannot_be(void)
{
	assert_refused("\n[modem jamlog]\ndevice = /dev/x\n", ":2:", "jamlog");
	assert_refused("[modem a b]\ndevice = /dev/x\n", ":1:", "a b");
	assert_refused("[modem abcdefghijklmnop]\ndevice = /dev/x\n", ":1:", "abcdefghijklmnop"); /* 16 letters */
	assert_refused("[modem x]\ndevice = /dev/x\n\n[gps x]\n", ":4:", "both a modem and a GPS");
}

static void test_later_files_win_by_name(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Config) config = config_new();
	config_set_source(config, "a", "modem", "/dev/one", &error)->proxy = TRUE;
	g_assert_nonnull(config_set_source(config, "b", "modem", "/dev/two", &error));
	g_assert_nonnull(config_set_source(config, "a", "modem", "/dev/three", &error));
	g_assert_nonnull(config_set_source(config, "b", NULL, "/dev/four", &error));
	g_assert_no_error(error);
	g_assert_cmpuint(config->sources->len, ==, 2);
	g_assert_cmpstr(source(config, 0)->address, ==, "/dev/three");
	g_assert_false(source(config, 0)->proxy);
	g_assert_cmpstr(source(config, 1)->address, ==, "/dev/four");
	g_assert_cmpstr(source(config, 1)->type, ==, "modem");
}

static void test_digest_tells_configurations_apart(void)
{
	const char *texts[] = {"", "[record]\ninterval = 2s\n", "[modem a]\ndevice = /dev/x\n", "[modem a]\ndevice = /dev/y\n",
			       "[modem a]\ndevice = /dev/x\nproxy = yes\n", "[gps a]\n", "[record]\nmode = passive\n",
			       "[session]\nevery = 1h\n", "[probe]\nhour-bytes = 7\n", "[probe]\ntargets = /a\n",
			       "[modem a]\ndevice = /dev/x\napn = b\n", "[modem a]\ndevice = /dev/x\ninterface = b\n"};
	char digests[G_N_ELEMENTS(texts)][17];
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(Config) config = load(texts[i], NULL);
		g_autoptr(Config) again = load(texts[i], NULL);
		char repeated[17];
		config_digest(config, digests[i]);
		config_digest(again, repeated);
		g_assert_cmpstr(digests[i], ==, repeated);
		g_assert_cmpuint(strlen(digests[i]), ==, 16);
		for (guint j = 0; j < i; j++)
			g_assert_cmpstr(digests[i], !=, digests[j]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/config/every_key_has_a_default", test_every_key_has_a_default);
	g_test_add_func("/config/a_whole_file", test_a_whole_file);
	g_test_add_func("/config/data_sessions", test_data_sessions);
	g_test_add_func("/config/mistakes_have_their_line", test_mistakes_have_their_line);
	g_test_add_func("/config/names_that_cannot_be", test_names_that_cannot_be);
	g_test_add_func("/config/later_files_win_by_name", test_later_files_win_by_name);
	g_test_add_func("/config/digest_tells_configurations_apart", test_digest_tells_configurations_apart);
	return g_test_run();
}
