/* shake.h - both ends of a handshake in one process, repeatable, for the tests
 * of handshake*.c: the identities, honest messages to modify, and a second
 * implementation of the client, written from PROTOCOL.md, that can be told to
 * lie. */
#ifndef CONCLAVE_TESTS_SHAKE_H
#define CONCLAVE_TESTS_SHAKE_H

#include "tests/unit/check.h"

#include "shared/proto/handshake.h"
#include "shared/wire/json.h"

/* The constant inputs. The password is stretched once. */
struct shake_world {
	struct crypto *crypto;
	struct identity *server, *alice, *mallory;
	struct dh *agree;
	struct kem_rsa *wrap; /* RSA-2048, of the worked example */
	uint8_t session[WIRE_NONCE], salt[WIRE_NONCE];
	struct kdf kdf;
	uint8_t stretched[PAKE_STRETCHED], w0[PAKE_SCALAR], w1[PAKE_SCALAR];
	struct pake_record *record, *other; /* other: of another password */
	int account_fails;   /* what the account lookup returns */
	bool other_password; /* the server has another password */
	struct buf m[6];     /* [1..5]: an honest run's messages, whole */
};
void shake_world_init(struct shake_world *w);
void shake_world_free(struct shake_world *w);

/* Both ends with fixed seeds, so that every run has the bytes of w->m. */
struct shake {
	struct shake_world *w;
	uint64_t seed_s, seed_c;
	int rng_left; /* fills until the generator fails; -1: never */
	struct handshake *s, *c;
	const uint8_t *pin;
	enum hs_pq pq_s, pq_c; /* absent, unless set before an end is made */
};
void shake_begin(struct shake *k, struct shake_world *w); /* no ends yet */
void shake_init(struct shake *k, struct shake_world *w);
void shake_server(struct shake *k); /* makes a new k->s */
void shake_client(struct shake *k);
void shake_free(struct shake *k);

/* Returns an end that has processed the honest messages up to state `at` of
 * handshake_int.h. */
struct handshake *shake_at(struct shake *k, int at);

/* For message 1..5: the receiver's state before and after it, and the sender's
 * state. */
extern const int shake_receiver[6], shake_after[6], shake_sender[6];
/* Runs it from its current state to the end, with honest messages. */
void shake_go_on(struct shake *k, struct handshake *h);

/* Feeds all of b, `step` bytes at a time (0: at once). Returns the result of
 * handshake_input; *used is the number of bytes consumed. */
int shake_feed(
    struct handshake *h, const void *b, size_t n, size_t step, size_t *used);
/* Does the driver's work for the current need of that end; *did is false if
 * there was none. */
int shake_serve(struct shake *k, struct handshake *h, bool *did);
/* Runs both ends until neither makes progress. */
void shake_run(struct shake *k);
/* Takes the whole output. */
struct buf shake_output(struct handshake *h);
/* Checks that the output ends with one error message of that code. */
void shake_expect_error(struct handshake *h, const char *code);

/* u32 length || text */
struct buf shake_message(const char *text, size_t n);

/* The same for an object, which is released. */
struct buf shake_json(json_t *o);

/* --- a second implementation of the client --- */

/* What the honest client says of its start: WIRE_INSTANCE bytes. */
#define SHAKE_INSTANCE "an instance 1234"

struct evil {
	struct shake_world *w;
	struct shake k;	 /* only its server is used */
	struct buf wire; /* all messages so far */
	uint8_t th[6][WIRE_HASH];
	struct pake *pake;
	struct pake_keys keys;
	uint8_t s4[WIRE_HASH], card_key[WIRE_KEY_IV], aad[64];
	struct link_keys link;
	/* options to lie: */
	const struct identity *signer;
	bool no_label, short_aad, other_key;
};
/* A real server, and a client that is about to send message 5. */
void evil_init(struct evil *e, struct shake_world *w);
void evil_free(struct evil *e);
/* The card of an honest alice as JSON, to be modified. */
json_t *evil_card(struct evil *e);
/* Signs and seals the card's text and sends `finish`. Returns the result of
 * handshake_input. */
int evil_finish(struct evil *e, const void *card, size_t n);
/* Sends this as the sealed card. */
int evil_finish_sealed(struct evil *e, const void *sealed, size_t n);
int evil_seal(struct evil *e, const void *plain, size_t n, struct buf *out);
/* Server: `confirm` was sent, and no `finish` has proved the password since. */
bool shake_open_guess(const struct handshake *server);
/* {"key":b64(p)} */
void shake_set_b64(json_t *o, const char *key, const void *p, size_t n);

#endif
