/* journal_make: writes journals with the real writer, deterministically, for tests and benches.
 *
 *   journal_make DIR [key=value]...
 *     sweeps=60        one a second, in each of `modems`
 *     modems=1
 *     device=1 boot=1  ids are made of these numbers
 *     start=1000       BOOTTIME of the first sweep, in s
 *     utc=1715000000   true UTC at BOOTTIME 0, in s
 *     clock=ok|1970|ntp   REALTIME: right (manual), 1970 (unset), right and ntp
 *     pair_every=60    seconds between clock pairs; 0: none
 *     first_pair=0     seconds after the start
 *     wrong_pair=0     this pair (from 1) is 100 weeks off
 *     gap=A-B          no fixes in sweeps A to B (from 0); may stand more than once
 *     outage=A-B       no service in sweeps A to B
 *     lat=53.9 lon=27.56 speed=10   eastwards, m/s
 *     neighbours=0     heard cells in each sweep
 *     fixes=1          0: none at all
 *     round_every=0    seconds between rounds of probes (probe_rounds.h), the first one in second 0; 0: none
 *     segment=0        segment size in bytes
 *     keys=FILE        of the device (DIR/.keys-DEVICE): folders of one device share them
 *     recipient=HEX    a public key: the journal is sealed; once for each
 *     close=1          0: end without a final frame, as a crash would
 *     group=1          seconds in one durable group
 *
 * The clock stands still but for the seconds that it counts. Run ids and keys but the device's first are random (the writer makes
 * them): all else is the same each time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal_fixture.h"
#include "probe_rounds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
	guint from, to;
} Span;

static struct {
	guint sweeps, modems, device, boot, pair_every, first_pair, wrong_pair, neighbours, fixes, close, group, round_every;
	guint64 segment;
	double start, utc, lat, lon, speed;
	const char *clock, *keys;
	Span gaps[16], outages[16];
	guint n_gaps, n_outages;
	guint8 recipients[JOURNAL_MAX_RECIPIENTS][JOURNAL_KEY_SIZE];
	guint n_recipients;
} options = {.sweeps = 60, .modems = 1, .device = 1, .boot = 1, .pair_every = 60, .fixes = 1, .close = 1, .group = 1,
	     .start = 1000, .utc = 1715000000, .lat = 53.9, .lon = 27.56, .speed = 10, .clock = "ok"};

static gint64 now_ns; /* BOOTTIME */

static ClockReading read_clock(gpointer user_data)
{
	(void)user_data;
	const gint64 true_utc = (gint64)(options.utc * 1e9) + now_ns;
	if (g_str_equal(options.clock, "1970"))
		return (ClockReading){now_ns, now_ns, CLOCK_STATE_UNSET};
	return (ClockReading){now_ns, true_utc, g_str_equal(options.clock, "ntp") ? CLOCK_STATE_NTP : CLOCK_STATE_MANUAL};
}

static gboolean within(const Span *spans, guint n, guint i)
{
	for (guint k = 0; k < n; k++)
		if (i >= spans[k].from && i <= spans[k].to)
			return TRUE;
	return FALSE;
}

/* The same for the same i, without a state: a little variety for the signals. */
static int wobble(guint i, guint salt, int width)
{
	guint32 x = i * 2654435761u ^ salt * 40503u;
	x ^= x >> 15;
	x *= 2246822519u;
	x ^= x >> 13;
	return (int)(x % (guint)(2 * width + 1)) - width;
}

static void append(JournalWriter *writer, Observation *o)
{
	if (!journal_writer_append(writer, o)) {
		fprintf(stderr, "journal_make: the writer took no more\n");
		exit(1);
	}
}

static void make_run(JournalWriter *writer)
{
	Observation o;
	observation_init(&o, OBSERVATION_RUN, "jamlog");
	OBSERVATION_SET_TEXT(&o, run, RUN, version, "0.1.0");
	OBSERVATION_SET_TEXT(&o, run, RUN, sources, "modem-a=qmi main=gpsd");
	OBSERVATION_SET(&o, run, RUN, sweep_interval_ms, 1000);
	append(writer, &o);
	observation_init(&o, OBSERVATION_DEVICE, "modem-a");
	OBSERVATION_SET_TEXT(&o, device, DEVICE, protocol, "qmi");
	OBSERVATION_SET_TEXT(&o, device, DEVICE, model, "EM7455 \"test\", =1+1");
	append(writer, &o);
}

