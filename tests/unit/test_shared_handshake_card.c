/* Section 2 of PROTOCOL.md: the card, sealed and sent by a second
 * implementation of the client. */
#include "tests/unit/shake.h"

#include "shared/proto/handshake_int.h"

static struct shake_world world;

static json_t *value(const char *text)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(v);
	return v;
}

#define B31 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\""
#define B32 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define B33 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""

/* --- the card --- */

/* The link works with the keys that the second implementation computed. */
static void expect_link(struct evil *e)
{
	const struct hs_result *s = handshake_result(e->k.s);
	struct link_frame f = {9, (const uint8_t *)"hello", 5};
	struct link *lc, *ls;
	struct buf b;
	struct rd rd;
	int i;

	assert_non_null(s);
	assert_memory_equal(s->th5, e->th[5], WIRE_HASH);
	lc = link_new(world.crypto, &e->link, LINK_CLIENT);
	ls = link_new(world.crypto, &s->keys, LINK_SERVER);
	assert_non_null(lc);
	assert_non_null(ls);
	buf_init(&b, 1000);
	for (i = 0; i < 2; i++) {
		buf_clear(&b);
		assert_int_equal(link_record(i ? ls : lc, &b, &f, 1), 0);
		assert_int_equal(link_open(i ? lc : ls, b.p, b.len, &rd), 0);
	}
	assert_memory_equal(&s->keys, &e->link, sizeof(e->link));
	buf_free(&b);
	link_free(lc);
	link_free(ls);
}

/* A refusal is sent in a record, because the handshake itself has succeeded. */
static void expect_refusal(struct evil *e, int r, enum wire_code code)
{
	size_t n;

	assert_int_equal(r, 0);
	assert_int_equal(handshake_need(e->k.s), HS_DONE);
	assert_true(handshake_proved(e->k.s));
	(void)handshake_output(e->k.s, &n);
	assert_int_equal(n, 0);
	if (handshake_result(e->k.s)->refusal != code)
		print_error("%s, not %s\n",
		    wire_code_word(handshake_result(e->k.s)->refusal),
		    wire_code_word(code));
	assert_int_equal(handshake_result(e->k.s)->refusal, code);
	expect_link(e);
}

/* Sends this card in a handshake of its own; o is released. */
static void finish_with(json_t *o, enum wire_code want)
{
	struct evil e;
	struct buf m = shake_json(o);
	int r;

	evil_init(&e, &world);
	r = evil_finish(&e, m.p + WIRE_LENGTH, m.len - WIRE_LENGTH);
	expect_refusal(&e, r, want);
	buf_free(&m);
	evil_free(&e);
}

#define NAME24 "abcdefghijklmnopqrstuvwx"
#define ROOM32 "abcdefghijklmnopqrstuvwxyz.12345"

