/* buffers.h - what the full screen keeps for each room: its lines, the place the
 * user looks at, what is unread, and what is being written. Pure. */
#ifndef CONCLAVE_UI_TUI_BUFFERS_H
#define CONCLAVE_UI_TUI_BUFFERS_H

#include <sys/queue.h>

#include "client/session/session.h"
#include "client/ui/tui/editor.h"
#include "client/ui/tui/history.h"
#include "client/ui/tui/scrollback.h"
#include "client/ui/tui/view.h"

/* What the user has not seen of a buffer; unread.c alone writes it. */
struct unread {
	bool at_end;		/* shown, with its newest lines */
	bool reading;		/* ... and the terminal has the focus */
	uint64_t left_at;	/* not reading: the end when that began */
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
	bool was_in;	/* the user has been in the room */
};

/* All buffers; each room has at most one. */
struct buffers {
	SLIST_HEAD(, buffer) list;
};

void buffers_init(struct buffers *all);
void buffers_free(struct buffers *all);

/* The room's buffer, made when there is none; NULL without memory. Borrowed
 * until buffers_free. */
struct buffer *buffers_of(struct buffers *all, const struct chatroom *room);

/* Takes the number of unacknowledged messages. True when it has changed or an
 * own line is no longer pending: the buffer has to be drawn again. */
bool buffer_acknowledged(struct buffer *b, size_t unacked);

#endif
