/* account_commands.c - parses commands about the user's account and about invites,
 * and shows the answers. */
#include "client/ui/account_commands.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "shared/base/secret.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

/* --- parsing -------------------------------------------------------------- */

bool account_commands_is(const struct command *c)
{
	return c->kind == COMMAND_DEVICES || c->kind == COMMAND_FORGET ||
	       c->kind == COMMAND_INVITES || c->kind == COMMAND_REVOKE ||
	       c->kind == COMMAND_BLOCK || c->kind == COMMAND_UNBLOCK ||
	       (c->kind == COMMAND_ACT && strcmp(c->word, "invite") == 0 &&
		   (c->n == 0 || *c->text == '-'));
}

static bool refuse(char why[WORDS_MAX], const char *sentence)
{
	snprintf(why, WORDS_MAX, "%s", sentence);
	return false;
}

/* The next word of a text, with a zero byte; "" after the last. False: it is too
 * long. */
enum { WORD_MAX = 40 };
static bool word(char out[WORD_MAX], const char **text, size_t *n)
{
	size_t len = 0;

	while (*n > 0 && (**text == ' ' || **text == '\n')) {
		(*text)++;
		(*n)--;
	}
	while (len < *n && (*text)[len] != ' ' && (*text)[len] != '\n')
		len++;
	if (len >= WORD_MAX)
		return false;
	memcpy(out, *text, len);
	out[len] = '\0';
	*text += len;
	*n -= len;
	return true;
}

static bool number(uint32_t *out, const char *s, uint32_t max)
{
	size_t n = strlen(s), i;

	*out = 0;
	for (i = 0; i < n && i < 5; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*out = *out * 10 + (uint32_t)(s[i] - '0');
	}
	return n > 0 && i == n && *out >= 1 && *out <= max;
}

/* [--uses N] [--for T] [--role R] */
static bool parse_invite(struct request *q, const struct command *c,
    const struct session_room_status *st, char why[WORDS_MAX])
{
	char option[WORD_MAX], value[WORD_MAX];
	const char *text = c->text;
	size_t n = c->n;

	q->type = REQUEST_INVITE_NEW;
	q->invite.uses = 1;
	q->invite.role = ROLE_MEMBER;
	q->invite.room = st->number;
	snprintf(q->name, sizeof(q->name), "%s", st->name);
	if (st->number == 0)
		return refuse(why, "you are not in this room");
	while (word(option, &text, &n) && option[0] != '\0') {
		if (!word(value, &text, &n))
			value[0] = '\0';
		if (strcmp(option, "--uses") == 0 &&
		    number(&q->invite.uses, value, WIRE_INVITE_USES))
			continue;
		if (strcmp(option, "--for") == 0 &&
		    (q->invite.seconds =
			    command_seconds(value, strlen(value))) > 0)
			continue;
		if (strcmp(option, "--role") == 0 &&
		    role_of(&q->invite.role, value))
			continue;
		return refuse(why,
		    "/invite makes an invite to this room for somebody new: "
		    "behind it stand --uses 1 to 1000, --for 2d (or 10m, 3h), "
		    "--role member, or nothing; /invite NAME is for somebody "
		    "whom the server knows");
	}
	return true;
}

bool account_commands_request(struct request *out, const struct command *c,
    const struct session_room_status *status, char why[WORDS_MAX])
{
	memset(out, 0, sizeof(*out));
	switch (c->kind) {
	case COMMAND_DEVICES:
		out->type = REQUEST_ACCOUNT_DEVICES;
		return true;
	case COMMAND_FORGET:
		out->type = REQUEST_ACCOUNT_DEVICES;
		return c->n <= B64URL_32 ||
		       refuse(why, "/devices shows the keys: the beginning of "
				   "one chooses it");
	case COMMAND_INVITES:
		out->type = REQUEST_INVITE_LIST;
		return true;
	case COMMAND_BLOCK:
	case COMMAND_UNBLOCK:
		out->on = c->kind == COMMAND_BLOCK;
		out->type = c->n > 0 ? REQUEST_BLOCK : REQUEST_BLOCKS;
		if (c->n == 0)
			return true;
		if (!text_name(c->text, c->n))
			return refuse(why, "that is not a name");
		memcpy(out->who, c->text, c->n);
		return true;
	case COMMAND_REVOKE:
		out->type = REQUEST_INVITE_REVOKE;
		if (!text_invite_id(c->text, c->n))
			return refuse(why,
			    "/revoke needs the 8 characters that an invite "
			    "begins with in /invites");
		memcpy(out->id, c->text, c->n);
		return true;
	default:
		return parse_invite(out, c, status, why);
	}
}

