/* link.c - builds and checks records, and seals and opens control frames. */
#include "shared/proto/link_int.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"


/* Returns r. Running out of memory leaves a direction unchanged. Any other
 * error ends it, so that no caller continues by mistake after a bad record.
 * The other direction stays open: a protocol error is answered with a bye. */
/*@ requires \valid(a);
    assigns a->dead;
    ensures \result == r; */
static int half_end_on(struct half *a, int r)
{
	if (r != 0 && r != ERR_NOMEM && r != ERR_LIMIT)
		a->dead = true;
	return r;
}

void link_keys_wipe(struct link_keys *k)
{
	secret_wipe(k, sizeof(*k));
}

/* The server sends far more records than it receives, so the sending MAC is
 * the fast one (mac_new_ready) and the receiving MAC the small one. */
static int half_init(struct half *a, struct crypto *c,
    const struct link_keys *k, enum link_dir d, bool ready)
{
	memcpy(a->seal, k->seal[d], sizeof(a->seal));
	memcpy(a->iv, k->iv[d], sizeof(a->iv));
	a->mac = (ready ? mac_new_ready : mac_new)(c, k->mac[d]);
	return a->mac != NULL ? 0 : ERR_NOMEM;
}

/* Uses the ordinary heap: a locked page for each of ten thousand links would
 * exceed any limit on locked memory. */
struct link *link_new(
    struct crypto *c, const struct link_keys *k, enum link_role role)
{
	struct link *l = calloc(1, sizeof(*l));
	bool client = role == LINK_CLIENT;

	if (l == NULL)
		return NULL;
	l->crypto = c;
	if (half_init(&l->tx, c, k, client ? LINK_C2S : LINK_S2C, true) != 0 ||
	    half_init(&l->rx, c, k, client ? LINK_S2C : LINK_C2S, false) != 0) {
		link_free(l);
		return NULL;
	}
	return l;
}

void link_free(struct link *l)
{
	if (l == NULL)
		return;
	mac_free(l->tx.mac);
	mac_free(l->rx.mac);
	secret_wipe(l, sizeof(*l));
	free(l);
}

/* Derives the key and iv of the following frames; see PROTOCOL.md 3,
 * key_exchange. */
/*@ requires \valid_read(a) && \valid(next + (0 .. WIRE_KEY_IV - 1));
    assigns next[0 .. WIRE_KEY_IV - 1];
    ensures \result <= 0; */
static int half_next(
    struct crypto *c, const struct half *a, uint8_t next[WIRE_KEY_IV])
{
	struct part info = {LABEL_NEXT, sizeof(LABEL_NEXT)};

	return crypto_expand(c, next, WIRE_KEY_IV, a->seal, &info, 1);
}

/*@ requires \valid(a) && \valid_read(next + (0 .. WIRE_KEY_IV - 1));
    requires \separated(a, next + (0 .. WIRE_KEY_IV - 1));
    assigns a->seal[0 .. WIRE_KEY - 1], a->iv[0 .. WIRE_IV - 1]; */
static void half_step(struct half *a, const uint8_t next[WIRE_KEY_IV])
{
	memcpy(a->seal, next, WIRE_KEY);
	memcpy(a->iv, next + WIRE_KEY, WIRE_IV);
}

/* --- frames --- */

/*@ assigns \nothing;
    ensures kind == KIND_CONTROL && \result ==>
      WIRE_TAG <= n <= WIRE_JSON_MAX + WIRE_TAG;
    ensures kind == KIND_DIRECT && \result ==>
      WIRE_TAG <= n <= WIRE_RECORD_MAX; */
static bool body_fits(uint8_t kind, size_t n)
{
	switch (kind) {
#define X(name, code, min, max)                                                \
	case code:                                                             \
		return n >= (min) && n <= (max);
		WIRE_KINDS(X)
#undef X
	}
	return true;
}

void link_frame_head(uint8_t out[WIRE_FRAME_HEAD], uint8_t kind, size_t n)
{
	put_u32(out, (uint32_t)(n + 1));
	out[4] = kind;
}

