/* The contents of group frames, encoded and decoded: what members say, and the
 * server's notices. (Truncated, too long, from the wrong side:
 * test_shared_control.) */
#include "tests/unit/check.h"
#include "tests/unit/samples.h"
#include "shared/proto/seal.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static void test_message(void **state)
{
	struct content c;
	struct buf b;

	(void)state;
	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(samples[MESSAGE].make(&b), 0);
	assert_int_equal(content_decode(&c, false, b.p, b.len), 0);
	assert_int_equal(c.type, CONTENT_MESSAGE);
	assert_int_equal(c.ts, 1700000000123);
	assert_memory_equal(c.u.said.id, sample_id, WIRE_ID);
	assert_int_equal(c.u.said.text_len, 7);
	assert_memory_equal(c.u.said.text, "hi \xf0\x9f\x98\x80", 8);
	assert_true(c.u.said.action);
	assert_true(c.u.said.has_about);
	assert_memory_equal(c.u.said.about, sample_about, WIRE_ID);
	content_free(&c);
	content_free(&c);
	buf_clear(&b);
	assert_int_equal(content_message(&b, sample_id, 0, "x", 1, false), 0);
	assert_int_equal(content_decode(&c, false, b.p, b.len), 0);
	assert_false(c.u.said.action);
	assert_false(c.u.said.has_about);
	assert_int_equal(c.ts, 0);
	content_free(&c);
	buf_free(&b);
}

/* The secret of a sealed room, as somebody hands it over. */
static void test_handed_over(void **state)
{
	static const struct {
		const char *from, *to;
		int want;
	} wrong[] = {
	    {"\"number\":2", "\"number\":0", ERR_RANGE},
	    {"\"number\":2", "\"number\":1000000001", ERR_RANGE},
	    {"\"number\":2", "\"number\":4294967297", ERR_RANGE},
	    {"\"number\":2", "\"number\":-2", ERR_RANGE},
	    {"\"number\":2", "\"number\":\"2\"", ERR_JSON},
	    {"\"number\":2", "\"nummer\":2", ERR_JSON},
	    {"Vault", "", ERR_NAME},
	    {"Vault", "no room", ERR_NAME},
	    {"Vault", "abcdefghijklmnopqrstuvwxyz0123456", ERR_NAME},
	    {"Vault", "abcdefghijklmnopqrstuvwxyz012345", 0},
	    {"\"number\":2", "\"number\":1000000000", 0},
	};
	struct content_seal s = {.room = "Vault", .number = 2};
	char text[1024];
	struct content c;
	struct buf b;
	char *at;
	size_t i;

	(void)state;
	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(samples[HANDED_OVER].make(&b), 0);
	assert_int_equal(content_decode(&c, false, b.p, b.len), 0);
	assert_int_equal(c.type, CONTENT_SEAL);
	assert_int_equal(c.ts, 1700000000123);
	assert_memory_equal(c.u.seal.id, sample_id, WIRE_ID);
	assert_string_equal(c.u.seal.room, "Vault");
	assert_int_equal(c.u.seal.number, 2);
	assert_int_equal(c.u.seal.log[31], 0x10);
	assert_int_equal(c.u.seal.secret[31], 0x5e);
	content_free(&c);
	assert_int_equal(c.u.seal.secret[31], 0);
	assert_int_equal(content_decode(&c, true, b.p, b.len), ERR_STATE);
	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		memcpy(text, b.p, b.len);
		text[b.len] = '\0';
		at = strstr(text, wrong[i].from);
		assert_non_null(at);
		memmove(at + strlen(wrong[i].to), at + strlen(wrong[i].from),
		    strlen(at + strlen(wrong[i].from)) + 1);
		memcpy(at, wrong[i].to, strlen(wrong[i].to));
		assert_int_equal(
		    content_decode(&c, false, text, strlen(text)),
		    wrong[i].want);
		content_free(&c);
	}
	buf_clear(&b);
	s.number = SEAL_GENERATION_MAX + 1;
	assert_int_equal(content_seal(&b, &s, 0), ERR_RANGE);
	s.number = 0;
	assert_int_equal(content_seal(&b, &s, 0), ERR_RANGE);
	s.number = 1;
	s.room[0] = '/';
	assert_int_equal(content_seal(&b, &s, 0), ERR_NAME);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void test_topic(void **state)
{
	char text[WIRE_SHORT_TEXT_MAX + 2], json[2048];
	struct content_topic t = {.text = text};
	struct content c;
	struct buf b;

	(void)state;
	memset(text, 'x', sizeof(text));
	buf_init(&b, WIRE_JSON_MAX);
	for (t.text_len = 0; t.text_len <= WIRE_SHORT_TEXT_MAX;
	     t.text_len += WIRE_SHORT_TEXT_MAX / 2) {
		buf_clear(&b);
		assert_int_equal(content_topic(&b, &t, 3), 0);
		assert_int_equal(content_decode(&c, false, b.p, b.len), 0);
		assert_int_equal(c.type, CONTENT_TOPIC);
		assert_int_equal(c.ts, 3);
		assert_int_equal(c.u.topic.text_len, t.text_len);
		assert_memory_equal(c.u.topic.text, text, t.text_len);
		content_free(&c);
		assert_int_equal(
		    content_decode(&c, true, b.p, b.len), ERR_STATE);
	}
	t.text_len = WIRE_SHORT_TEXT_MAX + 1;
	buf_clear(&b);
	assert_int_equal(content_topic(&b, &t, 3), ERR_TEXT);
	assert_int_equal(b.len, 0);
	snprintf(json, sizeof(json),
	    "{\"type\":\"topic\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"ts\":1,"
	    "\"text\":\"%.*s\"}",
	    WIRE_SHORT_TEXT_MAX + 1, text);
	assert_int_equal(
	    content_decode(&c, false, json, strlen(json)), ERR_TEXT);
	buf_free(&b);
}

