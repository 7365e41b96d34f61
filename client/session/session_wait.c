#include <string.h>

#include "client/session/session_int.h"

/* Who comes back first after a server's restart is alone there, and what he
 * says then nobody else will ever get: the room has no history. So what is said
 * waits for those who were there before, as long as their own pauses and their
 * coming in may still take; told to the user, and only once something waits. */

int session_wait_tell(struct session *s)
{
	struct event e = {.type = EVENT_WAITING,
	    .room = &s->first,
	    .room_name = s->room_name};
	char names[4 * (WIRE_NAME_MAX + 8)];

	if (!s->waiting || s->wait_told || outbox_count(s->outbox) == 0)
		return 0;
	s->wait_told = true;
	missing_names(s->missing, names, sizeof(names));
	e.count = missing_count(s->missing);
	e.text = names;
	e.text_len = strlen(names);
	e.wait_ms = s->wait_until_ms > s->now_ms
			? (uint32_t)(s->wait_until_ms - s->now_ms)
			: 1;
	return events_push(s->events, &e);
}

/* What an earlier run has acknowledged was said to those who were there. */
static void forget_before_strangers(struct session *s)
{
	const struct person *p;
	size_t n, i;

	p = roster_people(s->roster, &n);
	for (i = 0; i < n; i++)
		if (!p[i].self && !missing_knows(s->missing, p[i].identity)) {
			outbox_forget(s->outbox);
			return;
		}
}

void session_wait_lost(struct session *s, bool delivered)
{
	const struct person *p;
	size_t n;

	outbox_prune(s->outbox, delivered ? UINT64_MAX : s->rx_ms);
	/* From now on they are not told from those of before. */
	if (s->waiting)
		forget_before_strangers(s);
	/* Who was waited for in vain is not waited for again. */
	else
		missing_clear(s->missing);
	s->waiting = false;
	p = roster_people(s->roster, &n);
	missing_expect(s->missing, p, n);
}

static int over(struct session *s)
{
	struct event e = {.type = EVENT_WAITING,
	    .room = &s->first,
	    .room_name = s->room_name};
	char names[4 * (WIRE_NAME_MAX + 8)];
	int r = 0;

	forget_before_strangers(s);
	if (s->waiting && s->wait_told && missing_count(s->missing) > 0) {
		missing_names(s->missing, names, sizeof(names));
		e.count = missing_count(s->missing);
		e.text = names;
		e.text_len = strlen(names);
		r = events_push(s->events, &e);
	}
	s->waiting = false;
	missing_clear(s->missing);
	return r;
}

int session_wait_begin(struct session *s)
{
	uint64_t wait = SESSION_WAIT_MS + s->pause_ms + s->pause_ms / 4;
	uint64_t entries = SESSION_WAIT_ENTRIES * (s->now_ms - s->dial_ms);
	const struct person *p;
	size_t n, i;

	p = roster_people(s->roster, &n);
	for (i = 0; i < n; i++)
		missing_back(s->missing, p[i].identity);
	if (missing_count(s->missing) == 0)
		return over(s);
	wait += entries < SESSION_WAIT_ENTRIES_MS ? entries
						  : SESSION_WAIT_ENTRIES_MS;
	if (s->quitting && wait > SESSION_WAIT_QUIT_MS)
		wait = SESSION_WAIT_QUIT_MS;
	s->waiting = true;
	s->wait_told = false;
	s->wait_until_ms = s->now_ms + wait;
	return session_wait_tell(s);
}

int session_wait_joined(struct session *s, const struct person *p)
{
	/* What was said before he came is not for him. */
	if (!s->waiting) {
		outbox_forget(s->outbox);
		return 0;
	}
	missing_back(s->missing, p->identity);
	return missing_count(s->missing) == 0 ? over(s) : 0;
}

void session_wait_hurry(struct session *s)
{
	if (s->waiting && s->wait_until_ms > s->now_ms + SESSION_WAIT_QUIT_MS)
		s->wait_until_ms = s->now_ms + SESSION_WAIT_QUIT_MS;
}

uint64_t session_wait_deadline(const struct session *s)
{
	return s->waiting ? s->wait_until_ms : UINT64_MAX;
}

int session_wait_tick(struct session *s)
{
	return s->waiting && s->now_ms >= s->wait_until_ms ? over(s) : 0;
}
