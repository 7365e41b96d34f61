/* Fuzzes the client after the handshake: a program of server frames, user
 * actions and connection events. The server here is honest by default; an
 * operation with BEND set is not. As long as BEND was not used, the client
 *   - never reports a protocol error,
 *   - sends the user's messages in order, each once per acceptance,
 *   - reseals after a fence exactly what the server dropped.
 * */
#include "client/session/entry.h"
#include "client/session/outbox.h"
#include "client/session/session.h"
#include "shared/proto/content.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/roster_hash.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"
#include "tests/fuzz/people_of.h"

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
	OPS,
	BEND = 0x20, /* the next byte says what to damage */
	HOLD = 0x40, /* put into one record with the next frame */
};

enum { USERS = 6, SAID = 64, ROOM = 1 };

struct user_at {
	uint32_t member; /* 0: not in the room */
	uint64_t seq;
};

struct world {
	struct session *s;
	struct link *link; /* the server's end; NULL: none */
	struct fuzz f;
	uint64_t now, seed;
	unsigned connections;
	bool honest, ending, quitting;
	/* when the client last received data, and when its login last
	 * advanced */
	uint64_t heard_ms, step_ms;
	bool step_due; /* a frame that advances the login is pending */
	uint8_t session_no;
	/* the server's view of the room */
	uint32_t epoch, fence, member, last_member;
	uint8_t secret[WIRE_KEY];
	bool keyed, listed;
	uint64_t notice_seq, offset;
	struct user_at users[USERS];
	/* message counters, from 0 */
	unsigned said, acked, accepted;
	bool has_own; /* the id of the newest message of our own */
	uint8_t own[WIRE_ID];
	uint64_t last, last_acked; /* seqs of this connection */
	/* frames for the next record */
	struct buf bodies, wire, json;
	struct {
		uint8_t kind;
		size_t off, len;
	} frames[16];
	size_t n_frames;
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

/* --- the line ------------------------------------------------------------ */

static void link_keys(const struct world *w, struct link_keys *k)
{
	int d;

	for (d = 0; d < 2; d++) {
		memset(k->seal[d], (int)(2 * w->connections) + d, WIRE_KEY);
		memset(k->iv[d], (int)(2 * w->connections) + d, WIRE_IV);
		memset(k->mac[d], (int)(2 * w->connections) + d, WIRE_KEY);
	}
}

/* entry.h without a handshake, linked instead of entry.c. The handshake has its
 * own targets. */
struct entry {
	struct parties *parties;
};
static struct world *world;

struct entry *entry_new(struct parties *p, uint64_t now_ms)
{
	static struct entry e;

	(void)now_ms;
	e.parties = p;
	return &e;
}

void entry_free(struct entry *e)
{
	(void)e;
}

void entry_restart(struct entry *e, uint64_t now_ms)
{
	(void)e;
	(void)now_ms;
}

int entry_go(struct entry *e, struct buf *in, struct buf *out, const char *room,
    uint64_t now_ms)
{
	(void)e;
	(void)in;
	(void)out;
	(void)room;
	(void)now_ms;
	return 0;
}

const struct hs_error *entry_refusal(const struct entry *e)
{
	(void)e;
	return NULL;
}

bool entry_needs_kdf(const struct entry *e)
{
	(void)e;
	return false;
}

int entry_kdf_job(const struct entry *e, struct hs_kdf_job *out)
{
	(void)e;
	(void)out;
	return ERR_STATE;
}

int entry_stretched(struct entry *e, const uint8_t stretched[PAKE_STRETCHED])
{
	(void)e;
	(void)stretched;
	return ERR_STATE;
}

uint64_t entry_deadline(const struct entry *e)
{
	(void)e;
	return UINT64_MAX;
}

struct link *entry_link(struct entry *e, bool *new_run)
{
	uint8_t session[WIRE_NONCE] = {world->session_no};
	struct parties *p = e->parties;
	struct link_keys k;

