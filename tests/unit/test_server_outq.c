/* A reader's queue: how frames become records, the cost of a slow reader, and
 * that the bytes do not depend on how the writes are split. */
#include <errno.h>

#include "shared/proto/link_int.h"
#include "server/net/outq.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "tests/unit/check.h"

enum { LARGE = 3000, BODY_MIN = WIRE_GROUP_HEAD + 64 + 16 };

/* The server's side, a socket that accepts as much as the test says, and the
 * client's side. */
struct rig {
	struct crypto *crypto;
	struct outq_ready ready;
	struct outq_work work;
	struct outq q;
	struct link *server, *client;
	struct outq_io io;

	size_t per_call;  /* most bytes accepted per write; 0: none */
	size_t allowance; /* bytes accepted before the socket is full */
	unsigned calls;
	int fail;		  /* errno to return */
	const void *by_reference; /* looked for as an iovec's base */
	bool seen;
	uint8_t *wire;
	size_t n_wire, at;
};

static ssize_t rig_writev(void *arg, const struct iovec *iov, int n)
{
	struct rig *g = arg;
	size_t left = g->per_call, take;
	ssize_t all = 0;
	int i;

	if (g->fail != 0) {
		errno = g->fail;
		return -1;
	}
	g->calls++;
	if (left > g->allowance)
		left = g->allowance;
	for (i = 0; i < n && left > 0; i++) {
		if (iov[i].iov_base == g->by_reference)
			g->seen = true;
		take = iov[i].iov_len < left ? iov[i].iov_len : left;
		g->wire = realloc(g->wire, g->n_wire + take + 1);
		assert_non_null(g->wire);
		memcpy(g->wire + g->n_wire, iov[i].iov_base, take);
		g->n_wire += take;
		left -= take;
		all += (ssize_t)take;
	}
	g->allowance -= (size_t)all;
	if (all > 0)
		return all;
	errno = EAGAIN;
	return -1;
}

static void rig_up(struct rig *g)
{
	struct link_keys k;

	memset(g, 0, sizeof(*g));
	memset(&k, 7, sizeof(k)); /* a fixed key: the bytes are compared */
	memset(k.seal[LINK_C2S], 9, WIRE_KEY);
	g->crypto = crypto_new();
	assert_non_null(g->crypto);
	outq_ready_init(&g->ready);
	assert_int_equal(outq_work_init(&g->work, g->crypto), 0);
	outq_init(&g->q, &g->ready);
	g->server = link_new(g->crypto, &k, LINK_SERVER);
	g->client = link_new(g->crypto, &k, LINK_CLIENT);
	assert_non_null(g->server);
	assert_non_null(g->client);
	g->io = (struct outq_io){rig_writev, g};
	g->per_call = g->allowance = SIZE_MAX;
}

static void rig_down(struct rig *g)
{
	outq_free(&g->q);
	assert_null(TAILQ_FIRST(&g->ready));
	outq_work_free(&g->work);
	link_free(g->server);
	link_free(g->client);
	crypto_free(g->crypto);
	free(g->wire);
}

static struct frame *rig_group(struct rig *g, size_t n, uint64_t offset)
{
	uint8_t *body = calloc(1, n);
	struct frame *p;

	assert_non_null(body);
	memset(body + 8, (int)offset, n - 8);
	p = frame_group(g->crypto, body, n, NULL);
	assert_non_null(p);
	frame_number(p, offset);
	free(body);
	return p;
}

static void rig_say(struct rig *g, size_t n, uint64_t offset)
{
	struct frame *p = rig_group(g, n, offset);

	assert_int_equal(outq_put(&g->q, p), 0);
	frame_unref(p);
}

static struct frame *rig_ping(int64_t id)
{
	struct buf json;
	struct frame *p;

	buf_init(&json, WIRE_JSON_MAX);
	assert_int_equal(control_ping(&json, false, id), 0);
	p = frame_control(json.p, json.len);
	assert_non_null(p);
	buf_free(&json);
	return p;
}

static struct frame *rig_key(uint32_t epoch)
{
	struct key_exchange k = {.room = 1, .epoch = epoch, .reason = "leave"};
	struct buf json;
	struct frame *p;

