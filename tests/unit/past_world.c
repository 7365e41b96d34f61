/* A batch of a room's history as an honest server sends it, and the client that
 * reads it. */
#include "tests/unit/past_world.h"

static enum trust any_trust(void *arg, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t fp[WIRE_HASH])
{
	(void)arg;
	(void)server;
	(void)fp;
	return strcmp(name, "ben") == 0 ? TRUST_VERIFIED : TRUST_NEW;
}

static const uint8_t *on_known(void *arg, uint64_t offset)
{
	struct batch_world *w = arg;

	return offset == w->known.offset ? w->known.chain : NULL;
}

static int on_entry(void *arg, const struct past_entry *e)
{
	struct batch_world *w = arg;
	struct seen *s = &w->seen[w->n_seen++];

	assert_true(w->n_seen <= 2 * N);
	s->offset = e->head.offset;
	s->seq = e->head.seq;
	s->missing = e->missing;
	if (e->reason != NULL)
		strcpy(s->reason, e->reason);
	if (e->person != NULL) {
		strcpy(s->who, e->person->name);
		s->self = e->person->self;
		if (strcmp(s->who, "ben") == 0)
			assert_int_equal(e->person->trust, TRUST_VERIFIED);
	}
	assert_true((e->content == NULL) == (e->reason != NULL));
	if (e->content != NULL && e->content->type == CONTENT_MESSAGE)
		memcpy(s->text, e->content->u.said.text,
		    e->content->u.said.text_len);
	return w->answer;
}

static void make_person(
    struct batch_world *w, size_t i, uint32_t member, const char *name)
{
	struct user *u = &w->user[i];

	u->member = member;
	strcpy(u->name, name);
	memcpy(u->identity, identity_public(w->g->id[i]), WIRE_ED25519);
	memset(u->card, (int)(0x50 + i), WIRE_HASH);
}

void past_world_seal(struct batch_world *w, size_t at, size_t run, size_t who,
    uint64_t seq, const char *json)
{
	static const uint8_t no_card[WIRE_HASH];
	struct group_place place = w->g->place;
	struct group_sender from = {0, "", NULL, no_card};
	struct group_context c = {.place = &place,
	    .epoch = &w->epoch[run],
	    .roster = w->g->roster,
	    .from = &from,
	    .signer = w->g->id[who]};
	struct buf b;

	place.session = w->session[run];
	from.identity = identity_public(w->g->id[who]);
	if (who != SERVER)
		from = (struct group_sender){w->user[who].member,
		    w->user[who].name, w->user[who].identity,
		    w->user[who].card};
	buf_init(&b, BODY);
	assert_int_equal(
	    group_seal(w->g->c, &b, &c, seq, json, strlen(json)), 0);
	group_set_offset(b.p, FIRST + at);
	log_batch_entry_head(w->e[at].bytes, (uint16_t)run);
	memcpy(w->e[at].bytes + LOG_BATCH_HEAD, b.p, b.len);
	w->e[at].n = LOG_BATCH_HEAD + b.len;
	buf_free(&b);
}

void past_world_say(struct batch_world *w, size_t at, size_t run, size_t who,
    uint64_t seq, const char *text)
{
	char json[256];

	snprintf(json, sizeof(json),
	    "{\"type\":\"message\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAA==\","
	    "\"ts\":17,\"text\":\"%s\"}",
	    text);
	past_world_seal(w, at, run, who, seq, json);
}

static void put_mark(struct batch_world *w, size_t at)
{
	const struct log_mark m = {
	    .offset = FIRST + at, .room = ROOM, .digest = {9}};

	log_batch_entry_head(w->e[at].bytes, LOG_BATCH_MARK);
	log_mark_encode(w->e[at].bytes + LOG_BATCH_HEAD, &m);
	w->e[at].n = LOG_BATCH_HEAD + WIRE_MARK;
}

void past_world_number(struct batch_world *w)
{
	struct log_head head = w->head;
	struct log_batch_entry e;
	uint8_t d[WIRE_HASH];
	size_t i;

	for (i = 0; i < N; i++) {
		assert_int_equal(
		    log_batch_entry_decode(&e, w->e[i].bytes, w->e[i].n), 0);
		if (e.is_mark)
			memcpy(d, e.mark.digest, sizeof(d));
		else
			assert_int_equal(
			    crypto_hash1(w->g->c, d, e.body + WIRE_OFFSET,
				e.n - WIRE_OFFSET),
			    0);
		assert_int_equal(log_head_add(w->g->c, &head, d), 0);
		w->at[i] = head;
	}
}

const char past_world_notice[] =
    "{\"type\":\"system\",\"event\":\"later\",\"epoch\":9,\"ts\":17,"
    "\"commit\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
    "\"roster\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}";

static void make_entries(struct batch_world *w)
{
	past_world_seal(w, 0, 0, SERVER, 6, past_world_notice);
	past_world_say(w, 1, 0, ALICE, 1, "one");
	past_world_say(w, 2, 0, BOB, 1, "two");
	past_world_say(w, 3, 0, ALICE, 2, "three");
	past_world_seal(w, 4, 1, SERVER, 1, past_world_notice);
	past_world_say(w, 5, 1, BOB, 1, "four");
	put_mark(w, 6);
	past_world_say(w, 7, 1, BOB, 3, "five");
	past_world_number(w);
}

