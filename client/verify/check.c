/* check.c - the lines of a transcript in batches: what needs no order is done by
 * all processors, what does by one. */
#include "client/verify/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/verify/check_int.h"
#include "shared/crypto/keys.h"
#include "shared/proto/hashline.h"

struct check *check_new(const struct check_opts *o)
{
	struct check *c = calloc(1, sizeof(*c));
	size_t i;

	if (c == NULL)
		return NULL;
	c->o = *o;
	c->item = calloc(LINEFILE_BATCH, sizeof(*c->item));
	c->chain = calloc(CHAINS, sizeof(*c->chain));
	c->facts.person = calloc(CHECK_PEOPLE, sizeof(*c->facts.person));
	if (c->item == NULL || c->chain == NULL || c->facts.person == NULL) {
		check_free(c);
		return NULL;
	}
	for (i = 0; i < LINEFILE_BATCH; i++) {
		buf_init(&c->item[i].body, TRANSCRIPT_LINE_MAX);
		buf_init(&c->item[i].plain, GROUP_OPEN_MAX);
	}
	return c;
}

void check_free(struct check *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; c->item != NULL && i < LINEFILE_BATCH; i++) {
		buf_free(&c->item[i].body);
		buf_free(&c->item[i].plain);
	}
	check_direct_free(c);
	free(c->item);
	free(c->chain);
	free(c->facts.person);
	free(c);
}

const struct check_facts *check_facts(const struct check *c)
{
	return &c->facts;
}

int check_wrong(struct check *c, const char *why)
{
	c->facts.wrong = true;
	snprintf(c->facts.why, sizeof(c->facts.why), "%s", why);
	return ERR_JSON;
}

/* --- where the entries go on ---------------------------------------------- */

static void keep_chain(struct check *c)
{
	c->chain[c->at.offset % CHAINS] = c->at;
}

static void add_gap(struct check *c, uint64_t first, uint64_t last)
{
	struct check_facts *f = &c->facts;

	if (f->n_gaps < CHECK_GAPS)
		f->gap[f->n_gaps] = (struct check_gap){first, last};
	f->n_gaps++;
	c->unopened = last;
}

/* A `head` or a `from`. */
static int start(struct check *c, const struct log_head *at)
{
	struct log_head empty;
	int r;

	if (!c->started) {
		r = log_head_start(c->o.crypto, &empty, c->facts.head.log);
		if (r != 0)
			return r;
		if (at->offset == 0 &&
		    memcmp(at->chain, empty.chain, WIRE_HASH) != 0)
			return check_wrong(c, "the log does not begin with its name");
		c->started = true;
	} else if (at->offset < c->at.offset) {
		return check_wrong(c,
		    "the log goes on before entries that were recorded: the "
		    "server's log was rewritten, or this is not one "
		    "transcript");
	} else if (at->offset > c->at.offset) {
		add_gap(c, c->at.offset + 1, at->offset);
	} else if (memcmp(at->chain, c->at.chain, WIRE_HASH) != 0) {
		return check_wrong(c,
		    "the log goes on from other entries than those before: the "
		    "server's log was rewritten, or this is not one "
		    "transcript");
	}
	if (at->offset != c->at.offset || c->run_first == 0)
		c->run_first = at->offset + 1;
	c->at = *at;
	keep_chain(c);
	return 0;
}

static bool same_place(
    const struct transcript_line *a, const struct transcript_line *b)
{
	return memcmp(a->server, b->server, WIRE_ED25519) == 0 &&
	       memcmp(a->log, b->log, WIRE_LOG) == 0 &&
	       strcmp(a->room, b->room) == 0 && a->direct == b->direct &&
	       strcmp(a->with, b->with) == 0;
}

/* The first line of all. */
static int first_head(struct check *c, const struct transcript_line *l)
{
	static const uint8_t zero[WIRE_HASH];
	struct check_facts *f = &c->facts;
	int r;

	f->has_head = true;
	f->head = *l;
	memcpy(c->hash, l->previous, WIRE_HASH);
	if ((r = ed25519_fingerprint(c->o.crypto, f->server, l->server)) != 0 ||
	    (r = ed25519_fingerprint(c->o.crypto, f->writer, l->identity)) != 0)
		return r;
	if (l->number == 1 && memcmp(l->previous, zero, WIRE_HASH) != 0)
		return check_wrong(c, "the first file has something before it");
	return 0;
}

