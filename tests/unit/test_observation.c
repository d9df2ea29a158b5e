/* The coding of observations: every field of every table, and every way in which bytes can be wrong.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "observation.h"

static const char *const some_texts[] = {"", "a", "01", "Ωmega", "x y"};

static gint64 pick(const gint64 *values, gsize n)
{
	return values[g_test_rand_int_range(0, (gint32)n)];
}

static void put_text(const ObservationField *field, char *at)
{
	char longest[256];
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	const gint32 i = g_test_rand_int_range(0, G_N_ELEMENTS(some_texts) + 1);
	observation_copy_text(at, field->size, i < (gint32)G_N_ELEMENTS(some_texts) ? some_texts[i] : longest);
}

static void put_random_fields(const ObservationTable *table, guint64 *ret_present, void *fields);

static void put_cells(CellList *cells)
{
	cells->n = (guint)g_test_rand_int_range(0, 9);
	for (guint i = 0; i < cells->n; i++)
		put_random_fields(&observation_cell_table, &cells->cell[i].present, &cells->cell[i]);
}

/* A value at or near a bound of its type. */
static void put_value(const ObservationField *field, void *at)
{
	static const gint64 u8[] = {0, 1, 127, 128, 255}, u16[] = {0, 255, 256, 65535}, u32[] = {0, 65536, G_MAXUINT32},
			    u64[] = {0, G_MAXUINT32, G_MAXINT64}, i16[] = {G_MININT16, -1, 0, 1, G_MAXINT16},
			    i32[] = {G_MININT32, -1, 0, G_MAXINT32}, i64[] = {G_MININT64, -1, 0, G_MAXINT64};
	switch (field->type) {
	case FIELD_U8:
	case FIELD_ENUM:
		*(guint8 *)at = (guint8)pick(u8, G_N_ELEMENTS(u8));
		return;
	case FIELD_BOOL:
		*(guint8 *)at = (guint8)g_test_rand_bit();
		return;
	case FIELD_U16:
		*(guint16 *)at = (guint16)pick(u16, G_N_ELEMENTS(u16));
		return;
	case FIELD_U32:
		*(guint32 *)at = (guint32)pick(u32, G_N_ELEMENTS(u32));
		return;
	case FIELD_U64:
		*(guint64 *)at = (guint64)pick(u64, G_N_ELEMENTS(u64));
		return;
	case FIELD_I16:
		*(gint16 *)at = (gint16)pick(i16, G_N_ELEMENTS(i16));
		return;
	case FIELD_I32:
		*(gint32 *)at = (gint32)pick(i32, G_N_ELEMENTS(i32));
		return;
	case FIELD_I64:
		*(gint64 *)at = pick(i64, G_N_ELEMENTS(i64));
		return;
	case FIELD_TEXT:
		put_text(field, at);
		return;
	case FIELD_CELLS:
		put_cells(at);
		return;
	}
}

static void put_random_fields(const ObservationTable *table, guint64 *ret_present, void *fields)
{
	*ret_present = 0;
	for (gsize i = 0; i < table->n_fields; i++) {
		const ObservationField *field = &table->fields[i];
		if (g_test_rand_bit())
			continue;
		put_value(field, (guint8 *)fields + field->offset);
		*ret_present |= OBSERVATION_BIT(field->id);
	}
}

static void make_random(Observation *o, ObservationKind kind)
{
	static const gint64 real[] = {G_MININT64, -1, 0, G_GINT64_CONSTANT(1700000000) * NS_PER_S, G_MAXINT64};
	static const gint64 boot[] = {0, 1, NS_PER_S, G_MAXINT64};
	observation_init(o, kind, g_test_rand_bit() ? "modem-a" : "");
	o->sequence = (guint64)pick(boot, G_N_ELEMENTS(boot));
	o->at = (ClockReading){pick(boot, G_N_ELEMENTS(boot)), pick(real, G_N_ELEMENTS(real)),
			       (ClockState)g_test_rand_int_range(0, CLOCK_STATE_NTP + 1)};
	put_random_fields(observation_table(kind), &o->present, observation_fields(o));
}

