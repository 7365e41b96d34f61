/* Section 2 of PROTOCOL.md, the contents of messages: every key of each of the
 * five. */
#include "tests/unit/shake.h"

#include "shared/proto/handshake_int.h"

static struct shake_world world;

static json_t *object_of(size_t n)
{
	json_t *o = json_loadb((const char *)world.m[n].p + WIRE_LENGTH,
	    world.m[n].len - WIRE_LENGTH, 0, NULL);

	assert_non_null(o);
	return o;
}

static json_t *value(const char *text)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(v);
	return v;
}

/* --- one key of a message changed --- */

/* text NULL: the key is removed. r 0: the message is accepted. */
struct change {
	const char *key, *text;
	int r;
};

#define B31 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\""
#define B32 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define B33 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""
/* bits under the padding, no padding, base64url, white space */
#define B32_BITS "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\""
#define B32_BARE "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""
#define B32_URL	 "\"__________________________________________8=\""
#define B32_LINE "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\\n=\""

#define NOT_B64_32(key)                                                        \
	{key, NULL, ERR_JSON}, {key, "5", ERR_JSON}, {key, "null", ERR_JSON},  \
	    {key, "\"\"", ERR_BASE64}, {key, B31, ERR_BASE64},                 \
	    {key, B33, ERR_BASE64}, {key, B32_BITS, ERR_BASE64},               \
	    {key, B32_BARE, ERR_BASE64}, {key, B32_URL, ERR_BASE64},           \
	{                                                                      \
		key, B32_LINE, ERR_BASE64                                      \
	}
#define NOT_A_STEP                                                             \
	{"type", NULL, ERR_JSON}, {"type", "1", ERR_JSON},                     \
	    {"type", "\"\"", ERR_STATE}, {"type", "\"Handshake\"", ERR_STATE}, \
	    {"type", "\"bye\"", ERR_STATE}, {"step", NULL, ERR_JSON},          \
	    {"step", "true", ERR_JSON}, {"step", "\"\"", ERR_STATE},           \
	    {"step", "\"nonsense\"", ERR_STATE},                               \
	{                                                                      \
		"unknown", "{\"a\":[1,null]}", 0                               \
	}

/* 18 bytes of zero in base64. */
#define A24 "AAAAAAAAAAAAAAAAAAAAAAAA"
/* 104 bytes of zeros, without the last character. */
#define TICKET_139 A24 A24 A24 A24 A24 "AAAAAAAAAAAAAAAAAAA"

static const struct change hello_changes[] = {
    NOT_A_STEP,
    {"protocols", NULL, ERR_JSON},
    {"protocols", "\"conclave/1\"", ERR_JSON},
    {"protocols", "[]", ERR_JSON},
    {"protocols", "[\"conclave/2\"]", ERR_JSON},
    {"protocols", "[\"Conclave/1\"]", ERR_JSON},
    {"protocols", "[\"conclave/1\",1]", ERR_JSON},
    {"protocols", "[[\"conclave/1\"]]", ERR_JSON},
    {"protocols", "[\"conclave/2\",\"conclave/1\",\"\"]", 0},
    {"account", NULL, ERR_JSON},
    {"account", "1", ERR_JSON},
    {"account", "\"\"", ERR_NAME},
    {"account", "\"**\"", ERR_NAME},
    {"account", "\"a b\"", ERR_NAME},
    {"account", "\"server\"", ERR_NAME},
    {"account", "\"abcdefghijklmnopqrstuvwxy\"", ERR_NAME},
    {"account", "\"\\u00e4\"", ERR_NAME},
    {"account", "\"abcdefghijklmnopqrstuvwx\"", 0},
    {"account", "\"Alice\"", ERR_NAME},
    {"account", "\"+abcdwx27\"", 0},
    {"account", "\"+abcdwx2\"", ERR_NAME},
    {"account", "\"+abcdwx278\"", ERR_NAME},
    {"account", "\"+ABCDWX27\"", ERR_NAME},
    NOT_B64_32("nonce"),
    {"nonce", B32, 0},
    {"ticket", "null", ERR_JSON},
    {"ticket", "\"\"", ERR_BASE64},
    {"ticket", B32, ERR_BASE64},
    {"ticket", "\"" TICKET_139 "=\"", 0},
    {"ticket", "\"" TICKET_139 "A\"", ERR_BASE64},
    {"ticket", "\"" A24 A24 A24 A24 "\"", ERR_BASE64},
};

