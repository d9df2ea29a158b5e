/* The reader: walks a segment sector by sector in constant memory, and says what it sees.
 *
 * What it stands on is always one place, `at`: where the next frame should begin, its number, and the chain before it. A frame
 * that is whole but fits badly, or bytes that are no frame, are reported once, and `at` moves on to where reading can go on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal.h"

#include "error.h"
#include "journal/format.h"
#include "journal/locked.h"
#include "journal/ratchet.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_SIZE (128u * 1024u) /* a multiple of the block, so that no frame crosses its border */
#define SECOND_LOOKS 3
#define SECOND_LOOK_DELAY_US 10000

struct JournalReader {
	int fd;                /* -1: reads `bytes` */
	GBytes *bytes;
	guint8 *buffer;        /* of fd */
	const guint8 *window;  /* what is in memory: window_length bytes of the file from window_offset */
	guint64 window_offset;
	gsize window_length;
	guint8 header[JOURNAL_HEADER_SIZE];
	JournalSegment segment;
	guint32 seed;
	Ratchet *ratchet;      /* NULL: nothing is sealed, or it was not unlocked */
	guint8 *plain;         /* of the last sealed frame; in locked memory; NULL like the ratchet */
	JournalReadMode mode;
	JournalPosition at;
	JournalDamage header_damage;  /* length 0: none, or reported */
	guint64 reported_padding;     /* offset of the frame whose padding was reported; 0: none */
	gboolean reported_rest;       /* what stands after the final frame */
	gboolean run_ended;
	guint second_looks;
};

/* A place where a frame may begin. */
typedef struct {
	guint64 offset;
	const guint8 *bytes;   /* in the window */
	gsize available;       /* to the end of the block or of the file; 0: the file's end */
	JournalFrameParse parse;
	JournalFrameHead head;
} Place;

/* --- bytes of the file --- */

static gboolean read_at(int fd, guint8 *buffer, gsize size, guint64 offset, gsize *ret_length, GError **error)
{
	*ret_length = 0;
	while (*ret_length < size) {
		const gssize n = pread(fd, buffer + *ret_length, size - *ret_length, (off_t)(offset + *ret_length));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(error, errno, "cannot read the journal");
		if (n == 0)
			break;
		*ret_length += (gsize)n;
	}
	return TRUE;
}

static void forget_window(JournalReader *r)
{
	if (r->fd >= 0)
		r->window_length = 0;
}

/* Brings the block of `offset` into memory; *ret_available is what there is of it from `offset` on. */
static gboolean look(JournalReader *r, guint64 offset, const guint8 **ret_bytes, gsize *ret_available, GError **error)
{
	const guint64 block_end = offset - offset % JOURNAL_BLOCK_SIZE + JOURNAL_BLOCK_SIZE;
	/* Unsigned: before the window is far behind it. */
	const gboolean inside = offset - r->window_offset < r->window_length;
	*ret_available = 0;
	if (!inside && r->fd >= 0 && offset < G_MAXINT64 - WINDOW_SIZE) {
		r->window_offset = offset - offset % JOURNAL_BLOCK_SIZE;
		if (!read_at(r->fd, r->buffer, WINDOW_SIZE, r->window_offset, &r->window_length, error)) {
			r->window_length = 0;
			return FALSE;
		}
	}
	if (offset - r->window_offset >= r->window_length)
		return TRUE;
	const guint64 end = MIN(block_end, r->window_offset + r->window_length);
	*ret_bytes = r->window + (offset - r->window_offset);
	*ret_available = (gsize)(end - offset);
	return TRUE;
}

static gboolean examine(JournalReader *r, guint64 offset, Place *ret_place, GError **error)
{
	Place *p = ret_place;
	p->offset = offset;
	p->parse = JOURNAL_FRAME_NONE;
	if (!look(r, offset, &p->bytes, &p->available, error))
		return FALSE;
	if (p->available > 0)
		p->parse = journal_frame_parse(p->bytes, p->available, r->seed, r->mode == JOURNAL_READ_VERIFY, &p->head);
	return TRUE;
}