static const struct {
	const char *key, *text;
	enum wire_code refusal;
} card_values[] = {
    {"unknown", "[[1]]", CODE_NONE},
    {"v", NULL, CODE_BAD_CARD},
    {"v", "2", CODE_BAD_CARD},
    {"v", "0", CODE_BAD_CARD},
    {"v", "\"1\"", CODE_BAD_CARD},
    {"v", "4294967297", CODE_BAD_CARD},
    {"name", NULL, CODE_BAD_CARD},
    {"name", "5", CODE_BAD_CARD},
    {"name", "\"\"", CODE_BAD_NAME},
    {"name", "\"server\"", CODE_BAD_NAME},
    {"name", "\"SysTem\"", CODE_BAD_NAME},
    {"name", "\"-a\"", CODE_BAD_NAME},
    {"name", "\"a b\"", CODE_BAD_NAME},
    {"name", "\"\\u0430lice\"", CODE_BAD_NAME},
    {"name", "\"a\\n\"", CODE_BAD_NAME},
    {"name", "\"" NAME24 "\"", CODE_NONE},
    {"name", "\"" NAME24 "y\"", CODE_BAD_NAME},
    {"room", NULL, CODE_BAD_CARD},
    {"room", "[]", CODE_BAD_CARD},
    {"room", "\"attic\"", CODE_NONE},
    {"room", "\"" ROOM32 "\"", CODE_NONE},
    {"room", "\"" ROOM32 "6\"", CODE_NO_ROOM},
    {"room", "\"#attic\"", CODE_NO_ROOM},
    {"identity", NULL, CODE_BAD_CARD},
    {"identity", "1", CODE_BAD_CARD},
    {"identity", B32, CODE_BAD_CARD},
    {"wrap", NULL, CODE_BAD_CARD},
    {"wrap", "\"\"", CODE_BAD_CARD},
    {"wrap", "{}", CODE_BAD_CARD},
    {"wrap", B32, CODE_BAD_CARD},
    {"agree", NULL, CODE_BAD_CARD},
    {"agree", B31, CODE_BAD_CARD},
    {"agree", B33, CODE_BAD_CARD},
    {"agree", B32, CODE_BAD_CARD}, /* the point 0 */
    {"agree", "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
	CODE_BAD_CARD},
    /* p + 2, and 9 with its top bit set */
    {"agree", "\"7////////////////////////////////////////38=\"",
	CODE_BAD_CARD},
    {"agree", "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=\"",
	CODE_BAD_CARD},
    {"agree", "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", CODE_NONE},
    {"instance", NULL, CODE_BAD_CARD},
    {"instance", "1", CODE_BAD_CARD},
    {"instance", "\"AAAAAAAAAAAAAAAAAAAA\"", CODE_BAD_CARD},
    {"instance", "\"AAAAAAAAAAAAAAAAAAAAAAA=\"", CODE_BAD_CARD},
    {"instance", "\"AAAAAAAAAAAAAAAAAAAAAA==\"", CODE_NONE},
    {"session", NULL, CODE_BAD_CARD},
    {"session", B32, CODE_BAD_CARD},
    {"session", B31, CODE_BAD_CARD},
    {"binding", NULL, CODE_BAD_CARD},
    {"binding", B32, CODE_BAD_CARD},
};

static void card_value(void **state)
{
	size_t i = (size_t)(uintptr_t)*state;
	struct evil e;
	json_t *o;

	evil_init(&e, &world);
	o = evil_card(&e);
	evil_free(&e);
	if (card_values[i].text == NULL)
		json_object_del(o, card_values[i].key);
	else
		json_object_set_new(
		    o, card_values[i].key, value(card_values[i].text));
	finish_with(o, card_values[i].refusal);
}

static json_t *honest_card(void)
{
	struct evil e;
	json_t *o;

	evil_init(&e, &world);
	o = evil_card(&e);
	evil_free(&e);
	return o;
}

static void card_good(void **state)
{
	const struct hs_card *card;
	uint8_t hash[WIRE_HASH];
	struct evil e;
	struct buf m;
	json_t *o;

	(void)state;
	evil_init(&e, &world);
	o = evil_card(&e);
	json_object_set_new(o, "room", json_string("attic"));
	m = shake_json(o);
	expect_refusal(&e, evil_finish(&e, m.p + 4, m.len - 4), CODE_NONE);
	card = &handshake_result(e.k.s)->card;
	assert_string_equal(card->name, "alice");
	assert_string_equal(card->room, "attic");
	assert_int_equal(card->bytes.len, m.len - 4);
	assert_memory_equal(card->bytes.p, m.p + 4, m.len - 4);
	assert_int_equal(
	    crypto_hash1(world.crypto, hash, m.p + 4, m.len - 4), 0);
	assert_memory_equal(card->hash, hash, sizeof(hash));
	assert_memory_equal(card->identity, identity_public(world.alice), 32);
	assert_memory_equal(card->agree, dh_public(world.agree), 32);
	assert_memory_equal(card->instance, SHAKE_INSTANCE, WIRE_INSTANCE);
	buf_free(&m);
	evil_free(&e);
}

/* Errors in other fields come before the name's; the name's before the
 * room's. */
