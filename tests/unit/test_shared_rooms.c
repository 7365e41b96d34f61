/* Requests, their answers, and what the server says of a client's standing:
 * round trips, and values that are refused. (Missing keys, wrong types,
 * truncations: test_shared_fields, test_shared_control.) The chain of a log,
 * marks, views, and the form of a room's name. */
#include "shared/crypto/library.h"
#include "shared/proto/logchain.h"
#include "shared/wire/text.h"
#include "tests/unit/check.h"
#include "tests/unit/samples.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static struct control *decoded(enum sample_no id, enum control_type type)
{
	struct control *c = malloc(sizeof(*c));
	struct buf b;

	assert_non_null(c);
	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(samples[id].make(&b), 0);
	assert_int_equal(
	    control_decode(c,
		samples[id].by == BY_CLIENT ? FROM_CLIENT : FROM_SERVER, b.p,
		b.len),
	    0);
	assert_int_equal(c->type, type);
	buf_free(&b);
	return c;
}

/* --- round trips ---------------------------------------------------------- */

static void test_requests(void **state)
{
	static const enum sample_no ids[] = {ASK_LIST, ASK_NEW, ASK_SET,
	    ASK_JOIN, ASK_LEAVE, ASK_ACT, ASK_HISTORY, ASK_EARLIER, ASK_PURGE,
	    ASK_RECEIPT,
	    ASK_PASSWORD, ASK_NO_PASSWORD, ASK_DEVICES, ASK_FORGET,
	    ASK_INVITE, ASK_INVITES, ASK_REVOKE};
	struct request want;
	struct control *c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(ids); i++) {
		sample_request(&want, ids[i]);
		c = decoded(ids[i], CONTROL_REQUEST);
		assert_memory_equal(&c->u.request, &want, sizeof(want));
		free(c);
	}
}

static void test_answers(void **state)
{
	static const enum sample_no ids[] = {DONE, DONE_ROOMS, DONE_DEVICES,
	    DONE_INVITES, DONE_INVITE, FAILED};
	struct answer *want = malloc(sizeof(*want));
	struct control *c;
	size_t i;

	(void)state;
	assert_non_null(want);
	for (i = 0; i < ARRAY_LEN(ids); i++) {
		sample_answer(want, ids[i]);
		c = decoded(ids[i], CONTROL_ANSWER);
		assert_memory_equal(&c->u.answer, want, sizeof(*want));
		free(c);
	}
	free(want);
}

static void test_standing(void **state)
{
	struct welcome welcome;
	struct room_left left;
	struct voice voice;
	struct control *c;

	(void)state;
	sample_welcome(&welcome);
	c = decoded(WELCOME, CONTROL_WELCOME);
	assert_memory_equal(&c->u.welcome, &welcome, sizeof(welcome));
	free(c);
	sample_left(&left);
	c = decoded(ROOM_LEFT, CONTROL_ROOM_LEFT);
	assert_memory_equal(&c->u.room_left, &left, sizeof(left));
	free(c);
	sample_voice(&voice);
	c = decoded(VOICE, CONTROL_VOICE);
	assert_memory_equal(&c->u.voice, &voice, sizeof(voice));
	free(c);
}

static void test_entry(void **state)
{
	struct control *c = decoded(ENTRY_LIST, CONTROL_USER_LIST);
	struct room_entry want;

	(void)state;
	sample_entry(&want);
	assert_true(c->u.user_list.has_entry);
	assert_memory_equal(&c->u.user_list.entry, &want, sizeof(want));
	assert_int_equal(c->u.user_list.users[0].role, ROLE_OPERATOR);
	assert_true(c->u.user_list.users[0].mute);
	free(c);
}

