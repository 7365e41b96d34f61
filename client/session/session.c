#include <stdlib.h>
#include <string.h>

#include "client/session/session_int.h"
#include "shared/crypto/secret.h"
#include "shared/wire/text.h"

/* --- making and freeing -------------------------------------------------- */

static int init(struct session *s)
{
	const uint8_t *pub = identity_public(s->o.identity);

	s->agree = dh_new(&s->o.rng);
	s->events = events_new();
	s->outbox = outbox_new();
	s->seen = dedup_new();
	s->roster = roster_new();
	s->epochs = epochs_new(s->o.crypto);
	s->held = pending_new();
	s->missing = missing_new();
	if (s->agree == NULL || s->events == NULL || s->outbox == NULL ||
	    s->seen == NULL || s->roster == NULL || s->epochs == NULL ||
	    s->held == NULL || s->missing == NULL)
		return ERR_NOMEM;
	memcpy(s->self.name, s->o.name, strlen(s->o.name));
	memcpy(s->self.identity, pub, WIRE_ED25519);
	s->self.trust = TRUST_VERIFIED;
	s->self.self = true;
	return ed25519_fingerprint(s->o.crypto, s->self.fingerprint, pub);
}

static int dial(struct session *s)
{
	s->phase = PHASE_DIAL;
	s->dial_ms = s->now_ms;
	s->attempt++;
	return events_push(s->events,
	    &(struct event){.type = EVENT_CONNECTING, .attempt = s->attempt});
}

struct session *session_new(const struct session_opts *o)
{
	struct session *s;

	if (!text_name(o->name, strlen(o->name)) ||
	    (o->room[0] != '\0' && !text_room(o->room, strlen(o->room))))
		return NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->o = *o;
	s->first.session = s;
	s->rooms[0] = &s->first;
	s->rtt_ms = UINT32_MAX;
	s->pause_ms = SESSION_PAUSE_MS;
	buf_init(&s->in, SESSION_IN_MAX);
	buf_init(&s->out, SESSION_OUT_MAX);
	buf_init(&s->stage.bodies, LINK_FRAMES_MAX);
	if (init(s) != 0 || dial(s) != 0) {
		session_free(s);
		return NULL;
	}
	return s;
}

void session_free(struct session *s)
{
	if (s == NULL)
		return;
	session_end_disconnect(s);
	dh_free(s->agree);
	kem_rsa_free(s->wrap);
	events_free(s->events);
	outbox_free(s->outbox);
	dedup_free(s->seen);
	roster_free(s->roster);
	epochs_free(s->epochs);
	pending_free(s->held);
	missing_free(s->missing);
	secret_wipe(s, sizeof(*s));
	free(s);
}

/* The end of every call: what is ready goes out; and perhaps we do. */
static void settle(struct session *s, int err)
{
	if (err == 0 && s->phase < PHASE_ENDING)
		err = session_send_flush(s);
	if (err != 0) {
		session_end_fail(s, err);
		return;
	}
	if (!s->quitting || outbox_count(s->outbox) > 0 ||
	    s->phase >= PHASE_ENDING)
		return;
	if (s->phase != PHASE_PAUSE) {
		session_end_for(
		    s, false, EXIT_DONE, CODE_QUIT, "ended by the user");
		session_end_bye(s, CODE_QUIT);
	} else {
		session_end_now(s);
	}
}

/* --- for the driver ---------------------------------------------------- */

unsigned session_needs(const struct session *s)
{
	unsigned needs = SESSION_NEED_NOTHING;

	if (s->phase == PHASE_CLOSED)
		return needs;
	if (s->phase == PHASE_ENDING)
		return SESSION_NEED_CLOSE;
	if (s->phase == PHASE_DIAL)
		needs |= SESSION_NEED_CONNECT;
	if (s->phase == PHASE_HANDSHAKE &&
	    handshake_need(s->handshake) == HS_NEED_KDF)
		needs |= SESSION_NEED_KDF;
	if (s->wrap == NULL)
		needs |= SESSION_NEED_KEM;
	return needs;
}

