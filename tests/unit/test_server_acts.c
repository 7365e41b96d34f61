/* Acts on people in a room without sockets: what is sent to whom, in which
 * order, and what is refused. */
#include "tests/unit/room_world.h"

#include <pthread.h>

#include "server/room/acts.h"
#include "server/room/memberships.h"
#include "shared/wire/text.h"

/* A client that asks, and its number. */
static enum wire_code does(struct world *w, const struct peer *p,
    const struct request *q, size_t *n_later)
{
	struct registry_by by = {"server", NULL, NULL, 0};
	struct registry_answer a = {.code = CODE_NONE};

	if (p != NULL) {
		by.name = p->result.card.name;
		by.identity = p->result.card.identity;
	}
	assert_int_equal(acts_do(&w->registry, &by, q, &a), 0);
	if (n_later != NULL)
		*n_later = a.n_later;
	return a.code;
}

static enum wire_code act(struct world *w, const struct peer *p, enum act what,
    uint32_t room, const char *who, uint32_t seconds)
{
	struct request q = {.type = REQUEST_ACT,
	    .number = 7,
	    .room = room,
	    .act = what,
	    .role = ROLE_OPERATOR,
	    .seconds = seconds};

	snprintf(q.who, sizeof(q.who), "%s", who);
	snprintf(q.reason, sizeof(q.reason), "%s", "because");
	return does(w, p, &q, NULL);
}

static enum wire_code gives(struct world *w, const struct peer *p,
    uint32_t room, const char *who, enum role role)
{
	struct request q = {.type = REQUEST_ACT,
	    .number = 7,
	    .room = room,
	    .act = ACT_ROLE,
	    .role = role};

	snprintf(q.who, sizeof(q.who), "%s", who);
	return does(w, p, &q, NULL);
}

/* Alice is the room's operator; bob and carol are there, on another thread. */
static void trio(struct world *w, struct peer *p[3])
{
	static const char *const name[] = {"alice", "bob", "carol"};
	size_t i;

	directory_time(w->directory, w->now_ms, 1700000000000);
	for (i = 0; i < 3; i++) {
		w->at = i > 0;
		p[i] = peer_enter(w, name[i]);
		standing_see(
		    w->standing, &(struct standing_who){
				     p[i]->result.card.identity, name[i]});
	}
	assert_int_equal(world_rekey_all(w), 0);
	assert_int_equal(
	    gives(w, NULL, ROOM_ID, "alice", ROLE_OPERATOR), CODE_NONE);
	assert_int_equal(world_rekey_all(w), 0);
	for (i = 0; i < 3; i++)
		(void)peer_reads(p[i]);
	w->now_ms += SECOND;
}

static int sends(struct peer *p)
{
	uint8_t body[WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG + 20] = {0};

	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, p->now.epoch);
	put_u32(body + 16, p->id);
	put_u64(body + 20, ++p->seq);
	return room_group(p->member, body, sizeof(body), NULL);
}

/* --- tests --------------------------------------------------------------- */

static void test_kick(void **state)
{
	struct world *w = *state;
	struct peer *p[3];
	size_t queued;

	trio(w, p);
	p[1]->allowance = 0; /* bob does not read */
	assert_int_equal(sends(p[0]), 0);
	assert_int_equal(sends(p[0]), 0);
	world_deliver(w);
	queued = outq_held(&p[1]->q);
	assert_true(queued > 2 * WIRE_GROUP_HEAD);
	assert_int_equal(sends(p[2]), 0); /* posted, not delivered */
	assert_int_equal(act(w, p[0], ACT_KICK, ROOM_ID, "BOB", 0), CODE_NONE);
	assert_int_equal(sends(p[0]), 0);
	world_deliver(w);
	assert_ptr_equal(w->left, p[1]->member);
	assert_int_equal(w->left_code, CODE_KICKED);
	assert_int_equal(p[1]->q.count, 1); /* room_left, and nothing else */
	p[1]->allowance = SIZE_MAX;
	READS(p[1], "out of 1, kicked by alice: because");
	/* Its second is not waited for. */
	w->now_ms -= SECOND;
	assert_int_equal(rekey_deadline(&w->room->rekey), 0);
	assert_int_equal(world_rekey_all(w), 0);
	READS(p[2], "1:1 in 1 @2; 1:2 in 1 @3; 1:3 in 1 @5; ack 1@4; "
		    "key 2 kick; kick bob in 2 for 2; "
		    "act kick bob by alice in 2 for 2");
	READS(p[1], "");
}

