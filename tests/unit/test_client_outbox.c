/* Unit tests for the outbox (messages that the server has not acknowledged) and
 * the event queue. */
#include "client/session/events.h"
#include "client/session/outbox.h"
#include "tests/unit/check.h"

#define TEST(name) static void name(void **state)

static const uint8_t an_id[WIRE_ID] = "0123456789abcdef";

static void put(struct outbox *o, const char *s)
{
	assert_int_equal(outbox_put(o, an_id, s, strlen(s), 0), 0);
}

/* Seals the next message, which must be this one. */
static void seal(struct outbox *o, uint64_t want_seq, const char *want)
{
	struct part p;
	uint64_t seq;

	assert_true(outbox_next(o, &p, &seq));
	assert_int_equal(seq, want_seq);
	assert_int_equal(p.n, strlen(want));
	assert_memory_equal(p.p, want, p.n);
	outbox_sealed(o);
}

static bool all_sealed(struct outbox *o)
{
	struct part p;
	uint64_t seq;

	return !outbox_next(o, &p, &seq);
}

TEST(in_order_from_one)
{
	struct outbox *o = outbox_new();

	(void)state;
	assert_true(all_sealed(o));
	put(o, "a");
	put(o, "b");
	seal(o, 1, "a");
	seal(o, 2, "b");
	assert_true(all_sealed(o));
	put(o, "c");
	seal(o, 3, "c");
	assert_int_equal(outbox_ack(o, 2), 0);
	assert_int_equal(outbox_count(o), 1);
	assert_int_equal(outbox_acked(o), 2);
	assert_int_equal(outbox_last(o), 3);
	assert_int_equal(outbox_ack(o, 3), 0);
	assert_int_equal(outbox_count(o), 0);
	outbox_free(o);
}

TEST(a_fence_seals_the_rest_with_its_numbers)
{
	struct outbox *o = outbox_new();

	(void)state;
	put(o, "a");
	put(o, "b");
	put(o, "c");
	seal(o, 1, "a");
	seal(o, 2, "b");
	assert_int_equal(outbox_ack(o, 1), 0);
	outbox_fence(o);
	seal(o, 2, "b");
	seal(o, 3, "c");
	assert_true(all_sealed(o));
	outbox_free(o);
}

TEST(a_new_connection_begins_at_one)
{
	struct outbox *o = outbox_new();

	(void)state;
	put(o, "a");
	put(o, "b");
	seal(o, 1, "a");
	seal(o, 2, "b");
	assert_int_equal(outbox_ack(o, 1), 0);
	outbox_restart(o);
	seal(o, 1, "b");
	assert_int_equal(outbox_ack(o, 1), 0);
	outbox_free(o);
}

TEST(acks_of_what_was_not_sent)
{
	struct outbox *o = outbox_new();

	(void)state;
	assert_int_equal(outbox_ack(o, 0), 0);
	assert_int_equal(outbox_ack(o, 1), ERR_STATE);
	put(o, "a");
	put(o, "b");
	assert_int_equal(outbox_ack(o, 1), ERR_STATE);
	seal(o, 1, "a");
	assert_int_equal(outbox_ack(o, 2), ERR_STATE);
	assert_int_equal(outbox_ack(o, UINT64_MAX), ERR_STATE);
	assert_int_equal(outbox_ack(o, 1), 0);
	assert_int_equal(outbox_ack(o, 1), 0);
	assert_int_equal(outbox_ack(o, 0), ERR_STATE);
	/* Frames after a fence can only be acknowledged before it. */
	seal(o, 2, "b");
	outbox_fence(o);
	assert_int_equal(outbox_ack(o, 2), ERR_STATE);
	assert_int_equal(outbox_count(o), 1);
	outbox_free(o);
}

TEST(both_bounds)
{
	struct outbox *o = outbox_new();
	char *big = calloc(1, 1 << 20);
	size_t i;

	(void)state;
	assert_non_null(big);
	for (i = 0; i < 4; i++)
		assert_int_equal(outbox_put(o, an_id, big, 1 << 20, 0), 0);
	assert_int_equal(outbox_put(o, an_id, big, 1, 0), ERR_LIMIT);
	outbox_clear(o);
	assert_int_equal(outbox_count(o), 0);
	for (i = 0; i < OUTBOX_MESSAGES; i++)
		assert_int_equal(outbox_put(o, an_id, big, 1, 0), 0);
	assert_int_equal(outbox_put(o, an_id, big, 1, 0), ERR_LIMIT);
	assert_int_equal(outbox_count(o), OUTBOX_MESSAGES);
	free(big);
	outbox_free(o);
	outbox_free(NULL);
}

