/* The store with the real warden and keeper: what was committed is there after a
 * restart, a kill -9 of the keeper loses and doubles nothing, and what cannot be
 * is refused. */
#include <signal.h>
#include <unistd.h>

#include "server/store/db.h"
#include "tests/unit/folder.h"
#include "tests/unit/store_world.h"

static struct store_world w;

static int begin(void **state)
{
	if (folder_make(state) != 0)
		return -1;
	store_world_init(&w, *state);
	return 0;
}

static int end(void **state)
{
	store_world_free(&w);
	return folder_remove(state);
}

/* --- a restart ---------------------------------------------------------------- */

static const uint8_t alice[WIRE_ED25519] = {'a'}, bob[WIRE_ED25519] = {'b'};

struct loaded {
	struct store_room room[8];
	struct log_head head[8];
	struct store_right right[8];
	char text[16][64];
	size_t n_rooms, n_rights, n_texts;
	uint8_t maker[WIRE_ED25519], identity[8][WIRE_ED25519];
};

static const char *copy(struct loaded *l, const char *s)
{
	snprintf(l->text[l->n_texts], sizeof(l->text[0]), "%s", s);
	return l->text[l->n_texts++];
}

static int load_room(
    void *arg, const struct store_room *r, const struct log_head *head)
{
	struct loaded *l = arg;

	assert_true(l->n_rooms < 8 && l->n_rights == 0);
	l->room[l->n_rooms] = *r;
	l->room[l->n_rooms].name = copy(l, r->name);
	l->room[l->n_rooms].topic = copy(l, r->topic);
	if (r->maker != NULL)
		memcpy(l->maker, r->maker, WIRE_ED25519);
	l->head[l->n_rooms++] = *head;
	return 0;
}

static int load_right(void *arg, const struct store_right *r)
{
	struct loaded *l = arg;

	assert_true(l->n_rights < 8);
	l->right[l->n_rights] = *r;
	l->right[l->n_rights].name = copy(l, r->name);
	memcpy(l->identity[l->n_rights], r->identity, WIRE_ED25519);
	l->n_rights++;
	return 0;
}

static void load(struct loaded *l)
{
	const struct store_loader loader = {
	    .room = load_room, .right = load_right, .arg = l};

	memset(l, 0, sizeof(*l));
	assert_int_equal(store_world_try(&w, &loader), 0);
}

static void put_right(const struct store_right *r)
{
	assert_int_equal(store_put_right(w.s, r, &w.newest), 0);
}

/* The two rooms and rights that the next test puts. */
static void check_loaded(const struct loaded *l, const struct room_settings *set)
{
	assert_int_equal(l->n_rooms, 2);
	assert_int_equal(l->room[0].id, 2);
	assert_null(l->room[0].maker);
	assert_string_equal(l->room[0].topic, "a topic");
	assert_int_equal(l->room[1].id, 4000000000u);
	assert_string_equal(l->room[1].name, "böard");
	assert_memory_equal(&l->room[1].settings, set, sizeof(*set));
	assert_memory_equal(l->maker, alice, sizeof(alice));
	assert_int_equal(l->head[1].offset, 0);
	assert_int_equal(l->n_rights, 2);
	assert_int_equal(l->right[0].room, 0);
	assert_memory_equal(l->identity[0], bob, sizeof(bob));
	assert_true(l->right[0].member && l->right[0].muted);
	assert_false(l->right[0].has_role);
	assert_string_equal(l->right[1].name, "alice");
	assert_true(l->right[1].has_role && l->right[1].role == ROLE_GUEST);
	assert_int_equal(l->right[1].ban_until, 1234567890123);
	assert_int_equal(l->right[1].since, 77);
	assert_int_equal(l->right[1].since_epoch, 9);
}