/* Who writes from here on: of direct messages, one of the two. */
static int writer(struct check *c, const struct transcript_line *l)
{
	memset(&c->devices, 0, sizeof(c->devices));
	memcpy(c->writer.name, l->name, sizeof(c->writer.name));
	memcpy(c->writer.identity, l->identity, WIRE_ED25519);
	return ed25519_fingerprint(
	    c->o.crypto, c->writer.fingerprint, l->identity);
}

static int on_head(struct check *c, const struct transcript_line *l)
{
	const bool next_file = c->first_of_file && c->facts.heads > 0;
	int r;

	if (!c->facts.has_head && (r = first_head(c, l)) != 0)
		return r;
	if (memcmp(l->previous, c->hash, WIRE_HASH) != 0)
		return check_wrong(c, "it does not name the line before it");
	if (c->facts.heads > 0 && l->number != c->number + next_file)
		return check_wrong(c, "the number of its file is not the next");
	if (!same_place(l, &c->facts.head))
		return check_wrong(c,
		    "it is of another room, log, person or server");
	c->number = l->number;
	c->facts.heads++;
	memset(&c->named, 0, sizeof(c->named));
	memset(&c->server, 0, sizeof(c->server));
	c->facts.ended = false;
	return l->direct ? writer(c, l) : start(c, &l->at);
}

bool check_continues(const struct check *c, const struct transcript_line *head)
{
	return c->facts.has_head && !c->facts.wrong &&
	       same_place(head, &c->facts.head) &&
	       memcmp(head->previous, c->hash, WIRE_HASH) == 0 &&
	       head->number == c->number + 1;
}

/* --- entries, in order ----------------------------------------------------- */

static int sender_of(struct check *c, struct item *t)
{
	const struct transcript_epoch *epoch;
	struct transcript_person *who = &c->server;

	if (group_head_decode(&t->head, t->body.p, t->body.len) != 0)
		return check_wrong(c, "its frame is not one of a room");
	if (t->head.sender == 0)
		memcpy(c->server.identity, c->facts.head.server, WIRE_ED25519);
	else
		who = transcript_person(&c->named, t->head.sender);
	epoch = transcript_epoch(&c->named, t->head.epoch);
	if (!c->named.run || epoch == NULL)
		return check_wrong(c, "nothing before it names its epoch");
	if (who == NULL)
		return check_wrong(c, "nothing before it names its sender");
	if (t->head.epoch < who->last_epoch ||
	    (t->head.epoch == who->last_epoch && t->head.seq <= who->last_seq))
		return check_wrong(c, "it repeats a message: its number is not a new "
				"one of its sender");
	if (who->last_offset > c->unopened && t->head.seq != 1 &&
	    t->head.seq - who->last_seq > 1)
		c->facts.missing += t->head.seq - who->last_seq - 1;
	who->last_epoch = t->head.epoch;
	who->last_seq = t->head.seq;
	who->last_offset = t->l.at.offset;
	t->who = *who;
	t->epoch = *epoch;
	t->run_first = c->run_first;
	memcpy(t->session, c->named.session, WIRE_NONCE);
	return 0;
}

static int on_entry(struct check *c, struct item *t)
{
	int r;

	if (t->l.at.offset - c->at.offset != 1)
		return check_wrong(c, "it is not the next entry of the log");
	if (t->l.opened && (r = sender_of(c, t)) != 0)
		return r;
	if (!t->l.opened) {
		c->unopened = t->l.at.offset;
		c->facts.digests++;
	}
	if ((r = log_head_add(c->o.crypto, &c->at, t->digest)) != 0)
		return r;
	keep_chain(c);
	if (c->facts.entries++ == 0)
		c->facts.first = c->at.offset;
	c->facts.last = c->at.offset;
	memcpy(c->facts.chain, c->at.chain, WIRE_HASH);
	return 0;
}

