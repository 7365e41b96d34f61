/* Unit tests for the files of a session that are got: from a server that lies, after
 * a crash, from people who offer too many. */
#include "tests/unit/transfer_world.h"

static void test_lies(void **state)
{
	struct tw *w;
	int lie;

	(void)state;
	for (lie = TW_LIE_SWAP; lie <= TW_LIE_OTHER; lie++) {
		w = tw_new();
		tw_get(w, tw_offered(w, 3 * WIRE_PIECE + 100), NULL);
		w->lie = (enum tw_lie)lie;
		tw_pump(w);
		assert_int_equal(strncmp(w->done, "damaged|", 8), 0);
		assert_null(tw_named(w, "sent.part"));
		assert_false(w->has_kept[0]);
		/* An honest one gives it after that. */
		w->lie = TW_LIE_NONE;
		tw_get(w, w->last_number, "other");
		tw_pump(w);
		assert_string_equal(w->done, "|");
		assert_non_null(tw_named(w, "other"));
		tw_free(w);
	}
}

/* Another file under the same key: the hash of the offer is not its. */
static void test_wrong_hash(void **state)
{
	struct tw *w = tw_new();
	struct person carol = {.name = "carol", .trust = TRUST_SEEN};

	(void)state;
	(void)tw_offered(w, 1000);
	w->offered.hash[3] ^= 1;
	w->offered.id[0] ^= 1;
	tw_get(w, tw_hear(w, &carol, false)->number, NULL);
	tw_pump(w);
	assert_int_equal(strncmp(w->done, "damaged|", 8), 0);
	tw_free(w);
}

static void test_get_resumes(void **state)
{
	struct tw *w = tw_new();
	uint32_t number = tw_offered(w, 50 * WIRE_PIECE);
	struct tw_file *part;
	size_t before;

	(void)state;
	tw_get(w, number, NULL);
	/* Killed with a half of it on the disk, and a torn piece. */
	part = tw_named(w, "sent.part");
	assert_non_null(part);
	memcpy(part->p, tw_named(w, "sent")->p, 25 * WIRE_PIECE + 100);
	part->n = 25 * WIRE_PIECE + 100;
	tw_end(w);
	tw_begin(w);
	before = w->n_pieces;
	tw_pump(w);
	assert_string_equal(w->done, "|");
	assert_int_equal(
	    w->n_pieces - before, blob_pieces(blob_size(50 * WIRE_PIECE)) - 25);
	tw_free(w);
}

/* What lies on the disk is not what was written: once more from the start. */
static void test_get_mends(void **state)
{
	struct tw *w = tw_new();
	uint32_t number = tw_offered(w, 20 * WIRE_PIECE);
	struct tw_file *part;

	(void)state;
	tw_get(w, number, NULL);
	part = tw_named(w, "sent.part");
	part->n = 10 * WIRE_PIECE;
	tw_end(w);
	tw_begin(w);
	tw_pump(w);
	assert_string_equal(w->done, "|");
	assert_int_equal(w->n_gets, 2);
	tw_free(w);
}

static void test_full_disk(void **state)
{
	struct tw *w = tw_new();
	uint32_t number = tw_offered(w, 5 * WIRE_PIECE);

	(void)state;
	tw_get(w, number, NULL);
	w->full_disk = true;
	tw_pump(w);
	assert_string_equal(w->done, "disk|the disk is full");
	assert_null(tw_named(w, "sent.part"));
	tw_free(w);
}

static void test_expired(void **state)
{
	struct tw *w = tw_new();
	uint32_t number = tw_offered(w, 5 * WIRE_PIECE);

	(void)state;
	w->blob[0].is = false;
	tw_get(w, number, NULL);
	tw_pump(w);
	assert_int_equal(strncmp(w->done, "no_blob|", 8), 0);
	tw_free(w);
}

