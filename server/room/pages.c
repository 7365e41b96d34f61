/* pages.c - keeps pages of a room's list until it changes. */
#include "server/room/pages.h"

#include <stdlib.h>

struct frame *pages_find(const struct pages *t, size_t first)
{
	size_t i = first / WIRE_PAGE % PAGES;

	if (t->page == NULL || t->page[i].frame == NULL || t->page[i].first != first)
		return NULL;
	return frame_ref(t->page[i].frame);
}

void pages_keep(struct pages *t, size_t first, struct frame *p)
{
	size_t i = first / WIRE_PAGE % PAGES;

	if (t->page == NULL &&
	    (t->page = calloc(PAGES, sizeof(*t->page))) == NULL)
		return;
	frame_unref(t->page[i].frame);
	t->page[i].frame = frame_ref(p);
	t->page[i].first = first;
}

void pages_drop(struct pages *t)
{
	size_t i;

	for (i = 0; t->page != NULL && i < PAGES; i++)
		frame_unref(t->page[i].frame);
	free(t->page);
	t->page = NULL;
}

int pages_make(struct frame **out, struct buf *json, const struct user_list *l)
{
	int err;

	buf_clear(json);
	if ((err = control_user_list(json, l)) != 0)
		return err;
	*out = frame_control(json->p, json->len);
	if (*out == NULL)
		return ERR_NOMEM;
	(*out)->room = l->room;
	return 0;
}
