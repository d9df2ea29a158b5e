/* observation.h - one dated thing that a source saw, and its coding in the journal.
 *
 * An observation is never changed once made, and never made from an older one: a sweep that failed is
 * an event, not the last values with a new date. Every optional field has a presence bit; there are no
 * sentinel values ("unknown" codes of a protocol end in its decoder).
 *
 * The fields stand in the X-macro tables below, one line each: F(id, name, TYPE, arg). From them come the
 * struct, the presence bits, the coding, the names in the store and in exports. To add a field, add a line
 * with the next free id; ids are never used again, so that old journals stay readable and old programs
 * skip what they do not know. Integers carry their unit in the name: _cdb is hundredths of a dB, _cdbm
 * of a dBm, _e7 ten-millionths of a degree.
 *
 * Beside the kinds of the design there is `device`: what a source found out about its hardware. A modem
 * is known only some time after the run began, may be changed in mid-run, and there may be several.
 *
 * Coding (all by bytes.h):
 *   u8 kind | u8 clock state | varint sequence | varint BOOTTIME ns | svarint REALTIME ns |
 *   varint length, source name | fields...
 *   field: varint (id << 2 | wire type), value; wire type 0: varint, 1: svarint, 2: varint length, bytes
 * The end of the record is the end of the buffer that it is given in.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "bytes.h"
#include "clock.h"

typedef enum {
	OBSERVATION_RUN = 1,
	OBSERVATION_DEVICE = 2,
	OBSERVATION_RADIO = 3,
	OBSERVATION_FIX = 4,
	OBSERVATION_SKY = 5,
	OBSERVATION_EVENT = 6,
	OBSERVATION_CLOCK = 7,
	OBSERVATION_MARK = 8,
	OBSERVATION_SESSION = 9,
	OBSERVATION_PROBE = 10,
} ObservationKind;
#define OBSERVATION_KIND_MAX 10

/* Values of the ENUM fields. Their words (field->words) are what the store and exports show. */

typedef enum { RAT_NONE, RAT_GSM, RAT_UMTS, RAT_LTE, RAT_NR } Rat;
typedef enum { REGISTRATION_NOT_REGISTERED, REGISTRATION_HOME, REGISTRATION_SEARCHING, REGISTRATION_DENIED,
	       REGISTRATION_ROAMING } Registration;
typedef enum { ATTACH_DETACHED, ATTACH_ATTACHED } Attach;
typedef enum { SERVICE_NONE, SERVICE_LIMITED, SERVICE_FULL, SERVICE_LIMITED_REGIONAL, SERVICE_POWER_SAVE } ServiceStatus;
typedef enum { DOMAIN_NONE, DOMAIN_CS, DOMAIN_PS, DOMAIN_CS_PS } ServiceDomain;
/* 3GPP TS 36.331 access class barring as QMI's "LTE cell access status" tells it. */
typedef enum { ACCESS_NORMAL, ACCESS_EMERGENCY_ONLY, ACCESS_NO_CALLS, ACCESS_ALL_CALLS } CellAccess;
typedef enum { OPERATING_ONLINE, OPERATING_LOW_POWER, OPERATING_FACTORY_TEST, OPERATING_OFFLINE, OPERATING_RESETTING,
	       OPERATING_SHUTTING_DOWN } OperatingMode;
typedef enum { SIM_STATE_READY, SIM_STATE_ABSENT, SIM_STATE_PIN, SIM_STATE_PUK, SIM_STATE_ERROR, SIM_STATE_NOT_READY } SimState;
/* Of the modem's data session, whoever started it. */
typedef enum { DATA_SESSION_DOWN, DATA_SESSION_UP, DATA_SESSION_CONNECTING, DATA_SESSION_DISCONNECTING,
	       DATA_SESSION_SUSPENDED } DataSession;
