/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scripted_modem.h"

#include "bytes.h"
#include "scripted_pty.h"

#include <stdlib.h>

#define FRAME_MAX    4096
#define CLIENTS_MAX  64
#define SERVICE_CTL  0x00
#define FROM_MODEM   0x80
#define RESPONSE     2
#define INDICATION   4
#define ERROR_CLIENT 7
#define ERROR_NO_SUCH_SERVICE 31
#define ERROR_NO_SUCH_MESSAGE 71

typedef struct {
	guint8 service;
	guint16 message;
	gboolean silent, indication;
	guint16 error;
	GByteArray *tlvs; /* all but the result */
} Entry;

struct ScriptedModem {
	ScriptedPty pty;
	ScriptedModemMood mood;
	GPtrArray *entries;  /* of Entry */
	GArray *asked;       /* of guint32: service << 16 | message */
	guint8 kept_back; /* a service that is not to be had, 0: none */
	guint8 clients[CLIENTS_MAX]; /* service of each client id, 0: free */
	guint requests;
};

/* --- captures --- */

static void entry_free(gpointer data)
{
	Entry *entry = data;
	g_byte_array_unref(entry->tlvs);
	g_free(entry);
}

static Entry *add_entry(ScriptedModem *modem, guint8 service, guint16 message)
{
	Entry *entry = g_new0(Entry, 1);
	entry->service = service;
	entry->message = message;
	entry->tlvs = g_byte_array_new();
	g_ptr_array_add(modem->entries, entry);
	return entry;
}

static void append_tlv(GByteArray *bytes, guint8 type, const guint8 *value, gsize length)
{
	guint8 head[] = {type, (guint8)length, (guint8)(length >> 8)};
	g_byte_array_append(bytes, head, sizeof head);
	g_byte_array_append(bytes, value, (guint)length);
}

static guint8 service_number(const char *word, const char *where)
{
	static const struct {
		const char *word;
		guint8 number;
	} services[] = {{"nas", 0x03}, {"dms", 0x02}, {"uim", 0x0B}, {"wds", 0x01}};
	for (guint i = 0; i < G_N_ELEMENTS(services); i++)
		if (g_str_equal(services[i].word, word))
			return services[i].number;
	g_error("%s: no such service: %s", where, word);
}

static Entry *begin_message(ScriptedModem *modem, char **words, const char *where)
{
	Entry *entry = add_entry(modem, service_number(words[0], where), (guint16)strtoul(words[1], NULL, 16));
	const char *option = words[2];
	if (option && g_str_equal(option, "silent"))
		entry->silent = TRUE;
	else if (option && g_str_equal(option, "indication"))
		entry->indication = TRUE;
	else if (option && g_str_equal(option, "error") && words[3])
		entry->error = (guint16)strtoul(words[3], NULL, 16);
	else if (option)
		g_error("%s: no such option: %s", where, option);
	return entry;
}

/* A whole frame of a traced modem becomes the answer that it holds. */
static void take_frame(ScriptedModem *modem, const GByteArray *frame, const char *where)
{
	ByteReader r = byte_reader_init(frame->data, frame->len);
	byte_reader_take(&r, 4); /* marker, length, flags */
	guint8 service = byte_reader_u8(&r);
	byte_reader_take(&r, 4); /* client, flags, transaction */
	guint16 message = byte_reader_u16(&r);
	guint16 length = byte_reader_u16(&r);
	if (r.failed || length != byte_reader_left(&r))
		g_error("%s: the frame's lengths disagree", where);
	Entry *entry = add_entry(modem, service, message);
	while (byte_reader_left(&r) > 0) {
		guint8 type = byte_reader_u8(&r);
		guint16 size = byte_reader_u16(&r);
		const guint8 *value = byte_reader_take(&r, size);
		if (!value)
			g_error("%s: the frame's TLVs run over its end", where);
		if (type == 2 && value[0] != 0)
			entry->error = value[2];
		else if (type != 2)
			append_tlv(entry->tlvs, type, value, size);
	}
}

