/* about.c - answering and editing. */
#include <stdio.h>
#include <string.h>

#include "client/ui/tui/about.h"
#include "client/ui/cells.h"
#include "shared/wire/text.h"

void about_init(struct about *a)
{
	*a = (struct about){.kind = ABOUT_NOTHING};
	buf_init_secret(&a->draft, WIRE_TEXT_MAX);
}

void about_free(struct about *a)
{
	buf_free(&a->draft);
}

static void set_text(struct editor *e, const char *text, size_t n)
{
	editor_clear(e);
	/* What would be a command is said with another slash. */
	if (n > 0 && text[0] == '/')
		(void)editor_insert(e, "/", 1);
	(void)editor_insert(e, text, n);
}

/* The first line, as much as there is room for. */
static void set_quote(
    struct about *a, const struct line *l, const char *text, size_t n)
{
	const char *nl = memchr(text, '\n', n);
	size_t max = sizeof(a->quote) - WIRE_NAME_MAX - 8;

	if (nl != NULL)
		n = (size_t)(nl - text);
	if (n > max)
		for (n = max; n > 0 && text_trail((uint8_t)text[n]);)
			n--;
	snprintf(a->quote, sizeof(a->quote), "%.*s: %.*s", WIRE_NAME_MAX,
	    l->name, (int)n, text);
}

bool about_begin(struct about *a, enum about_kind kind, const struct line *l,
    struct editor *e)
{
	const char *text;
	size_t n;

	(void)about_end(a, e);
	buf_clear(&a->draft);
	if (kind == ABOUT_EDIT &&
	    buf_put(&a->draft, e->text.p, e->text.len) != 0)
		return false;
	text = message_text(l->message, &n);
	memcpy(a->id, message_id(l->message), WIRE_ID);
	set_quote(a, l, text, n);
	a->kind = kind;
	a->said = false;
	if (kind == ABOUT_EDIT)
		set_text(e, text, n);
	return true;
}

bool about_end(struct about *a, struct editor *e)
{
	bool edit = a->kind == ABOUT_EDIT, was = a->kind != ABOUT_NOTHING;

	a->kind = ABOUT_NOTHING;
	a->said = false;
	if (!edit)
		return was;
	editor_clear(e);
	if (a->draft.len > 0)
		(void)editor_insert(e, (const char *)a->draft.p, a->draft.len);
	buf_clear(&a->draft);
	return true;
}

void about_apply(const struct about *a, struct session_post *out)
{
	if (a->kind == ABOUT_NOTHING)
		return;
	out->about = a->id;
	if (a->kind == ABOUT_EDIT) {
		out->what = EVENT_EDIT;
		out->action = false; /* the message's own stays */
	}
}

void about_text(
    const struct about *a, int cells, bool ascii, char out[ABOUT_MAX])
{
	const char *head = a->kind == ABOUT_EDIT ? "edit "
			   : ascii		 ? "> "
						 : "\xe2\x86\xb3 ";
	const char *tail =
	    a->kind == ABOUT_EDIT ? "  (Esc: no edit)" : "  (Esc: no reply)";
	int room = cells - cells_width(head, strlen(head)) - (int)strlen(tail);
	size_t n = strlen(a->quote);
	bool cut = cells_width(a->quote, n) > room;

	while (n > 0 && cells_width(a->quote, n) > room - cut)
		for (n--; n > 0 && text_trail((uint8_t)a->quote[n]);)
			n--;
	snprintf(out, ABOUT_MAX, "%s%.*s%s%s", head, (int)n, a->quote,
	    !cut    ? ""
	    : ascii ? "~"
		    : "\xe2\x80\xa6",
	    tail);
}
