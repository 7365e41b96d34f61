/* A room whose members are in several shards, each with a real thread: all members
 * see the same order of messages, joins and leaves. */
#include <pthread.h>

#include "tests/unit/room_world.h"

enum { BODY = WIRE_GROUP_HEAD + 64 + WIRE_TAG + 20 };
enum { THREADS = 4, SEATS = 6, ROUNDS = 300, LONGEST = 1000000, HEARD = 40000 };

static void frame(uint8_t *body, uint32_t id, uint32_t epoch, uint64_t seq)
{
	memset(body, 0, BODY);
	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, epoch);
	put_u32(body + 16, id);
	put_u64(body + 20, seq);
}

/* A thread with some members: they join and send a message in each round. From
 * time to time one of them leaves and joins again. */
struct guest {
	struct memberships rooms;
	struct member *member; /* of `rooms` */
	struct outq q;
	struct link *server, *client;
	struct hs_result result;
	uint64_t seq;
	uint64_t *offset;	  /* of the frames it received, in order */
	uint64_t own[ROUNDS + 1]; /* offsets of the frames it sent, by seq */
	uint8_t *wire;
	size_t n_wire, n, acked;
	bool broken;
};
struct party {
	struct world *w;
	struct crypto *crypto;
	struct room_thread *rooms;
	struct outq_ready ready;
	struct outq_work work;
	struct guest guest[SEATS];
	unsigned index;
	pthread_t thread;
	int failed;		   /* source line of the failure */
	atomic_uint *parties_done; /* shared by all threads */
};

/* cmocka asserts do not work in a thread. */
#define WANT(x)                                                                \
	do {                                                                   \
		if (!(x) && t->failed == 0)                                    \
			t->failed = __LINE__;                                  \
	} while (0)

static ssize_t guest_writev(void *arg, const struct iovec *iov, int n)
{
	struct guest *g = arg;
	ssize_t all = 0;
	int i;

	for (i = 0; i < n; i++) {
		g->wire = realloc(g->wire, g->n_wire + iov[i].iov_len + 1);
		if (g->wire == NULL)
			return -1;
		memcpy(g->wire + g->n_wire, iov[i].iov_base, iov[i].iov_len);
		g->n_wire += iov[i].iov_len;
		all += (ssize_t)iov[i].iov_len;
	}
	return all;
}

static void guest_frame(
    struct party *t, struct guest *g, const struct link_frame *f)
{
	struct log_mark mark;
	struct group_head h;
	struct control *m;
	struct buf json;

	if (f->kind == KIND_MARK) {
		WANT(log_mark_decode(&mark, f->body, f->len) == 0);
		WANT(g->n < HEARD);
		return;
	}
	if (f->kind == KIND_GROUP) {
		WANT(group_head_decode(&h, f->body, f->len) == 0);
		WANT(h.sender != g->member->number && g->n < HEARD);
		g->offset[g->n++] = h.offset;
		return;
	}
	m = malloc(sizeof(*m));
	buf_init_secret(&json, WIRE_JSON_MAX);
	WANT(link_control_open(g->client, &json, f->body, f->len) == 0);
	WANT(control_decode(m, FROM_SERVER, json.p, json.len) == 0);
	if (m->type == CONTROL_KEY_EXCHANGE)
		WANT(link_stepped(g->client) == 0);
	if (m->type == CONTROL_ACK) {
		WANT(m->u.ack.seq > g->acked && m->u.ack.seq <= g->seq);
		g->acked = m->u.ack.seq;
	}
	buf_free(&json);
	control_wipe(m);
	free(m);
}

