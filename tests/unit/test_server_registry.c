/* Rooms made, found, listed, changed and closed while the server runs; what
 * people have in them; and what an empty room costs. */
#include "tests/unit/room_world.h"

#include <malloc.h>

#include "server/room/room_ref.h"
#include "server/room/room_state.h"
#include "shared/wire/text.h"

enum { MANY = 10000, ROOM_BYTES = 2048, DAY_MS = 86400000 };

static const uint8_t alice_key[WIRE_ED25519] = {1}, bob_key[WIRE_ED25519] = {2};
static const struct registry_by alice = {"alice", alice_key, NULL, 1};
static const struct registry_by bob = {"bob", bob_key, NULL, 1};
static const struct registry_by owner = {"server", NULL, NULL, 1};

static enum wire_code makes(struct world *w, const struct registry_by *by,
    const char *name, const struct room_settings *settings, unsigned named,
    uint32_t *room)
{
	struct request q = {.type = REQUEST_ROOM_NEW, .settings_named = named};
	struct registry_answer a = {.code = CODE_NONE};

	w->registry.room.id = 0;
	if (settings != NULL)
		q.settings = *settings;
	snprintf(q.name, sizeof(q.name), "%s", name);
	assert_int_equal(registry_make(&w->registry, by, &q, &a), 0);
	if (room != NULL)
		*room = a.room;
	return a.code;
}

static void limits(struct world *w, uint32_t rooms, uint32_t each)
{
	const struct directory_limits l = {
	    .rooms = rooms, .rooms_per_identity = each};

	directory_limit(w->directory, &l);
}

static void close_all(struct world *w)
{
	struct room *r;

	while ((r = directory_find(w->directory, "")) != NULL) {
		if (r == w->room)
			w->room = NULL;
		room_free(r);
		room_unref(r);
	}
}

/* --- rooms --------------------------------------------------------------- */

static void test_names(void **state)
{
	struct world *w = *state;

	assert_int_equal(makes(w, &alice, "den-1", NULL, 0, NULL), CODE_NONE);
	assert_int_equal(
	    makes(w, &bob, "DEN_l", NULL, 0, NULL), CODE_NAME_TAKEN);
	assert_int_equal(
	    makes(w, &bob, "Lobby", NULL, 0, NULL), CODE_NAME_TAKEN);
	assert_int_equal(makes(w, &bob, "den-2", NULL, 0, NULL), CODE_NONE);
	close_all(w);
}

static void test_limits(void **state)
{
	struct world *w = *state;
	uint32_t first, id;
	struct room *r;

	limits(w, 5, 3);
	assert_int_equal(makes(w, &alice, "a1", NULL, 0, &first), CODE_NONE);
	assert_int_equal(makes(w, &alice, "a2", NULL, 0, NULL), CODE_NONE);
	assert_int_equal(makes(w, &alice, "a3", NULL, 0, NULL), CODE_NONE);
	assert_int_equal(makes(w, &alice, "a4", NULL, 0, NULL), CODE_FULL);
	assert_int_equal(makes(w, &bob, "b1", NULL, 0, NULL), CODE_NONE);
	/* The server is full: the oldest that nobody entered goes. */
	assert_int_equal(makes(w, &bob, "b2", NULL, 0, &id), CODE_NONE);
	assert_null(directory_room(w->directory, first));
	assert_true(id > first); /* no number twice */
	assert_int_equal(directory_rooms(w->directory), 5);
	/* Its maker may make another one now. */
	assert_int_equal(makes(w, &alice, "a4", NULL, 0, NULL), CODE_NONE);
	/* Rooms that people have used stay, and the server's own. */
	for (id = first; id < first + 30; id++)
		if ((r = directory_room(w->directory, id)) != NULL) {
			atomic_store(&r->entered, true);
			room_unref(r);
		}
	assert_int_equal(makes(w, &owner, "c1", NULL, 0, NULL), CODE_FULL);
	close_all(w);
}

static void test_who_may_make(void **state)
{
	const struct standing_who who = {bob_key, "bob"};
	const struct standing_change guest = {
	    .act = ACT_ROLE, .role = ROLE_GUEST};
	struct world *w = *state;

	assert_int_equal(standing_change(w->standing, 0, &who, &guest), 0);
	assert_int_equal(makes(w, &bob, "b", NULL, 0, NULL), CODE_DENIED);
	w->registry.creation = CREATION_OPERATORS;
	assert_int_equal(makes(w, &alice, "a", NULL, 0, NULL), CODE_DENIED);
	w->registry.creation = CREATION_NOBODY;
	assert_int_equal(makes(w, &alice, "a", NULL, 0, NULL), CODE_DENIED);
	assert_int_equal(makes(w, &owner, "a", NULL, 0, NULL), CODE_NONE);
	close_all(w);
}

