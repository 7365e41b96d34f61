/* Unit tests for the files of a session that are sent, and of what a server says of
 * them; those that are got: test_client_transfers_get.c. */
#include "tests/unit/transfer_world.h"

enum { STALL_MS = 600000 };

static const size_t sizes[] = {0, 1, 4096, WIRE_PIECE - 1, WIRE_PIECE,
    WIRE_PIECE + 1, 40 * WIRE_PIECE + 5, 60 * WIRE_PIECE};

static void test_sizes(void **state)
{
	struct errmsg why = {""};
	struct tw *w;
	struct tw_file *m, *got;
	const struct session_file *f;
	struct person carol = {.name = "carol", .trust = TRUST_SEEN};
	uint32_t number;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		w = tw_new();
		m = tw_file(w, "dir/a.bin", sizes[i]);
		number = tw_send(w, "dir/a.bin");
		tw_pump(w);
		tw_expect_offer(w, m);
		assert_string_equal(w->offered.name, "a.bin");
		assert_int_equal(w->offered.key.file, sizes[i]);
		/* The record stays until the message is with the server. */
		assert_true(w->has_kept[0]);
		transfers_sent(w->t, w->offered.id);
		assert_false(w->has_kept[0]);
		tw_note(w);
		assert_string_equal(w->done, "|");
		assert_int_equal(
		    transfers_numbered(w->t, number)->state, FILE_SHARED);
		/* Somebody else gets it. */
		tw_end(w);
		tw_begin(w);
		w->done[0] = '\0';
		f = tw_hear(w, &carol, false);
		assert_int_equal(f->state, FILE_OFFERED);
		assert_int_equal(transfers_get(w->t, f->number, NULL, &why), 0);
		tw_pump(w);
		assert_string_equal(w->done, "|");
		got = tw_named(w, "a.bin");
		assert_non_null(got);
		assert_int_equal(got->n, m->n);
		assert_memory_equal(got->p, m->p, m->n);
		assert_int_equal(transfers_busy(w->t), 0);
		tw_free(w);
	}
}

/* A killed client goes on where the server is, and makes the same hash. */
static void test_send_resumes(void **state)
{
	struct tw *w = tw_new();
	struct tw_file *m = tw_file(w, "a.bin", 50 * WIRE_PIECE);

	(void)state;
	tw_send(w, "a.bin");
	w->stop_at = 25;
	tw_pump(w);
	assert_int_equal(w->n_offers, 0);
	assert_int_equal(w->blob[0].have, 25);
	w->stop_at = 0;
	tw_end(w);
	tw_begin(w);
	tw_pump(w);
	tw_expect_offer(w, m);
	assert_int_equal(
	    w->blob[0].have, blob_pieces(blob_size(50 * WIRE_PIECE)));
	assert_false(w->blob[1].is);
	tw_free(w);
}

/* The same over a lost connection, whose requests are lost too. */
static void test_send_reconnects(void **state)
{
	struct tw *w = tw_new();
	struct tw_file *m = tw_file(w, "a.bin", 50 * WIRE_PIECE);

	(void)state;
	tw_send(w, "a.bin");
	w->stop_at = 20;
	tw_pump(w);
	w->stop_at = 0;
	requests_lost(w->requests);
	transfers_lost(w->t);
	outgoing_clear(w->out);
	ends_fresh(&w->ends, &w->ends.client, LINK_CLIENT);
	ends_fresh(&w->ends, &w->ends.server, LINK_SERVER);
	outgoing_link(w->out, w->ends.client);
	assert_false(transfers_ready(w->t));
	transfers_linked(w->t);
	tw_pump(w);
	tw_expect_offer(w, m);
	tw_free(w);
}

