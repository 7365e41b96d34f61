/* group.c - epochs, sender keys, and sealing and opening of group frames. */
#include <string.h>

#include "shared/proto/group.h"
#include "shared/base/secret.h"
#include "shared/proto/label.h"

enum {
#define X(name, code, min, max) name##_MIN = min, name##_MAX = max,
	WIRE_KINDS(X)
#undef X
	/* The aad is the head without the offset, which the server sets. */
	AT_AAD = WIRE_GROUP_HEAD - WIRE_GROUP_AAD,
};

int group_head_decode(struct group_head *out, const uint8_t *body, size_t n)
{
	struct rd r = {body, n};
	struct group_head h;

	if (n < GROUP_MIN || n > GROUP_MAX)
		return ERR_RANGE;
	if (rd_u64(&r, &h.offset) != 0 || rd_u32(&r, &h.room) != 0 ||
	    rd_u32(&r, &h.epoch) != 0 || rd_u32(&r, &h.sender) != 0 ||
	    rd_u64(&r, &h.seq) != 0 || h.offset > INT64_MAX ||
	    h.seq > INT64_MAX)
		return ERR_RANGE;
	*out = h;
	return 0;
}

/*@ requires \valid(body + (0 .. WIRE_GROUP_HEAD - 1)) && \valid_read(h);
    requires \separated(h, body + (0 .. WIRE_GROUP_HEAD - 1));
    assigns body[0 .. WIRE_GROUP_HEAD - 1]; */
static void head_encode(uint8_t *body, const struct group_head *h)
{
	put_u64(body, h->offset);
	put_u32(body + 8, h->room);
	put_u32(body + 12, h->epoch);
	put_u32(body + 16, h->sender);
	put_u64(body + 20, h->seq);
}

void group_set_offset(uint8_t *body, uint64_t offset)
{
	put_u64(body, offset);
}

int group_join_step(
    struct crypto *c, uint8_t next[WIRE_KEY], const uint8_t secret[WIRE_KEY])
{
	const struct part info[] = {{LABEL_JOIN, sizeof(LABEL_JOIN)}};

	return crypto_expand(c, next, WIRE_KEY, secret, info, 1);
}

/* Makes the commitment of a base, which is in *out. */
/*@ requires \valid(out);
    assigns *out; */
static int epoch_commit(
    struct crypto *c, struct group_epoch *out, uint32_t room, uint32_t epoch)
{
	struct label label;
	struct part info;
	int r;

	label_commit(&label, room, epoch);
	info = label_part(&label);
	out->room = room;
	out->epoch = epoch;
	r = crypto_expand(c, out->commit, WIRE_HASH, out->base, &info, 1);
	if (r != 0)
		group_epoch_wipe(out);
	return r;
}

int group_epoch_make(struct crypto *c, struct group_epoch *out, uint32_t room,
    uint32_t epoch, const uint8_t secret[WIRE_KEY])
{
	static const uint8_t zeros[WIRE_KEY];
	int r = crypto_extract(
	    c, out->base, zeros, WIRE_KEY, secret, WIRE_KEY);

	if (r != 0) {
		group_epoch_wipe(out);
		return r;
	}
	return epoch_commit(c, out, room, epoch);
}

int group_epoch_of_base(struct crypto *c, struct group_epoch *out,
    uint32_t room, uint32_t epoch, const uint8_t base[WIRE_KEY])
{
	memcpy(out->base, base, WIRE_KEY);
	return epoch_commit(c, out, room, epoch);
}

void group_epoch_wipe(struct group_epoch *e)
{
	secret_wipe(e->base, sizeof(e->base));
	secret_wipe(e->commit, sizeof(e->commit));
}

int group_sender_key(struct crypto *c, uint8_t out[WIRE_KEY_IV],
    const struct group_epoch *e, uint32_t sender, const uint8_t card[WIRE_HASH])
{
	struct label label;
	struct part info;

	label_sender(&label, e->room, e->epoch, sender, card);
	info = label_part(&label);
	return crypto_expand(c, out, WIRE_KEY_IV, e->base, &info, 1);
}