/* `session` observations: who asked for the session, and what became of it. */
typedef enum { SESSION_OWN, SESSION_OBSERVED } SessionOrigin;
typedef enum { SESSION_CONNECTED, SESSION_FAILED, SESSION_ENDED } SessionOutcome;
typedef enum { SESSION_IPV4, SESSION_IPV6, SESSION_DUAL } SessionFamily;
typedef enum { SESSION_BY_US, SESSION_BY_NETWORK, SESSION_BY_MODEM, SESSION_BY_TIMEOUT } SessionEndedBy;
/* Whose number `cause` is: QMI's verbose call end reason has a type and a code; MBIM tells a 3GPP cause or a status of its own. */
typedef enum { CAUSE_3GPP, CAUSE_CALL_MANAGER, CAUSE_INTERNAL, CAUSE_MOBILE_IP, CAUSE_PPP, CAUSE_EHRPD, CAUSE_IPV6, CAUSE_CALL_END,
	       CAUSE_QMI_ERROR, CAUSE_MBIM_STATUS } CauseType;
/* RFC 1918 and RFC 4193; RFC 6598; what is routed in the internet; neither of them. */
typedef enum { SCOPE_PRIVATE, SCOPE_SHARED, SCOPE_PUBLIC, SCOPE_OTHER } AddressScope;
typedef enum { PROBE_ROUND, PROBE_IP, PROBE_DNS, PROBE_WEB, PROBE_SNI, PROBE_PORTAL, PROBE_QUIC, PROBE_WIREGUARD, PROBE_OPENVPN,
	       PROBE_RATE } ProbeTest;
typedef enum { PROBE_TARGET, PROBE_CONTROL } ProbeRole;
typedef enum { PROBE_STEP_DNS, PROBE_STEP_TCP, PROBE_STEP_TLS, PROBE_STEP_HTTP, PROBE_STEP_UDP } ProbeStep;
typedef enum { FIX_MODE_NONE, FIX_MODE_2D, FIX_MODE_3D } FixMode;
typedef enum { CLOCK_PAIR_FIRST, CLOCK_PAIR_PERIODIC, CLOCK_PAIR_STEP } ClockPairReason;

typedef enum {
	EVENT_HEARTBEAT,       /* the recorder lives; `count` is the number of observations so far */
	EVENT_SOURCE_LOST,     /* a device or service stopped answering */
	EVENT_SOURCE_BACK,     /* it answers again; `duration_ms` is how long it was away */
	EVENT_SWEEP_FAILED,    /* the modem gave no answer to this sweep: not a word about the network */
	EVENT_NETWORK_REJECT,  /* the network turned us away: `rat`, `domain`, `cause` */
	EVENT_CLOCK_STEP,      /* REALTIME moved against BOOTTIME by `offset_ms` */
	EVENT_DISK_FULL,       /* from here on observations may be lost; `count` is how many there were until then */
	EVENT_DISK_BACK,       /* `count` observations were lost meanwhile */
	EVENT_JOURNAL_ERROR,   /* a segment was given up after a failed write */
	EVENT_RUN_END,         /* a clean end of the run */
	/* Steps of a modem's failure ladder (source/modem/ladder.h), each before it is taken. What happens between
	 * source-lost and source-back is the modem's recovery, not the network's outage. */
	EVENT_MODEM_RETRY,      /* asked again at once over the same port */
	EVENT_MODEM_NEW_CLIENT, /* new client ids on the same port */
	EVENT_MODEM_REOPEN,     /* the port is closed and opened anew */
	EVENT_MODEM_RESET,      /* told to restart, where that is configured */
	EVENT_MODEM_WAIT,       /* nothing more can be done: looked for from time to time */
	EVENT_MODEM_FORGOT,     /* it does not know our client ids any more: it restarted, or another program made it forget them */
	EVENT_VALUES_HELD,      /* it repeats the same figures, for `duration_ms` by now: they are left out until they move */
	EVENT_VALUES_MOVE,      /* they move again after `duration_ms` */
	EVENT_DEVICE_ADDED,     /* plugged in, and taken up by this run */
	EVENT_DEVICE_REMOVED,   /* unplugged */
	EVENT_PROBE_PAUSED,     /* no data session is tried and nothing is probed for now; `text` says why */
	EVENT_PROBE_RESUMED,    /* it is again, after `duration_ms` */
} EventCode;