int link_next(struct rd *frames, struct link_frame *out)
{
	struct rd in = {frames->p, frames->left};
	const uint8_t *body;
	uint32_t len;
	uint8_t kind;

	if (in.left == 0)
		return ERR_AGAIN;
	if (rd_u32(&in, &len) != 0)
		return ERR_TRUNC;
	if (len == 0) /* every frame has a kind */
		return ERR_RANGE;
	if (rd_u8(&in, &kind) != 0 || rd_bytes(&in, &body, len - 1) != 0)
		return ERR_TRUNC;
	*out = (struct link_frame){kind, body, len - 1};
	*frames = in;
	return 0;
}

/* Adds a frame to a record's MAC. Keeps its digest if there is room for it. */
/*@ requires \valid_read(f) && \valid_read(f->body + (0 .. f->len - 1));
    requires d == \null || (\valid(d) && d->n <= LINK_DIGESTS);
    assigns *d;
    ensures \result <= 0;
    ensures d == \null || d->n <= LINK_DIGESTS; */
static int mac_frame(struct crypto *c, struct mac *m,
    const struct link_frame *f, struct link_digests *d)
{
	const size_t head = f->kind == KIND_GROUP ? WIRE_OFFSET : 0;
	uint8_t b[LINK_ENTRY];
	int r;

	if (f->len < head)
		return ERR_RANGE;
	b[0] = f->kind;
	if (head > 0)
		memcpy(b + 1, f->body, head);
	r = crypto_hash1(c, b + 1 + head, f->body + head, f->len - head);
	if (r == 0 && d != NULL && d->n < LINK_DIGESTS)
		memcpy(d->p[d->n++], b + 1 + head, WIRE_HASH);
	return r != 0 ? r : mac_add(m, b, 1 + head + WIRE_HASH);
}

/* --- receiving --- */

int link_length(const uint8_t *in, size_t n, size_t *total)
{
	uint32_t len;

	if (n < WIRE_LENGTH)
		return ERR_AGAIN;
	len = get_u32(in);
	if (len < LINK_RECORD_MIN - WIRE_LENGTH || len > WIRE_RECORD_MAX)
		return ERR_RANGE;
	*total = WIRE_LENGTH + (size_t)len;
	return 0;
}

/* Computes the MAC that a record should have. The frames are split with bounds
 * checks only, because the MAC covers each frame; nothing else uses them before
 * the MAC has been compared. */
/*@ requires \valid(l) && \valid_read(seq + (0 .. 7));
    requires \valid_read(frames.p + (0 .. frames.left - 1));
    requires \valid(want + (0 .. WIRE_HASH - 1));
    requires d == \null || (\valid(d) && d->n <= LINK_DIGESTS);
    assigns want[0 .. WIRE_HASH - 1], *d;
    ensures \result <= 0; */
static int record_mac(struct link *l, const uint8_t seq[8], struct rd frames,
    uint8_t want[WIRE_HASH], struct link_digests *d)
{
	struct link_frame f;
	int r;

	if ((r = mac_begin(l->rx.mac)) != 0 ||
	    (r = mac_add(l->rx.mac, seq, 8)) != 0)
		return r;
	/*@ loop invariant rd_ok(&frames);
	    loop invariant d == \null || d->n <= LINK_DIGESTS;
	    loop assigns r, frames, f, *d;
	    loop variant frames.left; */
	while ((r = link_next(&frames, &f)) == 0)
		if ((r = mac_frame(l->crypto, l->rx.mac, &f, d)) != 0)
			return r;
	return r == ERR_AGAIN ? mac_end(l->rx.mac, want) : r;
}

/* Checks a whole record. Returns 0 if it is this direction's next one. */
/*@ requires \valid(l) && \valid_read(record + (0 .. n - 1));
    requires \valid(frames) && \separated(frames, l);
    requires d == \null || (\valid(d) && d->n <= LINK_DIGESTS &&
      \separated(d, frames, l));
    assigns l->rx.seq, *frames, *d;
    ensures \result == 0 ==> rd_ok(frames) &&
      frames->p == record + WIRE_RECORD_HEAD &&
      frames->left == n - WIRE_RECORD_HEAD - WIRE_RECORD_MAC;
    ensures \result != 0 ==> l->rx.seq == \old(l->rx.seq); */
static int record_check(struct link *l, const uint8_t *record, size_t n,
    struct rd *frames, struct link_digests *d)
{
	struct rd in = {record, n}, body = {0}, walk;
	const uint8_t *seq, *mac;
	uint8_t want[WIRE_HASH];
	struct link_frame f;
	uint32_t len;
	size_t total;
	int r;

