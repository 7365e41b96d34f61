/* Fuzzes the client after the handshake, in two rooms: a program of server
 * frames, user actions and connection events. The server here is honest by default; an
 * operation with BEND set is not. As long as BEND was not used, the client
 *   - never reports a protocol error,
 *   - sends the user's messages in order, each once per acceptance,
 *   - reseals after a fence exactly what the server dropped,
 *   - sends nothing in a room in which it may not speak.
 * In any case it takes the den, if it has a secret of it, for no open room, and seals
 * nothing there with the keys that the server has. */
#include "shared/wire/text.h"
#include "tests/fuzz/session_world.h"

enum op {
	OP_KEY,	  /* the wrapped epoch key for the client */
	OP_LIST,  /* the member list */
	OP_FRESH, /* a fresh secret */
	OP_JOIN,
	OP_LEAVE,
	OP_EVENT,   /* a notice unknown to this version */
	OP_MESSAGE, /* a message from another member */
	OP_ACK,
	OP_PING,
	OP_PONG,
	OP_BYE,
	OP_ERROR,
	OP_CONTROL, /* a piece as JSON */
	OP_CONTENT, /* a piece as a member's or a notice's content */
	OP_GROUP,   /* a piece as a group frame's body after a header */
	OP_FRAME,   /* a piece as a frame of some kind */
	OP_RAW,	    /* a piece as raw bytes */
	OP_SAY,
	OP_READ, /* the server reads the client's output */
	OP_TICK,
	OP_LOST, /* the connection */
	OP_QUIT,
	OP_ROOM,   /* what follows is about the other room */
	OP_ENTER,  /* the user enters or leaves the room, or asks something */
	OP_ANSWER, /* to a request of the client */
	OP_LEFT,   /* put out of the room */
	OP_VOICE,
	OP_ACT,	 /* a notice of an act or of settings */
	OP_MARK, /* instead of somebody's frame */
	OP_VIEW, /* a member's view of the log */
	OP_WELCOME,
	OP_SEAL, /* the secret of the den: given, made, or named by the server */
	OPS,
	BEND = 0x20, /* the next byte says what to damage */
	TOGETHER = 0x40, /* put into one record with the next frame */
	OTHER = 0x80, /* a topic for a message, a hand-over for a mark */
};

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

/* --- pieces of the input ---------------------------------------------------- */

static void say_piece(struct world *w, enum op op, uint8_t bend)
{
	const uint8_t *p;
	uint8_t b = fuzz_u8(&w->f);
	size_t n, off;
	uint32_t from = b & 1 ? 0 : w->at->users[b >> 1 & 3].member;

	p = fuzz_piece(&w->f, &n);
	switch (op) {
	case OP_CONTROL:
		buf_clear(&w->json);
		FUZZ_CHECK(buf_put(&w->json, p, n) == 0);
		world_control(w, b & 1);
		break;
	case OP_CONTENT:
		world_group(w, from, w->at->epoch,
		    from == 0 ? ++w->at->notice_seq
			      : ++w->at->users[b >> 1 & 3].seq,
		    p, n, bend);
		break;
	case OP_RAW:
		world_flush(w);
		if (w->link != NULL)
			session_input(w->s, w->now, p, n);
		break;
	default:
		/* A record cannot be made of a group frame without offset. */
		if (!world_reserve(w) ||
		    (n < WIRE_OFFSET && (op == OP_GROUP || b == KIND_GROUP)))
			return;
		off = w->bodies.len;
		FUZZ_CHECK(buf_put(&w->bodies, p, n) == 0);
		world_frame(w, op == OP_GROUP ? (uint8_t)KIND_GROUP : b, off);
	}
}

static void say_short(struct world *w, enum op op)
{
	uint8_t b = fuzz_u8(&w->f);
	int r;

	buf_clear(&w->json);
	switch (op) {
	case OP_PING:
	case OP_PONG:
		r = control_ping(&w->json, op == OP_PONG, b);
		break;
	case OP_BYE:
		r = control_bye(&w->json, 1 + b % CODE_QUIT, "the end");
		w->ending = true;
		break;
	default:
		r = control_error(&w->json, CODE_NO_MEMBER, "no", 1u + b % 8);
	}
	if (r == 0)
		world_control(w, false);
}

/* --- what the user does ----------------------------------------------------- */