/* What the signature of a message covers: label_message with H(content). An
 * observer could guess the content from its hash, so the caller wipes *x. */
/*@ requires \valid(x) && context_ok(g);
    requires \valid_read((uint8_t *)content + (0 .. n - 1));
    requires \separated(x, g) && \separated(x, g->from);
    requires \separated(x, g->epoch) && \separated(x, g->place);
    requires \separated(x, g->place->server + (0 .. WIRE_HASH - 1));
    requires \separated(x, g->place->session + (0 .. WIRE_NONCE - 1));
    requires \separated(x, g->place->log + (0 .. WIRE_LOG - 1));
    requires \separated(
      x, g->place->room + (0 .. strlen(g->place->room)));
    requires \separated(x, g->roster + (0 .. WIRE_HASH - 1));
    requires \separated(x, g->from->card + (0 .. WIRE_HASH - 1));
    requires \separated(x, g->from->name + (0 .. strlen(g->from->name)));
    assigns *x;
    ensures x->len <= LABEL_MAX && \result <= 0; */
static int signed_make(struct crypto *c, struct label *x,
    const struct group_context *g, uint64_t seq, const void *content, size_t n)
{
	uint8_t hash[WIRE_HASH] = {0};
	const struct label_message_of m = {
	    .server = g->place->server,
	    .session = g->place->session,
	    .log = g->place->log,
	    .room_name = g->place->room,
	    .room = g->epoch->room,
	    .epoch = g->epoch->epoch,
	    .commit = g->epoch->commit,
	    .roster = g->roster,
	    .sender = g->from->id,
	    .card = g->from->card,
	    .seq = seq,
	    .name = g->from->name,
	    .content = hash,
	};
	int r;

	x->len = 0;
	if ((r = crypto_hash1(c, hash, content, n)) == 0)
		r = label_message(x, &m);
	secret_wipe(hash, sizeof(hash));
	return r;
}

/* Writes a whole body to memory that the caller has reserved. */
/*@ requires n <= WIRE_JSON_MAX && context_ok(g);
    requires \valid(body + (0 .. WIRE_GROUP_HEAD + WIRE_SIGNATURE + n +
      WIRE_TAG - 1));
    requires \valid_read((uint8_t *)content + (0 .. n - 1));
    requires \separated((uint8_t *)content + (0 .. n - 1), body + (0 ..
      WIRE_GROUP_HEAD + WIRE_SIGNATURE + n + WIRE_TAG - 1));
    assigns body[0 .. WIRE_GROUP_HEAD + WIRE_SIGNATURE + n + WIRE_TAG - 1];
    ensures \result <= 0; */
static int body_seal(struct crypto *c, uint8_t *body,
    const struct group_context *g, uint64_t seq, const void *content, size_t n)
{
	const struct group_head head = {
	    .room = g->epoch->room,
	    .epoch = g->epoch->epoch,
	    .sender = g->from->id,
	    .seq = seq,
	};
	const size_t plain_len = WIRE_SIGNATURE + n;
	uint8_t key[WIRE_KEY_IV] = {0}, nonce[WIRE_IV];
	const struct group_sender *from = g->from;
	const struct identity *signer = g->signer;
	uint8_t *plain = body + WIRE_GROUP_HEAD;
	struct label x;
	struct part signed_part;
	int r;

	if ((r = signed_make(c, &x, g, seq, content, n)) != 0)
		goto out;
	signed_part = label_part(&x);
	if ((r = group_sender_key(c, key, g->epoch, from->id, from->card)) != 0)
		goto out;
	head_encode(body, &head);
	if ((r = identity_sign(signer, plain, &signed_part, 1)) != 0)
		goto out;
	if (n > 0)
		memcpy(plain + WIRE_SIGNATURE, content, n);
	crypto_nonce(nonce, key + WIRE_KEY, seq);
	r = crypto_seal(c, plain, key, nonce, body + AT_AAD, WIRE_GROUP_AAD,
	    plain, plain_len);
out:
	if (r != 0)
		secret_wipe(plain, plain_len);
	secret_wipe(key, sizeof(key));
	secret_wipe(x.p, sizeof(x.p));
	return r;
}

