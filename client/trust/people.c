/* people.c - reads, searches and updates the known_people file. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "shared/wire/b64.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"
#include "client/trust/people.h"

struct pin {
	uint8_t server[WIRE_HASH];
	char name[WIRE_NAME_MAX + 1];
	uint8_t identity[WIRE_HASH];
	bool verified;
	char since[RECORDS_DATE];
	bool unsaved; /* not in the file yet: people_flush will write it */
	size_t next;  /* next pin with the same hash, plus 1; 0: the last */
};

enum {
	HEADS = 4096,
	/* An attacker who knows a room's password can join under ever new
	 * names, so past this many pins no more people are pinned. */
	PINS_MAX = 1 << 16,
	DISPUTES_MAX = 256,
};

struct dispute {
	uint8_t server[WIRE_HASH];
	char name[WIRE_NAME_MAX + 1];
};

/* The pins, with a hash table of their names. */
struct table {
	struct pin *pins; /* owned */
	size_t n, cap;
	size_t heads[HEADS]; /* first pin of each hash, plus 1 */
	size_t unsaved;
};

struct people {
	const char *path;      /* borrowed */
	struct table *t;       /* owned; replaced when the file is read again */
	bool fresh;	       /* new pins since the last flush */
	bool broken;	       /* the last flush failed, and that was
				  reported */
	struct timespec mtime; /* of the file when it was read */
	off_t size;
	/* Separate from the pins, which are reloaded now and then. */
	struct dispute disputes[DISPUTES_MAX];
	size_t n_disputes;
};

/* The longest line: two fingerprints, a name, a trust word and a date. */
enum { LINE_MAX_BYTES = 2 * B64URL_32 + WIRE_NAME_MAX + 32 };

static size_t *head(
    struct table *t, const uint8_t server[WIRE_HASH], const char *name)
{
	uint32_t h = get_u32(server);

	for (; *name != '\0'; name++)
		h = h * 33 + (uint32_t)tolower((unsigned char)*name);
	return &t->heads[h % HEADS];
}

static struct pin *find(
    struct table *t, const uint8_t server[WIRE_HASH], const char *name)
{
	size_t i;

	for (i = *head(t, server, name); i != 0; i = t->pins[i - 1].next)
		if (memcmp(t->pins[i - 1].server, server, WIRE_HASH) == 0 &&
		    text_same_name(t->pins[i - 1].name, name))
			return &t->pins[i - 1];
	return NULL;
}

/* Adds a pin. ERR_NOMEM, ERR_LIMIT. */
static int add(struct table *t, const struct pin *pin)
{
	size_t cap = t->cap == 0 ? 64 : 2 * t->cap, *h;
	struct pin *pins;

	if (t->n >= PINS_MAX)
		return ERR_LIMIT;
	if (t->n == t->cap) {
		pins = reallocarray(t->pins, cap, sizeof(*pins));
		if (pins == NULL)
			return ERR_NOMEM;
		t->pins = pins;
		t->cap = cap;
	}
	h = head(t, pin->server, pin->name);
	t->pins[t->n] = *pin;
	t->pins[t->n].next = *h;
	*h = ++t->n;
	t->unsaved += pin->unsaved;
	return 0;
}

static void table_free(struct table *t)
{
	if (t == NULL)
		return;
	free(t->pins);
	free(t);
}

/* Only people read the date. It may be missing. */
static bool date_parse(char out[RECORDS_DATE], const char *w, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isdigit((unsigned char)w[i]) && w[i] != '-')
			return false;
	if (len >= RECORDS_DATE)
		return false;
	memcpy(out, w, len);
	return true;
}

/* Parses a line into *out. ERR_AGAIN: the line is blank. ERR_USAGE: *what says
 * what is wrong with it. */
