/* Who holds the secret of a sealed room, and what becomes of one that somebody hands
 * over: it is used when the room has it, and everything else changes nothing. */
#include "tests/unit/check.h"
#include "tests/unit/vault.h"
#include "shared/crypto/library.h"

#define OK(call) assert_int_equal((call), 0)

static struct content_seal offer(
    struct vault *v, uint32_t number, const uint8_t *secret)
{
	struct content_seal c = {.room = "vault", .number = number};

	memcpy(c.log, v->w->log, WIRE_LOG);
	memcpy(c.secret, secret, WIRE_KEY);
	return c;
}

/* A room that is ready, and alice, who offers `two` as its number 2. */
struct offered {
	struct vault *v;
	struct seals *s;
	struct person who;
	struct content_seal c;
};

static struct offered offered(struct group_world *w)
{
	struct offered o = {.v = vault_new(w), .who = vault_alice()};

	o.s = vault_ready(o.v);
	o.c = offer(o.v, 2, two);
	return o;
}

static void offered_free(struct offered *o)
{
	seals_free(o->s);
	vault_free(o->v);
}

/* The server says that the room has that secret, under that number. */
static int look(struct offered *o, uint32_t number, const uint8_t *secret)
{
	return seals_look(o->s, true, vault_mark(o->v->w, number, secret));
}

static bool has(const struct seals *s, const uint8_t *secret)
{
	uint8_t got[WIRE_KEY];

	return seals_may_speak(s) && seals_secret(s, got) &&
	       memcmp(got, secret, WIRE_KEY) == 0;
}

static void test_who_is_one(void **state)
{
	struct vault *v = vault_new(*state);
	uint8_t other_log[WIRE_LOG] = {9};
	const struct holders elsewhere = {&v->ops.holders, "vault", other_log};
	struct holder h;

	/* a secret that no mark has named is none of the room's */
	holders_spoke(&v->at, "bob", bob_fp, 0);
	assert_false(holders_find(&v->at, bob_fp, &h));
	/* nor is anybody one because of what we do, or of what the server says */
	holders_has(&v->at, bob_fp, 3);
	holders_gone(&v->at, bob_fp, true);
	holders_removed(&v->at, "bob", 3);
	assert_false(holders_find(&v->at, bob_fp, &h));
	holders_spoke(&v->at, "bob", bob_fp, 2);
	assert_true(holders_find(&v->at, bob_fp, &h));
	assert_int_equal(h.number, 2);
	assert_false(holders_find(&elsewhere, bob_fp, &h));
	/* an older frame that is read later, and another name of the same key */
	holders_spoke(&v->at, "Bob", bob_fp, 1);
	assert_true(holders_find(&v->at, bob_fp, &h));
	assert_int_equal(h.number, 2);
	assert_string_equal(h.name, "Bob");
	holders_left(&v->at, "bob", bob_fp, "leave", 2);
	assert_true(holders_find(&v->at, bob_fp, &h));
	assert_false(h.gone || h.removed > 0);
	holders_left(&v->at, "bob", bob_fp, "quit", 2);
	assert_true(holders_find(&v->at, bob_fp, &h));
	assert_true(h.gone);
	holders_gone(&v->at, bob_fp, false);
	holders_spoke(&v->at, "alice", alice_fp, 2);
	holders_left(&v->at, "BOB", bob_fp, "kick", 2);
	assert_true(holders_find(&v->at, alice_fp, &h) && h.removed == 0);
	assert_true(holders_find(&v->at, bob_fp, &h));
	assert_int_equal(h.removed, 2);
	assert_false(h.gone);
	/* whoever was removed stays so until they have a newer one */
	holders_spoke(&v->at, "bob", bob_fp, 2);
	assert_true(holders_find(&v->at, bob_fp, &h) && h.removed == 2);
	holders_spoke(&v->at, "bob", bob_fp, 3);
	assert_true(holders_find(&v->at, bob_fp, &h) && h.removed == 0);
	/* where nothing is kept */
	v->ops.holders = (struct holders_ops){.get = NULL};
	holders_spoke(&v->at, "bob", bob_fp, 3);
	holders_removed(&v->at, "bob", 3);
	assert_false(holders_find(&v->at, bob_fp, &h));
	vault_free(v);
}

