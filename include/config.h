/* config.h - what the user wants, from key files and options.
 *
 * Every key has a default. /etc/jamlog.conf is read first, then $XDG_CONFIG_HOME/jamlog.conf, then what a command's
 * options say. An unknown key or a bad value is an error that names file and line.
 *
 *   [record]
 *   directory = PATH       where journals go (default: /var/lib/jamlog/journal for root, else ~/.local/share/jamlog/journal)
 *   interval = 1s          between two sweeps of a modem, 0.2s to 1h
 *   segment-size = 16      MiB, of one journal file
 *   durable = 1s           what is not yet safe on the disk is at most this old, 1s to 60s; 5s and more spare the card and the battery
 *   mode = session         session: data sessions are tried, nothing is sent over them; passive: none is, nothing is sent at all;
 *                          probe: sessions are tried and the targets probed over them
 *
 *   [seal]
 *   recipients = FILE; FILE   public key files (keys.h) of two recipients or more: only they can read what is recorded; default: none,
 *                          and whoever holds the device can
 *
 *   [session]
 *   every = 60s            one attempt in each such stretch, at a moment left to chance, 10s to 24h
 *   hold = 5s              how long a session that came up is kept without probing, 0s to 10m
 *   min-rsrp = -120        dBm; below it (LTE, NR) no attempt is made: it would tell of the signal alone
 *
 *   [probe]
 *   targets = FILE; FILE   files of targets (targets.h); default: the one that came with jamlog
 *   hour-bytes = 10000000  both ways together, of each modem; what would go beyond is not probed
 *   day-bytes = 100000000
 *
 *   [modem NAME]           as many as there are; none: those that are plugged in are taken
 *   device = /dev/cdc-wdm0 the control node; auto: any that no other group names
 *   protocol = auto        qmi, mbim, qmi-over-mbim; auto asks the kernel's driver, and MBIM modems whether QMI can be had in it
 *   proxy = no             yes: share the port with ModemManager through qmi-proxy or mbim-proxy (as root)
 *   inhibit = no           yes: ModemManager is told to leave the modem to us for as long as we run
 *   reset = no             yes: a modem that does not answer and cannot be opened any more is told to restart
 *   gnss = no              yes: positions from the modem's own receiver (QMI LOC)
 *   session = auto         own: jamlog starts data sessions itself; observe: it uses and watches what others started; auto: own,
 *                          unless the port is shared
 *   apn = NAME             access point; default: the modem's own default profile
 *   ip = dual              ipv4, ipv6 or dual
 *   interface = wwan0      network interface of its data; default: the kernel tells
 *
 *   [gps NAME]
 *   gpsd = localhost:2947  the gpsd on this machine; "none" for no GPS (it stays in the list: a command leaves it out)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

#define CONFIG_NO_ADDRESS   "none"
#define CONFIG_ANY_ADDRESS  "auto"

typedef enum { PROTOCOL_AUTO, PROTOCOL_QMI, PROTOCOL_MBIM, PROTOCOL_QMI_OVER_MBIM } ConfigProtocol;
typedef enum { MODE_SESSION, MODE_PASSIVE, MODE_PROBE } ConfigMode;
typedef enum { TAKE_AUTO, TAKE_OWN, TAKE_OBSERVE } ConfigTake;
/* As in the file, NULL-terminated. */
extern const char *const config_protocol_words[], *const config_mode_words[], *const config_take_words[];

typedef struct {
	char *name; /* of the instance: "a" in [modem a]; at most 15 bytes */
	char *type; /* which kind of source: "modem", "gpsd" */
	char *address; /* device node, or HOST:PORT, or CONFIG_NO_ADDRESS */
	char *origin; /* "FILE:LINE" of its group; NULL when it comes from an option */
	/* Of modems: */
	ConfigProtocol protocol;
	gboolean proxy, inhibit, reset, gnss;
	ConfigTake session;
	SessionFamily family;
	char *apn;       /* NULL: the modem's default profile */
	char *interface; /* NULL: as the kernel tells */
	gboolean guest; /* only to have a look: no key of the file */
} ConfigSource;

typedef struct {
	char *directory;
	char *state_directory; /* holds the random ids of this device; config_set_directory does not move it */
	guint interval_ms;
	guint64 segment_size; /* bytes */
	guint durable_s;
	char **recipients;    /* paths; NULL: none */
	ConfigMode mode;
	guint session_every_ms, session_hold_ms;
	gint session_min_rsrp_dbm;
	char **targets;       /* paths; NULL: the file that came with jamlog */
	guint64 hour_bytes, day_bytes;
	GPtrArray *sources;   /* of ConfigSource */
} Config;

/* The defaults with no sources. */
Config *config_new(void);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Reads `path`, or for NULL the two standard places (missing files are fine there). */
gboolean config_load(Config *config, const char *path, GError **error);

/* Adds a source, or sets the address of the one of that name and its other members back to their defaults. `type` NULL: keeps that of
 * the replaced one. Borrowed; NULL with USAGE for a bad name, or one that is a modem's and a GPS's. */
ConfigSource *config_set_source(Config *config, const char *name, const char *type, const char *address, GError **error);
ConfigSource *config_source_copy(const ConfigSource *source);
void config_source_free(ConfigSource *source);
/* The first source of a type, or NULL. */
const ConfigSource *config_find_type(const Config *config, const char *type);
void config_set_directory(Config *config, const char *directory);
void config_set_recipients(Config *config, char *const *paths);

/* BLAKE2b-64 of everything that shapes the recording, hexadecimal (17 bytes with the NUL). */
void config_digest(const Config *config, char ret_hex[17]);
