/* buffers.c - the list of buffers. A user is in at most WIRE_ROOMS_MAX rooms, so
 * a list that is walked is enough. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/ui/tui/buffers.h"

#include "client/editor_helper.h"

void buffers_init(struct buffers *all)
{
	TAILQ_INIT(&all->list);
}

static void buffer_free(struct buffer *b)
{
	scrollback_free(b->lines);
	lookback_free(&b->lookback);
	about_free(&b->about);
	buf_free(&b->refused);
	editor_free(&b->editor);
	history_free(&b->history);
	free(b);
}

void buffers_free(struct buffers *all)
{
	struct buffer *b;

	while ((b = TAILQ_FIRST(&all->list)) != NULL) {
		TAILQ_REMOVE(&all->list, b, next);
		buffer_free(b);
	}
}

/* Inserts a buffer under the lowest slot that is free. */
static void insert(struct buffers *all, struct buffer *b)
{
	struct buffer *p, *after = NULL;

	b->slot = 1;
	TAILQ_FOREACH(p, &all->list, next)
	{
		if (p->closed)
			continue;
		if (p->slot > b->slot)
			break;
		b->slot = p->slot + 1;
		after = p;
	}
	if (after != NULL)
		TAILQ_INSERT_AFTER(&all->list, after, b, next);
	else
		TAILQ_INSERT_HEAD(&all->list, b, next);
}

static struct buffer *make(struct buffers *all, const struct chatroom *room)
{
	struct buffer *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->room = room;
	b->fold_at = SCROLLBACK_NO_MARK;
	about_init(&b->about);
	buf_init_secret(&b->refused, EDITOR_HELPER_FILE_MAX);
	editor_init(&b->editor);
	history_init(&b->history);
	lookback_init(&b->lookback);
	if ((b->lines = scrollback_new()) == NULL) {
		buffer_free(b);
		return NULL;
	}
	b->unread.left_at = scrollback_end(b->lines);
	insert(all, b);
	return b;
}

struct buffer *buffers_of(struct buffers *all, const struct chatroom *room)
{
	struct buffer *b;

	TAILQ_FOREACH(b, &all->list, next)
	{
		if (b->room == room && b->with[0] == '\0')
			return b;
	}
	return make(all, room);
}

struct buffer *buffers_with(struct buffers *all, const char *name)
{
	struct buffer *b;

	TAILQ_FOREACH(b, &all->list, next)
	{
		if (b->with[0] != '\0' && strcasecmp(b->with, name) == 0)
			return b;
	}
	if ((b = make(all, NULL)) == NULL)
		return NULL;
	snprintf(b->with, sizeof(b->with), "%s", name);
	snprintf(b->name, sizeof(b->name), "@%.30s", name);
	return b;
}

void buffers_close(struct buffers *all, struct buffer *b)
{
	TAILQ_REMOVE(&all->list, b, next);
	TAILQ_INSERT_TAIL(&all->list, b, next);
	b->closed = true;
}

void buffers_reopen(struct buffers *all, struct buffer *b)
{
	if (!b->closed)
		return;
	TAILQ_REMOVE(&all->list, b, next);
	b->closed = false;
	insert(all, b);
}

struct buffer *buffers_next(const struct buffers *all, const struct buffer *b)
{
	struct buffer *p =
	    b == NULL ? TAILQ_FIRST(&all->list) : TAILQ_NEXT(b, next);

	while (p != NULL && p->closed)
		p = TAILQ_NEXT(p, next);
	return p;
}

struct buffer *buffers_before(const struct buffers *all, const struct buffer *b)
{
	struct buffer *p = TAILQ_PREV(b, buffers_list, next);

	(void)all;
	while (p != NULL && p->closed)
		p = TAILQ_PREV(p, buffers_list, next);
	return p;
}

size_t buffers_count(const struct buffers *all)
{
	struct buffer *b;
	size_t n = 0;

	for (b = buffers_next(all, NULL); b != NULL; b = buffers_next(all, b))
		n++;
	return n;
}

struct buffer *buffers_slot(const struct buffers *all, unsigned slot)
{
	struct buffer *b;

	for (b = buffers_next(all, NULL); b != NULL; b = buffers_next(all, b))
		if (b->slot == slot)
			return b;
	return NULL;
}

/* Whether the n bytes are somewhere in a name, without regard to case. */
static bool is_part(const char *name, const char *text, size_t n)
{
	for (; strlen(name) >= n; name++)
		if (strncasecmp(name, text, n) == 0)
			return true;
	return false;
}

struct buffer *buffers_find(
    const struct buffers *all, const char *text, size_t n, bool *several)
{
	struct buffer *b, *found = NULL;
	unsigned slot = 0;
	size_t i;

	*several = false;
	if (n == 0)
		return NULL;
	for (b = buffers_next(all, NULL); b != NULL; b = buffers_next(all, b))
		if (strlen(b->name) == n && strncasecmp(b->name, text, n) == 0)
			return b;
	for (i = 0; i < n && i < 4 && text[i] >= '0' && text[i] <= '9'; i++)
		slot = slot * 10 + (unsigned)(text[i] - '0');
	if (i == n && (b = buffers_slot(all, slot)) != NULL)
		return b;
	for (b = buffers_next(all, NULL); b != NULL; b = buffers_next(all, b)) {
		if (!is_part(b->name, text, n))
			continue;
		*several = found != NULL;
		if (*several)
			return NULL;
		found = b;
	}
	return found;
}

struct buffer *buffers_needy(
    const struct buffers *all, const struct buffer *cur)
{
	struct buffer *b = buffers_next(all, cur), *with_lines = NULL;

	/* Once around the list, from the one after `cur`. */
	for (;; b = buffers_next(all, b)) {
		if (b == NULL)
			b = buffers_next(all, NULL);
		if (b == cur || b == NULL)
			return with_lines;
		if (b->unread.mentions > 0)
			return b;
		if (b->unread.lines > 0 && with_lines == NULL)
			with_lines = b;
	}
}

bool buffer_has_draft(const struct buffer *b)
{
	return b->editor.text.len > 0;
}

struct own {
	const struct session *session;
	const struct buffer *b;
};

static const uint8_t *unsent(void *arg, size_t newer, bool *held)
{
	const struct own *own = arg;

	if (newer >= own->b->unacked)
		return NULL;
	return session_unsent(
	    own->session, own->b->room, own->b->unacked - 1 - newer, held);
}

static const uint8_t *unsent_to(void *arg, size_t newer, bool *held)
{
	const struct own *own = arg;

	return session_direct_waiting(
	    own->session, own->b->with, newer, held);
}

bool buffer_acknowledged(struct buffer *b, const struct session *s)
{
	struct session_room_status st;
	struct own own = {s, b};
	bool changed;

	if (b->with[0] != '\0') { /* SENT and UNSAID say the rest of each */
		changed = b->own_news &&
			  scrollback_hold(b->lines, unsent_to, &own);
		b->own_news = false;
		return changed;
	}
	session_room_status(s, b->room, &st);
	changed = st.unacked != b->unacked;
	b->unacked = st.unacked;
	if (!b->own_news)
		return changed;
	b->own_news = false;
	return scrollback_hold(b->lines, unsent, &own) || changed;
}