static void card_order(void **state)
{
	json_t *o = honest_card();

	(void)state;
	json_object_set_new(o, "name", json_string("!"));
	json_object_set_new(o, "room", json_string("!"));
	finish_with(json_copy(o), CODE_BAD_NAME);
	json_object_set_new(o, "binding", value(B32));
	finish_with(o, CODE_BAD_CARD);
}

/* A name of any length is kept for the log, truncated and NUL-terminated. */
static void card_long_name(void **state)
{
	char name[3000];
	struct evil e;
	struct buf m;
	json_t *o;

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	evil_init(&e, &world);
	o = evil_card(&e);
	json_object_set_new(o, "name", json_string(name));
	m = shake_json(o);
	expect_refusal(&e, evil_finish(&e, m.p + 4, m.len - 4), CODE_BAD_NAME);
	assert_int_equal(strlen(handshake_result(e.k.s)->card.name),
	    WIRE_SHORT_TEXT_MAX - 1);
	buf_free(&m);
	evil_free(&e);
}

static void card_identity(void **state)
{
	uint8_t spki[WIRE_ED25519_SPKI + 1];
	json_t *o = honest_card();

	(void)state;
	ed25519_spki(spki, identity_public(world.mallory));
	spki[WIRE_ED25519_SPKI] = 0;
	/* The key of another user under alice's signature, and the reverse. */
	shake_set_b64(o, "identity", spki, WIRE_ED25519_SPKI);
	finish_with(json_copy(o), CODE_BAD_CARD);
	/* One byte too many; the points of order 1, 2 and 4. */
	shake_set_b64(o, "identity", spki, sizeof(spki));
	finish_with(json_copy(o), CODE_BAD_CARD);
	memset(spki + 12, 0, 32);
	shake_set_b64(o, "identity", spki, WIRE_ED25519_SPKI);
	finish_with(json_copy(o), CODE_BAD_CARD);
	spki[12] = 1;
	shake_set_b64(o, "identity", spki, WIRE_ED25519_SPKI);
	finish_with(json_copy(o), CODE_BAD_CARD);
	memset(spki + 12, 0xff, 32);
	spki[12] = 0xec;
	spki[43] = 0x7f;
	shake_set_b64(o, "identity", spki, WIRE_ED25519_SPKI);
	finish_with(o, CODE_BAD_CARD);
}

static void card_wrap(void **state)
{
	uint8_t der[WIRE_RSA_SPKI_MAX + 8] = {0};
	struct buf b;
	json_t *o = honest_card();
	size_t n;

	(void)state;
	buf_init(&b, WIRE_RSA_SPKI_MAX);
	assert_int_equal(kem_rsa_spki(world.wrap, &b), 0);
	n = b.len;
	assert_int_equal(n, 294); /* PROTOCOL.md's table: n is at 33 */
	memcpy(der, b.p, n);
	buf_free(&b);
#define WRAP(len)                                                              \
	do {                                                                   \
		shake_set_b64(o, "wrap", der, len);                            \
		finish_with(json_copy(o), CODE_BAD_CARD);                      \
	} while (0)
	der[n - 1] = 3; /* e = 65539 */
	WRAP(n);
	der[n - 1] = 0;
	WRAP(n);
	der[n - 1] = 1;
	der[n - 3] = 0; /* e = 1, not in its shortest form */
	WRAP(n);
	der[n - 3] = 1;
	der[33] &= 0x7f; /* n of 2047 bits */
	WRAP(n);
	der[33] |= 0x80;
	der[33 + 255] &= 0xfe; /* n is even */
	WRAP(n);
	der[33 + 255] |= 1;
	WRAP(n + 1); /* one byte too many */
	WRAP(n - 1);
	WRAP(WIRE_RSA_SPKI_MAX + 1);
	WRAP(WIRE_RSA_SPKI_MAX); /* as long as RSA-4096, but invalid */
	der[3]++;		 /* a length field of the DER */
	WRAP(n);
	der[3]--;
#undef WRAP
	shake_set_b64(o, "wrap", der, n); /* restored */
	finish_with(o, CODE_NONE);
}

