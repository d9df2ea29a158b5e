/* channel.h - requests in, frames out, as probe.h describes them; on GLib's main loop.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

typedef struct Channel Channel;

typedef struct {
	/* A request: a dictionary (a{sv}). */
	void (*take)(GVariant *request, gpointer user_data);
	/* A line that is none: too long, or not to be read. */
	void (*refuse)(const char *why, gpointer user_data);
	/* The input has ended, or nobody reads the output any more. Called once; nothing is called after it. */
	void (*end)(gpointer user_data);
} ChannelCalls;

/* Takes over neither descriptor; both are set not to block. */
Channel *channel_new(int in, int out, const ChannelCalls *calls, gpointer user_data);
void channel_free(Channel *channel);

void channel_say_observation(Channel *channel, const Observation *o);
void channel_say_done(Channel *channel, GVariant *answer);