static void test_notices(void **state)
{
	static const struct {
		enum sample_no id;
		enum notice_event event;
	} all[] = {{NOTICE_OF_ACT, NOTICE_ACT}, {NOTICE_OF_ROOM, NOTICE_ROOM},
	    {NOTICE_OF_PURGE, NOTICE_PURGE},
	    {NOTICE_OF_CHECKPOINT, NOTICE_CHECKPOINT},
	    {NOTICE_OF_DEVICE, NOTICE_DEVICE}};
	struct content *c = malloc(sizeof(*c));
	struct notice_more want;
	struct buf b;
	size_t i;

	(void)state;
	assert_non_null(c);
	for (i = 0; i < ARRAY_LEN(all); i++) {
		buf_init(&b, WIRE_JSON_MAX);
		assert_int_equal(samples[all[i].id].make(&b), 0);
		assert_int_equal(content_decode(c, true, b.p, b.len), 0);
		sample_more(&want, all[i].id);
		assert_int_equal(c->u.notice.event, all[i].event);
		assert_int_equal(c->u.notice.n_users, 0);
		assert_memory_equal(&c->u.notice.more, &want, sizeof(want));
		content_free(c);
		buf_free(&b);
	}
	free(c);
}

static void test_words(void **state)
{
	enum role r = ROLE_MEMBER, got;
	int i;

	(void)state;
	for (i = ROLE_GUEST; i <= ROLE_OWNER; i++) {
		got = ROLE_MEMBER;
		assert_true(role_of(&got, role_word((enum role)i)));
		assert_int_equal(got, i);
	}
	assert_false(role_of(&r, "Owner"));
	assert_false(role_of(&r, ""));
	assert_int_equal(r, ROLE_MEMBER);
	for (i = ACT_KICK; i < ACTS; i++)
		assert_int_equal(act_of(act_word((enum act)i)), i);
	assert_int_equal(act_of(""), ACT_NONE);
	assert_int_equal(act_of("rename"), ACT_NONE);
}

/* --- well-typed, but refused ----------------------------------------------- */

#define X16(s)	s s s s s s s s s s s s s s s s
#define X32(s)	X16(s) X16(s)
#define X512(s) X16(X32(s))

/* A password of one's own, of zeros. */
#define B32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define B65                                                                    \
	X16("AAAA") "AAAAAAAAAAAAAAAAAAAAAAA="
#define OWN(name, n, r, p)                                                     \
	"{\"type\":\"account_password\",\"req\":1,\"salt\":\"" B32            \
	"\",\"kdf\":{\"name\":\"" name "\",\"n\":" n ",\"r\":" r ",\"p\":" p       \
	"},\"w0\":\"" B32 "\",\"l\":\"" B65 "\"}"