static int on_end(struct check *c, const struct transcript_line *l)
{
	if (!l->direct &&
	    (l->at.offset != c->at.offset ||
	    memcmp(l->at.chain, c->at.chain, WIRE_HASH) != 0))
		return check_wrong(c, "it ends with another entry than the last");
	c->facts.ended = true;
	return 0;
}

/* Whether such a line may be in this transcript. */
static bool fits(const struct check *c, const struct transcript_line *l)
{
	const bool direct = c->facts.head.direct;

	if (l->type == TRANSCRIPT_HEAD || l->type == TRANSCRIPT_END)
		return l->direct == direct;
	return (l->type >= TRANSCRIPT_DEVICE) == direct;
}

static int by_type(struct check *c, struct item *t)
{
	if (!fits(c, &t->l))
		return check_wrong(c,
		    c->facts.head.direct
			? "a transcript of direct messages has no such line"
			: "a transcript of a room has no such line");
	switch (t->l.type) {
	case TRANSCRIPT_HEAD:
		return 0; /* on_head, before its hash */
	case TRANSCRIPT_RUN:
		c->facts.runs++;
		memset(&c->server, 0, sizeof(c->server));
		transcript_name(&c->named, &t->l);
		return 0;
	case TRANSCRIPT_EPOCH:
	case TRANSCRIPT_PERSON:
		transcript_name(&c->named, &t->l);
		return 0;
	case TRANSCRIPT_FROM:
		return start(c, &t->l.at);
	case TRANSCRIPT_ENTRY:
		return on_entry(c, t);
	case TRANSCRIPT_END:
		return on_end(c, &t->l);
	case TRANSCRIPT_DEVICE:
		return check_device(c, &t->l);
	case TRANSCRIPT_DIRECT:
		return check_direct(c, t);
	}
	return ERR_JSON;
}

static int in_order(struct check *c, struct item *t)
{
	char why[128];
	int r;

	if (t->err == ERR_NOMEM || t->err == ERR_CRYPTO)
		return t->err;
	if (t->err != 0) {
		snprintf(why, sizeof(why),
		    "it is not a line of a transcript (%s)", err_str(t->err));
		return check_wrong(c, why);
	}
	if (c->first_of_file && t->l.type != TRANSCRIPT_HEAD)
		return check_wrong(c, "the file does not begin with a head");
	if (c->facts.ended && t->l.type != TRANSCRIPT_HEAD)
		return check_wrong(c, "it follows the end");
	if (t->l.type == TRANSCRIPT_HEAD && (r = on_head(c, &t->l)) != 0)
		return r;
	c->first_of_file = false;
	r = hashline_check(c->o.crypto, c->hash, t->line->p, t->line->n);
	if (r == ERR_NOMEM || r == ERR_CRYPTO)
		return r;
	if (r != 0)
		return check_wrong(c,
		    "its hash is not that of this line and the one before: "
		    "something was changed, taken out, put in or moved here");
	return by_type(c, t);
}

/* --- what needs no order ---------------------------------------------------- */

static void decode(void *arg, struct crypto *crypto, size_t i)
{
	struct check *c = arg;
	struct item *t = &c->item[i];

	t->err = transcript_get(&t->l, &t->body, t->line->p, t->line->n);
	if (t->err != 0 || t->l.type != TRANSCRIPT_ENTRY)
		return;
	if (t->l.opened)
		t->err = crypto_hash1(crypto, t->digest,
		    t->body.p + WIRE_OFFSET, t->body.len - WIRE_OFFSET);
	else
		memcpy(t->digest, t->l.digest, WIRE_HASH);
}

