/* blob_dir.c and blob_wire.c: files in a folder, through restarts, within their
 * limits, beside what somebody else put there; and the messages about them. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/blob_dir.h"
#include "shared/proto/blob.h"
#include "tests/unit/folder.h"

static const uint64_t NOW = UINT64_C(1700000000000);
static uint8_t piece[WIRE_PIECE_SEALED], got[WIRE_PIECE_SEALED];

static struct blob_dir *opened(void **state)
{
	struct blob_dir *d;
	struct errmsg why;

	assert_int_equal(blob_dir_open(&d, *state, &why), 0);
	return d;
}

static struct blob_entry entry_of(uint8_t number, uint64_t size)
{
	struct blob_entry e = {.size = size, .made_ms = NOW, .name = "alice"};

	memset(e.blob, number, sizeof(e.blob));
	memset(e.owner, 0x77, sizeof(e.owner));
	return e;
}

static struct blob_entry *made(
    struct blob_dir *d, uint8_t number, uint64_t size)
{
	const struct blob_entry e = entry_of(number, size);

	assert_int_equal(blob_dir_new(d, &e), BLOB_OK);
	return blob_dir_find(d, e.blob);
}

static size_t fill(const struct blob_entry *e, uint32_t index)
{
	memset(piece, (int)(e->blob[0] + index), sizeof(piece));
	return BLOB_SEALED(blob_piece(e->size, index));
}

static void put(struct blob_dir *d, struct blob_entry *e, uint32_t n)
{
	uint32_t i;

	for (i = e->pieces; n-- > 0; i++) {
		size_t len = fill(e, i);

		assert_int_equal(
		    blob_dir_put(d, e, i, piece, len, NOW), BLOB_OK);
	}
}

static void whole(struct blob_dir *d, struct blob_entry *e)
{
	uint32_t i;
	size_t n, len;

	for (i = 0; i < blob_pieces(e->size); i++) {
		assert_int_equal(blob_dir_get(d, e, i, got, &n), BLOB_OK);
		len = fill(e, i);
		assert_int_equal(n, len);
		assert_memory_equal(got, piece, len);
	}
	assert_int_equal(blob_dir_get(d, e, i, got, &n), BLOB_BAD);
	assert_int_equal(n, 0);
}

/* --- one blob ----------------------------------------------------------------- */

static void test_there_and_back(void **state)
{
	static const uint64_t sizes[] = {4096, 61440, 65536, 200704};
	struct blob_dir *d = opened(state);
	struct blob_entry *e;
	uint8_t i;

	for (i = 0; i < 4; i++) {
		e = made(d, i, sizes[i]);
		assert_non_null(e);
		put(d, e, blob_pieces(sizes[i]));
		assert_int_equal(
		    blob_dir_end(d, e, blob_pieces(sizes[i])), BLOB_OK);
		assert_true(e->ended);
		whole(d, e);
	}
	assert_int_equal(folder_count(state), 4);
	blob_dir_close(d);
	d = opened(state);
	for (i = 0, e = NULL; i < 4; i++) {
		e = blob_dir_next(d, e == NULL ? NULL : e->blob);
		assert_non_null(e);
		assert_int_equal(e->blob[0], i);
		assert_int_equal(e->size, sizes[i]);
		assert_int_equal(e->made_ms, NOW);
		assert_string_equal(e->name, "alice");
		assert_true(e->ended);
		whole(d, e);
	}
	assert_null(blob_dir_next(d, e->blob));
	blob_dir_close(d);
}

static void test_wrong_pieces(void **state)
{
	struct blob_dir *d = opened(state);
	struct blob_entry *e = made(d, 1, 200704); /* four pieces */
	size_t n;

	assert_int_equal(
	    blob_dir_put(d, e, 1, piece, sizeof(piece), NOW), BLOB_BAD);
	assert_int_equal(
	    blob_dir_put(d, e, 0, piece, sizeof(piece) - 1, NOW), BLOB_BAD);
	put(d, e, 2);
	assert_int_equal(
	    blob_dir_put(d, e, 0, piece, sizeof(piece), NOW), BLOB_BAD);
	assert_int_equal(
	    blob_dir_put(d, e, 1, piece, sizeof(piece), NOW), BLOB_BAD);
	assert_int_equal(blob_dir_get(d, e, 0, got, &n), BLOB_BAD);
	assert_int_equal(blob_dir_end(d, e, 2), BLOB_BAD);
	assert_int_equal(blob_dir_end(d, e, 4), BLOB_BAD);
	put(d, e, 2);
	assert_int_equal(blob_dir_put(d, e, 4, piece, 28, NOW), BLOB_BAD);
	assert_int_equal(blob_dir_end(d, e, 3), BLOB_BAD);
	assert_int_equal(blob_dir_end(d, e, 4), BLOB_OK);
	assert_int_equal(blob_dir_end(d, e, 4), BLOB_OK);
	assert_int_equal(
	    blob_dir_put(d, e, 3, piece, fill(e, 3), NOW), BLOB_BAD);
	whole(d, e);
	blob_dir_close(d);
}

