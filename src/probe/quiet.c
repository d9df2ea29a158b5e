/* See quiet.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/quiet.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { DISABLE_IPV6, RP_FILTER, ACCEPT_RA, AUTOCONF, ADDR_GEN_MODE, SETTINGS };

/* Given back in the opposite order. The kernel's Documentation/networking/ip-sysctl.rst describes them; all are from 0 to 3. */
static const struct {
	const char *family, *key, *value;
} settings[SETTINGS] = {
	[DISABLE_IPV6] = {"ipv6", "disable_ipv6", NULL}, /* as the session has IPv6 or not */
	[RP_FILTER] = {"ipv4", "rp_filter", "0"},
	[ACCEPT_RA] = {"ipv6", "accept_ra", "0"},
	[AUTOCONF] = {"ipv6", "autoconf", "0"},
	[ADDR_GEN_MODE] = {"ipv6", "addr_gen_mode", "1"}, /* none */
};

static char *path_of(const char *interface, gsize i)
{
	return g_build_filename("/proc/sys/net", settings[i].family, "conf", interface, settings[i].key, NULL);
}

/* NULL on a kernel without IPv6, or without this setting. */
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

guint32 quiet_remember(const char *interface)
{
	guint32 remembered = 0;
	for (gsize i = 0; i < SETTINGS; i++) {
		g_autofree char *value = read_setting(interface, i);
		if (value)
			remembered |= (guint32)CLAMP(g_ascii_strtoll(value, NULL, 10), 0, 15) << (4 * i);
	}
	return remembered;
}

static gboolean change(const char *interface, gsize i, const char *value, GError **error)
{
	g_autofree char *before = read_setting(interface, i);
	if (!before || g_str_equal(before, value))
		return TRUE;
	const int wrong = write_setting(interface, i, value);
	if (!wrong)
		return TRUE;
	return error_set_errno(error, wrong, "cannot set net.%s.conf.%s.%s", settings[i].family, interface, settings[i].key);
}

/* The kernel takes the stricter of an interface's setting and everybody's; everybody's is not ours to change. */
static gboolean check_filter(GError **error)
{
	g_autofree char *all = read_setting("all", RP_FILTER);
	if (!all || g_str_equal(all, "0"))
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED,
		    "net.ipv4.conf.all.rp_filter is %s: the kernel would throw away every answer that comes in over the modem; set "
		    "it to 0 (sudo sysctl -w net.ipv4.conf.all.rp_filter=0; each interface keeps its own setting)", all);
	return FALSE;
}

gboolean quiet_begin(const char *interface, gboolean ipv4, gboolean ipv6, GError **error)
{
	if (ipv4 && !check_filter(error))
		return FALSE;
	for (gsize i = 0; i < SETTINGS; i++)
		if (!change(interface, i, settings[i].value ? settings[i].value : ipv6 ? "0" : "1", error))
			return FALSE;
	return TRUE;
}

void quiet_end(const char *interface, guint32 remembered)
{
	write_setting(interface, DISABLE_IPV6, "1"); /* else the way addresses are made makes one as soon as it is set */
	for (gsize i = SETTINGS; i-- > 0;) {
		const char value[] = {(char)('0' + (remembered >> (4 * i) & 0xf)), '\0'};
		write_setting(interface, i, value);
	}
}