static const struct refused {
	const char *json;
	enum wire_code want;
} refused[] = {
    {"{\"type\":\"dance\",\"req\":1}", CODE_UNKNOWN_REQUEST},
    {"{\"type\":\"room_join\",\"req\":1,\"name\":\"a b\"}", CODE_BAD_NAME},
    {"{\"type\":\"room_join\",\"req\":1,\"name\":\"\"}", CODE_BAD_NAME},
    {"{\"type\":\"room_join\",\"req\":1,\"name\":\"SERVER\"}", CODE_BAD_NAME},
    {"{\"type\":\"room_join\",\"req\":1,\"name\":\"" X32("r") "r\"}",
	CODE_BAD_NAME},
    {"{\"type\":\"room_new\",\"req\":1,\"name\":\"ops\",\"topic\":\"" X512(
	 "t") "t\"}",
	CODE_BAD_VALUE},
    {"{\"type\":\"room_new\",\"req\":1,\"name\":\"ops\",\"settings\":{"
     "\"entry\":\"closed\"}}",
	CODE_BAD_VALUE},
    {"{\"type\":\"room_set\",\"req\":1,\"room\":1,\"settings\":{\"voice\":"
     "\"none\"}}",
	CODE_BAD_VALUE},
    {"{\"type\":\"act\",\"req\":1,\"room\":0,\"act\":\"praise\",\"who\":"
     "\"bob\"}",
	CODE_UNKNOWN_REQUEST},
    {"{\"type\":\"act\",\"req\":1,\"room\":0,\"act\":\"kick\",\"who\":"
     "\"b b\"}",
	CODE_BAD_NAME},
    {"{\"type\":\"act\",\"req\":1,\"room\":0,\"act\":\"kick\",\"who\":"
     "\"bob\",\"reason\":\"" X512("t") "t\"}",
	CODE_BAD_VALUE},
    {"{\"type\":\"act\",\"req\":1,\"room\":0,\"act\":\"role\",\"who\":"
     "\"bob\"}",
	CODE_BAD_VALUE},
    {"{\"type\":\"act\",\"req\":1,\"room\":0,\"act\":\"role\",\"who\":"
     "\"bob\",\"value\":\"king\"}",
	CODE_BAD_VALUE},
    /* Another cost of an own password than the one. */
    {OWN("argon2", "65536", "8", "1"), CODE_BAD_VALUE},
    {OWN("scrypt", "65535", "8", "1"), CODE_BAD_VALUE},
    {OWN("scrypt", "131072", "8", "1"), CODE_BAD_VALUE},
    {OWN("scrypt", "65536", "9", "1"), CODE_BAD_VALUE},
    {OWN("scrypt", "65536", "8", "2"), CODE_BAD_VALUE},
    {"{\"type\":\"invite_new\",\"req\":1,\"uses\":0}", CODE_BAD_VALUE},
    {"{\"type\":\"invite_new\",\"req\":1,\"uses\":1001}", CODE_BAD_VALUE},
    {"{\"type\":\"invite_new\",\"req\":1,\"uses\":1,\"role\":\"king\"}",
	CODE_BAD_VALUE},
    {"{\"type\":\"invite_list\",\"req\":1,\"after\":\"ABCDEFGH\"}",
	CODE_BAD_VALUE},
    {"{\"type\":\"invite_revoke\",\"req\":1,\"id\":\"\"}", CODE_BAD_VALUE},
    {"{\"type\":\"invite_revoke\",\"req\":1,\"id\":\"abcdefg1\"}",
	CODE_BAD_VALUE},
    {"{\"type\":\"invite_revoke\",\"req\":1,\"id\":\"abcdefgh2\"}",
	CODE_BAD_VALUE},
    {OWN("scrypt", "65536", "8", "1"), CODE_NONE},
};

static void test_refused(void **state)
{
	struct control *c = malloc(sizeof(*c));
	size_t i;

	(void)state;
	assert_non_null(c);
	for (i = 0; i < ARRAY_LEN(refused); i++) {
		assert_int_equal(control_decode(c, FROM_CLIENT, refused[i].json,
				     strlen(refused[i].json)),
		    0);
		assert_int_equal(c->type, CONTROL_REQUEST);
		assert_int_equal(c->u.request.number, 1);
		assert_int_equal(c->u.request.refuse, refused[i].want);
	}
	free(c);
}

/* Only what is named changes. */
static void test_some_settings(void **state)
{
	static const char json[] =
	    "{\"type\":\"room_set\",\"req\":1,\"room\":1,\"settings\":{"
	    "\"listed\":false,\"keep_days\":30}}";
	struct room_settings s = {true, true, HISTORY_ALL, 1, 2, true, true};
	struct control *c = malloc(sizeof(*c));

	(void)state;
	assert_non_null(c);
	assert_int_equal(control_decode(c, FROM_CLIENT, json, strlen(json)), 0);
	assert_int_equal(
	    c->u.request.settings_named, SETTING_LISTED | SETTING_KEEP_DAYS);
	assert_false(c->u.request.has_topic);
	room_settings_change(
	    &s, &c->u.request.settings, c->u.request.settings_named);
	assert_false(s.listed);
	assert_int_equal(s.keep_days, 30);
	assert_true(s.invited && s.operators_only && s.sealed);
	assert_int_equal(s.history, HISTORY_ALL);
	assert_int_equal(s.keep_count, 2);
	free(c);
}

