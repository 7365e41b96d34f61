/* The server behind the handshake: several members in two workers, a program
 * of what they say, right or wrong, of slow readers, lost lines, turns and time.
 * Each member reads as a client would, and as long as it was honest itself
 *   - every record and frame opens, epochs only rise, offsets only rise,
 *   - each sender's frames come once and in order, its own never,
 *   - it is not accused of anything, what it said is acknowledged, and it is
 *     told before the server closes.
 *
 * The first byte says how it begins, from the lowest bit: how many are there at
 * once (2 bits), few may be, a slow rate, large frames, little memory, newcomers
 * stand at the door. All of the upper five bits: nothing but the door, and
 * handshakes as they are, which cost several times the rest together; otherwise
 * they are of single bytes (quick_handshake.c). */
#include "shared/content.h"
#include "shared/control.h"
#include "shared/group.h"
#include "shared/handshake.h"
#include "tests/fuzz/people_of.h"
#include "tests/fuzz/server_world.h"

enum op {
	OP_JOIN,
	OP_STRANGER, /* a connection that says a piece and no handshake */
	OP_SAY,
	OP_BENT,    /* a group frame with something wrong in its head */
	OP_CONTROL, /* a piece as JSON */
	OP_ASK,	    /* list, identity, ping, pong, bye */
	OP_FRAME,   /* a piece as a frame of some kind */
	OP_RAW,	    /* a piece as it is */
	OP_LARGE,   /* frames of many bytes */
	OP_TURN,    /* a worker's loop; time goes on */
	OP_READ,
	OP_SLOW, /* reads only so much */
	OP_CUT,	 /* is read only so much at once */
	OP_GONE,
	OP_STOP, /* as a signal does */
	OP_DOOR, /* no descriptors for a while, where the newcomers come from,
		  * or somebody who is told to go does not */
	OPS
};
_Static_assert(OPS == 16, "an operation for each half byte");

enum {
	SLOTS = 10,
	SENDERS = 32,
	LARGE = 64000,
	LARGE_FRAMES = 70, /* more than a queue holds */
	LARGE_FEW = 24,	   /* more than the little memory */
	MEMORY_LITTLE = 1 << 20,
	EXCHANGES = 6, /* fewer than slots */
	SOON_MS = 1000,
	BUF_KEEP = 128 << 10,
};

enum how {
	HOW_MEMBERS = 3,
	HOW_FEW = 4,
	HOW_RATE = 8,
	HOW_LARGE = 16,
	HOW_MEMORY = 32,
	HOW_DOOR = 64,
	HOW_REAL = 0xf8,
};

struct member {
	struct handshake *shaking;
	bool quick;	   /* its handshake is under way */
	struct link *link; /* NULL: not in yet */
	unsigned who;
	bool honest, slow, stays;
	bool quit;  /* it said bye */
	bool ended; /* it was told so */
	bool begun; /* the first record was read */
	uint32_t id, first_epoch, epoch;
	uint64_t seq, acked; /* of what it said itself */
	uint64_t offset;     /* last seen */
	uint64_t notice_seq;
	bool listed;
	struct {
		uint32_t id;
		uint64_t seq;
	} heard[SENDERS];
};

static struct world {
	struct fuzz f;
	uint8_t how;
	bool real, stopped;
	unsigned from;
	uint64_t now, seed;
	struct fuzz_socket socket[SLOTS];
	struct fuzz_door door;
	struct member member[SLOTS];
	size_t n, large; /* frames left to be */
	struct buf body, json;
} w;
/* Their memory is kept from input to input: w is all zeros at its beginning. */
static struct buf kept[2 * SLOTS + 2];

/* --- what was read before ------------------------------------------------ */

/* Most of what the server says it says in thousands of inputs. What was decoded
 * once, byte for byte, is not parsed again: that is most of the time
 * otherwise. */
enum { KNOWN = 512, KNOWN_MAX = 2048 };

static size_t known_place(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619;
	return (h ^ h >> 16) % KNOWN;
}

