/* whoami.c - keeps what a server says of the user's account. */
#include "client/session/whoami.h"

#include <string.h>

#include "shared/wire/text.h"

void whoami_init(struct whoami *t)
{
	memset(t, 0, sizeof(*t));
	t->role = ROLE_MEMBER;
	t->rooms_max = WIRE_ROOMS;
}

int whoami_welcome(
    struct whoami *t, struct events *q, const struct welcome *w)
{
	const struct event e = {.type = EVENT_ROLE, .role = w->role};
	bool news = t->welcomed && t->role != w->role;

	t->welcomed = true;
	t->role = w->role;
	t->rooms_max = w->rooms;
	t->password = w->password;
	memcpy(t->account, w->account, sizeof(t->account));
	return news ? events_push(q, &e) : 0;
}

int whoami_device(const struct whoami *t, struct events *q,
    const struct parties *p, const struct device *d)
{
	struct event e = {.type = EVENT_DEVICE,
	    .who = t->account,
	    .device_s = d->first_s};
	int r = ed25519_fingerprint(p->crypto, e.device, d->identity);

	return r != 0 ? r : events_push(q, &e);
}

int whoami_told(const struct room_events *q, const struct parties *p,
    const struct notice_more *m)
{
	struct event e = {.type = EVENT_DEVICE, .who = m->who};
	int r;

	if (text_same_name(m->who, p->self.name))
		return 0;
	r = ed25519_fingerprint(p->crypto, e.device, m->identity);
	return r != 0 ? r : events_push_room(q, &e);
}
