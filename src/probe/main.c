/* jamlog-probe: see probe.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe.h"

int main(void)
{
	return 0;
}
