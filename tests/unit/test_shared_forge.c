/* Section 4: group frames that must not open because they are truncated,
 * altered, forged or moved. */
#include "tests/unit/check.h"
#include "tests/unit/group_world.h"

static void test_truncated(void **state)
{
	struct group_world *w = *state;
	size_t n;

	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	for (n = 0; n < w->body.len; n++)
		assert_int_equal(group_world_open_n(w, &w->e, &w->place,
				     &w->from[ALICE], w->body.p, n),
		    n < MIN ? ERR_RANGE : ERR_OPEN);
	assert_int_equal(buf_u8(&w->body, 0), 0);
	assert_int_equal(group_world_open(w), ERR_OPEN);
}

static void test_flipped(void **state)
{
	struct group_world *w = *state;
	size_t bit;

	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	for (bit = 64; bit < 8 * w->body.len; bit++) {
		w->body.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* Before that, the top bit of seq is already out of range. */
		assert_int_equal(group_world_open(w),
		    bit == 8 * 20 + 7 ? ERR_RANGE : ERR_OPEN);
		w->body.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(group_world_open(w), 0);
}

static void test_sizes(void **state)
{
	struct group_world *w = *state;
	uint8_t *p = calloc(1, MAX + 1);
	struct group_head head = {.seq = 5};

	assert_non_null(p);
	assert_int_equal(group_head_decode(&head, p, MIN - 1), ERR_RANGE);
	assert_int_equal(group_head_decode(&head, p, 0), ERR_RANGE);
	assert_int_equal(group_head_decode(&head, p, MAX + 1), ERR_RANGE);
	assert_int_equal(head.seq, 5);
	assert_int_equal(group_head_decode(&head, p, MIN), 0);
	assert_int_equal(group_head_decode(&head, p, MAX), 0);
	put_u64(p, INT64_MAX);
	put_u64(p + 20, INT64_MAX);
	assert_int_equal(group_head_decode(&head, p, MIN), 0);
	put_u64(p + 20, UINT64_C(1) << 63);
	assert_int_equal(group_head_decode(&head, p, MIN), ERR_RANGE);
	put_u64(p, UINT64_MAX);
	put_u64(p + 20, 1);
	assert_int_equal(group_head_decode(&head, p, MIN), ERR_RANGE);
	assert_int_equal(head.seq, INT64_MAX);
	assert_int_equal(group_world_open_n(
			     w, &w->e, &w->place, &w->from[ALICE], p, MAX + 1),
	    ERR_RANGE);
	assert_int_equal(
	    group_world_seal(w, ALICE, 1, p, WIRE_JSON_MAX + 1), ERR_LIMIT);
	assert_int_equal(w->body.len, 0);
	free(p);
}

static void test_wrong_epoch(void **state)
{
	struct group_world *w = *state;
	struct group_epoch e;
	uint8_t other[32];

	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	/* another epoch, another room, another secret */
	assert_int_equal(
	    group_epoch_make(w->c, &e, ROOM, EPOCH + 1, w->secret), 0);
	assert_int_equal(
	    group_world_open_as(w, &e, &w->place, &w->from[ALICE]), ERR_OPEN);
	assert_int_equal(
	    group_epoch_make(w->c, &e, ROOM + 1, EPOCH, w->secret), 0);
	assert_int_equal(
	    group_world_open_as(w, &e, &w->place, &w->from[ALICE]), ERR_OPEN);
	assert_int_equal(group_join_step(w->c, other, w->secret), 0);
	assert_int_equal(
	    group_epoch_make(w->c, &e, ROOM, EPOCH, other), 0);
	assert_int_equal(
	    group_world_open_as(w, &e, &w->place, &w->from[ALICE]), ERR_OPEN);
}

/* The key is right but the signed context differs: the commit of another base.
 * So one frame cannot mean two things to two members. */
static void test_wrong_commit(void **state)
{
	struct group_world *w = *state;
	struct group_epoch e = w->e;

	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	e.commit[31] ^= 1;
	assert_int_equal(group_world_open_as(w, &e, &w->place, &w->from[ALICE]),
	    ERR_SIGNATURE);
}

/* A frame that is shown on another server, in another run of it, in a room of
 * another name or log, or to another roster does not verify. */
static void test_wrong_place(void **state)
{
	struct group_world *w = *state;
	struct group_place other = w->place;
	uint8_t *bytes[] = {w->server, w->session, w->log, w->roster};
	size_t i;

	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		bytes[i][31] ^= 1;
		assert_int_equal(group_world_open(w), ERR_SIGNATURE);
		bytes[i][31] ^= 1;
		assert_int_equal(group_world_open(w), 0);
	}
	other.room = "lobbz";
	assert_int_equal(group_world_open_as(w, &w->e, &other, &w->from[ALICE]),
	    ERR_SIGNATURE);
	other.room = "lobby2";
	assert_int_equal(group_world_open_as(w, &w->e, &other, &w->from[ALICE]),
	    ERR_SIGNATURE);
	other.room = "LOBBY";
	assert_int_equal(
	    group_world_open_as(w, &w->e, &other, &w->from[ALICE]), 0);
}

