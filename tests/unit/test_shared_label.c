/* Labels and contexts: those published in PROTOCOL.md, section 8, and each of
 * the others byte by byte. */
#include "shared/crypto/crypto.h"
#include "shared/proto/label.h"
#include "tests/unit/check.h"

static json_t *example;

static void bytes_of(const char *key, void *out, size_t n)
{
	size_t len;
	uint8_t *p = check_hex_at(example, key, &len);

	assert_int_equal(len, n);
	memcpy(out, p, n);
	free(p);
}

static void expect(const struct label *l, const void *want, size_t n)
{
	assert_int_equal(l->len, n);
	assert_memory_equal(l->p, want, n);
}

static void expect_example(const struct label *l, const char *key)
{
	size_t n;
	uint8_t *want = check_hex_at(example, key, &n);

	expect(l, want, n);
	free(want);
}

static void group_key_is_the_published_one(void **state)
{
	uint8_t th5[WIRE_HASH];
	struct label l;

	(void)state;
	bytes_of("th5", th5, sizeof(th5));
	label_group_key(&l, th5, 1, 5, 7);
	expect_example(&l, "oaep_label");
}

static void message_is_the_published_one(void **state)
{
	uint8_t server[WIRE_HASH], session[WIRE_NONCE], log[WIRE_LOG];
	uint8_t commit[WIRE_HASH], roster[WIRE_HASH], card[WIRE_HASH];
	uint8_t hash[WIRE_HASH];
	const char *content =
	    json_string_value(json_object_get(example, "content"));
	struct label_message_of m = {server, session, log, "Lobby", 1, 5,
	    commit, roster, 7, card, 1, "alice", hash};
	struct crypto *c = crypto_new();
	struct label l;

	(void)state;
	assert_non_null(c);
	bytes_of("server", server, sizeof(server));
	bytes_of("session", session, sizeof(session));
	bytes_of("log", log, sizeof(log));
	bytes_of("commit", commit, sizeof(commit));
	bytes_of("roster", roster, sizeof(roster));
	bytes_of("card_hash", card, sizeof(card));
	assert_int_equal(crypto_hash1(c, hash, content, strlen(content)), 0);
	assert_int_equal(label_message(&l, &m), 0);
	expect_example(&l, "signed");
	crypto_free(c);
}

/* The longest names fill a label to its last byte; a longer one is refused. */
static void message_bounds_the_names(void **state)
{
	static const uint8_t some[32] = {1};
	char name[WIRE_NAME_MAX + 2] = "", room[WIRE_ROOM_MAX + 2] = "";
	struct label_message_of m = {
	    some, some, some, room, 1, 2, some, some, 3, some, 4, name, some};
	struct label l;
	size_t n;

	(void)state;
	for (n = 0; n <= WIRE_ROOM_MAX; n++) {
		assert_int_equal(label_message(&l, &m), 0);
		assert_int_equal(
		    l.len, LABEL_MAX - WIRE_NAME_MAX - WIRE_ROOM_MAX + n);
		room[n] = 'r';
	}
	assert_int_equal(label_message(&l, &m), ERR_USAGE);
	assert_int_equal(l.len, 0);
	room[WIRE_ROOM_MAX] = '\0';
	for (n = 0; n <= WIRE_NAME_MAX; n++) {
		assert_int_equal(label_message(&l, &m), 0);
		assert_int_equal(l.len, LABEL_MAX - WIRE_NAME_MAX + n);
		name[n] = 'x';
	}
	assert_int_equal(label_message(&l, &m), ERR_USAGE);
	assert_int_equal(l.len, 0);
}

/* Two spellings of a room's name are one room; another name is another. */
static void message_folds_the_rooms_name(void **state)
{
	static const uint8_t some[32] = {1};
	struct label_message_of m = {some, some, some, "Lobby-Z", 1, 2, some,
	    some, 3, some, 4, "Ann", some};
	struct label a, b;

	(void)state;
	assert_int_equal(label_message(&a, &m), 0);
	m.room_name = "lobby-z";
	assert_int_equal(label_message(&b, &m), 0);
	expect(&b, a.p, a.len);
	m.room_name = "lobby-y";
	assert_int_equal(label_message(&b, &m), 0);
	assert_memory_not_equal(b.p, a.p, a.len);
	m.room_name = "lobby-z";
	m.name = "ann"; /* a member's name is not folded */
	assert_int_equal(label_message(&b, &m), 0);
	assert_memory_not_equal(b.p, a.p, a.len);
}

static void keys_of_a_group(void **state)
{
	static const char commit[] = "conclave/1 commit\0"
				     "\1\2\3\4\5\6\7\10";
	static const char sender[] = "conclave/1 sender\0"
				     "\1\2\3\4\5\6\7\10\11\12\13\14";
	uint8_t card[WIRE_HASH], want[sizeof(sender) - 1 + WIRE_HASH];
	struct label l;

	(void)state;
	label_commit(&l, 0x01020304, 0x05060708);
	expect(&l, commit, sizeof(commit) - 1);
	memset(card, 0xca, sizeof(card));
	label_sender(&l, 0x01020304, 0x05060708, 0x090a0b0c, card);
	memcpy(want, sender, sizeof(sender) - 1);
	memcpy(want + sizeof(sender) - 1, card, sizeof(card));
	expect(&l, want, sizeof(want));
}

static void contexts_of_a_handshake(void **state)
{
	static const char pake[] = "conclave/1";
	static const char proof[] = "conclave/1 server proof";
	uint8_t th[WIRE_HASH], share[WIRE_SHARE], confirm[WIRE_CONFIRM];
	uint8_t want[LABEL_MAX];
	struct label l;

	(void)state;
	memset(th, 0x11, sizeof(th));
	memset(share, 0x22, sizeof(share));
	memset(confirm, 0x33, sizeof(confirm));

	label_pake_context(&l, th, NULL); /* the only label without its zero byte */
	memcpy(want, pake, 10);
	memcpy(want + 10, th, 32);
	expect(&l, want, 42);

	label_server_proof(&l, th, share, confirm);
	memcpy(want, proof, sizeof(proof));
	memcpy(want + sizeof(proof), th, 32);
	memcpy(want + sizeof(proof) + 32, share, 65);
	memcpy(want + sizeof(proof) + 97, confirm, 32);
	expect(&l, want, sizeof(proof) + 129);

	label_card_aad(&l, th, confirm);
	memcpy(want, th, 32);
	memcpy(want + 32, confirm, 32);
	expect(&l, want, 64);
}

/* A new label contains nothing of the previous one. */
static void each_begins_anew(void **state)
{
	static const uint8_t th[WIRE_HASH];
	struct label a, b = {.len = LABEL_MAX};

	(void)state;
	memset(b.p, 0xff, sizeof(b.p));
	label_group_key(&a, th, 1, 2, 3);
	label_group_key(&b, th, 1, 2, 3);
	expect(&b, a.p, a.len);
	assert_ptr_equal(label_part(&b).p, b.p);
	assert_int_equal(label_part(&b).n, b.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(group_key_is_the_published_one),
	    cmocka_unit_test(message_is_the_published_one),
	    cmocka_unit_test(message_bounds_the_names),
	    cmocka_unit_test(message_folds_the_rooms_name),
	    cmocka_unit_test(keys_of_a_group),
	    cmocka_unit_test(contexts_of_a_handshake),
	    cmocka_unit_test(each_begins_anew),
	};
	int r;

	example = check_vectors("example.json");
	r = cmocka_run_group_tests_name("labels", tests, NULL, NULL);
	json_decref(example);
	return r;
}
