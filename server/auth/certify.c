/* certify.c - the certificates of members, as the server checks them. */
#include "server/auth/certify.h"

#include "shared/os/clock.h"
#include "shared/proto/card.h"

int certify_init(struct certify *c)
{
	c->by = NULL;
	return pthread_mutex_init(&c->lock, NULL) == 0 ? 0 : ERR_NOMEM;
}

void certify_free(struct certify *c)
{
	certifier_free(c->by);
	c->by = NULL;
	(void)pthread_mutex_destroy(&c->lock);
}

void certify_set(struct certify *c, struct certifier *by)
{
	struct certifier *before;

	(void)pthread_mutex_lock(&c->lock);
	before = c->by;
	c->by = by;
	(void)pthread_mutex_unlock(&c->lock);
	certifier_free(before);
}

enum certifier_fault certify_check(struct certify *c, const struct entrant *who)
{
	struct certifier_of of = {.name = who->name,
	    .identity = who->identity,
	    .now = (time_t)(clock_real_ms() / 1000)};
	enum certifier_fault fault = CERTIFIER_NONE;
	struct certifier *by;
	struct buf der;

	(void)pthread_mutex_lock(&c->lock);
	by = certifier_ref(c->by);
	(void)pthread_mutex_unlock(&c->lock);
	if (by == NULL)
		return CERTIFIER_NONE;
	buf_init(&der, WIRE_CERTIFICATE_MAX);
	if (card_certificate(&der, entrant_card(who), who->card_len) != 0) {
		fault = CERTIFIER_MEMORY; /* its shape was checked */
	} else {
		of.der = der.p;
		of.n = der.len;
		fault = certifier_check(by, &of);
	}
	buf_free(&der);
	certifier_free(by);
	return fault;
}