static void assert_same_fields(const ObservationTable *table, guint64 present, const void *a, const void *b)
{
	for (gsize i = 0; i < table->n_fields; i++) {
		const ObservationField *field = &table->fields[i];
		const void *at_a = (const guint8 *)a + field->offset, *at_b = (const guint8 *)b + field->offset;
		if (!(present & OBSERVATION_BIT(field->id)))
			continue;
		if (field->type == FIELD_TEXT) {
			g_assert_cmpstr(at_a, ==, at_b);
		} else if (field->type == FIELD_CELLS) {
			const CellList *cells_a = at_a, *cells_b = at_b;
			g_assert_cmpuint(cells_a->n, ==, cells_b->n);
			for (guint c = 0; c < cells_a->n; c++) {
				g_assert_cmphex(cells_a->cell[c].present, ==, cells_b->cell[c].present);
				assert_same_fields(&observation_cell_table, cells_a->cell[c].present, &cells_a->cell[c],
						   &cells_b->cell[c]);
			}
		} else {
			g_assert_cmpint(observation_field_int(field, a), ==, observation_field_int(field, b));
		}
	}
}

static gsize encode(const Observation *o, guint8 *ret_data)
{
	ByteWriter w = byte_writer_init(ret_data, OBSERVATION_MAX_CODED);
	observation_encode(o, &w);
	g_assert_false(w.failed);
	return w.length;
}

static void test_every_field_comes_back_as_it_was(void)
{
	for (guint round = 0; round < 3000; round++) {
		static Observation o, back;
		guint8 data[OBSERVATION_MAX_CODED];
		make_random(&o, (ObservationKind)(1 + round % OBSERVATION_KIND_MAX));
		memset(&back, 0xa5, sizeof back);
		const gsize length = encode(&o, data);
		g_assert_cmpint(observation_decode(data, length, &back), ==, OBSERVATION_OK);
		g_assert_cmpint(back.kind, ==, o.kind);
		g_assert_cmpuint(back.sequence, ==, o.sequence);
		g_assert_cmpint(back.at.boottime_ns, ==, o.at.boottime_ns);
		g_assert_cmpint(back.at.realtime_ns, ==, o.at.realtime_ns);
		g_assert_cmpint(back.at.state, ==, o.at.state);
		g_assert_cmpstr(back.source, ==, o.source);
		g_assert_cmphex(back.present, ==, o.present);
		assert_same_fields(observation_table(o.kind), o.present, observation_fields(&o), observation_fields(&back));
	}
}

/* The bytes follow by hand from the comment at the head of observation.h. */
static void test_the_coding_is_the_written_one(void)
{
	static const guint8 golden[] = {
		3, 1, 5,                    /* radio, clock state "manual", sequence */
		0x80, 0x94, 0xeb, 0xdc, 3,  /* BOOTTIME 10^9 */
		3,                          /* REALTIME -2 */
		2, 'm', '1',
		0x40, 1,                    /* 16: roaming */
		0x5a, 3, '2', '6', '2',     /* 22: mcc */
		0x8d, 1, 0xc1, 1,           /* 35: lte_rsrp_dbm -97 */
		0xc2, 1, 10, 9,             /* 48: cells, one of 9 bytes */
		0x04, 3, 0x10, 0xac, 2,     /* 1: rat LTE; 4: pci 300 */
		0x15, 0xc7, 0x97, 1,        /* 5: rsrp_cdbm -9700 */
	};
	static Observation o;
	guint8 data[OBSERVATION_MAX_CODED];
	observation_init(&o, OBSERVATION_RADIO, "m1");
	o.sequence = 5;
	o.at = (ClockReading){NS_PER_S, -2, CLOCK_STATE_MANUAL};
	RADIO_SET(&o, roaming, TRUE);
	RADIO_SET(&o, lte_rsrp_dbm, -97);
	OBSERVATION_SET_TEXT(&o, radio, RADIO, mcc, "262");
	o.present |= OBSERVATION_BIT(RADIO_ID_cells);
	o.radio.cells.n = 1;
	CELL_SET(&o.radio.cells.cell[0], rat, RAT_LTE);
	CELL_SET(&o.radio.cells.cell[0], pci, 300);
	CELL_SET(&o.radio.cells.cell[0], rsrp_cdbm, -9700);
	g_assert_cmpuint(encode(&o, data), ==, sizeof golden);
	g_assert_true(memcmp(data, golden, sizeof golden) == 0);
}

