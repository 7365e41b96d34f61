/* The topics of sealed rooms, as they are kept: what is written is read again, and
 * nothing else is. */
#include "client/trust/seal_holders.h"
#include "client/trust/seal_topics.h"
#include "shared/crypto/library.h"
#include "shared/os/file.h"
#include "shared/wire/b64.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

#define OK(call) assert_int_equal((call), 0)
#define KEY_1 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const uint8_t log_1[WIRE_LOG] = {1};

static int reads(struct seal_topics *s, const char *room, const char *line)
{
	/* Of that size, so that memory checkers see what is read past it. */
	const size_t n = strlen(line);
	char *copy = malloc(n + (n == 0));
	int r;

	assert_non_null(copy);
	memcpy(copy, line, n);
	r = seal_topics_read(s, room, log_1, copy, n);
	free(copy);
	return r;
}

static void test_lines(void **state)
{
	static const char line[] = " 7 2 bob aGk=";
	struct seal_topics *s = seal_topics_new();
	struct topics_ops ops = seal_topics_ops(s);
	struct sealed_topic t;
	struct buf out;

	(void)state;
	assert_non_null(s);
	assert_false(ops.get(ops.arg, "vault", &t));
	OK(reads(s, "vault", line));
	OK(reads(s, "den", "8 1 carol - # of the den"));
	assert_false(seal_topics_changed(s));
	assert_true(ops.get(ops.arg, "VAULT", &t));
	assert_string_equal(t.text, "hi");
	assert_string_equal(t.name, "bob");
	assert_memory_equal(t.log, log_1, WIRE_LOG);
	assert_int_equal(t.offset, 7);
	assert_int_equal(t.number, 2);
	assert_true(ops.get(ops.arg, "den", &t));
	assert_string_equal(t.text, "");
	assert_false(ops.get(ops.arg, "elsewhere", &t));
	buf_init_secret(&out, 4096);
	OK(seal_topics_write(s, &out));
	OK(buf_u8(&out, 0));
	assert_string_equal((const char *)out.p,
	    "vault " KEY_1 " = 7 2 bob aGk=\nden " KEY_1 " = 8 1 carol -\n");
	buf_free(&out);
	seal_topics_free(s);
	seal_topics_free(NULL);
	assert_null(seal_topics_ops(NULL).get);
}

static void test_no_other_lines(void **state)
{
	static const char *const bad[] = {"", "1", "1 1", "1 1 bob",
	    "x 1 bob -", "-1 1 bob -", "01 1 bob -",
	    "9223372036854775808 1 bob -", "1 1000000001 bob -",
	    "1 x bob -", "1 1 no/name -", "1 1 bob *", "1 1 bob AA==",
	    "1 1 bob /w==", "1 1 bob aGk", "1 1 bob - more", "1 1 # bob -"};
	struct seal_topics *s = seal_topics_new();
	struct topics_ops ops = seal_topics_ops(s);
	char line[2 * WIRE_SHORT_TEXT_MAX] = "1 1 bob ";
	struct sealed_topic t;
	size_t i;

	(void)state;
	assert_non_null(s);
	OK(reads(s, "vault", "7 2 bob aGk="));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(reads(s, "vault", bad[i]), ERR_USAGE);
	/* one that is too long */
	memset(line + strlen(line), 'a', B64_LEN(WIRE_SHORT_TEXT_MAX) + 4);
	assert_int_equal(reads(s, "vault", line), ERR_USAGE);
	assert_true(ops.get(ops.arg, "vault", &t));
	assert_string_equal(t.text, "hi");
	seal_topics_free(s);
}

/* Past the limit the oldest goes. */
static void test_many(void **state)
{
	struct seal_topics *s = seal_topics_new();
	struct topics_ops ops = seal_topics_ops(s);
	struct sealed_topic t = {.name = "bob", .text = "hi"};
	char room[WIRE_ROOM_MAX + 1];
	size_t i;

	(void)state;
	assert_non_null(s);
	for (i = 0; i <= SEAL_TOPICS_MAX; i++) {
		snprintf(room, sizeof(room), "room-%zu", i);
		t.offset = i;
		ops.put(ops.arg, room, &t);
	}
	assert_true(seal_topics_changed(s));
	assert_false(seal_topics_changed(s));
	assert_false(ops.get(ops.arg, "room-0", &t));
	assert_true(ops.get(ops.arg, "room-1", &t));
	assert_int_equal(t.offset, 1);
	assert_true(ops.get(ops.arg, room, &t));
	assert_int_equal(t.offset, SEAL_TOPICS_MAX);
	/* one that is there already needs no place */
	t.offset++;
	ops.put(ops.arg, room, &t);
	assert_true(ops.get(ops.arg, "room-1", &t));
	seal_topics_free(s);
}

/* The longest, and an empty one, over runs of the client. */
static void test_the_file(void **state)
{
	const char *path = folder_path(state, "holders");
	const uint8_t seed[32] = {1};
	struct identity *id = identity_from_seed(seed);
	struct sealed_topic t = {.name = "bob", .offset = 3};
	struct seal_holders *file;
	struct topics_ops ops;
	struct errmsg why;
	struct buf bytes;

	OK(seal_holders_open(&file, path, id, &why));
	ops = seal_topics_ops(seal_holders_topics(file));
	OK(seal_holders_flush(file, &why));
	assert_int_equal(folder_count(state), 0);
	ops.put(ops.arg, "den", &t);
	memset(t.text, 'y', WIRE_SHORT_TEXT_MAX);
	ops.put(ops.arg, "vault", &t);
	OK(seal_holders_flush(file, &why));
	seal_holders_free(file);
	OK(seal_holders_open(&file, path, id, &why));
	ops = seal_topics_ops(seal_holders_topics(file));
	assert_true(ops.get(ops.arg, "vault", &t));
	assert_int_equal(strlen(t.text), WIRE_SHORT_TEXT_MAX);
	assert_true(ops.get(ops.arg, "den", &t));
	assert_string_equal(t.text, "");
	assert_int_equal(t.offset, 3);
	seal_holders_free(file);
	/* nothing of it is in the clear */
	buf_init(&bytes, FILE_MAX);
	OK(file_read(path, FILE_PRIVATE, &bytes, &why));
	assert_null(memmem(bytes.p, bytes.len, "vault", 5));
	buf_free(&bytes);
	assert_null(seal_holders_topics(NULL));
	identity_free(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_no_other_lines),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test_setup_teardown(
		test_the_file, folder_make, folder_remove),
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name(
	    "client_seal_topics", tests, NULL, NULL);
}