/* The server has forgotten the blob: it is sent again, under another. */
static void test_send_begins_again(void **state)
{
	struct tw *w = tw_new();
	struct tw_file *m = tw_file(w, "a.bin", 30 * WIRE_PIECE);

	(void)state;
	tw_send(w, "a.bin");
	w->stop_at = 5;
	tw_pump(w);
	w->stop_at = 0;
	tw_end(w);
	w->blob[0].is = false;
	tw_begin(w);
	tw_pump(w);
	tw_expect_offer(w, m);
	tw_free(w);
}

/* A file that has changed is not sent, neither now nor later. */
static void test_changed(void **state)
{
	struct tw *w = tw_new();
	struct tw_file *m = tw_file(w, "a.bin", 30 * WIRE_PIECE);

	(void)state;
	tw_send(w, "a.bin");
	w->stop_at = 5;
	tw_pump(w);
	m->stamp++;
	w->stop_at = 0;
	tw_end(w);
	tw_begin(w);
	tw_pump(w);
	assert_int_equal(strncmp(w->done, "changed|", 8), 0);
	assert_int_equal(w->n_offers, 0);
	assert_false(w->has_kept[0]);
	/* While it is sent: at the end. */
	m->stamp = 7;
	w->stop_at = 29;
	tw_send(w, "a.bin");
	transfers_tick(w->t, w->now);
	m->n = 3 * WIRE_PIECE;
	tw_pump(w);
	assert_int_equal(strncmp(w->done, "changed|", 8), 0);
	tw_free(w);
}

static void test_refused(void **state)
{
	struct tw *w = tw_new();

	(void)state;
	tw_file(w, "a.bin", 30);
	w->refuse = CODE_QUOTA;
	tw_send(w, "a.bin");
	tw_pump(w);
	assert_int_equal(strncmp(w->done, "quota|", 6), 0);
	assert_false(w->has_kept[0]);
	assert_int_equal(transfers_busy(w->t), 0);
	/* A busy server is asked again. */
	w->done[0] = '\0';
	w->refuse = CODE_TRY_LATER;
	tw_send(w, "a.bin");
	tw_pump(w);
	assert_string_equal(w->done, "");
	assert_int_equal(transfers_busy(w->t), 1);
	w->refuse = CODE_NONE;
	w->now += 10000;
	tw_pump(w);
	assert_int_equal(w->n_offers, 1);
	tw_free(w);
}

static void test_cancel(void **state)
{
	struct tw *w = tw_new();
	uint32_t number;

	(void)state;
	tw_file(w, "a.bin", 50 * WIRE_PIECE);
	number = tw_send(w, "a.bin");
	w->stop_at = 5;
	tw_pump(w);
	assert_int_equal(transfers_cancel(w->t, number), 0);
	tw_pump(w);
	assert_int_equal(strncmp(w->done, "cancelled|", 10), 0);
	assert_false(w->blob[0].is);
	assert_false(w->has_kept[0]);
	assert_int_equal(transfers_cancel(w->t, number), ERR_STATE);
	assert_int_equal(transfers_cancel(w->t, 99), ERR_ABSENT);
	tw_free(w);
}

/* Offered once we are in the room. */
static void test_waits_for_the_room(void **state)
{
	struct tw *w = tw_new();

	(void)state;
	tw_file(w, "a.bin", 30);
	w->joined = false;
	tw_send(w, "a.bin");
	tw_pump(w);
	assert_int_equal(w->n_offers, 0);
	w->joined = true;
	tw_pump(w);
	assert_int_equal(w->n_offers, 1);
	tw_free(w);
}

/* At most as many blobs as a server takes are sent at once, the rest later. */
static void test_many(void **state)
{
	struct tw *w = tw_new();
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%zu", i);
		tw_file(w, name, 3 * WIRE_PIECE);
		tw_send(w, name);
	}
	tw_pump(w);
	assert_int_equal(w->n_offers, 4);
	tw_free(w);
}

