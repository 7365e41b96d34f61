/* What the server of the session's target says. It is honest; an operation
 * that is bent is not. */
#include "shared/proto/content_view.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/roster_hash.h"
#include "shared/wire/b64.h"
#include "tests/fuzz/people_of.h"
#include "tests/fuzz/session_world.h"

/* Queues w->json as a control frame. */
static void control(struct world *w, bool step)
{
	size_t off;

	if (!line_ready(w))
		return;
	off = w->bodies.len;
	if (link_control_seal(
		w->link, &w->bodies, w->json.p, w->json.len, step) == 0)
		line_frame(w, KIND_CONTROL, off);
}

static struct user user_of(unsigned i, uint32_t member)
{
	static const char *const names[USERS] = {
	    "alice", "bob", "carol", "Alice", "dave-5", "b"};
	struct user u = {.member = member};

	i %= USERS;
	snprintf(u.name, sizeof(u.name), "%s", names[i]);
	memcpy(u.identity, identity_public(people_identity(i)), WIRE_ED25519);
	put_u32(u.card, member);
	return u;
}

static struct user self_of(const struct world *w)
{
	struct user u = user_of(0, w->member);

	memset(u.card, (int)w->connections, WIRE_HASH);
	return u;
}

/* --- the log --- */

/* The next entry of the log. */
static void append(struct world *w, const uint8_t *body, size_t n)
{
	uint8_t d[WIRE_HASH];

	FUZZ_CHECK(crypto_hash1(fuzz_crypto(), d, body + WIRE_OFFSET,
		       n - WIRE_OFFSET) == 0);
	FUZZ_CHECK(log_head_add(fuzz_crypto(), &w->head, d) == 0);
}

void server_accepts(
    struct world *w, uint64_t seq, const uint8_t *body, size_t n)
{
	struct log_mark *m;

	FUZZ_CHECK(w->n_marks <= SAID);
	m = &w->marks[w->n_marks++];
	*m = (struct log_mark){.room = ROOM, .seq = seq};
	FUZZ_CHECK(crypto_hash1(fuzz_crypto(), m->digest, body + WIRE_OFFSET,
		       n - WIRE_OFFSET) == 0);
}

/* Marks what was accepted. */
static void say_marks(struct world *w, uint8_t bend)
{
	uint8_t *b;
	size_t i, off;

	for (i = 0; i < w->n_marks && line_ready(w); i++) {
		struct log_mark *m = &w->marks[i];

		m->offset = w->head.offset + 1 + (bend == 26);
		m->seq += bend == 27;
		FUZZ_CHECK(
		    log_head_add(fuzz_crypto(), &w->head, m->digest) == 0);
		m->digest[3] ^= bend == 28;
		off = w->bodies.len;
		FUZZ_CHECK(buf_reserve(&w->bodies, WIRE_MARK) == 0);
		b = w->bodies.p + off;
		log_mark_encode(b, m);
		w->bodies.len += WIRE_MARK;
		line_frame(w, KIND_MARK, off);
		w->marked_offset = w->head.offset;
	}
	w->n_marks = 0;
}

/* --- frames --- */

/* Queues n bytes of content from a sender, sealed in an epoch. */
static void group(struct world *w, uint32_t sender, uint32_t epoch,
    uint64_t seq, const void *content, size_t n, uint8_t bend)
{
	size_t off;
	uint8_t *b;

	if (!line_ready(w) || n > WIRE_JSON_MAX)
		return;
	off = w->bodies.len;
	FUZZ_CHECK(buf_reserve(&w->bodies, n + 108) == 0);
	b = w->bodies.p + off;
	memset(b, 0, n + 108);
	put_u64(b, w->head.offset + 1);
	put_u32(b + 8, ROOM + (bend == 1));
	put_u32(b + 12, epoch);
	put_u32(b + 16, sender);
	put_u64(b + 20, seq);
	b[28] = bend == 2 ? 0xff : 0;	  /* signature */
	b[92 + n] = bend == 3 ? 0xff : 0; /* tag */
	if (n > 0)
		memcpy(b + 92, content, n);
	w->bodies.len += n + 108;
	append(w, b, n + 108);
	line_frame(w, KIND_GROUP, off);
}

