/* seals.c: what a client makes of a room's marks, and with which secret it seals
 * and opens; a server that takes the seal away or sets it back. */
#include "client/session/seals.h"
#include "client/trust/sealed_rooms.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"
#include "tests/unit/group_world.h"
#include "shared/crypto/library.h"
#include "shared/os/file.h"

static const uint8_t one[WIRE_KEY] = {1}, two[WIRE_KEY] = {2},
		     three[WIRE_KEY] = {3};

static int count_up(void *arg, void *out, size_t n)
{
	uint8_t *next = arg;

	memset(out, ++*next, n);
	return 0;
}

/* The mark of a secret in the room of the world. */
static const char *mark(
    struct group_world *w, uint32_t generation, const uint8_t *secret)
{
	static char text[4][SEAL_MARK];
	static size_t turn;
	struct seal_mark m = {.generation = generation};
	struct seal s;

	assert_int_equal(seal_make(w->c, &s, secret, w->log), 0);
	memcpy(m.check, s.check, SEAL_CHECK);
	seal_mark_encode(text[turn = (turn + 1) % 4], &m);
	return text[turn];
}

/* In a room with these secrets, none of which was marked. */
static struct seals *has(struct group_world *w, struct sealed_rooms *file,
    const uint8_t *a, const uint8_t *b)
{
	struct seals_ops ops = sealed_rooms_ops(file);
	struct seals *s = seals_new(w->c, &ops);

	assert_non_null(s);
	seals_name(s, "vault");
	if (a != NULL)
		seals_add(s, a);
	if (b != NULL)
		seals_add(s, b);
	assert_int_equal(seals_log(s, w->log), 0);
	return s;
}

static struct sealed_rooms *memory(void)
{
	struct sealed_rooms *file;
	struct errmsg why;

	assert_int_equal(sealed_rooms_open(&file, NULL, NULL, &why), 0);
	return file;
}

static int opens(const struct seals *s, struct crypto *c, struct buf *out,
    struct group_context *g, struct seals_used *used, const uint8_t *body,
    size_t n)
{
	struct seals_keys keys;

	seals_keys(s, &keys);
	return seals_open(&keys, c, out, g, used, body, n);
}

/* What is sealed now opens with exactly these secrets. */
static void seals_with(
    struct group_world *w, const struct seals *s, const uint8_t *secret)
{
	const struct group_epoch plain = w->e;
	struct group_epoch own, other;
	struct seals_used used;
	struct group_context g = {.place = &w->place,
	    .epoch = &plain,
	    .roster = w->roster,
	    .from = &w->from[ALICE]};
	struct buf out;
	struct seal seal;

	assert_true(seals_may_speak(s));
	assert_int_equal(seals_epoch(s, &own, &plain), 0);
	w->e = own;
	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	w->e = plain;
	assert_int_equal(
	    group_world_open_as(w, &plain, &w->place, &w->from[ALICE]),
	    ERR_OPEN);
	assert_int_equal(seal_make(w->c, &seal, secret, w->log), 0);
	assert_int_equal(seal_epoch(w->c, &other, &plain, seal.key), 0);
	assert_int_equal(
	    group_world_open_as(w, &other, &w->place, &w->from[ALICE]), 0);
	buf_init(&out, GROUP_OPEN_MAX);
	assert_int_equal(opens(s, w->c, &out, &g, &used, w->body.p,
			     w->body.len),
	    0);
	assert_ptr_equal(g.epoch, &used.epoch);
	assert_memory_equal(out.p, TEXT, TEXT_LEN);
	buf_free(&out);
}

