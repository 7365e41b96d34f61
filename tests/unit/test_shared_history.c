/* Batches of a room's history: their heads, their bounds, and the frames that
 * follow. Keeping, opening and verifying what is in a batch: the base of an
 * epoch opens its frames, and none of another epoch. (Missing keys and wrong
 * types: test_shared_fields; truncations: test_shared_control.) */
#include "shared/crypto/library.h"
#include "shared/proto/group.h"
#include "tests/unit/check.h"
#include "tests/unit/samples.h"

static int decoded(struct log_batch *out, const struct log_batch *h)
{
	struct buf b;
	json_t *o;
	int r;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(log_batch_encode(&b, h), 0);
	assert_int_equal(json_parse(&o, b.p, b.len), 0);
	r = log_batch_decode(out, o);
	json_decref(o);
	buf_free(&b);
	return r;
}

static void same_run(
    const struct log_batch_run *a, const struct log_batch_run *b)
{
	size_t i;

	assert_memory_equal(a->session, b->session, WIRE_NONCE);
	assert_int_equal(a->n_epochs, b->n_epochs);
	assert_int_equal(a->n_users, b->n_users);
	for (i = 0; i < a->n_epochs; i++)
		assert_memory_equal(
		    &a->epoch[i], &b->epoch[i], sizeof(a->epoch[i]));
	for (i = 0; i < a->n_users; i++) {
		assert_int_equal(a->user[i].member, b->user[i].member);
		assert_string_equal(a->user[i].name, b->user[i].name);
		assert_memory_equal(
		    a->user[i].identity, b->user[i].identity, WIRE_ED25519);
		assert_memory_equal(
		    a->user[i].card, b->user[i].card, WIRE_HASH);
	}
}

static void test_round_trip(void **state)
{
	struct log_batch want, got;
	size_t i;

	(void)state;
	sample_batch(&want);
	assert_int_equal(decoded(&got, &want), 0);
	assert_int_equal(got.number, want.number);
	assert_int_equal(got.room, want.room);
	assert_int_equal(got.first, want.first);
	assert_int_equal(got.last, want.last);
	assert_int_equal(got.oldest, want.oldest);
	assert_memory_equal(got.chain, want.chain, WIRE_HASH);
	assert_int_equal(got.n_runs, want.n_runs);
	for (i = 0; i < got.n_runs; i++)
		same_run(&got.run[i], &want.run[i]);
	log_batch_free(&got);
	assert_null(got.run);
	log_batch_free(&want);
}

static void test_nothing_kept(void **state)
{
	const struct log_batch none = {.number = 1, .room = 2};
	struct log_batch got;

	(void)state;
	assert_int_equal(decoded(&got, &none), 0);
	assert_int_equal(got.first, 0);
	assert_int_equal(got.last, 0);
	assert_int_equal(got.n_runs, 0);
	log_batch_free(&got);
}

/* --- bounds --------------------------------------------------------------- */

static void test_ranges(void **state)
{
	static const struct {
		uint64_t first, last, oldest;
		int r;
	} all[] = {
	    {42, 42, 42, 0},
	    {42, 42 + WIRE_HISTORY_MAX - 1, 1, 0},
	    {42, 42 + WIRE_HISTORY_MAX, 1, ERR_LIMIT},
	    {42, 41, 1, ERR_LIMIT},
	    {0, 5, 1, ERR_LIMIT},
	    {5, 0, 1, ERR_LIMIT},
	    {42, 43, 43, ERR_LIMIT}, /* older than the oldest */
	    {42, 43, 0, ERR_LIMIT},
	    {1, INT64_MAX, 1, ERR_LIMIT},
	};
	struct log_batch h;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		sample_batch(&h);
		h.first = all[i].first;
		h.last = all[i].last;
		h.oldest = all[i].oldest;
		buf_init(&b, WIRE_JSON_MAX);
		assert_int_equal(log_batch_encode(&b, &h), all[i].r);
		buf_free(&b);
		log_batch_free(&h);
	}
}

/* What another program may send: decoding has the bounds of encoding. */
static int verdict(const char *json)
{
	return sample_verdict(BY_SERVER, json, strlen(json));
}

