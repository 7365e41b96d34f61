/* Clients read the log of a room, and destroy entries: the requests of one
 * connection one after the other, a batch in pieces, and clients that leave, or are
 * gone, while the store reads. */
#include "tests/unit/fake_store.h"
#include "tests/unit/room_world.h"

#include "server/room/reading.h"
#include "server/room/room_int.h"
#include "shared/crypto/library.h"

enum { PEOPLE = 2, LONG = 20000 };

/* A room with a history; alice and bob are connections that ask. */
struct hall {
	struct world *w;
	struct store *s;
	struct presence_opts o;
	struct peer *p[PEOPLE];
	struct presence c[PEOPLE];
};

/* The connection has the rooms of its peer, by copy: it enters no others. */
static void connects(struct hall *h, size_t i, const char *name)
{
	h->w->at = 0;
	h->p[i] = peer_enter(h->w, name);
	h->c[i] = (struct presence){.o = &h->o,
	    .out = &h->p[i]->q,
	    .who = peer_card(h->p[i]),
	    .rooms = h->p[i]->rooms};
}

static int hall_up(void **state)
{
	struct hall *h = calloc(1, sizeof(*h));
	void *world = NULL;
	size_t i;

	assert_non_null(h);
	assert_int_equal(world_up(&world), 0);
	h->w = world;
	h->s = fake_store_new();
	world_keeps(h->w, h->s, HISTORY_MEMBERS);
	directory_time(h->w->directory, h->w->now_ms, 1700000000000);
	h->o = (struct presence_opts){
	    .registry = &h->w->registry, .rooms = h->w->thread[0]};
	connects(h, 0, "alice");
	connects(h, 1, "bob");
	assert_int_equal(world_rekey_all(h->w), 0);
	fake_store_commit_all(h->s);
	for (i = 0; i < PEOPLE; i++)
		(void)peer_reads(h->p[i]);
	h->w->now_ms += SECOND;
	*state = h;
	return 0;
}

static int hall_down(void **state)
{
	struct hall *h = *state;
	void *world = h->w;
	size_t i;

	fake_store_commit_all(h->s);
	world_deliver(h->w);
	for (i = 0; i < PEOPLE; i++) {
		readings_drop(&h->c[i]);
		free(h->c[i].open);
	}
	fake_store_answer(h->s);
	world_deliver(h->w);
	assert_int_equal(world_down(&world), 0);
	fake_store_free(h->s);
	free(h);
	return 0;
}

/* It says something, which all read once it is on the disk. */
static void says(struct hall *h, struct peer *p, size_t n)
{
	size_t len = WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG + n, i;
	uint8_t *body = calloc(1, len);

	assert_non_null(body);
	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, p->now.epoch);
	put_u32(body + 16, p->id);
	put_u64(body + 20, ++p->seq);
	assert_int_equal(room_group(p->member, body, len, NULL), 0);
	free(body);
	fake_store_commit_all(h->s);
	for (i = 0; i < PEOPLE; i++)
		if (h->p[i]->member != NULL && member_is_in(h->p[i]->member))
			(void)peer_reads(h->p[i]);
}

static void asks(struct hall *h, size_t i, uint32_t number, uint64_t after)
{
	const struct request q = {.type = REQUEST_HISTORY,
	    .number = number,
	    .room = ROOM_ID,
	    .offset = after,
	    .count = WIRE_HISTORY_MAX};

	assert_int_equal(reading_ask(&h->c[i], &q), 0);
}

static void destroys(struct hall *h, size_t i, uint32_t number, uint64_t offset)
{
	const struct request q = {.type = REQUEST_PURGE,
	    .number = number,
	    .room = ROOM_ID,
	    .offset = offset};

	assert_int_equal(reading_ask(&h->c[i], &q), 0);
}

/* The store has read, and the thread has heard of it. */
static void is_read(struct hall *h)
{
	assert_true(fake_store_answer(h->s) > 0);
	world_deliver(h->w);
}

/* What it gets in one piece. */
static const char *gets(struct hall *h, size_t i)
{
	reading_go_on(&h->c[i]);
	return peer_reads(h->p[i]);
}
#define GETS(h, i, words) assert_string_equal(gets((h), (i)), words)

/* --- reading -------------------------------------------------------------- */

