/* What direct messages need, in the database and on the way there. */
#include "tests/unit/db_world.h"

#include "shared/proto/direct.h"
#include "tests/unit/check.h"

enum { FRAME = 216 };
static uint8_t alice[WIRE_KEY], bob[WIRE_KEY], phone[WIRE_ED25519],
    laptop[WIRE_ED25519];
static uint8_t keys[WIRE_PREKEYS_KEPT + 1][STORE_PREKEY], body[1 << 16];

static int up(void **state)
{
	size_t i;

	memset(alice, 0xa1, sizeof(alice));
	memset(bob, 0xb0, sizeof(bob));
	memset(phone, 0x11, sizeof(phone));
	memset(laptop, 0x22, sizeof(laptop));
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		memset(keys[i], (int)i + 1, sizeof(keys[i]));
	return dbw_up(state);
}

/* --- writing ---------------------------------------------------------------- */

static int put(const struct store_direct *d)
{
	int r;

	assert_int_equal(db_begin(dbw.db), 0);
	r = db_direct(dbw.db, d);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	return r;
}

static int put_keys(
    const uint8_t *device, size_t lasting, size_t first, size_t n, bool replace)
{
	return put(&(struct store_direct){.what = STORE_DIRECT_KEYS,
	    .identity = device,
	    .account = bob,
	    .replace = replace,
	    .lasting = keys[lasting],
	    .once = keys[first],
	    .n_once = n,
	    .certificate = (const uint8_t *)"der",
	    .certificate_len = 3});
}

static struct store_direct frame(
    const uint8_t *device, uint64_t number, size_t len)
{
	return (struct store_direct){.what = STORE_DIRECT_FRAME,
	    .identity = device,
	    .account = alice,
	    .sender = laptop,
	    .name = "alice",
	    .number = number,
	    .ts_s = 1700000000,
	    .bytes = body,
	    .len = len};
}

static int put_frame(const uint8_t *device, uint64_t number, size_t len)
{
	const struct store_direct d = frame(device, number, len);

	body[0] = (uint8_t)number;
	return put(&d);
}

static int put_short(enum store_direct_what what, const uint8_t *device,
    uint64_t number, const uint8_t *key)
{
	return put(&(struct store_direct){.what = what,
	    .identity = device,
	    .number = number,
	    .key = key});
}

/* --- reading ---------------------------------------------------------------- */

/* As a start of the server has it: "d16:3+2 f16#1 f16#2 b", of a device the
 * number, what was given out and how many keys, of frames the number. */
static int load(void *arg, const struct buf *b)
{
	char *out = (char *)arg + strlen(arg);
	struct store_frame f;
	struct store_direct d;

	assert_int_equal(store_frame_next(&f, b->p, b->len), 0);
	if (f.kind != STORE_KEPT_DIRECT)
		return 0;
	assert_int_equal(store_direct_get(&f.body, &d), 0);
	if (d.what == STORE_DIRECT_KEYS) {
		assert_memory_equal(d.account, bob, WIRE_KEY);
		assert_memory_equal(d.certificate, "der", 3);
		sprintf(out, "d%02x:%d+%zu@%d ", d.identity[0], d.lasting[0],
		    d.n_once, (int)d.number);
	} else if (d.what == STORE_DIRECT_FRAME) {
		assert_null(d.bytes);
		assert_memory_equal(d.sender, laptop, WIRE_ED25519);
		assert_string_equal(d.name, "alice");
		sprintf(out, "f%02x#%d*%zu ", d.identity[0], (int)d.number,
		    d.len);
	} else {
		sprintf(out, "b%02x!%02x ", d.account[0], d.other[0]);
	}
	return 0;
}

static void expect(const char *want)
{
	char got[1024] = "";

	assert_int_equal(db_load(dbw.db, load, got), 0);
	assert_string_equal(got, want);
}

