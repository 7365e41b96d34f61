/* file_commands.c - does the commands about files. */
#include "client/ui/file_commands.h"

#include <stdio.h>
#include <string.h>

#include "client/ui/words_files.h"
#include "shared/wire/text.h"

enum { PATH_BYTES = 3072 };

bool file_commands_is(const struct command *c)
{
	return (c->kind == COMMAND_SEND && c->n > 0) ||
	       c->kind == COMMAND_FILES || c->kind == COMMAND_GET ||
	       c->kind == COMMAND_CANCEL;
}

static bool say(const struct account_commands_sink *tell, const char *line)
{
	tell->fn(tell->arg, WORDS_NOTICE, line);
	return true;
}

static bool refuse(const struct account_commands_sink *tell, const char *line)
{
	tell->fn(tell->arg, WORDS_ALERT, line);
	return false;
}

/* What follows a command, without the blanks around it and between quotation marks
 * around it, which shells have taught. */
static bool rest(char out[PATH_BYTES], const char *text, size_t n)
{
	while (n > 0 && text[n - 1] == ' ')
		n--;
	if (n > 2 && (text[0] == '"' || text[0] == '\'') &&
	    text[n - 1] == text[0]) {
		text++;
		n -= 2;
	}
	if (n >= PATH_BYTES || memchr(text, 0, n) != NULL)
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

/* The name that a text ends with after a blank, perhaps with an @ before it. Returns
 * the length of what is before it; 0: there is none. */
static size_t name_at_end(
    char out[WIRE_NAME_MAX + 1], const char *text, size_t n)
{
	size_t at = n, skip;

	while (at > 0 && text[at - 1] != ' ')
		at--;
	if (at == 0)
		return 0;
	skip = at + (at < n && text[at] == '@');
	if (!text_name(text + skip, n - skip))
		return 0;
	memcpy(out, text + skip, n - skip);
	out[n - skip] = '\0';
	while (at > 0 && text[at - 1] == ' ')
		at--;
	return at;
}

/* All of it is a file for everybody here, or it is a file and then the name of the
 * one person that it is for: only if no file has the whole text as its name. */
static int begin(const struct file_place *at, const struct command *c,
    uint32_t *number, struct errmsg *why)
{
	struct session *s = at->session;
	char path[PATH_BYTES], name[WIRE_NAME_MAX + 1];
	struct errmsg other;
	size_t n;
	int r;

	if (!rest(path, c->text, c->n))
		return errmsg_set(why, ERR_USAGE, "that path is too long");
	r = at->with[0] != '\0'
		? session_file_send_direct(s, at->with, path, number, why)
		: session_file_send(s, at->room, path, number, why);
	if (r == 0 || (n = name_at_end(name, c->text, c->n)) == 0 ||
	    !rest(path, c->text, n))
		return r;
	r = session_file_send_direct(s, name, path, number, &other);
	if (r != 0)
		*why = other;
	return r;
}

static bool send_file(const struct file_place *at, const struct command *c,
    const struct account_commands_sink *tell)
{
	const struct session *s = at->session;
	char line[WORDS_MAX], size[WORDS_SIZE_MAX];
	const struct session_file *f;
	struct errmsg why = {""};
	uint32_t number;
	bool direct;

	if (begin(at, c, &number, &why) != 0)
		return refuse(tell, why.text);
	if ((f = session_file(s, number)) == NULL)
		return true;
	words_size(size, f->size);
	direct = f->with[0] != '\0';
	snprintf(line, sizeof(line),
	    "sending file %u: %.255s, %s; it is offered %s %.32s%s when the "
	    "server has it; /cancel %u ends it",
	    (unsigned)number, f->name, size, direct ? "to" : "in",
	    direct ? f->with : f->room_name, direct ? " alone" : "",
	    (unsigned)number);
	return say(tell, line);
}

static bool list(
    const struct file_place *at, const struct account_commands_sink *tell)
{
	const struct session_file *f;
	char line[WORDS_MAX];
	size_t i;

	for (i = 0; (f = session_file_at(at->session, i)) != NULL; i++) {
		words_file_row(line, f);
		say(tell, line);
	}
	if (i > 0)
		return true;
	snprintf(line, sizeof(line), "no files yet: /send FILE sends one to %s%s",
	    at->with[0] != '\0' ? at->with : "everybody in the room",
	    at->with[0] != '\0' ? " alone" : "");
	return say(tell, line);
}

static bool get(struct session *s, const struct command *c,
    const struct account_commands_sink *tell)
{
	char name[PATH_BYTES], line[WORDS_MAX];
	const char *text = c->text;
	struct errmsg why = {""};
	size_t n = c->n, number;

	if (!command_number(&text, &n, &number) || !rest(name, text, n))
		return refuse(tell,
		    "/get N saves file N of /files; /get N NAME under "
		    "another name");
	if (session_file_get(s, (uint32_t)number, n > 0 ? name : NULL, &why) !=
	    0)
		return refuse(tell, why.text);
	snprintf(line, sizeof(line), "fetching file %u; /cancel %u ends it",
	    (unsigned)number, (unsigned)number);
	return say(tell, line);
}

static bool cancel(struct session *s, const struct command *c,
    const struct account_commands_sink *tell)
{
	const char *text = c->text;
	size_t n = c->n, number;

	if (!command_number(&text, &n, &number) || n > 0)
		return refuse(tell, "/cancel N ends file N of /files");
	if (session_file_cancel(s, (uint32_t)number) != 0)
		return refuse(tell, "that file is not on its way");
	return true;
}

bool file_command(const struct file_place *at, const struct command *c,
    const struct account_commands_sink *tell)
{
	switch (c->kind) {
	case COMMAND_SEND:
		return send_file(at, c, tell);
	case COMMAND_GET:
		return get(at->session, c, tell);
	case COMMAND_CANCEL:
		return cancel(at->session, c, tell);
	default:
		return list(at, tell);
	}
}

bool file_progress_line(
    char line[WORDS_MAX], struct file_progress *p, const struct event *e)
{
	const unsigned quarter = words_file_percent(e->file) / 25;
	const size_t n = sizeof(p->of) / sizeof(p->of[0]);
	size_t i = e->file->number % n;

	if (p->of[i].number != e->file->number) {
		p->of[i].number = e->file->number;
		p->of[i].quarter = 0;
	}
	if (quarter <= p->of[i].quarter || quarter > 3)
		return false;
	p->of[i].quarter = quarter;
	words_file_short(line, WORDS_MAX, e->file, 0);
	return line[0] != '\0';
}