/* F(id, name, TYPE, arg): TYPE is U8 U16 U32 U64 I16 I32 I64 BOOL, ENUM (arg: the word list), TEXT (arg: its size with
 * the NUL) or CELLS. */
#define RUN_FIELDS(F) \
	F(1, version, TEXT, 24)          /* of jamlog */ \
	F(2, config_digest, TEXT, 20)    /* BLAKE2b-64 of the effective configuration, hexadecimal */ \
	F(3, sources, TEXT, 128)         /* "modem-a=qmi main=gpsd" */ \
	F(4, sweep_interval_ms, U32, 0)

#define DEVICE_FIELDS(F) \
	F(1, protocol, TEXT, 16)         /* "qmi", "mbim", "qmi-over-mbim", "gpsd", "gnss" */ \
	F(2, model, TEXT, 48)  \
	F(3, firmware, TEXT, 80) \
	F(4, device_digest, TEXT, 20)    /* salted BLAKE2b-64 of the serial number, hexadecimal: tells devices apart, names none */

#define RADIO_FIELDS(F) \
	F(1, operating_mode, ENUM, operating_mode_words) \
	F(2, sim_state, ENUM, sim_state_words) \
	F(3, registration, ENUM, registration_words) \
	F(4, cs_attach, ENUM, attach_words) \
	F(5, ps_attach, ENUM, attach_words) \
	F(6, rat, ENUM, rat_words)                     /* that we are served by or camped on */ \
	F(7, gsm_service, ENUM, service_words)         /* as the modem shows it, smoothed by its hysteresis */ \
	F(8, gsm_true_service, ENUM, service_words)    /* as it is now */ \
	F(9, umts_service, ENUM, service_words) \
	F(10, umts_true_service, ENUM, service_words) \
	F(11, lte_service, ENUM, service_words) \
	F(12, lte_true_service, ENUM, service_words) \
	F(13, nr_service, ENUM, service_words) \
	F(14, nr_true_service, ENUM, service_words) \
	F(15, domain, ENUM, domain_words)              /* 3GPP service domain */ \
	F(16, roaming, BOOL, 0) \
	F(17, forbidden, BOOL, 0)                      /* the PLMN heard is on the forbidden list */ \
	F(18, lte_access, ENUM, access_words)          /* of the cell that is camped on */ \
	F(19, reject_rat, ENUM, rat_words) \
	F(20, reject_domain, ENUM, domain_words) \
	F(21, reject_cause, U8, 0)                     /* 3GPP TS 24.301 9.9.3.9 or TS 24.008 10.5.3.6 */ \
	F(22, mcc, TEXT, 4) \
	F(23, mnc, TEXT, 4)                            /* text: "01" is not "001" */ \
	F(24, tac, U32, 0)                             /* LAC on GSM and UMTS */ \
	F(25, cell_id, U64, 0)                         /* 28 bits on LTE, 36 on NR */ \
	F(26, pci, U16, 0)                             /* PSC on UMTS, BSIC on GSM */ \
	F(27, arfcn, U32, 0)                           /* EARFCN, NR-ARFCN, UARFCN, ARFCN: wide */ \
	F(28, band, U16, 0)                            /* 3GPP band number */ \
	F(29, bandwidth_khz, U32, 0)                   /* downlink */ \
	F(30, gsm_rssi_dbm, I16, 0) \
	F(31, umts_rssi_dbm, I16, 0) \
	F(32, umts_rscp_dbm, I16, 0) \
	F(33, umts_ecio_cdb, I16, 0) \
	F(34, lte_rssi_dbm, I16, 0) \
	F(35, lte_rsrp_dbm, I16, 0) \
	F(36, lte_rsrq_db, I16, 0) \
	F(37, lte_snr_cdb, I16, 0) \
	F(38, nr_rsrp_dbm, I16, 0) \
	F(39, nr_rsrq_db, I16, 0) \
	F(40, nr_snr_cdb, I16, 0) \
	F(41, rx0_cdbm, I16, 0)                        /* wideband received power of each chain */ \
	F(42, rx1_cdbm, I16, 0) \
	F(43, rx2_cdbm, I16, 0) \
	F(44, rx3_cdbm, I16, 0) \
	F(45, rx_tuned, U8, 0)                         /* bit n: chain n is tuned to a channel */ \
	F(46, tx_cdbm, I16, 0)                         /* absent while nothing is sent */ \
	F(47, timing_advance_us, U32, 0)               /* of the serving LTE cell (QMI) or standalone NR cell (MBIM) */ \
	F(48, cells, CELLS, 0)                         /* serving and neighbours, in the modem's order */ \
	F(49, nr_available, BOOL, 0)                   /* the LTE cell says that NR stands beside it (TS 36.331 upperLayerIndication) */ \
	F(50, endc, BOOL, 0)                           /* an NR cell carries our data beside the serving LTE cell (NSA) */ \
	F(51, dcnr_restricted, BOOL, 0)                /* the network denies us NR beside LTE (TS 24.301 9.9.3.12A, RestrictDCNR) */ \
	F(52, ca_configured, U8, 0)                    /* secondary carriers of LTE carrier aggregation, TS 36.300 5.5 */ \
	F(53, ca_active, U8, 0)                        /* those among them that are in use */ \
	F(54, ca_bandwidth_khz, U32, 0)                /* downlink, of the primary carrier and the active secondary ones */ \
	F(55, signal_repeats_ms, U32, 0)               /* how long the modem has been telling these very figures; absent: they moved */ \
	F(56, data_session, ENUM, data_session_words)  /* of the modem's default bearer; what started it is not told */ \
	F(57, rx_packets, U64, 0)                      /* of that session since it began; absent where there is none */ \
	F(58, tx_packets, U64, 0) \
	F(59, rx_bytes, U64, 0) \
	F(60, tx_bytes, U64, 0)

