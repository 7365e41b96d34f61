/* The functions of session.h about sealed rooms. */
#include <string.h>

#include "client/session/session_int.h"
#include "shared/base/secret.h"

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
