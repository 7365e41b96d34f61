/* lookback.h - what a buffer of the full screen knows of its older lines, which
 * readback.c reads from the history of the room; and the lines that say which day
 * begins. Pure. */
#ifndef CONCLAVE_UI_TUI_LOOKBACK_H
#define CONCLAVE_UI_TUI_LOOKBACK_H

#include "client/ui/fold.h"
#include "client/ui/scrollback.h"
#include "client/ui/search.h"

enum {
	LOOKBACK_COUNT = 200,	 /* entries that are asked for at once */
	LOOKBACK_EMPTY = 20,	 /* parts without a line in a row, at most */
	LOOKBACK_SEARCH = 10000, /* entries that a search reads at most */
};

/* Of one buffer. */
struct lookback {
	uint32_t req;		 /* of the part that is read; 0: none */
	struct scrollback *page; /* owned; its lines so far */
	struct fold fold;	 /* of its comings and goings */
	uint64_t fold_at;	 /* their line in the page */
	unsigned empty;		 /* parts in a row without a line */
	/* Up to here it was read, seen from the first line then. */
	uint64_t before, from;
	uint64_t end; /* the line that says that there is nothing more */
};

/* What /search looks for in older parts. */
struct lookback_search {
	const struct buffer *in; /* NULL: nothing */
	struct search word;
	uint64_t read;	  /* entries so far */
	uint64_t next_id; /* lines from here on were there before */
};

struct buffer;

/* The time of a line that is no event. */
extern const char lookback_no_time[];

void lookback_init(struct lookback *l);
void lookback_free(struct lookback *l);

/* A notice with the day, if the line that comes next is of another one than the
 * last. Of the first line of all: `first`, or if it is not of today. */
void lookback_date(
    struct scrollback *ls, uint64_t next_ms, bool first, uint64_t now_ms);
bool lookback_same_day(uint64_t a_ms, uint64_t b_ms);

#endif