static void fill_to_the_brim(const ObservationTable *table, guint64 *ret_present, void *fields)
{
	*ret_present = 0;
	for (gsize i = 0; i < table->n_fields; i++) {
		const ObservationField *field = &table->fields[i];
		guint8 *at = (guint8 *)fields + field->offset;
		*ret_present |= OBSERVATION_BIT(field->id);
		if (field->type == FIELD_CELLS) {
			CellList *cells = (CellList *)(void *)at;
			cells->n = OBSERVATION_MAX_CELLS;
			for (guint c = 0; c < cells->n; c++)
				fill_to_the_brim(&observation_cell_table, &cells->cell[c].present, &cells->cell[c]);
			continue;
		}
		memset(at, field->type == FIELD_TEXT ? 'x' : 0xff, field->size);
		if (field->type == FIELD_TEXT)
			at[field->size - 1] = '\0';
		else if (field->type == FIELD_BOOL)
			*at = 1;
		else if (field->type >= FIELD_U64)
			at[field->size - 1] = field->type == FIELD_U64 ? 0x7f : 0x80; /* the most bytes as a varint */
	}
}

static void test_the_fullest_observation_of_each_kind_fits(void)
{
	for (guint kind = 1; kind <= OBSERVATION_KIND_MAX; kind++) {
		static Observation o, back;
		guint8 data[OBSERVATION_MAX_CODED];
		observation_init(&o, (ObservationKind)kind, "fifteen letters");
		o.sequence = G_MAXINT64;
		o.at = (ClockReading){G_MAXINT64, G_MININT64, CLOCK_STATE_NTP};
		fill_to_the_brim(observation_table(o.kind), &o.present, observation_fields(&o));
		const gsize length = encode(&o, data);
		g_assert_cmpint(observation_decode(data, length, &back), ==, OBSERVATION_OK);
		g_assert_cmphex(back.present, ==, o.present);
		if (kind != OBSERVATION_RADIO) {
			assert_same_fields(observation_table(o.kind), o.present, observation_fields(&o),
					   observation_fields(&back));
			continue;
		}
		/* Cells that do not fit are left out from the end, whole. */
		g_assert_cmpuint(back.radio.cells.n, >=, 20);
		for (guint c = 0; c < back.radio.cells.n; c++)
			assert_same_fields(&observation_cell_table, o.radio.cells.cell[c].present, &o.radio.cells.cell[c],
					   &back.radio.cells.cell[c]);
	}
}

static void test_a_table_keeps_ids_dense_and_names_unique(void)
{
	for (guint kind = 1; kind <= OBSERVATION_KIND_MAX + 1; kind++) {
		const ObservationTable *table = kind <= OBSERVATION_KIND_MAX ? observation_table((ObservationKind)kind)
									     : &observation_cell_table;
		g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
		g_assert_cmpuint(table->n_fields, <, 64);
		for (gsize i = 0; i < table->n_fields; i++) {
			g_assert_cmpuint(table->fields[i].id, ==, i + 1);
			g_assert_true(g_hash_table_add(names, (gpointer)table->fields[i].name));
			g_assert_cmpint(table->fields[i].type == FIELD_ENUM, ==, table->fields[i].words != NULL);
		}
	}
	g_assert_null(observation_table((ObservationKind)0));
	g_assert_null(observation_table((ObservationKind)(OBSERVATION_KIND_MAX + 1)));
}