#define FIX_FIELDS(F) \
	F(1, mode, ENUM, fix_mode_words) \
	F(2, time_ns, I64, 0)            /* UTC since 1970 by the receiver; from GPS itself, never the host's clock */ \
	F(3, lat_e7, I32, 0) \
	F(4, lon_e7, I32, 0)             /* WGS 84 */ \
	F(5, altitude_cm, I32, 0)        /* above mean sea level */ \
	F(6, eph_cm, U32, 0)             /* horizontal error, gpsd's estimate (95 %) */ \
	F(7, epv_cm, U32, 0) \
	F(8, speed_cm_s, U32, 0) \
	F(9, track_cdeg, U32, 0)         /* course over ground, true */ \
	F(10, satellites_used, U8, 0) \
	F(11, age_ms, U32, 0)            /* how much later than usual it reached us: gpsd or a serial line may hold fixes back */

#define SKY_FIELDS(F) \
	F(1, satellites_visible, U8, 0) \
	F(2, satellites_used, U8, 0) \
	F(3, cn0_max_cdbhz, U16, 0)      /* carrier to noise density */ \
	F(4, cn0_mean_cdbhz, U16, 0)     /* over the satellites that are heard */ \
	F(5, cn0_top4_cdbhz, U16, 0)     /* mean of the four strongest: falls at once under jamming */ \
	F(6, hdop_centi, U32, 0) \
	F(7, pdop_centi, U32, 0)

#define EVENT_FIELDS(F) \
	F(1, code, ENUM, event_words) \
	F(2, text, TEXT, 160) \
	F(3, rat, ENUM, rat_words) \
	F(4, domain, ENUM, domain_words) \
	F(5, cause, U8, 0) \
	F(6, mcc, TEXT, 4) \
	F(7, mnc, TEXT, 4) \
	F(8, count, U64, 0) \
	F(9, duration_ms, U64, 0) \
	F(10, offset_ms, I64, 0)

#define CLOCK_FIELDS(F) \
	F(1, gps_time_ns, I64, 0)        /* UTC since 1970 at this observation's BOOTTIME */ \
	F(2, error_ms, U32, 0)           /* half width of what is known */ \
	F(3, reason, ENUM, clock_pair_words)

#define MARK_FIELDS(F) \
	F(1, text, TEXT, 512)            /* what the person noted, in their words */

/* One attempt of the modem's own data session has two rows at most: connected or failed, and ended, each dated when it was known. No
 * address is kept. */
