/* handshake_server.c - the server's handshake steps. */
#include <stdlib.h>
#include <string.h>

#include "shared/proto/handshake_int.h"
#include "shared/proto/label.h"
#include "shared/base/secret.h"

struct handshake *handshake_server(const struct hs_server_opts *o)
{
	struct handshake *h;

	h = handshake_new(LINK_SERVER, ST_SERVER_HELLO, o->crypto, o->rng);
	if (h == NULL)
		return NULL;
	h->pq = o->pq;
	h->identity = o->identity;
	h->find = o->account;
	h->make_record = o->record;
	h->find_arg = o->arg;
	h->open_ticket = o->ticket;
	h->ticket_arg = o->ticket_arg;
	memcpy(h->result.session, o->session, sizeof(o->session));
	memcpy(h->result.server, identity_public(o->identity), WIRE_ED25519);
	return h;
}

/* Keeps the client's key for the ciphertext, which is made only once a guess is
 * granted; until then the key costs a copy. */
static int take_offer(struct handshake *h, const struct hs_hello *m)
{
	if (h->pq == HS_PQ_REQUIRED && !m->has_kem)
		return ERR_WEAK;
	if (h->pq == HS_PQ_ABSENT || !m->has_kem)
		return 0;
	if ((h->kem_public = malloc(sizeof(m->kem))) == NULL)
		return ERR_NOMEM;
	memcpy(h->kem_public, m->kem, sizeof(m->kem));
	h->result.exchange = EXCHANGE_HYBRID;
	return 0;
}

int handshake_server_hello(struct handshake *h, const struct hs_event *e)
{
	struct hs_challenge out;
	struct hs_hello in;
	struct buf msg;
	int r;

	buf_init(&msg, WIRE_HANDSHAKE_MAX);
	if ((r = handshake_msg_get_hello(&in, e->msg)) != 0 ||
	    (r = take_offer(h, &in)) != 0)
		goto out;
	out.kem = h->result.exchange == EXCHANGE_HYBRID;
	out.has_channel = h->has_channel;
	memcpy(out.channel, h->channel, sizeof(out.channel));
	memcpy(h->account, in.account, strlen(in.account) + 1);
	/* A ticket that is not valid, or no longer, is as good as none. */
	h->has_ticket =
	    in.has_ticket && h->open_ticket != NULL &&
	    h->open_ticket(h->ticket_arg, in.ticket, h->ticket_identity) == 0;
	if ((r = h->find(h->find_arg, h->account, &h->about)) != 0 ||
	    (r = h->rng.fill(h->rng.arg, out.nonce, sizeof(out.nonce))) != 0)
		goto out;
	memcpy(out.session, h->result.session, sizeof(out.session));
	memcpy(out.identity, h->result.server, sizeof(out.identity));
	out.kdf = h->about.kdf;
	memcpy(out.salt, h->about.salt, sizeof(out.salt));
	if ((r = handshake_msg_put_challenge(&msg, &out)) == 0)
		r = handshake_put(h, &msg);
out:
	buf_free(&msg);
	return r;
}

/* Computes nothing yet: refusing a share with try_later needs no
 * elliptic-curve operation. */
int handshake_server_share(struct handshake *h, const struct hs_event *e)
{
	return handshake_msg_get_share(h->share_p, e->msg);
}

const char *handshake_account(const struct handshake *h)
{
	return h->account;
}

static int sign_proof(struct handshake *h, struct hs_confirm *m)
{
	struct label label;
	struct part parts[HS_PROOF_PARTS];

	handshake_keys_proof(parts, &label, h, m);
	return identity_sign(h->identity, m->proof, parts, HS_PROOF_PARTS);
}

int handshake_server_turn(struct handshake *h, const struct hs_event *e)
{
	struct hs_confirm m;
	struct buf msg;
	uint8_t y[48];
	int r;

	(void)e;
	buf_init(&msg, WIRE_HANDSHAKE_MAX);
	/* The cheaper of the two first: a bad key ends it. */
	if ((r = handshake_keys_seal(h, &m)) != 0 ||
	    (h->about.record == NULL &&
		(r = h->make_record(h->find_arg, &h->about)) != 0) ||
	    (r = h->rng.fill(h->rng.arg, y, sizeof(y))) != 0)
		goto out;
	h->pake = pake_verifier(h->crypto, h->about.record, y, sizeof(y));
	if (h->pake == NULL) {
		r = ERR_CRYPTO;
		goto out;
	}
	memcpy(m.share, pake_share(h->pake), sizeof(m.share));
	if ((r = handshake_keys_pake(h, h->share_p)) != 0)
		goto out;
	memcpy(m.confirm, h->keys.confirm_v, sizeof(m.confirm));
	if ((r = sign_proof(h, &m)) == 0 &&
	    (r = handshake_msg_put_confirm(&msg, &m)) == 0)
		r = handshake_put(h, &msg);
out:
	secret_wipe(y, sizeof(y));
	buf_free(&msg);
	return r;
}

int handshake_server_finish(struct handshake *h, const struct hs_event *e)
{
	uint8_t confirm[WIRE_CONFIRM];
	struct buf sealed;
	int r;

	buf_init(&sealed, WIRE_HANDSHAKE_MAX);
	if ((r = handshake_msg_get_finish(confirm, &sealed, e->msg)) != 0)
		goto out;
	/* Check the password before anything that only its owner may
	 * request. */
	if (!secret_equal(confirm, h->keys.confirm_p, sizeof(confirm))) {
		r = ERR_CONFIRM;
		goto out;
	}
	h->proved = true;
	if ((r = handshake_keys_s4(h)) == 0 &&
	    (r = handshake_card_open(h, &sealed)) == 0)
		r = handshake_keys_link(h);
out:
	buf_free(&sealed);
	return r;
}
