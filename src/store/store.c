/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store.h"

#include "error.h"
#include "files.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000
#define PAGE_SIZE       "8192"
/* The page cache's bound, in KiB. Rows are appended, so a few pages are hot; the rest of the memory's bound is the libraries'. */
#define CACHE_KIB       "1024"
#define TEMP_CACHE_KIB  "128"
#define SQLITE_HEADER_SIZE 100
#define MAX_LINKS       40 /* as many as Linux follows */

struct Store {
	sqlite3 *db;
	char *path;
	char *building; /* where a new store is built; NULL for one that exists */
	int lock;       /* the open file at `building`, locked; -1 */
	gboolean begun, reading;
};

gboolean store_is_new(const Store *store)
{
	return store->building != NULL;
}

const char *store_path(const Store *store)
{
	return store->path;
}

sqlite3 *store_db(Store *store)
{
	return store->db;
}

void store_free(Store *store)
{
	if (!store)
		return;
	/* After a failed write SQLite leaves undoing to the next reader: that is us, lest a journal stay beside the file. */
	if (store->begun)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	if (store->begun && !store->building)
		sqlite3_exec(store->db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
	sqlite3_close_v2(store->db);
	if (store->building)
		unlink(store->building);
	if (store->lock >= 0)
		close(store->lock);
	g_free(store->building);
	g_free(store->path);
	g_free(store);
}

/* --- errors --- */

static JamlogError code_of(int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_FULL:
		return JAMLOG_ERROR_NO_SPACE;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return JAMLOG_ERROR_BUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return JAMLOG_ERROR_ACCESS;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return JAMLOG_ERROR_FORMAT;
	default:
		return JAMLOG_ERROR_FAILED;
	}
}

static const char *advice(JamlogError code)
{
	if (code == JAMLOG_ERROR_NO_SPACE)
		return ": make room there and sync again";
	if (code == JAMLOG_ERROR_BUSY)
		return ": close the program that has it open, then try again";
	if (code == JAMLOG_ERROR_ACCESS)
		return ": you need to be allowed to write this file and its folder: change their modes, or use a copy elsewhere";
	if (code == JAMLOG_ERROR_FORMAT)
		return ": move it away and build it again from the journals with \"jamlog sync\"";
	return "";
}

gboolean store_fail(Store *store, GError **error)
{
	const JamlogError code = code_of(sqlite3_extended_errcode(store->db));
	g_set_error(error, JAMLOG_ERROR, (int)code, "%s: %s%s", store->path, sqlite3_errmsg(store->db), advice(code));
	return FALSE;
}

gboolean store_exec(Store *store, const char *sql, GError **error)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(store, error);
}

sqlite3_stmt *store_prepare(Store *store, const char *sql, GError **error)
{
	sqlite3_stmt *stmt = NULL;
	if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
		store_fail(store, error);
	return stmt;
}

gboolean store_step(Store *store, sqlite3_stmt *stmt, gboolean *ret_row, GError **error)
{
	const int code = sqlite3_step(stmt);
	*ret_row = code == SQLITE_ROW;
	return code == SQLITE_ROW || code == SQLITE_DONE || store_fail(store, error);
}

gboolean store_run(Store *store, sqlite3_stmt *stmt, GError **error)
{
	gboolean row;
	const gboolean ok = store_step(store, stmt, &row, error);
	sqlite3_reset(stmt);
	return ok;
}

/* --- opening --- */

static guint32 be32(const guint8 *p)
{
	return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | p[3];
}

static gboolean is_database(const guint8 head[SQLITE_HEADER_SIZE])
{
	return memcmp(head, "SQLite format 3", 16) == 0;
}

static guint32 application_id(const guint8 head[SQLITE_HEADER_SIZE])
{
	return be32(head + 68);
}

static gboolean fail_open(const char *path, int errnum, const char *verb, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	if (errnum != ENOENT || g_file_test(folder, G_FILE_TEST_IS_DIR))
		return error_set_errno(error, errnum, "cannot %s %s", verb, path);
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND, "cannot %s %s: the folder %s does not exist", verb, path, folder);
	return FALSE;
}

/* What a person can do whose --db is no store of ours. */
static const char *other_name(gboolean reading)
{
	return reading ? "name the file that \"jamlog sync\" made" : "nothing was changed; name another file with --db";
}

