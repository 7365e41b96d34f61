/* Control frames, every type encoded and decoded; and these and the contents of
 * group frames truncated, too long, and from the wrong side. (Contents:
 * test_shared_content. Single fields: test_shared_fields.) */
#include "tests/unit/check.h"
#include "tests/unit/samples.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* --- round trips -------------------------------------------------------- */

static struct control *decode_base(enum sample_no id, struct buf *b)
{
	struct control *c = malloc(sizeof(*c));

	assert_non_null(c);
	buf_init(b, WIRE_JSON_MAX);
	assert_int_equal(samples[id].make(b), 0);
	assert_int_equal(
	    control_decode(c,
		samples[id].by == BY_CLIENT ? FROM_CLIENT : FROM_SERVER, b->p,
		b->len),
	    0);
	return c;
}

static void test_wrapped(void **state)
{
	struct key_exchange want;
	struct control *c;
	struct buf b;

	(void)state;
	sample_wrapped(&want);
	c = decode_base(WRAPPED, &b);
	assert_int_equal(c->type, CONTROL_KEY_EXCHANGE);
	assert_memory_equal(&c->u.key_exchange, &want, sizeof(want));
	free(c);
	buf_free(&b);
}

static void test_fresh(void **state)
{
	struct key_exchange want;
	struct control *c;
	struct buf b;

	(void)state;
	sample_fresh(&want);
	c = decode_base(FRESH, &b);
	assert_int_equal(c->type, CONTROL_KEY_EXCHANGE);
	assert_memory_equal(&c->u.key_exchange, &want, sizeof(want));
	free(c);
	buf_free(&b);
}

static void test_list(void **state)
{
	struct user a, z;
	struct control *c;
	struct buf b;

	(void)state;
	sample_user(&a, 2, "alice");
	sample_user(&z, 5, "bob");
	c = decode_base(LIST, &b);
	assert_int_equal(c->type, CONTROL_USER_LIST);
	assert_int_equal(c->u.user_list.room, 7);
	assert_int_equal(c->u.user_list.total, 3);
	assert_int_equal(c->u.user_list.seq, 12);
	assert_int_equal(c->u.user_list.after, 0);
	assert_int_equal(c->u.user_list.n_users, 2);
	assert_memory_equal(&c->u.user_list.users[0], &a, sizeof(a));
	assert_memory_equal(&c->u.user_list.users[1], &z, sizeof(z));
	free(c);
	buf_free(&b);
}

static void test_small_ones(void **state)
{
	struct control *c;
	struct buf b;

	(void)state;
	c = decode_base(LIST_ASK, &b);
	assert_int_equal(c->type, CONTROL_USER_LIST);
	assert_int_equal(c->u.user_list.room, 7);
	assert_int_equal(c->u.user_list.after, 102);
	free(c);
	buf_free(&b);
	c = decode_base(ACK, &b);
	assert_int_equal(c->type, CONTROL_ACK);
	assert_int_equal(c->u.ack.room, 7);
	assert_int_equal(c->u.ack.seq, 44);
	assert_int_equal(c->u.ack.offset, 1001);
	free(c);
	buf_free(&b);
	c = decode_base(IDENTITY_ASK, &b);
	assert_int_equal(c->type, CONTROL_IDENTITY);
	assert_int_equal(c->u.identity.member, 5);
	free(c);
	buf_free(&b);
	c = decode_base(PING, &b);
	assert_int_equal(c->type, CONTROL_PING);
	assert_int_equal(c->u.ping, -3);
	free(c);
	buf_free(&b);
	c = decode_base(PONG, &b);
	assert_int_equal(c->type, CONTROL_PONG);
	assert_int_equal(c->u.ping, 3);
	free(c);
	buf_free(&b);
}

