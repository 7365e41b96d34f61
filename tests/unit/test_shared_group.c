/* Section 4: the construction of a group frame, with a second
 * implementation. */
#include "tests/unit/check.h"
#include "tests/unit/group_world.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* --- a second implementation -------------------------------------------- */

/* HKDF from HMAC only, RFC 5869, at most 64 bytes. */
static void extract(struct group_world *w, uint8_t prk[32],
    const uint8_t salt[32], const uint8_t *ikm, size_t n)
{
	const struct part p[] = {{ikm, n}};

	assert_int_equal(crypto_hmac(w->c, prk, salt, 32, p, 1), 0);
}

static void expand(struct group_world *w, uint8_t *out, size_t n,
    const uint8_t prk[32], const void *info, size_t info_len)
{
	static const uint8_t one = 1, two = 2;
	uint8_t t[64];
	const struct part first[] = {{info, info_len}, {&one, 1}};
	const struct part second[] = {{t, 32}, {info, info_len}, {&two, 1}};

	assert_int_equal(crypto_hmac(w->c, t, prk, 32, first, 2), 0);
	assert_int_equal(crypto_hmac(w->c, t + 32, prk, 32, second, 3), 0);
	assert_true(n <= sizeof(t));
	memcpy(out, t, n);
}

static void put_label(struct buf *b, const char *label)
{
	assert_int_equal(buf_put(b, label, strlen(label) + 1), 0);
}

static void test_epoch_by_hand(void **state)
{
	static const uint8_t zeros[32];
	uint8_t base[32], commit[32], next[32], want[32];
	struct group_world *w = *state;
	struct buf info;

	extract(w, base, zeros, w->secret, 32);
	assert_memory_equal(w->e.base, base, 32);
	assert_int_equal(w->e.room, ROOM);
	assert_int_equal(w->e.epoch, EPOCH);
	buf_init(&info, 100);
	put_label(&info, "conclave/1 commit");
	assert_int_equal(buf_u32(&info, ROOM), 0);
	assert_int_equal(buf_u32(&info, EPOCH), 0);
	expand(w, commit, 32, base, info.p, info.len);
	assert_memory_equal(w->e.commit, commit, 32);

	buf_clear(&info);
	put_label(&info, "conclave/1 join");
	expand(w, want, 32, w->secret, info.p, info.len);
	assert_int_equal(group_join_step(w->c, next, w->secret), 0);
	assert_memory_equal(next, want, 32);
	buf_free(&info);
}

static void by_hand_key(struct group_world *w, uint8_t key[44], size_t who)
{
	struct buf info;

	buf_init(&info, 100);
	put_label(&info, "conclave/1 sender");
	assert_int_equal(buf_u32(&info, ROOM), 0);
	assert_int_equal(buf_u32(&info, EPOCH), 0);
	assert_int_equal(buf_u32(&info, w->from[who].id), 0);
	assert_int_equal(buf_put(&info, w->card[who], 32), 0);
	expand(w, key, 44, w->e.base, info.p, info.len);
	buf_free(&info);
}

static void test_sender_key_by_hand(void **state)
{
	uint8_t key[WIRE_KEY_IV], want[44];
	struct group_world *w = *state;
	size_t who;

	for (who = 0; who < 3; who++) {
		by_hand_key(w, want, who);
		assert_int_equal(group_sender_key(w->c, key, &w->e,
				     w->from[who].id, w->card[who]),
		    0);
		assert_memory_equal(key, want, sizeof(want));
	}
}

