/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/verify_collect.h"

#include "journal/format.h"

#include <fcntl.h>
#include <unistd.h>

#define MAX_FOLDER_DEPTH 16

static void source_free(gpointer data)
{
	VerifySource *s = data;
	g_free(s->path);
	if (s->bytes)
		g_bytes_unref(s->bytes);
	g_free(s);
}

GPtrArray *verify_sources_new(void)
{
	return g_ptr_array_new_with_free_func(source_free);
}

JournalReader *verify_source_open(const VerifySource *s, GError **error)
{
	return s->bytes ? journal_reader_new_for_bytes(s->bytes, error) : journal_reader_open(s->path, error);
}

static void take_source(GPtrArray *sources, const JournalReader *reader, const char *path, GBytes *bytes)
{
	VerifySource *s = g_new0(VerifySource, 1);
	s->path = g_strdup(path);
	s->bytes = bytes ? g_bytes_ref(bytes) : NULL;
	s->header = *journal_reader_segment(reader);
	s->signature_good = journal_reader_signature_good(reader);
	g_ptr_array_add(sources, s);
}

gboolean verify_collect_bytes(GPtrArray *sources, GBytes *bytes, const char *label)
{
	g_autoptr(JournalReader) reader = journal_reader_new_for_bytes(bytes, NULL);
	if (reader)
		take_source(sources, reader, label, bytes);
	return reader != NULL;
}

/* TRUE where the file holds nothing behind its headers. No frame is written before a header is durable: whatever is wrong with this
 * one, nothing was recorded. */
static gboolean is_empty(const char *path)
{
	guint8 block[JOURNAL_BLOCK_SIZE];
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	gssize n = fd < 0 ? -1 : 0;
	gboolean zeros = fd >= 0;
	for (off_t at = JOURNAL_FIRST_FRAME; zeros && (n = pread(fd, block, sizeof block, at)) > 0; at += n)
		zeros = block[0] == 0 && memcmp(block, block + 1, (gsize)n - 1) == 0;
	if (fd >= 0)
		close(fd);
	return zeros && n == 0;
}

/* What cannot be read goes to `complaints`. */
static void add_file(const char *path, GPtrArray *sources, VerifyReport *report, GPtrArray *complaints)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JournalReader) reader = journal_reader_open(path, &error);
	if (reader)
		take_source(sources, reader, path, NULL);
	else if (g_str_has_suffix(path, JOURNAL_SUFFIX) && is_empty(path))
		report->empty++;
	else
		g_ptr_array_add(complaints, g_strdup(error->message));
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A folder's symbolic links are followed to files but not to folders, so that a loop can't hold us. */
static void add_folder(const char *path, guint depth, GPtrArray *sources, VerifyReport *report)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	if (!dir) {
		g_ptr_array_add(report->refused, g_strdup_printf("cannot read the folder %s: %s", path, error->message));
		return;
	}
	for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *child = g_build_filename(path, names->pdata[i], NULL);
		if (g_file_test(child, G_FILE_TEST_IS_DIR)) {
			if (depth < MAX_FOLDER_DEPTH && !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
				add_folder(child, depth + 1, sources, report);
		} else if (g_str_has_suffix(child, JOURNAL_SUFFIX)) {
			add_file(child, sources, report, report->broken);
		} else if (*(const char *)names->pdata[i] != '.') { /* the recorder's own are hidden */
			report->foreign++;
		}
	}
}

GPtrArray *verify_collect(char *const *paths, VerifyReport *report)
{
	GPtrArray *sources = verify_sources_new();
	for (; *paths; paths++) {
		if (g_file_test(*paths, G_FILE_TEST_IS_DIR))
			add_folder(*paths, 0, sources, report);
		else
			add_file(*paths, sources, report, report->refused);
	}
	return sources;
}
