/* Fuzzes the server after the handshake: several members on two workers, and
 * a program of valid and invalid frames, slow readers, lost connections, loop
 * steps and time. Each member reads as a client does (server_members.h). Frames
 * of an honest member are acknowledged and delivered, and an honest member gets
 * an error message before the server closes its connection.
 *
 * The first byte sets the start, from the lowest bit: members present at the
 * start (2 bits), low member limit, low rate limit, large frames, little
 * memory, newcomers waiting at the listener, accounts and files. All of the upper five bits set:
 * only the listener, with real handshakes, which cost several times the rest
 * together; otherwise handshakes are single bytes (quick_handshake.c). */
#include "shared/proto/control.h"
#include "tests/fuzz/server_members.h"
#include "tests/fuzz/server_people.h"
#include "tests/fuzz/server_world.h"

enum op {
	OP_JOIN,
	OP_STRANGER, /* a connection that sends a piece and no handshake */
	OP_SAY,
	OP_BENT,    /* a group frame with a wrong header */
	OP_CONTROL, /* a piece as JSON */
	OP_ASK,	  /* list, identity, ping, pong, bye, a request; another room */
	OP_FRAME, /* a piece as a frame of some kind */
	OP_RAW,	  /* a piece as raw bytes */
	OP_LARGE, /* big frames */
	OP_TURN,  /* one loop step of a worker; time passes */
	OP_READ,
	OP_SLOW, /* limits how much it reads */
	OP_CUT,	 /* limits the bytes per read from it */
	OP_GONE,
	OP_STOP, /* like a stop signal */
	OP_DOOR, /* the listener: accept runs out of descriptors, or a member
		  * told to leave stays connected */
	OPS
};
_Static_assert(OPS == 16, "an operation for each half byte");

enum {
	LARGE = 64000,
	LARGE_FRAMES = 70, /* overflows an output queue */
	LARGE_FEW = 24,	   /* exceeds the small memory limit */
	MEMORY_LITTLE = 1 << 20,
	EXCHANGES = 6, /* fewer than the slots */
	SOON_MS = 1000,
	AT_ONCE = 100, /* steps without a pause */
	BUF_KEEP = 128 << 10,
};

enum how {
	HOW_MEMBERS = 3,
	HOW_FEW = 4,
	HOW_RATE = 8,
	HOW_LARGE = 16,
	HOW_MEMORY = 32,
	HOW_DOOR = 64,
	HOW_PEOPLE = 128,
	HOW_REAL = 0xf8,
};

static struct world {
	struct fuzz f;
	uint8_t how;
	unsigned from;
	uint64_t now, seed;
	struct fuzz_socket socket[SLOTS];
	struct fuzz_door door;
	struct fuzz_members all;
	size_t large; /* large frames still to send */
	struct buf body;
} w;
/* Buffers are reused between inputs; w is zeroed before each input. */
static struct buf kept[2 * SLOTS + 2];

/* --- coming in ----------------------------------------------------------- */

/* Finds a free slot, or one whose connection has ended. */
static bool slot(size_t *no)
{
	size_t i;

	*no = w.all.n;
	if (w.all.n < SLOTS) {
		w.all.n++;
		return true;
	}
	for (i = 0; i < SLOTS; i++)
		if (w.socket[i].closed) {
			fuzz_member_forget(&w.all.member[i]);
			*no = i;
			return true;
		}
	return false;
}

static struct fuzz_member *newcomer(unsigned worker)
{
	struct fuzz_member *m;
	struct fuzz_socket *s;
	struct buf in, out;
	size_t no;

	if (w.all.stopped || !slot(&no))
		return NULL; /* no joins during the final checks */
	m = &w.all.member[no];
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
	struct fuzz_member *m = newcomer(how);

	if (m != NULL)
		fuzz_member_join(m, how >> 1, &w.seed, w.all.real,
		    &w.socket[m - w.all.member]);
}

static void stranger(uint8_t how)
{
	struct fuzz_member *m = newcomer(how);
	const uint8_t *p;
	size_t n;

	if (m == NULL)
		return;
	m->honest = false;
	p = fuzz_piece(&w.f, &n);
	FUZZ_CHECK(buf_put(&w.socket[m - w.all.member].in, p, n) == 0);
}

/* --- saying -------------------------------------------------------------- */

static void record(
    struct fuzz_member *m, size_t no, const struct link_frame *f, size_t n)
{
	if (link_record(m->link, &w.socket[no].in, f, n) != 0)
		m->honest = false; /* our own output buffer is full */
}

static void group(struct fuzz_member *m, size_t no, size_t n, uint8_t bend)
{
	struct link_frame f = {.kind = KIND_GROUP};
	struct fuzz_seat *s = &m->seat[fuzz_member_room(m)];
	uint8_t *b;

	buf_clear(&w.body);
	FUZZ_CHECK(buf_reserve(&w.body, n + 108) == 0);
	b = w.body.p;
	memset(b, 0, n + 108);
	put_u64(b, bend == 1);
	put_u32(b + 8, fuzz_member_room(m) + (bend == 2));
	put_u32(b + 12, s->epoch - (bend == 3) + (bend == 4 ? 2u : 0));
	put_u32(b + 16, s->id + (bend == 5));
	put_u64(b + 20, s->seq + 1 - (bend == 6) + (bend == 7));
	f.body = b;
	f.len = n + 108 - (bend == 8 ? n + 1 : 0);
	record(m, no, &f, 1);
	if (bend == 0)
		s->seq++;
}

