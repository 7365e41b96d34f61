/* direct.c - seals and opens direct frames, signs and checks prekeys. */
#include "shared/proto/direct.h"

#include <string.h>

#include "shared/base/secret.h"

enum {
	AAD_AT = 8,
	AAD = WIRE_DIRECT_HEAD - AAD_AT,
	TO = AAD_AT,
	FROM = TO + WIRE_HASH,
	PREKEY = FROM + WIRE_HASH,
	E = PREKEY + WIRE_X25519,
	AROUND = WIRE_SIGNATURE + WIRE_TAG, /* a content */
};

/* --- prekeys ------------------------------------------------------------- */

/* u8 once || u64 made || key */
enum { PREKEY_TEXT = 1 + 8 + WIRE_X25519 };

static void prekey_text(
    uint8_t out[PREKEY_TEXT], const struct prekey *k, bool once)
{
	out[0] = once;
	put_u64(out + 1, k->made_s);
	memcpy(out + 9, k->key, WIRE_X25519);
}

int prekey_sign(struct prekey *k, const struct identity *id,
    const uint8_t server[WIRE_HASH], bool once)
{
	uint8_t text[PREKEY_TEXT];
	const struct part parts[] = {{LABEL_PREKEY, sizeof(LABEL_PREKEY)},
	    {server, WIRE_HASH}, {text, sizeof(text)}};

	prekey_text(text, k, once);
	return identity_sign(id, k->signature, parts, 3);
}

int prekey_verify(struct crypto *c, const struct prekey *k,
    const uint8_t identity[WIRE_ED25519], const uint8_t server[WIRE_HASH],
    bool once)
{
	uint8_t text[PREKEY_TEXT];
	const struct part parts[] = {{LABEL_PREKEY, sizeof(LABEL_PREKEY)},
	    {server, WIRE_HASH}, {text, sizeof(text)}};
	int r = x25519_check(k->key);

	if (r != 0)
		return r;
	prekey_text(text, k, once);
	return ed25519_verify(c, identity, k->signature, parts, 3);
}

/* --- frames -------------------------------------------------------------- */

int direct_head_decode(struct direct_head *out, const uint8_t *body, size_t n)
{
	if (n < WIRE_DIRECT_HEAD + AROUND)
		return ERR_TRUNC;
	if (n - WIRE_DIRECT_HEAD - AROUND > WIRE_JSON_MAX)
		return ERR_RANGE;
	out->number = get_u64(body);
	out->to = body + TO;
	out->from = body + FROM;
	out->prekey = body + PREKEY;
	out->e = body + E;
	return 0;
}

/* key || iv of a frame with this beginning. */
static int frame_key(struct crypto *c, uint8_t out[WIRE_KEY_IV],
    const struct dh *own, const uint8_t peer[WIRE_X25519],
    const uint8_t *head)
{
	const struct part info[] = {{head + AAD_AT, AAD}};
	uint8_t shared[WIRE_X25519], prk[WIRE_HASH];
	int r;

	if ((r = dh_agree(c, shared, own, peer)) == 0 &&
	    (r = crypto_extract(c, prk, LABEL_DIRECT, sizeof(LABEL_DIRECT),
		 shared, sizeof(shared))) == 0)
		r = crypto_expand(c, out, WIRE_KEY_IV, prk, info, 1);
	secret_wipe(shared, sizeof(shared));
	secret_wipe(prk, sizeof(prk));
	return r;
}

/* The parts that the signature covers, the last one into `hash`. */
enum { SIGNED_PARTS = 4 };
static int signed_parts(struct crypto *c, struct part out[SIGNED_PARTS],
    uint8_t hash[WIRE_HASH], const uint8_t *server, const uint8_t *head,
    const void *content, size_t n)
{
	out[0] = (struct part){LABEL_DIRECT, sizeof(LABEL_DIRECT)};
	out[1] = (struct part){server, WIRE_HASH};
	out[2] = (struct part){head + AAD_AT, AAD};
	out[3] = (struct part){hash, WIRE_HASH};
	return crypto_hash1(c, hash, content, n);
}

/* The head of a frame from `sender`, sealed with the pair `e`. */
static int make_head(struct crypto *c, uint8_t head[WIRE_DIRECT_HEAD],
    uint64_t number, const struct direct_to *to,
    const struct identity *sender, const struct dh *e)
{
	int r;

	put_u64(head, number);
	if ((r = ed25519_fingerprint(c, head + TO, to->identity)) != 0 ||
	    (r = ed25519_fingerprint(
		 c, head + FROM, identity_public(sender))) != 0)
		return r;
	memcpy(head + PREKEY, to->prekey, WIRE_X25519);
	memcpy(head + E, dh_public(e), WIRE_X25519);
	return 0;
}

/* signature || content */
static int make_plain(struct crypto *c, struct buf *plain,
    const uint8_t *server, const uint8_t *head, const struct identity *sender,
    const void *content, size_t n)
{
	uint8_t signature[WIRE_SIGNATURE], hash[WIRE_HASH];
	struct part parts[SIGNED_PARTS];
	int r;

	if ((r = signed_parts(c, parts, hash, server, head, content, n)) != 0 ||
	    (r = identity_sign(sender, signature, parts, SIGNED_PARTS)) != 0 ||
	    (r = buf_put(plain, signature, sizeof(signature))) != 0)
		return r;
	return buf_put(plain, content, n);
}

