/* Unit tests for protocol errors: one test for everything that a server must
 * not do to a session. The connection ends with bye `protocol` and exit status
 * 6, and the session does not reconnect by itself. */
#include "tests/unit/fake_server.h"

struct row {
	const char *name;
	void (*fn)(struct fake *f);
	int err;
	bool in_room; /* with bob (1) and carol (2), not only connected */
	bool said;    /* and "one" was sent there and acknowledged */
};

/* --- before the room --------------------------------------------------- */

static void group_before_key(struct fake *f)
{
	fake_say(f, fake_peer(f, 1, "bob"), "x");
}

static void list_before_key(struct fake *f)
{
	struct user_list l;

	fake_fill_list(f, &l, 0);
	fake_put_list(f, &l);
}

static void ack_before_key(struct fake *f)
{
	fake_ack(f, 0);
}

static void fresh_before_key(struct fake *f)
{
	fake_fresh(f, "timer");
}

static void key_member_zero(struct fake *f)
{
	struct key_exchange k;

	f->member = 0;
	fake_fill_key(f, &k);
	fake_put_key(f, &k);
}

static void key_for_another_member(struct fake *f)
{
	struct key_exchange k;

	fake_fill_key(f, &k);
	k.member++;
	fake_put_key(f, &k);
}

static void key_of_another_epoch(struct fake *f)
{
	struct key_exchange k;

	fake_fill_key(f, &k);
	k.epoch++;
	fake_put_key(f, &k);
}

static void key_of_another_link(struct fake *f)
{
	struct key_exchange k;

	f->th5[0] ^= 1;
	fake_fill_key(f, &k);
	fake_put_key(f, &k);
}

static void key_with_wrong_commit(struct fake *f)
{
	struct key_exchange k;

	fake_fill_key(f, &k);
	k.commit[31] ^= 1;
	fake_put_key(f, &k);
}

static void key_broken(struct fake *f)
{
	struct key_exchange k;

	fake_fill_key(f, &k);
	k.wrapped[k.wrapped_len - 1] ^= 1;
	fake_put_key(f, &k);
}

static void group_before_list(struct fake *f)
{
	struct key_exchange k;

	fake_fill_key(f, &k);
	fake_put_key(f, &k);
	fake_say(f, fake_peer(f, 1, "bob"), "x");
}

static void fresh_before_list(struct fake *f)
{
	struct key_exchange k;

	fake_fill_key(f, &k);
	fake_put_key(f, &k);
	fake_fresh(f, "timer");
}

static void two_keys(struct fake *f)
{
	struct key_exchange k;

	fake_fill_key(f, &k);
	fake_put_key(f, &k);
	fake_put_key(f, &k);
}

/* The key, and a list that `change` has damaged. */
static void admit(struct fake *f, void (*change)(struct user_list *l))
{
	struct key_exchange k;
	struct user_list l;

	fake_person(f, &fake_peer(f, 1, "bob")->user);
	fake_fill_key(f, &k);
	fake_put_key(f, &k);
	fake_fill_list(f, &l, 0);
	change(&l);
	fake_put_list(f, &l);
}

static void change_own_identity(struct user_list *l)
{
	memcpy(l->users[1].identity, l->users[0].identity, WIRE_ED25519);
}

static void change_own_card(struct user_list *l)
{
	l->users[1].card[0] ^= 1;
}

static void change_own_name(struct user_list *l)
{
	l->users[1].name[0] = 'A';
}

static void drop_own_entry(struct user_list *l)
{
	l->n_users--;
}

static void drop_all(struct user_list *l)
{
	l->n_users = 0;
}

static void not_ascending(struct user_list *l)
{
	struct user u = l->users[0];

	l->users[0] = l->users[1];
	l->users[1] = u;
}

static void twice(struct user_list *l)
{
	l->users[2] = l->users[1];
	l->n_users = 3;
}

static void other_room(struct user_list *l)
{
	l->room = 9;
}

#define ADMIT(change)                                                          \
	static void list_##change(struct fake *f)                              \
	{                                                                      \
		admit(f, change);                                              \
	}
ADMIT(change_own_identity)
ADMIT(change_own_card)
ADMIT(change_own_name)
ADMIT(drop_own_entry)
ADMIT(drop_all)
ADMIT(not_ascending)
ADMIT(twice)
ADMIT(other_room)