static void test_identity(void **state)
{
	struct control *c;
	struct buf b;
	size_t i;

	(void)state;
	c = decode_base(IDENTITY, &b);
	assert_int_equal(c->type, CONTROL_IDENTITY);
	assert_int_equal(c->u.identity.member, 5);
	assert_int_equal(c->u.identity.card_len, 700);
	for (i = 0; i < 700; i++)
		assert_int_equal(c->u.identity.card[i], 0xca);
	for (i = 0; i < WIRE_SIGNATURE; i++)
		assert_int_equal(c->u.identity.signature[i], 0x51);
	free(c);
	buf_free(&b);
}

static void test_ends(void **state)
{
	struct control *c;
	struct buf b;

	(void)state;
	c = decode_base(ERROR, &b);
	assert_int_equal(c->type, CONTROL_ERROR);
	assert_int_equal(c->u.end.code, CODE_NO_MEMBER);
	assert_string_equal(c->u.end.word, "no_member");
	assert_string_equal(c->u.end.text, "gone");
	assert_int_equal(c->u.end.member, 5);
	free(c);
	buf_free(&b);
	c = decode_base(BYE, &b);
	assert_int_equal(c->type, CONTROL_BYE);
	assert_int_equal(c->u.end.code, CODE_QUIT);
	assert_string_equal(c->u.end.word, "quit");
	assert_string_equal(c->u.end.text, "so long");
	assert_int_equal(c->u.end.member, 0);
	free(c);
	buf_free(&b);
}

/* Every known code survives a round trip. */
static void test_codes(void **state)
{
	struct control *c = malloc(sizeof(*c));
	struct buf b;
	unsigned i;

	(void)state;
	assert_non_null(c);
	buf_init(&b, 1000);
	for (i = CODE_NONE + 1; i < CODE_UNKNOWN; i++) {
		buf_clear(&b);
		assert_int_equal(control_bye(&b, (enum wire_code)i, ""), 0);
		assert_int_equal(control_decode(c, FROM_CLIENT, b.p, b.len), 0);
		assert_int_equal(c->u.end.code, i);
		buf_clear(&b);
		assert_int_equal(
		    control_error(&b, (enum wire_code)i, "t", 9), 0);
		assert_int_equal(control_decode(c, FROM_SERVER, b.p, b.len), 0);
		assert_int_equal(c->u.end.code, i);
		assert_int_equal(c->u.end.member, i == CODE_NO_MEMBER ? 9 : 0);
	}
	buf_free(&b);
	free(c);
}

/* A full page of names of maximum length fits and is decoded unchanged. */
static void test_full_page(void **state)
{
	struct user_list *l = calloc(1, sizeof(*l));
	struct control *c = malloc(sizeof(*c));
	struct buf b;
	char name[WIRE_NAME_MAX + 1];
	uint32_t i;

	(void)state;
	assert_non_null(l);
	assert_non_null(c);
	l->room = UINT32_MAX;
	l->total = l->seq = INT64_MAX;
	for (i = 0; i < WIRE_PAGE; i++) {
		snprintf(name, sizeof(name), "%024u", i);
		sample_user(&l->users[i], UINT32_MAX - WIRE_PAGE + i, name);
	}
	l->n_users = WIRE_PAGE;
	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(control_user_list(&b, l), 0);
	assert_int_equal(control_decode(c, FROM_SERVER, b.p, b.len), 0);
	assert_memory_equal(&c->u.user_list, l, sizeof(*l));
	buf_free(&b);
	free(c);
	free(l);
}