static void test_list(void **state)
{
	const struct room_settings hidden = {.listed = false};
	struct registry_list *l = malloc(sizeof(*l));
	struct world *w = *state;
	char name[16];
	int i;

	assert_non_null(l);
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "%c%02d", i % 2 ? 'R' : 'r', i);
		assert_int_equal(
		    makes(w, &alice, name, NULL, 0, NULL), CODE_NONE);
	}
	assert_int_equal(
	    makes(w, &alice, "secret", &hidden, SETTING_LISTED, NULL),
	    CODE_NONE);
	assert_int_equal(registry_list(&w->registry, &bob, "", l), 0);
	assert_int_equal(l->total, 41);
	assert_int_equal(l->n, WIRE_ROOM_PAGE);
	assert_string_equal(l->room[0].name, "lobby");
	assert_string_equal(l->room[31].name, "r30");
	assert_int_equal(registry_list(&w->registry, &bob, "r30", l), 0);
	assert_int_equal(l->n, 9);
	assert_string_equal(l->room[0].name, "R31");
	assert_int_equal(registry_list(&w->registry, &alice, "R39", l), 0);
	assert_int_equal(l->total, 42); /* its maker sees it */
	assert_int_equal(l->n, 1);
	assert_string_equal(l->room[0].name, "secret");
	assert_true(l->room[0].mine);
	assert_int_equal(registry_list(&w->registry, &owner, "", l), 0);
	assert_int_equal(l->total, 42);
	free(l);
	close_all(w);
}

/* 10,000 empty rooms: what each costs, and that no loop step looks at one. */
static void test_ten_thousand_rooms(void **state)
{
	struct world *w = *state;
	size_t before, after, i;
	struct room *r;
	char name[16];

	limits(w, 0, 0);
	before = mallinfo2().uordblks;
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "room-%zu", i);
		assert_int_equal(
		    makes(w, &alice, name, NULL, 0, NULL), CODE_NONE);
	}
	after = mallinfo2().uordblks;
	print_message("an empty room: %zu bytes\n", (after - before) / MANY);
	assert_in_range(after - before, 0, (size_t)MANY * ROOM_BYTES);
	for (i = 0; i < 2; i++) {
		assert_true(STAILQ_EMPTY(&w->thread[i]->shards.mail.ready));
		assert_int_equal(w->thread[i]->rekeys.timers.n, 0);
		assert_int_equal(rooms_deadline(w->thread[i]), UINT64_MAX);
	}
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "ROOM_%zu", i);
		assert_null(r = directory_find(w->directory, name));
		snprintf(name, sizeof(name), "ROOM-%zu", i);
		assert_non_null(r = directory_find(w->directory, name));
		assert_int_equal(room_people(r), 0);
		room_unref(r);
	}
	close_all(w);
}

/* A room is freed when the last one who uses it gives it back. */
static void test_closed_while_in_use(void **state)
{
	struct world *w = *state;
	struct peer *p = peer_enter(w, "alice");
	struct room *r = directory_find(w->directory, "");

	assert_int_equal(world_rekey_all(w), 0);
	(void)peer_reads(p);
	close_all(w);
	assert_null(directory_find(w->directory, "lobby"));
	assert_string_equal(room_name(r), "lobby");
	room_unref(r);
	room_leave(p->member); /* before it learns of it */
	assert_string_equal(member_room_name(p->member), "lobby");
	memberships_free(&p->rooms);
	p->member = NULL;
	world_deliver(w);
	rooms_run(w->thread[0], w->now_ms + 2 * SECOND, 1);
	assert_int_equal(w->thread[0]->rekeys.n_rooms, 0);
}

/* --- standing ------------------------------------------------------------ */

static void changes(struct world *w, uint32_t room, const uint8_t *key,
    const char *name, enum act act, enum role role, uint64_t until)
{
	const struct standing_who who = {key, name};
	const struct standing_change c = {act, role, until, 0};

	assert_int_equal(standing_change(w->standing, room, &who, &c), 0);
}

static struct standing_rights has(struct world *w, uint32_t room,
    const uint8_t *key, const char *name, uint64_t now)
{
	const struct standing_who who = {key, name};
	struct standing_rights r;

	standing_rights(w->standing, room, &who, now, &r);
	return r;
}

