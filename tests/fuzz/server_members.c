/* server_members.c - members who log in to the fuzzed server and check what
 * they receive. */
#include "tests/fuzz/server_members.h"

#include "shared/proto/content.h"
#include "shared/proto/blob.h"
#include "shared/proto/control.h"
#include "shared/proto/direct.h"
#include "shared/proto/group.h"
#include "tests/fuzz/people_of.h"

/* --- cache of decoded bytes ---------------------------------------------- */

/* Most server frames repeat over thousands of inputs. Bytes that were decoded
 * once are not parsed again; parsing would take most of the time otherwise. */
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
	size_t n; /* 0: empty */
	uint8_t bytes[KNOWN_MAX];
};

/* True: already decoded. False: now cached, so decode it. */
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

/* The checked fields of a notice; its users are checked in the list. */
struct fuzz_notice {
	enum notice_event event;
	uint32_t epoch;
	size_t n_users;
	uint32_t users[SLOTS];
};

static struct fuzz_notice known_notice(const uint8_t *p, size_t n)
{
	static struct {
		struct known known;
		struct fuzz_notice notice;
	} all[KNOWN];
	static struct content c;
	size_t i = known_place(p, n), k;
	struct fuzz_notice *v = &all[i].notice;

	if (!known_look(&all[i].known, p, n)) {
		FUZZ_CHECK(content_decode(&c, true, p, n) == 0);
		FUZZ_CHECK(c.type == CONTENT_NOTICE);
		*v = (struct fuzz_notice){.event = c.u.notice.event,
		    .epoch = c.u.notice.epoch,
		    .n_users = c.u.notice.n_users};
		for (k = 0; k < v->n_users && k < SLOTS; k++)
			v->users[k] = c.u.notice.users[k].member;
		content_free(&c);
	}
	return *v;
}

/* --- reading ------------------------------------------------------------- */

/* NULL: a room that is not checked, of a name of the input's own making. */
static struct fuzz_seat *seat_of(struct fuzz_member *m, uint32_t room)
{
	FUZZ_CHECK(room != 0);
	return room <= ROOMS ? &m->seat[room] : NULL;
}

/* The same, of a room that it is in. A dishonest one may have left it without
 * our knowledge. */
static struct fuzz_seat *taken_seat(struct fuzz_member *m, uint32_t room)
{
	struct fuzz_seat *s = seat_of(m, room);

	if (s == NULL)
		return NULL;
	FUZZ_CHECK(s->id != 0);
	return s;
}

static void read_key(struct fuzz_member *m, const struct key_exchange *k)
{
	struct fuzz_seat *s = seat_of(m, k->room);

	FUZZ_CHECK(link_stepped(m->link) == 0);
	if (s == NULL)
		return;
	if (k->is_wrapped) {
		FUZZ_CHECK(s->id == 0 || !m->honest);
		*s = (struct fuzz_seat){.id = k->member,
		    .first_epoch = k->epoch,
		    .epoch = k->epoch};
		return;
	}
	FUZZ_CHECK(s->id != 0 && k->epoch > s->epoch);
	/* Unacknowledged frames are dropped, and their sequence numbers are used
	 * again. */
	s->seq = s->acked;
	s->epoch = k->epoch;
}

static void read_list(struct fuzz_member *m, const struct user_list *l)
{
	struct fuzz_seat *s = taken_seat(m, l->room);
	uint32_t last = 0;
	size_t i;

	if (s == NULL)
		return;
	FUZZ_CHECK(l->total >= l->n_users);
	for (i = 0; i < l->n_users; i++) {
		FUZZ_CHECK(l->users[i].member > last);
		last = l->users[i].member;
		if (last == s->id && !s->listed)
			s->mute = l->users[i].mute;
	}
	FUZZ_CHECK(l->has_entry == !s->listed);
	if (!s->listed) {
		s->notice_seq = l->seq;
		s->offset = l->entry.head.offset;
	}
	s->listed = true;
}

static void read_end(const struct fuzz_members *all, struct fuzz_member *m,
    const struct control *c)
{
	m->ended = true;
	if (!m->honest)
		return;
	/* An honest member is never accused of a protocol error. */
	FUZZ_CHECK(c->u.end.code != CODE_PROTOCOL);
	FUZZ_CHECK(c->u.end.code != CODE_SLOW || m->slow || all->scarce);
	FUZZ_CHECK(c->u.end.code != CODE_SHUTDOWN || all->stopped);
}

/* Each request is answered at most once. */
static void read_answer(struct fuzz_member *m, const struct answer *a)
{
	uint64_t bit = UINT64_C(1) << (a->number % 64);

	if (a->number > m->asked) {
		FUZZ_CHECK(!m->honest);
		return; /* a request of the input's own making */
	}
	FUZZ_CHECK((m->answered & bit) == 0 || !m->honest);
	m->answered |= bit;
	if (m->leaves[a->number] != 0 && a->done)
		m->seat[m->leaves[a->number]] = (struct fuzz_seat){.id = 0};
	else if (m->leaves[a->number] != 0)
		m->seat[m->leaves[a->number]].leaving = false;
}

