/* internet.c - see internet.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/internet.h"

#include "error.h"
#include "sim/net/servers.h"
#include "sim/net/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE (1 << 20)
#define START_MS 20000
#define LOOK_EVERY_MS 20
#define SOCKET_FD 3 /* of the inner process */

struct SimInternet {
	pid_t pid;
	int fd, socket;
};

/* --- the inner process --- */

typedef struct {
	const char *folder;
	GPtrArray *commands; /* of SimCommand */
	pid_t *pids;	     /* of those that stay */
	int socket;
} Inner;

/* Says to the outer process what went wrong, or hands the TUN file over. */
static void tell(const char *text, int fd)
{
	struct iovec part = {.iov_base = (void *)text, .iov_len = strlen(text) + 1};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &fd, sizeof fd);
	}
	if (sendmsg(SOCKET_FD, &message, MSG_NOSIGNAL) < 0)
		_exit(1); /* nobody is there any more */
}

G_NORETURN static void give_up(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void give_up(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	tell(text, -1);
	_exit(1);
}

/* Of what the outer process has open nothing is kept: a pseudo-terminal that it closes has to be closed. */
static void leave_outer(const Inner *inner)
{
	int none = open("/dev/null", O_RDWR);
	if (dup2(inner->socket, SOCKET_FD) < 0 || close_range(SOCKET_FD + 1, ~0U, 0) != 0)
		_exit(1);
	for (int fd = 0; none >= 0 && fd < SOCKET_FD; fd++)
		dup2(none, fd);
	fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC);
	setsid();
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	if (chdir(inner->folder) != 0)
		give_up("cannot enter %s: %s", inner->folder, g_strerror(errno));
}

/* A /run of its own: wireguard-go has its socket there. Our folder stays reachable even if it was below. In a chroot the root of which is
 * no mount point (EINVAL) what is mounted would show outside: there it uses the /run that is there. */
static void mount_run(const Inner *inner)
{
	const gboolean is_private = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	if (!is_private && errno == EINVAL)
		return;
	if (!is_private || mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, NULL) != 0)
		give_up("cannot mount a /run of its own for the simulated internet: %s", g_strerror(errno));
	if (access(inner->folder, F_OK) == 0)
		return;
	if (g_mkdir_with_parents(inner->folder, 0755) != 0 || mount("/proc/self/cwd", inner->folder, NULL, MS_BIND, NULL) != 0 ||
	    chdir(inner->folder) != 0)
		give_up("cannot keep %s in the simulated internet: %s", inner->folder, g_strerror(errno));
}

static pid_t start(const SimCommand *command)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	g_autofree char *log = g_strconcat(command->name, ".log", NULL);
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd >= 0 && dup2(fd, 1) >= 0 && dup2(fd, 2) >= 0)
		execvp(command->argv[0], command->argv);
	_exit(127);
}

static gboolean connects(const SimCommand *command, int fd)
{
	struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons(command->port)};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(command->port)};
	memcpy(&to4.sin_addr, command->address.bytes, sizeof to4.sin_addr);
	memcpy(&to6.sin6_addr, command->address.bytes, sizeof to6.sin6_addr);
	return command->address.ipv6 ? connect(fd, (struct sockaddr *)&to6, sizeof to6) == 0
				     : connect(fd, (struct sockaddr *)&to4, sizeof to4) == 0;
}

/* Whether somebody has the port: a TCP server takes the connection; a byte for a UDP port that nobody has comes back at once, as an
 * error on the socket (ICMP). */
