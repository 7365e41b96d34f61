/* room_commands.c - parses commands about rooms and people, and shows the
 * answers. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/ui/room_commands.h"
#include "client/ui/words_acts.h"
#include "client/ui/words_rooms.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

/* --- parsing -------------------------------------------------------------- */

/* Takes the next word off the text. */
static size_t word(const char **text, size_t *n, const char **out)
{
	const char *p = *text, *end = p + *n;

	while (p < end && (*p == ' ' || *p == '\n'))
		p++;
	*out = p;
	while (p < end && *p != ' ' && *p != '\n')
		p++;
	*text = p;
	*n = (size_t)(end - p);
	return (size_t)(p - *out);
}

static bool word_is(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && strncasecmp(s, word, n) == 0;
}

/* Copies the rest of a text, without the blanks before it. */
static bool rest(char *out, size_t size, const char *text, size_t n)
{
	while (n > 0 && *text == ' ') {
		text++;
		n--;
	}
	if (n >= size || memchr(text, '\n', n) != NULL)
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

static bool refuse(char why[WORDS_MAX], const char *sentence)
{
	snprintf(why, WORDS_MAX, "%s", sentence);
	return false;
}

static const char too_long[] =
    "a topic or a reason is one line of at most 512 bytes";

static bool parse_new(
    struct request *q, const char *text, size_t n, char why[WORDS_MAX])
{
	const char *w;
	size_t len = word(&text, &n, &w);

	if (!text_room(w, len)) {
		snprintf(why, WORDS_MAX,
		    "a room's name has 1 to %d letters, digits and ._-, and "
		    "begins with a letter or digit",
		    WIRE_ROOM_MAX);
		return false;
	}
	memcpy(q->name, w, len);
	q->type = REQUEST_ROOM_NEW;
	while ((len = word(&text, &n, &w)) > 0) {
		if (word_is(w, len, "invited")) {
			q->settings.invited = true;
			q->settings_named |= SETTING_ENTRY;
		} else if (word_is(w, len, "unlisted")) {
			q->settings.listed = false;
			q->settings_named |= SETTING_LISTED;
		} else if (word_is(w, len, "sealed")) {
			q->settings.sealed = true;
			q->settings_named |= SETTING_SEALED;
		} else if (word_is(w, len, "not-kept")) {
			q->settings.history = HISTORY_NONE;
			q->settings_named |= SETTING_HISTORY;
		} else {
			return refuse(why,
			    "after the room's name come \"sealed\" (the server "
			    "cannot read what is said), \"not-kept\" (the "
			    "server keeps nothing of what is said), "
			    "\"invited\" (only who is invited enters) and "
			    "\"unlisted\", or nothing");
		}
	}
	return true;
}

/* "7d", "2w", or "0": for good. In whole days. */
static bool parse_keep(
    struct request *q, const char *w, size_t len, char why[WORDS_MAX])
{
	uint32_t seconds = command_seconds(w, len);

	q->settings_named |= SETTING_KEEP_DAYS;
	q->settings.keep_days = seconds / 86400;
	if ((len == 1 && *w == '0') || (seconds > 0 && seconds % 86400 == 0))
		return true;
	return refuse(why,
	    "after \"keep\" comes a time in days or weeks, as 7d or 2w; 0: "
	    "for good");
}

static bool parse_count(
    struct request *q, const char *w, size_t len, char why[WORDS_MAX])
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < len && i < 10 && w[i] >= '0' && w[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(w[i] - '0');
	q->settings_named |= SETTING_KEEP_COUNT;
	q->settings.keep_count = (uint32_t)n;
	if (len > 0 && i == len && n <= UINT32_MAX)
		return true;
	return refuse(
	    why, "after \"count\" comes a number of messages; 0: any");
}

/* none, members, all; keep TIME; count N: any of them. */
static bool parse_history(struct request *q, const char *text, size_t n,
    const struct session_room_status *st, char why[WORDS_MAX])
{
	static const char *const who[] = {[HISTORY_NONE] = "none",
	    [HISTORY_MEMBERS] = "members",
	    [HISTORY_ALL] = "all"};
	const char *w;
	size_t len, i;

	q->type = REQUEST_ROOM_SET;
	q->room = st->number;
	if (st->number == 0)
		return refuse(why, "you are not in this room");
	while ((len = word(&text, &n, &w)) > 0) {
		for (i = 0; i < 3 && !word_is(w, len, who[i]); i++)
			;
		if (i < 3) {
			q->settings.history = (enum room_history)i;
			q->settings_named |= SETTING_HISTORY;
		} else if (word_is(w, len, "keep")) {
			len = word(&text, &n, &w);
			if (!parse_keep(q, w, len, why))
				return false;
		} else if (word_is(w, len, "count")) {
			len = word(&text, &n, &w);
			if (!parse_count(q, w, len, why))
				return false;
		} else {
			return refuse(why,
			    "/history takes none, members or all (who reads "
			    "what was said before), keep 7d and count 100000; "
			    "or a number of older messages to read");
		}
	}
	if (q->settings_named == SETTING_HISTORY &&
	    q->settings.history == st->settings.history)
		return refuse(why, "it is set to that already");
	return true;
}

static bool parse_role(
    struct request *q, const char *text, size_t n, char why[WORDS_MAX])
{
	char role[16];
	const char *w;
	size_t len = word(&text, &n, &w);

	if (len < sizeof(role)) {
		snprintf(role, sizeof(role), "%.*s", (int)len, w);
		if (role_of(&q->role, role) && n == 0)
			return true;
	}
	return refuse(why,
	    "/role needs a name and one of owner, operator, member, guest");
}

/* NAME [TIME] [WHY] */
static bool parse_act(struct request *q, const struct command *c,
    const struct session_room_status *st, char why[WORDS_MAX])
{
	const char *text = c->text, *w, *after;
	size_t n = c->n, len = word(&text, &n, &w), left;

	q->type = REQUEST_ACT;
	q->act = act_of(c->word);
	q->room = st->number;
	if (st->number == 0)
		return refuse(why, "you are not in this room");
	if (!text_name(w, len))
		return refuse(why, "that is no name of a person");
	memcpy(q->who, w, len);
	if (q->act == ACT_ROLE)
		return parse_role(q, text, n, why);
	after = text;
	left = n;
	if ((q->act == ACT_BAN || q->act == ACT_MUTE) &&
	    (len = word(&after, &left, &w)) > 0 &&
	    (q->seconds = command_seconds(w, len)) > 0) {
		text = after;
		n = left;
	}
	if (!rest(q->reason, sizeof(q->reason), text, n))
		return refuse(why, too_long);
	return true;
}

bool room_commands_request(struct request *out, const struct command *c,
    const struct session_room_status *status, char why[WORDS_MAX])
{
	const char *topic;
	size_t n;

	if (account_commands_is(c))
		return account_commands_request(out, c, status, why);
	memset(out, 0, sizeof(*out));
	out->settings = room_settings_default;
	switch (c->kind) {
	case COMMAND_ROOMS:
		out->type = REQUEST_ROOM_LIST;
		if (c->n > 0 && !text_room(c->text, c->n))
			return refuse(why, "that is no name of a room");
		memcpy(out->name, c->text, c->n);
		return true;
	case COMMAND_NEW:
		return parse_new(out, c->text, c->n, why);
	case COMMAND_HISTORY:
		return parse_history(out, c->text, c->n, status, why);
	case COMMAND_TOPIC:
		topic = command_topic(c, &n);
		out->type = REQUEST_ROOM_SET;
		out->room = status->number;
		out->has_topic = true;
		if (status->number == 0)
			return refuse(why, "you are not in this room");
		/* seal_topic */
		if (status->seal != SEAL_NONE)
			return refuse(why, "the server would read this topic");
		if (!rest(out->topic, sizeof(out->topic), topic, n))
			return refuse(why, too_long);
		return true;
	default:
		return parse_act(out, c, status, why);
	}
}

bool room_commands_question(
    char *out, size_t size, const struct request *q, const char *room)
{
	if (q->type == REQUEST_ROOM_SET &&
	    (q->settings_named & SETTING_HISTORY) != 0 &&
	    q->settings.history == HISTORY_NONE) {
		snprintf(
		    out, size, "Destroy all that is kept of %s? y/n ", room);
		return true;
	}
	if (q->type == REQUEST_ACCOUNT_FORGET) {
		snprintf(out, size,
		    "Forget that device, and end its connections? y/n ");
		return true;
	}
	if (q->type != REQUEST_ACT || (q->act != ACT_KICK && q->act != ACT_BAN))
		return false;
	snprintf(out, size, "%s %s from %s? y/n ",
	    q->act == ACT_KICK ? "Remove" : "Ban", q->who, room);
	return true;
}

/* --- asking and answers --------------------------------------------------- */

/* "/kick carol" */
static void describe(char *out, size_t size, const struct request *q)
{
	switch (q->type) {
	case REQUEST_ROOM_LIST:
		snprintf(out, size, "/rooms");
		break;
	case REQUEST_ROOM_NEW:
		snprintf(out, size, "/new %s", q->name);
		break;
	case REQUEST_ROOM_SET:
		snprintf(out, size, q->has_topic ? "/topic" : "/history");
		break;
	case REQUEST_PURGE:
		snprintf(out, size, "/purge");
		break;
	case REQUEST_ACT:
		snprintf(out, size, "/%s %s", act_word(q->act), q->who);
		break;
	default:
		account_commands_describe(out, size, q);
		break;
	}
}

/* What a request needs when its answer comes. */
struct asking {
	const uint8_t *id; /* of the message to be purged; NULL: another */
	unsigned pages;	   /* shown so far */
	const char *key;   /* NULL or "": none */
};

static bool send(struct room_commands *a, struct session *s,
    const struct chatroom *room, const struct request *q, struct asking how,
    char why[WORDS_MAX])
{
	size_t i;
	int r;

	for (i = 0; i < ROOM_COMMANDS_OPEN; i++)
		if (a->open[i].req == 0)
			break;
	r = i == ROOM_COMMANDS_OPEN ? ERR_LIMIT
	    : how.id != NULL ? session_purge(s, room, how.id, &a->open[i].req)
			     : session_ask(s, q, &a->open[i].req);
	if (r == ERR_ABSENT)
		return refuse(
		    why, "this message is not in the history of the room");
	if (r == ERR_LIMIT)
		return refuse(
		    why, "the server has not answered your other commands yet");
	if (r != 0) {
		snprintf(
		    why, WORDS_MAX, "cannot ask the server: %s", err_str(r));
		a->open[i].req = 0;
		return false;
	}
	a->open[i].room = room;
	a->open[i].pages = how.pages;
	a->open[i].quiet = false;
	memcpy(a->open[i].name, q->name, sizeof(q->name));
	snprintf(a->open[i].key, sizeof(a->open[i].key), "%s",
	    how.key != NULL ? how.key : "");
	describe(a->open[i].what, sizeof(a->open[i].what), q);
	return true;
}

bool room_commands_ask(struct room_commands *a, struct session *s,
    const struct chatroom *room, const struct request *q, const char *key,
    char why[WORDS_MAX])
{
	if (q->type == REQUEST_ROOM_LIST && q->name[0] == '\0')
		a->n_known = 0;
	return send(a, s, room, q, (struct asking){.key = key}, why);
}

bool room_commands_purge(struct room_commands *a, struct session *s,
    const struct chatroom *room, const uint8_t id[WIRE_ID], char why[WORDS_MAX])
{
	const struct request q = {.type = REQUEST_PURGE};

	return send(a, s, room, &q, (struct asking){.id = id}, why);
}

void room_commands_purge_question(char *out, size_t size, const char *author)
{
	snprintf(
	    out, size, "Destroy the message of %s for everybody? y/n ", author);
}

void room_commands_state(const struct session *s, const struct chatroom *room,
    const char *server, void (*say)(void *arg, const char *line), void *arg)
{
	struct session_room_status status;
	struct session_status link;
	char line[WORDS_MAX];
	size_t i;

	session_status(s, &link);
	session_room_status(s, room, &status);
	for (i = 0; words_room_state(line, &status, &link, server, i); i++)
		say(arg, line);
}

void room_commands_learn(struct room_commands *a, struct session *s,
    const struct chatroom *room)
{
	const struct request q = {.type = REQUEST_ROOM_LIST};
	size_t i;

	for (i = 0; i < ROOM_COMMANDS_OPEN && a->open[i].req != 0; i++)
		;
	if (i == ROOM_COMMANDS_OPEN || session_ask(s, &q, &a->open[i].req) != 0)
		return;
	a->open[i].room = room;
	a->open[i].pages = 0;
	a->open[i].quiet = true;
	a->open[i].name[0] = '\0';
}

void room_commands_like(
    char out[WORDS_MAX], const struct session *s, const char *name)
{
	char form[WIRE_ROOM_MAX + 1], other[WIRE_ROOM_MAX + 1];
	const struct chatroom *const *rooms;
	struct session_room_status st;
	size_t n, i;

	out[0] = '\0';
	text_room_form(form, name);
	rooms = session_rooms(s, &n);
	for (i = 0; i < n; i++) {
		session_room_status(s, rooms[i], &st);
		if (st.number == 0 || !text_room(st.name, strlen(st.name)) ||
		    strcasecmp(st.name, name) == 0)
			continue;
		text_room_form(other, st.name);
		if (strcmp(form, other) == 0)
			snprintf(out, WORDS_MAX,
			    "%s looks like %s, a room that you are in, and is "
			    "another one",
			    name, st.name);
	}
}

static void know(struct room_commands *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->n_known; i++)
		if (strcasecmp(a->known[i], name) == 0)
			return;
	if (a->n_known < ROOM_COMMANDS_KNOWN)
		snprintf(
		    a->known[a->n_known++], sizeof(a->known[0]), "%s", name);
}

