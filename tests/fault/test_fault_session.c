/* Tests the client's session when an allocation fails: it reports the failure
 * in one sentence and reconnects, or ends with status 3; it never reports a
 * protocol error by the server. With memory again, no message is lost,
 * duplicated or out of order. */
#include "shared/crypto/kem_rsa_int.h"
#include "shared/wire/json.h"
#include "shared/base/oom.h"
#include "tests/fault/sweep.h"
#include "tests/unit/fake_server.h"

static uint8_t *rsa_der;
static size_t rsa_len;

static int setup(void **state)
{
	json_t *v;

	(void)state;
	assert_true(oom_setup());
	json_setup();
	v = check_vectors(
	    "wycheproof/rsa_oaep_2048_sha256_mgf1sha256_test.json");
	rsa_der =
	    check_hex_at(json_array_get(json_object_get(v, "testGroups"), 0),
		"privateKeyPkcs8", &rsa_len);
	json_decref(v);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(rsa_der);
	return 0;
}

/* The record of events for the final checks. */
struct tale {
	struct world *w;
	size_t own, sent; /* queued by the user; reported SENT */
	int connected;
	bool over; /* CLOSED was reported */
	char texts[512];
	char heard[512]; /* messages the server got, once per id */
};

static void note(struct tale *t, const struct event *e)
{
	const char *sentence = e->type == EVENT_CLOSED ? e->text : e->reason;
	size_t n = strlen(t->texts);

	switch (e->type) {
	case EVENT_SENT:
		t->sent++;
		break;
	case EVENT_CONNECTED:
		t->connected++;
		break;
	case EVENT_MESSAGE:
		if (!e->own && n + e->text_len + 2 < sizeof(t->texts))
			snprintf(
			    t->texts + n, sizeof(t->texts) - n, "%s ", e->text);
		break;
	case EVENT_DROPPED:
	case EVENT_MISSING:
	case EVENT_CHANGED:
		fail_msg("event %d, %s", (int)e->type, e->reason);
		break;
	case EVENT_CLOSED:
		t->over = true;
		assert_int_equal(e->exit_status, 3);
		/* fall through */
	case EVENT_RECONNECT:
		assert_true(sweep_failed());
		assert_true(strlen(sentence) > 5);
		assert_null(strstr(sentence, "protocol"));
		break;
	default:
		break;
	}
}

static void drain(struct tale *t)
{
	const struct event *e;

	while ((e = session_event(t->w->s)) != NULL)
		note(t, e);
}

/* The reader allocates these bytes, so they do not fail. */
static void feed(struct tale *t)
{
	struct fake *f = &t->w->fake;
	struct buf move = f->out;

	buf_init(&f->out, f->out.max);
	FAULTY_VOID(session_input(t->w->s, t->w->now, move.p, move.len));
	buf_free(&move);
	drain(t);
}

static void to_server(struct tale *t, bool *busy)
{
	struct fake *f = &t->w->fake;
	struct buf copy;
	const uint8_t *p;
	size_t n;

	p = session_output(t->w->s, &n);
	if (!f->open || n == 0)
		return;
	buf_init(&copy, 8 << 20);
	assert_int_equal(buf_put(&copy, p, n), 0);
	FAULTY_VOID(session_consume(t->w->s, n));
	fake_input(f, copy.p, copy.len);
	buf_free(&copy);
	*busy = true;
}

static void fake_end(struct fake *f)
{
	handshake_free(f->handshake);
	f->handshake = NULL;
	link_free(f->link);
	f->link = NULL;
	f->open = false;
	f->n_frames = 0;
	buf_clear(&f->bodies);
	buf_clear(&f->in);
	buf_clear(&f->out);
}

static void pump(struct tale *t)
{
	struct world *w = t->w;
	bool busy = true;

	while (busy && !t->over) {
		busy = false;
		drain(t);
		if (session_deadline(w->s) <= w->now) {
			FAULTY_VOID(session_tick(w->s, w->now));
			busy = true;
		}
		if ((session_needs(w->s) & SESSION_NEED_SEAL) != 0) {
			FAULTY_VOID(session_seal(w->s));
			busy = true;
		}
		if ((session_needs(w->s) & SESSION_NEED_KDF) != 0) {
			FAULTY_VOID(
			    session_stretched(w->s, w->now, w->stretched));
			busy = true;
		}
		to_server(t, &busy);
		if (w->fake.link != NULL)
			fake_flush(&w->fake);
		if (w->fake.open && w->fake.out.len > 0) {
			feed(t);
			busy = true;
		}
		if ((session_needs(w->s) & SESSION_NEED_CLOSE) != 0) {
			fake_end(&w->fake);
			FAULTY_VOID(session_lost(w->s, w->now, "closed"));
			drain(t);
			busy = true;
		}
	}
}

static int account(void *arg, const char *name, struct hs_account *out)
{
	struct fake *f = arg;

	(void)name;
	memset(out, 0, sizeof(*out));
	out->kdf = (struct kdf){1 << 14, 8, 1};
	out->record = f->record;
	return 0;
}

/* The server no longer has the client in any room. */
static void forget_client(struct fake *f)
{
	size_t i, n = 0;

	for (i = 0; i < f->n_people; i++)
		if (f->people[i].member != f->member)
			f->people[n++] = f->people[i];
	f->n_people = n;
	f->member++;
}