#define SESSION_FIELDS(F) \
	F(1, origin, ENUM, session_origin_words) \
	F(2, outcome, ENUM, session_outcome_words) \
	F(3, attempt, U32, 0)            /* of this modem, from 1 in each run; the same on both rows; absent where observed */ \
	F(4, asked_family, ENUM, session_family_words) \
	F(5, family, ENUM, session_family_words) /* what came up */ \
	F(6, setup_ms, U32, 0)           /* from asking to the answer */ \
	F(7, duration_ms, U64, 0)        /* ended: how long it was up */ \
	F(8, ended_by, ENUM, session_ended_by_words) /* failed or ended: as far as the modem tells */ \
	F(9, cause_type, ENUM, cause_type_words) \
	F(10, cause, U16, 0)             /* call end reason; 3gpp: TS 24.301 9.9.4.4 (ESM), TS 24.501 9.11.4.2 (5GSM) */ \
	F(11, cause_text, TEXT, 64)      /* its name in libqmi or libmbim */ \
	F(12, backoff_ms, U32, 0)        /* how long the modem will refuse by itself to ask again */ \
	F(13, ipv4_scope, ENUM, address_scope_words) \
	F(14, ipv6_scope, ENUM, address_scope_words) \
	F(15, resolvers, U8, 0)          /* how many DNS servers the network gave */ \
	F(16, mtu, U16, 0) \
	F(17, rx_packets, U64, 0)        /* ended: carried by the session, as the network interface or the modem counts */ \
	F(18, tx_packets, U64, 0) \
	F(19, rx_bytes, U64, 0) \
	F(20, tx_bytes, U64, 0)

/* One active check, dated when it ended. Failures are OONI's strings (ooni/spec df-007); no failure: it went well. */
#define PROBE_FIELDS(F) \
	F(1, round, U32, 0)              /* all modems probe the same round at the same time */ \
	F(2, attempt, U32, 0)            /* of the session that it went over; absent where that was observed */ \
	F(3, test, ENUM, probe_test_words) /* round: the sum of all that it did */ \
	F(4, target, TEXT, 32)           /* its name in the file of targets */ \
	F(5, category, TEXT, 24)         /* from that file */ \
	F(6, role, ENUM, probe_role_words) \
	F(7, family, ENUM, session_family_words) \
	F(8, step, ENUM, probe_step_words) /* that failed; without a failure: the last one */ \
	F(9, failure, TEXT, 48) \
	F(10, url, TEXT, 96)             /* as the file has it */ \
	F(11, resolver, TEXT, 32)        /* that gave the address: "operator", or its name in the file */ \
	F(12, address, TEXT, 46)         /* of the server */ \
	F(13, answers, TEXT, 160)        /* dns: all addresses, separated by spaces */ \
	F(14, consistent, BOOL, 0)       /* dns: shares an address or a network with what another resolver says */ \
	F(15, server_name, TEXT, 64)     /* TLS SNI, RFC 6066 */ \
	F(16, dns_us, U32, 0)            /* each step's own time */ \
	F(17, tcp_us, U32, 0) \
	F(18, tls_us, U32, 0) \
	F(19, first_byte_us, U32, 0)     /* from the request sent to the answer's first byte; udp: to the answer */ \
	F(20, total_us, U32, 0) \
	F(21, rtt_us, U32, 0)            /* smoothed, of the kernel's TCP (TCP_INFO) */ \
	F(22, retransmits, U32, 0)       /* segments sent again, of the kernel's TCP */ \
	F(23, http_status, U16, 0) \
	F(24, body_matches, BOOL, 0)     /* the answer is what the file expects */ \
	F(25, body_bytes, U64, 0) \
	F(26, redirect_host, TEXT, 64)   /* where the answer sends the reader, its host alone */ \
	F(27, rate_kbps, U32, 0)         /* of the body, 1000 bit/s */ \
	F(28, rx_packets, U64, 0)        /* through the network interface meanwhile */ \
	F(29, tx_packets, U64, 0) \
	F(30, rx_bytes, U64, 0) \
	F(31, tx_bytes, U64, 0)