static void control(
    struct fuzz_member *m, size_t no, const void *json, size_t n)
{
	struct link_frame f = {.kind = KIND_CONTROL};

	buf_clear(&w.body);
	if (link_control_seal(m->link, &w.body, json, n, false) != 0)
		return;
	f.body = w.body.p;
	f.len = w.body.len;
	record(m, no, &f, 1);
}

/* Any well-formed request is honest, whatever the answer is. */
static void request(struct fuzz_member *m, size_t no, struct request q)
{
	if (m->asked == ASKED_MAX)
		return;
	q.number = ++m->asked;
	if (q.type == REQUEST_ROOM_LEAVE && q.room != 0) {
		m->leaves[q.number] = (uint8_t)q.room;
		m->seat[q.room].leaving = true;
	}
	buf_clear(&w.all.json);
	if (request_encode(&w.all.json, &q) == 0)
		control(m, no, w.all.json.p, w.all.json.len);
}

/* A direct frame is a request, too; a piece may be out of order. */
static void people_frame(struct fuzz_member *m, size_t no, uint8_t how)
{
	struct link_frame f;

	if (m->asked == ASKED_MAX)
		return;
	if (server_people_is_piece(how))
		m->honest = false;
	else
		m->asked++;
	f = server_people_frame(m->link, &w.body, m->who, m->asked, how);
	record(m, no, &f, 1);
}

static void ask(struct fuzz_member *m, size_t no, uint8_t what)
{
	uint32_t v = what >> 3;
	int r;

	buf_clear(&w.all.json);
	switch (what & 7) {
	case 0:
		r = control_user_list_ask(&w.all.json, 1, v);
		break;
	case 1:
		r = control_identity_ask(&w.all.json, v + 1);
		break;
	case 2:
		r = control_bye(&w.all.json, CODE_QUIT, "");
		m->quit = true;
		break;
	case 3: /* it speaks in another room */
		m->room = 1 + v % ROOMS;
		return;
	case 4:
		what = fuzz_u8(&w.f);
		request(m, no, server_room_request(what, fuzz_u8(&w.f)));
		return;
	case 7:
		if (w.how & HOW_PEOPLE) {
			what = fuzz_u8(&w.f);
			if (v & 16)
				people_frame(m, no, what);
			else
				request(m, no, server_people_request(
						   what, fuzz_u8(&w.f)));
			return;
		}
		/* fallthrough */
	default:
		r = control_ping(&w.all.json, what & 1, v);
	}
	if (r == 0)
		control(m, no, w.all.json.p, w.all.json.len);
}

