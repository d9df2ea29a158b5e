/* scenario.h - the scenario file: a world, who is in it, and what happens to it.
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A scenario is a key file (keyfile.h): [group], key = value, # comment. Unknown groups and keys, bad
 * values and missing keys are errors that name file and line. Angles are degrees (WGS84), powers dBm,
 * times seconds or "90s", "1.5m", "2h", "1:30". PLMNs are MCC-MNC with their zeros: 257-01.
 *
 * [world]
 *   duration              length of the run; required
 *   start                 UTC of second 0, "2026-03-25T12:00:00Z", or "now" (the next whole second of the
 *                         host's clock); default now
 *   seed                  0 ..; default 1: the place, its shadowing above all
 *   day                   0 .. ; default 0. What differs from day to day at one place follows from seed and day: fading,
 *                         the receivers' noise, the moments at which modems and networks do things, and the next two
 *   day_spread_db         standard deviation of what of the shadowing is another each day; default 0
 *   day_load              by how much the load of each cell is more or less on another day, at most; default 0
 *   path_loss             urban-macro (3GPP TR 36.942, default) or log-distance
 *   path_loss_exponent    for log-distance, 2 .. 6; default 3.5
 *   shadowing_db          standard deviation of the shadowing; default 6
 *   shadowing_distance_m  its decorrelation distance; default 50
 *   fading_db             standard deviation of what is left of fast fading after averaging; default 1
 *   penetration_db        what the vehicle and the body take off every radio path; default 12
 *   noise_figure_db       of the modems' receivers; default 7.5
 *
 * [track] or [track NAME], which may stand several times: the parts follow one another in the file's order
 *   points                "lat,lon[,speed_kmh[,pause_s]]; ..." - the speed is that of the leg beginning at the
 *                         point (default: as before, 30 at first), the pause is a stop before it. One point
 *                         alone is a world that stands still
 *   end                   hold (default), loop (on to the first point, again and again) or back (there and
 *                         back, again and again); read from the last part
 *
 * [cell NAME]: one carrier of one sector. Cells at the same place are a site: they share their shadowing
 *   plmn, lat, lon        required
 *   rat                   nr, lte (default), umts or gsm
 *   earfcn                required; its downlink channel number: NR-ARFCN, EARFCN, UARFCN or ARFCN by rat. An
 *                         NR-ARFCN is that of the carrier's middle, where its synchronisation blocks are too
 *   band                  optional: must agree with the channel (3GPP TS 36.101 table 5.7.3-1). Of NR bands that
 *                         share the channel it says which: 78 by default where 77 is possible as well (carrier.h)
 *   bandwidth_mhz         lte: 1.4, 3, 5, 10 (default), 15 or 20; nr: 5 to 50 with 15 kHz (default 20), 10 to 100
 *                         with 30 kHz (default 40), as in TS 38.104 table 5.3.2-1
 *   scs_khz               nr: subcarrier spacing, 15 or 30; default 15 in FDD bands, 30 in TDD bands
 *   standalone            nr: yes (default) or no: only to be used beside an LTE cell
 *   endc                  lte: no (default) or yes: it says that NR stands beside it (upperLayerIndication, TS 36.331)
 *                         and takes decodable NR cells of its network as secondary cells (EN-DC, non-standalone)
 *   pci                   required; NR PCI 0..1007, LTE 0..503, UMTS scrambling code 0..511, GSM BSIC 0..63
 *   tac, cell_id          required; TAC or LAC 0..65535, of NR 24 bits; NR 36 bits, LTE 28 bits, UMTS 28 bits, GSM 16 bits
 *   power_dbm             EIRP (antenna gain included) of what the modem measures: of one reference-signal
 *                         resource element of LTE (28 is a macro cell: 46 dBm over 1200 elements are 15 dBm each,
 *                         plus an antenna of 15 dBi, less 2 dB of cable), of one element of NR's synchronisation
 *                         blocks (28 with 15 kHz; 38 with 30 kHz: 53 dBm over 3276 elements are 18 each, and the beam of
 *                         a panel has 20 dBi), of the CPICH (47), of the BCCH carrier (55). Default as in brackets
 *   load                  share of the remaining resources that carry power, 0..1; default 0.3
 *   antenna_ports         LTE, 1 or 2 (default): an empty cell has RSRQ -3 or -6 dB
 *   azimuth               direction of the sector; left out: all round
 *
 * [modem NAME]
 *   plmn                  home network; required
 *   roaming               list of further PLMNs that let it register; others forbid it (limited service)
 *   rats                  list of nr, lte, umts, gsm; default all
 *   nr_mode               sa: NR standalone alone, nsa: NR beside LTE alone, or both (default)
 *   carriers              LTE carriers that it receives at once, 1 (default: no carrier aggregation) to 5
 *   rx_chains             1..4; default 2
 *   protocol              what its control port speaks: qmi (default), mbim, or mbim-qmi, which is MBIM with QMI
 *                         carried inside it
 *   card                  ready (default), absent, pin-locked or error
 *   gnss                  name of a [gps] that it has inside too and tells of by QMI LOC; left out: it has none
 *   traffic_kbps          of its data session while there is service; default 16; 0: no session
 *   apns                  list of the APNs that data sessions started by hosts may ask for; another is answered with ESM cause 27
 *                         (unknown APN). Left out: any
 *   ip                    what such a session can get: dual (default), ipv4 or ipv6. Who asks for the other family alone is
 *                         answered with ESM cause 50 or 51, who asks for both gets one
 *   session_delay         how long the network takes to answer; default 0.3
 *   interface             network interface that carries such a session, with [internet]; at most 15 characters; default sim-NAME,
 *                         cut there
 *   model, maker, revision, imei (15 digits), imsi, iccid    texts; the last three are made up when left out
 *
 * [gps NAME]
 *   rate                  epochs a second: 1 (default), 2, 5 or 10
 *   noise_m               standard deviation of the position in each axis; default 1.5
 *   satellites            in view, 4..24, GPS and GLONASS in turn; default 12
 *   first_fix             seconds until the first fix; default 2
 *   altitude_m            above the sea; default 220
 *
 * [internet]: modems have network interfaces, and real servers stand behind them (sim/net/core.h). Needs --run-dir and root, or a
 * user namespace (unshare -Urn). Where the group is left out there is nothing of it
 *   latency               of the way there, and of the way back; default 20ms
 *   rate, rate_up         kbit/s of each modem, down and up; default 20000 and 10000
 *   ipv6                  yes (default) or no
 *
 * [happening NAME]
 *   what                  one of the words below; required
 *   at                    when it begins; required
 *   until or for          when it ends, or for how long; left out: to the end of the run
 *   Cells are chosen by any of: cells (names, or all), plmn, rat, tac, earfcn, band (all that are given must
 *   fit; none given: every cell). modems and gps are lists of names or all (default all).
 *
 *   cells-off             the chosen cells fall silent
 *   cells-power           db: the chosen cells send that much stronger (or weaker, if negative)
 *   cells-load            load: the chosen cells have it
 *   access                status: normal, emergency-only, no-calls or all-calls in the system information of the
 *                         chosen cells (access class barring, TS 36.331)
 *   cell-barred           cellBarred in the system information of the chosen cells
 *   reject                cause: EMM cause (TS 24.301 table 9.9.3.9.1) with which the chosen cells' network
 *                         answers attach, tracking area update and service request; on NR cells 5GMM cause
 *                         (TS 24.501 table 9.11.3.2.1)
 *   dcnr-restricted       the chosen LTE cells' network does not let NR be used beside them (RestrictDCNR, TS 24.301)
 *   session-reject        cause: ESM cause (TS 24.301 clause 9.9.4.4) with which the network of the chosen cells answers the chosen
 *                         modems when a host starts a data session. cause_type: 3gpp (default), internal or call-manager: the
 *                         number is one of Qualcomm's firmware (libqmi, qmi-enums-wds.h). backoff: the network sends a timer too
 *                         (T3396), and until it has run the modem refuses that APN by itself, without asking
 *                         share: of the attempts, 0..1, by chance; the others are granted. Call-manager 1060 now and then is a
 *                         crowded cell, 1059 and 1066 a control channel that is jammed while all that is measured is fine
 *   uplink-jammed         modems are not heard by the chosen cells: the downlink is as ever, nothing is sent through; they try at
 *                         full power, and data sessions fail with 1056 (call-manager)
 *   session-end           cause, cause_type: when it begins, the data sessions that hosts have started on modems end with that
 *   opmode                mode: low-power (airplane), offline or resetting, of modems
 *   card                  card: absent, pin-locked or error, in modems
 *   attenuation           db on every radio path (tunnel, lift), gps_db on satellites; ramp
 *   noise                 db: the receivers' noise rises that much on earfcn or band or everywhere; ramp.
 *                         Band 3 is B3 and n3 alike: they have the same frequencies
 *   jammer                lat, lon, power_dbm (EIRP over the whole width of what it jams): on an earfcn
 *                         (the carrier's width), a band (the downlink's width) or each band; ramp
 *   gps-loss              gps: the satellites of these receivers are gone
 *   antenna-fault         db: less through the antennas of the receive chains (list of 0..3; default all) of modems; ramp
 *   voice-call            modems are in a call by circuit-switched fallback: on UMTS or GSM, and back at its end
 *   late-handover         modems keep to their cell, whatever stands beside it
 *   deaf                  modems hear no cell, though there are some: one that takes minutes to come back after
 *                         an outage
 *   fault                 fault: a word of sim/port/faults.h, where each is explained; of modems. message: the
 *                         number of the only request that hangs, 0x0043 (in any service of QMI) or with the
 *                         service before it, 0x30043. delay: of slow-open, default 12. lasts: it is over after so
 *                         long (default 2 for re-enumerate, 5 for reset, for others the end of the happening);
 *                         every: and begins again so long after it began
 *
 *   Acts on data, with [internet]. They hold for the modems chosen and, where keys choose cells, while they camp on one of those.
 *   names is a list of hosts; hosts below them are meant too. What each does to the packets: sim/net/act.h
 *   data-dead             nothing passes; dropped: all (default) or answers, which leaves the way up open
 *   dns-lie               names, answer: a false IP address, nxdomain, refused or silence; resolver: any (default) or operator
 *   tcp-reset             names, addresses (one of both at least): connections to them are reset as soon as they stand
 *   server-down           names, addresses (likewise): the servers there are off, for whoever asks
 *   sni-reset             names: so are those whose TLS ClientHello has such a name
 *   block-page            names: HTTP is answered with a page: 403 (default), 200 or 302 (to location, default the operator's
 *                         portal); TLS is reset
 *   captive-portal        HTTP is sent to the operator's portal; other TCP is (rest) reset (default) or dropped
 *   throttle              rate (kbit/s, each way); names: of these alone
 *   crowd                 latency, jitter, loss (share 0..1), rate: added to the way, as far as given
 *   ipv6-dead, vpn-block, quic-block     IPv6; OpenVPN and WireGuard; UDP port 443: dropped
 *
 *   In the radio of a crowd: cells-load, and session-reject with a share.
 *
 * [expect NAME]: what an analysis should find in a recording of this run. Checked here, and of no influence on the run.
 *   verdict               one of the words of include/analysis.h, or nothing; required
 *   sub                   its sub-kind; left out: any
 *   also                  list of verdicts that will do as well
 *   never                 list of verdicts that would be wrong at any time in the run
 *   modems                whom it concerns; default all
 *   from, until           when it holds; default the whole run
 *   lasts                 how long it has to have lasted before it can be said
 *   after                 "5 attempts" or "3 rounds": or after so many data sessions that failed, or rounds of probes
 *   confidence_least, confidence_most    low, medium or high
 *
 *   ramp is the time in which it grows to its full value after `at`, and shrinks before its end.
 */
