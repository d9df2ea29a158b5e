/* dns.c - see dns.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/dns.h"

#include <string.h>

#define HEAD 12
#define LABEL_MAX 63
#define FLAG_QR 0x8000
#define OPCODE 0x7800
#define FLAG_RD 0x0100
#define FLAG_RA 0x0080
#define NXDOMAIN 3
#define REFUSED 5
#define CLASS_IN 1
#define TTL_S 60
#define POINTER_TO_QUESTION 0xc00c /* compression, RFC 1035 clause 4.1.4 */

/* The name that begins at `at`; *io_at is behind it afterwards. A question has no pointers. */
static gboolean parse_name(const guint8 *data, gsize size, gsize *io_at, char ret_name[SIM_DNS_NAME_MAX])
{
	gsize at = *io_at, length = 0;
	while (at < size && data[at] != 0) {
		gsize label = data[at++];
		if (label > LABEL_MAX || label > size - at || length + label + 2 > SIM_DNS_NAME_MAX)
			return FALSE;
		if (length > 0)
			ret_name[length++] = '.';
		for (gsize i = 0; i < label; i++)
			ret_name[length++] = g_ascii_tolower((char)data[at++]);
	}
	ret_name[length] = '\0';
	*io_at = at + 1;
	return at < size;
}

gboolean sim_dns_parse(const guint8 *data, gsize size, SimDnsQuestion *ret_question)
{
	gsize at = HEAD;
	if (size < HEAD || (sim_get_be16(data + 2) & (FLAG_QR | OPCODE)) != 0 || sim_get_be16(data + 4) != 1)
		return FALSE;
	if (!parse_name(data, size, &at, ret_question->name) || size - at < 4 || sim_get_be16(data + at + 2) != CLASS_IN)
		return FALSE;
	ret_question->type = sim_get_be16(data + at);
	ret_question->size = at + 4;
	return TRUE;
}

static void append_address(GByteArray *answer, const SimAddress *address)
{
	guint8 record[12];
	guint16 length = address->ipv6 ? 16 : 4;
	sim_put_be16(record, POINTER_TO_QUESTION);
	sim_put_be16(record + 2, address->ipv6 ? SIM_DNS_AAAA : SIM_DNS_A);
	sim_put_be16(record + 4, CLASS_IN);
	sim_put_be32(record + 6, TTL_S);
	sim_put_be16(record + 10, length);
	g_byte_array_append(answer, record, sizeof record);
	g_byte_array_append(answer, address->bytes, length);
}

GByteArray *sim_dns_forge(const guint8 *query, const SimDnsQuestion *question, SimLie lie, const SimAddress *address)
{
	if (lie == SIM_LIE_SILENCE)
		return NULL;
	guint16 code = lie == SIM_LIE_NXDOMAIN ? NXDOMAIN : lie == SIM_LIE_REFUSED ? REFUSED : 0;
	gboolean fits = lie == SIM_LIE_ADDRESS && question->type == (address->ipv6 ? SIM_DNS_AAAA : SIM_DNS_A);
	GByteArray *answer = g_byte_array_new();
	g_byte_array_append(answer, query, (guint)question->size);
	sim_put_be16(answer->data + 2, (guint16)(FLAG_QR | FLAG_RA | (sim_get_be16(query + 2) & FLAG_RD) | code));
	sim_put_be16(answer->data + 6, fits ? 1 : 0);
	memset(answer->data + 8, 0, 4); /* what the query had beside its question (EDNS) is not answered */
	if (fits)
		append_address(answer, address);
	return answer;
}