static void guest_reads(struct party *t, struct guest *g)
{
	struct outq_io io = {guest_writev, g};
	struct rd frames;
	struct link_frame f;
	size_t total;

	WANT(outq_flush(&g->q, g->server, &t->work, &io) == 0);
	while (link_length(g->wire, g->n_wire, &total) == 0 &&
	       g->n_wire >= total && t->failed == 0) {
		WANT(link_open(g->client, g->wire, total, &frames) == 0);
		while (t->failed == 0 && link_next(&frames, &f) == 0)
			guest_frame(t, g, &f);
		g->n_wire -= total;
		memmove(g->wire, g->wire + total, g->n_wire);
	}
}

static void guest_comes(struct party *t, struct guest *g, unsigned i)
{
	struct room_newcomer n = {
	    .out = &g->q, .member = g->member = memberships_new(&g->rooms)};
	struct hs_card *card = &g->result.card;
	enum wire_code refused;
	struct link_keys k;

	link_free(g->server);
	link_free(g->client);
	outq_free(&g->q);
	outq_init(&g->q, &t->ready);
	WANT(t->w->o.rng.fill(NULL, &k, sizeof(k)) == 0);
	g->server = link_new(t->crypto, &k, LINK_SERVER);
	g->client = link_new(t->crypto, &k, LINK_CLIENT);
	g->n_wire = g->n = g->seq = g->acked = 0;
	buf_free(&card->bytes);
	buf_init(&card->bytes, 100);
	WANT(buf_str(&card->bytes, "card") == 0);
	snprintf(card->name, sizeof(card->name), "t%u-%u", t->index, i);
	memcpy(card->identity, identity_public(t->w->identity), WIRE_ED25519);
	memcpy(card->wrap_spki, t->w->spki.p, t->w->spki.len);
	card->wrap_spki_len = t->w->spki.len;
	WANT((n.person = entrant_new(&g->result)) != NULL);
	WANT(room_enter(t->w->room, t->rooms, &n, &refused) == 0 &&
	     refused == CODE_NONE);
	entrant_unref(n.person);
}

static void guest_says(struct party *t, struct guest *g)
{
	uint8_t body[BODY];
	uint32_t epoch;
	const struct room_events *box;
	struct member *m = g->member;
	size_t i;

	room_lock(t->w->room);
	epoch = t->w->room->rekey.epoch;
	room_unlock(t->w->room);
	frame(body, g->member->number, epoch, g->seq + 1);
	WANT(room_group(g->member, body, sizeof(body), NULL) == 0);
	/* Unless a fence came in between. */
	room_lock(t->w->room);
	box = &m->mailbox->events;
	if (m->seq > g->seq) {
		for (i = box->n - 1; box->p[i].sender != m; i--)
			;
		g->own[++g->seq] = box->p[i].offset;
	}
	room_unlock(t->w->room);
}

static void *party_thread(void *arg)
{
	struct party *t = arg;
	uint64_t now = 0;
	unsigned round, i, said;
	bool done = false;

	for (i = 0; i < SEATS; i++)
		guest_comes(t, &t->guest[i], i);
	for (round = 0; t->failed == 0 && round < LONGEST; round++) {
		said = 0;
		for (i = 0; i < SEATS; i++) {
			if (t->guest[i].seq >= ROUNDS)
				said++;
			else if (member_is_in(t->guest[i].member))
				guest_says(t, &t->guest[i]);
		}
		/* No thread stops while others still need its shard. */
		if (said >= SEATS - 1 && !done) {
			done = true;
			atomic_fetch_add(t->parties_done, 1);
		}
		if (atomic_load(t->parties_done) == THREADS)
			break;
		/* The last guest of each shard leaves and joins again. */
		if (round % 50 == 49) {
			room_leave(t->guest[SEATS - 1].member);
			guest_comes(t, &t->guest[SEATS - 1], SEATS - 1);
		}
		now += 20;
		if (rooms_deadline(t->rooms) <= now)
			rooms_run(t->rooms, now, now);
		room_thread_deliver(t->rooms);
		(void)room_thread_work(t->rooms);
		for (i = 0; i < SEATS; i++)
			guest_reads(t, &t->guest[i]);
		(void)sched_yield();
	}
	if (round == LONGEST)
		t->failed = __LINE__;
	return NULL;
}