/* One page of the list; asks for the next one while there are few. */
static void list(struct room_commands *a, struct session *s,
    const struct event *e, const struct chatroom *room, unsigned pages,
    const struct room_commands_sink *sink)
{
	struct request q = {.type = REQUEST_ROOM_LIST};
	char line[WORDS_MAX];
	size_t i;

	for (i = 0; i < e->n_rooms; i++) {
		know(a, e->rooms[i].name);
		words_room_row(line, &e->rooms[i],
		    session_seal_known(s, e->rooms[i].name));
		sink->tell(sink->arg, room, WORDS_NOTICE, line);
		room_commands_like(line, s, e->rooms[i].name);
		if (line[0] != '\0')
			sink->tell(sink->arg, room, WORDS_ALERT, line);
	}
	if (e->n_rooms < WIRE_ROOM_PAGE) {
		if (pages == 0 && e->n_rooms == 0)
			sink->tell(sink->arg, room, WORDS_NOTICE,
			    "there are no rooms that you may see");
		return;
	}
	memcpy(q.name, e->rooms[i - 1].name, sizeof(q.name));
	if (pages + 1 < ROOM_COMMANDS_PAGES) {
		if (!send(a, s, room, &q, (struct asking){.pages = pages + 1},
			line))
			sink->tell(sink->arg, room, WORDS_NOTICE, line);
		return;
	}
	snprintf(line, sizeof(line),
	    "there are %llu rooms; /rooms %s shows those after %s",
	    (unsigned long long)e->total, q.name, q.name);
	sink->tell(sink->arg, room, WORDS_NOTICE, line);
}

