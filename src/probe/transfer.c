/* See transfer.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/transfer.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK_MS   200
#define MAX_HEAD  (32 * 1024) /* of the answer's header lines */
/* What a browser says, so that we get what people get. */
#define USER_AGENT "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

struct Transfer {
	const Session *session;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *connect_to;
	char *address, *until;
	gboolean tls, quic, handshake_only;
	guint64 max_body;
	gint receive_buffer;
	TransferDone done;
	gpointer user_data;
	guint timer, look;
	gint64 started_ns, step_ns;
	gint64 connected_ns;       /* TLS began; libcurl tells that of a TCP connection only when all of TLS is done */
	ProbeStep step;
	GString *body;             /* as far as `until` has to be found in it */
	gint64 first_ns;           /* when the first piece of the body was here */
	guint64 first_bytes;
	gint64 last_ns;
	gsize head;
	gboolean enough, flooded;
	int open_errno;
	struct tcp_info info;
	char message[CURL_ERROR_SIZE];
	TransferResult result;
};

/* --- what libcurl calls --- */

static gboolean is_wished(const Transfer *t, const struct curl_sockaddr *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	if (address->family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)&address->addr)->sin_addr, text, sizeof text);
	else if (address->family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)&address->addr)->sin6_addr, text, sizeof text);
	g_autoptr(GInetAddress) got = g_inet_address_new_from_string(text), wished = g_inet_address_new_from_string(t->address);
	return got && wished && g_inet_address_equal(got, wished);
}

static curl_socket_t on_open(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	Transfer *t = data;
	(void)purpose;
	if (!is_wished(t, address))
		return CURL_SOCKET_BAD;
	int fd = session_socket(t->session, address->family == AF_INET6 ? SESSION_IPV6 : SESSION_IPV4, address->socktype);
	if (fd < 0)
		t->open_errno = errno;
	else if (t->receive_buffer > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &t->receive_buffer, sizeof t->receive_buffer);
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static void note_tcp_info(Transfer *t, curl_socket_t fd)
{
	socklen_t length = sizeof t->info;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &t->info, &length) == 0)
		t->result.has_tcp_info = TRUE;
}

static int on_close(void *data, curl_socket_t fd)
{
	note_tcp_info(data, fd);
	return close(fd);
}

static CURLcode on_tls(CURL *easy, void *context, void *data)
{
	Transfer *t = data;
	(void)easy;
	(void)context;
	t->connected_ns = clock_boottime_ns();
	return CURLE_OK;
}

static size_t on_head(char *line, size_t size, size_t n, void *data)
{
	Transfer *t = data;
	(void)line;
	t->head += size * n;
	t->flooded = t->head > MAX_HEAD;
	return t->flooded ? 0 : size * n;
}

/* Only the end of what was read before can hold the beginning of the text. */
static void search(Transfer *t, const char *data, gsize length)
{
	const gsize wanted = strlen(t->until);
	if (t->body->len >= wanted)
		g_string_erase(t->body, 0, (gssize)(t->body->len - wanted + 1));
	g_string_append_len(t->body, data, (gssize)length);
	t->result.found = memmem(t->body->str, t->body->len, t->until, wanted) != NULL;
}

static size_t on_body(char *data, size_t size, size_t n, void *user_data)
{
	Transfer *t = user_data;
	const gsize length = (gsize)MIN((guint64)(size * n), t->max_body - t->result.body_bytes);
	if (t->until && !t->result.found)
		search(t, data, length);
	t->result.body_bytes += length;
	t->last_ns = clock_boottime_ns();
	if (t->first_bytes == 0) {
		t->first_ns = t->last_ns;
		t->first_bytes = length;
	}
	t->enough = t->result.found || t->result.body_bytes >= t->max_body;
	return t->enough ? 0 : size * n; /* 0 ends the transfer with CURLE_WRITE_ERROR */
}

/* --- how it ended --- */

static curl_off_t get_time(const Transfer *t, CURLINFO what)
{
	curl_off_t value = 0;
	curl_easy_getinfo(t->easy, what, &value);
	return value;
}

static guint32 span(curl_off_t from, curl_off_t to)
{
	return to > from ? (guint32)MIN(to - from, G_MAXUINT32) : 0;
}

static void fill_times(Transfer *t)
{
	const curl_off_t lookup = get_time(t, CURLINFO_NAMELOOKUP_TIME_T), connected = get_time(t, CURLINFO_CONNECT_TIME_T);
	const curl_off_t secured = get_time(t, CURLINFO_APPCONNECT_TIME_T), asked = get_time(t, CURLINFO_PRETRANSFER_TIME_T);
	const curl_off_t begun = get_time(t, CURLINFO_STARTTRANSFER_TIME_T);
	TransferResult *r = &t->result;
	if (!t->quic)
		r->tcp_us = connected > 0 ? span(lookup, connected) : span(t->started_ns / 1000, t->connected_ns / 1000);
	if (t->tls)
		r->tls_us = span(t->quic ? lookup : connected, secured);
	if (!t->handshake_only && begun > 0)
		r->first_byte_us = span(asked, begun);
	r->total_us = (guint32)((clock_boottime_ns() - t->started_ns) / 1000);
}