static void ask_for_pieces(struct tw *w, uint32_t number)
{
	int i;

	tw_get(w, number, NULL);
	for (i = 0; i < 2; i++) {
		transfers_tick(w->t, w->now += 10);
		assert_int_equal(transfers_step(w->t), 0);
	}
}

/* What was asked for before it was cancelled still comes, and is not taken for what
 * is asked for then. */
static void test_cancelled_and_got_again(void **state)
{
	struct tw *w = tw_new();
	uint32_t number = tw_offered(w, 20 * WIRE_PIECE);
	uint8_t late[WIRE_BLOB + 4 + WIRE_PIECE_SEALED];
	const struct tw_file *got;

	(void)state;
	ask_for_pieces(w, number);
	assert_int_equal(transfers_cancel(w->t, number), 0);
	tw_note(w);
	w->done[0] = '\0';
	ask_for_pieces(w, number);
	memcpy(late, w->blob[0].id, WIRE_BLOB);
	memcpy(late + WIRE_BLOB, "\0\0\0\3", 4);
	memcpy(late + WIRE_BLOB + 4, w->blob[0].piece[3], w->blob[0].len[3]);
	assert_int_equal(transfers_piece(w->t, late,
			     WIRE_BLOB + 4 + w->blob[0].len[3]),
	    0);
	tw_pump(w);
	assert_string_equal(w->done, "|");
	assert_int_equal(w->n_gets, 2);
	assert_non_null(got = tw_named(w, "sent"));
	assert_int_equal(got->n, 20 * WIRE_PIECE);
	tw_free(w);
}

/* Only of people whose key is known, and only live. */
static void test_accept(void **state)
{
	static const struct {
		enum trust trust;
		const char *name;
		bool past, fetched;
	} cases[] = {
	    {TRUST_SEEN, "carol", false, true},
	    {TRUST_VERIFIED, "carol", false, true},
	    {TRUST_NEW, "carol", false, false},
	    {TRUST_CHANGED, "carol", false, false},
	    {TRUST_SEEN, "dave", false, false},
	    {TRUST_SEEN, "carol", true, false},
	};
	const struct session_file *f;
	struct person who;
	struct tw *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w = tw_new();
		(void)tw_offered(w, 100);
		w->accepts = true;
		w->offered.id[0] ^= 1;
		who = (struct person){.trust = cases[i].trust};
		snprintf(who.name, sizeof(who.name), "%s", cases[i].name);
		f = tw_hear(w, &who, cases[i].past);
		tw_pump(w);
		assert_int_equal(f->state == FILE_SAVED, cases[i].fetched);
		tw_free(w);
	}
}

/* A thousand offers: the oldest go, none that is on its way. */
static void test_many_offers(void **state)
{
	struct tw *w = tw_new();
	uint32_t number = tw_offered(w, 100);
	struct person carol = {.name = "carol", .trust = TRUST_SEEN};
	size_t i;

	(void)state;
	transfers_lost(w->t); /* it waits */
	tw_get(w, number, NULL);
	for (i = 0; i < 1000; i++) {
		memcpy(w->offered.id, &i, sizeof(i));
		(void)tw_hear(w, &carol, false);
	}
	for (i = 0; transfers_at(w->t, i) != NULL; i++)
		;
	assert_int_equal(i, TRANSFERS_MAX);
	assert_int_equal(transfers_at(w->t, 0)->number, number);
	assert_int_equal(transfers_busy(w->t), 1);
	transfers_linked(w->t);
	tw_pump(w);
	assert_string_equal(w->done, "|");
	tw_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lies),
	    cmocka_unit_test(test_wrong_hash),
	    cmocka_unit_test(test_get_resumes),
	    cmocka_unit_test(test_get_mends),
	    cmocka_unit_test(test_full_disk),
	    cmocka_unit_test(test_expired),
	    cmocka_unit_test(test_cancelled_and_got_again),
	    cmocka_unit_test(test_accept),
	    cmocka_unit_test(test_many_offers),
	};

	json_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
