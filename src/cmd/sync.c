/* jamlog sync: journals -> store.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync.h"

#include "cmd/cmd.h"
#include "cmd/passphrase.h"
#include "error.h"
#include "keys.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BAR_WIDTH       40
#define BAR_INTERVAL_NS (100 * NS_PER_MS)

typedef struct {
	gboolean bar;        /* stderr is a terminal */
	gboolean bar_drawn;
	gint64 last_drawn_ns;
} Terminal;

static void clear_bar(Terminal *terminal)
{
	if (terminal->bar_drawn)
		fprintf(stderr, "\r\033[K");
	terminal->bar_drawn = FALSE;
}

static void warn(gpointer user_data, const char *message)
{
	clear_bar(user_data);
	fprintf(stderr, "jamlog: %s\n", message);
}

/* As long as the terminal has room for it; 0: too narrow for any. */
static int bar_width(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return BAR_WIDTH;
	return size.ws_col < 30 ? 0 : MIN(BAR_WIDTH, size.ws_col - 9);
}

static void draw_bar(gpointer user_data, guint64 done, guint64 total)
{
	Terminal *terminal = user_data;
	const gint64 now = clock_boottime_ns();
	if (!terminal->bar || total == 0 || now - terminal->last_drawn_ns < BAR_INTERVAL_NS)
		return;
	const double share = MIN((double)done / (double)total, 1.0);
	const int width = bar_width(), filled = (int)(share * width);
	if (width == 0)
		return;
	terminal->last_drawn_ns = now;
	terminal->bar_drawn = TRUE;
	fprintf(stderr, "\r[%.*s%*s] %3d %%", filled, "########################################", width - filled, "",
		(int)(share * 100));
	fflush(stderr);
}

/* --- being stopped --- */

static volatile sig_atomic_t stop_wanted;

static void want_stop(int signal_number)
{
	(void)signal_number;
	stop_wanted = 1;
}

/* The first signal asks for a clean end; a second one does what it always does. */
static void watch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction ours = {.sa_handler = want_stop, .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
	struct sigaction before;
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(numbers[i], &ours, NULL);
}

static gboolean stopped(gpointer user_data)
{
	(void)user_data;
	return stop_wanted != 0;
}

/* --- summary --- */

static guint64 file_size(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (guint64)st.st_size : 0;
}

static double service_s(const SyncSummary *s, ServiceState state)
{
	return (double)s->service_ms[state] / 1000;
}

static double without_service_s(const SyncSummary *s)
{
	return service_s(s, SERVICE_STATE_NONE) + service_s(s, SERVICE_STATE_LIMITED) + service_s(s, SERVICE_STATE_DENIED);
}

static void print_table(const SyncSummary *s, const char *database)
{
	printf("%-28s", "Observations read");
	for (guint kind = 1; kind <= OBSERVATION_KIND_MAX; kind++)
		printf("%s%s %" G_GUINT64_FORMAT, kind > 1 ? ", " : "", observation_table((ObservationKind)kind)->name,
		       s->observations[kind]);
	printf("\n%-28s%.1f s with, %.1f s without (none %.1f, limited %.1f, denied %.1f), %.1f s radio off, %.1f s unknown\n",
	       "Service", service_s(s, SERVICE_STATE_SERVED), without_service_s(s), service_s(s, SERVICE_STATE_NONE),
	       service_s(s, SERVICE_STATE_LIMITED), service_s(s, SERVICE_STATE_DENIED), service_s(s, SERVICE_STATE_OFF),
	       service_s(s, SERVICE_STATE_UNKNOWN));
	printf("%-28s", "GPS fixes");
	for (guint mode = 0; mode <= FIX_MODE_3D; mode++)
		printf("%s%s %" G_GUINT64_FORMAT, mode ? ", " : "", fix_mode_words[mode], s->fixes_by_mode[mode]);
	printf("\n%-28s", "Places of the sweeps");
	for (guint state = 0; state < POSITION_STATES; state++)
		printf("%s%s %" G_GUINT64_FORMAT, state ? ", " : "", position_state_words[state], s->positions[state]);
	printf("\n%-28s%" G_GUINT64_FORMAT " new, %" G_GUINT64_FORMAT " grown, %" G_GUINT64_FORMAT " unchanged\n",
	       "Journal segments", s->segments_new, s->segments_grown, s->segments_unchanged);
	printf("%-28s%" G_GUINT64_FORMAT " parts, %" G_GUINT64_FORMAT " bytes (table \"damage\"); %" G_GUINT64_FORMAT
	       " files unreadable, %" G_GUINT64_FORMAT " tails torn by a power cut\n",
	       "Damage", s->damages, s->damaged_bytes, s->broken, s->torn_tails);
	printf("%-28s", "Verification");
	for (guint i = 0; i < SYNC_VERIFICATIONS; i++)
		printf("%s%s %" G_GUINT64_FORMAT, i ? ", " : "", sync_verification_words[i], s->verified[i]);
	printf(" (segments; table \"custody\")\n%-28sjournals %" G_GUINT64_FORMAT " bytes, store %" G_GUINT64_FORMAT " bytes: %s\n", "Sizes", s->journal_bytes,
	       file_size(database), database);
}

