/* The dictionary of what is compared, and its texts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline_tables.h"

#define MCC_DIGITS 3
#define MAX_DIGITS 12 /* of a number in a key: 2^36 is the widest, an NR cell identity */

struct BaselineKeys {
	Store *store;
	sqlite3_stmt *find, *enter;
};

BaselineKeys *baseline_keys_new(Store *store, GError **error)
{
	g_autoptr(BaselineKeys) keys = g_new0(BaselineKeys, 1);
	keys->store = store;
	keys->find = store_prepare(store, "SELECT id FROM baseline_cell WHERE key=?", error);
	keys->enter = keys->find ? store_prepare(store, "INSERT INTO baseline_cell (key) VALUES (?)", error) : NULL;
	return keys->enter ? g_steal_pointer(&keys) : NULL;
}

void baseline_keys_free(BaselineKeys *keys)
{
	if (!keys)
		return;
	sqlite3_finalize(keys->find);
	sqlite3_finalize(keys->enter);
	g_free(keys);
}

gboolean baseline_key(BaselineKeys *keys, const char *text, gboolean enter, gint64 *ret_key, GError **error)
{
	gboolean row;
	sqlite3_bind_text(keys->find, 1, text, -1, SQLITE_STATIC);
	const gboolean found = store_step(keys->store, keys->find, &row, error);
	*ret_key = found && row ? sqlite3_column_int64(keys->find, 0) : 0;
	sqlite3_reset(keys->find);
	if (!found || row || !enter)
		return found;
	sqlite3_bind_text(keys->enter, 1, text, -1, SQLITE_STATIC);
	if (!store_run(keys->store, keys->enter, error))
		return FALSE;
	*ret_key = sqlite3_last_insert_rowid(store_db(keys->store));
	return TRUE;
}

/* How many digits `text` begins with. */
static gsize digits(const char *text)
{
	return strspn(text, "0123456789");
}

static gsize plmn_length(const char *text)
{
	if (digits(text) != MCC_DIGITS || text[MCC_DIGITS] != '-')
		return 0;
	const gsize mnc = digits(text + MCC_DIGITS + 1);
	return mnc == 2 || mnc == 3 ? MCC_DIGITS + 1 + mnc : 0;
}

/* Behind a number as we write it, without leading zeros; NULL where there is none. */
static const char *after_number(const char *text)
{
	const gsize n = digits(text);
	return n == 0 || n > MAX_DIGITS || (n > 1 && text[0] == '0') ? NULL : text + n;
}

static const char *after_rat(const char *text)
{
	for (guint rat = RAT_GSM; rat_words[rat]; rat++)
		if (g_str_has_prefix(text, rat_words[rat]) && text[strlen(rat_words[rat])] == ' ')
			return text + strlen(rat_words[rat]) + 1;
	return NULL;
}

gboolean baseline_key_valid(const char *key)
{
	const gsize length = plmn_length(key);
	if (length == 0 || key[length] == '\0')
		return length != 0;
	const char *at = key[length] == ' ' ? after_rat(key + length + 1) : NULL;
	if (at && g_str_has_prefix(at, "cell ")) {
		at = after_number(at + strlen("cell "));
	} else if (at) {
		at = after_number(at);
		at = at && *at == ' ' ? after_number(at + 1) : NULL;
	}
	return at && *at == '\0';
}

static void cell_text(const Entry *cell, char ret_text[BASELINE_KEY_SIZE])
{
	const RadioFields *f = &cell->fields;
	ret_text[0] = '\0';
	if (!cell->plmn[0] || !ENTRY_HAS(cell, rat) || f->rat == RAT_NONE || f->rat > RAT_NR)
		return;
	if (ENTRY_HAS(cell, arfcn) && ENTRY_HAS(cell, pci))
		g_snprintf(ret_text, BASELINE_KEY_SIZE, "%s %s %u %u", cell->plmn, rat_words[f->rat], f->arfcn, f->pci);
	else if (ENTRY_HAS(cell, cell_id))
		g_snprintf(ret_text, BASELINE_KEY_SIZE, "%s %s cell %" G_GUINT64_FORMAT, cell->plmn, rat_words[f->rat], f->cell_id);
	if (!baseline_key_valid(ret_text))
		ret_text[0] = '\0';
}

gboolean baseline_keys_of_cell(BaselineKeys *keys, Entry *cell, gboolean enter, GError **error)
{
	char text[BASELINE_KEY_SIZE];
	cell->network = cell->key = 0;
	cell->plmn[0] = '\0';
	if (ENTRY_HAS(cell, mcc) && ENTRY_HAS(cell, mnc))
		g_snprintf(cell->plmn, sizeof cell->plmn, "%s-%s", cell->fields.mcc, cell->fields.mnc);
	if (plmn_length(cell->plmn) == 0 || !baseline_key_valid(cell->plmn)) {
		cell->plmn[0] = '\0';
		return TRUE;
	}
	cell_text(cell, text);
	return baseline_key(keys, cell->plmn, enter, &cell->network, error) &&
	       (!text[0] || baseline_key(keys, text, enter, &cell->key, error));
}
