/* The worked example of PROTOCOL.md, section 8, with our own code: from the
 * same inputs, both ends of the handshake and the records after it give the
 * same bytes as the independent implementation. The hybrid handshake is skipped
 * where libcrypto has no ML-KEM. */
#include "shared/crypto/kem_mlkem.h"
#include "shared/crypto/kem_rsa_int.h"
#include "shared/proto/content.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/handshake_int.h"
#include "shared/proto/seal.h"
#include "shared/wire/json.h"
#include "tests/unit/check.h"

static json_t *example;
static const json_t *differs; /* in a hybrid handshake; else NULL */

/* The object that has the value: what differs, or the rest. */
static const json_t *holder(const char *key)
{
	return json_object_get(differs, key) != NULL ? differs : example;
}

static void expect_hex(const char *key, const void *got, size_t n)
{
	size_t len;
	uint8_t *want = check_hex_at(holder(key), key, &len);

	assert_int_equal(len, n);
	assert_memory_equal(want, got, n);
	free(want);
}

static const char *str(const char *key)
{
	return json_string_value(json_object_get(holder(key), key));
}

static void bytes_of(const char *key, void *out, size_t n)
{
	size_t len;
	uint8_t *p = check_hex_at(holder(key), key, &len);

	assert_int_equal(len, n);
	memcpy(out, p, n);
	free(p);
}

/* Random bytes in the order in which a side requests them. */
struct script {
	const char *keys[4];
	size_t at;
};

static int script_fill(void *arg, void *out, size_t n)
{
	struct script *s = arg;

	bytes_of(s->keys[s->at++], out, n);
	return 0;
}

struct ends {
	struct crypto *crypto;
	struct identity *server, *alice;
	struct dh *agree;
	struct kem_rsa *wrap;
	struct pake_record *record;
	struct handshake *s, *c;
	struct script rng_s, rng_c;
};

static int find_account(void *arg, const char *name, struct hs_account *out)
{
	struct ends *e = arg;

	assert_string_equal(name, "*");
	out->kdf = (struct kdf){.n = 16384, .r = 8, .p = 1};
	bytes_of("salt", out->salt, sizeof(out->salt));
	out->record = e->record;
	return 0;
}

static int fill_agree(void *arg, void *out, size_t n)
{
	(void)arg;
	bytes_of("agree_seed", out, n);
	return 0;
}

static void *stretched(uint8_t out[PAKE_STRETCHED])
{
	struct kdf k = {.n = 16384, .r = 8, .p = 1};
	const char *pw = str("password");
	uint8_t salt[WIRE_NONCE];

	bytes_of("salt", salt, sizeof(salt));
	assert_int_equal(
	    pake_stretch(out, pw, strlen(pw), "*", WIRE_PROTOCOL, salt, &k), 0);
	return out;
}

static void ends_open(struct ends *e)
{
	struct hs_server_opts so = {0};
	struct hs_client_opts co = {0};
	struct rng agree_rng = {fill_agree, NULL};
	uint8_t seed[32], w0[32], w1[32], st[PAKE_STRETCHED];
	bool hybrid = differs != NULL;
	uint8_t *der;
	size_t n;

	memset(e, 0, sizeof(*e));
	e->crypto = crypto_new();
	bytes_of("server_seed", seed, 32);
	e->server = identity_from_seed(seed);
	bytes_of("alice_seed", seed, 32);
	e->alice = identity_from_seed(seed);
	e->agree = dh_new(&agree_rng);
	der = check_hex_at(example, "rsa", &n);
	e->wrap = kem_rsa_from_pkcs8(der, n);
	free(der);
	assert_non_null(e->wrap);
	assert_int_equal(pake_scalars(w0, w1, stretched(st)), 0);
	expect_hex("w0", w0, 32);
	expect_hex("w1", w1, 32);
	e->record = pake_record_new(w0, w1);
	assert_non_null(e->record);

	e->rng_s = hybrid
		       ? (struct script){{"challenge_nonce", "kem_m", "y"}, 0}
		       : (struct script){{"challenge_nonce", "y"}, 0};
	so.pq = co.pq = hybrid ? HS_PQ_REQUIRED : HS_PQ_ABSENT;
	so.crypto = e->crypto;
	so.rng = (struct rng){script_fill, &e->rng_s};
	so.identity = e->server;
	bytes_of("session", so.session, sizeof(so.session));
	so.account = find_account;
	so.arg = e;
	e->s = handshake_server(&so);
	e->rng_c = hybrid ? (struct script){{"hello_nonce", "kem_seed", "x"}, 0}
			  : (struct script){{"hello_nonce", "x"}, 0};
	co.crypto = e->crypto;
	co.rng = (struct rng){script_fill, &e->rng_c};
	co.account = "*";
	e->c = handshake_client(&co);
	assert_non_null(e->s);
	assert_non_null(e->c);
}

