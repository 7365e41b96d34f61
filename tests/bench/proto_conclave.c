/* proto_conclave.c - many conclave/1 members on top of shared/.
 *
 * The README lists how they differ from real members: they share one identity,
 * one RSA pair and one stretched password, receivers neither decrypt nor
 * verify messages, and senders send filler of the right size. Every receiver
 * checks the MAC and sequence number of every record. The body of a group
 * frame is compared with the copy that other receivers got, and hashed once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/wire/b64.h"
#include "tests/bench/conclave.h"

enum {
	RSA_BITS = 3072,     /* the client's default */
	ALIVE_S = 20,	     /* keepalive period; the timeout is 90 */
	PENDING = 128 << 10, /* bytes of frames in a record we write */
	FRAMES = 1024,
};
static const char password[] = "bench";
static const char seed[] = "the bench's members, one and all";

static int world_new(struct load *l)
{
	struct rng rng = random_system();
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return ERR_NOMEM;
	l->p = w;
	w->crypto = crypto_new();
	/* The same in each run: to the server we are those who were there. */
	w->identity = identity_from_seed((const uint8_t *)seed);
	w->wrap = kem_rsa_new(RSA_BITS);
	w->agree = dh_new(&rng);
	buf_init(&w->bare, WIRE_JSON_MAX);
	buf_init(&w->json, WIRE_JSON_MAX);
	buf_init(&w->mac, WIRE_RECORD_MAX);
	return w->crypto && w->identity && w->wrap && w->agree ? 0 : ERR_CRYPTO;
}

uint32_t conclave_epoch(const struct load *l)
{
	const struct world *w = l->p;

	return l->o.proto == &proto_conclave ? w->epoch.epoch : 0;
}

/* --- coming in ----------------------------------------------------------- */

static int put_output(struct conn *c, struct handshake *h)
{
	size_t n;
	const uint8_t *p = handshake_output(h, &n);
	int r = buf_put(&c->out, p, n);

	if (r == 0)
		handshake_consume(h, n);
	return r;
}

static int conclave_start(struct conn *c)
{
	struct world *w = c->load->p;
	struct hs_client_opts o = {
	    .crypto = w->crypto, .rng = random_system(), .account = "*"};
	struct member *m = calloc(1, sizeof(*m));
	uint8_t channel[WIRE_CHANNEL];
	int r;

	if (m == NULL)
		return ERR_NOMEM;
	c->p = m;
	if (c->sender) {
		buf_init(&m->bodies, LOAD_OUT_MAX);
		m->frame = calloc(FRAMES, sizeof(*m->frame));
		if (m->frame == NULL)
			return ERR_NOMEM;
	}
	if ((m->shake = handshake_client(&o)) == NULL)
		return ERR_NOMEM;
	if (c->ssl != NULL &&
	    ((r = tls_channel(c, channel)) != 0 ||
		(r = handshake_channel(m->shake, channel)) != 0))
		return r;
	return put_output(c, m->shake);
}

static void conclave_free(struct conn *c)
{
	struct member *m = c->p;

	if (m == NULL)
		return;
	handshake_free(m->shake);
	link_free(m->link);
	mac_free(m->mac);
	if (c->sender)
		buf_free(&m->bodies);
	free(m->frame);
	free(m);
	c->p = NULL;
}

/* The salt is constant while the server runs, so stretching once is enough for
 * all. */
static int stretch(struct world *w, struct handshake *h)
{
	struct hs_kdf_job job;
	int r;

	if ((r = handshake_kdf_job(h, &job)) != 0)
		return r;
	if (!w->stretched_once) {
		r = pake_stretch(w->stretched, password, sizeof(password) - 1,
		    "*", WIRE_PROTOCOL, job.salt, &job.kdf);
		w->stretched_once = r == 0;
	}
	return r != 0 ? r : handshake_stretched(h, w->stretched);
}

