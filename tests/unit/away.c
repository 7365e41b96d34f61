/* A client that was away, for the tests of the history. */
#include "tests/unit/away.h"

/* Bob is in the room, which keeps what is said from now on. */
struct world *away_joined(void)
{
	struct world *w = world_new();

	world_join(w, 1);
	fake_keep(&w->fake);
	return w;
}

/* Bob stays; the client comes back as another member. */
void away_enter(struct world *w)
{
	struct fake *f = &w->fake;

	world_tick(w, w->wait_ms);
	f->n_people = 0;
	f->member += 10;
	fake_step(f);
	fake_person(f, &f->peers[0].user);
	world_connect(w);
	fake_admit(f);
	world_pump(w);
}

/* What bob says while the client is away. */
void away_missed(struct world *w, const char *text)
{
	fake_say(&w->fake, &w->fake.peers[0], text);
	fake_away(&w->fake);
}

/* Loses the connection, and misses two messages; back, it asks for them. */
void away(struct world *w)
{
	fake_say(&w->fake, &w->fake.peers[0], "one");
	world_pump(w);
	check_events(w, "message bob 1 one", NULL);
	world_lose(w, "gone");
	check_events(w, "reconnect gone", NULL);
	away_missed(w, "two");
	away_missed(w, "three");
	away_enter(w);
}