	if ((r = link_length(record, n, &total)) != 0)
		return r == ERR_AGAIN ? ERR_TRUNC : r;
	if (n != total)
		return n < total ? ERR_TRUNC : ERR_RANGE;
	body.left = n - WIRE_RECORD_HEAD - WIRE_RECORD_MAC;
	if (rd_u32(&in, &len) != 0 || rd_bytes(&in, &seq, 8) != 0 ||
	    rd_bytes(&in, &body.p, body.left) != 0 ||
	    rd_bytes(&in, &mac, WIRE_RECORD_MAC) != 0)
		return ERR_TRUNC;

	if ((r = record_mac(l, seq, body, want, d)) != 0)
		return r;
	if (!secret_equal(want, mac, WIRE_RECORD_MAC))
		return ERR_MAC;
	if (get_u64(seq) != l->rx.seq)
		return get_u64(seq) < l->rx.seq ? ERR_REPLAYED : ERR_GAP;

	/* An authenticated peer may still be malicious and send sizes that
	 * no frame of its kind has. */
	/*@ loop invariant rd_ok(&walk);
	    loop assigns r, walk, f;
	    loop variant walk.left; */
	for (walk = body; (r = link_next(&walk, &f)) == 0;)
		if (!body_fits(f.kind, f.len))
			return ERR_RANGE;
	if (r != ERR_AGAIN)
		return r;
	l->rx.seq++;
	*frames = body;
	return 0;
}

/*@ requires \valid(l) && \valid_read(record + (0 .. n - 1));
    requires \valid(frames) && \separated(frames, l);
    assigns l->rx.seq, l->rx.dead, *frames;
    ensures \result == 0 ==> rd_ok(frames) &&
      frames->p == record + WIRE_RECORD_HEAD &&
      frames->left == n - WIRE_RECORD_HEAD - WIRE_RECORD_MAC; */
int link_open(
    struct link *l, const uint8_t *record, size_t n, struct rd *frames)
{
	if (l->rx.dead)
		return ERR_STATE;
	return half_end_on(&l->rx, record_check(l, record, n, frames, NULL));
}

/*@ requires \valid(l) && \valid_read(record + (0 .. n - 1));
    requires \valid(frames) && \valid(d) && \separated(d, frames, l);
    assigns l->rx.seq, l->rx.dead, *frames, *d;
    ensures \result == 0 ==> rd_ok(frames) &&
      frames->p == record + WIRE_RECORD_HEAD &&
      frames->left == n - WIRE_RECORD_HEAD - WIRE_RECORD_MAC; */
int link_open_keep(struct link *l, const uint8_t *record, size_t n,
    struct rd *frames, struct link_digests *d)
{
	d->n = 0;
	if (l->rx.dead)
		return ERR_STATE;
	return half_end_on(&l->rx, record_check(l, record, n, frames, d));
}

/* A body that is sealed under the link: of a control or a direct frame. */
/*@ requires \valid(l) && buf_ok(out) && \valid_read(body + (0 .. n - 1));
    requires \separated(l, out, out->p + (0 .. out->cap - 1));
    requires kind == KIND_CONTROL || kind == KIND_DIRECT;
    ensures buf_ok(out) && \old(out->len) <= out->len; */
static int body_open(struct link *l, struct buf *out, uint8_t kind,
    const uint8_t *body, size_t n)
{
	uint8_t nonce[WIRE_IV];
	int r;

	if (l->rx.dead)
		return ERR_STATE;
	if (!body_fits(kind, n))
		return half_end_on(&l->rx, ERR_RANGE);
	if ((r = buf_reserve(out, n - WIRE_TAG)) != 0)
		return r;
	crypto_nonce(nonce, l->rx.iv, l->rx.sealed);
	r = crypto_open(l->crypto, out->p + out->len, l->rx.seal, nonce, &kind,
	    sizeof(kind), body, n);
	if (r == 0) {
		out->len += n - WIRE_TAG;
		l->rx.sealed++;
	}
	return half_end_on(&l->rx, r);
}

/*@ requires \valid(l) && buf_ok(out) && \valid_read(body + (0 .. n - 1));
    requires \separated(l, out, out->p + (0 .. out->cap - 1));
    ensures buf_ok(out) && \old(out->len) <= out->len; */
int link_control_open(
    struct link *l, struct buf *out, const uint8_t *body, size_t n)
{
	return body_open(l, out, KIND_CONTROL, body, n);
}

