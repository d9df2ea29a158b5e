/* udev_testbed.c - a /sys and /dev of its own (umockdev), in which devices come and go as they are told to, for tests.
 *
 * To be started by umockdev-wrapper. The first line of output is the testbed's folder: a program that is started by
 * umockdev-wrapper with UMOCKDEV_DIR set to it sees its devices, and hears its events as udevd's. Each line of input is a
 * command, and each is answered by a line:
 *
 *	load FILE       devices in umockdev's format; no event
 *	add DEVPATH     the event that udevd forwards after its rules have run
 *	change DEVPATH
 *	remove DEVPATH  the event, then the device itself
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <umockdev.h>

static gboolean obey(UMockdevTestbed *testbed, const char *command, const char *argument, GError **error)
{
	if (strcmp(command, "load") == 0)
		return umockdev_testbed_add_from_file(testbed, argument, error);
	g_autofree char *path = g_strconcat("/sys", argument, NULL);
	umockdev_testbed_uevent(testbed, path, command);
	if (strcmp(command, "remove") == 0)
		umockdev_testbed_remove_device(testbed, path);
	return TRUE;
}

int main(void)
{
	char line[1024], command[16], argument[1000];
	g_autoptr(UMockdevTestbed) testbed = umockdev_testbed_new();
	g_autofree char *root = umockdev_testbed_get_root_dir(testbed);
	printf("%s\n", root);
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		g_autoptr(GError) error = NULL;
		if (sscanf(line, "%15s %999s", command, argument) != 2 || !obey(testbed, command, argument, &error))
			printf("failed: %s\n", error ? error->message : line);
		else
			printf("ok\n");
		fflush(stdout);
	}
	return 0;
}
