/* Unit tests for a session in a room: people, epochs, the fence. */
#include "client/session/epochs.h"
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)

/* The Makefile wraps epochs_new for this program. */
struct epochs *__real_epochs_new(struct crypto *c);
struct epochs *__wrap_epochs_new(struct crypto *c);
static const struct epochs *epochs_made; /* the most recent one */

struct epochs *__wrap_epochs_new(struct crypto *c)
{
	struct epochs *e = __real_epochs_new(c);

	epochs_made = e;
	return e;
}

static struct world *joined(size_t peers)
{
	struct world *w = world_new();

	world_join(w, peers);
	return w;
}

/* --- joining ------------------------------------------------------------ */

TEST(a_join_shows_the_room)
{
	struct world *w = joined(2);
	struct session_room_status st;
	struct session_status link;
	const struct person *p;
	size_t n;

	(void)state;
	session_status(w->s, &link);
	session_room_status(w->s, session_first_room(w->s), &st);
	assert_true(st.joined && link.linked && link.server_proved);
	assert_string_equal(st.name, "lobby");
	assert_string_equal(st.topic, "tea");
	assert_int_equal(st.member, 50);
	assert_int_equal(st.epoch, 4);
	assert_int_equal(st.total, 3);
	assert_int_equal(st.others, 2);
	assert_int_equal(st.verified, 0);
	assert_memory_equal(link.server, w->pin, WIRE_HASH);
	p = session_people(w->s, session_first_room(w->s), &n);
	assert_int_equal(n, 3);
	assert_string_equal(p[0].name, "bob");
	assert_string_equal(p[1].name, "carol");
	assert_string_equal(p[2].name, "alice");
	assert_true(p[2].self && !p[0].self);
	assert_string_equal(w->met, "bob carol ");
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
	world_free(w);
}

TEST(the_room_asked_for_is_asked_for)
{
	struct world *w = world_new();

	(void)state;
	w->opts.room = "Lobby";
	world_join(w, 0);
	assert_string_equal(w->fake.asked_room, "Lobby");
	world_free(w);
}

static void crowd(struct world *w, unsigned total)
{
	struct peer *bob = fake_peer(&w->fake, 1, "bob");
	struct user u = bob->user;
	unsigned n;

	for (n = 1; w->fake.n_people < total - 1; n++) {
		if (n == w->fake.member)
			continue;
		u.member = n;
		snprintf(u.name, sizeof(u.name), "u%u", n);
		fake_person(&w->fake, n == 1 ? &bob->user : &u);
	}
	world_connect(w);
	fake_admit(&w->fake);
	world_pump(w);
}

static void next_page(struct world *w, uint32_t after)
{
	struct user_list l;

	fake_fill_list(&w->fake, &l, after);
	fake_put_list(&w->fake, &l);
	world_pump(w);
}

static size_t people(struct world *w)
{
	size_t n;

	(void)session_people(w->s, session_first_room(w->s), &n);
	return n;
}

TEST(a_hundred_people_are_one_page)
{
	struct world *w = world_new();

	(void)state;
	crowd(w, 100);
	check_got(w, NULL);
	check_events(w, "connecting 1", "connected 4", NULL);
	assert_int_equal(people(w), 100);
	world_free(w);
}

TEST(a_hundred_and_one_are_two)
{
	struct world *w = world_new();

	(void)state;
	crowd(w, 101);
	check_got(w, "list 1 after 100", NULL);
	check_events(w, "connecting 1", NULL);
	next_page(w, 100);
	check_got(w, NULL);
	check_events(w, "connected 4", NULL);
	assert_int_equal(people(w), 101);
	world_free(w);
}

TEST(own_entry_on_the_last_of_three_pages)
{
	struct world *w = world_new();

	(void)state;
	w->fake.member = 400;
	crowd(w, 250);
	next_page(w, 100);
	next_page(w, 200);
	check_got(w, "list 1 after 100", "list 1 after 200", NULL);
	check_events(w, "connecting 1", "connected 4", NULL);
	assert_int_equal(people(w), 250);
	world_free(w);
}

TEST(an_empty_last_page_ends_the_list)
{
	struct world *w = world_new();
	struct peer last = {0};
	struct user_list l;

	(void)state;
	crowd(w, 101);
	/* The only one on the second page leaves before it is sent. */
	last.user = w->fake.people[100];
	fake_leave(&w->fake, &last, "leave");
	fake_fill_list(&w->fake, &l, last.user.member);
	assert_int_equal(l.n_users, 0);
	fake_put_list(&w->fake, &l);
	world_pump(w);
	check_events(w, "connecting 1", "connected 5", NULL);
	assert_int_equal(people(w), 100);
	world_free(w);
}

