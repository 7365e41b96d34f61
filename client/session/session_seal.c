/* The functions of session.h about sealed rooms. */
#include <string.h>

#include "client/session/session_int.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

static struct chatroom *numbered(struct session *s, uint32_t number)
{
	struct roomlist *l = session_roomlist(s);
	size_t i;

	for (i = 0; i < l->n; i++)
		if (chatroom_phase(l->all[i]) > CHATROOM_WANTED &&
		    chatroom_number(l->all[i]) == number)
			return l->all[i];
	return NULL;
}

int session_seal_ask(
    struct session *s, const struct request *q, uint32_t *req)
{
	struct roomlist *l = session_roomlist(s);
	const struct chatroom *room =
	    q->type == REQUEST_ROOM_SET ? numbered(s, q->room) : NULL;
	struct request numbered_q;
	int r;

	if (room != NULL && q->has_topic &&
	    seals_state(chatroom_seals(room)) != SEAL_NONE)
		return ERR_REFUSED;
	if (q->type == REQUEST_ROOM_NEW && q->settings.sealed && q->has_topic)
		return ERR_REFUSED;
	if (q->type != REQUEST_ROOM_NEW ||
	    (q->settings_named & SETTING_SEALED) == 0 || !q->settings.sealed)
		return requests_put(l->requests, q, NULL, req);
	/* The secret is there before the answer can be. */
	numbered_q = *q;
	numbered_q.number = requests_number(l->requests);
	r = new_seals_add(session_new_seals(s), q->name, numbered_q.number);
	if (r == 0 &&
	    (r = requests_put(l->requests, &numbered_q, NULL, req)) != 0)
		new_seals_answered(
		    session_new_seals(s), numbered_q.number, false);
	return r;
}

int session_seal_give(struct session *s, const struct chatroom *room,
    const uint8_t secret[WIRE_KEY])
{
	struct chatroom *r = roomlist_find(session_roomlist(s), room);
	int e;

	if (r == NULL)
		return ERR_ROOM;
	e = chatroom_unlock(r, secret);
	/* What waited for it goes out; or the link ends. */
	if (e == 0 || e == ERR_UNSEALED || e == ERR_SEAL_BACK)
		session_settle(s, e);
	return e;
}

int session_seal_renew(struct session *s, const struct chatroom *room)
{
	struct chatroom *r = roomlist_find(session_roomlist(s), room);
	int e;

	if (r == NULL || chatroom_phase(r) != CHATROOM_JOINED)
		return ERR_ROOM;
	if ((e = chatroom_renew(r)) == 0)
		session_settle(s, 0);
	return e;
}

bool session_seal_secret(const struct session *s, const struct chatroom *room,
    uint8_t secret[WIRE_KEY])
{
	(void)s;
	return room != NULL && seals_secret(chatroom_seals(room), secret);
}

bool session_seal_known(const struct session *s, const char *room)
{
	const struct seals_ops *ops = &session_parties(s)->seals;
	struct seal_secret of;
	bool known = ops->get != NULL && ops->get(ops->arg, room, 0, &of);

	secret_wipe(&of, sizeof(of));
	return known;
}

int session_ask(struct session *s, const struct request *q, uint32_t *req)
{
	if (!requests_may_ask(q->type))
		return ERR_USAGE;
	if (session_over(s))
		return ERR_STATE;
	if (requests_open(session_requests(s)) >= WIRE_REQUESTS)
		return ERR_LIMIT;
	return session_seal_ask(s, q, req);
}

int session_topic(struct session *s, const struct chatroom *room,
    uint64_t wall_ms, const char *text, size_t n)
{
	struct chatroom *r = roomlist_find(session_roomlist(s), room);
	const struct rng *rng = &session_parties(s)->rng;
	struct content_topic t = {.text = text, .text_len = n};
	int e;

	if (r == NULL)
		return ERR_ROOM;
	if (session_over(s))
		return ERR_STATE;
	if (n > WIRE_SHORT_TEXT_MAX || memchr(text, 0, n) != NULL ||
	    !text_utf8(text, n))
		return ERR_TEXT;
	if ((e = rng->fill(rng->arg, t.id, WIRE_ID)) != 0)
		return e;
	return chatroom_topic(r, wall_ms, &t);
}

/* --- handing it over -------------------------------------------------------- */

static enum session_heir_how how_of(const struct chatroom *room,
    const struct holder *h, const struct session_heir *to)
{
	const uint32_t now = seals_generation(chatroom_seals(room));
	const struct person *p;
	size_t n, i;

	if (h->removed > 0)
		return HEIR_REMOVED;
	if (to->trust == TRUST_NEW || to->trust == TRUST_CHANGED)
		return HEIR_UNPINNED;
	if (h->number >= now)
		return HEIR_HAS;
	if (now - h->number > 1)
		return HEIR_STALE;
	if (!h->gone)
		return HEIR_READY;
	p = chatroom_people(room, &n);
	for (i = 0; i < n; i++)
		if (memcmp(p[i].fingerprint, h->fingerprint, WIRE_HASH) == 0)
			return HEIR_READY;
	return HEIR_GONE;
}

