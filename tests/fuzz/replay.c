/* Runs a fuzz target over files, without a fuzzer: the corpus is part of every test run.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	int n = 0;
	for (int i = 1; i < argc; i++) {
		g_autofree char *bytes = NULL;
		gsize length;
		if (!g_file_get_contents(argv[i], &bytes, &length, NULL)) {
			fprintf(stderr, "cannot read %s\n", argv[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)bytes, length);
		n++;
	}
	printf("%d inputs\n", n);
	return n > 0 ? 0 : 1;
}