struct answering {
	const struct room_commands_sink *sink;
	const struct chatroom *room;
};

static void tell_line(void *arg, enum words_weight weight, const char *line)
{
	const struct answering *to = arg;

	to->sink->tell(to->sink->arg, to->room, weight, line);
}

/* The invite to a sealed room holds its secret. */
static void invite_answer(struct room_commands *a, size_t i, struct session *s,
    const struct event *e, const struct room_commands_sink *sink,
    const struct account_commands_sink *tell)
{
	struct account_commands_room room = {a->open[i].name, NULL};
	struct session_room_status in;
	struct session_status st;
	uint8_t seal[WIRE_KEY];

	session_status(s, &st);
	session_room_status(s, a->open[i].room, &in);
	if (text_same_name(in.name, room.name) &&
	    session_seal_secret(s, a->open[i].room, seal))
		room.seal = seal;
	account_commands_invite(e, sink->uri, st.server, &room, tell);
	secret_wipe(seal, sizeof(seal));
}

/* The answer about the user's account, or about an invite. */
static void account_answer(struct room_commands *a, size_t i, struct session *s,
    const struct event *e, const struct room_commands_sink *sink)
{
	struct answering to = {sink, a->open[i].room};
	const struct account_commands_sink tell = {tell_line, &to};
	char why[WORDS_MAX];
	struct request q;

	if (e->type == EVENT_DEVICES && a->open[i].key[0] != '\0') {
		if (account_commands_forget(&q, e, a->open[i].key, why))
			sink->ask(sink->arg, to.room, &q);
		else
			tell_line(&to, WORDS_ALERT, why);
	} else if (e->type == EVENT_DEVICES) {
		account_commands_devices(e, &tell);
	} else if (e->type == EVENT_INVITES) {
		account_commands_invites(e, &tell);
	} else if (e->type == EVENT_BLOCKS) {
		account_commands_blocks(e, &tell);
	} else if (e->asked == REQUEST_INVITE_NEW) {
		invite_answer(a, i, s, e, sink, &tell);
	} else {
		account_commands_done(why, e);
		if (why[0] != '\0')
			tell_line(&to, WORDS_NOTICE, why);
	}
}