/* The role of a room counts, and from operator on the server's. */
static void test_roles(void **state)
{
	static const struct {
		enum role server, room, counts;
	} t[] = {
	    {ROLE_MEMBER, ROLE_GUEST, ROLE_GUEST},
	    {ROLE_GUEST, ROLE_MEMBER, ROLE_MEMBER},
	    {ROLE_MEMBER, ROLE_OPERATOR, ROLE_OPERATOR},
	    {ROLE_OPERATOR, ROLE_GUEST, ROLE_OPERATOR},
	    {ROLE_OPERATOR, ROLE_OWNER, ROLE_OWNER},
	    {ROLE_OWNER, ROLE_OPERATOR, ROLE_OWNER},
	};
	struct world *w = *state;
	size_t i;

	assert_int_equal(has(w, 7, bob_key, "bob", 1).role, ROLE_MEMBER);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		changes(w, 0, bob_key, "bob", ACT_ROLE, t[i].server, 0);
		changes(w, 7, bob_key, "bob", ACT_ROLE, t[i].room, 0);
		assert_int_equal(
		    has(w, 7, bob_key, "bob", 1).role, t[i].counts);
		assert_int_equal(
		    has(w, 0, bob_key, "bob", 1).role, t[i].server);
		assert_int_equal(
		    has(w, 8, bob_key, "bob", 1).role, t[i].server);
	}
}

