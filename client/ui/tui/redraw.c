/* redraw.c - the rate of frames. */
#include "client/ui/tui/redraw.h"

enum {
	/* At most BURST + 1000 / FRAME_MS = 60 frames in any second. Frames
   * that nobody typed for leave half of the burst to those that somebody
   * did, so that a key shows at once in a busy room too. */
	FRAME_MS = 20,
	BURST = 10,
	CALM_MS = 25,	  /* least time between frames nobody typed for ... */
	CALM_CELLS = 600, /* ... and 1 ms more for so many cells, up to ... */
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
	/* A frame costs time for each cell: a large window gets fewer, so that
   * a busy room takes no more of the machine there. */
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
