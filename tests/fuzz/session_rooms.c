/* session_rooms.c - what the server says of rooms, roles and the log, in the
 * session's target. */
#include "tests/fuzz/session_world.h"

/* --- answers ---------------------------------------------------------------- */

static void say_failed(struct world *w, uint32_t number, uint8_t bend)
{
	static const enum wire_code codes[] = {CODE_NO_ROOM, CODE_BANNED,
	    CODE_NOT_INVITED, CODE_FULL, CODE_KICKED, CODE_DENIED};

	buf_clear(&w->json);
	FUZZ_CHECK(answer_failed(&w->json, number + (bend == 1),
		       codes[fuzz_u8(&w->f) % 6], "no") == 0);
	world_control(w, false);
}

static void say_done(
    struct world *w, uint32_t number, uint32_t room, uint8_t bend)
{
	buf_clear(&w->json);
	FUZZ_CHECK(answer_done(&w->json, number + (bend == 1),
		       room + (bend == 2)) == 0);
	world_control(w, false);
	if (bend == 3) { /* once more */
		buf_clear(&w->json);
		FUZZ_CHECK(answer_done(&w->json, number, room) == 0);
		world_control(w, false);
	}
}

static void say_rooms(struct world *w, const struct request *q, uint8_t bend)
{
	static struct room_info rooms[WIRE_ROOM_PAGE];
	size_t i, n = fuzz_u8(&w->f) % (WIRE_ROOM_PAGE + 1);

	memset(rooms, 0, sizeof(rooms));
	for (i = 0; i < n; i++) {
		rooms[i].id = (uint32_t)i + 1;
		snprintf(rooms[i].name, sizeof(rooms[i].name), "%s%02zu",
		    bend == 4 ? "Aa" : "room", bend == 5 ? 0 : i);
		rooms[i].settings = room_settings_default;
	}
	buf_clear(&w->json);
	if (answer_rooms(&w->json, q->number, rooms, n, n + 1000) == 0)
		world_control(w, false);
}

/* To the oldest of the other requests. */
static void say_other(struct world *w, uint8_t bend)
{
	const struct request q = w->asked[0];
	uint8_t b = fuzz_u8(&w->f);

	memmove(w->asked, w->asked + 1, --w->n_asked * sizeof(q));
	if (b % 3 == 0)
		say_failed(w, q.number, bend);
	else if (bend != 6 && say_prekeys(w, &q, bend))
		return;
	else if (q.type == REQUEST_ROOM_LIST && bend != 6)
		say_rooms(w, &q, bend);
	else {
		if (q.type == REQUEST_ROOM_SET && q.has_topic)
			say_marked(w, &q);
		say_done(w, q.number, q.type == REQUEST_ROOM_NEW ? 9 : 0, bend);
	}
}

void say_answer(struct world *w, uint8_t bend)
{
	struct place *p = w->at;

	if (p->join_req != 0 && (!p->keyed || bend != 0)) {
		if (bend == 7)
			say_done(w, p->join_req, p->number, bend);
		else
			say_failed(w, p->join_req, bend);
		place_out(p);
		p->counts = false;
	} else if (p->leave_req != 0) {
		say_ack(w, 0);
		say_done(w, p->leave_req, 0, bend);
		place_out(p);
		p->counts = false;
	} else if (w->n_asked > 0) {
		say_other(w, bend);
	} else if (bend != 0) {
		say_done(w, bend, bend % 3, 0);
	}
}

/* --- out, voice, acts --------------------------------------------------------- */

void say_left(struct world *w, uint8_t bend)
{
	struct room_left m = {.room = w->at->number + (bend == 1),
	    .code = fuzz_u8(&w->f) & 1 ? CODE_KICKED : CODE_CLOSED,
	    .by = "bob",
	    .text = "because"};
	uint32_t join = w->at->join_req, leave = w->at->leave_req;

	buf_clear(&w->json);
	FUZZ_CHECK(room_left_encode(&w->json, &m) == 0);
	world_control(w, false);
	place_out(w->at);
	w->at->counts = w->at->carded = false;
	if (join != 0)
		say_failed(w, join, 0);
	if (leave != 0)
		say_done(w, leave, 0, 0);
}

/* Told first, then a fresh key. */
void say_voice(struct world *w, uint8_t bend)
{
	struct voice v = {.room = w->at->number + (bend == 1),
	    .may = w->at->silent,
	    .by = "bob"};

	buf_clear(&w->json);
	FUZZ_CHECK(voice_encode(&w->json, &v) == 0);
	world_control(w, false);
	if (!v.may)
		w->at->counts = false;
	say_fresh(w, bend == 2 ? "timer" : "voice", bend == 3 ? 11 : 0);
	w->at->silent = !v.may;
}