	buf_init_secret(&json, WIRE_JSON_MAX);
	assert_int_equal(control_key_exchange(&json, &k), 0);
	p = frame_key_exchange(json.p, json.len, true);
	assert_non_null(p);
	buf_free(&json);
	return p;
}

static int rig_flush(struct rig *g)
{
	outq_ready_next(&g->ready);
	return outq_flush(&g->q, g->server, &g->work, &g->io);
}

/* Decodes the bytes so far as the client does, into words: "gN" a group frame
 * with offset N, "pN" a ping, "kN" a key, "bCODE" a bye, "|" the end of a
 * record. Fails the test on anything that a client would refuse. */
static void rig_read(struct rig *g, char *out, size_t size)
{
	struct rd frames;
	struct link_frame f;
	struct control *m = malloc(sizeof(*m));
	struct buf json;
	size_t total, n = 0;

	assert_non_null(m);
	buf_init_secret(&json, WIRE_JSON_MAX);
	out[0] = '\0';
#define SAY(...) n += (size_t)snprintf(out + n, size - n, __VA_ARGS__)
	while (link_length(g->wire + g->at, g->n_wire - g->at, &total) == 0 &&
	       g->n_wire - g->at >= total) {
		assert_int_equal(
		    link_open(g->client, g->wire + g->at, total, &frames), 0);
		g->at += total;
		while (link_next(&frames, &f) == 0) {
			if (f.kind == KIND_GROUP) {
				SAY("g%u ", (unsigned)get_u64(f.body));
				continue;
			}
			buf_clear(&json);
			assert_int_equal(
			    link_control_open(g->client, &json, f.body, f.len),
			    0);
			assert_int_equal(
			    control_decode(m, FROM_SERVER, json.p, json.len),
			    0);
			if (m->type == CONTROL_PING) {
				SAY("p%d ", (int)m->u.ping);
			} else if (m->type == CONTROL_BYE) {
				SAY("b%s ", m->u.end.word);
			} else {
				assert_int_equal(m->type, CONTROL_KEY_EXCHANGE);
				SAY("k%u ", m->u.key_exchange.epoch);
				assert_int_equal(link_stepped(g->client), 0);
			}
		}
		SAY("| ");
	}
#undef SAY
	assert_true(n < size);
	buf_free(&json);
	free(m);
}

static void test_one_record_for_all(void **state)
{
	struct rig g;
	char got[256];

	(void)state;
	rig_up(&g);
	rig_say(&g, BODY_MIN, 1);
	outq_give(&g.q, rig_ping(5));
	rig_say(&g, LARGE, 2);
	outq_give(&g.q, rig_key(2));
	outq_give(&g.q, rig_ping(6));
	rig_say(&g, BODY_MIN, 3);
	assert_int_equal(rig_flush(&g), 0);
	assert_int_equal(g.calls, 1);
	rig_read(&g, got, sizeof(got));
	assert_string_equal(got, "g1 p5 g2 k2 p6 g3 | ");
	assert_int_equal(g.at, g.n_wire);
	assert_true(outq_empty(&g.q));
	assert_int_equal(rig_flush(&g), 0);
	assert_int_equal(g.calls, 1); /* nothing queued: no write, no record */
	assert_int_equal(g.server->tx.seq, 1);
	rig_down(&g);
}

static void test_large_by_reference(void **state)
{
	struct rig g;
	struct frame *large, *small;

	(void)state;
	rig_up(&g);
	large = rig_group(&g, LARGE, 1);
	small = rig_group(&g, BODY_MIN, 2);
	assert_int_equal(outq_put(&g.q, large), 0);
	assert_int_equal(outq_put(&g.q, small), 0);
	assert_int_equal(large->refs, 2);
	g.by_reference = large->bytes;
	assert_int_equal(rig_flush(&g), 0);
	assert_true(g.seen);
	assert_int_equal(large->refs, 1);
	assert_int_equal(small->refs, 1);
	g.seen = false;
	g.by_reference = small->bytes;
	assert_int_equal(outq_put(&g.q, small), 0);
	assert_int_equal(rig_flush(&g), 0);
	assert_false(g.seen);
	frame_unref(large);
	frame_unref(small);
	rig_down(&g);
}