/* Whom a message is for stays with it, through acknowledgements and drops. */
TEST(whom_they_are_for)
{
	struct outbox *o = outbox_new();
	char text[2] = "a";
	size_t i;

	(void)state;
	assert_int_equal(outbox_earliest(o), UINT64_MAX);
	for (i = 0; i < 40; i++) {
		text[0] = (char)('A' + i);
		assert_int_equal(outbox_put(o, an_id, text, 1, 100 + i), 0);
		if (i % 4 == 3) {
			seal(o, i / 4 + 1, (char[]){(char)('A' + i / 4), 0});
			assert_int_equal(outbox_ack(o, i / 4 + 1), 0);
		}
	}
	/* 10 of 40 are acknowledged. */
	assert_int_equal(outbox_count(o), 30);
	assert_int_equal(outbox_earliest(o), 110);
	assert_int_equal(outbox_for(o, 0)->said, 110);
	assert_int_equal(outbox_for(o, 29)->said, 139);
	outbox_agree(o, 1, 200);
	assert_int_equal(outbox_for(o, 1)->said, 111);
	assert_int_equal(outbox_for(o, 1)->agreed, 200);
	seal(o, 11, "K");
	assert_int_equal(outbox_in_flight(o), 1);
	outbox_drop(o, 2);
	outbox_drop(o, 28);
	assert_int_equal(outbox_count(o), 28);
	seal(o, 12, "L");
	seal(o, 13, "N");
	assert_int_equal(outbox_for(o, 2)->said, 113);
	assert_int_equal(outbox_for(o, 27)->said, 138);
	assert_int_equal(outbox_ack(o, 13), 0);
	assert_int_equal(outbox_earliest(o), 114);
	outbox_restart(o);
	seal(o, 1, "O");
	seal(o, 2, "P");
	outbox_free(o);
}

/* Many rounds through the ring, checked against a simple counter. */
TEST(the_ring_turns)
{
	struct outbox *o = outbox_new();
	uint64_t said = 0, acked = 0, random = 42, sealed = 0;
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		switch (check_random(&random) % 4) {
		case 0:
		case 1:
			snprintf(text, sizeof(text), "m%llu",
			    (unsigned long long)++said);
			put(o, text);
			break;
		case 2:
			if (sealed == said)
				break;
			snprintf(text, sizeof(text), "m%llu",
			    (unsigned long long)++sealed);
			seal(o, sealed, text);
			break;
		default:
			acked += check_random(&random) % (sealed - acked + 1);
			assert_int_equal(outbox_ack(o, acked), 0);
			if (check_random(&random) % 64 == 0) {
				outbox_fence(o);
				sealed = acked;
			}
		}
		assert_int_equal(outbox_count(o), said - acked);
		assert_int_equal(outbox_last(o), said);
	}
	outbox_free(o);
}

/* --- events ------------------------------------------------------------- */

TEST(events_keep_what_they_point_to)
{
	struct events *q = events_new();
	struct person p = {.member = 7, .name = "bob"};
	char text[] = "hello", reason[] = "why", word[] = "w";
	const struct event *e;

	(void)state;
	assert_null(events_next(q));
	assert_int_equal(events_push(q, &(struct event){.type = EVENT_DROPPED,
					    .person = &p,
					    .text = text,
					    .text_len = 5,
					    .reason = reason,
					    .word = word}),
	    0);
	assert_int_equal(events_push(q, &(struct event){.type = EVENT_RTT}), 0);
	memset(text, 'x', 5);
	memset(reason, 'x', 3);
	word[0] = 'x';
	p.name[0] = 'x';
	e = events_next(q);
	assert_string_equal(e->text, "hello");
	assert_string_equal(e->reason, "why");
	assert_string_equal(e->word, "w");
	assert_string_equal(e->person->name, "bob");
	e = events_next(q);
	assert_int_equal(e->type, EVENT_RTT);
	assert_string_equal(e->text, "");
	assert_null(e->person);
	assert_null(events_next(q));
	events_free(q);
	events_free(NULL);
}

TEST(the_newest_event_can_be_taken_back)
{
	struct events *q = events_new();

	(void)state;
	events_unpush(q);
	assert_int_equal(events_push(q, &(struct event){.type = EVENT_RTT}), 0);
	events_unpush(q);
	assert_null(events_next(q));
	assert_int_equal(events_push(q, &(struct event){.type = EVENT_RTT}), 0);
	assert_int_equal(
	    events_push(q, &(struct event){.type = EVENT_SENT}), 0);
	events_unpush(q);
	assert_int_equal(events_next(q)->type, EVENT_RTT);
	assert_null(events_next(q));
	events_free(q);
}

TEST(events_are_bounded_but_for_the_last)
{
	struct events *q = events_new();
	enum event_type last = EVENT_RTT;
	const struct event *e;
	size_t i;

	(void)state;
	for (i = 0; i < EVENTS_MAX; i++)
		assert_int_equal(
		    events_push(q, &(struct event){.type = EVENT_RTT}), 0);
	assert_int_equal(
	    events_push(q, &(struct event){.type = EVENT_RTT}), ERR_LIMIT);
	assert_int_equal(
	    events_push(q, &(struct event){.type = EVENT_CLOSED}), 0);
	for (i = 0; (e = events_next(q)) != NULL; i++)
		last = e->type;
	assert_int_equal(i, EVENTS_MAX + 1);
	assert_int_equal(last, EVENT_CLOSED);
	events_free(q);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(in_order_from_one);
	ADD(a_fence_seals_the_rest_with_its_numbers);
	ADD(a_new_connection_begins_at_one);
	ADD(acks_of_what_was_not_sent);
	ADD(both_bounds);
	ADD(whom_they_are_for);
	ADD(the_ring_turns);
	ADD(events_keep_what_they_point_to);
	ADD(the_newest_event_can_be_taken_back);
	ADD(events_are_bounded_but_for_the_last);
	return check_run("client outbox and events", &g);
}
