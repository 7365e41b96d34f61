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

struct people {
	const char *path; /* borrowed */
	struct pin *pins; /* owned */
	size_t n, cap;
	size_t heads[HEADS]; /* first pin of each hash, plus 1 */
	size_t unsaved;
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
    struct people *p, const uint8_t server[WIRE_HASH], const char *name)
{
	uint32_t h = get_u32(server);

	for (; *name != '\0'; name++)
		h = h * 33 + (uint32_t)tolower((unsigned char)*name);
	return &p->heads[h % HEADS];
}

static struct pin *find(
    struct people *p, const uint8_t server[WIRE_HASH], const char *name)
{
	size_t i;

	for (i = *head(p, server, name); i != 0; i = p->pins[i - 1].next)
		if (memcmp(p->pins[i - 1].server, server, WIRE_HASH) == 0 &&
		    text_same_name(p->pins[i - 1].name, name))
			return &p->pins[i - 1];
	return NULL;
}

/* Adds a pin. ERR_NOMEM, ERR_LIMIT. */
static int add(struct people *p, const struct pin *pin)
{
	size_t cap = p->cap == 0 ? 64 : 2 * p->cap, *h;
	struct pin *pins;

	if (p->n >= PINS_MAX)
		return ERR_LIMIT;
	if (p->n == p->cap) {
		pins = reallocarray(p->pins, cap, sizeof(*pins));
		if (pins == NULL)
			return ERR_NOMEM;
		p->pins = pins;
		p->cap = cap;
	}
	h = head(p, pin->server, pin->name);
	p->pins[p->n] = *pin;
	p->pins[p->n].next = *h;
	*h = ++p->n;
	return 0;
}

/* Drops every pin that is in the file, before the file is read again. */
static int keep_unsaved(struct people *p)
{
	size_t n = p->n, i;
	struct pin pin;
	int r = 0;

	p->n = 0;
	memset(p->heads, 0, sizeof(p->heads));
	for (i = 0; i < n && r == 0; i++) {
		pin = p->pins[i]; /* a copy: add() may overwrite the slot */
		if (pin.unsaved)
			r = add(p, &pin);
	}
	return r;
}

/* Parses a line into *out. ERR_AGAIN: the line is blank. ERR_USAGE: *what says
 * what is wrong with it. */
static int pin_parse(
    struct pin *out, const char *line, size_t n, const char **what)
{
	const char *w;
	size_t len, i = 0;

	memset(out, 0, sizeof(*out));
	if (!records_word(&line, &n, &w, &len) || w[0] == '#')
		return ERR_AGAIN;
	*what = "the server is not base64url of 32 bytes";
	if (b64url_decode32(out->server, w, len) != 0)
		return ERR_USAGE;
	*what = "that is not a name";
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
	/* The date is only for people to read; an invalid one counts as
	 * missing. */
	if (records_word(&line, &n, &w, &len) && len < sizeof(out->since)) {
		while (i < len && (isdigit((unsigned char)w[i]) || w[i] == '-'))
			i++;
		memcpy(out->since, w, i == len ? len : 0);
	}
	return 0;
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

/* Reloads the pins from the file and keeps only those of ours that are not in
 * it yet, so that an edit by hand or by another client takes effect. The first
 * line of a name counts. */
static int merge(struct people *p, const char *text, size_t n,
    const struct complain *complain)
{
	const char *line, *what = "";
	struct pin pin, *old;
	unsigned no = 0;
	size_t len;
	int r;

	if ((r = keep_unsaved(p)) != 0)
		return r;
	while (records_line(&text, &n, &line, &len)) {
		no++;
		r = pin_parse(&pin, line, len, &what);
		if (r == ERR_USAGE)
			records_complain(complain, p->path, no, what);
		if (r != 0)
			continue;
		old = find(p, pin.server, pin.name);
		if (old == NULL) {
			if ((r = add(p, &pin)) != 0)
				return r;
		} else if (old->unsaved) {
			pin.next = old->next;
			*old = pin;
			p->unsaved--;
		} else {
			records_complain(complain, p->path, no,
			    "a line above has that name already");
		}
	}
	return 0;
}

static int load(
    struct people *p, const struct complain *complain, struct errmsg *why)
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
		r = merge(p, (const char *)b.p, b.len, complain);
	if (r == ERR_NOMEM)
		errmsg_set(why, r, "out of memory");
	if (r == ERR_LIMIT)
		errmsg_set(why, r, "%s has too many names: take old lines out",
		    p->path);
	buf_free(&b);
	return r;
}