static void heir_of(const struct session *s, const struct chatroom *room,
    const struct holder *h, struct session_heir *out)
{
	struct person who = {.member = 0};

	memset(out, 0, sizeof(*out));
	memcpy(out->name, h->name, sizeof(out->name));
	memcpy(out->fingerprint, h->fingerprint, WIRE_HASH);
	memcpy(who.name, h->name, sizeof(who.name));
	memcpy(who.fingerprint, h->fingerprint, WIRE_HASH);
	out->trust = parties_met(session_parties(s), &who);
	out->how = how_of(room, h, out);
}

size_t session_seal_heirs(const struct session *s, const struct chatroom *room,
    struct session_heir *out, size_t max)
{
	const struct holders *at = chatroom_holders(room);
	struct holder h;
	size_t n = 0, i;

	for (i = 0; n < max && at->ops->get != NULL &&
		    at->ops->get(at->ops->arg, at->room, i, &h);
	     i++)
		if (memcmp(h.log, at->log, WIRE_LOG) == 0)
			heir_of(s, room, &h, &out[n++]);
	secret_wipe(&h, sizeof(h));
	return n;
}

int session_seal_send(struct session *s, const struct chatroom *room,
    const struct session_heir *to)
{
	const struct rng *rng = &session_parties(s)->rng;
	struct chatroom *r = roomlist_find(session_roomlist(s), room);
	struct direct_hand what = {.number = 0};
	struct content_seal c = {.number = 0};
	struct session_heir known;
	struct holder h;
	int e = ERR_ROOM;

	if (r == NULL || session_over(s) ||
	    (e = chatroom_hands(r, &what, &c)) != 0)
		return e;
	/* Whatever the caller says, we know whom it may go to. */
	e = ERR_KEY;
	if (holders_find(chatroom_holders(r), to->fingerprint, &h)) {
		heir_of(s, r, &h, &known);
		memcpy(what.to, h.fingerprint, WIRE_HASH);
		if (known.how < HEIR_REMOVED)
			e = rng->fill(rng->arg, c.id, WIRE_ID);
	}
	if (e == 0)
		e = direct_hand(session_direct_part(s), known.name, &what, &c);
	secret_wipe(&c, sizeof(c));
	secret_wipe(&h, sizeof(h));
	if (e == 0)
		session_settle(s, 0);
	return e;
}

int session_handed_over(void *arg, const struct direct_hand *h,
    const char *who, enum wire_code code, const char *why)
{
	const bool kept = why == NULL;

	(void)arg;
	if (kept)
		holders_has(chatroom_holders(h->room), h->to, h->number);
	return events_push_room(chatroom_events(h->room),
	    &(struct event){.type = EVENT_SEAL,
		.reason = kept ? "sent" : "unsent",
		.who = who,
		.code = code,
		.word = chatroom_name(h->room),
		.text = kept ? "" : why,
		.text_len = kept ? 0 : strlen(why)});
}

/* Of a room that the user is not in. */
static int take_away(struct session *s, const struct person *who,
    const struct content_seal *c, enum seals_offer *how)
{
	const struct parties *p = session_parties(s);
	struct seals *seals = seals_new(p->crypto, &p->seals);

	if (seals == NULL)
		return ERR_NOMEM;
	seals_name(seals, c->room);
	*how = seals_take(seals, who, c);
	seals_free(seals);
	return 0;
}

int session_handed(
    void *arg, const struct person *who, const struct content_seal *c)
{
	static const char *const cause[] = {
	    [SEALS_NO_ROOM] = "room",
	    [SEALS_UNPINNED] = "unpinned",
	    [SEALS_STRANGER] = "stranger",
	    [SEALS_REMOVED] = "removed",
	    [SEALS_OLD] = "old",
	};
	struct session *s = arg;
	struct chatroom *r = roomlist_named(session_roomlist(s), c->room);
	struct event e = {.type = EVENT_SEAL,
	    .reason = "ignored",
	    .room = r,
	    .room_name = r != NULL ? chatroom_name(r) : NULL,
	    .who = who->name,
	    .word = c->room};
	enum seals_offer how = SEALS_HAD;
	int err = r != NULL ? chatroom_handed(r, who, c, &how)
			    : take_away(s, who, c, &how);

	/* It is taken, and that was told. */
	if (err != 0 || how == SEALS_HAD ||
	    (how == SEALS_KEPT && r != NULL &&
		seals_known(chatroom_seals(r)) >= c->number))
		return err;
	if (how == SEALS_KEPT)
		e.reason = "handed";
	else
		e.by = cause[how];
	return events_push(session_roomlist(s)->events, &e);
}