/* The signed context of section 4, as one text. */
static void by_hand_context(struct group_world *w, struct buf *b, size_t who,
    uint64_t seq, const void *content, size_t n)
{
	uint8_t digest[32];

	put_label(b, "conclave/1 message");
	assert_int_equal(buf_put(b, w->server, 32), 0);
	assert_int_equal(buf_put(b, w->session, 32), 0);
	assert_int_equal(buf_put(b, w->log, 32), 0);
	assert_int_equal(buf_u8(b, 5), 0);
	assert_int_equal(buf_str(b, "lobby"), 0);
	assert_int_equal(buf_u32(b, ROOM), 0);
	assert_int_equal(buf_u32(b, EPOCH), 0);
	assert_int_equal(buf_put(b, w->e.commit, 32), 0);
	assert_int_equal(buf_put(b, w->roster, 32), 0);
	assert_int_equal(buf_u32(b, w->from[who].id), 0);
	assert_int_equal(buf_put(b, w->card[who], 32), 0);
	assert_int_equal(buf_u64(b, seq), 0);
	assert_int_equal(buf_u8(b, (uint8_t)strlen(w->from[who].name)), 0);
	assert_int_equal(buf_str(b, w->from[who].name), 0);
	assert_int_equal(crypto_hash1(w->c, digest, content, n), 0);
	assert_int_equal(buf_put(b, digest, 32), 0);
}

/* Decodes a frame of ours with the primitives only. */
static void test_frame_by_hand(void **state)
{
	uint8_t key[44], nonce[12], plain[64 + TEXT_LEN], head[28] = {0};
	struct group_world *w = *state;
	struct part signed_text;
	struct buf context;
	size_t who, i;

	for (who = 0; who < 3; who++) {
		assert_int_equal(
		    group_world_seal(w, who, SEQ, TEXT, TEXT_LEN), 0);
		assert_int_equal(w->body.len, MIN + TEXT_LEN);
		put_u32(head + 8, ROOM);
		put_u32(head + 12, EPOCH);
		put_u32(head + 16, w->from[who].id);
		put_u64(head + 20, SEQ);
		assert_memory_equal(w->body.p, head, 28);
		by_hand_key(w, key, who);
		memcpy(nonce, key + 32, 12);
		for (i = 0; i < 8; i++)
			nonce[4 + i] ^= head[20 + i];
		assert_int_equal(crypto_open(w->c, plain, key, nonce, head + 8,
				     20, w->body.p + 28, w->body.len - 28),
		    0);
		assert_memory_equal(plain + 64, TEXT, TEXT_LEN);
		buf_init(&context, 1000);
		by_hand_context(w, &context, who, SEQ, TEXT, TEXT_LEN);
		signed_text = (struct part){context.p, context.len};
		assert_int_equal(ed25519_verify(w->c, w->from[who].identity,
				     plain, &signed_text, 1),
		    0);
		buf_free(&context);
	}
}

/* Opens a frame that the second implementation made. */
static void test_open_by_hand(void **state)
{
	uint8_t key[44], nonce[12], plain[64 + TEXT_LEN], head[28] = {0};
	struct group_world *w = *state;
	struct part signed_text;
	struct buf context;

	buf_init(&context, 1000);
	by_hand_context(w, &context, BOB, 1, TEXT, TEXT_LEN);
	signed_text = (struct part){context.p, context.len};
	assert_int_equal(identity_sign(w->id[BOB], plain, &signed_text, 1), 0);
	buf_free(&context);
	memcpy(plain + 64, TEXT, TEXT_LEN);
	put_u64(head, 4711);
	put_u32(head + 8, ROOM);
	put_u32(head + 12, EPOCH);
	put_u32(head + 16, w->from[BOB].id);
	put_u64(head + 20, 1);
	by_hand_key(w, key, BOB);
	memcpy(nonce, key + 32, 12);
	nonce[11] ^= 1;
	assert_int_equal(buf_put(&w->body, head, 28), 0);
	assert_int_equal(buf_reserve(&w->body, sizeof(plain) + 16), 0);
	assert_int_equal(crypto_seal(w->c, w->body.p + 28, key, nonce, head + 8,
			     20, plain, sizeof(plain)),
	    0);
	w->body.len += sizeof(plain) + 16;
	assert_int_equal(
	    group_world_open_as(w, &w->e, &w->place, &w->from[BOB]), 0);
	assert_int_equal(w->out.len, 4 + TEXT_LEN);
	assert_memory_equal(w->out.p + 4, TEXT, TEXT_LEN);
}

