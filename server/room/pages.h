/* pages.h - a cache of the list pages requested since the last rekey: after
 * one, a thousand newcomers ask for the same pages. Inner header of
 * server/room. Everything is under the room's lock. */
#ifndef CONCLAVED_ROOM_PAGES_H
#define CONCLAVED_ROOM_PAGES_H

#include "server/room/member.h"
#include "shared/proto/control.h"

enum { PAGES = 64 };

struct pages {
	struct page {
		size_t first;	     /* index of the page's first member */
		struct frame *frame; /* a reference, or NULL */
	} *page; /* PAGES of them; NULL: none is kept */
};

/* A reference, or NULL. */
struct frame *pages_find(const struct pages *t, size_t first);
/* Caches a page of the list as it is. */
void pages_keep(struct pages *t, size_t first, struct frame *p);
/* Drops all pages, because the list has changed. */
void pages_drop(struct pages *t);

/* The list as a frame; json is scratch. */
int pages_make(
    struct frame **out, struct buf *json, const struct user_list *l) MUST_CHECK;

#endif
