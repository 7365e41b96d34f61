/* The events of a fake world's session in words. */
#include "tests/unit/fake_server.h"

#define OK(call) assert_int_equal((call), 0)

/* Rooms, roles and requests. */
static void log_history_event(struct lines *l, const struct event *e)
{
	switch (e->type) {
	case EVENT_HISTORY:
		lines_add(l, "history %llu to %llu of %llu%s%s%s%s",
		    (unsigned long long)e->count, (unsigned long long)e->offset,
		    (unsigned long long)e->total, e->word[0] ? " " : "",
		    e->word, e->reason[0] ? " end " : "", e->reason);
		break;
	case EVENT_PURGE:
		lines_add(l, "purge %llu by %s%s", (unsigned long long)e->offset,
		    e->by, e->has_about ? " of a message" : "");
		break;
	case EVENT_GONE:
		lines_add(l, "gone %llu by %s", (unsigned long long)e->offset,
		    e->by[0] != '\0' ? e->by : "-");
		break;
	case EVENT_REWRITTEN:
		lines_add(l, "rewritten");
		break;
	case EVENT_STORAGE:
		lines_add(l, "storage %d", e->may);
		break;
	default:
		fail_msg("an event of type %d", (int)e->type);
	}
}

static void log_account_event(struct lines *l, const struct event *e)
{
	switch (e->type) {
	case EVENT_DEVICES:
		lines_add(l, "devices %u of %zu: self %llu %llu%s, other %llu %llu%s",
		    e->req, e->n_devices,
		    (unsigned long long)e->devices[0].first_s,
		    (unsigned long long)e->devices[0].last_s,
		    e->devices[0].self && e->devices[0].here ? " here" : "",
		    (unsigned long long)e->devices[1].first_s,
		    (unsigned long long)e->devices[1].last_s,
		    e->devices[1].self ? " self" : "");
		break;
	case EVENT_INVITES:
		lines_add(l, "invites %u %zu of %llu first %s %u/%u %s %s",
		    e->req, e->n_invites, (unsigned long long)e->total,
		    e->invites[0].id, e->invites[0].left, e->invites[0].uses,
		    role_word(e->invites[0].role), e->invites[0].by);
		break;
	case EVENT_SEAL:
		lines_add(l, "seal %s", e->reason);
		break;
	case EVENT_DEVICE:
		lines_add(l, "device of %s", e->who);
		break;
	default:
		log_history_event(l, e);
	}
}

static void log_room_event(struct lines *l, const struct event *e)
{
	unsigned long long until = e->until_ms;

	switch (e->type) {
	case EVENT_DONE:
		lines_add(l, "done %u %u%s%s%s%s", e->req, e->room_number,
		    e->word[0] != '\0' ? " " : "", e->word,
		    e->text_len > 0 ? " " : "", e->text);
		break;
	case EVENT_FAILED:
		lines_add(l, "failed %u %s %s", e->req, e->word, e->text);
		break;
	case EVENT_ROOMS:
		lines_add(l, "rooms %u %zu of %llu first %s", e->req,
		    e->n_rooms, (unsigned long long)e->total,
		    e->n_rooms > 0 ? e->rooms[0].name : "-");
		break;
	case EVENT_LEFT:
		lines_add(l, "left %s by %s: %s", e->word, e->by, e->text);
		break;
	case EVENT_ROOM:
		lines_add(l, "room by %s: %s%s", e->by, e->text,
		    e->settings.listed ? "" : " unlisted");
		break;
	case EVENT_ACT:
		lines_add(l, "act %s %s %s %s %llu %s%s", act_word(e->act),
		    e->by, e->who, role_word(e->role), until, e->text,
		    e->server ? " server" : "");
		break;
	case EVENT_VOICE:
		lines_add(l, "voice %d %llu %s", e->may, until, e->by);
		break;
	case EVENT_FORK:
		lines_add(l, "fork %s %llu", e->person->name,
		    (unsigned long long)e->offset);
		break;
	case EVENT_RECEIPT:
		lines_add(l, "receipt %s %llu%s", e->person->name,
		    (unsigned long long)e->offset, e->may ? " asked" : "");
		break;
	case EVENT_ROLE:
		lines_add(l, "role %s", role_word(e->role));
		break;
	default:
		log_account_event(l, e);
	}
}

enum { ABOUT_MAX = 64 };

static const char *const changes[] = {
    [EVENT_EDIT] = "edit", [EVENT_DELETE] = "delete", [EVENT_REACT] = "react"};

/* The message that an event is about: the beginning of its id, and the name of
 * who wrote it if that is known. */
