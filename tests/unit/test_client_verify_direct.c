/* The checker of transcripts of direct messages: what it accepts, what it counts, and
 * that it finds every change. */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checked.h"
#include "client/verify/part.h"
#include "scribe.h"
#include "shared/proto/direct.h"

static void small(struct scribe *s)
{
	scribe_init(s);
	scribe_direct_begin(s, 1);
	scribe_letter(s, s->id[1], s->id[2], 1, "a");
	scribe_letter(s, s->id[2], s->id[1], 2, "b");
	scribe_direct_end(s);
}

static void test_what_is_proved(void **state)
{
	uint8_t seed[32] = {9};
	struct identity *tablet = identity_from_seed(seed);
	const struct check_facts *f;
	struct scribe s;
	struct check *c;

	(void)state;
	scribe_init(&s);
	scribe_direct_begin(&s, 1);
	scribe_device(&s, "bob", tablet);
	/* One message has a frame for each device. */
	scribe_letter(&s, s.id[1], s.id[2], 1, "one");
	scribe_letter(&s, s.id[1], tablet, 1, "one");
	scribe_letter(&s, s.id[2], s.id[1], 2, "two");
	scribe_letter(&s, s.id[2], s.id[1], 2, "two"); /* it came again */
	/* Both devices have shown it, one of them twice; nobody has said so of
	 * bob's own. */
	scribe_shown(&s, s.id[2], s.id[1], 1);
	scribe_shown(&s, s.id[2], s.id[1], 1);
	scribe_shown(&s, tablet, s.id[1], 1);
	scribe_shown(&s, s.id[2], s.id[1], 2);
	scribe_letter(&s, tablet, s.id[1], 3, "three");
	scribe_direct_end(&s);
	c = checked_one(s.out.p, s.out.len, false);
	f = check_facts(c);
	assert_false(f->wrong);
	assert_true(f->ended && f->head.direct);
	assert_string_equal(f->head.with, "bob");
	assert_int_equal(f->entries, 9);
	assert_int_equal(f->messages, 3);
	assert_int_equal(f->shown, 1);
	assert_int_equal(f->asides, 4);
	assert_int_equal(f->copies, 0);
	assert_int_equal(f->n_people, 3);
	assert_string_equal(f->person[0].name, "alice");
	assert_string_equal(f->person[2].name, "bob");
	assert_int_equal(f->person[0].messages, 1);
	assert_int_equal(f->n_pairs, 4);
	assert_string_equal(f->pair[1].to_name, "bob");
	assert_int_equal(f->pair[2].frames, 1);
	assert_int_equal(f->from_ms, 1001);
	assert_int_equal(f->to_ms, 1003);
	check_free(c);
	scribe_free(&s);
	identity_free(tablet);
}

static void test_a_copy(void **state)
{
	uint8_t seed[32] = {9};
	struct identity *desk = identity_from_seed(seed);
	struct content_said said = {
	    .id = {7}, .text = "hi", .text_len = 2, .peer = "bob"};
	struct scribe s;
	struct buf content;
	struct check *c;

	(void)state;
	scribe_init(&s);
	scribe_direct_begin(&s, 1);
	scribe_device(&s, "alice", desk);
	buf_init(&content, WIRE_JSON_MAX);
	assert_int_equal(
	    content_said(&content, CONTENT_MESSAGE, &said, 1000), 0);
	scribe_direct(&s, desk, s.id[1], &content);
	buf_clear(&content);
	/* What is no content proves its author all the same. */
	assert_int_equal(buf_put(&content, "not JSON", 8), 0);
	scribe_direct(&s, s.id[2], s.id[1], &content);
	buf_free(&content);
	c = checked_one(s.out.p, s.out.len, true);
	assert_false(check_facts(c)->wrong);
	assert_int_equal(check_facts(c)->messages, 1);
	assert_int_equal(check_facts(c)->copies, 1);
	assert_int_equal(check_facts(c)->asides, 1);
	check_free(c);
	scribe_free(&s);
	identity_free(desk);
}

static void test_every_bit_and_line(void **state)
{
	struct scribe s;

	(void)state;
	small(&s);
	checked_every_line(&s.out);
	scribe_free(&s);
	scribe_init(&s);
	scribe_direct_begin(&s, 2);
	scribe_letter(&s, s.id[1], s.id[2], 1, "a");
	scribe_direct_end(&s);
	checked_every_bit(&s.out);
	scribe_free(&s);
}

/* A liar who makes all hashes anew still cannot sign. */
static void lie(void (*how)(struct scribe *), uint64_t at)
{
	struct scribe s;
	uint64_t line;

	small(&s);
	scribe_free(&s);
	scribe_init(&s);
	scribe_direct_begin(&s, 1);
	scribe_letter(&s, s.id[1], s.id[2], 1, "a");
	how(&s);
	scribe_direct_end(&s);
	assert_false(checked_right(s.out.p, s.out.len, &line));
	assert_int_equal(line, at);
	scribe_free(&s);
}

