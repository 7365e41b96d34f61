/* The worked example of PROTOCOL.md, section 8, with our own code: from the
 * same inputs, both ends of the handshake and the records after it give the
 * same bytes as the independent implementation. The hybrid handshake is skipped
 * where libcrypto has no ML-KEM. */
#include "shared/crypto/kem_mlkem.h"
#include "shared/proto/content.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/handshake_int.h"
#include "shared/proto/seal.h"
#include "tests/unit/worked.h"

static void check_handshake(enum exchange exchange)
{
	struct worked e;
	const struct hs_result *rs, *rc;
	uint8_t both[WIRE_KEY_IV];
	char name[16];
	int d, i;

	worked_open(&e);
	worked_shake(&e);
	rs = handshake_result(e.s);
	rc = handshake_result(e.c);
	assert_int_equal(rs->refusal, CODE_NONE);
	assert_int_equal(rs->exchange, exchange);
	assert_int_equal(rc->exchange, exchange);
	for (i = 1; i <= HS_MESSAGES; i++) {
		snprintf(name, sizeof(name), "th%d", i);
		worked_expect(name, e.s->th[i], WIRE_HASH);
	}
	worked_expect("th5", rs->th5, 32);
	worked_expect("card_hash", rs->card.hash, 32);
	worked_expect("card_signature", rs->card.signature, 64);
	assert_int_equal(rs->card.bytes.len, strlen(worked_str("card")));
	assert_memory_equal(
	    rs->card.bytes.p, worked_str("card"), rs->card.bytes.len);
	for (d = LINK_C2S; d <= LINK_S2C; d++) {
		memcpy(both, rs->keys.seal[d], WIRE_KEY);
		memcpy(both + WIRE_KEY, rs->keys.iv[d], WIRE_IV);
		worked_expect(d == LINK_C2S ? "c2s_seal" : "s2c_seal", both,
		    sizeof(both));
		worked_expect(d == LINK_C2S ? "c2s_mac" : "s2c_mac",
		    rs->keys.mac[d], WIRE_KEY);
	}
	assert_memory_equal(&rs->keys, &rc->keys, sizeof(rs->keys));
	assert_memory_equal(rs->th5, rc->th5, 32);
	worked_close(&e);
}

static void test_handshake(void **state)
{
	(void)state;
	check_handshake(EXCHANGE_CLASSICAL);
}

/* The key pair, the ciphertext and the secret in it, on their own. */
static void check_kem(struct crypto *c)
{
	uint8_t seed[WIRE_MLKEM_SEED], m[WIRE_MLKEM_M], hash[WIRE_HASH];
	uint8_t pub[WIRE_MLKEM_PUBLIC], sealed[WIRE_MLKEM_SEALED];
	uint8_t secret[WIRE_MLKEM_SECRET];
	struct kem_mlkem *k;

	worked_bytes("kem_seed", seed, sizeof(seed));
	worked_bytes("kem_m", m, sizeof(m));
	k = kem_mlkem_new(c, seed);
	assert_non_null(k);
	assert_int_equal(kem_mlkem_public(k, pub), 0);
	kem_mlkem_free(k);
	assert_int_equal(crypto_hash1(c, hash, pub, sizeof(pub)), 0);
	worked_expect("kem_public_hash", hash, sizeof(hash));
	assert_int_equal(kem_mlkem_seal(c, sealed, secret, pub, m), 0);
	assert_int_equal(crypto_hash1(c, hash, sealed, sizeof(sealed)), 0);
	worked_expect("kem_sealed_hash", hash, sizeof(hash));
	worked_expect("k_kem", secret, sizeof(secret));
}

static void test_hybrid_handshake(void **state)
{
	struct crypto *c = crypto_new();
	bool there;

	(void)state;
	assert_int_equal(kem_mlkem_find(c, &there), 0);
	if (there) {
		worked_hybrid = json_object_get(worked_example, "hybrid");
		assert_non_null(worked_hybrid);
		check_kem(c);
		check_handshake(EXCHANGE_HYBRID);
		worked_hybrid = NULL;
	}
	crypto_free(c);
	if (!there) {
		print_message(
		    "libcrypto has no ML-KEM-768: OpenSSL 3.5 has it\n");
		skip();
	}
}

/* Opens the server's first record on the client's side. */
static void open_first_record(
    struct worked *e, struct link *l, struct log_head *head)
{
	static struct control ctl;
	struct group_epoch epoch;
	struct buf json;
	struct link_frame f;
	struct rd frames;
	uint8_t secret[WIRE_KEY], next[WIRE_KEY], *rec, *label;
	size_t n, n_label;

