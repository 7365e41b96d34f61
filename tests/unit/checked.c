/* Runs the checker of transcripts over bytes in memory. */
#include "checked.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static struct pool *pool;
static struct crypto *crypto;

int checked_begin(void **state)
{
	(void)state;
	pool = pool_new(1);
	crypto = crypto_new();
	return pool == NULL || crypto == NULL;
}

int checked_end(void **state)
{
	(void)state;
	pool_free(pool);
	crypto_free(crypto);
	return 0;
}

int checked_file(const void *p, size_t n)
{
	int fd = memfd_create("transcript", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

struct check *checked_new(void)
{
	struct check *c =
	    check_new(&(struct check_opts){.pool = pool, .crypto = crypto});

	assert_non_null(c);
	return c;
}

struct check *checked_one(const void *p, size_t n, bool unfinished)
{
	struct check *c = checked_new();
	int fd = checked_file(p, n);

	assert_int_equal(check_file(c, fd, 0, unfinished), 0);
	close(fd);
	return c;
}

struct check *checked_told(
    const void *p, size_t n, const struct check_opts *o)
{
	struct check_opts all = *o;
	struct check *c;
	int fd = checked_file(p, n);

	all.pool = pool;
	all.crypto = crypto;
	assert_non_null(c = check_new(&all));
	assert_int_equal(check_file(c, fd, 0, false), 0);
	close(fd);
	return c;
}

/* Whether it is right, and the number of the first line that is not. */
bool checked_right(const void *p, size_t n, uint64_t *line)
{
	struct check *c = checked_one(p, n, false);
	bool ok = !check_facts(c)->wrong;

	*line = check_facts(c)->wrong_line;
	check_free(c);
	return ok;
}

void checked_every_bit(const struct buf *b)
{
	uint64_t line;
	size_t i;

	assert_true(checked_right(b->p, b->len, &line));
	for (i = 0; i < 8 * b->len; i += CONCLAVE_SLOW) {
		b->p[i / 8] ^= (uint8_t)(1 << i % 8);
		if (checked_right(b->p, b->len, &line))
			fail_msg("bit %zu was changed, and not found", i);
		b->p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < b->len; i++)
		if (checked_right(b->p, i, &line))
			fail_msg("cut after %zu bytes, and not found", i);
}

enum { LINES = 16 };

struct cut {
	const uint8_t *p[LINES];
	size_t n[LINES], count;
};

static void cut(struct cut *c, const struct buf *b)
{
	const uint8_t *p = b->p, *end = p + b->len, *lf;

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
	ok = checked_right(b.p, b.len, &line);
	buf_free(&b);
	return ok;
}

void checked_every_line(const struct buf *b)
{
	size_t order[LINES + 1] = {0}, i, k, n;
	struct cut c;

	cut(&c, b);
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
}