int past_world_new(void **state)
{
	struct batch_world *w = calloc(1, sizeof(*w));
	void *group = NULL;
	size_t i;

	assert_non_null(w);
	assert_int_equal(group_world_new(&group), 0);
	w->g = group;
	w->parties.crypto = w->g->c;
	memcpy(w->parties.server_key, identity_public(w->g->id[SERVER]),
	    WIRE_ED25519);
	memcpy(w->parties.server, w->g->server, WIRE_HASH);
	w->parties.people.meet = any_trust;
	make_person(w, ALICE, ANNA, "anna");
	make_person(w, BOB, BEN, "ben");
	memcpy(w->parties.self.identity, w->user[ALICE].identity, WIRE_ED25519);
	strcpy(w->parties.self.name, "anna");
	for (i = 0; i < RUNS; i++) {
		memset(w->secret[i], (int)(0x31 + i), WIRE_KEY);
		memset(w->session[i], (int)(0x61 + i), WIRE_NONCE);
		assert_int_equal(group_epoch_make(w->g->c, &w->epoch[i], ROOM,
				     (uint32_t)(EPOCH + i), w->secret[i]),
		    0);
	}
	w->head.offset = FIRST - 1;
	memset(w->head.chain, 0x77, WIRE_HASH);
	make_entries(w);
	w->past = past_new(&(struct past_opts){.parties = &w->parties,
	    .place = &w->g->place,
	    .known = on_known,
	    .entry = on_entry,
	    .arg = w});
	assert_non_null(w->past);
	*state = w;
	return 0;
}

static void keep_for_later(void *arg,
    void (*fn)(struct crypto *c, void *item), void *items, size_t size, size_t n)
{
	struct batch_world *w = arg;

	assert_null(w->later.items);
	w->later.fn = fn;
	w->later.items = items;
	w->later.size = size;
	w->later.n = n;
}

/* As late as can be, and backwards: the order of the calls must not matter. */
static void run_backwards(void *arg)
{
	struct batch_world *w = arg;
	size_t i;

	assert_non_null(w->later.items);
	if (w->n_opened < sizeof(w->opened) / sizeof(w->opened[0]))
		w->opened[w->n_opened] = w->later.n;
	w->n_opened++;
	for (i = w->later.n; i-- > 0;)
		w->later.fn(w->other, w->later.items + i * w->later.size);
	w->later.items = NULL;
}

int past_world_together(void **state)
{
	struct batch_world *w;
	int r = past_world_new(state);

	if (r != 0)
		return r;
	w = *state;
	assert_non_null(w->other = crypto_new());
	w->parties.parallel = (struct parallel_ops){keep_for_later, run_backwards, w};
	return 0;
}

int past_world_free(void **state)
{
	struct batch_world *w = *state;
	void *group = w->g;

	past_free(w->past);
	crypto_free(w->other);
	group_world_free(&group);
	free(w);
	return 0;
}

void past_world_head(struct batch_world *w, struct log_batch *h)
{
	struct log_batch_run *run;
	size_t i;

	*h = (struct log_batch){.number = 1,
	    .room = ROOM,
	    .first = FIRST,
	    .last = FIRST + N - 1,
	    .oldest = 3,
	    .n_runs = RUNS};
	memcpy(h->chain, w->head.chain, WIRE_HASH);
	h->run = calloc(RUNS, sizeof(h->run[0]));
	assert_non_null(h->run);
	for (i = 0; i < RUNS; i++) {
		run = &h->run[i];
		memcpy(run->session, w->session[i], WIRE_NONCE);
		run->epoch = calloc(1, sizeof(run->epoch[0]));
		run->user = calloc(2, sizeof(run->user[0]));
		assert_true(run->epoch != NULL && run->user != NULL);
		run->n_epochs = 1;
		run->n_users = 2;
		run->epoch[0].epoch = w->epoch[i].epoch;
		memcpy(run->epoch[0].base, w->epoch[i].base, WIRE_KEY);
		memcpy(run->epoch[0].roster, w->g->roster, WIRE_HASH);
		run->user[0] = w->user[0];
		run->user[1] = w->user[1];
	}
}

void past_world_ask(struct batch_world *w)
{
	const struct past_range r = {FIRST - 1, false, N};

	assert_int_equal(past_ask(w->past, ROOM, &r), 0);
}

int past_world_give_head(struct batch_world *w, struct log_batch *h)
{
	int r = past_head(w->past, h);

	log_batch_free(h);
	return r;
}

int past_world_give(struct batch_world *w, struct log_batch *h)
{
	struct past_got got;
	uint64_t n = h->first == 0 ? 0 : h->last - h->first + 1;
	size_t i;
	int late, r = past_world_give_head(w, h);

	for (i = 0; r == 0 && i < n; i++)
		r = past_entry(w->past, w->e[i].bytes, w->e[i].n);
	/* What came before an error is passed on. */
	late = past_flush(w->past);
	if (r == 0)
		r = late;
	return r != 0 ? r : past_end(w->past, true, &got);
}

int past_world_read(struct batch_world *w)
{
	struct log_batch h;

	past_world_ask(w);
	past_world_head(w, &h);
	return past_world_give(w, &h);
}
