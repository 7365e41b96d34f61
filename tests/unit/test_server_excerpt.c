/* Unit tests for what one reader is given of a room's log: what may be read, the
 * limits of a batch, and what stands in the place of what is not given. */
#include "server/room/excerpt.h"

#include "shared/crypto/crypto.h"
#include "shared/crypto/keys.h"
#include "shared/proto/group.h"
#include "shared/proto/logbatch.h"
#include "tests/unit/check.h"

#define OK(call) assert_int_equal((call), 0)

enum { ROOM = 7, REQ = 3, MAX = 700, RUNS = 40, EACH = 250 };

/* What the store has read: entries of any run, epoch and sender. */
struct kept {
	struct crypto *crypto;
	uint8_t identity[WIRE_ED25519];
	struct store_kept entry[MAX];
	uint8_t *body[MAX];
	uint8_t chain[MAX + 1]
		     [WIRE_HASH]; /* before each entry, and at the end */
	struct store_kept_run run[RUNS];
	struct store_kept_epoch epoch[RUNS][EACH];
	struct store_kept_person person[RUNS][EACH];
	struct buf json[RUNS][EACH];
	struct store_range range;
};

/* An entry: offsets begin at `first`. */
static struct kept *kept_new(uint64_t first)
{
	struct kept *k = calloc(1, sizeof(*k));
	const struct rng rng = random_system();
	struct identity *id = identity_new(&rng);

	assert_non_null(k);
	assert_non_null(id);
	memcpy(k->identity, identity_public(id), WIRE_ED25519);
	identity_free(id);
	k->crypto = crypto_new();
	assert_non_null(k->crypto);
	memset(k->chain[0], 0x5a, WIRE_HASH);
	memcpy(k->range.before, k->chain[0], WIRE_HASH);
	k->range.oldest = first;
	k->range.entry = k->entry;
	k->range.run = k->run;
	return k;
}

static void kept_free(struct kept *k)
{
	size_t i, r;

	for (i = 0; i < k->range.n_entries; i++)
		free(k->body[i]);
	for (r = 0; r < RUNS; r++)
		for (i = 0; i < EACH; i++)
			buf_free(&k->json[r][i]);
	crypto_free(k->crypto);
	free(k);
}

static void add_epoch(struct kept *k, size_t run, uint32_t epoch)
{
	struct store_kept_run *r = &k->run[run];
	struct store_kept_epoch *e = &k->epoch[run][r->n_epochs++];

	r->epoch = k->epoch[run];
	r->run = (uint32_t)run + 1;
	memset(r->session, (int)run + 1, sizeof(r->session));
	if (k->range.n_runs <= run)
		k->range.n_runs = run + 1;
	e->epoch = epoch;
	memset(e->base, (int)epoch, sizeof(e->base));
	memset(e->roster, (int)epoch + 1, sizeof(e->roster));
}

static void add_person(
    struct kept *k, size_t run, uint32_t member, const char *name)
{
	struct store_kept_run *r = &k->run[run];
	struct store_kept_person *p = &k->person[run][r->n_people];
	struct buf *json = &k->json[run][r->n_people++];
	struct user u = {.member = member, .role = ROLE_MEMBER};
	struct json_w w;

	snprintf(u.name, sizeof(u.name), "%s", name);
	memcpy(u.identity, k->identity, WIRE_ED25519);
	buf_init(json, WIRE_JSON_MAX);
	json_begin(&w, json);
	users_encode(&w, &u, 1);
	OK(json_end(&w));
	*p = (struct store_kept_person){member, (char *)json->p, json->len};
	r->person = k->person[run];
}

/* n: the length of its body. */
static void add_entry(
    struct kept *k, uint16_t run, uint32_t epoch, uint32_t sender, size_t n)
{
	const size_t i = k->range.n_entries++;
	struct store_kept *e = &k->entry[i];
	uint8_t *p = calloc(1, n);
	struct log_head at;

