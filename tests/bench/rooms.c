/* rooms.c - the scenes in many rooms. The first connection makes the rooms, and
 * each connection enters its share of them: 20 to a room, or all of them. Every
 * delivery is counted by room, receiver, sender and seq. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/conclave.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)

enum {
	PEOPLE = ROOMS_PEOPLE, /* a connection is the same one in all rooms */
	SPEAKERS = 4,  /* the first of them */
	BURST = 8,     /* messages of each speaker */
	ASKED = 48,    /* requests of one connection that are open */
	SET_UP_S = 90, /* for all rooms */
	QUIET_MS = 1500,
	DRAIN_S = 10,
	WARM_MS = 200,
	PHASE_MS = 250,
};

struct place {
	struct conn *conn;
	uint32_t number;	  /* of the member */
	uint32_t said;		  /* last seq */
	uint32_t heard[SPEAKERS]; /* last seq of each */
};

struct room {
	uint32_t epoch; /* the newest that somebody has entered with */
	uint64_t left;	/* deliveries of its bursts */
	uint64_t sent_ns;
	struct place place[PEOPLE];
};

struct rooms {
	struct room *room; /* owned; NULL: only made, or entered by all */
	uint32_t n, first; /* how many, and the number of the first */
	uint32_t made, answered, refused, open, entered;
	uint32_t *asked; /* owned; of each connection */
	uint64_t size;	 /* deliveries of a burst */
	uint64_t deliveries, begun, ended, wrong;
	uint64_t first_left; /* in the first room, where everybody is */
	struct hist hist;
};

bool rooms_speaks(uint32_t id)
{
	return id % PEOPLE < SPEAKERS;
}

/* Connection PEOPLE * b + p is at place p in room (b + k * p) mod n of each
 * layer k: any two rooms of different layers share few people. */
static uint32_t room_of(const struct load *l, uint32_t id, uint32_t layer)
{
	uint32_t blocks = l->n_conns / PEOPLE, p = id % PEOPLE;

	return layer * blocks + (id / PEOPLE + layer * p) % blocks;
}

/* --- making and entering -------------------------------------------------- */

static int ask(struct conn *c, enum request_type type, uint32_t room)
{
	struct rooms *x = c->load->rooms;
	struct request q = {.type = type, .number = ++x->asked[c->id]};
	struct buf json;
	int r;

	snprintf(q.name, sizeof(q.name), "r%u", room);
	buf_init(&json, WIRE_JSON_MAX);
	if ((r = request_encode(&json, &q)) == 0)
		r = conclave_control(c, &json);
	buf_free(&json);
	return r != 0 ? r : net_flush(c);
}

void rooms_answer(struct conn *c, const struct answer *a)
{
	struct rooms *x = c->load->rooms;

	x->answered++;
	x->open--;
	if (!a->done) {
		if (x->refused++ == 0)
			fprintf(stderr, "load: a room: %s\n", a->word);
	} else if (x->first == 0) {
		x->first = a->room;
	}
}

void rooms_key(struct conn *c, const struct key_exchange *k)
{
	struct rooms *x = c->load->rooms;
	uint32_t i = k->room - x->first;
	struct room *r;

	if (x->first == 0 || k->room < x->first || i >= x->n)
		return; /* the first one */
	x->entered += k->is_wrapped;
	if (x->room == NULL)
		return;
	r = &x->room[i];
	if (k->epoch > r->epoch)
		r->epoch = k->epoch;
	if (k->is_wrapped) {
		r->place[c->id % PEOPLE].conn = c;
		r->place[c->id % PEOPLE].number = k->member;
	}
}

static int wait_for(struct load *l, const uint32_t *what, uint32_t n)
{
	uint64_t end = load_clock() + SET_UP_S * SECOND;
	int r;

	while (*what < n && load_clock() < end)
		if ((r = net_turn(l, 20)) != 0)
			return r;
	return *what < n ? ERR_TIMEOUT : 0;
}

static int quiet(struct load *l)
{
	uint64_t end = load_clock() + QUIET_MS * MS;
	int r;

	while (load_clock() < end)
		if ((r = net_turn(l, 100)) != 0)
			return r;
	return 0;
}

