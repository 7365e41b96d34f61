/* tui_session.h - the child's side of tui_stage.h: the fake session that follows
 * the test's orders. session.h's functions are defined here. */
#ifndef CONCLAVE_TESTS_TUI_SESSION_H
#define CONCLAVE_TESTS_TUI_SESSION_H

#include "tests/unit/tui_orders.h"

/* All of the child's state; session.h's functions use it. */
struct session {
	struct room rooms[STAGE_ROOMS]; /* a handle is the address of one */
	const struct chatroom *handles[STAGE_ROOMS];
	size_t n_rooms;
	uint32_t asked; /* the number of the latest request */
	int fd;
	struct ui *ui;
	struct ui_env env;
	struct event pending[16]; /* own messages just said */
	struct reply said[16];
	size_t n_pending;
	struct { /* who wrote what */
		uint8_t id[WIRE_ID], who[WIRE_HASH];
	} posts[STAGE_POSTS];
	size_t n_posts;
	uint8_t n_own; /* said */
	struct { /* said directly and not sent */
		uint8_t id[WIRE_ID];
		char with[WIRE_NAME_MAX + 1];
	} direct[STAGE_UNSENT];
	size_t n_direct;
	bool direct_held; /* all that */
	char with[16][WIRE_NAME_MAX + 1]; /* of the pending events */
	uint64_t wall_ms;
	struct person *crowd; /* NULL: people of rooms */
	size_t n_crowd;
	struct order order;
	uint64_t key_ms; /* time of a key not drawn yet; 0: none */
	const struct session_file *file; /* the only one, or NULL */
};
/* Save and restore the terminal's title. */
#define TITLE_PUSH "\033[22;0t"
#define TITLE_POP  "\033[23;0t"

static struct session stage_session;
static volatile sig_atomic_t stage_winch;

/* Sends only the used part of the text, so that the socket buffers many replies
 * between two reads by the test. */
static void stage_tell(struct session *s, const struct reply *r)
{
	size_t n = offsetof(struct reply, text) + r->n + 1;

	if (send(s->fd, r, n, 0) != (ssize_t)n)
		_exit(9);
}

static const struct chatroom *stage_handle(const struct room *r)
{
	return (const struct chatroom *)(const void *)r;
}

static struct room *stage_of(const struct chatroom *room)
{
	size_t i;

	for (i = 0; i < STAGE_ROOMS; i++)
		if (stage_handle(&stage_session.rooms[i]) == room)
			return &stage_session.rooms[i];
	_exit(9); /* no handle */
}

const struct chatroom *session_first_room(const struct session *s)
{
	return stage_handle(&s->rooms[0]);
}

const struct chatroom *const *session_rooms(const struct session *s, size_t *n)
{
	*n = s->n_rooms;
	return s->handles;
}

/* The i-th room exists from now on. */
static void stage_has(struct session *s, unsigned i)
{
	for (; s->n_rooms <= i; s->n_rooms++)
		s->handles[s->n_rooms] = stage_handle(&s->rooms[s->n_rooms]);
}

int session_join(
    struct session *s, const char *name, const struct chatroom **out)
{
	size_t i;

	if (!text_room(name, strlen(name)))
		return ERR_NAME;
	for (i = 0; i < s->n_rooms; i++)
		if (strcmp(s->rooms[i].name, name) == 0)
			break;
	if (i == STAGE_ROOMS)
		return ERR_NOMEM;
	stage_has(s, (unsigned)i);
	*out = s->handles[i];
	return 0;
}

static const struct person *stage_self(const struct room *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->people[i].self)
			return &r->people[i];
	return NULL;
}

/* Whom the session would name as the author of a message. */
static void stage_author(const struct session *s, struct event *e)
{
	size_t i;

	for (i = 0; i < STAGE_POSTS; i++)
		if (memcmp(s->posts[i].id, e->about, WIRE_ID) == 0)
			memcpy(e->author, s->posts[i].who, WIRE_HASH);
}

/* Remembers who wrote a message that was shown. */
static void stage_wrote(struct session *s, const struct event *e)
{
	const size_t at = s->n_posts++ % STAGE_POSTS;

	memcpy(s->posts[at].id, e->id, WIRE_ID);
	if (e->person != NULL)
		memcpy(s->posts[at].who, e->person->fingerprint, WIRE_HASH);
}