static int pin_parse(
    struct pin *out, const char *line, size_t n, const char **what)
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
	*what = "neither \"seen\" nor \"verified\" follows the identity";
	if (!records_word(&line, &n, &w, &len))
		return ERR_USAGE;
	out->verified = len == 8 && memcmp(w, "verified", 8) == 0;
	if (!out->verified && (len != 4 || memcmp(w, "seen", 4) != 0))
		return ERR_USAGE;
	*what = "its last word is not a date, YYYY-MM-DD";
	if (records_word(&line, &n, &w, &len) &&
	    !date_parse(out->since, w, len))
		return ERR_USAGE;
	*what = "there is more than a date at its end";
	return records_word(&line, &n, &w, &len) ? ERR_USAGE : 0;
}

static int pin_line(struct buf *out, const struct pin *pin)
{
	char line[LINE_MAX_BYTES], server[B64URL_32 + 1], id[B64URL_32 + 1];

	b64url_encode32(server, pin->server);
	b64url_encode32(id, pin->identity);
	snprintf(line, sizeof(line), "%s %s %s %s %s\n", server, pin->name, id,
	    pin->verified ? "verified" : "seen", pin->since);
	return buf_str(out, line);
}

/* Adds one pin of the file. `what` of an error: see records_refuse. */
static int take(struct table *t, const struct pin *pin, const char **what)
{
	struct pin *old = find(t, pin->server, pin->name);
	size_t next;

	*what = "it has another key or mark for this name than a line above";
	if (old == NULL)
		return add(t, pin);
	if (!old->unsaved)
		return secret_equal(old->identity, pin->identity, WIRE_HASH) &&
			       old->verified == pin->verified
			   ? 0
			   : ERR_USAGE;
	next = old->next;
	*old = *pin;
	old->next = next;
	t->unsaved--;
	return 0;
}

