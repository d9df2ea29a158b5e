/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/checkpoint.h"

#include "base32.h"
#include "error.h"

#include <sodium.h>

#define DIGITS       11u
#define BITS_A_DIGIT 5u

static const char purpose[] = "jamlog checkpoint 1";

guint64 journal_checkpoint_value(const guint8 digest[JOURNAL_CHAIN_SIZE], const guint8 chain[JOURNAL_CHAIN_SIZE])
{
	guint8 hash[JOURNAL_CHAIN_SIZE];
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	crypto_generichash_update(&state, (const guint8 *)purpose, strlen(purpose));
	crypto_generichash_update(&state, digest, JOURNAL_CHAIN_SIZE);
	crypto_generichash_update(&state, chain, JOURNAL_CHAIN_SIZE);
	crypto_generichash_final(&state, hash, sizeof hash);
	guint64 value = 0;
	for (guint i = 0; i < sizeof value; i++)
		value = value << 8 | hash[i];
	return value >> (64 - DIGITS * BITS_A_DIGIT);
}

static guint digit(guint64 value, guint i)
{
	return (guint)(value >> (BITS_A_DIGIT * (DIGITS - 1 - i))) & 31u;
}

/* Odd factors: no single wrong character keeps the sum; different ones: hardly any two that changed places. */
static guint check_digit(guint64 value)
{
	guint sum = 0;
	for (guint i = 0; i < DIGITS; i++)
		sum += digit(value, i) * (2 * i + 1);
	return sum % 32;
}

void journal_checkpoint_format(guint64 value, char ret_code[JOURNAL_CHECKPOINT_SIZE])
{
	for (guint i = 0; i < DIGITS; i++)
		ret_code[i] = base32_symbol(digit(value, i));
	ret_code[DIGITS] = base32_symbol(check_digit(value));
	ret_code[DIGITS + 1] = '\0';
}

static gboolean refuse(const char *text, const char *why, GError **error)
{
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "\"%s\" is no checkpoint code: %s", text, why);
	return FALSE;
}

gboolean journal_checkpoint_parse(const char *text, guint64 *ret_value, GError **error)
{
	guint64 value = 0;
	guint n = 0, last = 0;
	for (const char *c = text; *c; c++) {
		if (*c == '-' || g_ascii_isspace(*c))
			continue;
		const int v = base32_value(*c);
		if (v < 0)
			return refuse(text, "it has a character that is in none", error);
		if (n < DIGITS)
			value = value << BITS_A_DIGIT | (guint)v;
		last = (guint)v;
		if (++n > DIGITS + 1)
			return refuse(text, "it is too long; a code has 12 characters", error);
	}
	if (n < DIGITS + 1)
		return refuse(text, "it is too short; a code has 12 characters", error);
	if (last != check_digit(value))
		return refuse(text, "it was misspelt (its last character does not fit the others)", error);
	*ret_value = value;
	return TRUE;
}
