/* What outlasts a server: rooms, roles, bans, invitations and memberships are put
 * at each change, and are there again after a restart as far as they were
 * committed. */
#include "tests/unit/fake_store.h"
#include "tests/unit/room_world.h"

#include "server/room/acts.h"
#include "server/room/asks.h"
#include "server/room/presence.h"
#include "server/room/archive.h"
#include "server/room/remember.h"
#include "server/room/room_int.h"
#include "server/room/room_ref.h"

static const uint8_t ann[WIRE_ED25519] = {1}, ben[WIRE_ED25519] = {2};
static const struct logger quiet = {.level = LOGGER_ERROR};

/* A server without threads and sockets, over the same store. */
struct home {
	struct store *store;
	struct directory *directory;
	struct standing *standing;
	struct log *log;
	struct identity *identity;
	struct registry g;
	struct rng rng;
};

static void begin(struct home *h)
{
	h->rng = random_system();
	h->directory = directory_new(0);
	h->standing = standing_new(&h->rng, ROLE_MEMBER);
	h->log = log_memory_new();
	h->identity = identity_new(&h->rng);
	assert_non_null(h->directory);
	assert_non_null(h->standing);
	assert_non_null(h->log);
	assert_non_null(h->identity);
	h->g = (struct registry){.directory = h->directory,
	    .standing = h->standing,
	    .room = {.directory = h->directory,
		.log = h->log,
		.rng = h->rng,
		.identity = h->identity,
		.standing = h->standing,
		.store = h->store,
		.rekey_ms = WIRE_REKEY_MS,
		.users_max = 100},
	    .fresh = room_settings_default};
	assert_int_equal(remember_load(&h->g, &quiet), 0);
}

static void end(struct home *h)
{
	struct room *r;

	while ((r = directory_find(h->directory, "")) != NULL) {
		room_free(r);
		room_unref(r);
	}
	log_free(h->log);
	directory_free(h->directory);
	standing_free(h->standing);
	identity_free(h->identity);
}

/* Killed, and started again. */
static void restart(struct home *h)
{
	end(h);
	fake_store_restart(h->store);
	begin(h);
	(void)fake_store_story(h->store);
}

static int home_up(void **state)
{
	struct home *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->store = fake_store_new();
	begin(h);
	*state = h;
	return 0;
}

static int home_down(void **state)
{
	struct home *h = *state;

	end(h);
	fake_store_free(h->store);
	free(h);
	return 0;
}

static uint64_t makes(struct home *h, const uint8_t *who, const char *name)
{
	const struct registry_by by = {"ann", who, NULL, 0};
	struct request q = {.type = REQUEST_ROOM_NEW, .has_topic = true};
	struct registry_answer a = {.code = CODE_NONE};

	snprintf(q.name, sizeof(q.name), "%s", name);
	snprintf(q.topic, sizeof(q.topic), "about %s", name);
	assert_int_equal(registry_make(&h->g, &by, &q, &a), 0);
	assert_int_equal(a.code, CODE_NONE);
	assert_int_equal(a.ticket, fake_store_puts(h->store));
	return a.ticket;
}

static enum wire_code acts(
    struct home *h, uint32_t room, enum act act, const char *who)
{
	const struct registry_by by = {"server", NULL, NULL, 0};
	struct request q = {.type = REQUEST_ACT,
	    .room = room,
	    .act = act,
	    .role = ROLE_OPERATOR};
	struct registry_answer a = {.code = CODE_NONE};

	snprintf(q.who, sizeof(q.who), "%s", who);
	assert_int_equal(acts_do(&h->g, &by, &q, &a), 0);
	if (a.code == CODE_NONE)
		assert_int_equal(a.ticket, fake_store_puts(h->store));
	return a.code;
}

static uint32_t id_of(struct home *h, const char *name)
{
	struct room *r = directory_find(h->directory, name);
	uint32_t id = r == NULL ? 0 : room_id(r);

	room_unref(r);
	return id;
}

static void sees(struct home *h, const uint8_t *who, const char *name)
{
	standing_see(h->standing, &(struct standing_who){who, name});
}

static struct standing_rights rights(
    struct home *h, uint32_t room, const uint8_t *who, const char *name)
{
	struct standing_rights out;

	standing_rights(h->standing, room, &(struct standing_who){who, name},
	    1700000000000, &out);
	return out;
}

#define STORY(h, words)                                                        \
	assert_string_equal(fake_store_story((h)->store), words)

/* --- tests --------------------------------------------------------------- */

