/* See budget.h. The file has a line "SECONDS BYTES" for each five minutes in which something was spent.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/budget.h"

#define GRAIN_S 300
#define HOUR_S  3600
#define DAY_S   86400
#define KEPT_OF_HOUR 6 /* ten minutes */

typedef struct {
	gint64 at_s; /* start of its five minutes */
	guint64 bytes;
} Spent;

struct Budget {
	char *path;
	guint64 hour_bytes, day_bytes;
	GArray *spent; /* of Spent */
	guint64 share;      /* as of then */
	gint64 shared_at_s; /* BOOTTIME */
};

static void read_line(Budget *budget, const char *line)
{
	char *end;
	Spent row = {.at_s = g_ascii_strtoll(line, &end, 10)};
	if (end == line || *end != ' ' || row.at_s < 0)
		return;
	row.bytes = g_ascii_strtoull(end + 1, NULL, 10);
	g_array_append_val(budget->spent, row);
}

Budget *budget_new(const char *path, guint64 hour_bytes, guint64 day_bytes)
{
	Budget *budget = g_new0(Budget, 1);
	g_autofree char *text = NULL;
	budget->path = g_strdup(path);
	budget->hour_bytes = hour_bytes;
	budget->day_bytes = day_bytes;
	budget->share = hour_bytes / KEPT_OF_HOUR;
	budget->shared_at_s = -1;
	budget->spent = g_array_new(FALSE, FALSE, sizeof(Spent));
	if (!path || !g_file_get_contents(path, &text, NULL, NULL))
		return budget;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++)
		read_line(budget, lines[i]);
	return budget;
}

void budget_free(Budget *budget)
{
	if (!budget)
		return;
	g_array_unref(budget->spent);
	g_free(budget->path);
	g_free(budget);
}

/* Five minutes that began less than `span_s` and a grain ago may still reach into the span. */
static guint64 spent_within(const Budget *budget, gint64 now_s, gint64 span_s)
{
	guint64 sum = 0;
	for (guint i = 0; i < budget->spent->len; i++) {
		const Spent *row = &g_array_index(budget->spent, Spent, i);
		if (now_s - row->at_s < span_s + GRAIN_S)
			sum += MIN(row->bytes, G_MAXUINT64 - sum);
	}
	return sum;
}

guint64 budget_left(const Budget *budget, gint64 now_s)
{
	const guint64 hour = spent_within(budget, now_s, HOUR_S), day = spent_within(budget, now_s, DAY_S);
	return MIN(budget->hour_bytes - MIN(hour, budget->hour_bytes), budget->day_bytes - MIN(day, budget->day_bytes));
}

static gint64 grain_of(gint64 now_s)
{
	return now_s - now_s % GRAIN_S;
}

/* The clock was set back: what would lie in the future for years is taken for spent just now, and goes with time. */
static void pull_back(Budget *budget, gint64 now_s)
{
	for (guint i = 0; i < budget->spent->len; i++) {
		Spent *row = &g_array_index(budget->spent, Spent, i);
		row->at_s = row->at_s > now_s ? grain_of(now_s) : row->at_s;
	}
}

guint64 budget_share(Budget *budget, gint64 now_s, gint64 since_s)
{
	const guint64 most = budget->hour_bytes / KEPT_OF_HOUR;
	const gint64 passed_s = budget->shared_at_s < 0 ? 0 : CLAMP(since_s - budget->shared_at_s, 0, HOUR_S);
	budget->share = MIN(most, budget->share + most * (guint64)passed_s * KEPT_OF_HOUR / HOUR_S);
	budget->shared_at_s = since_s;
	pull_back(budget, now_s);
	return MIN(budget->share, budget_left(budget, now_s));
}

static void forget_old(Budget *budget, gint64 now_s)
{
	for (guint i = budget->spent->len; i-- > 0;)
		if (now_s - g_array_index(budget->spent, Spent, i).at_s >= DAY_S + GRAIN_S)
			g_array_remove_index(budget->spent, i);
}

static void add(Budget *budget, gint64 now_s, guint64 bytes)
{
	const Spent row = {.at_s = grain_of(now_s), .bytes = bytes};
	for (guint i = 0; i < budget->spent->len; i++) {
		Spent *old = &g_array_index(budget->spent, Spent, i);
		if (old->at_s == row.at_s) {
			old->bytes += bytes;
			return;
		}
	}
	g_array_append_val(budget->spent, row);
}

gboolean budget_spend(Budget *budget, gint64 now_s, guint64 bytes, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	budget->share -= MIN(bytes, budget->share);
	pull_back(budget, now_s);
	forget_old(budget, now_s);
	add(budget, now_s, bytes);
	for (guint i = 0; i < budget->spent->len; i++) {
		const Spent *row = &g_array_index(budget->spent, Spent, i);
		g_string_append_printf(text, "%" G_GINT64_FORMAT " %" G_GUINT64_FORMAT "\n", row->at_s, row->bytes);
	}
	return !budget->path || g_file_set_contents_full(budget->path, text->str, (gssize)text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
							 error);
}
