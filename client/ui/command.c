/* command.c - the table of commands. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/ui/command.h"

static const struct command_row table[] = {
    {"help", "", "this list", COMMAND_HELP, ARG_NONE, false, false},
    {"keys", "", "what the keys do", COMMAND_KEYS, ARG_NONE, false, false},
    {"names", "", "who is in the room", COMMAND_NAMES, ARG_NONE, false, false},
    {"me", "TEXT", "say what you do: /me waves", COMMAND_ME, ARG_TEXT, false,
	false},
    {"msg", "NAME [TEXT]", "say TEXT to NAME alone, end to end",
	COMMAND_MSG, ARG_NAME, false, false},
    {"dm", "NAME [TEXT]", "the same as /msg", COMMAND_MSG, ARG_NAME, false,
	false},
    {"query", "NAME [TEXT]", "the same as /msg", COMMAND_MSG, ARG_NAME, false,
	false},
    {"last", "[N]", "the last N messages with numbers, for the next five",
	COMMAND_LAST, ARG_TEXT, true, false},
    {"reply", "N TEXT", "answer message N", COMMAND_REPLY, ARG_TEXT, false,
	false},
    {"edit", "[N] [TEXT]", "correct your message N, or your last one",
	COMMAND_EDIT, ARG_TEXT, true, false},
    {"delete", "N", "take your message N back", COMMAND_DELETE, ARG_TEXT, false,
	false},
    {"purge", "[N]", "destroy message N, or your last, on the server too",
	COMMAND_PURGE, ARG_TEXT, true, false},
    {"react", "N [X]", "put X, such as +1, on message N; none: take it back",
	COMMAND_REACT, ARG_TEXT, false, false},
    {"info", "N", "who wrote message N when, and its earlier texts",
	COMMAND_INFO, ARG_TEXT, false, false},
    {"editor", "[TEXT]", "write in your own editor ($VISUAL or $EDITOR)",
	COMMAND_EDITOR, ARG_TEXT, true, true},
    {"whois", "NAME", "a person's key, and what is known of it", COMMAND_WHOIS,
	ARG_NAME, false, false},
    {"verify", "NAME [yes]", "the code to compare by voice; yes: it is equal",
	COMMAND_VERIFY, ARG_NAME, false, false},
    {"trust", "NAME", "accept a person's changed key; /verify compares it",
	COMMAND_TRUST, ARG_NAME, false, false},
    {"ignore", "[NAME]", "show no messages of NAME; alone: whom you ignore",
	COMMAND_IGNORE, ARG_NAME, true, false},
    {"unignore", "NAME", "show the messages of NAME again", COMMAND_UNIGNORE,
	ARG_NAME, false, false},
    {"block", "[NAME]", "take no /msg of NAME; alone: whom you block",
	COMMAND_BLOCK, ARG_NAME, true, false},
    {"unblock", "NAME", "take direct messages of NAME again",
	COMMAND_UNBLOCK, ARG_NAME, false, false},
    {"server", "", "the server's key, and its code to compare", COMMAND_SERVER,
	ARG_NONE, false, false},
    {"search", "WORD", "find WORD in the room shown, and in its history",
	COMMAND_SEARCH, ARG_TEXT, false, false},
    {"export", "FILE", "all lines as a new file; JSON if it ends in .jsonl",
	COMMAND_EXPORT, ARG_FILE, false, false},
    {"transcript", "[[direct] on|off]", "keep what conclave verify can check",
	COMMAND_TRANSCRIPT, ARG_TEXT, true, false},
    {"receipt", "[all]", "have the server sign the log; all: the others too",
	COMMAND_RECEIPT, ARG_TEXT, true, false},
    {"join", "ROOM", "enter a room, or show one you are in", COMMAND_JOIN,
	ARG_ROOM, false, false},
    {"leave", "[ROOM]", "leave the room shown, or ROOM", COMMAND_LEAVE,
	ARG_ROOM, true, false},
    {"rooms", "[ROOM]", "the rooms of the server; those after ROOM",
	COMMAND_ROOMS, ARG_ROOM, true, false},
    {"new", "ROOM [HOW]", "make a room; HOW: sealed not-kept invited unlisted",
	COMMAND_NEW, ARG_TEXT, false, false},
    {"topic", "[TEXT]", "set the room's topic; none: clear it; alone: show it",
	COMMAND_TOPIC, ARG_TOPIC, true, false},
    {"room", "[new]", "who can read the room shown, its key, its server",
	COMMAND_ROOM, ARG_TEXT, true, false},
    {"seal", "[new|send|give]", "its invite; new secret; who gets it; you got one",
	COMMAND_SEAL, ARG_SEAL, true, false},
    {"history", "[WHAT]", "what is kept: none, members, all, keep 7d, count N",
	COMMAND_HISTORY, ARG_HISTORY, true, false},
    {"older", "[N]", "read N older messages from the history of the room",
	COMMAND_OLDER, ARG_TEXT, true, false},
    {"go", "ROOM", "show a room: its number, its name or a part of it",
	COMMAND_GO, ARG_ROOM, false, false},
    {"window", "ROOM", "the same as /go", COMMAND_GO, ARG_ROOM, false, false},
    {"next", "", "the next room that needs you; then back", COMMAND_NEXT,
	ARG_NONE, false, false},
    {"back", "", "the room you were in before", COMMAND_BACK, ARG_NONE, false,
	false},
    {"read", "[all]", "take the room shown as read; all: every room",
	COMMAND_READ, ARG_TEXT, true, false},
    {"unread", "", "go to the first unread line", COMMAND_UNREAD, ARG_NONE,
	false, true},
    {"mentions", "[back]", "go to the next mention of you; back: the one before",
	COMMAND_MENTIONS, ARG_TEXT, true, false},
    {"events", "[WHICH]", "comings and keys: folded, all or none",
	COMMAND_EVENTS, ARG_TEXT, true, false},
    {"bare", "", "show the lines alone, for copying", COMMAND_BARE, ARG_NONE,
	false, true},
    {"kick", "NAME [WHY]", "remove NAME from the room shown", COMMAND_ACT,
	ARG_NAME, false, false},
    {"ban", "NAME [TIME] [WHY]", "keep NAME out, for 10m, 2h, 3d or for good",
	COMMAND_ACT, ARG_NAME, false, false},
    {"unban", "NAME", "let NAME in again", COMMAND_ACT, ARG_NAME, false, false},
    {"mute", "NAME [TIME] [WHY]", "let NAME only read, for 10m, 2h or 3d",
	COMMAND_ACT, ARG_NAME, false, false},
    {"unmute", "NAME", "let NAME speak again", COMMAND_ACT, ARG_NAME, false,
	false},
    {"role", "NAME ROLE", "owner, operator, member or guest", COMMAND_ACT,
	ARG_NAME, false, false},
    {"invite", "[NAME]", "let NAME in; alone: an invite for somebody new",
	COMMAND_ACT, ARG_NAME, true, false},
    {"uninvite", "NAME", "take the invitation back", COMMAND_ACT, ARG_NAME,
	false, false},
    {"invites", "", "the invites that can still be used", COMMAND_INVITES,
	ARG_NONE, false, false},
    {"revoke", "ID", "take an invite of /invites back", COMMAND_REVOKE,
	ARG_TEXT, false, false},
    {"password", "[none]", "set the password of your account here",
	COMMAND_PASSWORD, ARG_TEXT, true, false},
    {"devices", "", "your devices that the server knows", COMMAND_DEVICES,
	ARG_NONE, false, false},
    {"forget-device", "KEY", "take a device of /devices away",
	COMMAND_FORGET, ARG_TEXT, false, false},
    {"files", "", "the files that are offered or on their way", COMMAND_FILES,
	ARG_NONE, false, false},
    {"get", "N [NAME]", "save file N of /files, in ~/Downloads/conclave",
	COMMAND_GET, ARG_TEXT, false, false},
    {"cancel", "N", "stop sending or saving file N", COMMAND_CANCEL, ARG_TEXT,
	false, false},
    {"held", "", "the held messages", COMMAND_HELD, ARG_NONE, false, false},
    {"send", "[FILE] [NAME]",
	"offer a file to all or NAME; alone: what is held",
	COMMAND_SEND, ARG_FILE, true, false},
    {"drop", "[NAME]", "drop the held messages, or those to NAME",
	COMMAND_DROP, ARG_NAME, true, false},
    {"known", "NAME", "send what is held for NAME, to known keys only",
	COMMAND_KNOWN, ARG_NAME, false, false},
    {"quit", "", "leave", COMMAND_QUIT, ARG_NONE, false, false},
    {"/", "TEXT", "say TEXT with one / before it", COMMAND_SAY, ARG_TEXT, false,
	false},
};
enum { N_ROWS = sizeof(table) / sizeof(table[0]) };

const struct command_row *command_row(size_t i)
{
	return i < N_ROWS ? &table[i] : NULL;
}

bool command_help(char out[COMMAND_HELP_MAX], size_t i)
{
	const struct command_row *c = command_row(i);
	char left[32];

	if (c == NULL)
		return false;
	/* "//" has no blank before its text. */
	snprintf(left, sizeof(left), "/%s%s%s", c->word,
	    c->usage[0] != '\0' && c->word[0] != '/' ? " " : "", c->usage);
	snprintf(out, COMMAND_HELP_MAX, "%-18s  %s", left, c->help);
	return true;
}

