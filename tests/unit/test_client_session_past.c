/* Batches of a room's history at the client: what is shown of an honest one, and
 * what it finds in every sort of false one. */
#include "shared/crypto/library.h"
#include "tests/unit/past_world.h"

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
	assert_int_equal(past_world_read(w), 0);
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
	assert_int_equal(past_world_read(w), 0);
}

static void test_nothing(void **state)
{
	struct log_batch none = {.number = 1, .room = ROOM};
	struct batch_world *w = *state;
	struct past_got got;

	past_world_ask(w);
	assert_true(past_waits(w->past));
	assert_int_equal(past_world_give_head(w, &none), 0);
	assert_int_equal(
	    past_entry(w->past, w->e[0].bytes, w->e[0].n), ERR_STATE);
	assert_int_equal(past_end(w->past, true, &got), 0);
	assert_int_equal(got.first, 0);
	assert_int_equal(w->n_seen, 0);
	/* Refused: there is no head. */
	past_world_ask(w);
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

	past_world_head(w, &h);
	assert_int_equal(past_world_give_head(w, &h), ERR_STATE);
	assert_int_equal(
	    past_entry(w->past, w->e[0].bytes, w->e[0].n), ERR_STATE);
	past_world_ask(w);
	assert_int_equal(past_ask(w->past, ROOM, &range), ERR_STATE);
	assert_int_equal(
	    past_entry(w->past, w->e[0].bytes, w->e[0].n), ERR_STATE);
	past_world_head(w, &h);
	assert_int_equal(past_world_give_head(w, &h), 0);
	past_world_head(w, &h);
	assert_int_equal(past_world_give_head(w, &h), ERR_STATE);
	assert_int_equal(past_end(w->past, true, &got), ERR_STATE);
	assert_int_equal(past_end(w->past, false, &got), ERR_STATE);
	past_clear(w->past);
	assert_false(past_waits(w->past));
	assert_int_equal(past_world_read(w), 0);
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
		past_world_head(w, &h);
		h.first = all[i].first;
		h.oldest = all[i].oldest;
		assert_int_equal(past_world_give_head(w, &h), all[i].r);
	}
	past_clear(w->past);
	past_world_ask(w);
	past_world_head(w, &h);
	h.room++;
	assert_int_equal(past_world_give_head(w, &h), ERR_RANGE);
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
		assert_int_equal(past_world_read(w), 0);
		w->known.chain[31] ^= 1;
		w->n_seen = 0;
		assert_int_equal(past_world_read(w), ERR_LOG);
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
	assert_int_equal(past_world_read(w), ERR_GAP);
	past_clear(w->past);
	group_set_offset(e[1].bytes + LOG_BATCH_HEAD, FIRST + 1);
	w->known = w->at[N - 1];
	assert_int_equal(past_world_read(w), ERR_LOG);
	past_clear(w->past);
	e[1] = kept;
	assert_int_equal(past_world_read(w), 0);
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
		r = past_world_read(w);
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
	assert_int_equal(past_world_read(w), 0);
}

