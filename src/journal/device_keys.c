/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/device_keys.h"

#include "error.h"
#include "files.h"
#include "journal/locked.h"
#include "journal/segment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEED_SIZE      crypto_sign_SEEDBYTES
#define LOCK_ATTEMPTS  200 /* of 10 ms: a turn takes some writes to the disk */
#define LOCK_PAUSE_US  10000

static const guint8 file_magic[8] = {'J', 'L', 'K', 'E', 'Y', 'S', '1', '\n'};

/* The file, byte for byte: all members are bytes. */
typedef struct {
	guint8 magic[8];
	guint8 device_id[JOURNAL_ID_SIZE];
	guint8 number[4];                      /* n, little-endian */
	guint8 has_next[4];
	guint8 seed[2][SEED_SIZE];             /* B_n; B_n+1, or zeros */
	char last_name[DEVICE_KEYS_NAME_SIZE]; /* of segment n-1; "": none */
	guint8 checksum[JOURNAL_CHAIN_SIZE];   /* BLAKE2b-256 of what is before it */
} KeyFile;
G_STATIC_ASSERT(sizeof(KeyFile) == 192);

struct DeviceKeys {
	KeyFile file;
	KeyFile next;       /* what advance puts into place */
	guint8 public_key[2][JOURNAL_KEY_SIZE], secret[crypto_sign_SECRETKEYBYTES];
	guint32 number;
	char *path, *next_path, *directory;
	int lock_fd, old_fd; /* old_fd: of the file that will be replaced; -1: none */
};

static void set_checksum(KeyFile *file)
{
	crypto_generichash(file->checksum, sizeof file->checksum, (const guint8 *)file, offsetof(KeyFile, checksum), NULL, 0);
}

static gboolean is_whole(const KeyFile *file)
{
	guint8 checksum[JOURNAL_CHAIN_SIZE];
	crypto_generichash(checksum, sizeof checksum, (const guint8 *)file, offsetof(KeyFile, checksum), NULL, 0);
	return memcmp(file->magic, file_magic, sizeof file_magic) == 0 && memcmp(checksum, file->checksum, sizeof checksum) == 0 &&
	       memchr(file->last_name, 0, sizeof file->last_name);
}

static guint32 get_number(const KeyFile *file)
{
	ByteReader r = byte_reader_init(file->number, sizeof file->number);
	return byte_reader_u32(&r);
}

static void set_number(KeyFile *file, guint32 number)
{
	ByteWriter w = byte_writer_init(file->number, sizeof file->number);
	byte_writer_u32(&w, number);
}

/* --- the disk --- */

static gboolean lock(DeviceKeys *k, GError **error)
{
	g_autofree char *path = g_strconcat(k->path, ".lock", NULL);
	k->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (k->lock_fd < 0)
		return error_set_errno(error, errno, "cannot lock the signing keys with %s", path);
	segment_file_share(k->lock_fd, path);
	for (guint i = 0; flock(k->lock_fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return TRUE; /* a file system without locks */
		if (i == LOCK_ATTEMPTS) {
			g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_BUSY, "another jamlog holds the signing keys %s", k->path);
			return FALSE;
		}
		g_usleep(LOCK_PAUSE_US);
	}
	return TRUE;
}

/* Over what may be there, not into other blocks: an earlier turn that failed left a key that has signed by now. */
static gboolean write_durably(const char *path, const KeyFile *file, GError **error)
{
	struct stat st;
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot write the signing keys %s", path);
	const gssize n = write(fd, file, sizeof *file);
	int failed = n < 0 ? errno : n < (gssize)sizeof *file ? ENOSPC : 0;
	segment_file_share(fd, path);
	if (!failed && fstat(fd, &st) == 0 && st.st_size > (off_t)sizeof *file && ftruncate(fd, sizeof *file) < 0)
		failed = errno;
	if (!failed && fsync(fd) < 0)
		failed = errno;
	close(fd);
	return failed ? error_set_errno(error, failed, "cannot write the signing keys %s", path) : TRUE;
}

/* Whoever takes the disk shall not find the old keys in its free blocks. A file system or card that writes elsewhere keeps them all the
 * same: then only the chain of the next header speaks against a forged segment. */
static void overwrite_old(DeviceKeys *k)
{
	static const KeyFile zeros;
	if (k->old_fd < 0)
		return;
	if (write(k->old_fd, &zeros, sizeof zeros) == (gssize)sizeof zeros)
		fdatasync(k->old_fd);
	close(k->old_fd);
	k->old_fd = -1;
}

