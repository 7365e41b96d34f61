/* fold.h - who came and went, and the group keys that this makes, as one
 * sentence that grows: "ben, carol and 6 others joined (key 19)". Pure. */
#ifndef CONCLAVE_UI_FOLD_H
#define CONCLAVE_UI_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/wire/wire.h"

/* How a room shows comings, goings and keys. */
enum fold_mode {
	FOLD_FOLDED, /* in one line, while nothing else is said */
	FOLD_ALL,    /* a line for each */
	FOLD_NONE,
	FOLD_MODES
};
/* "folded", "all", "none"; FOLD_MODES for another word. */
const char *fold_word(enum fold_mode mode);
enum fold_mode fold_of(const char *word, size_t n);

enum {
	FOLD_PEOPLE = 64, /* that are named; others are counted */
	FOLD_MAX = 512,	  /* bytes of the sentence */
};

/* /events WORD: changes *mode, or leaves it without a word. The sentence says
 * which it is now. False: that is none; it says which there are. */
bool fold_choose(
    enum fold_mode *mode, const char *word, size_t n, char out[FOLD_MAX]);

struct fold {
	struct {
		char name[WIRE_NAME_MAX + 1];
		bool first, last; /* they came, at first and at last */
	} who[FOLD_PEOPLE];
	size_t n;
	size_t more[2];	 /* not in who[]: how many left, how many came */
	uint32_t key;	 /* the newest, 0: none */
	const char *why; /* of a key that nobody's coming or going made */
};

void fold_begin(struct fold *f);
void fold_person(struct fold *f, const char *name, bool came);
/* Whether it is about people, or about a key alone. */
bool fold_people(const struct fold *f);
size_t fold_text(const struct fold *f, char out[FOLD_MAX]);

#endif