static void test_rooms_and_rights(void **state)
{
	struct room_settings set = {.listed = true,
	    .history = HISTORY_ALL,
	    .keep_days = 7,
	    .keep_count = 100000,
	    .operators_only = true};
	uint8_t log[WIRE_LOG] = {1, 2, 3};
	const struct store_room room = {.id = 4000000000u,
	    .name = "böard",
	    .topic = "",
	    .settings = set,
	    .maker = alice,
	    .log = log};
	struct store_right op = {.room = 4000000000u,
	    .identity = alice,
	    .name = "alice",
	    .has_role = true,
	    .role = ROLE_GUEST,
	    .banned = true,
	    .ban_until = 1234567890123,
	    .since = 77,
	    .since_run = 1,
	    .since_epoch = 9};
	struct store_right member = {
	    .identity = bob, .name = "bob", .member = true, .muted = true};
	struct loaded l;

	(void)state;
	store_world_start(&w);
	assert_int_equal(store_run(w.s), 1);
	store_world_room(&w, 2);
	assert_int_equal(store_put_room(w.s, &room, &w.newest), 0);
	put_right(&op);
	put_right(&member);
	store_world_commit(&w);
	store_world_stop(&w);

	load(&l);
	assert_int_equal(store_run(w.s), 2);
	check_loaded(&l, &set);

	/* One that has nothing is forgotten; a room goes with its rights. */
	member.member = member.muted = false;
	put_right(&member);
	assert_int_equal(store_forget_room(w.s, 4000000000u, &w.newest), 0);
	store_world_commit(&w);
	store_world_stop(&w);
	load(&l);
	assert_int_equal(l.n_rooms, 1);
	assert_int_equal(l.n_rights, 0);
	store_world_stop(&w);
}

static void some_entries(uint32_t room, int n)
{
	int i;

	for (i = 0; i < n; i++)
		store_world_entry(&w, room, "said", 0);
}

static void test_entries(void **state)
{
	struct loaded l;

	(void)state;
	store_world_start(&w);
	store_world_room(&w, 1);
	store_world_epoch(&w, 1, 1, 0x11);
	store_world_person(&w, 5);
	some_entries(1, 20);
	store_world_commit(&w);
	store_world_until(&w, &w.given_back, 20);
	store_world_stop(&w);
	load(&l);
	assert_int_equal(l.head[0].offset, 20);
	assert_memory_equal(l.head[0].chain, w.room[1].head.chain, WIRE_HASH);
	/* Offsets go on in the next run. */
	store_world_epoch(&w, 1, 1, 0x22);
	some_entries(1, 5);
	store_world_commit(&w);
	assert_int_equal(store_world_audit(&w, 1), 25);
	store_world_stop(&w);
}

/* --- ranges ---------------------------------------------------------------------- */

struct seen {
	int err;
	uint64_t oldest, first, last;
	size_t n, n_runs, purged, n_epochs[4], n_people[4];
	uint8_t base[4];
	uint32_t run[4];
	uint8_t session[4];
	char person[64];
};

static void look(void *arg, const struct store_range *r)
{
	struct seen *s = arg;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->err = r->err;
	s->oldest = r->oldest;
	s->n = r->n_entries;
	s->n_runs = r->n_runs;
	for (i = 0; i < r->n_entries; i++)
		s->purged += r->entry[i].bytes == NULL;
	if (s->n > 0) {
		s->first = r->entry[0].offset;
		s->last = r->entry[s->n - 1].offset;
	}
	for (i = 0; i < r->n_runs && i < 4; i++) {
		s->run[i] = r->run[i].run;
		s->session[i] = r->run[i].session[0];
		s->n_epochs[i] = r->run[i].n_epochs;
		s->n_people[i] = r->run[i].n_people;
		if (r->run[i].n_epochs > 0)
			s->base[i] = r->run[i].epoch[0].base[31];
		if (r->run[i].n_people > 0)
			memcpy(s->person, r->run[i].person[0].json,
			    r->run[i].person[0].len);
	}
}

static struct seen ask(
    uint64_t first, uint32_t count, bool before, size_t bytes)
{
	const struct store_question q = {.room = 1,
	    .count = count,
	    .first = first,
	    .before = before,
	    .bytes = bytes};
	struct seen s;

	store_world_read(&w, &q, look, &s);
	assert_int_equal(s.err, 0);
	return s;
}

/* All that test_ranges has put, of two runs. */
static void check_all_ranges(void)
{
	struct seen s;

	s = ask(1, 500, false, 1 << 20);
	assert_int_equal(s.first, 1);
	assert_int_equal(s.last, 30);
	assert_int_equal(s.oldest, 1);
	assert_int_equal(s.n_runs, 2);
	assert_int_equal(s.run[0], 1);
	assert_int_equal(s.session[1], 2);
	assert_int_equal(s.n_epochs[0], 2);
	assert_int_equal(s.n_epochs[1], 1);
	assert_int_equal(s.n_people[0], 1);
	assert_int_equal(s.base[0], 0x11);
	assert_int_equal(s.base[1], 0x21);
	assert_string_equal(s.person, "{\"name\":\"person 6\"}");
}

