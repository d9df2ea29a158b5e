/* addresses.h - what a resolver's answer tells: whether it can be true. Pure.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

/* Whether no server in the internet can have this address: private, loopback, link-local, shared (RFC 6598), benchmarking, multicast,
 * reserved (the IANA special-purpose address registries, RFC 6890). Addresses for documentation are left out: examples and
 * rehearsals use them as the internet. */
gboolean address_is_special(GInetAddress *address);
/* Whether any of them is. */
gboolean addresses_are_special(const GPtrArray *addresses);

/* Whether two answers share an address, or a network that is likely to be of one owner: 16 bits of IPv4, 32 of IPv6. Large sites give
 * each asker other addresses of theirs. */
gboolean addresses_agree(const GPtrArray *a, const GPtrArray *b);
