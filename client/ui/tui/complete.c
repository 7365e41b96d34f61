/* complete.c - Tab completion of commands, file names, rooms and people's names. */
#include "client/ui/cells.h"
#include "client/ui/command.h"
#include "client/ui/tui/complete.h"
#include "client/ui/tui/paths.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void complete_spoke(struct complete_speakers *s, const char *name)
{
	size_t i, n = s->n;

	for (i = 0; i < n; i++)
		if (strcasecmp(s->names[i], name) == 0)
			break;
	if (i == n) {
		if (n < COMPLETE_SPEAKERS)
			s->n++;
		else
			i = n - 1;
	}
	memmove(s->names + 1, s->names, i * sizeof(s->names[0]));
	snprintf(s->names[0], sizeof(s->names[0]), "%s", name);
}

void complete_end(struct complete *c)
{
	c->active = false;
}

static void offer(struct complete *c, const char *word, size_t n)
{
	size_t i;

	if (c->n_choices == COMPLETE_CHOICES || n >= sizeof(c->choices[0]))
		return;
	for (i = 0; i < c->n_choices; i++)
		if (strlen(c->choices[i]) == n &&
		    strncasecmp(c->choices[i], word, n) == 0)
			return;
	memcpy(c->choices[c->n_choices], word, n);
	c->choices[c->n_choices++][n] = '\0';
}

static void find_commands(struct complete *c, const char *word, size_t n)
{
	char whole[COMPLETE_WORD];
	const struct command_row *row;
	size_t i;

	for (i = 0; (row = command_row(i)) != NULL; i++) {
		if (row->kind == COMMAND_SAY) /* has no command word */
			continue;
		snprintf(whole, sizeof(whole), "/%s", row->word);
		if (strlen(whole) >= n && strncasecmp(whole, word, n) == 0)
			offer(c, whole, strlen(whole));
	}
}

/* Returns the argument type of the command at the start of the line, and stores
 * in *from where the argument begins. */
static enum command_arg arg_of(const char *s, size_t n, size_t *from)
{
	const struct command_row *row;
	size_t len = 1, i;

	while (len < n && s[len] != ' ')
		len++;
	for (*from = len; *from < n && s[*from] == ' ';)
		(*from)++;
	for (i = 0; (row = command_row(i)) != NULL; i++)
		if (strlen(row->word) == len - 1 &&
		    strncasecmp(row->word, s + 1, len - 1) == 0)
			return row->arg;
	return ARG_TEXT;
}

static void find_file(void *arg, const char *path)
{
	offer(arg, path, strlen(path));
}

/* A room's or a person's name that begins with the word at the end of the line. */
struct name_word {
	struct complete *c;
	const char *word;
	size_t n;
};

static void find_name(void *arg, const char *name)
{
	struct name_word *w = arg;

	if (strncasecmp(name, w->word, w->n) == 0)
		offer(w->c, name, strlen(name));
}

/* The words that /topic, /history or /seal takes. */
static void find_words(struct complete *c, enum command_arg arg,
    const char *word, size_t n)
{
	static const char *const history[] = {
	    "none", "members", "all", "keep", "count", NULL};
	static const char *const seal[] = {"new", "send", "give", NULL};
	static const char *const topic[] = {"none", NULL};
	const char *const *w = arg == ARG_SEAL	  ? seal
			       : arg == ARG_TOPIC ? topic
						  : history;

	for (; *w != NULL; w++)
		if (strncasecmp(*w, word, n) == 0)
			offer(c, *w, strlen(*w));
}

static void find_names(struct complete *c, const char *word, size_t n,
    const struct complete_from *in)
{
	const struct person *people = in->people;
	const char *own = "";
	size_t i, k;

	for (i = 0; in->speakers != NULL && i < in->speakers->n; i++) {
		const char *name = in->speakers->names[i];

		if (strncasecmp(name, word, n) != 0)
			continue;
		for (k = 0; k < in->n_people; k++)
			if (strcasecmp(people[k].name, name) == 0)
				break;
		if (k < in->n_people) /* still here */
			offer(c, people[k].name, strlen(people[k].name));
	}
	for (i = 0; i < in->n_people; i++)
		if (people[i].self)
			own = people[i].name;
	for (i = 0; i < in->n_people; i++)
		if (strcasecmp(people[i].name, own) != 0 &&
		    strncasecmp(people[i].name, word, n) == 0)
			offer(c, people[i].name, strlen(people[i].name));
}

