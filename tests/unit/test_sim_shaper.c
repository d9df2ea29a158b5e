/* test_sim_shaper.c - rate, delay, order and bound of a simulated line.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/shaper.h"

static gboolean push(SimShaper *shaper, gint64 now_us, guint size, guint8 mark)
{
	GByteArray *packet = g_byte_array_new();
	g_byte_array_set_size(packet, size);
	packet->data[0] = mark;
	return sim_shaper_push(shaper, now_us, packet, 0);
}

static int pop(SimShaper *shaper, gint64 now_us)
{
	g_autoptr(GByteArray) packet = sim_shaper_pop(shaper, now_us);
	return packet ? packet->data[0] : -1;
}

static void test_a_packet_arrives_after_its_length_and_the_delay(void)
{
	g_autoptr(SimShaper) shaper = sim_shaper_new(8000, 20000); /* a byte each microsecond */
	g_assert_cmpint(sim_shaper_next_us(shaper), ==, G_MAXINT64);
	g_assert_true(push(shaper, 1000, 500, 1));
	g_assert_true(push(shaper, 1000, 500, 2));
	g_assert_cmpint(sim_shaper_next_us(shaper), ==, 21500);
	g_assert_cmpint(pop(shaper, 21499), ==, -1);
	g_assert_cmpint(pop(shaper, 21500), ==, 1);
	g_assert_cmpint(pop(shaper, 21999), ==, -1);
	g_assert_cmpint(pop(shaper, 22000), ==, 2);
}

static void test_a_line_that_was_idle_saves_nothing_up(void)
{
	g_autoptr(SimShaper) shaper = sim_shaper_new(8000, 0);
	g_assert_true(push(shaper, 0, 100, 1));
	g_assert_true(push(shaper, 1000000, 100, 2));
	g_assert_cmpint(pop(shaper, 100), ==, 1);
	g_assert_cmpint(sim_shaper_next_us(shaper), ==, 1000100);
}

static void test_the_queue_is_bounded_and_drops_are_counted(void)
{
	g_autoptr(SimShaper) shaper = sim_shaper_new(256, 0); /* half a second of it: 16384 bytes, which is the least */
	guint taken = 0;
	for (guint i = 0; i < 100; i++)
		taken += push(shaper, 0, 1000, (guint8)i) ? 1 : 0;
	g_assert_cmpuint(taken, ==, 16);
	g_assert_cmpuint(sim_shaper_dropped(shaper), ==, 84);
	g_assert_true(push(shaper, G_USEC_PER_SEC, 1000, 0)); /* there is room again */
}

static void test_jitter_overtakes_nobody(void)
{
	g_autoptr(SimShaper) shaper = sim_shaper_new(8000, 10000);
	GByteArray *late = g_byte_array_append(g_byte_array_new(), (const guint8 *)"\1", 1);
	GByteArray *early = g_byte_array_append(g_byte_array_new(), (const guint8 *)"\2", 1);
	sim_shaper_push(shaper, 0, late, 5000);
	sim_shaper_push(shaper, 0, early, -5000);
	g_assert_cmpint(pop(shaper, 14000), ==, -1);
	g_assert_cmpint(pop(shaper, 15001), ==, 1);
	g_assert_cmpint(pop(shaper, 15001), ==, 2);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim-shaper/a-packet-arrives-after-its-length-and-the-delay",
			test_a_packet_arrives_after_its_length_and_the_delay);
	g_test_add_func("/sim-shaper/a-line-that-was-idle-saves-nothing-up", test_a_line_that_was_idle_saves_nothing_up);
	g_test_add_func("/sim-shaper/the-queue-is-bounded-and-drops-are-counted", test_the_queue_is_bounded_and_drops_are_counted);
	g_test_add_func("/sim-shaper/jitter-overtakes-nobody", test_jitter_overtakes_nobody);
	return g_test_run();
}
