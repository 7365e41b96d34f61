/* The checker of transcripts: what it accepts, and that it finds every changed bit
 * and every line that was taken out, doubled or moved. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/verify/part.h"
#include "checked.h"
#include "scribe.h"

static void small(struct scribe *s)
{
	scribe_init(s);
	scribe_begin(s);
	scribe_says(s, 0, NULL);
	scribe_says(s, 1, "a");
	scribe_says(s, 2, "b");
	scribe_digest(s, 8);
	scribe_end(s);
}

static void test_what_is_proved(void **state)
{
	const struct check_facts *f;
	struct scribe s;
	struct check *c;

	(void)state;
	scribe_init(&s);
	scribe_begin(&s);
	scribe_says(&s, 0, NULL);
	scribe_says(&s, 1, "one");
	scribe_says(&s, 2, "two");
	scribe_digest(&s, 8);
	scribe_gap(&s, 10, 3);
	s.seq[1]++; /* what was not recorded */
	scribe_says(&s, 1, "three");
	s.seq[1] += 2; /* the server has kept two back */
	scribe_says(&s, 1, "four");
	scribe_end(&s);
	c = checked_one(s.out.p, s.out.len, false);
	f = check_facts(c);
	assert_false(f->wrong);
	assert_true(f->ended);
	assert_int_equal(f->entries, 6);
	assert_int_equal(f->messages, 4);
	assert_int_equal(f->notices, 1);
	assert_int_equal(f->digests, 1);
	assert_int_equal(f->first, 1);
	assert_int_equal(f->last, 12);
	assert_int_equal(f->n_gaps, 1);
	assert_int_equal(f->gap[0].first, 5);
	assert_int_equal(f->gap[0].last, 10);
	assert_int_equal(f->missing, 2);
	assert_int_equal(f->n_people, 2);
	assert_string_equal(f->person[0].name, "alice");
	assert_int_equal(f->person[0].messages, 3);
	assert_int_equal(f->person[0].seen, 11);
	assert_int_equal(f->person[1].seen, 2);
	assert_int_equal(f->n_forks, 0);
	assert_memory_equal(f->chain, s.at.chain, WIRE_HASH);
	check_free(c);
	scribe_free(&s);
}

/* What somebody who wants the messages is told, one a line. */
struct told {
	char text[1024];
	size_t n;
};

static void tell(
    void *arg, uint64_t offset, const char *name, const struct content *c)
{
	struct told *t = arg;
	const char *what = "?";

	if (c->type == CONTENT_MESSAGE)
		what = c->u.said.text;
	else if (c->type == CONTENT_TOPIC)
		what = c->u.topic.text;
	else if (c->type == CONTENT_NOTICE)
		what = c->u.notice.more.topic;
	t->n += (size_t)snprintf(t->text + t->n, sizeof(t->text) - t->n,
	    "%d %s %d %s\n", (int)offset, name, (int)c->type, what);
	assert_true(t->n < sizeof(t->text));
}

/* Topics are told with the messages, and are not counted as such: of members, and
 * of the server where the room is open. */
static void test_topics(void **state)
{
	struct told t = {.n = 0};
	char want[256];
	struct scribe s;
	struct check *c;

	(void)state;
	scribe_init(&s);
	scribe_begin(&s);
	scribe_says(&s, 0, NULL);
	scribe_room(&s, "tea", false);
	scribe_room(&s, "seal 1 AAAA", true);
	scribe_says(&s, 1, "one");
	scribe_topic(&s, 2, "milk");
	scribe_topic(&s, 1, "");
	scribe_end(&s);
	c = checked_told(s.out.p, s.out.len,
	    &(struct check_opts){.message = tell, .arg = &t});
	assert_false(check_facts(c)->wrong);
	assert_int_equal(check_facts(c)->messages, 1);
	assert_int_equal(check_facts(c)->asides, 2);
	assert_int_equal(check_facts(c)->notices, 3);
	snprintf(want, sizeof(want),
	    "2  %d tea\n4 alice %d one\n5 bob %d milk\n6 alice %d \n",
	    CONTENT_NOTICE, CONTENT_MESSAGE, CONTENT_TOPIC, CONTENT_TOPIC);
	assert_string_equal(t.text, want);
	check_free(c);
	checked_every_bit(&s.out);
	scribe_free(&s);
}