static void test_a_batch(void **state)
{
	struct hall *h = *state;
	uint64_t from = h->w->room->head.offset;
	char want[256];

	says(h, h->p[0], 10);
	says(h, h->p[1], 10);
	says(h, h->p[0], 10);
	asks(h, 1, 7, from);
	GETS(h, 1, ""); /* the store still reads */
	is_read(h);
	snprintf(want, sizeof(want),
	    "history %u-%u of 1; past 1:1 @%u; past 2:1 @%u; past 1:2 @%u; "
	    "done 7",
	    (unsigned)from + 1, (unsigned)from + 3, (unsigned)from + 1,
	    (unsigned)from + 2, (unsigned)from + 3);
	GETS(h, 1, want);
	GETS(h, 1, "");
	assert_int_equal(h->c[1].n_requests, 0);
	/* Nothing is left after the newest. */
	asks(h, 1, 8, from + 3);
	is_read(h);
	GETS(h, 1, "history 0-0 of 1; done 8");
}

/* Asked at once, answered in order; the next is read when the first is given. */
static void test_one_after_the_other(void **state)
{
	struct hall *h = *state;
	uint64_t from = h->w->room->head.offset;
	char want[2][256];
	size_t i;

	says(h, h->p[0], 10);
	says(h, h->p[0], 10);
	for (i = 0; i < 2; i++) {
		asks(h, 1, (uint32_t)(3 - i), from + i);
		snprintf(want[i], sizeof(want[i]), "past 1:2 @%u; done %u",
		    (unsigned)from + 2, (unsigned)(3 - i));
	}
	assert_int_equal(h->c[1].n_requests, 2);
	is_read(h);
	assert_non_null(strstr(gets(h, 1), want[0]));
	GETS(h, 1, "");
	is_read(h);
	assert_non_null(strstr(gets(h, 1), want[1]));
	assert_int_equal(h->c[1].n_requests, 0);
}

/* A piece at a time, each when all before it is written. */
static void test_pieces(void **state)
{
	struct hall *h = *state;
	uint64_t from = h->w->room->head.offset;
	unsigned n = 0, pieces = 0, i;
	const char *s;

	for (i = 0; i < 12; i++)
		says(h, h->p[0], LONG);
	asks(h, 1, 7, from);
	is_read(h);
	assert_true(h->c[1].out->aside > 12 * LONG);
	for (;;) {
		reading_go_on(&h->c[1]);
		assert_true(
		    outq_held(&h->p[1]->q) < READING_PIECE + LONG + 1000);
		reading_go_on(&h->c[1]); /* not written yet: no more */
		assert_true(
		    outq_held(&h->p[1]->q) < READING_PIECE + LONG + 1000);
		pieces++;
		s = peer_reads(h->p[1]);
		for (i = 0; (s = strstr(s, "past 1:")) != NULL; s++)
			i++;
		n += i;
		if (h->c[1].reading == NULL)
			break;
		assert_true(i > 0 && pieces < 12);
	}
	assert_int_equal(n, 12);
	assert_true(pieces >= 3);
	assert_int_equal(h->c[1].out->aside, 0);
}

static void test_nothing_to_read(void **state)
{
	struct hall *h = *state;
	struct request q = {.type = REQUEST_HISTORY,
	    .number = 4,
	    .room = ROOM_ID + 5,
	    .count = 1};

	assert_int_equal(reading_ask(&h->c[0], &q), 0);
	GETS(h, 0, "failed 4 no_room");
	world_keeps(h->w, h->s, HISTORY_NONE);
	asks(h, 0, 5, 0);
	GETS(h, 0, "failed 5 unavailable");
	assert_int_equal(h->c[0].n_requests, 0);
	assert_null(h->c[0].reading);
	world_keeps(h->w, h->s, HISTORY_MEMBERS);
}

/* It leaves the room while the store reads: it is given nothing of it. */
static void test_left_meanwhile(void **state)
{
	struct hall *h = *state;

	says(h, h->p[0], 10);
	asks(h, 1, 7, 0);
	room_leave(h->p[1]->member);
	is_read(h);
	reading_go_on(&h->c[1]);
	assert_null(h->c[1].reading);
	assert_non_null(strstr(peer_reads(h->p[1]), "failed 7 no_room"));
	assert_int_equal(h->c[1].out->aside, 0);
}

