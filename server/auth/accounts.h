/* accounts.h - the server's password records: so far one password for all
 * users, under the account "*". Every unknown name gets its own salt and a
 * record that no password matches, with the same work and the same number of
 * bytes. */
#ifndef CONCLAVED_AUTH_ACCOUNTS_H
#define CONCLAVED_AUTH_ACCOUNTS_H

#include "server/auth/record_file.h"
#include "shared/proto/handshake.h"

struct accounts;
/* Stretches the password (scrypt, seconds) and keeps only w0 and L. ERR_NOMEM,
 * ERR_KDF, ERR_CRYPTO. */
int accounts_new(struct accounts **out, const struct rng *rng, const void *pw,
    size_t pw_len, const struct kdf *kdf) MUST_CHECK;
/* The same from a record. ERR_NOMEM, ERR_CRYPTO. */
int accounts_of_record(struct accounts **out, const struct rng *rng,
    const struct record_file *f) MUST_CHECK;
/* No view may hold anything any more. */
void accounts_free(struct accounts *a);

/* Exchanges the password; from any thread. What began with the old record goes
 * on with it. ERR_NOMEM or ERR_CRYPTO: the old one stays. */
int accounts_change(struct accounts *a, const struct record_file *f) MUST_CHECK;

/* For hs_server_opts.account. arg is a struct accounts_view: the accounts,
 * which all threads share, the caller's own crypto, and the record that was
 * found last, which stays valid until accounts_release or the next find. */
struct accounts_view {
	struct accounts *accounts;
	struct crypto *crypto;
	struct account *held; /* NULL: none */
};
int accounts_find(void *arg, const char *name, struct hs_account *out);
void accounts_release(struct accounts_view *view);

#endif