/* A process that is killed anywhere in a piece: what was acknowledged is there, and
 * the rest is written again. */
static void test_killed(void **state)
{
	char name[] = "01010101010101010101010101010101.part";
	const char *path = folder_path(state, name);
	struct blob_dir *d = opened(state);
	struct blob_entry *e = made(d, 1, 200704);
	off_t cut;

	put(d, e, 3);
	blob_dir_close(d);
	for (cut = 0; cut < 3; cut++) {
		static const off_t most[] = {1, 40000, WIRE_PIECE_SEALED - 1};

		assert_int_equal(
		    truncate(path,
			BLOB_DIR_HEAD + 2 * WIRE_PIECE_SEALED + most[cut]),
		    0);
		d = opened(state);
		assert_non_null(e = blob_dir_next(d, NULL));
		assert_false(e->ended);
		assert_int_equal(e->pieces, 2);
		assert_int_equal(e->sender, 0);
		put(d, e, 1);
		blob_dir_close(d);
	}
	d = opened(state);
	e = blob_dir_next(d, NULL);
	assert_int_equal(e->pieces, 3);
	put(d, e, 1);
	assert_int_equal(blob_dir_end(d, e, 4), BLOB_OK);
	whole(d, e);
	blob_dir_close(d);
}

static void test_removed(void **state)
{
	struct blob_dir *d = opened(state);
	struct blob_entry *e;
	uint8_t i;

	for (i = 1; i <= 3; i++) {
		e = made(d, i, 4096);
		put(d, e, 1);
		if (i != 2)
			assert_int_equal(blob_dir_end(d, e, 1), BLOB_OK);
	}
	for (i = 1; i <= 3; i++) {
		const struct blob_entry gone = entry_of(i, 0);

		assert_int_equal(folder_count(state), 4 - i);
		e = blob_dir_find(d, gone.blob);
		assert_int_equal(blob_dir_remove(d, e), BLOB_OK);
		assert_null(blob_dir_find(d, gone.blob));
	}
	assert_int_equal(folder_count(state), 0);
	blob_dir_close(d);
}

/* More than may be open at a time. */
static void test_many(void **state)
{
	struct blob_dir *d = opened(state);
	struct blob_entry *e;
	int round, i;

	for (i = 0; i < 2 * BLOB_DIR_OPEN; i++)
		assert_non_null(made(d, (uint8_t)i, 200704));
	for (round = 0; round < 4; round++)
		for (i = 0, e = NULL; i < 2 * BLOB_DIR_OPEN; i++) {
			e = blob_dir_next(d, e == NULL ? NULL : e->blob);
			put(d, e, 1);
		}
	for (e = NULL; (e = blob_dir_next(d, e == NULL ? NULL : e->blob));) {
		assert_int_equal(blob_dir_end(d, e, 4), BLOB_OK);
		whole(d, e);
	}
	blob_dir_close(d);
}

/* --- limits ------------------------------------------------------------------- */

static void test_limits(void **state)
{
	const struct blob_limits l = {
	    .file = 2 << 20, .person = 4 << 20, .all = 6 << 20};
	struct blob_dir *d = opened(state);
	struct blob_entry e = entry_of(1, (2 << 20) + 4096);

	blob_dir_limit(d, &l);
	assert_int_equal(blob_dir_new(d, &e), BLOB_QUOTA);
	made(d, 1, 2 << 20);
	made(d, 2, 4096); /* counts as a MiB */
	made(d, 3, 4096);
	e = entry_of(4, 4096);
	assert_int_equal(blob_dir_new(d, &e), BLOB_QUOTA);
	e.owner[0] = 1;
	assert_int_equal(blob_dir_new(d, &e), BLOB_OK);
	e.blob[0] = 5;
	e.size = 2 << 20;
	assert_int_equal(blob_dir_new(d, &e), BLOB_QUOTA); /* of all */
	e.size = 4096;
	assert_int_equal(blob_dir_new(d, &e), BLOB_OK);
	e.owner[0] = 2;
	e.blob[0] = 6;
	assert_int_equal(blob_dir_new(d, &e), BLOB_QUOTA);
	assert_int_equal(folder_count(state), 5);
	blob_dir_limit(d, &(struct blob_limits){0}); /* any number */
	assert_int_equal(blob_dir_new(d, &e), BLOB_OK);
	assert_int_equal(blob_dir_new(d, &e), BLOB_BAD); /* it is there */
	e.blob[0] = 7;
	e.size = 4097;
	assert_int_equal(blob_dir_new(d, &e), BLOB_BAD);
	blob_dir_close(d);
}