static void connect_and_join(struct tale *t)
{
	struct fake *f = &t->w->fake;
	struct hs_server_opts o = {.crypto = f->crypto,
	    .rng = f->rng,
	    .identity = f->id,
	    .account = account,
	    .arg = f};

	memcpy(o.session, f->session, WIRE_NONCE);
	fake_end(f);
	f->handshake = handshake_server(&o);
	assert_non_null(f->handshake);
	f->open = true;
	FAULTY_VOID(session_connected(t->w->s, t->w->now, NULL));
	pump(t);
	if (f->link == NULL)
		return;
	fake_step(f);
	fake_admit(f);
	pump(t);
}

/* Runs until the client is in the room or has ended, waiting for each
 * reconnect delay. */
static void come_back(struct tale *t)
{
	struct session_room_status st;
	int tries;

	for (tries = 0; tries < 8 && !t->over; tries++) {
		session_room_status(t->w->s, session_first_room(t->w->s), &st);
		if (st.joined)
			return;
		t->w->now += 61000;
		FAULTY_VOID(session_tick(t->w->s, t->w->now));
		drain(t);
		if ((session_needs(t->w->s) & SESSION_NEED_CONNECT) == 0)
			continue;
		forget_client(&t->w->fake);
		connect_and_join(t);
	}
	assert_true(t->over);
}

static void say(struct tale *t, const char *text)
{
	if (!t->over &&
	    sweep_ok(FAULTY(session_say(t->w->s, session_first_room(t->w->s),
		1700000000002, text, strlen(text), false))))
		t->own++;
}

/* Acknowledges all messages received on this connection. */
static void ack(struct tale *t)
{
	struct fake *f = &t->w->fake;
	unsigned long long seq = 0;
	size_t i;

	for (i = 0; i < f->got.n; i++)
		(void)sscanf(f->got.text[i], "message %*u %llu", &seq);
	if (f->link != NULL && seq > 0)
		fake_ack(f, seq);
	for (i = 0; i < f->got.n; i++) {
		const char *said = strstr(f->got.text[i], "own-");

		if (said != NULL && strstr(t->heard, said) == NULL)
			strcat(strcat(t->heard, said), " ");
	}
	lines_free(&f->got);
	pump(t);
}

static bool linked(const struct tale *t)
{
	return !t->over && t->w->fake.link != NULL;
}

static void talk(struct tale *t, struct peer *bob, struct peer *carol)
{
	struct fake *f = &t->w->fake;

	say(t, "own-1");
	say(t, "own-2");
	pump(t);
	ack(t);
	if (linked(t))
		fake_say(f, bob, "bob-1");
	pump(t);
	if (linked(t))
		fake_join(f, carol);
	pump(t);
	say(t, "own-3");
	if (linked(t)) {
		fake_say(f, bob, "bob-2");
		fake_leave(f, bob, "leave");
	}
	pump(t);
	ack(t);
	t->w->now += 31000;
	if (!t->over)
		FAULTY_VOID(session_tick(t->w->s, t->w->now));
	pump(t);
}

static void all_is_well(struct tale *t)
{
	struct session_room_status st;
	int times;

	sweep_over();
	if (t->over) {
		assert_true(sweep_failed());
		return;
	}
	come_back(t);
	say(t, "own-4");
	pump(t);
	ack(t);
	/* After rejoining it may wait for others before it sends, and ask
	 * because of those who came meanwhile. */
	for (times = 0; times < 8 && t->sent < t->own; times++) {
		(void)!session_send_held(
		    t->w->s, session_first_room(t->w->s));
		t->w->now += 20000;
		FAULTY_VOID(session_tick(t->w->s, t->w->now));
		pump(t);
		ack(t);
	}
	assert_int_equal(t->sent, t->own);
	session_room_status(t->w->s, session_first_room(t->w->s), &st);
	assert_int_equal(st.unacked, 0);
}

static void session_scenario(void *arg)
{
	struct world *w = world_new();
	struct tale t = {.w = w};
	struct peer *bob = fake_peer(&w->fake, 1, "bob");
	struct peer *carol = fake_peer(&w->fake, 70, "carol");
	struct kem_rsa *wrap = kem_rsa_from_pkcs8(rsa_der, rsa_len);

	(void)arg;
	fake_person(&w->fake, &bob->user);
	w->s = FAULTY(session_new(&w->opts));
	if (w->s == NULL) {
		assert_true(sweep_failed());
		kem_rsa_free(wrap);
		world_free(w);
		return;
	}
	FAULTY_VOID(session_set_kem(w->s, wrap));
	connect_and_join(&t);
	if (!t.over)
		talk(&t, bob, carol);
	all_is_well(&t);
	if (!sweep_failed()) {
		assert_string_equal(t.texts, "bob-1 bob-2 ");
		assert_string_equal(t.heard, "own-1 own-2 own-3 own-4 ");
		assert_int_equal(t.connected, 1);
	}
	world_free(w);
}

static void test_session(void **state)
{
	(void)state;
	sweep("a session: connect, join, talk, rekey", session_scenario, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_session),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
