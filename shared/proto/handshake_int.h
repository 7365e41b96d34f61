/* handshake_int.h - shared by the parts of the handshake. Only they and
 * tests include it:
 *
 *   handshake.c         the state table and its driver, the public calls
 *   handshake_client.c  the client's steps
 *   handshake_server.c  the server's steps
 *   handshake_msg.c     the five messages and the error message, as JSON
 *   handshake_card.c    the card: made, sealed, opened, checked
 *   handshake_keys.c    from K_shared, K_kem and the transcript to the link
 *                       keys
 *
 * Steps never assign the state. They return 0, or the error that ends the
 * handshake. */
#ifndef SHARED_PROTO_HANDSHAKE_INT_H
#define SHARED_PROTO_HANDSHAKE_INT_H

#include "shared/crypto/kem_mlkem.h"
#include "shared/proto/handshake.h"
#include "shared/proto/label.h"
#include "shared/wire/json.h"

enum hs_state {
	ST_SERVER_HELLO,     /* waits for message 1 */
	ST_SERVER_SHARE,     /* waits for message 3 */
	ST_SERVER_TURN,	     /* waits for handshake_grant */
	ST_SERVER_FINISH,    /* waits for message 5 */
	ST_CLIENT_CHALLENGE, /* waits for message 2 */
	ST_CLIENT_KDF,	     /* waits for the stretched password */
	ST_CLIENT_CONFIRM,   /* waits for message 4 */
	ST_CLIENT_CARD,	     /* waits for name, room and keys */
	ST_DONE,
	ST_FAILED,
};

enum { HS_MESSAGES = 5 };

struct handshake {
	enum hs_state state; /* assigned in handshake.c only */
	enum link_role role;
	struct crypto *crypto; /* borrowed */
	struct rng rng;
	struct buf in, out;
	struct hash *transcript;
	uint8_t th[HS_MESSAGES + 1][WIRE_HASH]; /* th[n] as in PROTOCOL.md */
	unsigned n_messages;

	/* Server. */
	const struct identity *identity; /* borrowed */
	int (*find)(void *arg, const char *name, struct hs_account *out);
	void *find_arg;
	int (*make_record)(void *arg, struct hs_account *about);
	int (*open_ticket)(void *arg, const uint8_t ticket[WIRE_TICKET],
	    uint8_t identity[WIRE_ED25519]);
	void *ticket_arg;
	bool has_ticket; /* a valid one */
	uint8_t ticket_identity[WIRE_ED25519];
	bool proved; /* the client knows the password */
	uint8_t share_p[WIRE_SHARE];
	uint8_t *kem_public; /* owned; hybrid: from hello to confirm */

	/* Client. */
	bool has_pin, has_server, has_error;
	uint8_t pin[WIRE_HASH];
	struct hs_error error;
	struct kem_mlkem *kem; /* owned; from hello to confirm */

	/* Both: inside TLS, the exporter, and what challenge shows of it. */
	bool has_channel;
	uint8_t exporter[WIRE_CHANNEL], channel[WIRE_CHANNEL];

	/* Both. result.exchange says from the challenge on what is used. */
	enum hs_pq pq;
	uint8_t kem_secret[WIRE_MLKEM_SECRET]; /* until s4 */
	char account[WIRE_NAME_MAX + 1];
	struct hs_account about; /* client: kdf and salt only */
	struct pake *pake;	 /* owned; while the shares are exchanged */
	struct pake_keys keys;
	uint8_t s4[WIRE_HASH];
	struct hs_result result;
};

/* The event that moves a handshake: one of these, as its state's row says. */
struct hs_event {
	const json_t *msg;
	const uint8_t *stretched;
	const struct hs_card_opts *card;
};

/* --- handshake.c --- */

/* An empty handshake in state `at`; NULL: no memory. */
struct handshake *handshake_new(
    enum link_role role, enum hs_state at, struct crypto *c, struct rng rng);
/* Adds one of the five messages to the output and the transcript. */
int handshake_put(struct handshake *h, const struct buf *msg) MUST_CHECK;

/* --- steps --- */

typedef int hs_step_fn(struct handshake *h, const struct hs_event *e);
hs_step_fn handshake_server_hello, handshake_server_share,
    handshake_server_turn, handshake_server_finish;
hs_step_fn handshake_client_challenge, handshake_client_stretched,
    handshake_client_confirm, handshake_client_finish;

/* --- handshake_msg.c --- */

