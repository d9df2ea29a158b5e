/* jamlog keygen: makes a recipient of sealed recordings, or brings one back from its recovery sheet.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cmd.h"
#include "cmd/passphrase.h"
#include "error.h"
#include "keys.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
	const char *directory;
	const char *sheet;   /* NULL: none; "-": standard output */
	const char *restore; /* NULL: a new key; "-": standard input */
	int passphrase_fd;   /* -1: the terminal */
} Options;

/* The sheet alone goes to standard output where it was asked for, so that it can go on to a printer. */
static FILE *talk(const Options *options)
{
	return g_strcmp0(options->sheet, "-") == 0 ? stderr : stdout;
}

static gboolean read_sheet(const char *path, JournalIdentity *identity, char name[KEYS_NAME_SIZE], GError **error)
{
	gsize length;
	const gboolean typed = g_str_equal(path, "-") && isatty(STDIN_FILENO);
	if (typed)
		fprintf(stderr, "Type the lines of the sheet that have no #, then Ctrl-D:\n");
	char *text = keys_read_text(path, &length, error);
	if (!text)
		return FALSE;
	const gboolean ok = keys_read_sheet(text, identity, name, error);
	if (!ok)
		g_prefix_error(error, "%s: ", g_str_equal(path, "-") ? "the sheet" : path);
	keys_secret_free(text);
	if (typed)
		fprintf(stderr, "The key can be read on this screen now: clear it, and what can be scrolled back to.\n");
	return ok;
}

/* --- writing --- */

static gboolean print_sheet(const char *sheet, GError **error)
{
	if (keys_write_all(STDOUT_FILENO, sheet, strlen(sheet)))
		return TRUE;
	return error_set_errno(error, errno,
			       "the key files are made, but the sheet could not be printed whole: remove both and begin anew");
}

/* The sheet comes first: without the files it is worth nothing, but the files without it may be taken for saved. */
static gboolean write_files(const Options *options, const char *name, const JournalIdentity *identity, const char *passphrase,
			    const char *sheet, GError **error)
{
	const gboolean to_file = sheet && !g_str_equal(options->sheet, "-");
	if (to_file && !keys_write_text(options->sheet, 0600, sheet, strlen(sheet), error))
		return FALSE;
	if (keys_write(options->directory, name, identity, passphrase, error))
		return !sheet || to_file || print_sheet(sheet, error);
	if (to_file)
		unlink(options->sheet);
	return FALSE;
}

/* All or nothing: who breaks it off now finds no half of it. */
static gboolean write_all(const Options *options, const char *name, const JournalIdentity *identity, const char *passphrase,
			  GError **error)
{
	sigset_t stopping, before;
	char *sheet = options->sheet ? keys_make_sheet(name, identity) : NULL;
	sigemptyset(&stopping);
	sigaddset(&stopping, SIGINT);
	sigaddset(&stopping, SIGTERM);
	sigaddset(&stopping, SIGHUP);
	sigprocmask(SIG_BLOCK, &stopping, &before);
	const gboolean ok = write_files(options, name, identity, passphrase, sheet, error);
	keys_secret_free(sheet);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ok;
}

/* --- what it says --- */

static void print_made(const Options *options, const char *name, const JournalIdentity *identity)
{
	char fingerprint[KEYS_FINGERPRINT_SIZE];
	FILE *out = talk(options);
	g_autofree char *path = g_str_equal(options->directory, ".") ? g_strdup(name) : g_build_filename(options->directory, name, NULL);
	keys_fingerprint(identity->public_key, fingerprint);
	fprintf(out,
		"%s %s, fingerprint %s\n\n"
		"  %s.pub  goes to every device that is to record for this recipient (jamlog record\n"
		"      --recipient %s.pub). Who gets it from you compares the fingerprint on the phone.\n"
		"  %s.key  stays here at the desk, and in a backup. With the passphrase it opens the\n"
		"      recordings; it never goes near a device.\n",
		options->restore ? "Restored" : "Made", name, fingerprint, path, name, path);
	if (!options->sheet && !options->restore)
		fprintf(out,
			"\nThere is NO RECOVERY SHEET: if %s.key or its passphrase is lost, the recordings that\n"
			"only this recipient can open are lost with it. To have one, remove both files now and run:\n"
			"jamlog keygen %s --sheet - | lp\n",
			path, name);
	else if (options->sheet && g_str_equal(options->sheet, "-"))
		fprintf(out, "\nThe recovery sheet is the key itself, without a passphrase: lock the paper away, and\n"
			     "leave no copy on a screen or disk.\n");
	else if (options->sheet)
		fprintf(out,
			"\n  %s  is the recovery sheet: the key itself, without a passphrase. Print it, lock the\n"
			"      paper away, and delete the file (shred -u %s).\n",
			options->sheet, options->sheet);
}

