/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "error.h"
#include "keyfile.h"
#include "observation.h"

#include <net/if.h>
#include <sodium.h>
#include <unistd.h>

#define SYSTEM_FILE "/etc/jamlog.conf"
#define MIB         (1024 * 1024)

const char *const config_protocol_words[] = {"auto", "qmi", "mbim", "qmi-over-mbim", NULL};

const char *const config_mode_words[] = {"session", "passive", "probe", NULL};
const char *const config_take_words[] = {"auto", "own", "observe", NULL};

ConfigSource *config_source_copy(const ConfigSource *source)
{
	ConfigSource *copy = g_new(ConfigSource, 1);
	*copy = *source;
	copy->name = g_strdup(source->name);
	copy->type = g_strdup(source->type);
	copy->address = g_strdup(source->address);
	copy->origin = g_strdup(source->origin);
	copy->apn = g_strdup(source->apn);
	copy->interface = g_strdup(source->interface);
	return copy;
}

void config_source_free(ConfigSource *source)
{
	if (!source)
		return;
	g_free(source->apn);
	g_free(source->interface);
	g_free(source->name);
	g_free(source->type);
	g_free(source->address);
	g_free(source->origin);
	g_free(source);
}

static void source_free(gpointer source)
{
	config_source_free(source);
}

void config_set_directory(Config *config, const char *directory)
{
	g_free(config->directory);
	config->directory = g_strdup(directory);
}

Config *config_new(void)
{
	Config *config = g_new0(Config, 1);
	config->state_directory =
		geteuid() == 0 ? g_strdup("/var/lib/jamlog") : g_build_filename(g_get_user_data_dir(), "jamlog", NULL);
	config->directory = g_build_filename(config->state_directory, "journal", NULL);
	config->interval_ms = 1000;
	config->segment_size = 16 * MIB;
	config->durable_s = 1;
	config->session_every_ms = 60000;
	config->session_hold_ms = 5000;
	config->session_min_rsrp_dbm = -120;
	config->hour_bytes = 10000000;
	config->day_bytes = 100000000;
	config->sources = g_ptr_array_new_with_free_func(source_free);
	return config;
}

void config_free(Config *config)
{
	if (!config)
		return;
	g_free(config->directory);
	g_free(config->state_directory);
	g_strfreev(config->recipients);
	g_strfreev(config->targets);
	g_ptr_array_unref(config->sources);
	g_free(config);
}

static ConfigSource *find_source(const Config *config, const char *name)
{
	for (guint i = 0; i < config->sources->len; i++) {
		ConfigSource *source = g_ptr_array_index(config->sources, i);
		if (g_str_equal(source->name, name))
			return source;
	}
	return NULL;
}

static gboolean is_name(const char *name)
{
	gsize n = strlen(name);
	for (const char *p = name; *p; p++)
		if (!g_ascii_isalnum(*p) && *p != '-' && *p != '_')
			return FALSE;
	return n > 0 && n < OBSERVATION_SOURCE_SIZE && !g_str_equal(name, "jamlog") && !g_str_equal(name, "person");
}

static gboolean is_gps(const char *type)
{
	return g_str_equal(type, "gpsd");
}

ConfigSource *config_set_source(Config *config, const char *name, const char *type, const char *address, GError **error)
{
	if (!is_name(name)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
			    "\"%s\" cannot name a source: use up to %d letters, digits, - and _ (and not \"jamlog\" or \"person\")", name,
			    OBSERVATION_SOURCE_SIZE - 1);
		return NULL;
	}
	ConfigSource *source = find_source(config, name);
	if (source && type && is_gps(source->type) != is_gps(type)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "\"%s\" names both a modem and a GPS: give one of them another name",
			    name);
		return NULL;
	}
	if (!source) {
		source = g_new0(ConfigSource, 1);
		source->name = g_strdup(name);
		g_ptr_array_add(config->sources, source);
	}
	if (type) {
		g_free(source->type);
		source->type = g_strdup(type);
	}
	g_free(source->address);
	g_clear_pointer(&source->origin, g_free);
	source->address = g_strdup(address);
	source->protocol = PROTOCOL_AUTO;
	source->proxy = source->inhibit = source->reset = source->gnss = FALSE;
	source->session = TAKE_AUTO;
	source->family = SESSION_DUAL;
	g_clear_pointer(&source->apn, g_free);
	g_clear_pointer(&source->interface, g_free);
	return source;
}

