/* See failure.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/failure.h"

#include <ares.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/x509_vfy.h>

typedef struct {
	long number;
	const char *word;
} Row;

static const Row errno_rows[] = {
	{ETIMEDOUT, FAILURE_TIMEOUT},
	{ECONNREFUSED, "connection_refused"},
	{ECONNRESET, FAILURE_RESET},
	{EPIPE, FAILURE_RESET},
	{ECONNABORTED, "connection_aborted"},
	{EHOSTUNREACH, "host_unreachable"},
	{EHOSTDOWN, "host_unreachable"},
	{ENETUNREACH, "network_unreachable"},
	{ENETDOWN, FAILURE_DOWN},
	{ENODEV, FAILURE_DOWN}, /* the interface is gone */
	{ENETRESET, "network_reset"},
	{EACCES, "network_unreachable"}, /* a route of type prohibit, or ICMP "administratively prohibited" */
};

static const Row ares_rows[] = {
	{ARES_ENODATA, FAILURE_NO_ANSWER},
	{ARES_ENOTFOUND, "dns_nxdomain_error"},
	{ARES_ESERVFAIL, "dns_servfail_error"},
	{ARES_EREFUSED, "dns_refused_error"},
	{ARES_EFORMERR, "dns_server_misbehaving"},
	{ARES_ENOTIMP, "dns_server_misbehaving"},
	{ARES_EBADRESP, "dns_server_misbehaving"},
	{ARES_EBADNAME, "dns_server_misbehaving"},
	{ARES_ETIMEOUT, FAILURE_TIMEOUT},
	{ARES_ECONNREFUSED, "connection_refused"},
	{ARES_ECANCELLED, FAILURE_INTERRUPTED},
	{ARES_EDESTRUCTION, FAILURE_INTERRUPTED},
};

/* Where the code alone says enough. */
static const Row curl_rows[] = {
	{CURLE_OPERATION_TIMEDOUT, FAILURE_TIMEOUT},
	{CURLE_SSL_CACERT_BADFILE, "ssl_unknown_authority"},
	{CURLE_SSL_INVALIDCERTSTATUS, "ssl_invalid_certificate"},
	{CURLE_SSL_ISSUER_ERROR, "ssl_unknown_authority"},
	{CURLE_GOT_NOTHING, FAILURE_EOF},
	{CURLE_PARTIAL_FILE, FAILURE_EOF},
	{CURLE_UNSUPPORTED_PROTOCOL, FAILURE_HTTP}, /* no status line: curl takes it for HTTP/0.9 */
	{CURLE_WEIRD_SERVER_REPLY, FAILURE_HTTP},
	{CURLE_HTTP2, FAILURE_HTTP},
	{CURLE_HTTP2_STREAM, FAILURE_HTTP},
	{CURLE_HTTP3, FAILURE_HTTP},
	{CURLE_BAD_CONTENT_ENCODING, FAILURE_HTTP},
	{CURLE_TOO_MANY_REDIRECTS, FAILURE_HTTP},
	{CURLE_ABORTED_BY_CALLBACK, FAILURE_INTERRUPTED},
};

static const Row verify_rows[] = {
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "ssl_unknown_authority"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "ssl_unknown_authority"},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "ssl_unknown_authority"},
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "ssl_unknown_authority"},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "ssl_unknown_authority"},
	{X509_V_ERR_CERT_UNTRUSTED, "ssl_unknown_authority"},
	{X509_V_ERR_HOSTNAME_MISMATCH, "ssl_invalid_hostname"},
	{X509_V_ERR_IP_ADDRESS_MISMATCH, "ssl_invalid_hostname"},
};

static const char *find(const Row *rows, gsize n, long number)
{
	for (gsize i = 0; i < n; i++)
		if (rows[i].number == number)
			return rows[i].word;
	return NULL;
}
#define FIND(rows, number) find(rows, G_N_ELEMENTS(rows), number)

const char *failure_from_errno(int errnum)
{
	return FIND(errno_rows, errnum);
}

const char *failure_from_ares(int status)
{
	if (status == ARES_SUCCESS)
		return NULL;
	const char *word = FIND(ares_rows, status);
	return word ? word : "unknown_failure: dns";
}

/* curl looks at the name itself when OpenSSL has nothing against the chain, and before it takes OpenSSL's result over. */
static const char *from_verify(long result)
{
	if (result == X509_V_OK || result == X509_V_ERR_UNSPECIFIED)
		return "ssl_invalid_hostname";
	const char *word = FIND(verify_rows, result);
	return word ? word : "ssl_invalid_certificate";
}

/* Whether OpenSSL found fault with what it was sent, rather than with the connection; its own sentences begin with "error:". */
static gboolean blames_protocol(const char *message)
{
	return message && strstr(message, "error:") && !strstr(message, "unexpected eof");
}

/* A handshake or an answer that broke off: curl has no code for how, so the kernel's state of the connection tells. RST leaves it
 * closed, FIN leaves it half closed. */
static const char *from_broken(const FailureCurl *e)
{
	const char *word = failure_from_errno(e->os_errno);
	if (word)
		return word;
	if (blames_protocol(e->message))
		return e->secured ? FAILURE_HTTP : "ssl_failed_handshake";
	if (e->tcp_state == TCP_CLOSE)
		return FAILURE_RESET;
	if (e->tcp_state == TCP_CLOSE_WAIT || e->tcp_state == TCP_LAST_ACK || (e->message && strstr(e->message, "unexpected eof")))
		return FAILURE_EOF;
	return NULL;
}

static const char *find_word(const FailureCurl *e)
{
	switch (e->code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return from_verify(e->verify_result);
	case CURLE_SSL_CONNECT_ERROR: {
		const char *word = from_broken(e);
		return word ? word : "ssl_failed_handshake";
	}
	case CURLE_COULDNT_CONNECT:
	case CURLE_QUIC_CONNECT_ERROR:
		return failure_from_errno(e->os_errno);
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return from_broken(e);
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
		return e->os_errno == ECONNRESET || e->tcp_state == TCP_CLOSE ? FAILURE_RESET : FIND(curl_rows, e->code);
	default:
		return FIND(curl_rows, e->code);
	}
}

static ProbeStep find_step(const FailureCurl *e)
{
	if (!e->connected && !e->quic)
		return PROBE_STEP_TCP;
	if (e->tls && !e->secured)
		return PROBE_STEP_TLS;
	return PROBE_STEP_HTTP;
}

ProbeStep failure_from_curl(const FailureCurl *e, char ret_failure[FAILURE_SIZE])
{
	*ret_failure = '\0';
	if (e->code != CURLE_OK) {
		const char *word = find_word(e);
		if (word)
			g_strlcpy(ret_failure, word, FAILURE_SIZE);
		else
			g_snprintf(ret_failure, FAILURE_SIZE, "unknown_failure: %s", curl_easy_strerror((CURLcode)e->code));
	}
	return find_step(e);
}
