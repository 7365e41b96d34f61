/* session_files.c - the functions of session.h about files. */
#include "client/session/offers.h"
#include "client/session/session_int.h"

static struct chatroom *room_named(struct session *s, const char *name)
{
	struct session_room_status st;
	struct chatroom *room = roomlist_named(session_roomlist(s), name);

	if (room == NULL)
		return NULL;
	session_room_status(s, room, &st);
	return st.joined ? room : NULL;
}

static bool may_offer(void *arg, const char *room)
{
	return room_named(arg, room) != NULL;
}

static int offer(
    void *arg, const char *name, const struct blob_offer *f, uint64_t wall_ms)
{
	struct chatroom *room = room_named(arg, name);
	const struct content_said said = offers_message(f);
	const struct speech_words words = {&said, f};

	return room == NULL
		   ? ERR_ROOM
		   : chatroom_say(room, true, wall_ms, CONTENT_MESSAGE, &words);
}

struct transfers *session_transfers_new(
    struct session *s, const struct session_opts *o)
{
	const struct transfers_opts to = {.parties = session_parties(s),
	    .events = session_roomlist(s)->events,
	    .out = session_roomlist(s)->certified.out,
	    .requests = session_requests(s),
	    .ops = o->files,
	    .may_offer = may_offer,
	    .offer = offer,
	    .arg = s};

	return transfers_new(&to);
}

int session_file_send(struct session *s, const struct chatroom *room,
    const char *path, uint32_t *number, struct errmsg *why)
{
	struct session_room_status st;

	session_room_status(s, room, &st);
	if (!st.wanted)
		return errmsg_set(why, ERR_ROOM, "you are not in that room");
	if (st.joined && !st.may_speak)
		return errmsg_set(
		    why, ERR_REFUSED, "you may not speak in that room");
	return transfers_send(
	    session_transfers(s), room, st.name, path, number, why);
}

int session_file_get(
    struct session *s, uint32_t number, const char *name, struct errmsg *why)
{
	return transfers_get(session_transfers(s), number, name, why);
}

int session_file_cancel(struct session *s, uint32_t number)
{
	return transfers_cancel(session_transfers(s), number);
}

const struct session_file *session_file_at(const struct session *s, size_t i)
{
	return transfers_at(session_transfers(s), i);
}

const struct session_file *session_file(
    const struct session *s, uint32_t number)
{
	return transfers_numbered(session_transfers(s), number);
}
