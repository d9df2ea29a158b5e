/* See guard.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/guard.h"

#include "error.h"

#include <nftables/libnftables.h>

struct Guard {
	struct nft_ctx *context; /* its socket owns the table */
};

void guard_free(Guard *guard)
{
	if (!guard)
		return;
	nft_ctx_free(guard->context);
	g_free(guard);
}

Guard *guard_new(const char *interface, guint32 mark, GError **error)
{
	g_autofree char *text = g_strdup_printf(
		"table inet jamlog_%x {\n"
		"	flags owner;\n"
		"	chain output {\n"
		"		type filter hook output priority filter;\n"
		"		oifname \"%s\" meta mark != 0x%x reject with icmpx admin-prohibited;\n"
		"	}\n"
		"	chain forward {\n"
		"		type filter hook forward priority filter;\n"
		"		oifname \"%s\" drop;\n"
		"		iifname \"%s\" drop;\n"
		"	}\n"
		"}\n", mark, interface, mark, interface, interface);
	Guard *guard = g_new0(Guard, 1);
	guard->context = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!guard->context) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED, "nftables does not start: other programs could not be kept off %s",
			    interface);
		g_free(guard);
		return NULL;
	}
	nft_ctx_buffer_output(guard->context);
	nft_ctx_buffer_error(guard->context);
	if (nft_run_cmd_from_buffer(guard->context, text) == 0)
		return guard;
	g_autofree char *why = g_strdelimit(g_strdup(nft_ctx_get_error_buffer(guard->context)), "\n", ' ');
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED,
		    "other programs cannot be kept off %s, so it is not used: nftables says: %.120s", interface, g_strstrip(why));
	guard_free(guard);
	return NULL;
}
