/* The kinds of source there are, and what all of them share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/registry.h"

#include "error.h"
#include "source.h"

#include <sodium.h>

static const SourceClass *const classes[] = {
	&source_class_modem,
	&source_class_gpsd,
};

char *source_types(void)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(classes); i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "", classes[i]->type);
	return g_string_free(text, FALSE);
}

Source *source_new(const ConfigSource *config, SourceHost *host, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(classes); i++) {
		if (!g_str_equal(classes[i]->type, config->type))
			continue;
		Source *source = classes[i]->new(config, error);
		if (!source)
			return NULL;
		source->class = classes[i];
		source->host = host;
		g_strlcpy(source->name, config->name, sizeof source->name);
		return source;
	}
	g_autofree char *types = source_types();
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "source %s: there is no type \"%s\"; there are: %s", config->name,
		    config->type, types);
	return NULL;
}

void source_free(Source *source)
{
	if (source)
		source->class->free(source);
}

void source_set_lost(Source *source, const char *reason, const char *format, ...)
{
	if (source->lost && g_strcmp0(source->lost_reason, reason) == 0)
		return;
	Observation o;
	va_list args;
	va_start(args, format);
	g_autofree char *sentence = g_strdup_vprintf(format, args);
	va_end(args);
	source->lost_reason = reason;
	if (source->lost) {
		source->host->tell(source->host, source->name, sentence);
		return;
	}
	observation_init(&o, OBSERVATION_EVENT, source->name);
	EVENT_SET(&o, code, EVENT_SOURCE_LOST);
	OBSERVATION_SET_TEXT(&o, event, EVENT, text, reason);
	source->lost = TRUE;
	source->lost_since_ns = o.at.boottime_ns;
	source->host->observe(source->host, &o);
	source->host->tell(source->host, source->name, sentence);
}

void source_set_back(Source *source)
{
	if (!source->lost)
		return;
	Observation o;
	observation_init(&o, OBSERVATION_EVENT, source->name);
	EVENT_SET(&o, code, EVENT_SOURCE_BACK);
	EVENT_SET(&o, duration_ms, (guint64)((o.at.boottime_ns - source->lost_since_ns) / NS_PER_MS));
	source->lost = FALSE;
	source->host->observe(source->host, &o);
	source->host->tell(source->host, source->name, "answers again");
}

void source_digest(const Source *source, const char *serial, char ret_hex[17])
{
	guint8 digest[8];
	crypto_generichash(digest, sizeof digest, (const guint8 *)serial, strlen(serial), source->host->salt, SOURCE_SALT_SIZE);
	sodium_bin2hex(ret_hex, 17, digest, sizeof digest);
}
