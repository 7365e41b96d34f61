/* Fuzzes the file known_people with a program of operations: meet a user,
 * accept a key, write the file. */
#include "client/trust/people.h"
#include "shared/wire/text.h"
#include "tests/fuzz/fuzz.h"

static void spoke(struct people *p, const uint8_t *server, const char *name,
    const uint8_t *id, enum trust was)
{
	struct pinned pin;
	bool ours = false;
	enum trust t;
	size_t i;

	people_spoke(p, server, name, id);
	t = people_meet(p, server, name, id);
	FUZZ_CHECK(t == (was == TRUST_NEW ? TRUST_SEEN : was));
	for (i = 0; people_pinned(p, server, name, i, &pin); i++)
		ours = ours || memcmp(pin.identity, id, WIRE_HASH) == 0;
	FUZZ_CHECK(ours == (t != TRUST_CHANGED));
}

static void meetings(struct people *p, struct fuzz *f)
{
	static const char *const names[] = {"alice", "Alice", "bob", "x"};
	uint8_t server[WIRE_HASH] = {0}, id[WIRE_HASH] = {0};
	enum trust t, was;
	struct errmsg why;
	const char *name;
	uint8_t op;

	while (f->left > 0) {
		op = fuzz_u8(f);
		name = names[op >> 2 & 3];
		server[0] = op >> 4 & 1;
		id[31] = op >> 5 & 3;
		switch (op & 3) {
		case 0:
			was = people_meet(p, server, name, id);
			t = people_meet(p, server, name, id);
			FUZZ_CHECK(was == t);
			if ((op & 0x80) != 0)
				spoke(p, server, name, id, t);
			break;
		case 1:
			FUZZ_CHECK(people_flush(p, &why) == 0);
			break;
		default:
			t = op & 1 ? TRUST_VERIFIED : TRUST_SEEN;
			FUZZ_CHECK(
			    people_trust(p, server, name, id, t, &why) == 0);
			FUZZ_CHECK(people_meet(p, server, name, id) == t);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size), program;
	struct people *p = NULL;
	struct errmsg why;
	struct buf b;
	size_t n;
	int r;

	program.p = fuzz_piece(&f, &program.left);
	if (program.left > 64)
		program.left = 64;
	buf_init(&b, FILE_MAX + 4096);
	FUZZ_CHECK(buf_put(&b, f.p, f.left) == 0);
	fuzz_memory_store(&b);
	r = people_open(&p, "/nowhere/people", &why);
	FUZZ_CHECK(r == 0 || (r == ERR_USAGE && why.text[0] != '\0'));
	if (r != 0)
		goto out;
	meetings(p, &program);
	FUZZ_CHECK(people_flush(p, &why) == 0);
	n = b.len;
	FUZZ_CHECK(people_flush(p, &why) == 0 && b.len == n);
	people_free(p);
out:
	fuzz_memory_store(NULL);
	buf_free(&b);
	return 0;
}
