/* The tables behind observation.h, and the coding that walks them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "observation.h"

#include <stddef.h>

#define WIRE_VARINT  0u
#define WIRE_SVARINT 1u
#define WIRE_BYTES   2u

const char *const operating_mode_words[] = {"online", "low-power", "factory-test", "offline", "resetting", "shutting-down", NULL};
const char *const sim_state_words[] = {"ready", "absent", "pin-locked", "puk-locked", "error", "not-ready", NULL};
const char *const registration_words[] = {"not-registered", "home", "searching", "denied", "roaming", NULL};
const char *const attach_words[] = {"detached", "attached", NULL};
const char *const rat_words[] = {"none", "gsm", "umts", "lte", "nr", NULL};
const char *const service_words[] = {"none", "limited", "full", "limited-regional", "power-save", NULL};
const char *const domain_words[] = {"none", "cs", "ps", "cs-ps", NULL};
const char *const access_words[] = {"normal", "emergency-only", "no-calls", "all-calls", NULL};
const char *const data_session_words[] = {"down", "up", "connecting", "disconnecting", "suspended", NULL};
const char *const fix_mode_words[] = {"none", "2d", "3d", NULL};
const char *const event_words[] = {"heartbeat", "source-lost", "source-back", "sweep-failed", "network-reject", "clock-step",
				   "disk-full", "disk-back", "journal-error", "run-end", "modem-retry", "modem-new-client",
				   "modem-reopen", "modem-reset", "modem-wait", "modem-forgot", "values-held", "values-move",
				   "device-added", "device-removed", "probe-paused", "probe-resumed", NULL};
const char *const clock_pair_words[] = {"first", "periodic", "step", NULL};
const char *const session_origin_words[] = {"own", "observed", NULL};
const char *const session_outcome_words[] = {"connected", "failed", "ended", NULL};
const char *const session_family_words[] = {"ipv4", "ipv6", "dual", NULL};
const char *const session_ended_by_words[] = {"us", "network", "modem", "timeout", NULL};
const char *const cause_type_words[] = {"3gpp", "call-manager", "internal", "mobile-ip", "ppp", "ehrpd", "ipv6", "call-end", "qmi-error",
					"mbim-status", NULL};
const char *const address_scope_words[] = {"private", "shared", "public", "other", NULL};
const char *const probe_test_words[] = {"round", "ip", "dns", "web", "sni", "portal", "quic", "wireguard", "openvpn", "rate", NULL};
const char *const probe_role_words[] = {"target", "control", NULL};
const char *const probe_step_words[] = {"dns", "tcp", "tls", "http", "udp", NULL};
const char *const service_state_words[] = {"unknown", "off", "none", "limited", "denied", "served", NULL};

#define WORDS_U8(arg)    NULL
#define WORDS_U16(arg)   NULL
#define WORDS_U32(arg)   NULL
#define WORDS_U64(arg)   NULL
#define WORDS_I16(arg)   NULL
#define WORDS_I32(arg)   NULL
#define WORDS_I64(arg)   NULL
#define WORDS_BOOL(arg)  NULL
#define WORDS_TEXT(arg)  NULL
#define WORDS_CELLS(arg) NULL
#define WORDS_ENUM(arg)  arg

#define ROW(Struct, id_, name_, TYPE, arg)                          \
	{.id = id_,                                                 \
	 .name = #name_,                                            \
	 .type = FIELD_##TYPE,                                      \
	 .offset = offsetof(Struct, name_),                         \
	 .size = sizeof(((Struct *)NULL)->name_),                   \
	 .words = WORDS_##TYPE(arg)},
#define ROW_RUN(id, name, TYPE, arg)    ROW(RunFields, id, name, TYPE, arg)
#define ROW_DEVICE(id, name, TYPE, arg) ROW(DeviceFields, id, name, TYPE, arg)
#define ROW_RADIO(id, name, TYPE, arg)  ROW(RadioFields, id, name, TYPE, arg)
#define ROW_FIX(id, name, TYPE, arg)    ROW(FixFields, id, name, TYPE, arg)
#define ROW_SKY(id, name, TYPE, arg)    ROW(SkyFields, id, name, TYPE, arg)
#define ROW_EVENT(id, name, TYPE, arg)  ROW(EventFields, id, name, TYPE, arg)
#define ROW_CLOCK(id, name, TYPE, arg)  ROW(ClockFields, id, name, TYPE, arg)
#define ROW_MARK(id, name, TYPE, arg)   ROW(MarkFields, id, name, TYPE, arg)
#define ROW_SESSION(id, name, TYPE, arg) ROW(SessionFields, id, name, TYPE, arg)
#define ROW_PROBE(id, name, TYPE, arg)  ROW(ProbeFields, id, name, TYPE, arg)
#define ROW_CELL(id, name, TYPE, arg)   ROW(Cell, id, name, TYPE, arg)

static const ObservationField run_fields[] = {RUN_FIELDS(ROW_RUN)};
static const ObservationField device_fields[] = {DEVICE_FIELDS(ROW_DEVICE)};
static const ObservationField radio_fields[] = {RADIO_FIELDS(ROW_RADIO)};
static const ObservationField fix_fields[] = {FIX_FIELDS(ROW_FIX)};
static const ObservationField sky_fields[] = {SKY_FIELDS(ROW_SKY)};
static const ObservationField event_fields[] = {EVENT_FIELDS(ROW_EVENT)};
static const ObservationField clock_fields[] = {CLOCK_FIELDS(ROW_CLOCK)};
static const ObservationField mark_fields[] = {MARK_FIELDS(ROW_MARK)};
static const ObservationField session_fields[] = {SESSION_FIELDS(ROW_SESSION)};
static const ObservationField probe_fields[] = {PROBE_FIELDS(ROW_PROBE)};
static const ObservationField cell_fields[] = {CELL_FIELDS(ROW_CELL)};

#define TABLE(word, rows) {.name = word, .fields = rows, .n_fields = G_N_ELEMENTS(rows)}
static const ObservationTable tables[OBSERVATION_KIND_MAX + 1] = {
	[OBSERVATION_RUN] = TABLE("run", run_fields),       [OBSERVATION_DEVICE] = TABLE("device", device_fields),
	[OBSERVATION_RADIO] = TABLE("radio", radio_fields), [OBSERVATION_FIX] = TABLE("fix", fix_fields),
	[OBSERVATION_SKY] = TABLE("sky", sky_fields),       [OBSERVATION_EVENT] = TABLE("event", event_fields),
	[OBSERVATION_CLOCK] = TABLE("clock", clock_fields), [OBSERVATION_MARK] = TABLE("mark", mark_fields),
	[OBSERVATION_SESSION] = TABLE("session", session_fields), [OBSERVATION_PROBE] = TABLE("probe", probe_fields),
};
const ObservationTable observation_cell_table = TABLE("cell", cell_fields);

/* Each table is dense: its row i has the id i + 1. A check at compile time would need each row by itself. */
static const ObservationField *find_field(const ObservationTable *table, guint64 id)
{
	return id >= 1 && id <= table->n_fields ? &table->fields[id - 1] : NULL;
}

