/* Unit tests for protocol errors: one test for everything that a server must
 * not do to a session. The connection ends with bye `protocol` and exit status
 * 6, and the session does not reconnect by itself. */
#include "tests/unit/breach.h"

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

static struct breach_row rows[] = {
    BREACH(group_before_key, ERR_STATE, false),
    BREACH(list_before_key, ERR_STATE, false),
    BREACH(ack_before_key, ERR_STATE, false),
    BREACH(fresh_before_key, ERR_STATE, false),
    BREACH(key_member_zero, ERR_RANGE, false),
    BREACH(key_for_another_member, ERR_OPEN, false),
    BREACH(key_of_another_epoch, ERR_OPEN, false),
    BREACH(key_of_another_link, ERR_OPEN, false),
    BREACH(key_with_wrong_commit, ERR_COMMIT, false),
    BREACH(key_broken, ERR_OPEN, false),
    BREACH(group_before_list, ERR_STATE, false),
    BREACH(fresh_before_list, ERR_STATE, false),
    BREACH(two_keys, ERR_STATE, false),
    BREACH(list_change_own_identity, ERR_MEMBER, false),
    BREACH(list_change_own_card, ERR_MEMBER, false),
    BREACH(list_change_own_name, ERR_MEMBER, false),
    BREACH(list_drop_own_entry, ERR_MEMBER, false),
    BREACH(list_drop_all, ERR_MEMBER, false),
    BREACH(list_not_ascending, ERR_RANGE, false),
    BREACH(list_twice, ERR_RANGE, false),
    BREACH(list_other_room, ERR_ROOM, false),
    BREACH(another_list, ERR_STATE, true),
    BREACH(another_wrapped_key, ERR_STATE, true),
    BREACH(fresh_same_epoch, ERR_EPOCH, true),
    BREACH(fresh_lower_epoch, ERR_EPOCH, true),
    BREACH(fresh_wrong_commit, ERR_COMMIT, true),
    BREACH(fresh_other_room, ERR_ROOM, true),
    BREACH(ack_of_nothing, ERR_STATE, true),
    {"ack_lower", ack_lower, ERR_STATE, true, true},
    {"ack_other_room", ack_other_room, ERR_ROOM, true, true},
    BREACH(control_no_json, ERR_JSON, true),
    BREACH(control_ill_typed, ERR_JSON, true),
    BREACH(control_broken, ERR_OPEN, true),
    BREACH(control_without_step, ERR_OPEN, true),
};

/* What anybody on the way can cause: the client leaves, and comes again. */
static struct breach_row forged_rows[] = {
    BREACH(group_too_short, ERR_RANGE, true), /* seen before the MAC */
    BREACH(record_mac, ERR_MAC, true),
    BREACH(record_replayed, ERR_REPLAYED, true),
    BREACH(record_gap, ERR_GAP, true),
    BREACH(record_too_long, ERR_RANGE, true),
};

static void forged(void **state)
{
	const struct breach_row *row = *state;
	struct world *w = world_new();
	char again[256];

	snprintf(again, sizeof(again),
	    "reconnect the server, or somebody between you and it, broke the "
	    "protocol: "
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
	breach_closed(w, ERR_ROOM);
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
	breach_closed(w, ERR_STATE);
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