/* A room is there again with its number, topic, settings and maker. */
static void test_room(void **state)
{
	const struct registry_by ann_by = {"ann", ann, NULL, 0};
	struct home *h = *state;
	struct request q = {.type = REQUEST_ROOM_SET,
	    .settings = {.invited = true},
	    .settings_named = SETTING_ENTRY};
	struct registry_answer a = {.code = CODE_NONE};
	struct room *r;

	(void)makes(h, ann, "den");
	(void)makes(h, ben, "attic");
	STORY(h, "room 1 den (about den) unused; right ann in 1: operator; "
		 "room 2 attic (about attic) unused; "
		 "right ann in 2: operator");
	q.room = 1;
	assert_int_equal(registry_set(&h->g, &ann_by, &q, &a), 0);
	assert_int_equal(a.code, CODE_NONE);
	assert_int_equal(a.ticket, fake_store_puts(h->store));
	STORY(h, "room 1 den (about den) unused");
	fake_store_commit_all(h->store);
	restart(h);
	assert_int_equal(id_of(h, "den"), 1);
	assert_int_equal(id_of(h, "attic"), 2);
	r = directory_find(h->directory, "den");
	assert_string_equal(r->topic, "about den");
	assert_true(r->settings.invited);
	assert_true(r->made);
	assert_memory_equal(r->maker, ann, sizeof(ann));
	room_unref(r);
	assert_int_equal(rights(h, 1, ann, "ann").role, ROLE_OPERATOR);
	assert_int_equal(rights(h, 2, ann, "ann").role, ROLE_MEMBER);
	/* The next number is new. */
	(void)makes(h, ann, "loft");
	assert_int_equal(id_of(h, "loft"), 3);
}

/* What was not committed did not happen. */
static void test_killed(void **state)
{
	struct home *h = *state;
	uint64_t ticket;

	(void)makes(h, ann, "den");
	fake_store_commit_all(h->store);
	ticket = makes(h, ann, "attic");
	fake_store_commit(h->store, ticket - 1); /* half of it */
	restart(h);
	assert_int_equal(id_of(h, "den"), 1);
	assert_int_equal(id_of(h, "attic"), 2);
	assert_int_equal(rights(h, 2, ann, "ann").role, ROLE_MEMBER);
	(void)makes(h, ann, "loft");
	restart(h);
	assert_int_equal(id_of(h, "loft"), 0);
}

/* Roles, bans, mutes and invitations, of rooms and of the server; acts find
 * people by their names again. */
static void test_rights(void **state)
{
	struct home *h = *state;

	(void)makes(h, ann, "den");
	sees(h, ben, "ben");
	assert_int_equal(acts(h, 1, ACT_BAN, "ben"), CODE_NONE);
	assert_int_equal(acts(h, 0, ACT_MUTE, "ben"), CODE_NONE);
	assert_int_equal(acts(h, 1, ACT_INVITE, "ben"), CODE_NONE);
	sees(h, ann, "ann");
	assert_int_equal(acts(h, 0, ACT_ROLE, "ann"), CODE_NONE);
	fake_store_commit_all(h->store);
	restart(h);
	assert_true(rights(h, 1, ben, "ben").banned);
	assert_true(rights(h, 1, ben, "ben").muted);
	assert_true(rights(h, 1, ben, "ben").known);
	assert_int_equal(rights(h, 0, ann, "ann").role, ROLE_OPERATOR);
	assert_int_equal(acts(h, 1, ACT_UNBAN, "ben"), CODE_NONE);
	assert_int_equal(acts(h, 0, ACT_UNMUTE, "ben"), CODE_NONE);
	assert_int_equal(acts(h, 1, ACT_UNINVITE, "ben"), CODE_NONE);
	STORY(h, "right ben in 1: invited; right ben in 0:; right ben in 1:");
	fake_store_commit_all(h->store);
	restart(h);
	assert_false(rights(h, 1, ben, "ben").banned);
	assert_false(rights(h, 1, ben, "ben").muted);
	assert_false(rights(h, 1, ben, "ben").known);
}