static gboolean all_zeros(const guint8 *bytes, gsize length)
{
	return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

/* Where the sector that begins at a place ends, within what there is. */
static gsize sector_length(const Place *p)
{
	return MIN(p->available, JOURNAL_SECTOR_SIZE);
}

/* The first whole frame at or after `from`, and the end of the last sector before it that is not all zeros (0: none). */
static gboolean find_frame(JournalReader *r, guint64 from, Place *ret_place, guint64 *ret_dirty_end, GError **error)
{
	*ret_dirty_end = 0;
	for (guint64 offset = from;; offset += JOURNAL_SECTOR_SIZE) {
		if (!examine(r, offset, ret_place, error))
			return FALSE;
		if (ret_place->available == 0 || ret_place->parse == JOURNAL_FRAME_OK)
			return TRUE;
		if (!all_zeros(ret_place->bytes, sector_length(ret_place)))
			*ret_dirty_end = offset + sector_length(ret_place);
	}
}

/* --- frames --- */

static gboolean frame_fits(const JournalReader *r, const JournalFrameHead *head)
{
	return head->number == r->at.frame_number &&
	       (r->mode == JOURNAL_READ_TRUSTED || memcmp(head->chain, r->at.chain, sizeof r->at.chain) == 0);
}

static const char *misfit_reason(const JournalReader *r, const JournalFrameHead *head)
{
	if (head->number > r->at.frame_number)
		return "frames are missing before this one";
	if (head->number < r->at.frame_number)
		return "a frame stands out of its order, or twice";
	return "what stands before this frame is not what it was written after";
}

static const char *damage_reason(const Place *p, gboolean zeros)
{
	switch (p->parse) {
	case JOURNAL_FRAME_CRC:
		return "a frame with a wrong checksum";
	case JOURNAL_FRAME_BOUNDS:
		return "a frame with an impossible length";
	case JOURNAL_FRAME_NONE:
	case JOURNAL_FRAME_OK:
		break;
	}
	return zeros ? "zeros where a frame should be" : "bytes that are no frame";
}

static void pass_frame(JournalReader *r, const Place *p)
{
	const gsize size = journal_frame_size(p->head.payload_length);
	r->at.offset = journal_sector_ceil(p->offset + size);
	r->at.frame_number = p->head.number + 1;
	if (r->mode != JOURNAL_READ_VERIFY)
		return;
	memcpy(r->at.chain, p->head.chain, sizeof r->at.chain);
	journal_chain_next(r->at.chain, p->bytes, size);
}

/* A number that the sectors before it cannot hold is no writer's, and would only make us turn the ratchet. */
static gboolean open_frame(JournalReader *r, const Place *p)
{
	guint8 key[RATCHET_KEY_SIZE];
	if (p->head.payload_length <= JOURNAL_TAG_SIZE || p->head.number > (p->offset - JOURNAL_FIRST_FRAME) / JOURNAL_SECTOR_SIZE)
		return FALSE;
	ratchet_key(r->ratchet, p->head.number, key);
	const gboolean ok = ratchet_decrypt(key, r->segment.digest, p->bytes, &p->head, r->plain);
	sodium_memzero(key, sizeof key);
	return ok;
}

/* FALSE: the key does not open it. */
static gboolean fill_frame(JournalReader *r, const Place *p, JournalFrame *ret_frame)
{
	const gboolean observations = p->head.type == JOURNAL_FRAME_OBSERVATIONS && p->head.flags == 0;
	const gboolean sealed = observations && r->segment.n_recipients > 0;
	const gboolean opened = sealed && r->ratchet && open_frame(r, p);
	const gboolean readable = p->head.type == JOURNAL_FRAME_SEAL || (observations && !sealed);
	*ret_frame = (JournalFrame){
		.payload = opened ? r->plain : p->bytes + JOURNAL_FRAME_HEAD_SIZE,
		.length = opened ? p->head.payload_length - JOURNAL_TAG_SIZE : readable ? p->head.payload_length : 0,
		.number = p->head.number,
		.first_sequence = p->head.first_sequence,
		.file_offset = p->offset,
	};
	return opened || !sealed || !r->ratchet;
}

/* Bytes between the end of a frame and its sector's end: nothing of ours, so nothing is lost, but somebody wrote there. */
static gboolean padding_is_dirty(JournalReader *r, const Place *p, JournalDamage *ret_damage)
{
	const gsize size = journal_frame_size(p->head.payload_length);
	const gsize end = MIN((gsize)journal_sector_ceil(size), p->available);
	if (r->mode != JOURNAL_READ_VERIFY || r->reported_padding == p->offset || all_zeros(p->bytes + size, end - size))
		return FALSE;
	r->reported_padding = p->offset;
	*ret_damage = (JournalDamage){p->offset + size, end - size, "bytes after the end of a frame", JOURNAL_DAMAGE_BESIDE};
	return TRUE;
}

static JournalResult take_final(JournalReader *r, const Place *p, JournalDamage *ret_damage, GError **error)
{
	const gsize size = journal_frame_size(p->head.payload_length);
	const guint64 after = journal_sector_ceil(p->offset + size);
	r->run_ended = p->head.payload_length > 0 && p->bytes[JOURNAL_FRAME_HEAD_SIZE] == JOURNAL_FINAL_RUN_END;
	if (r->reported_rest) {
		forget_window(r);
		return JOURNAL_END_FINAL;
	}
	Place rest;
	guint64 end;
	if (!find_frame(r, after, &rest, &end, error))
		return JOURNAL_IO_ERROR;
	r->reported_rest = TRUE;
	forget_window(r);
	if (rest.parse == JOURNAL_FRAME_OK)
		end = rest.offset + sector_length(&rest);
	if (end == 0)
		return JOURNAL_END_FINAL;
	*ret_damage = (JournalDamage){after, end - after, "bytes after the final frame", JOURNAL_DAMAGE_BESIDE};
	if (rest.parse == JOURNAL_FRAME_OK)
		ret_damage->kind = JOURNAL_DAMAGE_FORGED;
	return JOURNAL_DAMAGE;
}

static JournalResult take_frame(JournalReader *r, const Place *p, JournalFrame *ret_frame, JournalDamage *ret_damage, GError **error)
{
	const JournalFrameHead *head = &p->head;
	const gboolean fits = frame_fits(r, head);
	if (padding_is_dirty(r, p, ret_damage))
		return JOURNAL_DAMAGE;
	if (fits && head->type == JOURNAL_FRAME_FINAL && head->flags == 0)
		return take_final(r, p, ret_damage, error);
	*ret_damage = (JournalDamage){p->offset, journal_frame_size(head->payload_length), misfit_reason(r, head),
				     JOURNAL_DAMAGE_FORGED};
	const gboolean opened = fill_frame(r, p, ret_frame);
	pass_frame(r, p);
	if (!fits) {
		ret_frame->length = head->type == JOURNAL_FRAME_OBSERVATIONS ? ret_frame->length : 0;
		return JOURNAL_CHAIN_BREAK;
	}
	if (head->flags != 0 || head->type < JOURNAL_FRAME_OBSERVATIONS || head->type > JOURNAL_FRAME_FINAL) {
		ret_damage->reason = "a frame of a newer jamlog: update this one to read it";
		ret_damage->kind = JOURNAL_DAMAGE_NEWER;
		return JOURNAL_DAMAGE;
	}
	if (!opened) {
		ret_damage->reason = "a frame that the key does not open";
		return JOURNAL_DAMAGE;
	}
	return head->type == JOURNAL_FRAME_SEAL ? JOURNAL_SEAL : JOURNAL_FRAME;
}

/* Two frames of one write may become visible one after the other, the second one first: what seems damaged in a file that is
 * being written is looked at again before it is called so. */
static gboolean deserves_second_look(JournalReader *r)
{
	if (r->fd < 0 || r->second_looks == 0)
		return FALSE;
	r->second_looks--;
	forget_window(r);
	g_usleep(SECOND_LOOK_DELAY_US);
	return TRUE;
}

/* The writer goes on in the next block where the next record does not fit into the rest of this one. */
static gboolean is_unused_rest(const JournalReader *r, guint64 from, const Place *found)
{
	return found->offset % JOURNAL_BLOCK_SIZE == 0 && found->offset - from < JOURNAL_BLOCK_SIZE &&
	       frame_fits(r, &found->head);
}

/* At an end the caller may wait for more: what is in memory is old then. */
static void expect_growth(JournalReader *r)
{
	forget_window(r);
	r->second_looks = SECOND_LOOKS;
}

/* There is no frame where one should be: *ret_again where that is in order, or worth a second look. */
static JournalResult pass_over(JournalReader *r, const Place *bad, JournalDamage *ret_damage, gboolean *ret_again, GError **error)
{
	Place found;
	guint64 dirty_end;
	const guint64 from = bad->offset;
	*ret_again = FALSE;
	if (!find_frame(r, from, &found, &dirty_end, error))
		return JOURNAL_IO_ERROR;
	*ret_damage = (JournalDamage){from, found.offset - from, damage_reason(bad, dirty_end == 0), JOURNAL_DAMAGE_GAP};
	if (found.available == 0) {
		ret_damage->length = dirty_end ? dirty_end - from : 0;
		expect_growth(r);
		return dirty_end ? JOURNAL_END_TORN : JOURNAL_END_OPEN;
	}
	if (dirty_end == 0 && is_unused_rest(r, from, &found)) {
		r->at.offset = found.offset;
		*ret_again = TRUE;
		return JOURNAL_FRAME;
	}
	*ret_again = deserves_second_look(r);
	if (*ret_again)
		return JOURNAL_FRAME;
	r->at.offset = found.offset;
	/* What is missing is reported here: the frame that follows is no second finding, unless it is not a later one. */
	if (found.head.number > r->at.frame_number) {
		r->at.frame_number = found.head.number;
		memcpy(r->at.chain, found.head.chain, sizeof r->at.chain);
	} else {
		ret_damage->kind = JOURNAL_DAMAGE_BESIDE;
	}
	return JOURNAL_DAMAGE;
}

static JournalResult report_header(JournalReader *r, JournalDamage *ret_damage, GError **error)
{
	Place found;
	guint64 dirty_end;
	if (!find_frame(r, JOURNAL_FIRST_FRAME, &found, &dirty_end, error))
		return JOURNAL_IO_ERROR;
	*ret_damage = r->header_damage;
	if (found.available == 0) {
		expect_growth(r);
		return JOURNAL_END_TORN;
	}
	r->header_damage.length = 0;
	return JOURNAL_DAMAGE;
}

JournalResult journal_reader_next(JournalReader *r, JournalFrame *ret_frame, JournalDamage *ret_damage, GError **error)
{
	if (r->header_damage.length > 0 && r->at.offset == JOURNAL_FIRST_FRAME)
		return report_header(r, ret_damage, error);
	for (;;) {
		Place place;
		gboolean again = FALSE;
		if (!examine(r, r->at.offset, &place, error))
			return JOURNAL_IO_ERROR;
		const JournalResult result = place.parse == JOURNAL_FRAME_OK
						     ? take_frame(r, &place, ret_frame, ret_damage, error)
						     : pass_over(r, &place, ret_damage, &again, error);
		if (!again)
			return result;
	}
}

/* --- opening --- */

static gboolean refuse(GError **error, const char *label, const char *why)
{
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s %s", label, why);
	return FALSE;
}

/* One copy of the header; one that is cut short is damaged, even where only zeros were cut. */
static JournalHeaderParse parse_copy(const guint8 *bytes, gsize length, JournalSegment *ret_segment)
{
	guint8 padded[JOURNAL_HEADER_SIZE] = {0};
	if (length >= JOURNAL_HEADER_SIZE)
		return journal_header_parse(bytes, ret_segment);
	memcpy(padded, bytes, length);
	return journal_header_parse(padded, ret_segment) == JOURNAL_HEADER_FOREIGN ? JOURNAL_HEADER_FOREIGN
										   : JOURNAL_HEADER_DAMAGED;
}

/* Either copy of the header will do; the other one is then damage to be reported. */
static gboolean read_header(JournalReader *r, const char *label, const guint8 *bytes, gsize length, GError **error)
{
	const gsize cut = MIN(length, JOURNAL_HEADER_SIZE);
	const JournalHeaderParse parse = parse_copy(bytes, cut, &r->segment);
	if (parse == JOURNAL_HEADER_OK) {
		memcpy(r->header, bytes, sizeof r->header);
		if (length < JOURNAL_FIRST_FRAME || memcmp(bytes, bytes + JOURNAL_HEADER_SIZE, JOURNAL_HEADER_SIZE) != 0)
			r->header_damage = (JournalDamage){JOURNAL_HEADER_SIZE, JOURNAL_HEADER_SIZE,
							   "the header's copy is damaged", JOURNAL_DAMAGE_BESIDE};
		return TRUE;
	}
	const JournalHeaderParse parse_second = parse_copy(bytes + cut, length - cut, &r->segment);
	if (parse_second == JOURNAL_HEADER_OK) {
		memcpy(r->header, bytes + cut, sizeof r->header);
		r->header_damage = (JournalDamage){0, JOURNAL_HEADER_SIZE, "the header is damaged: its copy was used",
						   JOURNAL_DAMAGE_BESIDE};
		return TRUE;
	}
	if (all_zeros(bytes, length))
		return refuse(error, label, "is empty: the power went while it was created, and nothing was recorded in it");
	if (parse == JOURNAL_HEADER_NEWER || parse_second == JOURNAL_HEADER_NEWER)
		return refuse(error, label, "was written by a newer jamlog: update jamlog to read it");
	if (parse == JOURNAL_HEADER_DAMAGED || parse_second == JOURNAL_HEADER_DAMAGED)
		return refuse(error, label, "is a jamlog journal, but its header is damaged in both copies: it cannot be read");
	return refuse(error, label, "is not a jamlog journal");
}

static JournalReader *reader_new(int fd, GBytes *bytes)
{
	JournalReader *r = g_new0(JournalReader, 1);
	r->fd = fd;
	r->bytes = bytes ? g_bytes_ref(bytes) : NULL;
	r->buffer = fd >= 0 ? g_malloc(WINDOW_SIZE) : NULL;
	r->window = bytes ? g_bytes_get_data(bytes, &r->window_length) : r->buffer;
	if (!r->window) /* empty bytes have no address, and even adding 0 to none is undefined */
		r->window = (const guint8 *)"";
	r->second_looks = SECOND_LOOKS;
	return r;
}

static JournalReader *start(JournalReader *taken, const char *label, GError **error)
{
	g_autoptr(JournalReader) r = taken;
	if (sodium_init() < 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED, "cannot start libsodium");
		return NULL;
	}
	if (r->fd >= 0 && !read_at(r->fd, r->buffer, WINDOW_SIZE, 0, &r->window_length, error)) {
		g_prefix_error(error, "%s: ", label);
		return NULL;
	}
	if (!read_header(r, label, r->window, MIN(r->window_length, JOURNAL_FIRST_FRAME), error))
		return NULL;
	r->seed = journal_frame_seed(r->segment.digest);
	const JournalPosition first = {0};
	journal_reader_seek(r, &first);
	return g_steal_pointer(&r);
}

