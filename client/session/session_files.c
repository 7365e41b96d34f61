/* session_files.c - the functions of session.h about files. */
#include <string.h>

#include "client/session/offers.h"
#include "client/session/session_int.h"
#include "shared/wire/text.h"

static struct chatroom *room_named(struct session *s, const char *name)
{
	struct session_room_status st;
	struct chatroom *room = roomlist_named(session_roomlist(s), name);

	if (room == NULL)
		return NULL;
	session_room_status(s, room, &st);
	return st.joined ? room : NULL;
}

static bool may_offer(void *arg, const struct file_record *r)
{
	return r->with[0] != '\0' || room_named(arg, r->room) != NULL;
}

static int offer(void *arg, const struct file_record *r, uint64_t wall_ms)
{
	struct session *s = arg;
	const struct content_said said = offers_message(&r->offer);
	const struct offers_words words = {&said, &r->offer};
	struct chatroom *room;

	if (r->with[0] != '\0')
		return direct_say(session_direct_part(s), r->with, wall_ms,
		    CONTENT_MESSAGE, &words);
	room = room_named(s, r->room);
	return room == NULL ? ERR_ROOM
			    : chatroom_say(room, true, wall_ms,
				  CONTENT_MESSAGE, &words);
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
	return transfers_send(session_transfers(s),
	    &(struct transfers_to){room, st.name}, path, number, why);
}

int session_file_send_direct(struct session *s, const char *name,
    const char *path, uint32_t *number, struct errmsg *why)
{
	if (!text_name(name, strlen(name)) ||
	    text_same_name(name, session_parties(s)->self.name))
		return errmsg_set(why, ERR_NAME,
		    "%.40s is nobody that a file can be sent to", name);
	return transfers_send(session_transfers(s),
	    &(struct transfers_to){NULL, name}, path, number, why);
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
