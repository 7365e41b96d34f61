/* Who holds the secret of a sealed room, and what becomes of one that somebody hands
 * over: it is used when the room has it, and everything else changes nothing. */
#include "tests/unit/check.h"
#include "tests/unit/seal_place.h"
#include "shared/crypto/library.h"

#define OK(call) assert_int_equal((call), 0)

static struct content_seal offer(
    struct seal_place *p, uint32_t number, const uint8_t *secret)
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
	struct seal_place *p = seal_place_new(*state);
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
	seal_place_free(p);
}

static void test_it_is_taken(void **state)
{
	struct group_world *w = *state;
	struct seal_place *p = seal_place_new(w);
	struct seals *s = seal_place_ready(p);
	struct person who = seal_place_alice();
	struct content_seal c = offer(p, 2, two);
	char by[WIRE_NAME_MAX + 1];
	struct holder h;

	/* before the mark it is neither used nor opens anything */
	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	assert_true(has(s, one));
	OK(seals_look(s, true, seal_place_mark(w, 1, one)));
	assert_true(has(s, one));
	seals_taken(s, by);
	assert_string_equal(by, "");
	OK(seals_look(s, true, seal_place_mark(w, 2, two)));
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
	s = seal_place_enter(p);
	OK(seals_look(s, true, seal_place_mark(w, 2, two)));
	assert_true(has(s, two));
	assert_int_equal(seals_look(s, true, seal_place_mark(w, 1, one)), ERR_SEAL_BACK);
	seals_free(s);
	seal_place_free(p);
}

static void test_while_away(void **state)
{
	struct group_world *w = *state;
	struct seal_place *p = seal_place_new(w);
	struct seals *s = seal_place_ready(p);
	struct person who = seal_place_alice();
	struct content_seal c = offer(p, 2, two);
	char by[WIRE_NAME_MAX + 1];

	seals_free(s);
	/* in no room: nothing but its name is known */
	s = seals_new(w->c, &p->ops);
	assert_non_null(s);
	seals_name(s, "vault");
	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	seals_free(s);
	s = seal_place_enter(p);
	OK(seals_look(s, true, seal_place_mark(w, 2, two)));
	assert_true(has(s, two));
	seals_taken(s, by);
	assert_string_equal(by, "alice");
	assert_false(seals_behind(s));
	/* the next one was not handed over: it is waited for */
	OK(seals_look(s, true, seal_place_mark(w, 3, three)));
	assert_true(seals_behind(s));
	assert_false(seals_may_speak(s));
	seals_free(s);
	seal_place_free(p);
}

/* Everything that is not as it has to be: nothing changes. */
static void refuses(struct seal_place *p, struct seals *s, const struct person *who,
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
	struct seal_place *p = seal_place_new(w);
	struct seals *s = seal_place_ready(p);
	struct person who = seal_place_alice(), bob = {.name = "bob", .trust = TRUST_SEEN};
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
	OK(seals_look(s, true, seal_place_mark(w, 2, two)));
	assert_false(seals_may_speak(s));
	seals_free(s);
	seal_place_free(p);
}

/* Whoever has an older secret only cannot hand us one: they could not read what we
 * say, and would then. */
static void test_of_an_older_secret(void **state)
{
	struct group_world *w = *state;
	struct seal_place *p = seal_place_new(w);
	struct seals *s = seal_place_ready(p);
	struct person who = seal_place_alice();
	struct content_seal c = offer(p, 3, three);

	seals_add(s, two);
	OK(seals_look(s, true, seal_place_mark(w, 2, two)));
	assert_int_equal(seals_take(s, &who, &c), SEALS_STRANGER);
	/* but who got the newer one from us can */
	holders_has(&p->at, alice_fp, 2);
	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	seals_free(s);
	seal_place_free(p);
}

static void test_a_room_without_a_secret(void **state)
{
	struct group_world *w = *state;
	struct seal_place *p = seal_place_new(w);
	struct seals *s = seal_place_enter(p);
	struct person who = seal_place_alice();
	struct content_seal c = offer(p, 2, two);

	/* open, as far as we know; and with a secret that no mark has named */
	assert_int_equal(seals_take(s, &who, &c), SEALS_NO_ROOM);
	seals_add(s, one);
	assert_int_equal(seals_take(s, &who, &c), SEALS_NO_ROOM);
	OK(seals_look(s, true, seal_place_mark(w, 9, three)));
	assert_false(seals_behind(s));
	seals_free(s);
	seal_place_free(p);
}

/* The server's mark decides; it is neither another number's nor another secret's. */
static void test_marks_that_differ(void **state)
{
	struct group_world *w = *state;
	struct seal_place *p = seal_place_new(w);
	struct seals *s = seal_place_ready(p);
	struct person who = seal_place_alice();
	struct content_seal c = offer(p, 2, two);

	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	OK(seals_look(s, true, seal_place_mark(w, 2, three)));
	assert_false(seals_may_speak(s));
	OK(seals_look(s, true, seal_place_mark(w, 3, two)));
	assert_false(seals_may_speak(s));
	assert_int_equal(seals_look(s, true, ""), ERR_SEAL_BACK);
	/* a newer offer of the same person takes the place of the last one */
	c = offer(p, 3, three);
	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	OK(seals_look(s, true, seal_place_mark(w, 2, two)));
	assert_false(seals_may_speak(s));
	OK(seals_look(s, true, seal_place_mark(w, 3, three)));
	assert_true(has(s, three));
	seals_free(s);
	seal_place_free(p);
}

/* A list of secrets that is full does not lose the one that is taken. */
static void test_a_full_list(void **state)
{
	struct group_world *w = *state;
	struct seal_place *p = seal_place_new(w);
	struct seals *s = seal_place_ready(p);
	struct person who = seal_place_alice();
	struct content_seal c = offer(p, 2, two);
	uint8_t wrong[WIRE_KEY];
	int i;

	for (i = 0; i < SEALS_MAX; i++) {
		memset(wrong, 0x60 + i, sizeof(wrong));
		seals_add(s, wrong);
	}
	assert_int_equal(seals_take(s, &who, &c), SEALS_KEPT);
	OK(seals_look(s, true, seal_place_mark(w, 2, two)));
	assert_true(has(s, two));
	assert_int_equal(seals_look(s, true, seal_place_mark(w, 1, one)), ERR_SEAL_BACK);
	seals_free(s);
	seal_place_free(p);
}

static void test_many(void **state)
{
	struct seal_place *p = seal_place_new(*state);
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
	seal_place_free(p);
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
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name(
	    "client_holders", tests, NULL, NULL);
}
