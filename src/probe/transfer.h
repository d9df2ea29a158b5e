/* transfer.h - one request by libcurl, or one TLS handshake alone, to an address that we chose, over the session's interface.
 *
 * libcurl never looks a name up here: it is given the address, and the socket is refused should it want another one. No redirect is
 * followed, no proxy, cookie or configuration file is used. A step (TCP, TLS, the answer's beginning) may take 10 s, all of it 20 s.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/failure.h"
#include "probe/session.h"

#define TRANSFER_STEP_S  10
#define TRANSFER_TOTAL_S 20

typedef struct {
	const char *url;
	const char *address;     /* where to: an IP address */
	SessionFamily family;
	guint16 port;
	gboolean tls;            /* of the URL */
	gboolean handshake_only; /* TLS and no more; any certificate is good */
	gboolean quic;           /* HTTP/3 and nothing else */
	guint64 max_body;        /* bytes; then the connection is closed, and that is no failure */
	gint receive_buffer;     /* of the socket: so much more can have come in by then */
	const char *until;       /* NULL, or: enough is read once the body holds this */
	const char *trust;       /* PEM text of authorities beside the system's, or NULL */
} TransferWish;

typedef struct {
	ProbeStep step;
	char failure[FAILURE_SIZE]; /* "": none */
	guint32 tcp_us, tls_us, first_byte_us, total_us; /* 0: that step was not reached */
	guint32 rtt_us, retransmits;
	gboolean has_tcp_info;
	guint status;               /* 0: no answer */
	gboolean found;             /* `until` was */
	guint64 body_bytes;
	guint32 rate_kbps;          /* 0: too little came to tell */
	char redirect_host[64];
} TransferResult;

typedef struct Transfer Transfer;
/* Called once, from the main loop; may free the transfer. */
typedef void (*TransferDone)(const TransferResult *result, gpointer user_data);

/* `wish` is copied as far as it is needed later. Never NULL: what cannot even begin is told through `done`. */
Transfer *transfer_start(const Session *session, const TransferWish *wish, TransferDone done, gpointer user_data);
/* Ends it at once with this failure, and calls `done`. */
void transfer_cut(Transfer *transfer, const char *failure);
/* Ends it at once; nothing is called any more. */
void transfer_free(Transfer *transfer);

/* Whether this libcurl can speak HTTP/3. */
gboolean transfer_can_quic(void);