/* Between two pages of the list come frames from a member already listed, from
 * one on the next page, from one whose join we see, and from one who leaves,
 * then a fresh secret that erases the epochs they were sealed in. */
TEST(frames_wait_for_the_last_page)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	struct peer *late, *gone, *newer;
	uint32_t epoch, kept = 0;

	(void)state;
	f->member = 90;
	late = fake_peer(f, 300, "late");
	gone = fake_peer(f, 301, "gone");
	newer = fake_peer(f, 400, "newer");
	fake_person(f, &late->user);
	fake_person(f, &gone->user);
	crowd(w, 120);
	check_got(w, "list 1 after 100", NULL);
	check_events(w, "connecting 1", NULL);
	fake_say(f, &f->peers[3], "from the first page");
	fake_say(f, late, "one");
	fake_say(f, gone, "farewell");
	fake_join(f, newer);
	fake_say(f, newer, "hello");
	fake_leave(f, gone, "leave");
	fake_say(f, late, "two");
	world_pump(w);
	check_events(w, NULL);
	next_page(w, 100);
	check_events(w, "connected 6", "message bob 1 from the first page",
	    "message late 1 one", "message gone 1 farewell",
	    "message newer 1 hello", "message late 2 two", NULL);
	assert_int_equal(people(w), 120);
	/* The epochs kept for those frames are erased too. */
	for (epoch = 1; epoch < 20; epoch++)
		kept += epochs_find_held(epochs_made, epoch) != NULL;
	assert_int_equal(kept, 1);
	fake_say_as(
	    f, late, &(struct saying){.epoch = 5, .seq = 3, .text = "late"});
	world_pump(w);
	check_events(w, "dropped late unknown epoch", NULL);
	world_free(w);
}

/* A sender who has left already is checked as well: a changed identity is
 * reported before the first message, and once. */
TEST(who_left_meanwhile_is_checked_too)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	struct peer *gone, *quiet;

	(void)state;
	f->member = 90;
	w->changed = "gone";
	gone = fake_peer(f, 301, "gone");
	quiet = fake_peer(f, 302, "quiet");
	fake_person(f, &gone->user);
	fake_person(f, &quiet->user);
	crowd(w, 120);
	check_got(w, "list 1 after 100", NULL);
	fake_say(f, gone, "one");
	fake_say(f, gone, "two");
	fake_leave(f, gone, "leave");
	world_pump(w);
	next_page(w, 100);
	check_events(w, "connecting 1", "connected 5", "changed gone",
	    "message gone 1 one changed", "message gone 2 two changed",
	    NULL);
	world_free(w);
}

TEST(held_frames_are_bounded)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	size_t i;

	(void)state;
	crowd(w, 101);
	check_events(w, "connecting 1", NULL);
	for (i = 0; i < 4100; i++) {
		fake_say(f, &f->peers[0], "x");
		if (i % 200 == 199 || i == 4099)
			world_pump(w);
	}
	check_events(w, "dropped - too many before the list",
	    "dropped - too many before the list",
	    "dropped - too many before the list",
	    "dropped - too many before the list", NULL);
	world_free(w);
}

/* --- epochs and people --------------------------------------------------- */

TEST(a_join_steps_the_epoch)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;
	struct peer *zoe = fake_peer(f, 60, "zoe");

	(void)state;
	fake_join(f, zoe);
	fake_say(f, zoe, "hi");
	world_say(w, "welcome");
	world_pump(w);
	check_events(w, "message alice 1 welcome own", "join zoe",
	    "epoch 5 join", "message zoe 1 hi", NULL);
	check_got(w, "message 4 1 welcome", NULL);
	world_say(w, "now in five");
	world_pump(w);
	check_got(w, "message 5 2 now in five", NULL);
	check_events(w, "message alice 2 now in five own", NULL);
	assert_int_equal(people(w), 3);
	world_free(w);
}

TEST(frames_of_the_epoch_before_a_join_still_open)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;

	(void)state;
	fake_join(f, fake_peer(f, 60, "zoe"));
	fake_say_as(f, &f->peers[0],
	    &(struct saying){.epoch = 4, .seq = 1, .text = "crossed"});
	world_pump(w);
	check_events(
	    w, "join zoe", "epoch 5 join", "message bob 1 crossed", NULL);
	world_free(w);
}