	buf_init_secret(&json, WIRE_JSON_MAX);
	rec = check_hex_at(worked_example, "record_s2c_0", &n);
	assert_int_equal(link_open(l, rec, n, &frames), 0);
	assert_int_equal(link_next(&frames, &f), 0);
	assert_int_equal(f.kind, KIND_CONTROL);
	assert_int_equal(link_control_open(l, &json, f.body, f.len), 0);
	worked_expect_json(&json, "key_exchange");
	assert_int_equal(
	    control_decode(&ctl, FROM_SERVER, json.p, json.len), 0);
	assert_int_equal(ctl.type, CONTROL_KEY_EXCHANGE);
	label = check_hex_at(worked_example, "oaep_label", &n_label);
	assert_int_equal(
	    kem_rsa_open(e->wrap, secret, label, n_label,
		ctl.u.key_exchange.wrapped, ctl.u.key_exchange.wrapped_len),
	    0);
	worked_expect("secret", secret, 32);
	assert_int_equal(group_epoch_make(e->crypto, &epoch, 1, 5, secret), 0);
	worked_expect("base", epoch.base, 32);
	worked_expect("commit", epoch.commit, 32);
	assert_memory_equal(epoch.commit, ctl.u.key_exchange.commit, 32);
	assert_int_equal(group_join_step(e->crypto, next, secret), 0);
	worked_expect("next_secret", next, 32);

	assert_int_equal(link_stepped(l), 0);
	buf_clear(&json);
	assert_int_equal(link_next(&frames, &f), 0);
	assert_int_equal(link_control_open(l, &json, f.body, f.len), 0);
	worked_expect_json(&json, "user_list");
	control_wipe(&ctl);
	assert_int_equal(
	    control_decode(&ctl, FROM_SERVER, json.p, json.len), 0);
	assert_int_equal(ctl.type, CONTROL_USER_LIST);
	assert_true(ctl.u.user_list.has_entry);
	*head = ctl.u.user_list.entry.head;
	assert_int_equal(head->offset, 3);
	worked_expect("chain_3", head->chain, WIRE_HASH);
	assert_int_equal(link_next(&frames, &f), ERR_AGAIN);
	control_wipe(&ctl);
	buf_free(&json);
	free(rec);
	free(label);
}

/* The same message in a sealed room: g is of the room without a seal. */
static void sealed_body(struct worked *e, const struct group_context *g)
{
	const char *content = worked_str("content");
	struct group_context sealed = *g;
	uint8_t secret[WIRE_KEY], key[WIRE_KEY_IV];
	struct seal_mark mark = {.generation = 1};
	struct group_epoch epoch;
	char text[SEAL_MARK];
	struct buf body;
	struct seal s;

	worked_bytes("seal_secret", secret, 32);
	assert_int_equal(seal_make(e->crypto, &s, secret, g->place->log), 0);
	worked_expect("seal", s.key, sizeof(s.key));
	worked_expect("seal_check", s.check, sizeof(s.check));
	memcpy(mark.check, s.check, sizeof(mark.check));
	seal_mark_encode(text, &mark);
	assert_string_equal(text, worked_str("seal_mark"));
	assert_int_equal(seal_epoch(e->crypto, &epoch, g->epoch, s.key), 0);
	worked_expect("seal_base", epoch.base, 32);
	worked_expect("seal_commit", epoch.commit, 32);
	assert_int_equal(group_sender_key(e->crypto, key, &epoch, g->from->id,
			     g->from->card),
	    0);
	worked_expect("seal_sender_key", key, sizeof(key));
	sealed.epoch = &epoch;
	buf_init(&body, WIRE_RECORD_MAX);
	assert_int_equal(
	    group_seal(e->crypto, &body, &sealed, 1, content, strlen(content)),
	    0);
	worked_expect("seal_body", body.p, body.len);
	buf_free(&body);
}

/* Makes Alice's record, then opens it on the server's side; the server adds it
 * to the log. */