const ConfigSource *config_find_type(const Config *config, const char *type)
{
	for (guint i = 0; i < config->sources->len; i++) {
		const ConfigSource *source = g_ptr_array_index(config->sources, i);
		if (g_str_equal(source->type, type))
			return source;
	}
	return NULL;
}

/* From the group of a file, whose line a bad name belongs to. */
static ConfigSource *set_from_group(Config *config, const KeyFile *file, const char *group, const char *type, const char *address,
				    GError **error)
{
	g_autoptr(GError) name_error = NULL;
	ConfigSource *source = config_set_source(config, keyfile_group_name(group), type, address, &name_error);
	if (source)
		source->origin = keyfile_where(file, group, NULL);
	else
		keyfile_error(file, group, NULL, error, "%s", name_error->message);
	return source;
}

/* What the network is asked for, and over which interface its data go. */
static gboolean read_modem_session(const KeyFile *file, const char *group, ConfigSource *modem, GError **error)
{
	int take = TAKE_AUTO, family = SESSION_DUAL;
	if (!keyfile_choice(file, group, "session", config_take_words, &take, error) ||
	    !keyfile_choice(file, group, "ip", session_family_words, &family, error))
		return FALSE;
	modem->session = (ConfigTake)take;
	modem->family = (SessionFamily)family;
	modem->apn = keyfile_string(file, group, "apn");
	modem->interface = keyfile_string(file, group, "interface");
	/* TS 23.003 9.1: a network identifier of at most 63 octets, an operator identifier behind it */
	if (modem->apn && (strlen(modem->apn) > 100 || !*modem->apn))
		return keyfile_error(file, group, "apn", error, "an access point's name has 1 to 100 characters");
	if (modem->interface && (strlen(modem->interface) >= IF_NAMESIZE || !*modem->interface))
		return keyfile_error(file, group, "interface", error, "an interface's name has 1 to %d characters", IF_NAMESIZE - 1);
	return TRUE;
}

/* Each would take down what the other has set up. */
static gboolean check_interface(const Config *config, const KeyFile *file, const char *group, const ConfigSource *modem, GError **error)
{
	for (guint i = 0; modem->interface && i < config->sources->len; i++) {
		const ConfigSource *other = g_ptr_array_index(config->sources, i);
		if (other != modem && g_strcmp0(other->interface, modem->interface) == 0)
			return keyfile_error(file, group, "interface", error, "%s is modem %s's already", modem->interface, other->name);
	}
	return TRUE;
}

static gboolean read_modem(Config *config, const KeyFile *file, const char *group, GError **error)
{
	int protocol = PROTOCOL_AUTO;
	g_autofree char *device = keyfile_string(file, group, "device");
	if (!device || !*device)
		return keyfile_error(file, group, NULL, error, "a modem needs its control node: device = /dev/cdc-wdm0, or auto");
	ConfigSource *modem = set_from_group(config, file, group, "modem", device, error);
	if (!modem || !keyfile_choice(file, group, "protocol", config_protocol_words, &protocol, error) ||
	    !keyfile_bool(file, group, "proxy", &modem->proxy, error) ||
	    !keyfile_bool(file, group, "inhibit", &modem->inhibit, error) ||
	    !keyfile_bool(file, group, "reset", &modem->reset, error) || !keyfile_bool(file, group, "gnss", &modem->gnss, error) ||
	    !read_modem_session(file, group, modem, error) || !check_interface(config, file, group, modem, error))
		return FALSE;
	modem->protocol = (ConfigProtocol)protocol;
	return TRUE;
}

static gboolean read_gps(Config *config, const KeyFile *file, const char *group, GError **error)
{
	g_autofree char *address = keyfile_string(file, group, "gpsd");
	return set_from_group(config, file, group, "gpsd", address ? address : "localhost:2947", error) != NULL;
}

