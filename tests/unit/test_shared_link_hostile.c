/* Section 3 of PROTOCOL.md: records that are truncated, altered, moved or
 * forged. */
#include "shared/proto/link_int.h"
#include "tests/unit/link_ends.h"

/* --- hostile records: every truncation, every bit --- */

enum { N_SHAPES = 5 };
static const char *const shape_names[N_SHAPES] = {"control", "group",
    "an unknown kind", "an empty unknown kind", "many frames"};

/* Makes a record from the server to the client with the shape of this name. */
static void make_shape(struct ends *e, size_t shape)
{
	uint8_t body[WIRE_GROUP_HEAD + 64 + 16 + 3];
	struct link_frame f[6];
	struct buf one, two;
	uint64_t seed = 77;
	size_t n = 1;

	ends_random(&seed, body, sizeof(body));
	one = ends_sealed(e->server, "{\"type\":\"bye\"}", false);
	two = ends_sealed(e->server, "{}", false);
	f[0] = ends_frame_of(KIND_CONTROL, &one);
	f[1] = (struct link_frame){KIND_GROUP, body, sizeof(body)};
	f[2] = (struct link_frame){99, body, 5};
	f[3] = (struct link_frame){0, body, 0};
	f[4] = ends_frame_of(KIND_CONTROL, &two);
	f[5] = f[1];
	if (shape == 4)
		n = 6;
	buf_clear(&e->wire);
	assert_int_equal(
	    link_record(e->server, &e->wire, shape == 4 ? f : f + shape, n), 0);
	buf_free(&one);
	buf_free(&two);
}

static void truncations(void **state)
{
	size_t i, shape = (size_t)(uintptr_t)*state;
	struct ends e;
	struct rd rd = {NULL, 0};
	uint8_t *p;

	ends_init(&e, 10 + shape);
	make_shape(&e, shape);
	for (i = 0; i < e.wire.len; i++) {
		/* An allocation of exact size, so that ASan detects an
		 * overread. */
		p = malloc(i + 1);
		assert_non_null(p);
		memcpy(p, e.wire.p, i);
		ends_fresh(&e, &e.client, LINK_CLIENT);
		assert_int_equal(link_open(e.client, p, i, &rd), ERR_TRUNC);
		ends_expect_rx_dead(e.client);
		/* The same with a corrected length. */
		ends_fresh(&e, &e.client, LINK_CLIENT);
		if (i >= WIRE_LENGTH) {
			put_u32(p, (uint32_t)(i - WIRE_LENGTH));
			assert_true(
			    err_is_peer(link_open(e.client, p, i, &rd)));
			ends_expect_rx_dead(e.client);
		}
		assert_int_equal(e.client->rx.seq, 0);
		assert_null(rd.p);
		free(p);
	}
	ends_fresh(&e, &e.client, LINK_CLIENT);
	assert_int_equal(link_open(e.client, e.wire.p, e.wire.len, &rd), 0);
	ends_free(&e);
}