static void load(ScriptedModem *modem, const char *path)
{
	g_auto(GStrv) lines = scripted_read_lines(path);
	g_autoptr(GByteArray) frame = NULL; /* being collected */
	Entry *entry = NULL;
	for (guint i = 0; lines[i]; i++) {
		g_autofree char *where = g_strdup_printf("%s:%u", path, i + 1);
		g_auto(GStrv) words = g_strsplit_set(lines[i], " \t", -1);
		gboolean is_tlv = strlen(lines[i]) >= 3 && lines[i][2] == ':' && !frame;
		gboolean is_bytes = frame && *lines[i] && g_ascii_isxdigit(lines[i][0]) && g_ascii_isxdigit(lines[i][1]);
		if (frame && !is_bytes) {
			take_frame(modem, frame, where);
			g_clear_pointer(&frame, g_byte_array_unref);
		}
		if (is_bytes) {
			scripted_append_hex(frame, lines[i], where);
		} else if (g_str_has_prefix(lines[i], "frame ")) {
			frame = g_byte_array_new();
			scripted_append_hex(frame, lines[i] + 6, where);
		} else if (is_tlv && entry) {
			g_autoptr(GByteArray) value = g_byte_array_new();
			scripted_append_hex(value, lines[i] + 3, where);
			append_tlv(entry->tlvs, (guint8)strtoul(lines[i], NULL, 16), value->data, value->len);
		} else if (words[0] && *words[0] && words[1]) {
			entry = begin_message(modem, words, where);
		} else if (*lines[i]) {
			g_error("%s: neither a message nor a TLV", where);
		}
	}
}

/* --- the port --- */

static void send_message(ScriptedModem *modem, guint8 service, guint8 client, guint8 kind, guint16 transaction, guint16 message,
			 const guint8 *tlvs, gsize length)
{
	guint8 frame[FRAME_MAX];
	ByteWriter w = byte_writer_init(frame, sizeof frame);
	gsize head = service == SERVICE_CTL ? 6 : 7;
	byte_writer_u8(&w, 1);
	byte_writer_u16(&w, (guint16)(5 + head + length));
	byte_writer_u8(&w, FROM_MODEM);
	byte_writer_u8(&w, service);
	byte_writer_u8(&w, client);
	byte_writer_u8(&w, service == SERVICE_CTL && kind == RESPONSE ? 1 : kind);
	if (service == SERVICE_CTL)
		byte_writer_u8(&w, (guint8)transaction);
	else
		byte_writer_u16(&w, transaction);
	byte_writer_u16(&w, message);
	byte_writer_u16(&w, (guint16)length);
	byte_writer_put(&w, tlvs, length);
	g_assert_false(w.failed);
	scripted_pty_write(&modem->pty, frame, w.length);
}

static void respond(ScriptedModem *modem, guint8 service, guint8 client, guint16 transaction, guint16 message, guint16 error,
		    const guint8 *tlvs, gsize length)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	guint8 result[] = {error != 0, 0, (guint8)error, (guint8)(error >> 8)};
	append_tlv(all, 2, result, sizeof result);
	g_byte_array_append(all, tlvs, (guint)length);
	send_message(modem, service, client, RESPONSE, transaction, message, all->data, all->len);
}

static guint8 allocate(ScriptedModem *modem, guint8 service)
{
	for (guint id = 1; id < CLIENTS_MAX; id++) {
		if (modem->clients[id])
			continue;
		modem->clients[id] = service;
		return (guint8)id;
	}
	g_error("all client ids of the scripted modem have leaked");
}

/* CTL: Get Version Info 0x21, Allocate CID 0x22, Release CID 0x23, Sync 0x27 */
static void on_control(ScriptedModem *modem, guint8 transaction, guint16 message, ByteReader *tlvs)
{
	static const guint8 versions[] = {0x01, 16, 0, 3, 2, 1, 0, 0, 0, 3, 1, 0, 25, 0, 11, 1, 0, 30, 0};
	guint16 error = 0;
	gsize length = 0;
	guint8 answer[5] = {0x01, 2, 0};
	byte_reader_take(tlvs, 3);
	guint8 service = byte_reader_u8(tlvs);
	if (message == 0x21) {
		respond(modem, SERVICE_CTL, 0, transaction, message, 0, versions, sizeof versions);
		return;
	}
	if (message == 0x22 && modem->kept_back && service == modem->kept_back) {
		error = ERROR_NO_SUCH_SERVICE;
	} else if (message == 0x22) {
		answer[3] = service;
		answer[4] = allocate(modem, service);
		length = sizeof answer;
	} else if (message == 0x23) {
		guint8 id = byte_reader_u8(tlvs);
		answer[3] = service;
		answer[4] = id;
		error = id < CLIENTS_MAX && modem->clients[id] == service ? 0 : ERROR_CLIENT;
		if (!error)
			modem->clients[id] = 0;
		length = sizeof answer;
	} else if (message == 0x27) {
		memset(modem->clients, 0, sizeof modem->clients);
	} else {
		error = ERROR_NO_SUCH_MESSAGE;
	}
	respond(modem, SERVICE_CTL, 0, transaction, message, error, answer, length);
}

static Entry *find_entry(const ScriptedModem *modem, guint8 service, guint16 message)
{
	for (guint i = 0; i < modem->entries->len; i++) {
		Entry *entry = g_ptr_array_index(modem->entries, i);
		if (entry->service == service && entry->message == message && !entry->indication)
			return entry;
	}
	return NULL;
}

