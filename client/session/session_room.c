/* session_room.c - the functions of session.h that need only the room. */
#include "client/session/chatroom.h"
#include "client/session/session_int.h"

const uint8_t *session_unsent(
    const struct session *s, const struct chatroom *room, size_t i, bool *held)
{
	(void)s;
	return speech_unsent(chatroom_speech(room), i, held);
}

int session_receipt(struct session *s, const struct chatroom *room, bool all,
    uint32_t *req)
{
	struct request q = {.type = REQUEST_RECEIPT};
	struct session_room_status st;
	int r;

	session_room_status(s, room, &st);
	if (!st.joined)
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
	(void)s;
	return chatroom_people(room, n);
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