static void test_it_is_taken(void **state)
{
	struct offered o = offered(*state);
	char by[WIRE_NAME_MAX + 1];
	struct holder h;

	/* before the mark it is neither used nor opens anything */
	assert_int_equal(seals_take(o.s, &o.who, &o.c), SEALS_KEPT);
	assert_true(has(o.s, one));
	OK(look(&o, 1, one));
	assert_true(has(o.s, one));
	seals_taken(o.s, by);
	assert_string_equal(by, "");
	OK(look(&o, 2, two));
	assert_true(has(o.s, two));
	assert_int_equal(seals_generation(o.s), 2);
	seals_taken(o.s, by);
	assert_string_equal(by, "alice");
	seals_taken(o.s, by);
	assert_string_equal(by, "");
	/* alice has it, and it is kept as ours, nowhere else any more */
	assert_true(holders_find(&o.v->at, alice_fp, &h));
	assert_int_equal(h.number, 2);
	assert_int_equal(h.handed, 0);
	assert_memory_equal(h.secret, (uint8_t[WIRE_KEY]){0}, WIRE_KEY);
	seals_free(o.s);
	o.s = vault_enter(o.v);
	OK(look(&o, 2, two));
	assert_true(has(o.s, two));
	assert_int_equal(look(&o, 1, one), ERR_SEAL_BACK);
	offered_free(&o);
}

static void test_while_away(void **state)
{
	struct offered o = offered(*state);
	char by[WIRE_NAME_MAX + 1];

	seals_free(o.s);
	/* in no room: nothing but its name is known */
	o.s = seals_new(o.v->w->c, &o.v->ops);
	assert_non_null(o.s);
	seals_name(o.s, "vault");
	assert_int_equal(seals_take(o.s, &o.who, &o.c), SEALS_KEPT);
	seals_free(o.s);
	o.s = vault_enter(o.v);
	OK(look(&o, 2, two));
	assert_true(has(o.s, two));
	seals_taken(o.s, by);
	assert_string_equal(by, "alice");
	assert_false(seals_behind(o.s));
	/* the next one was not handed over: it is waited for */
	OK(look(&o, 3, three));
	assert_true(seals_behind(o.s));
	assert_false(seals_may_speak(o.s));
	offered_free(&o);
}

