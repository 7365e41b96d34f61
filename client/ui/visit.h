/* visit.h - the question of a first visit without an invite: is the server's
 * key the right one? A person at a terminal answers it before anything is said
 * and before the key is kept. Programs are not asked. */
#ifndef CONCLAVE_UI_VISIT_H
#define CONCLAVE_UI_VISIT_H

#include "client/session/session.h"
#include "shared/crypto/safety.h"

struct visit {
	enum visit_state {
		VISIT_SETTLED, /* nothing to ask, or a yes */
		VISIT_WAITS,   /* the server has not proved its key yet */
		VISIT_ASKED,
	} state;
	char code[SAFETY_LEN + 1]; /* when ASKED */
};

/* True when the question has to be shown now. */
bool visit_begins(struct visit *v, const struct session *s);

/* The question, in lines of at most 79 characters, or of 39 with `brief`. It
 * says what a yes and a no mean. */
enum { VISIT_TEXT_MAX = 1024 };
void visit_text(char out[VISIT_TEXT_MAX], const struct visit *v,
    const char *server, bool brief);

/* Instead of it where the code does not fit: 3 lines of at most 19. */
extern const char visit_too_small[];

/* Reads an answer: y, yes, n or no, in any case. To this question: a yes settles
 * the visit. */
enum visit_answer { VISIT_YES, VISIT_NO, VISIT_UNCLEAR };
enum visit_answer visit_word(const char *line, size_t n);
enum visit_answer visit_answer(struct visit *v, const char *line, size_t n);

extern const char visit_kept[];	   /* said after a yes */
extern const char visit_refused[]; /* the reason to end after a no */
/* The answer to /server before the server has proved its key. */
extern const char visit_unproved[];
/* Why a line is not sent now. */
const char *visit_first(const struct visit *v);

#endif