/* What cannot be put does not happen. */
static void test_no_memory(void **state)
{
	const struct registry_by by = {"ann", ann, NULL, 0};
	struct home *h = *state;
	struct request q = {.type = REQUEST_ROOM_NEW, .name = "attic"};
	struct registry_answer a = {.code = CODE_NONE};
	struct room *r;
	unsigned i;

	(void)makes(h, ann, "den");
	for (i = 0; i < 2; i++) {
		fake_store_fail(h->store, i);
		assert_int_equal(
		    registry_make(&h->g, &by, &q, &a), ERR_NOMEM);
		assert_int_equal(id_of(h, "attic"), 0);
	}
	q = (struct request){.type = REQUEST_ROOM_SET,
	    .room = 1,
	    .has_topic = true,
	    .topic = "new"};
	fake_store_fail(h->store, 0);
	assert_int_equal(registry_set(&h->g, &by, &q, &a), ERR_NOMEM);
	r = directory_find(h->directory, "den");
	assert_string_equal(r->topic, "about den");
	room_unref(r);
	sees(h, ben, "ben");
	q = (struct request){
	    .type = REQUEST_ACT, .room = 1, .act = ACT_BAN, .who = "ben"};
	fake_store_fail(h->store, 0);
	assert_int_equal(acts_do(&h->g, &by, &q, &a), ERR_NOMEM);
	assert_false(rights(h, 1, ben, "ben").banned);
	fake_store_commit_all(h->store);
	restart(h);
	assert_int_equal(id_of(h, "attic"), 0);
	assert_int_equal(id_of(h, "den"), 1);
}

/* A room that gives way to another is forgotten with its rights; one that was
 * stored and entered does not give way after a restart. */
static void test_gives_way(void **state)
{
	struct home *h = *state;
	struct room *r;

	(void)makes(h, ann, "den");
	(void)makes(h, ann, "attic");
	r = directory_find(h->directory, "den");
	atomic_store(&r->entered, true);
	assert_int_equal(archive_room(r), 0);
	room_unref(r);
	fake_store_commit_all(h->store);
	restart(h);
	directory_limit(h->directory, &(struct directory_limits){.rooms = 2});
	(void)makes(h, ben, "loft");
	STORY(h, "forget 2; room 4 loft (about loft) unused; "
		 "right ann in 4: operator");
	fake_store_commit_all(h->store);
	restart(h);
	assert_int_equal(id_of(h, "den"), 1);
	assert_int_equal(id_of(h, "attic"), 0);
	assert_int_equal(rights(h, 2, ann, "ann").role, ROLE_MEMBER);
}

/* --- what rooms keep ------------------------------------------------------ */

static const struct retention week = {.history = HISTORY_MEMBERS,
    .days = 7,
    .count = 100000,
    .days_max = 365,
    .count_max = 1000000};

/* What a room called "den" is set to after this request. */
static struct room_settings asks_to_keep(struct home *h, enum request_type type,
    const struct room_settings *s, unsigned named, struct registry_answer *a)
{
	const struct registry_by by = {"ann", ann, NULL, 0};
	struct request q = {
	    .type = type, .room = 1, .name = "den", .settings_named = named};
	struct room_settings out = {.keep_days = 4711};
	struct room *r;

	*a = (struct registry_answer){.code = CODE_NONE};
	q.settings = *s;
	assert_int_equal(type == REQUEST_ROOM_NEW
			     ? registry_make(&h->g, &by, &q, a)
			     : registry_set(&h->g, &by, &q, a),
	    0);
	if ((r = directory_find(h->directory, "den")) == NULL)
		return out;
	out = r->settings;
	room_unref(r);
	return out;
}

enum {
	HISTORY_BITS = SETTING_HISTORY | SETTING_KEEP_DAYS | SETTING_KEEP_COUNT,
};

/* A new room, and the first one, is set to what the server's owner has chosen;
 * its maker may choose less, and nothing over the maximum. */
static void test_new_rooms_keep(void **state)
{
	static const struct {
		struct room_settings s;
		unsigned named;
		struct room_settings want;
		bool refused;
	} rows[] = {
	    {{0}, 0, {.history = HISTORY_MEMBERS, .keep_days = 7,
		.keep_count = 100000}, false},
	    {{.history = HISTORY_NONE}, SETTING_HISTORY, {.history = HISTORY_NONE,
		.keep_days = 7, .keep_count = 100000}, false},
	    {{.history = HISTORY_ALL, .keep_days = 365, .keep_count = 1},
		HISTORY_BITS, {.history = HISTORY_ALL, .keep_days = 365,
		.keep_count = 1}, false},
	    {{.keep_days = 366}, SETTING_KEEP_DAYS, {0}, true},
	    {{.keep_days = 0}, SETTING_KEEP_DAYS, {0}, true},
	    {{.keep_count = 1000001}, SETTING_KEEP_COUNT, {0}, true},
	    {{.keep_count = 0}, SETTING_KEEP_COUNT, {0}, true},
	};
	struct home *h = *state;
	struct registry_answer a;
	struct room_settings got;
	struct room *r;
	size_t i;

	h->g.retention = week;
	retention_settings(&week, true, &h->g.fresh);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = asks_to_keep(h, REQUEST_ROOM_NEW, &rows[i].s,
		    rows[i].named, &a);
		assert_int_equal(
		    a.code, rows[i].refused ? CODE_BAD_VALUE : CODE_NONE);
		if (rows[i].refused) {
			assert_string_equal(a.text,
			    "this server keeps at most 365 days and 1000000 "
			    "entries of a room");
			assert_int_equal(got.keep_days, 4711);
			continue;
		}
		assert_int_equal(got.history, rows[i].want.history);
		assert_int_equal(got.keep_days, rows[i].want.keep_days);
		assert_int_equal(got.keep_count, rows[i].want.keep_count);
		assert_true(got.listed);
		r = directory_find(h->directory, "den");
		room_free(r);
		room_unref(r);
	}
	assert_int_equal(remember_home(&h->g, "lobby", &quiet), 0);
	r = directory_find(h->directory, "lobby");
	assert_int_equal(r->settings.history, HISTORY_MEMBERS);
	assert_int_equal(r->settings.keep_days, 7);
	room_unref(r);
}

