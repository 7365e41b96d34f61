/* Unit tests for every server message in every state of a session's link: a
 * message that is illegal in the state is a protocol error, and has no
 * effect. */
#include "tests/unit/fake_server.h"

#include "shared/wire/b64.h"

enum at {
	FIRST,	 /* our finish is sent, nothing received */
	LINKED,	 /* a record received, not the key */
	KEYED,	 /* the key received, not the list */
	LISTING, /* the first of two pages received */
	JOINED,
	STATES
};
static const char *const at_names[STATES] = {
    "first", "linked", "keyed", "listing", "joined"};

enum {
	GOES_ON = 0,
	ENDS = 1
}; /* the other outcomes are errors, which are
				   negative */

struct row {
	const char *name;
	void (*send)(struct fake *f);
	int verdict[STATES];
};

/* --- the messages -------------------------------------------------------- */

static void wrapped(struct fake *f)
{
	struct key_exchange k;

	fake_fill_key(f, &k);
	fake_put_key(f, &k);
}

static void fresh(struct fake *f)
{
	fake_fresh(f, "timer");
}

static void first_page(struct fake *f)
{
	struct user_list l;

	fake_fill_list(f, &l, 0);
	fake_put_list(f, &l);
}

static void page_without_entry(struct fake *f)
{
	struct user_list l;

	fake_fill_list(f, &l, 0);
	l.has_entry = false;
	fake_put_list(f, &l);
}

static void last_page(struct fake *f)
{
	struct user_list l;

	fake_fill_list(f, &l, f->people[WIRE_PAGE - 1].member);
	fake_put_list(f, &l);
}

static void a_page_asked_for(struct fake *f)
{
	fake_json(f, "{\"type\":\"user_list\",\"room\":1,\"after\":0}");
}

static void ack_of_none(struct fake *f)
{
	fake_ack(f, 0);
}

static void ack_of_one(struct fake *f)
{
	fake_ack(f, 1);
}

static void identity(struct fake *f)
{
	uint8_t card[700] = {1}, sig[WIRE_SIGNATURE] = {2};
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(control_identity(&b, 1, card, sizeof(card), sig), 0);
	fake_control(f, &b, false);
}

static void error(struct fake *f)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(control_error(&b, CODE_NO_MEMBER, "gone", 5), 0);
	fake_control(f, &b, false);
}

static void bye(struct fake *f)
{
	fake_bye(f, CODE_KICKED);
}

static void ping(struct fake *f)
{
	fake_ping(f, false, 77);
}

static void pong(struct fake *f)
{
	fake_ping(f, true, 77);
}

static void unknown(struct fake *f)
{
	fake_json(f, "{\"type\":\"from the future\",\"room\":\"?\"}");
}

static void no_type(struct fake *f)
{
	fake_json(f, "{\"event\":\"error\"}");
}

static void handshake_step(struct fake *f)
{
	fake_json(
	    f, "{\"type\":\"handshake\",\"step\":\"share\",\"share\":\"\"}");
}

static void message(struct fake *f)
{
	fake_say(f, &f->peers[0], "hello");
}

static void notice_of_leave(struct fake *f)
{
	fake_notice(f, NOTICE_LEAVE, f->epoch, f->epoch, &f->people[1], 1);
}

static void notice_of_join(struct fake *f)
{
	struct user u = f->peers[0].user;

	u.member = 900;
	fake_step(f);
	fake_notice(f, NOTICE_JOIN, f->epoch - 1, f->epoch, &u, 1);
}

/* A frame of any kind, with a body long enough for every kind. */
static void frame_of_kind(struct fake *f, uint8_t kind)
{
	size_t off = f->bodies.len, n = f->n_frames;

	fake_say(f, &f->peers[0], "of another kind");
	assert_int_equal(f->frames[n].off, off);
	f->frames[n].kind = kind;
}

/* Not sealed under the link. */
static void direct(struct fake *f)
{
	frame_of_kind(f, 3);
}

static void blob(struct fake *f)
{
	frame_of_kind(f, 4);
}

static void kind_200(struct fake *f)
{
	frame_of_kind(f, 200);
}

static void kind_0(struct fake *f)
{
	frame_of_kind(f, 0);
}

/* A handshake message, with its length, in place of a record. */
static void raw(struct fake *f, const char *json)
{
	assert_int_equal(buf_u32(&f->out, (uint32_t)strlen(json)), 0);
	assert_int_equal(buf_str(&f->out, json), 0);
}

static void raw_challenge(struct fake *f)
{
	raw(f, "{\"type\":\"handshake\",\"step\":\"challenge\",\"protocol\":"
	       "\"conclave/1\"}");
}

static void raw_key(struct fake *f)
{
	char json[400], secret[B64_LEN(WIRE_KEY) + 1];

	b64_encode(secret, f->secret, WIRE_KEY);
	snprintf(json, sizeof(json),
	    "{\"type\":\"key_exchange\",\"room\":{\"id\":1},\"epoch\":4,"
	    "\"secret\":\"%s\",\"commit\":\"%s\",\"reason\":\"timer\"}",
	    secret, secret);
	raw(f, json);
}

static void raw_error(struct fake *f)
{
	raw(f, "{\"type\":\"system\",\"event\":\"error\",\"code\":\"full\","
	       "\"text\":\"\"}");
}

