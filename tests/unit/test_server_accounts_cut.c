/* A new account, its role, its invitation to a room and the use of its invite are
 * one change: the power is cut at every call to the disk, and after each restart
 * either all of it is there or nothing. The real store and keeper. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/room/accounts.h"
#include "tests/unit/faulty_vfs.h"
#include "tests/unit/folder.h"
#include "tests/unit/store_world.h"

enum {
	CUTS = 60,
	/* A commit is a write and a sync; others may be of the keeper's start. */
	CALLS = 12,
	USES = 1000,
	ROOM = 1,
};

static struct store_world w;
static struct faulty *disk;
static struct rng rng;

/* The server's tables, and what it has read at its start. */
static struct standing *standing;
static struct accounts *people;
static unsigned n_accounts, n_roles, n_invited, n_left;
static char invite[WIRE_INVITE_ID + 2];

static int load_right(void *arg, const struct store_right *r)
{
	(void)arg;
	n_roles += r->room == 0 && r->has_role && r->role == ROLE_OPERATOR;
	n_invited += r->room == ROOM && r->invited;
	return standing_restore(standing, r);
}

static int load_people(void *arg, const struct store_change *c)
{
	(void)arg;
	n_accounts += c->account != NULL;
	if (c->invite != NULL)
		n_left = c->invite->left;
	return accounts_restore(people, c);
}

static void start(void)
{
	static const uint8_t key[WIRE_KEY] = {7};
	const struct store_loader l = {
	    .right = load_right, .people = load_people};

	n_accounts = n_roles = n_invited = n_left = 0;
	assert_non_null(standing = standing_new(&rng, ROLE_MEMBER));
	assert_non_null(people = accounts_new(&rng, key, standing));
	assert_int_equal(store_world_try(&w, &l), 0);
	accounts_keep(people, w.s);
	standing_keep(standing, w.s);
}

static void stop(void)
{
	if (w.s != NULL)
		(void)store_free(w.s, 0);
	w.s = NULL;
	accounts_free(people);
	standing_free(standing);
}

static enum wire_code let_in(
    void *arg, const uint8_t account[WIRE_KEY], bool made, uint32_t invited)
{
	(void)arg, (void)account;
	assert_true(made);
	assert_int_equal(invited, ROOM);
	return CODE_NONE;
}

static uint64_t enters(int number)
{
	uint8_t identity[WIRE_ED25519] = {0};
	char name[16];
	struct accounts_entry e = {.word = invite,
	    .name = name,
	    .identity = identity,
	    .now_s = 1,
	    .may = let_in};

	snprintf(name, sizeof(name), "n%d", number);
	put_u32(identity, (uint32_t)number);
	assert_int_equal(accounts_enter(people, &e), 0);
	assert_int_equal(e.code, CODE_NONE);
	return e.ticket;
}

static void test_cuts(void **state)
{
	struct accounts_invite_of v = {.room = ROOM,
	    .uses = USES,
	    .role = ROLE_OPERATOR,
	    .now_s = 1};
	unsigned in = 0;
	uint64_t ticket;
	int i;

	(void)state;
	start();
	store_world_room(&w, ROOM);
	assert_int_equal(accounts_invite(people, &v), 0);
	snprintf(invite, sizeof(invite), "+%s", v.id);
	while (store_committed(w.s) < v.ticket)
		usleep(200);
	for (i = 1; i <= CUTS; i++) {
		atomic_store(&disk->cuts, 0);
		atomic_store(&disk->cut_how, i * 37 & 0x1ff);
		atomic_store(&disk->cut_at, 1 + i % CALLS);
		ticket = enters(i);
		while (store_committed(w.s) < ticket &&
		       atomic_load(&disk->cuts) == 0)
			usleep(200);
		in += store_committed(w.s) >= ticket;
		atomic_store(&disk->cut_at, 0);
		stop();
		start();
		assert_true(n_accounts >= in); /* nothing that was told */
		assert_int_equal(n_accounts, n_roles);
		assert_int_equal(n_accounts, n_invited);
		assert_int_equal(n_accounts, USES - n_left);
		assert_int_equal(n_accounts, accounts_count(people));
		in = n_accounts;
	}
	assert_true(in > 5);
	assert_true(in < CUTS - 5);
	store_world_stop(&w); /* the keeper has gone, too */
	stop();
}

static int begin(void **state)
{
	rng = random_system();
	memset(disk, 0, sizeof(*disk));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_cuts, begin, end),
	};

	signal(SIGPIPE, SIG_IGN);
	if ((disk = faulty_vfs()) == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