static void test_truncated(void **state)
{
	struct batch_world *w = *state;
	uint8_t *copy;
	size_t i, n = w->e[0].n;
	struct log_batch h;
	int r;

	for (i = 0; i < n; i++) {
		copy = malloc(i + 1);
		assert_non_null(copy);
		memcpy(copy, w->e[0].bytes, i);
		past_clear(w->past);
		past_world_ask(w);
		past_world_head(w, &h);
		assert_int_equal(past_world_give_head(w, &h), 0);
		r = past_entry(w->past, copy, i);
		if (r == 0)
			r = past_flush(w->past);
		assert_true(err_is_peer(r));
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
		past_world_ask(w);
		past_world_head(w, &h);
		all[i].tell(&h);
		assert_int_equal(past_world_give(w, &h), all[i].r);
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
		past_world_ask(w);
		past_world_head(w, &h);
		if (i == 0)
			strcpy(h.run[0].user[0].name, "eve");
		if (i == 1)
			memcpy(h.run[0].user[0].identity, w->user[1].identity,
			    WIRE_ED25519);
		if (i == 2)
			h.run[0].user[0].card[0] ^= 1;
		assert_int_equal(past_world_give(w, &h), 0);
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

	past_world_say(w, 3, 0, ALICE, 1, "again");
	past_world_number(w);
	assert_int_equal(past_world_read(w), 0);
	assert_string_equal(w->seen[3].reason, "replayed");
	assert_string_equal(w->seen[3].text, "");
}

static void test_missing(void **state)
{
	struct batch_world *w = *state;

	past_world_say(w, 3, 0, ALICE, 4, "three");
	past_world_number(w);
	assert_int_equal(past_world_read(w), 0);
	assert_int_equal(w->seen[3].missing, 2);
	assert_int_equal(w->seen[7].missing, 0); /* behind a mark */
}

/* The server's notices have no gap and no second of one number. */
static void test_notices(void **state)
{
	struct batch_world *w = *state;

	past_world_seal(w, 3, 0, SERVER, 6, past_world_notice);
	past_world_number(w);
	assert_int_equal(past_world_read(w), ERR_REPLAYED);
	past_clear(w->past);
	past_world_seal(w, 3, 0, SERVER, 8, past_world_notice);
	past_world_number(w);
	assert_int_equal(past_world_read(w), ERR_GAP);
	past_clear(w->past);
	past_world_seal(w, 3, 0, SERVER, 7, past_world_notice);
	past_world_number(w);
	assert_int_equal(past_world_read(w), 0);
	/* What a member says in the server's place, and the other way round. */
	past_world_seal(w, 3, 0, ALICE, 2, past_world_notice);
	past_world_number(w);
	w->n_seen = 0;
	memset(w->seen, 0, sizeof(w->seen));
	assert_int_equal(past_world_read(w), 0);
	assert_string_equal(w->seen[3].reason, "not a message");
	past_world_say(w, 3, 0, SERVER, 7, "I am a member");
	past_world_number(w);
	w->n_seen = 0;
	assert_int_not_equal(past_world_read(w), 0);
}

/* The room's own errors end the reading. */
static void test_our_own(void **state)
{
	struct batch_world *w = *state;

	w->answer = ERR_NOMEM;
	assert_int_equal(past_world_read(w), ERR_NOMEM);
	assert_int_equal(w->n_seen, 1);
}

/* --- together ------------------------------------------------------------- */

/* Entries wait for each other, and come in order all the same. */
static void test_they_wait(void **state)
{
	struct batch_world *w = *state;
	struct log_batch h;
	struct past_got got;
	size_t i;

	past_world_ask(w);
	past_world_head(w, &h);
	assert_int_equal(past_world_give_head(w, &h), 0);
	assert_int_equal(past_flush(w->past), 0);
	for (i = 0; i < 5; i++)
		assert_int_equal(
		    past_entry(w->past, w->e[i].bytes, w->e[i].n), 0);
	assert_int_equal(w->n_seen, 0);
	assert_int_equal(past_flush(w->past), 0);
	assert_int_equal(past_flush(w->past), 0);
	assert_int_equal(w->n_seen, 5);
	for (; i < N; i++)
		assert_int_equal(
		    past_entry(w->past, w->e[i].bytes, w->e[i].n), 0);
	assert_int_equal(w->n_seen, 5);
	/* They may still wait while the next batch is asked for. */
	assert_int_equal(past_end(w->past, true, &got), 0);
	assert_int_equal(got.last, FIRST + N - 1);
	assert_int_equal(w->n_seen, 5);
	past_world_ask(w);
	assert_int_equal(w->n_seen, 5);
	past_world_head(w, &h);
	assert_int_equal(past_world_give_head(w, &h), 0);
	assert_int_equal(w->n_seen, N);
	for (i = 0; i < N; i++)
		assert_int_equal(w->seen[i].offset, FIRST + i);
	assert_int_equal(w->n_opened, 2);
	assert_int_equal(w->opened[0], 5);
	assert_int_equal(w->opened[1], N - 5);
}

/* A false entry of the server's: those before it are passed on, none after it. */
static void test_up_to_the_fault(void **state)
{
	struct batch_world *w = *state;
	struct log_batch h;
	size_t i;

	w->e[4].bytes[w->e[4].n - 1] ^= 1; /* a notice */
	past_world_number(w);
	past_world_ask(w);
	past_world_head(w, &h);
	assert_int_equal(past_world_give_head(w, &h), 0);
	for (i = 0; i < N; i++)
		assert_int_equal(
		    past_entry(w->past, w->e[i].bytes, w->e[i].n), 0);
	assert_int_equal(past_flush(w->past), ERR_OPEN);
	assert_int_equal(w->n_seen, 4);
	assert_int_equal(past_flush(w->past), 0);
	assert_int_equal(w->n_seen, 4);
}

/* Nothing of the next batch is taken before the fault is known. */
static void test_fault_before_the_next(void **state)
{
	struct batch_world *w = *state;
	struct log_batch h;
	struct past_got got;
	size_t i;

	w->e[4].bytes[w->e[4].n - 1] ^= 1; /* a notice */
	past_world_number(w);
	past_world_ask(w);
	past_world_head(w, &h);
	assert_int_equal(past_world_give_head(w, &h), 0);
	for (i = 0; i < N; i++)
		assert_int_equal(
		    past_entry(w->past, w->e[i].bytes, w->e[i].n), 0);
	assert_int_equal(past_end(w->past, true, &got), 0);
	past_world_ask(w);
	past_world_head(w, &h);
	assert_int_equal(past_world_give_head(w, &h), ERR_OPEN);
	assert_int_equal(w->n_seen, 4);
	past_clear(w->past);
}

/* The connection is lost: what waits is dropped. */
static void test_dropped(void **state)
{
	struct batch_world *w = *state;
	struct log_batch h;

	past_world_ask(w);
	past_world_head(w, &h);
	assert_int_equal(past_world_give_head(w, &h), 0);
	assert_int_equal(past_entry(w->past, w->e[0].bytes, w->e[0].n), 0);
	assert_int_equal(past_entry(w->past, w->e[1].bytes, w->e[1].n), 0);
	past_clear(w->past);
	assert_int_equal(past_flush(w->past), 0);
	assert_int_equal(w->n_seen, 0);
	assert_int_equal(w->n_opened, 0);
	assert_int_equal(past_world_read(w), 0);
	assert_int_equal(w->n_seen, N);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*fn)(void **state);
		bool one, together; /* at a time, or all at once */
	} all[] = {
	    {"an honest batch", test_honest, true, true},
	    {"nothing is kept", test_nothing, true, true},
	    {"the order of the parts", test_states, true, true},
	    {"other ranges", test_other_ranges, true, true},
	    {"another log", test_another_log, true, true},
	    {"the order of entries", test_order, true, true},
	    {"every bit", test_every_bit, true, true},
	    {"truncated", test_truncated, true, true},
	    {"lies in the head", test_lies, true, true},
	    {"another person", test_another_person, true, true},
	    {"replayed", test_replayed, true, true},
	    {"missing", test_missing, true, true},
	    {"notices", test_notices, true, true},
	    {"our own errors", test_our_own, true, true},
	    {"they wait", test_they_wait, false, true},
	    {"up to the fault", test_up_to_the_fault, false, true},
	    {"fault before the next", test_fault_before_the_next, false, true},
	    {"dropped", test_dropped, false, true},
	};
	struct CMUnitTest tests[2 * sizeof(all) / sizeof(all[0])];
	char name[sizeof(all) / sizeof(all[0])][64];
	size_t i, n = 0;

	if (library_setup() != 0)
		return 1;
	json_setup();
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].one)
			tests[n++] = (struct CMUnitTest){all[i].name, all[i].fn,
			    past_world_new, past_world_free, NULL};
		snprintf(name[i], sizeof(name[i]), "together: %s", all[i].name);
		if (all[i].together)
			tests[n++] = (struct CMUnitTest){name[i], all[i].fn,
			    past_world_together, past_world_free, NULL};
	}
	return _cmocka_run_group_tests("past", tests, n, NULL, NULL);
}
