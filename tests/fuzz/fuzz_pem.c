/* Fuzzes key files: an identity in PEM, with and without a passphrase, as bytes
 * and as the file that the client opens. */
#include "client/trust/identity_file.h"
#include "tests/fuzz/fuzz.h"

static int no_passphrase(
    void *arg, struct buf *out, const char *prompt, struct errmsg *why)
{
	int *asked = arg;

	(void)prompt;
	(void)why;
	FUZZ_CHECK(++*asked <= IDENTITY_FILE_TRIES);
	return buf_str(out, "sesame");
}

static void text(const uint8_t *p, size_t n)
{
	struct identity *id = NULL;
	struct buf b;
	int r = identity_from_pem(&id, p, n, NULL);

	FUZZ_CHECK((r == 0) == (id != NULL));
	FUZZ_CHECK(r == 0 || r == ERR_PASSPHRASE || r == ERR_KEY);
	if (r != 0)
		return;
	buf_init_secret(&b, 4096);
	FUZZ_CHECK(identity_to_pem(id, &b, NULL) == 0);
	identity_free(id);
	FUZZ_CHECK(identity_from_pem(&id, b.p, b.len, NULL) == 0);
	identity_free(id);
	buf_free(&b);
}

static void file(const uint8_t *p, size_t n)
{
	uint64_t seed = 1;
	struct rng rng = fuzz_rng(&seed);
	int asked = 0, r;
	const struct identity_file_ask ask = {no_passphrase, &asked};
	struct identity *id = NULL;
	struct errmsg why;
	struct buf b;
	bool made;

	buf_init(&b, FILE_MAX);
	FUZZ_CHECK(buf_put(&b, p, n) == 0);
	fuzz_memory_store(&b);
	r = identity_file_open(&id, &made, "identity.pem", &rng, &ask, &why);
	FUZZ_CHECK((r == 0) == (id != NULL));
	FUZZ_CHECK(r != 0 || made == (n == 0));
	identity_free(id);
	fuzz_memory_store(NULL);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact;

	/* The file sets the cost of stretching its passphrase, since its owner
	 * chose that cost. Skip it here. */
	if (size > 4096)
		return 0;
	exact = fuzz_copy(data, size);
	text(exact, size);
	if (memmem(exact, size, "ENCRYPTED", 9) == NULL)
		file(exact, size);
	free(exact);
	return 0;
}
