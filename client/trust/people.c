/* people.c - who is pinned, and when known_people is read and written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/trust/people.h"
#include "client/trust/pin_file.h"
#include "client/trust/pins.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

enum {
	/* An attacker who knows a room's password can speak under ever new
	 * names, so past this many pins that the file does not have, no more
	 * are made. */
	UNSAVED_MAX = 8192,
	MET_MAX = 4096, /* of each generation */
	DISPUTES_MAX = 256,
};

struct dispute {
	uint8_t server[WIRE_HASH];
	char name[WIRE_NAME_MAX + 1];
};

/* A version of the file. */
struct stamp {
	struct timespec mtime;
	off_t size;
};

struct people {
	const char *path;  /* borrowed */
	struct pins *t;	   /* owned; replaced when the file is read again */
	struct stamp read; /* of the file when it was read */
	/* Who has not spoken, in two generations: when the younger is full, the
	 * older is forgotten. Both owned, and may be NULL. */
	struct pins *met, *met_before;
	size_t unsaved;	   /* pins of t that the file does not have */
	bool fresh;	   /* new pins since the last flush */
	bool broken;	   /* the last flush failed, and that was reported; */
	uint64_t again_ms; /* it is tried again then */
	bool full;	   /* the last flush refused a pin ... */
	struct stamp then; /* ... of this version of the file */
	char refused[WIRE_NAME_MAX + 1]; /* whose pin was refused first */
	bool refusal_said;
	/* Separate from the pins, which are reloaded now and then. */
	struct dispute disputes[DISPUTES_MAX];
	size_t n_disputes;
};

/* --- reading -------------------------------------------------------------- */

/* All zero when there is no file. */
static struct stamp stamp_of(const char *path)
{
	struct stamp s = {.size = 0};
	struct stat st;

	if (stat(path, &st) == 0)
		s = (struct stamp){st.st_mtim, st.st_size};
	return s;
}

static bool stamps_equal(const struct stamp *a, const struct stamp *b)
{
	return a->size == b->size && a->mtime.tv_sec == b->mtime.tv_sec &&
	       a->mtime.tv_nsec == b->mtime.tv_nsec;
}

static void count_unsaved(struct people *p)
{
	size_t i;

	p->unsaved = 0;
	for (i = 0; i < p->t->n; i++)
		p->unsaved += p->t->all[i].state != PIN_SAVED;
}

/* Takes the pins of the file, and of ours only those that are not in it yet,
 * so that an edit by hand or by another client takes effect. After a failure
 * the pins are as they were: a pin that cannot be read is not forgotten. */
static int merge(
    struct people *p, const void *text, size_t n, struct errmsg *why)
{
	struct pins *t = pins_new();
	struct pin pin;
	size_t i;
	int r = t == NULL ? ERR_NOMEM : 0;

	for (i = 0; p->t != NULL && i < p->t->n && r == 0; i++) {
		pin = p->t->all[i];
		pin.replaces = false;
		if (pin.state != PIN_SAVED)
			r = pins_add(t, &pin);
	}
	if (r != 0)
		errmsg_set(why, r, "%s", err_str(r));
	else
		r = pins_read(t, p->path, text, n, why);
	if (r != 0) {
		pins_free(t);
		return r;
	}
	pins_free(p->t);
	p->t = t;
	count_unsaved(p);
	return 0;
}

static int load(struct people *p, struct errmsg *why)
{
	struct buf b;
	int r;

	buf_init(&b, FILE_MAX + 4096);
	/* Taken before reading, so that a change meanwhile is noticed next
	 * time. */
	p->read = stamp_of(p->path);
	r = file_read(p->path, FILE_OWN, &b, why);
	if (r == 0 || r == ERR_AGAIN)
		r = merge(p, b.p, b.len, why);
	buf_free(&b);
	return r;
}

int people_open(struct people **out, const char *path, struct errmsg *why)
{
	struct people *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	p->path = path;
	if ((r = load(p, why)) != 0) {
		people_free(p);
		return r;
	}
	*out = p;
	return 0;
}

