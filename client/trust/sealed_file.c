/* sealed_file.c - seals the user's secret files under the identity's key. */
#include "client/trust/sealed_file.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/crypto/random.h"

struct sealed_file {
	const char *magic, *label;
	size_t magic_len;
	struct rng rng;
	struct crypto *crypto;
	uint8_t *prk; /* WIRE_HASH; secure memory */
};

static const uint8_t nonce[WIRE_IV]; /* each key seals once */

/* --- keys ------------------------------------------------------------------ */

/* The label counts with the zero behind it. */
static int make_prk(struct sealed_file *f, const struct identity *identity)
{
	const size_t n = strlen(f->label) + 1;
	const struct part label[] = {{f->label, n}};
	uint8_t signature[WIRE_SIGNATURE];
	int r = identity_sign(identity, signature, label, 1);

	if (r == 0)
		r = crypto_extract(f->crypto, f->prk, f->label, n, signature,
		    sizeof(signature));
	secret_wipe(signature, sizeof(signature));
	return r;
}

static int file_key(struct sealed_file *f, uint8_t key[WIRE_KEY],
    const uint8_t salt[SEALED_FILE_SALT])
{
	const struct part info[] = {
	    {f->label, strlen(f->label) + 1}, {salt, SEALED_FILE_SALT}};

	return crypto_expand(f->crypto, key, WIRE_KEY, f->prk, info, 2);
}

int sealed_file_new(struct sealed_file **out, const char *magic,
    const char *label, const struct identity *identity)
{
	struct sealed_file *f = calloc(1, sizeof(*f));
	int r = ERR_NOMEM;

	*out = NULL;
	if (f == NULL)
		return ERR_NOMEM;
	f->magic = magic;
	f->magic_len = strlen(magic);
	f->label = label;
	f->rng = random_system();
	f->crypto = crypto_new();
	f->prk = secret_alloc(WIRE_HASH);
	if (f->crypto != NULL && f->prk != NULL)
		r = make_prk(f, identity);
	if (r != 0)
		sealed_file_free(f);
	else
		*out = f;
	return r;
}

void sealed_file_free(struct sealed_file *f)
{
	if (f == NULL)
		return;
	secret_free(f->prk, WIRE_HASH);
	crypto_free(f->crypto);
	free(f);
}

/* --- files ----------------------------------------------------------------- */

static size_t head_of(const struct sealed_file *f)
{
	return f->magic_len + SEALED_FILE_SALT;
}

size_t sealed_file_more(const struct sealed_file *f)
{
	return head_of(f) + WIRE_TAG;
}

int sealed_file_seal(
    struct sealed_file *f, struct buf *out, const uint8_t *text, size_t n)
{
	uint8_t head[SEALED_FILE_MAGIC_MAX + SEALED_FILE_SALT], key[WIRE_KEY];
	const size_t head_n = head_of(f);
	int r;

	if (f->magic_len > SEALED_FILE_MAGIC_MAX)
		return ERR_RANGE;
	memcpy(head, f->magic, f->magic_len);
	if ((r = f->rng.fill(f->rng.arg, head + f->magic_len,
		 SEALED_FILE_SALT)) == 0 &&
	    (r = file_key(f, key, head + f->magic_len)) == 0 &&
	    (r = buf_reserve(out, head_n + n + WIRE_TAG)) == 0 &&
	    (r = crypto_seal(f->crypto, out->p + out->len + head_n, key, nonce,
		 head, head_n, text, n)) == 0) {
		memcpy(out->p + out->len, head, head_n);
		out->len += head_n + n + WIRE_TAG;
	}
	secret_wipe(key, sizeof(key));
	return r;
}

int sealed_file_open(
    struct sealed_file *f, struct buf *out, const uint8_t *file, size_t n)
{
	const size_t head_n = head_of(f);
	uint8_t key[WIRE_KEY];
	size_t text;
	int r;

	if (n < f->magic_len || memcmp(file, f->magic, f->magic_len) != 0)
		return ERR_USAGE;
	if (n < head_n + WIRE_TAG)
		return ERR_TRUNC;
	text = n - head_n - WIRE_TAG;
	/* At least one, so that there is a place. */
	if ((r = buf_reserve(out, text + (text == 0))) == 0 &&
	    (r = file_key(f, key, file + f->magic_len)) == 0 &&
	    (r = crypto_open(f->crypto, out->p + out->len, key, nonce, file,
		 head_n, file + head_n, text + WIRE_TAG)) == 0)
		out->len += text;
	secret_wipe(key, sizeof(key));
	return r;
}
