/* prekeys.h - the JSON around direct messages (PROTOCOL.md section 6): what a
 * device publishes, what a sender is given, who sent what follows, and
 * acknowledgements. request.h has the requests themselves, direct.h the
 * frames. Pure.
 *
 * Decoding: ERR_JSON, ERR_BASE64, ERR_RANGE, ERR_NAME and ERR_KEY. No signature
 * is verified here. */
#ifndef SHARED_PROTO_PREKEYS_H
#define SHARED_PROTO_PREKEYS_H

#include "shared/proto/direct.h"
#include "shared/wire/json.h"

/* --- what a device publishes --------------------------------------------- */

struct prekeys_set {
	bool replace; /* the server forgets the earlier `once` keys */
	struct prekey lasting, once[WIRE_PREKEYS];
	size_t n_once;
	uint8_t certificate[WIRE_CERTIFICATE_MAX]; /* DER */
	size_t certificate_len;			   /* 0: none */
};
void prekeys_set_encode(struct json_w *w, const struct prekeys_set *s);
int prekeys_set_decode(struct prekeys_set *out, const json_t *o) MUST_CHECK;

/* --- what the server has of the asking device ----------------------------- */

struct prekeys_mine {
	bool has_lasting;
	uint8_t lasting[WIRE_X25519];
	uint8_t once[WIRE_PREKEYS_KEPT][WIRE_X25519]; /* not given out yet */
	size_t n_once;
};
void prekeys_mine_encode(struct json_w *w, const struct prekeys_mine *m);
int prekeys_mine_decode(struct prekeys_mine *out, const json_t *o) MUST_CHECK;

/* --- what a sender is given ----------------------------------------------- */

/* One device of the account. */
struct prekeys_device {
	uint8_t identity[WIRE_ED25519];
	bool has_key; /* else it has not published any */
	bool once;    /* the key is for one frame only */
	struct prekey key;
	uint8_t certificate[WIRE_CERTIFICATE_MAX];
	size_t certificate_len; /* 0: none */
};
/* The account's name as first written, and some of its devices, ascending by
 * identity; `more`: ask again after the last one. */
struct prekeys_page {
	char name[WIRE_NAME_MAX + 1];
	struct prekeys_device device[WIRE_PREKEYS_PAGE];
	size_t n;
	bool more;
};
void prekeys_page_encode(struct json_w *w, const struct prekeys_page *p);
int prekeys_page_decode(struct prekeys_page *out, const json_t *o) MUST_CHECK;

/* --- whom an account blocks ------------------------------------------------ */

struct blocks {
	char name[WIRE_BLOCKS][WIRE_NAME_MAX + 1]; /* ascending, ASCII case aside */
	size_t n;
};
void blocks_encode(struct json_w *w, const struct blocks *b);
int blocks_decode(struct blocks *out, const json_t *o) MUST_CHECK;

/* --- control frames that are no answers ------------------------------------ */

/* Who sent the direct frames that follow, until the next of these. The server
 * says so: a name is worth what the pin says. */
struct direct_sender {
	char name[WIRE_NAME_MAX + 1]; /* of the account, when it sent them */
	uint8_t identity[WIRE_ED25519];
	uint8_t certificate[WIRE_CERTIFICATE_MAX];
	size_t certificate_len; /* 0: none */
};
int direct_sender_encode(
    struct buf *out, const struct direct_sender *s) MUST_CHECK;
int direct_sender_decode(
    struct direct_sender *out, const json_t *o) MUST_CHECK;

/* The client has, for good, all frames up to this number. */
int direct_ack_encode(struct buf *out, uint64_t upto) MUST_CHECK;
int direct_ack_decode(uint64_t *upto, const json_t *o) MUST_CHECK;

/* So many `once` keys of the device are left, which is few. */
int prekeys_low_encode(struct buf *out, uint32_t left) MUST_CHECK;
int prekeys_low_decode(uint32_t *left, const json_t *o) MUST_CHECK;

#endif