static void rig_mixture(struct rig *g)
{
	rig_say(g, BODY_MIN, 1);
	rig_say(g, OUTQ_SMALL + 1, 2);
	outq_give(&g->q, rig_key(3));
	rig_say(g, OUTQ_SMALL + 1, 4);
	rig_say(g, OUTQ_SMALL + 1, 5);
	outq_give(&g->q, rig_ping(6));
}

static void test_partial_writes(void **state)
{
	struct rig whole, g;
	char got[256];
	size_t size;
	int r;

	(void)state;
	rig_up(&whole);
	rig_mixture(&whole);
	assert_int_equal(rig_flush(&whole), 0);
	for (size = 1; size <= whole.n_wire; size++) {
		rig_up(&g);
		rig_mixture(&g);
		for (;;) {
			g.allowance = size;
			if ((r = rig_flush(&g)) == 0)
				break;
			assert_int_equal(r, ERR_AGAIN);
			assert_true(g.q.blocked);
			assert_null(TAILQ_FIRST(&g.ready));
		}
		assert_int_equal(g.n_wire, whole.n_wire);
		assert_memory_equal(g.wire, whole.wire, whole.n_wire);
		assert_true(outq_empty(&g.q));
		assert_false(g.q.blocked);
		rig_down(&g);
	}
	rig_read(&whole, got, sizeof(got));
	assert_string_equal(got, "g1 g2 k3 g4 g5 p6 | ");
	rig_down(&whole);
}

/* Frames that arrive while a record is half written go into the next record. */
static void test_more_while_blocked(void **state)
{
	struct rig g;
	char got[256];

	(void)state;
	rig_up(&g);
	rig_say(&g, LARGE, 1);
	g.allowance = 100;
	assert_int_equal(rig_flush(&g), ERR_AGAIN);
	rig_say(&g, BODY_MIN, 2);
	outq_give(&g.q, rig_ping(3));
	assert_null(TAILQ_FIRST(&g.ready)); /* it waits for the socket */
	g.allowance = SIZE_MAX;
	assert_int_equal(rig_flush(&g), 0);
	rig_read(&g, got, sizeof(got));
	assert_string_equal(got, "g1 | g2 p3 | ");
	rig_down(&g);
}

static void test_many_records(void **state)
{
	struct rig g;
	char *got = malloc(1 << 20), want[32];
	const char *at = got;
	unsigned i, n = 3000, records = 0;
	const char *p;

	(void)state;
	assert_non_null(got);
	rig_up(&g);
	for (i = 1; i <= n; i++)
		rig_say(&g, i % 3 ? BODY_MIN : OUTQ_SMALL - 4 + i % 9, i);
	while (rig_flush(&g) == ERR_LIMIT)
		assert_ptr_equal(TAILQ_FIRST(&g.ready), &g.q);
	rig_read(&g, got, 1 << 20);
	for (i = 1; i <= n; i++) {
		snprintf(want, sizeof(want), "g%u ", i);
		if (strncmp(at, "| ", 2) == 0)
			at += 2;
		assert_memory_equal(at, want, strlen(want));
		at += strlen(want);
	}
	for (p = got; (p = strchr(p, '|')) != NULL; p++)
		records++;
	assert_true(records >= g.n_wire / (WIRE_RECORD_MAX + WIRE_LENGTH));
	assert_true(records <= g.n_wire / (WIRE_RECORD_MAX / 2) + 1);
	assert_int_equal(g.q.cap <= OUTQ_KEEP, 1); /* the memory is freed */
	rig_down(&g);
	free(got);
}

static void test_turn_is_bounded(void **state)
{
	struct rig g;
	unsigned i;

	(void)state;
	rig_up(&g);
	for (i = 1; i <= 40; i++)
		rig_say(&g, 60000, i);
	assert_int_equal(rig_flush(&g), ERR_LIMIT);
	assert_true(g.n_wire >= OUTQ_STEP);
	assert_true(g.n_wire < OUTQ_STEP + 2 * WIRE_RECORD_MAX);
	assert_ptr_equal(TAILQ_FIRST(&g.ready), &g.q);
	rig_down(&g);
}

