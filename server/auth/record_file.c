/* record_file.c - writes and reads password records as text. */
#include "server/auth/record_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/oom.h"
#include "shared/base/secret.h"
#include "shared/os/file.h"
#include "shared/os/value.h"
#include "shared/wire/b64.h"

#define HEAD	"conclave-record "
#define VERSION HEAD "1"

enum { NUMBERS = 3, LINE_MAX_BYTES = 128 };

void record_file_wipe(struct record_file *f)
{
	secret_wipe(f, sizeof(*f));
}

/* --- made from a password ------------------------------------------------- */

static int fill(struct record_file *out, const uint8_t w0[PAKE_SCALAR],
    const uint8_t w1[PAKE_SCALAR])
{
	struct pake_record *r;

	oom_forget();
	if ((r = pake_record_new(w0, w1)) == NULL)
		return oom_seen() ? ERR_NOMEM : ERR_CRYPTO;
	memcpy(out->w0, w0, PAKE_SCALAR);
	memcpy(out->l, pake_record_l(r), WIRE_SHARE);
	pake_record_free(r);
	return 0;
}

int record_file_make(struct record_file *out, const struct rng *rng,
    const void *pw, size_t pw_len, const struct kdf *kdf)
{
	uint8_t *stretched = secret_alloc(PAKE_STRETCHED);
	uint8_t w0[PAKE_SCALAR], w1[PAKE_SCALAR];
	int r = ERR_NOMEM;

	if (stretched == NULL)
		return r;
	out->kdf = *kdf;
	if ((r = rng->fill(rng->arg, out->salt, sizeof(out->salt))) == 0 &&
	    (r = pake_stretch(stretched, pw, pw_len, "*", WIRE_PROTOCOL,
		 out->salt, kdf)) == 0 &&
	    (r = pake_scalars(w0, w1, stretched)) == 0)
		r = fill(out, w0, w1);
	secret_wipe(w0, sizeof(w0));
	secret_wipe(w1, sizeof(w1));
	secret_free(stretched, PAKE_STRETCHED);
	return r;
}

/* --- the text ------------------------------------------------------------- */

static int put_bytes(struct buf *out, const char *name, const void *p, size_t n)
{
	char b64[B64_LEN(WIRE_SHARE) + 1];
	int r;

	b64_encode(b64, p, n);
	if ((r = buf_str(out, name)) == 0 && (r = buf_u8(out, ' ')) == 0 &&
	    (r = buf_str(out, b64)) == 0)
		r = buf_u8(out, '\n');
	secret_wipe(b64, sizeof(b64));
	return r;
}

static int put_sum(struct buf *out, size_t from)
{
	struct crypto *c = crypto_new();
	uint8_t sum[WIRE_HASH];
	int r = ERR_CRYPTO;

	if (c != NULL)
		r = crypto_hash1(c, sum, out->p + from, out->len - from);
	crypto_free(c);
	return r == 0 ? put_bytes(out, "sum", sum, sizeof(sum)) : r;
}

int record_file_encode(struct buf *out, const struct record_file *f)
{
	size_t from = out->len;
	char cost[80];
	int r;

	snprintf(cost, sizeof(cost),
	    VERSION "\nscrypt %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
	    (uint64_t)f->kdf.n, (uint64_t)f->kdf.r, (uint64_t)f->kdf.p);
	if ((r = buf_str(out, cost)) == 0 &&
	    (r = put_bytes(out, "salt", f->salt, sizeof(f->salt))) == 0 &&
	    (r = put_bytes(out, "w0", f->w0, sizeof(f->w0))) == 0 &&
	    (r = put_bytes(out, "l", f->l, sizeof(f->l))) == 0)
		r = put_sum(out, from);
	return r;
}

/* Takes the line "NAME VALUE" from the text; NULL: there is none. */
static const char *take(struct rd *in, const char *name, size_t *len)
{
	const char *line = (const char *)in->p, *end;
	size_t n = strlen(name), whole;

	end = in->left > 0 ? memchr(in->p, '\n', in->left) : NULL;
	if (end == NULL)
		return NULL;
	whole = (size_t)(end - line);
	in->p += whole + 1;
	in->left -= whole + 1;
	if (whole <= n || memcmp(line, name, n) != 0 || line[n] != ' ')
		return NULL;
	*len = whole - n - 1;
	return line + n + 1;
}