/* The last line again, with this done to its frame. */
static void bent(struct scribe *s,
    void (*bend)(struct scribe *, struct transcript_line *, struct buf *))
{
	const char *end = (const char *)s->out.p + s->out.len - 1;
	const char *line =
	    (const char *)memrchr(s->out.p, '\n', s->out.len - 1) + 1;
	struct transcript_line l;
	struct buf body;

	buf_init(&body, TRANSCRIPT_LINE_MAX);
	assert_int_equal(
	    transcript_get(&l, &body, line, (size_t)(end - line)), 0);
	bend(s, &l, &body);
	scribe_put(s, &l);
	buf_free(&body);
}

/* alice's words, as if bob had said them: the key is known to both. */
static void sign_as(
    struct scribe *s, struct transcript_line *l, struct buf *body)
{
	uint8_t fp[WIRE_HASH];
	struct buf plain;

	buf_init(&plain, WIRE_JSON_MAX);
	assert_int_equal(buf_reserve(&plain, body->len), 0);
	assert_int_equal(
	    crypto_open(s->crypto, plain.p, l->key, l->key + WIRE_KEY,
		body->p + 8, 128, body->p + 136, body->len - 136),
	    0);
	assert_int_equal(
	    ed25519_fingerprint(s->crypto, fp, identity_public(s->id[2])), 0);
	memcpy(body->p + 40, fp, WIRE_HASH);
	assert_int_equal(
	    ed25519_fingerprint(s->crypto, fp, identity_public(s->id[1])), 0);
	memcpy(body->p + 8, fp, WIRE_HASH);
	assert_int_equal(
	    crypto_seal(s->crypto, body->p + 136, l->key, l->key + WIRE_KEY,
		body->p + 8, 128, plain.p, body->len - 152),
	    0);
	buf_free(&plain);
}

static void another_key(
    struct scribe *s, struct transcript_line *l, struct buf *body)
{
	(void)s;
	(void)body;
	l->key[0] ^= 1;
}

static void another_e(
    struct scribe *s, struct transcript_line *l, struct buf *body)
{
	(void)s;
	(void)l;
	body->p[104] ^= 1;
}

static void as_bob(struct scribe *s)
{
	bent(s, sign_as);
}

static void wrong_key(struct scribe *s)
{
	bent(s, another_key);
}

static void wrong_e(struct scribe *s)
{
	bent(s, another_e);
}

static void elsewhere(struct scribe *s)
{
	s->server[0] ^= 1;
	scribe_letter(s, s->id[1], s->id[2], 2, "on another server");
}

static void of_others(struct scribe *s)
{
	scribe_device(s, "carol", s->id[0]);
	scribe_letter(s, s->id[2], s->id[0], 2, "not the writer's");
}

static void unnamed(struct scribe *s)
{
	scribe_letter(s, s->id[0], s->id[1], 2, "whose is it?");
}

static void to_unnamed(struct scribe *s)
{
	scribe_letter(s, s->id[1], s->id[0], 2, "to whom?");
}

static void an_entry(struct scribe *s)
{
	scribe_digest(s, 3);
}

static void a_room_begins(struct scribe *s)
{
	scribe_begin(s);
}

static void a_room_ends(struct scribe *s)
{
	scribe_end(s);
}

static void with_another(struct scribe *s)
{
	struct transcript_line l = {
	    .type = TRANSCRIPT_HEAD, .number = 1, .direct = true, .ts = 1};

	memcpy(l.previous, s->hash, WIRE_HASH);
	memcpy(l.server, identity_public(s->id[0]), WIRE_ED25519);
	memcpy(l.identity, identity_public(s->id[1]), WIRE_ED25519);
	snprintf(l.name, sizeof(l.name), "alice");
	snprintf(l.with, sizeof(l.with), "carol");
	scribe_put(s, &l);
}

/* Before the head, the devices of an earlier start are forgotten. */
static void forgotten(struct scribe *s)
{
	struct transcript_line l = {
	    .type = TRANSCRIPT_HEAD, .number = 1, .direct = true, .ts = 1};

	memcpy(l.previous, s->hash, WIRE_HASH);
	memcpy(l.server, identity_public(s->id[0]), WIRE_ED25519);
	memcpy(l.identity, identity_public(s->id[1]), WIRE_ED25519);
	snprintf(l.name, sizeof(l.name), "alice");
	snprintf(l.with, sizeof(l.with), "bob");
	scribe_put(s, &l);
	scribe_letter(s, s->id[1], s->id[2], 2, "to whom?");
}

static void test_liars(void **state)
{
	(void)state;
	lie(as_bob, 4);
	lie(wrong_key, 4);
	lie(wrong_e, 4);
	lie(elsewhere, 4);
	lie(of_others, 5);
	lie(unnamed, 4);
	lie(to_unnamed, 4);
	lie(an_entry, 4);
	lie(a_room_begins, 4);
	lie(a_room_ends, 4);
	lie(with_another, 4);
	lie(forgotten, 5);
}