/* One who is put out before its key is sent gets nothing of the room. */
static void test_kick_unseen(void **state)
{
	struct world *w = *state;
	struct peer *p[3], *dave, *erin;

	trio(w, p);
	dave = peer_enter(w, "dave"); /* waits for the key */
	world_deliver(w);
	assert_int_equal(act(w, p[0], ACT_KICK, ROOM_ID, "dave", 0), CODE_NONE);
	world_deliver(w);
	assert_ptr_equal(w->left, dave->member);
	assert_true(w->left_unseen);
	assert_int_equal(w->left_unanswered, 0);
	READS(dave, "");
	erin = peer_enter(w, "erin");
	erin->allowance = 0; /* does not read */
	assert_int_equal(world_rekey_all(w), 0);
	world_deliver(w);
	assert_int_equal(erin->q.count, 2); /* the key and the list */
	assert_int_equal(act(w, p[0], ACT_KICK, ROOM_ID, "erin", 0), CODE_NONE);
	world_deliver(w);
	assert_ptr_equal(w->left, erin->member);
	assert_true(w->left_unseen);
	assert_int_equal(erin->q.count, 0);
	assert_int_equal(
	    act(w, p[0], ACT_KICK, ROOM_ID, "carol", 0), CODE_NONE);
	world_deliver(w);
	assert_ptr_equal(w->left, p[2]->member);
	assert_false(w->left_unseen);
}

static void test_ban(void **state)
{
	struct world *w = *state;
	struct peer *p[3], *again, *same;

	trio(w, p);
	assert_int_equal(act(w, p[0], ACT_BAN, ROOM_ID, "bob", 60), CODE_NONE);
	world_deliver(w);
	assert_int_equal(w->left_code, CODE_BANNED);
	again = peer_new(w, "bobby"); /* another name, the same key */
	memcpy(again->result.card.identity, p[1]->result.card.identity,
	    WIRE_ED25519);
	assert_int_equal(peer_comes(w, again), CODE_BANNED);
	same = peer_new(w, "Bob"); /* another key, the same name */
	assert_int_equal(peer_comes(w, same), CODE_BANNED);
	directory_time(
	    w->directory, w->now_ms + 61 * SECOND, 1700000000000 + 61 * SECOND);
	assert_int_equal(peer_comes(w, same), CODE_NONE);
	room_leave(same->member);
	directory_time(w->directory, w->now_ms + 62 * SECOND, 1700000000000);
	assert_int_equal(act(w, p[0], ACT_UNBAN, ROOM_ID, "bob", 0), CODE_NONE);
	assert_int_equal(peer_comes(w, again), CODE_NONE);
}

static void test_mute(void **state)
{
	struct world *w = *state;
	struct peer *p[3];

	trio(w, p);
	assert_int_equal(act(w, p[0], ACT_MUTE, ROOM_ID, "bob", 0), CODE_NONE);
	assert_int_equal(sends(p[1]), 0); /* on its way: dropped, uncounted */
	p[1]->seq--;
	assert_int_equal(world_rekey_all(w), 0);
	READS(p[1], "voice no by alice; key 2 voice; "
		    "act mute bob by alice in 2 for 2");
	READS(p[2], "key 2 voice; act mute bob by alice in 2 for 2");
	assert_int_equal(sends(p[1]), ERR_STATE); /* with the new key */
	p[1]->seq--;
	assert_int_equal(
	    act(w, p[0], ACT_UNMUTE, ROOM_ID, "bob", 0), CODE_NONE);
	w->now_ms += SECOND;
	assert_int_equal(world_rekey_all(w), 0);
	READS(p[1], "voice yes by alice; key 3 voice; "
		    "act unmute bob by alice in 3 for 3");
	assert_int_equal(sends(p[1]), 0);
	READS(p[1], "ack 1@4");
}

static void test_mute_ends(void **state)
{
	struct world *w = *state;
	struct peer *p[3];
	uint64_t at;

	trio(w, p);
	directory_time(w->directory, w->now_ms, 1700000000000);
	assert_int_equal(act(w, p[0], ACT_MUTE, ROOM_ID, "bob", 5), CODE_NONE);
	assert_int_equal(world_rekey_all(w), 0);
	(void)peer_reads(p[1]);
	at = rekey_deadline(&w->room->rekey);
	assert_in_range(at, w->now_ms + 5 * SECOND, w->now_ms + 6 * SECOND);
	w->now_ms = at;
	directory_time(w->directory, at, 1700000000000 + 6 * SECOND);
	assert_int_equal(world_rekey_all(w), 0);
	READS(p[1], "voice yes by ; key 3 voice");
}