/* Nothing of ours goes out, and nobody's frame without a seal comes in. */
static void says_nothing(struct group_world *w, const struct seals *s)
{
	struct group_epoch own;
	struct seals_used used;
	struct group_context g = {.place = &w->place,
	    .epoch = &w->e,
	    .roster = w->roster,
	    .from = &w->from[ALICE]};
	struct buf out;

	assert_false(seals_may_speak(s));
	assert_int_equal(seals_epoch(s, &own, &w->e), ERR_STATE);
	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	buf_init(&out, GROUP_OPEN_MAX);
	assert_int_equal(opens(s, w->c, &out, &g, &used, w->body.p,
			     w->body.len),
	    ERR_OPEN);
	assert_ptr_equal(g.epoch, &w->e);
	buf_free(&out);
}

static void test_a_room_that_is_open(void **state)
{
	struct group_world *w = *state;
	struct sealed_rooms *file = memory();
	struct seals *s = has(w, file, NULL, NULL);
	struct group_epoch e;

	assert_int_equal(seals_look(s, false, "a topic"), 0);
	assert_int_equal(seals_state(s), SEAL_NONE);
	assert_int_equal(seals_epoch(s, &e, &w->e), 0);
	assert_memory_equal(&e, &w->e, sizeof(e));
	/* one that the server calls sealed: we have no secret of it */
	assert_int_equal(seals_look(s, true, ""), 0);
	says_nothing(w, s);
	assert_int_equal(seals_look(s, true, mark(w, 1, one)), 0);
	says_nothing(w, s);
	seals_free(s);
	sealed_rooms_free(file);
}

static void test_the_secret_of_the_room(void **state)
{
	struct group_world *w = *state;
	struct sealed_rooms *file = memory();
	struct seals *s = has(w, file, one, NULL);
	uint8_t got[WIRE_KEY];

	/* nobody has said a mark yet: nothing is kept */
	assert_int_equal(seals_look(s, true, ""), 0);
	assert_int_equal(seals_state(s), SEAL_UNMARKED);
	seals_with(w, s, one);
	assert_false(sealed_rooms_has(file, "vault"));
	assert_int_equal(seals_look(s, true, mark(w, 1, one)), 0);
	assert_int_equal(seals_state(s), SEAL_SEALED);
	assert_int_equal(seals_generation(s), 1);
	assert_true(sealed_rooms_has(file, "VAULT"));
	seals_with(w, s, one);
	assert_true(seals_secret(s, got));
	assert_memory_equal(got, one, WIRE_KEY);
	seals_free(s);
	/* the next run knows it */
	s = has(w, file, NULL, NULL);
	assert_int_equal(seals_look(s, true, mark(w, 1, one)), 0);
	seals_with(w, s, one);
	/* a secret for another room is not this one's, nor kept for it */
	seals_add(s, three);
	assert_int_equal(seals_look(s, true, mark(w, 1, one)), 0);
	seals_with(w, s, one);
	seals_free(s);
	sealed_rooms_free(file);
}

static void test_a_server_that_takes_it_away(void **state)
{
	struct group_world *w = *state;
	struct sealed_rooms *file = memory();
	struct seals *s = has(w, file, one, NULL);
	uint8_t log[WIRE_LOG];

	/* even before it was marked, and before anything was kept */
	assert_int_equal(seals_look(s, false, ""), ERR_UNSEALED);
	assert_int_equal(seals_look(s, true, mark(w, 1, one)), 0);
	assert_int_equal(seals_look(s, false, ""), ERR_UNSEALED);
	assert_int_equal(seals_look(s, false, mark(w, 1, one)), ERR_UNSEALED);
	/* the mark is gone */
	assert_int_equal(seals_look(s, true, ""), ERR_SEAL_BACK);
	/* no mark: nothing is said */
	assert_int_equal(seals_look(s, true, "a topic"), 0);
	says_nothing(w, s);
	/* another log: the same secret has another check there */
	memset(log, 0x33, sizeof(log));
	assert_int_equal(seals_log(s, log), 0);
	assert_int_equal(seals_look(s, true, mark(w, 1, one)), 0);
	assert_false(seals_may_speak(s));
	seals_free(s);
	sealed_rooms_free(file);
}