/* --- in the room: control frames --------------------------------------- */

static void another_list(struct fake *f)
{
	list_before_key(f);
}

static void another_wrapped_key(struct fake *f)
{
	struct key_exchange k;

	fake_step(f);
	fake_fill_key(f, &k);
	fake_put_key(f, &k);
}

static void fresh_of_epoch(struct fake *f, uint32_t epoch)
{
	f->epoch = epoch - 1;
	fake_fresh(f, "timer");
}

static void fresh_same_epoch(struct fake *f)
{
	fresh_of_epoch(f, f->epoch);
}

static void fresh_lower_epoch(struct fake *f)
{
	fresh_of_epoch(f, f->epoch - 1);
}

static void fresh_wrong_commit(struct fake *f)
{
	struct key_exchange k;

	fake_fill_fresh(f, &k);
	k.commit[0] ^= 1;
	fake_put_key(f, &k);
}

static void fresh_other_room(struct fake *f)
{
	struct key_exchange k;

	fake_fill_fresh(f, &k);
	k.room++;
	fake_put_key(f, &k);
}

static void ack_of_nothing(struct fake *f)
{
	fake_ack(f, 2);
}

static void ack_lower(struct fake *f)
{
	fake_ack(f, 0);
}

static void ack_other_room(struct fake *f)
{
	f->room++;
	fake_ack(f, 1);
}

static void control_no_json(struct fake *f)
{
	fake_json(f, "[]");
}

static void control_ill_typed(struct fake *f)
{
	fake_json(f, "{\"type\":\"ping\",\"id\":\"one\"}");
}

static void control_broken(struct fake *f)
{
	fake_ping(f, false, 1);
	f->bodies.p[f->bodies.len - 1] ^= 1;
}

/* The seal key is ratcheted after a key_exchange: the old one opens nothing. */
static void control_without_step(struct fake *f)
{
	struct key_exchange k;
	struct buf b;

	fake_fill_fresh(f, &k);
	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(control_key_exchange(&b, &k), 0);
	fake_control(f, &b, false);
	fake_ping(f, false, 1);
}

/* --- in the room: notices ---------------------------------------------- */

static void notice_broken(struct fake *f)
{
	fake_notice(f, NOTICE_LEAVE, 4, 4, &f->peers[0].user, 1);
	f->bodies.p[f->bodies.len - 1] ^= 1;
}

static void notice_gap(struct fake *f)
{
	f->notice_seq++;
	fake_notice(f, NOTICE_LEAVE, 4, 4, &f->peers[0].user, 1);
}

static void notice_replayed(struct fake *f)
{
	f->notice_seq--;
	fake_notice(f, NOTICE_LEAVE, 4, 4, &f->peers[0].user, 1);
}

static void notice_other_room(struct fake *f)
{
	fake_notice(f, NOTICE_LEAVE, 4, 4, &f->peers[0].user, 1);
	put_u32(f->bodies.p + 8, 2);
}

static void notice_unknown_epoch(struct fake *f)
{
	fake_step(f);
	fake_notice(f, NOTICE_JOIN, 5, 5, &fake_peer(f, 60, "zoe")->user, 1);
}

static void notice_old_epoch(struct fake *f)
{
	fake_join(f, fake_peer(f, 60, "zoe"));
	fake_notice(f, NOTICE_LEAVE, 4, 5, &f->peers[0].user, 1);
}

static void notice_by_a_member(struct fake *f)
{
	struct identity *id = f->id;

	f->id = f->peers[0].id;
	fake_notice(f, NOTICE_LEAVE, 4, 4, &f->peers[0].user, 1);
	f->id = id;
}

static void join_of_the_epoch_after_next(struct fake *f)
{
	fake_step(f);
	fake_step(f);
	fake_notice(f, NOTICE_JOIN, 4, 6, &fake_peer(f, 60, "zoe")->user, 1);
}

static void join_of_an_older_epoch(struct fake *f)
{
	fake_join(f, fake_peer(f, 60, "zoe"));
	fake_notice(f, NOTICE_JOIN, 5, 4, &fake_peer(f, 61, "yan")->user, 1);
}

/* The step of another secret: its commit differs from the members'. */
static void join_with_wrong_commit(struct fake *f)
{
	f->secret[0] ^= 1;
	fake_join(f, fake_peer(f, 60, "zoe"));
}