/* Nothing that was acknowledged is lost, and it goes on when there is room. */
static void test_full(void **state)
{
	struct rlimit was, now = {BLOB_DIR_HEAD + 2 * WIRE_PIECE_SEALED + 9, 0};
	struct blob_dir *d = opened(state);
	struct blob_entry *e = made(d, 1, 200704);
	const struct blob_entry other = entry_of(2, 200704);

	put(d, e, 1);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	now.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	put(d, e, 1);
	assert_int_equal(
	    blob_dir_put(d, e, 2, piece, fill(e, 2), NOW), BLOB_FULL);
	assert_int_equal(e->pieces, 2);
	now.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	assert_int_equal(blob_dir_new(d, &other), BLOB_FULL);
	assert_int_equal(folder_count(state), 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	put(d, e, 2);
	assert_int_equal(blob_dir_end(d, e, 4), BLOB_OK);
	whole(d, e);
	blob_dir_close(d);
}

static void test_too_old(void **state)
{
	struct blob_dir *d = opened(state);
	struct blob_entry *e = made(d, 1, 4096);

	put(d, e, 1);
	assert_int_equal(blob_dir_end(d, e, 1), BLOB_OK);
	made(d, 2, 4096);
	assert_int_equal(blob_dir_sweep(d, NOW + BLOB_DIR_IDLE_MS), 0);
	assert_int_equal(blob_dir_sweep(d, 5), 0); /* a clock set back */
	assert_int_equal(blob_dir_sweep(d, NOW + BLOB_DIR_IDLE_MS + 1), 1);
	assert_int_equal(blob_dir_sweep(d, NOW * 2), 0); /* kept for ever */
	blob_dir_limit(d, &(struct blob_limits){.keep_ms = 1000});
	assert_int_equal(blob_dir_sweep(d, NOW + 1000), 0);
	assert_int_equal(blob_dir_sweep(d, NOW + 1001), 1);
	assert_int_equal(folder_count(state), 0);
	blob_dir_close(d);
}

/* --- what others put there -------------------------------------------------------- */

static void copy(const char *from, const char *to, size_t change)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t at = 0;
	int c;

	assert_true(in != NULL && out != NULL);
	while ((c = fgetc(in)) != EOF)
		assert_true(fputc(at++ == change ? c ^ 0x80 : c, out) != EOF);
	fclose(in);
	fclose(out);
}

static void test_strangers(void **state)
{
	char name[] = "01010101010101010101010101010101";
	char *path = strdup(folder_path(state, name)), *kept;
	struct blob_dir *d = opened(state);
	struct blob_entry *e = made(d, 1, 4096);
	size_t at;

	put(d, e, 1);
	assert_int_equal(blob_dir_end(d, e, 1), BLOB_OK);
	blob_dir_close(d);
	folder_write(folder_path(state, "README"), "hello", 0600);
	folder_write(
	    folder_path(state, "02020202020202020202020202020202"), "", 0600);
	copy(path, folder_path(state, "03030303030303030303030303030303"),
	    SIZE_MAX);
	assert_int_equal(
	    symlink(path,
		folder_path(state, "04040404040404040404040404040404.part")),
	    0);
	d = opened(state);
	assert_non_null(e = blob_dir_next(d, NULL));
	whole(d, e);
	assert_null(blob_dir_next(d, e->blob));
	blob_dir_close(d);
	/* One bit of its head: no blob, or one of the same length. */
	kept = strdup(folder_path(state, "kept"));
	assert_int_equal(rename(path, kept), 0);
	for (at = 0; at < 120; at++) {
		copy(kept, path, at);
		d = opened(state);
		e = blob_dir_next(d, NULL);
		assert_true(at >= 32 || e == NULL);
		assert_true(at < 64 || at >= 72 || e == NULL);
		assert_true(e == NULL || e->size == 4096);
		blob_dir_close(d);
	}
	free(kept);
	free(path);
}