static void test_a_server_that_sets_it_back(void **state)
{
	struct group_world *w = *state;
	struct sealed_rooms *file = memory();
	struct seals *s = has(w, file, one, NULL);

	assert_int_equal(seals_look(s, true, mark(w, 1, one)), 0);
	/* a new one that we do not have, then have */
	assert_int_equal(seals_look(s, true, mark(w, 2, two)), 0);
	assert_int_equal(seals_state(s), SEAL_OTHER);
	says_nothing(w, s);
	seals_add(s, three);
	assert_int_equal(seals_look(s, true, mark(w, 2, two)), 0);
	says_nothing(w, s);
	seals_add(s, two);
	assert_int_equal(seals_look(s, true, mark(w, 2, two)), 0);
	seals_with(w, s, two);
	/* the old one, under its number, a higher one, the same one */
	assert_int_equal(
	    seals_look(s, true, mark(w, 1, one)), ERR_SEAL_BACK);
	assert_int_equal(
	    seals_look(s, true, mark(w, 3, one)), ERR_SEAL_BACK);
	assert_int_equal(
	    seals_look(s, true, mark(w, 2, one)), ERR_SEAL_BACK);
	/* the new one under a lower number, and what we do not know */
	assert_int_equal(
	    seals_look(s, true, mark(w, 1, two)), ERR_SEAL_BACK);
	assert_int_equal(
	    seals_look(s, true, mark(w, 1, three)), ERR_SEAL_BACK);
	seals_free(s);
	/* the next run of the client has not forgotten */
	s = has(w, file, NULL, NULL);
	assert_int_equal(
	    seals_look(s, true, mark(w, 1, one)), ERR_SEAL_BACK);
	assert_int_equal(seals_look(s, true, ""), ERR_SEAL_BACK);
	assert_int_equal(seals_look(s, true, mark(w, 2, two)), 0);
	seals_with(w, s, two);
	seals_free(s);
	sealed_rooms_free(file);
}

/* However many wrong ones are given, the room's own are not forgotten. */
static void test_many_wrong_secrets(void **state)
{
	struct group_world *w = *state;
	struct sealed_rooms *file = memory();
	struct seals *s = has(w, file, one, two);
	uint8_t wrong[WIRE_KEY];
	int i;

	assert_int_equal(seals_look(s, true, mark(w, 1, one)), 0);
	assert_int_equal(seals_look(s, true, mark(w, 2, two)), 0);
	for (i = 0; i < 3 * SEALS_MAX; i++) {
		memset(wrong, 0x60 + i, sizeof(wrong));
		seals_add(s, wrong);
		seals_with(w, s, two);
	}
	assert_int_equal(
	    seals_look(s, true, mark(w, 1, one)), ERR_SEAL_BACK);
	assert_int_equal(seals_look(s, true, mark(w, 2, two)), 0);
	seals_with(w, s, two);
	seals_free(s);
	sealed_rooms_free(file);
}

