/* buffers.h - the state of the full screen for each room, and for each person with
 * whom the user speaks directly: its lines, scroll
 * position, unread counts and input text. Pure. */
#ifndef CONCLAVE_UI_TUI_BUFFERS_H
#define CONCLAVE_UI_TUI_BUFFERS_H

#include <sys/queue.h>

#include "client/session/session.h"
#include "client/ui/tui/about.h"
#include "client/ui/tui/complete.h"
#include "client/ui/tui/editor.h"
#include "client/ui/tui/history.h"
#include "client/ui/fold.h"
#include "client/ui/tui/lookback.h"
#include "client/ui/scrollback.h"
#include "client/ui/tui/view.h"

/* What the user has not seen of a buffer. Only unread.c writes it. */
struct unread {
	bool at_end;		/* shown and scrolled to its newest lines */
	bool reading;		/* ... and the terminal has the focus */
	uint64_t left_at;	/* scrollback end when reading stopped */
	bool mark_due;		/* the unread marker belongs at left_at */
	uint64_t mention_at;	/* the line of the last jump to a mention */
	size_t lines, mentions; /* arrived since reading ended */
	/* "14:09", when reading ended, and of that the marker says so many lines
	 * and since when. */
	char since[SCROLLBACK_TIME + 1], mark_since[SCROLLBACK_TIME + 1];
	size_t marked;
};

struct buffer {
	TAILQ_ENTRY(buffer) next;
	const struct chatroom *room;  /* borrowed from the session; NULL: */
	char with[WIRE_NAME_MAX + 1]; /* a person; "" for a room */
	unsigned slot;		      /* 1, 2, ...: what Alt-1 and /go 1 mean */
	char name[WIRE_ROOM_MAX + 1]; /* "" before the server has said it */
	struct scrollback *lines;     /* owned */
	struct view view;
	struct editor editor;
	struct buf refused; /* from the user's editor, and no message as it
			     * is: /editor opens it again */
	struct about about; /* what the text in the editor is about */
	struct history history;
	struct unread unread;
	struct lookback lookback;
	struct complete_speakers speakers;
	enum fold_mode events; /* comings, goings and keys */
	struct fold fold;
	uint64_t fold_at;   /* its line; SCROLLBACK_NO_MARK: none yet */
	uint32_t fold_key;  /* a key that came before those who made it */
	bool alarmed;	    /* a line says that the log differs: */
	uint64_t alarm;
	bool rewritten;	    /* EVENT_REWRITTEN */
	bool full;	    /* EVENT_STORAGE: the server keeps nothing now */
	char fork[WIRE_NAME_MAX + 1]; /* whose log differs, "" for nobody */
	size_t unacked; /* own messages without an acknowledgement */
	bool own_news;	/* an event about them was shown since they were
			 * looked at */
	bool was_in;	/* the user has been in the room */
	bool missed;	/* a message of while the user was away names them */
	bool catching;	/* ... and such messages come now */
	uint64_t delivered; /* the line of a person's window that says so */
	bool closed;	/* not in the list; its lines and draft stay for when
			 * the user comes back */
};

/* All buffers, one per room. Those that are not closed are the list that the
 * user sees, ascending by slot. A slot stays the same while others come and
 * go. */
struct buffers {
	TAILQ_HEAD(buffers_list, buffer) list;
};

void buffers_init(struct buffers *all);
void buffers_free(struct buffers *all);

/* Returns the room's buffer, creating it if necessary; NULL without memory.
 * Borrowed until buffers_free. */
struct buffer *buffers_of(struct buffers *all, const struct chatroom *room);
/* The same for a person, by name whatever its case. */
struct buffer *buffers_with(struct buffers *all, const char *name);
/* Takes a buffer out of the list, and puts it back under the lowest free
 * slot. */
void buffers_close(struct buffers *all, struct buffer *b);
void buffers_reopen(struct buffers *all, struct buffer *b);

/* The list: the first buffer (NULL for `b`) or the one after or before it; NULL
 * at the end. */
struct buffer *buffers_next(const struct buffers *all, const struct buffer *b);
struct buffer *buffers_before(
    const struct buffers *all, const struct buffer *b);
size_t buffers_count(const struct buffers *all);
struct buffer *buffers_slot(const struct buffers *all, unsigned slot);
/* The one that a user means by n bytes: a slot's number, a name, or else a part
 * of just one name. NULL and *several: of more than one. */
struct buffer *buffers_find(
    const struct buffers *all, const char *text, size_t n, bool *several);

/* The next buffer after `cur` that needs the user: one with a mention, or else
 * one with unread lines; NULL when there is none but `cur`. */
struct buffer *buffers_needy(
    const struct buffers *all, const struct buffer *cur);

bool buffer_has_draft(const struct buffer *b);

/* Looks at how many messages are unacknowledged, and which of them are held.
 * Returns true when the buffer must be redrawn. Call it when all events so far
 * are shown, or a line of before would be taken for another. */
bool buffer_acknowledged(struct buffer *b, const struct session *s);

#endif