/* The edit distance of two words of up to 15 letters; longer words are far from
 * everything. */
static size_t distance(const char *a, size_t n, const char *b)
{
	size_t row[16], m = strlen(b), i, j, diagonal, up;

	if (n > 15 || m > 15)
		return 16;
	for (j = 0; j <= m; j++)
		row[j] = j;
	for (i = 1; i <= n; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= m; j++) {
			up = row[j];
			row[j] = diagonal +
				 (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);
			if (up + 1 < row[j])
				row[j] = up + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diagonal = up;
		}
	}
	return row[m];
}

/* What other programs call a private message. The text after it is meant for
 * one person. */
static bool private_word(const char *word, size_t n)
{
	static const char *const words[] = {"w", "whisper", "tell", "notice",
	    "privmsg", "pm", "ctcp", "chat"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n &&
		    strncasecmp(words[i], word, n) == 0)
			return true;
	return false;
}

/* What follows such a command is said to the room, or to somebody else. */
static bool speaks(enum command_kind kind)
{
	return kind == COMMAND_SAY || kind == COMMAND_ME ||
	       kind == COMMAND_REPLY || kind == COMMAND_EDIT ||
	       kind == COMMAND_EDITOR || kind == COMMAND_SEND ||
	       kind == COMMAND_MSG;
}

