/* Unit tests for the roster, ids that left, seqs, message ids, epochs, and
 * pending frames. */
#include "client/session/epochs.h"
#include "client/session/pending.h"
#include "client/session/roster.h"
#include "client/session/dedup.h"
#include "tests/unit/check.h"

#define TEST(name) static void name(void **state)

static int add(struct roster *r, uint32_t member)
{
	const struct person p = {.member = member, .trust = TRUST_SEEN};

	return roster_add(r, &p, false);
}

TEST(people_are_sorted)
{
	static const uint32_t ids[] = {5, 1, 9, 3, 7, 2};
	struct roster *r = roster_new();
	const struct person *p;
	size_t n, i;

	(void)state;
	for (i = 0; i < 6; i++)
		assert_int_equal(add(r, ids[i]), 0);
	p = roster_people(r, &n);
	assert_int_equal(n, 6);
	for (i = 1; i < n; i++)
		assert_true(p[i - 1].member < p[i].member);
	assert_int_equal(roster_find(r, 7)->member, 7);
	assert_null(roster_find(r, 4));
	assert_null(roster_find(r, 10));
	assert_null(roster_inorder(r, 4));
	roster_trust(r, 3, TRUST_VERIFIED);
	roster_trust(r, 4, TRUST_VERIFIED);
	assert_int_equal(roster_find(r, 3)->trust, TRUST_VERIFIED);
	assert_int_equal(roster_find(r, 5)->trust, TRUST_SEEN);
	roster_free(r);
	roster_free(NULL);
}

TEST(ids_that_may_not_come)
{
	struct roster *r = roster_new();

	(void)state;
	assert_int_equal(add(r, 0), ERR_MEMBER);
	assert_int_equal(add(r, 1), 0);
	assert_int_equal(add(r, 1), ERR_MEMBER);
	assert_int_equal(roster_leave(r, 1, ROSTER_LOST), 0);
	assert_true(roster_left(r, 1));
	assert_int_equal(add(r, 1), ERR_MEMBER);
	/* An id that was never in the room. */
	assert_int_equal(roster_leave(r, 8, ROSTER_LOST), 0);
	assert_int_equal(add(r, 8), ERR_MEMBER);
	roster_clear(r);
	assert_int_equal(add(r, 1), ERR_MEMBER);
	roster_forget(r);
	assert_int_equal(add(r, 1), 0);
	roster_free(r);
}

/* Compares with a plain table, in random order, also at both ends of u32. */
TEST(left_ids_are_ranges)
{
	enum { N = 4096 };
	static bool left[N];
	struct roster *r = roster_new();
	uint64_t random = 7;
	uint32_t id;
	size_t i;

	(void)state;
	for (i = 0; i < 3 * N; i++) {
		id = (uint32_t)(check_random(&random) % N);
		assert_int_equal(roster_leave(r, id, ROSTER_LOST), 0);
		left[id] = id != 0;
		if (i % 64 != 0)
			continue;
		for (id = 0; id < N; id++)
			assert_int_equal(roster_left(r, id), left[id]);
	}
	assert_int_equal(roster_leave(r, UINT32_MAX, ROSTER_LOST), 0);
	assert_int_equal(roster_leave(r, UINT32_MAX - 1, ROSTER_LOST), 0);
	assert_int_equal(roster_leave(r, UINT32_MAX, ROSTER_LOST), 0);
	assert_true(roster_left(r, UINT32_MAX));
	assert_false(roster_left(r, UINT32_MAX - 2));
	assert_false(roster_left(r, 0));
	roster_free(r);
}

/* The memory is bounded: past the limit it forgets the lowest id, not the
 * newest. */
TEST(left_ids_are_bounded)
{
	struct roster *r = roster_new();
	uint32_t i;

	(void)state;
	for (i = 1; i <= ROSTER_LEFT_MAX + 10; i++)
		assert_int_equal(roster_leave(r, 2 * i, ROSTER_LOST), 0);
	assert_false(roster_left(r, 2 * 10));
	assert_true(roster_left(r, 2 * 11));
	assert_true(roster_left(r, 2 * (ROSTER_LEFT_MAX + 10)));
	roster_free(r);
}

TEST(people_are_bounded)
{
	struct roster *r = roster_new();
	uint32_t i;

	(void)state;
	for (i = 1; i <= ROSTER_MAX; i++)
		assert_int_equal(add(r, i), 0);
	assert_int_equal(add(r, i), ERR_LIMIT);
	assert_int_equal(roster_leave(r, 5, ROSTER_LOST), 0);
	assert_int_equal(add(r, i), 0);
	roster_free(r);
}

