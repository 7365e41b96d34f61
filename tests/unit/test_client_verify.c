/* The checker of transcripts: what it accepts, and that it finds every changed bit
 * and every line that was taken out, doubled or moved. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/verify/check.h"
#include "client/verify/part.h"
#include "scribe.h"

static struct pool *pool;
static struct crypto *crypto;

static int begin(void **state)
{
	(void)state;
	pool = pool_new(1);
	crypto = crypto_new();
	return pool == NULL || crypto == NULL;
}

static int end(void **state)
{
	(void)state;
	pool_free(pool);
	crypto_free(crypto);
	return 0;
}

static int file_of(const void *p, size_t n)
{
	int fd = memfd_create("transcript", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static struct check *checker(void)
{
	struct check *c =
	    check_new(&(struct check_opts){.pool = pool, .crypto = crypto});

	assert_non_null(c);
	return c;
}

static struct check *checked(const void *p, size_t n, bool unfinished)
{
	struct check *c = checker();
	int fd = file_of(p, n);

	assert_int_equal(check_file(c, fd, 0, unfinished), 0);
	close(fd);
	return c;
}

/* Whether it is right, and the number of the first line that is not. */
static bool right(const void *p, size_t n, uint64_t *line)
{
	struct check *c = checked(p, n, false);
	bool ok = !check_facts(c)->wrong;

	*line = check_facts(c)->wrong_line;
	check_free(c);
	return ok;
}

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
	c = checked(s.out.p, s.out.len, false);
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

static void test_every_bit(void **state)
{
	struct scribe s;
	uint64_t line;
	size_t i;

	(void)state;
	scribe_init(&s);
	scribe_begin(&s);
	scribe_says(&s, 1, "a");
	scribe_end(&s);
	assert_true(right(s.out.p, s.out.len, &line));
	for (i = 0; i < 8 * s.out.len; i += CONCLAVE_SLOW) {
		s.out.p[i / 8] ^= (uint8_t)(1 << i % 8);
		if (right(s.out.p, s.out.len, &line))
			fail_msg("bit %zu was changed, and not found", i);
		s.out.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < s.out.len; i++)
		if (right(s.out.p, i, &line))
			fail_msg("cut after %zu bytes, and not found", i);
	scribe_free(&s);
}

enum { LINES = 16 };

struct cut {
	const uint8_t *p[LINES];
	size_t n[LINES], count;
};

static void cut(struct cut *c, const struct scribe *s)
{
	const uint8_t *p = s->out.p, *end = p + s->out.len, *lf;

	for (c->count = 0; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		assert_non_null(lf);
		assert_true(c->count < LINES);
		c->p[c->count] = p;
		c->n[c->count++] = (size_t)(lf + 1 - p);
	}
}

/* The lines in this order. */
static bool right_lines(const struct cut *c, const size_t *order, size_t n)
{
	struct buf b;
	uint64_t line;
	size_t i;
	bool ok;

	buf_init(&b, 1 << 20);
	for (i = 0; i < n; i++)
		assert_int_equal(
		    buf_put(&b, c->p[order[i]], c->n[order[i]]), 0);
	ok = right(b.p, b.len, &line);
	buf_free(&b);
	return ok;
}

static void test_every_line(void **state)
{
	size_t order[LINES + 1] = {0}, i, k, n;
	struct scribe s;
	struct cut c;

	(void)state;
	small(&s);
	cut(&c, &s);
	for (i = 0; i < c.count; i++)
		order[i] = i;
	assert_true(right_lines(&c, order, c.count));
	for (i = 0; i < c.count; i++) {
		for (n = 0, k = 0; k < c.count; k++)
			if (k != i)
				order[n++] = k;
		if (right_lines(&c, order, n))
			fail_msg("line %zu was taken out, and not found", i);
		for (n = 0, k = 0; k < c.count; k++) {
			order[n++] = k;
			if (k == i)
				order[n++] = k;
		}
		if (right_lines(&c, order, n))
			fail_msg("line %zu was doubled, and not found", i);
		for (k = i + 1; k < c.count; k++) {
			for (n = 0; n < c.count; n++)
				order[n] = n;
			order[i] = k;
			order[k] = i;
			if (right_lines(&c, order, n))
				fail_msg("lines %zu and %zu changed places, "
					 "and that was not found",
				    i, k);
		}
	}
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
	assert_false(right(s->out.p, s->out.len, &line));
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
	c = checked(s.out.p, s.out.len, true);
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
	c = checked(s.out.p, s.out.len, false);
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
	c = checked(s.out.p, s.out.len, false);
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
	struct check *c = checker();
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
	fd = file_of(s.out.p, first);
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
	fd = file_of(s.out.p + first, s.out.len - first);
	assert_int_equal(check_file(c, fd, 1, true), 0);
	close(fd);
	assert_false(check_facts(c)->wrong);
	assert_false(check_facts(c)->ended);
	assert_int_equal(check_facts(c)->messages, 3);
	assert_int_equal(check_facts(c)->n_gaps, 0);
	check_free(c);
	/* Without --unfinished the end is missed. */
	c = checked(s.out.p + first, s.out.len - first, false);
	assert_true(check_facts(c)->wrong);
	check_free(c);
	buf_free(&body);
	scribe_free(&s);
}

static struct part_result parted(const struct scribe *a, const struct scribe *b)
{
	int fd[2] = {
	    file_of(a->out.p, a->out.len), file_of(b->out.p, b->out.len)};
	const struct part_files x = {&fd[0], 1}, y = {&fd[1], 1};
	struct part_result out;

	assert_int_equal(part_find(crypto, &out, &x, &y), 0);
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
	    cmocka_unit_test(test_every_bit),
	    cmocka_unit_test(test_every_line),
	    cmocka_unit_test(test_liars),
	    cmocka_unit_test(test_a_fork_in_it),
	    cmocka_unit_test(test_what_the_server_signs),
	    cmocka_unit_test(test_files_go_on),
	    cmocka_unit_test(test_where_two_part),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