/* A path of a file is not relative to wherever the program was started; "~/" is the home of who started it. */
static char *read_path(const KeyFile *file, const char *group, const char *key, const char *text, GError **error)
{
	g_autofree char *path = g_str_has_prefix(text, "~/") ? g_build_filename(g_get_home_dir(), text + 2, NULL) : g_strdup(text);
	if (g_path_is_absolute(path))
		return g_steal_pointer(&path);
	keyfile_error(file, group, key, error, "\"%s\" is not a path from / or ~/", text);
	return NULL;
}

/* Replaces *io_paths by the files that the key names, set apart by ";", where it is there. */
static gboolean read_paths(const KeyFile *file, const char *group, const char *key, const char *if_empty, char ***io_paths,
			   GError **error)
{
	g_autofree char *text = keyfile_string(file, group, key);
	if (!text)
		return TRUE;
	g_auto(GStrv) names = g_strsplit(text, ";", -1);
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; names[i]; i++) {
		char *path = *g_strstrip(names[i]) ? read_path(file, group, key, names[i], error) : NULL;
		if (!path && *names[i])
			return FALSE;
		if (path)
			g_ptr_array_add(paths, path);
	}
	if (paths->len == 0)
		return keyfile_error(file, group, key, error, "%s", if_empty);
	g_ptr_array_add(paths, NULL);
	g_strfreev(*io_paths);
	*io_paths = (char **)g_ptr_array_free(g_steal_pointer(&paths), FALSE);
	return TRUE;
}

static gboolean set_directory_from(Config *config, const KeyFile *file, const char *text, GError **error)
{
	g_autofree char *path = read_path(file, "record", "directory", text, error);
	if (path)
		config_set_directory(config, path);
	return path != NULL;
}

static gboolean read_session(Config *config, const KeyFile *file, GError **error)
{
	double every_s = config->session_every_ms / 1000.0, hold_s = config->session_hold_ms / 1000.0;
	gint64 min_rsrp = config->session_min_rsrp_dbm;
	if (!keyfile_seconds(file, "session", "every", &every_s, error) ||
	    !keyfile_seconds(file, "session", "hold", &hold_s, error) ||
	    !keyfile_int(file, "session", "min-rsrp", -160, -40, &min_rsrp, error))
		return FALSE;
	if (every_s < 10 || every_s > 86400)
		return keyfile_error(file, "session", "every", error, "%g s is not between 10 s and 24 h", every_s);
	if (hold_s > 600)
		return keyfile_error(file, "session", "hold", error, "%g s is more than 10 min", hold_s);
	config->session_every_ms = (guint)(every_s * 1000);
	config->session_hold_ms = (guint)(hold_s * 1000);
	config->session_min_rsrp_dbm = (gint)min_rsrp;
	return TRUE;
}

static gboolean read_probe(Config *config, const KeyFile *file, GError **error)
{
	gint64 hour = (gint64)config->hour_bytes, day = (gint64)config->day_bytes;
	if (!keyfile_int(file, "probe", "hour-bytes", 0, G_MAXINT64, &hour, error) ||
	    !keyfile_int(file, "probe", "day-bytes", 0, G_MAXINT64, &day, error))
		return FALSE;
	config->hour_bytes = (guint64)hour;
	config->day_bytes = (guint64)day;
	/* Nobody who empties the list wants ours. */
	return read_paths(file, "probe", "targets", "it names no file; without this key the list that came with jamlog is used",
			  &config->targets, error);
}

static gboolean read_seal(Config *config, const KeyFile *file, GError **error)
{
	return read_paths(file, "seal", "recipients", "it names no file; without this key the recording is not sealed",
			  &config->recipients, error);
}

static gboolean read_record(Config *config, const KeyFile *file, GError **error)
{
	int mode = (int)config->mode;
	double interval_s = config->interval_ms / 1000.0, durable_s = config->durable_s;
	gint64 segment_mib = (gint64)(config->segment_size / MIB);
	g_autofree char *directory = keyfile_string(file, "record", "directory");
	if (!keyfile_seconds(file, "record", "interval", &interval_s, error) ||
	    !keyfile_seconds(file, "record", "durable", &durable_s, error) ||
	    !keyfile_int(file, "record", "segment-size", 1, 1024, &segment_mib, error) ||
	    !keyfile_choice(file, "record", "mode", config_mode_words, &mode, error))
		return FALSE;
	if (interval_s < 0.2 || interval_s > 3600)
		return keyfile_error(file, "record", "interval", error, "%g s is not between 0.2 s and 1 h", interval_s);
	if (durable_s < 1 || durable_s > 60)
		return keyfile_error(file, "record", "durable", error, "%g s is not between 1 s and 60 s", durable_s);
	if (directory && !set_directory_from(config, file, directory, error))
		return FALSE;
	config->interval_ms = (guint)(interval_s * 1000);
	config->durable_s = (guint)durable_s;
	config->segment_size = (guint64)segment_mib * MIB;
	config->mode = (ConfigMode)mode;
	return TRUE;
}