/* A room of an earlier server keeps its settings, whatever they are; switched on,
 * limits that nobody named are those of a new room. */
static void test_old_rooms_keep(void **state)
{
	const struct room_settings on = {.history = HISTORY_MEMBERS},
				   all = {.history = HISTORY_ALL};
	struct home *h = *state;
	struct registry_answer a;
	struct room_settings got;

	(void)makes(h, ann, "den"); /* for ever, if it had a history */
	h->g.retention = week;
	retention_settings(&week, true, &h->g.fresh);
	fake_store_commit_all(h->store);
	restart(h);
	h->g.retention = week;
	retention_settings(&week, true, &h->g.fresh);
	got = asks_to_keep(h, REQUEST_ROOM_SET, &on, 0, &a);
	assert_int_equal(got.history, HISTORY_NONE);
	(void)asks_to_keep(h, REQUEST_ROOM_SET, &on, HISTORY_BITS, &a);
	assert_int_equal(a.code, CODE_BAD_VALUE);
	got = asks_to_keep(h, REQUEST_ROOM_SET, &on, SETTING_HISTORY, &a);
	assert_int_equal(a.code, CODE_NONE);
	assert_int_equal(got.history, HISTORY_MEMBERS);
	assert_int_equal(got.keep_days, 7);
	assert_int_equal(got.keep_count, 100000);
	/* With a history that is longer than the maximum now, nothing is
	 * destroyed by another change. */
	h->g.retention.days = h->g.retention.days_max = 3;
	got = asks_to_keep(h, REQUEST_ROOM_SET, &all, SETTING_HISTORY, &a);
	assert_int_equal(a.code, CODE_NONE);
	assert_int_equal(got.history, HISTORY_ALL);
	assert_int_equal(got.keep_days, 7);
}

static void test_retention_words(void **state)
{
	static const struct {
		struct retention r;
		const char *words, *most;
	} rows[] = {
	    {{HISTORY_MEMBERS, 7, 100000, 365, 1000000},
		"new rooms keep what is said for 7 days, at most 100000 "
		"entries, for their members",
		"this server keeps at most 365 days and 1000000 entries of a "
		"room"},
	    {{HISTORY_ALL, 1, 0, 0, 5},
		"new rooms keep what is said for 1 day, for everybody who "
		"enters",
		NULL},
	    {{HISTORY_ALL, 400, 1, 365, 1},
		"new rooms keep what is said for 400 days, at most 1 entry, "
		"for everybody who enters",
		"this server keeps at most 400 days and 1 entry of a room"},
	    {{HISTORY_MEMBERS, 0, 5, 1, 9},
		"new rooms keep the newest 5 entries, for their members",
		"this server keeps at most 9 entries of a room"},
	    {{HISTORY_MEMBERS, 0, 0, 1, 1},
		"new rooms keep what is said without a limit, for their "
		"members",
		NULL},
	    {{HISTORY_NONE, 7, 5, 1, 1},
		"new rooms keep nothing of what is said", NULL},
	};
	char text[RETENTION_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		retention_words(&rows[i].r, true, text);
		assert_string_equal(text, rows[i].words);
		if (rows[i].most == NULL)
			continue;
		retention_most(&rows[i].r, text);
		assert_string_equal(text, rows[i].most);
	}
	retention_words(&week, false, text);
	assert_string_equal(text, "this server keeps nothing");
}