const ObservationTable *observation_table(ObservationKind kind)
{
	return (guint)kind >= 1 && (guint)kind <= OBSERVATION_KIND_MAX ? &tables[kind] : NULL;
}

const char *observation_word(const char *const *words, guint value)
{
	for (guint i = 0; words[i]; i++)
		if (i == value)
			return words[i];
	return "unknown";
}

/* U+0080 to U+009F: some terminals take them for commands, as they do those below U+0020. */
static gboolean is_c1_control(const guint8 *bytes, gsize length)
{
	return length >= 2 && bytes[0] == 0xc2 && bytes[1] >= 0x80 && bytes[1] <= 0x9f;
}

void observation_copy_text(char *ret_text, gsize size, const char *value)
{
	g_autofree char *valid = g_utf8_make_valid(value ? value : "", -1);
	gsize length = strlen(valid);
	if (length > size - 1)
		length = (gsize)(g_utf8_find_prev_char(valid, valid + size) - valid);
	for (gsize i = 0; i < length; i++) {
		const gboolean c1 = is_c1_control((const guint8 *)valid + i, length - i);
		ret_text[i] = c1 || (guchar)valid[i] < 0x20 || valid[i] == 0x7f ? ' ' : valid[i];
		if (c1)
			ret_text[++i] = ' ';
	}
	ret_text[length] = '\0';
}