static void test_no_folder(void **state)
{
	struct blob_dir *d;
	struct errmsg why;

	assert_int_equal(
	    blob_dir_open(&d, folder_path(state, "none"), &why), ERR_IO);
	assert_null(d);
	assert_non_null(strstr(why.text, "cannot read the folder"));
}

/* --- messages ------------------------------------------------------------------ */

static void test_messages(void **state)
{
	static uint8_t wire[BLOB_WIRE_MAX + 1];
	struct blob_message m = {.kind = BLOB_ASK_PUT,
	    .code = BLOB_FULL,
	    .flags = BLOB_IS_ENDED,
	    .id = UINT64_C(0x0102030405060708),
	    .size = UINT64_C(1) << 40,
	    .time = UINT64_MAX,
	    .number = 77,
	    .bytes = wire + BLOB_WIRE_HEAD};
	struct blob_message out;
	size_t used, n;

	(void)state;
	memset(m.blob, 0x11, sizeof(m.blob));
	memset(m.owner, 0x22, sizeof(m.owner));
	for (m.len = 0; m.len <= WIRE_PIECE_SEALED; m.len += 16384) {
		blob_message_head(wire, &m);
		for (n = 0; n < BLOB_WIRE_HEAD + m.len; n += n < 200 ? 1 : 999)
			assert_int_equal(
			    blob_message_next(&out, &used, wire, n), ERR_AGAIN);
		assert_int_equal(
		    blob_message_next(&out, &used, wire, sizeof(wire)), 0);
		assert_int_equal(used, BLOB_WIRE_HEAD + m.len);
		assert_int_equal(out.kind, m.kind);
		assert_int_equal(out.code, m.code);
		assert_int_equal(out.flags, m.flags);
		assert_true(out.id == m.id && out.size == m.size &&
			    out.time == m.time && out.number == m.number);
		assert_memory_equal(out.blob, m.blob, WIRE_BLOB);
		assert_memory_equal(out.owner, m.owner, BLOB_OWNER);
		assert_ptr_equal(out.bytes, m.bytes);
		assert_int_equal(out.len, m.len);
	}
	for (n = 0; n < 256; n++) { /* kinds and codes that are none */
		wire[4] = (uint8_t)n;
		wire[13] = BLOB_OK;
		assert_int_equal(
		    blob_message_next(&out, &used, wire, sizeof(wire)),
		    n >= BLOB_ASK_LIMITS && n <= BLOB_ANSWER ? 0 : ERR_RANGE);
		wire[4] = BLOB_ANSWER;
		wire[13] = (uint8_t)n;
		assert_int_equal(
		    blob_message_next(&out, &used, wire, sizeof(wire)),
		    n < BLOB_CODES ? 0 : ERR_RANGE);
	}
	wire[13] = BLOB_OK;
	put_u32(wire, BLOB_WIRE_HEAD - 5);
	assert_int_equal(
	    blob_message_next(&out, &used, wire, sizeof(wire)), ERR_RANGE);
	put_u32(wire, BLOB_WIRE_MAX - 3);
	assert_int_equal(
	    blob_message_next(&out, &used, wire, sizeof(wire)), ERR_RANGE);
	put_u32(wire, UINT32_MAX);
	assert_int_equal(
	    blob_message_next(&out, &used, wire, sizeof(wire)), ERR_RANGE);
}

static void test_limits_message(void **state)
{
	const struct blob_limits l = {1, 2, UINT64_MAX, 4};
	uint8_t wire[BLOB_LIMITS_BYTES];
	struct blob_limits out;
	size_t n;

	(void)state;
	blob_limits_put(wire, &l);
	assert_int_equal(blob_limits_get(&out, wire, sizeof(wire)), 0);
	assert_memory_equal(&out, &l, sizeof(l));
	for (n = 0; n < sizeof(wire); n++)
		assert_int_equal(blob_limits_get(&out, wire, n), ERR_RANGE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_there_and_back),
	    TEST(test_wrong_pieces),
	    TEST(test_killed),
	    TEST(test_removed),
	    TEST(test_many),
	    TEST(test_limits),
	    TEST(test_full),
	    TEST(test_too_old),
	    TEST(test_strangers),
	    TEST(test_no_folder),
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_limits_message),
	};

	return cmocka_run_group_tests_name("blob_dir", tests, NULL, NULL);
}
