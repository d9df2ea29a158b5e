/* source.h - what makes observations: a modem, a GPS, later probes and the person.
 *
 * A source is one file with a SourceClass and one line in src/source/registry.c. It runs in the default main context,
 * asynchronously, and only pushes upward: observations and its health, through its host. It never opens the journal,
 * never knows another source, never ends the program. When its device fails it says so, backs off and tries again,
 * for as long as the run lasts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config.h"
#include "observation.h"

typedef struct Source Source;
typedef struct SourceHost SourceHost;

#define SOURCE_SALT_SIZE 16

/* What the recorder offers to its sources. */
struct SourceHost {
	/* Takes a finished observation; it is copied. */
	void (*observe)(SourceHost *host, Observation *o);
	/* One sentence for the person, when the source's state changed ("no answer from the modem; trying again"). */
	void (*tell)(SourceHost *host, const char *source, const char *sentence);
	guint interval_ms;                /* between two sweeps */
	const Config *config;
	/* When sessions are tried, the same moments for all modems: source/modem/slots.h. */
	guint8 slot_seed[SOURCE_SALT_SIZE];
	gint64 slot_zero_ns;              /* BOOTTIME */
	guint8 salt[SOURCE_SALT_SIZE];    /* of this installation, for source_digest() */
};

typedef void (*SourceStopped)(Source *source, gpointer user_data);

typedef struct {
	const char *type;     /* as in ConfigSource */
	/* NULL with USAGE where the address can never work. Opens nothing yet. */
	Source *(*new)(const ConfigSource *config, GError **error);
	void (*start)(Source *source);
	/* Cancels everything and gives the device back; `stopped` is called once, later, when that is done. Nothing but the end of
	 * a data session, and of what was probed over it, is observed after this returns. */
	void (*stop)(Source *source, SourceStopped stopped, gpointer user_data);
	void (*free)(Source *source); /* only before start or after `stopped` */
} SourceClass;

/* The base of every source: its first member. */
struct Source {
	const SourceClass *class;
	SourceHost *host; /* borrowed */
	char name[OBSERVATION_SOURCE_SIZE];
	gboolean lost;       /* EVENT_SOURCE_LOST was told and no EVENT_SOURCE_BACK yet */
	gint64 lost_since_ns; /* BOOTTIME */
	const char *lost_reason; /* as told last; fixed words */
};

/* --- for the recorder --- */

/* Makes the source that the configuration names; `host` must outlive it. */
Source *source_new(const ConfigSource *config, SourceHost *host, GError **error);
void source_free(Source *source);
/* The types there are, for messages: "qmi, gpsd". Owned by the caller. */
char *source_types(void);

/* --- for sources --- */

/* Records and tells that the device is gone or silent; of a row of calls only the first is recorded, and only another reason is told
 * again. `reason` goes into the
 * journal: fixed words, for paths, user names and messages of libraries can tell who carries the device. The sentence is for
 * the person alone. */
void source_set_lost(Source *source, const char *reason, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Records (with the time that it was away) and tells that it works. Does nothing unless it was lost. */
void source_set_back(Source *source);
/* Salted BLAKE2b-64 of a serial number, hexadecimal: the same on this installation, meaningless elsewhere. */
void source_digest(const Source *source, const char *serial, char ret_hex[17]);
