/* cmd.h - the subcommands: one file each. argv[0] is the command's name; the result is the exit code (error.h).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

int cmd_record(int argc, char **argv);
int cmd_sync(int argc, char **argv);
int cmd_export(int argc, char **argv);
