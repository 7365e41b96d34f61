/* Unit tests for the start of a connection: the password, pins, refusals. */
#include "tests/unit/fake_server.h"
#include "tests/unit/vectors.h"

#define TEST(name) static void name(void **state)

TEST(a_wrong_password)
{
	struct world *w = world_new();

	(void)state;
	w->stretched[0] ^= 1;
	world_connect(w);
	check_events(w, "connecting 1",
	    "closed 4 bad_password: the password is wrong, or this is the "
	    "wrong server",
	    NULL);
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
	world_free(w);
}

TEST(another_server_than_the_pinned_one)
{
	struct world *w = world_new();
	uint8_t real[WIRE_HASH];

	(void)state;
	memcpy(real, w->pin, WIRE_HASH);
	w->pin[0] ^= 1;
	world_connect(w);
	check_events(w, "connecting 1",
	    "closed 5 : the server's identity is not the pinned one", NULL);
	assert_non_null(session_shown_fingerprint(w->s));
	assert_memory_equal(session_shown_fingerprint(w->s), real, WIRE_HASH);
	world_free(w);
}

TEST(without_a_pin_the_first_one_is_kept)
{
	struct world *w = world_new();
	struct session_status st;
	struct identity *real;
	static const uint8_t seed[32] = {99};

	(void)state;
	w->opts.pin = NULL;
	world_join(w, 1);
	session_status(w->s, &st);
	assert_true(st.server_proved);
	assert_memory_equal(st.server, w->pin, WIRE_HASH);
	/* Another server answers at the reconnect. */
	world_lose(w, "gone");
	world_tick(w, 2000);
	real = w->fake.id;
	w->fake.id = identity_from_seed(seed);
	world_connect(w);
	check_events(w, "reconnect gone", "connecting 1",
	    "closed 5 : the server's identity is not the pinned one", NULL);
	identity_free(w->fake.id);
	w->fake.id = real;
	world_free(w);
}

TEST(a_server_that_cannot_prove_itself)
{
	struct world *w = world_new();

	(void)state;
	w->spoil = "\"proof\":\"";
	world_connect(w);
	check_events(w, "connecting 1",
	    "closed 6 protocol: the server broke the protocol: the server's "
	    "proof does not verify",
	    NULL);
	world_free(w);
}

TEST(try_later_is_tried_later)
{
	struct world *w = world_new();

	(void)state;
	w->fake.refuse = CODE_TRY_LATER;
	world_connect(w);
	check_events(w, "connecting 1",
	    "reconnect unverified reply: the server asks to wait: no", NULL);
	assert_in_range(w->wait_ms, 750, 1250);
	assert_int_equal(session_deadline(w->s), w->now + w->wait_ms);
	world_tick(w, w->wait_ms - 1);
	check_events(w, NULL);
	world_tick(w, 1);
	check_events(w, "connecting 2", NULL);
	w->fake.refuse = CODE_NONE;
	world_connect(w);
	fake_admit(&w->fake);
	world_pump(w);
	check_events(w, "connected 4", NULL);
	world_free(w);
}

TEST(a_refusal_is_final)
{
	struct world *w = world_new();

	(void)state;
	w->fake.refuse = CODE_BANNED;
	world_connect(w);
	check_events(w, "connecting 1",
	    "closed 4 banned: unverified reply: the server has "
	    "banned this identity: no",
	    NULL);
	world_free(w);
}

TEST(an_error_message_after_finish)
{
	struct world *w = world_new();

	(void)state;
	w->fake.hint = CODE_SHUTDOWN;
	world_connect(w);
	check_events(w, "connecting 1",
	    "closed 3 shutdown: unverified reply: the server is "
	    "shutting down: a hint",
	    NULL);
	world_free(w);
}

/* A small machine makes its RSA pair too slowly for the first handshake; the
 * next attempt has it ready. */
TEST(too_slow_for_the_server_is_tried_again)
{
	const char *again = "reconnect unverified reply: the handshake took "
			    "too long: a hint";
	struct world *w = world_new();

	(void)state;
	w->fake.hint = CODE_TIMEOUT;
	world_connect(w);
	check_events(w, "connecting 1", again, NULL);
	world_tick(w, w->wait_ms);
	world_connect(w);
	check_events(w, "connecting 2", again, NULL);
	world_tick(w, w->wait_ms);
	world_connect(w);
	check_events(w, "connecting 3", again, NULL);
	world_tick(w, w->wait_ms);
	check_events(w, "connecting 4", NULL);
	world_connect(w);
	check_events(w,
	    "closed 3 timeout: unverified reply: the handshake took too "
	    "long: a hint",
	    NULL);
	world_free(w);
}

/* Back after a loss: nobody without the server's key ends the client for good,
 * whatever word they say, and wherever in the handshake. */