static const struct change challenge_changes[] = {
    NOT_A_STEP,
    {"protocol", NULL, ERR_JSON},
    {"protocol", "[\"conclave/1\"]", ERR_JSON},
    {"protocol", "\"conclave/2\"", ERR_JSON},
    NOT_B64_32("session"),
    NOT_B64_32("salt"),
    NOT_B64_32("nonce"),
    {"session", B32, 0},
    {"salt", B32, 0},
    {"identity", NULL, ERR_JSON},
    {"identity", "[]", ERR_JSON},
    {"identity", B32, ERR_BASE64},
    /* 44 bytes of zeros; Ed25519's prefix and the points 0 and 1; p + 3;
     * another algorithm's prefix (X25519) */
    {"identity",
	"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAA=\"",
	ERR_KEY},
    {"identity",
	"\"MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAA=\"",
	ERR_KEY},
    {"identity",
	"\"MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAA=\"",
	ERR_KEY},
    {"identity",
	"\"MCowBQYDK2VwAyEA8P///////////////////////////////////////"
	"38=\"",
	ERR_KEY},
    {"identity",
	"\"MCowBQYDK2VuAyEAj6WPcKivAtf1e5ryrIeSbAfZK8G/0aH9voB3yg80"
	"wEE=\"",
	ERR_KEY},
    {"identity",
	"\"MCowBQYDK2VwAyEAj6WPcKivAtf1e5ryrIeSbAfZK8G/0aH9voB3yg80"
	"wEE=\"",
	0},
    {"kdf", NULL, ERR_JSON},
    {"kdf", "\"scrypt\"", ERR_JSON},
    {"kdf", "{}", ERR_JSON},
    {"kdf", "{\"name\":\"argon2id\",\"n\":16384,\"r\":8,\"p\":1}", ERR_KDF},
    {"kdf", "{\"name\":1,\"n\":16384,\"r\":8,\"p\":1}", ERR_JSON},
    {"kdf", "{\"name\":\"scrypt\",\"n\":\"16384\",\"r\":8,\"p\":1}", ERR_JSON},
    {"kdf", "{\"name\":\"scrypt\",\"n\":16384,\"r\":8}", ERR_JSON},
    {"kdf", "{\"name\":\"scrypt\",\"n\":16384,\"p\":1}", ERR_JSON},
    {"kdf", "{\"name\":\"scrypt\",\"r\":8,\"p\":1}", ERR_JSON},
};

static const struct change share_changes[] = {
    NOT_A_STEP,
    {"share", NULL, ERR_JSON},
    {"share", "[4]", ERR_JSON},
    {"share", B32, ERR_BASE64},
};

static const struct change confirm_changes[] = {
    NOT_A_STEP,
    {"share", NULL, ERR_JSON},
    {"share", B32, ERR_BASE64},
    {"proof", NULL, ERR_JSON},
    {"proof", B32, ERR_BASE64},
    NOT_B64_32("confirm"),
    {"confirm", B32, ERR_PROOF},
};

static const struct change finish_changes[] = {
    NOT_A_STEP,
    NOT_B64_32("confirm"),
    {"confirm", B32, ERR_CONFIRM},
    {"card", NULL, ERR_JSON},
    {"card", "1", ERR_JSON},
    {"card", "\"A\"", ERR_BASE64},
    {"card", "\"AAA\"", ERR_BASE64},
    {"card", "\"AB==\"", ERR_BASE64},
    {"card", "\"\"", ERR_OPEN},
    {"card", "\"AAAA\"", ERR_OPEN},
    {"card", B32, ERR_OPEN},
};

