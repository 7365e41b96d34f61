/* receipt.c: the signed head of a log, against the signature made by hand, and with
 * every bit changed. */
#include "check.h"

#include "shared/crypto/library.h"
#include "shared/proto/request.h"

static struct identity *server_of_test(uint8_t number)
{
	const uint8_t seed[32] = {number};

	return identity_from_seed(seed);
}

static struct receipt sample(const struct identity *id)
{
	struct receipt r = {.head.offset = 7, .ts_ms = 1700000000123};

	memset(r.log, 0x11, sizeof(r.log));
	memset(r.head.chain, 0x22, sizeof(r.head.chain));
	assert_int_equal(receipt_sign(&r, id), 0);
	return r;
}

static void by_hand(void **state)
{
	static const uint8_t numbers[2][8] = {
	    {[7] = 7}, {0, 0, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x7b}};
	struct identity *id = server_of_test(1);
	struct receipt r = sample(id);
	const struct part parts[] = {{"conclave/1 receipt", 19},
	    {r.log, sizeof(r.log)}, {numbers[0], 8},
	    {r.head.chain, sizeof(r.head.chain)}, {numbers[1], 8}};
	uint8_t want[WIRE_SIGNATURE];

	(void)state;
	assert_int_equal(identity_sign(id, want, parts, 5), 0);
	assert_memory_equal(r.signature, want, sizeof(want));
	identity_free(id);
}

static void every_bit(void **state)
{
	struct identity *id = server_of_test(1), *other = server_of_test(2);
	struct crypto *c = crypto_new();
	const struct receipt good = sample(id);
	struct receipt bad;
	uint8_t *const part[] = {bad.log, (uint8_t *)&bad.head.offset,
	    bad.head.chain, (uint8_t *)&bad.ts_ms, bad.signature};
	const size_t size[] = {sizeof(bad.log), sizeof(bad.head.offset),
	    sizeof(bad.head.chain), sizeof(bad.ts_ms), sizeof(bad.signature)};
	size_t i, k;

	(void)state;
	assert_int_equal(receipt_verify(c, &good, identity_public(id)), 0);
	assert_int_equal(receipt_verify(c, &good, identity_public(other)),
	    ERR_SIGNATURE);
	for (k = 0; k < sizeof(size) / sizeof(size[0]); k++)
		for (i = 0; i < 8 * size[k]; i++) {
			bad = good;
			part[k][i / 8] ^= (uint8_t)(1 << i % 8);
			assert_int_equal(
			    receipt_verify(c, &bad, identity_public(id)),
			    ERR_SIGNATURE);
		}
	crypto_free(c);
	identity_free(id);
	identity_free(other);
}

/* As `done`, with each key missing or wrong once. */
static void as_an_answer(void **state)
{
	static const char *const keys[] = {"log", "offset", "chain", "ts"};
	struct identity *id = server_of_test(1);
	const struct receipt r = sample(id);
	struct answer a;
	struct buf json;
	json_t *o;
	size_t i;

	(void)state;
	buf_init(&json, WIRE_JSON_MAX);
	assert_int_equal(answer_receipt(&json, 5, &r), 0);
	assert_int_equal(json_parse(&o, json.p, json.len), 0);
	assert_int_equal(answer_decode(&a, true, o), 0);
	assert_true(a.has_receipt);
	assert_int_equal(a.number, 5);
	assert_memory_equal(&a.receipt, &r, sizeof(r));
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *was = json_incref(json_object_get(o, keys[i]));

		json_object_del(o, keys[i]);
		assert_int_not_equal(answer_decode(&a, true, o), 0);
		json_object_set_new(o, keys[i], json_string("AAAA"));
		assert_int_not_equal(answer_decode(&a, true, o), 0);
		json_object_set_new(o, keys[i], was);
	}
	json_object_set_new(o, "signature", json_string("AAAA"));
	assert_int_not_equal(answer_decode(&a, true, o), 0);
	json_object_del(o, "signature");
	assert_int_equal(answer_decode(&a, true, o), 0);
	assert_false(a.has_receipt);
	json_decref(o);
	buf_free(&json);
	identity_free(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_hand),
	    cmocka_unit_test(every_bit),
	    cmocka_unit_test(as_an_answer),
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name("receipt", tests, NULL, NULL);
}
