/* Memory for secrets, and the process that holds them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys.h"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

gpointer keys_secret_new(gsize size)
{
	gpointer secret = sodium_init() < 0 ? NULL : sodium_malloc(size);
	if (!secret)
		g_error("no memory for a secret");
	memset(secret, 0, size);
	return secret;
}

void keys_secret_free(gpointer secret)
{
	sodium_free(secret);
}

void keys_no_core_dumps(void)
{
	/* 0 does not bind those that the kernel pipes to a program (core(5)); 1 does, and is too little for any file. */
	if (setrlimit(RLIMIT_CORE, &(struct rlimit){1, 1}) != 0)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void keys_protect_process(void)
{
	keys_no_core_dumps();
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void keys_generate(JournalIdentity *ret_identity)
{
	crypto_box_keypair(ret_identity->public_key, ret_identity->secret_key);
}
