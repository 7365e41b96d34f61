/* blob.c: sizes, sealed pieces with every bit changed and every length, frames of
 * kind 4, and the JSON of requests, answers and offers. */
#include "check.h"

#include "shared/crypto/library.h"
#include "shared/proto/control.h"
#include "shared/proto/content.h"

static struct crypto *crypto;

static struct blob_key key_of(uint64_t file)
{
	struct blob_key k = {.file = file};

	memset(k.key, 0x4b, sizeof(k.key));
	return k;
}

/* --- sizes ----------------------------------------------------------------- */

static void sizes(void **state)
{
	static const struct {
		uint64_t file, blob;
		uint32_t pieces;
		size_t last, last_file;
	} rows[] = {
	    {0, 4096, 1, 4096, 0},
	    {1, 4096, 1, 4096, 1},
	    {4096, 4096, 1, 4096, 4096},
	    {4097, 8192, 1, 8192, 4097},
	    {61440, 61440, 1, 61440, 61440},
	    {61441, 65536, 2, 28, 0}, /* a piece of zeros */
	    {65508, 65536, 2, 28, 0},
	    {65509, 65536, 2, 28, 1},
	    {65536, 65536, 2, 28, 28},
	    {65537, 69632, 2, 4124, 29},
	    {UINT64_C(1) << 30, UINT64_C(1) << 30, 16392, 196, 196},
	};
	uint64_t blob;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		blob = blob_size(rows[i].file);
		assert_int_equal(blob, rows[i].blob);
		assert_true(blob_size_ok(blob));
		assert_int_equal(blob_pieces(blob), rows[i].pieces);
		assert_int_equal(
		    blob_piece(blob, rows[i].pieces - 1), rows[i].last);
		assert_int_equal(
		    blob_piece_file(rows[i].file, rows[i].pieces - 1),
		    rows[i].last_file);
		assert_int_equal(blob_piece(blob, rows[i].pieces), 0);
	}
	assert_false(blob_size_ok(0));
	assert_false(blob_size_ok(4095));
	assert_false(blob_size_ok(WIRE_BLOB_MAX + WIRE_BLOB_STEP));
	assert_true(blob_size_ok(WIRE_BLOB_MAX));
	assert_int_equal(blob_pieces(WIRE_BLOB_MAX), 16784388);
}

/* Every file up to three pieces, and the pieces together are the file. */
static void pieces_are_the_file(void **state)
{
	uint64_t file, blob, sum, of_file;
	uint32_t i, n;

	(void)state;
	for (file = 0; file < 200000; file += file < 70000 ? 1 : 997) {
		blob = blob_size(file);
		assert_true(blob >= file && blob - file <= WIRE_BLOB_STEP);
		n = blob_pieces(blob);
		for (i = 0, sum = 0, of_file = 0; i < n; i++) {
			assert_true(
			    i + 1 == n || blob_piece(blob, i) == WIRE_PIECE);
			sum += blob_piece(blob, i);
			of_file += blob_piece_file(file, i);
		}
		assert_true(sum == blob && of_file == file);
	}
}

/* --- pieces ---------------------------------------------------------------- */

static uint8_t sealed[WIRE_PIECE_SEALED], opened[WIRE_PIECE];
static const uint8_t iv[WIRE_PIECE_IV] = {9, 8, 7};

/* There and back, for each piece of files of several sizes. */
static void round_trip(void **state)
{
	static const uint64_t files[] = {0, 1, 4096, 65508, 65509, 140000};
	uint8_t *data = malloc(140000);
	uint64_t seed = 7;
	size_t i, n, got, data_n;
	uint32_t k;

	(void)state;
	for (i = 0; i < 140000; i++)
		data[i] = (uint8_t)check_random(&seed);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct blob_key key = key_of(files[i]);
		const uint32_t all = blob_pieces(blob_size(files[i]));

		for (k = 0; k < all; k++) {
			data_n = blob_piece_file(files[i], k);
			assert_int_equal(blob_seal(crypto, sealed, &n, &key, k,
					     iv, data + (size_t)k * WIRE_PIECE),
			    0);
			assert_int_equal(
			    n, BLOB_SEALED(blob_piece(blob_size(files[i]), k)));
			assert_int_equal(
			    blob_open(crypto, opened, &got, &key, k, sealed, n),
			    0);
			assert_int_equal(got, data_n);
			if (data_n > 0)
				assert_memory_equal(opened,
				    data + (size_t)k * WIRE_PIECE, data_n);
		}
		assert_int_equal(
		    blob_seal(crypto, sealed, &n, &key, all, iv, data),
		    ERR_USAGE);
		assert_int_equal(n, 0);
	}
	free(data);
}

