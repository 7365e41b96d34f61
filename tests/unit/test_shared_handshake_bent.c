/* Section 2 of PROTOCOL.md: each of the five messages split, truncated, altered
 * and re-encoded. */
#include "tests/unit/shake.h"

#include "shared/proto/handshake_int.h"

static struct shake_world world;

/* --- input split at any point --- */

static void expect_after(struct shake *k, struct handshake *h, size_t i)
{
	struct buf b;
	bool did;

	assert_int_equal(h->state, shake_after[i]);
	if (i == 5) {
		assert_int_equal(handshake_result(h)->refusal, CODE_NONE);
		return;
	}
	assert_int_equal(shake_serve(k, h, &did), 0);
	b = shake_output(h);
	assert_int_equal(b.len, world.m[i + 1].len);
	assert_memory_equal(b.p, world.m[i + 1].p, b.len);
	buf_free(&b);
}

static void splits(void **state)
{
	size_t n = (size_t)(uintptr_t)*state, cut, used;
	const struct buf *m = &world.m[n];
	struct handshake *h;
	struct shake k;

	shake_begin(&k, &world);
	for (cut = 0; cut <= m->len; cut++) {
		h = shake_at(&k, shake_receiver[n]);
		assert_int_equal(handshake_input(h, m->p, cut, &used), 0);
		assert_int_equal(used, cut);
		if (cut < m->len)
			assert_int_equal(h->state, shake_receiver[n]);
		assert_int_equal(
		    handshake_input(h, m->p + cut, m->len - cut, &used), 0);
		assert_int_equal(used, m->len - cut);
		expect_after(&k, h, n);
	}
	for (cut = 1; cut < 20; cut++) {
		h = shake_at(&k, shake_receiver[n]);
		assert_int_equal(shake_feed(h, m->p, m->len, cut, &used), 0);
		assert_int_equal(used, m->len);
		expect_after(&k, h, n);
	}
	shake_free(&k);
}

/* Bytes after the message that ends the need for input are not consumed. */
static void bytes_after(void **state)
{
	size_t n = (size_t)(uintptr_t)*state, used;
	struct handshake *h;
	struct shake k;
	struct buf b;

	shake_begin(&k, &world);
	buf_init(&b, 1 << 20);
	assert_int_equal(buf_put(&b, world.m[n].p, world.m[n].len), 0);
	assert_int_equal(buf_put(&b, "\xff\xff\xff\xff garbage", 12), 0);
	h = shake_at(&k, shake_receiver[n]);
	if (n == 1) { /* more input is needed at once: a protocol error */
		assert_int_equal(
		    handshake_input(h, b.p, b.len, &used), ERR_RANGE);
		assert_int_equal(handshake_need(h), HS_FAILED);
	} else {
		assert_int_equal(handshake_input(h, b.p, b.len, &used), 0);
		assert_int_equal(used, world.m[n].len);
		assert_int_equal(
		    handshake_input(h, b.p + used, b.len - used, &used), 0);
		assert_int_equal(used, 0);
		expect_after(&k, h, n);
	}
	buf_free(&b);
	shake_free(&k);
}

/* A server accepts two messages in one input. */
static void two_at_once(void **state)
{
	struct shake k;
	struct buf b;
	size_t used;

	(void)state;
	shake_begin(&k, &world);
	buf_init(&b, 1 << 20);
	assert_int_equal(buf_put(&b, world.m[1].p, world.m[1].len), 0);
	assert_int_equal(buf_put(&b, world.m[3].p, world.m[3].len), 0);
	assert_int_equal(buf_put(&b, world.m[5].p, world.m[5].len), 0);
	shake_server(&k);
	assert_int_equal(handshake_input(k.s, b.p, b.len, &used), 0);
	assert_int_equal(used, world.m[1].len + world.m[3].len);
	handshake_consume(k.s, 1 << 20);
	expect_after(&k, k.s, 3);
	assert_int_equal(
	    handshake_input(k.s, b.p + used, b.len - used, &used), 0);
	expect_after(&k, k.s, 5);
	buf_free(&b);
	shake_free(&k);
}

/* --- truncated and altered --- */

static void expect_refused(struct handshake *h, size_t n, int r)
{
	assert_true(err_is_peer(r));
	assert_int_equal(handshake_need(h), HS_FAILED);
	assert_null(handshake_result(h));
	if (n % 2 == 1)
		shake_expect_error(
		    h, r == ERR_CONFIRM ? "bad_password" : "protocol");
}

static void truncations(void **state)
{
	size_t n = (size_t)(uintptr_t)*state, cut, used, out;
	const struct buf *m = &world.m[n];
	struct handshake *h;
	struct shake k;
	struct buf b;

	shake_begin(&k, &world);
	h = shake_at(&k, shake_receiver[n]);
	for (cut = 0; cut < m->len; cut++) {
		/* With the old length, nothing happens before the message is
		 * complete. */
		if (cut > 0)
			assert_int_equal(
			    handshake_input(h, m->p + cut - 1, 1, &used), 0);
		assert_int_equal(h->state, shake_receiver[n]);
		(void)handshake_output(h, &out);
		assert_int_equal(out, 0);
	}
	for (cut = 0; cut + WIRE_LENGTH < m->len; cut++) {
		/* With a corrected length. */
		h = shake_at(&k, shake_receiver[n]);
		b = shake_message((const char *)m->p + WIRE_LENGTH, cut);
		expect_refused(h, n, shake_feed(h, b.p, b.len, 0, &used));
		buf_free(&b);
	}
	shake_free(&k);
}