static void ends_close(struct ends *e)
{
	handshake_free(e->s);
	handshake_free(e->c);
	pake_record_free(e->record);
	kem_rsa_free(e->wrap);
	dh_free(e->agree);
	identity_free(e->alice);
	identity_free(e->server);
	crypto_free(e->crypto);
}

static const char *message(size_t i)
{
	const json_t *all = json_object_get(holder("messages"), "messages");

	return json_string_value(json_array_get(all, i));
}

/* Passes the output of `from` to `to`; it is message i of the example. */
static void pass(struct handshake *from, struct handshake *to, size_t i)
{
	const char *want = message(i);
	size_t n, used;
	const uint8_t *p = handshake_output(from, &n);

	assert_int_equal(n, 4 + strlen(want));
	assert_int_equal(get_u32(p), strlen(want));
	assert_memory_equal(p + 4, want, n - 4);
	assert_int_equal(handshake_input(to, p, n, &used), 0);
	assert_int_equal(used, n);
	handshake_consume(from, n);
}

/* What the proof in message 4 signs. */
static void check_proved(const struct ends *e)
{
	json_t *o = json_loads(message(3), 0, NULL);
	struct part parts[HS_PROOF_PARTS];
	struct hs_confirm m;
	struct label label;
	uint8_t hash[WIRE_HASH];

	assert_int_equal(handshake_msg_get_confirm(&m, o), 0);
	json_decref(o);
	handshake_keys_proof(parts, &label, e->c, &m);
	assert_int_equal(
	    crypto_hash_parts(e->crypto, hash, parts, HS_PROOF_PARTS), 0);
	expect_hex("proved_hash", hash, sizeof(hash));
}

/* After message 4, what both sides have derived, before they wipe it. */
static void check_secrets(struct ends *e)
{
	uint8_t key[WIRE_KEY_IV];

	expect_hex("k_shared", e->s->keys.shared, sizeof(e->s->keys.shared));
	expect_hex("s4", e->c->s4, sizeof(e->c->s4));
	assert_int_equal(handshake_keys_card(e->c, key), 0);
	expect_hex("card_key", key, sizeof(key));
	if (differs != NULL)
		expect_hex("k_kem", e->s->kem_secret, WIRE_MLKEM_SECRET);
}

static void shake(struct ends *e)
{
	uint8_t st[PAKE_STRETCHED];
	size_t n;
	uint8_t *instance = check_hex_at(example, "instance", &n);
	struct hs_card_opts card = {
	    "alice", "", e->alice, e->wrap, e->agree, instance, NULL};

	pass(e->c, e->s, 0);
	pass(e->s, e->c, 1);
	assert_int_equal(handshake_need(e->c), HS_NEED_KDF);
	assert_int_equal(handshake_stretched(e->c, stretched(st)), 0);
	pass(e->c, e->s, 2);
	assert_int_equal(handshake_need(e->s), HS_NEED_GRANT);
	assert_int_equal(handshake_grant(e->s), 0);
	pass(e->s, e->c, 3);
	assert_int_equal(handshake_need(e->c), HS_NEED_CARD);
	check_proved(e);
	check_secrets(e);
	assert_int_equal(handshake_card(e->c, &card), 0);
	pass(e->c, e->s, 4);
	assert_int_equal(handshake_need(e->c), HS_DONE);
	assert_int_equal(handshake_need(e->s), HS_DONE);
	assert_int_equal(n, WIRE_INSTANCE);
	free(instance);
}

