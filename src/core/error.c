/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"

#include <errno.h>

G_DEFINE_QUARK(jamlog-error-quark, jamlog_error)

ExitCode error_exit_code(const GError *error)
{
	if (!error)
		return EXIT_CODE_OK;
	if (error->domain == G_OPTION_ERROR)
		return EXIT_CODE_USAGE;
	if (error->domain != JAMLOG_ERROR)
		return EXIT_CODE_FAILURE;
	switch ((JamlogError)error->code) {
	case JAMLOG_ERROR_USAGE:
		return EXIT_CODE_USAGE;
	case JAMLOG_ERROR_NO_DATA:
		return EXIT_CODE_NO_DATA;
	case JAMLOG_ERROR_DAMAGED:
		return EXIT_CODE_DAMAGED;
	case JAMLOG_ERROR_FAILED:
	case JAMLOG_ERROR_FORMAT:
	case JAMLOG_ERROR_NOT_FOUND:
	case JAMLOG_ERROR_ACCESS:
	case JAMLOG_ERROR_BUSY:
	case JAMLOG_ERROR_NO_SPACE:
	case JAMLOG_ERROR_TIMEOUT:
		return EXIT_CODE_FAILURE;
	}
	return EXIT_CODE_FAILURE;
}

static JamlogError code_from_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return JAMLOG_ERROR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return JAMLOG_ERROR_ACCESS;
	case EBUSY:
	case EAGAIN:
		return JAMLOG_ERROR_BUSY;
	case ENOSPC:
	case EDQUOT:
		return JAMLOG_ERROR_NO_SPACE;
	default:
		return JAMLOG_ERROR_FAILED;
	}
}

gboolean error_set_errno(GError **error, int errnum, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, JAMLOG_ERROR, (int)code_from_errno(errnum), "%s: %s", what, g_strerror(errnum));
	return FALSE;
}