/* Flips every single bit of every message. Where the receiver may accept the
 * change (any nonce is valid), the transcript makes the next check fail, so no
 * altered run succeeds on both sides. */
static void flips(void **state)
{
	size_t n = (size_t)(uintptr_t)*state, i, used;
	struct handshake *h;
	struct shake k;
	struct buf b;
	int r;

	shake_begin(&k, &world);
	buf_init(&b, 1 << 20);
	assert_int_equal(buf_put(&b, world.m[n].p, world.m[n].len), 0);
	for (i = 0; i < 8 * b.len; i++) {
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
		h = shake_at(&k, shake_receiver[n]);
		r = shake_feed(h, b.p, b.len, 0, &used);
		if (r != 0) {
			expect_refused(h, n, r);
		} else if (n == 5) {
			/* Only a larger length can leave it waiting. */
			assert_true(i < 32);
			assert_int_equal(h->state, ST_SERVER_FINISH);
		} else {
			assert_int_not_equal(handshake_need(h), HS_DONE);
			if (n == 4)
				assert_true(i < 32);
			/* The other side has the honest message in its
			 * transcript. */
			shake_at(&k, shake_sender[n]);
			shake_run(&k);
			assert_int_not_equal(handshake_need(k.c), HS_DONE);
			assert_int_not_equal(handshake_need(k.s), HS_DONE);
		}
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	buf_free(&b);
	shake_free(&k);
}

/* White space in a message is still valid JSON, but changes the transcript. */
static void respelled(void **state)
{
	size_t n, used;
	struct handshake *h;
	struct shake k;
	struct buf b;

	(void)state;
	shake_begin(&k, &world);
	for (n = 1; n <= 5; n++) {
		h = shake_at(&k, shake_receiver[n]);
		buf_init(&b, 1 << 20);
		assert_int_equal(buf_u32(&b, get_u32(world.m[n].p) + 1), 0);
		assert_int_equal(buf_str(&b, "{ "), 0);
		assert_int_equal(
		    buf_put(&b, world.m[n].p + 5, world.m[n].len - 5), 0);
		if (n == 4) { /* the server's proof covers th(3) */
			assert_int_equal(
			    shake_feed(h, b.p, b.len, 0, &used), 0);
			shake_at(&k, shake_sender[n]);
			shake_run(&k);
			assert_int_equal(handshake_need(k.s), HS_FAILED);
		} else if (n == 5) {
			struct link_keys keys;

			shake_go_on(&k, shake_at(&k, ST_CLIENT_CARD));
			keys = handshake_result(k.c)->keys;
			h = shake_at(&k, ST_SERVER_FINISH);
			assert_int_equal(
			    shake_feed(h, b.p, b.len, 0, &used), 0);
			/* No link key is the same. */
			assert_memory_not_equal(handshake_result(h)->keys.mac,
			    keys.mac, sizeof(keys.mac));
			assert_memory_not_equal(handshake_result(h)->keys.seal,
			    keys.seal, sizeof(keys.seal));
		} else {
			assert_int_equal(
			    shake_feed(h, b.p, b.len, 0, &used), 0);
			shake_at(&k, shake_sender[n]);
			shake_run(&k);
			assert_int_equal(handshake_need(k.c), HS_FAILED);
			assert_int_not_equal(handshake_need(k.s), HS_DONE);
		}
		buf_free(&b);
	}
	shake_free(&k);
}

/* --- is it an answer? ----------------------------------------------------- */

/* handshake_answered waits for a whole message and takes only message 2 or an
 * error message, with anything behind it. */
static void answered(void **state)
{
	const struct buf *m;
	struct buf b;
	const uint8_t *p;
	struct shake k;
	size_t i, n;
	int r;

	(void)state;
	shake_init(&k, &world);
	for (n = 1; n <= 5; n++) {
		m = &world.m[n];
		for (i = 0; i < m->len; i++)
			assert_int_equal(
			    handshake_answered(m->p, i), ERR_AGAIN);
		r = handshake_answered(m->p, m->len);
		assert_true(n == 2 ? r == 0 : err_is_peer(r));
	}
	buf_init(&b, 1 << 16);
	assert_int_equal(handshake_refuse(k.s, CODE_TRY_LATER, "later"), 0);
	p = handshake_output(k.s, &n);
	assert_int_equal(buf_put(&b, p, n), 0);
	for (i = 0; i < b.len; i++)
		assert_int_equal(handshake_answered(b.p, i), ERR_AGAIN);
	assert_int_equal(handshake_answered(b.p, b.len), 0);
	assert_int_equal(buf_str(&b, "and more"), 0);
	assert_int_equal(handshake_answered(b.p, b.len), 0);
	buf_free(&b);
	shake_free(&k);
}

int main(void)
{
	struct check_group g = {0};
	uintptr_t n;
	int failed;

	shake_world_init(&world);
	for (n = 1; n <= 5; n++) {
		check_add(&g, splits, (void *)n, "message %zu split anywhere",
		    (size_t)n);
		check_add(&g, bytes_after, (void *)n, "bytes after message %zu",
		    (size_t)n);
		check_add(&g, truncations, (void *)n,
		    "every truncation of message %zu", (size_t)n);
		check_add(&g, flips, (void *)n,
		    "every flipped bit of message %zu", (size_t)n);
	}
	check_add(&g, answered, NULL, "is it an answer?");
	check_add(&g, two_at_once, NULL, "two messages at once");
	check_add(&g, respelled, NULL, "the same JSON in other bytes");
	failed = check_run("handshake_bent", &g);
	shake_world_free(&world);
	return failed;
}