/* A reader stops reading while the room continues. */
static void test_slow(void **state)
{
	struct rig g;
	struct frame *p;
	char got[256];
	unsigned n = 0;
	int r;

	(void)state;
	rig_up(&g);
	p = rig_group(&g, 60000, 7);
	rig_say(&g, LARGE, 1);
	outq_give(&g.q, rig_key(2));
	g.allowance = 500;
	assert_int_equal(rig_flush(&g), ERR_AGAIN);
	outq_give(&g.q, rig_key(3)); /* never sent: must not step the key */
	outq_give(&g.q, rig_ping(4));
	while ((r = outq_put(&g.q, p)) == 0)
		n++;
	assert_int_equal(r, ERR_SLOW);
	assert_true(n >= OUTQ_MAX / 60100 - 1);
	assert_true(n <= OUTQ_MAX / 60000);
	assert_int_equal(p->refs, 1); /* the whole queue is freed at once */
	assert_int_equal(g.q.bytes, 0);
	assert_ptr_equal(TAILQ_FIRST(&g.ready), &g.q);
	assert_int_equal(outq_put(&g.q, p), ERR_SLOW);
	assert_int_equal(p->refs, 1);

	p->refs++; /* a reference for its owner */
	outq_end(&g.q, rig_ping(9));
	assert_int_equal(outq_put(&g.q, p), 0);
	assert_int_equal(p->refs, 2);
	g.allowance = SIZE_MAX;
	assert_int_equal(rig_flush(&g), 0);
	rig_read(&g, got, sizeof(got));
	assert_string_equal(got, "g1 k2 | p9 | ");
	frame_unref(p);
	frame_unref(p);
	rig_down(&g);
}

/* Full above OUTQ_FULL, until its reader has taken it down to OUTQ_TAKEN. */
static void test_full(void **state)
{
	struct rig g;
	struct frame *p;

	(void)state;
	rig_up(&g);
	p = rig_group(&g, 60000, 7);
	g.allowance = 0;
	assert_int_equal(outq_put(&g.q, p), 0);
	assert_int_equal(rig_flush(&g), ERR_AGAIN);
	while (outq_held(&g.q) + 60100 <= OUTQ_FULL) {
		assert_false(g.q.full);
		assert_int_equal(outq_put(&g.q, p), 0);
	}
	assert_null(TAILQ_FIRST(&g.ready)); /* blocked */
	while (outq_held(&g.q) <= OUTQ_FULL)
		assert_int_equal(outq_put(&g.q, p), 0);
	assert_true(g.q.full);
	assert_ptr_equal(TAILQ_FIRST(&g.ready), &g.q); /* for its owner */
	g.allowance = outq_held(&g.q) - OUTQ_TAKEN - 1000;
	assert_int_equal(rig_flush(&g), ERR_AGAIN);
	assert_true(g.q.full);
	g.allowance = 2000;
	assert_int_equal(rig_flush(&g), ERR_AGAIN);
	assert_true(outq_held(&g.q) < OUTQ_TAKEN);
	assert_false(g.q.full);
	assert_int_equal(outq_put(&g.q, p), 0);
	assert_false(g.q.full);
	frame_unref(p);
	rig_down(&g);
}

static void test_end_and_finish(void **state)
{
	struct rig g;
	char got[256];

	(void)state;
	rig_up(&g);
	rig_say(&g, BODY_MIN, 1);
	outq_give(&g.q, rig_key(2));
	outq_end(&g.q, rig_ping(3));
	outq_end(&g.q, rig_ping(4)); /* only the first one counts... */
	rig_say(&g, BODY_MIN, 5);
	assert_int_equal(rig_flush(&g), 0);
	rig_read(&g, got, sizeof(got));
	assert_string_equal(got, ""); /* ...and the second frees the queue */
	rig_down(&g);

	rig_up(&g);
	rig_say(&g, BODY_MIN, 1);
	outq_give(&g.q, rig_key(2));
	outq_finish(&g.q, rig_ping(3));
	rig_say(&g, BODY_MIN, 5);
	assert_int_equal(rig_flush(&g), 0);
	rig_read(&g, got, sizeof(got));
	assert_string_equal(got, "g1 k2 p3 | ");
	rig_down(&g);
}