/* --- the command --- */

static gboolean run(const Options *options, const char *wanted_name, GError **error)
{
	JournalIdentity *identity = keys_secret_new(sizeof *identity);
	char *passphrase = keys_secret_new(KEYS_PASSPHRASE_SIZE);
	char sheet_name[KEYS_NAME_SIZE] = "";
	gboolean ok = TRUE;
	if (options->restore)
		ok = read_sheet(options->restore, identity, sheet_name, error);
	else
		keys_generate(identity);
	const char *name = wanted_name ? wanted_name : sheet_name;
	g_autofree char *prompt = g_strdup_printf("New passphrase for %s, of several random words: ", name);
	ok = ok && keys_check_free(options->directory, name, error) &&
	     passphrase_read(prompt, options->passphrase_fd, TRUE, passphrase, error) &&
	     write_all(options, name, identity, passphrase, error);
	if (ok)
		print_made(options, name, identity);
	keys_secret_free(passphrase);
	keys_secret_free(identity);
	return ok;
}

static int usage_error(const char *message)
{
	fprintf(stderr, "jamlog keygen: %s\nTry \"jamlog keygen --help\".\n", message);
	return EXIT_CODE_USAGE;
}

static GOptionContext *make_context(const GOptionEntry *entries)
{
	GOptionContext *context = g_option_context_new("NAME - make a recipient of sealed recordings, at the desk");
	g_option_context_set_summary(
		context,
		"Makes the two halves of a key: NAME.pub, to which devices seal what they record, and NAME.key, which opens it\n"
		"with a passphrase. Make two recipients or more, on different desks: what none of them can open is lost.");
	g_option_context_set_description(
		context,
		"The recovery sheet is the key in printed letters; it brings the key back when NAME.key or the passphrase is\n"
		"lost. With --restore NAME may be left out: the sheet has it.\n\n"
		"Exit codes: 0 done; 1 a failure, or the sheet has a mistake (the message says in which line); 2 usage, a\n"
		"passphrase that will not do, or files of that name are there already.\n\n"
		"Examples:\n  jamlog keygen newsroom --sheet - | lp\n  jamlog keygen --restore typed.txt\n");
	g_option_context_add_main_entries(context, entries, NULL);
	return context;
}

int cmd_keygen(int argc, char **argv)
{
	g_autofree char *directory = NULL, *sheet = NULL, *restore = NULL;
	Options options = {.passphrase_fd = -1};
	g_autoptr(GError) error = NULL;
	const GOptionEntry entries[] = {
		{"directory", 'd', 0, G_OPTION_ARG_FILENAME, &directory, "The folder for both files (default: this one)", "DIR"},
		{"sheet", 0, 0, G_OPTION_ARG_FILENAME, &sheet, "Write the recovery sheet into a new file, or print it (-)", "FILE"},
		{"restore", 0, 0, G_OPTION_ARG_FILENAME, &restore, "Bring a key back from its sheet, a file or typed in (-)", "FILE"},
		{"passphrase-fd", 0, 0, G_OPTION_ARG_INT, &options.passphrase_fd,
		 "Take the passphrase from this descriptor, one line, instead of asking on the terminal", "N"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	keys_protect_process();
	g_autoptr(GOptionContext) context = make_context(entries);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		return usage_error(error->message);
	if (argc > 2 || (argc < 2 && !restore))
		return usage_error("give the recipient one name, such as reporter or newsroom");
	if (options.passphrase_fd < -1)
		return usage_error("--passphrase-fd takes the number of an open descriptor");
	if (options.passphrase_fd == STDIN_FILENO && g_strcmp0(restore, "-") == 0)
		return usage_error("the sheet and the passphrase cannot both come from standard input");
	options.directory = directory ? directory : ".";
	options.sheet = sheet;
	options.restore = restore;
	signal(SIGPIPE, SIG_IGN); /* a printer that goes away is told of */
	if (!run(&options, argc > 1 ? argv[1] : NULL, &error)) {
		fprintf(stderr, "jamlog keygen: %s\n", error->message);
		return (int)error_exit_code(error);
	}
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILURE;
}