static void refused(const struct blob_key *k, uint32_t index, size_t n, int e)
{
	size_t got = 1;

	memset(opened, 0xee, sizeof(opened));
	assert_int_equal(
	    blob_open(crypto, opened, &got, k, index, sealed, n), e);
	assert_int_equal(got, 0);
}

static void every_bit_and_length(void **state)
{
	const struct blob_key k = key_of(10);
	size_t n, i;

	(void)state;
	assert_int_equal(
	    blob_seal(crypto, sealed, &n, &k, 0, iv, "0123456789"), 0);
	for (i = 0; i < 8 * n; i++) {
		sealed[i / 8] ^= (uint8_t)(1 << i % 8);
		refused(&k, 0, n, ERR_OPEN);
		sealed[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i <= sizeof(sealed); i += i < n + 10 ? 1 : 977)
		if (i != n)
			refused(&k, 0, i, ERR_RANGE);
	refused(&k, 1, n, ERR_RANGE);
	refused(&k, UINT32_MAX, n, ERR_RANGE);
}

/* A piece is of one file, one size and one place. */
static void elsewhere(void **state)
{
	static const uint8_t data[WIRE_PIECE];
	struct blob_key k = key_of(3 * WIRE_PIECE + 5), other;
	size_t n;

	(void)state;
	assert_int_equal(blob_seal(crypto, sealed, &n, &k, 1, iv, data), 0);
	refused(&k, 0, n, ERR_OPEN);
	refused(&k, 2, n, ERR_OPEN);
	other = k;
	other.file++; /* as many pieces, of the same lengths */
	refused(&other, 1, n, ERR_OPEN);
	other = k;
	other.key[31] ^= 1;
	refused(&other, 1, n, ERR_OPEN);
	other = k;
	other.file = WIRE_BLOB_MAX; /* larger than a file can be */
	refused(&other, 1, n, ERR_RANGE);
	other.file = UINT64_MAX;
	refused(&other, 1, n, ERR_RANGE);
	assert_int_equal(
	    blob_seal(crypto, sealed, &n, &other, 1, iv, data), ERR_USAGE);
}

/* What fills the blob up is zeros, or the piece is refused: a file has one blob. */
static void filled_with_zeros(void **state)
{
	const struct blob_key k = key_of(10);
	uint8_t aad[sizeof(LABEL_PIECE) + 12] = LABEL_PIECE;
	uint8_t piece[4096] = "0123456789";

	(void)state;
	put_u64(aad + sizeof(LABEL_PIECE), 10);
	memcpy(sealed, iv, sizeof(iv));
	assert_int_equal(crypto_seal(crypto, sealed + WIRE_PIECE_IV, k.key, iv,
			     aad, sizeof(aad), piece, sizeof(piece)),
	    0);
	{
		size_t got;

		assert_int_equal(blob_open(crypto, opened, &got, &k, 0, sealed,
				     BLOB_SEALED(4096)),
		    0);
		assert_int_equal(got, 10);
	}
	piece[4095] = 1;
	assert_int_equal(crypto_seal(crypto, sealed + WIRE_PIECE_IV, k.key, iv,
			     aad, sizeof(aad), piece, sizeof(piece)),
	    0);
	refused(&k, 0, BLOB_SEALED(4096), ERR_OPEN);
	assert_int_equal(opened[0], 0);
}

/* --- frames ---------------------------------------------------------------- */

static void frames(void **state)
{
	static uint8_t body[WIRE_BLOB_HEAD + WIRE_PIECE_SEALED + 1];
	const uint8_t blob[WIRE_BLOB] = "0123456789abcde";
	struct blob_frame f;
	size_t n;

	(void)state;
	blob_frame_head(body, blob, 0x01020304);
	for (n = 0; n < sizeof(body); n += n < 100 || n > 65500 ? 1 : 501) {
		int r = blob_frame_decode(&f, body, n);

		if (n < 49 || n > 65556) {
			assert_int_equal(r, ERR_RANGE);
			continue;
		}
		assert_int_equal(r, 0);
		assert_memory_equal(f.blob, blob, WIRE_BLOB);
		assert_int_equal(f.index, 0x01020304);
		assert_ptr_equal(f.sealed, body + 20);
		assert_int_equal(f.len, n - 20);
	}
}

/* --- requests and answers ---------------------------------------------------- */

static const struct blob_ask ask = {.blob = "0123456789abcde",
    .size = 8192,
    .pieces = 7,
    .from = 3,
    .count = 64};

/* Each request is read as it was written, and with a key missing not at all. */
static void requests(void **state)
{
	static const struct {
		enum request_type type;
		const char *keys[4];
	} rows[] = {{REQUEST_BLOB_NEW, {"size"}}, {REQUEST_BLOB_HAVE, {"blob"}},
	    {REQUEST_BLOB_END, {"blob", "pieces"}},
	    {REQUEST_BLOB_GET, {"blob", "from", "count"}},
	    {REQUEST_BLOB_GONE, {"blob"}}};
	struct request q = {.number = 9, .blob = ask}, got;
	struct buf out;
	size_t i, k;
	json_t *o;

	(void)state;
	buf_init(&out, WIRE_JSON_MAX);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct control c;

		q.type = rows[i].type;
		buf_clear(&out);
		assert_int_equal(request_encode(&out, &q), 0);
		assert_int_equal(
		    control_decode(&c, FROM_CLIENT, out.p, out.len), 0);
		assert_int_equal(c.type, CONTROL_REQUEST);
		got = c.u.request;
		assert_int_equal(got.type, rows[i].type);
		assert_int_equal(got.number, 9);
		assert_int_equal(got.refuse, CODE_NONE);
		assert_int_equal(json_parse(&o, out.p, out.len), 0);
		for (k = 0; k < 4 && rows[i].keys[k] != NULL; k++) {
			json_t *was =
			    json_incref(json_object_get(o, rows[i].keys[k]));

			assert_non_null(was);
			json_object_del(o, rows[i].keys[k]);
			assert_int_equal(request_decode(&got, o), ERR_JSON);
			json_object_set_new(o, rows[i].keys[k], json_true());
			assert_int_equal(request_decode(&got, o), ERR_JSON);
			json_object_set_new(o, rows[i].keys[k], was);
		}
		assert_int_equal(k + 3, json_object_size(o)); /* type req pad */
		json_decref(o);
	}
	buf_free(&out);
}

