/* compose.c - /editor: the draft in the user's own editor, and back. */
#include <stdio.h>
#include <string.h>

#include "client/editor_helper.h"
#include "client/ui/tui/tui.h"
#include "client/ui/words.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

enum {
	ONCE_MS = 1000, /* an editor that ends sooner was not used */
	FILTER_GROWS = 4,
};

/* --- the text ------------------------------------------------------------- */

static bool has_controls(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((p[i] < 0x20 && p[i] != '\n' && p[i] != '\t') ||
		    p[i] == 0x7f)
			return true;
	return false;
}

/* Removes the byte order mark, and makes every line end a newline. */
static int read_lines(struct buf *out, const uint8_t *p, size_t n)
{
	size_t i = text_bom(p, n);
	int r = 0;

	for (; i < n && r == 0; i++) {
		if (p[i] == '\n' && i > 0 && p[i - 1] == '\r')
			continue;
		r = buf_u8(out, p[i] == '\r' ? '\n' : p[i]);
	}
	while (out->len > 0 && out->p[out->len - 1] == '\n')
		buf_truncate(out, out->len - 1);
	return r;
}

const char *compose_text(struct buf *out, const void *p, size_t n, bool *shown)
{
	static const char no_memory[] = "there is not enough memory for it";
	const char *why = NULL;
	struct buf lines;

	*shown = false;
	if (!text_utf8(p, n) || text_utf16(p, n))
		return "it is not UTF-8: save it as UTF-8";
	buf_init_secret(&lines, EDITOR_HELPER_FILE_MAX);
	if (read_lines(&lines, p, n) != 0 ||
	    text_filter(out, lines.p, lines.len, TEXT_LINES | TEXT_KEEP) != 0)
		why = no_memory;
	else if (out->len > WIRE_TEXT_MAX)
		why = "it is longer than a message can be: shorten it, or send "
		      "it in parts";
	*shown = has_controls(lines.p, lines.len);
	buf_free(&lines);
	return why;
}

/* --- there ---------------------------------------------------------------- */

bool compose_begin(struct tui *t, const char *text, size_t n)
{
	struct buffer *b = t->cur;

	if (t->env->editor == NULL) {
		notice_add(t, LINE_NOTICE, "no editor can be started here");
		return false;
	}
	t->compose.again = b->refused.len > 0;
	buf_init_secret(&t->compose.given, EDITOR_HELPER_FILE_MAX);
	if ((t->compose.again
		    ? buf_put(&t->compose.given, b->refused.p, b->refused.len)
		    : buf_put(&t->compose.given, text, n)) != 0 ||
	    !display_lend(t->display, "Waiting for your editor...")) {
		buf_free(&t->compose.given);
		display_bell(t->display);
		return false;
	}
	t->compose.to = b;
	t->compose.away = true;
	t->compose.began_ms = t->env->now_ms();
	unread_look(t);
	if (editor_helper_ask(t->env->editor, b->name, t->compose.given.p,
		t->compose.given.len, &t->compose.fd) == 0)
		return true;
	t->compose.away = false;
	buf_free(&t->compose.given);
	display_back(t->display);
	unread_look(t);
	redraw_want_now(&t->redraw, REDRAW_ALL);
	notice_add(t, LINE_ALERT,
	    "the process that runs your editor is gone: send what you have, "
	    "and start conclave again to have it back");
	return false;
}

void compose_draft(struct tui *t, int unused)
{
	struct editor *e = &t->cur->editor;

	(void)unused;
	(void)compose_begin(t, (const char *)e->text.p, e->text.len);
}

/* --- and back ------------------------------------------------------------- */

/* Keeps what was saved for the next /editor. */
static void keep(struct buffer *b, const struct buf *saved)
{
	buf_clear(&b->refused);
	(void)!buf_put(&b->refused, saved->p, saved->len);
}

static const char kept_words[] = "your draft is as it was";

/* The sentence about an editor that has not done its work. */
static void say_failed(
    struct tui *t, const struct editor_end *end, bool has_more)
{
	struct buffer *b = t->compose.to;
	const char *again = has_more ? "; /editor opens what was saved" : "";