TEST(a_word_without_a_key_is_a_hint)
{
	static const enum wire_code codes[] = {CODE_BANNED, CODE_KICKED,
	    CODE_PROTOCOL, CODE_BAD_PASSWORD, CODE_REPLACED, CODE_FULL};
	struct world *w = world_new();
	uint32_t least = 1;
	char again[256], connecting[32];
	size_t i;

	(void)state;
	world_join(w, 1);
	w->now += 5000;
	world_lose(w, "gone");
	check_events(w, "reconnect gone", NULL);
	for (i = 0; i < 2 * sizeof(codes) / sizeof(codes[0]); i++) {
		world_tick(w, w->wait_ms);
		w->fake.refuse = i % 2 == 0 ? codes[i / 2] : CODE_NONE;
		w->fake.hint = i % 2 == 1 ? codes[i / 2] : CODE_NONE;
		world_connect(w);
		snprintf(again, sizeof(again),
		    "reconnect unverified reply: %s: %s",
		    wire_code_str(codes[i / 2]), i % 2 == 0 ? "no" : "a hint");
		snprintf(
		    connecting, sizeof(connecting), "connecting %zu", i + 1);
		check_events(w, connecting, again, NULL);
		/* Each pause is longer, up to 20 s. */
		least = least < 16 ? 2 * least : 20;
		assert_in_range(w->wait_ms, least * 750, least * 1250);
	}
	world_tick(w, w->wait_ms);
	w->fake.refuse = w->fake.hint = CODE_NONE;
	world_connect(w);
	snprintf(connecting, sizeof(connecting), "connecting %zu", i + 1);
	check_events(w, connecting, NULL);
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
	assert_non_null(w->fake.link); /* the server itself lets us in */
	world_free(w);
}

/* The same with bytes that are no handshake at all. */
TEST(noise_without_a_key_is_a_hint)
{
	struct world *w = world_new();

	(void)state;
	world_join(w, 1);
	w->now += 5000;
	world_lose(w, "gone");
	world_tick(w, w->wait_ms);
	check_events(w, "reconnect gone", "connecting 1", NULL);
	session_connected(w->s, w->now, NULL);
	session_input(w->s, w->now, (const uint8_t *)"\0\0\0\2[]", 6);
	assert_int_equal(session_needs(w->s), SESSION_NEED_CLOSE);
	session_lost(w->s, w->now, NULL);
	world_pump(w);
	check_events(w,
	    "reconnect the server, or somebody between you and it, broke the protocol: "
	    "a message is not the JSON that it must be",
	    NULL);
	world_free(w);
}

TEST(a_refusal_in_a_record)
{
	struct world *w = world_new();

	(void)state;
	world_connect(w);
	fake_bye(&w->fake, CODE_FULL);
	world_pump(w);
	check_events(
	    w, "connecting 1", "closed 4 full: the server is full", NULL);
	world_free(w);
}

/* Back after a loss, when others have taken the place or the name. */
TEST(a_place_or_name_that_is_taken_is_waited_for)
{
	static const struct {
		enum wire_code code;
		const char *reconnect;
	} taken[] = {{CODE_FULL, "reconnect the server is full; waiting until "
				 "there is a place"},
	    {CODE_NAME_TAKEN, "reconnect this name belongs to somebody else; "
			      "waiting until the name is free"}};
	struct world *w = world_new();
	uint32_t least = 1;
	char connecting[32];
	size_t i;

	(void)state;
	world_join(w, 1);
	w->now += 5000;
	world_lose(w, "gone");
	check_events(w, "reconnect gone", NULL);
	for (i = 0; i < 10; i++) {
		world_tick(w, w->wait_ms);
		world_connect(w);
		fake_bye(&w->fake, taken[i % 2].code);
		world_pump(w);
		snprintf(
		    connecting, sizeof(connecting), "connecting %zu", i + 1);
		check_events(w, connecting, taken[i % 2].reconnect, NULL);
		/* Each pause is longer, up to 20 s. */
		least = least < 16 ? 2 * least : 20;
		assert_in_range(w->wait_ms, least * 750, least * 1250);
	}
	world_free(w);
}

TEST(no_answer_for_fifteen_seconds)
{
	struct world *w = world_new();

	(void)state;
	world_start(w);
	session_connected(w->s, w->now, NULL);
	assert_int_equal(session_deadline(w->s), w->now + 15000);
	world_tick(w, 14999);
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
	world_tick(w, 1);
	check_events(w, "connecting 1",
	    "closed 3 timeout: the handshake took too long", NULL);
	world_free(w);
}

/* 60 s of stretching the password do not count as the server's time. */
TEST(our_own_time_does_not_count)
{
	struct world *w = world_new();
	const uint8_t *p;
	size_t n;

	(void)state;
	w->no_kdf = true;
	world_connect(w);
	assert_int_equal(session_needs(w->s), SESSION_NEED_KDF);
	assert_int_equal(session_deadline(w->s), UINT64_MAX);
	w->now += 60000;
	session_stretched(w->s, w->now, w->stretched);
	assert_int_equal(session_deadline(w->s), w->now + 15000);
	p = session_output(w->s, &n);
	assert_true(p != NULL && n > 0);
	world_free(w);
}