static enum wire_code refusal(enum blob_ask_type type, struct blob_ask a)
{
	enum wire_code refuse = CODE_NONE;
	struct blob_ask got;
	struct json_w w;
	struct buf out;
	json_t *o;

	buf_init(&out, WIRE_JSON_MAX);
	json_begin(&w, &out);
	blob_ask_encode(&w, type, &a);
	assert_int_equal(json_end(&w), 0);
	assert_int_equal(json_parse(&o, out.p, out.len), 0);
	assert_int_equal(blob_ask_decode(&got, type, &refuse, o), 0);
	json_decref(o);
	buf_free(&out);
	return refuse;
}

static void values_that_cannot_be(void **state)
{
	struct blob_ask a = ask;

	(void)state;
	assert_int_equal(refusal(BLOB_NEW, a), CODE_NONE);
	assert_int_equal(refusal(BLOB_GET, a), CODE_NONE);
	a.size = 0;
	assert_int_equal(refusal(BLOB_NEW, a), CODE_BAD_VALUE);
	a.size = 8193;
	assert_int_equal(refusal(BLOB_NEW, a), CODE_BAD_VALUE);
	a.size = WIRE_BLOB_MAX + 4096;
	assert_int_equal(refusal(BLOB_NEW, a), CODE_BAD_VALUE);
	a.count = 0;
	assert_int_equal(refusal(BLOB_GET, a), CODE_BAD_VALUE);
	a.count = 65;
	assert_int_equal(refusal(BLOB_GET, a), CODE_BAD_VALUE);
}

static int read_answer(const struct blob_state *s, struct answer *out)
{
	struct buf json;
	json_t *o;
	int r;

	buf_init(&json, WIRE_JSON_MAX);
	assert_int_equal(answer_blob(&json, 5, s), 0);
	assert_int_equal(json_parse(&o, json.p, json.len), 0);
	r = answer_decode(out, true, o);
	json_decref(o);
	buf_free(&json);
	return r;
}

static void answers(void **state)
{
	struct blob_state s = {
	    .blob = "0123456789abcde", .size = 69632, .pieces = 1};
	static struct answer a;

	(void)state;
	assert_int_equal(read_answer(&s, &a), 0);
	assert_true(a.has_blob);
	assert_memory_equal(&a.blob.blob, s.blob, WIRE_BLOB);
	assert_int_equal(a.blob.size, 69632);
	assert_int_equal(a.blob.pieces, 1);
	assert_false(a.blob.ended);
	s.ended = true; /* with a piece missing */
	assert_int_equal(read_answer(&s, &a), ERR_RANGE);
	s.pieces = 2;
	assert_int_equal(read_answer(&s, &a), 0);
	s.pieces = 3;
	assert_int_equal(read_answer(&s, &a), ERR_RANGE);
	s.ended = false;
	assert_int_equal(read_answer(&s, &a), ERR_RANGE);
	s.pieces = 0;
	s.size = 5;
	assert_int_equal(read_answer(&s, &a), ERR_RANGE);
}

/* blob_have and blob_gone come from the server; from a client, with "req", they
 * are requests, and without one an error. */
