/* parties.h - the two parties of a link: the user, and the server as far as it
 * has proved its identity. Every module of a session reads this struct; the
 * comments say which module writes a field. Also how the user knows the other
 * people whom this server names. */
#ifndef CONCLAVE_SESSION_PARTIES_H
#define CONCLAVE_SESSION_PARTIES_H

#include "client/session/parallel_ops.h"
#include "client/session/person.h"
#include "shared/crypto/crypto.h"
#include "shared/crypto/random.h"
#include "shared/crypto/keys.h"
#include "shared/proto/control.h"
#include "shared/proto/handshake.h"
#include "shared/proto/users.h"

/* What one connection leaves for the next: a client comes back in two round
 * trips, and through the door for people with a ticket. In locked memory. */
struct keepsake {
	bool has_stretched;
	struct hs_kdf_job stretched_for;   /* the salt and cost */
	uint8_t stretched[PAKE_STRETCHED]; /* w0s || w1s */
	bool has_ticket;
	uint8_t ticket[WIRE_TICKET];
	uint32_t ticket_seconds;
	unsigned tickets; /* how many the server has given */
	uint8_t instance[WIRE_INSTANCE]; /* of this start of the client */
};

struct parties {
	/* The user. session.c sets these once; kem when it is ready. */
	struct crypto *crypto; /* borrowed */
	struct parallel_ops parallel;
	struct rng rng;
	const struct identity *identity; /* borrowed */
	struct people_ops people;
	struct rooms_ops rooms; /* known NULL: nothing is known */
	struct seals_ops seals; /* get, put NULL: nothing is kept */
	struct certifier_ops certifier; /* check NULL: nobody is trusted */
	const struct buf *certificate; /* our own; borrowed; NULL: none */
	const uint8_t *pin; /* borrowed; NULL: none */
	enum hs_pq pq;
	struct dh *dh; /* owned by session.c, as is kem */
	struct kem_rsa *kem;
	struct keepsake *kept; /* owned by session.c */
	struct person self;    /* a room sets `member` in its own copy */
	char account[WIRE_NAME_MAX + 1]; /* hello.account */

	/* Set by entry.c: what the handshake revealed about the server. The
	 * first two outlive a connection: a server is pinned once seen. */
	uint8_t server[WIRE_HASH]; /* fingerprint */
	bool server_proved;
	uint8_t shown[WIRE_HASH]; /* the fingerprint that differs from the
				     pin */
	bool has_shown;

	/* Set by entry.c for this connection, like the card in `self`. */
	enum exchange exchange; /* what its keys are made from */
	uint8_t server_key[WIRE_ED25519];
	uint8_t server_session[WIRE_NONCE]; /* which run of the server */
	uint8_t th5[WIRE_HASH];		    /* secret; wiped with the link */
};

/* The user, in a zeroed *p; all borrowed but the ticket. ERR_NOMEM, ERR_CRYPTO. */
struct parties_user {
	struct crypto *crypto;
	struct parallel_ops parallel;
	struct rng rng;
	const struct identity *identity;
	const char *name;
	struct people_ops people;
	struct rooms_ops rooms;
	struct seals_ops seals;
	struct certifier_ops certifier;
	const struct buf *certificate;
	const uint8_t *pin, *ticket; /* or NULL */
	enum hs_pq pq;
	const char *account; /* hello.account; NULL: "*" */
};
int parties_user(
    struct parties *p, const struct parties_user *u) MUST_CHECK;
/* From the next connection on, the password is that of this account. */
void parties_account(struct parties *p, const char *account);
/* The server has given a ticket, which the next handshake shows. */
void parties_keep_ticket(
    struct parties *p, const uint8_t ticket[WIRE_TICKET], uint32_t seconds);
/* Unwraps the secret that a server sends us for this link, room, epoch and
 * member number. */
int parties_unwrap(const struct parties *p, uint8_t secret[WIRE_KEY],
    const struct key_exchange *k) MUST_CHECK;
/* Makes a struct person of a user that the server lists or announces. `member`
 * is the user's own number in that room. ERR_MEMBER: the entry with this number
 * does not describe us. */
int parties_person(struct person *out, const struct parties *p,
    const struct user *u, uint32_t member) MUST_CHECK;
/* Asks people_ops, except about the user's own name and identity, and looks at
 * what is known of the certificate. parties_judge sets *who's trust to it, and
 * lapsed. */
enum trust parties_trust(const struct parties *p, const struct person *who);
void parties_judge(const struct parties *p, struct person *who);
/* The person is here now: whether their certificate is to be looked at. */
void parties_here(
    const struct parties *p, struct person *who, const struct user *u);
/* The same key's pin, as people_ops has it. */
enum trust parties_met(const struct parties *p, const struct person *who);
/* The person has said something: pins a new identity. Returns how well it was
 * known before; *now is how well it is known from now on. */
enum trust parties_spoke(
    const struct parties *p, const struct person *who, enum trust *now);

#endif