/* Never proposes a command that would say the line: it may be meant for one
 * person. */
static void unknown(struct command *out, const char *word, size_t n)
{
	const struct command_row *near = &table[0];
	size_t best = 17, d, i;
	bool close;

	for (i = 0; i < N_ROWS; i++) {
		if (speaks(table[i].kind))
			continue;
		d = n > 0 && strncasecmp(table[i].word, word, n) == 0
			? 0
			: distance(word, n, table[i].word);
		if (d < best) {
			best = d;
			near = &table[i];
		}
	}
	/* Changing every letter makes any word close. */
	close = best <= 2 && best < n;
	out->kind = COMMAND_BAD;
	if (private_word(word, n)) {
		snprintf(out->sentence, sizeof(out->sentence),
		    "not sent: /msg NAME TEXT says TEXT to one person alone");
		return;
	}
	snprintf(out->sentence, sizeof(out->sentence),
	    "there is no command /%.*s; %s/%s%s", n < 32 ? (int)n : 32, word,
	    close ? "did you mean " : "see ", close ? near->word : "help",
	    close ? "?" : "");
}

/* The full screen parses texts of several lines too. */
static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* A command after blanks would be said to the whole room: refuse it. */
static void late_command(struct command *out, const char *line, size_t n)
{
	size_t i = 0, end;
	int len;

	while (i < n && blank(line[i]))
		i++;
	if (i == n || line[i] != '/')
		return;
	for (end = i; end < n && !blank(line[end]); end++)
		;
	len = end - i < 32 ? (int)(end - i) : 32;
	out->kind = COMMAND_BAD;
	snprintf(out->sentence, sizeof(out->sentence),
	    "not sent: a blank stands before %.*s. Take it away to run the "
	    "command; to say it, write /%.*s",
	    len, line + i, len, line + i);
}

