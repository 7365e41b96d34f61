/* scrollback.h - messages and events as logical lines. Pure: no terminal, no
 * clock.
 *
 * A line is stored unwrapped, after the filter, and wrapped (wrap.h) each time it
 * is displayed, so a resize only changes the width. Line numbers rise by one and
 * are never reused for newer lines; lines of before the first are put above it
 * with the numbers before it. The oldest lines are dropped when there are more
 * than SCROLLBACK_MAX of them or they use more than SCROLLBACK_BYTES_MAX bytes,
 * and SCROLLBACK_OLDER more once older lines were put above. */
#ifndef CONCLAVE_UI_SCROLLBACK_H
#define CONCLAVE_UI_SCROLLBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/session/person.h"
#include "client/ui/message.h"
#include "shared/base/err.h"

enum {
	SCROLLBACK_MAX = 10000,
	SCROLLBACK_BYTES_MAX = 8 << 20,
	/* What older lines may take beside them. */
	SCROLLBACK_OLDER = 20000,
	SCROLLBACK_OLDER_BYTES = 16 << 20,
	SCROLLBACK_TIME = 5, /* cells of "HH:MM" */
};

/* The number of the first line that is added. */
#define SCROLLBACK_START (UINT64_C(1) << 32)

enum line_kind {
	LINE_CHAT,
	LINE_ACTION, /* * name text */
	LINE_NOTICE,
	LINE_ALERT, /* needs the user's attention */
	LINE_DATE,  /* another day begins: a rule with the date */
};

struct line {
	uint64_t id;
	uint64_t at_ms;	 /* Unix ms: when it arrived; of what is from the
			   history: when it was said */
	uint64_t offset; /* in the room's log; 0: not known, or not in it */
	enum line_kind kind;
	char time[SCROLLBACK_TIME + 1];
	char name[32]; /* "" for notices; at most 24 bytes of a name */
	bool own;
	bool pending;	  /* own, and not acknowledged by the server */
	bool held;	  /* pending, until the user sends or drops it */
	bool unsaid;	  /* own, and dropped */
	enum trust trust; /* the sender's, before this message */
	bool mention;	  /* by somebody else, and it names the user */
	/* What is known of a message and of what was said about it later; owned.
	 * NULL: a line of another kind. `text` shows all of that: its first
	 * `quote` bytes are a line that it answers, and what is behind `body`
	 * was not said by its author. */
	struct message *message;
	size_t quote, body;
	size_t len;
	char text[]; /* len bytes of UTF-8 and a NUL */
};

/* Bytes [from, to) of a line's text. */
struct span {
	size_t from, to;
};

/* The argument of scrollback_add, with the fields of struct line. text is
 * copied. */
struct line_new {
	enum line_kind kind;
	uint64_t at_ms;
	const char *time, *name;
	bool own, pending, mention;
	enum trust trust;
	const char *text;
	size_t len;
	const uint8_t *id,
	    *author;		 /* of a message that can be changed; or NULL */
	const char *about;	 /* what it answers, one line; or NULL */
	const uint8_t *about_id; /* its id; or NULL */
	uint64_t offset;
};

struct scrollback;
struct scrollback *scrollback_new(void);
/* Show reactions and quotations in ASCII. */
void scrollback_ascii(struct scrollback *ls, bool ascii);
void scrollback_free(struct scrollback *ls);

/* Appends a line, or returns ERR_NOMEM. Text beyond 64 KiB is cut at a
 * character boundary. */
int scrollback_add(struct scrollback *ls, const struct line_new *n) MUST_CHECK;

/* Moves the lines of `page` above the first one, as many of the newest as there is
 * room for; the lines that are there stay. False: not all. ERR_NOMEM counts as no
 * room. `page` is empty then. */
bool scrollback_prepend(struct scrollback *ls, struct scrollback *page);
bool scrollback_empty(const struct scrollback *ls);
void scrollback_drop(struct scrollback *ls); /* the oldest line */
/* The line with that offset, or SCROLLBACK_NO_MARK. */
uint64_t scrollback_find_offset(const struct scrollback *ls, uint64_t offset);
/* The least offset of a line; 0: none has one. */
uint64_t scrollback_first_offset(const struct scrollback *ls);
/* A message was purged: wipes its line, if it is here, and what answers to it
 * quote. False: it is not here. */
bool scrollback_purge(struct scrollback *ls, const uint8_t id[WIRE_ID],
    const uint8_t author[WIRE_HASH], const char *by);

/* The numbers of the oldest stored line and of the next line to be added; equal
 * when the scrollback is empty. */
uint64_t scrollback_first(const struct scrollback *ls);
uint64_t scrollback_end(const struct scrollback *ls);
/* Returns NULL for a number outside that range. The pointer is valid until the
 * next scrollback_add. */
const struct line *scrollback_at(const struct scrollback *ls, uint64_t id);

/* Gives a notice that is here another text and time; without memory it stays as
 * it is. */
void scrollback_retext(struct scrollback *ls, uint64_t line, const char *text,
    size_t n, const char *time, uint64_t at_ms);
/* The same, and it stays when it is; nothing if it is a message or not here. */
void scrollback_reword(struct scrollback *ls, uint64_t line, const char *text);

/* The line below the unread marker. There is no marker when this is
 * SCROLLBACK_NO_MARK or a line that was dropped. */
#define SCROLLBACK_NO_MARK UINT64_MAX
void scrollback_set_mark(struct scrollback *ls, uint64_t id);
uint64_t scrollback_mark(const struct scrollback *ls);

/* The line of a message, by its id and its author (NULL: the user);
 * SCROLLBACK_NO_MARK: it is not here (any more). */
uint64_t scrollback_find(const struct scrollback *ls, const uint8_t id[WIRE_ID],
    const uint8_t author[WIRE_HASH]);
/* A line's message, to be changed; NULL: it has none, or is not here.
 * scrollback_changed must follow, and shows it. Other lines may be dropped then,
 * and this one, if it is the oldest. Without memory it looks as it did. */
struct message *scrollback_change(struct scrollback *ls, uint64_t line);
void scrollback_changed(struct scrollback *ls, uint64_t line);

/* The server has what was said as `id`: clears `pending` of that line. Returns
 * true if a line changed. */
bool scrollback_sent(struct scrollback *ls, const uint8_t id[WIRE_ID]);
/* Sets `held` of the pending lines. `unsent` gives the ids of what is not
 * acknowledged, the newest first, each once; NULL after the last. Returns true
 * if a line changed. */
bool scrollback_hold(struct scrollback *ls,
    const uint8_t *(*unsent)(void *arg, size_t newer, bool *held), void *arg);
/* What was said as `id` is dropped: sets `unsaid` of that line, or takes back
 * what that did to another. */
void scrollback_unsay(struct scrollback *ls, const uint8_t id[WIRE_ID]);

#endif
