/* Unit tests for messages that are held because somebody is in the room who was
 * not there when they were said, and for who was there when. */
#include "client/session/audience.h"
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)

/* --- who was there when -------------------------------------------------- */

static struct person person(char id)
{
	struct person p = {.member = (uint32_t)id, .self = id == 'A'};

	p.name[0] = id;
	p.identity[0] = (uint8_t)id;
	/* Two devices of the user. */
	if (id == 'a')
		p.identity[0] = 'A';
	return p;
}

/* A plus at the end: the room has a history. */
static void set(struct audience *a, const char *who, uint64_t earliest)
{
	struct person p[16];
	size_t n;

	for (n = 0; *who != '\0' && *who != '+'; n++)
		p[n] = person(*who++);
	assert_int_equal(audience_set(a, p, n, *who == '+', earliest), 0);
}

/* Those of now who were not there then. */
static void check_new(
    const struct audience *a, uint64_t moment, const char *want)
{
	struct audience_person p;
	char got[16] = "";
	size_t pos = 0, n = 0;

	while (audience_at(a, &pos, &p))
		if (!audience_knew(a, &p, moment))
			got[n++] = p.name[0];
	assert_string_equal(got, want);
	assert_int_equal(audience_same(a, moment), want[0] == '\0');
}

TEST(stays)
{
	struct audience *a = audience_new();

	(void)state;
	assert_int_equal(audience_now(a), 0);
	set(a, "Abc", 0); /* the first list is that of the moment 0 */
	assert_int_equal(audience_now(a), 0);
	check_new(a, 0, "");
	set(a, "cbA", 0);
	assert_int_equal(audience_now(a), 0);
	set(a, "dAb", 0);
	assert_int_equal(audience_now(a), 1);
	check_new(a, 0, "d");
	check_new(a, 1, "");
	set(a, "Abcd", 0);
	assert_int_equal(audience_now(a), 2);
	check_new(a, 0, "d");
	check_new(a, 1, "c");
	check_new(a, 2, "");
	/* Other devices of the user are not somebody else, and a second
	 * connection of one identity is no second person. */
	set(a, "Abcdabc", 0);
	assert_int_equal(audience_now(a), 2);
	check_new(a, 2, "");
	/* They have gone, and all have come again. */
	set(a, "A", 0);
	check_new(a, 0, "");
	set(a, "Abcd", 0);
	check_new(a, 0, "d");
	check_new(a, 1, "c");
	check_new(a, 3, "bcd");
	check_new(a, 4, "");
	/* Nobody asks about what is before; those who were here then and are
	 * gone are forgotten. */
	set(a, "Abc", 2);
	set(a, "Abcd", 5);
	check_new(a, 5, "d");
	check_new(a, 0, "bcd");
	audience_free(a);
	audience_free(NULL);
}

/* With a history, those who are not connected are meant, and hinder nothing, until
 * they are no longer members. */
TEST(members_who_are_away)
{
	static const uint8_t bob[WIRE_ED25519] = {'b'};
	static const uint8_t dora[WIRE_ED25519] = {'d'};
	struct audience *a = audience_new();

	(void)state;
	set(a, "Abc+", 0);
	set(a, "A+", 0); /* b and c are still meant */
	assert_int_equal(audience_now(a), 0);
	check_new(a, 0, "");
	set(a, "Ac+", 0);
	assert_int_equal(audience_now(a), 0);
	set(a, "Abcd+", 0);
	assert_int_equal(audience_now(a), 1);
	check_new(a, 0, "d");
	/* b is put out while away, and comes again. */
	set(a, "Acd+", 0);
	audience_parted(a, bob);
	set(a, "Acd+", 0);
	assert_int_equal(audience_now(a), 2);
	set(a, "Abcd+", 0);
	assert_int_equal(audience_now(a), 3);
	check_new(a, 1, "");
	check_new(a, 2, "b");
	/* d quits and is back before anybody looks. */
	audience_parted(a, dora);
	set(a, "Abcd+", 0);
	assert_int_equal(audience_now(a), 4);
	check_new(a, 3, "");
	/* Without one, away is gone. */
	set(a, "Ab+", 0);
	assert_int_equal(audience_now(a), 4);
	set(a, "Ab", 0);
	assert_int_equal(audience_now(a), 5);
	set(a, "Abc", 0);
	check_new(a, 5, "c");
	audience_free(a);
}

