/* redraw.c - limits the frame rate. */
#include "client/ui/tui/redraw.h"

enum {
	/* At most BURST + 1000 / FRAME_MS = 60 frames in any second. Frames not
	 * caused by typing may use only half of the burst, so that a key shows
	 * at once even in a busy room. */
	FRAME_MS = 20,
	BURST = 10,
	CALM_MS = 25,	  /* least time between frames not typed for ... */
	CALM_CELLS = 600, /* ... and 1 ms more per this many cells, up to ... */
	SLOWEST_MS = 60,
};

void redraw_want(struct redraw *r, unsigned parts)
{
	r->parts |= parts;
}

void redraw_want_now(struct redraw *r, unsigned parts)
{
	r->parts |= parts;
	r->typed = true;
}

uint64_t redraw_at(const struct redraw *r, uint64_t cells)
{
	uint64_t burst = (BURST - 1) * FRAME_MS, calm, pause;

	if (r->typed)
		return r->frames_ms > burst ? r->frames_ms - burst : 0;
	burst /= 2;
	calm = r->frames_ms > burst ? r->frames_ms - burst : 0;
	/* The cost of a frame grows with its cells: a large window gets fewer
	 * frames, so that a busy room uses no more CPU there. */
	pause = cells / CALM_CELLS;
	pause = pause < CALM_MS	     ? CALM_MS
		: pause > SLOWEST_MS ? SLOWEST_MS
				     : pause;
	return calm > r->drawn_ms + pause ? calm : r->drawn_ms + pause;
}

void redraw_begin(struct redraw *r, uint64_t now_ms)
{
	r->frames_ms =
	    (r->frames_ms > now_ms ? r->frames_ms : now_ms) + FRAME_MS;
	r->drawn_ms = now_ms;
	r->typed = false;
}
