/* Files of vectors as lists of tests, and what the tests of primitives share. */
#include "shared/crypto/kem_rsa_int.h"
#include "shared/crypto/ossl.h"

#include "tests/unit/vectors.h"

struct crypto *vectors_crypto(void)
{
	struct crypto *c = crypto_new();

	assert_non_null(c);
	return c;
}

void vectors_queue_is_empty(void)
{
	assert_int_equal(ERR_peek_error(), 0);
}

void vectors_done(struct crypto *c)
{
	vectors_queue_is_empty();
	crypto_free(c);
}

struct kem_rsa *vectors_kem_rsa(void)
{
	static uint8_t der[2048]; /* parsing the file takes longer than the key */
	static size_t n;
	struct kem_rsa *r;
	uint8_t *bytes;
	json_t *v;

	if (n == 0) {
		v = check_vectors(
		    "wycheproof/rsa_oaep_2048_sha256_mgf1sha256_test.json");
		bytes = check_hex_at(
		    json_array_get(json_object_get(v, "testGroups"), 0),
		    "privateKeyPkcs8", &n);
		assert_in_range(n, 1, sizeof(der));
		memcpy(der, bytes, n);
		free(bytes);
		json_decref(v);
	}
	r = kem_rsa_from_pkcs8(der, n);
	assert_non_null(r);
	return r;
}

json_int_t vectors_int(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

const char *vectors_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	assert_non_null(s);
	return s;
}

bool vectors_valid(const json_t *o)
{
	return strcmp(vectors_text(o, "result"), "valid") == 0;
}

void vectors_add_wycheproof(struct check_group *g, json_t *file,
    const char *label, void (*fn)(void **state))
{
	static const char *const sizes[] = {"keySize", "ivSize", "tagSize"};
	json_t *group, *test, *size;
	size_t i, k, s;

	json_array_foreach(json_object_get(file, "testGroups"), i, group)
	{
		json_array_foreach(json_object_get(group, "tests"), k, test)
		{
			for (s = 0; s < 3; s++)
				if ((size = json_object_get(group, sizes[s])))
					json_object_set(test, sizes[s], size);
			check_add(g, fn, test, "%s %d", label,
			    (int)json_integer_value(
				json_object_get(test, "tcId")));
		}
	}
}

void vectors_add(struct check_group *g, json_t *file, const char *label,
    void (*fn)(void **state))
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		check_add(g, fn, v, "%s %zu", label, i + 1);
	}
}
