/* password_entry.h - /password: takes a new password twice, one line each, and
 * passes it on; and /seal give: the secret of a room. The full screen and the plain lines share it; neither shows what
 * is typed meanwhile. */
#ifndef CONCLAVE_UI_PASSWORD_ENTRY_H
#define CONCLAVE_UI_PASSWORD_ENTRY_H

#include "client/ui/ui.h"

struct password_entry {
	enum {
		PASSWORD_ENTRY_OFF,
		PASSWORD_ENTRY_NEW,
		PASSWORD_ENTRY_AGAIN,
		PASSWORD_ENTRY_SEAL,
	} at;
	struct buf first;	     /* secret */
	const struct chatroom *room; /* PASSWORD_ENTRY_SEAL */
};
void password_entry_init(struct password_entry *e);
void password_entry_free(struct password_entry *e); /* wipes */

struct password_entry_sink {
	void (*fn)(void *arg, const char *sentence);
	void *arg;
};
/* What the user is to type; "" while nothing is asked. */
const char *password_entry_prompt(const struct password_entry *e);
/* Begins with what follows the command: nothing, or "none", which takes the
 * password away at once. */
void password_entry_begin(struct password_entry *e, const struct ui_env *env,
    const char *text, size_t n, const struct password_entry_sink *tell);
/* Begins to ask for the secret of a sealed room, or its invite. */
void password_entry_seal(
    struct password_entry *e, const struct chatroom *room);
/* Takes a line. An empty one ends it without a change. */
void password_entry_line(struct password_entry *e, const struct ui_env *env,
    const char *line, size_t n, const struct password_entry_sink *tell);
void password_entry_cancel(
    struct password_entry *e, const struct password_entry_sink *tell);

#endif