static int read_into(struct table *t, const char *path, const void *text,
    size_t n, struct errmsg *why)
{
	const char *line, *what = "";
	struct records records;
	struct pin pin;
	size_t len;
	int r;

	if ((r = records_begin(&records, path, text, n, why)) != 0)
		return r;
	while (records_line(&records, &line, &len)) {
		r = pin_parse(&pin, line, len, &what);
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

/* Takes the pins of the file, and of ours only those that are not in it yet,
 * so that an edit by hand or by another client takes effect. After a failure
 * the pins are as they were: a pin that cannot be read is not forgotten. */
static int merge(
    struct people *p, const void *text, size_t n, struct errmsg *why)
{
	struct table *t = calloc(1, sizeof(*t));
	size_t i;
	int r = t == NULL ? ERR_NOMEM : 0;

	for (i = 0; p->t != NULL && i < p->t->n && r == 0; i++)
		if (p->t->pins[i].unsaved)
			r = add(t, &p->t->pins[i]);
	if (r != 0)
		errmsg_set(why, r, "%s", err_str(r));
	else
		r = read_into(t, p->path, text, n, why);
	if (r != 0) {
		table_free(t);
		return r;
	}
	table_free(p->t);
	p->t = t;
	return 0;
}

static int load(struct people *p, struct errmsg *why)
{
	struct stat st;
	struct buf b;
	int r;

	buf_init(&b, FILE_MAX + 4096);
	/* Taken before reading, so that a change meanwhile is noticed next
	 * time. */
	if (stat(p->path, &st) == 0) {
		p->mtime = st.st_mtim;
		p->size = st.st_size;
	}
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
	table_free(p->t);
	free(p);
}

/* Reloads the file if another client of the same user may have changed it.
 * Errors here are reported by people_flush, which reads it again. */
static void refresh(struct people *p)
{
	struct errmsg why;
	struct stat st;

	if (stat(p->path, &st) == 0 &&
	    (st.st_size != p->size || st.st_mtim.tv_sec != p->mtime.tv_sec ||
		st.st_mtim.tv_nsec != p->mtime.tv_nsec))
		(void)load(p, &why);
}

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

enum trust people_meet(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	struct pin *pin = find(p->t, server, name), fresh;

	if (pin == NULL) {
		refresh(p);
		pin = find(p->t, server, name);
	}
	if (pin == NULL) {
		memset(&fresh, 0, sizeof(fresh));
		memcpy(fresh.server, server, WIRE_HASH);
		memcpy(fresh.identity, identity, WIRE_HASH);
		snprintf(fresh.name, sizeof(fresh.name), "%s", name);
		records_date(fresh.since);
		fresh.unsaved = true;
		if (add(p->t, &fresh) == 0)
			p->fresh = true;
		return TRUST_SEEN;
	}
	if (!secret_equal(pin->identity, identity, WIRE_HASH)) {
		dispute(p, server, name);
		return TRUST_CHANGED;
	}
	return pin->verified ? TRUST_VERIFIED : TRUST_SEEN;
}

static enum trust meet(void *arg, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	return people_meet(arg, server, name, identity);
}

struct people_ops people_ops(struct people *p)
{
	return (struct people_ops){meet, p};
}

struct flush {
	struct people *p;
	struct errmsg *why;
};

static int flush_edit(void *arg, const char *text, size_t n, struct buf *out)
{
	const struct flush *f = arg;
	const struct table *t;
	size_t i;
	int r;

	if ((r = merge(f->p, text, n, f->why)) != 0)
		return r;
	t = f->p->t;
	for (i = 0; i < t->n; i++)
		if (t->pins[i].unsaved && (r = pin_line(out, &t->pins[i])) != 0)
			return r;
	if (t->unsaved == 0)
		buf_clear(out);
	return 0;
}

int people_flush(struct people *p, struct errmsg *why)
{
	struct flush f = {p, why};
	bool said = p->broken;
	size_t i;
	int r;

	if (!p->fresh)
		return 0;
	/* After a failure the pins stay in memory; a write to a full disk is
	 * retried when there are more pins, and reported once. */
	p->fresh = false;
	r = file_append(p->path, flush_edit, &f, why);
	p->broken = r != 0;
	if (r != 0)
		return said ? 0 : r;
	for (i = 0; i < p->t->n; i++)
		p->t->pins[i].unsaved = false;
	p->t->unsaved = 0;
	return 0;
}

struct decision {
	const char *path;
	struct pin pin;
	struct errmsg *why;
};

static int trust_edit(void *arg, const char *text, size_t n, struct buf *out)
{
	const struct decision *d = arg;
	const struct pin *want = &d->pin;
	const char *line, *what;
	struct records records;
	bool done = false;
	struct pin pin;
	size_t len;
	int r;

	if ((r = records_begin(&records, d->path, text, n, d->why)) != 0)
		return r;
	while (records_line(&records, &line, &len)) {
		r = pin_parse(&pin, line, len, &what);
		if (r == ERR_USAGE)
			return records_refuse(&records, what, d->why);
		if (r == 0 && text_same_name(pin.name, want->name) &&
		    memcmp(pin.server, want->server, WIRE_HASH) == 0) {
			if (!done && (r = pin_line(out, want)) != 0)
				return r;
			done = true;
			continue;
		}
		if ((r = buf_put(out, line, len)) != 0 ||
		    (r = buf_u8(out, '\n')) != 0)
			return r;
	}
	return done ? 0 : pin_line(out, want);
}

int people_trust(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH], enum trust trust,
    struct errmsg *why)
{
	struct decision d = {.path = p->path, .why = why};
	struct pin *pin = &d.pin, *old;
	int r;

	/* Make sure that the file exists and has the name in it. */
	people_meet(p, server, name, identity);
	if ((r = people_flush(p, why)) != 0)
		return r;
	memcpy(pin->server, server, WIRE_HASH);
	memcpy(pin->identity, identity, WIRE_HASH);
	snprintf(pin->name, sizeof(pin->name), "%s", name);
	pin->verified = trust == TRUST_VERIFIED;
	records_date(pin->since);
	r = file_rewrite(p->path, trust_edit, &d, why);
	if (r != 0)
		return r;
	old = find(p->t, server, name);
	if (old != NULL) {
		pin->next = old->next;
		*old = *pin;
	}
	return 0;
}

bool people_pinned(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, struct pinned *out)
{
	const struct pin *pin = find(p->t, server, name);

	if (pin == NULL)
		return false;
	memcpy(out->identity, pin->identity, WIRE_HASH);
	out->verified = pin->verified;
	memcpy(out->since, pin->since, sizeof(out->since));
	return true;
}