/* One cell that the modem measured. Coded as its own row of fields inside `cells`. */
#define CELL_FIELDS(F) \
	F(1, rat, ENUM, rat_words) \
	F(2, serving, BOOL, 0) \
	F(3, arfcn, U32, 0)              /* LTE neighbours on other carriers: its low 16 bits where the protocol has no more */ \
	F(4, pci, U16, 0) \
	F(5, rsrp_cdbm, I16, 0)          /* RSCP on UMTS, RXLEV in dBm on GSM */ \
	F(6, rsrq_cdb, I16, 0)           /* Ec/Io on UMTS */ \
	F(7, rssi_cdbm, I16, 0) \
	F(8, cell_id, U64, 0)

#define OBSERVATION_MAX_CELLS   32
#define OBSERVATION_SOURCE_SIZE 16 /* of a source's name, with the NUL */
/* No coded observation is longer; one that would be loses cells from its end, and its last cell's place is not invented. */
#define OBSERVATION_MAX_CODED 2048

/* C type, and declaration of the member, for each TYPE. */
#define OBSERVATION_MEMBER_U8(name, arg)    guint8 name;
#define OBSERVATION_MEMBER_U16(name, arg)   guint16 name;
#define OBSERVATION_MEMBER_U32(name, arg)   guint32 name;
#define OBSERVATION_MEMBER_U64(name, arg)   guint64 name;
#define OBSERVATION_MEMBER_I16(name, arg)   gint16 name;
#define OBSERVATION_MEMBER_I32(name, arg)   gint32 name;
#define OBSERVATION_MEMBER_I64(name, arg)   gint64 name;
#define OBSERVATION_MEMBER_BOOL(name, arg)  guint8 name;
#define OBSERVATION_MEMBER_ENUM(name, arg)  guint8 name;
#define OBSERVATION_MEMBER_TEXT(name, arg)  char name[arg];
#define OBSERVATION_MEMBER_CELLS(name, arg) CellList name;
#define OBSERVATION_MEMBER(id, name, TYPE, arg) OBSERVATION_MEMBER_##TYPE(name, arg)

typedef struct {
	guint64 present; /* bit per field id */
	CELL_FIELDS(OBSERVATION_MEMBER)
} Cell;

typedef struct {
	guint n;
	Cell cell[OBSERVATION_MAX_CELLS];
} CellList;

typedef struct { RUN_FIELDS(OBSERVATION_MEMBER) } RunFields;
typedef struct { DEVICE_FIELDS(OBSERVATION_MEMBER) } DeviceFields;
typedef struct { RADIO_FIELDS(OBSERVATION_MEMBER) } RadioFields;
typedef struct { FIX_FIELDS(OBSERVATION_MEMBER) } FixFields;
typedef struct { SKY_FIELDS(OBSERVATION_MEMBER) } SkyFields;
typedef struct { EVENT_FIELDS(OBSERVATION_MEMBER) } EventFields;
typedef struct { CLOCK_FIELDS(OBSERVATION_MEMBER) } ClockFields;
typedef struct { MARK_FIELDS(OBSERVATION_MEMBER) } MarkFields;
typedef struct { SESSION_FIELDS(OBSERVATION_MEMBER) } SessionFields;
typedef struct { PROBE_FIELDS(OBSERVATION_MEMBER) } ProbeFields;

typedef struct {
	ObservationKind kind;
	guint64 sequence; /* from 1 in each run, without gaps; given by the recorder */
	ClockReading at;
	char source[OBSERVATION_SOURCE_SIZE]; /* name of the instance; "jamlog" for the recorder itself */
	guint64 present;                      /* bit per field id */
	union {
		RunFields run;
		DeviceFields device;
		RadioFields radio;
		FixFields fix;
		SkyFields sky;
		EventFields event;
		ClockFields clock;
		MarkFields mark;
		SessionFields session;
		ProbeFields probe;
	};
} Observation;

