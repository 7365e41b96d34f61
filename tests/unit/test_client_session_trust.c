/* Unit tests for whom a session trusts: pins, and identities that change. */
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)
#define OK(call)   assert_int_equal(call, 0)

static struct world *joined(size_t peers)
{
	struct world *w = world_new();

	world_join(w, peers);
	return w;
}

TEST(a_changed_identity_is_said_first)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	struct peer *bob = fake_peer(f, 1, "bob");

	(void)state;
	w->changed = "bob";
	fake_person(f, &bob->user);
	world_connect(w);
	fake_admit(f);
	fake_say(f, bob, "trust me");
	world_pump(w);
	check_events(w, "connecting 1", "connected 4", "changed bob",
	    "message bob 1 trust me changed", NULL);
	w->changed = NULL;
	w->verified = "bob";
	session_meet_again(w->s, "BOB");
	fake_say(f, bob, "again");
	world_pump(w);
	check_events(w, "message bob 2 again", NULL);
	world_free(w);
}

/* The first message pins, once, and is shown with what was known before it. */
TEST(a_first_message_pins)
{
	struct world *w = joined(0);
	struct fake *f = &w->fake;
	struct peer *bob = fake_peer(f, 60, "bob");
	struct session_room_status st;

	(void)state;
	w->fresh = "bob";
	fake_join(f, bob);
	world_pump(w);
	assert_string_equal(w->spoke, "");
	fake_say(f, bob, "one");
	fake_say(f, bob, "two");
	world_pump(w);
	check_events(w, "join bob", "epoch 5 join", "message bob 1 one new",
	    "message bob 2 two", NULL);
	assert_string_equal(w->spoke, "bob ");
	/* Another client of the user pins another key before the first
	 * message: that is said before it. */
	w->fresh = "carol";
	fake_join(f, fake_peer(f, 61, "carol"));
	world_pump(w);
	w->changed = "carol";
	fake_say(f, &f->peers[f->n_peers - 1], "me");
	world_pump(w);
	check_events(w, "join carol", "epoch 6 join", "changed carol",
	    "message carol 1 me changed", NULL);
	session_room_status(w->s, session_first_room(w->s), &st);
	assert_int_equal(st.changed, 1);
	assert_string_equal(w->spoke, "bob ");
	world_free(w);
}

TEST(a_changed_identity_that_joins)
{
	struct world *w = joined(0);
	struct peer *bob = fake_peer(&w->fake, 60, "bob");

	(void)state;
	w->changed = "bob";
	fake_join(&w->fake, bob);
	fake_say(&w->fake, bob, "me");
	world_pump(w);
	check_events(w, "changed bob", "join bob", "epoch 5 join",
	    "message bob 1 me changed", NULL);
	world_free(w);
}

/* Until the user accepts it as another device of theirs. */
TEST(our_name_on_another_key_is_changed)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;

	(void)state;
	w->fresh = "Alice";
	fake_person(f, &fake_peer(f, 1, "Alice")->user);
	world_connect(w);
	fake_admit(f);
	world_pump(w);
	check_events(w, "connecting 1", "connected 4", "changed Alice", NULL);
	fake_say(f, &f->peers[0], "from my telephone");
	world_pump(w);
	check_events(w, "message Alice 1 from my telephone changed", NULL);
	/* It is not pinned by speaking. */
	assert_string_equal(w->spoke, "");
	w->fresh = NULL;
	session_meet_again(w->s, "ALICE");
	fake_say(f, &f->peers[0], "mine");
	world_pump(w);
	check_events(w, "message Alice 2 mine", NULL);
	world_free(w);
}

/* Whoever has two connections in the room joins and leaves with each. */
TEST(one_name_from_two_places)
{
	struct world *w = joined(0);
	struct fake *f = &w->fake;
	struct peer *bob = fake_peer(f, 60, "bob");
	struct peer *again = fake_peer(f, 61, "Bob");

	(void)state;
	fake_join(f, bob);
	world_pump(w);
	check_events(w, "join bob", "epoch 5 join", NULL);
	fake_join(f, again);
	world_pump(w);
	check_events(w, "join Bob elsewhere", "epoch 6 join", NULL);
	fake_leave(f, bob, "leave");
	world_pump(w);
	check_events(w, "epoch 7 leave", "leave bob leave elsewhere", NULL);
	fake_leave(f, again, "leave");
	world_pump(w);
	check_events(w, "epoch 8 leave", "leave Bob leave", NULL);
	world_free(w);
}

TEST(verified_people_are_counted)
{
	struct world *w = world_new();
	struct session_room_status st;

	(void)state;
	w->verified = "bob";
	world_join(w, 3);
	session_room_status(w->s, session_first_room(w->s), &st);
	assert_int_equal(st.total, 4);
	assert_int_equal(st.others, 3); /* oneself is no one to compare */
	assert_int_equal(st.verified, 1);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
#define ADD(name) check_add(&g, name, NULL, #name)
	ADD(a_changed_identity_is_said_first);
	ADD(a_first_message_pins);
	ADD(a_changed_identity_that_joins);
	ADD(our_name_on_another_key_is_changed);
	ADD(one_name_from_two_places);
	ADD(verified_people_are_counted);
#undef ADD
	return check_run("whom a session trusts", &g);
}
