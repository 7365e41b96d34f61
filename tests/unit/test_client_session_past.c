/* Batches of a room's history at the client: what is shown of an honest one, and
 * what it finds in every sort of false one. Two runs of a server, two members
 * and notices. */
#include "client/session/past.h"
#include "shared/crypto/library.h"
#include "tests/unit/check.h"
#include "tests/unit/group_world.h"

enum { RUNS = 2, FIRST = 41, N = 8, BODY = 4096, BEN = 5, ANNA = 2 };

struct entry {
	uint8_t bytes[BODY];
	size_t n;
};
struct seen {
	uint64_t offset, seq, missing;
	char who[WIRE_NAME_MAX + 1], text[64], reason[32];
	bool self;
};
struct batch_world {
	struct group_world *g;
	struct parties parties;
	struct user user[2];
	uint8_t secret[RUNS][WIRE_KEY], session[RUNS][WIRE_NONCE];
	struct group_epoch epoch[RUNS];
	struct log_head head;  /* before the first */
	struct log_head at[N]; /* after each */
	struct entry e[N];
	struct past *past;
	/* what the client knows: */
	struct log_head known;
	/* what it was told: */
	struct seen seen[2 * N];
	size_t n_seen;
	int answer; /* of the callback */
};

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

/* Seals an entry of a run with its offset; who: index into user, or SERVER. */
static void seal(struct batch_world *w, size_t at, size_t run, size_t who,
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

static void say(struct batch_world *w, size_t at, size_t run, size_t who,
    uint64_t seq, const char *text)
{
	char json[256];

	snprintf(json, sizeof(json),
	    "{\"type\":\"message\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAA==\","
	    "\"ts\":17,\"text\":\"%s\"}",
	    text);
	seal(w, at, run, who, seq, json);
}

static void put_mark(struct batch_world *w, size_t at)
{
	const struct log_mark m = {
	    .offset = FIRST + at, .room = ROOM, .digest = {9}};

	log_batch_entry_head(w->e[at].bytes, LOG_BATCH_MARK);
	log_mark_encode(w->e[at].bytes + LOG_BATCH_HEAD, &m);
	w->e[at].n = LOG_BATCH_HEAD + WIRE_MARK;
}

/* The chain over the entries as they are now. */
static void number(struct batch_world *w)
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

static const char notice[] =
    "{\"type\":\"system\",\"event\":\"later\",\"epoch\":9,\"ts\":17,"
    "\"commit\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
    "\"roster\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}";

/* 0 notice, 1 anna 1, 2 ben 1, 3 anna 2 | second run: 4 notice, 5 ben 1,
 * 6 mark, 7 ben 3 */
static void make_entries(struct batch_world *w)
{
	seal(w, 0, 0, SERVER, 6, notice);
	say(w, 1, 0, ALICE, 1, "one");
	say(w, 2, 0, BOB, 1, "two");
	say(w, 3, 0, ALICE, 2, "three");
	seal(w, 4, 1, SERVER, 1, notice);
	say(w, 5, 1, BOB, 1, "four");
	put_mark(w, 6);
	say(w, 7, 1, BOB, 3, "five");
	number(w);
}

static int make_world(void **state)
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
				     (uint32_t)(EPOCH + i), w->secret[i], NULL),
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

static int free_world(void **state)
{
	struct batch_world *w = *state;
	void *group = w->g;

	past_free(w->past);
	group_world_free(&group);
	free(w);
	return 0;
}

/* The head of an honest batch. */
static void make_head(struct batch_world *w, struct log_batch *h)
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

static void ask(struct batch_world *w)
{
	const struct past_range r = {FIRST - 1, false, N};

	assert_int_equal(past_ask(w->past, ROOM, &r), 0);
}

/* Gives a head away. */
static int head(struct batch_world *w, struct log_batch *h)
{
	int r = past_head(w->past, h);

	log_batch_free(h);
	return r;
}

/* The first error of a batch with this head, which is given away. */
static int take(struct batch_world *w, struct log_batch *h)
{
	struct past_got got;
	uint64_t n = h->first == 0 ? 0 : h->last - h->first + 1;
	size_t i;
	int r = head(w, h);

	for (i = 0; r == 0 && i < n; i++)
		r = past_entry(w->past, w->e[i].bytes, w->e[i].n);
	return r != 0 ? r : past_end(w->past, true, &got);
}