static void read_ack(struct fuzz_member *m, uint32_t room, uint64_t seq)
{
	struct fuzz_seat *s = taken_seat(m, room);

	if (s == NULL)
		return;
	FUZZ_CHECK(seq > s->acked);
	FUZZ_CHECK(seq <= s->seq || !m->honest);
	s->acked = seq;
}

static void read_room(struct fuzz_member *m, const struct control *c)
{
	struct fuzz_seat *s;

	if (c->type == CONTROL_ROOM_LEFT) {
		if ((s = taken_seat(m, c->u.room_left.room)) != NULL)
			*s = (struct fuzz_seat){.id = 0};
	} else {
		if ((s = taken_seat(m, c->u.voice.room)) != NULL)
			s->mute = !c->u.voice.may;
	}
}

static void read_control(
    struct fuzz_members *all, struct fuzz_member *m, const struct link_frame *f)
{
	const struct control *c;

	buf_clear(&all->json);
	FUZZ_CHECK(
	    link_control_open(m->link, &all->json, f->body, f->len) == 0);
	c = known_control(all->json.p, all->json.len);
	switch (c->type) {
	case CONTROL_KEY_EXCHANGE:
		read_key(m, &c->u.key_exchange);
		break;
	case CONTROL_USER_LIST:
		read_list(m, &c->u.user_list);
		break;
	case CONTROL_ANSWER:
		read_answer(m, &c->u.answer);
		break;
	case CONTROL_ACK:
		read_ack(m, c->u.ack.room, c->u.ack.seq);
		break;
	case CONTROL_ROOM_LEFT:
	case CONTROL_VOICE:
		read_room(m, c);
		break;
	case CONTROL_BYE:
		read_end(all, m, c);
		break;
	default:
		FUZZ_CHECK(c->type != CONTROL_UNKNOWN);
	}
}

/* A member that comes back has the same number, and counts from 1. */
static void forget_users(struct fuzz_seat *s, const struct fuzz_notice *n)
{
	size_t i;

	for (i = 0; i < n->n_users && i < SLOTS; i++)
		if (s->heard[n->users[i] % SENDERS].id == n->users[i])
			s->heard[n->users[i] % SENDERS].id = 0;
}

/* Reads a notice, and the epoch step that it may announce. */
static void read_notice(
    struct fuzz_seat *s, const struct group_head *h, const struct link_frame *f)
{
	const size_t around = WIRE_GROUP_HEAD + WIRE_SIGNATURE;
	struct fuzz_notice n;

	FUZZ_CHECK(s->listed && h->epoch == s->epoch);
	FUZZ_CHECK(h->seq == s->notice_seq + 1);
	s->notice_seq = h->seq;
	n = known_notice(f->body + around, f->len - around - WIRE_TAG);
	FUZZ_CHECK(
	    n.n_users > 0 || n.event == NOTICE_ACT || n.event == NOTICE_ROOM ||
	    n.event == NOTICE_CHECKPOINT);
	if (n.event == NOTICE_LEAVE || n.event == NOTICE_KICK)
		forget_users(s, &n);
	if (n.epoch != s->epoch) {
		FUZZ_CHECK(n.event == NOTICE_JOIN);
		FUZZ_CHECK(n.epoch == s->epoch + 1);
		s->epoch++;
	}
}

/* A dishonest sender may use an epoch that a newcomer does not have. */
static bool is_honest(
    const struct fuzz_members *all, uint32_t room, uint32_t id)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->member[i].seat[room].id == id)
			return all->member[i].honest;
	return true; /* it has not read its member id yet */
}

static void read_group(const struct fuzz_members *all, struct fuzz_member *m,
    const struct link_frame *f)
{
	struct group_head h;
	struct fuzz_seat *s;
	size_t i;

	FUZZ_CHECK(group_head_decode(&h, f->body, f->len) == 0);
	if ((s = taken_seat(m, h.room)) == NULL)
		return;
	FUZZ_CHECK(h.offset == ++s->offset);
	if (h.sender == 0) {
		read_notice(s, &h, f);
		return;
	}
	FUZZ_CHECK(s->listed && h.sender != s->id);
	FUZZ_CHECK(h.epoch <= s->epoch && h.epoch >= s->first_epoch);
	i = h.sender % SENDERS;
	if (s->heard[i].id == h.sender && is_honest(all, h.room, h.sender))
		FUZZ_CHECK(h.seq == s->heard[i].seq + 1);
	s->heard[i].id = h.sender;
	s->heard[i].seq = h.seq;
}

static void read_mark(struct fuzz_member *m, const struct link_frame *f)
{
	struct log_mark mark;
	struct fuzz_seat *s;

	FUZZ_CHECK(log_mark_decode(&mark, f->body, f->len) == 0);
	if ((s = taken_seat(m, mark.room)) == NULL)
		return;
	FUZZ_CHECK(mark.offset == ++s->offset);
	FUZZ_CHECK(mark.seq <= s->seq || !m->honest);
}

