/* redraw.h - which parts must be redrawn, and when the next frame may be drawn.
 * Pure: times are arguments, in monotonic ms. */
#ifndef CONCLAVE_UI_TUI_REDRAW_H
#define CONCLAVE_UI_TUI_REDRAW_H

#include <stdbool.h>
#include <stdint.h>

enum {
	REDRAW_CHAT = 1,
	REDRAW_USERS = 2,
	REDRAW_STATUS = 4,
	REDRAW_INPUT = 8,
	REDRAW_ALL = 15,
};

struct redraw {
	unsigned parts; /* a set of REDRAW_* */
	bool typed;	/* the user or terminal waits: draw in this step */
	uint64_t drawn_ms;
	uint64_t frames_ms; /* when a whole burst is available again */
};

void redraw_want(struct redraw *r, unsigned parts);
/* As redraw_want, but without delay: the user waits for it. */
void redraw_want_now(struct redraw *r, unsigned parts);
/* Returns when the next frame may be drawn in a window of `cells` cells. At
 * most 60 frames in any second. */
uint64_t redraw_at(const struct redraw *r, uint64_t cells);
/* Records the start of a frame. */
void redraw_begin(struct redraw *r, uint64_t now_ms);

#endif
