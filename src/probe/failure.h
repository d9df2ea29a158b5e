/* failure.h - what went wrong, in the words of OONI: one table, pure.
 *
 * The strings are those of ooni/spec data-formats/df-007-errors.md and of ooni/probe-engine's later additions to it (dns_refused_error,
 * dns_servfail_error, dns_server_misbehaving, dns_no_answer, host_unreachable, network_unreachable, network_down,
 * ssl_failed_handshake, ssl_unknown_authority). What has no word of its own is "unknown_failure: " and the library's sentence.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

#define FAILURE_TIMEOUT     "generic_timeout_error"
#define FAILURE_EOF         "eof_error"
#define FAILURE_RESET       "connection_reset"
#define FAILURE_DOWN        "network_down"
#define FAILURE_BOGON       "dns_bogon_error"
#define FAILURE_NO_ANSWER   "dns_no_answer"
#define FAILURE_STATUS      "http_unexpected_status_code"
#define FAILURE_HTTP        "http_request_failed"
#define FAILURE_INTERRUPTED "interrupted" /* by us: the budget is used up, the round has to end */
#define FAILURE_SIZE        sizeof(((ProbeFields *)NULL)->failure)

/* The word for an errno, or NULL for one that has none. Static. */
const char *failure_from_errno(int errnum);
/* For a status of c-ares; NULL for ARES_SUCCESS. Static. */
const char *failure_from_ares(int status);

/* How a transfer by libcurl ended. */
typedef struct {
	int code;           /* CURLcode */
	int os_errno;       /* CURLINFO_OS_ERRNO */
	gboolean tls, quic; /* what the URL wants */
	gboolean connected; /* the TCP connection stood */
	gboolean secured;   /* the TLS handshake was complete */
	int tcp_state;      /* of TCP_INFO when the socket was closed; 0: not known */
	long verify_result; /* X509_V_... of OpenSSL; 0: nothing wrong with the chain */
	const char *message; /* CURLOPT_ERRORBUFFER */
} FailureCurl;

/* The step that was under way, and the word in ret_failure ("" where nothing failed). */
ProbeStep failure_from_curl(const FailureCurl *ended, char ret_failure[FAILURE_SIZE]);