static void test_wrong_sender(void **state)
{
	struct group_world *w = *state;
	struct group_sender from = w->from[ALICE];
	uint8_t card[WIRE_HASH];

	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	from.id = 13;
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &from), ERR_OPEN);
	from = w->from[ALICE];
	memcpy(card, from.card, sizeof(card));
	card[5] ^= 4;
	from.card = card;
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &from), ERR_OPEN);
	from = w->from[ALICE];
	from.name = "alicf";
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &from), ERR_SIGNATURE);
	from.name = "Alice";
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &from), ERR_SIGNATURE);
	from.name = "alic";
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &from), ERR_SIGNATURE);
	from.name = "";
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &from), ERR_SIGNATURE);
	from = w->from[ALICE];
	from.identity = w->from[BOB].identity;
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &from), ERR_SIGNATURE);
	from.identity = w->from[SERVER].identity;
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &from), ERR_SIGNATURE);
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &w->from[BOB]), ERR_OPEN);
	assert_int_equal(group_world_open(w), 0);
}

/* A member or the server, with every key except alice's identity key, cannot
 * forge her frames: the frame decrypts, but its signature fails. */
static void test_forged(void **state)
{
	struct group_world *w = *state;

	assert_int_equal(group_seal(w->c, &w->body,
			     &(struct group_context){.epoch = &w->e,
				 .place = &w->place,
				 .roster = w->roster,
				 .from = &w->from[ALICE],
				 .signer = w->id[BOB]},
			     SEQ, TEXT, TEXT_LEN),
	    0);
	assert_int_equal(group_world_open(w), ERR_SIGNATURE);
	buf_clear(&w->body);
	assert_int_equal(group_seal(w->c, &w->body,
			     &(struct group_context){.epoch = &w->e,
				 .place = &w->place,
				 .roster = w->roster,
				 .from = &w->from[ALICE],
				 .signer = w->id[SERVER]},
			     SEQ, TEXT, TEXT_LEN),
	    0);
	assert_int_equal(group_world_open(w), ERR_SIGNATURE);
	buf_clear(&w->body);
	assert_int_equal(group_seal(w->c, &w->body,
			     &(struct group_context){.epoch = &w->e,
				 .place = &w->place,
				 .roster = w->roster,
				 .from = &w->from[SERVER],
				 .signer = w->id[ALICE]},
			     SEQ, TEXT, TEXT_LEN),
	    0);
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &w->from[SERVER]),
	    ERR_SIGNATURE);
}

/* The server has the keys: it opens a frame and seals the same signature and
 * content again under another seq, epoch, room or sender. */
static void reseal(struct group_world *w, const struct group_epoch *e,
    const struct group_sender *from, uint64_t seq)
{
	uint8_t key[44], nonce[12], plain[64 + TEXT_LEN];

	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	assert_int_equal(group_sender_key(w->c, key, &w->e, w->from[ALICE].id,
			     w->card[ALICE]),
	    0);
	crypto_nonce(nonce, key + 32, SEQ);
	assert_int_equal(crypto_open(w->c, plain, key, nonce, w->body.p + 8, 20,
			     w->body.p + 28, w->body.len - 28),
	    0);
	put_u32(w->body.p + 8, e->room);
	put_u32(w->body.p + 12, e->epoch);
	put_u32(w->body.p + 16, from->id);
	put_u64(w->body.p + 20, seq);
	assert_int_equal(
	    group_sender_key(w->c, key, e, from->id, from->card), 0);
	crypto_nonce(nonce, key + 32, seq);
	assert_int_equal(crypto_seal(w->c, w->body.p + 28, key, nonce,
			     w->body.p + 8, 20, plain, sizeof(plain)),
	    0);
}

