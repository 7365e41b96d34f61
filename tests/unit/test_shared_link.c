/* Section 3 of PROTOCOL.md: records, their MAC, and the seal keys of control
 * frames, between two honest ends. */
#include "shared/proto/link_int.h"
#include "tests/unit/link_ends.h"

/* --- records made --- */

static void golden(void **state)
{
	static const char json[] = "{\"type\":\"ping\",\"id\":7}";
	uint8_t key_iv[WIRE_KEY_IV], body[sizeof(json) - 1 + WIRE_TAG];
	struct forged f = {.seq = 0, .n = 3};
	struct link_frame frames[3];
	struct buf control, want;
	struct ends e;

	(void)state;
	ends_init(&e, 1);
	buf_init(&want, 4096);
	ends_key_iv_of(&e, LINK_S2C, key_iv);
	ends_forge_control(&e, key_iv, 0, json, body);
	control = ends_sealed(e.server, json, false);
	assert_int_equal(control.len, sizeof(body));
	assert_memory_equal(control.p, body, sizeof(body));

	frames[0] = ends_frame_of(KIND_CONTROL, &control);
	frames[1] = (struct link_frame){200, (const uint8_t *)"whatever", 8};
	frames[2] = (struct link_frame){0, (const uint8_t *)"", 0};
	f.frames = frames;
	ends_forge(&e, LINK_S2C, &f, &want);
	assert_int_equal(link_record(e.server, &e.wire, frames, 3), 0);
	assert_int_equal(e.wire.len, want.len);
	assert_memory_equal(e.wire.p, want.p, want.len);
	/* The record head, as in PROTOCOL.md. */
	assert_int_equal(get_u32(e.wire.p), e.wire.len - 4);
	assert_int_equal(get_u64(e.wire.p + 4), 0);
	assert_int_equal(get_u32(e.wire.p + 12), control.len + 1);
	assert_int_equal(e.wire.p[16], 1);
	buf_free(&control);
	buf_free(&want);
	ends_free(&e);
}

/* As the relay does it: digests are made once, before there is an offset; head
 * and mac are added around the frames. */
static void pieces(void **state)
{
	uint8_t head[WIRE_RECORD_HEAD], mac[WIRE_RECORD_MAC], fh[5];
	uint8_t entry[3][LINK_ENTRY], bodies[3][300];
	struct link_frame frames[3];
	struct link *other;
	struct buf want;
	uint64_t seed = 2;
	struct ends e;
	size_t i, round, len;

	(void)state;
	ends_init(&e, 2);
	buf_init(&want, 4096);
	ends_random(&seed, bodies, sizeof(bodies));
	other = ends_link(&e, LINK_SERVER);
	for (i = 0; i < 3; i++) {
		frames[i] = (struct link_frame){KIND_GROUP, bodies[i], 298 + i};
		entry[i][0] = KIND_GROUP;
		memcpy(entry[i] + 1, bodies[i], 8);
		assert_int_equal(crypto_hash1(e.c, entry[i] + 9, bodies[i] + 8,
				     frames[i].len - 8),
		    0);
	}
	for (round = 0; round < 3; round++) {
		buf_clear(&e.wire);
		buf_clear(&want);
		/* An abandoned record leaves no trace. */
		assert_int_equal(link_record_begin(other), 0);
		assert_int_equal(link_record_frames(other, entry[2], 1), 0);
		assert_int_equal(link_record_begin(other), 0);
		for (len = 0, i = 0; i < 3; i++) {
			assert_int_equal(
			    link_record_frames(other, entry[i], 1), 0);
			len += WIRE_FRAME_HEAD + frames[i].len;
		}
		assert_int_equal(link_record_end(other, len, head, mac), 0);
		assert_int_equal(other->tx.seq, round + 1);
		assert_int_equal(buf_put(&want, head, sizeof(head)), 0);
		for (i = 0; i < 3; i++) {
			link_frame_head(fh, KIND_GROUP, frames[i].len);
			assert_int_equal(buf_put(&want, fh, sizeof(fh)), 0);
			assert_int_equal(
			    buf_put(&want, frames[i].body, frames[i].len), 0);
		}
		assert_int_equal(buf_put(&want, mac, sizeof(mac)), 0);
		assert_int_equal(link_record(e.server, &e.wire, frames, 3), 0);
		assert_int_equal(e.wire.len, want.len);
		assert_memory_equal(e.wire.p, want.p, want.len);
	}
	link_free(other);
	buf_free(&want);
	ends_free(&e);
}

