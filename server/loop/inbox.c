/* inbox.c - sockets on their way to their worker. */
#include "server/loop/inbox.h"

#include <unistd.h>

int inbox_init(struct inbox *in)
{
	in->n = 0;
	return pthread_mutex_init(&in->lock, NULL) == 0 ? 0 : ERR_NOMEM;
}

void inbox_free(struct inbox *in)
{
	struct inbox_entry e;

	while (inbox_take(in, &e))
		close(e.fd);
	(void)pthread_mutex_destroy(&in->lock);
}

bool inbox_put(struct inbox *in, int fd, const struct sockaddr_storage *sa)
{
	bool ok;

	(void)pthread_mutex_lock(&in->lock);
	if ((ok = in->n < LIMIT_INBOX))
		in->entry[in->n++] = (struct inbox_entry){fd, *sa};
	(void)pthread_mutex_unlock(&in->lock);
	return ok;
}

bool inbox_take(struct inbox *in, struct inbox_entry *out)
{
	bool ok;

	(void)pthread_mutex_lock(&in->lock);
	if ((ok = in->n > 0))
		*out = in->entry[--in->n];
	(void)pthread_mutex_unlock(&in->lock);
	return ok;
}
