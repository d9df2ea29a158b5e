/* Who has a node open, from /proc: without opening it, which some modems notice.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices.h"
#include "observation.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* --- open descriptors --- */

/* The descriptor is the node: by its number, for a node has several names, and only below /dev, for asking what a
 * descriptor is may hang on a network's file system. */
static gboolean is_node(const char *link, dev_t node, gboolean *ret_hidden)
{
	struct stat st;
	g_autofree char *target = g_file_read_link(link, NULL);
	*ret_hidden = !target && access(link, F_OK) != 0 && errno == EACCES;
	return target && g_str_has_prefix(target, "/dev/") && stat(link, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == node;
}

/* FALSE: we are not shown. */
static gboolean process_holds(const char *pid, dev_t node, gboolean *ret_holds)
{
	g_autofree char *folder = g_strdup_printf("/proc/%s/fd", pid);
	gboolean hidden = FALSE;
	*ret_holds = FALSE;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	if (!dir)
		return !g_file_test(folder, G_FILE_TEST_EXISTS); /* it has just ended */
	const char *fd;
	while (!*ret_holds && !hidden && (fd = g_dir_read_name(dir))) {
		g_autofree char *link = g_build_filename(folder, fd, NULL);
		*ret_holds = is_node(link, node, &hidden);
	}
	return !hidden;
}

static void add_holder(GArray *holders, const char *pid)
{
	DeviceHolder holder = {.pid = (pid_t)atoi(pid)};
	g_autofree char *path = g_strdup_printf("/proc/%s/comm", pid);
	g_autofree char *name = NULL;
	g_file_get_contents(path, &name, NULL, NULL);
	/* whatever it calls itself: a terminal will show it */
	observation_copy_text(holder.name, sizeof holder.name, name ? g_strstrip(name) : "?");
	g_array_append_val(holders, holder);
}

static void scan_processes(DeviceHolders *holders, dev_t node)
{
	g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
	const char *pid;
	while (proc && (pid = g_dir_read_name(proc))) {
		gboolean holds;
		if (!isdigit((unsigned char)*pid) || atoi(pid) == getpid())
			continue;
		if (!process_holds(pid, node, &holds))
			holders->complete = FALSE;
		if (holds)
			add_holder(holders->holders, pid);
	}
}

/* --- locks: /proc/locks shows those of all users, see proc_locks(5) --- */

static pid_t find_lock(const struct stat *node)
{
	g_autofree char *text = NULL;
	if (!g_file_get_contents("/proc/locks", &text, NULL, NULL))
		return 0;
	g_autofree char *wanted = g_strdup_printf("%02x:%02x:%lu", major(node->st_dev), minor(node->st_dev), (gulong)node->st_ino);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		char kind[16], access_mode[16], file[64];
		int pid;
		if (sscanf(lines[i], "%*s %15s %*s %15s %d %63s", kind, access_mode, &pid, file) == 4 && g_str_equal(kind, "FLOCK") &&
		    g_str_equal(file, wanted) && pid != getpid())
			return pid > 0 ? pid : -1; /* one of another PID namespace */
	}
	return 0;
}

DeviceHolders *devices_find_holders(const char *node)
{
	struct stat st;
	DeviceHolders *holders = g_new0(DeviceHolders, 1);
	holders->holders = g_array_new(FALSE, FALSE, sizeof(DeviceHolder));
	holders->complete = TRUE;
	if (stat(node, &st) != 0)
		return holders;
	scan_processes(holders, st.st_rdev);
	holders->locked_by = find_lock(&st);
	return holders;
}

void devices_holders_free(DeviceHolders *holders)
{
	if (!holders)
		return;
	g_array_unref(holders->holders);
	g_free(holders);
}

gboolean devices_holder_is_proxy(const DeviceHolder *holder)
{
	return g_str_equal(holder->name, "qmi-proxy") || g_str_equal(holder->name, "mbim-proxy");
}

/* --- permission --- */

/* The user is in the group by the database (what a new login would get), or as this process is. */
static gboolean in_group(gid_t gid, const char *user, gboolean by_database)
{
	gid_t groups[256];
	int n = G_N_ELEMENTS(groups);
	const struct passwd *entry = by_database ? getpwnam(user) : NULL;
	if (!by_database)
		n = getgroups(n, groups);
	else if (!entry || getgrouplist(user, entry->pw_gid, groups, &n) < 0)
		return FALSE;
	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return TRUE;
	return FALSE;
}

/* A group that may read and write the node and is made for that: not root's. */
static const char *group_of(const struct stat *node)
{
	const mode_t both = S_IRGRP | S_IWGRP;
	const struct group *group = (node->st_mode & both) == both && node->st_gid != 0 ? getgrgid(node->st_gid) : NULL;
	return group ? group->gr_name : NULL;
}

char *devices_cure(const char *node)
{
	struct stat st;
	const char *user = g_get_user_name();
	if (access(node, R_OK | W_OK) == 0 || (errno != EACCES && errno != EPERM) || stat(node, &st) != 0)
		return NULL;
	const char *group = group_of(&st);
	if (!group)
		return g_strdup_printf("sudo chown %s %s", user, node);
	if (in_group(st.st_gid, user, TRUE) && !in_group(st.st_gid, user, FALSE))
		return g_strdup_printf("newgrp %s", group); /* the login is older than the membership */
	return g_strdup_printf("sudo usermod -aG %s %s && newgrp %s", group, user, group);
}