#define EVERY(v)                                                               \
	{                                                                      \
		v, v, v, v, v                                                  \
	}
#define NO ERR_STATE
/* The text does not parse as frame lengths: it fails before the MAC check. */
#define CLEAR ERR_TRUNC
static struct row rows[] = {
    {"the wrapped key", wrapped, {0, 0, NO, NO, NO}},
    {"a fresh key", fresh, {NO, NO, NO, 0, 0}},
    {"the first page", first_page, {NO, NO, 0, NO, NO}},
    {"the first page without an entry", page_without_entry,
	{NO, NO, ERR_LOG, ERR_MEMBER, NO}},
    {"the last page", last_page, {NO, NO, ERR_LOG, 0, NO}},
    {"a page asked for", a_page_asked_for, EVERY(ERR_JSON)},
    {"an ack of none", ack_of_none, {NO, NO, 0, 0, 0}},
    {"an ack of one", ack_of_one, EVERY(NO)},
    {"an identity", identity, {NO, NO, NO, 0, 0}},
    {"an error", error, EVERY(GOES_ON)},
    {"a bye", bye, EVERY(ENDS)},
    {"a ping", ping, EVERY(GOES_ON)},
    {"a pong", pong, EVERY(GOES_ON)},
    {"an unknown type", unknown, EVERY(GOES_ON)},
    {"no type", no_type, EVERY(ERR_JSON)},
    {"a step of the handshake, sealed", handshake_step, EVERY(GOES_ON)},
    {"a message", message, {NO, NO, NO, 0, 0}},
    {"a notice of a leave", notice_of_leave, {NO, NO, NO, 0, 0}},
    {"a notice of a join", notice_of_join, {NO, NO, NO, 0, 0}},
    {"a direct frame that does not open", direct, EVERY(ERR_OPEN)},
    {"a blob frame", blob, EVERY(GOES_ON)},
    {"a frame of kind 200", kind_200, EVERY(GOES_ON)},
    {"a frame of kind 0", kind_0, EVERY(GOES_ON)},
    {"a challenge, in the clear", raw_challenge,
	{NO, CLEAR, CLEAR, CLEAR, CLEAR}},
    {"a key, in the clear", raw_key, {NO, CLEAR, CLEAR, CLEAR, CLEAR}},
    {"an error, in the clear", raw_error, {ENDS, CLEAR, CLEAR, CLEAR, CLEAR}},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* --- the states ------------------------------------------------------------
 */

/* Makes a session in that state, with bob (1), and 120 others where the list
 * needs two pages. */
static struct world *world_at(enum at at)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	struct user u = fake_peer(f, 1, "bob")->user;

	fake_person(f, &u);
	/* 49 people below the client's own id, so that the first page includes
	 * it. */
	for (u.member = 2; u.member < 50; u.member++)
		fake_person(f, &u);
	for (u.member = 100; u.member < 172; u.member++)
		fake_person(f, &u);
	world_connect(w);
	if (at >= LINKED)
		ping(f);
	if (at >= KEYED)
		wrapped(f);
	if (at >= LISTING)
		first_page(f);
	if (at >= JOINED)
		last_page(f);
	world_pump(w);
	lines_free(&w->events);
	lines_free(&f->got);
	return w;
}

static const char *last_event(const struct world *w)
{
	return w->events.n > 0 ? w->events.text[w->events.n - 1] : "none";
}

static void check_goes_on(struct world *w)
{
	lines_free(&w->fake.got);
	assert_true(w->fake.open);
	fake_ping(&w->fake, false, 4711);
	world_pump(w);
	if (w->fake.got.n != 1)
		fail_msg("no answer: %s", last_event(w));
	assert_string_equal(w->fake.got.text[0], "pong 4711");
}

static bool in_the_clear(const struct row *row)
{
	return row->send == raw_challenge || row->send == raw_key ||
	       row->send == raw_error;
}

/* clear: anybody on the way can do it, so a client that was in the room comes
 * again. */
static void check_breach_of(struct world *w, int err, bool clear, bool was_in)
{
	char want[256];

	snprintf(want, sizeof(want), "%s the server%s broke the protocol: %s",
	    clear && was_in ? "reconnect" : "closed 6 protocol:",
	    clear ? ", or somebody between you and it," : "", err_str(err));
	assert_string_equal(last_event(w), want);
	assert_true(w->fake.got.n > 0);
	assert_string_equal(
	    w->fake.got.text[w->fake.got.n - 1], "bye protocol");
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
}

static void state_and_message(void **state)
{
	const size_t i = (size_t)(uintptr_t)*state;
	const struct row *row = &rows[i % ROWS];
	const enum at at = (enum at)(i / ROWS);
	struct world *w = world_at(at);
	int want = row->verdict[at];

	row->send(&w->fake);
	world_pump(w);
	if (want == GOES_ON)
		check_goes_on(w);
	else if (want == ENDS)
		assert_true(strncmp(last_event(w), "closed 4 ", 9) == 0);
	else
		check_breach_of(w, want, in_the_clear(row), at >= JOINED);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	for (i = 0; i < STATES * ROWS; i++)
		check_add(&g, state_and_message, (void *)(uintptr_t)i, "%s: %s",
		    at_names[i / ROWS], rows[i % ROWS].name);
	return check_run("client session's states", &g);
}