static int take_bytes(struct rd *in, const char *name, void *out, size_t n)
{
	size_t len;
	const char *s = take(in, name, &len);

	return s != NULL && b64_decode(out, n, s, len) == 0 ? 0 : ERR_USAGE;
}

static int take_cost(struct rd *in, struct kdf *k)
{
	size_t len, i;
	const char *s = take(in, "scrypt", &len);
	char line[LINE_MAX_BYTES], *word, *rest;
	uint64_t v[NUMBERS];

	if (s == NULL || len >= sizeof(line))
		return ERR_USAGE;
	memcpy(line, s, len);
	line[len] = '\0';
	for (i = 0, rest = line; i < NUMBERS; i++) {
		word = strsep(&rest, " ");
		if (word == NULL ||
		    value_number(&v[i], word, 0, UINT32_MAX) != 0)
			return ERR_USAGE;
	}
	*k = (struct kdf){.n = v[0], .r = (uint32_t)v[1], .p = (uint32_t)v[2]};
	return rest == NULL ? 0 : ERR_USAGE;
}

/* Whether the text is the only one that means this record. */
static int same(const struct record_file *f, const void *text, size_t n)
{
	struct buf again;
	int r;

	buf_init_secret(&again, RECORD_FILE_MAX);
	r = record_file_encode(&again, f);
	if (r == 0 && (again.len != n || memcmp(again.p, text, n) != 0))
		r = ERR_USAGE;
	buf_free(&again);
	return r;
}

/* Whether w0 and L may be used. */
static int usable(const struct record_file *f, const char **wrong)
{
	struct pake_record *r;

	if (crypto_kdf_check(&f->kdf) != 0) {
		*wrong = "its scrypt cost is out of bounds";
		return ERR_USAGE;
	}
	oom_forget();
	if ((r = pake_record_from_l(f->w0, f->l)) == NULL && oom_seen())
		return ERR_NOMEM;
	*wrong = "its w0 or L is not a valid one";
	pake_record_free(r);
	return r != NULL ? 0 : ERR_USAGE;
}

int record_file_decode(
    struct record_file *out, const char **wrong, const void *text, size_t n)
{
	struct rd in = {text, n};
	int r;

	memset(out, 0, sizeof(*out));
	if (n == 0)
		*wrong = "it is empty";
	else if (n < strlen(HEAD) || memcmp(text, HEAD, strlen(HEAD)) != 0)
		*wrong = "it holds no password record";
	else if (n <= strlen(VERSION) ||
		 memcmp(text, VERSION "\n", strlen(VERSION "\n")) != 0)
		*wrong = "its version is not one that this conclaved knows";
	else
		*wrong = NULL;
	if (*wrong != NULL)
		return ERR_USAGE;
	in.p += strlen(VERSION "\n");
	in.left -= strlen(VERSION "\n");
	*wrong = "it is damaged";
	if ((r = take_cost(&in, &out->kdf)) == 0 &&
	    (r = take_bytes(&in, "salt", out->salt, sizeof(out->salt))) == 0 &&
	    (r = take_bytes(&in, "w0", out->w0, sizeof(out->w0))) == 0 &&
	    (r = take_bytes(&in, "l", out->l, sizeof(out->l))) == 0 &&
	    (r = same(out, text, n)) == 0)
		r = usable(out, wrong);
	if (r != 0)
		record_file_wipe(out);
	return r;
}

int record_file_read(
    struct record_file *out, const char *path, struct errmsg *why)
{
	const char *wrong;
	struct buf text;
	int r;

	buf_init_secret(&text, RECORD_FILE_MAX);
	r = file_read(path, FILE_PRIVATE | FILE_NO_LINK, &text, why);
	if (r == 0) {
		r = record_file_decode(out, &wrong, text.p, text.len);
		if (r == ERR_USAGE)
			errmsg_set(why, r,
			    "the record %s cannot be used: %s; make a new one "
			    "with conclaved --make-record",
			    path, wrong);
		else if (r != 0)
			errmsg_set(why, r, "cannot use the record %s: %s", path,
			    err_str(r));
	}
	buf_free(&text);
	return r;
}