JournalReader *journal_reader_open(const char *path, GError **error)
{
	struct stat st;
	/* O_NONBLOCK: a FIFO in the folder must not hold us up. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		error_set_errno(error, errno, "cannot open the journal %s", path);
		return NULL;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		refuse(error, path, "is not a jamlog journal: it is not even a file");
		return NULL;
	}
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return start(reader_new(fd, NULL), path, error);
}

JournalReader *journal_reader_new_for_bytes(GBytes *bytes, GError **error)
{
	return start(reader_new(-1, bytes), "the data", error);
}

void journal_reader_free(JournalReader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	if (r->bytes)
		g_bytes_unref(r->bytes);
	ratchet_free(r->ratchet);
	sodium_free(r->plain);
	g_free(r->buffer);
	g_free(r);
}

const JournalSegment *journal_reader_segment(const JournalReader *r)
{
	return &r->segment;
}

gboolean journal_reader_signature_good(const JournalReader *r)
{
	return journal_header_signature_good(r->header, &r->segment);
}

gboolean journal_reader_unlock(JournalReader *r, const JournalIdentity *identity, GError **error)
{
	guint8 chain_key[RATCHET_KEY_SIZE];
	JournalBox box;
	for (guint i = 0; i < r->segment.n_recipients && !r->ratchet; i++) {
		journal_header_box(r->header, i, &box);
		if (!ratchet_unbox(identity, &box, chain_key))
			continue;
		r->plain = locked_new(JOURNAL_PAYLOAD_MAX);
		r->ratchet = ratchet_new(chain_key);
		sodium_memzero(chain_key, sizeof chain_key);
	}
	if (r->ratchet || r->segment.n_recipients == 0)
		return TRUE;
	g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS, "it is sealed to other keys than this one");
	return FALSE;
}

void journal_reader_set_mode(JournalReader *r, JournalReadMode mode)
{
	r->mode = mode;
}

void journal_reader_seek(JournalReader *r, const JournalPosition *position)
{
	r->reported_padding = 0;
	r->reported_rest = r->run_ended = FALSE;
	forget_window(r);
	r->at = *position;
	if (position->offset >= JOURNAL_FIRST_FRAME && position->offset % JOURNAL_SECTOR_SIZE == 0)
		return;
	r->at = (JournalPosition){.offset = JOURNAL_FIRST_FRAME};
	memcpy(r->at.chain, r->segment.digest, sizeof r->at.chain);
}

void journal_reader_position(const JournalReader *r, JournalPosition *ret_position)
{
	*ret_position = r->at;
}

gboolean journal_reader_run_ended(const JournalReader *r)
{
	return r->run_ended;
}

gboolean journal_frame_next(JournalFrame *frame, const guint8 **ret_record, gsize *ret_length, gboolean *ret_malformed)
{
	*ret_malformed = FALSE;
	if (frame->offset >= frame->length)
		return FALSE;
	ByteReader r = byte_reader_init(frame->payload, frame->length);
	r.offset = frame->offset;
	const gsize length = (gsize)byte_reader_varint(&r);
	const guint8 *record = byte_reader_take(&r, length);
	if (!record || length == 0) {
		frame->offset = frame->length;
		*ret_malformed = TRUE;
		return FALSE;
	}
	*ret_record = record;
	*ret_length = length;
	frame->offset = r.offset;
	return TRUE;
}