/* One user more than a page is refused, in a list and in a notice. */
static void test_page_and_one(void **state)
{
	struct user *users = calloc(WIRE_PAGE + 1, sizeof(*users));
	uint8_t commit[WIRE_HASH] = {0};
	struct json_w w;
	struct buf b;
	uint32_t i;

	(void)state;
	assert_non_null(users);
	for (i = 0; i <= WIRE_PAGE; i++)
		sample_user(&users[i], i + 1, "a");
	buf_init(&b, WIRE_JSON_MAX);
	json_begin(&w, &b);
	json_put_str(&w, "type", "user_list");
	json_put_int(&w, "room", 1);
	json_put_int(&w, "total", 101);
	json_put_int(&w, "seq", 1);
	json_put_b64(&w, "roster", commit, sizeof(commit));
	users_encode(&w, users, WIRE_PAGE + 1);
	assert_int_equal(json_end(&w), 0);
	assert_int_equal(sample_verdict(BY_SERVER, b.p, b.len), ERR_RANGE);
	buf_clear(&b);
	json_begin(&w, &b);
	json_put_str(&w, "type", "system");
	json_put_str(&w, "event", "join");
	json_put_int(&w, "epoch", 1);
	json_put_b64(&w, "commit", commit, sizeof(commit));
	json_put_b64(&w, "roster", commit, sizeof(commit));
	users_encode(&w, users, WIRE_PAGE + 1);
	json_put_int(&w, "ts", 1);
	assert_int_equal(json_end(&w), 0);
	assert_int_equal(sample_verdict(BY_NOTICE, b.p, b.len), ERR_RANGE);
	buf_clear(&b);
	assert_int_equal(
	    notice_encode(&b, &(struct notice_of){NOTICE_JOIN, 1, commit,
				   commit, users, WIRE_PAGE + 1, NULL, 1}),
	    ERR_LIMIT);
	assert_int_equal(notice_encode(&b, &(struct notice_of){NOTICE_JOIN, 1,
						commit, commit, users, 0, NULL, 1}),
	    ERR_LIMIT);
	assert_int_equal(notice_encode(&b, &(struct notice_of){NOTICE_OTHER, 1,
						commit, commit, users, 1, NULL, 1}),
	    ERR_LIMIT);
	assert_int_equal(b.len, 0);
	buf_free(&b);
	free(users);
}

/* --- who may send what -------------------------------------------------- */

static void test_truncated(void **state)
{
	const struct sample *base = *state;
	struct buf b;
	size_t i;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(base->make(&b), 0);
	assert_int_equal(sample_verdict(base->by, b.p, b.len), 0);
	for (i = 0; i < b.len; i++)
		assert_int_equal(sample_verdict(base->by, b.p, i), ERR_JSON);
	buf_free(&b);
}

/* Ours is padded; a frame of another program need not be, and whatever "pad"
 * is, it is ignored. */
static void test_padded(void **state)
{
	static const char *const pads[] = {"", ",\"pad\":7", ",\"pad\":[{}]"};
	const struct sample *base = *state;
	struct buf b;
	char *pad;
	size_t i, n;

	buf_init(&b, WIRE_JSON_MAX);
	for (i = 0; i < sizeof(pads) / sizeof(pads[0]); i++) {
		buf_clear(&b);
		assert_int_equal(base->make(&b), 0);
		assert_int_equal(b.len, wire_padded(b.len));
		assert_int_equal(buf_u8(&b, 0), 0);
		pad = strstr((char *)b.p, ",\"pad\":\".");
		assert_non_null(pad);
		n = (size_t)(pad - (char *)b.p);
		buf_truncate(&b, n);
		assert_int_equal(buf_str(&b, pads[i]), 0);
		assert_int_equal(buf_u8(&b, '}'), 0);
		assert_int_equal(sample_verdict(base->by, b.p, b.len), 0);
	}
	buf_free(&b);
}

/* A frame one byte over the limit is refused before it is parsed. */
static void test_too_long(void **state)
{
	const struct sample *base = *state;
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX + 1);
	assert_int_equal(base->make(&b), 0);
	assert_int_equal(b.p[b.len - 1], '}');
	b.len--;
	while (b.len < WIRE_JSON_MAX - 1)
		assert_int_equal(buf_u8(&b, ' '), 0);
	assert_int_equal(buf_u8(&b, '}'), 0);
	assert_int_equal(sample_verdict(base->by, b.p, b.len), 0);
	b.p[b.len - 1] = ' ';
	assert_int_equal(buf_u8(&b, '}'), 0);
	assert_int_equal(sample_verdict(base->by, b.p, b.len), ERR_RANGE);
	buf_free(&b);
}