static void test_denied(void **state)
{
	struct world *w = *state;
	struct peer *p[3];
	int a;

	trio(w, p);
	for (a = ACT_KICK; a < ACTS; a++) {
		assert_int_equal(act(w, p[1], (enum act)a, ROOM_ID, "carol", 0),
		    CODE_DENIED);
		assert_int_equal(
		    act(w, p[0], (enum act)a, 0, "carol", 0), CODE_DENIED);
		assert_int_equal(
		    act(w, p[0], (enum act)a, 9, "carol", 0), CODE_NO_ROOM);
		assert_int_equal(
		    act(w, p[0], (enum act)a, ROOM_ID, "nobody", 0),
		    CODE_NO_MEMBER);
	}
	assert_int_equal(
	    gives(w, p[0], ROOM_ID, "bob", ROLE_OWNER), CODE_DENIED);
	assert_int_equal(gives(w, NULL, ROOM_ID, "bob", ROLE_OWNER), CODE_NONE);
	for (a = ACT_KICK; a < ACTS; a++)
		assert_int_equal(act(w, p[0], (enum act)a, ROOM_ID, "bob", 0),
		    CODE_DENIED); /* a higher role */
	assert_int_equal(
	    gives(w, p[1], ROOM_ID, "alice", ROLE_MEMBER), CODE_NONE);
	assert_int_equal(act(w, p[0], ACT_MUTE, ROOM_ID, "carol", 0),
	    CODE_DENIED); /* lost it */
	assert_true(member_is_in(p[2]->member));
}

static void test_role_of_the_server(void **state)
{
	struct world *w = *state;
	struct peer *p[3];

	trio(w, p);
	assert_int_equal(gives(w, NULL, 0, "carol", ROLE_OPERATOR), CODE_NONE);
	assert_int_equal(world_rekey_all(w), 0);
	READS(p[1], "act role carol by server in 1 for 1");
	assert_int_equal(p[2]->member->role, ROLE_OPERATOR);
	assert_int_equal(act(w, p[2], ACT_MUTE, ROOM_ID, "bob", 0), CODE_NONE);
	assert_int_equal(act(w, p[2], ACT_INVITE, 0, "bob", 0), CODE_BAD_VALUE);
	assert_int_equal(act(w, p[2], ACT_KICK, 0, "bob", 0), CODE_NONE);
	world_deliver(w);
	assert_int_equal(w->left_code, CODE_KICKED);
	assert_int_equal(act(w, p[2], ACT_KICK, 0, "bob", 0), CODE_NO_MEMBER);
}

/* The answer comes behind what was said in the room. */
static void test_answered_in_order(void **state)
{
	struct world *w = *state;
	struct memberships rooms = {0};
	struct registry_by by = {.rooms = &rooms, .number = 9};
	struct registry_answer a = {.code = CODE_NONE};
	struct request q = {.act = ACT_MUTE, .room = ROOM_ID, .who = "bob"};
	struct peer *p[3], *dora = peer_new(w, "dora");
	struct room_newcomer n = {.person = peer_card(dora),
	    .out = &dora->q,
	    .member = memberships_new(&rooms)};
	enum wire_code refused;

	trio(w, p);
	assert_int_equal(room_enter(w->room, w->thread[0], &n, &refused), 0);
	assert_int_equal(world_rekey_all(w), 0);
	assert_int_equal(
	    gives(w, NULL, ROOM_ID, "dora", ROLE_OPERATOR), CODE_NONE);
	assert_int_equal(world_rekey_all(w), 0);
	(void)peer_reads(dora);
	by.name = "dora";
	by.identity = dora->result.card.identity;
	assert_int_equal(acts_do(&w->registry, &by, &q, &a), 0);
	assert_int_equal(a.code, CODE_NONE);
	assert_int_equal(a.n_later, 1);
	assert_ptr_equal(a.later[0], n.member);
	READS(dora, "");
	w->now_ms += SECOND;
	assert_int_equal(world_rekey_all(w), 0);
	READS(dora, "key 3 voice; act mute bob by dora in 3 for 3; done 9");
	memberships_leave(&rooms);
	memberships_free(&rooms);
}

/* A room whose table of rights is full says so; the server and other rooms go
 * on, and who takes one back may give another. */
static void test_a_full_table(void **state)
{
	struct world *w = *state;
	struct peer *p[3];
	uint8_t key[WIRE_ED25519] = {0};
	const struct standing_who who = {key, "somebody"};
	const struct standing_change ban = {.act = ACT_BAN};
	uint32_t i = 0;

	trio(w, p);
	do
		put_u32(key, ++i);
	while (standing_change(w->standing, ROOM_ID, &who, &ban) == 0);
	assert_in_range(i, STANDING_IN_ROOM - 3, STANDING_IN_ROOM + 1);
	assert_int_equal(act(w, p[0], ACT_MUTE, ROOM_ID, "bob", 0), CODE_FULL);
	assert_int_equal(act(w, p[0], ACT_BAN, ROOM_ID, "bob", 60), CODE_FULL);
	assert_int_equal(world_rekey_all(w), 0);
	READS(p[1], ""); /* nothing was done */
	assert_int_equal(act(w, NULL, ACT_MUTE, 0, "carol", 0), CODE_NONE);
	assert_int_equal(
	    act(w, p[0], ACT_UNBAN, ROOM_ID, "somebody", 0), CODE_NONE);
	assert_int_equal(act(w, p[0], ACT_MUTE, ROOM_ID, "bob", 0), CODE_NONE);
}

