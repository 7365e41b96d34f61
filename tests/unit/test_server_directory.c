/* Limits of clients for each account and address, and whose a name is. */
#include "tests/unit/room_world.h"

#include "server/net/quota.h"

enum { MANY = 5000 };

/* A client: its place in one room. */
struct who {
	struct directory_place place;
	enum directory_met met;
	char name[WIRE_NAME_MAX + 1];
	uint8_t account[TALLY_KEY], address[TALLY_KEY];
};

/* The directory only compares them. */
static struct room *const lobby = (void *)"lobby", *const den = (void *)"den";

static struct directory *made(uint32_t per_account, uint32_t per_address)
{
	const struct directory_limits l = {.per_account = per_account,
	    .per_address = per_address};
	struct directory *d = directory_new(0);

	assert_non_null(d);
	directory_limit(d, &l);
	directory_time(d, 5000, 1);
	return d;
}

static int enters(struct directory *d, struct who *w, const char *name,
    uint32_t account, uint32_t address, struct room *room)
{
	struct directory_place *other;
	struct directory_who who = {.name = name,
	    .account = w->account,
	    .address = address == 0 ? NULL : w->address,
	    .client = w,
	    .room = room};
	int err;

	put_u32(w->account, account);
	put_u32(w->address, address);
	err = directory_enter(d, &w->place, &who, &other);
	w->met = who.met;
	return err;
}

/* --- limits -------------------------------------------------------------- */

static void test_per_account(void **state)
{
	struct directory *d = made(2, 0);
	struct who a = {0}, b = {0}, c = {0};

	(void)state;
	assert_int_equal(enters(d, &a, "a", 1, 1, lobby), 0);
	assert_int_equal(enters(d, &b, "b", 1, 2, den), 0);
	assert_int_equal(enters(d, &c, "c", 1, 3, lobby), ERR_LIMIT);
	assert_int_equal(c.met, MET_ACCOUNT);
	assert_null(c.place.person);
	assert_int_equal(enters(d, &c, "c", 2, 3, lobby), 0);
	directory_leave(d, &c.place);
	directory_leave(d, &a.place);
	assert_int_equal(enters(d, &c, "c", 1, 3, lobby), 0);
	directory_leave(d, &b.place);
	directory_leave(d, &c.place);
	directory_free(d);
}

static void test_per_address(void **state)
{
	struct directory *d = made(0, 2);
	struct who a = {0}, b = {0}, c = {0}, local[3] = {0};
	char name[2] = "x";
	size_t i;

	(void)state;
	assert_int_equal(enters(d, &a, "a", 1, 7, lobby), 0);
	assert_int_equal(enters(d, &b, "b", 2, 7, den), 0);
	assert_int_equal(enters(d, &c, "c", 3, 7, den), ERR_LIMIT);
	assert_int_equal(c.met, MET_ADDRESS);
	assert_int_equal(enters(d, &c, "c", 3, 8, den), 0);
	/* Those without an address are not counted. */
	for (i = 0; i < 3; i++, name[0]++)
		assert_int_equal(
		    enters(d, &local[i], name, 10 + (uint32_t)i, 0, den), 0);
	for (i = 0; i < 3; i++)
		directory_leave(d, &local[i].place);
	directory_leave(d, &a.place);
	directory_leave(d, &b.place);
	directory_leave(d, &c.place);
	directory_free(d);
}

/* A client in several rooms is one, and who is replaced is not counted. */
static void test_counted_once(void **state)
{
	struct directory *d = made(1, 1);
	struct who a = {0}, again = {0};
	struct directory_place in_den = a.place, *other;
	struct directory_who too = {.name = "a",
	    .account = a.account,
	    .address = a.address,
	    .client = &a,
	    .room = den};

	(void)state;
	assert_int_equal(enters(d, &a, "a", 1, 7, lobby), 0);
	assert_int_equal(directory_enter(d, &in_den, &too, &other), 0);
	assert_int_equal(directory_people(d), 1);
	assert_int_equal(enters(d, &again, "A", 1, 7, lobby), 0);
	directory_leave(d, &a.place);
	directory_leave(d, &in_den);
	directory_leave(d, &again.place);
	assert_int_equal(enters(d, &a, "a", 2, 7, lobby), 0);
	directory_leave(d, &a.place);
	directory_free(d);
}

/* --- names --------------------------------------------------------------- */

/* A name is held by one account at a time, and by as many of its clients as there
 * are. */
static void test_a_name_is_one_accounts(void **state)
{
	struct directory *d = made(8, 64);
	struct who a = {0}, again = {0}, b = {0};

	(void)state;
	assert_int_equal(enters(d, &a, "alice", 1, 7, lobby), 0);
	assert_int_equal(enters(d, &b, "Alice", 2, 8, lobby), ERR_NAME);
	assert_int_equal(enters(d, &b, "Alice", 2, 8, den), ERR_NAME);
	assert_int_equal(enters(d, &again, "ALICE", 1, 9, den), 0);
	assert_int_equal(directory_people(d), 2);
	directory_leave(d, &a.place);
	assert_int_equal(enters(d, &b, "Alice", 2, 8, lobby), ERR_NAME);
	directory_leave(d, &again.place);
	assert_int_equal(directory_people(d), 0);
	assert_int_equal(enters(d, &b, "Alice", 2, 8, lobby), 0);
	directory_leave(d, &b.place);
	directory_free(d);
}

/* However many come and go, from wherever: nothing is left of them. */
static void test_nothing_is_left(void **state)
{
	struct directory *d = made(0, 0);
	size_t before = quota_held(), i;
	struct who a = {0};
	char name[16];

	(void)state;
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		assert_int_equal(enters(d, &a, name, (uint32_t)i + 1,
				     (uint32_t)i + 1, lobby),
		    0);
		directory_leave(d, &a.place);
	}
	assert_int_equal(quota_held(), before);
	directory_free(d);
}

/* --- in rooms ------------------------------------------------------------ */

static struct peer *comes(struct world *w, const char *name, size_t thread,
    const struct peer *same, enum wire_code code)
{
	struct peer *p = peer_new(w, name);

	if (same != NULL)
		memcpy(p->result.card.identity, same->result.card.identity,
		    WIRE_ED25519);
	w->at = thread;
	assert_int_equal(peer_comes(w, p), code);
	return p;
}

/* A place on another thread counts, and who waits does. */
static void test_full_across_threads(void **state)
{
	const struct directory_limits l = {.per_account = 2};
	struct world *w = *state;
	struct peer *a, *b;

	directory_limit(w->directory, &l);
	a = comes(w, "alice", 0, NULL, CODE_NONE);
	b = comes(w, "alice2", 1, a, CODE_NONE);
	comes(w, "alice3", 1, a, CODE_FULL);
	comes(w, "bob", 1, NULL, CODE_NONE);
	assert_int_equal(world_rekey_all(w), 0);
	comes(w, "alice3", 0, a, CODE_FULL);
	room_leave(b->member);
	comes(w, "alice3", 0, a, CODE_NONE);
}

#define ROOM(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_per_account),
	    cmocka_unit_test(test_per_address),
	    cmocka_unit_test(test_counted_once),
	    cmocka_unit_test(test_a_name_is_one_accounts),
	    cmocka_unit_test(test_nothing_is_left),
	    ROOM(test_full_across_threads),
	};

	return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
