/* handoff.c - sockets on their way to their worker. */
#include "server/loop/handoff.h"

#include <unistd.h>

int handoff_init(struct handoff *in)
{
	in->n = 0;
	return pthread_mutex_init(&in->lock, NULL) == 0 ? 0 : ERR_NOMEM;
}

void handoff_free(struct handoff *in)
{
	struct handoff_entry e;

	while (handoff_take(in, &e))
		close(e.fd);
	(void)pthread_mutex_destroy(&in->lock);
}

bool handoff_put(
    struct handoff *in, int fd, const struct sockaddr_storage *sa, bool tls)
{
	bool ok;

	(void)pthread_mutex_lock(&in->lock);
	if ((ok = in->n < LIMIT_HANDOFF))
		in->entry[in->n++] = (struct handoff_entry){fd, *sa, tls};
	(void)pthread_mutex_unlock(&in->lock);
	return ok;
}

bool handoff_take(struct handoff *in, struct handoff_entry *out)
{
	bool ok;

	(void)pthread_mutex_lock(&in->lock);
	if ((ok = in->n > 0))
		*out = in->entry[--in->n];
	(void)pthread_mutex_unlock(&in->lock);
	return ok;
}
