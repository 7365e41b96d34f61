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
	if (l->n == ROOMLIST_MAX) {
		chatroom_free(r);
		return ERR_LIMIT;
	}
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
	for (size_t i = 0; i < l->n; i++)
		if (l->all[i] == handle)
			return l->all[i];
	return NULL;
}

struct chatroom *roomlist_named(const struct roomlist *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (text_same_name(chatroom_name(l->all[i]), name))
			return l->all[i];
	return NULL;
}

size_t roomlist_wanted(const struct roomlist *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		n += stay_wanted(chatroom_stay(l->all[i]));
	return n;
}

struct chatroom *roomlist_first(const struct roomlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (stay_wanted(chatroom_stay(l->all[i])))
			return l->all[i];
	return NULL;
}

/* --- all of them ---------------------------------------------------------- */

enum { FLUSH_MS = 20 }; /* more of a batch is on its way */

/* Passes on what waits. */
static int flush(struct roomlist *l)
{
	struct chatroom *room = l->reading;

	l->reading = NULL;
	return room == NULL ? 0 : reads_flush(chatroom_reads(room));
}

const char *roomlist_card(struct roomlist *l)
{
	struct chatroom *first = roomlist_first(l);

	/* All were left during the handshake: enter one, and leave it. */
	l->carded = first != NULL ? first : l->all[0];
	return chatroom_name(l->carded);
}

void roomlist_linked(struct roomlist *l, bool new_run, uint64_t now_ms)
{
	for (size_t i = 0; i < l->n; i++)
		chatroom_linked(
		    l->all[i], new_run, l->all[i] == l->carded, now_ms);
}

void roomlist_lost(struct roomlist *l, bool honest)
{
	if (honest)
		(void)!flush(l);
	l->carded = l->reading = NULL;
	certified_lost(&l->certified);
	for (size_t i = 0; i < l->n; i++)
		chatroom_disconnect(l->all[i], honest);
}

const char *roomlist_late(const struct roomlist *l, uint64_t now_ms)
{
	const char *late = NULL;

	for (size_t i = 0; late == NULL && i < l->n; i++)
		late = chatroom_late(l->all[i], now_ms);
	return late;
}

int roomlist_tick(struct roomlist *l, uint64_t now_ms)
{
	size_t i;
	int r = now_ms >= l->flush_ms ? flush(l) : 0;

	for (i = 0; r == 0 && i < l->n; i++)
		r = chatroom_tick(l->all[i], now_ms);
	return r;
}

uint64_t roomlist_deadline(const struct roomlist *l)
{
	uint64_t at = l->reading != NULL ? l->flush_ms : UINT64_MAX, room;
	size_t i;

	for (i = 0; i < l->n; i++) {
		room = chatroom_deadline(l->all[i]);
		at = room < at ? room : at;
	}
	return at;
}

int roomlist_bye(struct roomlist *l)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < l->n; i++)
		r = chatroom_bye(l->all[i]);
	return r;
}

bool roomlist_forked(const struct roomlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (chatroom_forked(l->all[i]))
			return true;
	return false;
}

void roomlist_meet_again(struct roomlist *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		chatroom_meet_again(l->all[i], name);
}

void roomlist_quit(struct roomlist *l, bool flush)
{
	for (size_t i = 0; i < l->n; i++)
		chatroom_quit(l->all[i], flush);
}

void roomlist_keep(struct roomlist *l, bool on)
{
	for (size_t i = 0; i < l->n; i++)
		chatroom_keep(l->all[i], on);
}

bool roomlist_joined(const struct roomlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (chatroom_phase(l->all[i]) == CHATROOM_JOINED)
			return true;
	return false;
}

