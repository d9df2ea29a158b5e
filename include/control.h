/* control.h - asking a running recorder: how it is, and to write down a note.
 *
 * Each recorder listens on a socket of its own (0600) in a private folder (0700), for its own user and root. One connection is one
 * question: a line of request, a line of answer. The request is a word, a space and text: nothing that takes a parser, for the
 * recorder must not trust what comes. The answer is a dictionary (a{sv}) in GVariant's text form, the parser of which is in GLib
 * already; a JSON library would have taken 150 KiB of the recorder's memory.
 *
 *   status               -> what record/status.h describes
 *   mark water cannon    -> text (as it was recorded), time (local, HH:MM:SS), clock_state, durable, directory
 *   what cannot be done  -> error: a sentence
 *
 * A question waits CONTROL_TIMEOUT_S at most, and never holds the recorder up. Nothing here starts a recorder or ends one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define CONTROL_TIMEOUT_S 5
#define CONTROL_LINE_MAX  4096 /* bytes of a request with its newline */

/* Where recorders listen unless they are told otherwise: $RUNTIME_DIRECTORY (a systemd service), /run/jamlog for root,
 * $XDG_RUNTIME_DIR/jamlog, or else ~/.local/share/jamlog/run. Owned by the caller. */
char *control_folder(void);

typedef struct {
	const char *folder;    /* NULL: control_folder() */
	const char *directory; /* of its journals: which recorder; NULL: the one that was started last */
} ControlTarget;

/* `text` may be NULL; no newline in it, and both together are to be shorter than CONTROL_LINE_MAX. Returns the answer (to be unreffed), or
 * NULL with NO_DATA where no such recorder is running (the message says how to start one), TIMEOUT where it does not answer, FAILED
 * with what it said. *ret_others: how many more recorders there are. Blocks. */
GVariant *control_ask(const ControlTarget *target, const char *request, const char *text, guint *ret_others, GError **error);
