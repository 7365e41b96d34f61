#include <string.h>

#include "shared/proto/group.h"
#include "shared/crypto/secret.h"
#include "shared/proto/label.h"

enum {
#define X(name, code, min, max) name##_MIN = min, name##_MAX = max,
	WIRE_KINDS(X)
#undef X
	    AT_ROOM = 8, /* where the 20 bytes of the aad begin */
	AT_EPOCH = 12,
	AT_SENDER = 16,
	AT_SEQ = 20,
};

int group_head_decode(struct group_head *out, const uint8_t *body, size_t n)
{
	if (n < GROUP_MIN || n > GROUP_MAX)
		return ERR_RANGE;
	if (get_u64(body) > INT64_MAX || get_u64(body + AT_SEQ) > INT64_MAX)
		return ERR_RANGE;
	out->offset = get_u64(body);
	out->room = get_u32(body + AT_ROOM);
	out->epoch = get_u32(body + AT_EPOCH);
	out->sender = get_u32(body + AT_SENDER);
	out->seq = get_u64(body + AT_SEQ);
	return 0;
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

int group_epoch_make(struct crypto *c, struct group_epoch *out, uint32_t room,
    uint32_t epoch, const uint8_t secret[WIRE_KEY], const uint8_t *seal)
{
	static const uint8_t no_seal[WIRE_KEY];
	struct label label;
	struct part info;
	int r;

	label_commit(&label, room, epoch);
	info = label_part(&label);
	out->room = room;
	out->epoch = epoch;
	if ((r = crypto_extract(c, out->base, seal != NULL ? seal : no_seal,
		 WIRE_KEY, secret, WIRE_KEY)) != 0 ||
	    (r = crypto_expand(
		 c, out->commit, WIRE_HASH, out->base, &info, 1)) != 0)
		group_epoch_wipe(out);
	return r;
}

void group_epoch_wipe(struct group_epoch *e)
{
	/* What is secret of it. */
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

/* What the signature of a message covers: label_message with H(content). The
 * hash can be guessed at, so the caller wipes *x. */
/*@ requires \valid(x) && \valid_read(e) && sender_ok(from);
    requires \valid_read(session + (0 .. WIRE_NONCE - 1));
    requires \valid_read((uint8_t *)content + (0 .. n - 1));
    requires \separated(x, from) && \separated(x, e);
    requires \separated(x, session + (0 .. WIRE_NONCE - 1));
    requires \separated(x, from->name + (0 .. strlen(from->name)));
    assigns *x;
    ensures x->len <= LABEL_MAX && \result <= 0; */
static int signed_make(struct crypto *c, struct label *x,
    const struct group_epoch *e, const uint8_t session[WIRE_NONCE],
    const struct group_sender *from, uint64_t seq, const void *content,
    size_t n)
{
	uint8_t hash[WIRE_HASH] = {0};
	const struct label_message_of m = {
	    .session = session,
	    .room = e->room,
	    .epoch = e->epoch,
	    .commit = e->commit,
	    .sender = from->id,
	    .seq = seq,
	    .name = from->name,
	    .content = hash,
	};
	int r;

	x->len = 0;
	if ((r = crypto_hash1(c, hash, content, n)) == 0)
		r = label_message(x, &m);
	secret_wipe(hash, sizeof(hash));
	return r;
}

/* Writes a whole body: the sealing itself, on memory that is there. */
/*@ requires n <= WIRE_JSON_MAX && \valid_read(e) && sender_ok(from);
    requires \valid(body + (0 .. WIRE_GROUP_HEAD + WIRE_SIGNATURE + n +
      WIRE_TAG - 1));
    requires \valid_read(session + (0 .. WIRE_NONCE - 1));
    requires \valid_read((uint8_t *)content + (0 .. n - 1));
    requires \separated((uint8_t *)content + (0 .. n - 1), body + (0 ..
      WIRE_GROUP_HEAD + WIRE_SIGNATURE + n + WIRE_TAG - 1));
    assigns body[0 .. WIRE_GROUP_HEAD + WIRE_SIGNATURE + n + WIRE_TAG - 1];
    ensures \result <= 0; */
static int body_seal(struct crypto *c, uint8_t *body,
    const struct group_epoch *e, const uint8_t session[WIRE_NONCE],
    const struct group_sender *from, const struct identity *signer,
    uint64_t seq, const void *content, size_t n)
{
	const size_t plain_len = WIRE_SIGNATURE + n;
	uint8_t key[WIRE_KEY_IV] = {0}, nonce[WIRE_IV];
	uint8_t *plain = body + WIRE_GROUP_HEAD;
	struct label x;
	struct part parts;
	int r;

	put_u64(body, 0);
	put_u32(body + AT_ROOM, e->room);
	put_u32(body + AT_EPOCH, e->epoch);
	put_u32(body + AT_SENDER, from->id);
	put_u64(body + AT_SEQ, seq);
	if ((r = signed_make(c, &x, e, session, from, seq, content, n)) != 0)
		goto out;
	parts = label_part(&x);
	if ((r = identity_sign(signer, plain, &parts, 1)) != 0 ||
	    (r = group_sender_key(c, key, e, from->id, from->card)) != 0)
		goto out;
	if (n > 0)
		memcpy(plain + WIRE_SIGNATURE, content, n);
	crypto_nonce(nonce, key + WIRE_KEY, seq);
	r = crypto_seal(c, plain, key, nonce, body + AT_ROOM, WIRE_GROUP_AAD,
	    plain, plain_len);
out:
	if (r != 0)
		secret_wipe(plain, plain_len);
	secret_wipe(key, sizeof(key));
	secret_wipe(x.p, sizeof(x.p));
	return r;
}

int group_seal(struct crypto *c, struct buf *out, const struct group_epoch *e,
    const uint8_t session[WIRE_NONCE], const struct group_sender *from,
    const struct identity *signer, uint64_t seq, const void *content, size_t n)
{
	const size_t len = WIRE_GROUP_HEAD + WIRE_SIGNATURE + n + WIRE_TAG;
	int r;

	if (n > WIRE_JSON_MAX)
		return ERR_LIMIT;
	if ((r = buf_reserve(out, len)) != 0)
		return r;
	/*@ admit fresh: \separated(
	      out->p + (0 .. out->cap - 1), (uint8_t *)content + (0 .. n - 1)); */
	r = body_seal(
	    c, out->p + out->len, e, session, from, signer, seq, content, n);
	if (r == 0)
		out->len += len;
	return r;
}

/* Opens and verifies a body whose head the caller has checked. The content
 * stands at the beginning of `plain` then; of anything else nothing stays. */
/*@ requires \valid_read(e) && sender_ok(from);
    requires n >= WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG;
    requires \valid(plain + (0 .. n - WIRE_GROUP_HEAD - WIRE_TAG - 1));
    requires \valid_read(session + (0 .. WIRE_NONCE - 1));
    requires \valid_read(body + (0 .. n - 1));
    assigns plain[0 .. n - WIRE_GROUP_HEAD - WIRE_TAG - 1];
    ensures \result <= 0; */
static int body_open(struct crypto *c, uint8_t *plain,
    const struct group_epoch *e, const uint8_t session[WIRE_NONCE],
    const struct group_sender *from, uint64_t seq, const uint8_t *body,
    size_t n)
{
	const size_t plain_len = n - WIRE_GROUP_HEAD - WIRE_TAG;
	const size_t len = plain_len - WIRE_SIGNATURE;
	uint8_t key[WIRE_KEY_IV] = {0}, nonce[WIRE_IV];
	struct label x;
	struct part parts;
	int r;

	if ((r = group_sender_key(c, key, e, from->id, from->card)) != 0)
		goto out;
	crypto_nonce(nonce, key + WIRE_KEY, seq);
	if ((r = crypto_open(c, plain, key, nonce, body + AT_ROOM,
		 WIRE_GROUP_AAD, body + WIRE_GROUP_HEAD,
		 n - WIRE_GROUP_HEAD)) != 0 ||
	    (r = signed_make(c, &x, e, session, from, seq,
		 plain + WIRE_SIGNATURE, len)) != 0)
		goto out;
	parts = label_part(&x);
	if ((r = ed25519_verify(c, from->identity, plain, &parts, 1)) != 0)
		goto out;
	memmove(plain, plain + WIRE_SIGNATURE, len);
out:
	/* All of it after a failure, what the move left behind otherwise. */
	if (r != 0)
		secret_wipe(plain, plain_len);
	else
		secret_wipe(plain + len, WIRE_SIGNATURE);
	secret_wipe(key, sizeof(key));
	secret_wipe(x.p, sizeof(x.p));
	return r;
}

int group_open(struct crypto *c, struct buf *out, const struct group_epoch *e,
    const uint8_t session[WIRE_NONCE], const struct group_sender *from,
    const uint8_t *body, size_t n)
{
	struct group_head head;
	int r;

	if ((r = group_head_decode(&head, body, n)) != 0)
		return r;
	/* The caller matched these; a mistake of his must not open. */
	if (head.room != e->room || head.epoch != e->epoch ||
	    head.sender != from->id)
		return ERR_OPEN;
	if ((r = buf_reserve(out, n - WIRE_GROUP_HEAD - WIRE_TAG)) != 0)
		return r;
	r = body_open(
	    c, out->p + out->len, e, session, from, head.seq, body, n);
	if (r == 0)
		out->len += n - WIRE_GROUP_HEAD - WIRE_TAG - WIRE_SIGNATURE;
	return r;
}