/* From the other side, a frame is out of order, or it lacks that side's
 * fields. */
static void test_other_side(void **state)
{
	const struct sample *base = *state;
	const enum by other = base->by == BY_CLIENT   ? BY_SERVER
			      : base->by == BY_SERVER ? BY_CLIENT
			      : base->by == BY_MEMBER ? BY_NOTICE
						      : BY_MEMBER;
	const enum sample_no id = (enum sample_no)(base - samples);
	struct buf b;
	int want;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(base->make(&b), 0);
	if (base->both || id == IDENTITY)
		want = 0; /* the answer has all fields of the request */
	else if (id == LIST || id == ENTRY_LIST || id == LIST_ASK ||
		 id == IDENTITY_ASK || id == ASK_HISTORY || id == ASK_EARLIER ||
		 id == HISTORY)
		want = ERR_JSON;
	else
		want = ERR_STATE;
	assert_int_equal(sample_verdict(other, b.p, b.len), want);
	buf_free(&b);
}

static void test_unknown_types(void **state)
{
	static const char *const texts[] = {
	    "{\"type\":\"later\"}",
	    "{\"type\":\"\"}",
	    "{\"type\":\"Ping\"}",
	    "{\"type\":\"ping \"}",
	    "{\"type\":\"handshake\",\"step\":\"hello\"}",
	    "{\"type\":\"later\",\"id\":null,\"room\":[]}",
	};
	struct control *c = malloc(sizeof(*c));
	struct content *t = malloc(sizeof(*t));
	size_t i;
	int from;

	(void)state;
	assert_non_null(c);
	assert_non_null(t);
	for (i = 0; i < ARRAY_LEN(texts); i++) {
		for (from = 0; from < 2; from++) {
			assert_int_equal(
			    control_decode(c, (enum control_from)from, texts[i],
				strlen(texts[i])),
			    0);
			assert_int_equal(c->type, CONTROL_UNKNOWN);
			assert_int_equal(content_decode(t, from == 1, texts[i],
					     strlen(texts[i])),
			    0);
			assert_int_equal(t->type, CONTENT_UNKNOWN);
			content_free(t);
		}
	}
	free(t);
	free(c);
}

static const struct {
	enum by by;
	const char *json;
	int want;
} odd[] = {
    {BY_SERVER, "{}", ERR_JSON},
    {BY_CLIENT, "{}", ERR_JSON},
    {BY_MEMBER, "{}", ERR_JSON},
    {BY_NOTICE, "{}", ERR_JSON},
    {BY_SERVER, "{\"type\":1}", ERR_JSON},
    {BY_SERVER, "{\"type\":null}", ERR_JSON},
    {BY_SERVER, "{\"type\":\"ack\",\"to\":4,\"seq\":1}", ERR_JSON},
    {BY_CLIENT, "{\"type\":\"ack\",\"to\":4,\"seq\":1}", ERR_STATE},
    {BY_SERVER, "{\"type\":\"ack\",\"seq\":1,\"offset\":1}", ERR_JSON},
    {BY_SERVER, "{\"type\":\"ack\"}", ERR_JSON},
    /* unknown events in control frames are accepted */
    {BY_SERVER, "{\"type\":\"system\",\"event\":\"join\"}", 0},
    {BY_SERVER, "{\"type\":\"system\",\"event\":\"\"}", 0},
    {BY_SERVER, "{\"type\":\"system\"}", ERR_JSON},
    {BY_SERVER, "{\"type\":\"system\",\"event\":1}", ERR_JSON},
    {BY_CLIENT, "{\"type\":\"system\",\"event\":\"error\"}", ERR_STATE},
    /* only no_member has a member; elsewhere the key is unknown */
    {BY_SERVER,
	"{\"type\":\"system\",\"event\":\"error\","
	"\"code\":\"try_later\",\"text\":\"\"}",
	0},
    {BY_SERVER,
	"{\"type\":\"system\",\"event\":\"error\","
	"\"code\":\"try_later\",\"text\":\"\",\"member\":\"x\"}",
	0},
    {BY_SERVER,
	"{\"type\":\"system\",\"event\":\"error\","
	"\"code\":\"no_member\",\"text\":\"\"}",
	ERR_JSON},
    /* a future event may lack a user, but not have fields of the wrong
     * type */
    {BY_NOTICE,
	"{\"type\":\"system\",\"event\":\"topic\",\"epoch\":1,"
	"\"commit\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
	"\"roster\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
	"\"ts\":1}",
	0},
    {BY_NOTICE,
	"{\"type\":\"system\",\"event\":\"topic\",\"epoch\":1,"
	"\"commit\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
	"\"roster\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
	"\"ts\":1,\"users\":[]}",
	0},
    {BY_NOTICE,
	"{\"type\":\"system\",\"event\":\"topic\",\"epoch\":1,"
	"\"commit\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
	"\"roster\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
	"\"ts\":1,\"users\":3}",
	ERR_JSON},
    {BY_MEMBER, "{\"type\":\"message\",\"type\":\"message\"}",
	ERR_JSON},
    {BY_MEMBER, " {\"type\":\"x\"}", ERR_JSON},
};