	assert_true(i < MAX);
	assert_non_null(p);
	*e = (struct store_kept){k->range.oldest + i, run, p, n, {0}};
	k->body[i] = p;
	put_u64(p, e->offset);
	put_u32(p + 8, ROOM);
	put_u32(p + 12, epoch);
	put_u32(p + 16, sender);
	put_u64(p + 20, i + 1);
	OK(crypto_hash1(
	    k->crypto, e->digest, p + WIRE_OFFSET, n - WIRE_OFFSET));
	at.offset = e->offset - 1;
	memcpy(at.chain, k->chain[i], WIRE_HASH);
	OK(log_head_add(k->crypto, &at, e->digest));
	memcpy(k->chain[i + 1], at.chain, WIRE_HASH);
}

/* The batch as a client gets it. */
struct got {
	struct log_batch head;
	struct log_batch_entry entry[WIRE_HISTORY_MAX];
	size_t n, bytes;
	struct excerpt excerpt;
};

static void get(
    struct got *g, struct kept *k, struct standing_since since, bool before)
{
	const struct excerpt_of o = {REQ, ROOM, before, since};
	const uint8_t *body;
	size_t at = 0, n;
	json_t *json;

	memset(g, 0, sizeof(*g));
	OK(excerpt_make(&g->excerpt, &o, &k->range));
	OK(json_parse(&json, (char *)g->excerpt.head.p, g->excerpt.head.len));
	OK(log_batch_decode(&g->head, json));
	json_decref(json);
	assert_int_equal(g->head.number, REQ);
	assert_int_equal(g->head.room, ROOM);
	while (excerpt_next(&g->excerpt, &at, &body, &n)) {
		assert_true(g->n < WIRE_HISTORY_MAX);
		OK(log_batch_entry_decode(&g->entry[g->n++], body, n));
		g->bytes += n + WIRE_FRAME_HEAD;
	}
	assert_int_equal(
	    g->n, g->head.first == 0 ? 0 : g->head.last - g->head.first + 1);
	assert_true(g->bytes <= WIRE_HISTORY_BYTES);
}

static void got_free(struct got *g)
{
	log_batch_free(&g->head);
	excerpt_free(&g->excerpt);
}

static void whole(const struct got *g, const struct kept *k, size_t from)
{
	size_t i;

	assert_int_equal(g->head.first, k->entry[from].offset);
	assert_memory_equal(g->head.chain, k->chain[from], WIRE_HASH);
	for (i = 0; i < g->n; i++) {
		if (g->entry[i].is_mark) {
			assert_int_equal(g->entry[i].mark.seq, 0);
			assert_int_equal(g->entry[i].mark.room, ROOM);
			assert_int_equal(
			    g->entry[i].mark.offset, k->entry[from + i].offset);
			assert_memory_equal(g->entry[i].mark.digest,
			    k->entry[from + i].digest, WIRE_HASH);
			continue;
		}
		assert_int_equal(g->entry[i].n, k->entry[from + i].len);
		assert_memory_equal(
		    g->entry[i].body, k->entry[from + i].bytes, g->entry[i].n);
	}
}

static const struct standing_since everything;

/* Two runs; only what the entries need is given, in order. */
static struct kept *two_runs(void)
{
	struct kept *k = kept_new(100);

	add_epoch(k, 0, 9);
	add_epoch(k, 0, 5);
	add_epoch(k, 1, 2);
	add_epoch(k, 1, 3); /* nobody has used it */
	add_person(k, 0, 40, "dora");
	add_person(k, 0, 7, "bob");
	add_person(k, 1, 7, "carol");
	add_person(k, 1, 8, "eve"); /* has said nothing */
	add_entry(k, 0, 5, 7, 200);
	add_entry(k, 0, 5, 0, 300);
	add_entry(k, 0, 9, 40, 200);
	add_entry(k, 1, 2, 7, 200);
	return k;
}

