/* samples_direct.c - the samples around direct messages. */
#include "samples.h"

#include "check.h"

/* A valid key: below p, and not of small order. */
static struct prekey key_of(uint8_t no)
{
	struct prekey k = {.key = {9, no}, .made_s = 1767225600};

	memset(k.signature, no, sizeof(k.signature));
	return k;
}

/* A point: RFC 8032, 7.1, the public keys of tests 1 and 2. */
static const char *const points[] = {
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"};

static void point(uint8_t out[WIRE_ED25519], size_t no)
{
	size_t n;
	uint8_t *p = check_hex(points[no], &n);

	memcpy(out, p, n);
	free(p);
}

static int prekeys(struct buf *b)
{
	static struct prekeys_set s;
	const struct request q = {
	    .type = REQUEST_PREKEYS, .number = 17, .prekeys = &s};

	s.replace = true;
	s.lasting = key_of(1);
	s.once[0] = key_of(2);
	s.once[1] = key_of(3);
	s.n_once = 2;
	s.certificate_len = 3;
	return request_encode(b, &q);
}

static int page(struct buf *b)
{
	static struct prekeys_page p;

	strcpy(p.name, "Alice");
	point(p.device[0].identity, 1);
	p.device[0].has_key = p.device[0].once = true;
	p.device[0].key = key_of(4);
	p.device[0].certificate_len = 3;
	point(p.device[1].identity, 0);
	p.n = 2;
	p.more = true;
	return answer_prekeys(b, 17, &p);
}

static int mine(struct buf *b)
{
	static struct prekeys_mine m;

	m.has_lasting = true;
	memset(m.once[1], 0x1d, sizeof(m.once[1]));
	m.n_once = 2;
	return answer_prekeys_mine(b, 17, &m);
}

static int direct_from(struct buf *b)
{
	struct direct_sender s = {.name = "Alice", .certificate_len = 3};

	point(s.identity, 0);
	return direct_sender_encode(b, &s);
}

static int delivered(struct buf *b)
{
	struct content_delivered d = {.n = 2, .peer = "bob"};

	memcpy(d.id, sample_id, WIRE_ID);
	memcpy(d.ids[1], sample_about, WIRE_ID);
	return content_delivered(b, &d, 1700000000123);
}

static int handed_over(struct buf *b)
{
	struct content_seal s = {.room = "Vault", .number = 2};

	memcpy(s.id, sample_id, WIRE_ID);
	memset(s.log, 0x10, WIRE_LOG);
	memset(s.secret, 0x5e, WIRE_KEY);
	return content_seal(b, &s, 1700000000123);
}

static int topic(struct buf *b)
{
	struct content_topic t = {.text = "at noon", .text_len = 7};

	memcpy(t.id, sample_id, WIRE_ID);
	return content_topic(b, &t, 1700000000123);
}

int sample_direct(struct buf *b, enum sample_no id)
{
	struct request q = {.number = 17, .who = "bob", .on = true};

	switch (id) {
	case ASK_PREKEYS:
		return prekeys(b);
	case ASK_MINE:
		q.type = REQUEST_PREKEYS_MINE;
		return request_encode(b, &q);
	case ASK_GET:
		q.type = REQUEST_PREKEYS_GET;
		q.has_after = true;
		return request_encode(b, &q);
	case ASK_BLOCK:
		q.type = REQUEST_BLOCK;
		return request_encode(b, &q);
	case ASK_BLOCKS:
		q.type = REQUEST_BLOCKS;
		return request_encode(b, &q);
	case DONE_PREKEYS:
		return page(b);
	case DONE_MINE:
		return mine(b);
	case DONE_BLOCKS:
		return answer_blocks(
		    b, 17, &(struct blocks){{"bob", "carol"}, 2});
	case DIRECT_FROM:
		return direct_from(b);
	case DIRECT_ACK:
		return direct_ack_encode(b, 41);
	case PREKEYS_LOW:
		return prekeys_low_encode(b, 3);
	case SEALED_TOPIC:
		return topic(b);
	case HANDED_OVER:
		return handed_over(b);
	default:
		return delivered(b);
	}
}
