/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"

#include <sys/timex.h>
#include <time.h>

static ClockReadFunc override_read;
static gpointer override_data;
static BootId override_boot_id;
static gboolean boot_id_overridden;

static gint64 read_ns(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (gint64)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static ClockState judge(gint64 realtime_ns)
{
	struct timex tx = {.modes = 0};
	if (realtime_ns < clock_build_time_ns())
		return CLOCK_STATE_UNSET;
	return adjtimex(&tx) >= 0 && !(tx.status & STA_UNSYNC) ? CLOCK_STATE_NTP : CLOCK_STATE_MANUAL;
}

ClockReading clock_read(void)
{
	if (override_read)
		return override_read(override_data);
	ClockReading now = {.boottime_ns = read_ns(CLOCK_BOOTTIME), .realtime_ns = read_ns(CLOCK_REALTIME)};
	now.state = judge(now.realtime_ns);
	return now;
}

gint64 clock_boottime_ns(void)
{
	return override_read ? override_read(override_data).boottime_ns : read_ns(CLOCK_BOOTTIME);
}

const char *clock_state_name(ClockState state)
{
	switch (state) {
	case CLOCK_STATE_UNSET:
		return "unset";
	case CLOCK_STATE_MANUAL:
		return "manual";
	case CLOCK_STATE_NTP:
		return "ntp";
	}
	return "unknown";
}

BootId clock_boot_id(void)
{
	BootId id = {{0}};
	if (boot_id_overridden)
		return override_boot_id;
	g_autofree char *text = NULL;
	if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
		return id;
	guint n = 0;
	for (const char *p = text; *p && n < 32; p++) {
		if (!g_ascii_isxdigit(*p))
			continue;
		id.bytes[n / 2] = (guint8)(id.bytes[n / 2] << 4 | g_ascii_xdigit_value(*p));
		n++;
	}
	return id;
}

gint64 clock_build_time_ns(void)
{
	return (gint64)JAMLOG_BUILD_EPOCH * NS_PER_S;
}

void clock_override(ClockReadFunc read, gpointer user_data)
{
	override_read = read;
	override_data = user_data;
}

void clock_override_boot_id(const BootId *id)
{
	boot_id_overridden = id != NULL;
	if (id)
		override_boot_id = *id;
}