/* --- valid frames ------------------------------------------------------- */

static void test_round_trip(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, 65535, 65536};
	struct group_world *w = *state;
	uint8_t *p = malloc(WIRE_JSON_MAX);
	struct group_head head;
	size_t i, who;

	assert_non_null(p);
	for (i = 0; i < WIRE_JSON_MAX; i++)
		p[i] = (uint8_t)(i * 7);
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		for (who = 0; who < 3; who++) {
			assert_int_equal(
			    group_world_seal(w, who, i + 1, p, sizes[i]), 0);
			assert_int_equal(w->body.len, MIN + sizes[i]);
			group_set_offset(w->body.p, 100 + i);
			assert_int_equal(
			    group_head_decode(&head, w->body.p, w->body.len),
			    0);
			assert_int_equal(head.offset, 100 + i);
			assert_int_equal(head.room, ROOM);
			assert_int_equal(head.epoch, EPOCH);
			assert_int_equal(head.sender, w->from[who].id);
			assert_int_equal(head.seq, i + 1);
			buf_clear(&w->out);
			assert_int_equal(
			    group_open(w->c, &w->out,
				&(struct group_context){.epoch = &w->e,
				    .place = &w->place,
				    .roster = w->roster,
				    .from = &w->from[who]},
				w->body.p, w->body.len),
			    0);
			assert_int_equal(w->out.len, sizes[i]);
			if (sizes[i] > 0)
				assert_memory_equal(w->out.p, p, sizes[i]);
		}
	}
	free(p);
}