/* The numbers of an answer, and that its frames are those. */
static void expect_read(const uint8_t *device, uint64_t first, uint32_t count,
    size_t bytes, const char *want)
{
	struct store_question q = {
	    .of_device = true, .first = first, .count = count, .bytes = bytes};
	char got[256] = "";
	struct store_frame f;
	struct store_direct d;
	struct buf out;
	size_t at = 0;

	memcpy(q.device, device, sizeof(q.device));
	buf_init(&out, STORE_ANSWER_MAX);
	assert_int_equal(db_read(dbw.db, 5, &q, &out), 0);
	while (store_frame_next(&f, out.p + at, out.len - at) == 0) {
		at += f.size;
		if (f.kind != STORE_KEPT_DIRECT)
			continue;
		assert_int_equal(store_direct_get(&f.body, &d), 0);
		assert_int_equal(d.bytes[0], d.number);
		sprintf(got + strlen(got), "%d ", (int)d.number);
	}
	assert_int_equal(at, out.len);
	assert_string_equal(got, want);
	buf_free(&out);
}

/* --- tests ------------------------------------------------------------------- */

static void test_keys(void **state)
{
	(void)state;
	dbw_run();
	assert_int_equal(put_keys(phone, 0, 1, 50, false), 0);
	assert_int_equal(put_keys(laptop, 9, 60, 2, false), 0);
	expect("d11:1+50@0 d22:10+2@0 ");
	assert_int_equal(
	    put_short(STORE_DIRECT_GIVEN, phone, 0, keys[3]), 0);
	assert_int_equal(
	    put_short(STORE_DIRECT_GIVEN, phone, 0, keys[3]), 0);
	assert_int_equal(
	    put_short(STORE_DIRECT_GIVEN, phone, 0, keys[60]), 0);
	expect("d11:1+49@0 d22:10+2@0 ");
	assert_int_equal(put_keys(phone, 55, 51, 3, false), 0);
	dbw_close();
	dbw_run();
	expect("d11:56+52@0 d22:10+2@0 ");
	assert_int_equal(put_keys(phone, 56, 0, 49, false), ERR_RANGE);
	expect("d11:56+52@0 d22:10+2@0 ");
	assert_int_equal(put_keys(phone, 56, 57, 1, true), 0);
	expect("d11:57+1@0 d22:10+2@0 ");
	assert_int_equal(put_short(STORE_DIRECT_FORGET, phone, 0, NULL), 0);
	expect("d22:10+2@0 ");
}

static void test_queue(void **state)
{
	(void)state;
	dbw_run();
	/* A device without keys has no queue. */
	assert_int_equal(put_frame(phone, 1, FRAME), ERR_STATE);
	assert_int_equal(put_keys(phone, 0, 1, 0, false), 0);
	assert_int_equal(put_keys(laptop, 0, 1, 0, false), 0);
	assert_int_equal(put_frame(phone, 1, FRAME), 0);
	assert_int_equal(put_frame(phone, 4, FRAME + 1), 0);
	assert_int_equal(put_frame(phone, 4, FRAME), ERR_STATE);
	assert_int_equal(put_frame(phone, 3, FRAME), ERR_STATE);
	assert_int_equal(put_frame(laptop, 1, FRAME), 0);
	assert_int_equal(put_frame(phone, 7, FRAME), 0);
	expect("d11:1+0@7 d22:1+0@1 f11#1*216 f11#4*217 f11#7*216 f22#1*216 ");
	expect_read(phone, 1, 10, 1 << 20, "1 4 7 ");
	expect_read(phone, 2, 1, 1 << 20, "4 ");
	expect_read(phone, 1, 10, 600, "1 4 ");
	expect_read(phone, 1, 10, 1, "1 "); /* one at least */
	expect_read(phone, 8, 10, 1 << 20, "");
	assert_int_equal(put_short(STORE_DIRECT_GONE, phone, 4, NULL), 0);
	dbw_close();
	dbw_run();
	expect("d11:1+0@7 d22:1+0@1 f11#7*216 f22#1*216 ");
	assert_int_equal(put_short(STORE_DIRECT_GONE, phone, 7, NULL), 0);
	/* Its numbers go on. */
	assert_int_equal(put_frame(phone, 7, FRAME), ERR_STATE);
	assert_int_equal(put_frame(phone, 8, FRAME), 0);
	assert_int_equal(put_short(STORE_DIRECT_FORGET, phone, 0, NULL), 0);
	expect("d22:1+0@1 f22#1*216 ");
}

