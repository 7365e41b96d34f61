/* client_peer.c - where a client comes from: its address, or what its proxy says of
 * it. */
#include <inttypes.h>
#include <stdio.h>

#include "server/auth/client.h"

/* The log's name for a connection: the address, or a number of its own. */
void client_peer_set(struct client *cl, const struct sockaddr *sa)
{
	struct clients *k = cl->all;

	if (k->login.o.log->anonymous)
		snprintf(cl->peer, sizeof(cl->peer), "connection %u-%" PRIu64,
		    k->login.o.index + 1, cl->number);
	else
		transport_peer(cl->peer, sa);
}

/* The first bytes of a proxy: for whom it speaks. */
size_t client_peer_input(struct client *cl, const uint8_t *in, size_t n)
{
	struct sockaddr_storage from;
	const struct sockaddr *sa = (const void *)&from;
	size_t used;
	int err = proxy_read(&from, in, n, &used);

	if (err == ERR_AGAIN)
		return 0;
	if (err == 0 && from.ss_family != AF_UNSPEC) {
		client_peer_set(cl, sa);
		err = login_named(&cl->login, sa);
	}
	if (err != 0) {
		login_log(&cl->all->login, LOGGER_WARN,
		    "%s: no valid PROXY header (version 2), which --proxy-from "
		    "expects from there: %s",
		    cl->peer, err_str(err));
		conn_close(&cl->conn);
		return n;
	}
	cl->behind_proxy = false;
	if (!cl->tls)
		return used;
	if (conn_tls(&cl->conn, cl->all->o.tls_door, in + used, n - used) != 0)
		conn_close(&cl->conn);
	return n;
}
