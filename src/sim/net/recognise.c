/* recognise.c - see recognise.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/recognise.h"

#include "sim/net/packet.h"

#include <string.h>

#define TLS_RECORD_HEAD 5
#define TLS_HANDSHAKE 22
#define TLS_RECORD_MAX 16384
#define TLS_CLIENT_HELLO 1
#define TLS_HELLO_MAX 16384 /* longer ones are nobody's */
#define EXTENSION_NAME 0
#define NAME_IS_HOST 0
#define HTTP_HEAD_MAX 8192

/* A cursor over bytes in network order; once it ran out it gives zeros. */
typedef struct {
	const guint8 *at;
	gsize left;
	gboolean failed;
} Cursor;

static const guint8 *take(Cursor *c, gsize size)
{
	if (c->failed || size > c->left) {
		c->failed = TRUE;
		return NULL;
	}
	const guint8 *at = c->at;
	c->at += size;
	c->left -= size;
	return at;
}

static gsize take_number(Cursor *c, guint bytes)
{
	const guint8 *at = take(c, bytes);
	gsize value = 0;
	for (guint i = 0; at && i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

/* What stands behind a length of that many bytes. */
static Cursor take_vector(Cursor *c, guint length_bytes)
{
	gsize size = take_number(c, length_bytes);
	const guint8 *at = take(c, size);
	return (Cursor){.at = at, .left = at ? size : 0, .failed = !at};
}

static gboolean copy_name(const guint8 *at, gsize size, char ret_name[SIM_HOST_MAX])
{
	if (size == 0 || size >= SIM_HOST_MAX || memchr(at, 0, size))
		return FALSE;
	for (gsize i = 0; i < size; i++)
		ret_name[i] = g_ascii_tolower((char)at[i]);
	ret_name[size] = '\0';
	return TRUE;
}

static gboolean find_name(Cursor extensions, char ret_name[SIM_HOST_MAX])
{
	while (extensions.left > 0 && !extensions.failed) {
		gsize type = take_number(&extensions, 2);
		Cursor body = take_vector(&extensions, 2);
		if (type != EXTENSION_NAME || extensions.failed)
			continue;
		Cursor list = take_vector(&body, 2);
		gboolean is_host = take_number(&list, 1) == NAME_IS_HOST;
		Cursor host = take_vector(&list, 2);
		return is_host && !host.failed && copy_name(host.at, host.left, ret_name);
	}
	return FALSE;
}

static SimRecognise parse_hello(const guint8 *data, gsize size, char ret_name[SIM_HOST_MAX])
{
	Cursor c = {.at = data, .left = size};
	gsize type = take_number(&c, 1), length = take_number(&c, 3);
	if (size > 0 && (type != TLS_CLIENT_HELLO || length > TLS_HELLO_MAX))
		return SIM_RECOGNISE_NO;
	if (c.failed || c.left < length)
		return SIM_RECOGNISE_MORE;
	c.left = length;
	take(&c, 2 + 32);   /* version, random */
	take_vector(&c, 1); /* session */
	take_vector(&c, 2); /* cipher suites */
	take_vector(&c, 1); /* compression */
	Cursor extensions = take_vector(&c, 2);
	return !c.failed && find_name(extensions, ret_name) ? SIM_RECOGNISE_FOUND : SIM_RECOGNISE_NO;
}

SimRecognise sim_recognise_sni(const guint8 *data, gsize size, char ret_name[SIM_HOST_MAX])
{
	g_autoptr(GByteArray) hello = g_byte_array_new();
	gsize at = 0;
	while (at < size) {
		gsize left = size - at;
		if (data[at] != TLS_HANDSHAKE || (left > 1 && data[at + 1] != 3))
			return SIM_RECOGNISE_NO;
		if (left < TLS_RECORD_HEAD)
			return SIM_RECOGNISE_MORE;
		gsize length = sim_get_be16(data + at + 3);
		if (length == 0 || length > TLS_RECORD_MAX)
			return SIM_RECOGNISE_NO;
		g_byte_array_append(hello, data + at + TLS_RECORD_HEAD, (guint)MIN(length, left - TLS_RECORD_HEAD));
		SimRecognise what = parse_hello(hello->data, hello->len, ret_name);
		if (what != SIM_RECOGNISE_MORE)
			return what;
		at += TLS_RECORD_HEAD + length;
	}
	return SIM_RECOGNISE_MORE;
}

/* Whether it begins with a method and a blank, as far as there are bytes. */
static SimRecognise begins_request(const guint8 *data, gsize size)
{
	static const char *const methods[] = {"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", NULL};
	for (guint i = 0; methods[i]; i++) {
		gsize length = strlen(methods[i]);
		if (memcmp(data, methods[i], MIN(size, length)) == 0)
			return size < length ? SIM_RECOGNISE_MORE : SIM_RECOGNISE_FOUND;
	}
	return SIM_RECOGNISE_NO;
}

SimRecognise sim_recognise_host(const guint8 *data, gsize size, char ret_name[SIM_HOST_MAX])
{
	SimRecognise begin = size == 0 ? SIM_RECOGNISE_MORE : begins_request(data, size);
	if (begin != SIM_RECOGNISE_FOUND)
		return begin;
	g_autofree char *text = g_strndup((const char *)data, MIN(size, HTTP_HEAD_MAX));
	char *end = strstr(text, "\r\n\r\n");
	if (!end)
		return size < HTTP_HEAD_MAX && strlen(text) == size ? SIM_RECOGNISE_MORE : SIM_RECOGNISE_NO;
	*end = '\0';
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	for (guint i = 1; lines[i]; i++) {
		if (g_ascii_strncasecmp(lines[i], "Host:", 5) != 0)
			continue;
		const char *host = g_strstrip(lines[i] + 5);
		gsize length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
		length = MIN(length, strlen(host));
		return copy_name((const guint8 *)host, length, ret_name) ? SIM_RECOGNISE_FOUND : SIM_RECOGNISE_NO;
	}
	return SIM_RECOGNISE_NO;
}

/* Opcode in the upper five bits, key id (0 at the opening) in the lower three. Bare: session id, no acknowledgements, packet id 0.
 * With tls-auth a HMAC (SHA-1, SHA-256, SHA-512), packet id and time stand between; with tls-crypt as much as with SHA-256. */
gboolean sim_recognise_openvpn(const guint8 *data, gsize size)
{
	enum { CLIENT_V2 = 7 << 3, SERVER_V2 = 8 << 3, CLIENT_V3 = 10 << 3 };
	static const guint8 none[5] = {0};
	if (size < 14 || (data[0] != CLIENT_V2 && data[0] != SERVER_V2 && data[0] != CLIENT_V3))
		return FALSE;
	if (data[0] == CLIENT_V3)
		return size >= 54;
	if (data[0] == SERVER_V2 && size == 26) /* it acknowledges the client's packet 0, and names its session */
		return data[9] == 1;
	if (size == 14)
		return memcmp(data + 9, none, sizeof none) == 0;
	return size == 42 || size == 54 || size == 66 || size == 86 || size == 98;
}

SimRecognise sim_recognise_openvpn_tcp(const guint8 *data, gsize size)
{
	if (size < 2)
		return SIM_RECOGNISE_MORE;
	gsize length = sim_get_be16(data);
	if (length < 14 || length > 1500)
		return SIM_RECOGNISE_NO;
	if (size < 2 + length)
		return SIM_RECOGNISE_MORE;
	return sim_recognise_openvpn(data + 2, length) ? SIM_RECOGNISE_FOUND : SIM_RECOGNISE_NO;
}

gboolean sim_recognise_wireguard(const guint8 *data, gsize size)
{
	if (size < 32 || data[1] != 0 || data[2] != 0 || data[3] != 0)
		return FALSE;
	switch (data[0]) {
	case 1: /* initiation */
		return size == 148;
	case 2: /* response */
		return size == 92;
	case 3: /* cookie */
		return size == 64;
	case 4: /* data, padded to 16 */
		return size % 16 == 0;
	}
	return FALSE;
}

gboolean sim_name_matches(const char *const *names, const char *host)
{
	for (guint i = 0; names[i]; i++) {
		gsize name = strlen(names[i]), length = strlen(host);
		if (length < name || g_ascii_strcasecmp(host + length - name, names[i]) != 0)
			continue;
		if (length == name || host[length - name - 1] == '.')
			return TRUE;
	}
	return FALSE;
}