/* So many may be away, and no more. */
TEST(many_are_away)
{
	enum { MANY = 5000, AWAY = 4096 };
	struct person *p = calloc(MANY + 1, sizeof(*p));
	struct audience *a = audience_new();
	struct audience_person q;
	size_t i, pos = 0, n = 0;

	(void)state;
	assert_non_null(p);
	for (i = 0; i <= MANY; i++) {
		put_u32(p[i].identity, (uint32_t)i);
		p[i].self = i == 0;
	}
	assert_int_equal(audience_set(a, p, MANY + 1, true, 0), 0);
	assert_int_equal(audience_set(a, p, 1, true, 0), 0);
	assert_int_equal(audience_now(a), 1);
	assert_int_equal(audience_set(a, p, MANY + 1, true, 0), 0);
	while (audience_at(a, &pos, &q))
		n += !audience_knew(a, &q, 1);
	assert_int_equal(n, MANY - AWAY);
	audience_free(a);
	free(p);
}

/* Against a table of who was there at each moment. */
TEST(any_order)
{
	static const char all[] = "bcdefghij";
	struct audience *a = audience_new();
	char there[400][16], want[16];
	uint64_t random = 7, i, k, earliest = 0;
	size_t n, m;

	(void)state;
	for (i = 0; i < 400; i++) {
		there[i][0] = 'A';
		for (n = 1, m = 0; all[m] != '\0'; m++)
			if (check_random(&random) % 2)
				there[i][n++] = all[m];
		there[i][n] = '\0';
		if (i > 0 && strcmp(there[i], there[i - 1]) == 0) {
			i--;
			continue;
		}
		if (check_random(&random) % 8 == 0)
			earliest += check_random(&random) % (i - earliest + 1);
		set(a, there[i], earliest);
		assert_int_equal(audience_now(a), i);
		for (k = earliest; k <= i; k++) {
			memset(want, 0, sizeof(want));
			for (n = m = 0; there[i][m] != '\0'; m++)
				if (strchr(there[k], there[i][m]) == NULL)
					want[n++] = there[i][m];
			check_new(a, k, want);
		}
	}
	audience_free(a);
}

/* --- holding ------------------------------------------------------------- */

static struct world *joined(size_t peers)
{
	struct world *w = world_new();

	world_join(w, peers);
	return w;
}

static void come(struct world *w, uint32_t member, const char *name)
{
	fake_join(&w->fake, fake_peer(&w->fake, member, name));
	world_pump(w);
}

static const struct chatroom *room(struct world *w)
{
	return session_first_room(w->s);
}

static bool is_held(struct world *w, size_t i)
{
	bool held = false;

	return session_unsent(w->s, room(w), i, &held) != NULL && held;
}

static size_t held(struct world *w)
{
	struct session_room_status st;

	session_room_status(w->s, room(w), &st);
	return st.held;
}

/* "one" is in flight when carol has come and a fresh key is made. */
static struct world *one_held(void)
{
	struct world *w = joined(1);

	world_say(w, "one");
	world_pump(w);
	check_got(w, "message 4 1 one", NULL);
	come(w, 60, "carol");
	check_got(w, NULL);
	check_events(
	    w, "message alice 1 one own", "join carol", "epoch 5 join", NULL);
	assert_int_equal(held(w), 0);
	fake_fresh(&w->fake, "timer");
	world_pump(w);
	check_events(w, "epoch 6 timer", "held ask 1 1 carol", NULL);
	check_got(w, NULL);
	assert_int_equal(held(w), 1);
	assert_true(is_held(w, 0));
	assert_false(is_held(w, 1));
	return w;
}

TEST(a_join_alone_holds_nothing)
{
	struct world *w = joined(1);

	(void)state;
	world_say(w, "one");
	world_pump(w);
	come(w, 60, "carol");
	world_say(w, "two");
	world_pump(w);
	check_got(w, "message 4 1 one", "message 5 2 two", NULL);
	fake_ack(&w->fake, 2);
	world_pump(w);
	fake_fresh(&w->fake, "timer");
	world_pump(w);
	check_events(w, "message alice 1 one own", "join carol", "epoch 5 join",
	    "message alice 2 two own", "sent 1", "sent 2", "epoch 6 timer",
	    NULL);
	world_free(w);
}

TEST(what_is_said_later_waits_behind_it)
{
	struct world *w = one_held();

	(void)state;
	world_say(w, "two");
	world_say(w, "three");
	world_pump(w);
	check_got(w, NULL);
	assert_int_equal(held(w), 1);
	assert_int_equal(session_send_held(w->s, room(w)), 0);
	world_pump(w);
	check_got(
	    w, "message 6 1 one", "message 6 2 two", "message 6 3 three", NULL);
	check_events(w, "message alice 2 two own", "message alice 3 three own",
	    "held send 1 1 carol", NULL);
	assert_int_equal(held(w), 0);
	assert_int_equal(session_send_held(w->s, room(w)), ERR_STATE);
	assert_int_equal(session_drop_held(w->s, room(w)), ERR_STATE);
	world_free(w);
}

