/* fail_calls.so - loaded before a program (LD_PRELOAD), lets its file system calls fail, as the environment says:
 *
 *   FAIL_UNDER=FOLDER    only calls on names and open files under it count; has no default: nothing fails without it
 *   FAIL_CALLS=A,B       only these of read, write, fdatasync, fsync, open, rename, cut, mkdir, unlink, lock; all, if not said
 *   FAIL_FROM=N          the N-th such call, from 1, and FAIL_COUNT=N of them (1, if not said)
 *   FAIL_ERRNO=NUMBER
 *   FAIL_HOW=error       the call does nothing and fails (if not said); else:
 *            half        a write puts half of its bytes onto the disk, then fails
 *            short       a write takes half of its bytes and says so
 *            lie         the call does nothing and succeeds
 *   FAIL_LOG=FILE        gets a line with the name of each call that counted
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef enum { PASS, ERROR, HALF, SHORT, LIE } Fate;

static long value(const char *name, long otherwise)
{
	const char *text = getenv(name);
	return text ? atol(text) : otherwise;
}

static int is_listed(const char *call)
{
	const char *list = getenv("FAIL_CALLS");
	const char *at = list ? strstr(list, call) : NULL;
	return !list || (at && (at[strlen(call)] == ',' || at[strlen(call)] == '\0'));
}

static void note(const char *call, const char *path)
{
	const char *log = getenv("FAIL_LOG");
	char line[PATH_MAX + 32];
	if (!log)
		return;
	const int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	const int n = snprintf(line, sizeof line, "%s %s\n", call, path);
	syscall(SYS_write, fd, line, (size_t)n);
	syscall(SYS_close, fd);
}

static Fate fate_of(const char *call, const char *path)
{
	static long calls;
	const char *under = getenv("FAIL_UNDER"), *how = getenv("FAIL_HOW");
	if (!under || strncmp(path, under, strlen(under)) != 0 || !is_listed(call))
		return PASS;
	const int saved = errno;
	note(call, path);
	errno = saved;
	const long from = value("FAIL_FROM", LONG_MAX);
	if (++calls < from || calls - from >= value("FAIL_COUNT", 1))
		return PASS;
	errno = (int)value("FAIL_ERRNO", EIO);
	if (!how || strcmp(how, "error") == 0)
		return ERROR;
	return strcmp(how, "half") == 0 ? HALF : strcmp(how, "short") == 0 ? SHORT : LIE;
}

static Fate fate_of_file(const char *call, int fd)
{
	char link[64], path[PATH_MAX];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	const ssize_t n = readlink(link, path, sizeof path - 1);
	path[n < 0 ? 0 : n] = '\0';
	return fate_of(call, path);
}

/* For the calls that do all or nothing. */
#define UNLESS_FAILING(fate, call)                        \
	do {                                              \
		const Fate f = (fate);                    \
		if (f == LIE)                             \
			return 0;                         \
		return f == PASS ? (int)(call) : -1;      \
	} while (0)

/* How many of `size` bytes get through; -1: none. */
static ssize_t share(Fate fate, size_t size)
{
	if (fate == PASS || fate == LIE)
		return (ssize_t)size;
	return fate == ERROR || size < 2 ? -1 : size < 1024 ? (ssize_t)(size / 2) : (ssize_t)(size / 2 / 512 * 512);
}

ssize_t read(int fd, void *data, size_t size)
{
	return fate_of_file("read", fd) == PASS ? syscall(SYS_read, fd, data, size) : -1;
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	return fate_of_file("read", fd) == PASS ? syscall(SYS_pread64, fd, data, size, offset) : -1;
}

ssize_t write(int fd, const void *data, size_t size)
{
	const Fate fate = fate_of_file("write", fd);
	const int failure = errno;
	const ssize_t n = share(fate, size);
	if (n < 0 || fate == LIE)
		return n;
	const ssize_t done = syscall(SYS_write, fd, data, (size_t)n);
	if (fate != HALF)
		return done;
	errno = failure;
	return -1;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	const Fate fate = fate_of_file("write", fd);
	const int failure = errno;
	const ssize_t n = share(fate, size);
	if (n < 0 || fate == LIE)
		return n;
	const ssize_t done = syscall(SYS_pwrite64, fd, data, (size_t)n, offset);
	if (fate != HALF)
		return done;
	errno = failure;
	return -1;
}

int fdatasync(int fd)
{
	UNLESS_FAILING(fate_of_file("fdatasync", fd), syscall(SYS_fdatasync, fd));
}

int fsync(int fd)
{
	UNLESS_FAILING(fate_of_file("fsync", fd), syscall(SYS_fsync, fd));
}

int ftruncate(int fd, off_t size)
{
	UNLESS_FAILING(fate_of_file("cut", fd), syscall(SYS_ftruncate, fd, size));
}

int flock(int fd, int operation)
{
	UNLESS_FAILING(fate_of_file("lock", fd), syscall(SYS_flock, fd, operation));
}

int rename(const char *from, const char *to)
{
	UNLESS_FAILING(fate_of("rename", to), syscall(SYS_rename, from, to));
}

int mkdir(const char *path, mode_t mode)
{
	UNLESS_FAILING(fate_of("mkdir", path), syscall(SYS_mkdir, path, mode));
}

int unlink(const char *path)
{
	UNLESS_FAILING(fate_of("unlink", path), syscall(SYS_unlink, path));
}

int open(const char *path, int flags, ...)
{
	va_list arguments;
	va_start(arguments, flags);
	const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return fate_of("open", path) == PASS ? (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode) : -1;
}

/* The same under their other names. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
ssize_t pread64(int fd, void *data, size_t size, off_t offset) __attribute__((alias("pread")));
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) __attribute__((alias("pwrite")));
int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));