struct known {
	size_t n; /* 0: nothing */
	uint8_t bytes[KNOWN_MAX];
};

/* False, and it is known from now on: decode it. */
static bool known_look(struct known *k, const uint8_t *p, size_t n)
{
	if (k->n == n && memcmp(k->bytes, p, n) == 0)
		return true;
	k->n = n <= sizeof(k->bytes) ? n : 0;
	memcpy(k->bytes, p, k->n);
	return false;
}

static const struct control *known_control(const uint8_t *p, size_t n)
{
	static struct {
		struct known known;
		struct control c;
	} all[KNOWN];
	size_t i = known_place(p, n);

	if (!known_look(&all[i].known, p, n))
		FUZZ_CHECK(control_decode(&all[i].c, FROM_SERVER, p, n) == 0);
	return &all[i].c;
}

/* Of a notice what is looked at here; its users are those of the list. */
struct notice {
	enum notice_event event;
	uint32_t epoch;
	size_t n_users;
};

static struct notice known_notice(const uint8_t *p, size_t n)
{
	static struct {
		struct known known;
		struct notice notice;
	} all[KNOWN];
	static struct content c;
	size_t i = known_place(p, n);

	if (!known_look(&all[i].known, p, n)) {
		FUZZ_CHECK(content_decode(&c, true, p, n) == 0);
		FUZZ_CHECK(c.type == CONTENT_NOTICE);
		all[i].notice = (struct notice){
		    c.u.notice.event, c.u.notice.epoch, c.u.notice.n_users};
		content_free(&c);
	}
	return all[i].notice;
}

/* --- reading ------------------------------------------------------------- */

static void read_key(struct member *m, const struct key_exchange *k)
{
	FUZZ_CHECK(k->epoch > m->epoch && k->room == 1);
	FUZZ_CHECK(k->is_wrapped == (m->id == 0));
	if (k->is_wrapped) {
		m->id = k->member;
		m->first_epoch = k->epoch;
	} else {
		/* What is not acknowledged now is dropped: its numbers come
		 * again. */
		m->seq = m->acked;
	}
	m->epoch = k->epoch;
	FUZZ_CHECK(link_stepped(m->link) == 0);
}

static void read_list(struct member *m, const struct user_list *l)
{
	uint32_t last = 0;
	size_t i;

	FUZZ_CHECK(m->id != 0 && l->room == 1 && l->total >= l->n_users);
	for (i = 0; i < l->n_users; i++) {
		FUZZ_CHECK(l->users[i].member > last);
		last = l->users[i].member;
	}
	if (!m->listed)
		m->notice_seq = l->seq;
	m->listed = true;
}

static void read_end(struct member *m, const struct control *c)
{
	m->ended = true;
	if (!m->honest)
		return;
	/* Nobody who did nothing wrong is told that he did. */
	FUZZ_CHECK(c->u.end.code != CODE_PROTOCOL);
	FUZZ_CHECK(
	    c->u.end.code != CODE_SLOW || m->slow || (w.how & HOW_MEMORY));
	FUZZ_CHECK(c->u.end.code != CODE_SHUTDOWN || w.stopped);
}

static void read_control(struct member *m, const struct frame *f)
{
	const struct control *c;

	buf_clear(&w.json);
	FUZZ_CHECK(link_control_open(m->link, &w.json, f->body, f->len) == 0);
	c = known_control(w.json.p, w.json.len);
	switch (c->type) {
	case CONTROL_KEY_EXCHANGE:
		read_key(m, &c->u.key_exchange);
		break;
	case CONTROL_USER_LIST:
		read_list(m, &c->u.user_list);
		break;
	case CONTROL_ACK:
		FUZZ_CHECK(c->u.ack.seq > m->acked);
		FUZZ_CHECK(c->u.ack.seq <= m->seq || !m->honest);
		m->acked = c->u.ack.seq;
		break;
	case CONTROL_BYE:
		read_end(m, c);
		break;
	default:
		FUZZ_CHECK(c->type != CONTROL_UNKNOWN);
	}
}