static void commit_of(
    const struct world *w, uint8_t out[WIRE_HASH], uint8_t bend)
{
	struct group_epoch e;

	FUZZ_CHECK(group_epoch_make(fuzz_crypto(), &e, ROOM, w->epoch,
		       w->secret, NULL) == 0);
	memcpy(out, e.commit, WIRE_HASH);
	out[0] ^= bend == 4;
}

/* The roster of those who are in the room, with the client. */
static void roster_of(
    const struct world *w, uint8_t out[WIRE_HASH], uint8_t bend)
{
	struct roster_hash *h = roster_hash_new(fuzz_crypto());
	struct user u;
	uint32_t after = 0, m;
	unsigned i, at;

	FUZZ_CHECK(h != NULL);
	for (;; after = m) {
		m = w->member > after ? w->member : UINT32_MAX;
		for (i = 0, at = USERS; i < USERS; i++)
			if (w->users[i].member > after &&
			    w->users[i].member < m)
				m = w->users[at = i].member;
		if (m == UINT32_MAX)
			break;
		u = at < USERS ? user_of(at, m) : self_of(w);
		FUZZ_CHECK(roster_hash_add(h, &u) == 0);
	}
	FUZZ_CHECK(roster_hash_get(h, out) == 0);
	roster_hash_free(h);
	out[0] ^= bend == 24;
}

static void say_key(struct world *w, uint8_t bend)
{
	struct key_exchange k = {.room = ROOM, .is_wrapped = true};

	w->epoch += 1 + bend % 3;
	w->fence = w->epoch;
	w->member = ++w->last_member - (bend == 5);
	memset(w->secret, (int)w->epoch, WIRE_KEY);
	k.epoch = w->epoch - (bend == 6);
	k.member = w->member;
	snprintf(k.name, sizeof(k.name), bend == 7 ? "cave" : "lobby");
	memcpy(k.wrapped, w->secret, WIRE_KEY);
	k.wrapped[0] = bend == 8 ? 0xff : k.wrapped[0] & 0x7f;
	w->secret[0] = k.wrapped[0];
	k.wrapped_len = 256;
	commit_of(w, k.commit, bend);
	buf_clear(&w->json);
	FUZZ_CHECK(control_key_exchange(&w->json, &k) == 0);
	control(w, true);
	w->keyed = w->step_due = true;
	w->listed = false;
}

static void say_list(struct world *w, uint8_t bend)
{
	static struct user_list l;
	size_t i, n = 0;
	uint32_t after = 0, m;

	memset(&l, 0, sizeof(l));
	/* ascending by member, ourselves last */
	for (;;) {
		m = UINT32_MAX;
		for (i = 0; i < USERS; i++)
			if (w->users[i].member > after &&
			    w->users[i].member < m)
				m = w->users[i].member;
		if (m == UINT32_MAX)
			break;
		for (i = 0; w->users[i].member != m; i++)
			;
		l.users[n++] = user_of((unsigned)i, m);
		after = m;
	}
	if (bend != 9)
		l.users[n++] = self_of(w);
	if (bend == 10 && n > 1)
		l.users[0] = l.users[n - 1];
	if (bend > 100)
		for (; n < WIRE_PAGE; n++)
			l.users[n] = user_of(bend, 1000 + (uint32_t)n);
	l.room = ROOM + (bend == 1);
	l.n_users = n;
	l.total = n + (bend > 90 ? bend : 0);
	l.seq = w->notice_seq;
	l.has_entry = bend != 29;
	l.entry.head = w->head;
	l.entry.head.chain[7] ^= bend == 30;
	l.entry.settings = room_settings_default;
	roster_of(w, l.roster, bend);
	buf_clear(&w->json);
	if (control_user_list(&w->json, &l) != 0)
		return;
	control(w, false);
	w->listed = w->step_due = true;
}

static void say_ack(struct world *w, uint8_t bend)
{
	uint64_t seq = w->last;

	if (bend != 0)
		seq += (uint64_t)(int64_t)(int8_t)bend;
	else if (w->last == w->last_acked)
		return;
	if (bend != 31)
		say_marks(w, bend);
	buf_clear(&w->json);
	if (control_ack(&w->json, ROOM + (bend == 1), seq & INT64_MAX,
		w->marked_offset + (bend == 32)) != 0)
		return;
	control(w, false);
	w->last_acked = w->last;
	w->acked = w->accepted;
}