static gboolean load_file(Config *config, const char *path, GError **error)
{
	static const char *const record_keys[] = {"directory", "interval", "segment-size", "durable", "mode", NULL};
	static const char *const seal_keys[] = {"recipients", NULL};
	static const char *const session_keys[] = {"every", "hold", "min-rsrp", NULL};
	static const char *const probe_keys[] = {"targets", "hour-bytes", "day-bytes", NULL};
	static const char *const modem_keys[] = {"device", "protocol", "proxy", "inhibit", "reset", "gnss",
						 "session", "apn", "ip", "interface", NULL};
	static const char *const gps_keys[] = {"gpsd", NULL};
	static const KeyFileGroup groups[] = {
		{"record", FALSE, record_keys}, {"seal", FALSE, seal_keys}, {"session", FALSE, session_keys},
		{"probe", FALSE, probe_keys},
		{"modem", TRUE, modem_keys}, {"gps", TRUE, gps_keys}, {NULL, FALSE, NULL}};
	static const struct {
		const char *kind;
		gboolean (*read)(Config *, const KeyFile *, const char *, GError **);
	} kinds[] = {{"modem", read_modem}, {"gps", read_gps}};
	g_autoptr(KeyFile) file = keyfile_load(path, groups, error);
	if (!file || !read_record(config, file, error) || !read_seal(config, file, error) || !read_session(config, file, error) ||
	    !read_probe(config, file, error))
		return FALSE;
	for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
		g_auto(GStrv) names = keyfile_groups(file, kinds[k].kind);
		for (guint i = 0; names[i]; i++)
			if (!kinds[k].read(config, file, names[i], error))
				return FALSE;
	}
	return TRUE;
}

gboolean config_load(Config *config, const char *path, GError **error)
{
	if (path)
		return load_file(config, path, error);
	g_autofree char *user_file = g_build_filename(g_get_user_config_dir(), "jamlog.conf", NULL);
	if (g_file_test(SYSTEM_FILE, G_FILE_TEST_EXISTS) && !load_file(config, SYSTEM_FILE, error))
		return FALSE;
	return !g_file_test(user_file, G_FILE_TEST_EXISTS) || load_file(config, user_file, error);
}

void config_set_recipients(Config *config, char *const *paths)
{
	g_strfreev(config->recipients);
	config->recipients = g_strdupv((char **)paths);
}

void config_digest(const Config *config, char ret_hex[17])
{
	guint8 digest[8];
	g_autoptr(GString) text = g_string_new(NULL);
	g_string_printf(text, "%u %u %" G_GUINT64_FORMAT " %s %u %u %d %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n", config->interval_ms,
			config->durable_s, config->segment_size, config_mode_words[config->mode], config->session_every_ms,
			config->session_hold_ms, config->session_min_rsrp_dbm, config->hour_bytes, config->day_bytes);
	for (guint i = 0; config->targets && config->targets[i]; i++)
		g_string_append_printf(text, "%s\n", config->targets[i]);
	for (guint i = 0; i < config->sources->len; i++) {
		const ConfigSource *s = g_ptr_array_index(config->sources, i);
		g_string_append_printf(text, "%s %s %s %s %d %d %d %d %s %s %s %s\n", s->name, s->type, s->address,
				       config_protocol_words[s->protocol], s->proxy, s->inhibit, s->reset, s->gnss,
				       config_take_words[s->session], session_family_words[s->family], s->apn ? s->apn : "",
				       s->interface ? s->interface : "");
	}
	crypto_generichash(digest, sizeof digest, (const guint8 *)text->str, text->len, NULL, 0);
	sodium_bin2hex(ret_hex, 17, digest, sizeof digest);
}