static void check_handshake(enum exchange exchange)
{
	struct ends e;
	const struct hs_result *rs, *rc;
	uint8_t both[WIRE_KEY_IV];
	char name[16];
	int d, i;

	ends_open(&e);
	shake(&e);
	rs = handshake_result(e.s);
	rc = handshake_result(e.c);
	assert_int_equal(rs->refusal, CODE_NONE);
	assert_int_equal(rs->exchange, exchange);
	assert_int_equal(rc->exchange, exchange);
	for (i = 1; i <= HS_MESSAGES; i++) {
		snprintf(name, sizeof(name), "th%d", i);
		expect_hex(name, e.s->th[i], WIRE_HASH);
	}
	expect_hex("th5", rs->th5, 32);
	expect_hex("card_hash", rs->card.hash, 32);
	expect_hex("card_signature", rs->card.signature, 64);
	assert_int_equal(rs->card.bytes.len, strlen(str("card")));
	assert_memory_equal(rs->card.bytes.p, str("card"), rs->card.bytes.len);
	for (d = LINK_C2S; d <= LINK_S2C; d++) {
		memcpy(both, rs->keys.seal[d], WIRE_KEY);
		memcpy(both + WIRE_KEY, rs->keys.iv[d], WIRE_IV);
		expect_hex(d == LINK_C2S ? "c2s_seal" : "s2c_seal", both,
		    sizeof(both));
		expect_hex(d == LINK_C2S ? "c2s_mac" : "s2c_mac",
		    rs->keys.mac[d], WIRE_KEY);
	}
	assert_memory_equal(&rs->keys, &rc->keys, sizeof(rs->keys));
	assert_memory_equal(rs->th5, rc->th5, 32);
	ends_close(&e);
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

	bytes_of("kem_seed", seed, sizeof(seed));
	bytes_of("kem_m", m, sizeof(m));
	k = kem_mlkem_new(c, seed);
	assert_non_null(k);
	assert_int_equal(kem_mlkem_public(k, pub), 0);
	kem_mlkem_free(k);
	assert_int_equal(crypto_hash1(c, hash, pub, sizeof(pub)), 0);
	expect_hex("kem_public_hash", hash, sizeof(hash));
	assert_int_equal(kem_mlkem_seal(c, sealed, secret, pub, m), 0);
	assert_int_equal(crypto_hash1(c, hash, sealed, sizeof(sealed)), 0);
	expect_hex("kem_sealed_hash", hash, sizeof(hash));
	expect_hex("k_kem", secret, sizeof(secret));
}

static void test_hybrid_handshake(void **state)
{
	struct crypto *c = crypto_new();
	bool there;

	(void)state;
	assert_int_equal(kem_mlkem_find(c, &there), 0);
	if (there) {
		differs = json_object_get(example, "hybrid");
		assert_non_null(differs);
		check_kem(c);
		check_handshake(EXCHANGE_HYBRID);
		differs = NULL;
	}
	crypto_free(c);
	if (!there) {
		print_message(
		    "libcrypto has no ML-KEM-768: OpenSSL 3.5 has it\n");
		skip();
	}
}

static void expect_json(const struct buf *b, const char *key)
{
	assert_int_equal(b->len, strlen(str(key)));
	assert_memory_equal(b->p, str(key), b->len);
}

/* Opens the server's first record on the client's side. */
static void open_first_record(
    struct ends *e, struct link *l, struct log_head *head)
{
	static struct control ctl;
	struct group_epoch epoch;
	struct buf json;
	struct link_frame f;
	struct rd frames;
	uint8_t secret[WIRE_KEY], next[WIRE_KEY], *rec, *label;
	size_t n, n_label;

	buf_init_secret(&json, WIRE_JSON_MAX);
	rec = check_hex_at(example, "record_s2c_0", &n);
	assert_int_equal(link_open(l, rec, n, &frames), 0);
	assert_int_equal(link_next(&frames, &f), 0);
	assert_int_equal(f.kind, KIND_CONTROL);
	assert_int_equal(link_control_open(l, &json, f.body, f.len), 0);
	expect_json(&json, "key_exchange");
	assert_int_equal(
	    control_decode(&ctl, FROM_SERVER, json.p, json.len), 0);
	assert_int_equal(ctl.type, CONTROL_KEY_EXCHANGE);
	label = check_hex_at(example, "oaep_label", &n_label);
	assert_int_equal(
	    kem_rsa_open(e->wrap, secret, label, n_label,
		ctl.u.key_exchange.wrapped, ctl.u.key_exchange.wrapped_len),
	    0);
	expect_hex("secret", secret, 32);
	assert_int_equal(
	    group_epoch_make(e->crypto, &epoch, 1, 5, secret), 0);
	expect_hex("base", epoch.base, 32);
	expect_hex("commit", epoch.commit, 32);
	assert_memory_equal(epoch.commit, ctl.u.key_exchange.commit, 32);
	assert_int_equal(group_join_step(e->crypto, next, secret), 0);
	expect_hex("next_secret", next, 32);

