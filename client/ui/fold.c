/* fold.c - comings and goings as one sentence. */
#include "client/ui/fold.h"

#include <stdio.h>
#include <string.h>

#include "client/ui/words.h"
#include "shared/wire/text.h"

/* So many names are listed in full; of more, the first two are. */
enum { LISTED = 4, FIRST = 2 };

static const char *const modes[FOLD_MODES] = {
    [FOLD_FOLDED] = "folded", [FOLD_ALL] = "all", [FOLD_NONE] = "none"};

const char *fold_word(enum fold_mode mode)
{
	return modes[mode];
}

enum fold_mode fold_of(const char *word, size_t n)
{
	enum fold_mode m = 0;

	while (m < FOLD_MODES &&
	       (strlen(modes[m]) != n || memcmp(modes[m], word, n) != 0))
		m++;
	return m;
}

bool fold_choose(
    enum fold_mode *mode, const char *word, size_t n, char out[FOLD_MAX])
{
	static const char *const says[FOLD_MODES] = {
	    [FOLD_FOLDED] = "folded: together in one line",
	    [FOLD_ALL] = "all: a line for each",
	    [FOLD_NONE] = "none"};
	enum fold_mode m = n > 0 ? fold_of(word, n) : *mode;

	if (m == FOLD_MODES) {
		snprintf(out, FOLD_MAX,
		    "/events is followed by folded, all or none");
		return false;
	}
	*mode = m;
	snprintf(out, FOLD_MAX, "comings, goings and group keys: %s", says[m]);
	return true;
}

void fold_begin(struct fold *f)
{
	memset(f, 0, sizeof(*f));
}

void fold_person(struct fold *f, const char *name, bool came)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (text_same_name(f->who[i].name, name)) {
			f->who[i].last = came;
			return;
		}
	if (f->n == FOLD_PEOPLE) {
		f->more[came]++;
		return;
	}
	snprintf(f->who[i].name, sizeof(f->who[i].name), "%.*s", WIRE_NAME_MAX,
	    name);
	f->who[i].first = f->who[i].last = came;
	f->n++;
}

bool fold_people(const struct fold *f)
{
	return f->n > 0;
}

static size_t put(char out[FOLD_MAX], size_t at, const char *s)
{
	int n = snprintf(out + at, FOLD_MAX - at, "%s", s);

	return n > 0 && (size_t)n < FOLD_MAX - at ? at + (size_t)n
						  : strlen(out);
}

/* Appends those whose first and last event were these: "; ben and carol left". */
static size_t group(
    const struct fold *f, char out[FOLD_MAX], size_t at, bool first, bool last)
{
	static const char *const verbs[2][2] = {
	    {"left", "left and came back"}, {"joined and left", "joined"}};
	size_t others = first == last ? f->more[first] : 0, total = others;
	size_t shown = 0, names, i;
	char rest[40];

	for (i = 0; i < f->n; i++)
		total += f->who[i].first == first && f->who[i].last == last;
	if (total == 0)
		return at;
	names = total <= LISTED && others == 0 ? total : FIRST;
	at = put(out, at, at > 0 ? "; " : "");
	for (i = 0; i < f->n && shown < names; i++) {
		if (f->who[i].first != first || f->who[i].last != last)
			continue;
		at = put(out, at,
		    shown == 0		 ? ""
		    : shown + 1 == total ? " and "
					 : ", ");
		at = put(out, at, f->who[i].name);
		shown++;
	}
	snprintf(rest, sizeof(rest), "%s%zu other%s", shown > 0 ? " and " : "",
	    total - shown, total - shown == 1 ? "" : "s");
	if (total > shown)
		at = put(out, at, rest);
	at = put(out, at, " ");
	return put(out, at, verbs[first][last]);
}

size_t fold_text(const struct fold *f, char out[FOLD_MAX])
{
	size_t at = 0;
	char key[24];

	out[0] = '\0';
	if (!fold_people(f)) {
		words_epoch(
		    out, FOLD_MAX, f->key, f->why != NULL ? f->why : "");
		return strlen(out);
	}
	at = group(f, out, at, true, true);
	at = group(f, out, at, false, false);
	at = group(f, out, at, true, false);
	at = group(f, out, at, false, true);
	snprintf(key, sizeof(key), " (key %lu)", (unsigned long)f->key);
	return put(out, at, f->key > 0 ? key : "");
}