static void test_all_of_it(void **state)
{
	struct kept *k = two_runs();
	struct got g;

	(void)state;
	get(&g, k, everything, false);
	assert_int_equal(g.n, 4);
	whole(&g, k, 0);
	assert_int_equal(g.head.oldest, 100);
	assert_int_equal(g.head.n_runs, 2);
	assert_int_equal(g.head.run[0].n_epochs, 2);
	assert_int_equal(g.head.run[0].epoch[0].epoch, 5);
	assert_int_equal(g.head.run[0].epoch[1].epoch, 9);
	assert_int_equal(g.head.run[0].epoch[1].base[3], 9);
	assert_int_equal(g.head.run[0].n_users, 2);
	assert_string_equal(g.head.run[0].user[0].name, "bob");
	assert_string_equal(g.head.run[0].user[1].name, "dora");
	assert_int_equal(g.head.run[1].n_epochs, 1);
	assert_int_equal(g.head.run[1].n_users, 1);
	assert_string_equal(g.head.run[1].user[0].name, "carol");
	assert_int_equal(g.entry[3].run, 1);
	got_free(&g);
	/* The newest of them, with the chain before. */
	get(&g, k, everything, true);
	assert_int_equal(g.n, 4);
	whole(&g, k, 0);
	got_free(&g);
	kept_free(k);
}

static void test_since(void **state)
{
	struct kept *k = two_runs();
	struct got g;

	(void)state;
	/* From the third entry on, whatever was asked for. */
	get(&g, k, (struct standing_since){101, 9, 0}, false);
	assert_int_equal(g.n, 2);
	whole(&g, k, 2);
	assert_int_equal(g.head.oldest, 102);
	got_free(&g);
	get(&g, k, (struct standing_since){101, 9, 0}, true);
	assert_int_equal(g.n, 2);
	whole(&g, k, 2);
	got_free(&g);
	/* Nothing. */
	get(&g, k, (struct standing_since){103, 9, 0}, false);
	assert_int_equal(g.n, 0);
	assert_int_equal(g.head.n_runs, 0);
	got_free(&g);
	/* An older epoch than its first, in its first run only: marks, and
	 * neither their keys nor their people. */
	get(&g, k, (struct standing_since){99, 1, 9}, false);
	assert_int_equal(g.n, 4);
	whole(&g, k, 0);
	assert_true(g.entry[0].is_mark);
	assert_true(g.entry[1].is_mark);
	assert_false(g.entry[2].is_mark);
	assert_false(g.entry[3].is_mark);
	assert_int_equal(g.head.run[0].n_epochs, 1);
	assert_int_equal(g.head.run[0].epoch[0].epoch, 9);
	assert_int_equal(g.head.run[0].n_users, 1);
	assert_string_equal(g.head.run[0].user[0].name, "dora");
	got_free(&g);
	kept_free(k);
}

/* Purged; and what the store cannot open any more is no reason to give nothing. */
static void test_marks(void **state)
{
	struct kept *k = two_runs();
	struct got g;

	(void)state;
	add_entry(k, 0, 6, 7, 200);  /* an unknown epoch */
	add_entry(k, 0, 5, 99, 200); /* an unknown person */
	add_entry(k, 5, 5, 7, 200);  /* an unknown run */
	add_entry(k, 0, 5, 7, 200);
	k->entry[7].len = WIRE_GROUP_HEAD - 1; /* no frame */
	k->entry[0].bytes = NULL;	       /* purged */
	get(&g, k, everything, false);
	assert_int_equal(g.n, 8);
	whole(&g, k, 0);
	assert_true(g.entry[0].is_mark);
	assert_false(g.entry[1].is_mark);
	assert_false(g.entry[3].is_mark);
	assert_true(g.entry[4].is_mark);
	assert_true(g.entry[5].is_mark);
	assert_true(g.entry[6].is_mark);
	assert_true(g.entry[7].is_mark);
	got_free(&g);
	kept_free(k);
}

static void test_nothing(void **state)
{
	struct kept *k = kept_new(0);
	struct got g;

	(void)state;
	get(&g, k, everything, false);
	assert_int_equal(g.n, 0);
	assert_int_equal(g.head.last, 0);
	assert_int_equal(g.head.oldest, 0);
	got_free(&g);
	kept_free(k);
}