static void party_wake(void *arg)
{
	(void)arg; /* it always polls */
}

static void party_ended(void *arg, struct member *s, enum wire_code code)
{
	struct party *t = arg;

	(void)code;
	WANT(s == NULL); /* no member is disconnected */
}

static void party_rekeyed(void *arg, struct room *r, int err)
{
	struct party *t = arg;

	WANT(err == 0 && r == t->w->room && t->index == 0);
}

static void party_init(struct party *t, struct world *w, unsigned index)
{
	struct room_thread_opts o = {.directory = w->directory,
	    .wake = party_wake,
	    .ended = party_ended,
	    .rekeyed = party_rekeyed,
	    .arg = t};
	unsigned i;

	memset(t, 0, sizeof(*t));
	t->w = w;
	t->index = index;
	t->crypto = o.crypto = crypto_new();
	assert_non_null(t->crypto);
	outq_ready_init(&t->ready);
	assert_int_equal(outq_work_init(&t->work, t->crypto), 0);
	t->rooms = room_thread_new(&o);
	assert_non_null(t->rooms);
	for (i = 0; i < SEATS; i++) {
		outq_init(&t->guest[i].q, &t->ready);
		t->guest[i].offset = calloc(HEARD, sizeof(uint64_t));
		assert_non_null(t->guest[i].offset);
	}
}

static void party_free(struct party *t)
{
	struct guest *g;
	unsigned i;

	for (i = 0; i < SEATS; i++) {
		g = &t->guest[i];
		memberships_free(&g->rooms);
		outq_free(&g->q);
		link_free(g->server);
		link_free(g->client);
		buf_free(&g->result.card.bytes);
		free(g->offset);
		free(g->wire);
	}
	outq_work_free(&t->work);
	room_thread_free(t->rooms);
	crypto_free(t->crypto);
}

/* From its first frame to its last, the guest received every frame but its own
 * exactly once and in order. */
static void guest_check(const struct guest *g)
{
	uint64_t at = g->offset[0];
	size_t n = 0, own = 1;

	assert_true(g->n > ROUNDS);
	for (; n < g->n; at++) {
		while (own <= g->seq && g->own[own] < at)
			own++;
		if (own <= g->seq && g->own[own] == at)
			continue;
		assert_int_equal(g->offset[n++], at);
	}
	assert_int_equal(g->acked, g->seq);
}

static void test_threads(void **state)
{
	static struct party party[THREADS];
	static atomic_uint done;
	struct world *w = *state;
	size_t i, k;

	/* Uses the parties' threads instead of the world's. */
	for (i = 0; i < 2; i++) {
		room_thread_free(w->thread[i]);
		w->thread[i] = NULL;
	}
	for (i = 0; i < THREADS; i++) {
		party_init(&party[i], w, (unsigned)i);
		party[i].parties_done = &done;
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&party[i].thread, NULL,
				     party_thread, &party[i]),
		    0);
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(party[i].thread, NULL);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(party[i].failed, 0);
	/* Delivers the events that were pending when they stopped. */
	for (i = 0; i < THREADS; i++) {
		room_thread_deliver(party[i].rooms);
		for (k = 0; k < SEATS; k++)
			guest_reads(&party[i], &party[i].guest[k]);
		assert_int_equal(party[i].failed, 0);
	}
	for (i = 0; i < THREADS; i++)
		for (k = 0; k < SEATS - 1; k++)
			guest_check(&party[i].guest[k]);
	for (i = 0; i < THREADS; i++)
		for (k = 0; k < SEATS; k++)
			room_leave(party[i].guest[k].member);
	for (i = 0; i < THREADS; i++)
		party_free(&party[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_threads, world_up, world_down),
	};

	json_setup();
	return cmocka_run_group_tests_name(
	    "shards' threads", tests, NULL, NULL);
}