static void say_fresh(struct world *w, uint8_t bend)
{
	static const char *const reasons[] = {"leave", "kick", "timer", "new"};
	struct key_exchange k = {.room = ROOM + (bend == 1)};

	if (bend != 11)
		say_ack(w, 0);
	w->epoch += 1 + bend % 3;
	w->fence = w->epoch;
	memset(w->secret, (int)w->epoch, WIRE_KEY);
	k.epoch = w->epoch - (bend == 6 ? 2 : 0);
	memcpy(k.secret, w->secret, WIRE_KEY);
	commit_of(w, k.commit, bend);
	roster_of(w, k.roster, bend);
	snprintf(k.reason, sizeof(k.reason), "%s", reasons[fuzz_u8(&w->f) % 4]);
	buf_clear(&w->json);
	FUZZ_CHECK(control_key_exchange(&w->json, &k) == 0);
	control(w, true);
}

static void notice(struct world *w, enum notice_event e, uint32_t sealed,
    const struct user *u, size_t n, uint8_t bend)
{
	uint8_t commit[WIRE_HASH], roster[WIRE_HASH];
	const struct notice_of o = {.event = e,
	    .epoch = w->epoch + (bend == 12),
	    .commit = commit,
	    .roster = roster,
	    .users = u,
	    .n_users = n,
	    .ts = 1700000000000};

	commit_of(w, commit, bend);
	roster_of(w, roster, bend);
	buf_clear(&w->json);
	if (notice_encode(&w->json, &o) != 0)
		return;
	group(w, 0, sealed, ++w->notice_seq + (bend == 13) - (bend == 14),
	    w->json.p, w->json.len, bend);
}

static void say_join(struct world *w, uint8_t bend)
{
	unsigned i = fuzz_u8(&w->f) % USERS;
	struct user u;
	uint8_t next[WIRE_KEY];

	if (w->users[i].member != 0 && bend == 0)
		return;
	w->users[i].member = ++w->last_member;
	w->users[i].seq = 0;
	u = user_of(i, bend == 15 ? w->member : w->users[i].member);
	FUZZ_CHECK(group_join_step(fuzz_crypto(), next, w->secret) == 0);
	memcpy(w->secret, next, WIRE_KEY);
	w->epoch++;
	notice(w, NOTICE_JOIN, w->epoch - (bend != 16), &u, 1, bend);
}

static void say_leave(struct world *w, uint8_t bend)
{
	unsigned i = fuzz_u8(&w->f) % USERS;
	struct user u;

	if (w->users[i].member == 0 && bend == 0)
		return;
	u = user_of(i, bend == 15 ? w->member : w->users[i].member);
	if (u.member == 0)
		u.member = 4000;
	w->users[i].member = 0;
	say_fresh(w, bend == 17 ? 1 : 0);
	notice(w, i & 1 ? NOTICE_KICK : NOTICE_LEAVE, w->epoch, &u, 1, bend);
}

static void say_event(struct world *w, uint8_t bend)
{
	char json[320], b64[64], roster[64];
	uint8_t hash[WIRE_HASH];
	int n;

	commit_of(w, hash, bend);
	b64_encode(b64, hash, sizeof(hash));
	roster_of(w, hash, bend);
	b64_encode(roster, hash, sizeof(hash));
	n = snprintf(json, sizeof(json),
	    "{\"type\":\"%s\",\"event\":\"topic\",\"epoch\":%u,"
	    "\"commit\":\"%s\",\"roster\":\"%s\",\"users\":[],\"ts\":1}",
	    bend == 18 ? "message" : "system", w->epoch, b64, roster);
	group(w, 0, w->epoch, ++w->notice_seq, json, (size_t)n, bend);
}

/* A message, or by `how` an edit, a deletion or a reaction: of the newest message
 * of some member, or of one of the seven before it. */