#define B64_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define HEAD(first, last, oldest)                                              \
	"{\"type\":\"history\",\"req\":1,\"room\":2,\"first\":" first          \
	",\"last\":" last ",\"oldest\":" oldest ",\"chain\":\"" B64_32         \
	"\",\"runs\":["
#define RUN(epochs)                                                            \
	"{\"session\":\"" B64_32 "\",\"epochs\":[" epochs "],\"users\":[]}"
#define EPOCH(n)                                                               \
	"{\"epoch\":" n ",\"base\":\"" B64_32 "\",\"roster\":\"" B64_32 "\"}"

static void test_hostile_heads(void **state)
{
	(void)state;
	assert_int_equal(verdict(HEAD("1", "2", "1") RUN("") "]}"), 0);
	assert_int_equal(verdict(HEAD("1", "501", "1") "]}"), ERR_RANGE);
	assert_int_equal(verdict(HEAD("2", "1", "1") "]}"), ERR_RANGE);
	assert_int_equal(verdict(HEAD("2", "3", "3") "]}"), ERR_RANGE);
	assert_int_equal(verdict(HEAD("-1", "3", "1") "]}"), ERR_RANGE);
	assert_int_equal(
	    verdict(HEAD("1", "2", "1") RUN(EPOCH("3") "," EPOCH("4")) "]}"),
	    0);
	assert_int_equal(
	    verdict(HEAD("1", "2", "1") RUN(EPOCH("4") "," EPOCH("4")) "]}"),
	    ERR_RANGE);
	assert_int_equal(
	    verdict(HEAD("1", "2", "1") RUN(EPOCH("4") "," EPOCH("3")) "]}"),
	    ERR_RANGE);
	assert_int_equal(verdict(HEAD("1", "2", "1") "17]}"), ERR_JSON);
	assert_int_equal(
	    verdict(HEAD("1", "2", "1") RUN(EPOCH("4")) "," RUN("7") "]}"),
	    ERR_JSON);
}

/* What the sample becomes with this change of its second run. */
static int verdict_of_users(uint32_t first, uint32_t second)
{
	struct log_batch h;
	struct buf b;
	int r;

	sample_batch(&h);
	h.run[1].user[0].member = first;
	h.run[1].user[1].member = second;
	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(log_batch_encode(&b, &h), 0);
	r = sample_verdict(BY_SERVER, b.p, b.len);
	buf_free(&b);
	log_batch_free(&h);
	return r;
}

/* The users of a run ascend, and those of all runs together are one page. */
static void test_hostile_users(void **state)
{
	struct log_batch h;
	struct buf b;
	json_t *o, *runs;
	uint32_t i;

	(void)state;
	assert_int_equal(verdict_of_users(2, 3), 0);
	assert_int_equal(verdict_of_users(3, 3), ERR_RANGE);
	assert_int_equal(verdict_of_users(3, 2), ERR_RANGE);
	sample_batch(&h);
	free(h.run[1].user);
	h.run[1].user = calloc(WIRE_PAGE, sizeof(h.run[1].user[0]));
	assert_non_null(h.run[1].user);
	h.run[1].n_users = WIRE_PAGE - h.run[0].n_users;
	for (i = 0; i < h.run[1].n_users; i++)
		sample_user(&h.run[1].user[i], i + 1, "alice");
	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(log_batch_encode(&b, &h), 0);
	assert_int_equal(sample_verdict(BY_SERVER, b.p, b.len), 0);
	o = json_loadb((const char *)b.p, b.len, 0, NULL);
	runs = json_object_get(o, "runs");
	assert_int_equal(json_array_append(runs, json_array_get(runs, 0)), 0);
	buf_clear(&b);
	assert_int_equal(buf_reserve(&b, WIRE_JSON_MAX), 0);
	b.len = json_dumpb(o, (char *)b.p, WIRE_JSON_MAX, JSON_COMPACT);
	assert_in_range(b.len, 1, WIRE_JSON_MAX);
	assert_int_equal(sample_verdict(BY_SERVER, b.p, b.len), ERR_RANGE);
	json_decref(o);
	buf_free(&b);
	log_batch_free(&h);
}

