/* Unit tests for what was on its way when a member came back: sealed in an epoch
 * before their first, it comes as a mark, and is read in the history, in its
 * place. */
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)

/* Those who were there stay; the client comes back as another member. */
static void enter(struct world *w)
{
	struct fake *f = &w->fake;
	size_t i;

	world_tick(w, w->wait_ms);
	f->n_people = 0;
	f->member += 10;
	fake_step(f);
	for (i = 0; i < f->n_peers; i++)
		fake_person(f, &f->peers[i].user);
	world_connect(w);
	fake_admit(f);
	world_pump(w);
}

/* What bob says while the client is away. */
static void missed(struct world *w, const char *text)
{
	fake_say(&w->fake, &w->fake.peers[0], text);
	fake_away(&w->fake);
}

/* Loses the connection, and misses two messages; back, it asks for them. */
static void away(struct world *w)
{
	fake_say(&w->fake, &w->fake.peers[0], "one");
	world_pump(w);
	check_events(w, "message bob 1 one", NULL);
	world_lose(w, "gone");
	check_events(w, "reconnect gone", NULL);
	missed(w, "two");
	missed(w, "three");
	enter(w);
}

/* Bob sealed it before our join, and it is in the log after it: we get a mark. */
static void under_way(struct world *w, const char *text)
{
	struct fake *f = &w->fake;
	struct log_mark m = {.room = f->room};

	fake_say(f, &f->peers[0], text);
	f->n_frames--;
	m.offset = f->head.offset;
	memcpy(m.digest, f->kept[f->n_kept - 1].digest, WIRE_HASH);
	fake_mark(f, &m);
}

/* With carol, who says what is live. */
static struct world *joined_by_two(void)
{
	struct world *w = world_new();

	world_join(w, 2);
	fake_keep(&w->fake);
	return w;
}

TEST(what_was_under_way_is_read)
{
	struct world *w = joined_by_two();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	under_way(w, "four");
	under_way(w, "five");
	fake_say(f, &f->peers[1], "six");
	world_pump(w);
	check_got(
	    w, "history 1 after 1 x 2 1", "history 1 after 3 x 2 2", NULL);
	check_events(w, "connecting 1", "connected 5", "message bob 2 two past",
	    "message bob 3 three past", "history 2 to 3 of 1", NULL);
	fake_batch(f, 2, 4, 5, NULL);
	fake_done(f, 2, 0);
	world_pump(w);
	check_events(w, "message bob 4 four past", "message bob 5 five past",
	    "history 2 to 5 of 1", "message carol 1 six", NULL);
	/* One that is never answered holds what is live for a while only. */
	under_way(w, "seven");
	fake_say(f, &f->peers[1], "eight");
	world_pump(w);
	check_got(w, "history 1 after 6 x 1 3", NULL);
	check_events(w, NULL);
	world_tick(w, 0);
	world_tick(w, 9999);
	check_events(w, NULL);
	world_tick(w, 1);
	check_events(w, "message carol 2 eight", NULL);
	world_free(w);
}

/* In the middle of what is live, while the past is still read: in order. */
TEST(what_was_under_way_keeps_its_place)
{
	struct world *w = joined_by_two();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	fake_say(f, &f->peers[1], "four");
	under_way(w, "five");
	fake_say(f, &f->peers[1], "six");
	world_pump(w);
	check_got(w, "history 1 after 1 x 2 1", NULL);
	check_events(w, "connecting 1", "connected 5", NULL);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	check_got(w, "history 1 after 3 x 2 2", NULL);
	check_events(w, "message bob 2 two past", "message bob 3 three past",
	    NULL);
	fake_batch(f, 2, 4, 5, NULL);
	fake_done(f, 2, 0);
	world_pump(w);
	check_events(w, "message carol 1 four", "message bob 4 five past",
	    "history 3 to 5 of 1", "message carol 2 six", NULL);
	world_free(w);
}

/* Lost before it is read: the next time begins with it, and what came live after
 * it is read as well. */
TEST(what_was_under_way_is_not_forgotten)
{
	struct world *w = joined_by_two();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	under_way(w, "four");
	fake_say(f, &f->peers[1], "five");
	world_pump(w);
	lines_free(&w->events);
	lines_free(&f->got);
	world_lose(w, "gone");
	check_events(w, "reconnect gone", NULL);
	enter(w);
	check_got(w, "history 1 after 3 x 2 3", NULL);
	fake_batch(f, 3, 4, 5, NULL);
	fake_done(f, 3, 0);
	world_pump(w);
	check_events(w, "connecting 1", "connected 6",
	    "message bob 4 four past", "message carol 1 five past",
	    "history 2 to 5 of 1", NULL);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(what_was_under_way_is_read);
	ADD(what_was_under_way_keeps_its_place);
	ADD(what_was_under_way_is_not_forgotten);
	return check_run("client session's marks", &g);
}