/* Each name changes its own setting and no other. */
static void test_each_setting(void **state)
{
	static const struct room_settings was = {true, true, HISTORY_ALL, 1, 2,
	    true, true},
	    to = {false, false, HISTORY_NONE, 3, 4, false, false};
	struct room_settings s;
	unsigned bit, changed;

	(void)state;
	for (bit = 1; bit < SETTINGS_ALL; bit <<= 1) {
		s = was;
		room_settings_change(&s, &to, bit);
		changed = (s.listed == to.listed ? SETTING_LISTED : 0u) |
			  (s.invited == to.invited ? SETTING_ENTRY : 0u) |
			  (s.history == to.history ? SETTING_HISTORY : 0u) |
			  (s.keep_days == to.keep_days ? SETTING_KEEP_DAYS : 0u) |
			  (s.keep_count == to.keep_count ? SETTING_KEEP_COUNT : 0u) |
			  (s.operators_only == to.operators_only ? SETTING_VOICE
								 : 0u) |
			  (s.sealed == to.sealed ? SETTING_SEALED : 0u);
		assert_int_equal(changed, bit);
	}
}

/* A list of rooms is in order, without doubles, and no longer than a page. */
static void test_room_order(void **state)
{
	struct answer *a = calloc(1, sizeof(*a));
	struct control *c = malloc(sizeof(*c));
	struct buf b;
	size_t i;

	(void)state;
	assert_non_null(a);
	assert_non_null(c);
	buf_init(&b, WIRE_JSON_MAX);
	for (i = 0; i < WIRE_ROOM_PAGE; i++) {
		a->rooms[i] = (struct room_info){
		    (uint32_t)i + 1, "", "", 0, false, room_settings_default};
		snprintf(a->rooms[i].name, sizeof(a->rooms[i].name), "%c%02zu",
		    i % 2 == 0 ? 'R' : 'r', i);
		memset(a->rooms[i].topic, '"', WIRE_SHORT_TEXT_MAX);
	}
	/* The longest page fits into a control frame. */
	assert_int_equal(answer_rooms(&b, 1, a->rooms, i, i), 0);
	assert_true(b.len <= WIRE_JSON_MAX);
	assert_int_equal(control_decode(c, FROM_SERVER, b.p, b.len), 0);
	assert_int_equal(c->u.answer.n_rooms, WIRE_ROOM_PAGE);
	strcpy(a->rooms[1].name, "R00");
	buf_clear(&b);
	assert_int_equal(answer_rooms(&b, 1, a->rooms, 2, 2), 0);
	assert_int_equal(control_decode(c, FROM_SERVER, b.p, b.len), ERR_RANGE);
	/* Nor has one a name that no room can have. */
	strcpy(a->rooms[1].name, "a b");
	buf_clear(&b);
	assert_int_equal(answer_rooms(&b, 1, a->rooms, 2, 2), 0);
	assert_int_equal(control_decode(c, FROM_SERVER, b.p, b.len), ERR_NAME);
	buf_free(&b);
	free(c);
	free(a);
}

/* The longest pages of invites and devices fit into a control frame. */
static void test_people_pages(void **state)
{
	struct answer *a = calloc(1, sizeof(*a));
	struct control *c = malloc(sizeof(*c));
	struct account_invite *v;
	struct buf b;
	size_t i;

	(void)state;
	assert_non_null(a);
	assert_non_null(c);
	buf_init(&b, WIRE_JSON_MAX);
	for (i = 0; i < WIRE_PAGE; i++) {
		v = &a->invites[i];
		memset(v, 'a', sizeof(*v));
		memset(v->id, 'a', WIRE_INVITE_ID);
		v->id[6] = (char)('a' + i / 20);
		v->id[7] = (char)('a' + i % 20);
		v->id[8] = v->room[32] = v->by[24] = v->account[24] = '\0';
		v->uses = v->left = UINT32_MAX;
		v->until_s = INT64_MAX;
		v->role = ROLE_OPERATOR;
	}
	assert_int_equal(answer_invites(&b, 1, a->invites, i, i), 0);
	assert_int_equal(control_decode(c, FROM_SERVER, b.p, b.len), 0);
	assert_int_equal(c->u.answer.n_invites, WIRE_PAGE);
	buf_clear(&b);
	memset(a, 0, sizeof(*a));
	assert_int_equal(answer_devices(&b, 1, a->devices, WIRE_DEVICES), 0);
	assert_int_equal(control_decode(c, FROM_SERVER, b.p, b.len), 0);
	assert_int_equal(c->u.answer.n_devices, WIRE_DEVICES);
	buf_clear(&b);
	/* One more than a page. */
	assert_int_equal(answer_devices(&b, 1, a->devices, WIRE_DEVICES + 1), 0);
	assert_int_equal(control_decode(c, FROM_SERVER, b.p, b.len), ERR_RANGE);
	buf_free(&b);
	free(c);
	free(a);
}