/* A notice, and the step that it may be. */
static void read_notice(
    struct member *m, const struct group_head *h, const struct frame *f)
{
	const size_t around = WIRE_GROUP_HEAD + WIRE_SIGNATURE;
	struct notice n;

	FUZZ_CHECK(m->listed && h->epoch == m->epoch);
	FUZZ_CHECK(h->seq == m->notice_seq + 1);
	m->notice_seq = h->seq;
	n = known_notice(f->body + around, f->len - around - WIRE_TAG);
	FUZZ_CHECK(n.n_users > 0);
	if (n.epoch != m->epoch) {
		FUZZ_CHECK(n.event == NOTICE_JOIN);
		FUZZ_CHECK(n.epoch == m->epoch + 1);
		m->epoch++;
	}
}

/* Who is not may speak in an epoch that a newcomer does not have. */
static bool is_honest(uint32_t id)
{
	size_t i;

	for (i = 0; i < w.n; i++)
		if (w.member[i].id == id)
			return w.member[i].honest;
	return true; /* it has not read who it is */
}

static void read_group(struct member *m, const struct frame *f)
{
	struct group_head h;
	size_t i;

	FUZZ_CHECK(group_head_decode(&h, f->body, f->len) == 0);
	FUZZ_CHECK(h.room == 1 && h.offset > m->offset);
	m->offset = h.offset;
	if (h.sender == 0) {
		read_notice(m, &h, f);
		return;
	}
	FUZZ_CHECK(m->listed && h.sender != m->id);
	FUZZ_CHECK(h.epoch <= m->epoch && h.epoch >= m->first_epoch);
	i = h.sender % SENDERS;
	if (m->heard[i].id == h.sender && is_honest(h.sender))
		FUZZ_CHECK(h.seq == m->heard[i].seq + 1);
	m->heard[i].id = h.sender;
	m->heard[i].seq = h.seq;
}

static void read_records(struct member *m, struct fuzz_socket *s)
{
	struct rd frames;
	struct frame f;
	struct hs_error e;
	size_t total, at = 0;
	int r;

	if (!m->begun && !w.real) {
		if (s->out.len == 0)
			return;
		m->begun = true;
		m->ended = s->out.p[0] == 'e';
		if (m->ended)
			buf_consume(&s->out, 1);
	}
	if (!m->begun) { /* instead of a record it may be an error message */
		r = handshake_first(&e, s->out.p, s->out.len, &total);
		if (r == ERR_AGAIN)
			return;
		FUZZ_CHECK(r == 0 || r == 1);
		m->begun = true;
		m->ended = r == 0;
		if (r == 0)
			buf_consume(&s->out, total);
	}
	while (link_length(s->out.p + at, s->out.len - at, &total) == 0 &&
	       total <= s->out.len - at) {
		FUZZ_CHECK(!m->ended);
		FUZZ_CHECK(
		    link_open(m->link, s->out.p + at, total, &frames) == 0);
		while (link_next(&frames, &f) == 0)
			if (f.kind == KIND_GROUP)
				read_group(m, &f);
			else
				read_control(m, &f);
		at += total;
	}
	buf_consume(&s->out, at);
}

/* --- coming in ----------------------------------------------------------- */

static void shake_output(struct member *m, struct fuzz_socket *s)
{
	const uint8_t *p;
	size_t n;

	p = handshake_output(m->shaking, &n);
	FUZZ_CHECK(buf_put(&s->in, p, n) == 0);
	handshake_consume(m->shaking, n);
}