static void test_every_bit(void **state)
{
	struct scribe s;

	(void)state;
	scribe_init(&s);
	scribe_begin(&s);
	scribe_says(&s, 1, "a");
	scribe_end(&s);
	checked_every_bit(&s.out);
	scribe_free(&s);
}

static void test_every_line(void **state)
{
	struct scribe s;

	(void)state;
	small(&s);
	checked_every_line(&s.out);
	scribe_free(&s);
}

/* A liar who makes all hashes anew still cannot sign. */
static void lie(struct scribe *s, void (*how)(struct scribe *), uint64_t at)
{
	uint64_t line;

	scribe_init(s);
	scribe_begin(s);
	scribe_says(s, 1, "a");
	how(s);
	scribe_end(s);
	assert_false(checked_right(s->out.p, s->out.len, &line));
	assert_int_equal(line, at);
	scribe_free(s);
}

static void as_bob(struct scribe *s)
{
	struct identity *alice = s->id[1];

	s->id[1] = s->id[2];
	scribe_says(s, 1, "not hers");
	s->id[1] = alice;
}

static void again(struct scribe *s)
{
	s->seq[1]--;
	scribe_says(s, 1, "a");
}

static void elsewhere(struct scribe *s)
{
	s->session[0] ^= 1;
	scribe_says(s, 1, "in another run");
}

static void other_people(struct scribe *s)
{
	s->roster[0] ^= 1;
	scribe_says(s, 1, "among others");
}

static void other_offset(struct scribe *s)
{
	s->at.offset++;
	scribe_says(s, 1, "later");
}

static void back(struct scribe *s)
{
	scribe_gap(s, 0, 0);
}

static void another_past(struct scribe *s)
{
	scribe_gap(s, 1, 9);
}

static void test_liars(void **state)
{
	struct scribe s;

	(void)state;
	lie(&s, as_bob, 7);
	lie(&s, again, 7);
	lie(&s, elsewhere, 7);
	lie(&s, other_people, 7);
	lie(&s, other_offset, 7);
	lie(&s, back, 7);
	lie(&s, another_past, 7);
}

static void test_a_fork_in_it(void **state)
{
	const struct check_facts *f;
	struct log_head at;
	struct scribe s;
	struct check *c;

	(void)state;
	scribe_init(&s);
	scribe_begin(&s);
	scribe_says(&s, 1, "a");
	/* bob has seen another entry 1. */
	at = s.at;
	s.at.chain[0] ^= 1;
	scribe_says(&s, 2, "b");
	s.at = at;
	c = checked_one(s.out.p, s.out.len, true);
	f = check_facts(c);
	assert_false(f->wrong);
	assert_int_equal(f->n_forks, 1);
	assert_string_equal(f->fork_who, "bob");
	assert_int_equal(f->fork_entry, 2);
	assert_int_equal(f->fork_at, 1);
	check_free(c);
	scribe_free(&s);
}

static void test_what_the_server_signs(void **state)
{
	const struct check_facts *f;
	struct log_head at;
	struct scribe s;
	struct check *c;

	(void)state;
	scribe_init(&s);
	scribe_begin(&s);
	scribe_says(&s, 1, "a");
	scribe_checkpoint(&s, &s.at);
	scribe_gap(&s, 10, 3);
	scribe_says(&s, 1, "b");
	at = s.at;
	scribe_says(&s, 1, "c");
	scribe_checkpoint(&s, &at); /* of an entry before the newest */
	scribe_says(&s, 1, "d");
	scribe_end(&s);
	c = checked_one(s.out.p, s.out.len, false);
	f = check_facts(c);
	assert_false(f->wrong);
	assert_int_equal(f->checkpoints, 2);
	assert_int_equal(f->signed_to, 11);
	assert_int_equal(f->signed_first, 11);
	assert_int_equal(f->signed_ms, 5000);
	assert_int_equal(f->n_forks, 0);
	check_free(c);
	scribe_free(&s);
	/* One that is of another log, of what was not recorded, or of later. */
	scribe_init(&s);
	scribe_begin(&s);
	scribe_says(&s, 1, "a");
	at = s.at;
	at.offset = 9;
	scribe_checkpoint(&s, &at);
	at = s.at;
	at.chain[31] ^= 1;
	scribe_checkpoint(&s, &at);
	scribe_end(&s);
	c = checked_one(s.out.p, s.out.len, false);
	f = check_facts(c);
	assert_false(f->wrong);
	assert_int_equal(f->checkpoints, 0);
	assert_int_equal(f->n_forks, 1);
	assert_string_equal(f->fork_who, "server");
	assert_int_equal(f->fork_entry, 3);
	assert_int_equal(f->fork_at, 2);
	check_free(c);
	scribe_free(&s);
}

