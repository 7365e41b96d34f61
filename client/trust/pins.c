/* pins.c - finds pins by name, and reads and writes their lines. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/trust/pins.h"
#include "shared/base/secret.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

/* The longest line: two fingerprints, a name, a mark and a date. */
enum { LINE_MAX_BYTES = 2 * B64URL_32 + WIRE_NAME_MAX + 32 };

static const char *const marks[] = {
    [PIN_SEEN] = "seen", [PIN_KNOWN] = "known",
    [PIN_CERTIFIED] = "certified", [PIN_VERIFIED] = "verified"};
enum { N_MARKS = sizeof(marks) / sizeof(marks[0]) };

/* --- the table ------------------------------------------------------------ */

struct pins *pins_new(void)
{
	return calloc(1, sizeof(struct pins));
}

void pins_free(struct pins *t)
{
	if (t == NULL)
		return;
	free(t->all);
	free(t);
}

static size_t hash(const uint8_t server[WIRE_HASH], const char *name)
{
	uint32_t h = get_u32(server);

	for (; *name != '\0'; name++)
		h = h * 33 + (uint32_t)tolower((unsigned char)*name);
	return h % PINS_HEADS;
}

/* The first pin of a name from index i - 1 on, in its chain. */
static struct pin *search(const struct pins *t, size_t i,
    const uint8_t server[WIRE_HASH], const char *name)
{
	for (; i != 0; i = t->all[i - 1].next)
		if (memcmp(t->all[i - 1].server, server, WIRE_HASH) == 0 &&
		    text_same_name(t->all[i - 1].name, name))
			return &t->all[i - 1];
	return NULL;
}

struct pin *pins_find(
    const struct pins *t, const uint8_t server[WIRE_HASH], const char *name)
{
	return search(t, t->heads[hash(server, name)], server, name);
}

struct pin *pins_older(const struct pins *t, const struct pin *pin)
{
	return search(t, pin->next, pin->server, pin->name);
}

struct pin *pins_find_key(const struct pins *t, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	struct pin *p = pins_find(t, server, name);

	while (p != NULL && !secret_equal(p->identity, identity, WIRE_HASH))
		p = pins_older(t, p);
	return p;
}

int pins_add(struct pins *t, const struct pin *pin)
{
	size_t cap = t->cap == 0 ? 64 : 2 * t->cap, *h;
	struct pin *all;

	if (t->n >= PINS_MAX)
		return ERR_LIMIT;
	if (t->n == t->cap) {
		all = reallocarray(t->all, cap, sizeof(*all));
		if (all == NULL)
			return ERR_NOMEM;
		t->all = all;
		t->cap = cap;
	}
	h = &t->heads[hash(pin->server, pin->name)];
	t->all[t->n] = *pin;
	t->all[t->n].next = *h;
	*h = ++t->n;
	return 0;
}

/* --- lines ---------------------------------------------------------------- */

static bool mark_parse(enum pin_mark *out, const char *w, size_t len)
{
	size_t i;

	for (i = 0; i < N_MARKS; i++)
		if (strlen(marks[i]) == len && memcmp(w, marks[i], len) == 0)
			break;
	*out = (enum pin_mark)i;
	return i < N_MARKS;
}

int pins_parse(struct pin *out, const char *line, size_t n, const char **what)
{
	const char *w;
	size_t len;

	memset(out, 0, sizeof(*out));
	if ((*what = records_wrong(line, n)) != NULL)
		return ERR_USAGE;
	if (!records_word(&line, &n, &w, &len))
		return ERR_AGAIN;
	*what = "the server is not base64url of 32 bytes";
	if (b64url_decode32(out->server, w, len) != 0)
		return ERR_USAGE;
	*what = "its second word is not a name";
	if (!records_word(&line, &n, &w, &len) || !text_name(w, len))
		return ERR_USAGE;
	memcpy(out->name, w, len);
	*what = "the identity is not base64url of 32 bytes";
	if (!records_word(&line, &n, &w, &len) ||
	    b64url_decode32(out->identity, w, len) != 0)
		return ERR_USAGE;
	*what = "none of \"seen\", \"known\", \"certified\" and \"verified\" "
		"follows the identity";
	if (!records_word(&line, &n, &w, &len) ||
	    !mark_parse(&out->mark, w, len))
		return ERR_USAGE;
	*what = "its last word is not a date, YYYY-MM-DD";
	if (records_word(&line, &n, &w, &len) &&
	    !records_since(out->since, w, len))
		return ERR_USAGE;
	*what = "there is more than a date at its end";
	return records_word(&line, &n, &w, &len) ? ERR_USAGE : 0;
}

int pins_line(struct buf *out, const struct pin *pin)
{
	char line[LINE_MAX_BYTES], server[B64URL_32 + 1], id[B64URL_32 + 1];

	b64url_encode32(server, pin->server);
	b64url_encode32(id, pin->identity);
	snprintf(line, sizeof(line), "%s %s %s %s %s\n", server, pin->name, id,
	    marks[pin->mark], pin->since);
	return buf_str(out, line);
}

size_t pins_line_len(const struct pin *pin)
{
	enum { BLANKS_AND_NEWLINE = 5 };

	return (size_t)2 * B64URL_32 + strlen(pin->name) +
	       strlen(marks[pin->mark]) + strlen(pin->since) +
	       BLANKS_AND_NEWLINE;
}

/* --- the file ------------------------------------------------------------- */

/* A pin of the name that the file does not have. There is one at most: only a
 * name without pins gets one by speaking. */
static struct pin *unsaved(const struct pins *t, const struct pin *of)
{
	struct pin *p = pins_find(t, of->server, of->name);

	while (p != NULL && (p->state == PIN_SAVED || p->replaces))
		p = pins_older(t, p);
	return p;
}

/* Adds one pin of the file. `what` of an error: see records_refuse. */
static int take(struct pins *t, const struct pin *pin, const char **what)
{
	struct pin *old =
	    pins_find_key(t, pin->server, pin->name, pin->identity);
	size_t next;

	*what = "it has another mark for this key than a line above";
	if (old == NULL)
		old = unsaved(t, pin);
	else if (old->state == PIN_SAVED)
		return old->mark == pin->mark ? 0 : ERR_USAGE;
	else if (pin->mark < old->mark) {
		old->replaces = true;
		return 0;
	}
	if (old == NULL)
		return pins_add(t, pin);
	next = old->next;
	*old = *pin;
	old->next = next;
	return 0;
}

int pins_read(struct pins *t, const char *path, const void *text, size_t n,
    struct errmsg *why)
{
	const char *line, *what = "";
	struct records records;
	struct pin pin;
	size_t len;
	int r;

	if ((r = records_begin(&records, path, text, n, why)) != 0)
		return r;
	while (records_line(&records, &line, &len)) {
		r = pins_parse(&pin, line, len, &what);
		if (r == 0)
			r = take(t, &pin, &what);
		if (r == ERR_USAGE)
			return records_refuse(&records, what, why);
		if (r == ERR_NOMEM)
			return errmsg_set(why, r, "out of memory");
		if (r == ERR_LIMIT)
			return errmsg_set(why, r,
			    "%s has too many names: take old lines out", path);
	}
	return 0;
}
