/* Frames accepted in one loop step reach their readers as one shared frame, in
 * the same order and under the same rules as frame by frame. */
#include "shared/proto/link_int.h"
#include "tests/unit/room_world.h"

enum { CROWD = 6, LARGE = 60000 };

/* A frame as the relay sees it; the relay cannot decrypt it. */
static void says_bytes(struct peer *p, uint32_t epoch, size_t n)
{
	uint8_t *body = calloc(1, WIRE_GROUP_HEAD + 64 + WIRE_TAG + n);

	assert_non_null(body);
	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, epoch);
	put_u32(body + 16, p->id);
	put_u64(body + 20, ++p->seq);
	assert_int_equal(
	    room_group(p->member, body, WIRE_GROUP_HEAD + 64 + WIRE_TAG + n, NULL), 0);
	free(body);
}

static void says(struct peer *p, uint32_t epoch)
{
	says_bytes(p, epoch, 20);
}

/* All members join in one rekey, in epoch 1, and have read everything. */
static void crowd(struct world *w, struct peer *p[CROWD])
{
	static const char *const name[CROWD] = {
	    "alice", "bob", "carol", "dave", "eve", "fred"};
	size_t i;

	for (i = 0; i < CROWD; i++)
		p[i] = peer_enter(w, name[i]);
	assert_int_equal(world_rekey_all(w), 0);
	for (i = 0; i < CROWD; i++)
		(void)peer_reads(p[i]);
}

static void second(struct world *w)
{
	w->now_ms += SECOND;
	assert_int_equal(world_rekey_all(w), 0);
}

/* --- tests --------------------------------------------------------------- */

static void test_shared_by_silent_members(void **state)
{
	struct world *w = *state;
	struct peer *p[CROWD];
	uint64_t records;

	crowd(w, p);
	records = p[2]->client->rx.seq;
	says(p[0], 1);
	says(p[1], 1);
	says(p[0], 1);
	world_deliver(w);
	/* Every reader gets one frame, and all share the same one. */
	assert_int_equal(p[2]->q.count, 1);
	assert_ptr_equal(p[2]->q.ring[0], p[3]->q.ring[0]);
	assert_int_equal(p[2]->q.ring[0]->refs, CROWD - 2);
	READS(p[2], "1:1 in 1 @1; 2:1 in 1 @2; 1:2 in 1 @3");
	READS(p[3], "1:1 in 1 @1; 2:1 in 1 @2; 1:2 in 1 @3");
	assert_int_equal(p[2]->client->rx.seq, records + 1);
	/* A sender does not receive its own frames. */
	READS(p[0], "2:1 in 1 @2; ack 2@3");
	READS(p[1], "1:1 in 1 @1; 1:2 in 1 @3; ack 1@2");
	/* A member who sent a frame gets the shared one again next time. */
	says(p[2], 1);
	says(p[2], 1);
	world_deliver(w);
	assert_ptr_equal(p[0]->q.ring[0], p[3]->q.ring[0]);
	READS(p[0], "3:1 in 1 @4; 3:2 in 1 @5");
	READS(p[2], "ack 2@5");
}

static void test_newcomers_get_their_epochs(void **state)
{
	struct world *w = *state;
	struct peer *p[CROWD], *g;

	crowd(w, p);
	g = peer_enter(w, "grace");
	second(w);
	(void)peer_reads(p[2]);
	(void)peer_reads(g);
	says(p[0], 2);
	says(p[1], 1); /* sealed before bob learned of grace */
	says(p[0], 2);
	READS(p[2], "1:1 in 2 @2; 2:1 in 1 @3; 1:2 in 2 @4");
	READS(g, "1:1 in 2 @2; 1:2 in 2 @4");
}

/* More frames than one batch holds: they are split, in order and without a
 * gap. */
static void test_longer_than_one(void **state)
{
	struct world *w = *state;
	struct peer *p[CROWD];
	size_t i;

	crowd(w, p);
	for (i = 0; i < BATCH_FRAMES + 3; i++)
		says(p[0], 1);
	world_deliver(w);
	assert_int_equal(p[2]->q.count, 2);
	assert_int_equal(p[2]->q.ring[0]->n_frames, BATCH_FRAMES);
	assert_non_null(strstr(peer_reads(p[2]), "1:256 in 1 @256; 1:257 in"));
	assert_non_null(strstr(p[2]->story, "1:259 in 1 @259"));
	for (i = 0; i < 5; i++)
		says_bytes(p[0], 1, LARGE);
	world_deliver(w);
	assert_true(p[2]->q.ring[0]->len <= LINK_FRAMES_MAX);
	assert_true(p[2]->q.count > 1);
	READS(p[2], "1:260 in 1 @260; 1:261 in 1 @261; 1:262 in 1 @262; "
		    "1:263 in 1 @263; 1:264 in 1 @264");
}

/* Frames before a fence are delivered, also to the leaver; later ones are
 * not. */
static void test_ends_before_a_leave(void **state)
{
	struct world *w = *state;
	struct peer *p[CROWD];

	crowd(w, p);
	says(p[0], 1);
	says(p[0], 1);
	world_deliver(w);
	room_leave(p[5]->member);
	says(p[1], 1);
	second(w);
	READS(p[5], "1:1 in 1 @1; 1:2 in 1 @2");
	READS(p[2], "1:1 in 1 @1; 1:2 in 1 @2; 2:1 in 1 @3; key 2 leave; "
		    "leave fred in 2 for 2");
	READS(p[0], "ack 2@2; 2:1 in 1 @3; key 2 leave; leave fred in 2 for 2");
}

/* A member whose queue fails during delivery leaves; the others get everything. */
static void test_slow_reader(void **state)
{
	struct world *w = *state;
	struct peer *p[CROWD];
	size_t i, said = 0;

	crowd(w, p);
	for (i = 0; i < 2 * OUTQ_MAX / LARGE && member_taken(p[3]->member); i++) {
		says_bytes(p[0], 1, LARGE);
		says_bytes(p[1], 1, 20);
		world_deliver(w);
		(void)peer_reads(p[0]);
		(void)peer_reads(p[1]);
		(void)peer_reads(p[2]);
		(void)peer_reads(p[4]);
		(void)peer_reads(p[5]);
		said++;
	}
	assert_false(member_taken(p[3]->member));
	assert_int_equal(p[3]->q.state, OUTQ_FAILED);
	assert_int_equal(p[3]->q.why, ERR_SLOW);
	assert_int_equal(p[3]->q.count, 0);
	assert_true(said * LARGE > OUTQ_MAX - LARGE - OUTQ_MAX / 100);
	second(w);
	READS(p[2], "key 2 leave; leave dave in 2 for 2");
	says(p[0], 2);
	assert_non_null(strstr(peer_reads(p[4]), "in 2 @"));
}

/* Half a record is kept with its frames, and finished later. */
static void test_written_in_part(void **state)
{
	struct world *w = *state;
	struct peer *p[CROWD];

	crowd(w, p);
	p[2]->allowance = 70000;
	says_bytes(p[0], 1, LARGE);
	says_bytes(p[0], 1, LARGE);
	world_deliver(w);
	READS(p[2], "");
	says(p[0], 1);
	world_deliver(w);
	p[2]->allowance = SIZE_MAX;
	READS(p[2], "1:1 in 1 @1; 1:2 in 1 @2; 1:3 in 1 @3");
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_shared_by_silent_members),
	    T(test_newcomers_get_their_epochs),
	    T(test_longer_than_one),
	    T(test_ends_before_a_leave),
	    T(test_slow_reader),
	    T(test_written_in_part),
	};

	json_setup();
	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