void session_connected(struct session *s, uint64_t now_ms)
{
	s->now_ms = now_ms;
	if (s->phase != PHASE_DIAL)
		return;
	s->phase = PHASE_HANDSHAKE;
	settle(s, session_entry_begin(s));
}

void session_lost(struct session *s, uint64_t now_ms, const char *why)
{
	s->now_ms = now_ms;
	if (s->phase == PHASE_PAUSE || s->phase == PHASE_CLOSED)
		return;
	if (s->phase == PHASE_HANDSHAKE || s->phase == PHASE_FIRST)
		session_entry_last_words(s);
	if (s->phase != PHASE_ENDING)
		session_end_for(s, true, EXIT_LOST, CODE_NONE,
		    why != NULL ? why : err_str(ERR_LOST));
	session_end_now(s);
}

int session_kdf_job(const struct session *s, struct hs_kdf_job *out)
{
	if (s->phase != PHASE_HANDSHAKE)
		return ERR_STATE;
	return handshake_kdf_job(s->handshake, out);
}

void session_stretched(
    struct session *s, uint64_t now_ms, const uint8_t *stretched)
{
	s->now_ms = now_ms;
	if ((session_needs(s) & SESSION_NEED_KDF) == 0)
		return;
	if (stretched != NULL)
		settle(s, session_entry_stretched(s, stretched));
	else
		session_end_for(s, false, EXIT_LOST, CODE_NONE,
		    "the password could not be stretched");
}

void session_set_kem(struct session *s, struct kem_rsa *w)
{
	if (s->wrap != NULL) {
		/* The first one may be in use by this connection's card. */
		kem_rsa_free(w);
		return;
	}
	s->wrap = w;
	if (w == NULL)
		session_end_for(s, false, EXIT_LOST, CODE_NONE,
		    "the RSA key pair could not be made");
}

static int one_record(struct session *s, const uint8_t *p, size_t n)
{
	struct rd frames;
	struct link_frame f;
	int r;

	if ((r = link_open(s->link, p, n, &frames)) != 0)
		return r;
	s->rx_ms = s->now_ms;
	while (session_linked(s) && (r = link_next(&frames, &f)) == 0) {
		if (f.kind == KIND_CONTROL)
			r = session_control(s, f.body, f.len);
		else if (f.kind == KIND_GROUP)
			r = session_group(s, f.body, f.len);
		if (r != 0)
			return r == ERR_AGAIN ? ERR_STATE : r;
	}
	return r == ERR_AGAIN ? 0 : r;
}

/* All whole records that are there. */
static int records(struct session *s)
{
	size_t off = 0, total;
	int r = 0;

	while (session_linked(s) && off < s->in.len) {
		r = link_length(s->in.p + off, s->in.len - off, &total);
		if (r == 0 && total > s->in.len - off)
			r = ERR_AGAIN;
		if (r != 0)
			break;
		if ((r = one_record(s, s->in.p + off, total)) != 0)
			break;
		off += total;
	}
	buf_consume(&s->in, off);
	return r == ERR_AGAIN ? 0 : r;
}

static bool connected(const struct session *s)
{
	return s->phase >= PHASE_HANDSHAKE && s->phase <= PHASE_JOINED;
}

void session_input(
    struct session *s, uint64_t now_ms, const uint8_t *in, size_t n)
{
	size_t take;
	int r = 0;

	s->now_ms = now_ms;
	while (r == 0 && n > 0 && connected(s)) {
		take = s->in.max - s->in.len;
		if (take > n)
			take = n;
		/* Full, and nothing is taken out: it speaks out of turn. */
		r = take == 0 ? ERR_STATE : buf_put(&s->in, in, take);
		if (r != 0)
			break;
		in += take;
		n -= take;
		if (!session_linked(s))
			r = session_entry_go(s);
		if (r == 0 && session_linked(s))
			r = records(s);
	}
	settle(s, r);
}

