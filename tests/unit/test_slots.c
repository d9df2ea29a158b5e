/* The moments at which sessions are tried. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/slots.h"

#define EVERY_NS (60 * NS_PER_S)

static SourceHost make_host(Config *config, guint8 seed)
{
	SourceHost host = {.config = config, .slot_zero_ns = 1000 * NS_PER_S};
	memset(host.slot_seed, seed, sizeof host.slot_seed);
	return host;
}

static void test_one_in_each_stretch(void)
{
	g_autoptr(Config) config = config_new();
	const SourceHost host = make_host(config, 1);
	for (guint64 number = 0; number < 1000; number++) {
		const gint64 at_ns = slot_time_ns(&host, number) - host.slot_zero_ns;
		g_assert_cmpuint((guint64)(at_ns / EVERY_NS), ==, number);
	}
}

/* Spread over the whole stretch, and not at a regular distance: of 1,000 draws each tenth of the minute gets 100, more or less. */
static void test_no_beat(void)
{
	g_autoptr(Config) config = config_new();
	const SourceHost host = make_host(config, 2);
	guint tenth[10] = {0};
	for (guint64 number = 0; number < 1000; number++)
		tenth[(slot_time_ns(&host, number) - host.slot_zero_ns) % EVERY_NS / (EVERY_NS / 10)]++;
	for (guint i = 0; i < G_N_ELEMENTS(tenth); i++)
		g_assert_true(tenth[i] > 50 && tenth[i] < 150);
}

static void test_shared_and_secret(void)
{
	g_autoptr(Config) config = config_new();
	const SourceHost one = make_host(config, 3), same = make_host(config, 3), other = make_host(config, 4);
	g_assert_cmpint(slot_time_ns(&one, 17), ==, slot_time_ns(&same, 17));
	g_assert_cmpint(slot_time_ns(&one, 17), !=, slot_time_ns(&other, 17));
}

static void test_next(void)
{
	g_autoptr(Config) config = config_new();
	const SourceHost host = make_host(config, 5);
	gint64 now_ns = host.slot_zero_ns - 1;
	for (guint64 number = 0; number < 50; number++) {
		g_assert_cmpuint(slot_next(&host, now_ns), ==, number);
		now_ns = slot_time_ns(&host, number);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/slots/one-in-each-stretch", test_one_in_each_stretch);
	g_test_add_func("/slots/no-regular-beat", test_no_beat);
	g_test_add_func("/slots/the-same-for-all-modems-of-a-run", test_shared_and_secret);
	g_test_add_func("/slots/each-is-the-next-once", test_next);
	return g_test_run();
}
