/* Dispatches received frames to their rooms. */
#include <stdlib.h>
#include <string.h>

#include "client/session/roomlist.h"
#include "shared/wire/text.h"

int roomlist_add(struct roomlist *l, struct chatroom *r)
{
	struct chatroom **all;

	if (r == NULL)
		return ERR_NOMEM;
	if ((all = realloc(l->all, (l->n + 1) * sizeof(*all))) == NULL) {
		chatroom_free(r);
		return ERR_NOMEM;
	}
	l->all = all;
	l->all[l->n++] = r;
	return 0;
}

void roomlist_free(struct roomlist *l)
{
	while (l->n > 0)
		chatroom_free(l->all[--l->n]);
	free(l->all);
	l->all = NULL;
}

struct chatroom *roomlist_find(
    const struct roomlist *l, const struct chatroom *handle)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->all[i] == handle)
			return l->all[i];
	return NULL;
}

size_t roomlist_due(const struct roomlist *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		n += chatroom_due(l->all[i]);
	return n;
}

/* --- which message is legal when ----------------------------------------- */

#define IN(phase) (1u << (phase))
enum {
	IN_ROOM = IN(CHATROOM_LISTING) | IN(CHATROOM_JOINED),
	ANYTIME = IN(CHATROOM_WANTED) | IN(CHATROOM_KEYED) | IN_ROOM,
};

/* Some room is in one of these phases. */
static bool any(const struct roomlist *l, unsigned phases)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if ((phases & IN(chatroom_phase(l->all[i]))) != 0)
			return true;
	return false;
}

/* Finds the room of that number on this connection, in one of the phases.
 * ERR_STATE: the message is illegal in every room, or in this one; ERR_ROOM: it
 * would be legal in another. */
static int numbered(const struct roomlist *l, uint32_t number, unsigned phases,
    struct chatroom **out)
{
	size_t i;

	if (!any(l, phases))
		return ERR_STATE;
	for (i = 0; i < l->n; i++) {
		if (chatroom_phase(l->all[i]) == CHATROOM_WANTED ||
		    chatroom_number(l->all[i]) != number)
			continue;
		*out = l->all[i];
		return (phases & IN(chatroom_phase(*out))) != 0 ? 0 : ERR_STATE;
	}
	return ERR_ROOM;
}

/* Finds the room that this key is for: the one of that name, or one that
 * accepts any name. */
static int wanted(
    const struct roomlist *l, const char *name, struct chatroom **out)
{
	struct chatroom *r;
	size_t i;

	if (!any(l, IN(CHATROOM_WANTED)))
		return ERR_STATE;
	*out = NULL;
	for (i = 0; i < l->n; i++) {
		r = l->all[i];
		if (text_same_name(chatroom_name(r), name)) {
			*out = r;
			break;
		}
		if (*out == NULL && chatroom_name(r)[0] == '\0')
			*out = r;
	}
	if (*out == NULL)
		return ERR_ROOM;
	return chatroom_phase(*out) == CHATROOM_WANTED ? 0 : ERR_STATE;
}

/* --- control frames ------------------------------------------------------ */

static int on_key_exchange(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	const struct key_exchange *k = &c->u.key_exchange;
	struct chatroom *room;
	int r;

	r = k->is_wrapped ? wanted(l, k->name, &room)
			  : numbered(l, k->room, IN_ROOM, &room);
	return r != 0 ? r : chatroom_key(room, k, now_ms);
}

static int on_user_list(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	struct chatroom *room;
	int r;

	r = numbered(l, c->u.user_list.room,
	    IN(CHATROOM_KEYED) | IN(CHATROOM_LISTING), &room);
	return r != 0 ? r : chatroom_list(room, &c->u.user_list, now_ms);
}

static int on_ack(struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	struct chatroom *room;
	int r;

	r = numbered(l, c->u.ack.room, IN(CHATROOM_KEYED) | IN_ROOM, &room);
	return r != 0
		   ? r
		   : chatroom_ack(room, c->u.ack.seq, c->u.ack.offset, now_ms);
}

/* The server names no room: the person may be in any of them. */
static int on_error(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	const struct person *who = NULL;
	size_t i;

	(void)now_ms;
	for (i = 0; i < l->n && who == NULL; i++)
		who = chatroom_person(l->all[i], c->u.end.member);
	return events_push(l->events, &(struct event){.type = EVENT_ERROR,
					  .code = c->u.end.code,
					  .word = c->u.end.word,
					  .person = who,
					  .text = c->u.end.text,
					  .text_len = strlen(c->u.end.text)});
}

static int on_ignored(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	(void)l;
	(void)c;
	(void)now_ms;
	return 0;
}

/* `phases`: some room must be in one of these; the function checks which room
 * it is, and that room's phase. connection.c handles PING, PONG and BYE, which
 * are legal at any time. */
static const struct {
	unsigned phases;
	int (*fn)(struct roomlist *l, const struct control *c, uint64_t now_ms);
} ops[] = {
    [CONTROL_UNKNOWN] = {ANYTIME, on_ignored},
    [CONTROL_KEY_EXCHANGE] = {IN(CHATROOM_WANTED) | IN_ROOM, on_key_exchange},
    [CONTROL_USER_LIST] = {IN(CHATROOM_KEYED) | IN(CHATROOM_LISTING),
	on_user_list},
    [CONTROL_ACK] = {IN(CHATROOM_KEYED) | IN_ROOM, on_ack},
    /* The reply to a request for direct messages, a later feature. */
    [CONTROL_IDENTITY] = {IN_ROOM, on_ignored},
    [CONTROL_ERROR] = {ANYTIME, on_error},
};

int roomlist_control(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	return any(l, ops[c->type].phases) ? ops[c->type].fn(l, c, now_ms)
					   : ERR_STATE;
}

/* --- group frames -------------------------------------------------------- */

int roomlist_group(struct roomlist *l, const uint8_t *body, size_t n)
{
	struct chatroom *room;
	struct group_head h;
	int r;

	/* The key and the first page must come before any group frame. */
	if (!any(l, IN_ROOM))
		return ERR_STATE;
	if ((r = group_head_decode(&h, body, n)) != 0)
		return r;
	r = numbered(l, h.room, IN_ROOM, &room);
	if (r != ERR_ROOM || h.sender == 0)
		return r != 0 ? r : chatroom_frame(room, &h, body, n);
	return events_push(l->events, &(struct event){.type = EVENT_DROPPED,
					  .seq = h.seq,
					  .epoch = h.epoch,
					  .offset = h.offset,
					  .reason = "another room"});
}

/* --- output ------------------------------------------------------------- */

bool roomlist_ready(const struct roomlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (chatroom_ready(l->all[i]))
			return true;
	return false;
}

int roomlist_seal(struct roomlist *l)
{
	size_t i;
	int r = 0;

	while (r == 0 && roomlist_ready(l))
		for (i = 0; r == 0 && i < l->n; i++)
			r = chatroom_seal(l->all[i]);
	return r;
}
