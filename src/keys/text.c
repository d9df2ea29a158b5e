/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys/text.h"

#include "error.h"
#include "base32.h"

#include <sodium.h>

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

gboolean keys_lines_take(KeysLines *lines, const char *word, const char **ret_value, gsize *ret_length)
{
	const char *line = lines->at, *newline = memchr(line, '\n', lines->left);
	gsize length = newline ? (gsize)(newline - line) : lines->left;
	const gsize word_length = strlen(word), passed = length + (newline ? 1 : 0);
	lines->at += passed;
	lines->left -= passed;
	while (length > 0 && is_blank(line[length - 1]))
		length--;
	if (length < word_length || memcmp(line, word, word_length) != 0 || (length > word_length && !is_blank(line[word_length])))
		return FALSE;
	for (line += word_length, length -= word_length; length > 0 && is_blank(*line); line++)
		length--;
	*ret_value = line;
	*ret_length = length;
	return TRUE;
}

gboolean keys_lines_bytes(KeysLines *lines, const char *word, guint8 *ret_bytes, gsize size)
{
	const char *value;
	gsize length;
	return keys_lines_take(lines, word, &value, &length) && base32_take(value, length, ret_bytes, size);
}

gboolean keys_lines_name(KeysLines *lines, const char *word, char ret_name[KEYS_NAME_SIZE])
{
	const char *value;
	gsize length;
	if (!keys_lines_take(lines, word, &value, &length) || !keys_name_valid(value, length))
		return FALSE;
	memcpy(ret_name, value, length);
	ret_name[length] = '\0';
	return TRUE;
}

gboolean keys_lines_word(KeysLines *lines, const char *word)
{
	const char *value;
	gsize length;
	return keys_lines_take(lines, word, &value, &length) && length == 0;
}

gboolean keys_lines_over(const KeysLines *lines)
{
	for (gsize i = 0; i < lines->left; i++)
		if (!is_blank(lines->at[i]) && lines->at[i] != '\n')
			return FALSE;
	return TRUE;
}

void keys_put_words(ByteWriter *w, const char *words)
{
	byte_writer_put(w, words, strlen(words));
}

gboolean keys_name_valid(const char *name, gsize length)
{
	if (length == 0 || length >= KEYS_NAME_SIZE || !g_ascii_isalnum(*name))
		return FALSE;
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isalnum(name[i]) && name[i] != '-' && name[i] != '_' && name[i] != '.')
			return FALSE;
	return TRUE;
}

void keys_digest(const void *a, gsize a_size, const void *b, gsize b_size, guint8 ret_digest[KEYS_DIGEST_SIZE])
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, KEYS_DIGEST_SIZE);
	crypto_generichash_update(&state, a, a_size);
	crypto_generichash_update(&state, b, b_size);
	crypto_generichash_final(&state, ret_digest, KEYS_DIGEST_SIZE);
}

void keys_print_of(const guint8 public_key[JOURNAL_KEY_SIZE], guint8 ret_print[KEYS_PRINT_SIZE])
{
	static const char label[] = "jamlog fingerprint 1";
	guint8 digest[KEYS_DIGEST_SIZE];
	keys_digest(label, strlen(label), public_key, JOURNAL_KEY_SIZE, digest);
	memcpy(ret_print, digest, KEYS_PRINT_SIZE);
}

static gboolean begins(const char *text, gsize length, const char *with)
{
	return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static const char *complaint(const char *text, gsize length, const char *magic)
{
	const gsize magic_length = strlen(magic);
	const gboolean public_wanted = g_str_equal(magic, KEYS_PUBLIC_MAGIC);
	if (begins(text, length, magic) && length > magic_length && g_ascii_isdigit(text[magic_length]) &&
	    (text[magic_length] != '1' || (length > magic_length + 1 && g_ascii_isdigit(text[magic_length + 1]))))
		return "made by a newer jamlog: use that one";
	if (begins(text, length, magic))
		return public_wanted ? "a public key file that was damaged or mistyped: get it anew from whoever made it"
				     : "a secret key file that is damaged: take a copy, or the recovery sheet (jamlog keygen --restore)";
	if (begins(text, length, KEYS_SECRET_MAGIC))
		return "a SECRET key file. It stays at the desk; what belongs here is the public one, NAME.pub";
	if (begins(text, length, KEYS_PUBLIC_MAGIC))
		return "a public key file; what opens recordings is the secret one, NAME.key";
	if (g_strstr_len(text, (gssize)length, KEYS_SHEET_MAGIC))
		return "a recovery sheet: jamlog keygen --restore makes key files of it";
	return public_wanted ? "no public key file: jamlog keygen makes one" : "no secret key file: jamlog keygen makes one";
}

gboolean keys_refuse(const char *text, gsize length, const char *magic, GError **error)
{
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "this is %s", complaint(text, length, magic));
	return FALSE;
}