bool roomlist_refused(struct roomlist *l, const struct ending *why)
{
	struct chatroom *room = l->carded;

	if (room == NULL || roomlist_wanted(l) < 2)
		return false;
	if (why->code != CODE_WRONG_SEAL &&
	    (!why->told || why->hint ||
		(why->code != CODE_NO_ROOM && why->code != CODE_NOT_INVITED &&
		    why->code != CODE_BANNED) ||
		chatroom_phase(room) != CHATROOM_WANTED))
		return false;
	/* Without memory there is no word about it. */
	(void)!chatroom_out(
	    room, &(struct chatroom_why){why->code, why->word, "", why->text});
	return true;
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
	ENTERED = IN(CHATROOM_KEYED) | IN_ROOM,
	ANYTIME = IN(CHATROOM_OUT) | IN(CHATROOM_WANTED) | ENTERED,
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
		if (chatroom_phase(l->all[i]) <= CHATROOM_WANTED ||
		    chatroom_number(l->all[i]) != number)
			continue;
		*out = l->all[i];
		return (phases & IN(chatroom_phase(*out))) != 0 ? 0 : ERR_STATE;
	}
	return ERR_ROOM;
}

/* Finds the room that this key is for, among those that were asked for: the one
 * of that name, or one that accepts any name. */
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
		if (!stay_asked_in(chatroom_stay(r)))
			continue;
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
	struct chatroom *room, *other;
	int r;

	r = k->is_wrapped ? wanted(l, k->name, &room)
			  : numbered(l, k->room, IN_ROOM, &room);
	/* One number for two rooms. */
	if (r == 0 && k->is_wrapped && any(l, ENTERED) &&
	    numbered(l, k->room, ENTERED, &other) != ERR_ROOM)
		r = ERR_ROOM;
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

	(void)now_ms;
	r = numbered(l, c->u.ack.room, ENTERED, &room);
	return r != 0 ? r : chatroom_ack(room, c->u.ack.seq, c->u.ack.offset);
}

/* The server names no room: the person may be in any of them. */
static int on_error(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	const struct person *who = NULL;
	size_t i;

	(void)now_ms;
	if (certified_gone(&l->certified, c->u.end.member))
		return 0;
	for (i = 0; i < l->n && who == NULL; i++)
		who = chatroom_person(l->all[i], c->u.end.member);
	return events_push(l->events, &(struct event){.type = EVENT_ERROR,
					  .code = c->u.end.code,
					  .word = c->u.end.word,
					  .person = who,
					  .text = c->u.end.text,
					  .text_len = strlen(c->u.end.text)});
}

static int on_answer(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	const struct answer *a = &c->u.answer;
	struct asked to;
	int r = requests_answer(l->requests, a, &to);

	/* The user asked; the room, if we are still there, looks at it. */
	if (r == 0 &&
	    (to.type == REQUEST_RECEIPT || to.type == REQUEST_PURGE))
		(void)!numbered(
		    l, to.number, IN(CHATROOM_JOINED), &to.room);
	return r != 0 || to.room == NULL
		   ? r
		   : chatroom_answer(to.room, &to, a, now_ms);
}

static int on_room_left(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	const struct room_left *m = &c->u.room_left;
	struct chatroom *room;
	int r;

	(void)now_ms;
	if ((r = numbered(l, m->room, ENTERED, &room)) != 0)
		return r;
	return chatroom_out(
	    room, &(struct chatroom_why){m->code, m->word, m->by, m->text});
}

static int on_voice(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	struct chatroom *room;
	int r;

	(void)now_ms;
	r = numbered(l, c->u.voice.room, ENTERED, &room);
	return r != 0 ? r : chatroom_voice(room, &c->u.voice);
}

static int on_storage(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	struct chatroom *room;
	int r;

	(void)now_ms;
	r = numbered(l, c->u.storage.room, ENTERED, &room);
	return r != 0 ? r : chatroom_storage(room, c->u.storage.ok);
}

static int on_history(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	const struct log_batch *h = &c->u.history;
	struct chatroom *room;
	int r;

	(void)now_ms;
	r = numbered(l, h->room, IN(CHATROOM_JOINED), &room);
	return r != 0 ? r : reads_head(chatroom_reads(room), h);
}

/* Of a member whose certificate we have asked for; else for a later version. */
static int on_identity(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	(void)now_ms;
	return certified_answer(&l->certified, l->all, l->n, c);
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
    [CONTROL_ACK] = {ENTERED, on_ack},
    [CONTROL_IDENTITY] = {IN_ROOM, on_identity},
    [CONTROL_ERROR] = {ANYTIME, on_error},
    [CONTROL_ANSWER] = {ANYTIME, on_answer},
    [CONTROL_ROOM_LEFT] = {ENTERED, on_room_left},
    [CONTROL_VOICE] = {ENTERED, on_voice},
    [CONTROL_STORAGE] = {ENTERED, on_storage},
    [CONTROL_HISTORY] = {IN(CHATROOM_JOINED), on_history},
};