static void told(void **state)
{
	const struct blob_state s = {.blob = "0123456789abcde", .pieces = 32};
	static struct control c;
	struct buf out;
	int i;

	(void)state;
	buf_init(&out, WIRE_JSON_MAX);
	for (i = 0; i < 2; i++) {
		buf_clear(&out);
		assert_int_equal(i == 0 ? blob_have_encode(&out, &s)
					: blob_gone_encode(&out, s.blob),
		    0);
		assert_int_equal(
		    control_decode(&c, FROM_SERVER, out.p, out.len), 0);
		assert_int_equal(
		    c.type, i == 0 ? CONTROL_BLOB_HAVE : CONTROL_BLOB_GONE);
		assert_memory_equal(c.u.blob.blob, s.blob, WIRE_BLOB);
		assert_int_equal(c.u.blob.pieces, i == 0 ? 32 : 0);
		assert_int_equal(
		    control_decode(&c, FROM_CLIENT, out.p, out.len), ERR_JSON);
	}
	buf_free(&out);
}

/* --- offers ----------------------------------------------------------------- */

static struct blob_offer sample(void)
{
	struct blob_offer f = {.id = "id-of-16-bytes.",
	    .name = "Größe.pdf",
	    .blob = "0123456789abcde",
	    .key = key_of(70000)};

	memset(f.hash, 0x33, sizeof(f.hash));
	return f;
}

static int as_content(const struct blob_offer *f, struct content *out)
{
	struct buf json;
	int r;

	buf_init(&json, WIRE_JSON_MAX);
	assert_int_equal(content_file(&json, f, 1700000000123), 0);
	r = content_decode(out, false, json.p, json.len);
	assert_int_equal(
	    content_decode(&(struct content){0}, true, json.p, json.len),
	    ERR_STATE);
	buf_free(&json);
	return r;
}

static void offers(void **state)
{
	struct blob_offer f = sample();
	struct content c;

	(void)state;
	assert_int_equal(as_content(&f, &c), 0);
	assert_int_equal(c.type, CONTENT_FILE);
	assert_int_equal(c.ts, 1700000000123);
	assert_false(content_is_said(c.type));
	assert_memory_equal(&c.u.file, &f, sizeof(f));
	content_free(&c);
	assert_int_equal(c.u.file.key.key[0], 0); /* wiped */
	memset(f.name, 'a', WIRE_FILE_NAME_MAX);
	assert_int_equal(as_content(&f, &c), 0);
	content_free(&c);
	f.key.file = WIRE_BLOB_MAX - WIRE_BLOB_STEP;
	assert_int_equal(as_content(&f, &c), 0);
	content_free(&c);
	f.key.file++;
	assert_int_equal(as_content(&f, &c), ERR_RANGE);
	f = sample();
	f.name[0] = '\0';
	assert_int_equal(content_file(&(struct buf){0}, &f, 1), ERR_TEXT);
}

/* Without each key, and with a wrong one. */
static void hostile_offers(void **state)
{
	static const char *const keys[] = {
	    "id", "name", "size", "blob", "key", "hash", "ts"};
	const struct blob_offer f = sample();
	struct content c;
	struct buf json;
	json_t *o, *was;
	char text[1024];
	size_t i, k, n;

	(void)state;
	buf_init(&json, WIRE_JSON_MAX);
	assert_int_equal(content_file(&json, &f, 5), 0);
	assert_int_equal(json_parse(&o, json.p, json.len), 0);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		for (k = 0; k < 3; k++) {
			was = json_incref(json_object_get(o, keys[i]));
			json_object_del(o, keys[i]);
			if (k == 1)
				json_object_set_new(o, keys[i], json_true());
			if (k == 2)
				json_object_set_new(o, keys[i],
				    strcmp(keys[i], "name") == 0
					? json_string("")
					: json_string("AAAA"));
			n = json_dumpb(o, text, sizeof(text), JSON_COMPACT);
			assert_in_range(n, 1, sizeof(text));
			assert_int_not_equal(
			    content_decode(&c, false, text, n), 0);
			json_object_set_new(o, keys[i], was);
		}
	json_decref(o);
	buf_free(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(pieces_are_the_file),
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(every_bit_and_length),
	    cmocka_unit_test(elsewhere),
	    cmocka_unit_test(filled_with_zeros),
	    cmocka_unit_test(frames),
	    cmocka_unit_test(requests),
	    cmocka_unit_test(values_that_cannot_be),
	    cmocka_unit_test(answers),
	    cmocka_unit_test(told),
	    cmocka_unit_test(offers),
	    cmocka_unit_test(hostile_offers),
	};
	int r;

	if (library_setup() != 0)
		return 1;
	json_setup();
	crypto = crypto_new();
	r = cmocka_run_group_tests_name("blob", tests, NULL, NULL);
	crypto_free(crypto);
	return r;
}
