/* clock.h - the clocks that an observation is stamped with, and what is known of them.
 *
 * BOOTTIME (CLOCK_BOOTTIME) never steps and counts through suspend: order and durations come from it
 * and from nothing else. REALTIME is written down beside it as the device believed it, with the state
 * of that belief, and is judged only at sync.
 *
 * The clocks can be replaced for tests (clock_override); nothing else in the program reads time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define NS_PER_MS G_GINT64_CONSTANT(1000000)
#define NS_PER_S  G_GINT64_CONSTANT(1000000000)

typedef enum {
	CLOCK_STATE_UNSET = 0,  /* before the build date of the program: no battery, no network */
	CLOCK_STATE_MANUAL = 1, /* plausible: set by hand, by an RTC, or kept since the last sync */
	CLOCK_STATE_NTP = 2,    /* the kernel says that it is being synchronised (adjtimex(2)) */
} ClockState;

const char *clock_state_name(ClockState state);

typedef struct {
	guint8 bytes[16];
} BootId;

typedef struct {
	gint64 boottime_ns;
	gint64 realtime_ns; /* UTC since 1970 as the device's clock has it */
	ClockState state;
} ClockReading;

/* Both clocks, read one right after the other. */
ClockReading clock_read(void);
gint64 clock_boottime_ns(void);

/* The kernel's random id of this boot (/proc/sys/kernel/random/boot_id, see random(4)). All zeros where there is none. */
BootId clock_boot_id(void);

/* Times before this are wrong for certain: the day on which the program was built, UTC. */
gint64 clock_build_time_ns(void);

/* For tests: from now on clock_read() returns what `read` gives; NULL restores the real clocks. */
typedef ClockReading (*ClockReadFunc)(gpointer user_data);
void clock_override(ClockReadFunc read, gpointer user_data);
/* The same for the boot id; copied. */
void clock_override_boot_id(const BootId *id);