/* Everything that is not as it has to be: nothing changes. */
static void refuses(struct offered *o, const struct person *who,
    const struct content_seal *c, enum seals_offer want)
{
	struct holder before = {.number = 0}, after = {.number = 0};

	(void)holders_find(&o->v->at, who->fingerprint, &before);
	assert_int_equal(seals_take(o->s, who, c), want);
	(void)holders_find(&o->v->at, who->fingerprint, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_true(has(o->s, one));
}

static void test_it_is_not_taken(void **state)
{
	struct offered o = offered(*state);
	struct person bob = {.name = "bob", .trust = TRUST_SEEN};
	struct content_seal wrong = o.c;

	memcpy(bob.fingerprint, bob_fp, WIRE_HASH);
	/* of another log */
	wrong.log[3] ^= 1;
	refuses(&o, &o.who, &wrong, SEALS_NO_ROOM);
	/* somebody whose key is new, or not the pinned one */
	o.who.trust = TRUST_NEW;
	refuses(&o, &o.who, &o.c, SEALS_UNPINNED);
	o.who.trust = TRUST_CHANGED;
	refuses(&o, &o.who, &o.c, SEALS_UNPINNED);
	o.who.trust = TRUST_VERIFIED;
	/* somebody who has not spoken there, or in another room only */
	refuses(&o, &bob, &o.c, SEALS_STRANGER);
	holders_spoke(&(struct holders){&o.v->ops.holders, "den", o.v->w->log},
	    "bob", bob_fp, 1);
	refuses(&o, &bob, &o.c, SEALS_STRANGER);
	/* an older one, the same number, the one that we have */
	wrong = offer(o.v, 1, three);
	refuses(&o, &o.who, &wrong, SEALS_OLD);
	wrong = offer(o.v, 7, one);
	refuses(&o, &o.who, &wrong, SEALS_HAD);
	/* who was removed */
	holders_removed(&o.v->at, "alice", 1);
	refuses(&o, &o.who, &o.c, SEALS_REMOVED);
	/* and what they had handed over before is forgotten */
	holders_spoke(&o.v->at, "bob", bob_fp, 1);
	assert_int_equal(seals_take(o.s, &bob, &o.c), SEALS_KEPT);
	holders_removed(&o.v->at, "bob", 1);
	OK(look(&o, 2, two));
	assert_false(seals_may_speak(o.s));
	offered_free(&o);
}

/* Whoever has an older secret only cannot hand us one: they could not read what we
 * say, and would then. */
static void test_of_an_older_secret(void **state)
{
	struct offered o = offered(*state);

	o.c = offer(o.v, 3, three);
	seals_add(o.s, two);
	OK(look(&o, 2, two));
	assert_int_equal(seals_take(o.s, &o.who, &o.c), SEALS_STRANGER);
	/* but who got the newer one from us can */
	holders_has(&o.v->at, alice_fp, 2);
	assert_int_equal(seals_take(o.s, &o.who, &o.c), SEALS_KEPT);
	offered_free(&o);
}

static void test_a_room_without_a_secret(void **state)
{
	struct group_world *w = *state;
	struct vault *v = vault_new(w);
	struct seals *s = vault_enter(v);
	struct person who = vault_alice();
	struct content_seal c = offer(v, 2, two);

	/* open, as far as we know; and with a secret that no mark has named */
	assert_int_equal(seals_take(s, &who, &c), SEALS_NO_ROOM);
	seals_add(s, one);
	assert_int_equal(seals_take(s, &who, &c), SEALS_NO_ROOM);
	OK(seals_look(s, true, vault_mark(w, 9, three)));
	assert_false(seals_behind(s));
	seals_free(s);
	vault_free(v);
}

/* The server's mark decides; it is neither another number's nor another secret's. */
static void test_marks_that_differ(void **state)
{
	struct offered o = offered(*state);

	assert_int_equal(seals_take(o.s, &o.who, &o.c), SEALS_KEPT);
	OK(look(&o, 2, three));
	assert_false(seals_may_speak(o.s));
	OK(look(&o, 3, two));
	assert_false(seals_may_speak(o.s));
	assert_int_equal(seals_look(o.s, true, ""), ERR_SEAL_BACK);
	/* a newer offer of the same person takes the place of the last one */
	o.c = offer(o.v, 3, three);
	assert_int_equal(seals_take(o.s, &o.who, &o.c), SEALS_KEPT);
	OK(look(&o, 2, two));
	assert_false(seals_may_speak(o.s));
	OK(look(&o, 3, three));
	assert_true(has(o.s, three));
	offered_free(&o);
}

/* A list of secrets that is full does not lose the one that is taken. */
static void test_a_full_list(void **state)
{
	struct offered o = offered(*state);
	uint8_t wrong[WIRE_KEY];
	int i;

	for (i = 0; i < SEALS_MAX; i++) {
		memset(wrong, 0x60 + i, sizeof(wrong));
		seals_add(o.s, wrong);
	}
	assert_int_equal(seals_take(o.s, &o.who, &o.c), SEALS_KEPT);
	OK(look(&o, 2, two));
	assert_true(has(o.s, two));
	assert_int_equal(look(&o, 1, one), ERR_SEAL_BACK);
	offered_free(&o);
}

static void test_many(void **state)
{
	struct vault *v = vault_new(*state);
	uint8_t fp[WIRE_HASH] = {0};
	struct holder h;
	size_t i;

	for (i = 0; i < HOLDERS_MAX + 3; i++) {
		fp[0] = (uint8_t)i;
		fp[1] = (uint8_t)(i >> 8);
		holders_spoke(&v->at, "crowd", fp, 1);
	}
	for (i = 0; v->ops.holders.get(v->ops.holders.arg, "VAULT", i, &h); i++)
		;
	assert_int_equal(i, HOLDERS_MAX);
	assert_true(holders_find(&v->at, fp, &h));
	assert_false(holders_find(&v->at, (uint8_t[WIRE_HASH]){0}, &h));
	/* other rooms do not lose theirs */
	holders_spoke(&(struct holders){&v->ops.holders, "den", v->at.log},
	    "bob", bob_fp, 1);
	assert_true(holders_find(&v->at, fp, &h));
	/* all of a name at once */
	holders_removed(&v->at, "crowd", 1);
	for (i = 0; v->ops.holders.get(v->ops.holders.arg, "vault", i, &h); i++)
		assert_int_equal(h.removed, 1);
	assert_int_equal(i, HOLDERS_MAX);
	vault_free(v);
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
