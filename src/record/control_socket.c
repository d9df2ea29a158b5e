/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/control_socket.h"

#include "control.h"
#include "error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SUFFIX        ".sock"
#define BACKLOG       16
#define SYSTEM_FOLDER "/run/jamlog"

char *control_folder(void)
{
	const char *service = g_getenv("RUNTIME_DIRECTORY"), *session = g_getenv("XDG_RUNTIME_DIR");
	if (service && *service == '/')
		return g_strndup(service, strcspn(service, ":")); /* systemd.exec(5): a list */
	if (geteuid() == 0)
		return g_strdup(SYSTEM_FOLDER);
	if (session && *session == '/')
		return g_build_filename(session, "jamlog", NULL);
	return g_build_filename(g_get_user_data_dir(), "jamlog", "run", NULL);
}

static gboolean is_private(int fd, const char *folder, GError **error)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return error_set_errno(error, errno, "cannot look at the folder %s", folder);
	const gboolean is_ours = st.st_uid == geteuid() || st.st_uid == 0 || geteuid() == 0;
	if (is_ours && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS,
		    "other users may write into the folder %s: name one of your own with --runtime, or let it be made", folder);
	return FALSE;
}

int control_folder_open(const char *folder, gboolean make, GError **error)
{
	if (make && g_mkdir_with_parents(folder, 0700) != 0) {
		error_set_errno(error, errno, "cannot make the folder %s", folder);
		return -1;
	}
	const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		error_set_errno(error, errno, "cannot open the folder %s", folder);
		return -1;
	}
	if (is_private(fd, folder, error))
		return fd;
	close(fd);
	return -1;
}

char **control_folder_names(int folder_fd)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	for (struct dirent *entry; stream && (entry = readdir(stream)) != NULL;)
		if (*entry->d_name != '.' && g_str_has_suffix(entry->d_name, SUFFIX))
			g_ptr_array_add(names, g_strdup(entry->d_name));
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_steal(names, NULL);
}

static gboolean set_address(struct sockaddr_un *address, int folder_fd, const char *name)
{
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	const int n = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", folder_fd, name);
	return n > 0 && (gsize)n < sizeof address->sun_path;
}

static gboolean bind_to(int fd, int folder_fd, const char *name)
{
	struct sockaddr_un address;
	unlinkat(folder_fd, name, 0);
	/* What the mode of the socket's file will be: there is no moment in which it is open to others. */
	return set_address(&address, folder_fd, name) && fchmod(fd, 0600) == 0 &&
	       bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(fd, BACKLOG) == 0;
}

int control_socket_listen(int folder_fd, const char *name, GError **error)
{
	g_autofree char *making = g_strconcat(".", name, NULL);
	g_autofree char *made = g_strconcat(name, SUFFIX, NULL);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind_to(fd, folder_fd, making) && renameat(folder_fd, making, folder_fd, made) == 0)
		return fd;
	error_set_errno(error, errno, "cannot make a socket");
	unlinkat(folder_fd, making, 0);
	if (fd >= 0)
		close(fd);
	return -1;
}

gboolean control_socket_in_place(int folder_fd, const char *folder, const char *name)
{
	struct stat open_one, there, file;
	g_autofree char *file_name = g_strconcat(name, SUFFIX, NULL);
	return fstat(folder_fd, &open_one) == 0 && stat(folder, &there) == 0 && open_one.st_dev == there.st_dev &&
	       open_one.st_ino == there.st_ino && fstatat(folder_fd, file_name, &file, AT_SYMLINK_NOFOLLOW) == 0;
}

void control_socket_unlink(int folder_fd, const char *name)
{
	g_autofree char *file_name = g_strconcat(name, SUFFIX, NULL);
	unlinkat(folder_fd, file_name, 0);
}

int control_socket_connect(int folder_fd, const char *file_name)
{
	struct sockaddr_un address;
	if (!set_address(&address, folder_fd, file_name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	const int errnum = errno;
	close(fd);
	errno = errnum;
	return -1;
}

gboolean control_socket_peer(int fd, pid_t *ret_pid)
{
	struct ucred peer;
	socklen_t length = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
		return FALSE;
	if (ret_pid)
		*ret_pid = peer.pid;
	return peer.uid == geteuid() || peer.uid == 0;
}