static const struct message_test {
	size_t n;
	int at;
	const struct change *changes;
	size_t n_changes;
} message_tests[] = {
#define T(n, at, list)                                                         \
	{                                                                      \
		n, at, list, sizeof(list) / sizeof((list)[0])                  \
	}
    T(1, ST_SERVER_HELLO, hello_changes),
    T(2, ST_CLIENT_CHALLENGE, challenge_changes),
    T(3, ST_SERVER_SHARE, share_changes),
    T(4, ST_CLIENT_CONFIRM, confirm_changes),
    T(5, ST_SERVER_FINISH, finish_changes),
#undef T
};

static void changes(void **state)
{
	const struct message_test *t = *state;
	const struct change *c;
	struct handshake *h;
	struct shake k;
	struct buf m;
	json_t *o;
	size_t i, used;
	int r;

	shake_begin(&k, &world);
	for (i = 0; i < t->n_changes; i++) {
		c = &t->changes[i];
		o = object_of(t->n);
		if (c->text == NULL)
			json_object_del(o, c->key);
		else
			json_object_set_new(o, c->key, value(c->text));
		m = shake_json(o);
		h = shake_at(&k, t->at);
		r = shake_feed(h, m.p, m.len, 0, &used);
		if (r != c->r && !(t->n == 4 && c->r == 0))
			print_error("%s = %s: %s, not %s\n", c->key,
			    c->text ? c->text : "-", check_err_name(r),
			    check_err_name(c->r));
		assert_int_equal(r, c->r);
		assert_int_equal(handshake_need(h) == HS_FAILED, r != 0);
		if (r != 0 && t->n % 2 == 1)
			shake_expect_error(
			    h, r == ERR_CONFIRM ? "bad_password" : "protocol");
		buf_free(&m);
	}
	shake_free(&k);
}

/* --- invalid messages --- */

static void not_json(void **state)
{
	/* Each replaces the honest hello; %s is all of it but {}. */
	static const struct {
		const char *before, *after;
		int r;
	} t[] = {
	    {"{", "}", 0},
	    {"{ ", "\n}", 0},
	    {"{", "} ", ERR_JSON},
	    {"{", "}\n", ERR_JSON},
	    {" {", "}", ERR_JSON},
	    {"\xef\xbb\xbf{", "}", ERR_JSON},
	    {"[{", "}]", ERR_JSON},
	    {"{", "},{}", ERR_JSON},
	    {"{", ",}", ERR_JSON},
	    {"{", ",\"type\":\"handshake\"}", ERR_JSON},
	    {"{", ",\"t\\u0079pe\":\"handshake\"}", ERR_JSON},
	    {"{", ",\"x\":1.0}", ERR_JSON},
	    {"{", ",\"x\":1e3}", ERR_JSON},
	    {"{", ",\"x\":9223372036854775807}", 0},
	    {"{", ",\"x\":-9223372036854775808}", 0},
	    {"{", ",\"x\":9223372036854775808}", ERR_JSON},
	    {"{", ",\"x\":\"\\u0000\"}", ERR_JSON},
	    {"{", ",\"x\":\"\\ud800\"}", ERR_JSON},
	    {"{", ",\"x\":\"\xc0\x80\"}", ERR_JSON},
	    {"{", ",\"x\":[[[[[1]]]]]}", 0},
	    {"{", ",\"x\":[[[[[[1]]]]]]}", ERR_JSON},
	    {"{", ",\"x\":\"[[[[[[\"}", 0},
	    {"{", "", ERR_JSON},
	};
	struct handshake *h;
	struct shake k;
	struct buf b;
	size_t i, used;

	(void)state;
	shake_begin(&k, &world);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_init(&b, 1 << 16);
		assert_int_equal(buf_u32(&b, 0), 0);
		assert_int_equal(buf_str(&b, t[i].before), 0);
		assert_int_equal(
		    buf_put(&b, world.m[1].p + 5, world.m[1].len - 6), 0);
		assert_int_equal(buf_str(&b, t[i].after), 0);
		put_u32(b.p, (uint32_t)b.len - WIRE_LENGTH);
		h = shake_at(&k, ST_SERVER_HELLO);
		assert_int_equal(shake_feed(h, b.p, b.len, 0, &used), t[i].r);
		buf_free(&b);
	}
	shake_free(&k);
}

