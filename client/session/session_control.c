#include <string.h>

#include "client/session/session_int.h"
#include "shared/crypto/secret.h"
#include "shared/proto/label.h"
#include "shared/wire/text.h"

/* The secret that was wrapped for us, in this link, room, epoch and id only. */
static int unwrap(
    struct session *s, uint8_t secret[WIRE_KEY], const struct key_exchange *k)
{
	struct label label;

	label_group_key(&label, s->th5, k->room, k->epoch, k->member);
	return kem_rsa_open(
	    s->wrap, secret, label.p, label.len, k->wrapped, k->wrapped_len);
}

/* We are put in the room. */
static int on_wrapped(struct session *s, const struct key_exchange *k)
{
	const char *asked = s->joined_once ? s->room_name : s->o.room;
	uint8_t secret[WIRE_KEY];
	int r;

	if (asked[0] != '\0' && !text_same_name(asked, k->name))
		return ERR_ROOM;
	/* The one that we had in this session has left as well. */
	if ((r = roster_leave(s->roster, s->self.member)) != 0)
		return r;
	if (k->member == 0 || roster_left(s->roster, k->member))
		return ERR_MEMBER;
	/* The same room of the same running server: our coming alone has made
	 * a new epoch, so an old one is a replay. */
	if (s->had_epoch && k->room == s->room && k->epoch <= s->last_epoch)
		return ERR_EPOCH;
	if ((r = unwrap(s, secret, k)) == 0)
		r = epochs_fresh(
		    s->epochs, k->room, k->epoch, secret, k->commit);
	secret_wipe(secret, sizeof(secret));
	if (r != 0)
		return r;
	roster_clear(s->roster);
	s->room = k->room;
	s->self.member = k->member;
	s->had_epoch = true;
	s->last_epoch = k->epoch;
	memcpy(s->room_name, k->name, sizeof(s->room_name));
	memcpy(s->topic, k->topic, sizeof(s->topic));
	s->phase = PHASE_KEYED;
	s->told_ms = s->now_ms;
	return 0;
}

/* Everybody who stays has a fresh secret. */
static int on_fresh(struct session *s, const struct key_exchange *k)
{
	static const char *const known[] = {"leave", "kick", "timer"};
	const char *reason = "other";
	size_t i;
	int r;

	if (k->room != s->room)
		return ERR_ROOM;
	r = epochs_fresh(s->epochs, k->room, k->epoch, k->secret, k->commit);
	if (r != 0)
		return r;
	s->last_epoch = k->epoch;
	outbox_fence(s->outbox);
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(k->reason, known[i]) == 0)
			reason = known[i];
	if (s->phase != PHASE_JOINED)
		return 0;
	return events_push(s->events, &(struct event){.type = EVENT_EPOCH,
					  .room = &s->first,
					  .room_name = s->room_name,
					  .epoch = k->epoch,
					  .reason = reason});
}

static int on_key_exchange(struct session *s, const struct control *c)
{
	const struct key_exchange *k = &c->u.key_exchange;

	if (k->is_wrapped != (s->phase == PHASE_LINKED))
		return ERR_STATE;
	return k->is_wrapped ? on_wrapped(s, k) : on_fresh(s, k);
}

/* One entry of a page. */
static int on_listed(struct session *s, const struct user *u)
{
	const struct person *known = roster_find(s->roster, u->member);
	struct person p;
	int r;

	if (u->member <= s->list_after)
		return ERR_MEMBER;
	s->list_after = u->member;
	/* Whose join we saw between two pages is on a later one as well. */
	if (known != NULL)
		return strcmp(known->name, u->name) == 0 &&
			       memcmp(known->identity, u->identity,
				   WIRE_ED25519) == 0 &&
			       memcmp(known->card, u->card, WIRE_HASH) == 0
			   ? 0
			   : ERR_MEMBER;
	if ((r = session_group_person(s, &p, u)) != 0)
		return r;
	return roster_add(s->roster, &p, false);
}

static int ask_next(struct session *s)
{
	struct buf json;
	int r;

	buf_init(&json, WIRE_JSON_MAX);
	r = control_user_list_ask(&json, s->room, s->list_after);
	if (r == 0)
		r = session_send_control(s, &json);
	buf_free(&json);
	return r;
}

/* The last page is here: now the room can be shown. */
static int list_complete(struct session *s)
{
	const struct person *p;
	size_t n, i;
	int r;

	if (roster_find(s->roster, s->self.member) == NULL)
		return ERR_MEMBER;
	s->phase = PHASE_JOINED;
	s->joined_once = true;
	s->joined_ms = s->now_ms;
	s->attempt = 0;
	/* Soon, so that a round trip time is known early. */
	s->ping_due_ms = s->now_ms + SESSION_RTT_MS;
	r = events_push(s->events, &(struct event){.type = EVENT_CONNECTED,
				       .room = &s->first,
				       .room_name = s->room_name,
				       .epoch = s->last_epoch});
	p = roster_people(s->roster, &n);
	for (i = 0; r == 0 && i < n; i++)
		r = session_group_warn(s, &p[i]);
	if (r == 0)
		r = session_group_held(s);
	return r != 0 ? r : session_wait_begin(s);
}