/* A line of direct messages in a room's transcript. */
static void test_in_a_room(void **state)
{
	struct scribe s;
	uint64_t line;

	(void)state;
	scribe_init(&s);
	scribe_begin(&s);
	scribe_letter(&s, s.id[1], s.id[2], 1, "a");
	scribe_end(&s);
	assert_false(checked_right(s.out.p, s.out.len, &line));
	assert_int_equal(line, 6);
	scribe_free(&s);
	scribe_init(&s);
	scribe_begin(&s);
	scribe_direct_end(&s);
	assert_false(checked_right(s.out.p, s.out.len, &line));
	assert_int_equal(line, 6);
	scribe_free(&s);
}

/* More messages than are remembered: the newest count once. */
static void test_the_newest_count_once(void **state)
{
	uint8_t id[WIRE_ID] = {0};
	struct content_said said = {.text = "x", .text_len = 1};
	struct scribe s;
	struct buf content;
	struct check *c;
	uint64_t i;

	(void)state;
	scribe_init(&s);
	scribe_direct_begin(&s, 1);
	buf_init(&content, WIRE_JSON_MAX);
	for (i = 0; i < CHECK_SEEN + 10; i++) {
		/* All in one chain, but for two. */
		put_u64(id + 8, i);
		id[0] = i == 5;
		memcpy(said.id, id, WIRE_ID);
		buf_clear(&content);
		assert_int_equal(
		    content_said(&content, CONTENT_MESSAGE, &said, 1), 0);
		scribe_direct(&s, s.id[1], s.id[2], &content);
	}
	scribe_direct(&s, s.id[1], s.id[2], &content); /* remembered */
	put_u64(said.id + 8, 1);		       /* not any more */
	buf_clear(&content);
	assert_int_equal(content_said(&content, CONTENT_MESSAGE, &said, 1), 0);
	scribe_direct(&s, s.id[1], s.id[2], &content);
	buf_free(&content);
	c = checked_one(s.out.p, s.out.len, true);
	assert_false(check_facts(c)->wrong);
	assert_int_equal(check_facts(c)->entries, CHECK_SEEN + 12);
	assert_int_equal(check_facts(c)->messages, CHECK_SEEN + 11);
	check_free(c);
	scribe_free(&s);
}

/* The same frames in the files of both; each has one that the other lacks. */
static void test_both_ends(void **state)
{
	struct scribe a, b;
	struct part_result r;
	uint8_t fp[2][WIRE_HASH];
	int fd[2];

	(void)state;
	scribe_init(&a);
	scribe_init(&b);
	scribe_direct_begin(&a, 1);
	scribe_direct_begin(&b, 2);
	scribe_letter(&a, a.id[1], a.id[2], 1, "one");
	scribe_letter(&b, b.id[1], b.id[2], 1, "one");
	scribe_letter(&a, a.id[2], a.id[1], 2, "two");
	scribe_letter(&b, b.id[2], b.id[1], 2, "two");
	scribe_letter(&b, b.id[2], b.id[1], 2, "again");
	a.random = 100;
	scribe_letter(&a, a.id[1], a.id[2], 3, "lost");
	scribe_letter(&a, a.id[1], a.id[2], 4, "lost too");
	/* Neither is between the two. */
	scribe_device(&a, "bob", a.id[0]);
	scribe_letter(&a, a.id[1], a.id[0], 5, "to another device");
	fd[0] = checked_file(a.out.p, a.out.len);
	fd[1] = checked_file(b.out.p, b.out.len);
	assert_int_equal(
	    ed25519_fingerprint(a.crypto, fp[0], identity_public(a.id[1])), 0);
	assert_int_equal(
	    ed25519_fingerprint(a.crypto, fp[1], identity_public(a.id[2])), 0);
	{
		const struct part_files x = {&fd[0], 1}, y = {&fd[1], 1};
		const struct part_talk tx = {&x, fp[0]}, ty = {&y, fp[1]};

		assert_int_equal(part_talk(a.crypto, &r, &tx, &ty), 0);
	}
	assert_int_equal(r.common, 2);
	assert_int_equal(r.only_a, 2);
	assert_int_equal(r.only_b, 1);
	assert_false(r.parts);
	close(fd[0]);
	close(fd[1]);
	scribe_free(&a);
	scribe_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_proved),
	    cmocka_unit_test(test_a_copy),
	    cmocka_unit_test(test_every_bit_and_line),
	    cmocka_unit_test(test_liars),
	    cmocka_unit_test(test_in_a_room),
	    cmocka_unit_test(test_the_newest_count_once),
	    cmocka_unit_test(test_both_ends),
	};

	return cmocka_run_group_tests(tests, checked_begin, checked_end);
}