/* --- the KDF cost that a server asks for --- */

static const struct {
	int64_t n, r, p;
	bool ok;
} cost[] = {
    {1 << 14, 8, 1, true},
    {1 << 17, 8, 1, true},
    {1 << 18, 8, 1, true},
    {1 << 18, 8, 2, true},
    {1 << 18, 8, 3, false}, /* n r p */
    {1 << 19, 8, 1, false}, /* memory */
    {1 << 19, 4, 1, true},
    {1 << 20, 2, 2, true},
    {1 << 20, 2, 3, false},
    {1 << 20, 3, 1, false},
    {1 << 21, 1, 1, false},
    {1 << 20, 1, 1, false}, /* n < 2^(16 r) */
    {1 << 16, 1, 1, false},
    {1 << 15, 1, 1, true},
    {1 << 13, 8, 1, false},
    {(1 << 14) + 1, 8, 1, false},
    {(1 << 14) * 3, 8, 1, false},
    {1 << 14, 0, 1, false},
    {1 << 14, 32, 8, true},
    {1 << 14, 33, 1, false},
    {1 << 14, 8, 0, false},
    {1 << 14, 8, 16, true},
    {1 << 14, 8, 17, false},
    {0, 8, 1, false},
    {-16384, 8, 1, false},
    {INT64_MAX, 8, 1, false},
    {INT64_C(1) << 62, 8, 1, false},
    {1 << 14, -8, 1, false},
    {1 << 14, (INT64_C(1) << 32) + 8, 1, false},
    {1 << 14, 8, (INT64_C(1) << 32) + 1, false},
};

static void costs(void **state)
{
	struct hs_kdf_job job;
	struct handshake *h;
	struct shake k;
	struct buf m;
	json_t *o;
	size_t i, used;
	int r;

	(void)state;
	shake_begin(&k, &world);
	for (i = 0; i < sizeof(cost) / sizeof(cost[0]); i++) {
		o = object_of(2);
		json_object_set_new(o, "kdf",
		    json_pack("{s:s,s:I,s:I,s:I}", "name", "scrypt", "n",
			(json_int_t)cost[i].n, "r", (json_int_t)cost[i].r, "p",
			(json_int_t)cost[i].p));
		m = shake_json(o);
		h = shake_at(&k, ST_CLIENT_CHALLENGE);
		r = shake_feed(h, m.p, m.len, 0, &used);
		if (cost[i].ok) {
			assert_int_equal(r, 0);
			assert_int_equal(handshake_kdf_job(h, &job), 0);
			assert_int_equal(job.kdf.n, cost[i].n);
			assert_int_equal(job.kdf.r, cost[i].r);
			assert_int_equal(job.kdf.p, cost[i].p);
		} else {
			assert_true(r == ERR_KDF || r == ERR_RANGE);
			assert_int_equal(handshake_need(h), HS_FAILED);
			assert_int_equal(handshake_kdf_job(h, &job), ERR_STATE);
		}
		buf_free(&m);
	}
	shake_free(&k);
}

/* --- shares --- */

enum { N_BAD_SHARES = 6 };

/* Turns the client's honest share into an invalid one. */
static void bad_share(uint8_t s[WIRE_SHARE], size_t how)
{
	switch (how) {
	case 0: /* off the curve */
		s[64] ^= 1;
		break;
	case 1: /* hybrid form of the same point */
		s[0] = 0x06 | (s[64] & 1);
		break;
	case 2: /* the identity, padded */
		memset(s, 0, WIRE_SHARE);
		break;
	case 3: /* compressed, padded */
		s[0] = 0x02 | (s[64] & 1);
		memset(s + 33, 0, 32);
		break;
	case 4: /* a coordinate not below p */
		memset(s + 1, 0xff, 32);
		break;
	default:
		s[0] = 0x00;
	}
}