	switch (end->how) {
	case EDITOR_FAILED:
		notice_to(t, b, LINE_NOTICE, "%s ended with status %d: %s",
		    end->program, end->value, kept_words);
		break;
	case EDITOR_KILLED:
		notice_to(t, b, LINE_ALERT,
		    "%s was ended by a signal (%s): %s%s", end->program,
		    strsignal(end->value), kept_words, again);
		break;
	case EDITOR_MISSING:
		notice_to(t, b, LINE_ALERT,
		    "%s cannot be started (%s): %s. Set VISUAL or EDITOR to "
		    "the name of an editor, such as nano, and start conclave "
		    "again",
		    end->program, strerror(end->value), kept_words);
		break;
	case EDITOR_NO_ROOM:
		notice_to(t, b, LINE_ALERT,
		    "there is no place for the file (%s): %s. It goes into "
		    "XDG_RUNTIME_DIR, or TMPDIR, or /tmp",
		    strerror(end->value), kept_words);
		break;
	case EDITOR_NO_FILE:
		notice_to(t, b, LINE_ALERT, "%s has left no file: %s",
		    end->program, kept_words);
		break;
	case EDITOR_TOO_LONG:
		notice_to(t, b, LINE_ALERT,
		    "the file is longer than %d KiB, and was not taken: %s",
		    EDITOR_HELPER_FILE_MAX >> 10, kept_words);
		break;
	case EDITOR_SAVED:
		break;
	}
}

static bool is_unchanged(const struct tui *t, const struct buf *saved)
{
	const struct buf *given = &t->compose.given;
	size_t n = saved->len;

	while (n > given->len && saved->p[n - 1] == '\n')
		n--; /* editors end the last line */
	return n == given->len &&
	       (n == 0 || memcmp(saved->p, given->p, n) == 0);
}

static void say_unchanged(struct tui *t)
{
	bool once = t->env->now_ms() - t->compose.began_ms < ONCE_MS;

	notice_to(t, t->compose.to, LINE_NOTICE, "nothing was written%s",
	    once ? "; an editor with a window of its own needs an option to "
		   "wait for it, as in EDITOR=\"code --wait\""
		 : "");
}

/* The new draft. What stood in the line meanwhile is in the history. */
static void take_draft(struct tui *t, const struct buf *text)
{
	struct buffer *b = t->compose.to;

	if (t->compose.again && b->editor.text.len > 0)
		history_add(&b->history, (const char *)b->editor.text.p,
		    b->editor.text.len);
	buf_clear(&b->refused);
	editor_set(&b->editor, (const char *)text->p, text->len);
}

static void take(struct tui *t, const struct buf *saved)
{
	struct buffer *b = t->compose.to;
	const char *why;
	struct buf text;
	bool shown;

	if (is_unchanged(t, saved) && !t->compose.again) {
		say_unchanged(t);
		return;
	}
	buf_init_secret(&text, FILTER_GROWS * EDITOR_HELPER_FILE_MAX);
	why = compose_text(&text, saved->p, saved->len, &shown);
	if (why != NULL) {
		keep(b, saved);
		notice_to(t, b, LINE_ALERT,
		    "what you wrote is kept, but not taken: %s. /editor opens "
		    "it again",
		    why);
	} else if (text.len == 0) {
		buf_clear(&b->refused);
		notice_to(t, b, LINE_NOTICE, "the file came back empty: %s",
		    kept_words);
	} else {
		take_draft(t, &text);
		if (shown)
			notice_to(t, b, LINE_NOTICE,
			    "there were control characters in the text: they "
			    "are symbols now");
	}
	buf_free(&text);
}

void compose_ready(struct tui *t)
{
	struct editor_end end;
	struct buf saved;
	bool more;
	int r;

	if (!t->compose.away)
		return;
	buf_init_secret(&saved, EDITOR_HELPER_FILE_MAX);
	r = editor_helper_take(t->env->editor, t->compose.fd, &end, &saved);
	t->compose.away = false;
	display_back(t->display);
	/* The user is here, and the terminal has reported nothing meanwhile. */
	unread_focus(t, true);
	if (r != 0) {
		notice_to(t, t->compose.to, LINE_ALERT,
		    "the process that runs your editor has failed (%s): %s",
		    err_str(r), kept_words);
	} else if (end.how == EDITOR_SAVED) {
		take(t, &saved);
	} else {
		more = end.how == EDITOR_KILLED && !is_unchanged(t, &saved);
		if (more)
			keep(t->compose.to, &saved);
		say_failed(t, &end, more);
	}
	buf_free(&saved);
	buf_free(&t->compose.given);
	redraw_want_now(&t->redraw, REDRAW_ALL);
}

void compose_end(struct tui *t)
{
	if (!t->compose.away)
		return;
	helper_end(t->env->editor, EDITOR_HELPER_END_MS);
	editor_helper_drop(t->compose.fd);
	buf_free(&t->compose.given);
}