/* As far as it goes with what has come. */
static void shake(struct member *m, struct fuzz_socket *s)
{
	static const uint8_t stretched[PAKE_STRETCHED];
	const struct fuzz_who who = fuzz_quick_who((uint8_t)m->who);
	struct hs_card_opts card = {.name = who.name,
	    .room = who.room,
	    .identity = people_identity(who.person)};
	size_t used;
	int r;

	for (;;) {
		shake_output(m, s);
		switch (handshake_need(m->shaking)) {
		case HS_NEED_INPUT:
			if (s->out.len == 0)
				return;
			r = handshake_input(
			    m->shaking, s->out.p, s->out.len, &used);
			FUZZ_CHECK(r == 0 || r == ERR_REFUSED);
			buf_consume(&s->out, used);
			if (r != 0)
				return; /* try_later, timeout */
			break;
		case HS_NEED_KDF:
			FUZZ_CHECK(
			    handshake_stretched(m->shaking, stretched) == 0);
			break;
		case HS_NEED_CARD:
			card.wrap = fuzz_plain_pair();
			card.agree = agree_new(&(struct rng){0});
			FUZZ_CHECK(handshake_card(m->shaking, &card) == 0);
			agree_free((struct agree *)(uintptr_t)card.agree);
			wrap_free((struct wrap *)(uintptr_t)card.wrap);
			break;
		case HS_DONE:
			m->link = link_new(fuzz_crypto(),
			    &handshake_result(m->shaking)->keys, LINK_CLIENT);
			FUZZ_CHECK(m->link != NULL);
			handshake_free(m->shaking);
			m->shaking = NULL;
			return;
		default:
			return;
		}
	}
}

/* The same with single bytes. */
static void shake_quick(struct member *m, struct fuzz_socket *s)
{
	struct link_keys keys;
	uint8_t finish[2] = {'f', (uint8_t)m->who};

	while (m->quick && s->out.len > 0) {
		switch (s->out.p[0]) {
		case 'c':
			FUZZ_CHECK(buf_put(&s->in, "s", 1) == 0);
			break;
		case 'k':
			if (s->out.len < 2)
				return;
			keys = fuzz_quick_keys(s->out.p[1]);
			buf_consume(&s->out, 1);
			FUZZ_CHECK(buf_put(&s->in, finish, 2) == 0);
			m->link = link_new(fuzz_crypto(), &keys, LINK_CLIENT);
			FUZZ_CHECK(m->link != NULL);
			m->quick = false;
			break;
		default:
			FUZZ_CHECK(s->out.p[0] == 'e' || !m->honest);
			m->quick = false;
			m->ended = true;
		}
		buf_consume(&s->out, 1);
	}
}

static void forget(size_t no)
{
	handshake_free(w.member[no].shaking);
	link_free(w.member[no].link);
	memset(&w.member[no], 0, sizeof(w.member[no]));
}

/* A free slot, or one whose connection has ended. */
static bool slot(size_t *no)
{
	size_t i;

	*no = w.n;
	if (w.n < SLOTS) {
		w.n++;
		return true;
	}
	for (i = 0; i < SLOTS; i++)
		if (w.socket[i].closed) {
			forget(i);
			*no = i;
			return true;
		}
	return false;
}

static struct member *newcomer(unsigned worker)
{
	struct member *m;
	struct fuzz_socket *s;
	struct buf in, out;
	size_t no;

	if (w.stopped || !slot(&no))
		return NULL; /* nobody is let in at the end */
	m = &w.member[no];
	s = &w.socket[no];
	in = s->in;
	out = s->out;
	memset(s, 0, sizeof(*s));
	s->in = in;
	s->out = out;
	buf_clear(&s->in);
	buf_clear(&s->out);
	s->chunk = s->allowance = SIZE_MAX;
	s->from = w.from;
	m->honest = true;
	if (w.how & HOW_DOOR)
		w.door.waiting[w.door.n++] = no;
	else
		server_world_accept(worker, no, s);
	return m;
}

static void join(uint8_t how)
{
	struct hs_client_opts o = {.crypto = fuzz_crypto(), .account = "*"};
	struct member *m = newcomer(how);
	struct fuzz_socket *s;

	if (m == NULL)
		return;
	s = &w.socket[m - w.member];
	m->who = how >> 1;
	if (!w.real) {
		m->quick = true;
		m->slow = fuzz_quick_who((uint8_t)m->who).no_key;
		FUZZ_CHECK(buf_put(&s->in, "h", 1) == 0);
		return;
	}
	o.rng = fuzz_rng(&w.seed);
	m->shaking = handshake_client(&o);
	FUZZ_CHECK(m->shaking != NULL);
	shake(m, s);
}

