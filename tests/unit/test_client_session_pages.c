/* A room with a history and more than a hundred people: until the last page of
 * its list has come, nothing of what was missed is shown, and nothing counts as
 * shown. */
#include "shared/crypto/library.h"
#include "tests/unit/away.h"

#define TEST(name) static void name(void **state)

/* The newest entry that counts as shown; UINT64_MAX: nothing is known. */
static uint64_t shown(struct world *w)
{
	uint8_t log[WIRE_LOG];
	struct log_head head;

	if (!session_room_shown(
		w->s, session_first_room(w->s), log, &head))
		return UINT64_MAX;
	assert_memory_equal(log, w->fake.log, WIRE_LOG);
	return head.offset;
}

/* The client comes (again), to bob and a hundred others: the first page. */
static void first_page(struct world *w)
{
	struct fake *f = &w->fake;
	struct user u = f->peers[0].user;

	f->n_people = 0;
	f->member += 1000;
	fake_step(f);
	fake_person(f, &f->peers[0].user);
	for (u.member = 500; f->n_people < 120; u.member++) {
		snprintf(u.name, sizeof(u.name), "u%u", u.member);
		fake_person(f, &u);
	}
	world_connect(w);
	fake_admit(f);
	world_pump(w);
}

static void last_page(struct world *w)
{
	struct user_list l;

	fake_fill_list(&w->fake, &l, w->fake.people[99].member);
	fake_put_list(&w->fake, &l);
	world_pump(w);
}

static void misses_two(struct world *w)
{
	fake_say(&w->fake, &w->fake.peers[0], "one");
	world_pump(w);
	check_events(w, "message bob 1 one", NULL);
	world_lose(w, "gone");
	check_events(w, "reconnect gone", NULL);
	away_missed(w, "two");
	away_missed(w, "three");
	world_tick(w, w->wait_ms);
}

/* Whoever ends the program between the pages reads it at the next start. */
TEST(nothing_counts_as_shown_between_the_pages)
{
	struct world *w = away_joined();

	(void)state;
	misses_two(w);
	first_page(w);
	assert_int_equal(shown(w), 1);
	last_page(w);
	assert_int_equal(shown(w), 1);
	fake_batch(&w->fake, 1, 2, 3, NULL);
	fake_done(&w->fake, 1, 0);
	world_pump(w);
	check_events(w, "connecting 1", "connected 5", "message bob 2 two past",
	    "message bob 3 three past", "history 2 to 3 of 1", NULL);
	assert_int_equal(shown(w), 3);
	world_free(w);
}

/* The line is cut between the pages, once and twice: the next time all of it is
 * read. */
TEST(a_cut_between_the_pages)
{
	struct world *w = away_joined();
	int i;

	(void)state;
	misses_two(w);
	for (i = 0; i < 2; i++) {
		first_page(w);
		world_lose(w, "gone");
		assert_int_equal(shown(w), 1);
		away_missed(w, "four");
		world_tick(w, w->wait_ms);
	}
	lines_free(&w->events);
	lines_free(&w->fake.got);
	first_page(w);
	last_page(w);
	check_got(w, "list 1 after 598", "history 1 after 1 x 4 1", NULL);
	fake_batch(&w->fake, 1, 2, 5, NULL);
	fake_done(&w->fake, 1, 0);
	world_pump(w);
	check_events(w, "connected 7", "message bob 2 two past",
	    "message bob 3 three past", "message bob 4 four past",
	    "message bob 5 four past", "history 4 to 5 of 1", NULL);
	assert_int_equal(shown(w), 5);
	world_free(w);
}

/* The log is a new one, of which the client has read nothing: it reads the newest
 * 200, also after a cut. */
TEST(of_a_new_log)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	size_t i;

	(void)state;
	world_join(w, 1);
	world_lose(w, "gone");
	f->session[0] ^= 1;
	f->epoch = 0;
	f->room = 2; /* of which its log is made */
	fake_step(f);
	fake_log(f);
	fake_keep(f);
	for (i = 0; i < 300; i++)
		away_missed(w, "before");
	world_tick(w, w->wait_ms);
	first_page(w);
	assert_int_equal(shown(w), UINT64_MAX);
	world_lose(w, "gone");
	assert_int_equal(shown(w), UINT64_MAX);
	world_tick(w, w->wait_ms);
	lines_free(&f->got);
	first_page(w);
	last_page(w);
	check_got(w, "list 2 after 598", "history 2 after 100 x 200 1", NULL);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

	if (library_setup() != 0)
		return 1;
	json_setup();
	check_add(&g, nothing_counts_as_shown_between_the_pages, NULL,
	    "nothing counts as shown between the pages");
	check_add(&g, a_cut_between_the_pages, NULL, "a cut between the pages");
	check_add(&g, of_a_new_log, NULL, "of a new log");
	return check_run("pages", &g);
}