int group_seal(struct crypto *c, struct buf *out, const struct group_context *g,
    uint64_t seq, const void *content, size_t n)
{
	const size_t len = WIRE_GROUP_HEAD + WIRE_SIGNATURE + n + WIRE_TAG;
	int r;

	if (n > WIRE_JSON_MAX)
		return ERR_LIMIT;
	if ((r = buf_reserve(out, len)) != 0)
		return r;
	/*@ admit fresh: \separated(
	      out->p + (0 .. out->cap - 1), (uint8_t *)content + (0 .. n - 1)); */
	r = body_seal(c, out->p + out->len, g, seq, content, n);
	if (r == 0)
		out->len += len;
	return r;
}

/* Opens and verifies a body whose head has been checked. On 0 the content is
 * at the beginning of `plain` and the rest of it is wiped; otherwise all of
 * `plain` is wiped. */
/*@ requires context_ok(g) && \valid_read(key + (0 .. WIRE_KEY_IV - 1));
    requires n >= WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG;
    requires \valid(plain + (0 .. n - WIRE_GROUP_HEAD - WIRE_TAG - 1));
    requires \valid_read(body + (0 .. n - 1));
    assigns plain[0 .. n - WIRE_GROUP_HEAD - WIRE_TAG - 1];
    ensures \result <= 0; */
static int body_open(struct crypto *c, uint8_t *plain,
    const struct group_context *g, const uint8_t key[WIRE_KEY_IV], uint64_t seq,
    const uint8_t *body, size_t n)
{
	const size_t plain_len = n - WIRE_GROUP_HEAD - WIRE_TAG;
	const size_t len = plain_len - WIRE_SIGNATURE;
	const uint8_t *identity = g->from->identity;
	uint8_t nonce[WIRE_IV];
	struct label x;
	struct part signed_part;
	int r;

	crypto_nonce(nonce, key + WIRE_KEY, seq);
	if ((r = crypto_open(c, plain, key, nonce, body + AT_AAD,
		 WIRE_GROUP_AAD, body + WIRE_GROUP_HEAD,
		 n - WIRE_GROUP_HEAD)) != 0 ||
	    (r = signed_make(c, &x, g, seq, plain + WIRE_SIGNATURE, len)) != 0)
		goto out;
	signed_part = label_part(&x);
	if ((r = ed25519_verify(c, identity, plain, &signed_part, 1)) != 0)
		goto out;
	memmove(plain, plain + WIRE_SIGNATURE, len);
out:
	if (r != 0)
		secret_wipe(plain, plain_len);
	else
		secret_wipe(plain + len, WIRE_SIGNATURE);
	secret_wipe(x.p, sizeof(x.p));
	return r;
}

int group_open_with(struct crypto *c, struct buf *out,
    const struct group_context *g, const uint8_t key[WIRE_KEY_IV],
    const uint8_t *body, size_t n)
{
	struct group_head head;
	int r;

	if ((r = group_head_decode(&head, body, n)) != 0)
		return r;
	if (head.room != g->epoch->room || head.epoch != g->epoch->epoch ||
	    head.sender != g->from->id)
		return ERR_OPEN;
	if ((r = buf_reserve(out, n - WIRE_GROUP_HEAD - WIRE_TAG)) != 0)
		return r;
	r = body_open(c, out->p + out->len, g, key, head.seq, body, n);
	if (r == 0)
		out->len += n - WIRE_GROUP_HEAD - WIRE_TAG - WIRE_SIGNATURE;
	return r;
}

int group_open(struct crypto *c, struct buf *out, const struct group_context *g,
    const uint8_t *body, size_t n)
{
	uint8_t key[WIRE_KEY_IV] = {0};
	int r = group_sender_key(c, key, g->epoch, g->from->id, g->from->card);

	if (r == 0)
		r = group_open_with(c, out, g, key, body, n);
	secret_wipe(key, sizeof(key));
	return r;
}
