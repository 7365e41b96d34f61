/* What a reader is given of a room's history when an allocation fails: an error,
 * and nothing is lost or leaked; once memory is there again, all of it. */
#include "server/room/excerpt.h"
#include "shared/base/oom.h"
#include "shared/proto/group.h"
#include "shared/proto/logbatch.h"
#include "shared/wire/json.h"
#include "tests/fault/sweep.h"

enum { ROOM = 7, ENTRIES = 6, BODY = 200 };

static struct store_kept entries[ENTRIES];
static uint8_t bodies[ENTRIES][BODY];
static struct store_kept_epoch epochs[2] = {{.epoch = 4}, {.epoch = 5}};
static struct store_kept_person people[2];
static struct buf json[2];
static struct store_kept_run runs[2];
static struct store_range range = {.oldest = 50,
    .entry = entries,
    .run = runs,
    .n_entries = ENTRIES,
    .n_runs = 2};

static void make_person(size_t i, const struct identity *id)
{
	struct user u = {.member = 7 + (uint32_t)i, .name = "somebody"};
	struct json_w w;

	memcpy(u.identity, identity_public(id), WIRE_ED25519);
	buf_init(&json[i], WIRE_JSON_MAX);
	json_begin(&w, &json[i]);
	users_encode(&w, &u, 1);
	assert_int_equal(json_end(&w), 0);
	people[i] = (struct store_kept_person){
	    u.member, (char *)json[i].p, json[i].len};
}

static int setup(void **state)
{
	const struct rng rng = random_system();
	struct identity *id;
	size_t i;

	(void)state;
	if (!oom_setup() || (id = identity_new(&rng)) == NULL)
		return -1;
	json_setup();
	for (i = 0; i < 2; i++) {
		make_person(i, id);
		runs[i] = (struct store_kept_run){.run = (uint32_t)i + 1,
		    .epoch = epochs,
		    .person = people,
		    .n_epochs = 2,
		    .n_people = 2};
	}
	for (i = 0; i < ENTRIES; i++) {
		entries[i] = (struct store_kept){.offset = 50 + i,
		    .run = (uint16_t)(i / 3),
		    .bytes = i == 4 ? NULL : bodies[i],
		    .len = BODY};
		put_u64(bodies[i], entries[i].offset);
		put_u32(bodies[i] + 8, ROOM);
		put_u32(bodies[i] + 12, 4 + (uint32_t)i % 2);
		put_u32(bodies[i] + 16, i == 2 ? 0 : 7 + (uint32_t)i % 2);
		put_u64(bodies[i] + 20, i + 1);
	}
	identity_free(id);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_free(&json[0]);
	buf_free(&json[1]);
	return 0;
}

/* From its first entry on: a chain that is computed needs libcrypto, which leaks
 * when all its allocations fail. */
static void give(void *arg)
{
	const struct excerpt_of o = {
	    .number = 1, .room = ROOM, .since = {.offset = 49}};
	uint8_t identity[WIRE_ED25519];
	const uint8_t *body;
	struct excerpt e;
	size_t at = 0, n, count = 0;

	(void)arg;
	if (sweep_ok(FAULTY(excerpt_make(&e, &o, &range)))) {
		while (excerpt_next(&e, &at, &body, &n))
			count++;
		assert_int_equal(count, ENTRIES);
		assert_true(e.head.len > 0);
	}
	excerpt_free(&e);
	(void)sweep_ok(FAULTY(excerpt_identity(&people[1], identity)));
}

static void test_excerpt(void **state)
{
	(void)state;
	sweep("a batch of the history", give, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_excerpt),
	};

	return cmocka_run_group_tests(tests, setup, end);
}
