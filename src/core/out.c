/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "out.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS_PER_DAY G_GINT64_CONSTANT(86400000)

/* --- file --- */

static Out *out_new(int fd, const char *path)
{
	Out *out = g_new(Out, 1);
	out->fd = fd;
	out->path = g_strdup(path);
	out->temporary = NULL;
	out->nameless = FALSE;
	out->mode = 0;
	out->errnum = 0;
	out->used = 0;
	out->day = G_MAXINT64;
	return out;
}

Out *out_new_memory(void)
{
	return out_new(-1, "");
}

/* What a link points to is replaced, not the link. */
static char *resolve(const char *path)
{
	char *target = realpath(path, NULL);
	char *copy = g_strdup(target ? target : path);
	free(target);
	return copy;
}

/* What half an export shows of somebody's way must not outlive it: a name that a signal has to remove. */
static char *volatile doomed;

static void remove_doomed(int signal_number)
{
	if (doomed)
		unlink(doomed);
	signal(signal_number, SIG_DFL);
	raise(signal_number); /* delivered when we return */
}

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

static void watch_signals(void)
{
	const struct sigaction ours = {.sa_handler = remove_doomed};
	struct sigaction before;
	for (guint i = 0; i < G_N_ELEMENTS(ending_signals); i++)
		if (sigaction(ending_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(ending_signals[i], &ours, NULL);
}

/* Between the making of a name and the note that it is to be removed no signal may come. */
static void hold_signals(sigset_t *ret_before)
{
	sigset_t ours;
	sigemptyset(&ours);
	for (guint i = 0; i < G_N_ELEMENTS(ending_signals); i++)
		sigaddset(&ours, ending_signals[i]);
	pthread_sigmask(SIG_BLOCK, &ours, ret_before);
}

static void set_temporary(Out *out, const char *name)
{
	doomed = NULL;
	g_free(out->temporary);
	out->temporary = g_strdup(name);
	doomed = out->temporary;
}

static void proc_name(int fd, char ret_name[32])
{
	g_snprintf(ret_name, 32, "/proc/self/fd/%d", fd);
}

/* -1 where the file system, or a machine without /proc, can't do it. */
static int open_nameless(const char *path)
{
	char proc[32];
	g_autofree char *folder = g_path_get_dirname(path);
	const int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	proc_name(fd, proc);
	if (fd < 0 || access(proc, F_OK) == 0)
		return fd;
	close(fd);
	return -1;
}

static int open_named(char *name, Out *out)
{
	sigset_t before;
	hold_signals(&before);
	const int fd = g_mkstemp_full(name, O_WRONLY | O_CLOEXEC, 0600);
	const int errnum = errno;
	if (fd >= 0)
		set_temporary(out, name);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = errnum;
	return fd;
}

static Out *open_temporary(const char *path, mode_t mode, GError **error)
{
	g_autofree char *name = g_strconcat(path, ".XXXXXX", NULL);
	g_autoptr(Out) out = out_new(open_nameless(path), path);
	out->nameless = out->fd >= 0;
	out->mode = mode;
	watch_signals();
	if (!out->nameless)
		out->fd = open_named(name, out);
	if (out->fd < 0) {
		error_set_errno(error, errno, "cannot write to the folder of %s", path);
		return NULL;
	}
	return g_steal_pointer(&out);
}

/* No call puts a nameless file in another's place: it gets a name beside it first, for an instant. */
static gboolean give_name(Out *out)
{
	char proc[32];
	sigset_t before;
	int code = -1;
	proc_name(out->fd, proc);
	hold_signals(&before);
	for (guint tries = 0; code != 0 && tries < 100; tries++) {
		g_autofree char *name = g_strdup_printf("%s.%08x", out->path, g_random_int());
		code = linkat(AT_FDCWD, proc, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
		if (code == 0)
			set_temporary(out, name);
		else if (errno != EEXIST)
			break;
	}
	const int errnum = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = errnum;
	return code == 0;
}

static gboolean appear(Out *out)
{
	if (!out->nameless && !out->temporary)
		return TRUE;
	(void)fchmod(out->fd, out->mode); /* refused on a card with FAT, which has no modes */
	return (!out->nameless || give_name(out)) && rename(out->temporary, out->path) == 0;
}

Out *out_open(const char *path, GError **error)
{
	struct stat st;
	if (g_str_equal(path, "-"))
		return out_new(STDOUT_FILENO, "standard output");
	g_autofree char *target = resolve(path);
	const mode_t mask = umask(0);
	umask(mask);
	if (stat(target, &st) != 0)
		return open_temporary(target, 0666 & ~mask, error);
	if (S_ISREG(st.st_mode))
		return open_temporary(target, st.st_mode & 0777, error);
	const int fd = open(target, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		error_set_errno(error, errno, "cannot write to %s", path);
		return NULL;
	}
	return out_new(fd, path);
}

void out_flush(Out *out)
{
	gsize done = 0;
	if (out->fd < 0)
		return;
	while (done < out->used && out->errnum == 0) {
		const gssize n = write(out->fd, out->buffer + done, out->used - done);
		if (n >= 0)
			done += (gsize)n;
		else if (errno != EINTR)
			out->errnum = errno;
	}
	out->used = 0;
}

gboolean out_finish(Out *out, GError **error)
{
	out_flush(out);
	/* No fsync: an export can be made again, and a gigabyte of it would take longer to reach the disk than to make. */
	if (out->errnum == 0 && !appear(out))
		out->errnum = errno;
	if (out->errnum != 0)
		return error_set_errno(error, out->errnum, "cannot write %s", out->path);
	doomed = NULL;
	g_clear_pointer(&out->temporary, g_free);
	return TRUE;
}

void out_free(Out *out)
{
	if (!out)
		return;
	if (out->fd >= 0 && out->fd != STDOUT_FILENO)
		close(out->fd);
	if (out->temporary) {
		unlink(out->temporary);
		doomed = NULL;
		g_free(out->temporary);
	}
	g_free(out->path);
	g_free(out);
}

/* --- ending_signals --- */

static const char two_digits[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
	"49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
	"9899";

/* Writes the digits of `value` so that they end before `end`; returns where they begin. */
static char *digits_before(char *end, guint64 value)
{
	while (value >= 100) {
		end -= 2;
		memcpy(end, two_digits + 2 * (value % 100), 2);
		value /= 100;
	}
	if (value < 10) {
		*--end = (char)('0' + value);
		return end;
	}
	end -= 2;
	memcpy(end, two_digits + 2 * value, 2);
	return end;
}

void out_int(Out *out, gint64 value)
{
	char text[24];
	char *const end = text + sizeof text;
	char *at = digits_before(end, value < 0 ? 0 - (guint64)value : (guint64)value);
	if (value < 0)
		*--at = '-';
	out_put(out, at, (gsize)(end - at));
}

void out_scaled(Out *out, gint64 value, guint digits)
{
	static const guint64 powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
	char text[40];
	char *end = text + sizeof text;
	const guint64 magnitude = value < 0 ? 0 - (guint64)value : (guint64)value;
	guint64 fraction = magnitude % powers[digits];
	char *at = end;
	if (fraction != 0) {
		at = digits_before(end, fraction + powers[digits]); /* a leading 1 keeps the zeros behind the point */
		*at = '.';
		while (end[-1] == '0')
			end--;
	}
	at = digits_before(at, magnitude / powers[digits]);
	if (value < 0)
		*--at = '-';
	out_put(out, at, (gsize)(end - at));
}

void out_degrees(Out *out, double degrees)
{
	out_scaled(out, llround(degrees * 1e7), 7);
}

/* --- time --- */

static void put_two(char *at, gint64 value)
{
	memcpy(at, two_digits + 2 * value, 2);
}

/* Proleptic Gregorian date of a day since 1970, counted in eras of 400 years that begin on 1 March. */
static void render_day(gint64 day, char ret_text[16])
{
	const gint64 shifted = day + 719468;
	const gint64 era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	const gint64 of_era = shifted - era * 146097;
	const gint64 year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const gint64 of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const gint64 month_from_march = (5 * of_year + 2) / 153;
	const gint64 month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	const gint64 year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
	put_two(ret_text, year / 100 % 100);
	put_two(ret_text + 2, year % 100);
	ret_text[4] = ret_text[7] = '-';
	put_two(ret_text + 5, month);
	put_two(ret_text + 8, of_year - (153 * month_from_march + 2) / 5 + 1);
	ret_text[10] = 'T';
}

void out_time(Out *out, gint64 utc_ms)
{
	gint64 ms = utc_ms % MS_PER_DAY;
	if (ms < 0)
		ms += MS_PER_DAY;
	const gint64 day = (utc_ms - ms) / MS_PER_DAY;
	if (day < -719528 || day > 2932896)
		return; /* before year 0 or after 9999: no honest clock */
	if (day != out->day) {
		render_day(day, out->day_text);
		out->day = day;
	}
	char text[24];
	memcpy(text, out->day_text, 11);
	put_two(text + 11, ms / 3600000);
	text[13] = text[16] = ':';
	put_two(text + 14, ms / 60000 % 60);
	put_two(text + 17, ms / 1000 % 60);
	text[19] = '.';
	text[20] = (char)('0' + ms / 100 % 10);
	put_two(text + 21, ms % 100);
	text[23] = 'Z';
	out_put(out, text, sizeof text);
}

/* --- text --- */

void out_json_text(Out *out, const char *text)
{
	static const char hex_digits[] = "0123456789abcdef";
	out_char(out, '"');
	for (; *text; text++) {
		const guchar c = (guchar)*text;
		if (c == '"' || c == '\\') {
			out_char(out, '\\');
			out_char(out, *text);
		} else if (c < 0x20) {
			OUT_LITERAL(out, "\\u00");
			out_char(out, hex_digits[c >> 4]);
			out_char(out, hex_digits[c & 15]);
		} else {
			out_char(out, *text);
		}
	}
	out_char(out, '"');
}

void out_csv_text(Out *out, const char *text)
{
	const gboolean formula = *text && strchr("=+-@\t\r", *text);
	const gboolean quoted = strpbrk(text, "\",\r\n") != NULL;
	if (quoted)
		out_char(out, '"');
	if (formula)
		out_char(out, '\'');
	for (; *text; text++) {
		if (*text == '"')
			out_char(out, '"');
		out_char(out, *text);
	}
	if (quoted)
		out_char(out, '"');
}
