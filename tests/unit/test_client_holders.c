/* Who holds the secret of a sealed room, and what becomes of one that somebody hands
 * over: it is used when the room has it, and everything else changes nothing. */
#include "client/session/seals.h"
#include "client/session/topics.h"
#include "client/trust/seal_holders.h"
#include "client/trust/sealed_rooms.h"
#include "tests/unit/check.h"
#include "tests/unit/group_world.h"
#include "shared/crypto/library.h"
#include "shared/wire/b64.h"

#define OK(call) assert_int_equal((call), 0)

static const uint8_t one[WIRE_KEY] = {1}, two[WIRE_KEY] = {2},
		     three[WIRE_KEY] = {3};
static const uint8_t alice_fp[WIRE_HASH] = {0xa1}, bob_fp[WIRE_HASH] = {0xb0};

/* What the client knows of the room of the world, on its disk. */
struct place {
	struct group_world *w;
	struct sealed_rooms *rooms;
	struct seal_holders *file;
	struct seals_ops ops;
	struct holders at;
};

static struct place *place_new(struct group_world *w)
{
	struct place *p = calloc(1, sizeof(*p));
	struct errmsg why;

	assert_non_null(p);
	p->w = w;
	OK(sealed_rooms_open(&p->rooms, NULL, NULL, &why));
	OK(seal_holders_open(&p->file, NULL, NULL, &why));
	p->ops = sealed_rooms_ops(p->rooms);
	p->ops.holders = seal_holders_ops(p->file);
	p->at = (struct holders){&p->ops.holders, "vault", w->log};
	return p;
}

static void place_free(struct place *p)
{
	sealed_rooms_free(p->rooms);
	seal_holders_free(p->file);
	free(p);
}

/* Another run of the client, which enters the room. */
static struct seals *enter(struct place *p)
{
	struct seals *s = seals_new(p->w->c, &p->ops);

	assert_non_null(s);
	seals_name(s, "Vault");
	OK(seals_log(s, p->w->log));
	return s;
}

static const char *mark(
    struct group_world *w, uint32_t generation, const uint8_t *secret)
{
	static char text[4][SEAL_MARK];
	static size_t turn;
	struct seal_mark m = {.generation = generation};
	struct seal s;

	OK(seal_make(w->c, &s, secret, w->log));
	memcpy(m.check, s.check, SEAL_CHECK);
	seal_mark_encode(text[turn = (turn + 1) % 4], &m);
	return text[turn];
}

/* The room has `one` as number 1, and alice has spoken under it. */
static struct seals *ready(struct place *p)
{
	struct seals *s = enter(p);

	seals_add(s, one);
	OK(seals_look(s, true, mark(p->w, 1, one)));
	holders_spoke(&p->at, "alice", alice_fp, 1);
	return s;
}

static struct person alice(void)
{
	struct person who = {.name = "alice", .trust = TRUST_SEEN};

	memcpy(who.fingerprint, alice_fp, WIRE_HASH);
	return who;
}

static struct content_seal offer(
    struct place *p, uint32_t number, const uint8_t *secret)
{
	struct content_seal c = {.room = "vault", .number = number};

	memcpy(c.log, p->w->log, WIRE_LOG);
	memcpy(c.secret, secret, WIRE_KEY);
	return c;
}

static bool has(const struct seals *s, const uint8_t *secret)
{
	uint8_t got[WIRE_KEY];

	return seals_may_speak(s) && seals_secret(s, got) &&
	       memcmp(got, secret, WIRE_KEY) == 0;
}