static void notice_with_wrong_commit(struct fake *f)
{
	uint8_t commit[WIRE_HASH] = {1};
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(
	    notice_encode(&b, &(struct notice_of){NOTICE_LEAVE, 4, commit,
				   fake_roster(f, 4), &f->peers[0].user, 1, NULL, 1}),
	    0);
	assert_int_equal(buf_u8(&b, 0), 0);
	fake_notice_json(f, 4, ++f->notice_seq, (const char *)b.p);
	buf_free(&b);
}

static void unknown_notice_with_wrong_commit(struct fake *f)
{
	fake_notice_event(f, ++f->notice_seq, "party", 4, 1);
}

static void unknown_notice_that_steps(struct fake *f)
{
	fake_step(f);
	fake_notice_event(f, ++f->notice_seq, "party", 5, 0);
}

static void leave_that_steps(struct fake *f)
{
	fake_step(f);
	fake_notice(f, NOTICE_LEAVE, 4, 5, &f->peers[0].user, 1);
}

static void join_of_a_member(struct fake *f)
{
	fake_notice(f, NOTICE_JOIN, 4, 4, &f->peers[0].user, 1);
}

static void join_of_a_leaver(struct fake *f)
{
	fake_leave(f, &f->peers[0], "leave");
	fake_notice(f, NOTICE_JOIN, 5, 5, &f->peers[0].user, 1);
}

static void join_of_ourselves(struct fake *f)
{
	fake_notice(f, NOTICE_JOIN, 4, 4, &f->self, 1);
}

static void leave_of_ourselves(struct fake *f)
{
	fake_notice(f, NOTICE_LEAVE, 4, 4, &f->self, 1);
}

static void notice_no_json(struct fake *f)
{
	fake_notice_json(f, 4, ++f->notice_seq, "{");
}

static void notice_that_is_a_message(struct fake *f)
{
	fake_notice_json(f, 4, ++f->notice_seq,
	    "{\"type\":\"message\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAA==\","
	    "\"text\":\"x\",\"ts\":1}");
}

/* --- rosters: members that the server hides or invents ------------------- */

static void give_list(struct fake *f, const struct user_list *l)
{
	struct key_exchange k;

	fake_fill_key(f, &k);
	fake_put_key(f, &k);
	fake_put_list(f, l);
}

/* The roster is that of the people, the list is another. */
static void list_hides_a_member(struct fake *f)
{
	struct user_list l;

	fake_person(f, &fake_peer(f, 2, "carol")->user);
	fake_fill_list(f, &l, 0);
	l.users[0] = f->self;
	l.n_users = 1;
	l.total = 1;
	give_list(f, &l);
}

static void list_invents_a_member(struct fake *f)
{
	struct user_list l;

	fake_fill_list(f, &l, 0);
	l.users[l.n_users] = fake_peer(f, 90, "mallory")->user;
	l.total = ++l.n_users;
	give_list(f, &l);
}

static void list_gives_another_card(struct fake *f)
{
	struct user_list l;

	fake_person(f, &fake_peer(f, 2, "carol")->user);
	fake_fill_list(f, &l, 0);
	l.users[l.users[0].member == 2 ? 0 : 1].card[0] ^= 1;
	give_list(f, &l);
}

/* A frame of the epoch shows that the members have another list. */
static void join_that_names_another(struct fake *f)
{
	struct peer *zoe = fake_peer(f, 60, "zoe");

	(void)fake_roster(f, 4);
	fake_step(f);
	fake_person(f, &zoe->user);
	(void)fake_roster(f, 5);
	fake_notice(
	    f, NOTICE_JOIN, 4, 5, &fake_peer(f, 60, "mallory")->user, 1);
	fake_say(f, &f->peers[0], "hello zoe");
}

static void leave_that_is_not_told(struct fake *f)
{
	fake_gone(f, f->peers[1].user.member);
	fake_fresh(f, "leave");
	fake_say(f, &f->peers[0], "now we are two");
}

static void leave_that_is_told_of_another(struct fake *f)
{
	fake_gone(f, f->peers[1].user.member);
	fake_fresh(f, "leave");
	fake_notice(f, NOTICE_LEAVE, 5, 5, &f->peers[0].user, 1);
	fake_say(f, &f->peers[1], "I am still here");
}

static void leave_without_a_fresh_secret(struct fake *f)
{
	fake_notice(f, NOTICE_LEAVE, 4, 4, &f->peers[1].user, 1);
	fake_say(f, &f->peers[0], "x");
}

