/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scripted_mbim.h"

#include "bytes.h"
#include "scripted_pty.h"

#include <stdlib.h>

#define FRAME_MAX 8192
#define UUID_SIZE 16

/* Message types, MBIM 1.0 9.1 */
#define OPEN         1u
#define CLOSE        2u
#define COMMAND      3u
#define ERROR        4u
#define NOTIFICATION 7u
#define FROM_MODEM   0x80000000u

#define HEADER_SIZE       12 /* type, length, transaction */

#define STATUS_BUSY               1
#define STATUS_NO_DEVICE_SUPPORT  9
#define STATUS_INVALID_PARAMETERS 21
#define ERROR_NOT_OPENED          5

#define BASIC_DEVICE_SERVICES 16
#define BASIC_SUBSCRIBE       19
#define EXT_VERSION           15

static const guint8 uuids[SCRIPTED_SERVICES][UUID_SIZE] = {
	[SCRIPTED_BASIC] = {0xa2, 0x89, 0xcc, 0x33, 0xbc, 0xbb, 0x8b, 0x4f, 0xb6, 0xb0, 0x13, 0x3e, 0xc2, 0xaa, 0xe6, 0xdf},
	[SCRIPTED_EXT] = {0x3d, 0x01, 0xdc, 0xc5, 0xfe, 0xf5, 0x4d, 0x05, 0x0d, 0x3a, 0xbe, 0xf7, 0x05, 0x8e, 0x9a, 0xaf},
	[SCRIPTED_QMI] = {0xd1, 0xa3, 0x0b, 0xc2, 0xf9, 0x7a, 0x6e, 0x43, 0xbf, 0x65, 0xc7, 0xe2, 0x4f, 0xb0, 0xf0, 0xd3},
};

typedef struct {
	ScriptedService service;
	guint32 cid, status;
	gboolean silent, notification;
	GByteArray *info;
} Entry;

struct ScriptedMbim {
	ScriptedPty pty;
	ScriptedMbimMood mood;
	GPtrArray *entries; /* of Entry */
	guint mbimex;
	gboolean strict;
	gsize fragment; /* longest message; 0: no limit */
	gboolean open;
	guint32 subscribed[SCRIPTED_SERVICES]; /* bit per CID */
	guint asked[SCRIPTED_SERVICES][32];
	guint commands;
};

/* --- captures --- */

static void entry_free(gpointer data)
{
	Entry *entry = data;
	g_byte_array_unref(entry->info);
	g_free(entry);
}

static gboolean find_service(const char *word, ScriptedService *ret_service)
{
	static const char *const words[SCRIPTED_SERVICES] = {"basic", "ext", "qmi"};
	for (guint i = 0; i < SCRIPTED_SERVICES; i++) {
		if (!g_str_equal(word, words[i]))
			continue;
		*ret_service = (ScriptedService)i;
		return TRUE;
	}
	return FALSE;
}

static Entry *add_entry(ScriptedMbim *modem, ScriptedService service, char **words, const char *where)
{
	Entry *entry = g_new0(Entry, 1);
	const char *option = words[2];
	entry->service = service;
	entry->cid = (guint32)atoi(words[1]);
	entry->info = g_byte_array_new();
	g_ptr_array_add(modem->entries, entry);
	if (option && g_str_equal(option, "silent"))
		entry->silent = TRUE;
	else if (option && g_str_equal(option, "notification"))
		entry->notification = TRUE;
	else if (option && g_str_equal(option, "status") && words[3])
		entry->status = (guint32)atoi(words[3]);
	else if (option)
		g_error("%s: no such option: %s", where, option);
	return entry;
}

static void load(ScriptedMbim *modem, const char *path)
{
	g_auto(GStrv) lines = scripted_read_lines(path);
	Entry *entry = NULL;
	for (guint i = 0; lines[i]; i++) {
		g_autofree char *where = g_strdup_printf("%s:%u", path, i + 1);
		g_auto(GStrv) words = g_strsplit_set(lines[i], " \t", -1);
		ScriptedService service;
		if (!words[0] || !*words[0])
			continue;
		if (g_str_equal(words[0], "mbimex") && words[1]) {
			modem->mbimex = (guint)atoi(words[1]);
			modem->strict = words[2] && g_str_equal(words[2], "strict");
		} else if (g_str_equal(words[0], "fragment") && words[1]) {
			modem->fragment = (gsize)atoi(words[1]);
		} else if (find_service(words[0], &service) && words[1]) {
			entry = add_entry(modem, service, words, where);
		} else if (entry) {
			scripted_append_hex(entry->info, lines[i], where);
		} else {
			g_error("%s: neither a command nor its bytes", where);
		}
	}
}

