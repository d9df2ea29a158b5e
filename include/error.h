/* error.h - the one error domain of jamlog, and the exit codes that it maps to.
 *
 * Every function that can fail for a reason outside the program returns gboolean (or NULL) and
 * sets a GError of this domain (or passes a GLib / libqmi one on). A message says what happened,
 * to what, and what to do next. Only src/cmd and src/record print errors or choose exit codes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define JAMLOG_ERROR (jamlog_error_quark())
GQuark jamlog_error_quark(void);

typedef enum {
	JAMLOG_ERROR_FAILED,    /* an operation did not succeed; the message says which */
	JAMLOG_ERROR_USAGE,     /* the command line or a configuration file is wrong */
	JAMLOG_ERROR_NO_DATA,   /* nothing to do, or nothing matched */
	JAMLOG_ERROR_FORMAT,    /* a file or message is not what it should be */
	JAMLOG_ERROR_DAMAGED,   /* the right kind of file, partly unreadable */
	JAMLOG_ERROR_NOT_FOUND, /* a file, device or service does not exist */
	JAMLOG_ERROR_ACCESS,    /* it exists, and we may not open it */
	JAMLOG_ERROR_BUSY,      /* somebody else holds it */
	JAMLOG_ERROR_NO_SPACE,  /* the disk is full */
	JAMLOG_ERROR_TIMEOUT,   /* no answer before the deadline */
} JamlogError;

/* Exit codes of every command (README, "Exit codes"). */
typedef enum {
	EXIT_CODE_OK = 0,
	EXIT_CODE_FAILURE = 1,
	EXIT_CODE_USAGE = 2,
	EXIT_CODE_NO_DATA = 3,
	EXIT_CODE_DAMAGED = 4,
} ExitCode;

/* The exit code for an error of any domain; EXIT_CODE_OK for NULL. */
ExitCode error_exit_code(const GError *error);

/* Sets an error from errno: FAILED, or the closer code where errno has one (ENOENT, EACCES, EBUSY,
 * ENOSPC). The format gives the sentence; ": strerror" is appended. Always returns FALSE. */
gboolean error_set_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);