void observation_init(Observation *o, ObservationKind kind, const char *source)
{
	memset(o, 0, sizeof *o);
	o->kind = kind;
	o->at = clock_read();
	observation_copy_text(o->source, sizeof o->source, source);
}

gint64 observation_field_int(const ObservationField *field, const void *fields)
{
	const void *at = (const guint8 *)fields + field->offset;
	switch (field->type) {
	case FIELD_U8:
	case FIELD_BOOL:
	case FIELD_ENUM:
		return *(const guint8 *)at;
	case FIELD_U16:
		return *(const guint16 *)at;
	case FIELD_U32:
		return *(const guint32 *)at;
	case FIELD_U64:
		return (gint64) * (const guint64 *)at;
	case FIELD_I16:
		return *(const gint16 *)at;
	case FIELD_I32:
		return *(const gint32 *)at;
	case FIELD_I64:
		return *(const gint64 *)at;
	case FIELD_TEXT:
	case FIELD_CELLS:
		break;
	}
	return 0;
}

/* --- encoding --- */

static void encode_cells(const CellList *cells, ByteWriter *w);

static void encode_field(const ObservationField *field, const void *fields, ByteWriter *w)
{
	const void *at = (const guint8 *)fields + field->offset;
	switch (field->type) {
	case FIELD_I16:
	case FIELD_I32:
	case FIELD_I64:
		byte_writer_varint(w, field->id << 2 | WIRE_SVARINT);
		byte_writer_svarint(w, observation_field_int(field, fields));
		return;
	case FIELD_BOOL:
		byte_writer_varint(w, field->id << 2 | WIRE_VARINT);
		byte_writer_varint(w, observation_field_int(field, fields) != 0);
		return;
	case FIELD_U8:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_ENUM:
		byte_writer_varint(w, field->id << 2 | WIRE_VARINT);
		byte_writer_varint(w, (guint64)observation_field_int(field, fields));
		return;
	case FIELD_TEXT: {
		gsize length = strnlen(at, field->size);
		byte_writer_varint(w, field->id << 2 | WIRE_BYTES);
		byte_writer_varint(w, length);
		byte_writer_put(w, at, length);
		return;
	}
	case FIELD_CELLS:
		byte_writer_varint(w, field->id << 2 | WIRE_BYTES);
		encode_cells(at, w);
		return;
	}
}

static void encode_fields(const ObservationTable *table, guint64 present, const void *fields, ByteWriter *w)
{
	for (gsize i = 0; i < table->n_fields; i++)
		if (present & OBSERVATION_BIT(table->fields[i].id))
			encode_field(&table->fields[i], fields, w);
}

/* varint length of all | for each cell: varint length, fields. Room is measured first: what does not fit is left out whole. */
static void encode_cells(const CellList *cells, ByteWriter *w)
{
	guint8 all_bytes[OBSERVATION_MAX_CODED / 2];
	ByteWriter all = byte_writer_init(all_bytes, sizeof all_bytes);
	for (guint i = 0; i < cells->n && i < OBSERVATION_MAX_CELLS; i++) {
		guint8 one_bytes[96];
		ByteWriter one = byte_writer_init(one_bytes, sizeof one_bytes);
		encode_fields(&observation_cell_table, cells->cell[i].present, &cells->cell[i], &one);
		if (all.capacity - all.length < one.length + 1)
			break;
		byte_writer_varint(&all, one.length);
		byte_writer_put(&all, one_bytes, one.length);
	}
	byte_writer_varint(w, all.length);
	byte_writer_put(w, all_bytes, all.length);
}

void observation_encode(const Observation *o, ByteWriter *w)
{
	const ObservationTable *table = observation_table(o->kind);
	g_return_if_fail(table);
	gsize source_length = strnlen(o->source, sizeof o->source);
	byte_writer_u8(w, (guint8)o->kind);
	byte_writer_u8(w, (guint8)o->at.state);
	byte_writer_varint(w, o->sequence);
	byte_writer_varint(w, (guint64)o->at.boottime_ns);
	byte_writer_svarint(w, o->at.realtime_ns);
	byte_writer_varint(w, source_length);
	byte_writer_put(w, o->source, source_length);
	encode_fields(table, o->present, &o->radio, w);
}