/* Presence bits: RADIO_BIT(lte_rsrp_dbm) and so on, as enum constants RADIO_ID_lte_rsrp_dbm. */
#define OBSERVATION_ID_RUN(id, name, T, a)    RUN_ID_##name = id,
#define OBSERVATION_ID_DEVICE(id, name, T, a) DEVICE_ID_##name = id,
#define OBSERVATION_ID_RADIO(id, name, T, a)  RADIO_ID_##name = id,
#define OBSERVATION_ID_FIX(id, name, T, a)    FIX_ID_##name = id,
#define OBSERVATION_ID_SKY(id, name, T, a)    SKY_ID_##name = id,
#define OBSERVATION_ID_EVENT(id, name, T, a)  EVENT_ID_##name = id,
#define OBSERVATION_ID_CLOCK(id, name, T, a)  CLOCK_ID_##name = id,
#define OBSERVATION_ID_MARK(id, name, T, a)   MARK_ID_##name = id,
#define OBSERVATION_ID_SESSION(id, name, T, a) SESSION_ID_##name = id,
#define OBSERVATION_ID_PROBE(id, name, T, a)  PROBE_ID_##name = id,
#define OBSERVATION_ID_CELL(id, name, T, a)   CELL_ID_##name = id,
enum { RUN_FIELDS(OBSERVATION_ID_RUN) };
enum { DEVICE_FIELDS(OBSERVATION_ID_DEVICE) };
enum { RADIO_FIELDS(OBSERVATION_ID_RADIO) };
enum { FIX_FIELDS(OBSERVATION_ID_FIX) };
enum { SKY_FIELDS(OBSERVATION_ID_SKY) };
enum { EVENT_FIELDS(OBSERVATION_ID_EVENT) };
enum { CLOCK_FIELDS(OBSERVATION_ID_CLOCK) };
enum { MARK_FIELDS(OBSERVATION_ID_MARK) };
enum { SESSION_FIELDS(OBSERVATION_ID_SESSION) };
enum { PROBE_FIELDS(OBSERVATION_ID_PROBE) };
enum { CELL_FIELDS(OBSERVATION_ID_CELL) };

