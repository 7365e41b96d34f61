/* Unit tests for the log of a room in a session: what a server that lies about
 * it cannot do, and what is no lie. */
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)
#define OK(call)   assert_int_equal(call, 0)

/* alice is in the lobby with bob and carol; the server has a log, with entries
 * before her. */
static struct world *with_log(void)
{
	struct world *w = world_new();

	w->fake.head.offset = w->fake.offset = 30;
	world_join(w, 2);
	return w;
}

TEST(frames_marks_and_notices_make_one_log)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;

	(void)state;
	assert_int_equal(world_status(w, NULL).offset, 30);
	assert_string_equal(world_status(w, NULL).topic, "tea");
	fake_say(f, &f->peers[0], "hello");
	fake_pass(f);
	world_say(w, "hi");
	world_pump(w);
	check_got(w, "message 4 1 hi", NULL);
	fake_ack(f, 1);
	fake_join(f, fake_peer(f, 60, "dave"));
	fake_leave(f, &f->peers[0], "leave");
	world_pump(w);
	check_events(w, "message alice 1 hi own", "message bob 1 hello",
	    "sent 1", "join dave", "epoch 5 join", "epoch 6 leave",
	    "leave bob leave", NULL);
	assert_int_equal(world_status(w, NULL).offset, f->offset);
	assert_false(world_status(w, NULL).forked);
	world_free(w);
}

/* --- lies about the log --------------------------------------------------- */

TEST(a_gap_in_the_offsets)
{
	struct world *w = with_log();

	(void)state;
	w->fake.offset++;
	fake_say(&w->fake, &w->fake.peers[0], "hello");
	check_lie(w, ERR_GAP);
}

TEST(an_offset_twice)
{
	struct world *w = with_log();

	(void)state;
	w->fake.offset--;
	fake_say(&w->fake, &w->fake.peers[0], "hello");
	check_lie(w, ERR_REPLAYED);
}

TEST(a_gap_before_a_notice)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;

	(void)state;
	f->offset++;
	fake_join(f, fake_peer(f, 60, "dave"));
	check_lie(w, ERR_GAP);
}

TEST(a_mark_that_skips)
{
	struct world *w = with_log();

	(void)state;
	fake_mark(&w->fake, &(struct log_mark){.offset = 32, .room = 1});
	check_lie(w, ERR_GAP);
}

TEST(a_mark_of_another_room)
{
	struct world *w = with_log();

	(void)state;
	fake_mark(&w->fake, &(struct log_mark){.offset = 31, .room = 2});
	check_lie(w, ERR_ROOM);
}

TEST(a_mark_of_a_frame_never_sent)
{
	struct world *w = with_log();

	(void)state;
	fake_mark(
	    &w->fake, &(struct log_mark){.offset = 31, .room = 1, .seq = 1});
	check_lie(w, ERR_LOG);
}

TEST(a_mark_with_another_digest)
{
	struct world *w = with_log();

	(void)state;
	world_say(w, "hi");
	world_pump(w);
	check_got(w, "message 4 1 hi", NULL);
	check_events(w, "message alice 1 hi own", NULL);
	w->fake.own.digest[1][3] ^= 1;
	fake_ack(&w->fake, 1);
	check_lie(w, ERR_LOG);
}

TEST(an_acknowledgement_with_another_offset)
{
	struct world *w = with_log();

	(void)state;
	world_say(w, "hi");
	world_pump(w);
	check_got(w, "message 4 1 hi", NULL);
	fake_ack(&w->fake, 1);
	world_pump(w);
	check_events(w, "message alice 1 hi own", "sent 1", NULL);
	fake_put_ack(&w->fake, 1, w->fake.offset + 1);
	check_lie(w, ERR_LOG);
}

/* It must be acknowledged before: here it would be sealed twice. */
TEST(a_mark_without_an_acknowledgement_before_a_fence)
{
	struct world *w = with_log();
	struct log_mark m = {.offset = 31, .room = 1, .seq = 1};

	(void)state;
	world_say(w, "hi");
	world_pump(w);
	check_got(w, "message 4 1 hi", NULL);
	check_events(w, "message alice 1 hi own", NULL);
	memcpy(m.digest, w->fake.own.digest[1], WIRE_HASH);
	fake_mark(&w->fake, &m);
	fake_fresh(&w->fake, "timer");
	check_lie(w, ERR_LOG);
}

/* A server that keeps a log only from us would show us whatever it likes. */
TEST(a_first_page_without_an_entry)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	struct key_exchange k;
	struct user_list l;

	(void)state;
	world_connect(w);
	fake_fill_key(f, &k);
	fake_put_key(f, &k);
	fake_fill_list(f, &l, 0);
	l.has_entry = false;
	fake_put_list(f, &l);
	world_pump(w);
	check_events(w, "connecting 1",
	    "closed 6 protocol: the server broke the protocol: the log of a "
	    "room is not the one that it was",
	    NULL);
	world_free(w);
}

