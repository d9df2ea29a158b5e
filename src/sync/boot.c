/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/boot.h"

#include "sync/register.h"

static void boot_clear(Boot *boot)
{
	g_clear_pointer(&boot->known, g_array_unref);
	g_clear_pointer(&boot->utc, utc_map_free);
	g_clear_pointer(&boot->fixes, fix_cursor_free);
	g_clear_pointer(&boot->spool, fix_spool_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Boot, boot_clear)

static gboolean sync_within_transaction(Boot *boot, SyncSegment **segments, guint n, GError **error)
{
	SyncTools *tools = boot->tools;
	gboolean existed;
	if (!register_boot(tools->store, &segments[0]->header, &boot->id, &existed, error))
		return FALSE;
	boot->spool = existed ? NULL : fix_spool_new();
	if ((existed && !register_known(boot, error)) || !register_segments(boot, segments, n, error) ||
	    !boot_take_fixes(boot, segments, n, error) ||
	    !knots_rebuild(tools->store, boot->id, &boot->dated_from_ms, &boot->dated_to_ms, error))
		return FALSE;
	if (boot->spool && !fix_spool_rewind(boot->spool))
		g_clear_pointer(&boot->spool, fix_spool_free);
	boot->utc = utc_map_new(tools->store, boot->id, error);
	boot->fixes = boot->utc ? fix_cursor_new(tools->store, boot->id, g_steal_pointer(&boot->spool), error) : NULL;
	return boot->fixes && boot_take_rest(boot, segments, n, error) && boot_settle(boot, error) &&
	       register_bounds(boot, error);
}

gboolean boot_sync(SyncTools *tools, SyncSegment **segments, guint n, GError **error)
{
	g_auto(Boot) boot = {.tools = tools, .fixes_from_ms = G_MAXINT64, .fixes_to_ms = G_MININT64,
			     .south_e7 = G_MAXINT32, .west_e7 = G_MAXINT32, .north_e7 = G_MININT32, .east_e7 = G_MININT32};
	boot.known = g_array_new(FALSE, FALSE, sizeof(KnownRecording));
	return store_begin(tools->store, error) && sync_within_transaction(&boot, segments, n, error) &&
	       store_commit(tools->store, error);
}