static int link_up(struct conn *c, struct member *m)
{
	struct world *w = c->load->p;
	const struct hs_result *res = handshake_result(m->shake);
	int r;

	m->link = link_new(w->crypto, &res->keys, LINK_CLIENT);
	m->mac = mac_new(w->crypto, res->keys.mac[LINK_S2C]);
	if (m->link == NULL || m->mac == NULL)
		return ERR_NOMEM;
	memcpy(m->th5, res->th5, sizeof(m->th5));
	memcpy(w->session, res->session, sizeof(w->session));
	memcpy(w->server, res->server, sizeof(w->server));
	if ((r = ed25519_fingerprint(w->crypto, w->fingerprint, w->server)) !=
	    0)
		return r;
	handshake_free(m->shake);
	m->shake = NULL;
	m->said_ns = c->load->now;
	load_waits(c);
	return 0;
}

static int shake_serve(struct conn *c, struct member *m)
{
	struct world *w = c->load->p;
	char name[WIRE_NAME_MAX + 1];
	struct hs_card_opts card = {.name = name,
	    .room = "",
	    .identity = w->identity,
	    .wrap = w->wrap,
	    .agree = w->agree,
	    .instance = (const uint8_t *)"bench's instance"};

	switch (handshake_need(m->shake)) {
	case HS_NEED_KDF:
		return stretch(w, m->shake);
	case HS_NEED_CARD:
		snprintf(
		    name, sizeof(name), "m%u", c->load->o.first_id + c->id);
		return handshake_card(m->shake, &card);
	default:
		return ERR_AGAIN;
	}
}

static int shake_input(
    struct conn *c, struct member *m, const uint8_t *p, size_t n, size_t *used)
{
	int r;

	r = handshake_input(m->shake, p, n, used);
	if (r != 0)
		return load_fail(c, r == ERR_REFUSED
					? handshake_error(m->shake)->word
					: err_str(r));
	while ((r = shake_serve(c, m)) == 0)
		;
	if (r != ERR_AGAIN || (r = put_output(c, m->shake)) != 0)
		return r;
	return handshake_need(m->shake) == HS_DONE ? link_up(c, m) : 0;
}

/* --- speaking ------------------------------------------------------------ */

/* Computes the length of a group frame's body for a text of `bytes` bytes: its
 * content has a view, as the client's. */
static int body_len(struct world *w, const char *text, size_t bytes, size_t *n)
{
	static const uint8_t id[WIRE_ID];
	int r;

	buf_clear(&w->bare);
	buf_clear(&w->json);
	r = content_message(
	    &w->bare, id, UINT64_C(1700000000000), text, bytes, false);
	if (r == 0)
		r = content_view_add(&w->json, w->bare.p, w->bare.len);
	*n = WIRE_GROUP_HEAD + WIRE_SIGNATURE + w->json.len + WIRE_TAG;
	return r;
}

int conclave_flush(struct conn *c)
{
	struct member *m = c->p;
	const uint8_t *p = m->bodies.p;
	size_t i;
	int r;

	if (m->n_frames == 0)
		return 0;
	for (i = 0; i < m->n_frames; i++) {
		m->frame[i].body = p;
		p += m->frame[i].len;
	}
	r = link_record(m->link, &c->out, m->frame, m->n_frames);
	m->n_frames = 0;
	buf_clear(&m->bodies);
	return r;
}

/* The first member to read a fresh secret shares it with all. A member that
 * has not read it yet must still send in the epoch before the fence, or it
 * would send the message again when it reads the secret. */
static uint32_t epoch_of(const struct world *w, const struct member *m)
{
	return m->told < w->fence ? w->fence - 1 : w->epoch.epoch;
}

int conclave_say_in(
    struct conn *c, const struct say_in *in, uint32_t seq, size_t bytes)
{
	struct member *m = c->p;
	struct world *w = c->load->p;
	uint8_t *p;
	size_t n;
	int r;

