/* jamlog mark: a note of the person, into the running recording.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cmd.h"
#include "control.h"
#include "error.h"
#include "observation.h"

#include <stdio.h>

#define TEXT_SIZE sizeof(((MarkFields *)NULL)->text)

/* Something is better than nothing while it happens: what cannot be kept is told, and the rest is recorded. */
static void tell_changes(const char *wanted, const char *recorded)
{
	if (g_str_equal(wanted, recorded))
		return;
	if (strlen(wanted) >= TEXT_SIZE)
		fprintf(stderr, "jamlog mark: the text was too long and is CUT after %zu bytes; mark the rest again. Recorded: %s\n",
			strlen(recorded), recorded);
	else
		fprintf(stderr, "jamlog mark: characters that cannot be recorded were replaced. Recorded: %s\n", recorded);
}

static int tell(GVariant *answer, const char *wanted, guint others)
{
	const char *text = "", *time = "", *clock_state = "", *directory = "";
	gboolean durable = FALSE;
	g_variant_lookup(answer, "text", "&s", &text);
	g_variant_lookup(answer, "time", "&s", &time);
	g_variant_lookup(answer, "clock_state", "&s", &clock_state);
	g_variant_lookup(answer, "directory", "&s", &directory);
	g_variant_lookup(answer, "durable", "b", &durable);
	tell_changes(wanted, text);
	if (!durable) {
		fprintf(stderr, "jamlog mark: noted at %s, but NOT YET ON THE DISK, which takes nothing now: the recorder goes on trying "
				"(jamlog status)\n", time);
		return EXIT_CODE_FAILURE;
	}
	printf("noted at %s, durable", time);
	if (others > 0)
		printf(", in %s (%u more recorder%s running: --directory chooses)", directory, others, others == 1 ? " is" : "s are");
	if (g_str_equal(clock_state, clock_state_name(CLOCK_STATE_UNSET)))
		printf("; the clock of this computer is not set, sync finds the time");
	puts("");
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILURE;
}

static int run(const ControlTarget *target, const char *wanted)
{
	char text[TEXT_SIZE];
	guint others;
	g_autoptr(GError) error = NULL;
	observation_copy_text(text, sizeof text, wanted); /* as it will be recorded, and short enough for a request */
	g_strstrip(text);
	if (!*text) {
		fprintf(stderr, "jamlog mark: say what to note: jamlog mark water cannon arrived\n");
		return EXIT_CODE_USAGE;
	}
	g_autoptr(GVariant) answer = control_ask(target, "mark", text, &others, &error);
	if (answer)
		return tell(answer, wanted, target->directory ? 0 : others);
	const gboolean doubtful = g_error_matches(error, JAMLOG_ERROR, JAMLOG_ERROR_TIMEOUT);
	fprintf(stderr, "jamlog mark: THE TEXT %s RECORDED: %s\n", doubtful ? "IS PERHAPS NOT" : "WAS NOT", error->message);
	return (int)error_exit_code(error);
}

int cmd_mark(int argc, char **argv)
{
	g_autofree char *runtime = NULL, *directory = NULL;
	g_autoptr(GError) error = NULL;
	const GOptionEntry entries[] = {
		{"directory", 'd', 0, G_OPTION_ARG_FILENAME, &directory, "Into the recording that writes to this folder", "DIR"},
		{"runtime", 0, 0, G_OPTION_ARG_FILENAME, &runtime, "The folder that was given to \"jamlog record --runtime\"", "DIR"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("TEXT... - write a note into the running recording");
	g_option_context_set_description(context,
		"The words are joined; up to 511 bytes are kept. It is on the disk when \"durable\" is said. Of several recorders the\n"
		"one that was started last takes it. Others can read this command in the shell's history and, while it runs, in the list\n"
		"of processes.\n\n"
		"Exit codes: 0 noted and durable, 1 it could not be recorded, 2 usage, 3 no recorder is running.\n\n"
		"Example:\n  jamlog mark water cannon arrived\n");
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_strict_posix(context, TRUE); /* the text may have words like -5 or --no */
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "jamlog mark: %s\n", error->message);
		return EXIT_CODE_USAGE;
	}
	const gboolean dashes = argc > 1 && g_str_equal(argv[1], "--");
	g_autofree char *joined = g_strjoinv(" ", argv + (dashes ? 2 : 1));
	g_autofree char *wanted = g_strdup(g_strstrip(joined));
	return run(&(ControlTarget){.folder = runtime, .directory = directory}, wanted);
}
