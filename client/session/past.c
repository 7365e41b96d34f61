/* Opens and checks batches of a room's history. */
#include "client/session/past.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

/* A person of a run. */
struct past_person {
	struct person person;
	uint64_t seq; /* of their last entry in this batch; 0: none yet */
	bool mark;    /* entries were not given since */
};
struct past_run {
	uint8_t session[WIRE_NONCE];
	struct group_epoch *epoch;    /* owned, secret; ascending */
	uint8_t (*roster)[WIRE_HASH]; /* owned; of each epoch */
	struct past_person *person;   /* owned; ascending by member */
	size_t n_epochs, n_people;
	uint64_t seq; /* of the server's last notice */
	bool mark;
};

/* An entry whose place in the log has been checked. The one who opens it writes to
 * what is below `body` only. */
struct past_job {
	const struct past *past; /* borrowed, like the next four */
	struct past_run *run;	 /* NULL: a mark */
	struct past_person *who; /* NULL: the server */
	const struct group_epoch *epoch;
	const uint8_t *roster;
	struct group_head head;
	struct log_head at; /* the log up to it */
	uint8_t before[WIRE_HASH]; /* the chain before it */
	uint8_t digest[WIRE_HASH];
	uint8_t *body;	    /* owned */
	size_t n;
	struct seals_used used; /* of a member's frame that opened */
	int opened, decoded;	/* 0 or why not */
	struct content content; /* decoded */
};

/* Entries that are opened together. */
struct past_lot {
	struct past_job *job; /* owned, PAST_TOGETHER; NULL: none yet */
	size_t n;
};

struct past {
	struct past_opts o;
	enum { PAST_IDLE, PAST_ASKED, PAST_ENTRIES } state;
	uint32_t room;
	struct past_range range;
	struct past_got got;
	struct log_head
	    at; /* the newest entry that was taken, or the one before
				 the first */
	struct trail *trail; /* owned */
	struct past_run *run; /* owned */
	size_t n_runs;
	struct past_lot waiting;
	struct past_lot opening; /* the threads', from begin to finish */
	struct seals_keys *keys; /* owned, secret; theirs as well */
};

struct past *past_new(const struct past_opts *o)
{
	struct past *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->o = *o;
	p->keys = secret_alloc(sizeof(*p->keys));
	p->trail = trail_new();
	if (p->keys != NULL && p->trail != NULL)
		return p;
	past_free(p);
	return NULL;
}

static void runs_free(struct past *p)
{
	struct past_run *run;
	size_t i;

	for (i = 0; i < p->n_runs; i++) {
		run = &p->run[i];
		if (run->epoch != NULL)
			secret_wipe(
			    run->epoch, run->n_epochs * sizeof(run->epoch[0]));
		free(run->epoch);
		free(run->roster);
		free(run->person);
	}
	free(p->run);
	p->run = NULL;
	p->n_runs = 0;
}

static void lot_empty(struct past_lot *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		content_free(&l->job[i].content);
		group_epoch_wipe(&l->job[i].used.epoch);
		free(l->job[i].body);
	}
	l->n = 0;
}

static void finish(struct past *p);

void past_clear(struct past *p)
{
	finish(p);
	lot_empty(&p->opening);
	lot_empty(&p->waiting);
	runs_free(p);
	p->state = PAST_IDLE;
	memset(&p->got, 0, sizeof(p->got));
}

void past_free(struct past *p)
{
	if (p == NULL)
		return;
	past_clear(p);
	free(p->opening.job);
	free(p->waiting.job);
	trail_free(p->trail);
	secret_free(p->keys, sizeof(*p->keys));
	free(p);
}

int past_ask(struct past *p, uint32_t room, const struct past_range *range)
{
	if (p->state != PAST_IDLE)
		return ERR_STATE;
	p->state = PAST_ASKED;
	p->room = room;
	p->range = *range;
	return 0;
}

bool past_waits(const struct past *p)
{
	return p->state != PAST_IDLE;
}

/* --- the head ------------------------------------------------------------- */

static int take_epochs(
    struct past *p, struct past_run *run, const struct log_batch_run *from)
{
	size_t i;
	int r = 0;

	run->epoch = calloc(from->n_epochs + 1, sizeof(run->epoch[0]));
	run->roster = calloc(from->n_epochs + 1, sizeof(run->roster[0]));
	if (run->epoch == NULL || run->roster == NULL)
		return ERR_NOMEM;
	run->n_epochs = from->n_epochs;
	for (i = 0; r == 0 && i < from->n_epochs; i++) {
		memcpy(run->roster[i], from->epoch[i].roster, WIRE_HASH);
		r = group_epoch_of_base(p->o.parties->crypto, &run->epoch[i],
		    p->room, from->epoch[i].epoch, from->epoch[i].base);
	}
	return r;
}

