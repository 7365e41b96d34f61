/* plain_session.h - a session for the tests of the plain user interface: it has
 * some people, and keeps the last message. session.h's functions are defined here,
 * so the real session is not linked. */
#ifndef CONCLAVE_TESTS_PLAIN_SESSION_H
#define CONCLAVE_TESTS_PLAIN_SESSION_H

#include "client/ui/ui.h"
#include "tests/unit/check.h"

struct session {
	struct person people[4];
	size_t n;
	struct session_room_status status;
	struct session_post post; /* the last one */
	size_t n_posts;
	int refuse; /* what session_post returns */
	/* Of session_seal_give and _renew. */
	uint8_t seal_given[WIRE_KEY];
	int seal_result, seal_renewed;
	struct session_heir heirs[8];
	size_t n_heirs;
	char handed_to[128], topic_set[128];
	const struct session_file *file; /* the only one, or NULL */
};

const struct chatroom *session_first_room(const struct session *s)
{
	(void)s;
	return NULL;
}

const struct chatroom *const *session_rooms(const struct session *s, size_t *n)
{
	static const struct chatroom *const rooms[] = {NULL};

	(void)s;
	*n = 1;
	return rooms;
}

const struct person *session_people(
    const struct session *s, const struct chatroom *room, size_t *n)
{
	(void)room;
	*n = s->n;
	return s->people;
}

void session_status(const struct session *s, struct session_status *out)
{
	(void)s;
	*out = (struct session_status){.rtt_ms = UINT32_MAX};
}

void session_room_status(const struct session *s, const struct chatroom *room,
    struct session_room_status *out)
{
	(void)room;
	*out = s->status;
	out->total = s->n;
	out->others = s->n > 0 ? s->n - 1 : 0;
}

int session_post(struct session *s, const struct chatroom *room,
    uint64_t wall_ms, const struct session_post *p)
{
	(void)room;
	(void)wall_ms;
	s->post = *p;
	s->n_posts++;
	return s->refuse;
}

int session_join(
    struct session *s, const char *name, const struct chatroom **out)
{
	(void)s;
	(void)name;
	*out = NULL;
	return ERR_LIMIT;
}

int session_leave(struct session *s, const struct chatroom *room)
{
	(void)s;
	(void)room;
	return ERR_STATE;
}

int session_ask(struct session *s, const struct request *q, uint32_t *req)
{
	(void)s;
	(void)q;
	(void)req;
	return ERR_LIMIT;
}

int session_history(struct session *s, const struct chatroom *room,
    uint64_t before, uint32_t count, uint32_t *req)
{
	(void)s;
	(void)room;
	(void)before;
	(void)count;
	(void)req;
	return ERR_LIMIT;
}

int session_receipt(struct session *s, const struct chatroom *room, bool all,
    uint32_t *req)
{
	(void)s;
	(void)room;
	(void)all;
	(void)req;
	return ERR_LIMIT;
}

int session_direct(struct session *s, const char *name, uint64_t wall_ms,
    const struct session_post *p)
{
	(void)s;
	(void)name;
	(void)wall_ms;
	return p->n > 0 ? 0 : ERR_TEXT;
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
	(void)s;
	(void)room;
	(void)id;
	(void)req;
	return ERR_LIMIT;
}

int session_send_held(struct session *s, const struct chatroom *room)
{
	(void)s;
	(void)room;
	return ERR_STATE;
}

int session_drop_held(struct session *s, const struct chatroom *room)
{
	return session_send_held(s, room);
}

const uint8_t *session_unsent(const struct session *s,
    const struct chatroom *room, size_t i, bool *held)
{
	(void)s;
	(void)room;
	(void)i;
	(void)held;
	return NULL;
}

void session_meet_again(struct session *s, const char *name)
{
	(void)s;
	(void)name;
}

int session_seal_give(struct session *s, const struct chatroom *room,
    const uint8_t secret[WIRE_KEY])
{
	(void)room;
	memcpy(s->seal_given, secret, WIRE_KEY);
	return s->seal_result;
}

int session_seal_renew(struct session *s, const struct chatroom *room)
{
	(void)room;
	s->seal_renewed++;
	return s->seal_result;
}

int session_topic(struct session *s, const struct chatroom *room,
    uint64_t wall_ms, const char *text, size_t n)
{
	(void)room;
	(void)wall_ms;
	snprintf(s->topic_set, sizeof(s->topic_set), "%.*s", (int)n, text);
	return s->seal_result;
}

size_t session_seal_heirs(const struct session *s, const struct chatroom *room,
    struct session_heir *out, size_t max)
{
	(void)room;
	memcpy(out, s->heirs, s->n_heirs * sizeof(*out));
	assert_true(s->n_heirs <= max);
	return s->n_heirs;
}

int session_seal_send(struct session *s, const struct chatroom *room,
    const struct session_heir *to)
{
	(void)room;
	(void)snprintf(s->handed_to + strlen(s->handed_to),
	    sizeof(s->handed_to) - strlen(s->handed_to), "%s ", to->name);
	return s->seal_result;
}

bool session_seal_secret(const struct session *s, const struct chatroom *room,
    uint8_t secret[WIRE_KEY])
{
	(void)room;
	memset(secret, 0, WIRE_KEY);
	return s->status.seal == SEAL_SEALED;
}

bool session_seal_known(const struct session *s, const char *room)
{
	(void)room;
	return s->status.seal == SEAL_SEALED;
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
