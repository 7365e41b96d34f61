/* question.h - a question in place of the input line, answered with y or n.
 * Pure: takes keys, and what is pasted meanwhile waits for the answer. */
#ifndef CONCLAVE_UI_TUI_QUESTION_H
#define CONCLAVE_UI_TUI_QUESTION_H

#include "client/ui/tui/input.h"
#include "shared/wire/bytes.h"

enum question_kind {
	QUESTION_NONE,
	QUESTION_QUIT,
	QUESTION_SEND,
	QUESTION_ACT,	/* its text is given: question_ask_text */
	QUESTION_PURGE, /* the same */
};
enum { QUESTION_TEXT_MAX = 128 };

enum question_answer {
	QUESTION_YES,
	QUESTION_NO,
	QUESTION_TEXT, /* no, and the typed text belongs in the line */
	QUESTION_KEPT, /* a paste: still open; the paste is in `pasted` */
	QUESTION_FULL, /* a paste too long to be kept: still open */
};

struct question {
	enum question_kind kind;
	char text[QUESTION_TEXT_MAX];
	struct buf pasted; /* during the question: WIRE_TEXT_MAX at most */
};

void question_init(struct question *q);
void question_free(struct question *q);

/* Asks, in place of any other question. */
void question_ask(struct question *q, enum question_kind kind);
void question_ask_text(
    struct question *q, enum question_kind kind, const char *text);
/* Withdraws the question. What was pasted stays. */
void question_drop(struct question *q);
bool question_open(const struct question *q);
struct question_about {
	const char *room; /* to which the draft goes; "": not known */
	size_t lines;	  /* of the draft ... */
	size_t bytes;	  /* ... and its length */
	size_t unacked;	  /* messages that the server has not acknowledged */
	size_t held;	  /* of them, those that are held */
	int cols;	  /* of the window: a narrow one gets fewer words */
};
/* Writes the question. */
void question_text(const struct question *q, char *out, size_t size,
    const struct question_about *a);
/* Takes a key as the answer to an open question; all answers but the last two
 * close it. "y" means yes, and so does a second Ctrl-C when asked to quit. Any
 * other key means no. */
enum question_answer question_key(
    struct question *q, const struct input_event *k);

#endif
