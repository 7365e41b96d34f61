/* session_room.c - the functions of session.h that need only the room, or the
 * parties. */
#include <string.h>

#include "client/session/chatroom.h"
#include "client/session/session_int.h"
#include "shared/wire/text.h"
#include "shared/wire/uri.h"

int session_post_text(struct content_said *out, const struct session_post *p)
{
	*out = (struct content_said){.has_about = p->about != NULL,
	    .text = p->text,
	    .text_len = p->n,
	    .action = p->action};
	if (p->n > WIRE_TEXT_MAX ||
	    (p->n > 0 && (memchr(p->text, 0, p->n) != NULL ||
			     !text_utf8(p->text, p->n))))
		return ERR_TEXT;
	if (p->about != NULL)
		memcpy(out->about, p->about, WIRE_ID);
	return 0;
}

int session_post(struct session *s, const struct chatroom *room,
    uint64_t wall_ms, const struct session_post *p)
{
	struct chatroom *r = roomlist_find(session_roomlist(s), room);
	const struct rng *rng = &session_parties(s)->rng;
	struct content_said said;
	int e;

	if (r == NULL || !stay_wanted(chatroom_stay(r)))
		return ERR_ROOM;
	if (session_over(s))
		return ERR_STATE;
	if ((e = session_post_text(&said, p)) != 0)
		return e;
	if (uri_tells_seal(p->text, p->n))
		return ERR_SECRET;
	if ((e = rng->fill(rng->arg, said.id, WIRE_ID)) != 0)
		return e;
	return chatroom_say(r, session_linked(s), wall_ms, posts_type(p->what),
	    &(struct offers_words){&said, NULL});
}

static const struct reads *reads_of(
    struct session *s, const struct chatroom *room)
{
	const struct chatroom *r = roomlist_find(session_roomlist(s), room);

	return r == NULL ? NULL : chatroom_reads(r);
}

int session_history(struct session *s, const struct chatroom *room,
    uint64_t before, uint32_t count, uint32_t *req)
{
	const struct older_range range = {before, count};

	return reads_older(
	    reads_of(s, room), session_requests(s), &range, req);
}

int session_purge(struct session *s, const struct chatroom *room,
    const uint8_t id[WIRE_ID], uint32_t *req)
{
	return reads_purge(
	    reads_of(s, room), session_requests(s), id, req);
}

int session_leave(struct session *s, const struct chatroom *room)
{
	struct chatroom *r = roomlist_find(session_roomlist(s), room);
	int e = 0;

	if (r == NULL)
		return ERR_ROOM;
	while (e == 0 && session_linked(s) && chatroom_ready(r))
		e = chatroom_seal(r);
	if (e == 0)
		e = chatroom_leave(r);
	if (e != ERR_STATE)
		session_settle(s, e);
	return e;
}

const uint8_t *session_unsent(
    const struct session *s, const struct chatroom *room, size_t i, bool *held)
{
	(void)s;
	return room == NULL ? NULL
			    : speech_unsent(chatroom_speech(room), i, held);
}

int session_receipt(struct session *s, const struct chatroom *room, bool all,
    uint32_t *req)
{
	struct request q = {.type = REQUEST_RECEIPT};
	struct session_room_status st;
	int r;

	session_room_status(s, room, &st);
	if (room == NULL || !st.joined)
		return ERR_ROOM;
	if (all && !st.may_speak)
		return ERR_REFUSED;
	q.room = st.number;
	if ((r = session_ask(s, &q, req)) == 0)
		speech_ask(chatroom_speech(room), all);
	return r;
}

const struct person *session_people(
    const struct session *s, const struct chatroom *room, size_t *n)
{
	return room == NULL ? direct_people(session_direct_part(s), n)
			    : chatroom_people(room, n);
}

int session_send_held(struct session *s, const struct chatroom *room)
{
	struct chatroom *r = roomlist_find(session_roomlist(s), room);

	return r == NULL ? ERR_ROOM : speech_send_held(chatroom_speech(r));
}

int session_drop_held(struct session *s, const struct chatroom *room)
{
	struct chatroom *r = roomlist_find(session_roomlist(s), room);

	return r == NULL ? ERR_ROOM : speech_drop_held(chatroom_speech(r));
}

bool session_room_shown(const struct session *s, const struct chatroom *room,
    uint8_t log[WIRE_LOG], struct log_head *shown)
{
	(void)s;
	return catchup_shown(chatroom_reads(room)->catchup, log, shown);
}

const char *session_account(const struct session *s)
{
	return session_parties(s)->account;
}

const uint8_t *session_shown_fingerprint(const struct session *s)
{
	const struct parties *p = session_parties(s);

	return p->has_shown ? p->shown : NULL;
}

void session_room_status(const struct session *s, const struct chatroom *room,
    struct session_room_status *out)
{
	if (room == NULL) {
		/* What is said directly: end to end, like a sealed room. */
		*out = (struct session_room_status){.topic = "",
		    .name = "",
		    .wanted = true,
		    .seal = SEAL_SEALED,
		    .may_speak = true,
		    .joined = session_linked(s)};
		return;
	}
	chatroom_status(room, out);
	out->joined = out->joined && session_linked(s);
}