/* Puts next_path into the place of path. *ret_replaced may be TRUE after FALSE: then it is not known to be durable. */
static gboolean replace(DeviceKeys *k, gboolean *ret_replaced, GError **error)
{
	k->old_fd = open(k->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	*ret_replaced = rename(k->next_path, k->path) == 0;
	if (!*ret_replaced)
		return error_set_errno(error, errno, "cannot replace the signing keys %s", k->path);
	if (!files_sync_folder(k->directory, error))
		return FALSE;
	overwrite_old(k);
	return TRUE;
}

/* *ret_found FALSE: there is none. */
static gboolean read_file(DeviceKeys *k, gboolean *ret_found, GError **error)
{
	const int fd = open(k->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	*ret_found = fd >= 0 || errno != ENOENT;
	if (fd < 0 && !*ret_found)
		return TRUE;
	if (fd < 0)
		return error_set_errno(error, errno, "cannot read the signing keys %s", k->path);
	const gssize n = read(fd, &k->file, sizeof k->file);
	const int failed = errno;
	close(fd);
	if (n < 0)
		return error_set_errno(error, failed, "cannot read the signing keys %s", k->path);
	if (n == (gssize)sizeof k->file && is_whole(&k->file))
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
		    "the signing keys %s are damaged: move that file away, and this installation becomes a new device", k->path);
	return FALSE;
}

/* --- a turn --- */

/* From seed[0]: what a device is before its first segment. */
static void begin_device(KeyFile *file)
{
	guint8 public_key[JOURNAL_KEY_SIZE], secret[crypto_sign_SECRETKEYBYTES], digest[JOURNAL_CHAIN_SIZE];
	memcpy(file->magic, file_magic, sizeof file_magic);
	set_number(file, 1);
	crypto_sign_seed_keypair(public_key, secret, file->seed[0]);
	sodium_memzero(secret, sizeof secret);
	crypto_generichash(digest, sizeof digest, public_key, sizeof public_key, NULL, 0);
	memcpy(file->device_id, digest, sizeof file->device_id);
}

static void derive(DeviceKeys *k)
{
	crypto_sign_seed_keypair(k->public_key[1], k->secret, k->file.seed[1]);
	crypto_sign_seed_keypair(k->public_key[0], k->secret, k->file.seed[0]);
	k->number = get_number(&k->file);
}

static gboolean load(DeviceKeys *k, GError **error)
{
	gboolean found, replaced;
	if (!segment_file_make_directory(k->directory, error) || !lock(k, error) || !read_file(k, &found, error))
		return FALSE;
	if (!found) {
		randombytes_buf(k->file.seed[0], SEED_SIZE);
		begin_device(&k->file);
	}
	if (!k->file.has_next[0]) {
		randombytes_buf(k->file.seed[1], SEED_SIZE);
		k->file.has_next[0] = 1;
		set_checksum(&k->file);
		if (!write_durably(k->next_path, &k->file, error) || !replace(k, &replaced, error))
			return FALSE;
	}
	derive(k);
	return TRUE;
}

DeviceKeys *device_keys_begin(const char *path, GError **error)
{
	DeviceKeys *k = locked_new(sizeof *k);
	memset(k, 0, sizeof *k);
	k->lock_fd = k->old_fd = -1;
	k->path = g_strdup(path);
	k->next_path = g_strconcat(path, ".next", NULL);
	k->directory = g_path_get_dirname(path);
	if (load(k, error))
		return k;
	device_keys_free(k);
	return NULL;
}

gboolean device_keys_make(const char *path, const guint8 seed[JOURNAL_KEY_SIZE], GError **error)
{
	KeyFile file = {0};
	memcpy(file.seed[0], seed, SEED_SIZE);
	begin_device(&file);
	set_checksum(&file);
	const gboolean ok = write_durably(path, &file, error);
	sodium_memzero(&file, sizeof file);
	return ok;
}

void device_keys_free(DeviceKeys *k)
{
	if (!k)
		return;
	if (k->lock_fd >= 0)
		close(k->lock_fd);
	if (k->old_fd >= 0)
		close(k->old_fd);
	g_free(k->path);
	g_free(k->next_path);
	g_free(k->directory);
	sodium_free(k);
}

void device_keys_fill(const DeviceKeys *k, JournalSegment *ret_segment)
{
	ret_segment->is_signed = TRUE;
	ret_segment->device_number = k->number;
	memcpy(ret_segment->device_id, k->file.device_id, sizeof ret_segment->device_id);
	memcpy(ret_segment->header_key, k->public_key[0], JOURNAL_KEY_SIZE);
	memcpy(ret_segment->next_header_key, k->public_key[1], JOURNAL_KEY_SIZE);
}

const char *device_keys_last_name(const DeviceKeys *k)
{
	return k->file.last_name;
}

gboolean device_keys_prepare(DeviceKeys *k, const char *segment_name, GError **error)
{
	k->next = k->file;
	set_number(&k->next, k->number + 1);
	memcpy(k->next.seed[0], k->file.seed[1], SEED_SIZE);
	sodium_memzero(k->next.seed[1], SEED_SIZE);
	k->next.has_next[0] = 0;
	memset(k->next.last_name, 0, sizeof k->next.last_name);
	g_strlcpy(k->next.last_name, segment_name, sizeof k->next.last_name);
	set_checksum(&k->next);
	return write_durably(k->next_path, &k->next, error);
}

void device_keys_sign(const DeviceKeys *k, const guint8 *header_block, guint8 *ret_signature)
{
	crypto_sign_detached(ret_signature, NULL, header_block, JOURNAL_SIGNED_SIZE, k->secret);
}

gboolean device_keys_advance(DeviceKeys *k, gboolean *ret_advanced, GError **error)
{
	return replace(k, ret_advanced, error);
}