TEST(a_second_notice_of_one_step_is_not_stepped)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;
	struct peer *yan = fake_peer(f, 60, "yan");
	struct peer *zoe = fake_peer(f, 61, "zoe");

	(void)state;
	(void)fake_roster(f, 4);
	fake_step(f);
	fake_person(f, &yan->user);
	fake_person(f, &zoe->user);
	fake_notice(f, NOTICE_JOIN, 4, 5, &yan->user, 1);
	fake_notice(f, NOTICE_JOIN, 5, 5, &zoe->user, 1);
	fake_say(f, zoe, "hi");
	world_pump(w);
	check_events(w, "join yan", "epoch 5 join", "join zoe",
	    "message zoe 1 hi", NULL);
	world_free(w);
}

TEST(a_leave_brings_a_fresh_secret)
{
	struct world *w = joined(2);
	struct fake *f = &w->fake;

	(void)state;
	fake_leave(f, &f->peers[0], "leave");
	fake_leave(f, &f->peers[1], "kick");
	world_pump(w);
	check_events(w, "epoch 5 leave", "leave bob leave", "epoch 6 kick",
	    "leave carol kick", NULL);
	world_say(w, "alone");
	world_pump(w);
	check_got(w, "message 6 1 alone", NULL);
	assert_int_equal(people(w), 1);
	world_free(w);
}

TEST(a_fresh_secret_erases_the_older_ones)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;

	(void)state;
	fake_fresh(f, "timer");
	fake_say_as(f, &f->peers[0],
	    &(struct saying){.epoch = 4, .seq = 1, .text = "old"});
	world_pump(w);
	check_events(w, "epoch 5 timer", "dropped bob unknown epoch", NULL);
	world_free(w);
}

TEST(an_epoch_may_jump)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;

	(void)state;
	f->epoch = 900;
	fake_fresh(f, "because");
	fake_say(f, &f->peers[0], "hi");
	world_pump(w);
	check_events(w, "epoch 901 other", "message bob 1 hi", NULL);
	world_free(w);
}

TEST(a_notice_of_an_unknown_event_is_counted)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;

	(void)state;
	fake_notice_json(
	    f, 4, ++f->notice_seq, "{\"type\":\"weather\",\"sun\":1}");
	fake_notice_event(f, ++f->notice_seq, "party", 4, 0);
	fake_join(f, fake_peer(f, 60, "zoe"));
	world_pump(w);
	check_events(w, "join zoe", "epoch 5 join", NULL);
	world_free(w);
}

TEST(unknown_control_frames_and_kinds_are_skipped)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;
	struct log_head head;

	(void)state;
	fake_json(f, "{\"type\":\"later\",\"n\":1}");
	fake_say(f, &f->peers[0], "a");
	head = f->head;
	/* a kind of notice that no version defines yet */
	fake_say(f, &f->peers[0], "b");
	f->frames[f->n_frames - 1].kind = 77;
	f->head = head;
	f->offset = head.offset;
	fake_say_as(f, &f->peers[0], &(struct saying){.seq = 2, .text = "c"});
	world_pump(w);
	check_events(w, "message bob 1 a", "message bob 2 c", NULL);
	world_free(w);
}

TEST(an_error_of_the_server_is_shown)
{
	struct world *w = joined(1);

	(void)state;
	fake_json(&w->fake, "{\"type\":\"system\",\"event\":\"error\","
			    "\"code\":\"no_member\",\"text\":\"x\","
			    "\"member\":9}");
	world_pump(w);
	check_events(w, "error no_member", NULL);
	world_free(w);
}

/* --- the fence ----------------------------------------------------------- */

TEST(what_the_fence_drops_comes_again)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;
	uint8_t id[WIRE_ID];

	(void)state;
	world_say(w, "one");
	world_say(w, "two");
	world_say(w, "three");
	world_pump(w);
	check_got(
	    w, "message 4 1 one", "message 4 2 two", "message 4 3 three", NULL);
	memcpy(id, f->last_id, WIRE_ID);
	/* The server accepted one; the others came after the fence. */
	fake_ack(f, 1);
	fake_leave(f, &f->peers[0], "leave");
	world_say(w, "four");
	world_pump(w);
	check_got(w, "message 4 4 four", "message 5 2 two", "message 5 3 three",
	    "message 5 4 four", NULL);
	assert_memory_not_equal(id, f->last_id, WIRE_ID);
	world_say(w, "five");
	world_pump(w);
	check_got(w, "message 5 5 five", NULL);
	fake_ack(f, 5);
	world_pump(w);
	check_events(w, "message alice 1 one own", "message alice 2 two own",
	    "message alice 3 three own", "message alice 4 four own", "sent 1",
	    "epoch 5 leave", "leave bob leave", "message alice 5 five own",
	    "sent 2", "sent 3", "sent 4", "sent 5", NULL);
	world_free(w);
}