static int taken(struct batch_world *w)
{
	struct log_batch h;

	ask(w);
	make_head(w, &h);
	return take(w, &h);
}

/* --- an honest one -------------------------------------------------------- */

static void test_honest(void **state)
{
	static const struct seen want[N] = {
	    {FIRST, 6, 0, "", "", "", false},
	    {FIRST + 1, 1, 0, "anna", "one", "", true},
	    {FIRST + 2, 1, 0, "ben", "two", "", false},
	    {FIRST + 3, 2, 0, "anna", "three", "", true},
	    {FIRST + 4, 1, 0, "", "", "", false},
	    {FIRST + 5, 1, 0, "ben", "four", "", false},
	    {FIRST + 6, 0, 0, "", "", "mark", false},
	    {FIRST + 7, 3, 0, "ben", "five", "", false},
	};
	struct batch_world *w = *state;
	size_t i;

	assert_false(past_waits(w->past));
	w->known = w->at[N - 1];
	assert_int_equal(taken(w), 0);
	assert_false(past_waits(w->past));
	assert_int_equal(w->n_seen, N);
	for (i = 0; i < N; i++) {
		assert_int_equal(w->seen[i].offset, want[i].offset);
		assert_int_equal(w->seen[i].seq, want[i].seq);
		assert_int_equal(w->seen[i].missing, 0);
		assert_string_equal(w->seen[i].who, want[i].who);
		assert_string_equal(w->seen[i].text, want[i].text);
		assert_string_equal(w->seen[i].reason, want[i].reason);
		assert_int_equal(w->seen[i].self, want[i].self);
	}
	/* And a second time. */
	assert_int_equal(taken(w), 0);
}

static void test_nothing(void **state)
{
	struct log_batch none = {.number = 1, .room = ROOM};
	struct batch_world *w = *state;
	struct past_got got;

	ask(w);
	assert_true(past_waits(w->past));
	assert_int_equal(head(w, &none), 0);
	assert_int_equal(
	    past_entry(w->past, w->e[0].bytes, w->e[0].n), ERR_STATE);
	assert_int_equal(past_end(w->past, true, &got), 0);
	assert_int_equal(got.first, 0);
	assert_int_equal(w->n_seen, 0);
	/* Refused: there is no head. */
	ask(w);
	assert_int_equal(past_end(w->past, true, &got), ERR_STATE);
	assert_int_equal(past_end(w->past, false, &got), 0);
	assert_int_equal(past_end(w->past, false, &got), ERR_STATE);
}

/* --- the order of its parts ----------------------------------------------- */

static void test_states(void **state)
{
	const struct past_range range = {3, false, 5};
	struct batch_world *w = *state;
	struct past_got got;
	struct log_batch h;

	make_head(w, &h);
	assert_int_equal(head(w, &h), ERR_STATE);
	assert_int_equal(
	    past_entry(w->past, w->e[0].bytes, w->e[0].n), ERR_STATE);
	ask(w);
	assert_int_equal(past_ask(w->past, ROOM, &range), ERR_STATE);
	assert_int_equal(
	    past_entry(w->past, w->e[0].bytes, w->e[0].n), ERR_STATE);
	make_head(w, &h);
	assert_int_equal(head(w, &h), 0);
	make_head(w, &h);
	assert_int_equal(head(w, &h), ERR_STATE);
	assert_int_equal(past_end(w->past, true, &got), ERR_STATE);
	assert_int_equal(past_end(w->past, false, &got), ERR_STATE);
	past_clear(w->past);
	assert_false(past_waits(w->past));
	assert_int_equal(taken(w), 0);
}

/* Other entries than those that were asked for. */
static void test_other_ranges(void **state)
{
	static const struct {
		struct past_range range;
		uint64_t first, oldest;
		int r;
	} all[] = {
	    {{FIRST - 1, false, N}, FIRST, 3, 0},
	    {{FIRST - 1, false, N - 1}, FIRST, 3, ERR_RANGE},
	    {{FIRST, false, N}, FIRST, 3, ERR_RANGE},
	    {{FIRST - 2, false, N}, FIRST, 3, ERR_RANGE},
	    {{FIRST - 2, false, N}, FIRST, FIRST, 0}, /* no longer kept */
	    {{FIRST + N, true, N}, FIRST, 3, 0},
	    {{FIRST + N - 1, true, N}, FIRST, 3, ERR_RANGE},
	    {{FIRST + N, true, N - 1}, FIRST, 3, ERR_RANGE},
	};
	struct batch_world *w = *state;
	struct log_batch h;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		past_clear(w->past);
		assert_int_equal(past_ask(w->past, ROOM, &all[i].range), 0);
		make_head(w, &h);
		h.first = all[i].first;
		h.oldest = all[i].oldest;
		assert_int_equal(head(w, &h), all[i].r);
	}
	past_clear(w->past);
	ask(w);
	make_head(w, &h);
	h.room++;
	assert_int_equal(head(w, &h), ERR_RANGE);
}

