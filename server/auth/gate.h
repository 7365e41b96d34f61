/* gate.h - what a handshake needs of a password: the gate's, which all new people
 * use under the account "*", and those of accounts and invites (accounts.h). A
 * word that lets nobody in gets its own salt and a record that no password
 * matches, with the same work and the same number of bytes. */
#ifndef CONCLAVED_AUTH_GATE_H
#define CONCLAVED_AUTH_GATE_H

#include "server/auth/record_file.h"
#include "server/room/accounts.h"
#include "shared/proto/handshake.h"

struct gate;
/* Stretches the password (scrypt, seconds) and keeps only w0 and L. ERR_NOMEM,
 * ERR_KDF, ERR_CRYPTO. */
int gate_new(struct gate **out, const struct rng *rng, const void *pw,
    size_t pw_len, const struct kdf *kdf) MUST_CHECK;
/* The same from a record. ERR_NOMEM, ERR_CRYPTO. */
int gate_of_record(
    struct gate **out, const struct record_file *f) MUST_CHECK;
/* No view may hold anything any more. */
void gate_free(struct gate *a);

/* Exchanges the password; from any thread. What began with the old record goes
 * on with it. ERR_NOMEM or ERR_CRYPTO: the old one stays. */
int gate_change(struct gate *a, const struct record_file *f) MUST_CHECK;

/* For hs_server_opts. arg is a struct gate_view: gate and accounts, which all
 * threads share, the caller's own crypto, and the record that was found last,
 * which stays valid until gate_release or the next find. gate_open makes that of
 * an account or invite, which costs a fraction of a millisecond, when a guess is
 * granted: a hello must stay cheap. */
struct password;
struct gate_view {
	struct gate *gate;
	struct accounts *accounts;
	struct crypto *crypto;
	struct password *held;	     /* the gate's; NULL: none */
	struct account_record *own;  /* a reference; NULL: none */
	struct pake_record *made;    /* owned; of `own` */
};
int gate_find(void *arg, const char *word, struct hs_account *out);
int gate_open(void *arg, struct hs_account *about);
void gate_release(struct gate_view *view);

#endif