/* Reads the file's first bytes itself: opening a stranger's database with SQLite could already change it (a hot journal). */
static gboolean check_header(const char *path, gboolean reading, gboolean *ret_empty, GError **error)
{
	guint8 head[SQLITE_HEADER_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_open(path, errno, "open", error);
	const gssize n = read(fd, head, sizeof head);
	const int errnum = errno;
	close(fd);
	*ret_empty = n == 0;
	if (n < 0)
		return error_set_errno(error, errnum, "cannot read %s", path);
	if (n == 0)
		return TRUE;
	if (n < (gssize)sizeof head || !is_database(head)) {
		const gboolean journal = n >= 8 && memcmp(head, STORE_JOURNAL_MAGIC, 8) == 0;
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s is %s: %s", path,
			    journal ? "a journal, and no database" : "no database", other_name(reading));
		return FALSE;
	}
	if (application_id(head) != STORE_APPLICATION_ID) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
			    "%s is a database of another program: %s", path, other_name(reading));
		return FALSE;
	}
	return TRUE;
}

static gboolean check_version(Store *store, GError **error)
{
	g_autoptr(StoreStatement) stmt = NULL;
	gboolean row = FALSE;
	if (sqlite3_prepare_v2(store->db,
			       "SELECT value FROM meta WHERE key='schema_version'"
			       " AND EXISTS (SELECT 1 FROM meta WHERE key='program' AND value='jamlog')",
			       -1, &stmt, NULL) != SQLITE_OK) {
		if (sqlite3_errcode(store->db) != SQLITE_ERROR)
			return store_fail(store, error);
	} else if (!store_step(store, stmt, &row, error)) {
		return FALSE;
	}
	if (!row) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
			    "%s is a GeoPackage of another program: %s", store->path, other_name(store->reading));
		return FALSE;
	}
	const int version = sqlite3_column_int(stmt, 0);
	if (version != STORE_SCHEMA_VERSION) {
		g_set_error(
			error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
			"%s has schema %d and this jamlog %s knows %d: %s%ssync the journals into a new file",
			store->path, version, JAMLOG_VERSION, STORE_SCHEMA_VERSION,
			store->reading ? "" : "nothing was changed; ",
			version > STORE_SCHEMA_VERSION ? "use a newer jamlog, or " : "");
		return FALSE;
	}
	return TRUE;
}

static gboolean connect_db(Store *store, const char *path, int flags, GError **error)
{
	static gsize configured;
	if (g_once_init_enter(&configured)) {
		sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* its counters take a lock for each allocation */
		g_once_init_leave(&configured, 1);
	}
	/* SQLite takes "file:..." and ":memory:" for more than names of files. */
	g_autofree char *name = g_path_is_absolute(path) ? g_strdup(path) : g_strconcat("./", path, NULL);
	if (sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return store_fail(store, error);
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
	return store_exec(store, "PRAGMA cache_size=-" CACHE_KIB "; PRAGMA temp.cache_size=-" TEMP_CACHE_KIB, error);
}

static Store *new_store(const char *path)
{
	Store *store = g_new0(Store, 1);
	store->path = g_strdup(path);
	store->lock = -1;
	return store;
}

Store *store_open_read(const char *path, GError **error)
{
	gboolean empty;
	if (!check_header(path, TRUE, &empty, error))
		return NULL;
	if (empty) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s is empty: fill it with \"jamlog sync\"", path);
		return NULL;
	}
	g_autoptr(Store) store = new_store(path);
	store->reading = TRUE;
	/* A sync that was killed left SQLite's journal, and only who may write can undo with it what was half done. Where we may
	 * not, SQLite opens for reading all the same. */
	g_autofree char *journal = g_strconcat(path, "-journal", NULL);
	const int flags = access(journal, F_OK) == 0 ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	if (!connect_db(store, path, flags, error) || !check_version(store, error))
		return NULL;
	return g_steal_pointer(&store);
}

/* Another file by chance of that name is not ours to empty: what a killed sync left is, and it begins like a store. */
static gboolean check_leftover(Store *store, const char *building, GError **error)
{
	guint8 head[SQLITE_HEADER_SIZE];
	struct stat opened, named;
	if (fstat(store->lock, &opened) != 0)
		return error_set_errno(error, errno, "cannot look at %s", building);
	if (stat(building, &named) != 0 || named.st_dev != opened.st_dev || named.st_ino != opened.st_ino) {
		/* Whoever built there finished between our open and our lock: what we hold is now the store. */
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_BUSY, "another jamlog has just built %s: try again", store->path);
		return FALSE;
	}
	if (S_ISREG(opened.st_mode) && (opened.st_size == 0 || (pread(store->lock, head, sizeof head, 0) == sizeof head &&
								 is_database(head) && application_id(head) == STORE_APPLICATION_ID)))
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
		    "%s is in the way, and no jamlog made it: nothing was changed; move it away, or name another file with --db",
		    building);
	return FALSE;
}