/* What came after the first piece, over the time that it took: the wait for the first byte says nothing of the rate. */
static guint32 find_rate(const Transfer *t)
{
	const guint64 bytes = t->result.body_bytes - t->first_bytes;
	const gint64 us = (t->last_ns - t->first_ns) / 1000;
	return bytes > 0 && us > 0 ? (guint32)MIN(bytes * 8 * 1000 / (guint64)us, G_MAXUINT32) : 0;
}

static void fill_redirect(Transfer *t)
{
	char *url = NULL;
	curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &url);
	g_autoptr(GUri) uri = url ? g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED, NULL) : NULL;
	if (uri && g_uri_get_host(uri))
		g_strlcpy(t->result.redirect_host, g_uri_get_host(uri), sizeof t->result.redirect_host);
}

static FailureCurl describe_end(const Transfer *t, CURLcode code)
{
	FailureCurl e = {.code = (int)code, .tls = t->tls, .quic = t->quic, .message = t->message};
	long os_errno = 0;
	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_errno);
	curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &e.verify_result);
	e.os_errno = t->open_errno ? t->open_errno : (int)os_errno;
	e.connected = t->connected_ns > 0 || get_time(t, CURLINFO_CONNECT_TIME_T) > 0;
	e.secured = get_time(t, CURLINFO_APPCONNECT_TIME_T) > 0;
	e.tcp_state = t->result.has_tcp_info ? t->info.tcpi_state : 0;
	return e;
}

static void clear_sources(Transfer *t)
{
	g_clear_handle_id(&t->timer, g_source_remove);
	g_clear_handle_id(&t->look, g_source_remove);
}