/* The password is stretched once for a salt and a cost. */
TEST(coming_back_needs_no_scrypt)
{
	struct world *w = world_new();

	(void)state;
	world_join(w, 1);
	w->no_kdf = true; /* from now on nobody does it */
	world_lose(w, "gone");
	world_tick(w, w->wait_ms);
	world_connect(w);
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
	assert_non_null(w->fake.link); /* in, without it */
	world_lose(w, "gone");
	world_tick(w, w->wait_ms);
	w->fake.salt++; /* the server has been started again */
	world_connect(w);
	assert_int_equal(session_needs(w->s), SESSION_NEED_KDF);
	world_free(w);
}

/* What the server gave is shown at the next attempt, until a confirm comes. */
TEST(a_ticket_is_shown_until_it_is_spent)
{
	struct world *w = world_new();
	uint8_t first[WIRE_TICKET], second[WIRE_TICKET];
	uint32_t seconds;
	struct buf json;

	(void)state;
	memset(first, 1, sizeof(first));
	memset(second, 2, sizeof(second));
	w->opts.ticket = first; /* of an earlier run */
	buf_init(&json, WIRE_JSON_MAX);
	assert_int_equal(control_ticket(&json, second, 77), 0);
	world_join(w, 1);
	assert_int_equal(w->fake.n_shown, 1);
	assert_memory_equal(w->fake.shown, first, sizeof(first));
	assert_int_equal(session_tickets(w->s), 0);
	fake_control(&w->fake, &json, false);
	world_pump(w);
	assert_int_equal(session_tickets(w->s), 1);
	assert_memory_equal(
	    session_ticket(w->s, &seconds), second, sizeof(second));
	assert_int_equal(seconds, 77);
	/* Put out before the confirm, twice: it is not spent. */
	w->fake.refuse = CODE_TRY_LATER;
	world_lose(w, "gone");
	world_tick(w, w->wait_ms);
	world_connect(w);
	world_tick(w, w->wait_ms);
	w->fake.refuse = CODE_NONE;
	world_connect(w);
	assert_int_equal(w->fake.n_shown, 3);
	assert_memory_equal(w->fake.shown, second, sizeof(second));
	/* In again: it is spent, and there is no other. */
	world_lose(w, "gone");
	world_tick(w, w->wait_ms);
	world_connect(w);
	assert_int_equal(w->fake.n_shown, 3);
	buf_free(&json);
	world_free(w);
}

TEST(the_rsa_pair_may_come_last)
{
	struct world *w = world_new();

	(void)state;
	w->late_wrap = true;
	world_connect(w);
	assert_int_equal(session_needs(w->s), SESSION_NEED_KEM);
	assert_int_equal(session_deadline(w->s), UINT64_MAX);
	w->now += 20000;
	session_set_kem(w->s, vectors_kem_rsa());
	assert_true(session_deadline(w->s) <= w->now);
	world_pump(w);
	fake_admit(&w->fake);
	world_pump(w);
	check_events(w, "connecting 1", "connected 4", NULL);
	world_free(w);
}

TEST(a_job_that_failed_ends_it)
{
	struct world *w = world_new();

	(void)state;
	w->late_wrap = true;
	world_start(w);
	session_give_up(w->s, "no RSA key pair");
	world_pump(w);
	check_events(w, "connecting 1", "closed 3 : no RSA key pair", NULL);
	session_free(w->s);
	w->s = NULL;
	w->late_wrap = false;
	w->no_kdf = true;
	world_connect(w);
	session_give_up(w->s, "no memory");
	world_pump(w);
	check_events(w, "connecting 1", "closed 3 : no memory", NULL);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(a_wrong_password);
	ADD(another_server_than_the_pinned_one);
	ADD(without_a_pin_the_first_one_is_kept);
	ADD(a_server_that_cannot_prove_itself);
	ADD(try_later_is_tried_later);
	ADD(a_refusal_is_final);
	ADD(a_word_without_a_key_is_a_hint);
	ADD(noise_without_a_key_is_a_hint);
	ADD(an_error_message_after_finish);
	ADD(too_slow_for_the_server_is_tried_again);
	ADD(a_refusal_in_a_record);
	ADD(a_place_or_name_that_is_taken_is_waited_for);
	ADD(no_answer_for_fifteen_seconds);
	ADD(our_own_time_does_not_count);
	ADD(coming_back_needs_no_scrypt);
	ADD(a_ticket_is_shown_until_it_is_spent);
	ADD(the_rsa_pair_may_come_last);
	ADD(a_job_that_failed_ends_it);
	return check_run("client session entry", &g);
}
