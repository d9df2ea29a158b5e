/* key_hunt SEGMENT DUMP FRAME... - which frames of a sealed segment can be opened with anything that stands in a memory dump.
 *
 * Every 32 bytes of the dump, at every offset, are tried as the key of each frame, and as the link of the ratchet from which that key
 * is made. What has as many zeros as no random key has is passed over. Prints "FRAME found" or "FRAME not found" for each.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/ratchet.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_ZEROS 5 /* among 32 random bytes six or more come once in a thousand million times */

typedef struct {
	guint32 number;
	const guint8 *bytes;
	JournalFrameHead head;
	gboolean found;
} Target;

static guint8 digest[JOURNAL_CHAIN_SIZE];

static gboolean find_frame(const guint8 *data, gsize size, Target *target)
{
	for (gsize at = JOURNAL_FIRST_FRAME; at < size; at += JOURNAL_SECTOR_SIZE) {
		const gsize available = MIN(size - at, JOURNAL_BLOCK_SIZE - at % JOURNAL_BLOCK_SIZE);
		target->bytes = data + at;
		if (journal_frame_parse(data + at, available, journal_frame_seed(digest), TRUE, &target->head) == JOURNAL_FRAME_OK &&
		    target->head.number == target->number && target->head.type == JOURNAL_FRAME_OBSERVATIONS)
			return TRUE;
	}
	return FALSE;
}

static gboolean opens(const guint8 *key, const Target *target)
{
	guint8 plain[JOURNAL_PAYLOAD_MAX];
	return ratchet_decrypt(key, digest, target->bytes, &target->head, plain);
}

static gboolean looks_random(const guint8 *window)
{
	guint zeros = 0;
	for (guint i = 0; i < RATCHET_KEY_SIZE; i++)
		zeros += window[i] == 0;
	return zeros <= MAX_ZEROS;
}

static void try_window(const guint8 *window, Target *targets, guint n)
{
	guint8 link[RATCHET_KEY_SIZE], key[RATCHET_KEY_SIZE];
	memcpy(link, window, sizeof link);
	ratchet_step(link, key);
	for (guint i = 0; i < n; i++)
		targets[i].found = targets[i].found || opens(window, &targets[i]) || opens(key, &targets[i]);
}

int main(int argc, char **argv)
{
	g_autofree char *segment = NULL, *dump = NULL;
	gsize segment_size, dump_size;
	if (argc < 4 || sodium_init() < 0 || !g_file_get_contents(argv[1], &segment, &segment_size, NULL) ||
	    !g_file_get_contents(argv[2], &dump, &dump_size, NULL) || segment_size < JOURNAL_FIRST_FRAME) {
		fprintf(stderr, "usage: key_hunt SEGMENT DUMP FRAME...\n");
		return 2;
	}
	const guint n = (guint)argc - 3;
	g_autofree Target *targets = g_new0(Target, n);
	journal_header_digest((const guint8 *)segment, digest);
	for (guint i = 0; i < n; i++) {
		targets[i].number = (guint32)strtoul(argv[3 + i], NULL, 10);
		if (!find_frame((const guint8 *)segment, segment_size, &targets[i])) {
			fprintf(stderr, "key_hunt: there is no frame of observations %s\n", argv[3 + i]);
			return 1;
		}
	}
	for (gsize at = 0; at + RATCHET_KEY_SIZE <= dump_size; at++)
		if (looks_random((const guint8 *)dump + at))
			try_window((const guint8 *)dump + at, targets, n);
	for (guint i = 0; i < n; i++)
		printf("%u %s\n", targets[i].number, targets[i].found ? "found" : "not found");
	return 0;
}
