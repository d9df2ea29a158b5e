/* control_socket.h - the folder of the control sockets and what is done in it, for both ends.
 *
 * A socket is named after its run and gets that name only once it listens: one that refuses a connection was left behind by a
 * recorder that was killed, and may be removed; no living one ever is. Sockets are reached through the open folder, so that
 * the length of its path does not matter (sun_path has 108 bytes, unix(7)).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* An fd of the folder; -1 with an error where it is missing, or where others could put sockets of theirs into it. `make`: it is
 * created (0700) where it is missing. */
int control_folder_open(const char *folder, gboolean make, GError **error);

/* Names of the sockets in it, of living recorders and dead ones; free with g_strfreev. */
char **control_folder_names(int folder_fd);

/* Listens there under "NAME.sock" (0600), which replaces a dead one of that name. -1 with an error. */
int control_socket_listen(int folder_fd, const char *name, GError **error);
/* Whether it can still be found there: the folder under that path is the one that is open, and the socket is in it. */
gboolean control_socket_in_place(int folder_fd, const char *folder, const char *name);
void control_socket_unlink(int folder_fd, const char *name);

/* Not blocking. -1 with errno: ECONNREFUSED where its recorder is dead, EAGAIN where it lives but does not listen. */
int control_socket_connect(int folder_fd, const char *file_name);

/* The process at the other end is of our user, or root's. *ret_pid (may be NULL): its process id. */
gboolean control_socket_peer(int fd, pid_t *ret_pid);