static void test_ranges(void **state)
{
	struct seen s;

	(void)state;
	store_world_start(&w);
	store_world_room(&w, 1);
	s = ask(1, 500, false, 1 << 20);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.oldest, 0);
	store_world_epoch(&w, 1, 1, 0x11);
	store_world_person(&w, 5);
	some_entries(1, 10);
	store_world_epoch(&w, 1, 2, 0x12);
	some_entries(1, 10);
	store_world_commit(&w);
	store_world_stop(&w);
	store_world_start(&w);
	store_world_epoch(&w, 1, 1, 0x21);
	store_world_person(&w, 6);
	some_entries(1, 10);
	store_world_commit(&w);

	check_all_ranges();
	/* Only what the entries need. */
	s = ask(12, 3, false, 1 << 20);
	assert_int_equal(s.first, 12);
	assert_int_equal(s.last, 14);
	assert_int_equal(s.n_runs, 1);
	assert_int_equal(s.n_epochs[0], 1);
	assert_int_equal(s.base[0], 0x12);
	/* The newest before. */
	s = ask(12, 3, true, 1 << 20);
	assert_int_equal(s.first, 9);
	assert_int_equal(s.last, 11);
	s = ask(INT64_MAX, 4, true, 1 << 20);
	assert_int_equal(s.first, 27);
	assert_int_equal(s.last, 30);
	s = ask(1, 4, true, 1 << 20);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.oldest, 1);
	s = ask(31, 4, false, 1 << 20);
	assert_int_equal(s.n, 0);
	/* Fewer where they would pass the bytes, but one. */
	s = ask(1, 500, false, 1000);
	assert_int_equal(s.first, 1);
	assert_int_equal(s.n, 2);
	s = ask(31, 500, true, 1000);
	assert_int_equal(s.last, 30);
	assert_int_equal(s.n, 2);
	s = ask(5, 500, false, 1);
	assert_int_equal(s.n, 1);
	store_world_stop(&w);
}

static void test_purged(void **state)
{
	struct seen s;

	(void)state;
	store_world_start(&w);
	store_world_room(&w, 1);
	store_world_epoch(&w, 1, 1, 0x11);
	some_entries(1, 9);
	assert_int_equal(store_purge(w.s, 1, 4, &w.newest), 0);
	assert_int_equal(store_purge(w.s, 1, 4, &w.newest), 0);
	assert_int_equal(store_purge(w.s, 1, 44, &w.newest), 0);
	store_world_commit(&w);
	s = ask(3, 3, false, 1 << 20);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.purged, 1);
	assert_int_equal(store_world_audit(&w, 1), 9);
	/* All of them: nothing is left, and the log may begin anywhere. */
	assert_int_equal(store_forget_entries(w.s, 1, &w.newest), 0);
	store_world_commit(&w);
	s = ask(1, 500, false, 1 << 20);
	assert_int_equal(s.n, 0);
	some_entries(1, 2);
	store_world_commit(&w);
	assert_int_equal(store_world_audit(&w, 1), 2);
	store_world_stop(&w);
}

/* --- a keeper that dies ------------------------------------------------------------- */

static void test_killed(void **state)
{
	uint64_t seed = 1;
	int i, kills = 0;

	(void)state;
	store_world_start(&w);
	store_world_room(&w, 1);
	store_world_room(&w, 2);
	store_world_epoch(&w, 1, 1, 0x11);
	store_world_epoch(&w, 2, 1, 0x12);
	for (i = 0; i < 600; i++) {
		some_entries(1 + (uint32_t)(i & 1), 5);
		if (check_random(&seed) % 100 != 0)
			continue;
		/* Wait for some of it only: the rest is on its way. */
		if (kills++ % 2 == 0)
			store_world_commit(&w);
		store_world_kill_keeper();
	}
	assert_true(kills > 0);
	store_world_commit(&w);
	store_world_until(&w, &w.given_back, 3000);
	assert_int_equal(store_world_audit(&w, 1), 1500);
	assert_int_equal(store_world_audit(&w, 2), 1500);
	store_world_stop(&w);
	store_world_start(&w);
	assert_int_equal(store_world_audit(&w, 1), 1500);
	store_world_stop(&w);
}