static void test_failures(void **state)
{
	struct rig g;
	struct frame *p;

	(void)state;
	rig_up(&g);
	p = rig_group(&g, LARGE, 1);
	assert_int_equal(outq_put(&g.q, p), 0);
	g.fail = EPIPE;
	assert_int_equal(rig_flush(&g), ERR_IO);
	assert_int_equal(p->refs, 1);
	rig_down(&g);

	rig_up(&g);
	assert_int_equal(outq_put(&g.q, p), 0);
	outq_give(&g.q, NULL); /* no memory for a frame */
	assert_int_equal(g.q.state, OUTQ_FAILED);
	assert_int_equal(g.q.why, ERR_NOMEM);
	assert_int_equal(p->refs, 1);
	assert_int_equal(outq_put(&g.q, p), ERR_NOMEM);
	rig_down(&g);

	rig_up(&g); /* freed while half a record is written */
	assert_int_equal(outq_put(&g.q, p), 0);
	g.allowance = 50;
	assert_int_equal(rig_flush(&g), ERR_AGAIN);
	assert_int_equal(p->refs, 2);
	rig_down(&g);
	assert_int_equal(p->refs, 1);
	frame_unref(p);
}

static void test_ready_list(void **state)
{
	struct outq_ready ready, all;
	struct outq q[4];
	size_t i;

	(void)state;
	outq_ready_init(&ready);
	for (i = 0; i < 4; i++)
		outq_init(&q[i], &ready);
	outq_ready_take(&ready, &all);
	assert_null(outq_ready_next(&all));
	for (i = 0; i < 3; i++) {
		outq_touch(&q[i]);
		outq_touch(&q[0]);
	}
	outq_free(&q[1]);
	outq_ready_take(&ready, &all);
	outq_touch(&q[3]);
	assert_ptr_equal(outq_ready_next(&all), &q[0]);
	outq_touch(&q[0]);
	assert_ptr_equal(outq_ready_next(&all), &q[2]);
	assert_null(outq_ready_next(&all));
	assert_ptr_equal(outq_ready_next(&ready), &q[3]);
	outq_free(&q[0]); /* the last one: the list's tail moves back */
	outq_touch(&q[2]);
	assert_ptr_equal(outq_ready_next(&ready), &q[2]);
	assert_null(outq_ready_next(&ready));
}

static void drop_put(struct rig *g, uint32_t room, enum frame_part part)
{
	struct frame *p = rig_ping(1);

	p->room = room;
	p->part = (uint8_t)part;
	p->request = part == FRAME_ENTERED ? 7 : 0;
	outq_give(&g->q, p);
}

static void drop(struct rig *g, uint32_t room, bool key, uint32_t request)
{
	const struct outq_dropped d = outq_drop(&g->q, room);

	assert_int_equal(d.key, key);
	assert_int_equal(d.request, request);
}

/* What is dropped is of the newest stay in the room, and of no other room. */
static void test_drop(void **state)
{
	struct rig g;

	(void)state;
	rig_up(&g);
	drop(&g, 1, false, 0);
	drop_put(&g, 1, FRAME_KEY);
	drop_put(&g, 1, FRAME_ENTERED);
	drop_put(&g, 2, FRAME_KEY);
	drop_put(&g, 0, FRAME_OTHER);
	drop_put(&g, 1, FRAME_KEY);
	drop_put(&g, 1, FRAME_OTHER);
	drop(&g, 1, true, 0);
	assert_int_equal(g.q.count, 4);
	drop_put(&g, 1, FRAME_OTHER);
	drop(&g, 2, true, 0);
	drop(&g, 1, true, 7);
	assert_int_equal(g.q.count, 1);
	/* The key has been sent: all that is queued is of that stay. */
	drop_put(&g, 1, FRAME_OTHER);
	drop_put(&g, 1, FRAME_ENTERED);
	drop(&g, 1, false, 7);
	assert_int_equal(g.q.count, 1);
	rig_down(&g);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_record_for_all),
	    cmocka_unit_test(test_large_by_reference),
	    cmocka_unit_test(test_partial_writes),
	    cmocka_unit_test(test_more_while_blocked),
	    cmocka_unit_test(test_many_records),
	    cmocka_unit_test(test_turn_is_bounded),
	    cmocka_unit_test(test_slow),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_end_and_finish),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_ready_list),
	    cmocka_unit_test(test_drop),
	};

	json_setup();
	return cmocka_run_group_tests_name("outq", tests, NULL, NULL);
}