static void misuse(void **state)
{
	uint8_t head[WIRE_RECORD_HEAD], mac[WIRE_RECORD_MAC];
	uint8_t digest[WIRE_HASH] = {0};
	struct ends e;

	(void)state;
	ends_init(&e, 3);
	assert_int_equal(link_record_frame(e.client, 1, digest), ERR_STATE);
	assert_int_equal(link_record_end(e.client, 6, head, mac), ERR_STATE);
	assert_int_equal(link_record_begin(e.client), 0);
	/* A group frame's part has its offset. */
	assert_int_equal(
	    link_record_frame(e.client, KIND_GROUP, digest), ERR_STATE);
	/* A record without frames. */
	assert_int_equal(link_record_end(e.client, 0, head, mac), ERR_STATE);
	/* Frames that are too long for a record or shorter than their heads. */
	assert_int_equal(link_record_frame(e.client, 1, digest), 0);
	assert_int_equal(
	    link_record_end(e.client, LINK_FRAMES_MAX + 1, head, mac),
	    ERR_RANGE);
	ends_expect_tx_dead(e.client);
	ends_fresh(&e, &e.client, LINK_CLIENT);
	assert_int_equal(link_record_begin(e.client), 0);
	assert_int_equal(link_record_frame(e.client, 1, digest), 0);
	assert_int_equal(link_record_frame(e.client, 1, digest), 0);
	assert_int_equal(link_record_end(e.client, 9, head, mac), ERR_RANGE);
	ends_expect_tx_dead(e.client);
	link_free(NULL);
	ends_free(&e);
}

static void largest(void **state)
{
	size_t max = LINK_FRAMES_MAX - WIRE_FRAME_HEAD;
	uint8_t *body = calloc(1, max + 1);
	struct link_frame f = {99, body, max + 1}, got;
	struct ends e;
	struct rd rd;
	size_t total;

	(void)state;
	assert_non_null(body);
	ends_init(&e, 4);
	assert_int_equal(link_record(e.client, &e.wire, &f, 1), ERR_RANGE);
	assert_int_equal(link_record(e.client, &e.wire, NULL, 0), ERR_RANGE);
	f.len = SIZE_MAX - 2;
	assert_int_equal(link_record(e.client, &e.wire, &f, 1), ERR_RANGE);
	assert_int_equal(e.wire.len, 0);
	f.len = max;
	assert_int_equal(link_record(e.client, &e.wire, &f, 1), 0);
	assert_int_equal(e.wire.len, WIRE_LENGTH + WIRE_RECORD_MAX);
	assert_int_equal(link_length(e.wire.p, 4, &total), 0);
	assert_int_equal(total, e.wire.len);
	assert_int_equal(link_open(e.server, e.wire.p, total, &rd), 0);
	assert_int_equal(link_next(&rd, &got), 0);
	assert_int_equal(got.len, max);
	assert_int_equal(link_next(&rd, &got), ERR_AGAIN);
	free(body);
	ends_free(&e);
}

static void output_full(void **state)
{
	struct link_frame f = {9, (const uint8_t *)"body", 4};
	struct buf small, one;
	struct ends e;
	struct rd rd;

	(void)state;
	ends_init(&e, 5);
	buf_init(&small, 10);
	/* A local error is not the peer's fault: the state is unchanged. */
	assert_int_equal(link_record(e.client, &small, &f, 1), ERR_LIMIT);
	assert_int_equal(
	    link_control_seal(e.client, &small, "{}", 2, true), ERR_LIMIT);
	assert_int_equal(small.len, 0);
	assert_int_equal(e.client->tx.seq, 0);
	one = ends_sealed(e.client, "{\"a\":1}", false);
	f = ends_frame_of(KIND_CONTROL, &one);
	assert_int_equal(link_record(e.client, &e.wire, &f, 1), 0);
	assert_int_equal(link_open(e.server, e.wire.p, e.wire.len, &rd), 0);
	assert_int_equal(link_next(&rd, &f), 0);
	buf_init(&small, 3);
	assert_int_equal(
	    link_control_open(e.server, &small, f.body, f.len), ERR_LIMIT);
	assert_int_equal(small.len, 0);
	ends_expect_json(e.server, &f, "{\"a\":1}");
	buf_free(&one);
	ends_free(&e);
}