static void append_counts(GString *json, const char *name, const char *const *words, const guint64 *counts, guint n)
{
	g_string_append_printf(json, ",\"%s\":{", name);
	for (guint i = 0; i < n; i++)
		g_string_append_printf(json, "%s\"%s\":%" G_GUINT64_FORMAT, i ? "," : "", words[i], counts[i]);
	g_string_append_c(json, '}');
}

static void print_json(const SyncSummary *s, const char *database)
{
	const struct {
		const char *name;
		guint64 value;
	} numbers[] = {
		{"journals", s->files},
		{"journal_bytes", s->journal_bytes},
		{"store_bytes", file_size(database)},
		{"segments_new", s->segments_new},
		{"segments_grown", s->segments_grown},
		{"segments_unchanged", s->segments_unchanged},
		{"files_foreign", s->foreign},
		{"files_refused", s->refused},
		{"files_sealed", s->sealed},
		{"files_broken", s->broken},
		{"records_of_newer_kind", s->newer_kind},
		{"damages", s->damages},
		{"damaged_bytes", s->damaged_bytes},
		{"torn_tails", s->torn_tails},
		{"rows_redone", s->redone},
	};
	const char *kinds[OBSERVATION_KIND_MAX];
	for (guint kind = 1; kind <= OBSERVATION_KIND_MAX; kind++)
		kinds[kind - 1] = observation_table((ObservationKind)kind)->name;
	g_autoptr(GString) json = g_string_new("{");
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
		g_string_append_printf(json, "%s\"%s\":%" G_GUINT64_FORMAT, i ? "," : "", numbers[i].name, numbers[i].value);
	append_counts(json, "verification", sync_verification_words, s->verified, SYNC_VERIFICATIONS);
	append_counts(json, "observations", kinds, s->observations + 1, OBSERVATION_KIND_MAX);
	append_counts(json, "fixes", fix_mode_words, s->fixes_by_mode, FIX_MODE_3D + 1);
	append_counts(json, "positions", position_state_words, s->positions, POSITION_STATES);
	append_counts(json, "service_ms", service_state_words, s->service_ms, SERVICE_STATE_SERVED + 1);
	puts(g_string_append_c(json, '}')->str);
}

static int exit_code(const SyncSummary *s)
{
	if (s->refused > 0 || s->sealed > 0)
		return EXIT_CODE_FAILURE;
	return s->damages > 0 || s->broken > 0 || s->verified[SYNC_TAMPERED] > 0 ? EXIT_CODE_DAMAGED : EXIT_CODE_OK;
}

/* A script that reads the summary must not take a cut one for the whole. */
static gboolean flush_summary(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return TRUE;
	fprintf(stderr, "jamlog sync: the journals are read, but the summary cannot be written: %s\n", g_strerror(errno));
	return FALSE;
}

static int run(char **paths, const char *database, const JournalIdentity *identity, gboolean quiet, gboolean json)
{
	g_autoptr(GError) error = NULL;
	SyncSummary summary;
	Terminal terminal = {.bar = !quiet && isatty(STDERR_FILENO)};
	const SyncReport report = {warn, draw_bar, stopped, &terminal};
	watch_signals();
	const gboolean ok = sync_journals(paths, database, identity, &report, &summary, &error);
	clear_bar(&terminal);
	if (!ok) {
		fprintf(stderr, "jamlog sync: %s\n", error->message);
		/* "Nothing to read" because what was named is no journal is a failure, not an empty folder. */
		const int code = error_exit_code(error);
		const gboolean something = summary.refused > 0 || summary.broken > 0 || summary.sealed > 0;
		return code == EXIT_CODE_NO_DATA && something ? EXIT_CODE_FAILURE : code;
	}
	if (json)
		print_json(&summary, database);
	else if (!quiet)
		print_table(&summary, database);
	if (summary.foreign > 0 && !quiet)
		fprintf(stderr,
			"jamlog sync: %" G_GUINT64_FORMAT " files in the folders do not end in " JOURNAL_SUFFIX
			" and were passed over\n",
			summary.foreign);
	if (summary.damages > 0)
		fprintf(stderr,
			"jamlog sync: %" G_GUINT64_FORMAT " damaged parts of journals (%" G_GUINT64_FORMAT
			" bytes) were passed over;"
			" the table \"damage\" of %s lists them\n",
			summary.damages, summary.damaged_bytes, database);
	if (summary.verified[SYNC_TAMPERED] > 0)
		fprintf(stderr, "jamlog sync: %" G_GUINT64_FORMAT " segments show TAMPERING: \"jamlog verify\" tells what and where\n",
			summary.verified[SYNC_TAMPERED]);
	return flush_summary() ? exit_code(&summary) : EXIT_CODE_FAILURE;
}