static void group_record(struct worked *e, struct link *client,
    struct link *server, struct log_head *head, uint8_t mark[WIRE_MARK])
{
	struct log_mark m = {.offset = 4, .room = 1, .seq = 1};
	struct group_epoch epoch;
	struct group_sender from = {7, "alice", identity_public(e->alice),
	    handshake_result(e->c)->card.hash};
	uint8_t secret[WIRE_KEY], key[WIRE_KEY_IV];
	uint8_t server_fp[WIRE_HASH], log[WIRE_LOG], roster[WIRE_HASH];
	struct group_place place = {
	    server_fp, handshake_result(e->c)->session, log, "lobby"};
	const char *content = worked_str("content");
	struct buf body, out;
	struct link_frame f;
	struct rd frames;

	buf_init(&body, WIRE_RECORD_MAX);
	buf_init(&out, WIRE_RECORD_MAX);
	worked_bytes("secret", secret, 32);
	worked_bytes("server", server_fp, 32);
	worked_bytes("log", log, 32);
	worked_bytes("roster", roster, 32);
	assert_int_equal(group_epoch_make(e->crypto, &epoch, 1, 5, secret), 0);
	assert_int_equal(
	    group_sender_key(e->crypto, key, &epoch, 7, from.card), 0);
	worked_expect("sender_key", key, sizeof(key));
	assert_int_equal(group_seal(e->crypto, &body,
			     &(struct group_context){.place = &place,
				 .epoch = &epoch,
				 .roster = roster,
				 .from = &from,
				 .signer = e->alice},
			     1, content, strlen(content)),
	    0);
	worked_expect("group_body", body.p, body.len);
	f = (struct link_frame){KIND_GROUP, body.p, body.len};
	assert_int_equal(link_record(client, &out, &f, 1), 0);
	worked_expect("record_c2s_0", out.p, out.len);
	assert_int_equal(link_open(server, out.p, out.len, &frames), 0);
	assert_int_equal(link_next(&frames, &f), 0);
	buf_clear(&out);
	assert_int_equal(group_open(e->crypto, &out,
			     &(struct group_context){.place = &place,
				 .epoch = &epoch,
				 .roster = roster,
				 .from = &from},
			     f.body, f.len),
	    0);
	worked_expect_json(&out, "content");
	assert_int_equal(crypto_hash1(e->crypto, m.digest, body.p + WIRE_OFFSET,
			     body.len - WIRE_OFFSET),
	    0);
	log_mark_encode(mark, &m);
	worked_expect("mark", mark, WIRE_MARK);
	assert_int_equal(log_head_add(e->crypto, head, m.digest), 0);
	worked_expect("chain_4", head->chain, WIRE_HASH);
	sealed_body(e, &(struct group_context){.place = &place,
			   .epoch = &epoch,
			   .roster = roster,
			   .from = &from,
			   .signer = e->alice});
	buf_free(&body);
	buf_free(&out);
}

/* Reads what is said later about Alice's message, and writes it again. */
static void said_about(void)
{
	static const enum content_type types[] = {
	    CONTENT_MESSAGE, CONTENT_REACT, CONTENT_EDIT, CONTENT_DELETE};
	const json_t *all = json_object_get(worked_example, "about");
	struct content first, c;
	const char *text;
	struct buf out;
	size_t i;

	text = worked_str("content");
	assert_int_equal(content_decode(&first, false, text, strlen(text)), 0);
	assert_int_equal(json_array_size(all), 4);
	buf_init(&out, WIRE_JSON_MAX);
	for (i = 0; i < 4; i++) {
		text = json_string_value(json_array_get(all, i));
		assert_non_null(text);
		assert_int_equal(
		    content_decode(&c, false, text, strlen(text)), 0);
		assert_int_equal(c.type, types[i]);
		assert_memory_equal(c.u.said.about, first.u.said.id, WIRE_ID);
		buf_clear(&out);
		assert_int_equal(
		    content_said(&out, c.type, &c.u.said, c.ts), 0);
		assert_int_equal(out.len, strlen(text));
		assert_memory_equal(out.p, text, out.len);
		content_free(&c);
	}
	content_free(&first);
	buf_free(&out);
}

/* Makes the server's second record with its end of the link, after two control
 * frames, the first of them a key_exchange. */
