/* label.h - the byte strings of PROTOCOL.md that combine a word and some
 * values: signed texts, HKDF info, OAEP labels and additional data. They are
 * built only here, so that both ends agree by construction. Labels that are
 * a word alone are LABEL_... in wire.h.
 *
 * Each function fills *out from its beginning. Integers are big-endian;
 * every word except the PAKE's includes its terminating zero byte. Nothing
 * is allocated; pointers are borrowed for the call. */
#ifndef SHARED_PROTO_LABEL_H
#define SHARED_PROTO_LABEL_H

#include <stdint.h>

#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

/* The longest is a message's, with the longest names. */
enum { LABEL_MAX = 321 };
struct label {
	uint8_t p[LABEL_MAX];
	size_t len; /* <= LABEL_MAX */
};

/* The label as one part to hash, sign or expand. Borrows it. */
/*@ requires \valid_read(l) && l->len <= LABEL_MAX;
    assigns \nothing;
    ensures \result.p == (void *)&l->p[0] && \result.n == l->len; */
static inline struct part label_part(const struct label *l)
{
	return (struct part){l->p, l->len};
}

/* Section 2, the PAKE's context: "conclave/1" || th(2), no zero byte, and inside
 * TLS || the exporter; NULL: no TLS. */
/*@ requires \valid(out) && \valid_read(th2 + (0 .. WIRE_HASH - 1));
    requires \separated(out, th2 + (0 .. WIRE_HASH - 1));
    requires exporter == \null ||
      (\valid_read(exporter + (0 .. WIRE_CHANNEL - 1)) &&
       \separated(out, exporter + (0 .. WIRE_CHANNEL - 1)));
    assigns *out;
    ensures out->len <= LABEL_MAX; */
void label_pake_context(struct label *out, const uint8_t th2[WIRE_HASH],
    const uint8_t *exporter);
/* Section 2, the text that `proof` signs: word || th(3) || shareV ||
 * confirmV. */
/*@ requires \valid(out) && \valid_read(th3 + (0 .. WIRE_HASH - 1));
    requires \valid_read(share_v + (0 .. WIRE_SHARE - 1));
    requires \valid_read(confirm_v + (0 .. WIRE_CONFIRM - 1));
    requires \separated(out, th3 + (0 .. WIRE_HASH - 1));
    requires \separated(out, share_v + (0 .. WIRE_SHARE - 1));
    requires \separated(out, confirm_v + (0 .. WIRE_CONFIRM - 1));
    assigns *out;
    ensures out->len <= LABEL_MAX; */
void label_server_proof(struct label *out, const uint8_t th3[WIRE_HASH],
    const uint8_t share_v[WIRE_SHARE], const uint8_t confirm_v[WIRE_CONFIRM]);
/* Section 2, the sealed card's aad: th(4) || confirmP. */
/*@ requires \valid(out) && \valid_read(th4 + (0 .. WIRE_HASH - 1));
    requires \valid_read(confirm_p + (0 .. WIRE_CONFIRM - 1));
    requires \separated(out, th4 + (0 .. WIRE_HASH - 1));
    requires \separated(out, confirm_p + (0 .. WIRE_CONFIRM - 1));
    assigns *out;
    ensures out->len <= LABEL_MAX; */
void label_card_aad(struct label *out, const uint8_t th4[WIRE_HASH],
    const uint8_t confirm_p[WIRE_CONFIRM]);

/* Section 4, info of an epoch's commit: word || room || epoch. */
/*@ requires \valid(out);
    assigns *out;
    ensures out->len <= LABEL_MAX; */
void label_commit(struct label *out, uint32_t room, uint32_t epoch);
/* Section 4, info of a sender's key: word || room || epoch || sender ||
 * H(card bytes). */
/*@ requires \valid(out) && \valid_read(card + (0 .. WIRE_HASH - 1));
    requires \separated(out, card + (0 .. WIRE_HASH - 1));
    assigns *out;
    ensures out->len <= LABEL_MAX; */
void label_sender(struct label *out, uint32_t room, uint32_t epoch,
    uint32_t sender, const uint8_t card[WIRE_HASH]);

/* Section 4, the text that a message's signature covers:
 *   word || server(32) || session(32) || log(32) ||
 *   u8 length of room's name || room's name || room || epoch ||
 *   commit(32) || roster(32) || sender || card(32) || u64 seq ||
 *   u8 length of name || name || content(32)
 * The room's name is written in lower case, whatever its case here.
 * ERR_USAGE: a name is longer than WIRE_ROOM_MAX or WIRE_NAME_MAX; *out is
 * then empty. */
struct label_message_of {
	const uint8_t *server;	/* H(SPKI of the server), WIRE_HASH bytes */
	const uint8_t *session; /* WIRE_NONCE bytes */
	const uint8_t *log;	/* WIRE_LOG bytes */
	const char *room_name;
	uint32_t room, epoch;
	const uint8_t *commit; /* WIRE_HASH bytes */
	const uint8_t *roster; /* WIRE_HASH bytes */
	uint32_t sender;
	const uint8_t *card; /* H(card bytes), WIRE_HASH bytes */
	uint64_t seq;
	const char *name;
	const uint8_t *content; /* H(content), WIRE_HASH bytes */
};
/*@ requires \valid(out) && \valid_read(m) && valid_read_string(m->name);
    requires valid_read_string(m->room_name);
    requires \valid_read(m->server + (0 .. WIRE_HASH - 1));
    requires \valid_read(m->session + (0 .. WIRE_NONCE - 1));
    requires \valid_read(m->log + (0 .. WIRE_LOG - 1));
    requires \valid_read(m->commit + (0 .. WIRE_HASH - 1));
    requires \valid_read(m->roster + (0 .. WIRE_HASH - 1));
    requires \valid_read(m->card + (0 .. WIRE_HASH - 1));
    requires \valid_read(m->content + (0 .. WIRE_HASH - 1));
    requires \separated(out, m, m->name + (0 .. strlen(m->name)));
    requires \separated(out, m->room_name + (0 .. strlen(m->room_name)));
    requires \separated(out, m->server + (0 .. WIRE_HASH - 1));
    requires \separated(out, m->session + (0 .. WIRE_NONCE - 1));
    requires \separated(out, m->log + (0 .. WIRE_LOG - 1));
    requires \separated(out, m->commit + (0 .. WIRE_HASH - 1));
    requires \separated(out, m->roster + (0 .. WIRE_HASH - 1));
    requires \separated(out, m->card + (0 .. WIRE_HASH - 1));
    requires \separated(out, m->content + (0 .. WIRE_HASH - 1));
    assigns *out;
    ensures out->len <= LABEL_MAX && \result \in {0, ERR_USAGE}; */
int label_message(struct label *out, const struct label_message_of *m)
    MUST_CHECK;

/* Section 4, OAEP label of a wrapped group key: word || th(5) || room ||
 * epoch || member. It binds the key to this link, room, epoch and member. */
/*@ requires \valid(out) && \valid_read(th5 + (0 .. WIRE_HASH - 1));
    requires \separated(out, th5 + (0 .. WIRE_HASH - 1));
    assigns *out;
    ensures out->len <= LABEL_MAX; */
void label_group_key(struct label *out, const uint8_t th5[WIRE_HASH],
    uint32_t room, uint32_t epoch, uint32_t member);

#endif