static int rooms_make(struct load *l, uint32_t n)
{
	struct rooms *x = calloc(1, sizeof(*x));
	uint32_t i;
	int r;

	if (x == NULL)
		return ERR_NOMEM;
	l->rooms = x;
	x->n = n;
	x->asked = calloc(l->n_conns, sizeof(*x->asked));
	if (x->asked == NULL)
		return ERR_NOMEM;
	for (i = 0; i < n; i++) {
		x->open++;
		if ((r = ask(&l->conns[0], REQUEST_ROOM_NEW, i)) != 0)
			return r;
		while (x->open >= ASKED)
			if ((r = net_turn(l, 20)) != 0)
				return r;
	}
	return wait_for(l, &x->answered, n);
}

void rooms_free(struct load *l)
{
	if (l->rooms == NULL)
		return;
	free(l->rooms->room);
	free(l->rooms->asked);
	free(l->rooms);
}

/* Each connection enters `each` rooms, one after another, all connections at
 * about the same time: a room then has few epochs. */
static int rooms_enter(struct load *l, uint32_t each)
{
	struct rooms *x = l->rooms;
	uint32_t i, k, id;
	int r;

	x->answered = 0;
	for (k = 0; k < each; k++) {
		for (i = 0; i < l->n_conns; i++) {
			id = x->room == NULL ? k : room_of(l, i, k);
			x->open++;
			r = ask(&l->conns[i], REQUEST_ROOM_JOIN, id);
			if (r != 0 || (r = net_turn(l, 0)) != 0)
				return r;
		}
		/* 64 may be open. */
		if ((k + 1) % ASKED == 0 &&
		    (r = wait_for(l, &x->answered, (k + 1) * l->n_conns)) != 0)
			return r;
	}
	if ((r = wait_for(l, &x->answered, each * l->n_conns)) != 0)
		return r;
	if (x->refused > 0 || x->entered != each * l->n_conns)
		return ERR_STATE;
	return quiet(l);
}

/* --- memory --------------------------------------------------------------- */

/* Of rooms that are only made, or of those who are in all of them. */
static int scene_memory(struct load *l, bool enter)
{
	double rss0 = load_rss(l), heap0 = load_heap(l), cpu0;
	uint64_t t0;
	int r = rooms_make(l, l->o.rooms);

	if (r != 0 || (r = quiet(l)) != 0)
		return r;
	if (enter) {
		rss0 = load_rss(l);
		heap0 = load_heap(l);
		if ((r = rooms_enter(l, l->o.rooms)) != 0)
			return r;
	}
	cpu0 = load_cpu(l);
	t0 = load_clock();
	if ((r = quiet(l)) != 0)
		return r;
	printf("{\"scene\":\"%s\",\"members\":%u,\"rooms\":%u,"
	       "\"rss_before\":%.0f,\"rss\":%.0f,\"heap_before\":%.0f,"
	       "\"heap\":%.0f,\"cpu_us\":%.1f,\"seconds\":%.3f}\n",
	    enter ? "all" : "empty", l->o.members, l->rooms->n, rss0,
	    load_rss(l), heap0, load_heap(l), load_cpu(l) - cpu0,
	    (double)(load_clock() - t0) / 1e9);
	return 0;
}

/* --- deliveries ----------------------------------------------------------- */

void rooms_heard(struct conn *c, uint32_t room, uint32_t sender, uint64_t seq)
{
	struct rooms *x = c->load->rooms;
	struct room *r = &x->room[room];
	struct place *at = &r->place[c->id % PEOPLE];
	uint32_t s;

	for (s = 0; s < SPEAKERS && r->place[s].number != sender; s++)
		;
	if (s == SPEAKERS || seq != at->heard[s] + 1 || r->left == 0) {
		x->wrong++;
		return;
	}
	at->heard[s]++;
	x->deliveries++;
	hist_add(&x->hist, c->load->now - r->sent_ns);
	if (--r->left % x->size == 0)
		x->ended++;
}

void rooms_got(struct conn *c, const struct group_head *h)
{
	struct rooms *x = c->load->rooms;

	if (x->room == NULL || h->sender == 0)
		return;
	if (h->room - x->first < x->n) {
		rooms_heard(c, h->room - x->first, h->sender, h->seq);
		return;
	}
	x->deliveries++;
	hist_add(&x->hist, c->load->now - c->load->sent_ns[0][0]);
	if (--x->first_left == 0)
		x->ended++;
}

