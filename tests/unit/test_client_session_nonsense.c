/* Fuzz test of a session against a server that seals random content. */
#include "tests/unit/fake_server.h"

static void scramble(struct buf *b, uint64_t *random)
{
	static const char likely[] = "{}[]\",:0123456789-e.\\u \x7f";
	uint64_t n = check_random(random) % 4;

	while (n-- > 0) {
		uint8_t *p = &b->p[check_random(random) % b->len];

		*p = check_random(random) % 2
			 ? (uint8_t)likely[check_random(random) % 25]
			 : (uint8_t)check_random(random);
	}
}

static void some_control(struct fake *f, uint64_t *random)
{
	uint64_t kind = check_random(random) % 6;
	struct key_exchange k;
	struct user_list l;
	struct buf b;
	int r = 0;

	buf_init(&b, WIRE_JSON_MAX);
	fake_fill_list(f, &l, 0);
	if (kind == 0) {
		fake_fill_fresh(f, &k);
		r = control_key_exchange(&b, &k);
	} else if (kind == 1) {
		r = control_user_list(&b, &l);
	} else if (kind == 2) {
		r = control_ack(&b, f->room, 0, 9);
	} else if (kind == 3) {
		r = control_error(&b, CODE_NO_MEMBER, "text", 3);
	} else if (kind == 4) {
		r = control_ping(&b, false, 5);
	} else {
		r = control_bye(&b, CODE_SLOW, "text");
	}
	assert_int_equal(r, 0);
	scramble(&b, random);
	fake_control(f, &b, kind == 0);
}

static void some_notice(struct fake *f, uint64_t *random)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(
	    notice_encode(&b,
		&(struct notice_of){
		    check_random(random) % 2 ? NOTICE_JOIN : NOTICE_LEAVE,
		    f->epoch, fake_epoch(f, f->epoch)->commit,
		    fake_roster(f, f->epoch),
		    &f->peers[check_random(random) % 2].user, 1, NULL, 1}),
	    0);
	scramble(&b, random);
	assert_int_equal(buf_u8(&b, 0), 0);
	fake_notice_json(f, f->epoch, ++f->notice_seq, (const char *)b.p);
	buf_free(&b);
}

static void some_message(struct fake *f, uint64_t *random)
{
	struct peer *p = &f->peers[check_random(random) % 2];
	uint8_t id[WIRE_ID] = {0};
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(content_message(&b, id, 1, "text", 4, true), 0);
	scramble(&b, random);
	assert_int_equal(buf_u8(&b, 0), 0);
	fake_say_as(f, p,
	    &(struct saying){.seq = check_random(random) % 20,
		.json = (const char *)b.p,
		.flip =
		    check_random(random) % 8 ? 0 : check_random(random) % 100});
	buf_free(&b);
}

/* Correctly sealed nonsense either ends the connection or is shown; nothing
 * else happens (the sanitizers check that), and the list of people stays
 * consistent. */
static void nonsense(void **state)
{
	uint64_t random = 4711, kind;
	const struct person *p;
	struct world *w;
	size_t n, i, round, turn, ends = 0;

	(void)state;
	for (round = 0; round < 300; round++) {
		w = world_new();
		world_join(w, 2);
		for (turn = 0; turn < 20; turn++) {
			kind = check_random(&random) % 4;
			if (kind == 0)
				some_control(&w->fake, &random);
			else if (kind == 1)
				some_notice(&w->fake, &random);
			else
				some_message(&w->fake, &random);
			world_pump(w);
			p = session_people(w->s, session_first_room(w->s), &n);
			for (i = 1; i < n; i++)
				assert_true(p[i - 1].member < p[i].member);
			if (w->fake.link == NULL)
				break;
		}
		ends += turn < 20;
		world_free(w);
	}
	/* The test proves nothing if every input is valid, or none. */
	assert_in_range(ends, 30, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nonsense)};

	return cmocka_run_group_tests_name(
	    "client session nonsense", tests, NULL, NULL);
}