static void make_cells(Observation *o, guint i)
{
	if (options.neighbours == 0)
		return;
	CellList *cells = &o->radio.cells;
	cells->n = MIN(options.neighbours, OBSERVATION_MAX_CELLS);
	for (guint c = 0; c < cells->n; c++) {
		Cell *cell = &cells->cell[c];
		cell->present = 0;
		CELL_SET(cell, rat, RAT_LTE);
		CELL_SET(cell, serving, c == 0);
		CELL_SET(cell, arfcn, 1300);
		CELL_SET(cell, pci, (guint16)(100 + c));
		CELL_SET(cell, rsrp_cdbm, (gint16)(-9500 - 700 * (int)c + wobble(i, c, 150)));
		CELL_SET(cell, rsrq_cdb, (gint16)(-1050 - 120 * (int)c));
		if (c % 2 == 0)
			CELL_SET(cell, rssi_cdbm, -6512);
	}
	o->present |= OBSERVATION_BIT(RADIO_ID_cells);
}

static void make_service(Observation *o, guint i)
{
	RADIO_SET(o, rat, RAT_LTE);
	RADIO_SET(o, registration, REGISTRATION_HOME);
	RADIO_SET(o, cs_attach, ATTACH_ATTACHED);
	RADIO_SET(o, ps_attach, ATTACH_ATTACHED);
	RADIO_SET(o, lte_service, SERVICE_FULL);
	RADIO_SET(o, lte_true_service, SERVICE_FULL);
	RADIO_SET(o, domain, DOMAIN_CS_PS);
	RADIO_SET(o, roaming, FALSE);
	RADIO_SET(o, forbidden, FALSE);
	RADIO_SET(o, lte_access, ACCESS_NORMAL);
	OBSERVATION_SET_TEXT(o, radio, RADIO, mcc, "257");
	OBSERVATION_SET_TEXT(o, radio, RADIO, mnc, "01");
	RADIO_SET(o, tac, 601);
	RADIO_SET(o, cell_id, 2560000 + i / 120 % 400);
	RADIO_SET(o, pci, (guint16)(100 + i / 120 % 400));
	RADIO_SET(o, arfcn, 1300);
	RADIO_SET(o, band, 3);
	RADIO_SET(o, bandwidth_khz, 20000);
	RADIO_SET(o, lte_rssi_dbm, (gint16)(-65 + wobble(i, 1, 8)));
	RADIO_SET(o, lte_rsrp_dbm, (gint16)(-95 + wobble(i, 2, 12)));
	RADIO_SET(o, lte_rsrq_db, (gint16)(-11 + wobble(i, 3, 4)));
	RADIO_SET(o, lte_snr_cdb, (gint16)(1250 + 20 * wobble(i, 4, 60)));
	RADIO_SET(o, timing_advance_us, (guint32)(4 + wobble(i, 6, 3)));
	RADIO_SET(o, tx_cdbm, (gint16)(150 * wobble(i, 7, 10)));
}

static void make_sweep(JournalWriter *writer, guint i, guint modem)
{
	Observation o;
	char name[OBSERVATION_SOURCE_SIZE];
	g_snprintf(name, sizeof name, "modem-%c", 'a' + (int)modem);
	observation_init(&o, OBSERVATION_RADIO, name);
	RADIO_SET(&o, operating_mode, OPERATING_ONLINE);
	RADIO_SET(&o, sim_state, SIM_STATE_READY);
	RADIO_SET(&o, rx_tuned, 3);
	if (within(options.outages, options.n_outages, i)) {
		RADIO_SET(&o, rat, RAT_NONE);
		RADIO_SET(&o, registration, REGISTRATION_SEARCHING);
		RADIO_SET(&o, lte_true_service, SERVICE_NONE);
		RADIO_SET(&o, rx0_cdbm, -9630);
		RADIO_SET(&o, rx1_cdbm, -9710);
	} else {
		make_service(&o, i);
		RADIO_SET(&o, rx0_cdbm, (gint16)(-6400 + 10 * wobble(i, 8, 80)));
		RADIO_SET(&o, rx1_cdbm, (gint16)(-6600 + 10 * wobble(i, 9, 80)));
		make_cells(&o, i);
	}
	append(writer, &o);
}