/* The connection is lost while the store reads, or amid a batch; with others that
 * have not begun. */
static void test_gone_meanwhile(void **state)
{
	struct hall *h = *state;
	unsigned i;

	for (i = 0; i < 8; i++)
		says(h, h->p[0], LONG);
	asks(h, 1, 7, 0);
	asks(h, 1, 8, 0);
	readings_drop(&h->c[1]);
	assert_null(h->c[1].reading);
	is_read(h);
	GETS(h, 1, "");
	asks(h, 0, 9, 0);
	asks(h, 0, 10, 0);
	is_read(h);
	assert_non_null(strstr(gets(h, 0), "history "));
	assert_non_null(h->c[0].reading);
	readings_drop(&h->c[0]);
	GETS(h, 0, "");
}

/* --- destroying ----------------------------------------------------------- */

static void test_purge(void **state)
{
	struct hall *h = *state;
	uint64_t at = h->w->room->head.offset + 1;
	char want[128];

	says(h, h->p[0], 10);
	/* Another member may not; nobody may destroy what is not there. */
	destroys(h, 1, 3, at);
	is_read(h);
	GETS(h, 1, "failed 3 denied");
	destroys(h, 1, 5, at + 50);
	is_read(h);
	GETS(h, 1, "failed 5 bad_value");
	assert_null(strstr(fake_store_story(h->s), "purge"));
	/* The author may; it is told once it is done. */
	destroys(h, 0, 6, at);
	is_read(h);
	assert_null(strstr(gets(h, 0), "done 6"));
	snprintf(want, sizeof(want), "purge %u of 1", (unsigned)at);
	assert_non_null(strstr(fake_store_story(h->s), want));
	assert_int_equal(world_rekey_all(h->w), 0);
	fake_store_commit_all(h->s);
	assert_non_null(strstr(gets(h, 1), "purge"));
	(void)gets(h, 0);
	/* A mark has its place, for everybody. */
	asks(h, 1, 7, at - 1);
	is_read(h);
	snprintf(want, sizeof(want), "past mark @%u; ", (unsigned)at);
	assert_non_null(strstr(gets(h, 1), want));
	/* A second time there is nothing to destroy; and a notice is nobody's. */
	destroys(h, 0, 8, at);
	is_read(h);
	assert_non_null(strstr(gets(h, 0), "failed 8 bad_value"));
	assert_true(h->w->room->head.offset > at);
	destroys(h, 0, 9, at + 1);
	is_read(h);
	assert_non_null(strstr(gets(h, 0), "failed 9 bad_value"));
}

/* An operator may destroy what others have said. */
static void test_purge_by_an_operator(void **state)
{
	struct hall *h = *state;
	uint64_t at = h->w->room->head.offset + 1;
	const struct standing_who who = {
	    h->p[1]->result.card.identity, h->p[1]->result.card.name};
	const struct standing_change c = {
	    .act = ACT_ROLE, .role = ROLE_OPERATOR};
	char want[128];

	says(h, h->p[0], 10);
	assert_int_equal(standing_change(h->w->standing, ROOM_ID, &who, &c), 0);
	destroys(h, 1, 3, at);
	is_read(h);
	(void)gets(h, 1);
	snprintf(want, sizeof(want), "purge %u of 1", (unsigned)at);
	assert_non_null(strstr(fake_store_story(h->s), want));
}

int main(void)
{
	static const struct {
		const char *name;
		void (*fn)(void **state);
	} all[] = {
	    {"a batch", test_a_batch},
	    {"one after the other", test_one_after_the_other},
	    {"pieces", test_pieces},
	    {"nothing to read", test_nothing_to_read},
	    {"left meanwhile", test_left_meanwhile},
	    {"gone meanwhile", test_gone_meanwhile},
	    {"purge", test_purge},
	    {"purge by an operator", test_purge_by_an_operator},
	};
	struct CMUnitTest tests[sizeof(all) / sizeof(all[0])];
	size_t i;

	if (library_setup() != 0)
		return 1;
	json_setup();
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		tests[i] = (struct CMUnitTest){
		    all[i].name, all[i].fn, hall_up, hall_down, NULL};
	return _cmocka_run_group_tests(
	    "reading", tests, sizeof(all) / sizeof(all[0]), NULL, NULL);
}