/*@ requires \valid(l) && buf_ok(out) && \valid_read(body + (0 .. n - 1));
    requires \separated(l, out, out->p + (0 .. out->cap - 1));
    ensures buf_ok(out) && \old(out->len) <= out->len; */
int link_direct_open(
    struct link *l, struct buf *out, const uint8_t *body, size_t n)
{
	return body_open(l, out, KIND_DIRECT, body, n);
}

/*@ requires \valid(l);
    assigns l->rx; */
int link_stepped(struct link *l)
{
	uint8_t next[WIRE_KEY_IV];
	int r;

	if (l->rx.dead)
		return ERR_STATE;
	if ((r = half_next(l->crypto, &l->rx, next)) == 0)
		half_step(&l->rx, next);
	secret_wipe(next, sizeof(next));
	return half_end_on(&l->rx, r);
}

/* --- sending --- */

/*@ requires \valid(l) && buf_ok(out);
    requires \valid_read((uint8_t *)body + (0 .. n - 1));
    requires \separated(l, out, out->p + (0 .. out->cap - 1));
    requires kind == KIND_CONTROL || kind == KIND_DIRECT;
    ensures buf_ok(out) && \old(out->len) <= out->len; */
static int body_seal(struct link *l, struct buf *out, uint8_t kind,
    const void *body, size_t n, bool step)
{
	uint8_t nonce[WIRE_IV], next[WIRE_KEY_IV];
	int r;

	if (l->tx.dead)
		return ERR_STATE;
	if (n > WIRE_RECORD_MAX || !body_fits(kind, n + WIRE_TAG))
		return ERR_LIMIT;
	if ((r = buf_reserve(out, n + WIRE_TAG)) != 0)
		return r;
	//@ admit fresh: \separated(out->p + (0 .. out->cap - 1), l, out, &nonce, &next);
	/* Derive the next key first: nothing may fail once the frame is
	 * sealed. */
	if (step && (r = half_next(l->crypto, &l->tx, next)) != 0)
		goto out;
	crypto_nonce(nonce, l->tx.iv, l->tx.sealed);
	r = crypto_seal(l->crypto, out->p + out->len, l->tx.seal, nonce,
	    &kind, sizeof(kind), body, n);
	if (r != 0)
		goto out;
	out->len += n + WIRE_TAG;
	l->tx.sealed++;
	if (step)
		half_step(&l->tx, next);
out:
	secret_wipe(next, sizeof(next));
	return half_end_on(&l->tx, r);
}

/*@ requires \valid(l) && buf_ok(out);
    requires \valid_read((uint8_t *)json + (0 .. n - 1));
    requires \separated(l, out, out->p + (0 .. out->cap - 1));
    ensures buf_ok(out) && \old(out->len) <= out->len; */
int link_control_seal(
    struct link *l, struct buf *out, const void *json, size_t n, bool step)
{
	return body_seal(l, out, KIND_CONTROL, json, n, step);
}

/*@ requires \valid(l) && buf_ok(out) && \valid_read(body + (0 .. n - 1));
    requires \separated(l, out, out->p + (0 .. out->cap - 1));
    ensures buf_ok(out) && \old(out->len) <= out->len; */
int link_direct_seal(
    struct link *l, struct buf *out, const uint8_t *body, size_t n)
{
	return body_seal(l, out, KIND_DIRECT, body, n, false);
}

/*@ requires \valid(l);
    assigns l->making, l->n_frames, l->tx.dead; */
int link_record_begin(struct link *l)
{
	uint8_t seq[8];
	int r;

	if (l->tx.dead)
		return ERR_STATE;
	put_u64(seq, l->tx.seq);
	if ((r = mac_begin(l->tx.mac)) == 0)
		r = mac_add(l->tx.mac, seq, sizeof(seq));
	l->making = r == 0;
	l->n_frames = 0;
	return half_end_on(&l->tx, r);
}

/*@ requires \valid(l) && \valid_read(digest + (0 .. WIRE_HASH - 1));
    assigns l->n_frames, l->tx.dead; */
int link_record_frame(
    struct link *l, uint8_t kind, const uint8_t digest[WIRE_HASH])
{
	uint8_t b[1 + WIRE_HASH];

