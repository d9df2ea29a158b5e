/* The clocks, and the belief about them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"

#include <string.h>
#include <time.h>

static gint64 kernel_ns(clockid_t id)
{
	struct timespec ts;
	g_assert_cmpint(clock_gettime(id, &ts), ==, 0);
	return (gint64)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void test_both_clocks_are_the_kernels(void)
{
	const gint64 boot_before = kernel_ns(CLOCK_BOOTTIME), real_before = kernel_ns(CLOCK_REALTIME);
	const ClockReading now = clock_read();
	const gint64 later = clock_boottime_ns();
	g_assert_cmpint(now.boottime_ns, >=, boot_before);
	g_assert_cmpint(later, >=, now.boottime_ns);
	g_assert_cmpint(later, <=, kernel_ns(CLOCK_BOOTTIME));
	g_assert_cmpint(now.realtime_ns, >=, real_before - NS_PER_S); /* an NTP slew may set it back a little */
	g_assert_cmpint(now.realtime_ns, <=, kernel_ns(CLOCK_REALTIME) + NS_PER_S);
}

static void test_a_clock_past_the_build_is_not_called_unset(void)
{
	const ClockReading now = clock_read();
	const gboolean plausible = now.realtime_ns >= clock_build_time_ns();
	g_assert_cmpint(now.state == CLOCK_STATE_UNSET, ==, !plausible);
	/* 2024-01-01: the program is younger. */
	g_assert_cmpint(clock_build_time_ns(), >, G_GINT64_CONSTANT(1704067200) * NS_PER_S);
}

static ClockReading read_fake(gpointer user_data)
{
	ClockReading *at = user_data;
	at->boottime_ns += 5;
	return *at;
}

static void test_an_override_replaces_every_reading_until_it_ends(void)
{
	ClockReading fake = {.boottime_ns = 100, .realtime_ns = 42, .state = CLOCK_STATE_NTP};
	clock_override(read_fake, &fake);
	const ClockReading first = clock_read();
	g_assert_cmpint(first.boottime_ns, ==, 105);
	g_assert_cmpint(first.realtime_ns, ==, 42);
	g_assert_cmpint(first.state, ==, CLOCK_STATE_NTP);
	g_assert_cmpint(clock_boottime_ns(), ==, 110);
	clock_override(NULL, NULL);
	g_assert_cmpint(clock_read().realtime_ns, >, 42);
}

static void test_the_boot_id_is_the_kernels(void)
{
	g_autofree char *text = NULL;
	if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL)) {
		g_test_skip("this system has no boot id");
		return;
	}
	const BootId id = clock_boot_id();
	g_autofree char *back = g_strdup_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n",
						id.bytes[0], id.bytes[1], id.bytes[2], id.bytes[3], id.bytes[4], id.bytes[5],
						id.bytes[6], id.bytes[7], id.bytes[8], id.bytes[9], id.bytes[10], id.bytes[11],
						id.bytes[12], id.bytes[13], id.bytes[14], id.bytes[15]);
	g_assert_cmpstr(back, ==, text);
}

static void test_every_state_has_its_name(void)
{
	g_assert_cmpstr(clock_state_name(CLOCK_STATE_UNSET), ==, "unset");
	g_assert_cmpstr(clock_state_name(CLOCK_STATE_MANUAL), ==, "manual");
	g_assert_cmpstr(clock_state_name(CLOCK_STATE_NTP), ==, "ntp");
	g_assert_cmpstr(clock_state_name((ClockState)99), ==, "unknown");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/clock/both-clocks-are-the-kernels", test_both_clocks_are_the_kernels);
	g_test_add_func("/clock/a-clock-past-the-build-is-not-called-unset", test_a_clock_past_the_build_is_not_called_unset);
	g_test_add_func("/clock/an-override-replaces-every-reading-until-it-ends",
			test_an_override_replaces_every_reading_until_it_ends);
	g_test_add_func("/clock/the-boot-id-is-the-kernels", test_the_boot_id_is_the_kernels);
	g_test_add_func("/clock/every-state-has-its-name", test_every_state_has_its_name);
	return g_test_run();
}
