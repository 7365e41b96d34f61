/* about.h - what the text in the editor is for: a new message, an answer to a
 * message, or another text for one of the user's own. Pure. */
#ifndef CONCLAVE_UI_TUI_ABOUT_H
#define CONCLAVE_UI_TUI_ABOUT_H

#include "client/session/session.h"
#include "client/ui/tui/editor.h"
#include "client/ui/scrollback.h"

enum about_kind { ABOUT_NOTHING, ABOUT_REPLY, ABOUT_EDIT };

enum { ABOUT_QUOTE = 128, ABOUT_MAX = 256 };

struct about {
	enum about_kind kind;
	bool said; /* what is in the editor was said */
	uint8_t id[WIRE_ID];
	char quote[ABOUT_QUOTE]; /* "dave: The restore..." */
	struct buf draft;	 /* what an edit has pushed out of the editor */
};

void about_init(struct about *a);
void about_free(struct about *a);

/* Begins to answer, or to edit, the message of a line, in place of what was
 * begun before. An edit puts the message's text into the editor, and a draft
 * that is there aside. False: there is no memory for that. */
bool about_begin(struct about *a, enum about_kind kind, const struct line *l,
    struct editor *e);
/* Back to a new message: a draft that was put aside returns, in place of the
 * text that was to be edited. False: nothing was begun. */
bool about_end(struct about *a, struct editor *e);
/* Makes what the editor's text becomes: `out` says it already as a message. */
void about_apply(const struct about *a, struct session_post *out);
/* The row above the editor, in so many cells. */
void about_text(
    const struct about *a, int cells, bool ascii, char out[ABOUT_MAX]);

#endif