static void make_fix(JournalWriter *writer, guint i)
{
	Observation o;
	const double metres = options.speed * (double)i;
	const double lon = options.lon + metres / (111195.0 * cos(options.lat * G_PI / 180));
	observation_init(&o, OBSERVATION_FIX, "main");
	if (within(options.gaps, options.n_gaps, i)) {
		FIX_SET(&o, mode, FIX_MODE_NONE);
	} else {
		FIX_SET(&o, mode, FIX_MODE_3D);
		FIX_SET(&o, time_ns, (gint64)(options.utc * 1e9) + now_ns);
		FIX_SET(&o, lat_e7, (gint32)lrint(options.lat * 1e7) + wobble(i, 10, 40));
		FIX_SET(&o, lon_e7, (gint32)lrint((lon > 180 ? lon - 360 : lon) * 1e7));
		FIX_SET(&o, altitude_cm, 22000 + wobble(i, 11, 300));
		FIX_SET(&o, eph_cm, (guint32)(350 + wobble(i, 12, 90)));
		FIX_SET(&o, epv_cm, (guint32)(700 + wobble(i, 13, 90)));
		FIX_SET(&o, speed_cm_s, (guint32)lrint(options.speed * 100));
		FIX_SET(&o, track_cdeg, 9000);
		FIX_SET(&o, satellites_used, 9);
	}
	append(writer, &o);
}

static void make_pair(JournalWriter *writer, guint number)
{
	Observation o;
	observation_init(&o, OBSERVATION_CLOCK, "main");
	gint64 utc = (gint64)(options.utc * 1e9) + now_ns;
	if (number == options.wrong_pair)
		utc -= G_GINT64_CONSTANT(100) * 7 * 86400 * NS_PER_S;
	CLOCK_SET(&o, gps_time_ns, utc);
	CLOCK_SET(&o, error_ms, 50);
	CLOCK_SET(&o, reason, number == 1 ? CLOCK_PAIR_FIRST : CLOCK_PAIR_PERIODIC);
	append(writer, &o);
}

static void make_round(JournalWriter *writer, guint round, guint modem)
{
	Observation o;
	char name[OBSERVATION_SOURCE_SIZE];
	const guint network = (round - 1) % G_N_ELEMENTS(networks);
	g_snprintf(name, sizeof name, "modem-%c", 'a' + (int)modem);
	probe_round_session(&o, name, round, networks[network].outcome);
	append(writer, &o);
	for (guint i = 0; i < networks[network].n; i++) {
		now_ns += 20 * NS_PER_MS;
		probe_round_probe(&o, name, round, &networks[network].probes[i]);
		append(writer, &o);
	}
	if (networks[network].outcome != SESSION_CONNECTED)
		return;
	probe_round_session(&o, name, round, SESSION_ENDED);
	append(writer, &o);
}

static gboolean make_second(JournalWriter *writer, guint i, guint *io_pairs, GError **error)
{
	now_ns = (gint64)((options.start + i) * 1e9);
	for (guint modem = 0; modem < options.modems; modem++)
		make_sweep(writer, i, modem);
	now_ns += 300 * NS_PER_MS;
	if (options.fixes)
		make_fix(writer, i);
	if (options.pair_every && i >= options.first_pair && (i - options.first_pair) % options.pair_every == 0)
		make_pair(writer, ++*io_pairs);
	for (guint modem = 0; modem < options.modems && options.round_every && i % options.round_every == 0; modem++)
		make_round(writer, i / options.round_every + 1, modem);
	return (i + 1) % options.group != 0 || journal_writer_commit(writer, error);
}