/* The ids of own messages are ee 01, ee 02, ... */
int session_post(struct session *s, const struct chatroom *room,
    uint64_t wall_ms, const struct session_post *p)
{
	struct reply *r;
	struct event *e;

	if (p->n > WIRE_TEXT_MAX || (p->n == 0 && p->what != EVENT_DELETE &&
					p->what != EVENT_REACT))
		return ERR_TEXT;
	if (s->n_pending == 16 ||
	    stage_of(room)->status.unacked == STAGE_UNSENT ||
	    (p->n >= 11 && strncmp(p->text, "no room for", 11) == 0))
		return ERR_LIMIT;
	e = &s->pending[s->n_pending];
	*e = (struct event){.type = p->what,
	    .own = true,
	    .action = p->action,
	    .room = room,
	    .room_name = stage_of(room)->name,
	    .person = stage_self(stage_of(room)),
	    .id = {0xee, ++s->n_own},
	    .has_about = p->about != NULL,
	    .ts_ms = wall_ms,
	    .text_len = p->n};
	if (p->about != NULL)
		memcpy(e->about, p->about, WIRE_ID);
	stage_author(s, e);
	if ((p->what == EVENT_EDIT || p->what == EVENT_DELETE) &&
	    (e->person == NULL || memcmp(e->author, e->person->fingerprint,
				      WIRE_HASH) != 0))
		return ERR_AUTHOR;
	r = &s->said[s->n_pending++];
	memset(r, 0, sizeof(*r));
	r->what = REPLY_SAID;
	r->at = (unsigned)(stage_of(room) - s->rooms);
	r->event = p->what;
	r->has_about = e->has_about;
	memcpy(r->about, e->about, WIRE_ID);
	if (p->n > 0)
		memcpy(r->text, p->text, p->n);
	r->n = p->n;
	r->action = p->action;
	e->text = r->text;
	if (p->what == EVENT_MESSAGE)
		stage_wrote(s, e);
	memcpy(stage_of(room)->unsent[stage_of(room)->status.unacked++], e->id,
	    WIRE_ID);
	return 0;
}

int session_leave(struct session *s, const struct chatroom *room)
{
	struct room *r = stage_of(room);

	(void)s;
	if (r->left)
		return ERR_STATE;
	r->left = true;
	return 0;
}

/* The test gets what was asked, and makes the answer. */
int session_ask(struct session *s, const struct request *q, uint32_t *req)
{
	struct reply r = {.what = REPLY_ASKED};

	*req = ++s->asked;
	memcpy(r.text, q, sizeof(*q));
	r.n = sizeof(*q);
	r.at = *req;
	stage_tell(s, &r);
	return 0;
}

int session_seal_give(struct session *s, const struct chatroom *room,
    const uint8_t secret[WIRE_KEY])
{
	(void)s;
	(void)room;
	/* Zeros are the room's. */
	return secret[0] == 0 ? 0 : ERR_SEAL;
}

int session_seal_renew(struct session *s, const struct chatroom *room)
{
	(void)s;
	(void)room;
	return 0;
}

int session_topic(struct session *s, const struct chatroom *room,
    uint64_t wall_ms, const char *text, size_t n)
{
	(void)s;
	(void)room;
	(void)wall_ms;
	(void)text;
	(void)n;
	return 0;
}

size_t session_seal_heirs(const struct session *s, const struct chatroom *room,
    struct session_heir *out, size_t max)
{
	(void)s;
	(void)room;
	(void)out;
	(void)max;
	return 0;
}

int session_seal_send(struct session *s, const struct chatroom *room,
    const struct session_heir *to)
{
	(void)s;
	(void)room;
	(void)to;
	return ERR_KEY;
}

bool session_seal_secret(const struct session *s, const struct chatroom *room,
    uint8_t secret[WIRE_KEY])
{
	(void)s;
	memset(secret, 0, WIRE_KEY);
	return stage_of(room)->status.seal == SEAL_SEALED;
}

bool session_seal_known(const struct session *s, const char *room)
{
	(void)s;
	(void)room;
	return false;
}

