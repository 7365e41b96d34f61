/* Unit tests for two rooms over one link: they do not affect each other. */
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)
#define OK(call)   assert_int_equal(call, 0)

/* The fake server's state of one room, saved while it plays the other. */
struct side {
	uint32_t room, epoch;
	const char *room_name;
	uint8_t secret[WIRE_KEY];
	struct group_epoch epochs[FAKE_EPOCHS];
	struct fake_roster rosters[FAKE_EPOCHS];
	size_t n_epochs;
	uint64_t notice_seq, offset;
	struct log_head head;
	struct fake_own own;
	struct user people[FAKE_PEOPLE];
	size_t n_people;
};

static void side_take(struct side *s, const struct fake *f)
{
	s->room = f->room;
	s->epoch = f->epoch;
	s->room_name = f->room_name;
	memcpy(s->secret, f->secret, sizeof(s->secret));
	memcpy(s->epochs, f->epochs, sizeof(s->epochs));
	memcpy(s->rosters, f->rosters, sizeof(s->rosters));
	s->n_epochs = f->n_epochs;
	s->notice_seq = f->notice_seq;
	s->offset = f->offset;
	s->head = f->head;
	s->own = f->own;
	memcpy(s->people, f->people, sizeof(s->people));
	s->n_people = f->n_people;
}

/* Switches the fake to the other room. */
static void play_other(struct fake *f, struct side *other)
{
	struct side *now = malloc(sizeof(*now));

	assert_non_null(now);
	side_take(now, f);
	f->room = other->room;
	f->epoch = other->epoch;
	f->room_name = other->room_name;
	memcpy(f->secret, other->secret, sizeof(f->secret));
	memcpy(f->epochs, other->epochs, sizeof(f->epochs));
	memcpy(f->rosters, other->rosters, sizeof(f->rosters));
	f->n_epochs = other->n_epochs;
	f->notice_seq = other->notice_seq;
	f->offset = other->offset;
	f->head = other->head;
	f->own = other->own;
	memcpy(f->people, other->people, sizeof(f->people));
	f->n_people = other->n_people;
	*other = *now;
	free(now);
}

struct two {
	struct world *w;
	struct side *other; /* the room that the fake is not playing */
	const struct chatroom *lobby, *kitchen;
	struct peer *bob, *dave; /* in the lobby; in the kitchen */
};

static void say(struct two *t, const struct chatroom *room, const char *text)
{
	OK(session_say(
	    t->w->s, room, 1700000000002, text, strlen(text), false));
}

static size_t unacked(const struct two *t, const struct chatroom *room)
{
	struct session_room_status st;

	session_room_status(t->w->s, room, &st);
	return st.unacked;
}

/* The client is in the lobby with bob, then in the kitchen with dave; the fake
 * plays the kitchen. */
static struct two two_rooms(void)
{
	struct two t = {.w = world_new()};
	struct fake *f = &t.w->fake;

	world_join(t.w, 1);
	t.bob = &f->peers[0];
	t.lobby = session_first_room(t.w->s);
	OK(session_join(t.w->s, "kitchen", &t.kitchen));
	assert_ptr_not_equal(t.lobby, t.kitchen);
	world_pump(t.w);
	check_got(t.w, "join kitchen 1", NULL);
	t.other = calloc(1, sizeof(*t.other));
	assert_non_null(t.other);
	t.other->room = f->room + 1;
	t.other->epoch = 70;
	t.other->room_name = "kitchen";
	memset(t.other->secret, 7, WIRE_KEY);
	play_other(f, t.other);
	fake_log(f);
	fake_step(f);
	fake_person(f, &f->self);
	t.dave = fake_peer(f, 40, "dave");
	fake_person(f, &t.dave->user);
	fake_admit(f);
	fake_done(f, 1, f->room);
	world_pump(t.w);
	check_events(t.w, "kitchen: connected 71", NULL);
	check_got(t.w, NULL);
	return t;
}

static void two_free(struct two *t)
{
	world_free(t->w);
	free(t->other);
}

TEST(each_room_has_its_people_and_status)
{
	struct two t = two_rooms();
	struct session_room_status st;
	const struct person *p;
	size_t n;

	(void)state;
	(void)session_rooms(t.w->s, &n);
	assert_int_equal(n, 2);
	session_room_status(t.w->s, t.lobby, &st);
	assert_string_equal(st.name, "lobby");
	assert_true(st.joined && st.epoch != 71 && st.total == 2);
	session_room_status(t.w->s, t.kitchen, &st);
	assert_string_equal(st.name, "kitchen");
	assert_true(st.joined && st.epoch == 71 && st.total == 2);
	p = session_people(t.w->s, t.lobby, &n);
	assert_string_equal(p[0].name, "bob");
	p = session_people(t.w->s, t.kitchen, &n);
	assert_true(
	    strcmp(p[0].name, "dave") == 0 || strcmp(p[1].name, "dave") == 0);
	two_free(&t);
}

TEST(messages_and_joins_name_their_room)
{
	struct two t = two_rooms();
	struct fake *f = &t.w->fake;
	size_t n;

	(void)state;
	fake_say(f, t.dave, "soup");
	fake_flush(f);
	play_other(f, t.other);
	fake_say(f, t.bob, "hello");
	fake_join(f, fake_peer(f, 41, "erin"));
	world_pump(t.w);
	check_events(t.w, "kitchen: message dave 1 soup", "message bob 1 hello",
	    "join erin", "epoch 5 join", NULL);
	(void)session_people(t.w->s, t.lobby, &n);
	assert_int_equal(n, 3);
	(void)session_people(t.w->s, t.kitchen, &n);
	assert_int_equal(n, 2);
	two_free(&t);
}