static const Entry *find_entry(const ScriptedMbim *modem, ScriptedService service, guint32 cid)
{
	for (guint i = 0; i < modem->entries->len; i++) {
		const Entry *entry = g_ptr_array_index(modem->entries, i);
		if (entry->service == service && entry->cid == cid && !entry->notification)
			return entry;
	}
	return NULL;
}

/* --- messages --- */

static void send_short(ScriptedMbim *modem, guint32 type, guint32 transaction, guint32 value)
{
	guint8 frame[HEADER_SIZE + 4];
	ByteWriter w = byte_writer_init(frame, sizeof frame);
	byte_writer_u32(&w, type | FROM_MODEM);
	byte_writer_u32(&w, sizeof frame);
	byte_writer_u32(&w, transaction);
	byte_writer_u32(&w, value);
	scripted_pty_write(&modem->pty, frame, w.length);
}

/* What follows the fragment header of a long message, in as many fragments as are wanted. */
static void send_fragments(ScriptedMbim *modem, guint32 type, guint32 transaction, const guint8 *body, gsize length)
{
	const gsize room = modem->fragment ? modem->fragment - HEADER_SIZE - 8 : length;
	const guint32 total = (guint32)MAX(1, (length + room - 1) / MAX(room, 1));
	for (guint32 i = 0; i < total; i++) {
		guint8 frame[FRAME_MAX];
		const gsize n = MIN(room, length - i * room);
		ByteWriter w = byte_writer_init(frame, sizeof frame);
		byte_writer_u32(&w, type | FROM_MODEM);
		byte_writer_u32(&w, (guint32)(HEADER_SIZE + 8 + n));
		byte_writer_u32(&w, transaction);
		byte_writer_u32(&w, total);
		byte_writer_u32(&w, i);
		byte_writer_put(&w, body + i * room, n);
		g_assert_false(w.failed);
		scripted_pty_write(&modem->pty, frame, w.length);
	}
}

static void send_answer(ScriptedMbim *modem, ScriptedService service, guint32 cid, guint32 transaction, guint32 status,
			const guint8 *info, gsize length)
{
	guint8 body[FRAME_MAX];
	ByteWriter w = byte_writer_init(body, sizeof body);
	byte_writer_put(&w, uuids[service], UUID_SIZE);
	byte_writer_u32(&w, cid);
	byte_writer_u32(&w, status);
	byte_writer_u32(&w, (guint32)length);
	byte_writer_put(&w, info, length);
	g_assert_false(w.failed);
	send_fragments(modem, COMMAND, transaction, body, w.length);
}

/* --- what it answers by itself --- */

static guint32 offered_cids(const ScriptedMbim *modem, ScriptedService service)
{
	guint32 bits = service == SCRIPTED_BASIC ? 1u << BASIC_DEVICE_SERVICES | 1u << BASIC_SUBSCRIBE : 0;
	for (guint i = 0; i < modem->entries->len; i++) {
		const Entry *entry = g_ptr_array_index(modem->entries, i);
		if (entry->service == service)
			bits |= 1u << entry->cid;
	}
	if (service == SCRIPTED_EXT && modem->mbimex > 1)
		bits |= 1u << EXT_VERSION;
	return bits;
}