	m->bytes = bytes;
	if ((r = body_len(w, c->load->text, bytes, &n)) != 0)
		return r;
	if ((m->bodies.len + n > PENDING || m->n_frames == FRAMES) &&
	    (r = conclave_flush(c)) != 0)
		return r;
	if ((r = buf_reserve(&m->bodies, n)) != 0)
		return r;
	p = m->bodies.p + m->bodies.len;
	put_u64(p, 0);
	put_u32(p + 8, in->room);
	put_u32(p + 12, in->epoch);
	put_u32(p + 16, in->member);
	put_u64(p + 20, seq);
	memcpy(p + WIRE_GROUP_HEAD, c->load->text, n - WIRE_GROUP_HEAD);
	m->bodies.len += n;
	m->frame[m->n_frames++] = (struct link_frame){KIND_GROUP, NULL, n};
	m->framed = seq;
	return 0;
}

static int conclave_say(struct conn *c, uint32_t seq, size_t bytes)
{
	const struct world *w = c->load->p;
	const struct say_in in = {w->room, epoch_of(w, c->p), w->member[c->id]};

	return conclave_say_in(c, &in, seq, bytes);
}

/* After a fence, sends again: the server has dropped all unacknowledged
 * messages. */
static int say_again(struct conn *c)
{
	struct member *m = c->p;
	uint32_t seq, last = m->framed;
	int r;

	for (seq = m->acked + 1; seq <= last; seq++)
		if ((r = conclave_say(c, seq, m->bytes)) != 0)
			return r;
	return conclave_flush(c);
}

/* --- control frames: what senders need ----------------------------------- */

static int epoch_set(struct world *w, uint32_t epoch)
{
	return group_epoch_make(
	    w->crypto, &w->epoch, w->room, epoch, w->secret);
}

static int unwrap(struct conn *c, const struct key_exchange *k)
{
	uint8_t label[sizeof(LABEL_GROUP_KEY) + WIRE_HASH + 12], *p = label;
	struct world *w = c->load->p;
	struct member *m = c->p;

	memcpy(p, LABEL_GROUP_KEY, sizeof(LABEL_GROUP_KEY));
	p += sizeof(LABEL_GROUP_KEY);
	memcpy(p, m->th5, WIRE_HASH);
	p += WIRE_HASH;
	put_u32(p, k->room);
	put_u32(p + 4, k->epoch);
	put_u32(p + 8, k->member);
	return kem_rsa_open(w->wrap, w->secret, label, sizeof(label),
	    k->wrapped, k->wrapped_len);
}

static int on_key_exchange(struct conn *c, const struct key_exchange *k)
{
	struct world *w = c->load->p;
	struct member *m = c->p;
	int r;

	if (c->load->rooms != NULL) {
		rooms_key(c, k);
		return link_stepped(m->link);
	}
	if (k->is_wrapped) {
		if (c->id < LOAD_SENDERS)
			w->member[c->id] = k->member;
		w->room = k->room;
		memcpy(w->log, k->log, sizeof(w->log));
		memcpy(w->room_name, k->name, sizeof(w->room_name));
	}
	if (k->epoch > w->epoch.epoch) {
		if (!k->is_wrapped)
			memcpy(w->secret, k->secret, sizeof(w->secret));
		else if ((r = unwrap(c, k)) != 0)
			return r;
		if ((r = epoch_set(w, k->epoch)) != 0)
			return r;
		if (!k->is_wrapped) {
			w->fence = k->epoch;
			memcpy(w->roster, k->roster, sizeof(w->roster));
			w->roster_epoch = k->epoch;
		}
	}
	m->told = k->epoch;
	if (memcmp(w->epoch.commit, k->commit, WIRE_HASH) != 0 &&
	    k->epoch == w->epoch.epoch)
		return load_fail(c, "an epoch that does not match");
	if ((r = link_stepped(m->link)) != 0)
		return r;
	return k->is_wrapped ? 0 : say_again(c);
}