static void stranger(uint8_t how)
{
	struct member *m = newcomer(how);
	const uint8_t *p;
	size_t n;

	if (m == NULL)
		return;
	m->honest = false;
	p = fuzz_piece(&w.f, &n);
	FUZZ_CHECK(buf_put(&w.socket[m - w.member].in, p, n) == 0);
}

/* --- saying -------------------------------------------------------------- */

static void record(struct member *m, size_t no, const struct frame *f, size_t n)
{
	if (link_record(m->link, &w.socket[no].in, f, n) != 0)
		m->honest = false; /* our own line is full */
}

static void group(struct member *m, size_t no, size_t n, uint8_t bend)
{
	struct frame f = {.kind = KIND_GROUP};
	uint8_t *b;

	buf_clear(&w.body);
	FUZZ_CHECK(buf_reserve(&w.body, n + 108) == 0);
	b = w.body.p;
	memset(b, 0, n + 108);
	put_u64(b, bend == 1);
	put_u32(b + 8, 1 + (bend == 2));
	put_u32(b + 12, m->epoch - (bend == 3) + (bend == 4 ? 2u : 0));
	put_u32(b + 16, m->id + (bend == 5));
	put_u64(b + 20, m->seq + 1 - (bend == 6) + (bend == 7));
	f.body = b;
	f.len = n + 108 - (bend == 8 ? n + 1 : 0);
	record(m, no, &f, 1);
	if (bend == 0)
		m->seq++;
}

static void control(struct member *m, size_t no, const void *json, size_t n)
{
	struct frame f = {.kind = KIND_CONTROL};

	buf_clear(&w.body);
	if (link_control_seal(m->link, &w.body, json, n, false) != 0)
		return;
	f.body = w.body.p;
	f.len = w.body.len;
	record(m, no, &f, 1);
}

static void ask(struct member *m, size_t no, uint8_t what)
{
	uint32_t v = what >> 3;
	int r;

	buf_clear(&w.json);
	switch (what & 7) {
	case 0:
		r = control_user_list_ask(&w.json, 1, v);
		break;
	case 1:
		r = control_identity_ask(&w.json, v + 1);
		break;
	case 2:
		r = control_bye(&w.json, CODE_QUIT, "");
		m->quit = true;
		break;
	default:
		r = control_ping(&w.json, what & 1, v);
	}
	if (r == 0)
		control(m, no, w.json.p, w.json.len);
}

/* Says what only a member may say who is in the room. */
static bool ready(const struct member *m)
{
	return m->link != NULL && m->id != 0 && m->listed && !m->ended &&
	       !m->quit;
}

static void say_op(enum op op, struct member *m, size_t no)
{
	uint8_t b = fuzz_u8(&w.f);
	struct frame f = {.kind = b};

	if ((m->link == NULL && op != OP_RAW) || m->ended || m->quit)
		return;
	switch (op) {
	case OP_SAY:
		for (b %= 5; ready(m) && b > 0; b--)
			group(m, no, 2, 0);
		break;
	case OP_LARGE:
		for (b %= 36; ready(m) && b > 0 && w.large < LARGE_FRAMES;
		     b--) {
			group(m, no, LARGE, 0);
			w.large--;
		}
		break;
	case OP_BENT:
		m->honest = false;
		group(m, no, 2, 1 + b % 8);
		break;
	case OP_ASK:
		if (!ready(m) && (b & 7) < 2)
			m->honest = false;
		ask(m, no, b);
		break;
	case OP_CONTROL:
		m->honest = false;
		f.body = fuzz_piece(&w.f, &f.len);
		control(m, no, f.body, f.len);
		break;
	case OP_FRAME:
		m->honest = false;
		f.body = fuzz_piece(&w.f, &f.len);
		record(m, no, &f, 1);
		break;
	default:
		m->honest = false;
		f.body = fuzz_piece(&w.f, &f.len);
		FUZZ_CHECK(buf_put(&w.socket[no].in, f.body, f.len) == 0);
	}
}