	*new_run = memcmp(p->server_session, session, WIRE_NONCE) != 0;
	memcpy(p->server_session, session, WIRE_NONCE);
	memcpy(
	    p->server_key, identity_public(people_identity(7)), WIRE_ED25519);
	p->server_proved = true;
	p->th5[0] = (uint8_t)world->connections;
	memset(p->self.card, (int)world->connections, WIRE_HASH);
	link_keys(world, &k);
	return link_new(fuzz_crypto(), &k, LINK_CLIENT);
}

void entry_forget(struct parties *p)
{
	(void)p;
}

/* A restarted server is not sent old messages again, because the checks below
 * count each message once. test_client_session_wait tests the re-send. */
void __wrap_outbox_again(struct outbox *o);
void __wrap_outbox_again(struct outbox *o)
{
	(void)o;
}

static void connect_session(struct world *w)
{
	struct link_keys k;

	w->connections++;
	link_keys(w, &k);
	world = w;
	session_connected(w->s, w->now);
	if (session_needs(w->s) & SESSION_NEED_CLOSE)
		return;
	w->link = link_new(fuzz_crypto(), &k, LINK_SERVER);
	FUZZ_CHECK(w->link != NULL);
	w->heard_ms = w->step_ms = w->now;
	w->step_due = false;
	w->keyed = w->listed = false;
	w->last = w->last_acked = 0;
	w->accepted = w->acked;
	w->n_frames = 0;
	buf_clear(&w->bodies);
}

static void hang_up(struct world *w)
{
	link_free(w->link);
	w->link = NULL;
	w->member = 0;
	w->ending = false;
	session_lost(w->s, w->now, NULL);
}

static void flush(struct world *w)
{
	struct link_frame frames[16];
	uint8_t *exact;
	size_t i;

	if (w->n_frames == 0 || w->link == NULL)
		return;
	for (i = 0; i < w->n_frames; i++)
		frames[i] = (struct link_frame){w->frames[i].kind,
		    w->frames[i].len > 0 ? w->bodies.p + w->frames[i].off
					 : NULL,
		    w->frames[i].len};
	buf_clear(&w->wire);
	FUZZ_CHECK(link_record(w->link, &w->wire, frames, w->n_frames) == 0);
	w->n_frames = 0;
	buf_clear(&w->bodies);
	exact = fuzz_copy(w->wire.p, w->wire.len);
	session_input(w->s, w->now, exact, w->wire.len);
	free(exact);
	w->heard_ms = w->now;
	if (w->step_due)
		w->step_ms = w->now;
	w->step_due = false;
}

static bool room_for_frame(struct world *w)
{
	if (w->n_frames == 16 || w->bodies.len > 100000)
		flush(w);
	return w->link != NULL;
}

static void frame(struct world *w, uint8_t kind, size_t off)
{
	w->frames[w->n_frames].kind = kind;
	w->frames[w->n_frames].off = off;
	w->frames[w->n_frames++].len = w->bodies.len - off;
}

/* --- what the server says ------------------------------------------------ */

/* Queues w->json as a control frame. */
static void control(struct world *w, bool step)
{
	size_t off;

	if (!room_for_frame(w))
		return;
	off = w->bodies.len;
	if (link_control_seal(
		w->link, &w->bodies, w->json.p, w->json.len, step) == 0)
		frame(w, KIND_CONTROL, off);
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

/* Queues n bytes of content from a sender, sealed in an epoch. */
static void group(struct world *w, uint32_t sender, uint32_t epoch,
    uint64_t seq, const void *content, size_t n, uint8_t bend)
{
	size_t off;
	uint8_t *b;

	if (!room_for_frame(w) || n > WIRE_JSON_MAX)
		return;
	off = w->bodies.len;
	FUZZ_CHECK(buf_reserve(&w->bodies, n + 108) == 0);
	b = w->bodies.p + off;
	memset(b, 0, n + 108);
	put_u64(b, ++w->offset);
	put_u32(b + 8, ROOM + (bend == 1));
	put_u32(b + 12, epoch);
	put_u32(b + 16, sender);
	put_u64(b + 20, seq);
	b[28] = bend == 2 ? 0xff : 0;	  /* signature */
	b[92 + n] = bend == 3 ? 0xff : 0; /* tag */
	if (n > 0)
		memcpy(b + 92, content, n);
	w->bodies.len += n + 108;
	frame(w, KIND_GROUP, off);
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
	buf_clear(&w->json);
	if (control_ack(&w->json, ROOM + (bend == 1), seq & INT64_MAX,
		++w->offset) != 0)
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
	static const enum content_type types[] = {CONTENT_MESSAGE,
	    CONTENT_EDIT, CONTENT_DELETE, CONTENT_REACT};
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
	FUZZ_CHECK(content_said(&w->json, type, &s, 1700000000000) == 0);
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
	buf_clear(&w->json);
	encode_said(w, id, how, text, (size_t)n);
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
		flush(w);
		if (w->link != NULL)
			session_input(w->s, w->now, p, n);
		break;
	default:
		/* A record cannot be made of a group frame without offset. */
		if (!room_for_frame(w) ||
		    (n < WIRE_OFFSET && (op == OP_GROUP || b == KIND_GROUP)))
			return;
		off = w->bodies.len;
		FUZZ_CHECK(buf_put(&w->bodies, p, n) == 0);
		frame(w, op == OP_GROUP ? (uint8_t)KIND_GROUP : b, off);
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
	FUZZ_CHECK(c.type == CONTENT_MESSAGE || c.type == CONTENT_EDIT);
	FUZZ_CHECK(h.offset == 0);
	if (w->honest) {
		FUZZ_CHECK(h.room == ROOM && h.sender == w->member);
		FUZZ_CHECK(h.epoch <= w->epoch);
		if (h.epoch >= w->fence) {
			FUZZ_CHECK(h.seq == w->last + 1);
			w->last++;
			FUZZ_CHECK(number_of(&c) == w->accepted);
			w->accepted++;
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
		hang_up(w);
		take_events(w);
	}
	if (session_needs(w->s) & SESSION_NEED_CONNECT)
		connect_session(w);
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

static void server_op(struct world *w, enum op op, uint8_t bend)
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
		server_op(w, op, bend);
		if (!(b & HOLD))
			flush(w);
		return;
	}
	if (!(b & HOLD))
		flush(w);
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
		hang_up(w);
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
	w.s = session_new(&o);
	FUZZ_CHECK(w.s != NULL);
	session_set_kem(w.s, fuzz_plain_pair());
	check(&w);
	if (how & 1) { /* join at once */
		say_key(&w, 0);
		say_list(&w, 0);
		flush(&w);
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