TEST(seqs_stay_with_their_person)
{
	struct roster *r = roster_new();
	uint64_t missing;

	(void)state;
	assert_int_equal(add(r, 5), 0);
	assert_int_equal(inorder_take(roster_inorder(r, 5), 10, &missing), 0);
	assert_int_equal(add(r, 3), 0);
	assert_int_equal(add(r, 4), 0);
	assert_int_equal(roster_leave(r, 4, ROSTER_LOST), 0);
	assert_int_equal(roster_inorder(r, 5)->last, 10);
	assert_false(roster_inorder(r, 3)->begun);
	roster_free(r);
}

TEST(seqs_in_order)
{
	struct inorder i = {0};
	uint64_t missing = 99;

	(void)state;
	assert_int_equal(inorder_take(&i, 0, &missing), ERR_REPLAYED);
	assert_false(i.begun);
	assert_int_equal(inorder_take(&i, 7, &missing), 0);
	assert_int_equal(missing, 0);
	assert_int_equal(inorder_take(&i, 7, &missing), ERR_REPLAYED);
	assert_int_equal(inorder_take(&i, 6, &missing), ERR_REPLAYED);
	assert_int_equal(inorder_take(&i, 8, &missing), 0);
	assert_int_equal(missing, 0);
	assert_int_equal(inorder_take(&i, UINT64_MAX, &missing), 0);
	assert_true(missing == UINT64_MAX - 9);
	assert_int_equal(inorder_take(&i, 9, &missing), ERR_REPLAYED);
	i = (struct inorder){.begun = true};
	assert_int_equal(inorder_take(&i, 3, &missing), 0);
	assert_int_equal(missing, 2);
}

TEST(closed_frames_are_not_missing)
{
	struct inorder i = {0};
	uint64_t missing = 99;

	(void)state;
	inorder_closed(&i, 4); /* whatever came before it is not known */
	assert_int_equal(inorder_take(&i, 7, &missing), 0);
	assert_int_equal(missing, 0);
	inorder_closed(&i, 7); /* a replay */
	inorder_closed(&i, 8);
	inorder_closed(&i, 9);
	assert_int_equal(inorder_take(&i, 12, &missing), 0);
	assert_int_equal(missing, 2); /* 10 and 11 */
	assert_int_equal(inorder_take(&i, 14, &missing), 0);
	assert_int_equal(missing, 1); /* they count once */
	/* What is no answer to "which is missing?" hides nothing. */
	inorder_closed(&i, 90);
	inorder_closed(&i, 16);
	inorder_closed(&i, 15);
	inorder_closed(&i, 15);
	assert_int_equal(inorder_take(&i, 18, &missing), 0);
	assert_int_equal(missing, 2); /* 16, which came too early, and 17 */
	inorder_closed(&i, 19);
	inorder_closed(&i, 20);
	assert_int_equal(inorder_take(&i, 20, &missing), 0);
	assert_int_equal(missing, 0); /* 20 is here after all */
}

/* --- message ids ------------------------------------------------------- */

static bool again(struct dedup *s, uint32_t who, uint64_t what)
{
	uint8_t identity[WIRE_ED25519] = {0}, id[WIRE_ID] = {0};
	bool r;

	put_u32(identity, who);
	put_u64(id, what);
	assert_int_equal(dedup_check(s, identity, id, &r), 0);
	return r;
}

TEST(ids_are_per_identity)
{
	uint8_t identity[WIRE_ED25519] = {0}, id[WIRE_ID] = {0};
	struct dedup *s = dedup_new();

	(void)state;
	assert_false(again(s, 1, 1));
	assert_true(again(s, 1, 1));
	assert_false(again(s, 2, 1));
	assert_false(again(s, 1, 2));
	assert_true(again(s, 1, 1));
	/* Taken back: that one only. */
	id[7] = 1;
	identity[3] = 3;
	dedup_forget(s, identity, id);
	identity[3] = 1;
	dedup_forget(s, identity, id);
	assert_true(again(s, 1, 2));
	assert_true(again(s, 2, 1));
	assert_false(again(s, 1, 1));
	dedup_free(s);
	dedup_free(NULL);
}

TEST(the_last_4096_are_remembered)
{
	struct dedup *s = dedup_new();
	uint64_t i;

	(void)state;
	for (i = 0; i < WIRE_IDS_KEPT; i++)
		assert_false(again(s, 1, i));
	assert_true(again(s, 1, 0));
	assert_false(again(s, 1, i)); /* this evicts id 0 */
	assert_true(again(s, 1, 1));
	assert_true(again(s, 1, i));
	assert_false(again(s, 1, 0));
	assert_false(again(s, 1, 1));
	assert_true(again(s, 1, 3));
	dedup_free(s);
}