static void shares_from_client(void **state)
{
	uint8_t share[WIRE_SHARE];
	struct shake k;
	struct buf m;
	json_t *o;
	size_t i, used;

	(void)state;
	shake_begin(&k, &world);
	for (i = 0; i < N_BAD_SHARES; i++) {
		o = object_of(3);
		assert_int_equal(json_b64(o, "share", share, sizeof(share)), 0);
		bad_share(share, i);
		shake_set_b64(o, "share", share, sizeof(share));
		m = shake_json(o);
		shake_at(&k, ST_SERVER_SHARE);
		assert_int_equal(shake_feed(k.s, m.p, m.len, 0, &used), 0);
		assert_int_equal(handshake_grant(k.s), ERR_SHARE);
		assert_false(shake_open_guess(k.s)); /* no guess is left open */
		shake_expect_error(k.s, "protocol");
		buf_free(&m);
	}
	shake_free(&k);
}

/* A server that signs any share. */
static void shares_from_server(void **state)
{
	static const char label[] = "conclave/1 server proof";
	uint8_t m4[WIRE_SHARE + WIRE_CONFIRM], th3[WIRE_HASH];
	uint8_t sig[WIRE_SIGNATURE];
	struct part sent[3], parts[3] = {{label, sizeof(label)},
				 {th3, sizeof(th3)}, {m4, sizeof(m4)}};
	struct shake k;
	struct buf m;
	json_t *o;
	size_t i, used;

	(void)state;
	shake_begin(&k, &world);
	for (i = 0; i < 3; i++)
		sent[i] = (struct part){world.m[i + 1].p, world.m[i + 1].len};
	assert_int_equal(crypto_hash_parts(world.crypto, th3, sent, 3), 0);
	for (i = 0; i < 2 * N_BAD_SHARES + 1; i++) {
		o = object_of(4);
		assert_int_equal(json_b64(o, "share", m4, WIRE_SHARE), 0);
		assert_int_equal(
		    json_b64(o, "confirm", m4 + WIRE_SHARE, WIRE_CONFIRM), 0);
		if (i < 2 * N_BAD_SHARES)
			bad_share(m4, i / 2);
		assert_int_equal(identity_sign(world.server, sig, parts, 3), 0);
		shake_set_b64(o, "share", m4, WIRE_SHARE);
		shake_set_b64(o, "proof", sig, sizeof(sig));
		m = shake_json(o);
		/* A wrong pin is found again, before the share is used. */
		shake_at(&k, ST_CLIENT_CONFIRM)->has_pin = i % 2 == 1;
		assert_int_equal(shake_feed(k.c, m.p, m.len, 0, &used),
		    i == 2 * N_BAD_SHARES ? 0
		    : i % 2 == 1	  ? ERR_PIN
					  : ERR_SHARE);
		buf_free(&m);
	}
	shake_free(&k);
}

/* --- error messages --- */

static void errors(void **state)
{
	static const struct {
		const char *text;
		int r;
		enum wire_code code;
	} t[] = {
	    {"{\"type\":\"system\",\"event\":\"error\",\"code\":\"full\","
	     "\"text\":\"\"}",
		ERR_REFUSED, CODE_FULL},
	    {"{\"code\":\"try_later\",\"event\":\"error\",\"text\":\"in \\u001b"
	     "5 s\",\"more\":7,\"type\":\"system\"}",
		ERR_REFUSED, CODE_TRY_LATER},
	    {"{\"type\":\"system\",\"event\":\"error\",\"code\":\"from_2040\","
	     "\"text\":\"\"}",
		ERR_REFUSED, CODE_UNKNOWN},
	    {"{\"type\":\"system\",\"event\":\"error\",\"code\":\"full\"}",
		ERR_JSON, 0},
	    {"{\"type\":\"system\",\"event\":\"error\",\"text\":\"\"}",
		ERR_JSON, 0},
	    {"{\"type\":\"system\",\"event\":\"error\",\"code\":1,"
	     "\"text\":\"\"}",
		ERR_JSON, 0},
	    {"{\"type\":\"system\",\"event\":\"error\","
	     "\"code\":\"abcdefghijklmnopqrstuvwxyz1234567\",\"text\":\"\"}",
		ERR_TEXT, 0},
	    {"{\"type\":\"system\",\"event\":\"join\",\"code\":\"full\","
	     "\"text\":\"\"}",
		ERR_STATE, 0},
	    {"{\"type\":\"system\"}", ERR_STATE, 0},
	    {"{\"event\":\"error\",\"code\":\"full\",\"text\":\"\"}", ERR_JSON,
		0},
	};
	struct handshake *h;
	struct shake k;
	struct buf m;
	size_t i, used;
	int at;

	(void)state;
	shake_begin(&k, &world);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (at = ST_CLIENT_CHALLENGE; at <= ST_CLIENT_CONFIRM;
		     at += 2) {
			m = shake_message(t[i].text, strlen(t[i].text));
			h = shake_at(&k, at);
			assert_int_equal(
			    shake_feed(h, m.p, m.len, 0, &used), t[i].r);
			assert_int_equal(handshake_need(h), HS_FAILED);
			assert_int_equal(
			    handshake_error(h) != NULL, t[i].r == ERR_REFUSED);
			if (t[i].r == ERR_REFUSED)
				assert_int_equal(
				    handshake_error(h)->code, t[i].code);
			buf_free(&m);
		}
	shake_free(&k);
}

