/* say.c - makes the notices of what people do in rooms. */
#include "server/room/say.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/room/memberships.h"
#include "server/room/room_state.h"
#include "shared/proto/request.h"

struct rekey_say *say_new(const struct registry_by *by)
{
	struct rekey_say *s = calloc(1, sizeof(*s));
	struct buf json;

	if (s == NULL)
		return NULL;
	snprintf(s->more.by, sizeof(s->more.by), "%s", by->name);
	s->number = by->number;
	if (by->rooms == NULL)
		return s;
	buf_init(&json, WIRE_JSON_MAX);
	if (answer_done(&json, by->number, 0) == 0)
		s->answer = frame_control(json.p, json.len);
	buf_free(&json);
	if (s->answer != NULL)
		return s;
	free(s);
	return NULL;
}

void say_in(struct room *r, const struct registry_by *by, struct rekey_say *s,
    struct registry_answer *a)
{
	struct member *m =
	    by->rooms == NULL ? NULL : memberships_in(by->rooms, r->o.id);

	if (m != NULL && member_is_in(m) && a->n_later < WIRE_ROOMS) {
		s->asker = member_ref(m);
		a->later[a->n_later++] = m;
	}
	rekey_say(&r->rekey, s);
}
