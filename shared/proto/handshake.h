/* handshake.h - section 2 of PROTOCOL.md, both roles, as one state table:
 * bytes in, bytes out, no socket, no clock, no thread.
 *
 * A driver feeds it the bytes read and writes its output. If the protocol
 * needs something slow, or a decision of the driver, the handshake stops and
 * sets its need:
 *
 *   HS_NEED_INPUT  more bytes from the peer
 *   HS_NEED_KDF    client: scrypt, which takes half a second. Copy the job
 *                  with handshake_kdf_job, run pake_stretch where it does
 *                  not block, and pass the 80 bytes to handshake_stretched
 *   HS_NEED_CARD   client: name, room and keys, handshake_card
 *   HS_NEED_GRANT  server: a share has arrived; may a `confirm` (one
 *                  guess) be sent now? handshake_grant or handshake_refuse
 *   HS_DONE        handshake_result has the link keys and the peer
 *   HS_FAILED      it is over: write the remaining output, then close
 *
 * The result does not depend on how the input is split. */
#ifndef SHARED_PROTO_HANDSHAKE_H
#define SHARED_PROTO_HANDSHAKE_H

#include "shared/crypto/crypto.h"
#include "shared/crypto/random.h"
#include "shared/crypto/keys.h"
#include "shared/proto/exchange.h"
#include "shared/proto/link.h"
#include "shared/crypto/pake.h"

enum hs_need {
	HS_NEED_INPUT,
	HS_NEED_KDF,
	HS_NEED_CARD,
	HS_NEED_GRANT,
	HS_DONE,
	HS_FAILED,
};

/* The post-quantum part, ML-KEM-768 beside SPAKE2+. The handshake is hybrid if
 * neither side's is absent. If one side requires it and the other has none, it
 * ends with ERR_WEAK, before a password is spent. */
enum hs_pq {
	HS_PQ_ABSENT, /* kem_mlkem_find: libcrypto has none */
	HS_PQ_OFFERED,
	HS_PQ_REQUIRED,
};
/* Finds out which it is. ERR_WEAK: required, and libcrypto has none (show
 * library_no_mlkem). ERR_NOMEM. */
int handshake_pq(
    enum hs_pq *out, const struct crypto *c, bool required) MUST_CHECK;

/* The server's data about an account. */
struct hs_account {
	struct kdf kdf;
	uint8_t salt[WIRE_NONCE];
	/* Borrowed; outlives the exchange. NULL: hs_server_opts.record makes
	 * it when a guess is granted. */
	const struct pake_record *record;
};

struct hs_server_opts {
	struct crypto *crypto;		 /* borrowed */
	struct rng rng;
	const struct identity *identity; /* the server's; borrowed */
	uint8_t session[WIRE_NONCE];
	enum hs_pq pq;
	/* Fills *out for any word that account_kind_of knows. One that stands
	 * for nothing gets data that looks like a real account's. */
	int (*account)(void *arg, const char *name, struct hs_account *out);
	int (*record)(void *arg, struct hs_account *about);
	void *arg;
	/* Opens a ticket that the client shows: 0 and the identity for which
	 * it was made, or an error if it is not valid (any more). NULL: no
	 * ticket is valid. */
	int (*ticket)(void *arg, const uint8_t ticket[WIRE_TICKET],
	    uint8_t identity[WIRE_ED25519]);
	void *ticket_arg;
};

struct hs_client_opts {
	struct crypto *crypto;		 /* borrowed */
	struct rng rng;
	const char *account;		 /* borrowed; account_kind_of */
	const uint8_t *pin;		 /* the server's fingerprint, or NULL */
	const uint8_t *ticket;		 /* WIRE_TICKET bytes, or NULL */
	enum hs_pq pq;
};

/* An opened card and its fields. */
struct hs_card {
	struct buf bytes;		 /* exactly as signed */
	uint8_t signature[WIRE_SIGNATURE];
	uint8_t hash[WIRE_HASH];	 /* H(bytes) */
	char name[WIRE_SHORT_TEXT_MAX];	 /* as received: unchecked, */
	char room[WIRE_SHORT_TEXT_MAX];	 /* cut to fit; may be "" */
	uint8_t identity[WIRE_ED25519];
	uint8_t wrap_spki[WIRE_RSA_SPKI_MAX];
	size_t wrap_spki_len;
	uint8_t agree[WIRE_X25519];
	uint8_t instance[WIRE_INSTANCE];
	bool has_certificate;		 /* card_certificate reads it */
};

struct hs_result {
	struct link_keys keys;
	enum exchange exchange;
	uint8_t th5[WIRE_HASH];
	uint8_t session[WIRE_NONCE];
	uint8_t server[WIRE_ED25519];	/* the server's identity */
	/* Server: 0, or the code that refuses the card in a record:
	 * CODE_BAD_CARD, CODE_BAD_NAME or CODE_NO_ROOM (no valid room name). */
	enum wire_code refusal;
	struct hs_card card;	/* server: the peer's; client: our own */
};