static int say_in(
    const struct load *l, const struct say_in *in, struct place *at)
{
	if (l->o.proto->flush == NULL) /* the floor's, which has no rooms */
		return l->o.proto->say(at->conn, ++at->said, l->bytes);
	return conclave_say_in(at->conn, in, ++at->said, l->bytes);
}

/* Everybody who speaks there says so many messages. */
static int burst(struct load *l, uint32_t room, uint32_t speakers, uint32_t n)
{
	struct room *r = &l->rooms->room[room];
	struct say_in in = {l->rooms->first + room, r->epoch, 0};
	struct place *at;
	uint32_t i;
	int err;

	l->rooms->size = (uint64_t)speakers * n * (PEOPLE - 1);
	r->left += l->rooms->size;
	r->sent_ns = load_clock();
	l->rooms->begun++;
	for (at = r->place; at < r->place + speakers; at++) {
		in.member = at->number;
		for (i = 0; i < n; i++) {
			if ((err = say_in(l, &in, at)) != 0)
				return err;
		}
		if (l->o.proto->flush != NULL &&
		    (err = conclave_flush(at->conn)) != 0)
			return err;
		if ((err = net_flush(at->conn)) != 0)
			return err;
	}
	return 0;
}

/* A message to everybody in the first room. */
static int burst_to_all(struct load *l)
{
	struct conn *c = &l->conns[0];
	int err;

	l->rooms->first_left = l->n_conns - 1;
	l->sent_ns[0][0] = load_clock();
	l->rooms->begun++;
	if ((err = l->o.proto->say(c, ++c->said, l->bytes)) != 0 ||
	    (err = conclave_flush(c)) != 0)
		return err;
	return net_flush(c);
}

/* The next bursts begin when the last ones are over. */
struct way {
	const char *scene;
	uint32_t rooms; /* bursts go through so many; 0: the first room */
	uint32_t speakers, each;
	uint32_t at_once; /* rooms with a burst */
	/* found: */
	double cpu_us, user_us, seconds;
	uint64_t deliveries, bursts;
	uint32_t at;
	struct hist hist;
};

/* Until there is no burst in flight. */
static int land(struct load *l)
{
	uint64_t end = load_clock() + DRAIN_S * SECOND;
	int r;

	while (l->rooms->ended < l->rooms->begun && load_clock() < end)
		if ((r = net_turn(l, 10)) != 0)
			return r;
	return 0;
}

static int bursts(struct load *l, struct way *w)
{
	uint32_t i;
	int r = 0;

	if (w->rooms == 0)
		return burst_to_all(l);
	for (i = 0; i < w->at_once && r == 0; i++)
		r = burst(l, w->at++ % w->rooms, w->speakers, w->each);
	return r;
}

static int phase(struct load *l, struct way *w, uint64_t ms, bool counts)
{
	struct rooms *x = l->rooms;
	uint64_t t0 = load_clock(), begun = x->begun;
	double cpu0 = load_cpu(l), user0 = load_user_cpu(l);
	size_t i;
	int r;

	x->deliveries = 0;
	memset(&x->hist, 0, sizeof(x->hist));
	while (load_clock() - t0 < ms * MS) {
		if (x->begun == x->ended && (r = bursts(l, w)) != 0)
			return r;
		if ((r = net_turn(l, 0)) != 0)
			return r;
		if (load_clock() - t0 > DRAIN_S * SECOND)
			return ERR_TIMEOUT;
	}
	if ((r = land(l)) != 0 || !counts)
		return r;
	w->seconds += (double)(load_clock() - t0) / 1e9;
	w->cpu_us += load_cpu(l) - cpu0;
	w->user_us += load_user_cpu(l) - user0;
	w->deliveries += x->deliveries;
	w->bursts += x->begun - begun;
	for (i = 0; i < HIST_SIZE; i++)
		w->hist.count[i] += x->hist.count[i];
	w->hist.n += x->hist.n;
	return 0;
}