/* What is said about an earlier message, encoded and decoded. */
static void test_about(void **state)
{
	static const struct {
		enum sample_no sample;
		enum content_type type;
		const char *text;
	} each[] = {
	    {EDIT, CONTENT_EDIT, "hi there"},
	    {DELETE, CONTENT_DELETE, ""},
	    {REACT, CONTENT_REACT, "\xf0\x9f\x91\x8d"},
	};
	struct content c;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, WIRE_JSON_MAX);
	for (i = 0; i < ARRAY_LEN(each); i++) {
		buf_clear(&b);
		assert_int_equal(samples[each[i].sample].make(&b), 0);
		assert_int_equal(content_decode(&c, false, b.p, b.len), 0);
		assert_int_equal(c.type, each[i].type);
		assert_int_equal(c.ts, 1700000000123);
		assert_memory_equal(c.u.said.id, sample_id, WIRE_ID);
		assert_true(c.u.said.has_about);
		assert_memory_equal(c.u.said.about, sample_about, WIRE_ID);
		assert_int_equal(c.u.said.text_len, strlen(each[i].text));
		assert_memory_equal(
		    c.u.said.text_len > 0 ? c.u.said.text : "", each[i].text,
		    strlen(each[i].text));
		content_free(&c);
		/* They are a member's, never the server's. */
		assert_int_equal(
		    content_decode(&c, true, b.p, b.len), ERR_STATE);
	}
	buf_free(&b);
}

/* What the encoder refuses, leaving the buffer as it was. */
static void test_about_refused(void **state)
{
	static const struct {
		enum content_type type;
		bool about;
		const char *text;
		int want;
	} each[] = {
	    {CONTENT_UNKNOWN, true, "x", ERR_USAGE},
	    {CONTENT_NOTICE, true, "x", ERR_USAGE},
	    {CONTENT_EDIT, false, "x", ERR_USAGE},
	    {CONTENT_DELETE, false, "", ERR_USAGE},
	    {CONTENT_REACT, false, "+", ERR_USAGE},
	    {CONTENT_MESSAGE, true, "", ERR_TEXT},
	    {CONTENT_EDIT, true, "", ERR_TEXT},
	    {CONTENT_DELETE, true, "x", ERR_TEXT},
	    {CONTENT_REACT, true, "+1", ERR_TEXT},
	    {CONTENT_REACT, true, "\a", ERR_TEXT},
	    {CONTENT_REACT, true, "\xff", ERR_TEXT},
	    {CONTENT_REACT, true, "", 0},
	    {CONTENT_REACT, true, "+", 0},
	};
	struct content_said s = {0};
	struct buf b;
	size_t i, len;

	(void)state;
	buf_init(&b, WIRE_JSON_MAX);
	for (i = 0; i < ARRAY_LEN(each); i++) {
		len = b.len;
		s.has_about = each[i].about;
		s.text = each[i].text;
		s.text_len = strlen(each[i].text);
		assert_int_equal(
		    content_said(&b, each[i].type, &s, 1), each[i].want);
		assert_true(each[i].want == 0 ? b.len > len : b.len == len);
	}
	buf_free(&b);
}