void people_free(struct people *p)
{
	if (p == NULL)
		return;
	pins_free(p->t);
	pins_free(p->met);
	pins_free(p->met_before);
	free(p);
}

/* Reloads the file if another client of the same user may have changed it.
 * Errors here are reported by people_flush, which reads it again. */
static void refresh(struct people *p)
{
	struct stamp now = stamp_of(p->path);
	struct errmsg why;

	if (!stamps_equal(&now, &p->read))
		(void)load(p, &why);
}

/* --- meeting -------------------------------------------------------------- */

bool people_disputed(
    const struct people *p, const uint8_t server[WIRE_HASH], const char *name)
{
	const struct dispute *d = p->disputes;
	size_t i;

	for (i = 0; i < p->n_disputes; i++)
		if (memcmp(d[i].server, server, WIRE_HASH) == 0 &&
		    text_same_name(d[i].name, name))
			return true;
	return p->n_disputes == DISPUTES_MAX;
}

static void dispute(
    struct people *p, const uint8_t server[WIRE_HASH], const char *name)
{
	struct dispute *d;

	if (people_disputed(p, server, name))
		return;
	d = &p->disputes[p->n_disputes++];
	memcpy(d->server, server, WIRE_HASH);
	snprintf(d->name, sizeof(d->name), "%s", name);
}

static void pin_init(struct pin *out, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH], enum pin_mark mark)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->server, server, WIRE_HASH);
	memcpy(out->identity, identity, WIRE_HASH);
	snprintf(out->name, sizeof(out->name), "%s", name);
	out->mark = mark;
	records_date(out->since);
}

/* Remembers somebody who has not spoken. Without memory they are not. */
static void remember(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	struct pin pin;

	if (p->met == NULL || p->met->n == MET_MAX) {
		pins_free(p->met_before);
		p->met_before = p->met;
		p->met = pins_new();
	}
	pin_init(&pin, server, name, identity, PIN_SEEN);
	if (p->met != NULL)
		(void)!pins_add(p->met, &pin);
}

static enum trust meet_unpinned(struct people *p,
    const uint8_t server[WIRE_HASH], const char *name,
    const uint8_t identity[WIRE_HASH])
{
	const struct pin *met = NULL;

	if (p->met != NULL)
		met = pins_find(p->met, server, name);
	if (met == NULL && p->met_before != NULL)
		met = pins_find(p->met_before, server, name);
	if (met == NULL)
		remember(p, server, name, identity);
	else if (!secret_equal(met->identity, identity, WIRE_HASH))
		return TRUST_CHANGED;
	return TRUST_NEW;
}

/* The pin of a key, also one that another client has just written. */
static struct pin *lookup(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	struct pin *pin = pins_find_key(p->t, server, name, identity);

	if (pin != NULL)
		return pin;
	refresh(p);
	return pins_find_key(p->t, server, name, identity);
}

enum trust people_meet(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	const struct pin *pin = lookup(p, server, name, identity);
	enum trust trust;

	if (pin == NULL && pins_find(p->t, server, name) == NULL)
		trust = meet_unpinned(p, server, name, identity);
	else if (pin == NULL)
		trust = TRUST_CHANGED;
	else
		trust = pin->mark == PIN_VERIFIED    ? TRUST_VERIFIED
			: pin->mark == PIN_CERTIFIED ? TRUST_CERTIFIED
						     : TRUST_SEEN;
	if (trust == TRUST_CHANGED)
		dispute(p, server, name);
	return trust;
}

static void refuse(struct people *p, const char *name)
{
	p->fresh = true; /* people_flush says it */
	if (p->refused[0] == '\0')
		snprintf(p->refused, sizeof(p->refused), "%s", name);
}

/* The file has a lower mark of this key, or none yet. */
static void raise_mark(struct people *p, struct pin *pin, enum pin_mark mark)
{
	pin->mark = mark;
	if (pin->state != PIN_SAVED)
		return;
	pin->state = PIN_WAITS;
	pin->replaces = true;
	p->unsaved++;
	p->fresh = true;
}

