/* Fuzzes the file ignored_people with a program of operations: ignore somebody,
 * stop ignoring them, the same by another client of the user. */
#include "client/trust/ignored.h"
#include "shared/os/file.h"
#include "shared/wire/text.h"
#include "tests/fuzz/fuzz.h"

static const char path[] = "/nowhere/ignored_people";

static size_t count(const struct ignored *g)
{
	size_t n = 0;

	while (ignored_at(g, n) != NULL)
		n++;
	return n;
}

static size_t lines(const struct buf *b)
{
	size_t n = 0, i;

	for (i = 0; i < b->len; i++)
		n += b->p[i] == '\n';
	return n + (b->len > 0 && b->p[b->len - 1] != '\n');
}

/* Whatever the file holds, this is what the user interfaces print. */
static void is_clean(const struct ignored *g)
{
	const struct ignored_person *p;
	size_t i;

	for (i = 0; (p = ignored_at(g, i)) != NULL; i++) {
		FUZZ_CHECK(ignored_has(g, p->identity));
		FUZZ_CHECK(text_name(p->name, strlen(p->name)));
		FUZZ_CHECK(strspn(p->since, "0123456789-") == strlen(p->since));
	}
}

/* A client that starts now reads the same people. */
static void is_in_file(const struct ignored *g)
{
	const struct ignored_person *p;
	struct ignored *next = NULL;
	struct errmsg why;
	size_t i;

	FUZZ_CHECK(ignored_open(&next, path, &why) == 0);
	FUZZ_CHECK(count(next) == count(g));
	for (i = 0; (p = ignored_at(next, i)) != NULL; i++)
		FUZZ_CHECK(ignored_has(g, p->identity));
	ignored_free(next);
}

/* Changes the file by one of two clients. */
static void changes(struct ignored *g[2], struct fuzz *f, const struct buf *b)
{
	static const char *const names[] = {"alice", "Alice", "bob", "x"};
	static const uint8_t nobody[WIRE_HASH] = {0xff, 1, 0xfe};
	uint8_t id[WIRE_HASH] = {0}, other[WIRE_HASH] = {0}, op;
	struct ignored *me;
	struct errmsg why;
	size_t before;
	bool had;

	while (f->left > 0) {
		op = fuzz_u8(f);
		me = g[op & 1];
		id[31] = op >> 2 & 3;
		other[31] = id[31] ^ 1;
		/* To learn what the other one wrote. */
		FUZZ_CHECK(ignored_remove(me, nobody, &why) == 0);
		is_in_file(me);
		before = lines(b);
		had = ignored_has(me, other);
		if ((op & 2) == 0) {
			FUZZ_CHECK(
			    ignored_add(me, id, names[op >> 4 & 3], &why) == 0);
			FUZZ_CHECK(ignored_has(me, id));
			FUZZ_CHECK(lines(b) <= before + 1);
		} else {
			FUZZ_CHECK(ignored_remove(me, id, &why) == 0);
			FUZZ_CHECK(!ignored_has(me, id));
			FUZZ_CHECK(lines(b) <= before);
		}
		FUZZ_CHECK(ignored_has(me, other) == had);
		is_in_file(me);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size), program;
	struct ignored *g[2] = {NULL, NULL};
	struct errmsg why = {0};
	struct buf b;
	int r;

	program.p = fuzz_piece(&f, &program.left);
	if (program.left > 64)
		program.left = 64;
	buf_init(&b, FILE_MAX + 4096);
	FUZZ_CHECK(buf_put(&b, f.p, f.left) == 0);
	fuzz_memory_store(&b);
	r = ignored_open(&g[0], path, &why);
	FUZZ_CHECK(r == 0 || r == ERR_USAGE || r == ERR_LIMIT);
	FUZZ_CHECK((r == 0) == (g[0] != NULL));
	FUZZ_CHECK(r == 0 || why.text[0] != '\0');
	if (r == 0) {
		is_clean(g[0]);
		FUZZ_CHECK(ignored_open(&g[1], path, &why) == 0);
		changes(g, &program, &b);
		is_clean(g[0]);
	}
	ignored_free(g[0]);
	ignored_free(g[1]);
	fuzz_memory_store(NULL);
	buf_free(&b);
	return 0;
}
