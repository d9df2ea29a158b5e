/* See session.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/session.h"

#include <errno.h>
#include <fcntl.h>
#include <netlink/route/link.h>
#include <sys/socket.h>
#include <unistd.h>

void session_clear(Session *session)
{
	g_strfreev(session->resolvers);
	memset(session, 0, sizeof *session);
}

gboolean session_is_there(const Session *session)
{
	return if_nametoindex(session->interface) == session->index;
}

int session_tie(const Session *session, int fd)
{
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, session->interface, (socklen_t)strlen(session->interface) + 1) < 0)
		return errno;
	if (session->mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &session->mark, sizeof session->mark) < 0)
		return errno;
	return 0;
}

int session_socket(const Session *session, SessionFamily family, int type)
{
	int fd = socket(family == SESSION_IPV6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	const int wrong = session_tie(session, fd);
	if (!wrong)
		return fd;
	close(fd);
	errno = wrong;
	return -1;
}

/* Over netlink: /sys shows the interfaces of the network namespace in which it was mounted, not ours. */
gboolean counters_read(const char *interface, Counters *ret_counters)
{
	struct nl_sock *socket = nl_socket_alloc();
	struct rtnl_link *link = NULL;
	const gboolean found = socket && nl_connect(socket, NETLINK_ROUTE) == 0 &&
			       rtnl_link_get_kernel(socket, 0, interface, &link) == 0;
	if (found)
		*ret_counters = (Counters){
			.rx_packets = rtnl_link_get_stat(link, RTNL_LINK_RX_PACKETS),
			.tx_packets = rtnl_link_get_stat(link, RTNL_LINK_TX_PACKETS),
			.rx_bytes = rtnl_link_get_stat(link, RTNL_LINK_RX_BYTES),
			.tx_bytes = rtnl_link_get_stat(link, RTNL_LINK_TX_BYTES),
		};
	if (link)
		rtnl_link_put(link);
	if (socket)
		nl_socket_free(socket);
	return found;
}

/* A device that was made anew under the old name counts from zero: nothing rather than a huge number. */
static guint64 since(guint64 later, guint64 earlier)
{
	return later >= earlier ? later - earlier : 0;
}

Counters counters_since(const Counters *later, const Counters *earlier)
{
	return (Counters){
		.rx_packets = since(later->rx_packets, earlier->rx_packets),
		.tx_packets = since(later->tx_packets, earlier->tx_packets),
		.rx_bytes = since(later->rx_bytes, earlier->rx_bytes),
		.tx_bytes = since(later->tx_bytes, earlier->tx_bytes),
	};
}

void counters_note(const Counters *delta, Observation *o)
{
	PROBE_SET(o, rx_packets, delta->rx_packets);
	PROBE_SET(o, tx_packets, delta->tx_packets);
	PROBE_SET(o, rx_bytes, delta->rx_bytes);
	PROBE_SET(o, tx_bytes, delta->tx_bytes);
}