TEST(who_was_silent_longest_makes_room)
{
	struct dedup *s = dedup_new();
	uint32_t i;

	(void)state;
	for (i = 0; i < DEDUP_IDENTITIES; i++)
		assert_false(again(s, i, 5));
	assert_true(again(s, 0, 5));
	assert_false(again(s, i, 5)); /* this evicts identity 1 */
	assert_true(again(s, 0, 5));
	assert_true(again(s, 2, 5));
	assert_false(again(s, 1, 5));
	dedup_free(s);
}

/* --- epochs -------------------------------------------------------------- */

struct room {
	struct crypto *c;
	struct epochs *e;
	uint8_t secret[WIRE_KEY];
};

static int fresh(struct room *r, uint32_t epoch, uint8_t seed, int spoil)
{
	struct group_epoch made;

	memset(r->secret, seed, sizeof(r->secret));
	assert_int_equal(
	    group_epoch_make(r->c, &made, 1, epoch, r->secret), 0);
	made.commit[0] ^= (uint8_t)spoil;
	return epochs_fresh(r->e, 1, epoch, r->secret, made.commit);
}

static int step(struct room *r, uint32_t epoch, int spoil)
{
	struct group_epoch made;
	uint8_t next[WIRE_KEY];
	int e;

	assert_int_equal(group_join_step(r->c, next, r->secret), 0);
	assert_int_equal(
	    group_epoch_make(r->c, &made, 1, epoch, next), 0);
	made.commit[0] ^= (uint8_t)spoil;
	if ((e = epochs_step(r->e, epoch, made.commit)) == 0)
		memcpy(r->secret, next, sizeof(next));
	return e;
}

static struct room *room_new(void)
{
	struct room *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->c = crypto_new();
	r->e = epochs_new(r->c);
	assert_true(r->c != NULL && r->e != NULL);
	return r;
}

static void room_free(struct room *r)
{
	epochs_free(r->e);
	crypto_free(r->c);
	free(r);
}

/* Counts the kept epochs among those that these tests make. */
static size_t count(const struct epochs *e)
{
	size_t n = 0;
	uint32_t i;

	for (i = 1; i < EPOCHS_MAX + 5; i++)
		n += epochs_find_held(e, i) != NULL;
	return n;
}

TEST(epochs_back_to_the_last_fresh_one)
{
	struct room *r = room_new();
	uint32_t i;

	(void)state;
	assert_null(epochs_newest(r->e));
	assert_null(epochs_find(r->e, 1));
	assert_int_equal(step(r, 1, 0), ERR_EPOCH);
	assert_int_equal(fresh(r, 10, 1, 0), 0);
	for (i = 11; i < 40; i++)
		assert_int_equal(step(r, i, 0), 0);
	assert_int_equal(count(r->e), 30);
	assert_non_null(epochs_find(r->e, 10));
	assert_int_equal(epochs_newest(r->e)->epoch, 39);
	assert_int_equal(fresh(r, 40, 2, 0), 0);
	assert_int_equal(count(r->e), 1);
	assert_null(epochs_find(r->e, 39));
	epochs_clear(r->e);
	assert_null(epochs_newest(r->e));
	room_free(r);
	epochs_free(NULL);
}

TEST(epochs_that_are_refused_change_nothing)
{
	struct room *r = room_new();

	(void)state;
	assert_int_equal(fresh(r, 10, 1, 0), 0);
	assert_int_equal(fresh(r, 10, 2, 0), ERR_EPOCH);
	assert_int_equal(fresh(r, 9, 2, 0), ERR_EPOCH);
	assert_int_equal(fresh(r, 11, 2, 1), ERR_COMMIT);
	memset(r->secret, 1, sizeof(r->secret));
	assert_int_equal(step(r, 12, 0), ERR_EPOCH);
	assert_int_equal(step(r, 10, 0), ERR_EPOCH);
	assert_int_equal(step(r, 11, 1), ERR_COMMIT);
	assert_int_equal(epochs_newest(r->e)->epoch, 10);
	assert_int_equal(step(r, 11, 0), 0);
	room_free(r);
}

TEST(the_last_epoch_of_all)
{
	struct room *r = room_new();

	(void)state;
	assert_int_equal(fresh(r, UINT32_MAX, 1, 0), 0);
	assert_int_equal(step(r, 0, 0), ERR_EPOCH);
	assert_int_equal(fresh(r, 0, 1, 0), ERR_EPOCH);
	room_free(r);
}

