/* unsent.c - counts what was not sent, and says it. */
#include <stdio.h>
#include <string.h>

#include "client/unsent.h"

void unsent_waiting(struct unsent *u, const struct session *s)
{
	const struct chatroom *const *rooms;
	struct session_room_status st;
	size_t n, i, held;

	u->purges = 0;
	u->messages += session_direct_unsent(s, &held);
	u->held += held;
	u->keys += held;
	rooms = session_rooms(s, &n);
	for (i = 0; i < n; i++) {
		session_room_status(s, rooms[i], &st);
		u->messages += st.unacked;
		u->held += st.held;
		u->purges += st.purges;
		u->kept = st.purges_kept;
	}
}

static void add_purges(const struct unsent *u, char *out, size_t size)
{
	const size_t n = strlen(out);

	if (u->purges > 0)
		snprintf(out + n, size - n,
		    "%s%zu edit%s of a message that you purged %s",
		    n > 0 ? "; " : "", u->purges, u->purges == 1 ? "" : "s",
		    u->kept ? "will be purged when you are in the room again"
			    : "may stay in the history");
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
	out[0] = '\0';
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
	else if (u->lines > 0)
		snprintf(out, size, "%zu line%s of the input %s not sent",
		    u->lines, u->lines == 1 ? "" : "s",
		    u->lines == 1 ? "was" : "were");
	add_purges(u, out, size);
	return out[0] != '\0';
}

void unsent_late(
    const struct unsent *u, unsigned seconds, char *out, size_t size)
{
	snprintf(out, size,
	    "the input ended %u s ago and %zu of its messages did not reach "
	    "the server",
	    seconds, u->messages);
	add_purges(u, out, size);
}