static gboolean serves(const SimCommand *command)
{
	int fd = socket(command->address.ipv6 ? AF_INET6 : AF_INET, (command->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	gboolean ok = fd >= 0 && connects(command, fd);
	if (ok && command->udp) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		ok = send(fd, "", 1, 0) == 1 && poll(&wait, 1, LOOK_EVERY_MS) == 0;
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

static void await(const SimCommand *command, pid_t pid, gint64 deadline_us)
{
	while (command->port != 0 && !serves(command)) {
		if (command->stays && waitpid(pid, NULL, WNOHANG) == pid)
			give_up("%s of the simulated internet did not start: see %s.log", command->name, command->name);
		if (g_get_monotonic_time() > deadline_us)
			give_up("%s of the simulated internet does not answer: see %s.log", command->name, command->name);
		g_usleep(LOOK_EVERY_MS * 1000);
	}
}

static void start_all(Inner *inner)
{
	gint64 deadline_us = g_get_monotonic_time() + START_MS * 1000;
	for (guint i = 0; i < inner->commands->len; i++) {
		const SimCommand *command = g_ptr_array_index(inner->commands, i);
		int status = 0;
		inner->pids[i] = start(command);
		if (!command->stays && (waitpid(inner->pids[i], &status, 0) < 0 || status != 0))
			give_up("a step of the simulated internet failed (%s): see %s.log", command->argv[0], command->name);
	}
	for (guint i = 0; i < inner->commands->len; i++)
		await(g_ptr_array_index(inner->commands, i), inner->pids[i], deadline_us);
}

/* As the first process of its namespace it also gathers what others left behind. */
G_NORETURN static void watch_all(const Inner *inner)
{
	for (;;) {
		pid_t pid = waitpid(-1, NULL, 0);
		for (guint i = 0; pid > 0 && i < inner->commands->len; i++) {
			const SimCommand *command = g_ptr_array_index(inner->commands, i);
			if (command->stays && inner->pids[i] == pid)
				give_up("%s of the simulated internet ended: see %s/%s.log", command->name, inner->folder,
					command->name);
		}
		if (pid < 0)
			pause();
	}
}

static int run_inner(void *data)
{
	Inner *inner = data;
	g_autoptr(GError) error = NULL;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	leave_outer(inner);
	mount_run(inner);
	int fd = sim_tun_open(SIM_INTERNET_INTERFACE, &error);
	if (fd < 0)
		give_up("%s", error->message);
	start_all(inner);
	tell("", fd);
	close(fd);
	watch_all(inner);
}

/* --- the outer one --- */

/* The inner process with its namespaces; -1 with an error. What it changes in memory is its own. */
static pid_t spawn(Inner *inner, GError **error)
{
	g_autofree char *stack = g_malloc(STACK_SIZE);
	pid_t pid = clone(run_inner, stack + STACK_SIZE, CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, inner);
	if (pid >= 0)
		return pid;
	error_set_errno(error, errno == EPERM ? EACCES : errno,
			"the simulated internet needs the capability CAP_SYS_ADMIN for a network "
			"namespace: run it as root, or in a user namespace (unshare -Urn jamlog-sim ...)");
	return -1;
}

/* What the inner process says: nothing and the TUN file, or what went wrong. */
static gboolean hear(int sock, int *ret_fd, GError **error)
{
	char text[512] = "";
	struct iovec part = {.iov_base = text, .iov_len = sizeof text - 1};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
	ssize_t size = recvmsg(sock, &message, MSG_CMSG_CLOEXEC);
	if (size <= 0 || *text) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED, "%s",
			    *text ? text : "the simulated internet ended without a word");
		return FALSE;
	}
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (head && head->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(head), sizeof *ret_fd);
	return TRUE;
}

/* Servers are where a user's PATH does not lead. */
static void extend_path(void)
{
	const char *path = g_getenv("PATH");
	g_autofree char *more = g_strconcat(path ? path : "/usr/bin:/bin", ":/usr/sbin:/sbin", NULL);
	g_setenv("PATH", more, TRUE);
}

SimInternet *sim_internet_new(const char *folder, guint64 seed, GError **error)
{
	int sockets[2];
	if (g_mkdir_with_parents(folder, 0755) != 0) {
		error_set_errno(error, errno, "cannot make the folder %s", folder);
		return NULL;
	}
	extend_path();
	g_autoptr(GPtrArray) commands = sim_servers_prepare(folder, seed, error);
	if (!commands)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
		error_set_errno(error, errno, "cannot make a pair of sockets");
		return NULL;
	}
	g_autofree pid_t *pids = g_new0(pid_t, commands->len + 1);
	Inner inner = {.folder = folder, .commands = commands, .pids = pids, .socket = sockets[1]};
	g_autoptr(SimInternet) internet = g_new0(SimInternet, 1);
	internet->fd = -1;
	internet->socket = sockets[0];
	internet->pid = spawn(&inner, error);
	close(sockets[1]);
	if (internet->pid < 0 || !hear(internet->socket, &internet->fd, error))
		return NULL;
	return g_steal_pointer(&internet);
}

void sim_internet_free(SimInternet *internet)
{
	if (!internet)
		return;
	if (internet->pid > 0) {
		kill(internet->pid, SIGKILL);
		while (waitpid(internet->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (internet->fd >= 0)
		close(internet->fd);
	close(internet->socket);
	g_free(internet);
}

int sim_internet_fd(const SimInternet *internet)
{
	return internet->fd;
}

gboolean sim_internet_check(SimInternet *internet, GError **error)
{
	struct pollfd look = {.fd = internet->socket, .events = POLLIN};
	int none = -1;
	return poll(&look, 1, 0) == 0 || hear(internet->socket, &none, error);
}