TEST(a_held_epoch_waits_for_its_frames)
{
	struct room *r = room_new();

	(void)state;
	assert_int_equal(fresh(r, 10, 1, 0), 0);
	assert_int_equal(step(r, 11, 0), 0);
	assert_int_equal(epochs_hold(r->e, 9), ERR_EPOCH);
	assert_int_equal(epochs_hold(r->e, 10), 0);
	assert_int_equal(epochs_hold(r->e, 10), 0);
	assert_int_equal(fresh(r, 12, 2, 0), 0);
	assert_int_equal(count(r->e), 2);
	/* The epoch is kept for pending frames only, not for new ones. */
	assert_null(epochs_find(r->e, 10));
	assert_int_equal(epochs_hold(r->e, 10), ERR_EPOCH);
	assert_int_equal(epochs_find_held(r->e, 10)->epoch, 10);
	assert_null(epochs_find_held(r->e, 11));
	epochs_release(r->e, 10);
	assert_non_null(epochs_find_held(r->e, 10));
	epochs_release(r->e, 10);
	assert_null(epochs_find_held(r->e, 10));
	epochs_release(r->e, 10);
	assert_int_equal(epochs_newest(r->e)->epoch, 12);
	assert_int_equal(epochs_hold(r->e, 12), 0);
	epochs_release(r->e, 12);
	assert_int_equal(count(r->e), 1);
	room_free(r);
}

TEST(epochs_are_bounded)
{
	struct room *r = room_new();
	uint32_t i;

	(void)state;
	assert_int_equal(fresh(r, 1, 1, 0), 0);
	for (i = 2; i < EPOCHS_MAX + 5; i++)
		assert_int_equal(step(r, i, 0), 0);
	assert_int_equal(count(r->e), EPOCHS_MAX);
	assert_null(epochs_find(r->e, 4));
	assert_int_equal(epochs_find(r->e, 5)->epoch, 5);
	room_free(r);
}

/* --- pending frames ----------------------------------------------------- */

TEST(held_frames_come_out_in_order)
{
	struct pending *h = pending_new();
	struct inorder *order;
	size_t n;

	(void)state;
	pending_drop(h);
	assert_null(pending_first(h, &n));
	assert_int_equal(pending_put(h, 3, (const uint8_t *)"ab", 2), 0);
	assert_int_equal(pending_put(h, 4, (const uint8_t *)"cde", 3), 0);
	/* Only a leaver with a pending frame is remembered. */
	assert_int_equal(pending_gone(h, &(struct person){.member = 4},
			     (struct inorder){true, 8, 0}),
	    0);
	assert_int_equal(
	    pending_gone(h, &(struct person){.member = 5}, (struct inorder){0}),
	    0);
	assert_null(pending_speaker(h, 5, NULL));
	assert_int_equal(pending_speaker(h, 4, &order)->member, 4);
	assert_int_equal(order->last, 8);
	assert_memory_equal(pending_first(h, &n), "ab", 2);
	assert_int_equal(n, 2);
	pending_drop(h);
	assert_memory_equal(pending_first(h, &n), "cde", 3);
	pending_drop(h);
	assert_null(pending_first(h, &n));
	pending_clear(h);
	assert_null(pending_speaker(h, 4, NULL));
	pending_free(h);
	pending_free(NULL);
}

TEST(held_frames_have_two_bounds)
{
	struct pending *h = pending_new();
	uint8_t *big = calloc(1, 1 << 20);
	size_t i;

	(void)state;
	assert_non_null(big);
	for (i = 0; i < PENDING_FRAMES; i++)
		assert_int_equal(pending_put(h, 1, big, 1), 0);
	assert_int_equal(pending_put(h, 1, big, 1), ERR_LIMIT);
	pending_clear(h);
	for (i = 0; i < 4; i++)
		assert_int_equal(pending_put(h, 1, big, 1 << 20), 0);
	assert_int_equal(pending_put(h, 1, big, 1), ERR_LIMIT);
	free(big);
	pending_free(h);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(people_are_sorted);
	ADD(ids_that_may_not_come);
	ADD(left_ids_are_ranges);
	ADD(left_ids_are_bounded);
	ADD(people_are_bounded);
	ADD(seqs_stay_with_their_person);
	ADD(seqs_in_order);
	ADD(closed_frames_are_not_missing);
	ADD(ids_are_per_identity);
	ADD(the_last_4096_are_remembered);
	ADD(who_was_silent_longest_makes_room);
	ADD(epochs_back_to_the_last_fresh_one);
	ADD(epochs_that_are_refused_change_nothing);
	ADD(the_last_epoch_of_all);
	ADD(a_held_epoch_waits_for_its_frames);
	ADD(epochs_are_bounded);
	ADD(held_frames_come_out_in_order);
	ADD(held_frames_have_two_bounds);
	return check_run("client roster", &g);
}
