/* config.h - what the user wants, from key files and options.
 *
 * Every key has a default. /etc/jamlog.conf is read first, then $XDG_CONFIG_HOME/jamlog.conf, then what a command's
 * options say. An unknown key or a bad value is an error that names file and line.
 *
 *   [record]
 *   directory = PATH       where journals go (default: /var/lib/jamlog/journal for root, else ~/.local/share/jamlog/journal)
 *   interval = 1s          between two sweeps of a modem, 0.2s to 1h
 *   segment-size = 16      MiB, of one journal file
 *
 *   [modem NAME]           as many as there are
 *   device = /dev/cdc-wdm0 the control node
 *   protocol = qmi
 *   proxy = no             yes: share the port with ModemManager through qmi-proxy (as root)
 *
 *   [gps NAME]
 *   gpsd = localhost:2947  the gpsd on this machine; "none" for no GPS (it stays in the list: a command leaves it out)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define CONFIG_NO_ADDRESS "none"

typedef struct {
	char *name; /* of the instance: "a" in [modem a]; at most 15 bytes */
	char *type; /* which kind of source: "qmi", "gpsd" */
	char *address; /* device node, or HOST:PORT, or CONFIG_NO_ADDRESS */
	gboolean proxy;
	char *origin; /* "FILE:LINE" of its group; NULL when it comes from an option */
} ConfigSource;

typedef struct {
	char *directory;
	char *state_directory; /* holds the random ids of this device; config_set_directory does not move it */
	guint interval_ms;
	guint64 segment_size; /* bytes */
	GPtrArray *sources;   /* of ConfigSource */
} Config;

/* The defaults with no sources. */
Config *config_new(void);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Reads `path`, or for NULL the two standard places (missing files are fine there). */
gboolean config_load(Config *config, const char *path, GError **error);

/* Adds or replaces the source of that name. `type` NULL: keeps that of the replaced one. USAGE for a bad name, or one that is a
 * modem's and a GPS's. */
gboolean config_set_source(Config *config, const char *name, const char *type, const char *address, gboolean proxy, GError **error);
void config_set_directory(Config *config, const char *directory);

/* BLAKE2b-64 of everything that shapes the recording, hexadecimal (17 bytes with the NUL). */
void config_digest(const Config *config, char ret_hex[17]);
