#include <string.h>

#include "client/session/session_int.h"

int session_entry_begin(struct session *s)
{
	const struct hs_client_opts o = {
	    .crypto = s->o.crypto,
	    .rng = s->o.rng,
	    .account = "*",
	    /* Seen once is pinned from then on. */
	    .pin = s->o.pin != NULL   ? s->o.pin
		   : s->server_proved ? s->server
				      : NULL,
	};

	if ((s->handshake = handshake_client(&o)) == NULL)
		return ERR_NOMEM;
	s->handshake_ms = WIRE_HANDSHAKE_MS;
	s->handshake_since = s->now_ms;
	s->handshake_waits = false;
	return session_entry_go(s);
}

/* Our own scrypt and RSA do not count against the server. */
static void clock_set(struct session *s, bool waits)
{
	uint64_t used = s->now_ms - s->handshake_since;

	if (waits == s->handshake_waits)
		return;
	if (waits)
		s->handshake_ms -=
		    used < s->handshake_ms ? used : s->handshake_ms;
	s->handshake_since = s->now_ms;
	s->handshake_waits = waits;
}

uint64_t session_entry_deadline(const struct session *s)
{
	if (handshake_need(s->handshake) == HS_NEED_CARD && s->wrap != NULL)
		return 0; /* session_set_kem did not say what time it is */
	return s->handshake_waits ? UINT64_MAX
				  : s->handshake_since + s->handshake_ms;
}

static int move_output(struct session *s)
{
	const uint8_t *p;
	size_t n;
	int r;

	p = handshake_output(s->handshake, &n);
	if (n == 0)
		return 0;
	if ((r = buf_put(&s->out, p, n)) != 0)
		return r;
	handshake_consume(s->handshake, n);
	return 0;
}

/* The server has proved that it knows the password and who it is. */
static int proved(struct session *s)
{
	int r = ed25519_fingerprint(
	    s->o.crypto, s->server, handshake_server_identity(s->handshake));

	if (r == 0)
		s->server_proved = true;
	return r;
}

static int send_card(struct session *s)
{
	const struct hs_card_opts o = {
	    .name = s->self.name,
	    /* After a reconnect only the room that we were in will do: what
	     * is still unsent was said to the people there. */
	    .room = s->joined_once ? s->room_name : s->o.room,
	    .identity = s->o.identity,
	    .wrap = s->wrap,
	    .agree = s->agree,
	};

	return handshake_card(s->handshake, &o);
}

static int link_up(struct session *s)
{
	const struct hs_result *h = handshake_result(s->handshake);

	s->link = link_new(s->o.crypto, &h->keys, LINK_CLIENT);
	if (s->link == NULL)
		return ERR_NOMEM;
	if (memcmp(s->server_session, h->session, WIRE_NONCE) != 0) {
		roster_forget(s->roster);
		s->self.member = 0;
		s->had_epoch = false;
		outbox_again(s->outbox);
	}
	memcpy(s->server_session, h->session, WIRE_NONCE);
	memcpy(s->server_key, h->server, WIRE_ED25519);
	memcpy(s->th5, h->th5, WIRE_HASH);
	memcpy(s->self.card, h->card.hash, WIRE_HASH);
	handshake_free(s->handshake);
	s->handshake = NULL;
	s->phase = PHASE_FIRST;
	s->rx_ms = s->told_ms = s->ping_sent_ms = s->now_ms;
	s->ping_due_ms = s->now_ms + WIRE_PING_MS;
	return 0;
}

/* An error message instead of a message of the handshake: not proved. */
static void hinted(struct session *s, const struct hs_error *e)
{
	session_end_refused(s, e->code, e->word, e->text);
}

static int read_handshake(struct session *s)
{
	size_t used = 0;
	int r;

	r = handshake_input(s->handshake, s->in.p, s->in.len, &used);
	if (r == ERR_REFUSED && handshake_error(s->handshake) != NULL) {
		hinted(s, handshake_error(s->handshake));
		return 0;
	}
	if (r == ERR_PIN) {
		if (ed25519_fingerprint(s->o.crypto, s->shown,
			handshake_server_identity(s->handshake)) == 0)
			s->has_shown = true;
		return r;
	}
	if (r != 0)
		return r;
	buf_consume(&s->in, used);
	return used == 0 && handshake_need(s->handshake) == HS_NEED_INPUT
		   ? ERR_AGAIN
		   : 0;
}

/* What came first after our last message? */
static int read_first(struct session *s)
{
	struct hs_error e;
	size_t used;
	int r = handshake_first(&e, s->in.p, s->in.len, &used);

	if (r == 1) {
		s->phase = PHASE_LINKED;
		return 0;
	}
	if (r == 0)
		hinted(s, &e);
	return r;
}

/* One step; ERR_AGAIN: nothing more to do for now. */
static int step(struct session *s)
{
	int r;

	if (s->phase == PHASE_FIRST)
		return s->in.len > 0 ? read_first(s) : ERR_AGAIN;
	switch (handshake_need(s->handshake)) {
	case HS_NEED_INPUT:
		return s->in.len > 0 ? read_handshake(s) : ERR_AGAIN;
	case HS_NEED_CARD:
		if (!s->server_proved && (r = proved(s)) != 0)
			return r;
		return s->wrap != NULL ? send_card(s) : ERR_AGAIN;
	case HS_DONE:
		return link_up(s);
	case HS_NEED_KDF:
		return ERR_AGAIN;
	default:
		return ERR_STATE;
	}
}

int session_entry_go(struct session *s)
{
	enum hs_need need;
	int r;

	do {
		r = step(s);
		if (r == 0 && s->handshake != NULL &&
		    s->phase == PHASE_HANDSHAKE)
			r = move_output(s);
	} while (
	    r == 0 && (s->phase == PHASE_HANDSHAKE || s->phase == PHASE_FIRST));
	if (r != 0 && r != ERR_AGAIN)
		return r;
	if (s->phase == PHASE_HANDSHAKE) {
		/* What the handshake has to say before any input. */
		if ((r = move_output(s)) != 0)
			return r;
		need = handshake_need(s->handshake);
		clock_set(s, need == HS_NEED_KDF || need == HS_NEED_CARD);
	}
	return 0;
}

int session_entry_stretched(
    struct session *s, const uint8_t stretched[PAKE_STRETCHED])
{
	int r = handshake_stretched(s->handshake, stretched);

	return r != 0 ? r : session_entry_go(s);
}

void session_entry_last_words(struct session *s)
{
	struct hs_error e;
	size_t used;

	/* It may have lost patience while we were stretching the password. */
	if (s->in.len > 0 &&
	    handshake_first(&e, s->in.p, s->in.len, &used) == 0)
		hinted(s, &e);
}