/* A series of files, and a writer that was killed and goes on. */
static void test_files_go_on(void **state)
{
	struct transcript_line l;
	struct scribe s;
	struct check *c = checked_new();
	struct buf body;
	size_t first;
	int fd;

	(void)state;
	buf_init(&body, TRANSCRIPT_LINE_MAX);
	scribe_init(&s);
	scribe_begin(&s);
	scribe_says(&s, 1, "a");
	/* Killed here; the next start goes on. */
	scribe_begin(&s);
	scribe_says(&s, 1, "b");
	scribe_end(&s);
	first = s.out.len;
	fd = checked_file(s.out.p, first);
	assert_int_equal(check_file(c, fd, 0, false), 0);
	close(fd);
	assert_false(check_facts(c)->wrong);
	s.number = 2;
	scribe_begin(&s);
	scribe_says(&s, 2, "c");
	assert_int_equal(transcript_get(&l, &body, (char *)s.out.p + first,
			     (size_t)((uint8_t *)memchr(s.out.p + first, '\n',
					  s.out.len - first) -
				      (s.out.p + first))),
	    0);
	assert_true(check_continues(c, &l));
	fd = checked_file(s.out.p + first, s.out.len - first);
	assert_int_equal(check_file(c, fd, 1, true), 0);
	close(fd);
	assert_false(check_facts(c)->wrong);
	assert_false(check_facts(c)->ended);
	assert_int_equal(check_facts(c)->messages, 3);
	assert_int_equal(check_facts(c)->n_gaps, 0);
	check_free(c);
	/* Without --unfinished the end is missed. */
	c = checked_one(s.out.p + first, s.out.len - first, false);
	assert_true(check_facts(c)->wrong);
	check_free(c);
	buf_free(&body);
	scribe_free(&s);
}

static struct part_result parted(const struct scribe *a, const struct scribe *b)
{
	int fd[2] = {
	    checked_file(a->out.p, a->out.len), checked_file(b->out.p, b->out.len)};
	const struct part_files x = {&fd[0], 1}, y = {&fd[1], 1};
	struct part_result out;

	assert_int_equal(part_find(a->crypto, &out, &x, &y), 0);
	close(fd[0]);
	close(fd[1]);
	return out;
}

static void test_where_two_part(void **state)
{
	struct part_result r;
	struct scribe a, b;

	(void)state;
	scribe_init(&a);
	scribe_init(&b);
	scribe_begin(&a);
	scribe_says(&a, 1, "a");
	scribe_says(&a, 1, "b");
	/* The second writer came later. */
	b.at = a.at;
	b.seq[1] = 2;
	scribe_begin(&b);
	scribe_says(&a, 1, "c");
	scribe_says(&b, 1, "c");
	r = parted(&a, &b);
	assert_false(r.parts);
	assert_int_equal(r.first, 2);
	assert_int_equal(r.agreed, 3);
	scribe_says(&a, 1, "d");
	scribe_says(&b, 1, "D");
	scribe_says(&b, 1, "e");
	r = parted(&a, &b);
	assert_true(r.parts);
	assert_int_equal(r.at, 4);
	assert_int_equal(r.agreed, 3);
	scribe_free(&a);
	scribe_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_proved),
	    cmocka_unit_test(test_topics),
	    cmocka_unit_test(test_every_bit),
	    cmocka_unit_test(test_every_line),
	    cmocka_unit_test(test_liars),
	    cmocka_unit_test(test_a_fork_in_it),
	    cmocka_unit_test(test_what_the_server_signs),
	    cmocka_unit_test(test_files_go_on),
	    cmocka_unit_test(test_where_two_part),
	};

	return cmocka_run_group_tests(tests, checked_begin, checked_end);
}