TEST(sealed_again_it_is_the_same_message)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;
	uint8_t id[WIRE_ID];

	(void)state;
	world_say(w, "same");
	world_pump(w);
	memcpy(id, f->last_id, WIRE_ID);
	memset(f->last_id, 0, WIRE_ID);
	fake_fresh(f, "timer");
	world_pump(w);
	check_got(w, "message 4 1 same", "message 5 1 same", NULL);
	assert_memory_equal(id, f->last_id, WIRE_ID);
	world_free(w);
}

/* A join is not a fence: nothing is sealed twice under its epochs. */
TEST(a_join_seals_nothing_again)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;

	(void)state;
	world_say(w, "one");
	world_pump(w);
	fake_join(f, fake_peer(f, 60, "zoe"));
	world_pump(w);
	check_got(w, "message 4 1 one", NULL);
	fake_ack(f, 1);
	world_pump(w);
	check_events(w, "message alice 1 one own", "join zoe", "epoch 5 join",
	    "sent 1", NULL);
	world_free(w);
}

/* --- any split of the input --------------------------------------------- */

static void conversation(struct world *w)
{
	struct fake *f = &w->fake;
	struct peer *zoe;

	world_join(w, 2);
	fake_say(f, &f->peers[0], "hello");
	fake_ping(f, false, 77);
	world_say(w, "hi");
	world_pump(w);
	zoe = fake_peer(f, 60, "zoe");
	fake_join(f, zoe);
	fake_say(f, zoe, "there");
	fake_leave(f, &f->peers[1], "leave");
	fake_say(f, &f->peers[0], "\xc3\xa9");
	world_pump(w);
	/* "hi" was in flight when zoe came and carol left. */
	assert_int_equal(
	    session_send_held(w->s, session_first_room(w->s)), 0);
	world_pump(w);
	fake_ack(f, 1);
	world_pump(w);
}

TEST(input_split_anywhere_is_the_same)
{
	static const size_t splits[] = {1, 2, 3, 7, 16, 61, 1024};
	struct world *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(splits) / sizeof(*splits); i++) {
		w = world_new();
		w->split = splits[i];
		conversation(w);
		check_events(w, "message alice 1 hi own", "message bob 1 hello",
		    "join zoe", "epoch 5 join", "message zoe 1 there",
		    "epoch 6 leave", "leave carol leave",
		    "message bob 2 \xc3\xa9", "held ask 1 1 zoe",
		    "held send 1 1 zoe", "sent 1", NULL);
		check_got(
		    w, "message 4 1 hi", "pong 77", "message 6 1 hi", NULL);
		world_free(w);
	}
}

#define T(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_join_shows_the_room),
	    T(the_room_asked_for_is_asked_for),
	    T(a_hundred_people_are_one_page),
	    T(a_hundred_and_one_are_two),
	    T(own_entry_on_the_last_of_three_pages),
	    T(an_empty_last_page_ends_the_list),
	    T(frames_wait_for_the_last_page),
	    T(who_left_meanwhile_is_checked_too),
	    T(held_frames_are_bounded),
	    T(a_join_steps_the_epoch),
	    T(frames_of_the_epoch_before_a_join_still_open),
	    T(a_second_notice_of_one_step_is_not_stepped),
	    T(a_leave_brings_a_fresh_secret),
	    T(a_fresh_secret_erases_the_older_ones),
	    T(an_epoch_may_jump),
	    T(a_notice_of_an_unknown_event_is_counted),
	    T(unknown_control_frames_and_kinds_are_skipped),
	    T(an_error_of_the_server_is_shown),
	    T(what_the_fence_drops_comes_again),
	    T(sealed_again_it_is_the_same_message),
	    T(a_join_seals_nothing_again),
	    T(input_split_anywhere_is_the_same),
	};

	return cmocka_run_group_tests_name("client session", tests, NULL, NULL);
}