static void test_ends(void **state)
{
	struct world *w = *state;
	uint32_t *rooms;
	size_t n;

	changes(w, 7, bob_key, "bob", ACT_BAN, ROLE_MEMBER, 1000);
	assert_true(has(w, 7, bob_key, "bob", 999).banned);
	assert_true(has(w, 7, alice_key, "BOB", 999).banned); /* the name */
	assert_true(has(w, 7, bob_key, "x", 999).banned);     /* the key */
	assert_false(has(w, 7, alice_key, "alice", 999).banned);
	assert_false(has(w, 8, bob_key, "bob", 999).banned);
	assert_false(has(w, 7, bob_key, "bob", 1000).banned);
	changes(w, 7, bob_key, "robert", ACT_BAN, ROLE_MEMBER, 0);
	assert_true(has(w, 7, alice_key, "Robert", DAY_MS).banned);
	changes(w, 7, alice_key, "robert", ACT_UNBAN, ROLE_MEMBER, 0);
	assert_false(has(w, 7, bob_key, "bob", 1).banned);
	changes(w, 0, bob_key, "bob", ACT_MUTE, ROLE_MEMBER, 500);
	changes(w, 7, bob_key, "bob", ACT_MUTE, ROLE_MEMBER, 900);
	assert_int_equal(has(w, 7, bob_key, "bob", 1).mute_until, 900);
	assert_int_equal(has(w, 8, bob_key, "bob", 1).mute_until, 500);
	assert_false(has(w, 7, bob_key, "bob", 900).muted);
	changes(w, 7, bob_key, "bob", ACT_INVITE, ROLE_MEMBER, 0);
	changes(w, 3, bob_key, "bob", ACT_INVITE, ROLE_MEMBER, 0);
	assert_int_equal(standing_rooms(w->standing, bob_key, &rooms, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(rooms[0], 3);
	assert_int_equal(rooms[1], 7);
	free(rooms);
	standing_forget(w->standing, 7);
	assert_false(has(w, 7, bob_key, "bob", 1).known);
	assert_true(has(w, 3, bob_key, "bob", 1).known);
}

/* Of more people than it remembers, those with a right stay. */
static void test_seen(void **state)
{
	struct world *w = *state;
	uint8_t key[WIRE_ED25519] = {9}, got[WIRE_ED25519];
	char name[16], written[WIRE_NAME_MAX + 1];
	struct standing_who who = {key, name};
	uint32_t i;

	standing_see(w->standing, &(struct standing_who){alice_key, "Alice"});
	standing_see(w->standing, &(struct standing_who){bob_key, "bob"});
	changes(w, 7, bob_key, "bob", ACT_MUTE, ROLE_MEMBER, 0);
	for (i = 0; i < STANDING_SEEN; i++) {
		if (i == 1)
			assert_true(
			    standing_seen(w->standing, "aLICE", got, written));
		put_u32(key + 4, i);
		snprintf(name, sizeof(name), "n%u", i);
		standing_see(w->standing, &who);
	}
	assert_string_equal(written, "Alice");
	assert_false(standing_seen(w->standing, "alice", got, written));
	assert_true(standing_seen(w->standing, "BOB", got, written));
	assert_memory_equal(got, bob_key, sizeof(got));
	/* Of one name the newest counts. */
	standing_see(w->standing, &(struct standing_who){alice_key, "bob"});
	assert_true(standing_seen(w->standing, "bob", got, written));
	assert_memory_equal(got, alice_key, sizeof(got));
}

/* --- the table of rights is not one room's --------------------------------- */

static int bans(
    struct world *w, uint32_t room, uint32_t who, uint64_t until, uint64_t now)
{
	uint8_t key[WIRE_ED25519] = {11};
	char name[16];
	const struct standing_who victim = {key, name};
	const struct standing_change c = {
	    .act = ACT_BAN, .until_ms = until, .wall_ms = now};

	put_u32(key + 4, who);
	snprintf(name, sizeof(name), "n%u", who);
	return standing_change(w->standing, room, &victim, &c);
}

static void test_a_room_has_a_limit(void **state)
{
	struct world *w = *state;
	uint8_t key[WIRE_ED25519] = {11};
	uint32_t i;

	changes(w, 7, alice_key, "alice", ACT_ROLE, ROLE_OPERATOR, 0);
	changes(w, 7, bob_key, "bob", ACT_BAN, ROLE_MEMBER, 0);
	for (i = 2; i < STANDING_IN_ROOM; i++)
		assert_int_equal(bans(w, 7, i, i == 2 ? 5000 : 9000, 1), 0);
	assert_int_equal(bans(w, 7, i, 9000, 1), ERR_LIMIT);
	assert_int_equal(bans(w, 7, 2, 5000, 1), 0); /* one that it has */
	assert_int_equal(bans(w, 8, i, 9000, 1), 0); /* another room */
	/* One has ended; then all but two. */
	assert_int_equal(bans(w, 7, i, 9000, 5000), 0);
	assert_int_equal(bans(w, 7, i + 1, 9000, 5000), ERR_LIMIT);
	for (i = 0; i < STANDING_IN_ROOM - 2; i++)
		assert_int_equal(bans(w, 7, 10000 + i, 0, 9000), 0);
	assert_int_equal(bans(w, 7, 1, 0, 9000), ERR_LIMIT);
	assert_int_equal(
	    has(w, 7, alice_key, "alice", 9000).role, ROLE_OPERATOR);
	assert_true(has(w, 7, bob_key, "bob", 9000).banned);
	put_u32(key + 4, 10000);
	assert_true(has(w, 7, key, "n10000", 9000).banned);
	standing_forget(w->standing, 7);
	assert_false(has(w, 7, bob_key, "bob", 9000).banned);
	assert_int_equal(bans(w, 7, 1, 0, 9000), 0);
}

/* Rooms that are full of bans leave every other room its operators, and the
 * server its bans. What has ended makes place again. */
static void test_rooms_cannot_fill_the_table(void **state)
{
	enum { FULL = STANDING_RIGHTS / 2 / STANDING_IN_ROOM, NOW = 1000000 };
	struct world *w = *state;
	uint32_t i, room;

	for (room = 1; room <= FULL; room++)
		for (i = 0; i < STANDING_IN_ROOM; i++)
			assert_int_equal(
			    bans(w, room, STANDING_IN_ROOM * room + i, 2 * NOW,
				NOW),
			    0);
	for (room = FULL + 1; room <= FULL + 100; room++) {
		for (i = 0; i < STANDING_SURE; i++)
			assert_int_equal(bans(w, room, i, 0, NOW), 0);
		assert_int_equal(bans(w, room, i, 0, NOW), ERR_LIMIT);
	}
	for (i = 0; i < STANDING_IN_ROOM + 10; i++)
		assert_int_equal(bans(w, 0, i, 0, NOW), 0);
	for (i = 0; i < STANDING_IN_ROOM - STANDING_SURE; i++)
		assert_int_equal(bans(w, room - 1, 90 + i, 0, 2 * NOW), 0);
}

/* Somebody who is banned is found by the name even if more people with rights
 * were seen since than are remembered. */
static void test_banned_and_found(void **state)
{
	struct world *w = *state;
	uint8_t key[WIRE_ED25519] = {11}, got[WIRE_ED25519];
	char name[16], written[WIRE_NAME_MAX + 1];
	uint32_t i;

	standing_see(w->standing, &(struct standing_who){bob_key, "Bob"});
	changes(w, 7, bob_key, "Bob", ACT_BAN, ROLE_MEMBER, 0);
	for (i = 0; i < STANDING_SEEN; i++) {
		assert_int_equal(bans(w, 0, i, 0, 1), 0);
		put_u32(key + 4, i);
		snprintf(name, sizeof(name), "n%u", i);
		standing_see(w->standing, &(struct standing_who){key, name});
	}
	assert_true(standing_seen(w->standing, "bob", got, written));
	assert_memory_equal(got, bob_key, sizeof(got));
	assert_string_equal(written, "Bob");
	changes(w, 7, bob_key, "Bob", ACT_UNBAN, ROLE_MEMBER, 0);
	assert_false(standing_seen(w->standing, "bob", got, written));
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_names),
	    T(test_limits),
	    T(test_who_may_make),
	    T(test_list),
	    T(test_ten_thousand_rooms),
	    T(test_closed_while_in_use),
	    T(test_roles),
	    T(test_ends),
	    T(test_seen),
	    T(test_a_room_has_a_limit),
	    T(test_rooms_cannot_fill_the_table),
	    T(test_banned_and_found),
	};

	json_setup();
	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