/* A room with more people than it can invite stays open. */
static void test_too_many_to_invite(void **state)
{
	struct world *w = *state;
	struct registry_by by = {"server", NULL, NULL, 0};
	struct registry_answer a = {.code = CODE_NONE};
	struct request q = {.type = REQUEST_ROOM_SET,
	    .room = ROOM_ID,
	    .settings_named = SETTING_ENTRY,
	    .settings = {.invited = true}};
	struct peer *p[3];
	uint8_t key[WIRE_ED25519] = {0};
	const struct standing_who who = {key, "somebody"};
	const struct standing_change ban = {.act = ACT_BAN};
	uint32_t i = 0;

	trio(w, p);
	do
		put_u32(key, ++i);
	while (standing_change(w->standing, ROOM_ID, &who, &ban) == 0);
	assert_int_equal(registry_set(&w->registry, &by, &q, &a), 0);
	assert_int_equal(a.code, CODE_FULL);
	assert_false(w->room->settings.invited);
}

static void test_closed(void **state)
{
	struct world *w = *state;
	struct peer *p[3];
	struct room *r;

	trio(w, p);
	room_free(r = w->room); /* memberships hold it */
	world_deliver(w);
	assert_int_equal(w->left_code, CODE_CLOSED);
	READS(p[2], "out of 1, closed by : ");
	assert_int_equal(peer_comes(w, peer_new(w, "dave")), CODE_NO_ROOM);
	w->room = NULL;
}

/* The server's owner acts from a thread that serves no client. */
enum { ROUNDS = 200 };
struct other {
	struct world *w;
	atomic_bool over;
	int failed;
};

static void *other_thread(void *arg)
{
	static const enum act acts[] = {ACT_MUTE, ACT_UNMUTE, ACT_ROLE,
	    ACT_INVITE, ACT_UNINVITE, ACT_UNBAN};
	const struct registry_by by = {"server", NULL, NULL, 0};
	struct other *o = arg;
	struct registry_list *l = malloc(sizeof(*l));
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		struct registry_answer a = {.code = CODE_NONE};
		struct request q = {.act = acts[i % 6],
		    .room = i % 12 < 6 ? ROOM_ID : 0,
		    .role = ROLE_MEMBER,
		    .who = "bob"};

		if (q.room == 0 && (i % 6 == 3 || i % 6 == 4))
			q.room = ROOM_ID;
		o->failed += acts_do(&o->w->registry, &by, &q, &a) != 0 ||
			     a.code != CODE_NONE;
		o->failed += registry_list(&o->w->registry, &by, "", l) != 0 ||
			     l->n != 1;
	}
	free(l);
	atomic_store(&o->over, true);
	return NULL;
}

static void test_from_another_thread(void **state)
{
	struct world *w = *state;
	struct other o = {.w = w};
	struct peer *p[3];
	pthread_t thread;
	int sent = 0;
	size_t i;

	trio(w, p);
	assert_int_equal(pthread_create(&thread, NULL, other_thread, &o), 0);
	do {
		w->now_ms += SECOND / 10;
		for (i = 0; i < 2; i++) {
			rooms_run(w->thread[i], w->now_ms, 1700000000000);
			(void)room_thread_work(w->thread[i]);
		}
		for (i = 0; i < 3; i++)
			(void)peer_reads(p[i]);
		if (sent == 0)
			sent = sends(p[0]); /* in the newest epoch */
	} while (!atomic_load(&o.over));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(sent, 0);
	assert_int_equal(o.failed, 0);
	w->now_ms += 2 * SECOND;
	rooms_run(w->thread[0], w->now_ms, 1700000000000);
	for (i = 0; i < 3; i++)
		(void)peer_reads(p[i]); /* each log is whole */
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_kick),
	    T(test_kick_unseen),
	    T(test_ban),
	    T(test_mute),
	    T(test_mute_ends),
	    T(test_denied),
	    T(test_role_of_the_server),
	    T(test_answered_in_order),
	    T(test_a_full_table),
	    T(test_too_many_to_invite),
	    T(test_closed),
	    T(test_from_another_thread),
	};

	json_setup();
	return cmocka_run_group_tests_name("acts", tests, NULL, NULL);
}
