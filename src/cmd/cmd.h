/* cmd.h - the subcommands. Each is one file of src/cmd, parses its own options (argv[0] is its name), prints, and
 * returns an exit code of error.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

int cmd_devices(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_mark(int argc, char **argv);
int cmd_targets(int argc, char **argv);
int cmd_keygen(int argc, char **argv);
int cmd_sync(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_baseline(int argc, char **argv);
int cmd_analyze(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_export(int argc, char **argv);