static void user_says(struct world *w)
{
	struct place *p = w->at;
	char text[64];
	int n;

	if (p->said >= SAID || p->handle == NULL)
		return;
	n = snprintf(text, sizeof(text), "%u %.*s", p->said, p->said % 32,
	    "................................");
	if (session_post(w->s, p->handle, WALL_MS,
		&(struct session_post){
		    p->has_own && p->said % 4 == 3 ? EVENT_EDIT : EVENT_MESSAGE,
		    p->has_own ? p->own : NULL, text, (size_t)n,
		    p->said & 1}) == 0)
		p->said++;
}

/* It is said like a message, with its number. */
static void user_sets_topic(struct world *w)
{
	struct place *p = w->at;
	char text[16];
	int n;

	if (p->said >= SAID || p->handle == NULL)
		return;
	n = snprintf(text, sizeof(text), "%u", p->said);
	if (session_topic(w->s, p->handle, WALL_MS, text, (size_t)n) == 0)
		p->said++;
}

/* Enters the room, leaves it, or asks the server for something. */
static void user_asks(struct world *w, uint8_t b)
{
	static const enum request_type types[] = {
	    REQUEST_ROOM_LIST, REQUEST_ROOM_NEW, REQUEST_ROOM_SET, REQUEST_ACT};
	struct request q = {.type = types[b >> 2 & 3],
	    .room = w->at->number,
	    .act = ACT_KICK,
	    .settings_named = SETTING_LISTED};
	uint32_t req;

	if (b % 4 == 0) {
		/* Until the server has chosen, the first room has no name. */
		if (w->at == w->place && !w->at->known)
			return;
		if (w->at->handle == NULL)
			w->at->step_ms = w->now;
		(void)!session_join(w->s, w->at->name, &w->at->handle);
	} else if (b % 4 == 1 && w->at->handle != NULL) {
		/* What waits there is dropped. */
		w->at->counts &=
		    session_leave(w->s, w->at->handle) == ERR_STATE;
	} else {
		snprintf(q.name, sizeof(q.name), "%s", b & 128 ? "attic" : "");
		if (q.type == REQUEST_ROOM_NEW)
			snprintf(q.name, sizeof(q.name), "attic");
		snprintf(q.who, sizeof(q.who), "bob");
		(void)!session_ask(w->s, &q, &req);
	}
}

/* --- after each operation ------------------------------------------------ */

static struct place *handle_of(struct world *w, const struct chatroom *room)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (w->place[i].handle == room)
			return &w->place[i];
	return NULL;
}

