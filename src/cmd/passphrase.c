/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/passphrase.h"

#include "error.h"
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LENGTH_MIN 8 /* characters */
#define ATTEMPTS   3

static gboolean refuse(GError **error, const char *message)
{
	g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, message);
	return FALSE;
}

/* --- the terminal --- */

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

typedef struct {
	int fd;
	struct termios before;
	sigset_t mask;
	struct sigaction actions[G_N_ELEMENTS(stopping)];
} Terminal;

/* The signals wait until the terminal is waited for, so that none comes in between. */
static gboolean hide_typing(Terminal *t)
{
	sigset_t held;
	caught = 0;
	sigemptyset(&held);
	for (guint i = 0; i < G_N_ELEMENTS(stopping); i++)
		sigaddset(&held, stopping[i]);
	sigprocmask(SIG_BLOCK, &held, &t->mask);
	for (guint i = 0; i < G_N_ELEMENTS(stopping); i++) {
		sigaction(stopping[i], NULL, &t->actions[i]);
		if (t->actions[i].sa_handler != SIG_IGN)
			sigaction(stopping[i], &(struct sigaction){.sa_handler = on_signal}, NULL);
	}
	struct termios hidden = t->before;
	hidden.c_lflag &= (tcflag_t)~ECHO;
	hidden.c_lflag |= ICANON | ISIG;
	return tcsetattr(t->fd, TCSAFLUSH, &hidden) == 0;
}

/* What was caught now does what it does. */
static void show_typing(Terminal *t)
{
	tcsetattr(t->fd, TCSAFLUSH, &t->before);
	for (guint i = 0; i < G_N_ELEMENTS(stopping); i++)
		sigaction(stopping[i], &t->actions[i], NULL);
	if (caught)
		raise((int)caught);
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
}

/* -1: a signal, or the terminal went. The line's end counts; without one it was too long, or the person ended the input. */
static gssize take_line(const Terminal *t, char *secret)
{
	struct pollfd ready = {.fd = t->fd, .events = POLLIN};
	if (ppoll(&ready, 1, NULL, &t->mask) < 0)
		return -1;
	return read(t->fd, secret, KEYS_PASSPHRASE_SIZE);
}

static gboolean ask(Terminal *t, const char *prompt, char *secret, GError **error)
{
	gssize n;
	do {
		const gboolean hidden = hide_typing(t);
		if (hidden)
			dprintf(t->fd, "%s", prompt);
		n = hidden ? take_line(t, secret) : -1;
		const int wrong = errno;
		dprintf(t->fd, "\n");
		show_typing(t);
		if (n < 0 && !caught)
			return error_set_errno(error, wrong, "cannot read the passphrase from the terminal");
	} while (caught); /* it was stopped, and goes on */
	if (n == 0 || secret[n - 1] != '\n')
		return refuse(error, n == KEYS_PASSPHRASE_SIZE ? "this is too long for a passphrase" : "no passphrase was given");
	secret[n - 1] = '\0';
	return strlen(secret) == (gsize)n - 1 ? TRUE : refuse(error, "there is a character in it that is none");
}

/* --- is it one? --- */

static gsize characters_of(const char *secret)
{
	gsize n = 0;
	for (; *secret; secret++)
		n += (*secret & 0xc0) != 0x80;
	return n;
}

static const char *complaint(const char *secret, gboolean new)
{
	if (!*secret)
		return "an empty passphrase protects nothing";
	if (new && characters_of(secret) < LENGTH_MIN)
		return "that is too short: whoever takes the file tries such a one out in no time. Take five or six words that "
		       "chance chose (dice and a list of words), not a sentence that is known";
	return NULL;
}

static gboolean ask_until_good(Terminal *t, const char *prompt, gboolean twice, char *secret, GError **error)
{
	char *again = keys_secret_new(KEYS_PASSPHRASE_SIZE);
	const char *wrong = "";
	gboolean asked = TRUE;
	for (guint i = 0; asked && wrong && i < ATTEMPTS; i++) {
		if (*wrong)
			dprintf(t->fd, "%s.\n", wrong);
		asked = ask(t, prompt, secret, error);
		wrong = asked ? complaint(secret, twice) : NULL;
		if (!asked || wrong || !twice)
			continue;
		sodium_memzero(again, KEYS_PASSPHRASE_SIZE);
		asked = ask(t, "The same again: ", again, error);
		if (asked && (strlen(again) != strlen(secret) || sodium_memcmp(again, secret, strlen(secret)) != 0))
			wrong = "the two are not the same";
	}
	keys_secret_free(again);
	return asked && wrong ? refuse(error, wrong) : asked;
}

static gboolean from_terminal(const char *prompt, gboolean twice, char *secret, GError **error)
{
	Terminal t = {.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
	const gboolean there = t.fd >= 0 && tcgetattr(t.fd, &t.before) == 0;
	const gboolean ok = there ? ask_until_good(&t, prompt, twice, secret, error)
				  : refuse(error, "there is no terminal to ask for the passphrase on: give it with --passphrase-fd");
	if (t.fd >= 0)
		close(t.fd);
	return ok;
}

/* --- a descriptor --- */

/* A byte at a time: what stands behind the line is somebody else's. */
static gboolean from_descriptor(int fd, gboolean new, char *secret, GError **error)
{
	gsize length = 0;
	for (;;) {
		const gssize n = read(fd, secret + length, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(error, errno, "cannot read the passphrase from descriptor %d", fd);
		if (n == 0 || secret[length] == '\n')
			break;
		if (secret[length] == '\0' || ++length == KEYS_PASSPHRASE_SIZE)
			return refuse(error, "what --passphrase-fd gives is no line of text, or too long for a passphrase");
	}
	/* Nobody can type the other half of a foreign line's end at a terminal. */
	if (length > 0 && secret[length - 1] == '\r')
		length--;
	secret[length] = '\0';
	const char *wrong = complaint(secret, new);
	return wrong ? refuse(error, wrong) : TRUE;
}

gboolean passphrase_read(const char *prompt, int fd, gboolean twice, char *secret, GError **error)
{
	sodium_memzero(secret, KEYS_PASSPHRASE_SIZE);
	const gboolean ok = fd < 0 ? from_terminal(prompt, twice, secret, error) : from_descriptor(fd, twice, secret, error);
	if (!ok)
		sodium_memzero(secret, KEYS_PASSPHRASE_SIZE);
	return ok;
}
