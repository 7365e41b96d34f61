/* handshake_client.c - the client's handshake steps. */
#include <string.h>

#include "shared/proto/handshake_int.h"
#include "shared/proto/label.h"
#include "shared/base/secret.h"
#include "shared/proto/account.h"

/* Queues message 1 as soon as the handshake exists. */
static int say_hello(struct handshake *h, const uint8_t *ticket)
{
	struct hs_hello m = {
	    .account = h->account, .has_ticket = ticket != NULL};
	struct buf msg;
	int r;

	if (ticket != NULL)
		memcpy(m.ticket, ticket, sizeof(m.ticket));
	buf_init(&msg, WIRE_HANDSHAKE_MAX);
	if ((r = h->rng.fill(h->rng.arg, m.nonce, sizeof(m.nonce))) == 0 &&
	    (r = handshake_keys_offer(h, &m)) == 0 &&
	    (r = handshake_msg_put_hello(&msg, &m)) == 0)
		r = handshake_put(h, &msg);
	buf_free(&msg);
	return r;
}

struct handshake *handshake_client(const struct hs_client_opts *o)
{
	size_t n = strlen(o->account);
	struct handshake *h;

	if (account_kind_of(o->account, n) == ACCOUNT_NONE)
		return NULL;
	h = handshake_new(LINK_CLIENT, ST_CLIENT_CHALLENGE, o->crypto, o->rng);
	if (h == NULL)
		return NULL;
	memcpy(h->account, o->account, n + 1);
	h->pq = o->pq;
	h->has_pin = o->pin != NULL;
	if (h->has_pin)
		memcpy(h->pin, o->pin, sizeof(h->pin));
	if (say_hello(h, o->ticket) != 0) {
		handshake_free(h);
		return NULL;
	}
	return h;
}

static int check_pin(struct handshake *h)
{
	uint8_t fp[WIRE_HASH];
	int r;

	if (!h->has_pin)
		return 0;
	if ((r = ed25519_fingerprint(h->crypto, fp, h->result.server)) != 0)
		return r;
	return secret_equal(fp, h->pin, sizeof(fp)) ? 0 : ERR_PIN;
}

/* Does the server take our offer? If we require that, a server that does not
 * gets no share either: it would count an open guess. */
static int check_choice(struct handshake *h, bool taken)
{
	if (taken && h->kem == NULL)
		return ERR_STATE;
	if (!taken && h->pq == HS_PQ_REQUIRED)
		return ERR_WEAK;
	if (taken) {
		h->result.exchange = EXCHANGE_HYBRID;
	} else {
		kem_mlkem_free(h->kem);
		h->kem = NULL;
	}
	return 0;
}

/* Does TLS end where it ends for the server? Whoever stands between and shows
 * the right answer has changed the challenge, and fails the password. */
static int check_channel(
    const struct handshake *h, const struct hs_challenge *m)
{
	if (!h->has_channel)
		return m->has_channel ? ERR_CHANNEL_TLS : 0;
	if (!m->has_channel)
		return ERR_CHANNEL_NONE;
	return secret_equal(m->channel, h->channel, sizeof(m->channel))
		   ? 0
		   : ERR_CHANNEL;
}

/* A server under another key gets no share, and costs no scrypt. Whoever sends
 * the challenge may show any key: the proof comes with message 4. */
int handshake_client_challenge(struct handshake *h, const struct hs_event *e)
{
	struct hs_challenge m;
	int r;

	if ((r = handshake_msg_get_challenge(&m, e->msg)) != 0)
		return r;
	memcpy(h->result.session, m.session, sizeof(m.session));
	memcpy(h->result.server, m.identity, sizeof(m.identity));
	h->has_server = true;
	h->about.kdf = m.kdf;
	memcpy(h->about.salt, m.salt, sizeof(m.salt));
	if ((r = check_pin(h)) != 0 || (r = check_channel(h, &m)) != 0)
		return r;
	return check_choice(h, m.kem);
}

int handshake_client_stretched(struct handshake *h, const struct hs_event *e)
{
	uint8_t w0[PAKE_SCALAR], w1[PAKE_SCALAR], x[48];
	struct buf msg;
	int r;

	buf_init(&msg, WIRE_HANDSHAKE_MAX);
	if ((r = pake_scalars(w0, w1, e->stretched)) != 0 ||
	    (r = h->rng.fill(h->rng.arg, x, sizeof(x))) != 0)
		goto out;
	h->pake = pake_prover(h->crypto, w0, w1, x, sizeof(x));
	if (h->pake == NULL) {
		r = ERR_CRYPTO;
		goto out;
	}
	r = handshake_msg_put_share(&msg, pake_share(h->pake));
	if (r == 0)
		r = handshake_put(h, &msg);
out:
	secret_wipe(w0, sizeof(w0));
	secret_wipe(w1, sizeof(w1));
	secret_wipe(x, sizeof(x));
	buf_free(&msg);
	return r;
}

/* Checks that the server that sent `challenge` also answered the share. */
static int check_proof(struct handshake *h, const struct hs_confirm *m)
{
	struct label label;
	struct part parts[HS_PROOF_PARTS];
	int r;

	handshake_keys_proof(parts, &label, h, m);
	r = ed25519_verify(
	    h->crypto, h->result.server, m->proof, parts, HS_PROOF_PARTS);
	return r == ERR_SIGNATURE ? ERR_PROOF : r;
}

/* Checks proof, pin, confirm, in this order (PROTOCOL.md 2, message 4): a
 * server that we do not know learns nothing about our password. */
int handshake_client_confirm(struct handshake *h, const struct hs_event *e)
{
	struct hs_confirm m;
	int r;

	if ((r = handshake_msg_get_confirm(&m, e->msg)) != 0 ||
	    (r = check_proof(h, &m)) != 0 || (r = check_pin(h)) != 0)
		return r;
	if (m.has_kem != (h->result.exchange == EXCHANGE_HYBRID))
		return ERR_STATE;
	if ((r = handshake_keys_pake(h, m.share)) != 0)
		return r;
	if (!secret_equal(m.confirm, h->keys.confirm_v, sizeof(m.confirm)))
		return ERR_CONFIRM;
	if ((r = handshake_keys_open(h, &m)) != 0)
		return r;
	return handshake_keys_s4(h);
}

int handshake_client_finish(struct handshake *h, const struct hs_event *e)
{
	struct buf msg, sealed;
	int r;

	buf_init(&msg, WIRE_HANDSHAKE_MAX);
	buf_init(&sealed, WIRE_HANDSHAKE_MAX);
	if ((r = handshake_card_seal(h, &sealed, e->card)) == 0 &&
	    (r = handshake_msg_put_finish(&msg, h->keys.confirm_p, &sealed)) ==
		0 &&
	    (r = handshake_put(h, &msg)) == 0)
		r = handshake_keys_link(h);
	buf_free(&msg);
	buf_free(&sealed);
	return r;
}