#define OBSERVATION_BIT(id) (G_GUINT64_CONSTANT(1) << (id))
/* OBSERVATION_SET(o, radio, RADIO, lte_rsrp_dbm, -97) and its shorter forms set a value and its presence bit. */
#define OBSERVATION_SET(o, member, KIND, name, value) \
	((o)->member.name = (value), (o)->present |= OBSERVATION_BIT(KIND##_ID_##name))
#define RADIO_SET(o, name, value) OBSERVATION_SET(o, radio, RADIO, name, value)
#define FIX_SET(o, name, value)   OBSERVATION_SET(o, fix, FIX, name, value)
#define SKY_SET(o, name, value)   OBSERVATION_SET(o, sky, SKY, name, value)
#define EVENT_SET(o, name, value) OBSERVATION_SET(o, event, EVENT, name, value)
#define CLOCK_SET(o, name, value) OBSERVATION_SET(o, clock, CLOCK, name, value)
#define SESSION_SET(o, name, value) OBSERVATION_SET(o, session, SESSION, name, value)
#define PROBE_SET(o, name, value) OBSERVATION_SET(o, probe, PROBE, name, value)
#define CELL_SET(c, name, value)  ((c)->name = (value), (c)->present |= OBSERVATION_BIT(CELL_ID_##name))
#define OBSERVATION_HAS(o, KIND, name) (((o)->present & OBSERVATION_BIT(KIND##_ID_##name)) != 0)
#define RADIO_HAS(o, name) OBSERVATION_HAS(o, RADIO, name)
#define FIX_HAS(o, name)   OBSERVATION_HAS(o, FIX, name)
#define SKY_HAS(o, name)   OBSERVATION_HAS(o, SKY, name)
#define EVENT_HAS(o, name) OBSERVATION_HAS(o, EVENT, name)
#define CLOCK_HAS(o, name) OBSERVATION_HAS(o, CLOCK, name)
#define SESSION_HAS(o, name) OBSERVATION_HAS(o, SESSION, name)
#define PROBE_HAS(o, name) OBSERVATION_HAS(o, PROBE, name)
#define CELL_HAS(c, name)  OBSERVATION_HAS(c, CELL, name)
/* Texts are cut at the field's size, at a character's border, and control characters become spaces. */
#define OBSERVATION_SET_TEXT(o, member, KIND, name, value) \
	(observation_copy_text((o)->member.name, sizeof (o)->member.name, (value)), \
	 (void)((o)->present |= OBSERVATION_BIT(KIND##_ID_##name)))
void observation_copy_text(char *ret_text, gsize size, const char *value);

/* --- the tables, for code that works on any field --- */

typedef enum {
	FIELD_U8, FIELD_U16, FIELD_U32, FIELD_U64, FIELD_I16, FIELD_I32, FIELD_I64, FIELD_BOOL, FIELD_ENUM, FIELD_TEXT, FIELD_CELLS,
} FieldType;

typedef struct {
	guint id;
	const char *name;
	FieldType type;
	gsize offset;             /* of the member from the start of its fields (e.g. of RadioFields, or of Cell) */
	gsize size;               /* TEXT: with the NUL */
	const char *const *words; /* ENUM: NULL-terminated; a value past the end reads as "unknown" */
} ObservationField;

typedef struct {
	const char *name; /* "radio": also the name of its table in the store */
	const ObservationField *fields;
	gsize n_fields;
} ObservationTable;

/* The table of a kind; NULL for a number that is none. */
const ObservationTable *observation_table(ObservationKind kind);
extern const ObservationTable observation_cell_table;

/* The fields' memory of an observation (what field->offset counts from). */
static inline void *observation_fields(Observation *o)
{
	return &o->radio;
}

/* Integer value of a field that is not TEXT or CELLS (U64 above 2^63 do not occur). */
gint64 observation_field_int(const ObservationField *field, const void *fields);
/* The word of an ENUM value; "unknown" where it has none. Static. */
const char *observation_word(const char *const *words, guint value);

extern const char *const operating_mode_words[], *const sim_state_words[], *const registration_words[], *const attach_words[],
	*const rat_words[], *const service_words[], *const domain_words[], *const access_words[], *const data_session_words[],
	*const fix_mode_words[], *const event_words[], *const clock_pair_words[], *const session_origin_words[],
	*const session_outcome_words[], *const session_family_words[], *const session_ended_by_words[], *const cause_type_words[],
	*const address_scope_words[], *const probe_test_words[], *const probe_role_words[], *const probe_step_words[];

/* --- making and coding --- */

/* Clears an observation and dates it now. `source` is copied. */
void observation_init(Observation *o, ObservationKind kind, const char *source);

/* Appends the coded observation to `w` (needs up to OBSERVATION_MAX_CODED bytes; w->failed where there was no room). */
void observation_encode(const Observation *o, ByteWriter *w);

typedef enum {
	OBSERVATION_OK,
	OBSERVATION_UNKNOWN_KIND, /* well-formed up to the kind, which is of a newer program */
	OBSERVATION_MALFORMED,    /* ends early, or a value does not fit its field */
} ObservationParse;

/* Decodes what stands before the fields (kind, clocks, sequence, source) and leaves the rest of *ret_o alone. */
ObservationParse observation_decode_head(const void *data, gsize length, Observation *ret_o);
/* Decodes the whole of `data`; *ret_o is undefined unless OK. Unknown fields are passed over. `union` members that are
 * not present are undefined. */
ObservationParse observation_decode(const void *data, gsize length, Observation *ret_o);

/* Whether a RAT has this service now; where the modem does not tell that, whether it shows it. */
gboolean observation_has_service(const Observation *radio, Rat rat, ServiceStatus status);

/* --- what a radio sweep means for the person who carries it --- */

typedef enum {
	SERVICE_STATE_UNKNOWN,  /* the sweep does not tell */
	SERVICE_STATE_OFF,      /* the radio is switched off (airplane mode) */
	SERVICE_STATE_NONE,     /* no cell lets us in */
	SERVICE_STATE_LIMITED,  /* a cell is heard, emergency calls at most */
	SERVICE_STATE_DENIED,   /* the network turned us away */
	SERVICE_STATE_SERVED,   /* registered */
} ServiceState;

extern const char *const service_state_words[]; /* "unknown", "off", "none", ... */
ServiceState observation_service_state(const Observation *radio);
