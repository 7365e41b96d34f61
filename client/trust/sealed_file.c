/* sealed_file.c - seals the user's secret files under the identity's key. */
#include "client/trust/sealed_file.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/crypto/random.h"
#include "shared/os/file.h"

struct sealed_file {
	const struct sealed_file_kind *kind; /* borrowed */
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
	const char *text = f->kind->label;
	const size_t n = strlen(text) + 1;
	const struct part label[] = {{text, n}};
	uint8_t signature[WIRE_SIGNATURE];
	int r = identity_sign(identity, signature, label, 1);

	if (r == 0)
		r = crypto_extract(
		    f->crypto, f->prk, text, n, signature, sizeof(signature));
	secret_wipe(signature, sizeof(signature));
	return r;
}

static int file_key(struct sealed_file *f, uint8_t key[WIRE_KEY],
    const uint8_t salt[SEALED_FILE_SALT])
{
	const char *label = f->kind->label;
	const struct part info[] = {
	    {label, strlen(label) + 1}, {salt, SEALED_FILE_SALT}};

	return crypto_expand(f->crypto, key, WIRE_KEY, f->prk, info, 2);
}

int sealed_file_new(struct sealed_file **out,
    const struct sealed_file_kind *kind, const struct identity *identity)
{
	struct sealed_file *f = calloc(1, sizeof(*f));
	int r = ERR_NOMEM;

	*out = NULL;
	if (f == NULL)
		return ERR_NOMEM;
	f->kind = kind;
	f->magic_len = strlen(kind->magic);
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

/* --- bytes ----------------------------------------------------------------- */

static size_t head_of(const struct sealed_file *f)
{
	return f->magic_len + SEALED_FILE_SALT;
}

int sealed_file_seal(
    struct sealed_file *f, struct buf *out, const uint8_t *text, size_t n)
{
	uint8_t head[SEALED_FILE_MAGIC_MAX + SEALED_FILE_SALT], key[WIRE_KEY];
	const size_t head_n = head_of(f);
	int r;

	if (f->magic_len > SEALED_FILE_MAGIC_MAX)
		return ERR_RANGE;
	memcpy(head, f->kind->magic, f->magic_len);
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

static bool is_sealed(const struct sealed_file *f, const uint8_t *file, size_t n)
{
	return n >= f->magic_len &&
	       memcmp(file, f->kind->magic, f->magic_len) == 0;
}

int sealed_file_open(
    struct sealed_file *f, struct buf *out, const uint8_t *file, size_t n)
{
	const size_t head_n = head_of(f);
	uint8_t key[WIRE_KEY];
	size_t text;
	int r;

	if (!is_sealed(f, file, n))
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

/* --- files ----------------------------------------------------------------- */

int sealed_file_damaged(
    const struct sealed_file *f, const char *path, struct errmsg *why)
{
	return errmsg_set(why, ERR_USAGE,
	    "%s is damaged, or is another identity's: %s", path, f->kind->lost);
}

static int read_text(struct sealed_file *f, const char *path, struct buf *out,
    const struct buf *file, struct errmsg *why)
{
	int r = sealed_file_open(f, out, file->p, file->len);

	if (r == ERR_NOMEM || r == ERR_CRYPTO)
		return errmsg_set(
		    why, r, "cannot open %s: %s", path, err_str(r));
	return r == 0 ? 0 : sealed_file_damaged(f, path, why);
}

int sealed_file_read(struct sealed_file *f, const char *path, struct buf *out,
    bool *clear, struct errmsg *why)
{
	const size_t max = out->max - out->len + head_of(f) + WIRE_TAG;
	struct buf file;
	int r;

	if (clear != NULL) {
		*clear = false;
		buf_init_secret(&file, max);
	} else {
		buf_init(&file, max);
	}
	r = file_read(path, FILE_PRIVATE | FILE_NO_LINK, &file, why);
	if (r == ERR_AGAIN) {
		r = 0;
	} else if (r == ERR_LIMIT) {
		r = sealed_file_damaged(f, path, why); /* none of ours is */
	} else if (r == 0 && clear != NULL &&
		   !is_sealed(f, file.p, file.len)) {
		*clear = true;
		if ((r = buf_put(out, file.p, file.len)) != 0)
			(void)errmsg_set(why, r, "cannot open %s: %s", path,
			    err_str(r));
	} else if (r == 0) {
		r = read_text(f, path, out, &file, why);
	}
	buf_free(&file);
	return r;
}

int sealed_file_write(struct sealed_file *f, const char *path,
    const struct buf *text, struct errmsg *why)
{
	struct buf file;
	int r;

	buf_init(&file, head_of(f) + text->len + WIRE_TAG);
	if ((r = sealed_file_seal(f, &file, text->p, text->len)) != 0)
		(void)errmsg_set(why, r, "%s: %s", path, err_str(r));
	else
		r = file_write(path, file.p, file.len, FILE_REPLACE, why);
	buf_free(&file);
	return r;
}