static void bit_flips(void **state)
{
	size_t i, shape = (size_t)(uintptr_t)*state;
	struct ends e;
	struct rd rd = {NULL, 0};
	int r;

	ends_init(&e, 20 + shape);
	make_shape(&e, shape);
	for (i = 0; i < 8 * e.wire.len; i++) {
		ends_fresh(&e, &e.client, LINK_CLIENT);
		e.wire.p[i / 8] ^= (uint8_t)(1 << i % 8);
		r = link_open(e.client, e.wire.p, e.wire.len, &rd);
		assert_true(err_is_peer(r));
		/* A changed seq is reported as a wrong MAC. */
		if (i / 8 >= WIRE_LENGTH && i / 8 < WIRE_RECORD_HEAD)
			assert_int_equal(r, ERR_MAC);
		assert_int_equal(e.client->rx.seq, 0);
		assert_null(rd.p);
		ends_expect_rx_dead(e.client);
		e.wire.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	ends_fresh(&e, &e.client, LINK_CLIENT);
	assert_int_equal(link_open(e.client, e.wire.p, e.wire.len, &rd), 0);
	ends_free(&e);
}

static void longer(void **state)
{
	size_t i, shape = (size_t)(uintptr_t)*state;
	struct ends e;
	struct rd rd;

	ends_init(&e, 30 + shape);
	make_shape(&e, shape);
	for (i = 1; i < 40; i++) {
		assert_int_equal(buf_u8(&e.wire, (uint8_t)i), 0);
		ends_fresh(&e, &e.client, LINK_CLIENT);
		assert_int_equal(
		    link_open(e.client, e.wire.p, e.wire.len, &rd), ERR_RANGE);
		/* The same with a corrected length. */
		put_u32(e.wire.p, get_u32(e.wire.p) + (uint32_t)i);
		ends_fresh(&e, &e.client, LINK_CLIENT);
		assert_true(err_is_peer(
		    link_open(e.client, e.wire.p, e.wire.len, &rd)));
		put_u32(e.wire.p, get_u32(e.wire.p) - (uint32_t)i);
	}
	ends_free(&e);
}

static void garbage(void **state)
{
	uint8_t b[600];
	uint64_t seed = 40;
	struct ends e;
	struct rd rd;
	size_t n;
	int i;

	(void)state;
	ends_init(&e, 40);
	for (i = 0; i < 20000; i++) {
		n = check_random(&seed) % sizeof(b);
		ends_random(&seed, b, n);
		if (n >= 33 && i % 2 == 0) {
			put_u32(b, (uint32_t)n - 4);
			put_u64(b + 4, 0);
			if (i % 4 == 0) /* a frame that fits exactly */
				put_u32(b + 12, (uint32_t)n - 12 - 16 - 4);
		}
		ends_fresh(&e, &e.server, LINK_SERVER);
		assert_true(err_is_peer(link_open(e.server, b, n, &rd)));
	}
	ends_free(&e);
}

/* --- hostile records: complete, but out of place --- */

static void put_one(struct ends *e, struct link *l, struct buf *out)
{
	struct link_frame f = {9, (const uint8_t *)"hello", 5};

	(void)e;
	buf_init(out, 100);
	assert_int_equal(link_record(l, out, &f, 1), 0);
}

static void misplaced(void **state)
{
	struct buf r[3];
	struct ends e, other;
	struct rd rd;
	int i;

	(void)state;
	ends_init(&e, 50);
	ends_init(&other, 51);
	for (i = 0; i < 3; i++)
		put_one(&e, e.client, &r[i]);
	/* in order */
	for (i = 0; i < 2; i++)
		assert_int_equal(link_open(e.server, r[i].p, r[i].len, &rd), 0);
	/* repeated: the last one and the one before it */
	assert_int_equal(
	    link_open(e.server, r[1].p, r[1].len, &rd), ERR_REPLAYED);
	ends_expect_rx_dead(e.server);
	ends_fresh(&e, &e.server, LINK_SERVER);
	assert_int_equal(link_open(e.server, r[0].p, r[0].len, &rd), 0);
	assert_int_equal(link_open(e.server, r[1].p, r[1].len, &rd), 0);
	assert_int_equal(
	    link_open(e.server, r[0].p, r[0].len, &rd), ERR_REPLAYED);
	/* one omitted */
	ends_fresh(&e, &e.server, LINK_SERVER);
	assert_int_equal(link_open(e.server, r[0].p, r[0].len, &rd), 0);
	assert_int_equal(link_open(e.server, r[2].p, r[2].len, &rd), ERR_GAP);
	ends_expect_rx_dead(e.server);
	/* the first one omitted */
	ends_fresh(&e, &e.server, LINK_SERVER);
	assert_int_equal(link_open(e.server, r[1].p, r[1].len, &rd), ERR_GAP);
	/* reflected to its sender */
	assert_int_equal(link_open(e.client, r[0].p, r[0].len, &rd), ERR_MAC);
	ends_expect_rx_dead(e.client);
	/* on another connection */
	assert_int_equal(
	    link_open(other.server, r[0].p, r[0].len, &rd), ERR_MAC);
	ends_expect_rx_dead(other.server);
	for (i = 0; i < 3; i++)
		buf_free(&r[i]);
	ends_free(&e);
	ends_free(&other);
}

/* Splices two records of one link: number, frame and MAC of either one in every
 * combination, and both frames in one record. */
static void spliced(void **state)
{
	enum { SEQ = 4, FRAME = 12, MAC = FRAME + 5 + 20, ALL = MAC + 16 };
	static const size_t at[] = {SEQ, FRAME, MAC, ALL};
	uint8_t bodies[2][20] = {{1}, {2}}, mixed[ALL + 25], *p;
	struct buf r[2];
	struct ends e;
	struct rd rd;
	size_t i, k;

	(void)state;
	ends_init(&e, 56);
	for (i = 0; i < 2; i++) {
		struct link_frame f = {9, bodies[i], 20};

		buf_init(&r[i], 100);
		assert_int_equal(link_record(e.client, &r[i], &f, 1), 0);
		assert_int_equal(r[i].len, ALL);
	}
	for (i = 0; i < 8; i++) {
		memcpy(mixed, r[0].p, ALL);
		for (k = 0; k < 3; k++)
			memcpy(mixed + at[k], r[i >> k & 1].p + at[k],
			    at[k + 1] - at[k]);
		ends_fresh(&e, &e.server, LINK_SERVER);
		assert_int_equal(link_open(e.server, mixed, ALL, &rd),
		    i == 0   ? 0
		    : i == 7 ? ERR_GAP /* the second one, whole */
			     : ERR_MAC);
	}
	for (i = 0; i < 2; i++) {
		p = mixed;
		memcpy(p, r[i].p, MAC);
		memcpy(p + MAC, r[!i].p + FRAME, MAC - FRAME);
		memcpy(p + MAC + MAC - FRAME, r[i].p + MAC, 16);
		put_u32(p, sizeof(mixed) - 4);
		ends_fresh(&e, &e.server, LINK_SERVER);
		assert_int_equal(
		    link_open(e.server, mixed, sizeof(mixed), &rd), ERR_MAC);
	}
	buf_free(&r[0]);
	buf_free(&r[1]);
	ends_free(&e);
}

static void bye_after_breach(void **state)
{
	struct link_frame f, got;
	struct ends e;
	struct buf r, bye;
	struct rd rd;

	(void)state;
	ends_init(&e, 55);
	put_one(&e, e.client, &r);
	r.p[r.len - 1] ^= 1;
	assert_int_equal(link_open(e.server, r.p, r.len, &rd), ERR_MAC);
	bye = ends_sealed(e.server, "{\"type\":\"bye\"}", false);
	f = ends_frame_of(KIND_CONTROL, &bye);
	assert_int_equal(link_record(e.server, &e.wire, &f, 1), 0);
	assert_int_equal(link_open(e.client, e.wire.p, e.wire.len, &rd), 0);
	assert_int_equal(link_next(&rd, &got), 0);
	ends_expect_json(e.client, &got, "{\"type\":\"bye\"}");
	buf_free(&r);
	buf_free(&bye);
	ends_free(&e);
}

/* If a record has two faults, the MAC is the one reported. */
static void mac_comes_first(void **state)
{
	uint8_t body[200] = {0};
	struct link_frame small = {KIND_CONTROL, body, 17};
	struct link_frame fine = {KIND_CONTROL, body, 18};
	struct forged f = {.seq = 5, .frames = &fine, .n = 1, .no_mac = true};
	struct ends e;
	struct rd rd;

	(void)state;
	ends_init(&e, 52);
	ends_forge(&e, LINK_C2S, &f, &e.wire);
	assert_int_equal(
	    link_open(e.server, e.wire.p, e.wire.len, &rd), ERR_MAC);
	f = (struct forged){.seq = 0, .frames = &small, .n = 1, .no_mac = true};
	buf_clear(&e.wire);
	ends_fresh(&e, &e.server, LINK_SERVER);
	ends_forge(&e, LINK_C2S, &f, &e.wire);
	assert_int_equal(
	    link_open(e.server, e.wire.p, e.wire.len, &rd), ERR_MAC);
	f.no_mac = false;
	f.seq = 1;
	buf_clear(&e.wire);
	ends_fresh(&e, &e.server, LINK_SERVER);
	ends_forge(&e, LINK_C2S, &f, &e.wire);
	assert_int_equal(
	    link_open(e.server, e.wire.p, e.wire.len, &rd), ERR_GAP);
	ends_free(&e);
}

/* The MAC covers each frame's bytes and its kind. */
static void frames_stay_themselves(void **state)
{
	uint8_t body[300] = {1, 2, 3};
	struct link_frame ab[2] = {{90, body, 20}, {91, body + 20, 30}};
	struct link_frame ba[2] = {ab[1], ab[0]};
	struct link_frame joined = {90, body, 50};
	struct link_frame kinds[2] = {{91, body, 20}, {90, body + 20, 30}};
	const struct forged bad[] = {
	    {.seq = 0, .frames = ba, .n = 2},
	    {.seq = 0, .frames = &joined, .n = 1},
	    {.seq = 0, .frames = kinds, .n = 2},
	    {.seq = 0, .frames = ab, .n = 1},
	};
	struct forged good = {.seq = 0, .frames = ab, .n = 2};
	uint8_t mac[WIRE_RECORD_MAC];
	struct ends e;
	struct rd rd;
	size_t i;

	(void)state;
	ends_init(&e, 53);
	ends_forge(&e, LINK_C2S, &good, &e.wire);
	memcpy(mac, e.wire.p + e.wire.len - sizeof(mac), sizeof(mac));
	assert_int_equal(link_open(e.server, e.wire.p, e.wire.len, &rd), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		buf_clear(&e.wire);
		ends_forge(&e, LINK_C2S, &bad[i], &e.wire);
		memcpy(e.wire.p + e.wire.len - sizeof(mac), mac, sizeof(mac));
		ends_fresh(&e, &e.server, LINK_SERVER);
		assert_int_equal(
		    link_open(e.server, e.wire.p, e.wire.len, &rd), ERR_MAC);
	}
	ends_free(&e);
}

/* A genuine peer, with the keys, that sends invalid frame sizes. */
static void genuine_sizes(void **state)
{
	static const struct {
		uint8_t kind;
		size_t len;
		long lie;
		int r;
	} t[] = {
	    {KIND_CONTROL, 18, 0, 0}, {KIND_CONTROL, WIRE_JSON_MAX + 16, 0, 0},
	    {KIND_CONTROL, 0, 0, ERR_RANGE}, {KIND_CONTROL, 17, 0, ERR_RANGE},
	    {KIND_CONTROL, WIRE_JSON_MAX + 17, 0, ERR_RANGE},
	    {KIND_GROUP, 108, 0, 0}, {KIND_GROUP, 108 + WIRE_JSON_MAX, 0, 0},
	    {KIND_GROUP, 0, 0, ERR_RANGE}, {KIND_GROUP, 107, 0, ERR_RANGE},
	    {KIND_GROUP, 109 + WIRE_JSON_MAX, 0, ERR_RANGE},
	    {KIND_BLOB, 49, 0, 0}, {KIND_BLOB, 48, 0, ERR_RANGE},
	    {KIND_BLOB, 65556, 0, 0}, {KIND_BLOB, 65557, 0, ERR_RANGE},
	    {KIND_BLOB, 0, 0, ERR_RANGE}, {0, 0, 0, 0}, {KIND_MARK, 52, 0, 0},
	    {KIND_DIRECT, 232, 0, 0}, {KIND_DIRECT, 231, 0, ERR_RANGE},
	    {KIND_DIRECT, 232 + WIRE_JSON_MAX, 0, 0},
	    {KIND_DIRECT, 233 + WIRE_JSON_MAX, 0, ERR_RANGE},
	    {KIND_MARK, 51, 0, ERR_RANGE}, {KIND_MARK, 53, 0, ERR_RANGE},
	    {KIND_MARK, 0, 0, ERR_RANGE}, {KIND_HISTORY, 0, 0, ERR_RANGE},
	    {KIND_HISTORY, 53, 0, ERR_RANGE}, {KIND_HISTORY, 54, 0, 0},
	    {KIND_HISTORY, 110 + WIRE_JSON_MAX, 0, 0},
	    {KIND_HISTORY, 111 + WIRE_JSON_MAX, 0, ERR_RANGE}, {7, 0, 0, 0},
	    {255, 0, 0, 0}, {255, 200000, 0, 0}, {99, 10, 1, ERR_TRUNC},
	    {99, 10, 1000, ERR_TRUNC}, {99, 10, 0x7fffffff, ERR_TRUNC},
	    {99, 10, 0xfffffff0, ERR_TRUNC},
	    {99, 10, -11, ERR_RANGE}, /* a length of 0 */
	    {99, 10, -2, ERR_TRUNC},  /* two bytes are left over */
	};
	uint8_t *body = calloc(1, WIRE_RECORD_MAX);
	struct link_frame f;
	struct forged forged = {.frames = &f, .n = 1};
	struct ends e;
	struct rd rd;
	size_t i;

	(void)state;
	assert_non_null(body);
	ends_init(&e, 54);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		f = (struct link_frame){t[i].kind, body, t[i].len};
		forged.lie = t[i].lie;
		buf_clear(&e.wire);
		ends_forge(&e, LINK_S2C, &forged, &e.wire);
		ends_fresh(&e, &e.client, LINK_CLIENT);
		assert_int_equal(
		    link_open(e.client, e.wire.p, e.wire.len, &rd), t[i].r);
		assert_int_equal(e.client->rx.seq, t[i].r == 0 ? 1 : 0);
		if (t[i].r != 0)
			ends_expect_rx_dead(e.client);
	}
	/* No frames, correctly authenticated. */
	forged.n = 0;
	buf_clear(&e.wire);
	ends_forge(&e, LINK_S2C, &forged, &e.wire);
	ends_fresh(&e, &e.client, LINK_CLIENT);
	assert_int_equal(
	    link_open(e.client, e.wire.p, e.wire.len, &rd), ERR_RANGE);
	free(body);
	ends_free(&e);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	for (i = 0; i < N_SHAPES; i++) {
		check_add(&g, truncations, (void *)(uintptr_t)i,
		    "every truncation of %s", shape_names[i]);
		check_add(&g, bit_flips, (void *)(uintptr_t)i,
		    "every flipped bit of %s", shape_names[i]);
		check_add(&g, longer, (void *)(uintptr_t)i, "bytes after %s",
		    shape_names[i]);
	}
	check_add(&g, garbage, NULL, "random records");
	check_add(&g, misplaced, NULL, "replay, gap, reflection, another link");
	check_add(&g, spliced, NULL, "records spliced");
	check_add(
	    &g, bye_after_breach, NULL, "a breach is answered with a bye");
	check_add(&g, mac_comes_first, NULL, "the MAC comes first");
	check_add(&g, frames_stay_themselves, NULL, "frames stay themselves");
	check_add(&g, genuine_sizes, NULL, "sizes from a genuine peer");
	return check_run("link_hostile", &g);
}
