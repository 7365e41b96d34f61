/* plain_older.c - older lines of the room where lines are said, read from its
 * history: /older, and /search when the word is not among the lines that were
 * shown. They are gathered, and shown in their order when there are enough. */
#include <stdio.h>
#include <string.h>

#include "client/ui/plain_ui.h"
#include "client/ui/search.h"
#include "client/ui/words_rooms.h"

enum {
	OLDER_DEFAULT = 100,	/* messages of /older alone */
	OLDER_SEARCH = 10000,	/* entries that a search reads at most */
	OLDER_PARTS = 200,	/* parts that one command reads at most */
};

static struct plain_room *record(struct ui *f, const struct chatroom *room)
{
	return room_record(&f->rooms.all, room);
}

static void stop(struct ui *f)
{
	scrollback_free(f->older.page);
	scrollback_free(f->older.all);
	f->older.page = f->older.all = NULL;
	f->older.req = 0;
	f->older.room = NULL;
}

void ui_plain_older_free(struct ui *f)
{
	stop(f);
}

/* --- asking --------------------------------------------------------------- */

/* Asks for the next part. NULL, or a sentence why not. */
static const char *ask(struct ui *f, uint32_t count)
{
	struct plain_room *p = record(f, f->older.room);
	struct session_room_status st;
	int r;

	session_room_status(f->env->session, f->older.room, &st);
	if (!st.joined || p == NULL)
		return "you are not in this room, or not connected";
	if (st.settings.history == HISTORY_NONE)
		return "this room keeps nothing of what was said";
	if (p->ended != NULL)
		return p->ended;
	r = session_history(f->env->session, f->older.room, p->before,
	    count < WIRE_HISTORY_MAX ? count : (uint32_t)WIRE_HISTORY_MAX,
	    &f->older.req);
	return r == 0 ? NULL : err_str(r);
}

/* Begins: without a word it is /older. */
static const char *begin(
    struct ui *f, const char *word, size_t n, size_t wanted)
{
	const char *why;

	if (f->older.room != NULL)
		return "older messages are being read already";
	f->older.room = f->io.room;
	f->older.word.n = n;
	if (n > 0)
		memcpy(f->older.word.word, word, n);
	f->older.wanted = wanted;
	f->older.read = f->older.parts = 0;
	f->older.page = scrollback_new();
	f->older.all = scrollback_new();
	why = f->older.page == NULL || f->older.all == NULL
		  ? err_str(ERR_NOMEM)
		  : ask(f, n > 0 ? WIRE_HISTORY_MAX : (uint32_t)wanted);
	if (why != NULL) {
		stop(f);
		return why;
	}
	scrollback_ascii(f->older.page, f->env->ascii);
	return NULL;
}

const char *ui_plain_older(struct ui *f, const struct command *c)
{
	const char *text = c->text;
	size_t n = c->n, wanted = OLDER_DEFAULT;

	if (n > 0 && (!command_number(&text, &n, &wanted) || n > 0))
		return "/older takes a number from 1 to 9999, or nothing";
	return begin(f, NULL, 0, wanted);
}

const char *ui_plain_older_search(struct ui *f, const char *word, size_t n)
{
	return begin(f, word, n, 0);
}

bool ui_plain_older_stop(struct ui *f)
{
	if (f->older.room == NULL || f->older.word.n == 0)
		return false;
	stop(f);
	ui_plain_notice(f, "the search is stopped");
	return true;
}

/* --- what comes ----------------------------------------------------------- */

static bool is_here(struct ui *f, const struct event *e)
{
	const struct plain_room *p = record(f, e->room);
	const struct scrollback *in[] = {f->older.page, f->older.all,
	    p != NULL ? p->lines : NULL};
	size_t i;

	for (i = 0; i < 3; i++)
		if (in[i] != NULL && scrollback_find(in[i], e->id,
					 e->person->fingerprint) !=
					 SCROLLBACK_NO_MARK)
			return true;
	return false;
}