static int take_people(
    struct past *p, struct past_run *run, const struct log_batch_run *from)
{
	const struct parties *parties = p->o.parties;
	struct person *who;
	size_t i;
	int r = 0;

	run->person = calloc(from->n_users + 1, sizeof(run->person[0]));
	if (run->person == NULL)
		return ERR_NOMEM;
	run->n_people = from->n_users;
	for (i = 0; r == 0 && i < from->n_users; i++) {
		who = &run->person[i].person;
		r = parties_person(who, parties, &from->user[i], 0);
		who->self = memcmp(who->identity, parties->self.identity,
				WIRE_ED25519) == 0;
	}
	return r;
}

static int take_runs(struct past *p, const struct log_batch *h)
{
	size_t i;
	int r = 0;

	if (h->n_runs == 0)
		return 0;
	if ((p->run = calloc(h->n_runs, sizeof(p->run[0]))) == NULL)
		return ERR_NOMEM;
	p->n_runs = h->n_runs;
	for (i = 0; r == 0 && i < h->n_runs; i++) {
		memcpy(p->run[i].session, h->run[i].session, WIRE_NONCE);
		if ((r = take_epochs(p, &p->run[i], &h->run[i])) == 0)
			r = take_people(p, &p->run[i], &h->run[i]);
	}
	return r;
}

/* Whether a batch is what was asked for. What is no longer kept may be missing
 * at the front. What was asked for with `before` ends just before it: a batch that
 * would be too long begins later, but leaves nothing out. */
static bool as_asked(const struct past *p, const struct log_batch *h)
{
	const struct past_range *range = &p->range;

	if (h->room != p->room)
		return false;
	if (h->first == 0)
		return !range->before || h->oldest == 0 ||
		       h->oldest >= range->offset;
	if (h->last - h->first >= range->count)
		return false;
	if (range->before)
		return range->offset - h->last == 1;
	return h->first > range->offset &&
	       (h->first == range->offset + 1 || h->first == h->oldest);
}

/* Compares with what is known of the log. */
static int compare(const struct past *p)
{
	const uint8_t *known = p->o.known(p->o.arg, p->at.offset);

	return known == NULL || memcmp(known, p->at.chain, WIRE_HASH) == 0
		   ? 0
		   : ERR_LOG;
}

int past_head(struct past *p, const struct log_batch *h)
{
	int r;

	if (p->state != PAST_ASKED)
		return ERR_STATE;
	if (!as_asked(p, h))
		return ERR_RANGE;
	if ((r = past_flush(p)) != 0)
		return r;
	p->got = (struct past_got){h->first, h->last, h->oldest};
	p->state = PAST_ENTRIES;
	p->at.offset = 0;
	if (h->first == 0)
		return 0;
	p->at.offset = h->first - 1;
	memcpy(p->at.chain, h->chain, WIRE_HASH);
	trail_add(p->trail, &p->at);
	if ((r = compare(p)) != 0)
		return r;
	return take_runs(p, h);
}

/* --- entries -------------------------------------------------------------- */

static const struct group_epoch *find_epoch(
    const struct past_run *run, uint32_t epoch, const uint8_t **roster)
{
	size_t i;

	for (i = 0; i < run->n_epochs; i++)
		if (run->epoch[i].epoch == epoch) {
			*roster = run->roster[i];
			return &run->epoch[i];
		}
	return NULL;
}

static struct past_person *find_person(
    const struct past_run *run, uint32_t member)
{
	size_t i;

	for (i = 0; i < run->n_people; i++)
		if (run->person[i].person.member == member)
			return &run->person[i];
	return NULL;
}

/* Takes the number of a sender's entry. False: it is not a later one. */
static bool in_order(
    uint64_t *last, bool *mark, uint64_t seq, uint64_t *missing)
{
	if (seq <= *last)
		return false;
	*missing = *last != 0 && !*mark ? seq - *last - 1 : 0;
	*last = seq;
	*mark = false;
	return true;
}

/* Where the frame belongs. */
static struct past_proof proof_of(const struct past_job *j)
{
	static const uint8_t no_card[WIRE_HASH];
	const struct past_opts *o = &j->past->o;
	const struct person *who = j->who == NULL ? NULL : &j->who->person;
	struct past_proof x = {.place = *o->place,
	    .from = {0, "", o->parties->server_key, no_card},
	    .epoch = j->epoch,
	    .roster = j->roster,
	    .body = j->body,
	    .n = j->n};