static void about_of(
    char out[ABOUT_MAX], const struct world *w, const struct event *e)
{
	static const uint8_t nobody[WIRE_HASH];
	const struct person *p;
	const char *by = "";
	size_t n, i;

	out[0] = '\0';
	if (!e->has_about)
		return;
	p = session_people(w->s, e->room, &n);
	if (memcmp(e->author, nobody, WIRE_HASH) != 0)
		by = " by somebody";
	for (i = 0; i < n; i++)
		if (memcmp(p[i].fingerprint, e->author, WIRE_HASH) == 0)
			by = p[i].name;
	snprintf(out, ABOUT_MAX, "%02x%02x%s%s", e->about[0], e->about[1],
	    *by != '\0' && *by != ' ' ? " by " : "", by);
}

/* What became of own messages. False: it is another event. */
static bool log_own_event(struct world *w, const struct event *e)
{
	const char *name = e->person == NULL ? "-" : e->person->name;
	char about[ABOUT_MAX];
	struct lines *l = &w->events;

	switch (e->type) {
	case EVENT_REFUSED:
		about_of(about, w, e);
		lines_add(l, "refused %s %s %s %s", name, changes[e->tried],
		    about, e->reason);
		break;
	case EVENT_SENT:
		lines_add(l, "sent %llu", (unsigned long long)e->seq);
		break;
	case EVENT_HELD:
		lines_add(l, "held %s %llu %llu %s", e->reason,
		    (unsigned long long)e->count, (unsigned long long)e->people,
		    e->text);
		break;
	case EVENT_UNSAID:
		lines_add(l, "unsaid %llu", (unsigned long long)e->count);
		break;
	default:
		return false;
	}
	return true;
}

/* The connection. False: it is another event. */
static bool log_link_event(struct world *w, const struct event *e)
{
	struct lines *l = &w->events;

	switch (e->type) {
	case EVENT_CONNECTING:
		lines_add(l, "connecting %u", e->attempt);
		break;
	case EVENT_CONNECTED:
		lines_add(l, "connected %u", e->epoch);
		break;
	case EVENT_ERROR:
		lines_add(l, "error %s", e->word);
		break;
	case EVENT_RTT:
		lines_add(l, "rtt %u", e->rtt_ms);
		break;
	case EVENT_RECONNECT:
		w->wait_ms = e->wait_ms;
		lines_add(l, "reconnect %s", e->reason);
		break;
	case EVENT_CLOSED:
		lines_add(
		    l, "closed %d %s: %s", e->exit_status, e->word, e->text);
		break;
	default:
		return false;
	}
	return true;
}

static void log_event(struct world *w, const struct event *e)
{
	const char *name = e->person == NULL ? "-" : e->person->name;
	char about[ABOUT_MAX];
	struct lines *l = &w->events;

	assert_non_null(e->text);
	assert_int_equal(strlen(e->text), e->text_len);
	switch (e->type) {
	case EVENT_MESSAGE:
		about_of(about, w, e);
		lines_add(l, "message %s %llu %.40s%s%s%s%s%s%s", name,
		    (unsigned long long)e->seq, e->text, e->own ? " own" : "",
		    e->action ? " action" : "",
		    e->person->trust == TRUST_CHANGED ? " changed"
		    : e->person->trust == TRUST_NEW   ? " new"
						      : "",
		    e->has_about ? " re " : "", about,
		    e->past ? " past" : "");
		break;
	case EVENT_EDIT:
	case EVENT_DELETE:
	case EVENT_REACT:
		about_of(about, w, e);
		lines_add(l, "%s %s %s%s%s%s", changes[e->type], name, about,
		    e->type == EVENT_DELETE || e->text_len == 0 ? "" : " ",
		    e->text, e->own ? " own" : "");
		break;
	case EVENT_JOIN:
		lines_add(l, "join %s%s", name,
		    e->people == 1 ? " elsewhere" : "");
		break;
	case EVENT_LEAVE:
		lines_add(l, "leave %s %s%s", name, e->reason,
		    e->people == 1 ? " elsewhere" : "");
		break;
	case EVENT_EPOCH:
		lines_add(l, "epoch %u %s", e->epoch, e->reason);
		break;
	case EVENT_MISSING:
		lines_add(
		    l, "missing %s %llu", name, (unsigned long long)e->count);
		break;
	case EVENT_CHANGED:
		lines_add(l, "changed %s", name);
		break;
	case EVENT_DROPPED:
		lines_add(l, "dropped %s %s", name, e->reason);
		break;
	default:
		if (!log_own_event(w, e) && !log_link_event(w, e))
			log_room_event(l, e);
	}
}

/* Events of a second room are prefixed with its name. */
static void name_room(struct world *w, const struct event *e)
{
	char **line = &w->events.text[w->events.n - 1], *old = *line;
	size_t n = strlen(old) + strlen(e->room_name) + 3;

	if (e->room == NULL || e->room == session_first_room(w->s))
		return;
	*line = malloc(n);
	assert_non_null(*line);
	snprintf(*line, n, "%s: %s", e->room_name, old);
	free(old);
}

void world_drain(struct world *w)
{
	const struct event *e;

	while ((e = session_event(w->s)) != NULL) {
		log_event(w, e);
		name_room(w, e);
	}
}
