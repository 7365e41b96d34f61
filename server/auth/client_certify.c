/* client_certify.c - the certificates of clients, when they come and later. */
#include "server/auth/client.h"

enum certifier_fault client_certificate(struct client *cl)
{
	const struct clients_opts *o = &cl->all->o;

	cl->certified_ms = o->loop->now_ms;
	return o->certify == NULL
		   ? CERTIFIER_NONE
		   : certify_check(o->certify, cl->dispatch.presence.who);
}

bool client_certified(struct client *cl, uint64_t after_ms)
{
	enum certifier_fault fault;

	if (cl->dispatch.presence.who == NULL ||
	    cl->all->o.loop->now_ms - cl->certified_ms < after_ms)
		return true;
	fault = client_certificate(cl);
	if (fault == CERTIFIER_NONE || fault == CERTIFIER_MEMORY)
		return true;
	client_dismiss(cl, CODE_BAD_CERTIFICATE, certifier_str(fault));
	return false;
}

void clients_certify(struct clients *k)
{
	struct conn *c, *next;

	for (c = LIST_FIRST(&k->o.loop->all); c != NULL; c = next) {
		next = LIST_NEXT(c, all);
		if (c->state == CONN_OPEN)
			(void)client_certified(client_of(c), 0);
	}
}