static void test_account_words(void **state)
{
	static const struct {
		const char *word;
		enum account_kind want;
	} t[] = {{"*", ACCOUNT_GATE}, {"**", ACCOUNT_NONE}, {"", ACCOUNT_NONE},
	    {"alice", ACCOUNT_OWN}, {"a", ACCOUNT_OWN}, {"0.x_y-z", ACCOUNT_OWN},
	    {"Alice", ACCOUNT_NONE}, {"alicE", ACCOUNT_NONE},
	    {"server", ACCOUNT_NONE}, {"al ice", ACCOUNT_NONE},
	    {"aaaaaaaaaaaaaaaaaaaaaaaa", ACCOUNT_OWN},
	    {"aaaaaaaaaaaaaaaaaaaaaaaaa", ACCOUNT_NONE},
	    {"+abcdwx27", ACCOUNT_INVITE}, {"+abcdwx2", ACCOUNT_NONE},
	    {"+abcdwx277", ACCOUNT_NONE}, {"+Abcdwx27", ACCOUNT_NONE},
	    {"+abcdwx21", ACCOUNT_NONE}, {"+abcdwx28", ACCOUNT_NONE},
	    {"+", ACCOUNT_NONE}, {"abcdwx27", ACCOUNT_OWN}};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(
		    account_kind_of(t[i].word, strlen(t[i].word)), t[i].want);
	/* As many bytes as are said, and no more. */
	assert_int_equal(account_kind_of("*lice", 1), ACCOUNT_GATE);
	assert_int_equal(account_kind_of("alicE", 4), ACCOUNT_OWN);
}

/* --- the chain, marks, views ------------------------------------------------ */

static void test_chain(void **state)
{
	/* Recomputed with another program (see tests/vectors). */
	static const uint8_t log[WIRE_LOG] = {1, 2, 3};
	static const uint8_t d[WIRE_HASH] = {9};
	uint8_t in[sizeof(LABEL_LOG) + 72], want[WIRE_HASH];
	struct crypto *c = crypto_new();
	struct log_head h, was;

	(void)state;
	assert_non_null(c);
	assert_int_equal(log_head_start(c, &h, log), 0);
	assert_int_equal(h.offset, 0);
	memcpy(in, LABEL_LOG, sizeof(LABEL_LOG));
	memcpy(in + sizeof(LABEL_LOG), log, sizeof(log));
	assert_int_equal(
	    crypto_hash1(c, want, in, sizeof(LABEL_LOG) + sizeof(log)), 0);
	assert_memory_equal(h.chain, want, sizeof(want));
	assert_int_equal(log_head_add(c, &h, d), 0);
	assert_int_equal(h.offset, 1);
	memcpy(in + sizeof(LABEL_LOG), want, sizeof(want));
	memset(in + sizeof(LABEL_LOG) + 32, 0, 7);
	in[sizeof(LABEL_LOG) + 39] = 1;
	memcpy(in + sizeof(LABEL_LOG) + 40, d, sizeof(d));
	assert_int_equal(crypto_hash1(c, want, in, sizeof(in)), 0);
	assert_memory_equal(h.chain, want, sizeof(want));
	h.offset = INT64_MAX;
	was = h;
	assert_int_equal(log_head_add(c, &h, d), ERR_LIMIT);
	assert_memory_equal(&h, &was, sizeof(h));
	crypto_free(c);
}

