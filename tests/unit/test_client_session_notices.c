/* Unit tests for false notices, and for lists that are not those of an epoch: see
 * breach.h. */
#include "tests/unit/breach.h"

/* --- notices ---------------------------------------------- */

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
	assert_int_equal(notice_encode(&b, &(struct notice_of){NOTICE_LEAVE, 4,
					       commit, fake_roster(f, 4),
					       &f->peers[0].user, 1, NULL, 1}),
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

static struct breach_row rows[] = {
    BREACH(notice_broken, ERR_OPEN, true),
    BREACH(notice_gap, ERR_GAP, true),
    BREACH(notice_replayed, ERR_REPLAYED, true),
    BREACH(notice_other_room, ERR_ROOM, true),
    BREACH(notice_unknown_epoch, ERR_EPOCH, true),
    BREACH(notice_old_epoch, ERR_EPOCH, true),
    BREACH(notice_by_a_member, ERR_SIGNATURE, true),
    BREACH(join_of_the_epoch_after_next, ERR_EPOCH, true),
    BREACH(join_of_an_older_epoch, ERR_EPOCH, true),
    BREACH(join_with_wrong_commit, ERR_COMMIT, true),
    BREACH(notice_with_wrong_commit, ERR_COMMIT, true),
    BREACH(unknown_notice_with_wrong_commit, ERR_COMMIT, true),
    BREACH(unknown_notice_that_steps, ERR_EPOCH, true),
    BREACH(leave_that_steps, ERR_EPOCH, true),
    BREACH(join_of_a_member, ERR_MEMBER, true),
    BREACH(join_of_a_leaver, ERR_MEMBER, true),
    BREACH(join_of_ourselves, ERR_MEMBER, true),
    BREACH(leave_of_ourselves, ERR_MEMBER, true),
    BREACH(notice_no_json, ERR_JSON, true),
    BREACH(notice_that_is_a_message, ERR_STATE, true),
    BREACH(list_hides_a_member, ERR_ROSTER, false),
    BREACH(list_invents_a_member, ERR_ROSTER, false),
    BREACH(list_gives_another_card, ERR_ROSTER, false),
    BREACH(join_that_names_another, ERR_ROSTER, true),
    BREACH(leave_that_is_not_told, ERR_ROSTER, true),
    BREACH(leave_that_is_told_of_another, ERR_ROSTER, true),
    BREACH(leave_without_a_fresh_secret, ERR_ROSTER, true),
    BREACH(leave_that_is_never_told, ERR_ROSTER, true),
    BREACH(two_rosters_of_one_epoch, ERR_ROSTER, true),
    BREACH(notice_signed_for_another_roster, ERR_SIGNATURE, true),
};

int main(void)
{
	struct check_group g = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_add(&g, breach, &rows[i], "%s", rows[i].name);
	return check_run("false notices and lists", &g);
}
