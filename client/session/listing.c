/* Pages of the list of people. */
#include "client/session/listing.h"

#include <string.h>

#include "shared/wire/text.h"

static int on_listed(struct listing *l, const struct user *u, uint32_t member)
{
	const struct person *known = roster_find(l->roster, u->member);
	struct person p;
	int e;

	if (u->member <= l->after)
		return ERR_MEMBER;
	l->after = u->member;
	/* If we saw this person join between two pages, a later page repeats
	 * them. */
	if (known != NULL)
		return strcmp(known->name, u->name) == 0 &&
			       memcmp(known->identity, u->identity,
				   WIRE_ED25519) == 0 &&
			       memcmp(known->card, u->card, WIRE_HASH) == 0
			   ? 0
			   : ERR_MEMBER;
	if ((e = parties_person(&p, l->parties, u, member)) != 0)
		return e;
	parties_here(l->parties, &p, u);
	return roster_add(l->roster, &p, false);
}

static int ask_next(struct listing *l, uint32_t room)
{
	struct buf json;
	int e;

	buf_init(&json, WIRE_JSON_MAX);
	e = control_user_list_ask(&json, room, l->after);
	if (e == 0)
		e = outgoing_control(l->out, &json);
	buf_free(&json);
	return e;
}

int listing_page(struct listing *l, const struct user_list *page,
    uint32_t member, bool *more)
{
	size_t i, n;
	int e;

	for (i = 0; i < page->n_users; i++)
		if ((e = on_listed(l, &page->users[i], member)) != 0)
			return e;
	(void)roster_people(l->roster, &n);
	*more = page->n_users == WIRE_PAGE && n < page->total;
	if (*more)
		return ask_next(l, page->room);
	return roster_find(l->roster, member) == NULL ? ERR_MEMBER : 0;
}

void listing_meet_again(struct listing *l, const char *name)
{
	const struct person *p;
	size_t n, i;

	p = roster_people(l->roster, &n);
	for (i = 0; i < n; i++)
		if (text_same_name(p[i].name, name))
			roster_trust(l->roster, p[i].member,
			    parties_trust(l->parties, &p[i]));
}
