/* The client's handshake, with its state, jobs and timeout. */
#include <stdlib.h>
#include <string.h>

#include "client/session/entry.h"
#include "shared/base/secret.h"

struct entry {
	struct parties *parties; /* borrowed */
	struct handshake *handshake;
	uint64_t left_ms;  /* the server's remaining time ... */
	uint64_t since_ms; /* ... counted from here, except ... */
	bool ours;	   /* ... while the handshake waits for us */
};

struct entry *entry_new(struct parties *p, uint64_t now_ms)
{
	const struct hs_client_opts o = {
	    .crypto = p->crypto,
	    .rng = p->rng,
	    .account = p->account,
	    .pin = p->pin != NULL     ? p->pin
		   : p->server_proved ? p->server
				      : NULL,
	    .ticket = p->kept->has_ticket ? p->kept->ticket : NULL,
	    .pq = p->pq,
	};
	struct entry *e = calloc(1, sizeof(*e));

	if (e == NULL || (e->handshake = handshake_client(&o)) == NULL) {
		free(e);
		return NULL;
	}
	e->parties = p;
	e->left_ms = WIRE_HANDSHAKE_MS;
	e->since_ms = now_ms;
	return e;
}

void entry_free(struct entry *e)
{
	if (e == NULL)
		return;
	handshake_free(e->handshake);
	free(e);
}

void entry_restart(struct entry *e, uint64_t now_ms)
{
	e->since_ms = now_ms;
}

int entry_channel(struct entry *e, const uint8_t exporter[WIRE_CHANNEL])
{
	return handshake_channel(e->handshake, exporter);
}

static void clock_set(struct entry *e, bool ours, uint64_t now_ms)
{
	uint64_t used = now_ms - e->since_ms;

	if (ours == e->ours)
		return;
	if (ours)
		e->left_ms -= used < e->left_ms ? used : e->left_ms;
	e->since_ms = now_ms;
	e->ours = ours;
}

uint64_t entry_deadline(const struct entry *e)
{
	if (handshake_need(e->handshake) == HS_NEED_CARD &&
	    e->parties->kem != NULL)
		return 0; /* session_set_kem has no clock */
	return e->ours ? UINT64_MAX : e->since_ms + e->left_ms;
}

bool entry_needs_kdf(const struct entry *e)
{
	return handshake_need(e->handshake) == HS_NEED_KDF;
}

int entry_kdf_job(const struct entry *e, struct hs_kdf_job *out)
{
	return handshake_kdf_job(e->handshake, out);
}

int entry_stretched(struct entry *e, const uint8_t stretched[PAKE_STRETCHED])
{
	struct keepsake *k = e->parties->kept;
	int r = handshake_kdf_job(e->handshake, &k->stretched_for);

	k->has_stretched = r == 0;
	if (r != 0)
		return r;
	memcpy(k->stretched, stretched, PAKE_STRETCHED);
	return handshake_stretched(e->handshake, stretched);
}

static bool same_job(const struct hs_kdf_job *a, const struct hs_kdf_job *b)
{
	return a->kdf.n == b->kdf.n && a->kdf.r == b->kdf.r &&
	       a->kdf.p == b->kdf.p &&
	       memcmp(a->salt, b->salt, sizeof(a->salt)) == 0;
}

/* The password was stretched with this salt and cost before. ERR_AGAIN: not
 * with these. */
static int stretched_before(struct entry *e)
{
	const struct keepsake *k = e->parties->kept;
	struct hs_kdf_job job;
	int r;

	if ((r = handshake_kdf_job(e->handshake, &job)) != 0)
		return r;
	if (!k->has_stretched || !same_job(&job, &k->stretched_for))
		return ERR_AGAIN;
	return handshake_stretched(e->handshake, k->stretched);
}

const struct hs_error *entry_refusal(const struct entry *e)
{
	return handshake_error(e->handshake);
}

static int move_output(struct entry *e, struct buf *out)
{
	const uint8_t *p;
	size_t n;
	int r;

	p = handshake_output(e->handshake, &n);
	if (n == 0)
		return 0;
	if ((r = buf_put(out, p, n)) != 0)
		return r;
	handshake_consume(e->handshake, n);
	return 0;
}

/* The server has proved its identity, and that it knows the password. */
static int proved(struct entry *e)
{
	struct parties *p = e->parties;
	int r;

	p->kept->has_ticket = false; /* spent, as our guess was answered */
	if (p->server_proved)
		return 0;
	r = ed25519_fingerprint(
	    p->crypto, p->server, handshake_server_identity(e->handshake));
	if (r == 0)
		p->server_proved = true;
	return r;
}

static int send_card(struct entry *e, const char *room)
{
	const struct parties *p = e->parties;
	const struct hs_card_opts o = {
	    .name = p->self.name,
	    .room = room,
	    .identity = p->identity,
	    .wrap = p->kem,
	    .agree = p->dh,
	    .instance = p->kept->instance,
	    .certificate = p->certificate,
	};

	return handshake_card(e->handshake, &o);
}

static int read_input(struct entry *e, struct buf *in)
{
	struct parties *p = e->parties;
	size_t used = 0;
	int r;

	r = handshake_input(e->handshake, in->p, in->len, &used);
	if (r == ERR_PIN && ed25519_fingerprint(p->crypto, p->shown,
				handshake_server_identity(e->handshake)) == 0)
		p->has_shown = true;
	if (r != 0)
		return r;
	buf_consume(in, used);
	return used == 0 && handshake_need(e->handshake) == HS_NEED_INPUT
		   ? ERR_AGAIN
		   : 0;
}

/* Runs one step; ERR_AGAIN when it has to wait. */
static int step(struct entry *e, struct buf *in, const char *room)
{
	int r;

	switch (handshake_need(e->handshake)) {
	case HS_NEED_INPUT:
		return in->len > 0 ? read_input(e, in) : ERR_AGAIN;
	case HS_NEED_CARD:
		if ((r = proved(e)) != 0)
			return r;
		return e->parties->kem != NULL ? send_card(e, room) : ERR_AGAIN;
	case HS_NEED_KDF:
		return stretched_before(e);
	default:
		return ERR_STATE;
	}
}

int entry_go(struct entry *e, struct buf *in, struct buf *out, const char *room,
    uint64_t now_ms)
{
	enum hs_need need;
	int r = 0, moved;

	while (r == 0 && handshake_need(e->handshake) != HS_DONE)
		if ((r = step(e, in, room)) == 0)
			r = move_output(e, out);
	if (r != ERR_AGAIN)
		return r;
	/* The first message needs no input. */
	if ((moved = move_output(e, out)) != 0)
		return moved;
	need = handshake_need(e->handshake);
	clock_set(e, need == HS_NEED_KDF || need == HS_NEED_CARD, now_ms);
	return ERR_AGAIN;
}

struct link *entry_link(struct entry *e, bool *new_run)
{
	const struct hs_result *h = handshake_result(e->handshake);
	struct parties *p = e->parties;
	struct link *l = link_new(p->crypto, &h->keys, LINK_CLIENT);

	if (l == NULL)
		return NULL;
	*new_run = memcmp(p->server_session, h->session, WIRE_NONCE) != 0;
	memcpy(p->server_session, h->session, WIRE_NONCE);
	p->exchange = h->exchange;
	memcpy(p->server_key, h->server, WIRE_ED25519);
	memcpy(p->th5, h->th5, WIRE_HASH);
	memcpy(p->self.card, h->card.hash, WIRE_HASH);
	return l;
}

void entry_forget(struct parties *p)
{
	secret_wipe(p->th5, sizeof(p->th5));
}
