/* Writes transcripts. */
#include "client/transcript.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/session/recorded.h"
#include "client/transcript_helper.h"
#include "shared/base/secret.h"
#include "shared/os/file.h"
#include "shared/os/vec.h"
#include "shared/proto/transcript.h"
#include "shared/wire/text.h"

enum {
	OUT_MAX = 4 << 20, /* lines that wait */
	OUT_FULL = 256 << 10,
};

/* The file of a room, or of what is said directly with a person. */
struct tape {
	char room[WIRE_ROOM_MAX + 1]; /* or the person's name */
	bool direct;
	bool rewritten; /* its log is another one than before */
	int fd;		/* -1: closed; else: */
	struct transcript_file file;
	uint8_t log[WIRE_LOG], server[WIRE_ED25519];
	bool headed;
	struct log_head at; /* the newest entry, after the first head */
	struct transcript_named *named; /* owned; what the lines have named */
	struct transcript_devices devices; /* the same, directly */
	struct buf out;
};

struct transcripts {
	struct transcripts_opts o;
	bool on[2]; /* of rooms; of direct messages */
	struct tape **tape; /* owned */
	size_t n, cap;
};

struct transcripts *transcripts_new(const struct transcripts_opts *o)
{
	struct transcripts *t = calloc(1, sizeof(*t));

	if (t != NULL)
		t->o = *o;
	return t;
}

static void tape_close(struct tape *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->headed = false;
	buf_clear(&p->out);
}

void transcripts_free(struct transcripts *t)
{
	if (t == NULL)
		return;
	while (t->n > 0) {
		struct tape *p = t->tape[--t->n];

		tape_close(p);
		buf_free(&p->out);
		free(p->named);
		free(p);
	}
	free(t->tape);
	free(t);
}

bool transcripts_on(const struct transcripts *t, bool direct)
{
	return t->on[direct];
}

