/* accounts.c - the stored password record. */
#include "server/auth/accounts.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/oom.h"
#include "shared/base/secret.h"

struct accounts {
	struct kdf kdf;
	uint8_t salt[WIRE_NONCE]; /* of the password */
	struct pake_record *everyone;
	uint8_t *secret;	    /* WIRE_KEY bytes; for fake salts */
	struct pake_record *nobody; /* a record that no password matches */
};

/* Makes a record of a stretched password, or of random bytes. */
static int record_of(
    struct pake_record **out, const uint8_t stretched[PAKE_STRETCHED])
{
	uint8_t w0[PAKE_SCALAR], w1[PAKE_SCALAR];
	int r;

	oom_forget();
	if ((r = pake_scalars(w0, w1, stretched)) == 0 &&
	    (*out = pake_record_new(w0, w1)) == NULL)
		r = oom_seen() ? ERR_NOMEM : ERR_CRYPTO;
	secret_wipe(w0, sizeof(w0));
	secret_wipe(w1, sizeof(w1));
	return r;
}

int accounts_new(struct accounts **out, const struct rng *rng, const void *pw,
    size_t pw_len, const struct kdf *kdf)
{
	struct accounts *a = calloc(1, sizeof(*a));
	uint8_t *stretched = secret_alloc(PAKE_STRETCHED);
	int r = ERR_NOMEM;

	if (a == NULL || stretched == NULL ||
	    (a->secret = secret_alloc(WIRE_KEY)) == NULL)
		goto out;
	a->kdf = *kdf;
	if ((r = rng->fill(rng->arg, a->secret, WIRE_KEY)) != 0 ||
	    (r = rng->fill(rng->arg, a->salt, sizeof(a->salt))) != 0 ||
	    (r = rng->fill(rng->arg, stretched, PAKE_STRETCHED)) != 0 ||
	    (r = record_of(&a->nobody, stretched)) != 0)
		goto out;
	if ((r = pake_stretch(stretched, pw, pw_len, "*", WIRE_PROTOCOL,
		 a->salt, kdf)) != 0 ||
	    (r = record_of(&a->everyone, stretched)) != 0)
		goto out;
	*out = a;
	a = NULL;
out:
	secret_free(stretched, PAKE_STRETCHED);
	accounts_free(a);
	return r;
}

void accounts_free(struct accounts *a)
{
	if (a == NULL)
		return;
	pake_record_free(a->everyone);
	pake_record_free(a->nobody);
	secret_free(a->secret, WIRE_KEY);
	free(a);
}

/* An unknown name's salt is computed for a known name too, so that the time
 * does not tell them apart. All unknown names share one record: a client
 * sees only points of it, which its mask makes random. */
int accounts_find(void *arg, const char *name, struct hs_account *out)
{
	const struct accounts_view *view = arg;
	const struct accounts *a = view->accounts;
	const struct part part = {name, strlen(name)};
	bool known = strcmp(name, "*") == 0;
	uint8_t salt[WIRE_HASH];
	int r;

	if ((r = crypto_hmac(
		 view->crypto, salt, a->secret, WIRE_KEY, &part, 1)) != 0)
		return r;
	out->kdf = a->kdf;
	memcpy(out->salt, known ? a->salt : salt, sizeof(out->salt));
	out->record = known ? a->everyone : a->nobody;
	return 0;
}