/* An epoch ends that the list never agreed with. */
static void leave_that_is_never_told(struct fake *f)
{
	leave_that_is_not_told(f);
	f->n_frames--; /* without the message */
	fake_fresh(f, "timer");
}

static void two_rosters_of_one_epoch(struct fake *f)
{
	uint8_t other[WIRE_HASH] = {1};
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(notice_encode(&b, &(struct notice_of){NOTICE_LEAVE, 4,
						fake_epoch(f, 4)->commit, other,
						&f->peers[0].user, 1, NULL, 1}),
	    0);
	assert_int_equal(buf_u8(&b, 0), 0);
	fake_notice_json(f, 4, ++f->notice_seq, (const char *)b.p);
	buf_free(&b);
}

/* The signature covers another roster than the one announced. */
static void notice_signed_for_another_roster(struct fake *f)
{
	(void)fake_roster(f, 4);
	f->rosters[f->n_epochs - 1].hash[0] ^= 1;
	fake_notice_event(f, ++f->notice_seq, "party", 4, 0);
}

/* --- in the room: records ------------------------------------------------ */

static void group_too_short(struct fake *f)
{
	fake_say(f, &f->peers[0], "x");
	f->frames[f->n_frames - 1].len = WIRE_GROUP_HEAD + 64 + 15;
}

static void record_mac(struct fake *f)
{
	fake_ping(f, false, 1);
	fake_flush(f);
	f->out.p[f->out.len - 1] ^= 1;
}

static void record_replayed(struct fake *f)
{
	fake_json(f, "{\"type\":\"later\"}");
	fake_flush(f);
	assert_int_equal(buf_reserve(&f->out, f->out.len), 0);
	assert_int_equal(buf_put(&f->out, f->out.p, f->out.len), 0);
}

static void record_gap(struct fake *f)
{
	fake_ping(f, false, 1);
	fake_flush(f);
	buf_clear(&f->out);
	fake_ping(f, false, 2);
}

static void record_too_long(struct fake *f)
{
	assert_int_equal(buf_u32(&f->out, WIRE_RECORD_MAX + 1), 0);
}

#define ROW(fn, err, in_room)                                                  \
	{                                                                      \
#fn, fn, err, in_room, false                                   \
	}

