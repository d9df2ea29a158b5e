/* The checkpoint code: what people do to a code when they write it down, and what must not pass for one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "journal/checkpoint.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
#define VALUE G_GUINT64_CONSTANT(0x2468ace13579bd)

static void assert_refused(const char *text)
{
	guint64 value = 7;
	g_autoptr(GError) error = NULL;
	if (journal_checkpoint_parse(text, &value, &error))
		g_error("\"%s\" passed", text);
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	g_assert_cmpuint(value, ==, 7);
}

static void assert_means(const char *text, guint64 expected)
{
	guint64 value = 0;
	g_autoptr(GError) error = NULL;
	journal_checkpoint_parse(text, &value, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(value, ==, expected);
}

/* By the words of FORMAT.md: eleven times five bits, then the sum of the values times 1, 3, 5 ... 21. */
static void test_digits_and_their_sum_are_as_written_down(void)
{
	char code[JOURNAL_CHECKPOINT_SIZE];
	guint sum = 0;
	journal_checkpoint_format(VALUE, code);
	g_assert_cmpuint(strlen(code), ==, 12);
	for (guint i = 0; i < 11; i++) {
		const guint digit = (guint)(VALUE >> (50 - 5 * i)) & 31;
		g_assert_cmpint(code[i], ==, alphabet[digit]);
		sum += digit * (2 * i + 1);
	}
	g_assert_cmpint(code[11], ==, alphabet[sum % 32]);
	assert_means(code, VALUE);
	journal_checkpoint_format(0, code);
	g_assert_cmpstr(code, ==, "000000000000");
}

static void test_a_hand_written_code_is_understood(void)
{
	char code[JOURNAL_CHECKPOINT_SIZE];
	journal_checkpoint_format(1, code); /* 0 ten times, 1, and 21 */
	g_assert_cmpstr(code, ==, "00000000001N");
	assert_means("oOoO-0000-00ln", 1);
	assert_means("  0000 0000 00In\n", 1);
	assert_means("0-0-0-0-0-0-0-0-0-0-L-n", 1);
}

static void test_any_wrong_character_is_told(void)
{
	char code[JOURNAL_CHECKPOINT_SIZE];
	journal_checkpoint_format(VALUE, code);
	for (guint i = 0; i < 12; i++) {
		const char right = code[i];
		for (guint k = 0; k < 32; k++) {
			code[i] = alphabet[k];
			if (alphabet[k] != right)
				assert_refused(code);
		}
		code[i] = right;
	}
}

static void test_other_texts_are_refused(void)
{
	assert_refused("");
	assert_refused("----");
	assert_refused("00000000000");
	assert_refused("0000000000000");
	assert_refused("00000000000U");
	assert_refused("0000000000\xc3\xa9");
	assert_refused("00000000000000000000000000000000000000000");
}

static void test_digest_and_chain_both_count(void)
{
	guint8 a[JOURNAL_CHAIN_SIZE] = {1}, b[JOURNAL_CHAIN_SIZE] = {2};
	g_assert_cmpuint(journal_checkpoint_value(a, b), !=, journal_checkpoint_value(a, a));
	g_assert_cmpuint(journal_checkpoint_value(a, b), !=, journal_checkpoint_value(b, b));
	g_assert_cmpuint(journal_checkpoint_value(a, b), !=, journal_checkpoint_value(b, a));
	g_assert_cmpuint(journal_checkpoint_value(a, b), <, G_GUINT64_CONSTANT(1) << 55);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/checkpoint/digits-and-their-sum-are-as-written-down", test_digits_and_their_sum_are_as_written_down);
	g_test_add_func("/checkpoint/a-hand-written-code-is-understood", test_a_hand_written_code_is_understood);
	g_test_add_func("/checkpoint/any-wrong-character-is-told", test_any_wrong_character_is_told);
	g_test_add_func("/checkpoint/other-texts-are-refused", test_other_texts_are_refused);
	g_test_add_func("/checkpoint/digest-and-chain-both-count", test_digest_and_chain_both_count);
	return g_test_run();
}
