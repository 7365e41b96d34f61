/* buffers.h - the state of the full screen for each room: its lines, scroll
 * position, unread counts and input text. Pure. */
#ifndef CONCLAVE_UI_TUI_BUFFERS_H
#define CONCLAVE_UI_TUI_BUFFERS_H

#include <sys/queue.h>

#include "client/session/session.h"
#include "client/ui/tui/editor.h"
#include "client/ui/tui/history.h"
#include "client/ui/tui/scrollback.h"
#include "client/ui/tui/view.h"

/* What the user has not seen of a buffer. Only unread.c writes it. */
struct unread {
	bool at_end;		/* shown and scrolled to its newest lines */
	bool reading;		/* ... and the terminal has the focus */
	uint64_t left_at;	/* scrollback end when reading stopped */
	bool mark_due;		/* the unread marker belongs at left_at */
	uint64_t mention_at;	/* the line of the last jump to a mention */
	size_t lines, mentions; /* arrived since reading ended */
};

struct buffer {
	SLIST_ENTRY(buffer) next;
	const struct chatroom *room; /* borrowed from the session */
	struct scrollback *lines;    /* owned */
	struct view view;
	struct editor editor;
	struct history history;
	struct unread unread;
	size_t unacked; /* own messages without an acknowledgement */
	bool own_news;	/* an event about them was shown since they were
			 * looked at */
	bool was_in;	/* the user has been in the room */
};

/* All buffers, one per room. */
struct buffers {
	SLIST_HEAD(, buffer) list;
};

void buffers_init(struct buffers *all);
void buffers_free(struct buffers *all);

/* Returns the room's buffer, creating it if necessary; NULL without memory.
 * Borrowed until buffers_free. */
struct buffer *buffers_of(struct buffers *all, const struct chatroom *room);

/* Looks at how many messages are unacknowledged, and which of them are held.
 * Returns true when the buffer must be redrawn. Call it when all events so far
 * are shown, or a line of before would be taken for another. */
bool buffer_acknowledged(struct buffer *b, const struct session *s);

#endif