	x.place.session = j->run->session;
	if (who != NULL)
		x.from = (struct group_sender){
		    who->member, who->name, who->identity, who->card};
	return x;
}

/* Opens the frame, checks its signature and decodes it: in any thread. */
static void open_job(struct crypto *c, void *item)
{
	struct past_job *j = item;
	struct past_proof x;
	struct group_context g;
	struct buf plain;

	if (j->run == NULL)
		return;
	x = proof_of(j);
	g = (struct group_context){.place = &x.place,
	    .from = &x.from,
	    .epoch = x.epoch,
	    .roster = x.roster};
	buf_init_secret(&plain, GROUP_OPEN_MAX);
	if (j->who == NULL)
		j->opened = group_open(c, &plain, &g, j->body, j->n);
	else
		j->opened = seals_open(
		    j->past->keys, c, &plain, &g, &j->used, j->body, j->n);
	if (j->opened == 0)
		j->decoded = content_decode(
		    &j->content, j->who == NULL, plain.p, plain.len);
	buf_free(&plain);
}

static int dropped(struct past *p, struct past_entry *out, const char *reason)
{
	out->reason = reason;
	return p->o.entry(p->o.arg, out);
}

/* It is its sender's, whatever it says. */
static int proved(
    struct past *p, struct past_entry *out, const struct past_job *j)
{
	struct past_proof x = proof_of(j);

	if (j->who != NULL)
		x.epoch = &j->used.epoch;
	out->seal = j->used.number;
	out->proof = &x;
	if (j->decoded != 0)
		return dropped(p, out, "not a message");
	out->content = &j->content;
	return p->o.entry(p->o.arg, out);
}

/* Any fault in a notice is the server's. */
static int server_frame(
    struct past *p, struct past_entry *out, const struct past_job *j)
{
	if (j->opened != 0)
		return j->opened;
	if (!in_order(
		&j->run->seq, &j->run->mark, out->head.seq, &out->missing))
		return ERR_REPLAYED;
	if (out->missing != 0)
		return ERR_GAP;
	if (j->decoded != 0)
		return j->decoded;
	return proved(p, out, j);
}

/* A member's fault concerns its frame only. */
static int member_frame(
    struct past *p, struct past_entry *out, const struct past_job *j)
{
	struct past_person *who = j->who;

	out->person = &who->person;
	if (j->opened == ERR_OPEN || j->opened == ERR_SIGNATURE)
		return dropped(p, out,
		    j->opened == ERR_SIGNATURE ? "signature" : "does not open");
	if (j->opened != 0)
		return j->opened;
	if (!in_order(&who->seq, &who->mark, out->head.seq, &out->missing))
		return dropped(p, out, "replayed");
	if (j->decoded != 0 && !err_is_peer(j->decoded))
		return j->decoded;
	return proved(p, out, j);
}

/* Somebody's entry is missing: nobody's numbers are known to go on. */
static int mark(struct past *p, struct past_entry *out)
{
	size_t i, k;

	for (i = 0; i < p->n_runs; i++) {
		p->run[i].mark = true;
		for (k = 0; k < p->run[i].n_people; k++)
			p->run[i].person[k].mark = true;
	}
	return dropped(p, out, "mark");
}

static int pass_on(struct past *p, const struct past_job *j)
{
	struct past_entry out = {.head = j->head,
	    .at = &j->at,
	    .before = j->before,
	    .trail = p->trail,
	    .digest = j->digest};

	if (j->run == NULL)
		return mark(p, &out);
	return j->who == NULL ? server_frame(p, &out, j)
			      : member_frame(p, &out, j);
}

/* Hands what is to be opened to the threads, if there are any. */
static void begin(struct past *p)
{
	const struct parallel_ops *ops = &p->o.parties->parallel;
	struct past_lot *l = &p->opening;

	/* A secret may be given while they work. */
	seals_keys(p->o.seals, p->keys);
	if (ops->begin != NULL && l->n > 0)
		ops->begin(ops->arg, open_job, l->job, sizeof(l->job[0]), l->n);
}

/* Waits until it is open. */
static void finish(struct past *p)
{
	const struct parallel_ops *ops = &p->o.parties->parallel;
	struct past_lot *l = &p->opening;
	size_t i;

	if (ops->begin != NULL && l->n > 0)
		ops->finish(ops->arg);
	else
		for (i = 0; i < l->n; i++)
			open_job(p->o.parties->crypto, &l->job[i]);
}

