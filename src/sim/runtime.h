/* runtime.h - plays a world: in real time on its devices, or at once into the truth alone.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/scenario/scenario.h"

typedef struct {
	guint64 seed;
	double duration_s;
	gboolean starts_now; /* at the next whole second of the host's clock */
	gint64 start_unix_s; /* else */
	const char *protocol; /* that all modems speak, instead of the scenario's; or NULL */
	const char *run_dir;	/* where the symlinks modem-NAME and gps-NAME go, or NULL */
	const char *truth_path; /* JSON lines, "-" is stdout; or NULL */
} SimRunOptions;

/* Opens the devices, names them on stdout ("modem a qmi /dev/pts/5", "gps main nmea /dev/pts/6", "ready"), and runs the default
 * main context until the duration is over or SIGINT or SIGTERM comes. World time follows the monotonic clock; a
 * run that was held up catches up. Symlinks are removed at the end. */
gboolean sim_runtime_play(const SimScenario *scenario, const SimRunOptions *options, GError **error);

/* The truth of the whole run, without devices and without waiting. */
gboolean sim_runtime_write_truth(const SimScenario *scenario, const SimRunOptions *options, GError **error);