static void test_odd_ones(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(odd); i++)
		assert_int_equal(
		    sample_verdict(odd[i].by, odd[i].json, strlen(odd[i].json)),
		    odd[i].want);
}

/* Whatever space the buffer has, it gets all of an object or nothing. */
static void test_encode_limit(void **state)
{
	const struct sample *base = *state;
	struct buf b, whole;
	size_t max, step;
	int r;

	buf_init(&whole, WIRE_JSON_MAX);
	assert_int_equal(base->make(&whole), 0);
	step = whole.len > 200 ? whole.len / 100 : 1;
	for (max = 0; max <= whole.len + step; max += step) {
		buf_init(&b, max);
		r = base->make(&b);
		if (max < whole.len) {
			assert_int_equal(r, ERR_LIMIT);
			assert_int_equal(b.len, 0);
		} else {
			assert_int_equal(r, 0);
			assert_int_equal(b.len, whole.len);
		}
		buf_free(&b);
	}
	buf_free(&whole);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	json_setup();
	check_add(&g, test_wrapped, NULL, "key_exchange (wrapped): round trip");
	check_add(&g, test_fresh, NULL, "key_exchange (fresh): round trip");
	check_add(&g, test_list, NULL, "user_list: round trip");
	check_add(&g, test_small_ones, NULL, "small ones: round trip");
	check_add(&g, test_identity, NULL, "identity: round trip");
	check_add(&g, test_ends, NULL, "bye and error: round trip");
	check_add(&g, test_codes, NULL, "every code: round trip");
	check_add(&g, test_full_page, NULL, "a full page: round trip");
	check_add(&g, test_page_and_one, NULL, "a page of 101");
	for (i = 0; i < N_SAMPLES; i++) {
		void *base = (void *)(uintptr_t)&samples[i];

		check_add(&g, test_truncated, base, "%s: every truncation",
		    samples[i].name);
		check_add(&g, test_padded, base, "%s: padded or not",
		    samples[i].name);
		check_add(&g, test_too_long, base, "%s: 64 KiB and one",
		    samples[i].name);
		check_add(&g, test_other_side, base, "%s: the other side",
		    samples[i].name);
		check_add(&g, test_encode_limit, base, "%s: a full buffer",
		    samples[i].name);
	}
	check_add(&g, test_unknown_types, NULL, "unknown types");
	check_add(&g, test_odd_ones, NULL, "odd ones");
	return check_run("control", &g);
}