	assert_int_equal(link_stepped(l), 0);
	buf_clear(&json);
	assert_int_equal(link_next(&frames, &f), 0);
	assert_int_equal(link_control_open(l, &json, f.body, f.len), 0);
	expect_json(&json, "user_list");
	control_wipe(&ctl);
	assert_int_equal(
	    control_decode(&ctl, FROM_SERVER, json.p, json.len), 0);
	assert_int_equal(ctl.type, CONTROL_USER_LIST);
	assert_true(ctl.u.user_list.has_entry);
	*head = ctl.u.user_list.entry.head;
	assert_int_equal(head->offset, 3);
	expect_hex("chain_3", head->chain, WIRE_HASH);
	assert_int_equal(link_next(&frames, &f), ERR_AGAIN);
	control_wipe(&ctl);
	buf_free(&json);
	free(rec);
	free(label);
}

/* The same message in a sealed room: g is of the room without a seal. */
static void sealed_body(struct ends *e, const struct group_context *g)
{
	const char *content = str("content");
	struct group_context sealed = *g;
	uint8_t secret[WIRE_KEY], key[WIRE_KEY_IV];
	struct seal_mark mark = {.generation = 1};
	struct group_epoch epoch;
	char text[SEAL_MARK];
	struct buf body;
	struct seal s;

	bytes_of("seal_secret", secret, 32);
	assert_int_equal(seal_make(e->crypto, &s, secret, g->place->log), 0);
	expect_hex("seal", s.key, sizeof(s.key));
	expect_hex("seal_check", s.check, sizeof(s.check));
	memcpy(mark.check, s.check, sizeof(mark.check));
	seal_mark_encode(text, &mark);
	assert_string_equal(text, str("seal_mark"));
	assert_int_equal(seal_epoch(e->crypto, &epoch, g->epoch, s.key), 0);
	expect_hex("seal_base", epoch.base, 32);
	expect_hex("seal_commit", epoch.commit, 32);
	assert_int_equal(group_sender_key(e->crypto, key, &epoch, g->from->id,
			     g->from->card),
	    0);
	expect_hex("seal_sender_key", key, sizeof(key));
	sealed.epoch = &epoch;
	buf_init(&body, WIRE_RECORD_MAX);
	assert_int_equal(group_seal(e->crypto, &body, &sealed, 1, content,
			     strlen(content)),
	    0);
	expect_hex("seal_body", body.p, body.len);
	buf_free(&body);
}

/* Makes Alice's record, then opens it on the server's side; the server adds it
 * to the log. */
