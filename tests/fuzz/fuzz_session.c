/* Fuzzes the client after the handshake: a program of server frames, user
 * actions and connection events. The server here is honest by default; an
 * operation with BEND set is not. As long as BEND was not used, the client
 *   - never reports a protocol error,
 *   - sends the user's messages in order, each once per acceptance,
 *   - reseals after a fence exactly what the server dropped,
 *   - finds nothing wrong with the log. */
#include "shared/proto/content_view.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/wire/text.h"
#include "tests/fuzz/people_of.h"
#include "tests/fuzz/session_world.h"

static enum trust meet(void *arg, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	(void)arg;
	(void)server;
	return identity[0] % 5 == 0 ? TRUST_CHANGED
	       : name[0] == 'b'	    ? TRUST_VERIFIED
				    : TRUST_SEEN;
}

static void spoke(void *arg, const uint8_t server[WIRE_HASH], const char *name,
    const uint8_t identity[WIRE_HASH])
{
	(void)arg;
	(void)server;
	(void)identity;
	FUZZ_CHECK(text_name(name, strlen(name)));
}

/* --- what the client says ------------------------------------------------ */

static unsigned number_of(const struct content *c)
{
	return (unsigned)strtoul(c->u.said.text, NULL, 10);
}

/* The checks of PROTOCOL.md section 4, as the server makes them. */
static void read_group(struct world *w, const struct link_frame *f)
{
	const size_t around = WIRE_GROUP_HEAD + WIRE_SIGNATURE;
	struct group_head h;
	struct content c;

	FUZZ_CHECK(group_head_decode(&h, f->body, f->len) == 0);
	FUZZ_CHECK(content_decode(&c, false, f->body + around,
		       f->len - around - WIRE_TAG) == 0);
	FUZZ_CHECK(c.type == CONTENT_MESSAGE || c.type == CONTENT_EDIT ||
		   content_view_only(&c));
	FUZZ_CHECK(h.offset == 0);
	if (w->honest) {
		FUZZ_CHECK(h.room == ROOM && h.sender == w->member);
		FUZZ_CHECK(h.epoch <= w->epoch);
		if (h.epoch >= w->fence) {
			FUZZ_CHECK(h.seq == w->last + 1);
			w->last++;
			server_accepts(w, h.seq, f->body, f->len);
			if (!content_view_only(&c))
				FUZZ_CHECK(number_of(&c) == w->accepted++);
		}
	}
	content_free(&c);
}

static void read_control(struct world *w, const struct link_frame *f)
{
	static struct control c;

	buf_clear(&w->json);
	FUZZ_CHECK(link_control_open(w->link, &w->json, f->body, f->len) == 0);
	FUZZ_CHECK(
	    control_decode(&c, FROM_CLIENT, w->json.p, w->json.len) == 0);
	FUZZ_CHECK(c.type != CONTROL_UNKNOWN && c.type != CONTROL_IDENTITY);
	control_wipe(&c);
}

static void read_records(struct world *w)
{
	const uint8_t *p;
	struct rd frames;
	struct link_frame f;
	size_t n, total;

	p = session_output(w->s, &n);
	while (n > 0) {
		FUZZ_CHECK(link_length(p, n, &total) == 0 && total <= n);
		FUZZ_CHECK(link_open(w->link, p, total, &frames) == 0);
		while (link_next(&frames, &f) == 0)
			if (f.kind == KIND_GROUP)
				read_group(w, &f);
			else
				read_control(w, &f);
		session_consume(w->s, total);
		p = session_output(w->s, &n);
	}
}

static void user_says(struct world *w)
{
	char text[64];
	int n;

	if (w->said >= SAID)
		return;
	n = snprintf(text, sizeof(text), "%u %.*s", w->said, w->said % 32,
	    "................................");
	if (session_post(w->s, session_first_room(w->s), w->now, 1700000000000,
		&(struct session_post){
		    w->has_own && w->said % 4 == 3 ? EVENT_EDIT : EVENT_MESSAGE,
		    w->has_own ? w->own : NULL, text, (size_t)n,
		    w->said & 1}) == 0)
		w->said++;
}

/* --- after each operation ------------------------------------------------ */

static void take_events(struct world *w)
{
	const struct event *e;

	while ((e = session_event(w->s)) != NULL) {
		FUZZ_CHECK(e->type <= EVENT_CLOSED);
		switch (e->type) {
		case EVENT_MESSAGE:
			FUZZ_CHECK(e->person != NULL && e->text_len > 0);
			if (!e->own)
				break;
			memcpy(w->own, e->id, WIRE_ID);
			w->has_own = true;
			break;
		case EVENT_EDIT:
		case EVENT_DELETE:
			FUZZ_CHECK(memcmp(e->author, e->person->fingerprint,
				       WIRE_HASH) == 0);
			break;
		case EVENT_REACT:
			FUZZ_CHECK(e->person != NULL && e->has_about);
			break;
		case EVENT_DROPPED:
		case EVENT_MISSING:
		case EVENT_FORK:
			FUZZ_CHECK(!w->honest);
			break;
		case EVENT_JOIN:
		case EVENT_LEAVE:
			FUZZ_CHECK(e->person != NULL && !e->person->self);
			break;
		default:
			break;
		}
	}
}