struct handshake;
struct handshake *handshake_server(const struct hs_server_opts *o);
struct handshake *handshake_client(const struct hs_client_opts *o);
void handshake_free(struct handshake *h); /* wipes; NULL is a no-op */

enum hs_need handshake_need(const struct handshake *h);
/* How many of the five messages there are, of either side. */
unsigned handshake_messages(const struct handshake *h);

/* Consumes bytes while input is needed; *used is their number. Bytes after
 * the message that ends the need are not consumed. Returns 0, or a peer
 * error, after which the need is HS_FAILED and a server has an error message
 * in its output (ERR_CONFIRM: bad_password, ERR_WEAK: weak, anything else:
 * protocol). The client checks the pin when it reads the challenge (ERR_PIN),
 * then the post-quantum part (ERR_WEAK), and with message 4 proof (ERR_PROOF),
 * pin once more, confirm (ERR_CONFIRM), in this order. A
 * server's error message is ERR_REFUSED: see handshake_error. */
int handshake_input(struct handshake *h, const uint8_t *in, size_t n,
    size_t *used) MUST_CHECK;

/* The connection is inside TLS; `exporter` is the 32 bytes that RFC 9266 takes
 * from it. To be called before any input. The client compares what the challenge
 * shows of it: ERR_CHANNEL (somebody stands between), ERR_CHANNEL_NONE (the
 * server is reached without TLS), and without this call ERR_CHANNEL_TLS (it is
 * reached through TLS). ERR_STATE: too late. */
int handshake_channel(struct handshake *h,
    const uint8_t exporter[WIRE_CHANNEL]) MUST_CHECK;

/* The bytes to send, valid until the next call. */
const uint8_t *handshake_output(const struct handshake *h, size_t *n);
void handshake_consume(struct handshake *h, size_t n);

/* Server. Allows the guess and writes `confirm`; or refuses it and ends. */
int handshake_grant(struct handshake *h) MUST_CHECK;
int handshake_refuse(struct handshake *h, enum wire_code code,
    const char *text);
/* Server: the identity of the valid ticket that `hello` showed, or NULL. The
 * client proves it with its card only. */
const uint8_t *handshake_ticket(const struct handshake *h);
/* Server: the word of hello.account, "" before it was read. */
const char *handshake_account(const struct handshake *h);
/* Server: true if `finish` has proved that the client knows the password. */
bool handshake_proved(const struct handshake *h);

/* Client. */
struct hs_kdf_job {
	struct kdf kdf;
	uint8_t salt[WIRE_NONCE];
};
int handshake_kdf_job(const struct handshake *h, struct hs_kdf_job *out)
    MUST_CHECK;
int handshake_stretched(struct handshake *h,
    const uint8_t stretched[PAKE_STRETCHED]) MUST_CHECK;
struct hs_card_opts {
	const char *name, *room;	/* valid names; room may be "" */
	const struct identity *identity;
	const struct kem_rsa *wrap;
	const struct dh *agree;
	/* WIRE_INSTANCE random bytes, the same for as long as the program
	 * runs. */
	const uint8_t *instance;
	const struct buf *certificate;	/* DER; NULL: none */
};
int handshake_card(struct handshake *h, const struct hs_card_opts *o)
    MUST_CHECK;

/* The server's identity, once the challenge has been read; NULL before. It
 * is not proved before HS_NEED_CARD. Used to show both fingerprints on
 * ERR_PIN. */
const uint8_t *handshake_server_identity(const struct handshake *h);

/* The server's error message: an unauthenticated hint. */
struct hs_error {
	enum wire_code code;
	char word[WIRE_CODE_MAX + 1];
	char text[WIRE_SHORT_TEXT_MAX + 1]; /* not filtered */
};
const struct hs_error *handshake_error(const struct handshake *h);

/* Client, before there is a handshake to tell it apart: do these bytes begin
 * with a server's whole answer to hello, a challenge or an error message?
 * Returns 0, ERR_AGAIN (not whole yet), ERR_NOMEM, or a protocol error. */
int handshake_answered(const uint8_t *in, size_t n) MUST_CHECK;

/* Client, once done: what follows message 5? Returns 1 for a record, which
 * is left to the link; 0 for a whole error message, stored in *out, *used
 * bytes long; ERR_AGAIN; or a protocol error. */
int handshake_first(struct hs_error *out, const uint8_t *in, size_t n,
    size_t *used) MUST_CHECK;

/* Borrowed; valid only after HS_DONE. handshake_free wipes it. */
const struct hs_result *handshake_result(const struct handshake *h);

#endif