/* The server sets the offset. It is not sealed, so any value opens. */
static void test_offset(void **state)
{
	struct group_world *w = *state;
	size_t bit;

	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	for (bit = 0; bit < 64; bit++) {
		w->body.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* except its top bit, which must be 0 */
		assert_int_equal(group_world_open(w), bit == 7 ? ERR_RANGE : 0);
		if (bit != 7)
			assert_memory_equal(w->out.p + 4, TEXT, TEXT_LEN);
		w->body.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	group_set_offset(w->body.p, UINT64_C(0x0102030405060708));
	assert_memory_equal(w->body.p, "\1\2\3\4\5\6\7\10", 8);
	assert_int_equal(group_world_open(w), 0);
}

/* The nonce includes all permitted bits of seq. */
static void test_seqs(void **state)
{
	static const uint64_t seqs[] = {0, 1, 2, UINT32_MAX,
	    (uint64_t)UINT32_MAX + 1, INT64_MAX - 1, INT64_MAX};
	struct group_world *w = *state;
	struct buf first;
	size_t i;

	buf_init(&first, MAX);
	for (i = 0; i < ARRAY_LEN(seqs); i++) {
		assert_int_equal(
		    group_world_seal(w, ALICE, seqs[i], TEXT, TEXT_LEN), 0);
		assert_int_equal(group_world_open(w), 0);
		assert_memory_equal(w->out.p + 4, TEXT, TEXT_LEN);
		if (i == 0)
			assert_int_equal(
			    buf_put(&first, w->body.p, w->body.len), 0);
		else
			assert_memory_not_equal(
			    w->body.p + 28, first.p + 28, 64);
	}
	buf_free(&first);
}

/* Sealing appends: several bodies can follow each other in one buffer. */
static void test_appends(void **state)
{
	struct group_world *w = *state;
	size_t first;

	assert_int_equal(group_world_seal(w, ALICE, 1, TEXT, TEXT_LEN), 0);
	first = w->body.len;
	assert_int_equal(group_seal(w->c, &w->body,
			     &(struct group_context){.epoch = &w->e,
				 .place = &w->place,
				 .roster = w->roster,
				 .from = &w->from[BOB],
				 .signer = w->id[BOB]},
			     1, "x", 1),
	    0);
	assert_int_equal(w->body.len, first + MIN + 1);
	assert_int_equal(group_world_open_n(w, &w->e, &w->place,
			     &w->from[ALICE], w->body.p, first),
	    0);
	assert_int_equal(group_world_open_n(w, &w->e, &w->place, &w->from[BOB],
			     w->body.p + first, MIN + 1),
	    0);
	assert_int_equal(w->out.len, 5);
	assert_int_equal(w->out.p[4], 'x');
}

/* --- epochs ---------------------------------------------------------- */

static void test_commits_differ(void **state)
{
	struct group_world *w = *state;
	struct group_epoch e;
	uint8_t next[WIRE_KEY];

	assert_int_equal(
	    group_epoch_make(w->c, &e, ROOM, EPOCH + 1, w->secret), 0);
	assert_memory_equal(e.base, w->e.base, WIRE_KEY);
	assert_memory_not_equal(e.commit, w->e.commit, WIRE_HASH);
	assert_int_equal(
	    group_epoch_make(w->c, &e, ROOM + 1, EPOCH, w->secret), 0);
	assert_memory_not_equal(e.commit, w->e.commit, WIRE_HASH);
	assert_int_equal(group_join_step(w->c, next, w->secret), 0);
	assert_memory_not_equal(next, w->secret, WIRE_KEY);
	assert_int_equal(
	    group_epoch_make(w->c, &e, ROOM, EPOCH, next), 0);
	assert_memory_not_equal(e.commit, w->e.commit, WIRE_HASH);
	assert_memory_not_equal(e.base, w->e.base, WIRE_KEY);
}

/* Two members that take the same thousand steps have the same secret. */
static void test_join_steps(void **state)
{
	struct group_world *w = *state;
	uint8_t a[WIRE_KEY], b[WIRE_KEY], next[WIRE_KEY];
	int i;

	memcpy(a, w->secret, sizeof(a));
	memcpy(b, w->secret, sizeof(b));
	for (i = 0; i < 1000; i++) {
		assert_int_equal(group_join_step(w->c, next, a), 0);
		memcpy(a, next, sizeof(a));
		assert_int_equal(group_join_step(w->c, next, b), 0);
		memcpy(b, next, sizeof(b));
		assert_memory_equal(a, b, sizeof(a));
		assert_memory_not_equal(a, w->secret, sizeof(a));
	}
}

static void test_keys_differ(void **state)
{
	uint8_t a[WIRE_KEY_IV], b[WIRE_KEY_IV], card[WIRE_HASH];
	struct group_world *w = *state;
	struct group_epoch e;

	memcpy(card, w->card[ALICE], sizeof(card));
	assert_int_equal(group_sender_key(w->c, a, &w->e, 12, card), 0);
	assert_int_equal(group_sender_key(w->c, b, &w->e, 12, card), 0);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(group_sender_key(w->c, b, &w->e, 13, card), 0);
	assert_memory_not_equal(a, b, WIRE_KEY);
	assert_memory_not_equal(a + 32, b + 32, WIRE_IV);
	card[31] ^= 1;
	assert_int_equal(group_sender_key(w->c, b, &w->e, 12, card), 0);
	assert_memory_not_equal(a, b, WIRE_KEY);
	card[31] ^= 1;
	e = w->e;
	e.epoch++; /* the same base in another epoch, as a bug could cause */
	assert_int_equal(group_sender_key(w->c, b, &e, 12, card), 0);
	assert_memory_not_equal(a, b, WIRE_KEY);
	e = w->e;
	e.room++;
	assert_int_equal(group_sender_key(w->c, b, &e, 12, card), 0);
	assert_memory_not_equal(a, b, WIRE_KEY);
}

#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, group_world_new, group_world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_epoch_by_hand),
	    T(test_sender_key_by_hand),
	    T(test_frame_by_hand),
	    T(test_open_by_hand),
	    T(test_round_trip),
	    T(test_offset),
	    T(test_seqs),
	    T(test_appends),
	    T(test_commits_differ),
	    T(test_join_steps),
	    T(test_keys_differ),
	};

	return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
