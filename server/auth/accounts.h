/* accounts.h - the server's password records: so far one password for all
 * users, under the account "*". Every unknown name gets its own salt and a
 * record that no password matches, with the same work and the same number of
 * bytes. */
#ifndef CONCLAVED_AUTH_ACCOUNTS_H
#define CONCLAVED_AUTH_ACCOUNTS_H

#include "shared/proto/handshake.h"

struct accounts;
/* Stretches the password (scrypt, seconds) and keeps only w0 and L. ERR_NOMEM,
 * ERR_KDF, ERR_CRYPTO. */
int accounts_new(struct accounts **out, const struct rng *rng, const void *pw,
    size_t pw_len, const struct kdf *kdf) MUST_CHECK;
void accounts_free(struct accounts *a);
/* For hs_server_opts.account. arg is a struct accounts_view: the accounts,
 * which all threads share, and the caller's own crypto. */
struct accounts_view {
	const struct accounts *accounts;
	struct crypto *crypto;
};
int accounts_find(void *arg, const char *name, struct hs_account *out);

#endif