static void test_who_is_one(void **state)
{
	struct place *p = place_new(*state);
	uint8_t other_log[WIRE_LOG] = {9};
	const struct holders elsewhere = {&p->ops.holders, "vault", other_log};
	struct holder h;

	/* a secret that no mark has named is none of the room's */
	holders_spoke(&p->at, "bob", bob_fp, 0);
	assert_false(holders_find(&p->at, bob_fp, &h));
	/* nor is anybody one because of what we do, or of what the server says */
	holders_has(&p->at, bob_fp, 3);
	holders_gone(&p->at, bob_fp, true);
	holders_removed(&p->at, "bob", 3);
	assert_false(holders_find(&p->at, bob_fp, &h));
	holders_spoke(&p->at, "bob", bob_fp, 2);
	assert_true(holders_find(&p->at, bob_fp, &h));
	assert_int_equal(h.number, 2);
	assert_false(holders_find(&elsewhere, bob_fp, &h));
	/* an older frame that is read later, and another name of the same key */
	holders_spoke(&p->at, "Bob", bob_fp, 1);
	assert_true(holders_find(&p->at, bob_fp, &h));
	assert_int_equal(h.number, 2);
	assert_string_equal(h.name, "Bob");
	holders_left(&p->at, "bob", bob_fp, "leave", 2);
	assert_true(holders_find(&p->at, bob_fp, &h));
	assert_false(h.gone || h.removed > 0);
	holders_left(&p->at, "bob", bob_fp, "quit", 2);
	assert_true(holders_find(&p->at, bob_fp, &h));
	assert_true(h.gone);
	holders_gone(&p->at, bob_fp, false);
	holders_spoke(&p->at, "alice", alice_fp, 2);
	holders_left(&p->at, "BOB", bob_fp, "kick", 2);
	assert_true(holders_find(&p->at, alice_fp, &h) && h.removed == 0);
	assert_true(holders_find(&p->at, bob_fp, &h));
	assert_int_equal(h.removed, 2);
	assert_false(h.gone);
	/* whoever was removed stays so until they have a newer one */
	holders_spoke(&p->at, "bob", bob_fp, 2);
	assert_true(holders_find(&p->at, bob_fp, &h) && h.removed == 2);
	holders_spoke(&p->at, "bob", bob_fp, 3);
	assert_true(holders_find(&p->at, bob_fp, &h) && h.removed == 0);
	/* where nothing is kept */
	p->ops.holders = (struct holders_ops){.get = NULL};
	holders_spoke(&p->at, "bob", bob_fp, 3);
	holders_removed(&p->at, "bob", 3);
	assert_false(holders_find(&p->at, bob_fp, &h));
	place_free(p);
}

static void test_it_is_taken(void **state)
{
	struct group_world *w = *state;
	struct place *p = place_new(w);
	struct seals *s = ready(p);
	struct person who = alice();
	struct content_seal c = offer(p, 2, two);
	char by[WIRE_NAME_MAX + 1];
	struct holder h;

	/* before the mark it is neither used nor opens anything */
	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	assert_true(has(s, one));
	OK(seals_look(s, true, mark(w, 1, one)));
	assert_true(has(s, one));
	seals_taken(s, by);
	assert_string_equal(by, "");
	OK(seals_look(s, true, mark(w, 2, two)));
	assert_true(has(s, two));
	assert_int_equal(seals_generation(s), 2);
	seals_taken(s, by);
	assert_string_equal(by, "alice");
	seals_taken(s, by);
	assert_string_equal(by, "");
	/* alice has it, and it is kept as ours, nowhere else any more */
	assert_true(holders_find(&p->at, alice_fp, &h));
	assert_int_equal(h.number, 2);
	assert_int_equal(h.handed, 0);
	assert_memory_equal(h.secret, (uint8_t[WIRE_KEY]){0}, WIRE_KEY);
	seals_free(s);
	s = enter(p);
	OK(seals_look(s, true, mark(w, 2, two)));
	assert_true(has(s, two));
	assert_int_equal(seals_look(s, true, mark(w, 1, one)), ERR_SEAL_BACK);
	seals_free(s);
	place_free(p);
}

static void test_while_away(void **state)
{
	struct group_world *w = *state;
	struct place *p = place_new(w);
	struct seals *s = ready(p);
	struct person who = alice();
	struct content_seal c = offer(p, 2, two);
	char by[WIRE_NAME_MAX + 1];

	seals_free(s);
	/* in no room: nothing but its name is known */
	s = seals_new(w->c, &p->ops);
	assert_non_null(s);
	seals_name(s, "vault");
	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	seals_free(s);
	s = enter(p);
	OK(seals_look(s, true, mark(w, 2, two)));
	assert_true(has(s, two));
	seals_taken(s, by);
	assert_string_equal(by, "alice");
	assert_false(seals_behind(s));
	/* the next one was not handed over: it is waited for */
	OK(seals_look(s, true, mark(w, 3, three)));
	assert_true(seals_behind(s));
	assert_false(seals_may_speak(s));
	seals_free(s);
	place_free(p);
}