int conclave_control(struct conn *c, const struct buf *json)
{
	struct world *w = c->load->p;
	struct member *m = c->p;
	struct link_frame f = {KIND_CONTROL, NULL, 0};
	int r;

	buf_clear(&w->mac);
	r = link_control_seal(m->link, &w->mac, json->p, json->len, false);
	f.body = w->mac.p;
	f.len = w->mac.len;
	return r != 0 ? r : link_record(m->link, &c->out, &f, 1);
}

int conclave_ask_past(struct conn *c, uint32_t count)
{
	const struct world *w = c->load->p;
	const struct request q = {.type = REQUEST_HISTORY,
	    .number = 1,
	    .room = w->room,
	    .before = true,
	    .offset = INT64_MAX,
	    .count = count};
	struct buf json;
	int r;

	buf_init(&json, WIRE_JSON_MAX);
	if ((r = request_encode(&json, &q)) == 0)
		r = conclave_control(c, &json);
	buf_free(&json);
	return r != 0 ? r : net_flush(c);
}

/* Long, and of no use to most. */
static bool is_user_list(const struct buf *json)
{
	return memmem(json->p, json->len < 64 ? json->len : 64, "\"user_list\"",
		   11) != NULL;
}

static int on_control(struct conn *c, const struct link_frame *f)
{
	struct world *w = c->load->p;
	struct member *m = c->p;
	struct control k;
	int r;

	buf_clear(&w->json);
	if ((r = link_control_open(m->link, &w->json, f->body, f->len)) != 0)
		return r;
	if (!c->sender && is_user_list(&w->json))
		return 0;
	if ((r = control_decode(&k, FROM_SERVER, w->json.p, w->json.len)) != 0)
		return r;
	if (k.type == CONTROL_KEY_EXCHANGE)
		return on_key_exchange(c, &k.u.key_exchange);
	/* The first page of a newcomer in the newest epoch. */
	if (k.type == CONTROL_USER_LIST && m->told == w->epoch.epoch) {
		memcpy(w->roster, k.u.user_list.roster, sizeof(w->roster));
		w->roster_epoch = m->told;
	}
	if (k.type == CONTROL_ACK)
		m->acked = (uint32_t)k.u.ack.seq;
	if (k.type == CONTROL_ANSWER && c->load->rooms != NULL)
		rooms_answer(c, &k.u.answer);
	if (k.type == CONTROL_BYE)
		return load_fail(c, k.u.end.word);
	if (k.type == CONTROL_HISTORY) {
		control_wipe(&k);
		return link_stepped(m->link);
	}
	if (k.type != CONTROL_PING)
		return 0;
	buf_clear(&w->json);
	r = control_ping(&w->json, true, k.u.ping);
	return r != 0 ? r : conclave_control(c, &w->json);
}

/* Handles a notice: the first connection decrypts it for all senders. */
static int on_notice(struct conn *c, const struct link_frame *f, uint32_t epoch)
{
	static const uint8_t no_card[WIRE_HASH];
	struct world *w = c->load->p;
	struct group_sender server = {
	    .name = "", .identity = w->server, .card = no_card};
	const struct group_place place = {
	    w->fingerprint, w->session, w->log, w->room_name};
	uint8_t next[WIRE_KEY];
	struct content k;
	int r;

	/* A newcomer's connection may have the key of an epoch before its list:
	 * the key of the next one will come the same way. */
	if (c->id != 0 || epoch != w->epoch.epoch || epoch != w->roster_epoch)
		return 0;
	buf_clear(&w->json);
	if ((r = group_open(w->crypto, &w->json,
		 &(struct group_context){.place = &place,
		     .epoch = &w->epoch,
		     .roster = w->roster,
		     .from = &server},
		 f->body, f->len)) != 0 ||
	    (r = content_decode(&k, true, w->json.p, w->json.len)) != 0)
		return r;
	if (k.type == CONTENT_NOTICE && k.u.notice.event == NOTICE_JOIN &&
	    k.u.notice.epoch == epoch + 1) {
		r = group_join_step(w->crypto, next, w->secret);
		memcpy(w->secret, next, sizeof(next));
		if (r == 0)
			r = epoch_set(w, epoch + 1);
		memcpy(w->roster, k.u.notice.roster, sizeof(w->roster));
		w->roster_epoch = epoch + 1;
	}
	content_free(&k);
	return r;
}