void account_commands_describe(char *out, size_t size, const struct request *q)
{
	snprintf(out, size, "%s",
	    q->type == REQUEST_ACCOUNT_DEVICES	  ? "/devices"
	    : q->type == REQUEST_ACCOUNT_FORGET	  ? "/forget-device"
	    : q->type == REQUEST_INVITE_LIST	  ? "/invites"
	    : q->type == REQUEST_INVITE_REVOKE	  ? "/revoke"
	    : q->type == REQUEST_ACCOUNT_PASSWORD ? "/password"
	    : q->type == REQUEST_BLOCKS		  ? "/block"
	    : q->type == REQUEST_BLOCK		  ? q->on ? "/block" : "/unblock"
						  : "/invite");
}

/* --- answers -------------------------------------------------------------- */

enum { WHEN_MAX = 32 };

/* "2026-12-01 13:05", or the day alone. */
static void when(char out[WHEN_MAX], uint64_t unix_s, bool minutes)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (unix_s > (UINT64_C(1) << 40) || localtime_r(&t, &tm) == NULL ||
	    strftime(out, WHEN_MAX, minutes ? "%Y-%m-%d %H:%M" : "%Y-%m-%d",
		&tm) == 0)
		snprintf(out, WHEN_MAX, "?");
}

void account_commands_devices(
    const struct event *e, const struct account_commands_sink *tell)
{
	char line[WORDS_MAX], fp[B64URL_32 + 1], first[WHEN_MAX],
	    last[WHEN_MAX];
	const struct event_device *d;
	size_t i;

	for (i = 0; i < e->n_devices; i++) {
		d = &e->devices[i];
		b64url_encode32(fp, d->fingerprint);
		when(first, d->first_s, false);
		when(last, d->last_s, true);
		snprintf(line, sizeof(line), "%s since %s, %s%s", fp, first,
		    d->self   ? "this one"
		    : d->here ? "connected now"
			      : "last seen ",
		    d->self || d->here ? "" : last);
		tell->fn(tell->arg, WORDS_NOTICE, line);
	}
	if (e->n_devices > 1)
		tell->fn(tell->arg, WORDS_NOTICE,
		    "/forget-device KEY takes one away; the beginning of its "
		    "key is enough");
}

void account_commands_invites(
    const struct event *e, const struct account_commands_sink *tell)
{
	const struct account_invite *v;
	char line[WORDS_MAX], until[WHEN_MAX];
	size_t i;

	for (i = 0; i < e->n_invites; i++) {
		v = &e->invites[i];
		when(until, v->until_s, true);
		snprintf(line, sizeof(line),
		    "%s: %u of %u uses left, %s%s%s%s, %s%s, by %s", v->id,
		    v->left, v->uses,
		    v->account[0] != '\0' ? "back in as " : "as ",
		    v->account[0] != '\0' ? v->account : role_word(v->role),
		    v->room[0] != '\0' ? ", in " : "", v->room,
		    v->until_s > 0 ? "until " : "without an end",
		    v->until_s > 0 ? until : "", v->by);
		tell->fn(tell->arg, WORDS_NOTICE, line);
	}
	if (e->n_invites == 0) {
		tell->fn(tell->arg, WORDS_NOTICE,
		    "there are no invites that can still be used");
	} else if (e->total > e->n_invites) {
		snprintf(line, sizeof(line), "and %llu more",
		    (unsigned long long)(e->total - e->n_invites));
		tell->fn(tell->arg, WORDS_NOTICE, line);
	}
	if (e->n_invites > 0)
		tell->fn(tell->arg, WORDS_NOTICE, "/revoke takes one back");
}