const uint8_t *session_output(const struct session *s, size_t *n)
{
	*n = s->out.len;
	return s->out.p;
}

void session_consume(struct session *s, size_t n)
{
	buf_consume(&s->out, n);
	settle(s, 0);
}

/* --- time -------------------------------------------------------------- */

/* When to ping: at its time, and after 30 s without anything received. */
static uint64_t ping_at(const struct session *s)
{
	uint64_t silent = s->rx_ms + WIRE_PING_MS;

	return s->ping_sent_ms < silent && silent < s->ping_due_ms
		   ? silent
		   : s->ping_due_ms;
}

/* A server may be busy with many newcomers; but one that only answers pings
 * would keep us before the door for ever. */
static uint64_t let_in_by(const struct session *s)
{
	return s->phase < PHASE_JOINED ? s->told_ms + WIRE_SILENCE_MS
				       : UINT64_MAX;
}

uint64_t session_deadline(const struct session *s)
{
	uint64_t ping, silence, wait, entry;

	switch (s->phase) {
	case PHASE_PAUSE:
		return s->retry_ms;
	case PHASE_HANDSHAKE:
		return session_entry_deadline(s);
	case PHASE_DIAL:
	case PHASE_ENDING:
	case PHASE_CLOSED:
	case PHASES:
		return UINT64_MAX;
	default:
		/* All that is said in one turn of the driver is one record. */
		if (session_send_ready(s))
			return 0;
		ping = ping_at(s);
		silence = s->rx_ms + WIRE_SILENCE_MS;
		wait = session_wait_deadline(s);
		entry = let_in_by(s);
		ping = ping < silence ? ping : silence;
		wait = wait < entry ? wait : entry;
		return ping < wait ? ping : wait;
	}
}

static int tick_linked(struct session *s)
{
	int r;

	if (s->now_ms - s->rx_ms >= WIRE_SILENCE_MS) {
		session_end_for(
		    s, true, EXIT_LOST, CODE_NONE, "the server is silent");
		session_end_bye(s, CODE_TIMEOUT);
		return 0;
	}
	if (s->now_ms >= let_in_by(s)) {
		session_end_for(s, true, EXIT_LOST, CODE_TIMEOUT,
		    s->phase < PHASE_KEYED
			? "the server does not give us the room's key"
			: "the server does not say who is in the room");
		session_end_bye(s, CODE_TIMEOUT);
		return 0;
	}
	if ((r = session_wait_tick(s)) != 0)
		return r;
	return s->now_ms >= ping_at(s) ? session_control_ping(s) : 0;
}

static int tick_handshake(struct session *s)
{
	int r = session_entry_go(s);

	if (r == 0 && s->phase == PHASE_HANDSHAKE &&
	    s->now_ms >= session_entry_deadline(s))
		session_end_for(s, true, EXIT_LOST, CODE_TIMEOUT,
		    wire_code_str(CODE_TIMEOUT));
	/* Records may have come while the RSA pair was made. */
	return r == 0 && session_linked(s) ? records(s) : r;
}

void session_tick(struct session *s, uint64_t now_ms)
{
	int r = 0;

	s->now_ms = now_ms;
	if (s->phase == PHASE_PAUSE && now_ms >= s->retry_ms)
		r = dial(s);
	else if (s->phase == PHASE_HANDSHAKE)
		r = tick_handshake(s);
	else if (s->link != NULL && s->phase < PHASE_ENDING)
		r = tick_linked(s);
	settle(s, r);
}

/* --- for the faces ------------------------------------------------------- */

const struct event *session_event(struct session *s)
{
	return events_next(s->events);
}

const struct chatroom *const *session_rooms(const struct session *s, size_t *n)
{
	*n = 1;
	return s->rooms;
}