#pragma once

#include "sim/world/carrier.h"
#include "sim/world/modem_state.h"
#include "sim/world/radio.h"
#include "sim/world/track.h"

typedef struct SimHappening SimHappening; /* happening.h */

typedef struct {
	char *name;
	char mcc[4], mnc[4];
	guint32 tac, pci;
	guint64 cell_id;
	SimCarrier carrier;
	double lat_deg, lon_deg;
	double power_dbm;
	double load;
	guint antenna_ports;
	gboolean endc;	     /* LTE: upperLayerIndication */
	gboolean standalone; /* NR: can be camped on */
	gboolean directional;
	double azimuth_deg;
} SimCell;

typedef struct {
	SimModemInfo info;
	guint rats; /* bit (1 << SimRat) for each that it has */
	gboolean nr_sa, nr_nsa;
	guint n_secondary; /* LTE carriers that it can have beside the primary one */
	SimCard card;
	char *protocol; /* of a SimEngineClass */
	char *interface; /* of its data, with [internet] */
	char **roaming; /* PLMNs as "257-02", NULL-terminated, may be NULL */
	double traffic_kbps;
	char **apns; /* NULL-terminated; NULL: any */
	gboolean gives_ipv4, gives_ipv6;
	double session_delay_s;
	guint gnss; /* index of its receiver; valid when info.has_gnss */
} SimModemSetup;