/* What was said under the older secret still opens. */
static void test_older_frames_open(void **state)
{
	struct group_world *w = *state;
	struct sealed_rooms *file = memory();
	struct seals *s = has(w, file, one, two);
	const struct group_epoch plain = w->e;
	struct group_context g = {.place = &w->place,
	    .epoch = &plain,
	    .roster = w->roster,
	    .from = &w->from[ALICE]};
	struct seals_used used;
	struct seal seal;
	struct buf out;
	size_t i;

	assert_int_equal(seals_look(s, true, mark(w, 1, one)), 0);
	assert_int_equal(seals_look(s, true, mark(w, 2, two)), 0);
	assert_int_equal(seal_make(w->c, &seal, one, w->log), 0);
	assert_int_equal(seal_epoch(w->c, &w->e, &plain, seal.key), 0);
	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	w->e = plain;
	buf_init(&out, GROUP_OPEN_MAX);
	assert_int_equal(
	    opens(s, w->c, &out, &g, &used, w->body.p, w->body.len), 0);
	/* cut or changed it does not, under any */
	for (i = 0; i < w->body.len; i++) {
		g.epoch = &plain;
		assert_int_not_equal(
		    opens(s, w->c, &out, &g, &used, w->body.p, i), 0);
	}
	for (i = 8 * 8; i < 8 * w->body.len; i++) {
		w->body.p[i / 8] ^= (uint8_t)(1 << i % 8);
		g.epoch = &plain;
		assert_int_not_equal(opens(s, w->c, &out, &g, &used,
					 w->body.p, w->body.len),
		    0);
		w->body.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	buf_free(&out);
	seals_free(s);
	sealed_rooms_free(file);
}

static void test_a_new_secret(void **state)
{
	uint8_t next = 0x50, made[WIRE_KEY];
	const struct rng rng = {count_up, &next};
	struct group_world *w = *state;
	struct sealed_rooms *file = memory();
	struct seals *s = has(w, file, one, NULL);
	char text[SEAL_MARK];

	assert_int_equal(seals_look(s, true, ""), 0);
	/* the first mark is an operator's */
	assert_false(seals_wants(s, false));
	assert_true(seals_wants(s, true));
	seals_asked(s, text);
	assert_string_equal(text, mark(w, 1, one));
	assert_false(seals_wants(s, true));
	assert_int_equal(seals_look(s, true, text), 0);
	assert_true(seals_renewed(s));
	assert_false(seals_renewed(s));
	seals_answered(s, true);
	assert_false(seals_wants(s, true));

	assert_int_equal(seals_renew(s, &rng), 0);
	assert_int_equal(seals_renew(s, &rng), ERR_STATE);
	memset(made, next, sizeof(made));
	/* until the room has it, the old one is used */
	seals_with(w, s, one);
	assert_true(seals_wants(s, false));
	seals_asked(s, text);
	assert_string_equal(text, mark(w, 2, made));
	seals_with(w, s, one);
	/* the connection is lost, and it is asked for again */
	seals_leave(s);
	assert_int_equal(seals_log(s, w->log), 0);
	assert_int_equal(seals_look(s, true, mark(w, 1, one)), 0);
	assert_true(seals_wants(s, false));
	seals_asked(s, text);
	assert_int_equal(seals_look(s, true, text), 0);
	seals_answered(s, true);
	assert_int_equal(seals_generation(s), 2);
	assert_true(seals_renewed(s));
	seals_with(w, s, made);

	/* refused: nothing has changed; somebody else is faster: theirs is it */
	assert_int_equal(seals_renew(s, &rng), 0);
	seals_asked(s, text);
	seals_answered(s, false);
	seals_with(w, s, made);
	assert_int_equal(seals_renew(s, &rng), 0);
	seals_asked(s, text);
	assert_int_equal(seals_look(s, true, mark(w, 3, three)), 0);
	assert_false(seals_wants(s, true));
	says_nothing(w, s);
	seals_free(s);
	sealed_rooms_free(file);
}

/* --- the file --------------------------------------------------------------- */

#define KEY_1 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* It has one secret, of vault, and no byte of it in the clear. */
static void has_the_secret(const char *path, const struct identity *id)
{
	struct sealed_rooms *file;
	struct seal_secret of;
	struct seals_ops ops;
	struct errmsg why;
	struct buf bytes;

	assert_int_equal(sealed_rooms_open(&file, path, id, &why), 0);
	assert_false(sealed_rooms_failed(file, &why));
	ops = sealed_rooms_ops(file);
	assert_true(ops.get(ops.arg, "Vault", 0, &of));
	assert_memory_equal(of.secret, one, WIRE_KEY);
	assert_int_equal(of.generation, 1);
	assert_false(ops.get(ops.arg, "vault", 1, &of));
	assert_false(sealed_rooms_has(file, "den"));
	sealed_rooms_free(file);
	buf_init(&bytes, FILE_MAX);
	assert_int_equal(file_read(path, FILE_PRIVATE, &bytes, &why), 0);
	assert_null(memmem(bytes.p, bytes.len, KEY_1, 8));
	buf_free(&bytes);
}

static void test_the_file(void **state)
{
	static const char *const bad[] = {"vault\n", "vault 1\n",
	    "vault 1 short\n", "vault x " KEY_1 "\n", "vault -1 " KEY_1 "\n",
	    "vault 1000000001 " KEY_1 "\n", "va/ult 1 " KEY_1 "\n",
	    "vault 1 " KEY_1 " more\n", "vault 1 " KEY_1 "A\n"};
	const char *path = folder_path(state, "sealed");
	uint8_t seed[32] = {1};
	struct identity *id = identity_from_seed(seed), *other;
	struct seal_secret of = {.generation = 1};
	struct sealed_rooms *file;
	struct seals_ops ops;
	struct errmsg why;
	struct buf bytes;
	size_t i;

	seed[0] = 2;
	other = identity_from_seed(seed);
	assert_int_equal(sealed_rooms_open(&file, path, id, &why), 0);
	/* what was only given is not written */
	sealed_rooms_give(file, "den", two);
	ops = sealed_rooms_ops(file);
	memcpy(of.secret, one, WIRE_KEY);
	ops.put(ops.arg, "vault", &of);
	assert_false(sealed_rooms_failed(file, &why));
	sealed_rooms_free(file);
	has_the_secret(path, id);
	/* with another identity it does not open, nor with any bit changed */
	assert_int_equal(
	    sealed_rooms_open(&file, path, other, &why), ERR_USAGE);
	buf_init(&bytes, FILE_MAX);
	assert_int_equal(file_read(path, FILE_PRIVATE, &bytes, &why), 0);
	assert_null(memmem(bytes.p, bytes.len, "vault", 5));
	assert_null(memmem(bytes.p, bytes.len, KEY_1, 8));
	for (i = 0; i < 8 * bytes.len; i += 5 * CONCLAVE_SLOW) {
		bytes.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(file_write(path, bytes.p, bytes.len,
				     FILE_REPLACE, &why),
		    0);
		assert_int_equal(
		    sealed_rooms_open(&file, path, id, &why), ERR_USAGE);
		bytes.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 1; i < bytes.len; i++) {
		assert_int_equal(
		    file_write(path, bytes.p, i, FILE_REPLACE, &why), 0);
		assert_int_equal(
		    sealed_rooms_open(&file, path, id, &why), ERR_USAGE);
	}
	buf_free(&bytes);
	/* one of an earlier version, in the clear, is sealed at once */
	folder_write(path, "vault 1 " KEY_1 "\n", 0600);
	has_the_secret(path, id);
	has_the_secret(path, id);
	/* a file that is not understood is no reason to take rooms for open */
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		folder_write(path, bad[i], 0600);
		assert_int_equal(
		    sealed_rooms_open(&file, path, id, &why), ERR_USAGE);
		assert_null(strstr(why.text, KEY_1));
	}
	/* nor one that others can read */
	folder_write(path, "vault 1 " KEY_1 "\n", 0644);
	assert_int_not_equal(sealed_rooms_open(&file, path, id, &why), 0);
	identity_free(id);
	identity_free(other);
}

int main(void)
{
#define IN_WORLD(f)                                                            \
	cmocka_unit_test_setup_teardown(f, group_world_new, group_world_free)
	const struct CMUnitTest tests[] = {
	    IN_WORLD(test_a_room_that_is_open),
	    IN_WORLD(test_the_secret_of_the_room),
	    IN_WORLD(test_a_server_that_takes_it_away),
	    IN_WORLD(test_a_server_that_sets_it_back),
	    IN_WORLD(test_many_wrong_secrets),
	    IN_WORLD(test_older_frames_open),
	    IN_WORLD(test_a_new_secret),
	    cmocka_unit_test_setup_teardown(
		test_the_file, folder_make, folder_remove),
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
