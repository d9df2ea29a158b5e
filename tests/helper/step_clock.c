/* step_clock.so - loaded before a program (LD_PRELOAD), sets its wall clock once while it runs, as the environment says:
 *
 *   STEP_AFTER=SECONDS   of BOOTTIME after the first look at a clock
 *   STEP_BY=SECONDS      forward, or back where negative
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int (*GetTime)(clockid_t id, struct timespec *ret_time);

static long value(const char *name)
{
	const char *text = getenv(name);
	return text ? atol(text) : 0;
}

int clock_gettime(clockid_t id, struct timespec *ret_time)
{
	static GetTime next;
	static time_t began;
	struct timespec now;
	if (!next)
		next = (GetTime)dlsym(RTLD_NEXT, "clock_gettime");
	const int result = next(id, ret_time);
	if (result != 0 || id != CLOCK_REALTIME || next(CLOCK_BOOTTIME, &now) != 0)
		return result;
	if (began == 0)
		began = now.tv_sec;
	if (now.tv_sec - began >= value("STEP_AFTER"))
		ret_time->tv_sec += value("STEP_BY");
	return 0;
}