int direct_seal(struct crypto *c, struct buf *out, uint64_t number,
    const struct direct_to *to, const struct identity *sender,
    const struct rng *rng, const void *content, size_t n)
{
	uint8_t head[WIRE_DIRECT_HEAD], key[WIRE_KEY_IV];
	const size_t start = out->len;
	struct dh *e = NULL;
	struct buf plain;
	int r;

	if (n > WIRE_JSON_MAX)
		return ERR_RANGE;
	buf_init_secret(&plain, WIRE_SIGNATURE + WIRE_JSON_MAX);
	if ((r = x25519_check(to->prekey)) != 0)
		goto out;
	r = ERR_CRYPTO;
	if ((e = dh_new(rng)) == NULL ||
	    (r = make_head(c, head, number, to, sender, e)) != 0 ||
	    (r = frame_key(c, key, e, to->prekey, head)) != 0 ||
	    (r = make_plain(c, &plain, to->server, head, sender, content,
		 n)) != 0 ||
	    (r = buf_reserve(out, sizeof(head) + AROUND + n)) != 0 ||
	    (r = buf_put(out, head, sizeof(head))) != 0)
		goto out;
	if ((r = crypto_seal(c, out->p + out->len, key, key + WIRE_KEY,
		 head + AAD_AT, AAD, plain.p, plain.len)) != 0)
		buf_truncate(out, start);
	else
		out->len += AROUND + n;
	if (r == 0 && to->key != NULL)
		memcpy(to->key, key, sizeof(key));
out:	secret_wipe(key, sizeof(key));
	buf_free(&plain);
	dh_free(e);
	return r;
}

/* Whether the frame is from whom, to whom and for the key that it should be. */
static int check_head(struct crypto *c, const struct direct_head *h,
    const struct direct_from *from)
{
	uint8_t own[WIRE_HASH], sender[WIRE_HASH];
	int r;

	if ((r = ed25519_fingerprint(c, own, from->own)) != 0 ||
	    (r = ed25519_fingerprint(c, sender, from->identity)) != 0)
		return r;
	if (memcmp(h->to, own, WIRE_HASH) != 0 ||
	    memcmp(h->from, sender, WIRE_HASH) != 0 ||
	    memcmp(h->prekey, dh_public(from->prekey), WIRE_X25519) != 0)
		return ERR_MEMBER;
	return x25519_check(h->e);
}

/* Opens the AEAD with its key || iv, and checks the signature. */
static int open_plain(struct crypto *c, struct buf *out,
    const struct direct_proof *p, const uint8_t *body, size_t n)
{
	struct part parts[SIGNED_PARTS];
	uint8_t hash[WIRE_HASH];
	struct buf plain;
	int r;

	buf_init_secret(&plain, WIRE_SIGNATURE + WIRE_JSON_MAX);
	if ((r = buf_reserve(&plain, n - WIRE_DIRECT_HEAD - WIRE_TAG)) != 0 ||
	    (r = crypto_open(c, plain.p, p->key, p->key + WIRE_KEY,
		 body + AAD_AT, AAD, body + WIRE_DIRECT_HEAD,
		 n - WIRE_DIRECT_HEAD)) != 0)
		goto out;
	plain.len = n - WIRE_DIRECT_HEAD - WIRE_TAG;
	if ((r = signed_parts(c, parts, hash, p->server, body,
		 plain.p + WIRE_SIGNATURE, plain.len - WIRE_SIGNATURE)) == 0 &&
	    (r = ed25519_verify(c, p->identity, plain.p, parts,
		 SIGNED_PARTS)) == 0)
		r = buf_put(out, plain.p + WIRE_SIGNATURE,
		    plain.len - WIRE_SIGNATURE);
out:	buf_free(&plain);
	return r;
}

int direct_open(struct crypto *c, struct buf *out,
    const struct direct_from *from, const uint8_t *body, size_t n)
{
	uint8_t key[WIRE_KEY_IV];
	const struct direct_proof p = {from->server, from->identity, key};
	struct direct_head h;
	int r;

	if ((r = direct_head_decode(&h, body, n)) != 0 ||
	    (r = check_head(c, &h, from)) != 0)
		return r;
	if ((r = frame_key(c, key, from->prekey, h.e, body)) == 0)
		r = open_plain(c, out, &p, body, n);
	if (r == 0 && from->key != NULL)
		memcpy(from->key, key, sizeof(key));
	secret_wipe(key, sizeof(key));
	return r;
}

int direct_open_with(struct crypto *c, struct buf *out,
    const struct direct_proof *p, const uint8_t *body, size_t n)
{
	uint8_t sender[WIRE_HASH];
	struct direct_head h;
	int r;

	if ((r = direct_head_decode(&h, body, n)) != 0 ||
	    (r = ed25519_fingerprint(c, sender, p->identity)) != 0)
		return r;
	if (memcmp(h.from, sender, WIRE_HASH) != 0)
		return ERR_MEMBER;
	return open_plain(c, out, p, body, n);
}
