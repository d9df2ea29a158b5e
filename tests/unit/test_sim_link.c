/* test_sim_link.c - messages over a descriptor: pieces, garbage, a reader that sleeps.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/engine.h"
#include "sim/qmi/mux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket pair stands in for the pty: it takes bytes and fills up alike. */
typedef struct {
	int ours, theirs;
	SimLink *link;
	guint requests;
	guint16 last_transaction;
} Fixture;

static void on_request(const guint8 *message, gsize size, gpointer user_data)
{
	Fixture *f = user_data;
	SimQmiFrame request;
	g_assert_cmpint(sim_qmi_frame_parse(message, size, &request, &size), ==, SIM_QMI_PARSE_REQUEST);
	f->requests++;
	f->last_transaction = request.transaction;
}

static void set_up(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	int fds[2];
	int small = 4096;
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), ==, 0);
	f->theirs = fds[0];
	f->ours = fds[1];
	g_assert_cmpint(setsockopt(f->theirs, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), ==, 0);
	f->link = sim_link_new(f->theirs, sim_qmi_engine.cut, on_request, f);
}

static void tear_down(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	sim_link_free(f->link);
	close(f->ours);
	close(f->theirs);
}

static void deliver(Fixture *f, const void *bytes, gsize size)
{
	const guint8 *at = bytes;
	while (size > 0) {
		ssize_t n = write(f->ours, at, size);
		if (n > 0) {
			at += n;
			size -= (gsize)n;
		}
		while (g_main_context_iteration(NULL, FALSE))
			;
	}
}

/* A request without TLVs, packed by hand. */
static void make_request(guint8 frame[13], guint8 transaction)
{
	static const guint8 bytes[13] = {0x01, 0x0c, 0x00, 0x00, 0x03, 0x01, 0x00, 0x00, 0x00, 0x4f, 0x00, 0x00, 0x00};
	memcpy(frame, bytes, sizeof bytes);
	frame[7] = transaction;
}

static void puts_pieces_together(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	guint8 frame[13];
	make_request(frame, 9);
	for (guint i = 0; i < sizeof frame; i++)
		deliver(f, frame + i, 1);
	g_assert_cmpuint(f->requests, ==, 1);
	g_assert_cmpuint(f->last_transaction, ==, 9);
	g_assert_cmpuint(sim_link_skipped(f->link), ==, 0);
}

static void takes_frames_that_come_together(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	guint8 frames[13 * 100];
	for (guint8 i = 0; i < 100; i++)
		make_request(frames + 13 * i, i);
	deliver(f, frames, sizeof frames);
	g_assert_cmpuint(f->requests, ==, 100);
	g_assert_cmpuint(f->last_transaction, ==, 99);
}

static void finds_the_frame_behind_garbage(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	guint8 bytes[50 + 13] = "\x01\x01\x0c noise, and markers \x01\x01\x0d\x00\x00\x03\x01";
	make_request(bytes + 50, 5);
	deliver(f, bytes, sizeof bytes);
	g_assert_cmpuint(f->requests, ==, 1);
	g_assert_cmpuint(f->last_transaction, ==, 5);
	g_assert_cmpuint(sim_link_skipped(f->link), ==, 50);
}

static void an_unfinished_frame_does_not_swallow_the_next(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	/* Announces a TLV of 2000 bytes, of which 2 come. */
	static const guint8 started[] = {0x01, 0xdf, 0x07, 0x00, 0x03, 0x01, 0x00, 0x01, 0x00,
					 0x4f, 0x00, 0xd3, 0x07, 0x10, 0xd0, 0x07, 0x00, 0x00};
	guint8 frame[13];
	make_request(frame, 6);
	deliver(f, started, sizeof started);
	deliver(f, frame, sizeof frame);
	g_assert_cmpuint(f->requests, ==, 1);
	g_assert_cmpuint(f->last_transaction, ==, 6);
}

static void the_longest_frame_still_fits(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	guint8 bytes[2 * SIM_MESSAGE_MAX] = {0};
	ByteWriter w = byte_writer_init(bytes, sizeof bytes);
	for (guint i = 0; i < 2; i++) {
		guint8 head[13];
		make_request(head, (guint8)i);
		byte_writer_put(&w, head, sizeof head);
		byte_writer_u8(&w, 0x10);
		byte_writer_u16(&w, SIM_MESSAGE_MAX - 16);
		byte_writer_reserve(&w, SIM_MESSAGE_MAX - 16);
		guint8 *at = bytes + i * SIM_MESSAGE_MAX;
		ByteWriter outer = byte_writer_init(at + 1, 2), inner = byte_writer_init(at + 11, 2);
		byte_writer_u16(&outer, SIM_MESSAGE_MAX - 1);
		byte_writer_u16(&inner, SIM_MESSAGE_MAX - 13);
	}
	deliver(f, bytes, sizeof bytes);
	g_assert_cmpuint(f->requests, ==, 2);
	g_assert_cmpuint(sim_link_skipped(f->link), ==, 0);
}

/* Reads until nothing comes any more; frames here are `size` bytes, numbered in their first four. */
static guint read_numbered(Fixture *f, gsize size, guint32 *ret_first, guint32 *ret_last)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	guint8 buffer[4096];
	for (guint quiet = 0; quiet < 3; quiet++) {
		ssize_t n = read(f->ours, buffer, sizeof buffer);
		if (n > 0) {
			g_byte_array_append(all, buffer, (guint)n);
			quiet = 0;
		}
		while (g_main_context_iteration(NULL, FALSE))
			;
	}
	g_assert_cmpuint(all->len % size, ==, 0);
	for (gsize at = 0; at < all->len; at += size) {
		ByteReader r = byte_reader_init(all->data + at, size);
		*ret_last = byte_reader_u32(&r);
		if (at == 0)
			*ret_first = *ret_last;
	}
	return (guint)(all->len / size);
}

static void a_sleeping_reader_costs_the_oldest_frames_only(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	enum { SIZE = 701, SENT = 1000 };
	guint8 frame[SIZE] = {0};
	for (guint32 i = 0; i < SENT; i++) {
		ByteWriter w = byte_writer_init(frame, sizeof frame);
		byte_writer_u32(&w, i);
		sim_link_send(f->link, frame, sizeof frame);
	}
	guint64 dropped = sim_link_dropped(f->link);
	guint32 first = 0, last = 0;
	guint n = read_numbered(f, SIZE, &first, &last);
	g_assert_cmpuint(dropped, >, SENT / 2);
	g_assert_cmpuint(n + dropped, ==, SENT);
	g_assert_cmpuint(first, ==, 0); /* it was on its way */
	g_assert_cmpuint(last, ==, SENT - 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add("/sim-qmi-link/" path, Fixture, NULL, set_up, function, tear_down)
	ADD("puts-pieces-together", puts_pieces_together);
	ADD("takes-frames-that-come-together", takes_frames_that_come_together);
	ADD("finds-the-frame-behind-garbage", finds_the_frame_behind_garbage);
	ADD("an-unfinished-frame-does-not-swallow-the-next", an_unfinished_frame_does_not_swallow_the_next);
	ADD("the-longest-frame-still-fits", the_longest_frame_still_fits);
	ADD("a-sleeping-reader-costs-the-oldest-frames-only", a_sleeping_reader_costs_the_oldest_frames_only);
	return g_test_run();
}