/* A membership begins once, lasts, and ends with a ban or on purpose. */
static void test_membership(void **state)
{
	const struct standing_who who = {ben, "ben"};
	struct standing_since since = {7, 1, 3}, later = {9, 1, 4}, got;
	struct home *h = *state;

	(void)makes(h, ann, "den");
	sees(h, ben, "ben");
	(void)fake_store_story(h->store);
	assert_int_equal(standing_join(h->standing, 1, &who, &since), 0);
	assert_int_equal(standing_join(h->standing, 1, &who, &later), 0);
	STORY(h, "right ben in 1: member since 7 of 1/3");
	assert_true(standing_member(h->standing, 1, ben, &got));
	assert_int_equal(got.offset, 7);
	assert_int_equal(got.epoch, 3);
	fake_store_commit_all(h->store);
	restart(h);
	/* The log has begun anew, as it had no entries. */
	assert_true(standing_member(h->standing, 1, ben, &got));
	assert_int_equal(got.offset, 0);
	assert_int_equal(acts(h, 1, ACT_BAN, "ben"), CODE_NONE);
	assert_false(standing_member(h->standing, 1, ben, &got));
	assert_int_equal(standing_join(h->standing, 2, &who, &since), 0);
	fake_store_fail(h->store, 0);
	assert_int_equal(standing_part(h->standing, 2, &who), ERR_NOMEM);
	assert_true(standing_member(h->standing, 2, ben, &got));
	assert_int_equal(standing_part(h->standing, 2, &who), 0);
	assert_int_equal(standing_part(h->standing, 2, &who), 0);
	STORY(h, "right ben in 1: banned; "
		 "right ben in 2: member since 7 of 1/3; right ben in 2:");
	assert_false(standing_member(h->standing, 2, ben, &got));
}

/* A client that names no room enters the one that the server has chosen. */
static void test_home(void **state)
{
	struct home *h = *state;

	(void)makes(h, ann, "den");
	(void)makes(h, ann, "attic");
	assert_int_equal(id_of(h, ""), 1);
	directory_home(h->directory, 2);
	assert_int_equal(id_of(h, ""), 2);
	directory_home(h->directory, 77);
	assert_int_equal(id_of(h, ""), 1);
}

/* --- answers ------------------------------------------------------------- */

/* An answer waits for its own ticket, in the order of tickets; and a client that
 * goes meanwhile is no longer answered. */
static void test_answers(void **state)
{
	struct world *w = *state;
	struct store *s = fake_store_new();
	const struct presence_opts o = {
	    .registry = &w->registry, .rooms = w->thread[0]};
	const struct standing_change mute = {.act = ACT_MUTE};
	struct peer *p = peer_new(w, "alice");
	struct presence in = {.o = &o, .out = &p->q};
	const struct standing_who who = {ben, "ben"};
	uint64_t first, second;

	w->thread[0]->laters.store = s;
	standing_keep(w->standing, s);
	assert_int_equal(standing_change(w->standing, 1, &who, &mute), 0);
	first = standing_ticket(w->standing);
	presence_done(&in, 7, 0, first);
	assert_int_equal(standing_change(w->standing, 1, &who, &mute), 0);
	second = standing_ticket(w->standing);
	assert_true(second > first);
	presence_done(&in, 8, 0, second);
	presence_done(&in, 9, 0, 0); /* nothing was put for it */
	assert_false(presence_may_ask(&in, 7));
	assert_false(presence_may_ask(&in, 8));
	assert_true(presence_may_ask(&in, 9));
	READS(p, "done 9");
	READS(p, "");
	fake_store_commit(s, first);
	READS(p, "done 7");
	assert_true(presence_may_ask(&in, 7));
	assert_false(presence_may_ask(&in, 8));
	presence_free(&in);
	fake_store_commit(s, second);
	READS(p, "");
	assert_true(TAILQ_EMPTY(&w->thread[0]->laters.waiting));
	standing_keep(w->standing, NULL);
	w->thread[0]->laters.store = NULL;
	fake_store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_room, home_up, home_down),
	    cmocka_unit_test_setup_teardown(test_killed, home_up, home_down),
	    cmocka_unit_test_setup_teardown(test_rights, home_up, home_down),
	    cmocka_unit_test_setup_teardown(test_no_memory, home_up, home_down),
	    cmocka_unit_test_setup_teardown(test_gives_way, home_up, home_down),
	    cmocka_unit_test_setup_teardown(
		test_new_rooms_keep, home_up, home_down),
	    cmocka_unit_test_setup_teardown(
		test_old_rooms_keep, home_up, home_down),
	    cmocka_unit_test(test_retention_words),
	    cmocka_unit_test_setup_teardown(
		test_membership, home_up, home_down),
	    cmocka_unit_test_setup_teardown(test_home, home_up, home_down),
	    cmocka_unit_test_setup_teardown(
		test_answers, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