typedef struct {
	char *name;
	guint rate_hz;
	double noise_m;
	guint n_satellites;
	double first_fix_s;
	double altitude_m;
} SimGpsSetup;

#define SIM_MAX_KBPS 1e6

/* [internet]: what the way there is like, of each modem. */
typedef struct {
	gboolean exists;
	gboolean ipv6;
	double latency_s; /* one way */
	double rate_kbps, rate_up_kbps;
} SimInternetSetup;

typedef struct {
	char *name; /* of the file, without its folder */
	guint64 seed;
	guint64 day;
	double day_load;
	double duration_s;
	gboolean starts_now;
	gint64 start_unix_s; /* when not starts_now */
	SimRadioSetup radio;
	SimInternetSetup internet;
	SimTrack *track;
	GPtrArray *cells;      /* of SimCell */
	GPtrArray *modems;     /* of SimModemSetup */
	GPtrArray *gps;        /* of SimGpsSetup */
	GPtrArray *happenings; /* of SimHappening */
} SimScenario;

/* NULL and an error of JAMLOG_ERROR_USAGE when the file cannot be read or says something impossible. */
SimScenario *sim_scenario_load(const char *path, GError **error);
/* The same from memory; `label` stands for the path. */
SimScenario *sim_scenario_load_data(const char *label, const char *text, GError **error);
/* Takes all happenings out: a day on which nothing is the matter. */
void sim_scenario_make_ordinary(SimScenario *scenario);
void sim_scenario_free(SimScenario *scenario);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimScenario, sim_scenario_free)

static inline const SimCell *sim_scenario_cell(const SimScenario *scenario, guint index)
{
	return g_ptr_array_index(scenario->cells, index);
}

static inline const SimModemSetup *sim_scenario_modem(const SimScenario *scenario, guint index)
{
	return g_ptr_array_index(scenario->modems, index);
}

static inline const SimGpsSetup *sim_scenario_gps(const SimScenario *scenario, guint index)
{
	return g_ptr_array_index(scenario->gps, index);
}

static inline const SimHappening *sim_scenario_happening(const SimScenario *scenario, guint index)
{
	return g_ptr_array_index(scenario->happenings, index);
}

/* "2026-03-25T12:00:00Z" to seconds since 1970; FALSE when it is not UTC of that form. */
gboolean sim_scenario_parse_utc(const char *text, gint64 *ret_unix_s);
