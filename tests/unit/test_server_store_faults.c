/* The keeper on a disk that fails: each write, sync and truncation once, and a
 * disk that is full for a while. Nothing is told to be committed that is not,
 * nothing is lost, and it goes on by itself. */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/faulty_vfs.h"
#include "tests/unit/folder.h"
#include "tests/unit/store_world.h"

static struct store_world w;
static struct faulty *disk;

static int begin(void **state)
{
	if (folder_make(state) != 0)
		return -1;
	memset(disk, 0, sizeof(*disk));
	store_world_init(&w, *state);
	return 0;
}

static int end(void **state)
{
	store_world_free(&w);
	return folder_remove(state);
}

static void said(unsigned entries)
{
	for (; entries > 0; entries--)
		store_world_entry(&w, 1, "said", 900);
}

static void start(void)
{
	store_world_start(&w);
	store_world_room(&w, 1);
	store_world_epoch(&w, 1, 1, 0x11);
	store_world_person(&w, 5);
	said(3);
	store_world_commit(&w);
}

/* The n-th call fails, for all n until none is left that could: then nothing
 * fails any more in the course of a commit, a purge (which empties the WAL) and
 * a commit after it. */
static void each_once(enum faulty_call call)
{
	uint64_t had = 3;
	unsigned before;
	int n, failed;

	start();
	for (n = 1, failed = 1; failed > 0; n++) {
		assert_true(n < 200);
		before = store_world_count(&w, &w.stuck);
		atomic_store(&disk->failed, 0);
		atomic_store(&disk->fail_at[call], n);
		said(3);
		store_world_commit(&w);
		assert_int_equal(store_purge(w.s, 1, had, &w.newest), 0);
		said(1);
		store_world_commit(&w);
		failed = atomic_load(&disk->failed);
		atomic_store(&disk->fail_at[call], 0);
		had += 4;
		/* Who was told that it stands still is told that it goes on. */
		store_world_until(
		    &w, &w.unstuck, store_world_count(&w, &w.stuck));
		assert_true(store_world_count(&w, &w.stuck) <= before + 1);
		assert_int_equal(store_world_audit(&w, 1), had);
	}
	assert_true(n > 2);
	store_world_stop(&w);
	store_world_start(&w);
	assert_int_equal(store_world_audit(&w, 1), had);
	store_world_stop(&w);
}

static void test_each_write(void **state)
{
	(void)state;
	each_once(FAULTY_WRITE);
	assert_true(store_world_count(&w, &w.stuck) > 0);
}

static void test_each_sync(void **state)
{
	(void)state;
	each_once(FAULTY_SYNC);
	assert_true(store_world_count(&w, &w.stuck) > 0);
}

static void test_each_truncation(void **state)
{
	(void)state;
	each_once(FAULTY_TRUNCATE);
}

/* Each write of a start fails once: it starts all the same, after a pause, or
 * says that it cannot, and the next one does. */
static void test_starts(void **state)
{
	int n, failed;

	(void)state;
	start();
	store_world_stop(&w);
	for (n = 1, failed = 1; failed > 0; n++) {
		assert_true(n < 200);
		atomic_store(&disk->failed, 0);
		atomic_store(&disk->fail_at[FAULTY_WRITE], n);
		if (store_world_try(&w, NULL) == 0)
			store_world_stop(&w);
		failed = atomic_load(&disk->failed);
		atomic_store(&disk->fail_at[FAULTY_WRITE], 0);
		store_world_start(&w);
		assert_int_equal(store_world_audit(&w, 1), 3);
		store_world_stop(&w);
	}
}

/* A disk that is full at the start: a sentence, and no waiting. */
static void test_starts_on_a_full_disk(void **state)
{
	(void)state;
	atomic_store(&disk->full, 1);
	assert_int_equal(store_world_try(&w, NULL), ERR_IO);
	atomic_store(&disk->full, 0);
	start();
	store_world_stop(&w);
	atomic_store(&disk->full, 1);
	assert_int_equal(store_world_try(&w, NULL), ERR_IO);
	atomic_store(&disk->full, 0);
	store_world_start(&w);
	assert_int_equal(store_world_audit(&w, 1), 3);
	store_world_stop(&w);
}