/* The person's secret key, into memory from keys_secret_new. */
static gboolean open_identity(const char *path, int fd, JournalIdentity *ret_identity, GError **error)
{
	char name[KEYS_NAME_SIZE];
	/* A file that is none is told before anybody is asked. */
	if (!keys_read_secret(path, NULL, NULL, name, error))
		return FALSE;
	char *passphrase = keys_secret_new(KEYS_PASSPHRASE_SIZE);
	g_autofree char *prompt = g_strdup_printf("Passphrase of %s: ", name);
	const gboolean ok = passphrase_read(prompt, fd, FALSE, passphrase, error) &&
			    keys_read_secret(path, passphrase, ret_identity, name, error);
	keys_secret_free(passphrase);
	return ok;
}

static int run_with_identity(char **paths, const char *database, const char *identity_path, int fd, gboolean quiet,
			     gboolean json)
{
	g_autoptr(GError) error = NULL;
	keys_protect_process();
	JournalIdentity *identity = keys_secret_new(sizeof *identity);
	int code = EXIT_CODE_FAILURE;
	if (open_identity(identity_path, fd, identity, &error)) {
		code = run(paths, database, identity, quiet, json);
	} else {
		fprintf(stderr, "jamlog sync: %s\n", error->message);
		code = error_exit_code(error);
	}
	keys_secret_free(identity);
	return code;
}

static int usage_error(const char *message)
{
	fprintf(stderr, "jamlog sync: %s\nTry \"jamlog sync --help\".\n", message);
	return EXIT_CODE_USAGE;
}

int cmd_sync(int argc, char **argv)
{
	g_autofree char *database = NULL, *identity = NULL;
	gboolean quiet = FALSE, json = FALSE;
	gint passphrase_fd = -1;
	g_autoptr(GError) error = NULL;
	const GOptionEntry entries[] = {
		{"db", 'd', 0, G_OPTION_ARG_FILENAME, &database,
		 "The store: made where it is missing, added to where it is there", "FILE.gpkg"},
		{"identity", 'i', 0, G_OPTION_ARG_FILENAME, &identity,
		 "Open sealed journals with this secret key; its passphrase is asked for", "FILE.key"},
		{"passphrase-fd", 0, 0, G_OPTION_ARG_INT, &passphrase_fd, "Take the passphrase from this file descriptor, one line",
		 "N"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print the summary as JSON", NULL},
		{"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Print no summary and no progress, only what went wrong", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("JOURNAL-OR-FOLDER... - read journals into one store");
	g_option_context_set_summary(
		context,
		"Reads the journals that \"jamlog record\" wrote, of any number of devices and runs, into one SQLite file which\n"
		"is also a GeoPackage: QGIS opens its layer \"sample\". Reading the same journals again adds only what is\n"
		"new. The journals are not changed. Damaged parts are listed in the table \"damage\" and passed over.");
	g_option_context_set_description(context,
		"Exit codes: 0 all read; 1 a failure, or a named file is no journal (the others were read); 2 usage; 3 no\n"
		"journal found; 4 read, but damaged parts were passed over, or a journal was tampered with.\n\n"
		"Example:\n  jamlog sync /media/card/journals --db protest.gpkg\n");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		return usage_error(error->message);
	if (argc < 2)
		return usage_error("name a journal or a folder of journals");
	if (!database || !*database)
		return usage_error("say with --db into which file");
	if (!identity && passphrase_fd >= 0)
		return usage_error("a passphrase is of use with --identity alone");
	return identity ? run_with_identity(argv + 1, database, identity, passphrase_fd, quiet, json)
			: run(argv + 1, database, NULL, quiet, json);
}