static void keep(struct ui *f, const struct event *e)
{
	const struct words_about about = {.server = f->env->server,
	    .name = f->env->name,
	    .now_ms = f->env->wall_ms()};
	char text[WORDS_MAX];

	switch (e->type) {
	case EVENT_MESSAGE:
		if (!is_here(f, e))
			ui_plain_keep_event(f, e);
		break;
	case EVENT_EDIT:
	case EVENT_DELETE:
	case EVENT_REACT:
	case EVENT_PURGE:
		ui_plain_keep_event(f, e);
		break;
	default:
		if (words_event(text, e, &about))
			ui_plain_keep_notice(f, text, strlen(text));
		break;
	}
}

static size_t messages(const struct scrollback *ls)
{
	uint64_t id;
	size_t n = 0;

	for (id = scrollback_first(ls); id != scrollback_end(ls); id++)
		n += scrollback_at(ls, id)->message != NULL;
	return n;
}

/* Whether the part has the word; shows it there. */
static bool found(struct ui *f)
{
	uint64_t id;
	struct span at;
	size_t n = 0;

	f->looking = true;
	for (id = scrollback_first(f->older.page);
	     id != scrollback_end(f->older.page); id++) {
		if (!search_match(&f->older.word,
			scrollback_at(f->older.page, id), 0, &at))
			continue;
		ui_plain_show_line(f, scrollback_at(f->older.page, id));
		n++;
	}
	f->looking = false;
	return n > 0;
}

static void show_all(struct ui *f)
{
	uint64_t id;

	f->looking = true;
	for (id = scrollback_first(f->older.all);
	     id != scrollback_end(f->older.all); id++)
		ui_plain_show_line(f, scrollback_at(f->older.all, id));
	f->looking = false;
}

/* Puts what was read above the lines, and says where it ends. */
static void finish(struct ui *f, const char *end)
{
	struct plain_room *p = record(f, f->older.room);

	if (f->older.word.n == 0)
		show_all(f);
	if (p != NULL && p->lines != NULL)
		(void)scrollback_prepend(p->lines, f->older.all);
	stop(f);
	if (end != NULL) {
		f->looking = true;
		ui_plain_notice(f, "%s", end);
		f->looking = false;
	}
}

/* A part is complete. */
static void part(struct ui *f, const struct event *e)
{
	struct plain_room *p = record(f, e->room);
	bool hit = f->older.word.n > 0 && found(f);
	const char *end = NULL;
	size_t have;

	(void)scrollback_prepend(f->older.all, f->older.page);
	if (e->first != 0) {
		f->older.read += e->offset - e->first + 1;
		if (p != NULL)
			p->before = e->first;
	}
	if (e->reason[0] != '\0') {
		end = words_history_end(e->reason);
		if (p != NULL)
			p->ended = end;
	}
	have = messages(f->older.all);
	if (hit || end != NULL || f->older.parts++ == OLDER_PARTS ||
	    (f->older.word.n > 0 ? f->older.read >= OLDER_SEARCH
				 : have >= f->older.wanted)) {
		if (f->older.word.n > 0 && !hit)
			ui_plain_notice(f, "not found: %.*s%s",
			    (int)f->older.word.n, f->older.word.word,
			    end != NULL ? ""
					: "; /search again goes on before it");
		finish(f, hit ? NULL : end);
		return;
	}
	if (f->older.word.n > 0)
		ui_plain_notice(f,
		    "searching what is older: %llu read; an empty line stops "
		    "it",
		    (unsigned long long)f->older.read);
	end = ask(f, f->older.word.n > 0
			 ? (uint32_t)WIRE_HISTORY_MAX
			 : (uint32_t)(f->older.wanted - have));
	if (end != NULL)
		finish(f, end);
}

void ui_plain_older_event(struct ui *f, const struct event *e)
{
	char text[WORDS_MAX];

	if (f->older.room == NULL || e->req != f->older.req)
		return;
	if (e->type != EVENT_HISTORY) {
		f->past.page = f->older.page;
		keep(f, e);
		f->past.page = NULL;
		return;
	}
	f->older.req = 0;
	if (e->word == NULL || e->word[0] == '\0') {
		part(f, e);
		return;
	}
	stop(f);
	if (words_event(text, e, NULL))
		ui_plain_notice(f, "%s", text);
}