const struct chatroom *session_first_room(const struct session *s)
{
	return s->rooms[0];
}

int session_say(struct session *s, const struct chatroom *room, uint64_t now_ms,
    uint64_t wall_ms, const char *text, size_t n, bool action)
{
	struct event e = {.type = EVENT_MESSAGE,
	    .room = &s->first,
	    .room_name = s->room_name,
	    .person = &s->self,
	    .ts_ms = wall_ms,
	    .text = text,
	    .text_len = n,
	    .action = action,
	    .verified = true,
	    .own = true};
	uint8_t id[WIRE_ID];
	struct buf content;
	int r;

	s->now_ms = now_ms;
	if (room != &s->first)
		return ERR_ROOM;
	if (s->quitting || s->phase == PHASE_CLOSED)
		return ERR_STATE;
	if (n < 1 || n > WIRE_TEXT_MAX || memchr(text, 0, n) != NULL ||
	    !text_utf8(text, n))
		return ERR_TEXT;
	buf_init_secret(&content, WIRE_JSON_MAX);
	if ((r = s->o.rng.fill(s->o.rng.arg, id, sizeof(id))) != 0)
		goto out;
	r = content_message(&content, id, wall_ms, text, n, action);
	if (r != 0) {
		/* Control characters grow sixfold when they are escaped. */
		r = r == ERR_LIMIT ? ERR_TEXT : r;
		goto out;
	}
	if (s->phase == PHASE_JOINED) {
		e.seq = outbox_last(s->outbox) + 1;
		e.epoch = s->last_epoch;
	}
	if ((r = events_push(s->events, &e)) != 0)
		goto out;
	if ((r = outbox_put(s->outbox, content.p, content.len)) != 0)
		events_unpush(s->events);
	else if (session_wait_tell(s) != 0)
		s->wait_told = false; /* it is said all the same */
out:
	buf_free(&content);
	return r;
}

void session_quit(struct session *s, uint64_t now_ms, bool flush)
{
	s->now_ms = now_ms;
	if (s->phase == PHASE_CLOSED)
		return;
	s->quitting = true;
	if (!flush)
		outbox_clear(s->outbox);
	session_wait_hurry(s);
	settle(s, 0);
}

const struct person *session_people(
    const struct session *s, const struct chatroom *room, size_t *n)
{
	(void)room;
	return roster_people(s->roster, n);
}

void session_meet_again(struct session *s, const char *name)
{
	const struct person *p;
	size_t n, i;

	p = roster_people(s->roster, &n);
	for (i = 0; i < n; i++)
		if (text_same_name(p[i].name, name))
			roster_trust(s->roster, p[i].member,
			    session_group_trust(s, &p[i]));
}

void session_status(const struct session *s, struct session_status *out)
{
	memset(out, 0, sizeof(*out));
	out->linked = session_linked(s);
	memcpy(out->server, s->server, WIRE_HASH);
	out->server_proved = s->server_proved;
	out->rtt_ms = s->rtt_ms;
}

void session_room_status(const struct session *s, const struct chatroom *room,
    struct session_room_status *out)
{
	const struct person *p;

	(void)room;
	memset(out, 0, sizeof(*out));
	out->joined = s->phase == PHASE_JOINED;
	out->name = s->room_name;
	out->topic = s->topic;
	out->member = s->self.member;
	out->epoch = s->last_epoch;
	out->unacked = outbox_count(s->outbox);
	(void)roster_people(s->roster, &out->total);
	out->verified = roster_count(s->roster, TRUST_VERIFIED);
	out->changed = roster_count(s->roster, TRUST_CHANGED);
	p = roster_changed(s->roster);
	out->changed_name = p != NULL ? p->name : "";
}

const uint8_t *session_shown_fingerprint(const struct session *s)
{
	return s->has_shown ? s->shown : NULL;
}