static void print_way(const struct load *l, const struct way *w)
{
	uint64_t each = w->rooms == 0
			    ? l->n_conns - 1
			    : (uint64_t)w->speakers * w->each * (PEOPLE - 1);

	printf("{\"scene\":\"%s\",\"members\":%u,\"bytes\":%zu,\"rooms\":%u,"
	       "\"seconds\":%.4f,\"deliveries\":%llu,\"cpu_us\":%.1f,"
	       "\"user_us\":%.1f,"
	       "\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,"
	       "\"lost\":%lld,\"repeated\":%llu,\"cut\":%u}\n",
	    w->scene, l->o.members, l->bytes, w->rooms, w->seconds,
	    (unsigned long long)w->deliveries, w->cpu_us, w->user_us,
	    hist_us(&w->hist, 0.50), hist_us(&w->hist, 0.99),
	    hist_us(&w->hist, 0.999),
	    (long long)(w->bursts * each - w->deliveries),
	    (unsigned long long)l->rooms->wrong, l->n_lost);
}

static int ways(struct load *l, struct way *way, size_t n)
{
	uint32_t turns = (uint32_t)(l->o.seconds * 1000 / PHASE_MS), i;
	size_t k;
	int r;

	l->polls = true;
	for (i = 0; i <= turns; i++)
		for (k = 0; k < n; k++) {
			r = phase(
			    l, &way[k], i > 0 ? PHASE_MS : WARM_MS, i > 0);
			if (r != 0)
				return r;
		}
	l->polls = false;
	for (k = 0; k < n; k++)
		print_way(l, &way[k]);
	return 0;
}

/* The same bursts in one room, or going round so many. */
static struct way bursts_in(const char *scene, uint32_t rooms)
{
	return (struct way){.scene = scene,
	    .rooms = rooms,
	    .speakers = SPEAKERS,
	    .each = BURST,
	    .at_once = 1};
}

/* Bursts in one room of 20, and the same going round all rooms; a message to
 * everybody in one room, and one in each of the rooms that everybody is in. */
static int scene_rooms(struct load *l, size_t bytes)
{
	uint32_t blocks = l->n_conns / PEOPLE;
	struct way way[] = {bursts_in("bursts in a room", 1),
	    bursts_in("bursts round rooms", l->o.rooms),
	    {.scene = "everybody in a room"},
	    {.scene = "everybody in rooms",
		.rooms = l->o.rooms,
		.speakers = 1,
		.each = 1,
		.at_once = blocks}};
	int r = rooms_make(l, l->o.rooms);

	if (r != 0)
		return r;
	l->rooms->room = calloc(l->o.rooms, sizeof(*l->rooms->room));
	if (l->rooms->room == NULL)
		return ERR_NOMEM;
	r = rooms_enter(l, l->o.rooms * PEOPLE / l->n_conns);
	if (r != 0)
		return r;
	l->bytes = bytes;
	return ways(l, way, sizeof(way) / sizeof(way[0]));
}

/* The same bursts through a floor whose connections are 20 to a room: what it costs
 * that they go to other connections each time. */
static int scene_blocks(struct load *l, size_t bytes)
{
	uint32_t blocks = l->n_conns / PEOPLE, i;
	struct way way[] = {bursts_in("bursts in a room", 1),
	    bursts_in("bursts round rooms", blocks)};
	struct rooms *x = calloc(1, sizeof(*x));

	if (x == NULL || (l->rooms = x) == NULL ||
	    (x->room = calloc(blocks, sizeof(*x->room))) == NULL)
		return ERR_NOMEM;
	x->n = blocks;
	for (i = 0; i < l->n_conns; i++) {
		x->room[i / PEOPLE].place[i % PEOPLE].conn = &l->conns[i];
		x->room[i / PEOPLE].place[i % PEOPLE].number = i;
	}
	l->bytes = bytes;
	return ways(l, way, 2);
}

int rooms_run(struct load *l, const char *what, size_t bytes)
{
	if (l->n_conns % PEOPLE != 0 || l->rooms != NULL)
		return ERR_USAGE;
	if (strncmp(what, "rooms:", 6) == 0 && l->o.proto == &proto_plain)
		return scene_blocks(l, bytes);
	if (strncmp(what, "rooms:", 6) == 0 &&
	    l->o.rooms * PEOPLE % l->n_conns == 0)
		return scene_rooms(l, bytes);
	if (strcmp(what, "empty") == 0)
		return scene_memory(l, false);
	if (strcmp(what, "all") == 0)
		return scene_memory(l, true);
	return ERR_USAGE;
}
