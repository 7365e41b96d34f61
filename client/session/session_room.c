/* session_room.c - the functions of session.h that need only the room. */
#include "client/session/chatroom.h"
#include "client/session/session.h"

const uint8_t *session_unsent(
    const struct session *s, const struct chatroom *room, size_t i, bool *held)
{
	(void)s;
	return speech_unsent(chatroom_speech(room), i, held);
}

const struct person *session_people(
    const struct session *s, const struct chatroom *room, size_t *n)
{
	(void)s;
	return chatroom_people(room, n);
}