void account_commands_invite(const struct event *e, const struct uri *uri,
    const uint8_t server[WIRE_HASH], const struct account_commands_room *room,
    const struct account_commands_sink *tell)
{
	struct uri u = *uri;
	struct buf text;

	u.has_fingerprint = true;
	memcpy(u.fingerprint, server, WIRE_HASH);
	snprintf(u.room, sizeof(u.room), "%s", room->name);
	u.has_seal = room->seal != NULL;
	if (u.has_seal)
		memcpy(u.seal, room->seal, WIRE_KEY);
	snprintf(u.invite, sizeof(u.invite), "%s", e->word);
	snprintf(u.secret, sizeof(u.secret), "%s", e->text);
	buf_init_secret(&text, URI_TEXT_MAX);
	if (uri_build(&text, &u) == 0 && buf_u8(&text, 0) == 0) {
		tell->fn(tell->arg, WORDS_NOTICE,
		    "the invite; whoever has it can use it, so give it to them "
		    "in private:");
		tell->fn(tell->arg, WORDS_NOTICE, (const char *)text.p);
	}
	if (u.path[0] != '\0' || strcmp(u.host, "localhost") == 0 ||
	    strncmp(u.host, "127.", 4) == 0 || strcmp(u.host, "::1") == 0)
		tell->fn(tell->arg, WORDS_NOTICE,
		    "it works on this machine: for others, put the server's "
		    "name into it");
	buf_free(&text);
	uri_wipe(&u);
}

void account_commands_done(char out[WORDS_MAX], const struct event *e)
{
	out[0] = '\0';
	switch (e->asked) {
	case REQUEST_ACCOUNT_PASSWORD:
		snprintf(out, WORDS_MAX, "%s",
		    e->may ? "that is your own password from now on: it lets "
			     "you in the next time"
			   : "you have no password of your own any more: the "
			     "server's password, or an invite, lets you in the "
			     "next time");
		break;
	case REQUEST_ACCOUNT_FORGET:
		snprintf(out, WORDS_MAX,
		    "that device is forgotten, and its connections are ended. "
		    "If it knows your password, change that: /password");
		break;
	case REQUEST_BLOCK:
		snprintf(out, WORDS_MAX,
		    e->may ? "%s is blocked: the server refuses their direct "
			     "messages to you; /unblock %s ends that"
			   : "%s is not blocked",
		    e->who, e->who);
		break;
	case REQUEST_INVITE_REVOKE:
		snprintf(
		    out, WORDS_MAX, "that invite is of no use any more");
		break;
	default:
		break;
	}
}

void account_commands_blocks(
    const struct event *e, const struct account_commands_sink *tell)
{
	const char *p = e->text, *end = p + e->text_len, *nl;
	char line[WORDS_MAX];
	size_t n;

	if (e->text_len == 0)
		tell->fn(tell->arg, WORDS_NOTICE, "you block nobody");
	for (; p < end; p += n + (nl != NULL)) {
		nl = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((nl != NULL ? nl : end) - p);
		snprintf(line, sizeof(line),
		    "direct messages from %.*s are refused", (int)n, p);
		tell->fn(tell->arg, WORDS_NOTICE, line);
	}
}

bool account_commands_forget(struct request *out, const struct event *e,
    const char *key, char why[WORDS_MAX])
{
	const struct event_device *found = NULL;
	char fp[B64URL_32 + 1];
	size_t i, n = 0;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < e->n_devices; i++) {
		b64url_encode32(fp, e->devices[i].fingerprint);
		if (strncmp(fp, key, strlen(key)) != 0)
			continue;
		found = &e->devices[i];
		n++;
	}
	if (n == 0)
		return refuse(why,
		    "none of your devices has a key that begins like that: "
		    "/devices shows them");
	if (n > 1)
		return refuse(why,
		    "several of your devices have that key: give more of it");
	if (found->self)
		return refuse(
		    why, "that is this device: forget it from another one");
	out->type = REQUEST_ACCOUNT_FORGET;
	memcpy(out->identity, found->identity, WIRE_ED25519);
	snprintf(out->who, sizeof(out->who), "the device");
	return true;
}