struct hs_hello {
	const char *account; /* borrowed from the JSON; "*" or a name */
	uint8_t nonce[WIRE_NONCE];
	bool has_ticket;
	uint8_t ticket[WIRE_TICKET];
	bool has_kem;
	uint8_t kem[WIRE_MLKEM_PUBLIC];
};
struct hs_challenge {
	uint8_t session[WIRE_NONCE];
	uint8_t identity[WIRE_ED25519];
	struct kdf kdf; /* within its bounds */
	uint8_t salt[WIRE_NONCE], nonce[WIRE_NONCE];
	bool kem; /* the server takes the key in hello */
	bool has_channel; /* it is inside TLS */
	uint8_t channel[WIRE_CHANNEL];
};
struct hs_confirm {
	uint8_t share[WIRE_SHARE];
	uint8_t confirm[WIRE_CONFIRM];
	uint8_t proof[WIRE_SIGNATURE];
	bool has_kem;
	uint8_t kem[WIRE_MLKEM_SEALED];
};

/* Returns 0 if the object is the handshake message of that step. */
int handshake_msg_step(const json_t *o, const char *step) MUST_CHECK;

/* Each appends one object, or parses one of that step. */
int handshake_msg_put_hello(
    struct buf *out, const struct hs_hello *m) MUST_CHECK;
int handshake_msg_get_hello(struct hs_hello *m, const json_t *o) MUST_CHECK;
int handshake_msg_put_challenge(
    struct buf *out, const struct hs_challenge *m) MUST_CHECK;
int handshake_msg_get_challenge(
    struct hs_challenge *m, const json_t *o) MUST_CHECK;
int handshake_msg_put_share(
    struct buf *out, const uint8_t share[WIRE_SHARE]) MUST_CHECK;
int handshake_msg_get_share(
    uint8_t share[WIRE_SHARE], const json_t *o) MUST_CHECK;
int handshake_msg_put_confirm(
    struct buf *out, const struct hs_confirm *m) MUST_CHECK;
int handshake_msg_get_confirm(struct hs_confirm *m, const json_t *o) MUST_CHECK;
/* sealed: the sealed card, which is appended. */
int handshake_msg_put_finish(struct buf *out,
    const uint8_t confirm[WIRE_CONFIRM], const struct buf *sealed) MUST_CHECK;
int handshake_msg_get_finish(uint8_t confirm[WIRE_CONFIRM], struct buf *sealed,
    const json_t *o) MUST_CHECK;

/* A server's error message. */
int handshake_msg_put_error(struct buf *out, enum wire_code code,
    const char *text) MUST_CHECK;
/* Returns ERR_REFUSED and fills *out if the object is a server's error
 * message, 0 if it is something else, or an error if it is invalid. */
int handshake_msg_get_error(struct hs_error *out, const json_t *o) MUST_CHECK;

/* --- handshake_card.c --- */

/* Client: makes our card in h->result.card and appends it, sealed, to `out`. */
int handshake_card_seal(struct handshake *h, struct buf *out,
    const struct hs_card_opts *o) MUST_CHECK;
/* Server: returns ERR_OPEN, or 0 with the card and the refusal in h->result. */
int handshake_card_open(
    struct handshake *h, const struct buf *sealed) MUST_CHECK;

/* --- handshake_keys.c --- */

/* Ends the SPAKE2+ exchange in h->pake: makes both confirmations and
 * K_shared. */
int handshake_keys_pake(
    struct handshake *h, const uint8_t peer_share[WIRE_SHARE]) MUST_CHECK;
/* Client: makes the key pair of the post-quantum part and its public key for
 * hello, unless libcrypto has none. */
int handshake_keys_offer(struct handshake *h, struct hs_hello *m) MUST_CHECK;
/* Server: a hybrid handshake's ciphertext for confirm. Forgets the client's
 * key. ERR_KEY: that was not valid. */
int handshake_keys_seal(struct handshake *h, struct hs_confirm *m) MUST_CHECK;
/* Client: opens it, and ends the life of the key pair. A wrong ciphertext is no
 * error: it gives another s4 than the server's. */
int handshake_keys_open(
    struct handshake *h, const struct hs_confirm *m) MUST_CHECK;
/* What the server's proof signs, as two parts. Borrows *label and *m. */
enum { HS_PROOF_PARTS = 2 };
void handshake_keys_proof(struct part parts[HS_PROOF_PARTS],
    struct label *label, const struct handshake *h, const struct hs_confirm *m);
/* Derives s4 from th(4), K_shared and K_kem, and wipes the last two. Call it
 * only after comparing the peer's confirmation. */
int handshake_keys_s4(struct handshake *h) MUST_CHECK;
/* The key and iv that seal the card. */
int handshake_keys_card(
    struct handshake *h, uint8_t out[WIRE_KEY_IV]) MUST_CHECK;
/* Derives the link keys in h->result from th(5) and s4, and wipes s4. */
int handshake_keys_link(struct handshake *h) MUST_CHECK;

#endif