/* A question to a keeper that dies is answered by the next one; or refused, where
 * a slow machine has none after a second, and never left open. */
static void test_killed_reading(void **state)
{
	const struct store_question q = {
	    .room = 1, .count = 500, .first = 1, .bytes = 1 << 20};
	struct seen s;
	int i, tries;

	(void)state;
	store_world_start(&w);
	store_world_room(&w, 1);
	store_world_commit(&w);
	for (i = 0; i < 3; i++) {
		store_world_kill_keeper();
		for (tries = 0; tries < 600; tries++) {
			store_world_read(&w, &q, look, &s);
			if (s.err != ERR_IO)
				break;
			usleep(100000);
		}
		assert_int_equal(s.err, 0);
	}
	store_world_stop(&w);
}

/* --- what an honest relay never puts -------------------------------------------------- */

static void test_refused(void **state)
{
	struct log_head good;

	(void)state;
	store_world_start(&w);
	store_world_room(&w, 1);
	some_entries(1, 3);
	store_world_commit(&w);
	good = w.room[1].head;
	/* A gap; another chain; another entry at a place that is taken; a room
	 * that does not exist. */
	w.room[1].head.offset = 7;
	some_entries(1, 1);
	w.room[1].head = good;
	w.room[1].head.chain[0] ^= 1;
	some_entries(1, 1);
	w.room[1].head = good;
	w.room[1].head.offset = 1;
	store_world_entry(&w, 1, "another", 0);
	w.room[3].id = 3;
	some_entries(3, 1);
	w.room[1].head = good;
	some_entries(1, 1);
	store_world_commit(&w); /* refused ones do not stop the others */
	assert_int_equal(store_world_audit(&w, 1), 4);
	assert_int_equal(store_world_audit(&w, 3), 0);
	store_world_stop(&w);
}

/* --- bursts ------------------------------------------------------------------- */

/* Entries wait for the end of a loop step, and are then committed together. */
static void test_burst(void **state)
{
	const unsigned n = 200, wait_us = 50000;
	unsigned before;

	(void)state;
	store_world_start(&w);
	store_world_room(&w, 1);
	store_world_commit(&w);
	store_world_until(&w, &w.commits, 1); /* is said after the commit */
	before = store_world_count(&w, &w.commits);
	w.holds = true;
	some_entries(1, (int)n);
	usleep(wait_us);
	assert_int_equal(store_world_count(&w, &w.commits), before);
	store_flush(w.s);
	store_world_commit(&w);
	store_world_until(&w, &w.commits, before + 1);
	/* One, unless the processor was taken away amid it. */
	assert_in_range(
	    store_world_count(&w, &w.commits), before + 1, before + 4);
	assert_int_equal(store_world_audit(&w, 1), n);
	/* A change sends them, too; and so does the end. */
	some_entries(1, 1);
	store_world_room(&w, 2);
	store_world_commit(&w);
	some_entries(1, 1);
	store_world_stop(&w);
	w.holds = false;
	store_world_start(&w);
	assert_int_equal(store_world_audit(&w, 1), n + 2);
	store_world_stop(&w);
}

/* --- one connection --------------------------------------------------------------------- */

static void test_one_connection(void **state)
{
	static const uint8_t key[WIRE_KEY];
	struct db_opts o = {.path = folder_path(state, DB_NAME), .key = key};
	struct errmsg why;
	struct db *db;

	store_world_start(&w);
	assert_int_equal(db_open(&db, &o, &why), ERR_IO);
	assert_non_null(strstr(why.text, "another process has"));
	assert_null(db);
	/* Not even an index of the WAL that others could open. */
	assert_int_not_equal(
	    access(folder_path(state, DB_NAME "-shm"), F_OK), 0);
	store_world_stop(&w);
}

int main(void)
{
	struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_rooms_and_rights, begin, end),
	    cmocka_unit_test_setup_teardown(test_entries, begin, end),
	    cmocka_unit_test_setup_teardown(test_ranges, begin, end),
	    cmocka_unit_test_setup_teardown(test_purged, begin, end),
	    cmocka_unit_test_setup_teardown(test_killed, begin, end),
	    cmocka_unit_test_setup_teardown(test_killed_reading, begin, end),
	    cmocka_unit_test_setup_teardown(test_refused, begin, end),
	    cmocka_unit_test_setup_teardown(test_burst, begin, end),
	    cmocka_unit_test_setup_teardown(test_one_connection, begin, end),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
