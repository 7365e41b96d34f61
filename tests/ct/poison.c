/* poison.c - constant-time checks in the way of ctgrind: secrets are marked as
 * undefined, and memcheck then reports every branch and every address that
 * depends on one. Each case is one of our functions that handles secrets. A
 * case that must be reported shows that the check works at all.
 * tests/ct/run.py runs it under valgrind, one case per run, with the case name
 * as the argument; without an argument it lists the cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "shared/wire/b64.h"
#include "shared/wire/bytes.h"
#include "shared/proto/group.h"
#include "shared/crypto/keys.h"
#include "shared/proto/link.h"
#include "shared/crypto/pake.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

#define SECRET(p, n) VALGRIND_MAKE_MEM_UNDEFINED(p, n)
/* The result itself is public: it decides what happens next. */
#define PUBLIC(p, n) VALGRIND_MAKE_MEM_DEFINED(p, n)

static struct crypto *c;
static uint8_t key[64], other[64];

/* Stores results so that the compiler keeps the code. */
static volatile int said;

static void say(int v)
{
	PUBLIC(&v, sizeof(v));
	said = v;
}

static void must(int r)
{
	PUBLIC(&r, sizeof(r));
	if (r != 0) {
		fprintf(stderr, "ct: a case does not run: %d\n", r);
		exit(3);
	}
}

/* --- cases that must be reported --- */

static void control_branch(void)
{
	SECRET(key, 32);
	said = key[5] == 7 ? 1 : 2;	 /* may compile to no branch, */
	if (memcmp(key, other, 32) == 0) /* this one is a branch */
		said = 3;
}

static void control_index(void)
{
	static const volatile char table[256] = "abc";

	SECRET(key, 1);
	said = table[key[0]];
}

/* --- comparing --- */

static void equal_same(void)
{
	SECRET(key, 32);
	SECRET(other, 32);
	say(secret_equal(key, other, 32));
}

static void equal_differs(void)
{
	other[0] = 1;
	equal_same();
}

/* --- base64 --- */

static void b64_out(void)
{
	char text[B64_LEN(47) + 1];
	size_t n;

	SECRET(key, 47);
	for (n = 30; n < 48; n++)
		b64_encode(text, key, n);
	b64url_encode32(text, key);
}

/* Whether the input was base64 is public; the decoded bytes are not. */
static void b64_back(void)
{
	char text[B64_LEN(47) + 1];
	uint8_t out[47];
	size_t n;

	for (n = 30; n < 48; n++) {
		b64_encode(text, key, n);
		/* The length alone determines where the padding is. */
		SECRET(text, n / 3 * 4);
		must(b64_decode(out, n, text, B64_LEN(n)));
	}
}

/* --- buffers, nonces --- */

static void buf_grow(void)
{
	struct buf b;
	int i;

	SECRET(key, 32);
	buf_init_secret(&b, 1000);
	for (i = 0; i < 10; i++)
		must(buf_put(&b, key, 32));
	buf_consume(&b, 40);
	buf_free(&b);
}

static void nonce(void)
{
	uint8_t out[WIRE_IV];

	SECRET(key, WIRE_IV);
	crypto_nonce(out, key, 77);
}

/* --- digests, MACs, HKDF on secrets: our code and libcrypto's --- */

static void hmac(void)
{
	uint8_t out[WIRE_HASH];
	struct part p = {other, 32};

	SECRET(key, 32);
	must(crypto_hmac(c, out, key, 32, &p, 1));
}

static void hkdf(void)
{
	uint8_t prk[WIRE_HASH], out[WIRE_KEY_IV];
	struct part p = {"info", 5};

	SECRET(key, 32);
	must(crypto_extract(c, prk, other, 32, key, 32));
	must(crypto_expand(c, out, sizeof(out), prk, &p, 1));
}

static void epoch(void)
{
	struct group_epoch e;
	uint8_t next[WIRE_KEY], sender[WIRE_KEY_IV];

	SECRET(key, 32);
	must(group_epoch_make(c, &e, 1, 2, key));
	must(group_sender_key(c, sender, &e, 3, other));
	must(group_join_step(c, next, key));
	group_epoch_wipe(&e);
}

/* --- a record: its keys and its expected MAC are secret --- */

static void link_mac(int bent)
{
	struct link_keys k;
	struct link *tx, *rx;
	struct buf b;
	struct link_frame f = {KIND_GROUP, other, 0};
	static uint8_t body[200];
	struct rd frames;

	memset(&k, 7, sizeof(k));
	SECRET(&k, sizeof(k));
	f.body = body;
	f.len = sizeof(body);
	tx = link_new(c, &k, LINK_CLIENT);
	rx = link_new(c, &k, LINK_SERVER);
	buf_init(&b, LINK_RECORD_MAX);
	must(tx != NULL && rx != NULL ? 0 : 1);
	must(link_record(tx, &b, &f, 1));
	PUBLIC(b.p, b.len); /* the record is on the wire */
	b.p[b.len - 1] ^= (uint8_t)bent;
	say(link_open(rx, b.p, b.len, &frames));
	link_free(tx);
	link_free(rx);
	buf_free(&b);
}

static void link_good(void)
{
	link_mac(0);
}

static void link_bent(void)
{
	link_mac(1);
}

/* --- passwords --- */

/* utf8proc looks up a password's characters in tables. The case is here so
 * that README.md's table records it. */
static void password(void)
{
	struct buf b;
	char pw[] = "correct horse battery";

	buf_init_secret(&b, 4096);
	SECRET(pw, 7);
	must(text_password(&b, pw, sizeof(pw) - 1));
	buf_free(&b);
}

/* Converts w0s || w1s to scalars, with libcrypto's bignums. */
static void scalars(void)
{
	static uint8_t stretched[PAKE_STRETCHED] = {1, 2, 3};
	uint8_t w0[PAKE_SCALAR], w1[PAKE_SCALAR];

	SECRET(stretched, sizeof(stretched));
	must(pake_scalars(w0, w1, stretched));
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
    {"control_branch", control_branch},
    {"control_index", control_index},
    {"secret_equal_same", equal_same},
    {"secret_equal_differs", equal_differs},
    {"b64_encode", b64_out},
    {"b64_decode", b64_back},
    {"buf_secret", buf_grow},
    {"crypto_nonce", nonce},
    {"crypto_hmac", hmac},
    {"crypto_hkdf", hkdf},
    {"group_keys", epoch},
    {"link_open_good", link_good},
    {"link_open_bad_mac", link_bent},
    {"pake_scalars", scalars},
    {"text_password", password},
};

int main(int argc, char **argv)
{
	size_t i;

	memset(key, 0x41, sizeof(key));
	memset(other, 0x41, sizeof(other));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc < 2) {
			puts(cases[i].name);
		} else if (strcmp(argv[1], cases[i].name) == 0) {
			if ((c = crypto_new()) == NULL)
				return 3;
			cases[i].run();
			return 0;
		}
	}
	return argc < 2 ? 0 : 2;
}
