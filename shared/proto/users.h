/* users.h - the users in a user_list or a notice (section 5):
 *   {"member":M,"name":N,"identity":b64(SPKI DER),"card":b64(H(card bytes))}
 * with "role" where it is not member, "mute":true for one who may not speak, and
 * "certificate":true for one whose card has a certificate. The roster does not
 * cover these: they are the server's word. */
#ifndef SHARED_PROTO_USERS_H
#define SHARED_PROTO_USERS_H

#include "shared/proto/room_info.h"
#include "shared/wire/json.h"
#include "shared/wire/wire.h"

struct user {
	uint32_t member; /* never 0 */
	char name[WIRE_NAME_MAX + 1];
	uint8_t identity[WIRE_ED25519]; /* the raw public key */
	uint8_t card[WIRE_HASH];	/* H(card bytes) */
	enum role role;			/* in this room */
	bool mute;
	bool certificate;
};

/* Decodes the array "users" of o, at most WIRE_PAGE users. ERR_JSON,
 * ERR_BASE64, ERR_RANGE (too many, member 0), ERR_NAME, ERR_KEY. */
int users_decode(struct user out[WIRE_PAGE], size_t *n, const json_t *o)
    MUST_CHECK;
void users_encode(struct json_w *w, const struct user *users, size_t n);

#endif
