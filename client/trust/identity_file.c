/* identity_file.c - loads, creates and re-encrypts the user's identity file. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include "shared/base/secret.h"
#include "shared/crypto/pem.h"
#include "client/trust/identity_file.h"

enum { PEM_MAX = 16 << 10 };

/* Asks for a passphrase and null-terminates it. The buffer has room for the
 * null byte. */
static int ask_passphrase(struct buf *out, const struct identity_file_ask *ask,
    const char *prompt, struct errmsg *why)
{
	int r;

	buf_clear(out);
	if ((r = ask->fn(ask->arg, out, prompt, why)) != 0)
		return r;
	/* A null byte in it would silently truncate it. */
	if (out->len > 0 && memchr(out->p, 0, out->len) != NULL)
		return errmsg_set(
		    why, ERR_USAGE, "a passphrase cannot hold a zero byte");
	r = buf_u8(out, 0);
	return r == 0 ? 0 : errmsg_set(why, r, "the passphrase is too long");
}

/* Decodes the file, asking for the passphrase up to the allowed number of
 * times. *old is the passphrase that worked, empty if there was none. */
static int unlock(struct identity **out, const struct buf *pem,
    const char *path, const struct identity_file_ask *ask, struct errmsg *why)
{
	char prompt[PATH_MAX + 64];
	struct buf pass;
	int tries, r;

	buf_init_secret(&pass, IDENTITY_FILE_PASSPHRASE_MAX + 1);
	r = identity_from_pem(out, pem->p, pem->len, NULL);
	for (tries = 0; r == ERR_PASSPHRASE && tries < IDENTITY_FILE_TRIES;
	     tries++) {
		snprintf(prompt, sizeof(prompt), "%sPassphrase of %s: ",
		    tries > 0 ? "Wrong passphrase. " : "", path);
		if ((r = ask_passphrase(&pass, ask, prompt, why)) != 0)
			goto out;
		r = identity_from_pem(
		    out, pem->p, pem->len, (const char *)pass.p);
	}
	if (r == ERR_PASSPHRASE)
		errmsg_set(why, r,
		    "the passphrase does not open %s: try again, or use "
		    "another identity with --identity",
		    path);
	else if (r == ERR_KEY)
		errmsg_set(why, r,
		    "%s holds no Ed25519 private key in PEM that can be used: "
		    "%s. Put your key back from a copy, or choose another file "
		    "with --identity; "
		    "a file that does not exist is made",
		    path, pem_wrong(pem->p, pem->len));
	else if (r == ERR_LIMIT)
		errmsg_set(why, r,
		    "cannot open %s: stretching its passphrase takes more than "
		    "32 MiB of memory; encrypt it again at a lower cost",
		    path);
	else if (r == ERR_NOMEM)
		errmsg_set(why, r,
		    "there is not enough memory to open %s: close other "
		    "programs, or raise the limit (ulimit -v)",
		    path);
	else if (r != 0)
		errmsg_set(why, r, "cannot open %s: %s", path, err_str(r));
out:
	buf_free(&pass);
	return r;
}

static int load(struct identity **out, const char *path,
    const struct identity_file_ask *ask, struct errmsg *why)
{
	struct buf pem;
	int r;

	buf_init_secret(&pem, PEM_MAX);
	if ((r = file_read(path, FILE_PRIVATE, &pem, why)) == 0)
		r = unlock(out, &pem, path, ask, why);
	buf_free(&pem);
	return r;
}

static int save(const struct identity *id, const char *path,
    const char *passphrase, bool replace, struct errmsg *why)
{
	struct buf pem;
	int r;

	buf_init_secret(&pem, PEM_MAX);
	if ((r = identity_to_pem(id, &pem, passphrase)) != 0)
		errmsg_set(
		    why, r, "cannot encode the identity: %s", err_str(r));
	else
		r = file_write(path, pem.p, pem.len,
		    replace ? FILE_REPLACE : FILE_NEW, why);
	buf_free(&pem);
	return r;
}

int identity_file_open(struct identity **out, bool *made, const char *path,
    const struct rng *rng, const struct identity_file_ask *ask,
    struct errmsg *why)
{
	struct identity *id;
	int r;

	*made = false;
	r = load(out, path, ask, why);
	if (r != ERR_AGAIN)
		return r;
	if ((id = identity_new(rng)) == NULL)
		return errmsg_set(why, ERR_CRYPTO, "cannot make an identity");
	r = save(id, path, NULL, false, why);
	if (r == 0) {
		*made = true;
		*out = id;
		return 0;
	}
	identity_free(id);
	/* Another client created one meanwhile: use that identity. */
	return r == ERR_STATE ? load(out, path, ask, why) : r;
}

/* Asks for the new passphrase twice. */
static int ask_new(
    struct buf *out, const struct identity_file_ask *ask, struct errmsg *why)
{
	struct buf again;
	int r;

	buf_init_secret(&again, IDENTITY_FILE_PASSPHRASE_MAX + 1);
	if ((r = ask_passphrase(
		 out, ask, "New passphrase (empty for none): ", why)) == 0 &&
	    (r = ask_passphrase(&again, ask, "The same again: ", why)) == 0 &&
	    (out->len != again.len || !secret_equal(out->p, again.p, out->len)))
		r = errmsg_set(why, ERR_USAGE,
		    "the two were not the same: nothing was changed");
	buf_free(&again);
	return r;
}

int identity_file_new_passphrase(const char *path, const struct rng *rng,
    const struct identity_file_ask *ask, struct errmsg *why)
{
	struct identity *id = NULL;
	char real[PATH_MAX];
	struct buf pass;
	bool made;
	int r;

	buf_init_secret(&pass, IDENTITY_FILE_PASSPHRASE_MAX + 1);
	if ((r = identity_file_open(&id, &made, path, rng, ask, why)) != 0 ||
	    (r = ask_new(&pass, ask, why)) != 0)
		goto out;
	/* If the path is the user's own symlink, keep it: rewrite its
	 * target. */
	if (realpath(path, real) == NULL) {
		r = errmsg_errno(why, ERR_IO, errno, "cannot find %s", path);
		goto out;
	}
	r = save(
	    id, real, pass.len > 1 ? (const char *)pass.p : NULL, true, why);
out:
	identity_free(id);
	buf_free(&pass);
	return r;
}
