/* dns.h - questions to a DNS resolver, and forged answers to them. Pure; RFC 1035 clause 4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/net/packet.h"

#define SIM_DNS_PORT 53
#define SIM_DNS_NAME_MAX 254 /* of a name as text, with the NUL */

typedef enum { SIM_DNS_A = 1, SIM_DNS_AAAA = 28 } SimDnsType;

typedef struct {
	char name[SIM_DNS_NAME_MAX]; /* lower case, no dot at its end */
	guint16 type;		     /* SimDnsType or any other */
	gsize size;		     /* of head and question together */
} SimDnsQuestion;

/* FALSE for what is no query with exactly one question, or is cut off. */
gboolean sim_dns_parse(const guint8 *data, gsize size, SimDnsQuestion *ret_question);

typedef enum {
	SIM_LIE_ADDRESS, /* for a question of the other family: that there is none */
	SIM_LIE_NXDOMAIN,
	SIM_LIE_REFUSED,
	SIM_LIE_SILENCE, /* no answer at all */
} SimLie;

/* The answer to that query; NULL for SILENCE. `address` is of SIM_LIE_ADDRESS alone. */
GByteArray *sim_dns_forge(const guint8 *query, const SimDnsQuestion *question, SimLie lie, const SimAddress *address);
