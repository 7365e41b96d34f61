/* log.c - calls the functions of the log in use. */
#include "server/log/log.h"

void log_free(struct log *l)
{
	if (l != NULL)
		l->ops->free(l);
}

struct log_stream *log_open(
    struct log *l, uint32_t room, const struct log_events *events)
{
	return l->ops->open(l, room, events);
}

void log_close(struct log_stream *s)
{
	if (s != NULL)
		s->log->ops->close(s);
}

int log_append(struct log_stream *s, const struct log_entry *e)
{
	return s->log->ops->append(s, e);
}

int log_read(
    struct log_stream *s, uint64_t from, size_t max, log_reader *fn, void *arg)
{
	return s->log->ops->read(s, from, max, fn, arg);
}