static gboolean make_journal(const char *directory, GError **error)
{
	g_autofree char *keys = fixture_keys(directory, (guint8)options.device, options.keys);
	JournalWriterOptions wo = {.directory = directory, .keys = keys, .segment_size = options.segment,
				   .recipients = (const guint8(*)[JOURNAL_KEY_SIZE])options.recipients,
				   .n_recipients = options.n_recipients};
	guint pairs = 0;
	now_ns = (gint64)(options.start * 1e9);
	g_autoptr(JournalWriter) writer = journal_writer_new(&wo, error);
	if (!writer)
		return FALSE;
	make_run(writer);
	for (guint i = 0; i < options.sweeps; i++)
		if (!make_second(writer, i, &pairs, error))
			return FALSE;
	return options.close ? journal_writer_close(writer, error) : journal_writer_commit(writer, error);
}

static gboolean parse_span(const char *text, Span *spans, guint *io_n)
{
	return *io_n < 16 && sscanf(text, "%u-%u", &spans[*io_n].from, &spans[*io_n].to) == 2 && ++*io_n;
}

static gboolean parse_option(const char *text)
{
	const struct {
		const char *name;
		guint *value;
	} numbers[] = {{"sweeps", &options.sweeps},
		       {"modems", &options.modems},
		       {"device", &options.device},
		       {"boot", &options.boot},
		       {"pair_every", &options.pair_every},
		       {"first_pair", &options.first_pair},
		       {"wrong_pair", &options.wrong_pair},
		       {"neighbours", &options.neighbours},
		       {"fixes", &options.fixes},
		       {"close", &options.close},
		       {"group", &options.group},
		       {"round_every", &options.round_every}};
	const struct {
		const char *name;
		double *value;
	} reals[] = {{"start", &options.start}, {"utc", &options.utc}, {"lat", &options.lat}, {"lon", &options.lon},
		     {"speed", &options.speed}};
	g_auto(GStrv) part = g_strsplit(text, "=", 2);
	if (!part[0] || !part[1])
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
		if (g_str_equal(part[0], numbers[i].name))
			return sscanf(part[1], "%u", numbers[i].value) == 1;
	for (guint i = 0; i < G_N_ELEMENTS(reals); i++)
		if (g_str_equal(part[0], reals[i].name))
			return sscanf(part[1], "%lf", reals[i].value) == 1;
	if (g_str_equal(part[0], "gap"))
		return parse_span(part[1], options.gaps, &options.n_gaps);
	if (g_str_equal(part[0], "outage"))
		return parse_span(part[1], options.outages, &options.n_outages);
	if (g_str_equal(part[0], "recipient"))
		return options.n_recipients < JOURNAL_MAX_RECIPIENTS &&
		       sodium_hex2bin(options.recipients[options.n_recipients++], JOURNAL_KEY_SIZE, part[1], strlen(part[1]), NULL, NULL,
				      NULL) == 0;
	if (g_str_equal(part[0], "segment"))
		return sscanf(part[1], "%" G_GUINT64_FORMAT, &options.segment) == 1;
	if (g_str_equal(part[0], "keys"))
		return (options.keys = g_intern_string(part[1])) != NULL;
	if (!g_str_equal(part[0], "clock"))
		return FALSE;
	options.clock = g_intern_string(part[1]);
	return TRUE;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	for (int i = 2; i < argc; i++) {
		if (parse_option(argv[i]))
			continue;
		fprintf(stderr, "journal_make: cannot read \"%s\"\n", argv[i]);
		return 2;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: journal_make DIR [key=value]...\n");
		return 2;
	}
	BootId boot;
	memset(boot.bytes, (int)options.boot, sizeof boot.bytes);
	clock_override_boot_id(&boot);
	clock_override(read_clock, NULL);
	if (make_journal(argv[1], &error))
		return 0;
	fprintf(stderr, "journal_make: %s\n", error->message);
	return 1;
}