static void encode_said(struct world *w, const uint8_t id[WIRE_ID], uint8_t how,
    const char *text, size_t n)
{
	static const enum content_type types[] = {
	    CONTENT_MESSAGE, CONTENT_EDIT, CONTENT_DELETE, CONTENT_REACT};
	const enum content_type type = types[how >> 1 & 3];
	const struct user_at *of = &w->users[(how >> 3 & 3) % USERS];
	struct content_said s = {.has_about = how >> 1 != 0,
	    .text = type == CONTENT_REACT ? "+" : text,
	    .text_len = type == CONTENT_REACT	 ? how & 1
			: type == CONTENT_DELETE ? 0
						 : n,
	    .action = how & 1};

	memcpy(s.id, id, WIRE_ID);
	put_u32(s.about, of->member);
	put_u64(s.about + 8, of->seq - (how >> 5));
	buf_clear(&w->bare);
	FUZZ_CHECK(content_said(&w->bare, type, &s, 1700000000000) == 0);
	buf_clear(&w->json);
	FUZZ_CHECK(content_view_add(&w->json, w->bare.p, w->bare.len) == 0);
}

/* What the member has of the log; or another one. */
static void fill_view(struct world *w, uint8_t bend)
{
	static const uint8_t log[WIRE_LOG];
	struct log_head head = w->head;
	uint8_t view[WIRE_VIEW];

	head.chain[0] ^= bend == 25;
	log_view_encode(view, &head, log);
	FUZZ_CHECK(content_view_fill(w->json.p, w->json.len, view) == 0);
}

static void say_message(struct world *w, uint8_t bend)
{
	unsigned i = fuzz_u8(&w->f) % USERS;
	uint8_t id[WIRE_ID] = {0}, how = fuzz_u8(&w->f);
	struct user_at *u = &w->users[i];
	char text[32];
	int n;

	if (u->member == 0 && bend == 0)
		return;
	u->seq += bend == 19 ? 6 : 1;
	if (bend == 20)
		u->seq -= 2;
	put_u32(id, u->member);
	put_u64(id + 8, bend == 21 ? 1 : u->seq);
	n = snprintf(
	    text, sizeof(text), "%llu \x1b[31m", (unsigned long long)u->seq);
	encode_said(w, id, how, text, (size_t)n);
	fill_view(w, bend);
	group(w, bend == 22 ? 4000 : u->member,
	    w->epoch - (bend == 23 ? how : 0), u->seq, w->json.p, w->json.len,
	    bend);
}

static void say_piece(struct world *w, enum op op, uint8_t bend)
{
	const uint8_t *p;
	uint8_t b = fuzz_u8(&w->f);
	size_t n, off;
	uint32_t from = b & 1 ? 0 : w->users[b >> 1 & 3].member;

	p = fuzz_piece(&w->f, &n);
	switch (op) {
	case OP_CONTROL:
		buf_clear(&w->json);
		FUZZ_CHECK(buf_put(&w->json, p, n) == 0);
		control(w, b & 1);
		break;
	case OP_CONTENT:
		group(w, from, w->epoch,
		    from == 0 ? ++w->notice_seq : ++w->users[b >> 1 & 3].seq, p,
		    n, bend);
		break;
	case OP_RAW:
		line_flush(w);
		if (w->link != NULL)
			session_input(w->s, w->now, p, n);
		break;
	default:
		/* A record cannot be made of a group frame without offset. */
		if (!line_ready(w) ||
		    (n < WIRE_OFFSET && (op == OP_GROUP || b == KIND_GROUP)))
			return;
		off = w->bodies.len;
		FUZZ_CHECK(buf_put(&w->bodies, p, n) == 0);
		line_frame(w, op == OP_GROUP ? (uint8_t)KIND_GROUP : b, off);
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
		control(w, false);
}

void server_says(struct world *w, enum op op, uint8_t bend)
{
	switch (op) {
	case OP_KEY:
		say_key(w, bend);
		break;
	case OP_LIST:
		say_list(w, bend);
		break;
	case OP_FRESH:
		say_fresh(w, bend);
		break;
	case OP_JOIN:
		say_join(w, bend);
		break;
	case OP_LEAVE:
		say_leave(w, bend);
		break;
	case OP_EVENT:
		say_event(w, bend);
		break;
	case OP_MESSAGE:
		say_message(w, bend);
		break;
	case OP_ACK:
		say_ack(w, bend);
		break;
	case OP_PING:
	case OP_PONG:
	case OP_BYE:
	case OP_ERROR:
		say_short(w, op);
		break;
	default:
		say_piece(w, op, bend);
	}
}
