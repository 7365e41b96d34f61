/* redraw.h - what has to be drawn again, and when the next frame may be. Pure:
 * times are arguments, in monotonic ms. */
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
	bool typed;	/* a key or the terminal asks: draw in this step */
	uint64_t drawn_ms;
	uint64_t frames_ms; /* when a whole burst of frames is free again */
};

void redraw_want(struct redraw *r, unsigned parts);
/* As redraw_want, and at once: the user waits for it. */
void redraw_want_now(struct redraw *r, unsigned parts);
/* When the next frame of a window of `cells` cells may be drawn. At most 60
 * frames in any second. */
uint64_t redraw_at(const struct redraw *r, uint64_t cells);
/* A frame is being drawn. */
void redraw_begin(struct redraw *r, uint64_t now_ms);

#endif