static guint count_bits(guint32 bits)
{
	guint n = 0;
	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

/* count u32, DSS sessions u32, { offset u32, size u32 }, { UUID, DSS payload u32, DSS instances u32, count u32, CIDs u32 } */
static void answer_services(ScriptedMbim *modem, guint32 transaction)
{
	guint8 info[512];
	ByteWriter w = byte_writer_init(info, sizeof info);
	guint32 bits[SCRIPTED_SERVICES], n = 0;
	for (guint i = 0; i < SCRIPTED_SERVICES; i++) {
		bits[i] = offered_cids(modem, (ScriptedService)i);
		n += bits[i] != 0;
	}
	guint32 offset = 8 + 8 * n;
	byte_writer_u32(&w, n);
	byte_writer_u32(&w, 0);
	for (guint i = 0; i < SCRIPTED_SERVICES; i++) {
		const guint32 size = 28 + 4 * count_bits(bits[i]);
		if (!bits[i])
			continue;
		byte_writer_u32(&w, offset);
		byte_writer_u32(&w, size);
		offset += size;
	}
	for (guint i = 0; i < SCRIPTED_SERVICES; i++) {
		if (!bits[i])
			continue;
		byte_writer_put(&w, uuids[i], UUID_SIZE);
		byte_writer_u32(&w, 0);
		byte_writer_u32(&w, 0);
		byte_writer_u32(&w, count_bits(bits[i]));
		for (guint32 cid = 0; cid < 32; cid++)
			if (bits[i] & 1u << cid)
				byte_writer_u32(&w, cid);
	}
	g_assert_false(w.failed);
	send_answer(modem, SCRIPTED_BASIC, BASIC_DEVICE_SERVICES, transaction, 0, info, w.length);
}

static void answer_version(ScriptedMbim *modem, guint32 transaction, const guint8 *info, gsize length)
{
	ByteReader r = byte_reader_init(info, length);
	guint8 answer[4];
	ByteWriter w = byte_writer_init(answer, sizeof answer);
	byte_reader_u16(&r);
	const guint host = byte_reader_u16(&r) >> 8;
	const gboolean refused = modem->strict && host > modem->mbimex;
	byte_writer_u16(&w, 0x0100);
	byte_writer_u16(&w, (guint16)(MIN(host, modem->mbimex) << 8));
	send_answer(modem, SCRIPTED_EXT, EXT_VERSION, transaction, refused ? STATUS_INVALID_PARAMETERS : 0, answer, refused ? 0 : w.length);
}

/* count u32, { offset u32, size u32 }, { UUID, count u32, CIDs u32 }: said back as it came */
static void answer_subscribe(ScriptedMbim *modem, guint32 transaction, const guint8 *info, gsize length)
{
	ByteReader r = byte_reader_init(info, length);
	const guint32 n = byte_reader_u32(&r);
	memset(modem->subscribed, 0, sizeof modem->subscribed);
	byte_reader_take(&r, 8 * n);
	for (guint32 i = 0; i < n; i++) {
		const guint8 *uuid = byte_reader_take(&r, UUID_SIZE);
		const guint32 n_cids = byte_reader_u32(&r);
		for (guint32 c = 0; c < n_cids && !r.failed; c++) {
			const guint32 cid = byte_reader_u32(&r);
			for (guint s = 0; s < SCRIPTED_SERVICES && uuid; s++)
				if (memcmp(uuids[s], uuid, UUID_SIZE) == 0 && cid < 32)
					modem->subscribed[s] |= 1u << cid;
		}
	}
	g_assert_false(r.failed);
	send_answer(modem, SCRIPTED_BASIC, BASIC_SUBSCRIBE, transaction, 0, info, length);
}

/* --- the port --- */

static void on_command(ScriptedMbim *modem, ScriptedService service, guint32 cid, guint32 transaction, const guint8 *info, gsize length)
{
	const Entry *entry = find_entry(modem, service, cid);
	if (modem->mood == SCRIPTED_MBIM_BABBLES)
		send_answer(modem, service, cid, transaction, 0, (const guint8 *)"?", 1);
	else if (entry && !entry->silent)
		send_answer(modem, service, cid, transaction, entry->status, entry->info->data, entry->info->len);
	else if (entry)
		return;
	else if (service == SCRIPTED_BASIC && cid == BASIC_DEVICE_SERVICES)
		answer_services(modem, transaction);
	else if (service == SCRIPTED_BASIC && cid == BASIC_SUBSCRIBE)
		answer_subscribe(modem, transaction, info, length);
	else if (service == SCRIPTED_EXT && cid == EXT_VERSION && modem->mbimex > 1)
		answer_version(modem, transaction, info, length);
	else
		send_answer(modem, service, cid, transaction, STATUS_NO_DEVICE_SUPPORT, NULL, 0);
}

static void take_command(ScriptedMbim *modem, guint32 transaction, ByteReader *r)
{
	byte_reader_take(r, 8); /* fragments: a host's messages are short */
	const guint8 *uuid = byte_reader_take(r, UUID_SIZE);
	const guint32 cid = byte_reader_u32(r);
	byte_reader_u32(r);
	const guint32 length = byte_reader_u32(r);
	const guint8 *info = byte_reader_take(r, length);
	g_assert_true(uuid && info && cid < 32);
	modem->commands++;
	for (guint s = 0; s < SCRIPTED_SERVICES; s++) {
		if (memcmp(uuids[s], uuid, UUID_SIZE) != 0)
			continue;
		modem->asked[s][cid]++;
		if (!modem->open)
			send_short(modem, ERROR, transaction, ERROR_NOT_OPENED);
		else if (modem->mood != SCRIPTED_MBIM_OPENS_ONLY)
			on_command(modem, (ScriptedService)s, cid, transaction, info, length);
	}
}

static gboolean take_message(gpointer data)
{
	ScriptedMbim *modem = data;
	ByteReader r = byte_reader_init(modem->pty.input->data, modem->pty.input->len);
	const guint32 type = byte_reader_u32(&r), length = byte_reader_u32(&r), transaction = byte_reader_u32(&r);
	if (r.failed || modem->pty.input->len < length)
		return FALSE;
	if (modem->mood == SCRIPTED_MBIM_HANGS) {
		modem->commands++;
	} else if (type == OPEN) {
		modem->open = modem->mood != SCRIPTED_MBIM_REFUSES;
		send_short(modem, OPEN, transaction, modem->open ? 0 : STATUS_BUSY);
	} else if (type == CLOSE) {
		modem->open = FALSE;
		send_short(modem, CLOSE, transaction, 0);
	} else if (type == COMMAND) {
		take_command(modem, transaction, &r);
	}
	g_byte_array_remove_range(modem->pty.input, 0, length);
	return TRUE;
}

/* --- the door --- */

ScriptedMbim *scripted_mbim_new(const char *path)
{
	ScriptedMbim *modem = g_new0(ScriptedMbim, 1);
	modem->entries = g_ptr_array_new_with_free_func(entry_free);
	modem->mbimex = 1;
	scripted_pty_init(&modem->pty, take_message, modem);
	if (path)
		load(modem, path);
	return modem;
}

void scripted_mbim_free(ScriptedMbim *modem)
{
	if (!modem)
		return;
	scripted_pty_clear(&modem->pty);
	g_ptr_array_unref(modem->entries);
	g_free(modem);
}

const char *scripted_mbim_device(const ScriptedMbim *modem)
{
	return modem->pty.device;
}

void scripted_mbim_set_mood(ScriptedMbim *modem, ScriptedMbimMood mood)
{
	modem->mood = mood;
}

void scripted_mbim_restart(ScriptedMbim *modem)
{
	modem->open = FALSE;
	memset(modem->subscribed, 0, sizeof modem->subscribed);
}

guint scripted_mbim_notify(ScriptedMbim *modem)
{
	guint sent = 0;
	for (guint i = 0; i < modem->entries->len; i++) {
		const Entry *entry = g_ptr_array_index(modem->entries, i);
		guint8 body[FRAME_MAX];
		ByteWriter w = byte_writer_init(body, sizeof body);
		if (!entry->notification || !(modem->subscribed[entry->service] & 1u << entry->cid))
			continue;
		byte_writer_put(&w, uuids[entry->service], UUID_SIZE);
		byte_writer_u32(&w, entry->cid);
		byte_writer_u32(&w, entry->info->len);
		byte_writer_put(&w, entry->info->data, entry->info->len);
		send_fragments(modem, NOTIFICATION, 0, body, w.length);
		sent++;
	}
	return sent;
}

void scripted_mbim_write(ScriptedMbim *modem, const void *bytes, gsize length)
{
	scripted_pty_write(&modem->pty, bytes, length);
}

gboolean scripted_mbim_is_open(const ScriptedMbim *modem)
{
	return modem->open;
}

guint scripted_mbim_commands(const ScriptedMbim *modem)
{
	return modem->commands;
}

guint scripted_mbim_asked(const ScriptedMbim *modem, ScriptedService service, guint32 cid)
{
	return modem->asked[service][cid];
}