/* --- decoding --- */

static gboolean store_unsigned(const ObservationField *field, guint64 value, void *at)
{
	switch (field->type) {
	case FIELD_BOOL:
		*(guint8 *)at = (guint8)value;
		return value <= 1;
	case FIELD_U8:
	case FIELD_ENUM:
		*(guint8 *)at = (guint8)value;
		return value <= G_MAXUINT8;
	case FIELD_U16:
		*(guint16 *)at = (guint16)value;
		return value <= G_MAXUINT16;
	case FIELD_U32:
		*(guint32 *)at = (guint32)value;
		return value <= G_MAXUINT32;
	case FIELD_U64:
		*(guint64 *)at = value;
		return value <= G_MAXINT64;
	case FIELD_I16:
	case FIELD_I32:
	case FIELD_I64:
	case FIELD_TEXT:
	case FIELD_CELLS:
		break;
	}
	return FALSE;
}

static gboolean store_signed(const ObservationField *field, gint64 value, void *at)
{
	switch (field->type) {
	case FIELD_I16:
		*(gint16 *)at = (gint16)value;
		return value >= G_MININT16 && value <= G_MAXINT16;
	case FIELD_I32:
		*(gint32 *)at = (gint32)value;
		return value >= G_MININT32 && value <= G_MAXINT32;
	case FIELD_I64:
		*(gint64 *)at = value;
		return TRUE;
	case FIELD_U8:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_BOOL:
	case FIELD_ENUM:
	case FIELD_TEXT:
	case FIELD_CELLS:
		break;
	}
	return FALSE;
}

static gboolean decode_fields(const ObservationTable *table, ByteReader *r, guint64 *ret_present, void *fields);

static gboolean decode_cells(const guint8 *bytes, gsize length, CellList *ret_cells)
{
	ByteReader r = byte_reader_init(bytes, length);
	ret_cells->n = 0;
	while (byte_reader_left(&r) > 0) {
		gsize size = (gsize)byte_reader_varint(&r);
		const guint8 *at = byte_reader_take(&r, size);
		if (!at || ret_cells->n == OBSERVATION_MAX_CELLS)
			return FALSE;
		Cell *cell = &ret_cells->cell[ret_cells->n++];
		ByteReader one = byte_reader_init(at, size);
		if (!decode_fields(&observation_cell_table, &one, &cell->present, cell))
			return FALSE;
	}
	return !r.failed;
}

/* Journals are evidence from a device that may have been in other hands: what observation_copy_text would not have made
 * (bad UTF-8, NUL, the control characters that steer a terminal) is refused. */
static gboolean text_is_clean(const guint8 *bytes, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (bytes[i] < 0x20 || bytes[i] == 0x7f || is_c1_control(bytes + i, length - i))
			return FALSE;
	return g_utf8_validate((const char *)bytes, (gssize)length, NULL);
}

static gboolean store_bytes(const ObservationField *field, const guint8 *bytes, gsize length, void *at)
{
	if (field->type == FIELD_CELLS)
		return decode_cells(bytes, length, at);
	if (field->type != FIELD_TEXT || length >= field->size || !text_is_clean(bytes, length))
		return FALSE;
	memcpy(at, bytes, length);
	((char *)at)[length] = '\0';
	return TRUE;
}

static gboolean decode_value(const ObservationField *field, guint wire, ByteReader *r, void *fields)
{
	void *at = field ? (guint8 *)fields + field->offset : NULL;
	if (wire == WIRE_VARINT) {
		guint64 value = byte_reader_varint(r);
		return !field || store_unsigned(field, value, at);
	}
	if (wire == WIRE_SVARINT) {
		gint64 value = byte_reader_svarint(r);
		return !field || store_signed(field, value, at);
	}
	if (wire != WIRE_BYTES)
		return FALSE;
	gsize length = (gsize)byte_reader_varint(r);
	const guint8 *bytes = byte_reader_take(r, length);
	return bytes && (!field || store_bytes(field, bytes, length, at));
}

