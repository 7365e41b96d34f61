/* standing_store.c - who is a member of which room, and how roles, bans and
 * memberships outlast the server. */
#include <string.h>

#include "server/room/standing_int.h"

static void lock(struct standing *t)
{
	(void)pthread_mutex_lock(&t->lock);
}

static void unlock(struct standing *t)
{
	(void)pthread_mutex_unlock(&t->lock);
}

static struct store_right stored_of(const struct right *r)
{
	return (struct store_right){.room = r->room,
	    .identity = r->account,
	    .name = r->name,
	    .has_role = r->has_role,
	    .invited = r->invited,
	    .banned = r->banned,
	    .muted = r->muted,
	    .member = r->member,
	    .role = r->role,
	    .ban_until = r->ban_until,
	    .mute_until = r->mute_until,
	    .since = r->since.offset,
	    .since_run = r->since.run,
	    .since_epoch = r->since.epoch};
}

int right_put(struct standing *t, const struct right *r)
{
	const struct store_right stored = stored_of(r);

	if (t->store == NULL)
		return 0;
	return store_put_right(t->store, &stored, &t->ticket);
}

/* --- newcomers ------------------------------------------------------------ */

static int newcomer_put(const struct standing_newcomer *n,
    const struct right *role, const struct right *invited)
{
	struct store_right stored[2];

	if (role != NULL)
		stored[0] = stored_of(role);
	if (invited != NULL)
		stored[1] = stored_of(invited);
	return n->put(n->arg, role != NULL ? &stored[0] : NULL,
	    invited != NULL ? &stored[1] : NULL);
}

static int newcomer(struct standing *t, const struct standing_who *who,
    const struct standing_newcomer *n)
{
	struct right *role = NULL, *invited = NULL;
	int err = 0;

	if (n->role != t->newcomer &&
	    (err = right_make(t, 0, who, n->wall_ms, &role)) == 0) {
		role->has_role = true;
		role->role = n->role;
	}
	if (err == 0 && n->room != 0 &&
	    (err = right_make(t, n->room, who, n->wall_ms, &invited)) == 0)
		invited->invited = true;
	if (err == 0)
		err = newcomer_put(n, role, invited);
	if (err != 0 && role != NULL) {
		role->has_role = false;
		right_drop_if_empty(t, role);
	}
	if (err != 0 && invited != NULL) {
		invited->invited = false;
		right_drop_if_empty(t, invited);
	}
	return err;
}

int standing_newcomer(struct standing *t, const struct standing_who *who,
    const struct standing_newcomer *n)
{
	int err;

	lock(t);
	err = newcomer(t, who, n);
	unlock(t);
	return err;
}

/* --- members ------------------------------------------------------------- */

static int join(struct standing *t, uint32_t room,
    const struct standing_who *who, const struct standing_since *since)
{
	struct right *r = right_find(t, room, who->account), after;
	int err;

	if (r != NULL && r->member)
		return 0;
	/* Those who only come in leave places for bans. */
	if (r == NULL && (rights_in(t, room) >= STANDING_IN_ROOM / 2 ||
			     t->n_rights >= STANDING_RIGHTS / 4))
		return ERR_LIMIT;
	if (r == NULL &&
	    (err = right_make(t, room, who, t->swept_ms, &r)) != 0)
		return err;
	after = *r;
	after.member = true;
	after.since = *since;
	if ((err = right_put(t, &after)) == 0) {
		r->member = true;
		r->since = *since;
	}
	right_drop_if_empty(t, r);
	return err;
}

int standing_join(struct standing *t, uint32_t room,
    const struct standing_who *who, const struct standing_since *since)
{
	int err;

	lock(t);
	err = join(t, room, who, since);
	unlock(t);
	return err;
}

int standing_part(
    struct standing *t, uint32_t room, const struct standing_who *who)
{
	struct right *r, after;
	int err = 0;

	lock(t);
	r = right_find(t, room, who->account);
	if (r != NULL && r->member) {
		after = *r;
		after.member = false;
		if ((err = right_put(t, &after)) == 0)
			r->member = false;
		right_drop_if_empty(t, r);
	}
	unlock(t);
	return err;
}

bool standing_member(struct standing *t, uint32_t room,
    const uint8_t account[WIRE_KEY], struct standing_since *since)
{
	const struct right *r;
	bool member;

	lock(t);
	r = right_find(t, room, account);
	if ((member = r != NULL && r->member))
		*since = r->since;
	unlock(t);
	return member;
}

/* --- lasting ------------------------------------------------------------- */

void standing_keep(struct standing *t, struct store *s)
{
	lock(t);
	t->store = s;
	unlock(t);
}

uint64_t standing_ticket(struct standing *t)
{
	uint64_t ticket;

	lock(t);
	ticket = t->ticket;
	unlock(t);
	return ticket;
}

int standing_restore(struct standing *t, const struct store_right *s)
{
	const struct standing_who who = {s->identity, s->name};
	struct right *r;
	int err;

	lock(t);
	if ((err = right_make(t, s->room, &who, t->swept_ms, &r)) == 0) {
		r->has_role = s->has_role;
		r->invited = s->invited;
		r->banned = s->banned;
		r->muted = s->muted;
		r->member = s->member;
		r->role = s->role;
		r->ban_until = s->ban_until;
		r->mute_until = s->mute_until;
		r->since = (struct standing_since){
		    s->since, s->since_run, s->since_epoch};
		right_drop_if_empty(t, r);
	}
	unlock(t);
	standing_see(t, &who); /* acts name people that were here once */
	return err;
}
