/* The server behind the handshake: several members in two workers, a program
 * of what they say, right or wrong, of slow readers, lost lines, turns and time.
 * Each member reads as a client would, and as long as it was honest itself
 *   - every record and frame opens, epochs only rise, offsets only rise,
 *   - each sender's frames come once and in order, its own never,
 *   - it is not accused of anything, and what it said is acknowledged. */
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
	OPS
};

enum {
	SLOTS = 10,
	SENDERS = 32,
	LARGE = 64000,
	LARGE_FRAMES = 70, /* more than a queue holds */
};

struct member {
	struct handshake *shaking;
	struct link *link; /* NULL: not in yet */
	unsigned who;
	bool honest, slow;
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
	uint64_t now, seed;
	struct fuzz_socket socket[SLOTS];
	struct member member[SLOTS];
	size_t n, large; /* frames left to be */
	struct buf body, json;
} w;

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
	FUZZ_CHECK(c->u.end.code != CODE_SLOW || m->slow);
}

static void read_control(struct member *m, const struct frame *f)
{
	static struct control c;

	buf_clear(&w.json);
	FUZZ_CHECK(link_control_open(m->link, &w.json, f->body, f->len) == 0);
	FUZZ_CHECK(control_decode(&c, FROM_SERVER, w.json.p, w.json.len) == 0);
	switch (c.type) {
	case CONTROL_KEY_EXCHANGE:
		read_key(m, &c.u.key_exchange);
		break;
	case CONTROL_USER_LIST:
		read_list(m, &c.u.user_list);
		break;
	case CONTROL_ACK:
		FUZZ_CHECK(c.u.ack.seq > m->acked);
		FUZZ_CHECK(c.u.ack.seq <= m->seq || !m->honest);
		m->acked = c.u.ack.seq;
		break;
	case CONTROL_BYE:
		read_end(m, &c);
		break;
	default:
		FUZZ_CHECK(c.type != CONTROL_UNKNOWN);
	}
	control_wipe(&c);
}

/* A notice, and the step that it may be. */
static void read_notice(
    struct member *m, const struct group_head *h, const struct frame *f)
{
	static struct content c;
	const size_t around = WIRE_GROUP_HEAD + WIRE_SIGNATURE;

	FUZZ_CHECK(m->listed && h->epoch == m->epoch);
	FUZZ_CHECK(h->seq == m->notice_seq + 1);
	m->notice_seq = h->seq;
	FUZZ_CHECK(content_decode(&c, true, f->body + around,
		       f->len - around - WIRE_TAG) == 0);
	FUZZ_CHECK(c.type == CONTENT_NOTICE && c.u.notice.n_users > 0);
	if (c.u.notice.epoch != m->epoch) {
		FUZZ_CHECK(c.u.notice.event == NOTICE_JOIN);
		FUZZ_CHECK(c.u.notice.epoch == m->epoch + 1);
		m->epoch++;
	}
	content_free(&c);
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
	static const char *const names[] = {"alice", "bob", "carol", "Alice"};
	static const uint8_t stretched[PAKE_STRETCHED];
	struct hs_card_opts card = {.name = names[m->who % 4],
	    .room = m->who % 32 == 31 ? "cave" : "",
	    .identity = people_identity(m->who % 3)};
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

static struct member *newcomer(unsigned worker)
{
	struct member *m = &w.member[w.n];
	struct fuzz_socket *s = &w.socket[w.n];

	memset(m, 0, sizeof(*m));
	memset(s, 0, sizeof(*s));
	buf_init(&s->in, 16 << 20);
	buf_init(&s->out, 64 << 20);
	s->chunk = s->allowance = SIZE_MAX;
	m->honest = true;
	server_world_accept(worker, w.n++);
	return m;
}

static void join(uint8_t how)
{
	struct hs_client_opts o = {.crypto = fuzz_crypto(), .account = "*"};
	struct member *m;

	if (w.n == SLOTS)
		return;
	m = newcomer(how);
	o.rng = fuzz_rng(&w.seed);
	m->shaking = handshake_client(&o);
	FUZZ_CHECK(m->shaking != NULL);
	m->who = how >> 1;
	shake(m, &w.socket[w.n - 1]);
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

	if (m->link == NULL || m->ended || m->quit)
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
	if (m->link != NULL)
		read_records(m, s);
}

static void turn(uint8_t how)
{
	w.now += (how >> 1) * (how & 0x80 ? 250u : 5u);
	server_world_time(w.now);
	server_world_turn(how & 1, w.socket, w.n);
}

static uint64_t heard(void)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < w.n; i++)
		sum += w.member[i].acked + w.member[i].offset +
		       w.member[i].epoch + w.member[i].listed;
	return sum;
}

/* Everybody reads until nobody hears anything new for a second and a half. A
 * slow rate may take longer than we wait: false. */
static bool settle(void)
{
	uint64_t before;
	size_t i, k, quiet = 0;

	for (i = 0; i < w.n; i++)
		w.socket[i].chunk = w.socket[i].allowance = SIZE_MAX;
	for (k = 0; k < 40 && quiet < 5; k++) {
		before = heard();
		w.now += 300;
		server_world_time(w.now);
		server_world_turn(k & 1, w.socket, w.n);
		server_world_turn(!(k & 1), w.socket, w.n);
		for (i = 0; i < w.n; i++)
			read_one(i);
		quiet = heard() == before ? quiet + 1 : 0;
	}
	return quiet == 5;
}

static void step(void)
{
	uint8_t b = fuzz_u8(&w.f);
	enum op op = (b & 15) % OPS;
	size_t no = (b >> 4) % SLOTS, n;
	const uint8_t *p;

	if (op == OP_JOIN) {
		join(fuzz_u8(&w.f));
		return;
	}
	if (op == OP_TURN) {
		turn(fuzz_u8(&w.f));
		return;
	}
	if (op == OP_STRANGER && w.n < SLOTS) {
		newcomer(b >> 4);
		p = fuzz_piece(&w.f, &n);
		FUZZ_CHECK(buf_put(&w.socket[w.n - 1].in, p, n) == 0);
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
	case OP_STRANGER:
		break;
	default:
		say_op(op, &w.member[no], no);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how, i;
	size_t k;
	int left = 150;

	fuzz_plain_crypto();
	fuzz_plain_begin();
	json_setup();
	memset(&w, 0, sizeof(w));
	w.f = fuzz_of(data, size);
	w.now = 1000000;
	w.seed = 77;
	buf_init(&w.body, 1 << 20);
	buf_init(&w.json, 1 << 18);
	fuzz_sockets(w.socket, SLOTS);
	how = fuzz_u8(&w.f);
	w.large = how & 16 ? LARGE_FRAMES : 0;
	server_world_begin(how & 4 ? 3 : 100, how & 8 ? 20 : 0, w.now);
	for (i = 0; i < (how & 3); i++) { /* so many are there at once */
		join((uint8_t)(i << 1 | (i & 1)));
	}
	if (how & 3) {
		(void)settle();
		FUZZ_CHECK(ready(&w.member[0]));
	}
	while (w.f.left > 0 && left-- > 0)
		step();
	if (settle())
		check_end();
	server_world_end();
	for (k = 0; k < w.n; k++) {
		FUZZ_CHECK(w.socket[k].closed);
		handshake_free(w.member[k].shaking);
		link_free(w.member[k].link);
		buf_free(&w.socket[k].in);
		buf_free(&w.socket[k].out);
	}
	buf_free(&w.body);
	buf_free(&w.json);
	return 0;
}
