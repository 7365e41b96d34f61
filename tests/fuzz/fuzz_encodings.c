/* Fuzzes both kinds of base64, and the fixed encodings of public keys. */
#include "shared/wire/b64.h"
#include "shared/crypto/keys.h"
#include "tests/fuzz/fuzz.h"

static void base64(const uint8_t *p, size_t n)
{
	char *s = (char *)fuzz_copy(p, n), *again = malloc(B64_LEN(n) + 5);
	uint8_t *out = malloc(n + 1);
	size_t len;

	FUZZ_CHECK(again != NULL && out != NULL);
	if (b64_decode_max(out, n, &len, s, n) == 0) {
		b64_encode(again, out, len);
		FUZZ_CHECK(strlen(again) == n && memcmp(again, s, n) == 0);
		FUZZ_CHECK(b64_decode(out, len, s, n) == 0);
		FUZZ_CHECK(b64_decode(out, len + 1, s, n) == ERR_BASE64);
	} else {
		FUZZ_CHECK(b64_decode(out, n / 4 * 3, s, n) != 0);
	}
	b64_encode(again, p, n);
	free(s);
	s = (char *)fuzz_copy(again, strlen(again));
	FUZZ_CHECK(b64_decode(out, n, s, B64_LEN(n)) == 0);
	FUZZ_CHECK(n == 0 || memcmp(out, p, n) == 0);
	free(s);
	free(again);
	free(out);
}

static void base64url(const uint8_t *p, size_t n)
{
	char *s = (char *)fuzz_copy(p, n), again[B64URL_32 + 1];
	uint8_t out[32];

	if (b64url_decode32(out, s, n) == 0) {
		b64url_encode32(again, out);
		FUZZ_CHECK(n == B64URL_32 || n == B64URL_32 + 1);
		FUZZ_CHECK(memcmp(again, s, B64URL_32) == 0);
	}
	free(s);
}

static void keys(const uint8_t *p, size_t n)
{
	uint8_t *exact = fuzz_copy(p, n), pub[WIRE_ED25519];
	uint8_t spki[WIRE_ED25519_SPKI];
	struct kem_rsa_pub *w = NULL;
	int r;

	if (ed25519_from_spki(pub, exact, n) == 0) {
		ed25519_spki(spki, pub);
		FUZZ_CHECK(n == sizeof(spki) && memcmp(spki, p, n) == 0);
	}
	r = kem_rsa_spki_check(exact, n);
	FUZZ_CHECK(r == 0 || r == ERR_KEY);
	if (r == 0) {
		r = kem_rsa_pub_from_spki(&w, exact, n);
		FUZZ_CHECK(r == 0 && w != NULL);
		kem_rsa_pub_free(w);
	}
	if (n == WIRE_X25519) {
		r = x25519_check(exact);
		FUZZ_CHECK(r == 0 || r == ERR_KEY);
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size);

	switch (fuzz_u8(&f) % 3) {
	case 0:
		base64(f.p, f.left);
		break;
	case 1:
		base64url(f.p, f.left);
		break;
	default:
		keys(f.p, f.left);
	}
	return 0;
}
