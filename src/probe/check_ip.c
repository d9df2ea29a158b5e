/* Raw reachability: a TCP connection to an address. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/check.h"

static void start(Check *c)
{
	const ExchangeWish wish = {.address = c->address, .family = c->family, .port = c->target->port, .stream = TRUE};
	c->exchange = exchange_start(c->session, &wish, check_take_exchange, c);
}

const CheckKind check_ip = {.start = start};
