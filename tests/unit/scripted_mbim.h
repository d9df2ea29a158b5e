/* scripted_mbim.h - an MBIM modem for unit tests that answers from a capture file: scripted_modem.h's brother.
 *
 * Opening, closing, Device Services, the version exchange and the list of notifications it answers by itself; every other
 * command as the capture says, one that is not in it with the status 9 (NoDeviceSupport). What it is asked before it was
 * opened gets the function error NotOpened.
 *
 * A capture is a text file. '#' begins a comment. A line "mbimex 3" is the version that the modem has (1 if there is none);
 * with "strict" after it, it refuses newer ones, where others answer with their own. "fragment N" splits what is longer. A command
 * begins with the line
 *
 *	SERVICE CID [status N | silent | notification]
 *
 * in decimal, SERVICE being basic, ext (Microsoft's extensions) or qmi, and has the bytes of its information buffer, hexadecimal, in
 * the lines after it. Device Services offers the CIDs that stand in the capture. A `notification` is sent by
 * scripted_mbim_notify().
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef enum { SCRIPTED_BASIC, SCRIPTED_EXT, SCRIPTED_QMI } ScriptedService;
#define SCRIPTED_SERVICES 3

typedef struct ScriptedMbim ScriptedMbim;

/* `path` NULL: an empty capture. Fails the test on a capture that is wrong. */
ScriptedMbim *scripted_mbim_new(const char *path);
/* Hangs up, as when the modem is unplugged. */
void scripted_mbim_free(ScriptedMbim *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScriptedMbim, scripted_mbim_free)

/* Of the pty's other end; borrowed. */
const char *scripted_mbim_device(const ScriptedMbim *modem);

typedef enum {
	SCRIPTED_MBIM_ANSWERS,
	SCRIPTED_MBIM_HANGS,      /* reads, never answers */
	SCRIPTED_MBIM_OPENS_ONLY, /* and closes, but answers no command */
	SCRIPTED_MBIM_BABBLES,    /* answers every command with a byte that means nothing */
	SCRIPTED_MBIM_REFUSES,    /* to open, with the status 1 (Busy) */
} ScriptedMbimMood;
void scripted_mbim_set_mood(ScriptedMbim *modem, ScriptedMbimMood mood);

/* It has restarted: is not open any more, and says so when it is asked. */
void scripted_mbim_restart(ScriptedMbim *modem);
/* Sends those of the capture's notifications that the host has subscribed to. Returns how many. */
guint scripted_mbim_notify(ScriptedMbim *modem);
/* Writes these bytes as they are. */
void scripted_mbim_write(ScriptedMbim *modem, const void *bytes, gsize length);

gboolean scripted_mbim_is_open(const ScriptedMbim *modem);
guint scripted_mbim_commands(const ScriptedMbim *modem); /* that it was given, answered or not */
guint scripted_mbim_asked(const ScriptedMbim *modem, ScriptedService service, guint32 cid);
