/* polkit_yes.c - a stand-in for polkit on a private bus, which allows everything: ModemManager asks it before it obeys anybody.
 *
 * Usage: polkit_yes [no]. Prints "ready". With "no" it allows nothing.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

static const char interface_xml[] =
	"<node><interface name='org.freedesktop.PolicyKit1.Authority'><method name='CheckAuthorization'>"
	"<arg type='(sa{sv})' direction='in'/><arg type='s' direction='in'/><arg type='a{ss}' direction='in'/>"
	"<arg type='u' direction='in'/><arg type='s' direction='in'/><arg type='(bba{ss})' direction='out'/></method>"
	"</interface></node>";

static void on_call(G_GNUC_UNUSED GDBusConnection *bus, G_GNUC_UNUSED const char *sender, G_GNUC_UNUSED const char *path,
		    G_GNUC_UNUSED const char *interface, G_GNUC_UNUSED const char *method, G_GNUC_UNUSED GVariant *arguments,
		    GDBusMethodInvocation *invocation, gpointer allowed)
{
	g_dbus_method_invocation_return_value(invocation, g_variant_new("((bba{ss}))", *(gboolean *)allowed, FALSE, NULL));
}

static void on_acquired(G_GNUC_UNUSED GDBusConnection *bus, G_GNUC_UNUSED const char *name, G_GNUC_UNUSED gpointer data)
{
	printf("ready\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const GDBusInterfaceVTable vtable = {.method_call = on_call};
	gboolean allowed = argc < 2 || strcmp(argv[1], "no") != 0;
	g_autoptr(GDBusNodeInfo) info = g_dbus_node_info_new_for_xml(interface_xml, NULL);
	g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
	if (!bus || !g_dbus_connection_register_object(bus, "/org/freedesktop/PolicyKit1/Authority", info->interfaces[0], &vtable,
						       &allowed, NULL, NULL))
		return 1;
	g_bus_own_name_on_connection(bus, "org.freedesktop.PolicyKit1", G_BUS_NAME_OWNER_FLAGS_NONE, on_acquired, NULL, NULL, NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
	return 0;
}