/* The lock also keeps what a killed sync left from being taken for another one at work: its file is emptied and used again. */
static gboolean lock_building(Store *store, const char *building, GError **error)
{
	store->lock = open(building, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (store->lock < 0)
		return fail_open(building, errno, "create", error);
	if (flock(store->lock, LOCK_EX | LOCK_NB) != 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_BUSY, "another jamlog is building %s: wait for it, then try again",
			    store->path);
		return FALSE;
	}
	if (!check_leftover(store, building, error))
		return FALSE;
	store->building = g_strdup(building);
	(void)fchmod(store->lock, 0600); /* refused on a card with FAT, which has no modes: no reason to give up */
	return ftruncate(store->lock, 0) == 0 || error_set_errno(error, errno, "cannot empty %s", building);
}

static gboolean build_new(Store *store, GError **error)
{
	g_autofree char *building = g_strconcat(store->path, ".new", NULL);
	g_autofree char *sql = schema_tables_sql();
	return lock_building(store, building, error) && connect_db(store, building, SQLITE_OPEN_READWRITE, error) &&
	       store_exec(store, "PRAGMA page_size=" PAGE_SIZE "; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
			  "PRAGMA locking_mode=EXCLUSIVE; PRAGMA application_id=" G_STRINGIFY(STORE_APPLICATION_ID)
			  "; PRAGMA user_version=" G_STRINGIFY(STORE_GPKG_VERSION) "; BEGIN", error) &&
	       store_exec(store, sql, error) && store_exec(store, "COMMIT", error);
}

/* Where the links end, also where nothing is there yet: the store is made in that place, and the link stays a link. */
static char *follow_links(const char *path)
{
	char *end = g_strdup(path);
	for (guint i = 0; i < MAX_LINKS; i++) {
		g_autofree char *target = g_file_read_link(end, NULL);
		if (!target)
			break;
		g_autofree char *folder = g_path_get_dirname(end);
		g_free(end);
		end = g_path_is_absolute(target) ? g_strdup(target) : g_build_filename(folder, target, NULL);
	}
	return end;
}

Store *store_open_write(const char *named, GError **error)
{
	g_autofree char *path = follow_links(named);
	g_autoptr(Store) store = new_store(path);
	gboolean empty = TRUE;
	if (g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
		error_set_errno(error, ELOOP, "cannot open %s", named);
		return NULL;
	}
	if (access(path, F_OK) == 0 && !check_header(path, FALSE, &empty, error))
		return NULL;
	if (empty)
		return build_new(store, error) ? g_steal_pointer(&store) : NULL;
	if (!connect_db(store, path, SQLITE_OPEN_READWRITE, error) || !check_version(store, error) ||
	    !store_exec(store, "PRAGMA journal_mode=DELETE", error))
		return NULL;
	return g_steal_pointer(&store);
}

Store *store_open_existing(const char *path, GError **error)
{
	struct stat named;
	if (stat(path, &named) != 0 && errno == ENOENT) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND, "%s is not there: make it with \"jamlog sync\" first", path);
		return NULL;
	}
	g_autoptr(Store) store = store_open_write(path, error);
	if (store && store->building) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NOT_FOUND, "%s is empty: fill it with \"jamlog sync\" first", path);
		return NULL;
	}
	return g_steal_pointer(&store);
}

/* --- changing --- */

gboolean store_begin(Store *store, GError **error)
{
	return store->begun = store_exec(store, "BEGIN IMMEDIATE", error);
}

gboolean store_commit(Store *store, GError **error)
{
	if (!store_exec(store, "COMMIT", error))
		return FALSE;
	store->begun = FALSE;
	return TRUE;
}

gboolean store_finish(Store *store, GError **error)
{
	if (!store->building)
		return TRUE;
	g_autofree char *views = schema_views_sql();
	if (!store_exec(store, "BEGIN", error) || !store_exec(store, views, error) || !store_exec(store, "COMMIT", error))
		return FALSE;
	if (sqlite3_close(store->db) != SQLITE_OK)
		return store_fail(store, error);
	store->db = NULL;
	if (fsync(store->lock) != 0)
		return error_set_errno(error, errno, "cannot write %s", store->building);
	if (rename(store->building, store->path) != 0)
		return error_set_errno(error, errno, "cannot rename %s to %s", store->building, store->path);
	g_clear_pointer(&store->building, g_free);
	g_autofree char *folder = g_path_get_dirname(store->path);
	return files_sync_folder(folder, error);
}