/* --- listening ----------------------------------------------------------- */

static int on_group(struct conn *c, const struct link_frame *f)
{
	struct world *w = c->load->p;
	struct group_head h;
	uint32_t s;
	int r;

	if ((r = group_head_decode(&h, f->body, f->len)) != 0)
		return r;
	if (c->load->rooms != NULL) {
		rooms_got(c, &h);
		return 0;
	}
	if (h.sender == 0)
		return on_notice(c, f, h.epoch);
	for (s = 0; s < c->load->n_speak; s++)
		if (w->member[s] == h.sender)
			load_got(c, s, (uint32_t)h.seq);
	return 0;
}

/* Sends a keepalive: only senders decrypt pings, so receivers send one
 * unasked. */
static int say_alive(struct conn *c)
{
	struct world *w = c->load->p;
	struct member *m = c->p;
	int r;

	if (c->load->now - m->said_ns < ALIVE_S * UINT64_C(1000000000))
		return 0;
	m->said_ns = c->load->now;
	buf_clear(&w->json);
	r = control_ping(&w->json, false, 1);
	return r != 0 ? r : conclave_control(c, &w->json);
}

static int on_record(struct conn *c, const uint8_t *p, size_t n)
{
	struct rd frames;
	struct link_frame f;
	int r;

	if ((r = record_check(c, p, n, &frames)) != 0)
		return r;
	while ((r = link_next(&frames, &f)) == 0) {
		if (f.kind == KIND_GROUP) {
			if ((r = on_group(c, &f)) != 0)
				return r;
			continue;
		}
		if (f.kind == KIND_HISTORY)
			c->load->past++;
		if (f.kind != KIND_CONTROL) /* a mark of its own message */
			continue;
		if (c->opens && (r = on_control(c, &f)) != 0)
			return r;
		/* A ticket comes before the key_exchange. Receivers open no
		 * control frame; a wrapped key is longer than a ticket's. */
		if (f.len > B64_LEN(RSA_BITS / 8))
			load_in(c);
		if (!c->answered) {
			c->answered = true;
			c->load->answers++;
		}
	}
	return r == ERR_AGAIN ? say_alive(c) : r;
}

static int conclave_input(
    struct conn *c, const uint8_t *p, size_t n, size_t *used)
{
	struct member *m = c->p;
	struct hs_error e;
	size_t total, u;
	int r = 0;

	while (r == 0 && m->shake != NULL) {
		u = 0;
		r = shake_input(c, m, p + *used, n - *used, &u);
		*used += u;
		if (u == 0)
			return r;
	}
	if (r == 0 && m->seq == 0 && n > *used) {
		r = handshake_first(&e, p + *used, n - *used, &u);
		if (r != 1)
			return r == ERR_AGAIN ? 0 : load_fail(c, e.word);
		r = 0;
	}
	while (r == 0 && link_length(p + *used, n - *used, &total) == 0 &&
	       n - *used >= total) {
		r = on_record(c, p + *used, total);
		*used += total;
	}
	return r;
}

const struct proto proto_conclave = {
    .name = "conclave",
    .setup = world_new,
    .start = conclave_start,
    .input = conclave_input,
    .say = conclave_say,
    .flush = conclave_flush,
    .free = conclave_free,
};
const struct proto proto_conclave_tls = {
    .name = "conclave-tls",
    .tls = true,
    .setup = world_new,
    .start = conclave_start,
    .input = conclave_input,
    .say = conclave_say,
    .flush = conclave_flush,
    .free = conclave_free,
};
