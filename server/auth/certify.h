/* certify.h - who comes in only with a member certificate (--require-certificate):
 * whom the server trusts, exchanged at a reload while connections go on. For
 * several threads. */
#ifndef CONCLAVED_AUTH_CERTIFY_H
#define CONCLAVED_AUTH_CERTIFY_H

#include <pthread.h>

#include "server/room/entrant.h"
#include "shared/tls/certifier.h"

struct certify {
	pthread_mutex_t lock;
	struct certifier *by; /* owned; NULL: nobody needs one */
};
int certify_init(struct certify *c) MUST_CHECK; /* ERR_NOMEM */
void certify_free(struct certify *c);
/* Takes over `by`. */
void certify_set(struct certify *c, struct certifier *by);

/* Whether the certificate in the card of this client is good now; NONE also where
 * nobody needs one. */
enum certifier_fault certify_check(
    struct certify *c, const struct entrant *who);

#endif