static struct tape *tape_of(
    struct transcripts *t, const char *room, bool direct)
{
	struct tape *p;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->tape[i]->direct == direct &&
		    text_same_name(t->tape[i]->room, room))
			return t->tape[i];
	if (vec_reserve(&t->tape, &t->cap, t->n + 1, sizeof(struct tape *)) !=
		0 ||
	    (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	if ((p->named = calloc(1, sizeof(*p->named))) == NULL) {
		free(p);
		return NULL;
	}
	snprintf(p->room, sizeof(p->room), "%s", room);
	p->direct = direct;
	p->fd = -1;
	buf_init_secret(&p->out, OUT_MAX);
	t->tape[t->n++] = p;
	return p;
}

/* --- writing -------------------------------------------------------------- */

/* So many bytes of what waits are in the file: whole lines. */
static void written(struct tape *p, size_t n)
{
	if (n == 0)
		return;
	p->file.size += n;
	memmove(p->out.p, p->out.p + n, p->out.len - n);
	buf_truncate(&p->out, p->out.len - n);
}

/* A line that is not written in whole is taken off again; those before it stay. */
static int tape_write(struct tape *p, struct errmsg *why)
{
	size_t done = 0;
	ssize_t n;
	int error;

	while (done < p->out.len) {
		n = write(p->fd, p->out.p + done, p->out.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error = errno;
			while (done > 0 && p->out.p[done - 1] != '\n')
				done--;
			written(p, done);
			(void)!ftruncate(p->fd, (off_t)p->file.size);
			return errmsg_errno(why, ERR_IO, error,
			    "the transcript of %s cannot be written", p->room);
		}
		done += (size_t)n;
	}
	written(p, done);
	return 0;
}

static int put(
    struct transcripts *t, struct tape *p, const struct transcript_line *l)
{
	int r = 0;

	if (l->type == TRANSCRIPT_DEVICE)
		r = transcript_device_add(t->o.crypto, &p->devices, l);
	else
		transcript_name(p->named, l);
	return r != 0 ? r
		      : transcript_put(
			    t->o.crypto, &p->out, p->file.hash, l);
}

static int put_head(struct transcripts *t, struct tape *p)
{
	struct transcript_line l = {.type = TRANSCRIPT_HEAD,
	    .number = p->file.number,
	    .direct = p->direct,
	    .at = p->at,
	    .ts = t->o.wall_ms()};

	memcpy(l.previous, p->file.hash, WIRE_HASH);
	memcpy(l.server, p->server, WIRE_ED25519);
	memcpy(l.log, p->log, WIRE_LOG);
	if (p->direct)
		snprintf(l.with, sizeof(l.with), "%.*s", WIRE_NAME_MAX, p->room);
	else
		snprintf(l.room, sizeof(l.room), "%s", p->room);
	snprintf(l.name, sizeof(l.name), "%s", t->o.name);
	memcpy(l.identity, t->o.identity, WIRE_ED25519);
	memset(p->named, 0, sizeof(*p->named));
	memset(&p->devices, 0, sizeof(p->devices));
	p->headed = true;
	return put(t, p, &l);
}

static int put_end(struct transcripts *t, struct tape *p)
{
	const struct transcript_line l = {.type = TRANSCRIPT_END,
	    .direct = p->direct,
	    .at = p->at,
	    .ts = t->o.wall_ms()};

	return p->headed ? put(t, p, &l) : 0;
}

/* Ends the file in order. */
static int finish(struct transcripts *t, struct tape *p, struct errmsg *why)
{
	int r;

	if (p->fd < 0)
		return 0;
	if ((r = put_end(t, p)) != 0)
		errmsg_set(why, r, "%s", err_str(r));
	else if ((r = tape_write(p, why)) == 0 && fdatasync(p->fd) != 0 &&
		 errno != EINVAL)
		r = errmsg_errno(why, ERR_IO, errno,
		    "the transcript of %s cannot be written", p->room);
	tape_close(p);
	return r;
}

static int tape_open(struct transcripts *t, struct tape *p,
    const struct recorded *e, enum transcript_open how, struct errmsg *why)
{
	const struct transcript_series s = {
	    p->room, p->direct ? e->server : e->log, p->direct};
	int r;

	tape_close(p);
	r = transcript_helper_open(
	    t->o.helper, t->o.folder, &s, how, &p->file, why);
	if (r != 0)
		return r;
	p->fd = p->file.fd;
	memcpy(p->log, e->log, WIRE_LOG);
	memcpy(p->server, e->server, WIRE_ED25519);
	/* A new file of a log that was rewritten has anything. */
	if (p->rewritten)
		p->file.offset = 0;
	p->rewritten = false;
	return 0;
}

/* --- entries -------------------------------------------------------------- */

static void line_epoch(struct transcript_line *l, const struct recorded *e)
{
	*l = (struct transcript_line){
	    .type = TRANSCRIPT_EPOCH, .epoch = e->epoch};
	memcpy(l->commit, e->commit, WIRE_HASH);
	memcpy(l->roster, e->roster, WIRE_HASH);
}

static void line_person(struct transcript_line *l, const struct recorded *e)
{
	*l = (struct transcript_line){
	    .type = TRANSCRIPT_PERSON, .member = e->member};
	snprintf(l->name, sizeof(l->name), "%s", e->name);
	memcpy(l->identity, e->identity, WIRE_ED25519);
	memcpy(l->card, e->card, WIRE_HASH);
}

static bool knows_epoch(const struct tape *p, const struct recorded *e)
{
	const struct transcript_epoch *k = transcript_epoch(p->named, e->epoch);

	return k != NULL && memcmp(k->commit, e->commit, WIRE_HASH) == 0 &&
	       memcmp(k->roster, e->roster, WIRE_HASH) == 0;
}

static bool knows_person(const struct tape *p, const struct recorded *e)
{
	const struct transcript_person *k;

	if (e->member == 0)
		return true;
	k = transcript_person(p->named, e->member);
	return k != NULL && strcmp(k->name, e->name) == 0 &&
	       memcmp(k->identity, e->identity, WIRE_ED25519) == 0 &&
	       memcmp(k->card, e->card, WIRE_HASH) == 0;
}

/* The run, the epoch and the person, where the lines before do not say them. */
static int put_names(
    struct transcripts *t, struct tape *p, const struct recorded *e)
{
	struct transcript_line l = {.type = TRANSCRIPT_RUN};
	int r = 0;

	memcpy(l.session, e->session, WIRE_NONCE);
	if (!p->named->run ||
	    memcmp(p->named->session, e->session, WIRE_NONCE) != 0)
		r = put(t, p, &l);
	if (r == 0 && !knows_epoch(p, e)) {
		line_epoch(&l, e);
		r = put(t, p, &l);
	}
	if (r == 0 && !knows_person(p, e)) {
		line_person(&l, e);
		r = put(t, p, &l);
	}
	return r;
}

static int put_entry(
    struct transcripts *t, struct tape *p, const struct recorded *e)
{
	const struct log_head before = {.offset = e->offset - 1};
	struct transcript_line l = {.type = TRANSCRIPT_FROM, .at = before};
	int r = 0;

	memcpy(l.at.chain, e->before, WIRE_HASH);
	if (!p->headed) {
		p->at = l.at;
		r = put_head(t, p);
	} else if (p->at.offset != before.offset) {
		p->at = l.at;
		r = put(t, p, &l);
	}
	if (r == 0 && e->opened)
		r = put_names(t, p, e);
	if (r != 0)
		return r;
	l = (struct transcript_line){.type = TRANSCRIPT_ENTRY,
	    .opened = e->opened,
	    .body = e->body,
	    .n_body = e->n};
	l.at.offset = e->offset;
	memcpy(l.digest, e->digest, WIRE_HASH);
	memcpy(l.key, e->key, WIRE_KEY_IV);
	r = put(t, p, &l);
	secret_wipe(l.key, sizeof(l.key));
	return r != 0 ? r : log_head_add(t->o.crypto, &p->at, e->digest);
}

/* --- direct messages ------------------------------------------------------ */

static bool knows_device(const struct tape *p, const struct recorded *e)
{
	size_t i;

	for (i = 0; i < p->devices.n; i++)
		if (memcmp(p->devices.device[i].identity, e->identity,
			WIRE_ED25519) == 0)
			return true;
	return false;
}

static int put_direct(
    struct transcripts *t, struct tape *p, const struct recorded *e)
{
	struct transcript_line l = {.type = TRANSCRIPT_DEVICE};
	int r = 0;

	if (!p->headed)
		r = put_head(t, p);
	snprintf(l.name, sizeof(l.name), "%s", e->name);
	memcpy(l.identity, e->identity, WIRE_ED25519);
	if (r == 0 && !knows_device(p, e))
		r = put(t, p, &l);
	if (r != 0)
		return r;
	l = (struct transcript_line){
	    .type = TRANSCRIPT_DIRECT, .body = e->body, .n_body = e->n};
	memcpy(l.key, e->key, WIRE_KEY_IV);
	r = put(t, p, &l);
	secret_wipe(l.key, sizeof(l.key));
	return r;
}

/* --- writing on ------------------------------------------------------------ */

/* Whether the entry belongs to another log than the file: one that was begun
 * anew, or has another past. */
static bool another(const struct tape *p, const struct recorded *e)
{
	return p->rewritten || memcmp(p->log, e->log, WIRE_LOG) != 0 ||
	       (p->headed && e->offset == p->at.offset + 1 &&
		   memcmp(p->at.chain, e->before, WIRE_HASH) != 0);
}

/* The lines of an entry that the file does not have. */
static int add(struct transcripts *t, struct tape *p, const struct recorded *e,
    struct errmsg *why)
{
	int r = p->direct ? put_direct(t, p, e) : put_entry(t, p, e);

	if (r != 0)
		return errmsg_set(why, r,
		    "the transcript of %s cannot be written: %s", p->room,
		    err_str(r));
	if (p->file.size + p->out.len >= t->o.size_max) {
		if ((r = finish(t, p, why)) != 0 ||
		    (r = tape_open(t, p, e, TRANSCRIPT_NEXT, why)) != 0)
			return r;
		p->file.offset = e->offset;
	}
	return p->out.len >= OUT_FULL ? tape_write(p, why) : 0;
}

static int entry(struct transcripts *t, struct tape *p,
    const struct recorded *e, struct errmsg *why)
{
	int r;

	if (p->fd >= 0 && !p->direct && another(p, e)) {
		p->rewritten = memcmp(p->log, e->log, WIRE_LOG) == 0;
		if ((r = finish(t, p, why)) != 0)
			return r;
	}
	if (p->fd < 0 &&
	    (r = tape_open(t, p, e,
		 p->rewritten ? TRANSCRIPT_NEXT : TRANSCRIPT_NEWEST, why)) != 0)
		return r;
	/* The file has it already. */
	if (!p->direct &&
	    e->offset <= (p->headed ? p->at.offset : p->file.offset))
		return 0;
	return add(t, p, e, why);
}

int transcripts_event(
    struct transcripts *t, const struct event *e, struct errmsg *why)
{
	const bool direct = event_direct(e);
	struct tape *p;

	if (!t->on[direct] ||
	    (e->type != EVENT_ENTRY && e->type != EVENT_REWRITTEN))
		return 0;
	p = tape_of(t, direct ? e->with : e->room_name, direct);
	if (p == NULL)
		return errmsg_set(why, ERR_NOMEM,
		    "there is not enough memory for a transcript");
	if (e->type == EVENT_ENTRY)
		return entry(t, p, e->entry, why);
	p->rewritten = true;
	return 0;
}

int transcripts_flush(struct transcripts *t, struct errmsg *why)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < t->n; i++)
		if (t->tape[i]->fd >= 0)
			r = tape_write(t->tape[i], why);
	return r;
}

/* --- beginning and end ---------------------------------------------------- */

int transcripts_start(struct transcripts *t, bool direct, struct errmsg *why)
{
	int r;

	if (t->o.folder == NULL)
		return errmsg_set(why, ERR_USAGE,
		    "there is no home directory for transcripts: start "
		    "conclave with --transcript DIR");
	r = transcript_helper_folder(t->o.helper, t->o.folder, why);
	t->on[direct] = t->on[direct] || r == 0;
	return r;
}

int transcripts_stop(struct transcripts *t, bool direct, struct errmsg *why)
{
	struct errmsg this;
	size_t i;
	int r = 0, e;

	t->on[direct] = false;
	for (i = 0; i < t->n; i++) {
		if (t->tape[i]->direct != direct)
			continue;
		t->tape[i]->rewritten = false;
		if ((e = finish(t, t->tape[i], &this)) != 0 && r == 0) {
			r = e;
			*why = this;
		}
	}
	return r;
}
