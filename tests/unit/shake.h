/* shake.h - both ends of a handshake in one process, repeatable, for the tests
 * of handshake*.c: the people in it, honest messages to bend, and a client
 * that is written a second time, from PROTOCOL.md, and can be told to lie. */
#ifndef CONCLAVE_TESTS_SHAKE_H
#define CONCLAVE_TESTS_SHAKE_H

#include "tests/unit/check.h"

#include "shared/proto/handshake.h"
#include "shared/wire/json.h"

/* Who and what does not change. The password is stretched once. */
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
};
void shake_begin(struct shake *k, struct shake_world *w); /* no ends yet */
void shake_init(struct shake *k, struct shake_world *w);
void shake_server(struct shake *k); /* makes k->s anew */
void shake_client(struct shake *k);
void shake_free(struct shake *k);

/* An end that has taken the honest messages up to where it is in `at`, a state
 * of handshake_internal.h. */
struct handshake *shake_at(struct shake *k, int at);

/* Of message 1..5: the state of who takes it, before and after, and the state
 * of who sent it. */
extern const int shake_receiver[6], shake_after[6], shake_sender[6];
/* From wherever it is to the end, with honest messages. */
void shake_go_on(struct shake *k, struct handshake *h);

/* Feeds all of b, `step` bytes at a time (0: at once); what input returned.
 * *used: how many were taken. */
int shake_feed(
    struct handshake *h, const void *b, size_t n, size_t step, size_t *used);
/* Does what the driver of that end would do when it is asked; 0 when there was
 * nothing to do. */
int shake_serve(struct shake *k, struct handshake *h, bool *did);
/* Runs both ends until nothing moves. */
void shake_run(struct shake *k);
/* Takes all of the output. */
struct buf shake_output(struct handshake *h);
/* The output is one error message with that code (and the output before it). */
void shake_expect_error(struct handshake *h, const char *code);

/* u32 length || text */
struct buf shake_message(const char *text, size_t n);

/* The same for an object, which is released. */
struct buf shake_json(json_t *o);

/* --- the client written a second time --- */

struct evil {
	struct shake_world *w;
	struct shake k;	 /* only its server is used */
	struct buf wire; /* all messages so far */
	uint8_t th[6][WIRE_HASH];
	struct pake *pake;
	struct pake_keys keys;
	uint8_t s4[WIRE_HASH], card_key[WIRE_KEY_IV], aad[64];
	struct link_keys link;
	/* Told to lie: */
	const struct identity *signer;
	bool no_label, short_aad, other_key;
};
/* A real server, and a client that has come as far as message 5. */
void evil_init(struct evil *e, struct shake_world *w);
void evil_free(struct evil *e);
/* What card bytes an honest alice would send, as JSON to change. */
json_t *evil_card(struct evil *e);
/* Signs and seals the card's text, sends `finish`; what input returned. */
int evil_finish(struct evil *e, const void *card, size_t n);
/* Sends this as the sealed card. */
int evil_finish_sealed(struct evil *e, const void *sealed, size_t n);
int evil_seal(struct evil *e, const void *plain, size_t n, struct buf *out);
/* Server: `confirm` has left, and no `finish` has proved the password since. */
bool shake_open_guess(const struct handshake *server);
/* {"key":b64(p)} */
void shake_set_b64(json_t *o, const char *key, const void *p, size_t n);

#endif