static void say_op(enum op op, struct fuzz_member *m, size_t no)
{
	uint8_t b = fuzz_u8(&w.f);
	struct link_frame f = {.kind = b};
	unsigned room = fuzz_member_room(m);

	if ((m->link == NULL && op != OP_RAW) || m->ended || m->quit)
		return;
	switch (op) {
	case OP_SAY:
		for (b %= 5; fuzz_member_ready(m, room) && b > 0; b--)
			group(m, no, 2, 0);
		break;
	case OP_LARGE:
		for (b %= 36; fuzz_member_ready(m, room) && b > 0 &&
			      w.large < LARGE_FRAMES;
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
		/* Before the first page, or of a room that it is not in. */
		if ((b & 7) < 2 && (!m->seat[1].listed || m->seat[1].leaving))
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
	fuzz_member_read(&w.all, &w.all.member[no], &w.socket[no]);
}

static void turn(uint8_t how)
{
	w.now += (how >> 1) * (how & 0x80 ? 250u : 5u);
	server_world_time(w.now);
	server_world_turn(how & 1, w.socket, w.all.n, w.door.n);
}

/* Runs both workers as long as epoll would wake them, and no longer, so a
 * thread that misses a wakeup is detected. */
static bool run(void)
{
	unsigned i;
	bool ran = false;

	for (i = 0; i < SERVER_WORKERS; i++)
		if (server_world_wait(i, w.socket, w.all.n, w.door.n) == 0) {
			server_world_turn(i, w.socket, w.all.n, w.door.n);
			ran = true;
		}
	return ran;
}

/* Sleeps until the next deadline within a second: a rekey of the room, a pause
 * of a member or of the throttle. */
static bool sleep_on(void)
{
	int ms = SOON_MS + 1, wait;
	unsigned i;

	for (i = 0; i < SERVER_WORKERS; i++) {
		wait = server_world_wait(i, w.socket, w.all.n, w.door.n);
		if (wait < ms)
			ms = wait;
	}
	if (ms > SOON_MS)
		return false;
	w.now += (uint64_t)ms;
	server_world_time(w.now);
	return true;
}

/* All members read until nothing more happens. False: still active after a
 * while, since a low rate limit or the throttle may take that long. But no worker
 * goes on and on while no time passes. */
static bool settle(void)
{
	size_t i, k, at_once = 0;
	bool ran;

	for (i = 0; i < w.all.n; i++)
		w.socket[i].chunk = w.socket[i].allowance = SIZE_MAX;
	for (k = 0; k < 200; k++) {
		ran = run();
		at_once = ran ? at_once + 1 : 0;
		FUZZ_CHECK(at_once < AT_ONCE);
		for (i = 0; i < w.all.n; i++)
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
	else if (no < w.all.n)
		w.all.member[no].stays = true;
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
		w.all.stopped = true;
		server_world_stop();
		return;
	}
	if (op == OP_DOOR) {
		door(no, fuzz_u8(&w.f));
		return;
	}
	if (w.all.n == 0)
		return;
	no %= w.all.n;
	switch (op) {
	case OP_READ:
		read_one(no);
		break;
	case OP_SLOW:
		w.all.member[no].slow = true;
		w.socket[no].allowance = 7u * fuzz_u8(&w.f);
		break;
	case OP_CUT:
		w.socket[no].chunk = 1 + fuzz_u8(&w.f);
		break;
	case OP_GONE:
		w.socket[no].gone = true;
		break;
	default:
		say_op(op, &w.all.member[no], no);
	}
}

/* An honest member that reads gets an error message before its connection is
 * closed. If a lot is queued, part of it may be left when the closing timeout
 * ends. */
static void check_told(void)
{
	size_t i;

	for (i = 0; i < w.all.n; i++) {
		const struct fuzz_member *m = &w.all.member[i];

		if (m->link == NULL || !m->honest || m->slow || m->quit ||
		    w.how & HOW_LARGE || w.socket[i].gone)
			continue;
		FUZZ_CHECK(m->ended || (!w.socket[i].closed && !w.all.stopped));
	}
}

static bool is_at(size_t i, unsigned room)
{
	return fuzz_member_ready(&w.all.member[i], room) &&
	       !w.socket[i].closed && !w.socket[i].gone;
}

/* Every frame of an honest member is acknowledged, and what it received from
 * others is everything that was acknowledged to them. */
static void check_end(unsigned room)
{
	size_t i, k, at;

	for (i = 0; i < w.all.n; i++) {
		const struct fuzz_seat *s = &w.all.member[i].seat[room], *o;

		if (!is_at(i, room))
			continue;
		if (w.all.member[i].honest)
			FUZZ_CHECK(s->acked == s->seq);
		for (k = 0; k < w.all.n; k++) {
			o = &w.all.member[k].seat[room];
			at = o->id % SENDERS;
			if (k == i || !is_at(k, room) ||
			    !w.all.member[k].honest || s->heard[at].id != o->id)
				continue;
			FUZZ_CHECK(s->heard[at].seq == o->acked);
		}
	}
}

/* Every request has its answer. */
static void check_answers(void)
{
	const struct fuzz_member *m;
	size_t i;

	for (i = 0; i < w.all.n; i++) {
		m = &w.all.member[i];
		if (fuzz_member_linked(m) && m->honest && !w.socket[i].closed &&
		    !w.socket[i].gone)
			FUZZ_CHECK(
			    m->answered == (UINT64_C(2) << m->asked) - 2);
	}
}

static void check_all(void)
{
	unsigned room;

	for (room = 1; room <= ROOMS; room++)
		check_end(room);
	check_answers();
}

/* Saves or restores the buffers of w between inputs. */
static void bufs(bool begin)
{
	struct buf *mine[2 * SLOTS + 2];
	size_t i, n = 0;

	for (i = 0; i < SLOTS; i++) {
		mine[n++] = &w.socket[i].in;
		mine[n++] = &w.socket[i].out;
	}
	mine[n++] = &w.body;
	mine[n++] = &w.all.json;
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
		w.all.real = true;
		w.how &= 1 | HOW_FEW | HOW_DOOR;
	}
	fuzz_quick_handshake(!w.all.real);
	n = w.how & HOW_MEMBERS;
	if (w.how & HOW_FEW)
		o.users_max = 3;
	if (w.how & HOW_RATE)
		o.rate = 20;
	if (w.how & HOW_LARGE)
		w.large = LARGE_FRAMES;
	if (w.how & HOW_MEMORY) {
		w.all.scarce = true;
		w.large = LARGE_FEW;
		o.memory_max = MEMORY_LITTLE;
	}
	o.people = (w.how & HOW_PEOPLE) != 0;
	o.now_ms = w.now;
	server_world_begin(&o);
	for (i = 0; i < n; i++) /* members present at the start */
		join((uint8_t)(i << 1 | (i & 1)));
	if (n > 0) {
		(void)settle();
		FUZZ_CHECK(fuzz_member_ready(&w.all.member[0], 1));
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
	if (settle() && !w.all.stopped)
		check_all();
	check_told();
	server_world_end();
	for (k = 0; k < w.all.n; k++) {
		FUZZ_CHECK(w.socket[k].closed || w.door.n > 0);
		fuzz_member_forget(&w.all.member[k]);
	}
	bufs(false);
	return 0;
}