/* --- round trips --- */

static void both_ways(void **state)
{
	struct link *from, *to;
	struct buf a, b;
	struct link_frame f[3], got;
	struct ends e;
	struct rd rd;
	char json[64];
	int i;

	(void)state;
	ends_init(&e, 6);
	for (i = 0; i < 2000; i++) {
		from = i % 3 == 0 ? e.client : e.server;
		to = i % 3 == 0 ? e.server : e.client;
		snprintf(
		    json, sizeof(json), "{\"type\":\"ping\",\"id\":%d}", i);
		a = ends_sealed(from, json, false);
		b = ends_sealed(from, "{}", false);
		f[0] = ends_frame_of(KIND_CONTROL, &a);
		f[1] = (struct link_frame){77, (const uint8_t *)json, 3};
		f[2] = ends_frame_of(KIND_CONTROL, &b);
		buf_clear(&e.wire);
		assert_int_equal(link_record(from, &e.wire, f, 3), 0);
		assert_int_equal(link_open(to, e.wire.p, e.wire.len, &rd), 0);
		assert_int_equal(from->tx.seq, to->rx.seq);
		assert_int_equal(link_next(&rd, &got), 0);
		assert_int_equal(got.kind, KIND_CONTROL);
		ends_expect_json(to, &got, json);
		assert_int_equal(link_next(&rd, &got), 0);
		assert_int_equal(got.kind, 77);
		assert_int_equal(got.len, 3);
		assert_int_equal(link_next(&rd, &got), 0);
		ends_expect_json(to, &got, "{}");
		assert_int_equal(link_next(&rd, &got), ERR_AGAIN);
		buf_free(&a);
		buf_free(&b);
	}
	assert_int_equal(e.client->tx.seq, 667);
	assert_int_equal(e.server->tx.seq, 1333);
	ends_free(&e);
}

static void lengths(void **state)
{
	static const struct {
		uint32_t len;
		int r;
	} t[] = {
	    {0, ERR_RANGE},
	    {1, ERR_RANGE},
	    {24, ERR_RANGE},
	    {28, ERR_RANGE},
	    {29, 0},
	    {30, 0},
	    {WIRE_RECORD_MAX, 0},
	    {WIRE_RECORD_MAX + 1, ERR_RANGE},
	    {0x7b226122, ERR_RANGE},
	    {0x7fffffff, ERR_RANGE},
	    {0x80000000, ERR_RANGE},
	    {0xffffffff, ERR_RANGE},
	};
	uint8_t head[WIRE_LENGTH];
	size_t i, total;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		put_u32(head, t[i].len);
		total = 99;
		assert_int_equal(link_length(head, 0, &total), ERR_AGAIN);
		assert_int_equal(link_length(head, 3, &total), ERR_AGAIN);
		assert_int_equal(link_length(head, 4, &total), t[i].r);
		assert_int_equal(
		    total, t[i].r == 0 ? (size_t)t[i].len + WIRE_LENGTH : 99);
	}
}

/* --- control frames --- */

static void control_order(void **state)
{
	struct buf a, b;
	struct link_frame fa, fb;
	struct ends e;

	(void)state;
	ends_init(&e, 60);
	a = ends_sealed(e.client, "{\"n\":0}", false);
	b = ends_sealed(e.client, "{\"n\":1}", false);
	fa = ends_frame_of(KIND_CONTROL, &a);
	fb = ends_frame_of(KIND_CONTROL, &b);
	assert_int_equal(ends_open_json(e.server, &fb), ERR_OPEN);
	ends_expect_rx_dead(e.server);
	ends_fresh(&e, &e.server, LINK_SERVER);
	ends_expect_json(e.server, &fa, "{\"n\":0}");
	assert_int_equal(ends_open_json(e.server, &fa), ERR_OPEN);
	ends_fresh(&e, &e.server, LINK_SERVER);
	ends_expect_json(e.server, &fa, "{\"n\":0}");
	ends_expect_json(e.server, &fb, "{\"n\":1}");
	/* Not in the other direction. */
	assert_int_equal(ends_open_json(e.client, &fa), ERR_OPEN);
	buf_free(&a);
	buf_free(&b);
	ends_free(&e);
}