int roomlist_control(
    struct roomlist *l, const struct control *c, uint64_t now_ms)
{
	int r = 0;

	/* Those two are of the reading itself. */
	if (c->type != CONTROL_ANSWER && c->type != CONTROL_HISTORY)
		r = flush(l);
	if (r != 0)
		return r;
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
	if ((r = flush(l)) != 0 ||
	    (r = group_head_decode(&h, body, n)) != 0)
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

int roomlist_mark(struct roomlist *l, const uint8_t *body, size_t n)
{
	struct chatroom *room;
	struct log_mark m;
	int r;

	if ((r = flush(l)) != 0 ||
	    (r = log_mark_decode(&m, body, n)) != 0 ||
	    (r = numbered(l, m.room, IN_ROOM, &room)) != 0)
		return r;
	return chatroom_mark(room, &m);
}

int roomlist_past(struct roomlist *l, const uint8_t *body, size_t n)
{
	const size_t at = LOG_BATCH_HEAD + WIRE_OFFSET; /* of the room */
	struct chatroom *room;
	int r;

	/* A mark and a group frame have the number in the same place. */
	if (n < at + 4)
		return ERR_RANGE;
	r = numbered(l, get_u32(body + at), IN(CHATROOM_JOINED), &room);
	if (r == 0 && l->reading != room)
		r = flush(l);
	if (r != 0)
		return r;
	l->reading = room;
	return reads_entry(chatroom_reads(room), body, n);
}

void roomlist_read(struct roomlist *l, uint64_t now_ms)
{
	l->flush_ms = now_ms + FLUSH_MS;
}

/* --- output ------------------------------------------------------------- */

bool roomlist_ready(const struct roomlist *l)
{
	for (size_t i = 0; i < l->n; i++)
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

/* The server has let us in, or is about to: the room of the card has its key.
 * Before that, it may still be choosing which room it is. */
static bool admitted(const struct roomlist *l)
{
	return l->carded == NULL ||
	       chatroom_phase(l->carded) != CHATROOM_WANTED ||
	       !stay_asked_in(chatroom_stay(l->carded));
}

static int ask(struct roomlist *l, struct chatroom *room, enum stay_ask what,
    uint64_t now_ms)
{
	struct request q = {.type = REQUEST_ROOM_JOIN};
	const char *name = chatroom_name(room);
	uint32_t number;
	int r;

	if (what == STAY_ASK_PAST)
		return reads_ask(
		    chatroom_reads(room), l->requests, room, now_ms);
	if (what == STAY_ASK_IN) {
		memcpy(q.name, name, strlen(name) + 1);
	} else {
		q.type = REQUEST_ROOM_LEAVE;
		q.room = chatroom_number(room);
	}
	if ((r = chatroom_asked(room, what, now_ms)) != 0)
		return r;
	return requests_put(l->requests, &q, room, &number);
}

/* What the room wants to ask now. */
static enum stay_ask wish(const struct roomlist *l, const struct chatroom *room)
{
	enum stay_ask what = chatroom_asks(room);

	return what == STAY_ASK_IN && !admitted(l) ? STAY_ASK_NOTHING : what;
}

bool roomlist_asks(const struct roomlist *l)
{
	size_t i;

	if (requests_ready(l->requests))
		return true;
	for (i = 0; i < l->n && !requests_full(l->requests); i++)
		if (wish(l, l->all[i]) != STAY_ASK_NOTHING ||
		    chatroom_marks(l->all[i]))
			return true;
	return false;
}

int roomlist_ask(struct roomlist *l, uint64_t now_ms)
{
	enum stay_ask what;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < l->n && !requests_full(l->requests); i++)
		if ((what = wish(l, l->all[i])) != STAY_ASK_NOTHING)
			r = ask(l, l->all[i], what, now_ms);
		else if (chatroom_marks(l->all[i]))
			r = chatroom_mark_ask(l->all[i], l->requests);
	if (r == 0)
		r = certified_ask(&l->certified, l->all, l->n);
	return r == 0 ? requests_send(l->requests) : r;
}
