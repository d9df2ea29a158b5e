/* plug.h - modems that come and go while the recorder runs.
 *
 * For `device = auto`: each modem that no group of the configuration names gets a place with a name, NAME, NAME2, NAME3 ...,
 * which it keeps for the run: when it comes back in the same socket under another node, it is the same source. A source
 * works on one node; so the old one is stopped and another one of that name begun, and what the old one had told of its
 * absence goes with it: source-lost when the node went, source-back with the whole time away when the first sweep is
 * answered. Between the two there is no source at work, only its place.
 *
 * A modem that somebody else works with is not taken from them: it is shared where that can be, and waited for where not.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config.h"
#include "source.h"

typedef struct Plug Plug;

/* What the recorder does for it. */
typedef struct {
	/* A started source is the recorder's: it stops it at the end of the run. */
	void (*start)(gpointer recorder, Source *source);
	/* Takes the source out of the recording: stops it, frees it, then calls plug_parted(). */
	void (*part)(gpointer recorder, Source *source);
} PlugHost;

/* `template` (of type "modem", address CONFIG_ANY_ADDRESS) and `config` are borrowed, and so is `host`. Takes up nothing yet when
 * it returns, and nothing after plug_stop(). */
Plug *plug_new(const Config *config, const ConfigSource *template, SourceHost *host, const PlugHost *funcs, gpointer recorder);
/* The end of the run: nothing is begun or parted any more. */
void plug_stop(Plug *plug);
void plug_free(Plug *plug);
/* The source that was parted has come to its end. */
void plug_parted(Plug *plug, const char *name);