int people_open(struct people **out, const char *path,
    const struct complain *complain, struct errmsg *why)
{
	struct people *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	p->path = path;
	if ((r = load(p, complain, why)) != 0) {
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
	free(p->pins);
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
		(void)load(p, NULL, &why);
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
	struct pin *pin = find(p, server, name), fresh;

	if (pin == NULL) {
		refresh(p);
		pin = find(p, server, name);
	}
	if (pin == NULL) {
		memset(&fresh, 0, sizeof(fresh));
		memcpy(fresh.server, server, WIRE_HASH);
		memcpy(fresh.identity, identity, WIRE_HASH);
		snprintf(fresh.name, sizeof(fresh.name), "%s", name);
		records_date(fresh.since);
		fresh.unsaved = true;
		if (add(p, &fresh) == 0) {
			p->unsaved++;
			p->fresh = true;
		}
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

static int flush_edit(void *arg, const char *text, size_t n, struct buf *out)
{
	struct people *p = arg;
	size_t i;
	int r;

	if ((r = merge(p, text, n, NULL)) != 0)
		return r;
	for (i = 0; i < p->n; i++)
		if (p->pins[i].unsaved && (r = pin_line(out, &p->pins[i])) != 0)
			return r;
	if (p->unsaved == 0)
		buf_clear(out);
	return 0;
}

int people_flush(struct people *p, struct errmsg *why)
{
	bool said = p->broken;
	size_t i;
	int r;

	if (!p->fresh)
		return 0;
	/* After a failure the pins stay in memory; a write to a full disk is
	 * retried when there are more pins, and reported once. */
	p->fresh = false;
	r = file_append(p->path, flush_edit, p, why);
	p->broken = r != 0;
	if (r != 0)
		return said ? 0 : r;
	for (i = 0; i < p->n; i++)
		p->pins[i].unsaved = false;
	p->unsaved = 0;
	return 0;
}

static int trust_edit(void *arg, const char *text, size_t n, struct buf *out)
{
	const struct pin *want = arg;
	const char *line, *what;
	bool done = false;
	struct pin pin;
	size_t len;
	int r;

	while (records_line(&text, &n, &line, &len)) {
		r = pin_parse(&pin, line, len, &what);
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
	struct pin pin, *old;
	int r;

	/* Make sure that the file exists and has the name in it. */
	people_meet(p, server, name, identity);
	if ((r = people_flush(p, why)) != 0)
		return r;
	memset(&pin, 0, sizeof(pin));
	memcpy(pin.server, server, WIRE_HASH);
	memcpy(pin.identity, identity, WIRE_HASH);
	snprintf(pin.name, sizeof(pin.name), "%s", name);
	pin.verified = trust == TRUST_VERIFIED;
	records_date(pin.since);
	r = file_rewrite(p->path, trust_edit, &pin, why);
	if (r != 0)
		return r;
	old = find(p, server, name);
	if (old != NULL) {
		pin.next = old->next;
		*old = pin;
	}
	return 0;
}

bool people_pinned(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, struct pinned *out)
{
	const struct pin *pin = find(p, server, name);

	if (pin == NULL)
		return false;
	memcpy(out->identity, pin->identity, WIRE_HASH);
	out->verified = pin->verified;
	memcpy(out->since, pin->since, sizeof(out->since));
	return true;
}