static void test_moved(void **state)
{
	struct group_world *w = *state;
	struct group_sender from = w->from[ALICE];
	struct group_epoch e;

	reseal(w, &w->e, &from, SEQ);
	assert_int_equal(group_world_open(w), 0); /* unchanged, it opens */
	reseal(w, &w->e, &from, SEQ + 1);
	assert_int_equal(group_world_open(w), ERR_SIGNATURE);
	assert_int_equal(
	    group_epoch_make(w->c, &e, ROOM, EPOCH + 1, w->secret), 0);
	reseal(w, &e, &from, SEQ);
	assert_int_equal(
	    group_world_open_as(w, &e, &w->place, &from), ERR_SIGNATURE);
	assert_int_equal(
	    group_epoch_make(w->c, &e, ROOM + 1, EPOCH, w->secret), 0);
	reseal(w, &e, &from, SEQ);
	assert_int_equal(
	    group_world_open_as(w, &e, &w->place, &from), ERR_SIGNATURE);
	assert_int_equal(
	    group_epoch_make(w->c, &e, ROOM, EPOCH, w->session), 0);
	reseal(w, &e, &from, SEQ);
	assert_int_equal(
	    group_world_open_as(w, &e, &w->place, &from), ERR_SIGNATURE);
	from.id++;
	reseal(w, &w->e, &from, SEQ);
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &from), ERR_SIGNATURE);
}

/* After a failed signature, the buffer has none of the plaintext, nor the tail
 * that moving the content leaves behind. */
static void test_wiped(void **state)
{
	static const uint8_t zeros[64 + TEXT_LEN];
	struct group_world *w = *state;

	assert_int_equal(group_seal(w->c, &w->body,
			     &(struct group_context){.epoch = &w->e,
				 .place = &w->place,
				 .roster = w->roster,
				 .from = &w->from[ALICE],
				 .signer = w->id[BOB]},
			     SEQ, TEXT, TEXT_LEN),
	    0);
	buf_clear(&w->out);
	assert_int_equal(buf_reserve(&w->out, 1000), 0);
	memset(w->out.p, 0x99, 1000);
	assert_int_equal(group_open(w->c, &w->out,
			     &(struct group_context){.epoch = &w->e,
				 .place = &w->place,
				 .roster = w->roster,
				 .from = &w->from[ALICE]},
			     w->body.p, w->body.len),
	    ERR_SIGNATURE);
	assert_memory_equal(w->out.p, zeros, sizeof(zeros));
	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	assert_int_equal(group_open(w->c, &w->out,
			     &(struct group_context){.epoch = &w->e,
				 .place = &w->place,
				 .roster = w->roster,
				 .from = &w->from[ALICE]},
			     w->body.p, w->body.len),
	    0);
	assert_memory_equal(w->out.p, TEXT, TEXT_LEN);
	assert_memory_equal(w->out.p + TEXT_LEN, zeros, 64);
}

static void test_full_buffers(void **state)
{
	struct group_world *w = *state;
	struct buf small;
	size_t max;

	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	for (max = 0; max < 64 + TEXT_LEN; max += 7) {
		buf_init(&small, max);
		assert_int_equal(group_open(w->c, &small,
				     &(struct group_context){.epoch = &w->e,
					 .place = &w->place,
					 .roster = w->roster,
					 .from = &w->from[ALICE]},
				     w->body.p, w->body.len),
		    ERR_LIMIT);
		assert_int_equal(group_seal(w->c, &small,
				     &(struct group_context){.epoch = &w->e,
					 .place = &w->place,
					 .roster = w->roster,
					 .from = &w->from[ALICE],
					 .signer = w->id[ALICE]},
				     1, TEXT, TEXT_LEN),
		    ERR_LIMIT);
		assert_int_equal(small.len, 0);
		buf_free(&small);
	}
}

static void test_long_name(void **state)
{
	struct group_world *w = *state;
	struct group_sender from = w->from[ALICE];

	from.name = "abcdefghijklmnopqrstuvwx"; /* 24 characters */
	assert_int_equal(group_seal(w->c, &w->body,
			     &(struct group_context){.epoch = &w->e,
				 .place = &w->place,
				 .roster = w->roster,
				 .from = &from,
				 .signer = w->id[ALICE]},
			     1, TEXT, TEXT_LEN),
	    0);
	assert_int_equal(group_world_open_as(w, &w->e, &w->place, &from), 0);
	from.name = "abcdefghijklmnopqrstuvwxy";
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &from), ERR_USAGE);
	buf_clear(&w->body);
	assert_int_equal(group_seal(w->c, &w->body,
			     &(struct group_context){.epoch = &w->e,
				 .place = &w->place,
				 .roster = w->roster,
				 .from = &from,
				 .signer = w->id[ALICE]},
			     1, TEXT, TEXT_LEN),
	    ERR_USAGE);
	assert_int_equal(w->body.len, 0);
}

#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, group_world_new, group_world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_truncated),
	    T(test_flipped),
	    T(test_sizes),
	    T(test_wrong_epoch),
	    T(test_wrong_commit),
	    T(test_wrong_place),
	    T(test_wrong_sender),
	    T(test_forged),
	    T(test_moved),
	    T(test_wiped),
	    T(test_full_buffers),
	    T(test_long_name),
	};

	return cmocka_run_group_tests_name("forge", tests, NULL, NULL);
}
