/* handoff.h - accepted sockets on their way from the accepting thread to the
 * worker that will serve them. */
#ifndef CONCLAVED_LOOP_HANDOFF_H
#define CONCLAVED_LOOP_HANDOFF_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "server/net/limits.h"
#include "shared/base/err.h"

struct handoff {
	pthread_mutex_t lock;
	size_t n;
	struct handoff_entry {
		int fd;
		struct sockaddr_storage sa;
		bool tls; /* it comes from a listener with TLS */
	} entry[LIMIT_HANDOFF];
};

int handoff_init(struct handoff *in) MUST_CHECK; /* ERR_NOMEM */
void handoff_free(struct handoff *in);	     /* closes what is in it */
/* From any thread. False: full, or empty. */
bool handoff_put(struct handoff *in, int fd, const struct sockaddr_storage *sa,
    bool tls) MUST_CHECK;
bool handoff_take(struct handoff *in, struct handoff_entry *out) MUST_CHECK;

#endif