/* A direct frame or a piece of a file. */
static void read_letter(struct fuzz_member *m, const struct link_frame *f)
{
	struct direct_head head;
	struct blob_frame piece;
	struct buf body;

	if (f->kind == KIND_BLOB) {
		FUZZ_CHECK(blob_frame_decode(&piece, f->body, f->len) == 0);
		FUZZ_CHECK(piece.len <= WIRE_PIECE_SEALED);
		return;
	}
	FUZZ_CHECK(f->kind == KIND_DIRECT);
	buf_init(&body, WIRE_DIRECT_MAX);
	FUZZ_CHECK(link_direct_open(m->link, &body, f->body, f->len) == 0);
	FUZZ_CHECK(direct_head_decode(&head, body.p, body.len) == 0);
	FUZZ_CHECK(head.number > 0);
	buf_free(&body);
}

static void read_records(
    struct fuzz_members *all, struct fuzz_member *m, struct fuzz_socket *s)
{
	struct rd frames;
	struct link_frame f;
	struct hs_error e;
	size_t total, at = 0;
	int r;

	if (!m->begun && !all->real) {
		if (s->out.len == 0)
			return;
		m->begun = true;
		m->ended = s->out.p[0] == 'e';
		if (m->ended)
			buf_consume(&s->out, 1);
	}
	if (!m->begun) { /* may be an error message instead of a record */
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
				read_group(all, m, &f);
			else if (f.kind == KIND_MARK)
				read_mark(m, &f);
			else if (f.kind != KIND_CONTROL)
				read_letter(m, &f);
			else
				read_control(all, m, &f);
		at += total;
	}
	buf_consume(&s->out, at);
}

/* --- coming in ----------------------------------------------------------- */

static void shake_output(struct fuzz_member *m, struct fuzz_socket *s)
{
	const uint8_t *p;
	size_t n;

	p = handshake_output(m->shaking, &n);
	FUZZ_CHECK(buf_put(&s->in, p, n) == 0);
	handshake_consume(m->shaking, n);
}

/* Advances the handshake as far as the received bytes allow. */
static void shake(struct fuzz_member *m, struct fuzz_socket *s)
{
	static const uint8_t stretched[PAKE_STRETCHED];
	const struct fuzz_who who = fuzz_quick_who((uint8_t)m->who);
	struct hs_card_opts card = {.name = who.name,
	    .room = who.room,
	    .identity = people_identity(who.person),
	    .instance = people_instance};
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
			card.agree = dh_new(&(struct rng){0});
			FUZZ_CHECK(handshake_card(m->shaking, &card) == 0);
			dh_free((struct dh *)(uintptr_t)card.agree);
			kem_rsa_free((struct kem_rsa *)(uintptr_t)card.wrap);
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

/* The same for the single-byte handshake. */
static void shake_quick(struct fuzz_member *m, struct fuzz_socket *s)
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

/* --- both ---------------------------------------------------------------- */

void fuzz_member_join(struct fuzz_member *m, unsigned who, uint64_t *seed,
    bool real, struct fuzz_socket *s)
{
	struct hs_client_opts o = {.crypto = fuzz_crypto(), .account = "*"};

	m->honest = true;
	m->who = who;
	if (!real) {
		m->quick = true;
		m->slow = fuzz_quick_who((uint8_t)who).no_key;
		FUZZ_CHECK(buf_put(&s->in, "h", 1) == 0);
		return;
	}
	o.rng = fuzz_rng(seed);
	m->shaking = handshake_client(&o);
	FUZZ_CHECK(m->shaking != NULL);
	shake(m, s);
}

void fuzz_member_read(
    struct fuzz_members *all, struct fuzz_member *m, struct fuzz_socket *s)
{
	if (m->shaking != NULL)
		shake(m, s);
	if (m->quick)
		shake_quick(m, s);
	if (m->link != NULL)
		read_records(all, m, s);
	else if (m->shaking == NULL)
		buf_clear(&s->out);
	/* A member that has read the last frame closes; the server waits for
	 * that. */
	if (s->shut && !m->stays)
		s->gone = true;
}

bool fuzz_member_linked(const struct fuzz_member *m)
{
	return m->link != NULL && !m->ended && !m->quit;
}

bool fuzz_member_ready(const struct fuzz_member *m, unsigned room)
{
	const struct fuzz_seat *s = &m->seat[room];

	return fuzz_member_linked(m) && s->id != 0 && s->listed && !s->mute &&
	       !s->leaving;
}

unsigned fuzz_member_room(const struct fuzz_member *m)
{
	return m->room == 0 ? 1 : m->room;
}

void fuzz_member_forget(struct fuzz_member *m)
{
	handshake_free(m->shaking);
	link_free(m->link);
	memset(m, 0, sizeof(*m));
}