static bool password_answer(
    const struct event *e, const struct room_commands_sink *sink)
{
	static const struct words_about nothing;
	char line[WORDS_MAX + 100], why[WORDS_MAX];

	if (e->type == EVENT_DONE) {
		account_commands_done(line, e);
		sink->tell(sink->arg, NULL, WORDS_NOTICE, line);
		return true;
	}
	words_failed(why, e, &nothing);
	snprintf(line, sizeof(line), "your password is not changed: %s", why);
	sink->tell(sink->arg, NULL, WORDS_ALERT, line);
	return true;
}

bool room_commands_answer(struct room_commands *a, struct session *s,
    const struct event *e, const struct room_commands_sink *sink)
{
	static const struct words_about nothing;
	char line[WORDS_MAX + 100], why[WORDS_MAX];
	const struct chatroom *room;
	unsigned pages;
	size_t i, k;

	if (e->type != EVENT_DONE && e->type != EVENT_FAILED &&
	    e->type != EVENT_ROOMS && e->type != EVENT_DEVICES &&
	    e->type != EVENT_INVITES && e->type != EVENT_BLOCKS)
		return false;
	/* Wherever it was asked. */
	if (e->asked == REQUEST_ACCOUNT_PASSWORD)
		return password_answer(e, sink);
	for (i = 0; i < ROOM_COMMANDS_OPEN; i++)
		if (a->open[i].req == e->req && e->req != 0)
			break;
	if (i == ROOM_COMMANDS_OPEN)
		return false;
	a->open[i].req = 0;
	room = a->open[i].room;
	pages = a->open[i].pages;
	if (a->open[i].quiet) {
		for (k = 0; e->type == EVENT_ROOMS && k < e->n_rooms; k++)
			know(a, e->rooms[k].name);
	} else if (e->type == EVENT_ROOMS) {
		list(a, s, e, room, pages, sink);
	} else if (e->type == EVENT_FAILED) {
		words_failed(why, e, &nothing);
		snprintf(line, sizeof(line), "%s: not done: %s",
		    a->open[i].what, why);
		sink->tell(sink->arg, room, WORDS_ALERT, line);
	} else if (e->asked == REQUEST_ROOM_NEW) {
		snprintf(line, sizeof(line),
		    "the room %s is made, and you are its operator",
		    a->open[i].name);
		sink->tell(sink->arg, room, WORDS_NOTICE, line);
		know(a, a->open[i].name);
		sink->made(sink->arg, a->open[i].name);
	} else {
		account_answer(a, i, s, e, sink);
	}
	return true;
}
