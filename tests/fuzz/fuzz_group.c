/* Fuzzes group frame bodies: arbitrary bytes, and a body with a valid header so
 * that the code behind the header is reached. */
#include "shared/proto/group.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t zeros[32], secret[WIRE_KEY], card[WIRE_HASH];
static const uint8_t public[WIRE_ED25519] = {1};
static struct group_epoch epoch;
static const struct group_place place = {zeros, zeros, zeros, "lobby"};
static const struct group_sender from = {7, "alice", public, card};

static void take(const uint8_t *p, size_t n)
{
	uint8_t *exact = fuzz_copy(p, n);
	struct group_head h;
	struct buf out;
	int r, head;

	buf_init_secret(&out, GROUP_OPEN_MAX + 2);
	FUZZ_CHECK(buf_str(&out, "!!") == 0);
	head = group_head_decode(&h, exact, n);
	r = group_open(fuzz_crypto(), &out,
	    &(struct group_context){
		.place = &place, .epoch = &epoch, .roster = zeros, .from = &from},
	    exact, n);
	FUZZ_CHECK(r == 0 || err_is_peer(r));
	FUZZ_CHECK(memcmp(out.p, "!!", 2) == 0);
	if (r == 0) {
		FUZZ_CHECK(
		    head == 0 && h.room == 3 && h.epoch == 5 && h.sender == 7);
		FUZZ_CHECK(out.len - 2 ==
			   n - WIRE_GROUP_HEAD - WIRE_SIGNATURE - WIRE_TAG);
		FUZZ_CHECK(
		    memcmp(out.p + 2, exact + WIRE_GROUP_HEAD + WIRE_SIGNATURE,
			out.len - 2) == 0);
		group_set_offset(exact, 99);
		FUZZ_CHECK(
		    group_head_decode(&h, exact, n) == 0 && h.offset == 99);
	} else {
		FUZZ_CHECK(out.len == 2);
	}
	buf_free(&out);
	free(exact);
}

/* A frame we sealed, with a few bytes changed. */
static void take_bent(struct fuzz *f)
{
	uint8_t bend[8];
	static struct identity *id;
	const uint8_t *p;
	struct buf b;
	size_t n, i;

	if (id == NULL)
		id = identity_from_seed(secret);
	for (i = 0; i < sizeof(bend); i++)
		bend[i] = fuzz_u8(f);
	p = fuzz_rest(f, &n);
	buf_init(&b, 1 << 20);
	if (group_seal(fuzz_crypto(), &b,
		&(struct group_context){.place = &place,
		    .epoch = &epoch,
		    .roster = zeros,
		    .from = &from,
		    .signer = id},
		9, p, n) == 0) {
		take(b.p, b.len);
		for (i = 0; i + 1 < sizeof(bend); i += 2)
			b.p[bend[i] % b.len] ^= bend[i + 1];
		take(b.p, b.len);
	}
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size);
	uint8_t how = fuzz_u8(&f);

	fuzz_plain_crypto();
	fuzz_plain_begin();
	FUZZ_CHECK(
	    group_epoch_make(fuzz_crypto(), &epoch, 3, 5, secret) == 0);
	if (how & 1)
		take_bent(&f);
	else
		take(f.p, f.left);
	return 0;
}