/* One more run, or one more epoch in all runs together, than there may be. */
static void test_hostile_counts(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const size_t n = WIRE_HISTORY_RUNS + i;
		size_t k;

		buf_init(&b, WIRE_JSON_MAX);
		assert_int_equal(buf_str(&b, HEAD("1", "2", "1")), 0);
		for (k = 0; k < n; k++)
			assert_int_equal(
			    buf_str(&b, k == 0 ? RUN("") : "," RUN("")), 0);
		assert_int_equal(buf_str(&b, "]}"), 0);
		assert_int_equal(sample_verdict(BY_SERVER, b.p, b.len),
		    i == 0 ? 0 : ERR_RANGE);
		buf_free(&b);
	}
	for (i = 0; i < 2; i++) {
		const size_t n = WIRE_HISTORY_EPOCHS / 2 + i;
		char epoch[256];
		size_t k, run;

		buf_init(&b, WIRE_JSON_MAX);
		assert_int_equal(buf_str(&b, HEAD("1", "2", "1")), 0);
		for (run = 0; run < 2; run++) {
			assert_int_equal(buf_str(&b, run == 0 ? "" : ","), 0);
			assert_int_equal(
			    buf_str(&b, "{\"session\":\"" B64_32
					"\",\"users\":[],\"epochs\":["),
			    0);
			for (k = 0; k < n; k++) {
				snprintf(epoch, sizeof(epoch),
				    "%s{\"epoch\":%zu,\"base\":\"" B64_32
				    "\",\"roster\":\"" B64_32 "\"}",
				    k == 0 ? "" : ",", k);
				assert_int_equal(buf_str(&b, epoch), 0);
			}
			assert_int_equal(buf_str(&b, "]}"), 0);
		}
		assert_int_equal(buf_str(&b, "]}"), 0);
		assert_int_equal(sample_verdict(BY_SERVER, b.p, b.len),
		    i == 0 ? 0 : ERR_RANGE);
		buf_free(&b);
	}
}

/* The most that a head may have fits into a control frame. */
static void test_the_largest_head(void **state)
{
	struct log_batch h = {.number = WIRE_REQ_MAX,
	    .room = UINT32_MAX,
	    .first = INT64_MAX - 1,
	    .last = INT64_MAX,
	    .oldest = INT64_MAX - 1,
	    .n_runs = WIRE_HISTORY_RUNS};
	char name[WIRE_NAME_MAX + 1];
	struct log_batch_run *last;
	struct buf b;
	size_t i;

	(void)state;
	memset(name, 'w', WIRE_NAME_MAX);
	name[WIRE_NAME_MAX] = '\0';
	h.run = calloc(h.n_runs, sizeof(h.run[0]));
	assert_non_null(h.run);
	last = &h.run[h.n_runs - 1];
	last->epoch = calloc(WIRE_HISTORY_EPOCHS, sizeof(last->epoch[0]));
	last->user = calloc(WIRE_PAGE, sizeof(last->user[0]));
	assert_true(last->epoch != NULL && last->user != NULL);
	last->n_epochs = WIRE_HISTORY_EPOCHS;
	last->n_users = WIRE_PAGE;
	for (i = 0; i < WIRE_HISTORY_EPOCHS; i++)
		last->epoch[i].epoch =
		    UINT32_MAX - WIRE_HISTORY_EPOCHS + (uint32_t)i;
	for (i = 0; i < WIRE_PAGE; i++)
		sample_user(
		    &last->user[i], UINT32_MAX - WIRE_PAGE + (uint32_t)i, name);
	buf_init(&b, 2 * WIRE_JSON_MAX);
	assert_int_equal(log_batch_encode(&b, &h), 0);
	assert_true(b.len <= WIRE_JSON_MAX);
	assert_int_equal(sample_verdict(BY_SERVER, b.p, b.len), 0);
	last->n_epochs++; /* one too many: never read */
	assert_int_equal(log_batch_encode(&b, &h), ERR_LIMIT);
	last->n_epochs--;
	buf_free(&b);
	log_batch_free(&h);
}