static struct row rows[] = {
    ROW(group_before_key, ERR_STATE, false),
    ROW(list_before_key, ERR_STATE, false),
    ROW(ack_before_key, ERR_STATE, false),
    ROW(fresh_before_key, ERR_STATE, false),
    ROW(key_member_zero, ERR_RANGE, false),
    ROW(key_for_another_member, ERR_OPEN, false),
    ROW(key_of_another_epoch, ERR_OPEN, false),
    ROW(key_of_another_link, ERR_OPEN, false),
    ROW(key_with_wrong_commit, ERR_COMMIT, false),
    ROW(key_broken, ERR_OPEN, false),
    ROW(group_before_list, ERR_STATE, false),
    ROW(fresh_before_list, ERR_STATE, false),
    ROW(two_keys, ERR_STATE, false),
    ROW(list_change_own_identity, ERR_MEMBER, false),
    ROW(list_change_own_card, ERR_MEMBER, false),
    ROW(list_change_own_name, ERR_MEMBER, false),
    ROW(list_drop_own_entry, ERR_MEMBER, false),
    ROW(list_drop_all, ERR_MEMBER, false),
    ROW(list_not_ascending, ERR_RANGE, false),
    ROW(list_twice, ERR_RANGE, false),
    ROW(list_other_room, ERR_ROOM, false),
    ROW(another_list, ERR_STATE, true),
    ROW(another_wrapped_key, ERR_STATE, true),
    ROW(fresh_same_epoch, ERR_EPOCH, true),
    ROW(fresh_lower_epoch, ERR_EPOCH, true),
    ROW(fresh_wrong_commit, ERR_COMMIT, true),
    ROW(fresh_other_room, ERR_ROOM, true),
    ROW(ack_of_nothing, ERR_STATE, true),
    {"ack_lower", ack_lower, ERR_STATE, true, true},
    {"ack_other_room", ack_other_room, ERR_ROOM, true, true},
    ROW(control_no_json, ERR_JSON, true),
    ROW(control_ill_typed, ERR_JSON, true),
    ROW(control_broken, ERR_OPEN, true),
    ROW(control_without_step, ERR_OPEN, true),
    ROW(notice_broken, ERR_OPEN, true),
    ROW(notice_gap, ERR_GAP, true),
    ROW(notice_replayed, ERR_REPLAYED, true),
    ROW(notice_other_room, ERR_ROOM, true),
    ROW(notice_unknown_epoch, ERR_EPOCH, true),
    ROW(notice_old_epoch, ERR_EPOCH, true),
    ROW(notice_by_a_member, ERR_SIGNATURE, true),
    ROW(join_of_the_epoch_after_next, ERR_EPOCH, true),
    ROW(join_of_an_older_epoch, ERR_EPOCH, true),
    ROW(join_with_wrong_commit, ERR_COMMIT, true),
    ROW(notice_with_wrong_commit, ERR_COMMIT, true),
    ROW(unknown_notice_with_wrong_commit, ERR_COMMIT, true),
    ROW(unknown_notice_that_steps, ERR_EPOCH, true),
    ROW(leave_that_steps, ERR_EPOCH, true),
    ROW(join_of_a_member, ERR_MEMBER, true),
    ROW(join_of_a_leaver, ERR_MEMBER, true),
    ROW(join_of_ourselves, ERR_MEMBER, true),
    ROW(leave_of_ourselves, ERR_MEMBER, true),
    ROW(notice_no_json, ERR_JSON, true),
    ROW(notice_that_is_a_message, ERR_STATE, true),
    ROW(list_hides_a_member, ERR_ROSTER, false),
    ROW(list_invents_a_member, ERR_ROSTER, false),
    ROW(list_gives_another_card, ERR_ROSTER, false),
    ROW(join_that_names_another, ERR_ROSTER, true),
    ROW(leave_that_is_not_told, ERR_ROSTER, true),
    ROW(leave_that_is_told_of_another, ERR_ROSTER, true),
    ROW(leave_without_a_fresh_secret, ERR_ROSTER, true),
    ROW(leave_that_is_never_told, ERR_ROSTER, true),
    ROW(two_rosters_of_one_epoch, ERR_ROSTER, true),
    ROW(notice_signed_for_another_roster, ERR_SIGNATURE, true),
};

/* What anybody on the way can cause: the client leaves, and comes again. */
static struct row forged_rows[] = {
    ROW(group_too_short, ERR_RANGE, true), /* seen before the MAC */
    ROW(record_mac, ERR_MAC, true),
    ROW(record_replayed, ERR_REPLAYED, true),
    ROW(record_gap, ERR_GAP, true),
    ROW(record_too_long, ERR_RANGE, true),
};

/* Earlier valid frames may have queued events; only the end is checked. */
static void check_closed(struct world *w, int err)
{
	struct lines *l = &w->events;
	char closed[256];

	snprintf(closed, sizeof(closed),
	    "closed 6 protocol: the server broke the protocol: %s",
	    err_str(err));
	assert_true(l->n > 0);
	assert_string_equal(l->text[l->n - 1], closed);
	check_got(w, "bye protocol", NULL);
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
	assert_int_equal(session_deadline(w->s), UINT64_MAX);
}

static void breach(void **state)
{
	const struct row *row = *state;
	struct world *w = world_new();

	if (row->in_room)
		world_join(w, 2);
	else
		world_connect(w);
	if (row->said) {
		world_say(w, "one");
		world_pump(w);
		fake_ack(&w->fake, 1);
		world_pump(w);
		check_got(w, "message 4 1 one", NULL);
	}
	row->fn(&w->fake);
	world_pump(w);
	check_closed(w, row->err);
	world_free(w);
}

static void forged(void **state)
{
	const struct row *row = *state;
	struct world *w = world_new();
	char again[256];

	snprintf(again, sizeof(again),
	    "reconnect the server, or somebody between you and it, broke the protocol: "
	    "%s",
	    err_str(row->err));
	world_join(w, 2);
	row->fn(&w->fake);
	world_pump(w);
	assert_true(w->events.n > 0);
	assert_string_equal(w->events.text[w->events.n - 1], again);
	check_got(w, "bye protocol", NULL);
	assert_int_equal(session_deadline(w->s), w->now + w->wait_ms);
	world_free(w);
}

