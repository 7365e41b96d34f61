/* unsent.c - counts what was not sent, and says it. */
#include <stdio.h>

#include "client/unsent.h"

void unsent_waiting(struct unsent *u, const struct session *s)
{
	const struct chatroom *const *rooms;
	struct session_room_status st;
	size_t n, i, held;

	u->messages += session_direct_unsent(s, &held);
	u->held += held;
	u->keys += held;
	rooms = session_rooms(s, &n);
	for (i = 0; i < n; i++) {
		session_room_status(s, rooms[i], &st);
		u->messages += st.unacked;
		u->held += st.held;
	}
}

/* Why messages are held. */
static const char *reason(const struct unsent *u)
{
	return u->keys == 0 ? "somebody was in the room who was not there when "
			      "you wrote"
	       : u->keys == u->held
		   ? "somebody has a key that you had not accepted when you wrote"
		   : "somebody was in the room who was not there, or had a key "
		     "that you had not accepted, when you wrote";
}

bool unsent_words(const struct unsent *u, char *out, size_t size)
{
	if (u->held > 0 && u->held == u->messages)
		snprintf(out, size, "%zu held message%s not sent: %s %s",
		    u->held, u->held == 1 ? " was" : "s were", reason(u),
		    u->held == 1 ? "it" : "them");
	else if (u->held > 0)
		snprintf(out, size,
		    "%zu messages were not sent, because %zu of them %s held: "
		    "%s %s",
		    u->messages, u->held, u->held == 1 ? "was" : "were",
		    reason(u), u->held == 1 ? "it" : "them");
	else if (u->messages > 0)
		snprintf(out, size,
		    "the server has not acknowledged %zu message%s",
		    u->messages, u->messages == 1 ? "" : "s");
	else
		snprintf(out, size, "%zu line%s of the input %s not sent",
		    u->lines, u->lines == 1 ? "" : "s",
		    u->lines == 1 ? "was" : "were");
	return u->messages > 0 || u->lines > 0;
}