const char *command_topic(const struct command *c, size_t *n)
{
	const char *text = c->text;

	*n = c->n;
	while (*n > 0 && *text == ' ') {
		text++;
		(*n)--;
	}
	while (*n > 0 && text[*n - 1] == ' ')
		(*n)--;
	if (*n == 4 && strncasecmp(text, "none", 4) == 0)
		*n = 0;
	return text;
}

bool command_number(const char **text, size_t *n, size_t *number)
{
	const char *p = *text, *end = p + *n;
	size_t value = 0;

	while (p < end && *p >= '0' && *p <= '9' && value < 1000)
		value = value * 10 + (size_t)(*p++ - '0');
	if (value == 0 || (p < end && !blank(*p)))
		return false;
	while (p < end && blank(*p))
		p++;
	*text = p;
	*n = (size_t)(end - p);
	*number = value;
	return true;
}

static bool argument_fits(
    struct command *out, const struct command_row *c, size_t n)
{
	if (c->arg == ARG_NONE ? n == 0 : n > 0 || c->may_lack)
		return true;
	out->kind = COMMAND_BAD;
	snprintf(out->sentence, sizeof(out->sentence),
	    c->arg == ARG_NONE ? "/%s takes nothing after it"
			       : "/%s needs something after it: /%s %s",
	    c->word, c->word, c->usage);
	return false;
}

/* "/room new ROOM sealed" is "/new ROOM sealed". */
static void room_new(struct command *out)
{
	if (out->n > 4 && strncasecmp(out->text, "new", 3) == 0 &&
	    blank(out->text[3])) {
		out->kind = COMMAND_NEW;
		out->word = "new";
		for (out->text += 3, out->n -= 3; blank(*out->text); out->n--)
			out->text++;
	} else if (out->n > 0) {
		out->kind = COMMAND_BAD;
		snprintf(out->sentence, sizeof(out->sentence),
		    "/room shows the room; /room new ROOM makes one");
	}
}

void command_parse(struct command *out, const char *line, size_t n)
{
	const char *end = line + n, *word = line + 1, *p;
	size_t len, i;

	memset(out, 0, sizeof(*out));
	out->text = line;
	out->n = n;
	if (n == 0) {
		out->kind = COMMAND_NOTHING;
		return;
	}
	out->kind = COMMAND_SAY;
	if (blank(line[0])) {
		late_command(out, line, n);
		return;
	}
	if (line[0] != '/')
		return;
	if (n > 1 && line[1] == '/') {
		out->text++;
		out->n--;
		return;
	}
	for (p = word; p < end && !blank(*p); p++)
		;
	len = (size_t)(p - word);
	while (p < end && blank(*p))
		p++;
	while (end > p && blank(end[-1]))
		end--;
	out->text = p;
	out->n = (size_t)(end - p);
	for (i = 0; i < N_ROWS; i++) {
		if (strlen(table[i].word) != len ||
		    strncasecmp(table[i].word, word, len) != 0)
			continue;
		out->kind = table[i].kind;
		out->screen = table[i].screen;
		out->word = table[i].word;
		if (argument_fits(out, &table[i], out->n) &&
		    out->kind == COMMAND_ROOM)
			room_new(out);
		return;
	}
	unknown(out, word, len);
}

uint32_t command_seconds(const char *text, size_t n)
{
	static const char letters[] = "smhdw";
	static const uint32_t seconds[] = {1, 60, 3600, 86400, 604800};
	uint64_t v = 0;
	const char *unit;
	size_t i;

	if (n < 2 || n > 9)
		return 0;
	for (i = 0; i + 1 < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	unit = memchr(letters, text[n - 1] | 0x20, sizeof(letters) - 1);
	if (unit == NULL)
		return 0;
	v *= seconds[unit - letters];
	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}