/* A record with a given tail of fields, as a later or a hostile program may write it. */
static ObservationParse decode_with_fields(ObservationKind kind, const char *fields, gsize length, Observation *ret_o)
{
	guint8 data[256];
	ByteWriter w = byte_writer_init(data, sizeof data);
	byte_writer_put(&w, "\x00\x02\x07\x08\x09\x01m", 7);
	data[0] = (guint8)kind;
	byte_writer_put(&w, fields, length);
	return observation_decode(data, w.length, ret_o);
}

#define DECODE(kind, fields, o) decode_with_fields(kind, fields, sizeof fields - 1, o)

static void test_fields_of_a_newer_program_are_passed_over(void)
{
	static Observation o;
	/* FIX: 1 (mode) = 2; then 63 as varint, 62 as svarint, 61 as three bytes; then 3 (lat_e7) = -1. */
	g_assert_cmpint(DECODE(OBSERVATION_FIX,
			       "\x04\x02"
			       "\xfc\x01\xff\x01"
			       "\xf9\x01\x05"
			       "\xf6\x01\x03"
			       "abc"
			       "\x0d\x01",
			       &o),
			==, OBSERVATION_OK);
	g_assert_cmphex(o.present, ==, OBSERVATION_BIT(FIX_ID_mode) | OBSERVATION_BIT(FIX_ID_lat_e7));
	g_assert_cmpint(o.fix.mode, ==, FIX_MODE_3D);
	g_assert_cmpint(o.fix.lat_e7, ==, -1);
	/* An id whose presence bit would be past bit 63 must not wrap onto another field's. */
	g_assert_cmpint(DECODE(OBSERVATION_FIX, "\x84\x02\x01", &o), ==, OBSERVATION_OK); /* id 65 */
	g_assert_cmphex(o.present, ==, 0);
	/* Inside a cell, too: RADIO 48, one cell of 5 bytes: id 9 = 7, id 4 (pci) = 1. */
	g_assert_cmpint(DECODE(OBSERVATION_RADIO, "\xc2\x01\x05\x04\x24\x07\x10\x01", &o), ==, OBSERVATION_OK);
	g_assert_cmphex(o.radio.cells.cell[0].present, ==, OBSERVATION_BIT(CELL_ID_pci));
}

static void test_a_kind_of_a_newer_program_is_told_apart_from_damage(void)
{
	static Observation o;
	g_assert_cmpint(DECODE((ObservationKind)200, "anything", &o), ==, OBSERVATION_UNKNOWN_KIND);
	g_assert_cmpuint(o.sequence, ==, 7);
	g_assert_cmpint(DECODE((ObservationKind)0, "", &o), ==, OBSERVATION_UNKNOWN_KIND);
}