/* Everything that is not as it has to be: nothing changes. */
static void refuses(struct place *p, struct seals *s, const struct person *who,
    const struct content_seal *c, enum seals_offer want)
{
	struct holder before = {.number = 0}, after = {.number = 0};

	(void)holders_find(&p->at, who->fingerprint, &before);
	assert_int_equal(seals_take(s, who, c), want);
	(void)holders_find(&p->at, who->fingerprint, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_true(has(s, one));
}

static void test_it_is_not_taken(void **state)
{
	struct group_world *w = *state;
	struct place *p = place_new(w);
	struct seals *s = ready(p);
	struct person who = alice(), bob = {.name = "bob", .trust = TRUST_SEEN};
	struct content_seal c = offer(p, 2, two), wrong = c;

	memcpy(bob.fingerprint, bob_fp, WIRE_HASH);
	/* of another log */
	wrong.log[3] ^= 1;
	refuses(p, s, &who, &wrong, SEALS_NO_ROOM);
	/* somebody whose key is new, or not the pinned one */
	who.trust = TRUST_NEW;
	refuses(p, s, &who, &c, SEALS_UNPINNED);
	who.trust = TRUST_CHANGED;
	refuses(p, s, &who, &c, SEALS_UNPINNED);
	who.trust = TRUST_VERIFIED;
	/* somebody who has not spoken there, or in another room only */
	refuses(p, s, &bob, &c, SEALS_STRANGER);
	holders_spoke(&(struct holders){&p->ops.holders, "den", w->log}, "bob",
	    bob_fp, 1);
	refuses(p, s, &bob, &c, SEALS_STRANGER);
	/* an older one, the same number, the one that we have */
	wrong = offer(p, 1, three);
	refuses(p, s, &who, &wrong, SEALS_OLD);
	wrong = offer(p, 7, one);
	refuses(p, s, &who, &wrong, SEALS_HAD);
	/* who was removed */
	holders_removed(&p->at, "alice", 1);
	refuses(p, s, &who, &c, SEALS_REMOVED);
	/* and what they had handed over before is forgotten */
	holders_spoke(&p->at, "bob", bob_fp, 1);
	assert_int_equal(seals_take(s, &bob, &c), SEALS_KEPT);
	holders_removed(&p->at, "bob", 1);
	OK(seals_look(s, true, mark(w, 2, two)));
	assert_false(seals_may_speak(s));
	seals_free(s);
	place_free(p);
}

/* Whoever has an older secret only cannot hand us one: they could not read what we
 * say, and would then. */
static void test_of_an_older_secret(void **state)
{
	struct group_world *w = *state;
	struct place *p = place_new(w);
	struct seals *s = ready(p);
	struct person who = alice();
	struct content_seal c = offer(p, 3, three);

	seals_add(s, two);
	OK(seals_look(s, true, mark(w, 2, two)));
	assert_int_equal(seals_take(s, &who, &c), SEALS_STRANGER);
	/* but who got the newer one from us can */
	holders_has(&p->at, alice_fp, 2);
	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	seals_free(s);
	place_free(p);
}

static void test_a_room_without_a_secret(void **state)
{
	struct group_world *w = *state;
	struct place *p = place_new(w);
	struct seals *s = enter(p);
	struct person who = alice();
	struct content_seal c = offer(p, 2, two);

	/* open, as far as we know; and with a secret that no mark has named */
	assert_int_equal(seals_take(s, &who, &c), SEALS_NO_ROOM);
	seals_add(s, one);
	assert_int_equal(seals_take(s, &who, &c), SEALS_NO_ROOM);
	OK(seals_look(s, true, mark(w, 9, three)));
	assert_false(seals_behind(s));
	seals_free(s);
	place_free(p);
}

/* The server's mark decides; it is neither another number's nor another secret's. */
static void test_marks_that_differ(void **state)
{
	struct group_world *w = *state;
	struct place *p = place_new(w);
	struct seals *s = ready(p);
	struct person who = alice();
	struct content_seal c = offer(p, 2, two);

	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	OK(seals_look(s, true, mark(w, 2, three)));
	assert_false(seals_may_speak(s));
	OK(seals_look(s, true, mark(w, 3, two)));
	assert_false(seals_may_speak(s));
	assert_int_equal(seals_look(s, true, ""), ERR_SEAL_BACK);
	/* a newer offer of the same person takes the place of the last one */
	c = offer(p, 3, three);
	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	OK(seals_look(s, true, mark(w, 2, two)));
	assert_false(seals_may_speak(s));
	OK(seals_look(s, true, mark(w, 3, three)));
	assert_true(has(s, three));
	seals_free(s);
	place_free(p);
}

/* A list of secrets that is full does not lose the one that is taken. */
static void test_a_full_list(void **state)
{
	struct group_world *w = *state;
	struct place *p = place_new(w);
	struct seals *s = ready(p);
	struct person who = alice();
	struct content_seal c = offer(p, 2, two);
	uint8_t wrong[WIRE_KEY];
	int i;

	for (i = 0; i < SEALS_MAX; i++) {
		memset(wrong, 0x60 + i, sizeof(wrong));
		seals_add(s, wrong);
	}
	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	OK(seals_look(s, true, mark(w, 2, two)));
	assert_true(has(s, two));
	assert_int_equal(seals_look(s, true, mark(w, 1, one)), ERR_SEAL_BACK);
	seals_free(s);
	place_free(p);
}

static void test_many(void **state)
{
	struct place *p = place_new(*state);
	uint8_t fp[WIRE_HASH] = {0};
	struct holder h;
	size_t i;

	for (i = 0; i < HOLDERS_MAX + 3; i++) {
		fp[0] = (uint8_t)i;
		fp[1] = (uint8_t)(i >> 8);
		holders_spoke(&p->at, "crowd", fp, 1);
	}
	for (i = 0; p->ops.holders.get(p->ops.holders.arg, "VAULT", i, &h); i++)
		;
	assert_int_equal(i, HOLDERS_MAX);
	assert_true(holders_find(&p->at, fp, &h));
	assert_false(holders_find(&p->at, (uint8_t[WIRE_HASH]){0}, &h));
	/* other rooms do not lose theirs */
	holders_spoke(&(struct holders){&p->ops.holders, "den", p->at.log},
	    "bob", bob_fp, 1);
	assert_true(holders_find(&p->at, fp, &h));
	/* all of a name at once */
	holders_removed(&p->at, "crowd", 1);
	for (i = 0; p->ops.holders.get(p->ops.holders.arg, "vault", i, &h); i++)
		assert_int_equal(h.removed, 1);
	assert_int_equal(i, HOLDERS_MAX);
	place_free(p);
}

/* --- topics ----------------------------------------------------------------- */

/* The room, with its people, and what is told. */
struct talk {
	struct place *p;
	struct seals *seals;
	struct roster *roster;
	struct events *events;
	struct room_events to;
	struct topics *topics;
};

static struct topics *topics_of(struct talk *t)
{
	return topics_new(&(struct topics_opts){
	    &t->p->at, t->seals, t->roster});
}

static struct talk *talk_new(struct group_world *w)
{
	struct talk *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->p = place_new(w);
	t->seals = ready(t->p);
	t->roster = roster_new();
	t->events = events_new();
	t->to = (struct room_events){t->events, NULL, "vault", NULL};
	t->topics = topics_of(t);
	assert_true(t->roster != NULL && t->events != NULL &&
		    t->topics != NULL);
	return t;
}

static void talk_free(struct talk *t)
{
	topics_free(t->topics);
	seals_free(t->seals);
	roster_free(t->roster);
	events_free(t->events);
	place_free(t->p);
	free(t);
}

/* One that comes; whether it is told, which is whether it counts. */
static bool comes(struct talk *t, const struct person *who, uint64_t offset,
    uint32_t number, bool past, const char *text)
{
	const struct topics_entry e = {who, offset, 1000, number, past};
	const struct content_topic c = {.text = text, .text_len = strlen(text)};
	const struct event *got;

	OK(topics_take(t->topics, &t->to, &e, &c));
	if ((got = events_next(t->events)) == NULL)
		return false;
	assert_int_equal(got->type, EVENT_TOPIC);
	assert_string_equal(got->person->name, who->name);
	assert_int_equal(got->offset, offset);
	assert_int_equal(got->past, past);
	assert_string_equal(got->text, text);
	assert_null(events_next(t->events));
	return true;
}

static void test_topics(void **state)
{
	struct talk *t = talk_new(*state);
	struct person chief = alice(), bob = {.name = "bob"};

	memcpy(bob.fingerprint, bob_fp, WIRE_HASH);
	chief.role = ROLE_OPERATOR;
	assert_string_equal(topics_text(t->topics), "");
	/* not under the seal, under one that no mark has named, from no operator */
	assert_false(comes(t, &chief, 5, 0, false, "x"));
	assert_false(comes(t, &bob, 5, 1, false, "x"));
	assert_true(comes(t, &chief, 5, 1, false, "at noon"));
	assert_string_equal(topics_text(t->topics), "at noon");
	/* older ones that are read later, and the same again */
	assert_false(comes(t, &chief, 4, 1, true, "earlier"));
	assert_false(comes(t, &chief, 5, 1, true, "at noon"));
	assert_true(comes(t, &chief, 6, 1, false, ""));
	assert_string_equal(topics_text(t->topics), "");
	assert_true(comes(t, &chief, 7, 1, true, "later"));
	/* a later run of the client knows it; another log has none */
	topics_free(t->topics);
	t->topics = topics_of(t);
	assert_string_equal(topics_text(t->topics), "later");
	t->p->w->log[0] ^= 1;
	assert_string_equal(topics_text(t->topics), "");
	t->p->w->log[0] ^= 1;
	talk_free(t);
}

static void test_topics_of_an_older_secret(void **state)
{
	struct talk *t = talk_new(*state);
	struct person chief = alice();

	chief.role = ROLE_OPERATOR;
	seals_add(t->seals, two);
	OK(seals_look(t->seals, true, mark(t->p->w, 2, two)));
	/* live only under the room's secret; in the history both were, in turn */
	assert_false(comes(t, &chief, 5, 1, false, "with the old one"));
	assert_true(comes(t, &chief, 5, 1, true, "with the old one"));
	assert_true(comes(t, &chief, 6, 2, false, "with the new one"));
	assert_false(comes(t, &chief, 7, 1, true, "with the old one again"));
	/* a room that has a secret that we do not have */
	OK(seals_look(t->seals, true, mark(t->p->w, 3, three)));
	assert_false(comes(t, &chief, 8, 2, false, "with the last one"));
	assert_string_equal(topics_text(t->topics), "with the new one");
	talk_free(t);
}

/* Who is an operator: now, by the list; else when they were heard last; and not
 * who was removed. */
static void test_topics_of_whom(void **state)
{
	struct talk *t = talk_new(*state);
	struct person who = alice(), self = {.name = "me", .self = true};
	struct person here = who;

	assert_false(comes(t, &who, 5, 1, true, "of a member"));
	holders_chief(&t->p->at, alice_fp, true);
	assert_true(comes(t, &who, 5, 1, true, "of an operator"));
	here.member = 3;
	OK(roster_add(t->roster, &here, true));
	assert_false(comes(t, &who, 6, 1, true, "no longer one"));
	roster_standing(t->roster, 3, ROLE_OPERATOR, true);
	assert_true(comes(t, &who, 6, 1, true, "one again"));
	holders_removed(&t->p->at, "alice", 1);
	assert_false(comes(t, &who, 7, 1, true, "removed"));
	assert_true(comes(t, &self, 7, 1, true, "mine, from the history"));
	talk_free(t);
}

static void test_own_topics(void **state)
{
	struct talk *t = talk_new(*state);
	struct content_topic c = {.id = {1}, .text = "mine", .text_len = 4};
	struct person chief = alice();
	uint8_t i;

	chief.role = ROLE_OPERATOR;
	topics_own(t->topics, &c);
	assert_string_equal(topics_text(t->topics), "");
	/* somebody else's comes before it in the log, and one after it */
	assert_true(comes(t, &chief, 5, 1, false, "before"));
	topics_sent(t->topics, (uint8_t[WIRE_ID]){9}, "me", 6);
	assert_string_equal(topics_text(t->topics), "before");
	topics_sent(t->topics, c.id, "me", 6);
	assert_string_equal(topics_text(t->topics), "mine");
	c.id[0] = 2;
	topics_own(t->topics, &c);
	assert_true(comes(t, &chief, 8, 1, false, "after"));
	topics_sent(t->topics, c.id, "me", 7);
	assert_string_equal(topics_text(t->topics), "after");
	/* too many at once: the oldest is forgotten */
	for (i = 10; i < 10 + TOPICS_OWN + 1; i++) {
		c.id[0] = i;
		topics_own(t->topics, &c);
	}
	topics_sent(t->topics, (uint8_t[WIRE_ID]){10}, "me", 20);
	assert_string_equal(topics_text(t->topics), "after");
	topics_sent(t->topics, c.id, "me", 21);
	assert_string_equal(topics_text(t->topics), "mine");
	talk_free(t);
}

int main(void)
{
#define IN_WORLD(f)                                                            \
	cmocka_unit_test_setup_teardown(f, group_world_new, group_world_free)
	const struct CMUnitTest tests[] = {
	    IN_WORLD(test_who_is_one),
	    IN_WORLD(test_it_is_taken),
	    IN_WORLD(test_while_away),
	    IN_WORLD(test_it_is_not_taken),
	    IN_WORLD(test_of_an_older_secret),
	    IN_WORLD(test_a_room_without_a_secret),
	    IN_WORLD(test_marks_that_differ),
	    IN_WORLD(test_a_full_list),
	    IN_WORLD(test_many),
	    IN_WORLD(test_topics),
	    IN_WORLD(test_topics_of_an_older_secret),
	    IN_WORLD(test_topics_of_whom),
	    IN_WORLD(test_own_topics),
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name(
	    "client_holders", tests, NULL, NULL);
}