static void group_record(struct ends *e, struct link *client,
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
	const char *content = str("content");
	struct buf body, out;
	struct link_frame f;
	struct rd frames;

	buf_init(&body, WIRE_RECORD_MAX);
	buf_init(&out, WIRE_RECORD_MAX);
	bytes_of("secret", secret, 32);
	bytes_of("server", server_fp, 32);
	bytes_of("log", log, 32);
	bytes_of("roster", roster, 32);
	assert_int_equal(
	    group_epoch_make(e->crypto, &epoch, 1, 5, secret), 0);
	assert_int_equal(
	    group_sender_key(e->crypto, key, &epoch, 7, from.card), 0);
	expect_hex("sender_key", key, sizeof(key));
	assert_int_equal(group_seal(e->crypto, &body,
			     &(struct group_context){.place = &place,
				 .epoch = &epoch,
				 .roster = roster,
				 .from = &from,
				 .signer = e->alice},
			     1, content, strlen(content)),
	    0);
	expect_hex("group_body", body.p, body.len);
	f = (struct link_frame){KIND_GROUP, body.p, body.len};
	assert_int_equal(link_record(client, &out, &f, 1), 0);
	expect_hex("record_c2s_0", out.p, out.len);
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
	expect_json(&out, "content");
	assert_int_equal(crypto_hash1(e->crypto, m.digest, body.p + WIRE_OFFSET,
			     body.len - WIRE_OFFSET),
	    0);
	log_mark_encode(mark, &m);
	expect_hex("mark", mark, WIRE_MARK);
	assert_int_equal(log_head_add(e->crypto, head, m.digest), 0);
	expect_hex("chain_4", head->chain, WIRE_HASH);
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
	const json_t *all = json_object_get(example, "about");
	struct content first, c;
	const char *text;
	struct buf out;
	size_t i;

	text = str("content");
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
	const char *kx = str("key_exchange"), *list = str("user_list");
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
	expect_hex("record_s2c_0", out.p, out.len);

	assert_int_equal(control_ack(&json, 1, 1, 4), 0);
	expect_json(&json, "ack");
	buf_clear(&sealed);
	buf_clear(&out);
	assert_int_equal(
	    link_control_seal(server, &sealed, json.p, json.len, false), 0);
	f[0] = (struct link_frame){KIND_MARK, mark, WIRE_MARK};
	f[1] = (struct link_frame){KIND_CONTROL, sealed.p, sealed.len};
	assert_int_equal(link_record(server, &out, f, 2), 0);
	expect_hex("record_s2c_1", out.p, out.len);
	buf_free(&json);
	buf_free(&sealed);
	buf_free(&out);
}

/* The file of section 6a: its piece, its requests, its offer. */
static void test_file(void **state)
{
	static uint8_t body[WIRE_BLOB_HEAD + WIRE_PIECE_SEALED];
	const json_t *all = json_object_get(example, "file_requests");
	struct crypto *crypto = crypto_new();
	const char *text = str("file_text"), *json;
	uint8_t iv[WIRE_PIECE_IV], digest[WIRE_HASH];
	static struct control ctl;
	struct content offer;
	struct buf out;
	size_t n, i;

	(void)state;
	json = str("file_offer");
	assert_int_equal(content_decode(&offer, false, json, strlen(json)), 0);
	assert_int_equal(offer.type, CONTENT_FILE);
	expect_hex("file_key", offer.u.file.key.key, WIRE_KEY);
	assert_int_equal(offer.u.file.key.file, strlen(text));
	assert_int_equal(crypto_hash1(crypto, digest, text, strlen(text)), 0);
	assert_memory_equal(offer.u.file.hash, digest, WIRE_HASH);
	buf_init(&out, WIRE_JSON_MAX);
	assert_int_equal(content_file(&out, &offer.u.file, offer.ts), 0);
	expect_json(&out, "file_offer");
	bytes_of("file_iv", iv, sizeof(iv));
	blob_frame_head(body, offer.u.file.blob, 0);
	expect_hex("file_blob", body, WIRE_BLOB);
	assert_int_equal(blob_seal(crypto, body + WIRE_BLOB_HEAD, &n,
			     &offer.u.file.key, 0, iv, text),
	    0);
	expect_hex("file_tail", body + WIRE_BLOB_HEAD + n - 32, 32);
	assert_int_equal(
	    crypto_hash1(crypto, digest, body, WIRE_BLOB_HEAD + n), 0);
	expect_hex("file_body_hash", digest, WIRE_HASH);
	for (i = 0; i < 4; i++) {
		json = json_string_value(json_array_get(all, i));
		assert_int_equal(
		    control_decode(&ctl, i == 1 ? FROM_SERVER : FROM_CLIENT,
			json, strlen(json)),
		    0);
		buf_clear(&out);
		assert_int_equal(i == 1 ? answer_blob(&out, 1, &ctl.u.answer.blob)
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
	struct ends e;
	struct link *client, *server;
	struct log_head head;
	uint8_t mark[WIRE_MARK];

	(void)state;
	ends_open(&e);
	shake(&e);
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
	ends_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshake),
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_hybrid_handshake),
	};
	int r;

	json_setup();
	example = check_vectors("example.json");
	r = cmocka_run_group_tests_name("worked example", tests, NULL, NULL);
	json_decref(example);
	return r;
}