static void control_sizes(void **state)
{
	char *json = malloc(WIRE_JSON_MAX + 1);
	uint8_t body[WIRE_JSON_MAX + 17] = {0};
	struct link_frame f;
	struct ends e;
	struct buf b;

	(void)state;
	assert_non_null(json);
	memset(json, ' ', WIRE_JSON_MAX + 1);
	ends_init(&e, 61);
	buf_init(&b, 2 * WIRE_JSON_MAX);
	assert_int_equal(
	    link_control_seal(e.client, &b, json, WIRE_JSON_MAX + 1, false),
	    ERR_LIMIT);
	assert_int_equal(
	    link_control_seal(e.client, &b, json, 1, false), ERR_LIMIT);
	assert_int_equal(
	    link_control_seal(e.client, &b, json, SIZE_MAX, false), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	assert_int_equal(
	    link_control_seal(e.client, &b, json, WIRE_JSON_MAX, false), 0);
	assert_int_equal(b.len, WIRE_JSON_MAX + WIRE_TAG);
	f = ends_frame_of(KIND_CONTROL, &b);
	assert_int_equal(ends_open_json(e.server, &f), 0);
	f = (struct link_frame){KIND_CONTROL, body, 17};
	assert_int_equal(ends_open_json(e.server, &f), ERR_RANGE);
	ends_fresh(&e, &e.server, LINK_SERVER);
	f.len = sizeof(body);
	assert_int_equal(ends_open_json(e.server, &f), ERR_RANGE);
	buf_free(&b);
	free(json);
	ends_free(&e);
}

/* Direct frames are sealed by the same key and the same count as control frames,
 * and neither is taken for the other. */
static void direct_frames(void **state)
{
	uint8_t body[216] = {7}, bad[232];
	struct buf control, direct, got;
	struct link_frame f;
	struct ends e;
	size_t i;

	(void)state;
	ends_init(&e, 63);
	buf_init(&direct, 1 << 20);
	buf_init_secret(&got, 1 << 20);
	control = ends_sealed(e.client, "{\"n\":0}", false);
	assert_int_equal(
	    link_direct_seal(e.client, &direct, body, sizeof(body)), 0);
	assert_int_equal(direct.len, sizeof(body) + WIRE_TAG);
	assert_memory_not_equal(direct.p, body, sizeof(body));
	/* In their order only. */
	assert_int_equal(
	    link_direct_open(e.server, &got, direct.p, direct.len), ERR_OPEN);
	ends_expect_rx_dead(e.server);
	ends_fresh(&e, &e.server, LINK_SERVER);
	f = ends_frame_of(KIND_CONTROL, &control);
	ends_expect_json(e.server, &f, "{\"n\":0}");
	assert_int_equal(
	    link_direct_open(e.server, &got, direct.p, direct.len), 0);
	assert_int_equal(got.len, sizeof(body));
	assert_memory_equal(got.p, body, sizeof(body));
	/* As a frame of the other kind. */
	ends_fresh(&e, &e.server, LINK_SERVER);
	ends_expect_json(e.server, &f, "{\"n\":0}");
	assert_int_equal(
	    link_control_open(e.server, &got, direct.p, direct.len), ERR_OPEN);
	for (i = 0; i < 8 * sizeof(bad); i += 7) {
		ends_fresh(&e, &e.server, LINK_SERVER);
		ends_expect_json(e.server, &f, "{\"n\":0}");
		memcpy(bad, direct.p, sizeof(bad));
		bad[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(
		    link_direct_open(e.server, &got, bad, sizeof(bad)),
		    ERR_OPEN);
	}
	/* Too short, too long. */
	assert_int_equal(
	    link_direct_seal(e.client, &direct, body, 215), ERR_LIMIT);
	assert_int_equal(
	    link_direct_seal(e.client, &direct, body, SIZE_MAX), ERR_LIMIT);
	ends_fresh(&e, &e.server, LINK_SERVER);
	assert_int_equal(
	    link_direct_open(e.server, &got, direct.p, 231), ERR_RANGE);
	buf_free(&control);
	buf_free(&direct);
	buf_free(&got);
	ends_free(&e);
}

static void control_flips(void **state)
{
	struct link_frame f;
	struct ends e;
	struct buf b;
	size_t i;

	(void)state;
	ends_init(&e, 62);
	b = ends_sealed(e.server, "{\"type\":\"pong\",\"id\":1}", false);
	f = ends_frame_of(KIND_CONTROL, &b);
	for (i = 0; i < 8 * b.len; i++) {
		ends_fresh(&e, &e.client, LINK_CLIENT);
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(ends_open_json(e.client, &f), ERR_OPEN);
		ends_expect_rx_dead(e.client);
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 18; i < b.len; i++) {
		ends_fresh(&e, &e.client, LINK_CLIENT);
		f.len = i;
		assert_int_equal(ends_open_json(e.client, &f), ERR_OPEN);
	}
	f.len = b.len;
	ends_fresh(&e, &e.client, LINK_CLIENT);
	assert_int_equal(ends_open_json(e.client, &f), 0);
	buf_free(&b);
	ends_free(&e);
}

/* A receiver that does not step, or steps too early, cannot open a frame of the
 * record in e->wire, whose second frame is a key. */
static void do_not_step(struct ends *e)
{
	struct link_frame got;
	struct rd rd;
	size_t i;

	ends_fresh(e, &e->client, LINK_CLIENT);
	assert_int_equal(link_open(e->client, e->wire.p, e->wire.len, &rd), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(link_next(&rd, &got), 0);
		assert_int_equal(
		    ends_open_json(e->client, &got), i < 2 ? 0 : ERR_OPEN);
	}
	ends_expect_rx_dead(e->client);
	ends_fresh(e, &e->client, LINK_CLIENT);
	assert_int_equal(link_open(e->client, e->wire.p, e->wire.len, &rd), 0);
	assert_int_equal(link_stepped(e->client), 0);
	assert_int_equal(link_next(&rd, &got), 0);
	assert_int_equal(ends_open_json(e->client, &got), ERR_OPEN);
}

/* One record with two key_exchange frames and a frame after each. */
static void step_in_record(void **state)
{
	static const char *const json[] = {"{\"before\":1}", "{\"key\":1}",
	    "{\"between\":1}", "{\"key\":2}", "{\"after\":1}"};
	static const bool steps[] = {false, true, false, true, false};
	uint8_t key_iv[WIRE_KEY_IV], want[64];
	struct link_frame f[5], got;
	struct buf b[5];
	struct ends e;
	struct rd rd;
	size_t i;

	(void)state;
	ends_init(&e, 63);
	ends_key_iv_of(&e, LINK_S2C, key_iv);
	for (i = 0; i < 5; i++) {
		b[i] = ends_sealed(e.server, json[i], steps[i]);
		f[i] = ends_frame_of(KIND_CONTROL, &b[i]);
		/* The counter continues; key and iv step. */
		ends_forge_control(&e, key_iv, i, json[i], want);
		assert_int_equal(b[i].len, strlen(json[i]) + WIRE_TAG);
		assert_memory_equal(b[i].p, want, b[i].len);
		if (steps[i])
			ends_next_key_iv(&e, key_iv);
	}
	assert_int_equal(link_record(e.server, &e.wire, f, 5), 0);
	assert_int_equal(link_open(e.client, e.wire.p, e.wire.len, &rd), 0);
	for (i = 0; i < 5; i++) {
		assert_int_equal(link_next(&rd, &got), 0);
		ends_expect_json(e.client, &got, json[i]);
		if (steps[i])
			assert_int_equal(link_stepped(e.client), 0);
	}
	/* The other direction has not stepped: its first frame is unchanged. */
	buf_free(&b[0]);
	b[0] = ends_sealed(e.client, "{}", false);
	ends_key_iv_of(&e, LINK_C2S, key_iv);
	ends_forge_control(&e, key_iv, 0, "{}", want);
	assert_memory_equal(b[0].p, want, b[0].len);
	got = ends_frame_of(KIND_CONTROL, &b[0]);
	ends_expect_json(e.server, &got, "{}");
	do_not_step(&e);
	for (i = 0; i < 5; i++)
		buf_free(&b[i]);
	ends_free(&e);
}

/* The counter passes its first byte; steps do not reset it. */
static void counter_goes_on(void **state)
{
	uint8_t key_iv[WIRE_KEY_IV], want[2 + WIRE_TAG];
	struct ends e;
	struct buf b;
	uint64_t i;

	(void)state;
	ends_init(&e, 64);
	ends_key_iv_of(&e, LINK_C2S, key_iv);
	for (i = 0; i < 700; i++) {
		b = ends_sealed(e.client, "{}", i % 100 == 99);
		ends_forge_control(&e, key_iv, i, "{}", want);
		assert_memory_equal(b.p, want, sizeof(want));
		if (i % 100 == 99)
			ends_next_key_iv(&e, key_iv);
		buf_free(&b);
	}
	ends_free(&e);
}

static void wiped(void **state)
{
	static const struct link_keys zero;
	struct link_keys k;

	(void)state;
	memset(&k, 0xff, sizeof(k));
	link_keys_wipe(&k);
	assert_memory_equal(&k, &zero, sizeof(k));
}

/* Of a group frame the digest of its body behind the offset, of others that of
 * all; of the first 64, and of nothing before. */
static void digests_kept(void **state)
{
	enum { N = LINK_DIGESTS + 2 };
	static uint8_t body[N][WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG];
	static struct link_digests d = {.n = 7};
	struct link_frame f[N];
	uint8_t want[WIRE_HASH];
	struct ends e;
	struct rd rd;
	size_t i, skip;

	(void)state;
	ends_init(&e, 9);
	for (i = 0; i < N; i++) {
		memset(body[i], (int)i + 1, sizeof(body[i]));
		f[i] = (struct link_frame){
		    i % 3 == 1 ? 200 : KIND_GROUP, body[i], sizeof(body[i])};
	}
	assert_int_equal(link_record(e.client, &e.wire, f, N), 0);
	assert_int_equal(
	    link_open_keep(e.server, e.wire.p, e.wire.len, &rd, &d), 0);
	assert_int_equal(d.n, LINK_DIGESTS);
	for (i = 0; i < LINK_DIGESTS; i++) {
		skip = f[i].kind == KIND_GROUP ? WIRE_OFFSET : 0;
		assert_int_equal(crypto_hash1(e.c, want, body[i] + skip,
				     sizeof(body[i]) - skip),
		    0);
		assert_memory_equal(d.p[i], want, WIRE_HASH);
	}
	buf_clear(&e.wire);
	assert_int_equal(link_record(e.client, &e.wire, f, 2), 0);
	e.wire.p[e.wire.len - 1] ^= 1;
	assert_int_equal(
	    link_open_keep(e.server, e.wire.p, e.wire.len, &rd, &d), ERR_MAC);
	assert_int_equal(
	    link_open_keep(e.server, e.wire.p, e.wire.len, &rd, &d), ERR_STATE);
	assert_int_equal(d.n, 0);
	ends_free(&e);
}

int main(void)
{
	struct check_group g = {0};

	check_add(&g, golden, NULL, "a record and a control frame, by hand");
	check_add(&g, pieces, NULL, "a record from digests");
	check_add(&g, misuse, NULL, "a record made in the wrong order");
	check_add(&g, largest, NULL, "the largest record");
	check_add(&g, output_full, NULL, "our own limits change nothing");
	check_add(&g, both_ways, NULL, "2000 records both ways");
	check_add(&g, lengths, NULL, "lengths");
	check_add(&g, control_order, NULL, "control frames keep their order");
	check_add(&g, control_sizes, NULL, "control frames keep their sizes");
	check_add(&g, control_flips, NULL, "every flipped bit of a body");
	check_add(&g, direct_frames, NULL, "direct frames");
	check_add(&g, step_in_record, NULL, "the seal key steps in a record");
	check_add(&g, counter_goes_on, NULL, "the counter goes on");
	check_add(&g, wiped, NULL, "link keys are wiped");
	check_add(
	    &g, digests_kept, NULL, "digests are kept for who needs them");
	return check_run("link", &g);
}