static void test_blocks(void **state)
{
	struct store_direct d = {
	    .what = STORE_DIRECT_BLOCK, .account = alice, .other = bob};

	(void)state;
	dbw_run();
	assert_int_equal(put(&d), 0);
	assert_int_equal(put(&d), 0);
	d.account = bob;
	d.other = alice;
	assert_int_equal(put(&d), 0);
	expect("ba1!b0 bb0!a1 ");
	d.what = STORE_DIRECT_UNBLOCK;
	assert_int_equal(put(&d), 0);
	expect("ba1!b0 ");
	d.what = STORE_DIRECT_UNBLOCK_ALL;
	assert_int_equal(put(&d), 0);
	expect("");
}

/* Each part: every truncation is refused, and a byte too many. */
static void test_wire(void **state)
{
	const struct store_direct parts[] = {
	    {.what = STORE_DIRECT_KEYS,
		.identity = phone,
		.account = bob,
		.replace = true,
		.lasting = keys[0],
		.once = keys[1],
		.n_once = 2,
		.certificate = body,
		.certificate_len = 5},
	    {.what = STORE_DIRECT_GIVEN, .identity = phone, .key = keys[0]},
	    frame(phone, 7, FRAME),
	    {.what = STORE_DIRECT_GONE, .identity = phone, .number = 9},
	    {.what = STORE_DIRECT_FORGET, .identity = phone},
	    {.what = STORE_DIRECT_BLOCK, .account = alice, .other = bob},
	    {.what = STORE_DIRECT_UNBLOCK, .account = alice, .other = bob},
	    {.what = STORE_DIRECT_UNBLOCK_ALL, .account = alice},
	};
	struct store_direct got;
	struct buf one, two;
	struct rd r;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		buf_init(&one, STORE_FRAME_MAX);
		buf_init(&two, STORE_FRAME_MAX);
		assert_int_equal(store_direct_put(&one, &parts[i]), 0);
		r = (struct rd){one.p, one.len};
		assert_int_equal(store_direct_get(&r, &got), 0);
		assert_int_equal(store_direct_put(&two, &got), 0);
		assert_int_equal(one.len, two.len);
		assert_memory_equal(one.p, two.p, one.len);
		for (n = 0; n < one.len; n++) {
			uint8_t *copy = malloc(n + 1);

			memcpy(copy, one.p, n);
			r = (struct rd){copy, n};
			/* A frame without its bytes is one of a list. */
			if (parts[i].what == STORE_DIRECT_FRAME &&
			    n == one.len - FRAME)
				assert_int_equal(
				    store_direct_get(&r, &got), 0);
			else
				assert_int_not_equal(
				    store_direct_get(&r, &got), 0);
			free(copy);
		}
		assert_int_equal(buf_u8(&one, 0), 0);
		r = (struct rd){one.p, one.len};
		assert_int_not_equal(store_direct_get(&r, &got), 0);
		one.p[0] = 0; /* no part */
		r = (struct rd){one.p, one.len - 1};
		assert_int_equal(store_direct_get(&r, &got), ERR_RANGE);
		buf_free(&one);
		buf_free(&two);
	}
}

/* A database of version 3 with a room in it gains the tables. */
static void test_upgrade(void **state)
{
	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	dbw_close();
	dbw_version_3();
	dbw_run();
	assert_int_equal(put_keys(phone, 0, 1, 3, false), 0);
	expect("d11:1+3@0 ");
	assert_int_equal(dbw_kept().entries, 12);
}

static void test_damaged(void **state)
{
	(void)state;
	dbw_run();
	assert_int_equal(put_keys(phone, 0, 1, 3, false), 0);
	dbw_close();
	dbw_sql("UPDATE direct_once SET key = x'00' WHERE id = 2");
	dbw_refused("a prekey");
	dbw_sql("DELETE FROM direct_once WHERE id = 2;"
		"UPDATE direct_device SET lasting = x'01'");
	dbw_refused("the prekeys of a device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_keys, up, dbw_down),
	    cmocka_unit_test_setup_teardown(test_queue, up, dbw_down),
	    cmocka_unit_test_setup_teardown(test_blocks, up, dbw_down),
	    cmocka_unit_test_setup_teardown(test_wire, up, dbw_down),
	    cmocka_unit_test_setup_teardown(test_upgrade, up, dbw_down),
	    cmocka_unit_test_setup_teardown(test_damaged, up, dbw_down),
	};

	return cmocka_run_group_tests_name("db_direct", tests, NULL, NULL);
}
