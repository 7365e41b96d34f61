/* buffers.c - a list of buffers: a user is in a handful of rooms. */
#include <stdlib.h>

#include "client/ui/tui/buffers.h"

void buffers_init(struct buffers *all)
{
	SLIST_INIT(&all->list);
}

static void buffer_free(struct buffer *b)
{
	scrollback_free(b->lines);
	editor_free(&b->editor);
	history_free(&b->history);
	free(b);
}

void buffers_free(struct buffers *all)
{
	struct buffer *b;

	while ((b = SLIST_FIRST(&all->list)) != NULL) {
		SLIST_REMOVE_HEAD(&all->list, next);
		buffer_free(b);
	}
}

struct buffer *buffers_of(struct buffers *all, const struct chatroom *room)
{
	struct buffer *b;

	SLIST_FOREACH(b, &all->list, next)
	if (b->room == room)
		return b;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->room = room;
	editor_init(&b->editor);
	history_init(&b->history);
	if ((b->lines = scrollback_new()) == NULL) {
		buffer_free(b);
		return NULL;
	}
	SLIST_INSERT_HEAD(&all->list, b, next);
	return b;
}

struct own {
	const struct session *session;
	const struct buffer *b;
};

static bool is_held(void *arg, size_t newer)
{
	const struct own *own = arg;

	return newer < own->b->unacked &&
	       session_is_held(
		   own->session, own->b->room, own->b->unacked - 1 - newer);
}

bool buffer_acknowledged(struct buffer *b, const struct session *s)
{
	struct session_room_status st;
	struct own own = {s, b};
	bool changed;

	session_room_status(s, b->room, &st);
	changed = st.unacked != b->unacked;
	b->unacked = st.unacked;
	if (!b->own_news)
		return changed;
	b->own_news = false;
	if (scrollback_sent(b->lines, st.unacked))
		changed = true;
	return scrollback_hold(b->lines, is_held, &own) || changed;
}
