/* Fuzzes the frames and pieces of files. The first byte "f": the rest is the body
 * of a frame of kind 4. Otherwise it is a program: sizes, a place, and what to
 * change in a sealed piece, which then must not open. */
#include "shared/proto/blob.h"
#include "tests/fuzz/fuzz.h"

static uint8_t sealed[WIRE_PIECE_SEALED], opened[WIRE_PIECE];
static uint8_t data[WIRE_PIECE];

static void frame(const uint8_t *p, size_t n)
{
	uint8_t *body = fuzz_copy(p, n), head[WIRE_BLOB_HEAD];
	struct blob_key k = {.file = n};
	struct blob_frame f;
	size_t got;

	if (blob_frame_decode(&f, body, n) == 0) {
		FUZZ_CHECK(f.len == n - WIRE_BLOB_HEAD);
		blob_frame_head(head, f.blob, f.index);
		FUZZ_CHECK(memcmp(head, body, sizeof(head)) == 0);
		/* Nobody sealed it. */
		FUZZ_CHECK(blob_open(fuzz_crypto(), opened, &got, &k, f.index,
			       f.sealed, f.len) != 0);
		FUZZ_CHECK(got == 0);
	}
	free(body);
}

static void piece(struct fuzz *f)
{
	struct blob_key k = {.file = fuzz_u64(f)}, other;
	uint8_t iv[WIRE_PIECE_IV] = {fuzz_u8(f)};
	uint32_t index = fuzz_u32(f), all, at = fuzz_u32(f);
	uint8_t change = fuzz_u8(f);
	size_t n, got;
	int r;

	k.file >>= fuzz_u8(f) % 64;
	all = blob_pieces(blob_size(k.file <= WIRE_BLOB_MAX ? k.file : 0));
	if (fuzz_u8(f) % 2 == 0)
		index %= all;
	k.key[0] = fuzz_u8(f);
	r = blob_seal(fuzz_crypto(), sealed, &n, &k, index, iv, data);
	FUZZ_CHECK(r == 0 || (r == ERR_USAGE && n == 0));
	if (r != 0)
		return;
	FUZZ_CHECK(
	    index < all && n <= sizeof(sealed) && n > WIRE_PIECE_IV + WIRE_TAG);
	FUZZ_CHECK(
	    blob_open(fuzz_crypto(), opened, &got, &k, index, sealed, n) == 0);
	FUZZ_CHECK(got == blob_piece_file(k.file, index));
	other = k;
	if (change % 4 == 0)
		sealed[at % n] ^= (uint8_t)(change | 1);
	else if (change % 4 == 1)
		index ^= at | 1;
	else if (change % 4 == 2)
		other.file ^= (uint64_t)at | 1;
	else
		other.key[at % WIRE_KEY] ^= (uint8_t)(change | 1);
	FUZZ_CHECK(blob_open(fuzz_crypto(), opened, &got, &other, index, sealed,
		       n) != 0);
	FUZZ_CHECK(got == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	struct fuzz f = fuzz_of(p, size);

	if (fuzz_u8(&f) == 'f')
		frame(f.p, f.left);
	else
		piece(&f);
	return 0;
}