static void test_full_disk(void **state)
{
	uint64_t committed;
	unsigned i;

	(void)state;
	start();
	committed = store_committed(w.s);
	atomic_store(&disk->full, 1);
	said(1);
	store_world_until(&w, &w.stuck, 1);
	assert_non_null(strstr(w.why, "full"));
	/* More than the queue holds: it says that it is full, and takes it. */
	for (i = 0; !store_full(w.s); i++) {
		assert_true(i < 1000);
		store_world_entry(&w, 1, "much", 60000);
	}
	assert_int_equal(store_committed(w.s), committed);
	assert_int_equal(store_world_count(&w, &w.given_back), 3);
	assert_int_equal(store_world_count(&w, &w.unstuck), 0);
	atomic_store(&disk->full, 0);
	store_world_commit(&w);
	store_world_until(&w, &w.unstuck, 1);
	assert_false(store_full(w.s));
	assert_int_equal(store_world_count(&w, &w.stuck), 1); /* said once */
	assert_int_equal(store_world_audit(&w, 1), 4 + i);
	store_world_stop(&w);
}

/* A keeper that is killed while it can not write, and one whose successors die
 * too. */
static void test_killed_while_full(void **state)
{
	(void)state;
	start();
	atomic_store(&disk->full, 1);
	said(5);
	store_world_until(&w, &w.stuck, 1);
	store_world_kill_keeper();
	said(5);
	atomic_store(&disk->full, 0);
	store_world_commit(&w);
	store_world_until(&w, &w.unstuck, store_world_count(&w, &w.stuck));
	assert_int_equal(store_world_audit(&w, 1), 13);
	store_world_stop(&w);
}

/* The server ends while the disk is full: that is said, and what was committed
 * is there. */
static void test_ends_while_full(void **state)
{
	(void)state;
	start();
	atomic_store(&disk->full, 1);
	said(5);
	store_world_until(&w, &w.stuck, 1);
	assert_false(store_free(w.s, 300));
	w.s = NULL;
	assert_int_equal(store_world_count(&w, &w.given_back), 8);
	atomic_store(&disk->full, 0);
	w.room[1].head.offset =
	    0; /* unknown to the audit: look at the number */
	store_world_start(&w);
	store_world_stop(&w);
}

/* --- power cuts ------------------------------------------------------------------ */

/* What the relay was told that it is kept, when the power went. */
static uint64_t talk_until_cut(int at, int how)
{
	const uint64_t before = store_committed(w.s);
	uint64_t kept = w.room[1].head.offset;
	int i;

	atomic_store(&disk->cuts, 0);
	atomic_store(&disk->cut_how, how);
	atomic_store(&disk->cut_at, at);
	for (i = 0; i < 50 && atomic_load(&disk->cuts) == 0; i++) {
		said(1);
		if (i % 7 == 6) /* what empties the WAL is cut as well */
			assert_int_equal(
			    store_purge(w.s, 1, kept, &w.newest), 0);
		while (store_committed(w.s) < w.newest &&
		       atomic_load(&disk->cuts) == 0)
			usleep(200);
		/* The whole machine stops: what comes after is not ours. */
		if (store_committed(w.s) == w.newest)
			kept = w.room[1].head.offset;
	}
	assert_true(store_committed(w.s) >= before);
	return kept;
}

static int newest_is(
    void *arg, const struct store_room *r, const struct log_head *head)
{
	(void)r;
	*(struct log_head *)arg = *head;
	return 0;
}

/* The server starts again after the cut, with what is on the disk. */
static void after_cut(uint64_t kept)
{
	struct log_head head;
	const struct store_loader l = {.room = newest_is, .arg = &head};

	atomic_store(&disk->cut_at, 0);
	(void)store_free(w.s, 0);
	w.s = NULL;
	assert_int_equal(store_world_try(&w, &l), 0);
	assert_true(head.offset >= kept); /* nothing that was acknowledged */
	w.room[1].head = head;
	assert_int_equal(store_world_audit(&w, 1), head.offset);
	store_world_epoch(&w, 1, 1, 0x11);
	store_world_person(&w, 5);
	store_world_commit(&w);
}

static void test_power_cuts(void **state)
{
	uint64_t seed = 3, kept;
	int i, cuts = 0;

	(void)state;
	start();
	for (i = 0; i < 40; i++) {
		kept = talk_until_cut(1 + (int)(check_random(&seed) % 60),
		    (int)(check_random(&seed) & 0x1ff));
		cuts += atomic_load(&disk->cuts);
		after_cut(kept);
	}
	assert_true(cuts > 20);
	store_world_stop(&w);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	struct CMUnitTest tests[] = {
	    TEST(test_each_write),
	    TEST(test_each_sync),
	    TEST(test_each_truncation),
	    TEST(test_starts),
	    TEST(test_starts_on_a_full_disk),
	    TEST(test_full_disk),
	    TEST(test_killed_while_full),
	    TEST(test_ends_while_full),
	    TEST(test_power_cuts),
	};

	signal(SIGPIPE, SIG_IGN);
	if ((disk = faulty_vfs()) == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