static void test_values_that_do_not_fit_their_field_are_refused(void)
{
	static Observation o;
	static const struct {
		ObservationKind kind;
		const char *bytes;
		gsize length;
	} rows[] = {
#define ROW(kind, bytes) {kind, bytes, sizeof bytes - 1}
		ROW(OBSERVATION_RADIO, "\x54\x80\x02"),                                  /* u8: reject_cause 256 */
		ROW(OBSERVATION_RADIO, "\x40\x02"),                                      /* bool: roaming 2 */
		ROW(OBSERVATION_RADIO, "\x04\x80\x02"),                                  /* enum: 256 */
		ROW(OBSERVATION_RADIO, "\x68\x80\x80\x04"),                              /* u16: pci 65536 */
		ROW(OBSERVATION_RADIO, "\x60\x80\x80\x80\x80\x10"),                      /* u32: tac 2^32 */
		ROW(OBSERVATION_RADIO, "\x64\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),  /* u64: cell_id 2^64-1 */
		ROW(OBSERVATION_RADIO, "\x79\x80\x80\x04"),                              /* i16: gsm_rssi 32768 */
		ROW(OBSERVATION_RADIO, "\x79\x81\x80\x04"),                              /* i16: -32769 */
		ROW(OBSERVATION_FIX, "\x0d\x80\x80\x80\x80\x10"),                        /* i32: lat 2^31 */
		ROW(OBSERVATION_RADIO, "\x5a\x04" "2622"),                               /* text: mcc of four characters */
		ROW(OBSERVATION_RADIO, "\x5a\x02\xc3\x28"),                              /* text: bad UTF-8 */
		ROW(OBSERVATION_RADIO, "\x5a\x02" "2\0"),                                /* text: NUL */
		ROW(OBSERVATION_RADIO, "\x5a\x02" "2\x1b"),                              /* text: escape */
		ROW(OBSERVATION_RADIO, "\x41\x01"),                                      /* an unsigned field as svarint */
		ROW(OBSERVATION_RADIO, "\x78\x01"),                                      /* a signed one as varint */
		ROW(OBSERVATION_RADIO, "\x42\x01\x01"),                                  /* a number as bytes */
		ROW(OBSERVATION_RADIO, "\x58\x01"),                                      /* a text as number */
		ROW(OBSERVATION_RADIO, "\x43\x01"),                                      /* wire type 3 */
		ROW(OBSERVATION_RADIO, "\x40"),                                          /* no value */
		ROW(OBSERVATION_RADIO, "\x5a\x7f" "26"),                                 /* length past the end */
		ROW(OBSERVATION_RADIO, "\x5a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),  /* length 2^64-1 */
		ROW(OBSERVATION_RADIO, "\xc2\x01\x03\x05\x10\x01"),                      /* a cell longer than its list */
		ROW(OBSERVATION_RADIO, "\xc2\x01\x02\x01\x40"),                          /* a cell with a number cut off */
#undef ROW
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_test_message("row %" G_GSIZE_FORMAT, i);
		g_assert_cmpint(decode_with_fields(rows[i].kind, rows[i].bytes, rows[i].length, &o), ==, OBSERVATION_MALFORMED);
	}
}

static void test_more_cells_than_there_is_room_for_are_refused(void)
{
	static Observation o;
	guint8 fields[3 + OBSERVATION_MAX_CELLS + 1] = {0xc2, 0x01, OBSERVATION_MAX_CELLS};
	/* Empty cells: one length byte of zero each. */
	g_assert_cmpint(decode_with_fields(OBSERVATION_RADIO, (const char *)fields, 3 + OBSERVATION_MAX_CELLS, &o), ==,
			OBSERVATION_OK);
	g_assert_cmpuint(o.radio.cells.n, ==, OBSERVATION_MAX_CELLS);
	fields[2]++;
	g_assert_cmpint(decode_with_fields(OBSERVATION_RADIO, (const char *)fields, sizeof fields, &o), ==,
			OBSERVATION_MALFORMED);
}

static void test_a_bad_start_of_a_record_is_refused(void)
{
	static Observation o;
	static const char *const rows[] = {
		"\x03\x03\x01\x01\x01\x01m",                                        /* clock state 3 */
		"\x03\x02\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01\x01m",    /* BOOTTIME below zero */
		"\x03\x02\x01\x01\x01\x10" "sixteen letters!",                      /* source too long */
		"\x03\x02\x01\x01\x01\x01\xff",                                     /* source no UTF-8 */
		"\x03\x02\x01\x01\x01\x01\x07",                                     /* source with a bell */
		"\x03\x02\x01\x01\x01\x02m",                                        /* source cut off */
		"\xc8\x02\x01\x01\x01\x02m",                                        /* the same in a newer kind */
		"\x03\x02", "\x03", "",
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_test_message("row %" G_GSIZE_FORMAT, i);
		g_assert_cmpint(observation_decode(rows[i], strlen(rows[i]), &o), ==, OBSERVATION_MALFORMED);
	}
}

/* Whatever is accepted must be codable again and come back the same: no value out of the range of its field. */
static void assert_consistent(const guint8 *data, gsize length)
{
	static Observation o, back;
	guint8 again[OBSERVATION_MAX_CODED];
	if (observation_decode(data, length, &o) != OBSERVATION_OK)
		return;
	g_assert_cmpuint((guint)o.at.state, <=, CLOCK_STATE_NTP);
	const gsize again_length = encode(&o, again);
	g_assert_cmpint(observation_decode(again, again_length, &back), ==, OBSERVATION_OK);
	g_assert_cmphex(back.present, ==, o.present);
	assert_same_fields(observation_table(o.kind), o.present, observation_fields(&o), observation_fields(&back));
}

/* The damaged copies lie in memory of their exact size, so that ASan sees the first byte too many. */
static void test_no_truncation_or_flipped_bit_breaks_the_decoder(void)
{
	for (guint round = 0; round < 2 * OBSERVATION_KIND_MAX; round++) {
		static Observation o;
		guint8 data[OBSERVATION_MAX_CODED];
		make_random(&o, (ObservationKind)(1 + round % OBSERVATION_KIND_MAX));
		const gsize length = encode(&o, data);
		for (gsize cut = 0; cut < length; cut++) {
			g_autofree guint8 *copy = g_memdup2(data, cut);
			assert_consistent(copy, cut);
		}
		g_autofree guint8 *copy = g_memdup2(data, length);
		for (gsize bit = 0; bit < length * 8; bit++) {
			copy[bit / 8] ^= (guint8)(1u << bit % 8);
			assert_consistent(copy, length);
			copy[bit / 8] ^= (guint8)(1u << bit % 8);
		}
	}
}

static void assert_text(const char *value, gsize size, const char *expected)
{
	char text[32];
	observation_copy_text(text, size, value);
	g_assert_cmpstr(text, ==, expected);
}

static void test_texts_are_cut_between_characters_and_cleaned(void)
{
	assert_text("abc", 4, "abc");
	assert_text("abcd", 4, "abc");
	assert_text("ab\xc3\xa9", 4, "ab");      /* é would be cut in half */
	assert_text("a\xc3\xa9" "b", 4, "a\xc3\xa9");
	assert_text("\xf0\x9f\x93\xa1", 4, "");  /* one character of four bytes */
	assert_text("abc", 1, "");
	assert_text(NULL, 8, "");
	assert_text("a\n\tb\x1b\x7f", 8, "a  b  ");
	assert_text("a\xff" "b", 8, "a\xef\xbf\xbd" "b");
}

static void test_a_long_source_name_leaves_a_readable_record(void)
{
	static Observation o, back;
	guint8 data[OBSERVATION_MAX_CODED];
	observation_init(&o, OBSERVATION_CLOCK, "fourteen bytes\xc3\xa9");
	const gsize length = encode(&o, data);
	g_assert_cmpint(observation_decode(data, length, &back), ==, OBSERVATION_OK);
	g_assert_cmpstr(back.source, ==, "fourteen bytes");
}

static void test_a_short_buffer_fails_and_is_not_overrun(void)
{
	static Observation o;
	guint8 data[OBSERVATION_MAX_CODED];
	make_random(&o, OBSERVATION_RADIO);
	const gsize length = encode(&o, data);
	for (gsize room = 0; room < length; room++) {
		g_autofree guint8 *exact = g_malloc(room);
		ByteWriter w = byte_writer_init(exact, room);
		observation_encode(&o, &w);
		g_assert_true(w.failed);
	}
}

static void test_words_past_the_end_are_unknown(void)
{
	g_assert_cmpstr(observation_word(rat_words, RAT_NR), ==, "nr");
	g_assert_cmpstr(observation_word(rat_words, RAT_NR + 1), ==, "unknown");
	g_assert_cmpstr(observation_word(rat_words, 255), ==, "unknown");
	g_assert_cmpstr(observation_word(event_words, EVENT_RUN_END), ==, "run-end");
	g_assert_cmpstr(observation_word(service_state_words, SERVICE_STATE_SERVED), ==, "served");
}

static Observation radio(void)
{
	Observation o;
	observation_init(&o, OBSERVATION_RADIO, "m");
	return o;
}

static void test_a_sweep_means_what_the_person_would_say(void)
{
	Observation o = radio();
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_UNKNOWN);
	RADIO_SET(&o, registration, REGISTRATION_SEARCHING);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_NONE);
	RADIO_SET(&o, lte_true_service, SERVICE_LIMITED);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_LIMITED);
	RADIO_SET(&o, lte_true_service, SERVICE_FULL);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_NONE);
	RADIO_SET(&o, registration, REGISTRATION_HOME);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_SERVED);
	RADIO_SET(&o, registration, REGISTRATION_DENIED);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_DENIED);
	RADIO_SET(&o, operating_mode, OPERATING_LOW_POWER);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_OFF);
}