/* Sequence numbers and acknowledgements are per room. */
TEST(an_acknowledgement_counts_in_its_room_only)
{
	struct two t = two_rooms();
	struct fake *f = &t.w->fake;

	(void)state;
	say(&t, t.kitchen, "salt");
	world_pump(t.w);
	check_got(t.w, "message 71 1 salt", NULL);
	play_other(f, t.other);
	say(&t, t.lobby, "hi");
	say(&t, t.lobby, "there");
	world_pump(t.w);
	check_got(t.w, "message 4 1 hi", "message 4 2 there", NULL);
	check_events(t.w, "kitchen: message alice 1 salt own",
	    "message alice 1 hi own", "message alice 2 there own", NULL);
	fake_ack(f, 2);
	world_pump(t.w);
	check_events(t.w, "sent 1", "sent 2", NULL);
	assert_int_equal(unacked(&t, t.lobby), 0);
	assert_int_equal(unacked(&t, t.kitchen), 1);
	/* The kitchen got one message: an acknowledgement of two is an
	 * error. */
	play_other(f, t.other);
	fake_ack(f, 1);
	world_pump(t.w);
	check_events(t.w, "kitchen: sent 1", NULL);
	fake_ack(f, 2);
	world_pump(t.w);
	check_breach(t.w, ERR_STATE);
	two_free(&t);
}

/* A fresh secret is a fence for its own room only. */
TEST(a_rekey_seals_again_in_its_room_only)
{
	struct two t = two_rooms();
	struct fake *f = &t.w->fake;

	(void)state;
	say(&t, t.kitchen, "salt");
	world_pump(t.w);
	check_got(t.w, "message 71 1 salt", NULL);
	play_other(f, t.other);
	say(&t, t.lobby, "hi");
	world_pump(t.w);
	check_got(t.w, "message 4 1 hi", NULL);
	fake_fresh(f, "timer");
	world_pump(t.w);
	check_got(t.w, "message 5 1 hi", NULL);
	check_events(t.w, "kitchen: message alice 1 salt own",
	    "message alice 1 hi own", "epoch 5 timer", NULL);
	/* The kitchen still accepts the acknowledgement of its epoch. */
	play_other(f, t.other);
	fake_ack(f, 1);
	world_pump(t.w);
	check_events(t.w, "kitchen: sent 1", NULL);
	two_free(&t);
}

/* After a reconnect each room waits for its own key; no message is lost. */
TEST(a_room_that_is_not_back_keeps_its_messages)
{
	struct two t = two_rooms();
	struct fake *f = &t.w->fake;

	(void)state;
	play_other(f, t.other);
	world_lose(t.w, "gone");
	f->member = 60; /* a run of the server never reuses a number */
	world_tick(t.w, 2000);
	f->n_people = 0;
	world_connect(t.w);
	fake_person(f, &t.bob->user);
	fake_step(f);
	fake_admit(f);
	world_pump(t.w);
	check_events(
	    t.w, "reconnect gone", "connecting 1", "connected 5", NULL);
	check_got(t.w, "join kitchen 2", NULL);
	say(&t, t.kitchen, "salt");
	say(&t, t.lobby, "hi");
	world_pump(t.w);
	check_got(t.w, "message 5 1 hi", NULL);
	check_events(t.w, "kitchen: message alice 0 salt own",
	    "message alice 1 hi own", NULL);
	play_other(f, t.other);
	f->n_people = 0;
	fake_person(f, &f->self);
	fake_person(f, &t.dave->user);
	fake_step(f);
	fake_admit(f);
	world_pump(t.w);
	check_events(t.w, "kitchen: connected 72", NULL);
	check_got(t.w, "message 72 1 salt", NULL);
	two_free(&t);
}

/* A message that is legal for one room is illegal for the other. */
TEST(phases_are_those_of_a_room)
{
	struct world *w = world_new();
	const struct chatroom *kitchen;
	struct user_list l;

	(void)state;
	world_join(w, 1);
	OK(session_join(w->s, "kitchen", &kitchen));
	world_pump(w);
	check_got(w, "join kitchen 1", NULL);
	fake_fill_list(&w->fake, &l, 0);
	fake_put_list(&w->fake, &l);
	world_pump(w);
	check_breach(w, ERR_STATE);
	world_free(w);
}

TEST(names_and_handles_are_checked)
{
	struct two t = two_rooms();
	const struct chatroom *again;
	size_t n;

	(void)state;
	OK(session_join(t.w->s, "Kitchen", &again));
	assert_ptr_equal(again, t.kitchen);
	assert_int_equal(session_join(t.w->s, "", &again), ERR_NAME);
	assert_int_equal(session_join(t.w->s, "a b", &again), ERR_NAME);
	(void)session_rooms(t.w->s, &n);
	assert_int_equal(n, 2);
	assert_int_equal(session_say(t.w->s, NULL, 1, "x", 1, false), ERR_ROOM);
	two_free(&t);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
#define ADD(name) check_add(&g, name, NULL, #name)
	ADD(each_room_has_its_people_and_status);
	ADD(messages_and_joins_name_their_room);
	ADD(an_acknowledgement_counts_in_its_room_only);
	ADD(a_rekey_seals_again_in_its_room_only);
	ADD(a_room_that_is_not_back_keeps_its_messages);
	ADD(phases_are_those_of_a_room);
	ADD(names_and_handles_are_checked);
#undef ADD
	return check_run("session rooms", &g);
}