/* --- the chain ------------------------------------------------------------ */

/* Whatever the client knows of the log, at the front, inside, at the end. */
static void test_another_log(void **state)
{
	struct batch_world *w = *state;
	size_t i;

	for (i = 0; i <= N; i++) {
		w->known = i == 0 ? w->head : w->at[i - 1];
		w->n_seen = 0;
		assert_int_equal(taken(w), 0);
		w->known.chain[31] ^= 1;
		w->n_seen = 0;
		assert_int_equal(taken(w), ERR_LOG);
		/* What is not in the log is not shown. */
		assert_int_equal(w->n_seen, i == 0 ? 0 : i - 1);
		past_clear(w->past);
	}
}

/* Two entries exchanged, one left out, one doubled. */
static void test_order(void **state)
{
	struct batch_world *w = *state;
	struct entry *e = w->e, kept;

	kept = e[1];
	e[1] = e[2];
	assert_int_equal(taken(w), ERR_GAP);
	past_clear(w->past);
	group_set_offset(e[1].bytes + LOG_BATCH_HEAD, FIRST + 1);
	w->known = w->at[N - 1];
	assert_int_equal(taken(w), ERR_LOG);
	past_clear(w->past);
	e[1] = kept;
	assert_int_equal(taken(w), 0);
}

/* --- what an entry is opened with ------------------------------------------ */

static void test_every_bit(void **state)
{
	struct batch_world *w = *state;
	struct entry *e = &w->e[2];
	size_t i;
	int r;

	/* Of the head, and a byte of each part behind it. Without anything
	 * known of the log, it is the sender's signature that protects. */
	for (i = 0; i < 8 * e->n; i += i < 8 * 40 ? 1 : 17) {
		e->bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		w->n_seen = 0;
		memset(w->seen, 0, sizeof(w->seen));
		r = taken(w);
		if (r == 0) {
			assert_string_equal(w->seen[2].text, "");
			assert_string_not_equal(w->seen[2].reason, "");
		} else {
			assert_true(err_is_peer(r));
			past_clear(w->past);
		}
		e->bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	w->n_seen = 0;
	assert_int_equal(taken(w), 0);
}

static void test_truncated(void **state)
{
	struct batch_world *w = *state;
	uint8_t *copy;
	size_t i, n = w->e[0].n;
	struct log_batch h;

	for (i = 0; i < n; i++) {
		copy = malloc(i + 1);
		assert_non_null(copy);
		memcpy(copy, w->e[0].bytes, i);
		past_clear(w->past);
		ask(w);
		make_head(w, &h);
		assert_int_equal(head(w, &h), 0);
		assert_true(err_is_peer(past_entry(w->past, copy, i)));
		free(copy);
	}
	assert_int_equal(w->n_seen, 0);
}

/* Lies in the head: each is found by what the senders signed. */
static void lie_session(struct log_batch *h)
{
	h->run[0].session[3] ^= 1;
}

static void lie_base(struct log_batch *h)
{
	h->run[0].epoch[0].base[3] ^= 1;
}

static void lie_roster(struct log_batch *h)
{
	h->run[0].epoch[0].roster[3] ^= 1;
}

static void lie_epoch(struct log_batch *h)
{
	h->run[0].epoch[0].epoch++;
}

static void lie_runs(struct log_batch *h)
{
	struct log_batch_run other = h->run[0];

	h->run[0] = h->run[1];
	h->run[1] = other;
}

static void lie_member(struct log_batch *h)
{
	h->run[0].user[0].member++;
}

static void test_lies(void **state)
{
	static const struct {
		void (*tell)(struct log_batch *h);
		int r;
		size_t seen;
	} all[] = {
	    {lie_session, ERR_SIGNATURE, 0},
	    {lie_base, ERR_OPEN, 0},
	    {lie_roster, ERR_SIGNATURE, 0},
	    {lie_epoch, ERR_EPOCH, 0},
	    {lie_runs, ERR_EPOCH, 0},
	    {lie_member, ERR_MEMBER, 1},
	};
	struct batch_world *w = *state;
	struct log_batch h;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		past_clear(w->past);
		w->n_seen = 0;
		ask(w);
		make_head(w, &h);
		all[i].tell(&h);
		assert_int_equal(take(w, &h), all[i].r);
		assert_int_equal(w->n_seen, all[i].seen);
	}
}

