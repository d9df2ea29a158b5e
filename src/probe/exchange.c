/* See exchange.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/exchange.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_ANSWER 2048

struct Exchange {
	const Session *session;
	int fd;
	ExchangeWish wish;
	char *address;
	guint8 *message;
	ExchangeDone done;
	gpointer user_data;
	guint watch, deadline, again;
	gint64 started_ns, asked_ns;
	guint tries;
	guint8 answer[MAX_ANSWER]; /* TCP: as far as it has come */
	gsize got;
	ExchangeResult result;
};

static guint32 us_since(gint64 ns)
{
	return (guint32)MIN((clock_boottime_ns() - ns) / 1000, (gint64)G_MAXUINT32);
}

static void stop(Exchange *e)
{
	g_clear_handle_id(&e->watch, g_source_remove);
	g_clear_handle_id(&e->deadline, g_source_remove);
	g_clear_handle_id(&e->again, g_source_remove);
}

static void note_tcp_info(Exchange *e)
{
	struct tcp_info info;
	socklen_t length = sizeof info;
	if (!e->result.connected || getsockopt(e->fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
		return;
	e->result.rtt_us = info.tcpi_rtt;
	e->result.retransmits = info.tcpi_total_retrans;
}

static void finish(Exchange *e, const char *failure)
{
	stop(e);
	if (failure)
		g_strlcpy(e->result.failure, failure, FAILURE_SIZE);
	e->result.total_us = us_since(e->started_ns);
	note_tcp_info(e);
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
	e->done(&e->result, e->user_data);
}

void exchange_cut(Exchange *e, const char *failure)
{
	finish(e, failure);
}

static void finish_errno(Exchange *e, int errnum)
{
	const char *word = failure_from_errno(errnum);
	g_autofree char *other = word ? NULL : g_strdup_printf("unknown_failure: %s", g_strerror(errnum));
	finish(e, word ? word : other);
}

static gboolean on_deadline(gpointer data)
{
	Exchange *e = data;
	e->deadline = 0;
	finish(e, FAILURE_TIMEOUT);
	return G_SOURCE_REMOVE;
}

/* FALSE: it is over. An error that an earlier datagram brought back does not stop the next one from being sent. */
static gboolean say(Exchange *e)
{
	if (send(e->fd, e->message, e->wish.length, MSG_NOSIGNAL) == (gssize)e->wish.length || errno == EAGAIN)
		return TRUE;
	finish_errno(e, errno);
	return FALSE;
}

static gboolean on_again(gpointer data)
{
	Exchange *e = data;
	if (++e->tries < EXCHANGE_TRIES) {
		if (e->wish.renew)
			e->wish.renew(e->message, e->user_data);
		return say(e) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
	}
	e->again = 0;
	finish(e, FAILURE_TIMEOUT);
	return G_SOURCE_REMOVE;
}

static void take_answer(Exchange *e, const guint8 *data, gsize length)
{
	const Answer answer = e->wish.judge(data, length, e->user_data);
	if (answer == ANSWER_GOOD) {
		e->result.answer_us = us_since(e->asked_ns);
		finish(e, NULL);
	} else if (e->wish.stream && (answer == ANSWER_NONE || length >= MAX_ANSWER)) {
		finish(e, "unknown_failure: another protocol");
	}
	/* A datagram that is none of ours is passed over: anybody can send one. */
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
	Exchange *e = data;
	(void)condition;
	const gsize at = e->wish.stream ? e->got : 0;
	const gssize n = recv(fd, e->answer + at, MAX_ANSWER - at, 0);
	if (n > 0) {
		e->got = at + (gsize)n;
		take_answer(e, e->answer, e->got);
	} else if (n == 0 && e->wish.stream) {
		finish(e, FAILURE_EOF);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		finish_errno(e, errno);
	}
	return G_SOURCE_CONTINUE; /* finish() took the source away where it is over */
}

static void listen_for_answer(Exchange *e)
{
	g_clear_handle_id(&e->watch, g_source_remove);
	e->watch = g_unix_fd_add(e->fd, G_IO_IN | G_IO_ERR | G_IO_HUP, on_readable, e);
	e->asked_ns = clock_boottime_ns();
	if (!e->wish.stream)
		e->again = g_timeout_add(EXCHANGE_AGAIN_MS + (guint)g_random_int_range(0, EXCHANGE_AGAIN_MS / 4), on_again, e);
	say(e);
}

static gboolean on_connected(gint fd, GIOCondition condition, gpointer data)
{
	Exchange *e = data;
	(void)condition;
	int wrong = 0;
	socklen_t length = sizeof wrong;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &wrong, &length) < 0)
		wrong = errno;
	if (wrong) {
		finish_errno(e, wrong);
		return G_SOURCE_CONTINUE;
	}
	e->result.connected = TRUE;
	e->result.tcp_us = us_since(e->started_ns);
	if (e->message)
		listen_for_answer(e);
	else
		finish(e, NULL);
	return G_SOURCE_CONTINUE;
}

/* 0 or errno. */
static int connect_to(Exchange *e)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(e->wish.address);
	g_autoptr(GSocketAddress) place = g_inet_socket_address_new(address, e->wish.port);
	guint8 native[sizeof(struct sockaddr_storage)];
	const gssize size = g_socket_address_get_native_size(place);
	if (size > (gssize)sizeof native || !g_socket_address_to_native(place, native, sizeof native, NULL))
		return EINVAL;
	return connect(e->fd, (const struct sockaddr *)(const void *)native, (socklen_t)size) < 0 ? errno : 0;
}

/* Everything, what cannot even begin too, is told from the main loop. */
static gboolean on_begin(gpointer data)
{
	Exchange *e = data;
	e->watch = 0;
	e->started_ns = clock_boottime_ns();
	e->deadline = g_timeout_add_seconds(EXCHANGE_STEP_S, on_deadline, e);
	e->fd = session_socket(e->session, e->wish.family, e->wish.stream ? SOCK_STREAM : SOCK_DGRAM);
	const int wrong = e->fd < 0 ? errno : !e->wish.stream && !e->message ? EINVAL : connect_to(e);
	if (wrong && wrong != EINPROGRESS)
		finish_errno(e, wrong);
	else if (e->wish.stream)
		e->watch = g_unix_fd_add(e->fd, G_IO_OUT | G_IO_ERR | G_IO_HUP, on_connected, e);
	else
		listen_for_answer(e);
	return G_SOURCE_REMOVE;
}

Exchange *exchange_start(const Session *session, const ExchangeWish *wish, ExchangeDone done, gpointer user_data)
{
	Exchange *e = g_new0(Exchange, 1);
	e->session = session;
	e->wish = *wish;
	e->wish.address = e->address = g_strdup(wish->address);
	e->message = wish->message ? g_memdup2(wish->message, wish->length) : NULL;
	e->done = done;
	e->user_data = user_data;
	e->fd = -1;
	e->started_ns = clock_boottime_ns();
	e->result.step = wish->stream ? PROBE_STEP_TCP : PROBE_STEP_UDP;
	e->watch = g_idle_add(on_begin, e);
	return e;
}

void exchange_free(Exchange *e)
{
	if (!e)
		return;
	stop(e);
	if (e->fd >= 0)
		close(e->fd);
	g_free(e->message);
	g_free(e->address);
	g_free(e);
}