	if (l->tx.dead || !l->making || kind == KIND_GROUP)
		return ERR_STATE;
	b[0] = kind;
	memcpy(b + 1, digest, WIRE_HASH);
	l->n_frames++;
	return half_end_on(&l->tx, mac_add(l->tx.mac, b, sizeof(b)));
}

/*@ requires \valid(l) && n <= LINK_FRAMES_MAX / WIRE_FRAME_HEAD;
    requires \valid_read(entries + (0 .. n * LINK_ENTRY - 1));
    assigns l->n_frames, l->tx.dead; */
int link_record_frames(struct link *l, const uint8_t *entries, size_t n)
{
	if (l->tx.dead || !l->making)
		return ERR_STATE;
	l->n_frames += n;
	return half_end_on(&l->tx, mac_add(l->tx.mac, entries, n * LINK_ENTRY));
}

/*@ requires \valid(l) && \valid(head + (0 .. WIRE_RECORD_HEAD - 1));
    requires \valid(mac + (0 .. WIRE_RECORD_MAC - 1));
    requires \separated(l, head + (0 .. WIRE_RECORD_HEAD - 1),
      mac + (0 .. WIRE_RECORD_MAC - 1));
    assigns l->making, l->tx.dead, l->tx.seq;
    assigns head[0 .. WIRE_RECORD_HEAD - 1], mac[0 .. WIRE_RECORD_MAC - 1]; */
int link_record_end(struct link *l, size_t frames_len,
    uint8_t head[WIRE_RECORD_HEAD], uint8_t mac[WIRE_RECORD_MAC])
{
	uint8_t whole[WIRE_HASH];
	int r;

	if (l->tx.dead || !l->making || l->n_frames == 0)
		return ERR_STATE;
	l->making = false;
	if (frames_len > LINK_FRAMES_MAX ||
	    frames_len / WIRE_FRAME_HEAD < l->n_frames)
		return half_end_on(&l->tx, ERR_RANGE);
	if ((r = mac_end(l->tx.mac, whole)) != 0)
		return half_end_on(&l->tx, r);
	put_u32(head, (uint32_t)(8 + frames_len + WIRE_RECORD_MAC));
	put_u64(head + WIRE_LENGTH, l->tx.seq);
	memcpy(mac, whole, WIRE_RECORD_MAC);
	l->tx.seq++;
	return 0;
}

/* frames_len, or 0 if there is nothing, or too much for one record. */
/*@ requires \valid_read(frames + (0 .. n_frames - 1));
    assigns \nothing;
    ensures 0 <= \result <= LINK_FRAMES_MAX; */
static size_t frames_size(const struct link_frame *frames, size_t n_frames)
{
	size_t left = LINK_FRAMES_MAX, i;

	/*@ loop invariant 0 <= i <= n_frames && left <= LINK_FRAMES_MAX;
	    loop assigns i, left;
	    loop variant n_frames - i; */
	for (i = 0; i < n_frames; i++) {
		if (left < WIRE_FRAME_HEAD ||
		    frames[i].len > left - WIRE_FRAME_HEAD)
			return 0;
		left -= WIRE_FRAME_HEAD + frames[i].len;
	}
	return LINK_FRAMES_MAX - left;
}

int link_record(struct link *l, struct buf *out,
    const struct link_frame *frames, size_t n_frames)
{
	size_t len = frames_size(frames, n_frames), i;
	uint8_t *p;
	int r;

	if (l->tx.dead)
		return ERR_STATE;
	if (len == 0)
		return ERR_RANGE;
	r = buf_reserve(out, WIRE_RECORD_HEAD + len + WIRE_RECORD_MAC);
	if (r != 0 || (r = link_record_begin(l)) != 0)
		return r;
	p = out->p + out->len + WIRE_RECORD_HEAD;
	for (i = 0; i < n_frames; i++) {
		r = mac_frame(l->crypto, l->tx.mac, &frames[i], NULL);
		if (r != 0)
			return half_end_on(&l->tx, r);
		l->n_frames++;
		link_frame_head(p, frames[i].kind, frames[i].len);
		p += WIRE_FRAME_HEAD;
		if (frames[i].len > 0)
			memcpy(p, frames[i].body, frames[i].len);
		p += frames[i].len;
	}
	if ((r = link_record_end(l, len, out->p + out->len, p)) != 0)
		return r;
	out->len += WIRE_RECORD_HEAD + len + WIRE_RECORD_MAC;
	return 0;
}