/* Somebody else's name, identity or card: the frame is not shown. */
static void test_another_person(void **state)
{
	struct batch_world *w = *state;
	struct log_batch h;
	size_t i;

	for (i = 0; i < 3; i++) {
		past_clear(w->past);
		w->n_seen = 0;
		memset(w->seen, 0, sizeof(w->seen));
		ask(w);
		make_head(w, &h);
		if (i == 0)
			strcpy(h.run[0].user[0].name, "eve");
		if (i == 1)
			memcpy(h.run[0].user[0].identity, w->user[1].identity,
			    WIRE_ED25519);
		if (i == 2)
			h.run[0].user[0].card[0] ^= 1;
		assert_int_equal(take(w, &h), 0);
		assert_string_equal(w->seen[1].text, "");
		assert_string_equal(
		    w->seen[1].reason, i == 2 ? "does not open" : "signature");
		assert_string_equal(w->seen[2].text, "two");
	}
}

/* --- numbers of senders --------------------------------------------------- */

static void test_replayed(void **state)
{
	struct batch_world *w = *state;

	say(w, 3, 0, ALICE, 1, "again");
	number(w);
	assert_int_equal(taken(w), 0);
	assert_string_equal(w->seen[3].reason, "replayed");
	assert_string_equal(w->seen[3].text, "");
}

static void test_missing(void **state)
{
	struct batch_world *w = *state;

	say(w, 3, 0, ALICE, 4, "three");
	number(w);
	assert_int_equal(taken(w), 0);
	assert_int_equal(w->seen[3].missing, 2);
	assert_int_equal(w->seen[7].missing, 0); /* behind a mark */
}

/* The server's notices have no gap and no second of one number. */
static void test_notices(void **state)
{
	struct batch_world *w = *state;

	seal(w, 3, 0, SERVER, 6, notice);
	number(w);
	assert_int_equal(taken(w), ERR_REPLAYED);
	past_clear(w->past);
	seal(w, 3, 0, SERVER, 8, notice);
	number(w);
	assert_int_equal(taken(w), ERR_GAP);
	past_clear(w->past);
	seal(w, 3, 0, SERVER, 7, notice);
	number(w);
	assert_int_equal(taken(w), 0);
	/* What a member says in the server's place, and the other way round. */
	seal(w, 3, 0, ALICE, 2, notice);
	number(w);
	w->n_seen = 0;
	memset(w->seen, 0, sizeof(w->seen));
	assert_int_equal(taken(w), 0);
	assert_string_equal(w->seen[3].reason, "not a message");
	say(w, 3, 0, SERVER, 7, "I am a member");
	number(w);
	w->n_seen = 0;
	assert_int_not_equal(taken(w), 0);
}

/* The room's own errors end the reading. */
static void test_our_own(void **state)
{
	struct batch_world *w = *state;

	w->answer = ERR_NOMEM;
	assert_int_equal(taken(w), ERR_NOMEM);
	assert_int_equal(w->n_seen, 1);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*fn)(void **state);
	} all[] = {
	    {"an honest batch", test_honest},
	    {"nothing is kept", test_nothing},
	    {"the order of the parts", test_states},
	    {"other ranges", test_other_ranges},
	    {"another log", test_another_log},
	    {"the order of entries", test_order},
	    {"every bit", test_every_bit},
	    {"truncated", test_truncated},
	    {"lies in the head", test_lies},
	    {"another person", test_another_person},
	    {"replayed", test_replayed},
	    {"missing", test_missing},
	    {"notices", test_notices},
	    {"our own errors", test_our_own},
	};
	struct CMUnitTest tests[sizeof(all) / sizeof(all[0])];
	size_t i;

	if (library_setup() != 0)
		return 1;
	json_setup();
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		tests[i] = (struct CMUnitTest){
		    all[i].name, all[i].fn, make_world, free_world, NULL};
	return _cmocka_run_group_tests(
	    "past", tests, sizeof(all) / sizeof(all[0]), NULL, NULL);
}