/* The same: a request with the offset and the count; of a message its id. */
int session_history(struct session *s, const struct chatroom *room,
    uint64_t before, uint32_t count, uint32_t *req)
{
	const struct request q = {.type = REQUEST_HISTORY,
	    .room = (uint32_t)(stage_of(room) - s->rooms) + 1,
	    .before = true,
	    .offset = before,
	    .count = count};

	return session_ask(s, &q, req);
}

int session_receipt(struct session *s, const struct chatroom *room, bool all,
    uint32_t *req)
{
	struct request q = {.type = REQUEST_RECEIPT,
	    .room = (uint32_t)(stage_of(room) - s->rooms) + 1,
	    .count = all};

	return session_ask(s, &q, req);
}

/* Of the same ids as in rooms. */
int session_direct(struct session *s, const char *name, uint64_t wall_ms,
    const struct session_post *p)
{
	struct reply *r = &s->said[s->n_pending];
	struct event *e = &s->pending[s->n_pending];
	char *with = s->with[s->n_pending];

	if (p->n == 0 && p->what == EVENT_MESSAGE)
		return ERR_TEXT;
	if (s->n_pending == 16 || s->n_direct == STAGE_UNSENT)
		return ERR_LIMIT;
	s->n_pending++;
	snprintf(with, sizeof(s->with[0]), "%s", name);
	*r = (struct reply){.what = REPLY_SAID, .event = p->what, .n = p->n};
	if (p->n > 0)
		memcpy(r->text, p->text, p->n);
	*e = (struct event){.type = p->what,
	    .own = true,
	    .action = p->action,
	    .with = with,
	    .person = stage_self(&s->rooms[0]),
	    .id = {0xee, ++s->n_own},
	    .has_about = p->about != NULL,
	    .ts_ms = wall_ms,
	    .text = r->text,
	    .text_len = p->n};
	if (p->about != NULL)
		memcpy(e->about, p->about, WIRE_ID);
	stage_author(s, e);
	if (p->what == EVENT_MESSAGE)
		stage_wrote(s, e);
	memcpy(s->direct[s->n_direct].id, e->id, WIRE_ID);
	strcpy(s->direct[s->n_direct++].with, with);
	return 0;
}

/* An event of a direct message: what it says of those that are not sent. */
static void stage_direct_event(
    struct session *s, struct event *e, const struct order *o)
{
	size_t i, n = 0;

	e->with = o->with;
	if (e->type == EVENT_DELIVERED) { /* of one message */
		e->ids = (const uint8_t(*)[WIRE_ID])(const void *)o->event.id;
		e->n_ids = 1;
	}
	s->direct_held = s->direct_held || e->type == EVENT_HELD;
	if (e->type != EVENT_SENT && e->type != EVENT_UNSAID)
		return;
	for (i = 0; i < s->n_direct; i++)
		if (memcmp(s->direct[i].id, e->id, WIRE_ID) != 0)
			s->direct[n++] = s->direct[i];
	s->n_direct = n;
	s->direct_held = s->direct_held && n > 0;
}

const uint8_t *session_direct_waiting(
    const struct session *s, const char *name, size_t newer, bool *held)
{
	size_t i;

	for (i = s->n_direct; i > 0; i--)
		if (strcmp(s->direct[i - 1].with, name) == 0 && newer-- == 0) {
			*held = s->direct_held;
			return s->direct[i - 1].id;
		}
	return NULL;
}

int session_direct_decide(struct session *s, const char *name, bool send)
{
	(void)s;
	(void)name;
	return send ? 0 : ERR_STATE;
}

int session_purge(struct session *s, const struct chatroom *room,
    const uint8_t id[WIRE_ID], uint32_t *req)
{
	struct request q = {.type = REQUEST_PURGE,
	    .room = (uint32_t)(stage_of(room) - s->rooms) + 1};

	memcpy(q.who, id, WIRE_ID);
	return session_ask(s, &q, req);
}

int session_send_held(struct session *s, const struct chatroom *room)
{
	(void)s;
	return stage_of(room)->status.held > 0 ? 0 : ERR_STATE;
}

int session_drop_held(struct session *s, const struct chatroom *room)
{
	return session_send_held(s, room);
}