/* --- the line ------------------------------------------------------------ */

static void read_one(size_t no)
{
	struct member *m = &w.member[no];
	struct fuzz_socket *s = &w.socket[no];

	if (m->shaking != NULL)
		shake(m, s);
	if (m->quick)
		shake_quick(m, s);
	if (m->link != NULL)
		read_records(m, s);
	else if (m->shaking == NULL)
		buf_clear(&s->out);
	/* Who has heard the last word goes, and the server waits for it. */
	if (s->shut && !m->stays)
		s->gone = true;
}

static void turn(uint8_t how)
{
	w.now += (how >> 1) * (how & 0x80 ? 250u : 5u);
	server_world_time(w.now);
	server_world_turn(how & 1, w.socket, w.n, w.door.n);
}

/* Both workers as long as epoll would let them run; that is all that they get,
 * so a thread that is not woken for what it has to do is missed. */
static bool run(void)
{
	unsigned i;
	bool ran = false;

	for (i = 0; i < SERVER_WORKERS; i++)
		if (server_world_wait(i, w.socket, w.n, w.door.n) == 0) {
			server_world_turn(i, w.socket, w.n, w.door.n);
			ran = true;
		}
	return ran;
}

/* Until the next that is due within a second, which is a turn of the room's, a
 * pause of a member's or the gate's. */
static bool sleep_on(void)
{
	int ms = SOON_MS + 1, wait;
	unsigned i;

	for (i = 0; i < SERVER_WORKERS; i++) {
		wait = server_world_wait(i, w.socket, w.n, w.door.n);
		if (wait < ms)
			ms = wait;
	}
	if (ms > SOON_MS)
		return false;
	w.now += (uint64_t)ms;
	server_world_time(w.now);
	return true;
}

/* Everybody reads until nothing happens any more. False: something still does
 * after a while; a slow rate or the gate may take as long. */
static bool settle(void)
{
	size_t i, k;
	bool ran;

	for (i = 0; i < w.n; i++)
		w.socket[i].chunk = w.socket[i].allowance = SIZE_MAX;
	for (k = 0; k < 200; k++) {
		ran = run();
		for (i = 0; i < w.n; i++)
			read_one(i);
		if (!ran && !sleep_on())
			return true;
	}
	return false;
}

static void door(size_t no, uint8_t b)
{
	if (b & 128)
		w.door.fail = b & 7;
	else if (b & 64)
		w.from = b & 7;
	else if (no < w.n)
		w.member[no].stays = true;
}

static void step(void)
{
	uint8_t b = fuzz_u8(&w.f);
	enum op op = b & 15;
	size_t no = (b >> 4) % SLOTS;

	if (op == OP_JOIN) {
		join(fuzz_u8(&w.f));
		return;
	}
	if (op == OP_TURN) {
		turn(fuzz_u8(&w.f));
		return;
	}
	if (op == OP_STRANGER) {
		stranger(b >> 4);
		return;
	}
	if (op == OP_STOP) {
		w.stopped = true;
		server_world_stop();
		return;
	}
	if (op == OP_DOOR) {
		door(no, fuzz_u8(&w.f));
		return;
	}
	if (w.n == 0)
		return;
	no %= w.n;
	switch (op) {
	case OP_READ:
		read_one(no);
		break;
	case OP_SLOW:
		w.member[no].slow = true;
		w.socket[no].allowance = 7u * fuzz_u8(&w.f);
		break;
	case OP_CUT:
		w.socket[no].chunk = 1 + fuzz_u8(&w.f);
		break;
	case OP_GONE:
		w.socket[no].gone = true;
		break;
	default:
		say_op(op, &w.member[no], no);
	}
}

