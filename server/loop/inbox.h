/* inbox.h - accepted sockets on their way from the accepting thread to the
 * worker that will serve them. */
#ifndef CONCLAVED_LOOP_INBOX_H
#define CONCLAVED_LOOP_INBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "server/net/limits.h"
#include "shared/wire/err.h"

struct inbox {
	pthread_mutex_t lock;
	size_t n;
	struct inbox_entry {
		int fd;
		struct sockaddr_storage sa;
	} entry[LIMIT_INBOX];
};

int inbox_init(struct inbox *in) MUST_CHECK; /* ERR_NOMEM */
void inbox_free(struct inbox *in);	     /* closes what is in it */
/* From any thread. False: full, or empty. */
bool inbox_put(
    struct inbox *in, int fd, const struct sockaddr_storage *sa) MUST_CHECK;
bool inbox_take(struct inbox *in, struct inbox_entry *out) MUST_CHECK;

#endif