/* Passes on what was to be opened, while the threads open what waits. */
static int advance(struct past *p)
{
	struct past_lot open;
	size_t i;
	int r = 0;

	finish(p);
	open = p->opening;
	p->opening = p->waiting;
	p->waiting = (struct past_lot){.job = open.job};
	begin(p);
	for (i = 0; r == 0 && i < open.n; i++)
		r = pass_on(p, &open.job[i]);
	lot_empty(&open);
	return r;
}

int past_flush(struct past *p)
{
	int r = 0;

	while (r == 0 && (p->opening.n > 0 || p->waiting.n > 0))
		r = advance(p);
	if (r == 0 && p->state != PAST_ENTRIES)
		runs_free(p);
	return r;
}

/* Where the entry says that it belongs. */
static int place_of(
    const struct past *p, const struct log_batch_entry *e, struct group_head *h)
{
	int r;

	if (e->is_mark) {
		h->offset = e->mark.offset;
		h->room = e->mark.room;
	} else if (e->run >= p->n_runs) {
		return ERR_RANGE;
	} else if ((r = group_head_decode(h, e->body, e->n)) != 0) {
		return r;
	}
	if (h->offset - p->at.offset != 1)
		return ERR_GAP;
	return h->room == p->room ? 0 : ERR_ROOM;
}

/* The chain goes on, and must agree with what is known. */
static int chain(
    struct past *p, struct past_job *j, const struct log_batch_entry *e)
{
	struct crypto *c = p->o.parties->crypto;
	int r = 0;

	memcpy(j->before, p->at.chain, WIRE_HASH);
	if (e->is_mark)
		memcpy(j->digest, e->mark.digest, WIRE_HASH);
	else
		r = crypto_hash1(
		    c, j->digest, e->body + WIRE_OFFSET, e->n - WIRE_OFFSET);
	if (r != 0 || (r = log_head_add(c, &p->at, j->digest)) != 0)
		return r;
	trail_add(p->trail, &p->at);
	return compare(p);
}

/* Whose entry it is, and what opens it. */
static int find_keys(
    struct past *p, struct past_job *j, const struct log_batch_entry *e)
{
	if (e->is_mark)
		return 0;
	j->run = &p->run[e->run];
	if (j->head.sender != 0 &&
	    (j->who = find_person(j->run, j->head.sender)) == NULL)
		return ERR_MEMBER;
	j->epoch = find_epoch(j->run, j->head.epoch, &j->roster);
	if (j->epoch == NULL)
		return ERR_EPOCH;
	if ((j->body = malloc(e->n)) == NULL)
		return ERR_NOMEM;
	memcpy(j->body, e->body, e->n);
	j->n = e->n;
	return 0;
}

int past_entry(struct past *p, const uint8_t *body, size_t n)
{
	struct past_lot *l = &p->waiting;
	struct past_job job = {.past = p};
	struct log_batch_entry e;
	int r;

	if (p->state != PAST_ENTRIES || p->at.offset >= p->got.last)
		return ERR_STATE;
	if (l->job == NULL &&
	    (l->job = calloc(PAST_TOGETHER, sizeof(l->job[0]))) == NULL)
		return ERR_NOMEM;
	if ((r = log_batch_entry_decode(&e, body, n)) != 0 ||
	    (r = place_of(p, &e, &job.head)) != 0 ||
	    (r = chain(p, &job, &e)) != 0 ||
	    (r = find_keys(p, &job, &e)) != 0)
		return r;
	job.at = p->at;
	l->job[l->n++] = job;
	if (p->o.parties->parallel.begin == NULL)
		return past_flush(p);
	return l->n >= PAST_TOGETHER ? advance(p) : 0;
}

int past_end(struct past *p, bool done, struct past_got *got)
{
	memset(got, 0, sizeof(*got));
	if (p->state == PAST_IDLE)
		return ERR_STATE;
	if (!done && p->state == PAST_ENTRIES)
		return ERR_STATE;
	if (done && (p->state != PAST_ENTRIES ||
			(p->got.first != 0 && p->at.offset != p->got.last)))
		return ERR_STATE;
	*got = p->got;
	memset(&p->got, 0, sizeof(p->got));
	p->state = PAST_IDLE;
	if (p->opening.n == 0 && p->waiting.n == 0)
		runs_free(p);
	return 0;
}