static void test_mark(void **state)
{
	struct log_mark m = {7, 3, 9, {0xdd}}, got = {0}, was;
	uint8_t b[WIRE_MARK + 1];

	(void)state;
	log_mark_encode(b, &m);
	assert_int_equal(b[7], 7);
	assert_int_equal(b[11], 3);
	assert_int_equal(b[19], 9);
	assert_int_equal(b[20], 0xdd);
	assert_int_equal(log_mark_decode(&got, b, WIRE_MARK), 0);
	assert_int_equal(got.offset, 7);
	assert_int_equal(got.room, 3);
	assert_int_equal(got.seq, 9);
	assert_memory_equal(got.digest, m.digest, WIRE_HASH);
	was = got;
	assert_int_equal(log_mark_decode(&got, b, WIRE_MARK - 1), ERR_RANGE);
	assert_int_equal(log_mark_decode(&got, b, WIRE_MARK + 1), ERR_RANGE);
	b[0] = 0x80;
	assert_int_equal(log_mark_decode(&got, b, WIRE_MARK), ERR_RANGE);
	b[0] = 0;
	b[7] = 0;
	assert_int_equal(log_mark_decode(&got, b, WIRE_MARK), ERR_RANGE);
	b[7] = 7;
	b[12] = 0x80;
	assert_int_equal(log_mark_decode(&got, b, WIRE_MARK), ERR_RANGE);
	assert_memory_equal(&got, &was, sizeof(got));
}

static void test_view(void **state)
{
	const struct log_head h = {0x0102, {0xcc}};
	const uint8_t log[WIRE_LOG] = "abcdefghij";
	uint8_t b[WIRE_VIEW];
	struct log_view v;

	(void)state;
	log_view_encode(b, &h, log);
	assert_int_equal(log_view_decode(&v, b), 0);
	assert_int_equal(v.head.offset, 0x0102);
	assert_memory_equal(v.head.chain, h.chain, WIRE_HASH);
	assert_memory_equal(v.log, "abcdefgh", WIRE_VIEW_LOG);
	b[0] = 0x80;
	assert_int_equal(log_view_decode(&v, b), ERR_RANGE);
}

static void test_form(void **state)
{
	static const struct {
		const char *name, *form;
	} all[] = {
	    {"", ""},
	    {"Lobby", "lobby"},
	    {"l0bby", "lobby"},
	    {"ops-1", "ops-l"},
	    {"OPS_I", "ops-l"},
	    {"ops.l", "ops-l"},
	    {"modern", "modem"},
	    {"vvindow", "wlndow"},
	    {"rnrn", "mm"},
	    {"vvv", "wv"},
	};
	char out[WIRE_ROOM_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(all); i++) {
		text_room_form(out, all[i].name);
		assert_string_equal(out, all[i].form);
	}
	text_room_form(out, X32("a") "b");
	assert_int_equal(strlen(out), WIRE_ROOM_MAX);
}

int main(void)
{
	struct check_group g = {0};

	if (library_setup() != 0)
		return 1;
	json_setup();
	check_add(&g, test_requests, NULL, "requests: round trip");
	check_add(&g, test_answers, NULL, "answers: round trip");
	check_add(&g, test_standing, NULL, "standing: round trip");
	check_add(&g, test_entry, NULL, "entry: round trip");
	check_add(&g, test_notices, NULL, "notices: round trip");
	check_add(&g, test_words, NULL, "roles and acts");
	check_add(&g, test_refused, NULL, "refused values");
	check_add(&g, test_some_settings, NULL, "some settings");
	check_add(&g, test_each_setting, NULL, "each setting");
	check_add(&g, test_room_order, NULL, "lists of rooms: order and size");
	check_add(&g, test_people_pages, NULL, "lists of invites and devices");
	check_add(&g, test_account_words, NULL, "words of hello.account");
	check_add(&g, test_chain, NULL, "chain");
	check_add(&g, test_mark, NULL, "mark");
	check_add(&g, test_view, NULL, "view");
	check_add(&g, test_form, NULL, "look-alike form");
	return check_run("rooms", &g);
}