void people_certified(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	struct pin *pin = lookup(p, server, name, identity);
	struct errmsg why;

	if (pin != NULL) {
		if (pin->mark < PIN_CERTIFIED)
			raise_mark(p, pin, PIN_CERTIFIED);
		return;
	}
	/* Beside other keys of the name. What is not kept is told again. */
	(void)!people_trust(p, server, name, identity, TRUST_CERTIFIED, &why);
}

void people_spoke(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	enum trust trust = people_meet(p, server, name, identity);
	struct pin *pin = pins_find_key(p->t, server, name, identity), new;

	if (trust == TRUST_SEEN && pin->mark == PIN_SEEN)
		raise_mark(p, pin, PIN_KNOWN);
	if (trust != TRUST_NEW)
		return;
	pin_init(&new, server, name, identity, PIN_KNOWN);
	new.state = PIN_WAITS;
	if (p->unsaved >= UNSAVED_MAX || pins_add(p->t, &new) != 0) {
		refuse(p, name);
		return;
	}
	p->unsaved++;
	p->fresh = true;
}

static enum trust meet(void *arg, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	return people_meet(arg, server, name, identity);
}

static void spoke(void *arg, const uint8_t server[WIRE_HASH], const char *name,
    const uint8_t identity[WIRE_HASH])
{
	people_spoke(arg, server, name, identity);
}

static void certified(void *arg, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	people_certified(arg, server, name, identity);
}

struct people_ops people_ops(struct people *p)
{
	return (struct people_ops){meet, spoke, p, certified};
}

/* --- writing -------------------------------------------------------------- */

struct flush {
	struct people *p;
	uint8_t server[WIRE_HASH];
	struct pin_plan plan;
	struct errmsg *why;
};

/* Gives all pins in the state `from` the state `to`. */
static void change_state(
    struct people *p, enum pin_state from, enum pin_state to)
{
	size_t i;

	for (i = 0; i < p->t->n; i++)
		if (p->t->all[i].state == from)
			p->t->all[i].state = to;
}

static int plan(struct flush *f, const char *text, size_t n)
{
	int r = merge(f->p, text, n, f->why);

	if (r == 0)
		pin_file_plan(&f->plan, f->p->t, f->server, n);
	return r;
}

static int append_edit(void *arg, const char *text, size_t n, struct buf *out)
{
	struct flush *f = arg;
	size_t had = out->len;
	int r;

	if ((r = plan(f, text, n)) != 0)
		return r;
	if (!f->plan.rewrite && (r = pin_file_append(out, f->p->t)) != 0)
		return r;
	if (out->len == had)
		buf_clear(out); /* leave the file as it is */
	return 0;
}

static int rewrite_edit(void *arg, const char *text, size_t n, struct buf *out)
{
	struct flush *f = arg;
	int r;

	change_state(f->p, PIN_CHOSEN, PIN_WAITS);
	if ((r = plan(f, text, n)) != 0)
		return r;
	return pin_file_rewrite(
	    out, f->p->t, &f->plan, f->p->path, text, n, f->why);
}

/* Writes the new pins of one server. */
static int flush_server(
    struct people *p, const uint8_t server[WIRE_HASH], struct errmsg *why)
{
	struct flush f = {.p = p, .why = why};
	int r;

	memcpy(f.server, server, WIRE_HASH);
	r = file_append(p->path, append_edit, &f, why);
	if (r == 0 && f.plan.rewrite)
		r = file_rewrite(p->path, rewrite_edit, &f, why);
	change_state(p, PIN_CHOSEN, r == 0 ? PIN_SAVED : PIN_REFUSED);
	return r;
}

static const struct pin *first_in(const struct people *p, enum pin_state state)
{
	size_t i;

	for (i = 0; i < p->t->n; i++)
		if (p->t->all[i].state == state)
			return &p->t->all[i];
	return NULL;
}

/* Says once in a run that a pin is not kept. */
static int say_refused(struct people *p, struct errmsg *why)
{
	if (p->refused[0] == '\0' || p->refusal_said)
		return 0;
	p->refusal_said = true;
	return errmsg_set(why, ERR_LIMIT,
	    "WARNING: %s has no room for new people: the key of %s, and of "
	    "others who speak for the first time, is not kept. If it is "
	    "another one next time, you will not be told. Remove lines from "
	    "the file, or compare the key: /verify %s",
	    p->path, p->refused, p->refused);
}