/* e = 3, in DER with every length correct. */
static void card_wrap_e3(void **state)
{
	static const uint8_t head[] = {0x30, 0x82, 0x01, 0x20, 0x30, 0x0d, 0x06,
	    0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
	    0x00, 0x03, 0x82, 0x01, 0x0d, 0x00, 0x30, 0x82, 0x01, 0x08, 0x02,
	    0x82, 0x01, 0x01, 0x00};
	uint8_t der[33 + 256 + 3];
	json_t *o = honest_card();

	(void)state;
	memset(der, 0xc5, sizeof(der));
	memcpy(der, head, sizeof(head));
	memcpy(der + 289, "\x02\x01\x03", 3);
	shake_set_b64(o, "wrap", der, sizeof(der));
	finish_with(o, CODE_BAD_CARD);
}

static void card_signatures(void **state)
{
	struct evil e;
	struct buf m, sealed;
	uint8_t plain[4000] = {0};
	int how, r;

	(void)state;
	for (how = 0; how < 4; how++) {
		evil_init(&e, &world);
		m = shake_json(evil_card(&e));
		e.signer = how == 0 ? world.mallory : world.alice;
		e.no_label = how == 1;
		if (how < 2) {
			r = evil_finish(&e, m.p + 4, m.len - 4);
		} else { /* all zeros; all zeros but S = order */
			static const uint8_t order[32] = {0xed, 0xd3, 0xf5,
			    0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
			    0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};

			memset(plain, 0, 64);
			if (how == 3) {
				plain[0] = 1;
				memcpy(plain + 32, order, 32);
			}
			memcpy(plain + 64, m.p + 4, m.len - 4);
			buf_init(&sealed, 1 << 16);
			assert_int_equal(
			    evil_seal(&e, plain, 60 + m.len, &sealed), 0);
			r = evil_finish_sealed(&e, sealed.p, sealed.len);
			buf_free(&sealed);
		}
		expect_refusal(&e, r, CODE_BAD_CARD);
		buf_free(&m);
		evil_free(&e);
	}
}

/* A card of another handshake, signed by its owner: a stolen card is refused,
 * because it is bound to its handshake. */
static void card_replayed(void **state)
{
	struct evil first, second;
	struct buf m;
	int r;

	(void)state;
	evil_init(&first, &world);
	evil_init(&second, &world);
	/* Another server's session, with everything else from this
	 * handshake. */
	memcpy(first.th[4], world.salt, 32);
	m = shake_json(evil_card(&first));
	r = evil_finish(&second, m.p + 4, m.len - 4);
	expect_refusal(&second, r, CODE_BAD_CARD);
	buf_free(&m);
	evil_free(&first);
	evil_free(&second);
}

static void card_not_json(void **state)
{
	static const char *const t[] = {"", "{}", "[]", "null", "{",
	    "{\"v\":1,\"v\":1}", "{\"v\":1}\n", "\xff"};
	struct evil e;
	struct buf m;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		evil_init(&e, &world);
		r = evil_finish(&e, t[i], strlen(t[i]));
		expect_refusal(&e, r, CODE_BAD_CARD);
		evil_free(&e);
	}
	evil_init(&e, &world);
	m = shake_json(evil_card(&e));
	assert_int_equal(buf_u8(&m, '\n'), 0);
	r = evil_finish(&e, m.p + 4, m.len - 4);
	expect_refusal(&e, r, CODE_BAD_CARD);
	buf_free(&m);
	evil_free(&e);
}

/* It opens with the right key, but is too short for a signature. */
static void card_short(void **state)
{
	static const size_t sizes[] = {0, 1, 63, 64};
	uint8_t plain[64] = {0};
	struct evil e;
	struct buf b;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		evil_init(&e, &world);
		buf_init(&b, 1000);
		assert_int_equal(evil_seal(&e, plain, sizes[i], &b), 0);
		r = evil_finish_sealed(&e, b.p, b.len);
		expect_refusal(&e, r, CODE_BAD_CARD);
		assert_int_equal(handshake_result(e.k.s)->card.bytes.len, 0);
		buf_free(&b);
		evil_free(&e);
	}
}

/* A card that does not open is a protocol error, even after the password was
 * proved. */