static void put(struct complete *c, struct editor *e)
{
	char text[COMPLETE_WORD + 4];
	const char *choice = c->choices[c->at], *tail = " ";
	size_t len = strlen(choice);
	int n;

	/* A name at the start of the line addresses somebody, so add ": ". A
	 * folder gets no blank, so that the user can go on typing the path. */
	if (c->from == 0 && choice[0] != '/')
		tail = ": ";
	else if (len > 0 && c->from > 0 && choice[len - 1] == '/')
		tail = "";
	n = snprintf(text, sizeof(text), "%s%s", choice, tail);
	editor_replace(e, c->from, text, (size_t)n);
}

/* Finds the start of the word at the cursor, and all its completions. */
static void find(
    struct complete *c, const struct editor *e, const struct complete_from *in)
{
	const char *s = (const char *)e->text.p;
	size_t first = 0, len;
	enum command_arg arg = ARG_TEXT;
	struct name_word of;

	c->n_choices = c->at = 0;
	c->from = e->cursor;
	while (c->from > 0 && s[c->from - 1] != ' ' && s[c->from - 1] != '\n' &&
	       s[c->from - 1] != '@')
		c->from--;
	len = e->cursor - c->from;
	of = (struct name_word){c, s + c->from, len};
	if (len > 0 && c->from == 0 && s[0] == '/') {
		find_commands(c, s, len);
		return;
	}
	if (e->cursor > 0 && s[0] == '/')
		arg = arg_of(s, e->cursor, &first);
	if (arg == ARG_FILE) {
		c->from = first;
		paths_find(
		    in->folder, s + first, e->cursor - first, find_file, c);
	} else if (arg == ARG_ROOM && c->from == first) {
		if (in->rooms != NULL)
			in->rooms(in->arg, find_name, &of);
	} else if (arg == ARG_HISTORY ||
		   (arg == ARG_SEAL && c->from == first)) {
		find_words(c, arg, s + c->from, len);
	} else if (arg == ARG_TOPIC && c->from == first) {
		find_words(c, arg, s + c->from, len);
		if (len > 0)
			find_names(c, s + c->from, len, in);
	} else if (len > 0 || (arg == ARG_NAME && c->from == first)) {
		find_names(c, s + c->from, len, in);
		if (arg == ARG_NAME && in->persons != NULL)
			in->persons(in->arg, find_name, &of);
	}
}

bool complete_tab(struct complete *c, struct editor *e, bool back,
    const struct complete_from *from)
{
	if (c->active) {
		c->at = (c->at + (back ? c->n_choices - 1 : 1)) % c->n_choices;
		put(c, e);
		return true;
	}
	find(c, e, from);
	if (c->n_choices == 0)
		return false;
	if (back)
		c->at = c->n_choices - 1;
	/* A single choice is final: the next Tab starts a new completion. */
	c->active = c->n_choices > 1;
	put(c, e);
	return true;
}

/* What is shown of a choice: of a file, what is behind its folder. */
static const char *shown(const struct complete *c, size_t i)
{
	const char *word = c->choices[i], *p;

	if (c->from == 0)
		return word;
	for (p = word + strlen(word); p > word; p--)
		if (p[-1] == '/' && *p != '\0')
			return p;
	return word;
}

/* The first choice that does not fit in a row which begins with `from`. */
static size_t row_end(const struct complete *c, size_t from, int cols)
{
	enum { COUNT_CELLS = 4 }; /* " +63" */
	int used = 0, w;
	size_t i;

	for (i = from; i < c->n_choices; i++) {
		w = cells_width(shown(c, i), strlen(shown(c, i))) + 2;
		if (i > from && used + w > cols - COUNT_CELLS)
			break;
		used += w;
	}
	return i;
}

void complete_row(const struct complete *c, int cols, char out[COMPLETE_ROW])
{
	size_t from = 0, end, i, at = 0;

	out[0] = '\0';
	if (!c->active)
		return;
	while ((end = row_end(c, from, cols)) <= c->at)
		from = end;
	for (i = from; i < end && at < COMPLETE_ROW; i++)
		at += (size_t)snprintf(out + at, COMPLETE_ROW - at,
		    i == c->at ? "[%s]" : " %s ", shown(c, i));
	if (end - from < c->n_choices && at < COMPLETE_ROW)
		snprintf(out + at, COMPLETE_ROW - at, " +%zu",
		    c->n_choices - (end - from));
}