static void take_events(struct world *w)
{
	const struct event *e;
	struct place *p;

	while ((e = session_event(w->s)) != NULL) {
		FUZZ_CHECK(e->type <= EVENT_CLOSED);
		switch (e->type) {
		case EVENT_MESSAGE:
			FUZZ_CHECK(e->person != NULL && e->text_len > 0);
			p = handle_of(w, e->room);
			if (!e->own || p == NULL)
				break;
			memcpy(p->own, e->id, WIRE_ID);
			p->has_own = true;
			break;
		case EVENT_EDIT:
		case EVENT_DELETE:
			FUZZ_CHECK(memcmp(e->author, e->person->fingerprint,
				       WIRE_HASH) == 0);
			break;
		case EVENT_REACT:
			FUZZ_CHECK(e->person != NULL && e->has_about);
			break;
		case EVENT_TOPIC:
			FUZZ_CHECK(e->person != NULL && e->room != NULL &&
				   e->text_len <= WIRE_SHORT_TEXT_MAX);
			break;
		case EVENT_DROPPED:
		case EVENT_MISSING:
		case EVENT_FORK:
			FUZZ_CHECK(!w->honest);
			break;
		case EVENT_UNSAID:
			if ((p = handle_of(w, e->room)) != NULL)
				p->counts = false;
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

/* What the user has said in a room. A server that is not honest may give the first
 * room the name of the other: both places are then one room of the client. */
static unsigned said_in(const struct world *w, const struct chatroom *room)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (w->place[i].handle == room)
			n += w->place[i].said;
	FUZZ_CHECK(!w->honest || w->place[0].handle != w->place[1].handle);
	return n;
}

static void check_place(struct world *w, const struct place *p)
{
	struct session_room_status st;
	size_t n;

	session_room_status(w->s, p->handle, &st);
	(void)session_people(w->s, p->handle, &n);
	FUZZ_CHECK(n == st.total);
	FUZZ_CHECK(!st.joined || n > 0);
	FUZZ_CHECK(st.unacked <= said_in(w, p->handle));
	/* What is known as sealed is never taken for open. */
	FUZZ_CHECK(!st.joined || st.seal != SEAL_NONE || !p->sealed);
	if (!w->honest || w->n_frames > 0)
		return;
	if (p->counts)
		FUZZ_CHECK(w->quitting || st.unacked == p->said - p->acked);
	if (p->listed && w->link != NULL && !w->ending && !w->quitting)
		FUZZ_CHECK(st.joined && st.epoch == p->epoch &&
			   st.may_speak == !p->silent);
}

/* The user is in no room, nor on the way: a loss is the end. */
static bool no_rooms(const struct world *w)
{
	struct session_room_status st;
	size_t i;

	for (i = 0; i < PLACES; i++) {
		if (w->place[i].handle == NULL)
			continue;
		session_room_status(w->s, w->place[i].handle, &st);
		if (st.wanted)
			return false;
	}
	return true;
}

static void check(struct world *w)
{
	size_t i;

	take_events(w);
	for (i = 0; i < PLACES; i++)
		if (w->place[i].handle != NULL)
			check_place(w, &w->place[i]);
	if (w->honest && w->n_frames == 0)
		FUZZ_CHECK((session_needs(w->s) & SESSION_NEED_CLOSE) == 0 ||
			   w->ending || w->quitting || no_rooms(w));
	if (session_needs(w->s) & SESSION_NEED_CLOSE) {
		if (w->link != NULL)
			world_read(w); /* read the client's last output */
		world_hang_up(w);
		take_events(w);
	}
	if (session_needs(w->s) & SESSION_NEED_CONNECT)
		world_connect(w);
}

static bool allowed(const struct world *w, enum op op)
{
	switch (op) {
	case OP_KEY:
		return !w->at->keyed && (w->at->carded || w->at->join_req != 0);
	case OP_LIST:
		return w->at->keyed && !w->at->listed;
	case OP_FRESH:
	case OP_JOIN:
	case OP_LEAVE:
	case OP_EVENT:
	case OP_MESSAGE:
	case OP_ACK:
	case OP_VOICE:
	case OP_ACT:
	case OP_MARK:
	case OP_VIEW:
		return w->at->listed;
	case OP_LEFT:
		return w->at->keyed;
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

static void server_op(struct world *w, enum op op, uint8_t bend)
{
	static const char *const reasons[] = {"leave", "kick", "timer", "new"};
	static void (*const says[OPS])(struct world *w, uint8_t bend) = {
	    [OP_KEY] = say_key,
	    [OP_LIST] = say_list,
	    [OP_JOIN] = say_join,
	    [OP_LEAVE] = say_leave,
	    [OP_EVENT] = say_event,
	    [OP_MESSAGE] = say_message,
	    [OP_ACK] = say_ack,
	    [OP_ANSWER] = say_answer,
	    [OP_LEFT] = say_left,
	    [OP_VOICE] = say_voice,
	    [OP_ACT] = say_act,
	    [OP_MARK] = say_mark,
	    [OP_VIEW] = say_view,
	    [OP_WELCOME] = say_welcome,
	    [OP_SEAL] = say_seal,
	};

	if (w->other && op == OP_MESSAGE)
		say_topic(w, bend);
	else if (w->other && op == OP_SEAL)
		say_handed(w, bend);
	else if (says[op] != NULL)
		says[op](w, bend);
	else if (op == OP_FRESH)
		say_fresh(w, reasons[fuzz_u8(&w->f) % 4], bend);
	else if (op >= OP_PING && op <= OP_ERROR)
		say_short(w, op);
	else
		say_piece(w, op, bend);
}

/* The client may give up: a room has not let it in for too long, whatever the other
 * one does. */
static bool is_late(const struct world *w)
{
	struct session_room_status st;
	const struct place *p;
	size_t i;

	for (i = 0; i < PLACES; i++) {
		p = &w->place[i];
		if (p->handle == NULL || w->now - p->step_ms < WIRE_SILENCE_MS)
			continue;
		session_room_status(w->s, p->handle, &st);
		if (st.wanted && !st.joined)
			return true;
	}
	return false;
}

/* The server is another: its rooms are new. */
static void restart(struct world *w)
{
	struct place *p;
	size_t i;

	w->session_no++;
	for (i = 0; i < PLACES; i++) {
		p = &w->place[i];
		p->epoch = p->last_member = 0;
		p->notice_seq = 0;
		memset(p->users, 0, sizeof(p->users));
		p->log[0] = w->session_no;
		FUZZ_CHECK(
		    log_head_start(fuzz_crypto(), &p->head, p->log) == 0);
	}
}

/* Traffic alone does not extend the login timeout; only progress does. */
static void tick(struct world *w)
{
	bool late;

	w->now += (uint64_t)fuzz_u8(&w->f) * 500;
	w->ending |= w->now - w->heard_ms >= WIRE_SILENCE_MS;
	late = is_late(w);
	session_tick(w->s, w->now);
	w->ending |= late && session_needs(w->s) & SESSION_NEED_CLOSE;
}

/* What the user does, and what becomes of the line. */
static void client_op(struct world *w, enum op op)
{
	switch (op) {
	case OP_SAY:
		if (w->other)
			user_sets_topic(w);
		else
			user_says(w);
		break;
	case OP_READ:
		if (session_needs(w->s) & SESSION_NEED_SEAL)
			session_seal(w->s);
		if (session_deadline(w->s) == 0) /* it asks for something */
			session_tick(w->s, w->now);
		if (w->link != NULL)
			world_read(w);
		session_direct_shown(w->s);
		break;
	case OP_TICK:
		tick(w);
		break;
	case OP_LOST:
		if (fuzz_u8(&w->f) & 1)
			restart(w);
		world_hang_up(w);
		break;
	case OP_QUIT:
		w->ending = w->quitting = true;
		session_quit(w->s, fuzz_u8(&w->f) & 1);
		break;
	case OP_ROOM:
		w->at = &w->place[w->at == w->place];
		break;
	case OP_ENTER:
		if (w->other)
			user_hands(w, fuzz_u8(&w->f));
		else
			user_asks(w, fuzz_u8(&w->f));
		break;
	default:
		break;
	}
}

static void step(struct world *w)
{
	uint8_t b = fuzz_u8(&w->f), bend = 0;
	enum op op = (b & 0x1f) % OPS;

	w->other = b & OTHER;
	if (b & BEND)
		bend = fuzz_u8(&w->f);
	if (op <= OP_RAW || op >= OP_ANSWER) {
		if (w->link == NULL || w->ending)
			return;
		if (bend == 0 && !allowed(w, op))
			return;
		if (bend != 0)
			w->honest = false;
		server_op(w, op, bend);
		if (!(b & TOGETHER))
			world_flush(w);
		return;
	}
	if (!(b & TOGETHER))
		world_flush(w);
	client_op(w, op);
}

static void begin(struct world *w, uint32_t epoch)
{
	static const char *const names[PLACES] = {"lobby", "den"};
	struct place *p;
	size_t i;

	for (i = 0; i < PLACES; i++) {
		p = &w->place[i];
		p->number = (uint32_t)i + 1;
		p->name = names[i];
		p->epoch = epoch;
		p->counts = true;
		p->log[1] = (uint8_t)i;
		FUZZ_CHECK(
		    log_head_start(fuzz_crypto(), &p->head, p->log) == 0);
	}
	w->at = w->place;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = {.f = fuzz_of(data, size), .seed = 99, .honest = true};
	struct session_opts o = {.name = "alice", .room = ""};
	uint8_t how = fuzz_u8(&w.f);
	int left = 200;

	fuzz_plain_crypto();
	fuzz_plain_pairs();
	fuzz_plain_begin();
	json_setup();
	o.crypto = fuzz_crypto();
	o.rng = fuzz_rng(&w.seed);
	o.identity = people_identity(0);
	o.people.meet = meet;
	o.people.spoke = spoke;
	o.reconnect = true;
	if (how & 2)
		o.seals = world_seals(&w);
	if ((w.direct = how & 4))
		o.direct = world_direct(&w);
	w.now = NOW_MS;
	begin(&w, how >> 4);
	buf_init(&w.bodies, 1 << 20);
	buf_init(&w.wire, 1 << 20);
	buf_init(&w.json, 1 << 18);
	w.s = session_new(&o);
	FUZZ_CHECK(w.s != NULL);
	w.place[0].handle = session_first_room(w.s);
	session_set_kem(w.s, fuzz_plain_pair());
	check(&w);
	if (how & 1) { /* join at once */
		say_key(&w, 0);
		say_list(&w, 0);
		world_flush(&w);
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
	return 0;
}