TEST(dropped_in_the_middle)
{
	struct world *w = one_held();

	(void)state;
	world_say(w, "two"); /* carol is there */
	come(w, 62, "dora");
	check_events(w, "message alice 2 two own", "join dora", "epoch 7 join",
	    "held ask 2 2 dora\ncarol", NULL);
	world_say(w, "three");
	world_pump(w);
	assert_int_equal(held(w), 2);
	assert_false(is_held(w, 2));
	assert_int_equal(session_drop_held(w->s, room(w)), 0);
	world_pump(w);
	check_events(w, "message alice 3 three own", "unsaid 2", "unsaid 1",
	    "held drop 2 2 dora\ncarol", NULL);
	check_got(w, "message 7 1 three", NULL);
	world_free(w);
}

TEST(they_leave)
{
	struct world *w = one_held();
	struct fake *f = &w->fake;

	(void)state;
	fake_leave(f, &f->peers[1], "leave");
	world_pump(w);
	check_got(w, "message 7 1 one", NULL);
	check_events(w, "epoch 7 leave", "leave carol leave",
	    "held gone 1 1 carol", NULL);
	world_free(w);
}

/* Who was agreed to stays agreed to, through another fence; the next one is
 * asked about. */
TEST(agreed_once)
{
	struct world *w = one_held();
	struct fake *f = &w->fake;

	(void)state;
	assert_int_equal(session_send_held(w->s, room(w)), 0);
	fake_fresh(f, "timer");
	world_pump(w);
	check_events(w, "held send 1 1 carol", "epoch 7 timer", NULL);
	check_got(w, "message 6 1 one", "message 7 1 one", NULL);
	come(w, 62, "dora");
	fake_fresh(f, "timer");
	world_pump(w);
	check_events(w, "join dora", "epoch 8 join", "epoch 9 timer",
	    "held ask 1 1 dora", NULL);
	/* Bob was there when it was said, even if he was away when the user
	 * agreed to the others. */
	fake_leave(f, &f->peers[0], "leave");
	world_pump(w);
	assert_int_equal(session_send_held(w->s, room(w)), 0);
	world_pump(w);
	f->peers[0].user.member = 70;
	f->peers[0].seq = 0;
	fake_join(f, &f->peers[0]);
	fake_fresh(f, "timer");
	world_pump(w);
	check_events(w, "epoch 10 leave", "leave bob leave",
	    "held send 1 1 dora", "join bob", "epoch 11 join", "epoch 12 timer",
	    NULL);
	check_got(w, "message 10 1 one", "message 12 1 one", NULL);
	world_free(w);
}

/* Away from the room the user can still decide. */
TEST(offline)
{
	struct world *w = one_held();

	(void)state;
	world_lose(w, "gone");
	world_say(w, "two");
	assert_int_equal(held(w), 1);
	assert_int_equal(session_drop_held(w->s, room(w)), 0);
	world_pump(w);
	check_events(w, "reconnect gone", "message alice 0 two own", "unsaid 1",
	    "held drop 1 1 carol", NULL);
	assert_int_equal(held(w), 0);
	world_free(w);
}

/* Said before the first list of people: for those who are in it. */
TEST(said_before_the_room_was_seen)
{
	struct world *w = world_new();

	(void)state;
	world_start(w);
	world_say(w, "one");
	fake_person(&w->fake, &fake_peer(&w->fake, 1, "bob")->user);
	world_connect(w);
	fake_admit(&w->fake);
	world_pump(w);
	check_got(w, "message 4 1 one", NULL);
	lines_free(&w->events);
	come(w, 60, "carol");
	fake_fresh(&w->fake, "timer");
	world_pump(w);
	check_events(w, "join carol", "epoch 5 join", "epoch 6 timer",
	    "held ask 1 1 carol", NULL);
	world_free(w);
}

TEST(the_end_does_not_wait_for_an_answer)
{
	struct world *w = one_held();

	(void)state;
	world_say(w, "two");
	session_quit(w->s, true);
	world_pump(w);
	check_got(w, "bye quit", NULL);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(stays);
	ADD(members_who_are_away);
	ADD(many_are_away);
	ADD(any_order);
	ADD(a_join_alone_holds_nothing);
	ADD(what_is_said_later_waits_behind_it);
	ADD(dropped_in_the_middle);
	ADD(they_leave);
	ADD(agreed_once);
	ADD(offline);
	ADD(said_before_the_room_was_seen);
	ADD(the_end_does_not_wait_for_an_answer);
	return check_run("client held messages", &g);
}