static void first_after(void **state)
{
	static const char error[] =
	    "{\"type\":\"system\",\"event\":\"error\","
	    "\"code\":\"bad_password\",\"text\":\"no\"}";
	static const char *const bad[] = {"{}", "{\"type\":\"system\"}",
	    "{\"type\":\"handshake\",\"step\":\"confirm\"}",
	    "{\"type\":\"system\",\"event\":\"join\"}",
	    "{\"type\":\"system\",\"event\":\"error\",\"code\":\"a\"}", "{{"};
	static const uint8_t record[] = {0, 0, 0, 99, 0, 0};
	static const uint8_t other[] = {0, 0, 0, 99, 1};
	static const uint8_t huge[] = {0, 0, 0x40, 1, '{'};
	struct hs_error e;
	struct buf b;
	size_t i, used;

	(void)state;
	b = shake_message(error, strlen(error));
	for (i = 0; i < b.len; i++)
		assert_int_equal(handshake_first(&e, b.p, i, &used), ERR_AGAIN);
	assert_int_equal(buf_str(&b, "more"), 0);
	assert_int_equal(handshake_first(&e, b.p, b.len, &used), 0);
	assert_int_equal(used, b.len - 4);
	assert_int_equal(e.code, CODE_BAD_PASSWORD);
	assert_string_equal(e.word, "bad_password");
	assert_string_equal(e.text, "no");
	buf_free(&b);
	assert_int_equal(handshake_first(&e, record, 4, &used), ERR_AGAIN);
	assert_int_equal(handshake_first(&e, record, 5, &used), 1);
	assert_int_equal(used, 0);
	assert_true(err_is_peer(handshake_first(&e, other, 5, &used)));
	assert_true(err_is_peer(handshake_first(&e, huge, 5, &used)));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		b = shake_message(bad[i], strlen(bad[i]));
		assert_true(
		    err_is_peer(handshake_first(&e, b.p, b.len, &used)));
		buf_free(&b);
	}
}

int main(void)
{
	struct check_group g = {0};
	size_t i;
	int failed;

	shake_world_init(&world);
	for (i = 0; i < sizeof(message_tests) / sizeof(message_tests[0]); i++)
		check_add(&g, changes, (void *)(uintptr_t)&message_tests[i],
		    "every key of message %zu", message_tests[i].n);
	check_add(&g, not_json, NULL, "what is not JSON as it must be");
	check_add(&g, costs, NULL, "the cost of the password");
	check_add(&g, shares_from_client, NULL, "bad shares from a client");
	check_add(&g, shares_from_server, NULL, "bad shares from a server");
	check_add(&g, errors, NULL, "error messages");
	check_add(&g, first_after, NULL, "the first thing after message 5");
	failed = check_run("handshake_msg", &g);
	shake_world_free(&world);
	return failed;
}