static void card_does_not_open(void **state)
{
	static const uint8_t zero[WIRE_HASH];
	struct evil e;
	struct buf m;
	int how;

	(void)state;
	for (how = 0; how < 4; how++) {
		evil_init(&e, &world);
		m = shake_json(evil_card(&e));
		e.other_key = how == 0;
		e.short_aad = how == 1;
		if (how == 2)
			e.aad[0] ^= 1;
		if (how == 3)
			e.aad[63] ^= 1;
		assert_int_equal(evil_finish(&e, m.p + 4, m.len - 4), ERR_OPEN);
		assert_int_equal(handshake_need(e.k.s), HS_FAILED);
		assert_null(handshake_result(e.k.s));
		assert_memory_equal(e.k.s->s4, zero, sizeof(zero));
		assert_true(handshake_proved(e.k.s));
		assert_false(shake_open_guess(e.k.s));
		shake_expect_error(e.k.s, "protocol");
		buf_free(&m);
		evil_free(&e);
	}
}

/* Our own client never sends a card that a server would refuse. */
static void own_card(void **state)
{
	static const struct {
		const char *name, *room;
		int r;
	} t[] = {{"alice", "attic", 0}, {"server", "", ERR_USAGE},
	    {"", "", ERR_USAGE}, {"alice", "#", ERR_USAGE},
	    {"al ice", "", ERR_USAGE}};
	struct hs_card_opts o = {
	    NULL, NULL, world.alice, world.wrap, world.agree,
	    (const uint8_t *)SHAKE_INSTANCE, NULL};
	struct shake k;
	size_t i;

	(void)state;
	shake_begin(&k, &world);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		o.name = t[i].name;
		o.room = t[i].room;
		shake_at(&k, ST_CLIENT_CARD);
		assert_int_equal(handshake_card(k.c, &o), t[i].r);
		assert_int_equal(
		    handshake_need(k.c), t[i].r == 0 ? HS_DONE : HS_FAILED);
	}
	shake_free(&k);
}

/* An account other than the one whose record the server has. */
static void other_account(void **state)
{
	struct shake k;
	struct hs_client_opts o = {0};
	struct buf b;
	size_t used;

	(void)state;
	shake_begin(&k, &world);
	shake_server(&k);
	shake_client(&k);
	o.crypto = world.crypto;
	o.rng = random_system();
	o.account = "bob";
	handshake_free(k.c);
	k.c = handshake_client(&o);
	assert_non_null(k.c);
	b = shake_output(k.c);
	assert_int_equal(shake_feed(k.s, b.p, b.len, 0, &used), 0);
	buf_free(&b);
	shake_run(&k);
	assert_int_equal(handshake_need(k.c), HS_FAILED);
	assert_true(shake_open_guess(k.s));
	shake_free(&k);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;
	int failed;

	shake_world_init(&world);
	for (i = 0; i < sizeof(card_values) / sizeof(card_values[0]); i++)
		check_add(&g, card_value, (void *)(uintptr_t)i,
		    "card: %s %.40s", card_values[i].key,
		    card_values[i].text ? card_values[i].text : "missing");
	check_add(&g, card_good, NULL, "card: a good one");
	check_add(&g, card_order, NULL, "card: the order of refusals");
	check_add(&g, card_long_name, NULL, "card: a name of 3000 bytes");
	check_add(&g, card_identity, NULL, "card: identities");
	check_add(&g, card_wrap, NULL, "card: RSA keys");
	check_add(&g, card_wrap_e3, NULL, "card: RSA with e = 3");
	check_add(&g, card_signatures, NULL, "card: signatures");
	check_add(&g, card_replayed, NULL, "card: of another handshake");
	check_add(&g, card_not_json, NULL, "card: no JSON");
	check_add(&g, card_short, NULL, "card: too short");
	check_add(&g, card_does_not_open, NULL, "card: does not open");
	check_add(&g, own_card, NULL, "card: our own");
	check_add(&g, other_account, NULL, "an account that is not there");
	failed = check_run("handshake_card", &g);
	shake_world_free(&world);
	return failed;
}
