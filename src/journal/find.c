/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal.h"

#define MAX_FOLDER_DEPTH 16

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *sorted_names(GDir *dir)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	return names;
}

/* A folder's symbolic links are followed to files but not to folders, so that a loop can't hold us. */
static void search_folder(const char *path, guint depth, const JournalFinder *finder)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
	if (!dir) {
		finder->unreadable(finder->user_data, path, error->message);
		return;
	}
	g_autoptr(GPtrArray) names = sorted_names(dir);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *child = g_build_filename(path, name, NULL);
		if (g_file_test(child, G_FILE_TEST_IS_DIR)) {
			if (depth < MAX_FOLDER_DEPTH && !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
				search_folder(child, depth + 1, finder);
		} else if (*name == '.') {
			continue; /* the recorder's own (folder.h), or what some systems leave behind on a card */
		} else if (g_str_has_suffix(name, JOURNAL_SUFFIX)) {
			finder->journal(finder->user_data, child, FALSE);
		} else {
			finder->foreign(finder->user_data, child);
		}
	}
}

void journal_find(char *const *paths, const JournalFinder *finder)
{
	for (; *paths; paths++) {
		if (g_file_test(*paths, G_FILE_TEST_IS_DIR))
			search_folder(*paths, 0, finder);
		else
			finder->journal(finder->user_data, *paths, TRUE);
	}
}
