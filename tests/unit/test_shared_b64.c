/* b64.h, checked against RFC 4648 and with every kind of malformed input. */
#include "tests/unit/check.h"

#include "shared/wire/b64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct vector {
	const char *plain, *text;
};

/* RFC 4648, section 10. */
static const struct vector rfc4648[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
    {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"}};

static void rfc_vector(void **state)
{
	const struct vector *v = *state;
	size_t n = strlen(v->plain), out_len = 99;
	uint8_t out[16];
	char text[16];

	assert_int_equal(B64_LEN(n), strlen(v->text));
	b64_encode(text, v->plain, n);
	assert_string_equal(text, v->text);
	assert_int_equal(b64_decode(out, n, text, strlen(text)), 0);
	assert_memory_equal(out, v->plain, n);
	assert_int_equal(
	    b64_decode_max(out, sizeof(out), &out_len, text, strlen(text)), 0);
	assert_int_equal(out_len, n);
	assert_memory_equal(out, v->plain, n);
}

/* Every value of a sextet at each of the four positions. */
static void whole_alphabet(void **state)
{
	uint8_t in[3], out[3];
	char text[5], want[5];
	uint32_t v, i;

	(void)state;
	for (v = 0; v < 1 << 24; v += 4099) {
		in[0] = (uint8_t)(v >> 16);
		in[1] = (uint8_t)(v >> 8);
		in[2] = (uint8_t)v;
		for (i = 0; i < 4; i++)
			want[i] = alphabet[v >> (18 - 6 * i) & 63];
		want[4] = '\0';
		b64_encode(text, in, 3);
		assert_string_equal(text, want);
		assert_int_equal(b64_decode(out, 3, text, 4), 0);
		assert_memory_equal(out, in, 3);
	}
	for (i = 0; i < 256; i++) { /* each character at each position */
		memcpy(want, "AAAA", 5);
		want[i / 64] = alphabet[i % 64];
		assert_int_equal(b64_decode(out, 3, want, 4), 0);
		v = (uint32_t)out[0] << 16 | (uint32_t)out[1] << 8 | out[2];
		assert_int_equal(v, i % 64 << (18 - 6 * (i / 64)));
	}
}

/* Returns the six bits at position k. */
static long sextet_at(const uint8_t *p, size_t k)
{
	long v = 0;
	size_t i;

	for (i = 6 * k; i < 6 * k + 6; i++)
		v = 2 * v + (p[i / 8] >> (7 - i % 8) & 1);
	return v;
}

/* The coder processes eight characters at once in long texts. This tests every
 * byte at each of the eight positions among various others, and every sextet
 * when decoding. */
static void every_byte_of_eight(void **state)
{
	static const char others[] = "AZaz09+/MgQw5/xB";
	char text[17], again[17];
	size_t i, k, shift;
	const char *at;
	uint8_t out[12];
	int c;

	(void)state;
	for (c = 0; c < 16 * 16 * 256; c++) {
		shift = (size_t)c / 256 % 16;
		i = (size_t)c / 4096;
		memcpy(text, others + shift, 16 - shift);
		memcpy(text + 16 - shift, others, shift);
		text[i] = (char)(c % 256);
		text[16] = '\0';
		at = c % 256 == 0 ? NULL : strchr(alphabet, c % 256);
		assert_int_equal(
		    b64_decode(out, 12, text, 16), at ? 0 : ERR_BASE64);
		if (at == NULL)
			continue;
		for (k = 0; k < 16; k++)
			assert_int_equal(sextet_at(out, k),
			    strchr(alphabet, text[k]) - alphabet);
		b64_encode(again, out, 12);
		assert_string_equal(again, text);
	}
}

static void round_trip(void **state)
{
	uint8_t in[200], out[200];
	char text[B64_LEN(200) + 1];
	uint64_t seed = 42;
	size_t n, i, got;

	(void)state;
	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)check_random(&seed);
	for (n = 0; n <= sizeof(in); n++) {
		b64_encode(text, in, n);
		assert_int_equal(strlen(text), B64_LEN(n));
		assert_int_equal(b64_decode(out, n, text, B64_LEN(n)), 0);
		assert_memory_equal(out, in, n);
		assert_int_equal(
		    b64_decode_max(out, n, &got, text, B64_LEN(n)), 0);
		assert_int_equal(got, n);
		if (n != 0)
			assert_int_equal(
			    b64_decode_max(out, n - 1, &got, text, B64_LEN(n)),
			    ERR_BASE64);
		for (i = 0; i < sizeof(in); i++)
			if (i != n)
				assert_int_equal(
				    b64_decode(out, i, text, B64_LEN(n)),
				    ERR_BASE64);
	}
}

static void every_truncation(void **state)
{
	uint8_t in[32] = {0xff}, out[64];
	char text[B64_LEN(32) + 1];
	size_t n, got;

	(void)state;
	b64_encode(text, in, sizeof(in));
	for (n = 0; n < B64_LEN(32); n++) {
		assert_int_equal(b64_decode(out, 32, text, n), ERR_BASE64);
		if (n % 4 != 0)
			assert_int_equal(
			    b64_decode_max(out, sizeof(out), &got, text, n),
			    ERR_BASE64);
	}
}

/* All 256 values at each position of texts with 0, 1 and 2 padding
 * characters. */
static void every_other_byte(void **state)
{
	static const char *const texts[] = {"Zm9vYmFy", "Zm9vYmE=", "Zm9vYg=="};
	uint8_t out[6];
	char text[9];
	size_t t, i, got, ok;
	int c;

	(void)state;
	for (t = 0; t < 3; t++)
		for (i = 0; i < 8; i++)
			for (c = 0, ok = 0; c < 256; c++) {
				size_t want = 6 - t;
				int e;

				memcpy(text, texts[t], 9);
				text[i] = (char)c;
				e = b64_decode(out, want, text, 8);
				if (strchr(alphabet, c) == NULL || c == 0) {
					if (text[i] != texts[t][i])
						assert_int_equal(e, ERR_BASE64);
				} else {
					ok += e == 0;
				}
				if (e != 0)
					assert_int_equal(e, ERR_BASE64);
				e = b64_decode_max(out, 6, &got, text, 8);
				assert_true(e == 0 || e == ERR_BASE64);
				/* before padding, only some bits are free */
				if (c != 255)
					continue;
				if (i >= 8 - t)
					assert_int_equal(ok, 0);
				else if (i == 7 - t && t != 0)
					assert_int_equal(ok, t == 1 ? 16 : 4);
				else
					assert_int_equal(ok, 64);
			}
}

static void refused(void **state)
{
	const char *text = *state;
	uint8_t out[32];
	size_t got = 77, want;

	assert_int_equal(
	    b64_decode_max(out, sizeof(out), &got, text, strlen(text)),
	    ERR_BASE64);
	assert_int_equal(got, 77);
	for (want = 0; want < sizeof(out); want++)
		assert_int_equal(
		    b64_decode(out, want, text, strlen(text)), ERR_BASE64);
}

static void of_nothing(void **state)
{
	size_t got = 77;
	char text[1] = {'x'};

	(void)state;
	b64_encode(text, NULL, 0);
	assert_int_equal(text[0], 0);
	assert_int_equal(b64_decode(NULL, 0, NULL, 0), 0);
	assert_int_equal(b64_decode_max(NULL, 0, &got, NULL, 0), 0);
	assert_int_equal(got, 0);
	assert_int_equal(b64_decode(NULL, SIZE_MAX, NULL, 0), ERR_BASE64);
}

static void url_form(void **state)
{
	uint8_t in[32], out[32];
	char text[B64URL_32 + 3];
	size_t i;

	(void)state;
	memset(in, 0xff, sizeof(in));
	in[0] = 0xfb; /* gives both special characters of base64url: 62, 63 */
	b64url_encode32(text, in);
	assert_int_equal(strlen(text), B64URL_32);
	assert_memory_equal(text, "-___", 4);
	assert_int_equal(b64url_decode32(out, text, B64URL_32), 0);
	assert_memory_equal(in, out, 32);
	text[B64URL_32] = '=';
	assert_int_equal(b64url_decode32(out, text, B64URL_32 + 1), 0);
	text[B64URL_32 + 1] = '=';
	assert_int_equal(b64url_decode32(out, text, B64URL_32 + 2), ERR_BASE64);
	text[B64URL_32] = 'A';
	assert_int_equal(b64url_decode32(out, text, B64URL_32 + 1), ERR_BASE64);
	for (i = 0; i < B64URL_32; i++)
		assert_int_equal(b64url_decode32(out, text, i), ERR_BASE64);
	text[0] = '+';
	assert_int_equal(b64url_decode32(out, text, B64URL_32), ERR_BASE64);
	text[0] = '/';
	assert_int_equal(b64url_decode32(out, text, B64URL_32), ERR_BASE64);
	text[0] = '-';
	text[B64URL_32 - 1] = '9'; /* 61: its two low bits are not zero */
	assert_int_equal(b64url_decode32(out, text, B64URL_32), ERR_BASE64);
}

int main(void)
{
	static const char *const bad[] = {"=", "==", "===", "====", "A", "AA",
	    "AAA", "A===", "AA=A", "=AAA", "AA==AAAA", "AAAAA",
	    "AAAA====", "AAAA=", "AAAA==", "AAAA===", "AB==", "AAB=", "AA A",
	    "AAA ", " AAA", "AAAA\n", "AAA\n", "AA\nA", "AA\r\n", "AA-A",
	    "AA_A", "AA\xc3\xa4", "AA*=", "\xff\xff\xff\xff", "Zg=\n", "Zg=A"};
	struct check_group g = {0};
	size_t i;

	for (i = 0; i < sizeof(rfc4648) / sizeof(rfc4648[0]); i++)
		check_add(&g, rfc_vector, (void *)(uintptr_t)&rfc4648[i],
		    "RFC 4648 \"%s\"", rfc4648[i].plain);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_add(
		    &g, refused, (void *)(uintptr_t)bad[i], "refused %zu", i);
	check_add(&g, whole_alphabet, NULL, "the whole alphabet");
	check_add(&g, every_byte_of_eight, NULL, "every byte of eight");
	check_add(&g, round_trip, NULL, "round trip");
	check_add(&g, every_truncation, NULL, "every truncation");
	check_add(&g, every_other_byte, NULL, "every other byte");
	check_add(&g, of_nothing, NULL, "of nothing");
	check_add(&g, url_form, NULL, "base64url");
	return check_run("b64", &g);
}
