/* Keys of recipients: what was made is read back, and every mistake is told as what it is. A passphrase costs Argon2id half a second, so
 * few tests try any.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "base32.h"
#include "keys/text.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOLS "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#define OTHERS  "#U:-_. \t\r\n\x01\xff" /* and symbols in small letters, O, I, L are the same ones */

static char *directory;
static JournalIdentity *identity; /* of "reporter", whose files are in `directory` */
static char *passphrase;

static char *path_of(const char *name)
{
	return g_build_filename(directory, name, NULL);
}

static char *content_of(const char *name, gsize *ret_length)
{
	g_autofree char *path = path_of(name);
	char *text = NULL;
	g_assert_true(g_file_get_contents(path, &text, ret_length, NULL));
	return text;
}

static gboolean same_bytes(const void *a, gsize a_size, const void *b, gsize b_size)
{
	return a_size == b_size && memcmp(a, b, a_size) == 0;
}

static gboolean same_identity(const JournalIdentity *a, const JournalIdentity *b)
{
	return sodium_memcmp(a, b, sizeof *a) == 0;
}

/* --- memory and process --- */

/* The flags of the mapping that holds the address, as the kernel tells them. */
static char *flags_of(const void *address)
{
	g_autofree char *maps = NULL;
	g_assert_true(g_file_get_contents("/proc/self/smaps", &maps, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(maps, "\n", -1);
	gboolean here = FALSE;
	for (char **line = lines; *line; line++) {
		gsize begin, end;
		if (sscanf(*line, "%zx-%zx ", &begin, &end) == 2)
			here = begin <= (gsize)address && (gsize)address < end;
		else if (here && g_str_has_prefix(*line, "VmFlags:"))
			return g_strdup(*line);
	}
	g_assert_not_reached();
}

static void test_secrets_are_locked_and_in_no_core_dump(void)
{
	guint8 *secret = keys_secret_new(100);
	g_assert_true(sodium_is_zero(secret, 100));
	g_autofree char *flags = flags_of(secret);
	g_assert_nonnull(strstr(flags, " dd"));
#ifndef __SANITIZE_ADDRESS__ /* which locks nothing */
	g_assert_nonnull(strstr(flags, " lo"));
#endif
	keys_secret_free(secret);
	keys_secret_free(NULL);
}

static void test_the_process_dumps_no_core_and_admits_no_debugger(void)
{
	struct rlimit limit;
	keys_protect_process();
	g_assert_cmpint(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), ==, 0);
	g_assert_cmpint(getrlimit(RLIMIT_CORE, &limit), ==, 0);
	g_assert_cmpuint(limit.rlim_cur + limit.rlim_max, ==, 2); /* 1 each */
}

/* --- base 32 --- */

static void test_base32_is_crockfords(void)
{
	static const guint8 rising[] = {0x00, 0x44, 0x32, 0x14, 0xc7}; /* five bits each of 0, 1, 2 ... 7 */
	char text[64];
	guint8 back[5];
	ByteWriter w = byte_writer_init(text, sizeof text);
	base32_put(&w, rising, sizeof rising, '-');
	g_assert_true(same_bytes(text, w.length, "0123-4567", 9));
	g_assert_true(base32_take("oi2 34\t-56 7", 12, back, sizeof back));
	g_assert_true(same_bytes(back, sizeof back, rising, sizeof rising));
	g_assert_true(base32_take("OL234567", 8, back, sizeof back));
	g_assert_true(same_bytes(back, sizeof back, rising, sizeof rising));
	static const char *const wrong[] = {"0123456", "012345678", "0123456U", "0123456*", "", "0123 456\n"};
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
		g_assert_false(base32_take(wrong[i], strlen(wrong[i]), back, sizeof back));
	g_assert_true(base32_take("ZW", 2, back, 1));
	g_assert_false(base32_take("ZX", 2, back, 1)); /* a bit that belongs to no byte */
}

static void test_base32_gives_back_every_length(void)
{
	for (gsize size = 0; size <= 40; size++) {
		guint8 bytes[40], back[40];
		char text[128];
		ByteWriter w = byte_writer_init(text, sizeof text);
		randombytes_buf(bytes, sizeof bytes);
		base32_put(&w, bytes, size, ' ');
		g_assert_true(base32_take(text, w.length, back, size));
		g_assert_true(same_bytes(back, size, bytes, size));
	}
}

/* --- what any damage to a text comes to --- */

/* TRUE: the text is taken and means what it did. Anything else that is taken fails the test. */
typedef gboolean (*Taken)(const char *text, gsize length, GError **error);

static gboolean public_taken(const char *text, gsize length, GError **error)
{
	KeysRecipient recipient;
	if (!keys_parse_public(text, length, &recipient, error))
		return FALSE;
	g_assert_cmpstr(recipient.name, ==, "reporter");
	g_assert_true(same_bytes(recipient.public_key, JOURNAL_KEY_SIZE, identity->public_key, JOURNAL_KEY_SIZE));
	return TRUE;
}

static gboolean secret_taken(const char *text, gsize length, GError **error)
{
	char name[KEYS_NAME_SIZE];
	if (!keys_parse_secret(text, length, NULL, NULL, name, error))
		return FALSE;
	g_assert_cmpstr(name, ==, "reporter");
	return TRUE;
}

static gboolean sheet_taken(const char *text, gsize length, GError **error)
{
	char name[KEYS_NAME_SIZE];
	JournalIdentity back;
	g_autofree char *copy = g_strndup(text, length);
	if (!keys_read_sheet(copy, &back, name, error))
		return FALSE;
	g_assert_cmpint(g_ascii_strcasecmp(name, "reporter"), ==, 0);
	g_assert_true(same_identity(&back, identity));
	return TRUE;
}

static void assert_format(Taken taken, const char *text, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(taken(text, length, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT);
}

/* Every character by every other that it can be mistaken for; those of a base 32 group by another symbol are to be refused always. */
static void try_substitutions(Taken taken, char *text, gsize length, gsize begin)
{
	for (gsize i = begin; i < length; i++) {
		const char was = text[i];
		for (const char *c = SYMBOLS OTHERS; *c; c++) {
			text[i] = *c;
			if (*c == was)
				continue;
			if (strchr(SYMBOLS, was) && strchr(SYMBOLS, *c))
				assert_format(taken, text, length);
			else
				taken(text, length, NULL);
		}
		text[i] = was;
	}
	g_assert_true(taken(text, length, NULL));
}

/* Whole without the end of its last line, else never. */
static void try_truncations(Taken taken, const char *text, gsize length)
{
	g_assert_true(taken(text, length - 1, NULL));
	for (gsize cut = 0; cut < length - 1; cut++) {
		g_autofree char *exact = g_memdup2(text, cut); /* so that a sanitizer sees the first byte too many */
		assert_format(taken, exact ? exact : "", cut);
	}
}

static void assert_carried(Taken taken, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *mailed = g_strjoinv(" \r\n", lines), *longer = g_strconcat(text, "\n \n", NULL);
	g_autofree char *more = g_strconcat(text, "x", NULL);
	g_assert_true(taken(mailed, strlen(mailed), NULL));
	g_assert_true(taken(longer, strlen(longer), NULL));
	assert_format(taken, more, strlen(more));
}

/* --- public keys --- */

static void test_public_key_file_is_whole_or_refused(void)
{
	gsize length;
	g_autofree char *text = content_of("reporter.pub", &length);
	try_substitutions(public_taken, text, length, 0);
	try_truncations(public_taken, text, length);
	assert_carried(public_taken, text);
}

/* X25519 comes to zero with this one whatever the other side's key is. */
static void test_a_key_that_hides_nothing_is_refused(void)
{
	KeysRecipient weak = {.name = "reporter"}, back;
	char text[KEYS_TEXT_MAX];
	ByteWriter w = byte_writer_init(text, sizeof text);
	keys_put_public(&w, &weak);
	g_assert_false(keys_parse_public(text, w.length, &back, NULL));
}

static void assert_says(const char *name, gboolean secret_wanted, const char *words)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = path_of(name);
	KeysRecipient recipient;
	char whose[KEYS_NAME_SIZE];
	g_assert_false(secret_wanted ? keys_read_secret(path, NULL, NULL, whose, &error) : keys_read_public(path, &recipient, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT);
	g_assert_nonnull(strstr(error->message, path));
	g_assert_nonnull(strstr(error->message, words));
}

static void put_file(const char *name, const char *text)
{
	g_autofree char *path = path_of(name);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void test_the_wrong_kind_of_file_is_told(void)
{
	char *sheet = keys_make_sheet("reporter", identity);
	g_autofree char *long_text = g_strnfill(KEYS_TEXT_MAX + 1, '\n');
	put_file("sheet.txt", sheet);
	put_file("other.txt", "hello\n");
	put_file("newer.txt", "jamlog-public-2\nname reporter\n");
	put_file("long.txt", long_text);
	assert_says("reporter.key", FALSE, "SECRET");
	assert_says("reporter.pub", TRUE, "a public key file");
	assert_says("sheet.txt", FALSE, "a recovery sheet");
	assert_says("sheet.txt", TRUE, "--restore");
	assert_says("other.txt", FALSE, "no public key file");
	assert_says("other.txt", TRUE, "no secret key file");
	assert_says("newer.txt", FALSE, "newer jamlog");
	assert_says("long.txt", FALSE, "longer than any");
	keys_secret_free(sheet);
}

/* --- secret keys --- */

static void test_a_passphrase_opens_and_another_does_not(void)
{
	char name[KEYS_NAME_SIZE] = "untouched";
	g_autoptr(GError) error = NULL;
	g_autofree char *path = path_of("reporter.key");
	JournalIdentity *back = keys_secret_new(sizeof *back);
	g_assert_false(keys_read_secret(path, "correct horse battery stapl", back, name, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_ACCESS);
	g_assert_cmpstr(name, ==, "untouched");
	g_assert_true(sodium_is_zero((const guint8 *)back, sizeof *back));
	g_assert_true(keys_read_secret(path, passphrase, back, name, NULL));
	g_assert_cmpstr(name, ==, "reporter");
	g_assert_true(same_identity(back, identity));
	keys_secret_free(back);
}

/* The file would show one recipient's key and hold another's. */
static void test_a_forged_public_half_is_told(void)
{
	char text[KEYS_TEXT_MAX], name[KEYS_NAME_SIZE];
	ByteWriter w = byte_writer_init(text, sizeof text);
	g_autoptr(GError) error = NULL;
	JournalIdentity *forged = keys_secret_new(sizeof *forged), *back = keys_secret_new(sizeof *back);
	keys_generate(forged);
	memcpy(forged->public_key, identity->public_key, JOURNAL_KEY_SIZE);
	g_assert_true(keys_put_secret(&w, "reporter", forged, passphrase, NULL));
	g_assert_false(keys_parse_secret(text, w.length, passphrase, back, name, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT);
	g_assert_true(sodium_is_zero((const guint8 *)back, sizeof *back));
	keys_secret_free(back);
	keys_secret_free(forged);
}

static void test_secret_key_file_is_whole_or_refused(void)
{
	gsize length;
	g_autofree char *text = content_of("reporter.key", &length);
	try_substitutions(secret_taken, text, length, 0);
	try_truncations(secret_taken, text, length);
	assert_carried(secret_taken, text);
}

/* With a checksum that fits: whoever is after our memory and time can work it out too. */
static void test_a_file_cannot_choose_the_cost(void)
{
	static const char *const costs[] = {
		"argon2id 4294967295 passes, 256 MiB", "argon2id 3 passes, 1048576 MiB", "argon2id 1 passes, 8 MiB", "argon2id",
	};
	gsize length;
	g_autofree char *text = content_of("reporter.key", &length);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; i < G_N_ELEMENTS(costs); i++) {
		guint8 digest[KEYS_DIGEST_SIZE];
		char file[KEYS_TEXT_MAX];
		char name[KEYS_NAME_SIZE];
		JournalIdentity back;
		g_autoptr(GError) error = NULL;
		g_autofree char *body = g_strdup_printf("%s\n%s\n%s\n%s\n%s\n%s\n", lines[0], lines[1], lines[2], costs[i], lines[4],
							lines[5]);
		ByteWriter w = byte_writer_init(file, sizeof file);
		keys_put_words(&w, body);
		keys_digest(body, strlen(body), NULL, 0, digest);
		keys_put_words(&w, "check ");
		base32_put(&w, digest, 10, '-');
		const gint64 begin_us = g_get_monotonic_time();
		g_assert_false(keys_parse_secret(file, w.length, passphrase, &back, name, &error));
		g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT);
		g_assert_cmpint(g_get_monotonic_time() - begin_us, <, G_USEC_PER_SEC / 10);
	}
}

static void assert_usage(const char *name, const char *words)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(keys_check_free(directory, name, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	g_assert_nonnull(strstr(error->message, words));
}

static void test_nothing_is_overwritten(void)
{
	gsize length, length_after;
	g_autofree char *before = content_of("reporter.key", &length);
	g_autofree char *link = path_of("dangling.key");
	g_autoptr(GError) error = NULL;
	put_file("half.pub", "");
	g_assert_cmpint(symlink("nowhere", link), ==, 0);
	assert_usage("reporter", "reporter.key");
	assert_usage("half", "half.pub");
	assert_usage("dangling", "dangling.key");
	g_assert_false(keys_write(directory, "reporter", identity, passphrase, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	g_autofree char *after = content_of("reporter.key", &length_after);
	g_assert_true(same_bytes(after, length_after, before, length));
}

static void test_names_are_checked(void)
{
	static const char *const wrong[] = {
		"", "a b", "../x", "a/b", ".hidden", "-d", "caf\xc3\xa9", "a\n", "abcdefghijklmnopqrstuvwxyz012345",
	};
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
		assert_usage(wrong[i], "no name");
	g_assert_true(keys_check_free(directory, "abcdefghijklmnopqrstuvwxyz-_.45", NULL));
	g_assert_false(keys_check_free("/no/such/folder", "reporter", NULL));
}

/* The disk takes the public key and not the secret one, which is longer: neither is left. */
static void test_a_failed_write_leaves_nothing(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *secret = path_of("full.key"), *public = path_of("full.pub");
	struct rlimit before;
	getrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){200, before.rlim_max});
	const gboolean written = keys_write(directory, "full", identity, passphrase, &error);
	setrlimit(RLIMIT_FSIZE, &before);
	g_assert_false(written);
	g_assert_nonnull(strstr(error->message, "full.key"));
	g_assert_false(g_file_test(secret, G_FILE_TEST_EXISTS));
	g_assert_false(g_file_test(public, G_FILE_TEST_EXISTS));
}

/* --- the sheet --- */

static guint line_of(const char *text, gsize offset)
{
	guint line = 1;
	for (gsize i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

static void assert_told(const char *text, guint line)
{
	JournalIdentity back;
	char name[KEYS_NAME_SIZE];
	g_autoptr(GError) error = NULL;
	g_autofree char *words = g_strdup_printf("line %u ", line);
	g_assert_false(keys_read_sheet(text, &back, name, &error));
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT);
	if (!strstr(error->message, words))
		g_error("a mistake in line %u is told as: %s", line, error->message);
}

/* One wrong letter or digit, or two neighbours swapped: what hands do. */
static void test_a_mistake_in_the_sheet_is_told_by_its_line(void)
{
	char *sheet = keys_make_sheet("reporter", identity);
	for (gsize i = (gsize)(strstr(sheet, "\njamlog-sheet-") - sheet) + 1; sheet[i]; i++) {
		const char was = sheet[i], next = sheet[i + 1];
		if (!g_ascii_isalnum(was))
			continue;
		for (const char *c = SYMBOLS "U*"; *c; c++) {
			sheet[i] = *c;
			if (g_ascii_tolower(*c) != g_ascii_tolower(was) && !(was == 'o' && *c == '0') && !(was == 'l' && *c == '1'))
				assert_told(sheet, line_of(sheet, i));
		}
		sheet[i] = was;
		if (!g_ascii_isalnum(next) || was == next)
			continue;
		sheet[i] = next;
		sheet[i + 1] = was;
		assert_told(sheet, line_of(sheet, i));
		sheet[i] = was;
		sheet[i + 1] = next;
	}
	keys_secret_free(sheet);
}

static void test_the_sheet_gives_its_key_or_none(void)
{
	char *sheet = keys_make_sheet("reporter", identity);
	const gsize length = strlen(sheet), begin = (gsize)(strstr(sheet, "\njamlog-sheet-") - sheet);
	try_substitutions(sheet_taken, sheet, length, begin);
	try_truncations(sheet_taken, sheet, length);
	assert_carried(sheet_taken, sheet);
	for (gsize i = 0; i < begin; i++) { /* words for people may suffer, but not become a part of the key */
		const char was = sheet[i];
		sheet[i] = was == '\n' ? 'x' : '\n';
		sheet_taken(sheet, length, NULL);
		sheet[i] = was;
	}
	keys_secret_free(sheet);
}

/* Without the words, in small letters, O for 0 and l for 1, blanks and lines as they come. */
static void test_a_sheet_may_be_typed(void)
{
	char *sheet = keys_make_sheet("reporter", identity);
	g_auto(GStrv) lines = g_strsplit(strstr(sheet, "jamlog-sheet-"), "\n", -1);
	g_autoptr(GString) typed = g_string_new("\n\n");
	for (guint i = 0; lines[i]; i++) {
		char *key = i >= 2 && i <= 5 ? strchr(lines[i], ':') : NULL;
		for (char *c = key; c && *c; c++)
			*c = *c == '0' ? 'O' : *c == '1' ? 'l' : *c == ' ' ? '\t' : (char)g_ascii_tolower(*c);
		g_string_append_printf(typed, "  %s\r\n\n", lines[i]);
	}
	g_assert_true(sheet_taken(typed->str, typed->len, NULL));
	keys_secret_free(sheet);
}

static void test_lines_of_the_sheet_keep_their_order(void)
{
	char *sheet = keys_make_sheet("reporter", identity);
	g_auto(GStrv) lines = g_strsplit(strstr(sheet, "jamlog-sheet-"), "\n", -1);
	for (guint i = 0; i < 7; i++) {
		g_autoptr(GString) missing = g_string_new(NULL), doubled = g_string_new(NULL);
		for (guint k = 0; k < 7; k++) {
			if (k != i)
				g_string_append_printf(missing, "%s\n", lines[k]);
			g_string_append_printf(doubled, "%s\n%s%s", lines[k], k == i ? lines[k] : "", k == i ? "\n" : "");
		}
		assert_told(missing->str, i + 1);
		assert_told(doubled->str, i + 2);
	}
	lines[2][0] = '2'; /* the right characters, as if of another line */
	lines[3][0] = '1';
	char *first = lines[2];
	lines[2] = lines[3];
	lines[3] = first;
	g_autofree char *swapped = g_strjoinv("\n", lines);
	assert_told(swapped, 3);
	keys_secret_free(sheet);
}

/* Lines that are each in order, of two sheets. */
static void test_lines_of_two_sheets_make_no_key(void)
{
	JournalIdentity *other = keys_secret_new(sizeof *other);
	keys_generate(other);
	char *ours = keys_make_sheet("reporter", identity), *theirs = keys_make_sheet("reporter", other);
	memcpy(strstr(ours, "\n3: "), strstr(theirs, "\n3: "), 23);
	assert_told(ours, line_of(ours, (gsize)(strstr(ours, "fingerprint:") - ours)));
	keys_secret_free(theirs);
	keys_secret_free(ours);
	keys_secret_free(other);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	directory = g_dir_make_tmp("jamlog-keys-XXXXXX", NULL);
	identity = keys_secret_new(sizeof *identity);
	passphrase = keys_secret_new(KEYS_PASSPHRASE_SIZE);
	g_strlcpy(passphrase, "correct horse battery staple", KEYS_PASSPHRASE_SIZE);
	keys_generate(identity);
	g_assert_true(keys_write(directory, "reporter", identity, passphrase, NULL));

	g_test_add_func("/keys/secrets-are-locked-and-in-no-core-dump", test_secrets_are_locked_and_in_no_core_dump);
	g_test_add_func("/keys/process-dumps-no-core", test_the_process_dumps_no_core_and_admits_no_debugger);
	g_test_add_func("/keys/base32/is-crockfords", test_base32_is_crockfords);
	g_test_add_func("/keys/base32/every-length", test_base32_gives_back_every_length);
	g_test_add_func("/keys/public/whole-or-refused", test_public_key_file_is_whole_or_refused);
	g_test_add_func("/keys/public/that-hides-nothing", test_a_key_that_hides_nothing_is_refused);
	g_test_add_func("/keys/wrong-kind-is-told", test_the_wrong_kind_of_file_is_told);
	g_test_add_func("/keys/secret/passphrase", test_a_passphrase_opens_and_another_does_not);
	g_test_add_func("/keys/secret/forged", test_a_forged_public_half_is_told);
	g_test_add_func("/keys/secret/whole-or-refused", test_secret_key_file_is_whole_or_refused);
	g_test_add_func("/keys/secret/cannot-choose-the-cost", test_a_file_cannot_choose_the_cost);
	g_test_add_func("/keys/write/overwrites-nothing", test_nothing_is_overwritten);
	g_test_add_func("/keys/write/names", test_names_are_checked);
	g_test_add_func("/keys/write/failure-leaves-nothing", test_a_failed_write_leaves_nothing);
	g_test_add_func("/keys/sheet/mistake-is-told-by-its-line", test_a_mistake_in_the_sheet_is_told_by_its_line);
	g_test_add_func("/keys/sheet/its-key-or-none", test_the_sheet_gives_its_key_or_none);
	g_test_add_func("/keys/sheet/may-be-typed", test_a_sheet_may_be_typed);
	g_test_add_func("/keys/sheet/order", test_lines_of_the_sheet_keep_their_order);
	g_test_add_func("/keys/sheet/lines-of-two", test_lines_of_two_sheets_make_no_key);
	const int result = g_test_run();

	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	for (const char *name; (name = g_dir_read_name(dir));) {
		g_autofree char *path = path_of(name);
		g_unlink(path);
	}
	g_rmdir(directory);
	g_free(directory);
	keys_secret_free(passphrase);
	keys_secret_free(identity);
	return result;
}