static void test_the_true_status_outweighs_the_smoothed_one(void)
{
	Observation o = radio();
	RADIO_SET(&o, registration, REGISTRATION_HOME);
	RADIO_SET(&o, lte_service, SERVICE_FULL);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_SERVED);
	RADIO_SET(&o, lte_true_service, SERVICE_NONE);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_NONE);
}

static void test_registered_without_a_word_on_service_is_no_outage(void)
{
	Observation o = radio();
	RADIO_SET(&o, registration, REGISTRATION_ROAMING);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_UNKNOWN);
	RADIO_SET(&o, nr_true_service, SERVICE_NONE);
	g_assert_cmpint(observation_service_state(&o), ==, SERVICE_STATE_NONE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/observation/every-field-comes-back-as-it-was", test_every_field_comes_back_as_it_was);
	g_test_add_func("/observation/the-coding-is-the-written-one", test_the_coding_is_the_written_one);
	g_test_add_func("/observation/the-fullest-observation-of-each-kind-fits", test_the_fullest_observation_of_each_kind_fits);
	g_test_add_func("/observation/a-table-keeps-ids-dense-and-names-unique", test_a_table_keeps_ids_dense_and_names_unique);
	g_test_add_func("/observation/fields-of-a-newer-program-are-passed-over", test_fields_of_a_newer_program_are_passed_over);
	g_test_add_func("/observation/a-kind-of-a-newer-program-is-told-apart-from-damage",
			test_a_kind_of_a_newer_program_is_told_apart_from_damage);
	g_test_add_func("/observation/values-that-do-not-fit-their-field-are-refused",
			test_values_that_do_not_fit_their_field_are_refused);
	g_test_add_func("/observation/more-cells-than-there-is-room-for-are-refused",
			test_more_cells_than_there_is_room_for_are_refused);
	g_test_add_func("/observation/a-bad-start-of-a-record-is-refused", test_a_bad_start_of_a_record_is_refused);
	g_test_add_func("/observation/no-truncation-or-flipped-bit-breaks-the-decoder",
			test_no_truncation_or_flipped_bit_breaks_the_decoder);
	g_test_add_func("/observation/texts-are-cut-between-characters-and-cleaned",
			test_texts_are_cut_between_characters_and_cleaned);
	g_test_add_func("/observation/a-long-source-name-leaves-a-readable-record",
			test_a_long_source_name_leaves_a_readable_record);
	g_test_add_func("/observation/a-short-buffer-fails-and-is-not-overrun", test_a_short_buffer_fails_and_is_not_overrun);
	g_test_add_func("/observation/words-past-the-end-are-unknown", test_words_past_the_end_are_unknown);
	g_test_add_func("/observation/a-sweep-means-what-the-person-would-say", test_a_sweep_means_what_the_person_would_say);
	g_test_add_func("/observation/the-true-status-outweighs-the-smoothed-one",
			test_the_true_status_outweighs_the_smoothed_one);
	g_test_add_func("/observation/registered-without-a-word-on-service-is-no-outage",
			test_registered_without_a_word_on_service_is_no_outage);
	return g_test_run();
}