static int flush_all(struct people *p, struct errmsg *why)
{
	const struct pin *pin;
	uint8_t server[WIRE_HASH];
	int r = 0;

	p->then = stamp_of(p->path);
	change_state(p, PIN_REFUSED, PIN_WAITS);
	while (r == 0 && (pin = first_in(p, PIN_WAITS)) != NULL) {
		memcpy(server, pin->server, WIRE_HASH);
		r = flush_server(p, server, why);
	}
	count_unsaved(p);
	if (r != 0)
		return r;
	pin = first_in(p, PIN_REFUSED);
	p->full = pin != NULL;
	if (pin != NULL)
		refuse(p, pin->name);
	return 0;
}

int people_flush(struct people *p, struct errmsg *why)
{
	struct stamp now;
	bool said = p->broken;
	int r;

	if (!p->fresh)
		return 0;
	now = stamp_of(p->path);
	/* After a failure the pins stay in memory; a write to a full disk is
	 * retried when there are more pins, or after a while (people_again), and
	 * reported once. A file that had
	 * no room is not read again until it has changed. */
	if (!p->full || !stamps_equal(&now, &p->then)) {
		r = flush_all(p, why);
		p->broken = r != 0;
		if (r != 0) {
			p->fresh = false;
			return said ? 0 : r;
		}
	}
	p->fresh = false;
	return say_refused(p, why);
}

void people_again(struct people *p, uint64_t now_ms)
{
	if (!p->broken || now_ms < p->again_ms)
		return;
	p->fresh = true;
	p->again_ms = now_ms + PEOPLE_AGAIN_MS;
}

struct deciding {
	const char *path;
	const struct pin *pin;
	struct errmsg *why;
};

static int decide_edit(void *arg, const char *text, size_t n, struct buf *out)
{
	const struct deciding *d = arg;
	int r = pin_file_decide(out, d->pin, d->path, text, n, d->why);

	return r != ERR_LIMIT ? r
			      : errmsg_set(d->why, r,
				    "%s is full: take old lines out", d->path);
}

/* There was no file a moment ago. */
static int create_edit(void *arg, const char *text, size_t n, struct buf *out)
{
	const struct deciding *d = arg;

	(void)text;
	return n == 0 ? pins_line(out, d->pin) : ERR_AGAIN;
}

int people_trust(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH], enum trust trust,
    struct errmsg *why)
{
	struct pin pin, *old;
	struct deciding d = {.path = p->path, .pin = &pin, .why = why};
	int r;

	pin_init(&pin, server, name, identity,
	    trust == TRUST_VERIFIED    ? PIN_VERIFIED
	    : trust == TRUST_CERTIFIED ? PIN_CERTIFIED
				       : PIN_KNOWN);
	r = file_rewrite(p->path, decide_edit, &d, why);
	if (r == ERR_AGAIN) {
		r = file_append(p->path, create_edit, &d, why);
		if (r == ERR_AGAIN)
			r = file_rewrite(p->path, decide_edit, &d, why);
	}
	if (r != 0)
		return r;
	if ((old = pins_find_key(p->t, server, name, identity)) == NULL)
		return pins_add(p->t, &pin) == 0
			   ? 0
			   : errmsg_set(why, ERR_NOMEM, "out of memory");
	pin.next = old->next;
	*old = pin;
	count_unsaved(p);
	return 0;
}

bool people_pinned(const struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, size_t i, struct pinned *out)
{
	const struct pin *pin;
	size_t n = 0;

	for (pin = pins_find(p->t, server, name); pin != NULL;
	     pin = pins_older(p->t, pin))
		n++;
	if (i >= n)
		return false;
	pin = pins_find(p->t, server, name);
	for (n--; n > i; n--)
		pin = pins_older(p->t, pin);
	memcpy(out->identity, pin->identity, WIRE_HASH);
	out->verified = pin->mark == PIN_VERIFIED;
	out->certified = pin->mark == PIN_CERTIFIED;
	memcpy(out->since, pin->since, sizeof(out->since));
	return true;
}