static int on_user_list(struct session *s, const struct control *c)
{
	const struct user_list *l = &c->u.user_list;
	size_t i, n;
	int r;

	if (l->room != s->room)
		return ERR_ROOM;
	if (s->phase == PHASE_KEYED) {
		s->notice_seq = l->seq;
		s->list_after = 0;
		s->phase = PHASE_LISTING;
	}
	for (i = 0; i < l->n_users; i++)
		if ((r = on_listed(s, &l->users[i])) != 0)
			return r;
	s->told_ms = s->now_ms;
	(void)roster_people(s->roster, &n);
	if (l->n_users == WIRE_PAGE && n < l->total)
		return ask_next(s);
	return list_complete(s);
}

static int on_ack(struct session *s, const struct control *c)
{
	struct event e = {.type = EVENT_SENT,
	    .room = &s->first,
	    .room_name = s->room_name,
	    .offset = c->u.ack.offset};
	uint64_t told = outbox_acked(s->outbox) + outbox_told(s->outbox);
	int r;

	if (c->u.ack.room != s->room)
		return ERR_ROOM;
	if ((r = outbox_ack_check(s->outbox, c->u.ack.seq)) != 0)
		return r;
	/* What an earlier run of the server had was SENT then. */
	if (told > c->u.ack.seq)
		told = c->u.ack.seq;
	r = outbox_ack(s->outbox, told, s->now_ms);
	/* One by one: what cannot be told for want of memory is sent again on
	 * the next connection, with its id, and told then. */
	for (e.seq = told + 1; r == 0 && e.seq <= c->u.ack.seq; e.seq++)
		if ((r = events_push(s->events, &e)) == 0)
			r = outbox_ack(s->outbox, e.seq, s->now_ms);
	return r;
}

static int on_error(struct session *s, const struct control *c)
{
	return events_push(
	    s->events, &(struct event){.type = EVENT_ERROR,
			   .code = c->u.end.code,
			   .word = c->u.end.word,
			   .person = roster_find(s->roster, c->u.end.member),
			   .text = c->u.end.text,
			   .text_len = strlen(c->u.end.text)});
}

static int on_bye(struct session *s, const struct control *c)
{
	session_end_refused(s, c->u.end.code, c->u.end.word, c->u.end.text);
	return 0;
}

static int send_ping(struct session *s, bool pong, int64_t id)
{
	struct buf json;
	int r;

	buf_init(&json, WIRE_JSON_MAX);
	r = control_ping(&json, pong, id);
	if (r == 0)
		r = session_send_control(s, &json);
	buf_free(&json);
	return r;
}

int session_control_ping(struct session *s)
{
	s->ping_sent_ms = s->now_ms;
	s->ping_due_ms = s->now_ms + WIRE_PING_MS;
	s->ping_out = true;
	return send_ping(s, false, ++s->ping_id);
}

static int on_ping(struct session *s, const struct control *c)
{
	return send_ping(s, true, c->u.ping);
}

static int on_pong(struct session *s, const struct control *c)
{
	uint64_t rtt = s->now_ms - s->ping_sent_ms;

	/* A late answer to an older ping measures nothing. */
	if (!s->ping_out || c->u.ping != s->ping_id)
		return 0;
	s->ping_out = false;
	s->rtt_ms = (uint32_t)rtt;
	return events_push(
	    s->events, &(struct event){.type = EVENT_RTT, .rtt_ms = s->rtt_ms});
}

static int on_ignored(struct session *s, const struct control *c)
{
	(void)s;
	(void)c;
	return 0;
}

#define IN(phase) (1u << (phase))
enum {
	IN_ROOM = IN(PHASE_LISTING) | IN(PHASE_JOINED),
	ANYTIME = IN(PHASE_LINKED) | IN(PHASE_KEYED) | IN_ROOM,
};

static const struct {
	unsigned phases;
	int (*fn)(struct session *s, const struct control *c);
} ops[] = {
    [CONTROL_UNKNOWN] = {ANYTIME, on_ignored},
    [CONTROL_KEY_EXCHANGE] = {IN(PHASE_LINKED) | IN_ROOM, on_key_exchange},
    [CONTROL_USER_LIST] = {IN(PHASE_KEYED) | IN(PHASE_LISTING), on_user_list},
    [CONTROL_ACK] = {IN(PHASE_KEYED) | IN_ROOM, on_ack},
    /* Asked for by direct messages, which come later. */
    [CONTROL_IDENTITY] = {IN_ROOM, on_ignored},
    [CONTROL_ERROR] = {ANYTIME, on_error},
    [CONTROL_BYE] = {ANYTIME, on_bye},
    [CONTROL_PING] = {ANYTIME, on_ping},
    [CONTROL_PONG] = {ANYTIME, on_pong},
};

int session_control(struct session *s, const uint8_t *body, size_t n)
{
	struct control c = {.type = CONTROL_UNKNOWN};
	struct buf json;
	int r;

	buf_init_secret(&json, WIRE_JSON_MAX);
	if ((r = link_control_open(s->link, &json, body, n)) != 0)
		goto out;
	if ((r = control_decode(&c, FROM_SERVER, json.p, json.len)) != 0)
		goto out;
	if (c.type == CONTROL_KEY_EXCHANGE && (r = link_stepped(s->link)) != 0)
		goto out;
	r = (ops[c.type].phases & IN(s->phase)) != 0 ? ops[c.type].fn(s, &c)
						     : ERR_STATE;
out:
	control_wipe(&c);
	buf_free(&json);
	return r;
}
