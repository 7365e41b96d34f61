/* Both ends of a link, and a second implementation of records and control
 * frames. */
#include "shared/proto/link_int.h"
#include "tests/unit/link_ends.h"

void ends_random(uint64_t *seed, void *out, size_t n)
{
	uint8_t *p = out;
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(check_random(seed) >> 24);
}

struct link *ends_link(struct ends *e, enum link_role role)
{
	struct link *l = link_new(e->c, &e->keys, role);

	assert_non_null(l);
	return l;
}

void ends_init(struct ends *e, uint64_t seed)
{
	memset(e, 0, sizeof(*e));
	e->c = crypto_new();
	assert_non_null(e->c);
	ends_random(&seed, &e->keys, sizeof(e->keys));
	e->client = ends_link(e, LINK_CLIENT);
	e->server = ends_link(e, LINK_SERVER);
	buf_init(&e->wire, WIRE_LENGTH + WIRE_RECORD_MAX);
}

void ends_free(struct ends *e)
{
	link_free(e->client);
	link_free(e->server);
	buf_free(&e->wire);
	crypto_free(e->c);
}

struct link *ends_fresh(struct ends *e, struct link **l, enum link_role role)
{
	link_free(*l);
	*l = ends_link(e, role);
	return *l;
}

/* --- a second implementation of making a record --- */

void ends_forge(
    struct ends *e, enum link_dir d, const struct forged *f, struct buf *out)
{
	uint8_t text[8 + 64 * LINK_ENTRY], mac[WIRE_HASH];
	size_t at = out->len, n = 8, i, head;
	struct part part;
	uint32_t len;

	assert_true(f->n <= 64);
	put_u64(text, f->seq);
	assert_int_equal(buf_u32(out, 0), 0);
	assert_int_equal(buf_u64(out, f->seq), 0);
	for (i = 0; i < f->n; i++) {
		len = (uint32_t)(f->frames[i].len + 1);
		if (i == 0)
			len = (uint32_t)((long)len + f->lie);
		assert_int_equal(buf_u32(out, len), 0);
		assert_int_equal(buf_u8(out, f->frames[i].kind), 0);
		assert_int_equal(
		    buf_put(out, f->frames[i].body, f->frames[i].len), 0);
		text[n++] = f->frames[i].kind;
		head = f->frames[i].kind == KIND_GROUP ? WIRE_OFFSET : 0;
		if (f->frames[i].len < head)
			head = 0; /* refused before its MAC is compared */
		memcpy(text + n, f->frames[i].body, head);
		n += head;
		assert_int_equal(
		    crypto_hash1(e->c, text + n, f->frames[i].body + head,
			f->frames[i].len - head),
		    0);
		n += WIRE_HASH;
	}
	part = (struct part){text, n};
	assert_int_equal(
	    crypto_hmac(e->c, mac, e->keys.mac[d], WIRE_KEY, &part, 1), 0);
	if (f->no_mac)
		mac[0] ^= 1;
	assert_int_equal(buf_put(out, mac, WIRE_RECORD_MAC), 0);
	put_u32(out->p + at, (uint32_t)(out->len - at - WIRE_LENGTH));
}

void ends_forge_control(struct ends *e, const uint8_t key_iv[WIRE_KEY_IV],
    uint64_t counter, const char *json, uint8_t *out)
{
	uint8_t nonce[WIRE_IV], ctr[8];
	size_t i;

	memcpy(nonce, key_iv + WIRE_KEY, WIRE_IV);
	put_u64(ctr, counter);
	for (i = 0; i < 8; i++)
		nonce[4 + i] ^= ctr[i];
	assert_int_equal(crypto_seal(e->c, out, key_iv, nonce, "\x01", 1, json,
			     strlen(json)),
	    0);
}

void ends_key_iv_of(
    const struct ends *e, enum link_dir d, uint8_t out[WIRE_KEY_IV])
{
	memcpy(out, e->keys.seal[d], WIRE_KEY);
	memcpy(out + WIRE_KEY, e->keys.iv[d], WIRE_IV);
}

/* Expand(key, "conclave/1 next" 00, 44) by two HMACs, RFC 5869. */
void ends_next_key_iv(struct ends *e, uint8_t k[WIRE_KEY_IV])
{
	static const char info[] = "conclave/1 next";
	uint8_t t1[WIRE_HASH], t2[WIRE_HASH];
	struct part first[] = {{info, sizeof(info)}, {"\x01", 1}};
	struct part second[] = {
	    {t1, sizeof(t1)}, {info, sizeof(info)}, {"\x02", 1}};

	assert_int_equal(crypto_hmac(e->c, t1, k, WIRE_KEY, first, 2), 0);
	assert_int_equal(crypto_hmac(e->c, t2, k, WIRE_KEY, second, 3), 0);
	memcpy(k, t1, WIRE_HASH);
	memcpy(k + WIRE_HASH, t2, WIRE_IV);
}

/* --- receiving helpers --- */

void ends_expect_json(struct link *l, const struct link_frame *f, const char *json)
{
	struct buf out;

	buf_init_secret(&out, WIRE_JSON_MAX);
	assert_int_equal(link_control_open(l, &out, f->body, f->len), 0);
	assert_int_equal(out.len, strlen(json));
	assert_memory_equal(out.p, json, out.len);
	buf_free(&out);
}

int ends_open_json(struct link *l, const struct link_frame *f)
{
	struct buf out;
	int r;

	buf_init_secret(&out, WIRE_JSON_MAX);
	r = link_control_open(l, &out, f->body, f->len);
	assert_true(r == 0 || out.len == 0);
	buf_free(&out);
	return r;
}

struct buf ends_sealed(struct link *l, const char *json, bool step)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX + WIRE_TAG);
	assert_int_equal(link_control_seal(l, &b, json, strlen(json), step), 0);
	return b;
}

struct link_frame ends_frame_of(uint8_t kind, const struct buf *b)
{
	return (struct link_frame){kind, b->p, b->len};
}

void ends_expect_rx_dead(struct link *l)
{
	struct link_frame f = {9, (const uint8_t *)"x", 1};
	uint8_t body[20] = {0};
	uint64_t seq = l->tx.seq;
	struct rd rd;
	struct buf b;

	buf_init(&b, 1000);
	assert_int_equal(link_open(l, body, sizeof(body), &rd), ERR_STATE);
	assert_int_equal(link_control_open(l, &b, body, 20), ERR_STATE);
	assert_int_equal(link_stepped(l), ERR_STATE);
	assert_int_equal(b.len, 0);
	assert_int_equal(link_control_seal(l, &b, "{}", 2, false), 0);
	assert_int_equal(link_record(l, &b, &f, 1), 0);
	assert_int_equal(l->tx.seq, seq + 1);
	buf_free(&b);
}

void ends_expect_tx_dead(struct link *l)
{
	struct link_frame f = {9, (const uint8_t *)"x", 1};
	uint8_t head[WIRE_RECORD_HEAD], mac[WIRE_RECORD_MAC];
	uint8_t digest[WIRE_HASH] = {0};
	struct buf b;

	buf_init(&b, 1000);
	assert_int_equal(link_control_seal(l, &b, "{}", 2, false), ERR_STATE);
	assert_int_equal(link_record_begin(l), ERR_STATE);
	assert_int_equal(link_record_frame(l, 9, digest), ERR_STATE);
	assert_int_equal(link_record_end(l, 6, head, mac), ERR_STATE);
	assert_int_equal(link_record(l, &b, &f, 1), ERR_STATE);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}