/* Who did nothing wrong and reads is told before it is closed. Of much at once
 * some may be left when the time for it is over. */
static void check_told(void)
{
	size_t i;

	for (i = 0; i < w.n; i++) {
		const struct member *m = &w.member[i];

		if (m->link == NULL || !m->honest || m->slow || m->quit ||
		    w.how & HOW_LARGE || w.socket[i].gone)
			continue;
		FUZZ_CHECK(m->ended || (!w.socket[i].closed && !w.stopped));
	}
}

/* What an honest member said is acknowledged, and what it heard of others is
 * all that they were told they had said. */
static void check_end(void)
{
	size_t i, k, at;

	for (i = 0; i < w.n; i++) {
		struct member *m = &w.member[i];

		if (!ready(m) || w.socket[i].closed || w.socket[i].gone)
			continue;
		if (m->honest)
			FUZZ_CHECK(m->acked == m->seq);
		for (k = 0; k < w.n; k++) {
			struct member *o = &w.member[k];

			at = o->id % SENDERS;
			if (k == i || !ready(o) || !o->honest ||
			    w.socket[k].closed || w.socket[k].gone ||
			    m->heard[at].id != o->id)
				continue;
			FUZZ_CHECK(m->heard[at].seq == o->acked);
		}
	}
}

/* The memory of w's bufs, from input to input. */
static void bufs(bool begin)
{
	struct buf *mine[2 * SLOTS + 2];
	size_t i, n = 0;

	for (i = 0; i < SLOTS; i++) {
		mine[n++] = &w.socket[i].in;
		mine[n++] = &w.socket[i].out;
	}
	mine[n++] = &w.body;
	mine[n++] = &w.json;
	for (i = 0; i < n; i++) {
		if (begin && kept[i].p == NULL)
			buf_init(mine[i], 64 << 20);
		else if (begin)
			*mine[i] = kept[i];
		else {
			buf_clear(mine[i]);
			if (mine[i]->cap > BUF_KEEP)
				buf_free(mine[i]);
			kept[i] = *mine[i];
		}
	}
}

static void begin(void)
{
	struct server_world_opts o = {.users_max = 100,
	    .exchanges_max = EXCHANGES,
	    .memory_max = (uint64_t)1 << 30};
	uint8_t i, n;

	w.how = fuzz_u8(&w.f);
	if ((w.how & HOW_REAL) == HOW_REAL) {
		w.real = true;
		w.how &= 1 | HOW_FEW | HOW_DOOR;
	}
	fuzz_quick_handshake(!w.real);
	n = w.how & HOW_MEMBERS;
	if (w.how & HOW_FEW)
		o.users_max = 3;
	if (w.how & HOW_RATE)
		o.rate = 20;
	if (w.how & HOW_LARGE)
		w.large = LARGE_FRAMES;
	if (w.how & HOW_MEMORY) {
		w.large = LARGE_FEW;
		o.memory_max = MEMORY_LITTLE;
	}
	o.now_ms = w.now;
	server_world_begin(&o);
	for (i = 0; i < n; i++) /* so many are there at once */
		join((uint8_t)(i << 1 | (i & 1)));
	if (n > 0) {
		(void)settle();
		FUZZ_CHECK(ready(&w.member[0]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t k;
	int left = 150;

	fuzz_plain_crypto();
	fuzz_plain_begin();
	json_setup();
	memset(&w, 0, sizeof(w));
	w.f = fuzz_of(data, size);
	w.now = 1000000;
	w.seed = 77;
	bufs(true);
	fuzz_sockets(w.socket, SLOTS, &w.door);
	begin();
	while (w.f.left > 0 && left-- > 0)
		step();
	if (settle() && !w.stopped)
		check_end();
	check_told();
	server_world_end();
	for (k = 0; k < w.n; k++) {
		FUZZ_CHECK(w.socket[k].closed || w.door.n > 0);
		forget(k);
	}
	bufs(false);
	return 0;
}