/* Each limit of a batch, from both ends. */
static void test_limits(void **state)
{
	static const struct {
		const char *what;
		uint32_t epochs, people, runs;
		size_t len, n;
	} rows[] = {
	    {"entries", 1, 1, 1, 200, WIRE_HISTORY_MAX},
	    {"epochs", 250, 1, 1, 200, WIRE_HISTORY_EPOCHS},
	    {"people", 1, 250, 1, 200, WIRE_PAGE},
	    {"runs", 1, 1, RUNS, 200, WIRE_HISTORY_RUNS},
	    {"bytes", 1, 1, 1, 10000, 104},
	};
	char name[WIRE_NAME_MAX + 1];
	uint32_t i, r, j;
	struct kept *k;
	struct got g;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		k = kept_new(1);
		for (r = 0; r < rows[i].runs; r++) {
			for (j = 0; j < rows[i].epochs; j++)
				add_epoch(k, r, j);
			for (j = 0; j < rows[i].people; j++) {
				snprintf(name, sizeof(name), "p%u", j);
				add_person(k, r, j + 1, name);
			}
		}
		for (j = 0; j < 600; j++)
			add_entry(k, (uint16_t)(j % rows[i].runs),
			    j % rows[i].epochs, j % rows[i].people + 1,
			    rows[i].len);
		get(&g, k, everything, false);
		assert_int_equal(g.n, rows[i].n);
		whole(&g, k, 0);
		got_free(&g);
		get(&g, k, everything, true);
		assert_int_equal(g.n, rows[i].n);
		assert_int_equal(g.head.last, 600);
		whole(&g, k, 600 - g.n);
		got_free(&g);
		kept_free(k);
	}
}

/* Names of the greatest length, and keys of many epochs: the head would pass the
 * size of a control frame, so fewer entries come. */
static void test_long_head(void **state)
{
	char name[WIRE_NAME_MAX + 1];
	struct kept *k = kept_new(1);
	struct got g;
	uint32_t j;

	(void)state;
	for (j = 0; j < 200; j++)
		add_epoch(k, 0, 1000000000 + j);
	for (j = 0; j < 100; j++) {
		snprintf(name, sizeof(name), "%0*u", WIRE_NAME_MAX, j);
		memset(name, 'n', WIRE_NAME_MAX - 3);
		add_person(k, 0, 1000000000 + j, name);
	}
	for (j = 0; j < 200; j++)
		add_entry(k, 0, 1000000000 + j, 1000000000 + j % 100, 200);
	get(&g, k, everything, false);
	assert_true(g.n >= 50 && g.n <= 200);
	whole(&g, k, 0);
	got_free(&g);
	kept_free(k);
}

/* A person that is not what archive.c has put: an error, and nothing is given. */
static void test_damaged_person(void **state)
{
	static const char *const bad[] = {
	    "", "{", "{}", "{\"users\":[]}", "{\"users\":[{\"member\":7}]}"};
	struct kept *k = two_runs();
	const struct excerpt_of o = {REQ, ROOM, false, everything};
	uint8_t identity[WIRE_ED25519];
	struct excerpt e;
	size_t i;

	(void)state;
	OK(excerpt_identity(&k->person[0][1], identity));
	assert_memory_equal(identity, k->identity, WIRE_ED25519);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		k->person[0][1].json = bad[i];
		k->person[0][1].len = strlen(bad[i]);
		assert_true(err_is_peer(excerpt_make(&e, &o, &k->range)));
		excerpt_free(&e);
		assert_int_not_equal(
		    excerpt_identity(&k->person[0][1], identity), 0);
	}
	/* Another member than the row's. */
	k->person[0][1] = k->person[0][0];
	k->person[0][1].member = 7;
	assert_int_equal(excerpt_make(&e, &o, &k->range), ERR_RANGE);
	excerpt_free(&e);
	kept_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_of_it),
	    cmocka_unit_test(test_since),
	    cmocka_unit_test(test_marks),
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_long_head),
	    cmocka_unit_test(test_damaged_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