/* `failure` NULL: what libcurl's code means. */
static void finish(Transfer *t, CURLcode code, const char *failure)
{
	clear_sources(t);
	long status = 0;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	t->result.status = (guint)CLAMP(status, 0, 999);
	fill_times(t);
	fill_redirect(t);
	curl_socket_t fd = CURL_SOCKET_BAD; /* after a handshake alone it stays open */
	if (curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
		note_tcp_info(t, fd);
	curl_multi_remove_handle(t->multi, t->easy); /* closes the connection: on_close() looks at it */
	if (code == CURLE_WRITE_ERROR && t->enough)
		code = CURLE_OK;
	else if (code == CURLE_WRITE_ERROR && t->flooded)
		code = CURLE_WEIRD_SERVER_REPLY;
	const FailureCurl e = describe_end(t, code);
	t->result.step = failure_from_curl(&e, t->result.failure);
	if (t->handshake_only && code == CURLE_OK)
		t->result.step = PROBE_STEP_TLS;
	if (failure)
		g_strlcpy(t->result.failure, failure, FAILURE_SIZE);
	if (t->result.has_tcp_info) {
		t->result.rtt_us = t->info.tcpi_rtt;
		t->result.retransmits = t->info.tcpi_total_retrans;
	}
	t->result.rate_kbps = find_rate(t);
	t->done(&t->result, t->user_data);
}

void transfer_cut(Transfer *t, const char *failure)
{
	finish(t, CURLE_ABORTED_BY_CALLBACK, failure);
}

/* --- libcurl on GLib's main loop --- */

static void take_messages(Transfer *t)
{
	int left;
	const CURLMsg *message;
	while ((message = curl_multi_info_read(t->multi, &left)))
		if (message->msg == CURLMSG_DONE) {
			finish(t, message->data.result, NULL);
			return; /* it may be freed */
		}
}

static void act(Transfer *t, curl_socket_t fd, int events)
{
	int running;
	curl_multi_socket_action(t->multi, fd, events, &running);
	take_messages(t);
}

static gboolean on_ready(gint fd, GIOCondition condition, gpointer data)
{
	const int events = (condition & G_IO_IN ? CURL_CSELECT_IN : 0) | (condition & G_IO_OUT ? CURL_CSELECT_OUT : 0) |
			   (condition & (G_IO_ERR | G_IO_HUP) ? CURL_CSELECT_ERR : 0);
	act(data, fd, events);
	return G_SOURCE_CONTINUE; /* whether it lives on is on_socket()'s business */
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *watched)
{
	Transfer *t = data;
	(void)easy;
	if (watched)
		g_source_remove(GPOINTER_TO_UINT(watched));
	guint id = 0;
	if (what != CURL_POLL_REMOVE)
		id = g_unix_fd_add(fd, (GIOCondition)((what & CURL_POLL_IN ? G_IO_IN : 0) | (what & CURL_POLL_OUT ? G_IO_OUT : 0)),
				   on_ready, t);
	curl_multi_assign(t->multi, fd, GUINT_TO_POINTER(id));
	return 0;
}

static gboolean on_timer(gpointer data)
{
	Transfer *t = data;
	t->timer = 0;
	act(t, CURL_SOCKET_TIMEOUT, 0);
	return G_SOURCE_REMOVE;
}

static int on_timer_wanted(CURLM *multi, long ms, void *data)
{
	Transfer *t = data;
	(void)multi;
	g_clear_handle_id(&t->timer, g_source_remove);
	if (ms >= 0)
		t->timer = g_timeout_add((guint)ms, on_timer, t);
	return 0;
}

/* Deadlines: libcurl has one for TCP and TLS together, and none for the time to the first byte. */
static gboolean on_look(gpointer data)
{
	Transfer *t = data;
	const gint64 now = clock_boottime_ns();
	const FailureCurl e = describe_end(t, CURLE_OK);
	char unused[FAILURE_SIZE];
	const ProbeStep step = failure_from_curl(&e, unused);
	if (step != t->step) {
		t->step = step;
		t->step_ns = now;
	}
	const gboolean flows = step == PROBE_STEP_HTTP && get_time(t, CURLINFO_STARTTRANSFER_TIME_T) > 0;
	if ((flows || now - t->step_ns < TRANSFER_STEP_S * NS_PER_S) && now - t->started_ns < TRANSFER_TOTAL_S * NS_PER_S)
		return G_SOURCE_CONTINUE;
	t->look = 0;
	finish(t, CURLE_OPERATION_TIMEDOUT, NULL);
	return G_SOURCE_REMOVE;
}

/* --- start and end --- */

static void set_trust(Transfer *t, const TransferWish *wish)
{
	const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
	/* Of the system's certificates only those that are needed are read, where they lie in a folder: reading all takes as long as a
	 * handshake on a small computer. */
	if (version->capath)
		curl_easy_setopt(t->easy, CURLOPT_CAINFO, NULL);
	if (wish->trust) {
		struct curl_blob blob = {.data = (void *)wish->trust, .len = strlen(wish->trust), .flags = CURL_BLOB_COPY};
		curl_easy_setopt(t->easy, CURLOPT_CAINFO_BLOB, &blob);
	}
	if (wish->handshake_only) {
		curl_easy_setopt(t->easy, CURLOPT_CONNECT_ONLY, 1L);
		curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_callbacks(Transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	curl_easy_setopt(t->easy, CURLOPT_SSL_CTX_DATA, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->message);
	curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
	curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
}

static void set_request(Transfer *t, const TransferWish *wish)
{
	g_autofree char *place = g_strdup_printf(wish->family == SESSION_IPV6 ? "::[%s]:%u" : "::%s:%u", wish->address, wish->port);
	t->connect_to = curl_slist_append(NULL, place);
	curl_easy_setopt(t->easy, CURLOPT_URL, wish->url);
	curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
	curl_easy_setopt(t->easy, CURLOPT_IPRESOLVE, wish->family == SESSION_IPV6 ? (long)CURL_IPRESOLVE_V6 : (long)CURL_IPRESOLVE_V4);
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, TRANSFER_TOTAL_S * 1000L);
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, USER_AGENT);
	if (wish->quic)
		curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_3ONLY);
}

Transfer *transfer_start(const Session *session, const TransferWish *wish, TransferDone done, gpointer user_data)
{
	Transfer *t = g_new0(Transfer, 1);
	t->session = session;
	t->multi = curl_multi_init();
	t->easy = curl_easy_init();
	t->address = g_strdup(wish->address);
	t->until = g_strdup(wish->until);
	t->body = g_string_new(NULL);
	t->tls = wish->tls;
	t->quic = wish->quic;
	t->handshake_only = wish->handshake_only;
	t->max_body = wish->max_body;
	t->receive_buffer = wish->receive_buffer;
	t->done = done;
	t->user_data = user_data;
	t->started_ns = t->step_ns = clock_boottime_ns();
	t->step = PROBE_STEP_TCP;
	set_request(t, wish);
	set_callbacks(t);
	set_trust(t, wish);
	t->look = g_timeout_add(LOOK_MS, on_look, t);
	curl_multi_add_handle(t->multi, t->easy); /* asks for a timer of 0 ms: nothing is called before we return */
	return t;
}

void transfer_free(Transfer *t)
{
	if (!t)
		return;
	clear_sources(t);
	curl_multi_remove_handle(t->multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_multi_cleanup(t->multi);
	clear_sources(t);
	curl_slist_free_all(t->connect_to);
	g_string_free(t->body, TRUE);
	g_free(t->address);
	g_free(t->until);
	g_free(t);
}

gboolean transfer_can_quic(void)
{
	return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP3) != 0;
}