static void ack_record(struct link *server, const uint8_t mark[WIRE_MARK])
{
	struct buf json, sealed, out;
	struct link_frame f[2];
	const char *kx = worked_str("key_exchange"),
		   *list = worked_str("user_list");
	size_t n;

	buf_init(&json, WIRE_JSON_MAX);
	buf_init(&sealed, WIRE_RECORD_MAX);
	buf_init(&out, WIRE_RECORD_MAX);
	assert_int_equal(
	    link_control_seal(server, &sealed, kx, strlen(kx), true), 0);
	n = sealed.len;
	assert_int_equal(
	    link_control_seal(server, &sealed, list, strlen(list), false), 0);
	f[0] = (struct link_frame){KIND_CONTROL, sealed.p, n};
	f[1] = (struct link_frame){KIND_CONTROL, sealed.p + n, sealed.len - n};
	assert_int_equal(link_record(server, &out, f, 2), 0);
	worked_expect("record_s2c_0", out.p, out.len);

	assert_int_equal(control_ack(&json, 1, 1, 4), 0);
	worked_expect_json(&json, "ack");
	buf_clear(&sealed);
	buf_clear(&out);
	assert_int_equal(
	    link_control_seal(server, &sealed, json.p, json.len, false), 0);
	f[0] = (struct link_frame){KIND_MARK, mark, WIRE_MARK};
	f[1] = (struct link_frame){KIND_CONTROL, sealed.p, sealed.len};
	assert_int_equal(link_record(server, &out, f, 2), 0);
	worked_expect("record_s2c_1", out.p, out.len);
	buf_free(&json);
	buf_free(&sealed);
	buf_free(&out);
}

/* The file of section 6a: its piece, its requests, its offer. */
static void test_file(void **state)
{
	static uint8_t body[WIRE_BLOB_HEAD + WIRE_PIECE_SEALED];
	const json_t *all = json_object_get(worked_example, "file_requests");
	struct crypto *crypto = crypto_new();
	const char *text = worked_str("file_text"), *json;
	uint8_t iv[WIRE_PIECE_IV], digest[WIRE_HASH];
	static struct control ctl;
	struct content offer;
	struct buf out;
	size_t n, i;

	(void)state;
	json = worked_str("file_offer");
	assert_int_equal(content_decode(&offer, false, json, strlen(json)), 0);
	assert_int_equal(offer.type, CONTENT_FILE);
	worked_expect("file_key", offer.u.file.key.key, WIRE_KEY);
	assert_int_equal(offer.u.file.key.file, strlen(text));
	assert_int_equal(crypto_hash1(crypto, digest, text, strlen(text)), 0);
	assert_memory_equal(offer.u.file.hash, digest, WIRE_HASH);
	buf_init(&out, WIRE_JSON_MAX);
	assert_int_equal(content_file(&out, &offer.u.file, offer.ts), 0);
	worked_expect_json(&out, "file_offer");
	worked_bytes("file_iv", iv, sizeof(iv));
	blob_frame_head(body, offer.u.file.blob, 0);
	worked_expect("file_blob", body, WIRE_BLOB);
	assert_int_equal(blob_seal(crypto, body + WIRE_BLOB_HEAD, &n,
			     &offer.u.file.key, 0, iv, text),
	    0);
	worked_expect("file_tail", body + WIRE_BLOB_HEAD + n - 32, 32);
	assert_int_equal(
	    crypto_hash1(crypto, digest, body, WIRE_BLOB_HEAD + n), 0);
	worked_expect("file_body_hash", digest, WIRE_HASH);
	for (i = 0; i < 4; i++) {
		json = json_string_value(json_array_get(all, i));
		assert_int_equal(
		    control_decode(&ctl, i == 1 ? FROM_SERVER : FROM_CLIENT,
			json, strlen(json)),
		    0);
		buf_clear(&out);
		assert_int_equal(i == 1
				     ? answer_blob(&out, 1, &ctl.u.answer.blob)
				     : request_encode(&out, &ctl.u.request),
		    0);
		assert_int_equal(out.len, strlen(json));
		assert_memory_equal(out.p, json, out.len);
	}
	buf_free(&out);
	content_free(&offer);
	crypto_free(crypto);
}

static void test_records(void **state)
{
	struct worked e;
	struct link *client, *server;
	struct log_head head;
	uint8_t mark[WIRE_MARK];

	(void)state;
	worked_open(&e);
	worked_shake(&e);
	client = link_new(e.crypto, &handshake_result(e.c)->keys, LINK_CLIENT);
	server = link_new(e.crypto, &handshake_result(e.s)->keys, LINK_SERVER);
	assert_non_null(client);
	assert_non_null(server);
	open_first_record(&e, client, &head);
	group_record(&e, client, server, &head, mark);
	ack_record(server, mark);
	said_about();
	link_free(client);
	link_free(server);
	worked_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshake),
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_hybrid_handshake),
	};

	return cmocka_run_group_tests_name(
	    "worked example", tests, worked_setup, worked_teardown);
}