/* --- entries -------------------------------------------------------------- */

static void test_entries(void **state)
{
	const struct log_mark m = {.offset = 9, .room = 4};
	uint8_t f[LOG_BATCH_HEAD + WIRE_GROUP_HEAD + 80] = {0};
	struct log_batch_entry e = {.n = 77};
	size_t n;

	(void)state;
	log_batch_entry_head(f, LOG_BATCH_MARK);
	log_mark_encode(f + LOG_BATCH_HEAD, &m);
	for (n = 0; n < sizeof(f); n++)
		assert_int_equal(log_batch_entry_decode(&e, f, n),
		    n == LOG_BATCH_HEAD + WIRE_MARK ? 0 : ERR_RANGE);
	assert_true(e.is_mark);
	assert_int_equal(e.mark.offset, 9);
	memset(f, 0, sizeof(f));
	log_batch_entry_head(f, WIRE_HISTORY_RUNS - 1);
	for (n = 0; n < sizeof(f); n++)
		assert_int_equal(log_batch_entry_decode(&e, f, n), ERR_RANGE);
	assert_int_equal(log_batch_entry_decode(&e, f, sizeof(f)), 0);
	assert_false(e.is_mark);
	assert_int_equal(e.run, WIRE_HISTORY_RUNS - 1);
	assert_ptr_equal(e.body, f + LOG_BATCH_HEAD);
	assert_int_equal(e.n, sizeof(f) - LOG_BATCH_HEAD);
	log_batch_entry_head(f, WIRE_HISTORY_RUNS);
	assert_int_equal(log_batch_entry_decode(&e, f, sizeof(f)), ERR_RANGE);
}

/* --- the base of an epoch -------------------------------------------------- */

static void test_a_base_opens_its_epoch_only(void **state)
{
	static const uint8_t secret[WIRE_KEY] = {7}, zero[WIRE_HASH];
	struct crypto *c = crypto_new();
	struct group_epoch e, same, next;
	uint8_t stepped[WIRE_KEY], a[WIRE_KEY_IV], b[WIRE_KEY_IV];

	(void)state;
	assert_non_null(c);
	assert_int_equal(group_epoch_make(c, &e, 3, 8, secret), 0);
	assert_int_equal(group_epoch_of_base(c, &same, 3, 8, e.base), 0);
	assert_memory_equal(same.commit, e.commit, WIRE_HASH);
	assert_int_equal(group_sender_key(c, a, &e, 2, zero), 0);
	assert_int_equal(group_sender_key(c, b, &same, 2, zero), 0);
	assert_memory_equal(a, b, WIRE_KEY_IV);
	/* The base is not what the next epoch's secret is made of. */
	assert_int_equal(group_join_step(c, stepped, e.base), 0);
	assert_int_equal(group_epoch_make(c, &same, 3, 9, stepped), 0);
	assert_int_equal(group_join_step(c, stepped, secret), 0);
	assert_int_equal(group_epoch_make(c, &next, 3, 9, stepped), 0);
	assert_memory_not_equal(same.base, next.base, WIRE_KEY);
	group_epoch_wipe(&e);
	group_epoch_wipe(&same);
	group_epoch_wipe(&next);
	crypto_free(c);
}

int main(void)
{
	struct check_group g = {0};

	if (library_setup() != 0)
		return 1;
	json_setup();
	check_add(&g, test_round_trip, NULL, "round trip");
	check_add(&g, test_nothing_kept, NULL, "nothing is kept");
	check_add(&g, test_ranges, NULL, "ranges");
	check_add(&g, test_hostile_heads, NULL, "hostile heads");
	check_add(&g, test_hostile_users, NULL,
	    "users that do not ascend, or too many");
	check_add(&g, test_hostile_counts, NULL, "too many runs or epochs");
	check_add(&g, test_the_largest_head, NULL, "the largest head");
	check_add(&g, test_entries, NULL, "entries");
	check_add(&g, test_a_base_opens_its_epoch_only, NULL,
	    "a base opens its epoch only");
	return check_run("history", &g);
}