static gboolean decode_fields(const ObservationTable *table, ByteReader *r, guint64 *ret_present, void *fields)
{
	guint64 present = 0;
	while (byte_reader_left(r) > 0) {
		guint64 tag = byte_reader_varint(r);
		const ObservationField *field = find_field(table, tag >> 2);
		if (!decode_value(field, (guint)(tag & 3), r, fields) || r->failed)
			return FALSE;
		if (field)
			present |= OBSERVATION_BIT(field->id);
	}
	*ret_present = present;
	return !r->failed;
}

static ObservationParse decode_head(ByteReader *r, Observation *ret_o)
{
	const guint8 kind = byte_reader_u8(r);
	const guint8 state = byte_reader_u8(r);
	ret_o->kind = (ObservationKind)kind;
	ret_o->at.state = (ClockState)state;
	ret_o->sequence = byte_reader_varint(r);
	ret_o->at.boottime_ns = (gint64)byte_reader_varint(r);
	ret_o->at.realtime_ns = byte_reader_svarint(r);
	gsize source_length = (gsize)byte_reader_varint(r);
	const guint8 *source = byte_reader_take(r, source_length);
	if (!source || source_length >= sizeof ret_o->source || ret_o->at.boottime_ns < 0 || state > CLOCK_STATE_NTP ||
	    !text_is_clean(source, source_length))
		return OBSERVATION_MALFORMED;
	memcpy(ret_o->source, source, source_length);
	ret_o->source[source_length] = '\0';
	return observation_table((ObservationKind)kind) ? OBSERVATION_OK : OBSERVATION_UNKNOWN_KIND;
}

ObservationParse observation_decode_head(const void *data, gsize length, Observation *ret_o)
{
	ByteReader r = byte_reader_init(data, length);
	return decode_head(&r, ret_o);
}

ObservationParse observation_decode(const void *data, gsize length, Observation *ret_o)
{
	ByteReader r = byte_reader_init(data, length);
	const ObservationParse head = decode_head(&r, ret_o);
	if (head != OBSERVATION_OK)
		return head;
	return decode_fields(observation_table(ret_o->kind), &r, &ret_o->present, &ret_o->radio) ? OBSERVATION_OK : OBSERVATION_MALFORMED;
}

/* --- meaning --- */

gboolean observation_has_service(const Observation *o, Rat rat, ServiceStatus status)
{
	static const guint8 ids[][2] = {
		[RAT_NONE] = {0, 0},
		[RAT_GSM] = {RADIO_ID_gsm_true_service, RADIO_ID_gsm_service},
		[RAT_UMTS] = {RADIO_ID_umts_true_service, RADIO_ID_umts_service},
		[RAT_LTE] = {RADIO_ID_lte_true_service, RADIO_ID_lte_service},
		[RAT_NR] = {RADIO_ID_nr_true_service, RADIO_ID_nr_service},
	};
	for (guint i = 0; i < 2; i++) {
		const guint id = ids[rat][i];
		if (id && (o->present & OBSERVATION_BIT(id)))
			return observation_field_int(&radio_fields[id - 1], &o->radio) == (gint64)status;
	}
	return FALSE;
}

static gboolean any_service(const Observation *o, ServiceStatus status)
{
	for (Rat rat = RAT_GSM; rat <= RAT_NR; rat++)
		if (observation_has_service(o, rat, status))
			return TRUE;
	return FALSE;
}

ServiceState observation_service_state(const Observation *o)
{
	const RadioFields *r = &o->radio;
	const gboolean told = RADIO_HAS(o, registration);
	const gboolean registered = told && (r->registration == REGISTRATION_HOME || r->registration == REGISTRATION_ROAMING);
	if (RADIO_HAS(o, operating_mode) && r->operating_mode != OPERATING_ONLINE)
		return SERVICE_STATE_OFF;
	if (told && r->registration == REGISTRATION_DENIED)
		return SERVICE_STATE_DENIED;
	if (any_service(o, SERVICE_FULL) && (!told || registered))
		return SERVICE_STATE_SERVED;
	if (any_service(o, SERVICE_LIMITED) || any_service(o, SERVICE_LIMITED_REGIONAL))
		return SERVICE_STATE_LIMITED;
	/* A modem that says it is registered and leaves the question for service unanswered tells of no outage. */
	return (told && !registered) || any_service(o, SERVICE_NONE) || any_service(o, SERVICE_POWER_SAVE) ? SERVICE_STATE_NONE
													    : SERVICE_STATE_UNKNOWN;
}
