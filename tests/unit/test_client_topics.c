/* The topic of a sealed room: whose counts, which of them, and that it is known to a
 * later run of the client. */
#include "client/session/topics.h"
#include "tests/unit/check.h"
#include "tests/unit/vault.h"
#include "shared/crypto/library.h"

#define OK(call) assert_int_equal((call), 0)

/* The room, with its people, and what is told. */
struct talk {
	struct vault *v;
	struct seals *seals;
	struct roster *roster;
	struct events *events;
	struct room_events to;
	struct topics *topics;
};

static struct topics *topics_of(struct talk *t)
{
	return topics_new(&(struct topics_opts){
	    &t->v->ops.topics, &t->v->at, t->seals, t->roster});
}

static struct talk *talk_new(struct group_world *w)
{
	struct talk *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->v = vault_new(w);
	t->seals = vault_ready(t->v);
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
	vault_free(t->v);
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

static void test_the_newest_counts(void **state)
{
	struct talk *t = talk_new(*state);
	struct person operator = vault_alice(), bob = {.name = "bob"};

	memcpy(bob.fingerprint, bob_fp, WIRE_HASH);
	operator.role = ROLE_OPERATOR;
	assert_string_equal(topics_text(t->topics), "");
	/* not under the seal, under one that no mark has named, from no operator */
	assert_false(comes(t, &operator, 5, 0, false, "x"));
	assert_false(comes(t, &bob, 5, 1, false, "x"));
	assert_true(comes(t, &operator, 5, 1, false, "at noon"));
	assert_string_equal(topics_text(t->topics), "at noon");
	/* older ones that are read later, and the same again */
	assert_false(comes(t, &operator, 4, 1, true, "earlier"));
	assert_false(comes(t, &operator, 5, 1, true, "at noon"));
	assert_true(comes(t, &operator, 6, 1, false, ""));
	assert_string_equal(topics_text(t->topics), "");
	assert_true(comes(t, &operator, 7, 1, true, "later"));
	/* a later run of the client knows it; another log has none */
	topics_free(t->topics);
	t->topics = topics_of(t);
	assert_string_equal(topics_text(t->topics), "later");
	t->v->w->log[0] ^= 1;
	assert_string_equal(topics_text(t->topics), "");
	t->v->w->log[0] ^= 1;
	talk_free(t);
}

static void test_of_an_older_secret(void **state)
{
	struct talk *t = talk_new(*state);
	struct person operator = vault_alice();

	operator.role = ROLE_OPERATOR;
	seals_add(t->seals, two);
	OK(seals_look(t->seals, true, vault_mark(t->v->w, 2, two)));
	/* live only under the room's secret; in the history both were, in turn */
	assert_false(comes(t, &operator, 5, 1, false, "with the old one"));
	assert_true(comes(t, &operator, 5, 1, true, "with the old one"));
	assert_true(comes(t, &operator, 6, 2, false, "with the new one"));
	assert_false(comes(t, &operator, 7, 1, true, "with the old one again"));
	/* a room that has a secret that we do not have */
	OK(seals_look(t->seals, true, vault_mark(t->v->w, 3, three)));
	assert_false(comes(t, &operator, 8, 2, false, "with the last one"));
	assert_string_equal(topics_text(t->topics), "with the new one");
	talk_free(t);
}

/* Who is an operator: now, by the list; else when they were heard last; and not
 * who was removed. */
static void test_of_whom(void **state)
{
	struct talk *t = talk_new(*state);
	struct person who = vault_alice(), self = {.name = "me", .self = true};
	struct person here = who;

	assert_false(comes(t, &who, 5, 1, true, "of a member"));
	holders_operator(&t->v->at, alice_fp, true);
	assert_true(comes(t, &who, 5, 1, true, "of an operator"));
	here.member = 3;
	OK(roster_add(t->roster, &here, true));
	assert_false(comes(t, &who, 6, 1, true, "no longer one"));
	roster_standing(t->roster, 3, ROLE_OPERATOR, true);
	assert_true(comes(t, &who, 6, 1, true, "one again"));
	holders_removed(&t->v->at, "alice", 1);
	assert_false(comes(t, &who, 7, 1, true, "removed"));
	assert_true(comes(t, &self, 7, 1, true, "mine, from the history"));
	talk_free(t);
}

static void test_own_topics(void **state)
{
	struct talk *t = talk_new(*state);
	struct content_topic c = {.id = {1}, .text = "mine", .text_len = 4};
	struct person operator = vault_alice();
	uint8_t i;

	operator.role = ROLE_OPERATOR;
	topics_own(t->topics, &c);
	assert_string_equal(topics_text(t->topics), "");
	/* somebody else's comes before it in the log, and one after it */
	assert_true(comes(t, &operator, 5, 1, false, "before"));
	topics_sent(t->topics, (uint8_t[WIRE_ID]){9}, "me", 6);
	assert_string_equal(topics_text(t->topics), "before");
	topics_sent(t->topics, c.id, "me", 6);
	assert_string_equal(topics_text(t->topics), "mine");
	c.id[0] = 2;
	topics_own(t->topics, &c);
	assert_true(comes(t, &operator, 8, 1, false, "after"));
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
	    IN_WORLD(test_the_newest_counts),
	    IN_WORLD(test_of_an_older_secret),
	    IN_WORLD(test_of_whom),
	    IN_WORLD(test_own_topics),
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name(
	    "client_topics", tests, NULL, NULL);
}