/* The same frames without the fault are accepted: the harness is right. */
static void the_right_ones_are_taken(void **state)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;

	(void)state;
	world_join(w, 2);
	world_say(w, "one");
	world_pump(w);
	fake_ack(f, 1);
	fake_ack(f, 1);
	fake_leave(f, &f->peers[0], "leave");
	fake_fresh(f, "timer");
	fake_join(f, fake_peer(f, 60, "zoe"));
	fake_json(f, "{\"type\":\"later\"}");
	world_pump(w);
	check_events(w, "message alice 1 one own", "sent 1", "epoch 5 leave",
	    "leave bob leave", "epoch 6 timer", "join zoe", "epoch 7 join",
	    NULL);
	check_got(w, "message 4 1 one", NULL);
	world_free(w);
}

static void another_room_than_asked_for(void **state)
{
	struct world *w = world_new();
	struct key_exchange k;

	(void)state;
	w->opts.room = "cellar";
	world_connect(w);
	fake_fill_key(&w->fake, &k);
	fake_put_key(&w->fake, &k);
	world_pump(w);
	check_closed(w, ERR_ROOM);
	world_free(w);
}

/* An id that left stays gone, even if a later page lists it. */
static void a_leaver_on_the_next_page(void **state)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	struct user u = fake_peer(f, 1, "bob")->user;
	struct peer *late = fake_peer(f, 300, "late");
	struct user_list l;

	(void)state;
	for (u.member = 100; u.member < 220; u.member++)
		fake_person(f, &u);
	fake_person(f, &late->user);
	world_connect(w);
	fake_admit(f);
	fake_leave(f, late, "leave");
	world_pump(w);
	fake_person(f, &late->user);
	fake_fill_list(f, &l, 198);
	fake_put_list(f, &l);
	world_pump(w);
	lines_free(&f->got);
	check_events(w, "connecting 1",
	    "closed 6 protocol: the server broke the protocol: a member is not "
	    "the one expected",
	    NULL);
	world_free(w);
}

/* The second page must begin after the end of the first. */
static void the_first_page_again(void **state)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	struct user u = fake_peer(f, 1, "bob")->user;
	struct user_list l;

	(void)state;
	for (u.member = 100; u.member < 220; u.member++)
		fake_person(f, &u);
	world_connect(w);
	fake_admit(f);
	fake_fill_list(f, &l, 0);
	l.has_entry = false; /* which is another breach */
	fake_put_list(f, &l);
	world_pump(w);
	lines_free(&f->got);
	check_events(w, "connecting 1",
	    "closed 6 protocol: the server broke the protocol: a member is not "
	    "the one expected",
	    NULL);
	world_free(w);
}

/* A message not sealed yet is not sent after the bye. */
static void nothing_after_bye(void **state)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;

	(void)state;
	world_join(w, 2);
	world_say(w, "too late");
	fake_ack(f, 5);
	fake_flush(f);
	session_input(w->s, w->now, f->out.p, f->out.len);
	buf_clear(&f->out);
	world_pump(w);
	check_closed(w, ERR_STATE);
	world_free(w);
}

/* The message after `finish` is neither a record nor an error. */
static void a_strange_first_byte(void **state)
{
	struct world *w = world_new();

	(void)state;
	world_connect(w);
	assert_int_equal(buf_u32(&w->fake.out, 40), 0);
	assert_int_equal(buf_str(&w->fake.out, "zzzzzzzzzzzz"), 0);
	world_pump(w);
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
	check_got(w, "bye protocol", NULL);
	assert_int_equal(w->events.n, 2);
	assert_memory_equal(w->events.text[1], "closed 6 protocol", 17);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_add(&g, breach, &rows[i], "%s", rows[i].name);
	for (i = 0; i < sizeof(forged_rows) / sizeof(*forged_rows); i++)
		check_add(
		    &g, forged, &forged_rows[i], "%s", forged_rows[i].name);
	check_add(&g, the_right_ones_are_taken, NULL, "the right ones");
	check_add(&g, another_room_than_asked_for, NULL, "another room");
	check_add(&g, a_leaver_on_the_next_page, NULL, "a leaver on a page");
	check_add(&g, the_first_page_again, NULL, "the first page again");
	check_add(&g, nothing_after_bye, NULL, "nothing after bye");
	check_add(&g, a_strange_first_byte, NULL, "a strange first byte");
	return check_run("client session breaches", &g);
}
