/* Fuzzes the record layer in both directions: arbitrary bytes, and frames from
 * the input in a record with a valid length, number and MAC. */
#include "shared/proto/link_int.h"
#include "shared/base/secret.h"
#include "tests/fuzz/fuzz.h"

struct end {
	struct link *rx, *again; /* again: re-sends received frames */
	struct buf json;
	uint64_t seq;
};

/* An accepted record is identical to the one we would write. */
static void check_record(
    struct end *e, const uint8_t *p, size_t n, struct rd frames)
{
	struct link_frame all[64];
	size_t k = 0;
	struct buf b;

	while (k < 64 && link_next(&frames, &all[k]) == 0) {
		FUZZ_CHECK(all[k].body >= p && all[k].len <= n);
		FUZZ_CHECK(all[k].body + all[k].len <= p + n - WIRE_RECORD_MAC);
		k++;
	}
	if (frames.left > 0)
		return; /* more frames than we check */
	FUZZ_CHECK(k > 0);
	buf_init(&b, WIRE_LENGTH + WIRE_RECORD_MAX);
	FUZZ_CHECK(link_record(e->again, &b, all, k) == 0);
	FUZZ_CHECK(b.len == n && memcmp(b.p, p, n) == 0);
	buf_free(&b);
}

static int take_frames(struct end *e, struct rd frames)
{
	struct link_frame f;
	int r;

	while ((r = link_next(&frames, &f)) == 0) {
		if (f.kind != KIND_CONTROL)
			continue;
		buf_clear(&e->json);
		r = link_control_open(e->rx, &e->json, f.body, f.len);
		if (r != 0)
			return r;
		FUZZ_CHECK(e->json.len == f.len - WIRE_TAG);
		if (e->json.p[0] == 'k' && (r = link_stepped(e->rx)) != 0)
			return r;
	}
	return r == ERR_AGAIN ? 0 : r;
}

static int take_record(struct end *e, const uint8_t *p, size_t n)
{
	struct rd frames = {NULL, 0};
	uint8_t *exact = fuzz_copy(p, n);
	int r = link_open(e->rx, exact, n, &frames);

	if (r == 0) {
		check_record(e, exact, n, frames);
		e->seq++;
		r = take_frames(e, frames);
	} else {
		FUZZ_CHECK(err_is_peer(r));
		FUZZ_CHECK(link_open(e->rx, exact, n, &frames) == ERR_STATE);
	}
	FUZZ_CHECK(e->rx->rx.seq == e->seq);
	free(exact);
	return r;
}

/* Bytes in arbitrary chunks, as from a socket. */
static void take_stream(struct end *e, struct fuzz *f)
{
	size_t n, total;
	const uint8_t *p = fuzz_rest(f, &n);

	while (link_length(p, n, &total) == 0 && total <= n) {
		if (take_record(e, p, total) != 0)
			return;
		p += total;
		n -= total;
	}
}

/* A well-formed record around frames from the input. */
static int take_made(struct end *e, struct fuzz *f)
{
	uint8_t k = fuzz_u8(f), lie = fuzz_u8(f);
	const uint8_t *p;
	struct buf b;
	size_t n;
	int r;

	buf_init(&b, 1 << 20);
	r = buf_u32(&b, 0);
	r |= buf_u64(&b, e->seq + (lie == 1) - (lie == 2));
	for (; k % 16 > 0; k--) {
		p = fuzz_piece(f, &n);
		r |= buf_u32(&b, (uint32_t)n + 1 + (lie == 3));
		r |= buf_u8(&b, fuzz_u8(f));
		r |= buf_put(&b, p, n);
	}
	r |= buf_u32(&b, 0) | buf_u32(&b, 0) | buf_u32(&b, 0) | buf_u32(&b, 0);
	FUZZ_CHECK(r == 0);
	put_u32(b.p, (uint32_t)(b.len - WIRE_LENGTH + (lie == 4)));
	r = take_record(e, b.p, b.len);
	buf_free(&b);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct link_keys keys;
	struct fuzz f = fuzz_of(data, size);
	uint8_t how = fuzz_u8(&f);
	enum link_role role = how & 1 ? LINK_CLIENT : LINK_SERVER;
	struct end e = {.seq = 0};

	fuzz_plain_crypto();
	fuzz_plain_begin();
	e.rx = link_new(fuzz_crypto(), &keys, role);
	e.again = link_new(fuzz_crypto(), &keys,
	    role == LINK_CLIENT ? LINK_SERVER : LINK_CLIENT);
	buf_init_secret(&e.json, WIRE_JSON_MAX);
	FUZZ_CHECK(e.rx != NULL && e.again != NULL);
	if (how & 2)
		while (f.left > 0 && take_made(&e, &f) == 0)
			;
	else
		take_stream(&e, &f);
	buf_free(&e.json);
	link_free(e.rx);
	link_free(e.again);
	return 0;
}