TEST(an_empty_log_with_another_chain)
{
	struct world *w = world_new();

	(void)state;
	w->fake.head.chain[5] ^= 1;
	world_connect(w);
	fake_admit(&w->fake);
	world_pump(w);
	check_events(w, "connecting 1",
	    "closed 6 protocol: the server broke the protocol: the log of a "
	    "room is not the one that it was",
	    NULL);
	world_free(w);
}

TEST(a_mark_before_the_entry)
{
	struct world *w = world_new();
	struct key_exchange k;

	(void)state;
	world_connect(w);
	fake_fill_key(&w->fake, &k);
	fake_put_key(&w->fake, &k);
	fake_mark(&w->fake, &(struct log_mark){.offset = 1, .room = 1});
	world_pump(w);
	check_events(w, "connecting 1",
	    "closed 6 protocol: the server broke the protocol: a message came "
	    "out of order",
	    NULL);
	world_free(w);
}

TEST(an_entry_in_a_second_page)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	struct user_list l;
	struct user u = {.member = 100, .name = "x"};
	int i;

	(void)state;
	world_connect(w);
	memcpy(u.identity, identity_public(f->id), WIRE_ED25519);
	for (i = 0; i < 120; i++) {
		u.member++;
		snprintf(u.name, sizeof(u.name), "x%d", i);
		fake_person(f, &u);
	}
	fake_admit(f);
	world_pump(w);
	check_events(w, "connecting 1", NULL);
	check_got(w, "list 1 after 199", NULL);
	fake_fill_list(f, &l, 199);
	l.has_entry = true;
	l.entry.settings = room_settings_default;
	fake_put_list(f, &l);
	check_lie(w, ERR_STATE);
}

/* --- reconnects ----------------------------------------------------------- */

static void again(struct world *w)
{
	struct fake *f = &w->fake;

	world_lose(w, "gone");
	f->member++;
	f->n_people = 0;
	world_tick(w, 2000);
	world_connect(w);
	fake_person(f, &f->peers[0].user);
	fake_person(f, &f->peers[1].user);
	fake_step(f);
	fake_admit(f);
	world_pump(w);
}

TEST(a_log_that_goes_on_after_a_reconnect)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;

	(void)state;
	fake_say(f, &f->peers[0], "hello");
	world_pump(w);
	f->head.offset = f->offset += 5;
	again(w);
	check_events(w, "message bob 1 hello", "reconnect gone", "connecting 1",
	    "connected 5", NULL);
	fake_say_view(&w->fake, &w->fake.peers[0], &f->head);
	world_pump(w);
	check_events(w, "message bob 2 x", NULL);
	assert_false(world_status(w, NULL).forked);
	world_free(w);
}

TEST(a_log_that_is_shorter_after_a_reconnect)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;
	struct log_head before = f->head;

	(void)state;
	fake_say(f, &f->peers[0], "hello");
	world_pump(w);
	f->head = before;
	f->offset = before.offset;
	again(w);
	world_pump(w);
	check_events(w, "message bob 1 hello", "reconnect gone", "connecting 1",
	    "closed 6 protocol: the server broke the protocol: the log of a "
	    "room is not the one that it was",
	    NULL);
	world_free(w);
}

/* A server that was restarted without a store has another log. */
TEST(another_log_after_a_restart)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;

	(void)state;
	f->session[3] = 9;
	f->room = 2; /* which names another log */
	f->epoch = 1;
	f->n_epochs = 0;
	OK(group_epoch_make(w->crypto, &f->epochs[f->n_epochs++], f->room,
	    f->epoch, f->secret));
	fake_log(f);
	again(w);
	check_events(w, "reconnect gone", "connecting 1", "connected 2", NULL);
	assert_int_equal(world_status(w, NULL).offset, 0);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
#define ADD(name) check_add(&g, name, NULL, #name)
	ADD(frames_marks_and_notices_make_one_log);
	ADD(a_gap_in_the_offsets);
	ADD(an_offset_twice);
	ADD(a_gap_before_a_notice);
	ADD(a_mark_that_skips);
	ADD(a_mark_of_another_room);
	ADD(a_mark_of_a_frame_never_sent);
	ADD(a_mark_with_another_digest);
	ADD(an_acknowledgement_with_another_offset);
	ADD(a_mark_without_an_acknowledgement_before_a_fence);
	ADD(a_first_page_without_an_entry);
	ADD(an_empty_log_with_another_chain);
	ADD(a_mark_before_the_entry);
	ADD(an_entry_in_a_second_page);
	ADD(a_log_that_goes_on_after_a_reconnect);
	ADD(a_log_that_is_shorter_after_a_reconnect);
	ADD(another_log_after_a_restart);
#undef ADD
	return check_run("the log of a session's room", &g);
}