static void check(struct world *w)
{
	struct session_room_status st;
	size_t n;

	take_events(w);
	session_room_status(w->s, session_first_room(w->s), &st);
	(void)session_people(w->s, session_first_room(w->s), &n);
	FUZZ_CHECK(n == st.total);
	FUZZ_CHECK(!st.joined || n > 0);
	FUZZ_CHECK(st.unacked <= w->said);
	if (w->honest && w->n_frames == 0) {
		FUZZ_CHECK(w->quitting || st.unacked == w->said - w->acked);
		FUZZ_CHECK((session_needs(w->s) & SESSION_NEED_CLOSE) == 0 ||
			   w->ending || w->quitting);
		if (w->listed && w->link != NULL && !w->ending && !w->quitting)
			FUZZ_CHECK(st.joined && st.epoch == w->epoch);
	}
	if (session_needs(w->s) & SESSION_NEED_CLOSE) {
		if (w->link != NULL)
			read_records(w); /* read the client's last output */
		line_hang_up(w);
		take_events(w);
	}
	if (session_needs(w->s) & SESSION_NEED_CONNECT)
		line_connect(w);
}

static bool allowed(const struct world *w, enum op op)
{
	switch (op) {
	case OP_KEY:
		return !w->keyed;
	case OP_LIST:
		return w->keyed && !w->listed;
	case OP_FRESH:
	case OP_JOIN:
	case OP_LEAVE:
	case OP_EVENT:
	case OP_MESSAGE:
	case OP_ACK:
		return w->listed;
	case OP_CONTROL:
	case OP_CONTENT:
	case OP_GROUP:
	case OP_FRAME:
	case OP_RAW:
		return false;
	default:
		return true;
	}
}

static bool is_joined(const struct world *w)
{
	struct session_room_status st;

	session_room_status(w->s, session_first_room(w->s), &st);
	return st.joined;
}

static void step(struct world *w)
{
	uint8_t b = fuzz_u8(&w->f), bend = 0;
	enum op op = (b & 0x1f) % OPS;

	if (b & BEND)
		bend = fuzz_u8(&w->f);
	if (op <= OP_RAW) {
		if (w->link == NULL || w->ending)
			return;
		if (bend == 0 && !allowed(w, op))
			return;
		if (bend != 0)
			w->honest = false;
		server_says(w, op, bend);
		if (!(b & HOLD))
			line_flush(w);
		return;
	}
	if (!(b & HOLD))
		line_flush(w);
	switch (op) {
	case OP_SAY:
		user_says(w);
		break;
	case OP_READ:
		if (session_needs(w->s) & SESSION_NEED_SEAL)
			session_seal(w->s);
		if (w->link != NULL)
			read_records(w);
		break;
	case OP_TICK:
		w->now += (uint64_t)fuzz_u8(&w->f) * 500;
		w->ending |= w->now - w->heard_ms >= WIRE_SILENCE_MS;
		/* Traffic alone does not extend the login timeout; only
		 * progress does. */
		w->ending |=
		    !is_joined(w) && w->now - w->step_ms >= WIRE_SILENCE_MS;
		session_tick(w->s, w->now);
		break;
	case OP_LOST:
		if (fuzz_u8(&w->f) & 1) { /* the server was restarted */
			w->session_no++;
			w->epoch = w->last_member = 0;
			w->notice_seq = 0;
			memset(w->users, 0, sizeof(w->users));
		}
		line_hang_up(w);
		break;
	case OP_QUIT:
		w->ending = w->quitting = true;
		session_quit(w->s, w->now, fuzz_u8(&w->f) & 1);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t no_log[WIRE_LOG];
	struct world w = {.f = fuzz_of(data, size), .seed = 99, .honest = true};
	struct session_opts o = {.name = "alice", .room = ""};
	uint8_t how = fuzz_u8(&w.f);
	int left = 200;

	fuzz_plain_crypto();
	fuzz_plain_begin();
	json_setup();
	o.crypto = fuzz_crypto();
	o.rng = fuzz_rng(&w.seed);
	o.identity = people_identity(0);
	o.people.meet = meet;
	o.people.spoke = spoke;
	o.reconnect = true;
	w.now = 1000000;
	w.epoch = how >> 4;
	buf_init(&w.bodies, 1 << 20);
	buf_init(&w.wire, 1 << 20);
	buf_init(&w.json, 1 << 18);
	buf_init(&w.bare, 1 << 18);
	FUZZ_CHECK(log_head_start(fuzz_crypto(), &w.head, no_log) == 0);
	w.s = session_new(&o);
	FUZZ_CHECK(w.s != NULL);
	session_set_kem(w.s, fuzz_plain_pair());
	check(&w);
	if (how & 1) { /* join at once */
		server_says(&w, OP_KEY, 0);
		server_says(&w, OP_LIST, 0);
		line_flush(&w);
		check(&w);
	}
	while (w.f.left > 0 && left-- > 0) {
		step(&w);
		check(&w);
	}
	session_free(w.s);
	link_free(w.link);
	buf_free(&w.bodies);
	buf_free(&w.wire);
	buf_free(&w.json);
	buf_free(&w.bare);
	return 0;
}