/* What a server says of files that we do not have, or do not move. */
static void test_nonsense(void **state)
{
	struct tw *w = tw_new();
	uint8_t body[WIRE_BLOB_HEAD + WIRE_PIECE_SEALED] = {0};
	struct blob_state s = {.pieces = UINT32_MAX};

	(void)state;
	assert_int_equal(transfers_piece(w->t, body, sizeof(body)), 0);
	assert_int_equal(transfers_piece(w->t, body, 3), ERR_RANGE);
	tw_have(w, &s);
	tw_gone(w, body);
	tw_file(w, "a", 40 * WIRE_PIECE);
	tw_send(w, "a");
	w->stop_at = 5;
	tw_pump(w);
	tw_gone(w, w->blob[0].id);
	tw_note(w);
	assert_int_equal(strncmp(w->done, "no_blob|", 8), 0);
	/* It has ended: what is said of it is about nothing. */
	memcpy(s.blob, w->blob[0].id, WIRE_BLOB);
	tw_have(w, &s);
	tw_note(w);
	assert_int_equal(strncmp(w->done, "no_blob|", 8), 0);
	tw_free(w);
}

/* More than was sent, by one piece or many, or less than it had: that file ends with
 * a sentence, and the next one goes. */
static void test_wrong_numbers(void **state)
{
	static const struct {
		uint32_t before, pieces;
		const char *why;
	} each[] = {
	    {0, UINT32_MAX, "protocol|the server says that it has more"},
	    {3, 38, "protocol|the server says that it has more"},
	    {3, 2, "protocol|the server says that it has lost some"},
	    {3, 0, "protocol|the server says that it has lost some"},
	};
	struct blob_state s;
	struct tw *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		w = tw_new();
		tw_file(w, "a", 60 * WIRE_PIECE);
		tw_send(w, "a");
		w->stop_at = 5;
		tw_pump(w);
		memset(&s, 0, sizeof(s));
		memcpy(s.blob, w->blob[0].id, WIRE_BLOB);
		s.pieces = each[i].before;
		tw_have(w, &s);
		tw_note(w);
		assert_string_equal(w->done, "");
		s.pieces = each[i].pieces;
		tw_have(w, &s);
		tw_note(w);
		assert_int_equal(
		    strncmp(w->done, each[i].why, strlen(each[i].why)), 0);
		assert_int_equal(transfers_at(w->t, 0)->state, FILE_ENDED);
		assert_false(w->has_kept[0]);
		tw_free(w);
	}
}

/* A server that says nothing more: not for ever. One that goes on slowly may. */
static void test_silence(void **state)
{
	struct tw *w = tw_new();
	struct blob_state s = {.pieces = 0};
	uint64_t at;

	(void)state;
	tw_file(w, "a", 60 * WIRE_PIECE);
	tw_send(w, "a");
	w->stop_at = 5;
	tw_pump(w);
	memcpy(s.blob, w->blob[0].id, WIRE_BLOB);
	for (s.pieces = 6; s.pieces < 12; s.pieces++) {
		w->now += STALL_MS - 1;
		transfers_tick(w->t, w->now);
		tw_have(w, &s);
		transfers_tick(w->t, w->now);
	}
	at = transfers_deadline(w->t, w->now);
	assert_true(at > w->now && at <= w->now + STALL_MS);
	tw_note(w);
	assert_string_equal(w->done, "");
	w->now += STALL_MS;
	transfers_tick(w->t, w->now);
	tw_note(w);
	assert_int_equal(
	    strncmp(w->done, "timeout|the server has not gone on", 34), 0);
	assert_int_equal(transfers_at(w->t, 0)->state, FILE_ENDED);
	assert_int_equal(transfers_deadline(w->t, w->now), UINT64_MAX);
	assert_false(w->has_kept[0]);
	tw_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_send_resumes),
	    cmocka_unit_test(test_send_reconnects),
	    cmocka_unit_test(test_send_begins_again),
	    cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_cancel),
	    cmocka_unit_test(test_waits_for_the_room),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_nonsense),
	    cmocka_unit_test(test_wrong_numbers),
	    cmocka_unit_test(test_silence),
	};

	json_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