/* The oldest ones are held. */
const uint8_t *session_unsent(const struct session *s,
    const struct chatroom *room, size_t i, bool *held)
{
	const struct room *r = stage_of(room);
	static uint8_t id[WIRE_ID];

	(void)s;
	if (i >= r->status.unacked)
		return NULL;
	*held = i < r->status.held;
	memcpy(id, r->unsent[i], WIRE_ID);
	return id;
}

const struct person *session_people(
    const struct session *s, const struct chatroom *room, size_t *n)
{
	if (room == NULL) { /* nobody was met by direct messages only */
		*n = 0;
		return NULL;
	}
	*n = s->crowd != NULL ? s->n_crowd : stage_of(room)->n;
	return s->crowd != NULL ? s->crowd : stage_of(room)->people;
}

void session_status(const struct session *s, struct session_status *out)
{
	*out = (struct session_status){
	    .rtt_ms = s->rooms[0].rtt_ms, .exchange = EXCHANGE_HYBRID};
	out->server_proved = s->rooms[0].server_proved;
	if (out->server_proved)
		memset(out->server, 9, WIRE_HASH);
}

void session_room_status(const struct session *s, const struct chatroom *room,
    struct session_room_status *out)
{
	const struct room *r;
	size_t i;

	if (room == NULL) { /* a person's window */
		*out = (struct session_room_status){.name = "",
		    .topic = "",
		    .changed_name = "",
		    .wanted = true,
		    .seal = SEAL_SEALED,
		    .may_speak = true,
		    .joined = true};
		return;
	}
	r = stage_of(room);
	*out = r->status;
	out->name = r->name;
	out->topic = r->topic;
	out->wanted = !r->left;
	out->may_speak = !r->mute;
	out->number = r->left ? 0 : (uint32_t)(r - s->rooms) + 1;
	out->total = r->n;
	out->others = r->n > 0 ? r->n - 1 : 0;
	out->changed_name = "";
	if (s->crowd != NULL)
		out->total = s->n_crowd;
	for (i = 0; s->crowd == NULL && i < r->n; i++)
		if (r->people[i].trust == TRUST_CHANGED && out->changed++ == 0)
			out->changed_name = r->people[i].name;
}

void session_meet_again(struct session *s, const char *name)
{
	(void)s;
	(void)name;
}

int people_trust(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH], enum trust trust,
    struct errmsg *why)
{
	struct room *r = &stage_session.rooms[0];
	size_t i;

	(void)p;
	(void)server;
	(void)identity;
	(void)why;
	for (i = 0; i < r->n; i++)
		if (strcmp(r->people[i].name, name) == 0)
			r->people[i].trust = trust;
	return 0;
}

bool people_disputed(
    const struct people *p, const uint8_t server[WIRE_HASH], const char *name)
{
	(void)p;
	(void)server;
	return strcmp(name, "twin") == 0;
}

bool people_pinned(const struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, size_t i, struct pinned *out)
{
	(void)p;
	(void)server;
	memset(out, 0, sizeof(*out));
	if (strcasecmp(name, "alice") == 0 || strcasecmp(name, "bob") == 0)
		memset(out->identity, strlen(name) == 3 ? 3 : 2, WIRE_HASH);
	out->verified = strcasecmp(name, "bob") == 0;
	strcpy(out->since, "2026-11-01");
	return i == 0 && strcmp(name, "nobody") != 0;
}

int session_file_send(struct session *s, const struct chatroom *room,
    const char *path, uint32_t *number, struct errmsg *why)
{
	(void)s;
	(void)room;
	(void)number;
	return errmsg_set(why, ERR_USAGE, "%s is not there", path);
}

int session_file_send_direct(struct session *s, const char *name,
    const char *path, uint32_t *number, struct errmsg *why)
{
	(void)name;
	return session_file_send(s, NULL, path, number, why);
}

int session_file_get(struct session *s, uint32_t number, const char *name,
    struct errmsg *why)
{
	(void)s;
	(void)name;
	return errmsg_set(
	    why, ERR_ABSENT, "there is no file %u", (unsigned)number);
}

int session_file_cancel(struct session *s, uint32_t number)
{
	(void)s;
	(void)number;
	return ERR_ABSENT;
}

const struct session_file *session_file_at(const struct session *s, size_t i)
{
	return i == 0 ? s->file : NULL;
}

const struct session_file *session_file(
    const struct session *s, uint32_t number)
{
	(void)number;
	return s->file;
}

#endif
