/* See quiet.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/quiet.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SETTINGS 8

/* In the order in which they are written; given back in the opposite one. Kernel: Documentation/networking/ip-sysctl.rst. */
static const struct {
	const char *family, *key, *value;
} settings[SETTINGS] = {
	{"ipv4", "rp_filter", "0"},
	{"ipv6", "accept_ra", "0"},
	{"ipv6", "autoconf", "0"},
	{"ipv6", "router_solicitations", "0"},
	{"ipv6", "dad_transmits", "0"},
	{"ipv6", "accept_dad", "0"},
	{"ipv6", "addr_gen_mode", "1"}, /* none */
	{"ipv6", "disable_ipv6", NULL}, /* as the session has IPv6 or not */
};

struct Quiet {
	char *interface;
	char *before[SETTINGS]; /* NULL: not touched */
};

static char *path_of(const char *interface, gsize i)
{
	return g_build_filename("/proc/sys/net", settings[i].family, "conf", interface, settings[i].key, NULL);
}

static char *read_setting(const char *interface, gsize i)
{
	g_autofree char *path = path_of(interface, i);
	char *text = NULL;
	return g_file_get_contents(path, &text, NULL, NULL) ? g_strchomp(text) : NULL;
}

/* 0 or errno. */
static int write_setting(const char *interface, gsize i, const char *value)
{
	g_autofree char *path = path_of(interface, i);
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	const int wrong = write(fd, value, strlen(value)) < 0 ? errno : 0;
	close(fd);
	return wrong;
}

static gboolean change(Quiet *quiet, gsize i, const char *value, GError **error)
{
	g_autofree char *before = read_setting(quiet->interface, i);
	if (!before || g_str_equal(before, value)) /* a kernel without IPv6, or without this setting, has nothing to be quietened */
		return TRUE;
	const int wrong = write_setting(quiet->interface, i, value);
	if (wrong)
		return error_set_errno(error, wrong, "cannot set net.%s.conf.%s.%s", settings[i].family, quiet->interface, settings[i].key);
	quiet->before[i] = g_steal_pointer(&before);
	return TRUE;
}

/* The kernel takes the stricter of an interface's setting and everybody's; everybody's is not ours to change. */
static gboolean check_filter(GError **error)
{
	g_autofree char *all = read_setting("all", 0);
	if (!all || g_str_equal(all, "0"))
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED,
		    "net.ipv4.conf.all.rp_filter is %s: the kernel would throw away every answer that comes in over the modem; set it to 0 "
		    "(sudo sysctl -w net.ipv4.conf.all.rp_filter=0; each interface keeps its own setting)", all);
	return FALSE;
}

Quiet *quiet_new(const char *interface, gboolean ipv4, gboolean ipv6, GError **error)
{
	if (ipv4 && !check_filter(error))
		return NULL;
	Quiet *quiet = g_new0(Quiet, 1);
	quiet->interface = g_strdup(interface);
	for (gsize i = 0; i < SETTINGS; i++) {
		if (change(quiet, i, settings[i].value ? settings[i].value : ipv6 ? "0" : "1", error))
			continue;
		quiet_end(quiet);
		quiet_free(quiet);
		return NULL;
	}
	return quiet;
}

void quiet_end(Quiet *quiet)
{
	for (gsize i = SETTINGS; i-- > 0;)
		if (quiet->before[i])
			write_setting(quiet->interface, i, quiet->before[i]);
}

void quiet_free(Quiet *quiet)
{
	if (!quiet)
		return;
	for (gsize i = 0; i < SETTINGS; i++)
		g_free(quiet->before[i]);
	g_free(quiet->interface);
	g_free(quiet);
}

void quiet_forget(const char *interface)
{
	for (gsize i = SETTINGS; i-- > 0;) {
		g_autofree char *value = read_setting("default", i);
		if (value)
			write_setting(interface, i, value);
	}
}