void say_act(struct world *w, uint8_t bend)
{
	uint8_t b = fuzz_u8(&w->f);
	struct notice_more more = {.by = "bob",
	    .act = (enum act)(b % ACTS),
	    .who = "alice",
	    .role = (enum role)((b >> 6) + ROLE_GUEST),
	    .until_ms = b & 32 ? WALL_MS : 0,
	    .reason = "\x1b[2J",
	    .server = (b & 16) != 0,
	    .topic = "\x1b]0;",
	    .settings = {.listed = true}};
	const struct notice_of o = {
	    .event = b % 5 == 4 ? NOTICE_ROOM : NOTICE_ACT, .more = &more};

	if (more.act == ACT_NONE)
		more.act = ACT_MUTE;
	if (w->at->sealed && o.event == NOTICE_ROOM) {
		say_room(w, bend);
		return;
	}
	world_notice(w, &o, w->at->epoch, bend);
}

void say_welcome(struct world *w, uint8_t bend)
{
	uint8_t b = fuzz_u8(&w->f);
	struct welcome m = {.account = "me",
	    .role = (enum role)(b % 4 + ROLE_GUEST),
	    .rooms = bend == 1 ? b : 64,
	    .text = WIRE_TEXT_MAX};

	buf_clear(&w->json);
	if (welcome_encode(&w->json, &m) == 0)
		world_control(w, false);
}

/* --- the log ------------------------------------------------------------------ */

static void mark(struct world *w, uint64_t seq, const uint8_t digest[WIRE_HASH],
    uint8_t bend)
{
	struct log_mark m = {
	    .room = w->at->number + (bend == 1), .seq = seq + (bend == 2)};
	size_t off;

	if (!world_reserve(w))
		return;
	memcpy(m.digest, digest, WIRE_HASH);
	m.digest[0] ^= bend == 3;
	FUZZ_CHECK(log_head_add(fuzz_crypto(), &w->at->head, digest) == 0);
	m.offset = w->at->head.offset + (bend == 4) - (bend == 5);
	off = w->bodies.len;
	FUZZ_CHECK(buf_reserve(&w->bodies, WIRE_MARK) == 0);
	log_mark_encode(w->bodies.p + off, &m);
	w->bodies.len += WIRE_MARK;
	world_frame(w, KIND_MARK, off);
}

void say_own_marks(struct world *w)
{
	struct place *p = w->at;

	while (p->marked < p->last) {
		p->marked++;
		mark(w, p->marked, p->digest[p->marked % DIGESTS], 0);
		p->marked_offset = p->head.offset;
	}
	p->named = p->accepted;
}

void say_mark(struct world *w, uint8_t bend)
{
	uint8_t digest[WIRE_HASH] = {fuzz_u8(&w->f)};

	if (digest[0] & 1)
		say_own_marks(w);
	else
		mark(w, 0, digest, bend);
}

/* A content of a member that says what it has of the log: in its place of a
 * message, or alone. */
void say_view(struct world *w, uint8_t bend)
{
	uint8_t b = fuzz_u8(&w->f), id[WIRE_ID] = {0}, view[WIRE_VIEW];
	uint8_t log[WIRE_LOG];
	struct user_at *u = &w->at->users[(b >> 1) % USERS];
	struct log_head head = w->at->head;
	struct buf plain;

	if (u->member == 0)
		return;
	u->seq++;
	put_u32(id, u->member);
	put_u64(id + 8, u->seq);
	memcpy(log, w->at->log, WIRE_LOG);
	log[0] ^= bend == 1;
	head.chain[0] ^= bend == 2;
	head.offset += bend == 3 ? b : 0;
	head.offset -= bend == 4 && head.offset > 0;
	log_view_encode(view, &head, log);
	buf_clear(&w->json);
	buf_init(&plain, WIRE_JSON_MAX);
	if (b & 1)
		FUZZ_CHECK(content_view_alone(&w->json, id, WALL_MS) == 0);
	else
		FUZZ_CHECK(content_message(
			       &plain, id, WALL_MS, "seen", 4, false) == 0 &&
			   content_view_add(&w->json, plain.p, plain.len) == 0);
	buf_free(&plain);
	FUZZ_CHECK(content_view_fill(w->json.p, w->json.len, view) == 0);
	world_group(
	    w, u->member, w->at->epoch, u->seq, w->json.p, w->json.len, 0);
}