static void test_notice(void **state)
{
	static const enum notice_event events[] = {
	    NOTICE_JOIN, NOTICE_LEAVE, NOTICE_KICK};
	static const char *const words[] = {"join", "leave", "kick"};
	struct content *c = malloc(sizeof(*c));
	uint8_t commit[WIRE_HASH], roster[WIRE_HASH];
	struct user u;
	struct buf b;
	size_t i;

	(void)state;
	assert_non_null(c);
	sample_user(&u, 3, "carol");
	memset(commit, 0xc2, sizeof(commit));
	memset(roster, 0x3c, sizeof(roster));
	buf_init(&b, WIRE_JSON_MAX);
	for (i = 0; i < ARRAY_LEN(events); i++) {
		buf_clear(&b);
		assert_int_equal(
		    notice_encode(&b, &(struct notice_of){events[i], 8, commit,
					   roster, &u, 1, NULL, 77}),
		    0);
		assert_int_equal(content_decode(c, true, b.p, b.len), 0);
		assert_int_equal(c->type, CONTENT_NOTICE);
		assert_int_equal(c->u.notice.event, events[i]);
		assert_string_equal(c->u.notice.word, words[i]);
		assert_int_equal(c->u.notice.epoch, 8);
		assert_memory_equal(c->u.notice.commit, commit, WIRE_HASH);
		assert_memory_equal(c->u.notice.roster, roster, WIRE_HASH);
		assert_int_equal(c->u.notice.n_users, 1);
		assert_memory_equal(&c->u.notice.users[0], &u, sizeof(u));
		assert_int_equal(c->ts, 77);
		content_free(c);
	}
	buf_free(&b);
	free(c);
}

/* The permitted texts of a message, encoded and decoded. */
static void test_message_text(void **state)
{
	char *text = malloc(WIRE_TEXT_MAX + 1);
	struct content c;
	struct buf b;

	(void)state;
	assert_non_null(text);
	memset(text, '"', WIRE_TEXT_MAX + 1);
	buf_init(&b, 1 << 20);
	assert_int_equal(
	    content_message(&b, sample_id, 1, text, WIRE_TEXT_MAX, false), 0);
	assert_int_equal(content_decode(&c, false, b.p, b.len), 0);
	assert_int_equal(c.u.said.text_len, WIRE_TEXT_MAX);
	assert_memory_equal(c.u.said.text, text, WIRE_TEXT_MAX);
	content_free(&c);
	buf_clear(&b);
	assert_int_equal(
	    content_message(&b, sample_id, 1, text, WIRE_TEXT_MAX + 1, false),
	    ERR_TEXT);
	assert_int_equal(
	    content_message(&b, sample_id, 1, "", 0, false), ERR_TEXT);
	assert_int_equal(
	    content_message(&b, sample_id, 1, "\xff", 1, false), ERR_TEXT);
	assert_int_equal(
	    content_message(&b, sample_id, 1, "a\0b", 3, false), ERR_TEXT);
	/* With its escapes, it would exceed any frame. */
	memset(text, 1, WIRE_TEXT_MAX);
	assert_int_equal(
	    content_message(&b, sample_id, 1, text, WIRE_TEXT_MAX, false),
	    ERR_TEXT);
	assert_int_equal(b.len, 0);
	buf_free(&b);
	free(text);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
	check_add(&g, test_message, NULL, "message: round trip");
	check_add(&g, test_topic, NULL, "topic: round trip, and too long");
	check_add(&g, test_handed_over, NULL, "seal: round trip, and refused");
	check_add(&g, test_notice, NULL, "notice: round trip");
	check_add(&g, test_message_text, NULL, "message: its text");
	check_add(&g, test_about, NULL, "edit, delete, react: round trip");
	check_add(&g, test_about_refused, NULL,
	    "edit, delete, react: what is not encoded");
	return check_run("content", &g);
}