static void open_frame(void *arg, struct crypto *crypto, size_t i)
{
	struct check *c = arg;
	struct item *t = &c->item[i];
	const struct group_place place = {.server = c->facts.server,
	    .session = t->session,
	    .log = c->facts.head.log,
	    .room = c->facts.head.room};
	const struct group_sender from = {
	    t->head.sender, t->who.name, t->who.identity, t->who.card};
	struct group_epoch epoch = {
	    .room = t->head.room, .epoch = t->head.epoch};
	const struct group_context g = {.place = &place,
	    .epoch = &epoch,
	    .roster = t->epoch.roster,
	    .from = &from};

	if (t->l.type == TRANSCRIPT_DIRECT)
		check_direct_open(c, crypto, t);
	if (t->l.type != TRANSCRIPT_ENTRY || !t->l.opened)
		return;
	memcpy(epoch.commit, t->epoch.commit, WIRE_HASH);
	buf_clear(&t->plain);
	t->err = group_open_with(
	    crypto, &t->plain, &g, t->l.key, t->body.p, t->body.len);
	/* A content that is none is its author's. */
	if (t->err == 0 && content_decode(&t->content, t->head.sender == 0,
			       t->plain.p, t->plain.len) != 0)
		memset(&t->content, 0, sizeof(t->content));
}

/* --- what is proved --------------------------------------------------------- */

static int proved(struct check *c, struct item *t)
{
	const bool direct = t->l.type == TRANSCRIPT_DIRECT;

	if (!direct && (t->l.type != TRANSCRIPT_ENTRY || !t->l.opened))
		return 0;
	if (t->err == ERR_NOMEM || t->err == ERR_CRYPTO)
		return t->err;
	if (t->err == ERR_OPEN)
		return check_wrong(c, "its frame does not open with its key");
	if (t->err != 0)
		return check_wrong(c,
		    direct ? "its signature is not that of its sender, on this "
			     "server and for this key"
			   : "its signature is not that of its sender in this "
			     "room, run and epoch");
	if (direct)
		return check_direct_count(c, t);
	check_count(c, t);
	return 0;
}

/* --- a file ---------------------------------------------------------------- */

/* n lines. *done: so many were right. */
static int batch(
    struct check *c, const struct line *line, size_t n, size_t *done)
{
	size_t i, good;
	int r = 0, err = 0;

	for (i = 0; i < n; i++)
		c->item[i].line = &line[i];
	pool_each(c->o.pool, n, decode, c);
	for (good = 0; good < n; good++)
		if ((r = in_order(c, &c->item[good])) != 0)
			break;
	if (r != 0 && !c->facts.wrong)
		return r;
	pool_each(c->o.pool, good, open_frame, c);
	for (*done = good, i = 0; i < good; i++) {
		if (err == 0 && (err = proved(c, &c->item[i])) != 0)
			*done = i;
		content_free(&c->item[i].content);
	}
	return err != 0 && !c->facts.wrong ? err : 0;
}

static void at_end(struct check *c, bool unfinished)
{
	if (c->facts.wrong)
		return;
	if (c->first_of_file)
		(void)check_wrong(c, "the file is empty");
	else if (c->facts.cut && !unfinished)
		(void)check_wrong(c,
		    "the last line is cut off: its writer was killed, or "
		    "something was taken off (--unfinished accepts it)");
	else if (!c->facts.ended && !unfinished)
		(void)check_wrong(c,
		    "the file does not end in order: its writer still writes "
		    "or "
		    "was killed, or lines were taken off (--unfinished accepts "
		    "it)");
}

int check_file(struct check *c, int fd, unsigned index, bool unfinished)
{
	struct linefile *in = linefile_new(fd);
	const struct line *line;
	uint64_t before = 0;
	size_t n, done;
	int r = in != NULL ? 0 : ERR_NOMEM;

	c->first_of_file = true;
	c->facts.cut = false;
	c->facts.files++;
	while (r == 0 && !c->facts.wrong) {
		r = linefile_next(in, &line, &n, &c->facts.cut);
		if (r == ERR_LIMIT) {
			r = 0;
			(void)check_wrong(c, "it is longer than a line may be");
		}
		if (r != 0 || n == 0)
			break;
		r = batch(c, line, n, &done);
		before += done;
		c->facts.lines += done;
		if (c->o.progress != NULL)
			c->o.progress(c->o.arg, linefile_read(in));
	}
	if (r == 0)
		at_end(c, unfinished);
	if (c->facts.wrong) {
		c->facts.wrong_file = index;
		c->facts.wrong_line = before + 1;
	}
	linefile_free(in);
	return r;
}