static void on_request(ScriptedModem *modem, guint8 service, guint8 client, guint16 transaction, guint16 message)
{
	guint32 key = (guint32)service << 16 | message;
	const Entry *entry = find_entry(modem, service, message);
	modem->requests++;
	g_array_append_val(modem->asked, key);
	if (modem->mood == SCRIPTED_MODEM_CTL_ONLY)
		return;
	if (client >= CLIENTS_MAX || modem->clients[client] != service)
		respond(modem, service, client, transaction, message, ERROR_CLIENT, NULL, 0);
	else if (!entry)
		respond(modem, service, client, transaction, message, ERROR_NO_SUCH_MESSAGE, NULL, 0);
	else if (!entry->silent)
		respond(modem, service, client, transaction, message, entry->error, entry->tlvs->data, entry->tlvs->len);
}

/* The first frame of the input; FALSE while it is not all there. */
static gboolean take_request(gpointer data)
{
	ScriptedModem *modem = data;
	ByteReader r = byte_reader_init(modem->pty.input->data, modem->pty.input->len);
	byte_reader_u8(&r);
	guint16 length = byte_reader_u16(&r);
	byte_reader_u8(&r);
	if (r.failed || modem->pty.input->len < length + 1u)
		return FALSE;
	guint8 service = byte_reader_u8(&r), client = byte_reader_u8(&r);
	byte_reader_u8(&r);
	guint16 transaction = service == SERVICE_CTL ? byte_reader_u8(&r) : byte_reader_u16(&r);
	guint16 message = byte_reader_u16(&r);
	byte_reader_u16(&r);
	if (modem->mood == SCRIPTED_MODEM_HANGS || (modem->mood == SCRIPTED_MODEM_NO_CLIENTS && message == 0x22))
		modem->requests++;
	else if (service == SERVICE_CTL)
		on_control(modem, (guint8)transaction, message, &r);
	else
		on_request(modem, service, client, transaction, message);
	g_byte_array_remove_range(modem->pty.input, 0, length + 1u);
	return TRUE;
}

/* --- the door --- */

ScriptedModem *scripted_modem_new(const char *path)
{
	ScriptedModem *modem = g_new0(ScriptedModem, 1);
	modem->entries = g_ptr_array_new_with_free_func(entry_free);
	modem->asked = g_array_new(FALSE, FALSE, sizeof(guint32));
	scripted_pty_init(&modem->pty, take_request, modem);
	if (path)
		load(modem, path);
	return modem;
}

void scripted_modem_free(ScriptedModem *modem)
{
	if (!modem)
		return;
	scripted_pty_clear(&modem->pty);
	g_ptr_array_unref(modem->entries);
	g_array_unref(modem->asked);
	g_free(modem);
}

const char *scripted_modem_device(const ScriptedModem *modem)
{
	return modem->pty.device;
}

void scripted_modem_write(ScriptedModem *modem, const void *bytes, gsize length)
{
	scripted_pty_write(&modem->pty, bytes, length);
}

void scripted_modem_set_mood(ScriptedModem *modem, ScriptedModemMood mood)
{
	modem->mood = mood;
	if (mood == SCRIPTED_MODEM_FORGETS)
		memset(modem->clients, 0, sizeof modem->clients);
}

void scripted_modem_keep_back(ScriptedModem *modem, guint8 service)
{
	modem->kept_back = service;
}

void scripted_modem_set_answer(ScriptedModem *modem, guint8 service, guint16 message, const void *tlvs, gsize length)
{
	Entry *entry = find_entry(modem, service, message);
	if (!entry)
		entry = add_entry(modem, service, message);
	g_byte_array_set_size(entry->tlvs, 0);
	g_byte_array_append(entry->tlvs, tlvs, (guint)length);
}

guint scripted_modem_indicate(ScriptedModem *modem)
{
	guint sent = 0;
	for (guint i = 0; i < modem->entries->len; i++) {
		const Entry *entry = g_ptr_array_index(modem->entries, i);
		for (guint id = 1; entry->indication && id < CLIENTS_MAX; id++) {
			if (modem->clients[id] != entry->service)
				continue;
			send_message(modem, entry->service, (guint8)id, INDICATION, 0, entry->message, entry->tlvs->data, entry->tlvs->len);
			sent++;
		}
	}
	return sent;
}

guint scripted_modem_clients(const ScriptedModem *modem)
{
	guint n = 0;
	for (guint id = 1; id < CLIENTS_MAX; id++)
		n += modem->clients[id] != 0;
	return n;
}

guint scripted_modem_requests(const ScriptedModem *modem)
{
	return modem->requests;
}

guint scripted_modem_asked(const ScriptedModem *modem, guint8 service, guint16 message)
{
	guint n = 0;
	for (guint i = 0; i < modem->asked->len; i++)
		n += g_array_index(modem->asked, guint32, i) == ((guint32)service << 16 | message);
	return n;
}
